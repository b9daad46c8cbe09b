/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST 28147-89: the block and cipher feedback. The table lookups depend on the key and the data,
 * nothing here is constant-time. */
#include "formats/national/gost28147.h"

#include <string.h>

#include "formats/national/gost28147_internal.h"

/* DKE No. 1, the long-term key that the parameters of Ukrainian keys carry. */
const guint8 tamga_gost28147_dke1[TAMGA_GOST28147_PACKED_SIZE] = {
    0xa9, 0xd6, 0xeb, 0x45, 0xf1, 0x3c, 0x70, 0x82, 0x80, 0xc4, 0x96, 0x7b, 0x23, 0x1f, 0x5e, 0xad,
    0xf6, 0x58, 0xeb, 0xa4, 0xc0, 0x37, 0x29, 0x1d, 0x38, 0xd9, 0x6b, 0xf0, 0x25, 0xca, 0x4e, 0x17,
    0xf8, 0xe9, 0x72, 0x0d, 0xc6, 0x15, 0xb4, 0x3a, 0x28, 0x97, 0x5f, 0x0b, 0xc1, 0xde, 0xa3, 0x64,
    0x38, 0xb5, 0x64, 0xea, 0x2c, 0x17, 0x9f, 0xd0, 0x12, 0x3e, 0x6d, 0xb8, 0xfa, 0xc5, 0x79, 0x04};

#define ROTATION 11
#define ROW_SIZE 8 /* packed octets of one of the eight rows of the S-box */

/* The value of a row: the high half of an octet comes first. */
static guint32 substitute (const guint8 *packed, guint row, guint value)
{
    guint8 pair = packed[row * ROW_SIZE + value / 2];

    return value % 2 == 0 ? pair >> 4 : pair & 0xf;
}

void tamga_gost28147_tables (guint32 table[4][256], const guint8 *packed_sbox)
{
    for (guint i = 0; i < 4; i++)
        for (guint octet = 0; octet < 256; octet++) {
            guint32 pair = substitute (packed_sbox, 2 * i, octet & 0xf) |
                           substitute (packed_sbox, 2 * i + 1, octet >> 4) << 4;
            guint32 word = pair << (8 * i);
            table[i][octet] = word << ROTATION | word >> (32 - ROTATION);
        }
}

void tamga_gost28147_init (TamgaGost28147 *cipher, const guint8 *packed_sbox, const guint8 *key)
{
    tamga_gost28147_tables (cipher->table, packed_sbox);
    for (guint i = 0; i < 8; i++)
        cipher->key[i] = tamga_gost28147_read (key + 4 * i);
}

void tamga_gost28147_encrypt_block (const TamgaGost28147 *cipher, const guint8 *in, guint8 *out)
{
    guint32 low = tamga_gost28147_read (in), high = tamga_gost28147_read (in + 4);

    for (guint i = 0; i < 24; i += 2) {
        high ^= tamga_gost28147_round (cipher->table, low + cipher->key[i % 8]);
        low ^= tamga_gost28147_round (cipher->table, high + cipher->key[i % 8 + 1]);
    }
    for (guint i = 8; i > 0; i -= 2) {
        high ^= tamga_gost28147_round (cipher->table, low + cipher->key[i - 1]);
        low ^= tamga_gost28147_round (cipher->table, high + cipher->key[i - 2]);
    }
    tamga_gost28147_write (out, high);
    tamga_gost28147_write (out + 4, low);
}

void tamga_gost28147_decrypt_block (const TamgaGost28147 *cipher, const guint8 *in, guint8 *out)
{
    guint32 low = tamga_gost28147_read (in), high = tamga_gost28147_read (in + 4);

    for (guint i = 0; i < 8; i += 2) {
        high ^= tamga_gost28147_round (cipher->table, low + cipher->key[i]);
        low ^= tamga_gost28147_round (cipher->table, high + cipher->key[i + 1]);
    }
    for (guint i = 24; i > 0; i -= 2) {
        high ^= tamga_gost28147_round (cipher->table, low + cipher->key[(i - 1) % 8]);
        low ^= tamga_gost28147_round (cipher->table, high + cipher->key[(i - 2) % 8]);
    }
    tamga_gost28147_write (out, high);
    tamga_gost28147_write (out + 4, low);
}

void tamga_gost28147_cfb (const TamgaGost28147 *cipher, guint8 *iv, gboolean encrypt,
                          const guint8 *in, guint8 *out, gsize size)
{
    while (size > 0) {
        gsize part = MIN (size, TAMGA_GOST28147_BLOCK_SIZE);
        guint8 gamma[TAMGA_GOST28147_BLOCK_SIZE];

        tamga_gost28147_encrypt_block (cipher, iv, gamma);
        for (gsize i = 0; i < part; i++) {
            guint8 given = in[i];
            out[i] = given ^ gamma[i];
            iv[i] = encrypt ? out[i] : given;
        }
        in += part;
        out += part;
        size -= part;
    }
}
