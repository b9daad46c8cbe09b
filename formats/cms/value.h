/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signature value of a SignerInfo and the algorithms it claims: known, consistent with each
 * other and with what is signed, still safe; and does the value verify. */
#pragma once

#include "formats/cms/attributes.h"

/* digestAlgorithm and signatureAlgorithm; NULL where they cannot be read. */
typedef struct {
    X509_ALGOR *digest, *signature;
} TamgaAlgors;

/* AlgorithmIdentifier from its bytes; NULL when it is not one. */
X509_ALGOR *tamga_value_algor (GBytes *der);
/* A finding where the digest is no longer safe. */
void tamga_value_warn_digest (TamgaSignature *signature, const TamgaDigest *digest);
/* CMS-algorithm-protection (RFC 6211), where present, against the algorithms used. */
void tamga_value_check_protection (const TamgaAlgors *algors, GPtrArray *attributes,
                                   TamgaSignature *signature);
/* Sets `algorithm` and `algorithm_text`: FORMAT_FAILURE where the two disagree, NOT_VERIFIABLE
 * where they are not known. */
void tamga_value_find_algorithm (const TamgaAlgors *algors, TamgaSignature *signature);
/* NOT_VERIFIABLE: the key of `certificate` cannot be read; names it by its OID. */
void tamga_value_fail_key (TamgaSignature *signature);
/* Verifies `signature_value` over `bytes`, or else over `otherwise` (or NULL), with the key of the
 * certificate that was chosen; for other formats than CMS too. `algor`: the AlgorithmIdentifier
 * where it says more than `algorithm` (tamga_algorithm_verify_cms), or NULL. Nothing is done
 * without `algorithm` or `certificate`. */
void tamga_value_check_bytes (TamgaSignature *signature, const X509_ALGOR *algor, GBytes *bytes,
                              GBytes *otherwise);
/* The same over the signed attributes. */
void tamga_value_check (const TamgaAlgors *algors, const TamgaSignerInfo *info,
                        TamgaSignature *signature);
