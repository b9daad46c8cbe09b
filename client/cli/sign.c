/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga sign`: what is asked for, what is shown while it is done, what came of it. */
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "formats/limits.h"
#include "formats/ossl.h"

typedef struct {
    char *format, *level, *output, *reason, *location, *contact, *field, *visible, *image, *text;
    char *digest, *scheme, *document;
    char **tsa;
    int certify, contents_size;
    gboolean detached, force;
} Options;

typedef struct {
    TamgaCli *cli;
    gsize n;
    guint done, failed;
    json_t *results; /* --json: one element per document */
    json_t *steps;
} Screen;

static void options_clear (Options *o)
{
    char **texts[] = {&o->format,  &o->level,  &o->output,  &o->reason, &o->location,
                      &o->contact, &o->field,  &o->visible, &o->image,  &o->text,
                      &o->digest,  &o->scheme, &o->document};
    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
        g_clear_pointer (texts[i], g_free);
    g_clear_pointer (&o->tsa, g_strfreev);
}

/* "1,50,700,200,60" with "-1" as the last page. */
static TamgaVisible *parse_visible (const Options *o, GError **error)
{
    g_auto (GStrv) parts = g_strsplit (o->visible, ",", -1);
    double numbers[5];
    gboolean good = g_strv_length (parts) == 5;
    for (int i = 0; good && i < 5; i++) {
        char *end = NULL;
        numbers[i] = g_ascii_strtod (parts[i], &end);
        good = end != parts[i] && *end == '\0' && numbers[i] >= 0 && numbers[i] < 100000;
    }
    if (!good || numbers[0] < 1 || numbers[0] != (guint)numbers[0]) {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                     "--visible takes PAGE,X,Y,WIDTH,HEIGHT in points from the upper left corner, "
                     "not \"%s\"",
                     o->visible);
        return NULL;
    }
    g_autoptr (TamgaVisible) visible = g_new0 (TamgaVisible, 1);
    *visible = (TamgaVisible){.page = (guint)numbers[0],
                              .x = numbers[1],
                              .y = numbers[2],
                              .width = numbers[3],
                              .height = numbers[4],
                              .text = g_strdup (o->text)};
    if (o->image) {
        g_autoptr (TamgaDocument) image = tamga_document_open (o->image, error);
        if (image)
            visible->image = tamga_document_bytes (image, 0, tamga_document_size (image),
                                                   TAMGA_MAX_IMAGE_SIZE, error);
        if (!visible->image)
            return NULL;
    }
    return g_steal_pointer (&visible);
}

/* What the configuration says, where the person says nothing. */
static void use_config (const TamgaConfig *config, TamgaSignOptions *options)
{
    if (!options->level_given && config->level_given) {
        options->level = config->level;
        options->level_given = TRUE;
    }
    if (!options->tsa_urls)
        options->tsa_urls = config->tsa_urls;
    if (!options->digest)
        options->digest = config->digest;
    if (!options->scheme)
        options->scheme = config->scheme;
}

/* Words of the options into values; an error is a usage error. */
static gboolean read_options (const Options *o, TamgaSignOptions *options, GError **error)
{
    const char *wrong = NULL, *value = NULL;
    if (o->format && !(options->format = tamga_format_by_name (o->format))) {
        wrong = "--format";
        value = o->format;
    }
    options->level_given = o->level != NULL;
    if (o->level && !tamga_level_from_name (o->level, &options->level)) {
        wrong = "--level";
        value = o->level;
    }
    if (o->digest &&
        (!(options->digest = tamga_digest_by_name (o->digest)) || options->digest->weak)) {
        wrong = "--digest";
        value = o->digest;
    }
    if (o->scheme && g_ascii_strcasecmp (o->scheme, "PSS") != 0 &&
        g_ascii_strcasecmp (o->scheme, "PKCS1") != 0) {
        wrong = "--scheme";
        value = o->scheme;
    }
    if (o->certify < 0 || o->certify > 3) {
        wrong = "--certify";
        value = "a number other than 1, 2 and 3";
    }
    if (wrong) {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s does not take \"%s\"",
                     wrong, value);
        return FALSE;
    }
    options->scheme = o->scheme;
    options->packaging = o->detached ? TAMGA_PACKAGING_DETACHED : TAMGA_PACKAGING_DEFAULT;
    options->reason = o->reason;
    options->location = o->location;
    options->contact = o->contact;
    options->field = o->field;
    options->certification = o->certify;
    options->contents_size = o->contents_size > 0 ? (gsize)o->contents_size : 0;
    options->tsa_urls = o->tsa;
    return TRUE;
}

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
    if (!error && output && strcmp (output, "-") != 0)
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

static int sign_files (TamgaCli *cli, const Options *o, const TamgaSignOptions *options,
                       const TamgaSignItem *items, gsize n, GError **error)
{
    TamgaSignContext context = {.keys_ui = {.pin = tamga_cli_pin, .data = cli}};
    if (!tamga_cli_status (cli, &context.status, error) ||
        !(context.journal = tamga_cli_journal (cli, error)))
        return tamga_failure_exit_code (*error);
    g_autoptr (GPtrArray) contents =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);
    TamgaSignOptions with_content = *options;
    if (o->document) {
        TamgaDocument *content = tamga_document_open (o->document, error);
        if (!content)
            return tamga_failure_exit_code (*error);
        g_ptr_array_add (contents, content);
    }
    with_content.contents = contents;
    use_config (cli->config, &with_content);
    TamgaKeysConfig keys = tamga_cli_keys_config (cli);
    g_autoptr (TamgaKeyStore) store = tamga_key_store_open (cli->key, &keys, &cli->call, error);
    if (!store)
        return tamga_failure_exit_code (*error);
    context.store = store;
    Screen screen = {.cli = cli, .n = n};
    if (cli->json) {
        screen.results = json_array ();
        screen.steps = json_array ();
    }
    const TamgaSignUi ui = {.key = show_key,
                            .step = show_step,
                            .notice = show_notice,
                            .progress = show_progress,
                            .wrong_pin = ask_again,
                            .item = show_item,
                            .data = &screen};
    describe (cli, context.status.profile, &with_content);
    g_autoptr (GPtrArray) outcomes =
        tamga_sign (&context, items, n, &with_content, &ui, &cli->call, error);
    int code = outcomes ? sum_up (cli, &screen, outcomes) : (int)tamga_failure_exit_code (*error);
    if (cli->json) {
        print_json (cli, &screen, *error ? tamga_cli_reason (cli, *error) : NULL, code);
        json_decref (screen.results);
        json_decref (screen.steps);
    }
    return code;
}

static int run (TamgaCli *cli, const Options *o, int argc, char **argv)
{
    TamgaSignOptions options = {0};
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaVisible) visible = NULL;
    if (!read_options (o, &options, &error) ||
        (o->visible && !(visible = parse_visible (o, &error))))
        return error->domain == G_OPTION_ERROR ? tamga_cli_usage (cli, "%s.", error->message)
                                               : tamga_cli_fail (cli, error);
    options.visible = visible;
    if (o->output && argc > 1 && !g_file_test (o->output, G_FILE_TEST_IS_DIR))
        return tamga_cli_usage (cli, "With several documents --out must name a folder.");
    gboolean folder = o->output && g_file_test (o->output, G_FILE_TEST_IS_DIR);
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
        return tamga_cli_usage (cli, "--json and the signed document cannot both go to standard "
                                     "output: name a file with --out.");
    int code = sign_files (cli, o, &options, items, (gsize)argc, &error);
    if (error)
        tamga_cli_fail (cli, error);
    return code;
}

int tamga_cli_sign (TamgaCli *cli, int argc, char **argv)
{
    Options o = {0};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.output,
         "Where the signed file goes (a folder for several, - for standard output)", "FILE"},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &o.force, "Replace the output where it exists", NULL},
        {"format", 0, 0, G_OPTION_ARG_STRING, &o.format,
         "pades or cades; by content where left out", "NAME"},
        {"level", 'l', 0, G_OPTION_ARG_STRING, &o.level, "B, T or LT; the profile's where left out",
         "LEVEL"},
        {"detached", 'd', 0, G_OPTION_ARG_NONE, &o.detached,
         "CAdES: the signature in a file of its own", NULL},
        {"document", 0, 0, G_OPTION_ARG_FILENAME, &o.document,
         "The content of the detached signature that gets one more signer", "FILE"},
        {"tsa", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.tsa,
         "Timestamp service; several are tried in turn", "URL"},
        {"digest", 0, 0, G_OPTION_ARG_STRING, &o.digest, "SHA-256, SHA-384 or SHA-512", "NAME"},
        {"scheme", 0, 0, G_OPTION_ARG_STRING, &o.scheme, "RSA: PKCS1 or PSS", "NAME"},
        {"reason", 0, 0, G_OPTION_ARG_STRING, &o.reason, "PDF: why it is signed", "TEXT"},
        {"location", 0, 0, G_OPTION_ARG_STRING, &o.location, "PDF: where it is signed", "TEXT"},
        {"contact", 0, 0, G_OPTION_ARG_STRING, &o.contact, "PDF: how to reach the signer", "TEXT"},
        {"field", 0, 0, G_OPTION_ARG_STRING, &o.field, "PDF: signature field to use", "NAME"},
        {"certify", 0, 0, G_OPTION_ARG_INT, &o.certify,
         "PDF: certify, allowing 1 no changes, 2 forms, 3 forms and comments", "1..3"},
        {"visible", 0, 0, G_OPTION_ARG_STRING, &o.visible,
         "PDF: show it on a page; points from the upper left corner", "PAGE,X,Y,W,H"},
        {"text", 0, 0, G_OPTION_ARG_STRING, &o.text, "Text of the visible signature", "TEXT"},
        {"image", 0, 0, G_OPTION_ARG_FILENAME, &o.image, "PNG of the visible signature", "FILE"},
        {"contents-size", 0, 0, G_OPTION_ARG_INT, &o.contents_size,
         "PDF: bytes reserved for the signature", "N"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    int code;
    if (tamga_cli_parse (cli, &argc, &argv, entries, 1, &code))
        code = run (cli, &o, argc, argv);
    options_clear (&o);
    return code;
}
