/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of the provider, and their SubjectPublicKeyInfo and PrivateKeyInfo. Reading takes DER as the
 * countries write it and nothing looser; parameters are compared, never ignored: a key on another
 * curve is another key. */
#include "formats/national/key.h"

#include <openssl/crypto.h>
#include <string.h>

#include "formats/cms/der.h"
#include "formats/national/gost28147.h"

TamgaNationalKey *tamga_national_key_new (const TamgaNationalKind *kind)
{
    TamgaNationalKey *key = g_new0 (TamgaNationalKey, 1);
    key->references = 1;
    key->kind = kind;
    return key;
}

TamgaNationalKey *tamga_national_key_ref (TamgaNationalKey *key)
{
    g_atomic_int_inc (&key->references);
    return key;
}

void tamga_national_key_unref (TamgaNationalKey *key)
{
    if (!key || !g_atomic_int_dec_and_test (&key->references))
        return;
    OPENSSL_cleanse (key, sizeof *key);
    g_free (key);
}

gsize tamga_national_public_size (const TamgaNationalKey *key)
{
    if (key->kind->curve)
        return 2 * key->kind->curve->size;
    return key->domain ? tamga_dstu_point_size (key->domain) : 0;
}

gsize tamga_national_private_size (const TamgaNationalKey *key)
{
    if (key->kind->curve)
        return key->kind->curve->size;
    return key->domain ? tamga_dstu_scalar_size (key->domain) : 0;
}

gsize tamga_national_signature_size (const TamgaNationalKey *key)
{
    if (key->kind->curve)
        return 2 * key->kind->curve->size;
    return key->domain ? tamga_dstu_signature_size (key->domain) : 0;
}

const char *tamga_national_key_group (const TamgaNationalKey *key)
{
    if (key->kind->curve)
        return key->kind->curve->name;
    return key->domain ? tamga_dstu_domain_parameters (key->domain)->name : NULL;
}

gboolean tamga_national_key_set_group (TamgaNationalKey *key, const char *name)
{
    const TamgaNationalKind *kind = key->kind;
    if (kind->curve)
        return strcmp (name, kind->curve->name) == 0 || strcmp (name, kind->curve_oid) == 0;
    for (gsize i = 0; i < tamga_dstu_n_named; i++) {
        const TamgaDstuParameters *row = &tamga_dstu_named[i];
        if (strcmp (name, row->name) != 0 && strcmp (name, row->oid) != 0)
            continue;
        const TamgaDstuDomain *domain = tamga_dstu_domain_by_oid (row->oid);
        if (!domain || (key->domain && key->domain != domain))
            return FALSE;
        key->domain = domain;
        return TRUE;
    }
    return FALSE;
}

gboolean tamga_national_key_set_public (TamgaNationalKey *key, const guint8 *octets, gsize size)
{
    const TamgaGostCurve *curve = key->kind->curve;
    if (size == 0 || size != tamga_national_public_size (key))
        return FALSE;
    g_assert (size <= sizeof key->public_key);
    if (key->public_size > 0)
        return memcmp (key->public_key, octets, size) == 0;
    if (!(curve ? tamga_gost_point_valid (curve, octets)
                : tamga_dstu_point_valid (key->domain, octets)))
        return FALSE;
    memcpy (key->public_key, octets, size);
    key->public_size = size;
    return TRUE;
}

gboolean tamga_national_key_set_private (TamgaNationalKey *key, const guint8 *octets, gsize size)
{
    guint8 point[TAMGA_NATIONAL_MAX_PUBLIC];
    const TamgaGostCurve *curve = key->kind->curve;
    gsize public_size = tamga_national_public_size (key);
    if (size == 0 || size != tamga_national_private_size (key))
        return FALSE;
    g_assert (size <= sizeof key->private_key && public_size <= sizeof point);
    if (!(curve ? tamga_gost_public (curve, octets, point)
                : tamga_dstu_public (key->domain, octets, point)))
        return FALSE;
    if (key->public_size > 0 && memcmp (key->public_key, point, public_size) != 0)
        return FALSE;
    memcpy (key->public_key, point, public_size);
    key->public_size = public_size;
    memcpy (key->private_key, octets, size);
    key->private_size = size;
    return TRUE;
}

