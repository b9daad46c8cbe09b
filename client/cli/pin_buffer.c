/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one buffer a PIN lies in, and how it is read and written. */
#include "client/cli/pin.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Two PINs and a line of pinentry at once. */
#define SECURE_HEAP_SIZE (16 * 1024)
#define SECURE_HEAP_MINIMUM 32

TamgaPin *tamga_pin_new (void)
{
    if (!CRYPTO_secure_malloc_initialized ())
        CRYPTO_secure_malloc_init (SECURE_HEAP_SIZE, SECURE_HEAP_MINIMUM);
    TamgaPin *pin = OPENSSL_secure_zalloc (sizeof *pin);
    g_assert (pin);
    return pin;
}

void tamga_pin_free (TamgaPin *pin)
{
    if (pin)
        OPENSSL_secure_clear_free (pin, sizeof *pin);
}

void tamga_pin_clear (TamgaPin *pin)
{
    OPENSSL_cleanse (pin, sizeof *pin);
    pin->length = 0;
}

gboolean tamga_pin_append (TamgaPin *pin, char byte)
{
    if (pin->length >= TAMGA_PIN_MAX)
        return FALSE;
    pin->text[pin->length++] = byte;
    return TRUE;
}

char *tamga_pin_objection (const TamgaPin *pin, gulong minimum, gulong maximum)
{
    if (pin->length > TAMGA_PIN_MAX)
        return g_strdup_printf ("That is longer than %d characters.", TAMGA_PIN_MAX);
    for (gsize i = 0; i < pin->length; i++) {
        if ((guchar)pin->text[i] < 0x20 || pin->text[i] == 0x7f)
            return g_strdup ("There is a control character in it.");
    }
    if (pin->length >= minimum && (maximum == 0 || pin->length <= maximum))
        return NULL;
    if (pin->length == 0)
        return g_strdup ("Nothing was entered.");
    if (maximum == 0)
        return g_strdup_printf ("It has at least %lu characters.", minimum);
    if (minimum == maximum)
        return g_strdup_printf ("It has %lu characters.", minimum);
    return g_strdup_printf ("It has %lu to %lu characters.", minimum, maximum);
}

gboolean tamga_pin_write (TamgaPin *pin, int fd, GError **error)
{
    pin->text[pin->length] = '\n';
    for (gsize done = 0; done < pin->length + 1;) {
        ssize_t n = write (fd, pin->text + done, pin->length + 1 - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                                 "The process of the key went away before it had the PIN.");
            return FALSE;
        }
        done += (gsize)n;
    }
    return TRUE;
}

gboolean tamga_pin_wait (int fd, const TamgaCall *call, GError **error)
{
    struct pollfd polled[] = {{.fd = fd, .events = POLLIN},
                              {.fd = call->cancel_fd, .events = POLLIN}};
    for (;;) {
        int left = tamga_call_left (call);
        int n = poll (polled, G_N_ELEMENTS (polled), left);
        if (n > 0 && polled[1].revents) {
            g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                                 "Cancelled before a PIN was given; nothing was done with the "
                                 "key.");
            return FALSE;
        }
        if (n > 0 && polled[0].revents)
            return TRUE;
        if (n == 0 && left >= 0) {
            g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                                 "No PIN was given in time; nothing was done with the key.");
            return FALSE;
        }
        if (n < 0 && errno != EINTR) {
            g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                         "The PIN cannot be read (%s).", g_strerror (errno));
            return FALSE;
        }
    }
}

gboolean tamga_pin_read_line (TamgaPin *pin, int fd, const TamgaCall *call, GError **error)
{
    tamga_pin_clear (pin);
    for (;;) {
        if (!tamga_pin_wait (fd, call, error))
            return FALSE;
        char *next = pin->text + pin->length;
        ssize_t n = read (fd, next, 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0 || (n == 0 && pin->length == 0)) {
            g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                         "There is no PIN at descriptor %d (--pin-fd).", fd);
            return FALSE;
        }
        if (n == 0)
            return TRUE; /* a last line without its newline */
        if (*next == '\n') {
            *next = '\0';
            return TRUE;
        }
        if (++pin->length > TAMGA_PIN_MAX)
            return TRUE; /* told by tamga_pin_objection */
    }
}
