/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Validates the signed files of other implementations and compares the results with what the
 * manifest expects: a score per format and expectation, every difference, and whether each
 * difference is a known and explained one. No anchors, no network. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/validate/report.h"
#include "client/validate/validation.h"
#include "tests/conformance/flip.h"

/* Columns of the manifest. */
enum { FILE_NAME, FORMAT, DETACHED, EXPECTATION, NOTE, COLUMNS };

/* The day on which all files are judged; nothing they are expected to give depends on it. */
#define DAY_OF_JUDGEMENT 1795305600 /* 2026-11-22 */
/* Files of the corpus are smaller. */
#define MAX_FILE (64 * 1024 * 1024)

typedef struct {
    char *format, *expectation;
    guint right, all, flips_noticed, flips;
} Score;

typedef struct {
    char *file, *what; /* what was got instead */
} Miss;

typedef struct {
    char *folder; /* of the manifest */
    TamgaStatusContext context;
    GPtrArray *scores; /* Score */
    GPtrArray *misses; /* Miss */
    GHashTable *known; /* file -> reason */
    const char *only;  /* --format */
    gboolean verbose;
} Run;

static Score *score_of (Run *run, const char *format, const char *expectation)
{
    for (guint i = 0; i < run->scores->len; i++) {
        Score *score = run->scores->pdata[i];
        if (g_str_equal (score->format, format) && g_str_equal (score->expectation, expectation))
            return score;
    }
    Score *score = g_new0 (Score, 1);
    score->format = g_strdup (format);
    score->expectation = g_strdup (expectation);
    g_ptr_array_add (run->scores, score);
    return score;
}

static void add_miss (Run *run, const char *file, const char *what)
{
    Miss *miss = g_new0 (Miss, 1);
    miss->file = g_strdup (file);
    miss->what = g_strdup (what);
    g_ptr_array_add (run->misses, miss);
}

/* "TOTAL-FAILED HASH_FAILURE; INDETERMINATE ...", or the error. */
static char *describe (const TamgaValidation *validation)
{
    GString *text = g_string_new (NULL);
    if (validation->error != NULL)
        g_string_append_printf (text, "not read: %s", validation->error->message);
    for (guint i = 0; i < validation->signatures->len; i++) {
        const TamgaValidatedSignature *one = validation->signatures->pdata[i];
        g_string_append_printf (text, "%s%s %s %s", i > 0 ? "; " : "", one->signature->id,
                                tamga_indication_name (one->indication),
                                one->sub_indication != NULL ? one->sub_indication : "");
        if (one->indication == TAMGA_TOTAL_FAILED ||
            one->signature->integrity != TAMGA_INTEGRITY_INTACT)
            g_string_append_printf (text, " (%s)", one->reason);
    }
    return g_string_free (text, FALSE);
}

/* The objects of a signature stand for its content where there is no digest of all of it. */
static gboolean content_computed (const TamgaSignature *signature)
{
    for (guint i = 0; i < signature->objects->len; i++) {
        const TamgaObject *object = signature->objects->pdata[i];
        if (!object->found || !object->equal)
            return FALSE;
    }
    return signature->content_digest != NULL || signature->objects->len > 0;
}

/* A timestamp of its own: its token verifies and is about what is there. */
static gboolean assertion_intact (const TamgaValidatedSignature *one)
{
    for (guint i = 0; i < one->checks->len; i++) {
        const TamgaCheck *check = one->checks->pdata[i];
        if (g_str_equal (check->name, "timestamp-1-imprint"))
            return one->indication != TAMGA_TOTAL_FAILED && g_str_equal (check->result, "passed");
    }
    return FALSE;
}

/* Digest and signature were computed and are right, and nothing else counts against integrity. */
static gboolean intact (const TamgaValidatedSignature *one)
{
    if (one->signature->is_document_timestamp)
        return assertion_intact (one);
    return one->indication != TAMGA_TOTAL_FAILED &&
           one->signature->integrity == TAMGA_INTEGRITY_INTACT &&
           content_computed (one->signature) && one->signature->certificate != NULL &&
           g_strcmp0 (one->sub_indication, "SIGNED_DATA_NOT_FOUND") != 0;
}

