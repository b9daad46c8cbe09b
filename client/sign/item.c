/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One document on its way up to the key: open, choose, prepare. */
#include "client/sign/item.h"

#include <string.h>
#include <sys/stat.h>

#include "formats/ossl.h"

TamgaSignTask *tamga_sign_task_new (const TamgaSignItem *item, guint index)
{
    TamgaSignTask *task = g_new0 (TamgaSignTask, 1);
    task->item = item;
    task->index = index;
    task->others = tamga_document_list (NULL);
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
    g_clear_pointer (&task->password, g_bytes_unref);
    g_clear_pointer (&task->stamper, tamga_tsa_stamper_free);
    g_ptr_array_unref (task->others);
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
    g_clear_pointer (&outcome->bytes, g_bytes_unref);
    g_clear_error (&outcome->error);
    g_free (outcome);
}

gint64 tamga_sign_now (const TamgaSignContext *context)
{
    return context->clock ? context->clock (context->clock_data)
                          : g_get_real_time () / G_USEC_PER_SEC;
}

gboolean tamga_sign_item_in_memory (const TamgaSignItem *item)
{
    return item->document || item->digest;
}

TamgaDocument *tamga_sign_item_open (const TamgaSignItem *item, GError **error)
{
    if (item->document && tamga_document_size (item->document) == 0) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EMPTY, "%s is empty.",
                     item->input);
        return NULL;
    }
    if (item->document)
        return tamga_document_ref (item->document);
    if (!item->digest)
        return tamga_document_open (item->input, error);
    g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);
    return tamga_document_new (item->input, nothing);
}

TamgaOutput *tamga_sign_open_output (const char *path, gboolean replace, GError **error)
{
    return path ? tamga_output_open (path, replace, error) : tamga_output_new_memory ();
}

static gboolean open_others (TamgaSignTask *task, GError **error)
{
    for (const char *const *path = task->item->others; path && *path; path++) {
        TamgaDocument *other = tamga_document_open (*path, error);
        if (!other)
            return FALSE;
        g_ptr_array_add (task->others, other);
    }
    return TRUE;
}

static gboolean same_file (const char *one, const char *other)
{
    struct stat a, b;
    return stat (one, &a) == 0 && stat (other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

gboolean tamga_sign_check_kept (const char *output, const char *const *paths,
                                const GPtrArray *documents, GError **error)
{
    const char *lost = NULL;
    for (gsize i = 0; !lost && paths && paths[i]; i++)
        lost = same_file (output, paths[i]) ? paths[i] : NULL;
    for (guint i = 0; !lost && documents && i < documents->len; i++) {
        const char *name = tamga_document_name (documents->pdata[i]);
        lost = same_file (output, name) ? name : NULL;
    }
    if (!lost)
        return TRUE;
    g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS,
                 "%s is a document that the signature is about, and would be lost: it was not "
                 "replaced.",
                 lost);
    return FALSE;
}

/* Nothing that the output does not hold is replaced by it. */
static gboolean check_kept (const TamgaSignTask *task, const TamgaSignOptions *options,
                            GError **error)
{
    const char *const input[] = {task->item->input, NULL};
    gboolean detached = options->packaging == TAMGA_PACKAGING_DETACHED;
    return tamga_sign_check_kept (task->output, detached ? input : NULL, options->contents,
                                  error) &&
           tamga_sign_check_kept (task->output, task->item->others, NULL, error);
}

/* Decides where the output goes; it may not be there yet. */
static gboolean choose_output (TamgaSignTask *task, const TamgaSignOptions *options, GError **error)
{
    const TamgaSignItem *item = task->item;
    g_clear_pointer (&task->output, g_free);
    if (tamga_sign_item_in_memory (item))
        return TRUE;
    task->output = item->output
                       ? g_strdup (item->output)
                       : tamga_sign_output_name (item->input, item->folder, task->format,
                                                 options->packaging == TAMGA_PACKAGING_DETACHED,
                                                 task->others->len > 0);
    if (!check_kept (task, options, error))
        return FALSE;
    if (strcmp (task->output, "-") != 0 && !item->replace &&
        g_file_test (task->output, G_FILE_TEST_EXISTS)) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS,
                     "%s exists already and was not replaced.", task->output);
        return FALSE;
    }
    return TRUE;
}

