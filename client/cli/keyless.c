/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that write documents without a key. */
#include "client/cli/keyless.h"

#include <string.h>

#include "client/cli/password.h"
#include "formats/ossl.h"

typedef struct {
    char *output, *level, *password_fd;
    char **documents, **tsa;
    gboolean force;
} Options;

typedef struct {
    TamgaCli *cli;
    const TamgaCliKeyless *what;
    const Options *options;
    TamgaLevel level;
    gsize n;
    guint failed;
    json_t *results; /* --json: one element per document */
} Screen;

static void show_step (const TamgaStep *step, gpointer data)
{
    tamga_cli_step (((Screen *)data)->cli, step);
}

static void show_notice (const TamgaFinding *finding, const char *document, gpointer data)
{
    Screen *screen = data;
    if (screen->cli->quiet)
        return;
    g_autofree char *text = tamga_text_visible (finding->text);
    g_autofree char *name = tamga_text_visible (document);
    tamga_cli_progress_end (screen->cli);
    fprintf (stderr, "Note      %s: %s\n", name, text);
}

static void show_progress (const char *document, guint64 done, guint64 total, gpointer data)
{
    tamga_cli_progress (((Screen *)data)->cli, document, done, total);
}

static GBytes *ask_password (const char *document, gpointer data, GError **error)
{
    Screen *screen = data;
    return tamga_cli_password (screen->cli, screen->options->password_fd, document, error);
}

static void add_result (Screen *screen, const TamgaSignItem *item, const char *output, gint64 time,
                        const GError *error)
{
    g_autofree char *when = output ? tamga_time_text (time) : NULL;
    const char *result = error ? "failed" : output ? "written" : "unchanged";
    json_array_append_new (screen->results,
                           json_pack ("{s:o, s:s, s:o, s:s?, s:s?, s:o}", "file",
                                      tamga_json_text (item->input), "result", result, "output",
                                      tamga_json_text (output), "time", when, "error",
                                      error ? tamga_failure_name (error) : NULL, "text",
                                      tamga_json_text (error ? error->message : NULL)));
}

static void show_item (guint index, const TamgaSignItem *item, const char *output, gint64 time,
                       const GError *error, gpointer data)
{
    Screen *screen = data;
    TamgaCli *cli = screen->cli;
    tamga_cli_progress_end (cli);
    if (error)
        screen->failed++;
    if (screen->results) {
        add_result (screen, item, output, time, error);
        return;
    }
    g_autofree char *name = tamga_text_visible (output ? output : item->input);
    g_autofree char *when = tamga_time_text (time);
    if (error)
        tamga_cli_fail (cli, error);
    else if (!output)
        tamga_cli_line (cli, "Unchanged", "%s: %s", name, screen->what->unchanged);
    else if (strcmp (output, "-") != 0)
        tamga_cli_line (cli, screen->what->done, "%s   %s   %u of %" G_GSIZE_FORMAT, name, when,
                        index + 1, screen->n);
}

static int sum_up (Screen *screen, GPtrArray *outcomes)
{
    TamgaExit code = TAMGA_EXIT_DONE;
    for (guint i = 0; i < outcomes->len; i++) {
        const TamgaExtendOutcome *outcome = outcomes->pdata[i];
        if (outcome->error)
            code = tamga_exit_worse (code, tamga_failure_exit_code (outcome->error));
    }
    if (outcomes->len > 1)
        tamga_cli_line (screen->cli, "Done", "%u of %u", outcomes->len - screen->failed,
                        outcomes->len);
    return (int)code;
}

