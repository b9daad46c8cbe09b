/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows the signature: timestamp, evidence, embed, archive timestamp, journal, name. Uses no
 * key. */
#include "client/sign/item.h"
#include "client/sign/kept.h"
#include "formats/ossl.h"

/* Questions that were broken off failed for that reason and no other. */
static gboolean not_wanted_any_more (const TamgaSignTask *task, const TamgaSignRun *run,
                                     GError **error)
{
    if (!tamga_call_cancelled (run->call))
        return FALSE;
    g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED,
                 "Cancelled: %s was not written.", task->output ? task->output : "the signature");
    return TRUE;
}

/* The signer, and each service that gave a timestamp. */
static GArray *evidence_questions (const TamgaSignRun *run, const TamgaSignTask *task)
{
    GArray *questions = g_array_new (FALSE, FALSE, sizeof (TamgaProcedureQuestion));
    const TamgaProcedureQuestion signer = {run->key->certificate, TAMGA_USE_SIGNING};
    g_array_append_val (questions, signer);
    GPtrArray *stamps = tamga_tsa_stamper_answers (task->stamper);
    for (guint i = 0; i < stamps->len; i++) {
        const TamgaTsaAnswer *stamp = stamps->pdata[i];
        const TamgaProcedureQuestion question = {stamp->certificate, TAMGA_USE_TIMESTAMP};
        gboolean known = FALSE;
        for (guint k = 1; !known && k < questions->len; k++)
            known = X509_cmp (g_array_index (questions, TamgaProcedureQuestion, k).certificate,
                              stamp->certificate) == 0;
        if (!known)
            g_array_append_val (questions, question);
    }
    return questions;
}

/* The status of signer and services after the timestamp, asked together: what LT embeds. */
static gboolean add_evidence (const TamgaSignRun *run, TamgaEvidence *evidence, TamgaSignTask *task,
                              GError **error)
{
    TamgaStatusContext context = run->context->status;
    context.now = context.time = tamga_sign_now (run->context);
    context.fresh = TRUE;
    g_autoptr (GArray) questions = evidence_questions (run, task);
    g_autoptr (GPtrArray) answers = tamga_procedure_recipients (
        &context, (TamgaProcedureQuestion *)(void *)questions->data, questions->len, run->call);
    if (not_wanted_any_more (task, run, error))
        return FALSE;
    for (guint i = 0; i < answers->len; i++) {
        const char *whose = i == 0 ? "your certificate" : "the timestamp service's certificate";
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
                             whose, answer->refusal);
            else
                g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_EVIDENCE,
                             "The evidence that level LT needs about %s could not be had: %s",
                             whose, answer->refusal);
            return FALSE;
        }
        tamga_evidence_merge (evidence, used->evidence);
    }
    return TRUE;
}

/* A token over what the format says that a signature timestamp covers. */
static gboolean request_timestamp (const TamgaSignRun *run, const TamgaSignTask *task,
                                   TamgaTsaStamper *stamper, GError **error)
{
    const TamgaStamper *interface = tamga_tsa_stamper_interface (stamper);
    g_autoptr (GBytes) covered =
        tamga_preparation_timestamped (task->preparation, task->signature, error);
    if (!covered)
        return FALSE;
    g_autoptr (GBytes) imprint = tamga_digest_bytes (interface->digest, covered);
    g_autoptr (GError) failed = NULL;
    g_autoptr (GBytes) token = interface->stamp (interface, imprint, &failed);
    if (!token && !not_wanted_any_more (task, run, error))
        g_propagate_error (error, g_steal_pointer (&failed));
    return token != NULL;
}

/* Writes the journal entry before the file gets its name: no signed file without an entry. */
static gboolean publish (TamgaSignTask *task, const TamgaSignRun *run, TamgaOutput *output,
                         GError **error)
{
    if (!tamga_document_check (task->document, error))
        return FALSE;
    for (guint i = 0; i < task->others->len; i++) {
        if (!tamga_document_check (task->others->pdata[i], error))
            return FALSE;
    }
    if (not_wanted_any_more (task, run, error))
        return FALSE;
    if (!tamga_sign_record (run, "signed", task, NULL, error))
        return FALSE;
    g_autoptr (GError) failed = NULL;
    if (!tamga_output_commit (output, &failed)) {
        tamga_sign_record (run, "failed", task, failed, NULL);
        g_propagate_error (error, g_steal_pointer (&failed));
        return FALSE;
    }
    return TRUE;
}

