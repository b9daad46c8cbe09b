/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making one signature: a draft of the file is parsed, what its references name is hashed in that
 * tree, and the canonical SignedInfo of it is what the key signs. */
#include <libxml/xmlstring.h>
#include <string.h>

#include "formats/limits.h"
#include "formats/ossl.h"
#include "formats/xml/imprint.h"
#include "formats/xml/make.h"
#include "formats/xml/xades.h"

#define COUNTERSIGNED_TYPE "http://uri.etsi.org/01903#CountersignedSignature"
#define DEFAULT_C14N "exc-c14n"
#define PLAIN_C14N "c14n"
#define PLAIN_REFERENCE_C14N "c14n#WithComments"

typedef struct {
    TamgaPreparation base;
    TamgaXmlTarget target;
    TamgaXmlPlan *plan;
    TamgaXmlText text;
    X509 *certificate;
    TamgaXml *draft;
    xmlNode *value; /* ds:SignatureValue in `draft` */
} Preparation;

static void preparation_free (TamgaPreparation *base)
{
    Preparation *preparation = (Preparation *)base;

    tamga_xml_target_clear (&preparation->target);
    tamga_xml_plan_free (preparation->plan);
    if (preparation->text.text != NULL)
        g_string_free (preparation->text.text, TRUE);
    X509_free (preparation->certificate);
    tamga_xml_free (preparation->draft);
    g_free (preparation);
}

static Preparation *preparation_new (const TamgaFormat *format, TamgaDocument *document,
                                     const TamgaSigningParameters *parameters)
{
    Preparation *preparation = g_new0 (Preparation, 1);

    X509_up_ref (parameters->certificate);
    preparation->certificate = parameters->certificate;
    preparation->base = (TamgaPreparation){
        .format = format,
        .document = document != NULL ? tamga_document_ref (document) : NULL,
        .algorithm = parameters->algorithm,
        .findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free),
        .free = preparation_free,
    };
    return preparation;
}

/* ---- Parameters ---- */

static gboolean check_parameters (const TamgaSigningParameters *parameters, gboolean plain,
                                  GError **error)
{
    const TamgaClaims *claims = parameters->claims;
    g_autofree char *time = tamga_time_rfc3339 (parameters->signing_time);
    const struct {
        gboolean given;
        const char *what;
    } rows[] = {
        {plain && claims != NULL, "claims of its signer: only XAdES has them"},
        {plain && parameters->level > TAMGA_LEVEL_B, "timestamps: only XAdES has them"},
        {plain && parameters->content_stamper != NULL, "timestamps: only XAdES has them"},
        {plain && parameters->countersigned != NULL, "countersignatures: only XAdES has them"},
        {parameters->content_type != NULL && !tamga_xml_writer_takes (parameters->content_type),
         "a content type with control characters"},
    };

    if (!tamga_format_check_no_pdf (parameters,
                                    plain ? "An XMLDSig signature" : "A XAdES signature", error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (!rows[i].given)
            continue;
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "%s signature cannot have %s.", plain ? "An XMLDSig" : "A XAdES",
                     rows[i].what);
        return FALSE;
    }
    if (time == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "The signing time is in no calendar.");
        return FALSE;
    }
    if (parameters->algorithm->xml_uri == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                     "%s has no identifier in XML signatures (XMLDSig 4.4.2).",
                     parameters->algorithm->name);
        return FALSE;
    }
    return claims == NULL || tamga_xades_check_claims (claims, error);
}

static gboolean choose_c14n (TamgaXmlPlan *plan, const TamgaXmlParameters *xml, GError **error)
{
    gboolean parts = xml->parent != NULL || xml->elements != NULL;
    const char *fallback = plan->plain && !parts ? PLAIN_C14N : DEFAULT_C14N;
    const char *reference = plan->plain ? PLAIN_REFERENCE_C14N : DEFAULT_C14N;

    plan->c14n = tamga_c14n_by_name (xml->c14n != NULL ? xml->c14n : fallback);
    plan->reference_c14n = tamga_c14n_by_name (xml->c14n != NULL ? xml->c14n : reference);
    if (plan->c14n != NULL && plan->reference_c14n != NULL)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "The canonicalization %s is not known: there are c14n, c14n11 and exc-c14n, each "
                 "also with #WithComments, and their URIs.",
                 xml->c14n);
    return FALSE;
}

