/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests and signature algorithms in one table; the one place where a document's signature value
 * is verified. A new algorithm is a row here and nothing elsewhere. */
#pragma once

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* How far an algorithm is relied upon (ETSI TS 119 312; EN 319 102-1 5.2.8.4.2). */
typedef struct {
    guint strength; /* bits of security against the best attack in theory; 0: broken in practice */
    /* From when and until when, seconds UTC: G_MININT64 and G_MAXINT64 without a known limit. Both
     * G_MININT64: in no list of accepted ones. */
    gint64 since, until;
} TamgaReliance;

typedef struct {
    const char *name;    /* "SHA-256": for people and for JSON */
    const char *oid;     /* dotted */
    const char *openssl; /* name for EVP_MD_fetch */
    const char *xml_uri; /* DigestMethod/@Algorithm; NULL where it has none */
    gsize size;          /* bytes of the value */
    gboolean weak;       /* read in old signatures with a finding, never made (TS 119 312) */
    TamgaReliance reliance;
    int parameters; /* of an AlgorithmIdentifier that is made: V_ASN1_NULL or _UNDEF (absent); both
                       are read (RFC 5754 2) */
} TamgaDigest;

typedef enum {
    TAMGA_SCHEME_RSA_PKCS1, /* RFC 8017 8.2 */
    TAMGA_SCHEME_RSA_PSS, /* RFC 8017 8.1, MGF1 with the same digest, salt as long as the digest */
    TAMGA_SCHEME_ECDSA,   /* FIPS 186; raw form is r||s */
    TAMGA_SCHEME_PLAIN,   /* the value of the key is the value in every format; the digest belongs
                             to the row */
} TamgaScheme;

typedef struct {
    const char *name;     /* "RSA-PSS-SHA-256": for people, configuration and the key helper */
    const char *key_type; /* as EVP_PKEY_is_a takes it: "RSA", "EC", "KZ-GOST-2015-512" */
    const char *oid;      /* signatureAlgorithm OID in CMS that is made; others are accepted */
    const char *digest_name;
    TamgaScheme scheme;
    const char *xml_uri; /* SignatureMethod/@Algorithm; NULL where it has none */
    const char *jwa;     /* RFC 7518 name, NULL where it has none */
    int parameters;      /* of `oid` in an AlgorithmIdentifier: V_ASN1_NULL, _UNDEF (absent) or
                            _SEQUENCE (those of RSA-PSS) */
} TamgaAlgorithm;

/* Makes the algorithms known to OpenSSL that it lacks. To be called at the start of a program,
 * before anything is parsed: a certificate that was parsed earlier never gets such a key. FALSE:
 * OpenSSL refuses, by its configuration or for want of memory; the program should say so and end.
 */
gboolean tamga_algorithm_load (void);

/* Digests, by any of their names. NULL when unknown. Rows are static: never freed. */
const TamgaDigest *tamga_digest_by_name (const char *name);
const TamgaDigest *tamga_digest_by_oid (const char *oid);
const TamgaDigest *tamga_digest_by_uri (const char *uri); /* DigestMethod/@Algorithm */
/* NULL also for parameters other than NULL or none: they would change the digest. */
const TamgaDigest *tamga_digest_by_algor (const X509_ALGOR *algor);
/* The digest of one buffer. */
GBytes *tamga_digest_bytes (const TamgaDigest *digest, GBytes *data);
/* A digest in several pieces, to be fed with EVP_DigestUpdate. */
EVP_MD_CTX *tamga_digest_start (const TamgaDigest *digest);
GBytes *tamga_digest_finish (EVP_MD_CTX *context);
/* The EVP method; owned by the library, valid for ever. */
const EVP_MD *tamga_digest_md (const TamgaDigest *digest);

/* Rows in the order of the table; NULL past the last. */
const TamgaAlgorithm *tamga_algorithm_at (gsize index);
const TamgaAlgorithm *tamga_algorithm_by_name (const char *name);
const TamgaAlgorithm *tamga_algorithm_by_uri (const char *uri); /* SignatureMethod/@Algorithm */
const TamgaAlgorithm *tamga_algorithm_by_jwa (const char *name);
const TamgaDigest *tamga_algorithm_digest (const TamgaAlgorithm *algorithm);
/* What people call a kind of key: "RSA 2048 bits", "EC 256 bits (prime256v1)", "GOST 34.10-2015,
 * 512 bits". New text. */
