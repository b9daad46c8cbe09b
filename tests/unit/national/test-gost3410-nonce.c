/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to the nonces of GOST R 34.10-2012 when the random generator repeats itself:
 * OpenSSL's own generator for tests stands in for it, and the nonce is computed back from the
 * signature. */
#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "formats/national/gost3410_internal.h"
#include "formats/ossl.h"
#include "tests/unit/national/peer.h"

#define SIZE TAMGA_GOST_MAX_SIZE
#define FRESH 32

static const TamgaGostCurve *const curves[] = {&tamga_gost_512_a, &tamga_gost_cryptopro_a};

/* From here on, the generator gives `fresh`, and then nothing. */
static void set_random (guint8 *fresh, gsize size)
{
    EVP_RAND_CTX *generator = RAND_get0_private (NULL);
    guint strength = 256;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint (OSSL_RAND_PARAM_STRENGTH, &strength),
        OSSL_PARAM_construct_octet_string (OSSL_RAND_PARAM_TEST_ENTROPY, fresh, size),
        OSSL_PARAM_construct_end (),
    };
    g_assert_nonnull (generator);
    EVP_RAND_uninstantiate (generator);
    g_assert_cmpint (EVP_RAND_CTX_set_params (generator, params), ==, 1);
    g_assert_cmpint (EVP_RAND_instantiate (generator, strength, 0, NULL, 0, NULL), ==, 1);
}

/* k = (s - r d) / e modulo q */
static void nonce_of (const TamgaGostCurve *curve, const guint8 *scalar, const guint8 *digest,
                      const guint8 *signature, guint8 *nonce)
{
    const TamgaGostDomain *domain = tamga_gost_domain (curve);
    int size = (int)curve->size;
    guint8 e[SIZE];
    g_assert_true (tamga_gost_number (domain, digest, e));
    BN_CTX *context = BN_CTX_new ();
    g_autoptr (BIGNUM) r = BN_lebin2bn (signature, size, NULL);
    g_autoptr (BIGNUM) s = BN_lebin2bn (signature + size, size, NULL);
    g_autoptr (BIGNUM) d = BN_lebin2bn (scalar, size, NULL);
    g_autoptr (BIGNUM) h = BN_lebin2bn (e, size, NULL);
    g_assert_true (BN_mod_mul (r, r, d, domain->q, context) &&
                   BN_mod_sub (s, s, r, domain->q, context) &&
                   BN_mod_inverse (h, h, domain->q, context) != NULL &&
                   BN_mod_mul (s, s, h, domain->q, context));
    g_assert_cmpint (BN_bn2binpad (s, nonce, size), ==, size);
    BN_CTX_free (context);
}

static void hmac (guint8 *key_or_value, const guint8 *key, const guint8 *data, gsize size)
{
    guint8 result[64];
    g_assert_nonnull (HMAC (EVP_sha512 (), key, 64, data, size, result, NULL));
    memcpy (key_or_value, result, 64);
}

/* The first candidate of RFC 6979 3.2 with SHA-512, written down step by step. For the curves here,
 * whose order is above all but one in 2^128 candidates, it is the nonce. */
static void expected_nonce (const guint8 *input, gsize input_size, guint8 *nonce, gsize size)
{
    guint8 k[64], v[64], message[64 + 1 + 2 * SIZE + FRESH];
    memset (v, 1, sizeof v);
    memset (k, 0, sizeof k);
    for (guint8 mark = 0; mark < 2; mark++) {
        memcpy (message, v, 64);
        message[64] = mark;
        memcpy (message + 65, input, input_size);
        hmac (k, k, message, 65 + input_size);
        hmac (v, k, v, 64);
    }
    hmac (v, k, v, 64);
    memcpy (nonce, v, size);
}

static void sign (const TamgaGostCurve *curve, const guint8 *scalar, const guint8 *digest,
                  const guint8 *fresh, guint8 *signature, guint8 *nonce)
{
    guint8 source[FRESH];
    memcpy (source, fresh, FRESH);
    set_random (source, FRESH);
    g_assert_true (tamga_gost_sign (curve, scalar, digest, signature));
    nonce_of (curve, scalar, digest, signature, nonce);
}

static void test_nonces (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        const TamgaGostCurve *curve = curves[i];
        gsize size = curve->size;
        guint8 scalar[SIZE], digest[SIZE], fresh[FRESH], input[2 * SIZE + FRESH];
        guint8 signature[2 * SIZE], other[2 * SIZE], nonce[SIZE], expected[SIZE], second[SIZE];
        octets_fill (1, scalar, size);
        scalar[size - 1] = 0;
        octets_fill (2, digest, size);
        octets_fill (3, fresh, FRESH);
        sign (curve, scalar, digest, fresh, signature, nonce);
        memcpy (input, scalar, size);
        memcpy (input + size, digest, size);
        memcpy (input + 2 * size, fresh, FRESH);
        expected_nonce (input, 2 * size + FRESH, expected, size);
        g_assert_cmpmem (nonce, size, expected, size);
        /* the same again: everything that goes into the nonce is known */
        sign (curve, scalar, digest, fresh, other, second);
        g_assert_cmpmem (signature, 2 * size, other, 2 * size);
        /* the generator repeats itself, but digest or key are others */
        digest[0] ^= 1;
        sign (curve, scalar, digest, fresh, other, second);
        g_assert_cmpint (memcmp (nonce, second, size), !=, 0);
        digest[0] ^= 1;
        scalar[0] ^= 1;
        sign (curve, scalar, digest, fresh, other, second);
        g_assert_cmpint (memcmp (nonce, second, size), !=, 0);
        scalar[0] ^= 1;
        /* only the randomness is another */
        fresh[FRESH - 1] ^= 1;
        sign (curve, scalar, digest, fresh, other, second);
        g_assert_cmpint (memcmp (nonce, second, size), !=, 0);
    }
}

/* No randomness, no signature and no key. */
static void test_no_randomness (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        guint8 scalar[SIZE] = {1}, digest[SIZE] = {1}, signature[2 * SIZE], fresh[1] = {1};
        set_random (fresh, 1);
        g_assert_false (tamga_gost_sign (curves[i], scalar, digest, signature));
        g_assert_false (tamga_gost_generate (curves[i], scalar));
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_assert_cmpint (RAND_set_DRBG_type (NULL, "TEST-RAND", NULL, NULL, NULL), ==, 1);
    g_test_add_func ("/national/gost3410-nonce/nonces", test_nonces);
    g_test_add_func ("/national/gost3410-nonce/no-randomness", test_no_randomness);
    return g_test_run ();
}
