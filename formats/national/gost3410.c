/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST R 34.10-2012 (RFC 7091): the curves, the checks of ranges, and the choice of the library
 * that calculates.
 *
 * Timing: the range of a scalar is checked in constant time. The nonce comes from nonce.h and
 * leaves OpenSSL's number type in constant time. What the two libraries do is said in their files.
 * Digests, public keys and signatures are not secret, and nothing is hidden about them. */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <string.h>

#include "formats/national/gost3410_internal.h"
#include "formats/national/nonce.h"
#include "formats/ossl.h"

#include <nettle/ecc-curve.h>

const TamgaGostCurve tamga_gost_512_a = {"id-tc26-gost-3410-2012-512-paramSetA", 64, 512};
const TamgaGostCurve tamga_gost_256_a = {"id-tc26-gost-3410-2012-256-paramSetA", 32, 255};
const TamgaGostCurve tamga_gost_cryptopro_a = {"id-GostR3410-2001-CryptoPro-A-ParamSet", 32, 256};

#define F16 "FFFFFFFFFFFFFFFF"

static const TamgaGostParameters parameter_sets[] = {
    {
        .curve = &tamga_gost_512_a,
        .p = F16 F16 F16 F16 F16 F16 F16 "FFFFFFFFFFFFFDC7",
        .a = F16 F16 F16 F16 F16 F16 F16 "FFFFFFFFFFFFFDC4",
        .b = "E8C2505DEDFC86DDC1BD0B2B6667F1DA34B82574761CB0E879BD081CFD0B6265"
             "EE3CB090F30D27614CB4574010DA90DD862EF9D4EBEE4761503190785A71C760",
        .q = F16 F16 F16 F16 "27E69532F48D89116FF22B8D4E0560609B4B38ABFAD2B85DCACDB1411F10B275",
        .x = "3",
        .y = "7503CFE87A836AE3A61B8816E25450E6CE5E1C93ACF1ABC1778064FDCBEFA921"
             "DF1626BE4FD036E93D75E6A50E3A41E98028FE5FC235F5B889A589CB5215F2A4",
        .cofactor = 1,
        .nettle = nettle_get_gost_gc512a,
    },
    {
        .curve = &tamga_gost_256_a,
        .p = F16 F16 F16 "FFFFFFFFFFFFFD97",
        .a = "C2173F1513981673AF4892C23035A27CE25E2013BF95AA33B22C656F277E7335",
        .b = "295F9BAE7428ED9CCC20E7C359A9D41A22FCCD9108E17BF7BA9337A6F8AE9513",
        .q = "400000000000000000000000000000000FD8CDDFC87B6635C115AF556C360C67",
        .x = "91E38443A5E82C0D880923425712B2BB658B9196932E02C78B2582FE742DAA28",
        .y = "32879423AB1A0375895786C4BB46E9565FDE0B5344766740AF268ADB32322E5C",
        .cofactor = 4,
    },
    {
        .curve = &tamga_gost_cryptopro_a,
        .p = F16 F16 F16 "FFFFFFFFFFFFFD97",
        .a = F16 F16 F16 "FFFFFFFFFFFFFD94",
        .b = "A6",
        .q = F16 F16 "6C611070995AD10045841B09B761B893",
        .x = "1",
        .y = "8D91E471E0989CDA27DF505A453F2B7635294F2DDF23E3B122ACC99C9E9F1E14",
        .cofactor = 1,
        .nettle = nettle_get_gost_gc256b,
    },
};

/* The group with its base point, order and cofactor: only with both of these does OpenSSL multiply
 * by its constant-time ladder. */
