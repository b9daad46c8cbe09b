/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of keys that the provider has, issues for and makes, each with the digest that it signs
 * with: one row per kind, for RSA and for algorithms of countries alike. */
#pragma once

#include "tests/provider/ossl.h"

typedef struct {
    const char *name;   /* in options, queries and tables: "RSA-2048" */
    const char *type;   /* name for EVP_PKEY_CTX_new_from_name */
    const char *group;  /* curve, where the type has several */
    gsize bits;         /* RSA: length of the modulus */
    const char *digest; /* name for EVP_MD_fetch; what the key signs */
    /* lines of OpenSSL's configuration for the certificates of authorities; new sections in them */
    const char *authority;
    gboolean bare; /* the value in CMS is the content of the octet string that the key gives */
} ProviderAlgorithm;

/* A private key that is used as its row says. */
typedef struct {
    EVP_PKEY *pkey;
    const ProviderAlgorithm *algorithm;
} ProviderKey;

/* The row of that name, or NULL. */
const ProviderAlgorithm *provider_algorithm (const char *name);
/* All names, separated by spaces. */
char *provider_algorithm_names (void);

/* A new private key. NULL: OpenSSL cannot make such keys. */
EVP_PKEY *provider_key_generate (const ProviderAlgorithm *algorithm);

/* The digest that goes with the key; valid for ever. NULL: OpenSSL has none of that name. */
const EVP_MD *provider_algorithm_digest (const ProviderAlgorithm *algorithm);
/* One of the rows has the digest of that number (NID). */
gboolean provider_digest_is_ours (int nid);
/* The digest of that number (NID) or, when it is one of a row's, by that row. NULL: unknown. */
const EVP_MD *provider_digest_by_nid (int nid);
