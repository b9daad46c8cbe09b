/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fault module over SoftHSM: what it is told to do happens, and nothing else changes. */
#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <p11-kit/pkcs11.h>

#include "tests/card/softhsm.h"

#define PIN "314159"

/* What a run of the flow has seen. */
struct outcome {
    const char *failed; /* the call that did not return CKR_OK; NULL: all did */
    CK_RV rv;
    CK_FLAGS token_flags;
    CK_BBOOL always;
    CK_BYTE signature[512];
    CK_ULONG signature_length;
};

static tamga_softhsm *hsm;
static char *calls_file;
static const CK_BYTE message[] = "to be signed";

static void set_fault (const char *settings)
{
    g_setenv ("TAMGA_FAULT", settings, TRUE);
}

#define TRY(call, ...)                                                                             \
    do {                                                                                           \
        outcome->rv = list->call (__VA_ARGS__);                                                    \
        if (outcome->rv != CKR_OK) {                                                               \
            outcome->failed = #call;                                                               \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* One signature with the module, the way a client makes it. CONTEXT_PIN is used for
 * CKU_CONTEXT_SPECIFIC when not NULL. */
static void sign_with_list (CK_FUNCTION_LIST *list, const char *pin, const char *context_pin,
                            struct outcome *outcome)
{
    CK_SLOT_ID slots[8];
    CK_ULONG n = G_N_ELEMENTS (slots), found = 0;
    CK_TOKEN_INFO token;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof class};
    CK_ATTRIBUTE always = {CKA_ALWAYS_AUTHENTICATE, &outcome->always, sizeof outcome->always};
    CK_MECHANISM mechanism = {CKM_SHA256_RSA_PKCS, NULL, 0};

    TRY (C_Initialize, NULL);
    TRY (C_GetSlotList, CK_TRUE, slots, &n);
    TRY (C_GetTokenInfo, slots[0], &token);
    outcome->token_flags = token.flags;
    TRY (C_OpenSession, slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
    TRY (C_Login, session, CKU_USER, (CK_BYTE *)pin, pin == NULL ? 0 : strlen (pin));
    TRY (C_FindObjectsInit, session, &template, 1);
    TRY (C_FindObjects, session, &key, 1, &found);
    g_assert_cmpuint (found, ==, 1);
    TRY (C_FindObjectsFinal, session);
    TRY (C_GetAttributeValue, session, key, &always, 1);
    TRY (C_SignInit, session, &mechanism, key);
    if (context_pin != NULL)
        TRY (C_Login, session, CKU_CONTEXT_SPECIFIC, (CK_BYTE *)context_pin, strlen (context_pin));
    outcome->signature_length = sizeof outcome->signature;
    TRY (C_Sign, session, (CK_BYTE *)message, sizeof message, outcome->signature,
         &outcome->signature_length);
    TRY (C_Logout, session);
    TRY (C_CloseSession, session);
    TRY (C_Finalize, NULL);
}

/* Loads the module and runs the flow in this process. */
static void run_flow (const char *pin, const char *context_pin, struct outcome *outcome)
{
    void *library = dlopen (TAMGA_FAULT_PATH, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get_list;
    CK_FUNCTION_LIST *list = NULL;

    memset (outcome, 0, sizeof *outcome);
    g_assert_nonnull (library);
    *(void **)&get_list = dlsym (library, "C_GetFunctionList");
    g_assert_nonnull (get_list);
    outcome->rv = get_list (&list);
    if (outcome->rv != CKR_OK) {
        outcome->failed = "C_GetFunctionList";
    } else {
        g_assert_cmpuint (list->version.major, ==, 2);
        g_assert_cmpuint (list->version.minor, ==, 40);
        sign_with_list (list, pin, context_pin, outcome);
        if (outcome->failed != NULL)
            list->C_Finalize (NULL);
    }
    dlclose (library);
}

/* Runs the flow in a child, whose end is returned; the module may take the child with it. A pipe
 * brings the outcome back; `failed` is dropped on the way. */
static pid_t start_flow (const char *pin, const char *context_pin, int *out)
{
    int ends[2];
    pid_t child;

    g_unlink (calls_file);
    g_assert_cmpint (pipe (ends), ==, 0);
    child = fork ();
    g_assert_cmpint (child, >=, 0);
    if (child == 0) {
        struct outcome outcome;

        run_flow (pin, context_pin, &outcome);
        _exit (write (ends[1], &outcome, sizeof outcome) == sizeof outcome ? 0 : 1);
    }
    close (ends[1]);
    *out = ends[0];
    return child;
}

/* Ends of the child within 20 seconds; returns its wait status. */
static int wait_for_end (pid_t child)
{
    int status;

    for (int i = 0; i < 2000; i++) {
        if (waitpid (child, &status, WNOHANG) == child)
            return status;
        g_usleep (10000);
    }
    kill (child, SIGKILL);
    waitpid (child, &status, 0);
    g_error ("the child did not end");
    return status;
}

static int finish_flow (const char *pin, const char *context_pin, struct outcome *outcome)
{
    int out;
    pid_t child = start_flow (pin, context_pin, &out);
    int status = wait_for_end (child);

    memset (outcome, 0, sizeof *outcome);
    if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
        g_assert_cmpint (read (out, outcome, sizeof *outcome), ==, sizeof *outcome);
    close (out);
    return status;
}

static void expect_return (const char *settings, const char *pin, const char *context_pin, CK_RV rv)
{
    struct outcome outcome;

    set_fault (settings);
    g_assert_cmpint (finish_flow (pin, context_pin, &outcome), ==, 0);
    g_assert_cmphex (outcome.rv, ==, rv);
}

static char *read_calls (void)
{
    char *text = NULL;

    if (!g_file_get_contents (calls_file, &text, NULL, NULL))
        text = g_strdup ("");
    return text;
}

/* The signature is one by the imported key: OpenSSL says so. */
static void assert_signature (const struct outcome *outcome)
{
    g_autofree char *path = g_build_filename (tamga_softhsm_dir (hsm), "01.pem", NULL);
    FILE *file = fopen (path, "r");
    EVP_PKEY *key;
    EVP_MD_CTX *context = EVP_MD_CTX_new ();

    g_assert_nonnull (file);
    key = PEM_read_PrivateKey (file, NULL, NULL, NULL);
    fclose (file);
    g_assert_nonnull (key);
    g_assert_cmpint (EVP_DigestVerifyInit (context, NULL, EVP_sha256 (), NULL, key), ==, 1);
    g_assert_cmpint (EVP_DigestVerify (context, outcome->signature, outcome->signature_length,
                                       message, sizeof message),
                     ==, 1);
    EVP_MD_CTX_free (context);
    EVP_PKEY_free (key);
}

static void test_passes_calls_on (void)
{
    g_autofree char *settings = g_strconcat ("calls=", calls_file, NULL);
    g_autofree char *calls = NULL;
    struct outcome outcome;

    set_fault (settings);
    g_assert_cmpint (finish_flow (PIN, NULL, &outcome), ==, 0);
    g_assert_cmphex (outcome.rv, ==, CKR_OK);
    assert_signature (&outcome);
    g_assert_cmphex (outcome.token_flags & (CKF_PROTECTED_AUTHENTICATION_PATH |
                                            CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY),
                     ==, 0);
    g_assert_cmpint (outcome.always, ==, CK_FALSE);
    calls = read_calls ();
    g_assert_cmpstr (calls, ==,
                     "load\nC_GetFunctionList\nC_Initialize\nC_GetSlotList\nC_GetTokenInfo\n"
                     "C_OpenSession\nC_Login\nC_FindObjectsInit\nC_FindObjects\n"
                     "C_FindObjectsFinal\nC_GetAttributeValue\nC_SignInit\nC_Sign\nC_Logout\n"
                     "C_CloseSession\nC_Finalize\n");
    expect_return ("", "wrong", NULL, CKR_PIN_INCORRECT);
}

/* The module loads and works in this process too, which may be a sanitized one. */
static void test_loads_in_this_process (void)
{
    struct outcome outcome;

    set_fault ("");
    run_flow (PIN, NULL, &outcome);
    g_assert_cmpstr (outcome.failed, ==, NULL);
    assert_signature (&outcome);
}

static void test_hangs_in_each_call (void)
{
    static const char *const names[] = {"load",
                                        "C_GetFunctionList",
                                        "C_Initialize",
                                        "C_GetSlotList",
                                        "C_GetTokenInfo",
                                        "C_OpenSession",
                                        "C_Login",
                                        "C_FindObjectsInit",
                                        "C_FindObjects",
                                        "C_FindObjectsFinal",
                                        "C_GetAttributeValue",
                                        "C_SignInit",
                                        "C_Sign",
                                        "C_Logout",
                                        "C_CloseSession",
                                        "C_Finalize"};

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autofree char *settings = g_strdup_printf ("calls=%s,%s:hang", calls_file, names[i]);
        g_autofree char *last = g_strconcat (names[i], "\n", NULL);
        gboolean reached = FALSE;
        int out, status;
        pid_t child;

        set_fault (settings);
        child = start_flow (PIN, NULL, &out);
        for (int t = 0; t < 2000 && !reached; t++) {
            g_autofree char *calls = read_calls ();

            reached = g_str_has_suffix (calls, last);
            g_usleep (5000);
        }
        g_assert_true (reached);
        g_usleep (100000);
        g_assert_cmpint (waitpid (child, &status, WNOHANG), ==, 0);
        g_autofree char *calls = read_calls ();
        g_assert_true (g_str_has_suffix (calls, last));
        kill (child, SIGKILL);
        g_assert_cmpint (waitpid (child, &status, 0), ==, child);
        close (out);
    }
}

static void test_dies_as_told (void)
{
    struct outcome outcome;
    int status;

    set_fault ("C_Login:crash");
    status = finish_flow (PIN, NULL, &outcome);
    g_assert_true (WIFSIGNALED (status));
    g_assert_cmpint (WTERMSIG (status), ==, SIGSEGV);
    set_fault ("C_Sign:abort");
    status = finish_flow (PIN, NULL, &outcome);
    g_assert_true (WIFSIGNALED (status));
    g_assert_cmpint (WTERMSIG (status), ==, SIGABRT);
    set_fault ("C_Finalize:exit=7");
    status = finish_flow (PIN, NULL, &outcome);
    g_assert_true (WIFEXITED (status));
    g_assert_cmpint (WEXITSTATUS (status), ==, 7);
}

static void test_returns_and_delays (void)
{
    gint64 start;

    expect_return ("C_OpenSession:error=0x32", PIN, NULL, CKR_DEVICE_REMOVED);
    expect_return ("C_Sign:error=50,C_Login:delay=1", PIN, NULL, CKR_DEVICE_REMOVED);
    expect_return ("C_Login:error=0xa4@1", PIN, NULL, CKR_PIN_LOCKED);
    expect_return ("C_Login:error=0xa4@2", PIN, NULL, CKR_OK);
    start = g_get_monotonic_time ();
    expect_return ("C_GetSlotList:delay=700", PIN, NULL, CKR_OK);
    g_assert_cmpint (g_get_monotonic_time () - start, >=, 700000);
}

static void test_refuses_a_misspelt_setting (void)
{
    static const char *const wrong[] = {
        "C_Sing:hang",    "C_Sign:hung",       "C_Sign",          "C_Sign:hang=1",
        "C_Sign:error",   "C_Sign:error=0xzz", "C_Sign:hang@0",   "C_Sign:hang@x",
        "flag=none-such", "attr=sensitive",    "C_Sign:delay=-1", "calls=/nonexistent/folder/x",
        "C_Sign:error=5 "};

    for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
        expect_return (wrong[i], PIN, NULL, CKR_GENERAL_ERROR);
    g_unsetenv ("TAMGA_FAULT_MODULE");
    expect_return ("", PIN, NULL, CKR_GENERAL_ERROR);
    g_setenv ("TAMGA_FAULT_MODULE", tamga_softhsm_module (hsm), TRUE);
}

static void test_sets_token_flags (void)
{
    static const struct {
        const char *settings;
        CK_FLAGS flags;
    } rows[] = {{"flag=count-low", CKF_USER_PIN_COUNT_LOW},
                {"flag=final-try", CKF_USER_PIN_FINAL_TRY},
                {"flag=locked", CKF_USER_PIN_LOCKED},
                {"flag=to-change", CKF_USER_PIN_TO_BE_CHANGED},
                {"flag=count-low,flag=final-try", CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY}};
    const CK_FLAGS all = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED |
                         CKF_USER_PIN_TO_BE_CHANGED;

    /* A good login first: SoftHSM raises the flag count-low itself after a wrong PIN. */
    expect_return ("", PIN, NULL, CKR_OK);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        struct outcome outcome;

        set_fault (rows[i].settings);
        g_assert_cmpint (finish_flow (PIN, NULL, &outcome), ==, 0);
        g_assert_cmphex (outcome.token_flags & all, ==, rows[i].flags);
    }
}

static void test_plays_a_pinpad (void)
{
    struct outcome outcome;

    g_setenv ("TAMGA_FAULT_PINPAD_PIN", PIN, TRUE);
    set_fault ("flag=pinpad");
    g_assert_cmpint (finish_flow (NULL, NULL, &outcome), ==, 0);
    g_assert_cmphex (outcome.rv, ==, CKR_OK);
    g_assert_true (outcome.token_flags & CKF_PROTECTED_AUTHENTICATION_PATH);
    assert_signature (&outcome);
    expect_return ("flag=pinpad", PIN, NULL, CKR_ARGUMENTS_BAD);
    g_setenv ("TAMGA_FAULT_PINPAD_PIN", "999999", TRUE);
    expect_return ("flag=pinpad", NULL, NULL, CKR_PIN_INCORRECT);
    g_unsetenv ("TAMGA_FAULT_PINPAD_PIN");
    expect_return ("flag=pinpad", NULL, NULL, CKR_FUNCTION_CANCELED);
}

static void test_asks_the_pin_for_each_signature (void)
{
    struct outcome outcome;

    set_fault ("attr=always-authenticate");
    g_assert_cmpint (finish_flow (PIN, PIN, &outcome), ==, 0);
    g_assert_cmphex (outcome.rv, ==, CKR_OK);
    g_assert_cmpint (outcome.always, ==, CK_TRUE);
    assert_signature (&outcome);
    expect_return ("attr=always-authenticate", PIN, NULL, CKR_USER_NOT_LOGGED_IN);
    expect_return ("attr=always-authenticate", PIN, "999999", CKR_PIN_INCORRECT);
}

/* SoftHSM's own keys of that kind, as the fixture makes them. */
static void test_softhsm_asks_for_each_signature (void)
{
    g_autofree char *key = g_build_filename (tamga_softhsm_dir (hsm), "01.pem", NULL);
    tamga_softhsm *first = g_steal_pointer (&hsm);
    g_autoptr (GError) error = NULL;
    g_autofree char *copy = NULL;
    struct outcome outcome;

    hsm = tamga_softhsm_new (&error);
    g_assert_no_error (error);
    g_assert_true (tamga_softhsm_add_token (hsm, "always", PIN, &error));
    g_assert_true (tamga_softhsm_import_always_key (hsm, "always", "01", "sign", key, &error));
    copy = g_build_filename (tamga_softhsm_dir (hsm), "01.pem", NULL);
    g_assert_cmpint (g_rename (key, copy), ==, 0);

    set_fault ("");
    g_assert_cmpint (finish_flow (PIN, PIN, &outcome), ==, 0);
    g_assert_cmphex (outcome.rv, ==, CKR_OK);
    g_assert_cmpint (outcome.always, ==, CK_TRUE);
    assert_signature (&outcome);
    expect_return ("", PIN, NULL, CKR_USER_NOT_LOGGED_IN);
    tamga_softhsm_free (first);
}

int main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;
    int result;

    g_test_init (&argc, &argv, NULL);
    hsm = tamga_softhsm_new (&error);
    g_assert_no_error (error);
    g_assert_true (tamga_softhsm_add_token (hsm, "fault", PIN, &error));
    g_assert_true (tamga_softhsm_add_identity (hsm, "fault", "01", "sign", "rsa2048",
                                               "/C=VN/CN=Fault", &error));
    g_setenv ("TAMGA_FAULT_MODULE", tamga_softhsm_module (hsm), TRUE);
    calls_file = g_build_filename (tamga_softhsm_dir (hsm), "calls", NULL);

    g_test_add_func ("/fault/passes_calls_on", test_passes_calls_on);
    g_test_add_func ("/fault/hangs_in_each_call", test_hangs_in_each_call);
    g_test_add_func ("/fault/dies_as_told", test_dies_as_told);
    g_test_add_func ("/fault/returns_and_delays", test_returns_and_delays);
    g_test_add_func ("/fault/refuses_a_misspelt_setting", test_refuses_a_misspelt_setting);
    g_test_add_func ("/fault/sets_token_flags", test_sets_token_flags);
    g_test_add_func ("/fault/plays_a_pinpad", test_plays_a_pinpad);
    g_test_add_func ("/fault/asks_the_pin_for_each_signature",
                     test_asks_the_pin_for_each_signature);
    g_test_add_func ("/fault/loads_in_this_process", test_loads_in_this_process);
    g_test_add_func ("/fault/softhsm_asks_for_each_signature",
                     test_softhsm_asks_for_each_signature);
    result = g_test_run ();
    tamga_softhsm_free (hsm);
    g_free (calls_file);
    return result;
}