static gboolean make_group (TamgaGostDomain *domain)
{
    const char *const texts[] = {domain->parameters->p, domain->parameters->a,
                                 domain->parameters->b, domain->parameters->x,
                                 domain->parameters->y};
    BIGNUM *numbers[G_N_ELEMENTS (texts)] = {NULL};
    gboolean ok = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
        ok = ok && BN_hex2bn (&numbers[i], texts[i]) > 0;
    BN_CTX *context = BN_CTX_new ();
    g_autoptr (BIGNUM) cofactor = BN_new ();
    EC_POINT *base = NULL;
    if (ok && context != NULL && cofactor != NULL)
        domain->group = EC_GROUP_new_curve_GFp (numbers[0], numbers[1], numbers[2], context);
    if (domain->group != NULL)
        base = EC_POINT_new (domain->group);
    domain->mod_q = BN_MONT_CTX_new ();
    ok = base != NULL && domain->mod_q != NULL &&
         BN_set_word (cofactor, domain->parameters->cofactor) &&
         EC_POINT_set_affine_coordinates (domain->group, base, numbers[3], numbers[4], context) &&
         EC_GROUP_set_generator (domain->group, base, domain->q, cofactor) &&
         BN_MONT_CTX_set (domain->mod_q, domain->q, context);
    EC_POINT_free (base);
    BN_CTX_free (context);
    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
        BN_free (numbers[i]);
    return ok;
}

TamgaGostDomain *tamga_gost_domain_new (const TamgaGostParameters *parameters)
{
    g_autoptr (TamgaGostDomain) domain = g_new0 (TamgaGostDomain, 1);
    g_autoptr (BIGNUM) p = NULL;
    domain->parameters = parameters;
    domain->size = parameters->curve->size;
    int size = (int)domain->size;
    gboolean ok = BN_hex2bn (&p, parameters->p) > 0 && BN_hex2bn (&domain->q, parameters->q) > 0 &&
                  BN_bn2lebinpad (p, domain->prime, size) == size &&
                  BN_bn2lebinpad (domain->q, domain->order, size) == size;
    if (parameters->nettle != NULL) {
        domain->arithmetic = &tamga_gost_nettle;
        domain->ecc = parameters->nettle ();
    } else {
        domain->arithmetic = &tamga_gost_openssl;
        ok = ok && make_group (domain);
    }
    ERR_clear_error ();
    return ok ? g_steal_pointer (&domain) : NULL;
}

void tamga_gost_domain_free (TamgaGostDomain *domain)
{
    if (domain == NULL)
        return;
    BN_free (domain->q);
    EC_GROUP_free (domain->group);
    BN_MONT_CTX_free (domain->mod_q);
    g_free (domain);
}

const TamgaGostDomain *tamga_gost_domain (const TamgaGostCurve *curve)
{
    static TamgaGostDomain *domains[G_N_ELEMENTS (parameter_sets)];
    static gsize once;
    if (g_once_init_enter (&once)) {
        for (gsize i = 0; i < G_N_ELEMENTS (parameter_sets); i++)
            domains[i] = tamga_gost_domain_new (&parameter_sets[i]);
        g_once_init_leave (&once, 1);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (parameter_sets); i++) {
        if (parameter_sets[i].curve == curve)
            return domains[i];
    }
    g_return_val_if_reached (NULL);
}

gboolean tamga_gost_in_range (const guint8 *number, const guint8 *bound, gsize size)
{
    guint borrow = 0, any = 0;
    for (gsize i = 0; i < size; i++) {
        borrow = (guint)number[i] - bound[i] - borrow;
        borrow = borrow >> 8 & 1;
        any |= number[i];
    }
    return (borrow & ((0u - any) >> 31)) != 0;
}

gboolean tamga_gost_number (const TamgaGostDomain *domain, const guint8 *digest, guint8 *e)
{
    int size = (int)domain->size;
    g_autoptr (BIGNUM) number = BN_lebin2bn (digest, size, NULL);
    BN_CTX *context = BN_CTX_new ();
    gboolean ok =
        number != NULL && context != NULL && BN_nnmod (number, number, domain->q, context) &&
        (!BN_is_zero (number) || BN_one (number)) && BN_bn2lebinpad (number, e, size) == size;
    BN_CTX_free (context);
    return ok;
}

