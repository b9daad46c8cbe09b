/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing PDFs, judged by pdfsig, qpdf and our own reader. */
#include <string.h>

#include "formats/cms/token.h"
#include "formats/pdf/file.h"
#include "tests/unit/pdf/sample.h"

static Fixture *fixture;
static Party *signer;

static const char *const options[] = {"", "--object-streams=generate", "--linearize",
                                      "--linearize --object-streams=generate"};

static const TamgaSignature *signature_at (GPtrArray *signatures, guint index)
{
    g_assert_nonnull (signatures);
    g_assert_cmpuint (index, <, signatures->len);
    return signatures->pdata[index];
}

/* Three signatures on every kind of file; each leaves the earlier ones whole. */
static void test_kinds (gconstpointer data)
{
    g_autoptr (GBytes) form = sample_form ();
    g_autoptr (GBytes) base = sample_qpdf (fixture, form, data);
    TamgaSigningParameters lt = {.level = TAMGA_LEVEL_LT, .field = "Third"};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, base, NULL);
    g_autoptr (GBytes) two = sample_must_sign (fixture, signer, one, NULL);
    g_autoptr (GBytes) three = sample_must_sign (fixture, signer, two, &lt);
    GBytes *files[] = {base, one, two, three};
    for (guint i = 1; i < G_N_ELEMENTS (files); i++) {
        gsize before, after;
        const void *old = g_bytes_get_data (files[i - 1], &before);
        const void *new = g_bytes_get_data (files[i], &after);
        g_assert_cmpuint (after, >, before);
        g_assert_cmpmem (old, before, new, before);
        g_assert_true (sample_qpdf_check (fixture, files[i]));
        g_assert_cmpuint (sample_pdfsig_valid (fixture, files[i]), ==, i);
        g_autoptr (GPtrArray) signatures = sample_read (files[i], NULL);
        g_assert_cmpuint (signatures->len, ==, i);
        for (guint k = 0; k < i; k++) {
            g_autofree char *changes = sample_changes (signatures, k);
            g_test_message ("%s", changes);
            g_assert_cmpint (signature_at (signatures, k)->integrity, ==, TAMGA_INTEGRITY_INTACT);
            g_assert_true (sample_all_permitted (signatures, k));
            gboolean whole = k + 1 == i && i < 3;
            g_assert_cmpint (signature_at (signatures, k)->coverage, ==,
                             whole ? TAMGA_COVERS_WHOLE : TAMGA_COVERS_REVISION);
        }
    }
    g_autoptr (GPtrArray) signatures = sample_read (three, NULL);
    g_assert_cmpstr (signature_at (signatures, 0)->name, ==, "Approval");
    g_assert_cmpstr (signature_at (signatures, 1)->name, ==, "Signature1");
    g_assert_cmpstr (signature_at (signatures, 2)->name, ==, "Third");
    g_assert_cmpint (sample_change (signatures, 0, "signature"), ==, TRUE);
    g_assert_cmpint (sample_change (signatures, 2, "dss"), ==, TRUE);
    g_assert_true (signature_at (signatures, 0)->has_evidence);
}

/* The last section decides the kind of the new one, /Prev and /ID follow (ISO 32000-1 7.5.6). */
static void test_update_form (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
        g_autoptr (GBytes) base = sample_qpdf (fixture, plain, options[i]);
        g_autoptr (GBytes) signed_pdf = sample_must_sign (fixture, signer, base, NULL);
        g_autoptr (TamgaDocument) old_document = tamga_document_new ("old", base);
        g_autoptr (TamgaDocument) document = tamga_document_new ("new", signed_pdf);
        g_autoptr (TamgaPdf) old = tamga_pdf_open (old_document, NULL, NULL);
        g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, NULL, NULL);
        const TamgaPdfSection *before = old->sections->pdata[0], *after = pdf->sections->pdata[0];
        g_assert_cmpint (before->stream, ==, after->stream);
        g_assert_cmpuint (after->prev, ==, old->startxref);
        g_assert_cmpuint (pdf->revisions->len, ==, 2);
        g_assert_cmpint (old->linearized, ==, i >= 2);
        TamgaPdfObject *old_id = tamga_pdf_key (before->trailer, "ID");
        TamgaPdfObject *id = tamga_pdf_key (after->trailer, "ID");
        g_assert_true (tamga_pdf_equal (old_id->array.items[0], id->array.items[0]));
        g_assert_false (tamga_pdf_equal (old_id->array.items[1], id->array.items[1]));
        g_assert_cmpuint ((guint64)tamga_pdf_key (after->trailer, "Size")->integer, >=,
                          tamga_pdf_next_number (old));
    }
}

