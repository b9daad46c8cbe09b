/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nonces of signatures: HMAC_DRBG with SHA-512 as RFC 6979 3.2 uses it, over the private key, the
 * digest and fresh random octets as its 3.6 allows. Two different digests never get the same nonce
 * even when the random generator repeats itself, and an attacker who induces faults cannot make one
 * message be signed twice with the same nonce. */
#pragma once

#include <glib.h>
#include <openssl/bn.h>

typedef struct TamgaNonce TamgaNonce;

/* `order`: nonces are in 1..order-1. The octets of key and digest are taken as they are. NULL: no
 * randomness. */
TamgaNonce *tamga_nonce_new (const BIGNUM *order, const guint8 *key, gsize key_size,
                             const guint8 *digest, gsize digest_size);
/* The next candidate into `number` (flagged BN_FLG_CONSTTIME). A second one is needed where the
 * first gives r or s of zero. */
gboolean tamga_nonce_next (TamgaNonce *nonce, BIGNUM *number);
/* Wipes it. */
void tamga_nonce_free (TamgaNonce *nonce);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaNonce, tamga_nonce_free)
