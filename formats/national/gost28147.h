/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The GOST 28147-89 block cipher with a given S-box (DSTU GOST 28147:2009), and on it the hash
 * GOST 34.311-95 with the Ukrainian S-box DKE-1. No library of Debian has that S-box. Table
 * lookups: not constant-time; used for passwords of files and for public data only. */
#pragma once

#include <glib.h>

#define TAMGA_GOST28147_KEY_SIZE 32
#define TAMGA_GOST28147_BLOCK_SIZE 8

/* S-boxes packed as in the parameters of Ukrainian keys: 64 octets, two values each. */
#define TAMGA_GOST28147_PACKED_SIZE 64
extern const guint8 tamga_gost28147_dke1[TAMGA_GOST28147_PACKED_SIZE];

typedef struct {
    guint32 key[8];
    guint32 table[4][256]; /* substitution and rotation in one */
} TamgaGost28147;

void tamga_gost28147_init (TamgaGost28147 *cipher, const guint8 *packed_sbox, const guint8 *key);
void tamga_gost28147_encrypt_block (const TamgaGost28147 *cipher, const guint8 *in, guint8 *out);
void tamga_gost28147_decrypt_block (const TamgaGost28147 *cipher, const guint8 *in, guint8 *out);
/* Cipher feedback of whole blocks (gamma with feedback, section 4 of the standard); `iv` is moved
 * on. `in` and `out` may be the same. A last part shorter than a block ends the message. */
void tamga_gost28147_cfb (const TamgaGost28147 *cipher, guint8 *iv, gboolean encrypt,
                          const guint8 *in, guint8 *out, gsize size);

#define TAMGA_GOST34311_SIZE 32

typedef struct {
    guint8 hash[32], sum[32], block[32];
    guint64 length; /* octets so far */
    gsize used;     /* of block */
    TamgaGost28147 cipher;
} TamgaGost34311;

/* The starting value of all zeros, as everybody uses it. Plain data: may be copied. */
void tamga_gost34311_init (TamgaGost34311 *context);
void tamga_gost34311_update (TamgaGost34311 *context, const void *data, gsize size);
void tamga_gost34311_final (TamgaGost34311 *context, guint8 *digest);
