/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making of JAdES signatures. */
#include "formats/jose/sign.h"

#include <string.h>

#include "formats/jose/base64.h"
#include "formats/jose/components.h"
#include "formats/jose/edit.h"
#include "formats/jose/jades.h"
#include "formats/jose/make_header.h"
#include "formats/jose/read.h"
#include "formats/limits.h"
#include "formats/ossl.h"

typedef struct {
    TamgaPreparation base;
    TamgaJws *existing;  /* what is signed is one: a signer is added, or one countersigns */
    guint countersigned; /* index of the signature in it */
    gboolean is_countersignature;
    TamgaJoseSerialization form;
    TamgaJoseContent *content;
    char *payload; /* as it will lie; NULL: none */
    char *protected_text;
    GPtrArray *certificates; /* X509: in the header */
} Preparation;

static void preparation_free (TamgaPreparation *base)
{
    Preparation *preparation = (Preparation *)base;

    tamga_jws_free (preparation->existing);
    tamga_jose_content_free (preparation->content);
    g_clear_pointer (&preparation->certificates, g_ptr_array_unref);
    g_free (preparation->payload);
    g_free (preparation->protected_text);
    g_free (preparation);
}

static Preparation *preparation_new (TamgaDocument *document,
                                     const TamgaSigningParameters *parameters)
{
    Preparation *preparation = g_new0 (Preparation, 1);

    preparation->base = (TamgaPreparation){
        .format = &tamga_jades_format,
        .document = tamga_document_ref (document),
        .algorithm = parameters->algorithm,
        .findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free),
        .free = preparation_free,
    };
    preparation->form = parameters->jose;
    preparation->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    X509_up_ref (parameters->certificate);
    g_ptr_array_add (preparation->certificates, parameters->certificate);
    for (guint i = 0; parameters->chain != NULL && i < parameters->chain->len; i++) {
        X509_up_ref (parameters->chain->pdata[i]);
        g_ptr_array_add (preparation->certificates, parameters->chain->pdata[i]);
    }
    return preparation;
}

/* What would not be in the signature although it was asked for. */
static gboolean check_parameters (const TamgaSigningParameters *parameters, GError **error)
{
    gboolean detached = parameters->packaging == TAMGA_PACKAGING_DETACHED;
    gboolean several = parameters->documents != NULL && parameters->documents->len > 0;
    const struct {
        gboolean given;
        const char *what;
    } rows[] = {
        {parameters->packaging == TAMGA_PACKAGING_ENVELOPED, "a place inside of what it signs"},
        {several && !detached, "more than one document inside of it: sign them detached"},
        {parameters->jose == TAMGA_JOSE_COMPACT && parameters->level > TAMGA_LEVEL_B,
         "a level above B in the compact form (TS 119 182-1 5.3.1)"},
    };

    if (!tamga_format_check_no_pdf (parameters, "A JAdES signature", error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (rows[i].given)
            return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                                        "a JAdES signature cannot have %s", rows[i].what);
    }
    if (!tamga_jose_fits_curve (parameters->algorithm, X509_get0_pubkey (parameters->certificate)))
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_ALGORITHM,
            "%s is not for keys of this curve in JSON signatures (RFC 7518 3.4).",
            parameters->algorithm->name);
    return TRUE;
}

/* ---- What is signed ---- */

static gboolean set_detached (Preparation *preparation, GPtrArray *documents, gboolean encoded,
                              GError **error)
{
    g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

    for (guint i = 0; i < documents->len; i++) {
        const char *name = tamga_jose_last_part (tamga_document_name (documents->pdata[i]));
        if (!g_hash_table_add (names, (gpointer)name))
            return tamga_format_refuse (
                error, TAMGA_FORMAT_ERROR_PARAMETER,
                "Two documents have the name %s: detached documents are told apart by "
                "their names.",
                name);
    }
    if (documents->len > TAMGA_MAX_REFERENCES)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_LIMIT, "More than %u documents.",
                                    TAMGA_MAX_REFERENCES);
    preparation->content = tamga_jose_content_new (TAMGA_JOSE_BY_URI_HASH, encoded, documents);
    return TRUE;
}

