/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error domains of `formats`. */
#include "formats/error.h"

G_DEFINE_QUARK (tamga-document-error-quark, tamga_document_error)
G_DEFINE_QUARK (tamga-format-error-quark, tamga_format_error)

gboolean tamga_format_refuse (GError **error, TamgaFormatError code, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_set_error_literal (error, TAMGA_FORMAT_ERROR, (int)code, text);
    return FALSE;
}
