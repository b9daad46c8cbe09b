/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Containers of other implementations: read with the result that their list expects; and whatever
 * is changed in their payload is found. */
#include <glib.h>
#include <string.h>

#include "formats/zip/asic.h"
#include "formats/zip/container.h"

/* Rows where reading strictly gives another result, with the clause. */
static const char *const explained[][2] = {
    {NULL, NULL},
};

static const char *explain (const char *file)
{
    for (gsize i = 0; explained[i][0] != NULL; i++) {
        if (g_str_has_prefix (file, explained[i][0]))
            return explained[i][1];
    }
    return NULL;
}

static GBytes *load (const char *name)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "corpora", name, NULL);
    g_autoptr (GError) error = NULL;
    char *data = NULL;
    gsize length = 0;

    g_file_get_contents (path, &data, &length, &error);
    g_assert_no_error (error);
    return g_bytes_new_take (data, length);
}

static GPtrArray *read_bytes (GBytes *bytes, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("container", bytes);

    return tamga_asic_e_xades_format.read (document, NULL, error);
}

/* Of the signatures; of the timestamps where there is nothing else. */
static gboolean all_intact (GPtrArray *signatures)
{
    gboolean intact = TRUE, signers = FALSE;

    for (guint i = 0; i < signatures->len; i++)
        signers |= !((TamgaSignature *)signatures->pdata[i])->is_document_timestamp;
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (!signers || !signature->is_document_timestamp)
            intact &= signature->integrity == TAMGA_INTEGRITY_INTACT;
        if (signature->integrity == TAMGA_INTEGRITY_INTACT) {
            g_assert_nonnull (signature->content_digest);
            g_assert_nonnull (signature->algorithm);
        }
    }
    return intact;
}

static void tell (GPtrArray *signatures)
{
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *one = signatures->pdata[i];
        g_test_message ("  %s: %s %s in %s, %s, %u timestamps, %s%s%s", one->id, one->format,
                        tamga_integrity_name (one->integrity), one->carrier, one->algorithm_text,
                        one->timestamps->len, one->coverage_text,
                        one->integrity_text != NULL ? ": " : "",
                        one->integrity_text != NULL ? one->integrity_text : "");
        for (guint k = 0; k < one->findings->len; k++) {
            const TamgaFinding *finding = one->findings->pdata[k];
            g_test_message ("    [%d] %s: %s", finding->severity, finding->code, finding->text);
        }
        g_assert_nonnull (one->coverage_text);
        g_assert_nonnull (one->algorithm_text);
        g_assert_nonnull (one->carrier);
    }
}

/* The container with one octet of one file of it changed; the others are copied. */
static GBytes *with_change (GBytes *bytes, const char *name)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("container", bytes);
    g_autoptr (TamgaZip) zip = tamga_zip_open (document, NULL);
    GPtrArray *entries = tamga_zip_entries (zip);
    g_autoptr (GPtrArray) parts =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_zip_part_free);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();

    for (guint i = 0; i < entries->len; i++) {
        const TamgaZipEntry *entry = entries->pdata[i];
        if (entry->directory)
            continue;
        if (strcmp (entry->name, name) == 0) {
            g_autoptr (GBytes) content = tamga_zip_bytes (zip, entry, G_MAXUINT64, NULL);
            gsize length = g_bytes_get_size (content);
            guint8 *copy = g_memdup2 (g_bytes_get_data (content, NULL), length);
            copy[length / 2] ^= 1;
            g_autoptr (GBytes) changed = g_bytes_new_take (copy, length);
            g_autoptr (TamgaDocument) part = tamga_document_new (name, changed);
            g_ptr_array_add (parts, tamga_zip_part_new (name, part, NULL));
        } else {
            g_ptr_array_add (parts, tamga_zip_part_new (entry->name, NULL, entry));
        }
    }
    g_assert_true (tamga_zip_write (zip, parts, output, NULL, NULL, NULL));
    g_assert_true (tamga_output_commit (output, NULL));
    return tamga_output_steal_bytes (output);
}

/* Every file that a signature says it covers is covered indeed. */
static void change_objects (GBytes *bytes, GPtrArray *signatures)
{
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        for (guint k = 0; k < signature->objects->len && k < 4; k++) {
            const TamgaObject *object = signature->objects->pdata[k];
            g_autoptr (TamgaDocument) document = tamga_document_new ("container", bytes);
            g_autoptr (TamgaZip) zip = tamga_zip_open (document, NULL);
            const TamgaZipEntry *entry = tamga_zip_find (zip, object->name);
            g_autoptr (GBytes) changed = NULL;
            g_autoptr (GPtrArray) again = NULL;
            if (entry == NULL || entry->size == 0)
                continue;
            changed = with_change (bytes, object->name);
            again = read_bytes (changed, NULL);
            if (again != NULL && all_intact (again) && !signature->is_document_timestamp)
                g_error ("a changed bit in %s is not found", object->name);
        }
    }
}

static void damage (GBytes *bytes)
{
    g_autoptr (GRand) random = g_rand_new_with_seed (20261123);

    for (int i = 0; i < 20; i++) {
        gsize length;
        const void *data = g_bytes_get_data (bytes, &length);
        guint8 *copy = g_memdup2 (data, length);
        g_autoptr (GBytes) changed = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        g_autoptr (GError) error = NULL;
        copy[g_rand_int_range (random, 0, (gint32)length)] ^= 1;
        changed = g_bytes_new_take (copy, length);
        signatures = read_bytes (changed, &error);
        g_assert_true ((signatures != NULL) == (error == NULL));
    }
}

static gboolean check_row (char **columns)
{
    g_autoptr (GBytes) bytes = load (columns[0]);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = read_bytes (bytes, &error);
    const char *why = explain (columns[0]);
    gboolean met;

    g_test_message ("%s: expected %s%s%s", columns[0], columns[3], error ? ": " : "",
                    error ? error->message : "");
    if (signatures != NULL)
        tell (signatures);
    if (signatures == NULL)
        met = strcmp (columns[3], "not-a-signature") == 0;
    else
        met = strcmp (columns[3], all_intact (signatures) ? "ok" : "broken") == 0;
    if (met && strcmp (columns[3], "ok") == 0)
        change_objects (bytes, signatures);
    damage (bytes);
    if (!met)
        g_test_message ("  DIFFERENT: %s", why != NULL ? why : "not explained");
    /* An explanation of a row that is met is out of date. */
    return met != (why != NULL);
}

static void test_corpus (void)
{
    g_autofree char *manifest = g_build_filename (TAMGA_SHARED, "corpora", "manifest.tsv", NULL);
    g_autofree char *text = NULL;
    g_auto (GStrv) lines = NULL;
    guint rows = 0, wrong = 0;

    if (!g_file_get_contents (manifest, &text, NULL, NULL)) {
        g_print ("skipped: ../shared is missing\n");
        g_test_skip ("skipped: ../shared is missing");
        return;
    }
    lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto (GStrv) columns = g_strsplit (*line, "\t", -1);
        if (g_strv_length (columns) < 4 || !g_str_has_prefix (columns[1], "asic"))
            continue;
        rows++;
        wrong += !check_row (columns);
    }
    g_test_message ("%u rows, %u wrong", rows, wrong);
    g_assert_cmpuint (rows, >, 50);
    g_assert_cmpuint (wrong, ==, 0);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/asic/corpus", test_corpus);
    return g_test_run ();
}
