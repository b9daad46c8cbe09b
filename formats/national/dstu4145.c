/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and signatures of DSTU 4145-2002.
 *
 * What touches a secret, and how far it is protected:
 * - d * G and k * G run in OpenSSL's Montgomery ladder (a group with order and cofactor has it for
 *   one scalar and one point): as many steps for every scalar, no branch and no address that
 *   depends on its bits. Only n - 1, whose product is -G, ends a little earlier.
 *   The field arithmetic under it is not strictly constant-time (it skips words that are zero),
 *   but works on coordinates that the ladder multiplies by random numbers.
 * - s = k + d * r is computed as (bk + bd * r) / b with a fresh random b. Products, the sum and the
 *   power that is 1/b are those of BN_mod_mul_montgomery, BN_mod_add_quick and
 *   BN_mod_exp_mont_consttime: no branch on values. A number that happens to have fewer words than
 *   the order (one in 2^35 or rarer) is multiplied faster.
 * - Whether a scalar is in range is compared word by word from the top, ending at the first that
 *   differs: that tells an observer whether the top word equals the order's (it does for one
 *   scalar in 2^35 or rarer), nothing else.
 * Verification is public and is not protected. */
#include <string.h>

#include "formats/national/dstu4145_internal.h"
#include "formats/national/nonce.h"

/* Nonces that are tried. One in 2^160 gives no signature: a second failure is OpenSSL's. */
#define MAX_NONCES 4

gboolean tamga_dstu_number_read (const TamgaDstuDomain *domain, const guint8 *octets, gsize size,
                                 BIGNUM *number)
{
    BN_set_flags (number, BN_FLG_CONSTTIME);
    return BN_lebin2bn (octets, (int)size, number) != NULL && !BN_is_zero (number) &&
           BN_ucmp (number, domain->order) < 0;
}

/* A digest as an element of the field: its low m bits, and one for zero (5.9). */
static gboolean digest_read (const TamgaDstuDomain *domain, const guint8 *digest, gsize size,
                             BIGNUM *element)
{
    int m = domain->parameters->m;

    if (BN_lebin2bn (digest, (int)MIN (size, tamga_dstu_point_size (domain)), element) == NULL)
        return FALSE;
    return (BN_num_bits (element) <= m || BN_mask_bits (element, m)) &&
           (!BN_is_zero (element) || BN_one (element));
}

/* r: the digest times the x of a point, in the field, of which the low bits are kept. */
static gboolean make_r (const TamgaDstuDomain *domain, const EC_POINT *point, const guint8 *digest,
                        gsize digest_size, BIGNUM *r, BN_CTX *ctx)
{
    BIGNUM *element = BN_CTX_get (ctx);

    return element != NULL && digest_read (domain, digest, digest_size, element) &&
           !EC_POINT_is_at_infinity (domain->group, point) &&
           EC_POINT_get_affine_coordinates (domain->group, point, r, NULL, ctx) == 1 &&
           BN_GF2m_mod_mul (r, r, element, domain->field, ctx) &&
           (BN_num_bits (r) <= domain->r_bits || BN_mask_bits (r, domain->r_bits));
}

gboolean tamga_dstu_public (const TamgaDstuDomain *domain, const guint8 *scalar, guint8 *point)
{
    g_autoptr (BN_CTX) ctx = BN_CTX_secure_new ();
    g_autoptr (EC_POINT) product = EC_POINT_new (domain->group);
    gboolean good = FALSE;
    BIGNUM *d;

    if (ctx == NULL || product == NULL)
        return FALSE;
    BN_CTX_start (ctx);
    d = BN_CTX_get (ctx);
    if (d != NULL && tamga_dstu_number_read (domain, scalar, tamga_dstu_scalar_size (domain), d) &&
        EC_POINT_mul (domain->group, product, d, NULL, NULL, ctx) == 1 &&
        EC_POINT_invert (domain->group, product, ctx) == 1)
        good = tamga_dstu_point_write (domain, product, point, ctx);
    BN_CTX_end (ctx);
    return good;
}

