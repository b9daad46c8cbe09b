/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a JWS signs, wherever it lies: its payload, a document beside it, or several that sigD names
 * (TS 119 182-1 5.2.8). */
#pragma once

#include "formats/jose/jws.h"

typedef enum {
    TAMGA_JOSE_ATTACHED,
    TAMGA_JOSE_DETACHED,      /* RFC 7515 annex F: empty payload, one document */
    TAMGA_JOSE_BY_URI,        /* sigD, documents contribute themselves */
    TAMGA_JOSE_BY_URI_HASH,   /* sigD, their digests are in the header */
    TAMGA_JOSE_NOT_AVAILABLE, /* mechanism not known here */
} TamgaJoseMechanism;

typedef struct {
    TamgaJoseMechanism mechanism;
    gboolean encoded;     /* base64url in the signing input; FALSE: b64 is false (RFC 7797) */
    GPtrArray *documents; /* TamgaDocument, owned; NULL elements: not given */
} TamgaJoseContent;

/* Name of a digest in digAlg and hashM, and back; NULL where there is none. */
const TamgaDigest *tamga_jose_digest (const char *name);
const char *tamga_jose_digest_name (const TamgaDigest *digest);

/* Finds the content of one signature and says in `signature` what is wrong with it: integrity,
 * objects, packaging, coverage. `value`: of the signature that is countersigned, NULL otherwise.
 * NULL with an error only for input and output errors and limits. */
TamgaJoseContent *tamga_jose_content_find (const TamgaJws *jws, const TamgaJwsSignature *one,
                                           const TamgaReadOptions *options, GBytes *value,
                                           TamgaSignature *signature, GError **error);
/* For a signature that is made. `documents`: TamgaDocument. */
TamgaJoseContent *tamga_jose_content_new (TamgaJoseMechanism mechanism, gboolean encoded,
                                          GPtrArray *documents);
void tamga_jose_content_free (TamgaJoseContent *content);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaJoseContent, tamga_jose_content_free)

gboolean tamga_jose_content_complete (const TamgaJoseContent *content);
/* Hashes what timestamps cover of the content: each document, base64url-encoded unless b64 is
 * false, one behind the other (TS 119 182-1 5.2.6, 5.3.6.3). */
gboolean tamga_jose_content_feed (const TamgaJoseContent *content, EVP_MD_CTX *context,
                                  GError **error);
/* protected '.' payload (RFC 7515 5.1): what is signed. */
GBytes *tamga_jose_content_input (const TamgaJoseContent *content, const char *protected_text,
                                  GError **error);
/* Digest of one document in the form of hashV (5.2.8.3.3). */
GBytes *tamga_jose_content_hash (TamgaDocument *document, gboolean encoded,
                                 const TamgaDigest *digest, GError **error);
/* Last part of a name or URI. */
const char *tamga_jose_last_part (const char *name);
