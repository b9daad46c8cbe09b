/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates for subscribers, from a PKCS#10 request. README.md lists the query. */
#pragma once

#include "tests/provider/service.h"

/* The certificate for the request in the body, by the words of the query; registered, under the
 * query's `name` where it has one. Errors: PROVIDER_ERROR_REQUEST. */
X509 *provider_issue (Provider *provider, const ProviderRequest *request,
                      const ProviderFaultSet *faults, GString *detail, GError **error);

void provider_issue_answer (Provider *provider, const ProviderService *service,
                            const ProviderRequest *request, const ProviderFaultSet *faults,
                            ProviderAnswer *answer, GString *detail);
