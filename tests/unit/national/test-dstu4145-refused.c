/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DSTU 4145: what is not a signature, a point or a scalar, on a curve with 4n points (m = 257) and
 * on one with 2n (m = 431). */
#include <string.h>

#include "formats/national/dstu4145_internal.h"
#include "formats/ossl.h"
#include "tests/unit/national/peer.h"

#define SIZE 64 /* octets of the longest number of a named curve */
#define MOST TAMGA_DSTU_MAX_SIGNATURE
#define LARGE (MOST + 2) /* one octet a half more */

static const guint curves[] = {6, 9}; /* rows of the named curves */

typedef struct {
    const TamgaDstuDomain *domain;
    gsize half, point_size;
    guint8 order[SIZE]; /* little-endian */
    guint8 scalar[SIZE], point[SIZE], digest[32], signature[2 * SIZE];
} Signed;

static void signed_init (Signed *good, guint curve)
{
    memset (good, 0, sizeof *good);
    good->domain = tamga_dstu_domain_by_oid (tamga_dstu_named[curve].oid);
    good->half = tamga_dstu_scalar_size (good->domain);
    good->point_size = tamga_dstu_point_size (good->domain);
    octets_fill (curve, good->digest, sizeof good->digest);
    g_assert_cmpint (BN_bn2lebinpad (good->domain->order, good->order, SIZE), ==, SIZE);
    g_assert_true (tamga_dstu_generate (good->domain, good->scalar));
    g_assert_true (tamga_dstu_public (good->domain, good->scalar, good->point));
    g_assert_true (tamga_dstu_sign (good->domain, good->scalar, good->digest, sizeof good->digest,
                                    good->signature));
}

static gboolean verifies (const Signed *that)
{
    return tamga_dstu_verify (that->domain, that->point, that->digest, sizeof that->digest,
                              that->signature, 2 * that->half);
}

/* Puts `number` in place of r (0) or s (1). */
static gboolean verifies_with (const Signed *good, guint which, const guint8 *number)
{
    Signed other = *good;

    memcpy (other.signature + which * other.half, number, other.half);
    return verifies (&other);
}

static void swap_octets (guint8 *octets, gsize size)
{
    for (gsize i = 0; i < size / 2; i++) {
        guint8 octet = octets[i];
        octets[i] = octets[size - 1 - i];
        octets[size - 1 - i] = octet;
    }
}

static void test_halves (void)
{
    static const guint8 zero[SIZE] = {0}, one[SIZE] = {1};
    guint8 ones[SIZE], larger[SIZE];

    memset (ones, 0xff, sizeof ones);
    for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
        Signed good, other;
        signed_init (&good, curves[i]);
        g_assert_true (verifies (&good));
        for (guint which = 0; which < 2; which++) {
            g_autoptr (BIGNUM) sum =
                BN_lebin2bn (good.signature + which * good.half, (int)good.half, NULL);
            g_assert_true (BN_add (sum, sum, good.domain->order));
            g_assert_cmpint (BN_bn2lebinpad (sum, larger, SIZE), ==, SIZE);
            g_assert_false (verifies_with (&good, which, zero));
            g_assert_false (verifies_with (&good, which, one));
            g_assert_false (verifies_with (&good, which, ones));
            g_assert_false (verifies_with (&good, which, good.order));
            /* The same number modulo n; it may not fit where n fills its octets. */
            g_assert_false (verifies_with (&good, which, larger));
        }
        other = good;
        swap_octets (other.signature, other.half);
        swap_octets (other.signature + other.half, other.half);
        g_assert_false (verifies (&other));
        swap_octets (other.signature, 2 * other.half);
        g_assert_false (verifies (&other)); /* s || r */
        other = good;
        swap_octets (other.digest, sizeof other.digest);
        g_assert_false (verifies (&other));
    }
}