static gboolean broken (const TamgaValidatedSignature *one, const char *note)
{
    static const char *const subs[] = {"HASH_FAILURE", "SIG_CRYPTO_FAILURE", "FORMAT_FAILURE",
                                       NULL};
    if (one->indication == TAMGA_TOTAL_FAILED)
        return g_strv_contains (subs, one->sub_indication);
    return one->indication == TAMGA_INDETERMINATE &&
           g_str_equal (one->sub_indication, "SIGNED_DATA_NOT_FOUND") &&
           strstr (note, "not supplied") != NULL;
}

/* The manifest speaks of signatures; of timestamps only where there is nothing else. */
static gboolean counts (const TamgaValidatedSignature *one, char **columns)
{
    return !one->signature->is_document_timestamp ||
           g_str_equal (columns[NOTE], "time-assertion-only");
}

static gboolean is_right (const TamgaValidation *validation, char **columns)
{
    guint good = 0, bad = 0, all = 0;
    if (g_str_equal (columns[EXPECTATION], "not-a-signature"))
        return validation->verdict == TAMGA_VERDICT_NOT_SIGNED;
    for (guint i = 0; i < validation->signatures->len; i++) {
        const TamgaValidatedSignature *one = validation->signatures->pdata[i];
        if (!counts (one, columns))
            continue;
        all++;
        good += intact (one) ? 1 : 0;
        bad += broken (one, columns[NOTE]) ? 1 : 0;
    }
    if (g_str_equal (columns[EXPECTATION], "broken"))
        return bad > 0;
    return good > 0 && good == all;
}

static TamgaValidation *validate (const Run *run, const char *name, GBytes *bytes,
                                  GPtrArray *contents)
{
    TamgaCall call = TAMGA_CALL_INIT;
    g_autofree char *base = g_path_get_basename (name);
    g_autoptr (TamgaDocument) document = tamga_document_new (base, bytes);
    const TamgaReadOptions options = {.contents = contents};
    return tamga_validate (document, &options, &run->context, G_MININT64, &call);
}

/* Does the signature cover the object? A name may have folders before it, or be a URI. */
static gboolean covers (const TamgaSignature *signature, const char *object)
{
    for (guint i = 0; i < signature->objects->len; i++) {
        const char *name = ((const TamgaObject *)signature->objects->pdata[i])->name;
        if (name != NULL && g_str_has_suffix (name, object))
            return TRUE;
    }
    return object == NULL || signature->objects->len == 0;
}

/* One covered bit is changed: now no signature that covers it may be intact. */
static void judge_flip (Run *run, Score *score, char **columns, const TamgaValidation *validation,
                        const Flip *changed)
{
    score->flips++;
    for (guint i = 0; i < validation->signatures->len; i++) {
        const TamgaValidatedSignature *one = validation->signatures->pdata[i];
        /* a countersignature signs the signature's value, which did not change */
        if (!counts (one, columns) || one->signature->countersigned != NULL ||
            one->indication == TAMGA_TOTAL_FAILED ||
            (changed->object != NULL && !covers (one->signature, changed->object)) ||
            (changed->timed && one->signature->claimed_time == G_MININT64))
            continue;
        g_autofree char *text = describe (validation);
        g_autofree char *what =
            g_strdup_printf ("one bit of %s changed, yet: %s", changed->what, text);
        add_miss (run, columns[FILE_NAME], what);
        return;
    }
    score->flips_noticed++;
}

static void flip_contents (Run *run, Score *score, char **columns, GBytes *bytes,
                           GPtrArray *contents)
{
    for (guint i = 0; i < contents->len; i++) {
        TamgaDocument *document = contents->pdata[i];
        GBytes *content = tamga_document_memory (document);
        if (g_bytes_get_size (content) == 0)
            continue;
        g_autoptr (GBytes) other = flip_byte (content, g_bytes_get_size (content) / 2);
        g_autoptr (GPtrArray) changed =
            g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);
        for (guint k = 0; k < contents->len; k++)
            g_ptr_array_add (changed,
                             k == i ? tamga_document_new (tamga_document_name (document), other)
                                    : tamga_document_ref (contents->pdata[k]));
        g_autoptr (TamgaValidation) validation = validate (run, columns[FILE_NAME], bytes, changed);
        const Flip change = {.object =
                                 contents->len > 1 ? (char *)tamga_document_name (document) : NULL,
                             .what = "the document"};
        judge_flip (run, score, columns, validation, &change);
    }
}

