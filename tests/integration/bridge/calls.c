/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calls PROMPTER [ORIGIN]: each line of standard input is a call on one and the same connection,
 * each line of standard output its answer. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/ncalayer/ncalayer.h"
#include "bridge/turn.h"
#include "formats/jose/json.h"

static gint64 system_clock (void)
{
    return g_get_real_time () / G_USEC_PER_SEC;
}

static void answer (TamgaBridge *bridge, TamgaCaller *caller, GHashTable *paths, char **locale,
                    const char *line)
{
    g_autoptr (GBytes) message = g_bytes_new (line, strlen (line));
    TamgaRequest request = {.bridge = bridge,
                            .caller = caller,
                            .call = TAMGA_CALL_INIT,
                            .locale = *locale,
                            .paths = paths};
    g_autoptr (json_t) reply = tamga_ncalayer_dispatch (&request, message, NULL);
    g_autofree char *text = tamga_json_dump (reply);

    *locale = request.locale;
    tamga_request_clear (&request);
    puts (text);
    fflush (stdout);
}

int main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaConfig) config = NULL;
    g_autoptr (TamgaBridgeConfig) settings = NULL;
    const TamgaKeysConfig keys = {0};
    TamgaBridge bridge = {.clock = system_clock};
    char *line = NULL;
    size_t size = 0;

    if (argc < 2 || !tamga_algorithm_load ())
        return TAMGA_EXIT_USAGE;
    signal (SIGPIPE, SIG_IGN);
    tamga_bridge_add_failures ();
    config = tamga_config_load (&error);
    g_assert_no_error (error);
    settings = tamga_bridge_config_new (config);
    g_free (settings->prompter);
    settings->prompter = g_strdup (argv[1]);
    bridge.config = settings;
    bridge.grants = tamga_grants_open (NULL, &error);
    g_assert_no_error (error);
    bridge.tokens = tamga_keys_watch_new (&keys);
    bridge.turn = tamga_turn_new ();
    g_mutex_init (&bridge.tokens_lock);

    g_autoptr (TamgaCaller) caller =
        tamga_caller_new (1, argc > 2 ? argv[2] : "https://portal.example", NULL);
    g_autoptr (GHashTable) paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    char *locale = g_strdup ("kk");
    while (getline (&line, &size, stdin) > 0)
        answer (&bridge, caller, paths, &locale, line);
    free (line);
    g_free (locale);
    tamga_keys_watch_free (bridge.tokens);
    tamga_turn_free (bridge.turn);
    tamga_grants_free (bridge.grants);
    g_mutex_clear (&bridge.tokens_lock);
    return TAMGA_EXIT_DONE;
}