/* The signature with halves of `half` octets. */
static gboolean verifies_widened (const Signed *good, gsize half, guint8 behind)
{
    guint8 wide[LARGE] = {0};

    memcpy (wide, good->signature, MIN (half, good->half));
    memcpy (wide + half, good->signature + good->half, MIN (half, good->half));
    if (half > good->half)
        wide[half - 1] |= behind;
    return tamga_dstu_verify (good->domain, good->point, good->digest, sizeof good->digest, wide,
                              2 * half);
}

static void test_lengths (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
        Signed good;
        guint8 longer[LARGE] = {0};
        signed_init (&good, curves[i]);
        for (gsize half = 1; half <= MOST / 2; half += half < good.half + 4 ? 1 : 51) {
            g_assert_true (verifies_widened (&good, half, 0) == (half >= good.half));
            g_assert_false (verifies_widened (&good, half, 0x80) && half > good.half);
        }
        g_assert_true (verifies_widened (&good, MOST / 2, 0));
        g_assert_false (verifies_widened (&good, LARGE / 2, 0));
        memcpy (longer, good.signature, 2 * good.half);
        for (gsize size = 0; size <= LARGE; size++)
            g_assert_true (tamga_dstu_verify (good.domain, good.point, good.digest,
                                              sizeof good.digest, longer,
                                              size) == (size == 2 * good.half));
    }
}

/* No bit of a signature, of what is signed or of a key is without effect. */
static void test_flips (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
        Signed good;
        signed_init (&good, curves[i]);
        for (gsize bit = 0; bit < 16 * good.half; bit++) {
            Signed other = good;
            other.signature[bit / 8] ^= (guint8)(1 << bit % 8);
            g_assert_false (verifies (&other));
        }
        for (gsize bit = 0; bit < 8 * sizeof good.digest; bit++) {
            Signed other = good;
            other.digest[bit / 8] ^= (guint8)(1 << bit % 8);
            g_assert_false (verifies (&other));
        }
        for (gsize bit = 0; bit < 8 * good.point_size; bit++) {
            Signed other = good;
            other.point[bit / 8] ^= (guint8)(1 << bit % 8);
            g_assert_false (verifies (&other));
            /* The lowest makes the opposite point; those above m, none. */
            if (bit == 0)
                g_assert_true (tamga_dstu_point_valid (other.domain, other.point));
            if (bit >= (gsize)tamga_dstu_domain_parameters (other.domain)->m)
                g_assert_false (tamga_dstu_point_valid (other.domain, other.point));
        }
    }
}

/* A digest counts up to the m-th bit, and nothing at all counts as one. */
static void test_digests (void)
{
    static const guint8 zeros[80] = {0}, one[1] = {1};

    for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
        Signed good;
        guint8 large[80];
        gsize m, size;
        signed_init (&good, curves[i]);
        m = (gsize)tamga_dstu_domain_parameters (good.domain)->m;
        size = 2 * good.half;
        octets_fill (i, large, sizeof large);
        g_assert_true (
            tamga_dstu_sign (good.domain, good.scalar, large, sizeof large, good.signature));
        large[(m - 1) / 8] ^= (guint8)(1 << (m - 1) % 8);
        g_assert_false (
            tamga_dstu_verify (good.domain, good.point, large, sizeof large, good.signature, size));
        large[(m - 1) / 8] ^= (guint8)(1 << (m - 1) % 8);
        large[m / 8] ^= (guint8)(1 << m % 8);
        large[79] ^= 1;
        g_assert_true (
            tamga_dstu_verify (good.domain, good.point, large, sizeof large, good.signature, size));
        g_assert_true (tamga_dstu_sign (good.domain, good.scalar, one, 1, good.signature));
        for (gsize length = 0; length <= sizeof zeros; length += 16)
            g_assert_true (
                tamga_dstu_verify (good.domain, good.point, zeros, length, good.signature, size));
    }
}

