/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed and unsigned attributes of a SignerInfo, walked against an allow-list: what is known has
 * its place and its number of values, what is unknown is said. */
#pragma once

#include "formats/cms/signed_data.h"
#include "formats/model.h"

typedef enum {
    TAMGA_ATTRIBUTE_UNKNOWN,
    TAMGA_ATTRIBUTE_CONTENT_TYPE,
    TAMGA_ATTRIBUTE_MESSAGE_DIGEST,
    TAMGA_ATTRIBUTE_SIGNING_TIME,
    TAMGA_ATTRIBUTE_SIGNING_CERTIFICATE,
    TAMGA_ATTRIBUTE_SIGNING_CERTIFICATE_V2,
    TAMGA_ATTRIBUTE_MIME_TYPE,
    TAMGA_ATTRIBUTE_ALGORITHM_PROTECTION,
    TAMGA_ATTRIBUTE_POLICY,
    TAMGA_ATTRIBUTE_SIGNER_LOCATION,
    TAMGA_ATTRIBUTE_COMMITMENT,
    TAMGA_ATTRIBUTE_SIGNER_ATTRIBUTES, /* of version 1: a SEQUENCE OF choices */
    TAMGA_ATTRIBUTE_SIGNER_ATTRIBUTES_V2,
    TAMGA_ATTRIBUTE_CONTENT_TIMESTAMP,
    TAMGA_ATTRIBUTE_ADOBE_REVOCATION,
    TAMGA_ATTRIBUTE_SIGNATURE_TIMESTAMP,
    TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V1,
    TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V2, /* like V1 it covers SignedData fields as they lie */
    TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3,
    TAMGA_ATTRIBUTE_C_TIMESTAMP,          /* over value, signature timestamp and references */
    TAMGA_ATTRIBUTE_REFERENCES_TIMESTAMP, /* over references only */
    TAMGA_ATTRIBUTE_CERTIFICATE_REFERENCES,
    TAMGA_ATTRIBUTE_REVOCATION_REFERENCES,
    TAMGA_ATTRIBUTE_CERTIFICATE_VALUES,
    TAMGA_ATTRIBUTE_REVOCATION_VALUES,
    TAMGA_ATTRIBUTE_COUNTERSIGNATURE,
    TAMGA_ATTRIBUTE_LONG_TERM_VALIDATION,
    TAMGA_ATTRIBUTE_EVIDENCE_RECORD, /* RFC 4998 annex A: over all of the SignedData */
    TAMGA_ATTRIBUTE_HASH_INDEX,      /* any version: of the token of an archive timestamp */
    TAMGA_ATTRIBUTE_OTHER,           /* known, legal, and without influence on integrity */
} TamgaAttributeKind;

typedef struct {
    TamgaAttributeKind kind;
    const char *name; /* static; "unknown" */
    char *oid;
    GBytes *der;       /* the Attribute as it lies */
    GBytes *type;      /* its attrType, whole element */
    GPtrArray *values; /* GBytes: whole elements */
} TamgaAttribute;

/* One Attribute from its bytes, without judging it; NULL when it is not one. */
TamgaAttribute *tamga_attribute_parse (GBytes *der);
void tamga_attribute_free (TamgaAttribute *attribute);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaAttribute, tamga_attribute_free)
/* Is it an archive timestamp that covers fields of the SignedData as they lie? */
gboolean tamga_attribute_is_old_archive (const TamgaAttribute *attribute);

/* Walks the attributes of `info`. A broken rule sets FORMAT_FAILURE in `signature`, an unknown
 * attribute adds a finding. Results: arrays of TamgaAttribute, never NULL. */
void tamga_attributes_walk (const TamgaSignerInfo *info, gboolean countersignature,
                            TamgaSignature *signature, GPtrArray **signed_attributes,
                            GPtrArray **unsigned_attributes);
/* The first attribute of a kind; NULL when absent. */
const TamgaAttribute *tamga_attributes_find (GPtrArray *attributes, TamgaAttributeKind kind);
/* Its only value, NULL when absent. */
GBytes *tamga_attributes_value (GPtrArray *attributes, TamgaAttributeKind kind);
/* Is `content` itself a SET OF Attribute, as is signed for another signature (threat of moving
 * signed attributes into the content and back, RFC 5652 5.4)? */
gboolean tamga_attributes_look_like (GBytes *content);
/* Content beyond this is not looked at for it. */
#define TAMGA_MAX_CURIOUS_CONTENT (64u * 1024)