gboolean tamga_national_key_generate (TamgaNationalKey *key)
{
    guint8 scalar[TAMGA_NATIONAL_MAX_PRIVATE];
    const TamgaGostCurve *curve = key->kind->curve;
    gsize size = tamga_national_private_size (key);
    if (size == 0)
        return FALSE;
    g_assert (size <= sizeof scalar);
    gboolean made =
        (curve ? tamga_gost_generate (curve, scalar) : tamga_dstu_generate (key->domain, scalar)) &&
        tamga_national_key_set_private (key, scalar, size);
    OPENSSL_cleanse (scalar, sizeof scalar);
    return made;
}

/* Octets in the order of the kind, into the little-endian one or back. */
static GBytes *ordered (const TamgaNationalKind *kind, const guint8 *octets, gsize size)
{
    guint8 *copy = g_memdup2 (octets, size);
    for (gsize i = 0; kind->big_endian && i < size / 2; i++) {
        guint8 octet = copy[i];
        copy[i] = copy[size - 1 - i];
        copy[size - 1 - i] = octet;
    }
    return g_bytes_new_take (copy, size);
}

/* DER: a length is definite and the shortest. */
static gboolean take (TamgaDer *der, guint8 tag, TamgaDerElement *element)
{
    return tamga_der_take (der, tag, element) && !element->indefinite &&
           element->raw_length - element->contents.left ==
               tamga_der_head_size (element->contents.left);
}

static gboolean take_oid (TamgaDer *der, const char *oid)
{
    TamgaDerElement element;
    g_autofree char *text =
        take (der, TAMGA_DER_OID, &element) ? tamga_der_oid_text (&element) : NULL;
    return g_strcmp0 (text, oid) == 0;
}

static gboolean take_small (TamgaDer *der, int *number)
{
    TamgaDerElement element;
    *number = take (der, TAMGA_DER_INTEGER, &element) ? tamga_der_small_integer (&element) : -1;
    return *number >= 0;
}

/* An unsigned INTEGER without its sign octet. NULL: negative, or not the shortest. */
static GBytes *take_unsigned (TamgaDer *der)
{
    TamgaDerElement element;
    if (!take (der, TAMGA_DER_INTEGER, &element) || element.contents.left == 0 ||
        element.contents.data[0] >= 0x80)
        return NULL;
    TamgaDer octets = element.contents;
    if (octets.left > 1 && octets.data[0] == 0) {
        if (octets.data[1] < 0x80)
            return NULL;
        octets.data++;
        octets.left--;
    }
    return tamga_der_copy (octets);
}

/* BinaryField: m, and k of a trinomial or k1 < k2 < k3 of a pentanomial. */
static gboolean take_field (TamgaDer *der, int *m, int k[3])
{
    TamgaDerElement field, pentanomial;
    if (!take (der, TAMGA_DER_SEQUENCE, &field) || !take_small (&field.contents, m))
        return FALSE;
    k[1] = k[2] = 0;
    if (tamga_der_peek (&field.contents) == TAMGA_DER_INTEGER)
        return take_small (&field.contents, &k[0]) && tamga_der_at_end (&field.contents);
    if (!take (&field.contents, TAMGA_DER_SEQUENCE, &pentanomial))
        return FALSE;
    for (guint i = 0; i < 3; i++) {
        if (!take_small (&pentanomial.contents, &k[i]))
            return FALSE;
    }
    return tamga_der_at_end (&pentanomial.contents) && tamga_der_at_end (&field.contents);
}

