/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed PDFs of other implementations, with the verdict that is expected of each. */
#include <string.h>

#include "tests/unit/pdf/sample.h"

#define MANIFEST TAMGA_SHARED "/corpora/manifest.tsv"

/* Rows where a rule of ours is stricter than the expectation, each with its clause. */
static const struct {
    const char *file;
    TamgaIntegrity integrity;
    const char *why;
} stricter[] = {
    {"DSS-1683.pdf", TAMGA_INTEGRITY_FORMAT_FAILURE,
     "no signed attributes: they are demanded, because content and attributes can be exchanged "
     "otherwise (threats d, EN 319 122-1 5.1)"},
    {"pkcs7_sha1.pdf", TAMGA_INTEGRITY_FORMAT_FAILURE,
     "the first signature has no signed attributes (threats d, EN 319 122-1 5.1)"},
    {"DSS-2155.pdf", TAMGA_INTEGRITY_FORMAT_FAILURE,
     "275 bytes that are not zero follow the SignedData in /Contents (threats a, USF)"},
};

/* Rows whose changes must be listed as forbidden. The other "possible change" rows change what a
 * signer's own, still empty field shows, which signing it allows. */
static const char *const changed[] = {
    "form-update-override-appearance-stream-ap-indirect-sneaky.pdf",
    "form-update-override-appearance-stream-sneaky.pdf",
    "annotation-and-visible-change.pdf",
    "hide.pdf",
    "replace.pdf",
};

