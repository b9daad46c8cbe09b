/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The validation process for one signature (EN 319 102-1 5.3, 5.5, 5.6). */
#pragma once

#include "client/validate/blocks.h"

/* A valid timestamp outside of a signature, as a proof that this one existed: a document timestamp,
 * or an archive timestamp of the signature that it countersigns. */
typedef struct {
    guint revision;       /* PDF: covers what is older than this; 0 elsewhere */
    const GPtrArray *ids; /* of the signatures it covers (borrowed); NULL: by revision */
    gboolean inner;       /* `ids` speaks of countersignatures only */
    gint64 time;
    char *name; /* "document timestamp by TSA 1" */
    gboolean in_file;
} TamgaProof;

/* What the signatures of one document share. Borrowed. */
typedef struct {
    const TamgaStatusContext *context;
    const TamgaCall *call;
    gint64 at;
    GPtrArray *proofs; /* TamgaProof, the latest first */
} TamgaProcess;

/* Judges a signature and a document timestamp. Takes `signature`. A document timestamp that is
 * good is added to `process->proofs`. */
TamgaValidatedSignature *tamga_judge_signature (const TamgaProcess *process,
                                                TamgaSignature *signature);
TamgaValidatedSignature *tamga_judge_document_timestamp (const TamgaProcess *process,
                                                         TamgaSignature *signature);
void tamga_proof_free (TamgaProof *proof);
void tamga_validated_signature_free (TamgaValidatedSignature *validated);

/* The lines of VN 79, VN 9, VN 5-7, UA 83 and UA 47 (recipient.c). `chain_passed`: path and every
 * status speak for the signature. Adds to the judgement what is against it. */
void tamga_recipient_lines (const TamgaBlocks *blocks, TamgaValidatedSignature *validated,
                            gboolean chain_passed, TamgaJudgement *judgement);

/* Judges signatures that were read before (tests, containers): what tamga_validate does after
 * reading. Takes the elements (TamgaSignature) out of `signatures`. */
TamgaValidation *tamga_validate_signatures (const char *file, const TamgaFormat *format,
                                            GPtrArray *signatures,
                                            const TamgaStatusContext *context, gint64 at,
                                            const TamgaCall *call);
