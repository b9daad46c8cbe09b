/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two sources of arithmetic behind gost3410.h. */
#pragma once

#include "formats/national/gost3410.h"

/* Scalars, points, digests and signatures in the byte order of gost3410.h; ranges are checked
 * behind these. */
typedef struct {
    gboolean (*point_valid) (const TamgaGostCurve *curve, const guint8 *point);
    gboolean (*public_point) (const TamgaGostCurve *curve, const guint8 *scalar, guint8 *point);
    gboolean (*sign) (const TamgaGostCurve *curve, const guint8 *scalar, const guint8 *digest,
                      guint8 *signature);
    gboolean (*verify) (const TamgaGostCurve *curve, const guint8 *point, const guint8 *digest,
                        const guint8 *signature);
} TamgaGostArithmetic;

extern const TamgaGostArithmetic tamga_gost_nettle;  /* the curves that nettle has */
extern const TamgaGostArithmetic tamga_gost_openssl; /* any other, from its numbers */
