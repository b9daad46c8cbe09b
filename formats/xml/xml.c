/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict parsing of XML with libxml2, and navigation in the tree.
 *
 * libxml2 is used without XML_PARSE_HUGE: besides the depth of 256 it then refuses attributes of
 * more than 10 000 000 bytes, whatever the size of the file, and text that long unless it comes in
 * one piece (without line ends of CR LF and character references). */
#include "formats/xml/xml.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <string.h>

#include "formats/limits.h"

/* Where a document that is XML must have begun. */
#define PROBE_SIZE 1024

/* ---- Parsing ---- */

/* What went wrong first; lives in the parser context while it parses. */
typedef struct {
    char *text;
    int line, column, code;
    gboolean has_dtd;
} Trouble;

static void note_error (void *data, xmlErrorPtr error)
{
    xmlParserCtxtPtr parser = data;
    Trouble *trouble = parser->_private;

    if (trouble->text != NULL || error->level == XML_ERR_WARNING)
        return;
    /* libxml2 puts where it happened into a second line; it is told from line and column here. */
    const char *message = error->message != NULL ? error->message : "unknown error";
    trouble->text = g_strndup (message, strcspn (message, "\n"));
    g_strchomp (trouble->text);
    trouble->line = error->line;
    trouble->column = error->int2;
    trouble->code = error->code;
}

/* Called at "<!DOCTYPE name", before anything that it declares. */
static void refuse_dtd (void *data, const xmlChar *name G_GNUC_UNUSED,
                        const xmlChar *external_id G_GNUC_UNUSED,
                        const xmlChar *system_id G_GNUC_UNUSED)
{
    xmlParserCtxtPtr parser = data;
    Trouble *trouble = parser->_private;

    trouble->has_dtd = TRUE;
    trouble->line = parser->input != NULL ? parser->input->line : 0;
    trouble->column = parser->input != NULL ? parser->input->col : 0;
    xmlStopParser (parser);
}

/* What libxml2 calls its own ceilings: depth, long names, long text. */
static gboolean is_ceiling (const Trouble *trouble)
{
    return trouble->code == XML_ERR_NO_MEMORY || trouble->code == XML_ERR_NAME_TOO_LONG ||
           strstr (trouble->text, "XML_PARSE_HUGE") != NULL ||
           strstr (trouble->text, "huge") != NULL || strstr (trouble->text, "too long") != NULL;
}

static void report (const Trouble *trouble, const char *name, GError **error)
{
    if (trouble->has_dtd)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "%s has a document type declaration (line %d, column %d): such XML is not "
                     "read, because it can change what is signed.",
                     name, trouble->line, trouble->column);
    else if (trouble->text == NULL)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "%s is not well-formed XML.", name);
    else
        g_set_error (error, TAMGA_FORMAT_ERROR,
                     is_ceiling (trouble) ? TAMGA_FORMAT_ERROR_LIMIT : TAMGA_FORMAT_ERROR_MALFORMED,
                     "%s is not XML that can be read (line %d, column %d): %s.", name,
                     trouble->line, trouble->column, trouble->text);
}

#define PARSER_OPTIONS                                                                             \
    (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES |             \
     XML_PARSE_COMPACT)

static xmlDocPtr parse (const char *name, GBytes *bytes, GError **error)
{
    xmlParserCtxtPtr parser = xmlNewParserCtxt ();
    Trouble trouble = {0};
    gsize length;
    const char *data = g_bytes_get_data (bytes, &length);
    xmlDocPtr doc;
    gboolean good;

    g_assert (parser != NULL);
    parser->_private = &trouble;
    parser->sax->serror = note_error;
    parser->sax->internalSubset = refuse_dtd;
    doc = xmlCtxtReadMemory (parser, data, (int)length, NULL, NULL, PARSER_OPTIONS);
    good = doc != NULL && !trouble.has_dtd && trouble.text == NULL && parser->wellFormed &&
           parser->nsWellFormed && doc->intSubset == NULL && doc->extSubset == NULL &&
           xmlDocGetRootElement (doc) != NULL;
    if (!good) {
        report (&trouble, name, error);
        g_clear_pointer (&doc, xmlFreeDoc);
    }
    g_free (trouble.text);
    xmlFreeParserCtxt (parser);
    return doc;
}

/* ---- Identifiers ---- */

