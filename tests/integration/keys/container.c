/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/integration/keys/container.h"

#include <openssl/pkcs12.h>
#include <openssl/rand.h>

#include "formats/cms/der.h"
#include "formats/national/gost28147.h"
#include "formats/ossl.h"

#define OID_PBES2 "1.2.840.113549.1.5.13"
#define OID_PBKDF2 "1.2.840.113549.1.5.12"
#define OID_HMAC "1.2.804.2.1.1.1.1.1.2"
#define OID_CFB "1.2.804.2.1.1.1.1.1.1.3"
#define OID_DIGEST "1.2.804.2.1.1.1.1.2.1"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER, EVP_CIPHER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

static GBytes *octets (const void *data, gsize size)
{
    return tamga_der_tlv (TAMGA_DER_OCTET_STRING, data, size);
}

static GBytes *sequence (GBytes *a, GBytes *b, GBytes *c)
{
    GBytes *whole = tamga_der_join (TAMGA_DER_SEQUENCE, a, b, c, TAMGA_DER_END);
    g_clear_pointer (&a, g_bytes_unref);
    g_clear_pointer (&b, g_bytes_unref);
    g_clear_pointer (&c, g_bytes_unref);
    return whole;
}

static GBytes *encrypt (const guint8 *salt, gsize salt_size, const guint8 *iv, const guint8 *text,
                        gsize size, const char *password, guint iterations)
{
    g_autoptr (EVP_MD) md = EVP_MD_fetch (NULL, OID_DIGEST, NULL);
    g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (NULL, OID_CFB, NULL);
    g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
    g_autofree guint8 *out = g_malloc (size);
    guint8 key[TAMGA_GOST28147_KEY_SIZE];
    int done;

    g_assert_nonnull (md);
    g_assert_nonnull (cipher);
    g_assert_cmpint (PKCS5_PBKDF2_HMAC (password, -1, salt, (int)salt_size, (int)iterations, md,
                                        sizeof key, key),
                     ==, 1);
    g_assert_cmpint (EVP_EncryptInit_ex2 (context, cipher, key, iv, NULL), ==, 1);
    g_assert_cmpint (EVP_EncryptUpdate (context, out, &done, text, (int)size), ==, 1);
    return octets (out, size);
}

GBytes *container_pkcs8 (EVP_PKEY *key, const char *password, guint iterations)
{
    guint8 salt[32], iv[TAMGA_GOST28147_BLOCK_SIZE];
    g_autoptr (PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8 (key);
    g_autoptr (GBytes) text = tamga_ossl_der (i2d_PKCS8_PRIV_KEY_INFO, info);

    RAND_bytes (salt, sizeof salt);
    RAND_bytes (iv, sizeof iv);
    GBytes *prf =
        sequence (tamga_der_oid (OID_HMAC), tamga_der_tlv (TAMGA_DER_NULL, NULL, 0), NULL);
    GBytes *kdf =
        sequence (tamga_der_oid (OID_PBKDF2),
                  sequence (octets (salt, sizeof salt), tamga_der_integer (iterations), prf), NULL);
    GBytes *scheme =
        sequence (tamga_der_oid (OID_CFB),
                  sequence (octets (iv, sizeof iv),
                            octets (tamga_gost28147_dke1, TAMGA_GOST28147_PACKED_SIZE), NULL),
                  NULL);
    return sequence (sequence (tamga_der_oid (OID_PBES2), sequence (kdf, scheme, NULL), NULL),
                     encrypt (salt, sizeof salt, iv, g_bytes_get_data (text, NULL),
                              g_bytes_get_size (text), password, iterations),
                     NULL);
}

GBytes *container_pkcs12 (GBytes *encrypted_key, const char *password, guint iterations)
{
    const guint8 *next = g_bytes_get_data (encrypted_key, NULL);
    X509_SIG *sig = d2i_X509_SIG (NULL, &next, (long)g_bytes_get_size (encrypted_key));
    STACK_OF (PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null ();
    STACK_OF (PKCS7) *safes = NULL;
    const EVP_MD *md = EVP_get_digestbynid (OBJ_txt2nid (OID_DIGEST));

    g_assert_nonnull (sig);
    g_assert_nonnull (md);
    sk_PKCS12_SAFEBAG_push (bags, PKCS12_SAFEBAG_create0_pkcs8 (sig));
    g_assert_cmpint (PKCS12_add_safe (&safes, bags, -1, 0, NULL), ==, 1);
    g_autoptr (PKCS12) file = PKCS12_add_safes (safes, 0);
    g_assert_cmpint (PKCS12_set_mac (file, password, -1, NULL, 0, (int)iterations, md), ==, 1);
    sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
    sk_PKCS7_pop_free (safes, PKCS7_free);
    return tamga_ossl_der (i2d_PKCS12, file);
}
