/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Canonical XML 1.0, 1.1 and exclusive, each with and without comments (libxml2). */
#pragma once

#include "formats/xml/xml.h"

typedef struct {
    const char *name; /* "c14n", "c14n#WithComments", "c14n11", ..., "exc-c14n", ...: for options */
    const char *uri;
    int mode; /* of libxml2 */
    gboolean comments;
} TamgaC14n;

/* By short name or URI; NULL when unknown. */
const TamgaC14n *tamga_c14n_by_name (const char *name);

/* Canonical form of a part of a document: the whole of it (`apex` NULL), or an element with all
 * below it, in its own context of name spaces; `without` (and all below it) left out where it is
 * not NULL (enveloped signature). `prefixes`: InclusiveNamespaces/@PrefixList, or NULL. */
GBytes *tamga_c14n_bytes (const TamgaXml *xml, const xmlNode *apex, const xmlNode *without,
                          const TamgaC14n *c14n, const char *prefixes, GError **error);
/* The same hashed as it comes, for large documents. */
GBytes *tamga_c14n_digest (const TamgaXml *xml, const xmlNode *apex, const xmlNode *without,
                           const TamgaC14n *c14n, const char *prefixes, const TamgaDigest *digest,
                           GError **error);

/* Which elements ds:Signature a reference leaves out. */
typedef enum {
    TAMGA_SIGNATURES_STAY,
    TAMGA_SIGNATURES_OF_ROOT, /* children of the root are out */
    TAMGA_SIGNATURES_OUT,
} TamgaSignaturesLeft;

/* The nodes of a reference: an element with all below it, or the whole document, less what its
 * transforms took out. */
typedef struct {
    const xmlNode *apex;    /* NULL: the document */
    const xmlNode *without; /* enveloped signature, or NULL */
    TamgaSignaturesLeft signatures;
    gboolean without_comments; /* comments are no members, whatever the method (XMLDSig 4.4.3.3) */
} TamgaNodeSet;

/* Is the node (no attribute and no name space) in the set? */
gboolean tamga_node_set_has (const TamgaNodeSet *set, const xmlNode *node);

/* As above. All of them fail with LIMIT where a document asks for more work than any honest one
 * (limits.h), summed up in `xml`. */
GBytes *tamga_c14n_set_bytes (const TamgaXml *xml, const TamgaNodeSet *set, const TamgaC14n *c14n,
                              const char *prefixes, GError **error);
GBytes *tamga_c14n_set_digest (const TamgaXml *xml, const TamgaNodeSet *set, const TamgaC14n *c14n,
                               const char *prefixes, const TamgaDigest *digest, GError **error);
/* Appends the canonical octets to what `context` hashes. */
gboolean tamga_c14n_set_update (const TamgaXml *xml, const TamgaNodeSet *set, const TamgaC14n *c14n,
                                const char *prefixes, EVP_MD_CTX *context, GError **error);
