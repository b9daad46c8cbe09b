/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modules that hang, crash, are missing or are none: told for what they are, within the deadline,
 * and nothing stays behind. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "formats/ossl.h"
#include "tests/integration/keys/fixture.h"

#define PIN "482915"
#define HANG_MS 800 /* for modules that are to be killed */

static tamga_softhsm *hsm;
static guint timeout_ms; /* 0: the default, where a busy machine must not look like a fault */

/* The stages at which a whole job may stop. */
typedef enum { AT_OPEN, AT_LOGIN, AT_KEYS, AT_SIGN, AT_END, NEVER } Stage;

typedef struct {
    const char *call;
    Stage stage;
    const char *named; /* how the message names the call; NULL: as it is called */
} Call;

/* Every call that tamga-key makes. */
static const Call calls[] = {
    {"load", AT_OPEN, "dlopen"},
    {"C_GetFunctionList", AT_OPEN, NULL},
    {"C_Initialize", AT_OPEN, NULL},
    {"C_GetInfo", AT_OPEN, NULL},
    {"C_GetSlotList", AT_OPEN, NULL},
    {"C_GetSlotInfo", AT_OPEN, NULL},
    {"C_GetTokenInfo", AT_OPEN, NULL},
    {"C_OpenSession", AT_OPEN, NULL},
    {"C_Login", AT_LOGIN, NULL},
    {"C_FindObjectsInit", AT_KEYS, NULL},
    {"C_FindObjects", AT_KEYS, NULL},
    {"C_FindObjectsFinal", AT_KEYS, NULL},
    {"C_GetAttributeValue", AT_KEYS, NULL},
    {"C_GetMechanismInfo", AT_KEYS, NULL},
    {"C_SignInit", AT_SIGN, NULL},
    {"C_Sign", AT_SIGN, NULL},
    {"C_Logout", AT_END, NULL},
    {"C_CloseSession", AT_END, NULL},
    {"C_Finalize", AT_END, NULL},
};

/* Every call of PKCS#11 v2.40. */
static const char *const all_calls[] = {
    "load",
    "C_GetFunctionList",
#define PLAIN(name, params, args) #name,
#define HOOKED(name, params, args) #name,
#include "tests/card/fault-calls.h"
};

static void set_fault (const char *text)
{
    g_setenv ("TAMGA_FAULT", text, TRUE);
}

static TamgaKeyStore *try_open (GError **error)
{
    char *modules[] = {(char *)TAMGA_FAULT_PATH, NULL};
    TamgaKeysConfig config = {.modules = modules, .timeout_ms = timeout_ms};
    return tamga_key_store_open ("pkcs11:token=faults", &config, NULL, error);
}

static gboolean gone (GPid pid)
{
    return kill (pid, 0) != 0 && errno == ESRCH;
}

/* Opens, logs in, lists, signs, closes. Where it stopped, and why. */
static Stage whole_job (GError **error)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PKCS1-SHA-256");
    Person person = {.pins = {PIN}};
    TamgaKeysUi ui = person_ui (&person);

    TamgaKeyStore *store = try_open (error);
    if (store == NULL)
        return AT_OPEN;
    GPid pid = tamga_key_store_pid (store);
    Stage stage = AT_LOGIN;
    g_autoptr (GPtrArray) keys = NULL;
    if (tamga_key_store_login (store, &ui, NULL, error)) {
        stage = AT_KEYS;
        keys = tamga_key_store_keys (store, NULL, error);
    }
    if (keys != NULL) {
        stage = AT_SIGN;
        TamgaKey *key = tamga_key_store_select (store, keys, error);
        g_assert_nonnull (key);
        g_autoptr (GPtrArray) digests = some_digests (algorithm, 1);
        g_autoptr (GPtrArray) signatures =
            tamga_key_store_sign (store, key, algorithm, digests, NULL, NULL, error);
        if (signatures != NULL) {
            assert_signatures (key, algorithm, digests, signatures);
            stage = NEVER;
        }
    }
    tamga_key_store_free (store);
    g_assert_true (gone (pid));
    person_clear (&person);
    return stage;
}

static const Call *known_call (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
        if (strcmp (calls[i].call, name) == 0)
            return &calls[i];
    return NULL;
}

/* What ends badly after the work is done is a warning in sanitized builds only. */
static void expect_bad_end (const Call *call, const char *pattern)
{
#ifdef TAMGA_SANITIZED
    if (call != NULL && call->stage == AT_END && strcmp (call->call, "C_Logout") != 0)
        g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, pattern);
