/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certification authorities, their responders and the TSAs: tables of what exists, and the one
 * function that makes certificates. */
#pragma once

#include "tests/provider/provider.h"

/* A row of the table of authorities. Times are days from the first start. */
struct ProviderAuthoritySpec {
    const char *name;   /* in files, queries and services: "provider" */
    const char *prefix; /* of its URLs: "" or "/foreign" */
    const char *local;  /* its name in URLs */
    const char *parent; /* name of its issuer; NULL for a root */
    const char *key;    /* name of its algorithm */
    gboolean wanted;    /* takes the algorithm that the provider was started with, if any */
    const char *country, *organisation, *common_name;
    int from_days, to_days;
    int key_end_days; /* end of privateKeyUsagePeriod; 0: extension absent */
};

/* What a certificate is to contain. */
typedef struct {
    const X509_NAME *subject;
    EVP_PKEY *key;
    const ProviderAuthority *issuer; /* NULL: itself, and `signer` is said */
    const ProviderKey *signer;       /* NULL: the issuer's key */
    gint64 from, to;                 /* seconds since the epoch */
    const char *extensions;          /* OpenSSL configuration, section "extensions" */
    const EVP_MD *digest;            /* NULL: by the signer's key */
    gboolean pss;                    /* RSASSA-PSS, salt as long as the digest */
} ProviderCertificate;

/* Loads or makes all authorities and TSAs, and registers their certificates. */
void provider_authorities_load (Provider *provider);

/* The authority of that name, or NULL. */
ProviderAuthority *provider_authority (const Provider *provider, const char *name);
void provider_authority_free (gpointer authority);

/* Which of an authority's responders, or of a TSA's certificates. */
typedef enum {
    PROVIDER_VARIANT_GOOD,
    PROVIDER_VARIANT_EXPIRED,
    PROVIDER_VARIANT_NO_PURPOSE, /* without the extended key usage */
    PROVIDER_VARIANT_STRANGER,   /* responders: right usage, from another root */
    PROVIDER_VARIANT_REVOKED,    /* TSAs */
} ProviderVariant;

/* The OCSP responder of AUTHORITY; made when first needed. Never NULL. */
const ProviderIdentity *provider_responder (Provider *provider, const ProviderAuthority *authority,
                                            ProviderVariant variant);
/* The TSA called NAME ("tsa" or "tsa2"). */
const ProviderIdentity *provider_tsa (Provider *provider, const char *name,
                                      ProviderVariant variant);
const char *provider_tsa_authority (const char *name);
void provider_identity_free (gpointer identity);

/* Makes and signs a certificate with a random serial number. Errors: PROVIDER_ERROR_REQUEST, when
 * the extensions cannot be written or the key cannot sign so. */
X509 *provider_certificate_make (const ProviderCertificate *request, GError **error);

/* Which pointers to status services a certificate carries. */
typedef enum {
    PROVIDER_LINK_OCSP = 1,
    PROVIDER_LINK_CA = 2,
    PROVIDER_LINK_CRL = 4,
    PROVIDER_LINK_DELTA = 8,
    PROVIDER_LINK_STANDARD = 7,
} ProviderLinks;
/* Appends the extension lines to TEXT. */
void provider_links_append (const Provider *provider, const ProviderAuthority *issuer, guint links,
                            GString *text);

/* An URL of AUTHORITY: PREFIX KIND LOCAL SUFFIX, as in "/crl/" and ".crl". */
char *provider_authority_path (const ProviderAuthoritySpec *spec, const char *kind,
                               const char *suffix);

/* A subject of three attributes; NULL ones are left out. */
X509_NAME *provider_name (const char *country, const char *organisation, const char *common_name);