/* An id that no earlier signature has: from who signs, when, and what. The same signature made
 * again is the same file. */
static char *make_id (TamgaDocument *document, GPtrArray *objects,
                      const TamgaSigningParameters *parameters, GError **error)
{
    const TamgaDigest *digest = tamga_digest_by_name ("SHA-256");
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, parameters->certificate), value = NULL;
    g_autoptr (GByteArray) seed = g_byte_array_new ();
    g_autoptr (GBytes) seed_bytes = NULL, hash = NULL;
    g_autofree char *hex = NULL;

    g_byte_array_append (seed, g_bytes_get_data (der, NULL), (guint)g_bytes_get_size (der));
    g_byte_array_append (seed, (const guint8 *)&parameters->signing_time,
                         sizeof (parameters->signing_time));
    if (document != NULL) {
        value = tamga_document_digest (document, digest, NULL, 0, NULL, NULL, error);
        if (value == NULL)
            return NULL;
        g_byte_array_append (seed, g_bytes_get_data (value, NULL), (guint)digest->size);
    }
    for (guint i = 0; objects != NULL && i < objects->len; i++) {
        const TamgaXmlObject *object = objects->pdata[i];
        g_byte_array_append (seed, (const guint8 *)object->uri, (guint)strlen (object->uri));
        g_byte_array_append (seed, g_bytes_get_data (object->digest, NULL),
                             (guint)g_bytes_get_size (object->digest));
    }
    seed_bytes = g_byte_array_free_to_bytes (g_steal_pointer (&seed));
    hash = tamga_digest_bytes (digest, seed_bytes);
    hex = tamga_text_hex (g_bytes_get_data (hash, NULL), 16);
    return g_strconcat ("id-", hex, NULL);
}

static gboolean start_plan (Preparation *preparation, gboolean plain, GPtrArray *objects,
                            const TamgaSigningParameters *parameters, GError **error)
{
    TamgaXmlPlan *plan = preparation->plan = tamga_xml_plan_new ();

    plan->plain = plain;
    plan->layout = parameters->xml.layout;
    plan->algorithm = parameters->algorithm;
    if (plain)
        return choose_c14n (plan, &parameters->xml, error);
    plan->id = make_id (preparation->base.document, objects, parameters, error);
    return plan->id != NULL && choose_c14n (plan, &parameters->xml, error);
}

/* ---- The draft ---- */

/* What goes into the slot of the file: the signature in which `value` stands (ds:SignatureValue)
 * and `others` (unsigned properties, or NULL), with what is around it. */
static GString *slot_text (const Preparation *preparation, GBytes *value, GString *others)
{
    const TamgaXmlPlan *plan = preparation->plan;
    const TamgaXmlText *text = &preparation->text;
    TamgaXmlWriter *writer = tamga_xml_writer_new_inside (plan->layout);
    g_autofree char *id = tamga_xml_plan_id (plan, "value");
    g_autoptr (GString) all = g_string_new (preparation->target.head);
    g_autoptr (GString) leaf = NULL;

    tamga_xml_writer_base64 (writer, TAMGA_XML_BLOCK, "ds:SignatureValue", value, "Id", id, NULL);
    leaf = tamga_xml_writer_finish (writer);
    g_string_append_len (all, text->text->str, (gssize)text->value_at);
    g_string_append_len (all, leaf->str, (gssize)leaf->len);
    if (others != NULL) {
        g_string_append_len (all, text->text->str + text->value_at,
                             (gssize)(text->unsigned_at - text->value_at));
        g_string_append_len (all, others->str, (gssize)others->len);
        g_string_append (all, text->text->str + text->unsigned_at);
    } else {
        g_string_append (all, text->text->str + text->value_at);
    }
    if (preparation->target.tail != NULL)
        g_string_append (all, preparation->target.tail);
    return g_steal_pointer (&all);
}

