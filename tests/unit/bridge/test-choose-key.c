/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which keys a site may be given: real key files and a SoftHSM token, asked for through a prompter
 * that is a program of its own. */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/request.h"
#include "bridge/turn.h"
#include "formats/ossl.h"
#include "tests/card/softhsm.h"

#define PIN "482915"
#define PASSWORD "Secret-1"
#define TOKEN_STORE "AKKaztokenStore"
#define YEAR (365 * 24 * 3600)

static tamga_softhsm *hsm;
static char *folder;
static gint64 later; /* seconds that the clock is ahead */

static gint64 now (void)
{
    return g_get_real_time () / G_TIME_SPAN_SECOND + later;
}

static char *in_folder (const char *name)
{
    return g_build_filename (folder, name, NULL);
}

/* What a call asks for, what the person answers, and what comes of it. */
typedef struct {
    const char *name;
    const char *storage, *usage, *iin, *bin, *serial;
    const char *chain; /* file of a certificate; NULL: none is asked for */
    gboolean signing, authentication, always;
    gint64 later;
    const char *answers; /* FOLDER stands for the folder */
    int code;            /* of TAMGA_BRIDGE_ERROR; -1: a key is chosen */
    const char *subject; /* of the chosen key */
    const char *asked;   /* what the prompter was asked and told, in order */
    const char *said;    /* somewhere in the messages to the prompter, or in the error */
} Row;

#define FILE_ANSWER(file) "{\"answer\":\"file\",\"path\":\"FOLDER/" file "\"}"
#define RIGHT "{\"pin\":\"" PASSWORD "\"}"
#define WRONG "{\"pin\":\"wrong\"}"
#define KEY_ANSWER(key) "{\"answer\":\"key\",\"key\":\"" key "\"}"
#define SIGN_FILE "[" FILE_ANSWER ("sign.p12") "," RIGHT "]"
#define AUTH_FILE "[" FILE_ANSWER ("auth.p12") "," RIGHT "]"
#define NO_KEY TAMGA_BRIDGE_ERROR_NO_KEY

