/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hash Kupyna, DSTU 7564:2014, over whole octets; 256, 384 and 512 bits. */
#pragma once

#include <glib.h>

typedef struct {
    guint64 state[16];
    guint8 block[128];
    guint64 length;   /* octets so far */
    gsize used;       /* of block */
    gsize block_size; /* 64 or 128 */
    gsize size;       /* of the digest: 32, 48 or 64 */
} TamgaKupyna;

/* `size`: 32, 48 or 64. Plain data: may be copied. */
void tamga_kupyna_init (TamgaKupyna *context, gsize size);
void tamga_kupyna_update (TamgaKupyna *context, const void *data, gsize size);
void tamga_kupyna_final (TamgaKupyna *context, guint8 *digest);
