/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time-stamp answers (RFC 3161). */
#pragma once

#include "tests/provider/service.h"

#define PROVIDER_TSA_POLICY "2.999.1.1"       /* used when the request names none */
#define PROVIDER_TSA_OTHER_POLICY "2.999.1.2" /* accepted too */

void provider_tsa_answer (Provider *provider, const ProviderService *service,
                          const ProviderRequest *request, const ProviderFaultSet *faults,
                          ProviderAnswer *answer, GString *detail);
