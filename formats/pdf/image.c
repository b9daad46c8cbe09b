/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PNG of any kind becomes 8-bit RGB, its transparency a soft mask. */
#include "formats/pdf/image.h"

#include <png.h>
#include <string.h>

#include "formats/limits.h"

#define MAX_PIXELS (16u * 1024 * 1024)

static guint8 *decode (GBytes *png, guint *width, guint *height, GError **error)
{
    gsize length;
    const void *data = g_bytes_get_data (png, &length);
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (length > TAMGA_MAX_IMAGE_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "the image for the signature is larger than %u MiB",
                     TAMGA_MAX_IMAGE_SIZE >> 20);
        return NULL;
    }
    if (!png_image_begin_read_from_memory (&image, data, length)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "the image for the signature is not a PNG that can be read (%s)",
                     image.message);
        return NULL;
    }
    image.format = PNG_FORMAT_RGBA;
    if ((guint64)image.width * image.height > MAX_PIXELS) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "the image for the signature has more than %u million pixels",
                     MAX_PIXELS >> 20);
        png_image_free (&image);
        return NULL;
    }
    g_autofree guint8 *pixels = g_try_malloc (PNG_IMAGE_SIZE (image));
    if (pixels == NULL || !png_image_finish_read (&image, NULL, pixels, 0, NULL)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "the image for the signature is damaged (%s)", image.message);
        png_image_free (&image);
        return NULL;
    }
    *width = image.width;
    *height = image.height;
    return g_steal_pointer (&pixels);
}

static TamgaPdfObject *image_dict (TamgaPdfUpdate *update, const char *space, guint width,
                                   guint height)
{
    return tamga_pdf_new_parsed (tamga_pdf_update_arena (update),
                                 "<< /Type /XObject /Subtype /Image /ColorSpace /%s "
                                 "/BitsPerComponent 8 /Width %u /Height %u >>",
                                 space, width, height);
}

guint32 tamga_pdf_image_add (TamgaPdfUpdate *update, GBytes *png, guint *width, guint *height,
                             GError **error)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    g_autofree guint8 *pixels = decode (png, width, height, error);
    if (pixels == NULL)
        return 0;
    gsize n = (gsize)*width * *height;
    gboolean transparent = FALSE;
    g_autofree guint8 *alpha = g_malloc (n);
    for (gsize i = 0; i < n; i++) {
        alpha[i] = pixels[4 * i + 3];
        transparent = transparent || alpha[i] != 255;
        memmove (pixels + 3 * i, pixels + 4 * i, 3);
    }
    TamgaPdfObject *dict = image_dict (update, "DeviceRGB", *width, *height);
    if (transparent) {
        g_autoptr (GBytes) mask = g_bytes_new_take (g_steal_pointer (&alpha), n);
        guint32 number = tamga_pdf_update_add_stream (
            update, image_dict (update, "DeviceGray", *width, *height), mask, TRUE);
        tamga_pdf_dict_set (arena, dict, "SMask", tamga_pdf_new_ref (arena, number, 0));
    }
    g_autoptr (GBytes) colors = g_bytes_new_take (g_steal_pointer (&pixels), 3 * n);
    return tamga_pdf_update_add_stream (update, dict, colors, TRUE);
}
