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

gboolean tamga_judging_has_id (const GPtrArray *ids, const char *id)
{
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        if (g_strcmp0 (ids->pdata[i], id) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean tamga_judging_proves (const TamgaProof *proof, const TamgaSignature *signature)
{
    if (proof->ids == NULL)
        return proof->revision > signature->revision;
    return (!proof->inner || signature->countersigned != NULL) &&
           tamga_judging_has_id (proof->ids, signature->id);
}

const TamgaProof *tamga_judging_proof (const Judge *self)
{
    const TamgaProof *oldest = NULL;
    for (guint i = 0; i < self->process->proofs->len; i++) {
        const TamgaProof *proof = self->process->proofs->pdata[i];
        if (tamga_judging_proves (proof, self->signature) &&
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

/* Which timestamps of a signature which others cover: n rows of n, TRUE where the row's timestamp
 * covers the column's. */
static gboolean *coverage_of (const GPtrArray *timestamps)
{
    guint n = timestamps->len; /* at most TAMGA_MAX_TIMESTAMPS */
    gboolean *covers = g_new0 (gboolean, (gsize)n * n + 1);
    for (guint i = 0; i < n; i++) {
        const TamgaTimestamp *outer = timestamps->pdata[i];
        if (outer->kind != TAMGA_TIMESTAMP_ARCHIVE && outer->kind != TAMGA_TIMESTAMP_REFERENCES)
            continue;
        for (guint k = 0; k < n; k++) {
            const TamgaTimestamp *inner = timestamps->pdata[k];
            covers[(gsize)i * n + k] =
                outer->proves != NULL ? i != k && tamga_judging_has_id (outer->proves, inner->id)
                                      : k < i;
        }
    }
    return covers;
}

/* The one to judge next: what covers it was judged before. The newest comes first where nothing
 * tells (5.6.3). */
static guint next_stamp (const GPtrArray *stamps, const gboolean *covers)
{
    guint n = stamps->len, last = 0;
    for (guint i = n; i-- > 0;) {
        gboolean waits = stamps->pdata[i] != NULL;
        if (waits)
            continue;
        last = MAX (last, i);
        for (guint k = 0; !waits && k < n; k++)
            waits = covers[(gsize)k * n + i] && stamps->pdata[k] == NULL;
        if (!waits)
            return i;
    }
    return last; /* they claim to cover each other */
}

/* A timestamp that is covered is no younger than the one over it (5.6.3). */
static void judge_nesting (Judge *self, const TamgaStamp *outer, const TamgaStamp *inner)
{
    if (!tamga_stamp_passed (outer) || !tamga_stamp_passed (inner) || inner->time <= outer->time)
        return;
    g_autofree char *text =
        g_strdup_printf ("%s covers %s, and is older", outer->timestamp->id, inner->timestamp->id);
    tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE, SUB_TIMESTAMP_ORDER_FAILURE, "%s",
                         text);
    tamga_check_add (self->blocks.checks, "timestamp-order", "EN 319 102-1 5.5.4", CHECK_FAILED,
                     "computed", "%s", text);
}

/* What an archive timestamp says of the countersignatures under it, for when they are judged. */
static void prove_countersignatures (Judge *self, const TamgaStamp *stamp)
{
    if (stamp->timestamp->kind != TAMGA_TIMESTAMP_ARCHIVE || stamp->timestamp->proves == NULL ||
        !tamga_stamp_passed (stamp))
        return;
    TamgaProof *proof = g_new0 (TamgaProof, 1);
    proof->ids = stamp->timestamp->proves;
    proof->inner = TRUE;
    proof->time = stamp->time;
    proof->name = g_strdup_printf ("timestamp by %s", stamp->tsa);
    proof->in_file = stamp->in_file;
    g_ptr_array_add (self->process->proofs, proof);
}

/* The newest first: it is judged as of now, and proves that what it covers existed at its own time
 * (5.5.4, 5.6.3). */
static void judge_stamps (Judge *self)
{
    GPtrArray *timestamps = self->signature->timestamps;
    const TamgaProof *document = tamga_judging_proof (self);
    guint n = timestamps->len;
    g_autofree gboolean *covers = coverage_of (timestamps);
    g_ptr_array_set_size (self->stamps, (gint)n);
    if (document != NULL)
        self->archived = document->time;
    for (guint done = 0; done < n; done++) {
        guint index = next_stamp (self->stamps, covers);
        gint64 proof = document != NULL ? document->time : G_MAXINT64;
        for (guint k = 0; k < n; k++) {
            const TamgaStamp *outer = self->stamps->pdata[k];
            if (outer != NULL && covers[(gsize)k * n + index] && tamga_stamp_passed (outer))
                proof = MIN (proof, outer->time);
        }
        TamgaStamp *stamp = tamga_judging_stamp (self, index, proof);
        self->stamps->pdata[index] = stamp;
        if (stamp->timestamp->kind == TAMGA_TIMESTAMP_ARCHIVE && tamga_stamp_passed (stamp))
            self->archived = MIN (self->archived, stamp->time);
    }
    for (guint i = 0; i < n; i++) {
        prove_countersignatures (self, self->stamps->pdata[i]);
        for (guint k = 0; k < n; k++) {
            if (covers[(gsize)i * n + k])
                judge_nesting (self, self->stamps->pdata[i], self->stamps->pdata[k]);
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
    else if (stamp->timestamp->kind != TAMGA_TIMESTAMP_REFERENCES_ONLY)
        /* references to certificates and lists are the same in other signatures of the signer */
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

/* A document timestamp over the last revision (a container's: over this signature), besides the
 * timestamp that level T is made of. */
static gboolean archived (const Judge *self)
{
    guint later = 0;
    gboolean last = FALSE;
    for (guint i = 0; i < self->process->proofs->len; i++) {
        const TamgaProof *proof = self->process->proofs->pdata[i];
        if (!tamga_judging_proves (proof, self->signature))
            continue;
        later++;
        last = last || proof->ids != NULL || proof->revision == self->signature->revisions;
    }
    return last && later > (stamp_of_kind (self, TAMGA_TIMESTAMP_SIGNATURE) ? 0u : 1u);
}

/* The formats that have baseline levels. */
static gboolean has_levels (const char *format)
{
    static const char *const formats[] = {"CAdES", "PAdES", "XAdES", "JAdES", NULL};
    return g_strv_contains (formats, format);
}

/* The level that is really there: each one needs the one below it, and evidence counts only when
 * it is in the file and speaks for the signature. */
const char *tamga_judging_level (const Judge *self)
{
    const TamgaSignature *signature = self->signature;
    gboolean baseline =
        has_levels (signature->format) && signature->integrity == TAMGA_INTEGRITY_INTACT &&
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
