/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Levels that are added after signing, and what stays as it was. */
#include <string.h>

#include "formats/pdf/file.h"
#include "tests/unit/pdf/sample.h"

#define MANIFEST TAMGA_SHARED "/corpora/manifest.tsv"

static Fixture *fixture;
static Party *signer;

static const TamgaSignature *signature_at (GPtrArray *signatures, guint index)
{
    g_assert_nonnull (signatures);
    g_assert_cmpuint (index, <, signatures->len);
    return signatures->pdata[index];
}

/* Everything before is the same, every signature is intact, every change allowed, peers agree. */
static GPtrArray *check (GBytes *before, GBytes *after, guint expected)
{
    gsize old_size, new_size;
    const void *old = g_bytes_get_data (before, &old_size);
    const void *new = g_bytes_get_data (after, &new_size);
    g_assert_cmpuint (new_size, >, old_size);
    g_assert_cmpmem (old, old_size, new, old_size);
    g_autoptr (GError) error = NULL;
    GPtrArray *signatures = sample_read (after, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (signatures->len, ==, expected);
    guint stamps = 0;
    for (guint i = 0; i < signatures->len; i++) {
        g_autofree char *changes = sample_changes (signatures, i);
        g_test_message ("%s", changes);
        stamps += signature_at (signatures, i)->is_document_timestamp ? 1 : 0;
        g_assert_cmpint (signature_at (signatures, i)->integrity, ==, TAMGA_INTEGRITY_INTACT);
        g_assert_true (sample_all_permitted (signatures, i));
    }
    g_assert_true (sample_qpdf_check (fixture, after));
    /* pdfsig lists time-stamps (and empty fields), and does not verify them. */
    g_assert_cmpuint (sample_pdfsig_valid (fixture, after), ==, expected - stamps);
    g_autofree char *listed =
        sample_run (fixture, after, "pdfsig -nocert %s 2>&1 | grep -c '^Signature #' || true");
    g_assert_cmpuint (g_ascii_strtoull (listed, NULL, 10), >=, expected);
    return signatures;
}

static guint revisions_of (GBytes *pdf)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", pdf);
    g_autoptr (TamgaPdf) file = tamga_pdf_open (document, NULL, NULL);
    return file->revisions->len;
}

static const char *const options[] = {"", "--object-streams=generate", "--linearize"};

/* B to LTA in one step, then renewed twice (EN 319 142-1 5.4, 6.3): T, DSS, archive, and each
 * renewal is DSS and archive. */
static void test_lta (gconstpointer data)
{
    g_autoptr (GBytes) form = sample_form ();
    g_autoptr (GBytes) base = sample_qpdf (fixture, form, data);
    g_autoptr (GBytes) signed_pdf = sample_must_sign (fixture, signer, base, NULL);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, signer);
    const TamgaExtension all = {.timestamp = TRUE, .evidence = evidence, .archive = TRUE};
    g_autoptr (GBytes) lta = sample_must_extend (fixture, signed_pdf, &all, 1);
    g_autoptr (GPtrArray) signatures = check (signed_pdf, lta, 3);
    g_assert_cmpuint (revisions_of (lta), ==, 5);
    const TamgaSignature *signature = signature_at (signatures, 0);
    g_assert_cmpuint (signature->timestamps->len, ==, 2);
    g_assert_true (signature->has_evidence);
    g_assert_true (signature_at (signatures, 1)->is_document_timestamp);
    g_assert_cmpint (signature_at (signatures, 2)->coverage, ==, TAMGA_COVERS_WHOLE);
    g_assert_cmpstr (signature_at (signatures, 2)->name, ==, "Timestamp2");
    g_assert_cmpint (sample_change (signatures, 0, "dss"), ==, TRUE);
    g_assert_cmpint (sample_change (signatures, 0, "document-timestamp"), ==, TRUE);
    g_autoptr (GBytes) last = g_bytes_ref (lta);
    for (guint i = 0; i < 2; i++) {
        g_autoptr (TamgaEvidence) service = fixture_evidence (fixture, &fixture->tsa);
        const TamgaExtension renewal = {.index = 2 + i, .evidence = service, .archive = TRUE};
        g_autoptr (GBytes) next = sample_must_extend (fixture, last, &renewal, 1);
        g_autoptr (GPtrArray) list = check (last, next, 4 + i);
        g_assert_cmpuint (signature_at (list, 0)->timestamps->len, ==, 3 + i);
        g_assert_cmpuint (signature_at (list, 2)->timestamps->len, ==, 2 + i);
        g_bytes_unref (last);
        last = g_bytes_ref (next);
    }
    g_assert_cmpuint (revisions_of (last), ==, 9);
}

