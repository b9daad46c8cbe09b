/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST 34.10 over a curve of given numbers, by OpenSSL. Multiplication of the base point by a
 * secret is OpenSSL's ladder, which takes the same steps for every scalar since order and cofactor
 * of the group are known; what else is computed from secrets, modulo the order, is blinded by a
 * random factor. */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "formats/national/gost3410_internal.h"
#include "formats/national/nonce.h"
#include "formats/ossl.h"

/* RFC 7836 A.2, the canonical form; the cofactor is 4. */
static const char *const numbers[] = {
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFD97", /* p */
    "C2173F1513981673AF4892C23035A27CE25E2013BF95AA33B22C656F277E7335", /* a */
    "295F9BAE7428ED9CCC20E7C359A9D41A22FCCD9108E17BF7BA9337A6F8AE9513", /* b */
    "91E38443A5E82C0D880923425712B2BB658B9196932E02C78B2582FE742DAA28", /* x of the base point */
    "32879423AB1A0375895786C4BB46E9565FDE0B5344766740AF268ADB32322E5C", /* y */
    "400000000000000000000000000000000FD8CDDFC87B6635C115AF556C360C67", /* q */
};
#define COFACTOR 4

static EC_GROUP *make_group (void)
{
    BIGNUM *values[G_N_ELEMENTS (numbers)] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
        BN_hex2bn (&values[i], numbers[i]);
    BIGNUM *cofactor = BN_new ();
    BN_set_word (cofactor, COFACTOR);
    EC_GROUP *group = EC_GROUP_new_curve_GFp (values[0], values[1], values[2], NULL);
    EC_POINT *base = EC_POINT_new (group);
    gboolean made =
        EC_POINT_set_affine_coordinates (group, base, values[3], values[4], NULL) == 1 &&
        EC_GROUP_set_generator (group, base, values[5], cofactor) == 1;
    g_assert (made);
    EC_POINT_free (base);
    BN_free (cofactor);
    for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
        BN_free (values[i]);
    return group;
}

/* Made once, never freed; read only, by all threads. */
static const EC_GROUP *group (void)
{
    static gsize once;
    static EC_GROUP *made;
    if (g_once_init_enter (&once)) {
        made = make_group ();
        g_once_init_leave (&once, 1);
    }
    return made;
}

/* A number of the curve's size that is in 1..q-1; NULL otherwise. */
static BIGNUM *scalar_of (const TamgaGostCurve *curve, const guint8 *octets)
{
    BIGNUM *number = BN_lebin2bn (octets, (int)curve->size, BN_secure_new ());
    g_assert (number);
    BN_set_flags (number, BN_FLG_CONSTTIME);
    if (!BN_is_zero (number) && BN_cmp (number, EC_GROUP_get0_order (group ())) < 0)
        return number;
    BN_clear_free (number);
    return NULL;
}

/* e of the standard: the digest as a number modulo q, and 1 in place of 0. */
static BIGNUM *number_of_digest (const TamgaGostCurve *curve, const guint8 *digest, BN_CTX *context)
{
    BIGNUM *number = BN_lebin2bn (digest, (int)curve->size, NULL);
    BN_mod (number, number, EC_GROUP_get0_order (group ()), context);
    if (BN_is_zero (number))
        BN_one (number);
    return number;
}

/* On the curve, and of the order of the base point. NULL otherwise. */
static EC_POINT *point_of (const TamgaGostCurve *curve, const guint8 *octets, BN_CTX *context)
{
    BIGNUM *x = BN_lebin2bn (octets, (int)curve->size, NULL);
    BIGNUM *y = BN_lebin2bn (octets + curve->size, (int)curve->size, NULL);
    EC_POINT *point = EC_POINT_new (group ());
    EC_POINT *product = EC_POINT_new (group ());
    gboolean below = BN_cmp (x, EC_GROUP_get0_field (group ())) < 0 &&
                     BN_cmp (y, EC_GROUP_get0_field (group ())) < 0;
    gboolean good =
        below && EC_POINT_set_affine_coordinates (group (), point, x, y, context) == 1 &&
        EC_POINT_mul (group (), product, NULL, point, EC_GROUP_get0_order (group ()), context) ==
            1 &&
        EC_POINT_is_at_infinity (group (), product) == 1;
    EC_POINT_free (product);
    BN_free (x);
    BN_free (y);
    if (good)
        return point;
    ERR_clear_error ();
    EC_POINT_free (point);
    return NULL;
}

static gboolean point_valid (const TamgaGostCurve *curve, const guint8 *octets)
{
    BN_CTX *context = BN_CTX_new ();
    EC_POINT *point = point_of (curve, octets, context);
    EC_POINT_free (point);
    BN_CTX_free (context);
    return point != NULL;
}

static gboolean public_point (const TamgaGostCurve *curve, const guint8 *octets, guint8 *point)
{
    BIGNUM *scalar = scalar_of (curve, octets);
    if (!scalar)
        return FALSE;
    BN_CTX *context = BN_CTX_secure_new ();
    EC_POINT *product = EC_POINT_new (group ());
    BIGNUM *x = BN_new (), *y = BN_new ();
    int size = (int)curve->size;
    gboolean done = EC_POINT_mul (group (), product, scalar, NULL, NULL, context) == 1 &&
                    EC_POINT_get_affine_coordinates (group (), product, x, y, context) == 1 &&
                    BN_bn2lebinpad (x, point, size) == size &&
                    BN_bn2lebinpad (y, point + size, size) == size;
    BN_free (x);
    BN_free (y);
    EC_POINT_free (product);
    BN_CTX_free (context);
    BN_clear_free (scalar);
    return done;
}

