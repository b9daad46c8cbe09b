/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the provider share: real objects of two countries, and made ones of every kind
 * of key. */
#pragma once

#include "formats/ossl.h"
#include "tests/unit/national/peer.h"

#define KZ "vectors/kz-nca/"
#define UA "vectors/ua-dstu/"
#define KZ_CA KZ "certs/nca_gost2022_test_ca.der"
#define KZ_CA_2004 KZ "certs/nca_gost2004_test_ca.der"
#define UA_ROOT UA "certs/CAO-05E19E2CD92EA2990100000001000000C1000000.cer"
#define UA_CA UA "certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer"
#define UA_TSA UA "certs/diia-2023-tsp-05E19E2CD92EA29902000000010000004A010000.cer"
#define UA_USER UA "certs/diia-test-sign-7775603.cer"

/* Kinds of keys, NULL-terminated. */
extern const char *const kinds[];

/* Are the real objects there? Skips the test where not. */
gboolean real_objects (void);
/* A certificate below the shared folder, which must be readable. */
X509 *real_certificate (const char *path);
X509_CRL *real_crl (const char *path);
/* The token of a signature of `path` (NULL) or the file itself. */
GBytes *real_token (const char *path);

/* `group`: NULL for the usual one. */
EVP_PKEY *make_key (const char *kind, const char *group);
/* A certificate of `key`, signed by `issuer_key` (of `issuer`; NULL: by itself) with `md` (NULL:
 * the usual). */
X509 *make_certificate (EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const EVP_MD *md);
X509_CRL *make_crl (X509 *issuer, EVP_PKEY *key);
/* An OCSP answer (OCSPResponse) about `certificate`, signed by its issuer. */
GBytes *make_ocsp (X509 *certificate, X509 *issuer, EVP_PKEY *key);

/* A store that trusts one certificate, at a time (seconds since the epoch; 0: now). */
X509_STORE *make_store (X509 *trusted, gint64 time);

void add_key_tests (void);  /* provider-keys.c */
void add_flip_tests (void); /* provider-flips.c */