/* Every byte that the archive time-stamp covers counts: a change is refused, not stamped again. */
static void test_damage (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    TamgaSigningParameters lt = {.level = TAMGA_LEVEL_LT};
    g_autoptr (GBytes) signed_pdf = sample_must_sign (fixture, signer, plain, &lt);
    const TamgaExtension archive = {.archive = TRUE};
    g_autoptr (GBytes) lta = sample_must_extend (fixture, signed_pdf, &archive, 1);
    gsize length;
    const guint8 *data = g_bytes_get_data (lta, &length);
    const TamgaExtension again = {.index = 1, .archive = TRUE};
    gsize hole = 0; /* the token itself is what covers, and is not covered */
    for (gsize i = 0; i + 10 < length; i++)
        hole = memcmp (data + i, "/Contents <", 11) == 0 ? i + 11 : hole;
    gsize hole_end = hole + strspn ((const char *)data + hole, "0123456789abcdef");
    for (gsize at = 0; at < length; at += length / 97) {
        if (at >= hole && at < hole_end)
            continue;
        guint8 *copy = g_memdup2 (data, length);
        copy[at] ^= 4;
        g_autoptr (GBytes) damaged = g_bytes_new_take (copy, length);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) result = sample_extend (fixture, damaged, NULL, &again, 1, &error);
        if (result != NULL)
            g_test_message ("byte %" G_GSIZE_FORMAT " changed", at);
        g_assert_null (result);
        g_assert_nonnull (error);
    }
}

/* A store that is there is continued: its streams keep their numbers, nothing comes twice. */
static void test_merge (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    TamgaSigningParameters lt = {.level = TAMGA_LEVEL_LT};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, &lt);
    Party *other = fixture_party (fixture, "P-256", "Other");
    g_autoptr (GBytes) two = sample_must_sign (fixture, other, one, NULL);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, other);
    const TamgaExtension extension = {.index = 1, .evidence = evidence};
    g_autoptr (GBytes) three = sample_must_extend (fixture, two, &extension, 1);
    g_autoptr (GPtrArray) signatures = check (two, three, 2);
    g_autoptr (TamgaDocument) old_document = tamga_document_new ("old", two);
    g_autoptr (TamgaDocument) document = tamga_document_new ("new", three);
    g_autoptr (TamgaPdf) old_pdf = tamga_pdf_open (old_document, NULL, NULL);
    g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, NULL, NULL);
    const TamgaPdfRevision *before = tamga_pdf_latest (old_pdf), *after = tamga_pdf_latest (pdf);
    TamgaPdfObject *old_store = tamga_pdf_get (before, tamga_pdf_catalog (before), "DSS");
    TamgaPdfObject *store = tamga_pdf_get (after, tamga_pdf_catalog (after), "DSS");
    static const char *const kinds[] = {"Certs", "OCSPs", "CRLs"};
    for (guint k = 0; k < G_N_ELEMENTS (kinds); k++) {
        TamgaPdfObject *old_list = tamga_pdf_get (before, old_store, kinds[k]);
        TamgaPdfObject *list = tamga_pdf_get (after, store, kinds[k]);
        g_assert_cmpuint (list->array.n, >=, old_list->array.n);
        for (gsize i = 0; i < old_list->array.n; i++)
            g_assert_true (tamga_pdf_equal (list->array.items[i], old_list->array.items[i]));
        g_autoptr (GHashTable) seen = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                                             (GDestroyNotify)g_bytes_unref, NULL);
        for (gsize i = 0; i < list->array.n; i++)
            g_assert_true (g_hash_table_add (
                seen,
                tamga_pdf_stream_data (after, tamga_pdf_item (after, list, i), 1 << 20, NULL)));
    }
    TamgaPdfObject *vri = tamga_pdf_get (after, store, "VRI");
    g_assert_cmpuint (vri->dict.n, ==, 2);
    /* The same again adds nothing. */
    g_autoptr (GBytes) same = sample_must_extend (fixture, three, &extension, 1);
    g_assert_true (g_bytes_equal (same, three));
}

