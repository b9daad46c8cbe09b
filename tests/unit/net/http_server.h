/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small HTTP server on 127.0.0.1 with an ephemeral port that can misbehave on purpose. One thread
 * per connection; every connection ends with the server. */
#pragma once

#include <glib.h>

typedef struct _HttpServer HttpServer;

/* Paths it serves:
 *   /ok             "hello"
 *   /echo           method, content type, length and body of the request as text
 *   /headers        the request's header lines
 *   /slow/MS        answers "slow" after MS milliseconds
 *   /hang           reads the request and never answers
 *   /drip           one byte every 50 ms for ever, length unknown
 *   /endless        as fast as it can, for ever, length unknown
 *   /length/N       says Content-Length N and sends N bytes
 *   /short          says 100 bytes, sends 10, closes
 *   /close          closes without an answer
 *   /garbage        answers with bytes that are not HTTP
 *   /bigheader      endless header lines
 *   /status/N       status N with a short body
 *   /redirect/N     302 to /redirect/N-1; /redirect/0 answers "there"
 *   /to?URL         302 to URL
 *   /see            303 to /echo
 *   /again          307 to /echo
 *   /cookie         sets a cookie and sends on to /headers
 * As a proxy (absolute request target): "proxied METHOD TARGET". */
HttpServer *http_server_start (void);
void http_server_stop (HttpServer *server);
guint http_server_port (HttpServer *server);
guint http_server_connections (HttpServer *server); /* accepted so far */
char *http_server_url (HttpServer *server, const char *path);
