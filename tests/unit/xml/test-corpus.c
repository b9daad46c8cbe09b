/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XAdES files of other implementations: each gives the integrity that its row expects, its
 * timestamps cover what is computed here, and a change of anything signed is found. */
#include <glib.h>
#include <string.h>

#include "formats/cms/token.h"
#include "formats/ossl.h"
#include "formats/xml/xades.h"

/* Rows whose expectation is not met, and why that is right. */
static const struct {
    const char *file, *why;
} differences[] = {
    {"xades/245/xmldsig-only.xml",
     "The signature holds a bare key and no certificate: there is nobody whose signature it could "
     "be (EN 319 102-1 5.2.3)."},
    {NULL, NULL},
};

static const char *explain (const char *file)
{
    for (gsize i = 0; differences[i].file != NULL; i++) {
        if (strcmp (differences[i].file, file) == 0)
            return differences[i].why;
    }
    return NULL;
}

static GBytes *load (const char *folder, const char *relative)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, folder, relative, NULL);
    char *data;
    gsize length;
    g_autoptr (GError) error = NULL;

    g_file_get_contents (path, &data, &length, &error);
    g_assert_no_error (error);
    return g_bytes_new_take (data, length);
}

/* Documents of the third column, "a;b" or "-". */
static GPtrArray *load_contents (const char *column)
{
    GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);
    g_auto (GStrv) names = g_strsplit (column, ";", -1);

    for (char **name = names; *name != NULL && strcmp (column, "-") != 0; name++) {
        g_autoptr (GBytes) bytes = load ("corpora", *name);
        g_ptr_array_add (list, tamga_document_new (*name, bytes));
    }
    return list;
}

static GPtrArray *read_bytes (GBytes *file, GPtrArray *contents, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("corpus file", file);
    TamgaReadOptions options = {.contents = contents};

    return tamga_xades_format.read (document, &options, error);
}

static gboolean all_intact (GPtrArray *signatures, gboolean print)
{
    gboolean intact = signatures->len > 0;

    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (print)
            g_test_message (
                "  %s: %s %s %s %s, binding %d, %s; %u timestamps, %u certificates, %u CRL, "
                "%u OCSP%s%s",
                signature->id, signature->format, signature->packaging,
                tamga_integrity_name (signature->integrity), signature->algorithm_text,
                signature->binding, signature->coverage_text, signature->timestamps->len,
                signature->certificates->len, signature->crls->len, signature->ocsps->len,
                signature->integrity_text ? ": " : "",
                signature->integrity_text ? signature->integrity_text : "");
        for (guint j = 0; print && j < signature->findings->len; j++) {
            const TamgaFinding *finding = signature->findings->pdata[j];
            g_test_message ("    [%d] %s: %s", finding->severity, finding->code, finding->text);
        }
        intact &= signature->integrity == TAMGA_INTEGRITY_INTACT;
        /* Intact means computed. */
        if (signature->integrity == TAMGA_INTEGRITY_INTACT) {
            g_assert_nonnull (signature->content_digest);
            g_assert_nonnull (signature->algorithm);
            g_assert_nonnull (signature->certificate);
            g_assert_nonnull (signature->coverage_text);
        }
    }
    return intact;
}

static gboolean is_broken (GPtrArray *signatures)
{
    for (guint i = 0; i < signatures->len; i++) {
        switch (((TamgaSignature *)signatures->pdata[i])->integrity) {
        case TAMGA_INTEGRITY_HASH_FAILURE:
        case TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE:
        case TAMGA_INTEGRITY_FORMAT_FAILURE:
        case TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND:
            return TRUE;
        default:
            break;
        }
    }
    return FALSE;
}

/* Timestamps that are known to cover something else, and why. */
static const struct {
    const char *file, *id, *why;
} uncovered[] = {
    {"xades/210/Signature-X-CZ_ICZ-1.xml", "timestamp 1 of signature 1",
     "XAdES 1.2.2 names the object itself, not the reference to it."},
    {"xades/220/xades-tsts-empty-c14n.xml", "timestamp 2 of signature 1",
     "The method in the timestamp before it was emptied afterwards."},
    {"xades/239/xades-lta-copied-atst.xml", "timestamp 2 of signature 1",
     "It is a copy from another signature."},
    {NULL, NULL, NULL},
};

