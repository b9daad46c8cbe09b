/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One transfer: its URL is checked before every hop, its address when connecting, its bytes while
 * they come. Redirects are followed here and not by libcurl, so that every hop meets the rules. */
#include "client/net/transfer.h"

#include <string.h>
#include <unistd.h>

#include "client/net/address.h"
#include "client/net/proxy.h"
#include "formats/limits.h"

/* Hops after the first one. */
#define MAX_REDIRECTS 3
/* Header bytes of one hop: real answers stay below 4 KiB. */
#define MAX_HEADER_BYTES (64u * 1024)
/* A connection that is not there after this long is not tried further, if time is left at all. */
#define CONNECT_TIMEOUT_MS 5000

struct _TamgaTransfer {
    guint ticket;
    CURLM *multi;
    CURL *easy;
    CURLU *url;
    struct curl_slist *headers;
    const TamgaTransferRules *rules;

    char *shown; /* host, for messages */
    char *content_type, *accept;
    GBytes *request; /* NULL: GET */
    gsize limit;
    guint timeout_ms;
    guint redirects;
    gint64 started;
    gboolean proxied; /* this hop connects to the user's proxy */
    gsize header_bytes;
    GByteArray *body;

    gboolean finished;
    gboolean failed;
    TamgaFetchError code;
    char *text;
    char *address; /* last one connected to */
    guint elapsed_ms;
};

static void transfer_finish (TamgaTransfer *self)
{
    if (!self->finished)
        self->elapsed_ms = (guint)((g_get_monotonic_time () - self->started) / 1000);
    self->finished = TRUE;
}

/* The first failure is the one that is told. */
static void G_GNUC_PRINTF (3, 4)
    transfer_fail (TamgaTransfer *self, TamgaFetchError code, const char *format, ...)
{
    va_list arguments;
    if (self->failed)
        return;
    va_start (arguments, format);
    self->text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    self->failed = TRUE;
    self->code = code;
}

static char *url_part (CURLU *url, CURLUPart part)
{
    char *value = NULL;
    if (curl_url_get (url, part, &value, 0) != CURLUE_OK)
        return NULL;
    char *copy = g_strdup (value);
    curl_free (value);
    return copy;
}

/* localhost and its subdomains are the loopback whatever a resolver says (RFC 6761 6.3). */
static gboolean is_localhost (const char *host)
{
    g_autofree char *lower = g_ascii_strdown (host, -1);
    if (g_str_has_suffix (lower, "."))
        lower[strlen (lower) - 1] = '\0';
    return g_str_equal (lower, "localhost") || g_str_has_suffix (lower, ".localhost");
}

/* What can be said of a host before resolving. It is all that can be said where a proxy resolves.
 */
static gboolean check_host (TamgaTransfer *self, const char *host)
{
    TamgaAddressKind kind;
    const char *name = "loopback (localhost)";
    if (is_localhost (host))
        kind = TAMGA_ADDRESS_LOOPBACK;
    else if (!tamga_address_kind_of_text (host, &kind, &name))
        return TRUE;
    if (tamga_address_allowed (kind, self->rules->allow_loopback, self->rules->allow_private))
        return TRUE;
    transfer_fail (self, TAMGA_FETCH_ERROR_ADDRESS,
                   "%s is an address that may not be connected to: %s", host, name);
    return FALSE;
}

