/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a SignedData with one signer. */
#include "formats/cms/build.h"

#include <string.h>

#include "formats/cms/claims.h"
#include "formats/cms/der.h"
#include "formats/cms/signed_data.h"
#include "formats/cms/tree.h"
#include "formats/ossl.h"

#define OID_CONTENT_TYPE "1.2.840.113549.1.9.3"
#define OID_MESSAGE_DIGEST "1.2.840.113549.1.9.4"
#define OID_SIGNING_TIME "1.2.840.113549.1.9.5"
#define OID_SIGNING_CERTIFICATE_V2 "1.2.840.113549.1.9.16.2.47"
#define OID_MIME_TYPE "0.4.0.1733.2.1"
#define OID_CONTENT_TIMESTAMP "1.2.840.113549.1.9.16.2.20"
#define OID_SIGNATURE_TIMESTAMP "1.2.840.113549.1.9.16.2.14"
#define OID_OCSP_RESPONSE "1.3.6.1.5.5.7.16.2"

/* Everything in a SignerInfo and around it that does not depend on names, keys and certificates:
 * measured below 500 bytes. */
#define FIXED_ROOM 1024u

/* Attribute with one value; takes `value`. */
static void add_attribute (GPtrArray *attributes, const char *oid, GBytes *value)
{
    g_ptr_array_add (attributes, tamga_cms_attribute (oid, value));
    g_bytes_unref (value);
}

GBytes *tamga_cms_issuer_serial (X509 *certificate)
{
    g_autoptr (GBytes) issuer = tamga_ossl_der (i2d_X509_NAME, X509_get_issuer_name (certificate));
    g_autoptr (GBytes) name = tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED | 4, issuer);
    g_autoptr (GBytes) names = tamga_der_wrap (TAMGA_DER_SEQUENCE, name);
    g_autoptr (GBytes) serial =
        tamga_ossl_der (i2d_ASN1_INTEGER, X509_get0_serialNumber (certificate));

    return tamga_der_join (TAMGA_DER_SEQUENCE, names, serial, TAMGA_DER_END);
}

static GBytes *algor_der (X509_ALGOR *algor)
{
    GBytes *der = tamga_ossl_der (i2d_X509_ALGOR, algor);

    X509_ALGOR_free (algor);
    return der;
}

/* SigningCertificateV2 with one ESSCertIDv2 and its issuerSerial. The hashAlgorithm is left out,
 * which means SHA-256 (RFC 5035 4), unless the digest belongs to the algorithm: whoever verifies
 * that signature may know no other. */
static GBytes *signing_certificate (X509 *certificate, const TamgaAlgorithm *algorithm)
{
    gboolean own = algorithm->scheme == TAMGA_SCHEME_PLAIN;
    const TamgaDigest *digest =
        own ? tamga_algorithm_digest (algorithm) : tamga_digest_by_name ("SHA-256");
    g_autoptr (GBytes) algor = own ? algor_der (tamga_digest_to_cms (digest)) : NULL;
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);
    g_autoptr (GBytes) hash = tamga_digest_bytes (digest, der);
    g_autoptr (GBytes) hash_der = tamga_der_wrap (TAMGA_DER_OCTET_STRING, hash);
    g_autoptr (GBytes) issuer_serial = tamga_cms_issuer_serial (certificate);
    g_autoptr (GBytes) id =
        tamga_der_join (TAMGA_DER_SEQUENCE, algor, hash_der, issuer_serial, TAMGA_DER_END);
    g_autoptr (GBytes) ids = tamga_der_wrap (TAMGA_DER_SEQUENCE, id);

    return tamga_der_wrap (TAMGA_DER_SEQUENCE, ids);
}

