/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates and revocation data found with a signature. */
#include "formats/cms/evidence.h"

#include <string.h>

#include "formats/cms/der.h"
#include "formats/limits.h"
#include "formats/ossl.h"

#define OID_OCSP_RESPONSE "1.3.6.1.5.5.7.16.2" /* id-ri-ocsp-response, RFC 5940 */
#define OID_OCSP_BASIC "1.3.6.1.5.5.7.48.1.1"  /* id-pkix-ocsp-basic, RFC 6960 */

void tamga_found_certificate_free (TamgaFoundCertificate *found)
{
    X509_free (found->certificate);
    g_bytes_unref (found->der);
    g_free (found);
}

static void append (GPtrArray *found, X509 *certificate, GBytes *der)
{
    TamgaFoundCertificate *one = g_new (TamgaFoundCertificate, 1);

    *one = (TamgaFoundCertificate){certificate, g_bytes_ref (der)};
    g_ptr_array_add (found, one);
}

void tamga_found_certificate_add (GPtrArray *found, GBytes *der, TamgaSignature *signature)
{
    X509 *certificate;

    for (guint i = 0; i < found->len; i++) {
        if (g_bytes_equal (((TamgaFoundCertificate *)found->pdata[i])->der, der))
            return;
    }
    if (found->len >= TAMGA_MAX_CERTIFICATES)
        return;
    certificate =
        g_bytes_get_size (der) <= TAMGA_MAX_CERTIFICATE_SIZE ? tamga_ossl_certificate (der) : NULL;
    if (certificate == NULL) {
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "certificate-broken",
                              "RFC 5280 4.1", "A certificate in the signature cannot be read.");
        return;
    }
    append (found, certificate, der);
}

GPtrArray *tamga_evidence_find_certificates (const TamgaSignedData *data, TamgaSignature *signature)
{
    GPtrArray *found =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_found_certificate_free);

    for (guint i = 0; i < data->certificates->len; i++) {
        TamgaDerElement element;
        /* Other choices are attribute certificates and obsolete forms: not for signers. */
        if (tamga_der_whole (data->certificates->pdata[i], TAMGA_DER_SEQUENCE, &element))
            tamga_found_certificate_add (found, data->certificates->pdata[i], signature);
    }
    return found;
}

GPtrArray *tamga_evidence_join (GPtrArray *base, GPtrArray *certificate_values,
                                TamgaSignature *signature)
{
    GPtrArray *found =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_found_certificate_free);

    for (guint i = 0; i < base->len; i++) {
        TamgaFoundCertificate *one = base->pdata[i];
        X509_up_ref (one->certificate);
        append (found, one->certificate, one->der);
    }
    for (guint i = 0; i < certificate_values->len; i++) {
        TamgaDerElement list, element;
        if (!tamga_der_whole (certificate_values->pdata[i], TAMGA_DER_SEQUENCE, &list)) {
            tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "cms-values-broken",
                                  "EN 319 122-1 A.1.1.2", "certificate-values cannot be read.");
            continue;
        }
        while (tamga_der_next (&list.contents, &element)) {
            g_autoptr (GBytes) der = tamga_der_raw (&element);
            tamga_found_certificate_add (found, der, signature);
        }
    }
    return found;
}

void tamga_evidence_add_revocation (GPtrArray *list, GBytes *der, TamgaSignature *signature)
{
    if (signature->crls->len + signature->ocsps->len >= TAMGA_MAX_REVOCATIONS)
        return;
    for (guint i = 0; i < list->len; i++) {
        if (g_bytes_equal (list->pdata[i], der))
            return;
    }
    g_ptr_array_add (list, g_bytes_ref (der));
    signature->has_evidence = TRUE;
}

/* OCSPResponse with status successful around a BasicOCSPResponse (RFC 6960 4.2.1). */
static GBytes *wrap_basic (const TamgaDerElement *basic)
{
    static const guint8 successful[] = {TAMGA_DER_ENUMERATED, 1, 0};
    g_autoptr (GBytes) status = g_bytes_new_static (successful, sizeof successful);
    g_autoptr (GBytes) type = tamga_der_oid (OID_OCSP_BASIC);
    g_autoptr (GBytes) octets =
        tamga_der_tlv (TAMGA_DER_OCTET_STRING, basic->raw, basic->raw_length);
    g_autoptr (GBytes) bytes = tamga_der_join (TAMGA_DER_SEQUENCE, type, octets, TAMGA_DER_END);
    g_autoptr (GBytes) tagged = tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED, bytes);

    return tamga_der_join (TAMGA_DER_SEQUENCE, status, tagged, TAMGA_DER_END);
}

