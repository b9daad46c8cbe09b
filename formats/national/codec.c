/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoders and encoders of the provider: between DER and keys, through OpenSSL's streams. */
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <string.h>

#include "formats/limits.h"
#include "formats/national/key.h"
#include "formats/national/provider.h"

#define PRIVATE OSSL_KEYMGMT_SELECT_PRIVATE_KEY
#define PUBLIC OSSL_KEYMGMT_SELECT_PUBLIC_KEY

static OSSL_FUNC_BIO_read_ex_fn *read_stream;
static OSSL_FUNC_BIO_write_ex_fn *write_stream;

void tamga_national_codec_start (const OSSL_DISPATCH *core)
{
    for (; core->function_id != 0; core++) {
        if (core->function_id == OSSL_FUNC_BIO_READ_EX)
            read_stream = OSSL_FUNC_BIO_read_ex (core);
        else if (core->function_id == OSSL_FUNC_BIO_WRITE_EX)
            write_stream = OSSL_FUNC_BIO_write_ex (core);
    }
}

/* What a context of a decoder or an encoder is: OpenSSL wants something that is not NULL. */
static void *codec_new (void *provider)
{
    return provider;
}

static void codec_free (void *codec)
{
    (void)codec;
}

static int public_selected (void *provider, int selection)
{
    (void)provider;
    return selection == 0 || ((selection & PUBLIC) && !(selection & PRIVATE));
}

static int private_selected (void *provider, int selection)
{
    (void)provider;
    return selection == 0 || (selection & PRIVATE);
}

/* All that the stream has; FALSE when that is more than any key of ours. */
static gboolean read_all (OSSL_CORE_BIO *stream, guint8 *octets, gsize room, gsize *size)
{
    size_t got;
    *size = 0;
    while (*size < room && read_stream (stream, octets + *size, room - *size, &got) == 1 && got > 0)
        *size += got;
    return *size < room;
}

typedef TamgaNationalKey *Reader (const TamgaNationalKind *kind, const guint8 *der, gsize size);

/* 1 also where there is no key of ours in the stream: another decoder may know it. */
static int decode (const TamgaNationalKind *kind, Reader *reader, OSSL_CORE_BIO *stream,
                   OSSL_CALLBACK *callback, void *argument)
{
    guint8 der[TAMGA_MAX_NATIONAL_KEY_SIZE + 1];
    gsize size;
    gboolean whole = read_all (stream, der, sizeof der, &size);
    TamgaNationalKey *key = whole ? reader (kind, der, size) : NULL;
    OPENSSL_cleanse (der, size);
    if (!key)
        return 1;
    int type = OSSL_OBJECT_PKEY;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int (OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_utf8_string (OSSL_OBJECT_PARAM_DATA_TYPE, (char *)kind->name, 0),
        OSSL_PARAM_construct_octet_string (OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof key),
        OSSL_PARAM_construct_end (),
    };
    int taken = callback (params, argument);
    tamga_national_key_unref (key); /* NULL where it was taken over */
    return taken;
}

static int encode (GBytes *der, OSSL_CORE_BIO *stream)
{
    gsize size;
    size_t written = 0;
    const guint8 *data = g_bytes_get_data (der, &size);
    return write_stream (stream, data, size, &written) == 1 && written == size;
}

static int encode_public (void *codec, OSSL_CORE_BIO *stream, const void *data,
                          const OSSL_PARAM abstract[], int selection,
                          OSSL_PASSPHRASE_CALLBACK *callback, void *argument)
{
    const TamgaNationalKey *key = data;
    (void)codec;
    (void)selection;
    (void)callback;
    (void)argument;
    if (abstract || !key || key->public_size == 0)
        return 0;
    g_autoptr (GBytes) der = tamga_national_key_to_spki (key);
    return encode (der, stream);
}

static int encode_private (void *codec, OSSL_CORE_BIO *stream, const void *data,
                           const OSSL_PARAM abstract[], int selection,
                           OSSL_PASSPHRASE_CALLBACK *callback, void *argument)
{
    const TamgaNationalKey *key = data;
    (void)codec;
    (void)selection;
    (void)callback;
    (void)argument;
    if (abstract || !key || key->private_size == 0)
        return 0;
    GBytes *der = tamga_national_key_to_pkcs8 (key);
    int written = encode (der, stream);
    tamga_national_secret_free (der);
    return written;
}

/* Encryption is not done here: who asks for it, as i2d_PKCS8PrivateKey_bio does, is refused, since
 * OpenSSL would else take the key in the clear for the encrypted one. PKCS8_encrypt does it. */
static int set_encoding (void *codec, const OSSL_PARAM parameters[])
{
    const OSSL_PARAM *cipher =
        parameters ? OSSL_PARAM_locate_const (parameters, OSSL_ENCODER_PARAM_CIPHER) : NULL;
    const char *name = NULL;
    (void)codec;
    return !cipher || (OSSL_PARAM_get_utf8_string_ptr (cipher, &name) && (!name || !*name));
}

