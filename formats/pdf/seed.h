/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Seed values: what the author of a signature field demands of its signature (ISO 32000-1
 * 12.7.4.5, tables 234 and 235). */
#pragma once

#include "formats/format.h"
#include "formats/pdf/file.h"

/* FALSE with FORBIDDEN when a demand is not met, or is one that we cannot meet. */
gboolean tamga_pdf_seed_check (const TamgaPdfRevision *view, TamgaPdfObject *field,
                               const TamgaSigningParameters *parameters, GError **error);