/* ECBinary: field, a, b, n and the base point; octets in the order of the kind. */
static const TamgaDstuDomain *take_curve (TamgaDer *der, const TamgaNationalKind *kind)
{
    TamgaDerElement curve, b, base;
    int m, k[3], a;
    if (!take (der, TAMGA_DER_SEQUENCE, &curve))
        return NULL;
    TamgaDer *inside = &curve.contents;
    if (!take_field (inside, &m, k) || !take_small (inside, &a) ||
        !take (inside, TAMGA_DER_OCTET_STRING, &b))
        return NULL;
    g_autoptr (GBytes) n = take_unsigned (inside);
    if (!n || !take (inside, TAMGA_DER_OCTET_STRING, &base) || !tamga_der_at_end (inside))
        return NULL;
    g_autoptr (GBytes) little_base = ordered (kind, base.contents.data, base.contents.left);
    g_autoptr (GBytes) little_b = ordered (kind, b.contents.data, b.contents.left);
    const TamgaNationalKind reversed = {.big_endian = TRUE};
    gsize size;
    const guint8 *data = g_bytes_get_data (little_b, &size);
    while (size > 0 && data[size - 1] == 0)
        size--;
    g_autoptr (GBytes) big_b = ordered (&reversed, data, size);
    return tamga_dstu_domain_by_values (m, k, a, big_b, n, little_base);
}

/* DSTU4145Params: a named or an explicit curve, and the S-box of the hash, which is DKE-1 when it
 * is left out and must be DKE-1 when it is not. */
static gboolean take_dstu (TamgaDer *der, TamgaNationalKey *key)
{
    TamgaDerElement parameters, sbox;
    if (!take (der, TAMGA_DER_SEQUENCE, &parameters))
        return FALSE;
    TamgaDer *inside = &parameters.contents;
    if (tamga_der_peek (inside) == TAMGA_DER_OID) {
        TamgaDerElement oid;
        g_autofree char *text =
            take (inside, TAMGA_DER_OID, &oid) ? tamga_der_oid_text (&oid) : NULL;
        key->domain = text ? tamga_dstu_domain_by_oid (text) : NULL;
    } else {
        key->domain = take_curve (inside, key->kind);
    }
    if (!key->domain || tamga_der_at_end (inside))
        return key->domain != NULL;
    return take (inside, TAMGA_DER_OCTET_STRING, &sbox) && tamga_der_at_end (inside) &&
           sbox.contents.left == TAMGA_GOST28147_PACKED_SIZE &&
           memcmp (sbox.contents.data, tamga_gost28147_dke1, TAMGA_GOST28147_PACKED_SIZE) == 0;
}

static gboolean take_gost (TamgaDer *der, const TamgaNationalKind *kind)
{
    TamgaDerElement parameters;
    return take (der, TAMGA_DER_SEQUENCE, &parameters) &&
           take_oid (&parameters.contents, kind->curve_oid) &&
           take_oid (&parameters.contents, kind->digest_oid) &&
           tamga_der_at_end (&parameters.contents);
}

static gboolean is_name (const TamgaNationalKind *kind, const char *oid)
{
    g_auto (GStrv) names = g_strsplit (kind->names, ":", -1);
    return g_strv_contains ((const char *const *)names, oid);
}

static TamgaNationalKey *take_algorithm (TamgaDer *der, const TamgaNationalKind *kind)
{
    TamgaDerElement algorithm, oid;
    if (!take (der, TAMGA_DER_SEQUENCE, &algorithm) ||
        !take (&algorithm.contents, TAMGA_DER_OID, &oid))
        return NULL;
    g_autofree char *text = tamga_der_oid_text (&oid);
    g_autoptr (TamgaNationalKey) key = tamga_national_key_new (kind);
    gboolean fits = text && is_name (kind, text) &&
                    (kind->curve ? take_gost (&algorithm.contents, kind)
                                 : take_dstu (&algorithm.contents, key));
    return fits && tamga_der_at_end (&algorithm.contents) ? g_steal_pointer (&key) : NULL;
}

