/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was signed, byte for byte: the file without its signature, or what an Object holds. */
#include <string.h>

#include "formats/limits.h"
#include "formats/xml/filter.h"
#include "formats/xml/make.h"
#include "formats/xml/xades.h"

typedef struct {
    const TamgaXml *xml;
    xmlNode *signature;
    GPtrArray *originals; /* TamgaOriginal */
    gboolean outside;     /* a reference leads to another file */
} Search;

static void add_original (Search *search, const char *name, const char *mime_type, GBytes *bytes)
{
    g_autoptr (TamgaDocument) document =
        tamga_document_new (name != NULL ? name : "the signed document", bytes);

    g_ptr_array_add (search->originals, tamga_original_new (name, mime_type, document));
}

static gboolean cannot (GError **error, const char *why)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "The signed original cannot be given back: %s.", why);
    return FALSE;
}

/* Which elements the transforms of a reference to the whole document leave out. NULL with an error
 * where that is not a matter of leaving out. */
static GPtrArray *left_out (const Search *search, const xmlNode *reference, GError **error)
{
    xmlNode *list = tamga_xml_child (reference, TAMGA_NS_DSIG, "Transforms");
    g_autoptr (GPtrArray) out = g_ptr_array_new ();
    g_autoptr (GPtrArray) transforms =
        list != NULL ? tamga_xml_children (list, TAMGA_NS_DSIG, "Transform") : g_ptr_array_new ();

    for (guint i = 0; i < transforms->len; i++) {
        g_autofree char *algorithm = tamga_xml_attribute (transforms->pdata[i], "Algorithm");
        TamgaNodeSet set = {0};
        if (algorithm != NULL && tamga_c14n_by_name (algorithm) != NULL)
            continue;
        if (g_strcmp0 (algorithm, TAMGA_XML_ENVELOPED) == 0) {
            g_ptr_array_add (out, search->signature);
        } else if (tamga_xml_filter (search->xml, transforms->pdata[i], &set, NULL) &&
                   set.signatures == TAMGA_SIGNATURES_OUT) {
            return tamga_xml_find (search->xml, TAMGA_NS_DSIG, "Signature", TAMGA_MAX_SIGNERS,
                                   error);
        } else {
            cannot (error, "a transform of its reference does more than leave signatures out");
            return NULL;
        }
    }
    return g_steal_pointer (&out);
}

/* Signatures inside of others go with them. */
static void keep_outermost (GPtrArray *signatures)
{
    for (guint i = 0; i < signatures->len;) {
        const xmlNode *node = ((xmlNode *)signatures->pdata[i])->parent;
        while (node != NULL && !tamga_xml_is (node, TAMGA_NS_DSIG, "Signature"))
            node = node->parent;
        if (node != NULL)
            g_ptr_array_remove_index (signatures, i);
        else
            i++;
    }
}

static gboolean add_whole (Search *search, const xmlNode *reference, GError **error)
{
    g_autoptr (GPtrArray) elements = left_out (search, reference, error);
    g_autoptr (GBytes) bytes = NULL;

    if (elements == NULL)
        return FALSE;
    keep_outermost (elements);
    if (elements->len > 0 && elements->pdata[0] == xmlDocGetRootElement (search->xml->doc))
        return cannot (error, "the signature is the root of the file");
    bytes = tamga_xml_cut (search->xml, elements, error);
    if (bytes == NULL)
        return FALSE;
    add_original (search, NULL, "text/xml", bytes);
    return TRUE;
}

/* The content of an Object as nodes, as it lies in the file. */
static GBytes *nodes_of (const Search *search, const xmlNode *object, GError **error)
{
    TamgaXmlSpan span;

    if (!tamga_xml_span (search->xml, object, &span, error))
        return NULL;
    return g_bytes_new_from_bytes (search->xml->bytes, span.content,
                                   span.empty_tag ? 0 : span.end_tag - span.content);
}

