/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of what, the names of extended files, and that nothing of a file gets lost. */
#include <glib/gstdio.h>
#include <string.h>

#include "client/sign/choose.h"
#include "client/sign/kept.h"
#include "client/sign/keyless.h"

static TamgaDocument *document (const char *name, const char *text)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
    return tamga_document_new (name, bytes);
}

static void test_by_content (void)
{
    static const struct {
        const char *name, *text, *format;
    } table[] = {
        {"a.pdf", "%PDF-1.7\n", "pades"},
        {"a.txt", "hello", "cades"},
        {"a.bin", "%PD", "cades"},
        {"a.xml", "<?xml version=\"1.0\"?><a/>", "jades"},
        {"a.xml", "\xef\xbb\xbf<?xml version=\"1.0\"?><a/>", "jades"},
        {"noname", "<?xml version=\"1.0\"?><a/>", "jades"},
        {"b.xml", "  \n<a/>", "jades"},
        {"b.html", "<html></html>", "cades"},
        {"c.xml", "no xml at all", "cades"},
        {"page.html", "<!DOCTYPE html><html><p>no XML</html>", "cades"},
        {"noise", "<\xa0\x63\x43\xbf", "cades"},
        {"noise", "{\xa0\x63", "cades"},
    };
    /* A format for XML that is told apart from the other one. */
    const TamgaProfile profile = {.format_xml = "jades", .format_other = "cades"};
    const TamgaSignOptions options = {0};
    for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
        g_autoptr (TamgaDocument) one = document (table[i].name, table[i].text);
        const TamgaFormat *format = tamga_sign_choose_format (one, FALSE, &options, &profile);
        g_assert_cmpstr (format->name, ==, table[i].format);
    }
}

static void test_options_decide (void)
{
    const TamgaProfile profile = {.format_xml = "cades", .format_other = "jades"};
    TamgaSignOptions options = {.format = tamga_format_by_name ("cades")};
    g_autoptr (TamgaDocument) pdf = document ("a.pdf", "%PDF-1.7\n");
    g_assert_cmpstr (tamga_sign_choose_format (pdf, FALSE, &options, &profile)->name, ==, "cades");
    /* A PDF signature cannot lie beside the PDF. */
    options = (TamgaSignOptions){.packaging = TAMGA_PACKAGING_DETACHED};
    g_assert_cmpstr (tamga_sign_choose_format (pdf, FALSE, &options, &profile)->name, ==, "jades");
}

