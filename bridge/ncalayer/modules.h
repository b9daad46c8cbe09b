/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modules of the protocol. Each takes a whole call ("module" is its own) and gives the whole
 * answer in its own envelope: never NULL. */
#pragma once

#include "bridge/request.h"
#include "formats/jose/json.h"

#define TAMGA_NCALAYER_ERROR (tamga_ncalayer_error_quark ())
GQuark tamga_ncalayer_error_quark (void);
/* What has a code of its own in the answers of `basics`. Its text may be told to the site. */
typedef enum {
    TAMGA_NCALAYER_ERROR_SIGNING_PARAMS, /* a value that no signature can be made with */
    TAMGA_NCALAYER_ERROR_INVOCATION,     /* a call that has not the form of the method */
} TamgaNcalayerError;

json_t *tamga_ncalayer_common_utils (TamgaRequest *request, const json_t *message);
json_t *tamga_ncalayer_basics (TamgaRequest *request, const json_t *message);
json_t *tamga_ncalayer_accessory (TamgaRequest *request, const json_t *message);
json_t *tamga_ncalayer_applet (TamgaRequest *request, const json_t *message);
