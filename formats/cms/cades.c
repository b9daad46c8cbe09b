/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CAdES: the row of the format table. */
#include "formats/cms/cades.h"

#include <string.h>

#include "formats/cms/attributes.h"
#include "formats/cms/build.h"
#include "formats/cms/content.h"
#include "formats/cms/der.h"
#include "formats/cms/signer.h"
#include "formats/limits.h"
#include "formats/ossl.h"

/* ---- Reading ---- */

static void describe_detached (GPtrArray *signatures, TamgaDocument *content)
{
    for (guint i = 0; i < signatures->len; i++) {
        TamgaSignature *signature = signatures->pdata[i];
        if (signature->coverage_text != NULL)
            continue; /* a countersignature */
        signature->coverage = TAMGA_COVERS_WHOLE;
        signature->coverage_text =
            g_strdup_printf ("the whole of %s", tamga_document_name (content));
        signature->covered_bytes = tamga_document_size (content);
    }
}

/* A document given beside an attached signature must be the one inside. */
static gboolean compare_given (GPtrArray *signatures, TamgaSignedData *data, TamgaDocument *content,
                               GError **error)
{
    const TamgaDigest *digest = tamga_digest_by_name ("SHA-256");
    g_autoptr (GBytes) inside = tamga_signed_data_content_digest (data, digest, error);
    g_autoptr (GBytes) given = NULL;

    if (inside == NULL)
        return FALSE;
    given = tamga_document_digest (content, digest, NULL, 0, NULL, NULL, error);
    if (given == NULL)
        return FALSE;
    for (guint i = 0; !g_bytes_equal (inside, given) && i < signatures->len; i++) {
        tamga_signature_fail (signatures->pdata[i], TAMGA_INTEGRITY_HASH_FAILURE,
                              "%s is not the document inside the signature.",
                              tamga_document_name (content));
        tamga_signature_find (signatures->pdata[i], TAMGA_SEVERITY_FATAL, "cades-other-document",
                              "RFC 5652 5.2", "%s is not the document inside the signature.",
                              tamga_document_name (content));
    }
    return TRUE;
}

static GPtrArray *cades_read (TamgaDocument *document, const TamgaReadOptions *options,
                              GError **error)
{
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, error);
    g_autoptr (GPtrArray) signatures = NULL;
    TamgaDocument *given = tamga_read_options_content (options);
    g_auto (TamgaCmsContent) content = {0};

    if (data == NULL)
        return NULL;
    content = tamga_cms_content (data, given);
    if (!tamga_cms_content_hash (&content, data, NULL, options != NULL ? options->progress : NULL,
                                 options != NULL ? options->progress_data : NULL, error))
        return NULL;
    signatures =
        tamga_cms_read_signed_data (data, tamga_cms_content_digest, &content, "CAdES", error);
    if (signatures == NULL || !tamga_document_check (document, error))
        return NULL;
    if (!data->has_content && given != NULL)
        describe_detached (signatures, given);
    if (data->has_content && given != NULL && !compare_given (signatures, data, given, error))
        return NULL;
    return g_steal_pointer (&signatures);
}

/* ---- Signing ---- */

typedef struct {
    TamgaPreparation base;
    TamgaCmsParameters parameters; /* with references of its own */
    char *content_type, *mime_type;
    TamgaDocument *content;    /* what is signed, where it is a file of its own */
    TamgaSignedData *existing; /* a parallel signer is added to it; or NULL */
    gboolean detached;
} Preparation;

static void preparation_free (TamgaPreparation *base)
{
    Preparation *preparation = (Preparation *)base;

    X509_free (preparation->parameters.certificate);
    g_clear_pointer (&preparation->parameters.chain, g_ptr_array_unref);
    g_clear_pointer (&preparation->content, tamga_document_unref);
    g_clear_pointer (&preparation->existing, tamga_signed_data_free);
    g_free (preparation->content_type);
    g_free (preparation->mime_type);
    g_free (preparation);
}

