/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One document on its way: open, prepare, timestamp, evidence, embed, journal, name. */
#include "client/sign/item.h"

#include <string.h>

#include "formats/ossl.h"

TamgaSignTask *tamga_sign_task_new (const TamgaSignItem *item, guint index)
{
    TamgaSignTask *task = g_new0 (TamgaSignTask, 1);
    task->item = item;
    task->index = index;
    task->notices = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free);
    task->outcome = g_new0 (TamgaSignOutcome, 1);
    task->outcome->index = index;
    task->outcome->time = G_MININT64;
    return task;
}

void tamga_sign_task_free (TamgaSignTask *task)
{
    if (!task)
        return;
    g_clear_pointer (&task->preparation, tamga_preparation_free);
    g_clear_pointer (&task->document, tamga_document_unref);
    g_clear_pointer (&task->signature, g_bytes_unref);
    g_clear_pointer (&task->outcome, tamga_sign_outcome_free);
    g_ptr_array_unref (task->notices);
    g_free (task->output);
    g_free (task);
}

void tamga_sign_outcome_free (TamgaSignOutcome *outcome)
{
    if (!outcome)
        return;
    g_free (outcome->output);
    g_clear_error (&outcome->error);
    g_free (outcome);
}

gint64 tamga_sign_now (const TamgaSignContext *context)
{
    return context->clock ? context->clock (context->clock_data)
                          : g_get_real_time () / G_USEC_PER_SEC;
}

static const TamgaFormat *choose_format (const TamgaSignTask *task, const TamgaSignOptions *options)
{
    const TamgaFormat *format = options->format;
    if (!format)
        format = tamga_format_probe (task->document);
    /* Asked for a signature beside the document, one that can only lie in it will not do. */
    if (format && !options->format && options->packaging == TAMGA_PACKAGING_DETACHED &&
        !format->detached_extension)
        format = NULL;
    return format ? format : tamga_format_default;
}

gboolean tamga_sign_task_open (TamgaSignTask *task, const TamgaSignOptions *options, GError **error)
{
    task->document = tamga_document_open (task->item->input, error);
    if (!task->document)
        return FALSE;
    const TamgaFormat *format = choose_format (task, options);
    task->format = format;
    task->output = task->item->output
                       ? g_strdup (task->item->output)
                       : tamga_sign_output_name (task->item->input, task->item->folder, format,
                                                 options->packaging == TAMGA_PACKAGING_DETACHED);
    if (strcmp (task->output, "-") != 0 && !task->item->replace &&
        g_file_test (task->output, G_FILE_TEST_EXISTS)) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS,
                     "%s exists already and was not replaced.", task->output);
        return FALSE;
    }
    return TRUE;
}

typedef struct {
    const TamgaSignRun *run;
    const char *name;
} Progress;

static gboolean show_progress (guint64 done, guint64 total, gpointer data)
{
    const Progress *progress = data;
    const TamgaSignUi *ui = progress->run->ui;
    if (ui && ui->progress)
        ui->progress (progress->name, done, total, ui->data);
    return !tamga_call_cancelled (progress->run->call);
}

/* The text of a visible signature where the person gave none: who, when, why. */
static char *visible_text (const TamgaSignRun *run, gint64 now)
{
    const X509_NAME *subject = X509_get_subject_name (run->key->certificate);
    g_autofree char *name = tamga_ossl_short_name (subject);
    g_autofree char *time = tamga_time_text (now);
    GString *text = g_string_new (name);
    g_string_append_printf (text, "\n%s", time);
    if (run->options->reason)
        g_string_append_printf (text, "\n%s", run->options->reason);
    if (run->options->location)
        g_string_append_printf (text, "\n%s", run->options->location);
    return g_string_free (text, FALSE);
}

/* The issuers that a recipient needs to find the way to the root, itself left out: those of the
 * path that the procedure found, since a token seldom carries more than the signer's own
 * certificate. */
