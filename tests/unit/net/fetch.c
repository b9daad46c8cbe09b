/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tamga-fetch as its callers see it, against a server on the loopback that misbehaves. */
#include "client/net/fetch.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/helper/helper.h"
#include "tests/unit/net/http_server.h"

typedef struct {
    HttpServer *server;
    TamgaFetch *fetch;
} Fixture;

static void set_up (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    fixture->server = http_server_start ();
    fixture->fetch = tamga_fetch_new (&(TamgaFetchConfig){.allow_loopback = TRUE, .proxy = ""});
}

static void tear_down (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    tamga_fetch_free (fixture->fetch);
    http_server_stop (fixture->server);
}

static double seconds_since (gint64 start)
{
    return (double)(g_get_monotonic_time () - start) / 1e6;
}

static GBytes *get (Fixture *fixture, const char *path, gsize limit, guint timeout_ms,
                    GError **error)
{
    g_autofree char *url = http_server_url (fixture->server, path);
    TamgaFetchRequest request = {.url = url, .limit = limit, .timeout_ms = timeout_ms};
    return tamga_fetch_one (fixture->fetch, &request, NULL, error);
}

static void assert_body (GBytes *body, const char *expected)
{
    g_assert_nonnull (body);
    g_autofree char *text = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
    g_assert_cmpstr (text, ==, expected);
}

static void assert_get (Fixture *fixture, const char *path, const char *expected)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) body = get (fixture, path, 1000, 0, &error);
    g_assert_no_error (error);
    assert_body (body, expected);
}

static void assert_fails (Fixture *fixture, const char *path, gsize limit, guint timeout_ms,
                          int code)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) body = get (fixture, path, limit, timeout_ms, &error);
    g_test_message ("%s: %s", path, error != NULL ? error->message : "no error");
    g_assert_null (body);
    g_assert_error (error, TAMGA_FETCH_ERROR, code);
}

static void test_get (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    assert_get (fixture, "/ok", "hello");
    g_autofree char *url = http_server_url (fixture->server, "/ok");
    TamgaFetchRequest request = {.url = url, .limit = 5};
    g_autoptr (GPtrArray) results = tamga_fetch_all (fixture->fetch, &request, 1, NULL);
    TamgaFetchResult *result = results->pdata[0];
    g_assert_no_error (result->error);
    g_assert_cmpstr (result->address, ==, "127.0.0.1");
    g_assert_cmpuint (result->elapsed_ms, <, 5000);
}

static void test_post (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) body = g_bytes_new_static ("question", 8);
    static const struct {
        const char *path, *expected;
    } rows[] = {
        {"/echo", "POST application/ocsp-request 8 question"},
        {"/again", "POST application/ocsp-request 8 question"}, /* 307 */
        {"/to?/echo", "POST application/ocsp-request 8 question"},
        {"/see", "GET - 0 "}, /* 303 */
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *url = http_server_url (fixture->server, rows[i].path);
        TamgaFetchRequest request = {.url = url,
                                     .content_type = "application/ocsp-request",
                                     .accept = "application/ocsp-response",
                                     .body = body,
                                     .limit = 1000};
        g_autoptr (GBytes) answer = tamga_fetch_one (fixture->fetch, &request, NULL, &error);
        g_assert_no_error (error);
        assert_body (answer, rows[i].expected);
    }
}

static void test_headers (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const paths[] = {"/headers", "/cookie"};
    for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) body = get (fixture, paths[i], 2000, 0, &error);
        g_assert_no_error (error);
        g_autofree char *text = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
        g_assert_nonnull (strstr (text, "User-Agent: tamga/" TAMGA_VERSION "\r\n"));
        g_assert_null (strstr (text, "Cookie:"));
        g_assert_null (strstr (text, "Referer:"));
        g_assert_null (strstr (text, "Authorization:"));
    }
}