/* Every algorithm of the issue, and levels. */
static void test_algorithms (void)
{
    static const struct {
        const char *key, *scheme, *digest;
        TamgaLevel level;
    } rows[] = {
        {"RSA", "PKCS1", "SHA-256", TAMGA_LEVEL_B}, {"RSA", "PKCS1", "SHA-512", TAMGA_LEVEL_T},
        {"RSA", "PSS", "SHA-384", TAMGA_LEVEL_B},   {"P-256", NULL, NULL, TAMGA_LEVEL_T},
        {"P-384", NULL, NULL, TAMGA_LEVEL_LT},      {"P-521", NULL, NULL, TAMGA_LEVEL_B}};
    g_autoptr (GBytes) plain = sample_plain ();
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Party *party = fixture_party (fixture, rows[i].key, rows[i].key);
        TamgaSigningParameters parameters = {.level = rows[i].level};
        parameters.algorithm = tamga_algorithm_for_key (
            party->key, rows[i].scheme,
            rows[i].digest != NULL ? tamga_digest_by_name (rows[i].digest) : NULL, NULL);
        g_autoptr (GBytes) result = sample_must_sign (fixture, party, plain, &parameters);
        g_autoptr (GPtrArray) signatures = sample_read (result, NULL);
        const TamgaSignature *signature = signature_at (signatures, 0);
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
        g_assert_cmpstr (signature->format, ==, "PAdES");
        g_assert_true (signature->algorithm == parameters.algorithm);
        g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
        g_assert_cmpuint (signature->timestamps->len, ==, rows[i].level >= TAMGA_LEVEL_T);
        g_assert_cmpint (signature->has_evidence, ==, rows[i].level >= TAMGA_LEVEL_LT);
        g_assert_cmpuint (sample_pdfsig_valid (fixture, result), ==, 1);
    }
}

/* EN 319 142-1 6.3: what the dictionary says; text in any script comes back (ISO 32000-1 7.9.2). */
static void test_dictionary (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    TamgaSigningParameters parameters = {.reason = "Согласовано (\\)",
                                         .location = "Hà Nội",
                                         .contact = "a@b.example",
                                         .name = "Әлия Қожа",
                                         .signing_time = 1795341600};
    g_autoptr (GBytes) result = sample_must_sign (fixture, signer, plain, &parameters);
    g_autoptr (GPtrArray) signatures = sample_read (result, NULL);
    const TamgaSignature *signature = signature_at (signatures, 0);
    g_assert_cmpstr (signature->reason, ==, parameters.reason);
    g_assert_cmpstr (signature->location, ==, parameters.location);
    g_assert_cmpstr (signature->contact, ==, parameters.contact);
    g_assert_cmpstr (signature->signer_name, ==, parameters.name);
    g_assert_cmpint (signature->claimed_time, ==, 1795341600);
    g_assert_cmpstr (signature->claimed_time_source, ==, "PDF /M");
    const char *data = g_bytes_get_data (result, NULL);
    g_assert_nonnull (
        memmem (data, g_bytes_get_size (result), "/SubFilter /ETSI.CAdES.detached", 31));
    g_autofree char *output = sample_run (fixture, result, "pdfsig -nocert %s");
    g_assert_nonnull (strstr (output, "Signing Time: Nov 22 2026"));
}

/* EN 319 142-1 6.3: policy, commitments, roles and a content time-stamp are attributes, the place
 * is /Location, and what excludes each other is refused. */
