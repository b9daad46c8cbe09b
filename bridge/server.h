/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The localhost server: wss:// and https:// on 127.0.0.1 and ::1 (libwebsockets). Checks the peer's
 * user, Host and Origin, enforces the limits, puts messages together and sends replies; knows
 * nothing of what the messages say but the heartbeat, which it answers itself at once
 * (bridge-protocols 1.1). */
#pragma once

#include "bridge/bridge.h"

typedef struct _TamgaServer TamgaServer;

/* A GET on the same port. */
typedef struct {
    const char *path;            /* "/", "/ping"; without the query */
    const char *origin;          /* of a site (origins.h), or NULL */
    const char *accept_language; /* or NULL */
} TamgaPageRequest;

typedef struct {
    guint status;         /* 200, 404 */
    const char *type;     /* "text/html; charset=utf-8" */
    const char *language; /* Content-Language, or NULL */
    gboolean readable;    /* the asking origin may read it: Access-Control-Allow-Origin: that one */
    GBytes *body;         /* owned by the answer */
} TamgaPage;

/* All but `message` and `closed` of other threads' doing run on the service thread and must not
 * block. */
typedef struct {
    const char *greeting; /* the first frame of each connection */
    /* May this origin (NULL: a program) connect? FALSE: 403. */
    gboolean (*admit) (const char *origin, gpointer data);
    /* A whole text message, valid UTF-8, no heartbeat. Answered by tamga_server_send later. */
    void (*message) (TamgaCaller *caller, GBytes *text, gpointer data);
    /* The connection ended, for whatever reason. Nothing can be sent to it any more. */
    void (*closed) (guint64 connection, gpointer data);
    void (*page) (const TamgaPageRequest *request, TamgaPage *page, gpointer data);
    gpointer data;
} TamgaServerHandler;

/* Listens on both addresses (port 0: any free one, the same on both), without a service thread yet.
 * `certificate`: PEM file with the leaf and its issuer; `key`: PEM file, mode 0600. An address
 * family that the machine lacks is left out; without any it fails. Proves with the sockets' own
 * addresses that only loopback is bound. TAMGA_BRIDGE_ERROR_PORT names who has the port where that
 * can be known (/proc of the same user). */
TamgaServer *tamga_server_new (const TamgaBridgeConfig *config, const char *certificate,
                               const char *key, const TamgaServerHandler *handler, GError **error);
void tamga_server_free (TamgaServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaServer, tamga_server_free)
guint16 tamga_server_port (TamgaServer *server);

/* Serves on the calling thread until tamga_server_stop. */
void tamga_server_run (TamgaServer *server);
/* From any thread, and from a signal handler's thread. */
void tamga_server_stop (TamgaServer *server);
/* Queues a text frame; drops it where the connection is gone. From any thread. Takes the bytes. */
void tamga_server_send (TamgaServer *server, guint64 connection, GBytes *text);

typedef struct {
    guint connections, refused; /* now; since the start: by Host, Origin, user or limit */
    guint64 messages;
} TamgaServerFigures;
TamgaServerFigures tamga_server_figures (TamgaServer *server); /* any thread */
