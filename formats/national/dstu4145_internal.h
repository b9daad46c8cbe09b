/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of DSTU 4145 share, and what the tests of published vectors need. */
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "formats/national/dstu4145.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BN_CTX, BN_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EC_GROUP, EC_GROUP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EC_POINT, EC_POINT_free)

struct TamgaDstuDomain {
    const TamgaDstuParameters *parameters;
    EC_GROUP *group;      /* with order and cofactor, so that the ladder multiplies */
    const BIGNUM *order;  /* of the group */
    BIGNUM *field, *b;    /* the polynomial; the coefficient */
    BN_MONT_CTX *modulus; /* the order, for Montgomery's multiplication */
    GArray *trace_bits;   /* int: the bits of an element whose sum is its trace */
    int r_bits;           /* of a field element that make r: one less than the order has */
};

/* A point of the curve from its compressed form, of the order of the base point. NULL: none. */
EC_POINT *tamga_dstu_point_read (const TamgaDstuDomain *domain, const guint8 *octets, BN_CTX *ctx);
/* FALSE for the neutral element, which has no such form. */
gboolean tamga_dstu_point_write (const TamgaDstuDomain *domain, const EC_POINT *point,
                                 guint8 *octets, BN_CTX *ctx);
/* A number below the order and not zero, from `size` octets, with BN_FLG_CONSTTIME. */
gboolean tamga_dstu_number_read (const TamgaDstuDomain *domain, const guint8 *octets, gsize size,
                                 BIGNUM *number);
/* Signs with a given nonce. FALSE: the nonce gives no signature, or OpenSSL failed. */
gboolean tamga_dstu_sign_with_nonce (const TamgaDstuDomain *domain, const BIGNUM *scalar,
                                     const guint8 *digest, gsize digest_size, const BIGNUM *nonce,
                                     guint8 *signature);
