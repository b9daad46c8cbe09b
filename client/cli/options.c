/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Common options of all subcommands, and the objects that are made from them. */
#include <fcntl.h>
#include <string.h>

#include "client/cli/cli.h"
#include "formats/ossl.h"

gboolean tamga_cli_descriptor (TamgaCli *cli, const char *option, const char *text, int *exit_code)
{
    guint64 fd = 0;
    if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT, &fd, NULL)) {
        *exit_code =
            tamga_cli_usage (cli, "%s takes the number of a descriptor, not \"%s\".", option, text);
        return FALSE;
    }
    if ((int)fd == cli->call.cancel_fd || fcntl ((int)fd, F_GETFD) < 0) {
        *exit_code = tamga_cli_usage (cli, "Descriptor %s (%s) is not open.", text, option);
        return FALSE;
    }
    return TRUE;
}

/* What GOption cannot check: a descriptor that is open and not one of our own, seconds. */
static gboolean options_make_sense (TamgaCli *cli, int *exit_code)
{
    if (cli->pin_fd && !tamga_cli_descriptor (cli, "--pin-fd", cli->pin_fd, exit_code))
        return FALSE;
    if (cli->module_timeout < 0 || cli->module_timeout > 600) {
        *exit_code = tamga_cli_usage (cli, "--module-timeout takes 1 to 600 seconds.");
        return FALSE;
    }
    return TRUE;
}

/* One group per heading; options before the first one are "Options". */
static void add_own (GOptionContext *context, const GOptionEntry *entries)
{
    GOptionGroup *group = NULL;
    for (; entries && entries->long_name; entries++) {
        gboolean heading = *entries->long_name == '\0';
        if (heading || !group) {
            g_autofree char *title =
                g_strconcat (heading ? entries->description : "Options", ":", NULL);
            group = g_option_group_new (title, title, title, NULL, NULL);
            g_option_context_add_group (context, group);
        }
        const GOptionEntry one[] = {*entries, {NULL, 0, 0, 0, NULL, NULL, NULL}};
        if (!heading)
            g_option_group_add_entries (group, one);
    }
}

