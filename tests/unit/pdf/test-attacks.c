/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sample for each way to lie about what was signed (threats a; CCS 2019, NDSS 2021, S&P 2021),
 * made here from a signed file. */
#include <string.h>

#include "formats/pdf/file.h"
#include "tests/unit/pdf/sample.h"

static Fixture *fixture;
static Party *signer;
static GBytes *plain_signed; /* sample_plain with one signature */
static GBytes *form_signed;  /* sample_form, Approval signed */

static void is_format_failure (GBytes *pdf)
{
    g_autofree char *verdict = sample_verdict (pdf);
    g_assert_cmpstr (verdict, ==, "FORMAT_FAILURE");
}

/* The first signature stays intact, and a change after it is forbidden. */
static void is_unexplained (GBytes *pdf, const char *word)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = sample_read (pdf, &error);
    g_assert_no_error (error);
    const TamgaSignature *signature = signatures->pdata[0];
    g_autofree char *changes = sample_changes (signatures, 0);
    g_test_message ("%s", changes);
    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_REVISION);
    g_assert_cmpint (sample_change (signatures, 0, "unexplained"), ==, FALSE);
    if (word != NULL)
        g_assert_nonnull (strstr (changes, word));
}

static void has_change (GBytes *pdf, const char *rule, gboolean permitted)
{
    g_autoptr (GPtrArray) signatures = sample_read (pdf, NULL);
    g_assert_nonnull (signatures);
    g_autofree char *changes = sample_changes (signatures, 0);
    g_test_message ("%s", changes);
    g_assert_cmpint (sample_change (signatures, 0, rule), ==, permitted);
    g_assert_cmpint (sample_all_permitted (signatures, 0), ==, permitted);
}

static void test_universal_forgery (void)
{
    static const char *const patches[][2] = {
        {"/ByteRange [0", "/ByteRangX [0"},
        {"/ByteRange [0", "/ByteRange [1"},
        {"/ByteRange [0 ", "/ByteRange [ "},
        {"/Contents <3", "/Contentx <3"},
        {"/Contents <30", "/Contents <00"},
        {"/Contents <30", "/Contents <31"},
        {"/Contents <3", "/Contents (3"},
        {"/SubFilter /ETSI.CAdES.detached", "/SubFilter /ETSI.CAdES.detachee"},
        {"/SubFilter /ETSI", "/SubFilteX /ETSI"},
        {"/Type /Sig ", "/Type /Sog "},
        {"00> >>", "01> >>"},
        {"000> >>", "0 0> >>"},
        {"000> >>", "0%0> >>"},
    };
    for (guint i = 0; i < G_N_ELEMENTS (patches); i++) {
        gsize length;
        const char *data = g_bytes_get_data (plain_signed, &length);
        if (strlen (patches[i][0]) != strlen (patches[i][1])) {
            /* One byte shorter: keep the length with a blank behind the array. */
            g_autofree char *copy = g_memdup2 (data, length);
            char *at = memmem (copy, length, "/ByteRange [0 ", 14);
            memcpy (at, "/ByteRange [  ", 14);
            g_autoptr (GBytes) file = g_bytes_new (copy, length);
            is_format_failure (file);
            continue;
        }
        g_autoptr (GBytes) file = sample_patch (plain_signed, patches[i][0], patches[i][1]);
        g_autofree char *verdict = sample_verdict (file);
        g_test_message ("%s: %s", patches[i][1], verdict);
        /* A string that never closes breaks the file's structure instead. */
        if (!g_str_has_prefix (verdict, "error"))
            g_assert_cmpstr (verdict, ==, "FORMAT_FAILURE");
    }
}

/* Text of the signature dictionary of plain_signed. */
static char *dictionary_text (void)
{
    gsize length;
    const char *data = g_bytes_get_data (plain_signed, &length);
    const char *begin = memmem (data, length, "<< /Type /Sig ", 14);
    const char *end = memmem (begin, length - (gsize)(begin - data), "> >>", 4);
    return g_strndup (begin, (gsize)(end + 4 - begin));
}

