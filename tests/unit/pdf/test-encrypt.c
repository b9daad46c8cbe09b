/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encrypted PDFs: signed, extended and read with every kind of key that qpdf makes, and judged by
 * qpdf and pdfsig. */
#include <string.h>

#include "formats/pdf/file.h"
#include "tests/unit/pdf/sample.h"

static Fixture *fixture;
static Party *signer;

static const char *const kinds[] = {
    "--allow-weak-crypto --encrypt user owner 40 --",
    "--allow-weak-crypto --encrypt user owner 128 --",
    "--allow-weak-crypto --encrypt user owner 128 --use-aes=y --",
    "--allow-weak-crypto --encrypt user owner 128 --force-V4 --",
    "--allow-weak-crypto --encrypt user owner 128 --use-aes=y --cleartext-metadata --",
    "--encrypt user owner 256 --",
    "--encrypt user owner 256 --cleartext-metadata --",
    "--allow-weak-crypto --encrypt user owner 256 --force-R5 --",
    "--object-streams=generate --encrypt user owner 256 --",
    "--object-streams=generate --allow-weak-crypto --encrypt user owner 128 --use-aes=y --",
    "--linearize --encrypt user owner 256 --",
};

static const TamgaSignature *signature_at (GPtrArray *signatures, guint index)
{
    g_assert_nonnull (signatures);
    g_assert_cmpuint (index, <, signatures->len);
    return signatures->pdata[index];
}

static void check_peers (GBytes *pdf, guint valid)
{
    g_autofree char *checked = sample_run (
        fixture, pdf,
        "qpdf --check --password=user %s >check.txt 2>&1 && echo good || cat check.txt");
    g_assert_cmpstr (checked, ==, "good\n");
    g_autofree char *count = sample_run (
        fixture, pdf, "pdfsig -nocert -upw user %s 2>&1 | grep -c 'Signature is Valid' || true");
    g_assert_cmpuint (g_ascii_strtoull (count, NULL, 10), ==, valid);
}

static void check_read (GBytes *pdf, guint expected)
{
    static const char *const passwords[] = {"user", "owner"};
    for (guint p = 0; p < G_N_ELEMENTS (passwords); p++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = sample_read_with (pdf, passwords[p], &error);
        g_assert_no_error (error);
        g_assert_cmpuint (signatures->len, ==, expected);
        for (guint i = 0; i < expected; i++) {
            g_autofree char *changes = sample_changes (signatures, i);
            g_test_message ("%s", changes);
            g_assert_cmpstr (signature_at (signatures, i)->integrity_text, ==, NULL);
            g_assert_true (sample_all_permitted (signatures, i));
        }
        g_assert_cmpstr (signature_at (signatures, 0)->reason, ==, "Согласовано (\\)");
        g_assert_cmpstr (signature_at (signatures, 0)->location, ==, "Bishkek");
    }
}

/* Twice signed, once at LT, and extended to LTA; what is written can be read with the key only. */
static void test_kinds (gconstpointer data)
{
    g_autoptr (GBytes) form = sample_form ();
    g_autoptr (GBytes) base = sample_qpdf (fixture, form, data);
    g_autoptr (GBytes) user = g_bytes_new_static ("user", 4);
    TamgaSigningParameters first = {
        .password = user, .reason = "Согласовано (\\)", .location = "Bishkek", .name = "Алия"};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, base, &first);
    check_peers (one, 1);
    check_read (one, 1);
    TamgaSigningParameters second = {.password = user, .level = TAMGA_LEVEL_LT};
    g_autoptr (GBytes) two = sample_must_sign (fixture, signer, one, &second);
    check_peers (two, 2);
    check_read (two, 2);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, signer);
    const TamgaExtension archive = {.evidence = evidence, .archive = TRUE};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) three = sample_extend (fixture, two, user, &archive, 1, &error);
    g_assert_no_error (error);
    check_peers (three, 2);
    check_read (three, 3);
    g_autoptr (GPtrArray) signatures = sample_read_with (three, "user", NULL);
    g_assert_true (signature_at (signatures, 0)->has_evidence);
    g_assert_true (signature_at (signatures, 2)->is_document_timestamp);
    gsize length;
    const char *bytes = g_bytes_get_data (three, &length);
    g_assert_null (memmem (bytes, length, "Bishkek", 7));
    g_assert_null (memmem (bytes, length, "(D:2026", 7));
    g_assert_null (memmem (bytes, length, "Signature1", 10));
}

