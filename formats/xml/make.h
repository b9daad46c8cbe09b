/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making and extending XAdES and XMLDSig signatures: rows of the table, and the parts that they
 * share. Signatures are text that is put into the bytes of the file; a tree is parsed from the
 * result only to hash what a reader of it will hash. */
#pragma once

#include "formats/format.h"
#include "formats/xml/c14n.h"
#include "formats/xml/resolver.h"
#include "formats/xml/slot.h"
#include "formats/xml/writer.h"

/* Functions of the rows. */
TamgaPreparation *tamga_xades_prepare (TamgaDocument *document,
                                       const TamgaSigningParameters *parameters, GError **error);
TamgaPreparation *tamga_xmldsig_prepare (TamgaDocument *document,
                                         const TamgaSigningParameters *parameters, GError **error);
gboolean tamga_xades_embed (TamgaPreparation *preparation, GBytes *signature, GBytes *timestamp,
                            const TamgaEvidence *evidence, TamgaOutput *output, GError **error);
GBytes *tamga_xades_timestamped (TamgaPreparation *preparation, GBytes *signature, GError **error);
gboolean tamga_xades_extend (TamgaDocument *document, const TamgaReadOptions *options,
                             const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                             TamgaOutput *output, GError **error);
GPtrArray *tamga_xades_originals (TamgaDocument *document, const TamgaReadOptions *options,
                                  const char *signature, GError **error);

#define TAMGA_XML_BASE64 "http://www.w3.org/2000/09/xmldsig#base64"
#define TAMGA_XML_ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
/* What a reference to the document leaves out: every signature, so that several signers can sign
 * side by side. XPath Filter 2.0 evaluates it once; with the older XPath transform, which is
 * evaluated for every node, verifiers in use need time that grows with the square of the document.
 */
#define TAMGA_XML_ALL_SIGNATURES "/descendant::ds:Signature"
#define TAMGA_XML_PROLOGUE "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* One ds:Reference of a signature that is made. */
typedef struct {
    char *id;         /* NULL: none */
    char *uri;        /* NULL: no attribute */
    const char *type; /* @Type, or NULL */
    /* Transforms, in this order. */
    gboolean base64;         /* the octets that an ds:Object holds */
    gboolean enveloped;      /* all but this signature */
    gboolean no_signature;   /* all but every signature */
    const TamgaC14n *c14n;   /* NULL: octets */
    char *mime_type;         /* of DataObjectFormat; NULL: none */
    TamgaDocument *document; /* whose octets it covers; NULL: what `uri` names in the file */
    GBytes *digest;          /* zeros until it is known */
} TamgaXmlReference;

void tamga_xml_reference_free (TamgaXmlReference *reference);

/* A signature that is made. Owns what is not const. */
typedef struct {
    gboolean plain; /* XMLDSig: no properties */
    TamgaLayout layout;
    const TamgaAlgorithm *algorithm;
    const TamgaC14n *c14n; /* of SignedInfo, SignedProperties and timestamps */
    const TamgaC14n *reference_c14n;
    char *id;              /* of the signature; others begin with it; NULL: no Ids at all */
    GPtrArray *references; /* TamgaXmlReference, without that of SignedProperties */
    GPtrArray *objects;    /* GBytes: text of each ds:Object around content */
    GBytes *content_token; /* AllDataObjectsTimeStamp, or NULL */
    GBytes *properties_digest;
} TamgaXmlPlan;

TamgaXmlPlan *tamga_xml_plan_new (void);
void tamga_xml_plan_free (TamgaXmlPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaXmlPlan, tamga_xml_plan_free)
TamgaXmlReference *tamga_xml_plan_add (TamgaXmlPlan *plan, const char *uri);
char *tamga_xml_plan_id (const TamgaXmlPlan *plan, const char *what); /* "ID-what" */

/* The text of a signature, with the places where embed puts things. */
typedef struct {
    GString *text;
    gsize value_at;    /* ds:SignatureValue */
    gsize unsigned_at; /* UnsignedProperties */
} TamgaXmlText;

/* SignedInfo ... to the end; `parameters` give certificates and properties. */
TamgaXmlText tamga_xml_plan_text (const TamgaXmlPlan *plan,
                                  const TamgaSigningParameters *parameters);
void tamga_xades_write_signed_properties (TamgaXmlWriter *writer, const TamgaXmlPlan *plan,
                                          const TamgaSigningParameters *parameters);