static void flip (Run *run, Score *score, char **columns, GBytes *bytes, GPtrArray *contents,
                  const TamgaValidation *before)
{
    if (contents->len > 0)
        flip_contents (run, score, columns, bytes, contents);
    g_autoptr (GPtrArray) flips = contents->len > 0 && g_str_equal (columns[FORMAT], "cades")
                                      ? g_ptr_array_new ()
                                      : flip_file (columns[FORMAT], bytes, before);
    for (guint i = 0; i < flips->len; i++) {
        const Flip *one = flips->pdata[i];
        g_autoptr (TamgaValidation) validation =
            validate (run, columns[FILE_NAME], one->file, contents);
        judge_flip (run, score, columns, validation, one);
    }
}

static GBytes *read_whole (const Run *run, const char *name)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = g_build_filename (run->folder, name, NULL);
    g_autoptr (GMappedFile) mapped = g_mapped_file_new (path, FALSE, &error);
    if (mapped == NULL || g_mapped_file_get_length (mapped) > MAX_FILE) {
        fprintf (stderr, "%s: %s\n", path, error != NULL ? error->message : "too large");
        exit (EXIT_FAILURE);
    }
    return g_mapped_file_get_bytes (mapped);
}

/* The documents of a detached signature: paths, separated by ";". */
static GPtrArray *read_contents (const Run *run, const char *column)
{
    GPtrArray *contents = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);
    if (g_str_equal (column, "-"))
        return contents;
    g_auto (GStrv) paths = g_strsplit (column, ";", -1);
    for (char **path = paths; *path != NULL; path++) {
        g_autoptr (GBytes) bytes = read_whole (run, *path);
        g_autofree char *name = g_path_get_basename (*path);
        g_ptr_array_add (contents, tamga_document_new (name, bytes));
    }
    return contents;
}

static void run_row (Run *run, char **columns)
{
    const char *file = columns[FILE_NAME];
    Score *score = score_of (run, columns[FORMAT], columns[EXPECTATION]);
    g_autoptr (GBytes) bytes = read_whole (run, file);
    g_autoptr (GPtrArray) contents = read_contents (run, columns[DETACHED]);
    gint64 start = g_get_monotonic_time ();
    g_autoptr (TamgaValidation) validation = validate (run, file, bytes, contents);
    gboolean right = is_right (validation, columns);
    g_autofree char *text = describe (validation);
    if (run->verbose)
        printf ("%s  %s  %.1f ms  %s\n", right ? "right" : "WRONG", file,
                (double)(g_get_monotonic_time () - start) / 1000.0, text);
    score->all++;
    if (!right) {
        add_miss (run, file, text);
        return;
    }
    score->right++;
    if (g_str_equal (columns[EXPECTATION], "ok"))
        flip (run, score, columns, bytes, contents, validation);
}

static GHashTable *read_known (const char *path)
{
    g_autofree char *text = NULL;
    g_autoptr (GError) error = NULL;
    GHashTable *known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    if (path == NULL)
        return known;
    if (!g_file_get_contents (path, &text, NULL, &error)) {
        fprintf (stderr, "%s\n", error->message);
        exit (EXIT_FAILURE);
    }
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto (GStrv) columns = g_strsplit (*line, "\t", 2);
        if (**line != '\0' && **line != '#' && g_strv_length (columns) == 2)
            g_hash_table_insert (known, g_strdup (columns[0]), g_strdup (columns[1]));
    }
    return known;
}

/* A format of the manifest that nobody knows must not pass unnoticed. */
static gboolean wanted (const Run *run, const char *format)
{
    if (tamga_format_by_name (format) == NULL) {
        fprintf (stderr, "the manifest has a format that is not known: %s\n", format);
        exit (EXIT_FAILURE);
    }
    return run->only == NULL || g_str_equal (run->only, format);
}

