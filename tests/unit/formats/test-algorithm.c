/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The algorithm table: names, identifiers, encodings, and verification against OpenSSL's own
 * signatures. */
#include <openssl/rsa.h>

#include "formats/algorithm.h"
#include "formats/error.h"
#include "formats/ossl.h"

/* Signs with OpenSSL as a key store would, and gives the form of CMS. */
static GBytes *sign (EVP_PKEY *key, const TamgaAlgorithm *algorithm, GBytes *data)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    EVP_PKEY_CTX *parameters = NULL;
    const EVP_MD *md = tamga_digest_md (tamga_algorithm_digest (algorithm));
    g_assert_cmpint (EVP_DigestSignInit (context, &parameters, md, NULL, key), ==, 1);
    if (algorithm->scheme == TAMGA_SCHEME_RSA_PSS) {
        EVP_PKEY_CTX_set_rsa_padding (parameters, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen (parameters, RSA_PSS_SALTLEN_DIGEST);
    }
    gsize size = 0, length;
    const void *bytes = g_bytes_get_data (data, &length);
    EVP_DigestSign (context, NULL, &size, bytes, length);
    guint8 *value = g_malloc (size);
    g_assert_cmpint (EVP_DigestSign (context, value, &size, bytes, length), ==, 1);
    return g_bytes_new_take (value, size);
}

static const struct {
    const char *type, *parameter, *scheme, *digest, *expected;
} rows[] = {
    {"RSA", "2048", NULL, NULL, "RSA-PKCS1-SHA-256"},
    {"RSA", "2048", "PSS", "SHA512", "RSA-PSS-SHA-512"},
    {"RSA", "2048", "PSS", "SHA-384", "RSA-PSS-SHA-384"},
    {"RSA", "2048", "PKCS1", "SHA3-256", "RSA-PKCS1-SHA3-256"},
    {"EC", "P-256", NULL, NULL, "ECDSA-SHA-256"},
    {"EC", "P-384", NULL, NULL, "ECDSA-SHA-384"},
    {"EC", "P-521", NULL, NULL, "ECDSA-SHA-512"},
    {"EC", "P-521", "ECDSA", "SHA3-384", "ECDSA-SHA3-384"},
};

static EVP_PKEY *make_key (const char *type, const char *parameter)
{
    return type[0] == 'R' ? EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)atoi (parameter))
                          : EVP_PKEY_Q_keygen (NULL, NULL, "EC", parameter);
}

static void test_sign_verify (void)
{
    g_autoptr (GBytes) data = g_bytes_new_static ("attributes", 10);
    g_autoptr (GBytes) other = g_bytes_new_static ("attributez", 10);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (EVP_PKEY) key = make_key (rows[i].type, rows[i].parameter);
        const TamgaDigest *digest = rows[i].digest ? tamga_digest_by_name (rows[i].digest) : NULL;
        g_autoptr (GError) error = NULL;
        const TamgaAlgorithm *algorithm =
            tamga_algorithm_for_key (key, rows[i].scheme, digest, &error);
        g_assert_no_error (error);
        g_assert_cmpstr (algorithm->name, ==, rows[i].expected);
        g_autoptr (GBytes) value = sign (key, algorithm, data);
        g_assert_cmpint (tamga_algorithm_verify (key, algorithm, data, value), ==,
                         TAMGA_VERIFY_GOOD);
        g_assert_cmpint (tamga_algorithm_verify (key, algorithm, other, value), ==,
                         TAMGA_VERIFY_BAD);
        g_autoptr (GBytes) raw = tamga_algorithm_der_to_raw (algorithm, value, key, &error);
        g_assert_no_error (error);
        g_autoptr (GBytes) back = tamga_algorithm_raw_to_der (algorithm, raw, &error);
        g_assert_true (g_bytes_equal (back, value));
        g_autoptr (X509_ALGOR) written = tamga_algorithm_to_cms (algorithm);
        g_autoptr (X509_ALGOR) hash = tamga_digest_to_cms (tamga_algorithm_digest (algorithm));
        g_assert_true (tamga_algorithm_from_cms (written, hash, &error) == algorithm);
        g_assert_no_error (error);
    }
}

