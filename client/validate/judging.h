/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of one signature while it is judged, shared by judge.c and judge_time.c. */
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
    gboolean proof;    /* best_time is a proof of existence */
    gboolean proof_in_file;
    gboolean chain_passed;
} Judge;

/* Judges the timestamp at `index`; the line names begin with its number. */
TamgaStamp *tamga_judging_stamp (Judge *self, guint index, gint64 proof);
/* The oldest document timestamp over a later revision than this signature's, or NULL. */
const TamgaProof *tamga_judging_proof (const Judge *self);
/* Judges all timestamps and settles the best signature time (5.4, 5.5.4). */
void tamga_judging_time (Judge *self);
/* The baseline level that is really there: "none", "B", "T", "LT", "LTA". */
const char *tamga_judging_level (const Judge *self);