/* The file with that. */
static GBytes *fill_in (const Preparation *preparation, GBytes *value, GString *others)
{
    const TamgaXmlTarget *target = &preparation->target;
    g_autoptr (GString) all = slot_text (preparation, value, others);

    return tamga_xml_slot_fill (target->basis, &target->slot, all->str, all->len);
}

/* The new signature in the tree of the file that it was put into. */
static xmlNode *find_signature (const Preparation *preparation, const TamgaXml *xml)
{
    const TamgaXmlTarget *target = &preparation->target;
    xmlNode *node = xmlDocGetRootElement (xml->doc);

    if (target->inside) {
        node = tamga_xml_nth (xml, target->order);
        for (guint i = 0; i <= target->depth; i++)
            node = xmlLastElementChild (node);
    }
    g_assert (tamga_xml_is (node, TAMGA_NS_DSIG, "Signature"));
    return node;
}

static gboolean check_size (gsize size, GError **error)
{
    if (size <= TAMGA_MAX_XML_SIZE)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                 "The signed document would have %" G_GSIZE_FORMAT
                 " bytes, more than the %u that an XML file may have.",
                 size, TAMGA_MAX_XML_SIZE);
    return FALSE;
}

/* The tree of the file grows by the signature: parsing all of it once more would take as long as
 * everything else together. */
static gboolean grow_draft (Preparation *preparation, GBytes *value, GError **error)
{
    TamgaXmlTarget *target = &preparation->target;
    g_autoptr (GString) all = slot_text (preparation, value, NULL);

    if (!check_size (g_bytes_get_size (target->basis) + all->len, error))
        return FALSE;
    preparation->draft = g_steal_pointer (&target->xml);
    return tamga_xml_append (preparation->draft, g_steal_pointer (&target->parent), all->str,
                             all->len, error);
}

static gboolean parse_draft (Preparation *preparation, GBytes *value, GError **error)
{
    g_autoptr (GBytes) bytes = fill_in (preparation, value, NULL);

    g_clear_pointer (&preparation->draft, tamga_xml_free);
    preparation->draft = tamga_xml_parse_bytes ("the file with its new signature", bytes, error);
    return preparation->draft != NULL;
}

/* Text and tree of the file with a value that stands in for the real one: as many zeros as that
 * can have at most. `grow`: the tree of the target is not needed any more, and becomes it. */
static xmlNode *make_draft (Preparation *preparation, const TamgaSigningParameters *parameters,
                            gboolean grow, GError **error)
{
    EVP_PKEY *key = X509_get0_pubkey (parameters->certificate);
    gsize size = key != NULL ? (gsize)EVP_PKEY_get_size (key) : 1;
    g_autoptr (GBytes) zeros = g_bytes_new_take (g_malloc0 (size), size);
    xmlNode *signature;

    if (preparation->text.text != NULL)
        g_string_free (preparation->text.text, TRUE);
    preparation->text = tamga_xml_plan_text (preparation->plan, parameters);
    if (!(grow ? grow_draft : parse_draft) (preparation, zeros, error))
        return NULL;
    signature = find_signature (preparation, preparation->draft);
    preparation->value = tamga_xml_child (signature, TAMGA_NS_DSIG, "SignatureValue");
    return signature;
}

static GPtrArray *referenced_documents (const TamgaXmlPlan *plan)
{
    GPtrArray *documents = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);

    for (guint i = 0; i < plan->references->len; i++) {
        const TamgaXmlReference *reference = plan->references->pdata[i];
        if (reference->document != NULL)
            g_ptr_array_add (documents, tamga_document_ref (reference->document));
    }
    return documents;
}

