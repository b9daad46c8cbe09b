/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every byte counts: flips, cuts and random damage never give a good signature or a crash. */
#include <string.h>

#include "formats/pdf/file.h"
#include "tests/unit/pdf/sample.h"

static Fixture *fixture;
static Party *signer;

/* The two ranges of the only signature. */
static void ranges_of (GBytes *pdf, gsize *gap, gsize *after)
{
    gsize length;
    const char *data = g_bytes_get_data (pdf, &length);
    const char *range = memmem (data, length, "/ByteRange [0 ", 14);
    unsigned long long first, second;
    g_assert_nonnull (range);
    g_assert_cmpint (sscanf (range + 14, "%llu %llu", &first, &second), ==, 2);
    *gap = first;
    *after = second;
}

/* Flipping any covered byte is never INTACT. */
static void test_flips (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, NULL);
    gsize length, gap, after;
    const guint8 *data = g_bytes_get_data (one, &length);
    ranges_of (one, &gap, &after);
    for (gsize i = 0; i < length; i++) {
        if (i >= gap && i < after)
            continue;
        g_autofree guint8 *copy = g_memdup2 (data, length);
        copy[i] ^= 1;
        g_autoptr (GBytes) flipped = g_bytes_new_take (g_steal_pointer (&copy), length);
        g_autofree char *verdict = sample_verdict (flipped);
        if (strstr (verdict, "INTACT") != NULL)
            g_error ("byte %" G_GSIZE_FORMAT " flipped: %s", i, verdict);
    }
}

/* A cut file is not signed, except where the cut leaves a whole revision; and nothing in it is
 * INTACT. */
static void test_truncation (void)
{
    g_autoptr (GBytes) plain = sample_plain ();
    g_autoptr (GBytes) one = sample_must_sign (fixture, signer, plain, NULL);
    gsize first = g_bytes_get_size (plain), length = g_bytes_get_size (one);
    guint signed_files = 0;
    for (gsize cut = 1; cut < length; cut++) {
        g_autoptr (GBytes) file = g_bytes_new_from_bytes (one, 0, cut);
        g_autofree char *verdict = sample_verdict (file);
        if (strstr (verdict, "INTACT") != NULL)
            g_error ("cut to %" G_GSIZE_FORMAT " bytes: %s", cut, verdict);
        if (cut % 16 != 0 && cut + 64 < length && (cut > first + 1 || cut + 2 < first))
            continue;
        g_autoptr (GBytes) result = sample_sign (fixture, signer, file, NULL, NULL);
        if (result == NULL)
            continue;
        signed_files++;
        g_assert_true (cut + 1 == first || cut == first || cut + 1 == length);
    }
    g_assert_cmpuint (signed_files, ==, 3);
}

/* Random damage with a fixed seed, on all kinds of files, read and signed. */
static void test_damage (void)
{
    static const char *const options[] = {"", "--object-streams=generate", "--linearize"};
    g_autoptr (GRand) random = g_rand_new_with_seed (20261122);
    g_autoptr (GBytes) form = sample_form ();
    for (guint k = 0; k < G_N_ELEMENTS (options); k++) {
        g_autoptr (GBytes) base = sample_qpdf (fixture, form, options[k]);
        g_autoptr (GBytes) one = sample_must_sign (fixture, signer, base, NULL);
        gsize length, gap, after;
        const guint8 *data = g_bytes_get_data (one, &length);
        ranges_of (one, &gap, &after);
        for (guint round = 0; round < 400; round++) {
            guint8 *copy = g_memdup2 (data, length);
            guint n = (guint)g_rand_int_range (random, 1, 8);
            for (guint i = 0; i < n; i++) {
                gsize at = (gsize)g_rand_int_range (random, 0, (gint32)length);
                if (at >= gap && at < after)
                    at = at % gap;
                copy[at] = (guint8)(round % 2 == 0
                                        ? g_rand_int_range (random, 0, 256)
                                        : "0123456789[]<>()/ R"[g_rand_int_range (random, 0, 19)]);
            }
            g_autoptr (GBytes) damaged = g_bytes_new_take (copy, length);
            g_autoptr (GError) error = NULL;
            g_autoptr (GBytes) again = sample_sign (fixture, signer, damaged, NULL, &error);
            g_assert_true ((again != NULL) == (error == NULL));
            g_autofree char *verdict = sample_verdict (damaged);
            if (strstr (verdict, "INTACT") != NULL)
                g_assert_cmpmem (copy, length, data, length);
        }
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    fixture = fixture_new ();
    signer = fixture_party (fixture, "P-256", "Signer");
    g_test_add_func ("/pdf/robust/flips", test_flips);
    g_test_add_func ("/pdf/robust/truncation", test_truncation);
    g_test_add_func ("/pdf/robust/damage", test_damage);
    int status = g_test_run ();
    fixture_free (fixture);
    return status;
}
