/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From signature dictionaries to the neutral picture. */
#include "formats/pdf/signature.h"

#include <string.h>

#include "formats/cms/signer.h"
#include "formats/cms/token.h"
#include "formats/limits.h"
#include "formats/ossl.h"
#include "formats/pdf/dss.h"
#include "formats/pdf/peer.h"
#include "formats/pdf/revisions.h"

/* Pages that are compared with the second reader: enough to tell that both follow the same
 * cross-reference sections. */
#define MAX_COMPARED_PAGES 1000u

typedef struct {
    TamgaPdf *pdf;
    const TamgaReadOptions *options;
    GPtrArray *found;      /* TamgaPdfFound */
    GPtrArray *signatures; /* TamgaSignature, the result */
    GPtrArray *owners;     /* TamgaPdfFound of each signature */
} Reading;

typedef struct {
    Reading *reading;
    const TamgaPdfFound *found;
} Covered;

static GBytes *covered_digest (const TamgaDigest *digest, gpointer data, GError **error)
{
    const Covered *covered = data;
    const TamgaReadOptions *options = covered->reading->options;
    return tamga_document_digest (covered->reading->pdf->document, digest, covered->found->ranges,
                                  2, options != NULL ? options->progress : NULL,
                                  options != NULL ? options->progress_data : NULL, error);
}

static const char *format_name (const TamgaPdfFound *found)
{
    return found->kind == TAMGA_PDF_PKCS7 || found->kind == TAMGA_PDF_X509 ? "PDF-PKCS7" : "PAdES";
}

static TamgaSignature *failed_signature (const TamgaPdfFound *found, TamgaIntegrity integrity,
                                         const char *text)
{
    TamgaSignature *signature = tamga_signature_new (format_name (found));
    tamga_signature_fail (signature, integrity, "%s", text);
    if (signature->algorithm_text == NULL)
        signature->algorithm_text = g_strdup ("unknown");
    return signature;
}

static void add_array (GPtrArray *target, GPtrArray *source, gpointer (*copy) (gpointer))
{
    for (guint i = 0; source != NULL && i < source->len; i++)
        g_ptr_array_add (target, copy (source->pdata[i]));
}

static gpointer copy_certificate (gpointer certificate)
{
    X509_up_ref (certificate);
    return certificate;
}

static gpointer copy_bytes (gpointer bytes)
{
    return g_bytes_ref (bytes);
}

static TamgaTimestamp *document_timestamp (GBytes *der, GBytes *digest, const char *id)
{
    TamgaTimestamp *timestamp = g_new0 (TamgaTimestamp, 1);
    timestamp->kind = TAMGA_TIMESTAMP_DOCUMENT;
    timestamp->id = g_strdup (id);
    timestamp->token = g_bytes_ref (der);
    timestamp->covered_digest = digest != NULL ? g_bytes_ref (digest) : NULL;
    return timestamp;
}

/* A DocTimeStamp: its token covers the ranges directly (EN 319 142-1 5.4.3). */
static TamgaSignature *read_timestamp (Reading *reading, const TamgaPdfFound *found, GError **error)
{
    g_autoptr (GError) reason = NULL;
    g_autoptr (TamgaToken) token = tamga_token_parse (found->der, &reason);
    if (token == NULL)
        return failed_signature (found, TAMGA_INTEGRITY_FORMAT_FAILURE, reason->message);
    g_autoptr (TamgaSignature) signature = tamga_signature_new ("PAdES");
    Covered covered = {reading, found};
    g_autoptr (GBytes) digest = NULL;
    if (token->digest != NULL) {
        digest = covered_digest (token->digest, &covered, error);
        if (digest == NULL)
            return NULL;
    }
    g_clear_pointer (&signature->algorithm_text, g_free);
    signature->algorithm = token->signature->algorithm;
    signature->algorithm_text = g_strdup (
        token->signature->algorithm_text != NULL ? token->signature->algorithm_text : "unknown");
    signature->message_digest = token->digest;
    signature->content_digest = digest != NULL ? g_bytes_ref (digest) : NULL;
    signature->binding = token->signature->binding;
    add_array (signature->certificates, token->signature->certificates, copy_certificate);
    add_array (signature->crls, token->signature->crls, copy_bytes);
    add_array (signature->ocsps, token->signature->ocsps, copy_bytes);
    g_ptr_array_add (signature->timestamps, document_timestamp (found->der, digest, "timestamp 1"));
    if (token->digest == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "the digest algorithm %s of the time-stamp is unknown",
                              token->digest_oid);
    else if (!tamga_token_covers_digest (token, digest))
        tamga_signature_fail (signature, TAMGA_INTEGRITY_HASH_FAILURE,
                              "the document time-stamp covers other bytes than those of the file "
                              "(RFC 3161 2.4.2)");
    else if (token->signature->integrity != TAMGA_INTEGRITY_INTACT)
        tamga_signature_fail (signature, token->signature->integrity, "the time-stamp token: %s",
                              token->signature->integrity_text);
    return g_steal_pointer (&signature);
}

