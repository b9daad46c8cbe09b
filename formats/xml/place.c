/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an element lies in the bytes of its file. The tree knows no offsets, so the bytes are
 * scanned in step with it: the n-th start tag is the n-th element in document order. The parser has
 * accepted the same bytes before, so the scan only has to tell markup apart, not to judge it. */
#include <string.h>

#include "formats/limits.h"
#include "formats/xml/slot.h"

/* Encodings in which every byte below 0x80 is that ASCII character. NULL: UTF-8, by default. */
static gboolean is_ascii_compatible (const char *encoding)
{
    static const char *const prefixes[] = {"UTF-8",  "US-ASCII",  "ASCII", "ISO-8859-",
                                           "LATIN1", "WINDOWS-1", "CP125", "KOI8-"};

    for (gsize i = 0; encoding != NULL && i < G_N_ELEMENTS (prefixes); i++) {
        if (g_ascii_strncasecmp (encoding, prefixes[i], strlen (prefixes[i])) == 0)
            return TRUE;
    }
    return encoding == NULL;
}

static gboolean check_encoding (const TamgaXml *xml, GError **error)
{
    const char *encoding = (const char *)xml->doc->encoding;
    gsize length;
    const guint8 *data = g_bytes_get_data (xml->bytes, &length);
    /* UTF-16 without a declaration shows in its byte order mark. */
    gboolean wide = length >= 2 &&
                    ((data[0] == 0xfe && data[1] == 0xff) || (data[0] == 0xff && data[1] == 0xfe));

    if (!wide && is_ascii_compatible (encoding))
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "The document is encoded in %s: signatures can be put into files in UTF-8, ASCII "
                 "and encodings of single bytes only. Convert it to UTF-8 first.",
                 wide ? "UTF-16" : encoding);
    return FALSE;
}

/* The node after `node` in document order; NULL after the last one. */
static const xmlNode *next_in_order (const xmlNode *node)
{
    if (node->type == XML_ELEMENT_NODE && node->children != NULL)
        return node->children;
    while (node != NULL && node->next == NULL)
        node = node->parent != NULL && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
    return node != NULL ? node->next : NULL;
}

gsize tamga_xml_order (const xmlNode *element)
{
    gsize order = 0;

    for (const xmlNode *node = xmlDocGetRootElement (element->doc); node != element;
         node = next_in_order (node)) {
        g_assert (node != NULL); /* an element of its own document */
        if (node->type == XML_ELEMENT_NODE)
            order++;
    }
    return order;
}

xmlNodePtr tamga_xml_nth (const TamgaXml *xml, gsize order)
{
    const xmlNode *node = xmlDocGetRootElement (xml->doc);

    for (; node != NULL; node = next_in_order (node)) {
        if (node->type == XML_ELEMENT_NODE && order-- == 0)
            break;
    }
    return (xmlNodePtr)node;
}

typedef struct {
    const char *data;
    gsize length, at;
} Scan;

/* Moves behind the next `mark`; FALSE where there is none. */
static gboolean skip_past (Scan *scan, const char *mark)
{
    gsize size = strlen (mark);
    const char *found = memmem (scan->data + scan->at, scan->length - scan->at, mark, size);

    if (found == NULL)
        return FALSE;
    scan->at = (gsize)(found - scan->data) + size;
    return TRUE;
}

static gboolean at (const Scan *scan, const char *text)
{
    gsize size = strlen (text);

    return scan->length - scan->at >= size && memcmp (scan->data + scan->at, text, size) == 0;
}

/* From the "<" of a tag behind its ">"; values in quotes may hold one. */
static gboolean skip_tag (Scan *scan)
{
    char quote = 0;

    for (; scan->at < scan->length; scan->at++) {
        char c = scan->data[scan->at];
        if (quote != 0)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>') {
            scan->at++;
            return TRUE;
        }
    }
    return FALSE;
}

/* Moves to the next start or end tag, over everything else. */
static gboolean next_tag (Scan *scan)
{
    static const char *const others[][2] = {{"<?", "?>"}, {"<!--", "-->"}, {"<![CDATA[", "]]>"}};

    while (scan->at < scan->length) {
        const char *found = memchr (scan->data + scan->at, '<', scan->length - scan->at);
        gboolean skipped = FALSE;
        if (found == NULL)
            return FALSE;
        scan->at = (gsize)(found - scan->data);
        for (gsize i = 0; !skipped && i < G_N_ELEMENTS (others); i++) {
            if (!at (scan, others[i][0]))
                continue;
            scan->at += strlen (others[i][0]);
            if (!skip_past (scan, others[i][1]))
                return FALSE;
            skipped = TRUE;
        }
        if (!skipped)
            return !at (scan, "<!"); /* a DTD: such a document was never parsed */
    }
    return FALSE;
}

/* Is the tag at `begin` one of this element? */
static gboolean is_tag_of (const Scan *scan, gsize begin, const xmlNode *element)
{
    gsize from = begin + 1, to = from;
    const char *name;
    gsize size;

    while (to < scan->length && strchr (" \t\r\n/>", scan->data[to]) == NULL)
        to++;
    name = memchr (scan->data + from, ':', to - from);
    name = name != NULL ? name + 1 : scan->data + from;
    size = (gsize)(scan->data + to - name);
    /* Names beyond ASCII are spelt otherwise in other encodings: their place has to do. */
    return !g_str_is_ascii ((const char *)element->name) ||
           (strlen ((const char *)element->name) == size &&
            memcmp (name, element->name, size) == 0);
}

