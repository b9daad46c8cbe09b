/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST R 34.10-2012 and the Kazakh digests with Bouncy Castle: the numbers of the curves, and each
 * reads what the other signed. The digests also against the examples of their standards. */
#include <string.h>

#include "formats/national/gost3410_internal.h"
#include "formats/national/national.h"
#include "formats/ossl.h"
#include "tests/unit/national/peer.h"

#define SIZE TAMGA_GOST_MAX_SIZE
#define SIGNATURES 220 /* of each curve, in each direction */
#define ALTERED(i) ((i) % 11 == 10)

/* The curves, and the Russian names that Bouncy Castle knows them by. */
static const struct {
    const TamgaGostCurve *curve;
    const char *oid;
} curves[] = {{&tamga_gost_512_a, "1.2.643.7.1.2.1.2.1"},
              {&tamga_gost_256_a, "1.2.643.7.1.2.1.1.1"},
              {&tamga_gost_cryptopro_a, "1.2.643.2.2.35.1"}};

static const struct {
    const char *name, *peer;
} digests[] = {{"KZ-STREEBOG-256", "streebog-256"},
               {"KZ-STREEBOG-512", "streebog-512"},
               {"KZ-GOST-34311", "gost34311-test"}};

static char *digest_hex (const char *name, gconstpointer data, gsize size)
{
    g_autoptr (EVP_MD) md = EVP_MD_fetch (NULL, name, NULL);
    guint8 digest[EVP_MAX_MD_SIZE];
    guint digest_size = 0;
    g_assert_nonnull (md);
    g_assert_cmpint (EVP_Digest (data, size, digest, &digest_size, md, NULL), ==, 1);
    return octets_hex (digest, digest_size);
}

static void test_curves (void)
{
    g_auto (Peer) peer;
    peer_init (&peer);
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++)
        peer_ask (&peer, "gost-curve %s", curves[i].oid);
    if (!peer_run (&peer))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        const TamgaGostParameters *row = tamga_gost_domain (curves[i].curve)->parameters;
        const char *const ours[] = {row->p, row->a, row->b, row->q, row->x, row->y};
        g_auto (GStrv) theirs = g_strsplit (peer.answers[i], " ", -1);
        g_assert_cmpuint (g_strv_length (theirs), ==, G_N_ELEMENTS (ours) + 1);
        for (gsize j = 0; j < G_N_ELEMENTS (ours); j++) {
            g_autoptr (BIGNUM) our = NULL, their = NULL;
            g_assert_true (BN_hex2bn (&our, ours[j]) > 0 && BN_hex2bn (&their, theirs[j]) > 0);
            g_assert_cmpint (BN_cmp (our, their), ==, 0);
        }
        g_assert_cmpuint (g_ascii_strtoull (theirs[6], NULL, 16), ==, row->cofactor);
    }
}

/* 200 of each curve; and 20 of which the peer must see that they are altered. */
static void test_ours (void)
{
    g_auto (Peer) peer;
    peer_init (&peer);
    for (guint32 i = 0; i < G_N_ELEMENTS (curves) * SIGNATURES; i++) {
        const TamgaGostCurve *curve = curves[i / SIGNATURES].curve;
        guint8 scalar[SIZE], point[2 * SIZE], digest[SIZE], signature[2 * SIZE];
        octets_fill (i, digest, curve->size);
        g_assert_true (tamga_gost_generate (curve, scalar));
        g_assert_true (tamga_gost_public (curve, scalar, point));
        g_assert_true (tamga_gost_sign (curve, scalar, digest, signature));
        digest[i % curve->size] ^= ALTERED (i);
        g_autofree char *key = octets_hex (point, 2 * curve->size);
        g_autofree char *text = octets_hex (digest, curve->size);
        g_autofree char *value = octets_hex (signature, 2 * curve->size);
        peer_ask (&peer, "gost-verify %s %s %s %s", curves[i / SIGNATURES].oid, key, text, value);
    }
    if (!peer_run (&peer))
        return;
    for (guint32 i = 0; i < G_N_ELEMENTS (curves) * SIGNATURES; i++)
        g_assert_cmpstr (peer.answers[i], ==, ALTERED (i) ? "bad" : "good");
}

static void check_theirs (const TamgaGostCurve *curve, const guint8 *scalar, const guint8 *digest,
                          const char *answer)
{
    guint8 point[2 * SIZE];
    g_auto (GStrv) words = g_strsplit (answer, " ", -1);
    g_assert_cmpuint (g_strv_length (words), ==, 2);
    g_autoptr (GBytes) signature = vectors_octets (words[0]);
    g_assert_cmpuint (g_bytes_get_size (signature), ==, 2 * curve->size);
    g_assert_true (tamga_gost_public (curve, scalar, point));
    g_autofree char *key = octets_hex (point, 2 * curve->size);
    g_assert_cmpstr (key, ==, words[1]);
    g_assert_true (tamga_gost_verify (curve, point, digest, g_bytes_get_data (signature, NULL)));
}

