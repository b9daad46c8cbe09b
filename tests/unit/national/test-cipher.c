/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cipher of Ukrainian key files as OpenSSL sees it: against Bouncy Castle, in pieces of every
 * size, and with parameters that are not the ones of the standard. */
#include <openssl/core_names.h>
#include <string.h>

#include "formats/algorithm.h"
#include "formats/national/gost28147.h"
#include "formats/ossl.h"
#include "tests/unit/national/peer.h"

#define OID "1.2.804.2.1.1.1.1.1.1.3"
#define LONGEST 41

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER, EVP_CIPHER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static guint8 key[TAMGA_GOST28147_KEY_SIZE], iv[TAMGA_GOST28147_BLOCK_SIZE], text[LONGEST];

static EVP_CIPHER_CTX *start (gboolean encrypt, const guint8 *with_key, const guint8 *with_iv)
{
    g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (NULL, OID, NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();

    g_assert_nonnull (cipher);
    g_assert_cmpint (EVP_CipherInit_ex2 (context, cipher, with_key, with_iv, encrypt, NULL), ==, 1);
    return context;
}

/* In pieces of `piece` octets, the last one shorter. */
static void run (EVP_CIPHER_CTX *context, const guint8 *in, guint8 *out, gsize size, gsize piece)
{
    int done = 0;

    for (gsize at = 0; at < size; at += piece) {
        gsize n = MIN (piece, size - at);
        g_assert_cmpint (EVP_CipherUpdate (context, out + at, &done, in + at, (int)n), ==, 1);
        g_assert_cmpint (done, ==, (int)n);
    }
    g_assert_cmpint (EVP_CipherFinal_ex (context, out + size, &done), ==, 1);
    g_assert_cmpint (done, ==, 0);
}

static void as_bouncy_castle (void)
{
    g_auto (Peer) peer;
    g_autofree char *hex_key = octets_hex (key, sizeof key), *hex_iv = octets_hex (iv, sizeof iv);

    peer_init (&peer);
    for (gsize size = 1; size <= LONGEST; size++) {
        g_autofree char *hex = octets_hex (text, size);
        peer_ask (&peer, "cfb %s %s %s", hex_key, hex_iv, hex);
    }
    if (!peer_run (&peer))
        return;
    for (gsize size = 1; size <= LONGEST; size++) {
        g_autoptr (EVP_CIPHER_CTX) context = start (TRUE, key, iv);
        guint8 out[LONGEST];
        run (context, text, out, size, size);
        g_autofree char *hex = octets_hex (out, size);
        g_assert_cmpstr (hex, ==, peer.answers[size - 1]);
    }
}

static void pieces_and_back (void)
{
    g_autoptr (EVP_CIPHER_CTX) whole = start (TRUE, key, iv);
    guint8 expected[LONGEST];

    run (whole, text, expected, LONGEST, LONGEST);
    for (gsize piece = 1; piece <= LONGEST; piece++) {
        guint8 out[LONGEST], back[LONGEST];
        g_autoptr (EVP_CIPHER_CTX) there = start (TRUE, key, iv);
        run (there, text, out, LONGEST, piece);
        g_assert_cmpmem (out, LONGEST, expected, LONGEST);
        g_autoptr (EVP_CIPHER_CTX) again = start (FALSE, key, iv);
        run (again, out, back, LONGEST, piece);
        g_assert_cmpmem (back, LONGEST, text, LONGEST);
        /* in place, by the same context begun anew */
        g_assert_cmpint (EVP_CipherInit_ex2 (again, NULL, NULL, iv, 0, NULL), ==, 1);
        run (again, out, out, LONGEST, piece);
        g_assert_cmpmem (out, LONGEST, text, LONGEST);
    }
}

static void copied_context (void)
{
    g_autoptr (EVP_CIPHER_CTX) one = start (TRUE, key, iv);
    g_autoptr (EVP_CIPHER_CTX) two = EVP_CIPHER_CTX_new ();
    guint8 a[LONGEST], b[LONGEST];
    int done;

    g_assert_cmpint (EVP_CipherUpdate (one, a, &done, text, 5), ==, 1);
    g_assert_cmpint (EVP_CIPHER_CTX_copy (two, one), ==, 1);
    run (one, text, a, LONGEST, 3);
    run (two, text, b, LONGEST, 11);
    g_assert_cmpmem (a, LONGEST, b, LONGEST);
}

static void facts (void)
{
    g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (NULL, OID, NULL);

    g_assert_cmpint (EVP_CIPHER_get_key_length (cipher), ==, 32);
    g_assert_cmpint (EVP_CIPHER_get_iv_length (cipher), ==, 8);
    g_assert_cmpint (EVP_CIPHER_get_block_size (cipher), ==, 1);
    g_assert_cmpint (EVP_CIPHER_get_mode (cipher), ==, EVP_CIPH_CFB_MODE);
}

/* SEQUENCE { iv, dke } with strings of these lengths; `extra` octets of zero behind them. */
static GByteArray *parameters (gsize iv_size, gsize sbox_size, gsize extra)
{
    GByteArray *der = g_byte_array_new ();
    const guint8 sequence[] = {0x30, (guint8)(2 + iv_size + 2 + sbox_size + extra)};
    const guint8 head[] = {0x04, (guint8)iv_size}, box_head[] = {0x04, (guint8)sbox_size};
    const guint8 zeros[TAMGA_GOST28147_PACKED_SIZE] = {0};

    g_byte_array_append (der, sequence, sizeof sequence);
    g_byte_array_append (der, head, sizeof head);
    g_byte_array_append (der, iv, (guint)MIN (iv_size, sizeof iv));
    if (iv_size > sizeof iv)
        g_byte_array_append (der, zeros, (guint)(iv_size - sizeof iv));
    g_byte_array_append (der, box_head, sizeof box_head);
    g_byte_array_append (der, tamga_gost28147_dke1, (guint)sbox_size);
    g_byte_array_append (der, zeros, (guint)extra);
    return der;
}

static gboolean takes (EVP_CIPHER_CTX *context, const guint8 *der, gsize size)
{
    const OSSL_PARAM given[] = {
        OSSL_PARAM_construct_octet_string (OSSL_CIPHER_PARAM_ALGORITHM_ID_PARAMS, (void *)der,
                                           size),
        OSSL_PARAM_construct_end (),
    };
    return EVP_CIPHER_CTX_set_params (context, given) == 1;
}

/* The parameters of the AlgorithmIdentifier are read, are written again as they were, and make the
 * same cipher as the values alone. */
static void identifier (void)
{
    g_autoptr (EVP_CIPHER_CTX) direct = start (TRUE, key, iv);
    g_autoptr (EVP_CIPHER_CTX) context = start (TRUE, NULL, NULL);
    g_autoptr (GByteArray) der = parameters (8, 64, 0);
    const guint8 *next = der->data;
    g_autoptr (ASN1_TYPE) type = d2i_ASN1_TYPE (NULL, &next, der->len);
    g_autoptr (ASN1_TYPE) written = ASN1_TYPE_new ();
    guint8 a[LONGEST], b[LONGEST];

    g_assert_nonnull (type);
    g_assert_cmpint (EVP_CIPHER_asn1_to_param (context, type), >, 0);
    g_assert_cmpint (EVP_CipherInit_ex2 (context, NULL, key, NULL, 1, NULL), ==, 1);
    run (direct, text, a, LONGEST, LONGEST);
    run (context, text, b, LONGEST, LONGEST);
    g_assert_cmpmem (a, LONGEST, b, LONGEST);
    g_assert_cmpint (EVP_CIPHER_param_to_asn1 (context, written), >, 0);
    g_assert_cmpint (ASN1_TYPE_cmp (type, written), ==, 0);
}

/* Another S-box than DKE-1 is another cipher. */
static void other_substitution (void)
{
    g_autoptr (EVP_CIPHER_CTX) direct = start (TRUE, key, iv);
    g_autoptr (EVP_CIPHER_CTX) context = start (TRUE, key, iv);
    g_autoptr (GByteArray) der = parameters (8, 64, 0);
    guint8 a[LONGEST], b[LONGEST];

    der->data[der->len - 1] ^= 0x33;
    g_assert_true (takes (context, der->data, der->len));
    run (direct, text, a, LONGEST, LONGEST);
    run (context, text, b, LONGEST, LONGEST);
    g_assert_cmpint (memcmp (a, b, LONGEST), !=, 0);
}

static void bad_parameters (void)
{
    static const struct {
        gsize iv_size, sbox_size, extra;
    } rows[] = {{7, 64, 0}, {9, 64, 0}, {0, 64, 0}, {8, 63, 0}, {8, 0, 0}, {8, 64, 2}};
    g_autoptr (GByteArray) good = parameters (8, 64, 0);

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (EVP_CIPHER_CTX) context = start (FALSE, key, NULL);
        g_autoptr (GByteArray) der = parameters (rows[i].iv_size, rows[i].sbox_size, rows[i].extra);
        g_assert_false (takes (context, der->data, der->len));
    }
    for (gsize size = 0; size < good->len; size++) { /* cut short anywhere */
        g_autoptr (EVP_CIPHER_CTX) context = start (FALSE, key, NULL);
        g_assert_false (takes (context, good->data, size));
    }
    g_autoptr (EVP_CIPHER_CTX) context = start (FALSE, key, NULL);
    const guint8 null[] = {0x05, 0x00};
    g_assert_false (takes (context, null, sizeof null));
    g_assert_true (takes (context, good->data, good->len));
}