static gboolean is_id (const xmlAttr *attribute)
{
    static const char *const names[] = {"Id", "ID", "id", NULL};

    if (attribute->ns != NULL)
        return strcmp ((const char *)attribute->ns->href, (const char *)XML_XML_NAMESPACE) == 0 &&
               strcmp ((const char *)attribute->name, "id") == 0;
    return g_strv_contains (names, (const char *)attribute->name);
}

/* The text of an attribute's value; NULL where it is empty or not one piece (no entities here). */
static const char *whole_value (const xmlAttr *attribute)
{
    const xmlNode *text = attribute->children;

    return text != NULL && text->next == NULL && text->type == XML_TEXT_NODE
               ? (const char *)text->content
               : NULL;
}

static void collect_ids (TamgaXml *xml, xmlNodePtr element)
{
    for (const xmlAttr *attribute = element->properties; attribute != NULL;
         attribute = attribute->next) {
        const char *value = is_id (attribute) ? whole_value (attribute) : NULL;
        xmlNodePtr earlier = value != NULL ? g_hash_table_lookup (xml->ids, value) : NULL;
        if (value == NULL || earlier == element)
            continue;
        if (earlier == NULL)
            g_hash_table_insert (xml->ids, (gpointer)value, element);
        else if (!g_ptr_array_find_with_equal_func (xml->duplicate_ids, value, g_str_equal, NULL))
            g_ptr_array_add (xml->duplicate_ids, (gpointer)value);
    }
}

xmlNodePtr tamga_xml_skip (const xmlNode *node, const xmlNode *top)
{
    while (node != top && node->next == NULL)
        node = node->parent;
    return node != top ? node->next : NULL;
}

xmlNodePtr tamga_xml_walk (const xmlNode *node, const xmlNode *top)
{
    if (node->type == XML_ELEMENT_NODE && node->children != NULL)
        return node->children;
    return tamga_xml_skip (node, top);
}

/* Canonicalization looks every name space in scope up, at every element: the product is bounded. */
static gboolean check_namespaces (const xmlNode *element, guint64 *work)
{
    guint64 in_scope = 0;

    for (const xmlNode *node = element; node != NULL && node->type == XML_ELEMENT_NODE;
         node = node->parent) {
        for (const xmlNs *ns = node->nsDef; ns != NULL; ns = ns->next)
            in_scope++;
        if (in_scope > TAMGA_MAX_XML_NAMESPACES)
            return FALSE;
    }
    *work += in_scope * in_scope;
    return *work <= TAMGA_MAX_XML_NAMESPACE_WORK;
}

/* Counts and looks at `first` and what comes after it in document order within `top`. */
static gboolean index_elements (TamgaXml *xml, xmlNodePtr first, const xmlNode *top,
                                const char *name, GError **error)
{
    guint64 work = 0;

    for (xmlNodePtr node = first; node != NULL; node = tamga_xml_walk (node, top)) {
        xml->nodes++;
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (!check_namespaces (node, &work)) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "%s declares too many name spaces (line %ld).", name, xmlGetLineNo (node));
            return FALSE;
        }
        collect_ids (xml, node);
        if (xml->duplicate_ids->len > TAMGA_MAX_XML_DUPLICATES) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "%s has more than %u identifiers that are not unique.", name,
                         TAMGA_MAX_XML_DUPLICATES);
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- The document ---- */

/* "<" and what may follow it, after a byte order mark and white space; zeros of UTF-16 are passed
 * over. HTML is not XML, and its declaration would only be refused. */
static gboolean looks_like_xml (const guint8 *data, gsize length)
{
    static const char *const marks[] = {"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"};
    g_autofree char *text = g_malloc (length + 1);
    gsize used = 0;

    for (gsize i = 0; i < G_N_ELEMENTS (marks); i++) {
        gsize size = strlen (marks[i]);
        if (length >= size && memcmp (data, marks[i], size) == 0) {
            data += size;
            length -= size;
            break;
        }
    }
    for (gsize i = 0; i < length; i++) {
        gboolean leading_space = used == 0 && g_ascii_isspace (data[i]);
        if (data[i] != 0 && !leading_space)
            text[used++] = (char)data[i];
    }
    text[used] = '\0';
    if (text[0] != '<' || g_ascii_strncasecmp (text, "<!doctype html", 14) == 0)
        return FALSE;
    return g_ascii_isalpha (text[1]) || strchr ("?!_:", text[1]) != NULL || (guint8)text[1] >= 0x80;
}