/* The whole of `size` octets as one SEQUENCE. */
static gboolean open_sequence (const guint8 *der, gsize size, TamgaDer *inside)
{
    TamgaDer cursor = {der, size};
    TamgaDerElement sequence;
    if (!take (&cursor, TAMGA_DER_SEQUENCE, &sequence) || !tamga_der_at_end (&cursor))
        return FALSE;
    *inside = sequence.contents;
    return TRUE;
}

TamgaNationalKey *tamga_national_key_from_spki (const TamgaNationalKind *kind, const guint8 *der,
                                                gsize size)
{
    TamgaDer inside;
    TamgaDerElement bits, octets;
    if (!open_sequence (der, size, &inside))
        return NULL;
    g_autoptr (TamgaNationalKey) key = take_algorithm (&inside, kind);
    if (!key || !take (&inside, TAMGA_DER_BIT_STRING, &bits) || !tamga_der_at_end (&inside) ||
        bits.contents.left == 0 || bits.contents.data[0] != 0)
        return NULL;
    bits.contents.data++;
    bits.contents.left--;
    if (!take (&bits.contents, TAMGA_DER_OCTET_STRING, &octets) ||
        !tamga_der_at_end (&bits.contents))
        return NULL;
    g_autoptr (GBytes) point = ordered (kind, octets.contents.data, octets.contents.left);
    gsize length;
    const guint8 *data = g_bytes_get_data (point, &length);
    return tamga_national_key_set_public (key, data, length) ? g_steal_pointer (&key) : NULL;
}

/* A private number in any of the shapes that are met, as little-endian octets in `scalar`: octets
 * of the kind's order within an OCTET STRING or bare, or an INTEGER. Zeros beyond the size are
 * left out. */
static gboolean read_scalar (const TamgaNationalKey *key, TamgaDer contents, guint8 *scalar)
{
    gsize size = tamga_national_private_size (key);
    gboolean big_endian = key->kind->big_endian;
    TamgaDer inside = contents;
    TamgaDerElement element;
    if (contents.left != size && tamga_der_next (&inside, &element) && !element.indefinite &&
        tamga_der_at_end (&inside) &&
        (element.tag == TAMGA_DER_OCTET_STRING || element.tag == TAMGA_DER_INTEGER)) {
        contents = element.contents;
        big_endian = big_endian || element.tag == TAMGA_DER_INTEGER;
        if (element.tag == TAMGA_DER_INTEGER && contents.left > 0 && contents.data[0] >= 0x80)
            return FALSE;
    }
    memset (scalar, 0, size);
    for (gsize i = 0; i < contents.left; i++) {
        guint8 octet = contents.data[big_endian ? contents.left - 1 - i : i];
        if (i < size)
            scalar[i] = octet;
        else if (octet != 0)
            return FALSE;
    }
    return TRUE;
}

TamgaNationalKey *tamga_national_key_from_pkcs8 (const TamgaNationalKind *kind, const guint8 *der,
                                                 gsize size)
{
    TamgaDer inside;
    TamgaDerElement octets, attributes;
    int version;
    if (!open_sequence (der, size, &inside) || !take_small (&inside, &version) || version != 0)
        return NULL;
    g_autoptr (TamgaNationalKey) key = take_algorithm (&inside, kind);
    if (!key || !take (&inside, TAMGA_DER_OCTET_STRING, &octets))
        return NULL;
    if (tamga_der_peek (&inside) == TAMGA_DER_CONTEXT_CONSTRUCTED &&
        !take (&inside, TAMGA_DER_CONTEXT_CONSTRUCTED, &attributes))
        return NULL;
    guint8 scalar[TAMGA_NATIONAL_MAX_PRIVATE];
    gboolean good = tamga_der_at_end (&inside) && read_scalar (key, octets.contents, scalar) &&
                    tamga_national_key_set_private (key, scalar, tamga_national_private_size (key));
    OPENSSL_cleanse (scalar, sizeof scalar);
    return good ? g_steal_pointer (&key) : NULL;
}