static void add_element (const TamgaDerElement *element, gboolean crl, gboolean basic,
                         TamgaSignature *signature)
{
    g_autoptr (GBytes) der = basic ? wrap_basic (element) : tamga_der_raw (element);

    tamga_evidence_add_revocation (crl ? signature->crls : signature->ocsps, der, signature);
}

void tamga_evidence_add_ocsp_value (GBytes *der, TamgaSignature *signature)
{
    TamgaDerElement whole;
    gboolean good = tamga_der_whole (der, TAMGA_DER_SEQUENCE, &whole);

    if (good && tamga_der_peek (&whole.contents) == TAMGA_DER_SEQUENCE)
        add_element (&whole, FALSE, TRUE, signature);
    else if (good)
        tamga_evidence_add_revocation (signature->ocsps, der, signature);
    else
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "revocation-broken",
                              "RFC 6960 4.2.1", "An OCSP response cannot be read.");
}

/* OtherRevocationInfoFormat. FALSE when it is not one; kinds not known add nothing. */
static gboolean read_other (TamgaDer fields, TamgaSignature *signature)
{
    TamgaDerElement type, value;
    g_autofree char *oid = NULL;

    if (!tamga_der_take (&fields, TAMGA_DER_OID, &type) || !tamga_der_next (&fields, &value) ||
        !tamga_der_at_end (&fields) || (oid = tamga_der_oid_text (&type)) == NULL)
        return FALSE;
    if (strcmp (oid, OID_OCSP_RESPONSE) == 0)
        add_element (&value, FALSE, FALSE, signature);
    else if (strcmp (oid, OID_OCSP_BASIC) == 0)
        add_element (&value, FALSE, TRUE, signature);
    else
        tamga_signature_find (signature, TAMGA_SEVERITY_INFO, "cms-revocation-unknown",
                              "RFC 5652 10.2.1",
                              "Revocation data of the kind %s is not known here.", oid);
    return TRUE;
}

void tamga_evidence_read_crls (const TamgaSignedData *data, TamgaSignature *signature)
{
    for (guint i = 0; i < data->crls->len; i++) {
        TamgaDer der = tamga_der (data->crls->pdata[i]);
        TamgaDerElement element;
        gboolean good = tamga_der_next (&der, &element);
        if (good && element.tag == TAMGA_DER_SEQUENCE)
            add_element (&element, TRUE, FALSE, signature);
        else if (good && element.tag == (TAMGA_DER_CONTEXT_CONSTRUCTED | 1))
            good = read_other (element.contents, signature);
        else
            good = FALSE;
        if (!good)
            tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "cms-crls-broken",
                                  "RFC 5652 10.2.1", "An element of crls cannot be read.");
    }
}

/* [tag] EXPLICIT SEQUENCE OF, where present. FALSE when broken. */
static gboolean read_list (TamgaDer *fields, guint8 number, gboolean crl, gboolean basic,
                           TamgaSignature *signature)
{
    TamgaDerElement tagged, list, element;

    if (!tamga_der_take (fields, TAMGA_DER_CONTEXT_CONSTRUCTED | number, &tagged))
        return TRUE;
    if (!tamga_der_take (&tagged.contents, TAMGA_DER_SEQUENCE, &list))
        return FALSE;
    while (tamga_der_next (&list.contents, &element))
        add_element (&element, crl, basic, signature);
    return tamga_der_at_end (&list.contents) && tamga_der_at_end (&tagged.contents);
}

/* Both structures are CRLs in [0] and OCSP in [1]; they differ in the form of the latter. */
static void read_values (GBytes *value, gboolean basic, const char *name, TamgaSignature *signature)
{
    TamgaDerElement whole;

    if (!tamga_der_whole (value, TAMGA_DER_SEQUENCE, &whole) ||
        !read_list (&whole.contents, 0, TRUE, FALSE, signature) ||
        !read_list (&whole.contents, 1, FALSE, basic, signature))
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "cms-values-broken", NULL,
                              "%s cannot be read.", name);
}

void tamga_evidence_read_revocation_values (GBytes *value, TamgaSignature *signature)
{
    read_values (value, TRUE, "revocation-values", signature);
}

void tamga_evidence_read_adobe (GBytes *value, TamgaSignature *signature)
{
    read_values (value, FALSE, "adbe-revocationInfoArchival", signature);
}
