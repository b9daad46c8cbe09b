/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents are read by offset and hashed in a stream; outputs appear whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/output.h"

static char *folder;

static char *in_folder (const char *name)
{
    return g_build_filename (folder, name, NULL);
}

static guint files_in_folder (void)
{
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    guint n = 0;
    while (g_dir_read_name (dir))
        n++;
    return n;
}

static void test_open_errors (void)
{
    g_autofree char *empty = in_folder ("empty");
    g_file_set_contents (empty, "", 0, NULL);
    const struct {
        const char *path;
        int code;
    } rows[] = {
        {"/nonexistent/file", TAMGA_DOCUMENT_ERROR_NOT_FOUND},
        {folder, TAMGA_DOCUMENT_ERROR_UNREADABLE},
        {"/dev/null", TAMGA_DOCUMENT_ERROR_UNREADABLE},
        {empty, TAMGA_DOCUMENT_ERROR_EMPTY},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GError) error = NULL;
        g_assert_null (tamga_document_open (rows[i].path, &error));
        g_assert_error (error, TAMGA_DOCUMENT_ERROR, rows[i].code);
    }
    g_unlink (empty);
}

static void test_digest_of_ranges (void)
{
    g_autofree char *path = in_folder ("content");
    g_file_set_contents (path, "0123456789", 10, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaDocument) document = tamga_document_open (path, &error);
    g_assert_no_error (error);
    const TamgaRange ranges[] = {{0, 3}, {7, 3}};
    const TamgaDigest *digests[] = {tamga_digest_by_name ("SHA-256"),
                                    tamga_digest_by_name ("SHA-512")};
    GBytes *values[2] = {NULL, NULL};
    g_assert_true (
        tamga_document_digests (document, digests, 2, ranges, 2, values, NULL, NULL, &error));
    for (int i = 0; i < 2; i++) {
        g_autoptr (GBytes) direct = g_bytes_new_static ("012789", 6);
        g_autoptr (GBytes) expected = tamga_digest_bytes (digests[i], direct);
        g_assert_true (g_bytes_equal (values[i], expected));
        g_bytes_unref (values[i]);
    }
    g_autoptr (TamgaDocument) slice = tamga_document_slice (document, 2, 4);
    g_autoptr (GBytes) part = tamga_document_bytes (slice, 1, 2, 10, &error);
    g_assert_cmpmem (g_bytes_get_data (part, NULL), g_bytes_get_size (part), "34", 2);
    char byte;
    g_assert_false (tamga_document_read (slice, 4, &byte, 1, &error));
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_READ);
    g_unlink (path);
}

static gboolean cancel (guint64 done, guint64 total, gpointer data)
{
    (void)done;
    (void)total;
    ++*(guint *)data;
    return FALSE;
}

static void test_cancel_while_hashing (void)
{
    gsize size = 40u * 1024 * 1024;
    g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size), size);
    g_autoptr (TamgaDocument) document = tamga_document_new ("large", bytes);
    g_autoptr (GError) error = NULL;
    guint calls = 0;
    g_assert_null (tamga_document_digest (document, tamga_digest_by_name ("SHA-256"), NULL, 0,
                                          cancel, &calls, &error));
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CANCELLED);
    g_assert_cmpuint (calls, ==, 1);
}

static void test_changed (void)
{
    g_autofree char *path = in_folder ("changing");
    g_file_set_contents (path, "before", 6, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaDocument) document = tamga_document_open (path, &error);
    g_assert_true (tamga_document_check (document, &error));
    int fd = g_open (path, O_WRONLY | O_APPEND);
    g_assert_cmpint (write (fd, "!", 1), ==, 1);
    close (fd);
    g_assert_false (tamga_document_check (document, &error));
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CHANGED);
    g_unlink (path);
}

static void test_output_discarded (void)
{
    g_autofree char *path = in_folder ("never");
    g_autoptr (GError) error = NULL;
    TamgaOutput *output = tamga_output_open (path, FALSE, &error);
    g_assert_true (tamga_output_write (output, "half", 4, &error));
    g_assert_cmpuint (files_in_folder (), ==, 0);
    tamga_output_free (output);
    g_assert_cmpuint (files_in_folder (), ==, 0);
}

