/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP through `tamga-fetch`: the process with the network parses nothing, the process that parses
 * has no network. Several requests run at once; each has its own limit and time-out. */
#pragma once

#include "client/call.h"

#define TAMGA_FETCH_ERROR (tamga_fetch_error_quark ())
GQuark tamga_fetch_error_quark (void);
typedef enum {
    TAMGA_FETCH_ERROR_URL,     /* not http(s), malformed, too long, with credentials */
    TAMGA_FETCH_ERROR_ADDRESS, /* the address it leads to may not be connected to */
    TAMGA_FETCH_ERROR_CONNECT, /* no such host, refused, unreachable */
    TAMGA_FETCH_ERROR_TIMEOUT,
    TAMGA_FETCH_ERROR_TLS,
    TAMGA_FETCH_ERROR_STATUS, /* HTTP status other than 200 */
    TAMGA_FETCH_ERROR_TOO_LARGE,
    TAMGA_FETCH_ERROR_INTERRUPTED, /* closed before the whole answer came */
    TAMGA_FETCH_ERROR_CANCELLED,
    TAMGA_FETCH_ERROR_OFFLINE, /* the network is switched off by the caller */
    TAMGA_FETCH_ERROR_FAILED,
} TamgaFetchError;

typedef struct {
    gboolean allow_loopback; /* the demo profile only */
    gboolean allow_private;  /* 10/8, 172.16/12, 192.168/16, fc00::/7: where the profile says so */
    gboolean offline;
    const char *proxy; /* NULL: http_proxy, https_proxy, no_proxy of the environment; "": none */
} TamgaFetchConfig;

typedef struct {
    const char *url;
    const char *content_type; /* of the body; NULL with a GET */
    const char *accept;       /* expected media type; only sent, not enforced; may be NULL */
    GBytes *body;             /* NULL: GET */
    gsize limit;              /* bytes of the answer */
    guint timeout_ms;         /* whole request; 0: 10 000 */
} TamgaFetchRequest;

typedef struct {
    GBytes *body; /* NULL with `error` */
    GError *error;
    char *address; /* that was connected to, or NULL */
    guint elapsed_ms;
} TamgaFetchResult;

void tamga_fetch_result_free (TamgaFetchResult *result);

typedef struct _TamgaFetch TamgaFetch;
/* The helper is started at the first request and kept. */
TamgaFetch *tamga_fetch_new (const TamgaFetchConfig *config);
void tamga_fetch_free (TamgaFetch *fetch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaFetch, tamga_fetch_free)
gboolean tamga_fetch_is_offline (TamgaFetch *fetch);
/* Process of the helper, 0 when none runs: for tests that look into it or end it. */
GPid tamga_fetch_pid (TamgaFetch *fetch);

/* All requests at once; one TamgaFetchResult per request, in order, never NULL. An error of the
 * helper itself is the error of every result. */
GPtrArray *tamga_fetch_all (TamgaFetch *fetch, const TamgaFetchRequest *requests, gsize n,
                            const TamgaCall *call);
/* One request. */
GBytes *tamga_fetch_one (TamgaFetch *fetch, const TamgaFetchRequest *request, const TamgaCall *call,
                         GError **error);
/* For callers that run several dependent chains at once: start now, collect later. Tickets are
 * collected with tamga_fetch_wait, which answers the next finished one; 0 is never a ticket. Where
 * the call's time is over, the oldest one is given up with TAMGA_FETCH_ERROR_TIMEOUT; NULL: there
 * is nothing to wait for. */
guint tamga_fetch_start (TamgaFetch *fetch, const TamgaFetchRequest *request, GError **error);
TamgaFetchResult *tamga_fetch_wait (TamgaFetch *fetch, guint *ticket, const TamgaCall *call);
