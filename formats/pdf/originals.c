/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cutting a file back to a state that it had. */
#include "formats/pdf/originals.h"

#include <string.h>

#include "formats/pdf/signature.h"

static gboolean no_such (GError **error, const char *which)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "the document has no %s; \"signature N\" and \"revision N\" name its states",
                 which);
    return FALSE;
}

/* The number behind `word`; 0 when the text is something else. */
static guint64 numbered (const char *text, const char *word)
{
    guint64 value = 0;
    const char *digits = g_str_has_prefix (text, word) ? text + strlen (word) : NULL;
    return digits != NULL && g_ascii_string_to_unsigned (digits, 10, 1, G_MAXUINT, &value, NULL)
               ? value
               : 0;
}

static gboolean revision_end (TamgaPdf *pdf, guint64 number, guint64 *end, GError **error)
{
    const TamgaPdfRevision *revision = tamga_pdf_revision (pdf, (guint)number);
    if (revision->eof == 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "revision %u of the document has no end: its startxref or %%%%EOF is damaged "
                     "(ISO 32000-1 7.5.5)",
                     revision->number);
        return FALSE;
    }
    *end = revision->end;
    return TRUE;
}

/* The latest signature of a person; document time-stamps come after it without changing anything.
 */
static guint latest_signature (GPtrArray *signatures)
{
    for (guint i = signatures->len; i > 0; i--) {
        if (!((TamgaSignature *)signatures->pdata[i - 1])->is_document_timestamp)
            return i;
    }
    return signatures->len;
}

static gboolean signed_end (TamgaPdf *pdf, const TamgaReadOptions *options, const char *which,
                            guint64 *end, GError **error)
{
    g_autoptr (GPtrArray) found = NULL;
    g_autoptr (GPtrArray) owners = NULL;
    g_autoptr (GPtrArray) signatures = tamga_pdf_read (pdf, options, &found, &owners, error);
    if (signatures == NULL)
        return FALSE;
    guint64 number = which != NULL ? numbered (which, "signature ") : latest_signature (signatures);
    if (number == 0 || number > signatures->len)
        return no_such (error, which);
    const TamgaSignature *signature = signatures->pdata[number - 1];
    if (signature->integrity != TAMGA_INTEGRITY_INTACT &&
        signature->integrity != TAMGA_INTEGRITY_NOT_VERIFIABLE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "what %s signed is not in the file any more: %s", signature->id,
                     signature->integrity_text);
        return FALSE;
    }
    *end = ((TamgaPdfFound *)owners->pdata[number - 1])->end;
    return TRUE;
}

GPtrArray *tamga_pdf_originals (TamgaDocument *document, const TamgaReadOptions *options,
                                const char *which, GError **error)
{
    g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, tamga_pdf_password (options), error);
    if (pdf == NULL)
        return NULL;
    guint64 end = 0, revision = which != NULL ? numbered (which, "revision ") : 0;
    if (revision > pdf->revisions->len) {
        no_such (error, which);
        return NULL;
    }
    if (!(revision > 0 ? revision_end (pdf, revision, &end, error)
                       : signed_end (pdf, options, which, &end, error)))
        return NULL;
    g_autoptr (TamgaDocument) part = tamga_document_slice (document, 0, end);
    g_autofree char *name = g_path_get_basename (tamga_document_name (document));
    GPtrArray *originals = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_original_free);
    g_ptr_array_add (originals, tamga_original_new (name, "application/pdf", part));
    return originals;
}
