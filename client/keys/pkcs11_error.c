/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row per return value of PKCS#11 v2.40. What is not a PIN matter is never called one. */
#include "client/keys/pkcs11_error.h"

#include "client/keys/keys.h"

typedef struct {
    CK_RV rv;
    const char *name;
    TamgaKeysError code;
    const char *words;
} Row;

#define ROW(rv, code, words)                                                                       \
    {                                                                                              \
        rv, #rv, TAMGA_KEYS_ERROR_##code, words                                                    \
    }

static const Row rows[] = {
    ROW (CKR_PIN_INCORRECT, WRONG_PIN, "the PIN is wrong"),
    ROW (CKR_PIN_LEN_RANGE, PIN_INVALID, "the PIN is too short or too long for this token"),
    ROW (CKR_PIN_INVALID, PIN_INVALID, "the PIN has characters that this token does not take"),
    ROW (CKR_PIN_LOCKED, PIN_LOCKED, "the PIN is locked after too many wrong ones"),
    ROW (CKR_PIN_EXPIRED, PIN_INVALID, "the PIN has expired and must be changed first"),
    ROW (CKR_USER_PIN_NOT_INITIALIZED, PIN_NOT_SET, "no PIN has been set on this token"),
    ROW (CKR_FUNCTION_CANCELED, CANCELLED, "it was cancelled at the reader"),
    ROW (CKR_CANCEL, CANCELLED, "it was cancelled"),

    ROW (CKR_DEVICE_REMOVED, TOKEN_REMOVED, "the token was removed"),
    ROW (CKR_TOKEN_NOT_PRESENT, TOKEN_REMOVED, "there is no token in the reader"),
    ROW (CKR_SESSION_HANDLE_INVALID, TOKEN_REMOVED, "the session with the token is gone"),
    ROW (CKR_SESSION_CLOSED, TOKEN_REMOVED, "the session with the token was closed"),
    ROW (CKR_SLOT_ID_INVALID, TOKEN_REMOVED, "the reader is gone"),
    ROW (CKR_TOKEN_NOT_RECOGNIZED, NO_TOKEN, "this driver does not know the card in the reader"),

    ROW (CKR_MECHANISM_INVALID, ALGORITHM, "the token does not have this algorithm"),
    ROW (CKR_MECHANISM_PARAM_INVALID, ALGORITHM,
         "the token does not have this algorithm with these parameters"),
    ROW (CKR_KEY_TYPE_INCONSISTENT, ALGORITHM, "the key is of another kind than the algorithm"),
    ROW (CKR_KEY_SIZE_RANGE, ALGORITHM, "the key is too small or too large for the algorithm"),
    ROW (CKR_DATA_LEN_RANGE, ALGORITHM, "the token cannot sign data of this length"),
    ROW (CKR_KEY_HANDLE_INVALID, NO_KEY, "the key is not there any more"),
    ROW (CKR_OBJECT_HANDLE_INVALID, NO_KEY, "an object of the token is not there any more"),
    ROW (CKR_KEY_FUNCTION_NOT_PERMITTED, NO_KEY, "the key is not for signing"),
    ROW (CKR_FUNCTION_NOT_SUPPORTED, FAILED, "the driver does not have this function"),
    ROW (CKR_ACTION_PROHIBITED, FAILED, "the token's rules forbid it"),

    ROW (CKR_USER_NOT_LOGGED_IN, FAILED, "the token wants its PIN before this"),
    ROW (CKR_USER_ALREADY_LOGGED_IN, FAILED, "someone is logged in already"),
    ROW (CKR_USER_ANOTHER_ALREADY_LOGGED_IN, FAILED, "another user is logged in"),
    ROW (CKR_USER_TOO_MANY_TYPES, FAILED, "too many kinds of users are logged in"),
    ROW (CKR_USER_TYPE_INVALID, FAILED, "the driver does not know this kind of login"),
    ROW (CKR_HOST_MEMORY, FAILED, "the driver is out of memory"),
    ROW (CKR_DEVICE_MEMORY, FAILED, "the token is out of memory"),
    ROW (CKR_DEVICE_ERROR, FAILED, "the token or its reader reports a fault"),
    ROW (CKR_GENERAL_ERROR, FAILED, "the driver reports a fault without naming it"),
    ROW (CKR_FUNCTION_FAILED, FAILED, "the driver could not do it and does not say why"),
    ROW (CKR_FUNCTION_REJECTED, CANCELLED, "it was declined at the reader"),
    ROW (CKR_ARGUMENTS_BAD, FAILED, "the driver does not accept the arguments"),
    ROW (CKR_NEED_TO_CREATE_THREADS, FAILED, "the driver needs threads of its own"),
    ROW (CKR_CANT_LOCK, FAILED, "the driver cannot be used safely"),
    ROW (CKR_CRYPTOKI_NOT_INITIALIZED, FAILED, "the driver is not initialised"),
    ROW (CKR_CRYPTOKI_ALREADY_INITIALIZED, FAILED, "the driver is initialised already"),
    ROW (CKR_SESSION_COUNT, FAILED, "too many programs use the token"),
    ROW (CKR_SESSION_READ_ONLY, FAILED, "the session is read-only"),
    ROW (CKR_SESSION_PARALLEL_NOT_SUPPORTED, FAILED, "the driver does not take this session"),
    ROW (CKR_TOKEN_WRITE_PROTECTED, FAILED, "the token is write-protected"),
    ROW (CKR_OPERATION_ACTIVE, FAILED, "the token is busy with something else"),
    ROW (CKR_OPERATION_NOT_INITIALIZED, FAILED, "the driver lost what was begun"),
    ROW (CKR_BUFFER_TOO_SMALL, FAILED, "the driver's answer is longer than it announced"),
    ROW (CKR_ATTRIBUTE_SENSITIVE, FAILED, "the token does not show this"),
    ROW (CKR_ATTRIBUTE_TYPE_INVALID, FAILED, "the token does not know this attribute"),
    ROW (CKR_RANDOM_NO_RNG, FAILED, "the token has no random numbers"),
};

static const Row *find (CK_RV rv)
{
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
        if (rows[i].rv == rv)
            return &rows[i];
    return NULL;
}

char *tamga_pkcs11_rv_name (CK_RV rv)
{
    const Row *row = find (rv);
    return row != NULL ? g_strdup (row->name) : g_strdup_printf ("CKR 0x%lx", rv);
}

gboolean tamga_pkcs11_is_removed (CK_RV rv)
{
    const Row *row = find (rv);
    return row != NULL && row->code == TAMGA_KEYS_ERROR_TOKEN_REMOVED;
}

void tamga_pkcs11_set_error (const char *module, const char *call, CK_RV rv, GError **error)
{
    const Row *row = find (rv);
    g_autofree char *name = tamga_pkcs11_rv_name (rv);

    g_set_error (
        error, TAMGA_KEYS_ERROR, row != NULL ? (int)row->code : (int)TAMGA_KEYS_ERROR_FAILED,
        "%s (%s in %s of the module %s)",
        row != NULL ? row->words : "the driver reports a fault of its own", name, call, module);
}