GBytes *tamga_cms_signed_attributes (const TamgaCmsParameters *parameters, GBytes *content_digest,
                                     GError **error)
{
    g_autoptr (GPtrArray) attributes =
        g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    const TamgaDigest *digest = tamga_algorithm_digest (parameters->algorithm);
    const char *type = parameters->content_type != NULL ? parameters->content_type : TAMGA_OID_DATA;

    if (g_bytes_get_size (content_digest) != digest->size) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "The digest of the content has %" G_GSIZE_FORMAT
                     " bytes; %s needs %" G_GSIZE_FORMAT ".",
                     g_bytes_get_size (content_digest), digest->name, digest->size);
        return NULL;
    }
    if (!parameters->countersignature)
        add_attribute (attributes, OID_CONTENT_TYPE, tamga_der_oid (type));
    add_attribute (attributes, OID_MESSAGE_DIGEST,
                   tamga_der_wrap (TAMGA_DER_OCTET_STRING, content_digest));
    add_attribute (attributes, OID_SIGNING_CERTIFICATE_V2,
                   signing_certificate (parameters->certificate, parameters->algorithm));
    if (parameters->profile == TAMGA_CMS_CADES) {
        add_attribute (attributes, OID_SIGNING_TIME, tamga_der_time (parameters->signing_time));
        if (parameters->mime_type != NULL && !parameters->countersignature &&
            strcmp (type, TAMGA_OID_DATA) == 0)
            add_attribute (attributes, OID_MIME_TYPE,
                           tamga_der_tlv (TAMGA_DER_UTF8_STRING, parameters->mime_type,
                                          strlen (parameters->mime_type)));
    }
    if (parameters->content_timestamp != NULL)
        add_attribute (attributes, OID_CONTENT_TIMESTAMP,
                       g_bytes_ref (parameters->content_timestamp));
    if (parameters->claims != NULL &&
        !tamga_claims_write (parameters->claims, parameters->profile == TAMGA_CMS_CADES, attributes,
                             error))
        return NULL;
    return tamga_der_set_of (TAMGA_DER_SET, attributes);
}

static GBytes *signer_identifier (X509 *certificate)
{
    g_autoptr (GBytes) issuer = tamga_ossl_der (i2d_X509_NAME, X509_get_issuer_name (certificate));
    g_autoptr (GBytes) serial =
        tamga_ossl_der (i2d_ASN1_INTEGER, X509_get0_serialNumber (certificate));

    return tamga_der_join (TAMGA_DER_SEQUENCE, issuer, serial, TAMGA_DER_END);
}

/* unsignedAttrs with the signature-time-stamp (EN 319 122-1 5.3); NULL without a token. */
static GBytes *unsigned_attributes (GBytes *timestamp_token)
{
    g_autoptr (GPtrArray) attributes =
        g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

    if (timestamp_token == NULL)
        return NULL;
    add_attribute (attributes, OID_SIGNATURE_TIMESTAMP, g_bytes_ref (timestamp_token));
    return tamga_der_set_of (TAMGA_DER_CONTEXT_CONSTRUCTED | 1, attributes);
}

GBytes *tamga_cms_signer_info (const TamgaCmsParameters *parameters, GBytes *signed_attributes,
                               GBytes *signature_raw, GBytes *timestamp_token, GError **error)
{
    const TamgaDigest *digest = tamga_algorithm_digest (parameters->algorithm);
    g_autoptr (GBytes) value =
        tamga_algorithm_raw_to_der (parameters->algorithm, signature_raw, error);
    g_autoptr (GBytes) version = NULL, signature = NULL, sid = NULL, digest_algor = NULL,
                       attributes = NULL, algor = NULL, others = NULL;
    TamgaDerElement set;

    if (value == NULL)
        return NULL;
    if (!tamga_der_whole (signed_attributes, TAMGA_DER_SET, &set)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "The signed attributes are not a SET (RFC 5652 5.4).");
        return NULL;
    }
    signature = tamga_der_wrap (TAMGA_DER_OCTET_STRING, value);
    version = tamga_der_integer (1);
    sid = signer_identifier (parameters->certificate);
    digest_algor = algor_der (tamga_digest_to_cms (digest));
    attributes =
        tamga_der_tlv (TAMGA_DER_CONTEXT_CONSTRUCTED, set.contents.data, set.contents.left);
    algor = algor_der (tamga_algorithm_to_cms (parameters->algorithm));
    others = unsigned_attributes (timestamp_token);
    return tamga_der_join (TAMGA_DER_SEQUENCE, version, sid, digest_algor, attributes, algor,
                           signature, others, TAMGA_DER_END);
}

TamgaCmsParts *tamga_cms_parts_new (void)
{
    TamgaCmsParts *parts = g_new0 (TamgaCmsParts, 1);
    GPtrArray **lists[] = {&parts->digest_algors, &parts->certificates, &parts->crls,
                           &parts->signers};

    for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
        *lists[i] = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    parts->data_content = TRUE;
    return parts;
}

