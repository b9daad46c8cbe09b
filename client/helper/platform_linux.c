/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes on Linux: spawning, killing, reaping. */
#include "client/helper/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/helper/helper.h"

#define HELPER_FD 3

/* posix_spawn's own clone shares memory with us until exec, so nothing of a multi-threaded or
 * sanitized program runs in the child. */
static int spawn (const char *path, char *const *argv, int fd, GPid *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    int rc;

    sigfillset (&all);
    sigemptyset (&none);
    posix_spawn_file_actions_init (&actions);
    posix_spawnattr_init (&attributes);
    rc = posix_spawn_file_actions_addopen (&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen (&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2 (&actions, fd, HELPER_FD);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np (&actions, HELPER_FD + 1);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault (&attributes, &all);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask (&attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setpgroup (&attributes, 0);
    if (rc == 0)
        rc = posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                        POSIX_SPAWN_SETPGROUP);
    if (rc == 0)
        rc = posix_spawn (pid, path, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy (&attributes);
    posix_spawn_file_actions_destroy (&actions);
    return rc;
}

gboolean tamga_platform_spawn (const char *path, char *const *argv, GPid *pid, int *fd,
                               GError **error)
{
    int pair[2];

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        g_set_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_FAILED,
                     "%s could not be started: no socket pair: %s", argv[0], g_strerror (errno));
        return FALSE;
    }
    /* dup2 of a descriptor onto itself would keep its close-on-exec flag */
    int theirs = pair[1];
    if (theirs <= HELPER_FD) {
        theirs = fcntl (pair[1], F_DUPFD_CLOEXEC, HELPER_FD + 1);
        close (pair[1]);
    }
    int rc = theirs < 0 ? errno : spawn (path, argv, theirs, pid);
    if (theirs >= 0)
        close (theirs);
    if (rc != 0) {
        close (pair[0]);
        g_set_error (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_FAILED,
                     "%s could not be started: %s", path, g_strerror (rc));
        return FALSE;
    }
    *fd = pair[0];
    return TRUE;
}

void tamga_platform_kill (GPid pid)
{
    kill (-pid, SIGKILL); /* its group: also what a vendor's module forked */
    kill (pid, SIGKILL);
}

/* Whether the child has ended. While it is not reaped, no other process group can get its number:
 * what its module forked is killed before. */
static gboolean has_ended (GPid pid, int options)
{
    siginfo_t info = {0};
    return waitid (P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | options) == 0 && info.si_pid == pid;
}

gboolean tamga_platform_reap (GPid pid, int milliseconds, int *status)
{
    gint64 end = g_get_monotonic_time () + (gint64)milliseconds * 1000;
    gulong pause = 100; /* microseconds, doubled up to 5 ms */

    *status = 0;
    for (;;) {
        if (has_ended (pid, milliseconds < 0 ? 0 : WNOHANG))
            kill (-pid, SIGKILL);
        pid_t reaped = waitpid (pid, status, milliseconds < 0 ? 0 : WNOHANG);
        if (reaped == pid)
            return TRUE;
        if (reaped < 0 && errno != EINTR)
            return TRUE; /* reaped by someone else: it is gone */
        if (milliseconds >= 0 && g_get_monotonic_time () >= end)
            return FALSE;
        if (reaped == 0) {
            g_usleep (pause);
            pause = MIN (pause * 2, 5000);
        }
    }
}

char *tamga_platform_describe_end (int status)
{
    if (WIFSIGNALED (status))
        return g_strdup_printf ("was killed by signal %d (%s)", WTERMSIG (status),
                                strsignal (WTERMSIG (status)));
    return g_strdup_printf ("ended with status %d", WIFEXITED (status) ? WEXITSTATUS (status) : 0);
}

char *tamga_platform_program_folder (void)
{
    g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
    return program != NULL ? g_path_get_dirname (program) : NULL;
}
