/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of subcommands and what they share. */
#include "bridge/commands/commands.h"

const TamgaBridgeCommand tamga_bridge_commands[] = {
    {"serve", "", "serve the sites that ask for signatures", tamga_bridge_serve},
    {"status", "", "does it run, since when, for whom", tamga_bridge_status},
    {"stop", "", "end it in order", tamga_bridge_stop},
    {"grants", "[list|revoke ORIGIN|revoke --all]", "what sites may do", tamga_bridge_grants},
    {"install-trust", "", "make browsers trust the bridge", tamga_bridge_install_trust},
    {"remove-trust", "", "undo that", tamga_bridge_remove_trust},
    {"doctor", "", "what is missing, and how to mend it", tamga_bridge_doctor},
    {0},
};

gboolean tamga_bridge_parse (int *argc, char ***argv, const GOptionEntry *entries, int *code)
{
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autoptr (GError) error = NULL;
    g_option_context_add_main_entries (context, entries, NULL);
    if (g_option_context_parse (context, argc, argv, &error))
        return TRUE;
    fprintf (stderr, "%s.\n", error->message);
    *code = TAMGA_EXIT_USAGE;
    return FALSE;
}

int tamga_bridge_fail (const GError *error)
{
    g_autofree char *text = tamga_text_visible (error->message);
    const char *advice = tamga_failure_advice (error);
    fprintf (stderr, "%s\n", text);
    if (advice)
        fprintf (stderr, "Next: %s\n", advice);
    return (int)tamga_failure_exit_code (error);
}

void tamga_bridge_print (json_t *object)
{
    char *text = json_dumps (object, JSON_INDENT (2) | JSON_PRESERVE_ORDER);
    puts (text);
    free (text);
    json_decref (object);
}
