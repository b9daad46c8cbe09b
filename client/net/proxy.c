/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proxy variables of the environment, as curl(1) documents them. */
#include "client/net/proxy.h"

#include <string.h>

#include "client/net/address.h"

static const char *environment (const char *lower, const char *upper)
{
    const char *value = g_getenv (lower);
    if (value == NULL && upper != NULL)
        value = g_getenv (upper);
    return value;
}

static gboolean entry_names (const char *entry, const char *host, gboolean address)
{
    if (g_str_equal (entry, "*"))
        return TRUE;
    if (address)
        return tamga_address_in_range (host, entry);
    if (entry[0] == '.')
        entry++;
    gsize host_length = strlen (host), entry_length = strlen (entry);
    if (entry_length == 0 || host_length < entry_length)
        return FALSE;
    const char *tail = host + host_length - entry_length;
    return g_ascii_strcasecmp (tail, entry) == 0 && (tail == host || tail[-1] == '.');
}

gboolean tamga_proxy_bypassed (const char *no_proxy, const char *host)
{
    if (no_proxy == NULL)
        return FALSE;
    g_autofree char *bare = g_strdup (host[0] == '[' ? host + 1 : host);
    bare[strcspn (bare, "]%")] = '\0';
    if (g_str_has_suffix (bare, "."))
        bare[strlen (bare) - 1] = '\0';
    TamgaAddressKind kind;
    gboolean address = tamga_address_kind_of_text (bare, &kind, NULL);
    g_auto (GStrv) entries = g_strsplit_set (no_proxy, ", \t", -1);
    for (char **entry = entries; *entry != NULL; entry++) {
        if (**entry != '\0' && entry_names (*entry, bare, address))
            return TRUE;
    }
    return FALSE;
}

char *tamga_proxy_for (const char *configured, const char *scheme, const char *host)
{
    if (configured != NULL)
        return *configured != '\0' ? g_strdup (configured) : NULL;
    const char *proxy = g_str_equal (scheme, "https") ? environment ("https_proxy", "HTTPS_PROXY")
                                                      : environment ("http_proxy", NULL);
    if (proxy == NULL)
        proxy = environment ("all_proxy", "ALL_PROXY");
    if (proxy == NULL || *proxy == '\0')
        return NULL;
    if (tamga_proxy_bypassed (environment ("no_proxy", "NO_PROXY"), host))
        return NULL;
    return g_strdup (proxy);
}
