/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PIV application of the virtual card: as much of NIST SP 800-73-4 part 2 as a client that
 * signs needs. Takes command APDUs, gives response APDUs; knows nothing of readers. */
#pragma once

#include <glib.h>

#define TAMGA_PIV_CARD_ERROR (tamga_piv_card_error_quark ())
GQuark tamga_piv_card_error_quark (void);

enum {
    TAMGA_PIV_CARD_ERROR_PIN,         /* the PIN is not one of 6 to 8 digits */
    TAMGA_PIV_CARD_ERROR_SLOT,        /* no such key slot */
    TAMGA_PIV_CARD_ERROR_KEY,         /* not a PEM key, or not RSA-2048, P-256, P-384 */
    TAMGA_PIV_CARD_ERROR_CERTIFICATE, /* not a DER certificate, too large, or of another key */
};

typedef struct tamga_piv_card tamga_piv_card;

/* A card with no keys; TRIES wrong PINs in a row lock it. */
tamga_piv_card *tamga_piv_card_new (const char *pin, guint tries, GError **error);
void tamga_piv_card_free (tamga_piv_card *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (tamga_piv_card, tamga_piv_card_free)

/* Fills the key slot named "9a", "9c" or "9d" (SP 800-73-4 part 1, table 4b) from a PEM file (no
 * password) and a DER file. */
gboolean tamga_piv_card_load (tamga_piv_card *card, const char *slot, const char *key_file,
                              const char *certificate_file, GError **error);

/* What happens when the reader cuts the power or resets the card. The counter of tries stays. */
void tamga_piv_card_reset (tamga_piv_card *card);

/* Runs one command APDU. The response ends with SW1 SW2. Free with g_bytes_unref(). */
GBytes *tamga_piv_card_transmit (tamga_piv_card *card, const guint8 *command, gsize length);

/* Whether the command is the one that uses a private key: the last part of a GENERAL AUTHENTICATE.
 */
gboolean tamga_piv_card_is_signing (const guint8 *command, gsize length);

/* Behind the holder's back: locks the PIN; restores the first PIN and all tries. */
void tamga_piv_card_lock (tamga_piv_card *card);
void tamga_piv_card_restore_pin (tamga_piv_card *card);

/* Tries left, and private key operations since the start. */
guint tamga_piv_card_tries (const tamga_piv_card *card);
guint tamga_piv_card_signatures (const tamga_piv_card *card);
