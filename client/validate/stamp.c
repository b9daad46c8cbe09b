/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time-stamp validation (EN 319 102-1 5.4) with the checks of UA 115(6), 118 and 119 as lines. */
#include "client/validate/blocks.h"

#include "formats/ossl.h"

/* An accuracy worse than this is said (UA 119). */
#define ACCURACY_LIMIT_US 1000000

void tamga_stamp_free (TamgaStamp *stamp)
{
    if (stamp == NULL)
        return;
    g_clear_pointer (&stamp->token, tamga_token_free);
    g_clear_pointer (&stamp->procedure, tamga_procedure_free);
    tamga_judgement_clear (&stamp->judgement);
    g_free (stamp->tsa);
    g_free (stamp);
}

gboolean tamga_stamp_passed (const TamgaStamp *stamp)
{
    return stamp->judgement.indication == TAMGA_TOTAL_PASSED;
}

static void G_GNUC_PRINTF (6, 7)
    line (const TamgaBlocks *blocks, const char *prefix, const char *name, const char *clause,
          CheckResult result, const char *format, ...)
{
    va_list arguments;
    g_autofree char *full = g_strconcat (prefix, name, NULL);
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    tamga_check_add (blocks->checks, full, clause, result, "computed", "%s", text);
}

static void check_imprint (const TamgaBlocks *blocks, TamgaStamp *stamp, const char *prefix)
{
    GBytes *covered = stamp->timestamp->covered_digest;
    if (covered == NULL) {
        tamga_judgement_add (&stamp->judgement, TAMGA_INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND,
                             "what %s covers could not be computed", stamp->timestamp->id);
        line (blocks, prefix, "imprint", "UA 115(6)", CHECK_UNDETERMINED,
              "what the timestamp covers could not be computed");
    } else if (!tamga_token_covers_digest (stamp->token, covered)) {
        tamga_judgement_add (&stamp->judgement, TAMGA_TOTAL_FAILED, SUB_HASH_FAILURE,
                             "%s is about other data", stamp->timestamp->id);
        line (blocks, prefix, "imprint", "UA 115(6)", CHECK_FAILED,
              "the timestamp is about other data: its imprint differs");
    } else {
        line (blocks, prefix, "imprint", "UA 115(6)", CHECK_PASSED,
              "the imprint equals the %s digest of what it covers",
              stamp->token->digest != NULL ? stamp->token->digest->name : "computed");
    }
}

static const char *integrity_sub (TamgaIntegrity integrity)
{
    switch (integrity) {
    case TAMGA_INTEGRITY_HASH_FAILURE:
        return SUB_HASH_FAILURE;
    case TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE:
        return SUB_SIG_CRYPTO_FAILURE;
    default:
        return SUB_FORMAT_FAILURE;
    }
}

/* The token's own signature. */
static void check_signature (const TamgaBlocks *blocks, TamgaStamp *stamp, const char *prefix)
{
    const TamgaSignature *signature = stamp->token->signature;
    const char *text = signature->integrity_text != NULL ? signature->integrity_text : "";
    switch (signature->integrity) {
    case TAMGA_INTEGRITY_INTACT:
        line (blocks, prefix, "signature", "UA 115(6)", CHECK_PASSED,
              "the signature of %s verifies (%s)", stamp->tsa, signature->algorithm_text);
        break;
    case TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE:
        tamga_judgement_add (&stamp->judgement, TAMGA_INDETERMINATE,
                             SUB_NO_SIGNING_CERTIFICATE_FOUND, "%s: %s", stamp->timestamp->id,
                             text);
        line (blocks, prefix, "signature", "UA 115(6)", CHECK_UNDETERMINED, "%s", text);
        break;
    case TAMGA_INTEGRITY_NOT_VERIFIABLE:
        tamga_judgement_add (&stamp->judgement, TAMGA_INDETERMINATE,
                             SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, "%s: %s", stamp->timestamp->id,
                             text);
        line (blocks, prefix, "signature", "UA 115(6)", CHECK_UNDETERMINED, "%s", text);
        break;
    default:
        tamga_judgement_add (&stamp->judgement, TAMGA_TOTAL_FAILED,
                             integrity_sub (signature->integrity), "%s: %s", stamp->timestamp->id,
                             text);
        line (blocks, prefix, "signature", "UA 115(6)", CHECK_FAILED, "%s", text);
        break;
    }
    for (guint i = 0; i < signature->findings->len; i++) {
        const TamgaFinding *finding = signature->findings->pdata[i];
        TamgaFinding *copy = tamga_finding_copy (finding);
        if (finding->severity == TAMGA_SEVERITY_FATAL) {
            tamga_judgement_add (&stamp->judgement, TAMGA_INDETERMINATE,
                                 SUB_SIG_CONSTRAINTS_FAILURE, "%s: %s", stamp->timestamp->id,
                                 finding->text);
            /* fatal for the timestamp, not for the signature that carries it */
            copy->severity = TAMGA_SEVERITY_WARNING;
        }
        g_free (copy->object);
        copy->object = g_strdup (stamp->timestamp->id);
        g_ptr_array_add (blocks->findings, copy);
    }
}

