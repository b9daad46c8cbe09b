/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoding of the streams that the structure of a file depends on: cross-reference and object
 * streams (ISO 32000-1 7.4). Content and images are never decoded. */
#include "formats/pdf/file.h"

#include <string.h>
#include <zlib.h>

static GBytes *inflate_bytes (GBytes *raw, gsize limit, GError **error)
{
    z_stream stream = {0};
    gsize length;
    stream.next_in = (Bytef *)g_bytes_get_data (raw, &length);
    stream.avail_in = (uInt)MIN (length, G_MAXUINT32);
    if (inflateInit (&stream) != Z_OK) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "no memory to decompress a stream");
        return NULL;
    }
    g_autoptr (GByteArray) out = g_byte_array_new ();
    guint8 buffer[32768];
    int status = Z_OK;
    while (status == Z_OK && out->len <= limit) {
        stream.next_out = buffer;
        stream.avail_out = sizeof buffer;
        status = inflate (&stream, Z_NO_FLUSH);
        g_byte_array_append (out, buffer, sizeof buffer - stream.avail_out);
    }
    inflateEnd (&stream);
    if (out->len > limit) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "a stream decompresses to more than %" G_GSIZE_FORMAT " bytes", limit);
        return NULL;
    }
    if (status != Z_STREAM_END) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "a compressed stream is damaged (ISO 32000-1 7.4.4)");
        return NULL;
    }
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

static GBytes *unhex (GBytes *raw)
{
    gsize length;
    const char *data = g_bytes_get_data (raw, &length);
    GByteArray *out = g_byte_array_new ();
    int high = -1;
    for (gsize i = 0; i < length && data[i] != '>'; i++) {
        int digit = g_ascii_xdigit_value (data[i]);
        if (digit < 0)
            continue;
        if (high < 0) {
            high = digit;
        } else {
            guint8 byte = (guint8)(high << 4 | digit);
            g_byte_array_append (out, &byte, 1);
            high = -1;
        }
    }
    return g_byte_array_free_to_bytes (out);
}

static guint8 paeth (int a, int b, int c)
{
    int p = a + b - c;
    int pa = ABS (p - a), pb = ABS (p - b), pc = ABS (p - c);
    return (guint8)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/* PNG predictors (7.4.4.4): each row begins with its filter type. */
static GBytes *undo_png (GBytes *bytes, gsize columns, gsize colors, gsize bits, GError **error)
{
    gsize length, unit = MAX (1, colors * bits / 8), row = (columns * colors * bits + 7) / 8;
    const guint8 *in = g_bytes_get_data (bytes, &length);
    gsize rows = length / (row + 1);
    g_autofree guint8 *out = g_try_malloc0 (MAX (1, rows * row));
    g_autofree guint8 *zero = g_try_malloc0 (MAX (1, row));
    gboolean good = out != NULL && zero != NULL;
    for (gsize r = 0; r < rows && good; r++) {
        const guint8 *source = in + r * (row + 1) + 1;
        const guint8 *above = r > 0 ? out + (r - 1) * row : zero;
        guint8 *target = out + r * row;
        guint8 type = source[-1];
        good = type <= 4;
        for (gsize i = 0; i < row && good; i++) {
            int a = i >= unit ? target[i - unit] : 0, b = above[i];
            int c = i >= unit ? above[i - unit] : 0;
            int add = type == 0   ? 0
                      : type == 1 ? a
                      : type == 2 ? b
                      : type == 3 ? (a + b) / 2
                                  : paeth (a, b, c);
            target[i] = (guint8)(source[i] + add);
        }
    }
    if (!good) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "a predictor of a stream is damaged (ISO 32000-1 7.4.4.4)");
        return NULL;
    }
    return g_bytes_new_take (g_steal_pointer (&out), rows * row);
}

static gint64 parameter (TamgaPdfObject *parms, const char *key, gint64 otherwise)
{
    TamgaPdfObject *value = tamga_pdf_key (parms, key);
    return value->type == TAMGA_PDF_INTEGER ? value->integer : otherwise;
}

static GBytes *predict (TamgaPdfObject *parms, GBytes *bytes, GError **error)
{
    gint64 predictor = parameter (parms, "Predictor", 1);
    gint64 columns = parameter (parms, "Columns", 1), colors = parameter (parms, "Colors", 1);
    gint64 bits = parameter (parms, "BitsPerComponent", 8);
    if (predictor == 1)
        return g_bytes_ref (bytes);
    if (predictor < 10 || predictor > 15 || columns < 1 || columns > 65536 || colors < 1 ||
        colors > 32 || bits < 1 || bits > 16) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "a structural stream uses predictor %" G_GINT64_FORMAT
                     ", which is not supported",
                     predictor);
        return NULL;
    }
    return undo_png (bytes, (gsize)columns, (gsize)colors, (gsize)bits, error);
}

GBytes *tamga_pdf_filter (const TamgaPdfRevision *view, TamgaPdfObject *stream, GBytes *raw,
                          gsize limit, GError **error)
{
    TamgaPdfObject *filter = tamga_pdf_get (view, stream, "Filter");
    TamgaPdfObject *parms = tamga_pdf_get (view, stream, "DecodeParms");
    gsize n = filter->type == TAMGA_PDF_ARRAY  ? filter->array.n
              : filter->type == TAMGA_PDF_NAME ? 1
                                               : 0;
    g_autoptr (GBytes) bytes = g_bytes_ref (raw);
    for (gsize i = 0; i < n; i++) {
        TamgaPdfObject *name =
            filter->type == TAMGA_PDF_ARRAY ? tamga_pdf_item (view, filter, i) : filter;
        TamgaPdfObject *parm =
            parms->type == TAMGA_PDF_ARRAY ? tamga_pdf_item (view, parms, i) : parms;
        g_autoptr (GBytes) next = NULL;
        if (i == 0 && tamga_pdf_is_name (name, "Crypt")) {
            next = g_bytes_ref (bytes); /* was undone when the data were read */
        } else if (tamga_pdf_is_name (name, "FlateDecode")) {
            g_autoptr (GBytes) plain = inflate_bytes (bytes, limit, error);
            next = plain != NULL ? predict (parm, plain, error) : NULL;
        } else if (tamga_pdf_is_name (name, "ASCIIHexDecode")) {
            next = unhex (bytes);
        } else {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                         "a structural stream uses the filter %s, which is not supported",
                         name->type == TAMGA_PDF_NAME ? name->text.data : "(none)");
        }
        if (next == NULL)
            return NULL;
        g_bytes_unref (bytes);
        bytes = g_steal_pointer (&next);
    }
    return g_steal_pointer (&bytes);
}