static gboolean set_attached (Preparation *preparation, GError **error)
{
    TamgaDocument *document = preparation->base.document;
    guint64 size = tamga_document_size (document);
    g_autoptr (GPtrArray) documents = tamga_document_list (document);
    g_autoptr (GBytes) bytes = NULL;

    if (size == 0)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_PARAMETER,
            "%s is empty: with an empty payload the signature would be a detached one.",
            tamga_document_name (document));
    if (size > TAMGA_MAX_JSON_SIZE / 2)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_LIMIT,
            "%s has more than the %u MiB that go into a JSON signature: sign it "
            "detached.",
            tamga_document_name (document), TAMGA_MAX_JSON_SIZE / 2 / (1024 * 1024));
    bytes = tamga_document_bytes (document, 0, size, TAMGA_MAX_JSON_SIZE / 2, error);
    if (bytes == NULL)
        return FALSE;
    preparation->payload = tamga_base64url_encode_bytes (bytes);
    preparation->content = tamga_jose_content_new (TAMGA_JOSE_ATTACHED, TRUE, documents);
    return TRUE;
}

static gboolean set_new (Preparation *preparation, const TamgaSigningParameters *parameters,
                         GError **error)
{
    TamgaDocument *document = preparation->base.document;
    g_autoptr (GPtrArray) documents = NULL;

    if (parameters->packaging != TAMGA_PACKAGING_DETACHED)
        return set_attached (preparation, error);
    documents = tamga_document_list (document);
    for (guint i = 0; parameters->documents != NULL && i < parameters->documents->len; i++)
        g_ptr_array_add (documents, tamga_document_ref (parameters->documents->pdata[i]));
    return set_detached (preparation, documents, TRUE, error);
}

/* RFC 7797 3: b64 is the same for all signatures of a JWS. */
static gboolean existing_encoded (const TamgaJws *jws)
{
    const TamgaJwsSignature *first = jws->signatures->pdata[0];

    return !json_is_false (json_object_get (first->protected_header, "b64"));
}

static gboolean set_existing_attached (Preparation *preparation, GError **error)
{
    const TamgaJws *jws = preparation->existing;
    gboolean encoded = existing_encoded (jws);
    g_autoptr (GBytes) bytes = encoded
                                   ? tamga_base64url_decode (jws->payload, strlen (jws->payload))
                                   : g_bytes_new (jws->payload, strlen (jws->payload));
    g_autoptr (TamgaDocument) payload = NULL;
    g_autoptr (GPtrArray) documents = NULL;

    if (bytes == NULL)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_MALFORMED,
                                    "The payload of %s is not base64url (RFC 7515 2).",
                                    tamga_document_name (preparation->base.document));
    payload = tamga_document_new ("The payload", bytes);
    documents = tamga_document_list (payload);
    preparation->content = tamga_jose_content_new (TAMGA_JOSE_ATTACHED, encoded, documents);
    return TRUE;
}

/* Earlier signers must have signed the same; what else is wrong with them is said. */
static gboolean check_earlier (Preparation *preparation, GPtrArray *signatures, GError **error)
{
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        const char *name = tamga_document_name (preparation->base.document);
        if (signature->integrity == TAMGA_INTEGRITY_HASH_FAILURE &&
            signature->countersigned == NULL && !preparation->is_countersignature)
            return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                                        "What was given is not what %s in %s was made for.",
                                        signature->id, name);
        if (signature->integrity != TAMGA_INTEGRITY_INTACT &&
            signature->integrity != TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND)
            g_ptr_array_add (preparation->base.findings,
                             tamga_finding_new (TAMGA_SEVERITY_WARNING, "jades-earlier-not-intact",
                                                signature->id, NULL,
                                                "The earlier %s is not intact: %s", signature->id,
                                                signature->integrity_text));
    }
    return TRUE;
}