/* Sets `self->url` to `text`, relative to the URL before where there is one. */
static gboolean set_url (TamgaTransfer *self, const char *text)
{
    gsize length = strlen (text);
    g_autofree char *before = self->redirects > 0 ? url_part (self->url, CURLUPART_SCHEME) : NULL;
    if (length == 0 || length > TAMGA_MAX_URL_LENGTH) {
        transfer_fail (self, TAMGA_FETCH_ERROR_URL,
                       "the URL has %" G_GSIZE_FORMAT " characters; 1 to %u are accepted", length,
                       TAMGA_MAX_URL_LENGTH);
        return FALSE;
    }
    /* Without a base libcurl would want a scheme too, but the message would be less clear. */
    if (self->redirects == 0 && strstr (text, "://") == NULL) {
        transfer_fail (self, TAMGA_FETCH_ERROR_URL, "\"%s\" is not an absolute URL", text);
        return FALSE;
    }
    const char *authority = strstr (text, "://");
    if (authority != NULL && authority[3] == '/') { /* libcurl would skip the third slash */
        transfer_fail (self, TAMGA_FETCH_ERROR_URL, "the URL \"%s\" names no host", text);
        return FALSE;
    }
    CURLUcode code = curl_url_set (self->url, CURLUPART_URL, text, CURLU_DISALLOW_USER);
    if (code != CURLUE_OK) {
        transfer_fail (self, TAMGA_FETCH_ERROR_URL,
                       code == CURLUE_USER_NOT_ALLOWED ? "the URL \"%s\" has a user name in it"
                       : code == CURLUE_UNSUPPORTED_SCHEME
                           ? "the URL \"%s\" is neither http nor https"
                           : "\"%s\" is not a well-formed URL",
                       text);
        return FALSE;
    }
    g_autofree char *scheme = url_part (self->url, CURLUPART_SCHEME);
    g_autofree char *host = url_part (self->url, CURLUPART_HOST);
    if (scheme == NULL || (!g_str_equal (scheme, "http") && !g_str_equal (scheme, "https"))) {
        transfer_fail (self, TAMGA_FETCH_ERROR_URL, "the URL \"%s\" is neither http nor https",
                       text);
        return FALSE;
    }
    if (host == NULL || *host == '\0') {
        transfer_fail (self, TAMGA_FETCH_ERROR_URL, "the URL \"%s\" names no host", text);
        return FALSE;
    }
    if (before != NULL && g_str_equal (before, "https") && g_str_equal (scheme, "http")) {
        transfer_fail (self, TAMGA_FETCH_ERROR_URL,
                       "%s sends on from https to http (%s), which is not followed", self->shown,
                       host);
        return FALSE;
    }
    g_free (self->shown);
    self->shown = g_strdup (host);
    return check_host (self, host);
}

