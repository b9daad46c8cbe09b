/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The container: right archives are read to the octet, and whatever could be read in two ways,
 * leave its folder or eat the machine is refused. */
#include <glib/gstdio.h>
#include <string.h>

#include "formats/limits.h"
#include "formats/zip/container.h"
#include "tests/unit/zip/forge.h"

static TamgaZip *open_bytes (GBytes *bytes, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("archive", bytes);

    return tamga_zip_open (document, error);
}

/* Opens and reads every entry whole. */
static gboolean read_all (GBytes *bytes, GError **error)
{
    g_autoptr (TamgaZip) zip = open_bytes (bytes, error);
    GPtrArray *entries = zip != NULL ? tamga_zip_entries (zip) : NULL;

    for (guint i = 0; zip != NULL && i < entries->len; i++) {
        g_autoptr (GBytes) content = tamga_zip_bytes (zip, entries->pdata[i], G_MAXUINT64, error);
        if (content == NULL)
            return FALSE;
    }
    return zip != NULL;
}

static void assert_content (TamgaZip *zip, const char *name, const char *content)
{
    const TamgaZipEntry *entry = tamga_zip_find (zip, name);
    const TamgaDigest *digest = tamga_digest_by_name ("SHA-256");
    g_autoptr (GBytes) expected = g_bytes_new (content, strlen (content));
    g_autoptr (GBytes) expected_digest = tamga_digest_bytes (digest, expected);
    g_autoptr (GBytes) bytes = NULL, value = NULL, of_document = NULL;
    g_autoptr (TamgaDocument) document = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_nonnull (entry);
    g_assert_cmpuint (entry->size, ==, strlen (content));
    bytes = tamga_zip_bytes (zip, entry, strlen (content), &error);
    g_assert_no_error (error);
    g_assert_true (g_bytes_equal (bytes, expected));
    g_assert_true (tamga_zip_digests (zip, entry, &digest, 1, &value, NULL, NULL, &error));
    g_assert_true (g_bytes_equal (value, expected_digest));
    document = tamga_zip_document (zip, entry, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (tamga_document_name (document), ==, name);
    of_document = tamga_document_digest (document, digest, NULL, 0, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (g_bytes_equal (of_document, expected_digest));
}

static void test_reads (void)
{
    const ForgeEntry entries[] = {
        {.name = "mimetype", .content = "application/vnd.etsi.asic-e+zip"},
        {.name = "a/", .content = ""},
        {.name = "a/stored", .content = "one"},
        {.name = "a/deflated", .content = "two two two two two two two", .deflate = TRUE},
        {.name = "described", .content = "three", .deflate = TRUE, .descriptor = TRUE},
        {.name = "wide", .content = "four", .wide = TRUE},
        {.name = "wide described", .content = "five", .wide = TRUE, .descriptor = TRUE},
        {.name = "\xc3\xb5\xc3\xa4.txt", .content = "six", .flags = 0x800},
        {.name = "old \x84.txt", .content = "seven", .deflate = TRUE},
        {.name = "empty", .content = "", .deflate = TRUE},
        {.name = "extra", .content = "eight", .extra = "feca0000"},
    };
    const ForgeArchive archives[] = {{0}, {.wide = TRUE}, {.comment = "libdigidoc"}};

    for (gsize i = 0; i < G_N_ELEMENTS (archives); i++) {
        g_autoptr (GBytes) bytes = NULL;
        g_autoptr (TamgaZip) zip = NULL;
        g_autoptr (GError) error = NULL;
        bytes = forge (&archives[i], entries, G_N_ELEMENTS (entries));
        zip = open_bytes (bytes, &error);
        g_assert_no_error (error);
        g_assert_cmpuint (tamga_zip_entries (zip)->len, ==, G_N_ELEMENTS (entries));
        g_assert_cmpint (tamga_zip_has_comment (zip), ==, archives[i].comment != NULL);
        assert_content (zip, "a/stored", "one");
        assert_content (zip, "a/deflated", "two two two two two two two");
        assert_content (zip, "described", "three");
        assert_content (zip, "wide", "four");
        assert_content (zip, "wide described", "five");
        assert_content (zip, "\xc3\xb5\xc3\xa4.txt", "six");
        assert_content (zip, "old \xc3\xa4.txt", "seven");
        assert_content (zip, "empty", "");
        assert_content (zip, "extra", "eight");
        g_assert_true (tamga_zip_find (zip, "a/")->directory);
        g_assert_true (tamga_zip_find (zip, "extra")->extra);
        g_assert_false (tamga_zip_find (zip, "mimetype")->extra);
        g_assert_null (tamga_zip_find (zip, "A/stored"));
    }
}

typedef struct {
    const char *what;
    ForgeArchive archive;
    ForgeEntry entries[3];
    int code;
} Case;

#define GOOD(text)                                                                                 \
    {                                                                                              \
        .name = text, .content = text                                                              \
    }

static const Case cases[] = {
    {"two files of one name", {0}, {GOOD ("a"), GOOD ("a")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"names that differ by case", {0}, {GOOD ("a"), GOOD ("A")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"names that differ by composition",
     {0},
     {GOOD ("\xc3\xa4"), GOOD ("a\xcc\x88")},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"names that differ by a dot", {0}, {GOOD ("a"), GOOD ("a.")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"a file and a folder", {0}, {GOOD ("a"), GOOD ("a/b")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"folders that differ by case",
     {0},
     {GOOD ("META-INF/a"), GOOD ("meta-inf/b")},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"an absolute name", {0}, {GOOD ("/a")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"a name that leaves", {0}, {GOOD ("a/../../b")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"a name of dots", {0}, {GOOD ("...")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"a backslash", {0}, {GOOD ("a\\b")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"a drive", {0}, {GOOD ("c:a")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"a control character", {0}, {GOOD ("a\nb")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"an empty name", {0}, {GOOD ("")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"an empty part", {0}, {GOOD ("a//b")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"a name that is not the UTF-8 it claims to be",
     {0},
     {{.name = "\x84", .content = "a", .flags = 0x800}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"a folder with content", {0}, {GOOD ("a/")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"another local name",
     {0},
     {{.name = "a", .content = "a", .local_name = "b"}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"another local size",
     {0},
     {{.name = "a", .content = "a", .local_size_off = 1}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"another size in the descriptor",
     {0},
     {{.name = "a", .content = "a", .descriptor = TRUE, .local_size_off = 1}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"a wrong CRC",
     {0},
     {{.name = "a", .content = "a", .crc_off = 1}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"a wrong CRC, compressed",
     {0},
     {{.name = "a", .content = "a", .crc_off = 1, .deflate = TRUE}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"a size that is too small",
     {0},
     {{.name = "a", .content = "aaaaaa", .claim = 3, .deflate = TRUE}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"a size that is too large",
     {0},
     {{.name = "a", .content = "aaaaaa", .claim = 9, .deflate = TRUE}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"octets after the compressed stream",
     {0},
     {{.name = "a", .content = "aaaaaa", .deflate = TRUE, .tail = "hidden"}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"an encrypted file",
     {0},
     {{.name = "a", .content = "a", .flags = 1}},
     TAMGA_FORMAT_ERROR_ENCRYPTED},
    {"a method nobody uses",
     {0},
     {{.name = "a", .content = "a", .method = 12}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"a second name",
     {0},
     {{.name = "a", .content = "a", .extra = "7570060001000000006200"}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"a broken extra field",
     {0},
     {{.name = "a", .content = "a", .extra = "feca0500"}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"octets before the first file",
     {.prepend = "#!/bin/sh\n"},
     {GOOD ("a")},
     TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT},
    {"octets that look like a file before the first",
     {.prepend = "PK\003\004"},
     {GOOD ("a")},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"octets between two files",
     {0},
     {GOOD ("a"), {.name = "b", .content = "b", .before = "hidden"}},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"octets after the last file", {.gap = "hidden"}, {GOOD ("a")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"octets after a descriptor",
     {0},
     {{.name = "a", .content = "a", .descriptor = TRUE, .after = "hidden"}, GOOD ("b")},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"octets after the archive", {.append = "hidden"}, {GOOD ("a")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"an entry too few", {.entries_off = 1}, {GOOD ("a")}, TAMGA_FORMAT_ERROR_MALFORMED},
    {"an entry too many",
     {.entries_off = -1},
     {GOOD ("a"), GOOD ("b")},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"too many entries", {.entries_off = 20000}, {GOOD ("a")}, TAMGA_FORMAT_ERROR_LIMIT},
    {"two offsets of the directory",
     {.wide = TRUE, .disagree = TRUE},
     {GOOD ("a")},
     TAMGA_FORMAT_ERROR_MALFORMED},
    {"a bomb by its sizes",
     {0},
     {{.name = "a", .content = "aaaaaa", .claim = 0x7fffffff, .deflate = TRUE}},
     TAMGA_FORMAT_ERROR_LIMIT},
};

static void test_hostile (gconstpointer data)
{
    const Case *one = data;
    gsize n = 0;
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GError) error = NULL;

    while (n < G_N_ELEMENTS (one->entries) && one->entries[n].name != NULL)
        n++;
    bytes = forge (&one->archive, one->entries, n);
    g_assert_false (read_all (bytes, &error));
    g_test_message ("%s: %s", one->what, error->message);
    g_assert_error (error, TAMGA_FORMAT_ERROR, one->code);
}

/* A second end record inside the comment is a second archive. */
static void test_two_ends (void)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    const ForgeEntry entry = GOOD ("a");
    g_autoptr (GBytes) plain = forge (NULL, &entry, 1), twice = NULL;
    g_autoptr (GError) error = NULL;
    gsize length;
    const guint8 *data = g_bytes_get_data (plain, &length);

    g_byte_array_append (out, data, (guint)length);
    out->data[length - 2] = 22;
    g_byte_array_append (out, data + length - 22, 22);
    twice = g_byte_array_free_to_bytes (g_steal_pointer (&out));
    g_assert_false (read_all (twice, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* A true bomb: the stream is as long as it claims to be. */
static void test_bomb (void)
{
    g_autofree char *zeros = g_strnfill (8 * 1024 * 1024, 'a');
    const ForgeEntry entry = {.name = "bomb", .content = zeros, .deflate = TRUE};
    g_autoptr (GBytes) bytes = forge (NULL, &entry, 1);
    g_autoptr (GError) error = NULL;

    g_assert_false (read_all (bytes, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT);
}

/* Cut off anywhere, an archive is not one; and any changed octet gives an answer. */
static void test_damage (void)
{
    const ForgeEntry entries[] = {
        {.name = "mimetype", .content = "application/vnd.etsi.asic-e+zip"},
        {.name = "one", .content = "some content some content", .deflate = TRUE},
        {.name = "two", .content = "more", .descriptor = TRUE, .wide = TRUE},
    };
    const ForgeArchive archive = {.wide = TRUE};
    g_autoptr (GBytes) bytes = forge (&archive, entries, G_N_ELEMENTS (entries));
    gsize length;
    const guint8 *data = g_bytes_get_data (bytes, &length);

    for (gsize i = 0; i < length; i++) {
        g_autoptr (GBytes) cut = g_bytes_new (data, i), changed = NULL;
        guint8 *copy = g_memdup2 (data, length);
        g_autoptr (GError) error = NULL;
        g_autoptr (GError) other = NULL;
        g_assert_false (read_all (cut, &error));
        g_assert_nonnull (error);
        copy[i] ^= 0x80;
        changed = g_bytes_new_take (copy, length);
        g_assert_true (read_all (changed, &other) == (other == NULL));
    }
}

/* ---- Writing ---- */

static TamgaZipPart *new_part (const char *name, const char *content)
{
    g_autoptr (GBytes) bytes = g_bytes_new (content, strlen (content));
    g_autoptr (TamgaDocument) document = tamga_document_new (name, bytes);

    return tamga_zip_part_new (name, document, NULL);
}

static GPtrArray *parts_new (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_zip_part_free);
}

static GBytes *write_parts (TamgaZip *from, GPtrArray *parts, GError **error)
{
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();

    if (!tamga_zip_write (from, parts, output, NULL, NULL, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

static gboolean run (const char *program, const char *option, const char *path)
{
    const char *arguments[] = {program, option, path, NULL};
    g_autofree char *output = NULL;
    g_autofree char *messages = NULL;
    g_autoptr (GError) error = NULL;
    int status = 0;

    g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                  &messages, &status, &error);
    g_assert_no_error (error);
    g_test_message ("%s: %s%s", program, output, messages);
    return g_spawn_check_wait_status (status, NULL);
}

static void assert_peers (GBytes *bytes)
{
    g_autofree char *folder = g_dir_make_tmp ("tamga-zip-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (folder, "archive.zip", NULL);

    g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                        (gssize)g_bytes_get_size (bytes), NULL));
    g_assert_true (run ("unzip", "-tq", path));
    g_assert_true (run ("zipinfo", "-v", path));
    g_unlink (path);
    g_rmdir (folder);
}

static void test_writes (void)
{
    g_autoptr (GPtrArray) parts = parts_new ();
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (TamgaZip) zip = NULL;
    g_autoptr (GError) error = NULL;

    g_ptr_array_add (parts, new_part ("mimetype", "application/vnd.etsi.asic-e+zip"));
    g_ptr_array_add (parts, new_part ("\xc3\xb5\xc3\xa4.txt", "one"));
    g_ptr_array_add (parts, new_part ("folder/empty", ""));
    bytes = write_parts (NULL, parts, &error);
    g_assert_no_error (error);
    assert_peers (bytes);
    /* EN 319 162-1 A.1: the type can be read at the 38th octet. */
    g_assert_cmpmem ((const char *)g_bytes_get_data (bytes, NULL) + 30, 39,
                     "mimetypeapplication/vnd.etsi.asic-e+zip", 39);
    zip = open_bytes (bytes, &error);
    g_assert_no_error (error);
    assert_content (zip, "mimetype", "application/vnd.etsi.asic-e+zip");
    assert_content (zip, "\xc3\xb5\xc3\xa4.txt", "one");
    assert_content (zip, "folder/empty", "");
}

/* What is copied keeps every octet, whatever wrote it. */
static void test_copies (void)
{
    const ForgeEntry entries[] = {
        {.name = "mimetype", .content = "application/vnd.etsi.asic-e+zip", .descriptor = TRUE},
        {.name = "one", .content = "some content some content", .deflate = TRUE, .comment = TRUE},
        {.name = "two", .content = "more", .descriptor = TRUE, .wide = TRUE, .extra = "feca0000"},
    };
    const ForgeArchive archive = {.wide = TRUE, .comment = "comment"};
    g_autoptr (GBytes) bytes = forge (&archive, entries, G_N_ELEMENTS (entries)), copy = NULL;
    g_autoptr (GPtrArray) parts = parts_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaZip) zip = open_bytes (bytes, &error), again = NULL;
    const TamgaZipEntry *moved;
    gsize head;

    g_assert_no_error (error);
    for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
        g_ptr_array_add (parts, tamga_zip_part_new (entries[i].name, NULL,
                                                    tamga_zip_find (zip, entries[i].name)));
    g_ptr_array_insert (parts, 1, new_part ("new", "inserted"));
    copy = write_parts (zip, parts, &error);
    g_assert_no_error (error);
    assert_peers (copy);
    again = open_bytes (copy, &error);
    g_assert_no_error (error);
    assert_content (again, "one", "some content some content");
    assert_content (again, "two", "more");
    assert_content (again, "new", "inserted");
    moved = tamga_zip_find (again, "two");
    head = 30 + 3 + 20 + 4 + 4 + 24;
    g_assert_cmpmem (
        (const char *)g_bytes_get_data (copy, NULL) + moved->offset, head,
        (const char *)g_bytes_get_data (bytes, NULL) + tamga_zip_find (zip, "two")->offset, head);
    /* The comment of the entry is kept, that of the archive is not. */
    g_assert_true (tamga_zip_has_comment (again));
}

static void test_refuses_names (void)
{
    const char *const names[][2] = {{"a", "A"}, {"a", "../b"}, {"a", "a"}, {"a", "/b"}, {"a", ""}};

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (GPtrArray) parts = parts_new ();
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) bytes = NULL;
        g_ptr_array_add (parts, new_part (names[i][0], "a"));
        g_ptr_array_add (parts, new_part (names[i][1], "b"));
        bytes = write_parts (NULL, parts, &error);
        g_assert_null (bytes);
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/zip/reads", test_reads);
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *slug = g_strdelimit (g_strdup (cases[i].what), " ", '-');
        g_autofree char *path = g_strconcat ("/zip/refuses/", slug, NULL);
        g_test_add_data_func (path, &cases[i], test_hostile);
    }
    g_test_add_func ("/zip/refuses/two-ends", test_two_ends);
    g_test_add_func ("/zip/refuses/bomb", test_bomb);
    g_test_add_func ("/zip/damage", test_damage);
    g_test_add_func ("/zip/writes", test_writes);
    g_test_add_func ("/zip/copies", test_copies);
    g_test_add_func ("/zip/refuses-names", test_refuses_names);
    return g_test_run ();
}
