/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The poll loop: read a request, let the handler answer, wait as long as the answer wants, write.
 */
#include "tests/provider/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDLE_LIMIT (15 * G_USEC_PER_SEC)  /* for a request to arrive */
#define LINGER_LIMIT (1 * G_USEC_PER_SEC) /* for the peer to close after our last byte */
#define ENDLESS_BLOCK 65536

typedef enum { READING, WAITING, WRITING, LINGERING, CLOSED } State;

typedef struct {
    int fd;
    State state;
    gint64 due; /* monotonic µs: give up (READING, LINGERING) or go on (WAITING, WRITING) */
    GByteArray *in;
    gsize header_length; /* with the empty line; 0 until it arrived */
    gsize body_length;
    ProviderAnswer answer;
    GByteArray *out;
    gsize sent;
} Connection;

void provider_answer_set (ProviderAnswer *answer, int status, const char *type, GBytes *body)
{
    g_clear_pointer (&answer->body, g_bytes_unref);
    answer->status = status;
    answer->type = type;
    answer->body = body;
}

void provider_answer_set_text (ProviderAnswer *answer, int status, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    provider_answer_set (answer, status, "text/plain; charset=utf-8",
                         g_bytes_new_take (text, strlen (text)));
}

void provider_answer_clear (ProviderAnswer *answer)
{
    g_clear_pointer (&answer->body, g_bytes_unref);
    g_clear_pointer (&answer->location, g_free);
}

static void connection_free (gpointer data)
{
    Connection *connection = data;
    if (connection->fd >= 0)
        close (connection->fd);
    g_byte_array_unref (connection->in);
    g_byte_array_unref (connection->out);
    provider_answer_clear (&connection->answer);
    g_free (connection);
}

static Connection *connection_new (int fd)
{
    Connection *connection = g_new0 (Connection, 1);
    connection->fd = fd;
    connection->due = g_get_monotonic_time () + IDLE_LIMIT;
    connection->in = g_byte_array_new ();
    connection->out = g_byte_array_new ();
    return connection;
}