/* AllDataObjectsTimeStamp: its input is in the draft, itself is part of what is signed. */
static gboolean stamp_content (Preparation *preparation, xmlNode *signature,
                               const TamgaStamper *stamper, GError **error)
{
    TamgaXmlPlan *plan = preparation->plan;
    g_autoptr (GPtrArray) documents = referenced_documents (plan);
    TamgaXmlResolver resolver = tamga_xml_resolver_documents (documents, NULL);
    g_autoptr (GBytes) imprint =
        tamga_xades_imprint (preparation->draft, signature, NULL, TAMGA_TIMESTAMP_CONTENT,
                             plan->c14n, &resolver, stamper->digest, error);

    if (imprint == NULL)
        return FALSE;
    plan->content_token = stamper->stamp (stamper, imprint, error);
    return plan->content_token != NULL;
}

static gboolean check_earlier (Preparation *preparation, const TamgaSigningParameters *parameters,
                               GError **error)
{
    TamgaXmlResolver resolver = tamga_xml_resolver_documents (parameters->contents, NULL);

    return preparation->target.xml == NULL ||
           tamga_xades_check_earlier (preparation->target.xml, preparation->draft, &resolver,
                                      preparation->base.findings, error);
}

/* Earlier signatures are compared between the tree of the file before it gets the new one, and
 * after. Without any the first of the two can become the second: `grow`. */
static gboolean find_earlier (TamgaXmlTarget *target, gboolean *grow, GError **error)
{
    g_autoptr (GPtrArray) earlier = NULL;

    *grow = FALSE;
    if (target->xml == NULL)
        return TRUE;
    earlier = tamga_xml_find (target->xml, TAMGA_NS_DSIG, "Signature", TAMGA_MAX_SIGNERS, error);
    *grow = earlier != NULL && earlier->len == 0;
    return earlier != NULL;
}

/* Everything after what is signed and where the signature goes has been decided. */
static gboolean finish (Preparation *preparation, const TamgaSigningParameters *parameters,
                        GError **error)
{
    TamgaXmlPlan *plan = preparation->plan;
    xmlNode *signature, *info;
    gboolean grow;

    if (!find_earlier (&preparation->target, &grow, error))
        return FALSE;
    signature = make_draft (preparation, parameters, grow, error);
    if (signature != NULL && parameters->content_stamper != NULL)
        signature = stamp_content (preparation, signature, parameters->content_stamper, error)
                        ? make_draft (preparation, parameters, FALSE, error)
                        : NULL;
    if (signature == NULL || !check_earlier (preparation, parameters, error) ||
        !tamga_xml_plan_hash (plan, preparation->draft, signature, error))
        return FALSE;
    info = tamga_xml_child (signature, TAMGA_NS_DSIG, "SignedInfo");
    preparation->base.to_be_signed =
        tamga_c14n_bytes (preparation->draft, info, NULL, plan->c14n, NULL, error);
    if (preparation->base.to_be_signed == NULL)
        return FALSE;
    g_string_free (preparation->text.text, TRUE);
    preparation->text = tamga_xml_plan_text (plan, parameters);
    return TRUE;
}

static gboolean hash_document (Preparation *preparation, const TamgaSigningParameters *parameters,
                               GError **error)
{
    const TamgaXmlReference *first = preparation->plan->references->pdata[0];

    if (first->document == preparation->base.document && first->document != NULL)
        preparation->base.content_digest = g_bytes_ref (first->digest);
    else
        preparation->base.content_digest = tamga_document_digest (
            preparation->base.document, tamga_algorithm_digest (parameters->algorithm), NULL, 0,
            parameters->progress, parameters->progress_data, error);
    return preparation->base.content_digest != NULL;
}

/* ---- Countersignatures ---- */

/* One signature, over the value of another, as the last of its unsigned properties (EN 319 132-1
 * 5.2.7.2). */