/* The dictionary again, elsewhere, with the old numbers or with numbers that hide the new bytes. */
static void test_wrapping (void)
{
    g_autofree char *text = dictionary_text ();
    g_autoptr (GBytes) moved = sample_update (plain_signed, 6, text, 0);
    g_autoptr (GPtrArray) signatures = sample_read (moved, NULL);
    g_assert_cmpuint (signatures->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        g_assert_true (signature->integrity != TAMGA_INTEGRITY_INTACT ||
                       sample_change (signatures, i, "unexplained") == FALSE);
    }
    /* A gap wider than the token: the signed bytes are the same, and others hide behind them. */
    gsize length;
    const char *data = g_bytes_get_data (plain_signed, &length);
    const char *open = memmem (data, length, "/Contents <", 11);
    const char *close = memmem (open, length - (gsize)(open - data), "> >>", 4);
    g_autoptr (GString) wide = g_string_new_len (data, close + 1 - data);
    g_string_append (wide, " /Hidden (evil) ");
    g_string_append_len (wide, close + 1, (gssize)(length - (gsize)(close + 1 - data)));
    g_autoptr (GBytes) hidden = g_bytes_new (wide->str, wide->len);
    g_autofree char *verdict = sample_verdict (hidden);
    g_assert_null (strstr (verdict, "INTACT"));
    /* The same without moving a byte: the token ends earlier, in its padding, and the rest of the
     * gap, which nobody signed, holds another key. */
    static const char tail[] = "> /Hidden (evil)   ";
    g_autofree char *narrow = g_memdup2 (data, length);
    memcpy (narrow + (close + 1 - data) - (sizeof tail - 1), tail, sizeof tail - 1);
    g_autoptr (GBytes) inside = g_bytes_new (narrow, length);
    is_format_failure (inside);
}

/* ISO 32000-1 7.3.7: which of two values of a key counts is anybody's guess. */
static void test_key_twice (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    TamgaSigningParameters parameters = {.reason = "R", .contact = "C"};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, &parameters);
    g_autoptr (GBytes) twice = sample_patch (one, "/ContactInfo ", "/Reason      ");
    is_format_failure (twice);
}

