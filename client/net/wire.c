/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of errors between `tamga` and `tamga-fetch`. */
#include "client/net/wire.h"

GQuark tamga_fetch_error_quark (void)
{
    return g_quark_from_static_string ("tamga-fetch-error-quark");
}

const char *const tamga_fetch_error_names[] = {
    [TAMGA_FETCH_ERROR_URL] = "url",
    [TAMGA_FETCH_ERROR_ADDRESS] = "address",
    [TAMGA_FETCH_ERROR_CONNECT] = "connect",
    [TAMGA_FETCH_ERROR_TIMEOUT] = "timeout",
    [TAMGA_FETCH_ERROR_TLS] = "tls",
    [TAMGA_FETCH_ERROR_STATUS] = "status",
    [TAMGA_FETCH_ERROR_TOO_LARGE] = "too-large",
    [TAMGA_FETCH_ERROR_INTERRUPTED] = "interrupted",
    [TAMGA_FETCH_ERROR_CANCELLED] = "cancelled",
    [TAMGA_FETCH_ERROR_OFFLINE] = "offline",
    [TAMGA_FETCH_ERROR_FAILED] = "failed",
    NULL,
};

TamgaFetchError tamga_fetch_error_from_name (const char *name)
{
    for (guint i = 0; tamga_fetch_error_names[i] != NULL; i++) {
        if (g_str_equal (tamga_fetch_error_names[i], name))
            return (TamgaFetchError)i;
    }
    return TAMGA_FETCH_ERROR_FAILED;
}
