/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST R 34.10-2012 by nettle's libhogweed, on the two curves of ours that it has.
 *
 * Timing: nettle's multiplication of the base point reads its tables in constant time and has no
 * branches that depend on the scalar, and its arithmetic modulo q has none either, so that both
 * steps of a signature, r = x (k G) and s = r d + k e, are in constant time; nothing is blinded.
 * Scalars go from octets to limbs and back without looking at them. The functions below nettle's
 * convenient ones are used since these leave the nonce behind on their stack. */
#include <nettle/ecc.h>
#include <nettle/gostdsa.h>
#include <openssl/crypto.h>

#include "formats/national/gost3410_internal.h"

#define MAX_LIMBS (TAMGA_GOST_MAX_SIZE / sizeof (mp_limb_t))

G_STATIC_ASSERT (GMP_NAIL_BITS == 0);
G_STATIC_ASSERT (32 % sizeof (mp_limb_t) == 0); /* the smaller of the curves' sizes */

static void limbs_from_octets (mp_limb_t *limbs, const guint8 *octets, gsize size)
{
    for (gsize i = 0; i < size; i += sizeof (mp_limb_t)) {
        mp_limb_t limb = 0;
        for (gsize j = 0; j < sizeof (mp_limb_t); j++)
            limb |= (mp_limb_t)octets[i + j] << (8 * j);
        limbs[i / sizeof (mp_limb_t)] = limb;
    }
}

static void octets_from_limbs (guint8 *octets, const mp_limb_t *limbs, gsize size)
{
    for (gsize i = 0; i < size; i++)
        octets[i] = (guint8)(limbs[i / sizeof (mp_limb_t)] >> (8 * (i % sizeof (mp_limb_t))));
}

/* FALSE: not on the curve. `point` is initialised in any case. Both curves have a prime number of
 * points, so that each point but the neutral one, which has no coordinates, is of order q. */
static gboolean load_point (const TamgaGostDomain *domain, const guint8 *octets,
                            struct ecc_point *point)
{
    mp_limb_t limbs[2 * MAX_LIMBS];
    mp_size_t n = (mp_size_t)(domain->size / sizeof (mp_limb_t));
    mpz_t x, y;
    limbs_from_octets (limbs, octets, 2 * domain->size);
    ecc_point_init (point, domain->ecc);
    return ecc_point_set (point, mpz_roinit_n (x, limbs, n), mpz_roinit_n (y, limbs + n, n)) == 1;
}

static gboolean nettle_valid (const TamgaGostDomain *domain, const guint8 *octets)
{
    struct ecc_point point;
    gboolean valid = load_point (domain, octets, &point);
    ecc_point_clear (&point);
    return valid;
}

static gboolean nettle_public (const TamgaGostDomain *domain, const guint8 *scalar, guint8 *octets)
{
    mp_limb_t limbs[MAX_LIMBS];
    struct ecc_scalar d = {domain->ecc, limbs};
    struct ecc_point point;
    limbs_from_octets (limbs, scalar, domain->size);
    ecc_point_init (&point, domain->ecc);
    ecc_point_mul_g (&point, &d);
    octets_from_limbs (octets, point.p, 2 * domain->size);
    ecc_point_clear (&point);
    OPENSSL_cleanse (limbs, sizeof limbs);
    return TRUE;
}

static gboolean nettle_sign (const TamgaGostDomain *domain, const guint8 *scalar,
                             const guint8 *nonce, const guint8 *e, guint8 *signature)
{
    struct {
        mp_limb_t d[MAX_LIMBS], k[MAX_LIMBS], r[MAX_LIMBS], s[MAX_LIMBS];
    } limbs;
    gsize room = (gsize)ecc_gostdsa_sign_itch (domain->ecc) * sizeof (mp_limb_t);
    mp_limb_t *scratch = g_malloc (room);
    limbs_from_octets (limbs.d, scalar, domain->size);
    limbs_from_octets (limbs.k, nonce, domain->size);
    ecc_gostdsa_sign (domain->ecc, limbs.d, limbs.k, domain->size, e, limbs.r, limbs.s, scratch);
    octets_from_limbs (signature, limbs.r, domain->size);
    octets_from_limbs (signature + domain->size, limbs.s, domain->size);
    OPENSSL_cleanse (scratch, room);
    OPENSSL_cleanse (&limbs, sizeof limbs);
    g_free (scratch);
    return TRUE;
}

static gboolean nettle_verify (const TamgaGostDomain *domain, const guint8 *octets, const guint8 *e,
                               const guint8 *signature)
{
    mp_limb_t r[MAX_LIMBS], s[MAX_LIMBS];
    struct ecc_point point;
    gboolean good = load_point (domain, octets, &point);
    limbs_from_octets (r, signature, domain->size);
    limbs_from_octets (s, signature + domain->size, domain->size);
    g_autofree mp_limb_t *scratch = g_new (mp_limb_t, (gsize)ecc_gostdsa_verify_itch (domain->ecc));
    good = good && ecc_gostdsa_verify (domain->ecc, point.p, domain->size, e, r, s, scratch) == 1;
    ecc_point_clear (&point);
    return good;
}

const TamgaGostArithmetic tamga_gost_nettle = {nettle_valid, nettle_public, nettle_sign,
                                               nettle_verify};