#else
    (void)call;
    (void)pattern;
#endif
}

static void misbehaves (const char *name, const char *action, int code, const char *bad_end)
{
    const Call *call = known_call (name);
    g_autofree char *fault = g_strdup_printf ("%s:%s", name, action);
    g_autoptr (GError) error = NULL;

    set_fault (fault);
    expect_bad_end (call, bad_end);
    gint64 before = g_get_monotonic_time ();
    Stage stage = whole_job (&error);
    gint64 elapsed_ms = (g_get_monotonic_time () - before) / 1000;
    g_test_assert_expected_messages ();
    g_test_message ("%s: %" G_GINT64_FORMAT " ms, %s", fault, elapsed_ms,
                    error != NULL ? error->message : "done");
    if (call == NULL || call->stage == AT_END) {
        /* a call that is not made, or made when the signature is there already */
        g_assert_no_error (error);
        g_assert_cmpint (stage, ==, NEVER);
        return;
    }
    g_assert_cmpint (stage, ==, call->stage);
    g_assert_error (error, TAMGA_KEYS_ERROR, code);
    assert_says (error, call->named != NULL ? call->named : call->call);
    assert_says (error, "tamga-fault-pkcs11.so");
    g_assert_cmpint (elapsed_ms, <, 15000);
}

static void hangs (gconstpointer name)
{
    timeout_ms = HANG_MS;
    misbehaves (name, "hang", TAMGA_KEYS_ERROR_MODULE_HANGS, "*did not end*");
    timeout_ms = 0;
}

static void crashes (gconstpointer name)
{
    misbehaves (name, "crash", TAMGA_KEYS_ERROR_MODULE_CRASHED, "*signal 11*");
}

static void exits (void)
{
    misbehaves ("C_Sign", "exit=0", TAMGA_KEYS_ERROR_MODULE_CRASHED, "");
    misbehaves ("C_Login", "abort", TAMGA_KEYS_ERROR_MODULE_CRASHED, "");
}

/* Each call has its own deadline: a token that is slow all the time is not one that hangs. */
static void slow_is_not_hanging (void)
{
    g_autoptr (GError) error = NULL;

    set_fault ("C_FindObjects:delay=400,C_FindObjectsFinal:delay=400,C_FindObjectsInit:delay=400,"
               "C_SignInit:delay=400,C_Sign:delay=400,C_GetSlotList:delay=400");
    timeout_ms = 1000;
    gint64 before = g_get_monotonic_time ();
    Stage stage = whole_job (&error);
    timeout_ms = 0;
    g_assert_no_error (error);
    g_assert_cmpint (stage, ==, NEVER);
    g_assert_cmpint (g_get_monotonic_time () - before, >, 2 * 1000 * 1000);
}

/* One that hangs does not make another one wait, nor hide it. */
static void hanging_beside_a_good_one (void)
{
    char *modules[] = {(char *)TAMGA_FAULT_PATH, (char *)tamga_softhsm_module (hsm),
                       (char *)TAMGA_FAULT_PATH, NULL};
    TamgaKeysConfig config = {.modules = modules, .timeout_ms = 2000};
    g_autoptr (GError) error = NULL;

    set_fault ("C_GetSlotList:hang");
    gint64 before = g_get_monotonic_time ();
    g_autoptr (GPtrArray) tokens = tamga_keys_tokens (&config, NULL, &error);
    gint64 elapsed_ms = (g_get_monotonic_time () - before) / 1000;
    g_assert_no_error (error);
    guint good = 0, hanging = 0;
    for (guint i = 0; i < tokens->len; i++) {
        TamgaKeyToken *token = tokens->pdata[i];
        good += token->initialized ? 1 : 0;
        if (token->problem != NULL) {
            g_assert_cmpint (token->problem_code, ==, TAMGA_KEYS_ERROR_MODULE_HANGS);
            hanging++;
        }
    }
    g_assert_cmpuint (good, ==, 1);
    g_assert_cmpuint (hanging, ==, 2);
    /* both waited for at once, not one after the other */
    g_assert_cmpint (elapsed_ms, <, 3900);
}

