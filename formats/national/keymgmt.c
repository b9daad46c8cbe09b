/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key management of the provider: what OpenSSL does with keys other than signing. A key that
 * OpenSSL has got is never changed, except that import and generation fill a new one; so it may be
 * shared between threads. */
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <string.h>

#include "formats/national/key.h"
#include "formats/national/provider.h"

#define PUBLIC OSSL_KEYMGMT_SELECT_PUBLIC_KEY
#define PRIVATE OSSL_KEYMGMT_SELECT_PRIVATE_KEY
#define PARAMETERS OSSL_KEYMGMT_SELECT_ALL_PARAMETERS

static void key_free (void *data)
{
    tamga_national_key_unref (data);
}

static void *key_dup (const void *data, int selection)
{
    const TamgaNationalKey *from = data;
    TamgaNationalKey *key = tamga_national_key_new (from->kind);
    key->domain = from->domain;
    if (selection & (PUBLIC | PRIVATE)) {
        memcpy (key->public_key, from->public_key, from->public_size);
        key->public_size = from->public_size;
    }
    if (selection & PRIVATE) {
        memcpy (key->private_key, from->private_key, from->private_size);
        key->private_size = from->private_size;
    }
    return key;
}

static int key_has (const void *data, int selection)
{
    const TamgaNationalKey *key = data;
    if (!key)
        return 0;
    return !((selection & PUBLIC) && key->public_size == 0) &&
           !((selection & PRIVATE) && key->private_size == 0) &&
           !((selection & PARAMETERS) && !tamga_national_key_group (key));
}

/* A public key belongs to every key, so that it stands for the private one as well. */
static int key_match (const void *first, const void *second, int selection)
{
    const TamgaNationalKey *a = first, *b = second;
    if (a->kind != b->kind || a->domain != b->domain)
        return 0;
    return !(selection & (PUBLIC | PRIVATE)) ||
           (a->public_size > 0 && a->public_size == b->public_size &&
            memcmp (a->public_key, b->public_key, a->public_size) == 0);
}

/* What decoders and EVP_PKEY pass: the address of a key, which is taken over. */
static void *key_load (const void *reference, size_t size)
{
    TamgaNationalKey **place = (TamgaNationalKey **)reference;
    return size == sizeof *place ? g_steal_pointer (place) : NULL;
}

static int key_import (void *data, int selection, const OSSL_PARAM params[])
{
    TamgaNationalKey *key = data;
    const OSSL_PARAM *group = OSSL_PARAM_locate_const (params, OSSL_PKEY_PARAM_GROUP_NAME);
    const OSSL_PARAM *public = OSSL_PARAM_locate_const (params, OSSL_PKEY_PARAM_PUB_KEY);
    const OSSL_PARAM *private = OSSL_PARAM_locate_const (params, OSSL_PKEY_PARAM_PRIV_KEY);
    if (group && (group->data_type != OSSL_PARAM_UTF8_STRING ||
                  !tamga_national_key_set_group (key, group->data)))
        return 0;
    if ((selection & PUBLIC) && public &&
        (public->data_type != OSSL_PARAM_OCTET_STRING ||
         !tamga_national_key_set_public (key, public->data, public->data_size)))
        return 0;
    if ((selection & PRIVATE) && private &&
        (private->data_type != OSSL_PARAM_OCTET_STRING ||
         !tamga_national_key_set_private (key, private->data, private->data_size)))
        return 0;
    return key_has (key, selection & PUBLIC);
}

static int key_export (void *data, int selection, OSSL_CALLBACK *callback, void *argument)
{
    TamgaNationalKey *key = data;
    const char *group = tamga_national_key_group (key);
    OSSL_PARAM params[4];
    gsize n = 0;
    if (!key_has (key, selection & (PUBLIC | PRIVATE)) || !group)
        return 0;
    params[n++] = OSSL_PARAM_construct_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, (char *)group,
                                                    strlen (group));
    if (selection & PUBLIC)
        params[n++] = OSSL_PARAM_construct_octet_string (OSSL_PKEY_PARAM_PUB_KEY, key->public_key,
                                                         key->public_size);
    if (selection & PRIVATE)
        params[n++] = OSSL_PARAM_construct_octet_string (OSSL_PKEY_PARAM_PRIV_KEY, key->private_key,
                                                         key->private_size);
    params[n] = OSSL_PARAM_construct_end ();
    return callback (params, argument);
}