static Preparation *preparation_new (TamgaDocument *document,
                                     const TamgaSigningParameters *parameters)
{
    Preparation *preparation = g_new0 (Preparation, 1);

    X509_up_ref (parameters->certificate);
    preparation->base = (TamgaPreparation){
        .format = &tamga_cades_format,
        .document = tamga_document_ref (document),
        .algorithm = parameters->algorithm,
        .findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free),
        .free = preparation_free,
    };
    preparation->mime_type = g_strdup (parameters->content_type);
    preparation->detached = parameters->packaging == TAMGA_PACKAGING_DETACHED;
    preparation->parameters = (TamgaCmsParameters){
        .profile = TAMGA_CMS_CADES,
        .algorithm = parameters->algorithm,
        .certificate = parameters->certificate,
        .chain = parameters->chain != NULL ? g_ptr_array_ref (parameters->chain) : NULL,
        .signing_time = parameters->signing_time,
        .mime_type = preparation->mime_type,
        .level = parameters->level,
    };
    return preparation;
}

/* archive-time-stamp-v2 and older cover the fields of SignedData as they lie: another signer's
 * certificate would break them (EN 319 122-1 annex; version 3 does not mind). */
static gboolean has_old_archive (const TamgaSignedData *data)
{
    g_autoptr (TamgaSignature) scratch = tamga_signature_new ("CMS");
    gboolean found = FALSE;

    for (guint i = 0; !found && i < data->signers->len; i++) {
        g_autoptr (GPtrArray) attributes = NULL, others = NULL;
        tamga_attributes_walk (data->signers->pdata[i], FALSE, scratch, &attributes, &others);
        for (guint j = 0; !found && j < others->len; j++)
            found = tamga_attribute_is_old_archive (others->pdata[j]);
    }
    return found;
}

/* Earlier signers must have signed the same content; what else is wrong with them is said. */
static gboolean check_earlier (Preparation *preparation, GError **error)
{
    g_auto (TamgaCmsContent) content =
        tamga_cms_content (preparation->existing, preparation->content);
    g_autoptr (GPtrArray) signatures = NULL;

    if (!tamga_cms_content_hash (&content, preparation->existing, NULL, NULL, NULL, error))
        return FALSE;
    signatures = tamga_cms_read_signed_data (preparation->existing, tamga_cms_content_digest,
                                             &content, "CAdES", error);
    if (signatures == NULL)
        return FALSE;
    for (guint i = 0; i < signatures->len; i++) {
        TamgaSignature *signature = signatures->pdata[i];
        if (preparation->detached && signature->integrity == TAMGA_INTEGRITY_HASH_FAILURE) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                         "%s is not the document that %s in %s was made for.",
                         tamga_document_name (preparation->content), signature->id,
                         tamga_document_name (preparation->base.document));
            return FALSE;
        }
        if (signature->integrity != TAMGA_INTEGRITY_INTACT)
            g_ptr_array_add (preparation->base.findings,
                             tamga_finding_new (TAMGA_SEVERITY_WARNING, "cades-earlier-not-intact",
                                                signature->id, NULL,
                                                "The earlier %s is not intact: %s", signature->id,
                                                signature->integrity_text));
    }
    return TRUE;
}

/* The document is itself a signature: one more signer for the same content. */
static gboolean open_existing (Preparation *preparation, const TamgaSigningParameters *parameters,
                               GError **error)
{
    TamgaDocument *document = preparation->base.document;
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, error);

    if (data == NULL)
        return FALSE;
    if (data->signers->len == 0)
        return TRUE; /* a bag of certificates: a document like any other */
    if (has_old_archive (data)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "%s has an archive timestamp of version 2 or older, which another signer "
                     "would break (EN 319 122-1 5.5).",
                     tamga_document_name (document));
        return FALSE;
    }
    if (data->signers->len >= TAMGA_MAX_SIGNERS) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s has %u signers already.", tamga_document_name (document),
                     data->signers->len);
        return FALSE;
    }
    preparation->detached = !data->has_content;
    preparation->content_type = g_strdup (data->content_type);
    preparation->parameters.content_type = preparation->content_type;
    preparation->existing = g_steal_pointer (&data);
    if (preparation->detached && (parameters->contents == NULL || parameters->contents->len == 0)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                     "%s is a detached signature: the document that was signed is needed to add "
                     "another signer.",
                     tamga_document_name (document));
        return FALSE;
    }
    if (preparation->detached)
        preparation->content = tamga_document_ref (parameters->contents->pdata[0]);
    return check_earlier (preparation, error);
}