/* Random, with one bit less than the order has, as the standard makes its random numbers. */
gboolean tamga_dstu_generate (const TamgaDstuDomain *domain, guint8 *scalar)
{
    int size = (int)tamga_dstu_scalar_size (domain);
    BIGNUM *d = BN_secure_new ();
    gboolean good = d != NULL;

    do
        good = good && BN_priv_rand (d, domain->r_bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
    while (good && BN_is_zero (d));
    good = good && BN_bn2lebinpad (d, scalar, size) == size;
    BN_clear_free (d);
    return good;
}

/* A random number other than zero in Montgomery's form, and its inverse, not in that form. */
static gboolean make_blind (const TamgaDstuDomain *domain, BIGNUM *blind, BIGNUM *inverse,
                            BN_CTX *ctx)
{
    BIGNUM *exponent = BN_CTX_get (ctx);

    return exponent != NULL && BN_copy (exponent, domain->order) != NULL &&
           BN_sub_word (exponent, 2) && BN_priv_rand_range (blind, domain->order) &&
           !BN_is_zero (blind) &&
           BN_mod_exp_mont_consttime (inverse, blind, exponent, domain->order, ctx,
                                      domain->modulus) &&
           BN_to_montgomery (blind, blind, domain->modulus, ctx);
}

/* s = (k + d * r) mod n, blinded. A product by Montgomery with one factor in his form is plain. */
static gboolean make_s (const TamgaDstuDomain *domain, const BIGNUM *d, const BIGNUM *k,
                        const BIGNUM *r, BIGNUM *s, BN_CTX *ctx)
{
    BN_MONT_CTX *modulus = domain->modulus;
    BIGNUM *blind = BN_CTX_get (ctx), *inverse = BN_CTX_get (ctx), *product = BN_CTX_get (ctx);
    BIGNUM *factor = BN_CTX_get (ctx);

    if (factor == NULL)
        return FALSE;
    BN_set_flags (blind, BN_FLG_CONSTTIME);
    BN_set_flags (inverse, BN_FLG_CONSTTIME);
    BN_set_flags (product, BN_FLG_CONSTTIME);
    BN_set_flags (s, BN_FLG_CONSTTIME);
    return make_blind (domain, blind, inverse, ctx) &&
           BN_mod_mul_montgomery (product, blind, d, modulus, ctx) &&
           BN_to_montgomery (factor, r, modulus, ctx) &&
           BN_mod_mul_montgomery (product, product, factor, modulus, ctx) &&
           BN_mod_mul_montgomery (s, blind, k, modulus, ctx) &&
           BN_mod_add_quick (s, s, product, domain->order) &&
           BN_to_montgomery (inverse, inverse, modulus, ctx) &&
           BN_mod_mul_montgomery (s, s, inverse, modulus, ctx);
}

gboolean tamga_dstu_sign_with_nonce (const TamgaDstuDomain *domain, const BIGNUM *scalar,
                                     const guint8 *digest, gsize digest_size, const BIGNUM *nonce,
                                     guint8 *signature)
{
    g_autoptr (BN_CTX) ctx = BN_CTX_secure_new ();
    g_autoptr (EC_POINT) point = EC_POINT_new (domain->group);
    int size = (int)tamga_dstu_scalar_size (domain);
    gboolean good;
    BIGNUM *r, *s;

    if (ctx == NULL || point == NULL)
        return FALSE;
    BN_CTX_start (ctx);
    r = BN_CTX_get (ctx);
    s = BN_CTX_get (ctx);
    good = s != NULL && EC_POINT_mul (domain->group, point, nonce, NULL, NULL, ctx) == 1 &&
           make_r (domain, point, digest, digest_size, r, ctx) && !BN_is_zero (r) &&
           make_s (domain, scalar, nonce, r, s, ctx) && !BN_is_zero (s) &&
           BN_bn2lebinpad (r, signature, size) == size &&
           BN_bn2lebinpad (s, signature + size, size) == size;
    BN_CTX_end (ctx);
    return good;
}

gboolean tamga_dstu_sign (const TamgaDstuDomain *domain, const guint8 *scalar, const guint8 *digest,
                          gsize digest_size, guint8 *signature)
{
    gsize size = tamga_dstu_scalar_size (domain);
    g_autoptr (TamgaNonce) nonce =
        tamga_nonce_new (domain->order, scalar, size, digest, digest_size);
    BIGNUM *d = BN_secure_new (), *k = BN_secure_new ();
    gboolean good = FALSE;

    if (nonce != NULL && k != NULL && d != NULL && tamga_dstu_number_read (domain, scalar, size, d))
        for (guint i = 0; !good && i < MAX_NONCES && tamga_nonce_next (nonce, k); i++)
            good = tamga_dstu_sign_with_nonce (domain, d, digest, digest_size, k, signature);
    BN_clear_free (d);
    BN_clear_free (k);
    return good;
}

gboolean tamga_dstu_verify (const TamgaDstuDomain *domain, const guint8 *point,
                            const guint8 *digest, gsize digest_size, const guint8 *signature,
                            gsize signature_size)
{
    g_autoptr (BN_CTX) ctx = BN_CTX_new ();
    g_autoptr (EC_POINT) key = NULL;
    g_autoptr (EC_POINT) sum = EC_POINT_new (domain->group);
    gsize half = signature_size / 2;
    gboolean good;
    BIGNUM *r, *s, *found;

    if (ctx == NULL || sum == NULL || half == 0 || signature_size % 2 != 0 ||
        signature_size > TAMGA_DSTU_MAX_SIGNATURE)
        return FALSE;
    BN_CTX_start (ctx);
    r = BN_CTX_get (ctx);
    s = BN_CTX_get (ctx);
    found = BN_CTX_get (ctx);
    good = found != NULL && tamga_dstu_number_read (domain, signature, half, r) &&
           tamga_dstu_number_read (domain, signature + half, half, s);
    if (good)
        key = tamga_dstu_point_read (domain, point, ctx);
    good = key != NULL && EC_POINT_mul (domain->group, sum, s, key, r, ctx) == 1 &&
           make_r (domain, sum, digest, digest_size, found, ctx) && BN_ucmp (found, r) == 0;
    BN_CTX_end (ctx);
    return good;
}
