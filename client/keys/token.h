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
    gint64 failed; /* monotonic time of the `failure`, where it was seen by tamga_probe_again */
} TamgaProbe;

/* Takes `modules` (TamgaModule). Elements: TamgaProbe, in their order. */
GPtrArray *tamga_probe_all (GPtrArray *modules, guint timeout_ms, const TamgaCall *call);
/* The same question again. An agent that is no longer there is started anew at once, a module that
 * failed otherwise after a while. */
void tamga_probe_again (GPtrArray *probes, guint timeout_ms, const TamgaCall *call);
/* Those of the configuration, else those that are found. Elements: TamgaModule. */
GPtrArray *tamga_modules_chosen (const TamgaKeysConfig *config);
/* Stands for the tokens of a module that failed: a TamgaKeyToken with its `problem`. */
TamgaKeyToken *tamga_probe_problem (const TamgaProbe *probe);
/* One token from the facts of tamga-key. */
TamgaKeyToken *tamga_key_token_from_facts (const TamgaModule *module, GVariant *facts);
