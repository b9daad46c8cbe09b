/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of the provider: what is read, what is written, and what is refused. */
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <string.h>

#include "formats/cms/der.h"
#include "tests/unit/national/provider.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

static EVP_PKEY *read_public (GBytes *der)
{
    gsize size;
    const unsigned char *data = g_bytes_get_data (der, &size), *p = data;
    EVP_PKEY *key = d2i_PUBKEY (NULL, &p, (long)size);
    ERR_clear_error ();
    return key;
}

/* The same by the decoders alone: d2i_PUBKEY asks them only for what OpenSSL has parsed itself. */
static EVP_PKEY *decode_public (GBytes *der)
{
    gsize size;
    const unsigned char *data = g_bytes_get_data (der, &size);
    EVP_PKEY *key = NULL;
    OSSL_DECODER_CTX *context = OSSL_DECODER_CTX_new_for_pkey (
        &key, "DER", "SubjectPublicKeyInfo", NULL, EVP_PKEY_PUBLIC_KEY, NULL, NULL);
    g_assert_nonnull (context);
    OSSL_DECODER_from_data (context, &data, &size);
    OSSL_DECODER_CTX_free (context);
    ERR_clear_error ();
    return key;
}

static EVP_PKEY *read_private (GBytes *der)
{
    const unsigned char *p = g_bytes_get_data (der, NULL);
    g_autoptr (PKCS8_PRIV_KEY_INFO) info =
        d2i_PKCS8_PRIV_KEY_INFO (NULL, &p, (long)g_bytes_get_size (der));
    EVP_PKEY *key = info ? EVP_PKCS82PKEY (info) : NULL;
    ERR_clear_error ();
    return key;
}

static GBytes *write_private (EVP_PKEY *key)
{
    g_autoptr (PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8 (key);
    g_assert_nonnull (info);
    return tamga_ossl_der (i2d_PKCS8_PRIV_KEY_INFO, info);
}

static void written_as_read (void)
{
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL);
        g_autoptr (GBytes) spki = tamga_ossl_der (i2d_PUBKEY, key);
        g_autoptr (GBytes) pkcs8 = write_private (key);
        g_autoptr (EVP_PKEY) public_key = read_public (spki);
        g_autoptr (EVP_PKEY) private_key = read_private (pkcs8);
        g_assert_true (EVP_PKEY_is_a (public_key, kinds[i]));
        g_assert_true (EVP_PKEY_is_a (private_key, kinds[i]));
        g_assert_cmpint (EVP_PKEY_eq (key, public_key), ==, 1);
        g_assert_cmpint (EVP_PKEY_eq (key, private_key), ==, 1);
        g_autoptr (GBytes) again = write_private (private_key);
        g_assert_true (g_bytes_equal (again, pkcs8));
        g_autoptr (EVP_PKEY) other = make_key (kinds[i], NULL);
        g_assert_cmpint (EVP_PKEY_eq (key, other), ==, 0);
        g_autoptr (EVP_PKEY) copy = EVP_PKEY_dup (key);
        g_assert_cmpint (EVP_PKEY_eq (key, copy), ==, 1);
    }
    ERR_clear_error ();
}

/* DSTU 4145 names ten curves; a key of each is made, written and read. */
static void named_curves (void)
{
    for (int n = 0; n < 10; n++) {
        g_autofree char *oid = g_strdup_printf ("1.2.804.2.1.1.1.1.3.1.1.2.%d", n);
        g_autoptr (EVP_PKEY) key = make_key ("DSTU-4145", oid);
        g_autoptr (GBytes) spki = tamga_ossl_der (i2d_PUBKEY, key);
        g_autoptr (EVP_PKEY) same = read_public (spki);
        g_assert_cmpint (EVP_PKEY_eq (key, same), ==, 1);
    }
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "DSTU-4145", NULL);
    g_assert_cmpint (EVP_PKEY_keygen_init (context), ==, 1);
    g_assert_cmpint (EVP_PKEY_CTX_set_group_name (context, "P-256"), !=, 1);
    ERR_clear_error ();
}

