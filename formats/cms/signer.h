/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shared core of CAdES, PAdES and time-stamp tokens: a SignerInfo and the digest of its content
 * become a TamgaSignature. Checks run in the order of EN 319 102-1: format, signing certificate,
 * digest, signature value. Trust, status and time are judged elsewhere. */
#pragma once

#include "formats/cms/signed_data.h"
#include "formats/model.h"

/* Digest of the detached content by `digest`. NULL without error: there is no content (the
 * signature gets SIGNED_DATA_NOT_FOUND). NULL with error: reading failed, and so does the whole
 * reading. Called at most once per digest and signer. */
typedef GBytes *(*TamgaCmsContentDigest) (const TamgaDigest *digest, gpointer data, GError **error);

/* Reads every SignerInfo of a SignedData held in memory (`der`: exactly one ContentInfo, padding
 * already cut). `format` is a static string and decides what is demanded:
 *   "PAdES"      signed attributes, signing-certificate; nothing encapsulated (EN 319 142-1 5.1);
 *   "CAdES"      signed attributes; without signing-certificate the signature is said to be "CMS";
 *   "PDF-PKCS7"  adbe.pkcs7.detached and adbe.pkcs7.sha1: signed attributes; encapsulated content
 *                must be the SHA-1 digest of the detached content (ISO 32000-1 12.8.3.3);
 *   "CMS"        plain CMS.
 * `callback` gives the digest of detached content, and for "CAdES" of encapsulated content too;
 * NULL where the content must be encapsulated. Returns TamgaSignature elements, one per SignerInfo
 * and after it its countersignatures. `id` is "signature N"; the caller may replace it. Coverage is
 * filled for encapsulated content only. Errors: those of tamga_signed_data_parse;
 * TAMGA_FORMAT_ERROR_NO_SIGNATURE without SignerInfo. */
GPtrArray *tamga_cms_read_signers (GBytes *der, TamgaCmsContentDigest callback, gpointer data,
                                   const char *format, GError **error);
/* The same over parts that were parsed already. */
GPtrArray *tamga_cms_read_signed_data (TamgaSignedData *signed_data, TamgaCmsContentDigest callback,
                                       gpointer data, const char *format, GError **error);
