/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server over libwebsockets: listening, admission, messages in, replies out. All of lws runs on
 * the service thread; other threads reach it through the outbox and lws_cancel_service. */
#include "bridge/server.h"

#include <errno.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "bridge/origins.h"
#include "bridge/peer.h"

#define HEARTBEAT "--heartbeat--"
#define PIECE (64u * 1024)                /* of a long reply, for each time the socket takes some */
#define MAX_OUTGOING (192u * 1024 * 1024) /* bytes that wait for one slow reader */
#define MAX_LETTERS 1024                  /* frames that do: half an hour of heartbeats */
#define HANDSHAKE_SECONDS 10              /* TLS, the request, the upgrade */
#define STALLED_SECONDS 30                /* a message that was begun and does not go on */
#define LOOK_SECONDS 5
#define MAX_HEADERS 8192

/* A text frame on its way to a connection. */
typedef struct {
    guint64 connection;
    GBytes *text;
} Letter;

struct _TamgaServer {
    const TamgaBridgeConfig *config;
    TamgaServerHandler handler;
    struct lws_context *context;
    guint16 port;
    guint64 last_connection;
    GHashTable *connections; /* number → struct lws *; service thread only */
    gsize partial;           /* bytes of messages that are not whole yet */
    GMutex lock;             /* of the outbox, of `stopping` and of the figures */
    GQueue outbox;           /* Letter */
    gboolean stopping;
    TamgaServerFigures figures;
    guint8 *piece; /* LWS_PRE bytes of room in front */
};

/* What lws keeps for each connection; empty for pages. */
typedef struct {
    TamgaCaller *caller; /* of a WebSocket */
    GByteArray *message; /* what came of a message so far, or NULL */
    GQueue *outgoing;    /* GBytes */
    gsize sent;          /* of the first of them */
    gsize waiting;       /* bytes in `outgoing` */
    gint64 heard;        /* monotonic: when something last came */
} Connection;

static TamgaServer *server_of (struct lws *wsi)
{
    return lws_context_user (lws_get_context (wsi));
}

static void count_refused (TamgaServer *server)
{
    g_mutex_lock (&server->lock);
    server->figures.refused++;
    g_mutex_unlock (&server->lock);
}

/* A header whole, or NULL where it is missing or too long. */
static char *header (struct lws *wsi, enum lws_token_indexes token)
{
    int length = lws_hdr_total_length (wsi, token);
    if (length <= 0 || length > MAX_HEADERS)
        return NULL;
    g_autofree char *text = g_malloc ((gsize)length + 1);
    return lws_hdr_copy (wsi, text, length + 1, token) == length ? g_steal_pointer (&text) : NULL;
}

/* ---- Pages --------------------------------------------------------------------------------- */

/* Headers of every answer: nothing is kept, framed, sniffed or run. */
static const struct {
    const char *name, *value;
} page_headers[] = {
    {"cache-control:", "no-store"},
    {"content-security-policy:",
     "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
     "form-action 'none'"},
    {"referrer-policy:", "no-referrer"},
    {"x-content-type-options:", "nosniff"},
    {"vary:", "Origin, Accept-Language"},
    {"connection:", "close"},
};

/* Of those that the asking site may read; the methods and the private network are what a preflight
 * asks for (Fetch 3.2.3, Private Network Access 3.1.2). */
static const struct {
    const char *name, *value;
} readable_headers[] = {
    {"cross-origin-resource-policy:", "cross-origin"},
    {"access-control-allow-methods:", "GET, HEAD"},
    {"access-control-allow-private-network:", "true"},
};

static gboolean add (struct lws *wsi, const char *name, const char *value, guint8 **at, guint8 *end)
{
    return lws_add_http_header_by_name (wsi, (const guint8 *)name, (const guint8 *)value,
                                        (int)strlen (value), at, end) == 0;
}

