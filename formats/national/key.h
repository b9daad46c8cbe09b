/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of the provider: what OpenSSL's keymgmt, decoders and encoder pass around, and the rows
 * of kinds of keys. One row per kind; the code of the provider has no other list of them. */
#pragma once

#include <glib.h>
#include <openssl/core.h>

#include "formats/national/dstu4145.h"
#include "formats/national/gost3410.h"

#define TAMGA_NATIONAL_MAX_PRIVATE 64
#define TAMGA_NATIONAL_MAX_PUBLIC 128
#define TAMGA_NATIONAL_MAX_SIGNATURE 512

typedef struct TamgaNationalKind TamgaNationalKind;

typedef struct {
    gint references; /* atomic: OpenSSL shares keys between threads */
    const TamgaNationalKind *kind;
    const TamgaDstuDomain *domain;                  /* DSTU 4145 only; of a named set */
    gsize public_size, private_size;                /* 0: has none */
    guint8 public_key[TAMGA_NATIONAL_MAX_PUBLIC];   /* form of gost3410.h, dstu4145.h */
    guint8 private_key[TAMGA_NATIONAL_MAX_PRIVATE]; /* wiped when freed */
} TamgaNationalKey;

struct TamgaNationalKind {
    const char *name;                   /* what EVP_PKEY_is_a knows: "KZ-GOST-2015-512" */
    const char *key_oid;                /* of SubjectPublicKeyInfo and PrivateKeyInfo */
    const char *default_digest;         /* name for EVP_MD_fetch */
    const TamgaGostCurve *curve;        /* NULL: DSTU 4145 */
    const char *curve_oid, *digest_oid; /* the parameters that a GOST key must have */
    gboolean big_endian;                /* DSTU 4145: how the octets are stored */
};

extern const TamgaNationalKind tamga_national_kinds[];
extern const gsize tamga_national_n_kinds;

TamgaNationalKey *tamga_national_key_new (const TamgaNationalKind *kind);
TamgaNationalKey *tamga_national_key_ref (TamgaNationalKey *key);
void tamga_national_key_unref (TamgaNationalKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaNationalKey, tamga_national_key_unref)

/* SubjectPublicKeyInfo and PrivateKeyInfo, DER. Parameters are compared with the named sets; a
 * point is checked to be on its curve, a private scalar to be in range, and the public key of a
 * private one is computed. NULL: not of that kind, or not good; which it is does not matter to the
 * caller, since OpenSSL then says that the key cannot be read. */
TamgaNationalKey *tamga_national_key_from_spki (const TamgaNationalKind *kind, const guint8 *der,
                                                gsize size);
TamgaNationalKey *tamga_national_key_from_pkcs8 (const TamgaNationalKind *kind, const guint8 *der,
                                                 gsize size);
GBytes *tamga_national_key_to_spki (const TamgaNationalKey *key);
GBytes *tamga_national_key_to_pkcs8 (const TamgaNationalKey *key);

/* The parts of the provider: tables of OSSL_ALGORITHM, each in the file of its name. */
extern const OSSL_ALGORITHM tamga_national_ciphers[];    /* cipher.c */
extern const OSSL_ALGORITHM tamga_national_keymgmts[];   /* keymgmt.c */
extern const OSSL_ALGORITHM tamga_national_signatures[]; /* signature.c */
extern const OSSL_ALGORITHM tamga_national_decoders[];   /* codec.c */
extern const OSSL_ALGORITHM tamga_national_encoders[];   /* codec.c */
