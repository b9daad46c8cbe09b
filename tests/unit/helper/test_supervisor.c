/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helper processes: spawned, asked, killed when they hang, reaped, their death an ordinary error.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/helper/helper.h"
#include "tests/unit/helper/test_helper.h"

static const char *const codes[] = TEST_HELPER_CODES;

static GQuark domain (void)
{
    return g_quark_from_static_string ("test-helper");
}

static TamgaHelper *start (const char *argument)
{
    const char *const arguments[] = {argument, NULL};
    g_autoptr (GError) error = NULL;
    TamgaHelper *helper = tamga_helper_spawn ("tamga-test-helper", arguments, &error);
    g_assert_no_error (error);
    g_assert_nonnull (helper);
    return helper;
}

static GVariant *ask (TamgaHelper *helper, const char *verb, guint milliseconds, GError **error)
{
    TamgaCall call = tamga_call_within (NULL, milliseconds);
    return tamga_helper_ask (helper, verb, NULL, -1, &call, domain (), codes, error);
}

/* No process with this id is ours any more: it was reaped, or never was. */
static void assert_reaped (GPid pid)
{
    g_assert_cmpint (waitpid (pid, NULL, WNOHANG), ==, -1);
    g_assert_cmpint (errno, ==, ECHILD);
}

static void answers (void)
{
    g_autoptr (TamgaHelper) helper = start (NULL);
    g_autoptr (GError) error = NULL;
    GVariantBuilder builder;
    g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&builder, "{sv}", "number", g_variant_new_uint64 (0x0102030405060708));
    g_autoptr (GVariant) answer = tamga_helper_ask (
        helper, "echo", g_variant_builder_end (&builder), -1, NULL, domain (), codes, &error);
    guint64 number = 0;
    g_assert_no_error (error);
    g_assert_true (g_variant_lookup (answer, "number", "t", &number));
    g_assert_cmpuint (number, ==, 0x0102030405060708);
    g_assert_true (tamga_helper_alive (helper));
}

static void large_message (void)
{
    g_autoptr (TamgaHelper) helper = start (NULL);
    g_autoptr (GError) error = NULL;
    gsize size = 8 * 1024 * 1024 + 3;
    guint8 *bytes = g_malloc (size);
    for (gsize i = 0; i < size; i++)
        bytes[i] = (guint8)(i * 7 + (i >> 8));
    g_autoptr (GBytes) blob = g_bytes_new_take (bytes, size);
    GVariantBuilder builder;
    g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&builder, "{sv}", "blob",
                           g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, blob, TRUE));
    TamgaCall call = tamga_call_within (NULL, 60000);
    g_autoptr (GVariant) answer = tamga_helper_ask (
        helper, "echo", g_variant_builder_end (&builder), -1, &call, domain (), codes, &error);
    g_assert_no_error (error);
    g_autoptr (GVariant) value = g_variant_lookup_value (answer, "blob", G_VARIANT_TYPE_BYTESTRING);
    g_autoptr (GBytes) back = g_variant_get_data_as_bytes (value);
    g_assert_true (g_bytes_equal (back, blob));
}

/* The helper has its four descriptors and none of ours, even those without close-on-exec. */
static void confined (void)
{
    int leak = open ("/dev/null", O_RDONLY);
    g_assert_cmpint (fcntl (leak, F_DUPFD, 100), >=, 100);
    g_autoptr (TamgaHelper) helper = start (NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) facts = ask (helper, "facts", 10000, &error);
    guint32 fds = 0;
    guint64 core = 1;
    gint32 dumpable = 1, privileges = 0;
    gboolean cloexec = FALSE;

    g_assert_no_error (error);
    g_assert_true (g_variant_lookup (facts, "fds", "u", &fds));
    g_assert_true (g_variant_lookup (facts, "core", "t", &core));
    g_assert_true (g_variant_lookup (facts, "dumpable", "i", &dumpable));
    g_assert_true (g_variant_lookup (facts, "no-new-privs", "i", &privileges));
    g_assert_true (g_variant_lookup (facts, "cloexec", "b", &cloexec));
    g_assert_cmpuint (fds, ==, 4);
    g_assert_cmpuint (core, ==, 0);
    g_assert_cmpint (dumpable, ==, 0);
    g_assert_cmpint (privileges, ==, 1);
    g_assert_true (cloexec);
    close (leak);
}