static gboolean add_page_headers (struct lws *wsi, const TamgaPage *page, const char *origin,
                                  guint8 **at, guint8 *end)
{
    gboolean fine = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (page_headers); i++)
        fine = fine && add (wsi, page_headers[i].name, page_headers[i].value, at, end);
    if (page->language)
        fine = fine && add (wsi, "content-language:", page->language, at, end);
    if (!page->readable || !origin)
        return fine && add (wsi, "cross-origin-resource-policy:", "same-origin", at, end);
    for (gsize i = 0; i < G_N_ELEMENTS (readable_headers); i++)
        fine = fine && add (wsi, readable_headers[i].name, readable_headers[i].value, at, end);
    return fine && add (wsi, "access-control-allow-origin:", origin, at, end);
}

/* Sends the page and ends the connection: what a request carries behind its head is never taken for
 * another request, so that no site can hide an upgrade with a foreign Origin in a body (RFC 9112
 * 11.2). Returns what lws wants of its callback. */
static int send_page (struct lws *wsi, const TamgaPage *page, const char *origin, gboolean head)
{
    guint8 buffer[LWS_PRE + 4096], *start = buffer + LWS_PRE, *at = start;
    guint8 *limit = buffer + sizeof buffer - 1;
    gsize size = 0;
    const void *data = page->body ? g_bytes_get_data (page->body, &size) : NULL;
    if (lws_add_http_common_headers (wsi, page->status, page->type, size, &at, limit) != 0 ||
        !add_page_headers (wsi, page, origin, &at, limit) ||
        lws_finalize_write_http_header (wsi, start, &at, limit) != 0 || size == 0 || head)
        return -1;
    g_autofree guint8 *room = g_malloc (LWS_PRE + size);
    memcpy (room + LWS_PRE, data, size);
    lws_write (wsi, room + LWS_PRE, size, LWS_WRITE_HTTP_FINAL);
    return -1;
}

static int refuse (struct lws *wsi, guint status, const char *why)
{
    count_refused (server_of (wsi));
    g_autoptr (GBytes) body = g_bytes_new (why, strlen (why));
    const TamgaPage page = {.status = status, .type = "text/plain; charset=utf-8", .body = body};
    return send_page (wsi, &page, NULL, FALSE);
}

/* Of whom, and under which name, nothing is served at all. 0: fine; else the status of refusal. */
static guint objection (struct lws *wsi, const char *origin, const char **why)
{
    g_autofree char *host = header (wsi, WSI_TOKEN_HOST);
    *why = NULL;
    if (!tamga_peer_is_own (lws_get_socket_fd (wsi)))
        *why = "This agent serves its own user only.\n";
    else if (!tamga_host_allowed (host, server_of (wsi)->port))
        *why = "This agent answers to the names of this computer only.\n";
    else if (tamga_origin_kind (origin) == TAMGA_ORIGIN_REFUSED)
        *why = "This agent talks to https:// sites only.\n";
    return *why ? HTTP_STATUS_FORBIDDEN : 0;
}

static int serve_page (struct lws *wsi, const char *path)
{
    TamgaServer *server = server_of (wsi);
    g_autofree char *origin = header (wsi, WSI_TOKEN_ORIGIN);
    g_autofree char *language = header (wsi, WSI_TOKEN_HTTP_ACCEPT_LANGUAGE);
    gboolean get = lws_hdr_total_length (wsi, WSI_TOKEN_GET_URI) > 0;
    gboolean head = lws_hdr_total_length (wsi, WSI_TOKEN_HEAD_URI) > 0;
    gboolean preflight = lws_hdr_total_length (wsi, WSI_TOKEN_OPTIONS_URI) > 0;
    const char *why;
    guint status = objection (wsi, origin, &why);
    if (status != 0)
        return refuse (wsi, status, why);
    if (!get && !head && !preflight)
        return refuse (wsi, HTTP_STATUS_METHOD_NOT_ALLOWED, "Only GET is answered here.\n");
    TamgaPage page = {.status = HTTP_STATUS_NOT_FOUND, .type = "text/plain; charset=utf-8"};
    const TamgaPageRequest request = {.path = path, .origin = origin, .accept_language = language};
    server->handler.page (&request, &page, server->handler.data);
    g_autoptr (GBytes) body = page.body;
    if (preflight && !page.readable)
        return refuse (wsi, HTTP_STATUS_METHOD_NOT_ALLOWED, "Only GET is answered here.\n");
    return send_page (wsi, &page, origin, head || preflight);
}

