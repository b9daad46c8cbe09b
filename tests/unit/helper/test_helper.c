/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tamga-test-helper: a helper program that does what the supervisor's tests ask for, good and bad.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client/helper/helper.h"
#include "tests/unit/helper/test_helper.h"

static GQuark domain (void)
{
    return g_quark_from_static_string ("test-helper");
}

static GVariant *facts (void)
{
    GVariantBuilder builder;
    struct rlimit core;
    guint open_fds = 0;

    getrlimit (RLIMIT_CORE, &core);
    for (int fd = 0; fd < 256; fd++)
        if (fcntl (fd, F_GETFD) >= 0)
            open_fds++;
    g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&builder, "{sv}", "fds", g_variant_new_uint32 (open_fds));
    g_variant_builder_add (&builder, "{sv}", "core", g_variant_new_uint64 (core.rlim_max));
    g_variant_builder_add (&builder, "{sv}", "dumpable",
                           g_variant_new_int32 (prctl (PR_GET_DUMPABLE, 0, 0, 0, 0)));
    g_variant_builder_add (&builder, "{sv}", "no-new-privs",
                           g_variant_new_int32 (prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)));
    g_variant_builder_add (&builder, "{sv}", "cloexec",
                           g_variant_new_boolean ((fcntl (3, F_GETFD) & FD_CLOEXEC) != 0));
    return g_variant_builder_end (&builder);
}

/* A raw answer that is not a message. */
static void answer_garbage (void)
{
    static const guint8 garbage[] = {0, 0, 0, 6, 'n', 'o', 'n', 's', 'e', 'n'};
    if (write (3, garbage, sizeof garbage) != sizeof garbage)
        _exit (9);
    pause ();
}

static void announce_too_much (void)
{
    static const guint8 length[] = {0xff, 0xff, 0xff, 0xff};
    if (write (3, length, sizeof length) != sizeof length)
        _exit (9);
    pause ();
}

/* A child that keeps the socket while the helper itself dies: closed modules do this. */
static void die_with_child (void)
{
    if (fork () == 0) {
        alarm (5); /* long enough for the test, and nothing is left behind it */
        pause ();
        _exit (0);
    }
    kill (getpid (), SIGKILL);
}

static GVariant *read_pipe (int fd, GError **error)
{
    char text[64];
    ssize_t n = fd >= 0 ? read (fd, text, sizeof text - 1) : -1;
    GVariantBuilder builder;

    if (n < 0) {
        g_set_error_literal (error, domain (), TEST_HELPER_BROKEN, "no descriptor came");
        return NULL;
    }
    text[n] = '\0';
    g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&builder, "{sv}", "read", g_variant_new_string (text));
    return g_variant_builder_end (&builder);
}

/* What a module does that writes to its token. */
static GVariant *write_slowly (int fd, GVariant *arguments)
{
    g_usleep (300 * 1000);
    return write (fd, "whole", 5) == 5 ? g_variant_ref (arguments) : NULL;
}

static GVariant *serve (const char *verb, GVariant *arguments, int passed_fd, gpointer data,
                        GError **error)
{
    (void)data;
    if (g_str_equal (verb, "echo"))
        return g_variant_ref (arguments);
    if (g_str_equal (verb, "facts"))
        return facts ();
    if (g_str_equal (verb, "read"))
        return read_pipe (passed_fd, error);
    if (g_str_equal (verb, "write"))
        return write_slowly (passed_fd, arguments);
    if (g_str_equal (verb, "hang"))
        for (;;)
            pause ();
    if (g_str_equal (verb, "crash"))
        kill (getpid (), SIGSEGV);
    if (g_str_equal (verb, "exit"))
        _exit (7);
    if (g_str_equal (verb, "garbage"))
        answer_garbage ();
    if (g_str_equal (verb, "too-much"))
        announce_too_much ();
    if (g_str_equal (verb, "die-with-child"))
        die_with_child ();
    g_set_error_literal (error, domain (), TEST_HELPER_UNKNOWN, "no such verb");
    return NULL;
}

int main (int argc, char **argv)
{
    static const char *const codes[] = TEST_HELPER_CODES;

    if (argc > 1 && g_str_equal (argv[1], "odd-code")) {
        static const char *const odd[] = {"no-such-code", "no-such-code", NULL};
        return tamga_helper_serve (domain (), odd, serve, NULL);
    }
    tamga_helper_harden ();
    signal (SIGSEGV, SIG_DFL); /* a sanitizer's handler would end the process in its own way */
    return tamga_helper_serve (domain (), codes, serve, NULL);
}
