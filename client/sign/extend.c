/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raising the level of signatures, level by level: what a later level needs to know (whose token,
 * which time) is only there once the earlier one is written, so each goes into a file without a
 * name from which the next is made. */
#include "client/sign/extend.h"

#include <string.h>

#include "client/sign/item.h"
#include "client/sign/kept.h"
#include "client/sign/support.h"
#include "formats/ossl.h"

/* One state of the file: the document, and what validation finds in it. */
typedef struct {
    TamgaOutput *spool; /* that holds the document; NULL: the input itself */
    TamgaDocument *document;
    TamgaValidation *validation;
} State;

static void state_clear (State *state)
{
    g_clear_pointer (&state->validation, tamga_validation_free);
    g_clear_pointer (&state->document, tamga_document_unref);
    g_clear_pointer (&state->spool, tamga_output_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (State, state_clear)

static const TamgaSignature *signature_at (const TamgaValidation *validation, guint i)
{
    return ((const TamgaValidatedSignature *)validation->signatures->pdata[i])->signature;
}

/* Signatures of people, which have levels; not timestamps, nor countersignatures inside of one. */
static gboolean has_level (const TamgaSignature *signature)
{
    return !signature->is_document_timestamp && !signature->countersigned;
}

/* Reads and judges; asks for the password of an encrypted document. */
static gboolean read_input (State *state, TamgaKeylessTask *task, const TamgaKeylessRun *run,
                            GError **error)
{
    TamgaStatusContext context = run->context->status;
    context.now = context.time = tamga_sign_now (run->context);
    const TamgaSignUi *ui = run->ui;
    state->document = tamga_document_ref (task->document);
    for (;;) {
        TamgaKeylessProgress progress = {run, task->item->input};
        const TamgaReadOptions options = tamga_keyless_read_options (task, &progress);
        g_clear_pointer (&state->validation, tamga_validation_free);
        state->validation =
            tamga_validate (state->document, &options, &context, G_MININT64, run->call);
        GError *failed = state->validation->error;
        if (!failed) {
            task->format = state->validation->format;
            return !tamga_keyless_cancelled (task, run, error);
        }
        if (!g_error_matches (failed, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ENCRYPTED) ||
            task->password || !ui || !ui->password)
            return tamga_keyless_fail (task, run, g_error_copy (failed), error);
        task->password = ui->password (task->item->input, ui->data, error);
        if (!task->password)
            return FALSE;
    }
}

/* Of a sentence, without its full stop: for the end of one that has its own. */
static int bare_length (const char *sentence)
{
    gsize length = strlen (sentence);
    while (length > 0 && (sentence[length - 1] == '.' || sentence[length - 1] == ' '))
        length--;
    return (int)length;
}

/* What is broken is not made to last. */
static gboolean check_input (const State *state, const TamgaKeylessTask *task,
                             const TamgaExtendOptions *options, GError **error)
{
    const char *name = task->item->input;
    gboolean elsewhere = options->content_elsewhere && options->level == TAMGA_LEVEL_T;
    for (guint i = 0; i < state->validation->signatures->len; i++) {
        const TamgaValidatedSignature *one = state->validation->signatures->pdata[i];
        const TamgaSignature *signature = one->signature;
        if (one->indication == TAMGA_TOTAL_FAILED) {
            const char *why = one->reason ? one->reason : "no reason is known";
            g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_NOT_VALID,
                         "%s was not extended: %s is not valid: %.*s.", name, signature->id,
                         bare_length (why), why);
            return FALSE;
        }
        if (signature->integrity == TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND && elsewhere)
            continue;
        if (signature->integrity == TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                         "%s was not extended: what %s signs is not in it.", name, signature->id);
            return FALSE;
        }
        if (signature->integrity != TAMGA_INTEGRITY_INTACT) {
            const char *why = signature->integrity_text
                                  ? signature->integrity_text
                                  : tamga_integrity_name (signature->integrity);
            g_set_error (error, TAMGA_SIGN_ERROR, TAMGA_SIGN_ERROR_UNVERIFIED,
                         "%s was not extended: %s could not be verified: %.*s.", name,
                         signature->id, bare_length (why), why);
            return FALSE;
        }
    }
    if (task->format->extend)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "%s: signatures of the format %s cannot be extended.", name, task->format->title);
    return FALSE;
}

