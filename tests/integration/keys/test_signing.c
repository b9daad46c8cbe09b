/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing on real tokens (SoftHSM): algorithms, batches, which key and which certificate. */
#include <openssl/err.h>
#include <string.h>
#include <sys/wait.h>

#include "formats/ossl.h"
#include "tests/integration/keys/fixture.h"

#define PIN "482915"

static const char *const identities[][2] = {
    {"01", "rsa2048"}, {"02", "rsa3072"}, {"03", "p256"}, {"04", "p384"}, {"05", "p521"},
};

typedef struct {
    const char *id, *algorithm;
} Row;

static const Row rows[] = {
    {"01", "RSA-PKCS1-SHA-256"}, {"01", "RSA-PKCS1-SHA-384"}, {"01", "RSA-PKCS1-SHA-512"},
    {"01", "RSA-PSS-SHA-256"},   {"01", "RSA-PSS-SHA-384"},   {"01", "RSA-PSS-SHA-512"},
    {"02", "RSA-PSS-SHA-512"},   {"03", "ECDSA-SHA-256"},     {"03", "ECDSA-SHA-384"},
    {"03", "ECDSA-SHA-512"},     {"04", "ECDSA-SHA-256"},     {"04", "ECDSA-SHA-384"},
    {"04", "ECDSA-SHA-512"},     {"05", "ECDSA-SHA-256"},     {"05", "ECDSA-SHA-384"},
    {"05", "ECDSA-SHA-512"},
};

static tamga_softhsm *hsm;

static char *reference (const char *token, const char *id)
{
    return g_strdup_printf ("pkcs11:token=%s;id=%%%s", token, id);
}

