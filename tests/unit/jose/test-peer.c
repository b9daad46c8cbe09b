/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program `jose` verifies what is made here, and what it signs is read here. */
#include <openssl/core_names.h>
#include <string.h>

#include "formats/jose/base64.h"
#include "tests/unit/jose/carrier.h"

#define TEXT "What the peer sees."

static void add_number (json_t *jwk, const char *name, EVP_PKEY *key, const char *parameter,
                        gsize size)
{
    BIGNUM *number = NULL;
    guint8 bytes[1024];
    g_autofree char *text = NULL;

    g_assert_cmpint (EVP_PKEY_get_bn_param (key, parameter, &number), ==, 1);
    if (size == 0)
        size = (gsize)BN_num_bytes (number);
    g_assert_cmpint (BN_bn2binpad (number, bytes, (int)size), ==, (int)size);
    text = tamga_base64url_encode (bytes, size);
    json_object_set_new (jwk, name, json_string (text));
    BN_free (number);
}

/* The key as a JWK (RFC 7518 6), written to a file whose path is returned. */
static char *write_jwk (Fixture *fixture, EVP_PKEY *key, const char *name, gboolean secret)
{
    json_t *jwk = json_object ();
    gsize size = ((gsize)EVP_PKEY_get_bits (key) + 7) / 8;
    g_autofree char *curve = g_strdup_printf ("P-%d", EVP_PKEY_get_bits (key));
    g_autoptr (GBytes) bytes = NULL;
    char *text;

    if (EVP_PKEY_is_a (key, "RSA")) {
        json_object_set_new (jwk, "kty", json_string ("RSA"));
        add_number (jwk, "n", key, OSSL_PKEY_PARAM_RSA_N, 0);
        add_number (jwk, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
    } else {
        json_object_set_new (jwk, "kty", json_string ("EC"));
        json_object_set_new (jwk, "crv", json_string (curve));
        add_number (jwk, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, size);
        add_number (jwk, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, size);
        if (secret)
            add_number (jwk, "d", key, OSSL_PKEY_PARAM_PRIV_KEY, size);
    }
    text = json_dumps (jwk, JSON_COMPACT);
    bytes = carrier_text (text);
    free (text);
    json_decref (jwk);
    return fixture_write (fixture, name, bytes);
}

/* Runs `jose`; TRUE when it exits with 0. */
static gboolean run_jose (const char *const *arguments)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *messages = NULL;
    int status = 0;

    g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                  NULL, NULL, NULL, &messages, &status, &error);
    g_assert_no_error (error);
    g_test_message ("jose: %s", messages);
    return g_spawn_check_wait_status (status, NULL);
}

static gboolean has_jose (void)
{
    g_autofree char *path = g_find_program_in_path ("jose");

    if (path == NULL)
        g_test_skip ("skipped: the program jose is not here");
    return path != NULL;
}

static void test_verified_by_peer (void)
{
    static const struct {
        const char *kind, *algorithm;
        TamgaJoseSerialization form;
        TamgaLevel level;
    } rows[] = {
        {"RSA", "RSA-PKCS1-SHA-256", TAMGA_JOSE_COMPACT, TAMGA_LEVEL_B},
        {"RSA", "RSA-PSS-SHA-256", TAMGA_JOSE_FLATTENED, TAMGA_LEVEL_LT},
        {"P-256", "ECDSA-SHA-256", TAMGA_JOSE_GENERAL, TAMGA_LEVEL_T},
        {"P-256", "ECDSA-SHA-256", TAMGA_JOSE_COMPACT, TAMGA_LEVEL_B},
    };
    g_autoptr (Fixture) fixture = fixture_new ();

    for (gsize i = 0; has_jose () && i < G_N_ELEMENTS (rows); i++) {
        const Party *party = fixture_party (fixture, rows[i].kind, "Signer");
        g_autoptr (TamgaDocument) document = carrier_document ("file.txt", TEXT);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) file = carrier_sign (
            fixture, party, rows[i].algorithm, document,
            (TamgaSigningParameters){.jose = rows[i].form, .level = rows[i].level}, &error);
        g_autofree char *key = write_jwk (fixture, party->key, "key.jwk", FALSE);
        g_autofree char *path = NULL, *other_key = NULL;
        g_assert_no_error (error);
        path = fixture_write (fixture, "signed.json", file);
        g_assert_true (
            run_jose ((const char *[]){"jose", "jws", "ver", "-i", path, "-k", key, NULL}));
        other_key = write_jwk (fixture, fixture->tsa.key, "other.jwk", FALSE);
        g_assert_false (
            run_jose ((const char *[]){"jose", "jws", "ver", "-i", path, "-k", other_key, NULL}));
    }
}

static void test_made_by_peer (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, party->certificate);
    g_autofree char *chain = tamga_base64_encode_bytes (der);
    g_autofree char *template = g_strdup_printf ("{\"protected\":{\"x5c\":[\"%s\"]}}", chain);
    g_autofree char *key = write_jwk (fixture, party->key, "secret.jwk", TRUE);
    g_autoptr (GBytes) text = carrier_text (TEXT);
    g_autofree char *input = fixture_write (fixture, "input", text);

    for (int compact = 0; has_jose () && compact < 2; compact++) {
        g_autofree char *path = g_build_filename (fixture->folder, "peer.jws", NULL);
        g_autoptr (GBytes) file = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        g_autoptr (TamgaDocument) document = NULL;
        const char *arguments[] = {"jose", "jws", "sig",    "-I", input, "-k",
                                   key,    "-s",  template, "-o", path,  compact ? "-c" : NULL,
                                   NULL};
        g_assert_true (run_jose (arguments));
        file = fixture_load (path);
        document = tamga_document_new ("x", file);
        g_assert_true (tamga_jades_format.probe (document));
        signatures = carrier_assert (file, NULL, 1, TAMGA_INTEGRITY_INTACT);
        g_assert_cmpstr (((TamgaSignature *)signatures->pdata[0])->format, ==, "JWS");
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/jose/peer/verified-by-peer", test_verified_by_peer);
    g_test_add_func ("/jose/peer/made-by-peer", test_made_by_peer);
    return g_test_run ();
}
