/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga trust`: whom the person trusts. A root is added only after its fingerprint was compared
 * with one that came by another way (FPKI 1); a certificate can be cut off (FPKI 4). */
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/pin.h"
#include "formats/ossl.h"

/* "9F86 D081 ...", two lines of eight groups: short enough to be compared by eye. */
static char *fingerprint_groups (const char *hex, const char *indent)
{
    GString *out = g_string_new (NULL);
    for (gsize i = 0; hex[i]; i += 4) {
        if (i > 0)
            g_string_append (out, i % 32 == 0 ? "\n" : " ");
        if (i > 0 && i % 32 == 0)
            g_string_append (out, indent);
        for (gsize j = i; j < i + 4 && hex[j]; j++)
            g_string_append_c (out, g_ascii_toupper (hex[j]));
    }
    return g_string_free (out, FALSE);
}

static void show_certificate (FILE *out, X509 *certificate, const char *sha256)
{
    g_autofree char *subject = tamga_ossl_name (X509_get_subject_name (certificate));
    g_autofree char *issuer = tamga_ossl_name (X509_get_issuer_name (certificate));
    g_autofree char *until = tamga_time_text (tamga_ossl_time (X509_get0_notAfter (certificate)));
    g_autofree char *groups = fingerprint_groups (sha256, "          ");
    fprintf (out, "Holder    %s\n", subject);
    if (strcmp (subject, issuer) != 0)
        fprintf (out, "issuer    %s\n", issuer);
    fprintf (out, "validity  until %s\nSHA-256   %s\n", until, groups);
}

static gboolean known_to_profile (TamgaCli *cli, const char *sha256)
{
    const TamgaProfile *profile = tamga_cli_profile (cli, NULL);
    return profile && profile->anchors &&
           g_strv_contains ((const char *const *)profile->anchors, sha256);
}

/* The person compares on the terminal; there is no way around it but --sha256. */
static gboolean compared (TamgaCli *cli, X509 *certificate, const char *sha256, const char *what,
                          GError **error)
{
    int terminal = tamga_terminal_open (NULL);
    if (terminal < 0) {
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_FINGERPRINT,
                     "Nobody can compare the fingerprint: there is no terminal. Give the one you "
                     "were told by its owner with --sha256.");
        return FALSE;
    }
    fflush (stdout);
    show_certificate (stderr, certificate, sha256);
    if (known_to_profile (cli, sha256))
        fprintf (stderr, "          This fingerprint is listed in the profile %s.\n",
                 cli->profile->name);
    gboolean yes = tamga_terminal_confirm (terminal, what, "yes", &cli->call);
    close (terminal);
    if (!yes)
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                     "Nothing was changed: \"yes\" was not answered.");
    return yes;
}

/* What changed goes into the journal: a signature is only as good as its anchors. */
static gboolean record (TamgaCli *cli, const char *event, X509 *certificate, const char *sha256,
                        const char *note, GError **error)
{
    TamgaJournal *journal = tamga_cli_journal (cli, error);
    if (!journal)
        return FALSE;
    json_t *entry = json_pack ("{s:s}", "sha256", sha256);
    if (certificate) {
        g_autofree char *subject = tamga_ossl_name (X509_get_subject_name (certificate));
        json_object_set_new (entry, "subject", tamga_json_text (subject));
    }
    if (note)
        json_object_set_new (entry, "note", tamga_json_text (note));
    gboolean written = tamga_journal_append (journal, event, tamga_cli_now (), entry, error);
    json_decref (entry);
    return written;
}

static int told (TamgaCli *cli, const char *event, X509 *certificate, const char *sha256)
{
    g_autofree char *name =
        certificate ? tamga_ossl_short_name (X509_get_subject_name (certificate)) : g_strdup ("");
    if (cli->json)
        tamga_cli_json (cli, json_pack ("{s:s, s:o, s:s}", "event", event, "subject",
                                        tamga_json_text (name), "sha256", sha256));
    tamga_cli_line (cli,
                    strcmp (event, "trust-added") == 0     ? "Trusted"
                    : strcmp (event, "trust-removed") == 0 ? "Removed"
                                                           : "Distrusted",
                    "%s%s%.16s…", name, *name ? "   SHA-256 " : "SHA-256 ", sha256);
    return TAMGA_EXIT_DONE;
}

static const TamgaAnchor *find_anchor (TamgaTrust *trust, const char *sha256)
{
    GPtrArray *anchors = tamga_trust_anchors (trust);
    for (guint i = 0; i < anchors->len; i++) {
        const TamgaAnchor *anchor = g_ptr_array_index (anchors, i);
        if (strcmp (anchor->sha256, sha256) == 0)
            return anchor;
    }
    return NULL;
}

typedef struct {
    char *sha256, *note;
} Options;

static int add (TamgaCli *cli, const Options *options, const char *path)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (X509) certificate = tamga_trust_read_file (path, &error);
    TamgaTrust *trust = certificate ? tamga_cli_trust (cli, &error) : NULL;
    if (!trust)
        return tamga_cli_fail (cli, error);
    g_autofree char *sha256 = tamga_ossl_fingerprint (certificate);
    const TamgaAnchor *old = find_anchor (trust, sha256);
    if (old && !old->distrusted && old->added > 0) {
        tamga_cli_line (cli, "Trusted", "already; nothing was changed");
        if (cli->json)
            tamga_cli_json (cli, json_pack ("{s:s, s:s}", "event", "none", "sha256", sha256));
        return TAMGA_EXIT_DONE;
    }
    static const char question[] =
        "\nCompare the fingerprint with the one that the owner of this root publishes or tells "
        "you,\nnot with one that came with the file. Everything this root vouches for will be "
        "believed.\nType yes if they are the same: ";
    if (!options->sha256 && !compared (cli, certificate, sha256, question, &error))
        return tamga_cli_fail (cli, error);
    const char *note = options->note ? options->note : path;
    if (!tamga_trust_add (trust, certificate, options->sha256, note, tamga_cli_now (), &error) ||
        !record (cli, "trust-added", certificate, sha256, note, &error))
        return tamga_cli_fail (cli, error);
    return told (cli, "trust-added", certificate, sha256);
}

static int distrust (TamgaCli *cli, const Options *options, const char *path)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (X509) certificate = tamga_trust_read_file (path, &error);
    TamgaTrust *trust = certificate ? tamga_cli_trust (cli, &error) : NULL;
    if (!trust)
        return tamga_cli_fail (cli, error);
    g_autofree char *sha256 = tamga_ossl_fingerprint (certificate);
    if (!tamga_trust_distrust (trust, certificate, options->note ? options->note : path,
                               tamga_cli_now (), &error) ||
        !record (cli, "trust-distrusted", certificate, sha256, options->note, &error))
        return tamga_cli_fail (cli, error);
    return told (cli, "trust-distrusted", certificate, sha256);
}

/* By fingerprint or its beginning, or by the file. */
static int remove_anchor (TamgaCli *cli, const Options *options, const char *what)
{
    g_autoptr (GError) error = NULL;
    TamgaTrust *trust = tamga_cli_trust (cli, &error);
    if (!trust)
        return tamga_cli_fail (cli, error);
    g_autofree char *sha256 = NULL;
    if (g_file_test (what, G_FILE_TEST_IS_REGULAR)) {
        g_autoptr (X509) file = tamga_trust_read_file (what, &error);
        if (!file)
            return tamga_cli_fail (cli, error);
        sha256 = tamga_ossl_fingerprint (file);
    }
    g_autoptr (GPtrArray) before = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    GPtrArray *anchors = tamga_trust_anchors (trust);
    for (guint i = 0; i < anchors->len; i++) {
        X509 *certificate = ((TamgaAnchor *)g_ptr_array_index (anchors, i))->certificate;
        X509_up_ref (certificate);
        g_ptr_array_add (before, certificate);
    }
    if (!tamga_trust_remove (trust, sha256 ? sha256 : what, &error))
        return tamga_cli_fail (cli, error);
    for (guint i = 0; i < before->len; i++) {
        X509 *certificate = g_ptr_array_index (before, i);
        g_autofree char *own = tamga_ossl_fingerprint (certificate);
        if (find_anchor (trust, own))
            continue;
        if (!record (cli, "trust-removed", certificate, own, options->note, &error))
            return tamga_cli_fail (cli, error);
        return told (cli, "trust-removed", certificate, own);
    }
    return told (cli, "trust-removed", NULL, sha256 ? sha256 : what);
}

static json_t *anchor_json (const TamgaAnchor *anchor)
{
    g_autofree char *subject = tamga_ossl_name (X509_get_subject_name (anchor->certificate));
    gint64 until = tamga_ossl_time (X509_get0_notAfter (anchor->certificate));
    return json_pack ("{s:o, s:s, s:b, s:o, s:o, s:o, s:o}", "subject", tamga_json_text (subject),
                      "sha256", anchor->sha256, "distrusted", (int)anchor->distrusted, "not_after",
                      tamga_json_time (until), "added", tamga_json_time (anchor->added), "added_by",
                      tamga_json_text (anchor->added_by), "note", tamga_json_text (anchor->note));
}

static void show_anchor (TamgaCli *cli, const TamgaAnchor *anchor)
{
    g_autofree char *subject = tamga_ossl_name (X509_get_subject_name (anchor->certificate));
    gint64 not_after = tamga_ossl_time (X509_get0_notAfter (anchor->certificate));
    g_autofree char *until = tamga_time_text (not_after);
    g_autofree char *added = tamga_time_text (anchor->added);
    g_autofree char *by = tamga_text_visible (anchor->added_by ? anchor->added_by : "");
    g_autofree char *note = tamga_text_visible (anchor->note ? anchor->note : "");
    g_autofree char *groups = fingerprint_groups (anchor->sha256, "          ");
    gboolean expired = not_after < tamga_cli_now ();
    g_autofree char *word = anchor->distrusted
                                ? tamga_cli_colored (cli, "bad", "Distrusted")
                                : tamga_cli_colored (cli, expired ? "warn" : "good", "Trusted");
    tamga_cli_say (cli, "%s%s%s", word, anchor->distrusted ? " " : "   ", subject);
    tamga_cli_line (cli, "SHA-256", "%s", groups);
    tamga_cli_line (cli, "validity", "%s %s", expired ? "EXPIRED since" : "until", until);
    if (anchor->added > 0)
        tamga_cli_line (cli, "added", "%s by %s", added, by);
    if (*note)
        tamga_cli_line (cli, "from", "%s", note);
}

static int list (TamgaCli *cli)
{
    g_autoptr (GError) error = NULL;
    TamgaTrust *trust = tamga_cli_trust (cli, &error);
    if (!trust)
        return tamga_cli_fail (cli, error);
    GPtrArray *anchors = tamga_trust_anchors (trust);
    json_t *array = json_array ();
    for (guint i = 0; i < anchors->len; i++) {
        const TamgaAnchor *anchor = g_ptr_array_index (anchors, i);
        json_array_append_new (array, anchor_json (anchor));
        if (i > 0)
            tamga_cli_say (cli, "%s", "");
        show_anchor (cli, anchor);
    }
    json_t *object = json_pack ("{s:o}", "anchors", array);
    if (cli->json)
        tamga_cli_json (cli, object);
    else
        json_decref (object);
    if (anchors->len == 0 && !cli->quiet)
        fputs ("You trust no root yet.\nNext: tamga trust add FILE, after comparing its "
               "fingerprint.\n",
               stderr);
    return TAMGA_EXIT_DONE;
}

static int run (TamgaCli *cli, const Options *options, int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run) (TamgaCli *, const Options *, const char *);
    } actions[] = {{"add", add}, {"remove", remove_anchor}, {"distrust", distrust}};
    if (strcmp (argv[0], "list") == 0 && argc == 1)
        return list (cli);
    for (gsize i = 0; i < G_N_ELEMENTS (actions); i++) {
        if (strcmp (argv[0], actions[i].name) != 0)
            continue;
        if (argc != 2)
            return tamga_cli_usage (cli, "tamga trust %s takes one %s.", argv[0],
                                    i == 1 ? "fingerprint (its beginning will do)" : "FILE");
        return actions[i].run (cli, options, argv[1]);
    }
    return tamga_cli_usage (cli, "tamga trust does add, list, remove or distrust, not \"%s\".",
                            argv[0]);
}

int tamga_cli_trust_command (TamgaCli *cli, int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"sha256", 0, 0, G_OPTION_ARG_STRING, &options.sha256,
         "The fingerprint that you were told; nothing is asked then", "HEX"},
        {"note", 0, 0, G_OPTION_ARG_STRING, &options.note, "Where it came from", "TEXT"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    int code;
    if (tamga_cli_parse (cli, &argc, &argv, entries, 1, &code))
        code = run (cli, &options, argc, argv);
    g_free (options.sha256);
    g_free (options.note);
    return code;
}
