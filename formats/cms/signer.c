/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shared core of CAdES, PAdES and time-stamp tokens. */
#include "formats/cms/signer.h"

#include <openssl/err.h>
#include <string.h>

#include "formats/cms/archive.h"
#include "formats/cms/attributes.h"
#include "formats/cms/binding.h"
#include "formats/cms/claims.h"
#include "formats/cms/der.h"
#include "formats/cms/evidence.h"
#include "formats/cms/token.h"
#include "formats/cms/tree.h"
#include "formats/cms/value.h"
#include "formats/limits.h"
#include "formats/ossl.h"

/* What all signers of one SignedData share. */
typedef struct {
    TamgaSignedData *data;
    TamgaCmsContentDigest callback;
    gpointer callback_data;
    const char *format;
    GPtrArray *certificates; /* TamgaFoundCertificate */
    GPtrArray *broken;       /* TamgaFinding: certificates that could not be read */
    GHashTable *digests;     /* TamgaDigest -> GBytes: content digests computed so far */
    gboolean attributes_as_content;
    TamgaArchive *archive;
    GPtrArray *nodes; /* TamgaSignerNode, in the order of signatures */
    GPtrArray *signatures;
} Reader;

/* One SignerInfo on its way to a TamgaSignature. */
typedef struct {
    Reader *reader;
    const TamgaSignerNode *node;
    const TamgaSignerInfo *info;
    GBytes *countersigned; /* signature value of the signer above; NULL for a signer of content */
    TamgaSignature *signature;
    GPtrArray *attributes, *others; /* signed, unsigned */
    TamgaAlgors algors;
} Signer;

/* CAdES computes its digests itself, of encapsulated content too: in one reading, with progress. */
static gboolean asks_for_encapsulated (const Reader *reader)
{
    return reader->callback != NULL && strcmp (reader->format, "CAdES") == 0;
}

/* Digest of what this signer signed: NULL without error where the content is missing. */
static GBytes *content_digest (const Signer *signer, const TamgaDigest *digest, GError **error)
{
    Reader *reader = signer->reader;
    GBytes *value;

    if (signer->countersigned != NULL)
        return tamga_digest_bytes (digest, signer->countersigned);
    value = g_hash_table_lookup (reader->digests, digest);
    if (value != NULL)
        return g_bytes_ref (value);
    if (reader->data->has_content && !asks_for_encapsulated (reader))
        value = tamga_signed_data_content_digest (reader->data, digest, error);
    else if (reader->callback != NULL)
        value = reader->callback (digest, reader->callback_data, error);
    if (value != NULL)
        g_hash_table_insert (reader->digests, (gpointer)digest, g_bytes_ref (value));
    return value;
}

/* Does the attribute content-type say what the SignedData says (RFC 5652 11.1)? */
static void check_content_type (Signer *signer)
{
    GBytes *value = tamga_attributes_value (signer->attributes, TAMGA_ATTRIBUTE_CONTENT_TYPE);
    const char *expected = signer->reader->data->content_type;
    g_autofree char *type = NULL;
    TamgaDerElement element;

    if (value == NULL || signer->countersigned != NULL)
        return;
    if (tamga_der_whole (value, TAMGA_DER_OID, &element))
        type = tamga_der_oid_text (&element);
    if (g_strcmp0 (type, expected) != 0)
        tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The attribute content-type says %s, the signature holds %s "
                              "(RFC 5652 11.1).",
                              type != NULL ? type : "nothing readable", expected);
}

