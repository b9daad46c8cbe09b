/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which certificate signed. KeyInfo is only a hint (threats b): SigningCertificate or
 * SigningCertificateV2 of the signed properties decides, and in XMLDSig without it the key. */
#include "formats/cms/binding.h"

#include <string.h>

#include "formats/cms/evidence.h"
#include "formats/limits.h"
#include "formats/ossl.h"
#include "formats/xml/qualifying.h"
#include "formats/xml/signer.h"

/* xades:Cert, of either version. */
typedef struct {
    const TamgaDigest *digest; /* NULL: unknown */
    GBytes *hash;
    const xmlNode *element;
} Cert;

static void cert_clear (gpointer data)
{
    g_clear_pointer (&((Cert *)data)->hash, g_bytes_unref);
}

/* FALSE where it is broken (EN 319 132-1 5.2.2). */
static gboolean read_cert (const xmlNode *element, Cert *cert)
{
    const xmlNode *digest = tamga_xades_only (element, "CertDigest");
    const xmlNode *method = tamga_xml_child (digest, TAMGA_NS_DSIG, "DigestMethod");
    const xmlNode *value = tamga_xml_child (digest, TAMGA_NS_DSIG, "DigestValue");
    g_autofree char *uri = NULL;

    /* XAdES 1.1.1 had elements of its own for the two. */
    method = method != NULL ? method : tamga_xades_child (digest, "DigestMethod");
    value = value != NULL ? value : tamga_xades_child (digest, "DigestValue");
    uri = method != NULL ? tamga_xml_attribute (method, "Algorithm") : NULL;
    cert->element = element;
    cert->digest = uri != NULL ? tamga_digest_by_uri (uri) : NULL;
    cert->hash = tamga_xml_base64 (value);
    return uri != NULL && cert->hash != NULL;
}

/* All of both forms, that of version 2 first. Elements: Cert. */
static GArray *read_certs (TamgaXmlSigner *signer)
{
    static const char *const forms[] = {"SigningCertificateV2", "SigningCertificate"};
    GArray *certs = g_array_new (FALSE, TRUE, sizeof (Cert));
    const xmlNode *properties = tamga_xades_child (signer->properties, "SignedSignatureProperties");

    g_array_set_clear_func (certs, cert_clear);
    for (gsize i = 0; i < G_N_ELEMENTS (forms); i++) {
        const xmlNode *form = tamga_xades_child (properties, forms[i]);
        gboolean good = form == NULL;
        for (const xmlNode *node = form != NULL ? tamga_xml_first_element (form) : NULL;
             node != NULL && certs->len < TAMGA_MAX_CERTIFICATES;
             node = tamga_xml_next_element (node)) {
            Cert cert = {0};
            good = tamga_xades_is (node, "Cert") && read_cert (node, &cert);
            g_array_append_val (certs, cert);
            if (!good)
                break;
        }
        if (!good)
            tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                                  "%s is broken (EN 319 132-1 5.2.2).", forms[i]);
    }
    return certs;
}

static gboolean is_hashed (const Cert *cert, const TamgaFoundCertificate *found)
{
    g_autoptr (GBytes) hash = NULL;

    if (cert->digest == NULL || cert->hash == NULL)
        return FALSE;
    hash = tamga_digest_bytes (cert->digest, found->der);
    return g_bytes_equal (hash, cert->hash);
}

static gboolean verifies (const TamgaXmlSigner *signer, const TamgaFoundCertificate *found,
                          GBytes *octets)
{
    const TamgaSignature *signature = signer->signature;
    EVP_PKEY *key = X509_get0_pubkey (found->certificate);

    return key != NULL && octets != NULL && signature->algorithm != NULL &&
           signature->signature_value != NULL &&
           tamga_algorithm_verify (key, signature->algorithm, octets, signature->signature_value) ==
               TAMGA_VERIFY_GOOD;
}

/* Decimal X509SerialNumber, with its sign and zeros as they may be. */
static gboolean is_serial (const char *text, X509 *certificate)
{
    BIGNUM *number = NULL;
    g_autoptr (BIGNUM) serial = ASN1_INTEGER_to_BN (X509_get0_serialNumber (certificate), NULL);
    gsize length = strlen (text);
    gboolean same = length > 0 && length < 100 && strspn (text, "-0123456789") == length &&
                    BN_dec2bn (&number, text) == (int)length && serial != NULL &&
                    BN_cmp (number, serial) == 0;

    BN_free (number);
    return same;
}

/* The digest decides; issuer and serial number only help to find it (EN 319 132-1 5.2.2.2). Names
 * in IssuerSerial of version 1 are text in too many spellings to be compared. */
