/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was in a file before it was extended is in it afterwards: every signature, every timestamp,
 * every piece of evidence, and what was intact is intact. Private to client/sign. */
#pragma once

#include "formats/format.h"

/* The index of the signature with this value (form of CMS) among `signatures` as `read` gave them.
 */
gboolean tamga_kept_find (const GPtrArray *signatures, GBytes *value, guint *index, GError **error);

/* Reads what was written to `output` and compares it with `before` (TamgaSignature). FALSE with
 * TAMGA_SIGN_ERROR_LOST where something is missing or broken now. */
gboolean tamga_kept_check (const GPtrArray *before, const TamgaFormat *format, TamgaOutput *output,
                           const TamgaReadOptions *options, GError **error);
