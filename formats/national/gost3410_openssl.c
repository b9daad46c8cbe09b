/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST R 34.10-2012 by OpenSSL's arithmetic, on curves that nettle does not have.
 *
 * Timing: k G and d G are calculated by OpenSSL's constant-time ladder with randomised
 * coordinates, which EC_POINT_mul takes since the group has its order and cofactor. Of
 * s = r d + k e, each product is calculated as ((r b) d + (e b) k) / b with a random b, so that
 * what multiplies a secret is blinded; the products are Montgomery's, in constant time but for
 * numbers whose topmost word is zero, the sum may show something of blinded numbers only, and b is
 * inverted by the variant of OpenSSL without branches. Octets of d and k become numbers by
 * BN_lebin2bn, whose time tells how many of the topmost octets are zero: as much as ECDSA in
 * OpenSSL tells. What verifies, and the test of a point's order, handles public numbers only and is
 * not in constant time. */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "formats/national/gost3410_internal.h"

/* Numbers of one calculation; all of them are wiped at its end. */
typedef struct {
    const TamgaGostDomain *domain;
    BN_CTX *context;
    EC_POINT *point;
} Work;

static gboolean work_begin (Work *work, const TamgaGostDomain *domain)
{
    *work = (Work){domain, BN_CTX_new (), EC_POINT_new (domain->group)};
    if (work->context != NULL)
        BN_CTX_start (work->context);
    return work->context != NULL && work->point != NULL;
}

/* Hands `result` through, and empties OpenSSL's queue of errors. */
static gboolean work_end (Work *work, gboolean result)
{
    EC_POINT_clear_free (work->point);
    if (work->context != NULL)
        BN_CTX_end (work->context);
    BN_CTX_free (work->context); /* wipes the numbers */
    ERR_clear_error ();
    return result;
}

/* A new number, 0 without `octets`. NULL: no memory. Secret ones get BN_FLG_CONSTTIME. */
static BIGNUM *number (Work *work, const guint8 *octets, gboolean secret)
{
    BIGNUM *result = BN_CTX_get (work->context);
    if (result != NULL && secret)
        BN_set_flags (result, BN_FLG_CONSTTIME);
    if (result != NULL && octets != NULL &&
        BN_lebin2bn (octets, (int)work->domain->size, result) == NULL)
        return NULL;
    return result;
}

static gboolean octets_of (const Work *work, const BIGNUM *value, guint8 *octets)
{
    int size = (int)work->domain->size;
    return BN_bn2lebinpad (value, octets, size) == size;
}

/* The point of these coordinates into work->point; FALSE: not on the curve. */
static gboolean load_point (Work *work, const guint8 *octets)
{
    BIGNUM *x = number (work, octets, FALSE);
    BIGNUM *y = number (work, octets + work->domain->size, FALSE);
    return x != NULL && y != NULL &&
           EC_POINT_set_affine_coordinates (work->domain->group, work->point, x, y,
                                            work->context) == 1;
}

/* The group may have more points than those of order q: q times the point must be neutral. */
static gboolean openssl_valid (const TamgaGostDomain *domain, const guint8 *octets)
{
    Work work;
    const EC_GROUP *group = domain->group;
    gboolean valid = work_begin (&work, domain) && load_point (&work, octets) &&
                     EC_POINT_mul (group, work.point, NULL, work.point, EC_GROUP_get0_order (group),
                                   work.context) == 1 &&
                     EC_POINT_is_at_infinity (group, work.point) == 1;
    return work_end (&work, valid);
}

/* Coordinates of the base point times `scalar`, which is secret; `y` may be NULL. */
static gboolean multiply_base (Work *work, const BIGNUM *scalar, BIGNUM *x, BIGNUM *y)
{
    const EC_GROUP *group = work->domain->group;
    return EC_POINT_mul (group, work->point, scalar, NULL, NULL, work->context) == 1 &&
           EC_POINT_get_affine_coordinates (group, work->point, x, y, work->context) == 1;
}

static gboolean openssl_public (const TamgaGostDomain *domain, const guint8 *scalar, guint8 *octets)
{
    Work work;
    gboolean ok = work_begin (&work, domain);
    BIGNUM *d = ok ? number (&work, scalar, TRUE) : NULL;
    BIGNUM *x = ok ? number (&work, NULL, FALSE) : NULL;
    BIGNUM *y = ok ? number (&work, NULL, FALSE) : NULL;
    ok = d != NULL && y != NULL && multiply_base (&work, d, x, y) && octets_of (&work, x, octets) &&
         octets_of (&work, y, octets + domain->size);
    return work_end (&work, ok);
}