/* Two fields, one range (ByteRangeCollision). */
static void test_collision (void)
{
    g_autoptr (GBytes) shared = sample_update (
        plain_signed, 9,
        "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Twin) /V 6 0 R /Rect [0 0 0 0] >>", 1,
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [7 0 R 9 0 R] >> >>", 0);
    is_format_failure (shared);
    g_autofree char *text = dictionary_text ();
    g_autoptr (GBytes) copied = sample_update (
        plain_signed, 8, text, 9,
        "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Twin) /V 8 0 R /Rect [0 0 0 0] >>", 1,
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [7 0 R 9 0 R] >> >>", 0);
    g_autofree char *verdict = sample_verdict (copied);
    g_assert_cmpstr (verdict, ==, "FORMAT_FAILURE FORMAT_FAILURE");
}

static GBytes *append (GBytes *pdf, const char *text)
{
    gsize length;
    const char *data = g_bytes_get_data (pdf, &length);
    GString *out = g_string_new_len (data, (gssize)length);
    g_string_append (out, text);
    return g_string_free_to_bytes (out);
}

static const char evil_content[] =
    "<< /Length 44 >>\nstream\nBT /F1 24 Tf 72 700 Td (Pay 999 euro.) Tj ET  \nendstream";
static const char evil_page[] =
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 11 0 R /Resources << /Font << "
    "/F1 5 0 R >> >> /Annots [7 0 R 9 0 R 10 0 R] >>";

static void test_incremental_saving (void)
{
    g_autoptr (GBytes) content = sample_update (plain_signed, 4, evil_content, 0);
    is_unexplained (content, "object 4");
    g_autofree char *object = g_strdup_printf ("4 0 obj\n%s\nendobj\n", evil_content);
    g_autoptr (GBytes) bare = append (plain_signed, object);
    is_unexplained (bare, "follow the last revision");
    g_autofree char *with_table =
        g_strdup_printf ("4 0 obj\n%s\nendobj\nxref\n4 1\n0000009999 00000 n \n", evil_content);
    g_autoptr (GBytes) no_trailer = append (plain_signed, with_table);
    is_unexplained (no_trailer, "follow the last revision");
    g_autofree char *with_trailer = g_strdup_printf ("%s"
                                                     "trailer\n<< /Size 9 /Root 1 0 R >>\n",
                                                     with_table);
    g_autoptr (GBytes) no_start = append (plain_signed, with_trailer);
    is_unexplained (no_start, "follow the last revision");
    g_autoptr (GBytes) padded = append (plain_signed, "\n\n  \n");
    g_autoptr (GPtrArray) signatures = sample_read (padded, NULL);
    g_assert_true (sample_all_permitted (signatures, 0));
}

static void test_removed (void)
{
    g_autoptr (GBytes) hidden = sample_update (
        form_signed, 6,
        "<< /Fields [7 0 R] /SigFlags 3 /DA (/F1 12 Tf) /DR << /Font << /F1 5 0 R >> >> >>", 0);
    is_unexplained (hidden, "removed");
    g_autoptr (GBytes) no_form =
        sample_update (form_signed, 1, "<< /Type /Catalog /Pages 2 0 R >>", 0);
    is_unexplained (no_form, NULL);
    g_autoptr (GBytes) other_root = sample_update_trailer (
        form_signed, "/Root 40 0 R", 40, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>", 0);
    g_autofree char *verdict = sample_verdict (other_root);
    g_autoptr (GPtrArray) signatures = sample_read (other_root, NULL);
    if (signatures != NULL && strcmp (verdict, "INTACT") == 0)
        g_assert_false (sample_all_permitted (signatures, 0));
}

static void test_shadow_hide (void)
{
    g_autoptr (GBytes) pages = sample_update (
        form_signed, 2, "<< /Type /Pages /Kids [20 0 R] /Count 1 >>", 20, evil_page, 0);
    is_unexplained (pages, "/Kids");
    g_autoptr (GBytes) font =
        sample_update (form_signed, 5, "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>", 0);
    is_unexplained (font, "object 5");
    g_autoptr (GBytes) layers = sample_update (
        form_signed, 1,
        "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /OCProperties << /OCGs [] >> >>", 0);
    is_unexplained (layers, "/OCProperties");
    g_autoptr (GBytes) box = sample_update (
        form_signed, 3,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /CropBox [0 0 595 600] /Contents 4 0 "
        "R /Resources << /Font << /F1 5 0 R >> >> /Annots [7 0 R 9 0 R 10 0 R] >>",
        0);
    is_unexplained (box, "/CropBox");
}

#define TEXT_FIELD                                                                                 \
    "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Text1) /Rect [72 600 300 620] /P 3 0 R "

static const char new_appearance[] =
    "<< /Type /XObject /Subtype /Form /BBox [0 0 228 20] /Resources << /Font << /F1 5 0 R >> >> "
    "/Length 32 >>\nstream\nBT /F1 12 Tf 2 5 Td (new) Tj ET \nendstream";

static void test_shadow_replace (void)
{
    g_autoptr (GBytes) appearance = sample_update (form_signed, 8, new_appearance, 0);
    is_unexplained (appearance, "although its value was not");
    g_autoptr (GBytes) swapped = sample_update (
        form_signed, 7, TEXT_FIELD "/V (old) /AP << /N 20 0 R >> >>", 20, new_appearance, 0);
    is_unexplained (swapped, "although its value was not");
    g_autoptr (GBytes) moved = sample_update (form_signed, 7,
                                              "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Text1) "
                                              "/V (new) /Rect [72 100 300 820] /P 3 0 "
                                              "R /AP << /N 8 0 R >> >>",
                                              0);
    is_unexplained (moved, "/Rect");
    g_autoptr (GBytes) resources = sample_update (
        form_signed, 6,
        "<< /Fields [7 0 R 9 0 R] /SigFlags 3 /DR << /Font << /F1 20 0 R >> >> /DA (/F1 12 Tf) >>",
        20, "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>", 0);
    is_unexplained (resources, "resource F1");
    /* The honest way: value and appearance together. */
    g_autoptr (GBytes) filled = sample_update (
        form_signed, 7, TEXT_FIELD "/V (new) /AP << /N 20 0 R >> >>", 20, new_appearance, 0);
    has_change (filled, "form-fill", TRUE);
    g_autoptr (GBytes) in_place = sample_update (
        form_signed, 7, TEXT_FIELD "/V (new) /AP << /N 8 0 R >> >>", 8, new_appearance, 0);
    has_change (in_place, "form-fill", TRUE);
}

static void test_shadow_hide_and_replace (void)
{
    g_autoptr (GBytes) page = sample_update (form_signed, 3, evil_page, 0);
    is_unexplained (page, "object 11");
    g_autoptr (GBytes) form = sample_update (
        form_signed, 7, TEXT_FIELD "/V (new) /AP << /N 20 0 R >> >>", 20,
        "<< /Type /XObject /Subtype /Form /BBox [0 0 228 20] /Resources << /XObject << /X 11 0 R "
        ">> >> /Length 6 >>\nstream\n/X Do \nendstream",
        0);
    is_unexplained (form, "object 11");
    /* Something that was missing when it was signed. */
    const char *const objects[] = {
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents [4 0 R 50 0 R] >>",
        "<< /Length 2 >>\nstream\nq \nendstream", NULL};
    g_autoptr (GBytes) base = sample_build (objects, "");
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, base, NULL);
    g_autoptr (GBytes) later = sample_update (one, 50, evil_content, 0);
    is_unexplained (later, "object 50");
}

/* S&P 2021: what certification allows. */
static void test_certification (void)
{
    g_autoptr (GBytes) form = sample_form ();
    for (int p = 1; p <= 3; p++) {
        TamgaSigningParameters certify = {.certification = p, .field = "Approval"};
        g_autoptr (GBytes) one = sample_must_sign (fixture, signer, form, &certify);
        g_autoptr (GBytes) note = sample_update (
            one, 3,
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << "
            "/Font << /F1 5 0 R >> >> /Annots [7 0 R 9 0 R 10 0 R 20 0 R] >>",
            20,
            "<< /Type /Annot /Subtype /FreeText /Rect [72 690 300 730] /Contents (Pay 900 euro.) "
            ">>",
            0);
        has_change (note, "annotation", p == 3);
        g_autoptr (GBytes) filled = sample_update (
            one, 7, TEXT_FIELD "/V (new) /AP << /N 20 0 R >> >>", 20, new_appearance, 0);
        has_change (filled, "form-fill", p >= 2);
        g_autoptr (GBytes) content = sample_update (one, 4, evil_content, 0);
        is_unexplained (content, "object 4");
    }
    g_autoptr (GPtrArray) listed = NULL;
    TamgaSigningParameters certify = {.certification = 3, .field = "Approval"};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, form, &certify);
    g_autoptr (GBytes) link = sample_update (
        one, 10, "<< /Type /Annot /Subtype /Link /Rect [0 0 595 842] /Border [0 0 0] >>", 0);
    listed = sample_read (link, NULL);
    g_autofree char *changes = sample_changes (listed, 0);
    g_assert_nonnull (strstr (changes, "page 1"));
}

/* A signature that came after P 1, or a second certification, made by a signer who ignores it. */
static void test_late_certification (void)
{
    g_autoptr (GBytes) twice = sample_update (
        plain_signed, 8,
        "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] "
        "/Contents <3000> /Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams "
        "<< "
        "/Type /TransformParams /P 1 /V /1.2 >> >>] >>",
        9, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Late) /V 8 0 R /Rect [0 0 0 0] >>", 1,
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [7 0 R 9 0 R] >> /Perms "
        "<< "
        "/DocMDP 8 0 R >> >>",
        0);
    g_autoptr (GPtrArray) signatures = sample_read (twice, NULL);
    g_assert_cmpuint (signatures->len, ==, 2);
    guint found = 0;
    for (guint i = 0; i < 2; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        for (guint k = 0; k < signature->findings->len; k++) {
            const TamgaFinding *finding = signature->findings->pdata[k];
            found += strcmp (finding->code, "pdf-late-certification") == 0 ||
                     strcmp (finding->code, "pdf-certification-not-first") == 0;
        }
        if (signature->integrity == TAMGA_INTEGRITY_INTACT)
            g_assert_cmpint (sample_change (signatures, i, "unexplained"), ==, FALSE);
    }
    g_assert_cmpuint (found, ==, 1);
}

