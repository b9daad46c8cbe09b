/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HMAC_DRBG with SHA-512 for nonces. How long a call takes depends on how many candidates are not
 * below the order, which tells nothing of the one that is; and, by very little, on how many zero
 * octets that one begins with, which BN_bin2bn passes over. */
#include "formats/national/nonce.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#define STATE_SIZE 64      /* octets of SHA-512 */
#define FRESH_SIZE 32      /* octets from the random generator */
#define MAX_INPUT_SIZE 640 /* key, digest and fresh octets; the longest keys here have 64 */
#define MAX_ORDER_SIZE 128

struct TamgaNonce {
    BIGNUM *order;
    guint8 key[STATE_SIZE], value[STATE_SIZE];
    gboolean used; /* a candidate was given already */
};

static gboolean move_value (TamgaNonce *nonce)
{
    guint8 result[STATE_SIZE];
    gboolean good = HMAC (EVP_sha512 (), nonce->key, STATE_SIZE, nonce->value, STATE_SIZE, result,
                          NULL) != NULL;

    memcpy (nonce->value, result, good ? STATE_SIZE : 0);
    OPENSSL_cleanse (result, sizeof result);
    return good;
}

/* Steps d to g of RFC 6979 3.2: a new key out of the value, a mark and the input; a new value. */
static gboolean update (TamgaNonce *nonce, guint8 mark, const guint8 *input, gsize size)
{
    guint8 message[STATE_SIZE + 1 + MAX_INPUT_SIZE], result[STATE_SIZE];
    gboolean good;

    memcpy (message, nonce->value, STATE_SIZE);
    message[STATE_SIZE] = mark;
    if (size > 0)
        memcpy (message + STATE_SIZE + 1, input, size);
    good = HMAC (EVP_sha512 (), nonce->key, STATE_SIZE, message, STATE_SIZE + 1 + size, result,
                 NULL) != NULL;
    memcpy (nonce->key, result, good ? STATE_SIZE : 0);
    OPENSSL_cleanse (message, sizeof message);
    OPENSSL_cleanse (result, sizeof result);
    return good && move_value (nonce);
}

TamgaNonce *tamga_nonce_new (const BIGNUM *order, const guint8 *key, gsize key_size,
                             const guint8 *digest, gsize digest_size)
{
    g_autoptr (TamgaNonce) nonce = NULL;
    guint8 input[MAX_INPUT_SIZE];
    gsize known = key_size + digest_size;
    gboolean good;

    if (key_size > MAX_INPUT_SIZE || digest_size > MAX_INPUT_SIZE ||
        known > MAX_INPUT_SIZE - FRESH_SIZE || BN_num_bytes (order) > MAX_ORDER_SIZE)
        return NULL;
    nonce = g_new0 (TamgaNonce, 1);
    nonce->order = BN_dup (order);
    memset (nonce->value, 1, STATE_SIZE);
    memcpy (input, key, key_size);
    memcpy (input + key_size, digest, digest_size);
    good = nonce->order != NULL && RAND_priv_bytes (input + known, FRESH_SIZE) == 1 &&
           update (nonce, 0, input, known + FRESH_SIZE) &&
           update (nonce, 1, input, known + FRESH_SIZE);
    OPENSSL_cleanse (input, sizeof input);
    return good ? g_steal_pointer (&nonce) : NULL;
}

/* Step h.2: as many octets as the order has, of which the first bits are the number. */
static gboolean candidate (TamgaNonce *nonce, BIGNUM *number)
{
    guint8 octets[MAX_ORDER_SIZE + STATE_SIZE];
    int bits = BN_num_bits (nonce->order), size = (bits + 7) / 8;
    gboolean good = TRUE;

    for (int done = 0; good && done < size; done += STATE_SIZE) {
        good = move_value (nonce);
        memcpy (octets + done, nonce->value, STATE_SIZE);
    }
    BN_set_flags (number, BN_FLG_CONSTTIME);
    good = good && BN_bin2bn (octets, size, number) != NULL &&
           BN_rshift (number, number, 8 * size - bits);
    OPENSSL_cleanse (octets, sizeof octets);
    return good;
}

gboolean tamga_nonce_next (TamgaNonce *nonce, BIGNUM *number)
{
    do {
        if ((nonce->used && !update (nonce, 0, NULL, 0)) || !candidate (nonce, number))
            return FALSE;
        nonce->used = TRUE;
    } while (BN_is_zero (number) || BN_ucmp (number, nonce->order) >= 0);
    return TRUE;
}

void tamga_nonce_free (TamgaNonce *nonce)
{
    if (nonce == NULL)
        return;
    BN_free (nonce->order);
    OPENSSL_cleanse (nonce, sizeof *nonce);
    g_free (nonce);
}
