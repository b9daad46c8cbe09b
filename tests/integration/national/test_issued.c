/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key of each national kind asks for a certificate with PKCS#10, gets it, and signs: the request
 * is refused when its signature is broken; the certificate holds with its CRLs up to the root, by
 * OpenSSL's own path validation; with the certificate beside the encrypted key, the program signs.
 */
#include <glib/gstdio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509_vfy.h>

#include "formats/algorithm.h"
#include "formats/ossl.h"
#include "tests/provider/fixture.h"

#define PASSWORD "correct horse"

typedef struct {
    const char *name; /* of the provider's algorithm */
    const char *type, *group, *digest;
    gboolean relied_upon; /* signatures may be made */
} Kind;
static const Kind kinds[] = {
    {"KZ-GOST-2015-512", "KZ-GOST-2015-512", NULL, "KZ-STREEBOG-512", TRUE},
    {"KZ-GOST-2015-256", "KZ-GOST-2015-256", NULL, "KZ-STREEBOG-256", TRUE},
    {"KZ-GOST-2004", "KZ-GOST-2004", NULL, "KZ-GOST-34311", FALSE},
    {"DSTU-257", "DSTU-4145", "DSTU 4145 PB-257", "DSTU-GOST-34311", TRUE},
    {"DSTU-431-KUPYNA-512", "DSTU-4145", "DSTU 4145 PB-431", "KUPYNA-512", TRUE},
};

static EVP_PKEY *make_key (const Kind *kind)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, kind->type, NULL);
    EVP_PKEY *key = NULL;
    OSSL_PARAM group[] = {
        OSSL_PARAM_construct_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, (char *)kind->group, 0),
        OSSL_PARAM_construct_end ()};
    g_assert_cmpint (EVP_PKEY_keygen_init (context), ==, 1);
    if (kind->group != NULL)
        g_assert_cmpint (EVP_PKEY_CTX_set_params (context, group), ==, 1);
    g_assert_cmpint (EVP_PKEY_generate (context, &key), ==, 1);
    EVP_PKEY_CTX_free (context);
    return key;
}

/* DER of a request. */
static GBytes *make_request (EVP_PKEY *key, const char *digest_name)
{
    g_autoptr (EVP_MD) digest = EVP_MD_fetch (NULL, digest_name, NULL);
    X509_REQ *request = X509_REQ_new ();
    unsigned char *der = NULL;
    X509_NAME *name = X509_REQ_get_subject_name (request);
    g_assert_nonnull (digest);
    X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guchar *)"ТЕСТОВ ТЕСТ", -1, -1,
                                0);
    g_assert_cmpint (X509_REQ_set_pubkey (request, key), ==, 1);
    g_assert_cmpint (X509_REQ_sign (request, key, digest), >, 0);
    int size = i2d_X509_REQ (request, &der);
    GBytes *bytes = g_bytes_new (der, (gsize)size);
    OPENSSL_free (der);
    X509_REQ_free (request);
    return bytes;
}

static X509 *load_pem (const char *path)
{
    g_autoptr (BIO) in = BIO_new_file (path, "r");
    X509 *certificate = PEM_read_bio_X509 (in, NULL, NULL, NULL);
    g_assert_nonnull (certificate);
    return certificate;
}

static void add_crl (X509_STORE *store, TamgaProviderFixture *provider, const char *path)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) der = tamga_provider_fixture_fetch (provider, path, NULL, &error);
    g_assert_no_error (error);
    const guint8 *p = g_bytes_get_data (der, NULL);
    X509_CRL *crl = d2i_X509_CRL (NULL, &p, (long)g_bytes_get_size (der));
    g_assert_cmpint (X509_STORE_add_crl (store, crl), ==, 1);
    X509_CRL_free (crl);
}

/* The verdict of OpenSSL: 0, or its error. */
static int judge (TamgaProviderFixture *provider, X509 *certificate)
{
    X509_STORE *store = X509_STORE_new ();
    X509_STORE_CTX *context = X509_STORE_CTX_new ();
    STACK_OF (X509) *others = sk_X509_new_null ();
    X509 *root = load_pem (tamga_provider_fixture_get (provider, "root"));
    sk_X509_push (others, load_pem (tamga_provider_fixture_get (provider, "provider")));
    X509_STORE_add_cert (store, root);
    add_crl (store, provider, "/crl/root.crl");
    add_crl (store, provider, "/crl/provider.crl");
    /* Ukrainian authorities have critical qualified certificate statements, which OpenSSL does not
     * know */
    X509_STORE_set_flags (store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
                                     X509_V_FLAG_IGNORE_CRITICAL);
    X509_STORE_CTX_init (context, store, certificate, others);
    int error = X509_verify_cert (context) == 1 ? 0 : X509_STORE_CTX_get_error (context);
    X509_STORE_CTX_free (context);
    X509_STORE_free (store);
    sk_X509_pop_free (others, X509_free);
    X509_free (root);
    ERR_clear_error ();
    return error;
}

