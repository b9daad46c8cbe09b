/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signer's procedure (VN 78) and the recipient's (VN 79): a path, one step per issuing level,
 * all asked at once, judged in order. The profile says what is tolerated and how it is called. */
#include "client/status/procedure.h"

#include <string.h>

#include "client/status/internal.h"

/* One certificate on its way through a procedure. */
typedef struct {
    TamgaProcedure *procedure;
    const TamgaStatusContext *context;
    GPtrArray *pool;   /* X509: the context's and what was fetched */
    gboolean signer;   /* whose procedure: decides rules and words */
    GArray *questions; /* TamgaStatusQuestion, one per step; then the root for the cascade */
    gboolean asks_root;
    GPtrArray *authorities; /* X509: national roots for foreign certificates, or NULL */
    GPtrArray *answers;     /* TamgaStatus, borrowed from tamga_status_ask */
} Run;

static void step_free (gpointer data)
{
    TamgaStep *step = data;
    g_free (step->rule);
    g_free (step->title);
    X509_free (step->certificate);
    X509_free (step->issuer);
    tamga_status_free (step->status);
    g_free (step);
}

void tamga_procedure_free (TamgaProcedure *procedure)
{
    if (procedure == NULL)
        return;
    tamga_path_free (procedure->path);
    g_ptr_array_unref (procedure->steps);
    g_free (procedure->refusal_rule);
    g_free (procedure->refusal);
    g_free (procedure->next);
    tamga_evidence_free (procedure->evidence);
    g_free (procedure);
}

gboolean tamga_procedure_is_good (const TamgaProcedure *procedure)
{
    for (guint i = 0; i < procedure->steps->len; i++) {
        const TamgaStep *step = procedure->steps->pdata[i];
        if (step->status->value != TAMGA_STATUS_GOOD)
            return FALSE;
    }
    return procedure->allowed && procedure->path->findings->len == 0;
}

gboolean tamga_procedure_is_bad (const TamgaProcedure *procedure)
{
    for (guint i = 0; i < procedure->steps->len; i++) {
        const TamgaStep *step = procedure->steps->pdata[i];
        if (step->status->value == TAMGA_STATUS_REVOKED ||
            step->status->value == TAMGA_STATUS_SUSPENDED)
            return TRUE;
    }
    return FALSE;
}

/* --- steps --- */

static char *name_of (X509 *certificate)
{
    return certificate == NULL ? g_strdup ("an unknown issuer")
                               : tamga_ossl_short_name (X509_get_subject_name (certificate));
}

/* The clause of a step; profiles without these procedures cite the standard. */
static const char *step_rule (const Run *run, guint number)
{
    if (!run->context->profile->procedure)
        return "RFC 5280 6.3";
    if (run->signer)
        return number == 1 ? "VN 78.1" : "VN 78.2";
    return number == 1 ? "VN 79.1a" : "VN 79.2b";
}

static TamgaStep *add_step (Run *run, X509 *certificate, X509 *issuer)
{
    TamgaStep *step = g_new0 (TamgaStep, 1);
    step->number = run->procedure->steps->len + 1;
    step->rule = g_strdup (step_rule (run, step->number));
    X509_up_ref (certificate);
    step->certificate = certificate;
    if (issuer != NULL)
        X509_up_ref (issuer);
    step->issuer = issuer;
    g_autofree char *who =
        run->signer && step->number == 1 ? g_strdup ("your certificate") : name_of (certificate);
    g_autofree char *whom = name_of (issuer);
    step->title = g_strdup_printf ("%s at %s", who, whom);
    g_ptr_array_add (run->procedure->steps, step);
    TamgaStatusQuestion question = {.certificate = certificate, .issuer = issuer};
    g_array_append_val (run->questions, question);
    return step;
}

/* Who really issued `certificate`, among anchors and pool. */
static X509 *find_issuer (const Run *run, X509 *certificate)
{
    GPtrArray *anchors = tamga_trust_anchors (run->context->trust);
    for (guint i = 0; i < anchors->len + run->pool->len; i++) {
        X509 *candidate = i < anchors->len ? ((TamgaAnchor *)anchors->pdata[i])->certificate
                                           : run->pool->pdata[i - anchors->len];
        if (X509_check_issued (candidate, certificate) == X509_V_OK &&
            X509_verify (certificate, X509_get0_pubkey (candidate)) == 1)
            return candidate;
    }
    return NULL;
}

