/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes that say what the signer claims. */
#include <string.h>

#include "formats/cms/claims.h"
#include "formats/cms/der.h"
#include "formats/cms/tree.h"
#include "formats/ossl.h"

#define OID_POLICY "1.2.840.113549.1.9.16.2.15"
#define OID_COMMITMENT "1.2.840.113549.1.9.16.2.16"
#define OID_LOCATION "1.2.840.113549.1.9.16.2.17"
#define OID_SIGNER_ATTRIBUTES_V2 "0.4.0.19122.1.1"
#define OID_POLICY_URI "1.2.840.113549.1.9.16.5.1"
/* id-at-name: what other implementations write claimed roles as, and show. */
#define OID_NAME "2.5.4.41"

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean refuse (GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start (arguments, format);
    text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_set_error_literal (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, text);
    return FALSE;
}

/* An OBJECT IDENTIFIER from what a person gave; NULL with an error. */
static GBytes *oid_of (const char *text, const char *what, GError **error)
{
    const char *dotted = g_str_has_prefix (text, "urn:oid:") ? text + strlen ("urn:oid:") : text;
    g_autoptr (ASN1_OBJECT) object =
        g_ascii_isdigit (*dotted) && strchr (dotted, '.') ? OBJ_txt2obj (dotted, 1) : NULL;

    if (object == NULL) {
        refuse (error, "%s \"%s\" is not a dotted object identifier, which CMS needs.", what, text);
        return NULL;
    }
    return tamga_ossl_der (i2d_ASN1_OBJECT, object);
}

static GBytes *utf8 (const char *text)
{
    return tamga_der_tlv (TAMGA_DER_UTF8_STRING, text, strlen (text));
}

static void add (GPtrArray *attributes, const char *oid, GBytes *value)
{
    g_ptr_array_add (attributes, tamga_cms_attribute (oid, value));
}

/* SigPolicyQualifiers with the place where the policy can be had (5.2.9.1). */
static GBytes *policy_qualifiers (const char *uri)
{
    g_autoptr (GBytes) type = tamga_der_oid (OID_POLICY_URI);
    g_autoptr (GBytes) text = tamga_der_tlv (V_ASN1_IA5STRING, uri, strlen (uri));
    g_autoptr (GBytes) info = tamga_der_join (TAMGA_DER_SEQUENCE, type, text, TAMGA_DER_END);

    return tamga_der_wrap (TAMGA_DER_SEQUENCE, info);
}

/* SignaturePolicyId (5.2.9.1). */
static gboolean write_policy (const TamgaPolicy *policy, GPtrArray *attributes, GError **error)
{
    g_autoptr (GBytes) id = oid_of (policy->id, "The signature policy", error);
    g_autoptr (GBytes) algorithm = NULL, octets = NULL, hash = NULL, qualifiers = NULL,
                       value = NULL;
    X509_ALGOR *algor;

    if (id == NULL)
        return FALSE;
    if (policy->digest == NULL || policy->value == NULL ||
        g_bytes_get_size (policy->value) != policy->digest->size)
        return refuse (error, "The signature policy %s has no digest of its document.", policy->id);
    if (policy->uri != NULL && !g_str_is_ascii (policy->uri))
        return refuse (error, "The address of the signature policy is not ASCII: %s.", policy->uri);
    algor = tamga_digest_to_cms (policy->digest);
    algorithm = tamga_ossl_der (i2d_X509_ALGOR, algor);
    X509_ALGOR_free (algor);
    octets = tamga_der_wrap (TAMGA_DER_OCTET_STRING, policy->value);
    hash = tamga_der_join (TAMGA_DER_SEQUENCE, algorithm, octets, TAMGA_DER_END);
    qualifiers = policy->uri != NULL ? policy_qualifiers (policy->uri) : NULL;
    value = tamga_der_join (TAMGA_DER_SEQUENCE, id, hash, qualifiers, TAMGA_DER_END);
    add (attributes, OID_POLICY, value);
    return TRUE;
}

