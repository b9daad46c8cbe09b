/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OCSP answers (RFC 6960) of an authority, signed by its delegated responder. */
#pragma once

#include "tests/provider/service.h"

void provider_ocsp_answer (Provider *provider, const ProviderService *service,
                           const ProviderRequest *request, const ProviderFaultSet *faults,
                           ProviderAnswer *answer, GString *detail);
