/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which PKCS#11 modules there are: p11-kit's .module files, read as text (pkcs11.conf(5)). p11-kit
 * itself would load them all into this process. */
#pragma once

#include <glib.h>

typedef struct {
    char *path; /* absolute */
    char *name; /* of the .module file without its suffix, or the base name of the path */
    int priority;
} TamgaModule;

void tamga_module_free (TamgaModule *module);
/* A module given by a person: a path, or a name in p11-kit's module folder. */
TamgaModule *tamga_module_named (const char *path);
/* From the folders (NULL-terminated, later ones override keys of same-named files in earlier ones),
 * for this program, highest priority first, each library once. Elements: TamgaModule. */
GPtrArray *tamga_modules_read (const char *const *folders);
/* From the system's and the user's folders. */
GPtrArray *tamga_modules_find (void);
/* `name` (module-name of a pkcs11: URI, RFC 7512 2.3: without prefix and suffix) is this module. */
gboolean tamga_module_has_name (const TamgaModule *module, const char *name);
