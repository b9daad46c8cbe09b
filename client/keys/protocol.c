/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of errors between `tamga-key` and its client. */
#include "client/keys/protocol.h"

G_DEFINE_QUARK (tamga - keys - error - quark, tamga_keys_error)

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
