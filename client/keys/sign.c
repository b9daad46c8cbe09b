/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing digests with a key of an open store. */
#include <openssl/rsa.h>

#include "client/keys/store_client.h"
#include "formats/ossl.h"

/* The key was listed before the login, when the token hid it: looks again and takes over what is
 * known now. */
static gboolean find_hidden_key (TamgaKeyStore *store, TamgaKey *key, const TamgaCall *call,
                                 GError **error)
{
    if (key->handle != 0)
        return TRUE;
    g_autoptr (GPtrArray) keys = tamga_key_store_keys (store, call, error);
    if (keys == NULL)
        return FALSE;
    for (guint i = 0; i < keys->len; i++) {
        TamgaKey *candidate = keys->pdata[i];
        if (candidate->handle == 0 || candidate->certificate == NULL || key->certificate == NULL ||
            X509_cmp (candidate->certificate, key->certificate) != 0)
            continue;
        key->handle = candidate->handle;
        key->seen = TRUE;
        key->always_authenticate = candidate->always_authenticate;
        key->on_token = candidate->on_token;
        key->matched_by_id = candidate->matched_by_id;
        return TRUE;
    }
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_CERTIFICATE,
                 "\"%s\" has the certificate of this key, but not the private key", store->name);
    return FALSE;
}

/* Does the signature verify? A token that answers nonsense must not spoil a document. */
static gboolean signature_fits (const TamgaKey *key, const TamgaAlgorithm *algorithm,
                                GBytes *digest, GBytes *raw)
{
    const EVP_MD *md = tamga_digest_md (tamga_algorithm_digest (algorithm));
    g_autoptr (GBytes) der = tamga_algorithm_raw_to_der (algorithm, raw, NULL);
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (key->public_key, NULL);
    gsize signature_size, digest_size;

    if (der == NULL || context == NULL || EVP_PKEY_verify_init (context) <= 0 ||
        EVP_PKEY_CTX_set_signature_md (context, md) <= 0)
        return FALSE;
    if (algorithm->scheme == TAMGA_SCHEME_RSA_PSS &&
        (EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PSS_PADDING) <= 0 ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen (context, RSA_PSS_SALTLEN_DIGEST) <= 0))
        return FALSE;
    const guint8 *signature = g_bytes_get_data (der, &signature_size);
    const guint8 *value = g_bytes_get_data (digest, &digest_size);
    return EVP_PKEY_verify (context, signature, signature_size, value, digest_size) == 1;
}

static GBytes *sign_one (TamgaKeyStore *store, TamgaKey *key, const TamgaAlgorithm *algorithm,
                         GBytes *digest, const TamgaKeysUi *ui, const TamgaCall *call,
                         GError **error)
{
    g_autoptr (GVariant) answer = NULL;
    GVariantBuilder arguments;

    g_variant_builder_init (&arguments, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&arguments, "{sv}", "key", g_variant_new_uint64 (key->handle));
    g_variant_builder_add (&arguments, "{sv}", "algorithm", g_variant_new_string (algorithm->name));
    g_variant_builder_add (&arguments, "{sv}", "digest",
                           g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, digest, TRUE));
    g_variant_builder_add (&arguments, "{sv}", "authenticate",
                           g_variant_new_boolean (key->always_authenticate));
    if (key->always_authenticate)
        answer = tamga_key_store_ask_with_pin (store, "sign", &arguments, TRUE, ui, call, error);
    else
        answer = tamga_key_agent_ask (store->agent, "sign", g_variant_builder_end (&arguments),
                                      call, error);
    if (answer == NULL)
        return NULL;
    g_autoptr (GVariant) value =
        g_variant_lookup_value (answer, "signature", G_VARIANT_TYPE_BYTESTRING);
    g_autoptr (GBytes) raw =
        value != NULL ? g_variant_get_data_as_bytes (value) : g_bytes_new (NULL, 0);
    if (!signature_fits (key, algorithm, digest, raw)) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                     "\"%s\" returned a signature that does not verify with the key's own "
                     "certificate",
                     store->name);
        return NULL;
    }
    return g_steal_pointer (&raw);
}

GPtrArray *tamga_key_store_sign (TamgaKeyStore *store, TamgaKey *key,
                                 const TamgaAlgorithm *algorithm, GPtrArray *digests,
                                 const TamgaKeysUi *ui, const TamgaCall *call, GError **error)
{
    g_autoptr (GPtrArray) signatures =
        g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

    if (!find_hidden_key (store, key, call, error))
        return NULL;
    if (!g_ptr_array_find (key->algorithms, algorithm, NULL)) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM,
                     "\"%s\" cannot make %s signatures with this key", store->name,
                     algorithm->name);
        return NULL;
    }
    for (guint i = 0; i < digests->len; i++) {
        if (tamga_call_cancelled (call)) {
            g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                         "cancelled after %u of %u signatures", i, digests->len);
            return NULL;
        }
        GBytes *signature = sign_one (store, key, algorithm, digests->pdata[i], ui, call, error);
        if (signature == NULL) {
            if (i > 0)
                g_prefix_error (error, "after %u of %u signatures: ", i, digests->len);
            return NULL;
        }
        g_ptr_array_add (signatures, signature);
    }
    return g_steal_pointer (&signatures);
}
