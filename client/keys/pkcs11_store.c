/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PKCS#11 key store: one token of one module. Sessions, logins and signatures are raw calls,
 * see pkcs11_module.h. */
#include <string.h>

#include "client/keys/keys.h"
#include "client/keys/pkcs11_error.h"
#include "client/keys/pkcs11_module.h"
#include "client/keys/store.h"
#include "formats/ossl.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_SIG, X509_SIG_free)

/* Signatures up to RSA-16384. */
#define MAX_SIGNATURE_SIZE 2048

static gpointer store_open (const char *argument, GError **error)
{
    return tamga_pkcs11_load (argument, error);
}

static GVariant *store_tokens (gpointer store, gboolean again, GError **error)
{
    if (again && !tamga_pkcs11_look_again (store, error))
        return NULL;
    return tamga_pkcs11_tokens (store, error);
}

static gboolean open_session (TamgaPkcs11 *module, CK_FLAGS flags, CK_SESSION_HANDLE *session,
                              GError **error)
{
    CK_RV rv = TAMGA_P11 (module, C_OpenSession, module->slot, CKF_SERIAL_SESSION | flags, NULL,
                          NULL, session);
    if (rv != CKR_OK)
        return tamga_pkcs11_failed (module, "C_OpenSession", rv, error);
    return TRUE;
}

static gboolean store_select (gpointer store, guint64 slot, GError **error)
{
    TamgaPkcs11 *module = store;
    CK_TOKEN_INFO info;

    if (module->selected) {
        g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                             "a token is selected already");
        return FALSE;
    }
    module->slot = slot;
    module->selected = TRUE;
    if (!tamga_pkcs11_token_info (module, &info, error) ||
        !open_session (module, 0, &module->session, error)) {
        module->selected = FALSE;
        return FALSE;
    }
    g_autofree char *label = g_utf8_make_valid ((const char *)info.label, sizeof info.label);
    module->label = g_strdup (g_strchomp (label));
    return TRUE;
}

/* A session is needed for everything but the list of tokens. */
static gboolean need_session (TamgaPkcs11 *module, GError **error)
{
    if (module->session != 0)
        return TRUE;
    g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED, "no token is selected");
    return FALSE;
}

static GVariant *store_token (gpointer store, GError **error)
{
    if (!need_session (store, error))
        return NULL;
    return tamga_pkcs11_token (store, error);
}

/* The error of a PIN that was not taken, with what the token says about the tries that are left.
 * The flags are read again: those from before the try are history. */
static gboolean pin_failed (TamgaPkcs11 *module, const char *call, CK_RV rv, GError **error)
{
    g_autoptr (GError) failure = NULL;
    CK_TOKEN_INFO info;

    tamga_pkcs11_failed (module, call, rv, &failure);
    if (g_error_matches (failure, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN) &&
        TAMGA_P11 (module, C_GetTokenInfo, module->slot, &info) == CKR_OK) {
        if ((info.flags & CKF_USER_PIN_LOCKED) != 0) {
            g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_LOCKED,
                         "the PIN was wrong, and the token \"%s\" is locked now", module->label);
            return FALSE;
        }
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN,
                     "wrong PIN for the token \"%s\"%s", module->label,
                     (info.flags & CKF_USER_PIN_FINAL_TRY) != 0   ? "; one try is left"
                     : (info.flags & CKF_USER_PIN_COUNT_LOW) != 0 ? "; few tries are left"
                                                                  : "");
        return FALSE;
    }
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
}

/* What would make a try pointless, or spend one for nothing. */
static gboolean may_try_pin (TamgaPkcs11 *module, const TamgaSecret *pin, GError **error)
{
    CK_TOKEN_INFO info;

    if (!tamga_pkcs11_token_info (module, &info, error))
        return FALSE;
    if ((info.flags & CKF_USER_PIN_LOCKED) != 0) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_LOCKED,
                     "the PIN of the token \"%s\" is locked after too many wrong ones",
                     module->label);
        return FALSE;
    }
    if ((info.flags & CKF_USER_PIN_INITIALIZED) == 0) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_NOT_SET,
                     "no PIN has been set on the token \"%s\"", module->label);
        return FALSE;
    }
    if (pin != NULL &&
        (pin->size < info.ulMinPinLen || (info.ulMaxPinLen > 0 && pin->size > info.ulMaxPinLen))) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_INVALID,
                     "the PIN of the token \"%s\" has %lu to %lu characters; nothing was tried",
                     module->label, info.ulMinPinLen, info.ulMaxPinLen);
        return FALSE;
    }
    return TRUE;
}

