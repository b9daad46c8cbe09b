/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests of the provider. Rows of names, sizes and three functions each; OpenSSL's functions for
 * a digest do not say which one is meant, so that each row has a constructor and a getter of its
 * own, made by a macro. */
#include "formats/national/gost28147.h"
#include "formats/national/kupyna.h"
#include "formats/national/provider.h"

#include <nettle/gosthash94.h>
#include <nettle/streebog.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <string.h>

/* Octets of a digest; a block has 64 octets for the shortest and 128 for the others (DSTU 7564). */
enum { KUPYNA_256_SIZE = 32, KUPYNA_384_SIZE = 48, KUPYNA_512_SIZE = 64 };

typedef union {
    struct streebog512_ctx streebog;
    struct gosthash94_ctx gost;
    TamgaGost34311 dke;
    TamgaKupyna kupyna;
} State;

typedef struct {
    const char *names; /* as in OSSL_ALGORITHM: the first is ours, the last the dotted OID */
    gsize size, block_size;
    void (*init) (State *state);
    void (*update) (State *state, gsize size, const guint8 *data);
    void (*final) (State *state, gsize size, guint8 *digest);
} Digest;

typedef struct {
    const Digest *digest;
    State state;
} Context;

static void streebog512_start (State *state)
{
    streebog512_init (&state->streebog);
}

static void streebog256_start (State *state)
{
    streebog256_init (&state->streebog);
}

static void streebog_feed (State *state, gsize size, const guint8 *data)
{
    streebog512_update (&state->streebog, size, data);
}

static void streebog512_end (State *state, gsize size, guint8 *digest)
{
    streebog512_digest (&state->streebog, size, digest);
}

static void streebog256_end (State *state, gsize size, guint8 *digest)
{
    streebog256_digest (&state->streebog, size, digest);
}

static void gost_start (State *state)
{
    gosthash94_init (&state->gost);
}

static void gost_feed (State *state, gsize size, const guint8 *data)
{
    gosthash94_update (&state->gost, size, data);
}

static void gost_end (State *state, gsize size, guint8 *digest)
{
    gosthash94_digest (&state->gost, size, digest);
}

static void dke_start (State *state)
{
    tamga_gost34311_init (&state->dke);
}

static void dke_feed (State *state, gsize size, const guint8 *data)
{
    tamga_gost34311_update (&state->dke, data, size);
}

static void dke_end (State *state, gsize size, guint8 *digest)
{
    g_assert (size == TAMGA_GOST34311_SIZE);
    tamga_gost34311_final (&state->dke, digest);
}

static void kupyna256_start (State *state)
{
    tamga_kupyna_init (&state->kupyna, KUPYNA_256_SIZE);
}

static void kupyna384_start (State *state)
{
    tamga_kupyna_init (&state->kupyna, KUPYNA_384_SIZE);
}

static void kupyna512_start (State *state)
{
    tamga_kupyna_init (&state->kupyna, KUPYNA_512_SIZE);
}

static void kupyna_feed (State *state, gsize size, const guint8 *data)
{
    tamga_kupyna_update (&state->kupyna, data, size);
}

static void kupyna_end (State *state, gsize size, guint8 *digest)
{
    g_assert (size == state->kupyna.size);
    tamga_kupyna_final (&state->kupyna, digest);
}

enum {
    STREEBOG_512,
    STREEBOG_256,
    GOST_34311,
    DKE_34311,
    KUPYNA_256,
    KUPYNA_384,
    KUPYNA_512,
    N_DIGESTS
};

#define NAMES_STREEBOG_512 "KZ-STREEBOG-512:1.2.398.3.10.1.3.3"
#define NAMES_STREEBOG_256 "KZ-STREEBOG-256:1.2.398.3.10.1.3.2"
#define NAMES_GOST_34311 "KZ-GOST-34311:1.2.398.3.10.1.3.1"
#define NAMES_DKE_34311 "DSTU-GOST-34311:dstu34311:DSTU Gost 34311-95:1.2.804.2.1.1.1.1.2.1"
#define NAMES_KUPYNA_256 "KUPYNA-256:1.2.804.2.1.1.1.1.2.2.1"
#define NAMES_KUPYNA_384 "KUPYNA-384:1.2.804.2.1.1.1.1.2.2.2"
#define NAMES_KUPYNA_512 "KUPYNA-512:1.2.804.2.1.1.1.1.2.2.3"

