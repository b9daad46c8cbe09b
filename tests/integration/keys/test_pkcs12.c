/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key files: made by openssl in old and new ways, by a national authority, damaged in every place.
 */
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/ossl.h"
#include "tests/integration/keys/fixture.h"

#define PASSWORD "pa55 word"

static char *folder;

static char *path_of (const char *name)
{
    return g_build_filename (folder, name, NULL);
}

static void run (const char *command)
{
    g_autofree char *in_folder = g_strdup_printf ("cd '%s' && %s", folder, command);
    const char *argv[] = {"/bin/sh", "-c", in_folder, NULL};
    g_autofree char *errors = NULL;
    int status = -1;
    g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                                 &errors, &status, NULL));
    if (status != 0)
        g_error ("%s: %s", command, errors);
}

typedef struct {
    const char *name;     /* file NAME.p12 */
    const char *identity; /* rsa, p256, ... */
    const char *options;  /* of openssl pkcs12 -export */
    const char *password;
    const char *algorithm;
} File;

static const File files[] = {
    {"modern-rsa", "rsa", "", PASSWORD, "RSA-PSS-SHA-256"},
    {"modern-rsa-512", "rsa", "", PASSWORD, "RSA-PSS-SHA-512"},
    {"modern-rsa-pkcs1", "rsa", "-name 'A person'", PASSWORD, "RSA-PKCS1-SHA-256"},
    {"modern-p256", "p256", "", PASSWORD, "ECDSA-SHA-256"},
    {"modern-p256-512", "p256", "", PASSWORD, "ECDSA-SHA-512"},
    {"modern-p384", "p384", "", PASSWORD, "ECDSA-SHA-384"},
    {"modern-p521", "p521", "", PASSWORD, "ECDSA-SHA-512"},
    {"legacy", "rsa", "-legacy", PASSWORD, "RSA-PKCS1-SHA-256"},
    {"legacy-p256", "p256", "-legacy", PASSWORD, "ECDSA-SHA-256"},
    {"legacy-rc4", "rsa", "-legacy -certpbe PBE-SHA1-RC4-40 -keypbe PBE-SHA1-RC4-128", PASSWORD,
     "RSA-PKCS1-SHA-256"},
    {"legacy-pbes2-des", "rsa", "-legacy -certpbe DES-CBC -keypbe DES-CBC", PASSWORD,
     "RSA-PKCS1-SHA-256"},
    {"triple-des", "rsa", "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1", PASSWORD,
     "RSA-PKCS1-SHA-256"},
    {"open-certificates", "rsa", "-certpbe NONE", PASSWORD, "RSA-PKCS1-SHA-256"},
    {"no-mac", "rsa", "-nomac", PASSWORD, "RSA-PKCS1-SHA-256"},
    {"empty-password", "rsa", "", "", "RSA-PKCS1-SHA-256"},
    {"utf8-password", "rsa", "", "Құпия сөз", "RSA-PKCS1-SHA-256"},
    {"long-password", "rsa", "",
     "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "RSA-PKCS1-SHA-256"},
};

static gboolean try_login (TamgaKeyStore *store, const char *password, GError **error)
{
    Person person = {.pins = {password}};
    TamgaKeysUi ui = person_ui (&person);
    gboolean ok = tamga_key_store_login (store, &ui, NULL, error);
    person_clear (&person);
    return ok;
}

static void sign_with_key_of (TamgaKeyStore *store, const char *name, const char *kind)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name (name);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    TamgaKey *key = the_key (store, &keys);
    g_assert_cmpstr (key->store, ==, kind);
    g_assert_false (key->on_token);
    g_assert_false (key->always_authenticate);
    g_assert_true (g_str_has_prefix (key->uri, "file:"));
    g_autoptr (GPtrArray) digests = some_digests (algorithm, 2);
    g_autoptr (GPtrArray) signatures =
        tamga_key_store_sign (store, key, algorithm, digests, NULL, NULL, &error);
    g_assert_no_error (error);
    assert_signatures (key, algorithm, digests, signatures);
}

