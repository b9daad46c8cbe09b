/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST 28147 in cipher feedback, which Ukrainian key files are encrypted with (PBES2). The
 * parameters of its AlgorithmIdentifier carry the initial value and the S-box:
 * SEQUENCE { iv OCTET STRING (8), dke OCTET STRING (64) }. OpenSSL hands these over as DER
 * ("alg_id_param"), since it knows no cipher with such parameters. */
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <string.h>

#include "formats/cms/der.h"
#include "formats/national/gost28147.h"
#include "formats/national/provider.h"

#define BLOCK TAMGA_GOST28147_BLOCK_SIZE

/* Plain data. Where `scheduled` is not set, the cipher has to be made of key and S-box first. */
typedef struct {
    gboolean has_key, has_iv, scheduled, encrypt;
    guint8 key[TAMGA_GOST28147_KEY_SIZE];
    guint8 sbox[TAMGA_GOST28147_PACKED_SIZE];
    guint8 iv[BLOCK];       /* of the message */
    guint8 feedback[BLOCK]; /* the previous block of ciphertext */
    guint8 gamma[BLOCK];
    gsize used; /* octets of gamma that are used up; 0: a new block begins */
    TamgaGost28147 cipher;
} Context;

static void *new_context (void *provider)
{
    Context *context = g_new0 (Context, 1);

    (void)provider;
    memcpy (context->sbox, tamga_gost28147_dke1, sizeof context->sbox);
    return context;
}

static void free_context (void *data)
{
    if (data != NULL)
        OPENSSL_cleanse (data, sizeof (Context));
    g_free (data);
}

static void *dup_context (void *data)
{
    return g_memdup2 (data, sizeof (Context));
}

static gboolean read_parameters (Context *context, const void *der, gsize size)
{
    g_autoptr (GBytes) bytes = g_bytes_new (der, size);
    TamgaDerElement sequence, iv, sbox;

    if (!tamga_der_whole (bytes, TAMGA_DER_SEQUENCE, &sequence) ||
        !tamga_der_take (&sequence.contents, TAMGA_DER_OCTET_STRING, &iv) ||
        !tamga_der_take (&sequence.contents, TAMGA_DER_OCTET_STRING, &sbox) ||
        !tamga_der_at_end (&sequence.contents) || iv.contents.left != sizeof context->iv ||
        sbox.contents.left != sizeof context->sbox)
        return FALSE;
    memcpy (context->iv, iv.contents.data, sizeof context->iv);
    memcpy (context->sbox, sbox.contents.data, sizeof context->sbox);
    memcpy (context->feedback, context->iv, sizeof context->iv);
    context->used = 0;
    context->has_iv = TRUE;
    context->scheduled = FALSE;
    return TRUE;
}

static GBytes *write_parameters (const Context *context)
{
    g_autoptr (GBytes) iv = tamga_der_tlv (TAMGA_DER_OCTET_STRING, context->iv, sizeof context->iv);
    g_autoptr (GBytes) sbox =
        tamga_der_tlv (TAMGA_DER_OCTET_STRING, context->sbox, sizeof context->sbox);
    return tamga_der_join (TAMGA_DER_SEQUENCE, iv, sbox, TAMGA_DER_END);
}

static int set_parameters (void *data, const OSSL_PARAM parameters[])
{
    const OSSL_PARAM *identifier =
        parameters != NULL
            ? OSSL_PARAM_locate_const (parameters, OSSL_CIPHER_PARAM_ALGORITHM_ID_PARAMS)
            : NULL;
    const void *der;
    gsize size;

    if (identifier == NULL)
        return 1;
    return OSSL_PARAM_get_octet_string_ptr (identifier, &der, &size) && der != NULL &&
           read_parameters (data, der, size);
}

