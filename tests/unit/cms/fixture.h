/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small PKI made with OpenSSL in a temporary folder, signing with software keys, and the
 * `openssl` program as a peer. Nothing of it uses what is tested, except where it says so. */
#pragma once

#include <glib.h>

#include "formats/cms/cades.h"
#include "formats/ossl.h"

typedef struct {
    EVP_PKEY *key;
    X509 *certificate;
    char *key_path, *certificate_path; /* PEM */
} Party;

typedef struct {
    char *folder;
    Party root, tsa;
    GPtrArray *others; /* Party: further ones made by fixture_party */
    int serial;
} Fixture;

/* Kinds of keys: "RSA", "RSA-1024", "P-256", "P-384", "P-521". */
Fixture *fixture_new (void);
void fixture_free (Fixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fixture, fixture_free)
/* A signer below the root. Owned by the fixture. */
Party *fixture_party (Fixture *fixture, const char *kind, const char *name);
/* A certificate for the same key, issuer and serial number, with another subject. */
X509 *fixture_twin (Fixture *fixture, const Party *party, const char *name);
EVP_PKEY *fixture_key (const char *kind);

/* Raw signature (ECDSA: r||s) over `data`. */
GBytes *fixture_sign (EVP_PKEY *key, const TamgaAlgorithm *algorithm, GBytes *data);
/* Token of `openssl ts` over `data`. */
GBytes *fixture_timestamp (Fixture *fixture, GBytes *data, const char *digest);
/* A stamper that asks the same service for tokens over imprints. The fixture must outlive it. */
TamgaStamper fixture_stamper (Fixture *fixture, const char *digest);
/* Evidence about a party: root, an OCSP response signed by the root, a CRL of the root. */
TamgaEvidence *fixture_evidence (Fixture *fixture, const Party *party);

/* Writes a file in the folder; returns its path. */
char *fixture_write (Fixture *fixture, const char *name, GBytes *bytes);
GBytes *fixture_load (const char *path);
/* Runs `openssl` with these arguments (ends with NULL); TRUE when it exits with 0. Its messages go
 * to the test's log. */
gboolean fixture_openssl (Fixture *fixture, ...) G_GNUC_NULL_TERMINATED;

/* The whole way through the format: prepare, sign, timestamp from T on, evidence for LT, embed.
 * `content`: of a detached signature that gets one more signer. */
GBytes *fixture_cades (Fixture *fixture, const Party *party, const char *algorithm,
                       TamgaLevel level, gboolean detached, GBytes *input, GBytes *content,
                       GError **error);
/* Extends one signature (or all: index G_MAXUINT) by what `extension` says. */
GBytes *fixture_extend (GBytes *file, GBytes *content, const TamgaExtension *extension,
                        const TamgaStamper *stamper, GError **error);
/* Signs with these parameters; algorithm, certificate and time are filled in. */
GBytes *fixture_sign_with (Fixture *fixture, const Party *party, const char *algorithm,
                           TamgaSigningParameters *parameters, GBytes *input, GError **error);
/* Reads bytes as CAdES; `content` may be NULL. */
GPtrArray *fixture_read (GBytes *file, GBytes *content, GError **error);