static void test_claims (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) value = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
    const TamgaPolicy policy = {"1.2.3.4", tamga_digest_by_name ("SHA-256"), value, NULL};
    const char *const commitments[] = {"1.2.840.113549.1.9.16.6.5", NULL};
    const char *const roles[] = {"Director", NULL};
    const TamgaClaims claims = {.policy = &policy,
                                .commitments = commitments,
                                .roles = roles,
                                .locality = "Almaty",
                                .country = "KZ"};
    TamgaStamper stamper = sample_stamper (fixture);
    TamgaSigningParameters parameters = {.claims = &claims, .content_stamper = &stamper};
    g_autoptr (GBytes) result = sample_must_sign (fixture, signer, plain, &parameters);
    g_autoptr (GPtrArray) signatures = sample_read (result, NULL);
    const TamgaSignature *signature = signature_at (signatures, 0);
    g_assert_cmpstr (signature->integrity_text, ==, NULL);
    g_assert_cmpstr (signature->location, ==, "Almaty, KZ");
    g_assert_cmpstr (signature->policy_oid, ==, "1.2.3.4");
    g_assert_cmpuint (signature->commitments->len, ==, 1);
    g_assert_cmpstr (signature->commitments->pdata[0], ==, commitments[0]);
    g_assert_cmpuint (signature->roles->len, ==, 1);
    g_assert_cmpuint (signature->timestamps->len, ==, 1);
    const TamgaTimestamp *stamp = signature->timestamps->pdata[0];
    g_assert_cmpint (stamp->kind, ==, TAMGA_TIMESTAMP_CONTENT);
    g_autoptr (TamgaToken) token = tamga_token_parse (stamp->token, NULL);
    g_assert_true (tamga_token_covers_digest (token, stamp->covered_digest));
    g_assert_cmpuint (sample_pdfsig_valid (fixture, result), ==, 1);
    g_autoptr (GPtrArray) others = g_ptr_array_new ();
    g_ptr_array_add (others, fixture);
    const TamgaSigningParameters wrong[] = {{.claims = &claims, .reason = "I agree"},
                                            {.claims = &claims, .location = "Bishkek"},
                                            {.countersigned = "signature 1"},
                                            {.documents = others}};
    for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) none = sample_sign (fixture, signer, plain, &wrong[i], &error);
        g_assert_null (none);
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    }
}

/* A lock over all fields (/Action /All): evidence and time-stamps are still permitted, signatures
 * and filling in are not (ISO 32000-1 12.8.2.4). Filling in within a certification of P 2 is. */
static void test_locked_and_certified (void)
{
    static const char field[] = "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Approval) /Rect [72 "
                                "500 300 560] /F 4 /P 3 0 R %s >>";
    static const char filled_field[] =
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Text1) /V (new) /Rect [72 600 300 620] /P 3 "
        "0 R /AP << /N 8 0 R >> >>";
    g_auto (GStrv) parts = g_strsplit (field, "%s", 2);
    g_autofree char *body = g_strjoinv ("/Lock << /Type /SigFieldLock /Action /All >>", parts);
    g_autoptr (GBytes) form = sample_form ();
    g_autoptr (GBytes) locked = sample_update (form, 9, body, 0);
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, locked, NULL);
    TamgaSigningParameters other = {.field = "Other"};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) none = sample_sign (fixture, signer, one, &other, &error);
    g_assert_null (none);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, signer);
    const TamgaExtension archive = {.evidence = evidence, .archive = TRUE};
    g_autoptr (GBytes) lta = sample_must_extend (fixture, one, &archive, 1);
    g_autoptr (GPtrArray) signatures = sample_read (lta, NULL);
    g_assert_true (sample_all_permitted (signatures, 0));
    g_autoptr (GBytes) filled = sample_update (lta, 7, filled_field, 0);
    g_autoptr (GPtrArray) changed = sample_read (filled, NULL);
    g_assert_cmpint (sample_change (changed, 0, "locked-field"), ==, FALSE);

    /* A lock that says the same as DocMDP P 1 (ISO 32000-2 table 236). */
    g_autofree char *closed = g_strjoinv (
        "/Lock << /Type /SigFieldLock /Action /Include /Fields [(Text9)] /P 1 >>", parts);
    g_autoptr (GBytes) closing = sample_update (form, 9, closed, 0);
    g_autoptr (GBytes) final = sample_must_sign (fixture, signer, closing, NULL);
    g_autoptr (GError) late = NULL;
    g_autoptr (GBytes) nothing = sample_sign (fixture, signer, final, &other, &late);
    g_assert_null (nothing);
    g_assert_error (late, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
    g_autoptr (GBytes) final_lta = sample_must_extend (fixture, final, &archive, 1);
    g_autoptr (GPtrArray) kept = sample_read (final_lta, NULL);
    g_assert_true (sample_all_permitted (kept, 0));
    g_autoptr (GBytes) final_filled = sample_update (final_lta, 7, filled_field, 0);
    g_autoptr (GPtrArray) lost = sample_read (final_filled, NULL);
    g_assert_cmpint (sample_change (lost, 0, "form-fill"), ==, FALSE);

    TamgaSigningParameters certify = {.certification = 2, .field = "Certified"};
    g_autoptr (GBytes) certified = sample_must_sign (fixture, signer, form, &certify);
    g_autoptr (GBytes) completed = sample_update (certified, 7, filled_field, 0);
    TamgaSigningParameters approve = {.field = "Approval"};
    g_autoptr (GBytes) approved = sample_must_sign (fixture, signer, completed, &approve);
    g_autoptr (GBytes) archived = sample_must_extend (fixture, approved, &archive, 1);
    g_autoptr (GPtrArray) all = sample_read (archived, NULL);
    g_assert_cmpuint (all->len, ==, 3);
    for (guint i = 0; i < all->len; i++) {
        g_assert_cmpstr (signature_at (all, i)->integrity_text, ==, NULL);
        g_assert_true (sample_all_permitted (all, i));
    }
    g_assert_cmpint (sample_change (all, 0, "form-fill"), ==, TRUE);
    g_assert_true (sample_qpdf_check (fixture, archived));
    g_assert_cmpuint (sample_pdfsig_valid (fixture, archived), ==, 2);
}

