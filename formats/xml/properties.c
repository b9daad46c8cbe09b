/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SignedProperties (EN 319 132-1 5.2), in the order of the schema. */
#include "formats/cms/build.h"
#include "formats/ossl.h"
#include "formats/xml/make.h"

/* Who signs, bound by digest and by issuer and serial number (5.2.2). */
static void write_certificate (TamgaXmlWriter *writer, const TamgaDigest *digest, X509 *certificate)
{
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);
    g_autoptr (GBytes) value = tamga_digest_bytes (digest, der);
    g_autoptr (GBytes) issuer_serial = tamga_cms_issuer_serial (certificate);

    tamga_xml_writer_begin (writer, "xades:SigningCertificateV2", NULL);
    tamga_xml_writer_begin (writer, "xades:Cert", NULL);
    tamga_xml_writer_begin (writer, "xades:CertDigest", NULL);
    tamga_xml_writer_digest (writer, digest, value);
    tamga_xml_writer_end (writer);
    tamga_xml_writer_base64 (writer, TAMGA_XML_INLINE, "xades:IssuerSerialV2", issuer_serial, NULL);
    tamga_xml_writer_end (writer);
    tamga_xml_writer_end (writer);
}

/* ObjectIdentifierType (5.1.2): an OID is written as URN. */
static void write_identifier (TamgaXmlWriter *writer, const char *name, const char *id)
{
    gboolean oid = g_ascii_isdigit (id[0]);
    g_autofree char *urn = oid ? g_strconcat ("urn:oid:", id, NULL) : g_strdup (id);

    tamga_xml_writer_begin (writer, name, NULL);
    tamga_xml_writer_leaf (writer, "xades:Identifier", urn, "Qualifier", oid ? "OIDAsURN" : NULL,
                           NULL);
    tamga_xml_writer_end (writer);
}

static void write_policy (TamgaXmlWriter *writer, const TamgaPolicy *policy)
{
    tamga_xml_writer_begin (writer, "xades:SignaturePolicyIdentifier", NULL);
    tamga_xml_writer_begin (writer, "xades:SignaturePolicyId", NULL);
    write_identifier (writer, "xades:SigPolicyId", policy->id);
    tamga_xml_writer_begin (writer, "xades:SigPolicyHash", NULL);
    tamga_xml_writer_digest (writer, policy->digest, policy->value);
    tamga_xml_writer_end (writer);
    if (policy->uri != NULL) {
        tamga_xml_writer_begin (writer, "xades:SigPolicyQualifiers", NULL);
        tamga_xml_writer_begin (writer, "xades:SigPolicyQualifier", NULL);
        tamga_xml_writer_leaf (writer, "xades:SPURI", policy->uri, NULL);
        tamga_xml_writer_end (writer);
        tamga_xml_writer_end (writer);
    }
    tamga_xml_writer_end (writer);
    tamga_xml_writer_end (writer);
}

static void write_place (TamgaXmlWriter *writer, const TamgaClaims *claims)
{
    const struct {
        const char *name, *value;
    } rows[] = {
        {"xades:City", claims->locality},
        {"xades:StateOrProvince", claims->province},
        {"xades:PostalCode", claims->postal_code},
        {"xades:CountryName", claims->country},
    };
    gboolean any = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
        any = any || rows[i].value != NULL;
    if (!any)
        return;
    tamga_xml_writer_begin (writer, "xades:SignatureProductionPlaceV2", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (rows[i].value != NULL)
            tamga_xml_writer_leaf (writer, rows[i].name, rows[i].value, NULL);
    }
    tamga_xml_writer_end (writer);
}

static void write_roles (TamgaXmlWriter *writer, const char *const *roles)
{
    if (roles == NULL || roles[0] == NULL)
        return;
    tamga_xml_writer_begin (writer, "xades:SignerRoleV2", NULL);
    tamga_xml_writer_begin (writer, "xades:ClaimedRoles", NULL);
    for (gsize i = 0; roles[i] != NULL; i++)
        tamga_xml_writer_leaf (writer, "xades:ClaimedRole", roles[i], NULL);
    tamga_xml_writer_end (writer);
    tamga_xml_writer_end (writer);
}

static void write_signature_properties (TamgaXmlWriter *writer, const TamgaXmlPlan *plan,
                                        const TamgaSigningParameters *parameters)
{
    const TamgaClaims *claims = parameters->claims;
    g_autofree char *time = tamga_time_rfc3339 (parameters->signing_time);

    tamga_xml_writer_begin (writer, "xades:SignedSignatureProperties", NULL);
    tamga_xml_writer_leaf (writer, "xades:SigningTime", time, NULL);
    write_certificate (writer, tamga_algorithm_digest (plan->algorithm), parameters->certificate);
    if (claims != NULL && claims->policy != NULL)
        write_policy (writer, claims->policy);
    if (claims != NULL) {
        write_place (writer, claims);
        write_roles (writer, claims->roles);
    }
    tamga_xml_writer_end (writer);
}

