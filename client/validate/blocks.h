/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building blocks of EN 319 102-1 shared by signatures and timestamps. */
#pragma once

#include "client/profile/algorithms.h"
#include "client/validate/checks.h"
#include "formats/cms/token.h"

/* What all blocks of one signature are given. Borrowed pointers, but `pool`, `ocsps`, `crls`. */
typedef struct {
    const TamgaStatusContext *context;
    const TamgaCall *call;
    gint64 at;               /* --at, or G_MININT64 */
    GPtrArray *pool;         /* X509: the context's and the signature's */
    GPtrArray *file_pool;    /* X509: in the file only */
    GPtrArray *ocsps, *crls; /* GBytes: the context's and the file's */
    GPtrArray *checks;       /* TamgaCheck: where lines go */
    GPtrArray *findings;     /* TamgaFinding */
} TamgaBlocks;

/* A clause of VN 130/2018 where the profile has the procedures, else the general one. */
const char *tamga_blocks_clause (const TamgaBlocks *blocks, const char *vn, const char *general);
/* Adds what lies in the file with a signature (or a token) to what paths and status may use. */
void tamga_blocks_add_evidence (const TamgaBlocks *blocks, const TamgaSignature *signature);
/* A finding where the profile warns of an algorithm; once for an object. */
void tamga_blocks_warn (const TamgaBlocks *blocks, const TamgaSuite *suite, const char *object);
/* The recipient procedure for `certificate` at `time`. Never NULL. */
TamgaProcedure *tamga_blocks_procedure (const TamgaBlocks *blocks, X509 *certificate, TamgaUse use,
                                        gint64 time);

/* X.509 certificate validation at a time (5.2.6) with past certificate validation (5.6.2.1). */
typedef struct {
    const TamgaProcedure *procedure;
    gint64 time;     /* best signature time, or the time that a token names */
    gboolean proof;  /* the time is a proof of existence and not the clock */
    gint64 earliest; /* the signature is younger than this (content timestamp); or G_MININT64 */
    gint64 existed;  /* since when the certificates of the path are known to exist */
} TamgaChainQuestion;

/* Path and status as one judgement; a line for the path (`prefix`"path") and one per step
 * (`prefix`"status-1", ...). */
void tamga_chain_judge (const TamgaBlocks *blocks, const TamgaChainQuestion *question,
                        const char *prefix, TamgaJudgement *judgement);
/* Did every good answer and every certificate of the path but the anchor come out of the file? */
gboolean tamga_chain_in_file (const TamgaBlocks *blocks, const TamgaProcedure *procedure);

/* One judged timestamp. */
typedef struct {
    const TamgaTimestamp *timestamp;
    TamgaToken *token; /* NULL: cannot be read */
    char *tsa;         /* who made it, for people; NULL with `token` */
    TamgaProcedure *procedure;
    TamgaJudgement judgement;
    gint64 time;      /* genTime; G_MININT64 with a token that cannot be read */
    gboolean in_file; /* evidence about its path lies in the file */
    gint64 until;     /* as of TamgaValidatedTimestamp */
    gboolean weakens;
} TamgaStamp;

void tamga_stamp_free (TamgaStamp *stamp);
/* Judges a timestamp (5.4; UA 115(6), 118, 119). `proof`: the token is known to have existed then
 * (a later timestamp covers it), or G_MAXINT64: only the clock says so. Lines are called `prefix`
 * and the name of the check. Never NULL. */
TamgaStamp *tamga_stamp_judge (const TamgaBlocks *blocks, const TamgaTimestamp *timestamp,
                               gint64 proof, const char *prefix);
gboolean tamga_stamp_passed (const TamgaStamp *stamp);
