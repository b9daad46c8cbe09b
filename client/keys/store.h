/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of key stores inside `tamga-key`, one row of a table each. All errors are of
 * TAMGA_KEYS_ERROR. */
#pragma once

#include "client/keys/keys.h"
#include "client/keys/secret.h"

typedef struct {
    const char *name; /* argument of tamga-key: "pkcs11" */
    /* Loads the module or reads the file. */
    gpointer (*open) (const char *argument, GError **error);
    /* NULL where there are no tokens: files. */
    /* Floating aa{sv}. `again`: what came and went since the last time must show. */
    GVariant *(*tokens) (gpointer store, gboolean again, GError **error);
    gboolean (*select) (gpointer store, guint64 slot, GError **error);
    GVariant *(*token) (gpointer store, GError **error); /* floating a{sv} */
    gboolean (*change_pin) (gpointer store, const TamgaSecret *old_pin, const TamgaSecret *new_pin,
                            GError **error); /* NULL secrets: typed on the reader */

    gboolean (*login) (gpointer store, const TamgaSecret *pin, GError **error);
    GVariant *(*keys) (gpointer store, GError **error);         /* floating aa{sv}, see below */
    GVariant *(*certificates) (gpointer store, GError **error); /* floating aay */
    /* `authenticate`: C_Login for this one signature, with `pin` (NULL: typed on the reader). */
    GBytes *(*sign) (gpointer store, guint64 key, const TamgaAlgorithm *algorithm, GBytes *digest,
                     gboolean authenticate, const TamgaSecret *pin, GError **error);
    void (*logout) (gpointer store);
    void (*free) (gpointer store);
} TamgaStoreType;

extern const TamgaStoreType tamga_pkcs11_store_type;
extern const TamgaStoreType tamga_file_store_type;

/* What is known of one private key. */
typedef struct {
    guint64 handle; /* for `sign`; 0: the private key itself was not seen (login needed) */
    GBytes *id;     /* may be empty */
    const char *label;
    const char *store;    /* "PKCS#12" */
    X509 *certificate;    /* or NULL */
    EVP_PKEY *public_key; /* or NULL */
    gboolean always_authenticate, on_token, matched_by_id;
    const char *const *algorithms; /* NULL-terminated names */
} TamgaStoreKey;

/* handle t, id ay, label s, store s, certificate ay, public ay (SubjectPublicKeyInfo), always b,
 * on-token b, by-id b, algorithms as. */
GVariant *tamga_store_key_facts (const TamgaStoreKey *key);
/* Names of algorithms that fit `public_key`, of the schemes whose flag is set (1 << TamgaScheme).
 * Free the array with g_free; the names are static. */
const char **tamga_store_algorithms (EVP_PKEY *public_key, guint schemes);
/* DER of a certificate as ay. */
GVariant *tamga_store_certificate (X509 *certificate);
