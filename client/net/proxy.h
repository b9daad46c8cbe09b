/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which proxy a URL is fetched through. Decided here and not by libcurl, because the address rules
 * must know whether a connection leads to the user's own proxy or to where the URL says. */
#pragma once

#include <glib.h>

/* The proxy for `scheme` and `host`, or NULL for none. `configured`: NULL reads http_proxy (lower
 * case only: the upper case one can be set by a CGI request), https_proxy, all_proxy and no_proxy
 * of the environment; "" is none; else that one, for every host. */
char *tamga_proxy_for (const char *configured, const char *scheme, const char *host);
/* Is `host` named by a no_proxy list: "*", a name, a domain with or without leading dot, an
 * address, an address range in CIDR form? */
gboolean tamga_proxy_bypassed (const char *no_proxy, const char *host);
