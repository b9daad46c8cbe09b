/* SPDX-License-Identifier: GPL-3.0-or-later */
/* X.509 certificate validation at a given time: what path and status mean for a signature. */
#include "client/validate/blocks.h"

#include "formats/ossl.h"

const char *tamga_blocks_clause (const TamgaBlocks *blocks, const char *vn, const char *general)
{
    return blocks->context->profile->procedure ? vn : general;
}

static gboolean pool_has (const GPtrArray *pool, X509 *certificate)
{
    for (guint i = 0; i < pool->len; i++) {
        if (X509_cmp (pool->pdata[i], certificate) == 0)
            return TRUE;
    }
    return FALSE;
}

static void pool_add (GPtrArray *pool, X509 *certificate)
{
    if (pool_has (pool, certificate))
        return;
    X509_up_ref (certificate);
    g_ptr_array_add (pool, certificate);
}

static void add_bytes (GPtrArray *list, const GPtrArray *more)
{
    for (guint i = 0; i < more->len; i++) {
        if (!g_ptr_array_find_with_equal_func (list, more->pdata[i], g_bytes_equal, NULL))
            g_ptr_array_add (list, g_bytes_ref (more->pdata[i]));
    }
}

void tamga_blocks_add_evidence (const TamgaBlocks *blocks, const TamgaSignature *signature)
{
    for (guint i = 0; i < signature->certificates->len; i++) {
        pool_add (blocks->pool, signature->certificates->pdata[i]);
        pool_add (blocks->file_pool, signature->certificates->pdata[i]);
    }
    add_bytes (blocks->ocsps, signature->ocsps);
    add_bytes (blocks->crls, signature->crls);
}

void tamga_blocks_warn (const TamgaBlocks *blocks, const TamgaSuite *suite, const char *object)
{
    if (suite->rule == NULL || suite->rule->word != TAMGA_RULE_WARN)
        return;
    g_autofree char *rule = tamga_algorithm_rule_text (suite->rule);
    g_autofree char *text = g_strdup_printf ("%s: the profile %s says \"%s\" of this algorithm.",
                                             suite->name, blocks->context->profile->name, rule);
    for (guint i = 0; i < blocks->findings->len; i++) {
        const TamgaFinding *finding = blocks->findings->pdata[i];
        if (g_strcmp0 (finding->object, object) == 0 && g_str_equal (finding->text, text))
            return;
    }
    g_ptr_array_add (blocks->findings,
                     tamga_finding_new (TAMGA_SEVERITY_WARNING, "algorithm-warning", object,
                                        "TS 119 312", "%s", text));
}

TamgaProcedure *tamga_blocks_procedure (const TamgaBlocks *blocks, X509 *certificate, TamgaUse use,
                                        gint64 time)
{
    TamgaStatusContext context = *blocks->context;
    context.pool = blocks->pool;
    context.ocsps = blocks->ocsps;
    context.crls = blocks->crls;
    context.time = time;
    context.fresh = FALSE;
    context.past = TRUE;
    return tamga_procedure_recipient (&context, certificate, use, blocks->call);
}

/* Findings of a path that say what they say whatever the time is, gravest first: local distrust
 * wins over everything (VN 79.3). */
static const struct {
    const char *code, *sub;
} path_faults[] = {
    {"distrusted", SUB_CHAIN_CONSTRAINTS_FAILURE},
    {"no-anchor", SUB_NO_CERTIFICATE_CHAIN_FOUND},
    {"signature", SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE},
    {"malformed", SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE},
    {"key-usage", SUB_CHAIN_CONSTRAINTS_FAILURE},
    {"basic-constraints", SUB_CHAIN_CONSTRAINTS_FAILURE},
    {"name-constraints", SUB_CHAIN_CONSTRAINTS_FAILURE},
    {"policy", SUB_CHAIN_CONSTRAINTS_FAILURE},
    {"unknown-critical-extension", SUB_CHAIN_CONSTRAINTS_FAILURE},
    {"algorithm", SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE},
};

static const TamgaFinding *path_finding (const TamgaPath *path, const char *code)
{
    for (guint i = 0; i < path->findings->len; i++) {
        const TamgaFinding *finding = path->findings->pdata[i];
        if (g_str_equal (finding->code, code))
            return finding;
    }
    return NULL;
}

/* What the standard knows but OpenSSL's verifier only calls "expired": who expired, and whether it
 * is proven that the signature was made before or after. */
