/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Extending signatures, and document time-stamps. Each step is a revision of its own: what is
 * stamped must lie in the file before, and viewers show revisions. */
#include "formats/pdf/extend.h"

#include "formats/cms/build.h"
#include "formats/pdf/dss.h"
#include "formats/pdf/field.h"
#include "formats/pdf/inspect.h"
#include "formats/pdf/signature.h"
#include "formats/pdf/slot.h"

/* Tokens of one service differ by a few bytes (serial number, fractions of a second): room that a
 * second token is given beyond the size of a first one that did not fit. */
#define TOKEN_SLACK 1024u

/* What is to be done, and the output as far as it is written. */
typedef struct {
    const TamgaReadOptions *options;
    const TamgaStamper *stamper;
    TamgaOutput *output;
    gboolean first_stamp, last_stamp; /* before and after the evidence */
    GPtrArray *evidence;              /* TamgaEvidence, one per signature dictionary */
    GPtrArray *contents;              /* GBytes: /Contents of each of these */
} Work;

static void work_clear (Work *work)
{
    g_clear_pointer (&work->evidence, g_ptr_array_unref);
    g_clear_pointer (&work->contents, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static void work_init (Work *work, const TamgaReadOptions *options, const TamgaStamper *stamper,
                       TamgaOutput *output)
{
    *work = (Work){.options = options, .stamper = stamper, .output = output};
    work->evidence = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_evidence_free);
    work->contents = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
}

static gboolean parameter_error (GError **error, const char *text)
{
    g_set_error_literal (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, text);
    return FALSE;
}

/* A document time-stamp over `document`, the file as it stands; `room` for its token. FALSE without
 * error, and `room` set to what is needed, when the token is larger. */
static gboolean try_stamp (Work *work, TamgaDocument *document, gsize *room, GError **error)
{
    g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, tamga_pdf_password (work->options), error);
    if (pdf == NULL)
        return FALSE;
    g_autoptr (TamgaPdfUpdate) update = tamga_pdf_update_new (pdf);
    g_auto (TamgaPdfSlot) slot = {0};
    guint32 number = tamga_pdf_update_reserve (update);
    TamgaPdfObject *entries = tamga_pdf_new_parsed (
        pdf->arena, "<< /Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 >>");
    if (!tamga_pdf_field_place_timestamp (update, number, error) ||
        !tamga_pdf_slot_finish (&slot, update, number, entries, *room, error))
        return FALSE;
    const TamgaReadOptions *options = work->options;
    g_autoptr (GBytes) imprint = tamga_pdf_slot_digest (
        &slot, document, work->stamper->digest, options != NULL ? options->progress : NULL,
        options != NULL ? options->progress_data : NULL, error);
    g_autoptr (GBytes) token =
        imprint != NULL ? work->stamper->stamp (work->stamper, imprint, error) : NULL;
    if (token == NULL)
        return FALSE;
    if (g_bytes_get_size (token) > *room) {
        *room = g_bytes_get_size (token) + TOKEN_SLACK;
        return FALSE;
    }
    return tamga_pdf_slot_fill (&slot, token, error) &&
           tamga_output_write (work->output, slot.tail->str, slot.tail->len, error);
}

/* The size of a token is known only once there is one, and it changes what is stamped: a service
 * with unusually large ones is asked a second time. */
static gboolean stamp (Work *work, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_output_document (work->output, error);
    if (document == NULL)
        return FALSE;
    gsize room = TAMGA_CMS_TOKEN_ROOM;
    for (guint i = 0; i < 2; i++) {
        g_autoptr (GError) reason = NULL;
        if (try_stamp (work, document, &room, &reason))
            return TRUE;
        if (reason != NULL) {
            g_propagate_error (error, g_steal_pointer (&reason));
            return FALSE;
        }
    }
    g_set_error (
        error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_DOES_NOT_FIT,
        "the time-stamp service gives tokens of very different sizes: the second one takes "
        "more than %" G_GSIZE_FORMAT " bytes",
        room - TOKEN_SLACK);
    return FALSE;
}

/* The evidence that the file lacks, as one update; nothing where it lacks none. */
static gboolean add_evidence (Work *work, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_output_document (work->output, error);
    g_autoptr (TamgaPdf) pdf =
        document != NULL ? tamga_pdf_open (document, tamga_pdf_password (work->options), error)
                         : NULL;
    if (pdf == NULL)
        return FALSE;
    g_autofree TamgaPdfDssEntry *entries = g_new0 (TamgaPdfDssEntry, work->evidence->len);
    for (guint i = 0; i < work->evidence->len; i++) {
        entries[i].evidence = work->evidence->pdata[i];
        entries[i].contents = work->contents->pdata[i];
    }
    g_autoptr (TamgaPdfUpdate) update = tamga_pdf_update_new (pdf);
    g_autoptr (GString) tail = g_string_new (NULL);
    /* The formats know no clock: /TU is left out; the document time-stamp that follows says when.
     */
    return tamga_pdf_dss_add (update, entries, work->evidence->len, G_MININT64, error) &&
           tamga_pdf_update_finish (update, tail, error) &&
           tamga_output_write (work->output, tail->str, tail->len, error);
}

