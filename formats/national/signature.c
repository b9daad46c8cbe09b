/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of the provider. Over a digest that is given (EVP_PKEY_sign) they are r || s, as CMS,
 * XML and the key helper want them; with hashing (EVP_DigestSign, which X509_sign and its like
 * use) they are as certificates have them: for DSTU 4145 the same in an OCTET STRING. Verification
 * takes either form of DSTU 4145. Which digests fit a kind of key is in the rows of kinds.c; what
 * is not there is refused. */
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "formats/cms/der.h"
#include "formats/national/key.h"
#include "formats/national/provider.h"
#include "formats/ossl.h"

typedef struct {
    TamgaNationalKey *key;
    const TamgaNationalPair *pair;
    EVP_MD *md;       /* of the pair */
    EVP_MD_CTX *hash; /* while data are fed */
} Context;

static void *signature_new (void *provider, const char *properties)
{
    (void)provider;
    (void)properties;
    return g_new0 (Context, 1);
}

static void signature_free (void *data)
{
    Context *context = data;
    if (!context)
        return;
    tamga_national_key_unref (context->key);
    EVP_MD_free (context->md);
    EVP_MD_CTX_free (context->hash);
    g_free (context);
}

static void *signature_dup (void *data)
{
    const Context *from = data;
    Context *context = g_memdup2 (from, sizeof *from);
    context->hash = NULL;
    if (context->key)
        tamga_national_key_ref (context->key);
    if (context->md)
        EVP_MD_up_ref (context->md);
    if (from->hash && (!(context->hash = EVP_MD_CTX_new ()) ||
                       EVP_MD_CTX_copy_ex (context->hash, from->hash) != 1)) {
        signature_free (context);
        return NULL;
    }
    return context;
}

/* Takes the digest called `name` in any of its names (NULL or empty: the kind's own). */
static gboolean choose (Context *context, const char *name)
{
    const TamgaNationalKind *kind = context->key->kind;
    g_autoptr (EVP_MD) md = EVP_MD_fetch (NULL, name && *name ? name : kind->default_digest, NULL);
    for (gsize i = 0; md && i < tamga_national_n_pairs; i++) {
        const TamgaNationalPair *pair = &tamga_national_pairs[i];
        if (pair->kind != kind || !EVP_MD_is_a (md, pair->digest))
            continue;
        EVP_MD_free (context->md);
        context->md = g_steal_pointer (&md);
        context->pair = pair;
        return TRUE;
    }
    return FALSE;
}

static int set_params (void *data, const OSSL_PARAM params[])
{
    Context *context = data;
    const OSSL_PARAM *p =
        params ? OSSL_PARAM_locate_const (params, OSSL_SIGNATURE_PARAM_DIGEST) : NULL;
    if (!p)
        return 1;
    return context->key && p->data_type == OSSL_PARAM_UTF8_STRING && choose (context, p->data);
}

/* A NULL key: the context is begun again with the one that it has. */
static int begin (Context *context, void *key, int private, const char *digest,
                  const OSSL_PARAM params[])
{
    if (key) {
        tamga_national_key_ref (key);
        tamga_national_key_unref (context->key);
        context->key = key;
    }
    if (!context->key || context->key->public_size == 0 ||
        (private && context->key->private_size == 0))
        return 0;
    return choose (context, digest) && set_params (context, params);
}

static int sign_init (void *data, void *key, const OSSL_PARAM params[])
{
    return begin (data, key, TRUE, NULL, params);
}

static int verify_init (void *data, void *key, const OSSL_PARAM params[])
{
    return begin (data, key, FALSE, NULL, params);
}

/* DSTU 4145 big-endian: the value is s || r, each big-endian; all of it is turned round. */
static void turn (const TamgaNationalKey *key, guint8 *octets, gsize size)
{
    for (gsize i = 0; key->kind->big_endian && i < size / 2; i++) {
        guint8 octet = octets[i];
        octets[i] = octets[size - 1 - i];
        octets[size - 1 - i] = octet;
    }
}

static gboolean sign_digest (const Context *context, const guint8 *digest, gsize digest_size,
                             guint8 *signature)
{
    const TamgaNationalKey *key = context->key;
    const TamgaGostCurve *curve = key->kind->curve;
    if (digest_size != (gsize)EVP_MD_get_size (context->md))
        return FALSE;
    if (!(curve ? digest_size == curve->size &&
                      tamga_gost_sign (curve, key->private_key, digest, signature)
                : tamga_dstu_sign (key->domain, key->private_key, digest, digest_size, signature)))
        return FALSE;
    turn (key, signature, tamga_national_signature_size (key));
    return TRUE;
}

