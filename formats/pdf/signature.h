/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading every signature of a PDF (ISO 32000-1 12.8). What the bytes say decides, not what a
 * dictionary claims: see threats.md part a. */
#pragma once

#include "formats/format.h"

/* `read` of tamga_pades_format. */
GPtrArray *tamga_pdf_read_signatures (TamgaDocument *document, const TamgaReadOptions *options,
                                      GError **error);
