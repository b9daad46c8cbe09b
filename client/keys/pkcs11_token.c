/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots and tokens: what is in the readers, and what a token says about itself. */
#include "client/keys/keys.h"
#include "client/keys/pkcs11_error.h"
#include "client/keys/pkcs11_module.h"

/* Text of a fixed field that is padded with blanks (PKCS#11 v2.40 3.2). */
static GVariant *text (const CK_UTF8CHAR *field, gsize size)
{
    while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == '\0'))
        size--;
    g_autofree char *valid = g_utf8_make_valid ((const char *)field, (gssize)size);
    return g_variant_new_string (valid);
}

static const struct {
    const char *name;
    CK_FLAGS flag;
} token_flags[] = {
    {"initialized", CKF_TOKEN_INITIALIZED},
    {"login-required", CKF_LOGIN_REQUIRED},
    {"pinpad", CKF_PROTECTED_AUTHENTICATION_PATH},
    {"pin-initialized", CKF_USER_PIN_INITIALIZED},
    {"pin-count-low", CKF_USER_PIN_COUNT_LOW},
    {"pin-final-try", CKF_USER_PIN_FINAL_TRY},
    {"pin-locked", CKF_USER_PIN_LOCKED},
    {"pin-to-be-changed", CKF_USER_PIN_TO_BE_CHANGED},
    {"write-protected", CKF_WRITE_PROTECTED},
};

static void add_token (GVariantBuilder *facts, const CK_TOKEN_INFO *info)
{
    g_variant_builder_add (facts, "{sv}", "label", text (info->label, sizeof info->label));
    g_variant_builder_add (facts, "{sv}", "manufacturer",
                           text (info->manufacturerID, sizeof info->manufacturerID));
    g_variant_builder_add (facts, "{sv}", "model", text (info->model, sizeof info->model));
    g_variant_builder_add (facts, "{sv}", "serial",
                           text (info->serialNumber, sizeof info->serialNumber));
    for (gsize i = 0; i < G_N_ELEMENTS (token_flags); i++)
        g_variant_builder_add (facts, "{sv}", token_flags[i].name,
                               g_variant_new_boolean ((info->flags & token_flags[i].flag) != 0));
    g_variant_builder_add (facts, "{sv}", "pin-min", g_variant_new_uint64 (info->ulMinPinLen));
    g_variant_builder_add (facts, "{sv}", "pin-max", g_variant_new_uint64 (info->ulMaxPinLen));
}

/* One slot. A reader or card that fails is a fact ("problem"), not the failure of all others. */
static GVariant *slot_facts (TamgaPkcs11 *module, CK_SLOT_ID id)
{
    GVariantBuilder facts;
    CK_SLOT_INFO slot;
    CK_TOKEN_INFO token;
    g_autoptr (GError) problem = NULL;

    g_variant_builder_init (&facts, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&facts, "{sv}", "slot", g_variant_new_uint64 (id));
    CK_RV rv = TAMGA_P11 (module, C_GetSlotInfo, id, &slot);
    if (rv != CKR_OK) {
        tamga_pkcs11_set_error (module->name, "C_GetSlotInfo", rv, &problem);
    } else {
        g_variant_builder_add (&facts, "{sv}", "reader",
                               text (slot.slotDescription, sizeof slot.slotDescription));
        if ((slot.flags & CKF_TOKEN_PRESENT) != 0) {
            rv = TAMGA_P11 (module, C_GetTokenInfo, id, &token);
            if (rv == CKR_OK)
                add_token (&facts, &token);
            else if (rv != CKR_TOKEN_NOT_PRESENT)
                tamga_pkcs11_set_error (module->name, "C_GetTokenInfo", rv, &problem);
            g_variant_builder_add (&facts, "{sv}", "present",
                                   g_variant_new_boolean (rv != CKR_TOKEN_NOT_PRESENT));
        }
    }
    if (problem != NULL) {
        g_variant_builder_add (&facts, "{sv}", "problem", g_variant_new_string (problem->message));
        g_variant_builder_add (&facts, "{sv}", "problem-code",
                               g_variant_new_uint32 ((guint32)problem->code));
    }
    return g_variant_builder_end (&facts);
}

GVariant *tamga_pkcs11_tokens (TamgaPkcs11 *module, GError **error)
{
    CK_SLOT_ID slots[TAMGA_PKCS11_MAX_SLOTS];
    CK_ULONG n = 0;
    GVariantBuilder list;

    CK_RV rv = TAMGA_P11 (module, C_GetSlotList, CK_FALSE, NULL, &n);
    if (rv == CKR_OK) {
        n = TAMGA_PKCS11_MAX_SLOTS; /* readers may come and go between two calls: room for all of
                                       them */
        rv = TAMGA_P11 (module, C_GetSlotList, CK_FALSE, slots, &n);
    }
    if (rv != CKR_OK) {
        tamga_pkcs11_failed (module, "C_GetSlotList", rv, error);
        return NULL;
    }
    n = MIN (n, TAMGA_PKCS11_MAX_SLOTS);
    g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
    for (CK_ULONG i = 0; i < n; i++)
        g_variant_builder_add_value (&list, slot_facts (module, slots[i]));
    return g_variant_builder_end (&list);
}

gboolean tamga_pkcs11_token_info (TamgaPkcs11 *module, CK_TOKEN_INFO *info, GError **error)
{
    CK_RV rv = TAMGA_P11 (module, C_GetTokenInfo, module->slot, info);
    if (rv != CKR_OK)
        return tamga_pkcs11_failed (module, "C_GetTokenInfo", rv, error);
    return TRUE;
}

GVariant *tamga_pkcs11_token (TamgaPkcs11 *module, GError **error)
{
    CK_TOKEN_INFO info;

    if (!module->selected || !tamga_pkcs11_token_info (module, &info, error))
        return NULL;
    return slot_facts (module, module->slot);
}
