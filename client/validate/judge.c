/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sequence of building blocks for one signature. Every block adds lines and may make the
 * judgement worse; the order is that of EN 319 102-1, so the first reason found is the one told. */
#include "client/validate/judging.h"

#include "client/validate/particulars.h"
#include "client/validate/suites.h"
#include "formats/ossl.h"

void tamga_proof_free (TamgaProof *proof)
{
    if (proof == NULL)
        return;
    g_free (proof->name);
    g_free (proof);
}

void tamga_validated_signature_free (TamgaValidatedSignature *validated)
{
    if (validated == NULL)
        return;
    g_clear_pointer (&validated->signature, tamga_signature_free);
    g_clear_pointer (&validated->procedure, tamga_procedure_free);
    g_ptr_array_unref (validated->checks);
    g_ptr_array_unref (validated->findings);
    g_free (validated->best_time_source);
    g_free (validated->reason);
    g_free (validated->title);
    g_free (validated->organisation);
    g_free (validated->limits);
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

static TamgaValidatedSignature *judge_end (Judge *self)
{
    TamgaValidatedSignature *validated = self->validated;
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

/* --- format, certificate, digest, value (5.2.2, 5.2.3, 5.2.7) --- */

static const struct {
    TamgaIntegrity integrity;
    TamgaIndication indication;
    const char *sub;
    const char *line; /* the line that fails with it; those after it are not reached */
    CheckResult result;
} integrities[] = {
    {TAMGA_INTEGRITY_FORMAT_FAILURE, TAMGA_TOTAL_FAILED, SUB_FORMAT_FAILURE, "format",
     CHECK_FAILED},
    {TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE, TAMGA_INDETERMINATE, SUB_NO_SIGNING_CERTIFICATE_FOUND,
     "signing-certificate", CHECK_UNDETERMINED},
    {TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND, TAMGA_INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND, "hash",
     CHECK_UNDETERMINED},
    {TAMGA_INTEGRITY_HASH_FAILURE, TAMGA_TOTAL_FAILED, SUB_HASH_FAILURE, "hash", CHECK_FAILED},
    {TAMGA_INTEGRITY_NOT_VERIFIABLE, TAMGA_INDETERMINATE, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
     "signature-value", CHECK_UNDETERMINED},
    {TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE, TAMGA_TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE,
     "signature-value", CHECK_FAILED},
};

static char *good_text (const Judge *self, const char *line)
{
    const TamgaSignature *signature = self->signature;
    const char *digest =
        signature->message_digest != NULL ? signature->message_digest->name : "digest";
    if (g_str_equal (line, "format"))
        return g_strdup_printf ("%s, well formed", signature->format);
    if (g_str_equal (line, "hash"))
        return g_strdup_printf ("the %s of the document equals the signed one", digest);
    if (g_str_equal (line, "signature-value"))
        return g_strdup_printf ("verifies with the key of the certificate (%s)",
                                signature->algorithm_text != NULL ? signature->algorithm_text
                                                                  : "by its token");
    g_autofree char *name =
        signature->certificate != NULL
            ? tamga_ossl_short_name (X509_get_subject_name (signature->certificate))
            : g_strdup ("found");
    return g_steal_pointer (&name);
}

static void judge_integrity (Judge *self)
{
    static const struct {
        const char *name, *clause;
    } lines[] = {
        {"format", "EN 319 102-1 5.2.2"},
        {"signing-certificate", "EN 319 102-1 5.2.3"},
        {"hash", "EN 319 102-1 5.2.7"},
        {"signature-value", "EN 319 102-1 5.2.7"},
    };
    const TamgaSignature *signature = self->signature;
    gsize fault = 0;
    while (fault < G_N_ELEMENTS (integrities) &&
           integrities[fault].integrity != signature->integrity)
        fault++;
    gboolean intact = fault == G_N_ELEMENTS (integrities);
    const char *text =
        signature->integrity_text != NULL ? signature->integrity_text : "no reason is known";
    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
        if (!intact && g_str_equal (lines[i].name, integrities[fault].line)) {
            tamga_check_add (self->blocks.checks, lines[i].name, lines[i].clause,
                             integrities[fault].result, "computed", "%s", text);
            break;
        }
        /* who made a document timestamp is told with its token */
        if (signature->is_document_timestamp && g_str_equal (lines[i].name, "signing-certificate"))
            continue;
        g_autofree char *good = good_text (self, lines[i].name);
        tamga_check_add (self->blocks.checks, lines[i].name, lines[i].clause, CHECK_PASSED,
                         "computed", "%s", good);
    }
    if (!intact)
        tamga_judgement_add (&self->judgement, integrities[fault].indication,
                             integrities[fault].sub, "%s", text);
}

/* How the signature names its certificate (5.2.3; EN 319 122-1 5.2.2). */
static void judge_binding (Judge *self)
{
    const TamgaSignature *signature = self->signature;
    GPtrArray *checks = self->blocks.checks;
    const char *clause = "EN 319 122-1 5.2.2";
    switch (signature->binding) {
    case TAMGA_BINDING_V2:
        tamga_check_add (checks, "certificate-binding", clause, CHECK_PASSED, "computed",
                         "the signature names its certificate (signing-certificate-v2)");
        return;
    case TAMGA_BINDING_V1:
        if (self->process->context->profile->accept_signing_certificate_v1) {
            tamga_check_add (checks, "certificate-binding", clause, CHECK_PASSED, "computed",
                             "the signature names its certificate, by SHA-1");
            return;
        }
        tamga_check_add (checks, "certificate-binding", clause, CHECK_UNDETERMINED, "computed",
                         "the signature names its certificate by SHA-1 only");
        tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE, SUB_SIG_CONSTRAINTS_FAILURE,
                             "the signature names its certificate by SHA-1 only, which the profile "
                             "does not accept");
        return;
    case TAMGA_BINDING_MISMATCH:
        tamga_check_add (checks, "certificate-binding", clause, CHECK_FAILED, "computed",
                         "the signature names another certificate than the one found");
        tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE,
                             SUB_NO_SIGNING_CERTIFICATE_FOUND,
                             "the signature names a certificate that is not among those found");
        return;
    case TAMGA_BINDING_NONE:
        tamga_check_add (checks, "certificate-binding", clause, CHECK_UNDETERMINED, "computed",
                         "the signature does not name its certificate under the signature value");
        tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE, SUB_SIG_CONSTRAINTS_FAILURE,
                             "the signature does not say under its value which certificate it was "
                             "made with: it is no advanced electronic signature");
        return;
    }
}