/* --- what is missing --- */

/* A timestamp that can be relied upon proves when it was made. */
static gboolean is_stamped (const TamgaValidatedSignature *one)
{
    TamgaLevel level;
    if (tamga_level_from_name (one->level, &level))
        return level >= TAMGA_LEVEL_T;
    for (guint i = 0; i < one->timestamps->len; i++) {
        const TamgaValidatedTimestamp *stamp = one->timestamps->pdata[i];
        if (stamp->timestamp->kind == TAMGA_TIMESTAMP_SIGNATURE &&
            stamp->indication == TAMGA_TOTAL_PASSED)
            return TRUE;
    }
    return FALSE;
}

/* Extensions for what `wanted` says of each signature. */
static GArray *plan_timestamps (const State *state)
{
    GArray *plan = g_array_new (FALSE, TRUE, sizeof (TamgaExtension));
    for (guint i = 0; i < state->validation->signatures->len; i++) {
        const TamgaExtension extension = {.index = i, .timestamp = TRUE};
        if (has_level (signature_at (state->validation, i)) &&
            !is_stamped (state->validation->signatures->pdata[i]))
            g_array_append_val (plan, extension);
    }
    return plan;
}

/* Archive timestamps go to signatures; a file with nothing but timestamps renews the last one. */
static GArray *plan_evidence (const State *state, GPtrArray *missing, gboolean archive)
{
    GArray *plan = g_array_new (FALSE, TRUE, sizeof (TamgaExtension));
    guint n = state->validation->signatures->len;
    gboolean people = FALSE;
    for (guint i = 0; i < n; i++)
        people = people || has_level (signature_at (state->validation, i));
    for (guint i = 0; i < n; i++) {
        const TamgaSignature *signature = signature_at (state->validation, i);
        const TamgaExtension extension = {
            .index = i,
            .evidence = missing->pdata[i],
            .archive = archive && (people ? has_level (signature) : i + 1 == n),
        };
        if (extension.evidence || extension.archive)
            g_array_append_val (plan, extension);
    }
    return plan;
}

/* --- writing --- */

/* What the level is called in the name of the output. */
static const char *const output_marks[] = {
    [TAMGA_LEVEL_T] = "t", [TAMGA_LEVEL_LT] = "lt", [TAMGA_LEVEL_LTA] = "lta"};

static gboolean write_plan (const State *state, const GArray *plan, TamgaKeylessTask *task,
                            const TamgaKeylessRun *run, TamgaOutput *output, GError **error)
{
    TamgaKeylessProgress progress = {run, task->item->input};
    const TamgaReadOptions options = tamga_keyless_read_options (task, &progress);
    g_autoptr (GError) failed = NULL;
    if (task->format->extend (state->document, &options, (const TamgaExtension *)(void *)plan->data,
                              plan->len, tamga_tsa_stamper_interface (task->stamper), output,
                              &failed))
        return TRUE;
    return tamga_keyless_fail (task, run, g_steal_pointer (&failed), error);
}

/* The next state, in a file without a name. Its best signature times are those of the evidence. */
static gboolean next_state (const State *state, State *next, const GArray *plan,
                            TamgaKeylessTask *task, const TamgaKeylessRun *run, GError **error)
{
    next->spool = tamga_sign_open_output (task->output, TRUE, error);
    if (!next->spool || !write_plan (state, plan, task, run, next->spool, error) ||
        !(next->document = tamga_output_document (next->spool, error)))
        return FALSE;
    TamgaStatusContext context = run->context->status;
    context.now = context.time = tamga_sign_now (run->context);
    TamgaKeylessProgress progress = {run, task->item->input};
    const TamgaReadOptions options = tamga_keyless_read_options (task, &progress);
    next->validation = tamga_validate (next->document, &options, &context, G_MININT64, run->call);
    return !next->validation->error ||
           tamga_keyless_fail (task, run, g_error_copy (next->validation->error), error);
}