static gboolean self_signed (X509 *certificate)
{
    return (X509_get_extension_flags (certificate) & EXFLAG_SS) != 0;
}

/* One step per level of the path. Where the anchor is a provider and not a root, VN 78.2 still asks
 * for the root's word about it. */
static void make_steps (Run *run)
{
    GPtrArray *chain = run->procedure->path->certificates;
    for (guint i = 0; i + 1 < chain->len; i++)
        add_step (run, chain->pdata[i], chain->pdata[i + 1]);
    X509 *top = chain->pdata[chain->len - 1];
    gboolean more = run->procedure->path->complete ? run->context->profile->procedure : TRUE;
    for (guint i = 0; more && i < 8 && !self_signed (top); i++) {
        X509 *issuer = find_issuer (run, top);
        add_step (run, top, issuer);
        if (issuer == NULL)
            return;
        top = issuer;
    }
}

/* MD 4:164: the root itself is asked about on the list that it signs. */
static void ask_root (Run *run)
{
    GPtrArray *chain = run->procedure->path->certificates;
    X509 *root = chain->pdata[chain->len - 1];
    if (!run->context->profile->cascade_root_revocation || chain->len < 2 || !self_signed (root))
        return;
    TamgaStatusQuestion question = {
        .certificate = root, .issuer = root, .urls_from = chain->pdata[chain->len - 2]};
    g_array_append_val (run->questions, question);
    run->asks_root = TRUE;
}

/* --- licensed foreign certificates (VN 45, 79.1c) --- */

static gboolean is_national (const TamgaProfile *profile, X509 *root)
{
    if (profile->anchors == NULL)
        return TRUE;
    g_autofree char *sha256 = tamga_ossl_fingerprint (root);
    return g_strv_contains ((const char *const *)profile->anchors, sha256);
}

static GPtrArray *national_roots (const Run *run)
{
    GPtrArray *chain = run->procedure->path->certificates;
    GPtrArray *roots = g_ptr_array_new ();
    GPtrArray *anchors = tamga_trust_anchors (run->context->trust);
    for (guint i = 0; i < anchors->len; i++) {
        const TamgaAnchor *anchor = anchors->pdata[i];
        if (!anchor->distrusted && self_signed (anchor->certificate) &&
            X509_cmp (anchor->certificate, chain->pdata[chain->len - 1]) != 0 &&
            is_national (run->context->profile, anchor->certificate))
            g_ptr_array_add (roots, anchor->certificate);
    }
    return roots;
}

