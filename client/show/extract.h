/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Giving back what was signed, as files. Names come out of the container: whoever made it chooses
 * them, so nothing of them is believed. */
#pragma once

#include "formats/format.h"

/* A name for the only original: the stored one without its folders, else the input's without the
 * extension of the signature. NULL with TAMGA_FORMAT_ERROR_PARAMETER where neither is fit to be one
 * (control characters, hidden file, standard input): the caller must be told a name. */
char *tamga_extract_file_name (const char *input, const TamgaOriginal *original, GError **error);
/* The same for the folder of several. */
char *tamga_extract_folder_name (const char *input, GError **error);

/* One original into a file, whole or not at all. "-": standard output. */
gboolean tamga_extract_file (const TamgaOriginal *original, const char *path, gboolean replace,
                             TamgaProgress progress, gpointer progress_data, GError **error);
/* All of them below `folder`, which must not exist and appears whole or not at all. Every name is
 * checked before anything is written: relative, without "..", without characters that hide
 * something, no two the same. Errors: TAMGA_FORMAT_ERROR_MALFORMED (a name), TAMGA_DOCUMENT_ERROR.
 */
gboolean tamga_extract_folder (GPtrArray *originals, const char *folder, TamgaProgress progress,
                               gpointer progress_data, GError **error);