static GBytes *sign_visibly (GBytes *pdf, double x, double y, double width, double height)
{
    TamgaVisible visible = {
        .page = 1, .x = x, .y = y, .width = width, .height = height, .text = (char *)"Pay 900"};
    TamgaSigningParameters parameters = {.visible = &visible, .field = "Sneaky"};
    return sample_must_sign (fixture, signer, pdf, &parameters);
}

/* Sneaky signature: what a later signer draws may not hide what was signed. */
static void test_sneaky_signature (void)
{
    g_autoptr (GBytes) small = sign_visibly (form_signed, 350, 700, 150, 40);
    has_change (small, "signature", TRUE);
    g_autoptr (GBytes) large = sign_visibly (form_signed, 0, 0, 590, 600);
    is_unexplained (large, "large part of the page");
    g_autoptr (GBytes) over = sign_visibly (form_signed, 80, 225, 150, 20);
    is_unexplained (over, "lies over");
    /* Over text: said where signers may draw, forbidden where the text is certified. */
    g_autoptr (GBytes) stamp = sign_visibly (plain_signed, 60, 110, 200, 40);
    has_change (stamp, "over-text", TRUE);
    g_autoptr (GBytes) plain = sample_plain ();
    TamgaSigningParameters certify = {.certification = 2};
    g_autoptr (GBytes) certified = sample_must_sign (fixture, signer, plain, &certify);
    g_autoptr (GBytes) sneaky = sign_visibly (certified, 60, 110, 200, 40);
    g_autoptr (GPtrArray) judged = sample_read (sneaky, NULL);
    g_assert_cmpint (sample_change (judged, 0, "over-text"), ==, FALSE);
    g_autoptr (GBytes) beside = sign_visibly (certified, 60, 300, 200, 40);
    has_change (beside, "signature", TRUE);
    /* A field that only pretends to be signed. */
    g_autoptr (GBytes) fake = sample_update (
        form_signed, 6,
        "<< /Fields [7 0 R 9 0 R 20 0 R] /SigFlags 3 /DR << /Font << /F1 5 0 R >> >> /DA (/F1 12 "
        "Tf) >>",
        20, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Fake) /V 21 0 R /Rect [0 0 0 0] >>", 21,
        "<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] /Contents <3000> >>",
        0);
    g_autoptr (GPtrArray) signatures = sample_read (fake, NULL);
    gboolean seen = FALSE;
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (strcmp (signature->name, "Fake") == 0) {
            g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_FORMAT_FAILURE);
        } else {
            seen = TRUE;
            g_assert_cmpint (sample_change (signatures, i, "unexplained"), ==, FALSE);
        }
    }
    g_assert_true (seen);
}

