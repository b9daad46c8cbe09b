/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A PKCS#11 module inside `tamga-key`: loaded through libp11, then called directly.
 *
 * libp11 0.4.12 waits for ever where C_OpenSession fails, keeps the PIN on the heap, and reports
 * errors without the call they come from; so sessions, logins, objects and signatures are raw
 * calls. */
#pragma once

#include <glib.h>
#include <libp11.h>
#include <p11-kit/pkcs11.h>

#include "client/keys/progress.h"

/* More readers than any machine has; a module that claims more is broken. */
#define TAMGA_PKCS11_MAX_SLOTS 1024

typedef struct {
    char *path;
    char *name; /* base name, for messages */
    PKCS11_CTX *context;
    gboolean loaded;
    CK_FUNCTION_LIST *raw;

    gboolean selected;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* 0: none */
    gboolean logged_in;
    char *label;             /* of the selected token, for messages */
    GHashTable *public_keys; /* CK_OBJECT_HANDLE of a private key -> EVP_PKEY, as last listed */
    CK_RV lost; /* of an attribute that could not be read because the token is in trouble */
} TamgaPkcs11;

/* One call of the module, under watch: `rv = TAMGA_P11 (module, C_Sign, session, ...)`. */
#define TAMGA_P11(module, function, ...)                                                           \
    (tamga_progress_enter (#function),                                                             \
     tamga_pkcs11_returned ((module)->raw->function (__VA_ARGS__)))
CK_RV tamga_pkcs11_returned (CK_RV rv);

/* Sets the error for a failed call. Where the value is not plain, the reader is asked whether the
 * token is still there. */
gboolean tamga_pkcs11_failed (TamgaPkcs11 *module, const char *call, CK_RV rv, GError **error);

TamgaPkcs11 *tamga_pkcs11_load (const char *path, GError **error);
void tamga_pkcs11_free (TamgaPkcs11 *module);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPkcs11, tamga_pkcs11_free)

/* Before a new list of the slots. Readers are looked at for each list; a module of software tokens
 * (no slot of it is removable) may look at them only in C_Initialize, so it gets a new one. Not
 * while a token is selected. */
gboolean tamga_pkcs11_look_again (TamgaPkcs11 *module, GError **error);

/* pkcs11_token.c: all slots as aa{sv}; the facts of the selected token as a{sv}. Floating. */
GVariant *tamga_pkcs11_tokens (TamgaPkcs11 *module, GError **error);
GVariant *tamga_pkcs11_token (TamgaPkcs11 *module, GError **error);
/* C_GetTokenInfo of the selected slot, now. */
gboolean tamga_pkcs11_token_info (TamgaPkcs11 *module, CK_TOKEN_INFO *info, GError **error);

/* pkcs11_object.c. Attributes of one object; absent ones have no bytes. */
GBytes *tamga_pkcs11_attribute (TamgaPkcs11 *module, CK_OBJECT_HANDLE object,
                                CK_ATTRIBUTE_TYPE type);
gboolean tamga_pkcs11_flag (TamgaPkcs11 *module, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                            gboolean otherwise);
/* Handles (CK_OBJECT_HANDLE) of all objects of a class. */
GArray *tamga_pkcs11_find (TamgaPkcs11 *module, CK_OBJECT_CLASS class, GError **error);
/* pkcs11_list.c: for TamgaStoreType. Floating. */
GVariant *tamga_pkcs11_keys (TamgaPkcs11 *module, GError **error);
GVariant *tamga_pkcs11_certificates (TamgaPkcs11 *module, GError **error);
/* The public half of a key object: from its own attributes. NULL where it has none. */
EVP_PKEY *tamga_pkcs11_public_key (TamgaPkcs11 *module, CK_OBJECT_HANDLE object);