/* One attribute with a value for each commitment: an attribute occurs once (RFC 5652 11). */
static gboolean write_commitments (const char *const *commitments, GPtrArray *attributes,
                                   GError **error)
{
    g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    g_autoptr (GBytes) type = tamga_der_oid (OID_COMMITMENT), set = NULL;

    for (gsize i = 0; commitments[i] != NULL; i++) {
        g_autoptr (GBytes) oid = oid_of (commitments[i], "The commitment", error);
        if (oid == NULL)
            return FALSE;
        g_ptr_array_add (values, tamga_der_wrap (TAMGA_DER_SEQUENCE, oid));
    }
    if (values->len == 0)
        return TRUE;
    set = tamga_der_set_of (TAMGA_DER_SET, values);
    g_ptr_array_add (attributes, tamga_der_join (TAMGA_DER_SEQUENCE, type, set, TAMGA_DER_END));
    return TRUE;
}

/* SignerAttributeV2 with claimed attributes only (5.2.6.1). */
static gboolean write_roles (const char *const *roles, GPtrArray *attributes, GError **error)
{
    g_autoptr (GPtrArray) claimed = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    g_autoptr (GBytes) list = NULL, tagged = NULL, value = NULL;

    for (gsize i = 0; roles[i] != NULL; i++) {
        g_autoptr (GBytes) text = utf8 (roles[i]);
        if (*roles[i] == '\0' || !g_utf8_validate (roles[i], -1, NULL))
            return refuse (error, "A role is empty or not UTF-8.");
        g_ptr_array_add (claimed, tamga_cms_attribute (OID_NAME, text));
    }
    if (claimed->len == 0)
        return TRUE;
    list = tamga_elements_join (TAMGA_DER_SEQUENCE, claimed);
    tagged = tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED, list);
    value = tamga_der_wrap (TAMGA_DER_SEQUENCE, tagged);
    add (attributes, OID_SIGNER_ATTRIBUTES_V2, value);
    return TRUE;
}

/* [number] EXPLICIT DirectoryString; NULL without text. */
static GBytes *tagged_text (guint8 number, const char *text)
{
    g_autoptr (GBytes) string = text != NULL ? utf8 (text) : NULL;

    return string != NULL ? tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED | number, string) : NULL;
}

/* SignerLocation (5.2.5): province and postal code are lines of the postal address. */
static gboolean write_place (const TamgaClaims *claims, GPtrArray *attributes, GError **error)
{
    const char *texts[] = {claims->country, claims->locality, claims->postal_code,
                           claims->province};
    g_autoptr (GBytes) country = NULL, locality = NULL, code = NULL, province = NULL, lines = NULL,
                       address = NULL, value = NULL;
    gboolean any = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
        any |= texts[i] != NULL;
        if (texts[i] != NULL && (*texts[i] == '\0' || !g_utf8_validate (texts[i], -1, NULL)))
            return refuse (error, "A part of the place of signing is empty or not UTF-8.");
    }
    if (!any)
        return TRUE;
    country = tagged_text (0, claims->country);
    locality = tagged_text (1, claims->locality);
    code = claims->postal_code != NULL ? utf8 (claims->postal_code) : NULL;
    province = claims->province != NULL ? utf8 (claims->province) : NULL;
    lines = tamga_der_join (TAMGA_DER_SEQUENCE, code, province, TAMGA_DER_END);
    address = code != NULL || province != NULL
                  ? tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED | 2, lines)
                  : NULL;
    value = tamga_der_join (TAMGA_DER_SEQUENCE, country, locality, address, TAMGA_DER_END);
    add (attributes, OID_LOCATION, value);
    return TRUE;
}

gboolean tamga_claims_write (const TamgaClaims *claims, gboolean with_place, GPtrArray *attributes,
                             GError **error)
{
    return (claims->policy == NULL || write_policy (claims->policy, attributes, error)) &&
           (claims->commitments == NULL ||
            write_commitments (claims->commitments, attributes, error)) &&
           (claims->roles == NULL || write_roles (claims->roles, attributes, error)) &&
           (!with_place || write_place (claims, attributes, error));
}
