/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a SignedData with one signer, in three steps that a key elsewhere can stand between:
 * signed attributes, signature, ContentInfo. */
#pragma once

#include "formats/format.h"

typedef enum {
    TAMGA_CMS_CADES, /* EN 319 122-1 6.3: with signing-time */
    TAMGA_CMS_PADES, /* EN 319 142-1 6.3: the time is in /M, signing-time is forbidden */
} TamgaCmsProfile;

/* What is to be made. Everything is borrowed. */
typedef struct {
    TamgaCmsProfile profile;
    const TamgaAlgorithm *algorithm;
    X509 *certificate;
    GPtrArray *chain;         /* X509 carried along besides the signer's; or NULL */
    gint64 signing_time;      /* seconds since the epoch; CAdES only */
    const char *content_type; /* dotted eContentType; NULL: id-data */
    const char *mime_type;    /* mime-type attribute (EN 319 122-1 5.2.4.2), or NULL; CAdES only */
    TamgaLevel level;         /* for the estimate */
    /* Policy, commitments, roles and, in CAdES, the place (EN 319 122-1 5.2); NULL: none. PAdES has
     * its place in /Location and takes none here. */
    const TamgaClaims *claims;
    /* DER token over the content, of any digest: content-time-stamp (5.2.8); NULL: none. */
    GBytes *content_timestamp;
    /* A countersignature (RFC 5652 11.4): `content_digest` is that of a signature value, and there
     * is neither content-type nor mime-type. */
    gboolean countersignature;
} TamgaCmsParameters;

/* Signed attributes as DER SET OF: the bytes that the key signs. `content_digest` by the
 * algorithm's digest. Error: TAMGA_FORMAT_ERROR_PARAMETER on a digest of another length, and on
 * claims that cannot be written. */
GBytes *tamga_cms_signed_attributes (const TamgaCmsParameters *parameters, GBytes *content_digest,
                                     GError **error);
/* ContentInfo with detached content. `signature_raw` as the key returned it (ECDSA: r||s), which
 * the caller has verified: TAMGA_FORMAT_ERROR_ALGORITHM when it is not of that form.
 * `timestamp_token`: DER, becomes signature-time-stamp; or NULL. `evidence`: goes into
 * SignedData.certificates and .crls (OCSP responses by RFC 5940); NULL for PAdES, whose evidence
 * lies in the DSS. */
GBytes *tamga_cms_build (const TamgaCmsParameters *parameters, GBytes *signed_attributes,
                         GBytes *signature_raw, GBytes *timestamp_token,
                         const TamgaEvidence *evidence, GError **error);
/* Upper bound of what tamga_cms_build returns for these parameters without evidence; from level T
 * on with TAMGA_CMS_TOKEN_ROOM for the token. */
#define TAMGA_CMS_TOKEN_ROOM (16u * 1024)
gsize tamga_cms_estimate_size (const TamgaCmsParameters *parameters);

/* Parts of the above, for CAdES, which also adds signers to an existing SignedData. */

/* SignerInfo (RFC 5652 5.3, version 1). */
GBytes *tamga_cms_signer_info (const TamgaCmsParameters *parameters, GBytes *signed_attributes,
                               GBytes *signature_raw, GBytes *timestamp_token, GError **error);

/* IssuerSerial (RFC 5035 4) of a certificate; XAdES has it as well. */
GBytes *tamga_cms_issuer_serial (X509 *certificate);

/* A SignedData in parts, so that content need not be in memory. Elements are GBytes. */
typedef struct {
    gboolean keep_order; /* elements are written as they stand, else in the order of DER */
    int version;         /* of an existing SignedData, else 0: the written one is not below */
    GPtrArray *digest_algors;
    GPtrArray *certificates;
    GPtrArray *crls;
    GPtrArray *signers;
    GBytes *new_signer;                      /* comes to those of an existing one; or NULL */
    GBytes *certificates_field, *crls_field; /* written instead of the elements; or NULL */
    gboolean data_content;                   /* eContentType is id-data */
    GBytes *encap;                           /* begin of EncapsulatedContentInfo, or all of it */
    guint64 body_length;                     /* bytes that follow it from elsewhere */
} TamgaCmsParts;

TamgaCmsParts *tamga_cms_parts_new (void);
void tamga_cms_parts_free (TamgaCmsParts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaCmsParts, tamga_cms_parts_free)
/* Adds `der` in the place that DER wants unless an equal element is there; keeps no reference of
 * the caller's. */
void tamga_cms_parts_add (GPtrArray *elements, GBytes *der);
/* Adds what parameters and evidence (may be NULL) carry: digest algorithm, certificates, CRLs,
 * OCSP responses. */
void tamga_cms_parts_collect (TamgaCmsParts *parts, const TamgaCmsParameters *parameters,
                              const TamgaEvidence *evidence);
/* The same for evidence, and for one digest algorithm. */
void tamga_cms_parts_add_evidence (TamgaCmsParts *parts, const TamgaEvidence *evidence);
void tamga_cms_parts_add_digest (TamgaCmsParts *parts, const TamgaDigest *digest);
/* The ContentInfo is `head`, `body_length` bytes of the caller, `tail`. */
void tamga_cms_parts_frame (const TamgaCmsParts *parts, GBytes **head, GBytes **tail);