/* Commands without a key take its options too, as scripts give the same to all, and hide them. */
static void add_common (TamgaCli *cli, GOptionContext *context, gboolean *help)
{
    int hidden = cli->command->uses_key ? 0 : G_OPTION_FLAG_HIDDEN;
    const GOptionEntry keys[] = {
        {"key", 'k', hidden, G_OPTION_ARG_FILENAME, &cli->key,
         "Key: pkcs11: URI (tamga key list) or PKCS#12 file", "KEY"},
        {"module", 'm', hidden, G_OPTION_ARG_FILENAME_ARRAY, &cli->modules,
         "PKCS#11 module of the card", "FILE"},
        {"module-timeout", 0, hidden, G_OPTION_ARG_INT, &cli->module_timeout,
         "Seconds a driver may take (10)", "N"},
        {"pin-fd", 0, hidden, G_OPTION_ARG_STRING, &cli->pin_fd,
         "Read the PIN from this descriptor", "N"},
        {"pinentry", 0, hidden, G_OPTION_ARG_NONE, &cli->pinentry, "Ask for the PIN with pinentry",
         NULL},
        {"use-last-try", 0, hidden, G_OPTION_ARG_NONE, &cli->use_last_try,
         "Use the last PIN try without a question", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    const GOptionEntry common[] = {
        {"profile", 'p', 0, G_OPTION_ARG_STRING, &cli->profile_name,
         "Rules of a country (tamga profile list)", "NAME"},
        {"anchor", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &cli->anchors, "Trust this root for this run",
         "FILE"},
        {"offline", 0, 0, G_OPTION_ARG_NONE, &cli->offline, "Use no network", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &cli->json, "Print one JSON object", NULL},
        {"ndjson", 0, 0, G_OPTION_ARG_NONE, &cli->ndjson, "Print a JSON object per line", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &cli->quiet, "Print errors only", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &cli->verbose, "Print details", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, help, "Show this help", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    GOptionGroup *group = g_option_group_new ("common", "Every command:", "", NULL, NULL);
    if (cli->command->uses_key) {
        GOptionGroup *own = g_option_group_new ("key", "Key, card and PIN:", "", NULL, NULL);
        g_option_group_add_entries (own, keys);
        g_option_context_add_group (context, own);
    } else {
        g_option_group_add_entries (group, keys);
    }
    g_option_group_add_entries (group, common);
    g_option_context_add_group (context, group);
}

gboolean tamga_cli_parse (TamgaCli *cli, int *argc, char ***argv, const GOptionEntry *entries,
                          int minimum, int *exit_code)
{
    const TamgaCommand *command = cli->command;
    g_autoptr (GOptionContext) context = g_option_context_new (command->arguments);
    gboolean help = FALSE;
    add_own (context, entries);
    add_common (cli, context, &help);
    g_option_context_set_help_enabled (context, FALSE);

    g_autofree char *program = g_strconcat ("tamga ", command->name, NULL);
    g_autoptr (GError) error = NULL;
    g_set_prgname (program);
    if (!g_option_context_parse (context, argc, argv, &error)) {
        *exit_code = tamga_cli_usage (cli, "%s.", error->message);
        return FALSE;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help (context, FALSE, NULL);
        printf ("  %s\n\n%s: %s\n\n%s", command->example, program, command->summary, text);
        *exit_code = TAMGA_EXIT_DONE;
        return FALSE;
    }
    /* argv[0] is the command's own name; a "--" that ended the options stays behind it. */
    ++*argv;
    --*argc;
    if (*argc > 0 && strcmp ((*argv)[0], "--") == 0) {
        ++*argv;
        --*argc;
    }
    cli->json |= cli->ndjson;
    if (!options_make_sense (cli, exit_code))
        return FALSE;
    if (*argc < minimum) {
        gboolean file = g_str_has_prefix (command->arguments, "FILE");
        *exit_code = tamga_cli_usage (cli, "tamga %s needs %s%s, as in \"%s\".", command->name,
                                      file ? "the name of a file" : "one of ",
                                      file ? "" : command->arguments, command->example);
        return FALSE;
    }
    return TRUE;
}

gint64 tamga_cli_now (void)
{
    return g_get_real_time () / G_USEC_PER_SEC;
}

TamgaConfig *tamga_cli_config (TamgaCli *cli, GError **error)
{
    if (!cli->config)
        cli->config = tamga_config_load (error);
    return cli->config;
}

TamgaProfile *tamga_cli_profile (TamgaCli *cli, GError **error)
{
    TamgaConfig *config = tamga_cli_config (cli, error);
    if (config && !cli->profile)
        cli->profile =
            tamga_profile_load (cli->profile_name ? cli->profile_name : config->profile, error);
    return cli->profile;
}

TamgaTrust *tamga_cli_trust (TamgaCli *cli, GError **error)
{
    if (cli->trust)
        return cli->trust;
    g_autoptr (TamgaTrust) trust = tamga_trust_open (error);
    if (!trust)
        return NULL;
    for (char **path = cli->anchors; path && *path; path++) {
        g_autoptr (X509) certificate = tamga_trust_read_file (*path, error);
        if (!certificate)
            return NULL;
        tamga_trust_use (trust, certificate);
    }
    cli->trust = g_steal_pointer (&trust);
    return cli->trust;
}

TamgaJournal *tamga_cli_journal (TamgaCli *cli, GError **error)
{
    if (!cli->journal)
        cli->journal = tamga_journal_open (NULL, error);
    return cli->journal;
}

/* The modules of the configuration are asked beside those of p11-kit; --module names the only ones.
 */
static void add_configured_modules (TamgaCli *cli)
{
    g_autoptr (GError) error = NULL;
    const TamgaConfig *config = tamga_cli_config (cli, &error);
    if (!config)
        fprintf (stderr, "%s\n", error->message);
    if (!config || !config->modules || !*config->modules)
        return;
    g_autoptr (GPtrArray) found = tamga_keys_modules ();
    g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
    for (guint i = 0; i < found->len; i++) {
        const char *path = g_ptr_array_index (found, i);
        if (!g_strv_contains ((const char *const *)config->modules, path))
            g_strv_builder_add (builder, path);
    }
    g_strv_builder_addv (builder, (const char **)config->modules);
    cli->modules = g_strv_builder_end (builder);
}

TamgaKeysConfig tamga_cli_keys_config (TamgaCli *cli)
{
    if (!cli->modules)
        add_configured_modules (cli);
    return (TamgaKeysConfig){
        .modules = cli->modules,
        .timeout_ms = cli->module_timeout > 0 ? (guint)MIN (cli->module_timeout, 600) * 1000 : 0};
}

gboolean tamga_cli_status (TamgaCli *cli, TamgaStatusContext *context, GError **error)
{
    TamgaProfile *profile = tamga_cli_profile (cli, error);
    TamgaTrust *trust = profile ? tamga_cli_trust (cli, error) : NULL;
    if (!trust)
        return FALSE;
    if (!cli->cache && !(cli->cache = tamga_status_cache_open (error)))
        return FALSE;
    if (!cli->fetch) {
        TamgaFetchConfig config = {.allow_loopback = profile->allow_loopback,
                                   .allow_private = profile->allow_private,
                                   .offline = cli->offline,
                                   .proxy = cli->config->proxy};
        cli->fetch = tamga_fetch_new (&config);
    }
    if (!cli->pool)
        cli->pool = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    gint64 now = tamga_cli_now ();
    *context = (TamgaStatusContext){.profile = profile,
                                    .trust = trust,
                                    .fetch = cli->fetch,
                                    .cache = cli->cache,
                                    .pool = cli->pool,
                                    .time = now,
                                    .now = now};
    return TRUE;
}

GPtrArray *tamga_cli_documents (char **paths, GError **error)
{
    g_autoptr (GPtrArray) documents = tamga_document_list (NULL);
    for (char **path = paths; path && *path; path++) {
        TamgaDocument *document = tamga_document_open (*path, error);
        if (!document)
            return NULL;
        g_ptr_array_add (documents, document);
    }
    return g_steal_pointer (&documents);
}
