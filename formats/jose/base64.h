/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base64url without padding (RFC 7515 2) and base64 (RFC 4648 4), both strict: one text for one
 * sequence of bytes, so that a text that is signed cannot be another one for the same bytes. */
#pragma once

#include <glib.h>

char *tamga_base64url_encode (gconstpointer data, gsize size);
char *tamga_base64url_encode_bytes (GBytes *bytes);
char *tamga_base64_encode_bytes (GBytes *bytes);
/* NULL for any character outside of the alphabet (white space, padding), for a length that no
 * encoding has and for bits that are not zero behind the last byte. */
GBytes *tamga_base64url_decode (const char *text, gsize length);
/* The same for base64 with its padding. */
GBytes *tamga_base64_decode (const char *text);