static void cancelled (void)
{
    g_autoptr (GError) error = NULL;
    TamgaCall call = TAMGA_CALL_INIT;
    guint64 one = 1;
    char *modules[] = {(char *)TAMGA_FAULT_PATH, NULL};
    TamgaKeysConfig config = {.modules = modules};

    set_fault ("C_Initialize:hang");
    call.cancel_fd = eventfd (0, EFD_CLOEXEC);
    g_assert_cmpint (write (call.cancel_fd, &one, sizeof one), ==, sizeof one);
    gint64 before = g_get_monotonic_time ();
    g_assert_null (tamga_key_store_open (NULL, &config, &call, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    g_assert_cmpint (g_get_monotonic_time () - before, <, 1000 * 1000);
    close (call.cancel_fd);
}

/* The caller's own deadline is kept where it comes before the module's. */
static void deadline_of_the_caller (void)
{
    g_autoptr (GError) error = NULL;
    TamgaCall call = tamga_call_within (NULL, 200);
    char *modules[] = {(char *)TAMGA_FAULT_PATH, NULL};
    TamgaKeysConfig config = {.modules = modules};

    set_fault ("C_Initialize:hang");
    gint64 before = g_get_monotonic_time ();
    g_assert_null (tamga_key_store_open (NULL, &config, &call, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_MODULE_HANGS);
    g_assert_cmpint (g_get_monotonic_time () - before, <, 2000 * 1000);
}

typedef struct {
    const char *fault;
    Stage stage;
    int code;
    const char *text;
} Value;

/* What the module returns, and what the person reads. */
static const Value values[] = {
    {"C_Login:error=0xA0", AT_LOGIN, TAMGA_KEYS_ERROR_WRONG_PIN, "wrong PIN"},
    {"C_Login:error=0xA1", AT_LOGIN, TAMGA_KEYS_ERROR_PIN_INVALID, "CKR_PIN_INVALID in C_Login"},
    {"C_Login:error=0xA2", AT_LOGIN, TAMGA_KEYS_ERROR_PIN_INVALID, "CKR_PIN_LEN_RANGE in C_Login"},
    {"C_Login:error=0xA3", AT_LOGIN, TAMGA_KEYS_ERROR_PIN_INVALID, "expired"},
    {"C_Login:error=0xA4", AT_LOGIN, TAMGA_KEYS_ERROR_PIN_LOCKED, "CKR_PIN_LOCKED in C_Login"},
    {"C_Login:error=0x102", AT_LOGIN, TAMGA_KEYS_ERROR_PIN_NOT_SET, "no PIN has been set"},
    {"C_Login:error=0x32", AT_LOGIN, TAMGA_KEYS_ERROR_TOKEN_REMOVED, "CKR_DEVICE_REMOVED"},
    {"C_Login:error=0x30", AT_LOGIN, TAMGA_KEYS_ERROR_FAILED, "CKR_DEVICE_ERROR in C_Login"},
    {"C_Login:error=5", AT_LOGIN, TAMGA_KEYS_ERROR_FAILED, "CKR_GENERAL_ERROR in C_Login"},
    {"C_Login:error=0x80000123", AT_LOGIN, TAMGA_KEYS_ERROR_FAILED, "CKR 0x80000123 in C_Login"},
    {"C_Login:error=0x50", AT_LOGIN, TAMGA_KEYS_ERROR_CANCELLED, "cancelled at the reader"},
    {"C_OpenSession:error=0xB1", AT_OPEN, TAMGA_KEYS_ERROR_FAILED, "CKR_SESSION_COUNT"},
    {"C_OpenSession:error=0xE0", AT_OPEN, TAMGA_KEYS_ERROR_TOKEN_REMOVED, "C_OpenSession"},
    {"C_Initialize:error=5", AT_OPEN, TAMGA_KEYS_ERROR_FAILED, "C_Initialize"},
    {"C_GetSlotList:error=5", AT_OPEN, TAMGA_KEYS_ERROR_FAILED, "C_GetSlotList"},
    {"C_FindObjects:error=0x32", AT_KEYS, TAMGA_KEYS_ERROR_TOKEN_REMOVED, "C_FindObjects"},
    {"C_GetAttributeValue:error=0xB3", AT_KEYS, TAMGA_KEYS_ERROR_TOKEN_REMOVED,
     "C_GetAttributeValue"},
    {"C_GetAttributeValue:error=0x30@9", AT_KEYS, TAMGA_KEYS_ERROR_FAILED, "C_GetAttributeValue"},
    {"C_SignInit:error=0x70", AT_SIGN, TAMGA_KEYS_ERROR_ALGORITHM, "CKR_MECHANISM_INVALID"},
    {"C_SignInit:error=0x101", AT_SIGN, TAMGA_KEYS_ERROR_FAILED, "wants its PIN before this"},
    {"C_Sign:error=0xB3", AT_SIGN, TAMGA_KEYS_ERROR_TOKEN_REMOVED, "CKR_SESSION_HANDLE_INVALID"},
    {"C_Sign:error=0x32", AT_SIGN, TAMGA_KEYS_ERROR_TOKEN_REMOVED, "CKR_DEVICE_REMOVED"},
    {"C_Sign:error=5", AT_SIGN, TAMGA_KEYS_ERROR_FAILED, "CKR_GENERAL_ERROR in C_Sign"},
    /* pulled in the middle of something: the module says "general error", the slot is empty */
    {"C_Sign:error=5,C_GetSlotInfo:error=0x32@4", AT_SIGN, TAMGA_KEYS_ERROR_TOKEN_REMOVED,
     "the token was removed (CKR_GENERAL_ERROR in C_Sign"},
    {"sign=spoiled", AT_SIGN, TAMGA_KEYS_ERROR_FAILED, "does not verify with the key's own"},
};

static void returns (gconstpointer data)
{
    const Value *row = data;
    g_autoptr (GError) error = NULL;

    set_fault (row->fault);
    g_assert_cmpint (whole_job (&error), ==, row->stage);
    g_assert_error (error, TAMGA_KEYS_ERROR, row->code);
    assert_says (error, row->text);
    /* a fault of the driver is never told as a wrong PIN (the first row is the only one) */
    if (row->code != TAMGA_KEYS_ERROR_WRONG_PIN)
        g_assert_null (strstr (error->message, "wrong PIN"));
}

static void assert_no_module (const char *path, const char *text)
{
    char *modules[] = {(char *)path, NULL};
    TamgaKeysConfig config = {.modules = modules};
    g_autoptr (GError) error = NULL;

    g_assert_null (tamga_key_store_open (NULL, &config, NULL, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_MODULE);
    assert_says (error, text);
    assert_says (error, path);
}

static void not_a_module (void)
{
    g_autofree char *text = g_build_filename (tamga_softhsm_dir (hsm), "text.so", NULL);

    set_fault ("");
    g_assert_true (g_file_set_contents (text, "not a library", -1, NULL));
    assert_no_module ("/nonexistent/module.so", "there is no PKCS#11 module");
    assert_no_module (text, "cannot be loaded");
    assert_no_module ("/usr/lib/x86_64-linux-gnu/libz.so.1", "no C_GetFunctionList");
    assert_no_module ("/usr", "cannot be loaded");
}

int main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;

    g_test_init (&argc, &argv, NULL);
    hsm = tamga_softhsm_new (&error);
    g_assert_no_error (error);
    tamga_softhsm_add_token (hsm, "faults", PIN, &error);
    g_assert_no_error (error);
    tamga_softhsm_add_identity (hsm, "faults", "01", "key", "rsa2048", "/C=VN/CN=Faults", &error);
    g_assert_no_error (error);
    g_setenv ("TAMGA_FAULT_MODULE", tamga_softhsm_module (hsm), TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS (all_calls); i++) {
        g_autofree char *hang = g_strdup_printf ("/keys/hangs/%s", all_calls[i]);
        g_test_add_data_func (hang, all_calls[i], hangs);
        g_autofree char *crash = g_strdup_printf ("/keys/crashes/%s", all_calls[i]);
        g_test_add_data_func (crash, all_calls[i], crashes);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (values); i++) {
        g_autofree char *name = g_strdup_printf ("/keys/returns/%s", values[i].fault);
        g_test_add_data_func (name, &values[i], returns);
    }
    g_test_add_func ("/keys/exits_and_aborts", exits);
    g_test_add_func ("/keys/slow_is_not_hanging", slow_is_not_hanging);
    g_test_add_func ("/keys/hanging_beside_a_good_one", hanging_beside_a_good_one);
    g_test_add_func ("/keys/cancelled", cancelled);
    g_test_add_func ("/keys/deadline_of_the_caller", deadline_of_the_caller);
    g_test_add_func ("/keys/not_a_module", not_a_module);
    int status = g_test_run ();
    tamga_softhsm_free (hsm);
    return status;
}