/* Tags (ISO 32000-1 14.7) may be extended for a new field, and not rewritten. */
static void test_tags (void)
{
    static const char catalog[] = "<< /Type /Catalog /Pages 2 0 R /StructTreeRoot 7 0 R >>";
    const char *const objects[] = {
        catalog,
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font "
        "<< /F1 5 0 R >> >> >>",
        "<< /Length 44 >>\nstream\nBT /F1 24 Tf 72 700 Td (Pay 100 euro.) Tj ET  \nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /StructElem /S /P /P 7 0 R /ActualText (Pay 100 euro.) >>",
        "<< /Type /StructTreeRoot /K [6 0 R] >>",
        NULL};
    g_autoptr (GBytes) base = sample_build (objects, "");
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, base, NULL);
    g_autoptr (GBytes) more =
        sample_update (one, 7, "<< /Type /StructTreeRoot /K [6 0 R 20 0 R] /ParentTreeNextKey 1 >>",
                       20, "<< /Type /StructElem /S /Form /P 7 0 R >>", 0);
    has_change (more, "tags", TRUE);
    g_autoptr (GBytes) other = sample_update (
        one, 6, "<< /Type /StructElem /S /P /P 7 0 R /ActualText (Pay 900 euro.) >>", 0);
    is_unexplained (other, "tags");
    g_autoptr (GBytes) gone =
        sample_update (one, 7, "<< /Type /StructTreeRoot /K [20 0 R] >>", 20,
                       "<< /Type /StructElem /S /P /P 7 0 R /ActualText (Pay 900 euro.) >>", 0);
    is_unexplained (gone, "tags");
}