static const OSSL_PARAM *settable_encoding (void *provider)
{
    static const OSSL_PARAM known[] = {
        OSSL_PARAM_utf8_string (OSSL_ENCODER_PARAM_CIPHER, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)provider;
    return known;
}

#define ENDS(name)                                                                                 \
    {OSSL_FUNC_##name##_NEWCTX, TAMGA_NATIONAL_FUNCTION (codec_new)},                              \
    {                                                                                              \
        OSSL_FUNC_##name##_FREECTX, TAMGA_NATIONAL_FUNCTION (codec_free)                           \
    }

/* A decoder does not hear which kind is meant: each kind and structure has its own function. */
#define DECODER(name, row, structure, reader)                                                      \
    static int name##_##structure (void *codec, OSSL_CORE_BIO *stream, int selection,              \
                                   OSSL_CALLBACK *callback, void *argument,                        \
                                   OSSL_PASSPHRASE_CALLBACK *ask, void *ask_argument)              \
    {                                                                                              \
        (void)codec;                                                                               \
        (void)selection;                                                                           \
        (void)ask;                                                                                 \
        (void)ask_argument;                                                                        \
        return decode (&tamga_national_kinds[row], reader, stream, callback, argument);            \
    }                                                                                              \
    static const OSSL_DISPATCH name##_##structure##_functions[] = {                                \
        ENDS (DECODER),                                                                            \
        {OSSL_FUNC_DECODER_DOES_SELECTION, TAMGA_NATIONAL_FUNCTION (structure##_selected)},        \
        {OSSL_FUNC_DECODER_DECODE, TAMGA_NATIONAL_FUNCTION (name##_##structure)},                  \
        {0, NULL},                                                                                 \
    }
#define DECODERS(name, row)                                                                        \
    DECODER (name, row, public, tamga_national_key_from_spki);                                     \
    DECODER (name, row, private, tamga_national_key_from_pkcs8)

DECODERS (gost_2015_512, TAMGA_KIND_GOST_2015_512);
DECODERS (gost_2015_256, TAMGA_KIND_GOST_2015_256);
DECODERS (gost_2004, TAMGA_KIND_GOST_2004);
DECODERS (dstu, TAMGA_KIND_DSTU);
DECODERS (dstu_be, TAMGA_KIND_DSTU_BE);

static const OSSL_DISPATCH encoder_public_functions[] = {
    ENDS (ENCODER),
    {OSSL_FUNC_ENCODER_DOES_SELECTION, TAMGA_NATIONAL_FUNCTION (public_selected)},
    {OSSL_FUNC_ENCODER_ENCODE, TAMGA_NATIONAL_FUNCTION (encode_public)},
    {0, NULL},
};
static const OSSL_DISPATCH encoder_private_functions[] = {
    ENDS (ENCODER),
    {OSSL_FUNC_ENCODER_DOES_SELECTION, TAMGA_NATIONAL_FUNCTION (private_selected)},
    {OSSL_FUNC_ENCODER_ENCODE, TAMGA_NATIONAL_FUNCTION (encode_private)},
    {OSSL_FUNC_ENCODER_SET_CTX_PARAMS, TAMGA_NATIONAL_FUNCTION (set_encoding)},
    {OSSL_FUNC_ENCODER_SETTABLE_CTX_PARAMS, TAMGA_NATIONAL_FUNCTION (settable_encoding)},
    {0, NULL},
};

#define IN_SPKI TAMGA_NATIONAL_PROPERTIES ",input=der,structure=SubjectPublicKeyInfo"
#define IN_PKCS8 TAMGA_NATIONAL_PROPERTIES ",input=der,structure=PrivateKeyInfo"
#define OUT_SPKI TAMGA_NATIONAL_PROPERTIES ",output=der,structure=SubjectPublicKeyInfo"
#define OUT_PKCS8 TAMGA_NATIONAL_PROPERTIES ",output=der,structure=PrivateKeyInfo"

const OSSL_ALGORITHM tamga_national_decoders[] = {
    {TAMGA_NAMES_GOST_2015_512, IN_SPKI, gost_2015_512_public_functions, NULL},
    {TAMGA_NAMES_GOST_2015_512, IN_PKCS8, gost_2015_512_private_functions, NULL},
    {TAMGA_NAMES_GOST_2015_256, IN_SPKI, gost_2015_256_public_functions, NULL},
    {TAMGA_NAMES_GOST_2015_256, IN_PKCS8, gost_2015_256_private_functions, NULL},
    {TAMGA_NAMES_GOST_2004, IN_SPKI, gost_2004_public_functions, NULL},
    {TAMGA_NAMES_GOST_2004, IN_PKCS8, gost_2004_private_functions, NULL},
    {TAMGA_NAMES_DSTU, IN_SPKI, dstu_public_functions, NULL},
    {TAMGA_NAMES_DSTU, IN_PKCS8, dstu_private_functions, NULL},
    {TAMGA_NAMES_DSTU_BE, IN_SPKI, dstu_be_public_functions, NULL},
    {TAMGA_NAMES_DSTU_BE, IN_PKCS8, dstu_be_private_functions, NULL},
    {NULL, NULL, NULL, NULL},
};

#define ENCODERS(names)                                                                            \
    {names, OUT_SPKI, encoder_public_functions, NULL},                                             \
    {                                                                                              \
        names, OUT_PKCS8, encoder_private_functions, NULL                                          \
    }

const OSSL_ALGORITHM tamga_national_encoders[] = {
    ENCODERS (TAMGA_NAMES_GOST_2015_512), ENCODERS (TAMGA_NAMES_GOST_2015_256),
    ENCODERS (TAMGA_NAMES_GOST_2004),     ENCODERS (TAMGA_NAMES_DSTU),
    ENCODERS (TAMGA_NAMES_DSTU_BE),       {NULL, NULL, NULL, NULL},
};