static void judge_validity (const TamgaChainQuestion *question, TamgaJudgement *judgement)
{
    const TamgaPath *path = question->procedure->path;
    for (guint i = 0; i < path->certificates->len; i++) {
        X509 *certificate = path->certificates->pdata[i];
        gint64 from = tamga_ossl_time (X509_get0_notBefore (certificate));
        gint64 until = tamga_ossl_time (X509_get0_notAfter (certificate));
        g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (certificate));
        g_autofree char *from_text = tamga_time_text (from);
        g_autofree char *until_text = tamga_time_text (until);
        if (question->time < from && i == 0 && question->proof) {
            tamga_judgement_add (judgement, TAMGA_TOTAL_FAILED, SUB_NOT_YET_VALID,
                                 "the signature existed before its certificate, which is valid "
                                 "from %s",
                                 from_text);
        } else if (question->time < from) {
            tamga_judgement_add (judgement, TAMGA_INDETERMINATE, SUB_OUT_OF_BOUNDS_NO_POE,
                                 "the certificate of %s is valid from %s only", name, from_text);
        }
        if (question->time <= until)
            continue;
        if (i == 0 && question->earliest > until) {
            tamga_judgement_add (judgement, TAMGA_TOTAL_FAILED, SUB_EXPIRED,
                                 "the signature was made after its certificate expired on %s",
                                 until_text);
        } else if (i == 0) {
            const TamgaStep *step =
                question->procedure->steps->len > 0 ? question->procedure->steps->pdata[0] : NULL;
            gboolean good = step != NULL && step->status->value == TAMGA_STATUS_GOOD;
            tamga_judgement_add (judgement, TAMGA_INDETERMINATE,
                                 good ? SUB_OUT_OF_BOUNDS_NOT_REVOKED : SUB_OUT_OF_BOUNDS_NO_POE,
                                 "the certificate of %s expired on %s, and nothing proves that the "
                                 "signature is older",
                                 name, until_text);
        } else {
            tamga_judgement_add (judgement, TAMGA_INDETERMINATE, SUB_OUT_OF_BOUNDS_NO_POE,
                                 "the certificate of the authority %s expired on %s", name,
                                 until_text);
        }
    }
}

/* What the certificate at `index` of a path relies upon: its key, and what signed it. The anchor's
 * own signature says nothing: it is trusted as it is. Returns how many of the three rows. */
static guint suites_of (const TamgaBlocks *blocks, const TamgaPath *path, guint index,
                        TamgaSuite suites[3])
{
    const TamgaProfile *profile = blocks->context->profile;
    X509 *certificate = path->certificates->pdata[index];
    int nid = NID_undef;
    /* The weaker padding, because a certificate does not say which one its key will use. */
    suites[0] = tamga_suite_key (profile, X509_get0_pubkey (certificate), TAMGA_SCHEME_RSA_PKCS1);
    if (index + 1 == path->certificates->len)
        return 1;
    gboolean known = X509_get_signature_info (certificate, &nid, NULL, NULL, NULL) == 1;
    g_autofree char *oid = known && nid != NID_undef ? tamga_ossl_oid (OBJ_nid2obj (nid)) : NULL;
    const TamgaDigest *digest = oid != NULL ? tamga_digest_by_oid (oid) : NULL;
    suites[1] = tamga_suite_digest (profile, digest);
    if (digest == NULL)
        return 2;
    const X509_ALGOR *signed_with = X509_get0_tbs_sigalg (certificate);
    g_autoptr (X509_ALGOR) hashed_with = tamga_digest_to_cms (digest);
    const TamgaAlgorithm *algorithm = tamga_algorithm_from_cms (signed_with, hashed_with, NULL);
    if (algorithm == NULL)
        return 2;
    suites[2] = tamga_suite_algorithm (profile, algorithm);
    return 3;
}

/* An algorithm that is too weak now is none for what existed while it was not (5.2.8.4.2). */
static gboolean was_relied_upon (const TamgaBlocks *blocks, const TamgaChainQuestion *question)
{
    const TamgaPath *path = question->procedure->path;
    for (guint i = 0; i < path->certificates->len; i++) {
        TamgaSuite suites[3];
        guint n = suites_of (blocks, path, i, suites);
        for (guint k = 0; k < n; k++) {
            if (!tamga_suite_holds (&suites[k], question->existed))
                return FALSE;
        }
    }
    return TRUE;
}

