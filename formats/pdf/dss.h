/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document security store (EN 319 142-1 5.4.2, ISO 32000-2 12.8.4.3): evidence in a PDF. */
#pragma once

#include "formats/format.h"
#include "formats/pdf/update.h"

/* Evidence of one signature or document time-stamp. Borrowed. */
typedef struct {
    const TamgaEvidence *evidence;
    GBytes *contents; /* its /Contents value, padding included: names the /VRI entry */
} TamgaPdfDssEntry;

/* Adds what the store of the file lacks, and a /VRI entry for each signature; what is there stays,
 * by reference. `time`: when it was gathered (/TU); G_MININT64 when that is not known. */
gboolean tamga_pdf_dss_add (TamgaPdfUpdate *update, const TamgaPdfDssEntry *entries, gsize n,
                            gint64 time, GError **error);
/* Does the store of a revision have all of it already, under the signature's /VRI? */
gboolean tamga_pdf_dss_has (const TamgaPdfRevision *view, const TamgaPdfDssEntry *entry);
/* Everything in the store of a revision, VRI included. Entries that cannot be read are left out. */
TamgaEvidence *tamga_pdf_dss_read (const TamgaPdfRevision *view);
/* A PDF date in UTC (7.9.4), and back; G_MININT64 when it cannot be read. */
char *tamga_pdf_date (gint64 time);
gint64 tamga_pdf_date_parse (const char *text);