static const OSSL_PARAM *settable_parameters (void *data, void *provider)
{
    static const OSSL_PARAM known[] = {
        OSSL_PARAM_octet_string (OSSL_CIPHER_PARAM_ALGORITHM_ID_PARAMS, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)data;
    (void)provider;
    return known;
}

/* What is the same for all: the cipher itself. */
static int get_parameters (OSSL_PARAM parameters[])
{
    const struct {
        const char *name;
        gsize value;
    } facts[] = {
        {OSSL_CIPHER_PARAM_KEYLEN, TAMGA_GOST28147_KEY_SIZE},
        {OSSL_CIPHER_PARAM_IVLEN, BLOCK},
        {OSSL_CIPHER_PARAM_BLOCK_SIZE, 1}, /* a stream: no padding */
    };
    OSSL_PARAM *mode = OSSL_PARAM_locate (parameters, OSSL_CIPHER_PARAM_MODE);

    for (gsize i = 0; i < G_N_ELEMENTS (facts); i++) {
        OSSL_PARAM *asked = OSSL_PARAM_locate (parameters, facts[i].name);
        if (asked != NULL && !OSSL_PARAM_set_size_t (asked, facts[i].value))
            return 0;
    }
    return mode == NULL || OSSL_PARAM_set_uint (mode, EVP_CIPH_CFB_MODE);
}

static const OSSL_PARAM *gettable_parameters (void *provider)
{
    static const OSSL_PARAM known[] = {
        OSSL_PARAM_uint (OSSL_CIPHER_PARAM_MODE, NULL),
        OSSL_PARAM_size_t (OSSL_CIPHER_PARAM_KEYLEN, NULL),
        OSSL_PARAM_size_t (OSSL_CIPHER_PARAM_IVLEN, NULL),
        OSSL_PARAM_size_t (OSSL_CIPHER_PARAM_BLOCK_SIZE, NULL),
        OSSL_PARAM_END,
    };
    (void)provider;
    return known;
}

static int get_context_parameters (void *data, OSSL_PARAM parameters[])
{
    const Context *context = data;
    OSSL_PARAM *iv = OSSL_PARAM_locate (parameters, OSSL_CIPHER_PARAM_IV);
    OSSL_PARAM *updated = OSSL_PARAM_locate (parameters, OSSL_CIPHER_PARAM_UPDATED_IV);
    OSSL_PARAM *identifier = OSSL_PARAM_locate (parameters, OSSL_CIPHER_PARAM_ALGORITHM_ID_PARAMS);

    if ((iv != NULL && !OSSL_PARAM_set_octet_string (iv, context->iv, BLOCK)) ||
        (updated != NULL && !OSSL_PARAM_set_octet_string (updated, context->feedback, BLOCK)))
        return 0;
    if (identifier != NULL) {
        g_autoptr (GBytes) der = write_parameters (context);
        if (!OSSL_PARAM_set_octet_string (identifier, g_bytes_get_data (der, NULL),
                                          g_bytes_get_size (der)))
            return 0;
    }
    return get_parameters (parameters);
}

/* That "alg_id_param" is among these is how OpenSSL sees that the parameters are of our own. */
static const OSSL_PARAM *gettable_context_parameters (void *data, void *provider)
{
    static const OSSL_PARAM known[] = {
        OSSL_PARAM_size_t (OSSL_CIPHER_PARAM_KEYLEN, NULL),
        OSSL_PARAM_size_t (OSSL_CIPHER_PARAM_IVLEN, NULL),
        OSSL_PARAM_octet_string (OSSL_CIPHER_PARAM_IV, NULL, 0),
        OSSL_PARAM_octet_string (OSSL_CIPHER_PARAM_UPDATED_IV, NULL, 0),
        OSSL_PARAM_octet_string (OSSL_CIPHER_PARAM_ALGORITHM_ID_PARAMS, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)data;
    (void)provider;
    return known;
}

/* Key and initial value come together, in two calls, or the latter in parameters. */
static int begin (Context *context, gboolean encrypt, const guint8 *key, gsize key_size,
                  const guint8 *iv, gsize iv_size, const OSSL_PARAM parameters[])
{
    context->encrypt = encrypt;
    context->used = 0;
    if ((key != NULL && key_size != sizeof context->key) ||
        (iv != NULL && iv_size != sizeof context->iv))
        return 0;
    if (key != NULL) {
        memcpy (context->key, key, sizeof context->key);
        context->has_key = TRUE;
        context->scheduled = FALSE;
    }
    if (iv != NULL) {
        memcpy (context->iv, iv, sizeof context->iv);
        context->has_iv = TRUE;
    }
    if (!set_parameters (context, parameters))
        return 0;
    memcpy (context->feedback, context->iv, BLOCK);
    return 1;
}

static int begin_encryption (void *data, const unsigned char *key, size_t key_size,
                             const unsigned char *iv, size_t iv_size, const OSSL_PARAM parameters[])
{
    return begin (data, TRUE, key, key_size, iv, iv_size, parameters);
}

static int begin_decryption (void *data, const unsigned char *key, size_t key_size,
                             const unsigned char *iv, size_t iv_size, const OSSL_PARAM parameters[])
{
    return begin (data, FALSE, key, key_size, iv, iv_size, parameters);
}

/* One octet of a block that is not whole (yet). */
static guint8 crypt_octet (Context *context, guint8 octet)
{
    if (context->used == 0)
        tamga_gost28147_encrypt_block (&context->cipher, context->feedback, context->gamma);
    guint8 result = octet ^ context->gamma[context->used];
    context->feedback[context->used] = context->encrypt ? result : octet;
    context->used = (context->used + 1) % BLOCK;
    return result;
}

/* `in` and `out` may be the same. */
static int update (void *data, unsigned char *out, size_t *out_size, size_t room,
                   const unsigned char *in, size_t size)
{
    Context *context = data;
    gsize at = 0;

    if (!context->has_key || !context->has_iv || room < size)
        return 0;
    if (!context->scheduled)
        tamga_gost28147_init (&context->cipher, context->sbox, context->key);
    context->scheduled = TRUE;
    for (; at < size && context->used != 0; at++)
        out[at] = crypt_octet (context, in[at]);
    gsize whole = (size - at) / BLOCK * BLOCK;
    tamga_gost28147_cfb (&context->cipher, context->feedback, context->encrypt, in + at, out + at,
                         whole);
    for (at += whole; at < size; at++)
        out[at] = crypt_octet (context, in[at]);
    *out_size = size;
    return 1;
}

static int finish (void *data, unsigned char *out, size_t *out_size, size_t room)
{
    const Context *context = data;

    (void)out;
    (void)room;
    *out_size = 0;
    return context->has_key && context->has_iv;
}

#define FUNCTION(id, function)                                                                     \
    {                                                                                              \
        id, (void (*) (void)) (function)                                                           \
    }

static const OSSL_DISPATCH cfb[] = {
    FUNCTION (OSSL_FUNC_CIPHER_NEWCTX, new_context),
    FUNCTION (OSSL_FUNC_CIPHER_FREECTX, free_context),
    FUNCTION (OSSL_FUNC_CIPHER_DUPCTX, dup_context),
    FUNCTION (OSSL_FUNC_CIPHER_ENCRYPT_INIT, begin_encryption),
    FUNCTION (OSSL_FUNC_CIPHER_DECRYPT_INIT, begin_decryption),
    FUNCTION (OSSL_FUNC_CIPHER_UPDATE, update),
    FUNCTION (OSSL_FUNC_CIPHER_FINAL, finish),
    FUNCTION (OSSL_FUNC_CIPHER_GET_PARAMS, get_parameters),
    FUNCTION (OSSL_FUNC_CIPHER_GETTABLE_PARAMS, gettable_parameters),
    FUNCTION (OSSL_FUNC_CIPHER_GET_CTX_PARAMS, get_context_parameters),
    FUNCTION (OSSL_FUNC_CIPHER_GETTABLE_CTX_PARAMS, gettable_context_parameters),
    FUNCTION (OSSL_FUNC_CIPHER_SET_CTX_PARAMS, set_parameters),
    FUNCTION (OSSL_FUNC_CIPHER_SETTABLE_CTX_PARAMS, settable_parameters),
    {0, NULL},
};

/* The middle name is the one that OpenSSL's own table of objects has: PBES2 asks for it. */
const OSSL_ALGORITHM tamga_national_ciphers[] = {
    {"DSTU-GOST-28147-CFB:DSTU Gost 28147-2009 CFB mode:1.2.804.2.1.1.1.1.1.1.3",
     TAMGA_NATIONAL_PROPERTIES, cfb, NULL},
    {NULL, NULL, NULL, NULL},
};

/* RFC 8018 A.2 leaves the functions of PBKDF2 open; OpenSSL looks them up by number. */
gboolean tamga_national_ciphers_register (void)
{
    int hmac = tamga_national_object ("1.2.804.2.1.1.1.1.1.2", "hmacWithDstu34311");
    int digest = tamga_national_object ("1.2.804.2.1.1.1.1.2.1", "dstu34311");

    return hmac != NID_undef && digest != NID_undef &&
           EVP_PBE_alg_add_type (EVP_PBE_TYPE_PRF, hmac, -1, digest, NULL) == 1;
}
