/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program's side of a helper process. */
#include "client/helper/helper.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "client/helper/frame.h"
#include "client/helper/platform.h"

/* How long a helper may take to end by itself after its socket was closed. The leak check at the
 * end of a sanitized helper takes longer than any work. */
#ifdef TAMGA_SANITIZED
#define HELPER_END_MS 5000
#else
#define HELPER_END_MS 1000
#endif
/* The same for one that failed or is not wanted any more. */
#define HELPER_GRACE_MS 1000

struct _TamgaHelper {
    char *program; /* "tamga-key" */
    GPid pid;      /* 0: reaped */
    int fd;        /* -1: closed */
    GError *end;   /* why it is gone; NULL while it lives */
};

GQuark tamga_helper_error_quark (void)
{
    return g_quark_from_static_string ("tamga-helper-error-quark");
}

/* Whoever sets PATH or the environment would get the PIN. */
char *tamga_helper_find (const char *program)
{
    g_autofree char *own = tamga_platform_program_folder ();
    g_autofree char *beside = own != NULL ? g_build_filename (own, program, NULL) : NULL;
    g_autofree char *relative =
        own != NULL ? g_build_filename (own, "..", "libexec", "tamga", program, NULL) : NULL;
    g_autofree char *installed = g_build_filename (TAMGA_LIBEXECDIR, program, NULL);
    char **places[] = {&beside, &relative, &installed};

    for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
        if (*places[i] != NULL && g_file_test (*places[i], G_FILE_TEST_IS_EXECUTABLE))
            return g_steal_pointer (places[i]);
    return NULL;
}

TamgaHelper *tamga_helper_spawn (const char *program, const char *const *arguments, GError **error)
{
    g_autofree char *path = tamga_helper_find (program);
    g_autoptr (GPtrArray) argv = g_ptr_array_new ();

    if (path == NULL) {
        g_set_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_MISSING,
                     "the program %s is not installed: it is neither beside this program nor in %s",
                     program, TAMGA_LIBEXECDIR);
        return NULL;
    }
    g_ptr_array_add (argv, (gpointer)program);
    for (gsize i = 0; arguments != NULL && arguments[i] != NULL; i++)
        g_ptr_array_add (argv, (gpointer)arguments[i]);
    g_ptr_array_add (argv, NULL);

    g_autoptr (TamgaHelper) helper = g_new0 (TamgaHelper, 1);
    helper->program = g_strdup (program);
    helper->fd = -1;
    if (!tamga_platform_spawn (path, (char *const *)argv->pdata, &helper->pid, &helper->fd, error))
        return NULL;
    return g_steal_pointer (&helper);
}

/* Closes the socket, gives it `milliseconds` to end, kills it then. Returns its wait status, -1
 * when it had to be killed. */
static int end_process (TamgaHelper *helper, int milliseconds)
{
    int status = 0;
    gboolean killed = FALSE;

    if (helper->fd >= 0)
        close (helper->fd);
    helper->fd = -1;
    if (helper->pid == 0)
        return -1;
    if (!tamga_platform_reap (helper->pid, milliseconds, &status)) {
        killed = TRUE;
        tamga_platform_kill (helper->pid);
        tamga_platform_reap (helper->pid, -1, &status);
    }
    helper->pid = 0;
    return killed ? -1 : status;
}

void tamga_helper_free (TamgaHelper *helper)
{
    if (helper == NULL)
        return;
    gboolean ended_before = helper->end != NULL;
    int status = end_process (helper, HELPER_END_MS);
#ifdef TAMGA_SANITIZED
    /* a sanitizer's report at the end of a helper fails the test that started it */
    if (!ended_before && status != 0) {
        g_autofree char *text =
            status == -1 ? g_strdup ("did not end") : tamga_platform_describe_end (status);
        g_warning ("%s %s", helper->program, text);
    }
#else
    (void)ended_before;
    (void)status;
#endif
    g_clear_error (&helper->end);
    g_free (helper->program);
    g_free (helper);
}

GPid tamga_helper_pid (TamgaHelper *helper)
{
    return helper->pid;
}

gboolean tamga_helper_alive (TamgaHelper *helper)
{
    int status;

    if (helper->end != NULL)
        return FALSE;
    if (!tamga_platform_reap (helper->pid, 0, &status))
        return TRUE;
    g_autofree char *text = tamga_platform_describe_end (status);
    helper->pid = 0;
    helper->end =
        g_error_new (TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED, "%s %s", helper->program, text);
    end_process (helper, 0);
    return FALSE;
}

