/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status page and /ping. No secrets, nothing of a request but its language is in them. */
#pragma once

#include "bridge/origins.h"
#include "bridge/server.h"

/* GET / in Kazakh, Russian or English by Accept-Language; GET /ping: 200 with an empty JSON object,
 * readable by origins that something was granted to; anything else 404. */
void tamga_page_serve (TamgaGrants *grants, guint16 port, const TamgaPageRequest *request,
                       TamgaPage *page);
/* "kk", "ru" or "en", the best of an Accept-Language header (RFC 9110 12.5.4) or of a locale name
 * such as "kz", "kk_KZ.UTF-8"; "kk" where neither says anything known. */
const char *tamga_language_of_header (const char *accept_language);
const char *tamga_language_of_locale (const char *locale);
