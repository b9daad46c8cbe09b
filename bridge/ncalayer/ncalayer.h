/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NCALayer's protocol (bridge-protocols 1): modules and methods are rows of a table; each module
 * has its own envelope for results, errors and cancelling. */
#pragma once

#include "bridge/request.h"

#define TAMGA_NCALAYER_GREETING "{\"result\":{\"version\":\"1.4\"}}"

/* TamgaDispatch of session.h: parses, finds the method, runs it, wraps what came of it. Always an
 * answer, also to what is no JSON. `data` is not used. */
json_t *tamga_ncalayer_dispatch (TamgaRequest *request, GBytes *message, gpointer data);
