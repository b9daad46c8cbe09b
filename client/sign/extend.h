/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work on documents that needs no key and no PIN: raising the level of signatures that are there
 * (EN 319 102-1 annex; B to T to LT to LTA, and LTA again and again), and timestamps over documents
 * that nobody signs. One file that cannot be extended does not stop the others; what is written is
 * read again before it gets its name, and each success and each refusal is in the journal. */
#pragma once

#include "client/sign/job.h"

typedef struct {
    TamgaLevel level;           /* T, LT or LTA; not used by tamga_timestamp_files */
    char **tsa_urls;            /* NULL: the profile's */
    GPtrArray *contents;        /* TamgaDocument: what detached signatures sign; or NULL */
    gboolean content_elsewhere; /* level T: what is signed may be out of reach; a timestamp over the
                                   signature says nothing about it */
    const char *origin;         /* as TamgaSignOptions */
} TamgaExtendOptions;

typedef struct {
    guint index;
    char *output;       /* NULL when it failed, and when there was nothing to do */
    GBytes *bytes;      /* what was made of a document in memory; else NULL */
    gboolean unchanged; /* every signature has the level already; nothing was written */
    gint64 time;        /* of the last timestamp that was added, else of the clock */
    GError *error;
} TamgaExtendOutcome;

void tamga_extend_outcome_free (TamgaExtendOutcome *outcome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaExtendOutcome, tamga_extend_outcome_free)

/* Extends every signature of each file to the level. A file with a signature that is not valid, or
 * whose evidence does not support the level, is refused whole. NULL with an error where nothing
 * could begin; else one TamgaExtendOutcome per item. Of `context` the store is not used; of `ui`
 * the steps (of what was asked), notices, progress, password and item, which is given no output
 * where nothing was to be done. `others` of the items are not used. */
GPtrArray *tamga_extend (const TamgaSignContext *context, const TamgaSignItem *items, gsize n,
                         const TamgaExtendOptions *options, const TamgaSignUi *ui,
                         const TamgaCall *call, GError **error);

/* A timestamp over each document, without a signature: a PDF gets a document timestamp, anything
 * else goes into an ASiC-S container with a token. */
GPtrArray *tamga_timestamp_files (const TamgaSignContext *context, const TamgaSignItem *items,
                                  gsize n, const TamgaExtendOptions *options, const TamgaSignUi *ui,
                                  const TamgaCall *call, GError **error);