/* The evidence of LT, or a refusal that is kept: the key has signed, and nobody gets to see it. */
static TamgaEvidence *gather_evidence (TamgaSignTask *task, const TamgaSignRun *run, GError **error)
{
    g_autoptr (TamgaEvidence) evidence = tamga_evidence_new ();
    g_autoptr (GError) failed = NULL;
    if (add_evidence (run, evidence, task, &failed))
        return g_steal_pointer (&evidence);
    if (!g_error_matches (failed, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_REFUSED) ||
        tamga_sign_record (run, "refused", task, failed, error))
        g_propagate_error (error, g_steal_pointer (&failed));
    return NULL;
}

/* What the finished file is read with. */
static TamgaReadOptions read_options (const TamgaSignTask *task, const TamgaSignRun *run,
                                      GPtrArray *contents)
{
    GPtrArray *given = run->options->contents;
    if (given && given->len > 0) {
        contents = given;
    } else if (run->options->packaging == TAMGA_PACKAGING_DETACHED) {
        g_ptr_array_add (contents, task->document);
        g_ptr_array_extend (contents, task->others, NULL, NULL);
    }
    return (TamgaReadOptions){.contents = contents, .password = task->password};
}

/* Level LTA: the signature of level LT in a file without a name, and from that the output with the
 * archive timestamp. Everything that was in the file before is still there, or nothing is written.
 */
static gboolean write_archived (TamgaSignTask *task, const TamgaSignRun *run, GBytes *token,
                                const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    const TamgaFormat *format = task->format;
    g_autoptr (TamgaOutput) spool = tamga_sign_open_output (task->output, TRUE, error);
    if (!spool ||
        !format->embed (task->preparation, task->signature, token, evidence, spool, error))
        return FALSE;
    g_autoptr (TamgaDocument) document = tamga_output_document (spool, error);
    g_autoptr (GPtrArray) contents = g_ptr_array_new ();
    const TamgaReadOptions options = read_options (task, run, contents);
    g_autoptr (GPtrArray) before = document ? format->read (document, &options, error) : NULL;
    g_autoptr (GBytes) value =
        before ? tamga_preparation_signature_value (task->preparation, task->signature, error)
               : NULL;
    TamgaExtension extension = {.archive = TRUE};
    if (!value || !tamga_kept_find (before, value, &extension.index, error))
        return FALSE;
    g_autoptr (GError) failed = NULL;
    if (!format->extend (document, &options, &extension, 1,
                         tamga_tsa_stamper_interface (task->stamper), output, &failed)) {
        if (!not_wanted_any_more (task, run, error))
            g_propagate_error (error, g_steal_pointer (&failed));
        return FALSE;
    }
    return tamga_kept_check (before, format, output, &options, error);
}

gboolean tamga_sign_task_finish (TamgaSignTask *task, const TamgaSignRun *run, GError **error)
{
    g_autoptr (TamgaEvidence) evidence = NULL;
    GBytes *token = NULL;
    if (run->level >= TAMGA_LEVEL_T) {
        if (!request_timestamp (run, task, task->stamper, error))
            return FALSE;
        task->timestamp = tamga_tsa_stamper_last (task->stamper);
        token = task->timestamp->token;
    }
    if (run->level >= TAMGA_LEVEL_LT && !(evidence = gather_evidence (task, run, error)))
        return FALSE;
    g_autoptr (TamgaOutput) output =
        tamga_sign_open_output (task->output, task->item->replace, error);
    if (!output)
        return FALSE;
    gboolean written = run->level == TAMGA_LEVEL_LTA
                           ? write_archived (task, run, token, evidence, output, error)
                           : task->format->embed (task->preparation, task->signature, token,
                                                  evidence, output, error);
    if (!written || !publish (task, run, output, error))
        return FALSE;
    task->outcome->output = g_strdup (task->output);
    if (!task->output)
        task->outcome->bytes = tamga_output_steal_bytes (output);
    task->outcome->timestamped = token != NULL;
    task->outcome->time = token ? task->timestamp->gen_time : tamga_sign_now (run->context);
    return TRUE;
}