/* A certification (ISO 32000-1 12.8.2.2): P 2 lets others sign, P 1 does not, none comes second. */
static void test_certification (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    for (int p = 1; p <= 3; p++) {
        TamgaSigningParameters certify = {.certification = p, .level = TAMGA_LEVEL_LT};
        g_autoptr (GError) error = NULL;
        g_autoptr (GError) late = NULL;
        g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, &certify);
        g_autoptr (GBytes) two = sample_sign (fixture, signer, one, NULL, &error);
        if (p == 1) {
            g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
        } else {
            g_assert_no_error (error);
            g_assert_cmpuint (sample_pdfsig_valid (fixture, two), ==, 2);
        }
        g_autoptr (GPtrArray) signatures = sample_read (p == 1 ? one : two, NULL);
        g_assert_cmpint (signature_at (signatures, 0)->certification, ==, p);
        g_assert_true (sample_all_permitted (signatures, 0));
        g_autoptr (GBytes) third = sample_sign (fixture, signer, one, &certify, &late);
        g_assert_null (third);
        g_assert_error (late, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
    }
}

/* A lock of the author becomes FieldMDP, and locked fields are not signed (12.7.4.5, 12.8.2.4). */
static void test_lock (void)
{
    g_autoptr (GBytes) form = sample_form ();
    g_autoptr (GBytes) locked = sample_update (
        form, 9,
        "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Approval) /Rect [72 500 300 560] /F 4 /P 3 "
        "0 R /Lock << /Type /SigFieldLock /Action /Include /Fields [(Text1) (Second)] >> >>",
        0);
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, locked, NULL);
    const char *data = g_bytes_get_data (one, NULL);
    g_assert_nonnull (memmem (data, g_bytes_get_size (one), "/FieldMDP", 9));
    TamgaSigningParameters second = {.field = "Second"}, free_one = {.field = "Other"};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) two = sample_sign (fixture, signer, one, &second, &error);
    g_assert_null (two);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
    g_assert_nonnull (strstr (error->message, "Second"));
    g_autoptr (GBytes) other = sample_must_sign (fixture, signer, one, &free_one);
    /* Filling in the locked field is a forbidden change. */
    g_autoptr (GBytes) filled = sample_update (
        other, 7,
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Text1) /V (new) /Rect [72 600 300 620] /P 3 "
        "0 R /AP << /N 8 0 R >> >>",
        0);
    g_autoptr (GPtrArray) signatures = sample_read (filled, NULL);
    g_assert_cmpint (sample_change (signatures, 0, "locked-field"), ==, FALSE);
    g_assert_cmpint (sample_change (signatures, 1, "form-fill"), ==, TRUE);
}

