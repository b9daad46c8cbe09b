/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga journal`: what was signed and what was refused, and whether that record is whole. */
#include <string.h>

#include "client/cli/cli.h"
#include "formats/ossl.h"

static const char *text_of (const json_t *entry, const char *name)
{
    return json_string_value (json_object_get (entry, name));
}

static void show_member (TamgaCli *cli, const json_t *entry, const char *label, const char *name)
{
    const char *text = text_of (entry, name);
    if (!text)
        return;
    g_autofree char *visible = tamga_text_visible (text);
    tamga_cli_line (cli, label, "%s", visible);
}

/* "2026-11-22T10:42:11Z" as people read it here. */
static char *time_text (const char *rfc3339)
{
    g_autoptr (GDateTime) moment = rfc3339 ? g_date_time_new_from_iso8601 (rfc3339, NULL) : NULL;
    return tamga_time_text (moment ? g_date_time_to_unix (moment) : G_MININT64);
}

static void show_steps (TamgaCli *cli, const json_t *steps)
{
    gsize i;
    json_t *step;
    json_array_foreach (steps, i, step)
    {
        const char *title = text_of (step, "title"), *answer = text_of (step, "answer");
        const char *source = text_of (step, "source");
        g_autofree char *shown = tamga_text_visible (title ? title : "");
        g_autofree char *from = tamga_text_visible (source ? source : "");
        g_autofree char *label = g_strdup_printf ("  check %" G_GSIZE_FORMAT, i + 1);
        tamga_cli_line (cli, label, "%s: %s%s%s", shown, answer ? answer : "?", *from ? "   " : "",
                        from);
    }
}

static void show_entry (TamgaCli *cli, const json_t *entry)
{
    const char *event = text_of (entry, "event");
    const char *document = text_of (entry, "document");
    g_autofree char *when = time_text (text_of (entry, "time"));
    g_autofree char *what = tamga_text_visible (event ? event : "?");
    g_autofree char *file = tamga_text_visible (document ? document : "");
    gboolean bad = strcmp (what, "refused") == 0 || strcmp (what, "failed") == 0;
    g_autofree char *word = tamga_cli_colored (cli, bad ? "bad" : "good", what);
    tamga_cli_say (cli, "%s  %s  %s", when, word, file);
    const json_t *certificate = json_object_get (entry, "certificate");
    show_member (cli, certificate, "  signer", "subject");
    show_member (cli, entry, "  output", "output");
    show_member (cli, entry, "  subject", "subject");
    show_member (cli, entry, "  reason", "reason");
    show_member (cli, entry, "  rule", "rule");
    if (!cli->verbose)
        return;
    show_member (cli, entry, "  profile", "profile");
    show_member (cli, entry, "  level", "level");
    show_member (cli, entry, "  digest", "digest");
    show_member (cli, entry, "  SHA-256", "sha256");
    show_member (cli, entry, "  key", "key");
    show_member (cli, entry, "  asked by", "origin");
    show_steps (cli, json_object_get (entry, "steps"));
}

static int show (TamgaCli *cli, TamgaJournal *journal, int last, const char *event)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) entries = tamga_journal_read (journal, &error);
    if (!entries)
        return tamga_cli_fail (cli, error);
    g_autoptr (GPtrArray) wanted = g_ptr_array_new ();
    for (guint i = 0; i < entries->len; i++) {
        const char *own = text_of (g_ptr_array_index (entries, i), "event");
        if (!event || g_strcmp0 (own, event) == 0)
            g_ptr_array_add (wanted, g_ptr_array_index (entries, i));
    }
    guint first = last > 0 && (guint)last < wanted->len ? wanted->len - (guint)last : 0;
    json_t *array = json_array ();
    for (guint i = first; i < wanted->len; i++) {
        if (cli->ndjson)
            tamga_cli_json (cli, json_incref (g_ptr_array_index (wanted, i)));
        else if (cli->json)
            json_array_append (array, g_ptr_array_index (wanted, i));
        else
            show_entry (cli, g_ptr_array_index (wanted, i));
    }
    json_t *object =
        json_pack ("{s:s, s:o}", "journal", tamga_journal_path (journal), "entries", array);
    if (cli->json && !cli->ndjson)
        tamga_cli_json (cli, object);
    else
        json_decref (object);
    if (wanted->len == 0 && !cli->quiet)
        fputs ("The journal has no such entry yet.\n", stderr);
    /* A chain that is broken must not look whole because it could be shown in part. */
    guint good;
    if (!tamga_journal_check (journal, &good, &error))
        return tamga_cli_fail (cli, error);
    return TAMGA_EXIT_DONE;
}

static int check (TamgaCli *cli, TamgaJournal *journal)
{
    g_autoptr (GError) error = NULL;
    guint good = 0;
    gboolean whole = tamga_journal_check (journal, &good, &error);
    if (cli->json)
        tamga_cli_json (cli,
                        json_pack ("{s:s, s:b, s:i, s:o}", "journal", tamga_journal_path (journal),
                                   "whole", (int)whole, "entries", (int)good, "problem",
                                   tamga_json_text (whole ? NULL : error->message)));
    if (!whole)
        return tamga_cli_fail (cli, error);
    g_autofree char *word = tamga_cli_colored (cli, "good", "whole");
    g_autofree char *path = tamga_text_visible (tamga_journal_path (journal));
    tamga_cli_line (cli, "Journal", "%s, %u %s   %s", word, good, good == 1 ? "entry" : "entries",
                    path);
    return TAMGA_EXIT_DONE;
}

static int run (TamgaCli *cli, int argc, char **argv, int last, const char *event)
{
    gboolean checking = strcmp (argv[0], "check") == 0;
    if (argc != 1 || (!checking && strcmp (argv[0], "show") != 0))
        return tamga_cli_usage (cli, "tamga journal does show or check, not \"%s\".",
                                argv[argc - 1]);
    if (last < 0)
        return tamga_cli_usage (cli, "--last takes a number above 0.");
    g_autoptr (GError) error = NULL;
    TamgaJournal *journal = tamga_cli_journal (cli, &error);
    if (!journal)
        return tamga_cli_fail (cli, error);
    return checking ? check (cli, journal) : show (cli, journal, last, event);
}

int tamga_cli_journal_command (TamgaCli *cli, int argc, char **argv)
{
    int last = 0, code;
    g_autofree char *event = NULL;
    const GOptionEntry entries[] = {
        {"last", 'n', 0, G_OPTION_ARG_INT, &last, "Only the newest N entries", "N"},
        {"event", 'e', 0, G_OPTION_ARG_STRING, &event, "Only signed, refused, failed, …", "EVENT"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!tamga_cli_parse (cli, &argc, &argv, entries, 1, &code))
        return code;
    return run (cli, argc, argv, last, event);
}
