/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga sign`: what is asked for, what is shown while it is done, what came of it. */
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/password.h"
#include "client/cli/sign_options.h"
#include "formats/ossl.h"

typedef struct {
    TamgaCli *cli;
    const TamgaCliSign *arguments;
    gsize n;
    guint done, failed;
    json_t *results; /* --json: one element per document */
    json_t *steps;
} Screen;

static void show_key (const TamgaKey *key, const char *store_name, gpointer data)
{
    Screen *screen = data;
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (key->certificate));
    g_autofree char *store = tamga_text_visible (store_name);
    g_autofree char *until =
        tamga_time_text (tamga_ossl_time (X509_get0_notAfter (key->certificate)));
    tamga_cli_line (screen->cli, key->on_token ? "Card" : "Key", "%s (%s)   valid until %.10s",
                    name, store, until);
}

static void show_step (const TamgaStep *step, gpointer data)
{
    Screen *screen = data;
    TamgaCli *cli = screen->cli;
    const TamgaStatus *status = step->status;
    tamga_cli_step (cli, step);
    if (screen->steps)
        json_array_append_new (screen->steps,
                               json_pack ("{s:i, s:s?, s:s, s:s, s:s?, s:s?, s:b, s:s}", "number",
                                          step->number, "rule", step->rule, "title", step->title,
                                          "result", tamga_status_name (status->value), "method",
                                          status->method, "source", status->source, "passed",
                                          step->passed, "text", status->text ? status->text : ""));
}

static void show_notice (const TamgaFinding *finding, const char *document, gpointer data)
{
    Screen *screen = data;
    if (screen->cli->quiet)
        return;
    g_autofree char *text = tamga_text_visible (finding->text);
    g_autofree char *name = tamga_text_visible (document);
    fprintf (stderr, "Note      %s: %s\n", name, text);
}

static void show_progress (const char *document, guint64 done, guint64 total, gpointer data)
{
    Screen *screen = data;
    tamga_cli_progress (screen->cli, document, done, total);
}

static GBytes *ask_password (const char *document, gpointer data, GError **error)
{
    Screen *screen = data;
    return tamga_cli_password (screen->cli, screen->arguments->password_fd, document, error);
}

static gboolean ask_again (const GError *error, gpointer data)
{
    Screen *screen = data;
    TamgaCli *cli = screen->cli;
    if (cli->pin_fd || (!cli->pinentry && !isatty (STDIN_FILENO)))
        return FALSE;
    tamga_cli_tell (cli, error);
    return ++cli->pin_attempt < 5;
}

static void show_item (guint index, const TamgaSignItem *item, const char *output, gint64 time,
                       const GError *error, gpointer data)
{
    Screen *screen = data;
    TamgaCli *cli = screen->cli;
    screen->done++;
    if (error)
        screen->failed++;
    if (screen->n > 1 && !error)
        tamga_cli_progress (cli, "Signing", screen->done, screen->n);
    g_autofree char *when = tamga_time_text (time);
    if (screen->results) {
        json_array_append_new (screen->results,
                               json_pack ("{s:o, s:o, s:s?, s:s?, s:o}", "file",
                                          tamga_json_text (item->input), "output",
                                          tamga_json_text (output), "time", error ? NULL : when,
                                          "error", error ? tamga_failure_name (error) : NULL,
                                          "text", tamga_json_text (error ? error->message : NULL)));
        return;
    }
    if (error && screen->n > 1)
        tamga_cli_fail (cli, error);
    g_autofree char *name = tamga_text_visible (output ? output : "");
    guint others = item->others ? g_strv_length ((char **)item->others) : 0;
    if (!error && output && strcmp (output, "-") != 0 && others > 0)
        tamga_cli_line (cli, "Signed", "%s   %s   %u documents in it", name, when, others + 1);
    else if (!error && output && strcmp (output, "-") != 0)
        tamga_cli_line (cli, "Signed", "%s   %s   %u of %" G_GSIZE_FORMAT, name, when, index + 1,
                        screen->n);
}

static void describe (TamgaCli *cli, const TamgaProfile *profile, const TamgaSignOptions *options)
{
    TamgaLevel level = options->level_given ? options->level : profile->default_level;
    tamga_cli_line (cli, "Profile", "%s · level %s%s%s", profile->name, tamga_level_name (level),
                    options->format ? " · " : "", options->format ? options->format->title : "");
}

/* The exit code of what became of every document. */
static int sum_up (TamgaCli *cli, Screen *screen, GPtrArray *outcomes)
{
    int code = TAMGA_EXIT_DONE;
    for (guint i = 0; i < outcomes->len; i++) {
        const TamgaSignOutcome *outcome = outcomes->pdata[i];
        if (!outcome->error)
            continue;
        if (outcomes->len == 1 && !cli->json)
            tamga_cli_fail (cli, outcome->error);
        code = tamga_exit_worse (code, tamga_failure_exit_code (outcome->error));
    }
    if (outcomes->len > 1)
        tamga_cli_line (cli, "Done", "%u of %u signed", outcomes->len - screen->failed,
                        outcomes->len);
    return code;
}

static void print_json (TamgaCli *cli, Screen *screen, const GError *error, int code)
{
    json_t *object = json_pack ("{s:O, s:O, s:i, s:s?, s:o}", "documents", screen->results, "steps",
                                screen->steps, "exit_code", code, "error",
                                error ? tamga_failure_name (error) : NULL, "text",
                                tamga_json_text (error ? error->message : NULL));
    tamga_cli_json (cli, object);
}

static int sign_items (TamgaCli *cli, TamgaCliSign *o, const TamgaSignItem *items, gsize n,
                       GError **error)
{
    TamgaSignContext context = {.keys_ui = {.pin = tamga_cli_pin, .data = cli}};
    if (!tamga_cli_status (cli, &context.status, error) ||
        !(context.journal = tamga_cli_journal (cli, error)))
        return tamga_failure_exit_code (*error);
    tamga_cli_sign_use_config (o, cli->config);
    TamgaKeysConfig keys = tamga_cli_keys_config (cli);
    g_autoptr (TamgaKeyStore) store = tamga_key_store_open (cli->key, &keys, &cli->call, error);
    if (!store)
        return tamga_failure_exit_code (*error);
    context.store = store;
    Screen screen = {.cli = cli, .arguments = o, .n = n};
    if (cli->json) {
        screen.results = json_array ();
        screen.steps = json_array ();
    }
    const TamgaSignUi ui = {.key = show_key,
                            .step = show_step,
                            .notice = show_notice,
                            .progress = show_progress,
                            .password = ask_password,
                            .wrong_pin = ask_again,
                            .item = show_item,
                            .data = &screen};
    describe (cli, context.status.profile, &o->options);
    g_autoptr (GPtrArray) outcomes =
        tamga_sign (&context, items, n, &o->options, &ui, &cli->call, error);
    int code = outcomes ? sum_up (cli, &screen, outcomes) : (int)tamga_failure_exit_code (*error);
    if (cli->json) {
        print_json (cli, &screen, *error ? tamga_cli_reason (cli, *error) : NULL, code);
        json_decref (screen.results);
        json_decref (screen.steps);
    }
    return code;
}

static int run (TamgaCli *cli, TamgaCliSign *o, int argc, char **argv)
{
    g_autoptr (GError) error = NULL;
    int code;
    if (!tamga_cli_password_option (cli, o->password_fd, &code))
        return code;
    if (!tamga_cli_sign_read (o, &error))
        return error->domain == G_OPTION_ERROR ? tamga_cli_usage (cli, "%s.", error->message)
                                               : tamga_cli_fail (cli, error);
    gboolean together =
        o->together || (!o->each && tamga_sign_choose_together (argv, (gsize)argc, &o->options));
    gsize n = together ? 1 : (gsize)argc;
    gboolean folder = o->output && g_file_test (o->output, G_FILE_TEST_IS_DIR);
    if (o->output && n > 1 && !folder)
        return tamga_cli_usage (cli, "With several documents --out must name a folder.");
    g_autofree TamgaSignItem *items = g_new0 (TamgaSignItem, n);
    for (gsize i = 0; i < n; i++) {
        items[i] = (TamgaSignItem){.input = argv[i],
                                   .others = together ? (const char *const *)argv + 1 : NULL,
                                   .output = folder ? NULL : o->output,
                                   .folder = folder ? o->output : NULL,
                                   .replace = o->force};
        cli->output_is_document |=
            g_strcmp0 (items[i].output, "-") == 0 || (!o->output && strcmp (argv[i], "-") == 0);
    }
    if (cli->output_is_document && cli->json)
        return tamga_cli_usage (cli, "--json and the signed document cannot both go to standard "
                                     "output: name a file with --out.");
    code = sign_items (cli, o, items, n, &error);
    if (error)
        tamga_cli_fail (cli, error);
    if (error && n > 1 && !cli->json)
        fprintf (stderr, "None of the %" G_GSIZE_FORMAT " documents was signed.\n", n);
    return code;
}

int tamga_cli_sign (TamgaCli *cli, int argc, char **argv)
{
    TamgaCliSign o = {0};
    g_autofree GOptionEntry *entries = tamga_cli_sign_entries (&o);
    int code;
    if (tamga_cli_parse (cli, &argc, &argv, entries, 1, &code))
        code = run (cli, &o, argc, argv);
    tamga_cli_sign_clear (&o);
    return code;
}
