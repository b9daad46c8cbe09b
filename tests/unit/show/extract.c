/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that come out of a container lead nowhere but into the new folder, and what is taken out is
 * there whole or not at all (threats: path traversal). */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/show/extract.h"

static void remove_folder (const char *folder)
{
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (folder, name, NULL);
        if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
            remove_folder (path);
        else
            g_unlink (path);
    }
    g_rmdir (folder);
}

static TamgaOriginal *original (const char *name, const char *content)
{
    g_autoptr (GBytes) bytes = g_bytes_new (content, strlen (content));
    g_autoptr (TamgaDocument) document = tamga_document_new ("inside", bytes);
    return tamga_original_new (name, NULL, document);
}

static GPtrArray *originals_of (const char *const *names)
{
    GPtrArray *originals = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_original_free);
    for (; *names != NULL; names++)
        g_ptr_array_add (originals,
                         original (g_str_equal (*names, "(none)") ? NULL : *names, *names));
    return originals;
}

static guint entries_in (const char *folder)
{
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    guint n = 0;
    while (dir != NULL && g_dir_read_name (dir) != NULL)
        n++;
    return n;
}

static void assert_content (const char *folder, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autofree char *text = NULL;
    gsize length;
    g_assert_true (g_file_get_contents (path, &text, &length, NULL));
    g_assert_cmpmem (text, length, content, strlen (content));
}

static void test_folder (void)
{
    static const char *const names[] = {"contract.txt", "docs/annex.txt", "docs/more/b.txt",
                                        "(none)",       ".hidden",        NULL};
    g_autofree char *base = g_dir_make_tmp ("tamga-extract-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename (base, "out", NULL);
    g_autoptr (GPtrArray) originals = originals_of (names);
    g_autoptr (GError) error = NULL;
    tamga_extract_folder (originals, folder, NULL, NULL, &error);
    g_assert_no_error (error);
    assert_content (folder, "contract.txt", "contract.txt");
    assert_content (folder, "docs/annex.txt", "docs/annex.txt");
    assert_content (folder, "docs/more/b.txt", "docs/more/b.txt");
    assert_content (folder, "original-4", "(none)");
    g_assert_cmpuint (entries_in (base), ==, 1);
    g_assert_false (tamga_extract_folder (originals, folder, NULL, NULL, &error));
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS);
    remove_folder (base);
}

/* Nothing is written for any of these, inside or outside. */
static void test_hostile_names (void)
{
    static const struct {
        const char *first, *second;
    } rows[] = {
        {"../out.txt", "a"},
        {"/tmp/abs.txt", "a"},
        {"docs/../../x", "a"},
        {"a/./b", "a"},
        {"a//b", "a"},
        {"..", "a"},
        {".", "a"},
        {"docs/", "a"},
        {"a\nb", "c"},
        {"\033[2J", "a"},
        {"gpj.\xe2\x80\xae.txt", "a"},
        {"\xff\xfe", "a"},
        {"a\\..\\b", "c"},
        {"same.txt", "same.txt"},
        {"Same.txt", "sAME.TXT"},
        {"\xc3\xa9.txt", "e\xcc\x81.txt"},
        {"a", "a/b"},
        {"a/b", "a"},
        {"", "a"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *base = g_dir_make_tmp ("tamga-extract-XXXXXX", NULL);
        g_autofree char *folder = g_build_filename (base, "out", NULL);
        const char *const names[] = {"first.txt", rows[i].first, rows[i].second, NULL};
        g_autoptr (GPtrArray) originals = originals_of (names);
        g_autoptr (GError) error = NULL;
        g_test_message ("%s", rows[i].first);
        g_assert_false (tamga_extract_folder (originals, folder, NULL, NULL, &error));
        g_assert_nonnull (error);
        g_assert_null (strchr (error->message, '\n'));
        g_assert_null (strstr (error->message, "/proc/"));
        g_assert_cmpuint (entries_in (base), ==, 0);
        remove_folder (base);
    }
}

/* A link that is in the way is not followed. */
static void test_links (void)
{
    g_autofree char *base = g_dir_make_tmp ("tamga-extract-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename (base, "out", NULL);
    static const char *const names[] = {"a.txt", "b.txt", NULL};
    g_autoptr (GPtrArray) originals = originals_of (names);
    g_autoptr (GError) error = NULL;
    g_assert_cmpint (symlink ("/nonexistent", folder), ==, 0);
    g_assert_false (tamga_extract_folder (originals, folder, NULL, NULL, &error));
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS);
    g_assert_cmpuint (entries_in (base), ==, 1);
    remove_folder (base);
}

static void test_file (void)
{
    g_autofree char *base = g_dir_make_tmp ("tamga-extract-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (base, "a.txt", NULL);
    g_autoptr (TamgaOriginal) first = original ("a.txt", "first");
    g_autoptr (TamgaOriginal) second = original ("a.txt", "second");
    g_autoptr (GError) error = NULL;
    g_assert_true (tamga_extract_file (first, path, FALSE, NULL, NULL, NULL));
    g_assert_false (tamga_extract_file (second, path, FALSE, NULL, NULL, &error));
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS);
    assert_content (base, "a.txt", "first");
    g_assert_true (tamga_extract_file (second, path, TRUE, NULL, NULL, NULL));
    assert_content (base, "a.txt", "second");
    remove_folder (base);
}

static void test_names (void)
{
    static const struct {
        const char *input, *stored, *name; /* NULL: refused */
    } rows[] = {
        {"/home/a/contract.txt.p7m", NULL, "contract.txt"},
        {"contract.P7M", NULL, "contract"},
        {"contract.asice", "docs/contract.pdf", "contract.pdf"},
        {"contract.signed.pdf", "contract.signed.pdf", "contract.signed.original.pdf"},
        {"contract", NULL, "contract.original"},
        {".p7m", NULL, NULL},
        {"-", NULL, NULL},
        {"-", "contract.txt", "contract.txt"},
        {"a.asice", ".bashrc", NULL},
        {"a.asice", "a\nb", NULL},
        {"a.asice", "gpj.\xe2\x80\xae.txt", NULL},
        {"a.asice", "..", NULL},
        {"\033[2Ja.p7m", NULL, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (TamgaOriginal) one = original (rows[i].stored, "content");
        g_autoptr (GError) error = NULL;
        g_test_message ("%s, %s", rows[i].input, rows[i].stored);
        g_autofree char *name = tamga_extract_file_name (rows[i].input, one, &error);
        g_assert_cmpstr (name, ==, rows[i].name);
        if (rows[i].name == NULL)
            g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    }
    g_autofree char *folder = tamga_extract_folder_name ("/home/a/contract.asice", NULL);
    g_autofree char *other = tamga_extract_folder_name ("contract.xml", NULL);
    g_assert_cmpstr (folder, ==, "contract");
    g_assert_cmpstr (other, ==, "contract.xml.content");
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/extract/folder", test_folder);
    g_test_add_func ("/extract/hostile_names", test_hostile_names);
    g_test_add_func ("/extract/links", test_links);
    g_test_add_func ("/extract/file", test_file);
    g_test_add_func ("/extract/names", test_names);
    return g_test_run ();
}