static gboolean add_signature (Reading *reading, TamgaPdfFound *found, TamgaSignature *signature)
{
    signature->is_document_timestamp = found->kind == TAMGA_PDF_TIMESTAMP;
    g_ptr_array_add (reading->signatures, signature);
    g_ptr_array_add (reading->owners, found);
    return TRUE;
}

/* All signatures of one dictionary; a file error is an error, a broken signature is not. */
static gboolean read_one (Reading *reading, TamgaPdfFound *found, GError **error)
{
    if (found->failure != NULL)
        return add_signature (
            reading, found,
            failed_signature (found, TAMGA_INTEGRITY_FORMAT_FAILURE, found->failure));
    if (found->kind == TAMGA_PDF_X509)
        return add_signature (
            reading, found,
            failed_signature (found, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "the signature is of the old form adbe.x509.rsa_sha1, which is not "
                              "supported (ISO 32000-1 12.8.3.2)"));
    if (found->kind == TAMGA_PDF_TIMESTAMP) {
        TamgaSignature *signature = read_timestamp (reading, found, error);
        return signature != NULL && add_signature (reading, found, signature);
    }
    g_autoptr (GError) reason = NULL;
    Covered covered = {reading, found};
    g_autoptr (GPtrArray) list =
        tamga_cms_read_signers (found->der, covered_digest, &covered, format_name (found), &reason);
    if (list == NULL && reason->domain == TAMGA_DOCUMENT_ERROR) {
        g_propagate_error (error, g_steal_pointer (&reason));
        return FALSE;
    }
    if (list == NULL)
        return add_signature (
            reading, found,
            failed_signature (found, TAMGA_INTEGRITY_FORMAT_FAILURE, reason->message));
    gsize n = 0;
    g_autofree gpointer *items = g_ptr_array_steal (list, &n);
    for (gsize i = 0; i < n; i++)
        add_signature (reading, found, items[i]);
    return TRUE;
}

static void take_text (char **target, TamgaPdfObject *value)
{
    char *text = tamga_pdf_text (value);
    if (text == NULL)
        return;
    g_free (*target);
    *target = text;
}

/* What the dictionary says besides the CMS. */
static void describe (Reading *reading, TamgaSignature *signature, const TamgaPdfFound *found)
{
    TamgaPdf *pdf = reading->pdf;
    const TamgaPdfRevision *view =
        tamga_pdf_revision (pdf, found->revision != 0 ? found->revision : found->last);
    g_free (signature->name);
    signature->name = g_strdup (found->field);
    signature->packaging = "enveloped";
    take_text (&signature->reason, tamga_pdf_get (view, found->dict, "Reason"));
    take_text (&signature->location, tamga_pdf_get (view, found->dict, "Location"));
    take_text (&signature->contact, tamga_pdf_get (view, found->dict, "ContactInfo"));
    take_text (&signature->signer_name, tamga_pdf_get (view, found->dict, "Name"));
    signature->certification = tamga_pdf_docmdp (view, found->dict);
    g_autofree char *date = tamga_pdf_text (tamga_pdf_get (view, found->dict, "M"));
    gint64 time = date != NULL ? tamga_pdf_date_parse (date) : G_MININT64;
    if (time != G_MININT64 &&
        (signature->claimed_time == G_MININT64 || found->kind == TAMGA_PDF_CADES)) {
        signature->claimed_time = time;
        g_free (signature->claimed_time_source);
        signature->claimed_time_source = g_strdup ("PDF /M");
    }
    signature->revision = found->revision;
    signature->revisions = pdf->revisions->len;
    signature->covered_bytes =
        found->failure == NULL ? found->ranges[0].length + found->ranges[1].length : 0;
}

