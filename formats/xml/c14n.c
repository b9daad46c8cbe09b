/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Canonical XML by libxml2: which nodes are in is decided here, the octets are its work. */
#include "formats/xml/c14n.h"

#include <libxml/c14n.h>
#include <libxml/xmlIO.h>
#include <string.h>

#include "formats/limits.h"
#include "formats/ossl.h"

static const TamgaC14n methods[] = {
    {"exc-c14n", "http://www.w3.org/2001/10/xml-exc-c14n#", XML_C14N_EXCLUSIVE_1_0, FALSE},
    {"exc-c14n#WithComments", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
     XML_C14N_EXCLUSIVE_1_0, TRUE},
    {"c14n", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", XML_C14N_1_0, FALSE},
    {"c14n#WithComments", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
     XML_C14N_1_0, TRUE},
    {"c14n11", "http://www.w3.org/2006/12/xml-c14n11", XML_C14N_1_1, FALSE},
    {"c14n11#WithComments", "http://www.w3.org/2006/12/xml-c14n11#WithComments", XML_C14N_1_1,
     TRUE},
};

const TamgaC14n *tamga_c14n_by_name (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (methods); i++) {
        if (strcmp (methods[i].uri, name) == 0 || strcmp (methods[i].name, name) == 0)
            return &methods[i];
    }
    return NULL;
}

/* ---- Which nodes are in ---- */

static gboolean is_left_out (const TamgaNodeSet *set, const xmlNode *node)
{
    if (node == set->without)
        return TRUE;
    if (set->signatures == TAMGA_SIGNATURES_STAY ||
        !tamga_xml_is (node, TAMGA_NS_DSIG, "Signature"))
        return FALSE;
    return set->signatures == TAMGA_SIGNATURES_OUT ||
           (node->parent != NULL && node->parent == xmlDocGetRootElement (node->doc));
}

gboolean tamga_node_set_has (const TamgaNodeSet *set, const xmlNode *node)
{
    for (const xmlNode *at = node; at != NULL; at = at->parent) {
        if (is_left_out (set, at))
            return FALSE;
        if (at == set->apex)
            return TRUE;
    }
    return set->apex == NULL;
}

/* libxml2 asks for elements, text and the like with their parent, for attributes and name spaces
 * with the element they belong to. */
static int is_visible (void *data, xmlNodePtr node, xmlNodePtr parent)
{
    gboolean attached = node->type == XML_NAMESPACE_DECL || node->type == XML_ATTRIBUTE_NODE;

    return tamga_node_set_has (data, attached ? parent : node);
}

/* ---- Where the octets go ---- */

typedef struct {
    const TamgaXml *xml;
    GByteArray *array;   /* either */
    EVP_MD_CTX *context; /* or */
    gboolean too_much;
} Sink;

/* A node that is visited and some octets that are written are one unit of work. */
static gboolean work (Sink *sink, guint64 units)
{
    *sink->xml->work += units;
    sink->too_much = *sink->xml->work > TAMGA_MAX_XML_WORK;
    return !sink->too_much;
}

static int take_octets (void *data, const char *octets, int length)
{
    Sink *sink = data;

    if (!work (sink, (guint64)length / 16))
        return -1;
    if (sink->context != NULL)
        return EVP_DigestUpdate (sink->context, octets, (size_t)length) == 1 ? length : -1;
    if (sink->array->len > TAMGA_MAX_XML_CANONICAL) {
        sink->too_much = TRUE;
        return -1;
    }
    g_byte_array_append (sink->array, (const guint8 *)octets, (guint)length);
    return length;
}

static int close_nothing (void *data G_GNUC_UNUSED)
{
    return 0;
}

/* libxml2 would print its errors. */
static void note_error (void *data, xmlErrorPtr error)
{
    char **text = data;

    if (*text == NULL && error->message != NULL)
        *text = g_strchomp (g_strdup (error->message));
}

/* Prefixes of InclusiveNamespaces, ended by NULL; libxml2 knows "#default". */
static char **split_prefixes (const char *prefixes)
{
    g_auto (GStrv) words = NULL;
    GStrvBuilder *builder;
    char **list;

    if (prefixes == NULL)
        return NULL;
    words = g_strsplit_set (prefixes, " \t\r\n", -1);
    builder = g_strv_builder_new ();
    for (char **word = words; *word != NULL; word++) {
        if (**word != '\0')
            g_strv_builder_add (builder, *word);
    }
    list = g_strv_builder_end (builder);
    g_strv_builder_unref (builder);
    return list;
}

