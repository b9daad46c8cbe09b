/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a document to a verdict: read, judge each signature, conclude. The verdict is per signer:
 * valid only when every signature is. */
#include "client/validate/judging.h"

#include <string.h>

#include "client/failure.h"
#include "client/validate/report.h"
#include "formats/ossl.h"

void tamga_validation_free (TamgaValidation *validation)
{
    if (validation == NULL)
        return;
    g_free (validation->file);
    g_free (validation->summary);
    g_ptr_array_unref (validation->signatures);
    g_clear_error (&validation->error);
    g_free (validation);
}

static TamgaValidation *validation_new (const char *file, const TamgaFormat *format)
{
    TamgaValidation *validation = g_new0 (TamgaValidation, 1);
    validation->file = g_strdup (file);
    validation->format = format;
    validation->verdict = TAMGA_VERDICT_NOT_SIGNED;
    validation->signatures =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_validated_signature_free);
    return validation;
}

/* A sentence of its own from a reason, for the end of a line: without a full stop. */
static char *bare_reason (const TamgaValidatedSignature *validated)
{
    char *reason = g_strdup (validated->reason != NULL ? validated->reason : "no reason is known");
    gsize length = strlen (reason);
    while (length > 0 && (reason[length - 1] == '.' || reason[length - 1] == ' '))
        reason[--length] = '\0';
    return reason;
}

static const char *coverage_words (const TamgaValidation *validation)
{
    gboolean container = validation->format != NULL && validation->format->many;
    gboolean whole = FALSE, silent = TRUE;
    for (guint i = 0; i < validation->signatures->len; i++) {
        const TamgaSignature *signature =
            ((const TamgaValidatedSignature *)validation->signatures->pdata[i])->signature;
        whole = whole || signature->coverage == TAMGA_COVERS_WHOLE;
        silent = silent && tamga_changes_are_silent (signature);
    }
    if (whole && silent)
        return container ? "everything in the container is covered"
                         : "the whole document is covered";
    if (!silent)
        return "the document was changed later, as permitted";
    return "the document is unchanged since signing";
}

/* What is covered, in words; where it is not all, what is not. New text. */
static char *coverage_text (const TamgaValidation *validation)
{
    for (guint i = 0; i < validation->signatures->len; i++) {
        const TamgaSignature *signature =
            ((const TamgaValidatedSignature *)validation->signatures->pdata[i])->signature;
        if (signature->coverage == TAMGA_COVERS_PART && signature->countersigned == NULL)
            return g_strdup_printf ("but only a part is covered by %s%s%s", signature->id,
                                    signature->coverage_text != NULL ? ": " : "",
                                    signature->coverage_text != NULL ? signature->coverage_text
                                                                     : "");
    }
    return g_strdup (coverage_words (validation));
}

/* The gravest one of what counts for the verdict. */
static const TamgaValidatedSignature *first_with (const TamgaValidation *validation,
                                                  TamgaIndication indication, gboolean stamps)
{
    for (guint i = 0; i < validation->signatures->len; i++) {
        const TamgaValidatedSignature *one = validation->signatures->pdata[i];
        if (one->indication == indication && (stamps || !one->signature->is_document_timestamp))
            return one;
    }
    return NULL;
}

/* What "not determined" means for the reader, and what to do. */
static const char *what_next (const TamgaValidatedSignature *one)
{
    static const char *const late =
        "Only a timestamp from before that could show that it is valid.";
    static const char *const within =
        "Only a timestamp from within that validity could show that it is valid.";
    static const char *const unfit = "It may be genuine, but it may not be relied upon as it is.";
    const struct {
        const char *sub, *text;
    } advices[] = {
        {SUB_NO_CERTIFICATE_CHAIN_FOUND,
         "It may be valid; nobody can tell yet. If you know the root by its fingerprint, "
         "`tamga trust add` makes it trusted."},
        {SUB_TRY_LATER, "It may be valid; nobody can tell yet. Try again later."},
        {SUB_SIGNED_DATA_NOT_FOUND, "Name the signed document with --document."},
        {SUB_REVOKED_NO_POE, late},
        {SUB_REVOKED_CA_NO_POE, late},
        {SUB_OUT_OF_BOUNDS_NO_POE, within},
        {SUB_OUT_OF_BOUNDS_NOT_REVOKED, within},
        {SUB_SIG_CONSTRAINTS_FAILURE, unfit},
        {SUB_CHAIN_CONSTRAINTS_FAILURE, unfit},
        {SUB_CRYPTO_CONSTRAINTS_FAILURE, unfit},
        {SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, unfit},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (advices); i++) {
        if (g_strcmp0 (one->sub_indication, advices[i].sub) == 0)
            return advices[i].text;
    }
    return "It may be valid; nobody can tell yet.";
}

/* Document timestamps are no signers: one that could not be judged takes nothing from those who
 * signed; one that is broken does. */
static void conclude (TamgaValidation *self)
{
    guint signers = 0, stamps = 0;
    for (guint i = 0; i < self->signatures->len; i++) {
        const TamgaValidatedSignature *one = self->signatures->pdata[i];
        if (one->signature->is_document_timestamp)
            stamps++;
        else
            signers++;
    }
    const TamgaValidatedSignature *failed = first_with (self, TAMGA_TOTAL_FAILED, TRUE);
    const TamgaValidatedSignature *open = first_with (self, TAMGA_INDETERMINATE, signers == 0);
    if (failed != NULL) {
        g_autofree char *reason = bare_reason (failed);
        self->verdict = TAMGA_VERDICT_INVALID;
        self->summary =
            g_strdup_printf ("INVALID: %s: %s. Do not rely on it.", failed->signature->id, reason);
    } else if (open != NULL) {
        g_autofree char *reason = bare_reason (open);
        self->verdict = TAMGA_VERDICT_UNDETERMINED;
        self->summary = g_strdup_printf ("NOT DETERMINED: %s: %s. %s", open->signature->id, reason,
                                         what_next (open));
    } else {
        g_autofree char *covered = coverage_text (self);
        self->verdict = TAMGA_VERDICT_VALID;
        self->summary =
            signers > 0 ? g_strdup_printf ("VALID, %u signature%s, %s", signers,
                                           signers == 1 ? "" : "s", covered)
                        : g_strdup_printf ("VALID, %u document timestamp%s and no signature, %s",
                                           stamps, stamps == 1 ? "" : "s", covered);
    }
}

