/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading of the provider: names and numbers first, then the provider itself. */
#include "formats/national/national.h"

#include <openssl/core_dispatch.h>
#include <openssl/objects.h>
#include <openssl/provider.h>
#include <string.h>

#include "formats/national/key.h"
#include "formats/national/provider.h"
#include "formats/ossl.h"

#define PROVIDER_NAME "tamga-national"

int tamga_national_object (const char *oid, const char *name)
{
    int nid = OBJ_txt2nid (oid);
    return nid != NID_undef ? nid : OBJ_create (oid, name, name);
}

/* By these rows OpenSSL finds the digest and the kind of key of a signatureAlgorithm. */
static gboolean register_signatures (void)
{
    for (gsize i = 0; i < tamga_national_n_pairs; i++) {
        const TamgaNationalPair *pair = &tamga_national_pairs[i];
        g_autoptr (EVP_MD) md = EVP_MD_fetch (NULL, pair->digest, NULL);
        int key = tamga_national_object (pair->kind->key_oid, pair->kind->name);
        int signature = tamga_national_object (pair->oid, pair->name);
        if (!md || key == NID_undef || signature == NID_undef ||
            OBJ_add_sigid (signature, EVP_MD_get_type (md), key) != 1)
            return FALSE;
    }
    return TRUE;
}

static const OSSL_ALGORITHM *query (void *provider, int operation, int *no_cache)
{
    static const struct {
        int operation;
        const OSSL_ALGORITHM *algorithms;
    } parts[] = {
        {OSSL_OP_DIGEST, tamga_national_digests},   {OSSL_OP_CIPHER, tamga_national_ciphers},
        {OSSL_OP_KEYMGMT, tamga_national_keymgmts}, {OSSL_OP_SIGNATURE, tamga_national_signatures},
        {OSSL_OP_DECODER, tamga_national_decoders}, {OSSL_OP_ENCODER, tamga_national_encoders},
    };
    (void)provider;
    *no_cache = 0;
    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
        if (parts[i].operation == operation)
            return parts[i].algorithms;
    }
    return NULL;
}

static int start (const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                  const OSSL_DISPATCH **out, void **provider)
{
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, TAMGA_NATIONAL_FUNCTION (query)},
        {0, NULL},
    };
    tamga_national_codec_start (in);
    *out = functions;
    *provider = (void *)handle; /* OpenSSL wants something that is not NULL */
    return 1;
}

/* "default" by name, because a provider that is loaded by name is the end of its being loaded by
 * itself. Neither is ever unloaded. */
static gboolean load (void)
{
    static OSSL_PROVIDER *loaded[2];
    return tamga_national_digests_register () && tamga_national_ciphers_register () &&
           OSSL_PROVIDER_add_builtin (NULL, PROVIDER_NAME, start) == 1 &&
           (loaded[0] = OSSL_PROVIDER_load (NULL, "default")) &&
           (loaded[1] = OSSL_PROVIDER_load (NULL, PROVIDER_NAME)) && register_signatures ();
}

gboolean tamga_national_load (void)
{
    static gsize once;
    if (g_once_init_enter (&once))
        g_once_init_leave (&once, load () ? 1 : 2);
    return once == 1;
}