/* The parts of a SubjectPublicKeyInfo, each of which a row may change. */
typedef struct {
    const char *why;
    const char *key_oid, *first_oid, *second_oid; /* NULL: as it should be; "": left out */
    gsize extra_parameters, extra_algorithm, extra_point, extra_end; /* NULLs added there */
    int point_change;                                                /* added to its last octet */
    int length_change;                                               /* octets of the point */
    int unused_bits;
} Change;

static GBytes *oid_or_nothing (const char *change, const char *usual)
{
    if (change && !*change)
        return NULL;
    return tamga_der_oid (change ? change : usual);
}

static GBytes *nulls (gsize count)
{
    g_autoptr (GByteArray) octets = g_byte_array_new ();
    for (gsize i = 0; i < count; i++)
        g_byte_array_append (octets, (const guint8 *)"\x05", 2); /* with its zero: NULL */
    return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

static GBytes *append (GBytes *first, GBytes *second)
{
    GByteArray *octets = g_byte_array_new ();
    g_byte_array_append (octets, g_bytes_get_data (first, NULL), (guint)g_bytes_get_size (first));
    g_byte_array_append (octets, g_bytes_get_data (second, NULL), (guint)g_bytes_get_size (second));
    return g_byte_array_free_to_bytes (octets);
}

static GBytes *build (const Change *change, const char *key_oid, const char *first,
                      const char *second, GBytes *point)
{
    g_autoptr (GBytes) oid = oid_or_nothing (change->key_oid, key_oid);
    g_autoptr (GBytes) one = oid_or_nothing (change->first_oid, first);
    g_autoptr (GBytes) two = second ? oid_or_nothing (change->second_oid, second) : NULL;
    g_autoptr (GBytes) more_parameters = nulls (change->extra_parameters);
    g_autoptr (GBytes) more_algorithm = nulls (change->extra_algorithm);
    g_autoptr (GBytes) more_point = nulls (change->extra_point);
    g_autoptr (GBytes) more_end = nulls (change->extra_end);
    g_autoptr (GBytes) parameters =
        tamga_der_join (TAMGA_DER_SEQUENCE, one, two, more_parameters, TAMGA_DER_END);
    g_autoptr (GBytes) algorithm =
        tamga_der_join (TAMGA_DER_SEQUENCE, oid, parameters, more_algorithm, TAMGA_DER_END);
    gsize size;
    const guint8 *data = g_bytes_get_data (point, &size);
    g_autofree guint8 *octets = g_malloc0 (size + 1);
    memcpy (octets, data, size);
    octets[size - 1] = (guint8)(octets[size - 1] + change->point_change);
    g_autoptr (GBytes) string = tamga_der_tlv (TAMGA_DER_OCTET_STRING, octets,
                                               (gsize)((gssize)size + change->length_change));
    guint8 bits = (guint8)change->unused_bits;
    g_autoptr (GBytes) unused = g_bytes_new (&bits, 1);
    g_autoptr (GBytes) inner = append (string, more_point);
    g_autoptr (GBytes) contents = append (unused, inner);
    g_autoptr (GBytes) key = tamga_der_wrap (TAMGA_DER_BIT_STRING, contents);
    return tamga_der_join (TAMGA_DER_SEQUENCE, algorithm, key, more_end, TAMGA_DER_END);
}

static const Change changes[] = {
    {.why = "the parameters are empty", .first_oid = "", .second_oid = ""},
    {.why = "the curve is missing", .first_oid = ""},
    {.why = "the curve is that of another kind", .first_oid = "1.2.398.3.10.1.1.2.2.9"},
    {.why = "the curve is Russian", .first_oid = "1.2.643.7.1.2.1.2.1"},
    {.why = "the key is of an unknown kind", .key_oid = "1.2.398.3.10.1.1.2.9"},
    {.why = "the key is RSA", .key_oid = "1.2.840.113549.1.1.1"},
    {.why = "something follows in the parameters", .extra_parameters = 1},
    {.why = "something follows the parameters", .extra_algorithm = 1},
    {.why = "something follows the point", .extra_point = 1},
    {.why = "something follows the key", .extra_end = 1},
    {.why = "the point is short", .length_change = -1},
    {.why = "the point is long", .length_change = 1},
    {.why = "bits are unused", .unused_bits = 1},
};
static const Change gost_changes[] = {
    {.why = "the digest is missing", .second_oid = ""},
    {.why = "the digest is another one", .second_oid = "1.2.398.3.10.1.3.9"},
    {.why = "the digest is SHA-256", .second_oid = "2.16.840.1.101.3.4.2.1"},
    {.why = "the point is not on the curve", .point_change = 1},
};

static const struct {
    const char *kind, *key_oid, *first, *second;
} shapes[] = {
    {"KZ-GOST-2015-512", "1.2.398.3.10.1.1.2.2", "1.2.398.3.10.1.1.2.2.1", "1.2.398.3.10.1.3.3"},
    {"KZ-GOST-2015-256", "1.2.398.3.10.1.1.2.1", "1.2.398.3.10.1.1.2.1.1", "1.2.398.3.10.1.3.2"},
    {"KZ-GOST-2004", "1.2.398.3.10.1.1.1.1", "1.2.398.3.10.1.1.1.1.1", "1.2.398.3.10.1.3.1.1.0"},
    {"DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1", "1.2.804.2.1.1.1.1.3.1.1.2.6", NULL},
    {"DSTU-4145", "1.2.804.2.1.1.1.1.3.6.1.1", "1.2.804.2.1.1.1.1.3.1.1.2.6", NULL},
    {"DSTU-4145-BE", "1.2.804.2.1.1.1.1.3.1.1.1.1", "1.2.804.2.1.1.1.1.3.1.1.2.6", NULL},
};

static void assert_refused (gsize shape, const Change *change, GBytes *point)
{
    g_autoptr (GBytes) spki =
        build (change, shapes[shape].key_oid, shapes[shape].first, shapes[shape].second, point);
    g_autoptr (EVP_PKEY) key = read_public (spki);
    g_autoptr (EVP_PKEY) decoded = decode_public (spki);
    if (key || decoded)
        g_error ("%s: read although %s", shapes[shape].kind, change->why);
}

/* Parameters are compared and never ignored: a key on a curve that is not known is not a key. */
static void parameters_refused (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++) {
        g_autoptr (EVP_PKEY) key = make_key (shapes[i].kind, NULL);
        guint8 octets[256];
        gsize size = 0;
        g_assert_cmpint (EVP_PKEY_get_octet_string_param (key, "pub", octets, sizeof octets, &size),
                         ==, 1);
        for (gsize k = 0; g_str_equal (shapes[i].kind, "DSTU-4145-BE") && k < size / 2; k++) {
            guint8 octet = octets[k];
            octets[k] = octets[size - 1 - k];
            octets[size - 1 - k] = octet;
        }
        g_autoptr (GBytes) point = g_bytes_new (octets, size);
        const Change none = {0};
        g_autoptr (GBytes) good =
            build (&none, shapes[i].key_oid, shapes[i].first, shapes[i].second, point);
        g_autoptr (EVP_PKEY) read = read_public (good);
        g_assert_cmpint (EVP_PKEY_eq (key, read), ==, 1);
        g_autoptr (EVP_PKEY) decoded = decode_public (good);
        g_assert_cmpint (EVP_PKEY_eq (key, decoded), ==, 1);
        for (gsize c = 0; c < G_N_ELEMENTS (changes); c++)
            assert_refused (i, &changes[c], point);
        for (gsize c = 0; shapes[i].second && c < G_N_ELEMENTS (gost_changes); c++)
            assert_refused (i, &gost_changes[c], point);
        /* the curve of each other kind */
        for (gsize k = 0; k < G_N_ELEMENTS (shapes); k++) {
            const Change curve = {.why = "the curve is of another kind",
                                  .first_oid = shapes[k].first};
            if (!g_str_equal (shapes[k].first, shapes[i].first))
                assert_refused (i, &curve, point);
        }
    }
}

