/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kupyna: the vectors of the standard, all ways to cut a message, and Bouncy Castle. */
#include <string.h>

#include "formats/national/kupyna.h"
#include "tests/unit/national/peer.h"

#define MESSAGES 200
#define LONGEST 700 /* octets: five long blocks and a part of one */

static void kupyna (gsize size, const guint8 *data, gsize length, guint8 *digest)
{
    TamgaKupyna context;

    tamga_kupyna_init (&context, size);
    tamga_kupyna_update (&context, data, length);
    tamga_kupyna_final (&context, digest);
}

static void test_vectors (void)
{
    json_t *vectors = vectors_load ("vectors/ua-dstu/kupyna-vectors.json");
    size_t i;
    json_t *vector;

    if (vectors == NULL)
        return;
    g_assert_cmpuint (json_array_size (vectors), ==, 13);
    json_array_foreach (vectors, i, vector)
    {
        g_autoptr (GBytes) input = vectors_member (vector, "input");
        g_autoptr (GBytes) expected = vectors_member (vector, "digest");
        gsize size = (gsize)json_integer_value (json_object_get (vector, "bits")) / 8;
        guint8 digest[64];

        kupyna (size, g_bytes_get_data (input, NULL), g_bytes_get_size (input), digest);
        g_assert_cmpmem (digest, size, g_bytes_get_data (expected, NULL),
                         g_bytes_get_size (expected));
    }
    json_decref (vectors);
}

/* However a message comes in pieces, and from a copy of a context that was begun. */
static void test_pieces (void)
{
    static const gsize sizes[] = {32, 48, 64};
    guint8 data[300];

    octets_fill (1, data, sizeof data);
    for (guint kind = 0; kind < G_N_ELEMENTS (sizes); kind++) {
        guint8 whole[64], other[64];
        kupyna (sizes[kind], data, sizeof data, whole);
        for (gsize piece = 1; piece <= sizeof data; piece++) {
            TamgaKupyna context, copy;
            tamga_kupyna_init (&context, sizes[kind]);
            for (gsize done = 0; done < sizeof data; done += piece) {
                tamga_kupyna_update (&context, data + done, MIN (piece, sizeof data - done));
                tamga_kupyna_update (&context, NULL, 0);
            }
            copy = context;
            tamga_kupyna_update (&context, "x", 1);
            tamga_kupyna_final (&context, other);
            g_assert_cmpint (memcmp (whole, other, sizes[kind]), !=, 0);
            tamga_kupyna_final (&copy, other);
            g_assert_cmpmem (whole, sizes[kind], other, sizes[kind]);
        }
    }
}

static void test_peer (void)
{
    g_auto (Peer) peer;
    guint8 data[LONGEST];

    peer_init (&peer);
    for (guint i = 0; i < MESSAGES; i++) {
        gsize size = i * LONGEST / MESSAGES;
        g_autofree char *hex = NULL;
        octets_fill (i, data, size);
        hex = octets_hex (data, size);
        peer_ask (&peer, "hash kupyna-256 %s", hex);
        peer_ask (&peer, "hash kupyna-384 %s", hex);
        peer_ask (&peer, "hash kupyna-512 %s", hex);
    }
    if (!peer_run (&peer))
        return;
    for (guint i = 0; i < MESSAGES; i++)
        for (guint kind = 0; kind < 3; kind++) {
            gsize size = i * LONGEST / MESSAGES, length = 32 + 16 * kind;
            guint8 digest[64];
            g_autofree char *hex = NULL;
            octets_fill (i, data, size);
            kupyna (length, data, size, digest);
            hex = octets_hex (digest, length);
            g_assert_cmpstr (hex, ==, peer.answers[3 * i + kind]);
        }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/national/kupyna/vectors", test_vectors);
    g_test_add_func ("/national/kupyna/pieces", test_pieces);
    g_test_add_func ("/national/kupyna/bouncy-castle", test_peer);
    return g_test_run ();
}
