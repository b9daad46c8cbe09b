/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The misbehaving HTTP server of the tests. */
#include "tests/unit/net/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct _HttpServer {
    int fd;
    guint port;
    gint stopping, connections;
    GThread *thread;
    GMutex lock;
    GPtrArray *workers; /* GThread */
};

typedef struct {
    HttpServer *server;
    int fd;
    char *method, *target, *headers;
    GByteArray *body;
} Request;

static gboolean stopping (HttpServer *server)
{
    return g_atomic_int_get (&server->stopping) != 0;
}

/* FALSE when the peer or the server has gone. */
static gboolean put (Request *request, const void *bytes, gsize length)
{
    const char *at = bytes;
    while (length > 0) {
        struct pollfd poller = {.fd = request->fd, .events = POLLOUT};
        if (stopping (request->server))
            return FALSE;
        if (poll (&poller, 1, 50) <= 0)
            continue;
        gssize n = send (request->fd, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            return FALSE;
        at += n;
        length -= (gsize)n;
    }
    return TRUE;
}

static gboolean put_text (Request *request, const char *text)
{
    return put (request, text, strlen (text));
}

static void answer (Request *request, int status, const char *extra, const char *body)
{
    g_autofree char *text =
        g_strdup_printf ("HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%sConnection: close\r\n\r\n%s",
                         status, strlen (body), extra, body);
    put_text (request, text);
}

/* Sleeps, but not longer than the server lives or the peer stays. */
static gboolean pause_ms (Request *request, guint ms)
{
    for (guint done = 0; done < ms; done += 10) {
        char byte;
        if (stopping (request->server) ||
            recv (request->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
            return FALSE;
        g_usleep (10 * 1000);
    }
    return TRUE;
}

static guint number (const char *argument)
{
    return (guint)strtoul (argument, NULL, 10);
}

static void serve_ok (Request *request, const char *argument G_GNUC_UNUSED)
{
    answer (request, 200, "", "hello");
}

static char *header_value (const char *headers, const char *name)
{
    g_auto (GStrv) lines = g_strsplit (headers, "\r\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (g_ascii_strncasecmp (*line, name, strlen (name)) == 0)
            return g_strstrip (g_strdup (*line + strlen (name)));
    }
    return g_strdup ("-");
}

static void serve_echo (Request *request, const char *argument G_GNUC_UNUSED)
{
    g_autofree char *type = header_value (request->headers, "Content-Type:");
    g_autofree char *text =
        g_strdup_printf ("%s %s %u %.*s", request->method, type, request->body->len,
                         (int)request->body->len, (const char *)request->body->data);
    answer (request, 200, "", text);
}

static void serve_headers (Request *request, const char *argument G_GNUC_UNUSED)
{
    answer (request, 200, "", request->headers);
}

static void serve_slow (Request *request, const char *argument)
{
    if (pause_ms (request, number (argument)))
        answer (request, 200, "", "slow");
}

static void serve_hang (Request *request, const char *argument G_GNUC_UNUSED)
{
    pause_ms (request, 60000);
}

static void serve_drip (Request *request, const char *argument G_GNUC_UNUSED)
{
    put_text (request, "HTTP/1.1 200 OK\r\n\r\n");
    while (pause_ms (request, 50) && put (request, "x", 1))
        ;
}

static void serve_endless (Request *request, const char *argument G_GNUC_UNUSED)
{
    static const char block[16384];
    put_text (request, "HTTP/1.1 200 OK\r\n\r\n");
    while (put (request, block, sizeof block))
        ;
}

static void serve_length (Request *request, const char *argument)
{
    guint length = number (argument);
    g_autofree char *body = g_malloc0 (length + 1);
    memset (body, 'x', length);
    answer (request, 200, "", body);
}

static void serve_short (Request *request, const char *argument G_GNUC_UNUSED)
{
    put_text (request, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
}

static void serve_close (Request *request G_GNUC_UNUSED, const char *argument G_GNUC_UNUSED)
{
}

static void serve_garbage (Request *request, const char *argument G_GNUC_UNUSED)
{
    put_text (request, "\x01\x02 this is not HTTP\r\n\r\n");
}

static void serve_big_header (Request *request, const char *argument G_GNUC_UNUSED)
{
    put_text (request, "HTTP/1.1 200 OK\r\n");
    while (put_text (request, "X-Filler: 0123456789012345678901234567890123456789\r\n"))
        ;
}

static void serve_status (Request *request, const char *argument)
{
    answer (request, (int)number (argument), "", "status");
}

static void redirect (Request *request, int status, const char *where)
{
    g_autofree char *location = g_strdup_printf ("Location: %s\r\n", where);
    answer (request, status, location, "elsewhere");
}

static void serve_redirect (Request *request, const char *argument)
{
    guint left = number (argument);
    g_autofree char *where = g_strdup_printf ("/redirect/%u", left - 1);
    if (left == 0)
        answer (request, 200, "", "there");
    else
        redirect (request, 302, where);
}

static void serve_to (Request *request, const char *argument)
{
    redirect (request, 302, argument);
}

static void serve_see (Request *request, const char *argument G_GNUC_UNUSED)
{
    redirect (request, 303, "/echo");
}

static void serve_again (Request *request, const char *argument G_GNUC_UNUSED)
{
    redirect (request, 307, "/echo");
}

static void serve_cookie (Request *request, const char *argument G_GNUC_UNUSED)
{
    answer (request, 302, "Set-Cookie: a=b; Path=/\r\nLocation: /headers\r\n", "");
}

static void serve_proxied (Request *request, const char *argument G_GNUC_UNUSED)
{
    g_autofree char *text = g_strdup_printf ("proxied %s %s", request->method, request->target);
    answer (request, 200, "", text);
}

static const struct {
    const char *prefix;
    void (*serve) (Request *request, const char *argument);
} paths[] = {
    {"/ok", serve_ok},
    {"/echo", serve_echo},
    {"/headers", serve_headers},
    {"/slow/", serve_slow},
    {"/hang", serve_hang},
    {"/drip", serve_drip},
    {"/endless", serve_endless},
    {"/length/", serve_length},
    {"/short", serve_short},
    {"/close", serve_close},
    {"/garbage", serve_garbage},
    {"/bigheader", serve_big_header},
    {"/status/", serve_status},
    {"/redirect/", serve_redirect},
    {"/to?", serve_to},
    {"/see", serve_see},
    {"/again", serve_again},
    {"/cookie", serve_cookie},
    {"http://elsewhere.example/to?", serve_to},
    {"http://", serve_proxied},
};

/* Reads head and body; FALSE when the peer left. */
static gboolean read_request (Request *request)
{
    g_autoptr (GString) head = g_string_new (NULL);
    char *end;
    while ((end = strstr (head->str, "\r\n\r\n")) == NULL) {
        char buffer[4096];
        struct pollfd poller = {.fd = request->fd, .events = POLLIN};
        if (stopping (request->server))
            return FALSE;
        if (poll (&poller, 1, 50) <= 0)
            continue;
        gssize n = recv (request->fd, buffer, sizeof buffer, 0);
        if (n <= 0)
            return FALSE;
        g_string_append_len (head, buffer, n);
    }
    gsize head_length = (gsize)(end - head->str) + 4;
    g_autofree char *text = g_strndup (head->str, head_length);
    char *first_end = strstr (text, "\r\n");
    request->headers = g_strdup (first_end + 2);
    *first_end = '\0';
    g_auto (GStrv) words = g_strsplit (text, " ", 3);
    if (g_strv_length (words) != 3)
        return FALSE;
    request->method = g_strdup (words[0]);
    request->target = g_strdup (words[1]);
    g_autofree char *length = header_value (request->headers, "Content-Length:");
    gsize wanted = g_str_equal (length, "-") ? 0 : strtoul (length, NULL, 10);
    g_byte_array_append (request->body, (const guint8 *)head->str + head_length,
                         (guint)(head->len - head_length));
    while (request->body->len < wanted) {
        guint8 buffer[4096];
        gssize n = recv (request->fd, buffer, sizeof buffer, 0);
        if (n <= 0)
            return FALSE;
        g_byte_array_append (request->body, buffer, (guint)n);
    }
    return TRUE;
}

static gpointer work (gpointer data)
{
    Request *request = data;
    if (read_request (request)) {
        gboolean served = FALSE;
        for (gsize i = 0; i < G_N_ELEMENTS (paths) && !served; i++) {
            if (g_str_has_prefix (request->target, paths[i].prefix)) {
                paths[i].serve (request, request->target + strlen (paths[i].prefix));
                served = TRUE;
            }
        }
        if (!served)
            answer (request, 404, "", "no such path");
    }
    close (request->fd);
    g_free (request->method);
    g_free (request->target);
    g_free (request->headers);
    g_byte_array_unref (request->body);
    g_free (request);
    return NULL;
}

static gpointer accept_all (gpointer data)
{
    HttpServer *self = data;
    while (!stopping (self)) {
        struct pollfd poller = {.fd = self->fd, .events = POLLIN};
        if (poll (&poller, 1, 50) <= 0)
            continue;
        int fd = accept4 (self->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        g_atomic_int_inc (&self->connections);
        Request *request = g_new0 (Request, 1);
        request->server = self;
        request->fd = fd;
        request->body = g_byte_array_new ();
        g_mutex_lock (&self->lock);
        g_ptr_array_add (self->workers, g_thread_new ("http-worker", work, request));
        g_mutex_unlock (&self->lock);
    }
    return NULL;
}

HttpServer *http_server_start (void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    HttpServer *self = g_new0 (HttpServer, 1);
    g_mutex_init (&self->lock);
    self->workers = g_ptr_array_new ();
    self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint (self->fd, >=, 0);
    g_assert_cmpint (bind (self->fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint (listen (self->fd, 64), ==, 0);
    g_assert_cmpint (getsockname (self->fd, (struct sockaddr *)&address, &length), ==, 0);
    self->port = ntohs (address.sin_port);
    self->thread = g_thread_new ("http-accept", accept_all, self);
    return self;
}

void http_server_stop (HttpServer *self)
{
    g_atomic_int_set (&self->stopping, 1);
    g_thread_join (self->thread);
    for (guint i = 0; i < self->workers->len; i++)
        g_thread_join (self->workers->pdata[i]);
    g_ptr_array_unref (self->workers);
    g_mutex_clear (&self->lock);
    close (self->fd);
    g_free (self);
}

guint http_server_port (HttpServer *self)
{
    return self->port;
}

guint http_server_connections (HttpServer *self)
{
    return (guint)g_atomic_int_get (&self->connections);
}

char *http_server_url (HttpServer *self, const char *path)
{
    return g_strdup_printf ("http://127.0.0.1:%u%s", self->port, path);
}