static const Row rows[] = {
    {.name = "file",
     .storage = "PKCS12",
     .signing = TRUE,
     .answers = SIGN_FILE,
     .code = -1,
     .subject = "Signer",
     .asked = "file pin"},
    {.name = "file_always",
     .storage = "PKCS12",
     .always = TRUE,
     .answers = "[" FILE_ANSWER ("sign.p12") "," RIGHT "," KEY_ANSWER ("k1") "]",
     .code = -1,
     .subject = "Signer",
     .asked = "file pin key"},
    {.name = "wrong_then_right",
     .storage = "PKCS12",
     .answers = "[" FILE_ANSWER ("sign.p12") "," WRONG "," WRONG "," RIGHT "]",
     .code = -1,
     .subject = "Signer",
     .asked = "file pin error pin error pin"},
    {.name = "password_declined",
     .storage = "PKCS12",
     .answers = "[" FILE_ANSWER ("sign.p12") "]",
     .code = TAMGA_BRIDGE_ERROR_CANCELLED,
     .asked = "file pin"},
    {.name = "file_declined",
     .storage = "PKCS12",
     .answers = "[]",
     .code = TAMGA_BRIDGE_ERROR_CANCELLED,
     .asked = "file"},
    {.name = "iin",
     .storage = "PKCS12",
     .iin = "123456789011",
     .answers = SIGN_FILE,
     .code = -1,
     .subject = "Signer",
     .asked = "file pin"},
    {.name = "iin_of_another",
     .storage = "PKCS12",
     .iin = "123456789012",
     .answers = SIGN_FILE,
     .code = NO_KEY,
     .asked = "file pin error",
     .said = "another person"},
    {.name = "bin",
     .storage = "PKCS12",
     .bin = "123456789021",
     .answers = SIGN_FILE,
     .code = -1,
     .subject = "Signer",
     .asked = "file pin"},
    {.name = "bin_of_another",
     .storage = "PKCS12",
     .bin = "123456789011",
     .answers = SIGN_FILE,
     .code = NO_KEY,
     .asked = "file pin error",
     .said = "another organisation"},
    {.name = "serial",
     .storage = "PKCS12",
     .serial = "000aBcDeF",
     .answers = SIGN_FILE,
     .code = -1,
     .subject = "Signer",
     .asked = "file pin"},
    {.name = "other_serial",
     .storage = "PKCS12",
     .serial = "abcdef0",
     .answers = SIGN_FILE,
     .code = NO_KEY,
     .asked = "file pin error",
     .said = "serial number"},
    {.name = "usages",
     .storage = "PKCS12",
     .usage = "1.3.6.1.5.5.7.3.4,1.2.398.3.3.4.1.1",
     .answers = SIGN_FILE,
     .code = -1,
     .subject = "Signer",
     .asked = "file pin"},
    {.name = "one_usage_missing",
     .storage = "PKCS12",
     .usage = "1.3.6.1.5.5.7.3.4,1.2.398.3.3.4.1.2",
     .answers = SIGN_FILE,
     .code = NO_KEY,
     .asked = "file pin error",
     .said = "not for the use"},
    {.name = "signing_with_authentication",
     .storage = "PKCS12",
     .signing = TRUE,
     .answers = AUTH_FILE,
     .code = NO_KEY,
     .asked = "file pin error",
     .said = "authentication"},
    {.name = "authentication",
     .storage = "PKCS12",
     .authentication = TRUE,
     .answers = AUTH_FILE,
     .code = -1,
     .subject = "Visitor",
     .asked = "file pin"},
    {.name = "authentication_with_signing",
     .storage = "PKCS12",
     .authentication = TRUE,
     .answers = SIGN_FILE,
     .code = NO_KEY,
     .asked = "file pin error",
     .said = "not for authentication"},
    {.name = "authority_over_the_file's_chain",
     .storage = "PKCS12",
     .chain = "root.der",
     .answers = SIGN_FILE,
     .code = -1,
     .subject = "Signer",
     .asked = "file pin"},
    {.name = "other_authority",
     .storage = "PKCS12",
     .chain = "other.der",
     .answers = SIGN_FILE,
     .code = NO_KEY,
     .asked = "file pin error",
     .said = "another authority"},
    {.name = "expired",
     .storage = "PKCS12",
     .later = 20 * (gint64)YEAR,
     .answers = SIGN_FILE,
     .code = NO_KEY,
     .asked = "file pin error",
     .said = "has expired"},
    {.name = "not_yet_valid",
     .storage = "PKCS12",
     .later = -1 * (gint64)YEAR,
     .answers = SIGN_FILE,
     .code = NO_KEY,
     .asked = "file pin error",
     .said = "not valid yet"},
    {.name = "token",
     .storage = TOKEN_STORE,
     .answers = "[]",
     .code = -1,
     .subject = "Holder",
     .asked = ""},
    {.name = "token_always",
     .storage = TOKEN_STORE,
     .always = TRUE,
     .answers = "[" KEY_ANSWER ("k1") "]",
     .code = -1,
     .subject = "Holder",
     .asked = "key"},
    {.name = "token_that_does_not_fit",
     .storage = TOKEN_STORE,
     .iin = "123456789011",
     .answers = "[]",
     .code = NO_KEY,
     .asked = "error",
     .said = "Holder: The site asks"},
    {.name = "other_kind_of_token",
     .storage = "AKJaCartaStore",
     .answers = "[]",
     .code = NO_KEY,
     .asked = "error",
     .said = "plugged in"},
    {.name = "unknown_store",
     .storage = "NoSuchStore",
     .answers = "[]",
     .code = NO_KEY,
     .asked = "error"},
    {.name = "any_store_token",
     .answers = "[" KEY_ANSWER ("k1") "]",
     .code = -1,
     .subject = "Holder",
     .asked = "key"},
    {.name = "any_store_file",
     .answers = "[" KEY_ANSWER ("file") "," FILE_ANSWER ("sign.p12") "," RIGHT "]",
     .code = -1,
     .subject = "Signer",
     .asked = "key file pin"},
    {.name = "unusable_row_answered",
     .iin = "123456789011",
     .answers = "[" KEY_ANSWER ("k1") "]",
     .code = TAMGA_BRIDGE_ERROR_CANCELLED,
     .asked = "key",
     .said = "\"usable\""},
    {.name = "row_that_is_none",
     .answers = "[" KEY_ANSWER ("k7") "]",
     .code = TAMGA_BRIDGE_ERROR_CANCELLED,
     .asked = "key"},
};

