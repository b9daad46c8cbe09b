/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One SignerInfo, every part with its own bytes. */
#include "formats/cms/signer_info.h"

#include "formats/cms/der.h"
#include "formats/error.h"
#include "formats/limits.h"

static GBytes *keep (TamgaDer *der, guint8 tag)
{
    TamgaDerElement element;

    return tamga_der_take (der, tag, &element) ? tamga_der_raw (&element) : NULL;
}

/* sid: IssuerAndSerialNumber, or [0] key identifier. */
static gboolean parse_sid (TamgaDer *der, TamgaSignerInfo *info)
{
    TamgaDerElement sid;

    if (tamga_der_take (der, TAMGA_DER_SEQUENCE, &sid)) {
        info->issuer = keep (&sid.contents, TAMGA_DER_SEQUENCE);
        info->serial = keep (&sid.contents, TAMGA_DER_INTEGER);
        return info->issuer != NULL && info->serial != NULL && tamga_der_at_end (&sid.contents);
    }
    if (tamga_der_take (der, TAMGA_DER_CONTEXT, &sid) ||
        tamga_der_take (der, TAMGA_DER_CONTEXT_CONSTRUCTED, &sid))
        info->key_id = tamga_der_octets (&sid);
    return info->key_id != NULL;
}

static gboolean parse_attributes (const TamgaDerElement *set, GPtrArray **list)
{
    g_autoptr (GBytes) raw = tamga_der_raw (set);

    *list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    return tamga_der_split (raw, TAMGA_MAX_ATTRIBUTES, *list, NULL);
}

/* The fields of a SignerInfo; the name of the first that is wrong, or NULL. */
static const char *parse_fields (TamgaDer *der, TamgaSignerInfo *info)
{
    TamgaDerElement element;
    const guint8 *start = der->data;

    if (!tamga_der_take (der, TAMGA_DER_INTEGER, &element) ||
        (info->version = tamga_der_small_integer (&element)) < 0)
        return "version";
    if (!parse_sid (der, info))
        return "sid";
    if ((info->digest_algor = keep (der, TAMGA_DER_SEQUENCE)) == NULL)
        return "digestAlgorithm";
    if (tamga_der_take (der, TAMGA_DER_CONTEXT_CONSTRUCTED, &element)) {
        if (!parse_attributes (&element, &info->signed_list))
            return "signedAttrs";
        info->signed_attrs =
            tamga_der_tlv (TAMGA_DER_SET, element.contents.data, element.contents.left);
        info->signed_sorted = tamga_der_set_of (TAMGA_DER_SET, info->signed_list);
        if (g_bytes_equal (info->signed_sorted, info->signed_attrs))
            g_clear_pointer (&info->signed_sorted, g_bytes_unref);
    }
    if ((info->signature_algor = keep (der, TAMGA_DER_SEQUENCE)) == NULL)
        return "signatureAlgorithm";
    if (!tamga_der_take (der, TAMGA_DER_OCTET_STRING, &element) &&
        !tamga_der_take (der, TAMGA_DER_OCTET_STRING | 0x20, &element))
        return "signature";
    if ((info->signature = tamga_der_octets (&element)) == NULL)
        return "signature";
    info->fields = g_bytes_new (start, (gsize)(der->data - start));
    if (tamga_der_take (der, TAMGA_DER_CONTEXT_CONSTRUCTED | 1, &element)) {
        info->unsigned_present = TRUE;
        if (!parse_attributes (&element, &info->unsigned_list))
            return "unsignedAttrs";
    }
    return tamga_der_at_end (der) ? NULL : "an unknown field";
}

TamgaSignerInfo *tamga_signer_info_parse (GBytes *der, GError **error)
{
    g_autoptr (TamgaSignerInfo) info = g_new0 (TamgaSignerInfo, 1);
    TamgaDerElement whole;
    const char *wrong = "SignerInfo itself";

    info->der = g_bytes_ref (der);
    if (tamga_der_whole (der, TAMGA_DER_SEQUENCE, &whole))
        wrong = parse_fields (&whole.contents, info);
    if (wrong != NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "broken SignerInfo: %s (RFC 5652 5.3)", wrong);
        return NULL;
    }
    return g_steal_pointer (&info);
}

void tamga_signer_info_free (TamgaSignerInfo *info)
{
    if (info == NULL)
        return;
    g_clear_pointer (&info->der, g_bytes_unref);
    g_clear_pointer (&info->fields, g_bytes_unref);
    g_clear_pointer (&info->issuer, g_bytes_unref);
    g_clear_pointer (&info->serial, g_bytes_unref);
    g_clear_pointer (&info->key_id, g_bytes_unref);
    g_clear_pointer (&info->digest_algor, g_bytes_unref);
    g_clear_pointer (&info->signed_attrs, g_bytes_unref);
    g_clear_pointer (&info->signed_sorted, g_bytes_unref);
    g_clear_pointer (&info->signature_algor, g_bytes_unref);
    g_clear_pointer (&info->signature, g_bytes_unref);
    g_clear_pointer (&info->signed_list, g_ptr_array_unref);
    g_clear_pointer (&info->unsigned_list, g_ptr_array_unref);
    g_free (info);
}
