/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a ds:Signature, and the digests in it. */
#include <libxml/xmlstring.h>

#include "formats/ossl.h"
#include "formats/xml/filter.h"
#include "formats/xml/make.h"

#define PROPERTIES_TYPE "http://uri.etsi.org/01903#SignedProperties"

TamgaXmlPlan *tamga_xml_plan_new (void)
{
    TamgaXmlPlan *plan = g_new (TamgaXmlPlan, 1);

    *plan = (TamgaXmlPlan){
        .references = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_xml_reference_free),
        .objects = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref),
    };
    return plan;
}

void tamga_xml_plan_free (TamgaXmlPlan *plan)
{
    if (plan == NULL)
        return;
    g_free (plan->id);
    g_ptr_array_unref (plan->references);
    g_ptr_array_unref (plan->objects);
    g_clear_pointer (&plan->content_token, g_bytes_unref);
    g_clear_pointer (&plan->properties_digest, g_bytes_unref);
    g_free (plan);
}

void tamga_xml_reference_free (TamgaXmlReference *reference)
{
    if (reference == NULL)
        return;
    g_free (reference->id);
    g_free (reference->uri);
    g_free (reference->mime_type);
    g_clear_pointer (&reference->document, tamga_document_unref);
    g_clear_pointer (&reference->digest, g_bytes_unref);
    g_free (reference);
}

char *tamga_xml_plan_id (const TamgaXmlPlan *plan, const char *what)
{
    return plan->id != NULL ? g_strdup_printf ("%s-%s", plan->id, what) : NULL;
}

/* Stands where a digest will be. */
static GBytes *zeros (const TamgaXmlPlan *plan)
{
    gsize size = tamga_algorithm_digest (plan->algorithm)->size;

    return g_bytes_new_take (g_malloc0 (size), size);
}

TamgaXmlReference *tamga_xml_plan_add (TamgaXmlPlan *plan, const char *uri)
{
    TamgaXmlReference *reference = g_new (TamgaXmlReference, 1);
    g_autofree char *what = g_strdup_printf ("reference-%u", plan->references->len + 1);

    *reference = (TamgaXmlReference){.id = plan->plain ? NULL : tamga_xml_plan_id (plan, what),
                                     .uri = g_strdup (uri),
                                     .digest = zeros (plan)};
    g_ptr_array_add (plan->references, reference);
    return reference;
}

/* ---- Text ---- */

static void write_transform (TamgaXmlWriter *writer, const char *algorithm)
{
    tamga_xml_writer_leaf (writer, "ds:Transform", NULL, "Algorithm", algorithm, NULL);
}

static void write_transforms (TamgaXmlWriter *writer, const TamgaXmlReference *reference)
{
    if (!reference->base64 && !reference->enveloped && !reference->no_signature &&
        reference->c14n == NULL)
        return;
    tamga_xml_writer_begin (writer, "ds:Transforms", NULL);
    if (reference->base64)
        write_transform (writer, TAMGA_XML_BASE64);
    if (reference->enveloped)
        write_transform (writer, TAMGA_XML_ENVELOPED);
    if (reference->no_signature) {
        tamga_xml_writer_begin (writer, "ds:Transform", "Algorithm", TAMGA_FILTER_XPATH2, NULL);
        tamga_xml_writer_leaf (writer, "filter:XPath", TAMGA_XML_ALL_SIGNATURES, "xmlns:filter",
                               TAMGA_FILTER_XPATH2, "Filter", "subtract", NULL);
        tamga_xml_writer_end (writer);
    }
    if (reference->c14n != NULL)
        write_transform (writer, reference->c14n->uri);
    tamga_xml_writer_end (writer);
}

static void write_reference (TamgaXmlWriter *writer, const TamgaXmlPlan *plan,
                             const TamgaXmlReference *reference)
{
    tamga_xml_writer_begin (writer, "ds:Reference", "Id", reference->id, "URI", reference->uri,
                            "Type", reference->type, NULL);
    write_transforms (writer, reference);
    tamga_xml_writer_digest (writer, tamga_algorithm_digest (plan->algorithm), reference->digest);
    tamga_xml_writer_end (writer);
}

static void write_signed_info (TamgaXmlWriter *writer, const TamgaXmlPlan *plan)
{
    tamga_xml_writer_begin (writer, "ds:SignedInfo", NULL);
    tamga_xml_writer_leaf (writer, "ds:CanonicalizationMethod", NULL, "Algorithm", plan->c14n->uri,
                           NULL);
    tamga_xml_writer_leaf (writer, "ds:SignatureMethod", NULL, "Algorithm",
                           plan->algorithm->xml_uri, NULL);
    for (guint i = 0; i < plan->references->len; i++)
        write_reference (writer, plan, plan->references->pdata[i]);
    if (!plan->plain) {
        g_autofree char *id = tamga_xml_plan_id (plan, "properties");
        g_autofree char *uri = g_strconcat ("#", id, NULL);
        g_autoptr (GBytes) digest =
            plan->properties_digest != NULL ? g_bytes_ref (plan->properties_digest) : zeros (plan);
        TamgaXmlReference properties = {
            .uri = uri, .type = PROPERTIES_TYPE, .c14n = plan->c14n, .digest = digest};
        write_reference (writer, plan, &properties);
    }
    tamga_xml_writer_end (writer);
}

