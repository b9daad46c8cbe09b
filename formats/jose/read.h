/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signatures of a JWS as the neutral model has them. */
#pragma once

#include "formats/jose/jws.h"

/* Elements: TamgaSignature; countersignatures follow the signature that they belong to. Their ids:
 * "signature N", "countersignature M of signature N". */
GPtrArray *tamga_jose_read (const TamgaJws *jws, const TamgaReadOptions *options, GError **error);
/* RFC 7518 3.4: each ES algorithm has its curve. TRUE for every other algorithm. */
gboolean tamga_jose_fits_curve (const TamgaAlgorithm *algorithm, EVP_PKEY *key);
