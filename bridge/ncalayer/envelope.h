/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms in which answers go out (bridge-protocols 1.2, 1.3, 1.5, 1.7). All are new references;
 * `result` is consumed. */
#pragma once

#include "bridge/ncalayer/modules.h"

/* What a site is told of an error. Its own mistakes in full; of the rest only the kind: a message
 * for the person may name files, tokens and the tries that are left. */
char *tamga_envelope_reason (const GError *error);

/* commonUtils. A result that is null is left out: the method has none. */
json_t *tamga_envelope_common (json_t *result);
json_t *tamga_envelope_common_error (const GError *error);
/* basics: cancelling is a success without a result. */
json_t *tamga_envelope_basics (json_t *result);
json_t *tamga_envelope_basics_error (const GError *error);
/* The applet of before. */
json_t *tamga_envelope_applet_error (const GError *error);
/* What no module answers: "MODULE_NOT_FOUND", "METHOD_NOT_FOUND". */
json_t *tamga_envelope_unknown (const char *code);
/* A message that is no call. */
json_t *tamga_envelope_no_call (void);
