/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST 28147 and GOST 34.311 with the S-box DKE-1: a published value, all ways to cut a message,
 * a control sum that overflows, and Bouncy Castle. */
#include <string.h>

#include "formats/national/gost28147.h"
#include "tests/unit/national/peer.h"

#define MESSAGES 200
#define FOX "The quick brown fox jumps over the lazy dog"

static char *gost34311 (const guint8 *data, gsize size)
{
    TamgaGost34311 context;
    guint8 digest[TAMGA_GOST34311_SIZE];

    tamga_gost34311_init (&context);
    tamga_gost34311_update (&context, data, size);
    tamga_gost34311_final (&context, digest);
    return octets_hex (digest, sizeof digest);
}

static void test_fox (void)
{
    g_autofree char *hex = gost34311 ((const guint8 *)FOX, strlen (FOX));

    g_assert_cmpstr (hex, ==, "0f1355130b4a820a1e4e3f6474f6bdecc718a4a73345595edc1c1809832b2333");
}

/* The certificates carry the S-box that is compiled in. */
static void test_substitution (void)
{
    g_autoptr (GBytes) file =
        shared_file ("vectors/ua-dstu/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer");

    if (file != NULL)
        g_assert_nonnull (memmem (g_bytes_get_data (file, NULL), g_bytes_get_size (file),
                                  tamga_gost28147_dke1, sizeof tamga_gost28147_dke1));
}

static void test_pieces (void)
{
    guint8 data[200], digest[TAMGA_GOST34311_SIZE];
    g_autofree char *whole = NULL;

    octets_fill (1, data, sizeof data);
    whole = gost34311 (data, sizeof data);
    for (gsize piece = 1; piece <= sizeof data; piece++) {
        g_autofree char *first = NULL, *second = NULL;
        TamgaGost34311 context, copy;
        tamga_gost34311_init (&context);
        for (gsize done = 0; done < sizeof data; done += piece) {
            tamga_gost34311_update (&context, data + done, MIN (piece, sizeof data - done));
            tamga_gost34311_update (&context, NULL, 0);
        }
        copy = context;
        tamga_gost34311_update (&context, "x", 1);
        tamga_gost34311_final (&context, digest);
        first = octets_hex (digest, sizeof digest);
        g_assert_cmpstr (first, !=, whole);
        tamga_gost34311_final (&copy, digest);
        second = octets_hex (digest, sizeof digest);
        g_assert_cmpstr (second, ==, whole);
    }
}

/* Message number i: the last ones are octets of ones, whose sum overflows 256 bits. */
static gsize message (guint i, guint8 *data)
{
    gsize size = 2 * i;

    octets_fill (i, data, size);
    if (i > MESSAGES - 20)
        memset (data, 0xff, size);
    return size;
}

static void test_peer (void)
{
    g_auto (Peer) peer;
    guint8 data[2 * MESSAGES];

    peer_init (&peer);
    for (guint i = 0; i < MESSAGES; i++) {
        gsize size = message (i, data);
        g_autofree char *hex = octets_hex (data, size);
        peer_ask (&peer, "hash gost34311 %s", hex);
    }
    if (!peer_run (&peer))
        return;
    for (guint i = 0; i < MESSAGES; i++) {
        gsize size = message (i, data);
        g_autofree char *hex = gost34311 (data, size);
        g_assert_cmpstr (hex, ==, peer.answers[i]);
    }
}

typedef struct {
    guint8 key[TAMGA_GOST28147_KEY_SIZE], iv[TAMGA_GOST28147_BLOCK_SIZE];
    guint8 data[MESSAGES];
} CipherCase;

static void check_blocks (const TamgaGost28147 *cipher, CipherCase *given, const char *expected)
{
    guint8 out[sizeof given->data];
    g_autofree char *hex = NULL;

    for (gsize i = 0; i < sizeof out; i += TAMGA_GOST28147_BLOCK_SIZE)
        tamga_gost28147_encrypt_block (cipher, given->data + i, out + i);
    hex = octets_hex (out, sizeof out);
    g_assert_cmpstr (hex, ==, expected);
    for (gsize i = 0; i < sizeof out; i += TAMGA_GOST28147_BLOCK_SIZE)
        tamga_gost28147_decrypt_block (cipher, out + i, out + i);
    g_assert_cmpmem (out, sizeof out, given->data, sizeof given->data);
}

/* Of any length, in place, and in two calls that are cut between blocks. */
static void check_feedback (const TamgaGost28147 *cipher, CipherCase *given, gsize size,
                            const char *expected)
{
    guint8 out[sizeof given->data], iv[TAMGA_GOST28147_BLOCK_SIZE];
    gsize cut = size / 2 / TAMGA_GOST28147_BLOCK_SIZE * TAMGA_GOST28147_BLOCK_SIZE;
    g_autofree char *hex = NULL;

    memcpy (iv, given->iv, sizeof iv);
    tamga_gost28147_cfb (cipher, iv, TRUE, given->data, out, cut);
    tamga_gost28147_cfb (cipher, iv, TRUE, given->data + cut, out + cut, size - cut);
    hex = octets_hex (out, size);
    g_assert_cmpstr (hex, ==, expected);
    memcpy (iv, given->iv, sizeof iv);
    tamga_gost28147_cfb (cipher, iv, FALSE, out, out, size);
    g_assert_cmpmem (out, size, given->data, size);
}

static void test_cipher (void)
{
    g_auto (Peer) peer;
    CipherCase given;

    peer_init (&peer);
    for (guint i = 0; i < MESSAGES; i++) {
        g_autofree char *key = NULL, *iv = NULL, *data = NULL, *part = NULL;
        octets_fill (i, (guint8 *)&given, sizeof given);
        key = octets_hex (given.key, sizeof given.key);
        iv = octets_hex (given.iv, sizeof given.iv);
        data = octets_hex (given.data, sizeof given.data);
        part = octets_hex (given.data, i);
        peer_ask (&peer, "encrypt %s %s", key, data);
        peer_ask (&peer, "cfb %s %s %s", key, iv, part);
    }
    if (!peer_run (&peer))
        return;
    for (guint i = 0; i < MESSAGES; i++) {
        TamgaGost28147 cipher;
        octets_fill (i, (guint8 *)&given, sizeof given);
        tamga_gost28147_init (&cipher, tamga_gost28147_dke1, given.key);
        check_blocks (&cipher, &given, peer.answers[2 * i]);
        check_feedback (&cipher, &given, i, i == 0 ? "-" : peer.answers[2 * i + 1]);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/national/gost34311/fox", test_fox);
    g_test_add_func ("/national/gost34311/substitution", test_substitution);
    g_test_add_func ("/national/gost34311/pieces", test_pieces);
    g_test_add_func ("/national/gost34311/bouncy-castle", test_peer);
    g_test_add_func ("/national/gost28147/bouncy-castle", test_cipher);
    return g_test_run ();
}
