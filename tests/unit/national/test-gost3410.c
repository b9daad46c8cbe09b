/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST 34.10 on the three curves: signatures that a certification centre made, signatures of our
 * own, and what must be refused. */
#include <nettle/gosthash94.h>
#include <nettle/streebog.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

#include "formats/national/gost3410.h"
#include "formats/ossl.h"

static const TamgaGostCurve *const curves[] = {&tamga_gost_512_a, &tamga_gost_256_a,
                                               &tamga_gost_cryptopro_a};

static void digest_of (const TamgaGostCurve *curve, const guint8 *data, gsize size, guint8 *digest)
{
    if (curve == &tamga_gost_512_a) {
        struct streebog512_ctx context;
        streebog512_init (&context);
        streebog512_update (&context, size, data);
        streebog512_digest (&context, 64, digest);
    } else {
        struct gosthash94_ctx context;
        gosthash94_init (&context);
        gosthash94_update (&context, size, data);
        gosthash94_digest (&context, 32, digest);
    }
}

static X509 *certificate (const char *name)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "vectors/kz-nca/certs", name, NULL);
    g_autofree char *der = NULL;
    gsize size;
    if (!g_file_get_contents (path, &der, &size, NULL))
        return NULL;
    const guint8 *p = (const guint8 *)der;
    return d2i_X509 (NULL, &p, (long)size);
}

static const struct {
    const char *subject, *issuer;
    const TamgaGostCurve *curve;
} issued[] = {
    {"ceo_gost2015.der", "nca_gost2022_test_ca.der", &tamga_gost_512_a},
    {"individual_gost2015_a.der", "nca_gost2022_test_ca.der", &tamga_gost_512_a},
    {"ocsp_responder_gost2015.der", "nca_gost2022_test_ca.der", &tamga_gost_512_a},
    {"ceo_sign_gost2004.der", "nca_gost2004_test_ca.der", &tamga_gost_cryptopro_a},
};

/* The Kazakh form: the key is an OCTET STRING of x || y, the signature r || s, all little-endian.
 */
static void certificates (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (issued); i++) {
        g_autoptr (X509) subject = certificate (issued[i].subject);
        g_autoptr (X509) issuer = certificate (issued[i].issuer);
        if (!subject || !issuer) {
            g_test_skip ("skipped: the vectors are not here");
            return;
        }
        gsize size = issued[i].curve->size;
        const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr (issuer);
        const guint8 *point = ASN1_STRING_get0_data (key) + ASN1_STRING_length (key) - 2 * size;
        const ASN1_BIT_STRING *value;
        X509_get0_signature (&value, NULL, subject);
        g_assert_cmpint (ASN1_STRING_length (value), ==, (int)(2 * size));
        guint8 *tbs = NULL;
        int length = i2d_re_X509_tbs (subject, &tbs);
        guint8 digest[64], signature[128];
        memcpy (signature, ASN1_STRING_get0_data (value), 2 * size);
        digest_of (issued[i].curve, tbs, (gsize)length, digest);
        g_assert_true (tamga_gost_point_valid (issued[i].curve, point));
        g_assert_true (tamga_gost_verify (issued[i].curve, point, digest, signature));
        /* the Russian order of the halves, and of the octets */
        for (gsize j = 0; j < size; j++) {
            guint8 octet = signature[j];
            signature[j] = signature[2 * size - 1 - j];
            signature[2 * size - 1 - j] = octet;
        }
        g_assert_false (tamga_gost_verify (issued[i].curve, point, digest, signature));
        OPENSSL_free (tbs);
    }
}

