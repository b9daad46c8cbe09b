/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga-render`: draws pages of one PDF. Poppler is a large parser of hostile input: it gets a
 * descriptor and gives back pixels or text, and its process can do nothing else. Signatures are
 * none of its business: what poppler knows of them is never called. */
#include <errno.h>
#include <poppler.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/helper/helper.h"
#include "client/render/confine.h"
#include "client/render/protocol.h"

#define MAX_DOCUMENT (256u * 1024 * 1024)
#define MAX_WIDTH 4000u
#define MAX_PIXELS 40000000.0
#define MAX_TEXT (4u * 1024 * 1024)

/* poppler 22.12 has none of its own. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PopplerPage, g_object_unref)

GQuark tamga_render_error_quark (void)
{
    return g_quark_from_static_string ("tamga-render-error");
}

static GVariant *fail (GError **error, TamgaRenderError code, const char *text)
{
    g_set_error_literal (error, TAMGA_RENDER_ERROR, code, text);
    return NULL;
}

/* All of the file in memory, so that nobody can change it while it is drawn. */
static GBytes *read_all (int fd, GError **error)
{
    struct stat info;
    if (fd < 0 || fstat (fd, &info) != 0 || !S_ISREG (info.st_mode)) {
        fail (error, TAMGA_RENDER_ERROR_INPUT, "There is no file to draw.");
        return NULL;
    }
    if (info.st_size > MAX_DOCUMENT) {
        fail (error, TAMGA_RENDER_ERROR_LIMIT, "The PDF is too large to be drawn.");
        return NULL;
    }
    gsize size = (gsize)info.st_size, done = 0;
    g_autofree char *data = g_try_malloc (size + 1);
    while (data && done < size) {
        ssize_t got = pread (fd, data + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (gsize)got;
    }
    if (done == size && size > 0)
        return g_bytes_new_take (g_steal_pointer (&data), size);
    fail (error, TAMGA_RENDER_ERROR_INPUT, "The PDF could not be read whole.");
    return NULL;
}

static GVariant *serve_open (PopplerDocument **document, GVariant *arguments, int fd,
                             GError **error)
{
    (void)arguments;
    g_autoptr (GBytes) bytes = read_all (fd, error);
    if (!bytes)
        return NULL;
    g_autoptr (GError) failed = NULL;
    g_clear_object (document);
    *document = poppler_document_new_from_bytes (bytes, NULL, &failed);
    if (g_error_matches (failed, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED))
        return fail (error, TAMGA_RENDER_ERROR_PASSWORD,
                     "The PDF is encrypted: it opens only with its password.");
    if (!*document)
        return fail (error, TAMGA_RENDER_ERROR_INPUT, "This is not a PDF that can be drawn.");
    GVariantBuilder answer;
    g_variant_builder_init (&answer, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (
        &answer, "{sv}", "pages",
        g_variant_new_uint32 ((guint32)MAX (poppler_document_get_n_pages (*document), 0)));
    return g_variant_builder_end (&answer);
}

static PopplerPage *page_of (PopplerDocument *document, GVariant *arguments, GError **error)
{
    guint32 number = 0;
    gboolean named = g_variant_lookup (arguments, "page", "u", &number);
    PopplerPage *page =
        named && document && number < (guint32)MAX (poppler_document_get_n_pages (document), 0)
            ? poppler_document_get_page (document, (int)number)
            : NULL;
    if (!page)
        fail (error, TAMGA_RENDER_ERROR_PAGE, "There is no such page.");
    return page;
}

static cairo_status_t append (void *closure, const unsigned char *data, unsigned int length)
{
    g_byte_array_append (closure, data, length);
    return CAIRO_STATUS_SUCCESS;
}

/* White paper with the page on it, as PNG; NULL: there is no room. */
static GByteArray *draw (PopplerPage *page, int width, int height, double scale)
{
    cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cairo = cairo_create (surface);
    cairo_set_source_rgb (cairo, 1, 1, 1);
    cairo_paint (cairo);
    cairo_scale (cairo, scale, scale);
    poppler_page_render (page, cairo);
    cairo_destroy (cairo);
    g_autoptr (GByteArray) png = g_byte_array_new ();
    gboolean drawn =
        cairo_surface_status (surface) == CAIRO_STATUS_SUCCESS &&
        cairo_surface_write_to_png_stream (surface, append, png) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy (surface);
    return drawn ? g_steal_pointer (&png) : NULL;
}

static GVariant *serve_page (PopplerDocument **document, GVariant *arguments, int fd,
                             GError **error)
{
    (void)fd;
    guint32 width = 0;
    double points_wide, points_high;
    g_autoptr (PopplerPage) page = page_of (*document, arguments, error);
    if (!page)
        return NULL;
    poppler_page_get_size (page, &points_wide, &points_high);
    if (!g_variant_lookup (arguments, "width", "u", &width) || width == 0 || width > MAX_WIDTH ||
        !(points_wide >= 1) || !(points_high >= 1) ||
        points_high / points_wide * width * width > MAX_PIXELS)
        return fail (error, TAMGA_RENDER_ERROR_LIMIT, "The page is too large to be drawn.");
    double scale = width / points_wide;
    g_autoptr (GByteArray) png = draw (page, (int)width, (int)MAX (points_high * scale, 1), scale);
    if (!png)
        return fail (error, TAMGA_RENDER_ERROR_FAILED, "The page could not be drawn.");
    GVariantBuilder answer;
    g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_steal_pointer (&png));
    g_variant_builder_init (&answer, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&answer, "{sv}", "png",
                           g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
    return g_variant_builder_end (&answer);
}

static GVariant *serve_size (PopplerDocument **document, GVariant *arguments, int fd,
                             GError **error)
{
    (void)fd;
    double width, height;
    g_autoptr (PopplerPage) page = page_of (*document, arguments, error);
    if (!page)
        return NULL;
    poppler_page_get_size (page, &width, &height);
    GVariantBuilder answer;
    g_variant_builder_init (&answer, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&answer, "{sv}", "width", g_variant_new_double (width));
    g_variant_builder_add (&answer, "{sv}", "height", g_variant_new_double (height));
    return g_variant_builder_end (&answer);
}

static GVariant *serve_text (PopplerDocument **document, GVariant *arguments, int fd,
                             GError **error)
{
    (void)fd;
    g_autoptr (PopplerPage) page = page_of (*document, arguments, error);
    if (!page)
        return NULL;
    g_autofree char *text = poppler_page_get_text (page);
    g_autofree char *valid = g_utf8_make_valid (text ? text : "", -1);
    if (strlen (valid) > MAX_TEXT)
        return fail (error, TAMGA_RENDER_ERROR_LIMIT, "The page has too much text.");
    GVariantBuilder answer;
    g_variant_builder_init (&answer, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&answer, "{sv}", "text", g_variant_new_string (valid));
    return g_variant_builder_end (&answer);
}

static GVariant *serve (const char *verb, GVariant *arguments, int fd, gpointer data,
                        GError **error)
{
    static const struct {
        const char *verb;
        GVariant *(*serve) (PopplerDocument **, GVariant *, int, GError **);
    } verbs[] = {
        {"open", serve_open}, {"page", serve_page}, {"size", serve_size}, {"text", serve_text}};
    for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++) {
        if (strcmp (verbs[i].verb, verb) == 0)
            return verbs[i].serve (data, arguments, fd, error);
    }
    return fail (error, TAMGA_RENDER_ERROR_FAILED, "There is no such request.");
}

int main (void)
{
    PopplerDocument *document = NULL;
    tamga_helper_harden ();
    tamga_render_confine ();
    int status = tamga_helper_serve (TAMGA_RENDER_ERROR, tamga_render_codes, serve, &document);
    /* What fontconfig and poppler keep for the life of a process goes with it. */
    _exit (status);
}
