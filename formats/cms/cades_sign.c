/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in CAdES. */
#include "formats/cms/cades_sign.h"

#include <string.h>

#include "formats/cms/attributes.h"
#include "formats/cms/build.h"
#include "formats/cms/cades.h"
#include "formats/cms/content.h"
#include "formats/cms/der.h"
#include "formats/cms/rewrite.h"
#include "formats/cms/signer.h"
#include "formats/limits.h"

#define OID_COUNTERSIGNATURE "1.2.840.113549.1.9.6"

typedef struct {
    TamgaPreparation base;
    TamgaCmsParameters parameters; /* with references of its own */
    char *content_type, *mime_type;
    TamgaDocument *content;    /* what is signed, where it is a file of its own */
    TamgaSignedData *existing; /* a signer or a countersignature is added to it; or NULL */
    GPtrArray *nodes;          /* TamgaSignerNode of `existing` */
    TamgaSignerNode *target;   /* the one that is countersigned; NULL: none */
    GBytes *content_timestamp;
    gboolean detached;
} Preparation;

static void preparation_free (TamgaPreparation *base)
{
    Preparation *preparation = (Preparation *)base;

    X509_free (preparation->parameters.certificate);
    g_clear_pointer (&preparation->parameters.chain, g_ptr_array_unref);
    g_clear_pointer (&preparation->content, tamga_document_unref);
    g_clear_pointer (&preparation->nodes, g_ptr_array_unref);
    g_clear_pointer (&preparation->existing, tamga_signed_data_free);
    g_clear_pointer (&preparation->content_timestamp, g_bytes_unref);
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
        if (preparation->detached && signature->integrity == TAMGA_INTEGRITY_HASH_FAILURE &&
            signature->countersigned == NULL) {
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

/* The signature that is countersigned, and whether it can be. */
static gboolean find_target (Preparation *preparation, const char *id, GError **error)
{
    const char *name = tamga_document_name (preparation->base.document);
    const char *frozen;

    preparation->target = tamga_signer_nodes_find (preparation->nodes, id);
    if (preparation->target == NULL)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                                    "%s has no signature called \"%s\".", name, id);
    if (preparation->target->depth >= TAMGA_MAX_COUNTERSIGNATURE_DEPTH)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_LIMIT,
                                    "More than %u countersignatures cannot stand on each other.",
                                    TAMGA_MAX_COUNTERSIGNATURE_DEPTH);
    if (preparation->target->list->len >= TAMGA_MAX_ATTRIBUTES)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_LIMIT,
                                    "%s in %s has %u unsigned attributes.", id, name,
                                    preparation->target->list->len);
    frozen = tamga_signer_node_frozen (preparation->target, FALSE);
    if (frozen != NULL)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
            "%s in %s cannot be countersigned: there is %s (EN 319 122-1 5.5).", id, name, frozen);
    preparation->parameters.countersignature = TRUE;
    return TRUE;
}

/* archive-time-stamp-v2 and older cover the fields of SignedData as they lie: another signer's
 * certificate would break them (EN 319 122-1 annex; version 3 does not mind). */
static gboolean check_room (const Preparation *preparation, GError **error)
{
    const char *name = tamga_document_name (preparation->base.document);

    if (tamga_signed_data_frozen (preparation->nodes))
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
            "%s has an archive timestamp of version 2 or older, which another signer "
            "would break (EN 319 122-1 5.5).",
            name);
    if (tamga_signed_data_recorded (preparation->nodes))
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
            "%s has an evidence record, which another signer would break (RFC 4998).", name);
    if (preparation->nodes->len >= TAMGA_MAX_SIGNERS)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_LIMIT, "%s has %u signers already.",
                                    name, preparation->nodes->len);
    return TRUE;
}

/* The document is itself a signature: one more signer for the same content. */
static gboolean open_existing (Preparation *preparation, const TamgaSigningParameters *parameters,
                               GError **error)
{
    TamgaDocument *document = preparation->base.document;
    gboolean given = parameters->contents != NULL && parameters->contents->len > 0;
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, error);

    if (data == NULL)
        return FALSE;
    if (data->signers->len == 0)
        return TRUE; /* a bag of certificates: a document like any other */
    preparation->nodes = tamga_signer_nodes (data, error);
    preparation->existing = g_steal_pointer (&data);
    if (preparation->nodes == NULL || !check_room (preparation, error))
        return FALSE;
    preparation->detached = !preparation->existing->has_content;
    preparation->content_type = g_strdup (preparation->existing->content_type);
    preparation->parameters.content_type = preparation->content_type;
    if (parameters->countersigned != NULL &&
        !find_target (preparation, parameters->countersigned, error))
        return FALSE;
    if (preparation->detached && !given && preparation->target == NULL)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_NO_CONTENT,
            "%s is a detached signature: the document that was signed is needed to add "
            "another signer.",
            tamga_document_name (document));
    if (preparation->detached && given)
        preparation->content = tamga_document_ref (parameters->contents->pdata[0]);
    return check_earlier (preparation, error);
}

/* Digest of what this signature is about: a signature value, or the content. */
static GBytes *digest_of_signed (const Preparation *preparation, const TamgaDigest *digest,
                                 const TamgaSigningParameters *parameters, GError **error)
{
    GBytes *given = parameters->content_digest;
    if (given != NULL && digest != tamga_algorithm_digest (parameters->algorithm)) {
        tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                             "Of the content only a digest is here: one by %s, for a content "
                             "timestamp, cannot be made.",
                             digest->name);
        return NULL;
    }
    if (given != NULL && g_bytes_get_size (given) != digest->size) {
        tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                             "The given digest has %" G_GSIZE_FORMAT " bytes; one of %s has %u.",
                             g_bytes_get_size (given), digest->name, (guint)digest->size);
        return NULL;
    }
    if (given != NULL)
        return g_bytes_ref (given);
    if (preparation->target != NULL)
        return tamga_digest_bytes (digest, preparation->target->info->signature);
    if (preparation->content != NULL)
        return tamga_document_digest (preparation->content, digest, NULL, 0, parameters->progress,
                                      parameters->progress_data, error);
    return tamga_signed_data_content_digest (preparation->existing, digest, error);
}