/* ---- WebSocket ----------------------------------------------------------------------------- */

static int confirm_upgrade (struct lws *wsi, const char *wanted)
{
    TamgaServer *server = server_of (wsi);
    g_autofree char *origin = header (wsi, WSI_TOKEN_ORIGIN);
    const char *why;
    guint status = objection (wsi, origin, &why);
    gboolean full = g_hash_table_size (server->connections) >= server->config->max_connections;
    if (status == 0 && (!wanted || g_ascii_strcasecmp (wanted, "websocket") != 0)) {
        status = HTTP_STATUS_BAD_REQUEST;
        why = "Only WebSocket is spoken here besides HTTP/1.1.\n";
    } else if (status == 0 && !server->handler.admit (origin, server->handler.data)) {
        status = HTTP_STATUS_FORBIDDEN;
        why = "The person does not want this site to use the agent.\n";
    } else if (status == 0 && full) {
        status = HTTP_STATUS_SERVICE_UNAVAILABLE;
        why = "Too many connections.\n";
    }
    return status == 0 ? 0 : refuse (wsi, status, why);
}

/* A reader that is too far behind gets no more. */
static gboolean has_room (const Connection *connection)
{
    return connection->waiting <= MAX_OUTGOING &&
           g_queue_get_length (connection->outgoing) < MAX_LETTERS;
}

static void queue_text (struct lws *wsi, Connection *connection, GBytes *text)
{
    connection->waiting += g_bytes_get_size (text);
    g_queue_push_tail (connection->outgoing, text);
    lws_callback_on_writable (wsi);
}

static void open_connection (struct lws *wsi, Connection *connection)
{
    TamgaServer *server = server_of (wsi);
    g_autofree char *origin = header (wsi, WSI_TOKEN_ORIGIN);
    g_autofree char *program = origin ? NULL : tamga_peer_program (lws_get_socket_fd (wsi));
    connection->caller = tamga_caller_new (++server->last_connection, origin, program);
    connection->outgoing = g_queue_new ();
    connection->heard = g_get_monotonic_time ();
    g_hash_table_insert (server->connections, &connection->caller->connection, wsi);
    g_mutex_lock (&server->lock);
    server->figures.connections = g_hash_table_size (server->connections);
    g_mutex_unlock (&server->lock);
    const char *greeting = server->handler.greeting;
    queue_text (wsi, connection, g_bytes_new (greeting, strlen (greeting)));
    lws_set_timer_usecs (wsi, LOOK_SECONDS * LWS_USEC_PER_SEC);
}

static void drop_message (TamgaServer *server, Connection *connection)
{
    if (!connection->message)
        return;
    server->partial -= connection->message->len;
    g_clear_pointer (&connection->message, g_byte_array_unref);
}

static void close_connection (struct lws *wsi, Connection *connection)
{
    TamgaServer *server = server_of (wsi);
    if (!connection->caller)
        return;
    guint64 number = connection->caller->connection;
    g_hash_table_remove (server->connections, &number);
    g_mutex_lock (&server->lock);
    server->figures.connections = g_hash_table_size (server->connections);
    g_mutex_unlock (&server->lock);
    drop_message (server, connection);
    g_queue_free_full (connection->outgoing, (GDestroyNotify)g_bytes_unref);
    connection->outgoing = NULL;
    g_clear_pointer (&connection->caller, tamga_caller_unref);
    server->handler.closed (number, server->handler.data);
}

static int end (struct lws *wsi, enum lws_close_status status, const char *why)
{
    count_refused (server_of (wsi));
    lws_close_reason (wsi, status, (guint8 *)why, strlen (why));
    return -1;
}

