/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that appears whole or not at all: written to an unnamed file of the target's folder,
 * synced, and only then given its name. Whatever ends the program before leaves nothing. */
#pragma once

#include "formats/document.h"

typedef struct _TamgaOutput TamgaOutput;

/* TAMGA_DOCUMENT_ERROR_EXISTS at once when `path` exists and `replace` is FALSE; mode of the new
 * file: 0666 less the umask, or that of the file it replaces. "-" collects for standard output. */
TamgaOutput *tamga_output_open (const char *path, gboolean replace, GError **error);
/* Collects in memory; tamga_output_commit then keeps it for tamga_output_steal_bytes. */
TamgaOutput *tamga_output_new_memory (void);
/* Discards what was not committed. */
void tamga_output_free (TamgaOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaOutput, tamga_output_free)

guint64 tamga_output_size (TamgaOutput *output); /* bytes written so far */
gboolean tamga_output_write (TamgaOutput *output, const void *data, gsize length, GError **error);
gboolean tamga_output_write_bytes (TamgaOutput *output, GBytes *bytes, GError **error);
gboolean tamga_output_printf (TamgaOutput *output, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* Copies a range of a document (copy_file_range where the system can). */
gboolean tamga_output_copy (TamgaOutput *output, TamgaDocument *document, guint64 offset,
                            guint64 length, TamgaProgress progress, gpointer progress_data,
                            GError **error);
/* Overwrites bytes that were written before (a placeholder). */
gboolean tamga_output_patch (TamgaOutput *output, guint64 offset, const void *data, gsize length,
                             GError **error);
/* What was written so far, as a document to hash or parse; valid while `output` lives. */
TamgaDocument *tamga_output_document (TamgaOutput *output, GError **error);
/* fsync, name, fsync of the folder. */
gboolean tamga_output_commit (TamgaOutput *output, GError **error);
GBytes *tamga_output_steal_bytes (TamgaOutput *output);