/* Seed values of the field's author (ISO 32000-1 12.7.4.5). */
static void test_seed (void)
{
    static const struct {
        const char *seed;
        TamgaSigningParameters parameters;
        gboolean good;
    } rows[] = {
        {"/Ff 2 /SubFilter [/ETSI.CAdES.detached /adbe.pkcs7.detached]", {0}, TRUE},
        {"/Ff 2 /SubFilter [/adbe.pkcs7.detached]", {0}, FALSE},
        {"/SubFilter [/adbe.pkcs7.detached]", {0}, TRUE},
        {"/Ff 1 /Filter /Entrust.PPKEF", {0}, FALSE},
        {"/Ff 8 /Reasons [(I agree) (I saw it)]", {.reason = "I agree"}, TRUE},
        {"/Ff 8 /Reasons [(I agree) (I saw it)]", {.reason = "no"}, FALSE},
        {"/Ff 8 /Reasons [(I agree) (I saw it)]", {0}, FALSE},
        {"/Ff 8 /Reasons [(.)]", {.reason = "no"}, FALSE},
        {"/Ff 64 /DigestMethod [(SHA256) (SHA512)]", {0}, TRUE},
        {"/Ff 64 /DigestMethod [(SHA384)]", {0}, FALSE},
        {"/MDP << /P 2 >>", {0}, FALSE},
        {"/MDP << /P 2 >>", {.certification = 2}, TRUE},
        {"/MDP << /P 0 >>", {.certification = 2}, FALSE},
        {"/TimeStamp << /Ff 1 /URL (http://tsa.example/) >>", {.level = TAMGA_LEVEL_B}, FALSE},
        {"/TimeStamp << /Ff 1 /URL (http://tsa.example/) >>", {.level = TAMGA_LEVEL_T}, TRUE},
        {"/Cert << /Ff 1 /Subject [<3000>] >>", {0}, FALSE},
        {"/Cert << /Ff 8 /SubjectDN [<< /CN (x) >>] >>", {0}, FALSE},
    };
    g_autoptr (GBytes) form = sample_form ();
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *body = g_strdup_printf (
            "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Approval) /Rect [72 500 300 560] /F 4 "
            "/P 3 0 R /SV << /Type /SV %s >> >>",
            rows[i].seed);
        g_autoptr (GBytes) file = sample_update (form, 9, body, 0);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) result =
            sample_sign (fixture, signer, file, &rows[i].parameters, &error);
        g_test_message ("%s: %s", rows[i].seed, error != NULL ? error->message : "signed");
        if (rows[i].good)
            g_assert_no_error (error);
        else
            g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
        g_assert_cmpint (result != NULL, ==, rows[i].good);
    }
}

/* Overflow is an error, never a cut signature. */
static void test_overflow (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    TamgaSigningParameters small = {.contents_size = 300}, large = {.contents_size = 20000};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) none = sample_sign (fixture, signer, plain, &small, &error);
    g_assert_null (none);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_DOES_NOT_FIT);
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, &large);
    g_autofree char *verdict = sample_verdict (one);
    g_assert_cmpstr (verdict, ==, "INTACT");
}

/* The store: keys of /VRI, merging without duplicates (EN 319 142-1 5.4.2.2). */
static void test_dss (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    TamgaSigningParameters lt = {.level = TAMGA_LEVEL_LT};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, &lt);
    g_autoptr (GBytes) two = sample_must_sign (fixture, signer, one, &lt);
    g_autoptr (TamgaDocument) document = tamga_document_new ("two", two);
    g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, NULL, NULL);
    const TamgaPdfRevision *view = tamga_pdf_latest (pdf);
    TamgaPdfObject *dss = tamga_pdf_get (view, tamga_pdf_catalog (view), "DSS");
    TamgaPdfObject *vri = tamga_pdf_get (view, dss, "VRI");
    TamgaPdfObject *certs = tamga_pdf_get (view, dss, "Certs");
    g_assert_cmpuint (vri->dict.n, ==, 2);
    for (gsize i = 0; i < certs->array.n; i++) {
        for (gsize k = 0; k < i; k++) {
            g_autoptr (GBytes) a =
                tamga_pdf_stream_data (view, tamga_pdf_item (view, certs, i), 65536, NULL);
            g_autoptr (GBytes) b =
                tamga_pdf_stream_data (view, tamga_pdf_item (view, certs, k), 65536, NULL);
            g_assert_false (g_bytes_equal (a, b));
        }
    }
    /* The key is the SHA-1 of the bytes between < and >, padding included. */
    TamgaPdfObject *form = tamga_pdf_get (view, tamga_pdf_catalog (view), "AcroForm");
    TamgaPdfObject *field = tamga_pdf_item (view, tamga_pdf_get (view, form, "Fields"), 0);
    TamgaPdfObject *contents = tamga_pdf_key (tamga_pdf_get (view, field, "V"), "Contents");
    g_autofree char *hex = g_compute_checksum_for_data (
        G_CHECKSUM_SHA1, (const guchar *)contents->text.data, contents->text.length);
    g_autofree char *key = g_ascii_strup (hex, -1);
    TamgaPdfObject *entry = tamga_pdf_get (view, vri, key);
    g_assert_cmpint (entry->type, ==, TAMGA_PDF_DICT);
    g_assert_cmpint (tamga_pdf_key (entry, "TU")->type, ==, TAMGA_PDF_STRING);
    g_autofree char *verdict = sample_verdict (two);
    g_assert_cmpstr (verdict, ==, "INTACT INTACT");
}

