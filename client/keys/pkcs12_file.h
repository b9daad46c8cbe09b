/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking a PKCS#12 file apart (RFC 7292): bags, legacy encryption, and whether a failure is the
 * password's or the file's. */
#pragma once

#include <openssl/pkcs12.h>

#include "client/keys/secret.h"

/* A private key of the file. */
typedef struct {
    EVP_PKEY *key;
    GBytes *id; /* localKeyID; empty: none */
    char *label;
} TamgaPkcs12Key;

/* A certificate of the file. */
typedef struct {
    X509 *certificate;
    GBytes *id;
    char *label;
} TamgaPkcs12Certificate;

typedef struct {
    GPtrArray *keys;         /* TamgaPkcs12Key */
    GPtrArray *certificates; /* TamgaPkcs12Certificate */
    char *unknown_key;       /* OID of a key that OpenSSL does not know; or NULL */
} TamgaPkcs12Content;

void tamga_pkcs12_content_free (TamgaPkcs12Content *content);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPkcs12Content, tamga_pkcs12_content_free)

/* The file, not yet decrypted. TAMGA_KEYS_ERROR_FILE: unreadable, not one, cut short. */
PKCS12 *tamga_pkcs12_read (const char *path, GError **error);
/* What is in it. `name` is for messages. TAMGA_KEYS_ERROR_WRONG_PIN or _FILE. */
TamgaPkcs12Content *tamga_pkcs12_unpack (PKCS12 *file, const char *name,
                                         const TamgaSecret *password, GError **error);
/* Unloads the legacy provider where a file needed it. After the last content was freed. */
void tamga_pkcs12_unload (void);
