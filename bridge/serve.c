/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga-bridge serve`: puts the parts together and runs until it is told to stop. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "bridge/commands/commands.h"
#include "bridge/control.h"
#include "bridge/ncalayer/ncalayer.h"
#include "bridge/page/page.h"
#include "bridge/trust/certificate.h"
#include "bridge/turn.h"
#include "formats/algorithm.h"

/* Of malloc: workers wait more than they compute, and each arena of its own would keep memory. */
#define ARENAS 2

/* A reply in every envelope that a site may expect (bridge-protocols 1.1 to 1.3). */
#define BUSY                                                                                       \
    "{\"success\":false,\"status\":false,\"code\":\"500\",\"errorCode\":\"TOO_MANY_CALLS\","       \
    "\"message\":\"Too many calls wait for an answer.\"}"

typedef struct {
    TamgaBridge bridge;
    TamgaServer *server;
    TamgaSessions *sessions;
    TamgaControl *control;
} Agent;

static gint64 system_clock (void)
{
    return g_get_real_time () / G_USEC_PER_SEC;
}

static gboolean admit (const char *origin, gpointer data)
{
    const Agent *agent = data;
    return origin == NULL || !tamga_grants_denied (agent->bridge.grants, origin);
}

static void message (TamgaCaller *caller, GBytes *text, gpointer data)
{
    const Agent *agent = data;
    tamga_sessions_message (agent->sessions, caller, text);
}

static void closed (guint64 connection, gpointer data)
{
    const Agent *agent = data;
    if (agent->sessions) /* at the end they go before the server does */
        tamga_sessions_closed (agent->sessions, connection);
}

static void page (const TamgaPageRequest *request, TamgaPage *answer, gpointer data)
{
    const Agent *agent = data;
    tamga_page_serve (agent->bridge.grants, tamga_server_port (agent->server), request, answer);
}

/* SIGTERM and SIGINT end the bridge in order: they are waited for by a thread of their own, so that
 * no code of ours runs in a signal handler. */
static gpointer wait_for_signals (gpointer data)
{
    Agent *agent = data;
    sigset_t signals;
    int number;
    sigemptyset (&signals);
    sigaddset (&signals, SIGINT);
    sigaddset (&signals, SIGTERM);
    sigaddset (&signals, SIGHUP);
    if (sigwait (&signals, &number) == 0)
        tamga_server_stop (agent->server);
    return NULL;
}

static void block_signals (void)
{
    sigset_t signals;
    sigemptyset (&signals);
    sigaddset (&signals, SIGINT);
    sigaddset (&signals, SIGTERM);
    sigaddset (&signals, SIGHUP);
    pthread_sigmask (SIG_BLOCK, &signals, NULL);
    signal (SIGPIPE, SIG_IGN);
}

/* The certificate of this machine; a first start makes it. */
static TamgaBridgeCertificate *certificate (GError **error)
{
    g_autoptr (GError) failed = NULL;
    TamgaBridgeCertificate *found = tamga_bridge_certificate_load (NULL, &failed);
    if (failed)
        g_propagate_error (error, g_steal_pointer (&failed));
    else if (!found)
        found = tamga_bridge_certificate_create (NULL, system_clock (), error);
    return found;
}

static void agent_clear (Agent *agent)
{
    g_clear_pointer (&agent->control, tamga_control_free);
    g_clear_pointer (&agent->sessions, tamga_sessions_free);
    g_clear_pointer (&agent->server, tamga_server_free);
    g_clear_pointer (&agent->bridge.tokens, tamga_keys_watch_free);
    g_clear_pointer (&agent->bridge.turn, tamga_turn_free);
    g_clear_pointer (&agent->bridge.grants, tamga_grants_free);
    g_mutex_clear (&agent->bridge.tokens_lock);
}

static gboolean agent_open (Agent *agent, const TamgaBridgeConfig *config, GError **error)
{
    const TamgaKeysConfig keys = {.modules = config->modules};
    const TamgaServerHandler handler = {.greeting = TAMGA_NCALAYER_GREETING,
                                        .admit = admit,
                                        .message = message,
                                        .closed = closed,
                                        .page = page,
                                        .data = agent};
    agent->bridge.config = config;
    agent->bridge.clock = system_clock;
    g_mutex_init (&agent->bridge.tokens_lock);
    agent->bridge.turn = tamga_turn_new ();
    agent->bridge.tokens = tamga_keys_watch_new (&keys);
    agent->sessions = tamga_sessions_new (&agent->bridge, tamga_ncalayer_dispatch, NULL, BUSY);
    g_autoptr (TamgaBridgeCertificate) tls = certificate (error);
    if (!tls || !(agent->bridge.grants = tamga_grants_open (NULL, error)) ||
        !(agent->server =
              tamga_server_new (config, tls->chain_path, tls->key_path, &handler, error)))
        return FALSE;
    tamga_sessions_set_server (agent->sessions, agent->server);
    agent->control = tamga_control_new (&agent->bridge, agent->server, agent->sessions, error);
    return agent->control != NULL;
}

static int serve (const TamgaBridgeConfig *config)
{
    g_autoptr (GError) error = NULL;
    Agent agent = {0};
    block_signals ();
    mallopt (M_ARENA_MAX, ARENAS);
    int code = TAMGA_EXIT_DONE;
    if (agent_open (&agent, config, &error)) {
        printf ("Listening on wss://127.0.0.1:%u\n", tamga_server_port (agent.server));
        fflush (stdout);
        g_thread_unref (g_thread_new ("signals", wait_for_signals, &agent));
        tamga_server_run (agent.server);
    } else {
        code = tamga_bridge_fail (error);
    }
    agent_clear (&agent);
    return code;
}

int tamga_bridge_serve (int argc, char **argv)
{
    g_autofree char *prompter = NULL, *profile = NULL;
    int port = -1;
    const GOptionEntry entries[] = {
        {"port", 'p', 0, G_OPTION_ARG_INT, &port, "Where it listens (13579; 0: any free one)", "N"},
        {"prompter", 0, 0, G_OPTION_ARG_STRING, &prompter,
         "Who asks the person: desktop, terminal, none, or a command", "COMMAND"},
        {"profile", 0, 0, G_OPTION_ARG_STRING, &profile, "Country profile (kz)", "NAME"},
        {0}};
    int code;
    if (!tamga_bridge_parse (&argc, &argv, entries, &code))
        return code;
    if (argc > 1 || port > G_MAXUINT16) {
        fputs ("serve takes no such argument.\n", stderr);
        return TAMGA_EXIT_USAGE;
    }
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaConfig) file = tamga_config_load (&error);
    if (!file)
        return tamga_bridge_fail (error);
    g_autoptr (TamgaBridgeConfig) config = tamga_bridge_config_new (file);
    if (port >= 0)
        config->port = (guint16)port;
    char **named[] = {&config->prompter, &config->profile};
    char **given[] = {&prompter, &profile};
    for (gsize i = 0; i < G_N_ELEMENTS (named); i++) {
        if (*given[i]) {
            g_free (*named[i]);
            *named[i] = g_steal_pointer (given[i]);
        }
    }
    if (!tamga_algorithm_load ()) {
        fputs ("OpenSSL on this computer does not let Tamga have its algorithms.\n"
               "Next: Start it with OPENSSL_CONF=/dev/null, or ask who administers this "
               "computer.\n",
               stderr);
        return TAMGA_EXIT_INPUT;
    }
    return serve (config);
}