static int work_on (TamgaCli *cli, Screen *screen, const TamgaSignItem *items, GPtrArray *contents,
                    GError **error)
{
    TamgaSignContext context = {0};
    if (!tamga_cli_status (cli, &context.status, error) ||
        !(context.journal = tamga_cli_journal (cli, error)))
        return (int)tamga_failure_exit_code (*error);
    const Options *o = screen->options;
    const TamgaExtendOptions options = {.level = screen->level,
                                        .tsa_urls = o->tsa ? o->tsa : cli->config->tsa_urls,
                                        .contents = contents};
    const TamgaSignUi ui = {.step = show_step,
                            .notice = show_notice,
                            .progress = show_progress,
                            .password = ask_password,
                            .item = show_item,
                            .data = screen};
    tamga_cli_line (cli, "Profile", "%s%s%s", context.status.profile->name,
                    screen->what->with_level ? " · level " : "",
                    screen->what->with_level ? tamga_level_name (screen->level) : "");
    g_autoptr (GPtrArray) outcomes =
        screen->what->work (&context, items, screen->n, &options, &ui, &cli->call, error);
    int code = outcomes ? sum_up (screen, outcomes) : (int)tamga_failure_exit_code (*error);
    if (cli->json)
        tamga_cli_json (cli, json_pack ("{s:O, s:i, s:s?, s:o}", "documents", screen->results,
                                        "exit_code", code, "error",
                                        *error ? tamga_failure_name (*error) : NULL, "text",
                                        tamga_json_text (*error ? (*error)->message : NULL)));
    return code;
}

static int run (TamgaCli *cli, const Options *o, const TamgaCliKeyless *what, int argc, char **argv)
{
    Screen screen = {.cli = cli, .what = what, .options = o, .n = (gsize)argc};
    int code;
    screen.level = what->with_level ? TAMGA_LEVEL_LTA : TAMGA_LEVEL_T;
    if (o->level &&
        (!tamga_level_from_name (o->level, &screen.level) || screen.level == TAMGA_LEVEL_B))
        return tamga_cli_usage (cli, "--level takes T, LT or LTA, not \"%s\".", o->level);
    if (!tamga_cli_password_option (cli, o->password_fd, &code))
        return code;
    gboolean folder = o->output && g_file_test (o->output, G_FILE_TEST_IS_DIR);
    if (o->output && argc > 1 && !folder)
        return tamga_cli_usage (cli, "With several documents --out must name a folder.");
    if (o->documents && argc > 1)
        return tamga_cli_usage (cli, "--document belongs to one signature file, not to %d.", argc);
    g_autofree TamgaSignItem *items = g_new0 (TamgaSignItem, (gsize)argc);
    for (int i = 0; i < argc; i++) {
        items[i] = (TamgaSignItem){.input = argv[i],
                                   .output = folder ? NULL : o->output,
                                   .folder = folder ? o->output : NULL,
                                   .replace = o->force};
        cli->output_is_document |=
            g_strcmp0 (items[i].output, "-") == 0 || (!o->output && strcmp (argv[i], "-") == 0);
    }
    if (cli->output_is_document && cli->json)
        return tamga_cli_usage (cli, "--json and the document cannot both go to standard output: "
                                     "name a file with --out.");
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) contents = tamga_cli_documents (o->documents, &error);
    if (!contents)
        return tamga_cli_fail (cli, error);
    screen.results = cli->json ? json_array () : NULL;
    code = work_on (cli, &screen, items, contents, &error);
    if (error)
        tamga_cli_fail (cli, error);
    json_decref (screen.results);
    return code;
}

int tamga_cli_keyless (TamgaCli *cli, int argc, char **argv, const TamgaCliKeyless *what)
{
    Options o = {0};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.output,
         "Where the new file goes (a folder for several, - for standard output)", "FILE"},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &o.force, "Replace the output where it exists", NULL},
        {"tsa", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.tsa,
         "Timestamp service; several are tried in turn", "URL"},
        TAMGA_CLI_PASSWORD_OPTION (&o.password_fd),
        /* The list ends here where there is no level to reach. */
        {what->with_level ? "level" : NULL, 'l', 0, G_OPTION_ARG_STRING, &o.level,
         "T, LT or LTA; LTA where left out", "LEVEL"},
        {"document", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &o.documents,
         "What a detached signature signs; again for several", "FILE"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    int code;
    if (tamga_cli_parse (cli, &argc, &argv, entries, 1, &code))
        code = run (cli, &o, what, argc, argv);
    g_free (o.output);
    g_free (o.level);
    g_free (o.password_fd);
    g_strfreev (o.documents);
    g_strfreev (o.tsa);
    return code;
}
