/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is refused before anything is signed, and what a signer is told. */
#include <string.h>

#include "tests/unit/pdf/sample.h"

static Fixture *fixture;
static Party *signer;

static void refused (GBytes *pdf, int code, const char *word)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) none = sample_sign (fixture, signer, pdf, NULL, &error);
    g_assert_null (none);
    g_assert_error (error, TAMGA_FORMAT_ERROR, code);
    g_test_message ("%s", error->message);
    if (word != NULL)
        g_assert_nonnull (strstr (error->message, word));
}

static GBytes *join (const char *before, GBytes *pdf, const char *after)
{
    gsize length;
    const char *data = g_bytes_get_data (pdf, &length);
    GString *out = g_string_new (before);
    g_string_append_len (out, data, (gssize)length);
    g_string_append (out, after);
    return g_string_free_to_bytes (out);
}

static void test_not_a_pdf (void)
{
    g_autoptr (GBytes) text = g_bytes_new_static ("This is a letter, not a PDF.\n", 29);
    g_autoptr (GBytes) head = g_bytes_new_static ("%PDF-1.7\n", 9);
    refused (text, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT, "not a PDF");
    refused (head, TAMGA_FORMAT_ERROR_MALFORMED, "truncated");
}

static void test_unsigned (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) form = sample_form ();
    GBytes *files[] = {plain, form};
    for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) none = sample_read (files[i], &error);
        g_assert_null (none);
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE);
    }
}

/* ISO 32000-1 7.5: files that would have to be repaired. */
static void test_damaged (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) lead = join ("junk\n", plain, "");
    g_autoptr (GBytes) tail = join ("", plain, "12 0 obj\n(hidden)\nendobj\n");
    g_autoptr (GBytes) offset = sample_patch (plain, "0000000015 00000 n", "0000000017 00000 n");
    g_autoptr (GBytes) start = sample_patch (plain, "startxref\n", "startxrex\n");
    g_autoptr (GBytes) table = sample_patch (plain, "xref\n0 6", "xref\n0 x");
    g_autoptr (GBytes) end = sample_patch (plain, "%%EOF", "%%EOD");
    g_autoptr (GBytes) content = sample_patch (plain, "4 0 obj", "7 0 obj");
    g_autoptr (GBytes) pages = sample_patch (plain, "/Kids [3 0 R]", "/Kids [2 0 R]");
    refused (lead, TAMGA_FORMAT_ERROR_DAMAGED, "in front");
    refused (tail, TAMGA_FORMAT_ERROR_DAMAGED, "followed");
    refused (start, TAMGA_FORMAT_ERROR_MALFORMED, "truncated");
    refused (table, TAMGA_FORMAT_ERROR_MALFORMED, "7.5.4");
    refused (end, TAMGA_FORMAT_ERROR_DAMAGED, "truncated");
    refused (content, TAMGA_FORMAT_ERROR_DAMAGED, "object 4");
    refused (pages, TAMGA_FORMAT_ERROR_MALFORMED, "page tree");
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) none = sample_sign (fixture, signer, offset, NULL, &error);
    g_assert_null (none);
    g_assert_nonnull (error);
}

static void test_encrypted (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) closed = sample_qpdf (fixture, plain, "--encrypt user owner 256 --");
    refused (closed, TAMGA_FORMAT_ERROR_ENCRYPTED, "encrypted");
}

/* ISO 32000-1 7.5.8.4: a table whose trailer names a stream as well. */
static void test_hybrid (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GString) stream = g_string_new (
        "9 0 obj\n<< /Type /XRef /W [1 4 1] /Index [9 1] /Size 10 /Root 1 0 R /Length 6 >>\n"
        "stream\n");
    guint64 position = g_bytes_get_size (plain);
    const guint8 row[] = {1, 0, 0, (guint8)(position >> 8), (guint8)position, 0};
    g_string_append_len (stream, (const char *)row, sizeof row);
    g_string_append (stream, "\nendstream\nendobj\n");
    gsize length;
    const char *data = g_bytes_get_data (plain, &length);
    GString *out = g_string_new_len (data, (gssize)length);
    g_string_append_len (out, stream->str, (gssize)stream->len);
    g_autoptr (GBytes) with_stream = g_string_free_to_bytes (out);
    g_autofree char *trailer = g_strdup_printf ("/XRefStm %" G_GUINT64_FORMAT, position);
    g_autoptr (GBytes) hybrid = sample_update_trailer (with_stream, trailer, 5,
                                                       "<< /Type /Font /Subtype /Type1 /BaseFont "
                                                       "/Courier >>",
                                                       0);
    refused (hybrid, TAMGA_FORMAT_ERROR_UNSUPPORTED, "hybrid");
}