/* Can the claims be written? PARAMETER. */
gboolean tamga_xades_check_claims (const TamgaClaims *claims, GError **error);

/* Digests of references into the file, as they are in its tree. `signature`: the one that is
 * made. */
gboolean tamga_xml_plan_hash (TamgaXmlPlan *plan, const TamgaXml *xml, xmlNode *signature,
                              GError **error);

/* Where a signature goes. Owns what is not const. */
typedef struct {
    GBytes *basis;     /* the file without it */
    TamgaXml *xml;     /* its tree; NULL: a new file, or not needed any more */
    xmlNode *parent;   /* in `xml` */
    gsize order;       /* of the parent in the document */
    gboolean inside;   /* there is a parent; else the signature is the root */
    TamgaXmlSlot slot; /* in `basis` */
    char *head, *tail; /* what goes around the signature, or NULL */
    guint depth;       /* elements that `head` opens */
} TamgaXmlTarget;

void tamga_xml_target_clear (TamgaXmlTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TamgaXmlTarget, tamga_xml_target_clear)

/* What is signed and where the signature goes, from the parameters. Fill `plan` (references and
 * objects) and `target`. */
gboolean tamga_xml_target_document (TamgaXmlPlan *plan, TamgaXmlTarget *target,
                                    TamgaDocument *document,
                                    const TamgaSigningParameters *parameters, GError **error);
gboolean tamga_xml_target_objects (TamgaXmlPlan *plan, TamgaXmlTarget *target,
                                   TamgaDocument *carrier, GPtrArray *objects, GError **error);

/* The value of the attribute by which references find an element; NULL: it has none. */
char *tamga_xml_own_id (const TamgaXml *xml, const xmlNode *element);
/* Finds slot and order of the parent. */
gboolean tamga_xml_target_place (TamgaXmlTarget *target, GError **error);
/* Around what is put into the slot of a target, inside of what is around it already. */
void tamga_xml_target_wrap (TamgaXmlTarget *target, const char *name, const char *namespace);
/* Sets parent, slot and what goes around, for one more unsigned property of a signature in
 * `target->xml`. UNSUPPORTED where it has no properties of XAdES 1.3.2. */
gboolean tamga_xades_unsigned_target (TamgaXmlTarget *target, xmlNode *signature, GError **error);
/* The file of a target with `text` at its place. */
GBytes *tamga_xml_target_fill (const TamgaXmlTarget *target, const GString *text);
/* ds:Signature by its number among, or its id (as read) of, those that reading gives. PARAMETER. */
xmlNode *tamga_xades_signature_at (const TamgaXml *xml, guint index, GError **error);
xmlNode *tamga_xades_find_signature (const TamgaXml *xml, const TamgaXmlResolver *resolver,
                                     const char *id, GError **error);

/* Are all signatures and timestamps that were intact in `before` still so in `after`, which has at
 * most one signature more? FORBIDDEN, with the one that is not. Findings about those that were not
 * intact in the first place go to `findings` (may be NULL). */
gboolean tamga_xades_check_earlier (const TamgaXml *before, const TamgaXml *after,
                                    const TamgaXmlResolver *resolver, GPtrArray *findings,
                                    GError **error);

/* Unsigned properties. `id`: of the property, or NULL. The first writer is for those of 1.3.2. */
void tamga_xades_write_timestamp (TamgaXmlWriter *writer, const char *name, const char *id,
                                  const TamgaC14n *c14n, GBytes *token);
void tamga_xades_write_archive_timestamp (TamgaXmlWriter *writer, const char *id,
                                          const TamgaC14n *c14n, GBytes *token);
/* CertificateValues and RevocationValues; each is left out where it would be empty. */
void tamga_xades_write_values (TamgaXmlWriter *writer, const TamgaEvidence *evidence);
/* TimeStampValidationData with both, about the timestamp with the id `timestamp` (may be NULL). */
void tamga_xades_write_validation_data (TamgaXmlWriter *writer, const TamgaEvidence *evidence,
                                        const char *timestamp);
gboolean tamga_evidence_is_empty (const TamgaEvidence *evidence);
/* `evidence` in two: what belongs to the path of the TSA of `token` only, and the rest. Without a
 * token, or without a readable one, all is rest. */
void tamga_evidence_split (const TamgaEvidence *evidence, X509 *signer, GBytes *token,
                           TamgaEvidence **rest, TamgaEvidence **tsa);