static gboolean verify_plain (const TamgaNationalKey *key, const guint8 *digest, gsize digest_size,
                              const guint8 *signature, gsize size)
{
    guint8 octets[TAMGA_NATIONAL_MAX_SIGNATURE];
    if (size == 0 || size > sizeof octets)
        return FALSE;
    if (key->kind->curve)
        return size == tamga_national_signature_size (key) &&
               digest_size == key->kind->curve->size &&
               tamga_gost_verify (key->kind->curve, key->public_key, digest, signature);
    memcpy (octets, signature, size);
    turn (key, octets, size);
    return tamga_dstu_verify (key->domain, key->public_key, digest, digest_size, octets, size);
}

/* The contents, where `octets` are one OCTET STRING in DER and nothing else. */
static gboolean unwrap (const guint8 **octets, gsize *size)
{
    TamgaDer der = {*octets, *size};
    TamgaDerElement element;
    if (!tamga_der_take (&der, TAMGA_DER_OCTET_STRING, &element) || !tamga_der_at_end (&der) ||
        element.raw_length - element.contents.left != tamga_der_head_size (element.contents.left))
        return FALSE;
    *octets = element.contents.data;
    *size = element.contents.left;
    return TRUE;
}

static gboolean verify_digest (const Context *context, const guint8 *digest, gsize digest_size,
                               const guint8 *signature, gsize size)
{
    const TamgaNationalKey *key = context->key;
    if (digest_size != (gsize)EVP_MD_get_size (context->md))
        return FALSE;
    /* A bare signature of the usual size may look like an OCTET STRING by chance; the other way
     * round that size is too short for one. */
    if (!key->kind->curve && size != tamga_national_signature_size (key))
        unwrap (&signature, &size);
    return verify_plain (key, digest, digest_size, signature, size);
}

static int sign (void *data, unsigned char *signature, size_t *size, size_t room,
                 const unsigned char *digest, size_t digest_size)
{
    Context *context = data;
    *size = tamga_national_signature_size (context->key);
    if (!signature)
        return 1;
    return room >= *size && sign_digest (context, digest, digest_size, signature);
}

static int verify (void *data, const unsigned char *signature, size_t size,
                   const unsigned char *digest, size_t digest_size)
{
    return verify_digest (data, digest, digest_size, signature, size);
}

static int digest_begin (Context *context, const char *digest, void *key, int private,
                         const OSSL_PARAM params[])
{
    if (!begin (context, key, private, digest, params))
        return 0;
    if (!context->hash && !(context->hash = EVP_MD_CTX_new ()))
        return 0;
    return EVP_DigestInit_ex2 (context->hash, context->md, NULL);
}

static int digest_sign_init (void *data, const char *digest, void *key, const OSSL_PARAM params[])
{
    return digest_begin (data, digest, key, TRUE, params);
}

static int digest_verify_init (void *data, const char *digest, void *key, const OSSL_PARAM params[])
{
    return digest_begin (data, digest, key, FALSE, params);
}

static int digest_update (void *data, const unsigned char *in, size_t size)
{
    Context *context = data;
    return context->hash && EVP_DigestUpdate (context->hash, in, size);
}

static int digest_sign_final (void *data, unsigned char *out, size_t *size, size_t room)
{
    Context *context = data;
    guint8 digest[EVP_MAX_MD_SIZE];
    guint8 signature[TAMGA_NATIONAL_MAX_SIGNATURE];
    unsigned digest_size = 0;
    gsize plain = tamga_national_signature_size (context->key);
    gsize head = context->key->kind->curve ? 0 : tamga_der_head_size (plain);
    g_assert (plain <= sizeof signature);
    *size = head + plain;
    if (!out)
        return 1;
    if (room < *size || !context->hash ||
        EVP_DigestFinal_ex (context->hash, digest, &digest_size) != 1 ||
        !sign_digest (context, digest, digest_size, signature))
        return 0;
    g_autoptr (GBytes) prefix = tamga_der_head_bytes (TAMGA_DER_OCTET_STRING, plain);
    memcpy (out, g_bytes_get_data (prefix, NULL), head);
    memcpy (out + head, signature, plain);
    return 1;
}