static int take_message (struct lws *wsi, Connection *connection)
{
    TamgaServer *server = server_of (wsi);
    GByteArray *message = g_steal_pointer (&connection->message);
    server->partial -= message->len;
    g_autoptr (GBytes) text = g_byte_array_free_to_bytes (message);
    gsize size;
    const char *data = g_bytes_get_data (text, &size);
    if (size == strlen (HEARTBEAT) && memcmp (data, HEARTBEAT, size) == 0) {
        if (!has_room (connection))
            return end (wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION, "answers are not read");
        queue_text (wsi, connection, g_bytes_ref (text));
        return 0;
    }
    if (size > 0 && !g_utf8_validate_len (data, size, NULL))
        return end (wsi, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "not UTF-8");
    g_mutex_lock (&server->lock);
    server->figures.messages++;
    g_mutex_unlock (&server->lock);
    server->handler.message (connection->caller, text, server->handler.data);
    return 0;
}

static int receive (struct lws *wsi, Connection *connection, const void *data, gsize length)
{
    TamgaServer *server = server_of (wsi);
    connection->heard = g_get_monotonic_time ();
    if (lws_frame_is_binary (wsi))
        return end (wsi, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "text only");
    if (!connection->message)
        connection->message = g_byte_array_new ();
    if (length > server->config->max_message - connection->message->len)
        return end (wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "message too large");
    /* One large message is always taken; many at once have to share. */
    if (server->partial > connection->message->len &&
        server->partial + length > server->config->max_message + TAMGA_BRIDGE_MAX_QUEUED)
        return end (wsi, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "too much at once");
    g_byte_array_append (connection->message, data, (guint)length);
    server->partial += length;
    if (!lws_is_final_fragment (wsi) || lws_remaining_packet_payload (wsi) > 0)
        return 0;
    return take_message (wsi, connection);
}

/* One piece of the first text that waits. */
static int send_some (struct lws *wsi, Connection *connection)
{
    TamgaServer *server = server_of (wsi);
    GBytes *text = g_queue_peek_head (connection->outgoing);
    if (!text)
        return 0;
    gsize size;
    const guint8 *data = g_bytes_get_data (text, &size);
    gsize length = MIN (size - connection->sent, PIECE);
    gboolean last = connection->sent + length == size;
    if (length > 0)
        memcpy (server->piece + LWS_PRE, data + connection->sent, length);
    int how = connection->sent == 0 ? LWS_WRITE_TEXT : LWS_WRITE_CONTINUATION;
    if (!last)
        how |= LWS_WRITE_NO_FIN;
    if (lws_write (wsi, server->piece + LWS_PRE, length, (enum lws_write_protocol)how) <
        (int)length)
        return -1;
    connection->sent += length;
    if (last) {
        connection->sent = 0;
        connection->waiting -= size;
        g_bytes_unref (g_queue_pop_head (connection->outgoing));
    }
    if (!g_queue_is_empty (connection->outgoing))
        lws_callback_on_writable (wsi);
    return 0;
}

/* A connection that is silent for too long, or stops in the middle of a message, is ended. */
static int look_after (struct lws *wsi, const Connection *connection)
{
    const TamgaServer *server = server_of (wsi);
    gint64 silent = (g_get_monotonic_time () - connection->heard) / G_USEC_PER_SEC;
    if (connection->message && silent >= STALLED_SECONDS)
        return end (wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION, "message not finished");
    if (silent >= (gint64)server->config->idle_seconds)
        return end (wsi, LWS_CLOSE_STATUS_GOINGAWAY, "idle");
    lws_set_timer_usecs (wsi, LOOK_SECONDS * LWS_USEC_PER_SEC);
    return 0;
}

