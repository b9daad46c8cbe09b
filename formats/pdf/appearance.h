/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The appearance of a visible signature (ISO 32000-1 12.5.5): text in an embedded font that has the
 * signer's script, and a PNG image. */
#pragma once

#include "formats/format.h"
#include "formats/pdf/update.h"

/* Adds the form XObject for a box of width x height points as a reader sees it on a page turned by
 * `rotate` degrees. Returns its number; 0 with PARAMETER (image), UNSUPPORTED (no font). */
guint32 tamga_pdf_appearance_add (TamgaPdfUpdate *update, const TamgaVisible *visible, double width,
                                  double height, int rotate, GError **error);