/* Format checks that need no key and no content. FALSE when nothing more can be computed. */
static gboolean check_format (Signer *signer)
{
    TamgaSignature *signature = signer->signature;
    const char *format = signer->reader->format;

    if (strcmp (format, "PAdES") == 0 && signer->reader->data->has_content)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The CMS of a PDF signature encapsulates content "
                              "(EN 319 142-1 5.1).");
    if (signer->info->signed_attrs == NULL) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "There are no signed attributes: what was signed cannot be told from "
                              "what was put around it (EN 319 122-1 5.1).");
        return FALSE;
    }
    if (signer->algors.digest == NULL || signer->algors.signature == NULL) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "An algorithm identifier is broken (RFC 5280 4.1.1.2).");
        return FALSE;
    }
    check_content_type (signer);
    tamga_value_check_protection (&signer->algors, signer->attributes, signature);
    if (signer->info->version != (signer->info->key_id != NULL ? 3 : 1))
        tamga_signature_find (signature, TAMGA_SEVERITY_INFO, "cms-signer-version", "RFC 5652 5.3",
                              "The version of the SignerInfo does not fit its signer identifier.");
    if (signer->info->signed_sorted != NULL)
        tamga_signature_find (signature, TAMGA_SEVERITY_INFO, "cms-attributes-not-der",
                              "RFC 5652 5.4", "The signed attributes are not in DER order.");
    return TRUE;
}

/* Is the content what the message-digest says? FALSE only with an error of reading. */
static gboolean check_digest (Signer *signer, GError **error)
{
    TamgaSignature *signature = signer->signature;
    GBytes *value = tamga_attributes_value (signer->attributes, TAMGA_ATTRIBUTE_MESSAGE_DIGEST);
    const TamgaDigest *digest = tamga_digest_by_algor (signer->algors.digest);
    g_autoptr (GBytes) claimed = NULL;
    g_autoptr (GError) local = NULL;
    TamgaDerElement element;

    signature->message_digest = digest;
    if (digest == NULL) {
        g_autofree char *oid = tamga_ossl_oid (signer->algors.digest->algorithm);
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "The digest algorithm %s is not known here, or not with these "
                              "parameters.",
                              oid);
        return TRUE;
    }
    tamga_value_warn_digest (signature, digest);
    if (value != NULL && tamga_der_whole (value, TAMGA_DER_OCTET_STRING, &element))
        claimed = tamga_der_octets (&element);
    if (claimed == NULL || g_bytes_get_size (claimed) != digest->size)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The attribute message-digest holds no %s digest (RFC 5652 11.2).",
                              digest->name);
    signature->content_digest = content_digest (signer, digest, &local);
    if (local != NULL) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    if (signature->content_digest == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND,
                              "The signed document is not in the signature and was not given.");
    else if (claimed != NULL && !g_bytes_equal (claimed, signature->content_digest))
        tamga_signature_fail (signature, TAMGA_INTEGRITY_HASH_FAILURE,
                              "The document is not the one that was signed: its %s digest differs "
                              "(RFC 5652 5.6).",
                              digest->name);
    return TRUE;
}

/* A token and the attribute that it is a value of. */
typedef struct {
    TamgaTimestamp *timestamp;
    const TamgaAttribute *attribute;
} Found;

static gboolean add_timestamp (Signer *signer, TamgaTimestampKind kind,
                               const TamgaAttribute *attribute, GBytes *token, GArray *found,
                               GError **error)
{
    TamgaSignature *signature = signer->signature;
    Found one = {g_new0 (TamgaTimestamp, 1), attribute};

    one.timestamp->kind = kind;
    one.timestamp->token = g_bytes_ref (token);
    one.timestamp->id = g_strdup_printf ("timestamp %u", signature->timestamps->len + 1);
    g_ptr_array_add (signature->timestamps, one.timestamp);
    g_array_append_val (found, one);
    if (signature->timestamps->len <= TAMGA_MAX_TIMESTAMPS)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                 "The signature has more than %u timestamps.", TAMGA_MAX_TIMESTAMPS);
    return FALSE;
}