static void write_formats (TamgaXmlWriter *writer, const TamgaXmlPlan *plan)
{
    for (guint i = 0; i < plan->references->len; i++) {
        const TamgaXmlReference *reference = plan->references->pdata[i];
        g_autofree char *target = NULL;
        if (reference->mime_type == NULL)
            continue;
        target = g_strconcat ("#", reference->id, NULL);
        tamga_xml_writer_begin (writer, "xades:DataObjectFormat", "ObjectReference", target, NULL);
        tamga_xml_writer_leaf (writer, "xades:MimeType", reference->mime_type, NULL);
        tamga_xml_writer_end (writer);
    }
}

static void write_commitments (TamgaXmlWriter *writer, const TamgaClaims *claims)
{
    const char *const *ids = claims != NULL ? claims->commitments : NULL;

    for (gsize i = 0; ids != NULL && ids[i] != NULL; i++) {
        tamga_xml_writer_begin (writer, "xades:CommitmentTypeIndication", NULL);
        write_identifier (writer, "xades:CommitmentTypeId", ids[i]);
        tamga_xml_writer_leaf (writer, "xades:AllSignedDataObjects", NULL, NULL);
        tamga_xml_writer_end (writer);
    }
}

static void write_content_timestamp (TamgaXmlWriter *writer, const TamgaXmlPlan *plan)
{
    g_autofree char *id = tamga_xml_plan_id (plan, "content-timestamp");

    tamga_xml_writer_begin (writer, "xades:AllDataObjectsTimeStamp", "Id", id, NULL);
    tamga_xml_writer_leaf (writer, "ds:CanonicalizationMethod", NULL, "Algorithm", plan->c14n->uri,
                           NULL);
    tamga_xml_writer_base64 (writer, TAMGA_XML_INLINE, "xades:EncapsulatedTimeStamp",
                             plan->content_token, NULL);
    tamga_xml_writer_end (writer);
}

void tamga_xades_write_signed_properties (TamgaXmlWriter *writer, const TamgaXmlPlan *plan,
                                          const TamgaSigningParameters *parameters)
{
    g_autofree char *id = tamga_xml_plan_id (plan, "properties");
    const TamgaClaims *claims = parameters->claims;
    gboolean any = plan->content_token != NULL || (claims != NULL && claims->commitments != NULL &&
                                                   claims->commitments[0] != NULL);

    for (guint i = 0; i < plan->references->len; i++)
        any = any || ((TamgaXmlReference *)plan->references->pdata[i])->mime_type != NULL;
    tamga_xml_writer_begin (writer, "xades:SignedProperties", "Id", id, NULL);
    write_signature_properties (writer, plan, parameters);
    if (any) {
        tamga_xml_writer_begin (writer, "xades:SignedDataObjectProperties", NULL);
        write_formats (writer, plan);
        write_commitments (writer, claims);
        if (plan->content_token != NULL)
            write_content_timestamp (writer, plan);
        tamga_xml_writer_end (writer);
    }
    tamga_xml_writer_end (writer);
}

static gboolean check_text (const char *what, const char *text, GError **error)
{
    if (text == NULL || tamga_xml_writer_takes (text))
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "The %s cannot be written in XML: it has control characters, or is no UTF-8 (XML "
                 "1.0, 2.2).",
                 what);
    return FALSE;
}

gboolean tamga_xades_check_claims (const TamgaClaims *claims, GError **error)
{
    const struct {
        const char *what, *text;
    } rows[] = {
        {"place", claims->locality},
        {"province", claims->province},
        {"postal code", claims->postal_code},
        {"country", claims->country},
        {"policy", claims->policy != NULL ? claims->policy->id : NULL},
        {"address of the policy", claims->policy != NULL ? claims->policy->uri : NULL},
    };
    const struct {
        const char *what;
        const char *const *texts;
    } lists[] = {{"role", claims->roles}, {"commitment", claims->commitments}};

    if (claims->policy != NULL && claims->policy->digest->xml_uri == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "The digest %s of the policy has no identifier in XML signatures.",
                     claims->policy->digest->name);
        return FALSE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (!check_text (rows[i].what, rows[i].text, error))
            return FALSE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (lists); i++) {
        for (gsize j = 0; lists[i].texts != NULL && lists[i].texts[j] != NULL; j++) {
            if (!check_text (lists[i].what, lists[i].texts[j], error))
                return FALSE;
        }
    }
    return TRUE;
}