static const OSSL_PARAM *transfer_types (int selection)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string (OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string (OSSL_PKEY_PARAM_PRIV_KEY, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)selection;
    return types;
}

/* Bits as people name the curve; OpenSSL's levels of security count half of them. */
static int key_bits (const TamgaNationalKey *key)
{
    if (key->kind->curve)
        return key->kind->curve->bits;
    return key->domain ? tamga_dstu_domain_parameters (key->domain)->m : 0;
}

static int key_get_params (void *data, OSSL_PARAM params[])
{
    TamgaNationalKey *key = data;
    const struct {
        const char *name;
        int value;
    } numbers[] = {
        {OSSL_PKEY_PARAM_BITS, key_bits (key)},
        {OSSL_PKEY_PARAM_SECURITY_BITS, key_bits (key) / 2},
        {OSSL_PKEY_PARAM_MAX_SIZE,
         (int)(tamga_national_signature_size (key) + TAMGA_NATIONAL_WRAPPER_SIZE)},
    };
    const struct {
        const char *name, *value;
    } texts[] = {
        {OSSL_PKEY_PARAM_DEFAULT_DIGEST, key->kind->default_digest},
        {OSSL_PKEY_PARAM_GROUP_NAME, tamga_national_key_group (key)},
    };
    OSSL_PARAM *p;
    for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
        if ((p = OSSL_PARAM_locate (params, numbers[i].name)) &&
            !OSSL_PARAM_set_int (p, numbers[i].value))
            return 0;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
        if (texts[i].value && (p = OSSL_PARAM_locate (params, texts[i].name)) &&
            !OSSL_PARAM_set_utf8_string (p, texts[i].value))
            return 0;
    }
    p = OSSL_PARAM_locate (params, OSSL_PKEY_PARAM_PUB_KEY);
    return !p || key->public_size == 0 ||
           OSSL_PARAM_set_octet_string (p, key->public_key, key->public_size);
}

