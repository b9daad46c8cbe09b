/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The provider in OpenSSL's own calls: certificates, CRLs, OCSP answers and requests of two
 * countries, verified and made. */
#include <openssl/err.h>
#include <string.h>

#include "formats/algorithm.h"
#include "tests/unit/national/provider.h"

/* Path validation with time, purpose, level and all, and the same path a year too late. */
static void paths (void)
{
    static const struct {
        const char *certificate, *issuer, *trusted;
        gint64 time, late;
    } rows[] = {
        {KZ "certs/individual_gost2015_a.der", KZ_CA, KZ_CA, 1704067200, 1735689600},
        {KZ "certs/individual_gost2015_c.der", KZ_CA, KZ_CA, 1672531200, 1704067200},
        {KZ "certs/ceo_gost2015.der", KZ_CA, KZ_CA, 1672531200, 1704067200},
        {KZ "certs/ocsp_responder_gost2015.der", KZ_CA, KZ_CA, 1672531200, 1704067200},
        {KZ "certs/ceo_sign_gost2004.der", KZ_CA_2004, KZ_CA_2004, 1654041600, 1704067200},
        {UA_USER, UA_CA, UA_ROOT, 1672531200, 1735689600},
        {UA "certs/diia-test-kep-7775604.cer", UA_CA, UA_ROOT, 1672531200, 1735689600},
        {UA_TSA, UA_ROOT, UA_ROOT, 1704067200, 1893456000},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows) && real_objects (); i++) {
        g_autoptr (X509) certificate = real_certificate (rows[i].certificate);
        g_autoptr (X509) issuer = real_certificate (rows[i].issuer);
        g_autoptr (X509) trusted = real_certificate (rows[i].trusted);
        STACK_OF (X509) *others = sk_X509_new_null ();
        sk_X509_push (others, issuer);
        for (int late = 0; late < 2; late++) {
            g_autoptr (X509_STORE) store = make_store (trusted, late ? rows[i].late : rows[i].time);
            g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new ();
            X509_VERIFY_PARAM_set_auth_level (X509_STORE_get0_param (store), 2);
            g_assert_cmpint (X509_STORE_CTX_init (context, store, certificate, others), ==, 1);
            int good = X509_verify_cert (context);
            if (good != !late)
                g_error ("%s, %s: %s", rows[i].certificate, late ? "late" : "in time",
                         X509_verify_cert_error_string (X509_STORE_CTX_get_error (context)));
        }
        sk_X509_free (others);
    }
    ERR_clear_error ();
}

/* A key signs everything that an authority signs, and another key of the kind did not. */
static void signs_everything (void)
{
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL);
        g_autoptr (EVP_PKEY) other = make_key (kinds[i], NULL);
        g_autoptr (X509) authority = make_certificate (key, NULL, key, NULL);
        g_autoptr (X509) user = make_certificate (other, authority, key, NULL);
        g_assert_cmpint (X509_check_private_key (user, other), ==, 1);
        g_assert_cmpint (X509_check_private_key (user, key), ==, 0);
        g_assert_cmpint (X509_verify (user, key), ==, 1);
        g_assert_cmpint (X509_verify (user, other), !=, 1);

        g_autoptr (X509_CRL) crl = make_crl (authority, key);
        g_assert_cmpint (X509_CRL_verify (crl, key), ==, 1);
        g_assert_cmpint (X509_CRL_verify (crl, other), !=, 1);

        g_autoptr (X509_REQ) request = X509_REQ_new ();
        X509_REQ_set_subject_name (request, X509_get_subject_name (user));
        g_assert_cmpint (X509_REQ_set_pubkey (request, other), ==, 1);
        g_assert_cmpint (X509_REQ_sign (request, other, NULL), >, 0);
        g_assert_cmpint (X509_REQ_verify (request, other), ==, 1);
        g_assert_cmpint (X509_REQ_verify (request, key), !=, 1);

        g_autoptr (GBytes) der = make_ocsp (user, authority, key);
        const unsigned char *p = g_bytes_get_data (der, NULL);
        g_autoptr (OCSP_RESPONSE) response =
            d2i_OCSP_RESPONSE (NULL, &p, (long)g_bytes_get_size (der));
        g_autoptr (OCSP_BASICRESP) basic = OCSP_response_get1_basic (response);
        g_autoptr (X509_STORE) store = make_store (authority, 0);
        STACK_OF (X509) *signers = sk_X509_new_null ();
        sk_X509_push (signers, authority);
        g_assert_cmpint (OCSP_basic_verify (basic, signers, store, 0), ==, 1);
        sk_X509_free (signers);
    }
    ERR_clear_error ();
}

