/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST 34.10: which curve is computed by what. */
#include "formats/national/gost3410.h"

#include <openssl/rand.h>

#include "formats/national/gost3410_internal.h"

const TamgaGostCurve tamga_gost_512_a = {"id-tc26-gost-3410-2012-512-paramSetA", 64, 512};
const TamgaGostCurve tamga_gost_256_a = {"id-tc26-gost-3410-2012-256-paramSetA", 32, 255};
const TamgaGostCurve tamga_gost_cryptopro_a = {"id-GostR3410-2001-CryptoPro-A-ParamSet", 32, 256};

static const TamgaGostArithmetic *arithmetic (const TamgaGostCurve *curve)
{
    return curve == &tamga_gost_256_a ? &tamga_gost_openssl : &tamga_gost_nettle;
}

gboolean tamga_gost_point_valid (const TamgaGostCurve *curve, const guint8 *point)
{
    return arithmetic (curve)->point_valid (curve, point);
}

gboolean tamga_gost_public (const TamgaGostCurve *curve, const guint8 *scalar, guint8 *point)
{
    return arithmetic (curve)->public_point (curve, scalar, point);
}

gboolean tamga_gost_generate (const TamgaGostCurve *curve, guint8 *scalar)
{
    guint8 point[2 * TAMGA_GOST_MAX_SIZE];
    do {
        if (RAND_priv_bytes (scalar, (int)curve->size) != 1)
            return FALSE;
        scalar[curve->size - 1] &= (guint8)(0xff >> (curve->size * 8 - (gsize)curve->bits));
    } while (!tamga_gost_public (curve, scalar, point));
    return TRUE;
}

gboolean tamga_gost_sign (const TamgaGostCurve *curve, const guint8 *scalar, const guint8 *digest,
                          guint8 *signature)
{
    return arithmetic (curve)->sign (curve, scalar, digest, signature);
}

gboolean tamga_gost_verify (const TamgaGostCurve *curve, const guint8 *point, const guint8 *digest,
                            const guint8 *signature)
{
    return arithmetic (curve)->verify (curve, point, digest, signature);
}
