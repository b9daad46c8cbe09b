/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timestamps as proofs of existence, the best signature time, and the level that follows. */
#include "client/validate/judging.h"

#include <string.h>

#include "formats/ossl.h"

/* --- timestamps and best signature time (5.4, 5.5.4) --- */

TamgaStamp *tamga_judging_stamp (Judge *self, guint index, gint64 proof)
{
    g_autofree char *prefix = g_strdup_printf ("timestamp-%u-", index + 1);
    return tamga_stamp_judge (&self->blocks, self->signature->timestamps->pdata[index], proof,
                              prefix);
}

const TamgaProof *tamga_judging_proof (const Judge *self)
{
    const TamgaProof *oldest = NULL;
    for (guint i = 0; i < self->process->proofs->len; i++) {
        const TamgaProof *proof = self->process->proofs->pdata[i];
        if (proof->revision > self->signature->revision &&
            (oldest == NULL || proof->time < oldest->time))
            oldest = proof;
    }
    return oldest;
}

static void take_time (Judge *self, gint64 time, gboolean in_file, char *source)
{
    TamgaValidatedSignature *validated = self->validated;
    if (self->proof && validated->best_time <= time) {
        g_free (source);
        return;
    }
    self->proof = TRUE;
    self->proof_in_file = in_file;
    validated->best_time = time;
    g_free (validated->best_time_source);
    validated->best_time_source = source;
}

/* Archive timestamps first: they prove that the others existed. */
static void judge_stamps (Judge *self)
{
    GPtrArray *timestamps = self->signature->timestamps;
    const TamgaProof *document = tamga_judging_proof (self);
    gint64 proof = document != NULL ? document->time : G_MAXINT64;
    g_ptr_array_set_size (self->stamps, (gint)timestamps->len);
    for (guint pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < timestamps->len; i++) {
            const TamgaTimestamp *timestamp = timestamps->pdata[i];
            if ((timestamp->kind == TAMGA_TIMESTAMP_ARCHIVE) != (pass == 0))
                continue;
            TamgaStamp *stamp = tamga_judging_stamp (self, i, proof);
            self->stamps->pdata[i] = stamp;
            if (pass == 0 && tamga_stamp_passed (stamp))
                proof = MIN (proof, stamp->time);
        }
    }
}

static void take_stamp (Judge *self, const TamgaStamp *stamp)
{
    if (!tamga_stamp_passed (stamp)) {
        /* Left aside, as 5.5.4 says; who reads the report must know. */
        g_ptr_array_add (self->blocks.findings,
                         tamga_finding_new (TAMGA_SEVERITY_WARNING, "timestamp-not-used",
                                            stamp->timestamp->id, "EN 319 102-1 5.5.4",
                                            "The timestamp proves nothing here: %s (%s).",
                                            stamp->judgement.reason, stamp->judgement.sub));
        return;
    }
    if (stamp->timestamp->kind == TAMGA_TIMESTAMP_CONTENT)
        self->earliest = MAX (self->earliest, stamp->time);
    else
        take_time (self, stamp->time, stamp->in_file,
                   g_strdup_printf ("timestamp by %s", stamp->tsa));
}

/* Content timestamps are older than the signature, archive timestamps younger (5.5.4, 5.6.3). */
static void judge_order (Judge *self)
{
    gint64 archive = G_MAXINT64;
    gint64 signed_by = G_MAXINT64;
    for (guint i = 0; i < self->stamps->len; i++) {
        const TamgaStamp *stamp = self->stamps->pdata[i];
        if (!tamga_stamp_passed (stamp))
            continue;
        if (stamp->timestamp->kind == TAMGA_TIMESTAMP_ARCHIVE)
            archive = MIN (archive, stamp->time);
        if (stamp->timestamp->kind == TAMGA_TIMESTAMP_SIGNATURE)
            signed_by = MIN (signed_by, stamp->time);
    }
    gboolean archive_first = signed_by != G_MAXINT64 && archive < signed_by;
    gboolean content_late = self->proof && self->earliest > self->validated->best_time;
    if (archive_first || content_late) {
        const char *text = archive_first
                               ? "an archive timestamp is older than the signature timestamp"
                               : "the content timestamp is younger than the signature";
        tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE, SUB_TIMESTAMP_ORDER_FAILURE,
                             "%s", text);
        tamga_check_add (self->blocks.checks, "timestamp-order", "EN 319 102-1 5.5.4", CHECK_FAILED,
                         "computed", "%s", text);
    }
    gint64 claimed = self->signature->claimed_time;
    guint tolerance = self->process->context->profile->clock_tolerance;
    if (self->proof && claimed != G_MININT64 &&
        claimed > self->validated->best_time + (gint64)tolerance) {
        g_autofree char *text = tamga_time_text (claimed);
        g_ptr_array_add (self->blocks.findings,
                         tamga_finding_new (TAMGA_SEVERITY_WARNING, "claimed-time-late",
                                            self->signature->id, "EN 319 102-1 5.2.8",
                                            "The signer's clock said %s, later than the timestamp.",
                                            text));
    }
}

