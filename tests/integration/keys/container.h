/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key files as Ukrainian providers write them: GOST 28147 in CFB under PBKDF2 with HMAC-34.311, and
 * a code of integrity with 34.311. Written from its parts, since OpenSSL only reads them. */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

/* EncryptedPrivateKeyInfo; PKCS#12 with one in it and without a certificate. */
GBytes *container_pkcs8 (EVP_PKEY *key, const char *password, guint iterations);
GBytes *container_pkcs12 (GBytes *encrypted_key, const char *password, guint iterations);
