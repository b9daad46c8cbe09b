/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key files as Ukrainian and Kazakh providers make them: opened, and damaged in every octet. The
 * code of tamga-key runs in this process, since a process per octet would take hours. */
#include <openssl/err.h>
#include <glib/gstdio.h>
#include <string.h>

#include "client/keys/key_file.h"
#include "client/keys/keys.h"
#include "formats/algorithm.h"
#include "formats/ossl.h"
#include "tests/integration/keys/container.h"

#define PASSWORD "пароль"
#define ITERATIONS 3 /* 10 000 in files of providers: too many for every octet */

static char *folder;

/* Kinds of keys in a container, and what certificates of theirs are signed with. */
typedef struct {
    const char *name;
    GBytes *(*make) (EVP_PKEY *key);
    const char *key_type, *digest; /* NULL: P-256, which is no national key */
} Kind;

static EVP_PKEY *new_key (const Kind *kind)
{
    if (kind->key_type == NULL)
        return EVP_EC_gen ("P-256");
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, kind->key_type, NULL);
    EVP_PKEY *key = NULL;
    g_assert_nonnull (context);
    g_assert_cmpint (EVP_PKEY_keygen_init (context), ==, 1);
    g_assert_cmpint (EVP_PKEY_generate (context, &key), ==, 1);
    return key;
}

static X509 *certify (EVP_PKEY *key, const Kind *kind)
{
    g_autoptr (EVP_MD) md = EVP_MD_fetch (NULL, kind->digest, NULL);
    X509 *certificate = X509_new ();
    X509_NAME *name = X509_get_subject_name (certificate);

    X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guint8 *)"Holder", -1, -1, 0);
    X509_set_issuer_name (certificate, name);
    ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
    X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
    X509_gmtime_adj (X509_getm_notAfter (certificate), 86400);
    X509_set_pubkey (certificate, key);
    g_assert_cmpint (X509_sign (certificate, key, md), >, 0);
    return certificate;
}

static GBytes *pkcs8 (EVP_PKEY *key)
{
    return container_pkcs8 (key, PASSWORD, ITERATIONS);
}

static GBytes *pkcs12 (EVP_PKEY *key)
{
    g_autoptr (GBytes) encrypted = pkcs8 (key);
    return container_pkcs12 (encrypted, PASSWORD, ITERATIONS);
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
    const Kind *kind = data;
    g_autoptr (EVP_PKEY) key = new_key (kind);
    g_autoptr (X509) certificate = certify (key, kind);
    g_autoptr (GBytes) bytes = kind->make (key), der = tamga_ossl_der (i2d_X509, certificate);
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
    const Kind *kind = data;
    g_autoptr (EVP_PKEY) key = new_key (kind);
    g_autoptr (X509) certificate = certify (key, kind);
    g_autoptr (GBytes) bytes = kind->make (key), der = tamga_ossl_der (i2d_X509, certificate);
    g_autofree char *beside = write_file ("key.cer", der);

    damage ("key", bytes, PASSWORD, key, 1);
    g_unlink (beside);
}

static void cut_short (gconstpointer data)
{
    const Kind *kind = data;
    g_autoptr (EVP_PKEY) key = new_key (kind);
    g_autoptr (GBytes) bytes = kind->make (key);

    for (gsize size = 0; size < g_bytes_get_size (bytes); size++) {
        g_autoptr (GBytes) part = g_bytes_new_from_bytes (bytes, 0, size);
        g_autofree char *path = write_file ("key", part);
        g_autoptr (GError) error = NULL;
        g_assert_null (open_file (path, PASSWORD, &error));
        g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE);
    }
}

/* A cipher that is not known is told by its OID, not as a wrong password: in a bare key, and where
 * a good code of integrity says that the password is right. */
static void unknown_cipher (void)
{
    static const guint8 oid[] = {0x06, 0x0b, 0x2a, 0x86, 0x24, 2, 1, 1, 1, 1, 1, 1, 3};
    const Kind kind = {"unknown", pkcs8, NULL, "SHA256"};
    g_autoptr (EVP_PKEY) key = new_key (&kind);
    g_autoptr (GBytes) whole = pkcs8 (key);
    gsize size = g_bytes_get_size (whole);
    g_autofree guint8 *changed = g_memdup2 (g_bytes_get_data (whole, NULL), size);
    guint8 *at = memmem (changed, size, oid, sizeof oid);

    g_assert_nonnull (at);
    at[sizeof oid - 1] = 9;
    g_autoptr (GBytes) unknown = g_bytes_new (changed, size);
    g_autoptr (GBytes) inside = container_pkcs12 (unknown, PASSWORD, ITERATIONS);
    GBytes *const files[] = {unknown, inside};
    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autofree char *path = write_file ("unknown", files[i]);
        g_autoptr (GError) error = NULL;
        g_assert_null (open_file (path, PASSWORD, &error));
        g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE);
        g_assert_nonnull (strstr (error->message, "1.2.804.2.1.1.1.1.1.1.9"));
    }
    g_autofree char *path = write_file ("unknown", inside);
    g_autoptr (GError) error = NULL;
    g_assert_null (open_file (path, "wrong", &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
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
    static const Kind kinds[] = {{"pkcs8", pkcs8, NULL, "SHA256"},
                                 {"pkcs12", pkcs12, NULL, "SHA256"},
                                 {"pkcs8-dstu", pkcs8, "DSTU-4145", "DSTU-GOST-34311"},
                                 {"pkcs8-gost", pkcs8, "KZ-GOST-2015-512", "KZ-STREEBOG-512"}};

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
            g_test_add_data_func (path, &kinds[i], rules[j].run);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS (samples); i++) {
        g_autofree char *path = g_strdup_printf ("/key-file/sample/%s", samples[i].file);
        g_test_add_data_func (path, &samples[i], sample);
    }
    g_test_add_func ("/key-file/unknown_cipher", unknown_cipher);
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
