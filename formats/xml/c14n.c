/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Canonical XML by libxml2: which nodes are in is decided here, the octets are its work. */
#include "formats/xml/c14n.h"

#include <libxml/c14n.h>
#include <libxml/xmlIO.h>
#include <string.h>

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

/* libxml2 asks for elements, text and the like with their parent, for attributes and name spaces
 * with the element they belong to. */
static int is_visible (void *data, xmlNodePtr node, xmlNodePtr parent)
{
    const TamgaNodeSet *set = data;
    gboolean attached = node->type == XML_NAMESPACE_DECL || node->type == XML_ATTRIBUTE_NODE;

    for (const xmlNode *at = attached ? parent : node; at != NULL; at = at->parent) {
        if (at == set->without ||
            (set->without_signatures && tamga_xml_is (at, TAMGA_NS_DSIG, "Signature")))
            return 0;
        if (at == set->apex)
            return 1;
    }
    return set->apex == NULL;
}

/* ---- Where the octets go ---- */

static int append_octets (void *data, const char *octets, int length)
{
    g_byte_array_append (data, (const guint8 *)octets, (guint)length);
    return length;
}

static int hash_octets (void *data, const char *octets, int length)
{
    return EVP_DigestUpdate (data, octets, (size_t)length) == 1 ? length : -1;
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

static gboolean write_canonical (const TamgaXml *xml, const TamgaNodeSet *set,
                                 const TamgaC14n *c14n, const char *prefixes,
                                 xmlOutputWriteCallback write, gpointer data, GError **error)
{
    xmlOutputBufferPtr output = xmlOutputBufferCreateIO (write, close_nothing, data, NULL);
    g_auto (GStrv) list = split_prefixes (prefixes);
    gboolean whole = set->apex == NULL && set->without == NULL && !set->without_signatures;
    g_autofree char *text = NULL;
    xmlStructuredErrorFunc earlier = xmlStructuredError;
    void *earlier_data = xmlStructuredErrorContext;
    int written, closed;

    g_assert (output != NULL);
    xmlSetStructuredErrorFunc (&text, note_error);
    written = xmlC14NExecute (xml->doc, whole ? NULL : is_visible, (void *)set, c14n->mode,
                              (xmlChar **)list, c14n->comments && !set->without_comments, output);
    closed = xmlOutputBufferClose (output);
    xmlSetStructuredErrorFunc (earlier_data, earlier);
    if (written >= 0 && closed >= 0)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "The XML has no canonical form by %s: %s.", c14n->uri,
                 text != NULL ? text : "no further reason is given");
    return FALSE;
}

GBytes *tamga_c14n_set_bytes (const TamgaXml *xml, const TamgaNodeSet *set, const TamgaC14n *c14n,
                              const char *prefixes, GError **error)
{
    g_autoptr (GByteArray) octets = g_byte_array_new ();

    if (!write_canonical (xml, set, c14n, prefixes, append_octets, octets, error))
        return NULL;
    return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

GBytes *tamga_c14n_set_digest (const TamgaXml *xml, const TamgaNodeSet *set, const TamgaC14n *c14n,
                               const char *prefixes, const TamgaDigest *digest, GError **error)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new ();
    guint8 value[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    gboolean good;
    int done = EVP_DigestInit_ex2 (context, tamga_digest_md (digest), NULL);

    g_assert (done == 1);
    good = write_canonical (xml, set, c14n, prefixes, hash_octets, context, error);
    if (good) {
        done = EVP_DigestFinal_ex (context, value, &size);
        g_assert (done == 1);
    }
    EVP_MD_CTX_free (context);
    return good ? g_bytes_new (value, size) : NULL;
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