/* Loops, depth and sizes chosen by an attacker end in an error. */
static void test_hostile (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) once = sample_update (plain, 4, "<< /Length 0 >>\nstream\n\nendstream", 0);
    g_autofree char *text = g_strndup (g_bytes_get_data (once, NULL), g_bytes_get_size (once));
    char *prev = g_strrstr (text, "/Prev ");
    char *start = g_strrstr (text, "startxref\n");
    guint64 self = g_ascii_strtoull (start + 10, NULL, 10);
    g_autofree char *number = g_strdup_printf ("%-3" G_GUINT64_FORMAT, self);
    memcpy (prev + 6, number, MIN (strlen (number), 4));
    g_autoptr (GBytes) loop = g_bytes_new (text, g_bytes_get_size (once));
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) none = sample_read (loop, &error);
    g_assert_null (none);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);

    g_autofree char *deep = g_strnfill (100000, '[');
    g_autoptr (GBytes) nested = sample_update (plain, 4, deep, 0);
    refused (nested, TAMGA_FORMAT_ERROR_DAMAGED, "object 4");

    g_autoptr (GBytes) twice = sample_update (plain, 4, "(a)", 4, "(b)", 0);
    refused (twice, TAMGA_FORMAT_ERROR_MALFORMED, "twice");
}

static void finds (GBytes *pdf, const char *code)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", pdf);
    g_autoptr (GError) error = NULL;
    TamgaSigningParameters parameters = {.certificate = signer->certificate, .signing_time = 1};
    parameters.algorithm = tamga_algorithm_for_key (signer->key, NULL, NULL, NULL);
    g_autoptr (TamgaPreparation) preparation =
        tamga_pades_format.prepare (document, &parameters, &error);
    g_assert_no_error (error);
    guint found = 0;
    for (guint i = 0; i < preparation->findings->len; i++) {
        const TamgaFinding *finding = preparation->findings->pdata[i];
        found += code != NULL && strcmp (finding->code, code) == 0;
    }
    g_assert_cmpuint (found, ==, code != NULL);
    if (code == NULL)
        g_assert_cmpuint (preparation->findings->len, ==, 0);
}

/* threats a, "Shadow hide" and "Encryption, JavaScript": said before the PIN is asked for. */
static void test_findings (void)
{
    static const char catalog[] = "<< /Type /Catalog /Pages 2 0 R %s >>";
    static const struct {
        const char *code, *entry;
    } rows[] = {
        {"pdf-javascript", "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"},
        {"pdf-launch-action", "/OpenAction << /S /Launch /F (cmd.exe) >>"},
        {"pdf-optional-content", "/OCProperties << /OCGs [] /D << >> >>"},
        {"pdf-xfa", "/AcroForm << /Fields [] /XFA (x) >>"},
        {NULL, "/Lang (en)"},
    };
    g_autoptr (GBytes) plain = sample_plain ();
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_auto (GStrv) parts = g_strsplit (catalog, "%s", 2);
        g_autofree char *body = g_strjoinv (rows[i].entry, parts);
        g_autoptr (GBytes) file = sample_update (plain, 1, body, 0);
        finds (file, rows[i].code);
    }
    g_autoptr (GBytes) external =
        sample_update (plain, 4, "<< /F (other.bin) /Length 0 >>\nstream\n\nendstream", 0);
    finds (external, "pdf-external-stream");
    g_autoptr (GBytes) unused = sample_update (plain, 9, "<< /Type /Page /Parent 2 0 R >>", 0);
    finds (unused, "pdf-unused-objects");
    g_autoptr (GBytes) catalogs = sample_update (plain, 9, "<< /Type /Catalog /Pages 2 0 R >>", 0);
    finds (catalogs, "pdf-several-catalogs");
    g_autoptr (GBytes) overlap = sample_update (
        plain, 3,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots [ << /Type "
        "/Annot /Subtype /Square /Rect [10 10 90 90] >> << /Type /Annot /Subtype /FreeText /Rect "
        "[50 50 120 120] >> ] >>",
        0);
    finds (overlap, "pdf-overlapping-annotations");
}

static void test_parameters (void)
{
    g_autoptr (GBytes) form = sample_form ();
    const TamgaSigningParameters rows[] = {{.field = "Text1"},
                                           {.field = "a.b"},
                                           {.field = ""},
                                           {.certification = 4},
                                           {.packaging = TAMGA_PACKAGING_DETACHED}};
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) none = sample_sign (fixture, signer, form, &rows[i], &error);
        g_assert_null (none);
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    }
    TamgaSigningParameters again = {.field = "Approval"};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, form, &again);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) none = sample_sign (fixture, signer, one, &again, &error);
    g_assert_null (none);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    fixture = fixture_new ();
    signer = fixture_party (fixture, "P-256", "Signer");
    g_test_add_func ("/pdf/bad/not_a_pdf", test_not_a_pdf);
    g_test_add_func ("/pdf/bad/unsigned", test_unsigned);
    g_test_add_func ("/pdf/bad/damaged", test_damaged);
    g_test_add_func ("/pdf/bad/encrypted", test_encrypted);
    g_test_add_func ("/pdf/bad/hybrid", test_hybrid);
    g_test_add_func ("/pdf/bad/hostile", test_hostile);
    g_test_add_func ("/pdf/bad/findings", test_findings);
    g_test_add_func ("/pdf/bad/parameters", test_parameters);
    int status = g_test_run ();
    fixture_free (fixture);
    return status;
}