/* What came after a signature must be explained and permitted; else what is shown is not what was
 * signed (threats, part a). */
static void judge_changes (Judge *self)
{
    const TamgaSignature *signature = self->signature;
    guint permitted = 0;
    for (guint i = 0; i < signature->changes->len; i++) {
        const TamgaChange *change = signature->changes->pdata[i];
        if (change->permitted) {
            permitted++;
            continue;
        }
        tamga_judgement_add (&self->judgement, TAMGA_TOTAL_FAILED, SUB_FORMAT_FAILURE,
                             "the document was changed after %s (revision %u): %s", signature->id,
                             change->revision, change->text);
        tamga_check_add (self->blocks.checks, "changes", "ISO 32000-2 12.8.2", CHECK_FAILED,
                         "computed", "revision %u: %s", change->revision, change->text);
        g_ptr_array_add (self->blocks.findings,
                         tamga_finding_new (TAMGA_SEVERITY_FATAL, "unauthorised-change",
                                            change->object, "ISO 32000-2 12.8.2", "Revision %u: %s",
                                            change->revision, change->text));
    }
    if (signature->revisions > 0 && permitted == signature->changes->len)
        tamga_check_add (self->blocks.checks, "changes", "ISO 32000-2 12.8.2", CHECK_PASSED,
                         "computed", "%s",
                         permitted == 0 ? "no change after this signature"
                                        : "only permitted changes after this signature");
}

/* A fatal finding of the format, though every value is right: no pass, but no break either. */
static void judge_findings (Judge *self)
{
    for (guint i = 0; i < self->signature->findings->len; i++) {
        const TamgaFinding *finding = self->signature->findings->pdata[i];
        if (finding->severity == TAMGA_SEVERITY_FATAL)
            tamga_judgement_add (&self->judgement, TAMGA_INDETERMINATE, SUB_SIG_CONSTRAINTS_FAILURE,
                                 "%s", finding->text);
    }
}

