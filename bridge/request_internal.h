/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of a request share: request.c (turn, grant, files), keys.c, signing.c. */
#pragma once

#include "bridge/request.h"

/* Takes the person's turn and starts the prompter, where that has not been done. */
gboolean tamga_request_begin (TamgaRequest *request, GError **error);

/* Tells the person what failed and what to do next, as far as there is a prompter. */
void tamga_request_tell_error (TamgaRequest *request, const GError *error);

/* What the question for a PIN needs to know; lives as long as the TamgaKeysUi made over it. */
typedef struct {
    TamgaRequest *request;
    const TamgaRequestKey *key; /* NULL: of a key file, whose keys are not known yet */
    const char *store_name;     /* where there is no key: what the person calls the file */
} TamgaPinAsk;

/* A TamgaKeysUi that asks the request's prompter: the PIN goes through its descriptor 3
 * (pin_source). The prompter must have been started. `key` may be NULL. */
void tamga_request_keys_ui (TamgaRequest *request, const TamgaRequestKey *key, TamgaPinAsk *ask,
                            TamgaKeysUi *ui);