static gboolean may_be_uncovered (const char *file, const char *id)
{
    for (gsize i = 0; uncovered[i].file != NULL; i++) {
        if (strcmp (uncovered[i].file, file) == 0 && strcmp (uncovered[i].id, id) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Every timestamp is a token that can be taken apart and covers what is computed for it. */
static guint check_timestamps (const char *file, GPtrArray *signatures)
{
    guint wrong = 0;

    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        for (guint j = 0; j < signature->timestamps->len; j++) {
            const TamgaTimestamp *timestamp = signature->timestamps->pdata[j];
            g_autofree char *id = g_strdup_printf ("%s of %s", timestamp->id, signature->id);
            g_autoptr (GError) error = NULL;
            g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, &error);
            gboolean covers = timestamp->covered_digest != NULL && token != NULL &&
                              tamga_token_covers_digest (token, timestamp->covered_digest);
            g_test_message ("    %s (%s): %s", id, tamga_timestamp_kind_name (timestamp->kind),
                            token == NULL                       ? error->message
                            : timestamp->covered_digest == NULL ? "not computed"
                            : covers                            ? "covers"
                                                                : "DOES NOT COVER");
            wrong += covers == may_be_uncovered (file, id);
        }
    }
    return wrong;
}

/* Any damage gives an answer; the seed is fixed. */
static void damage (GBytes *file, GPtrArray *contents)
{
    g_autoptr (GRand) random = g_rand_new_with_seed (20261122);

    for (int i = 0; i < 20; i++) {
        gsize length;
        const void *data = g_bytes_get_data (file, &length);
        guint8 *copy = g_memdup2 (data, length);
        g_autoptr (GBytes) changed = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        g_autoptr (GError) error = NULL;
        copy[g_rand_int_range (random, 0, (gint32)MIN (length, 20000))] =
            (guint8)g_rand_int_range (random, 32, 127);
        changed = g_bytes_new_take (copy, length);
        signatures = read_bytes (changed, contents, &error);
        g_assert_true ((signatures != NULL) == (error == NULL));
    }
}

/* `old` in the bytes, changed in its middle letter or digit; NULL where it is not there. */
static GBytes *change (GBytes *file, const char *old)
{
    gsize length, size = strlen (old);
    const guint8 *data = g_bytes_get_data (file, &length);
    const guint8 *at = memmem (data, length, old, size);
    guint8 *copy;

    if (at == NULL)
        return NULL;
    copy = g_memdup2 (data, length);
    copy[at - data + (gssize)(size / 2)] = copy[at - data + (gssize)(size / 2)] == 'A' ? 'B' : 'A';
    return g_bytes_new_take (copy, length);
}

/* The first digest, the first signature value: a change is found. */
static void change_covered (GBytes *file, GPtrArray *contents)
{
    static const char *const names[] = {"DigestValue", "SignatureValue"};
    g_autoptr (TamgaXml) xml = tamga_xml_parse_bytes ("file", file, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (GPtrArray) nodes = tamga_xml_find (xml, TAMGA_NS_DSIG, names[i], 100000, NULL);
        g_autofree char *text = tamga_xml_text (nodes->pdata[0]);
        g_autofree char *head = g_strndup (text, 20);
        g_autoptr (GBytes) changed = change (file, head);
        g_autoptr (GPtrArray) signatures = NULL;
        g_assert_nonnull (changed);
        signatures = read_bytes (changed, contents, NULL);
        if (signatures != NULL && all_intact (signatures, FALSE))
            g_error ("a changed %s is not found", names[i]);
    }
}

static gboolean check_row (char **columns)
{
    g_autoptr (GBytes) file = load ("corpora", columns[0]);
    g_autoptr (GPtrArray) contents = load_contents (columns[2]);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = read_bytes (file, contents, &error);
    const char *why = explain (columns[0]);
    gboolean met;

    g_test_message ("%s: expected %s%s%s", columns[0], columns[3], error ? ": " : "",
                    error ? error->message : "");
    if (signatures == NULL)
        met = strcmp (columns[3], "not-a-signature") == 0 &&
              g_error_matches (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE);
    else if (all_intact (signatures, TRUE))
        met = strcmp (columns[3], "ok") == 0;
    else
        met = strcmp (columns[3], "broken") == 0 && is_broken (signatures);
    if (met && signatures != NULL && strcmp (columns[3], "ok") == 0) {
        met = check_timestamps (columns[0], signatures) == 0;
        change_covered (file, contents);
    }
    damage (file, contents);
    if (!met)
        g_test_message ("  DIFFERENT: %s", why != NULL ? why : "not explained");
    /* An explanation of a row that is met is out of date. */
    return met != (why != NULL);
}

static gboolean have_shared (void)
{
    if (g_file_test (TAMGA_SHARED "/corpora/manifest.tsv", G_FILE_TEST_EXISTS))
        return TRUE;
    g_print ("skipped: ../shared is missing\n");
    g_test_skip ("../shared is missing");
    return FALSE;
}

static void test_corpus (void)
{
    g_autofree char *text = NULL;
    g_auto (GStrv) lines = NULL;
    guint rows = 0, wrong = 0;

    if (!have_shared ())
        return;
    g_assert_true (g_file_get_contents (TAMGA_SHARED "/corpora/manifest.tsv", &text, NULL, NULL));
    lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto (GStrv) columns = g_strsplit (*line, "\t", -1);
        if (g_strv_length (columns) < 4 || strcmp (columns[1], "xades") != 0)
            continue;
        rows++;
        wrong += !check_row (columns);
    }
    g_test_message ("%u rows, %u wrong", rows, wrong);
    g_assert_cmpuint (rows, >, 40);
    g_assert_cmpuint (wrong, ==, 0);
}

static gboolean has_finding (const TamgaSignature *signature, const char *code)
{
    for (guint i = 0; i < signature->findings->len; i++) {
        if (strcmp (((TamgaFinding *)signature->findings->pdata[i])->code, code) == 0)
            return TRUE;
    }
    return FALSE;
}

/* GOST in a document of its own, and put into one that RSA had signed as a whole, which says so. */
static void test_gost (void)
{
    static const char *const files[] = {"enveloped_gost2015.xml", "enveloped_rsa_and_gost2015.xml"};

    if (!have_shared ())
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autoptr (GBytes) file = load ("vectors/kz-nca/xml", files[i]);
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = read_bytes (file, NULL, &error);
        g_assert_no_error (error);
        all_intact (signatures, TRUE);
        for (guint j = 0; j < signatures->len; j++) {
            const TamgaSignature *signature = signatures->pdata[j];
            gboolean gost = strstr (signature->algorithm_text, "GOST") != NULL;
            g_assert_cmpint (signature->integrity, ==,
                             gost ? TAMGA_INTEGRITY_INTACT : TAMGA_INTEGRITY_HASH_FAILURE);
            g_assert_cmpint (has_finding (signature, "xml-signed-before"), ==, !gost);
        }
        g_assert_cmpuint (signatures->len, ==, i + 1);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    g_test_add_func ("/xades/corpus", test_corpus);
    g_test_add_func ("/xades/gost", test_gost);
    return g_test_run ();
}
