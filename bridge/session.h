/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One call at a time on each connection, replies in the order of the calls (bridge-protocols 1.1):
 * the messages of a connection wait in its queue, and worker threads take the first of each. A
 * connection that goes away cancels its call: the dialog closes, nothing is signed. */
#pragma once

#include "bridge/request.h"

/* Makes the reply of one message; on a worker thread. Never NULL: every call is answered. */
typedef json_t *(*TamgaDispatch) (TamgaRequest *request, GBytes *message, gpointer data);

typedef struct _TamgaSessions TamgaSessions;

/* `busy`: static text, the reply to a call that is one too many. */
TamgaSessions *tamga_sessions_new (TamgaBridge *bridge, TamgaDispatch dispatch, gpointer data,
                                   const char *busy);
/* Cancels what is at work and waits for it. */
void tamga_sessions_free (TamgaSessions *sessions);
/* Where replies go. */
void tamga_sessions_set_server (TamgaSessions *sessions, TamgaServer *server);

/* A message came in. Where too many wait already it is answered with `busy`, in its turn like any
 * other. */
void tamga_sessions_message (TamgaSessions *sessions, TamgaCaller *caller, GBytes *message);
void tamga_sessions_closed (TamgaSessions *sessions, guint64 connection);
guint tamga_sessions_pending (TamgaSessions *sessions);