/* The last state becomes the output, if everything of the first one is in it. */
static gboolean write_output (const GPtrArray *before, const State *state, const GArray *plan,
                              TamgaKeylessTask *task, const TamgaKeylessRun *run, GError **error)
{
    TamgaKeylessProgress progress = {run, task->item->input};
    const TamgaReadOptions options = tamga_keyless_read_options (task, &progress);
    g_autoptr (TamgaOutput) output =
        tamga_sign_open_output (task->output, task->item->replace, error);
    if (!output)
        return FALSE;
    g_autoptr (GError) failed = NULL;
    gboolean written =
        plan->len > 0
            ? write_plan (state, plan, task, run, output, error)
            : tamga_output_copy (output, state->document, 0, tamga_document_size (state->document),
                                 options.progress, options.progress_data, error);
    if (!written)
        return FALSE;
    if (!tamga_kept_check (before, task->format, output, &options, &failed))
        return tamga_keyless_fail (task, run, g_steal_pointer (&failed), error);
    return tamga_keyless_publish (task, run, output, error);
}

/* The signatures as they were, for comparison. Borrowed from `state`. */
static GPtrArray *signatures_of (const State *state, TamgaKeylessTask *task)
{
    GPtrArray *signatures = g_ptr_array_new ();
    task->signatures = json_array ();
    for (guint i = 0; i < state->validation->signatures->len; i++) {
        const TamgaSignature *signature = signature_at (state->validation, i);
        g_ptr_array_add (signatures, (gpointer)signature);
        json_array_append_new (task->signatures, json_string (signature->id));
    }
    return signatures;
}

static void remember_evidence (TamgaKeylessTask *task, const GPtrArray *missing)
{
    task->added = tamga_evidence_new ();
    for (guint i = 0; i < missing->len; i++) {
        if (missing->pdata[i])
            tamga_evidence_merge (task->added, missing->pdata[i]);
    }
}

static gboolean raise_levels (const State *first, State *second, TamgaKeylessTask *task,
                              const TamgaKeylessRun *run, GError **error)
{
    const TamgaLevel level = run->options->level;
    const char *mark = output_marks[level];
    const State *last = first;
    g_autoptr (GPtrArray) before = signatures_of (first, task);
    g_autoptr (GArray) stamps = plan_timestamps (first);
    if (stamps->len > 0 && !tamga_keyless_output (task, run, mark, error))
        return FALSE;
    if (level == TAMGA_LEVEL_T) {
        task->outcome->unchanged = stamps->len == 0;
        return stamps->len == 0 || write_output (before, first, stamps, task, run, error);
    }
    if (stamps->len > 0) {
        if (!next_state (first, second, stamps, task, run, error))
            return FALSE;
        last = second;
    }
    g_autoptr (GPtrArray) missing = tamga_support_missing (run, task, last->validation, error);
    if (!missing)
        return FALSE;
    remember_evidence (task, missing);
    g_autoptr (GArray) rest = plan_evidence (last, missing, level == TAMGA_LEVEL_LTA);
    task->outcome->unchanged = stamps->len == 0 && rest->len == 0;
    if (task->outcome->unchanged)
        return TRUE;
    return (task->output || tamga_keyless_output (task, run, mark, error)) &&
           write_output (before, last, rest, task, run, error);
}

static gboolean extend_file (TamgaKeylessTask *task, const TamgaKeylessRun *run, GError **error)
{
    g_auto (State) first = {0};
    g_auto (State) second = {0};
    return read_input (&first, task, run, error) &&
           check_input (&first, task, run->options, error) &&
           raise_levels (&first, &second, task, run, error);
}

GPtrArray *tamga_extend (const TamgaSignContext *context, const TamgaSignItem *items, gsize n,
                         const TamgaExtendOptions *options, const TamgaSignUi *ui,
                         const TamgaCall *call, GError **error)
{
    g_return_val_if_fail (options->level >= TAMGA_LEVEL_T, NULL);
    const TamgaKeylessRun run = {
        .context = context, .options = options, .ui = ui, .call = call, .event = "extended"};
    return tamga_keyless_files (&run, items, n, extend_file, error);
}
