/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PAdES signing: one update with the signature, a second one with its evidence. */
#include "formats/pdf/pades.h"

#include <string.h>

#include "formats/cms/build.h"
#include "formats/limits.h"
#include "formats/ossl.h"
#include "formats/pdf/dss.h"
#include "formats/pdf/extend.h"
#include "formats/pdf/field.h"
#include "formats/pdf/inspect.h"
#include "formats/pdf/originals.h"
#include "formats/pdf/signature.h"
#include "formats/pdf/slot.h"

typedef struct {
    TamgaPreparation base;
    TamgaCmsParameters cms;
    X509 *certificate;
    GPtrArray *chain;
    gint64 signing_time;
    GBytes *password; /* or NULL */
    TamgaPdfSlot slot;
    TamgaProgress progress;
    gpointer progress_data;
} Preparation;

static void preparation_free (TamgaPreparation *base)
{
    Preparation *preparation = (Preparation *)base;
    g_clear_pointer (&preparation->certificate, X509_free);
    g_clear_pointer (&preparation->chain, g_ptr_array_unref);
    g_clear_pointer (&preparation->password, g_bytes_unref);
    tamga_pdf_slot_clear (&preparation->slot);
    g_free (preparation);
}

static gboolean probe (TamgaDocument *document)
{
    char buffer[1024];
    gsize length = (gsize)MIN (tamga_document_size (document), sizeof buffer);
    return tamga_document_read (document, 0, buffer, length, NULL) &&
           memmem (buffer, length, "%PDF-", 5) != NULL;
}

/* The place of the claims as one line, for /Location; NULL: none. */
static char *place_text (const TamgaClaims *claims)
{
    if (claims == NULL)
        return NULL;
    const char *const parts[] = {claims->locality, claims->province, claims->postal_code,
                                 claims->country};
    GString *out = g_string_new (NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
        if (parts[i] != NULL && parts[i][0] != '\0')
            g_string_append_printf (out, "%s%s", out->len > 0 ? ", " : "", parts[i]);
    }
    return g_string_free (out, out->len == 0);
}

static void set_text (TamgaPdfArena *arena, TamgaPdfObject *dict, const char *key,
                      const char *value)
{
    if (value != NULL && value[0] != '\0')
        tamga_pdf_dict_set (arena, dict, key, tamga_pdf_new_text (arena, value));
}

/* The entries of the signature dictionary (table 252; EN 319 142-1 6.3). */
static TamgaPdfObject *signature_entries (TamgaPdfArena *arena,
                                          const TamgaSigningParameters *parameters,
                                          TamgaPdfObject *references)
{
    g_autofree char *date = tamga_pdf_date (parameters->signing_time);
    TamgaPdfObject *dict = tamga_pdf_new_parsed (
        arena, "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached >>");
    set_text (arena, dict, "M", date);
    set_text (arena, dict, "Name", parameters->name);
    set_text (arena, dict, "Reason", parameters->reason);
    g_autofree char *place = place_text (parameters->claims);
    set_text (arena, dict, "Location", place != NULL ? place : parameters->location);
    set_text (arena, dict, "ContactInfo", parameters->contact);
    if (references != tamga_pdf_null)
        tamga_pdf_dict_set (arena, dict, "Reference", references);
    return dict;
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
    gsize room = parameters->contents_size;
    if (room == 0)
        room = tamga_cms_estimate_size (&preparation->cms) +
               (parameters->content_stamper != NULL ? TAMGA_CMS_TOKEN_ROOM : 0);
    TamgaPdfObject *entries = signature_entries (pdf->arena, parameters, references);
    return tamga_pdf_slot_finish (&preparation->slot, update, signature, entries, room, error);
}

static gboolean parameter_error (GError **error, const char *text)
{
    g_set_error_literal (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, text);
    return FALSE;
}

/* What PAdES leaves out of CAdES, or says elsewhere (EN 319 142-1 6.3, table 1). */
static gboolean check_claims (const TamgaSigningParameters *parameters, GError **error)
{
    const TamgaClaims *claims = parameters->claims;
    if (parameters->countersigned != NULL)
        return parameter_error (error, "signatures in a PDF are not countersigned; sign the "
                                       "document once more (EN 319 142-1 6.3)");
    if (parameters->documents != NULL && parameters->documents->len > 0)
        return parameter_error (error, "a PDF signature covers its own document only");
    if (claims == NULL)
        return TRUE;
    if (claims->commitments != NULL && claims->commitments[0] != NULL &&
        parameters->reason != NULL && parameters->reason[0] != '\0')
        return parameter_error (error, "a reason and a commitment type exclude each other in a PDF "
                                       "signature (EN 319 142-1 6.3)");
    g_autofree char *place = place_text (claims);
    if (place != NULL && parameters->location != NULL && parameters->location[0] != '\0')
        return parameter_error (error, "a PDF signature has one location: the place of signing is "
                                       "given twice (EN 319 142-1 6.3)");
    return TRUE;
}

