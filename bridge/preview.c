/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is shown of each document: its text, or a private copy. */
#include "bridge/preview.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PDF "application/pdf"
#define MAX_PAGES 20u
#define PAGE_WIDTH 900u /* pixels */

struct _TamgaPreview {
    char *folder;     /* private, with what is in `files`; NULL: none was needed */
    GPtrArray *files; /* char *: removed at the end */
    json_t *documents, *warnings;
};

TamgaRequestDocument *tamga_request_document_new (const char *name, GBytes *bytes)
{
    TamgaRequestDocument *document = g_new0 (TamgaRequestDocument, 1);
    document->name = g_strdup (name);
    document->bytes = bytes ? g_bytes_ref (bytes) : NULL;
    return document;
}

void tamga_request_document_free (TamgaRequestDocument *document)
{
    if (!document)
        return;
    g_free (document->name);
    g_clear_pointer (&document->bytes, g_bytes_unref);
    g_clear_pointer (&document->digest, g_bytes_unref);
    g_free (document);
}

void tamga_preview_free (TamgaPreview *preview)
{
    if (!preview)
        return;
    for (guint i = 0; i < preview->files->len; i++)
        g_unlink (preview->files->pdata[i]);
    if (preview->folder)
        g_rmdir (preview->folder);
    g_ptr_array_unref (preview->files);
    g_free (preview->folder);
    json_decref (preview->documents);
    json_decref (preview->warnings);
    g_free (preview);
}

json_t *tamga_preview_documents (TamgaPreview *preview)
{
    return preview->documents;
}

json_t *tamga_preview_warnings (TamgaPreview *preview)
{
    return preview->warnings;
}

/* Each warning once, however many documents it is about. */
static void warn (TamgaPreview *preview, const char *text)
{
    gsize index;
    json_t *said;
    json_array_foreach (preview->warnings, index, said)
    {
        if (strcmp (json_string_value (said), text) == 0)
            return;
    }
    json_array_append_new (preview->warnings, json_string (text));
}

/* UTF-8 that a screen can show: no control characters but tabs and line ends. */
static gboolean is_text (const char *data, gsize size)
{
    if (!g_utf8_validate_len (data, size, NULL))
        return FALSE;
    for (gsize i = 0; i < size; i++) {
        if ((guint8)data[i] < 0x20 && !strchr ("\t\n\r", data[i]))
            return FALSE;
        if (data[i] == 0x7f)
            return FALSE;
    }
    return TRUE;
}

static const char *type_of (const char *data, gsize size)
{
    static const char pdf[] = "%PDF-";
    if (size >= strlen (pdf) && memcmp (data, pdf, strlen (pdf)) == 0)
        return PDF;
    if (!is_text (data, size))
        return "application/octet-stream";
    gsize at = 0;
    while (at < size && g_ascii_isspace (data[at]))
        at++;
    return at < size && data[at] == '<' ? "application/xml" : "text/plain";
}

static gboolean make_folder (TamgaPreview *preview, GError **error)
{
    if (preview->folder)
        return TRUE;
    g_autofree char *pattern =
        g_build_filename (g_get_user_runtime_dir (), "tamga-preview-XXXXXX", NULL);
    preview->folder = g_strdup (g_mkdtemp_full (pattern, 0700));
    if (preview->folder)
        return TRUE;
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PROMPTER,
                 "There is no place for what is to be shown: no folder can be made in %s.",
                 g_get_user_runtime_dir ());
    return FALSE;
}

/* A private read-only file. Its path, owned by the preview. */
static const char *keep (TamgaPreview *preview, const char *name, GBytes *bytes, GError **error)
{
    gsize size;
    const char *data = g_bytes_get_data (bytes, &size);
    if (!make_folder (preview, error))
        return NULL;
    char *path = g_build_filename (preview->folder, name, NULL);
    g_ptr_array_add (preview->files, path);
    g_autoptr (GError) failed = NULL;
    if (g_file_set_contents_full (path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0400,
                                  &failed))
        return path;
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PROMPTER,
                 "What is to be shown could not be written: %s", failed->message);
    return NULL;
}

static TamgaPreview *give_up (const TamgaCall *call, GError **error)
{
    if (error && !*error && tamga_call_cancelled (call))
        g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_GONE,
                             "The caller went away.");
    return NULL;
}

