/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adding timestamps and evidence to CAdES signatures that exist: levels T, LT, LTA. */
#pragma once

#include "formats/format.h"

/* A row of the format table. */
gboolean tamga_cades_extend (TamgaDocument *document, const TamgaReadOptions *options,
                             const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                             TamgaOutput *output, GError **error);