static void round_trip (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        const TamgaGostCurve *curve = curves[i];
        guint8 scalar[64], point[128], digest[64], signature[128], second[128];
        g_assert_true (tamga_gost_generate (curve, scalar));
        g_assert_true (tamga_gost_public (curve, scalar, point));
        g_assert_true (tamga_gost_point_valid (curve, point));
        for (int message = 0; message < 20; message++) {
            g_assert_cmpint (RAND_bytes (digest, (int)curve->size), ==, 1);
            g_assert_true (tamga_gost_sign (curve, scalar, digest, signature));
            g_assert_true (tamga_gost_verify (curve, point, digest, signature));
            /* no two nonces are the same */
            g_assert_true (tamga_gost_sign (curve, scalar, digest, second));
            g_assert_cmpint (memcmp (signature, second, curve->size), !=, 0);
        }
        memset (digest, 0, sizeof digest); /* e = 0 counts as 1 */
        g_assert_true (tamga_gost_sign (curve, scalar, digest, signature));
        g_assert_true (tamga_gost_verify (curve, point, digest, signature));
        memset (digest, 0xff, sizeof digest); /* above the order */
        g_assert_true (tamga_gost_sign (curve, scalar, digest, signature));
        g_assert_true (tamga_gost_verify (curve, point, digest, signature));
    }
}

static void every_bit (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        const TamgaGostCurve *curve = curves[i];
        guint8 scalar[64], point[128], digest[64], signature[128];
        g_assert_true (tamga_gost_generate (curve, scalar));
        g_assert_true (tamga_gost_public (curve, scalar, point));
        g_assert_cmpint (RAND_bytes (digest, (int)curve->size), ==, 1);
        g_assert_true (tamga_gost_sign (curve, scalar, digest, signature));
        for (gsize bit = 0; bit < curve->size * 16; bit++) {
            signature[bit / 8] ^= (guint8)(1 << bit % 8);
            g_assert_false (tamga_gost_verify (curve, point, digest, signature));
            signature[bit / 8] ^= (guint8)(1 << bit % 8);
            point[bit / 8] ^= (guint8)(1 << bit % 8);
            g_assert_false (tamga_gost_verify (curve, point, digest, signature));
            g_assert_false (tamga_gost_point_valid (curve, point));
            point[bit / 8] ^= (guint8)(1 << bit % 8);
        }
        for (gsize bit = 0; bit < curve->size * 8; bit++) {
            digest[bit / 8] ^= (guint8)(1 << bit % 8);
            g_assert_false (tamga_gost_verify (curve, point, digest, signature));
            digest[bit / 8] ^= (guint8)(1 << bit % 8);
        }
        g_assert_true (tamga_gost_verify (curve, point, digest, signature));
    }
}

static void ranges (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        const TamgaGostCurve *curve = curves[i];
        guint8 scalar[64], point[128], digest[64] = {1}, signature[128], wrong[128];
        memset (wrong, 0, sizeof wrong);
        g_assert_false (tamga_gost_public (curve, wrong, point));
        g_assert_false (tamga_gost_sign (curve, wrong, digest, signature));
        g_assert_false (tamga_gost_point_valid (curve, wrong));
        memset (wrong, 0xff, sizeof wrong);
        g_assert_false (tamga_gost_public (curve, wrong, point));
        g_assert_false (tamga_gost_sign (curve, wrong, digest, signature));
        g_assert_false (tamga_gost_point_valid (curve, wrong));

        g_assert_true (tamga_gost_generate (curve, scalar));
        g_assert_true (tamga_gost_public (curve, scalar, point));
        g_assert_true (tamga_gost_sign (curve, scalar, digest, signature));
        for (gsize half = 0; half < 2; half++) {
            for (int octet = 0; octet <= 0xff; octet += 0xff) {
                memcpy (wrong, signature, sizeof wrong);
                memset (wrong + half * curve->size, octet, curve->size);
                g_assert_false (tamga_gost_verify (curve, point, digest, wrong));
            }
        }
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/national/gost3410/certificates", certificates);
    g_test_add_func ("/national/gost3410/round-trip", round_trip);
    g_test_add_func ("/national/gost3410/every-bit", every_bit);
    g_test_add_func ("/national/gost3410/ranges", ranges);
    return g_test_run ();
}
