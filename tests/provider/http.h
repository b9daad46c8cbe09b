/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small HTTP/1.1 server on 127.0.0.1: one thread, one poll loop, one request per connection.
 * Answers carry how they are to be delivered, so a delayed answer never blocks another one. */
#pragma once

#include <gio/gio.h>

#define PROVIDER_HTTP_MAX_HEADER (16 * 1024)
#define PROVIDER_HTTP_MAX_BODY (1024 * 1024)
#define PROVIDER_HTTP_MAX_CONNECTIONS 256

typedef struct {
    const char *method; /* "GET" or "POST" */
    const char *path;   /* percent-decoded, without the query */
    GHashTable *query;  /* name -> value, percent-decoded, never NULL */
    GBytes *body;       /* never NULL */
} ProviderRequest;

typedef enum {
    PROVIDER_DELIVER_WHOLE,
    PROVIDER_DELIVER_DROP,    /* close without a byte */
    PROVIDER_DELIVER_DRIP,    /* one byte each drip_ms */
    PROVIDER_DELIVER_ENDLESS, /* no length, blocks until the peer gives up */
    PROVIDER_DELIVER_SHORT,   /* announce the whole length, send half */
} ProviderDelivery;

typedef struct {
    int status;       /* HTTP status, 200 unless set */
    const char *type; /* Content-Type */
    GBytes *body;     /* owned; NULL is an empty body */
    char *location;   /* owned; for redirects */
    ProviderDelivery delivery;
    gint64 delay_ms; /* before the first byte */
    gint64 drip_ms;
} ProviderAnswer;

void provider_answer_set (ProviderAnswer *answer, int status, const char *type, GBytes *body);
void provider_answer_set_text (ProviderAnswer *answer, int status, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
void provider_answer_clear (ProviderAnswer *answer);

/* Fills ANSWER (zeroed by the caller) for REQUEST; both live for this call only. */
typedef void (*ProviderHandler) (const ProviderRequest *request, ProviderAnswer *answer,
                                 gpointer data);

/* Listens on 127.0.0.1:*PORT; 0 asks for any free port, which is stored back. Returns the socket,
 * or -1 with ERROR set (G_IO_ERROR). */
int provider_http_listen (guint *port, GError **error);

/* Serves until *STOP is set by a signal handler (SIGTERM and SIGINT are unblocked only while
 * waiting) or until LIFETIME seconds have passed (0: no limit). Closes LISTENER. */
void provider_http_serve (int listener, gint64 lifetime, const volatile int *stop,
                          ProviderHandler handler, gpointer data);
