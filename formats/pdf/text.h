/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a page has text (ISO 32000-1 9.4), roughly: enough to say that something is drawn over it.
 */
#pragma once

#include "formats/pdf/file.h"

/* Is there text of the page's content inside `box` (left, bottom, right, top in page space)? Widths
 * of glyphs are estimated. FALSE also where the content cannot be decoded. */
gboolean tamga_pdf_text_in_box (const TamgaPdfRevision *view, const TamgaPdfPage *page,
                                const double *box);
