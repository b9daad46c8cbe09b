/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the picture of a signature as JSON, the same in the report of verification and in what
 * `tamga show` prints. Members are added, never renamed. */
#pragma once

#include <jansson.h>

#include "formats/model.h"

json_t *tamga_model_json_covers (const TamgaSignature *signature);
json_t *tamga_model_json_changes (const TamgaSignature *signature);
json_t *tamga_model_json_findings (const GPtrArray *list); /* TamgaFinding */
/* "packaging", "carrier", "countersigns", "objects". */
void tamga_model_json_set_place (json_t *object, const TamgaSignature *signature);
/* What the signer states: "signing_time", "roles", "policy", ... */
void tamga_model_json_set_claims (json_t *object, const TamgaSignature *signature);
