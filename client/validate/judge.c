/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sequence of building blocks for one signature. Every block adds lines and may make the
 * judgement worse; the order is that of EN 319 102-1, so the first reason found is the one told. */
#include "client/validate/judging.h"

#include "client/validate/particulars.h"
#include "formats/ossl.h"

void tamga_proof_free (TamgaProof *proof)
{
    if (proof == NULL)
        return;
    g_free (proof->name);
    g_free (proof);
}

static void validated_timestamp_free (gpointer data)
{
    TamgaValidatedTimestamp *timestamp = data;
    g_free (timestamp->tsa);
    g_free (timestamp->reason);
    g_free (timestamp);
}

void tamga_validated_signature_free (TamgaValidatedSignature *validated)
{
    if (validated == NULL)
        return;
    g_clear_pointer (&validated->signature, tamga_signature_free);
    g_clear_pointer (&validated->procedure, tamga_procedure_free);
    g_ptr_array_unref (validated->checks);
    g_ptr_array_unref (validated->timestamps);
    g_ptr_array_unref (validated->findings);
    g_free (validated->best_time_source);
    g_free (validated->reason);
    g_free (validated->title);
    g_free (validated->organisation);
    g_free (validated->limits);
    g_clear_pointer (&validated->identifiers, g_ptr_array_unref);
    g_free (validated);
}

static void certificate_free (gpointer data)
{
    X509_free (data);
}

static GPtrArray *copy_certificates (const GPtrArray *certificates)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func (certificate_free);
    for (guint i = 0; certificates != NULL && i < certificates->len; i++) {
        X509_up_ref (certificates->pdata[i]);
        g_ptr_array_add (copy, certificates->pdata[i]);
    }
    return copy;
}

static GPtrArray *copy_bytes (const GPtrArray *list)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; list != NULL && i < list->len; i++)
        g_ptr_array_add (copy, g_bytes_ref (list->pdata[i]));
    return copy;
}

static void judge_init (Judge *self, const TamgaProcess *process, TamgaSignature *signature)
{
    TamgaValidatedSignature *validated = g_new0 (TamgaValidatedSignature, 1);
    validated->signature = signature;
    validated->checks = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_check_free);
    validated->timestamps = g_ptr_array_new_with_free_func (validated_timestamp_free);
    validated->findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free);
    validated->level = "none";
    for (guint i = 0; i < signature->findings->len; i++)
        g_ptr_array_add (validated->findings, tamga_finding_copy (signature->findings->pdata[i]));
    *self = (Judge){
        .process = process,
        .signature = signature,
        .validated = validated,
        .judgement = TAMGA_JUDGEMENT_INIT,
        .stamps = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_stamp_free),
        .earliest = G_MININT64,
        .archived = G_MAXINT64,
        .blocks = {.context = process->context,
                   .call = process->call,
                   .at = process->at,
                   .pool = copy_certificates (process->context->pool),
                   .file_pool = copy_certificates (NULL),
                   .ocsps = copy_bytes (process->context->ocsps),
                   .crls = copy_bytes (process->context->crls),
                   .checks = validated->checks,
                   .findings = validated->findings},
    };
    tamga_blocks_add_evidence (&self->blocks, signature);
}

/* What the report says of the timestamps. */
static void keep_stamps (Judge *self)
{
    for (guint i = 0; i < self->stamps->len; i++) {
        TamgaStamp *stamp = self->stamps->pdata[i];
        TamgaValidatedTimestamp *kept = g_new0 (TamgaValidatedTimestamp, 1);
        kept->timestamp = stamp->timestamp;
        kept->time = stamp->time;
        kept->until = stamp->until;
        kept->weakens = stamp->weakens;
        kept->tsa = g_steal_pointer (&stamp->tsa);
        kept->indication = stamp->judgement.indication;
        kept->sub_indication = stamp->judgement.sub;
        kept->reason = g_steal_pointer (&stamp->judgement.reason);
        g_ptr_array_add (self->validated->timestamps, kept);
    }
}

static TamgaValidatedSignature *judge_end (Judge *self)
{
    TamgaValidatedSignature *validated = self->validated;
    keep_stamps (self);
    validated->indication = self->judgement.indication;
    validated->sub_indication = self->judgement.sub;
    validated->reason = g_steal_pointer (&self->judgement.reason);
    if (validated->sub_indication != NULL) {
        g_autofree char *code = g_ascii_strdown (validated->sub_indication, -1);
        g_strdelimit (code, "_", '-');
        g_ptr_array_add (validated->findings,
                         tamga_finding_new (TAMGA_SEVERITY_FATAL, code, self->signature->id,
                                            "EN 319 102-1", "%s", validated->reason));
    }
    g_ptr_array_unref (self->stamps);
    g_ptr_array_unref (self->blocks.pool);
    g_ptr_array_unref (self->blocks.file_pool);
    g_ptr_array_unref (self->blocks.ocsps);
    g_ptr_array_unref (self->blocks.crls);
    return validated;
}