static void needs_key_and_iv (void)
{
    g_autoptr (EVP_CIPHER_CTX) without_key = start (TRUE, NULL, iv);
    g_autoptr (EVP_CIPHER_CTX) without_iv = start (TRUE, key, NULL);
    guint8 out[LONGEST];
    int done;

    g_assert_cmpint (EVP_CipherUpdate (without_key, out, &done, text, 8), ==, 0);
    g_assert_cmpint (EVP_CipherUpdate (without_iv, out, &done, text, 8), ==, 0);
    g_assert_cmpint (EVP_CipherFinal_ex (without_iv, out, &done), ==, 0);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    octets_fill (28147, key, sizeof key);
    octets_fill (2009, iv, sizeof iv);
    octets_fill (1989, text, sizeof text);
    g_test_add_func ("/national/cipher/as_bouncy_castle", as_bouncy_castle);
    g_test_add_func ("/national/cipher/pieces_and_back", pieces_and_back);
    g_test_add_func ("/national/cipher/copied_context", copied_context);
    g_test_add_func ("/national/cipher/facts", facts);
    g_test_add_func ("/national/cipher/identifier", identifier);
    g_test_add_func ("/national/cipher/other_substitution", other_substitution);
    g_test_add_func ("/national/cipher/bad_parameters", bad_parameters);
    g_test_add_func ("/national/cipher/needs_key_and_iv", needs_key_and_iv);
    return g_test_run ();
}
