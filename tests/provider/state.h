/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of the provider: state.ini with port, CRL numbers and the status of each
 * certificate; PEM files beside it. */
#pragma once

#include "tests/provider/provider.h"

/* Opens or makes DIRECTORY (mode 0700) and locks it for this process. PORT is the wanted port, 0
 * for the stored one or any; ALGORITHM the wanted one of the main authorities, NULL for the stored
 * one or those of their rows. Reads state.ini when there is one; the authorities are still empty.
 * On success *LISTENER listens on the provider's port. Errors: PROVIDER_ERROR_STATE. */
Provider *provider_open (const char *directory, guint port, const ProviderAlgorithm *algorithm,
                         int *listener, GError **error);
void provider_free (Provider *provider);

/* Writes state.ini; the file is replaced in one step. Ends the process when it cannot. */
void provider_save (const Provider *provider);

/* Reads the stored CRL numbers into AUTHORITY. */
void provider_load_authority (const Provider *provider, ProviderAuthority *authority);

/* DIR/NAME as a new string. */
char *provider_path (const Provider *provider, const char *name, const char *suffix);

/* Adds CERTIFICATE as issued by AUTHORITY unless it is registered already. Does not save. */
ProviderEntry *provider_register (Provider *provider, const X509 *certificate,
                                  const char *authority, const char *name);

/* By hex serial in any writing (colons, lower case, leading zeros); NULL when unknown. */
ProviderEntry *provider_find_serial (const Provider *provider, const char *serial);
/* The newest entry with that name ("provider", "tsa"); NULL when there is none. */
ProviderEntry *provider_find_name (const Provider *provider, const char *name);