static void describe_coverage (Reading *reading, TamgaSignature *signature,
                               const TamgaPdfFound *found)
{
    TamgaPdf *pdf = reading->pdf;
    g_free (signature->coverage_text);
    if (found->revision == 0 || found->failure != NULL) {
        signature->coverage = TAMGA_COVERS_NOTHING_KNOWN;
        signature->coverage_text = g_strdup ("what it covers could not be established");
    } else if (found->revision == pdf->revisions->len && pdf->tail == 0) {
        signature->coverage = TAMGA_COVERS_WHOLE;
        signature->coverage_text = g_strdup ("the whole document");
    } else {
        signature->coverage = TAMGA_COVERS_REVISION;
        signature->coverage_text =
            g_strdup_printf ("revision %u of %u", found->revision, pdf->revisions->len);
    }
}

/* DocMDP that holds for changes after a signature: the strictest of the certifications up to it,
 * and of the locks of the fields that were signed; 0 without one. */
static int permission_after (Reading *reading, const TamgaPdfFound *found)
{
    int permission = 0;
    for (guint i = 0; i < reading->found->len; i++) {
        const TamgaPdfFound *other = reading->found->pdata[i];
        if (other->revision == 0 || other->revision > found->revision)
            continue;
        const TamgaPdfRevision *view = tamga_pdf_revision (reading->pdf, other->revision);
        TamgaPdfObject *field = tamga_pdf_load (view, other->field_number, other->field_generation);
        const int limits[] = {tamga_pdf_docmdp (view, other->dict),
                              tamga_pdf_lock_permission (view, field)};
        for (gsize k = 0; k < G_N_ELEMENTS (limits); k++) {
            if (limits[k] != 0 && (permission == 0 || limits[k] < permission))
                permission = limits[k];
        }
    }
    return permission;
}

/* One certification, and it is the first signature (12.8.2.2.1). */
static void check_certifications (Reading *reading)
{
    const TamgaPdfFound *first = NULL;
    for (guint i = 0; i < reading->signatures->len; i++) {
        TamgaSignature *signature = reading->signatures->pdata[i];
        const TamgaPdfFound *found = reading->owners->pdata[i];
        if (signature->certification != 0 && first != NULL && first != found)
            tamga_signature_find (signature, TAMGA_SEVERITY_FATAL, "pdf-late-certification",
                                  "ISO 32000-1 12.8.2.2",
                                  "the signature certifies the document, but another signature "
                                  "came before it");
        if (first == NULL && !signature->is_document_timestamp)
            first = found;
    }
}

static void add_tail_change (Reading *reading, GPtrArray *changes)
{
    TamgaPdf *pdf = reading->pdf;
    if (pdf->tail == 0)
        return;
    g_autofree char *text = g_strdup_printf (
        "%" G_GUINT64_FORMAT " bytes follow the last revision; some viewers would read them",
        pdf->tail);
    g_ptr_array_add (changes, tamga_change_new (pdf->revisions->len + 1, FALSE, "unexplained",
                                                "end of the file", text));
}

