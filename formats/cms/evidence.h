/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates and revocation data that lie in a SignedData and in the attributes of a signer. */
#pragma once

#include "formats/cms/signed_data.h"
#include "formats/model.h"

/* A certificate with the very bytes it was found as: what signing-certificate hashes. */
typedef struct {
    X509 *certificate;
    GBytes *der;
} TamgaFoundCertificate;

void tamga_found_certificate_free (TamgaFoundCertificate *found);
/* Appends one (for other formats than CMS too) unless it is there, or there are too many. One that
 * cannot be read adds a finding to `signature`. */
void tamga_found_certificate_add (GPtrArray *found, GBytes *der, TamgaSignature *signature);
/* Appends revocation data to `signature->crls` or `->ocsps` unless it is there. */
void tamga_evidence_add_revocation (GPtrArray *list, GBytes *der, TamgaSignature *signature);
/* The same of an OCSPResponse, or of a bare BasicOCSPResponse, as some writers store it. */
void tamga_evidence_add_ocsp_value (GBytes *der, TamgaSignature *signature);

/* Certificates of SignedData.certificates, once each. Elements: TamgaFoundCertificate. Those that
 * cannot be read add a finding to `signature`. */
GPtrArray *tamga_evidence_find_certificates (const TamgaSignedData *data,
                                             TamgaSignature *signature);
/* `base` and those of the values of certificate-values (GBytes: CertificateValues). */
GPtrArray *tamga_evidence_join (GPtrArray *base, GPtrArray *certificate_values,
                                TamgaSignature *signature);
/* SignedData.crls: CertificateList, and OCSP responses by RFC 5940. */
void tamga_evidence_read_crls (const TamgaSignedData *data, TamgaSignature *signature);
/* RevocationValues (EN 319 122-1 A.1.2.2). */
void tamga_evidence_read_revocation_values (GBytes *value, TamgaSignature *signature);
/* adbe-revocationInfoArchival (ISO 32000-1 12.8.3.3.2). */
void tamga_evidence_read_adobe (GBytes *value, TamgaSignature *signature);