static GBytes *visible_sample (const char *option, double width, double height)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) base = sample_qpdf (fixture, plain, option);
    TamgaVisible visible = {.page = 1,
                            .x = 40,
                            .y = 60,
                            .width = width,
                            .height = height,
                            .text = (char *)"Подписал: Нұрсұлтан Қожа\nNguyễn Thị Ánh"};
    TamgaSigningParameters parameters = {.visible = &visible};
    return sample_must_sign (fixture, signer, base, &parameters);
}

/* Dark pixels of the first page inside a box in points from the upper left. */
static guint dark_pixels (const char *ppm, gsize length, double x, double y, double w, double h)
{
    int width = 0, height = 0, at = 0;
    g_assert_cmpint (sscanf (ppm, "P5 %d %d 255%n", &width, &height, &at), ==, 2);
    const guint8 *pixels = (const guint8 *)ppm + at + 1;
    g_assert_cmpuint (length, >=, (gsize)at + 1 + (gsize)width * (gsize)height);
    guint dark = 0;
    for (int row = (int)y; row < (int)(y + h) && row < height; row++) {
        for (int column = (int)x; column < (int)(x + w) && column < width; column++)
            dark += pixels[row * width + column] < 100;
    }
    return dark;
}

/* The signature is drawn where the reader asked, whatever way the page is turned, and its text can
 * be searched in every script. */
static void test_visible (void)
{
    static const char *const turned[] = {"", "--rotate=90", "--rotate=180", "--rotate=270"};
    for (guint i = 0; i < G_N_ELEMENTS (turned); i++) {
        g_autoptr (GBytes) result = visible_sample (turned[i], 240, 50);
        g_assert_true (sample_qpdf_check (fixture, result));
        g_autofree char *text = sample_run (fixture, result, "pdftotext %s -");
        g_assert_nonnull (strstr (text, "Нұрсұлтан Қожа"));
        g_assert_nonnull (strstr (text, "Nguyễn Thị Ánh"));
        g_autofree char *unused =
            sample_run (fixture, result, "pdftoppm -r 72 -gray -singlefile %s page && echo done");
        g_assert_cmpstr (unused, ==, "done\n");
        g_autofree char *path = g_build_filename (fixture->folder, "page.pgm", NULL);
        g_autofree char *ppm = NULL;
        gsize length = 0;
        g_assert_true (g_file_get_contents (path, &ppm, &length, NULL));
        /* Text lies in the box: upper half and lower half, and from its left edge on. */
        g_assert_cmpuint (dark_pixels (ppm, length, 42, 62, 236, 23), >, 40);
        g_assert_cmpuint (dark_pixels (ppm, length, 42, 85, 236, 23), >, 40);
        g_assert_cmpuint (dark_pixels (ppm, length, 42, 62, 30, 46), >, 20);
        g_autofree char *verdict = sample_verdict (result);
        g_assert_cmpstr (verdict, ==, "INTACT");
    }
    /* Shrunk to fit a small box: the font's outlines embedded, nothing beyond the box. */
    g_autoptr (GBytes) small = visible_sample ("", 60, 16);
    g_assert_cmpuint (g_bytes_get_size (small), <, 80000);
    g_autofree char *fonts = sample_run (fixture, small, "pdffonts %s");
    g_assert_nonnull (strstr (fonts, "TAMGAA+"));
}