/* Explicit parameters as in real certificates; one changed octet of them is another curve. */
static void explicit_parameters (void)
{
    if (!real_objects ())
        return;
    static const char *const paths[] = {UA_ROOT, UA_USER};
    for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
        g_autoptr (X509) certificate = real_certificate (paths[i]);
        X509_PUBKEY *info = X509_get_X509_PUBKEY (certificate);
        g_autoptr (GBytes) spki = tamga_ossl_der (i2d_X509_PUBKEY, info);
        g_autoptr (EVP_PKEY) key = read_public (spki);
        g_assert_true (EVP_PKEY_is_a (key, "DSTU-4145"));
        const unsigned char *point;
        int point_size;
        X509_PUBKEY_get0_param (NULL, &point, &point_size, NULL, info);
        gsize size;
        const guint8 *data = g_bytes_get_data (spki, &size);
        gsize parameters = size - (gsize)point_size;
        for (gsize at = 0; at < parameters; at++) {
            guint8 *copy = g_memdup2 (data, size);
            copy[at] ^= 0x01;
            g_autoptr (GBytes) changed = g_bytes_new_take (copy, size);
            g_autoptr (EVP_PKEY) other = read_public (changed);
            if (other)
                g_error ("octet %zu of the parameters may be changed", at);
        }
    }
}