/* One byte of what is signed: still found out. */
static void test_damage (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) base = sample_qpdf (fixture, plain, "--encrypt '' owner 256 --");
    g_autoptr (GBytes) owner = g_bytes_new_static ("owner", 5);
    TamgaSigningParameters parameters = {.password = owner};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, base, &parameters);
    gsize length;
    const guint8 *data = g_bytes_get_data (one, &length);
    gsize hole = (gsize)((const guint8 *)memmem (data, length, "/Contents <30", 13) - data);
    for (gsize at = 1; at<length; at += at> hole && at + 20000 < length ? 1999 : 61) {
        guint8 *copy = g_memdup2 (data, length);
        copy[at] ^= 1;
        g_autoptr (GBytes) damaged = g_bytes_new_take (copy, length);
        g_autoptr (GPtrArray) signatures = sample_read (damaged, NULL);
        if (at < hole && signatures != NULL)
            g_assert_cmpint (signature_at (signatures, 0)->integrity, !=, TAMGA_INTEGRITY_INTACT);
    }
}

static void refused (GBytes *pdf, const char *password, int code)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) reading = NULL;
    g_autoptr (GBytes) bytes = password != NULL ? g_bytes_new (password, strlen (password)) : NULL;
    TamgaSigningParameters parameters = {.password = bytes};
    g_autoptr (GBytes) none = sample_sign (fixture, signer, pdf, &parameters, &error);
    g_assert_null (none);
    g_assert_error (error, TAMGA_FORMAT_ERROR, code);
    g_test_message ("%s", error->message);
    if (code == TAMGA_FORMAT_ERROR_FORBIDDEN)
        return;
    g_assert_null (sample_read_with (pdf, password != NULL ? password : "", &reading));
    g_assert_error (reading, TAMGA_FORMAT_ERROR, code);
}

/* No password and a wrong one are two things. */
static void test_passwords (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
        g_autoptr (GBytes) base = sample_qpdf (fixture, plain, kinds[i]);
        refused (base, NULL, TAMGA_FORMAT_ERROR_ENCRYPTED);
        refused (base, "", TAMGA_FORMAT_ERROR_ENCRYPTED);
        refused (base, "User", TAMGA_FORMAT_ERROR_PASSWORD);
        refused (base, "user ", TAMGA_FORMAT_ERROR_PASSWORD);
    }
    /* A password in another script: PDFDocEncoding up to revision 4, UTF-8 after it. */
    g_autoptr (GBytes) old =
        sample_qpdf (fixture, plain,
                     "--allow-weak-crypto --encrypt $(printf 'caf\\351') owner 128 --use-aes=y --");
    g_autoptr (GBytes) new = sample_qpdf (fixture, plain, "--encrypt пароль owner 256 --");
    g_autoptr (GBytes) coffee = g_bytes_new_static ("caf\xC3\xA9", 5);
    g_autoptr (GBytes) word = g_bytes_new_static ("пароль", strlen ("пароль"));
    TamgaSigningParameters parameters = {.password = coffee};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, old, &parameters);
    parameters.password = word;
    g_autoptr (GBytes) two = sample_must_sign (fixture, signer, new, &parameters);
}

