/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small certification authority inside a test: certificates, lists and OCSP answers made by
 * OpenSSL with whatever is to be wrong in them. Times are seconds since the epoch. */
#pragma once

#include "formats/ossl.h"

typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} Entity;

void entity_free (Entity *entity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Entity, entity_free)

/* The moment at which the tests take place. */
#define NOW G_GINT64_CONSTANT (1795000000)
#define DAY 86400

/* Extensions as pairs for OpenSSL's configuration syntax: "keyUsage=critical,keyCertSign\n...".
 * Validity is NOW - 100 days to NOW + 100 days unless given (0, 0). `issuer` NULL: self-signed.
 * subjectKeyIdentifier and authorityKeyIdentifier are always there. */
Entity *pki_issue (const Entity *issuer, const char *name, const char *extensions, gint64 from,
                   gint64 until);
/* The same with a key of the caller's, which is taken over. */
Entity *pki_issue_key (const Entity *issuer, const char *name, EVP_PKEY *key,
                       const char *extensions, gint64 from, gint64 until);
/* The same name and key again, issued by another issuer (cross certificate). */
Entity *pki_cross (const Entity *issuer, const Entity *subject, const char *extensions);
#define PKI_CA "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
#define PKI_SIGNER "keyUsage=critical,nonRepudiation\n"
#define PKI_OCSP "keyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning\n"
#define PKI_TSA "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"

/* One revoked entry. */
typedef struct {
    X509 *certificate;
    gint64 time;
    int reason;         /* CRLReason, -1 none */
    X509 *entry_issuer; /* certificateIssuer of an indirect list, or NULL */
    gint64 invalidity;  /* invalidityDate or 0 */
} Entry;

typedef struct {
    const Entity *issuer;
    gint64 this_update, next_update; /* next_update 0: absent */
    long number, base;               /* 0: absent; base: deltaCRLIndicator */
    const char *idp;                 /* issuingDistributionPoint section, "onlyuser=TRUE", ... */
    const char *extension;           /* one more, "1.2.3.4=critical,ASN1:UTF8String:x" */
    const Entry *entries;
    gsize n;
    const EVP_MD *digest; /* of the signature; NULL: SHA-256 */
} List;

GBytes *pki_crl (const List *list);

typedef struct {
    const Entity *responder; /* signs */
    const Entity *issuer;    /* of `certificate`: for the CertID */
    X509 *certificate;       /* asked about */
    int status;              /* V_OCSP_CERTSTATUS_* */
    gint64 revoked;
    int reason;                                /* -1 none */
    gint64 this_update, next_update, produced; /* next_update 0: absent */
    const EVP_MD *id_digest;                   /* of the CertID; NULL: SHA-256 */
    OCSP_REQUEST *nonce_from;                  /* nonce copied from this request; NULL: none */
    GBytes *nonce;                             /* else this nonce */
    const EVP_MD *digest;                      /* of the signature; NULL: SHA-256 */
    gboolean critical;                         /* an extension that nobody knows */
    gboolean without_certificates, spoiled;    /* spoiled: one bit of the signature flipped */
} Answer;

GBytes *pki_ocsp (const Answer *answer);
/* An error answer: OCSP_RESPONSE_STATUS_TRYLATER, ... */
GBytes *pki_ocsp_error (int status);