/* The trace as its definition says: the sum of the conjugates. */
static gboolean slow_trace (const TamgaDstuDomain *domain, const BIGNUM *element, BN_CTX *ctx)
{
    g_autoptr (BIGNUM) power = BN_dup (element), sum = BN_dup (element);

    for (int i = 1; i < domain->parameters->m; i++) {
        g_assert_true (BN_GF2m_mod_sqr (power, power, domain->field, ctx));
        g_assert_true (BN_GF2m_add (sum, sum, power));
    }
    g_assert_true (BN_is_zero (sum) || BN_is_one (sum));
    return BN_is_one (sum);
}

static void test_trace (void)
{
    g_autoptr (BN_CTX) ctx = BN_CTX_new ();

    for (gsize i = 0; i < tamga_dstu_n_named; i++) {
        const TamgaDstuDomain *domain = tamga_dstu_domain_by_oid (tamga_dstu_named[i].oid);
        g_assert_cmpuint (domain->trace_bits->len, <, 8);
        for (guint j = 0; j < 20; j++) {
            g_autoptr (BIGNUM) element = BN_new ();
            gboolean quick = FALSE;
            g_assert_true (BN_rand (element, tamga_dstu_named[i].m, -1, 0));
            for (guint k = 0; k < domain->trace_bits->len; k++)
                quick ^= BN_is_bit_set (element, g_array_index (domain->trace_bits, int, k));
            g_assert_true (quick == slow_trace (domain, element, ctx));
        }
    }
}

static gboolean has_base_order (const TamgaDstuDomain *domain, const EC_POINT *point, BN_CTX *ctx)
{
    g_autoptr (EC_POINT) product = EC_POINT_new (domain->group);

    g_assert_true (EC_POINT_mul (domain->group, product, NULL, point, domain->order, ctx));
    return EC_POINT_is_at_infinity (domain->group, product);
}

/* Points of every order, made from x at random: only those of the base point's order come back
 * from their compressed form as what they were. */
static void check_orders (const TamgaDstuDomain *domain, guint *good, guint *bad)
{
    g_autoptr (BN_CTX) ctx = BN_CTX_new ();
    g_autoptr (EC_POINT) point = EC_POINT_new (domain->group);
    g_autoptr (BIGNUM) x = BN_new ();

    for (guint i = 0; i < 100; i++) {
        g_autoptr (EC_POINT) read = NULL;
        guint8 octets[SIZE];
        gboolean same, right;
        g_assert_true (BN_rand (x, domain->parameters->m, -1, 0));
        if (BN_is_zero (x) ||
            EC_POINT_set_compressed_coordinates (domain->group, point, x, i % 2, ctx) != 1)
            continue;
        /* Once doubled, all are of the order n or 2n. */
        if (i % 4 < 2)
            g_assert_true (EC_POINT_dbl (domain->group, point, point, ctx));
        g_assert_true (tamga_dstu_point_write (domain, point, octets, ctx));
        read = tamga_dstu_point_read (domain, octets, ctx);
        same = read != NULL && EC_POINT_cmp (domain->group, read, point, ctx) == 0;
        right = has_base_order (domain, point, ctx);
        g_assert_true (same == right);
        g_assert_true (read == NULL || has_base_order (domain, read, ctx));
        *(right ? good : bad) += 1;
    }
}

static void test_orders (void)
{
    for (gsize i = 0; i < tamga_dstu_n_named; i++) {
        guint good = 0, bad = 0;
        check_orders (tamga_dstu_domain_by_oid (tamga_dstu_named[i].oid), &good, &bad);
        g_assert_cmpuint (good, >, 3);
        g_assert_cmpuint (bad, >, 3);
    }
}

static void test_points (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
        Signed good, other;
        guint valid = 0;
        signed_init (&good, curves[i]);
        other = good;
        memset (other.point, 0, SIZE);
        g_assert_false (tamga_dstu_point_valid (other.domain, other.point));
        other.point[0] = 1; /* the point of order two, and what would stand for it */
        g_assert_false (tamga_dstu_point_valid (other.domain, other.point));
        memset (other.point, 0xff, SIZE);
        g_assert_false (tamga_dstu_point_valid (other.domain, other.point));
        /* On or off the curve, of the right order or not: one in two, or one in four. */
        for (guint j = 0; j < 400; j++) {
            octets_fill (j, other.point, other.point_size);
            other.point[other.point_size - 1] &=
                (guint8)((1 << (tamga_dstu_domain_parameters (other.domain)->m % 8)) - 1);
            valid += tamga_dstu_point_valid (other.domain, other.point);
            g_assert_false (verifies (&other));
        }
        g_assert_cmpuint (valid, >, 50);
        g_assert_cmpuint (valid, <, 300);
    }
}

