/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line before the person: first come, first asked. */
#include "bridge/turn.h"

#include <string.h>

/* How often a request in the line looks whether its caller is still there. */
#define LOOK_MS 100

typedef struct {
    const char *origin;
} Place;

struct _TamgaTurn {
    GMutex lock;
    GCond moved;
    GQueue line;    /* Place: the waiting, the first is next */
    gboolean taken; /* somebody has the turn */
};

TamgaTurn *tamga_turn_new (void)
{
    TamgaTurn *turn = g_new0 (TamgaTurn, 1);
    g_mutex_init (&turn->lock);
    g_cond_init (&turn->moved);
    g_queue_init (&turn->line);
    return turn;
}

void tamga_turn_free (TamgaTurn *turn)
{
    if (!turn)
        return;
    g_assert (g_queue_is_empty (&turn->line) && !turn->taken);
    g_cond_clear (&turn->moved);
    g_mutex_clear (&turn->lock);
    g_free (turn);
}

static guint waiting_of (TamgaTurn *turn, const char *origin)
{
    guint count = 0;
    for (const GList *link = turn->line.head; link; link = link->next) {
        const Place *place = link->data;
        count += g_strcmp0 (place->origin, origin) == 0;
    }
    return count;
}

/* With the lock held. */
static gboolean wait_in_line (TamgaTurn *turn, Place *place, const TamgaCall *call)
{
    g_queue_push_tail (&turn->line, place);
    gboolean ended = FALSE;
    while (!ended && (turn->taken || turn->line.head->data != place)) {
        g_cond_wait_until (&turn->moved, &turn->lock,
                           g_get_monotonic_time () + LOOK_MS * G_TIME_SPAN_MILLISECOND);
        ended = tamga_call_cancelled (call) || tamga_call_left (call) == 0;
    }
    g_queue_remove (&turn->line, place);
    turn->taken |= !ended;
    g_cond_broadcast (&turn->moved);
    return !ended;
}

gboolean tamga_turn_take (TamgaTurn *turn, const char *origin, const TamgaCall *call,
                          GError **error)
{
    Place place = {origin};
    g_mutex_lock (&turn->lock);
    gboolean busy = waiting_of (turn, origin) >= TAMGA_BRIDGE_MAX_WAITING;
    gboolean taken = !busy && wait_in_line (turn, &place, call);
    g_mutex_unlock (&turn->lock);
    if (busy)
        g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_BUSY,
                     "%s has %u questions waiting for the person already.",
                     origin ? origin : "This program", TAMGA_BRIDGE_MAX_WAITING);
    else if (!taken)
        g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_GONE,
                             "The call ended before the person could be asked.");
    return taken;
}

void tamga_turn_give (TamgaTurn *turn)
{
    g_mutex_lock (&turn->lock);
    g_assert (turn->taken);
    turn->taken = FALSE;
    g_cond_broadcast (&turn->moved);
    g_mutex_unlock (&turn->lock);
}