static void add_changes (Reading *reading)
{
    TamgaPdf *pdf = reading->pdf;
    guint first = pdf->revisions->len + 1;
    g_autoptr (GHashTable) intact = g_hash_table_new (NULL, NULL);
    for (guint i = 0; i < reading->signatures->len; i++) {
        const TamgaSignature *signature = reading->signatures->pdata[i];
        TamgaPdfFound *found = reading->owners->pdata[i];
        if (found->revision != 0 && found->failure == NULL)
            first = MIN (first, found->revision + 1);
        if (signature->integrity == TAMGA_INTEGRITY_INTACT ||
            signature->integrity == TAMGA_INTEGRITY_NOT_VERIFIABLE)
            g_hash_table_add (intact, found->dict);
    }
    g_autoptr (TamgaPdfHistory) history = tamga_pdf_history_new (pdf, first, intact);
    for (guint i = 0; i < reading->signatures->len; i++) {
        TamgaSignature *signature = reading->signatures->pdata[i];
        const TamgaPdfFound *found = reading->owners->pdata[i];
        if (found->revision == 0 || found->failure != NULL)
            continue;
        g_autoptr (GPtrArray) changes = tamga_pdf_history_changes (
            history, found->revision, permission_after (reading, found), found->dict);
        add_tail_change (reading, changes);
        gsize n = 0;
        g_autofree gpointer *items = g_ptr_array_steal (changes, &n);
        for (gsize k = 0; k < n; k++) {
            const TamgaChange *change = items[k];
            if (change->permitted && strcmp (change->rule, "over-text") == 0)
                tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "pdf-drawn-over",
                                      "threats: sneaky signature", "%s", change->text);
            g_ptr_array_add (signature->changes, items[k]);
        }
    }
}

/* Evidence of the store goes to every signature: /VRI is a hint only. */
static void add_evidence (Reading *reading)
{
    g_autoptr (TamgaEvidence) evidence = tamga_pdf_dss_read (tamga_pdf_latest (reading->pdf));
    for (guint i = 0; i < reading->signatures->len; i++) {
        TamgaSignature *signature = reading->signatures->pdata[i];
        add_array (signature->certificates, evidence->certificates, copy_certificate);
        add_array (signature->crls, evidence->crls, copy_bytes);
        add_array (signature->ocsps, evidence->ocsps, copy_bytes);
        if (signature->crls->len + signature->ocsps->len > 0)
            signature->has_evidence = TRUE;
    }
}

/* A later document time-stamp proves that earlier signatures existed. */
static void add_later_timestamps (Reading *reading)
{
    for (guint i = 0; i < reading->signatures->len; i++) {
        const TamgaSignature *stamp = reading->signatures->pdata[i];
        const TamgaPdfFound *owner = reading->owners->pdata[i];
        if (!stamp->is_document_timestamp || stamp->timestamps->len == 0 || owner->failure != NULL)
            continue;
        for (guint k = 0; k < reading->signatures->len; k++) {
            TamgaSignature *signature = reading->signatures->pdata[k];
            const TamgaPdfFound *found = reading->owners->pdata[k];
            if (found->revision == 0 || found->revision >= owner->revision ||
                signature->timestamps->len >= TAMGA_MAX_TIMESTAMPS)
                continue;
            g_autofree char *id = g_strdup_printf ("timestamp %u", signature->timestamps->len + 1);
            g_ptr_array_add (signature->timestamps,
                             document_timestamp (owner->der, stamp->content_digest, id));
        }
    }
}

/* Do both readers see the same pages? */
static gboolean same_pages (TamgaPdf *pdf, TamgaPdfPeer *peer)
{
    g_autoptr (GPtrArray) pages =
        tamga_pdf_pages (tamga_pdf_latest (pdf), MAX_COMPARED_PAGES, NULL);
    for (guint i = 0; pages != NULL && i < pages->len; i++) {
        const TamgaPdfPage *page = pages->pdata[i];
        if (!tamga_pdf_peer_same (peer, page->number, page->generation))
            return FALSE;
    }
    return pages != NULL;
}