static void judge_weak (const TamgaBlocks *blocks, const TamgaChainQuestion *question,
                        TamgaJudgement *judgement)
{
    const TamgaFinding *weak = path_finding (question->procedure->path, "weak-algorithm");
    if (weak != NULL && !was_relied_upon (blocks, question))
        tamga_judgement_add (judgement, TAMGA_INDETERMINATE, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                             "%s, and nothing proves that it is older than that", weak->text);
}

/* What the profile says about algorithms of the path; the general table has its say by "weak". */
static void judge_rules (const TamgaBlocks *blocks, const TamgaChainQuestion *question,
                         TamgaJudgement *judgement)
{
    const TamgaPath *path = question->procedure->path;
    for (guint i = 0; i < path->certificates->len; i++) {
        X509 *certificate = path->certificates->pdata[i];
        g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (certificate));
        TamgaSuite suites[3];
        guint n = suites_of (blocks, path, i, suites);
        for (guint k = 0; k < n; k++) {
            tamga_blocks_warn (blocks, &suites[k], name);
            if (suites[k].rule == NULL || tamga_suite_holds (&suites[k], question->existed))
                continue;
            g_autofree char *rule = tamga_algorithm_rule_text (suites[k].rule);
            gboolean hopeless =
                tamga_suite_refused (&suites[k]) || question->existed < suites[k].since;
            tamga_judgement_add (judgement, TAMGA_INDETERMINATE,
                                 hopeless ? SUB_CRYPTO_CONSTRAINTS_FAILURE
                                          : SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                                 "the certificate of %s relies on %s, which the profile %s does "
                                 "not accept at that time (%s)",
                                 name, suites[k].name, blocks->context->profile->name, rule);
        }
    }
}

/* A finding of the path as one of the report. */
static TamgaFinding *copy_finding (const TamgaBlocks *blocks, const TamgaChainQuestion *question,
                                   const TamgaFinding *finding)
{
    TamgaFinding *copy = tamga_finding_copy (finding);
    if (g_str_equal (finding->code, "weak-algorithm") && was_relied_upon (blocks, question))
        copy->severity = TAMGA_SEVERITY_INFO;
    return copy;
}

/* Name of the certificates on the path: "Provider CA -> National Root". */
static char *path_text (const TamgaPath *path)
{
    GString *text = g_string_new (NULL);
    for (guint i = path->certificates->len > 1 ? 1 : 0; i < path->certificates->len; i++) {
        X509 *certificate = path->certificates->pdata[i];
        g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (certificate));
        g_string_append_printf (text, "%s%s", text->len > 0 ? " \xe2\x86\x92 " : "", name);
    }
    return g_string_free (text, FALSE);
}

/* Since when and by whom the end of the path is trusted; "" where it is trusted for this run. */
static char *trust_text (const TamgaBlocks *blocks, const TamgaPath *path)
{
    GPtrArray *anchors = tamga_trust_anchors (blocks->context->trust);
    X509 *last = path->certificates->pdata[path->certificates->len - 1];
    for (guint i = 0; i < anchors->len; i++) {
        const TamgaAnchor *anchor = anchors->pdata[i];
        if (X509_cmp (anchor->certificate, last) != 0 || anchor->added <= 0)
            continue;
        g_autofree char *since = tamga_time_text (anchor->added);
        g_autofree char *who =
            tamga_text_visible (anchor->added_by != NULL ? anchor->added_by : "you");
        return g_strdup_printf (" since %.10s (added by %s)", since, who);
    }
    return g_strdup ("");
}