static const char zero[64], ones[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                     "\xff\xff\xff\xff";

/* A private number is not zero and below the order. */
static void private_out_of_range (void)
{
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL);
        g_autoptr (GBytes) pkcs8 = write_private (key);
        gsize size;
        const guint8 *data = g_bytes_get_data (pkcs8, &size);
        for (int k = 0; k < 2; k++) {
            guint8 *copy = g_memdup2 (data, size);
            gsize octets = g_str_has_suffix (kinds[i], "512") ? 64 : 32;
            memcpy (copy + size - octets, k ? ones : zero, octets);
            g_autoptr (GBytes) changed = g_bytes_new_take (copy, size);
            g_autoptr (EVP_PKEY) other = read_private (changed);
            g_assert_null (other);
        }
    }
}

/* A length that is not the shortest is BER: the octets of a key have one form. */
static void longer_length_refused (void)
{
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL);
        g_autoptr (GBytes) spki = tamga_ossl_der (i2d_PUBKEY, key);
        const unsigned char *p = g_bytes_get_data (spki, NULL);
        X509_PUBKEY *info = d2i_X509_PUBKEY (NULL, &p, (long)g_bytes_get_size (spki));
        const unsigned char *octets;
        int size;
        X509_ALGOR *algorithm;
        g_assert_cmpint (X509_PUBKEY_get0_param (NULL, &octets, &size, &algorithm, info), ==, 1);
        int head = octets[1] < 0x80 ? 2 : 3, length = size - head;
        unsigned char *longer = OPENSSL_malloc ((gsize)length + 4);
        memcpy (longer, (const guint8[]){0x04, 0x82, 0x00, (guint8)length}, 4);
        memcpy (longer + 4, octets + head, (gsize)length);
        ASN1_OBJECT *oid = OBJ_dup (algorithm->algorithm);
        ASN1_STRING *parameters = ASN1_STRING_dup (algorithm->parameter->value.sequence);
        g_assert_cmpint (
            X509_PUBKEY_set0_param (info, oid, V_ASN1_SEQUENCE, parameters, longer, length + 4), ==,
            1);
        g_autoptr (GBytes) changed = tamga_ossl_der (i2d_X509_PUBKEY, info);
        X509_PUBKEY_free (info);
        g_autoptr (EVP_PKEY) read = read_public (changed);
        g_assert_null (read);
    }
}