static void check_issuer_serial (TamgaXmlSigner *signer, const Cert *cert,
                                 const TamgaFoundCertificate *chosen)
{
    const xmlNode *one = tamga_xades_child (cert->element, "IssuerSerial");
    const xmlNode *two = tamga_xades_child (cert->element, "IssuerSerialV2");
    g_autofree char *serial =
        tamga_xml_text (tamga_xml_child (one, TAMGA_NS_DSIG, "X509SerialNumber"));
    g_autoptr (GBytes) der = tamga_xml_base64 (two);
    gboolean same = TRUE;

    if (serial != NULL)
        same = is_serial (serial, chosen->certificate);
    if (two != NULL)
        same = der != NULL && tamga_binding_issuer_serial (der, chosen->certificate);
    if (!same)
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING,
                              "xades-issuer-serial-mismatch", "EN 319 132-1 5.2.2",
                              "The issuer and serial number in the signed properties are not those "
                              "of the signing certificate, whose digest is there and decides.");
}

/* A certificate that a Cert names; of several (copies of one key) the one whose key verifies. */
static const TamgaFoundCertificate *choose_by_hash (TamgaXmlSigner *signer, GArray *certs,
                                                    GBytes *octets, const Cert **named)
{
    const TamgaFoundCertificate *first = NULL;

    for (guint i = 0; i < certs->len; i++) {
        const Cert *cert = &g_array_index (certs, Cert, i);
        for (guint j = 0; j < signer->found->len; j++) {
            const TamgaFoundCertificate *one = signer->found->pdata[j];
            if (!is_hashed (cert, one))
                continue;
            if (first == NULL) {
                first = one;
                *named = cert;
            }
            if (verifies (signer, one, octets)) {
                *named = cert;
                return one;
            }
        }
    }
    return first;
}

/* The certificate whose key verifies; else the first, so that the failure can be told. */
static const TamgaFoundCertificate *choose_by_key (TamgaXmlSigner *signer, GBytes *octets)
{
    for (guint i = 0; i < signer->found->len; i++) {
        if (verifies (signer, signer->found->pdata[i], octets))
            return signer->found->pdata[i];
    }
    return signer->found->len > 0 ? signer->found->pdata[0] : NULL;
}

/* A signed KeyInfo with one certificate binds it as well (EN 319 132-1 5.2.2, TS 101 903 4.4.1). */
static const TamgaXmlSigned *key_info_reference (const TamgaXmlSigner *signer)
{
    g_autoptr (GPtrArray) data = tamga_xml_children (signer->key_info, TAMGA_NS_DSIG, "X509Data");
    g_autoptr (GPtrArray) list =
        data->len == 1 ? tamga_xml_children (data->pdata[0], TAMGA_NS_DSIG, "X509Certificate")
                       : NULL;

    for (guint i = 0; list != NULL && list->len == 1 && i < signer->references->len; i++) {
        const TamgaXmlSigned *one = signer->references->pdata[i];
        if (one->node == signer->key_info && one->plain && one->integrity == TAMGA_INTEGRITY_INTACT)
            return one;
    }
    return NULL;
}

static void note_unnamed (TamgaXmlSigner *signer)
{
    TamgaSignature *signature = signer->signature;
    const TamgaXmlSigned *reference = key_info_reference (signer);

    if (reference != NULL)
        signature->binding = reference->digest->weak ? TAMGA_BINDING_V1 : TAMGA_BINDING_V2;
    else
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "xml-no-signing-certificate",
                              "EN 319 132-1 5.2.2",
                              "The signature does not say under itself which certificate made it "
                              "(no SigningCertificate).");
}

static void note_named (TamgaXmlSigner *signer, GArray *certs, const Cert *named)
{
    TamgaSignature *signature = signer->signature;
    gboolean known = FALSE;

    for (guint i = 0; i < certs->len; i++)
        known |= g_array_index (certs, Cert, i).digest != NULL;
    if (named != NULL) {
        signature->binding = named->digest->weak ? TAMGA_BINDING_V1 : TAMGA_BINDING_V2;
        return;
    }
    if (!known) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "SigningCertificate names the certificate by a digest that is not "
                              "known here.");
        return;
    }
    signature->binding = TAMGA_BINDING_MISMATCH;
    tamga_signature_find (signature, TAMGA_SEVERITY_FATAL, "xades-signing-certificate-mismatch",
                          "EN 319 132-1 5.2.2",
                          "The signed properties name another certificate than those in the "
                          "signature.");
}

void tamga_xml_signer_choose (TamgaXmlSigner *signer, GBytes *octets)
{
    g_autoptr (GArray) certs = read_certs (signer);
    const TamgaFoundCertificate *chosen = NULL;
    const Cert *named = NULL;

    if (certs->len > 0)
        chosen = choose_by_hash (signer, certs, octets, &named);
    if (chosen == NULL)
        chosen = choose_by_key (signer, octets);
    else
        check_issuer_serial (signer, named, chosen);
    if (certs->len > 0)
        note_named (signer, certs, named);
    else
        note_unnamed (signer);
    if (chosen == NULL) {
        tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE,
                              "The signer's certificate is not in the signature.");
        return;
    }
    X509_up_ref (chosen->certificate);
    signer->signature->certificate = chosen->certificate;
}