static void judge_path (const TamgaBlocks *blocks, const TamgaChainQuestion *question,
                        const char *prefix, TamgaJudgement *judgement)
{
    const TamgaPath *path = question->procedure->path;
    TamgaJudgement own = TAMGA_JUDGEMENT_INIT;
    g_autofree char *name = g_strconcat (prefix, "path", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (path_faults); i++) {
        const TamgaFinding *finding = path_finding (path, path_faults[i].code);
        if (finding != NULL)
            tamga_judgement_add (&own, TAMGA_INDETERMINATE, path_faults[i].sub, "%s",
                                 finding->text);
    }
    if (!path->complete)
        tamga_judgement_add (&own, TAMGA_INDETERMINATE, SUB_NO_CERTIFICATE_CHAIN_FOUND,
                             "there is no path to a trusted root");
    if (path->complete)
        judge_validity (question, &own);
    judge_weak (blocks, question, &own);
    judge_rules (blocks, question, &own);
    /* A code of the path builder that is not known here must not go unnoticed. */
    for (guint i = 0; i < path->findings->len; i++) {
        const TamgaFinding *finding = path->findings->pdata[i];
        gboolean timed = g_str_equal (finding->code, "expired") ||
                         g_str_equal (finding->code, "not-yet-valid") ||
                         g_str_equal (finding->code, "weak-algorithm");
        if (finding->severity == TAMGA_SEVERITY_FATAL && !timed)
            tamga_judgement_add (&own, TAMGA_INDETERMINATE, SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
                                 "%s", finding->text);
        g_ptr_array_add (blocks->findings, copy_finding (blocks, question, finding));
    }
    g_autofree char *way = path_text (path);
    g_autofree char *at = tamga_time_text (path->time);
    g_autofree char *trusted = trust_text (blocks, path);
    if (own.indication == TAMGA_TOTAL_PASSED)
        tamga_check_add (blocks->checks, name, "EN 319 102-1 5.2.6", CHECK_PASSED, "computed",
                         "%s, trusted%s; valid at %s", way, trusted, at);
    else
        tamga_check_add (blocks->checks, name, "EN 319 102-1 5.2.6",
                         own.indication == TAMGA_TOTAL_FAILED ? CHECK_FAILED : CHECK_UNDETERMINED,
                         "computed", "%s", own.reason);
    tamga_judgement_merge (judgement, &own);
    tamga_judgement_clear (&own);
}

/* From when a negative answer counts. A key that was in other hands since `invalidity_date` was so
 * before its owner told (RFC 5280 5.3.2). */
static gint64 effective_time (const TamgaStatus *status)
{
    gint64 time =
        status->effective_time != G_MININT64 ? status->effective_time : status->revocation_time;
    if (status->reason == CRL_REASON_KEY_COMPROMISE && status->invalidity_date != G_MININT64)
        time = MIN (time, status->invalidity_date);
    return time;
}

/* One step; TRUE where it speaks for the signature. */
static gboolean judge_step (const TamgaChainQuestion *question, const TamgaStep *step, guint index,
                            TamgaJudgement *judgement, gboolean *later)
{
    const TamgaStatus *status = step->status;
    gint64 since = effective_time (status);
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (step->certificate));
    g_autofree char *since_text = tamga_time_text (since);
    gboolean revoked = status->value == TAMGA_STATUS_REVOKED;
    *later = FALSE;
    switch (status->value) {
    case TAMGA_STATUS_GOOD:
        if (step->passed)
            return TRUE;
        tamga_judgement_add (judgement, TAMGA_INDETERMINATE, SUB_TRY_LATER,
                             "the answer about %s does not speak about the time of signing: %s",
                             name, status->text != NULL ? status->text : "it is not fresh");
        return FALSE;
    case TAMGA_STATUS_REVOKED:
    case TAMGA_STATUS_SUSPENDED:
        if (since != G_MININT64 && since > question->time) {
            *later = TRUE;
            return TRUE;
        }
        if (!revoked)
            tamga_judgement_add (judgement, TAMGA_INDETERMINATE, SUB_TRY_LATER,
                                 "the certificate of %s is suspended since %s", name, since_text);
        else if (index == 0 && since != G_MININT64 && question->earliest > since)
            tamga_judgement_add (judgement, TAMGA_TOTAL_FAILED, SUB_REVOKED,
                                 "the signature was made after its certificate was revoked on %s",
                                 since_text);
        else
            tamga_judgement_add (judgement, TAMGA_INDETERMINATE,
                                 index == 0 ? SUB_REVOKED_NO_POE : SUB_REVOKED_CA_NO_POE,
                                 "the certificate of %s is revoked since %s, and nothing proves "
                                 "that the signature is older",
                                 name, since_text);
        return FALSE;
    case TAMGA_STATUS_UNKNOWN:
        tamga_judgement_add (judgement, TAMGA_INDETERMINATE, SUB_TRY_LATER,
                             "the status service does not know the certificate of %s", name);
        return FALSE;
    case TAMGA_STATUS_NOT_AVAILABLE:
        tamga_judgement_add (judgement, TAMGA_INDETERMINATE, SUB_TRY_LATER,
                             "the status of the certificate of %s could not be had: %s", name,
                             status->text != NULL ? status->text : "no answer");
        return FALSE;
    }
    g_assert_not_reached ();
}

