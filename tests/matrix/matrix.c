/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks the matrix. `test-matrix FORM` takes one form (all of them without); with TAMGA_MATRIX_OUT
 * set to a folder every file, what it signs and its certificates are kept there for peers. */
#include "tests/matrix/cell.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

/* Where files are kept for peers, or NULL. They are only made then: judging and damaging them is
 * the matter of the tests without a folder. */
static const char *kept (void)
{
    return g_getenv ("TAMGA_MATRIX_OUT");
}

static void write_file (GBytes *bytes, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                        (gssize)g_bytes_get_size (bytes), NULL));
}

static void keep (const Cell *cell, GBytes *file, const char *step)
{
    g_autofree char *name = g_strdup_printf ("%s.%s.%u.%s%s", cell->form->name, cell->key->name,
                                             cell->signers, step, cell->form->extension);
    if (kept () != NULL)
        write_file (file, kept (), name);
}

static void keep_certificate (X509 *certificate, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename (folder, name, NULL);
    BIO *out = BIO_new_file (path, "w");
    g_assert_nonnull (out);
    g_assert_cmpint (PEM_write_bio_X509 (out, certificate), ==, 1);
    BIO_free (out);
}

/* FORM.KEY.SIGNERS: a folder with what was signed, and root.pem, provider.pem, tsa.pem and
 * signer-1.pem and so on. */
static void keep_world (const Cell *cell)
{
    const Scene *scene = cell->scene;
    g_autofree char *folder = NULL;
    if (kept () == NULL)
        return;
    folder =
        g_strdup_printf ("%s/%s.%s.%u", kept (), cell->form->name, cell->key->name, cell->signers);
    g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
    for (guint i = 0; i < cell->documents->len; i++) {
        TamgaDocument *document = cell->documents->pdata[i];
        write_file (tamga_document_memory (document), folder, tamga_document_name (document));
    }
    keep_certificate (scene->root->certificate, folder, "root.pem");
    keep_certificate (scene->provider->certificate, folder, "provider.pem");
    keep_certificate (scene->tsa->certificate, folder, "tsa.pem");
    for (guint i = 0; i < cell->parties->len; i++) {
        const Entity *party = cell->parties->pdata[i];
        g_autofree char *name = g_strdup_printf ("signer-%u.pem", i + 1);
        keep_certificate (party->certificate, folder, name);
    }
}

static gboolean is_plain (const Cell *cell)
{
    return strcmp (cell->form->reads_as, "XMLDSig") == 0;
}

/* Every signer passed, at this level, and everything is covered. */
static void assert_good (const Cell *cell, GBytes *file, TamgaLevel level, const char *step)
{
    keep (cell, file, step);
    if (kept () != NULL)
        return;
    g_autoptr (TamgaValidation) validation = cell_judge (cell, file);
    guint signers = 0;
    for (guint i = 0; i < validation->signatures->len; i++) {
        const TamgaValidatedSignature *one = validation->signatures->pdata[i];
        const TamgaSignature *signature = one->signature;
        if (is_plain (cell)) {
            /* Whole, but no advanced electronic signature: it names no certificate. */
            g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
            g_assert_cmpstr (one->sub_indication, ==, "SIG_CONSTRAINTS_FAILURE");
            g_assert_cmpint (validation->verdict, ==, TAMGA_VERDICT_UNDETERMINED);
            return;
        }
        if (one->indication != TAMGA_TOTAL_PASSED)
            g_error ("%s %s, %u signers, %s: %s is %s: %s", cell->form->name, cell->key->name,
                     cell->signers, step, signature->id, one->sub_indication, one->reason);
        if (signature->is_document_timestamp)
            continue;
        signers++;
        g_assert_cmpstr (signature->format, ==, cell->form->reads_as);
        if (strcmp (one->level, tamga_level_name (level)) != 0)
            g_error ("%s %s, %u signers, %s: %s has level %s", cell->form->name, cell->key->name,
                     cell->signers, step, signature->id, one->level);
        g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
    }
    g_assert_cmpuint (signers, ==, cell->signers);
    g_assert_cmpint (validation->verdict, ==, TAMGA_VERDICT_VALID);
}