static void run_manifest (Run *run, const char *path, GHashTable *seen)
{
    g_autofree char *text = NULL;
    g_autoptr (GError) error = NULL;
    if (!g_file_get_contents (path, &text, NULL, &error)) {
        fprintf (stderr, "%s\n", error->message);
        exit (EXIT_FAILURE);
    }
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto (GStrv) columns = g_strsplit (*line, "\t", -1);
        if (**line == '#' || g_strv_length (columns) < COLUMNS || !wanted (run, columns[FORMAT]))
            continue;
        g_hash_table_add (seen, g_strdup (columns[FILE_NAME]));
        run_row (run, columns);
    }
}

/* Prints scores and differences; the number of those that nobody has explained. */
static guint conclude (const Run *run, GHashTable *seen)
{
    guint unexplained = 0;
    printf ("%-8s %-16s %6s %6s   %s\n", "format", "expectation", "right", "of",
            "changed bits noticed");
    for (guint i = 0; i < run->scores->len; i++) {
        const Score *score = run->scores->pdata[i];
        printf ("%-8s %-16s %6u %6u", score->format, score->expectation, score->right, score->all);
        if (score->flips > 0)
            printf ("   %u of %u", score->flips_noticed, score->flips);
        putchar ('\n');
    }
    g_autoptr (GHashTable) missed = g_hash_table_new (g_str_hash, g_str_equal);
    for (guint i = 0; i < run->misses->len; i++) {
        const Miss *miss = run->misses->pdata[i];
        const char *reason = g_hash_table_lookup (run->known, miss->file);
        g_hash_table_add (missed, miss->file);
        printf ("%s %s\n    got: %s\n", reason != NULL ? "known  " : "DIFFERS", miss->file,
                miss->what);
        if (reason != NULL)
            printf ("    why: %s\n", reason);
        unexplained += reason == NULL ? 1 : 0;
    }
    GHashTableIter iterator;
    gpointer file;
    g_hash_table_iter_init (&iterator, run->known);
    while (g_hash_table_iter_next (&iterator, &file, NULL)) {
        if (g_hash_table_contains (missed, file) || !g_hash_table_contains (seen, file))
            continue;
        printf ("GONE    %s is listed as a known difference, and gives what is expected\n",
                (char *)file);
        unexplained++;
    }
    return unexplained;
}

static void score_free (gpointer data)
{
    Score *score = data;
    g_free (score->format);
    g_free (score->expectation);
    g_free (score);
}

static void miss_free (gpointer data)
{
    Miss *miss = data;
    g_free (miss->file);
    g_free (miss->what);
    g_free (miss);
}

int main (int argc, char **argv)
{
    g_autofree char *known = NULL, *format = NULL, *profile_path = NULL;
    gboolean verbose = FALSE;
    const GOptionEntry entries[] = {
        {"known", 0, 0, G_OPTION_ARG_FILENAME, &known, "Known differences with reasons", "FILE"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &format, "Only this format", "NAME"},
        {"profile", 0, 0, G_OPTION_ARG_FILENAME, &profile_path, "Profile to judge by", "FILE"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "One line per file", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    g_autoptr (GError) error = NULL;
    g_autoptr (GOptionContext) options = g_option_context_new ("MANIFEST");
    g_option_context_add_main_entries (options, entries, NULL);
    if (!g_option_context_parse (options, &argc, &argv, &error) || argc != 2) {
        fprintf (stderr, "%s\n", error != NULL ? error->message : "one manifest, please");
        return 64;
    }
    g_autoptr (TamgaProfile) profile = tamga_profile_load_file (
        profile_path != NULL ? profile_path : TAMGA_SOURCE_DIR "/client/profile/data/basic.profile",
        &error);
    if (profile == NULL) {
        fprintf (stderr, "%s\n", error->message);
        return EXIT_FAILURE;
    }
    g_autoptr (TamgaTrust) nobody = tamga_trust_new ();
    g_autofree char *folder = g_path_get_dirname (argv[1]);
    g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr (GHashTable) reasons = read_known (known);
    g_autoptr (GPtrArray) scores = g_ptr_array_new_with_free_func (score_free);
    g_autoptr (GPtrArray) misses = g_ptr_array_new_with_free_func (miss_free);
    Run run = {.folder = folder,
               .context = {.profile = profile, .trust = nobody, .now = DAY_OF_JUDGEMENT},
               .scores = scores,
               .misses = misses,
               .known = reasons,
               .only = format,
               .verbose = verbose};
    run_manifest (&run, argv[1], seen);
    return conclude (&run, seen) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
