/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PAdES signing: one update with the signature, a second one with its evidence. */
#include "formats/pdf/pades.h"

#include <string.h>

#include "formats/cms/build.h"
#include "formats/limits.h"
#include "formats/ossl.h"
#include "formats/pdf/dss.h"
#include "formats/pdf/field.h"
#include "formats/pdf/inspect.h"
#include "formats/pdf/signature.h"

#define COPY_CHUNK (1024u * 1024)
/* "[0 N N N]" with numbers of up to 18 digits. */
#define BYTE_RANGE_ROOM 64

typedef struct {
    TamgaPreparation base;
    TamgaCmsParameters cms;
    X509 *certificate;
    GPtrArray *chain;
    gint64 signing_time;
    GString *tail;    /* the update, as it will follow the document */
    gsize contents;   /* position of '<' of /Contents in the tail */
    gsize contents_n; /* bytes reserved for the CMS */
    TamgaProgress progress;
    gpointer progress_data;
} Preparation;

static void preparation_free (TamgaPreparation *base)
{
    Preparation *preparation = (Preparation *)base;
    g_clear_pointer (&preparation->certificate, X509_free);
    g_clear_pointer (&preparation->chain, g_ptr_array_unref);
    if (preparation->tail != NULL)
        g_string_free (preparation->tail, TRUE);
    g_free (preparation);
}

static gboolean probe (TamgaDocument *document)
{
    char buffer[1024];
    gsize length = (gsize)MIN (tamga_document_size (document), sizeof buffer);
    return tamga_document_read (document, 0, buffer, length, NULL) &&
           memmem (buffer, length, "%PDF-", 5) != NULL;
}

static void append_text (GString *out, TamgaPdfArena *arena, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    g_string_append_printf (out, " /%s ", key);
    tamga_pdf_write (out, tamga_pdf_new_text (arena, value));
}

/* The signature dictionary with room for /ByteRange and /Contents (table 252; EN 319 142-1 6.3).
 * The two positions count from the start of the text. */
static char *signature_text (TamgaPdfArena *arena, const TamgaSigningParameters *parameters,
                             TamgaPdfObject *references, gsize room, gsize *byte_range,
                             gsize *contents)
{
    g_autofree char *date = tamga_pdf_date (parameters->signing_time);
    GString *out = g_string_new ("<< /Type /Sig /Filter /Adobe.PPKLite"
                                 " /SubFilter /ETSI.CAdES.detached");
    append_text (out, arena, "M", date);
    append_text (out, arena, "Name", parameters->name);
    append_text (out, arena, "Reason", parameters->reason);
    append_text (out, arena, "Location", parameters->location);
    append_text (out, arena, "ContactInfo", parameters->contact);
    if (references != tamga_pdf_null) {
        g_string_append (out, " /Reference ");
        tamga_pdf_write (out, references);
    }
    g_string_append (out, " /ByteRange ");
    *byte_range = out->len;
    g_string_append_printf (out, "%-*s", BYTE_RANGE_ROOM, "[]");
    g_string_append (out, " /Contents ");
    *contents = out->len;
    gsize begin = out->len;
    g_string_set_size (out, begin + 2 * room + 2);
    memset (out->str + begin, '0', 2 * room + 2);
    out->str[begin] = '<';
    out->str[out->len - 1] = '>';
    g_string_append (out, " >>");
    return g_string_free (out, FALSE);
}

static gboolean hash_document (Preparation *preparation, EVP_MD_CTX *context, GError **error)
{
    TamgaDocument *document = preparation->base.document;
    guint64 size = tamga_document_size (document), done = 0;
    g_autofree guint8 *buffer = g_malloc (COPY_CHUNK);
    while (done < size) {
        gsize length = (gsize)MIN (COPY_CHUNK, size - done);
        if (!tamga_document_read (document, done, buffer, length, error))
            return FALSE;
        if (EVP_DigestUpdate (context, buffer, length) != 1)
            break;
        done += length;
        if (preparation->progress != NULL && done % (16 * COPY_CHUNK) == 0 &&
            !preparation->progress (done, size, preparation->progress_data)) {
            g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CANCELLED, "cancelled");
            return FALSE;
        }
    }
    return TRUE;
}