static void passes_descriptor (void)
{
    g_autoptr (TamgaHelper) helper = start (NULL);
    g_autoptr (GError) error = NULL;
    TamgaCall call = tamga_call_within (NULL, 10000);
    const char *text = NULL;
    int ends[2];

    g_assert_cmpint (pipe2 (ends, O_CLOEXEC), ==, 0);
    g_assert_true (tamga_helper_send (helper, "read", NULL, ends[0], &call, &error));
    close (ends[0]);
    g_assert_cmpint (write (ends[1], "through the pipe", 16), ==, 16);
    close (ends[1]);
    g_autoptr (GVariant) answer = tamga_helper_receive (helper, &call, domain (), codes, &error);
    g_assert_no_error (error);
    g_assert_true (g_variant_lookup (answer, "read", "&s", &text));
    g_assert_cmpstr (text, ==, "through the pipe");
}

static void error_of_helper (void)
{
    g_autoptr (TamgaHelper) helper = start (NULL);
    g_autoptr (GError) error = NULL;
    g_assert_null (ask (helper, "no-such-verb", 10000, &error));
    g_assert_error (error, domain (), TEST_HELPER_UNKNOWN);
    g_assert_cmpstr (error->message, ==, "no such verb");
    /* an error is an answer: the helper lives on */
    g_clear_error (&error);
    g_autoptr (GVariant) facts = ask (helper, "facts", 10000, &error);
    g_assert_no_error (error);
    g_assert_nonnull (facts);
}

static void hangs (void)
{
    g_autoptr (TamgaHelper) helper = start (NULL);
    g_autoptr (GError) error = NULL;
    GPid pid = tamga_helper_pid (helper);
    gint64 before = g_get_monotonic_time ();

    g_assert_null (ask (helper, "hang", 300, &error));
    gint64 elapsed = g_get_monotonic_time () - before;
    g_assert_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_TIMEOUT);
    g_assert_cmpint (elapsed, >=, 300 * 1000);
    g_assert_cmpint (elapsed, <, 3000 * 1000);
    g_assert_false (tamga_helper_alive (helper));
    assert_reaped (pid);
    /* asked again it says the same, at once */
    g_clear_error (&error);
    g_assert_null (ask (helper, "facts", 300, &error));
    g_assert_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_TIMEOUT);
}

static void cancelled (void)
{
    g_autoptr (TamgaHelper) helper = start (NULL);
    g_autoptr (GError) error = NULL;
    GPid pid = tamga_helper_pid (helper);
    TamgaCall call = TAMGA_CALL_INIT;
    guint64 one = 1;

    call.cancel_fd = eventfd (0, EFD_CLOEXEC);
    g_assert_cmpint (write (call.cancel_fd, &one, sizeof one), ==, sizeof one);
    g_assert_true (tamga_call_cancelled (&call));
    g_assert_null (tamga_helper_ask (helper, "hang", NULL, -1, &call, domain (), codes, &error));
    g_assert_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_CANCELLED);
    assert_reaped (pid);
    close (call.cancel_fd);
}