/* Several signatures in one step: one store, one time-stamp. */
static void test_several (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, NULL);
    g_autoptr (GBytes) two = sample_must_sign (fixture, signer, one, NULL);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, signer);
    const TamgaExtension both[] = {{.index = 0, .evidence = evidence, .archive = TRUE},
                                   {.index = 1, .evidence = evidence, .archive = TRUE}};
    g_autoptr (GBytes) result = sample_must_extend (fixture, two, both, 2);
    g_autoptr (GPtrArray) signatures = check (two, result, 3);
    g_assert_cmpuint (revisions_of (result), ==, 5);
}

/* Level T alone is a document time-stamp; beside it, an archive time-stamp would say the same. */
static void test_level_t (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, NULL);
    const TamgaExtension rows[] = {{.timestamp = TRUE}, {.timestamp = TRUE, .archive = TRUE}};
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GBytes) two = sample_must_extend (fixture, one, &rows[i], 1);
        g_autoptr (GPtrArray) signatures = check (one, two, 2);
        g_assert_cmpuint (revisions_of (two), ==, 3);
        g_assert_cmpuint (signature_at (signatures, 0)->timestamps->len, ==, 1);
        const TamgaTimestamp *stamp = signature_at (signatures, 0)->timestamps->pdata[0];
        g_assert_cmpint (stamp->kind, ==, TAMGA_TIMESTAMP_DOCUMENT);
    }
}

/* DocMDP P 1 permits exactly this (ISO 32000-2 table 257), FieldMDP too. */
static void test_certified (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    TamgaSigningParameters certification = {.certification = 1};
    g_autoptr (GBytes) certified = sample_must_sign (fixture, signer, plain, &certification);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, signer);
    const TamgaExtension extension = {.evidence = evidence, .archive = TRUE};
    g_autoptr (GBytes) result = sample_must_extend (fixture, certified, &extension, 1);
    g_autoptr (GPtrArray) signatures = check (certified, result, 2);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) none = sample_sign (fixture, signer, result, NULL, &error);
    g_assert_null (none);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
}

/* A time-stamp without any signature and key, and one over it. */
static void test_timestamp_only (gconstpointer data)
{
    g_autoptr (GBytes) form = sample_form ();
    g_autoptr (GBytes) last = sample_qpdf (fixture, form, data);
    for (guint i = 1; i <= 2; i++) {
        g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", last);
        g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
        TamgaStamper stamper = sample_stamper (fixture);
        g_autoptr (GError) error = NULL;
        tamga_pades_format.timestamp (document, NULL, &stamper, output, &error);
        g_assert_no_error (error);
        g_assert_true (tamga_output_commit (output, NULL));
        g_autoptr (GBytes) next = tamga_output_steal_bytes (output);
        g_autoptr (GPtrArray) signatures = check (last, next, i);
        g_assert_true (signature_at (signatures, i - 1)->is_document_timestamp);
        g_assert_null (signature_at (signatures, i - 1)->certificate);
        g_bytes_unref (last);
        last = g_bytes_ref (next);
    }
    /* Signing afterwards leaves the time-stamps good. */
    g_autoptr (GBytes) signed_pdf = sample_must_sign (fixture, signer, last, NULL);
    g_autoptr (GPtrArray) signatures = check (last, signed_pdf, 3);
}

static guint calls;

static GBytes *large_token (const TamgaStamper *stamper, GBytes *imprint, GError **error)
{
    (void)stamper, (void)imprint, (void)error;
    calls++;
    gsize size = 40000 + (stamper->data != NULL ? calls * 8000 : 0);
    guint8 *token = g_malloc0 (size);
    const guint8 head[] = {0x30, 0x82, (guint8)((size - 4) >> 8), (guint8)(size - 4)};
    memcpy (token, head, sizeof head);
    return g_bytes_new_take (token, size);
}

