/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making CMS that lies: a SignedData that starts honest and is put together again after something
 * was changed, with a signature made anew where the forger could. */
#pragma once

#include "formats/cms/der.h"
#include "tests/unit/cms/fixture.h"

#define OID_CONTENT_TYPE "1.2.840.113549.1.9.3"
#define OID_MESSAGE_DIGEST "1.2.840.113549.1.9.4"
#define OID_SIGNING_TIME "1.2.840.113549.1.9.5"
#define OID_COUNTERSIGNATURE "1.2.840.113549.1.9.6"
#define OID_PROTECTION "1.2.840.113549.1.9.52"
#define OID_SIGNING_CERTIFICATE_V2 "1.2.840.113549.1.9.16.2.47"
#define OID_SIGNATURE_TIMESTAMP "1.2.840.113549.1.9.16.2.14"
#define OID_SHA256 "2.16.840.1.101.3.4.2.1"
#define OID_SHA512 "2.16.840.1.101.3.4.2.3"

/* A SignedData in the making. */
typedef struct {
    Fixture *fixture;
    Party *party;
    const TamgaAlgorithm *algorithm; /* used for signing */
    GBytes *content;
    gboolean detached;
    char *content_type;
    GPtrArray *attributes;   /* GBytes: Attribute, in the order that is written; NULL: none */
    GPtrArray *unsigneds;    /* GBytes: Attribute */
    GPtrArray *certificates; /* GBytes */
    GBytes *digest_algor, *signature_algor;
    X509 *sid;
    GBytes *signature; /* instead of one that is made */
} Forge;

/* An honest attached signature by a new party. */
void forge_begin (Forge *forge, Fixture *fixture, const char *kind, const char *algorithm);
void forge_end (Forge *forge);
/* Its SignerInfo, and the whole ContentInfo with `more` (another SignerInfo, or NULL). */
GBytes *forge_signature (const Forge *forge);
GBytes *forge_signer (const Forge *forge);
GBytes *forge_file (const Forge *forge, GBytes *more);

/* Signed attributes: out by OID, in with one or two (`second`, or NULL) values. */
void forge_drop (Forge *forge, const char *oid);
void forge_add (Forge *forge, const char *oid, GBytes *value, GBytes *second);
/* Parts: Attribute; OCTET STRING with a digest; AlgorithmIdentifier (takes `algor`); elements as
 * they stand, without order or uniqueness; an array of GBytes. */
GBytes *forge_attribute (const char *oid, GBytes *value, GBytes *second);
GBytes *forge_digest (GBytes *data, const char *name);
GBytes *forge_algor (X509_ALGOR *algor);
GBytes *forge_concatenate (guint8 tag, GPtrArray *elements);
GPtrArray *forge_array (void);
/* The first finding with that code; NULL when there is none. */
const TamgaFinding *forge_finding (const TamgaSignature *signature, const char *code);
