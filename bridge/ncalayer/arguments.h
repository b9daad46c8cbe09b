/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arguments of a call, as types and not as JSON. What they point to lives with the call. */
#pragma once

#include "bridge/ncalayer/modules.h"

/* One positional argument; which member it has is said by its type. */
typedef struct {
    const char *text;
    gboolean truth;
    const json_t *list;
} TamgaArgument;

#define TAMGA_MAX_ARGUMENTS 5

/* `types`, one letter for each argument: 's' string, 'b' boolean, 'a' array of one to
 * TAMGA_BRIDGE_MAX_DOCUMENTS strings, 'o' a string that may be null or missing, 'p' a path in XML:
 * NULL where it is empty, null or, at the end, missing. TAMGA_BRIDGE_ERROR_ARGUMENT: "argument type
 * mismatch. Method: …". */
gboolean tamga_arguments_positional (const char *method, const char *types, const json_t *args,
                                     TamgaArgument arguments[TAMGA_MAX_ARGUMENTS], GError **error);

/* A boolean, or one as a string: "true", "false". FALSE: it is neither. */
gboolean tamga_argument_boolean (const json_t *value, gboolean *truth);
/* An absolute path of elements, "/a/b[2]", and nothing more: no axes, no functions, no other
 * predicates. */
gboolean tamga_argument_is_path (const char *text);
/* Base64 that may be broken into lines, of at least one byte. TAMGA_BRIDGE_ERROR_ARGUMENT; `what`
 * begins its sentence: "The data". */
GBytes *tamga_argument_base64 (const char *what, const char *text, GError **error);