static void write_key_info (TamgaXmlWriter *writer, const TamgaXmlPlan *plan,
                            const TamgaSigningParameters *parameters)
{
    g_autoptr (GBytes) signer = tamga_ossl_der (i2d_X509, parameters->certificate);
    GPtrArray *chain = plan->plain ? NULL : parameters->chain;

    tamga_xml_writer_begin (writer, "ds:KeyInfo", NULL);
    tamga_xml_writer_begin (writer, "ds:X509Data", NULL);
    tamga_xml_writer_base64 (writer, TAMGA_XML_BLOCK, "ds:X509Certificate", signer, NULL);
    for (guint i = 0; chain != NULL && i < chain->len; i++) {
        g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, chain->pdata[i]);
        if (!g_bytes_equal (der, signer))
            tamga_xml_writer_base64 (writer, TAMGA_XML_BLOCK, "ds:X509Certificate", der, NULL);
    }
    tamga_xml_writer_end (writer);
    tamga_xml_writer_end (writer);
}

TamgaXmlText tamga_xml_plan_text (const TamgaXmlPlan *plan,
                                  const TamgaSigningParameters *parameters)
{
    TamgaXmlWriter *writer = tamga_xml_writer_new (plan->layout);
    TamgaXmlText text = {0};

    tamga_xml_writer_begin (writer, "ds:Signature", "xmlns:ds", TAMGA_NS_DSIG, "Id", plan->id,
                            NULL);
    write_signed_info (writer, plan);
    text.value_at = writer->text->len;
    write_key_info (writer, plan, parameters);
    for (guint i = 0; i < plan->objects->len; i++) {
        gsize length;
        const void *object = g_bytes_get_data (plan->objects->pdata[i], &length);
        tamga_xml_writer_raw (writer, object, length);
    }
    if (!plan->plain) {
        g_autofree char *target = g_strconcat ("#", plan->id, NULL);
        tamga_xml_writer_begin (writer, "ds:Object", NULL);
        tamga_xml_writer_begin (writer, "xades:QualifyingProperties", "xmlns:xades", TAMGA_NS_XADES,
                                "Target", target, NULL);
        tamga_xades_write_signed_properties (writer, plan, parameters);
        text.unsigned_at = writer->text->len;
        tamga_xml_writer_end (writer);
        tamga_xml_writer_end (writer);
    }
    tamga_xml_writer_end (writer);
    text.text = tamga_xml_writer_finish (writer);
    return text;
}

/* ---- Digests ---- */

/* References into the document they stand in never see comments, whatever canonicalization follows
 * (XMLDSig 4.4.3.3). */
static GBytes *hash_part (const TamgaXmlPlan *plan, const TamgaXmlReference *reference,
                          const TamgaXml *xml, xmlNode *signature, GError **error)
{
    gboolean all = reference->uri[0] == '\0';
    TamgaNodeSet set = {
        .apex = all ? NULL : tamga_xml_by_id (xml, reference->uri + 1),
        .without = reference->enveloped ? signature : NULL,
        .signatures = reference->no_signature ? TAMGA_SIGNATURES_OUT : TAMGA_SIGNATURES_STAY,
        .without_comments = TRUE,
    };

    if (all || set.apex != NULL)
        return tamga_c14n_set_digest (xml, &set, reference->c14n, NULL,
                                      tamga_algorithm_digest (plan->algorithm), error);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "The document has no element with the id %s, or two.", reference->uri + 1);
    return NULL;
}

/* The tree gets the value that the text will have. */
static void set_digest (const TamgaXmlPlan *plan, xmlNode *signed_info, guint index, GBytes *value)
{
    g_autoptr (GPtrArray) references = tamga_xml_children (signed_info, TAMGA_NS_DSIG, "Reference");
    xmlNode *leaf = tamga_xml_child (references->pdata[index], TAMGA_NS_DSIG, "DigestValue");
    g_autofree char *text = tamga_xml_writer_parsed_base64 (plan->layout, value);

    xmlNodeSetContent (leaf, BAD_CAST text);
}

static GBytes *hash_properties (TamgaXmlPlan *plan, const TamgaXml *xml, GError **error)
{
    g_autofree char *id = tamga_xml_plan_id (plan, "properties");
    TamgaNodeSet set = {.apex = tamga_xml_by_id (xml, id), .without_comments = TRUE};

    g_assert (set.apex != NULL); /* we have just written it under a new id */
    return tamga_c14n_set_digest (xml, &set, plan->c14n, NULL,
                                  tamga_algorithm_digest (plan->algorithm), error);
}

gboolean tamga_xml_plan_hash (TamgaXmlPlan *plan, const TamgaXml *xml, xmlNode *signature,
                              GError **error)
{
    xmlNode *info = tamga_xml_child (signature, TAMGA_NS_DSIG, "SignedInfo");

    for (guint i = 0; i < plan->references->len; i++) {
        TamgaXmlReference *reference = plan->references->pdata[i];
        if (reference->document == NULL && reference->c14n != NULL) {
            GBytes *value = hash_part (plan, reference, xml, signature, error);
            if (value == NULL)
                return FALSE;
            g_bytes_unref (reference->digest);
            reference->digest = value;
        }
        set_digest (plan, info, i, reference->digest);
    }
    if (plan->plain)
        return TRUE;
    g_clear_pointer (&plan->properties_digest, g_bytes_unref);
    plan->properties_digest = hash_properties (plan, xml, error);
    if (plan->properties_digest == NULL)
        return FALSE;
    set_digest (plan, info, plan->references->len, plan->properties_digest);
    return TRUE;
}