static void test_theirs (void)
{
    static guint8 scalars[G_N_ELEMENTS (curves) * SIGNATURES][SIZE];
    static guint8 digests_signed[G_N_ELEMENTS (curves) * SIGNATURES][SIZE];
    g_auto (Peer) peer;
    peer_init (&peer);
    for (guint32 i = 0; i < G_N_ELEMENTS (scalars); i++) {
        gsize size = curves[i / SIGNATURES].curve->size;
        octets_fill (i, digests_signed[i], size);
        g_assert_true (tamga_gost_generate (curves[i / SIGNATURES].curve, scalars[i]));
        g_autofree char *scalar = octets_hex (scalars[i], size);
        g_autofree char *digest = octets_hex (digests_signed[i], size);
        peer_ask (&peer, "gost-sign %s %s %s", curves[i / SIGNATURES].oid, scalar, digest);
    }
    if (!peer_run (&peer))
        return;
    for (guint32 i = 0; i < G_N_ELEMENTS (scalars); i++)
        check_theirs (curves[i / SIGNATURES].curve, scalars[i], digests_signed[i], peer.answers[i]);
}

/* All lengths around the blocks of 32 and 64 octets, and a longer one. */
static void test_digests (void)
{
    static guint8 data[5000];
    static const gsize sizes[] = {0,  1,  31, 32,  33,  62,  63,  64,  65,
                                  95, 96, 97, 127, 128, 129, 191, 192, sizeof data};
    g_auto (Peer) peer;
    guint answer = 0;
    octets_fill (1, data, sizeof data);
    memset (data, 0xff, 64); /* carries through the whole checksum */
    peer_init (&peer);
    for (gsize i = 0; i < G_N_ELEMENTS (digests); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS (sizes); j++) {
            g_autofree char *text = octets_hex (data, sizes[j]);
            peer_ask (&peer, "hash %s %s", digests[i].peer, text);
        }
    }
    if (!peer_run (&peer))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (digests); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS (sizes); j++) {
            g_autofree char *digest = digest_hex (digests[i].name, data, sizes[j]);
            g_assert_cmpstr (digest, ==, peer.answers[answer++]);
        }
    }
}

/* RFC 6986 10.1 and 10.2, which print octets in the opposite order; RFC 5831 7.3. */
static void test_published (void)
{
    static const char first[] = "012345678901234567890123456789012345678901234567890123456789012";
    static const char second[] =
        "\xD1\xE5 \xE2\xE5\xF2\xF0\xE8, \xD1\xF2\xF0\xE8\xE1\xEE\xE6\xE8 "
        "\xE2\xED\xF3\xF6\xE8, \xE2\xE5\xFE\xF2\xFA \xF1 \xEC\xEE\xF0\xFF "
        "\xF1\xF2\xF0\xE5\xEB\xE0\xEC\xE8 \xED\xE0 \xF5\xF0\xE0\xE1\xF0\xFB\xFF "
        "\xEF\xEB\xFA\xEA\xFB \xC8\xE3\xEE\xF0\xE5\xE2\xFB";
    static const struct {
        const char *digest, *message, *expected;
    } examples[] = {
        {"KZ-STREEBOG-512", first,
         "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa"
         "00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48"},
        {"KZ-STREEBOG-256", first,
         "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500"},
        {"KZ-STREEBOG-512", second,
         "1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376"
         "035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28"},
        {"KZ-STREEBOG-256", second,
         "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50"},
        {"KZ-GOST-34311", "This is message, length=32 bytes",
         "b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa"},
        {"KZ-GOST-34311", "Suppose the original message has length = 50 bytes",
         "471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208"},
        {"KZ-GOST-34311", "", "ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (examples); i++) {
        g_autofree char *digest =
            digest_hex (examples[i].digest, examples[i].message, strlen (examples[i].message));
        g_assert_cmpstr (digest, ==, examples[i].expected);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_assert_true (tamga_national_load ());
    g_test_add_func ("/national/gost3410-peer/curves", test_curves);
    g_test_add_func ("/national/gost3410-peer/ours", test_ours);
    g_test_add_func ("/national/gost3410-peer/theirs", test_theirs);
    g_test_add_func ("/national/gost3410-peer/digests", test_digests);
    g_test_add_func ("/national/gost3410-peer/published", test_published);
    return g_test_run ();
}
