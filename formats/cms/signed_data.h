/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SignedData (RFC 5652 5.1) as it lies in a document: every part keeps its own bytes, and
 * encapsulated content stays in the document as ranges, whatever its size. */
#pragma once

#include "formats/cms/signer_info.h"
#include "formats/document.h"

#define TAMGA_OID_DATA "1.2.840.113549.1.7.1"
#define TAMGA_OID_SIGNED_DATA "1.2.840.113549.1.7.2"
#define TAMGA_OID_TST_INFO "1.2.840.113549.1.9.16.1.4"

typedef struct {
    TamgaDocument *document;
    gboolean indefinite; /* BER: indefinite lengths outside of the content */
    int version;
    GPtrArray *digest_algors; /* GBytes: AlgorithmIdentifier */
    char *content_type;       /* dotted eContentType */
    TamgaRange encap;         /* EncapsulatedContentInfo as it lies in `document` */
    gboolean has_content;     /* eContent is present */
    GArray *content;          /* TamgaRange: octets of eContent, in order */
    guint64 content_size;
    GPtrArray *certificates; /* GBytes: CertificateChoices */
    GPtrArray *crls;         /* GBytes: RevocationInfoChoice */
    /* The two fields as they lie in `document`; length 0: absent. */
    TamgaRange certificates_field, crls_field;
    GPtrArray *signers; /* TamgaSignerInfo */
    guint64 end;        /* offset of the first byte after the ContentInfo */
    /* Detached content, where whoever parsed this has it as a document (a reference of its own):
     * what archive timestamps before version 3 cover whole. NULL: not at hand. */
    TamgaDocument *external;
    /* X509 from elsewhere, which a signer may name that brings none; or NULL. A reference. */
    GPtrArray *others;
} TamgaSignedData;

/* Parses `document` from its first byte. Bytes after the ContentInfo are an error. Errors:
 * TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT (no ContentInfo with SignedData), _MALFORMED, _LIMIT. */
TamgaSignedData *tamga_signed_data_parse (TamgaDocument *document, GError **error);
void tamga_signed_data_free (TamgaSignedData *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaSignedData, tamga_signed_data_free)
/* Does the document begin like a ContentInfo with SignedData? */
gboolean tamga_signed_data_probe (TamgaDocument *document);
/* Digest of the encapsulated octets. */
GBytes *tamga_signed_data_content_digest (TamgaSignedData *data, const TamgaDigest *digest,
                                          GError **error);
/* The encapsulated octets in memory, at most `limit`. NULL without error when there are none. */
GBytes *tamga_signed_data_content (TamgaSignedData *data, guint64 limit, GError **error);
