/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key files: what a file is, and what all kinds of them have in common. Two kinds are read: PKCS#12
 * (RFC 7292), and the bare EncryptedPrivateKeyInfo of PKCS#8 (RFC 5958 3) in DER or PEM, whose
 * certificate is a file that lies beside it. */
#pragma once

#include <openssl/pkcs12.h>

#include "client/keys/secret.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_SIG, X509_SIG_free)

/* A private key of the file. */
typedef struct {
    EVP_PKEY *key;
    GBytes *id; /* localKeyID; empty: none */
    char *label;
} TamgaFileKey;

/* A certificate of the file, or beside it. */
typedef struct {
    X509 *certificate;
    GBytes *id;
    char *label;
} TamgaFileCertificate;

typedef struct {
    GPtrArray *keys;         /* TamgaFileKey */
    GPtrArray *certificates; /* TamgaFileCertificate */
    char *unknown_key;       /* OID of a key that OpenSSL does not know; or NULL */
} TamgaFileContent;

TamgaFileContent *tamga_file_content_new (void);
void tamga_file_content_free (TamgaFileContent *content);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaFileContent, tamga_file_content_free)
/* Takes the key over, or notes that it is of an unknown kind. Steals `id` and `label`. */
void tamga_file_content_add_key (TamgaFileContent *content, const PKCS8_PRIV_KEY_INFO *info,
                                 GBytes *id, char *label);
/* The same for a certificate; steals all three. */
void tamga_file_content_add_certificate (TamgaFileContent *content, X509 *certificate, GBytes *id,
                                         char *label);
/* Is there a certificate for the key? */
gboolean tamga_file_content_certified (const TamgaFileContent *content, const TamgaFileKey *key);
/* Adds, for each key without a certificate, those certificates that lie as files (.cer, .crt, .der,
 * .pem) in the folder of the key file `path` and have its public key; those for signing first, and
 * of these the newest. */
void tamga_file_content_look_beside (TamgaFileContent *content, const char *path);

/* A key file, not yet decrypted: one of the two is set. */
typedef struct {
    PKCS12 *pkcs12;
    X509_SIG *pkcs8;
} TamgaKeyFile;

/* TAMGA_KEYS_ERROR_FILE: unreadable, cut short, or none; the message says what it is instead, and
 * where that helps what can be done. */
TamgaKeyFile *tamga_key_file_read (const char *path, GError **error);
void tamga_key_file_free (TamgaKeyFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaKeyFile, tamga_key_file_free)

/* What is in it. `name` is for messages. TAMGA_KEYS_ERROR_WRONG_PIN or _FILE. */
TamgaFileContent *tamga_key_file_unpack (TamgaKeyFile *file, const char *name,
                                         const TamgaSecret *password, GError **error);
/* One kind each: pkcs12_file.c, pkcs8_file.c. */
TamgaFileContent *tamga_pkcs12_unpack (PKCS12 *file, const char *name, const TamgaSecret *password,
                                       GError **error);
TamgaFileContent *tamga_pkcs8_unpack (const X509_SIG *file, const char *name,
                                      const TamgaSecret *password, GError **error);

/* The octets of an ordinary file that is not larger than `most`. TAMGA_KEYS_ERROR_FILE. */
GBytes *tamga_key_file_bytes (const char *path, gsize most, GError **error);
/* "NAME WHAT" as TAMGA_KEYS_ERROR_FILE; empties OpenSSL's error queue. FALSE. */
gboolean tamga_key_file_set_error (GError **error, const char *name, const char *what);

/* What to say of a file that is protected by `algorithm`, which OpenSSL does not know. */
char *tamga_key_file_unknown (const X509_ALGOR *algorithm);
/* Did OpenSSL's last call fail because a part of the encryption is not known to it? Empties its
 * error queue. */
gboolean tamga_key_file_was_unknown (void);

/* Encryption that OpenSSL keeps in its legacy provider. */
gboolean tamga_key_file_is_legacy (const X509_ALGOR *algorithm);
/* Loads that provider into this process, which has this one file only. */
gboolean tamga_key_file_load_legacy (const char *name, GError **error);
/* Unloads it where a file needed it. After the last content was freed. */
void tamga_key_file_unload_legacy (void);
