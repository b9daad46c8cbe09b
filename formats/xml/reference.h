/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ds:Reference (XMLDSig 4.4.3): what it leads to, through which transforms, and whether its digest
 * is right. Base64, enveloped-signature and the canonicalizations are computed; of XPath only the
 * few texts that mean "without signatures" are recognised, as texts; XSLT never. */
#pragma once

#include "formats/model.h"
#include "formats/xml/c14n.h"
#include "formats/xml/resolver.h"

/* A reference as it was found. */
typedef struct {
    const xmlNode *element;
    char *id, *uri, *type; /* attributes, or NULL */
    const TamgaDigest *digest;
    GBytes *claimed, *value; /* DigestValue, and what we computed; each or NULL */
    TamgaIntegrity integrity;
    char *text; /* why, where it is not INTACT */
    /* Where it leads in this document. */
    gboolean external;      /* out of it: the rest is FALSE and NULL */
    gboolean whole;         /* to the whole of it */
    const xmlNode *node;    /* to this element */
    gboolean less;          /* something was left out: a signature, or all of them */
    gboolean less_all;      /* all signatures */
    gboolean decoded;       /* only the text of it was hashed, decoded from base64 */
    gboolean plain;         /* all of `node` was hashed, as XML and nothing else */
    const xmlNode *carrier; /* the signature that was left out as the enveloped one */
} TamgaXmlSigned;

/* Reads one reference and checks its digest. NULL with an error where reading itself failed (a
 * file, a ceiling); all that is wrong with the reference is in the result. */
TamgaXmlSigned *tamga_xml_signed_read (const TamgaXml *xml, const xmlNode *element,
                                       const TamgaXmlResolver *resolver, GError **error);
void tamga_xml_signed_free (TamgaXmlSigned *one);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaXmlSigned, tamga_xml_signed_free)

/* Appends what the reference covers to what `context` hashes; where that is still a set of nodes,
 * in the canonical form of `c14n` (EN 319 132-1 5.1.4.4.3). */
gboolean tamga_xml_signed_update (const TamgaXml *xml, const xmlNode *element,
                                  const TamgaXmlResolver *resolver, const TamgaC14n *c14n,
                                  EVP_MD_CTX *context, GError **error);

/* CanonicalizationMethod or Transform of that kind: NULL with an error where it is another. Sets
 * `prefixes` (may stay NULL) from InclusiveNamespaces. */
const TamgaC14n *tamga_c14n_of_element (const xmlNode *method, char **prefixes, GError **error);