/* Only the octets that its text stands for were hashed, not the attributes of the element. */
static gboolean is_decoded (xmlNode *reference)
{
    xmlNode *list = tamga_xml_child (reference, TAMGA_NS_DSIG, "Transforms");
    g_autoptr (GPtrArray) transforms =
        list != NULL ? tamga_xml_children (list, TAMGA_NS_DSIG, "Transform") : g_ptr_array_new ();

    for (guint i = 0; i < transforms->len; i++) {
        g_autofree char *algorithm = tamga_xml_attribute (transforms->pdata[i], "Algorithm");
        if (g_strcmp0 (algorithm, TAMGA_XML_BASE64) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean add_decoded (Search *search, xmlNode *node, GError **error)
{
    g_autofree char *mime_type = tamga_xml_attribute (node, "MimeType");
    g_autoptr (GBytes) bytes = tamga_xml_base64 (node);

    if (bytes == NULL)
        return cannot (error, "what is signed as Base64 holds something else as well");
    add_original (search, NULL, mime_type, bytes);
    return TRUE;
}

static gboolean add_object (Search *search, xmlNode *object, GError **error)
{
    g_autofree char *mime_type = tamga_xml_attribute (object, "MimeType");
    g_autofree char *encoding = tamga_xml_attribute (object, "Encoding");
    g_autoptr (GBytes) bytes = NULL;

    if (encoding == NULL)
        bytes = nodes_of (search, object, error);
    else if (strcmp (encoding, TAMGA_XML_BASE64) != 0)
        return cannot (error, "its Object is encoded in a way that is not known");
    else if ((bytes = tamga_xml_base64 (object)) == NULL)
        return cannot (error, "its Object is not Base64");
    if (bytes == NULL)
        return FALSE;
    add_original (search, NULL, mime_type, bytes);
    return TRUE;
}

/* An element of the document: as it lies in the file. */
static gboolean add_part (Search *search, xmlNode *reference, const char *id, GError **error)
{
    xmlNode *node = tamga_xml_by_id (search->xml, id);
    g_autoptr (GBytes) bytes = NULL;
    TamgaXmlSpan span;

    if (node == NULL)
        return cannot (error, "a reference leads to no element");
    for (const xmlNode *outer = node->parent; outer != NULL; outer = outer->parent) {
        if (outer == search->signature && !tamga_xml_is (node, TAMGA_NS_DSIG, "Object"))
            return TRUE; /* properties or the key: no content */
    }
    if (is_decoded (reference))
        return add_decoded (search, node, error);
    if (node->parent == search->signature)
        return add_object (search, node, error);
    if (!tamga_xml_span (search->xml, node, &span, error))
        return FALSE;
    for (const xmlNode *inner = search->signature; inner != NULL; inner = inner->parent) {
        if (inner == node)
            return cannot (error, "the signed element is only a part of the document, and holds "
                                  "the signature");
    }
    bytes = g_bytes_new_from_bytes (search->xml->bytes, span.begin, span.end - span.begin);
    add_original (search, NULL, "text/xml", bytes);
    return TRUE;
}

static gboolean add_reference (Search *search, xmlNode *reference, GError **error)
{
    g_autofree char *uri = tamga_xml_attribute (reference, "URI");

    if (uri != NULL && uri[0] == '\0')
        return add_whole (search, reference, error);
    if (uri != NULL && uri[0] == '#')
        return add_part (search, reference, uri + 1, error);
    search->outside = TRUE;
    return TRUE;
}

static gboolean search_references (Search *search, GError **error)
{
    xmlNode *info = tamga_xml_child (search->signature, TAMGA_NS_DSIG, "SignedInfo");
    g_autoptr (GPtrArray) references =
        info != NULL ? tamga_xml_children (info, TAMGA_NS_DSIG, "Reference") : g_ptr_array_new ();

    for (guint i = 0; i < references->len; i++) {
        if (!add_reference (search, references->pdata[i], error))
            return FALSE;
    }
    if (search->originals->len > 0 && !search->outside)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                 "The signature is detached: what it signs lies in files of their own.");
    return FALSE;
}

GPtrArray *tamga_xades_originals (TamgaDocument *document, const TamgaReadOptions *options,
                                  const char *signature, GError **error)
{
    g_autoptr (TamgaXml) xml = tamga_xml_parse (document, error);
    TamgaXmlResolver resolver =
        tamga_xml_resolver_documents (options != NULL ? options->contents : NULL, NULL);
    Search search = {.xml = xml};
    g_autoptr (GPtrArray) originals =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_original_free);
    g_autoptr (GPtrArray) all = NULL;

    if (xml == NULL)
        return NULL;
    all = tamga_xades_read_xml (xml, &resolver, error);
    if (all == NULL)
        return NULL;
    search.originals = originals;
    if (signature != NULL) {
        search.signature = tamga_xades_find_signature (xml, &resolver, signature, error);
    } else {
        /* The latest that is no countersignature: those sign no content. */
        for (guint i = all->len; search.signature == NULL && i-- > 0;) {
            if (((TamgaSignature *)all->pdata[i])->countersigned == NULL)
                search.signature = tamga_xades_signature_at (xml, i, error);
        }
    }
    if (search.signature == NULL) {
        if (error != NULL && *error == NULL)
            cannot (error, "there is only a countersignature");
        return NULL;
    }
    return search_references (&search, error) ? g_steal_pointer (&originals) : NULL;
}