/* How many document timestamps that were not judged yet cover each signature by its id. */
static void count_covers (GHashTable *places, const TamgaSignature *stamp, guint *waits, int step)
{
    for (guint i = 0; stamp->proves != NULL && i < stamp->proves->len; i++) {
        gpointer place;
        if (g_hash_table_lookup_extended (places, stamp->proves->pdata[i], NULL, &place))
            waits[GPOINTER_TO_UINT (place)] += (guint)step;
    }
}

/* The latest first: it proves that all it covers existed. Those of a PDF are in order; those of a
 * container name what they cover. `taken`: all n signatures. */
static void judge_document_timestamps (TamgaValidation *self, const TamgaProcess *process,
                                       gpointer *taken, guint n)
{
    g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);
    g_autofree guint *waits = g_new0 (guint, n + 1);
    for (guint i = 0; i < n; i++)
        g_hash_table_insert (places, ((TamgaSignature *)taken[i])->id, GUINT_TO_POINTER (i));
    for (guint i = 0; i < n; i++) {
        const TamgaSignature *stamp = taken[i];
        if (stamp->is_document_timestamp)
            count_covers (places, stamp, waits, 1);
    }
    for (;;) {
        guint next = n;
        for (guint i = n; i-- > 0;) {
            const TamgaSignature *stamp = taken[i];
            if (!stamp->is_document_timestamp || self->signatures->pdata[i] != NULL)
                continue;
            if (waits[i] == 0 || next == n) /* the last one where they claim to cover each other */
                next = i;
            if (waits[i] == 0)
                break;
        }
        if (next == n)
            return;
        count_covers (places, taken[next], waits, -1);
        self->signatures->pdata[next] = tamga_judge_document_timestamp (process, taken[next]);
    }
}

TamgaValidation *tamga_validate_signatures (const char *file, const TamgaFormat *format,
                                            GPtrArray *signatures,
                                            const TamgaStatusContext *context, gint64 at,
                                            const TamgaCall *call)
{
    TamgaValidation *self = validation_new (file, format);
    g_autoptr (GPtrArray) proofs =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_proof_free);
    TamgaProcess process = {.context = context, .call = call, .at = at, .proofs = proofs};
    guint n = signatures->len;
    gpointer *taken = g_ptr_array_steal (signatures, NULL);
    g_ptr_array_set_size (self->signatures, (gint)n);
    judge_document_timestamps (self, &process, taken, n);
    for (guint i = 0; i < n; i++) {
        TamgaSignature *signature = taken[i];
        if (!signature->is_document_timestamp)
            self->signatures->pdata[i] = tamga_judge_signature (&process, signature);
    }
    g_free (taken);
    conclude (self);
    return self;
}

static TamgaValidation *not_signed (TamgaDocument *document, const TamgaFormat *format,
                                    GError *error)
{
    TamgaValidation *self = validation_new (tamga_document_name (document), format);
    self->error = error;
    g_autofree char *message = tamga_text_visible (error->message);
    gboolean foreign = format == NULL && g_error_matches (error, TAMGA_FORMAT_ERROR,
                                                          TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT);
    if (g_error_matches (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE))
        self->summary = g_strdup ("NOT SIGNED: there is no signature in it.");
    else if (foreign)
        self->summary = g_strdup ("NOT SIGNED: it is in none of the formats that can hold a "
                                  "signature. If its signature is a file of its own, verify that "
                                  "file, and name this one with --document.");
    else
        self->summary = g_strdup_printf ("NOT READABLE: %s", message);
    return self;
}

TamgaValidation *tamga_validate (TamgaDocument *document, const TamgaReadOptions *options,
                                 const TamgaStatusContext *context, gint64 at,
                                 const TamgaCall *call)
{
    g_autoptr (GError) error = NULL;
    const TamgaFormat *format;
    g_autoptr (GPtrArray) signatures = tamga_format_read (document, options, &format, &error);
    /* What was hashed and what is reported on must be one and the same file. */
    if (error == NULL)
        tamga_document_check (document, &error);
    GPtrArray *contents = options != NULL ? options->contents : NULL;
    for (guint i = 0; error == NULL && contents != NULL && i < contents->len; i++)
        tamga_document_check (contents->pdata[i], &error);
    if (error != NULL)
        return not_signed (document, format, g_steal_pointer (&error));
    return tamga_validate_signatures (tamga_document_name (document), format, signatures, context,
                                      at, call);
}

int tamga_validation_exit_code (const TamgaValidation *validation)
{
    static const TamgaExit codes[] = {
        [TAMGA_VERDICT_VALID] = TAMGA_EXIT_DONE,
        [TAMGA_VERDICT_INVALID] = TAMGA_EXIT_NOT_VALID,
        [TAMGA_VERDICT_UNDETERMINED] = TAMGA_EXIT_UNDETERMINED,
        [TAMGA_VERDICT_NOT_SIGNED] = TAMGA_EXIT_INPUT,
    };
    return codes[validation->verdict];
}