/* RFC 3161 2.4.2 and 2.3: bound certificate, made for timestamps only. */
static void check_purpose (const TamgaBlocks *blocks, TamgaStamp *stamp, const char *prefix)
{
    const TamgaSignature *signature = stamp->token->signature;
    if (signature->binding != TAMGA_BINDING_V1 && signature->binding != TAMGA_BINDING_V2)
        tamga_judgement_add (&stamp->judgement, TAMGA_INDETERMINATE, SUB_SIG_CONSTRAINTS_FAILURE,
                             "%s does not bind the certificate of its maker (RFC 3161 2.4.2)",
                             stamp->timestamp->id);
    gboolean wrong = tamga_path_has (stamp->procedure->path, "key-usage");
    line (blocks, prefix, "purpose", "UA 115(6)", wrong ? CHECK_FAILED : CHECK_PASSED, "%s",
          wrong ? "the certificate is not issued for timestamping only (RFC 3161 2.3)"
                : "the certificate is issued for timestamping only");
}

static void check_algorithms (const TamgaBlocks *blocks, TamgaStamp *stamp, gint64 reference)
{
    const TamgaToken *token = stamp->token;
    const TamgaSignature *signature = token->signature;
    const TamgaProfile *profile = blocks->context->profile;
    if (signature->algorithm == NULL || signature->certificate == NULL)
        return;
    EVP_PKEY *key = X509_get0_pubkey (signature->certificate);
    const TamgaSuite suites[] = {
        tamga_suite_digest (profile, token->digest),
        tamga_suite_digest (profile, tamga_algorithm_digest (signature->algorithm)),
        tamga_suite_algorithm (profile, signature->algorithm),
        tamga_suite_key (profile, key, signature->algorithm->scheme),
    };
    gint64 since = G_MININT64, until = G_MAXINT64;
    for (gsize i = 0; i < G_N_ELEMENTS (suites); i++) {
        since = MAX (since, suites[i].since);
        until = MIN (until, suites[i].until);
        tamga_blocks_warn (blocks, &suites[i], stamp->timestamp->id);
    }
    gint64 end = tamga_ossl_time (X509_get0_notAfter (signature->certificate));
    stamp->until = MIN (until, end);
    stamp->weakens = until < end;
    if (until < reference || reference < since)
        tamga_judgement_add (&stamp->judgement, TAMGA_INDETERMINATE,
                             SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                             "%s uses an algorithm that is no longer relied upon (%s)",
                             stamp->timestamp->id, signature->algorithm_text);
}

/* Why a certificate was revoked tells whether its earlier tokens are still good (RFC 3161 4.1). */
static gboolean harmless (int reason)
{
    return reason == CRL_REASON_UNSPECIFIED || reason == CRL_REASON_AFFILIATION_CHANGED ||
           reason == CRL_REASON_SUPERSEDED || reason == CRL_REASON_CESSATION_OF_OPERATION;
}

/* Revoked after the time in the token, but before the token is known to have existed: whoever had
 * the key by then could write any time into it. */
static void check_revoked_later (TamgaStamp *stamp, gint64 reference)
{
    for (guint i = 0; i < stamp->procedure->steps->len; i++) {
        const TamgaStatus *status = ((TamgaStep *)stamp->procedure->steps->pdata[i])->status;
        gint64 since = status->effective_time;
        if (since == G_MININT64 || since <= stamp->time || since > reference ||
            harmless (status->reason))
            continue;
        g_autofree char *text = tamga_time_text (since);
        tamga_judgement_add (&stamp->judgement, TAMGA_INDETERMINATE,
                             i == 0 ? SUB_REVOKED_NO_POE : SUB_REVOKED_CA_NO_POE,
                             "the certificate of %s was revoked on %s, and no later timestamp "
                             "proves that %s is older",
                             stamp->tsa, text, stamp->timestamp->id);
    }
}

/* Valid when it was formed (UA 118(2), 119), and still valid when the token is known to have
 * existed: after its end a key may be used by anybody unnoticed (EN 319 102-1 5.6.2). */
