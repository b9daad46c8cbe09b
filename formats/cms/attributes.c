/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes of a SignerInfo, walked against an allow-list. A new attribute is a row. */
#include "formats/cms/attributes.h"

#include <string.h>

#include "formats/cms/der.h"

typedef enum { SIGNED = 1, UNSIGNED = 2, ANYWHERE = 3 } Place;

/* How often: at most one attribute with one value, or as many of both as there are. */
typedef enum { ONCE, FREE } Count;

typedef struct {
    const char *oid;
    const char *name;
    TamgaAttributeKind kind;
    Place place;
    Count count;
} Row;

#define PKCS9 "1.2.840.113549.1.9."
#define SMIME "1.2.840.113549.1.9.16.2."
#define ETSI "0.4.0.1733.2."
#define CADES "0.4.0.19122.1."

static const Row rows[] = {
    {PKCS9 "3", "content-type", TAMGA_ATTRIBUTE_CONTENT_TYPE, SIGNED, ONCE},
    {PKCS9 "4", "message-digest", TAMGA_ATTRIBUTE_MESSAGE_DIGEST, SIGNED, ONCE},
    {PKCS9 "5", "signing-time", TAMGA_ATTRIBUTE_SIGNING_TIME, SIGNED, ONCE},
    {PKCS9 "52", "CMS-algorithm-protection", TAMGA_ATTRIBUTE_ALGORITHM_PROTECTION, SIGNED, ONCE},
    {SMIME "12", "signing-certificate", TAMGA_ATTRIBUTE_SIGNING_CERTIFICATE, SIGNED, ONCE},
    {SMIME "47", "signing-certificate-v2", TAMGA_ATTRIBUTE_SIGNING_CERTIFICATE_V2, SIGNED, ONCE},
    {ETSI "1", "mime-type", TAMGA_ATTRIBUTE_MIME_TYPE, SIGNED, ONCE},
    {SMIME "15", "signature-policy-identifier", TAMGA_ATTRIBUTE_POLICY, SIGNED, ONCE},
    {SMIME "17", "signer-location", TAMGA_ATTRIBUTE_SIGNER_LOCATION, SIGNED, ONCE},
    {SMIME "20", "content-time-stamp", TAMGA_ATTRIBUTE_CONTENT_TIMESTAMP, SIGNED, FREE},
    {"1.2.840.113583.1.1.8", "adbe-revocationInfoArchival", TAMGA_ATTRIBUTE_ADOBE_REVOCATION,
     ANYWHERE, ONCE},
    {SMIME "14", "signature-time-stamp", TAMGA_ATTRIBUTE_SIGNATURE_TIMESTAMP, UNSIGNED, FREE},
    {SMIME "27", "archive-time-stamp", TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V1, UNSIGNED, FREE},
    {SMIME "48", "archive-time-stamp-v2", TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V2, UNSIGNED, FREE},
    {ETSI "4", "archive-time-stamp-v3", TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3, UNSIGNED, FREE},
    {SMIME "25", "CAdES-C-timestamp", TAMGA_ATTRIBUTE_C_TIMESTAMP, UNSIGNED, FREE},
    {SMIME "26", "time-stamped-certs-crls-references", TAMGA_ATTRIBUTE_REFERENCES_TIMESTAMP,
     UNSIGNED, FREE},
    {SMIME "23", "certificate-values", TAMGA_ATTRIBUTE_CERTIFICATE_VALUES, UNSIGNED, FREE},
    {SMIME "24", "revocation-values", TAMGA_ATTRIBUTE_REVOCATION_VALUES, UNSIGNED, FREE},
    {PKCS9 "6", "countersignature", TAMGA_ATTRIBUTE_COUNTERSIGNATURE, UNSIGNED, FREE},
    /* Known and without influence on integrity. */
    {PKCS9 "13", "signing-description", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {PKCS9 "15", "SMIME-capabilities", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {SMIME "1", "receipt-request", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {SMIME "2", "security-label", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {SMIME "4", "content-hints", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {SMIME "7", "content-identifier", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {SMIME "10", "content-reference", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {SMIME "11", "encryption-key-preference", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {"1.3.6.1.4.1.311.16.4", "encryption-key-preference", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {SMIME "16", "commitment-type-indication", TAMGA_ATTRIBUTE_COMMITMENT, SIGNED, FREE},
    /* Qualified signers in the field write one value per attribute; none of them says what was
     * signed, and all are under the signature. */
    {SMIME "18", "signer-attributes", TAMGA_ATTRIBUTE_SIGNER_ATTRIBUTES, SIGNED, FREE},
    {SMIME "19", "other-signing-certificate", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {SMIME "46", "binary-signing-time", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {CADES "1", "signer-attributes-v2", TAMGA_ATTRIBUTE_SIGNER_ATTRIBUTES_V2, SIGNED, ONCE},
    {CADES "2", "claimed-SAML-assertion", TAMGA_ATTRIBUTE_OTHER, SIGNED, ONCE},
    {CADES "3", "signature-policy-store", TAMGA_ATTRIBUTE_OTHER, UNSIGNED, FREE},
    {SMIME "21", "complete-certificate-references", TAMGA_ATTRIBUTE_CERTIFICATE_REFERENCES,
     UNSIGNED, FREE},
    {SMIME "22", "complete-revocation-references", TAMGA_ATTRIBUTE_REVOCATION_REFERENCES, UNSIGNED,
     FREE},
    {SMIME "44", "attribute-certificate-references", TAMGA_ATTRIBUTE_OTHER, UNSIGNED, FREE},
    {SMIME "45", "attribute-revocation-references", TAMGA_ATTRIBUTE_OTHER, UNSIGNED, FREE},
    {SMIME "49", "evidence-record-internal", TAMGA_ATTRIBUTE_EVIDENCE_RECORD, UNSIGNED, FREE},
    {SMIME "50", "evidence-record-external", TAMGA_ATTRIBUTE_EVIDENCE_RECORD, UNSIGNED, FREE},
    {ETSI "2", "long-term-validation", TAMGA_ATTRIBUTE_LONG_TERM_VALIDATION, UNSIGNED, FREE},
    {ETSI "5", "ats-hash-index", TAMGA_ATTRIBUTE_HASH_INDEX, UNSIGNED, FREE},
    {CADES "4", "ats-hash-index-v2", TAMGA_ATTRIBUTE_HASH_INDEX, UNSIGNED, FREE},
    {CADES "5", "ats-hash-index-v3", TAMGA_ATTRIBUTE_HASH_INDEX, UNSIGNED, FREE},
};

static const Row *find_row (const char *oid)
{
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (strcmp (rows[i].oid, oid) == 0)
            return &rows[i];
    }
    return NULL;
}

void tamga_attribute_free (TamgaAttribute *attribute)
{
    g_free (attribute->oid);
    g_clear_pointer (&attribute->der, g_bytes_unref);
    g_clear_pointer (&attribute->type, g_bytes_unref);
    g_ptr_array_unref (attribute->values);
    g_free (attribute);
}

gboolean tamga_attribute_is_old_archive (const TamgaAttribute *attribute)
{
    return attribute->kind == TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V1 ||
           attribute->kind == TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V2;
}

TamgaAttribute *tamga_attribute_parse (GBytes *der)
{
    g_autoptr (TamgaAttribute) attribute = g_new0 (TamgaAttribute, 1);
    TamgaDerElement whole, type, values, value;
    const Row *row;

    attribute->values = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    if (!tamga_der_whole (der, TAMGA_DER_SEQUENCE, &whole) ||
        !tamga_der_take (&whole.contents, TAMGA_DER_OID, &type) ||
        !tamga_der_take (&whole.contents, TAMGA_DER_SET, &values) ||
        !tamga_der_at_end (&whole.contents) ||
        (attribute->oid = tamga_der_oid_text (&type)) == NULL)
        return NULL;
    while (!tamga_der_at_end (&values.contents)) {
        if (!tamga_der_next (&values.contents, &value))
            return NULL;
        g_ptr_array_add (attribute->values, tamga_der_raw (&value));
    }
    attribute->der = g_bytes_ref (der);
    attribute->type = tamga_der_raw (&type);
    row = find_row (attribute->oid);
    attribute->kind = row != NULL ? row->kind : TAMGA_ATTRIBUTE_UNKNOWN;
    attribute->name = row != NULL ? row->name : "unknown";
    return g_steal_pointer (&attribute);
}

/* Rules of one known attribute in its place. A broken one is fatal where the attribute is signed:
 * the signer's software or someone else lies about what was signed. Unsigned attributes can be
 * added by anyone, so a broken one is only said. */
static void check_row (const Row *row, const TamgaAttribute *attribute, Place place,
                       guint occurrences, TamgaSignature *signature)
{
    const char *broken = NULL;

    if (!(row->place & place))
        broken = place == SIGNED ? "is not allowed among the signed attributes"
                                 : "is not allowed among the unsigned attributes";
    else if (row->count == ONCE && occurrences > 1)
        broken = "occurs more than once";
    else if (attribute->values->len == 0)
        broken = "has no value";
    else if (row->count != FREE && attribute->values->len > 1)
        broken = "has more than one value";
    if (broken == NULL)
        return;
    if (place == SIGNED || row->kind == TAMGA_ATTRIBUTE_CONTENT_TYPE ||
        row->kind == TAMGA_ATTRIBUTE_MESSAGE_DIGEST)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The attribute %s %s (RFC 5652 5.3, 11).", row->name, broken);
    tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "cms-attribute-rule",
                          "RFC 5652 11; EN 319 122-1 5", "The attribute %s %s.", row->name, broken);
}

static guint count_oid (GPtrArray *attributes, const char *oid)
{
    guint count = 0;

    for (guint i = 0; i < attributes->len; i++) {
        const TamgaAttribute *attribute = attributes->pdata[i];
        count += strcmp (attribute->oid, oid) == 0;
    }
    return count;
}

static GPtrArray *walk_list (GPtrArray *list, Place place, TamgaSignature *signature)
{
    GPtrArray *attributes = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_attribute_free);

    for (guint i = 0; list != NULL && i < list->len; i++) {
        TamgaAttribute *attribute = tamga_attribute_parse (list->pdata[i]);
        if (attribute != NULL)
            g_ptr_array_add (attributes, attribute);
        else if (place == SIGNED)
            tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                                  "Signed attribute %u is not an Attribute (RFC 5652 5.3).", i + 1);
        else
            tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "cms-attribute-broken",
                                  "RFC 5652 5.3", "Unsigned attribute %u is not an Attribute.",
                                  i + 1);
    }
    for (guint i = 0; i < attributes->len; i++) {
        const TamgaAttribute *attribute = attributes->pdata[i];
        const Row *row = find_row (attribute->oid);
        if (row != NULL)
            check_row (row, attribute, place, count_oid (attributes, attribute->oid), signature);
        else
            tamga_signature_find (
                signature, place == SIGNED ? TAMGA_SEVERITY_WARNING : TAMGA_SEVERITY_INFO,
                "cms-attribute-unknown", "RFC 5652 11", "The %s attribute %s is not known here.",
                place == SIGNED ? "signed" : "unsigned", attribute->oid);
    }
    return attributes;
}

/* Signed attributes that must be there (RFC 5652 5.3, 11.4). */
static void check_presence (GPtrArray *attributes, gboolean countersignature,
                            TamgaSignature *signature)
{
    gboolean type = tamga_attributes_find (attributes, TAMGA_ATTRIBUTE_CONTENT_TYPE) != NULL;

    if (type == countersignature)
        tamga_signature_fail (
            signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
            type ? "A countersignature has a content-type (RFC 5652 11.4)."
                 : "The signed attribute content-type is missing (RFC 5652 11.1).");
    if (tamga_attributes_find (attributes, TAMGA_ATTRIBUTE_MESSAGE_DIGEST) == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The signed attribute message-digest is missing (RFC 5652 11.2).");
}

void tamga_attributes_walk (const TamgaSignerInfo *info, gboolean countersignature,
                            TamgaSignature *signature, GPtrArray **signed_attributes,
                            GPtrArray **unsigned_attributes)
{
    *signed_attributes = walk_list (info->signed_list, SIGNED, signature);
    *unsigned_attributes = walk_list (info->unsigned_list, UNSIGNED, signature);
    if (info->signed_list != NULL)
        check_presence (*signed_attributes, countersignature, signature);
}

const TamgaAttribute *tamga_attributes_find (GPtrArray *attributes, TamgaAttributeKind kind)
{
    for (guint i = 0; i < attributes->len; i++) {
        const TamgaAttribute *attribute = attributes->pdata[i];
        if (attribute->kind == kind)
            return attribute;
    }
    return NULL;
}

GBytes *tamga_attributes_value (GPtrArray *attributes, TamgaAttributeKind kind)
{
    const TamgaAttribute *attribute = tamga_attributes_find (attributes, kind);

    return attribute != NULL && attribute->values->len > 0 ? attribute->values->pdata[0] : NULL;
}

gboolean tamga_attributes_look_like (GBytes *content)
{
    TamgaDerElement set, attribute, oid;

    if (!tamga_der_whole (content, TAMGA_DER_SET, &set) || tamga_der_at_end (&set.contents))
        return FALSE;
    while (!tamga_der_at_end (&set.contents)) {
        if (!tamga_der_take (&set.contents, TAMGA_DER_SEQUENCE, &attribute) ||
            !tamga_der_take (&attribute.contents, TAMGA_DER_OID, &oid) ||
            tamga_der_peek (&attribute.contents) != TAMGA_DER_SET)
            return FALSE;
    }
    return TRUE;
}