/* A module that is writing to its token when the person gives up gets to the end of it. */
static void cancelled_while_writing (void)
{
    g_autoptr (TamgaHelper) helper = start (NULL);
    g_autoptr (GError) error = NULL;
    TamgaCall call = TAMGA_CALL_INIT;
    guint64 one = 1;
    char text[8] = "";
    int ends[2];
    g_autoptr (GVariant) started = ask (helper, "facts", 10000, &error);

    g_assert_no_error (error);
    g_assert_cmpint (pipe2 (ends, O_CLOEXEC), ==, 0);
    g_assert_true (tamga_helper_send (helper, "write", NULL, ends[1], NULL, &error));
    close (ends[1]);
    call.cancel_fd = eventfd (0, EFD_CLOEXEC);
    g_assert_cmpint (write (call.cancel_fd, &one, sizeof one), ==, sizeof one);
    g_assert_null (tamga_helper_receive (helper, &call, domain (), codes, &error));
    g_assert_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_CANCELLED);
    g_assert_cmpint (read (ends[0], text, sizeof text - 1), ==, 5);
    g_assert_cmpstr (text, ==, "whole");
    close (ends[0]);
    close (call.cancel_fd);
}

typedef struct {
    const char *verb, *argument;
    TamgaHelperError code;
    const char *text;
} Death;

static void death (gconstpointer data)
{
    const Death *row = data;
    g_autoptr (TamgaHelper) helper = start (row->argument);
    g_autoptr (GError) error = NULL;
    GPid pid = tamga_helper_pid (helper);

    g_assert_null (ask (helper, row->verb, 500, &error));
    g_assert_error (error, TAMGA_HELPER_ERROR, (int)row->code);
    if (strstr (error->message, row->text) == NULL)
        g_error ("\"%s\" does not say \"%s\"", error->message, row->text);
    assert_reaped (pid);
}

/* What a module forked does not outlive the helper, also where the helper died by itself. */
static void kills_what_is_left (void)
{
    g_autoptr (TamgaHelper) helper = start (NULL);
    g_autoptr (GError) error = NULL;
    TamgaCall call = tamga_call_within (NULL, 500);
    int ends[2];

    g_assert_cmpint (pipe2 (ends, O_CLOEXEC), ==, 0);
    g_assert_null (tamga_helper_ask (helper, "die-with-child", NULL, ends[1], &call, domain (),
                                     codes, &error));
    g_assert_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED);
    close (ends[1]);
    /* the child holds the other end as long as it lives, which is five seconds by itself */
    struct pollfd end = {.fd = ends[0], .events = POLLIN};
    g_assert_cmpint (poll (&end, 1, 3000), ==, 1);
    g_assert_cmpint (end.revents & POLLHUP, ==, POLLHUP);
    close (ends[0]);
}

static void missing (void)
{
    g_autoptr (GError) error = NULL;
    g_assert_null (tamga_helper_spawn ("tamga-no-such-helper", NULL, &error));
    g_assert_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_MISSING);
}

/* Whoever controls PATH does not get the PIN. */
static void not_from_path (void)
{
    g_autofree char *folder = g_dir_make_tmp ("tamga-path-XXXXXX", NULL);
    g_autofree char *program = g_build_filename (folder, "tamga-elsewhere", NULL);
    g_autofree char *path = g_strdup (g_getenv ("PATH"));
    g_autoptr (GError) error = NULL;

    g_assert_true (g_file_set_contents_full (program, "#!/bin/sh\n", -1, 0, 0700, NULL));
    g_setenv ("PATH", folder, TRUE);
    g_assert_null (tamga_helper_spawn ("tamga-elsewhere", NULL, &error));
    g_assert_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_MISSING);
    g_setenv ("PATH", path, TRUE);
    unlink (program);
    rmdir (folder);
}

