/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subscribers as a certification authority issues them: key, certificate and PKCS#12 file in one,
 * for keys that no other program can make. README.md lists the query. */
#pragma once

#include "tests/provider/service.h"

void provider_person_answer (Provider *provider, const ProviderService *service,
                             const ProviderRequest *request, const ProviderFaultSet *faults,
                             ProviderAnswer *answer, GString *detail);
