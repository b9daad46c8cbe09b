/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DSTU 4145 with Bouncy Castle: the named curves, and each reads what the other signed. */
#include <string.h>

#include "formats/national/dstu4145.h"
#include "tests/unit/national/peer.h"

#define SIZE 64 /* octets of the longest number of a named curve */

/* Which curve the signature number i is on: 200 of each curve in use, one of each other. */
#define MANY 200
#define SIGNATURES (2 * MANY + 8)

static const TamgaDstuDomain *domain_of (guint i)
{
    static const guint others[] = {0, 1, 2, 3, 4, 5, 7, 8};
    guint number = i < MANY ? 6 : i < 2 * MANY ? 9 : others[i - 2 * MANY];

    return tamga_dstu_domain_by_oid (tamga_dstu_named[number].oid);
}

static guint number_of (const TamgaDstuDomain *domain)
{
    return (guint)(tamga_dstu_domain_parameters (domain) - tamga_dstu_named);
}

/* Digests of 32, 48 and 64 octets: shorter than the field, and longer. */
static gsize digest_of (guint i, guint8 *digest)
{
    gsize size = 32 + 16 * (i % 3);

    octets_fill (i, digest, size);
    return size;
}

static void test_named (void)
{
    g_auto (Peer) peer;

    peer_init (&peer);
    for (guint i = 0; i < tamga_dstu_n_named; i++)
        peer_ask (&peer, "curve %u", i);
    if (!peer_run (&peer))
        return;
    for (guint i = 0; i < tamga_dstu_n_named; i++) {
        const TamgaDstuParameters *row = &tamga_dstu_named[i];
        g_autofree char *text =
            g_strdup_printf ("%d %d %d %d %d %s %s %s %s", row->m, row->k[0], row->k[1], row->k[2],
                             row->a, row->b, row->n, row->gx, row->gy);
        g_assert_cmpstr (text, ==, peer.answers[i]);
    }
}

/* What is signed here, with keys made here. */
static void test_ours (void)
{
    g_auto (Peer) peer;

    peer_init (&peer);
    for (guint i = 0; i < SIGNATURES; i++) {
        const TamgaDstuDomain *domain = domain_of (i);
        guint8 scalar[SIZE], point[SIZE], digest[SIZE], signature[2 * SIZE];
        gsize digest_size = digest_of (i, digest), size = tamga_dstu_signature_size (domain);
        g_autofree char *key = NULL, *text = NULL, *value = NULL;

        g_assert_true (tamga_dstu_generate (domain, scalar));
        g_assert_true (tamga_dstu_public (domain, scalar, point));
        g_assert_true (tamga_dstu_sign (domain, scalar, digest, digest_size, signature));
        g_assert_true (tamga_dstu_verify (domain, point, digest, digest_size, signature, size));
        key = octets_hex (point, tamga_dstu_point_size (domain));
        text = octets_hex (digest, digest_size);
        value = octets_hex (signature, size);
        peer_ask (&peer, "verify %u %s %s %s", number_of (domain), key, text, value);
    }
    if (!peer_run (&peer))
        return;
    for (guint i = 0; i < SIGNATURES; i++)
        g_assert_cmpstr (peer.answers[i], ==, "good");
}

static void check_theirs (const TamgaDstuDomain *domain, guint i, const guint8 *scalar,
                          const char *answer)
{
    g_auto (GStrv) words = g_strsplit (answer, " ", 2);
    g_autoptr (GBytes) signature = vectors_octets (words[0]);
    g_autoptr (GBytes) key = vectors_octets (words[1]);
    guint8 digest[SIZE], point[SIZE];
    gsize digest_size = digest_of (i, digest), size = tamga_dstu_point_size (domain);

    g_assert_cmpuint (g_bytes_get_size (signature), ==, tamga_dstu_signature_size (domain));
    g_assert_true (tamga_dstu_public (domain, scalar, point));
    g_assert_cmpmem (point, size, g_bytes_get_data (key, NULL), g_bytes_get_size (key));
    g_assert_true (tamga_dstu_point_valid (domain, point));
    g_assert_true (tamga_dstu_verify (domain, point, digest, digest_size,
                                      g_bytes_get_data (signature, NULL),
                                      g_bytes_get_size (signature)));
    digest[0] ^= 1;
    g_assert_false (tamga_dstu_verify (domain, point, digest, digest_size,
                                       g_bytes_get_data (signature, NULL),
                                       g_bytes_get_size (signature)));
}

static void test_theirs (void)
{
    g_autofree guint8 *scalars = g_malloc0 (SIGNATURES * SIZE);
    g_auto (Peer) peer;

    peer_init (&peer);
    for (guint i = 0; i < SIGNATURES; i++) {
        const TamgaDstuDomain *domain = domain_of (i);
        guint8 digest[SIZE];
        gsize digest_size = digest_of (i, digest);
        g_autofree char *scalar = NULL, *text = octets_hex (digest, digest_size);

        g_assert_true (tamga_dstu_generate (domain, scalars + i * SIZE));
        scalar = octets_hex (scalars + i * SIZE, tamga_dstu_scalar_size (domain));
        peer_ask (&peer, "sign %u %s %s", number_of (domain), scalar, text);
    }
    if (!peer_run (&peer))
        return;
    for (guint i = 0; i < SIGNATURES; i++)
        check_theirs (domain_of (i), i, scalars + i * SIZE, peer.answers[i]);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/national/dstu4145/bouncy-castle/curves", test_named);
    g_test_add_func ("/national/dstu4145/bouncy-castle/reads-ours", test_ours);
    g_test_add_func ("/national/dstu4145/bouncy-castle/signs-for-us", test_theirs);
    return g_test_run ();
}