/* Where qpdf sees something else, no verdict is safe. */
static void compare_readers (Reading *reading)
{
    TamgaPdf *pdf = reading->pdf;
    g_autoptr (GError) reason = NULL;
    g_autoptr (TamgaPdfPeer) peer = tamga_pdf_peer_open (pdf, &reason);
    gboolean pages = peer != NULL && same_pages (pdf, peer);
    for (guint i = 0; i < reading->found->len; i++) {
        TamgaPdfFound *found = reading->found->pdata[i];
        if (found->failure != NULL)
            continue;
        if (peer == NULL)
            found->failure =
                g_strdup_printf ("a second reading of the file fails: %s", reason->message);
        else if (!pages)
            found->failure = g_strdup ("two readings of the file see different pages");
        else if (found->last == pdf->revisions->len &&
                 ((found->number != 0 &&
                   !tamga_pdf_peer_same (peer, found->number, found->generation)) ||
                  (found->field_number != 0 &&
                   !tamga_pdf_peer_same (peer, found->field_number, found->field_generation))))
            found->failure = g_strdup ("two readings of the file see different signature "
                                       "dictionaries");
    }
}

static void number_signatures (GPtrArray *signatures)
{
    for (guint i = 0; i < signatures->len; i++) {
        TamgaSignature *signature = signatures->pdata[i];
        g_free (signature->id);
        signature->id = g_strdup_printf ("signature %u", i + 1);
    }
}

static gboolean read_all (Reading *reading, GError **error)
{
    TamgaPdf *pdf = reading->pdf;
    compare_readers (reading);
    for (guint i = 0; i < reading->found->len; i++) {
        if (!read_one (reading, reading->found->pdata[i], error))
            return FALSE;
    }
    number_signatures (reading->signatures);
    for (guint i = 0; i < reading->signatures->len; i++) {
        describe (reading, reading->signatures->pdata[i], reading->owners->pdata[i]);
        describe_coverage (reading, reading->signatures->pdata[i], reading->owners->pdata[i]);
        const TamgaPdfFound *found = reading->owners->pdata[i];
        if (pdf->error != NULL && pdf->error_revision <= found->revision)
            tamga_signature_fail (reading->signatures->pdata[i], TAMGA_INTEGRITY_FORMAT_FAILURE,
                                  "%s", pdf->error->message);
    }
    for (guint i = 0; pdf->hybrid && i < reading->signatures->len; i++)
        tamga_signature_find (reading->signatures->pdata[i], TAMGA_SEVERITY_WARNING, "pdf-hybrid",
                              "ISO 32000-1 7.5.8.4",
                              "the file is a hybrid: old viewers see other objects in it than new "
                              "ones");
    check_certifications (reading);
    add_changes (reading);
    add_evidence (reading);
    add_later_timestamps (reading);
    return tamga_document_check (pdf->document, error);
}

GPtrArray *tamga_pdf_read (TamgaPdf *pdf, const TamgaReadOptions *options, GPtrArray **found,
                           GPtrArray **owners, GError **error)
{
    *owners = NULL;
    *found = tamga_pdf_find_signatures (pdf);
    if ((*found)->len == 0) {
        if (!tamga_pdf_failed (pdf, error))
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE,
                         "%s is not signed", tamga_document_name (pdf->document));
        return NULL;
    }
    g_autoptr (GPtrArray) signatures =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    *owners = g_ptr_array_new ();
    Reading reading = {.pdf = pdf,
                       .options = options,
                       .found = *found,
                       .signatures = signatures,
                       .owners = *owners};
    return read_all (&reading, error) ? g_steal_pointer (&signatures) : NULL;
}

GPtrArray *tamga_pdf_read_signatures (TamgaDocument *document, const TamgaReadOptions *options,
                                      GError **error)
{
    g_autoptr (TamgaPdf) pdf = tamga_pdf_open (document, tamga_pdf_password (options), error);
    if (pdf == NULL)
        return NULL;
    g_autoptr (GPtrArray) found = NULL;
    g_autoptr (GPtrArray) owners = NULL;
    return tamga_pdf_read (pdf, options, &found, &owners, error);
}

GBytes *tamga_pdf_password (const TamgaReadOptions *options)
{
    return options != NULL ? options->password : NULL;
}