void tamga_cms_parts_free (TamgaCmsParts *parts)
{
    if (parts == NULL)
        return;
    g_ptr_array_unref (parts->digest_algors);
    g_ptr_array_unref (parts->certificates);
    g_ptr_array_unref (parts->crls);
    g_ptr_array_unref (parts->signers);
    g_clear_pointer (&parts->certificates_field, g_bytes_unref);
    g_clear_pointer (&parts->crls_field, g_bytes_unref);
    g_clear_pointer (&parts->new_signer, g_bytes_unref);
    g_clear_pointer (&parts->encap, g_bytes_unref);
    g_free (parts);
}

void tamga_cms_parts_add (GPtrArray *elements, GBytes *der)
{
    if (!g_ptr_array_find_with_equal_func (elements, der, g_bytes_equal, NULL))
        tamga_elements_insert (elements, der);
}

static void add_certificates (TamgaCmsParts *parts, GPtrArray *certificates)
{
    for (guint i = 0; certificates != NULL && i < certificates->len; i++) {
        g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificates->pdata[i]);
        tamga_cms_parts_add (parts->certificates, der);
    }
}

/* OtherRevocationInfoFormat with a whole OCSPResponse (RFC 5940 2.1). */
static void add_ocsp (TamgaCmsParts *parts, GBytes *ocsp)
{
    g_autoptr (GBytes) type = tamga_der_oid (OID_OCSP_RESPONSE);
    g_autoptr (GBytes) other =
        tamga_der_join (TAMGA_DER_CONTEXT_CONSTRUCTED | 1, type, ocsp, TAMGA_DER_END);

    tamga_cms_parts_add (parts->crls, other);
}

/* digestAlgorithms names each digest once, whatever its parameters look like. */
void tamga_cms_parts_add_digest (TamgaCmsParts *parts, const TamgaDigest *digest)
{
    g_autoptr (GBytes) der = algor_der (tamga_digest_to_cms (digest));

    for (guint i = 0; i < parts->digest_algors->len; i++) {
        TamgaDerElement whole, type;
        g_autofree char *oid = NULL;
        if (tamga_der_whole (parts->digest_algors->pdata[i], TAMGA_DER_SEQUENCE, &whole) &&
            tamga_der_take (&whole.contents, TAMGA_DER_OID, &type) &&
            (oid = tamga_der_oid_text (&type)) != NULL && strcmp (oid, digest->oid) == 0)
            return;
    }
    tamga_cms_parts_add (parts->digest_algors, der);
}

void tamga_cms_parts_collect (TamgaCmsParts *parts, const TamgaCmsParameters *parameters,
                              const TamgaEvidence *evidence)
{
    g_autoptr (GBytes) signer = tamga_ossl_der (i2d_X509, parameters->certificate);

    tamga_cms_parts_add_digest (parts, tamga_algorithm_digest (parameters->algorithm));
    tamga_cms_parts_add (parts->certificates, signer);
    add_certificates (parts, parameters->chain);
    if (evidence != NULL)
        tamga_cms_parts_add_evidence (parts, evidence);
}

void tamga_cms_parts_add_evidence (TamgaCmsParts *parts, const TamgaEvidence *evidence)
{
    add_certificates (parts, evidence->certificates);
    for (guint i = 0; i < evidence->crls->len; i++)
        tamga_cms_parts_add (parts->crls, evidence->crls->pdata[i]);
    for (guint i = 0; i < evidence->ocsps->len; i++)
        add_ocsp (parts, evidence->ocsps->pdata[i]);
}

/* RFC 5652 5.1, for what is written here: 5 with other revocation data, 3 with other content. */
static int version_of (const TamgaCmsParts *parts)
{
    int version = MAX (parts->version, parts->data_content ? 1 : 3);

    for (guint i = 0; i < parts->crls->len; i++) {
        TamgaDer der = tamga_der (parts->crls->pdata[i]);
        if (tamga_der_peek (&der) == (TAMGA_DER_CONTEXT_CONSTRUCTED | 1))
            version = 5;
    }
    return version;
}

static void append (GByteArray *out, GBytes *bytes)
{
    gsize length;
    const void *data = g_bytes_get_data (bytes, &length);

    g_byte_array_append (out, data, (guint)length);
}

static void append_set (GByteArray *out, const TamgaCmsParts *parts, guint8 tag,
                        GPtrArray *elements)
{
    g_autoptr (GBytes) set =
        parts->keep_order ? tamga_elements_join (tag, elements) : tamga_der_set_of (tag, elements);

    append (out, set);
}

static void append_head (GByteArray *out, guint8 tag, guint64 length)
{
    g_autoptr (GBytes) head = tamga_der_head_bytes (tag, length);

    append (out, head);
}

