/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server of the bridge against what sites and worse send to it (site.py, over real sockets). */
#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/page/page.h"
#include "bridge/peer.h"
#include "bridge/server.h"
#include "bridge/trust/certificate.h"

#define GREETING "{\"result\":{\"version\":\"1.4\"}}"
#define SLOW_SECONDS 2
#define LONG_REPLY (40u * 1024 * 1024)

typedef struct {
    char *folder;
    TamgaBridgeCertificate *certificate;
    TamgaBridgeConfig config;
    TamgaGrants *grants;
    TamgaServer *server;
    GThread *thread;
    GThreadPool *workers;
    gint closed; /* atomic */
} Scene;

typedef struct {
    TamgaCaller *caller;
    GBytes *text;
} Call;

/* On a worker: the answer comes from another thread than the service's, as in the bridge. */
static void answer (gpointer data, gpointer user)
{
    Call *call = data;
    Scene *scene = user;
    gsize size;
    const char *said = g_bytes_get_data (call->text, &size);
    g_autofree char *text = g_strndup (said ? said : "", size);
    GBytes *reply = g_bytes_ref (call->text);
    if (strcmp (text, "who am i") == 0) {
        const char *who = call->caller->origin ? call->caller->origin : call->caller->program;
        g_bytes_unref (reply);
        reply = g_bytes_new (who ? who : "", who ? strlen (who) : 0);
    } else if (strcmp (text, "slow") == 0) {
        g_usleep (SLOW_SECONDS * G_USEC_PER_SEC);
    } else if (strcmp (text, "40 MiB") == 0) {
        char *filled = g_malloc (LONG_REPLY);
        memset (filled, 'b', LONG_REPLY);
        g_bytes_unref (reply);
        reply = g_bytes_new_take (filled, LONG_REPLY);
    }
    tamga_server_send (scene->server, call->caller->connection, reply);
    tamga_caller_unref (call->caller);
    g_bytes_unref (call->text);
    g_free (call);
}

static gboolean admit (const char *origin, gpointer data)
{
    const Scene *scene = data;
    return !tamga_grants_denied (scene->grants, origin);
}

static void message (TamgaCaller *caller, GBytes *text, gpointer data)
{
    Scene *scene = data;
    Call *call = g_new (Call, 1);
    *call = (Call){tamga_caller_ref (caller), g_bytes_ref (text)};
    g_thread_pool_push (scene->workers, call, NULL);
}

static void closed (guint64 connection, gpointer data)
{
    Scene *scene = data;
    g_assert_cmpuint (connection, >, 0);
    g_atomic_int_inc (&scene->closed);
}

static void page (const TamgaPageRequest *request, TamgaPage *reply, gpointer data)
{
    Scene *scene = data;
    tamga_page_serve (scene->grants, tamga_server_port (scene->server), request, reply);
}

static gpointer run (gpointer server)
{
    tamga_server_run (server);
    return NULL;
}

static TamgaServer *open_server (Scene *scene, GError **error)
{
    const TamgaServerHandler handler = {.greeting = GREETING,
                                        .admit = admit,
                                        .message = message,
                                        .closed = closed,
                                        .page = page,
                                        .data = scene};
    return tamga_server_new (&scene->config, scene->certificate->chain_path,
                             scene->certificate->key_path, &handler, error);
}

static void set_up (Scene *scene, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    gint64 now = g_get_real_time () / G_USEC_PER_SEC;
    (void)data;
    scene->folder = g_dir_make_tmp ("tamga-server-XXXXXX", &error);
    g_assert_no_error (error);
    g_autofree char *tls = g_build_filename (scene->folder, "tls", NULL);
    scene->certificate = tamga_bridge_certificate_create (tls, now, &error);
    g_assert_no_error (error);
    g_autofree char *list = g_build_filename (scene->folder, "grants.json", NULL);
    scene->grants = tamga_grants_open (list, &error);
    g_assert_no_error (error);
    tamga_grants_allow (scene->grants, "https://known.example", TAMGA_CAPABILITY_SIGN,
                        TAMGA_REMEMBER_SESSION, now, &error);
    g_assert_no_error (error);
    tamga_grants_deny (scene->grants, "https://denied.example", TAMGA_REMEMBER_SESSION, now,
                       &error);
    g_assert_no_error (error);
    scene->config = (TamgaBridgeConfig){
        .max_message = 8 * 1024 * 1024, .max_connections = 400, .idle_seconds = 3600};
    scene->workers = g_thread_pool_new (answer, scene, 8, FALSE, NULL);
    scene->server = open_server (scene, &error);
    g_assert_no_error (error);
    scene->thread = g_thread_new ("server", run, scene->server);
}

static void remove_folder (const char *folder)
{
    g_autofree char *command = NULL;
    g_autofree char *quoted = g_shell_quote (folder);
    command = g_strdup_printf ("rm -rf %s", quoted);
    g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
}

