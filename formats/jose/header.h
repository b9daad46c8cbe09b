/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JOSE header of one signature: what is critical, what the signer claims, which certificate is
 * bound (RFC 7515 4, RFC 7797, TS 119 182-1 5.1 and 5.2). */
#pragma once

#include "formats/jose/jws.h"

/* Sets format, algorithm, claims; integrity where the header must not be accepted. */
void tamga_jose_header_read (const TamgaJwsSignature *one, TamgaSignature *signature);
/* Adds the certificates of x5c to `signature`: of the protected header first. */
void tamga_jose_header_certificates (const TamgaJwsSignature *one, TamgaSignature *signature);
/* Chooses the signer's among the certificates, and checks every reference to it. */
void tamga_jose_header_bind (const TamgaJwsSignature *one, TamgaSignature *signature);
/* One certificate from base64, added once. */
void tamga_jose_add_certificate (TamgaSignature *signature, const char *text);