static const Digest digests[N_DIGESTS] = {
    [STREEBOG_512] = {NAMES_STREEBOG_512, STREEBOG512_DIGEST_SIZE, STREEBOG512_BLOCK_SIZE,
                      streebog512_start, streebog_feed, streebog512_end},
    [STREEBOG_256] = {NAMES_STREEBOG_256, STREEBOG256_DIGEST_SIZE, STREEBOG256_BLOCK_SIZE,
                      streebog256_start, streebog_feed, streebog256_end},
    [GOST_34311] = {NAMES_GOST_34311, GOSTHASH94_DIGEST_SIZE, GOSTHASH94_BLOCK_SIZE, gost_start,
                    gost_feed, gost_end},
    [DKE_34311] = {NAMES_DKE_34311, TAMGA_GOST34311_SIZE, GOSTHASH94_BLOCK_SIZE, dke_start,
                   dke_feed, dke_end},
    [KUPYNA_256] = {NAMES_KUPYNA_256, KUPYNA_256_SIZE, 64, kupyna256_start, kupyna_feed,
                    kupyna_end},
    [KUPYNA_384] = {NAMES_KUPYNA_384, KUPYNA_384_SIZE, 128, kupyna384_start, kupyna_feed,
                    kupyna_end},
    [KUPYNA_512] = {NAMES_KUPYNA_512, KUPYNA_512_SIZE, 128, kupyna512_start, kupyna_feed,
                    kupyna_end},
};

static void *context_new (const Digest *digest)
{
    Context *context = g_new0 (Context, 1);
    context->digest = digest;
    return context;
}

static void context_free (void *data)
{
    OPENSSL_cleanse (data, data ? sizeof (Context) : 0);
    g_free (data);
}

static void *context_dup (void *data)
{
    return g_memdup2 (data, sizeof (Context));
}

static int context_init (void *data, const OSSL_PARAM params[])
{
    Context *context = data;
    (void)params;
    context->digest->init (&context->state);
    return 1;
}

static int context_update (void *data, const unsigned char *in, size_t size)
{
    Context *context = data;
    if (size > 0)
        context->digest->update (&context->state, size, in);
    return 1;
}

static int context_final (void *data, unsigned char *out, size_t *size, size_t room)
{
    Context *context = data;
    if (room < context->digest->size)
        return 0;
    context->digest->final (&context->state, context->digest->size, out);
    *size = context->digest->size;
    return 1;
}

static int get_params (const Digest *digest, OSSL_PARAM params[])
{
    const struct {
        const char *name;
        gsize value;
    } values[] = {
        {OSSL_DIGEST_PARAM_BLOCK_SIZE, digest->block_size},
        {OSSL_DIGEST_PARAM_SIZE, digest->size},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (values); i++) {
        OSSL_PARAM *p = OSSL_PARAM_locate (params, values[i].name);
        if (p && !OSSL_PARAM_set_size_t (p, values[i].value))
            return 0;
    }
    return 1;
}

static const OSSL_PARAM *gettable_params (void *provider)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_size_t (OSSL_DIGEST_PARAM_BLOCK_SIZE, NULL),
        OSSL_PARAM_size_t (OSSL_DIGEST_PARAM_SIZE, NULL),
        OSSL_PARAM_END,
    };
    (void)provider;
    return gettable;
}