static const char *status_phrase (int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {302, "Found"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Answer";
}

/* Turns the answer into bytes and starts its delay. */
static void connection_answer (Connection *connection)
{
    ProviderAnswer *answer = &connection->answer;
    gsize length = 0;
    const void *body = answer->body == NULL ? NULL : g_bytes_get_data (answer->body, &length);
    g_autoptr (GString) head = g_string_new (NULL);

    if (answer->status == 0)
        answer->status = 200;
    g_string_printf (head, "HTTP/1.1 %d %s\r\nConnection: close\r\nServer: tamga-provider\r\n",
                     answer->status, status_phrase (answer->status));
    if (answer->type != NULL)
        g_string_append_printf (head, "Content-Type: %s\r\n", answer->type);
    if (answer->location != NULL)
        g_string_append_printf (head, "Location: %s\r\n", answer->location);
    if (answer->delivery != PROVIDER_DELIVER_ENDLESS)
        g_string_append_printf (head, "Content-Length: %" G_GSIZE_FORMAT "\r\n", length);
    g_string_append (head, "\r\n");
    if (answer->delivery == PROVIDER_DELIVER_SHORT)
        length /= 2;

    g_byte_array_set_size (connection->out, 0);
    if (answer->delivery != PROVIDER_DELIVER_DROP) {
        g_byte_array_append (connection->out, (const guint8 *)head->str, (guint)head->len);
        if (length > 0)
            g_byte_array_append (connection->out, body, (guint)length);
    }
    connection->state = WAITING;
    connection->due = g_get_monotonic_time () + answer->delay_ms * 1000;
}

static void connection_refuse (Connection *connection, int status, const char *why)
{
    provider_answer_set_text (&connection->answer, status, "%s\n", why);
    connection_answer (connection);
}

/* The value of header NAME in HEAD (lines ended by CRLF), or NULL. Caller frees. */
static char *header_value (const char *head, const char *name)
{
    gsize name_length = strlen (name);
    for (const char *line = strstr (head, "\r\n"); line != NULL; line = strstr (line, "\r\n")) {
        line += 2;
        if (g_ascii_strncasecmp (line, name, name_length) == 0 && line[name_length] == ':') {
            const char *value = line + name_length + 1;
            return g_strstrip (g_strndup (value, strcspn (value, "\r\n")));
        }
    }
    return NULL;
}

/* Finds the end of the header and the length of the body; FALSE when refused or incomplete. */
static gboolean connection_parse_head (Connection *connection)
{
    const char *start = (const char *)connection->in->data;
    const char *end = g_strstr_len (start, (gssize)connection->in->len, "\r\n\r\n");
    if (end == NULL || end - start > PROVIDER_HTTP_MAX_HEADER) {
        if (connection->in->len > PROVIDER_HTTP_MAX_HEADER)
            connection_refuse (connection, 413, "the request header is too large");
        return FALSE;
    }
    g_autofree char *head = g_strndup (start, (gsize)(end - start));
    g_autofree char *length = header_value (head, "Content-Length");
    g_autofree char *coding = header_value (head, "Transfer-Encoding");
    guint64 number = 0;

    if (coding != NULL) {
        connection_refuse (connection, 411, "send the body with Content-Length");
        return FALSE;
    }
    if (length != NULL && !g_ascii_string_to_unsigned (length, 10, 0, G_MAXUINT32, &number, NULL)) {
        connection_refuse (connection, 400, "Content-Length is not a number");
        return FALSE;
    }
    if (number > PROVIDER_HTTP_MAX_BODY) {
        connection_refuse (connection, 413, "the request body is larger than 1 MiB");
        return FALSE;
    }
    connection->header_length = (gsize)(end - start) + 4;
    connection->body_length = (gsize)number;
    return TRUE;
}

static void connection_handle (Connection *connection, ProviderHandler handler, gpointer data)
{
    const char *start = (const char *)connection->in->data;
    g_autofree char *line = g_strndup (start, strcspn (start, "\r\n"));
    g_auto (GStrv) words = g_strsplit (line, " ", 4);

    if (g_strv_length (words) != 3 || words[1][0] != '/' ||
        !g_str_has_prefix (words[2], "HTTP/1.")) {
        connection_refuse (connection, 400, "not an HTTP/1 request");
        return;
    }
    char *mark = strchr (words[1], '?');
    if (mark != NULL)
        *mark++ = '\0';
    g_autofree char *path = g_uri_unescape_string (words[1], NULL);
    g_autoptr (GHashTable) query =
        g_uri_parse_params (mark == NULL ? "" : mark, -1, "&", G_URI_PARAMS_NONE, NULL);
    if (path == NULL || query == NULL) {
        connection_refuse (connection, 400, "the path or query is badly escaped");
        return;
    }
    g_autoptr (GBytes) body =
        g_bytes_new (start + connection->header_length, connection->body_length);
    ProviderRequest request = {words[0], path, query, body};
    handler (&request, &connection->answer, data);
    connection_answer (connection);
}

static void connection_read (Connection *connection, ProviderHandler handler, gpointer data)
{
    guint8 block[16384];
    ssize_t n = recv (connection->fd, block, sizeof block, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        connection->state = CLOSED;
        return;
    }
    if (connection->state == LINGERING)
        return;
    g_byte_array_append (connection->in, block, (guint)n);
    if (connection->header_length == 0 && !connection_parse_head (connection))
        return;
    if (connection->in->len >= connection->header_length + connection->body_length)
        connection_handle (connection, handler, data);
}

static void connection_finish (Connection *connection)
{
    if (connection->answer.delivery == PROVIDER_DELIVER_DROP) {
        connection->state = CLOSED;
        return;
    }
    shutdown (connection->fd, SHUT_WR);
    connection->state = LINGERING;
    connection->due = g_get_monotonic_time () + LINGER_LIMIT;
}

static void connection_write (Connection *connection)
{
    ProviderDelivery delivery = connection->answer.delivery;
    gsize left = connection->out->len - connection->sent;
    if (left == 0 && delivery == PROVIDER_DELIVER_ENDLESS) {
        g_byte_array_set_size (connection->out, ENDLESS_BLOCK);
        memset (connection->out->data, 0x30, ENDLESS_BLOCK);
        connection->sent = 0;
        left = ENDLESS_BLOCK;
    }
    if (left == 0) {
        connection_finish (connection);
        return;
    }
    gboolean drip = delivery == PROVIDER_DELIVER_DRIP;
    ssize_t n = send (connection->fd, connection->out->data + connection->sent, drip ? 1 : left,
                      MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        connection->state = CLOSED;
        return;
    }
    connection->sent += (gsize)n;
    if (drip)
        connection->due = g_get_monotonic_time () + connection->answer.drip_ms * 1000;
}

int provider_http_listen (guint *port, GError **error)
{
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons ((guint16)*port),
                                  .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind (fd, (struct sockaddr *)&address, sizeof address) != 0 || listen (fd, 128) != 0 ||
        getsockname (fd, (struct sockaddr *)&address, &length) != 0) {
        int code = errno;
        g_set_error (error, G_IO_ERROR, (gint)g_io_error_from_errno (code),
                     "cannot listen on 127.0.0.1 port %u: %s", *port, g_strerror (code));
        if (fd >= 0)
            close (fd);
        return -1;
    }
    *port = ntohs (address.sin_port);
    return fd;
}

