/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST 34.311-95 with the S-box DKE-1. Numbers are kept as octets or words, the least significant
 * first. Not constant-time, as the cipher under it. */
#include <string.h>

#include "formats/national/gost28147.h"
#include "formats/national/gost28147_internal.h"

#define BLOCK TAMGA_GOST34311_SIZE
#define WORDS (BLOCK / 8)      /* of 64 bits */
#define HALF_WORDS (BLOCK / 2) /* of 16 bits, on which the mixing works */
/* How often the mixing runs: between the message, the encrypted value and the old value (5.2.3). */
#define MIX_FIRST 12
#define MIX_SECOND 1
#define MIX_THIRD 61

/* The constant C3 of the key schedule; C2 and C4 are zero (5.2.1). */
static const guint64 key_constant[WORDS] = {0xff00ff00ff00ff00ULL, 0x00ff00ff00ff00ffULL,
                                            0xff0000ff00ffff00ULL, 0xff00ffff000000ffULL};

/* The transformation A: shifts by a quarter, and the sum of the lowest two comes in on top. */
static void shift_quarter (guint64 *value)
{
    guint64 top = value[0] ^ value[1];

    memmove (value, value + 1, (WORDS - 1) * sizeof *value);
    value[WORDS - 1] = top;
}

/* The transformation P of u ^ v: octet i of word k of the key is octet k of quarter i. */
static void make_key (const guint64 *u, const guint64 *v, guint32 *key)
{
    memset (key, 0, BLOCK);
    for (guint i = 0; i < WORDS; i++) {
        guint64 quarter = u[i] ^ v[i];
        for (guint k = 0; k < 8; k++)
            key[k] |= (guint32)(quarter >> (8 * k) & 0xff) << (8 * i);
    }
}

static void make_keys (const guint64 *hash, const guint64 *message, guint32 keys[WORDS][8])
{
    guint64 u[WORDS], v[WORDS];

    memcpy (u, hash, sizeof u);
    memcpy (v, message, sizeof v);
    make_key (u, v, keys[0]);
    for (guint j = 1; j < WORDS; j++) {
        shift_quarter (u);
        if (j == 2)
            for (guint i = 0; i < WORDS; i++)
                u[i] ^= key_constant[i];
        shift_quarter (v);
        shift_quarter (v);
        make_key (u, v, keys[j]);
    }
}

/* Encrypts the four quarters with a key each, abreast: the processor then overlaps them. */
static void encrypt_quarters (const guint32 table[4][256], guint32 keys[WORDS][8], guint64 *value)
{
    guint32 low[WORDS], high[WORDS];

    for (guint j = 0; j < WORDS; j++) {
        low[j] = (guint32)value[j];
        high[j] = (guint32)(value[j] >> 32);
    }
    for (guint i = 0; i < 32; i += 2) {
        guint first = i < 24 ? i % 8 : 31 - i, second = i < 24 ? first + 1 : first - 1;
        for (guint j = 0; j < WORDS; j++)
            high[j] ^= tamga_gost28147_round (table, low[j] + keys[j][first]);
        for (guint j = 0; j < WORDS; j++)
            low[j] ^= tamga_gost28147_round (table, high[j] + keys[j][second]);
    }
    for (guint j = 0; j < WORDS; j++)
        value[j] = (guint64)low[j] << 32 | high[j];
}

/* The transformation psi, `times` times: a shift register of sixteen half words. */
static void mix (guint16 *value, guint times)
{
    guint16 line[HALF_WORDS + MIX_THIRD];

    g_assert (times <= MIX_THIRD);
    memcpy (line, value, BLOCK);
    for (guint16 *y = line; y < line + times; y++)
        y[16] = (guint16)(y[0] ^ y[1] ^ y[2] ^ y[3] ^ y[12] ^ y[15]);
    memcpy (value, line + times, BLOCK);
}

static void words_read (const guint8 *octets, guint64 *words)
{
    memcpy (words, octets, BLOCK);
    for (guint i = 0; i < WORDS; i++)
        words[i] = GUINT64_FROM_LE (words[i]);
}

/* The step function (5.2): puts a block of the message into the hash. */
static void step (TamgaGost34311 *context, const guint8 *block)
{
    guint64 hash[WORDS], message[WORDS], encrypted[WORDS];
    guint16 mixed[HALF_WORDS];
    guint32 keys[WORDS][8];

    words_read (context->hash, hash);
    words_read (block, message);
    make_keys (hash, message, keys);
    memcpy (encrypted, hash, sizeof encrypted);
    encrypt_quarters (context->cipher.table, keys, encrypted);
    for (guint i = 0; i < HALF_WORDS; i++)
        mixed[i] = (guint16)(encrypted[i / 4] >> (16 * (i % 4)));
    mix (mixed, MIX_FIRST);
    for (guint i = 0; i < HALF_WORDS; i++)
        mixed[i] ^= (guint16)(message[i / 4] >> (16 * (i % 4)));
    mix (mixed, MIX_SECOND);
    for (guint i = 0; i < HALF_WORDS; i++)
        mixed[i] ^= (guint16)(hash[i / 4] >> (16 * (i % 4)));
    mix (mixed, MIX_THIRD);
    for (guint i = 0; i < HALF_WORDS; i++) {
        context->hash[2 * i] = (guint8)mixed[i];
        context->hash[2 * i + 1] = (guint8)(mixed[i] >> 8);
    }
}

/* Adds a block to the control sum, modulo 2^256. */
static void add_to_sum (TamgaGost34311 *context, const guint8 *block)
{
    guint carry = 0;

    for (guint i = 0; i < BLOCK; i++) {
        carry += (guint)context->sum[i] + block[i];
        context->sum[i] = (guint8)carry;
        carry >>= 8;
    }
}

static void take_block (TamgaGost34311 *context, const guint8 *block)
{
    add_to_sum (context, block);
    step (context, block);
}

void tamga_gost34311_init (TamgaGost34311 *context)
{
    memset (context, 0, sizeof *context);
    tamga_gost28147_tables (context->cipher.table, tamga_gost28147_dke1);
}

void tamga_gost34311_update (TamgaGost34311 *context, const void *data, gsize size)
{
    const guint8 *octets = data;

    if (size == 0)
        return;
    context->length += size;
    if (context->used > 0) {
        gsize part = MIN (size, BLOCK - context->used);
        memcpy (context->block + context->used, octets, part);
        context->used += part;
        octets += part;
        size -= part;
        if (context->used < BLOCK)
            return;
        take_block (context, context->block);
        context->used = 0;
    }
    for (; size >= BLOCK; octets += BLOCK, size -= BLOCK)
        take_block (context, octets);
    memcpy (context->block, octets, size);
    context->used = size;
}

void tamga_gost34311_final (TamgaGost34311 *context, guint8 *digest)
{
    guint8 bits[BLOCK] = {0};

    if (context->used > 0) {
        memset (context->block + context->used, 0, BLOCK - context->used);
        take_block (context, context->block);
    }
    for (guint i = 0; i < 8; i++)
        bits[i] = (guint8)(context->length << 3 >> (8 * i));
    bits[8] = (guint8)(context->length >> 61);
    step (context, bits);
    step (context, context->sum);
    memcpy (digest, context->hash, BLOCK);
}
