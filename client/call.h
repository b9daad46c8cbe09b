/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a client call may take and how it is cancelled. Calls are synchronous, on the caller's
 * thread; an object stays on one thread. */
#pragma once

#include <glib.h>

typedef struct {
    gint64 deadline; /* g_get_monotonic_time() value, microseconds; 0: none */
    int cancel_fd;   /* readable means: give up (an eventfd, a pipe); -1: none */
} TamgaCall;

#define TAMGA_CALL_INIT ((TamgaCall){.deadline = 0, .cancel_fd = -1})

/* A call like `call` whose deadline is at most `milliseconds` from now; NULL is no limit. */
TamgaCall tamga_call_within (const TamgaCall *call, guint milliseconds);
/* Milliseconds left for poll(): -1 no limit, 0 over. */
int tamga_call_left (const TamgaCall *call);
gboolean tamga_call_cancelled (const TamgaCall *call);
