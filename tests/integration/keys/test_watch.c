/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens that come and go while their modules stay open. */
#include <signal.h>
#include <unistd.h>

#include "client/keys/watch.h"
#include "formats/ossl.h"
#include "tests/integration/keys/fixture.h"

#define PIN "482915"

static tamga_softhsm *hsm;

/* A watch over one module, which must outlive it. */
static TamgaKeysWatch *watch_module (const char *path)
{
    char *modules[] = {(char *)path, NULL};
    return tamga_keys_watch_new (&(TamgaKeysConfig){.modules = modules});
}

static const GPtrArray *tokens_now (TamgaKeysWatch *watch)
{
    g_autoptr (GError) error = NULL;
    const GPtrArray *tokens = tamga_keys_watch_tokens (watch, NULL, &error);
    g_assert_no_error (error);
    g_assert_nonnull (tokens);
    return tokens;
}

static const TamgaKeyToken *find (const GPtrArray *tokens, const char *label)
{
    for (guint i = 0; i < tokens->len; i++) {
        const TamgaKeyToken *token = tokens->pdata[i];
        if (token->present && token->initialized && g_str_equal (token->label, label))
            return token;
    }
    return NULL;
}

static void run (const char *command, const char *label)
{
    g_autofree char *line =
        g_strdup_printf ("softhsm2-util %s '%s' >/dev/null 2>&1", command, label);
    g_assert_cmpint (system (line), ==, 0);
}

/* What was plugged in and pulled since the last question is seen at the next one. */
static void comes_and_goes (void)
{
    g_autoptr (TamgaKeysWatch) watch = watch_module (tamga_softhsm_module (hsm));
    g_autoptr (GError) error = NULL;

    g_assert_nonnull (find (tokens_now (watch), "first"));
    g_assert_null (find (tokens_now (watch), "second"));
    tamga_softhsm_add_token (hsm, "second", PIN, &error);
    g_assert_no_error (error);
    g_assert_nonnull (find (tokens_now (watch), "second"));
    g_assert_nonnull (find (tokens_now (watch), "first"));
    run ("--delete-token --token", "second");
    g_assert_null (find (tokens_now (watch), "second"));
    g_assert_nonnull (find (tokens_now (watch), "first"));
}

/* Sites ask again and again. */
static void is_cheap (void)
{
    enum { QUESTIONS = 200 };
    g_autoptr (TamgaKeysWatch) watch = watch_module (tamga_softhsm_module (hsm));

    tokens_now (watch);
    gint64 begin = g_get_monotonic_time ();
    for (int i = 0; i < QUESTIONS; i++)
        g_assert_nonnull (find (tokens_now (watch), "first"));
    double each = (double)(g_get_monotonic_time () - begin) / QUESTIONS / 1000;
    g_test_message ("%.3f ms for each question", each);
    g_assert_cmpfloat (each, <, 10); /* far from the start of a process, on a busy machine too */
}

/* The processes that were started for the watch, by their parent. */
static guint end_children (void)
{
    g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/children", (int)getpid ());
    g_autofree char *text = NULL;
    guint n = 0;

    g_file_get_contents (path, &text, NULL, NULL);
    g_auto (GStrv) pids = g_strsplit (text != NULL ? text : "", " ", -1);
    for (char **pid = pids; *pid != NULL; pid++) {
        if (**pid != '\0' && kill ((pid_t)g_ascii_strtoll (*pid, NULL, 10), SIGKILL) == 0)
            n++;
    }
    return n;
}

/* A process that was ended is started again, without a word to the one who asks. */
static void started_again (void)
{
    g_autoptr (TamgaKeysWatch) watch = watch_module (tamga_softhsm_module (hsm));

    g_assert_nonnull (find (tokens_now (watch), "first"));
    g_assert_cmpuint (end_children (), ==, 1);
    g_assert_nonnull (find (tokens_now (watch), "first"));
}

static gpointer ask_in_thread (gpointer data)
{
    g_assert_nonnull (find (tokens_now (data), "first"));
    return NULL;
}

/* The thread that asked first ends, and takes its processes along. */
static void other_thread (void)
{
    g_autoptr (TamgaKeysWatch) watch = watch_module (tamga_softhsm_module (hsm));

    for (int i = 0; i < 3; i++)
        g_thread_join (g_thread_new ("asks", ask_in_thread, watch));
    g_assert_nonnull (find (tokens_now (watch), "first"));
}

/* A module that hangs is a problem that is told, and does not hold up each question after. */
static void hangs (void)
{
    char *modules[] = {(char *)TAMGA_FAULT_PATH, (char *)tamga_softhsm_module (hsm), NULL};

    g_setenv ("TAMGA_FAULT_MODULE", tamga_softhsm_module (hsm), TRUE);
    g_setenv ("TAMGA_FAULT", "C_GetSlotList:hang", TRUE);
    g_autoptr (TamgaKeysWatch) watch =
        tamga_keys_watch_new (&(TamgaKeysConfig){.modules = modules, .timeout_ms = 1000});
    for (int i = 0; i < 4; i++) {
        gint64 begin = g_get_monotonic_time ();
        const GPtrArray *tokens = tokens_now (watch);
        g_assert_nonnull (find (tokens, "first"));
        const TamgaKeyToken *problem = tokens->pdata[0];
        g_assert_cmpint (problem->problem_code, ==, TAMGA_KEYS_ERROR_MODULE_HANGS);
        if (i > 0)
            g_assert_cmpint (g_get_monotonic_time () - begin, <, 900 * 1000);
    }
    g_unsetenv ("TAMGA_FAULT");
}

/* A watch that rests has no process, and works on when it is asked. */
static void rests (void)
{
    g_autoptr (TamgaKeysWatch) watch = watch_module (tamga_softhsm_module (hsm));

    tokens_now (watch);
    tamga_keys_watch_rest (watch, 60000);
    g_assert_cmpuint (end_children (), ==, 1);
    tokens_now (watch);
    g_usleep (20000);
    tamga_keys_watch_rest (watch, 10);
    g_assert_cmpuint (end_children (), ==, 0);
    g_assert_nonnull (find (tokens_now (watch), "first"));
}

int main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;

    g_test_init (&argc, &argv, NULL);
    hsm = tamga_softhsm_new (&error);
    g_assert_no_error (error);
    tamga_softhsm_add_token (hsm, "first", PIN, &error);
    g_assert_no_error (error);
    g_test_add_func ("/watch/cheap", is_cheap);
    g_test_add_func ("/watch/comes_and_goes", comes_and_goes);
    g_test_add_func ("/watch/started_again", started_again);
    g_test_add_func ("/watch/other_thread", other_thread);
    g_test_add_func ("/watch/hangs", hangs);
    g_test_add_func ("/watch/rests", rests);
    int status = g_test_run ();
    tamga_softhsm_free (hsm);
    return status;
}
