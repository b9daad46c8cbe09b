/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A time-stamp token taken apart. */
#include "formats/cms/token.h"

#include <openssl/err.h>
#include <string.h>

#include "formats/cms/signer.h"
#include "formats/limits.h"
#include "formats/ossl.h"

static gboolean malformed (GError **error, const char *what)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "The time-stamp token is broken: %s (RFC 3161 2.4.2).", what);
    return FALSE;
}

static TamgaSignedData *open_token (GBytes *der, GError **error)
{
    g_autoptr (TamgaDocument) document = NULL;
    g_autoptr (TamgaSignedData) data = NULL;

    if (g_bytes_get_size (der) > TAMGA_MAX_TIMESTAMP_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "The time-stamp token is larger than %u bytes.", TAMGA_MAX_TIMESTAMP_SIZE);
        return NULL;
    }
    document = tamga_document_new ("The time-stamp token", der);
    data = tamga_signed_data_parse (document, error);
    if (data == NULL)
        return NULL;
    if (strcmp (data->content_type, TAMGA_OID_TST_INFO) != 0 || !data->has_content) {
        malformed (error, "it holds no TSTInfo");
        return NULL;
    }
    return g_steal_pointer (&data);
}

static TS_TST_INFO *read_info (TamgaSignedData *data, GError **error)
{
    g_autoptr (GBytes) content = tamga_signed_data_content (data, TAMGA_MAX_TIMESTAMP_SIZE, error);
    g_autoptr (TS_TST_INFO) info = NULL;
    const guint8 *start, *at;
    gsize length;

    if (content == NULL)
        return NULL;
    start = at = g_bytes_get_data (content, &length);
    info = d2i_TS_TST_INFO (NULL, &at, (long)length);
    ERR_clear_error ();
    if (info == NULL || at != start + length || TS_TST_INFO_get_version (info) != 1) {
        malformed (error, "its TSTInfo cannot be read");
        return NULL;
    }
    return g_steal_pointer (&info);
}

static GBytes *imprint_of (TS_TST_INFO *info)
{
    ASN1_OCTET_STRING *hash = TS_MSG_IMPRINT_get_msg (TS_TST_INFO_get_msg_imprint (info));

    return g_bytes_new (ASN1_STRING_get0_data (hash), (gsize)ASN1_STRING_length (hash));
}

gboolean tamga_token_claim (GBytes *der, TamgaTokenClaim *claim, GError **error)
{
    g_autoptr (TamgaSignedData) data = open_token (der, error);
    g_autoptr (TS_TST_INFO) info = data != NULL ? read_info (data, error) : NULL;

    *claim = (TamgaTokenClaim){.gen_time = G_MININT64};
    if (info == NULL)
        return FALSE;
    claim->gen_time = tamga_ossl_time ((const ASN1_TIME *)TS_TST_INFO_get_time (info));
    claim->digest =
        tamga_digest_by_algor (TS_MSG_IMPRINT_get_algo (TS_TST_INFO_get_msg_imprint (info)));
    claim->imprint = imprint_of (info);
    return TRUE;
}

void tamga_token_claim_clear (TamgaTokenClaim *claim)
{
    g_clear_pointer (&claim->imprint, g_bytes_unref);
}

static gint64 integer_or_zero (const ASN1_INTEGER *integer)
{
    gint64 value = 0;

    return integer != NULL && ASN1_INTEGER_get_int64 (&value, integer) == 1 ? value : 0;
}

/* RFC 3161 2.4.2: a part that is missing is zero. */
static gint64 accuracy_of (TS_TST_INFO *info)
{
    const TS_ACCURACY *accuracy = TS_TST_INFO_get_accuracy (info);
    gint64 seconds;

    if (accuracy == NULL)
        return -1;
    seconds = CLAMP (integer_or_zero (TS_ACCURACY_get_seconds (accuracy)), 0, G_MAXINT32);
    return seconds * 1000000 +
           CLAMP (integer_or_zero (TS_ACCURACY_get_millis (accuracy)), 0, 999) * 1000 +
           CLAMP (integer_or_zero (TS_ACCURACY_get_micros (accuracy)), 0, 999);
}