static GPtrArray *carried_issuers (const TamgaSignRun *run)
{
    const TamgaPath *path = run->gate ? run->gate->path : NULL;
    if (!path || !path->complete)
        return run->key->chain ? g_ptr_array_ref (run->key->chain) : NULL;
    GPtrArray *issuers = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    for (guint i = 1; i + 1 < path->certificates->len; i++) {
        X509 *issuer = path->certificates->pdata[i];
        X509_up_ref (issuer);
        g_ptr_array_add (issuers, issuer);
    }
    return issuers;
}

gboolean tamga_sign_task_prepare (TamgaSignTask *task, const TamgaSignRun *run, GError **error)
{
    const TamgaSignOptions *options = run->options;
    gint64 now = tamga_sign_now (run->context);
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (run->key->certificate));
    g_autofree char *text = NULL;
    TamgaVisible visible;
    if (options->visible) {
        visible = *options->visible;
        if (!visible.text)
            visible.text = text = visible_text (run, now);
    }
    Progress progress = {run, task->item->input};
    g_autoptr (GPtrArray) issuers = carried_issuers (run);
    const TamgaSigningParameters parameters = {
        .algorithm = run->algorithm,
        .certificate = run->key->certificate,
        .chain = issuers,
        .signing_time = now,
        .level = run->level,
        .packaging = options->packaging,
        .contents = options->contents,
        .reason = options->reason,
        .location = options->location,
        .contact = options->contact,
        .name = name,
        .field = options->field,
        .certification = options->certification,
        .visible = options->visible ? &visible : NULL,
        .contents_size = options->contents_size,
        .progress = show_progress,
        .progress_data = &progress,
    };
    task->preparation = task->format->prepare (task->document, &parameters, error);
    if (!task->preparation)
        return FALSE;
    const TamgaSignUi *ui = run->ui;
    GPtrArray *findings = task->preparation->findings;
    for (guint i = 0; ui && ui->notice && findings && i < findings->len; i++)
        ui->notice (findings->pdata[i], task->item->input, ui->data);
    if (ui && ui->consent && !ui->consent (task->preparation, run->key, ui->data)) {
        g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED, "%s was not signed.",
                     task->item->input);
        return FALSE;
    }
    return TRUE;
}

/* Questions that were broken off failed for that reason and no other. */
static gboolean not_wanted_any_more (const TamgaSignTask *task, const TamgaSignRun *run,
                                     GError **error)
{
    if (!tamga_call_cancelled (run->call))
        return FALSE;
    g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED,
                 "Cancelled: %s was not written.", task->output);
    return TRUE;
}

/* The status of signer and TSA after the timestamp, asked together: what LT embeds. */
static gboolean add_evidence (const TamgaSignRun *run, const TamgaTsaAnswer *timestamp,
                              TamgaEvidence *evidence, TamgaSignTask *task, GError **error)
{
    TamgaStatusContext context = run->context->status;
    context.now = context.time = tamga_sign_now (run->context);
    context.fresh = TRUE;
    const TamgaProcedureQuestion questions[] = {
        {run->key->certificate, TAMGA_USE_SIGNING},
        {timestamp->certificate, TAMGA_USE_TIMESTAMP},
    };
    static const char *const whose[] = {"your certificate", "the timestamp service's certificate"};
    g_autoptr (GPtrArray) answers =
        tamga_procedure_recipients (&context, questions, G_N_ELEMENTS (questions), run->call);
    if (not_wanted_any_more (task, run, error))
        return FALSE;
    g_assert (answers->len == G_N_ELEMENTS (whose));
    for (guint i = 0; i < G_N_ELEMENTS (whose); i++) {
        const TamgaProcedure *answer = answers->pdata[i];
        const TamgaProcedure *used = answer;
        gboolean bad = tamga_procedure_is_bad (answer);
        if (!answer->allowed && !bad && i == 0 && tamga_procedure_is_good (run->gate)) {
            /* The gate's answers of a moment ago are evidence too; extending refreshes them. */
            used = run->gate;
            g_ptr_array_add (
                task->notices,
                tamga_finding_new (TAMGA_SEVERITY_WARNING, "evidence-before-timestamp",
                                   task->item->input, "EN 319 102-1 5.5.4",
                                   "The status after the timestamp could not be had (%s); the "
                                   "answers from just before signing were embedded.",
                                   answer->refusal));
        } else if (!answer->allowed) {
            if (bad)
                g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_REFUSED,
                             "Nothing was written: after the timestamp, the status of %s is not "
                             "good. %s",
                             whose[i], answer->refusal);
            else
                g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_EVIDENCE,
                             "The evidence that level LT needs about %s could not be had: %s",
                             whose[i], answer->refusal);
            return FALSE;
        }
        tamga_evidence_merge (evidence, used->evidence);
    }
    return TRUE;
}