/* CURLOPT_OPENSOCKETFUNCTION: the resolver has answered, nothing is connected yet. */
static curl_socket_t open_socket (void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    TamgaTransfer *self = data;
    const char *name;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    /* A proxy is the user's own choice, often in the office's private range or on the machine. */
    if (!self->proxied) {
        TamgaAddressKind kind = tamga_address_kind (&address->addr, &name);
        if (!tamga_address_allowed (kind, self->rules->allow_loopback,
                                    self->rules->allow_private)) {
            transfer_fail (self, TAMGA_FETCH_ERROR_ADDRESS,
                           "%s leads to an address that may not be connected to: %s", self->shown,
                           name);
            return CURL_SOCKET_BAD;
        }
    }
    return socket (address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_body (char *bytes, size_t size, size_t count, void *data)
{
    TamgaTransfer *self = data;
    gsize length = size * count;
    if (length > self->limit - self->body->len) {
        transfer_fail (self, TAMGA_FETCH_ERROR_TOO_LARGE,
                       "%s answered with more than the %" G_GSIZE_FORMAT " bytes accepted",
                       self->shown, self->limit);
        return 0;
    }
    g_byte_array_append (self->body, (const guint8 *)bytes, (guint)length);
    return length;
}

static size_t take_header (char *bytes G_GNUC_UNUSED, size_t size, size_t count, void *data)
{
    TamgaTransfer *self = data;
    self->header_bytes += size * count;
    if (self->header_bytes > MAX_HEADER_BYTES) {
        transfer_fail (self, TAMGA_FETCH_ERROR_TOO_LARGE,
                       "%s answered with more than %u bytes of header", self->shown,
                       MAX_HEADER_BYTES);
        return 0;
    }
    return size * count;
}

static void add_header (TamgaTransfer *self, const char *name, const char *value)
{
    g_autofree char *line = NULL;
    /* Media types are ours, never a stranger's; a line break here would be a bug of ours. */
    g_assert (strpbrk (value, "\r\n") == NULL);
    line = g_strdup_printf ("%s: %s", name, value);
    self->headers = curl_slist_append (self->headers, line);
    g_assert (self->headers != NULL);
}

static void set_headers (TamgaTransfer *self)
{
    curl_slist_free_all (g_steal_pointer (&self->headers));
    if (self->accept != NULL)
        add_header (self, "Accept", self->accept);
    if (self->request != NULL) {
        add_header (self, "Content-Type",
                    self->content_type != NULL ? self->content_type : "application/octet-stream");
        /* No "Expect: 100-continue": old responders never answer it. */
        self->headers = curl_slist_append (self->headers, "Expect:");
        g_assert (self->headers != NULL);
    }
    curl_easy_setopt (self->easy, CURLOPT_HTTPHEADER, self->headers);
}

static void set_rules (TamgaTransfer *self, const char *proxy, long left_ms)
{
    CURL *easy = self->easy;
    curl_easy_setopt (easy, CURLOPT_PRIVATE, self);
    curl_easy_setopt (easy, CURLOPT_CURLU, self->url);
    curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt (easy, CURLOPT_REDIR_PROTOCOLS_STR, "");
    curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt (easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt (easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt (easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt (easy, CURLOPT_COOKIEFILE, NULL);
    curl_easy_setopt (easy, CURLOPT_USERAGENT, "tamga/" TAMGA_VERSION);
    curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt (easy, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt (easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt (easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt (easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, left_ms);
    curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT_MS, MIN (left_ms, CONNECT_TIMEOUT_MS));
    curl_easy_setopt (easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)self->limit);
    curl_easy_setopt (easy, CURLOPT_PROXY, proxy != NULL ? proxy : "");
    curl_easy_setopt (easy, CURLOPT_NOPROXY, ""); /* decided in proxy.c */
    curl_easy_setopt (easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt (easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt (easy, CURLOPT_OPENSOCKETDATA, self);
    curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt (easy, CURLOPT_WRITEDATA, self);
    curl_easy_setopt (easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt (easy, CURLOPT_HEADERDATA, self);
    /* The user's own proxy, if it is given with a name and password, is asked with them. */
    curl_easy_setopt (easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC | CURLAUTH_DIGEST);
}

/* Starts one hop: the first one or that of a redirect. */
static void start_hop (TamgaTransfer *self, const char *text)
{
    if (!set_url (self, text)) {
        transfer_finish (self);
        return;
    }
    gint64 spent_ms = (g_get_monotonic_time () - self->started) / 1000;
    if (spent_ms >= self->timeout_ms) {
        transfer_fail (self, TAMGA_FETCH_ERROR_TIMEOUT, "%s did not answer in time", self->shown);
        transfer_finish (self);
        return;
    }
    g_autofree char *scheme = url_part (self->url, CURLUPART_SCHEME);
    g_autofree char *proxy = tamga_proxy_for (self->rules->proxy, scheme, self->shown);
    self->proxied = proxy != NULL;
    self->header_bytes = 0;
    g_byte_array_set_size (self->body, 0);
    curl_easy_reset (self->easy);
    set_rules (self, proxy, (long)(self->timeout_ms - spent_ms));
    set_headers (self);
    if (self->request != NULL) {
        gsize length;
        const void *bytes = g_bytes_get_data (self->request, &length);
        curl_easy_setopt (self->easy, CURLOPT_POST, 1L);
        curl_easy_setopt (self->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
        curl_easy_setopt (self->easy, CURLOPT_POSTFIELDS, bytes != NULL ? bytes : "");
    }
    if (curl_multi_add_handle (self->multi, self->easy) != CURLM_OK) {
        transfer_fail (self, TAMGA_FETCH_ERROR_FAILED, "the transfer could not be started");
        transfer_finish (self);
    }
}

TamgaTransfer *tamga_transfer_start (CURLM *multi, const TamgaTransferRules *rules, guint ticket,
                                     GVariant *arguments)
{
    const char *url = "";
    guint64 limit = 0;
    TamgaTransfer *self = g_new0 (TamgaTransfer, 1);
    self->ticket = ticket;
    self->multi = multi;
    self->rules = rules;
    self->started = g_get_monotonic_time ();
    self->body = g_byte_array_new ();
    self->easy = curl_easy_init ();
    self->url = curl_url ();
    g_assert (self->easy != NULL && self->url != NULL);

    g_variant_lookup (arguments, "url", "&s", &url);
    g_variant_lookup (arguments, "content-type", "s", &self->content_type);
    g_variant_lookup (arguments, "accept", "s", &self->accept);
    g_variant_lookup (arguments, "limit", "t", &limit);
    g_variant_lookup (arguments, "timeout", "u", &self->timeout_ms);
    g_autoptr (GVariant) body = g_variant_lookup_value (arguments, "body", G_VARIANT_TYPE ("ay"));
    if (body != NULL)
        self->request = g_variant_get_data_as_bytes (body);
    self->limit = (gsize)MIN (limit, TAMGA_FETCH_MAX_BODY);
    self->shown = g_strdup ("the service");
    if (self->timeout_ms == 0)
        self->timeout_ms = TAMGA_FETCH_DEFAULT_TIMEOUT_MS;
    if (!rules->configured) {
        transfer_fail (self, TAMGA_FETCH_ERROR_FAILED, "nothing was configured");
        transfer_finish (self);
    } else {
        start_hop (self, url);
    }
    return self;
}

void tamga_transfer_free (TamgaTransfer *self)
{
    if (self == NULL)
        return;
    curl_multi_remove_handle (self->multi, self->easy);
    curl_easy_cleanup (self->easy);
    curl_url_cleanup (self->url);
    curl_slist_free_all (self->headers);
    g_clear_pointer (&self->request, g_bytes_unref);
    g_byte_array_unref (self->body);
    g_free (self->shown);
    g_free (self->content_type);
    g_free (self->accept);
    g_free (self->text);
    g_free (self->address);
    g_free (self);
}

/* What libcurl's result means for the person. `format` gets the host. */
static const struct {
    CURLcode curl;
    TamgaFetchError code;
    const char *format;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, TAMGA_FETCH_ERROR_CONNECT, "there is no host named %s"},
    {CURLE_COULDNT_RESOLVE_PROXY, TAMGA_FETCH_ERROR_CONNECT,
     "the proxy for %s has a name that leads to no address"},
    {CURLE_COULDNT_CONNECT, TAMGA_FETCH_ERROR_CONNECT, "%s refused the connection"},
    {CURLE_PROXY, TAMGA_FETCH_ERROR_CONNECT, "the proxy for %s refused"},
    {CURLE_PARTIAL_FILE, TAMGA_FETCH_ERROR_INTERRUPTED,
     "%s closed the connection before the whole answer came"},
    {CURLE_GOT_NOTHING, TAMGA_FETCH_ERROR_INTERRUPTED,
     "%s closed the connection without an answer"},
    {CURLE_RECV_ERROR, TAMGA_FETCH_ERROR_INTERRUPTED, "the connection to %s broke"},
    {CURLE_SEND_ERROR, TAMGA_FETCH_ERROR_INTERRUPTED, "the connection to %s broke"},
    {CURLE_WEIRD_SERVER_REPLY, TAMGA_FETCH_ERROR_INTERRUPTED,
     "what %s answered is not an HTTP answer"},
    {CURLE_UNSUPPORTED_PROTOCOL, TAMGA_FETCH_ERROR_INTERRUPTED,
     "what %s answered is not an HTTP answer"},
    {CURLE_FILESIZE_EXCEEDED, TAMGA_FETCH_ERROR_TOO_LARGE,
     "%s answered with more bytes than are accepted"},
    {CURLE_PEER_FAILED_VERIFICATION, TAMGA_FETCH_ERROR_TLS,
     "the TLS certificate of %s is not trusted by this system or is for another name"},
    {CURLE_SSL_CONNECT_ERROR, TAMGA_FETCH_ERROR_TLS, "no TLS connection to %s could be made"},
    {CURLE_SSL_CIPHER, TAMGA_FETCH_ERROR_TLS, "no common TLS cipher with %s"},
    {CURLE_SSL_CACERT_BADFILE, TAMGA_FETCH_ERROR_TLS,
     "the system's TLS certificates, needed for %s, cannot be read"},
    {CURLE_SSL_INVALIDCERTSTATUS, TAMGA_FETCH_ERROR_TLS, "the TLS certificate of %s is revoked"},
};

static void fail_by_curl (TamgaTransfer *self, CURLcode code)
{
    if (code == CURLE_OPERATION_TIMEDOUT) {
        /* The connect time-out ends earlier than the whole: say how long was waited. */
        double spent = (double)(g_get_monotonic_time () - self->started) / 1e6;
        transfer_fail (self, TAMGA_FETCH_ERROR_TIMEOUT, "%s did not answer in %.*f s", self->shown,
                       spent < 10 ? 1 : 0, spent);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (failures); i++) {
        if (failures[i].curl != code)
            continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        transfer_fail (self, failures[i].code, failures[i].format, self->shown);
#pragma GCC diagnostic pop
        return;
    }
    transfer_fail (self, TAMGA_FETCH_ERROR_FAILED, "the answer of %s could not be had (%s)",
                   self->shown, curl_easy_strerror (code));
}

/* Is this a redirect, and has it been followed? */
static gboolean follow (TamgaTransfer *self, long status)
{
    char *location = NULL;
    if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
        return FALSE;
    /* Absolute, made so by libcurl from the same parsed URL. */
    curl_easy_getinfo (self->easy, CURLINFO_REDIRECT_URL, &location);
    if (location == NULL)
        return FALSE;
    if (self->redirects == MAX_REDIRECTS) {
        transfer_fail (self, TAMGA_FETCH_ERROR_STATUS, "%s sent on more than %d times", self->shown,
                       MAX_REDIRECTS);
        return FALSE;
    }
    self->redirects++;
    /* RFC 9110 15.4: after 303 the answer is had by GET; else the question is asked again. */
    if (status == 303)
        g_clear_pointer (&self->request, g_bytes_unref);
    g_autofree char *copy = g_strdup (location);
    start_hop (self, copy);
    return TRUE;
}

void tamga_transfer_done (TamgaTransfer *self, CURLcode code)
{
    long status = 0;
    char *address = NULL;
    curl_multi_remove_handle (self->multi, self->easy);
    if (self->finished)
        return;
    curl_easy_getinfo (self->easy, CURLINFO_PRIMARY_IP, &address);
    if (address != NULL && *address != '\0') {
        g_free (self->address);
        self->address = g_strdup (address);
    }
    if (code != CURLE_OK) {
        fail_by_curl (self, code);
    } else if (!self->failed) {
        curl_easy_getinfo (self->easy, CURLINFO_RESPONSE_CODE, &status);
        if (follow (self, status))
            return;
        if (status != 200)
            transfer_fail (self, TAMGA_FETCH_ERROR_STATUS, "%s answered with HTTP status %ld",
                           self->shown, status);
    }
    transfer_finish (self);
}

gboolean tamga_transfer_finished (const TamgaTransfer *self)
{
    return self->finished;
}

guint tamga_transfer_ticket (const TamgaTransfer *self)
{
    return self->ticket;
}

GVariant *tamga_transfer_result (TamgaTransfer *self)
{
    GVariantBuilder builder;
    g_assert (self->finished);
    g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&builder, "{sv}", "ticket", g_variant_new_uint32 (self->ticket));
    g_variant_builder_add (&builder, "{sv}", "elapsed", g_variant_new_uint32 (self->elapsed_ms));
    if (self->address != NULL)
        g_variant_builder_add (&builder, "{sv}", "address", g_variant_new_string (self->address));
    if (self->failed) {
        /* Hosts come from strangers' certificates and need not be UTF-8. */
        g_autofree char *text = g_utf8_make_valid (self->text, -1);
        g_variant_builder_add (&builder, "{sv}", "error",
                               g_variant_new_string (tamga_fetch_error_names[self->code]));
        g_variant_builder_add (&builder, "{sv}", "text", g_variant_new_string (text));
    } else {
        g_variant_builder_add (
            &builder, "{sv}", "body",
            g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, self->body->data, self->body->len, 1));
    }
    return g_variant_builder_end (&builder);
}
