/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of the provider: what OpenSSL's keymgmt, decoders and encoder pass around, and the rows
 * of kinds of keys. One row per kind; the code of the provider has no other list of them. */
#pragma once

#include <glib.h>

#include "formats/national/dstu4145.h"
#include "formats/national/gost3410.h"

#define TAMGA_NATIONAL_MAX_PRIVATE 64
#define TAMGA_NATIONAL_MAX_PUBLIC 128
#define TAMGA_NATIONAL_MAX_SIGNATURE 512
/* Octets by which the form of certificates may be longer than r || s. */
#define TAMGA_NATIONAL_WRAPPER_SIZE 4
/* The curve of new DSTU 4145 keys when none is named: that of most users. */
#define TAMGA_NATIONAL_DEFAULT_GROUP "1.2.804.2.1.1.1.1.3.1.1.2.6"

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
    const char *name;    /* what EVP_PKEY_is_a knows: "KZ-GOST-2015-512" */
    const char *names;   /* all that OpenSSL may call it, with colons; the OIDs of keys are among
                            them, and a key may have any of these */
    const char *key_oid; /* the one that is written */
    const char *default_digest;         /* name for EVP_MD_fetch */
    const TamgaGostCurve *curve;        /* NULL: DSTU 4145 */
    const char *curve_oid, *digest_oid; /* the parameters that a GOST key must have */
    gboolean integer;    /* GOST: a private key is written as an INTEGER, not as octets */
    gboolean big_endian; /* DSTU 4145: how octets are stored in keys and signatures */
};

/* Rows, in this order. */
enum {
    TAMGA_KIND_GOST_2015_512,
    TAMGA_KIND_GOST_2015_256,
    TAMGA_KIND_GOST_2004,
    TAMGA_KIND_DSTU,
    TAMGA_KIND_DSTU_BE,
};
extern const TamgaNationalKind tamga_national_kinds[];
extern const gsize tamga_national_n_kinds;

/* A signature algorithm: a kind of key with a digest. What is not among the rows is refused. */
typedef struct {
    const TamgaNationalKind *kind;
    const char *digest; /* name for EVP_MD_fetch */
    const char *name;   /* in OpenSSL's table of objects, where that does not have it */
    const char *oid;
    gboolean null_parameters; /* of the AlgorithmIdentifier; otherwise absent */
} TamgaNationalPair;

extern const TamgaNationalPair tamga_national_pairs[];
extern const gsize tamga_national_n_pairs;

TamgaNationalKey *tamga_national_key_new (const TamgaNationalKind *kind);
TamgaNationalKey *tamga_national_key_ref (TamgaNationalKey *key);
void tamga_national_key_unref (TamgaNationalKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaNationalKey, tamga_national_key_unref)

/* Octets of a public key, of a private one and of a plain signature; 0 while a DSTU key has no
 * domain. */
gsize tamga_national_public_size (const TamgaNationalKey *key);
gsize tamga_national_private_size (const TamgaNationalKey *key);
gsize tamga_national_signature_size (const TamgaNationalKey *key);

/* Parts of a key that nobody else has yet. Octets are in the form of gost3410.h and dstu4145.h.
 * `name`: the name or the OID of a curve. FALSE: not good, or not what is there already. */
gboolean tamga_national_key_set_group (TamgaNationalKey *key, const char *name);
const char *tamga_national_key_group (const TamgaNationalKey *key); /* NULL: none yet */
gboolean tamga_national_key_set_public (TamgaNationalKey *key, const guint8 *octets, gsize size);
gboolean tamga_national_key_set_private (TamgaNationalKey *key, const guint8 *octets, gsize size);
gboolean tamga_national_key_generate (TamgaNationalKey *key);

/* SubjectPublicKeyInfo and PrivateKeyInfo, DER. Parameters are compared with the named sets; a
 * point is checked to be on its curve, a private scalar to be in range, and the public key of a
 * private one is computed. NULL: not of that kind, or not good; which it is does not matter to the
 * caller, since OpenSSL then says that the key cannot be read. */
TamgaNationalKey *tamga_national_key_from_spki (const TamgaNationalKind *kind, const guint8 *der,
                                                gsize size);
TamgaNationalKey *tamga_national_key_from_pkcs8 (const TamgaNationalKind *kind, const guint8 *der,
                                                 gsize size);
GBytes *tamga_national_key_to_spki (const TamgaNationalKey *key);
/* To be freed by tamga_national_secret_free, which wipes it; nobody else may hold it. */
GBytes *tamga_national_key_to_pkcs8 (const TamgaNationalKey *key);
void tamga_national_secret_free (GBytes *secret);
