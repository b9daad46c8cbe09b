/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets in `tamga-key`. */
#include "client/keys/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/keys/protocol.h"

/* Room for the PINs of one request and what OpenSSL itself puts there. */
#define SECURE_HEAP_SIZE (64 * 1024)
#define SECURE_HEAP_MINIMUM 32

/* OpenSSL frees some buffers that hold a password without wiping them (the PKCS#12 key derivation,
 * for one). In this process everything that it frees is wiped; a header keeps the size. */
typedef union {
    size_t size;
    max_align_t align;
} Header;

static void *wiping_malloc (size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    Header *header = size <= SIZE_MAX - sizeof *header ? malloc (sizeof *header + size) : NULL;
    if (header == NULL)
        return NULL;
    header->size = size;
    return header + 1;
}

static void wiping_free (void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    if (memory == NULL)
        return;
    Header *header = (Header *)memory - 1;
    OPENSSL_cleanse (memory, header->size);
    free (header);
}

static void *wiping_realloc (void *memory, size_t size, const char *file, int line)
{
    if (memory != NULL && size == 0) {
        wiping_free (memory, file, line);
        return NULL;
    }
    void *moved = wiping_malloc (size, file, line);
    if (memory == NULL || moved == NULL)
        return moved;
    memcpy (moved, memory, MIN (size, ((Header *)memory - 1)->size));
    wiping_free (memory, file, line);
    return moved;
}

void tamga_secret_init (void)
{
    /* fails only where OpenSSL has allocated something already: a mistake of main */
    int set = CRYPTO_set_mem_functions (wiping_malloc, wiping_realloc, wiping_free);
    g_assert (set == 1);
    CRYPTO_secure_malloc_init (SECURE_HEAP_SIZE, SECURE_HEAP_MINIMUM);
}

/* Waits until there is something to read, or the end of the file. `until`: monotonic microseconds;
 * 0: no limit. */
static gboolean readable (int fd, gint64 until)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int n;

    do {
        gint64 left = until - g_get_monotonic_time ();
        n = poll (&poll_fd, 1, until == 0 ? -1 : left > 0 ? (int)(left / 1000) : 0);
    } while (n < 0 && errno == EINTR);
    return n > 0;
}

static TamgaSecret *read_line (int fd, gint64 until, GError **error)
{
    g_autoptr (TamgaSecret) secret = g_new0 (TamgaSecret, 1);

    secret->bytes = OPENSSL_secure_zalloc (TAMGA_KEYS_MAX_SECRET + 1);
    g_assert (secret->bytes != NULL);
    for (;;) {
        char *next = secret->bytes + secret->size; /* one byte more than the limit has room */
        ssize_t n = fd >= 0 && readable (fd, until) ? read (fd, next, 1) : 0;
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

TamgaSecret *tamga_secret_read_line (int fd, GError **error)
{
    return read_line (fd, 0, error);
}

TamgaSecret *tamga_secret_read_ready_line (int fd, GError **error)
{
    return read_line (fd, g_get_monotonic_time () + TAMGA_KEYS_LINE_MS * G_TIME_SPAN_MILLISECOND,
                      error);
}

gboolean tamga_secret_drain (int fd, GError **error)
{
    char thrown_away[512];
    gint64 now = g_get_monotonic_time (); /* a limit that has passed: no waiting */
    gsize total = 0;
    ssize_t n = 1;

    while (n != 0 && total <= TAMGA_KEYS_MAX_DRAINED && readable (fd, now)) {
        n = read (fd, thrown_away, sizeof thrown_away);
        if (n < 0 && errno != EINTR)
            break;
        total += n > 0 ? (gsize)n : 0;
    }
    OPENSSL_cleanse (thrown_away, sizeof thrown_away);
    if (n >= 0 && total <= TAMGA_KEYS_MAX_DRAINED)
        return TRUE;
    g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                         "the way of the PIN cannot be cleared of what was written to it unasked");
    return FALSE;
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