/* An update may replace an object stream and leave the entries of what is in it as they are. */
static void test_object_stream (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) base = sample_qpdf (fixture, plain, "--object-streams=generate");
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, base, NULL);
    g_autoptr (TamgaDocument) document = tamga_document_new ("base", base);
    g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, NULL, NULL);
    const TamgaPdfRevision *view = tamga_pdf_latest (pdf);
    guint32 number = 0;
    for (guint32 i = 1; i < tamga_pdf_next_number (pdf) && number == 0; i++) {
        const TamgaPdfXref *entry = tamga_pdf_lookup (view, i);
        if (entry != NULL && entry->type == 2)
            number = (guint32)entry->offset;
    }
    g_assert_cmpuint (number, !=, 0);
    TamgaPdfObject *stream = tamga_pdf_load (view, number, 0);
    g_autoptr (GBytes) data = tamga_pdf_stream_data (view, stream, 65536, NULL);
    g_autoptr (GBytes) other = sample_patch (data, "/Helvetica", "/Symbol   ");
    g_autofree char *text = g_strndup (g_bytes_get_data (other, NULL), g_bytes_get_size (other));
    g_autofree char *body =
        g_strdup_printf ("<< /Type /ObjStm /N %d /First %d /Length %d >>\nstream\n%s\nendstream",
                         (int)tamga_pdf_key (stream, "N")->integer,
                         (int)tamga_pdf_key (stream, "First")->integer, (int)strlen (text), text);
    TamgaPdfObject *root = tamga_pdf_key (view->trailer, "Root");
    g_autofree char *trailer = g_strdup_printf ("/Root %u 0 R", root->ref.number);
    g_autoptr (GBytes) replaced = sample_update_trailer (one, trailer, (int)number, body, 0);
    is_unexplained (replaced, "part of what was signed");
}

/* Two readers, two values: the page with /Contents twice. */
static void test_duplicate_keys (void)
{
    g_autoptr (GBytes) page = sample_update (
        form_signed, 3,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 20 0 R /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> /Annots [7 0 R 9 0 R 10 0 R] >>",
        20, evil_content, 0);
    is_unexplained (page, "twice");
}

/* The revision that is signed may not borrow bytes from behind itself. */
static void test_objects_behind (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    gsize length;
    const char *data = g_bytes_get_data (plain, &length);
    g_autofree char *copy = g_memdup2 (data, length);
    /* The entry of the unused object 5 names a place behind the file's end. */
    char *entry = memmem (copy, length, "00000 n \ntrailer", 16);
    memcpy (entry - 11, "0000009000", 10);
    g_autoptr (GBytes) base = g_bytes_new (copy, length);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) none = sample_sign (fixture, signer, base, NULL, &error);
    g_assert_null (none);
    g_assert_nonnull (error);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    fixture = fixture_new ();
    signer = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) form = sample_form ();
    plain_signed = sample_must_sign (fixture, signer, plain, NULL);
    form_signed = sample_must_sign (fixture, signer, form, NULL);
    g_test_add_func ("/threats/a/usf", test_universal_forgery);
    g_test_add_func ("/threats/a/swa", test_wrapping);
    g_test_add_func ("/threats/a/key_twice", test_key_twice);
    g_test_add_func ("/threats/a/byterange_collision", test_collision);
    g_test_add_func ("/threats/a/isa", test_incremental_saving);
    g_test_add_func ("/threats/a/removed", test_removed);
    g_test_add_func ("/threats/a/shadow_hide", test_shadow_hide);
    g_test_add_func ("/threats/a/shadow_replace", test_shadow_replace);
    g_test_add_func ("/threats/a/shadow_hide_and_replace", test_shadow_hide_and_replace);
    g_test_add_func ("/threats/a/certification", test_certification);
    g_test_add_func ("/threats/a/late_certification", test_late_certification);
    g_test_add_func ("/threats/a/sneaky_signature", test_sneaky_signature);
    g_test_add_func ("/threats/a/object_stream", test_object_stream);
    g_test_add_func ("/threats/a/duplicate_keys", test_duplicate_keys);
    g_test_add_func ("/threats/a/tags", test_tags);
    g_test_add_func ("/threats/a/objects_behind", test_objects_behind);
    int status = g_test_run ();
    g_bytes_unref (plain_signed);
    g_bytes_unref (form_signed);
    fixture_free (fixture);
    return status;
}
