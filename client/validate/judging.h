/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of one signature while it is judged, shared by judge.c, judge_format.c and
 * judge_time.c. */
#pragma once

#include "client/validate/judge.h"

typedef struct {
    const TamgaProcess *process;
    TamgaBlocks blocks;
    TamgaSignature *signature;
    TamgaValidatedSignature *validated;
    TamgaJudgement judgement;
    GPtrArray *stamps; /* TamgaStamp, as signature->timestamps */
    gint64 earliest;   /* the signature is younger (content timestamps) */
    gint64 archived;   /* certificates and evidence are known to exist since; or G_MAXINT64 */
    gboolean proof;    /* best_time is a proof of existence */
    gboolean proof_in_file;
    gboolean chain_passed;
} Judge;

/* judge_format.c: what the format computed, in the standard's order. */
void tamga_judging_integrity (Judge *self);
void tamga_judging_binding (Judge *self);
void tamga_judging_objects (Judge *self);
void tamga_judging_changes (Judge *self);
/* A fatal finding of the format: no pass, but no break either. */
void tamga_judging_findings (Judge *self);

/* Judges the timestamp at `index`; the line names begin with its number. */
TamgaStamp *tamga_judging_stamp (Judge *self, guint index, gint64 proof);
/* Is `id` one of `ids` (char *; may be NULL)? */
gboolean tamga_judging_has_id (const GPtrArray *ids, const char *id);
/* Does the proof cover the signature? */
gboolean tamga_judging_proves (const TamgaProof *proof, const TamgaSignature *signature);
/* The oldest one of the proofs that cover this signature, or NULL. */
const TamgaProof *tamga_judging_proof (const Judge *self);
/* Judges all timestamps and settles the best signature time (5.4, 5.5.4). */
void tamga_judging_time (Judge *self);
/* The baseline level that is really there: "none", "B", "T", "LT", "LTA". */
const char *tamga_judging_level (const Judge *self);
