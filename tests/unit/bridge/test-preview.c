/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the person is shown, and that the process which draws it can do nothing else. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/preview.h"

#define SAMPLE TAMGA_SOURCE_DIR "/packaging/sample/contract.pdf"

static GBytes *file_bytes (const char *path)
{
    char *data = NULL;
    gsize size = 0;
    g_assert_true (g_file_get_contents (path, &data, &size, NULL));
    return g_bytes_new_take (data, size);
}

static TamgaPreview *preview_of (const char *name, const void *data, gsize size)
{
    g_autoptr (GPtrArray) documents =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_request_document_free);
    g_autoptr (GBytes) bytes = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    const TamgaCall call = TAMGA_CALL_INIT;
    g_ptr_array_add (documents, tamga_request_document_new (name, bytes));
    TamgaPreview *preview = tamga_preview_new (documents, &call, &error);
    g_assert_no_error (error);
    return preview;
}

static const char *member (TamgaPreview *preview, const char *name)
{
    return json_string_value (
        json_object_get (json_array_get (tamga_preview_documents (preview), 0), name));
}

static gboolean warned (TamgaPreview *preview, const char *words)
{
    gsize index;
    json_t *warning;
    json_array_foreach (tamga_preview_warnings (preview), index, warning)
    {
        if (strstr (json_string_value (warning), words))
            return TRUE;
    }
    return FALSE;
}

static void text_is_shown_and_named_by_its_content (void)
{
    static const struct {
        const char *data;
        gsize size;
        const char *type;
        gboolean shown;
    } rows[] = {
        {"hello", 5, "text/plain", TRUE},
        {" <a/>", 5, "application/xml", TRUE},
        {"қағаз\tline\r\n", 17, "text/plain", TRUE},
        {"a\0b", 3, "application/octet-stream", FALSE},
        {"\x1b[2Jx", 5, "application/octet-stream", FALSE},
        {"\xff\xfe", 2, "application/octet-stream", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (TamgaPreview) preview = preview_of ("x", rows[i].data, rows[i].size);
        g_assert_cmpstr (member (preview, "type"), ==, rows[i].type);
        g_assert_cmpint (member (preview, "text") != NULL, ==, rows[i].shown);
        g_assert_cmpint (member (preview, "view") == NULL, ==, rows[i].shown);
        g_assert_cmpint (warned (preview, "cannot show"), ==, !rows[i].shown);
    }
}

static void what_is_large_is_a_private_copy_that_goes_away (void)
{
    gsize size = TAMGA_BRIDGE_MAX_SHOWN_TEXT + 1;
    g_autofree char *text = g_strnfill (size, 'a'), *path = NULL, *folder = NULL;
    g_autofree char *copy = NULL;
    gsize length = 0;
    struct stat info;
    {
        g_autoptr (TamgaPreview) preview = preview_of (NULL, text, size);
        g_assert_null (member (preview, "text"));
        path = g_strdup (member (preview, "view"));
        folder = g_path_get_dirname (path);
        g_assert_true (g_file_get_contents (path, &copy, &length, NULL));
        g_assert_cmpmem (copy, length, text, size);
        g_assert_cmpint (stat (path, &info), ==, 0);
        g_assert_cmpint (info.st_mode & 0777, ==, 0400);
        g_assert_cmpint (stat (folder, &info), ==, 0);
        g_assert_cmpint (info.st_mode & 0777, ==, 0700);
    }
    g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
}

static void pages_of_a_pdf_are_pictures (void)
{
    g_autoptr (GBytes) pdf = file_bytes (SAMPLE);
    g_autoptr (TamgaPreview) preview =
        preview_of ("contract.pdf", g_bytes_get_data (pdf, NULL), g_bytes_get_size (pdf));
    json_t *document = json_array_get (tamga_preview_documents (preview), 0);
    const json_t *pages = json_object_get (document, "pages");
    g_assert_cmpstr (member (preview, "type"), ==, "application/pdf");
    g_assert_cmpint (json_integer_value (json_object_get (document, "page_count")), ==, 1);
    g_assert_cmpuint (json_array_size (pages), ==, 1);
    g_autoptr (GBytes) png = file_bytes (json_string_value (json_array_get (pages, 0)));
    g_assert_cmpmem (g_bytes_get_data (png, NULL), 8, "\x89PNG\r\n\x1a\n", 8);
    g_assert_cmpuint (json_array_size (tamga_preview_warnings (preview)), ==, 0);
}

static void a_pdf_that_cannot_be_drawn_is_said_to_be_one (void)
{
    g_autoptr (GBytes) pdf = file_bytes (SAMPLE);
    g_autoptr (TamgaPreview) preview = preview_of (NULL, g_bytes_get_data (pdf, NULL), 200);
    g_assert_true (warned (preview, "cannot be shown"));
    g_assert_nonnull (member (preview, "view"));
}

static void a_digest_alone_is_warned_of (void)
{
    g_autoptr (GPtrArray) documents =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_request_document_free);
    TamgaRequestDocument *document = tamga_request_document_new (NULL, NULL);
    const TamgaCall call = TAMGA_CALL_INIT;
    document->digest = g_bytes_new ("\x01\x02", 2);
    g_ptr_array_add (documents, document);
    g_autoptr (TamgaPreview) preview = tamga_preview_new (documents, &call, NULL);
    g_assert_cmpstr (member (preview, "digest"), ==, "0102");
    g_assert_null (member (preview, "text"));
    g_assert_null (member (preview, "view"));
    g_assert_true (warned (preview, "only a digest"));
}