/* Zeros beyond the size of a private number are no part of it; anything else there is too much. */
static void private_too_long (void)
{
    static const char *const kind = "KZ-GOST-2015-512"; /* an OCTET STRING with a short length */
    g_autoptr (EVP_PKEY) key = make_key (kind, NULL);
    for (guint8 beyond = 0; beyond < 2; beyond++) {
        g_autoptr (PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8 (key);
        const unsigned char *octets;
        int size;
        const X509_ALGOR *algorithm;
        g_assert_cmpint (PKCS8_pkey_get0 (NULL, &octets, &size, &algorithm, info), ==, 1);
        unsigned char *longer = OPENSSL_malloc ((gsize)size + 1);
        memcpy (longer, octets, (gsize)size);
        longer[1]++;
        longer[size] = beyond;
        ASN1_OBJECT *oid = OBJ_dup (algorithm->algorithm);
        ASN1_STRING *parameters = ASN1_STRING_dup (algorithm->parameter->value.sequence);
        g_assert_cmpint (
            PKCS8_pkey_set0 (info, oid, 0, V_ASN1_SEQUENCE, parameters, longer, size + 1), ==, 1);
        g_autoptr (EVP_PKEY) read = EVP_PKCS82PKEY (info);
        if (beyond)
            g_assert_null (read);
        else
            g_assert_cmpint (EVP_PKEY_eq (key, read), ==, 1);
        ERR_clear_error ();
    }
}

/* What is imported belongs together: the point is that of the private number. */
static void foreign_public_refused (void)
{
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL), other = make_key (kinds[i], NULL);
        OSSL_PARAM *own = NULL, *foreign = NULL;
        g_assert_cmpint (EVP_PKEY_todata (key, EVP_PKEY_KEYPAIR, &own), ==, 1);
        g_assert_cmpint (EVP_PKEY_todata (other, EVP_PKEY_PUBLIC_KEY, &foreign), ==, 1);
        for (int k = 0; k < 2; k++) {
            g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, kinds[i], NULL);
            g_autoptr (EVP_PKEY) made = NULL;
            OSSL_PARAM *place = OSSL_PARAM_locate (own, OSSL_PKEY_PARAM_PUB_KEY);
            if (k)
                memcpy (place->data, OSSL_PARAM_locate (foreign, OSSL_PKEY_PARAM_PUB_KEY)->data,
                        place->data_size);
            g_assert_cmpint (EVP_PKEY_fromdata_init (context), ==, 1);
            g_assert_true ((EVP_PKEY_fromdata (context, &made, EVP_PKEY_KEYPAIR, own) == 1) == !k);
        }
        OSSL_PARAM_free (own);
        OSSL_PARAM_free (foreign);
    }
    ERR_clear_error ();
}

/* Two curves of one kind are two sets of parameters. */
static void curves_differ (void)
{
    g_autoptr (EVP_PKEY) one = make_key ("DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1.2.6");
    g_autoptr (EVP_PKEY) same = make_key ("DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1.2.6");
    g_autoptr (EVP_PKEY) other = make_key ("DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1.2.9");
    g_assert_cmpint (EVP_PKEY_parameters_eq (one, same), ==, 1);
    g_assert_cmpint (EVP_PKEY_parameters_eq (one, other), !=, 1);
}

/* A signature is over a digest of its length: a zero behind it is another one, although it would
 * be the same number. */
static void digest_too_long (void)
{
    static const guint8 digest[EVP_MAX_MD_SIZE] = {7, 8, 9};
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL);
        g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (key, NULL);
        guint8 signature[256];
        gsize size = sizeof signature, length = g_str_has_suffix (kinds[i], "512") ? 64 : 32;
        g_assert_cmpint (EVP_PKEY_sign_init (context), ==, 1);
        g_assert_cmpint (EVP_PKEY_sign (context, signature, &size, digest, length), ==, 1);
        g_assert_cmpint (EVP_PKEY_verify_init (context), ==, 1);
        g_assert_cmpint (EVP_PKEY_verify (context, signature, size, digest, length), ==, 1);
        g_assert_cmpint (EVP_PKEY_verify (context, signature, size, digest, length - 1), !=, 1);
        if (length < sizeof digest)
            g_assert_cmpint (EVP_PKEY_verify (context, signature, size, digest, length + 1), !=, 1);
    }
    ERR_clear_error ();
}