char *tamga_algorithm_key_text (EVP_PKEY *key);
/* Digest for what others than the signer's software must compute: imprints for a TSA. That of the
 * algorithm, or SHA-256 where that one belongs to the algorithm (TAMGA_SCHEME_PLAIN). */
const TamgaDigest *tamga_algorithm_common_digest (const TamgaAlgorithm *algorithm);
/* The digest, or SHA-256 where it has no identifier in XML. */
const TamgaDigest *tamga_digest_for_xml (const TamgaDigest *digest);

/* Can a key of this kind make signatures of this algorithm? */
gboolean tamga_algorithm_fits (const TamgaAlgorithm *algorithm, EVP_PKEY *key);
/* The algorithm for a key: of `scheme_hint` family where it fits ("PKCS1", "PSS", "ECDSA" or NULL)
 * and `digest` (NULL: SHA-256 for RSA and P-256, SHA-384 for P-384, SHA-512 for P-521; for a key of
 * TAMGA_SCHEME_PLAIN, which has no family, that of its first row).
 * Error: TAMGA_FORMAT_ERROR_ALGORITHM. */
const TamgaAlgorithm *tamga_algorithm_for_key (EVP_PKEY *key, const char *scheme_hint,
                                               const TamgaDigest *digest, GError **error);

/* A kind of key by its name in profiles and reports: "RSA", "EC". NULL when unknown. Static. */
const char *tamga_key_kind_by_name (const char *name);
/* The kind of this key; NULL when it is none of the table. Static. */
const char *tamga_key_kind (EVP_PKEY *key);
/* What EVP_PKEY_is_a calls keys with this OID in SubjectPublicKeyInfo; some signers write it as
 * their signatureAlgorithm. NULL when unknown. */
const char *tamga_key_type_by_oid (const char *oid);
/* How far a key of this kind and size is relied upon under `scheme`. */
TamgaReliance tamga_key_reliance (EVP_PKEY *key, TamgaScheme scheme);

/* SignerInfo.signatureAlgorithm with `digest_algorithm` of the same SignerInfo (RFC 5652 5.3,
 * RFC 4056, RFC 5754, RFC 5753). NULL with TAMGA_FORMAT_ERROR_ALGORITHM where unknown, where the
 * digests disagree, or where PSS parameters are inconsistent; a salt longer than the digest is
 * accepted and verified by tamga_algorithm_verify_cms. */
const TamgaAlgorithm *tamga_algorithm_from_cms (const X509_ALGOR *signature_algorithm,
                                                const X509_ALGOR *digest_algorithm, GError **error);
/* AlgorithmIdentifiers to be written in CMS. */
X509_ALGOR *tamga_algorithm_to_cms (const TamgaAlgorithm *algorithm);
X509_ALGOR *tamga_digest_to_cms (const TamgaDigest *digest);

/* Signature value from the raw form of a key (RSA: as is; ECDSA: r||s) to the form in CMS (ECDSA:
 * DER Ecdsa-Sig-Value), and back to raw. Error: TAMGA_FORMAT_ERROR_ALGORITHM on a wrong length. */
GBytes *tamga_algorithm_raw_to_der (const TamgaAlgorithm *algorithm, GBytes *raw, GError **error);
GBytes *tamga_algorithm_der_to_raw (const TamgaAlgorithm *algorithm, GBytes *der, EVP_PKEY *key,
                                    GError **error);

typedef enum {
    TAMGA_VERIFY_GOOD,
    TAMGA_VERIFY_BAD,        /* computed, and it does not match */
    TAMGA_VERIFY_IMPOSSIBLE, /* wrong kind of key for the algorithm, or not computable */
} TamgaVerify;

/* Does `signature` (form of CMS) over `data` verify with `key`? */
TamgaVerify tamga_algorithm_verify (EVP_PKEY *key, const TamgaAlgorithm *algorithm, GBytes *data,
                                    GBytes *signature);
/* The same where the AlgorithmIdentifier that came with the signature says more than the row: the
 * salt length of RSA-PSS, which must be the one used. `signature_algorithm`: the one that
 * tamga_algorithm_from_cms gave `algorithm` for. */
TamgaVerify tamga_algorithm_verify_cms (EVP_PKEY *key, const TamgaAlgorithm *algorithm,
                                        const X509_ALGOR *signature_algorithm, GBytes *data,
                                        GBytes *signature);