/* "file pin error": the questions, and the errors that were told. */
static char *summary (const char *log)
{
    g_autoptr (GString) words = g_string_new (NULL);
    g_auto (GStrv) lines = g_strsplit (log, "\n", -1);
    for (char **line = lines; *line; line++) {
        json_t *message = json_loads (*line, 0, NULL);
        const char *word = json_string_value (json_object_get (message, "ask"));
        if (!word &&
            g_strcmp0 (json_string_value (json_object_get (message, "tell")), "error") == 0)
            word = "error";
        if (word)
            g_string_append_printf (words, "%s%s", words->len > 0 ? " " : "", word);
        json_decref (message);
    }
    return g_string_free (g_steal_pointer (&words), FALSE);
}

static GPtrArray *chain_of (const Row *row)
{
    GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    g_autofree char *path = in_folder (row->chain ? row->chain : "");
    g_autofree char *data = NULL;
    gsize size;
    if (row->chain && g_file_get_contents (path, &data, &size, NULL)) {
        g_autoptr (GBytes) der = g_bytes_new (data, size);
        g_ptr_array_add (chain, tamga_ossl_certificate (der));
    }
    return chain;
}

static void check_key (const Row *row, const TamgaRequestKey *key)
{
    g_assert_nonnull (key);
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (key->key->certificate));
    g_assert_cmpstr (name, ==, row->subject);
    g_assert_cmpint (tamga_key_store_is_file (key->store), ==, key->path != NULL);
    g_assert_cmpstr (key->storage, ==, key->path ? "PKCS12" : TOKEN_STORE);
    json_t *object = tamga_request_key_json ("k1", key->storage, key->key, NULL);
    g_assert_true (json_is_true (json_object_get (object, "usable")));
    g_assert_true (json_is_null (json_object_get (object, "why")));
    g_assert_true (json_is_string (json_object_get (object, "not_after")));
    json_decref (object);
}

static void chooses (gconstpointer data)
{
    const Row *row = data;
    g_autofree char *answers_path = in_folder ("answers"), *log_path = in_folder ("log");
    g_auto (GStrv) parts = g_strsplit (row->answers, "FOLDER", -1);
    g_autofree char *answers = g_strjoinv (folder, parts);
    g_autofree char *prompter =
        g_strdup_printf ("python3 '%s/tests/unit/bridge/prompter.py' '%s' '%s'", TAMGA_SOURCE_DIR,
                         answers_path, log_path);
    char *modules[] = {(char *)tamga_softhsm_module (hsm), NULL};
    const char *storages[] = {row->storage, NULL};
    g_auto (GStrv) usages = row->usage ? g_strsplit (row->usage, ",", -1) : NULL;
    g_autoptr (GPtrArray) chain = chain_of (row);
    g_autoptr (TamgaTurn) turn = tamga_turn_new ();
    g_autoptr (TamgaKeysWatch) watch =
        tamga_keys_watch_new (&(TamgaKeysConfig){.modules = modules});
    g_autoptr (TamgaCaller) caller = tamga_caller_new (1, "https://portal.example", NULL);
    const TamgaBridgeConfig config = {
        .profile = (char *)TAMGA_BRIDGE_PROFILE, .prompter = prompter, .modules = modules};
    TamgaBridge bridge = {.config = &config, .tokens = watch, .turn = turn, .clock = now};
    TamgaRequest request = {
        .bridge = &bridge, .caller = caller, .call = TAMGA_CALL_INIT, .locale = (char *)"en"};
    const TamgaKeyFilter filter = {.storages = row->storage ? storages : NULL,
                                   .extended_key_usages = (const char *const *)usages,
                                   .iin = row->iin,
                                   .bin = row->bin,
                                   .serial = row->serial,
                                   .chain = chain,
                                   .signing = row->signing,
                                   .authentication = row->authentication};
    g_autoptr (GError) error = NULL;

    g_assert_true (g_file_set_contents (answers_path, answers, -1, NULL));
    g_mutex_init (&bridge.tokens_lock);
    later = row->later;
    g_autoptr (TamgaRequestKey) key =
        tamga_request_choose_key (&request, &filter, row->always, &error);
    tamga_request_clear (&request);
    g_mutex_clear (&bridge.tokens_lock);
    g_autofree char *log = NULL;
    g_assert_true (g_file_get_contents (log_path, &log, NULL, NULL));
    if (row->code < 0) {
        g_assert_no_error (error);
        check_key (row, key);
    } else {
        g_assert_null (key);
        g_assert_error (error, TAMGA_BRIDGE_ERROR, row->code);
    }
    g_autofree char *asked = summary (log);
    g_assert_cmpstr (asked, ==, row->asked);
    if (row->said && !strstr (log, row->said) && !(error && strstr (error->message, row->said)))
        g_error ("nothing says \"%s\":\n%s", row->said, log);
    g_assert_null (strstr (log, PASSWORD));
}

