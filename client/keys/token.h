/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking modules what tokens they have: each in a process of its own, all at once. */
#pragma once

#include "client/keys/agent.h"
#include "client/keys/modules.h"

/* One module that was asked. */
typedef struct {
    TamgaModule *module;
    TamgaKeyAgent *agent; /* alive where there is no `failure` */
    GPtrArray *tokens;    /* TamgaKeyToken: readers without a card too */
    GError *failure;
} TamgaProbe;

/* Takes `modules` (TamgaModule). Elements: TamgaProbe, in their order. */
GPtrArray *tamga_probe_all (GPtrArray *modules, guint timeout_ms, const TamgaCall *call);
/* One token from the facts of tamga-key. */
TamgaKeyToken *tamga_key_token_from_facts (const TamgaModule *module, GVariant *facts);
