/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is added to a PDF after signing: evidence and document time-stamps, each as an update behind
 * the bytes that are there (EN 319 142-1 5.4, 6.2.1). */
#pragma once

#include "formats/format.h"

/* `extend` and `timestamp` of tamga_pades_format. A signature time-stamp lies inside /Contents,
 * which earlier digests and the file's other bytes are laid out around, so level T too is a
 * document time-stamp (EN 319 142-1 6.3: either of them). Evidence that is there already is not
 * written again. A signature whose bytes are broken is UNSUPPORTED. */
gboolean tamga_pdf_extend (TamgaDocument *document, const TamgaReadOptions *options,
                           const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                           TamgaOutput *output, GError **error);
gboolean tamga_pdf_timestamp (TamgaDocument *document, const TamgaReadOptions *options,
                              const TamgaStamper *stamper, TamgaOutput *output, GError **error);