static void refuse (Run *run, const char *rule, const char *next, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Keeps the first reason. */
static void refuse (Run *run, const char *rule, const char *next, const char *format, ...)
{
    TamgaProcedure *procedure = run->procedure;
    procedure->allowed = FALSE;
    if (procedure->refusal != NULL)
        return;
    va_list arguments;
    va_start (arguments, format);
    procedure->refusal = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    procedure->refusal_rule = g_strdup (rule);
    procedure->next = g_strdup (next);
}

static void check_licence (Run *run, const TamgaForeignLicence *licence, X509 *provider,
                           X509 *issuer)
{
    gint64 time = run->context->time;
    if (time < licence->valid_from || time >= licence->valid_until)
        refuse (run, "VN 45", "Ask the other side for a signature that is licensed here.",
                "The licence %s of \"%s\" for use in this country is not in force at that time.",
                licence->licence, licence->name);
    if (licence->root_status_url == NULL)
        return; /* the path itself leads to the national root */
    run->authorities = national_roots (run);
    TamgaStep *step = add_step (run, provider, issuer);
    g_free (step->rule);
    g_free (step->title);
    step->rule = g_strdup ("VN 79.1c");
    g_autofree char *who = name_of (provider);
    step->title = g_strdup_printf ("%s, licence %s (%s), at the national root", who,
                                   licence->licence, licence->scope);
    TamgaStatusQuestion *question =
        &g_array_index (run->questions, TamgaStatusQuestion, run->questions->len - 1);
    question->authorities = run->authorities;
    question->ocsp_url = licence->root_status_url;
}

static void check_licences (Run *run)
{
    GPtrArray *chain = run->procedure->path->certificates;
    GPtrArray *licences = run->context->profile->foreign;
    for (guint i = 1; licences != NULL && i < chain->len; i++) {
        g_autofree char *sha256 = tamga_ossl_fingerprint (chain->pdata[i]);
        X509 *issuer = i + 1 < chain->len ? chain->pdata[i + 1] : chain->pdata[i];
        for (guint k = 0; k < licences->len; k++) {
            const TamgaForeignLicence *licence = licences->pdata[k];
            if (g_str_equal (licence->issuer_sha256, sha256))
                check_licence (run, licence, chain->pdata[i], issuer);
        }
    }
}

/* --- asking --- */

static void certificate_free (gpointer data)
{
    X509_free (data);
}

static Run *run_new (const TamgaStatusContext *context, X509 *certificate, TamgaUse use,
                     gboolean signer, const TamgaCall *call)
{
    Run *run = g_new0 (Run, 1);
    run->context = context;
    run->signer = signer;
    run->pool = g_ptr_array_new_with_free_func (certificate_free);
    for (guint i = 0; context->pool != NULL && i < context->pool->len; i++) {
        X509_up_ref (context->pool->pdata[i]);
        g_ptr_array_add (run->pool, context->pool->pdata[i]);
    }
    run->questions = g_array_new (FALSE, TRUE, sizeof (TamgaStatusQuestion));
    TamgaProcedure *procedure = run->procedure = g_new0 (TamgaProcedure, 1);
    procedure->steps = g_ptr_array_new_with_free_func (step_free);
    procedure->evidence = tamga_evidence_new ();
    procedure->allowed = TRUE;
    procedure->path = tamga_status_path (context, certificate, run->pool, use, call);
    make_steps (run);
    if (!signer)
        check_licences (run);
    ask_root (run);
    return run;
}

static TamgaProcedure *run_finish (Run *run)
{
    TamgaProcedure *procedure = run->procedure;
    g_ptr_array_unref (run->pool);
    g_array_unref (run->questions);
    g_clear_pointer (&run->authorities, g_ptr_array_unref);
    g_clear_pointer (&run->answers, g_ptr_array_unref);
    g_free (run);
    return procedure;
}

static void add_evidence (TamgaEvidence *evidence, const TamgaStatus *status)
{
    for (guint i = 0; i < status->certificates->len; i++)
        tamga_evidence_add_certificate (evidence, status->certificates->pdata[i]);
    if (status->ocsp != NULL)
        tamga_evidence_add_ocsp (evidence, status->ocsp);
    if (status->crl != NULL)
        tamga_evidence_add_crl (evidence, status->crl);
    if (status->delta_crl != NULL)
        tamga_evidence_add_crl (evidence, status->delta_crl);
}

/* From the root's revocation on, everything below it is revoked (MD 4:164). */
static void cascade (Run *run, const TamgaStatus *root)
{
    if (root->value != TAMGA_STATUS_REVOKED && root->value != TAMGA_STATUS_SUSPENDED)
        return;
    g_autofree char *when = tamga_time_text (root->effective_time);
    for (guint i = 0; i < run->procedure->steps->len; i++) {
        TamgaStep *step = run->procedure->steps->pdata[i];
        if (step->status->value == TAMGA_STATUS_REVOKED)
            continue;
        step->status->value = root->value;
        step->status->revocation_time = root->revocation_time;
        step->status->effective_time = root->effective_time;
        step->status->reason = root->reason;
        tamga_status_find (step->status, TAMGA_SEVERITY_FATAL, "cascade", "MD 4:164",
                           "The root is %s since %s, and with it every certificate below it.",
                           tamga_status_name (root->value), when);
        g_free (step->status->text);
        step->status->text =
            g_strdup_printf ("%s with the root since %s", tamga_status_name (root->value), when);
    }
}

/* Gives the answers of a run (in the order of its questions) to its steps. */
static void take_answers (Run *run, GPtrArray *answers, guint first)
{
    for (guint i = 0; i < run->procedure->steps->len; i++) {
        TamgaStep *step = run->procedure->steps->pdata[i];
        step->status = answers->pdata[first + i];
        answers->pdata[first + i] = NULL;
        add_evidence (run->procedure->evidence, step->status);
    }
    GPtrArray *chain = run->procedure->path->certificates;
    for (guint i = 0; i < chain->len; i++)
        tamga_evidence_add_certificate (run->procedure->evidence, chain->pdata[i]);
    if (run->asks_root)
        cascade (run, answers->pdata[first + run->procedure->steps->len]);
}

/* The questions of all runs whose path is complete, together. A document's certificates that do not
 * chain to an anchor name no addresses that are visited (design 2); one's own may. */
static void ask_runs (const TamgaStatusContext *context, Run **runs, gsize n, const TamgaCall *call)
{
    for (int fetched = 0; fetched < 2; fetched++) {
        g_autoptr (GArray) questions = g_array_new (FALSE, TRUE, sizeof (TamgaStatusQuestion));
        g_autoptr (GPtrArray) pool = g_ptr_array_new ();
        TamgaStatusContext own = *context;
        own.pool = pool;
        if (fetched == 0)
            own.fetch = NULL;
        for (gsize i = 0; i < n; i++) {
            gboolean may = runs[i]->signer || runs[i]->procedure->path->complete;
            if (may != (fetched == 1))
                continue;
            g_ptr_array_extend (pool, runs[i]->pool, NULL, NULL);
            g_array_append_vals (questions, runs[i]->questions->data, runs[i]->questions->len);
        }
        g_autoptr (GPtrArray) answers = tamga_status_ask (
            &own, (TamgaStatusQuestion *)(void *)questions->data, questions->len, call);
        guint at = 0;
        for (gsize i = 0; i < n; i++) {
            gboolean may = runs[i]->signer || runs[i]->procedure->path->complete;
            if (may != (fetched == 1))
                continue;
            take_answers (runs[i], answers, at);
            at += runs[i]->questions->len;
        }
    }
}

/* --- verdict --- */

static const struct {
    const char *code, *next;
} path_advice[] = {
    {"expired", "Ask your provider for a new certificate."},
    {"not-yet-valid", "Wait until the certificate begins, and check the clock."},
    {"no-anchor", "Add the root of your provider: tamga trust add FILE --sha256 FINGERPRINT"},
    {"key-usage", "Choose another key: tamga key list"},
    {"distrusted", "See your own list of distrusted certificates: tamga trust list"},
};

static gboolean tolerates (const Run *run, gboolean lenient, const TamgaFinding *finding)
{
    return finding->severity != TAMGA_SEVERITY_FATAL ||
           (run->signer && lenient && g_str_equal (finding->code, "no-anchor")) ||
           (run->context->past && g_str_equal (finding->code, "weak-algorithm"));
}

static void judge_path (Run *run, gboolean lenient)
{
    GPtrArray *findings = run->procedure->path->findings;
    for (guint i = 0; i < findings->len; i++) {
        const TamgaFinding *finding = findings->pdata[i];
        if (tolerates (run, lenient, finding))
            continue;
        const char *next = "See what is wrong: tamga cert show";
        for (gsize k = 0; k < G_N_ELEMENTS (path_advice); k++)
            if (g_str_equal (path_advice[k].code, finding->code))
                next = path_advice[k].next;
        refuse (run, finding->clause, next, "%s (%s).", finding->text, finding->clause);
    }
}

static void refuse_step (Run *run, const TamgaStep *step)
{
    const TamgaStatus *status = step->status;
    const char *law = run->context->profile->procedure
                          ? run->signer
                                ? " The law (VN 78.3) asks for a good answer at every level."
                                : " It is valid only when all checks are (VN 79.2c)."
                          : "";
    switch (status->value) {
    case TAMGA_STATUS_REVOKED:
        refuse (run, step->rule, "Ask your provider for a new certificate.", "%s: %s.%s",
                step->title, status->text, law);
        break;
    case TAMGA_STATUS_SUSPENDED:
        refuse (run, step->rule, "Ask your provider to resume the certificate.", "%s: %s.%s",
                step->title, status->text, law);
        break;
    case TAMGA_STATUS_UNKNOWN:
        refuse (run, step->rule, "Ask your provider why its service does not know it.",
                "%s: the service does not know the certificate (%s).%s", step->title,
                status->source != NULL ? status->source : "no source", law);
        break;
    default:
        refuse (run, step->rule,
                "Try again later; the state of each service is shown by: tamga cert status",
                "%s: not available. %s%s%s", step->title, status->text,
                *law && !g_str_has_suffix (status->text, ".") ? "." : "", law);
    }
}

/* `lenient`: the profile's gate is negative and the level is B. */
static void judge_steps (Run *run, gboolean lenient)
{
    for (guint i = 0; i < run->procedure->steps->len; i++) {
        TamgaStep *step = run->procedure->steps->pdata[i];
        TamgaStatusValue value = step->status->value;
        gboolean unknown = value == TAMGA_STATUS_NOT_AVAILABLE || value == TAMGA_STATUS_UNKNOWN;
        step->tolerated = unknown && lenient;
        step->passed = value == TAMGA_STATUS_GOOD || step->tolerated;
        if (!step->passed)
            refuse_step (run, step);
    }
}

TamgaProcedure *tamga_procedure_signer (const TamgaStatusContext *context, X509 *signer,
                                        TamgaLevel level, TamgaStepShown shown, gpointer data,
                                        const TamgaCall *call)
{
    TamgaStatusContext now = *context;
    now.fresh = TRUE;
    now.time = context->now;
    now.ocsps = now.crls = NULL;
    gboolean lenient = context->profile->gate == TAMGA_GATE_NEGATIVE && level == TAMGA_LEVEL_B;
    Run *run = run_new (&now, signer, TAMGA_USE_SIGNING, TRUE, call);
    ask_runs (&now, &run, 1, call);
    judge_path (run, lenient);
    judge_steps (run, lenient);
    for (guint i = 0; shown != NULL && i < run->procedure->steps->len; i++)
        shown (run->procedure->steps->pdata[i], data);
    return run_finish (run);
}

GPtrArray *tamga_procedure_recipients (const TamgaStatusContext *context,
                                       const TamgaProcedureQuestion *questions, gsize n,
                                       const TamgaCall *call)
{
    GPtrArray *procedures = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_procedure_free);
    g_autofree Run **runs = g_new0 (Run *, n + 1);
    for (gsize i = 0; i < n; i++)
        runs[i] = run_new (context, questions[i].certificate, questions[i].use, FALSE, call);
    ask_runs (context, runs, n, call);
    for (gsize i = 0; i < n; i++) {
        judge_path (runs[i], FALSE);
        judge_steps (runs[i], FALSE);
        g_ptr_array_add (procedures, run_finish (runs[i]));
    }
    return procedures;
}

TamgaProcedure *tamga_procedure_recipient (const TamgaStatusContext *context, X509 *signer,
                                           TamgaUse use, const TamgaCall *call)
{
    TamgaProcedureQuestion question = {signer, use};
    g_autoptr (GPtrArray) procedures = tamga_procedure_recipients (context, &question, 1, call);
    TamgaProcedure *procedure = procedures->pdata[0];
    procedures->pdata[0] = NULL;
    return procedure;
}

TamgaProcedure *tamga_procedure_path_only (const TamgaStatusContext *context, X509 *certificate,
                                           TamgaUse use, const TamgaCall *call)
{
    Run *run = run_new (context, certificate, use, FALSE, call);
    g_ptr_array_set_size (run->procedure->steps, 0);
    judge_path (run, FALSE);
    GPtrArray *chain = run->procedure->path->certificates;
    for (guint i = 0; i < chain->len; i++)
        tamga_evidence_add_certificate (run->procedure->evidence, chain->pdata[i]);
    return run_finish (run);
}