/* The rows of algorithms whose value is that of the key, each with its kind of key. */
static void rows_of_algorithms (void)
{
    g_autoptr (GBytes) data = g_bytes_new_static ("signed attributes", 17);
    g_autoptr (GBytes) other = g_bytes_new_static ("signed attributez", 17);
    const TamgaAlgorithm *row;
    guint seen = 0;
    for (gsize i = 0; (row = tamga_algorithm_at (i)); i++) {
        if (row->scheme != TAMGA_SCHEME_PLAIN)
            continue;
        seen++;
        g_autoptr (EVP_PKEY) key = make_key (row->key_type, NULL);
        const TamgaDigest *digest = tamga_algorithm_digest (row);
        g_autoptr (GBytes) hash = tamga_digest_bytes (digest, data);
        g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (key, NULL);
        guint8 value[512];
        gsize size = sizeof value;
        g_assert_cmpint (EVP_PKEY_sign_init (context), ==, 1);
        g_assert_cmpint (EVP_PKEY_CTX_set_signature_md (context, tamga_digest_md (digest)), ==, 1);
        g_assert_cmpint (EVP_PKEY_sign (context, value, &size, g_bytes_get_data (hash, NULL),
                                        g_bytes_get_size (hash)),
                         ==, 1);
        g_autoptr (GBytes) signature = g_bytes_new (value, size);
        g_assert_cmpint (tamga_algorithm_verify (key, row, data, signature), ==, TAMGA_VERIFY_GOOD);
        g_assert_cmpint (tamga_algorithm_verify (key, row, other, signature), ==, TAMGA_VERIFY_BAD);
        /* any other digest of the table that does not belong to the kind */
        g_assert_cmpint (EVP_PKEY_CTX_set_signature_md (context, EVP_sha256 ()), <=, 0);
        g_assert_cmpint (EVP_PKEY_sign (context, value, &size, g_bytes_get_data (hash, NULL),
                                        g_bytes_get_size (hash) - 1),
                         <=, 0);
        /* a certificate with this row is written with its OID, and read by it */
        g_autoptr (X509) certificate = make_certificate (key, NULL, key, tamga_digest_md (digest));
        g_assert_cmpint (X509_verify (certificate, key), ==, 1);
        g_assert_cmpint (X509_sign (certificate, key, EVP_sha256 ()), <=, 0);
        ERR_clear_error ();
    }
    g_assert_cmpuint (seen, ==, 11);
}

static gboolean verifies (EVP_PKEY *key, const guint8 *value, gsize size)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    g_assert_cmpint (EVP_DigestVerifyInit (context, NULL, NULL, NULL, key), ==, 1);
    gboolean good = EVP_DigestVerify (context, value, size, (const guint8 *)"x", 1) == 1;
    ERR_clear_error ();
    return good;
}

/* Only the value itself verifies: not a shorter or longer one, not one with its halves or its
 * octets in another order, not zeros; for DSTU 4145 with or without the OCTET STRING around it. */
static void forms_of_values (void)
{
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL);
        g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
        guint8 value[1024] = {0}, changed[1024] = {0};
        gsize size = 512;
        gsize head = g_str_has_prefix (kinds[i], "DSTU") ? 2 : 0;
        g_assert_cmpint (EVP_DigestSignInit (context, NULL, NULL, NULL, key), ==, 1);
        g_assert_cmpint (EVP_DigestSign (context, value, &size, (const guint8 *)"x", 1), ==, 1);
        gsize half = (size - head) / 2;
        const guint8 *bare = value + head;
        g_assert_true (verifies (key, value, size));
        g_assert_true (verifies (key, bare, 2 * half));
        for (gsize length = 0; length < size; length++)
            g_assert_true (!verifies (key, value, length) &&
                           (length == 2 * half || !verifies (key, bare, length)));
        for (gsize length = size + 1; length < sizeof value; length++)
            g_assert_false (verifies (key, value, length));
        memcpy (changed, bare + half, half);
        memcpy (changed + half, bare, half);
        g_assert_false (verifies (key, changed, 2 * half));
        for (gsize k = 0; k < 2 * half; k++)
            changed[k] = bare[2 * half - 1 - k];
        g_assert_false (verifies (key, changed, 2 * half));
        for (int part = 0; part < 3; part++) {
            memcpy (changed, bare, 2 * half);
            memset (changed + (part == 1 ? half : 0), 0, part == 2 ? 2 * half : half);
            g_assert_false (verifies (key, changed, 2 * half));
            memset (changed + (part == 1 ? half : 0), 0xff, part == 2 ? 2 * half : half);
            g_assert_false (verifies (key, changed, 2 * half));
        }
    }
}