static GBytes *algorithm_bytes (const TamgaNationalKey *key)
{
    const TamgaNationalKind *kind = key->kind;
    g_autoptr (GBytes) oid = tamga_der_oid (kind->key_oid);
    g_autoptr (GBytes) curve = tamga_der_oid (
        kind->curve ? kind->curve_oid : tamga_dstu_domain_parameters (key->domain)->oid);
    g_autoptr (GBytes) rest = kind->curve
                                  ? tamga_der_oid (kind->digest_oid)
                                  : tamga_der_tlv (TAMGA_DER_OCTET_STRING, tamga_gost28147_dke1,
                                                   TAMGA_GOST28147_PACKED_SIZE);
    g_autoptr (GBytes) parameters = tamga_der_join (TAMGA_DER_SEQUENCE, curve, rest, TAMGA_DER_END);
    return tamga_der_join (TAMGA_DER_SEQUENCE, oid, parameters, TAMGA_DER_END);
}

GBytes *tamga_national_key_to_spki (const TamgaNationalKey *key)
{
    static const guint8 no_unused_bits = 0;
    g_autoptr (GBytes) algorithm = algorithm_bytes (key);
    g_autoptr (GBytes) point = ordered (key->kind, key->public_key, key->public_size);
    g_autoptr (GBytes) octets = tamga_der_wrap (TAMGA_DER_OCTET_STRING, point);
    g_autoptr (GByteArray) bits = g_byte_array_new ();
    g_byte_array_append (bits, &no_unused_bits, 1);
    g_byte_array_append (bits, g_bytes_get_data (octets, NULL), (guint)g_bytes_get_size (octets));
    g_autoptr (GBytes) string = tamga_der_tlv (TAMGA_DER_BIT_STRING, bits->data, bits->len);
    return tamga_der_join (TAMGA_DER_SEQUENCE, algorithm, string, TAMGA_DER_END);
}

/* The octets of a private key as its kind writes them. */
static GBytes *scalar_bytes (const TamgaNationalKey *key)
{
    if (!key->kind->curve)
        return ordered (key->kind, key->private_key, key->private_size);
    if (!key->kind->integer)
        return tamga_der_tlv (TAMGA_DER_OCTET_STRING, key->private_key, key->private_size);
    guint8 number[TAMGA_NATIONAL_MAX_PRIVATE + 1];
    gsize size = key->private_size;
    number[0] = 0;
    for (gsize i = 0; i < size; i++)
        number[1 + i] = key->private_key[size - 1 - i];
    gsize skip = 0;
    while (number[skip] == 0 && number[skip + 1] < 0x80)
        skip++; /* ends, because a private number is not zero */
    GBytes *bytes = tamga_der_tlv (TAMGA_DER_INTEGER, number + skip, size + 1 - skip);
    OPENSSL_cleanse (number, sizeof number);
    return bytes;
}

GBytes *tamga_national_key_to_pkcs8 (const TamgaNationalKey *key)
{
    g_autoptr (GBytes) version = tamga_der_integer (0);
    g_autoptr (GBytes) algorithm = algorithm_bytes (key);
    GBytes *scalar = scalar_bytes (key);
    GBytes *octets = tamga_der_wrap (TAMGA_DER_OCTET_STRING, scalar);
    GBytes *info = tamga_der_join (TAMGA_DER_SEQUENCE, version, algorithm, octets, TAMGA_DER_END);
    tamga_national_secret_free (scalar);
    tamga_national_secret_free (octets);
    return info;
}

void tamga_national_secret_free (GBytes *secret)
{
    gsize size;
    gconstpointer data = g_bytes_get_data (secret, &size);
    OPENSSL_cleanse ((gpointer)data, size);
    g_bytes_unref (secret);
}