static gboolean login_as (TamgaPkcs11 *module, CK_USER_TYPE user, const TamgaSecret *pin,
                          GError **error)
{
    CK_RV rv =
        TAMGA_P11 (module, C_Login, module->session, user,
                   pin != NULL ? (CK_UTF8CHAR *)pin->bytes : NULL, pin != NULL ? pin->size : 0);
    if (rv != CKR_OK && !(user == CKU_USER && rv == CKR_USER_ALREADY_LOGGED_IN))
        return pin_failed (module, "C_Login", rv, error);
    return TRUE;
}

static gboolean store_login (gpointer store, const TamgaSecret *pin, GError **error)
{
    TamgaPkcs11 *module = store;

    if (!need_session (module, error) || !may_try_pin (module, pin, error) ||
        !login_as (module, CKU_USER, pin, error))
        return FALSE;
    module->logged_in = TRUE;
    return TRUE;
}

static void store_logout (gpointer store)
{
    TamgaPkcs11 *module = store;

    if (module->logged_in)
        TAMGA_P11 (module, C_Logout, module->session);
    module->logged_in = FALSE;
}

static GVariant *store_keys (gpointer store, GError **error)
{
    return need_session (store, error) ? tamga_pkcs11_keys (store, error) : NULL;
}

static GVariant *store_certificates (gpointer store, GError **error)
{
    return need_session (store, error) ? tamga_pkcs11_certificates (store, error) : NULL;
}

static gboolean store_change_pin (gpointer store, const TamgaSecret *old_pin,
                                  const TamgaSecret *new_pin, GError **error)
{
    TamgaPkcs11 *module = store;
    CK_SESSION_HANDLE session;

    if (!need_session (module, error) || !may_try_pin (module, old_pin, error) ||
        (new_pin != NULL && !may_try_pin (module, new_pin, error)))
        return FALSE;
    /* C_SetPIN wants a session that may write (PKCS#11 v2.40 5.5) */
    if (!open_session (module, CKF_RW_SESSION, &session, error))
        return FALSE;
    CK_RV rv = TAMGA_P11 (
        module, C_SetPIN, session, old_pin != NULL ? (CK_UTF8CHAR *)old_pin->bytes : NULL,
        old_pin != NULL ? old_pin->size : 0, new_pin != NULL ? (CK_UTF8CHAR *)new_pin->bytes : NULL,
        new_pin != NULL ? new_pin->size : 0);
    gboolean ok = rv == CKR_OK || pin_failed (module, "C_SetPIN", rv, error);
    TAMGA_P11 (module, C_CloseSession, session);
    return ok;
}

/* RFC 8017 9.2: the DigestInfo that CKM_RSA_PKCS wants around a digest. Parameters are an explicit
 * NULL, which X509_ALGOR_set_md would leave out. */
static GBytes *digest_info (const TamgaDigest *digest, GBytes *value)
{
    g_autoptr (X509_SIG) info = X509_SIG_new ();
    X509_ALGOR *algorithm;
    ASN1_OCTET_STRING *octets;

    X509_SIG_getm (info, &algorithm, &octets);
    X509_ALGOR_set0 (algorithm, OBJ_txt2obj (digest->oid, 1), V_ASN1_NULL, NULL);
    ASN1_OCTET_STRING_set (octets, g_bytes_get_data (value, NULL), (int)g_bytes_get_size (value));
    return tamga_ossl_der (i2d_X509_SIG, info);
}

static const struct {
    const char *digest;
    CK_MECHANISM_TYPE hash;
    CK_RSA_PKCS_MGF_TYPE mgf;
} pss_hashes[] = {
    {"SHA-256", CKM_SHA256, CKG_MGF1_SHA256},
    {"SHA-384", CKM_SHA384, CKG_MGF1_SHA384},
    {"SHA-512", CKM_SHA512, CKG_MGF1_SHA512},
};

typedef struct {
    CK_MECHANISM mechanism;
    CK_RSA_PKCS_PSS_PARAMS pss;
    GBytes *data; /* what C_Sign gets */
} Operation;