static void test_output_committed (void)
{
    g_autofree char *path = in_folder ("whole");
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) source = g_bytes_new_static ("0123456789", 10);
    g_autoptr (TamgaDocument) document = tamga_document_new ("source", source);
    TamgaOutput *output = tamga_output_open (path, FALSE, &error);
    g_assert_true (tamga_output_copy (output, document, 2, 5, NULL, NULL, &error));
    g_assert_true (tamga_output_printf (output, &error, "-%d", 42));
    g_assert_true (tamga_output_patch (output, 0, "X", 1, &error));
    g_assert_cmpuint (tamga_output_size (output), ==, 8);
    g_assert_true (tamga_output_commit (output, &error));
    tamga_output_free (output);
    g_autofree char *text = NULL;
    g_file_get_contents (path, &text, NULL, NULL);
    g_assert_cmpstr (text, ==, "X3456-42");

    g_assert_null (tamga_output_open (path, FALSE, &error));
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS);
    g_clear_error (&error);
    g_assert_cmpint (g_chmod (path, 0640), ==, 0);
    output = tamga_output_open (path, TRUE, &error);
    g_assert_true (tamga_output_write (output, "new", 3, &error));
    g_assert_true (tamga_output_commit (output, &error));
    tamga_output_free (output);
    g_autofree char *replaced = NULL;
    g_file_get_contents (path, &replaced, NULL, NULL);
    g_assert_cmpstr (replaced, ==, "new");
    struct stat status;
    g_assert_cmpint (g_stat (path, &status), ==, 0);
    g_assert_cmpuint (status.st_mode & 0777, ==, 0640);
    g_assert_cmpuint (files_in_folder (), ==, 1);
    g_unlink (path);
}

/* A name that someone else took in the meantime is not overwritten. */
static void test_output_race (void)
{
    g_autofree char *path = in_folder ("raced");
    g_autoptr (GError) error = NULL;
    TamgaOutput *output = tamga_output_open (path, FALSE, &error);
    g_assert_true (tamga_output_write (output, "ours", 4, &error));
    g_file_set_contents (path, "theirs", 6, NULL);
    g_assert_false (tamga_output_commit (output, &error));
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS);
    tamga_output_free (output);
    g_autofree char *text = NULL;
    g_file_get_contents (path, &text, NULL, NULL);
    g_assert_cmpstr (text, ==, "theirs");
    g_unlink (path);
}

/* A full disk (here: a file size limit, which gives the same error class) leaves nothing. */
/* --replace is for files: a link would be replaced by a file, and what it leads to would stay. */
static void test_output_replaces_files_only (void)
{
    g_autofree char *target = in_folder ("target");
    g_autofree char *link = in_folder ("link");
    g_autoptr (GError) error = NULL;
    g_file_set_contents (target, "theirs", 6, NULL);
    g_assert_cmpint (symlink (target, link), ==, 0);
    g_assert_null (tamga_output_open (link, TRUE, &error));
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS);
    g_unlink (link);
    g_unlink (target);
}

static void test_output_no_space (void)
{
    g_autofree char *path = in_folder ("full");
    g_autoptr (GError) error = NULL;
    struct rlimit old, small;
    getrlimit (RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 4096;
    signal (SIGXFSZ, SIG_IGN);
    setrlimit (RLIMIT_FSIZE, &small);
    g_autofree char *block = g_malloc0 (8192);
    TamgaOutput *output = tamga_output_open (path, FALSE, &error);
    gboolean written = tamga_output_write (output, block, 8192, &error);
    setrlimit (RLIMIT_FSIZE, &old);
    g_assert_false (written);
    g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_NO_SPACE);
    tamga_output_free (output);
    g_assert_cmpuint (files_in_folder (), ==, 0);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    folder = g_dir_make_tmp ("tamga-test-XXXXXX", NULL);
    g_test_add_func ("/document/open_errors", test_open_errors);
    g_test_add_func ("/document/digest_of_ranges", test_digest_of_ranges);
    g_test_add_func ("/document/cancel_while_hashing", test_cancel_while_hashing);
    g_test_add_func ("/document/changed", test_changed);
    g_test_add_func ("/output/discarded", test_output_discarded);
    g_test_add_func ("/output/committed", test_output_committed);
    g_test_add_func ("/output/race", test_output_race);
    g_test_add_func ("/output/replaces_files_only", test_output_replaces_files_only);
    g_test_add_func ("/output/no_space", test_output_no_space);
    int status = g_test_run ();
    g_rmdir (folder);
    g_free (folder);
    return status;
}