static GBytes *nonce_of (const TS_TST_INFO *info)
{
    const ASN1_INTEGER *nonce = TS_TST_INFO_get_nonce (info);
    g_autoptr (BIGNUM) number = NULL;
    guint8 *bytes;
    int length;

    if (nonce == NULL)
        return NULL;
    number = ASN1_INTEGER_to_BN (nonce, NULL);
    length = number != NULL ? BN_num_bytes (number) : 0;
    bytes = g_malloc ((gsize)length + 1);
    if (length > 0)
        BN_bn2bin (number, bytes);
    return g_bytes_new_take (bytes, (gsize)length);
}

static char *tsa_name_of (TS_TST_INFO *info)
{
    GENERAL_NAME *name = TS_TST_INFO_get_tsa (info);

    return name != NULL && name->type == GEN_DIRNAME ? tamga_ossl_name (name->d.directoryName)
                                                     : NULL;
}

static gboolean fill_info (TamgaToken *token, TS_TST_INFO *info, GError **error)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint (info);
    X509_ALGOR *algor = TS_MSG_IMPRINT_get_algo (imprint);

    token->gen_time = tamga_ossl_time ((const ASN1_TIME *)TS_TST_INFO_get_time (info));
    token->accuracy = accuracy_of (info);
    token->ordering = TS_TST_INFO_get_ordering (info) != 0;
    token->policy = tamga_ossl_oid (TS_TST_INFO_get_policy_id (info));
    token->serial = tamga_ossl_serial (TS_TST_INFO_get_serial (info));
    token->nonce = nonce_of (info);
    token->digest = tamga_digest_by_algor (algor);
    token->digest_oid = tamga_ossl_oid (algor->algorithm);
    token->imprint = imprint_of (info);
    token->tsa_name = tsa_name_of (info);
    if (token->gen_time == G_MININT64)
        return malformed (error, "genTime is not a time");
    if (token->digest != NULL && g_bytes_get_size (token->imprint) != token->digest->size)
        return malformed (error, "the imprint has another length than its digest algorithm");
    return TRUE;
}

TamgaToken *tamga_token_parse (GBytes *der, GError **error)
{
    return tamga_token_parse_with (der, NULL, error);
}

TamgaToken *tamga_token_parse_with (GBytes *der, GPtrArray *others, GError **error)
{
    g_autoptr (TamgaToken) token = g_new0 (TamgaToken, 1);
    g_autoptr (TamgaSignedData) data = open_token (der, error);
    g_autoptr (TS_TST_INFO) info = data != NULL ? read_info (data, error) : NULL;
    g_autoptr (GPtrArray) signatures = NULL;

    if (info == NULL || !fill_info (token, info, error))
        return NULL;
    if (data->signers->len != 1) {
        malformed (error, "it has not exactly one signer");
        return NULL;
    }
    data->others = others != NULL ? g_ptr_array_ref (others) : NULL;
    signatures = tamga_cms_read_signed_data (data, NULL, NULL, "CMS", error);
    if (signatures == NULL)
        return NULL;
    token->der = g_bytes_ref (der);
    token->signature = g_ptr_array_steal_index (signatures, 0);
    if (token->signature->binding == TAMGA_BINDING_NONE)
        tamga_signature_find (token->signature, TAMGA_SEVERITY_FATAL,
                              "token-no-signing-certificate", "RFC 3161 2.4.2; RFC 5816 2.2.1",
                              "The token does not say under its signature which certificate made "
                              "it.");
    return g_steal_pointer (&token);
}

void tamga_token_free (TamgaToken *token)
{
    if (token == NULL)
        return;
    g_clear_pointer (&token->der, g_bytes_unref);
    g_clear_pointer (&token->nonce, g_bytes_unref);
    g_clear_pointer (&token->imprint, g_bytes_unref);
    g_clear_pointer (&token->signature, tamga_signature_free);
    g_free (token->policy);
    g_free (token->serial);
    g_free (token->digest_oid);
    g_free (token->tsa_name);
    g_free (token);
}

gboolean tamga_token_covers (const TamgaToken *token, GBytes *data)
{
    g_autoptr (GBytes) value =
        token->digest != NULL ? tamga_digest_bytes (token->digest, data) : NULL;

    return tamga_token_covers_digest (token, value);
}

gboolean tamga_token_covers_digest (const TamgaToken *token, GBytes *covered_digest)
{
    return covered_digest != NULL && g_bytes_equal (token->imprint, covered_digest);
}
