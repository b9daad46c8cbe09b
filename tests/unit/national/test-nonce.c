/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nonces: in range, all numbers of the range, never the same twice. */
#include "formats/national/nonce.h"
#include "formats/ossl.h"

#define ROUNDS 3000

static const guint8 key[32] = {1}, digest[32] = {2};

/* Of a small order, each number comes about as often as the others. */
static void test_range (void)
{
    static const BN_ULONG orders[] = {2, 3, 7, 8, 9, 257};
    g_autoptr (BIGNUM) order = BN_new (), number = BN_new ();

    for (guint i = 0; i < G_N_ELEMENTS (orders); i++) {
        guint seen[257] = {0}, expected = ROUNDS / (guint)(orders[i] - 1);
        g_autoptr (TamgaNonce) nonce = NULL;
        BN_set_word (order, orders[i]);
        nonce = tamga_nonce_new (order, key, sizeof key, digest, sizeof digest);
        g_assert_nonnull (nonce);
        for (guint j = 0; j < ROUNDS; j++) {
            g_assert_true (tamga_nonce_next (nonce, number));
            g_assert_true (BN_get_flags (number, BN_FLG_CONSTTIME) != 0);
            g_assert_cmpuint (BN_get_word (number), <, orders[i]);
            seen[BN_get_word (number)]++;
        }
        g_assert_cmpuint (seen[0], ==, 0);
        for (BN_ULONG j = 1; j < orders[i] && orders[i] < 10; j++)
            g_assert_cmpuint (seen[j], >, expected * 8 / 10);
    }
}

/* Candidates of one generator, and of generators over the same key and digest. */
static void test_distinct (void)
{
    g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr (BIGNUM) order = BN_new (), number = BN_new ();
    static const int sizes[] = {163, 256, 431, 512};
    int bits = 0;

    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
        BN_zero (order);
        BN_set_bit (order, sizes[i]);
        for (guint j = 0; j < 2 * ROUNDS / 10; j++) {
            g_autoptr (TamgaNonce) nonce =
                tamga_nonce_new (order, key, sizeof key, digest, sizeof digest);
            for (guint k = 0; k < 2; k++) {
                char *text;
                g_assert_true (tamga_nonce_next (nonce, number));
                text = BN_bn2hex (number);
                bits = MAX (bits, BN_num_bits (number));
                g_assert_true (g_hash_table_add (seen, g_strdup (text)));
                OPENSSL_free (text);
            }
        }
        g_assert_cmpint (bits, ==, sizes[i]);
    }
}

static void test_refused (void)
{
    static const guint8 large[1000] = {0};
    g_autoptr (BIGNUM) order = BN_new ();

    BN_set_bit (order, 256);
    g_assert_null (tamga_nonce_new (order, large, sizeof large, digest, sizeof digest));
    g_assert_null (tamga_nonce_new (order, key, sizeof key, large, sizeof large));
    g_assert_null (tamga_nonce_new (order, key, G_MAXSIZE, large, 64));
    BN_set_bit (order, 2048);
    g_assert_null (tamga_nonce_new (order, key, sizeof key, digest, sizeof digest));
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/national/nonce/range", test_range);
    g_test_add_func ("/national/nonce/distinct", test_distinct);
    g_test_add_func ("/national/nonce/refused", test_refused);
    return g_test_run ();
}
