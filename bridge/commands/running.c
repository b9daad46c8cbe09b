/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `status`, `stop` and `grants`: asked of the bridge that runs, through its control socket. */
#include <string.h>

#include "bridge/commands/commands.h"
#include "bridge/control.h"

/* `status` where none runs. */
#define NOT_RUNNING 1

static json_t *ask (const char *command, const char *origin, GError **error)
{
    return tamga_control_ask (
        json_pack ("{s:s, s:o}", "command", command, "origin", tamga_json_text (origin)), error);
}

static gint64 number (const json_t *object, const char *name)
{
    return json_integer_value (json_object_get (object, name));
}

static void print_status (const json_t *status)
{
    const char *version = json_string_value (json_object_get (status, "version"));
    printf ("The bridge runs: process %" G_GINT64_FORMAT ", port %" G_GINT64_FORMAT
            ", version %s\n",
            number (status, "pid"), number (status, "port"), version ? version : "unknown");
    printf ("since     %" G_GINT64_FORMAT " s\n", number (status, "seconds"));
    printf ("sites     %" G_GINT64_FORMAT " connected, %" G_GINT64_FORMAT " calls under way, "
            "%" G_GINT64_FORMAT " messages, %" G_GINT64_FORMAT " refused\n",
            number (status, "connections"), number (status, "pending"), number (status, "messages"),
            number (status, "refused"));
    printf ("profile   %s\nprompter  %s\n", json_string_value (json_object_get (status, "profile")),
            json_string_value (json_object_get (status, "prompter")));
}

int tamga_bridge_status (int argc, char **argv)
{
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "One JSON object", NULL}, {0}};
    int code;
    if (!tamga_bridge_parse (&argc, &argv, entries, &code))
        return code;
    g_autoptr (GError) error = NULL;
    json_t *status = ask ("status", NULL, &error);
    if (error)
        return tamga_bridge_fail (error);
    gboolean runs = status != NULL;
    if (as_json) {
        tamga_bridge_print (runs ? status : json_pack ("{s:b}", "running", 0));
    } else if (runs) {
        print_status (status);
        json_decref (status);
    } else {
        puts ("The bridge does not run. Start it with tamga-bridge serve, or "
              "systemctl --user start tamga-bridge.");
    }
    return runs ? TAMGA_EXIT_DONE : NOT_RUNNING;
}

int tamga_bridge_stop (int argc, char **argv)
{
    const GOptionEntry entries[] = {{0}};
    int code;
    if (!tamga_bridge_parse (&argc, &argv, entries, &code))
        return code;
    g_autoptr (GError) error = NULL;
    json_t *answer = ask ("stop", NULL, &error);
    if (error)
        return tamga_bridge_fail (error);
    puts (answer ? "The bridge ends." : "The bridge does not run.");
    json_decref (answer);
    return TAMGA_EXIT_DONE;
}

/* The file, where no bridge runs. */
static json_t *grants_of_file (const char *command, const char *origin, GError **error)
{
    g_autoptr (TamgaGrants) grants = tamga_grants_open (NULL, error);
    if (!grants)
        return NULL;
    if (strcmp (command, "grants") == 0)
        return json_pack ("{s:o}", "grants", tamga_grants_list (grants));
    g_autoptr (GError) failed = NULL;
    gboolean revoked = tamga_grants_revoke (grants, origin, &failed);
    if (!failed)
        return json_pack ("{s:b}", "revoked", revoked);
    g_propagate_error (error, g_steal_pointer (&failed));
    return NULL;
}

static void print_grants (const json_t *list)
{
    gsize index;
    json_t *grant;
    if (json_array_size (list) == 0)
        puts ("Nothing is granted to any site, and none is refused.");
    json_array_foreach (list, index, grant)
    {
        g_autoptr (GString) names = g_string_new (NULL);
        gsize n;
        json_t *name;
        json_array_foreach (json_object_get (grant, "capabilities"), n, name)
            g_string_append_printf (names, "%s%s", n ? ", " : "", json_string_value (name));
        const char *answer = json_string_value (json_object_get (grant, "answer"));
        printf ("%-40s %s %s (%s, since %s)\n",
                json_string_value (json_object_get (grant, "origin")),
                strcmp (answer, "deny") == 0 ? "refused" : "may", names->str,
                json_string_value (json_object_get (grant, "remember")),
                json_string_value (json_object_get (grant, "since")));
    }
}

int tamga_bridge_grants (int argc, char **argv)
{
    gboolean as_json = FALSE, all = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "One JSON object", NULL},
        {"all", 0, 0, G_OPTION_ARG_NONE, &all, "revoke: of every site", NULL},
        {0}};
    int code;
    if (!tamga_bridge_parse (&argc, &argv, entries, &code))
        return code;
    gboolean revoke_it = argc > 1 && strcmp (argv[1], "revoke") == 0;
    gboolean list = argc == 1 || (argc == 2 && strcmp (argv[1], "list") == 0);
    if (!list && !(revoke_it && argc == (all ? 2 : 3))) {
        fputs ("grants takes: list, revoke ORIGIN, or revoke --all.\n", stderr);
        return TAMGA_EXIT_USAGE;
    }
    g_autoptr (GError) error = NULL;
    const char *command = revoke_it ? "revoke" : "grants";
    const char *origin = revoke_it && !all ? argv[2] : NULL;
    json_t *answer = ask (command, origin, &error);
    if (!answer && !error)
        answer = grants_of_file (command, origin, &error);
    if (error)
        return tamga_bridge_fail (error);
    gboolean done = json_is_true (json_object_get (answer, "revoked"));
    if (as_json) {
        tamga_bridge_print (answer);
        return TAMGA_EXIT_DONE;
    }
    if (revoke_it)
        puts (done ? "Revoked: it will be asked about again." : "Nothing was granted or refused.");
    else
        print_grants (json_object_get (answer, "grants"));
    json_decref (answer);
    return TAMGA_EXIT_DONE;
}