static const OSSL_PARAM *key_gettable_params (void *provider)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_int (OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int (OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int (OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string (OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string (OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)provider;
    return gettable;
}

/* Generation: the context is the key to be. */
static int generate_set_params (void *data, const OSSL_PARAM params[])
{
    const OSSL_PARAM *group = OSSL_PARAM_locate_const (params, OSSL_PKEY_PARAM_GROUP_NAME);
    return !group || (group->data_type == OSSL_PARAM_UTF8_STRING &&
                      tamga_national_key_set_group (data, group->data));
}

static int generate_set_template (void *data, void *template)
{
    const char *group = tamga_national_key_group (template);
    return group && tamga_national_key_set_group (data, group);
}

static const OSSL_PARAM *generate_settable_params (void *data, void *provider)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)data;
    (void)provider;
    return settable;
}

static void *generate (void *data, OSSL_CALLBACK *callback, void *argument)
{
    g_autoptr (TamgaNationalKey) key = key_dup (data, PARAMETERS);
    (void)callback;
    (void)argument;
    if (!tamga_national_key_group (key) &&
        !tamga_national_key_set_group (key, TAMGA_NATIONAL_DEFAULT_GROUP))
        return NULL;
    return tamga_national_key_generate (key) ? g_steal_pointer (&key) : NULL;
}

static void *generate_init (TamgaNationalKey *made, const OSSL_PARAM params[])
{
    g_autoptr (TamgaNationalKey) key = made;
    return !params || generate_set_params (key, params) ? g_steal_pointer (&key) : NULL;
}

/* OpenSSL's functions for a new key do not say of which kind: each kind has its own. */
#define KEYMGMT(name, row)                                                                         \
    static void *name##_new (void *provider)                                                       \
    {                                                                                              \
        (void)provider;                                                                            \
        return tamga_national_key_new (&tamga_national_kinds[row]);                                \
    }                                                                                              \
    static void *name##_generate_init (void *provider, int selection, const OSSL_PARAM params[])   \
    {                                                                                              \
        (void)provider;                                                                            \
        (void)selection;                                                                           \
        return generate_init (tamga_national_key_new (&tamga_national_kinds[row]), params);        \
    }                                                                                              \
    static const OSSL_DISPATCH name##_functions[] = {                                              \
        {OSSL_FUNC_KEYMGMT_NEW, TAMGA_NATIONAL_FUNCTION (name##_new)},                             \
        {OSSL_FUNC_KEYMGMT_FREE, TAMGA_NATIONAL_FUNCTION (key_free)},                              \
        {OSSL_FUNC_KEYMGMT_DUP, TAMGA_NATIONAL_FUNCTION (key_dup)},                                \
        {OSSL_FUNC_KEYMGMT_HAS, TAMGA_NATIONAL_FUNCTION (key_has)},                                \
        {OSSL_FUNC_KEYMGMT_MATCH, TAMGA_NATIONAL_FUNCTION (key_match)},                            \
        {OSSL_FUNC_KEYMGMT_LOAD, TAMGA_NATIONAL_FUNCTION (key_load)},                              \
        {OSSL_FUNC_KEYMGMT_IMPORT, TAMGA_NATIONAL_FUNCTION (key_import)},                          \
        {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, TAMGA_NATIONAL_FUNCTION (transfer_types)},                \
        {OSSL_FUNC_KEYMGMT_EXPORT, TAMGA_NATIONAL_FUNCTION (key_export)},                          \
        {OSSL_FUNC_KEYMGMT_EXPORT_TYPES, TAMGA_NATIONAL_FUNCTION (transfer_types)},                \
        {OSSL_FUNC_KEYMGMT_GET_PARAMS, TAMGA_NATIONAL_FUNCTION (key_get_params)},                  \
        {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, TAMGA_NATIONAL_FUNCTION (key_gettable_params)},        \
        {OSSL_FUNC_KEYMGMT_GEN_INIT, TAMGA_NATIONAL_FUNCTION (name##_generate_init)},              \
        {OSSL_FUNC_KEYMGMT_GEN_SET_TEMPLATE, TAMGA_NATIONAL_FUNCTION (generate_set_template)},     \
        {OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, TAMGA_NATIONAL_FUNCTION (generate_set_params)},         \
        {OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS,                                                    \
         TAMGA_NATIONAL_FUNCTION (generate_settable_params)},                                      \
        {OSSL_FUNC_KEYMGMT_GEN, TAMGA_NATIONAL_FUNCTION (generate)},                               \
        {OSSL_FUNC_KEYMGMT_GEN_CLEANUP, TAMGA_NATIONAL_FUNCTION (key_free)},                       \
        {0, NULL},                                                                                 \
    }

KEYMGMT (gost_2015_512, TAMGA_KIND_GOST_2015_512);
KEYMGMT (gost_2015_256, TAMGA_KIND_GOST_2015_256);
KEYMGMT (gost_2004, TAMGA_KIND_GOST_2004);
KEYMGMT (dstu, TAMGA_KIND_DSTU);
KEYMGMT (dstu_be, TAMGA_KIND_DSTU_BE);

const OSSL_ALGORITHM tamga_national_keymgmts[] = {
    {TAMGA_NAMES_GOST_2015_512, TAMGA_NATIONAL_PROPERTIES, gost_2015_512_functions, NULL},
    {TAMGA_NAMES_GOST_2015_256, TAMGA_NATIONAL_PROPERTIES, gost_2015_256_functions, NULL},
    {TAMGA_NAMES_GOST_2004, TAMGA_NATIONAL_PROPERTIES, gost_2004_functions, NULL},
    {TAMGA_NAMES_DSTU, TAMGA_NATIONAL_PROPERTIES, dstu_functions, NULL},
    {TAMGA_NAMES_DSTU_BE, TAMGA_NATIONAL_PROPERTIES, dstu_be_functions, NULL},
    {NULL, NULL, NULL, NULL},
};
