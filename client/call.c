/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlines and cancelling of client calls. */
#include "client/call.h"

#include <poll.h>

TamgaCall tamga_call_within (const TamgaCall *call, guint milliseconds)
{
    TamgaCall within = call != NULL ? *call : TAMGA_CALL_INIT;
    gint64 deadline = g_get_monotonic_time () + (gint64)milliseconds * 1000;

    if (within.deadline == 0 || deadline < within.deadline)
        within.deadline = deadline;
    return within;
}

int tamga_call_left (const TamgaCall *call)
{
    if (call == NULL || call->deadline == 0)
        return -1;
    gint64 left = call->deadline - g_get_monotonic_time ();
    if (left <= 0)
        return 0;
    /* rounded up: a poll() that ends a little early would be taken for the deadline */
    return (int)MIN ((left + 999) / 1000, G_MAXINT);
}

gboolean tamga_call_cancelled (const TamgaCall *call)
{
    if (call == NULL || call->cancel_fd < 0)
        return FALSE;
    struct pollfd fd = {.fd = call->cancel_fd, .events = POLLIN};
    return poll (&fd, 1, 0) > 0;
}