static gboolean set_countersigned (Preparation *preparation,
                                   const TamgaSigningParameters *parameters, GPtrArray *signatures,
                                   GError **error)
{
    const TamgaJws *jws = preparation->existing;
    g_autoptr (TamgaDocument) value = NULL;
    g_autoptr (GPtrArray) documents = NULL;

    for (guint i = 0; i < jws->signatures->len; i++) {
        const TamgaJwsSignature *one = jws->signatures->pdata[i];
        g_autofree char *id = g_strdup_printf ("signature %u", i + 1);
        if (strcmp (id, parameters->countersigned) != 0)
            continue;
        if (one->broken != NULL)
            return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                                        "%s cannot be countersigned: %s", id, one->broken);
        preparation->countersigned = i;
        value = tamga_document_new ("The signature value", one->value);
        documents = tamga_document_list (value);
        preparation->content = tamga_jose_content_new (TAMGA_JOSE_DETACHED, TRUE, documents);
        return TRUE;
    }
    for (guint i = 0; i < signatures->len; i++) {
        if (strcmp (((TamgaSignature *)signatures->pdata[i])->id, parameters->countersigned) == 0)
            return tamga_format_refuse (
                error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                "The %s cannot be countersigned: it lies encoded inside of another "
                "signature.",
                parameters->countersigned);
    }
    return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER, "%s has no %s.",
                                tamga_document_name (preparation->base.document),
                                parameters->countersigned);
}

static gboolean set_existing (Preparation *preparation, const TamgaSigningParameters *parameters,
                              GError **error)
{
    TamgaDocument *document = preparation->base.document;
    const TamgaReadOptions options = {.contents = parameters->contents};
    g_autoptr (GPtrArray) signatures = NULL;
    const TamgaJws *jws;

    jws = preparation->existing = tamga_jws_open (document, error);
    signatures = jws != NULL ? tamga_jose_read (jws, &options, error) : NULL;
    if (signatures == NULL || !check_earlier (preparation, signatures, error))
        return FALSE;
    if (preparation->is_countersignature)
        return set_countersigned (preparation, parameters, signatures, error);
    if (jws->signatures->len >= TAMGA_MAX_SIGNERS)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_LIMIT,
                                    "%s has %u signatures already.", tamga_document_name (document),
                                    jws->signatures->len);
    if (jws->payload != NULL && jws->payload[0] != '\0')
        return set_existing_attached (preparation, error);
    if (parameters->contents == NULL || parameters->contents->len == 0)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_NO_CONTENT,
            "%s is a detached signature: the document that was signed is needed to add "
            "another signer.",
            tamga_document_name (document));
    return set_detached (preparation, parameters->contents, existing_encoded (jws), error);
}

TamgaPreparation *tamga_jose_prepare (TamgaDocument *document,
                                      const TamgaSigningParameters *parameters, GError **error)
{
    Preparation *preparation;
    g_autoptr (TamgaPreparation) base = NULL;
    g_autofree char *header = NULL;
    gboolean exists = tamga_jws_probe (document);

    if (!check_parameters (parameters, error))
        return NULL;
    preparation = preparation_new (document, parameters);
    base = &preparation->base;
    preparation->is_countersignature = parameters->countersigned != NULL;
    if (preparation->is_countersignature && !exists) {
        tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                             "%s holds no signature to countersign.",
                             tamga_document_name (document));
        return NULL;
    }
    if (!(exists ? set_existing (preparation, parameters, error)
                 : set_new (preparation, parameters, error)))
        return NULL;
    base->content_digest = tamga_document_digest (
        preparation->content->documents->pdata[0], tamga_algorithm_digest (parameters->algorithm),
        NULL, 0, parameters->progress, parameters->progress_data, error);
    header = base->content_digest != NULL
                 ? tamga_jose_make_header (parameters, preparation->content, error)
                 : NULL;
    if (header == NULL)
        return NULL;
    preparation->protected_text = tamga_base64url_encode (header, strlen (header));
    base->to_be_signed =
        tamga_jose_content_input (preparation->content, preparation->protected_text, error);
    return base->to_be_signed != NULL ? g_steal_pointer (&base) : NULL;
}

/* ---- Writing ---- */

GBytes *tamga_jose_timestamped (TamgaPreparation *preparation, GBytes *signature, GError **error)
{
    char *text = tamga_base64url_encode_bytes (signature);

    (void)preparation, (void)error;
    return g_bytes_new_take (text, strlen (text));
}

