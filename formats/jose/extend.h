/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Levels T, LT and LTA for signatures that are there. */
#pragma once

#include "formats/format.h"

/* TamgaFormat.extend. */
gboolean tamga_jose_extend (TamgaDocument *document, const TamgaReadOptions *options,
                            const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                            TamgaOutput *output, GError **error);
