/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenSSL in GLib's idiom: g_autoptr for its types, DER to and from GBytes, errors as text. */
#pragma once

#include <glib.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pkcs12.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_INTEGER, ASN1_INTEGER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_OBJECT, ASN1_OBJECT_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_TIME, ASN1_TIME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_TYPE, ASN1_TYPE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD, EVP_MD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ECDSA_SIG, ECDSA_SIG_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ESS_SIGNING_CERT, ESS_SIGNING_CERT_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ESS_SIGNING_CERT_V2, ESS_SIGNING_CERT_V2_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_BASICRESP, OCSP_BASICRESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_CERTID, OCSP_CERTID_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_REQUEST, OCSP_REQUEST_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS12, PKCS12_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS7, PKCS7_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TS_REQ, TS_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TS_RESP, TS_RESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TS_TST_INFO, TS_TST_INFO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_ALGOR, X509_ALGOR_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_CRL, X509_CRL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_REQ, X509_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE_CTX, X509_STORE_CTX_free)

/* DER of an object through its i2d function: `tamga_ossl_der (i2d_X509, cert)`. Never NULL: an
 * object that was parsed can be encoded. */
GBytes *tamga_ossl_encode (int (*i2d) (const void *, unsigned char **), const void *object);
#define tamga_ossl_der(i2d, object)                                                                \
    tamga_ossl_encode ((int (*) (const void *, unsigned char **)) (void (*) (void)) (i2d), (object))

/* One certificate from DER; the whole of `der` must be consumed. NULL when it is not one. */
X509 *tamga_ossl_certificate (GBytes *der);
/* All certificates of a file, DER (one) or PEM (at most `most` are read). Never NULL. */
GPtrArray *tamga_ossl_certificates (GBytes *file, guint most);
/* Does the signature over a CRL verify? Both places that name its algorithm must say the same (RFC
 * 5280 5.1.1.2), which not every OpenSSL 3.0 looks at. */
gboolean tamga_ossl_crl_verify (X509_CRL *crl, EVP_PKEY *key);
/* First line of a distinguished name for people: RFC 2253 order, UTF-8, control characters and
 * bidirectional overrides made visible. */
char *tamga_ossl_name (const X509_NAME *name);
/* The most telling attribute of a name: CN, else O, else OU, else the whole name. */
char *tamga_ossl_short_name (const X509_NAME *name);
/* Serial number as upper-case hex without leading zeros ("0" for zero). */
char *tamga_ossl_serial (const ASN1_INTEGER *serial);
/* Seconds since the epoch of an ASN.1 time; G_MININT64 when it cannot be read. */
gint64 tamga_ossl_time (const ASN1_TIME *time);
/* SHA-256 of the DER of a certificate, lower-case hex. */
char *tamga_ossl_fingerprint (X509 *certificate);
/* Dotted OID of an object. */
char *tamga_ossl_oid (const ASN1_OBJECT *object);
/* Dotted OID of the kind of a certificate's key, whether it can be read or not. */
char *tamga_ossl_key_oid (const X509 *certificate);
/* Text of the newest entry of OpenSSL's error queue, and empties the queue. Never NULL. For a
 * message's tail or `--verbose`, never a whole message. */
char *tamga_ossl_error (void);
/* "2026-11-22 10:42:11 UTC"; "unknown time" for G_MININT64. */
char *tamga_time_text (gint64 time);
/* "2026-11-22T10:42:11Z" (RFC 3339); NULL for G_MININT64 and for what no calendar has. */
char *tamga_time_rfc3339 (gint64 time);
/* Lower-case hex of `size` bytes. */
char *tamga_text_hex (gconstpointer bytes, gsize size);
char *tamga_text_hex_bytes (GBytes *bytes);
/* A copy in which control and bidirectional-override characters are shown as \u{XXXX}, and bytes
 * that are not UTF-8 as \x{XX}: safe on a terminal. */
char *tamga_text_visible (const char *text);
