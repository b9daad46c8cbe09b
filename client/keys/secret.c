/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets in `tamga-key`. */
#include "client/keys/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include "client/keys/protocol.h"

/* Room for the PINs of one request and what OpenSSL itself puts there. */
#define SECURE_HEAP_SIZE (64 * 1024)
#define SECURE_HEAP_MINIMUM 32

void tamga_secret_init (void)
{
    CRYPTO_secure_malloc_init (SECURE_HEAP_SIZE, SECURE_HEAP_MINIMUM);
}

TamgaSecret *tamga_secret_read_line (int fd, GError **error)
{
    g_autoptr (TamgaSecret) secret = g_new0 (TamgaSecret, 1);

    secret->bytes = OPENSSL_secure_zalloc (TAMGA_KEYS_MAX_SECRET + 1);
    g_assert (secret->bytes != NULL);
    for (;;) {
        char *next = secret->bytes + secret->size; /* one byte more than the limit has room */
        ssize_t n = fd >= 0 ? read (fd, next, 1) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                                 "no PIN was given");
            return NULL;
        }
        if (*next == '\n') {
            *next = '\0';
            return g_steal_pointer (&secret);
        }
        if (++secret->size > TAMGA_KEYS_MAX_SECRET) {
            secret->size--;
            g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_INVALID,
                         "a PIN of more than %d bytes; nothing was tried", TAMGA_KEYS_MAX_SECRET);
            return NULL;
        }
    }
}

gboolean tamga_secret_equal (const TamgaSecret *a, const TamgaSecret *b)
{
    return a->size == b->size && CRYPTO_memcmp (a->bytes, b->bytes, a->size) == 0;
}

void tamga_secret_free (TamgaSecret *secret)
{
    if (secret == NULL)
        return;
    OPENSSL_secure_clear_free (secret->bytes, TAMGA_KEYS_MAX_SECRET + 1);
    g_free (secret);
}
