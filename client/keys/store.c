/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all key stores share: how a key is described to the client. */
#include "client/keys/store.h"

#include "formats/ossl.h"

static GVariant *bytes_variant (GBytes *bytes)
{
    return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

GVariant *tamga_store_certificate (X509 *certificate)
{
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);
    return bytes_variant (der);
}

GVariant *tamga_store_key_facts (const TamgaStoreKey *key)
{
    GVariantBuilder facts;
    g_autofree char *label = g_utf8_make_valid (key->label != NULL ? key->label : "", -1);

    g_variant_builder_init (&facts, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&facts, "{sv}", "handle", g_variant_new_uint64 (key->handle));
    g_variant_builder_add (&facts, "{sv}", "id", bytes_variant (key->id));
    g_variant_builder_add (&facts, "{sv}", "label", g_variant_new_string (label));
    g_variant_builder_add (&facts, "{sv}", "store", g_variant_new_string (key->store));
    if (key->certificate != NULL)
        g_variant_builder_add (&facts, "{sv}", "certificate",
                               tamga_store_certificate (key->certificate));
    if (key->public_key != NULL) {
        g_autoptr (GBytes) der = tamga_ossl_der (i2d_PUBKEY, key->public_key);
        g_variant_builder_add (&facts, "{sv}", "public", bytes_variant (der));
    }
    g_variant_builder_add (&facts, "{sv}", "always",
                           g_variant_new_boolean (key->always_authenticate));
    g_variant_builder_add (&facts, "{sv}", "on-token", g_variant_new_boolean (key->on_token));
    g_variant_builder_add (&facts, "{sv}", "by-id", g_variant_new_boolean (key->matched_by_id));
    g_variant_builder_add (&facts, "{sv}", "algorithms", g_variant_new_strv (key->algorithms, -1));
    return g_variant_builder_end (&facts);
}

/* Preferred first. Weak digests are never signed with. */
static const char *const offered[] = {
    "RSA-PKCS1-SHA-256", "RSA-PKCS1-SHA-384", "RSA-PKCS1-SHA-512",
    "RSA-PSS-SHA-256",   "RSA-PSS-SHA-384",   "RSA-PSS-SHA-512",
    "ECDSA-SHA-256",     "ECDSA-SHA-384",     "ECDSA-SHA-512",
};

/* RFC 8017 9.1.1: the encoded message needs two digests (salt included) and two bytes. */
static gboolean key_is_large_enough (EVP_PKEY *key, const TamgaAlgorithm *algorithm)
{
    if (algorithm->scheme != TAMGA_SCHEME_RSA_PSS)
        return TRUE;
    gsize digest_size = tamga_algorithm_digest (algorithm)->size;
    return (gsize)EVP_PKEY_get_size (key) >= 2 * digest_size + 2;
}

const char **tamga_store_algorithms (EVP_PKEY *public_key, guint schemes)
{
    GPtrArray *names = g_ptr_array_new ();

    for (gsize i = 0; public_key != NULL && i < G_N_ELEMENTS (offered); i++) {
        const TamgaAlgorithm *algorithm = tamga_algorithm_by_name (offered[i]);
        g_assert (algorithm != NULL);
        if ((schemes & (1u << algorithm->scheme)) != 0 &&
            EVP_PKEY_is_a (public_key, algorithm->key_type) &&
            key_is_large_enough (public_key, algorithm))
            g_ptr_array_add (names, (gpointer)algorithm->name);
    }
    /* Keys that have rows of their own; all of them, because none of their digests is weak. */
    const TamgaAlgorithm *row;
    for (gsize i = 0; public_key != NULL && (row = tamga_algorithm_at (i)) != NULL; i++) {
        if (row->scheme == TAMGA_SCHEME_PLAIN && (schemes & (1u << TAMGA_SCHEME_PLAIN)) != 0 &&
            EVP_PKEY_is_a (public_key, row->key_type))
            g_ptr_array_add (names, (gpointer)row->name);
    }
    g_ptr_array_add (names, NULL);
    return (const char **)g_ptr_array_free (names, FALSE);
}