/* A certificate that claims to be signed by another kind of key than its issuer has. */
static void other_kind_of_key (void)
{
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL);
        g_autoptr (X509) certificate = make_certificate (key, NULL, key, NULL);
        for (gsize k = 0; kinds[k]; k++) {
            g_autoptr (EVP_PKEY) other = make_key (kinds[k], NULL);
            g_assert_cmpint (X509_verify (certificate, other), !=, 1);
            g_assert_cmpint (EVP_PKEY_eq (key, other), !=, 1);
        }
        g_autoptr (EVP_PKEY) rsa = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)2048);
        g_assert_cmpint (X509_verify (certificate, rsa), !=, 1);
    }
    ERR_clear_error ();
}

/* Bouncy Castle reads and verifies certificates of both byte orders of DSTU 4145 on all curves, and
 * refuses a changed one. */
static void peer_verifies (void)
{
    g_auto (Peer) peer;
    guint asked = 0;

    peer_init (&peer);
    for (int n = 0; n < 10; n++) {
        for (int order = 0; order < 2; order++) {
            g_autofree char *group = g_strdup_printf ("1.2.804.2.1.1.1.1.3.1.1.2.%d", n);
            g_autoptr (EVP_PKEY) key = make_key (order ? "DSTU-4145-BE" : "DSTU-4145", group);
            g_autoptr (X509) certificate = make_certificate (key, NULL, key, NULL);
            g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);
            gsize size;
            const guint8 *data = g_bytes_get_data (der, &size);
            g_autofree guint8 *changed = g_memdup2 (data, size);
            changed[size - 4] ^= 0x01;
            g_autofree char *good = octets_hex (data, size);
            g_autofree char *bad = octets_hex (changed, size);
            peer_ask (&peer, "certificate %s", good);
            peer_ask (&peer, "certificate %s", bad);
            asked += 2;
        }
    }
    if (!peer_run (&peer))
        return;
    for (guint i = 0; i < asked; i++)
        g_assert_cmpstr (peer.answers[i], ==, i % 2 ? "bad" : "good");
}

#define THREADS 8
#define ROUNDS 10

static gpointer verify_many (gpointer data)
{
    GPtrArray *pairs = data;
    for (guint round = 0; round < ROUNDS; round++) {
        for (guint i = 0; i + 1 < pairs->len; i += 2) {
            EVP_PKEY *key = X509_get0_pubkey (pairs->pdata[i + 1]);
            if (X509_verify (pairs->pdata[i], key) != 1)
                return GINT_TO_POINTER (FALSE);
            /* a parse of its own as well */
            g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, pairs->pdata[i]);
            g_autoptr (X509) again = tamga_ossl_certificate (der);
            if (!X509_get0_pubkey (again) || X509_verify (again, key) != 1)
                return GINT_TO_POINTER (FALSE);
        }
    }
    return GINT_TO_POINTER (TRUE);
}

static void threads (void)
{
    g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    GThread *running[THREADS];
    for (gsize i = 0; kinds[i]; i++) {
        g_autoptr (EVP_PKEY) key = make_key (kinds[i], NULL);
        X509 *authority = make_certificate (key, NULL, key, NULL);
        g_ptr_array_add (pairs, make_certificate (key, authority, key, NULL));
        g_ptr_array_add (pairs, authority);
    }
    for (guint i = 0; i < THREADS; i++)
        running[i] = g_thread_new ("verify", verify_many, pairs);
    for (guint i = 0; i < THREADS; i++)
        g_assert_true (GPOINTER_TO_INT (g_thread_join (running[i])));
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    tamga_algorithm_load (); /* again: nothing happens */
    g_test_add_func ("/provider/paths", paths);
    g_test_add_func ("/provider/signs-everything", signs_everything);
    g_test_add_func ("/provider/rows-of-algorithms", rows_of_algorithms);
    g_test_add_func ("/provider/forms-of-values", forms_of_values);
    g_test_add_func ("/provider/other-kind-of-key", other_kind_of_key);
    g_test_add_func ("/provider/peer-verifies", peer_verifies);
    g_test_add_func ("/provider/threads", threads);
    add_key_tests ();
    add_flip_tests ();
    return g_test_run ();
}
