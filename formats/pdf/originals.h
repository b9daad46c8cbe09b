/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states of a PDF that were signed, each a prefix of the file. */
#pragma once

#include "formats/format.h"

/* `originals` of tamga_pades_format: one document. `which`: "signature N" as read; "revision N",
 * whether signed or not; NULL: the latest signature (or, without one, document time-stamp). What a
 * signature covers includes its own dictionary: the file before signing is the revision before it.
 * PARAMETER: there is no such one; MALFORMED: the bytes that were signed are not in the file. */
GPtrArray *tamga_pdf_originals (TamgaDocument *document, const TamgaReadOptions *options,
                                const char *which, GError **error);
