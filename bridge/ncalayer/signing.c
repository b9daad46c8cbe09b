/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the modules have in common when they sign. */
#include "bridge/ncalayer/signing.h"

#include <string.h>

#include "formats/jose/base64.h"
#include "formats/xml/xml.h"

GPtrArray *tamga_ncalayer_documents (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_request_document_free);
}

gboolean tamga_ncalayer_add_text (GPtrArray *documents, const char *text, GError **error)
{
    gsize size = strlen (text);
    g_autoptr (GBytes) bytes = g_bytes_new (text, size);

    if (size == 0) {
        g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_ARGUMENT,
                     "Document %u has no bytes: there is nothing to sign.", documents->len + 1);
        return FALSE;
    }
    g_ptr_array_add (documents, tamga_request_document_new (NULL, bytes));
    return TRUE;
}

gboolean tamga_ncalayer_add_digest (GPtrArray *documents, GBytes *digest, GError **error)
{
    static const char *const names[] = {"SHA-256", "SHA-384", "SHA-512"}; /* one for each length */
    gsize size = g_bytes_get_size (digest);

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        TamgaRequestDocument *document;
        if (tamga_digest_by_name (names[i])->size != size)
            continue;
        document = tamga_request_document_new (NULL, NULL);
        document->digest = g_bytes_ref (digest);
        g_ptr_array_add (documents, document);
        return TRUE;
    }
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_ARGUMENT,
                 "Digest %u has %" G_GSIZE_FORMAT " bytes: a digest has 32, 48 or 64.",
                 documents->len + 1, size);
    return FALSE;
}

gboolean tamga_ncalayer_check_xml (const GPtrArray *documents, GError **error)
{
    for (guint i = 0; i < documents->len; i++) {
        const TamgaRequestDocument *document = documents->pdata[i];
        g_autofree char *name = g_strdup_printf ("Document %u", i + 1);
        g_autoptr (TamgaXml) xml = tamga_xml_parse_bytes (name, document->bytes, error);
        if (xml == NULL)
            return FALSE;
    }
    return TRUE;
}

GPtrArray *tamga_ncalayer_sign (TamgaRequest *request, const TamgaKeyFilter *filter,
                                const TamgaRequestSigning *signing, TamgaRequestKey **key,
                                GError **error)
{
    guint batch = signing->documents->len > 1 ? TAMGA_CAPABILITY_BATCH : 0;
    g_autoptr (TamgaRequestKey) chosen = NULL;
    g_autoptr (GPtrArray) made = NULL;

    if (!tamga_request_grant (request, TAMGA_CAPABILITY_SIGN | batch, error))
        return NULL;
    chosen = tamga_request_choose_key (request, filter, FALSE, error);
    if (chosen == NULL)
        return NULL;
    made = tamga_request_sign (request, chosen, signing, error);
    if (made == NULL)
        return NULL;
    g_assert (made->len == signing->documents->len);
    if (key != NULL)
        *key = g_steal_pointer (&chosen);
    return g_steal_pointer (&made);
}

json_t *tamga_ncalayer_xml_json (GBytes *xml, GError **error)
{
    gsize size;
    const char *text = g_bytes_get_data (xml, &size);
    json_t *string = json_stringn (text, size);

    if (string == NULL)
        g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_ARGUMENT,
                     "The signed XML is not UTF-8, which is all that an answer can hold.");
    return string;
}

json_t *tamga_ncalayer_base64_json (GBytes *bytes)
{
    g_autofree char *text = tamga_base64_encode_bytes (bytes);

    return json_string_nocheck (text);
}