static char *step_text (const TamgaStep *step, gboolean later)
{
    const TamgaStatus *status = step->status;
    GString *text = g_string_new (step->title);
    /* the sentence of an answer begins with its value; that of a missing one with the reason */
    if (status->value == TAMGA_STATUS_NOT_AVAILABLE || status->text == NULL)
        g_string_append_printf (text, ": %s", tamga_status_name (status->value));
    if (status->text != NULL)
        g_string_append_printf (text, ": %s", status->text);
    if (later) {
        g_autofree char *since = tamga_time_text (effective_time (status));
        g_string_append_printf (text, ", since %s, after the signature", since);
    }
    return g_string_free (text, FALSE);
}

/* Lists come out once in a while: what happened since is not on them. */
static void find_older (const TamgaBlocks *blocks, const TamgaChainQuestion *question,
                        const TamgaStep *step)
{
    const TamgaStatus *status = step->status;
    if (!question->proof || status->value != TAMGA_STATUS_GOOD ||
        status->this_update == G_MININT64 || status->this_update >= question->time)
        return;
    g_autofree char *when = tamga_time_text (status->this_update);
    g_ptr_array_add (blocks->findings,
                     tamga_finding_new (TAMGA_SEVERITY_INFO, "status-older-than-signature",
                                        step->title, "EN 319 102-1 5.2.5",
                                        "%s: the answer is of %s, before the signature.",
                                        step->title, when));
}

static CheckResult step_result (const TamgaStep *step, gboolean speaks)
{
    if (speaks)
        return CHECK_PASSED;
    return step->status->value == TAMGA_STATUS_REVOKED ||
                   step->status->value == TAMGA_STATUS_SUSPENDED
               ? CHECK_FAILED
               : CHECK_UNDETERMINED;
}

void tamga_chain_judge (const TamgaBlocks *blocks, const TamgaChainQuestion *question,
                        const char *prefix, TamgaJudgement *judgement)
{
    const TamgaProcedure *procedure = question->procedure;
    TamgaJudgement own = TAMGA_JUDGEMENT_INIT;
    gboolean any_later = FALSE;
    judge_path (blocks, question, prefix, &own);
    for (guint i = 0; i < procedure->steps->len; i++) {
        const TamgaStep *step = procedure->steps->pdata[i];
        g_autofree char *name = g_strdup_printf ("%sstatus-%u", prefix, step->number);
        gboolean later;
        gboolean speaks = judge_step (question, step, i, &own, &later);
        g_autofree char *text = step_text (step, later);
        any_later = any_later || later;
        find_older (blocks, question, step);
        tamga_check_add (blocks->checks, name, step->rule, step_result (step, speaks),
                         step->status->source, "%s", text);
        for (guint k = 0; step->status->findings != NULL && k < step->status->findings->len; k++)
            g_ptr_array_add (blocks->findings,
                             tamga_finding_copy (step->status->findings->pdata[k]));
    }
    /* What the procedure refuses for reasons of its own (a licence, a cascade) counts too; it does
     * not know of proofs, so a later revocation is no reason here. */
    if (own.indication == TAMGA_TOTAL_PASSED && !procedure->allowed && !any_later)
        tamga_judgement_add (&own, TAMGA_INDETERMINATE, SUB_CHAIN_CONSTRAINTS_FAILURE, "%s",
                             procedure->refusal != NULL
                                 ? procedure->refusal
                                 : "the procedure for recipients does not accept it");
    tamga_judgement_merge (judgement, &own);
    tamga_judgement_clear (&own);
}

static gboolean all_embedded (const TamgaProcedure *procedure)
{
    for (guint i = 0; i < procedure->steps->len; i++) {
        const TamgaStatus *status = ((const TamgaStep *)procedure->steps->pdata[i])->status;
        if (status->value != TAMGA_STATUS_GOOD || status->source == NULL ||
            !g_str_has_prefix (status->source, "embedded"))
            return FALSE;
    }
    return procedure->path->complete;
}

gboolean tamga_chain_in_file (const TamgaBlocks *blocks, const TamgaProcedure *procedure)
{
    const TamgaPath *path = procedure->path;
    if (!path->complete)
        return FALSE;
    for (guint i = 0; i + 1 < path->certificates->len; i++) {
        if (!pool_has (blocks->file_pool, path->certificates->pdata[i]))
            return FALSE;
    }
    return all_embedded (procedure);
}