/* --- certificate validation (5.2.6, 5.6.2) and acceptance (5.2.8) --- */

static void judge_chain (Judge *self)
{
    TamgaValidatedSignature *validated = self->validated;
    TamgaJudgement own = TAMGA_JUDGEMENT_INIT;
    validated->procedure = tamga_blocks_procedure (&self->blocks, self->signature->certificate,
                                                   TAMGA_USE_SIGNING, validated->best_time);
    TamgaChainQuestion question = {.procedure = validated->procedure,
                                   .time = validated->best_time,
                                   .proof = self->proof && self->process->at == G_MININT64,
                                   .earliest = self->earliest};
    tamga_chain_judge (&self->blocks, &question, "", &own);
    self->chain_passed = own.indication == TAMGA_TOTAL_PASSED;
    tamga_judgement_merge (&self->judgement, &own);
    tamga_judgement_clear (&own);
}

static void judge_suite (Judge *self, const char *what, gint64 until, const char *text)
{
    gint64 time = self->validated->best_time;
    g_autofree char *end = tamga_time_text (until);
    gboolean listed = until != G_MININT64;
    gboolean good = listed && time < until;
    const char *ending = until == G_MAXINT64 ? "no end known" : end;
    if (!listed)
        ending = "in no list of accepted ones";
    tamga_check_add (self->blocks.checks, what, "TS 119 312; EN 319 102-1 5.2.8.4.2",
                     good ? CHECK_PASSED : CHECK_UNDETERMINED, "computed", "%s, %s%s", text,
                     listed && until != G_MAXINT64 ? "relied upon until " : "", ending);
    if (!good)
        tamga_judgement_add (
            &self->judgement, TAMGA_INDETERMINATE, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
            "%s is not relied upon at the time of the signature (%s)", text, ending);
}

static void judge_algorithms (Judge *self)
{
    const TamgaSignature *signature = self->signature;
    EVP_PKEY *key =
        signature->certificate != NULL ? X509_get0_pubkey (signature->certificate) : NULL;
    if (signature->algorithm == NULL || key == NULL)
        return; /* NOT_VERIFIABLE says so already */
    const TamgaDigest *digest = tamga_algorithm_digest (signature->algorithm);
    gint64 until = tamga_suite_digest_until (digest);
    if (signature->message_digest != NULL)
        until = MIN (until, tamga_suite_digest_until (signature->message_digest));
    judge_suite (self, "digest-algorithm", until, digest->name);
    g_autofree char *text = tamga_certificate_key_text (signature->certificate);
    judge_suite (self, "key-size", tamga_suite_key_until (key, signature->algorithm->scheme), text);
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
    judge_integrity (&self);
    if (signature->certificate != NULL)
        judge_binding (&self);
    else /* whatever the format said: nothing can be judged without a certificate */
        tamga_judgement_add (&self.judgement, TAMGA_INDETERMINATE, SUB_NO_SIGNING_CERTIFICATE_FOUND,
                             "the signer's certificate was not found");
    judge_changes (&self);
    tamga_judging_time (&self);
    if (signature->certificate != NULL)
        judge_chain (&self);
    judge_algorithms (&self);
    judge_findings (&self);
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
    judge_integrity (&self);
    judge_changes (&self);
    judge_findings (&self);
    validated->best_time = process->context->now;
    validated->best_time_source = g_strdup ("current time");
    if (signature->timestamps->len == 0) {
        tamga_judgement_add (&self.judgement, TAMGA_TOTAL_FAILED, SUB_FORMAT_FAILURE,
                             "the document timestamp has no token");
        return judge_end (&self);
    }
    const TamgaProof *later = tamga_judging_proof (&self);
    TamgaStamp *stamp = tamga_judging_stamp (&self, 0, later != NULL ? later->time : G_MAXINT64);
    g_ptr_array_add (self.stamps, stamp);
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
        proof->time = stamp->time;
        proof->name = g_strdup_printf ("document timestamp by %s", stamp->tsa);
        proof->in_file = stamp->in_file;
        g_ptr_array_insert (process->proofs, 0, proof);
    }
    return judge_end (&self);
}