static void check_certificate (const TamgaBlocks *blocks, TamgaStamp *stamp, gint64 reference,
                               const char *prefix)
{
    X509 *certificate = stamp->token->signature->certificate;
    gint64 until = tamga_ossl_time (X509_get0_notAfter (certificate));
    TamgaChainQuestion question = {.procedure = stamp->procedure,
                                   .time = stamp->time,
                                   .proof = TRUE,
                                   .earliest = G_MININT64,
                                   .existed = reference};
    tamga_chain_judge (blocks, &question, prefix, &stamp->judgement);
    check_revoked_later (stamp, reference);
    if (reference > until) {
        g_autofree char *text = tamga_time_text (until);
        tamga_judgement_add (&stamp->judgement, TAMGA_INDETERMINATE, SUB_OUT_OF_BOUNDS_NO_POE,
                             "the certificate of %s expired on %s, and no later timestamp proves "
                             "that %s is older",
                             stamp->tsa, text, stamp->timestamp->id);
    }
}

static void check_time (const TamgaBlocks *blocks, TamgaStamp *stamp, gint64 now,
                        const char *prefix)
{
    g_autofree char *when = tamga_time_text (stamp->time);
    g_autoptr (GString) accuracy = g_string_new (NULL);
    if (stamp->token->accuracy >= 0)
        g_string_append_printf (accuracy, ", accurate to %.3f s",
                                (double)stamp->token->accuracy / 1e6);
    if (stamp->time > now + (gint64)blocks->context->profile->clock_tolerance) {
        tamga_judgement_add (&stamp->judgement, TAMGA_INDETERMINATE, SUB_TIMESTAMP_ORDER_FAILURE,
                             "%s is of %s, which is still to come", stamp->timestamp->id, when);
        line (blocks, prefix, "time", "UA 119", CHECK_FAILED, "%s, which is still to come", when);
        return;
    }
    if (stamp->token->accuracy > ACCURACY_LIMIT_US)
        g_ptr_array_add (blocks->findings,
                         tamga_finding_new (TAMGA_SEVERITY_WARNING, "timestamp-accuracy",
                                            stamp->timestamp->id, "UA 119",
                                            "The clock of %s is accurate to %.1f s only.",
                                            stamp->tsa, (double)stamp->token->accuracy / 1e6));
    line (blocks, prefix, "time", "UA 119", CHECK_INFO, "%s%s, by %s", when, accuracy->str,
          stamp->tsa);
}

static char *tsa_name (const TamgaToken *token)
{
    if (token->signature->certificate != NULL)
        return tamga_ossl_short_name (X509_get_subject_name (token->signature->certificate));
    return g_strdup (token->tsa_name != NULL ? token->tsa_name : "an unknown service");
}

TamgaStamp *tamga_stamp_judge (const TamgaBlocks *blocks, const TamgaTimestamp *timestamp,
                               gint64 proof, const char *prefix)
{
    g_autoptr (GError) error = NULL;
    gint64 now = blocks->at != G_MININT64 ? blocks->at : blocks->context->now;
    gint64 reference = MIN (proof, now);
    TamgaStamp *stamp = g_new0 (TamgaStamp, 1);
    stamp->timestamp = timestamp;
    stamp->time = stamp->until = G_MININT64;
    stamp->judgement = TAMGA_JUDGEMENT_INIT;
    stamp->token = tamga_token_parse_with (timestamp->token, blocks->pool, &error);
    if (stamp->token == NULL) {
        tamga_judgement_add (&stamp->judgement, TAMGA_TOTAL_FAILED, SUB_FORMAT_FAILURE, "%s",
                             error->message);
        line (blocks, prefix, "token", "RFC 3161 2.4.2", CHECK_FAILED, "%s", error->message);
        return stamp;
    }
    tamga_blocks_add_evidence (blocks, stamp->token->signature);
    stamp->time = stamp->token->gen_time;
    stamp->tsa = tsa_name (stamp->token);
    X509 *certificate = stamp->token->signature->certificate;
    /* in the order of UA 115(6): purpose, certificate, signature, imprint */
    if (certificate != NULL) {
        stamp->procedure =
            tamga_blocks_procedure (blocks, certificate, TAMGA_USE_TIMESTAMP, stamp->time);
        check_purpose (blocks, stamp, prefix);
        check_certificate (blocks, stamp, reference, prefix);
        stamp->in_file = tamga_chain_in_file (blocks, stamp->procedure);
    }
    check_signature (blocks, stamp, prefix);
    check_imprint (blocks, stamp, prefix);
    check_algorithms (blocks, stamp, reference);
    check_time (blocks, stamp, now, prefix);
    return stamp;
}
