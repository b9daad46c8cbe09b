/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document security store (EN 319 142-1 5.4.2, ISO 32000-2 12.8.4.3): evidence in a PDF. */
#pragma once

#include "formats/format.h"
#include "formats/pdf/update.h"

/* Adds `evidence` to the store of the file, keeping what is there, without duplicates; and a /VRI
 * entry for the signature whose /Contents value is `contents` (padding included), made at `time`.
 */
gboolean tamga_pdf_dss_add (TamgaPdfUpdate *update, const TamgaEvidence *evidence, GBytes *contents,
                            gint64 time, GError **error);
/* Everything in the store of a revision, VRI included. Entries that cannot be read are left out. */
TamgaEvidence *tamga_pdf_dss_read (const TamgaPdfRevision *view);
/* A PDF date in UTC (7.9.4), and back; G_MININT64 when it cannot be read. */
char *tamga_pdf_date (gint64 time);
gint64 tamga_pdf_date_parse (const char *text);
