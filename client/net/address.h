/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses may be connected to. URLs come from certificates that strangers made, so what a
 * name leads to is judged when connecting, after the resolver answered. */
#pragma once

#include <glib.h>
#include <sys/socket.h>

typedef enum {
    TAMGA_ADDRESS_PUBLIC,   /* may be connected to */
    TAMGA_ADDRESS_LOOPBACK, /* only where the profile is the demo's */
    TAMGA_ADDRESS_PRIVATE,  /* only where the profile allows private ranges */
    TAMGA_ADDRESS_REFUSED,  /* never: link-local, multicast, unspecified, reserved, ... */
} TamgaAddressKind;

/* `*name` (may be NULL) becomes a static name of the range: "loopback (127.0.0.0/8)". Addresses
 * that carry an IPv4 address inside (mapped, NAT64, 6to4) are judged by that one. */
TamgaAddressKind tamga_address_kind (const struct sockaddr *address, const char **name);
/* The same for text ("127.0.0.1", "[::1]", "fe80::1%eth0"). FALSE: it is not an address. */
gboolean tamga_address_kind_of_text (const char *text, TamgaAddressKind *kind, const char **name);
/* Is the address `text` in `range`: an address, or a range in CIDR form ("10.0.0.0/8")? */
gboolean tamga_address_in_range (const char *text, const char *range);
gboolean tamga_address_allowed (TamgaAddressKind kind, gboolean allow_loopback,
                                gboolean allow_private);
