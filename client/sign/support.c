/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The evidence of level LT: what is in the file is judged by itself, what is missing is asked for,
 * and what would then be in the file is judged again. */
#include "client/sign/support.h"

#include "client/sign/item.h"
#include "formats/cms/token.h"
#include "formats/ossl.h"

/* One certificate that a signature rests on. */
typedef struct {
    X509 *certificate;
    TamgaUse use;
    gint64 time;
    guint index; /* of the signature whose evidence it is among */
    char *whose; /* for people */
    gboolean supported;
    gboolean optional; /* of a countersignature: told where it is missing, and no reason to stop */
} Subject;

/* What lies in the file with one signature, and what is to be added to it. */
typedef struct {
    GPtrArray *pool, *ocsps, *crls;
    TamgaEvidence *added; /* NULL: nothing */
} Store;

typedef struct {
    const TamgaKeylessRun *run;
    const TamgaKeylessTask *task;
    GPtrArray *subjects; /* Subject */
    GPtrArray *stores;   /* Store, one per signature */
} Support;

static void subject_free (gpointer data)
{
    Subject *subject = data;
    X509_free (subject->certificate);
    g_free (subject->whose);
    g_free (subject);
}

static void store_free (gpointer data)
{
    Store *store = data;
    g_ptr_array_unref (store->pool);
    g_ptr_array_unref (store->ocsps);
    g_ptr_array_unref (store->crls);
    g_clear_pointer (&store->added, tamga_evidence_free);
    g_free (store);
}

static void store_add (Store *store, const GPtrArray *certificates, const GPtrArray *ocsps,
                       const GPtrArray *crls)
{
    for (guint i = 0; i < certificates->len; i++) {
        X509_up_ref (certificates->pdata[i]);
        g_ptr_array_add (store->pool, certificates->pdata[i]);
    }
    for (guint i = 0; i < ocsps->len; i++)
        g_ptr_array_add (store->ocsps, g_bytes_ref (ocsps->pdata[i]));
    for (guint i = 0; i < crls->len; i++)
        g_ptr_array_add (store->crls, g_bytes_ref (crls->pdata[i]));
}

static Subject *add_subject (Support *self, guint index, X509 *certificate, TamgaUse use,
                             gint64 time, char *whose)
{
    Subject *subject = g_new (Subject, 1);
    X509_up_ref (certificate);
    *subject = (Subject){
        .certificate = certificate, .use = use, .time = time, .index = index, .whose = whose};
    g_ptr_array_add (self->subjects, subject);
    return subject;
}

static gboolean add_timestamp (Support *self, guint index, const TamgaSignature *signature,
                               const TamgaTimestamp *timestamp, GError **error)
{
    g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, error);
    if (!token)
        return FALSE;
    const TamgaSignature *signed_by = token->signature;
    if (!signed_by->certificate) {
        g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_EVIDENCE,
                     "The certificate of the service that made %s of %s is not in %s.",
                     timestamp->id, signature->id, self->task->item->input);
        return FALSE;
    }
    store_add (self->stores->pdata[index], signed_by->certificates, signed_by->ocsps,
               signed_by->crls);
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (signed_by->certificate));
    Subject *subject = add_subject (
        self, index, signed_by->certificate, TAMGA_USE_TIMESTAMP, token->gen_time,
        g_strdup_printf ("%s, which made %s of %s", name, timestamp->id, signature->id));
    subject->optional = signature->countersigned != NULL;
    return TRUE;
}

/* The signature that stands under all countersignatures: its evidence is theirs. */
static guint top_of (const TamgaValidation *validation, guint index)
{
    const GPtrArray *all = validation->signatures;
    for (guint step = 0; step < all->len; step++) {
        const char *below =
            ((const TamgaValidatedSignature *)all->pdata[index])->signature->countersigned;
        guint next = all->len;
        for (guint i = 0; below && i < all->len; i++) {
            if (g_strcmp0 (((const TamgaValidatedSignature *)all->pdata[i])->signature->id,
                           below) == 0)
                next = i;
        }
        if (next == all->len)
            break;
        index = next;
    }
    return index;
}

