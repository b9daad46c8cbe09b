/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of journal entries that signing and extending share. Private to client/sign. */
#pragma once

#include <jansson.h>

#include "client/status/procedure.h"

/* Where the file is, whatever folder the person was in; null for NULL. */
json_t *tamga_record_path (const char *path);
/* Time, name and address of each service that answered. `answers`: TamgaTsaAnswer. */
json_t *tamga_record_stamps (const GPtrArray *answers);
/* Every step with the digest of the evidence that it rests on; NULL: none. */
json_t *tamga_record_steps (const TamgaProcedure *procedure);
