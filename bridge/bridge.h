/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every part of the bridge knows: its errors, who calls, and its settings.
 *
 * Threads: the service thread (server.h) moves frames and nothing else; each call of a site runs on
 * a worker thread (session.h), where the person is asked and the client library is used; whatever
 * both touch has a lock of its own, named in its header. */
#pragma once

#include "client/tamga.h"

#define TAMGA_BRIDGE_ERROR (tamga_bridge_error_quark ())
GQuark tamga_bridge_error_quark (void);
typedef enum {
    TAMGA_BRIDGE_ERROR_ARGUMENT,  /* the call: a wrong type, a missing or impossible value */
    TAMGA_BRIDGE_ERROR_DENIED,    /* the person does not grant it, now or since earlier */
    TAMGA_BRIDGE_ERROR_CANCELLED, /* the person said no to this one call */
    TAMGA_BRIDGE_ERROR_BUSY,      /* more calls than a person can answer */
    TAMGA_BRIDGE_ERROR_GONE,      /* the caller went away, or the bridge is stopping */
    TAMGA_BRIDGE_ERROR_NO_KEY,    /* no key satisfies the filters of the call */
    TAMGA_BRIDGE_ERROR_PROMPTER,  /* nobody can be asked: no prompter, or it failed */
    TAMGA_BRIDGE_ERROR_PATH,      /* a path that the chooser did not give on this connection */
    TAMGA_BRIDGE_ERROR_TRUST,     /* certificate, key or trust stores of this machine */
    TAMGA_BRIDGE_ERROR_PORT,      /* taken, or may not be used */
    TAMGA_BRIDGE_ERROR_PASSWORD,  /* a call in which a password would cross the page */
    TAMGA_BRIDGE_ERROR_STATE,     /* the file of grants, the control socket */
} TamgaBridgeError;

/* Tells tamga_failure_* of them: at the start of each program. */
void tamga_bridge_add_failures (void);

/* Who is at the other end of a connection. Immutable; shared between threads by reference. */
typedef struct {
    guint64 connection; /* number, never used twice in the life of the process */
    char *origin;       /* "https://portal.example", as sent and checked (origins.h); NULL: none */
    char *program;      /* without an origin: "node (process 123)" as far as known; NULL: unknown */
} TamgaCaller;

TamgaCaller *tamga_caller_new (guint64 connection, const char *origin, const char *program);
TamgaCaller *tamga_caller_ref (TamgaCaller *caller);
void tamga_caller_unref (TamgaCaller *caller);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaCaller, tamga_caller_unref)

#define TAMGA_BRIDGE_PORT 13579
/* The profile of the bridge where [bridge] profile says nothing: the sites are Kazakh. */
#define TAMGA_BRIDGE_PROFILE "kz"
/* Ceilings; [bridge] of the configuration lowers or raises the first three. */
#define TAMGA_BRIDGE_MAX_MESSAGE (64u * 1024 * 1024)
#define TAMGA_BRIDGE_MAX_CONNECTIONS 512u
#define TAMGA_BRIDGE_IDLE_SECONDS 3600u /* a silent connection; heartbeats are not silence */
#define TAMGA_BRIDGE_MAX_PENDING                                                                   \
    16u /* calls of one connection that wait behind the one at work                                \
         */
#define TAMGA_BRIDGE_MAX_QUEUED                                                                    \
    (96u * 1024 * 1024)                 /* bytes of messages that wait, all together               \
                                         */
#define TAMGA_BRIDGE_MAX_WAITING 8u     /* requests of one origin that wait for the person's turn */
#define TAMGA_BRIDGE_MAX_DOCUMENTS 500u /* of one batch */
#define TAMGA_BRIDGE_CALL_SECONDS 1800u /* a call with its dialogs, at most */
#define TAMGA_BRIDGE_DENIAL_SECONDS 10u /* how long after a denial an origin raises no dialog */
#define TAMGA_BRIDGE_MAX_SHOWN_TEXT                                                                \
    (64u * 1024) /* bytes of a document in a message to a prompter */

/* Settings, from [bridge] of the configuration and the command line. */
typedef struct {
    guint16 port;
    char *profile;  /* name */
    char *prompter; /* "desktop", "terminal", "none", or a command line (g_shell_parse_argv) */
    gsize max_message;
    guint max_connections, idle_seconds;
    char **modules; /* of [keys]; NULL: found */
} TamgaBridgeConfig;

TamgaBridgeConfig *tamga_bridge_config_new (const TamgaConfig *config);
void tamga_bridge_config_free (TamgaBridgeConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaBridgeConfig, tamga_bridge_config_free)