gboolean tamga_sign_task_open (TamgaSignTask *task, const TamgaSignRun *run, GError **error)
{
    const TamgaSignOptions *options = run->options;
    const TamgaSignItem *item = task->item;
    g_ptr_array_set_size (task->others, 0);
    task->document = tamga_sign_item_open (item, error);
    if (!task->document || !open_others (task, error))
        return FALSE;
    const TamgaFormat *format = task->format = tamga_sign_choose_format (
        task->document, task->others->len > 0, options, run->context->status.profile);
    if (task->others->len > 0 && !format->many) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "%s signs one document at a time: %s and the others cannot be signed together "
                     "in it.",
                     format->title, item->input);
        return FALSE;
    }
    if (!tamga_sign_check_options (format, options, error))
        return FALSE;
    if (item->digest && run->level == TAMGA_LEVEL_LTA) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "%s: an archive timestamp (level LTA) is over the document itself, of which "
                     "only a digest is here (EN 319 122-1 5.5.3).",
                     item->input);
        return FALSE;
    }
    if (item->digest && (!format->by_digest || options->packaging != TAMGA_PACKAGING_DETACHED)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "A digest alone can be signed by a detached CAdES signature only, not in "
                     "the format %s.",
                     format->title);
        return FALSE;
    }
    if (run->level == TAMGA_LEVEL_LTA && !format->extend) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "%s: signatures of the format %s cannot have level LTA.", item->input,
                     format->title);
        return FALSE;
    }
    if (item->output && !tamga_sign_check_name (item->output, format, error))
        return FALSE;
    return choose_output (task, options, error);
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

void tamga_sign_task_close (TamgaSignTask *task)
{
    g_clear_pointer (&task->document, tamga_document_unref);
    g_ptr_array_set_size (task->others, 0);
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

/* Prepares; an encrypted document is tried again with the password that the person gives. */
static TamgaPreparation *prepare (TamgaSignTask *task, const TamgaSignRun *run,
                                  TamgaSigningParameters *parameters, GError **error)
{
    const TamgaSignUi *ui = run->ui;
    for (;;) {
        g_autoptr (GError) failed = NULL;
        parameters->password = task->password;
        TamgaPreparation *preparation = task->format->prepare (task->document, parameters, &failed);
        if (preparation)
            return preparation;
        gboolean encrypted =
            g_error_matches (failed, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ENCRYPTED);
        if (!encrypted || task->password || !ui || !ui->password) {
            g_propagate_error (error, g_steal_pointer (&failed));
            return NULL;
        }
        task->password = ui->password (task->item->input, ui->data, error);
        if (!task->password)
            return NULL;
    }
}

static gboolean show_preparation (const TamgaSignTask *task, const TamgaSignRun *run,
                                  GError **error)
{
    const TamgaSignUi *ui = run->ui;
    GPtrArray *findings = task->preparation->findings;
    for (guint i = 0; ui && ui->notice && findings && i < findings->len; i++)
        ui->notice (findings->pdata[i], task->item->input, ui->data);
    if (!ui || !ui->consent || ui->consent (task->preparation, run->key, ui->data))
        return TRUE;
    g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_CANCELLED, "%s was not signed.",
                 task->item->input);
    return FALSE;
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
    g_clear_pointer (&task->stamper, tamga_tsa_stamper_free);
    task->stamper = tamga_tsa_stamper_new (
        &run->context->status, options->tsa_urls, X509_get0_pubkey (run->key->certificate),
        tamga_algorithm_common_digest (run->algorithm), run->context->clock,
        run->context->clock_data, run->call);
    Progress progress = {run, task->item->input};
    g_autoptr (GPtrArray) issuers = carried_issuers (run);
    TamgaSigningParameters parameters = {
        .algorithm = run->algorithm,
        .certificate = run->key->certificate,
        .chain = issuers,
        .signing_time = now,
        .level = run->level,
        .packaging = options->packaging,
        .documents = task->others->len > 0 ? task->others : NULL,
        .contents = options->contents,
        .content_digest = task->item->digest,
        .countersigned = options->countersigned,
        .claims = options->claims,
        .content_stamper =
            options->content_timestamp ? tamga_tsa_stamper_interface (task->stamper) : NULL,
        .xml = options->xml,
        .jose = options->jose,
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
    task->preparation = prepare (task, run, &parameters, error);
    return task->preparation && show_preparation (task, run, error);
}
