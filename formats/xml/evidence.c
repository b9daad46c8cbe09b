/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates and revocation data that lie in a signature. */
#include "formats/cms/evidence.h"

#include "formats/ossl.h"
#include "formats/xml/qualifying.h"
#include "formats/xml/signer.h"

/* Elements named so below `top` and not in another signature, each to `take`. */
static void each_below (const TamgaXmlSigner *signer, const xmlNode *top, const char *name,
                        gboolean dsig, void (*take) (const TamgaXmlSigner *signer, GBytes *der))
{
    const xmlNode *node = top;

    while (node != NULL) {
        gboolean other = node != top && tamga_xml_is (node, TAMGA_NS_DSIG, "Signature");
        if (dsig ? tamga_xml_is (node, TAMGA_NS_DSIG, name) : tamga_xades_is (node, name)) {
            g_autoptr (GBytes) der = tamga_xml_base64 (node);
            if (der != NULL)
                take (signer, der);
            else
                tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING, "xml-value-broken",
                                      "XMLDSig 4.5", "%s is not base64.", name);
        }
        /* A countersignature has evidence of its own. */
        node = other ? tamga_xml_skip (node, top) : tamga_xml_walk (node, top);
    }
}

static void take_certificate (const TamgaXmlSigner *signer, GBytes *der)
{
    tamga_found_certificate_add (signer->found, der, signer->signature);
}

static void take_crl (const TamgaXmlSigner *signer, GBytes *der)
{
    tamga_evidence_add_revocation (signer->signature->crls, der, signer->signature);
}

static void take_ocsp (const TamgaXmlSigner *signer, GBytes *der)
{
    tamga_evidence_add_ocsp_value (der, signer->signature);
}

/* KeyInfo first: the signer's own. */
void tamga_xml_signer_find_certificates (TamgaXmlSigner *signer)
{
    GPtrArray *list = signer->signature->certificates;

    each_below (signer, signer->key_info, "X509Certificate", TRUE, take_certificate);
    each_below (signer, tamga_xades_unsigned (signer->element), "EncapsulatedX509Certificate",
                FALSE, take_certificate);
    for (guint i = 0; i < signer->found->len; i++) {
        X509 *certificate = ((TamgaFoundCertificate *)signer->found->pdata[i])->certificate;
        X509_up_ref (certificate);
        g_ptr_array_add (list, certificate);
    }
}

void tamga_xml_signer_find_revocations (TamgaXmlSigner *signer)
{
    const xmlNode *properties = tamga_xades_unsigned (signer->element);

    each_below (signer, signer->key_info, "X509CRL", TRUE, take_crl);
    each_below (signer, properties, "EncapsulatedCRLValue", FALSE, take_crl);
    each_below (signer, properties, "EncapsulatedOCSPValue", FALSE, take_ocsp);
}