static TamgaTsaAnswer *request_timestamp (const TamgaSignRun *run, const TamgaSignTask *task,
                                          GError **error)
{
    g_autoptr (GBytes) value =
        tamga_preparation_signature_value (task->preparation, task->signature, error);
    if (!value)
        return NULL;
    TamgaStatusContext context = run->context->status;
    context.now = context.time = tamga_sign_now (run->context);
    context.fresh = TRUE;
    const char *wanted = context.profile->tsa_digest;
    const TamgaDigest *digest = wanted ? tamga_digest_by_name (wanted) : NULL;
    if (!digest)
        digest = tamga_algorithm_digest (run->algorithm);
    g_autoptr (GError) failed = NULL;
    TamgaTsaAnswer *answer = tamga_tsa_request (&context, run->options->tsa_urls, value, digest,
                                                FALSE, run->call, &failed);
    if (!answer && !not_wanted_any_more (task, run, error))
        g_propagate_error (error, g_steal_pointer (&failed));
    return answer;
}

/* Writes the journal entry before the file gets its name: no signed file without an entry. */
static gboolean publish (TamgaSignTask *task, const TamgaSignRun *run, TamgaOutput *output,
                         const TamgaTsaAnswer *timestamp, GError **error)
{
    if (!tamga_document_check (task->document, error))
        return FALSE;
    if (not_wanted_any_more (task, run, error))
        return FALSE;
    if (!tamga_sign_record (run, "signed", task, timestamp, NULL, error))
        return FALSE;
    g_autoptr (GError) failed = NULL;
    if (!tamga_output_commit (output, &failed)) {
        tamga_sign_record (run, "failed", task, timestamp, failed, NULL);
        g_propagate_error (error, g_steal_pointer (&failed));
        return FALSE;
    }
    return TRUE;
}

gboolean tamga_sign_task_finish (TamgaSignTask *task, const TamgaSignRun *run, GError **error)
{
    g_autoptr (TamgaTsaAnswer) timestamp = NULL;
    g_autoptr (TamgaEvidence) evidence = NULL;
    if (run->level >= TAMGA_LEVEL_T && !(timestamp = request_timestamp (run, task, error)))
        return FALSE;
    if (run->level >= TAMGA_LEVEL_LT) {
        evidence = tamga_evidence_new ();
        g_autoptr (GError) failed = NULL;
        if (!add_evidence (run, timestamp, evidence, task, &failed)) {
            /* The key has signed, and nobody gets to see it: that is a refusal to be kept. */
            if (!g_error_matches (failed, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_REFUSED) ||
                tamga_sign_record (run, "refused", task, timestamp, failed, error))
                g_propagate_error (error, g_steal_pointer (&failed));
            return FALSE;
        }
    }
    g_autoptr (TamgaOutput) output = tamga_output_open (task->output, task->item->replace, error);
    if (!output ||
        !task->format->embed (task->preparation, task->signature,
                              timestamp ? timestamp->token : NULL, evidence, output, error) ||
        !publish (task, run, output, timestamp, error))
        return FALSE;
    task->outcome->output = g_strdup (task->output);
    task->outcome->timestamped = timestamp != NULL;
    task->outcome->time = timestamp ? timestamp->gen_time : tamga_sign_now (run->context);
    return TRUE;
}
