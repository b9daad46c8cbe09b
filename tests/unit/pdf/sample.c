/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building, updating, signing and reading sample PDFs. */
#include "tests/unit/pdf/sample.h"

#include <stdarg.h>
#include <string.h>

#define SIGNING_TIME 1795341600

GBytes *sample_build (const char *const *objects, const char *trailer)
{
    GString *out = g_string_new ("%PDF-1.7\n%\xC3\xA4\xC3\xBC\n");
    g_autoptr (GArray) offsets = g_array_new (FALSE, FALSE, sizeof (gsize));
    for (guint i = 0; objects[i] != NULL; i++) {
        g_array_append_val (offsets, out->len);
        g_string_append_printf (out, "%u 0 obj\n%s\nendobj\n", i + 1, objects[i]);
    }
    gsize xref = out->len;
    g_string_append_printf (out, "xref\n0 %u\n0000000000 65535 f \n", offsets->len + 1);
    for (guint i = 0; i < offsets->len; i++)
        g_string_append_printf (out, "%010" G_GSIZE_FORMAT " 00000 n \n",
                                g_array_index (offsets, gsize, i));
    g_string_append_printf (
        out, "trailer\n<< /Size %u /Root 1 0 R %s >>\nstartxref\n%" G_GSIZE_FORMAT "\n%%%%EOF\n",
        offsets->len + 1, trailer, xref);
    return g_string_free_to_bytes (out);
}

static const char page_content[] =
    "<< /Length 44 >>\nstream\nBT /F1 24 Tf 72 700 Td (Pay 100 euro.) Tj ET  \nendstream";
static const char font[] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

GBytes *sample_plain (void)
{
    const char *const objects[] = {
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font "
        "<< /F1 5 0 R >> >> >>",
        page_content,
        font,
        NULL};
    return sample_build (objects, "/ID [<00112233445566778899aabbccddeeff> "
                                  "<00112233445566778899aabbccddeeff>]");
}

GBytes *sample_form (void)
{
    const char *const objects[] = {
        "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font "
        "<< /F1 5 0 R >> >> /Annots [7 0 R 9 0 R 10 0 R] >>",
        page_content,
        font,
        "<< /Fields [7 0 R 9 0 R] /DR << /Font << /F1 5 0 R >> >> /DA (/F1 12 Tf) >>",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Text1) /V (old) /Rect [72 600 300 620] /P 3 "
        "0 R /AP << /N 8 0 R >> >>",
        "<< /Type /XObject /Subtype /Form /BBox [0 0 228 20] /Resources << /Font << /F1 5 0 R >> "
        ">> /Length 32 >>\nstream\nBT /F1 12 Tf 2 5 Td (old) Tj ET \nendstream",
        "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Approval) /Rect [72 500 300 560] /F 4 /P 3 "
        "0 R >>",
        "<< /Type /Annot /Subtype /Link /Rect [72 690 200 720] /Border [0 0 0] >>",
        "<< /Length 44 >>\nstream\nBT /F1 24 Tf 72 700 Td (Pay 900 euro.) Tj ET  \nendstream",
        NULL};
    return sample_build (objects, "/ID [<00112233445566778899aabbccddeeff> "
                                  "<00112233445566778899aabbccddeeff>]");
}

/* The number behind the last occurrence of a word. */
static guint64 last_number (GBytes *pdf, const char *word)
{
    gsize length, n = strlen (word);
    const char *data = g_bytes_get_data (pdf, &length);
    for (gsize i = length - n; i > 0; i--) {
        if (memcmp (data + i, word, n) == 0) {
            g_autofree char *text = g_strndup (data + i + n, MIN (24, length - i - n));
            return g_ascii_strtoull (text, NULL, 10);
        }
    }
    g_assert_not_reached ();
}

static GBytes *update (GBytes *pdf, const char *trailer, va_list list)
{
    gsize length;
    const char *data = g_bytes_get_data (pdf, &length);
    GString *out = g_string_new_len (data, (gssize)length);
    g_autoptr (GString) table = g_string_new ("xref\n0 1\n0000000000 65535 f \n");
    guint64 size = last_number (pdf, "/Size ");
    for (int number = va_arg (list, int); number != 0; number = va_arg (list, int)) {
        const char *body = va_arg (list, const char *);
        g_string_append_printf (table, "%d 1\n%010" G_GSIZE_FORMAT " 00000 n \n", number, out->len);
        g_string_append_printf (out, "%d 0 obj\n%s\nendobj\n", number, body);
        size = MAX (size, (guint64)number + 1);
    }
    gsize xref = out->len;
    g_string_append_printf (out,
                            "%strailer\n<< /Size %" G_GUINT64_FORMAT
                            " /Root 1 0 R /Prev %" G_GUINT64_FORMAT
                            " %s >>\nstartxref\n%" G_GSIZE_FORMAT "\n%%%%EOF\n",
                            table->str, size, last_number (pdf, "startxref\n"), trailer, xref);
    return g_string_free_to_bytes (out);
}