static void deliver (TamgaServer *server)
{
    for (;;) {
        g_mutex_lock (&server->lock);
        Letter *letter = g_queue_pop_head (&server->outbox);
        g_mutex_unlock (&server->lock);
        if (!letter)
            return;
        struct lws *wsi = g_hash_table_lookup (server->connections, &letter->connection);
        Connection *connection = wsi ? lws_wsi_user (wsi) : NULL;
        if (connection && has_room (connection))
            queue_text (wsi, connection, g_steal_pointer (&letter->text));
        else if (connection) /* without this answer, all later ones would be taken for it */
            lws_set_timeout (wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        g_clear_pointer (&letter->text, g_bytes_unref);
        g_free (letter);
    }
}

static int serve (struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t length)
{
    Connection *connection = user;
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        return serve_page (wsi, in);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return confirm_upgrade (wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        open_connection (wsi, connection);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return receive (wsi, connection, in, length);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return send_some (wsi, connection);
    case LWS_CALLBACK_TIMER:
        return connection && connection->caller ? look_after (wsi, connection) : 0;
    case LWS_CALLBACK_CLOSED:
        close_connection (wsi, connection);
        return 0;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        deliver (server_of (wsi));
        return 0;
    default:
        return 0;
    }
}

/* ---- Listening ----------------------------------------------------------------------------- */

static const struct lws_protocols protocols[] = {
    {.name = "ncalayer",
     .callback = serve,
     .per_session_data_size = sizeof (Connection),
     .rx_buffer_size = PIECE},
    {0},
};

static const struct {
    const char *address;
    int family;
    uint64_t options;
} addresses[] = {
    {"127.0.0.1", AF_INET, LWS_SERVER_OPTION_DISABLE_IPV6},
    {"::1", AF_INET6, LWS_SERVER_OPTION_IPV6_V6ONLY_MODIFY | LWS_SERVER_OPTION_IPV6_V6ONLY_VALUE},
};

/* Tries the address: 0: free (`*port` 0 becomes the one that the system gave), else errno. */
static int try_port (int family, guint16 *port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t size = sizeof address;
    const int one = 1;
    address.any.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        address.v4.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
        address.v4.sin_port = htons (*port);
    } else {
        address.v6.sin6_addr = in6addr_loopback;
        address.v6.sin6_port = htons (*port);
    }
    int fd = socket (family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (family == AF_INET6)
        setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    int result =
        bind (fd, &address.any, family == AF_INET ? sizeof address.v4 : sizeof address.v6) == 0 &&
                listen (fd, 1) == 0 && getsockname (fd, &address.any, &size) == 0
            ? 0
            : errno;
    if (result == 0)
        *port = ntohs (family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    close (fd);
    return result;
}

static gboolean set_taken (guint16 port, GError **error)
{
    g_autofree char *holder = tamga_peer_listener (port);
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PORT,
                 "The port %u is taken by %s; sites look for the agent there.", port,
                 holder ? holder : "a program of another user or one that cannot be known");
    return FALSE;
}

static gboolean listen_on (TamgaServer *server, gsize row, const char *certificate, const char *key,
                           GError **error)
{
    const struct lws_context_creation_info info = {
        .vhost_name = addresses[row].address,
        .port = server->port,
        .iface = addresses[row].address,
        .protocols = protocols,
        .ssl_cert_filepath = certificate,
        .ssl_private_key_filepath = key,
        .alpn = "http/1.1",
        /* Said here, so that no system-wide setting brings them back. */
        .ssl_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1,
        .options = addresses[row].options | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .timeout_secs = HANDSHAKE_SECONDS,
        .keepalive_timeout = HANDSHAKE_SECONDS,
    };
    if (lws_create_vhost (server->context, &info))
        return TRUE;
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PORT,
                 "Nothing can be served on %s, port %u.", addresses[row].address, server->port);
    return FALSE;
}

/* Sees to it that the port is free on every address that the machine has, before anything of lws is
 * made. */
static gboolean find_port (TamgaServer *server, gboolean *usable, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++) {
        int failure = try_port (addresses[i].family, &server->port);
        if (failure == EADDRINUSE)
            return set_taken (server->port, error);
        if (failure == EACCES) {
            g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PORT,
                         "The system lets only its administrator listen on the port %u.",
                         server->port);
            return FALSE;
        }
        usable[i] = failure == 0; /* else the machine lacks this family of addresses */
    }
    return TRUE;
}