/* Room for the token: asked for once more where it is large, given up where it grows. */
static void test_large_token (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", plain);
    TamgaStamper stamper = {tamga_digest_by_name ("SHA-256"), large_token, NULL};
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (GError) error = NULL;
    calls = 0;
    tamga_pades_format.timestamp (document, NULL, &stamper, output, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (calls, ==, 2);
    g_assert_cmpuint (tamga_output_size (output), >, g_bytes_get_size (plain) + 80000);
    g_autoptr (TamgaOutput) other = tamga_output_new_memory ();
    stamper.data = &stamper;
    calls = 0;
    g_assert_false (tamga_pades_format.timestamp (document, NULL, &stamper, other, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_DOES_NOT_FIT);
}

static void refused (GBytes *pdf, const TamgaExtension *extension, int code)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) none = sample_extend (fixture, pdf, NULL, extension, 1, &error);
    g_assert_null (none);
    g_assert_error (error, TAMGA_FORMAT_ERROR, code);
    g_test_message ("%s", error->message);
}

static void test_refused (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, NULL);
    const TamgaExtension second = {.index = 1, .archive = TRUE};
    const TamgaExtension first = {.archive = TRUE};
    refused (one, &second, TAMGA_FORMAT_ERROR_PARAMETER);
    refused (plain, &first, TAMGA_FORMAT_ERROR_NO_SIGNATURE);
    g_autoptr (GBytes) broken = sample_patch (one, "Pay 100 euro", "Pay 900 euro");
    refused (broken, &first, TAMGA_FORMAT_ERROR_UNSUPPORTED);
    g_autoptr (GBytes) lta = sample_must_extend (fixture, one, &first, 1);
    const TamgaExtension wrong = {.index = 1, .timestamp = TRUE};
    refused (lta, &wrong, TAMGA_FORMAT_ERROR_PARAMETER);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, signer);
    const TamgaExtension lt = {.evidence = evidence};
    g_autoptr (GBytes) store = sample_update (plain, 1,
                                              "<< /Type /Catalog /Pages 2 0 R /DSS << /VRI [] >> "
                                              ">>",
                                              0);
    g_autoptr (GBytes) signed_store = sample_must_sign (fixture, signer, store, NULL);
    refused (signed_store, &lt, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* Evidence about somebody else is kept, and changes nothing about who signed: judging is not the
 * format's matter. */
static void test_foreign_evidence (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, NULL);
    Party *other = fixture_party (fixture, "P-256", "Stranger");
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, other);
    tamga_evidence_add_certificate (evidence, other->certificate);
    const TamgaExtension lt = {.evidence = evidence};
    g_autoptr (GBytes) two = sample_must_extend (fixture, one, &lt, 1);
    g_autoptr (GPtrArray) signatures = check (one, two, 1);
    g_assert_cmpint (X509_cmp (signature_at (signatures, 0)->certificate, signer->certificate), ==,
                     0);
}

static void check_original (GBytes *pdf, const char *which, GBytes *expected)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("folder/sample.pdf", pdf);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) originals = tamga_pades_format.originals (document, NULL, which, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (originals->len, ==, 1);
    const TamgaOriginal *original = originals->pdata[0];
    g_assert_cmpstr (original->name, ==, "sample.pdf");
    g_assert_cmpstr (original->mime_type, ==, "application/pdf");
    guint64 size = tamga_document_size (original->document);
    g_autoptr (GBytes) bytes = tamga_document_bytes (original->document, 0, size, size, NULL);
    g_assert_true (g_bytes_equal (bytes, expected));
}