#define FUNCTION(f) ((void (*) (void)) (f))
#define FUNCTIONS(name, row)                                                                       \
    static void *name##_new (void *provider)                                                       \
    {                                                                                              \
        (void)provider;                                                                            \
        return context_new (&digests[row]);                                                        \
    }                                                                                              \
    static int name##_get_params (OSSL_PARAM params[])                                             \
    {                                                                                              \
        return get_params (&digests[row], params);                                                 \
    }                                                                                              \
    static const OSSL_DISPATCH name##_functions[] = {                                              \
        {OSSL_FUNC_DIGEST_NEWCTX, TAMGA_NATIONAL_FUNCTION (name##_new)},                           \
        {OSSL_FUNC_DIGEST_FREECTX, TAMGA_NATIONAL_FUNCTION (context_free)},                        \
        {OSSL_FUNC_DIGEST_DUPCTX, TAMGA_NATIONAL_FUNCTION (context_dup)},                          \
        {OSSL_FUNC_DIGEST_INIT, TAMGA_NATIONAL_FUNCTION (context_init)},                           \
        {OSSL_FUNC_DIGEST_UPDATE, TAMGA_NATIONAL_FUNCTION (context_update)},                       \
        {OSSL_FUNC_DIGEST_FINAL, TAMGA_NATIONAL_FUNCTION (context_final)},                         \
        {OSSL_FUNC_DIGEST_GET_PARAMS, TAMGA_NATIONAL_FUNCTION (name##_get_params)},                \
        {OSSL_FUNC_DIGEST_GETTABLE_PARAMS, TAMGA_NATIONAL_FUNCTION (gettable_params)},             \
        {0, NULL},                                                                                 \
    }

FUNCTIONS (streebog_512, STREEBOG_512);
FUNCTIONS (streebog_256, STREEBOG_256);
FUNCTIONS (gost_34311, GOST_34311);
FUNCTIONS (dke_34311, DKE_34311);
FUNCTIONS (kupyna_256, KUPYNA_256);
FUNCTIONS (kupyna_384, KUPYNA_384);
FUNCTIONS (kupyna_512, KUPYNA_512);

const OSSL_ALGORITHM tamga_national_digests[] = {
    {NAMES_STREEBOG_512, TAMGA_NATIONAL_PROPERTIES, streebog_512_functions, NULL},
    {NAMES_STREEBOG_256, TAMGA_NATIONAL_PROPERTIES, streebog_256_functions, NULL},
    {NAMES_GOST_34311, TAMGA_NATIONAL_PROPERTIES, gost_34311_functions, NULL},
    {NAMES_DKE_34311, TAMGA_NATIONAL_PROPERTIES, dke_34311_functions, NULL},
    {NAMES_KUPYNA_256, TAMGA_NATIONAL_PROPERTIES, kupyna_256_functions, NULL},
    {NAMES_KUPYNA_384, TAMGA_NATIONAL_PROPERTIES, kupyna_384_functions, NULL},
    {NAMES_KUPYNA_512, TAMGA_NATIONAL_PROPERTIES, kupyna_512_functions, NULL},
    {NULL, NULL, NULL, NULL},
};

/* What code of OpenSSL that knows only numbers gets from EVP_get_digestbynid: a shell with the
 * sizes, without which a time-stamp token finds no digest and a certificate counts as hashed too
 * weakly. It computes nothing: every use of it fetches the real digest by the shell's name. There
 * is no other way to make one in OpenSSL 3.0 than by these functions, which it calls outdated. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static gboolean add_shell (const Digest *digest, int nid)
{
    static EVP_MD *shells[N_DIGESTS]; /* OpenSSL's table of names points to them until the end */
    EVP_MD *shell = shells[digest - digests] = EVP_MD_meth_new (nid, NID_undef);
    return shell && EVP_MD_meth_set_result_size (shell, (int)digest->size) == 1 &&
           EVP_MD_meth_set_input_blocksize (shell, (int)digest->block_size) == 1 &&
           EVP_add_digest (shell) == 1;
}
#pragma GCC diagnostic pop

gboolean tamga_national_digests_register (void)
{
    for (gsize i = 0; i < N_DIGESTS; i++) {
        const char *colon = strchr (digests[i].names, ':'); /* our name, … , the OID */
        g_autofree char *name = g_strndup (digests[i].names, (gsize)(colon - digests[i].names));
        int nid = tamga_national_object (strrchr (digests[i].names, ':') + 1, name);
        if (nid == NID_undef || !add_shell (&digests[i], nid))
            return FALSE;
    }
    return TRUE;
}
