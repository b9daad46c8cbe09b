/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CAdES: the row of the format table, reading, and giving back what was signed. */
#include "formats/cms/cades.h"

#include <string.h>

#include "formats/cms/cades_sign.h"
#include "formats/cms/content.h"
#include "formats/cms/der.h"
#include "formats/cms/extend.h"
#include "formats/cms/signer.h"
#include "formats/cms/tree.h"
#include "formats/ossl.h"

static void describe_detached (GPtrArray *signatures, TamgaDocument *content)
{
    for (guint i = 0; i < signatures->len; i++) {
        TamgaSignature *signature = signatures->pdata[i];
        if (signature->coverage_text != NULL)
            continue; /* a countersignature */
        signature->coverage = TAMGA_COVERS_WHOLE;
        signature->coverage_text =
            g_strdup_printf ("the whole of %s", tamga_document_name (content));
        signature->covered_bytes = tamga_document_size (content);
    }
}

/* A document given beside an attached signature must be the one inside. */
static gboolean compare_given (GPtrArray *signatures, TamgaSignedData *data, TamgaDocument *content,
                               GError **error)
{
    const TamgaDigest *digest = tamga_digest_by_name ("SHA-256");
    g_autoptr (GBytes) inside = tamga_signed_data_content_digest (data, digest, error);
    g_autoptr (GBytes) given = NULL;

    if (inside == NULL)
        return FALSE;
    given = tamga_document_digest (content, digest, NULL, 0, NULL, NULL, error);
    if (given == NULL)
        return FALSE;
    for (guint i = 0; !g_bytes_equal (inside, given) && i < signatures->len; i++) {
        tamga_signature_fail (signatures->pdata[i], TAMGA_INTEGRITY_HASH_FAILURE,
                              "%s is not the document inside the signature.",
                              tamga_document_name (content));
        tamga_signature_find (signatures->pdata[i], TAMGA_SEVERITY_FATAL, "cades-other-document",
                              "RFC 5652 5.2", "%s is not the document inside the signature.",
                              tamga_document_name (content));
    }
    return TRUE;
}

static GPtrArray *cades_read (TamgaDocument *document, const TamgaReadOptions *options,
                              GError **error)
{
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, error);
    g_autoptr (GPtrArray) signatures = NULL;
    TamgaDocument *given = tamga_read_options_content (options);
    g_auto (TamgaCmsContent) content = {0};

    if (data == NULL)
        return NULL;
    if (given != NULL && options->contents->len > 1) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "%s signs one document, and %u were given for it (RFC 5652 5.2).",
                     tamga_document_name (document), options->contents->len);
        return NULL;
    }
    content = tamga_cms_content (data, given);
    if (!tamga_cms_content_hash (&content, data, NULL, options != NULL ? options->progress : NULL,
                                 options != NULL ? options->progress_data : NULL, error))
        return NULL;
    signatures =
        tamga_cms_read_signed_data (data, tamga_cms_content_digest, &content, "CAdES", error);
    if (signatures == NULL || !tamga_document_check (document, error))
        return NULL;
    if (!data->has_content && given != NULL)
        describe_detached (signatures, given);
    if (data->has_content && given != NULL && !compare_given (signatures, data, given, error))
        return NULL;
    return g_steal_pointer (&signatures);
}

/* mime-type (EN 319 122-1 5.2.4.2) of the first signer that says one. */
static char *mime_type_of (const TamgaSignedData *data)
{
    for (guint i = 0; i < data->signers->len; i++) {
        const TamgaSignerInfo *info = data->signers->pdata[i];
        g_autoptr (GPtrArray) attributes = tamga_attributes_parse (info->signed_list);
        GBytes *value = tamga_attributes_value (attributes, TAMGA_ATTRIBUTE_MIME_TYPE);
        TamgaDerElement text;
        if (value == NULL || !tamga_der_whole (value, TAMGA_DER_UTF8_STRING, &text))
            continue;
        g_autofree char *plain = g_strndup ((const char *)text.contents.data, text.contents.left);
        return tamga_text_visible (plain);
    }
    return NULL;
}

static GPtrArray *cades_originals (TamgaDocument *document, const TamgaReadOptions *options,
                                   const char *signature, GError **error)
{
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, error);
    g_autoptr (TamgaDocument) content = NULL;
    g_autofree char *type = NULL;
    GPtrArray *originals;

    (void)options;
    (void)signature; /* all signers of a SignedData sign one content */
    if (data == NULL)
        return NULL;
    if (!data->has_content) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                     "%s is a detached signature: what was signed is not in it.",
                     tamga_document_name (document));
        return NULL;
    }
    content = tamga_document_join (document, (const TamgaRange *)data->content->data,
                                   data->content->len, error);
    if (content == NULL)
        return NULL;
    type = mime_type_of (data);
    originals = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_original_free);
    g_ptr_array_add (originals, tamga_original_new (NULL, type, content));
    return originals;
}

const TamgaFormat tamga_cades_format = {
    .name = "cades",
    .by_digest = TRUE,
    .title = "CAdES",
    .extension = ".p7m",
    .detached_extension = ".p7s",
    .probe = tamga_signed_data_probe,
    .read = cades_read,
    .prepare = tamga_cades_prepare,
    .embed = tamga_cades_embed,
    .extend = tamga_cades_extend,
    .originals = cades_originals,
};
