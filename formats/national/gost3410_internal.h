/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside of gost3410.h: the domain parameters, and the two libraries that calculate on them. All
 * numbers are little-endian octets, as many as the curve's size. */
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "formats/national/gost3410.h"

struct ecc_curve;
typedef struct TamgaGostDomain TamgaGostDomain;

/* Arithmetic of a domain. The caller has checked all ranges: scalars and nonces, r and s are in
 * 1..q-1, coordinates are below p, and `e` is in 1..q-1. */
typedef struct {
    gboolean (*valid) (const TamgaGostDomain *domain, const guint8 *point);
    gboolean (*public) (const TamgaGostDomain *domain, const guint8 *scalar, guint8 *point);
    /* r = x (k G) mod q, s = r d + k e mod q; both as they come, also zero. */
    gboolean (*sign) (const TamgaGostDomain *domain, const guint8 *scalar, const guint8 *nonce,
                      const guint8 *e, guint8 *signature);
    gboolean (*verify) (const TamgaGostDomain *domain, const guint8 *point, const guint8 *e,
                        const guint8 *signature);
} TamgaGostArithmetic;

extern const TamgaGostArithmetic tamga_gost_nettle;  /* gost3410_nettle.c */
extern const TamgaGostArithmetic tamga_gost_openssl; /* gost3410_openssl.c */

/* In hexadecimal, most significant digit first. */
typedef struct {
    const TamgaGostCurve *curve;
    const char *p, *a, *b; /* y^2 = x^3 + ax + b over the field of p elements */
    const char *q;         /* order of the base point */
    const char *x, *y;     /* base point */
    BN_ULONG cofactor;
    const struct ecc_curve *(*nettle) (void); /* NULL: OpenSSL does the arithmetic */
} TamgaGostParameters;

struct TamgaGostDomain {
    const TamgaGostParameters *parameters;
    const TamgaGostArithmetic *arithmetic;
    gsize size;
    guint8 prime[TAMGA_GOST_MAX_SIZE], order[TAMGA_GOST_MAX_SIZE];
    BIGNUM *q;
    EC_GROUP *group;             /* of OpenSSL's arithmetic only */
    BN_MONT_CTX *mod_q;          /* of OpenSSL's arithmetic only */
    const struct ecc_curve *ecc; /* of nettle's arithmetic only */
};

/* NULL: OpenSSL refused the parameters. Read-only from then on, so that threads may share it. */
TamgaGostDomain *tamga_gost_domain_new (const TamgaGostParameters *parameters);
void tamga_gost_domain_free (TamgaGostDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaGostDomain, tamga_gost_domain_free)
/* Of a curve of gost3410.h; made when first asked for, never freed. */
const TamgaGostDomain *tamga_gost_domain (const TamgaGostCurve *curve);

/* 0 < number < bound; in constant time. */
gboolean tamga_gost_in_range (const guint8 *number, const guint8 *bound, gsize size);
/* Step 2 of 6.1 and 3 of 6.2 of RFC 7091: the digest as a number modulo q, one instead of zero. */
gboolean tamga_gost_number (const TamgaGostDomain *domain, const guint8 *digest, guint8 *e);