/* Key files of authorities: the key belongs to the certificate beside it. */
static void key_files (void)
{
    static const struct {
        const char *path, *password, *kind;
    } files[] = {
        {KZ "p12/individual_gost2015.p12", "Aa123456", "KZ-GOST-2015-512"},
        {KZ "p12/gokalkan_gost1.p12", "Qwerty12", "KZ-GOST-2015-512"},
        {KZ "p12/ceo_gost2004.p12", "Qwerty12", "KZ-GOST-2004"},
        {UA "keys/test-diia.p12", "testpassword", "DSTU-4145"}, /* has no certificate */
    };
    if (!real_objects ())
        return;
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_load (NULL, "legacy");
    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autoptr (GBytes) file = shared_file (files[i].path);
        const unsigned char *p = g_bytes_get_data (file, NULL);
        g_autoptr (PKCS12) pkcs12 = d2i_PKCS12 (NULL, &p, (long)g_bytes_get_size (file));
        g_autoptr (EVP_PKEY) key = NULL;
        g_autoptr (X509) certificate = NULL;
        g_assert_cmpint (PKCS12_parse (pkcs12, files[i].password, &key, &certificate, NULL), ==, 1);
        g_assert_true (EVP_PKEY_is_a (key, files[i].kind));
        if (certificate)
            g_assert_cmpint (X509_check_private_key (certificate, key), ==, 1);
        g_autoptr (GBytes) pkcs8 = write_private (key);
        g_autoptr (EVP_PKEY) again = read_private (pkcs8);
        g_assert_cmpint (EVP_PKEY_eq (key, again), ==, 1);
    }
    OSSL_PROVIDER_unload (legacy);
    ERR_clear_error ();
}

/* Any octets: no crash, and what is read is written and read again as the same key. */
static void mutations (void)
{
    g_autoptr (GRand) random = g_rand_new_with_seed (4145);
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL);
        g_autoptr (GBytes) spki = tamga_ossl_der (i2d_PUBKEY, key);
        g_autoptr (GBytes) pkcs8 = write_private (key);
        for (guint round = 0; round < 400; round++) {
            gsize size;
            const guint8 *data = g_bytes_get_data (round % 2 ? pkcs8 : spki, &size);
            g_autofree guint8 *copy = g_memdup2 (data, size);
            gint changes_made = g_rand_int_range (random, 1, 4);
            for (gint k = 0; k < changes_made; k++)
                copy[g_rand_int_range (random, 0, (gint)size)] = (guint8)g_rand_int (random);
            gsize cut = g_rand_int_range (random, 0, 4)
                            ? size
                            : (gsize)g_rand_int_range (random, 1, (gint)size);
            g_autoptr (GBytes) changed = g_bytes_new (copy, cut);
            g_autoptr (EVP_PKEY) read = round % 2 ? read_private (changed) : read_public (changed);
            if (!read)
                continue;
            g_autoptr (GBytes) written =
                round % 2 ? write_private (read) : tamga_ossl_der (i2d_PUBKEY, read);
            g_autoptr (EVP_PKEY) again = round % 2 ? read_private (written) : read_public (written);
            g_assert_cmpint (EVP_PKEY_eq (read, again), ==, 1);
        }
    }
}

void add_key_tests (void)
{
    g_test_add_func ("/provider/keys/written-as-read", written_as_read);
    g_test_add_func ("/provider/keys/named-curves", named_curves);
    g_test_add_func ("/provider/keys/parameters-refused", parameters_refused);
    g_test_add_func ("/provider/keys/explicit-parameters", explicit_parameters);
    g_test_add_func ("/provider/keys/private-out-of-range", private_out_of_range);
    g_test_add_func ("/provider/keys/longer-length-refused", longer_length_refused);
    g_test_add_func ("/provider/keys/private-too-long", private_too_long);
    g_test_add_func ("/provider/keys/foreign-public-refused", foreign_public_refused);
    g_test_add_func ("/provider/keys/curves-differ", curves_differ);
    g_test_add_func ("/provider/keys/digest-too-long", digest_too_long);
    g_test_add_func ("/provider/keys/files", key_files);
    g_test_add_func ("/provider/keys/mutations", mutations);
}
