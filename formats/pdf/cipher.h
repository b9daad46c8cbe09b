/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ciphers and hashes of PDF encryption (ISO 32000-1 7.6.2, ISO 32000-2 7.6.4.3.4). They protect
 * documents from readers without the password; nothing of a signature rests on them. */
#pragma once

#include <glib.h>

#define TAMGA_PDF_AES_BLOCK 16u

typedef enum {
    TAMGA_PDF_CIPHER_NONE, /* Identity */
    TAMGA_PDF_CIPHER_RC4,
    TAMGA_PDF_CIPHER_AES128,
    TAMGA_PDF_CIPHER_AES256,
} TamgaPdfCipher;

/* RC4 of `n` bytes in place; encrypting and decrypting are the same. */
void tamga_pdf_rc4 (const guint8 *key, gsize key_length, guint8 *data, gsize n);
/* A string or the data of a stream. AES: CBC with PKCS#7 padding behind a random initialization
 * vector. NULL with MALFORMED when the bytes cannot have been made so. */
GBytes *tamga_pdf_cipher (TamgaPdfCipher cipher, gboolean encrypt, const guint8 *key,
                          gsize key_length, gconstpointer data, gsize n, GError **error);
/* One 256-bit key unwrapped by another (CBC, zero vector, no padding), and one block (ECB). */
gboolean tamga_pdf_aes256_unwrap (const guint8 key[32], const guint8 in[32], guint8 out[32]);
gboolean tamga_pdf_aes256_block (const guint8 key[32], const guint8 in[16], guint8 out[16]);
/* The hash of revisions 5 and 6 over password, salt (8 bytes) and `user` (48 bytes or none). */
gboolean tamga_pdf_password_hash (int revision, GBytes *password, const guint8 *salt,
                                  const guint8 *user, guint8 out[32]);
