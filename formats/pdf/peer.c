/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qpdf beside our own reader. */
#include "formats/pdf/peer.h"

#include <qpdf/qpdf-c.h>
#include <string.h>

#include "formats/pdf/crypt.h"

struct _TamgaPdfPeer {
    TamgaPdf *pdf;
    qpdf_data qpdf;
    GBytes *memory;
};

void tamga_pdf_peer_free (TamgaPdfPeer *peer)
{
    if (peer == NULL)
        return;
    if (peer->qpdf != NULL)
        qpdf_cleanup (&peer->qpdf);
    g_clear_pointer (&peer->memory, g_bytes_unref);
    g_free (peer);
}

/* qpdf looks for startxref near the end only: junk behind the last revision is cut off, and
 * reported by our own reader. */
static gboolean open_qpdf (TamgaPdfPeer *peer, GError **error)
{
    TamgaPdf *pdf = peer->pdf;
    const TamgaPdfRevision *latest = tamga_pdf_latest (pdf);
    const char *password = pdf->crypt != NULL ? tamga_pdf_crypt_password (pdf->crypt) : NULL;
    const char *path = tamga_document_fd_path (pdf->document);
    if (pdf->tail == 0 && path != NULL) {
        qpdf_read (peer->qpdf, path, password);
        return TRUE;
    }
    guint64 size = pdf->tail > 0 && latest->end > 0 ? latest->end : pdf->size;
    GBytes *memory = tamga_document_memory (pdf->document);
    peer->memory = memory != NULL ? g_bytes_new_from_bytes (memory, 0, size)
                                  : tamga_document_bytes (pdf->document, 0, size, size, error);
    if (peer->memory == NULL)
        return FALSE;
    qpdf_read_memory (peer->qpdf, tamga_document_name (pdf->document),
                      g_bytes_get_data (peer->memory, NULL), size, password);
    return TRUE;
}

/* Null and absent are the same (7.3.7), also behind a reference. */
static gboolean counts_as_null (TamgaPdf *pdf, TamgaPdfObject *object)
{
    return tamga_pdf_resolve (tamga_pdf_latest (pdf), object)->type == TAMGA_PDF_NULL;
}

static gboolean same (TamgaPdf *pdf, TamgaPdfObject *ours, TamgaPdfObject *theirs)
{
    if (ours->type == TAMGA_PDF_ARRAY && theirs->type == TAMGA_PDF_ARRAY) {
        if (ours->array.n != theirs->array.n)
            return FALSE;
        for (gsize i = 0; i < ours->array.n; i++) {
            if (!same (pdf, ours->array.items[i], theirs->array.items[i]))
                return FALSE;
        }
        return TRUE;
    }
    if (!tamga_pdf_is_dict (ours) || !tamga_pdf_is_dict (theirs))
        return tamga_pdf_equal (ours, theirs) ||
               (theirs->type == TAMGA_PDF_NULL && counts_as_null (pdf, ours));
    /* qpdf decrypts /Contents of some signature dictionaries all the same; that the file has it in
     * the clear, and where, is checked byte by byte. */
    gboolean spares = pdf->crypt != NULL && tamga_pdf_crypt_spares (ours);
    for (gsize i = 0; i < ours->dict.n; i++) {
        if (spares && strcmp (ours->dict.entries[i].key, "Contents") == 0)
            continue;
        TamgaPdfObject *other = tamga_pdf_key (theirs, ours->dict.entries[i].key);
        TamgaPdfObject *value = ours->dict.entries[i].value;
        if (other == tamga_pdf_null ? !counts_as_null (pdf, value) : !same (pdf, value, other))
            return FALSE;
    }
    for (gsize i = 0; i < theirs->dict.n; i++) {
        if (tamga_pdf_key (ours, theirs->dict.entries[i].key) == tamga_pdf_null)
            return FALSE;
    }
    return TRUE;
}

static gboolean same_as_handle (TamgaPdfPeer *peer, TamgaPdfObject *ours, qpdf_oh handle)
{
    gboolean stream = qpdf_oh_is_stream (peer->qpdf, handle);
    if (stream != (ours->type == TAMGA_PDF_STREAM))
        return FALSE;
    if (stream)
        handle = qpdf_oh_get_dict (peer->qpdf, handle);
    const char *text = qpdf_oh_unparse_resolved (peer->qpdf, handle);
    g_autoptr (TamgaPdfArena) arena = tamga_pdf_arena_new ();
    TamgaPdfParser parser = {.arena = arena,
                             .data = text,
                             .length = qpdf_get_last_string_length (peer->qpdf),
                             .final = TRUE,
                             .plain = TRUE};
    TamgaPdfObject *theirs = NULL;
    return tamga_pdf_parse (&parser, &theirs) == TAMGA_PDF_PARSE_OK &&
           same (peer->pdf, ours, theirs);
}

gboolean tamga_pdf_peer_same (TamgaPdfPeer *peer, guint32 number, guint32 generation)
{
    const TamgaPdfRevision *latest = tamga_pdf_latest (peer->pdf);
    TamgaPdfObject *ours = tamga_pdf_load (latest, number, generation);
    qpdf_oh handle = qpdf_get_object_by_id (peer->qpdf, (int)number, (int)generation);
    gboolean result = same_as_handle (peer, ours, handle);
    qpdf_oh_release_all (peer->qpdf);
    return result;
}

TamgaPdfPeer *tamga_pdf_peer_open (TamgaPdf *pdf, GError **error)
{
    g_autoptr (TamgaPdfPeer) peer = g_new0 (TamgaPdfPeer, 1);
    peer->pdf = pdf;
    peer->qpdf = qpdf_init ();
    qpdf_silence_errors (peer->qpdf);
    qpdf_set_suppress_warnings (peer->qpdf, QPDF_TRUE);
    qpdf_set_attempt_recovery (peer->qpdf, QPDF_FALSE);
    if (!open_qpdf (peer, error))
        return NULL;
    if (qpdf_has_error (peer->qpdf)) {
        qpdf_error failure = qpdf_get_error (peer->qpdf);
        gboolean password = qpdf_get_error_code (peer->qpdf, failure) == qpdf_e_password;
        g_set_error (error, TAMGA_FORMAT_ERROR,
                     password ? TAMGA_FORMAT_ERROR_ENCRYPTED : TAMGA_FORMAT_ERROR_DAMAGED,
                     password ? "the PDF is encrypted with a password (%s)"
                              : "the PDF is damaged and could only be read after a repair (%s)",
                     qpdf_get_error_message_detail (peer->qpdf, failure));
        return NULL;
    }
    qpdf_oh trailer = qpdf_get_trailer (peer->qpdf);
    qpdf_oh root = qpdf_oh_get_key (peer->qpdf, trailer, "/Root");
    TamgaPdfObject *ours = tamga_pdf_key (tamga_pdf_latest (pdf)->trailer, "Root");
    if (ours->type != TAMGA_PDF_REF ||
        qpdf_oh_get_object_id (peer->qpdf, root) != (int)ours->ref.number ||
        !tamga_pdf_peer_same (peer, ours->ref.number, ours->ref.generation)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "two readers see different catalogs in this PDF: its cross-reference sections "
                     "are ambiguous (ISO 32000-1 7.5.4)");
        return NULL;
    }
    return g_steal_pointer (&peer);
}