/* All tokens, oldest kind first. */
static gboolean find_timestamps (Signer *signer, GArray *found, GError **error)
{
    static const struct {
        TamgaAttributeKind attribute;
        TamgaTimestampKind kind;
        gboolean is_signed;
    } kinds[] = {
        {TAMGA_ATTRIBUTE_CONTENT_TIMESTAMP, TAMGA_TIMESTAMP_CONTENT, TRUE},
        {TAMGA_ATTRIBUTE_SIGNATURE_TIMESTAMP, TAMGA_TIMESTAMP_SIGNATURE, FALSE},
        {TAMGA_ATTRIBUTE_C_TIMESTAMP, TAMGA_TIMESTAMP_REFERENCES, FALSE},
        {TAMGA_ATTRIBUTE_REFERENCES_TIMESTAMP, TAMGA_TIMESTAMP_REFERENCES_ONLY, FALSE},
        {TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V1, TAMGA_TIMESTAMP_ARCHIVE, FALSE},
        {TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V2, TAMGA_TIMESTAMP_ARCHIVE, FALSE},
        {TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3, TAMGA_TIMESTAMP_ARCHIVE, FALSE},
    };

    for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++) {
        GPtrArray *list = kinds[k].is_signed ? signer->attributes : signer->others;
        for (guint i = 0; i < list->len; i++) {
            const TamgaAttribute *attribute = list->pdata[i];
            for (guint j = 0; attribute->kind == kinds[k].attribute && j < attribute->values->len;
                 j++) {
                if (!add_timestamp (signer, kinds[k].kind, attribute, attribute->values->pdata[j],
                                    found, error))
                    return FALSE;
            }
        }
    }
    return TRUE;
}

/* Ids of what a token covers besides the signature: content timestamps, which are signed, and the
 * values of unsigned attributes. */
static GPtrArray *list_proven (const Signer *signer, const Found *stamp, GArray *found,
                               GPtrArray *values)
{
    GPtrArray *proves = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < found->len; i++) {
        const Found *other = &g_array_index (found, Found, i);
        gboolean content = other->timestamp->kind == TAMGA_TIMESTAMP_CONTENT &&
                           stamp->timestamp->kind == TAMGA_TIMESTAMP_ARCHIVE;
        if (content || g_ptr_array_find (values, other->timestamp->token, NULL))
            g_ptr_array_add (proves, g_strdup (other->timestamp->id));
    }
    for (guint i = 0; i < signer->reader->nodes->len; i++) {
        const TamgaSignerNode *node = signer->reader->nodes->pdata[i];
        for (guint j = 0; node->parent == signer->node && j < values->len; j++) {
            if (g_bytes_equal (values->pdata[j], node->info->der)) {
                g_ptr_array_add (proves, g_strdup (node->id));
                break;
            }
        }
    }
    return proves;
}

/* What one of the unsigned attributes' tokens covers. */
static gboolean cover_unsigned (Signer *signer, const Found *found, GArray *all,
                                const TamgaTokenClaim *claim, GError **error)
{
    TamgaTimestamp *timestamp = found->timestamp;
    g_autoptr (GBytes) content = NULL;
    g_autoptr (GError) local = NULL;
    g_auto (TamgaCovered) covered = {0};
    TamgaStamped stamped = {signer->info,  signer->others, found->attribute, timestamp->token,
                            claim->digest, claim->imprint, claim->gen_time,  NULL};

    if (found->attribute->kind == TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3)
        stamped.content_digest = content = content_digest (signer, claim->digest, &local);
    if (local != NULL) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    if (!tamga_archive_cover (signer->reader->archive, &stamped, timestamp->id, signer->signature,
                              &covered, error))
        return FALSE;
    timestamp->covered_digest = g_steal_pointer (&covered.digest);
    timestamp->covers = g_steal_pointer (&covered.covers);
    if (timestamp->kind != TAMGA_TIMESTAMP_SIGNATURE)
        timestamp->proves = list_proven (signer, found, all, covered.values);
    return TRUE;
}

