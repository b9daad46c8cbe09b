/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent's side of the prompter protocol, against prompters that answer and that do not. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bridge/prompter.h"

#define BIG (10u * 1024 * 1024)
#define PATIENCE_MS 10000u

#define ANSWER                                                                                     \
    "read first; read question; echo '{\"id\":1,\"answer\":\"allow\",\"remember\":\"once\"}'; "    \
    "read end"

static TamgaPrompter *start (const char *script)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaCaller) caller = tamga_caller_new (1, "https://portal.example", NULL);
    g_autofree char *quoted = g_shell_quote (script);
    g_autofree char *command = g_strconcat ("sh -c ", quoted, NULL);
    TamgaPrompter *prompter = tamga_prompter_start (command, "en", caller, &error);
    g_assert_no_error (error);
    return prompter;
}

static json_t *question (gsize size)
{
    g_autofree char *text = g_strnfill (size, 'x');
    return json_pack ("{s:s, s:s}", "ask", "grant", "text", text);
}

static void test_answer (void)
{
    g_autoptr (TamgaPrompter) prompter = start (ANSWER);
    g_autoptr (GError) error = NULL;
    const TamgaCall call = tamga_call_within (NULL, PATIENCE_MS);
    json_t *answer = tamga_prompter_ask (prompter, question (1), &call, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (json_string_value (json_object_get (answer, "answer")), ==, "allow");
    json_decref (answer);
}

/* Whatever is no answer to this question is the person's "cancel". */
static void test_no_answer (gconstpointer script)
{
    g_autoptr (TamgaPrompter) prompter = start (script);
    g_autoptr (GError) error = NULL;
    const TamgaCall call = tamga_call_within (NULL, PATIENCE_MS);
    g_assert_null (tamga_prompter_ask (prompter, question (1), &call, &error));
    g_assert_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED);
}

static gpointer give_up (gpointer data)
{
    const guint64 one = 1;
    g_usleep (200 * 1000);
    g_assert_cmpint (write (GPOINTER_TO_INT (data), &one, sizeof one), ==, sizeof one);
    return NULL;
}

/* A question of `size` bytes to a prompter that does nothing ends when the caller goes away. */
static void ask_the_silent (gsize size)
{
    TamgaPrompter *prompter = start ("trap '' TERM; sleep 60");
    g_autoptr (GError) error = NULL;
    TamgaCall call = tamga_call_within (NULL, PATIENCE_MS);
    gint64 begun = g_get_monotonic_time ();
    call.cancel_fd = eventfd (0, EFD_CLOEXEC);
    GThread *thread = g_thread_new ("caller", give_up, GINT_TO_POINTER (call.cancel_fd));
    g_assert_null (tamga_prompter_ask (prompter, question (size), &call, &error));
    g_assert_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_GONE);
    g_thread_join (thread);
    tamga_prompter_caller_gone (prompter);
    tamga_prompter_free (prompter); /* it ignores SIGTERM: killed */
    close (call.cancel_fd);
    g_assert_cmpint (g_get_monotonic_time () - begun, <, PATIENCE_MS * 1000);
}

static void test_silent (void)
{
    ask_the_silent (1);
}

static void test_does_not_read (void)
{
    ask_the_silent (BIG);
}

static void test_pin (void)
{
    g_autoptr (TamgaPrompter) prompter = start (
        "read first; read question; echo 1234 >&3; echo '{\"id\":1,\"answer\":\"pin\"}'; read end");
    g_autoptr (GError) error = NULL;
    const TamgaCall call = tamga_call_within (NULL, PATIENCE_MS);
    char pin[16] = "";
    json_t *answer = tamga_prompter_ask (prompter, question (1), &call, &error);
    g_assert_no_error (error);
    char *said = json_dumps (answer, 0);
    g_assert_null (strstr (said, "1234"));
    free (said);
    g_assert_cmpint (read (tamga_prompter_pin_source (prompter), pin, sizeof pin - 1), ==, 5);
    g_assert_cmpstr (pin, ==, "1234\n");
    json_decref (answer);
}

static void test_none (void)
{
    g_autoptr (TamgaCaller) caller = tamga_caller_new (1, NULL, NULL);
    static const char *const commands[] = {"none", "/nonexistent/prompter", "'"};
    for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
        g_autoptr (GError) error = NULL;
        g_assert_null (tamga_prompter_start (commands[i], "en", caller, &error));
        g_assert_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PROMPTER);
    }
}

int main (int argc, char **argv)
{
    static const struct {
        const char *path, *script;
    } wrong[] = {
        {"/prompter/no-answer/wrong-id",
         "read first; read question; echo '{\"id\":2,\"answer\":\"allow\"}'; read end"},
        {"/prompter/no-answer/id-as-text",
         "read first; read question; echo '{\"id\":\"1\",\"answer\":\"allow\"}'; read end"},
        {"/prompter/no-answer/garbage", "read first; read question; echo '{\"id\":1,'; read end"},
        {"/prompter/no-answer/cut", "printf '{\"id\":1,\"answer\":\"allow\"}'"},
        {"/prompter/no-answer/unsupported",
         "read first; read question; echo '{\"id\":1,\"answer\":\"unsupported\"}'; read end"},
        {"/prompter/no-answer/cancel",
         "read first; read question; echo '{\"id\":1,\"answer\":\"cancel\"}'; read end"},
        {"/prompter/no-answer/end", "exit 0"},
        {"/prompter/no-answer/killed", "read first; kill -9 $$"},
        {"/prompter/no-answer/endless-line", "exec cat /dev/zero"},
    };
    /* As tamga-bridge does at its start: a pipe without a reader is an error, not an end. */
    signal (SIGPIPE, SIG_IGN);
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/prompter/answer", test_answer);
    for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
        g_test_add_data_func (wrong[i].path, wrong[i].script, test_no_answer);
    g_test_add_func ("/prompter/silent", test_silent);
    g_test_add_func ("/prompter/does-not-read", test_does_not_read);
    g_test_add_func ("/prompter/pin", test_pin);
    g_test_add_func ("/prompter/none", test_none);
    return g_test_run ();
}
