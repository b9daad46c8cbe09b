/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the timestamps among the unsigned attributes of a signer cover: the signature value
 * (EN 319 122-1 5.3), references (annex A.1.5), and everything (5.5.3 with its hash index, and the
 * older archive timestamps that cover fields as they lie). */
#pragma once

#include "formats/cms/attributes.h"

/* One token at its place. Everything is borrowed. */
typedef struct {
    const TamgaSignerInfo *info;
    GPtrArray *attributes;           /* TamgaAttribute: all unsigned ones of `info` */
    const TamgaAttribute *attribute; /* the one that the token is a value of */
    GBytes *token;
    const TamgaDigest *digest; /* of its imprint */
    GBytes *imprint;           /* tells which of several readings of a standard was meant */
    gint64 gen_time;
    GBytes *content_digest; /* of what `info` signs, by `digest`; version 3 only; NULL: missing */
} TamgaStamped;

typedef struct {
    GBytes *digest;    /* by the token's algorithm; NULL: could not be computed */
    GPtrArray *values; /* GBytes, borrowed: values of attributes that are covered */
    char *covers;      /* for people */
} TamgaCovered;

void tamga_covered_clear (TamgaCovered *covered);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TamgaCovered, tamga_covered_clear)

/* What several tokens of one SignedData share: content is hashed once per algorithm. */
typedef struct _TamgaArchive TamgaArchive;
TamgaArchive *tamga_archive_new (const TamgaSignedData *data); /* borrows */
void tamga_archive_free (TamgaArchive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaArchive, tamga_archive_free)

/* Fills `covered`; what is wrong, or left out, is a finding of `signature` that names `id`. FALSE
 * only with an error of reading. */
gboolean tamga_archive_cover (TamgaArchive *archive, const TamgaStamped *stamped, const char *id,
                              TamgaSignature *signature, TamgaCovered *covered, GError **error);

/* The bytes that an archive-time-stamp-v3 is made over (5.5.3). */
GBytes *tamga_archive_v3_input (const TamgaSignedData *data, const TamgaSignerInfo *info,
                                GBytes *content_digest, GBytes *hash_index);
