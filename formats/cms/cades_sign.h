/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in CAdES: a new SignedData, one more signer of an existing one, or a countersignature. */
#pragma once

#include "formats/format.h"

/* Rows of the format table. */
TamgaPreparation *tamga_cades_prepare (TamgaDocument *document,
                                       const TamgaSigningParameters *parameters, GError **error);
gboolean tamga_cades_embed (TamgaPreparation *preparation, GBytes *signature, GBytes *timestamp,
                            const TamgaEvidence *evidence, TamgaOutput *output, GError **error);