/* Digest of the document and its update without the /Contents value. */
static GBytes *hash_ranges (Preparation *preparation, GError **error)
{
    const EVP_MD *md = tamga_digest_md (tamga_algorithm_digest (preparation->base.algorithm));
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    guint8 value[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    const GString *tail = preparation->tail;
    gsize after = preparation->contents + 2 * preparation->contents_n + 2;
    if (EVP_DigestInit_ex (context, md, NULL) == 1 && !hash_document (preparation, context, error))
        return NULL;
    if (EVP_DigestUpdate (context, tail->str, preparation->contents) != 1 ||
        EVP_DigestUpdate (context, tail->str + after, tail->len - after) != 1 ||
        EVP_DigestFinal_ex (context, value, &length) != 1) {
        g_autofree char *reason = tamga_ossl_error ();
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                     "the document could not be hashed (%s)", reason);
        return NULL;
    }
    return g_bytes_new (value, length);
}

/* Lays out the update and fills /ByteRange. */
static gboolean make_tail (Preparation *preparation, TamgaPdf *pdf,
                           const TamgaSigningParameters *parameters, GError **error)
{
    g_autoptr (TamgaPdfUpdate) update = tamga_pdf_update_new (pdf);
    guint32 signature = tamga_pdf_update_reserve (update);
    TamgaPdfObject *references = tamga_pdf_null;
    if (!tamga_pdf_field_place (update, parameters, signature, &references,
                                preparation->base.findings, error))
        return FALSE;
    gsize byte_range, contents;
    g_autofree char *text = signature_text (pdf->arena, parameters, references,
                                            preparation->contents_n, &byte_range, &contents);
    tamga_pdf_update_put_text (update, signature, text);
    preparation->tail = g_string_new (NULL);
    if (!tamga_pdf_update_finish (update, preparation->tail, error))
        return FALSE;
    gsize start = (gsize)(tamga_pdf_update_position (update, signature) - pdf->size);
    preparation->contents = start + contents;
    guint64 first = pdf->size + preparation->contents;
    guint64 second = first + 2 * preparation->contents_n + 2;
    guint64 length = pdf->size + preparation->tail->len - second;
    g_autofree char *range =
        g_strdup_printf ("[0 %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "]",
                         first, second, length);
    g_assert (strlen (range) <= BYTE_RANGE_ROOM);
    memcpy (preparation->tail->str + start + byte_range, range, strlen (range));
    return TRUE;
}

static gboolean check_parameters (const TamgaSigningParameters *parameters, GError **error)
{
    if (parameters->certification < 0 || parameters->certification > 3) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "a certification allows 1, 2 or 3, not %d (ISO 32000-1 12.8.2.2)",
                     parameters->certification);
        return FALSE;
    }
    if (parameters->packaging != TAMGA_PACKAGING_DEFAULT &&
        parameters->packaging != TAMGA_PACKAGING_ENVELOPED) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "a PDF signature lies in the document: it cannot be %s",
                     tamga_packaging_name (parameters->packaging));
        return FALSE;
    }
    if (parameters->contents_size > TAMGA_MAX_PDF_CONTENTS) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "more than %u bytes for a signature are not reserved", TAMGA_MAX_PDF_CONTENTS);
        return FALSE;
    }
    return TRUE;
}