/* Table 22: what the author lets a reader do; the owner may everything. */
static void test_permissions (void)
{
    static const struct {
        const char *options;
        gboolean new_field, old_field;
    } rows[] = {
        {"--encrypt '' owner 256 --modify=none --", FALSE, FALSE},
        {"--encrypt '' owner 256 --modify=form --", FALSE, TRUE},
        {"--encrypt '' owner 256 --modify=annotate --", FALSE, TRUE},
        {"--encrypt '' owner 256 --modify=all --", TRUE, TRUE},
        {"--allow-weak-crypto --encrypt '' owner 128 --modify=none --", FALSE, FALSE},
        {"--allow-weak-crypto --encrypt '' owner 40 --annotate=n --", FALSE, FALSE},
        {"--allow-weak-crypto --encrypt '' owner 40 --modify=n --", FALSE, TRUE},
    };
    g_autoptr (GBytes) form = sample_form ();
    g_autoptr (GBytes) owner = g_bytes_new_static ("owner", 5);
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GBytes) base = sample_qpdf (fixture, form, rows[i].options);
        for (guint k = 0; k < 4; k++) {
            TamgaSigningParameters parameters = {.field = k % 2 == 0 ? "New" : "Approval",
                                                 .password = k >= 2 ? owner : NULL};
            gboolean allowed = k >= 2 || (k == 0 ? rows[i].new_field : rows[i].old_field);
            g_autoptr (GError) error = NULL;
            g_autoptr (GBytes) one = sample_sign (fixture, signer, base, &parameters, &error);
            g_test_message ("%s field %s: %s", rows[i].options, parameters.field,
                            error != NULL ? error->message : "signed");
            if (allowed) {
                g_assert_no_error (error);
                g_autoptr (GPtrArray) signatures = sample_read (one, NULL);
                g_assert_cmpint (signature_at (signatures, 0)->integrity, ==,
                                 TAMGA_INTEGRITY_INTACT);
            } else {
                g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
            }
        }
    }
}

