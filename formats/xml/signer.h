/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One ds:Signature on its way to a TamgaSignature, and the parts of that work. */
#pragma once

#include "formats/model.h"
#include "formats/xml/reference.h"
#include "formats/xml/resolver.h"
#include "formats/xml/xml.h"

typedef struct {
    const TamgaXml *xml;
    const TamgaXmlResolver *resolver;
    const xmlNode *element, *info, *value, *key_info; /* of the signature; NULL: not there */
    const xmlNode *countersigned; /* the signature that this one must countersign, or NULL */
    TamgaSignature *signature;
    GPtrArray *references;       /* TamgaXmlSigned: of SignedInfo */
    GPtrArray *entries;          /* TamgaXmlSigned: of the manifests among them */
    GPtrArray *found;            /* TamgaFoundCertificate */
    const xmlNode *properties;   /* SignedProperties that this signature signs; NULL: none */
    const TamgaXmlSigned *bound; /* the reference that signs them */
} TamgaXmlSigner;

/* signed_info.c: the parts of the signature; FALSE where nothing more can be computed. */
gboolean tamga_xml_signer_open (TamgaXmlSigner *signer);
/* Reads and checks all references. FALSE with an error where reading failed, or LIMIT. */
gboolean tamga_xml_signer_references (TamgaXmlSigner *signer, GError **error);
/* SignatureMethod; then, once the certificate is chosen, the value over SignedInfo. FALSE with an
 * error: LIMIT. */
void tamga_xml_signer_algorithm (TamgaXmlSigner *signer);
gboolean tamga_xml_signer_verify (TamgaXmlSigner *signer, GError **error);

/* coverage.c: finds the signed properties among the references (threats b, signature wrapping), and
 * says what the others cover: objects, coverage, packaging, digests. */
void tamga_xml_signer_bind_properties (TamgaXmlSigner *signer);
void tamga_xml_signer_cover (TamgaXmlSigner *signer);
/* Does the reference cover content, rather than parts of the signature itself? */
gboolean tamga_xml_signer_is_content (const TamgaXmlSigner *signer, const TamgaXmlSigned *one);

/* evidence.c: certificates and revocation data from KeyInfo and unsigned properties. */
void tamga_xml_signer_find_certificates (TamgaXmlSigner *signer);
void tamga_xml_signer_find_revocations (TamgaXmlSigner *signer);

/* binding.c: sets `certificate` and `binding`. `octets`: canonical SignedInfo, or NULL. */
void tamga_xml_signer_choose (TamgaXmlSigner *signer, GBytes *octets);

/* claims.c: signed properties that the signer states. */
void tamga_xml_signer_claims (TamgaXmlSigner *signer);
/* MimeType of the reference with this Id, or NULL. */
char *tamga_xml_signer_mime_type (const TamgaXmlSigner *signer, const char *reference_id);

/* stamps.c: timestamps, with what each covers. `counters`: ids (char *) of countersignatures by
 * their ds:Signature. FALSE with an error where reading failed, or LIMIT. */
gboolean tamga_xml_signer_stamps (TamgaXmlSigner *signer, GHashTable *counters, GError **error);
