/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Origins and hosts, compared as exactly as browsers write them. */
#include <string.h>

#include "bridge/origins.h"

#define MAX_HOST 253 /* RFC 1035 2.3.4, as text */
#define HTTPS "https://"
#define HTTP "http://"

/* ":PORT" or nothing; the default port is never written (RFC 6454 6.1). */
static gboolean port_ok (const char *text, guint usual)
{
    guint64 port = 0;
    if (*text == '\0')
        return TRUE;
    return *text == ':' && text[1] >= '1' && text[1] <= '9' &&
           g_ascii_string_to_unsigned (text + 1, 10, 1, G_MAXUINT16, &port, NULL) && port != usual;
}

/* A name or an IPv4 address: labels of lower-case letters, digits and hyphens ("xn--…" for other
 * scripts); some sites have an underscore. */
static gsize name_length (const char *text)
{
    gsize length = strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789-_.");
    if (length == 0 || length > MAX_HOST || text[0] == '.' || text[0] == '-')
        return 0;
    for (gsize i = 1; i < length; i++) {
        if (text[i] == '.' && text[i - 1] == '.')
            return 0;
    }
    return length;
}

static gsize literal_length (const char *text)
{
    gsize length = strspn (text + 1, "0123456789abcdef:.") + 1;
    if (text[length] != ']')
        return 0;
    g_autofree char *address = g_strndup (text + 1, length - 1);
    return strchr (address, ':') && g_hostname_is_ip_address (address) ? length + 1 : 0;
}

static gboolean site_ok (const char *authority)
{
    gsize length = *authority == '[' ? literal_length (authority) : name_length (authority);
    return length > 0 && port_ok (authority + length, 443);
}

TamgaOriginKind tamga_origin_kind (const char *origin)
{
    static const char local[] = "localhost";
    if (!origin || *origin == '\0')
        return TAMGA_ORIGIN_PROGRAM;
    gboolean site = FALSE;
    if (g_str_has_prefix (origin, HTTPS))
        site = site_ok (origin + strlen (HTTPS));
    else if (g_str_has_prefix (origin, HTTP) && g_str_has_prefix (origin + strlen (HTTP), local))
        site = port_ok (origin + strlen (HTTP) + strlen (local), 80);
    return site ? TAMGA_ORIGIN_SITE : TAMGA_ORIGIN_REFUSED;
}

gboolean tamga_host_allowed (const char *host, guint16 port)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    for (gsize i = 0; host && i < G_N_ELEMENTS (names); i++) {
        g_autofree char *whole = g_strdup_printf ("%s:%u", names[i], port);
        if (g_ascii_strcasecmp (host, whole) == 0)
            return TRUE;
    }
    return FALSE;
}

static const char *const capabilities[TAMGA_N_CAPABILITIES] = {"tokens", "certificate", "sign",
                                                               "batch"};

const char *tamga_capability_name (TamgaCapability one)
{
    for (guint i = 0; i < TAMGA_N_CAPABILITIES; i++) {
        if ((guint)one == 1u << i)
            return capabilities[i];
    }
    g_return_val_if_reached ("");
}

json_t *tamga_capabilities_json (guint wanted)
{
    json_t *list = json_array ();
    for (guint i = 0; i < TAMGA_N_CAPABILITIES; i++) {
        if (wanted & (1u << i))
            json_array_append_new (list, json_string (capabilities[i]));
    }
    return list;
}

static const char *const remembers[] = {"once", "session", "always"};

gboolean tamga_remember_from_name (const char *name, TamgaRemember *remember)
{
    for (guint i = 0; i < G_N_ELEMENTS (remembers); i++) {
        if (g_strcmp0 (name, remembers[i]) == 0) {
            *remember = (TamgaRemember)i;
            return TRUE;
        }
    }
    return FALSE;
}