static gboolean prepare (TamgaPkcs11 *module, CK_OBJECT_HANDLE key, const TamgaAlgorithm *algorithm,
                         GBytes *digest, Operation *operation, GError **error)
{
    const TamgaDigest *type = tamga_algorithm_digest (algorithm);

    switch (algorithm->scheme) {
    case TAMGA_SCHEME_RSA_PKCS1:
        operation->mechanism.mechanism = CKM_RSA_PKCS;
        operation->data = digest_info (type, digest);
        return TRUE;
    case TAMGA_SCHEME_RSA_PSS:
        for (gsize i = 0; i < G_N_ELEMENTS (pss_hashes); i++) {
            if (!g_str_equal (pss_hashes[i].digest, type->name))
                continue;
            operation->pss = (CK_RSA_PKCS_PSS_PARAMS){
                .hashAlg = pss_hashes[i].hash,
                .mgf = pss_hashes[i].mgf,
                .sLen = type->size,
            };
            operation->mechanism = (CK_MECHANISM){
                .mechanism = CKM_RSA_PKCS_PSS,
                .pParameter = &operation->pss,
                .ulParameterLen = sizeof operation->pss,
            };
            operation->data = g_bytes_ref (digest);
            return TRUE;
        }
        break;
    case TAMGA_SCHEME_ECDSA: {
        /* FIPS 186-5 6.4.1: the leftmost bits, as many as the order has. Modules differ in who
         * cuts. */
        EVP_PKEY *public_key = g_hash_table_lookup (module->public_keys, GSIZE_TO_POINTER (key));
        gsize order = public_key != NULL ? ((gsize)EVP_PKEY_get_bits (public_key) + 7) / 8 : 0;
        gsize size = g_bytes_get_size (digest);
        operation->mechanism.mechanism = CKM_ECDSA;
        operation->data = g_bytes_new_from_bytes (digest, 0, order > 0 ? MIN (size, order) : size);
        return TRUE;
    }
    case TAMGA_SCHEME_PLAIN:
        break;
    }
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM,
                 "%s cannot be made with a token", algorithm->name);
    return FALSE;
}

/* Forgets a signature that was begun and not made. PKCS#11 v2.40 has no call for it: the session is
 * replaced, the new one first, because the last session takes the login with it. */
static void abandon (TamgaPkcs11 *module)
{
    CK_SESSION_HANDLE fresh;

    if (open_session (module, 0, &fresh, NULL)) {
        TAMGA_P11 (module, C_CloseSession, module->session);
        module->session = fresh;
    }
}

static GBytes *run (TamgaPkcs11 *module, CK_OBJECT_HANDLE key, Operation *operation,
                    gboolean authenticate, const TamgaSecret *pin, GError **error)
{
    guint8 signature[MAX_SIGNATURE_SIZE];
    CK_ULONG size = sizeof signature;

    CK_RV rv = TAMGA_P11 (module, C_SignInit, module->session, &operation->mechanism, key);
    if (rv != CKR_OK) {
        tamga_pkcs11_failed (module, "C_SignInit", rv, error);
        return NULL;
    }
    if (authenticate && !login_as (module, CKU_CONTEXT_SPECIFIC, pin, error)) {
        abandon (module);
        return NULL;
    }
    rv = TAMGA_P11 (module, C_Sign, module->session,
                    (CK_BYTE *)g_bytes_get_data (operation->data, NULL),
                    g_bytes_get_size (operation->data), signature, &size);
    if (rv == CKR_OK && (size == 0 || size > sizeof signature))
        rv = CKR_GENERAL_ERROR;
    if (rv != CKR_OK) {
        tamga_pkcs11_failed (module, "C_Sign", rv, error);
        abandon (module);
        return NULL;
    }
    return g_bytes_new (signature, size);
}

static GBytes *store_sign (gpointer store, guint64 key, const TamgaAlgorithm *algorithm,
                           GBytes *digest, gboolean authenticate, const TamgaSecret *pin,
                           GError **error)
{
    TamgaPkcs11 *module = store;
    Operation operation = {0};

    if (!need_session (module, error))
        return NULL;
    if (authenticate && !may_try_pin (module, pin, error))
        return NULL;
    if (!prepare (module, key, algorithm, digest, &operation, error))
        return NULL;
    GBytes *signature = run (module, key, &operation, authenticate, pin, error);
    g_bytes_unref (operation.data);
    return signature;
}

static void store_free (gpointer store)
{
    tamga_pkcs11_free (store);
}

const TamgaStoreType tamga_pkcs11_store_type = {
    .name = "pkcs11",
    .open = store_open,
    .tokens = store_tokens,
    .select = store_select,
    .token = store_token,
    .change_pin = store_change_pin,
    .login = store_login,
    .keys = store_keys,
    .certificates = store_certificates,
    .sign = store_sign,
    .logout = store_logout,
    .free = store_free,
};