static void set_error (const Sink *sink, const TamgaC14n *c14n, const char *text, GError **error)
{
    if (sink->too_much)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "The signatures ask for more canonical XML than any honest document does.");
    else
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "The XML has no canonical form by %s: %s.", c14n->uri,
                     text != NULL ? text : "no further reason is given");
}

static guint64 count_nodes (const TamgaXml *xml, const xmlNode *apex)
{
    guint64 count = 0;

    if (apex == NULL)
        return xml->nodes;
    for (const xmlNode *node = apex; node != NULL; node = tamga_xml_walk (node, apex))
        count++;
    return count;
}

/* libxml2 goes through the whole document even where an element of it is wanted. It is given a head
 * of a document that begins with that element instead; what lies above is found by the parents as
 * ever, and its next sibling is out of sight meanwhile. */
static int execute (const TamgaXml *xml, const TamgaNodeSet *set, const TamgaC14n *c14n,
                    char **prefixes, xmlOutputBufferPtr output)
{
    gboolean whole =
        set->apex == NULL && set->without == NULL && set->signatures == TAMGA_SIGNATURES_STAY;
    xmlNodePtr apex = (xmlNodePtr)set->apex, next = apex != NULL ? apex->next : NULL;
    xmlDoc head = *xml->doc;
    int written;

    if (apex != NULL) {
        head.children = apex;
        apex->next = NULL;
    }
    written =
        xmlC14NExecute (&head, whole ? NULL : is_visible, (void *)set, c14n->mode,
                        (xmlChar **)prefixes, c14n->comments && !set->without_comments, output);
    xml->doc->oldNs = head.oldNs; /* the name space of "xml", made at its first use */
    if (apex != NULL)
        apex->next = next;
    return written;
}

static gboolean write_canonical (Sink *sink, const TamgaNodeSet *set, const TamgaC14n *c14n,
                                 const char *prefixes, GError **error)
{
    xmlOutputBufferPtr output = xmlOutputBufferCreateIO (take_octets, close_nothing, sink, NULL);
    g_auto (GStrv) list = split_prefixes (prefixes);
    g_autofree char *text = NULL;
    xmlStructuredErrorFunc earlier = xmlStructuredError;
    void *earlier_data = xmlStructuredErrorContext;
    int written = -1, closed;

    g_assert (output != NULL);
    xmlSetStructuredErrorFunc (&text, note_error);
    if (work (sink, count_nodes (sink->xml, set->apex)))
        written = execute (sink->xml, set, c14n, list, output);
    closed = xmlOutputBufferClose (output);
    xmlSetStructuredErrorFunc (earlier_data, earlier);
    if (written >= 0 && closed >= 0)
        return TRUE;
    set_error (sink, c14n, text, error);
    return FALSE;
}

GBytes *tamga_c14n_set_bytes (const TamgaXml *xml, const TamgaNodeSet *set, const TamgaC14n *c14n,
                              const char *prefixes, GError **error)
{
    g_autoptr (GByteArray) octets = g_byte_array_new ();
    Sink sink = {.xml = xml, .array = octets};

    if (!write_canonical (&sink, set, c14n, prefixes, error))
        return NULL;
    return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

gboolean tamga_c14n_set_update (const TamgaXml *xml, const TamgaNodeSet *set, const TamgaC14n *c14n,
                                const char *prefixes, EVP_MD_CTX *context, GError **error)
{
    Sink sink = {.xml = xml, .context = context};

    return write_canonical (&sink, set, c14n, prefixes, error);
}

GBytes *tamga_c14n_set_digest (const TamgaXml *xml, const TamgaNodeSet *set, const TamgaC14n *c14n,
                               const char *prefixes, const TamgaDigest *digest, GError **error)
{
    g_autoptr (EVP_MD_CTX) context = tamga_digest_start (digest);

    if (!tamga_c14n_set_update (xml, set, c14n, prefixes, context, error))
        return NULL;
    return tamga_digest_finish (context);
}

GBytes *tamga_c14n_bytes (const TamgaXml *xml, const xmlNode *apex, const xmlNode *without,
                          const TamgaC14n *c14n, const char *prefixes, GError **error)
{
    const TamgaNodeSet set = {.apex = apex, .without = without};

    return tamga_c14n_set_bytes (xml, &set, c14n, prefixes, error);
}

GBytes *tamga_c14n_digest (const TamgaXml *xml, const xmlNode *apex, const xmlNode *without,
                           const TamgaC14n *c14n, const char *prefixes, const TamgaDigest *digest,
                           GError **error)
{
    const TamgaNodeSet set = {.apex = apex, .without = without};

    return tamga_c14n_set_digest (xml, &set, c14n, prefixes, digest, error);
}