static void test_scalars (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
        Signed good;
        guint8 scalars[4][SIZE] = {{0}}, point[SIZE], signature[2 * SIZE];
        signed_init (&good, curves[i]);
        memcpy (scalars[1], good.order, SIZE);
        memcpy (scalars[2], good.order, SIZE);
        scalars[2][0] += 2;
        memset (scalars[3], 0xff, SIZE);
        for (guint j = 0; j < G_N_ELEMENTS (scalars); j++) {
            g_assert_false (tamga_dstu_public (good.domain, scalars[j], point));
            g_assert_false (tamga_dstu_sign (good.domain, scalars[j], good.digest,
                                             sizeof good.digest, signature));
        }
        scalars[1][0]--; /* n - 1: odd n does not borrow */
        g_assert_true (tamga_dstu_public (good.domain, scalars[1], good.point));
        g_assert_true (tamga_dstu_sign (good.domain, scalars[1], good.digest, sizeof good.digest,
                                        good.signature));
        g_assert_true (verifies (&good));
    }
}

/* Some octets of anything changed to anything, and pieces of one signature in another. */
static void test_mutations (void)
{
    g_autoptr (GRand) random = g_rand_new_with_seed (4145);

    for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
        Signed good, second;
        signed_init (&good, curves[i]);
        signed_init (&second, curves[i]);
        for (guint j = 0; j < 1000; j++) {
            Signed other = good;
            guint8 *parts[] = {other.point, other.digest, other.signature};
            const guint8 *sources[] = {second.point, second.digest, second.signature};
            const gsize sizes[] = {good.point_size, sizeof good.digest, 2 * good.half};
            guint part = (guint)g_rand_int_range (random, 0, 3);
            gsize start = (gsize)g_rand_int_range (random, 0, (gint32)sizes[part]);
            gsize size = (gsize)g_rand_int_range (random, 1, 5);
            size = MIN (size, sizes[part] - start);
            if (j % 2 == 0)
                memcpy (parts[part] + start, sources[part] + start, size);
            for (gsize k = start; j % 2 == 1 && k < start + size; k++)
                parts[part][k] = (guint8)g_rand_int (random);
            g_assert_true (verifies (&other) == (memcmp (&other, &good, sizeof good) == 0));
        }
    }
}

static gpointer sign_and_verify (gpointer curve)
{
    Signed good;

    for (guint i = 0; i < 10; i++) {
        signed_init (&good, GPOINTER_TO_UINT (curve));
        g_assert_true (verifies (&good));
    }
    return NULL;
}

/* Domains are made once and shared. */
static void test_threads (void)
{
    GThread *threads[8];

    for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new (NULL, sign_and_verify, GUINT_TO_POINTER (i / 4));
    for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        g_thread_join (threads[i]);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/national/dstu4145/refused/threads", test_threads);
    g_test_add_func ("/national/dstu4145/refused/halves", test_halves);
    g_test_add_func ("/national/dstu4145/refused/lengths", test_lengths);
    g_test_add_func ("/national/dstu4145/refused/flips", test_flips);
    g_test_add_func ("/national/dstu4145/refused/digests", test_digests);
    g_test_add_func ("/national/dstu4145/refused/trace", test_trace);
    g_test_add_func ("/national/dstu4145/refused/orders", test_orders);
    g_test_add_func ("/national/dstu4145/refused/points", test_points);
    g_test_add_func ("/national/dstu4145/refused/scalars", test_scalars);
    g_test_add_func ("/national/dstu4145/refused/mutations", test_mutations);
    return g_test_run ();
}
