/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST 34.10 by nettle, whose point multiplication and arithmetic modulo the order run in constant
 * time. Numbers go in and out through GMP: conversions depend on the size of a number only, and
 * what held a secret is wiped. */
#include <nettle/ecc-curve.h>
#include <nettle/gostdsa.h>
#include <openssl/crypto.h>

#include "formats/national/gost3410_internal.h"
#include "formats/national/nonce.h"
#include "formats/ossl.h"

static const struct ecc_curve *curve_of (const TamgaGostCurve *curve)
{
    return curve == &tamga_gost_512_a ? nettle_get_gost_gc512a () : nettle_get_gost_gc256b ();
}

static void import (mpz_t number, const guint8 *octets, gsize size)
{
    mpz_init2 (number, size * 8);
    mpz_import (number, size, -1, 1, 0, 0, octets);
}

/* `size` octets, little-endian, filled with zeros. */
static void export(const mpz_t number, guint8 *octets, gsize size)
{
    size_t written = 0;
    memset (octets, 0, size);
    g_assert (mpz_sizeinbase (number, 256) <= size);
    mpz_export (octets, &written, -1, 1, 0, 0, number);
}

static void clear_secret (mpz_t number)
{
    OPENSSL_cleanse (number->_mp_d, (gsize)number->_mp_alloc * sizeof (mp_limb_t));
    mpz_clear (number);
}

static gboolean scalar_set (struct ecc_scalar *scalar, const TamgaGostCurve *curve,
                            const guint8 *octets)
{
    mpz_t number;
    import (number, octets, curve->size);
    ecc_scalar_init (scalar, curve_of (curve));
    gboolean in_range = ecc_scalar_set (scalar, number) == 1;
    clear_secret (number);
    return in_range;
}

static void scalar_clear (struct ecc_scalar *scalar)
{
    OPENSSL_cleanse (scalar->p, (gsize)ecc_size (scalar->ecc) * sizeof (mp_limb_t));
    ecc_scalar_clear (scalar);
}

/* FALSE: not on the curve, or coordinates that are not below p. The curves here have no cofactor,
 * and the neutral element has no coordinates. */
static gboolean point_set (struct ecc_point *point, const TamgaGostCurve *curve,
                           const guint8 *octets)
{
    mpz_t x, y;
    import (x, octets, curve->size);
    import (y, octets + curve->size, curve->size);
    ecc_point_init (point, curve_of (curve));
    gboolean on_curve = ecc_point_set (point, x, y) == 1;
    mpz_clear (x);
    mpz_clear (y);
    return on_curve;
}

static gboolean point_valid (const TamgaGostCurve *curve, const guint8 *octets)
{
    struct ecc_point point;
    gboolean valid = point_set (&point, curve, octets);
    ecc_point_clear (&point);
    return valid;
}

static gboolean public_point (const TamgaGostCurve *curve, const guint8 *octets, guint8 *point)
{
    struct ecc_scalar scalar;
    gboolean in_range = scalar_set (&scalar, curve, octets);
    if (in_range) {
        struct ecc_point product;
        mpz_t x, y;
        ecc_point_init (&product, curve_of (curve));
        ecc_point_mul_g (&product, &scalar);
        mpz_init (x);
        mpz_init (y);
        ecc_point_get (&product, x, y);
        export(x, point, curve->size);
        export(y, point + curve->size, curve->size);
        mpz_clear (x);
        mpz_clear (y);
        ecc_point_clear (&product);
    }
    scalar_clear (&scalar);
    return in_range;
}

typedef struct {
    TamgaNonce *nonce;
    gboolean failed;
} Source;

/* nettle takes as many octets as the order has, most significant first, and asks again for a number
 * out of range or for a signature with a zero: what it is given here is the nonce. */
static void give_nonce (void *data, size_t length, uint8_t *octets)
{
    Source *source = data;
    g_autoptr (BIGNUM) number = BN_secure_new ();
    if (!tamga_nonce_next (source->nonce, number) ||
        BN_bn2binpad (number, octets, (int)length) < 0) {
        source->failed = TRUE;
        memset (octets, 1, length); /* any in range: the signature is thrown away */
    }
}

static TamgaNonce *new_nonce (const TamgaGostCurve *curve, const guint8 *scalar,
                              const guint8 *digest)
{
    /* -1 modulo the order, by nettle's own numbers, is not to be had: q - 1 is the largest scalar
     * that it accepts, so the order is written down. */
    static const char *const orders[] = {
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "27E69532F48D89116FF22B8D4E0560609B4B38ABFAD2B85DCACDB1411F10B275",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6C611070995AD10045841B09B761B893",
    };
    BIGNUM *order = NULL;
    BN_hex2bn (&order, orders[curve == &tamga_gost_512_a ? 0 : 1]);
    g_assert (order);
    TamgaNonce *nonce = tamga_nonce_new (order, scalar, curve->size, digest, curve->size);
    BN_free (order);
    return nonce;
}

static gboolean sign (const TamgaGostCurve *curve, const guint8 *octets, const guint8 *digest,
                      guint8 *signature)
{
    struct ecc_scalar scalar;
    gboolean done = scalar_set (&scalar, curve, octets);
    if (done) {
        Source source = {.nonce = new_nonce (curve, octets, digest)};
        done = source.nonce != NULL;
        if (done) {
            struct dsa_signature value;
            dsa_signature_init (&value);
            gostdsa_sign (&scalar, &source, give_nonce, curve->size, digest, &value);
            export(value.r, signature, curve->size);
            export(value.s, signature + curve->size, curve->size);
            dsa_signature_clear (&value);
            done = !source.failed;
        }
        tamga_nonce_free (source.nonce);
    }
    scalar_clear (&scalar);
    return done;
}

static gboolean verify (const TamgaGostCurve *curve, const guint8 *octets, const guint8 *digest,
                        const guint8 *signature)
{
    struct ecc_point point;
    gboolean good = point_set (&point, curve, octets);
    if (good) {
        struct dsa_signature value;
        import (value.r, signature, curve->size);
        import (value.s, signature + curve->size, curve->size);
        good = gostdsa_verify (&point, curve->size, digest, &value) == 1;
        dsa_signature_clear (&value);
    }
    ecc_point_clear (&point);
    return good;
}

const TamgaGostArithmetic tamga_gost_nettle = {point_valid, public_point, sign, verify};
