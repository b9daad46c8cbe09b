/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names that sites have for kinds of key stores (bridge-protocols 1.2), and which token is of
 * which kind: rows of a table. */
#pragma once

#include "bridge/bridge.h"

/* Key files. */
#define TAMGA_STORAGE_FILE "PKCS12"

/* The name for this token; a token of no known kind has the generic name of the table's last row.
 * Static text. */
const char *tamga_storage_of_token (const TamgaKeyToken *token);
/* Is it a name that sites use? An unknown one fits no key. */
gboolean tamga_storage_known (const char *name);