/* What each token should cover is computed with its own hash algorithm. */
static gboolean read_timestamps (Signer *signer, GError **error)
{
    g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Found));

    if (!find_timestamps (signer, found, error))
        return FALSE;
    for (guint i = 0; i < found->len; i++) {
        const Found *one = &g_array_index (found, Found, i);
        g_auto (TamgaTokenClaim) claim = {0};
        g_autoptr (GError) local = NULL;
        if (!tamga_token_claim (one->timestamp->token, &claim, &local)) {
            tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING, "timestamp-broken",
                                  "RFC 3161 2.4.2", "%s cannot be read: %s", one->timestamp->id,
                                  local->message);
            continue;
        }
        if (claim.digest == NULL)
            continue;
        if (one->timestamp->kind != TAMGA_TIMESTAMP_CONTENT) {
            if (!cover_unsigned (signer, one, found, &claim, error))
                return FALSE;
            continue;
        }
        one->timestamp->covered_digest = content_digest (signer, claim.digest, &local);
        if (local != NULL) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
    }
    return TRUE;
}

static GPtrArray *collect_values (GPtrArray *attributes, TamgaAttributeKind kind)
{
    GPtrArray *values = g_ptr_array_new ();

    for (guint i = 0; i < attributes->len; i++) {
        const TamgaAttribute *attribute = attributes->pdata[i];
        for (guint j = 0; attribute->kind == kind && j < attribute->values->len; j++)
            g_ptr_array_add (values, attribute->values->pdata[j]);
    }
    return values;
}

/* Certificates first: the binding chooses among them. */
static GPtrArray *read_certificates (Signer *signer)
{
    Reader *reader = signer->reader;
    TamgaSignature *signature = signer->signature;
    g_autoptr (GPtrArray) values =
        collect_values (signer->others, TAMGA_ATTRIBUTE_CERTIFICATE_VALUES);
    GPtrArray *found = tamga_evidence_join (reader->certificates, values, signature);

    for (guint i = 0; i < reader->broken->len; i++)
        g_ptr_array_add (signature->findings, tamga_finding_copy (reader->broken->pdata[i]));
    for (guint i = 0; i < found->len; i++) {
        X509 *certificate = ((TamgaFoundCertificate *)found->pdata[i])->certificate;
        X509_up_ref (certificate);
        g_ptr_array_add (signature->certificates, certificate);
    }
    return found;
}

/* For the binding only: what the signature itself carries is told apart from them. */
static void add_others (const Signer *signer, GPtrArray *found)
{
    const GPtrArray *others = signer->reader->data->others;

    for (guint i = 0; others != NULL && i < others->len; i++) {
        g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, others->pdata[i]);
        tamga_found_certificate_add (found, der, signer->signature);
    }
}

static void read_revocation (Signer *signer)
{
    GPtrArray *lists[] = {signer->attributes, signer->others};
    g_autoptr (GPtrArray) values =
        collect_values (signer->others, TAMGA_ATTRIBUTE_REVOCATION_VALUES);

    tamga_evidence_read_crls (signer->reader->data, signer->signature);
    for (guint i = 0; i < values->len; i++)
        tamga_evidence_read_revocation_values (values->pdata[i], signer->signature);
    for (gsize i = 0; i < G_N_ELEMENTS (lists); i++) {
        GBytes *value = tamga_attributes_value (lists[i], TAMGA_ATTRIBUTE_ADOBE_REVOCATION);
        if (value != NULL)
            tamga_evidence_read_adobe (value, signer->signature);
    }
}

/* CAdES is CMS with a signing-certificate; PAdES may not be without (EN 319 142-1 6.3). */
static void settle_format (Signer *signer)
{
    TamgaSignature *signature = signer->signature;

    if (signature->binding != TAMGA_BINDING_NONE)
        return;
    if (strcmp (signature->format, "CAdES") == 0)
        signature->format = "CMS";
    tamga_signature_find (signature,
                          strcmp (signature->format, "PAdES") == 0 ? TAMGA_SEVERITY_FATAL
                                                                   : TAMGA_SEVERITY_WARNING,
                          "cms-no-signing-certificate", "EN 319 122-1 5.2.2",
                          "The signature does not say under itself which certificate made it "
                          "(no signing-certificate attribute).");
}