/* result = (r b) d + (e b) k, all modulo q; Montgomery's factor is in neither operand. */
static gboolean blinded_sum (Work *work, BIGNUM *result, const BIGNUM *const factors[2],
                             const BIGNUM *const secrets[2], const BIGNUM *blind)
{
    BN_MONT_CTX *mod_q = work->domain->mod_q;
    BIGNUM *product = number (work, NULL, TRUE), *secret = number (work, NULL, TRUE);
    gboolean ok = secret != NULL;
    BN_zero (result);
    for (gsize i = 0; ok && i < 2; i++) {
        ok = BN_to_montgomery (product, factors[i], mod_q, work->context) &&
             BN_mod_mul_montgomery (product, product, blind, mod_q, work->context) &&
             BN_to_montgomery (secret, secrets[i], mod_q, work->context) &&
             BN_mod_mul_montgomery (product, product, secret, mod_q, work->context) &&
             BN_mod_add_quick (result, result, product, work->domain->q);
    }
    return ok;
}

/* A number of 1..q-1. */
static gboolean make_blind (BIGNUM *blind, const BIGNUM *q)
{
    gboolean ok;
    do
        ok = BN_priv_rand_range (blind, q) == 1;
    while (ok && BN_is_zero (blind));
    return ok;
}

static gboolean openssl_sign (const TamgaGostDomain *domain, const guint8 *scalar,
                              const guint8 *nonce, const guint8 *e, guint8 *signature)
{
    Work work;
    BIGNUM *d = NULL, *k = NULL, *h = NULL, *r = NULL, *s = NULL, *blind = NULL, *unblind = NULL;
    gboolean ok =
        work_begin (&work, domain) && (d = number (&work, scalar, TRUE)) != NULL &&
        (k = number (&work, nonce, TRUE)) != NULL && (h = number (&work, e, FALSE)) != NULL &&
        (r = number (&work, NULL, FALSE)) != NULL && (s = number (&work, NULL, TRUE)) != NULL &&
        (blind = number (&work, NULL, TRUE)) != NULL &&
        (unblind = number (&work, NULL, TRUE)) != NULL;
    ok = ok && multiply_base (&work, k, r, NULL) && BN_nnmod (r, r, domain->q, work.context) &&
         make_blind (blind, domain->q) &&
         blinded_sum (&work, s, (const BIGNUM *[]){r, h}, (const BIGNUM *[]){d, k}, blind) &&
         BN_mod_inverse (unblind, blind, domain->q, work.context) != NULL &&
         BN_to_montgomery (unblind, unblind, domain->mod_q, work.context) &&
         BN_mod_mul_montgomery (s, s, unblind, domain->mod_q, work.context) &&
         octets_of (&work, r, signature) && octets_of (&work, s, signature + domain->size);
    return work_end (&work, ok);
}

/* 6.2 of RFC 7091: v = 1/e, C = (s v) G - (r v) Q, and r must be x (C) mod q. */
static gboolean openssl_verify (const TamgaGostDomain *domain, const guint8 *point, const guint8 *e,
                                const guint8 *signature)
{
    Work work;
    const BIGNUM *q = domain->q;
    BIGNUM *v = NULL, *r = NULL, *s = NULL, *x = NULL;
    gboolean good = work_begin (&work, domain) && load_point (&work, point) &&
                    (v = number (&work, e, FALSE)) != NULL &&
                    (r = number (&work, signature, FALSE)) != NULL &&
                    (s = number (&work, signature + domain->size, FALSE)) != NULL &&
                    (x = number (&work, NULL, FALSE)) != NULL;
    good =
        good && BN_mod_inverse (v, v, q, work.context) != NULL &&
        BN_mod_mul (s, s, v, q, work.context) && BN_mod_mul (v, r, v, q, work.context) &&
        BN_sub (v, q, v) &&
        EC_POINT_mul (domain->group, work.point, s, work.point, v, work.context) == 1 &&
        EC_POINT_is_at_infinity (domain->group, work.point) == 0 &&
        EC_POINT_get_affine_coordinates (domain->group, work.point, x, NULL, work.context) == 1 &&
        BN_nnmod (x, x, q, work.context) && BN_cmp (x, r) == 0;
    return work_end (&work, good);
}

const TamgaGostArithmetic tamga_gost_openssl = {openssl_valid, openssl_public, openssl_sign,
                                                openssl_verify};
