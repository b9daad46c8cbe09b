/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Complete and delta CRLs (RFC 5280 5). */
#pragma once

#include "tests/provider/service.h"

void provider_crl_answer (Provider *provider, const ProviderService *service,
                          const ProviderRequest *request, const ProviderFaultSet *faults,
                          ProviderAnswer *answer, GString *detail);

/* The status of a certificate of AUTHORITY changed: the next complete CRL has a higher number. */
void provider_crl_touch (ProviderAuthority *authority);

/* Makes the present state the base deltas refer to. While FREEZE, the complete CRL stays this
 * base, so that later changes show in the delta only. */
void provider_crl_new_base (Provider *provider, ProviderAuthority *authority, gboolean freeze);