/* PNG of every colour type; what is transparent stays transparent. */
static void test_image (void)
{
    static const struct {
        const char *png;
        gboolean mask;
    } rows[] = {
        {"iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADElEQVR42mNgoA4AAABIAAEQRe/"
         "SAAAAAElFTkSuQmCC",
         FALSE}, /* grey */
        {"iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAD0lEQVR42mNQwAEYhpYEAGFPGAHY2OnFAAAAAElFT"
         "kSuQmCC",
         FALSE}, /* RGB */
        {"iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAYAAADED76LAAAAE0lEQVR42mNgYGD4j4YxwAhQAABAtx/"
         "hR9sDYQAAAABJRU5ErkJggg==",
         TRUE}, /* RGBA, right half clear */
        {"iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABlBMVEX///"
         "8AAABVwtN+AAAADElEQVR42mP4wIACATwQB4FjyZutAAAAAElFTkSuQmCC",
         FALSE}, /* palette of 1 bit */
    };
    g_autoptr (GBytes) form = sample_form ();
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        gsize size = 0;
        guchar *data = g_base64_decode (rows[i].png, &size);
        g_autoptr (GBytes) image = g_bytes_new_take (data, size);
        /* The existing field's own box, 228 x 60 at 72,282 from above, is drawn in. */
        TamgaVisible visible = {
            .page = 1, .x = 10, .y = 10, .width = 50, .height = 50, .image = image};
        TamgaSigningParameters parameters = {.visible = &visible, .field = "Approval"};
        g_autoptr (GBytes) result = sample_must_sign (fixture, signer, form, &parameters);
        g_assert_true (sample_qpdf_check (fixture, result));
        g_assert_cmpuint (sample_pdfsig_valid (fixture, result), ==, 1);
        g_autofree char *list = sample_run (fixture, result, "pdfimages -list %s | grep -c smask");
        g_assert_cmpint (list[0] == '1', ==, rows[i].mask);
        g_autofree char *unused =
            sample_run (fixture, result, "pdftoppm -r 72 -gray -singlefile %s page && echo done");
        g_assert_cmpstr (unused, ==, "done\n");
        g_autofree char *path = g_build_filename (fixture->folder, "page.pgm", NULL);
        g_autofree char *ppm = NULL;
        gsize length = 0;
        g_assert_true (g_file_get_contents (path, &ppm, &length, NULL));
        guint dark = dark_pixels (ppm, length, 74, 284, 224, 56);
        g_assert_cmpuint (dark, >, 1000);
        g_assert_cmpuint (dark, <, 3000);
    }
}

static void test_visible_refusals (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) junk = g_bytes_new_static ("not a png", 9);
    const TamgaVisible rows[] = {
        {.page = 2, .x = 10, .y = 10, .width = 100, .height = 50, .text = (char *)"a"},
        {.page = 0, .x = 10, .y = 10, .width = 100, .height = 50, .text = (char *)"a"},
        {.page = 1, .x = 550, .y = 10, .width = 100, .height = 50, .text = (char *)"a"},
        {.page = 1, .x = -1, .y = 10, .width = 100, .height = 50, .text = (char *)"a"},
        {.page = 1, .x = 10, .y = 10, .width = 0, .height = 50, .text = (char *)"a"},
        {.page = 1, .x = 10, .y = 10, .width = 100, .height = 50, .image = junk},
    };
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        TamgaSigningParameters parameters = {.visible = &rows[i]};
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) none = sample_sign (fixture, signer, plain, &parameters, &error);
        g_assert_null (none);
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    }
}

/* A file that `pdfsig -add-signature` made. */
static void test_pdfsig_made (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autofree char *made = sample_run (
        fixture, plain,
        "mkdir -p nss && certutil -N -d sql:nss --empty-password && openssl req -x509 -newkey "
        "rsa:2048 -nodes -keyout p.key -out p.crt -subj /CN=peer -days 10 2>/dev/null && openssl "
        "pkcs12 -export -inkey p.key -in p.crt -name peer -out p.p12 -passout pass:x && pk12util "
        "-i p.p12 -d sql:nss -W x -K '' >/dev/null && pdfsig %s made2.pdf -add-signature -nssdir "
        "sql:nss -nick peer >/dev/null 2>&1; echo done");
    g_assert_cmpstr (made, ==, "done\n");
    g_autofree char *path = g_build_filename (fixture->folder, "made2.pdf", NULL);
    g_autoptr (GBytes) file = fixture_load (path);
    g_autofree char *verdict = sample_verdict (file);
    g_assert_cmpstr (verdict, ==, "INTACT");
    g_autofree char *cleaned = sample_run (fixture, plain, "rm -rf nss; echo done %s");
    g_assert_true (g_str_has_prefix (cleaned, "done"));
    g_autoptr (GPtrArray) signatures = sample_read (file, NULL);
    g_assert_cmpstr (signature_at (signatures, 0)->format, ==, "PDF-PKCS7");
    /* And signed by us after that. */
    g_autoptr (GBytes) two = sample_must_sign (fixture, signer, file, NULL);
    g_assert_cmpuint (sample_pdfsig_valid (fixture, two), ==, 2);
}

