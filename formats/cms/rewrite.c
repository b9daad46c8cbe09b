/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a SignedData again with something added. */
#include "formats/cms/rewrite.h"

#include <string.h>

#include "formats/cms/der.h"
#include "formats/limits.h"

TamgaCmsParts *tamga_cms_parts_from (const TamgaSignedData *data)
{
    TamgaCmsParts *parts = tamga_cms_parts_new ();
    const struct {
        GPtrArray *from, *to;
    } lists[] = {
        {data->digest_algors, parts->digest_algors},
        {data->certificates, parts->certificates},
        {data->crls, parts->crls},
    };

    parts->keep_order = TRUE;
    parts->version = data->version;
    parts->data_content = strcmp (data->content_type, TAMGA_OID_DATA) == 0;
    parts->encap = g_bytes_new (NULL, 0);
    parts->body_length = data->encap.length;
    for (gsize i = 0; i < G_N_ELEMENTS (lists); i++) {
        for (guint j = 0; j < lists[i].from->len; j++)
            g_ptr_array_add (lists[i].to, g_bytes_ref (lists[i].from->pdata[j]));
    }
    return parts;
}

gboolean tamga_cms_parts_write (const TamgaCmsParts *parts, TamgaDocument *source,
                                const TamgaRange *body, TamgaOutput *output, GError **error)
{
    g_autoptr (GBytes) head = NULL, tail = NULL;

    tamga_cms_parts_frame (parts, &head, &tail);
    /* What is written must be readable again. */
    if (g_bytes_get_size (tail) > TAMGA_MAX_DER_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "Certificates and revocation data for %s have %" G_GSIZE_FORMAT
                     " MiB, more than the %u MiB that a signature may carry.",
                     tamga_document_name (source), g_bytes_get_size (tail) / (1024 * 1024),
                     TAMGA_MAX_DER_SIZE / (1024 * 1024));
        return FALSE;
    }
    if (parts->certificates->len > TAMGA_MAX_CERTIFICATES ||
        parts->crls->len > TAMGA_MAX_REVOCATIONS) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s would have more than %u certificates or %u revocation values.",
                     tamga_document_name (source), TAMGA_MAX_CERTIFICATES, TAMGA_MAX_REVOCATIONS);
        return FALSE;
    }
    return tamga_output_write_bytes (output, head, error) &&
           (body->length == 0 ||
            tamga_output_copy (output, source, body->offset, body->length, NULL, NULL, error)) &&
           tamga_output_write_bytes (output, tail, error);
}

/* A field to which nothing was added is written with its own tag and length too. */
static gboolean keep_field (const TamgaSignedData *data, const TamgaRange *range, guint before,
                            guint after, GBytes **field, GError **error)
{
    if (before != after || range->length == 0)
        return TRUE;
    *field = tamga_document_bytes (data->document, range->offset, range->length, TAMGA_MAX_DER_SIZE,
                                   error);
    return *field != NULL;
}

gboolean tamga_cms_rewrite (const TamgaSignedData *data, TamgaCmsParts *parts, GPtrArray *nodes,
                            TamgaOutput *output, GError **error)
{
    if (!keep_field (data, &data->certificates_field, data->certificates->len,
                     parts->certificates->len, &parts->certificates_field, error) ||
        !keep_field (data, &data->crls_field, data->crls->len, parts->crls->len, &parts->crls_field,
                     error))
        return FALSE;
    for (guint i = 0; i < nodes->len; i++) {
        TamgaSignerNode *node = nodes->pdata[i];
        if (node->parent == NULL)
            g_ptr_array_add (parts->signers, tamga_signer_node_encode (nodes, node));
    }
    if (parts->new_signer != NULL)
        tamga_elements_insert (parts->signers, parts->new_signer);
    return tamga_cms_parts_write (parts, data->document, &data->encap, output, error);
}

static gboolean has_archive (const TamgaSignerNode *node, gboolean old_only)
{
    g_autoptr (GPtrArray) attributes = tamga_attributes_parse (node->list);

    for (guint i = 0; i < attributes->len; i++) {
        const TamgaAttribute *attribute = attributes->pdata[i];
        if (tamga_attribute_is_old_archive (attribute) ||
            (!old_only && attribute->kind == TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3))
            return TRUE;
    }
    return FALSE;
}

const char *tamga_signer_node_frozen (const TamgaSignerNode *node, gboolean archive)
{
    if (!archive && has_archive (node, TRUE))
        return "an archive timestamp of version 2 or older, which covers its unsigned attributes "
               "as they are";
    for (const TamgaSignerNode *above = node->parent; above != NULL; above = above->parent) {
        if (has_archive (above, FALSE))
            return "an archive timestamp above it, which covers it as it is";
    }
    return NULL;
}

gboolean tamga_signed_data_frozen (GPtrArray *nodes)
{
    for (guint i = 0; i < nodes->len; i++) {
        if (has_archive (nodes->pdata[i], TRUE))
            return TRUE;
    }
    return FALSE;
}

gboolean tamga_signed_data_recorded (GPtrArray *nodes)
{
    for (guint i = 0; i < nodes->len; i++) {
        const TamgaSignerNode *node = nodes->pdata[i];
        g_autoptr (GPtrArray) attributes = tamga_attributes_parse (node->list);
        if (tamga_attributes_find (attributes, TAMGA_ATTRIBUTE_EVIDENCE_RECORD) != NULL)
            return TRUE;
    }
    return FALSE;
}