/* Five answers that take 200 ms each are had in about 200 ms, in the order of the questions. */
static void test_concurrent (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    TamgaFetchRequest requests[5];
    g_autofree char *slow = http_server_url (fixture->server, "/slow/200");
    g_autofree char *echo = http_server_url (fixture->server, "/echo");
    g_autofree char *bad = http_server_url (fixture->server, "/status/503");
    assert_get (fixture, "/ok", "hello"); /* the helper runs */
    for (gsize i = 0; i < G_N_ELEMENTS (requests); i++)
        requests[i] = (TamgaFetchRequest){.url = slow, .limit = 100};
    requests[1].url = echo;
    requests[3].url = bad;
    gint64 start = g_get_monotonic_time ();
    g_autoptr (GPtrArray) results =
        tamga_fetch_all (fixture->fetch, requests, G_N_ELEMENTS (requests), NULL);
    double spent = seconds_since (start);
    g_test_message ("%.3f s", spent);
    g_assert_cmpfloat (spent, >=, 0.19);
    g_assert_cmpfloat (spent, <, 0.4);
    static const char *const expected[] = {"slow", "GET - 0 ", "slow", NULL, "slow"};
    for (guint i = 0; i < results->len; i++) {
        TamgaFetchResult *result = results->pdata[i];
        if (expected[i] != NULL)
            assert_body (result->body, expected[i]);
        else
            g_assert_error (result->error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_STATUS);
    }
}

static guint start_one (Fixture *fixture, const char *path)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *url = http_server_url (fixture->server, path);
    TamgaFetchRequest request = {.url = url, .limit = 100};
    guint ticket = tamga_fetch_start (fixture->fetch, &request, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (ticket, !=, 0);
    return ticket;
}

static void collect (Fixture *fixture, guint expected, const char *body)
{
    guint ticket = 0;
    TamgaFetchResult *result = tamga_fetch_wait (fixture->fetch, &ticket, NULL);
    g_assert_nonnull (result);
    g_assert_cmpuint (ticket, ==, expected);
    g_assert_no_error (result->error);
    assert_body (result->body, body);
    tamga_fetch_result_free (result);
}

/* Tickets come back as they finish; a call in between takes only its own. */
static void test_tickets (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    guint ticket = 0;
    guint late = start_one (fixture, "/slow/400");
    guint early = start_one (fixture, "/slow/100");
    assert_get (fixture, "/slow/200", "slow");
    collect (fixture, early, "slow");
    collect (fixture, late, "slow");
    g_assert_null (tamga_fetch_wait (fixture->fetch, &ticket, NULL));
}

static void test_failures (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *path;
        gsize limit;
        guint timeout_ms;
        TamgaFetchError code;
    } rows[] = {
        {"/status/404", 100, 0, TAMGA_FETCH_ERROR_STATUS},
        {"/status/204", 100, 0, TAMGA_FETCH_ERROR_STATUS},
        {"/short", 1000, 0, TAMGA_FETCH_ERROR_INTERRUPTED},
        {"/close", 1000, 0, TAMGA_FETCH_ERROR_INTERRUPTED},
        {"/garbage", 1000, 0, TAMGA_FETCH_ERROR_INTERRUPTED},
        {"/length/101", 100, 0, TAMGA_FETCH_ERROR_TOO_LARGE},
        {"/endless", 100000, 0, TAMGA_FETCH_ERROR_TOO_LARGE},
        {"/bigheader", 1000, 0, TAMGA_FETCH_ERROR_TOO_LARGE},
        {"/hang", 1000, 300, TAMGA_FETCH_ERROR_TIMEOUT},
        {"/drip", 1000, 300, TAMGA_FETCH_ERROR_TIMEOUT},
        {"/redirect/4", 1000, 0, TAMGA_FETCH_ERROR_STATUS},
        {"/to?file:///etc/passwd", 1000, 0, TAMGA_FETCH_ERROR_URL},
        {"/to?http://user@127.0.0.1/", 1000, 0, TAMGA_FETCH_ERROR_URL},
        {"/to?http://169.254.169.254/", 1000, 0, TAMGA_FETCH_ERROR_ADDRESS},
        {"/to?http://[::ffff:10.0.0.1]/", 1000, 0, TAMGA_FETCH_ERROR_ADDRESS},
        {"/to?http://0x0a000001/", 1000, 0, TAMGA_FETCH_ERROR_ADDRESS},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        gint64 start = g_get_monotonic_time ();
        assert_fails (fixture, rows[i].path, rows[i].limit, rows[i].timeout_ms, rows[i].code);
        g_assert_cmpfloat (seconds_since (start), <, 3);
    }
    assert_get (fixture, "/redirect/3", "there");
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) body = get (fixture, "/length/100", 100, 0, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (g_bytes_get_size (body), ==, 100);
}