/* Runs the program in FOLDER as its home with the password on standard input. */
static int run_tamga (const char *folder, const char *const *arguments, const char *input)
{
    g_autofree char *program = g_build_filename (g_getenv ("TAMGA_BUILD"), "bin", "tamga", NULL);
    g_autoptr (GPtrArray) words = g_ptr_array_new ();
    g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
        G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
    g_autoptr (GError) error = NULL;
    static const char *const homes[] = {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
                                        "XDG_CACHE_HOME"};
    for (gsize i = 0; i < G_N_ELEMENTS (homes); i++)
        g_subprocess_launcher_setenv (launcher, homes[i], folder, TRUE);
    g_ptr_array_add (words, program);
    for (; *arguments != NULL; arguments++)
        g_ptr_array_add (words, (char *)*arguments);
    g_ptr_array_add (words, NULL);
    g_autoptr (GSubprocess) child =
        g_subprocess_launcher_spawnv (launcher, (const char *const *)words->pdata, &error);
    g_assert_no_error (error);
    g_assert_true (g_subprocess_communicate_utf8 (child, input, NULL, NULL, NULL, &error));
    return g_subprocess_get_exit_status (child);
}

/* Key and certificate into the folder as people keep them; then a signature. */
static void install_and_sign (TamgaProviderFixture *provider, EVP_PKEY *key, GBytes *certificate,
                              gboolean relied_upon)
{
    g_autofree char *folder = g_dir_make_tmp ("tamga-issued-XXXXXX", NULL);
    g_autofree char *key_path = g_build_filename (folder, "key.p8", NULL);
    g_autofree char *certificate_path = g_build_filename (folder, "key.cer", NULL);
    g_autofree char *document = g_build_filename (folder, "data.bin", NULL);
    g_autofree char *signature = g_build_filename (folder, "data.p7m", NULL);
    const char *root = tamga_provider_fixture_get (provider, "root");
    g_autoptr (BIO) out = BIO_new_file (key_path, "w");
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8 (key);
    X509_SIG *encrypted =
        PKCS8_encrypt (-1, EVP_aes_256_cbc (), PASSWORD, -1, NULL, 0, PKCS12_DEFAULT_ITER, info);
    g_assert_cmpint (i2d_PKCS8_bio (out, encrypted), ==, 1);
    g_assert_cmpint (BIO_flush (out), ==, 1);
    X509_SIG_free (encrypted);
    PKCS8_PRIV_KEY_INFO_free (info);

    /* what does not encrypt does not write the key in the clear instead */
    g_autoptr (BIO) nothing = BIO_new (BIO_s_mem ());
    char *text;
    g_assert_cmpint (
        i2d_PKCS8PrivateKey_bio (nothing, key, EVP_aes_256_cbc (), PASSWORD, -1, NULL, NULL), ==,
        0);
    g_assert_cmpint (BIO_get_mem_data (nothing, &text), ==, 0);
    ERR_clear_error ();
    g_assert_true (g_file_set_contents (certificate_path, g_bytes_get_data (certificate, NULL),
                                        (gssize)g_bytes_get_size (certificate), NULL));
    g_assert_true (g_file_set_contents (document, "some content\n", -1, NULL));

    const char *sign[] = {"sign",   "--profile", "demo",    "--anchor", root, "--key",
                          key_path, "--pin-fd",  "0",       "--level",  "B",  "--format",
                          "cades",  "--out",     signature, document,   NULL};
    const char *verify[] = {"verify", "--profile", "demo", "--anchor", root, signature, NULL};
    g_assert_cmpint (run_tamga (folder, sign, PASSWORD "\n"), ==, 0);
    g_assert_cmpint (run_tamga (folder, verify, ""), ==, relied_upon ? 0 : 2);
    const char *remove[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync (NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                  NULL);
}

static void test_request (gconstpointer data)
{
    const Kind *kind = data;
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaProviderFixture) provider =
        tamga_provider_fixture_start_with (NULL, kind->name, &error);
    g_assert_no_error (error);
    g_autoptr (EVP_PKEY) key = make_key (kind);
    g_autoptr (GBytes) request = make_request (key, kind->digest);

    gsize size;
    const guint8 *der = g_bytes_get_data (request, &size);
    g_autofree guint8 *copy = g_memdup2 (der, size);
    copy[size - 5] ^= 1;
    g_autoptr (GBytes) broken = g_bytes_new (copy, size);
    g_assert_null (tamga_provider_fixture_issue (provider, broken, NULL, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_clear_error (&error);

    g_autoptr (GBytes) issued = tamga_provider_fixture_issue (provider, request, NULL, &error);
    g_assert_no_error (error);
    const guint8 *p = g_bytes_get_data (issued, &size);
    g_autoptr (X509) certificate = d2i_X509 (NULL, &p, (long)size);
    g_assert_cmpint (X509_check_private_key (certificate, key), ==, 1);
    g_assert_cmpint (judge (provider, certificate), ==, 0);
    install_and_sign (provider, key, issued, kind->relied_upon);

    /* what is in its place after a change does not hold; nor does what was revoked */
    copy = (g_free (copy), g_memdup2 (g_bytes_get_data (issued, NULL), size));
    copy[size - 5] ^= 1;
    p = copy;
    g_autoptr (X509) forged = d2i_X509 (NULL, &p, (long)size);
    g_assert_cmpint (judge (provider, forged), ==, X509_V_ERR_CERT_SIGNATURE_FAILURE);
    g_autofree char *serial = tamga_ossl_serial (X509_get0_serialNumber (certificate));
    g_autofree char *command = g_strconcat ("revoke?serial=", serial, NULL);
    g_assert_true (tamga_provider_fixture_control (provider, command, &error));
    g_assert_cmpint (judge (provider, certificate), ==, X509_V_ERR_CERT_REVOKED);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        g_autofree char *path = g_strconcat ("/national/issued/", kinds[i].name, NULL);
        g_test_add_data_func (path, &kinds[i], test_request);
    }
    return g_test_run ();
}