static void describe_content (Signer *signer)
{
    TamgaSignature *signature = signer->signature;
    const TamgaSignedData *data = signer->reader->data;

    if (signer->countersigned != NULL) {
        signature->packaging = "enveloped";
        signature->coverage = TAMGA_COVERS_PART;
        signature->coverage_text = g_strdup ("the value of the signature above it only");
        signature->covered_bytes = g_bytes_get_size (signer->countersigned);
        return;
    }
    signature->packaging = data->has_content ? "attached" : "detached";
    if (data->has_content) {
        signature->coverage = TAMGA_COVERS_WHOLE;
        signature->coverage_text = g_strdup ("the whole document inside the signature");
        signature->covered_bytes = data->content_size;
    }
    if (signer->reader->attributes_as_content)
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "cms-content-is-attributes",
                              "RFC 5652 5.4",
                              "The signed document itself looks like signed attributes of another "
                              "signature.");
}

/* What is known of validation that an attribute of older signatures holds, and is not used here. */
static void report_attributes (Signer *signer)
{
    for (guint i = 0; i < signer->node->troubles->len; i++)
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING,
                              "cms-countersignature-broken", "RFC 5652 11.4", "%s",
                              (char *)signer->node->troubles->pdata[i]);
    if (tamga_attributes_find (signer->others, TAMGA_ATTRIBUTE_LONG_TERM_VALIDATION) != NULL)
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_INFO, "cms-long-term-validation",
                              "EN 319 122-1 A.2.5",
                              "The attribute long-term-validation is not evaluated: what it proves "
                              "about time is left aside.");
}

static gboolean fill (Signer *signer, GError **error)
{
    g_autoptr (GPtrArray) found = NULL;

    tamga_attributes_walk (signer->info, signer->countersigned != NULL, signer->signature,
                           &signer->attributes, &signer->others);
    describe_content (signer);
    found = read_certificates (signer);
    read_revocation (signer);
    report_attributes (signer);
    if (check_format (signer)) {
        if (!check_digest (signer, error))
            return FALSE;
        add_others (signer, found);
        tamga_binding_choose (signer->info, signer->attributes, found, signer->signature);
        settle_format (signer);
        tamga_value_find_algorithm (&signer->algors, signer->signature);
        tamga_value_check (&signer->algors, signer->info, signer->signature);
        tamga_claims_read (signer->attributes, signer->signature);
    }
    if (signer->signature->algorithm_text == NULL)
        signer->signature->algorithm_text = g_strdup ("unknown");
    return read_timestamps (signer, error);
}

