/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed files with one covered bit changed: whoever verifies them must notice. */
#pragma once

#include "client/validate/validation.h"

typedef struct {
    GBytes *file;
    char *object;     /* only the signatures with an object of this name cover what was changed;
                         NULL: every one of them does */
    gboolean timed;   /* only the signatures with a signing time do */
    const char *what; /* was changed, for people */
} Flip;

void flip_free (Flip *flip);
GBytes *flip_byte (GBytes *bytes, gsize offset);
/* Every place of a file that is known to be covered. `format`: of the manifest; `validation`: of
 * the file as it is. Elements: Flip. */
GPtrArray *flip_file (const char *format, GBytes *file, const TamgaValidation *validation);