static gboolean add_signature (Support *self, const TamgaValidation *validation, guint i,
                               GError **error)
{
    const TamgaValidatedSignature *validated = validation->signatures->pdata[i];
    const TamgaSignature *signature = validated->signature;
    guint index = top_of (validation, i);
    store_add (self->stores->pdata[index], signature->certificates, signature->ocsps,
               signature->crls);
    if (!signature->is_document_timestamp && signature->certificate) {
        g_autofree char *name =
            tamga_ossl_short_name (X509_get_subject_name (signature->certificate));
        Subject *subject = add_subject (self, index, signature->certificate, TAMGA_USE_SIGNING,
                                        validated->best_time,
                                        g_strdup_printf ("%s, who made %s", name, signature->id));
        subject->optional = signature->countersigned != NULL;
    }
    for (guint k = 0; k < signature->timestamps->len; k++) {
        if (!add_timestamp (self, index, signature, signature->timestamps->pdata[k], error))
            return FALSE;
    }
    return TRUE;
}

static Store *store_new (void)
{
    Store *store = g_new (Store, 1);
    *store = (Store){
        .pool = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free),
        .ocsps = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref),
        .crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref),
    };
    return store;
}

/* What the file would show to somebody without a network, with `more` in it. */
static TamgaProcedure *judge_alone (const Support *self, const Subject *subject,
                                    const TamgaEvidence *more)
{
    const Store *store = self->stores->pdata[subject->index];
    g_autoptr (GPtrArray) pool = g_ptr_array_new ();
    g_autoptr (GPtrArray) ocsps = g_ptr_array_new ();
    g_autoptr (GPtrArray) crls = g_ptr_array_new ();
    const TamgaEvidence *all[] = {store->added, more};
    g_ptr_array_extend (pool, store->pool, NULL, NULL);
    g_ptr_array_extend (ocsps, store->ocsps, NULL, NULL);
    g_ptr_array_extend (crls, store->crls, NULL, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (all); i++) {
        if (!all[i])
            continue;
        g_ptr_array_extend (pool, all[i]->certificates, NULL, NULL);
        g_ptr_array_extend (ocsps, all[i]->ocsps, NULL, NULL);
        g_ptr_array_extend (crls, all[i]->crls, NULL, NULL);
    }
    TamgaStatusContext context = self->run->context->status;
    context.fetch = NULL;
    context.cache = NULL;
    context.fresh = FALSE;
    context.pool = pool;
    context.ocsps = ocsps;
    context.crls = crls;
    context.time = subject->time;
    context.now = tamga_sign_now (self->run->context);
    return tamga_procedure_recipient (&context, subject->certificate, subject->use,
                                      self->run->call);
}

static gboolean older_than (const TamgaProcedure *procedure, gint64 time)
{
    for (guint i = 0; i < procedure->steps->len; i++) {
        const TamgaStep *step = procedure->steps->pdata[i];
        if (step->status->this_update != G_MININT64 && step->status->this_update < time)
            return TRUE;
    }
    return FALSE;
}

/* Which subjects need nothing: good by the file alone, and by answers that are not older than what
 * they speak for (EN 319 102-1 5.5.4). */
static void find_supported (Support *self, const TamgaValidation *validation)
{
    for (guint i = 0; i < self->subjects->len; i++) {
        Subject *subject = self->subjects->pdata[i];
        const TamgaValidatedSignature *validated = validation->signatures->pdata[subject->index];
        g_autoptr (TamgaProcedure) alone = judge_alone (self, subject, NULL);
        gboolean stored = validated->signature->has_evidence || subject->use != TAMGA_USE_SIGNING;
        subject->supported = stored && tamga_procedure_is_good (alone) && alone->allowed &&
                             !older_than (alone, subject->time);
    }
}

static void tell_optional (const Support *self, const Subject *subject,
                           const TamgaProcedure *answer)
{
    const TamgaSignUi *ui = self->run->ui;
    const char *name = self->task->item->input;
    g_autoptr (TamgaFinding) finding = tamga_finding_new (
        TAMGA_SEVERITY_WARNING, "evidence-countersignature", name, "EN 319 122-1 5.5",
        "The evidence about the certificate of %s could not be had and is not in the file: %s",
        subject->whose, answer->refusal ? answer->refusal : "no answer supports it");
    if (ui && ui->notice)
        ui->notice (finding, name, ui->data);
}

