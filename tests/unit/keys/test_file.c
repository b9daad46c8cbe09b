/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key files as Ukrainian and Kazakh providers make them: opened, and damaged in every octet. The
 * code of tamga-key runs in this process, since a process per octet would take hours. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <glib/gstdio.h>
#include <string.h>

#include "client/keys/key_file.h"
#include "client/keys/keys.h"
#include "formats/algorithm.h"
#include "formats/cms/der.h"
#include "formats/national/gost28147.h"
#include "formats/ossl.h"

#define PASSWORD "пароль"
#define ITERATIONS 3 /* 10 000 in files of providers: too many for every octet */
#define OID_PBES2 "1.2.840.113549.1.5.13"
#define OID_PBKDF2 "1.2.840.113549.1.5.12"
#define OID_HMAC "1.2.804.2.1.1.1.1.1.2"
#define OID_CFB "1.2.804.2.1.1.1.1.1.1.3"
#define OID_DIGEST "1.2.804.2.1.1.1.1.2.1"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER, EVP_CIPHER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static char *folder;

/* A key that is not national: what is tried here is the container. */
static EVP_PKEY *new_key (void)
{
    EVP_PKEY *key = EVP_EC_gen ("P-256");
    g_assert_nonnull (key);
    return key;
}

static X509 *certify (EVP_PKEY *key)
{
    X509 *certificate = X509_new ();
    X509_NAME *name = X509_get_subject_name (certificate);

    X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guint8 *)"Holder", -1, -1, 0);
    X509_set_issuer_name (certificate, name);
    ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
    X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
    X509_gmtime_adj (X509_getm_notAfter (certificate), 86400);
    X509_set_pubkey (certificate, key);
    g_assert_cmpint (X509_sign (certificate, key, EVP_sha256 ()), >, 0);
    return certificate;
}

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

/* GOST 28147 in CFB under PBKDF2 with HMAC-34.311, written here by hand from its parts. */
static GBytes *encrypt (const guint8 *salt, gsize salt_size, const guint8 *iv, const guint8 *text,
                        gsize size)
{
    g_autoptr (EVP_MD) md = EVP_MD_fetch (NULL, OID_DIGEST, NULL);
    g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (NULL, OID_CFB, NULL);
    g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
    g_autofree guint8 *out = g_malloc (size);
    guint8 key[TAMGA_GOST28147_KEY_SIZE];
    int done;

    g_assert_nonnull (md);
    g_assert_nonnull (cipher);
    g_assert_cmpint (
        PKCS5_PBKDF2_HMAC (PASSWORD, -1, salt, (int)salt_size, ITERATIONS, md, sizeof key, key), ==,
        1);
    g_assert_cmpint (EVP_EncryptInit_ex2 (context, cipher, key, iv, NULL), ==, 1);
    g_assert_cmpint (EVP_EncryptUpdate (context, out, &done, text, (int)size), ==, 1);
    return octets (out, size);
}

static GBytes *encrypted_key (EVP_PKEY *key)
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
                  sequence (octets (salt, sizeof salt), tamga_der_integer (ITERATIONS), prf), NULL);
    GBytes *scheme =
        sequence (tamga_der_oid (OID_CFB),
                  sequence (octets (iv, sizeof iv),
                            octets (tamga_gost28147_dke1, TAMGA_GOST28147_PACKED_SIZE), NULL),
                  NULL);
    return sequence (
        sequence (tamga_der_oid (OID_PBES2), sequence (kdf, scheme, NULL), NULL),
        encrypt (salt, sizeof salt, iv, g_bytes_get_data (text, NULL), g_bytes_get_size (text)),
        NULL);
}

/* The same inside of PKCS#12, with a code of integrity of the same make. */
static GBytes *pkcs12_of (EVP_PKEY *key)
{
    g_autoptr (GBytes) shrouded = encrypted_key (key);
    const guint8 *next = g_bytes_get_data (shrouded, NULL);
    X509_SIG *sig = d2i_X509_SIG (NULL, &next, (long)g_bytes_get_size (shrouded));
    STACK_OF (PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null ();
    STACK_OF (PKCS7) *safes = NULL;
    const EVP_MD *md = EVP_get_digestbynid (OBJ_txt2nid (OID_DIGEST));

    g_assert_nonnull (sig);
    g_assert_nonnull (md);
    sk_PKCS12_SAFEBAG_push (bags, PKCS12_SAFEBAG_create0_pkcs8 (sig));
    g_assert_cmpint (PKCS12_add_safe (&safes, bags, -1, 0, NULL), ==, 1);
    g_autoptr (PKCS12) file = PKCS12_add_safes (safes, 0);
    g_assert_cmpint (PKCS12_set_mac (file, PASSWORD, -1, NULL, 0, ITERATIONS, md), ==, 1);
    sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
    sk_PKCS7_pop_free (safes, PKCS7_free);
    return tamga_ossl_der (i2d_PKCS12, file);
}

static char *write_file (const char *name, GBytes *bytes)
{
    char *path = g_build_filename (folder, name, NULL);
    g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                        (gssize)g_bytes_get_size (bytes), NULL));
    return path;
}

