/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ats-hash-index (EN 319 122-1 5.5.2): the unsigned attribute of an archive timestamp's token that
 * names by hash every certificate, revocation value and unsigned attribute that it covers. */
#pragma once

#include "formats/cms/attributes.h"

#define TAMGA_OID_HASH_INDEX_V3 "0.4.0.19122.1.5"

/* What an index is compared with, or made of. Borrowed. */
typedef struct {
    GPtrArray *certificates, *crls; /* GBytes: of the SignedData */
    GPtrArray *attributes;          /* TamgaAttribute: the unsigned ones of the signer */
} TamgaIndexed;

typedef struct {
    const TamgaDigest *digest; /* hashIndAlgorithm; NULL: unknown */
    GBytes *der;               /* the attribute value as it lies: it is hashed too */
    gboolean whole_attributes; /* version 1 hashes attributes, later ones their values */
    gboolean values;
    GPtrArray *certificates, *crls, *attributes; /* GBytes: hashes */
} TamgaHashIndex;

/* The only index in the token. NULL with TAMGA_FORMAT_ERROR_MALFORMED where there is none, more
 * than one, or one that cannot be read. */
TamgaHashIndex *tamga_hash_index_read (GBytes *token, GError **error);
void tamga_hash_index_free (TamgaHashIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaHashIndex, tamga_hash_index_free)

/* What an index says of what is there. */
typedef struct {
    guint foreign;      /* entries that nothing here has: the index is not valid (5.5.2) */
    guint certificates; /* of SignedData that are in it, */
    guint crls;         /* and revocation values */
    guint left_out;     /* certificates and revocation values that are not in it */
    GPtrArray *values;  /* GBytes, borrowed from the attributes: attribute values in it */
} TamgaIndexMatch;

/* Every entry takes one element that is there; the hash algorithm must be known. */
void tamga_hash_index_match (const TamgaHashIndex *index, const TamgaIndexed *indexed,
                             TamgaIndexMatch *match);
void tamga_index_match_clear (TamgaIndexMatch *match);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TamgaIndexMatch, tamga_index_match_clear)

/* ATSHashIndexV3 over all that is there. */
GBytes *tamga_hash_index_make (const TamgaIndexed *indexed, const TamgaDigest *digest);
