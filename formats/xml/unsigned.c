/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unsigned properties: timestamps and validation data (EN 319 132-1 5.3 to 5.5). */
#include <openssl/err.h>

#include "formats/cms/token.h"
#include "formats/ossl.h"
#include "formats/xml/make.h"

static void write_token (TamgaXmlWriter *writer, const TamgaC14n *c14n, GBytes *token)
{
    tamga_xml_writer_leaf (writer, "ds:CanonicalizationMethod", NULL, "xmlns:ds", TAMGA_NS_DSIG,
                           "Algorithm", c14n->uri, NULL);
    tamga_xml_writer_base64 (writer, TAMGA_XML_INLINE, "xades:EncapsulatedTimeStamp", token, NULL);
}

void tamga_xades_write_timestamp (TamgaXmlWriter *writer, const char *name, const char *id,
                                  const TamgaC14n *c14n, GBytes *token)
{
    tamga_xml_writer_begin (writer, name, "xmlns:xades", TAMGA_NS_XADES, "Id", id, NULL);
    write_token (writer, c14n, token);
    tamga_xml_writer_end (writer);
}

void tamga_xades_write_archive_timestamp (TamgaXmlWriter *writer, const char *id,
                                          const TamgaC14n *c14n, GBytes *token)
{
    tamga_xml_writer_begin (writer, "xades141:ArchiveTimeStamp", "xmlns:xades141",
                            TAMGA_NS_XADES_141, "xmlns:xades", TAMGA_NS_XADES, "Id", id, NULL);
    write_token (writer, c14n, token);
    tamga_xml_writer_end (writer);
}

gboolean tamga_evidence_is_empty (const TamgaEvidence *evidence)
{
    return evidence == NULL || (evidence->certificates->len == 0 && evidence->crls->len == 0 &&
                                evidence->ocsps->len == 0);
}

static void write_certificates (TamgaXmlWriter *writer, GPtrArray *certificates)
{
    if (certificates->len == 0)
        return;
    tamga_xml_writer_begin (writer, "xades:CertificateValues", "xmlns:xades", TAMGA_NS_XADES, NULL);
    for (guint i = 0; i < certificates->len; i++) {
        g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificates->pdata[i]);
        tamga_xml_writer_base64 (writer, TAMGA_XML_INLINE, "xades:EncapsulatedX509Certificate", der,
                                 NULL);
    }
    tamga_xml_writer_end (writer);
}

static void write_list (TamgaXmlWriter *writer, const char *list, const char *name,
                        GPtrArray *values)
{
    if (values->len == 0)
        return;
    tamga_xml_writer_begin (writer, list, NULL);
    for (guint i = 0; i < values->len; i++)
        tamga_xml_writer_base64 (writer, TAMGA_XML_INLINE, name, values->pdata[i], NULL);
    tamga_xml_writer_end (writer);
}

void tamga_xades_write_values (TamgaXmlWriter *writer, const TamgaEvidence *evidence)
{
    write_certificates (writer, evidence->certificates);
    if (evidence->crls->len == 0 && evidence->ocsps->len == 0)
        return;
    tamga_xml_writer_begin (writer, "xades:RevocationValues", "xmlns:xades", TAMGA_NS_XADES, NULL);
    write_list (writer, "xades:CRLValues", "xades:EncapsulatedCRLValue", evidence->crls);
    write_list (writer, "xades:OCSPValues", "xades:EncapsulatedOCSPValue", evidence->ocsps);
    tamga_xml_writer_end (writer);
}

void tamga_xades_write_validation_data (TamgaXmlWriter *writer, const TamgaEvidence *evidence,
                                        const char *timestamp)
{
    g_autofree char *uri = timestamp != NULL ? g_strconcat ("#", timestamp, NULL) : NULL;

    tamga_xml_writer_begin (writer, "xades141:TimeStampValidationData", "xmlns:xades141",
                            TAMGA_NS_XADES_141, "URI", uri, NULL);
    tamga_xades_write_values (writer, evidence);
    tamga_xml_writer_end (writer);
}

/* ---- Whose evidence is it? ---- */

static X509 *issuer_of (const TamgaEvidence *evidence, GPtrArray *others, X509 *certificate)
{
    GPtrArray *const lists[] = {evidence->certificates, others};

    for (gsize i = 0; i < G_N_ELEMENTS (lists); i++) {
        for (guint j = 0; lists[i] != NULL && j < lists[i]->len; j++) {
            if (X509_check_issued (lists[i]->pdata[j], certificate) == X509_V_OK)
                return lists[i]->pdata[j];
        }
    }
    return NULL;
}

