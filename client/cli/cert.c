/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga cert`: what a certificate says (the ten items of VN 5 first), the certificate as a file,
 * and what its provider and the root say about it now. */
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "formats/limits.h"
#include "formats/ossl.h"

typedef struct {
    char *output, *level;
    gboolean der, chain, force, card;
} Options;

/* Certificates of one source. */
typedef struct {
    GPtrArray *list;  /* X509: those asked for */
    GPtrArray *chain; /* X509: others that came with them */
} Certificates;

static void certificates_clear (Certificates *found)
{
    g_clear_pointer (&found->list, g_ptr_array_unref);
    g_clear_pointer (&found->chain, g_ptr_array_unref);
}

static void add (GPtrArray *array, X509 *certificate)
{
    X509_up_ref (certificate);
    g_ptr_array_add (array, certificate);
}

/* PEM (several are fine) or DER, from a file or standard input. */
static gboolean read_file (const char *path, Certificates *found, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_open (path, error);
    g_autoptr (GBytes) bytes =
        document ? tamga_document_bytes (document, 0, tamga_document_size (document),
                                         TAMGA_MAX_CERTIFICATE_SIZE, error)
                 : NULL;
    if (!bytes)
        return FALSE;
    g_ptr_array_extend_and_steal (found->list,
                                  tamga_ossl_certificates (bytes, TAMGA_MAX_CERTIFICATES));
    if (found->list->len > 0)
        return TRUE;
    g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_FILE,
                 "%s holds no certificate, neither as PEM nor as DER. A PKCS#12 file is named "
                 "with --key.",
                 path);
    return FALSE;
}

/* Those of the keys in a store; the one that --key names where it names one. */
static gboolean read_store (TamgaCli *cli, gboolean one, Certificates *found, GError **error)
{
    g_autoptr (TamgaKeyStore) store = tamga_cli_store (cli, FALSE, error);
    g_autoptr (GPtrArray) keys = store ? tamga_cli_store_keys (cli, store, error) : NULL;
    if (!keys)
        return FALSE;
    g_autoptr (GError) several = NULL;
    TamgaKey *selected = tamga_key_store_select (store, keys, &several);
    if (!selected &&
        (one || !g_error_matches (several, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_AMBIGUOUS))) {
        g_propagate_error (error, g_steal_pointer (&several));
        return FALSE;
    }
    for (guint i = 0; i < keys->len; i++) {
        const TamgaKey *key = g_ptr_array_index (keys, i);
        if (!key->certificate || (selected && key != selected))
            continue;
        add (found->list, key->certificate);
        for (guint j = 0; key->chain && j < key->chain->len; j++)
            add (found->chain, g_ptr_array_index (key->chain, j));
    }
    if (found->list->len > 0)
        return TRUE;
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_CERTIFICATE,
                 "There is no certificate with the key in %s.", tamga_key_store_name (store));
    return FALSE;
}

static gboolean find (TamgaCli *cli, const char *path, gboolean one, Certificates *found,
                      GError **error)
{
    found->list = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    found->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    if (!path)
        return read_store (cli, one, found, error);
    if (!read_file (path, found, error))
        return FALSE;
    /* The first is the one that is meant, the others are its company. */
    for (guint i = 1; one && i < found->list->len; i++)
        add (found->chain, g_ptr_array_index (found->list, i));
    if (one)
        g_ptr_array_set_size (found->list, 1);
    return TRUE;
}

static char *pem_text (X509 *certificate)
{
    g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
    g_assert (bio && PEM_write_bio_X509 (bio, certificate) == 1);
    char *data = NULL;
    long length = BIO_get_mem_data (bio, &data);
    return g_strndup (data, (gsize)length);
}

static void show_item (TamgaCli *cli, const TamgaParticular *item, int width)
{
    g_auto (GStrv) lines = g_strsplit (item->text ? item->text : "", "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_autofree char *visible = tamga_text_visible (lines[i]);
        if (i == 0)
            tamga_cli_say (cli, "%2u  %-*s  %s", item->number, width, item->title, visible);
        else if (*visible)
            tamga_cli_say (cli, "    %-*s  %s", width, "", visible);
    }
}

static json_t *show_certificate (TamgaCli *cli, X509 *certificate, const TamgaProfile *profile)
{
    g_autoptr (GPtrArray) items = tamga_particulars (certificate, profile);
    g_autofree char *sha256 = tamga_ossl_fingerprint (certificate);
    g_autofree char *pem = pem_text (certificate);
    int width = 0;
    json_t *array = json_array ();
    for (guint i = 0; i < items->len; i++) {
        const TamgaParticular *item = g_ptr_array_index (items, i);
        width = MAX (width, (int)strlen (item->title));
        json_array_append_new (array,
                               json_pack ("{s:i, s:s, s:o}", "number", (int)item->number, "title",
                                          item->title, "text", tamga_json_text (item->text)));
    }
    for (guint i = 0; i < items->len; i++)
        show_item (cli, g_ptr_array_index (items, i), width);
    return json_pack ("{s:o, s:s, s:s}", "items", array, "sha256", sha256, "pem", pem);
}

static int show (TamgaCli *cli, const Options *options, const char *path)
{
    (void)options;
    g_autoptr (GError) error = NULL;
    Certificates found = {0};
    const TamgaProfile *profile = tamga_cli_profile (cli, &error);
    if (!profile || !find (cli, path, FALSE, &found, &error)) {
        certificates_clear (&found);
        return tamga_cli_fail (cli, error);
    }
    json_t *array = json_array ();
    for (guint i = 0; i < found.list->len; i++) {
        if (i > 0)
            tamga_cli_say (cli, "%s", "");
        json_array_append_new (array,
                               show_certificate (cli, g_ptr_array_index (found.list, i), profile));
    }
    json_t *object = json_pack ("{s:o}", "certificates", array);
    if (cli->json)
        tamga_cli_json (cli, object);
    else
        json_decref (object);
    certificates_clear (&found);
    return TAMGA_EXIT_DONE;
}

static GBytes *export_bytes (const Certificates *found, const Options *options)
{
    if (options->der)
        return tamga_ossl_der (i2d_X509, g_ptr_array_index (found->list, 0));
    GString *text = g_string_new (NULL);
    g_autofree char *own = pem_text (g_ptr_array_index (found->list, 0));
    g_string_append (text, own);
    for (guint i = 0; options->chain && i < found->chain->len; i++) {
        g_autofree char *other = pem_text (g_ptr_array_index (found->chain, i));
        g_string_append (text, other);
    }
    return g_string_free_to_bytes (text);
}

static gboolean write_output (const char *path, gboolean replace, GBytes *bytes, GError **error)
{
    g_autoptr (TamgaOutput) output = tamga_output_open (path, replace, error);
    return output && tamga_output_write_bytes (output, bytes, error) &&
           tamga_output_commit (output, error);
}

static int export(TamgaCli *cli, const Options *options, const char *path)
{
    if (options->der && options->chain)
        return tamga_cli_usage (cli, "--chain needs PEM: DER holds one certificate.");
    gboolean screen = !options->output || strcmp (options->output, "-") == 0;
    if (screen && options->der && isatty (STDOUT_FILENO))
        return tamga_cli_usage (cli, "DER is not text: name a file with --out.");
    if (screen && cli->json)
        return tamga_cli_usage (cli, "tamga cert show --json prints the certificate as JSON.");
    g_autoptr (GError) error = NULL;
    Certificates found = {0};
    gboolean done = find (cli, path, TRUE, &found, &error);
    if (done) {
        g_autoptr (GBytes) bytes = export_bytes (&found, options);
        if (screen)
            fwrite (g_bytes_get_data (bytes, NULL), 1, g_bytes_get_size (bytes), stdout);
        else
            done = write_output (options->output, options->force, bytes, &error);
    }
    certificates_clear (&found);
    if (!done)
        return tamga_cli_fail (cli, error);
    if (!screen) {
        g_autofree char *name = tamga_text_visible (options->output);
        tamga_cli_line (cli, "Written", "%s", name);
        if (cli->json)
            tamga_cli_json (cli, json_pack ("{s:s}", "output", name));
    }
    return TAMGA_EXIT_DONE;
}

typedef struct {
    TamgaCli *cli;
    json_t *steps;
} Shown;

static void show_step (const TamgaStep *step, gpointer data)
{
    Shown *shown = data;
    const TamgaStatus *status = step->status;
    const char *name = tamga_status_name (status->value);
    tamga_cli_step (shown->cli, step);
    json_array_append_new (
        shown->steps,
        json_pack (
            "{s:i, s:o, s:o, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "number",
            (int)step->number, "rule", tamga_json_text (step->rule), "title",
            tamga_json_text (step->title), "status", name, "passed", (int)step->passed, "tolerated",
            (int)step->tolerated, "method", tamga_json_text (status->method), "source",
            tamga_json_text (status->source), "responder", tamga_json_text (status->responder),
            "this_update", tamga_json_time (status->this_update), "next_update",
            tamga_json_time (status->next_update), "revocation_time",
            tamga_json_time (status->revocation_time), "text", tamga_json_text (status->text)));
}

static void show_path_findings (TamgaCli *cli, const TamgaPath *path)
{
    for (guint i = 0; path && path->findings && i < path->findings->len; i++) {
        const TamgaFinding *finding = g_ptr_array_index (path->findings, i);
        g_autofree char *text = tamga_text_visible (finding->text);
        tamga_cli_line (cli, "Path", "%s", text);
    }
}

static int tell_procedure (TamgaCli *cli, const TamgaProcedure *procedure, json_t *steps)
{
    const TamgaPath *path = procedure->path;
    json_t *names = json_array ();
    for (guint i = 0; path && path->certificates && i < path->certificates->len; i++) {
        X509 *certificate = g_ptr_array_index (path->certificates, i);
        g_autofree char *name = tamga_ossl_name (X509_get_subject_name (certificate));
        json_array_append_new (names, tamga_json_text (name));
    }
    json_t *object = json_pack (
        "{s:b, s:o, s:o, s:o, s:o, s:o}", "allowed", (int)procedure->allowed, "steps", steps,
        "path", names, "rule", tamga_json_text (procedure->refusal_rule), "refusal",
        tamga_json_text (procedure->refusal), "next", tamga_json_text (procedure->next));
    if (cli->json)
        tamga_cli_json (cli, object);
    else
        json_decref (object);
    if (procedure->allowed) {
        g_autofree char *word = tamga_cli_colored (cli, "good", "may sign now");
        tamga_cli_line (cli, "Result", "%s, by the profile %s", word, cli->profile->name);
        return TAMGA_EXIT_DONE;
    }
    show_path_findings (cli, path);
    g_autofree char *why = tamga_text_visible (procedure->refusal ? procedure->refusal : "");
    g_autofree char *word = tamga_cli_colored (cli, "bad", "MAY NOT SIGN NOW");
    tamga_cli_line (cli, "Result", "%s. %s", word, why);
    if (procedure->next && !cli->quiet) {
        g_autofree char *next = tamga_text_visible (procedure->next);
        fflush (stdout);
        fprintf (stderr, "Next: %s\n", next);
    }
    return TAMGA_EXIT_REFUSED;
}

/* The signer's procedure (VN 78) without signing. */
static int status (TamgaCli *cli, const Options *options, const char *path)
{
    g_autoptr (GError) error = NULL;
    TamgaStatusContext context;
    Certificates found = {0};
    if (!tamga_cli_status (cli, &context, &error) || !find (cli, path, TRUE, &found, &error)) {
        certificates_clear (&found);
        return tamga_cli_fail (cli, error);
    }
    TamgaLevel level = cli->profile->default_level;
    if (options->level && !tamga_level_from_name (options->level, &level)) {
        certificates_clear (&found);
        return tamga_cli_usage (cli, "--level takes B, T or LT, not \"%s\".", options->level);
    }
    for (guint i = 0; i < found.chain->len; i++)
        add (cli->pool, g_ptr_array_index (found.chain, i));
    context.fresh = TRUE;
    X509 *certificate = g_ptr_array_index (found.list, 0);
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (certificate));
    g_autofree char *until = tamga_time_text (tamga_ossl_time (X509_get0_notAfter (certificate)));
    tamga_cli_line (cli, "Holder", "%s   valid until %s", name, until);
    Shown shown = {.cli = cli, .steps = json_array ()};
    g_autoptr (TamgaProcedure) procedure =
        tamga_procedure_signer (&context, certificate, level, show_step, &shown, &cli->call);
    int code = tell_procedure (cli, procedure, shown.steps);
    certificates_clear (&found);
    return code;
}

static int run (TamgaCli *cli, const Options *options, int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run) (TamgaCli *, const Options *, const char *);
    } actions[] = {{"show", show}, {"export", export}, {"status", status}};
    const char *path = argc > 1 ? argv[1] : NULL;
    if (argc > 2 || (path && (cli->key || options->card)))
        return tamga_cli_usage (cli, "tamga cert %s takes one of FILE, --key and --card.", argv[0]);
    if (options->card && cli->key)
        return tamga_cli_usage (cli, "--card is the only card there is; --key names one of many.");
    for (gsize i = 0; i < G_N_ELEMENTS (actions); i++) {
        if (strcmp (argv[0], actions[i].name) == 0)
            return actions[i].run (cli, options, path);
    }
    return tamga_cli_usage (cli, "tamga cert does show, export or status, not \"%s\".", argv[0]);
}

int tamga_cli_cert (TamgaCli *cli, int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"card", 0, 0, G_OPTION_ARG_NONE, &options.card, "The card that is plugged in", NULL},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "export: where it goes", "FILE"},
        {"der", 0, 0, G_OPTION_ARG_NONE, &options.der, "export: DER instead of PEM", NULL},
        {"chain", 0, 0, G_OPTION_ARG_NONE, &options.chain, "export: the issuers too", NULL},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "export: replace the file", NULL},
        {"level", 'l', 0, G_OPTION_ARG_STRING, &options.level,
         "status: for a signature of this level", "LEVEL"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    int code;
    if (tamga_cli_parse (cli, &argc, &argv, entries, 1, &code))
        code = run (cli, &options, argc, argv);
    g_free (options.output);
    g_free (options.level);
    return code;
}