/* ---- Damage ---- */

static gssize find (GBytes *file, const void *what, gsize length)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (file, &size);
    const guint8 *found = length > 0 ? memmem (data, size, what, length) : NULL;
    return found != NULL ? found - data : -1;
}

static GBytes *flip (GBytes *file, gsize offset)
{
    gsize size;
    guint8 *copy = g_memdup2 (g_bytes_get_data (file, &size), g_bytes_get_size (file));
    /* A letter stays a letter: base64 and hex stay readable, only the value changes. */
    copy[offset] ^= 1;
    size = g_bytes_get_size (file);
    return g_bytes_new_take (copy, size);
}

/* Where the text of the first document lies in the file: as it is, or in base64. */
static gssize find_content (GBytes *file)
{
    gssize plain = find (file, MATRIX_MARK, strlen (MATRIX_MARK));
    /* the text begins with 12 octets before the mark: a whole number of base64 groups */
    g_autofree char *encoded = g_base64_encode ((const guchar *)MATRIX_MARK, 18);
    gssize coded = find (file, encoded, strlen (encoded));
    return plain >= 0 ? plain : coded;
}

/* Where a signature value lies: raw, hexadecimal or in a kind of base64, lines or not. */
static gssize find_value (const Cell *cell, GBytes *file, const TamgaSignature *signature)
{
    const Entity *party = cell->parties->pdata[0];
    g_autoptr (GBytes) raw = tamga_algorithm_der_to_raw (
        signature->algorithm, signature->signature_value, party->key, NULL);
    GBytes *forms[] = {signature->signature_value, raw};
    for (gsize i = 0; i < G_N_ELEMENTS (forms); i++) {
        gsize size;
        const guint8 *data = g_bytes_get_data (forms[i], &size);
        gssize found = find (file, data, size);
        GString *hex = g_string_new (NULL);
        for (gsize k = 0; k < 24; k++)
            g_string_append_printf (hex, "%02x", data[k]);
        if (found < 0)
            found = find (file, hex->str, hex->len);
        g_string_free (hex, TRUE);
        g_autofree char *base64 = g_base64_encode (data, 30);
        if (found < 0)
            found = find (file, base64, strlen (base64));
        g_strdelimit (base64, "+", '-');
        g_strdelimit (base64, "/", '_');
        if (found < 0)
            found = find (file, base64, strlen (base64));
        if (found >= 0)
            return found + 12;
    }
    return -1;
}

static void assert_refused (const Cell *cell, GBytes *file, const char *what)
{
    g_autoptr (TamgaValidation) validation = cell_judge (cell, file);
    if (validation->verdict != TAMGA_VERDICT_INVALID &&
        validation->verdict != TAMGA_VERDICT_NOT_SIGNED)
        g_error ("%s %s: a byte of %s was changed, and the verdict is: %s", cell->form->name,
                 cell->key->name, what, validation->summary);
}

/* One byte of the content, of each document beside it, and of each signature value. */
static void assert_damage_is_seen (Cell *cell, GBytes *file)
{
    if (kept () != NULL)
        return;
    g_autoptr (GPtrArray) signatures = cell_read (cell, file, NULL);
    if (!cell_is_detached (cell)) {
        gssize place = find_content (file);
        g_assert_cmpint (place, >=, 0);
        g_autoptr (GBytes) damaged = flip (file, (gsize)place + 3);
        assert_refused (cell, damaged, "the content");
    }
    for (guint i = 0; cell_is_detached (cell) && i < cell->documents->len; i++) {
        TamgaDocument *good = cell->documents->pdata[i];
        g_autoptr (GBytes) damaged = flip (tamga_document_memory (good), 3);
        cell->documents->pdata[i] = tamga_document_new (tamga_document_name (good), damaged);
        assert_refused (cell, file, "a document");
        tamga_document_unref (cell->documents->pdata[i]);
        cell->documents->pdata[i] = good;
    }
    guint found = 0;
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (signature->is_document_timestamp)
            continue;
        gssize place = find_value (cell, file, signature);
        g_assert_cmpint (place, >=, 0);
        g_autoptr (GBytes) damaged = flip (file, (gsize)place);
        assert_refused (cell, damaged, "the signature value");
        found++;
    }
    g_assert_cmpuint (found, ==, cell->signers);
}

