/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control interface of tests: /control/NAME?QUERY. README.md lists the commands. */
#pragma once

#include "tests/provider/provider.h"

/* Answers "ok\n", or 400 with the reason. */
void provider_control_answer (Provider *provider, const ProviderRequest *request,
                              ProviderAnswer *answer);
