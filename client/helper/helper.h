/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor of helper processes (tamga-key, tamga-fetch): spawned with a socket pair as
 * descriptor 3, asked one thing at a time, killed when a deadline passes, reaped always. Its death
 * is an ordinary error. */
#pragma once

#include "client/call.h"

#define TAMGA_HELPER_ERROR (tamga_helper_error_quark ())
GQuark tamga_helper_error_quark (void);
typedef enum {
    TAMGA_HELPER_ERROR_MISSING,   /* the program is not installed */
    TAMGA_HELPER_ERROR_DIED,      /* it ended or crashed; text names the signal or exit status */
    TAMGA_HELPER_ERROR_TIMEOUT,   /* no answer before the deadline: it was killed */
    TAMGA_HELPER_ERROR_CANCELLED, /* the caller's cancel fd: it was killed */
    TAMGA_HELPER_ERROR_PROTOCOL,  /* an answer that is not one: it was killed */
    TAMGA_HELPER_ERROR_FAILED,    /* could not be started */
} TamgaHelperError;

typedef struct _TamgaHelper TamgaHelper;

/* Path of a program of Tamga's own, looked for as below; NULL: not installed. */
char *tamga_helper_find (const char *program);

/* `program`: "tamga-key"; looked for beside the running program's own binary (build tree), in
 * ../libexec/tamga relative to it, then in the configured libexec folder. Never in PATH, never from
 * the environment. `arguments`: NULL-terminated, without argv[0]. Secrets never go here. */
TamgaHelper *tamga_helper_spawn (const char *program, const char *const *arguments, GError **error);
/* Ends it: closes the socket, waits 200 ms, then kills. */
void tamga_helper_free (TamgaHelper *helper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaHelper, tamga_helper_free)

GPid tamga_helper_pid (TamgaHelper *helper);
gboolean tamga_helper_alive (TamgaHelper *helper);

/* Asks and waits. `arguments` is an a{sv} (consumed if floating) or NULL. Answer: the a{sv} of the
 * reply. A reply with an error code becomes an error of `domain` with the code that `codes` gives
 * for that name (NULL-terminated names, the index is the code) and the reply's "text". */
GVariant *tamga_helper_ask (TamgaHelper *helper, const char *verb, GVariant *arguments, int pass_fd,
                            const TamgaCall *call, GQuark domain, const char *const *codes,
                            GError **error);
/* The same in two halves, so that several helpers work at once. */
gboolean tamga_helper_send (TamgaHelper *helper, const char *verb, GVariant *arguments, int pass_fd,
                            const TamgaCall *call, GError **error);
GVariant *tamga_helper_receive (TamgaHelper *helper, const TamgaCall *call, GQuark domain,
                                const char *const *codes, GError **error);

/* Waits until there is something to receive, or the helper is gone. FALSE: the deadline or the
 * cancel fd of `call` came first; the helper is left as it is. */
gboolean tamga_helper_ready (TamgaHelper *helper, const TamgaCall *call);

/* The other side: the main loop of a helper program. */
typedef GVariant *(*TamgaServe) (
    const char *verb, GVariant *arguments, int passed_fd, gpointer data,
    GError **error); /* floating a{sv}, or NULL with an error of `domain` */
/* Serves descriptor 3 until end of file; returns the exit status. `passed_fd` (-1: none came) is
 * closed after the call of `serve`. */
int tamga_helper_serve (GQuark domain, const char *const *codes, TamgaServe serve, gpointer data);
/* No core dumps, not traceable, no new privileges, dies with the thread that started it. First call
 * of a helper's main. */
void tamga_helper_harden (void);