static void test_refused_urls (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *long_url = g_strnfill (3000, 'a');
    memcpy (long_url, "http://127.0.0.1/", 17);
    const struct {
        const char *url;
        TamgaFetchError code;
    } rows[] = {
        {"", TAMGA_FETCH_ERROR_URL},
        {"ocsp.example", TAMGA_FETCH_ERROR_URL},
        {"file:///etc/passwd", TAMGA_FETCH_ERROR_URL},
        {"ftp://127.0.0.1/a", TAMGA_FETCH_ERROR_URL},
        {"ldap://127.0.0.1/a", TAMGA_FETCH_ERROR_URL},
        {"gopher://127.0.0.1/a", TAMGA_FETCH_ERROR_URL},
        {"http://name:password@127.0.0.1/", TAMGA_FETCH_ERROR_URL},
        {"http://name@127.0.0.1/", TAMGA_FETCH_ERROR_URL},
        {"http:///nohost", TAMGA_FETCH_ERROR_URL},
        {"http://127.0.0.1:99999/", TAMGA_FETCH_ERROR_URL},
        {"http://127.0.0.1/a b", TAMGA_FETCH_ERROR_URL},
        {"http://127.0.0.1/a\r\nX: y", TAMGA_FETCH_ERROR_URL},
        {"http://127.0.0.1/\xff\xfe", TAMGA_FETCH_ERROR_URL},
        {long_url, TAMGA_FETCH_ERROR_URL},
        {"http://0.0.0.0/", TAMGA_FETCH_ERROR_ADDRESS},
        {"http://10.0.0.1/", TAMGA_FETCH_ERROR_ADDRESS},
        {"http://[fe80::1]/", TAMGA_FETCH_ERROR_ADDRESS},
        {"http://[ff02::1]/", TAMGA_FETCH_ERROR_ADDRESS},
        {"http://192.168.0.1/", TAMGA_FETCH_ERROR_ADDRESS},
        {"http://127.0.0.1:1/", TAMGA_FETCH_ERROR_CONNECT},
        {"http://no-such-host.invalid/", TAMGA_FETCH_ERROR_CONNECT},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GError) error = NULL;
        TamgaFetchRequest request = {.url = rows[i].url, .limit = 100, .timeout_ms = 3000};
        g_autoptr (GBytes) body = tamga_fetch_one (fixture->fetch, &request, NULL, &error);
        g_test_message ("%.40s: %s", rows[i].url, error != NULL ? error->message : "no error");
        g_assert_null (body);
        g_assert_error (error, TAMGA_FETCH_ERROR, (int)rows[i].code);
    }
    g_assert_cmpuint (http_server_connections (fixture->server), ==, 0);
}