/* An option that a format does not have is an error, never left out. */
static void test_foreign_options (void)
{
    static const struct {
        const char *format;
        TamgaSignOptions options;
        gboolean good;
    } table[] = {
        {"cades", {.xml = {.parent = "/a"}}, FALSE},
        {"pades", {.xml = {.layout = TAMGA_LAYOUT_LF}}, FALSE},
        {"cades", {.jose = TAMGA_JOSE_GENERAL}, FALSE},
        {"jades", {.jose = TAMGA_JOSE_GENERAL}, TRUE},
        {"cades", {.field = "Signature7"}, FALSE},
        {"pades", {.field = "Signature7"}, TRUE},
        {"pades", {.countersigned = "signature 1"}, FALSE},
        {"cades", {.countersigned = "signature 1"}, TRUE},
        {"cades", {.packaging = TAMGA_PACKAGING_ENVELOPED}, FALSE},
        {"pades", {.packaging = TAMGA_PACKAGING_ENVELOPING}, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
        g_autoptr (GError) error = NULL;
        gboolean good = tamga_sign_check_options (tamga_format_by_name (table[i].format),
                                                  &table[i].options, &error);
        g_test_message ("%s: %s", table[i].format, error ? error->message : "taken");
        g_assert_cmpint (good, ==, table[i].good);
        if (!good)
            g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    }
}

static void test_extended_names (void)
{
    static const struct {
        const char *input, *folder, *extension, *mark, *output;
    } table[] = {
        {"contract.signed.pdf", NULL, ".pdf", "lta", "contract.signed.lta.pdf"},
        {"contract.signed.lta.pdf", NULL, ".pdf", "lta", "contract.signed.lta-2.pdf"},
        {"contract.signed.lta-2.pdf", NULL, ".pdf", "lta", "contract.signed.lta-3.pdf"},
        {"contract.signed.t.pdf", NULL, ".pdf", "lt", "contract.signed.lt.pdf"},
        {"in/a.p7s", NULL, ".p7m", "t", "in/a.t.p7s"},
        {"in/a.p7s", "out", ".p7m", "t", "out/a.t.p7s"},
        {"a", NULL, ".p7m", "lt", "a.lt.p7m"},
        {"plot.pdf", NULL, ".pdf", "lta", "plot.lta.pdf"},
        {"a.timestamped.pdf", NULL, ".pdf", "lta", "a.timestamped.lta.pdf"},
        {"a.timestamped.pdf", NULL, ".pdf", "timestamped", "a.timestamped-2.pdf"},
        {"a.lta-x.pdf", NULL, ".pdf", "lta", "a.lta-x.lta.pdf"},
        {"-", "out", ".pdf", "lta", "-"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
        g_autofree char *name = tamga_extend_output_name (table[i].input, table[i].folder,
                                                          table[i].extension, table[i].mark);
        g_assert_cmpstr (name, ==, table[i].output);
        g_assert_true (name[0] == '-' || g_strcmp0 (name, table[i].input) != 0);
    }
}

/* --- nothing gets lost --- */

static GPtrArray *(*found) (void);

static GPtrArray *read_found (TamgaDocument *read, const TamgaReadOptions *options, GError **error)
{
    (void)read;
    (void)options;
    (void)error;
    return found ();
}

static GBytes *bytes_of (const char *text)
{
    return g_bytes_new (text, strlen (text));
}

static TamgaSignature *signature_new (const char *id, const char *value)
{
    TamgaSignature *signature = tamga_signature_new ("CAdES");
    g_free (signature->id);
    signature->id = g_strdup (id);
    signature->signature_value = bytes_of (value);
    signature->integrity = TAMGA_INTEGRITY_INTACT;
    g_ptr_array_add (signature->ocsps, bytes_of ("answer"));
    TamgaTimestamp *timestamp = g_new0 (TamgaTimestamp, 1);
    timestamp->kind = TAMGA_TIMESTAMP_SIGNATURE;
    timestamp->id = g_strdup ("timestamp 1");
    timestamp->token = bytes_of ("token");
    g_ptr_array_add (signature->timestamps, timestamp);
    return signature;
}

static GPtrArray *two (void)
{
    GPtrArray *array = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    g_ptr_array_add (array, signature_new ("signature 1", "one"));
    g_ptr_array_add (array, signature_new ("signature 2", "two"));
    return array;
}

static GPtrArray *swapped (void)
{
    GPtrArray *array = two ();
    gpointer first = array->pdata[0];
    array->pdata[0] = array->pdata[1];
    array->pdata[1] = first;
    return array;
}

static GPtrArray *without_second (void)
{
    GPtrArray *array = two ();
    g_ptr_array_remove_index (array, 1);
    return array;
}

static GPtrArray *broken (void)
{
    GPtrArray *array = two ();
    tamga_signature_fail (array->pdata[1], TAMGA_INTEGRITY_HASH_FAILURE, "changed");
    return array;
}

static GPtrArray *without_evidence (void)
{
    GPtrArray *array = two ();
    g_ptr_array_set_size (((TamgaSignature *)array->pdata[0])->ocsps, 0);
    return array;
}

static GPtrArray *without_timestamp (void)
{
    GPtrArray *array = two ();
    g_ptr_array_set_size (((TamgaSignature *)array->pdata[0])->timestamps, 0);
    return array;
}

static GPtrArray *same_twice (void)
{
    GPtrArray *array = two ();
    TamgaSignature *second = array->pdata[1];
    g_bytes_unref (second->signature_value);
    second->signature_value = bytes_of ("one");
    return array;
}

static GPtrArray *changed (void)
{
    GPtrArray *array = two ();
    g_ptr_array_add (((TamgaSignature *)array->pdata[0])->changes,
                     tamga_change_new (2, FALSE, "unexplained", "page 1", "changed"));
    return array;
}

static void test_kept (void)
{
    static const struct {
        GPtrArray *(*after) (void);
        gboolean good;
        const char *text;
    } table[] = {
        {two, TRUE, NULL},
        {swapped, TRUE, NULL},
        {without_second, FALSE, "signature 2 is missing"},
        {same_twice, FALSE, "signature 2 is missing"},
        {broken, FALSE, "would be broken"},
        {without_evidence, FALSE, "evidence of signature 1 is missing"},
        {without_timestamp, FALSE, "timestamp 1 of signature 1 is missing"},
        {changed, FALSE, "would not permit"},
    };
    const TamgaFormat format = {.name = "test", .title = "Test", .read = read_found};
    for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
        g_autoptr (GPtrArray) before = two ();
        g_assert_true (tamga_output_write (output, "x", 1, NULL));
        found = table[i].after;
        g_assert_cmpint (tamga_kept_check (before, &format, output, NULL, &error), ==,
                         table[i].good);
        if (table[i].good)
            continue;
        g_assert_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_LOST);
        g_assert_nonnull (strstr (error->message, table[i].text));
    }
}

static void test_find (void)
{
    g_autoptr (GPtrArray) all = two ();
    g_autoptr (GBytes) second = bytes_of ("two");
    g_autoptr (GBytes) none = bytes_of ("three");
    g_autoptr (GError) error = NULL;
    guint index = 0;
    g_assert_true (tamga_kept_find (all, second, &index, NULL));
    g_assert_cmpuint (index, ==, 1);
    g_assert_false (tamga_kept_find (all, none, &index, &error));
    g_assert_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_LOST);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/choose/by_content", test_by_content);
    g_test_add_func ("/choose/options_decide", test_options_decide);
    g_test_add_func ("/choose/foreign_options", test_foreign_options);
    g_test_add_func ("/extend/names", test_extended_names);
    g_test_add_func ("/extend/nothing_lost", test_kept);
    g_test_add_func ("/extend/new_signature_found", test_find);
    return g_test_run ();
}