static const char commands[] =
    "exec >/dev/null 2>&1; set -e\n"
    "new() { openssl req -newkey rsa:2048 -nodes -keyout $1.pem -subj \"$2\" -out $1.csr; }\n"
    "self() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.pem -subj \"$2\" -days 3650 "
    "-addext basicConstraints=critical,CA:true -out $1.crt; openssl x509 -in $1.crt -outform DER "
    "-out $1.der; }\n"
    "issue() { openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.pem -set_serial $3 -days 365 "
    "-extfile $1.ext -out $1.crt; }\n"
    "self root /CN=Root; self other /CN=Other\n"
    "new middle /CN=Middle; echo basicConstraints=critical,CA:true >middle.ext\n"
    "issue middle root 5\n"
    "new sign /CN=Signer/serialNumber=IIN123456789011/OU=BIN123456789021\n"
    "printf 'keyUsage=digitalSignature,nonRepudiation\\n"
    "extendedKeyUsage=emailProtection,1.2.398.3.3.4.1.1\\n' >sign.ext\n"
    "issue sign middle 0xabcdef\n"
    "new auth /CN=Visitor\n"
    "printf 'keyUsage=digitalSignature\\nextendedKeyUsage=clientAuth\\n' >auth.ext\n"
    "issue auth middle 7\n"
    "for f in sign auth; do openssl pkcs12 -export -inkey $f.pem -in $f.crt -certfile middle.crt "
    "-passout pass:" PASSWORD " -out $f.p12; done\n";

static void make_files (void)
{
    g_autofree char *script = in_folder ("make.sh");
    g_assert_true (g_file_set_contents (script, commands, -1, NULL));
    g_autofree char *line = g_strdup_printf ("cd '%s' && sh make.sh", folder);
    g_assert_cmpint (system (line), ==, 0);
}

int main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;

    g_test_init (&argc, &argv, NULL);
    tamga_bridge_add_failures ();
    hsm = tamga_softhsm_new (&error);
    g_assert_no_error (error);
    folder = g_build_filename (tamga_softhsm_dir (hsm), "files", NULL);
    g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
    static const char *const homes[] = {"HOME", "XDG_STATE_HOME", "XDG_DATA_HOME",
                                        "XDG_CONFIG_HOME", "XDG_CACHE_HOME"};
    for (gsize i = 0; i < G_N_ELEMENTS (homes); i++)
        g_setenv (homes[i], folder, TRUE);
    make_files ();
    tamga_softhsm_add_token (hsm, "people", PIN, &error);
    g_assert_no_error (error);
    tamga_softhsm_add_identity (hsm, "people", "01", "key", "rsa2048", "/C=KZ/CN=Holder", &error);
    g_assert_no_error (error);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *name = g_strdup_printf ("/choose-key/%s", rows[i].name);
        g_test_add_data_func (name, &rows[i], chooses);
    }
    int status = g_test_run ();
    tamga_softhsm_free (hsm);
    g_free (folder);
    return status;
}