/* --- certificate validation (5.2.6, 5.6.2) and acceptance (5.2.8) --- */

/* The signer's certificate is as old as the signature that names it; those above it are as old as
 * the timestamps over them. */
static gint64 existed_since (const Judge *self)
{
    gint64 now = self->process->at != G_MININT64 ? self->process->at : self->process->context->now;
    return MIN (now, self->archived);
}

static void judge_chain (Judge *self)
{
    TamgaValidatedSignature *validated = self->validated;
    TamgaJudgement own = TAMGA_JUDGEMENT_INIT;
    validated->procedure = tamga_blocks_procedure (&self->blocks, self->signature->certificate,
                                                   TAMGA_USE_SIGNING, validated->best_time);
    TamgaChainQuestion question = {.procedure = validated->procedure,
                                   .time = validated->best_time,
                                   .proof = self->proof && self->process->at == G_MININT64,
                                   .earliest = self->earliest,
                                   .existed = existed_since (self)};
    tamga_chain_judge (&self->blocks, &question, "", &own);
    self->chain_passed = own.indication == TAMGA_TOTAL_PASSED;
    tamga_judgement_merge (&self->judgement, &own);
    tamga_judgement_clear (&own);
}

/* Why `suite` does not hold, or until when it does. New text. */
static char *suite_text (const Judge *self, const TamgaSuite *suite, gint64 time)
{
    g_autofree char *since = tamga_time_text (suite->since);
    g_autofree char *until = tamga_time_text (suite->until);
    const char *profile = self->process->context->profile->name;
    if (tamga_suite_refused (suite))
        return g_strdup_printf ("refused by the profile %s", profile);
    if (suite->until == G_MININT64)
        return g_strdup ("in no list of accepted ones");
    if (time < suite->since)
        return g_strdup_printf ("relied upon since %s only", since);
    if (suite->until == G_MAXINT64)
        return g_strdup ("no end known");
    return g_strdup_printf ("relied upon until %s", until);
}

static void judge_suite (Judge *self, const char *what, gint64 time, const TamgaSuite *suite,
                         const char *text)
{
    gboolean good = tamga_suite_holds (suite, time);
    g_autofree char *why = suite_text (self, suite, time);
    tamga_check_add (self->blocks.checks, what, "TS 119 312; EN 319 102-1 5.2.8.4.2",
                     good ? CHECK_PASSED : CHECK_UNDETERMINED, "computed", "%s, %s", text, why);
    /* what was never relied upon, or only later, no earlier proof could help */
    gboolean hopeless = tamga_suite_refused (suite) || time < suite->since;
    if (!good)
        tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE,
                             hopeless ? SUB_CRYPTO_CONSTRAINTS_FAILURE
                                      : SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                             "%s is not relied upon at the time that is proven (%s)", text, why);
    tamga_blocks_warn (&self->blocks, suite, self->signature->id);
}

/* The weaker of two at `time`: the one that does not hold, else the one that ends earlier. */
static TamgaSuite weaker (TamgaSuite a, TamgaSuite b, gint64 time)
{
    gboolean holds_a = tamga_suite_holds (&a, time), holds_b = tamga_suite_holds (&b, time);
    if (holds_a != holds_b)
        return holds_a ? b : a;
    return b.until < a.until ? b : a;
}

/* The weakest digest of `suite` and those of the signed objects. */
static TamgaSuite weakest_object (const Judge *self, TamgaSuite suite, gint64 time)
{
    for (guint i = 0; i < self->signature->objects->len; i++) {
        const TamgaObject *object = self->signature->objects->pdata[i];
        TamgaSuite own = tamga_suite_digest (self->process->context->profile, object->digest);
        tamga_blocks_warn (&self->blocks, &own, self->signature->id);
        suite = weaker (suite, own, time);
    }
    return suite;
}

static void judge_algorithms (Judge *self)
{
    const TamgaSignature *signature = self->signature;
    const TamgaProfile *profile = self->process->context->profile;
    gint64 time = self->validated->best_time;
    EVP_PKEY *key =
        signature->certificate != NULL ? X509_get0_pubkey (signature->certificate) : NULL;
    if (signature->algorithm == NULL || key == NULL)
        return; /* NOT_VERIFIABLE says so already */
    TamgaSuite digest = tamga_suite_digest (profile, tamga_algorithm_digest (signature->algorithm));
    if (signature->message_digest != NULL)
        digest = weaker (digest, tamga_suite_digest (profile, signature->message_digest), time);
    digest = weakest_object (self, digest, time);
    judge_suite (self, "digest-algorithm", time, &digest, digest.name);
    TamgaSuite algorithm = tamga_suite_algorithm (profile, signature->algorithm);
    if (algorithm.rule != NULL)
        judge_suite (self, "signature-algorithm", time, &algorithm, algorithm.name);
    g_autofree char *text = tamga_certificate_key_text (signature->certificate);
    TamgaSuite size = tamga_suite_key (profile, key, signature->algorithm->scheme);
    judge_suite (self, "key-size", time, &size, text);
}

