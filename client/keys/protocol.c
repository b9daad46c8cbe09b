/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `tamga-key` and its client share. */
#include "client/keys/protocol.h"

#include <openssl/x509v3.h>

GQuark tamga_keys_error_quark (void)
{
    return g_quark_from_static_string ("tamga-keys-error-quark");
}

const char *const tamga_keys_codes[] = {
    [TAMGA_KEYS_ERROR_FAILED] = "failed",
    [TAMGA_KEYS_ERROR_NO_MODULE] = "no-module",
    [TAMGA_KEYS_ERROR_MODULE_CRASHED] = "module-crashed",
    [TAMGA_KEYS_ERROR_MODULE_HANGS] = "module-hangs",
    [TAMGA_KEYS_ERROR_NO_TOKEN] = "no-token",
    [TAMGA_KEYS_ERROR_TOKEN_REMOVED] = "token-removed",
    [TAMGA_KEYS_ERROR_NO_KEY] = "no-key",
    [TAMGA_KEYS_ERROR_AMBIGUOUS] = "ambiguous",
    [TAMGA_KEYS_ERROR_NO_CERTIFICATE] = "no-certificate",
    [TAMGA_KEYS_ERROR_WRONG_PIN] = "wrong-pin",
    [TAMGA_KEYS_ERROR_PIN_LOCKED] = "pin-locked",
    [TAMGA_KEYS_ERROR_PIN_INVALID] = "pin-invalid",
    [TAMGA_KEYS_ERROR_PIN_NOT_SET] = "pin-not-set",
    [TAMGA_KEYS_ERROR_CANCELLED] = "cancelled",
    [TAMGA_KEYS_ERROR_URI] = "uri",
    [TAMGA_KEYS_ERROR_ALGORITHM] = "algorithm",
    [TAMGA_KEYS_ERROR_FILE] = "file",
    [TAMGA_KEYS_ERROR_FILE + 1] = NULL,
};

gboolean tamga_keys_is_authority (X509 *certificate)
{
    guint32 flags = X509_get_extension_flags (certificate);

    if ((flags & EXFLAG_KUSAGE) != 0)
        return (X509_get_key_usage (certificate) & KU_KEY_CERT_SIGN) != 0;
    return (flags & EXFLAG_CA) != 0;
}

gboolean tamga_keys_may_sign (X509 *certificate)
{
    /* all bits where there is no such extension */
    return (X509_get_key_usage (certificate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
}
