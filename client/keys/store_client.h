/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside of an open key store, shared by keys.c (opening, listing), pin.c (login, PIN change) and
 * sign.c. */
#pragma once

#include "client/keys/agent.h"
#include "client/keys/modules.h"
#include "client/keys/reference.h"

struct _TamgaKeyStore {
    TamgaKeyAgent *agent;
    TamgaReference *reference; /* as given to the open */
    TamgaModule *module;       /* NULL: a file */
    TamgaKeyToken *token;      /* as of the open; NULL: a file */
    char *name;                /* token label or file name */
    char *path;                /* of the file */
    gboolean logged_in;
    guint attempts;         /* PINs asked for */
    char *lone_certificate; /* a person's certificate that has no key, as last listed; or NULL */
};

/* Sends `verb` with a PIN that `ui` is asked for; receives the answer. One PIN, one request. */
GVariant *tamga_key_store_ask_with_pin (TamgaKeyStore *store, const char *verb,
                                        GVariantBuilder *arguments, gboolean context_specific,
                                        const TamgaKeysUi *ui, const TamgaCall *call,
                                        GError **error);
