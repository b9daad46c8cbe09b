/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST R 34.10-2012, which is the Kazakh ST RK GOST R 34.10-2015, and its ancestor GOST 34.310-2004
 * (the same mathematics). Only what the provider needs: octets in, octets out.
 *
 * Byte order is the Kazakh one everywhere: a scalar, a coordinate and each half of a signature is
 * little-endian, a point is x || y, a signature r || s. Digests are as the hash function gives
 * them. Everything that reads a private key runs in constant time, or blinds it; the source says
 * which. */
#pragma once

#include <glib.h>

typedef struct {
    const char *name; /* "id-tc26-gost-3410-2012-512-paramSetA" */
    gsize size;       /* octets of a coordinate, of a scalar and of the digest */
    int bits;         /* of the order of the base point */
} TamgaGostCurve;

#define TAMGA_GOST_MAX_SIZE 64

extern const TamgaGostCurve tamga_gost_512_a; /* RFC 7836 A.1; Kazakh 1.2.398.3.10.1.1.2.2.1 */
extern const TamgaGostCurve tamga_gost_256_a; /* RFC 7836 A.2; Kazakh 1.2.398.3.10.1.1.2.1.1 */
extern const TamgaGostCurve tamga_gost_cryptopro_a; /* RFC 4357 11.4; key 34.310-2004 */

/* On the curve, not the neutral element, coordinates below p; on a curve with a cofactor also of
 * the order of the base point. `point`: 2 * size octets. */
gboolean tamga_gost_point_valid (const TamgaGostCurve *curve, const guint8 *point);

/* The public point of a private scalar. FALSE: the scalar is zero or not below the order. */
gboolean tamga_gost_public (const TamgaGostCurve *curve, const guint8 *scalar, guint8 *point);

/* A private scalar at random, 0 < d < q. FALSE: no randomness. */
gboolean tamga_gost_generate (const TamgaGostCurve *curve, guint8 *scalar);

/* `digest`: size octets; `signature`: 2 * size octets. The nonce is that of nonce.h. FALSE: the
 * scalar is out of range, or no randomness. */
gboolean tamga_gost_sign (const TamgaGostCurve *curve, const guint8 *scalar, const guint8 *digest,
                          guint8 *signature);

/* FALSE also for r or s that is zero or not below the order, and for a point that is not valid. */
gboolean tamga_gost_verify (const TamgaGostCurve *curve, const guint8 *point, const guint8 *digest,
                            const guint8 *signature);
