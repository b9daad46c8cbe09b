/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading a module. */
#include "client/keys/pkcs11_module.h"

#include <dlfcn.h>

#include "client/keys/keys.h"
#include "client/keys/pkcs11_error.h"

CK_RV tamga_pkcs11_returned (CK_RV rv)
{
    tamga_progress_leave ();
    return rv;
}

/* The function list of the module, which stays loaded for the life of the process: some modules
 * leave threads behind that would run on without their code. */
static gboolean get_functions (TamgaPkcs11 *module, GError **error)
{
    union {
        void *symbol;
        CK_C_GetFunctionList function;
    } get;

    tamga_progress_enter ("dlopen");
    void *handle = dlopen (module->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    tamga_progress_leave ();
    if (handle == NULL) {
        const char *why = dlerror ();
        if (g_file_test (module->path, G_FILE_TEST_EXISTS))
            g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_MODULE,
                         "%s cannot be loaded as a PKCS#11 module: %s", module->path, why);
        else
            g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_MODULE,
                         "there is no PKCS#11 module %s", module->path);
        return FALSE;
    }
    get.symbol = dlsym (handle, "C_GetFunctionList");
    if (get.symbol == NULL) {
        dlclose (handle);
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_MODULE,
                     "%s is a library, but not a PKCS#11 module: it has no C_GetFunctionList",
                     module->path);
        return FALSE;
    }
    tamga_progress_enter ("C_GetFunctionList");
    CK_RV rv = tamga_pkcs11_returned (get.function (&module->raw));
    if (rv != CKR_OK) {
        tamga_pkcs11_set_error (module->name, "C_GetFunctionList", rv, error);
        return FALSE;
    }
    if (module->raw == NULL || module->raw->version.major < 2) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_MODULE,
                     "%s has no functions of PKCS#11 version 2 or later", module->path);
        return FALSE;
    }
    return TRUE;
}

TamgaPkcs11 *tamga_pkcs11_load (const char *path, GError **error)
{
    g_autoptr (TamgaPkcs11) module = g_new0 (TamgaPkcs11, 1);

    module->path = g_strdup (path);
    module->name = g_path_get_basename (path);
    module->public_keys =
        g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)EVP_PKEY_free);
    if (!get_functions (module, error))
        return NULL;
    module->context = PKCS11_CTX_new ();
    g_assert (module->context != NULL);
    /* C_GetFunctionList again, C_Initialize and C_GetInfo; the second cannot be told from outside
     */
    tamga_progress_enter ("C_Initialize, C_GetInfo");
    int rc = PKCS11_CTX_load (module->context, path);
    tamga_progress_leave ();
    if (rc != 0) {
        int rv = ERR_get_CKR_code ();
        tamga_pkcs11_set_error (module->name, "C_Initialize or C_GetInfo",
                                rv != 0 ? (CK_RV)rv : CKR_GENERAL_ERROR, error);
        return NULL;
    }
    module->loaded = TRUE;
    return g_steal_pointer (&module);
}

void tamga_pkcs11_free (TamgaPkcs11 *module)
{
    if (module == NULL)
        return;
    if (module->logged_in)
        TAMGA_P11 (module, C_Logout, module->session);
    if (module->session != 0)
        TAMGA_P11 (module, C_CloseSession, module->session);
    if (module->loaded) {
        tamga_progress_enter ("C_Finalize");
        PKCS11_CTX_unload (module->context);
        tamga_progress_leave ();
    }
    if (module->context != NULL)
        PKCS11_CTX_free (module->context);
    g_hash_table_unref (module->public_keys);
    g_free (module->label);
    g_free (module->path);
    g_free (module->name);
    g_free (module);
}

/* Is there a slot whose token can be pulled (PKCS#11 v2.40 3.2, CKF_REMOVABLE_DEVICE)? */
static gboolean has_removable (TamgaPkcs11 *module)
{
    CK_SLOT_ID slots[TAMGA_PKCS11_MAX_SLOTS];
    CK_ULONG n = TAMGA_PKCS11_MAX_SLOTS;
    CK_SLOT_INFO info;

    if (TAMGA_P11 (module, C_GetSlotList, CK_FALSE, slots, &n) != CKR_OK)
        return TRUE;
    for (CK_ULONG i = 0; i < MIN (n, TAMGA_PKCS11_MAX_SLOTS); i++) {
        if (TAMGA_P11 (module, C_GetSlotInfo, slots[i], &info) != CKR_OK ||
            (info.flags & CKF_REMOVABLE_DEVICE) != 0)
            return TRUE;
    }
    return FALSE;
}

gboolean tamga_pkcs11_look_again (TamgaPkcs11 *module, GError **error)
{
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};

    if (module->selected || has_removable (module))
        return TRUE;
    CK_RV rv = TAMGA_P11 (module, C_Finalize, NULL);
    if (rv != CKR_OK) {
        tamga_pkcs11_set_error (module->name, "C_Finalize", rv, error);
        return FALSE;
    }
    rv = TAMGA_P11 (module, C_Initialize, &arguments);
    if (rv != CKR_OK)
        tamga_pkcs11_set_error (module->name, "C_Initialize", rv, error);
    return rv == CKR_OK;
}

/* Values that modules also return when a card is pulled in the middle of something. */
static gboolean is_vague (CK_RV rv)
{
    return rv == CKR_GENERAL_ERROR || rv == CKR_DEVICE_ERROR || rv == CKR_FUNCTION_FAILED;
}

/* Is the slot empty? pcscd notices a pulled card within half a second, and OpenSC asks it once in a
 * second; so after a vague error the question is repeated for that long. */
static gboolean slot_is_empty (TamgaPkcs11 *module, gboolean patiently)
{
    CK_SLOT_INFO slot;

    for (int tries = patiently ? 7 : 1; tries > 0; tries--) {
        if (TAMGA_P11 (module, C_GetSlotInfo, module->slot, &slot) != CKR_OK ||
            (slot.flags & CKF_TOKEN_PRESENT) == 0)
            return TRUE;
        if (tries > 1)
            g_usleep (250 * 1000);
    }
    return FALSE;
}

gboolean tamga_pkcs11_failed (TamgaPkcs11 *module, const char *call, CK_RV rv, GError **error)
{
    g_autoptr (GError) failure = NULL;

    tamga_pkcs11_set_error (module->name, call, rv, &failure);
    if (g_error_matches (failure, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED) && module->selected &&
        slot_is_empty (module, is_vague (rv))) {
        g_autofree char *name = tamga_pkcs11_rv_name (rv);
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_TOKEN_REMOVED,
                     "the token was removed (%s in %s of the module %s)", name, call, module->name);
        return FALSE;
    }
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
}