static gboolean target_countersignature (Preparation *preparation,
                                         const TamgaSigningParameters *parameters, GError **error)
{
    TamgaXmlTarget *target = &preparation->target;
    TamgaXmlResolver resolver = tamga_xml_resolver_documents (parameters->contents, NULL);
    xmlNode *signature, *value;
    g_autofree char *id = NULL, *uri = NULL;
    TamgaXmlReference *reference;

    target->xml = tamga_xml_parse (preparation->base.document, error);
    if (target->xml == NULL)
        return FALSE;
    target->basis = g_bytes_ref (target->xml->bytes);
    signature =
        tamga_xades_find_signature (target->xml, &resolver, parameters->countersigned, error);
    if (signature == NULL || !tamga_xades_unsigned_target (target, signature, error))
        return FALSE;
    value = tamga_xml_child (signature, TAMGA_NS_DSIG, "SignatureValue");
    id = value != NULL ? tamga_xml_own_id (target->xml, value) : NULL;
    if (id == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "The value of %s has no Id, so that no countersignature can name it (EN 319 "
                     "132-1 5.2.7.2).",
                     parameters->countersigned);
        return FALSE;
    }
    tamga_xml_target_wrap (target, "xades:CounterSignature", TAMGA_NS_XADES);
    uri = g_strconcat ("#", id, NULL);
    reference = tamga_xml_plan_add (preparation->plan, uri);
    reference->type = COUNTERSIGNED_TYPE;
    reference->c14n = preparation->plan->reference_c14n;
    return TRUE;
}
/* ---- Rows ---- */

static TamgaPreparation *prepare (const TamgaFormat *format, TamgaDocument *document,
                                  const TamgaSigningParameters *parameters, GError **error)
{
    gboolean plain = format == &tamga_xmldsig_format;
    Preparation *preparation = preparation_new (format, document, parameters);
    g_autoptr (TamgaPreparation) base = &preparation->base;
    gboolean chosen;

    if (!check_parameters (parameters, plain, error) ||
        !start_plan (preparation, plain, NULL, parameters, error))
        return NULL;
    chosen = parameters->countersigned != NULL
                 ? target_countersignature (preparation, parameters, error)
                 : tamga_xml_target_document (preparation->plan, &preparation->target, document,
                                              parameters, error);
    return chosen && finish (preparation, parameters, error) &&
                   hash_document (preparation, parameters, error) &&
                   tamga_document_check (document, error)
               ? g_steal_pointer (&base)
               : NULL;
}

TamgaPreparation *tamga_xades_prepare (TamgaDocument *document,
                                       const TamgaSigningParameters *parameters, GError **error)
{
    return prepare (&tamga_xades_format, document, parameters, error);
}

TamgaPreparation *tamga_xmldsig_prepare (TamgaDocument *document,
                                         const TamgaSigningParameters *parameters, GError **error)
{
    return prepare (&tamga_xmldsig_format, document, parameters, error);
}

/* The objects in the order of their references, for the journal: one digest over all of theirs. */
static GBytes *digest_of_objects (GPtrArray *objects, const TamgaDigest *digest)
{
    g_autoptr (GByteArray) all = g_byte_array_new ();
    g_autoptr (GBytes) bytes = NULL;

    if (objects->len == 1)
        return g_bytes_ref (((TamgaXmlObject *)objects->pdata[0])->digest);
    for (guint i = 0; i < objects->len; i++) {
        GBytes *one = ((TamgaXmlObject *)objects->pdata[i])->digest;
        g_byte_array_append (all, g_bytes_get_data (one, NULL), (guint)g_bytes_get_size (one));
    }
    bytes = g_byte_array_free_to_bytes (g_steal_pointer (&all));
    return tamga_digest_bytes (digest, bytes);
}

TamgaPreparation *tamga_xades_prepare_objects (TamgaDocument *carrier, GPtrArray *objects,
                                               const TamgaSigningParameters *parameters,
                                               GError **error)
{
    Preparation *preparation = preparation_new (&tamga_xades_format, carrier, parameters);
    g_autoptr (TamgaPreparation) base = &preparation->base;

    if (parameters->content_stamper != NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "A timestamp over the content before signing is made for documents, not for "
                     "containers with XAdES.");
        return NULL;
    }
    if (!check_parameters (parameters, FALSE, error) ||
        !start_plan (preparation, FALSE, objects, parameters, error) ||
        !tamga_xml_target_objects (preparation->plan, &preparation->target, carrier, objects,
                                   error) ||
        !finish (preparation, parameters, error))
        return NULL;
    base->content_digest =
        digest_of_objects (objects, tamga_algorithm_digest (parameters->algorithm));
    return g_steal_pointer (&base);
}

