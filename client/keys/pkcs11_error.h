/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Return values of PKCS#11 calls in words. */
#pragma once

#include <glib.h>
#include <p11-kit/pkcs11.h>

/* Sets the TAMGA_KEYS_ERROR that fits `rv` of `call` ("C_Login") in the module called `module`. */
void tamga_pkcs11_set_error (const char *module, const char *call, CK_RV rv, GError **error);
/* "CKR_DEVICE_REMOVED", or "CKR 0x80000001" for a vendor's own. Free with g_free. */
char *tamga_pkcs11_rv_name (CK_RV rv);
/* The value tells that the token is gone, whatever the call. */
gboolean tamga_pkcs11_is_removed (CK_RV rv);
