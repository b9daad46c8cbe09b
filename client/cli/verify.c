/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga verify`: may the signatures of these files be relied on. One bad file does not keep the
 * others from being judged; the exit code is that of the worst. */
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/password.h"
#include "formats/ossl.h"

typedef struct {
    char **documents;
    char *at, *password_fd;
    gboolean checks;
} Options;

/* What --json collects where there are several files; NULL: each is printed by itself. */
static json_t *collected;

static void print (TamgaCli *cli, json_t *object)
{
    if (collected)
        json_array_append_new (collected, object);
    else
        tamga_cli_json (cli, object);
}

/* "2026-11-22T10:42:11Z", "2026-11-22 10:42:11 UTC", "2026-11-22" (its end) or seconds. */
static gboolean parse_time (const char *text, gint64 *time)
{
    guint64 seconds;
    if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64 / 1000000, &seconds, NULL)) {
        *time = (gint64)seconds;
        return TRUE;
    }
    gboolean day = strlen (text) == 10;
    g_autofree char *plain =
        g_str_has_suffix (text, " UTC") ? g_strndup (text, strlen (text) - 4) : g_strdup (text);
    if (strlen (plain) > 10 && plain[10] == ' ')
        plain[10] = 'T';
    g_autofree char *whole = day ? g_strconcat (plain, "T23:59:59", NULL) : g_strdup (plain);
    g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
    g_autoptr (GDateTime) moment = g_date_time_new_from_iso8601 (whole, utc);
    if (moment)
        *time = g_date_time_to_unix (moment);
    return moment != NULL;
}

/* A file that cannot even be read, in the shape of a verdict. */
static int report_unreadable (TamgaCli *cli, const char *path, const GError *error)
{
    int code = (int)tamga_failure_exit_code (error);
    if (!cli->ndjson && !cli->json)
        return tamga_cli_fail (cli, error);
    g_autofree char *name = tamga_text_visible (path);
    g_autofree char *message = tamga_text_visible (error->message);
    fprintf (stderr, "%s\n", message);
    print (cli, json_pack ("{s:s, s:s, s:{s:s, s:s}, s:i}", "file", name, "verdict", "not-signed",
                           "error", "code", tamga_failure_name (error), "message", message,
                           "exit_code", code));
    return code;
}

static void report (TamgaCli *cli, const TamgaValidation *validation, gboolean checks)
{
    if (cli->json) {
        print (cli, tamga_validation_json (validation));
        return;
    }
    if (cli->quiet)
        return;
    static guint shown;
    if (shown++ > 0)
        putchar ('\n');
    g_autofree char *text = tamga_validation_text (validation, cli->profile, checks);
    fputs (text, stdout);
    if (*text && text[strlen (text) - 1] != '\n')
        putchar ('\n');
}

/* Judges a document; one that is encrypted asks for its password, once. NULL with an error: none
 * came. */
static TamgaValidation *validate (TamgaCli *cli, const TamgaStatusContext *context,
                                  TamgaDocument *document, GPtrArray *contents,
                                  const Options *options, gint64 at, GError **error)
{
    TamgaReadOptions read = {.contents = contents};
    TamgaValidation *validation = tamga_validate (document, &read, context, at, &cli->call);
    if (!tamga_cli_password_wanted (validation->error))
        return validation;
    tamga_validation_free (validation);
    g_autoptr (GBytes) password =
        tamga_cli_password (cli, options->password_fd, tamga_document_name (document), error);
    if (!password)
        return NULL;
    read.password = password;
    return tamga_validate (document, &read, context, at, &cli->call);
}

static int verify_file (TamgaCli *cli, const TamgaStatusContext *context, const char *path,
                        GPtrArray *contents, const Options *options, gint64 at)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaDocument) document = tamga_document_open (path, &error);
    if (!document)
        return report_unreadable (cli, path, error);
    g_autoptr (TamgaValidation) validation =
        validate (cli, context, document, contents, options, at, &error);
    if (!validation)
        return report_unreadable (cli, path, error);
    report (cli, validation, options->checks);
    return tamga_validation_exit_code (validation);
}

static int run (TamgaCli *cli, const Options *options, int argc, char **argv)
{
    gint64 at = G_MININT64;
    if (options->at && !parse_time (options->at, &at))
        return tamga_cli_usage (cli, "--at takes a time such as 2026-11-22T10:42:11Z, not \"%s\".",
                                options->at);
    if (options->documents && argc > 1)
        return tamga_cli_usage (cli, "--document belongs to one signature file, not to %d.", argc);
    g_autoptr (GError) error = NULL;
    TamgaStatusContext context;
    if (!tamga_cli_status (cli, &context, &error))
        return tamga_cli_fail (cli, error);
    g_autoptr (GPtrArray) contents = tamga_cli_documents (options->documents, &error);
    if (!contents)
        return tamga_cli_fail (cli, error);
    collected = cli->json && !cli->ndjson && argc > 1 ? json_array () : NULL;
    TamgaExit code = TAMGA_EXIT_DONE;
    int judged = 0;
    for (; judged < argc && !tamga_call_cancelled (&cli->call); judged++) {
        int one = verify_file (cli, &context, argv[judged], contents, options, at);
        code = tamga_exit_worse (code, (TamgaExit)one);
    }
    if (tamga_call_cancelled (&cli->call)) {
        fprintf (stderr, "Cancelled: %d of %d files were judged.\n", judged - 1, argc);
        code = tamga_exit_worse (code, TAMGA_EXIT_KEY);
    }
    if (collected)
        tamga_cli_json (cli, json_pack ("{s:o, s:i}", "files", collected, "exit_code", (int)code));
    return (int)code;
}

int tamga_cli_verify (TamgaCli *cli, int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"document", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.documents,
         "What a detached signature signs; again for several", "FILE"},
        {"at", 0, 0, G_OPTION_ARG_STRING, &options.at, "Judge as of this time", "TIME"},
        TAMGA_CLI_PASSWORD_OPTION (&options.password_fd),
        {"checks", 'c', 0, G_OPTION_ARG_NONE, &options.checks, "Show every check", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    int code;
    if (tamga_cli_parse (cli, &argc, &argv, entries, 1, &code) &&
        tamga_cli_password_option (cli, options.password_fd, &code))
        code = run (cli, &options, argc, argv);
    g_strfreev (options.documents);
    g_free (options.at);
    g_free (options.password_fd);
    return code;
}
