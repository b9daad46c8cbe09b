/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table of ranges (RFC 6890 and its registries), first match wins. */
#include "client/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* An IPv4 range as an IPv4-mapped one: so there is one table and one comparison. */
#define V4(a, b, c, d)                                                                             \
    {                                                                                              \
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d)                               \
    }
#define V4_BITS(n) (96 + (n))

typedef struct {
    guint8 prefix[16];
    guint bits;
    TamgaAddressKind kind;
    const char *name;
} Range;

static const Range ranges[] = {
    {V4 (0, 0, 0, 0), V4_BITS (8), TAMGA_ADDRESS_REFUSED, "unspecified (0.0.0.0/8)"},
    {V4 (10, 0, 0, 0), V4_BITS (8), TAMGA_ADDRESS_PRIVATE, "private (10.0.0.0/8)"},
    {V4 (100, 64, 0, 0), V4_BITS (10), TAMGA_ADDRESS_PRIVATE, "shared (100.64.0.0/10)"},
    {V4 (127, 0, 0, 0), V4_BITS (8), TAMGA_ADDRESS_LOOPBACK, "loopback (127.0.0.0/8)"},
    {V4 (169, 254, 0, 0), V4_BITS (16), TAMGA_ADDRESS_REFUSED, "link-local (169.254.0.0/16)"},
    {V4 (172, 16, 0, 0), V4_BITS (12), TAMGA_ADDRESS_PRIVATE, "private (172.16.0.0/12)"},
    {V4 (192, 0, 0, 0), V4_BITS (24), TAMGA_ADDRESS_REFUSED, "protocol use (192.0.0.0/24)"},
    {V4 (192, 0, 2, 0), V4_BITS (24), TAMGA_ADDRESS_REFUSED, "documentation (192.0.2.0/24)"},
    {V4 (192, 168, 0, 0), V4_BITS (16), TAMGA_ADDRESS_PRIVATE, "private (192.168.0.0/16)"},
    {V4 (198, 18, 0, 0), V4_BITS (15), TAMGA_ADDRESS_PRIVATE, "benchmarking (198.18.0.0/15)"},
    {V4 (198, 51, 100, 0), V4_BITS (24), TAMGA_ADDRESS_REFUSED, "documentation (198.51.100.0/24)"},
    {V4 (203, 0, 113, 0), V4_BITS (24), TAMGA_ADDRESS_REFUSED, "documentation (203.0.113.0/24)"},
    {V4 (224, 0, 0, 0), V4_BITS (4), TAMGA_ADDRESS_REFUSED, "multicast (224.0.0.0/4)"},
    {V4 (240, 0, 0, 0), V4_BITS (4), TAMGA_ADDRESS_REFUSED, "reserved or broadcast (240.0.0.0/4)"},
    {{0}, 128, TAMGA_ADDRESS_REFUSED, "unspecified (::)"},
    {{[15] = 1}, 128, TAMGA_ADDRESS_LOOPBACK, "loopback (::1)"},
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, TAMGA_ADDRESS_REFUSED, "local NAT64 (64:ff9b:1::/48)"},
    {{1}, 64, TAMGA_ADDRESS_REFUSED, "discard (100::/64)"},
    {{0x20, 1, 0, 0}, 32, TAMGA_ADDRESS_REFUSED, "Teredo (2001::/32)"},
    {{0x20, 1, 0x0d, 0xb8}, 32, TAMGA_ADDRESS_REFUSED, "documentation (2001:db8::/32)"},
    {{0xfc}, 7, TAMGA_ADDRESS_PRIVATE, "private (fc00::/7)"},
    {{0xfe, 0x80}, 10, TAMGA_ADDRESS_REFUSED, "link-local (fe80::/10)"},
    {{0xfe, 0xc0}, 10, TAMGA_ADDRESS_PRIVATE, "site-local (fec0::/10)"},
    {{0xff}, 8, TAMGA_ADDRESS_REFUSED, "multicast (ff00::/8)"},
};

/* IPv6 forms that lead to the IPv4 address inside them. */
static const struct {
    guint8 prefix[12];
    guint bits;
    guint offset; /* of the four bytes */
} carriers[] = {
    {{0, 0x64, 0xff, 0x9b}, 96, 12}, /* NAT64, RFC 6052 */
    {{0x20, 0x02}, 16, 2},           /* 6to4, RFC 3056 */
};