static gboolean hash_for_signing (Preparation *preparation,
                                  const TamgaSigningParameters *parameters, GError **error)
{
    const TamgaDigest *digest = tamga_algorithm_digest (parameters->algorithm);
    TamgaPreparation *base = &preparation->base;

    if (preparation->content != NULL)
        base->content_digest =
            tamga_document_digest (preparation->content, digest, NULL, 0, parameters->progress,
                                   parameters->progress_data, error);
    else
        base->content_digest =
            tamga_signed_data_content_digest (preparation->existing, digest, error);
    if (base->content_digest == NULL)
        return FALSE;
    return preparation->content == NULL || tamga_document_check (preparation->content, error);
}

/* Signing something that is itself to-be-signed bytes deserves a second look (threat d). */
static gboolean check_content (Preparation *preparation, GError **error)
{
    g_autoptr (GBytes) content = NULL;

    if (preparation->content == NULL ||
        tamga_document_size (preparation->content) > TAMGA_MAX_CURIOUS_CONTENT)
        return TRUE;
    content =
        tamga_document_bytes (preparation->content, 0, tamga_document_size (preparation->content),
                              TAMGA_MAX_CURIOUS_CONTENT, error);
    if (content == NULL)
        return FALSE;
    if (tamga_attributes_look_like (content))
        g_ptr_array_add (
            preparation->base.findings,
            tamga_finding_new (TAMGA_SEVERITY_WARNING, "cms-content-is-attributes",
                               tamga_document_name (preparation->content), "RFC 5652 5.4",
                               "The document looks like signed attributes of another signature."));
    return TRUE;
}

/* What would not be in the signature although it was asked for. */
static gboolean check_parameters (const TamgaSigningParameters *parameters, GError **error)
{
    const struct {
        gboolean given;
        const char *what;
    } rows[] = {
        {parameters->visible != NULL, "an appearance on a page"},
        {parameters->field != NULL, "a signature field"},
        {parameters->certification != 0, "a certification"},
        {parameters->reason != NULL, "a reason"},
        {parameters->location != NULL, "a location"},
        {parameters->contact != NULL, "a contact"},
        {parameters->contents_size != 0, "room reserved for it"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (!rows[i].given)
            continue;
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "a CAdES signature cannot have %s: only a signature in a PDF has that",
                     rows[i].what);
        return FALSE;
    }
    return TRUE;
}

static TamgaPreparation *cades_prepare (TamgaDocument *document,
                                        const TamgaSigningParameters *parameters, GError **error)
{
    if (!check_parameters (parameters, error))
        return NULL;
    Preparation *preparation = preparation_new (document, parameters);
    g_autoptr (TamgaPreparation) base = &preparation->base;

    if (tamga_signed_data_probe (document) && !open_existing (preparation, parameters, error))
        return NULL;
    if (preparation->existing == NULL)
        preparation->content = tamga_document_ref (document);
    if (!hash_for_signing (preparation, parameters, error) || !check_content (preparation, error))
        return NULL;
    base->to_be_signed =
        tamga_cms_signed_attributes (&preparation->parameters, base->content_digest, error);
    return base->to_be_signed != NULL ? g_steal_pointer (&base) : NULL;
}