static gboolean listen_everywhere (TamgaServer *server, const gboolean *usable,
                                   const char *certificate, const char *key, GError **error)
{
    guint wanted = 0, bound = 0;
    for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++) {
        if (usable[i] && !listen_on (server, i, certificate, key, error))
            return FALSE;
        wanted += usable[i] ? 1 : 0;
    }
    if (wanted > 0 && tamga_peer_all_loopback (&bound) && bound >= wanted)
        return TRUE;
    g_set_error_literal (
        error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PORT,
        "The sockets are not bound to loopback addresses only: nothing is served.");
    return FALSE;
}

static gboolean can_read (const char *path, GError **error)
{
    if (access (path, R_OK) == 0)
        return TRUE;
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_TRUST, "%s cannot be read: %s.",
                 path, g_strerror (errno));
    return FALSE;
}

TamgaServer *tamga_server_new (const TamgaBridgeConfig *config, const char *certificate,
                               const char *key, const TamgaServerHandler *handler, GError **error)
{
    if (!can_read (certificate, error) || !can_read (key, error))
        return NULL;
    g_autoptr (TamgaServer) server = g_new0 (TamgaServer, 1);
    server->config = config;
    server->handler = *handler;
    server->port = config->port;
    server->connections = g_hash_table_new (g_int64_hash, g_int64_equal);
    server->piece = g_malloc (LWS_PRE + PIECE);
    g_mutex_init (&server->lock);
    g_queue_init (&server->outbox);
    gboolean usable[G_N_ELEMENTS (addresses)];
    if (!find_port (server, usable, error))
        return NULL;
    lws_set_log_level (0, NULL);
    const struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .user = server,
        .max_http_header_data = MAX_HEADERS,
        .pt_serv_buf_size = PIECE,
        .timeout_secs = HANDSHAKE_SECONDS,
        .fd_limit_per_thread = config->max_connections + 64,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
    };
    server->context = lws_create_context (&info);
    if (!server->context) {
        g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PORT,
                             "The server could not be started.");
        return NULL;
    }
    return listen_everywhere (server, usable, certificate, key, error) ? g_steal_pointer (&server)
                                                                       : NULL;
}

static void letter_free (gpointer data)
{
    Letter *letter = data;
    g_bytes_unref (letter->text);
    g_free (letter);
}

void tamga_server_free (TamgaServer *server)
{
    if (!server)
        return;
    g_clear_pointer (&server->context, lws_context_destroy);
    g_queue_clear_full (&server->outbox, letter_free);
    g_hash_table_unref (server->connections);
    g_mutex_clear (&server->lock);
    g_free (server->piece);
    g_free (server);
}

guint16 tamga_server_port (TamgaServer *server)
{
    return server->port;
}

static gboolean is_stopping (TamgaServer *server)
{
    g_mutex_lock (&server->lock);
    gboolean stopping = server->stopping;
    g_mutex_unlock (&server->lock);
    return stopping;
}

void tamga_server_run (TamgaServer *server)
{
    while (!is_stopping (server) && lws_service (server->context, 0) >= 0)
        ;
}

void tamga_server_stop (TamgaServer *server)
{
    g_mutex_lock (&server->lock);
    server->stopping = TRUE;
    g_mutex_unlock (&server->lock);
    lws_cancel_service (server->context);
}

void tamga_server_send (TamgaServer *server, guint64 connection, GBytes *text)
{
    Letter *letter = g_new (Letter, 1);
    *letter = (Letter){connection, text};
    g_mutex_lock (&server->lock);
    g_queue_push_tail (&server->outbox, letter);
    g_mutex_unlock (&server->lock);
    lws_cancel_service (server->context);
}

TamgaServerFigures tamga_server_figures (TamgaServer *server)
{
    g_mutex_lock (&server->lock);
    TamgaServerFigures figures = server->figures;
    g_mutex_unlock (&server->lock);
    return figures;
}