/* A document time-stamp is a new field as well. */
static void test_timestamp (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) base =
        sample_qpdf (fixture, plain, "--encrypt '' owner 256 --modify=none --");
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample.pdf", base);
    TamgaStamper stamper = sample_stamper (fixture);
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaOutput) none = tamga_output_new_memory ();
    g_assert_false (tamga_pades_format.timestamp (document, NULL, &stamper, none, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
    g_clear_error (&error);
    g_autoptr (GBytes) owner = g_bytes_new_static ("owner", 5);
    const TamgaReadOptions options = {.password = owner};
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    tamga_pades_format.timestamp (document, &options, &stamper, output, &error);
    g_assert_no_error (error);
    g_assert_true (tamga_output_commit (output, NULL));
    g_autoptr (GBytes) stamped = tamga_output_steal_bytes (output);
    g_autofree char *verdict = sample_verdict (stamped);
    g_assert_cmpstr (verdict, ==, "INTACT");
}

#define O40 "<bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb>"

/* Dictionaries that nobody should trust; each is refused with a reason. */
static void test_hostile (void)
{
    static const struct {
        const char *dict;
        int code;
    } rows[] = {
        {"<< /Filter /Standard /V 3 /R 3 /O " O40 " /U " O40 " /P -4 >>",
         TAMGA_FORMAT_ERROR_UNSUPPORTED},
        {"<< /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 /R 4 >>",
         TAMGA_FORMAT_ERROR_UNSUPPORTED},
        {"<< /Filter /Standard /V 2 /R 3 /Length 1000000 /O " O40 " /U " O40 " /P -4 >>",
         TAMGA_FORMAT_ERROR_MALFORMED},
        {"<< /Filter /Standard /V 2 /R 3 /Length 99999999999999999999 /O " O40 " /U " O40
         " /P -4 >>",
         TAMGA_FORMAT_ERROR_MALFORMED},
        {"<< /Filter /Standard /V 2 /R 3 /Length 41 /O " O40 " /U " O40 " /P -4 >>",
         TAMGA_FORMAT_ERROR_MALFORMED},
        {"<< /Filter /Standard /V 2 /R 3 /Length 128 /O <bb> /U " O40 " /P -4 >>",
         TAMGA_FORMAT_ERROR_MALFORMED},
        {"<< /Filter /Standard /V 2 /R 3 /Length 128 /O " O40 " /U " O40 " /P (x) >>",
         TAMGA_FORMAT_ERROR_MALFORMED},
        {"<< /Filter /Standard /V 5 /R 6 /O " O40 " /U " O40 " /P -4 >>",
         TAMGA_FORMAT_ERROR_MALFORMED},
        {"<< /Filter /Standard /V 4 /R 4 /StmF /None /O " O40 " /U " O40 " /P -4 >>",
         TAMGA_FORMAT_ERROR_UNSUPPORTED},
        {"<< /Filter /Standard /V 4 /R 4 /StmF /A /CF << /A << /CFM /AESV3 >> >> /O " O40 " /U " O40
         " /P -4 >>",
         TAMGA_FORMAT_ERROR_UNSUPPORTED},
        {"<< /Filter /Standard /V 2 /R 3 /Length 128 /O " O40 " /U " O40 " /P -4 >>",
         TAMGA_FORMAT_ERROR_ENCRYPTED},
        {"[]", TAMGA_FORMAT_ERROR_MALFORMED},
        {"99 0 R", TAMGA_FORMAT_ERROR_MALFORMED},
    };
    const char *const objects[] = {"<< /Type /Catalog /Pages 2 0 R >>",
                                   "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                                   "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>", NULL};
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *trailer = g_strdup_printf (
            "/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] /Encrypt "
            "%s",
            rows[i].dict);
        g_autoptr (GBytes) file = sample_build (objects, trailer);
        refused (file, NULL, rows[i].code);
    }
}

/* /O, /U, /OE, /UE, /Perms and /P of a real file, each with one bit changed. */
static void test_damaged_dictionary (void)
{
    static const char *const keys[] = {"/O <", "/OE <", "/U <", "/UE <", "/Perms <", "/P -"};
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) base = sample_qpdf (fixture, plain, "--encrypt user owner 256 --");
    gsize length;
    const char *data = g_bytes_get_data (base, &length);
    for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
        const char *found = memmem (data, length, keys[i], strlen (keys[i]));
        g_assert_nonnull (found);
        for (guint p = 0; p < 2; p++) {
            char *copy = g_memdup2 (data, length);
            char *digit = copy + (found - data) + strlen (keys[i]);
            *digit = *digit == '1' ? '2' : '1';
            g_autoptr (GBytes) damaged = g_bytes_new_take (copy, length);
            g_autoptr (GBytes) password = g_bytes_new (p == 0 ? "user" : "owner", p == 0 ? 4 : 5);
            TamgaSigningParameters parameters = {.password = password};
            g_autoptr (GError) error = NULL;
            g_autoptr (GBytes) one = sample_sign (fixture, signer, damaged, &parameters, &error);
            /* Each password has its own half of the dictionary; the owner's covers /U as well. */
            gboolean other_half = p == 0 && i < 2;
            g_test_message ("%s %u: %s", keys[i], p, error != NULL ? error->message : "signed");
            if (!other_half && !(p == 1 && i == 3))
                g_assert_null (one);
        }
    }
}

/* Up to revision 4 every entry goes into the key: whatever is changed, no password fits any more.
 */
static void test_damaged_old_dictionary (void)
{
    static const char *const keys[] = {"/O <", "/U <", "/P -"};
    g_autoptr (GBytes) plain = sample_plain ();
    for (guint k = 0; k < 4; k++) {
        g_autoptr (GBytes) base = sample_qpdf (fixture, plain, kinds[k]);
        gsize length;
        const char *data = g_bytes_get_data (base, &length);
        for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
            const char *found = memmem (data, length, keys[i], strlen (keys[i]));
            g_assert_nonnull (found);
            char *copy = g_memdup2 (data, length);
            char *digit = copy + (found - data) + strlen (keys[i]);
            *digit = *digit == '1' ? '2' : '1';
            g_autoptr (GBytes) damaged = g_bytes_new_take (copy, length);
            refused (damaged, "user", TAMGA_FORMAT_ERROR_PASSWORD);
            refused (damaged, "owner", TAMGA_FORMAT_ERROR_PASSWORD);
        }
    }
}

