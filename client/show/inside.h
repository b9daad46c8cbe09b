/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates and evidence of a whole file, each told once with where it lies. */
#pragma once

#include <jansson.h>

#include "formats/model.h"

typedef struct {
    GHashTable *certificates; /* SHA-256 -> json_t (borrowed from `list`) */
    GHashTable *evidence;     /* SHA-256 of the DER -> json_t */
    json_t *certificate_list, *evidence_list;
} TamgaInside;

TamgaInside *tamga_inside_new (void);
void tamga_inside_free (TamgaInside *inside);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaInside, tamga_inside_free)
/* Adds what lies with a signature (or with the token of a timestamp) that is called `id`. */
void tamga_inside_add (TamgaInside *inside, const TamgaSignature *signature, const char *id);
