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
void tamga_token_free (TamgaToken *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaToken, tamga_token_free)

/* Is the imprint the digest of `data`? FALSE also when the digest is unknown. */
gboolean tamga_token_covers (const TamgaToken *token, GBytes *data);
/* Is the imprint this digest value, made by the token's own algorithm? */
gboolean tamga_token_covers_digest (const TamgaToken *token, GBytes *covered_digest);
/* Only the digest algorithm of the imprint, without verifying anything. NULL without error: it is
 * not known here. Errors as above. */
const TamgaDigest *tamga_token_imprint_digest (GBytes *der, GError **error);