static void signer_clear (Signer *signer)
{
    g_clear_pointer (&signer->attributes, g_ptr_array_unref);
    g_clear_pointer (&signer->others, g_ptr_array_unref);
    g_clear_pointer (&signer->algors.digest, X509_ALGOR_free);
    g_clear_pointer (&signer->algors.signature, X509_ALGOR_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Signer, signer_clear)

static gboolean read_signer (Reader *reader, const TamgaSignerNode *node, GError **error)
{
    const TamgaSignerInfo *info = node->info;
    g_auto (Signer) signer = {
        .reader = reader,
        .node = node,
        .info = info,
        .countersigned = node->parent != NULL ? node->parent->info->signature : NULL,
        .signature = tamga_signature_new (reader->format),
        .algors = {tamga_value_algor (info->digest_algor),
                   tamga_value_algor (info->signature_algor)},
    };

    g_ptr_array_add (reader->signatures, signer.signature);
    signer.signature->id = g_strdup (node->id);
    signer.signature->countersigned = node->parent != NULL ? g_strdup (node->parent->id) : NULL;
    signer.signature->signature_value = g_bytes_ref (info->signature);
    return fill (&signer, error);
}

/* Encapsulated content where detached content is signed: only the old form with a SHA-1 digest. */
static gboolean check_encapsulated_sha1 (Reader *reader, GError **error)
{
    const TamgaDigest *sha1 = tamga_digest_by_name ("SHA-1");
    g_autoptr (GBytes) inside = NULL, outside = NULL;
    g_autoptr (GError) local = NULL;
    gboolean same;

    if (reader->callback == NULL || !reader->data->has_content ||
        strcmp (reader->format, "PDF-PKCS7") != 0)
        return TRUE;
    outside = reader->callback (sha1, reader->callback_data, &local);
    if (local != NULL) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    inside = reader->data->content_size == sha1->size
                 ? tamga_signed_data_content (reader->data, sha1->size, NULL)
                 : NULL;
    same = inside != NULL && outside != NULL && g_bytes_equal (inside, outside);
    for (guint i = 0; i < reader->signatures->len; i++) {
        TamgaSignature *signature = reader->signatures->pdata[i];
        signature->packaging = "detached";
        signature->coverage = TAMGA_COVERS_NOTHING_KNOWN;
        g_clear_pointer (&signature->coverage_text, g_free);
        tamga_value_warn_digest (signature, sha1);
        if (inside == NULL)
            tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                                  "The CMS of a PDF signature encapsulates something else than a "
                                  "SHA-1 digest (ISO 32000-1 12.8.3.3).");
        else if (outside == NULL)
            tamga_signature_fail (signature, TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND,
                                  "The signed document was not given.");
        else if (!same)
            tamga_signature_fail (signature, TAMGA_INTEGRITY_HASH_FAILURE,
                                  "The document is not the one that was signed: its SHA-1 digest "
                                  "differs (ISO 32000-1 12.8.3.3).");
    }
    return TRUE;
}

static gboolean content_is_attributes (TamgaSignedData *data)
{
    g_autoptr (GBytes) content = NULL;

    if (!data->has_content || data->content_size > TAMGA_MAX_CURIOUS_CONTENT)
        return FALSE;
    content = tamga_signed_data_content (data, TAMGA_MAX_CURIOUS_CONTENT, NULL);
    return content != NULL && tamga_attributes_look_like (content);
}

GPtrArray *tamga_cms_read_signed_data (TamgaSignedData *signed_data, TamgaCmsContentDigest callback,
                                       gpointer data, const char *format, GError **error)
{
    g_autoptr (GPtrArray) signatures =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    g_autoptr (GHashTable) digests =
        g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_bytes_unref);
    g_autoptr (TamgaSignature) scratch = tamga_signature_new (format);
    g_autoptr (GPtrArray) certificates = tamga_evidence_find_certificates (signed_data, scratch);
    g_autoptr (TamgaArchive) archive = tamga_archive_new (signed_data);
    g_autoptr (GPtrArray) nodes = NULL;
    Reader reader = {
        .data = signed_data,
        .callback = callback,
        .callback_data = data,
        .format = format,
        .certificates = certificates,
        .broken = scratch->findings,
        .digests = digests,
        .attributes_as_content = content_is_attributes (signed_data),
        .archive = archive,
        .signatures = signatures,
    };

    if (signed_data->signers->len == 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE,
                     "%s holds certificates or content, and no signature.",
                     tamga_document_name (signed_data->document));
        return NULL;
    }
    reader.nodes = nodes = tamga_signer_nodes (signed_data, error);
    for (guint i = 0; nodes != NULL && i < nodes->len; i++) {
        if (!read_signer (&reader, nodes->pdata[i], error))
            return NULL;
    }
    if (nodes == NULL)
        return NULL;
    if (!check_encapsulated_sha1 (&reader, error))
        return NULL;
    return g_steal_pointer (&signatures);
}

GPtrArray *tamga_cms_read_signers (GBytes *der, TamgaCmsContentDigest callback, gpointer data,
                                   const char *format, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("The signature", der);
    g_autoptr (TamgaSignedData) signed_data = tamga_signed_data_parse (document, error);

    return signed_data != NULL
               ? tamga_cms_read_signed_data (signed_data, callback, data, format, error)
               : NULL;
}
