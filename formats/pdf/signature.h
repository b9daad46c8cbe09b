/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading every signature of a PDF (ISO 32000-1 12.8). What the bytes say decides, not what a
 * dictionary claims: see threats.md part a. */
#pragma once

#include "formats/format.h"
#include "formats/pdf/found.h"

/* `read` of tamga_pades_format. */
GPtrArray *tamga_pdf_read_signatures (TamgaDocument *document, const TamgaReadOptions *options,
                                      GError **error);
/* The same for a file that is open: `found` gets the signature dictionaries, `owners` the one
 * (TamgaPdfFound) of each signature. Both are set to what the caller unrefs, on errors too (then
 * `owners` may be NULL). */
GPtrArray *tamga_pdf_read (TamgaPdf *pdf, const TamgaReadOptions *options, GPtrArray **found,
                           GPtrArray **owners, GError **error);
/* The password of the options, or NULL. */
GBytes *tamga_pdf_password (const TamgaReadOptions *options);