GBytes *sample_update (GBytes *pdf, ...)
{
    va_list list;
    va_start (list, pdf);
    GBytes *result = update (pdf, "", list);
    va_end (list);
    return result;
}

GBytes *sample_update_trailer (GBytes *pdf, const char *trailer, ...)
{
    va_list list;
    va_start (list, trailer);
    GBytes *result = update (pdf, trailer, list);
    va_end (list);
    return result;
}

GBytes *sample_patch (GBytes *pdf, const char *from, const char *to)
{
    gsize length;
    const char *data = g_bytes_get_data (pdf, &length);
    char *found = memmem (data, length, from, strlen (from));
    g_assert_nonnull (found);
    g_assert_cmpuint (strlen (from), ==, strlen (to));
    char *copy = g_memdup2 (data, length);
    memcpy (copy + (found - data), to, strlen (to));
    return g_bytes_new_take (copy, length);
}

char *sample_run (Fixture *fixture, GBytes *pdf, const char *command)
{
    g_autofree char *path = fixture_write (fixture, "sample.pdf", pdf);
    g_auto (GStrv) parts = g_strsplit (command, "%s", -1);
    g_autofree char *line = g_strjoinv (path, parts);
    const char *arguments[] = {"sh", "-c", line, NULL};
    char *output = NULL;
    g_autoptr (GError) error = NULL;
    gboolean done = g_spawn_sync (fixture->folder, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH,
                                  NULL, NULL, &output, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (done);
    return output;
}

GBytes *sample_qpdf (Fixture *fixture, GBytes *pdf, const char *options)
{
    g_autofree char *command =
        g_strdup_printf ("qpdf --static-id %s %%s made.pdf; echo done", options);
    g_autofree char *output = sample_run (fixture, pdf, command);
    g_autofree char *path = g_build_filename (fixture->folder, "made.pdf", NULL);
    g_assert_cmpstr (output, ==, "done\n");
    return fixture_load (path);
}

static TamgaPreparation *prepare (const Party *party, GBytes *pdf,
                                  TamgaSigningParameters *parameters, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", pdf);
    if (parameters->algorithm == NULL)
        parameters->algorithm = tamga_algorithm_for_key (party->key, NULL, NULL, error);
    parameters->certificate = party->certificate;
    if (parameters->signing_time == 0)
        parameters->signing_time = SIGNING_TIME;
    return tamga_pades_format.prepare (document, parameters, error);
}

GBytes *sample_sign (Fixture *fixture, const Party *party, GBytes *pdf,
                     const TamgaSigningParameters *given, GError **error)
{
    TamgaSigningParameters parameters = {0};
    if (given != NULL)
        parameters = *given;
    g_autoptr (TamgaPreparation) preparation = prepare (party, pdf, &parameters, error);
    if (preparation == NULL)
        return NULL;
    g_autoptr (GBytes) raw =
        fixture_sign (party->key, parameters.algorithm, preparation->to_be_signed);
    g_autoptr (GBytes) value = tamga_preparation_signature_value (preparation, raw, error);
    g_assert_nonnull (value);
    g_autoptr (GBytes) timestamp =
        parameters.level >= TAMGA_LEVEL_T ? fixture_timestamp (fixture, value, "sha256") : NULL;
    g_autoptr (TamgaEvidence) evidence =
        parameters.level >= TAMGA_LEVEL_LT ? fixture_evidence (fixture, party) : NULL;
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    if (!tamga_pades_format.embed (preparation, raw, timestamp, evidence, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

GBytes *sample_must_sign (Fixture *fixture, const Party *party, GBytes *pdf,
                          const TamgaSigningParameters *parameters)
{
    g_autoptr (GError) error = NULL;
    GBytes *result = sample_sign (fixture, party, pdf, parameters, &error);
    g_assert_no_error (error);
    return result;
}

static GBytes *stamp (const TamgaStamper *stamper, GBytes *imprint, GError **error)
{
    Fixture *fixture = stamper->data;
    g_autofree char *query = g_build_filename (fixture->folder, "imprint.tsq", NULL);
    g_autofree char *token = g_build_filename (fixture->folder, "imprint.tst", NULL);
    g_autofree char *config = g_build_filename (fixture->folder, "tsa.cnf", NULL);
    g_autofree char *hex = tamga_text_hex_bytes (imprint);
    (void)error;
    g_assert_true (fixture_openssl (fixture, "ts", "-query", "-digest", hex, "-sha256", "-cert",
                                    "-out", query, NULL));
    g_assert_true (fixture_openssl (
        fixture, "ts", "-reply", "-config", config, "-section", "one", "-queryfile", query,
        "-signer", fixture->tsa.certificate_path, "-inkey", fixture->tsa.key_path, "-chain",
        fixture->root.certificate_path, "-token_out", "-out", token, NULL));
    return fixture_load (token);
}

TamgaStamper sample_stamper (Fixture *fixture)
{
    return (TamgaStamper){tamga_digest_by_name ("SHA-256"), stamp, fixture};
}

GBytes *sample_extend (Fixture *fixture, GBytes *pdf, GBytes *password,
                       const TamgaExtension *extensions, gsize n, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", pdf);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    const TamgaReadOptions options = {.password = password};
    TamgaStamper stamper = sample_stamper (fixture);
    if (!tamga_pades_format.extend (document, &options, extensions, n, &stamper, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

GBytes *sample_must_extend (Fixture *fixture, GBytes *pdf, const TamgaExtension *extensions,
                            gsize n)
{
    g_autoptr (GError) error = NULL;
    GBytes *result = sample_extend (fixture, pdf, NULL, extensions, n, &error);
    g_assert_no_error (error);
    return result;
}

GPtrArray *sample_read (GBytes *pdf, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", pdf);
    return tamga_pades_format.read (document, NULL, error);
}

GPtrArray *sample_read_with (GBytes *pdf, const char *password, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", pdf);
    g_autoptr (GBytes) bytes = g_bytes_new (password, strlen (password));
    const TamgaReadOptions options = {.password = bytes};
    return tamga_pades_format.read (document, &options, error);
}

char *sample_verdict (GBytes *pdf)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = sample_read (pdf, &error);
    if (signatures == NULL)
        return g_strdup_printf ("error %d", error->code);
    GString *out = g_string_new (NULL);
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        g_string_append_printf (out, "%s%s", i > 0 ? " " : "",
                                tamga_integrity_name (signature->integrity));
    }
    return g_string_free (out, FALSE);
}

int sample_change (GPtrArray *signatures, guint index, const char *rule)
{
    g_assert_cmpuint (index, <, signatures->len);
    const TamgaSignature *signature = signatures->pdata[index];
    for (guint i = 0; i < signature->changes->len; i++) {
        const TamgaChange *change = signature->changes->pdata[i];
        if (strcmp (change->rule, rule) == 0)
            return change->permitted;
    }
    return -1;
}

gboolean sample_all_permitted (GPtrArray *signatures, guint index)
{
    g_assert_cmpuint (index, <, signatures->len);
    const TamgaSignature *signature = signatures->pdata[index];
    for (guint i = 0; i < signature->changes->len; i++) {
        const TamgaChange *change = signature->changes->pdata[i];
        if (!change->permitted)
            return FALSE;
    }
    return TRUE;
}

char *sample_changes (GPtrArray *signatures, guint index)
{
    const TamgaSignature *signature = signatures->pdata[index];
    GString *out = g_string_new (NULL);
    for (guint i = 0; i < signature->changes->len; i++) {
        const TamgaChange *change = signature->changes->pdata[i];
        g_string_append_printf (out, "%u %s %s: %s\n", change->revision,
                                change->permitted ? "permitted" : "forbidden", change->rule,
                                change->text);
    }
    return g_string_free (out, FALSE);
}

gboolean sample_qpdf_check (Fixture *fixture, GBytes *pdf)
{
    g_autofree char *output =
        sample_run (fixture, pdf, "qpdf --check %s >check.txt 2>&1 && echo good || cat check.txt");
    if (strcmp (output, "good\n") != 0)
        g_test_message ("%s", output);
    return strcmp (output, "good\n") == 0;
}

guint sample_pdfsig_valid (Fixture *fixture, GBytes *pdf)
{
    g_autofree char *output =
        sample_run (fixture, pdf, "pdfsig -nocert %s 2>&1 | grep -c 'Signature is Valid' || true");
    return (guint)g_ascii_strtoull (output, NULL, 10);
}
