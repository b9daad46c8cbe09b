/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making of JAdES signatures: TamgaFormat.prepare, embed and timestamped. */
#pragma once

#include "formats/format.h"

TamgaPreparation *tamga_jose_prepare (TamgaDocument *document,
                                      const TamgaSigningParameters *parameters, GError **error);
gboolean tamga_jose_embed (TamgaPreparation *preparation, GBytes *signature, GBytes *timestamp,
                           const TamgaEvidence *evidence, TamgaOutput *output, GError **error);
/* The base64url text of the value (TS 119 182-1 5.3.4). */
GBytes *tamga_jose_timestamped (TamgaPreparation *preparation, GBytes *signature, GError **error);