static TamgaFileContent *open_file (const char *path, const char *password, GError **error)
{
    g_autofree char *bytes = g_strdup (password);
    const TamgaSecret secret = {.bytes = bytes, .size = strlen (password)};
    g_autoptr (TamgaKeyFile) file = tamga_key_file_read (path, error);
    TamgaFileContent *content =
        file != NULL ? tamga_key_file_unpack (file, "the file", &secret, error) : NULL;

    g_assert_cmpint (ERR_peek_error (), ==, 0);
    if (content != NULL)
        tamga_file_content_look_beside (content, path);
    return content;
}

static EVP_PKEY *only_key (const TamgaFileContent *content)
{
    g_assert_cmpuint (content->keys->len, ==, 1);
    return ((const TamgaFileKey *)content->keys->pdata[0])->key;
}

static void opens (gconstpointer data)
{
    GBytes *(*make) (EVP_PKEY * key) = (GBytes * (*)(EVP_PKEY *)) data;
    g_autoptr (EVP_PKEY) key = new_key ();
    g_autoptr (X509) certificate = certify (key);
    g_autoptr (GBytes) bytes = make (key), der = tamga_ossl_der (i2d_X509, certificate);
    g_autofree char *path = write_file ("key", bytes), *beside = write_file ("key.cer", der);
    g_autoptr (GError) error = NULL;

    g_assert_null (open_file (path, "wrong", &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    g_clear_error (&error);
    g_assert_null (open_file (path, "", &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    g_clear_error (&error);
    g_autoptr (TamgaFileContent) content = open_file (path, PASSWORD, &error);
    g_assert_no_error (error);
    g_assert_cmpint (EVP_PKEY_eq (only_key (content), key), ==, 1);
    g_assert_true (tamga_file_content_certified (content, content->keys->pdata[0]));
    g_unlink (beside);
}

/* No octet of a file can be changed so that another key is taken for one with a certificate: in
 * PKCS#12 the code of integrity sees it, and of a bare key the certificate is not the one. */
static void damage (const char *name, GBytes *whole, const char *password, EVP_PKEY *key,
                    gsize step)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data (whole, &size);
    guint same = 0;

    for (gsize i = 0; i < size; i += step) {
        g_autofree guint8 *changed = g_memdup2 (bytes, size);
        changed[i] ^= (guint8)(1u << i % 8);
        g_autoptr (GBytes) damaged = g_bytes_new (changed, size);
        g_autofree char *path = write_file (name, damaged);
        g_autoptr (GError) error = NULL;
        g_autoptr (TamgaFileContent) content = open_file (path, password, &error);
        if (content == NULL) {
            g_assert_cmpint (error->domain, ==, TAMGA_KEYS_ERROR);
            continue;
        }
        for (guint k = 0; k < content->keys->len; k++) {
            const TamgaFileKey *found = content->keys->pdata[k];
            if (EVP_PKEY_eq (found->key, key) == 1)
                same++;
            else if (tamga_file_content_certified (content, found))
                g_error ("octet %" G_GSIZE_FORMAT " changed: another key is accepted", i);
        }
    }
    g_test_message ("%u of %" G_GSIZE_FORMAT " changes left the key as it was", same, size);
    g_assert_cmpuint (same, <, size / 10);
}

static void damaged (gconstpointer data)
{
    GBytes *(*make) (EVP_PKEY * key) = (GBytes * (*)(EVP_PKEY *)) data;
    g_autoptr (EVP_PKEY) key = new_key ();
    g_autoptr (X509) certificate = certify (key);
    g_autoptr (GBytes) bytes = make (key), der = tamga_ossl_der (i2d_X509, certificate);
    g_autofree char *beside = write_file ("key.cer", der);

    damage ("key", bytes, PASSWORD, key, 1);
    g_unlink (beside);
}

static void cut_short (gconstpointer data)
{
    GBytes *(*make) (EVP_PKEY * key) = (GBytes * (*)(EVP_PKEY *)) data;
    g_autoptr (EVP_PKEY) key = new_key ();
    g_autoptr (GBytes) bytes = make (key);

    for (gsize size = 0; size < g_bytes_get_size (bytes); size++) {
        g_autoptr (GBytes) part = g_bytes_new_from_bytes (bytes, 0, size);
        g_autofree char *path = write_file ("key", part);
        g_autoptr (GError) error = NULL;
        g_assert_null (open_file (path, PASSWORD, &error));
        g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE);
    }
}

typedef struct {
    const char *file, *password;
    guint keys, certificates;
    const char *key_types[2]; /* of the keys, in their order */
} Sample;

static const Sample samples[] = {
    {"kz-nca/p12/individual_gost2015.p12", "Aa123456", 1, 1, {"KZ-GOST-2015-512"}},
    {"kz-nca/p12/ceo_gost2015_revoked.p12", "Aa123456", 1, 1, {"KZ-GOST-2015-512"}},
    {"kz-nca/p12/gokalkan_gost1.p12", "Qwerty12", 1, 1, {"KZ-GOST-2015-512"}},
    {"kz-nca/p12/gokalkan_gost2.p12", "Qwerty12", 1, 1, {"KZ-GOST-2015-512"}},
    {"kz-nca/p12/ceo_gost2004.p12", "Qwerty12", 1, 1, {"KZ-GOST-2004"}},
    {"kz-nca/p12/individual_rsa.p12", "Qwerty12", 1, 1, {"RSA"}},
    {"ua-dstu/keys/test-diia.p12", "testpassword", 2, 0, {"DSTU-4145", "DSTU-4145"}},
    {"ua-dstu/jkurwa/STORE_A040.dat", "password", 1, 1, {"DSTU-4145"}},
    {"ua-dstu/jkurwa/STORE_A040.pem", "password", 1, 1, {"DSTU-4145"}},
};

/* The published files of providers. */
static void sample (gconstpointer data)
{
    const Sample *row = data;
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "vectors", row->file, NULL);
    g_autofree char *wrong = g_strconcat (row->password, " ", NULL);
    g_autoptr (GError) error = NULL;

    if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
        g_test_skip ("skipped: ../shared is missing");
        return;
    }
    g_assert_null (open_file (path, wrong, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    g_clear_error (&error);
    g_autoptr (TamgaFileContent) content = open_file (path, row->password, &error);
    g_assert_no_error (error);
    g_assert_null (content->unknown_key);
    g_assert_cmpuint (content->keys->len, ==, row->keys);
    for (guint i = 0; i < row->keys; i++) {
        const TamgaFileKey *key = content->keys->pdata[i];
        g_assert_true (EVP_PKEY_is_a (key->key, row->key_types[i]));
        g_assert_true (tamga_file_content_certified (content, key) == (i < row->certificates));
    }
}

/* A Kazakh file as it was issued (3DES, RC2 with 40 bits, lengths that are not said), in every
 * third octet. */
static void sample_damaged (void)
{
    g_autofree char *path =
        g_build_filename (TAMGA_SHARED, "vectors/kz-nca/p12/individual_gost2015.p12", NULL);
    g_autoptr (GError) error = NULL;
    char *data;
    gsize size;

    if (!g_file_get_contents (path, &data, &size, NULL)) {
        g_test_skip ("skipped: ../shared is missing");
        return;
    }
    g_autoptr (GBytes) whole = g_bytes_new_take (data, size);
    g_autoptr (TamgaFileContent) content = open_file (path, "Aa123456", &error);
    g_assert_no_error (error);
    damage ("kz.p12", whole, "Aa123456", only_key (content), 3);
}

int main (int argc, char **argv)
{
    static const struct {
        const char *name;
        GBytes *(*make) (EVP_PKEY *key);
    } kinds[] = {{"pkcs8", encrypted_key}, {"pkcs12", pkcs12_of}};

    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    folder = g_dir_make_tmp ("tamga-key-file-XXXXXX", NULL);
    g_assert_nonnull (folder);
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        const struct {
            const char *name;
            GTestDataFunc run;
        } rules[] = {{"opens", opens}, {"damaged", damaged}, {"cut_short", cut_short}};
        for (gsize j = 0; j < G_N_ELEMENTS (rules); j++) {
            g_autofree char *path =
                g_strdup_printf ("/key-file/%s/%s", kinds[i].name, rules[j].name);
            g_test_add_data_func (path, (gconstpointer)kinds[i].make, rules[j].run);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS (samples); i++) {
        g_autofree char *path = g_strdup_printf ("/key-file/sample/%s", samples[i].file);
        g_test_add_data_func (path, &samples[i], sample);
    }
    g_test_add_func ("/key-file/sample_damaged", sample_damaged);
    int status = g_test_run ();
    g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name (directory)) != NULL) {
        g_autofree char *path = g_build_filename (folder, name, NULL);
        g_unlink (path);
    }
    g_rmdir (folder);
    tamga_key_file_unload_legacy ();
    g_free (folder);
    return status;
}