static gboolean check_parameters (const TamgaSigningParameters *parameters, GError **error)
{
    if (!check_claims (parameters, error))
        return FALSE;
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

/* The signed attributes; with a time-stamp over what the signature covers, where one is wanted
 * (content-time-stamp, EN 319 122-1 5.2.8). */
static gboolean make_attributes (Preparation *preparation, const TamgaSigningParameters *parameters,
                                 GError **error)
{
    TamgaPreparation *base = &preparation->base;
    const TamgaStamper *stamper = parameters->content_stamper;
    g_autoptr (GBytes) token = NULL;
    if (stamper != NULL) {
        g_autoptr (GBytes) imprint =
            tamga_pdf_slot_digest (&preparation->slot, base->document, stamper->digest,
                                   parameters->progress, parameters->progress_data, error);
        token = imprint != NULL ? stamper->stamp (stamper, imprint, error) : NULL;
        if (token == NULL)
            return FALSE;
    }
    preparation->cms.content_timestamp = token;
    base->to_be_signed =
        tamga_cms_signed_attributes (&preparation->cms, base->content_digest, error);
    /* Both are the caller's or go now, and the attributes have them. */
    preparation->cms.content_timestamp = NULL;
    preparation->cms.claims = NULL;
    return base->to_be_signed != NULL;
}

static TamgaPreparation *prepare (TamgaDocument *document, const TamgaSigningParameters *parameters,
                                  GError **error)
{
    if (!check_parameters (parameters, error))
        return NULL;
    g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, parameters->password, error);
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
    preparation->password =
        parameters->password != NULL ? g_bytes_ref (parameters->password) : NULL;
    preparation->progress = parameters->progress;
    preparation->progress_data = parameters->progress_data;
    preparation->cms = (TamgaCmsParameters){.profile = TAMGA_CMS_PADES,
                                            .algorithm = parameters->algorithm,
                                            .certificate = preparation->certificate,
                                            .chain = preparation->chain,
                                            .signing_time = parameters->signing_time,
                                            .level = parameters->level,
                                            .claims = parameters->claims};
    if (!tamga_pdf_inspect (pdf, base->findings, error) ||
        !make_tail (preparation, pdf, parameters, error))
        return NULL;
    base->content_digest = tamga_pdf_slot_digest (
        &preparation->slot, document, tamga_algorithm_digest (parameters->algorithm),
        parameters->progress, parameters->progress_data, error);
    if (base->content_digest == NULL)
        return NULL;
    return make_attributes (preparation, parameters, error) ? g_steal_pointer (&base) : NULL;
}

/* The second update: evidence, over the file as it stands in the output. */
static gboolean append_evidence (Preparation *preparation, GBytes *cms,
                                 const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_output_document (output, error);
    g_autoptr (TamgaPdf) pdf =
        document != NULL ? tamga_pdf_open (document, preparation->password, error) : NULL;
    if (pdf == NULL)
        return FALSE;
    g_autofree guint8 *padded = g_malloc0 (preparation->slot.room);
    gsize length;
    const guint8 *data = g_bytes_get_data (cms, &length);
    memcpy (padded, data, length);
    g_autoptr (GBytes) contents =
        g_bytes_new_take (g_steal_pointer (&padded), preparation->slot.room);
    g_autoptr (TamgaPdfUpdate) update = tamga_pdf_update_new (pdf);
    g_autoptr (GString) tail = g_string_new (NULL);
    const TamgaPdfDssEntry entry = {evidence, contents};
    return tamga_pdf_dss_add (update, &entry, 1, preparation->signing_time, error) &&
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
    if (cms == NULL || !tamga_pdf_slot_fill (&preparation->slot, cms, error))
        return FALSE;
    if (!tamga_output_copy (output, document, 0, tamga_document_size (document),
                            preparation->progress, preparation->progress_data, error) ||
        !tamga_output_write (output, preparation->slot.tail->str, preparation->slot.tail->len,
                             error) ||
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
    .extend = tamga_pdf_extend,
    .timestamp = tamga_pdf_timestamp,
    .originals = tamga_pdf_originals,
};