gboolean tamga_xml_probe (TamgaDocument *document)
{
    guint8 head[PROBE_SIZE];
    gsize length = MIN (sizeof head, tamga_document_size (document));

    return length > 0 && tamga_document_read (document, 0, head, length, NULL) &&
           looks_like_xml (head, length);
}

TamgaXml *tamga_xml_parse_bytes (const char *name, GBytes *bytes, GError **error)
{
    g_autoptr (TamgaXml) xml = NULL;
    gsize length;
    const guint8 *data = g_bytes_get_data (bytes, &length);
    xmlNodePtr root;
    xmlDocPtr doc;

    if (length > TAMGA_MAX_XML_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s has %" G_GSIZE_FORMAT " MiB, more than the %u MiB that XML may have.",
                     name, length / (1024 * 1024), TAMGA_MAX_XML_SIZE / (1024 * 1024));
        return NULL;
    }
    if (length == 0 || !looks_like_xml (data, MIN (length, PROBE_SIZE))) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT,
                     "%s is not XML.", name);
        return NULL;
    }
    doc = parse (name, bytes, error);
    if (doc == NULL)
        return NULL;
    xml = g_new (TamgaXml, 1);
    *xml = (TamgaXml){
        .doc = doc,
        .bytes = g_bytes_ref (bytes),
        .ids = g_hash_table_new (g_str_hash, g_str_equal),
        .duplicate_ids = g_ptr_array_new (),
        .work = g_new0 (guint64, 1),
    };
    root = xmlDocGetRootElement (doc);
    return index_elements (xml, root, root, name, error) ? g_steal_pointer (&xml) : NULL;
}

/* A part that is parsed by itself begins at depth 0 for libxml2; the file that it becomes part of
 * has to be read again as a whole. */
static gboolean check_depth (const xmlNode *first, const xmlNode *top, GError **error)
{
    for (const xmlNode *node = first; node != NULL; node = tamga_xml_walk (node, top)) {
        guint depth = 0;
        for (const xmlNode *at = node; at != NULL && at->type == XML_ELEMENT_NODE; at = at->parent)
            depth++;
        if (depth <= TAMGA_MAX_XML_DEPTH)
            continue;
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "The file with its new signature would have elements at a depth of more than "
                     "%u.",
                     TAMGA_MAX_XML_DEPTH);
        return FALSE;
    }
    return TRUE;
}

gboolean tamga_xml_append (TamgaXml *xml, xmlNodePtr parent, const char *text, gsize length,
                           GError **error)
{
    xmlNodePtr list = NULL, last = parent->last, first;

    if (xmlParseInNodeContext (parent, text, (int)length, PARSER_OPTIONS, &list) != XML_ERR_OK ||
        list == NULL) {
        xmlFreeNodeList (list);
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "What is to be put into the document is not XML there.");
        return FALSE;
    }
    xmlAddChildList (parent, list); /* text at the seam becomes one node */
    first = last != NULL ? last->next : parent->children;
    return first == NULL ||
           (check_depth (first, parent, error) &&
            index_elements (xml, first, parent, "the file with its new signature", error));
}

TamgaXml *tamga_xml_parse (TamgaDocument *document, GError **error)
{
    const char *name = tamga_document_name (document);
    guint64 size = tamga_document_size (document);
    g_autoptr (GBytes) bytes = NULL;

    if (!tamga_xml_probe (document)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT,
                     "%s is not XML.", name);
        return NULL;
    }
    if (size > TAMGA_MAX_XML_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s has %" G_GUINT64_FORMAT " MiB, more than the %u MiB that XML may have.",
                     name, size / (1024 * 1024), TAMGA_MAX_XML_SIZE / (1024 * 1024));
        return NULL;
    }
    bytes = tamga_document_bytes (document, 0, size, TAMGA_MAX_XML_SIZE, error);
    return bytes != NULL ? tamga_xml_parse_bytes (name, bytes, error) : NULL;
}

void tamga_xml_free (TamgaXml *xml)
{
    if (xml == NULL)
        return;
    g_ptr_array_unref (xml->duplicate_ids);
    g_hash_table_unref (xml->ids);
    xmlFreeDoc (xml->doc);
    g_bytes_unref (xml->bytes);
    g_free (xml->work);
    g_free (xml);
}