static void tear_down (Scene *scene, gconstpointer data)
{
    (void)data;
    g_thread_pool_free (scene->workers, FALSE, TRUE);
    tamga_server_stop (scene->server);
    g_thread_join (scene->thread);
    tamga_server_free (scene->server);
    tamga_grants_free (scene->grants);
    tamga_bridge_certificate_free (scene->certificate);
    remove_folder (scene->folder);
    g_free (scene->folder);
}

/* Runs a case of site.py; the server has to be there afterwards, which the case looks at. */
static void site (Scene *scene, gconstpointer name)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *port = g_strdup_printf ("%u", tamga_server_port (scene->server));
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    const char *const argv[] = {"python3",
                                TAMGA_SOURCE_DIR "/tests/unit/bridge/site.py",
                                name,
                                port,
                                scene->certificate->ca_path,
                                NULL};
    int status;
    g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
                                 &err, &status, &error));
    if (status != 0)
        g_test_message ("%s%s", out, err);
    g_assert_cmpint (status, ==, 0);
}

static void test_loopback_only (Scene *scene, gconstpointer data)
{
    guint count;
    (void)data;
    g_assert_true (tamga_peer_all_loopback (&count));
    g_assert_cmpuint (count, >=, 1);
    int fd = socket (AF_INET, SOCK_STREAM, 0);
    const struct sockaddr_in any = {.sin_family = AF_INET};
    g_assert_cmpint (bind (fd, (const struct sockaddr *)&any, sizeof any), ==, 0);
    g_assert_cmpint (listen (fd, 1), ==, 0);
    g_assert_false (tamga_peer_all_loopback (&count));
    close (fd);
    g_assert_cmpuint (tamga_server_port (scene->server), !=, 0);
}

static void test_idle (Scene *scene, gconstpointer data)
{
    (void)data;
    scene->config.idle_seconds = 2; /* nobody is connected yet */
    site (scene, "idle");
}

static void test_port_taken (Scene *scene, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *self = g_strdup_printf ("(process %d)", (int)getpid ());
    (void)data;
    scene->config.port = tamga_server_port (scene->server);
    g_assert_null (open_server (scene, &error));
    g_assert_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PORT);
    g_assert_nonnull (strstr (error->message, self));
    site (scene, "greeting-and-echo");
}

static void test_certificate_missing (Scene *scene, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    (void)data;
    scene->config.port = 0;
    g_assert_cmpint (g_unlink (scene->certificate->key_path), ==, 0);
    g_assert_null (open_server (scene, &error));
    g_assert_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_TRUST);
    g_assert_nonnull (strstr (error->message, scene->certificate->key_path));
}

static void test_figures (Scene *scene, gconstpointer data)
{
    (void)data;
    site (scene, "greeting-and-echo");
    site (scene, "foreign-origins");
    TamgaServerFigures figures = tamga_server_figures (scene->server);
    g_assert_cmpuint (figures.messages, >=, 5);
    g_assert_cmpuint (figures.refused, >=, 24);
    for (int i = 0; i < 50 && tamga_server_figures (scene->server).connections > 0; i++)
        g_usleep (G_USEC_PER_SEC / 10);
    g_assert_cmpuint (tamga_server_figures (scene->server).connections, ==, 0);
    g_assert_cmpint (g_atomic_int_get (&scene->closed), >=, 4);
    /* An answer to one who left is dropped. */
    tamga_server_send (scene->server, 1, g_bytes_new_static ("late", 4));
}

int main (int argc, char **argv)
{
    static const char *const cases[] = {"greeting-and-echo",
                                        "both-addresses",
                                        "heartbeat-during-a-call",
                                        "pieces",
                                        "large",
                                        "bad-frames",
                                        "foreign-origins",
                                        "foreign-hosts",
                                        "pages",
                                        "only-the-known-read",
                                        "nothing-is-hidden-in-a-body",
                                        "no-other-protocol",
                                        "old-tls",
                                        "many",
                                        "slow",
                                        "unread-heartbeats",
                                        "sudden-ends"};
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *path = g_strconcat ("/server/", cases[i], NULL);
        g_test_add (path, Scene, cases[i], set_up, site, tear_down);
    }
    g_test_add ("/server/loopback-only", Scene, NULL, set_up, test_loopback_only, tear_down);
    g_test_add ("/server/idle", Scene, NULL, set_up, test_idle, tear_down);
    g_test_add ("/server/port-taken", Scene, NULL, set_up, test_port_taken, tear_down);
    g_test_add ("/server/certificate-missing", Scene, NULL, set_up, test_certificate_missing,
                tear_down);
    g_test_add ("/server/figures", Scene, NULL, set_up, test_figures, tear_down);
    return g_test_run ();
}