/* UA 87, MD 4:7: serial numbers are unique at a provider. */
static void find_duplicates (Judge *self)
{
    GPtrArray *pool = self->blocks.file_pool;
    for (guint i = 0; i < pool->len; i++) {
        for (guint k = i + 1; k < pool->len; k++) {
            if (X509_issuer_and_serial_cmp (pool->pdata[i], pool->pdata[k]) != 0)
                continue;
            g_autofree char *name = tamga_ossl_short_name (X509_get_issuer_name (pool->pdata[i]));
            g_autofree char *serial = tamga_ossl_serial (X509_get0_serialNumber (pool->pdata[i]));
            g_ptr_array_add (self->blocks.findings,
                             tamga_finding_new (TAMGA_SEVERITY_WARNING, "duplicate-serial",
                                                self->signature->id, "UA 87",
                                                "Two different certificates of %s have the number "
                                                "%s.",
                                                name, serial));
        }
    }
}

static void find_policy (Judge *self)
{
    if (self->signature->policy_oid != NULL)
        tamga_check_add (self->blocks.checks, "signature-policy", "EN 319 102-1 5.2.4", CHECK_INFO,
                         "embedded",
                         "the signature names the policy %s; it was judged by this "
                         "program's own rules",
                         self->signature->policy_oid);
}

TamgaValidatedSignature *tamga_judge_signature (const TamgaProcess *process,
                                                TamgaSignature *signature)
{
    Judge self;
    judge_init (&self, process, signature);
    tamga_judging_integrity (&self);
    if (signature->certificate != NULL)
        tamga_judging_binding (&self);
    else /* whatever the format said: nothing can be judged without a certificate */
        tamga_judgement_add (&self.judgement, TAMGA_INDETERMINATE, SUB_NO_SIGNING_CERTIFICATE_FOUND,
                             "the signer's certificate was not found");
    tamga_judging_objects (&self);
    tamga_judging_changes (&self);
    tamga_judging_time (&self);
    if (signature->certificate != NULL)
        judge_chain (&self);
    judge_algorithms (&self);
    tamga_judging_findings (&self);
    if (signature->certificate != NULL)
        tamga_recipient_lines (&self.blocks, self.validated, self.chain_passed, &self.judgement);
    find_policy (&self);
    find_duplicates (&self);
    self.validated->level = tamga_judging_level (&self);
    return judge_end (&self);
}

TamgaValidatedSignature *tamga_judge_document_timestamp (const TamgaProcess *process,
                                                         TamgaSignature *signature)
{
    Judge self;
    judge_init (&self, process, signature);
    TamgaValidatedSignature *validated = self.validated;
    tamga_judging_integrity (&self);
    tamga_judging_objects (&self);
    tamga_judging_changes (&self);
    tamga_judging_findings (&self);
    validated->best_time = process->context->now;
    validated->best_time_source = g_strdup ("current time");
    if (signature->timestamps->len == 0) {
        tamga_judgement_add (&self.judgement, TAMGA_TOTAL_FAILED, SUB_FORMAT_FAILURE,
                             "the document timestamp has no token");
        return judge_end (&self);
    }
    const TamgaProof *later = tamga_judging_proof (&self);
    gint64 since = later != NULL ? later->time : G_MAXINT64;
    gint64 now = process->at != G_MININT64 ? process->at : process->context->now;
    TamgaStamp *stamp = tamga_judging_stamp (&self, 0, since);
    g_ptr_array_add (self.stamps, stamp);
    if (signature->objects->len > 0) {
        /* the token covers a list of digests: whoever can make another file for one of them later
         * has that file stamped too */
        TamgaSuite none = {"the digests", G_MININT64, G_MAXINT64, NULL};
        TamgaSuite weakest = weakest_object (&self, none, MIN (since, now));
        judge_suite (&self, "digest-algorithm", MIN (since, now), &weakest, weakest.name);
    }
    tamga_judgement_merge (&self.judgement, &stamp->judgement);
    if (stamp->token != NULL) {
        validated->best_time = stamp->time;
        g_free (validated->best_time_source);
        validated->best_time_source = g_strdup_printf ("timestamp by %s", stamp->tsa);
        validated->procedure = g_steal_pointer (&stamp->procedure);
        if (signature->certificate == NULL && stamp->token->signature->certificate != NULL) {
            signature->certificate = stamp->token->signature->certificate;
            X509_up_ref (signature->certificate);
        }
    }
    if (self.judgement.indication == TAMGA_TOTAL_PASSED) {
        TamgaProof *proof = g_new0 (TamgaProof, 1);
        proof->revision = signature->revision;
        proof->ids = signature->proves;
        proof->time = stamp->time;
        proof->name =
            g_strdup_printf ("%s timestamp by %s",
                             signature->carrier != NULL ? "container" : "document", stamp->tsa);
        proof->in_file = stamp->in_file;
        g_ptr_array_insert (process->proofs, 0, proof);
    }
    return judge_end (&self);
}
