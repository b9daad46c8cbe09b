/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A time-stamp token (RFC 3161 2.4.2, RFC 5816) taken apart. Only the token's own integrity is
 * computed here; whether its TSA is trusted, and whether it covers the right bytes, is judged by
 * whoever asks. */
#pragma once

#include "formats/model.h"

typedef struct {
    GBytes *der;     /* the TimeStampToken (ContentInfo) */
    gint64 gen_time; /* seconds since the epoch, UTC; fractions cut */
    gint64 accuracy; /* microseconds; -1 when absent */
    gboolean ordering;
    char *policy;              /* dotted OID */
    char *serial;              /* upper-case hex */
    GBytes *nonce;             /* magnitude, big-endian, without leading zeros; NULL when absent */
    const TamgaDigest *digest; /* of the imprint; NULL when unknown: see digest_oid */
    char *digest_oid;
    GBytes *imprint; /* hashedMessage */
    char *tsa_name;  /* the tsa field as text, or NULL */
    /* The token's signature: integrity, algorithm, `certificate` (the TSA's, as bound by the
     * signing-certificate attribute), `certificates`, `crls`, `ocsps`, `binding`, `findings`.
     * A token whose signature is broken is returned all the same. */
    TamgaSignature *signature;
} TamgaToken;

/* Errors: TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT, _MALFORMED (also: not exactly one signer, RFC 3161
 * 2.4.2), _LIMIT. */
TamgaToken *tamga_token_parse (GBytes *der, GError **error);
/* The same where the TSA's certificate may lie elsewhere: a service sends it only when asked to
 * (RFC 3161 2.4.1). `others`: X509, or NULL. */
TamgaToken *tamga_token_parse_with (GBytes *der, GPtrArray *others, GError **error);
void tamga_token_free (TamgaToken *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaToken, tamga_token_free)

/* Is the imprint the digest of `data`? FALSE also when the digest is unknown. */
gboolean tamga_token_covers (const TamgaToken *token, GBytes *data);
/* Is the imprint this digest value, made by the token's own algorithm? */
gboolean tamga_token_covers_digest (const TamgaToken *token, GBytes *covered_digest);
/* What a token says, without verifying anything. */
typedef struct {
    gint64 gen_time;           /* G_MININT64: not a time */
    const TamgaDigest *digest; /* of the imprint; NULL: not known here */
    GBytes *imprint;
} TamgaTokenClaim;

/* Errors as above. The caller frees with tamga_token_claim_clear. */
gboolean tamga_token_claim (GBytes *der, TamgaTokenClaim *claim, GError **error);
void tamga_token_claim_clear (TamgaTokenClaim *claim);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TamgaTokenClaim, tamga_token_claim_clear)
