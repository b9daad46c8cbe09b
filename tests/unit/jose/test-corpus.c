/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JAdES files of other implementations: the integrity that each row of the manifest expects, the
 * timestamps that others made cover what is computed here, and a changed signed byte is found. */
#include <glib.h>
#include <string.h>

#include "formats/cms/token.h"
#include "formats/jose/jades.h"

static GBytes *load (const char *relative)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "corpora", relative, NULL);
    g_autoptr (GError) error = NULL;
    char *data;
    gsize length;

    g_file_get_contents (path, &data, &length, &error);
    g_assert_no_error (error);
    return g_bytes_new_take (data, length);
}

static GPtrArray *read_bytes (GBytes *file, const char *detached, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("corpus file", file);
    g_autoptr (GBytes) content = strcmp (detached, "-") != 0 ? load (detached) : NULL;
    g_autoptr (TamgaDocument) given =
        content != NULL ? tamga_document_new (detached, content) : NULL;
    g_autoptr (GPtrArray) contents = tamga_document_list (given);
    const TamgaReadOptions options = {.contents = contents};

    return tamga_jades_format.read (document, &options, error);
}

static gboolean all_intact (GPtrArray *signatures)
{
    gboolean intact = signatures->len > 0;

    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        g_test_message ("  %s %s %s: %s", signature->id, signature->format,
                        tamga_integrity_name (signature->integrity),
                        signature->integrity_text ? signature->integrity_text : "");
        intact &= signature->integrity == TAMGA_INTEGRITY_INTACT;
    }
    return intact;
}

static char **load_rows (void)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "corpora", "manifest.tsv", NULL);
    char *text = NULL;
    char **rows;

    if (!g_file_get_contents (path, &text, NULL, NULL)) {
        g_test_skip ("skipped: the corpora are not here");
        return NULL;
    }
    rows = g_strsplit (text, "\n", -1);
    g_free (text);
    return rows;
}

static void test_expectations (void)
{
    g_auto (GStrv) rows = load_rows ();
    guint n = 0;

    for (gsize i = 0; rows != NULL && rows[i] != NULL; i++) {
        g_auto (GStrv) columns = g_strsplit (rows[i], "\t", -1);
        g_autoptr (GBytes) file = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        g_autoptr (GError) error = NULL;
        if (g_strv_length (columns) < 4 || strcmp (columns[1], "jades") != 0)
            continue;
        n++;
        file = load (columns[0]);
        signatures = read_bytes (file, columns[2], &error);
        g_assert_no_error (error);
        g_test_message ("%s: %s", columns[0], columns[3]);
        g_assert_cmpint (all_intact (signatures), ==, strcmp (columns[3], "ok") == 0);
    }
    g_assert_true (rows == NULL || n >= 14);
}

/* Timestamps of others, and how many of them cover what they should. */
static void test_timestamps (void)
{
    static const struct {
        const char *file;
        guint signature, all, right;
    } rows[] = {
        {"jades/107/jades-double-sig-different-etsiU.json", 0, 1, 1},
        {"jades/107/jades-double-sig-different-etsiU.json", 1, 2, 2},
        {"jades/108/jades-flattened-BpT-broken-sigTst.json", 0, 1, 0},
        {"jades/109/jades-lta-broken-arcTst.json", 0, 2, 1},
        {"jades/110/jades-lta-with-etsiU-whitespaces.json", 0, 2, 2},
        {"jades/111/jades-t-duplicated-sigtst.json", 0, 2, 2},
        {"jades/112/jades-triple-LTA.json", 0, 4, 4},
        {"jades/115/jades-with-sigAndRefsTst-without-dot.json", 0, 4, 2},
    };
    g_auto (GStrv) manifest = load_rows ();

    for (gsize i = 0; manifest != NULL && i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GBytes) file = load (rows[i].file);
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = read_bytes (file, "-", &error);
        const TamgaSignature *signature;
        guint right = 0;
        g_assert_no_error (error);
        signature = signatures->pdata[rows[i].signature];
        for (guint j = 0; j < signature->timestamps->len; j++) {
            const TamgaTimestamp *timestamp = signature->timestamps->pdata[j];
            g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, NULL);
            gboolean covers =
                token != NULL && tamga_token_covers_digest (token, timestamp->covered_digest);
            g_test_message ("%s: %s %s %d", rows[i].file, timestamp->id,
                            tamga_timestamp_kind_name (timestamp->kind), covers);
            right += covers;
        }
        g_assert_cmpuint (signature->timestamps->len, ==, rows[i].all);
        g_assert_cmpuint (right, ==, rows[i].right);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/jose/corpus/expectations", test_expectations);
    g_test_add_func ("/jose/corpus/timestamps", test_timestamps);
    return g_test_run ();
}
