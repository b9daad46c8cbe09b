/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any octets as a key and as a signature of the national algorithms, for libFuzzer. The first octet
 * says what the others are: a SubjectPublicKeyInfo, a PrivateKeyInfo, or a signature by a key of
 * the kind. Aborts where a key that was read is not read again as it was written, or where a
 * signature verifies. */
#include <openssl/err.h>
#include <stdlib.h>

#include "formats/algorithm.h"
#include "formats/ossl.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const char *const kinds[] = {
    "KZ-GOST-2015-512", "KZ-GOST-2015-256", "KZ-GOST-2004", "DSTU-4145", "DSTU-4145-BE",
};
static EVP_PKEY *keys[G_N_ELEMENTS (kinds)];

static void start (void)
{
    tamga_algorithm_load ();
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, kinds[i], NULL);
        if (EVP_PKEY_keygen_init (context) != 1 || EVP_PKEY_generate (context, &keys[i]) != 1)
            abort ();
        EVP_PKEY_CTX_free (context);
    }
}

static void try_public (const guint8 *data, gsize size)
{
    const guint8 *p = data;
    g_autoptr (EVP_PKEY) key = d2i_PUBKEY (NULL, &p, (long)size);
    if (!key)
        return;
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_PUBKEY, key);
    p = g_bytes_get_data (der, NULL);
    g_autoptr (EVP_PKEY) again = d2i_PUBKEY (NULL, &p, (long)g_bytes_get_size (der));
    if (!again || EVP_PKEY_eq (key, again) != 1)
        abort ();
}

static void try_private (const guint8 *data, gsize size)
{
    const guint8 *p = data;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO (NULL, &p, (long)size);
    g_autoptr (EVP_PKEY) key = info ? EVP_PKCS82PKEY (info) : NULL;
    PKCS8_PRIV_KEY_INFO_free (info);
    info = key ? EVP_PKEY2PKCS8 (key) : NULL;
    g_autoptr (EVP_PKEY) again = info ? EVP_PKCS82PKEY (info) : NULL;
    PKCS8_PRIV_KEY_INFO_free (info);
    if (key && (!again || EVP_PKEY_eq (key, again) != 1))
        abort ();
}

static void try_signature (EVP_PKEY *key, const guint8 *data, gsize size)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    static const guint8 message[] = "a message";
    if (EVP_DigestVerifyInit (context, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestVerify (context, data, size, message, sizeof message) == 1)
        abort ();
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static gsize once;
    if (g_once_init_enter (&once)) {
        start ();
        g_once_init_leave (&once, 1);
    }
    if (size < 1)
        return 0;
    if (data[0] == 0)
        try_public (data + 1, size - 1);
    else if (data[0] == 1)
        try_private (data + 1, size - 1);
    else
        try_signature (keys[data[0] % G_N_ELEMENTS (keys)], data + 1, size - 1);
    ERR_clear_error ();
    return 0;
}