static void test_wrong_key_type (void)
{
    g_autoptr (EVP_PKEY) key = make_key ("EC", "P-256");
    g_autoptr (GBytes) data = g_bytes_new_static ("x", 1);
    g_assert_cmpint (
        tamga_algorithm_verify (key, tamga_algorithm_by_name ("RSA-PKCS1-SHA-256"), data, data), ==,
        TAMGA_VERIFY_IMPOSSIBLE);
    g_autoptr (GError) error = NULL;
    g_assert_null (tamga_algorithm_for_key (key, "PSS", NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM);
}

static void test_weak_is_not_made (void)
{
    g_autoptr (EVP_PKEY) key = make_key ("EC", "P-256");
    g_autoptr (GError) error = NULL;
    g_assert_null (tamga_algorithm_for_key (key, NULL, tamga_digest_by_name ("SHA-1"), &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM);
}

/* Threats d, "algorithm mismatch": digestAlgorithm must be the hash of signatureAlgorithm. */
static void test_digest_mismatch (void)
{
    g_autoptr (X509_ALGOR) hash = tamga_digest_to_cms (tamga_digest_by_name ("SHA-512"));
    static const char *const names[] = {"RSA-PKCS1-SHA-256", "RSA-PSS-SHA-256", "ECDSA-SHA-256"};
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (X509_ALGOR) algor = tamga_algorithm_to_cms (tamga_algorithm_by_name (names[i]));
        g_autoptr (GError) error = NULL;
        g_assert_null (tamga_algorithm_from_cms (algor, hash, &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM);
    }
}

/* PSS with another salt length, mask digest or no parameters is refused, not guessed. */
static void test_pss_parameters (void)
{
    g_autoptr (X509_ALGOR) hash = tamga_digest_to_cms (tamga_digest_by_name ("SHA-256"));
    g_autoptr (X509_ALGOR) bare = X509_ALGOR_new ();
    X509_ALGOR_set0 (bare, OBJ_nid2obj (NID_rsassaPss), V_ASN1_UNDEF, NULL);
    g_autoptr (GError) error = NULL;
    g_assert_null (tamga_algorithm_from_cms (bare, hash, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM);

    g_autoptr (X509_ALGOR) good =
        tamga_algorithm_to_cms (tamga_algorithm_by_name ("RSA-PSS-SHA-256"));
    int type;
    const void *value;
    X509_ALGOR_get0 (NULL, &type, &value, good);
    for (int lie = 0; lie < 3; lie++) {
        RSA_PSS_PARAMS *parameters = ASN1_item_unpack (value, ASN1_ITEM_rptr (RSA_PSS_PARAMS));
        if (lie == 0) {
            ASN1_INTEGER_set_int64 (parameters->saltLength, 20);
        } else if (lie == 1) { /* absent: MGF1 with SHA-1 (RFC 4055 3.1) */
            X509_ALGOR_free (parameters->maskGenAlgorithm);
            parameters->maskGenAlgorithm = NULL;
        } else {
            parameters->trailerField = ASN1_INTEGER_new ();
            ASN1_INTEGER_set_int64 (parameters->trailerField, 2);
        }
        ASN1_STRING *packed = NULL;
        ASN1_item_pack (parameters, ASN1_ITEM_rptr (RSA_PSS_PARAMS), &packed);
        RSA_PSS_PARAMS_free (parameters);
        g_autoptr (X509_ALGOR) wrong = X509_ALGOR_new ();
        X509_ALGOR_set0 (wrong, OBJ_nid2obj (NID_rsassaPss), V_ASN1_SEQUENCE, packed);
        g_clear_error (&error);
        g_test_message ("lie %d", lie);
        g_assert_null (tamga_algorithm_from_cms (wrong, hash, &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM);
    }
}

static void test_names (void)
{
    g_assert_true (tamga_digest_by_name ("sha256") == tamga_digest_by_name ("SHA-256"));
    g_assert_true (tamga_digest_by_oid ("2.16.840.1.101.3.4.2.3") ==
                   tamga_digest_by_name ("SHA-512"));
    g_assert_null (tamga_digest_by_name ("SHA-999"));
    g_assert_null (tamga_digest_by_name ("S"));
    g_assert_null (tamga_algorithm_by_name ("ECDSA-MD5"));
}

static void test_visible_text (void)
{
    g_autofree char *text = tamga_text_visible ("a\x1b[2J\xe2\x80\xae"
                                                "b\xff \xd2\x9a");
    g_assert_cmpstr (text, ==, "a\\u{001B}[2J\\u{202E}b\\x{FF} \xd2\x9a");
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/algorithm/sign_verify", test_sign_verify);
    g_test_add_func ("/algorithm/wrong_key_type", test_wrong_key_type);
    g_test_add_func ("/algorithm/weak_is_not_made", test_weak_is_not_made);
    g_test_add_func ("/algorithm/digest_mismatch", test_digest_mismatch);
    g_test_add_func ("/algorithm/pss_parameters", test_pss_parameters);
    g_test_add_func ("/algorithm/names", test_names);
    g_test_add_func ("/ossl/visible_text", test_visible_text);
    return g_test_run ();
}
