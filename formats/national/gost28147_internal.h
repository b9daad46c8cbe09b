/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the hash GOST 34.311 takes of the cipher's inside: it changes the key with every block. */
#pragma once

#include <glib.h>
#include <string.h>

static inline guint32 tamga_gost28147_read (const guint8 *octets)
{
    guint32 word;

    memcpy (&word, octets, sizeof word);
    return GUINT32_FROM_LE (word);
}

static inline void tamga_gost28147_write (guint8 *octets, guint32 word)
{
    word = GUINT32_TO_LE (word);
    memcpy (octets, &word, sizeof word);
}

/* Substitution and rotation of a word to which the part of the key was added. */
static inline guint32 tamga_gost28147_round (const guint32 table[4][256], guint32 word)
{
    return table[0][word & 0xff] ^ table[1][word >> 8 & 0xff] ^ table[2][word >> 16 & 0xff] ^
           table[3][word >> 24];
}

/* `table` from 64 packed octets. */
void tamga_gost28147_tables (guint32 table[4][256], const guint8 *packed_sbox);