/* Only a digest is known of it. */
static json_t *show_digest (TamgaPreview *preview, const TamgaRequestDocument *document)
{
    g_autofree char *hex = tamga_text_hex_bytes (document->digest);
    warn (preview, "The site sent only a digest: what is signed cannot be shown. Sign only if you "
                   "trust the site.");
    return json_pack ("{s:o, s:n, s:n, s:n, s:s, s:n, s:n}", "name",
                      tamga_json_text (document->name), "type", "size", "sha256", "digest", hex,
                      "text", "view");
}

static json_t *show_bytes (TamgaPreview *preview, const TamgaRequestDocument *document,
                           guint number, GError **error)
{
    static const struct {
        const char *type, *extension;
    } extensions[] = {
        {"application/pdf", "pdf"}, {"application/xml", "xml"}, {"text/plain", "txt"}};
    gsize size;
    const char *data = g_bytes_get_data (document->bytes, &size);
    const char *type = type_of (data, size), *extension = "bin", *view = NULL;
    gboolean inside = is_text (data, size) && size <= TAMGA_BRIDGE_MAX_SHOWN_TEXT &&
                      strcmp (type, "application/pdf") != 0;
    for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++) {
        if (strcmp (extensions[i].type, type) == 0)
            extension = extensions[i].extension;
    }
    g_autofree char *name = g_strdup_printf ("document-%u.%s", number, extension);
    if (!inside && !(view = keep (preview, name, document->bytes, error)))
        return NULL;
    if (strcmp (type, "application/octet-stream") == 0)
        warn (preview, "This is data that Tamga cannot show: neither text, nor XML, nor a PDF.");
    g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, document->bytes);
    return json_pack ("{s:o, s:s, s:I, s:s, s:o, s:o}", "name", tamga_json_text (document->name),
                      "type", type, "size", (json_int_t)size, "sha256", sha256, "text",
                      inside ? json_stringn (size > 0 ? data : "", size) : json_null (), "view",
                      tamga_json_text (view));
}

/* Pictures of the first pages: the person sees them, and never has to open the PDF itself. */
static json_t *draw_pages (TamgaPreview *preview, const char *path, guint number,
                           const TamgaCall *call, guint *count, GError **error)
{
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    g_autoptr (GError) failed = NULL;
    g_autoptr (TamgaRender) render = tamga_render_open (fd, call, &failed);
    if (fd >= 0)
        close (fd);
    *count = render ? tamga_render_pages (render) : 0;
    json_t *pages = json_array ();
    for (guint i = 0; i < *count && i < MAX_PAGES; i++) {
        g_autofree char *name = g_strdup_printf ("document-%u-page-%u.png", number, i + 1);
        g_autoptr (GBytes) png = tamga_render_page (render, i, PAGE_WIDTH, call, &failed);
        const char *file = png ? keep (preview, name, png, error) : NULL;
        if (!file)
            break;
        json_array_append_new (pages, tamga_json_text (file));
    }
    if (failed)
        warn (preview, "The PDF, or a page of it, cannot be shown. Do not sign what you have not "
                       "seen.");
    else if (*count > MAX_PAGES)
        warn (preview, "Only the first pages of the PDF are shown.");
    return pages;
}

TamgaPreview *tamga_preview_new (const GPtrArray *documents, const TamgaCall *call, GError **error)
{
    g_autoptr (TamgaPreview) preview = g_new0 (TamgaPreview, 1);
    preview->files = g_ptr_array_new_with_free_func (g_free);
    preview->documents = json_array ();
    preview->warnings = json_array ();
    for (guint i = 0; i < documents->len; i++) {
        const TamgaRequestDocument *document = documents->pdata[i];
        json_t *shown = document->bytes ? show_bytes (preview, document, i + 1, error)
                                        : show_digest (preview, document);
        if (!shown)
            return NULL;
        json_array_append_new (preview->documents, shown);
        const char *view = json_string_value (json_object_get (shown, "view"));
        guint count;
        if (g_strcmp0 (json_string_value (json_object_get (shown, "type")), PDF) != 0)
            continue;
        json_object_set_new (shown, "pages",
                             draw_pages (preview, view, i + 1, call, &count, error));
        json_object_set_new (shown, "page_count", json_integer (count));
        if (tamga_call_cancelled (call) || (error && *error))
            return give_up (call, error);
    }
    return g_steal_pointer (&preview);
}