/* The file on disk is what is signed: through a path, without reading it into memory. */
static void test_from_file (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autofree char *path = fixture_write (fixture, "input.pdf", plain);
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaDocument) document = tamga_document_open (path, &error);
    g_assert_no_error (error);
    TamgaSigningParameters parameters = {.certificate = signer->certificate,
                                         .signing_time = 1795341600};
    parameters.algorithm = tamga_algorithm_for_key (signer->key, NULL, NULL, NULL);
    g_autoptr (TamgaPreparation) preparation =
        tamga_pades_format.prepare (document, &parameters, &error);
    g_assert_no_error (error);
    g_autoptr (GBytes) raw =
        fixture_sign (signer->key, parameters.algorithm, preparation->to_be_signed);
    g_autofree char *target = g_build_filename (fixture->folder, "output.pdf", NULL);
    g_autoptr (TamgaOutput) output = tamga_output_open (target, FALSE, &error);
    g_assert_no_error (error);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, signer);
    g_assert_true (tamga_pades_format.embed (preparation, raw, NULL, evidence, output, &error));
    g_assert_true (tamga_output_commit (output, &error));
    g_autoptr (TamgaDocument) result = tamga_document_open (target, &error);
    g_autoptr (GPtrArray) signatures = tamga_pades_format.read (result, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpint (signature_at (signatures, 0)->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_true (signature_at (signatures, 0)->has_evidence);
    /* Changed between prepare and embed: refused. */
    g_autoptr (TamgaPreparation) again = tamga_pades_format.prepare (document, &parameters, &error);
    g_assert_true (g_file_set_contents (path, "%PDF-1.7 other", -1, NULL));
    g_autoptr (TamgaOutput) second = tamga_output_new_memory ();
    g_autoptr (GBytes) raw2 = fixture_sign (signer->key, parameters.algorithm, again->to_be_signed);
    gboolean done = tamga_pades_format.embed (again, raw2, NULL, NULL, second, &error);
    if (done) { /* the open file lives on where set_contents replaced the name */
        g_autofree char *verdict = NULL;
        g_assert_true (tamga_output_commit (second, NULL));
        g_autoptr (GBytes) bytes = tamga_output_steal_bytes (second);
        verdict = sample_verdict (bytes);
        g_assert_cmpstr (verdict, ==, "INTACT");
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    fixture = fixture_new ();
    signer = fixture_party (fixture, "RSA", "Signer");
    for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
        g_autofree char *name = g_strdup_printf ("/pades/kinds/%u", i);
        g_test_add_data_func (name, options[i], test_kinds);
    }
    g_test_add_func ("/pades/update_form", test_update_form);
    g_test_add_func ("/pades/algorithms", test_algorithms);
    g_test_add_func ("/pades/dictionary", test_dictionary);
    g_test_add_func ("/pades/claims", test_claims);
    g_test_add_func ("/pades/locked_and_certified", test_locked_and_certified);
    g_test_add_func ("/pades/certification", test_certification);
    g_test_add_func ("/pades/lock", test_lock);
    g_test_add_func ("/pades/seed", test_seed);
    g_test_add_func ("/pades/overflow", test_overflow);
    g_test_add_func ("/pades/dss", test_dss);
    g_test_add_func ("/pades/visible", test_visible);
    g_test_add_func ("/pades/image", test_image);
    g_test_add_func ("/pades/visible_refusals", test_visible_refusals);
    g_test_add_func ("/pades/pdfsig_made", test_pdfsig_made);
    g_test_add_func ("/pades/from_file", test_from_file);
    int status = g_test_run ();
    fixture_free (fixture);
    return status;
}