/* Without the demo's permission the loopback is out of reach, by number and by name. */
static void test_loopback_refused (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const hosts[] = {"127.0.0.1",  "localhost",      "x.localhost",
                                        "[::1]",      "127.1",          "2130706433",
                                        "0x7f000001", "[::ffff:7f00:1]"};
    g_autoptr (TamgaFetch) strict =
        tamga_fetch_new (&(TamgaFetchConfig){.allow_private = TRUE, .proxy = ""});
    for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++) {
        g_autoptr (GError) error = NULL;
        g_autofree char *url =
            g_strdup_printf ("http://%s:%u/ok", hosts[i], http_server_port (fixture->server));
        TamgaFetchRequest request = {.url = url, .limit = 100};
        g_autoptr (GBytes) body = tamga_fetch_one (strict, &request, NULL, &error);
        g_assert_null (body);
        g_test_message ("%s: %s", hosts[i], error != NULL ? error->message : "no error");
        g_assert_error (error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_ADDRESS);
    }
    g_assert_cmpuint (http_server_connections (fixture->server), ==, 0);
}

/* What only the resolver knows is judged when connecting: this machine's own name leads to an
 * address of its own, and that one is not public. */
static void test_resolved_address (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    char name[256] = "";
    g_assert_cmpint (gethostname (name, sizeof name - 1), ==, 0);
    g_autoptr (TamgaFetch) strict = tamga_fetch_new (&(TamgaFetchConfig){.proxy = ""});
    g_autoptr (GError) error = NULL;
    g_autofree char *url =
        g_strdup_printf ("http://%s:%u/ok", name, http_server_port (fixture->server));
    TamgaFetchRequest request = {.url = url, .limit = 100, .timeout_ms = 3000};
    g_autoptr (GBytes) body = tamga_fetch_one (strict, &request, NULL, &error);
    g_assert_null (body);
    g_test_message ("%s: %s", name, error != NULL ? error->message : "no error");
    if (g_error_matches (error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_CONNECT) ||
        g_error_matches (error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_TIMEOUT)) {
        g_test_skip ("this machine's name leads to no address of its own");
        return;
    }
    g_assert_error (error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_ADDRESS);
    g_assert_cmpuint (http_server_connections (fixture->server), ==, 0);
}

static void test_proxy (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *proxy = http_server_url (fixture->server, "");
    /* The proxy stands on the loopback, by the user's choice; loopback targets stay forbidden. */
    g_autoptr (TamgaFetch) fetch = tamga_fetch_new (&(TamgaFetchConfig){.proxy = proxy});
    g_autoptr (GError) error = NULL;
    TamgaFetchRequest request = {.url = "http://ocsp.example/path", .limit = 100};
    g_autoptr (GBytes) body = tamga_fetch_one (fetch, &request, NULL, &error);
    g_assert_no_error (error);
    assert_body (body, "proxied GET http://ocsp.example/path");
    guint connections = http_server_connections (fixture->server);
    static const char *const refused[] = {"http://127.0.0.1/", "http://localhost/",
                                          "http://169.254.169.254/"};
    for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
        g_autoptr (GError) refusal = NULL;
        request.url = refused[i];
        g_autoptr (GBytes) nothing = tamga_fetch_one (fetch, &request, NULL, &refusal);
        g_assert_null (nothing);
        g_assert_error (refusal, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_ADDRESS);
    }
    g_assert_cmpuint (http_server_connections (fixture->server), ==, connections);
    /* A proxy resolves by itself: what a redirect names is looked at before it is asked. */
    g_autoptr (GError) refusal = NULL;
    request.url = "http://elsewhere.example/to?http://169.254.169.254/latest";
    g_autoptr (GBytes) nothing = tamga_fetch_one (fetch, &request, NULL, &refusal);
    g_assert_null (nothing);
    g_assert_error (refusal, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_ADDRESS);
}

static void test_proxy_from_environment (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *proxy = http_server_url (fixture->server, "");
    g_setenv ("http_proxy", proxy, TRUE);
    g_autoptr (TamgaFetch) fetch = tamga_fetch_new (&(TamgaFetchConfig){.proxy = NULL});
    g_autoptr (GError) error = NULL;
    TamgaFetchRequest request = {.url = "http://crl.example/a.crl", .limit = 100};
    g_autoptr (GBytes) body = tamga_fetch_one (fetch, &request, NULL, &error);
    g_unsetenv ("http_proxy");
    g_assert_no_error (error);
    assert_body (body, "proxied GET http://crl.example/a.crl");
}