static void accept_all (int listener, GPtrArray *connections)
{
    while (connections->len < PROVIDER_HTTP_MAX_CONNECTIONS) {
        int fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        g_ptr_array_add (connections, connection_new (fd));
    }
}

/* What to wait for on this connection; lowers *WAKE to its next own moment. */
static short connection_events (const Connection *connection, gint64 now, gint64 *wake)
{
    gboolean dripping =
        connection->state == WRITING && connection->answer.delivery == PROVIDER_DELIVER_DRIP;
    gboolean timed = connection->state != WRITING || (dripping && connection->due > now);
    if (timed)
        *wake = MIN (*wake, connection->due);
    switch (connection->state) {
    case READING:
    case LINGERING:
        return POLLIN;
    case WRITING:
        return timed ? 0 : POLLOUT;
    case WAITING:
    case CLOSED:
        break;
    }
    return 0;
}

static void connection_turn (Connection *connection, short events, ProviderHandler handler,
                             gpointer data)
{
    gboolean expired = g_get_monotonic_time () >= connection->due;
    if ((events & (POLLERR | POLLNVAL)) != 0)
        connection->state = CLOSED;
    switch (connection->state) {
    case READING:
    case LINGERING:
        if ((events & (POLLIN | POLLHUP)) != 0)
            connection_read (connection, handler, data);
        else if (expired)
            connection->state = CLOSED;
        break;
    case WAITING:
        if (expired)
            connection->state = WRITING;
        else if ((events & POLLHUP) != 0)
            connection->state = CLOSED;
        break;
    case WRITING:
        if ((events & POLLHUP) != 0)
            connection->state = CLOSED;
        else if ((events & POLLOUT) != 0)
            connection_write (connection);
        break;
    case CLOSED:
        break;
    }
}

void provider_http_serve (int listener, gint64 lifetime, const volatile int *stop,
                          ProviderHandler handler, gpointer data)
{
    g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (connection_free);
    g_autoptr (GArray) polls = g_array_new (FALSE, TRUE, sizeof (struct pollfd));
    gint64 end = lifetime == 0 ? G_MAXINT64 : g_get_monotonic_time () + lifetime * G_USEC_PER_SEC;
    sigset_t waiting;

    pthread_sigmask (SIG_SETMASK, NULL, &waiting);
    sigdelset (&waiting, SIGTERM);
    sigdelset (&waiting, SIGINT);
    for (;;) {
        gint64 now = g_get_monotonic_time ();
        gint64 wake = end;
        if (*stop || now >= end)
            break;
        gboolean room = connections->len < PROVIDER_HTTP_MAX_CONNECTIONS;
        struct pollfd first = {.fd = room ? listener : -1, .events = POLLIN};
        g_array_set_size (polls, 0);
        g_array_append_val (polls, first);
        for (guint i = 0; i < connections->len; i++) {
            const Connection *connection = connections->pdata[i];
            struct pollfd next = {.fd = connection->fd,
                                  .events = connection_events (connection, now, &wake)};
            g_array_append_val (polls, next);
        }
        gint64 wait = MAX (wake - now, 0);
        struct timespec timeout = {wait / G_USEC_PER_SEC, (wait % G_USEC_PER_SEC) * 1000};
        if (ppoll ((struct pollfd *)(void *)polls->data, polls->len,
                   wake == G_MAXINT64 ? NULL : &timeout, &waiting) < 0 &&
            errno != EINTR)
            g_error ("ppoll: %s", g_strerror (errno));
        for (guint i = connections->len; i-- > 0;) {
            Connection *connection = connections->pdata[i];
            connection_turn (connection, g_array_index (polls, struct pollfd, i + 1).revents,
                             handler, data);
            if (connection->state == CLOSED)
                g_ptr_array_remove_index_fast (connections, i);
        }
        if (room)
            accept_all (listener, connections);
    }
    close (listener);
}