/* A coordinate may be zero: only one that is not below p is refused. */
static gboolean coordinates_below_p (const TamgaGostDomain *domain, const guint8 *point)
{
    static const guint8 zero[TAMGA_GOST_MAX_SIZE];
    for (gsize i = 0; i < 2; i++) {
        const guint8 *coordinate = point + i * domain->size;
        if (!tamga_gost_in_range (coordinate, domain->prime, domain->size) &&
            memcmp (coordinate, zero, domain->size) != 0)
            return FALSE;
    }
    return TRUE;
}

gboolean tamga_gost_point_valid (const TamgaGostCurve *curve, const guint8 *point)
{
    const TamgaGostDomain *domain = tamga_gost_domain (curve);
    return domain != NULL && coordinates_below_p (domain, point) &&
           domain->arithmetic->valid (domain, point);
}

gboolean tamga_gost_public (const TamgaGostCurve *curve, const guint8 *scalar, guint8 *point)
{
    const TamgaGostDomain *domain = tamga_gost_domain (curve);
    return domain != NULL && tamga_gost_in_range (scalar, domain->order, domain->size) &&
           domain->arithmetic->public(domain, scalar, point);
}

gboolean tamga_gost_generate (const TamgaGostCurve *curve, guint8 *scalar)
{
    const TamgaGostDomain *domain = tamga_gost_domain (curve);
    BIGNUM *number = BN_secure_new ();
    gboolean ok = domain != NULL && number != NULL;
    if (ok) {
        BN_set_flags (number, BN_FLG_CONSTTIME);
        do
            ok = BN_priv_rand_range (number, domain->q) == 1;
        while (ok && BN_is_zero (number));
    }
    ok = ok && BN_bn2lebinpad (number, scalar, (int)domain->size) == (int)domain->size;
    BN_clear_free (number);
    return ok;
}

gboolean tamga_gost_sign (const TamgaGostCurve *curve, const guint8 *scalar, const guint8 *digest,
                          guint8 *signature)
{
    const TamgaGostDomain *domain = tamga_gost_domain (curve);
    guint8 e[TAMGA_GOST_MAX_SIZE], k[TAMGA_GOST_MAX_SIZE];
    if (domain == NULL || !tamga_gost_in_range (scalar, domain->order, domain->size) ||
        !tamga_gost_number (domain, digest, e))
        return FALSE;
    gsize size = domain->size;
    g_autoptr (TamgaNonce) nonce = tamga_nonce_new (domain->q, scalar, size, digest, size);
    BIGNUM *number = BN_secure_new ();
    gboolean ok = nonce != NULL && number != NULL, done = FALSE;
    while (ok && !done) {
        ok = tamga_nonce_next (nonce, number) &&
             BN_bn2lebinpad (number, k, (int)size) == (int)size &&
             domain->arithmetic->sign (domain, scalar, k, e, signature);
        done = ok && tamga_gost_in_range (signature, domain->order, size) &&
               tamga_gost_in_range (signature + size, domain->order, size);
    }
    OPENSSL_cleanse (k, sizeof k);
    BN_clear_free (number);
    return done;
}

gboolean tamga_gost_verify (const TamgaGostCurve *curve, const guint8 *point, const guint8 *digest,
                            const guint8 *signature)
{
    const TamgaGostDomain *domain = tamga_gost_domain (curve);
    guint8 e[TAMGA_GOST_MAX_SIZE];
    return domain != NULL && tamga_gost_in_range (signature, domain->order, domain->size) &&
           tamga_gost_in_range (signature + domain->size, domain->order, domain->size) &&
           tamga_gost_point_valid (curve, point) && tamga_gost_number (domain, digest, e) &&
           domain->arithmetic->verify (domain, point, e, signature);
}