/* Scans to the start tag number `order` and on to its end. */
static gboolean scan_span (Scan *scan, gsize order, TamgaXmlSpan *span)
{
    gsize depth = 0, seen = 0;
    gboolean inside = FALSE;

    while (next_tag (scan)) {
        gsize begin = scan->at;
        gboolean closing = at (scan, "</"), empty;
        if (!skip_tag (scan))
            return FALSE;
        empty = !closing && scan->data[scan->at - 2] == '/';
        if (inside) {
            if (closing && depth == 0) {
                span->end_tag = begin;
                span->end = scan->at;
                return TRUE;
            }
            depth += closing ? (gsize)-1 : !empty;
        } else if (!closing && seen++ == order) {
            *span = (TamgaXmlSpan){begin, scan->at, scan->at - 2, scan->at, empty};
            if (empty)
                return TRUE;
            inside = TRUE;
        }
    }
    return FALSE;
}

gboolean tamga_xml_span (const TamgaXml *xml, const xmlNode *element, TamgaXmlSpan *span,
                         GError **error)
{
    Scan scan = {0};

    if (!check_encoding (xml, error))
        return FALSE;
    scan.data = g_bytes_get_data (xml->bytes, &scan.length);
    if (scan_span (&scan, tamga_xml_order (element), span) &&
        is_tag_of (&scan, span->begin, element))
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "The element <%s> could not be found in the bytes of the document.",
                 (const char *)element->name);
    return FALSE;
}

/* ---- Paths ---- */

static void no_such_element (GError **error, const char *path, const char *why)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, "%s: %s.", path, why);
}

/* One step of a path: "prefix:name[number]". */
typedef struct {
    const char *namespace; /* NULL: none */
    char *name;
    guint64 number; /* 0: not said */
} Step;

static gboolean parse_step (const TamgaXml *xml, const char *text, const char *path, Step *step,
                            GError **error)
{
    xmlNodePtr root = xmlDocGetRootElement (xml->doc);
    const char *bracket = strchr (text, '['), *colon;
    g_autofree char *qname =
        bracket != NULL ? g_strndup (text, (gsize)(bracket - text)) : g_strdup (text);
    g_autofree char *prefix = NULL;
    xmlNsPtr ns;

    *step = (Step){0};
    if (bracket != NULL) {
        const char *end = NULL;
        if (!g_ascii_isdigit (bracket[1]) ||
            (step->number = g_ascii_strtoull (bracket + 1, (char **)&end, 10)) == 0 ||
            strcmp (end, "]") != 0) {
            no_such_element (error, path, "between [ and ] belongs a number from 1 on");
            return FALSE;
        }
    }
    if (xmlValidateQName ((const xmlChar *)qname, 0) != 0) {
        no_such_element (error, path, "a path to an element is written /root/child[2]/leaf or #id");
        return FALSE;
    }
    colon = strchr (qname, ':');
    prefix = colon != NULL ? g_strndup (qname, (gsize)(colon - qname)) : NULL;
    ns = xmlSearchNs (xml->doc, root, (const xmlChar *)prefix);
    if (prefix != NULL && ns == NULL) {
        no_such_element (error, path, "it has a prefix that the root element does not declare");
        return FALSE;
    }
    step->namespace = ns != NULL ? (const char *)ns->href : NULL;
    step->name = g_strdup (colon != NULL ? colon + 1 : qname);
    return TRUE;
}

static gboolean matches (const xmlNode *node, const Step *step)
{
    const char *namespace = node->ns != NULL ? (const char *)node->ns->href : NULL;

    return node->type == XML_ELEMENT_NODE && strcmp ((const char *)node->name, step->name) == 0 &&
           g_strcmp0 (namespace, step->namespace) == 0;
}

/* Among `first` and its following siblings. */
static xmlNodePtr take_step (xmlNodePtr first, const Step *step, const char *path, GError **error)
{
    xmlNodePtr found = NULL;
    guint64 seen = 0;

    for (xmlNodePtr node = first; node != NULL; node = node->next) {
        if (!matches (node, step))
            continue;
        seen++;
        if (found == NULL && (step->number == 0 || step->number == seen))
            found = node;
    }
    if (found == NULL) {
        no_such_element (error, path, "the document has no such element");
    } else if (step->number == 0 && seen > 1) {
        no_such_element (error, path, "it names several elements; say which one, as in [1]");
        found = NULL;
    }
    return found;
}

static xmlNodePtr locate_path (const TamgaXml *xml, const char *path, GError **error)
{
    g_auto (GStrv) texts = g_strsplit (path + 1, "/", TAMGA_MAX_XML_DEPTH + 1);
    xmlNodePtr node = (xmlNodePtr)xml->doc;

    for (gsize i = 0; node != NULL && texts[i] != NULL; i++) {
        Step step;
        if (!parse_step (xml, texts[i], path, &step, error))
            return NULL;
        node = take_step (node->children, &step, path, error);
        g_free (step.name);
    }
    return node;
}

xmlNodePtr tamga_xml_locate (const TamgaXml *xml, const char *path, GError **error)
{
    xmlNodePtr node = NULL;

    if (path[0] == '/') {
        node = locate_path (xml, path, error);
    } else if (path[0] == '#') {
        node = tamga_xml_by_id (xml, path + 1);
        if (node == NULL)
            no_such_element (error, path, "the document has no element with that id, or two");
    } else {
        no_such_element (error, path, "a path to an element is written /root/child[2]/leaf or #id");
    }
    return node;
}
