/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unsigned components that are made (TS 119 182-1 5.3). All return new JSON objects. */
#pragma once

#include "formats/jose/unsigned.h"

/* tstContainer (5.4.3.3) with one token. */
json_t *tamga_jose_tokens (GBytes *token);
/* { name: value }; takes `value`. */
json_t *tamga_jose_component (const char *name, json_t *value);
/* Appends what of `evidence` is not among `certificates`, `crls` and `ocsps` (each may be NULL) as
 * xVals and rVals, or as one tstVD where `additional`. Elements: json_t. */
void tamga_jose_add_evidence (GPtrArray *components, const TamgaEvidence *evidence,
                              GPtrArray *certificates, GPtrArray *crls, GPtrArray *ocsps,
                              gboolean additional);
/* The component as an element of etsiU: a JSON text, with its quotes where it is base64url. */
char *tamga_jose_element (const json_t *component, gboolean clear);
/* An array of json_t. */
GPtrArray *tamga_jose_component_list (void);