static TamgaRender *render_of (const char *path, GError **error)
{
    const TamgaCall call = TAMGA_CALL_INIT;
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint (fd, >=, 0);
    TamgaRender *render = tamga_render_open (fd, &call, error);
    close (fd);
    return render;
}

static void limits_of_pages_are_errors (void)
{
    const TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (GError) page = NULL, width = NULL;
    g_autoptr (TamgaRender) render = render_of (SAMPLE, NULL);
    double wide = 0, high = 0;
    g_assert_cmpuint (tamga_render_pages (render), ==, 1);
    g_assert_null (tamga_render_page (render, 1, 100, &call, &page));
    g_assert_error (page, TAMGA_RENDER_ERROR, TAMGA_RENDER_ERROR_PAGE);
    g_assert_null (tamga_render_page (render, 0, 100000, &call, &width));
    g_assert_error (width, TAMGA_RENDER_ERROR, TAMGA_RENDER_ERROR_LIMIT);
    g_assert_true (tamga_render_page_size (render, 0, &wide, &high, &call, NULL));
    g_assert_cmpfloat (wide, >, 500);
    g_autofree char *text = tamga_render_page_text (render, 0, &call, NULL);
    g_assert_nonnull (strstr (text, "Contract of sale"));
}

static void an_encrypted_pdf_asks_for_its_password (void)
{
    g_autofree char *path = g_build_filename (g_get_tmp_dir (), "tamga-encrypted.pdf", NULL);
    const char *const argv[] = {"qpdf", "--encrypt", "secret", "owner", "256",
                                "--",   SAMPLE,      path,     NULL};
    g_autoptr (GError) error = NULL;
    int status = 0;
    g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                                 NULL, &status, NULL));
    g_assert_cmpint (status, ==, 0);
    g_assert_null (render_of (path, &error));
    g_assert_error (error, TAMGA_RENDER_ERROR, TAMGA_RENDER_ERROR_PASSWORD);
    unlink (path);
}

/* The status file of our child of that name. */
static char *status_of_child (const char *name)
{
    DIR *processes = opendir ("/proc");
    char *found = NULL;
    g_autofree char *wanted_name = g_strdup_printf ("Name:\t%s\n", name);
    g_autofree char *wanted_parent = g_strdup_printf ("PPid:\t%d\n", (int)getpid ());
    for (struct dirent *entry; !found && (entry = readdir (processes)) != NULL;) {
        g_autofree char *path = g_strdup_printf ("/proc/%s/status", entry->d_name);
        g_autofree char *text = NULL;
        if (g_ascii_isdigit (entry->d_name[0]) && g_file_get_contents (path, &text, NULL, NULL) &&
            strstr (text, wanted_name) && strstr (text, wanted_parent))
            found = g_steal_pointer (&text);
    }
    closedir (processes);
    return found;
}

static void the_process_that_draws_is_confined (void)
{
    g_autoptr (TamgaRender) render = render_of (SAMPLE, NULL);
    g_autofree char *status = status_of_child ("tamga-render");
    g_assert_nonnull (render);
    g_assert_nonnull (status);
    g_assert_nonnull (strstr (status, "NoNewPrivs:\t1\n"));
    g_assert_nonnull (strstr (status, "Seccomp:\t2\n"));
}

/* Signed, certified, damaged and hostile PDFs of others: an error or a picture, never more. */
static void pdfs_of_others_are_drawn_or_refused (void)
{
    g_autofree char *folder = g_build_filename (TAMGA_SHARED, "corpora", NULL);
    const char *const argv[] = {"find", folder, "-name", "*.pdf", NULL};
    g_autofree char *list = NULL;
    const TamgaCall call = TAMGA_CALL_INIT;
    guint drawn = 0;
    if (!g_file_test (folder, G_FILE_TEST_IS_DIR)) {
        g_test_skip ("skipped: the corpora are missing");
        return;
    }
    g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &list,
                                 NULL, NULL, NULL));
    g_auto (GStrv) paths = g_strsplit (g_strstrip (list), "\n", -1);
    for (guint i = 0; paths[i] && i < 60; i += 2) {
        g_autoptr (GError) error = NULL;
        g_autoptr (TamgaRender) render = render_of (paths[i], &error);
        g_autoptr (GBytes) png = render ? tamga_render_page (render, 0, 300, &call, &error) : NULL;
        g_assert_true (png || (error && error->domain == TAMGA_RENDER_ERROR));
        drawn += png != NULL;
    }
    g_assert_cmpuint (drawn, >, 0);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/preview/text-by-content", text_is_shown_and_named_by_its_content);
    g_test_add_func ("/preview/private-copy", what_is_large_is_a_private_copy_that_goes_away);
    g_test_add_func ("/preview/pdf-pages", pages_of_a_pdf_are_pictures);
    g_test_add_func ("/preview/pdf-damaged", a_pdf_that_cannot_be_drawn_is_said_to_be_one);
    g_test_add_func ("/preview/digest-alone", a_digest_alone_is_warned_of);
    g_test_add_func ("/render/limits", limits_of_pages_are_errors);
    g_test_add_func ("/render/encrypted", an_encrypted_pdf_asks_for_its_password);
    g_test_add_func ("/render/confined", the_process_that_draws_is_confined);
    g_test_add_func ("/render/others", pdfs_of_others_are_drawn_or_refused);
    return g_test_run ();
}