static gboolean take_answer (Support *self, Subject *subject, const TamgaProcedure *answer,
                             GError **error)
{
    const TamgaSignUi *ui = self->run->ui;
    for (guint i = 0; ui && ui->step && i < answer->steps->len; i++)
        ui->step (answer->steps->pdata[i], ui->data);
    g_autoptr (TamgaProcedure) alone = judge_alone (self, subject, answer->evidence);
    Store *store = self->stores->pdata[subject->index];
    if (alone->allowed && tamga_procedure_is_good (alone)) {
        if (!store->added)
            store->added = tamga_evidence_new ();
        tamga_evidence_merge (store->added, answer->evidence);
        return TRUE;
    }
    if (subject->optional) {
        tell_optional (self, subject, answer);
        return TRUE;
    }
    if (tamga_procedure_is_bad (alone) || tamga_procedure_is_bad (answer)) {
        g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_REFUSED,
                     "Nothing was written for %s: the status of the certificate of %s is not good. "
                     "%s",
                     self->task->item->input, subject->whose,
                     tamga_procedure_is_bad (alone) ? alone->refusal : answer->refusal);
        return FALSE;
    }
    g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_EVIDENCE,
                 "The evidence that level LT of %s needs about the certificate of %s could not be "
                 "had: %s",
                 self->task->item->input, subject->whose,
                 answer->allowed ? alone->refusal : answer->refusal);
    return FALSE;
}

/* Asks together about all unsupported certificates of one moment. */
static gboolean ask_moment (Support *self, guint first, GError **error)
{
    const gint64 time = ((Subject *)self->subjects->pdata[first])->time;
    g_autoptr (GArray) questions = g_array_new (FALSE, FALSE, sizeof (TamgaProcedureQuestion));
    g_autoptr (GPtrArray) asked = g_ptr_array_new ();
    g_autoptr (GPtrArray) pool = g_ptr_array_new ();
    TamgaStatusContext context = self->run->context->status;
    if (context.pool)
        g_ptr_array_extend (pool, context.pool, NULL, NULL);
    for (guint i = first; i < self->subjects->len; i++) {
        Subject *subject = self->subjects->pdata[i];
        if (subject->supported || subject->time != time)
            continue;
        const TamgaProcedureQuestion question = {subject->certificate, subject->use};
        g_array_append_val (questions, question);
        g_ptr_array_add (asked, subject);
        g_ptr_array_extend (pool, ((Store *)self->stores->pdata[subject->index])->pool, NULL, NULL);
    }
    context.pool = pool;
    context.fresh = TRUE;
    context.time = time;
    context.now = tamga_sign_now (self->run->context);
    g_autoptr (GPtrArray) answers =
        tamga_procedure_recipients (&context, (TamgaProcedureQuestion *)(void *)questions->data,
                                    questions->len, self->run->call);
    if (tamga_keyless_cancelled (self->task, self->run, error))
        return FALSE;
    for (guint i = 0; i < asked->len; i++) {
        Subject *subject = asked->pdata[i];
        if (!take_answer (self, subject, answers->pdata[i], error))
            return FALSE;
        subject->supported = TRUE;
    }
    return TRUE;
}

static gboolean gather (Support *self, const TamgaValidation *validation, GError **error)
{
    guint n = validation->signatures->len;
    for (guint i = 0; i < n; i++)
        g_ptr_array_add (self->stores, store_new ());
    for (guint i = 0; i < n; i++) {
        if (!add_signature (self, validation, i, error))
            return FALSE;
    }
    find_supported (self, validation);
    for (guint i = 0; i < self->subjects->len; i++) {
        if (!((Subject *)self->subjects->pdata[i])->supported && !ask_moment (self, i, error))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *tamga_support_missing (const TamgaKeylessRun *run, const TamgaKeylessTask *task,
                                  const TamgaValidation *validation, GError **error)
{
    Support self = {.run = run,
                    .task = task,
                    .subjects = g_ptr_array_new_with_free_func (subject_free),
                    .stores = g_ptr_array_new_with_free_func (store_free)};
    GPtrArray *missing = NULL;
    if (gather (&self, validation, error)) {
        missing = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_evidence_free);
        for (guint i = 0; i < self.stores->len; i++)
            g_ptr_array_add (missing, g_steal_pointer (&((Store *)self.stores->pdata[i])->added));
    }
    g_ptr_array_unref (self.subjects);
    g_ptr_array_unref (self.stores);
    return missing;
}