static TamgaPreparation *prepare (TamgaDocument *document, const TamgaSigningParameters *parameters,
                                  GError **error)
{
    if (!check_parameters (parameters, error))
        return NULL;
    g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, error);
    if (pdf == NULL)
        return NULL;
    Preparation *preparation = g_new0 (Preparation, 1);
    g_autoptr (TamgaPreparation) base = &preparation->base;
    base->format = &tamga_pades_format;
    base->free = preparation_free;
    base->document = tamga_document_ref (document);
    base->algorithm = parameters->algorithm;
    base->findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free);
    X509_up_ref (parameters->certificate);
    preparation->certificate = parameters->certificate;
    preparation->chain = parameters->chain != NULL ? g_ptr_array_ref (parameters->chain) : NULL;
    preparation->signing_time = parameters->signing_time;
    preparation->progress = parameters->progress;
    preparation->progress_data = parameters->progress_data;
    preparation->cms = (TamgaCmsParameters){.profile = TAMGA_CMS_PADES,
                                            .algorithm = parameters->algorithm,
                                            .certificate = preparation->certificate,
                                            .chain = preparation->chain,
                                            .signing_time = parameters->signing_time,
                                            .level = parameters->level};
    preparation->contents_n = parameters->contents_size > 0
                                  ? parameters->contents_size
                                  : tamga_cms_estimate_size (&preparation->cms);
    if (!tamga_pdf_inspect (pdf, base->findings, error) ||
        !make_tail (preparation, pdf, parameters, error))
        return NULL;
    base->content_digest = hash_ranges (preparation, error);
    if (base->content_digest == NULL)
        return NULL;
    base->to_be_signed =
        tamga_cms_signed_attributes (&preparation->cms, base->content_digest, error);
    return base->to_be_signed != NULL ? g_steal_pointer (&base) : NULL;
}

/* The CMS as hexadecimal digits over the reserved zeros. */
static gboolean fill_contents (Preparation *preparation, GBytes *cms, GError **error)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (cms, &length);
    if (length > preparation->contents_n) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_DOES_NOT_FIT,
                     "the signature takes %" G_GSIZE_FORMAT " bytes and %" G_GSIZE_FORMAT
                     " were reserved for it: reserve more and sign again",
                     length, preparation->contents_n);
        return FALSE;
    }
    char *at = preparation->tail->str + preparation->contents + 1;
    memset (at, '0', 2 * preparation->contents_n);
    for (gsize i = 0; i < length; i++) {
        *at++ = "0123456789abcdef"[data[i] >> 4];
        *at++ = "0123456789abcdef"[data[i] & 15];
    }
    return TRUE;
}

/* The second update: evidence, over the file as it stands in the output. */
static gboolean append_evidence (Preparation *preparation, GBytes *cms,
                                 const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_output_document (output, error);
    g_autoptr (TamgaPdf) pdf = document != NULL ? tamga_pdf_open (document, error) : NULL;
    if (pdf == NULL)
        return FALSE;
    g_autofree guint8 *padded = g_malloc0 (preparation->contents_n);
    gsize length;
    const guint8 *data = g_bytes_get_data (cms, &length);
    memcpy (padded, data, length);
    g_autoptr (GBytes) contents =
        g_bytes_new_take (g_steal_pointer (&padded), preparation->contents_n);
    g_autoptr (TamgaPdfUpdate) update = tamga_pdf_update_new (pdf);
    g_autoptr (GString) tail = g_string_new (NULL);
    return tamga_pdf_dss_add (update, evidence, contents, preparation->signing_time, error) &&
           tamga_pdf_update_finish (update, tail, error) &&
           tamga_output_write (output, tail->str, tail->len, error);
}

static gboolean embed (TamgaPreparation *base, GBytes *signature, GBytes *timestamp,
                       const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    Preparation *preparation = (Preparation *)base;
    TamgaDocument *document = base->document;
    g_autoptr (GBytes) cms =
        tamga_cms_build (&preparation->cms, base->to_be_signed, signature, timestamp, NULL, error);
    if (cms == NULL || !fill_contents (preparation, cms, error))
        return FALSE;
    if (!tamga_output_copy (output, document, 0, tamga_document_size (document),
                            preparation->progress, preparation->progress_data, error) ||
        !tamga_output_write (output, preparation->tail->str, preparation->tail->len, error) ||
        !tamga_document_check (document, error))
        return FALSE;
    return evidence == NULL || append_evidence (preparation, cms, evidence, output, error);
}

const TamgaFormat tamga_pades_format = {
    .name = "pades",
    .title = "PAdES",
    .extension = ".pdf",
    .probe = probe,
    .read = tamga_pdf_read_signatures,
    .prepare = prepare,
    .embed = embed,
};