/* An update must not bring another encryption, or take it away. */
static void test_changed_encryption (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) base =
        sample_qpdf (fixture, plain, "--allow-weak-crypto --encrypt '' owner 128 --");
    g_autoptr (GBytes) gone = sample_update (base, 50, "<< /A 1 >>", 0);
    refused (gone, NULL, TAMGA_FORMAT_ERROR_MALFORMED);
    g_autoptr (GBytes) added = sample_update_trailer (
        plain, "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /O " O40 " /U " O40 " /P -4 >>",
        50, "<< /A 1 >>", 0);
    refused (added, NULL, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* Gives /StrF or /StmF of a file that qpdf made another value, in place: the optional /AuthEvent
 * makes room. */
static GBytes *with_identity (GBytes *pdf, const char *key)
{
    static const char optional[] = "/AuthEvent /DocOpen";
    gsize length;
    const char *data = g_bytes_get_data (pdf, &length);
    const char *begin = memmem (data, length, optional, strlen (optional));
    g_assert_nonnull (begin);
    const char *end = strstr (begin, "endobj");
    g_autofree char *old = g_strdup_printf ("%s /StdCF", key);
    g_autofree char *new = g_strdup_printf ("%s /Identity", key);
    g_autofree char *region =
        g_strndup (begin + strlen (optional), (gsize)(end - begin) - strlen (optional));
    g_auto (GStrv) parts = g_strsplit (region, old, 2);
    g_assert_cmpuint (g_strv_length (parts), ==, 2);
    g_autofree char *changed = g_strjoinv (new, parts);
    char *copy = g_memdup2 (data, length);
    memset (copy + (begin - data), ' ', (gsize)(end - begin));
    memcpy (copy + (begin - data), changed, strlen (changed));
    return g_bytes_new_take (copy, length);
}

/* The /Identity crypt filter: strings in the clear and streams encrypted, and the other way round.
 */
static void test_identity (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) base =
        sample_qpdf (fixture, plain, "--allow-weak-crypto --encrypt user owner 128 --use-aes=y --");
    g_autoptr (GBytes) strings = with_identity (base, "/StrF");
    g_autoptr (GBytes) streams = with_identity (base, "/StmF");
    g_autoptr (GBytes) user = g_bytes_new_static ("user", 4);
    TamgaSigningParameters parameters = {
        .password = user, .level = TAMGA_LEVEL_LT, .reason = "In the clear"};
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, strings, &parameters);
    g_autoptr (GBytes) two = sample_must_sign (fixture, signer, streams, &parameters);
    gsize length;
    const char *data = g_bytes_get_data (one, &length);
    g_assert_nonnull (memmem (data, length, "(In the clear)", 14));
    data = g_bytes_get_data (two, &length);
    g_assert_null (memmem (data, length, "(In the clear)", 14));
    check_peers (one, 1);
    GBytes *files[] = {one, two};
    for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autoptr (GPtrArray) signatures = sample_read_with (files[i], "user", NULL);
        g_assert_cmpstr (signature_at (signatures, 0)->integrity_text, ==, NULL);
        g_assert_cmpstr (signature_at (signatures, 0)->reason, ==, "In the clear");
        g_assert_true (signature_at (signatures, 0)->has_evidence);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    fixture = fixture_new ();
    signer = fixture_party (fixture, "P-256", "Signer");
    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
        g_autofree char *name = g_strdup_printf ("/pdf/encrypt/kinds/%u", i);
        g_test_add_data_func (name, kinds[i], test_kinds);
    }
    g_test_add_func ("/pdf/encrypt/damage", test_damage);
    g_test_add_func ("/pdf/encrypt/passwords", test_passwords);
    g_test_add_func ("/pdf/encrypt/permissions", test_permissions);
    g_test_add_func ("/pdf/encrypt/timestamp", test_timestamp);
    g_test_add_func ("/pdf/encrypt/hostile", test_hostile);
    g_test_add_func ("/pdf/encrypt/damaged_dictionary", test_damaged_dictionary);
    g_test_add_func ("/pdf/encrypt/damaged_old_dictionary", test_damaged_old_dictionary);
    g_test_add_func ("/pdf/encrypt/changed_encryption", test_changed_encryption);
    g_test_add_func ("/pdf/encrypt/identity", test_identity);
    int status = g_test_run ();
    fixture_free (fixture);
    return status;
}