/* Copies the document and does what is to be done behind it. */
static gboolean run (Work *work, TamgaDocument *document, GError **error)
{
    const TamgaReadOptions *options = work->options;
    if (!tamga_output_copy (work->output, document, 0, tamga_document_size (document),
                            options != NULL ? options->progress : NULL,
                            options != NULL ? options->progress_data : NULL, error) ||
        !tamga_document_check (document, error))
        return FALSE;
    return (!work->first_stamp || stamp (work, error)) &&
           (work->evidence->len == 0 || add_evidence (work, error)) &&
           (!work->last_stamp || stamp (work, error));
}

/* One entry of the store per signature dictionary, even where it holds several signatures. */
static void plan_evidence (Work *work, TamgaPdf *pdf, const TamgaPdfFound *found,
                           const TamgaEvidence *evidence)
{
    TamgaPdfObject *value = tamga_pdf_key (found->dict, "Contents");
    g_autoptr (GBytes) contents = g_bytes_new (value->text.data, value->text.length);
    for (guint i = 0; i < work->contents->len; i++) {
        if (g_bytes_equal (work->contents->pdata[i], contents)) {
            tamga_evidence_merge (work->evidence->pdata[i], evidence);
            return;
        }
    }
    const TamgaPdfDssEntry entry = {evidence, contents};
    if (tamga_pdf_dss_has (tamga_pdf_latest (pdf), &entry))
        return;
    TamgaEvidence *copy = tamga_evidence_new ();
    tamga_evidence_merge (copy, evidence);
    g_ptr_array_add (work->evidence, copy);
    g_ptr_array_add (work->contents, g_steal_pointer (&contents));
}

static gboolean plan_one (Work *work, TamgaPdf *pdf, GPtrArray *signatures, GPtrArray *owners,
                          const TamgaExtension *extension, GError **error)
{
    if (extension->index >= signatures->len) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "there is no signature %u: the document has %u", extension->index + 1,
                     signatures->len);
        return FALSE;
    }
    const TamgaSignature *signature = signatures->pdata[extension->index];
    if (signature->integrity != TAMGA_INTEGRITY_INTACT) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "%s is not intact, and a time-stamp or evidence would not mend it: %s",
                     signature->id, signature->integrity_text);
        return FALSE;
    }
    if (signature->is_document_timestamp && extension->timestamp)
        return parameter_error (error, "a document time-stamp gets no time-stamp of level T; it is "
                                       "renewed by an archive time-stamp");
    work->first_stamp = work->first_stamp || extension->timestamp;
    work->last_stamp = work->last_stamp || extension->archive;
    if (extension->evidence != NULL)
        plan_evidence (work, pdf, owners->pdata[extension->index], extension->evidence);
    return TRUE;
}

static gboolean plan (Work *work, TamgaPdf *pdf, const TamgaExtension *extensions, gsize n,
                      GError **error)
{
    g_autoptr (GPtrArray) found = NULL;
    g_autoptr (GPtrArray) owners = NULL;
    g_autoptr (GPtrArray) signatures = tamga_pdf_read (pdf, work->options, &found, &owners, error);
    if (signatures == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        if (!plan_one (work, pdf, signatures, owners, &extensions[i], error))
            return FALSE;
    }
    /* Two in a row would say the same. */
    if (work->last_stamp && work->evidence->len == 0)
        work->first_stamp = FALSE;
    if ((work->first_stamp || work->last_stamp) && work->stamper == NULL)
        return parameter_error (error, "a time-stamp was asked for, and no service is given");
    return TRUE;
}

/* A file that may be continued: as for signing. */
static TamgaPdf *open_whole (TamgaDocument *document, const TamgaReadOptions *options,
                             GError **error)
{
    g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, tamga_pdf_password (options), error);
    g_autoptr (GPtrArray) findings =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free);
    return pdf != NULL && tamga_pdf_inspect (pdf, findings, error) ? g_steal_pointer (&pdf) : NULL;
}

gboolean tamga_pdf_extend (TamgaDocument *document, const TamgaReadOptions *options,
                           const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                           TamgaOutput *output, GError **error)
{
    g_auto (Work) work;
    work_init (&work, options, stamper, output);
    g_autoptr (TamgaPdf) pdf = open_whole (document, options, error);
    return pdf != NULL && plan (&work, pdf, extensions, n, error) && run (&work, document, error);
}

gboolean tamga_pdf_timestamp (TamgaDocument *document, const TamgaReadOptions *options,
                              const TamgaStamper *stamper, TamgaOutput *output, GError **error)
{
    g_auto (Work) work;
    work_init (&work, options, stamper, output);
    work.last_stamp = TRUE;
    g_autoptr (TamgaPdf) pdf = open_whole (document, options, error);
    return pdf != NULL && run (&work, document, error);
}