/* Each signed state is a prefix of the file. */
static void test_originals (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, NULL);
    g_autoptr (GBytes) two = sample_must_sign (fixture, signer, one, NULL);
    const TamgaExtension archive = {.archive = TRUE};
    g_autoptr (GBytes) lta = sample_must_extend (fixture, two, &archive, 1);
    check_original (lta, NULL, two);
    check_original (lta, "signature 1", one);
    check_original (lta, "signature 3", lta);
    check_original (lta, "revision 1", plain);
    check_original (lta, "revision 2", one);
    static const char *const wrong[] = {"signature 4", "revision 5", "signature 0", "revision x",
                                        "page 1",      "",           "signature -1"};
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", lta);
    for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
        g_autoptr (GError) error = NULL;
        g_assert_null (tamga_pades_format.originals (document, NULL, wrong[i], &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    }
    g_autoptr (GBytes) broken = sample_patch (one, "Pay 100 euro", "Pay 900 euro");
    g_autoptr (TamgaDocument) damaged = tamga_document_new ("sample.pdf", broken);
    g_autoptr (GError) error = NULL;
    g_assert_null (tamga_pades_format.originals (damaged, NULL, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* Files of other programs: extended, and every verdict is as before. */
static void check_corpus_file (const char *path, guint *extended)
{
    g_autofree char *full = g_build_filename (TAMGA_SHARED "/corpora", path, NULL);
    g_autoptr (GBytes) bytes = fixture_load (full);
    g_autoptr (GPtrArray) before = sample_read (bytes, NULL);
    if (before == NULL || signature_at (before, 0)->integrity != TAMGA_INTEGRITY_INTACT)
        return;
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, signer);
    const TamgaExtension all = {.evidence = evidence, .archive = TRUE};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) result = sample_extend (fixture, bytes, NULL, &all, 1, &error);
    if (result == NULL) { /* what is not signed is not extended either */
        g_test_message ("%s: %s", path, error->message);
        return;
    }
    g_autoptr (GPtrArray) after = sample_read (result, NULL);
    g_assert_nonnull (after);
    g_assert_cmpuint (after->len, ==, before->len + 1);
    for (guint i = 0; i < before->len; i++) {
        const TamgaSignature *old = signature_at (before, i), *new = signature_at (after, i);
        g_assert_cmpint (old->integrity, ==, new->integrity);
        g_assert_cmpstr (old->name, ==, new->name);
        if (sample_all_permitted (before, i) != sample_all_permitted (after, i)) {
            g_autofree char *changes = sample_changes (after, i);
            g_error ("%s: %s", path, changes);
        }
    }
    g_assert_cmpint (signature_at (after, before->len)->integrity, ==, TAMGA_INTEGRITY_INTACT);
    (*extended)++;
}

static void test_corpus (void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents (MANIFEST, &text, NULL, NULL)) {
        g_test_skip ("skipped: no corpora in ../shared");
        return;
    }
    guint extended = 0;
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        g_auto (GStrv) cells = g_strsplit (lines[i], "\t", -1);
        if (g_strv_length (cells) >= 4 && g_str_has_suffix (cells[0], ".pdf") &&
            strcmp (cells[3], "ok") == 0)
            check_corpus_file (cells[0], &extended);
    }
    g_test_message ("%u files extended", extended);
    g_assert_cmpuint (extended, >, 20);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    fixture = fixture_new ();
    signer = fixture_party (fixture, "P-256", "Signer");
    for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
        g_autofree char *lta = g_strdup_printf ("/pdf/extend/lta/%u", i);
        g_autofree char *stamp = g_strdup_printf ("/pdf/extend/timestamp_only/%u", i);
        g_test_add_data_func (lta, options[i], test_lta);
        g_test_add_data_func (stamp, options[i], test_timestamp_only);
    }
    g_test_add_func ("/pdf/extend/damage", test_damage);
    g_test_add_func ("/pdf/extend/merge", test_merge);
    g_test_add_func ("/pdf/extend/several", test_several);
    g_test_add_func ("/pdf/extend/level_t", test_level_t);
    g_test_add_func ("/pdf/extend/certified", test_certified);
    g_test_add_func ("/pdf/extend/large_token", test_large_token);
    g_test_add_func ("/pdf/extend/refused", test_refused);
    g_test_add_func ("/pdf/extend/foreign_evidence", test_foreign_evidence);
    g_test_add_func ("/pdf/extend/originals", test_originals);
    g_test_add_func ("/pdf/extend/corpus", test_corpus);
    int status = g_test_run ();
    fixture_free (fixture);
    return status;
}