/* ---- Embedding ---- */

GBytes *tamga_xades_timestamped (TamgaPreparation *base, GBytes *signature, GError **error)
{
    Preparation *preparation = (Preparation *)base;
    TamgaLayout layout = preparation->plan->layout;
    g_autofree char *value = tamga_xml_writer_parsed_base64 (layout, signature);
    const char *around = layout == TAMGA_LAYOUT_COMPACT ? "" : "\n"; /* as a parser gives it back */
    g_autofree char *text = g_strconcat (around, value, around, NULL);

    xmlNodeSetContent (preparation->value, BAD_CAST text);
    return tamga_c14n_bytes (preparation->draft, preparation->value, NULL, preparation->plan->c14n,
                             NULL, error);
}

/* UnsignedProperties for T and LT; NULL for B. */
static GString *unsigned_properties (const Preparation *preparation, GBytes *timestamp,
                                     const TamgaEvidence *evidence)
{
    const TamgaXmlPlan *plan = preparation->plan;
    TamgaXmlWriter *writer;
    g_autofree char *id = tamga_xml_plan_id (plan, "timestamp-1");
    g_autoptr (TamgaEvidence) rest = NULL, tsa = NULL;

    if (timestamp == NULL && tamga_evidence_is_empty (evidence))
        return NULL;
    writer = tamga_xml_writer_new_inside (plan->layout);
    tamga_xml_writer_begin (writer, "xades:UnsignedProperties", NULL);
    tamga_xml_writer_begin (writer, "xades:UnsignedSignatureProperties", NULL);
    if (timestamp != NULL)
        tamga_xades_write_timestamp (writer, "xades:SignatureTimeStamp", id, plan->c14n, timestamp);
    if (!tamga_evidence_is_empty (evidence)) {
        tamga_evidence_split (evidence, preparation->certificate, timestamp, &rest, &tsa);
        tamga_xades_write_values (writer, rest);
        if (!tamga_evidence_is_empty (tsa))
            tamga_xades_write_validation_data (writer, tsa, id);
    }
    tamga_xml_writer_end (writer);
    tamga_xml_writer_end (writer);
    return tamga_xml_writer_finish (writer);
}

static gboolean check_value (const Preparation *preparation, GBytes *signature, GError **error)
{
    const TamgaAlgorithm *algorithm = preparation->base.algorithm;
    EVP_PKEY *key = X509_get0_pubkey (preparation->certificate);
    g_autoptr (GBytes) value = tamga_algorithm_raw_to_der (algorithm, signature, error);

    if (value == NULL)
        return FALSE;
    if (key != NULL && tamga_algorithm_verify (key, algorithm, preparation->base.to_be_signed,
                                               value) == TAMGA_VERIFY_GOOD)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                 "The key returned a signature that does not verify with the certificate: key "
                 "and certificate may not belong together.");
    return FALSE;
}

/* Looked at last: what was hashed is what lies there. */
static gboolean check_documents (const Preparation *preparation, GError **error)
{
    g_autoptr (GPtrArray) documents = referenced_documents (preparation->plan);

    for (guint i = 0; i < documents->len; i++) {
        if (!tamga_document_check (documents->pdata[i], error))
            return FALSE;
    }
    return preparation->base.document == NULL ||
           tamga_document_check (preparation->base.document, error);
}

gboolean tamga_xades_embed (TamgaPreparation *base, GBytes *signature, GBytes *timestamp,
                            const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    Preparation *preparation = (Preparation *)base;
    g_autoptr (GString) others = NULL;
    g_autoptr (GBytes) file = NULL;

    if (!check_value (preparation, signature, error))
        return FALSE;
    if (!preparation->plan->plain)
        others = unsigned_properties (preparation, timestamp, evidence);
    file = fill_in (preparation, signature, others);
    return check_size (g_bytes_get_size (file), error) &&
           tamga_output_write_bytes (output, file, error) && check_documents (preparation, error);
}