/* EncapsulatedContentInfo up to where bytes of a document follow. */
static void set_encap (TamgaCmsParts *parts, const Preparation *preparation, TamgaRange *body)
{
    g_autoptr (GBytes) type = tamga_der_oid (TAMGA_OID_DATA);
    g_autoptr (GBytes) octets = NULL, tagged = NULL, whole = NULL;
    guint64 size, tagged_size;

    *body = (TamgaRange){0, 0};
    if (preparation->existing != NULL) {
        *body = preparation->existing->encap;
        parts->encap = g_bytes_new (NULL, 0);
    } else if (preparation->detached) {
        parts->encap = tamga_der_wrap (TAMGA_DER_SEQUENCE, type);
    } else {
        g_autoptr (GByteArray) head = g_byte_array_new ();
        GBytes *pieces[4];
        size = tamga_document_size (preparation->content);
        body->length = size;
        octets = tamga_der_head_bytes (TAMGA_DER_OCTET_STRING, size);
        size += g_bytes_get_size (octets);
        tagged = tamga_der_head_bytes (TAMGA_DER_CONTEXT_CONSTRUCTED, size);
        tagged_size = size + g_bytes_get_size (tagged);
        whole = tamga_der_head_bytes (TAMGA_DER_SEQUENCE, g_bytes_get_size (type) + tagged_size);
        pieces[0] = whole, pieces[1] = type, pieces[2] = tagged, pieces[3] = octets;
        for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
            g_byte_array_append (head, g_bytes_get_data (pieces[i], NULL),
                                 (guint)g_bytes_get_size (pieces[i]));
        parts->encap = g_byte_array_free_to_bytes (g_steal_pointer (&head));
    }
    parts->body_length = body->length;
}

/* What an existing SignedData holds, each element with its own bytes. */
static void add_existing (TamgaCmsParts *parts, const TamgaSignedData *existing)
{
    const struct {
        GPtrArray *from, *to;
    } lists[] = {
        {existing->digest_algors, parts->digest_algors},
        {existing->certificates, parts->certificates},
        {existing->crls, parts->crls},
    };

    parts->version = existing->version;
    parts->data_content = strcmp (existing->content_type, TAMGA_OID_DATA) == 0;
    for (gsize i = 0; i < G_N_ELEMENTS (lists); i++) {
        for (guint j = 0; j < lists[i].from->len; j++)
            tamga_cms_parts_add (lists[i].to, lists[i].from->pdata[j]);
    }
    for (guint i = 0; i < existing->signers->len; i++)
        tamga_cms_parts_add (parts->signers, ((TamgaSignerInfo *)existing->signers->pdata[i])->der);
}

static gboolean write_parts (const Preparation *preparation, const TamgaCmsParts *parts,
                             const TamgaRange *body, TamgaOutput *output, GError **error)
{
    TamgaDocument *source =
        preparation->existing != NULL ? preparation->base.document : preparation->content;
    g_autoptr (GBytes) head = NULL, tail = NULL;

    tamga_cms_parts_frame (parts, &head, &tail);
    /* What is written must be readable again. */
    if (g_bytes_get_size (tail) > TAMGA_MAX_DER_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "Certificates and revocation data for %s have %" G_GSIZE_FORMAT
                     " MiB, more than the %u MiB that a signature may carry.",
                     tamga_document_name (preparation->base.document),
                     g_bytes_get_size (tail) / (1024 * 1024), TAMGA_MAX_DER_SIZE / (1024 * 1024));
        return FALSE;
    }
    return tamga_output_write_bytes (output, head, error) &&
           (body->length == 0 ||
            tamga_output_copy (output, source, body->offset, body->length, NULL, NULL, error)) &&
           tamga_output_write_bytes (output, tail, error);
}

static gboolean cades_embed (TamgaPreparation *base, GBytes *signature, GBytes *timestamp,
                             const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    Preparation *preparation = (Preparation *)base;
    g_autoptr (TamgaCmsParts) parts = tamga_cms_parts_new ();
    TamgaRange body;
    GBytes *signer = tamga_cms_signer_info (&preparation->parameters, base->to_be_signed, signature,
                                            timestamp, error);

    if (signer == NULL)
        return FALSE;
    g_ptr_array_add (parts->signers, signer);
    if (preparation->existing != NULL)
        add_existing (parts, preparation->existing);
    tamga_cms_parts_collect (parts, &preparation->parameters, evidence);
    set_encap (parts, preparation, &body);
    /* Looked at last: what was hashed and what was copied is one file. */
    return write_parts (preparation, parts, &body, output, error) &&
           tamga_document_check (base->document, error) &&
           (preparation->content == NULL || tamga_document_check (preparation->content, error));
}

const TamgaFormat tamga_cades_format = {
    .name = "cades",
    .title = "CAdES",
    .extension = ".p7m",
    .detached_extension = ".p7s",
    .probe = tamga_signed_data_probe,
    .read = cades_read,
    .prepare = cades_prepare,
    .embed = cades_embed,
};
