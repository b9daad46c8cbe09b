/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates for subscribers, from a PKCS#10 request. README.md lists the query. */
#pragma once

#include "tests/provider/service.h"

void provider_issue_answer (Provider *provider, const ProviderService *service,
                            const ProviderRequest *request, const ProviderFaultSet *faults,
                            ProviderAnswer *answer, GString *detail);
