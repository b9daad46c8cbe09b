/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Confinement of helper processes on Linux. */
#include "client/helper/harden.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "client/helper/helper.h"

#define HELPER_FD 3

void tamga_helper_harden (void)
{
    const struct rlimit none = {0, 0};

    /* none of these can fail with these arguments; a kernel without one of them loses that one */
    setrlimit (RLIMIT_CORE, &none);
    prctl (PR_SET_DUMPABLE, 0, 0, 0, 0); /* neither core dumps nor ptrace by the same user */
    prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    /* the parent may have died before the line above */
    struct pollfd parent = {.fd = HELPER_FD, .events = 0};
    if (poll (&parent, 1, 0) > 0)
        _Exit (EXIT_FAILURE);
    /* programs that a vendor's module starts do not get the connection */
    fcntl (HELPER_FD, F_SETFD, FD_CLOEXEC);
    signal (SIGPIPE, SIG_IGN);
    signal (SIGTTOU, SIG_IGN); /* a module's chatter on standard error must not stop us */
}

void tamga_helper_soften (void)
{
#ifdef TAMGA_SANITIZED
    prctl (PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
}