/* ---- The walk ---- */

static const struct {
    TamgaLevel level;
    gint64 time;
    const char *name;
} extensions[] = {
    {TAMGA_LEVEL_T, STAMPED, "B-T"},
    {TAMGA_LEVEL_LT, EVIDENCE, "B-T-LT"},
    {TAMGA_LEVEL_LTA, ARCHIVED, "B-T-LT-LTA"},
    {TAMGA_LEVEL_LTA, RENEWED, "B-T-LT-LTA-renewed"},
};

static void walk (Cell *cell)
{
    TamgaLevel made = MIN (cell->form->highest, TAMGA_LEVEL_LT);
    for (TamgaLevel level = TAMGA_LEVEL_B; level <= made; level++) {
        g_autoptr (GBytes) file = cell_make (cell, level);
        assert_good (cell, file, level, tamga_level_name (level));
        assert_damage_is_seen (cell, file);
    }
    g_autoptr (GBytes) file = cell_make (cell, TAMGA_LEVEL_B);
    for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++) {
        if (extensions[i].level > cell->form->highest)
            break;
        g_autoptr (GBytes) before = g_steal_pointer (&file);
        file = cell_extend (cell, before, extensions[i].level, extensions[i].time);
        assert_good (cell, file, extensions[i].level, extensions[i].name);
        assert_damage_is_seen (cell, file);
    }
}

/* Peers lack what OpenSSL lacks. */
static gboolean is_wanted (const MatrixForm *form, const MatrixKey *key)
{
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name (key->algorithm);
    return matrix_takes (form, key) && (kept () == NULL || algorithm->scheme != TAMGA_SCHEME_PLAIN);
}

/* What was signed comes back byte for byte, from a detached signature never. */
static void assert_originals (const Cell *cell, GBytes *file)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaDocument) document = cell_open (cell, file);
    g_autoptr (GPtrArray) originals =
        cell->format->originals (document, &cell->options, NULL, &error);
    if (cell_is_detached (cell)) {
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT);
        return;
    }
    g_assert_no_error (error);
    if (cell->form->content == MATRIX_PDF)
        return; /* the signed revision, which its own tests look at */
    g_assert_cmpuint (originals->len, ==, cell->documents->len);
    for (guint i = 0; i < originals->len; i++) {
        const TamgaOriginal *original = originals->pdata[i];
        g_autoptr (GBytes) bytes = tamga_document_bytes (
            original->document, 0, tamga_document_size (original->document), G_MAXUINT32, &error);
        g_assert_no_error (error);
        g_assert_true (g_bytes_equal (bytes, tamga_document_memory (cell->documents->pdata[i])));
    }
}

static void test_form (gconstpointer data)
{
    const MatrixForm *form = data;
    for (const MatrixKey *key = matrix_keys; key->name != NULL; key++) {
        for (guint signers = 1; is_wanted (form, key) && signers <= form->signers; signers++) {
            g_autoptr (Cell) cell = cell_new (form, key, signers);
            g_test_message ("%s, %s, %u signers", form->name, key->name, signers);
            keep_world (cell);
            walk (cell);
            g_autoptr (GBytes) file = cell_make (cell, TAMGA_LEVEL_B);
            if (cell->format->originals != NULL && strcmp (form->name, "xmldsig") != 0)
                assert_originals (cell, file);
        }
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    for (const MatrixForm *form = matrix_forms; form->name != NULL; form++) {
        g_autofree char *path = g_strconcat ("/matrix/", form->name, NULL);
        if (argc < 2 || strcmp (argv[1], form->name) == 0)
            g_test_add_data_func (path, form, test_form);
    }
    return g_test_run ();
}