/* A deadline ends the call; the helper and what else it does live on. */
static void test_deadline (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    guint other = start_one (fixture, "/slow/800");
    GPid pid = tamga_fetch_pid (fixture->fetch);
    g_autofree char *url = http_server_url (fixture->server, "/hang");
    TamgaFetchRequest request = {.url = url, .limit = 100};
    g_autoptr (GError) error = NULL;
    TamgaCall call = tamga_call_within (NULL, 300);
    gint64 start = g_get_monotonic_time ();
    g_autoptr (GBytes) body = tamga_fetch_one (fixture->fetch, &request, &call, &error);
    g_assert_null (body);
    double spent = seconds_since (start);
    g_assert_error (error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_TIMEOUT);
    g_assert_cmpfloat (spent, >=, 0.25);
    g_assert_cmpfloat (spent, <, 1);
    collect (fixture, other, "slow");
    g_assert_cmpint (tamga_fetch_pid (fixture->fetch), ==, pid);
}

static gpointer cancel_soon (gpointer data)
{
    guint64 one = 1;
    g_usleep (200 * 1000);
    g_assert_cmpint (write (GPOINTER_TO_INT (data), &one, sizeof one), ==, sizeof one);
    return NULL;
}

static void test_cancel (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    int fd = eventfd (0, EFD_CLOEXEC);
    TamgaCall call = TAMGA_CALL_INIT;
    call.cancel_fd = fd;
    g_autofree char *url = http_server_url (fixture->server, "/hang");
    TamgaFetchRequest requests[] = {{.url = url, .limit = 100}, {.url = url, .limit = 100}};
    GThread *thread = g_thread_new ("cancel", cancel_soon, GINT_TO_POINTER (fd));
    gint64 start = g_get_monotonic_time ();
    g_autoptr (GPtrArray) results = tamga_fetch_all (fixture->fetch, requests, 2, &call);
    g_assert_cmpfloat (seconds_since (start), <, 1.2);
    for (guint i = 0; i < results->len; i++) {
        TamgaFetchResult *result = results->pdata[i];
        g_assert_error (result->error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_CANCELLED);
    }
    g_thread_join (thread);
    close (fd);
    assert_get (fixture, "/ok", "hello"); /* with a new helper */
}

static gpointer kill_soon (gpointer data)
{
    g_usleep (200 * 1000);
    kill (GPOINTER_TO_INT (data), SIGKILL);
    return NULL;
}

static void test_helper_dies (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    assert_get (fixture, "/ok", "hello");
    GPid first = tamga_fetch_pid (fixture->fetch);
    g_autofree char *url = http_server_url (fixture->server, "/hang");
    TamgaFetchRequest requests[] = {{.url = url, .limit = 100}, {.url = url, .limit = 100}};
    GThread *thread = g_thread_new ("kill", kill_soon, GINT_TO_POINTER (first));
    g_autoptr (GPtrArray) results = tamga_fetch_all (fixture->fetch, requests, 2, NULL);
    g_thread_join (thread);
    for (guint i = 0; i < results->len; i++) {
        TamgaFetchResult *result = results->pdata[i];
        g_assert_error (result->error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED);
    }
    assert_get (fixture, "/ok", "hello");
    GPid second = tamga_fetch_pid (fixture->fetch);
    g_assert_cmpint (second, !=, first);
    /* Killed while idle: nobody notices. */
    kill (second, SIGKILL);
    g_usleep (100 * 1000);
    assert_get (fixture, "/ok", "hello");
    g_assert_cmpint (tamga_fetch_pid (fixture->fetch), !=, second);
}