/* content-time-stamp over the octets of the content (EN 319 122-1 5.2.8). */
static gboolean stamp_content (Preparation *preparation, const TamgaSigningParameters *parameters,
                               GError **error)
{
    const TamgaStamper *stamper = parameters->content_stamper;
    const TamgaDigest *own = tamga_algorithm_digest (parameters->algorithm);
    g_autoptr (GBytes) imprint = NULL;

    if (stamper == NULL)
        return TRUE;
    imprint = stamper->digest == own
                  ? g_bytes_ref (preparation->base.content_digest)
                  : digest_of_signed (preparation, stamper->digest, parameters, error);
    if (imprint == NULL)
        return FALSE;
    preparation->content_timestamp = stamper->stamp (stamper, imprint, error);
    preparation->parameters.content_timestamp = preparation->content_timestamp;
    return preparation->content_timestamp != NULL;
}

static gboolean hash_for_signing (Preparation *preparation,
                                  const TamgaSigningParameters *parameters, GError **error)
{
    TamgaPreparation *base = &preparation->base;

    base->content_digest = digest_of_signed (
        preparation, tamga_algorithm_digest (parameters->algorithm), parameters, error);
    return base->content_digest != NULL && stamp_content (preparation, parameters, error) &&
           (preparation->content == NULL || tamga_document_check (preparation->content, error));
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

TamgaPreparation *tamga_cades_prepare (TamgaDocument *document,
                                       const TamgaSigningParameters *parameters, GError **error)
{
    if (!tamga_format_check_no_pdf (parameters, "A CAdES signature", error))
        return NULL;
    Preparation *preparation = preparation_new (document, parameters);
    g_autoptr (TamgaPreparation) base = &preparation->base;

    if (parameters->content_digest != NULL && !preparation->detached) {
        tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                             "A signature over a digest is detached: its content is not here.");
        return NULL;
    }
    if (parameters->content_digest == NULL && tamga_signed_data_probe (document) &&
        !open_existing (preparation, parameters, error))
        return NULL;
    if (preparation->existing == NULL && parameters->countersigned != NULL) {
        tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                             "%s is not a CMS signature: there is nothing in it to countersign.",
                             tamga_document_name (document));
        return NULL;
    }
    if (preparation->existing == NULL)
        preparation->content = tamga_document_ref (document);
    if (!hash_for_signing (preparation, parameters, error) || !check_content (preparation, error))
        return NULL;
    preparation->parameters.claims = parameters->claims;
    base->to_be_signed =
        tamga_cms_signed_attributes (&preparation->parameters, base->content_digest, error);
    preparation->parameters.claims = NULL; /* borrowed until here */
    return base->to_be_signed != NULL ? g_steal_pointer (&base) : NULL;
}

/* EncapsulatedContentInfo up to where bytes of a document follow. */
static void set_encap (TamgaCmsParts *parts, const Preparation *preparation, TamgaRange *body)
{
    g_autoptr (GBytes) type = tamga_der_oid (TAMGA_OID_DATA);
    g_autoptr (GBytes) octets = NULL, tagged = NULL, whole = NULL;
    guint64 size, tagged_size;

    *body = (TamgaRange){0, 0};
    if (preparation->detached) {
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

/* Into an existing SignedData: beside its signers, or below the one that is countersigned. */
static gboolean embed_existing (Preparation *preparation, GBytes *signer,
                                const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    g_autoptr (TamgaCmsParts) parts = tamga_cms_parts_from (preparation->existing);

    tamga_cms_parts_collect (parts, &preparation->parameters, evidence);
    if (preparation->target != NULL)
        tamga_signer_node_add (preparation->target, OID_COUNTERSIGNATURE, signer);
    else
        parts->new_signer = g_bytes_ref (signer);
    return tamga_cms_rewrite (preparation->existing, parts, preparation->nodes, output, error);
}

static gboolean embed_new (Preparation *preparation, GBytes *signer, const TamgaEvidence *evidence,
                           TamgaOutput *output, GError **error)
{
    g_autoptr (TamgaCmsParts) parts = tamga_cms_parts_new ();
    TamgaRange body;

    g_ptr_array_add (parts->signers, g_bytes_ref (signer));
    tamga_cms_parts_collect (parts, &preparation->parameters, evidence);
    set_encap (parts, preparation, &body);
    return tamga_cms_parts_write (parts, preparation->content, &body, output, error);
}

gboolean tamga_cades_embed (TamgaPreparation *base, GBytes *signature, GBytes *timestamp,
                            const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    Preparation *preparation = (Preparation *)base;
    g_autoptr (GBytes) signer = tamga_cms_signer_info (&preparation->parameters, base->to_be_signed,
                                                       signature, timestamp, error);

    if (signer == NULL)
        return FALSE;
    /* Looked at last: what was hashed and what was copied is one file. */
    return (preparation->existing != NULL
                ? embed_existing (preparation, signer, evidence, output, error)
                : embed_new (preparation, signer, evidence, output, error)) &&
           tamga_document_check (base->document, error) &&
           (preparation->content == NULL || tamga_document_check (preparation->content, error));
}