static gboolean has_certificate (GPtrArray *certificates, X509 *certificate)
{
    for (guint i = 0; i < certificates->len; i++) {
        if (X509_cmp (certificates->pdata[i], certificate) == 0)
            return TRUE;
    }
    return FALSE;
}

/* The certificate and its issuers as far as they are known. Borrows. */
static GPtrArray *path_of (const TamgaEvidence *evidence, GPtrArray *others, X509 *certificate)
{
    GPtrArray *path = g_ptr_array_new ();

    for (X509 *one = certificate; one != NULL && !has_certificate (path, one);
         one = issuer_of (evidence, others, one))
        g_ptr_array_add (path, one);
    return path;
}

/* Certificates that responders sign with are on no path: they go where their answers go. */
static gboolean is_responder (X509 *certificate)
{
    return (X509_get_extension_flags (certificate) & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage (certificate) & XKU_OCSP_SIGN) != 0;
}

static gboolean crl_concerns (GBytes *der, GPtrArray *path)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (der, &length);
    g_autoptr (X509_CRL) crl = d2i_X509_CRL (NULL, &data, (long)length);

    ERR_clear_error ();
    for (guint i = 0; crl != NULL && i < path->len; i++) {
        if (X509_NAME_cmp (X509_CRL_get_issuer (crl), X509_get_issuer_name (path->pdata[i])) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Is one of the answers about a certificate of the path? By issuer and serial number. */
static gboolean ocsp_concerns (GBytes *der, GPtrArray *path)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (der, &length);
    g_autoptr (OCSP_RESPONSE) response = d2i_OCSP_RESPONSE (NULL, &data, (long)length);
    g_autoptr (OCSP_BASICRESP) basic =
        response != NULL ? OCSP_response_get1_basic (response) : NULL;
    gboolean found = FALSE;

    for (int i = 0; basic != NULL && !found && i < OCSP_resp_count (basic); i++) {
        const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id (OCSP_resp_get0 (basic, i));
        ASN1_OBJECT *md = NULL;
        ASN1_INTEGER *serial = NULL;
        OCSP_id_get0_info (NULL, &md, NULL, &serial, (OCSP_CERTID *)id);
        for (guint j = 0; !found && j + 1 < path->len; j++) {
            g_autofree char *oid = tamga_ossl_oid (md);
            const TamgaDigest *digest = tamga_digest_by_oid (oid);
            g_autoptr (OCSP_CERTID) own =
                digest != NULL ? OCSP_cert_to_id (tamga_digest_md (digest), path->pdata[j],
                                                  path->pdata[j + 1])
                               : NULL;
            found = own != NULL && OCSP_id_cmp (own, id) == 0;
        }
    }
    ERR_clear_error ();
    return found;
}

static void split_values (GPtrArray *values, gboolean (*concerns) (GBytes *der, GPtrArray *path),
                          GPtrArray *signer_path, GPtrArray *tsa_path,
                          void (*add) (TamgaEvidence *evidence, GBytes *value), TamgaEvidence *rest,
                          TamgaEvidence *tsa)
{
    for (guint i = 0; i < values->len; i++) {
        gboolean only_tsa =
            !concerns (values->pdata[i], signer_path) && concerns (values->pdata[i], tsa_path);
        add (only_tsa ? tsa : rest, values->pdata[i]);
    }
}

void tamga_evidence_split (const TamgaEvidence *evidence, X509 *signer, GBytes *token,
                           TamgaEvidence **rest, TamgaEvidence **tsa)
{
    g_autoptr (TamgaToken) parsed = token != NULL ? tamga_token_parse (token, NULL) : NULL;
    X509 *stamper = parsed != NULL ? parsed->signature->certificate : NULL;
    g_autoptr (GPtrArray) signer_path = NULL, tsa_path = NULL;

    *rest = tamga_evidence_new ();
    *tsa = tamga_evidence_new ();
    if (stamper == NULL || signer == NULL) {
        tamga_evidence_merge (*rest, evidence);
        return;
    }
    signer_path = path_of (evidence, NULL, signer);
    tsa_path = path_of (evidence, parsed->signature->certificates, stamper);
    for (guint i = 0; i < evidence->certificates->len; i++) {
        X509 *certificate = evidence->certificates->pdata[i];
        gboolean only_tsa = has_certificate (tsa_path, certificate) &&
                            !has_certificate (signer_path, certificate) &&
                            !is_responder (certificate);
        tamga_evidence_add_certificate (only_tsa ? *tsa : *rest, certificate);
    }
    split_values (evidence->crls, crl_concerns, signer_path, tsa_path, tamga_evidence_add_crl,
                  *rest, *tsa);
    split_values (evidence->ocsps, ocsp_concerns, signer_path, tsa_path, tamga_evidence_add_ocsp,
                  *rest, *tsa);
}