static gboolean has_prefix (const guint8 *address, const guint8 *prefix, guint bits)
{
    guint whole = bits / 8, rest = bits % 8;
    if (memcmp (address, prefix, whole) != 0)
        return FALSE;
    if (rest == 0)
        return TRUE;
    guint8 mask = (guint8)(0xff << (8 - rest));
    return (address[whole] & mask) == (prefix[whole] & mask);
}

static TamgaAddressKind kind_of_bytes (const guint8 address[16], const char **name)
{
    static const guint8 zero[12];
    guint8 inner[16] = V4 (0, 0, 0, 0);
    for (gsize i = 0; i < G_N_ELEMENTS (carriers); i++) {
        if (has_prefix (address, carriers[i].prefix, carriers[i].bits)) {
            memcpy (inner + 12, address + carriers[i].offset, 4);
            return kind_of_bytes (inner, name);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS (ranges); i++) {
        if (has_prefix (address, ranges[i].prefix, ranges[i].bits)) {
            *name = ranges[i].name;
            return ranges[i].kind;
        }
    }
    /* ::a.b.c.d, "IPv4-compatible": out of use since RFC 4291 2.5.5.1, so nobody needs it. */
    if (memcmp (address, zero, sizeof zero) == 0) {
        *name = "IPv4-compatible (::/96)";
        return TAMGA_ADDRESS_REFUSED;
    }
    *name = "public";
    return TAMGA_ADDRESS_PUBLIC;
}

TamgaAddressKind tamga_address_kind (const struct sockaddr *address, const char **name)
{
    const char *unused;
    guint8 bytes[16] = V4 (0, 0, 0, 0);
    if (name == NULL)
        name = &unused;
    if (address->sa_family == AF_INET) {
        memcpy (bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
        return kind_of_bytes (bytes, name);
    }
    if (address->sa_family == AF_INET6) {
        memcpy (bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        return kind_of_bytes (bytes, name);
    }
    *name = "not an Internet address";
    return TAMGA_ADDRESS_REFUSED;
}

/* Sixteen bytes of an address in text, IPv4 as mapped. FALSE: it is not one. */
static gboolean parse_text (const char *text, guint8 bytes[16])
{
    struct in_addr four;
    guint8 mapped[16] = V4 (0, 0, 0, 0);
    g_autofree char *bare = g_strdup (text[0] == '[' ? text + 1 : text);
    bare[strcspn (bare, "]%")] = '\0';
    if (inet_pton (AF_INET, bare, &four) != 1)
        return inet_pton (AF_INET6, bare, bytes) == 1;
    memcpy (mapped + 12, &four, 4);
    memcpy (bytes, mapped, sizeof mapped);
    return TRUE;
}

gboolean tamga_address_kind_of_text (const char *text, TamgaAddressKind *kind, const char **name)
{
    const char *unused;
    guint8 bytes[16];
    if (!parse_text (text, bytes))
        return FALSE;
    *kind = kind_of_bytes (bytes, name != NULL ? name : &unused);
    return TRUE;
}

gboolean tamga_address_in_range (const char *text, const char *range)
{
    guint8 address[16], prefix[16];
    guint64 bits;
    const char *slash = strchr (range, '/');
    g_autofree char *start = g_strndup (range, slash != NULL ? (gsize)(slash - range) : 64);
    gboolean four = strchr (start, ':') == NULL;
    if (!parse_text (text, address) || !parse_text (start, prefix))
        return FALSE;
    if (slash == NULL)
        return memcmp (address, prefix, sizeof address) == 0;
    if (!g_ascii_string_to_unsigned (slash + 1, 10, 0, four ? 32 : 128, &bits, NULL))
        return FALSE;
    return has_prefix (address, prefix, (guint)bits + (four ? 96 : 0));
}

gboolean tamga_address_allowed (TamgaAddressKind kind, gboolean allow_loopback,
                                gboolean allow_private)
{
    switch (kind) {
    case TAMGA_ADDRESS_PUBLIC:
        return TRUE;
    case TAMGA_ADDRESS_LOOPBACK:
        return allow_loopback;
    case TAMGA_ADDRESS_PRIVATE:
        return allow_private;
    case TAMGA_ADDRESS_REFUSED:
        return FALSE;
    }
    return FALSE;
}