void tamga_judging_time (Judge *self)
{
    TamgaValidatedSignature *validated = self->validated;
    const TamgaProof *document = tamga_judging_proof (self);
    gboolean given = self->process->at != G_MININT64;
    judge_stamps (self);
    for (guint i = 0; i < self->stamps->len; i++)
        take_stamp (self, self->stamps->pdata[i]);
    if (document != NULL)
        take_time (self, document->time, document->in_file, g_strdup (document->name));
    judge_order (self);
    if (given || !self->proof) {
        validated->best_time = given ? self->process->at : self->process->context->now;
        g_free (validated->best_time_source);
        validated->best_time_source = g_strdup (given ? "the time given" : "current time");
    }
    g_autofree char *text = tamga_time_text (validated->best_time);
    tamga_check_add (self->blocks.checks, "best-signature-time", "EN 319 102-1 5.5.4; UA 83(4)",
                     CHECK_INFO, validated->best_time_source, "%s", text);
    if (!self->process->context->profile->timestamp_mandatory || self->proof)
        return;
    tamga_check_add (self->blocks.checks, "timestamp-mandatory", "KG use.4", CHECK_FAILED,
                     "computed", "the profile asks for a timestamp of the moment of signing");
    tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE,
                         self->stamps->len > 0 ? SUB_NO_POE : SUB_SIG_CONSTRAINTS_FAILURE, "%s",
                         self->stamps->len > 0
                             ? "no timestamp that can be relied upon proves when it was made"
                             : "it has no timestamp, which the profile asks for (KG use.4)");
}

/* --- level --- */

static gboolean stamp_of_kind (const Judge *self, TamgaTimestampKind kind)
{
    for (guint i = 0; i < self->stamps->len; i++) {
        const TamgaStamp *stamp = self->stamps->pdata[i];
        if (stamp->timestamp->kind == kind && tamga_stamp_passed (stamp))
            return TRUE;
    }
    return FALSE;
}

/* A document timestamp over the last revision, besides the timestamp that level T is made of. */
static gboolean archived (const Judge *self)
{
    guint later = 0;
    gboolean last = FALSE;
    for (guint i = 0; i < self->process->proofs->len; i++) {
        const TamgaProof *proof = self->process->proofs->pdata[i];
        if (proof->revision <= self->signature->revision)
            continue;
        later++;
        last = last || proof->revision == self->signature->revisions;
    }
    return last && later > (stamp_of_kind (self, TAMGA_TIMESTAMP_SIGNATURE) ? 0u : 1u);
}

/* The level that is really there: each one needs the one below it, and evidence counts only when
 * it is in the file and speaks for the signature. */
const char *tamga_judging_level (const Judge *self)
{
    const TamgaSignature *signature = self->signature;
    gboolean baseline =
        (g_str_equal (signature->format, "CAdES") || g_str_equal (signature->format, "PAdES")) &&
        signature->integrity == TAMGA_INTEGRITY_INTACT &&
        (signature->binding == TAMGA_BINDING_V1 || signature->binding == TAMGA_BINDING_V2) &&
        signature->claimed_time != G_MININT64;
    if (!baseline)
        return "none";
    if (!self->proof)
        return tamga_level_name (TAMGA_LEVEL_B);
    gboolean evidence = signature->has_evidence && self->chain_passed && self->proof_in_file &&
                        self->validated->procedure != NULL &&
                        tamga_chain_in_file (&self->blocks, self->validated->procedure);
    if (!evidence)
        return tamga_level_name (TAMGA_LEVEL_T);
    if (stamp_of_kind (self, TAMGA_TIMESTAMP_ARCHIVE) || archived (self))
        return tamga_level_name (TAMGA_LEVEL_LTA);
    return tamga_level_name (TAMGA_LEVEL_LT);
}
