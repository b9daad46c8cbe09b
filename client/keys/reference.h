/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person writes to name a token, a key or a key file: a pkcs11: URI (RFC 7512), a path, a
 * file: URI, or nothing. p11-kit's parser is used; it loads no module. */
#pragma once

#include "client/keys/keys.h"
#include "client/keys/modules.h"

typedef struct _TamgaReference TamgaReference;

/* TAMGA_KEYS_ERROR_URI: malformed, or with attributes that cannot be honoured, or with a PIN. */
TamgaReference *tamga_reference_parse (const char *text, GError **error);
void tamga_reference_free (TamgaReference *reference);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaReference, tamga_reference_free)

/* Path of a key file; NULL where a token is meant. */
const char *tamga_reference_file (const TamgaReference *reference);
/* The URI as it was given, for messages; NULL where there was none. */
const char *tamga_reference_text (const TamgaReference *reference);
/* The module-path of the URI, or NULL. */
const char *tamga_reference_module_path (const TamgaReference *reference);
gboolean tamga_reference_fits_module (const TamgaReference *reference, const TamgaModule *module);
gboolean tamga_reference_fits_token (const TamgaReference *reference, const TamgaKeyToken *token);
/* `id` and `object` of the URI. TRUE for all keys where it has neither. */
gboolean tamga_reference_fits_key (const TamgaReference *reference, const TamgaKey *key);
gboolean tamga_reference_names_object (const TamgaReference *reference);

/* URIs for people to copy. */
char *tamga_reference_of_token (const TamgaKeyToken *token);
char *tamga_reference_of_key (const TamgaKeyToken *token, GBytes *id, const char *label);