void tamga_cms_parts_frame (const TamgaCmsParts *parts, GBytes **head, GBytes **tail)
{
    g_autoptr (GByteArray) begin = g_byte_array_new (), middle = g_byte_array_new (),
                           end = g_byte_array_new ();
    g_autoptr (GBytes) version = tamga_der_integer (version_of (parts));
    g_autoptr (GBytes) type = tamga_der_oid (TAMGA_OID_SIGNED_DATA);
    guint64 fields, signed_data, content;

    append (middle, version);
    append_set (middle, parts, TAMGA_DER_SET, parts->digest_algors);
    append (middle, parts->encap);
    if (parts->certificates_field != NULL)
        append (end, parts->certificates_field);
    else if (parts->certificates->len > 0)
        append_set (end, parts, TAMGA_DER_CONTEXT_CONSTRUCTED, parts->certificates);
    if (parts->crls_field != NULL)
        append (end, parts->crls_field);
    else if (parts->crls->len > 0)
        append_set (end, parts, TAMGA_DER_CONTEXT_CONSTRUCTED | 1, parts->crls);
    append_set (end, parts, TAMGA_DER_SET, parts->signers);

    fields = middle->len + parts->body_length + end->len;
    signed_data = tamga_der_head_size (fields) + fields;
    content = g_bytes_get_size (type) + tamga_der_head_size (signed_data) + signed_data;
    append_head (begin, TAMGA_DER_SEQUENCE, content);
    append (begin, type);
    append_head (begin, TAMGA_DER_CONTEXT_CONSTRUCTED, signed_data);
    append_head (begin, TAMGA_DER_SEQUENCE, fields);
    g_byte_array_append (begin, middle->data, middle->len);
    *head = g_byte_array_free_to_bytes (g_steal_pointer (&begin));
    *tail = g_byte_array_free_to_bytes (g_steal_pointer (&end));
}

GBytes *tamga_cms_build (const TamgaCmsParameters *parameters, GBytes *signed_attributes,
                         GBytes *signature_raw, GBytes *timestamp_token,
                         const TamgaEvidence *evidence, GError **error)
{
    g_autoptr (TamgaCmsParts) parts = tamga_cms_parts_new ();
    g_autoptr (GBytes) type = tamga_der_oid (TAMGA_OID_DATA), head = NULL, tail = NULL;
    g_autoptr (GByteArray) out = g_byte_array_new ();
    GBytes *signer = tamga_cms_signer_info (parameters, signed_attributes, signature_raw,
                                            timestamp_token, error);

    if (signer == NULL)
        return NULL;
    g_ptr_array_add (parts->signers, signer);
    tamga_cms_parts_collect (parts, parameters, evidence);
    parts->encap = tamga_der_wrap (TAMGA_DER_SEQUENCE, type);
    tamga_cms_parts_frame (parts, &head, &tail);
    append (out, head);
    append (out, tail);
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

static gsize claims_size (const TamgaCmsParameters *parameters)
{
    g_autoptr (GPtrArray) attributes =
        g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    gsize size = 0;

    tamga_claims_write (parameters->claims, parameters->profile == TAMGA_CMS_CADES, attributes,
                        NULL);
    for (guint i = 0; i < attributes->len; i++)
        size += g_bytes_get_size (attributes->pdata[i]);
    return size;
}

gsize tamga_cms_estimate_size (const TamgaCmsParameters *parameters)
{
    EVP_PKEY *key = X509_get0_pubkey (parameters->certificate);
    gsize issuer = (gsize)i2d_X509_NAME (X509_get_issuer_name (parameters->certificate), NULL);
    gsize size = FIXED_ROOM + 2 * issuer + (gsize)i2d_X509 (parameters->certificate, NULL);

    if (key != NULL)
        size += (gsize)EVP_PKEY_get_size (key);
    if (parameters->mime_type != NULL)
        size += strlen (parameters->mime_type);
    if (parameters->content_timestamp != NULL)
        size += g_bytes_get_size (parameters->content_timestamp);
    if (parameters->claims != NULL)
        size += claims_size (parameters);
    for (guint i = 0; parameters->chain != NULL && i < parameters->chain->len; i++)
        size += (gsize)i2d_X509 (parameters->chain->pdata[i], NULL);
    return parameters->level > TAMGA_LEVEL_B ? size + TAMGA_CMS_TOKEN_ROOM : size;
}