static void sign_with (TamgaKeyStore *store, const char *name)
{
    sign_with_key_of (store, name, "PKCS#12");
}

static void signs (gconstpointer data)
{
    const File *row = data;
    g_autofree char *name = g_strconcat (row->name, ".p12", NULL);
    g_autofree char *path = path_of (name);
    g_autoptr (TamgaKeyStore) store = open_store (NULL, path, 0);
    g_autoptr (GError) error = NULL;

    g_assert_cmpstr (tamga_key_store_name (store), ==, name);
    g_assert_null (tamga_key_store_keys (store, NULL, &error)); /* the password comes first */
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED);
    g_clear_error (&error);
    g_assert_false (try_login (store, "not it", &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    g_clear_error (&error);
    login (store, row->password);
    sign_with (store, row->algorithm);
}

static void by_uri (void)
{
    g_autofree char *path = path_of ("modern-rsa.p12");
    g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
    g_autoptr (TamgaKeyStore) store = open_store (NULL, uri, 0);
    g_autoptr (GPtrArray) keys = NULL;

    login (store, PASSWORD);
    TamgaKey *key = the_key (store, &keys);
    g_autoptr (TamgaKeyStore) again = open_store (NULL, key->uri, 0);
    g_assert_cmpstr (tamga_key_store_name (again), ==, "modern-rsa.p12");
    g_assert_null (tamga_key_store_token (again, NULL, NULL));
}

static void certificates_and_chain (void)
{
    g_autofree char *path = path_of ("chain.p12");
    g_autoptr (TamgaKeyStore) store = open_store (NULL, path, 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    login (store, PASSWORD);
    TamgaKey *key = the_key (store, &keys);
    g_assert_true (key->matched_by_id);
    g_assert_cmpuint (key->chain->len, ==, 1);
    g_autoptr (GPtrArray) certificates = tamga_key_store_certificates (store, NULL, &error);
    g_assert_cmpuint (certificates->len, ==, 2);
}

static void incomplete (void)
{
    static const struct {
        const char *file;
        int code;
    } rows[] = {
        {"only-certificate.p12", TAMGA_KEYS_ERROR_NO_CERTIFICATE},
        {"bare/only-key.p12", TAMGA_KEYS_ERROR_NO_CERTIFICATE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *path = path_of (rows[i].file);
        g_autoptr (TamgaKeyStore) store = open_store (NULL, path, 0);
        g_autoptr (GError) error = NULL;
        login (store, PASSWORD);
        g_autoptr (GPtrArray) keys = tamga_key_store_keys (store, NULL, &error);
        g_assert_no_error (error);
        g_assert_null (tamga_key_store_select (store, keys, &error));
        g_assert_error (error, TAMGA_KEYS_ERROR, rows[i].code);
    }
}

/* An encrypted private key has no certificate in it: it is the file beside it that has the same
 * public key, not any other. */
static void bare_key (gconstpointer data)
{
    const char *name = data;
    g_autofree char *path = path_of (name);
    g_autoptr (TamgaKeyStore) store = open_store (NULL, path, 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_false (try_login (store, "not it", &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    login (store, PASSWORD);
    TamgaKey *key = the_key (store, &keys);
    g_autofree char *subject = tamga_ossl_short_name (X509_get_subject_name (key->certificate));
    g_assert_cmpstr (subject, ==, strstr (name, "p256") ? "Holder of p256" : "Leaf");
    sign_with_key_of (store, strstr (name, "p256") ? "ECDSA-SHA-256" : "RSA-PSS-SHA-256", "PKCS#8");
}

static void bare_key_alone (void)
{
    g_autofree char *path = path_of ("alone/p256.key");
    g_autoptr (TamgaKeyStore) store = open_store (NULL, path, 0);
    g_autoptr (GError) error = NULL;

    login (store, PASSWORD);
    g_autoptr (GPtrArray) keys = tamga_key_store_keys (store, NULL, &error);
    g_assert_cmpuint (keys->len, ==, 1);
    g_assert_null (tamga_key_store_select (store, keys, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_CERTIFICATE);
    assert_says (error, "folder of the key file");
}

/* Of a key for signing and one for key agreement in one file, the former is the one to sign with,
 * also where both certificates are of the same person; the other alone is
 * given, to be refused by its certificate. */
static void key_usage (void)
{
    g_autofree char *path = path_of ("two.p12");
    g_autofree char *other = path_of ("agreement.p12");
    g_autoptr (TamgaKeyStore) store = open_store (NULL, path, 0);
    g_autoptr (TamgaKeyStore) second = open_store (NULL, other, 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    login (store, PASSWORD);
    TamgaKey *key = the_key (store, &keys);
    g_assert_cmpuint (keys->len, ==, 2);
    g_assert_true (EVP_PKEY_is_a (key->public_key, "EC"));
    g_assert_true (tamga_keys_may_sign (key->certificate));
    login (second, PASSWORD);
    g_autoptr (GPtrArray) others = tamga_key_store_keys (second, NULL, &error);
    g_assert_cmpuint (others->len, ==, 1);
    TamgaKey *lone = tamga_key_store_select (second, others, &error);
    g_assert_no_error (error);
    g_assert_false (tamga_keys_may_sign (lone->certificate));
}

static GBytes *contents (const char *name)
{
    g_autofree char *path = path_of (name);
    char *data;
    gsize size;
    g_assert_true (g_file_get_contents (path, &data, &size, NULL));
    return g_bytes_new_take (data, size);
}

/* Opens the file with the right password and says how it ended: 0 done, or the code. */
static int outcome (const char *path, guint timeout_ms)
{
    TamgaKeysConfig config = {.timeout_ms = timeout_ms};
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaKeyStore) store = tamga_key_store_open (path, &config, NULL, &error);

    if (store != NULL && try_login (store, PASSWORD, &error))
        return 0;
    g_assert_nonnull (error);
    g_assert_cmpint (error->domain, ==, TAMGA_KEYS_ERROR);
    return error->code;
}

/* One bit at a time: with the right password a damaged file is never told as a wrong password, and
 * never taken for whole where the damage is in what the integrity code covers. */
static void damaged (gconstpointer data)
{
    const char *name = data;
    g_autoptr (GBytes) whole = contents (name);
    g_autofree char *path = path_of ("damaged.p12");
    gsize size;
    const guint8 *bytes = g_bytes_get_data (whole, &size);
    guint refused = 0, tried = 0;

    for (gsize i = 0; i < size; i += 23) {
        g_autofree guint8 *copy = g_memdup2 (bytes, size);
        copy[i] ^= 0x01;
        g_assert_true (g_file_set_contents (path, (const char *)copy, (gssize)size, NULL));
        int code = outcome (path, 3000);
        tried++;
        if (code == 0)
            continue;
        refused++;
        if (code != TAMGA_KEYS_ERROR_FILE && code != TAMGA_KEYS_ERROR_ALGORITHM)
            g_error ("%s with byte %" G_GSIZE_FORMAT " changed: code %d", name, i, code);
    }
    g_test_message ("%u of %u refused", refused, tried);
    g_assert_cmpuint (refused, >=, tried - 1); /* the MAC's own algorithm parameters may be free */
}

static void cut_short (void)
{
    g_autoptr (GBytes) whole = contents ("modern-rsa.p12");
    g_autofree char *path = path_of ("cut.p12");
    gsize size;
    const char *bytes = g_bytes_get_data (whole, &size);
    const gsize lengths[] = {1, 2, 3, 10, 100, size / 2, size - 1};

    for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++) {
        g_assert_true (g_file_set_contents (path, bytes, (gssize)lengths[i], NULL));
        g_assert_cmpint (outcome (path, 0), ==, TAMGA_KEYS_ERROR_FILE);
    }
}

static void assert_refused (const char *path, const char *text)
{
    g_autoptr (GError) error = NULL;
    g_assert_null (tamga_key_store_open (path, NULL, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE);
    assert_says (error, text);
}

static void not_a_key_file (void)
{
    g_autofree char *file = path_of ("other.p12");
    g_autofree char *pem = path_of ("rsa.pem");
    g_autofree char *open_der = path_of ("open-key.der");
    g_autofree char *certificate = path_of ("rsa.der");
    g_autofree char *certificate_pem = path_of ("rsa.crt");
    g_autofree char *fifo = path_of ("fifo");

    g_assert_true (g_file_set_contents (file, "%PDF-1.7\n", -1, NULL));
    assert_refused (file, "is a PDF document");
    g_assert_true (g_file_set_contents (file, "", -1, NULL));
    assert_refused (file, "is empty");
    g_assert_true (g_file_set_contents (file, "\xfe\xed\xfe\xed\0\0\0\2", 8, NULL));
    assert_refused (file, "keytool -importkeystore");
    g_assert_true (g_file_set_contents (file, "nonsense", -1, NULL));
    assert_refused (file, "is not a PKCS#12 file");
    assert_refused (pem, "is a private key without a password");
    assert_refused (open_der, "is a private key without a password");
    assert_refused (certificate, "is a certificate, not a key file");
    assert_refused (certificate_pem, "is a certificate, not a key file");
    assert_refused (folder, "is not a file");
    assert_refused ("/nonexistent/file.p12", "there is no key file");
    g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
    assert_refused (fifo, "is not a file");
    g_assert_cmpint (truncate (file, 17 * 1024 * 1024), ==, 0);
    assert_refused (file, "too large");
}

/* What is protected or made in a way that is not known here is told so, by its OID, before a
 * password is asked for where that can be. */
static void unknown_kinds (void)
{
    static const char maker[] = "\x30\x28\x30\x1c\x06\x0c\x2b\x06\x01\x04\x01\x81\x97\x46\x01\x01"
                                "\x01\x02\x30\x0c\x04\x04mac!"
                                "\x04\x04"
                                "pad!\x04\x08"
                                "contents";
    g_autofree char *file = path_of ("unknown.dat");
    g_autofree char *changed = g_memdup2 (maker, sizeof maker - 1);
    g_autofree char *uzbek = path_of ("uzbek.p12");
    g_autoptr (GError) error = NULL;

    g_assert_true (g_file_set_contents (file, maker, sizeof maker - 1, NULL));
    assert_refused (file, "Key-6.dat");
    changed[17] = 9;
    g_assert_true (g_file_set_contents (file, changed, sizeof maker - 1, NULL));
    assert_refused (file, "(1.3.6.1.4.1.19398.1.1.1.9)");
    g_autoptr (TamgaKeyStore) store = open_store (NULL, uzbek, 0);
    g_assert_false (try_login (store, "not it", &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    g_clear_error (&error);
    g_assert_false (try_login (store, PASSWORD, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM);
    assert_says (error, "(1.2.860.3.15.1.1.2.1)");
    assert_says (error, "cannot use");
}

/* A file that asks for hours of work is ended, and told as the file's fault. */
static void too_much_work (void)
{
    g_autofree char *path = path_of ("iterations.p12");
    gint64 before = g_get_monotonic_time ();
    g_assert_cmpint (outcome (path, 100), ==, TAMGA_KEYS_ERROR_FILE);
    g_assert_cmpint (g_get_monotonic_time () - before, <, 3000 * 1000);
}

/* Files of national providers, as published: SHA-1 MAC, 3DES, RC2-40 and indefinite length from
 * Kazakhstan; GOST 28147 and 34.311 from Ukraine, where certificates lie beside the key. */
typedef struct {
    const char *file, *password, *wrong;
    const char *certificates[3]; /* copied beside it */
    guint keys;
    const char *algorithm; /* NULL: none of its certificates is for signing */
} National;

static const National nationals[] = {
    {"kz-nca/p12/individual_rsa.p12", "Qwerty12", "Qwerty13", {NULL}, 1, "RSA-PKCS1-SHA-256"},
    {"kz-nca/p12/gokalkan_gost1.p12", "Qwerty12", "Qwerty13", {NULL}, 1, "GOST-34.10-2015-512"},
    {"kz-nca/p12/gokalkan_gost2.p12", "Qwerty12", "", {NULL}, 1, "GOST-34.10-2015-512"},
    {"kz-nca/p12/individual_gost2015.p12",
     "Aa123456",
     "aA123456",
     {NULL},
     1,
     "GOST-34.10-2015-512"},
    {"kz-nca/p12/ceo_gost2015_revoked.p12", "Aa123456", "Қ", {NULL}, 1, "GOST-34.10-2015-512"},
    {"kz-nca/p12/ceo_gost2004.p12", "Qwerty12", "Qwerty1", {NULL}, 1, "GOST-34.310-2004"},
    {"ua-dstu/keys/test-diia.p12",
     "testpassword",
     "testpasswore",
     {"ua-dstu/certs/diia-test-kep-7775604.cer", "ua-dstu/certs/diia-test-sign-7775603.cer"},
     2,
     "DSTU-4145-GOST-34.311"},
    {"ua-dstu/jkurwa/STORE_A040.dat",
     "password",
     "passwort",
     {"ua-dstu/jkurwa/SELF_SIGNED_ENC_40A0.cer"},
     1,
     NULL},
    {"ua-dstu/jkurwa/STORE_A040.pem",
     "password",
     "",
     {"ua-dstu/jkurwa/SELF_SIGNED_ENC_40A0.cer"},
     1,
     NULL},
};

/* Copies a published file into `to`; its path there. NULL: not there. */
static char *borrow (const char *name, const char *to)
{
    g_autofree char *from = g_build_filename (TAMGA_SHARED, "vectors", name, NULL);
    g_autofree char *base = g_path_get_basename (name);
    g_autofree char *copy = g_build_filename (to, base, NULL);
    g_autofree char *data = NULL;
    gsize size;

    if (!g_file_get_contents (from, &data, &size, NULL))
        return NULL;
    g_assert_true (g_file_set_contents (copy, data, (gssize)size, NULL));
    return g_steal_pointer (&copy);
}

static void national (gconstpointer data)
{
    const National *row = data;
    g_autofree char *name = g_strdup_printf ("national-%u", (guint)(row - nationals));
    g_autofree char *own = path_of (name);
    g_autoptr (GError) error = NULL;

    g_assert_cmpint (g_mkdir (own, 0700), ==, 0);
    g_autofree char *path = borrow (row->file, own);
    if (path == NULL) {
        g_test_skip ("skipped: ../shared is missing");
        return;
    }
    for (gsize i = 0; row->certificates[i] != NULL; i++)
        g_free (borrow (row->certificates[i], own));
    g_autoptr (TamgaKeyStore) store = open_store (NULL, path, 0);
    g_assert_false (try_login (store, row->wrong, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN);
    assert_says (error, "wrong password");
    g_clear_error (&error);
    login (store, row->password);
    g_autoptr (GPtrArray) keys = tamga_key_store_keys (store, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (keys->len, ==, row->keys);
    if (row->algorithm != NULL) {
        sign_with (store, row->algorithm);
        return;
    }
    TamgaKey *lone = tamga_key_store_select (store, keys, &error);
    g_assert_no_error (error);
    g_assert_false (tamga_keys_may_sign (lone->certificate));
}

static void make_identity (const char *name, const char *options)
{
    g_autofree char *command = g_strdup_printf (
        "openssl req -x509 %s -nodes -keyout %s.pem -subj '/CN=Holder of %s' -days 30 "
        "-addext keyUsage=critical,digitalSignature,nonRepudiation -out %s.crt && "
        "openssl x509 -in %s.crt -outform DER -out %s.der",
        options, name, name, name, name, name);
    run (command);
}

static gpointer read_pem (const char *name, gboolean key)
{
    g_autoptr (GBytes) text = contents (name);
    g_autoptr (BIO) bio =
        BIO_new_mem_buf (g_bytes_get_data (text, NULL), (int)g_bytes_get_size (text));
    gpointer object = key ? (gpointer)PEM_read_bio_PrivateKey (bio, NULL, NULL, NULL)
                          : (gpointer)PEM_read_bio_X509 (bio, NULL, NULL, NULL);
    g_assert_nonnull (object);
    return object;
}

/* A file with these bags and an integrity code. Takes them over. */
static void write_bags (const char *name, STACK_OF (PKCS12_SAFEBAG) *bags)
{
    STACK_OF (PKCS7) *safes = NULL;
    g_autofree char *path = path_of (name);

    g_assert_cmpint (PKCS12_add_safe (&safes, bags, -1, 0, NULL), ==, 1);
    g_autoptr (PKCS12) file = PKCS12_add_safes (safes, 0);
    g_assert_cmpint (PKCS12_set_mac (file, PASSWORD, -1, NULL, 0, 2048, EVP_sha256 ()), ==, 1);
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_PKCS12, file);
    g_assert_true (g_file_set_contents (path, g_bytes_get_data (der, NULL),
                                        (gssize)g_bytes_get_size (der), NULL));
    sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
    sk_PKCS7_pop_free (safes, PKCS7_free);
}

/* Two keys in one file, which the openssl program does not make. */
static void make_two_keys (void)
{
    static const char *const names[] = {"agree", "p256"};
    STACK_OF (PKCS12_SAFEBAG) *bags = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autofree char *pem = g_strconcat (names[i], ".pem", NULL);
        g_autofree char *crt = g_strconcat (names[i], ".crt", NULL);
        g_autoptr (EVP_PKEY) key = read_pem (pem, TRUE);
        g_autoptr (X509) certificate = read_pem (crt, FALSE);
        g_assert_nonnull (PKCS12_add_cert (&bags, certificate));
        g_assert_nonnull (PKCS12_add_key (&bags, key, 0, 2048, NID_aes_256_cbc, PASSWORD));
    }
    write_bags ("two.p12", bags);
}

/* A key of a kind that nobody here can use. */
static void make_unknown_key (void)
{
    STACK_OF (PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null ();
    PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new ();
    guint8 *value = OPENSSL_malloc (32);

    memset (value, 7, 32);
    g_assert_cmpint (PKCS8_pkey_set0 (info, OBJ_txt2obj ("1.2.860.3.15.1.1.2.1", 1), 0, V_ASN1_NULL,
                                      NULL, value, 32),
                     ==, 1);
    sk_PKCS12_SAFEBAG_push (bags, PKCS12_SAFEBAG_create_pkcs8_encrypt (NID_aes_256_cbc, PASSWORD,
                                                                       -1, NULL, 0, 2048, info));
    PKCS8_PRIV_KEY_INFO_free (info);
    write_bags ("uzbek.p12", bags);
}

static void make_files (void)
{
    make_identity ("rsa", "-newkey rsa:2048");
    make_identity ("p256", "-newkey ec -pkeyopt ec_paramgen_curve:P-256");
    make_identity ("p384", "-newkey ec -pkeyopt ec_paramgen_curve:P-384");
    make_identity ("p521", "-newkey ec -pkeyopt ec_paramgen_curve:P-521");
    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autofree char *command = g_strdup_printf (
            "openssl pkcs12 -export -inkey %s.pem -in %s.crt %s -passout 'pass:%s' -out %s.p12",
            files[i].identity, files[i].identity, files[i].options, files[i].password,
            files[i].name);
        run (command);
    }
    run ("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.pem -subj '/CN=Authority' -days 30 "
         "-addext basicConstraints=critical,CA:true -out ca.crt && "
         "openssl genrsa -out leaf.pem 2048 && "
         "openssl req -new -key leaf.pem -subj '/CN=Leaf' -out leaf.csr && "
         "openssl x509 -req -in leaf.csr -CA ca.crt -CAkey ca.pem -CAcreateserial -days 30 "
         "-out leaf.crt && openssl pkcs12 -export -inkey leaf.pem -in leaf.crt -certfile ca.crt "
         "-passout 'pass:" PASSWORD "' -out chain.p12");
    run ("openssl pkcs12 -export -nokeys -in rsa.crt -passout 'pass:" PASSWORD
         "' -out only-certificate.p12 && openssl pkcs12 -export -nocerts -inkey rsa.pem -passout "
         "'pass:" PASSWORD "' -out only-key.p12 && mkdir bare && mv only-key.p12 bare");
    run ("openssl pkcs8 -topk8 -in leaf.pem -passout 'pass:" PASSWORD "' -out leaf.key && "
         "openssl pkcs8 -topk8 -in p256.pem -passout 'pass:" PASSWORD
         "' -outform DER -out p256.dat && openssl pkcs8 -topk8 -in p256.pem -v1 PBE-MD5-DES "
         "-provider legacy -provider default -passout 'pass:" PASSWORD
         "' -out p256-old.dat && mkdir alone && cp p256.dat alone/p256.key && cp rsa.der "
         "alone/rsa.cer && openssl pkcs8 -topk8 -nocrypt -in rsa.pem -outform DER -out "
         "open-key.der");
    run ("openssl req -x509 -newkey rsa:2048 -nodes -keyout agree.pem -subj '/CN=Holder of p256' "
         "-days 30 -addext keyUsage=critical,keyAgreement -out agree.crt && "
         "openssl pkcs12 -export -inkey agree.pem -in agree.crt -passout 'pass:" PASSWORD
         "' -out agreement.p12");
    run ("openssl pkcs12 -export -inkey rsa.pem -in rsa.crt -iter 2000000 -passout 'pass:" PASSWORD
         "' -out iterations.p12");
    make_two_keys ();
    make_unknown_key ();
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    folder = g_dir_make_tmp ("tamga-pkcs12-XXXXXX", NULL);
    g_assert_nonnull (folder);
    make_files ();
    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autofree char *name = g_strdup_printf ("/pkcs12/signs/%s", files[i].name);
        g_test_add_data_func (name, &files[i], signs);
    }
    g_test_add_func ("/pkcs12/by_uri", by_uri);
    g_test_add_func ("/pkcs12/certificates_and_chain", certificates_and_chain);
    g_test_add_func ("/pkcs12/incomplete", incomplete);
    g_test_add_data_func ("/pkcs12/bare_key/pem", "leaf.key", bare_key);
    g_test_add_data_func ("/pkcs12/bare_key/der", "p256.dat", bare_key);
    g_test_add_data_func ("/pkcs12/bare_key/legacy", "p256-old.dat", bare_key);
    g_test_add_func ("/pkcs12/bare_key/alone", bare_key_alone);
    g_test_add_func ("/pkcs12/key_usage", key_usage);
    g_test_add_data_func ("/pkcs12/damaged/modern", "modern-rsa.p12", damaged);
    g_test_add_data_func ("/pkcs12/damaged/legacy", "legacy.p12", damaged);
    g_test_add_func ("/pkcs12/cut_short", cut_short);
    g_test_add_func ("/pkcs12/not_a_key_file", not_a_key_file);
    g_test_add_func ("/pkcs12/unknown_kinds", unknown_kinds);
    g_test_add_func ("/pkcs12/too_much_work", too_much_work);
    for (gsize i = 0; i < G_N_ELEMENTS (nationals); i++) {
        g_autofree char *name = g_strdup_printf ("/pkcs12/national/%s", nationals[i].file);
        g_test_add_data_func (name, &nationals[i], national);
    }
    int status = g_test_run ();
    g_autofree char *remove = g_strdup_printf ("rm -rf '%s'", folder);
    run (remove);
    g_free (folder);
    return status;
}