static int digest_verify_final (void *data, const unsigned char *signature, size_t size)
{
    Context *context = data;
    guint8 digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    return context->hash && EVP_DigestFinal_ex (context->hash, digest, &digest_size) == 1 &&
           verify_digest (context, digest, digest_size, signature, size);
}

/* The AlgorithmIdentifier of certificates, which X509_sign and its like write. */
static GBytes *algorithm_id (const TamgaNationalPair *pair)
{
    g_autoptr (GBytes) oid = tamga_der_oid (pair->oid);
    g_autoptr (GBytes) null = pair->null_parameters ? tamga_der_tlv (TAMGA_DER_NULL, "", 0) : NULL;
    return tamga_der_join (TAMGA_DER_SEQUENCE, oid, null, TAMGA_DER_END);
}

static int get_params (void *data, OSSL_PARAM params[])
{
    Context *context = data;
    OSSL_PARAM *p;
    if (!context->pair)
        return 0;
    if ((p = OSSL_PARAM_locate (params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID))) {
        g_autoptr (GBytes) der = algorithm_id (context->pair);
        if (!OSSL_PARAM_set_octet_string (p, g_bytes_get_data (der, NULL), g_bytes_get_size (der)))
            return 0;
    }
    p = OSSL_PARAM_locate (params, OSSL_SIGNATURE_PARAM_DIGEST);
    return !p || OSSL_PARAM_set_utf8_string (p, context->pair->digest);
}

static const OSSL_PARAM *gettable_params (void *data, void *provider)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_octet_string (OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
        OSSL_PARAM_utf8_string (OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)data;
    (void)provider;
    return gettable;
}

static const OSSL_PARAM *settable_params (void *data, void *provider)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_utf8_string (OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)data;
    (void)provider;
    return settable;
}

static const OSSL_DISPATCH functions[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, TAMGA_NATIONAL_FUNCTION (signature_new)},
    {OSSL_FUNC_SIGNATURE_FREECTX, TAMGA_NATIONAL_FUNCTION (signature_free)},
    {OSSL_FUNC_SIGNATURE_DUPCTX, TAMGA_NATIONAL_FUNCTION (signature_dup)},
    {OSSL_FUNC_SIGNATURE_SIGN_INIT, TAMGA_NATIONAL_FUNCTION (sign_init)},
    {OSSL_FUNC_SIGNATURE_SIGN, TAMGA_NATIONAL_FUNCTION (sign)},
    {OSSL_FUNC_SIGNATURE_VERIFY_INIT, TAMGA_NATIONAL_FUNCTION (verify_init)},
    {OSSL_FUNC_SIGNATURE_VERIFY, TAMGA_NATIONAL_FUNCTION (verify)},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, TAMGA_NATIONAL_FUNCTION (digest_sign_init)},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, TAMGA_NATIONAL_FUNCTION (digest_update)},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, TAMGA_NATIONAL_FUNCTION (digest_sign_final)},
    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, TAMGA_NATIONAL_FUNCTION (digest_verify_init)},
    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, TAMGA_NATIONAL_FUNCTION (digest_update)},
    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, TAMGA_NATIONAL_FUNCTION (digest_verify_final)},
    {OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, TAMGA_NATIONAL_FUNCTION (get_params)},
    {OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, TAMGA_NATIONAL_FUNCTION (gettable_params)},
    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, TAMGA_NATIONAL_FUNCTION (set_params)},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, TAMGA_NATIONAL_FUNCTION (settable_params)},
    {0, NULL},
};

const OSSL_ALGORITHM tamga_national_signatures[] = {
    {TAMGA_NAMES_GOST_2015_512, TAMGA_NATIONAL_PROPERTIES, functions, NULL},
    {TAMGA_NAMES_GOST_2015_256, TAMGA_NATIONAL_PROPERTIES, functions, NULL},
    {TAMGA_NAMES_GOST_2004, TAMGA_NATIONAL_PROPERTIES, functions, NULL},
    {TAMGA_NAMES_DSTU, TAMGA_NATIONAL_PROPERTIES, functions, NULL},
    {TAMGA_NAMES_DSTU_BE, TAMGA_NATIONAL_PROPERTIES, functions, NULL},
    {NULL, NULL, NULL, NULL},
};
