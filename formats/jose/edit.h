/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Something more in a JWS that is there: every byte of it stays as it is, what is new is put in
 * between. */
#pragma once

#include "formats/jose/jws.h"

/* Puts components (char *: JSON values as they are to be written) behind those of etsiU of
 * signature `index`. A compact JWS becomes a flattened one. TAMGA_FORMAT_ERROR_UNSUPPORTED: its
 * members have escaped names. */
GBytes *tamga_jws_add_components (const TamgaJws *jws, guint index, GPtrArray *components,
                                  GError **error);
/* Adds a signature (members of its object, without braces); the JWS becomes a general one. */
GBytes *tamga_jws_add_signature (const TamgaJws *jws, const char *members, GError **error);