/* After a failed exchange the helper is not in a known state: it is ended, and `failure` becomes
 * the error of this and all later calls. Takes `failure`. */
static void give_up (TamgaHelper *helper, GError *failure, GError **error)
{
    /* One that crashed may show as a time-out where a child of its module keeps the socket open.
     * One that is not wanted any more may be in the middle of writing to its token: killed there,
     * the token is lost. */
    gboolean cancelled =
        g_error_matches (failure, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_CANCELLED);
    gboolean died = g_error_matches (failure, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED);
    int status = end_process (helper, cancelled || died ? HELPER_GRACE_MS : 0);

    if (status != -1 && !cancelled) {
        g_autofree char *text = tamga_platform_describe_end (status);
        helper->end = g_error_new (TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED, "%s %s",
                                   helper->program, text);
        g_error_free (failure);
    } else {
        helper->end = failure;
    }
    g_propagate_error (error, g_error_copy (helper->end));
}

gboolean tamga_helper_send (TamgaHelper *helper, const char *verb, GVariant *arguments, int pass_fd,
                            const TamgaCall *call, GError **error)
{
    g_autoptr (GVariant) details =
        g_variant_ref_sink (arguments != NULL ? arguments : g_variant_new ("a{sv}", NULL));
    GError *failure = NULL;

    if (helper->end != NULL) {
        g_propagate_error (error, g_error_copy (helper->end));
        return FALSE;
    }
    if (!tamga_frame_send (helper->fd, g_variant_new ("(ss@a{sv})", verb, "", details), pass_fd,
                           call, &failure)) {
        give_up (helper, failure, error);
        return FALSE;
    }
    return TRUE;
}

gboolean tamga_helper_ready (TamgaHelper *helper, const TamgaCall *call)
{
    while (helper->end == NULL) {
        struct pollfd fds[2] = {
            {.fd = helper->fd, .events = POLLIN},
            {.fd = call != NULL ? call->cancel_fd : -1, .events = POLLIN},
        };
        int n = poll (fds, 2, tamga_call_left (call));
        if (n < 0 && errno == EINTR)
            continue;
        if (n > 0 && fds[0].revents != 0 && fds[1].revents == 0)
            return TRUE;
        if (n <= 0 || fds[1].revents != 0)
            return FALSE;
    }
    return TRUE;
}

/* Turns an error reply into an error of the caller's domain. FALSE: the reply makes no sense. */
static gboolean set_reply_error (const char *code, GVariant *details, GQuark domain,
                                 const char *const *codes, GError **error)
{
    const char *text = NULL;

    if (!g_variant_lookup (details, "text", "&s", &text))
        return FALSE;
    for (int i = 0; codes != NULL && codes[i] != NULL; i++) {
        if (g_str_equal (codes[i], code)) {
            g_set_error_literal (error, domain, i, text);
            return TRUE;
        }
    }
    return FALSE;
}

GVariant *tamga_helper_receive (TamgaHelper *helper, const TamgaCall *call, GQuark domain,
                                const char *const *codes, GError **error)
{
    GError *failure = NULL;
    const char *code;

    if (helper->end != NULL) {
        g_propagate_error (error, g_error_copy (helper->end));
        return NULL;
    }
    g_autoptr (GVariant) reply = tamga_frame_receive (helper->fd, NULL, call, &failure);
    if (reply == NULL) {
        give_up (helper, failure, error);
        return NULL;
    }
    g_autoptr (GVariant) details = g_variant_get_child_value (reply, 2);
    g_variant_get_child (reply, 1, "&s", &code);
    if (*code == '\0')
        return g_steal_pointer (&details);
    if (!set_reply_error (code, details, domain, codes, error))
        give_up (helper,
                 g_error_new (TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_PROTOCOL,
                              "%s answered with an error code that does not exist: %s",
                              helper->program, code),
                 error);
    return NULL;
}

GVariant *tamga_helper_ask (TamgaHelper *helper, const char *verb, GVariant *arguments, int pass_fd,
                            const TamgaCall *call, GQuark domain, const char *const *codes,
                            GError **error)
{
    if (!tamga_helper_send (helper, verb, arguments, pass_fd, call, error))
        return NULL;
    return tamga_helper_receive (helper, call, domain, codes, error);
}
