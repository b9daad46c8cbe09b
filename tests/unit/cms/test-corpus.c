/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CAdES files of other implementations: each gives the integrity that its row expects, and a change
 * of any covered part of an intact one is found. */
#include <glib.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <string.h>

#include "formats/cms/cades.h"
#include "formats/cms/signed_data.h"
#include "formats/cms/token.h"
#include "formats/ossl.h"

/* Rows whose expectation is not met, and why that is right. */
static const struct {
    const char *file, *why;
} differences[] = {
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

static GBytes *load (const char *relative)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "corpora", relative, NULL);
    char *data;
    gsize length;
    g_autoptr (GError) error = NULL;

    g_file_get_contents (path, &data, &length, &error);
    g_assert_no_error (error);
    return g_bytes_new_take (data, length);
}

/* Integrity of every signature in the bytes; NULL where reading is an error. */
static GPtrArray *read_bytes (GBytes *file, GBytes *content, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("corpus file", file);
    g_autoptr (TamgaDocument) detached =
        content != NULL ? tamga_document_new ("content", content) : NULL;
    g_autoptr (GPtrArray) contents = tamga_document_list (detached);
    TamgaReadOptions options = {.contents = contents};

    return tamga_cades_format.read (document, &options, error);
}

static gboolean all_intact (GPtrArray *signatures, gboolean print)
{
    gboolean intact = signatures->len > 0;

    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (print)
            g_test_message (
                "  %s: %s %s, %s, %u timestamps, %u certificates, %u CRL, %u OCSP%s%s",
                signature->id, signature->format, tamga_integrity_name (signature->integrity),
                signature->algorithm_text, signature->timestamps->len, signature->certificates->len,
                signature->crls->len, signature->ocsps->len, signature->integrity_text ? ": " : "",
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

static GBytes *flip (GBytes *bytes, gsize offset)
{
    gsize length;
    const void *data = g_bytes_get_data (bytes, &length);
    guint8 *copy = g_memdup2 (data, length);

    g_assert_cmpuint (offset, <, length);
    copy[offset] ^= 0x01;
    return g_bytes_new_take (copy, length);
}

static void assert_flip_found (GBytes *file, GBytes *content, const char *what)
{
    g_autoptr (GPtrArray) signatures = read_bytes (file, content, NULL);

    if (signatures != NULL && all_intact (signatures, FALSE))
        g_error ("a changed bit in the %s is not found", what);
}

/* Where `part` lies in `whole`. */
static gsize find_part (GBytes *whole, GBytes *part)
{
    gsize length, part_length;
    const guint8 *data = g_bytes_get_data (whole, &length);
    const void *wanted = g_bytes_get_data (part, &part_length);
    const guint8 *at = memmem (data, length, wanted, part_length);

    g_assert_nonnull (at);
    return (gsize)(at - data);
}

/* One bit in the content, in the signed attributes and in the signature value. */
static void flip_covered (GBytes *file, GBytes *content)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("corpus file", file);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    const TamgaSignerInfo *info = data->signers->pdata[0];
    g_autoptr (GBytes) attributes =
        g_bytes_new_from_bytes (info->signed_attrs, 4, g_bytes_get_size (info->signed_attrs) - 4);
    gsize attributes_at = find_part (file, attributes) + g_bytes_get_size (attributes) - 1;
    gsize value_at = find_part (file, info->signature) + g_bytes_get_size (info->signature) / 2;
    g_autoptr (GBytes) in_attributes = flip (file, attributes_at);
    g_autoptr (GBytes) in_value = flip (file, value_at);
    g_autoptr (GBytes) in_content = NULL;

    assert_flip_found (in_attributes, content, "signed attributes");
    assert_flip_found (in_value, content, "signature value");
    if (content != NULL) {
        in_content = flip (content, g_bytes_get_size (content) / 2);
        assert_flip_found (file, in_content, "content");
    } else {
        const TamgaRange *range = &g_array_index (data->content, TamgaRange, 0);
        in_content = flip (file, range->offset + range->length / 2);
        assert_flip_found (in_content, NULL, "content");
    }
}

/* Timestamps that are not valid, and why. */
static gboolean is_invalid (const char *file, const char *id)
{
    static const struct {
        const char *file, *id, *why;
    } rows[] = {
        {"cades/084/cades-ats-v3-rev-val-crl.p7s", "timestamp 3",
         "its ats-hash-index names a CRL of revocation-values, which is not in SignedData.crls "
         "(EN 319 122-1 5.5.2)"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (strcmp (rows[i].file, file) == 0 && strcmp (rows[i].id, id) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Every timestamp is a token that can be taken apart, is intact itself, and covers what one of its
 * kind covers. */
static void check_timestamps (const char *file, GPtrArray *signatures)
{
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        for (guint j = 0; j < signature->timestamps->len; j++) {
            const TamgaTimestamp *timestamp = signature->timestamps->pdata[j];
            g_autoptr (GError) error = NULL;
            g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, &error);
            g_assert_no_error (error);
            g_test_message ("    %s (kind %d): %s, %s, covers %s", timestamp->id, timestamp->kind,
                            tamga_integrity_name (token->signature->integrity), token->digest_oid,
                            timestamp->covered_digest == NULL ? "not computed"
                            : tamga_token_covers_digest (token, timestamp->covered_digest) ? "yes"
                                                                                           : "NO");
            g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
            if (signature->integrity != TAMGA_INTEGRITY_INTACT &&
                timestamp->kind == TAMGA_TIMESTAMP_ARCHIVE) {
                g_assert_null (timestamp->covered_digest); /* without the content */
            } else if (!is_invalid (file, timestamp->id)) {
                g_assert_true (tamga_token_covers_digest (token, timestamp->covered_digest));
            } else {
                g_assert_null (timestamp->covered_digest);
            }
        }
    }
}

/* OpenSSL's own verdict on digests and values: 1 or 0. */
static gboolean openssl_intact (GBytes *file, GBytes *content)
{
    gsize length, content_length = 0;
    const guint8 *data = g_bytes_get_data (file, &length);
    const void *content_data = content != NULL ? g_bytes_get_data (content, &content_length) : NULL;
    g_autoptr (BIO) bio =
        content != NULL ? BIO_new_mem_buf (content_data, (int)content_length) : NULL;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo (NULL, &data, (long)length);
    gboolean intact;

    g_assert_nonnull (cms);
    intact = CMS_verify (cms, NULL, NULL, bio, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
    CMS_ContentInfo_free (cms);
    ERR_clear_error ();
    return intact;
}

/* Any damage gives an answer; the seed is fixed. */
static void damage (GBytes *file, GBytes *content)
{
    g_autoptr (GRand) random = g_rand_new_with_seed (20261122);

    for (int i = 0; i < 100; i++) {
        gsize length;
        const void *data = g_bytes_get_data (file, &length);
        guint8 *copy = g_memdup2 (data, length);
        g_autoptr (GBytes) changed = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        g_autoptr (GError) error = NULL;
        for (int j = 0; j < 3; j++)
            copy[g_rand_int_range (random, 0, (gint32)MIN (length, 20000))] =
                (guint8)g_rand_int (random);
        changed = g_bytes_new_take (copy, length);
        signatures = read_bytes (changed, content, &error);
        g_assert_true ((signatures != NULL) == (error == NULL));
    }
}

static gboolean check_row (char **columns)
{
    g_autoptr (GBytes) file = load (columns[0]);
    g_autoptr (GBytes) content = strcmp (columns[2], "-") != 0 ? load (columns[2]) : NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = read_bytes (file, content, &error);
    const char *why = explain (columns[0]);
    gboolean met;

    g_test_message ("%s: expected %s%s%s", columns[0], columns[3], error ? ": " : "",
                    error ? error->message : "");
    if (signatures == NULL)
        met = strcmp (columns[3], "not-a-signature") == 0;
    else if (all_intact (signatures, TRUE))
        met = strcmp (columns[3], "ok") == 0;
    else
        met = strcmp (columns[3], "broken") == 0 && is_broken (signatures);
    if (signatures != NULL) {
        check_timestamps (columns[0], signatures);
        g_assert_cmpint (openssl_intact (file, content), ==, all_intact (signatures, FALSE));
    }
    damage (file, content);
    if (met && strcmp (columns[3], "ok") == 0)
        flip_covered (file, content);
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
        g_test_skip ("../shared is missing");
        return;
    }
    lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto (GStrv) columns = g_strsplit (*line, "\t", -1);
        if (g_strv_length (columns) < 4 || strcmp (columns[1], "cades") != 0)
            continue;
        rows++;
        wrong += !check_row (columns);
    }
    g_test_message ("%u rows, %u wrong", rows, wrong);
    g_assert_cmpuint (rows, >, 20);
    g_assert_cmpuint (wrong, ==, 0);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/cades/corpus", test_corpus);
    return g_test_run ();
}