static void signs_with (gconstpointer data)
{
    const Row *row = data;
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name (row->algorithm);
    g_autofree char *uri = reference ("algorithms", row->id);
    g_autoptr (TamgaKeyStore) store = open_store (tamga_softhsm_module (hsm), uri, 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    login (store, PIN);
    TamgaKey *key = the_key (store, &keys);
    g_assert_cmpstr (key->id, ==, row->id);
    g_assert_true (key->matched_by_id);
    g_assert_true (key->on_token);
    g_assert_cmpstr (key->store, ==, "PKCS#11");
    g_autoptr (GPtrArray) digests = some_digests (algorithm, 2);
    g_autoptr (GPtrArray) signatures =
        tamga_key_store_sign (store, key, algorithm, digests, NULL, NULL, &error);
    g_assert_no_error (error);
    assert_signatures (key, algorithm, digests, signatures);
}

/* 200 signatures, one login, one process. */
static void batch (void)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("ECDSA-SHA-256");
    g_autofree char *uri = reference ("algorithms", "03");
    g_autoptr (TamgaKeyStore) store = open_store (tamga_softhsm_module (hsm), uri, 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    login (store, PIN); /* asserts one question */
    GPid pid = tamga_key_store_pid (store);
    TamgaKey *key = the_key (store, &keys);
    g_autoptr (GPtrArray) digests = some_digests (algorithm, 200);
    gint64 before = g_get_monotonic_time ();
    g_autoptr (GPtrArray) signatures =
        tamga_key_store_sign (store, key, algorithm, digests, NULL, NULL, &error);
    g_assert_no_error (error);
    g_test_message ("200 signatures in %.1f ms", (double)(g_get_monotonic_time () - before) / 1000);
    assert_signatures (key, algorithm, digests, signatures);
    g_assert_cmpint (tamga_key_store_pid (store), ==, pid);
}

/* The person's data is seen and shown before the PIN; signing works with a key listed then. */
static void listed_before_login (void)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PKCS1-SHA-256");
    g_autofree char *uri = reference ("algorithms", "01");
    g_autoptr (TamgaKeyStore) store = open_store (tamga_softhsm_module (hsm), uri, 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_true (tamga_key_store_needs_login (store));
    TamgaKey *key = the_key (store, &keys);
    g_assert_nonnull (key->certificate);
    g_assert_false (key->seen);
    login (store, PIN);
    g_assert_false (tamga_key_store_needs_login (store));
    g_autoptr (GPtrArray) digests = some_digests (algorithm, 1);
    g_autoptr (GPtrArray) signatures =
        tamga_key_store_sign (store, key, algorithm, digests, NULL, NULL, &error);
    g_assert_no_error (error);
    assert_signatures (key, algorithm, digests, signatures);
}

static void without_login (void)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PKCS1-SHA-256");
    g_autofree char *uri = reference ("algorithms", "01");
    g_autoptr (TamgaKeyStore) store = open_store (tamga_softhsm_module (hsm), uri, 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    TamgaKey *key = the_key (store, &keys);
    g_autoptr (GPtrArray) digests = some_digests (algorithm, 1);
    g_assert_null (tamga_key_store_sign (store, key, algorithm, digests, NULL, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_CERTIFICATE);
}

static void algorithm_of_another_key (void)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("ECDSA-SHA-256");
    g_autofree char *uri = reference ("algorithms", "01");
    g_autoptr (TamgaKeyStore) store = open_store (tamga_softhsm_module (hsm), uri, 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    login (store, PIN);
    TamgaKey *key = the_key (store, &keys);
    g_autoptr (GPtrArray) digests = some_digests (algorithm, 1);
    g_assert_null (tamga_key_store_sign (store, key, algorithm, digests, NULL, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM);
}

static void digest_of_wrong_length (void)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PKCS1-SHA-256");
    g_autofree char *uri = reference ("algorithms", "01");
    g_autoptr (TamgaKeyStore) store = open_store (tamga_softhsm_module (hsm), uri, 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    login (store, PIN);
    TamgaKey *key = the_key (store, &keys);
    g_autoptr (GPtrArray) digests = some_digests (tamga_algorithm_by_name ("RSA-PKCS1-SHA-512"), 1);
    g_assert_null (tamga_key_store_sign (store, key, algorithm, digests, NULL, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM);
}

/* Keys, what they are matched with, and what select says, on the token "matching". */
static void matching (void)
{
    g_autoptr (TamgaKeyStore) store =
        open_store (tamga_softhsm_module (hsm), "pkcs11:token=matching", 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;
    guint by_id = 0, by_key = 0, without = 0;

    login (store, PIN);
    keys = tamga_key_store_keys (store, NULL, &error);
    g_assert_no_error (error);
    for (guint i = 0; i < keys->len; i++) {
        TamgaKey *key = keys->pdata[i];
        g_assert_true (key->seen);
        if (key->certificate == NULL) {
            without++;
            g_assert_cmpstr (key->id, ==, "13");
            continue;
        }
        /* whatever the ids say: the certificate is of this key */
        g_autoptr (EVP_PKEY) public_key = X509_get_pubkey (key->certificate);
        g_assert_cmpint (EVP_PKEY_eq (public_key, key->public_key), ==, 1);
        if (key->matched_by_id)
            by_id++;
        else
            by_key++;
    }
    g_assert_cmpuint (keys->len, ==, 5);
    g_assert_cmpuint (by_id, ==, 3);
    g_assert_cmpuint (by_key, ==, 1);
    g_assert_cmpuint (without, ==, 1);
    g_assert_null (tamga_key_store_select (store, keys, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_AMBIGUOUS);
    assert_says (error, "id=%11");
}

typedef struct {
    const char *name, *uri, *common_name;
    int code;
} Choice;

static const Choice choices[] = {
    {"by_id", "pkcs11:token=matching;id=%11", "Eleven", 0},
    {"by_label", "pkcs11:token=matching;object=another%20label", "Eleven", 0},
    {"certificate_of_another_id", "pkcs11:token=matching;id=%12", "Twelve", 0},
    {"key_without_certificate", "pkcs11:token=matching;id=%13", NULL,
     TAMGA_KEYS_ERROR_NO_CERTIFICATE},
    {"certificate_without_key", "pkcs11:token=matching;id=%14", NULL,
     TAMGA_KEYS_ERROR_NO_CERTIFICATE},
    {"two_with_one_id", "pkcs11:token=matching;id=%15", NULL, TAMGA_KEYS_ERROR_AMBIGUOUS},
    {"for_documents", "pkcs11:token=two-purposes", "Documents", 0},
};

static void selects (gconstpointer data)
{
    const Choice *row = data;
    g_autoptr (TamgaKeyStore) store = open_store (tamga_softhsm_module (hsm), row->uri, 0);
    g_autoptr (GError) error = NULL;

    login (store, PIN);
    g_autoptr (GPtrArray) keys = tamga_key_store_keys (store, NULL, &error);
    g_assert_no_error (error);
    TamgaKey *key = tamga_key_store_select (store, keys, &error);
    if (row->common_name == NULL) {
        g_assert_null (key);
        g_assert_error (error, TAMGA_KEYS_ERROR, row->code);
        return;
    }
    g_assert_no_error (error);
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (key->certificate));
    g_assert_cmpstr (name, ==, row->common_name);
    /* the URI that a key shows names that key */
    g_autofree char *uri = g_strdup (key->uri);
    if (strcmp (key->id, "15") != 0) {
        g_autoptr (TamgaKeyStore) again = open_store (tamga_softhsm_module (hsm), uri, 0);
        login (again, PIN);
        g_autoptr (GPtrArray) keys_again = tamga_key_store_keys (again, NULL, &error);
        TamgaKey *same = tamga_key_store_select (again, keys_again, &error);
        g_assert_no_error (error);
        g_assert_cmpint (X509_cmp (same->certificate, key->certificate), ==, 0);
    }
}

/* Two RSA keys with one CKA_ID: each signs as itself. */
static void two_keys_with_one_id (void)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PSS-SHA-256");
    g_autoptr (TamgaKeyStore) store =
        open_store (tamga_softhsm_module (hsm), "pkcs11:token=matching;id=%15", 0);
    g_autoptr (GError) error = NULL;
    guint n = 0;

    login (store, PIN);
    g_autoptr (GPtrArray) keys = tamga_key_store_keys (store, NULL, &error);
    for (guint i = 0; i < keys->len; i++) {
        TamgaKey *key = keys->pdata[i];
        if (strcmp (key->id, "15") != 0)
            continue;
        n++;
        g_autoptr (GPtrArray) digests = some_digests (algorithm, 1);
        g_autoptr (GPtrArray) signatures =
            tamga_key_store_sign (store, key, algorithm, digests, NULL, NULL, &error);
        g_assert_no_error (error);
        assert_signatures (key, algorithm, digests, signatures);
    }
    g_assert_cmpuint (n, ==, 2);
}

static void certificates_and_chain (void)
{
    g_autoptr (TamgaKeyStore) store =
        open_store (tamga_softhsm_module (hsm), "pkcs11:token=chain", 0);
    g_autoptr (GPtrArray) keys = NULL;
    g_autoptr (GError) error = NULL;

    g_autoptr (GPtrArray) certificates = tamga_key_store_certificates (store, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (certificates->len, ==, 2);
    login (store, PIN);
    TamgaKey *key = the_key (store, &keys);
    g_assert_cmpuint (key->chain->len, ==, 1);
    g_autofree char *issuer = tamga_ossl_short_name (X509_get_subject_name (key->chain->pdata[0]));
    g_assert_cmpstr (issuer, ==, "Authority");
}

typedef struct {
    const char *name, *uri;
    int code;
} Bad;

static const Bad bad[] = {
    {"several_tokens", NULL, TAMGA_KEYS_ERROR_AMBIGUOUS},
    {"no_such_token", "pkcs11:token=nobody", TAMGA_KEYS_ERROR_NO_TOKEN},
    {"malformed", "pkcs11:token", TAMGA_KEYS_ERROR_URI},
    {"no_such_module_name", "pkcs11:token=chain?module-name=nothing", TAMGA_KEYS_ERROR_NO_MODULE},
    {"no_such_module_path", "pkcs11:token=chain?module-path=/nonexistent/m.so",
     TAMGA_KEYS_ERROR_NO_MODULE},
};

static void does_not_open (gconstpointer data)
{
    const Bad *row = data;
    char *modules[] = {(char *)tamga_softhsm_module (hsm), NULL};
    TamgaKeysConfig config = {.modules = modules};
    g_autoptr (GError) error = NULL;

    g_assert_null (tamga_key_store_open (row->uri, &config, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, row->code);
}

static void named_module (void)
{
    g_autoptr (TamgaKeyStore) store =
        open_store (tamga_softhsm_module (hsm), "pkcs11:token=chain?module-name=softhsm2", 0);
    g_assert_cmpstr (tamga_key_store_name (store), ==, "chain");
}

/* Found without configuration: SoftHSM's package registers its module with p11-kit. */
static void found_without_configuration (void)
{
    g_autoptr (TamgaKeyStore) store = open_store (NULL, "pkcs11:token=chain", 0);
    g_assert_cmpstr (tamga_key_store_name (store), ==, "chain");
}

static void tokens (void)
{
    char *modules[] = {(char *)tamga_softhsm_module (hsm), (char *)"/nonexistent/module.so", NULL};
    TamgaKeysConfig config = {.modules = modules};
    g_autoptr (GError) error = NULL;
    guint initialized = 0, problems = 0;

    g_autoptr (GPtrArray) list = tamga_keys_tokens (&config, NULL, &error);
    g_assert_no_error (error);
    for (guint i = 0; i < list->len; i++) {
        TamgaKeyToken *token = list->pdata[i];
        if (token->problem != NULL) {
            problems++;
            g_assert_cmpint (token->problem_code, ==, TAMGA_KEYS_ERROR_NO_MODULE);
            g_assert_cmpstr (token->label, ==, "");
            continue;
        }
        g_assert_true (token->present);
        if (!token->initialized)
            continue;
        initialized++;
        g_assert_true (token->login_required);
        g_assert_true (token->pin_initialized);
        g_assert_false (token->pinpad);
        g_assert_cmpint (token->tries_left, ==, -1);
        g_assert_cmpuint (token->pin_min, ==, 4);
        g_assert_true (g_str_has_prefix (token->uri, "pkcs11:"));
        g_assert_nonnull (strstr (token->uri, token->serial));
        g_assert_cmpstr (token->model, ==, "SoftHSM v2");
    }
    g_assert_cmpuint (initialized, ==, 4);
    g_assert_cmpuint (problems, ==, 1);
}

static void must (gboolean ok, GError **error)
{
    g_assert_no_error (*error);
    g_assert_true (ok);
}

static char *file_of (const char *id, const char *suffix)
{
    return g_strdup_printf ("%s/%s.%s", tamga_softhsm_dir (hsm), id, suffix);
}

static void make (const char *id, const char *type, const char *name)
{
    GError *error = NULL;
    g_autofree char *subject = g_strdup_printf ("/C=VN/CN=%s", name);
    must (tamga_softhsm_make_identity (hsm, id, type, subject, &error), &error);
}

static void import_key (const char *token, const char *id, const char *label, const char *from)
{
    GError *error = NULL;
    g_autofree char *file = file_of (from, "pem");
    must (tamga_softhsm_import_key (hsm, token, id, label, file, &error), &error);
}

static void import_certificate (const char *token, const char *id, const char *label,
                                const char *from)
{
    GError *error = NULL;
    g_autofree char *file = file_of (from, "der");
    must (tamga_softhsm_import_certificate (hsm, token, id, label, file, &error), &error);
}

static void run (const char *command)
{
    g_autofree char *in_folder =
        g_strdup_printf ("cd '%s' && %s", tamga_softhsm_dir (hsm), command);
    const char *argv[] = {"/bin/sh", "-c", in_folder, NULL};
    g_autofree char *errors = NULL;
    int status = -1;
    g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                                 &errors, &status, NULL));
    if (status != 0)
        g_error ("%s: %s", command, errors);
}

static void make_matching (void)
{
    GError *error = NULL;

    must (tamga_softhsm_add_token (hsm, "matching", PIN, &error), &error);
    make ("11", "rsa2048", "Eleven");
    import_key ("matching", "11", "another label", "11");
    import_certificate ("matching", "11", "not the label of the key", "11");
    make ("12", "p256", "Twelve"); /* the certificate has another id than the key */
    import_key ("matching", "12", "twelve", "12");
    import_certificate ("matching", "77", "twelve", "12");
    make ("13", "rsa2048", "Thirteen");
    import_key ("matching", "13", "no certificate", "13");
    make ("14", "rsa2048", "Fourteen");
    import_certificate ("matching", "14", "no key", "14");
    import_certificate ("matching", "13", "the id of a key, but of another key", "14");
    make ("15", "rsa2048", "Fifteen");
    make ("16", "rsa2048", "Sixteen");
    import_key ("matching", "15", "first", "15");
    /* softhsm2-util refuses an id that is taken; tokens of other makers do not */
    g_autofree char *second = g_strdup_printf (
        "pkcs11-tool --module %s --token-label matching --login --pin " PIN
        " --write-object 16.pem --type privkey --id 15 --label second --usage-sign",
        tamga_softhsm_module (hsm));
    run (second);
    import_certificate ("matching", "15", "first", "15");
    import_certificate ("matching", "15", "second", "16");
}

static void make_chain (void)
{
    GError *error = NULL;

    must (tamga_softhsm_add_token (hsm, "chain", PIN, &error), &error);
    run ("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.pem -subj '/CN=Authority' -days 30 "
         "-addext basicConstraints=critical,CA:true -out ca.crt && "
         "openssl genrsa -out leaf.pem 2048 && "
         "openssl req -new -key leaf.pem -subj '/CN=Leaf' -out leaf.csr && "
         "openssl x509 -req -in leaf.csr -CA ca.crt -CAkey ca.pem -CAcreateserial -days 30 "
         "-outform DER -out leaf.der && openssl x509 -in ca.crt -outform DER -out ca.der");
    import_key ("chain", "21", "leaf", "leaf");
    import_certificate ("chain", "21", "leaf", "leaf");
    import_certificate ("chain", "22", "authority", "ca");
}

static void make_two_purposes (void)
{
    GError *error = NULL;

    must (tamga_softhsm_add_token (hsm, "two-purposes", PIN, &error), &error);
    run ("openssl req -x509 -newkey rsa:2048 -nodes -keyout auth.pem -subj '/CN=Login' -days 30 "
         "-addext keyUsage=critical,digitalSignature -outform DER -out auth.der && "
         "openssl req -x509 -newkey rsa:2048 -nodes -keyout docs.pem -subj '/CN=Documents' -days "
         "30 -addext keyUsage=critical,nonRepudiation -outform DER -out docs.der");
    import_key ("two-purposes", "31", "login", "auth");
    import_certificate ("two-purposes", "31", "login", "auth");
    import_key ("two-purposes", "32", "documents", "docs");
    import_certificate ("two-purposes", "32", "documents", "docs");
}

static void make_tokens (void)
{
    GError *error = NULL;

    hsm = tamga_softhsm_new (&error);
    must (hsm != NULL, &error);
    must (tamga_softhsm_add_token (hsm, "algorithms", PIN, &error), &error);
    for (gsize i = 0; i < G_N_ELEMENTS (identities); i++)
        must (tamga_softhsm_add_identity (hsm, "algorithms", identities[i][0], "signing",
                                          identities[i][1], "/C=VN/CN=Signer", &error),
              &error);
    make_matching ();
    make_chain ();
    make_two_purposes ();
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    make_tokens ();
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *name =
            g_strdup_printf ("/keys/signs/%s/%s", rows[i].id, rows[i].algorithm);
        g_test_add_data_func (name, &rows[i], signs_with);
    }
    g_test_add_func ("/keys/batch_with_one_login", batch);
    g_test_add_func ("/keys/listed_before_login", listed_before_login);
    g_test_add_func ("/keys/no_signature_without_login", without_login);
    g_test_add_func ("/keys/algorithm_of_another_key", algorithm_of_another_key);
    g_test_add_func ("/keys/digest_of_wrong_length", digest_of_wrong_length);
    g_test_add_func ("/keys/matching_by_id_then_public_key", matching);
    for (gsize i = 0; i < G_N_ELEMENTS (choices); i++) {
        g_autofree char *name = g_strdup_printf ("/keys/selects/%s", choices[i].name);
        g_test_add_data_func (name, &choices[i], selects);
    }
    g_test_add_func ("/keys/two_keys_with_one_id", two_keys_with_one_id);
    g_test_add_func ("/keys/certificates_and_chain", certificates_and_chain);
    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_autofree char *name = g_strdup_printf ("/keys/does_not_open/%s", bad[i].name);
        g_test_add_data_func (name, &bad[i], does_not_open);
    }
    g_test_add_func ("/keys/named_module", named_module);
    g_test_add_func ("/keys/found_without_configuration", found_without_configuration);
    g_test_add_func ("/keys/tokens", tokens);
    int status = g_test_run ();
    tamga_softhsm_free (hsm);
    return status;
}
