/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DSTU 4145-2002 in polynomial basis over OpenSSL's GF(2^m). Octets in, octets out, little-endian
 * as in the identifiers that end in "LE" (1.2.804.2.1.1.1.1.3.1.1); the provider reverses what is
 * stored big-endian. Multiplication by a secret uses OpenSSL's ladder, the rest of the secret
 * arithmetic is blinded; dstu4145.c says what that protects and what it does not. */
#pragma once

#include <glib.h>

/* Octets of the longest signature that is read. */
#define TAMGA_DSTU_MAX_SIGNATURE 512

/* Parameters, in hexadecimal, most significant digit first. */
typedef struct {
    const char *name; /* "DSTU 4145 PB-257" */
    const char *oid;  /* 1.2.804.2.1.1.1.1.3.1.1.2.N; NULL for a set without one (tests) */
    int m;
    int k[3];          /* x^m + x^k1 + 1 (k2 = k3 = 0), or x^m + x^k3 + x^k2 + x^k1 + 1 */
    int a;             /* 0 or 1 */
    const char *b, *n; /* b, and the order of the base point */
    const char *gx, *gy;
} TamgaDstuParameters;

typedef struct TamgaDstuDomain TamgaDstuDomain;

/* The ten named sets (m = 163, 167, 173, 179, 191, 233, 257, 307, 367, 431). */
extern const TamgaDstuParameters tamga_dstu_named[];
extern const gsize tamga_dstu_n_named;

/* `parameters` are kept, not copied. NULL: the numbers are not a curve of the standard's shape (2n
 * points where a = 1, 4n where a = 0) with a base point of the prime order n. */
TamgaDstuDomain *tamga_dstu_domain_new (const TamgaDstuParameters *parameters);
void tamga_dstu_domain_free (TamgaDstuDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaDstuDomain, tamga_dstu_domain_free)
/* Of a named set; made when first asked for, shared by all threads, never freed. NULL: unknown. */
const TamgaDstuDomain *tamga_dstu_domain_by_oid (const char *oid);
/* The named set that these explicit values are: `b` and `n` unsigned big-endian without leading
 * zeros, `base`: compressed point, little-endian. NULL: none. */
const TamgaDstuDomain *tamga_dstu_domain_by_values (int m, const int k[3], int a, GBytes *b,
                                                    GBytes *n, GBytes *base);
const TamgaDstuParameters *tamga_dstu_domain_parameters (const TamgaDstuDomain *domain);

/* Octets of a compressed point; of a private scalar; of each half of the shortest signature. */
gsize tamga_dstu_point_size (const TamgaDstuDomain *domain);  /* ceil (m / 8) */
gsize tamga_dstu_scalar_size (const TamgaDstuDomain *domain); /* ceil (bits of n / 8) */
/* Both halves: twice the scalar's size. A signature of another even length is accepted when its
 * halves, read as numbers, are in range (DSTU 4145 5.10: L_D is a multiple of 16, and may be
 * larger than needed), up to TAMGA_DSTU_MAX_SIGNATURE. */
gsize tamga_dstu_signature_size (const TamgaDstuDomain *domain);

/* Compressed point: expands to a point of the curve, not neutral, of order n, and has no bits above
 * m. With its lowest bit flipped it is the opposite point, which is valid, too. */
gboolean tamga_dstu_point_valid (const TamgaDstuDomain *domain, const guint8 *point);
/* Q = -dG, compressed. FALSE: the scalar is zero or not below n. */
gboolean tamga_dstu_public (const TamgaDstuDomain *domain, const guint8 *scalar, guint8 *point);
/* A private scalar at random, of one bit less than n has. FALSE: no randomness. */
gboolean tamga_dstu_generate (const TamgaDstuDomain *domain, guint8 *scalar);
/* `digest` of any length: read little-endian, its low m bits (DSTU 4145 5.9), zero taken as 1.
 * `signature`: signature_size octets. The nonce is that of nonce.h. */
gboolean tamga_dstu_sign (const TamgaDstuDomain *domain, const guint8 *scalar, const guint8 *digest,
                          gsize digest_size, guint8 *signature);
/* FALSE also for a point that is not valid, and for r or s that is zero or not below n. */
gboolean tamga_dstu_verify (const TamgaDstuDomain *domain, const guint8 *point,
                            const guint8 *digest, gsize digest_size, const guint8 *signature,
                            gsize signature_size);