/* The helper of a program that is killed dies too, even when it does not look at its socket. */
static void dies_with_parent (void)
{
    int ends[2];
    GPid grandchild = 0;

    g_assert_cmpint (pipe2 (ends, O_CLOEXEC), ==, 0);
    pid_t child = fork ();
    if (child == 0) {
        TamgaHelper *helper = start (NULL);
        GPid pid = tamga_helper_pid (helper);
        g_autoptr (GError) error = NULL;
        g_autoptr (GVariant) facts = ask (helper, "facts", 10000, &error);
        g_assert_no_error (error);
        g_assert_nonnull (facts);
        tamga_helper_send (helper, "hang", NULL, -1, NULL, NULL);
        if (write (ends[1], &pid, sizeof pid) != sizeof pid)
            _exit (1);
        pause ();
    }
    g_assert_cmpint (read (ends[0], &grandchild, sizeof grandchild), ==, sizeof grandchild);
    g_assert_cmpint (kill (grandchild, 0), ==, 0);
    kill (child, SIGKILL);
    waitpid (child, NULL, 0);
    /* it is init's child now: gone, or a zombie that nobody reaps in a container */
    g_autofree char *stat = g_strdup_printf ("/proc/%d/stat", grandchild);
    gboolean gone = FALSE;
    for (int i = 0; i < 300 && !gone; i++) {
        g_autofree char *text = NULL;
        gone = !g_file_get_contents (stat, &text, NULL, NULL) || strstr (text, ") Z ") != NULL ||
               strstr (text, ") X ") != NULL;
        if (!gone)
            g_usleep (10000);
    }
    g_assert_true (gone);
    close (ends[0]);
    close (ends[1]);
}

static void call_arithmetic (void)
{
    TamgaCall early = tamga_call_within (NULL, 50);
    TamgaCall later = tamga_call_within (&early, 100000);
    TamgaCall none = TAMGA_CALL_INIT;

    g_assert_cmpint (later.deadline, ==, early.deadline);
    g_assert_cmpint (tamga_call_left (&none), ==, -1);
    g_assert_cmpint (tamga_call_left (NULL), ==, -1);
    g_assert_cmpint (tamga_call_left (&early), <=, 50);
    early.deadline = g_get_monotonic_time () - 1;
    g_assert_cmpint (tamga_call_left (&early), ==, 0);
    g_assert_false (tamga_call_cancelled (&none));
}

int main (int argc, char **argv)
{
    static const Death deaths[] = {
        {"crash", NULL, TAMGA_HELPER_ERROR_DIED, "killed by signal 11"},
        {"exit", NULL, TAMGA_HELPER_ERROR_DIED, "ended with status 7"},
        {"garbage", NULL, TAMGA_HELPER_ERROR_PROTOCOL, "normal form"},
        {"too-much", NULL, TAMGA_HELPER_ERROR_PROTOCOL, "4294967295 bytes"},
        {"die-with-child", NULL, TAMGA_HELPER_ERROR_DIED, "killed by signal 9"},
        {"unknown", "odd-code", TAMGA_HELPER_ERROR_PROTOCOL, "does not exist"},
    };

    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/helper/answers", answers);
    g_test_add_func ("/helper/large_message", large_message);
    g_test_add_func ("/helper/confined_and_without_our_descriptors", confined);
    g_test_add_func ("/helper/passes_a_descriptor", passes_descriptor);
    g_test_add_func ("/helper/error_of_the_helper_is_an_answer", error_of_helper);
    g_test_add_func ("/helper/one_that_hangs_is_killed", hangs);
    g_test_add_func ("/helper/cancelled", cancelled);
    g_test_add_func ("/helper/cancelled_while_writing", cancelled_while_writing);
    g_test_add_func ("/helper/kills_what_is_left", kills_what_is_left);
    for (gsize i = 0; i < G_N_ELEMENTS (deaths); i++) {
        g_autofree char *name = g_strdup_printf ("/helper/death/%s", deaths[i].verb);
        g_test_add_data_func (name, &deaths[i], death);
    }
    g_test_add_func ("/helper/missing_program", missing);
    g_test_add_func ("/helper/not_from_path", not_from_path);
    g_test_add_func ("/helper/dies_with_its_parent", dies_with_parent);
    g_test_add_func ("/helper/call_arithmetic", call_arithmetic);
    return g_test_run ();
}