/* s = r d + k e modulo q, as ((b d) r + (b k) e) / b with a random b. */
static gboolean compute_s (BIGNUM *s, const BIGNUM *r, const BIGNUM *d, const BIGNUM *k,
                           const BIGNUM *e, BN_CTX *context)
{
    const BIGNUM *q = EC_GROUP_get0_order (group ());
    BN_CTX_start (context);
    BIGNUM *blind = BN_CTX_get (context), *inverse = BN_CTX_get (context);
    BIGNUM *first = BN_CTX_get (context), *second = BN_CTX_get (context);
    gboolean done = FALSE;
    if (second) {
        BN_set_flags (blind, BN_FLG_CONSTTIME);
        do {
            done = BN_priv_rand_range (blind, q) == 1;
        } while (done && BN_is_zero (blind));
        done = done && BN_mod_inverse (inverse, blind, q, context) != NULL &&
               BN_mod_mul (first, blind, d, q, context) == 1 &&
               BN_mod_mul (first, first, r, q, context) == 1 &&
               BN_mod_mul (second, blind, k, q, context) == 1 &&
               BN_mod_mul (second, second, e, q, context) == 1 &&
               BN_mod_add (first, first, second, q, context) == 1 &&
               BN_mod_mul (s, first, inverse, q, context) == 1;
        BN_clear (blind);
        BN_clear (inverse);
        BN_clear (first);
        BN_clear (second);
    }
    BN_CTX_end (context);
    return done;
}

static gboolean sign (const TamgaGostCurve *curve, const guint8 *octets, const guint8 *digest,
                      guint8 *signature)
{
    BIGNUM *scalar = scalar_of (curve, octets);
    if (!scalar)
        return FALSE;
    const BIGNUM *q = EC_GROUP_get0_order (group ());
    BN_CTX *context = BN_CTX_secure_new ();
    BIGNUM *e = number_of_digest (curve, digest, context);
    BIGNUM *k = BN_secure_new (), *r = BN_new (), *s = BN_new ();
    EC_POINT *product = EC_POINT_new (group ());
    TamgaNonce *nonce = tamga_nonce_new (q, octets, curve->size, digest, curve->size);
    gboolean done = nonce != NULL;
    do {
        done = done && tamga_nonce_next (nonce, k) &&
               EC_POINT_mul (group (), product, k, NULL, NULL, context) == 1 &&
               EC_POINT_get_affine_coordinates (group (), product, r, NULL, context) == 1 &&
               BN_nnmod (r, r, q, context) == 1 && compute_s (s, r, scalar, k, e, context);
    } while (done && (BN_is_zero (r) || BN_is_zero (s)));
    int size = (int)curve->size;
    done = done && BN_bn2lebinpad (r, signature, size) == size &&
           BN_bn2lebinpad (s, signature + size, size) == size;
    tamga_nonce_free (nonce);
    EC_POINT_clear_free (product);
    BN_free (r);
    BN_free (s);
    BN_clear_free (k);
    BN_free (e);
    BN_CTX_free (context);
    BN_clear_free (scalar);
    return done;
}

/* R = (s / e) G - (r / e) Q, and its x modulo q is r. */
static gboolean verify (const TamgaGostCurve *curve, const guint8 *octets, const guint8 *digest,
                        const guint8 *signature)
{
    const BIGNUM *q = EC_GROUP_get0_order (group ());
    BN_CTX *context = BN_CTX_new ();
    EC_POINT *point = point_of (curve, octets, context);
    BIGNUM *r = scalar_of (curve, signature), *s = scalar_of (curve, signature + curve->size);
    BIGNUM *e = number_of_digest (curve, digest, context);
    BIGNUM *first = BN_new (), *second = BN_new ();
    EC_POINT *sum = EC_POINT_new (group ());
    gboolean good = point && r && s && BN_mod_inverse (e, e, q, context) != NULL &&
                    BN_mod_mul (first, s, e, q, context) == 1 &&
                    BN_mod_mul (second, r, e, q, context) == 1 &&
                    BN_mod_sub (second, q, second, q, context) == 1 &&
                    EC_POINT_mul (group (), sum, first, point, second, context) == 1 &&
                    EC_POINT_is_at_infinity (group (), sum) == 0 &&
                    EC_POINT_get_affine_coordinates (group (), sum, first, NULL, context) == 1 &&
                    BN_nnmod (first, first, q, context) == 1 && BN_cmp (first, r) == 0;
    EC_POINT_free (sum);
    BN_free (first);
    BN_free (second);
    BN_free (e);
    BN_free (r);
    BN_free (s);
    EC_POINT_free (point);
    BN_CTX_free (context);
    return good;
}

const TamgaGostArithmetic tamga_gost_openssl = {point_valid, public_point, sign, verify};