static void test_offline (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr (TamgaFetch) fetch =
        tamga_fetch_new (&(TamgaFetchConfig){.allow_loopback = TRUE, .offline = TRUE});
    g_autofree char *url = http_server_url (fixture->server, "/ok");
    TamgaFetchRequest request = {.url = url, .limit = 100};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) body = tamga_fetch_one (fetch, &request, NULL, &error);
    g_assert_null (body);
    g_assert_error (error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_OFFLINE);
    g_assert_true (tamga_fetch_is_offline (fetch));
    g_assert_cmpint (tamga_fetch_pid (fetch), ==, 0);
    g_assert_cmpuint (http_server_connections (fixture->server), ==, 0);
}

/* A server with a certificate that this system does not trust: openssl s_server. */
static void test_tls (Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp ("tamga-tls-XXXXXX", &error);
    g_assert_no_error (error);
    g_autofree char *key = g_build_filename (folder, "key.pem", NULL);
    g_autofree char *certificate = g_build_filename (folder, "certificate.pem", NULL);
    const char *make[] = {"openssl",
                          "req",
                          "-x509",
                          "-newkey",
                          "ec",
                          "-pkeyopt",
                          "ec_paramgen_curve:P-256",
                          "-nodes",
                          "-subj",
                          "/CN=127.0.0.1",
                          "-keyout",
                          key,
                          "-out",
                          certificate,
                          "-days",
                          "2",
                          NULL};
    int status, out;
    GPid pid;
    g_spawn_sync (NULL, (char **)make, NULL,
                  G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL | G_SPAWN_STDOUT_TO_DEV_NULL,
                  NULL, NULL, NULL, NULL, &status, &error);
    g_assert_no_error (error);
    g_assert_cmpint (status, ==, 0);
    const char *serve[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-www",
                           "-key",    key,        "-cert",   certificate,   NULL};
    g_spawn_async_with_pipes (NULL, (char **)serve, NULL,
                              G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                  G_SPAWN_STDERR_TO_DEV_NULL,
                              NULL, NULL, &pid, NULL, &out, NULL, &error);
    g_assert_no_error (error);
    g_autoptr (GString) said = g_string_new (NULL);
    char *port = NULL;
    char byte;
    while (port == NULL && read (out, &byte, 1) == 1) {
        g_string_append_c (said, byte);
        if (byte == '\n' && strstr (said->str, "ACCEPT 127.0.0.1:") != NULL)
            port = strstr (said->str, "ACCEPT 127.0.0.1:") + strlen ("ACCEPT 127.0.0.1:");
    }
    g_assert_nonnull (port);
    g_autofree char *url = g_strdup_printf ("https://127.0.0.1:%d/", atoi (port));
    TamgaFetchRequest request = {.url = url, .limit = 100000};
    g_autoptr (GBytes) body = tamga_fetch_one (fixture->fetch, &request, NULL, &error);
    kill (pid, SIGTERM);
    waitpid (pid, NULL, 0);
    close (out);
    g_unlink (key);
    g_unlink (certificate);
    g_rmdir (folder);
    g_test_message ("%s", error != NULL ? error->message : "no error");
    g_assert_null (body);
    g_assert_error (error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_TLS);
}

int main (int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test) (Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/net/get", test_get},
        {"/net/post", test_post},
        {"/net/headers", test_headers},
        {"/net/concurrent", test_concurrent},
        {"/net/tickets", test_tickets},
        {"/net/failures", test_failures},
        {"/net/refused-urls", test_refused_urls},
        {"/net/loopback-refused", test_loopback_refused},
        {"/net/resolved-address", test_resolved_address},
        {"/net/proxy", test_proxy},
        {"/net/proxy-from-environment", test_proxy_from_environment},
        {"/net/deadline", test_deadline},
        {"/net/cancel", test_cancel},
        {"/net/helper-dies", test_helper_dies},
        {"/net/offline", test_offline},
        {"/net/tls", test_tls},
    };
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run ();
}