static gboolean is_changed (const char *file)
{
    for (gsize i = 0; i < G_N_ELEMENTS (changed); i++) {
        if (strcmp (file, changed[i]) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean is_stricter (const char *file, TamgaIntegrity integrity)
{
    for (gsize i = 0; i < G_N_ELEMENTS (stricter); i++) {
        if (strcmp (file, stricter[i].file) == 0 && stricter[i].integrity == integrity) {
            g_test_message ("%s: %s", file, stricter[i].why);
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean has_forbidden_change (GPtrArray *signatures)
{
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        for (guint k = 0; k < signature->changes->len; k++) {
            if (!((TamgaChange *)signature->changes->pdata[k])->permitted)
                return TRUE;
        }
    }
    return FALSE;
}

static GPtrArray *read_bytes (GBytes *bytes, const char *name, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new (name, bytes);
    return tamga_pades_format.read (document, NULL, error);
}

/* The version digit of the header is covered by every signature and read by nobody. */
static void check_flip (GBytes *bytes, const char *file, GPtrArray *original)
{
    gsize length;
    const char *data = g_bytes_get_data (bytes, &length);
    const char *header = memmem (data, MIN (length, 1024), "%PDF-1.", 7);
    g_assert_nonnull (header);
    guint8 *copy = g_memdup2 (data, length);
    copy[header - data + 7] ^= 1;
    g_autoptr (GBytes) flipped = g_bytes_new_take (copy, length);
    g_autoptr (GPtrArray) signatures = read_bytes (flipped, file, NULL);
    g_assert_nonnull (signatures);
    g_assert_cmpuint (signatures->len, ==, original->len);
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *before = original->pdata[i], *after = signatures->pdata[i];
        if (before->integrity == TAMGA_INTEGRITY_INTACT)
            g_assert_cmpint (after->integrity, ==, TAMGA_INTEGRITY_HASH_FAILURE);
    }
}

static guint check_ok (GBytes *bytes, const char *file, GPtrArray *signatures)
{
    guint wrong = 0;
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (signature->integrity == TAMGA_INTEGRITY_INTACT) {
            g_assert_nonnull (signature->content_digest);
            g_assert_true (signature->certificate != NULL || signature->is_document_timestamp);
        } else if (!is_stricter (file, signature->integrity)) {
            g_printerr ("%s: %s is %s: %s\n", file, signature->id,
                        tamga_integrity_name (signature->integrity), signature->integrity_text);
            wrong++;
        }
    }
    if (is_changed (file) && !has_forbidden_change (signatures)) {
        g_printerr ("%s: the change after signing is not listed\n", file);
        wrong++;
    }
    check_flip (bytes, file, signatures);
    return wrong;
}

static guint check_broken (const char *file, GPtrArray *signatures)
{
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (signature->integrity != TAMGA_INTEGRITY_INTACT &&
            signature->integrity != TAMGA_INTEGRITY_NOT_VERIFIABLE)
            return 0;
    }
    g_printerr ("%s: broken, and every signature is good\n", file);
    return 1;
}

/* FALSE when a row gives another result than it should. */
static guint check_row (const char *path, const char *expectation)
{
    g_autofree char *full = g_build_filename (TAMGA_SHARED "/corpora", path, NULL);
    g_autofree char *file = g_path_get_basename (path);
    char *content = NULL;
    gsize length = 0;
    g_autoptr (GError) error = NULL;
    g_assert_true (g_file_get_contents (full, &content, &length, NULL));
    g_autoptr (GBytes) bytes = g_bytes_new_take (content, length);
    g_autoptr (GPtrArray) signatures = read_bytes (bytes, file, &error);
    if (strcmp (expectation, "not-a-signature") == 0) {
        g_assert_null (signatures);
        g_assert_nonnull (error);
        return 0;
    }
    if (signatures == NULL) {
        g_printerr ("%s: %s\n", file, error->message);
        return 1;
    }
    return strcmp (expectation, "ok") == 0 ? check_ok (bytes, file, signatures)
                                           : check_broken (file, signatures);
}

static void test_corpus (void)
{
    g_autofree char *manifest = NULL;
    if (!g_file_get_contents (MANIFEST, &manifest, NULL, NULL)) {
        g_test_skip ("skipped: ../shared is missing");
        return;
    }
    guint rows = 0, wrong = 0;
    g_auto (GStrv) lines = g_strsplit (manifest, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        g_auto (GStrv) columns = g_strsplit (lines[i], "\t", -1);
        if (g_strv_length (columns) < 4 || strcmp (columns[1], "pades") != 0)
            continue;
        rows++;
        wrong += check_row (columns[0], columns[3]);
    }
    g_test_message ("%u rows, %u wrong", rows, wrong);
    g_assert_cmpuint (rows, >=, 83);
    g_assert_cmpuint (wrong, ==, 0);
}

static void count (GPtrArray *signatures, guint *intact, guint *forbidden)
{
    *intact = *forbidden = 0;
    for (guint i = 0; signatures != NULL && i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        *intact += signature->integrity == TAMGA_INTEGRITY_INTACT;
        for (guint k = 0; k < signature->changes->len; k++)
            *forbidden += !((TamgaChange *)signature->changes->pdata[k])->permitted;
    }
}

/* One more signature on a real file keeps those that are there; what is refused has its reason. */
static gboolean sign_row (Fixture *fixture, const Party *signer, const char *path)
{
    g_autofree char *full = g_build_filename (TAMGA_SHARED "/corpora", path, NULL);
    g_autoptr (GBytes) before = fixture_load (full);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) after = sample_sign (fixture, signer, before, NULL, &error);
    if (after == NULL) {
        g_test_message ("%s: %s", path, error->message);
        g_assert_true (error->domain == TAMGA_FORMAT_ERROR);
        g_assert_true (error->code == TAMGA_FORMAT_ERROR_FORBIDDEN ||
                       error->code == TAMGA_FORMAT_ERROR_UNSUPPORTED ||
                       error->code == TAMGA_FORMAT_ERROR_DAMAGED);
        return FALSE;
    }
    guint intact, forbidden, intact_after, forbidden_after;
    g_autoptr (GPtrArray) old = read_bytes (before, path, NULL);
    g_autoptr (GPtrArray) new = read_bytes (after, path, NULL);
    count (old, &intact, &forbidden);
    count (new, &intact_after, &forbidden_after);
    if (intact_after != intact + 1 || forbidden_after != forbidden)
        g_error ("%s: %u intact became %u, %u forbidden changes %u", path, intact, intact_after,
                 forbidden, forbidden_after);
    return TRUE;
}

static void test_sign_corpus (void)
{
    g_autofree char *manifest = NULL;
    if (!g_file_get_contents (MANIFEST, &manifest, NULL, NULL)) {
        g_test_skip ("skipped: ../shared is missing");
        return;
    }
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *signer = fixture_party (fixture, "P-256", "Signer");
    guint signed_files = 0;
    g_auto (GStrv) lines = g_strsplit (manifest, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        g_auto (GStrv) columns = g_strsplit (lines[i], "\t", -1);
        if (g_strv_length (columns) >= 4 && strcmp (columns[1], "pades") == 0)
            signed_files += sign_row (fixture, signer, columns[0]);
    }
    g_assert_cmpuint (signed_files, >=, 71);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/pades/corpus/read", test_corpus);
    g_test_add_func ("/pades/corpus/sign", test_sign_corpus);
    return g_test_run ();
}