/* ---- Navigation ---- */

gboolean tamga_xml_is (const xmlNode *node, const char *namespace, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE &&
           strcmp ((const char *)node->name, name) == 0 &&
           g_strcmp0 (node->ns != NULL ? (const char *)node->ns->href : NULL, namespace) == 0;
}

static xmlNodePtr element_from (xmlNodePtr node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

xmlNodePtr tamga_xml_first_element (const xmlNode *parent)
{
    return element_from (parent->children);
}

xmlNodePtr tamga_xml_next_element (const xmlNode *node)
{
    return element_from (node->next);
}

xmlNodePtr tamga_xml_child (const xmlNode *parent, const char *namespace, const char *name)
{
    if (parent == NULL)
        return NULL;
    for (xmlNodePtr node = tamga_xml_first_element (parent); node != NULL;
         node = tamga_xml_next_element (node)) {
        if (tamga_xml_is (node, namespace, name))
            return node;
    }
    return NULL;
}

GPtrArray *tamga_xml_children (const xmlNode *parent, const char *namespace, const char *name)
{
    GPtrArray *list = g_ptr_array_new ();

    for (xmlNodePtr node = parent != NULL ? tamga_xml_first_element (parent) : NULL; node != NULL;
         node = tamga_xml_next_element (node)) {
        if (tamga_xml_is (node, namespace, name))
            g_ptr_array_add (list, node);
    }
    return list;
}

GPtrArray *tamga_xml_find (const TamgaXml *xml, const char *namespace, const char *name,
                           guint limit, GError **error)
{
    xmlNodePtr root = xmlDocGetRootElement (xml->doc);
    g_autoptr (GPtrArray) list = g_ptr_array_new ();

    for (xmlNodePtr node = root; node != NULL; node = tamga_xml_walk (node, root)) {
        if (!tamga_xml_is (node, namespace, name))
            continue;
        if (list->len >= limit) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "There are more than %u elements %s.", limit, name);
            return NULL;
        }
        g_ptr_array_add (list, node);
    }
    return g_steal_pointer (&list);
}

xmlNodePtr tamga_xml_by_id (const TamgaXml *xml, const char *id)
{
    if (g_ptr_array_find_with_equal_func (xml->duplicate_ids, id, g_str_equal, NULL))
        return NULL;
    return g_hash_table_lookup (xml->ids, id);
}

char *tamga_xml_attribute (const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp (node, (const xmlChar *)name);
    char *copy = g_strdup ((const char *)value);

    xmlFree (value);
    return copy;
}

char *tamga_xml_text (const xmlNode *node)
{
    g_autoptr (GString) text = g_string_new (NULL);

    if (node == NULL)
        return NULL;
    for (const xmlNode *child = node->children; child != NULL; child = child->next) {
        if (child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE)
            return NULL;
        g_string_append (text, (const char *)child->content);
    }
    return g_strdup (g_strstrip (text->str));
}

/* Base64 of RFC 2045 with white space and nothing else in it. */
static gboolean is_base64 (const char *text, gsize length)
{
    gsize digits = 0, padding = 0;

    for (gsize i = 0; i < length; i++) {
        if (g_ascii_isspace (text[i]))
            continue;
        if (text[i] == '=')
            padding++;
        else if (padding > 0 || !(g_ascii_isalnum (text[i]) || text[i] == '+' || text[i] == '/'))
            return FALSE;
        else
            digits++;
    }
    return padding <= 2 && (digits + padding) % 4 == 0 && (digits > 0 || padding == 0);
}

GBytes *tamga_xml_base64_text (GBytes *text)
{
    gsize length;
    const char *data = g_bytes_get_data (text, &length);
    g_autofree char *copy = NULL;

    if (!is_base64 (data, length))
        return NULL;
    copy = g_strndup (data, length);
    if (length > 0)
        g_base64_decode_inplace (copy, &length);
    return g_bytes_new_take (g_steal_pointer (&copy), length);
}

GBytes *tamga_xml_base64 (const xmlNode *node)
{
    g_autofree char *text = tamga_xml_text (node);
    g_autoptr (GBytes) bytes =
        text != NULL && text[0] != '\0' ? g_bytes_new_static (text, strlen (text)) : NULL;

    return bytes != NULL ? tamga_xml_base64_text (bytes) : NULL;
}