/* Members of the signature's object. */
static char *make_members (const Preparation *preparation, const char *value, GBytes *timestamp,
                           const TamgaEvidence *evidence)
{
    g_autoptr (GPtrArray) components = tamga_jose_component_list ();
    g_autoptr (GString) text = g_string_new (NULL);

    if (timestamp != NULL)
        g_ptr_array_add (components,
                         tamga_jose_component ("sigTst", tamga_jose_tokens (timestamp)));
    if (evidence != NULL)
        tamga_jose_add_evidence (components, evidence, preparation->certificates, NULL, NULL,
                                 FALSE);
    g_string_printf (text, "\"protected\":\"%s\"", preparation->protected_text);
    for (guint i = 0; i < components->len; i++) {
        g_autofree char *element = tamga_jose_element (components->pdata[i], FALSE);
        g_string_append_printf (text, "%s%s", i == 0 ? ",\"header\":{\"etsiU\":[" : ",", element);
    }
    g_string_append_printf (text, "%s,\"signature\":\"%s\"", components->len > 0 ? "]}" : "",
                            value);
    return g_string_free (g_steal_pointer (&text), FALSE);
}

static GBytes *write_countersignature (const Preparation *preparation, const char *members,
                                       GError **error)
{
    const TamgaJwsSignature *one =
        preparation->existing->signatures->pdata[preparation->countersigned];
    const json_t *there = json_object_get (one->header, "etsiU");
    gboolean clear = json_is_object (json_array_get (there, 0));
    g_autofree char *object = g_strdup_printf ("{%s}", members);
    g_autoptr (json_t) component = tamga_jose_component ("cSig", json_loads (object, 0, NULL));
    g_autoptr (GPtrArray) elements = g_ptr_array_new_with_free_func (g_free);

    g_ptr_array_add (elements, tamga_jose_element (component, clear));
    return tamga_jws_add_components (preparation->existing, preparation->countersigned, elements,
                                     error);
}

static GBytes *write_new (const Preparation *preparation, const char *members, const char *value)
{
    const char *payload = preparation->payload != NULL ? preparation->payload : "";
    g_autofree char *named = preparation->payload != NULL
                                 ? g_strdup_printf ("\"payload\":\"%s\",", payload)
                                 : g_strdup ("");
    char *text;

    if (preparation->form == TAMGA_JOSE_COMPACT)
        text = g_strdup_printf ("%s.%s.%s", preparation->protected_text, payload, value);
    else if (preparation->form == TAMGA_JOSE_GENERAL)
        text = g_strdup_printf ("{%s\"signatures\":[{%s}]}", named, members);
    else
        text = g_strdup_printf ("{%s%s}", named, members);
    return g_bytes_new_take (text, strlen (text));
}

gboolean tamga_jose_embed (TamgaPreparation *base, GBytes *signature, GBytes *timestamp,
                           const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    Preparation *preparation = (Preparation *)base;
    g_autofree char *value = tamga_base64url_encode_bytes (signature);
    g_autofree char *members = make_members (preparation, value, timestamp, evidence);
    g_autoptr (GBytes) text = NULL;

    if (preparation->is_countersignature)
        text = write_countersignature (preparation, members, error);
    else if (preparation->existing != NULL)
        text = tamga_jws_add_signature (preparation->existing, members, error);
    else
        text = write_new (preparation, members, value);
    if (text == NULL)
        return FALSE;
    /* What is written must be readable again. */
    if (g_bytes_get_size (text) > TAMGA_MAX_JSON_SIZE)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_LIMIT, "The signature of %s would have more than %u MiB.",
            tamga_document_name (base->document), TAMGA_MAX_JSON_SIZE / (1024 * 1024));
    if (!tamga_output_write_bytes (output, text, error))
        return FALSE;
    /* Looked at last: what was hashed is what is there. */
    for (guint i = 0; i < preparation->content->documents->len; i++) {
        if (!tamga_document_check (preparation->content->documents->pdata[i], error))
            return FALSE;
    }
    return tamga_document_check (base->document, error);
}
