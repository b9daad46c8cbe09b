/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga show`: what is in a signed file, without judging it. */
#include "client/cli/cli.h"
#include "client/cli/password.h"
#include "formats/ossl.h"

typedef struct {
    char **documents;
    char *password_fd;
} Options;

/* The structure of one file; what is encrypted asks for its password, once. */
static json_t *show (TamgaCli *cli, const char *path, GPtrArray *contents, const Options *options,
                     GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_open (path, error);
    if (!document)
        return NULL;
    g_autoptr (GError) local = NULL;
    TamgaReadOptions read = {.contents = contents};
    json_t *object = tamga_show (document, &read, &local);
    if (object || !tamga_cli_password_wanted (local)) {
        if (local)
            g_propagate_error (error, g_steal_pointer (&local));
        return object;
    }
    g_autoptr (GBytes) password = tamga_cli_password (cli, options->password_fd, path, error);
    if (!password)
        return NULL;
    read.password = password;
    return tamga_show (document, &read, error);
}

static int show_file (TamgaCli *cli, const char *path, GPtrArray *contents, const Options *options,
                      json_t *collected)
{
    g_autoptr (GError) error = NULL;
    json_auto_t *object = show (cli, path, contents, options, &error);
    int code = object ? TAMGA_EXIT_DONE : (int)tamga_failure_exit_code (error);
    if (!object && !collected && !cli->ndjson &&
        (cli->json ||
         !g_error_matches (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT)))
        return tamga_cli_fail (cli, error);
    if (!object && !cli->json) {
        tamga_cli_tell (cli, error); /* the advice is for who signs */
        return code;
    }
    if (!object) {
        tamga_cli_tell (cli, error);
        object = json_pack ("{s:{s:s}}", "error", "code", tamga_failure_name (error));
        json_object_set_new (object, "file", tamga_json_text (path));
        json_object_set_new (json_object_get (object, "error"), "message",
                             tamga_json_text (error->message));
    }
    if (collected) {
        json_array_append (collected, object);
    } else if (cli->json) {
        tamga_cli_json (cli, json_incref (object));
    } else if (!cli->quiet) {
        g_autofree char *text = tamga_show_text (object);
        fputs (text, stdout);
    }
    return code;
}

static int run (TamgaCli *cli, const Options *options, int argc, char **argv)
{
    if (options->documents && argc > 1)
        return tamga_cli_usage (cli, "--document belongs to one signature file, not to %d.", argc);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) contents = tamga_cli_documents (options->documents, &error);
    if (!contents)
        return tamga_cli_fail (cli, error);
    json_t *collected = cli->json && !cli->ndjson && argc > 1 ? json_array () : NULL;
    TamgaExit code = TAMGA_EXIT_DONE;
    for (int i = 0; i < argc && !tamga_call_cancelled (&cli->call); i++) {
        if (i > 0 && !cli->json && !cli->quiet)
            putchar ('\n');
        code = tamga_exit_worse (code,
                                 (TamgaExit)show_file (cli, argv[i], contents, options, collected));
    }
    if (tamga_call_cancelled (&cli->call))
        code = tamga_exit_worse (code, TAMGA_EXIT_KEY);
    if (collected)
        tamga_cli_json (cli, json_pack ("{s:o, s:i}", "files", collected, "exit_code", (int)code));
    return (int)code;
}

int tamga_cli_show (TamgaCli *cli, int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"document", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.documents,
         "What a detached signature signs; again for several", "FILE"},
        TAMGA_CLI_PASSWORD_OPTION (&options.password_fd),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    int code;
    if (tamga_cli_parse (cli, &argc, &argv, entries, 1, &code) &&
        tamga_cli_password_option (cli, options.password_fd, &code))
        code = run (cli, &options, argc, argv);
    g_strfreev (options.documents);
    g_free (options.password_fd);
    return code;
}
