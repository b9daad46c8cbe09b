/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which certificate signed: the sid of the SignerInfo and the signing-certificate attribute
 * (EN 319 122-1 5.2.2, RFC 5035). The attribute is signed and decides; the sid is not. */
#pragma once

#include "formats/cms/attributes.h"

/* Sets `certificate` and `binding` of `signature` from `found` (TamgaFoundCertificate), with
 * findings. NO_SIGNING_CERTIFICATE where none fits; there is no fall back to another certificate
 * with the same key. */
void tamga_binding_choose (const TamgaSignerInfo *info, GPtrArray *signed_attributes,
                           GPtrArray *found, TamgaSignature *signature);
/* Does a DER IssuerSerial (RFC 5035 5) name the certificate? */
gboolean tamga_binding_issuer_serial (GBytes *der, X509 *certificate);
