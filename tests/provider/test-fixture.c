/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The provider fixture as C tests use it: start, issue, control, outage, restart, end. */
#include "tests/provider/fixture.h"

#include <signal.h>
#include <string.h>

#include "tests/provider/ossl.h"

static GBytes *make_request (void)
{
    g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
    g_autoptr (X509_REQ) request = X509_REQ_new ();
    unsigned char *der = NULL;
    X509_NAME *name = X509_REQ_get_subject_name (request);
    g_assert_true (X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8,
                                               (const unsigned char *)"Bakyt", -1, -1, 0));
    g_assert_true (X509_REQ_set_pubkey (request, key));
    g_assert_cmpint (X509_REQ_sign (request, key, EVP_sha256 ()), >, 0);
    int length = i2d_X509_REQ (request, &der);
    g_assert_cmpint (length, >, 0);
    GBytes *bytes = g_bytes_new (der, (gsize)length);
    OPENSSL_free (der);
    return bytes;
}

static X509 *parse (GBytes *der)
{
    const unsigned char *start = g_bytes_get_data (der, NULL);
    X509 *certificate = d2i_X509 (NULL, &start, (long)g_bytes_get_size (der));
    g_assert_nonnull (certificate);
    return certificate;
}

static void test_life (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaProviderFixture) provider = tamga_provider_fixture_start (NULL, &error);
    g_assert_no_error (error);
    g_autofree char *directory = g_strdup (tamga_provider_fixture_get (provider, "directory"));
    g_autofree char *url = g_strdup (tamga_provider_fixture_get (provider, "url"));
    pid_t pid = (pid_t)g_ascii_strtoll (tamga_provider_fixture_get (provider, "pid"), NULL, 10);
    g_assert_true (g_str_has_prefix (url, "http://127.0.0.1:"));
    g_assert_true (g_file_test (tamga_provider_fixture_get (provider, "root"), G_FILE_TEST_EXISTS));
    g_assert_null (tamga_provider_fixture_get (provider, "nothing"));

    g_autoptr (GBytes) request = make_request ();
    g_autoptr (GBytes) der =
        tamga_provider_fixture_issue (provider, request, "title=Judge", &error);
    g_assert_no_error (error);
    g_autoptr (X509) certificate = parse (der);
    g_autoptr (GBytes) issuer_der =
        tamga_provider_fixture_fetch (provider, "/provider.cer", NULL, &error);
    g_assert_no_error (error);
    g_autoptr (X509) issuer = parse (issuer_der);
    g_assert_cmpint (X509_verify (certificate, X509_get0_pubkey (issuer)), ==, 1);

    g_assert_true (tamga_provider_fixture_stop (provider, &error));
    g_assert_no_error (error);
    g_assert_cmpint (kill (pid, 0), ==, -1);
    g_assert_null (tamga_provider_fixture_fetch (provider, "/provider.cer", NULL, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
    g_clear_error (&error);
    g_assert_true (tamga_provider_fixture_restart (provider, &error));
    g_assert_no_error (error);
    g_assert_cmpstr (tamga_provider_fixture_get (provider, "url"), ==, url);
    g_autoptr (GBytes) again =
        tamga_provider_fixture_fetch (provider, "/provider.cer", NULL, &error);
    g_assert_no_error (error);
    g_assert_true (g_bytes_equal (again, issuer_der));

    g_clear_pointer (&provider, tamga_provider_fixture_free);
    g_assert_false (g_file_test (directory, G_FILE_TEST_EXISTS));
}

static void test_control (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaProviderFixture) provider = tamga_provider_fixture_start (NULL, &error);
    g_assert_no_error (error);

    g_assert_false (tamga_provider_fixture_control (provider, "revoke?serial=0A", &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_assert_nonnull (strstr (error->message, "no certificate 0A"));
    g_clear_error (&error);

    g_autoptr (GBytes) junk = g_bytes_new_static ("junk", 4);
    g_assert_null (tamga_provider_fixture_issue (provider, junk, NULL, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_assert_nonnull (strstr (error->message, "PKCS#10"));
    g_clear_error (&error);

    g_assert_true (
        tamga_provider_fixture_control (provider, "fault?service=crl-root&kind=http-503", &error));
    g_assert_no_error (error);
    g_assert_null (tamga_provider_fixture_fetch (provider, "/crl/root.crl", NULL, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
    g_clear_error (&error);
    g_assert_true (tamga_provider_fixture_control (provider, "reset", &error));
    g_autoptr (GBytes) crl = tamga_provider_fixture_fetch (provider, "/crl/root.crl", NULL, &error);
    g_assert_no_error (error);
    g_assert_nonnull (crl);
    g_autoptr (GBytes) log = tamga_provider_fixture_fetch (provider, "/control/log", NULL, &error);
    g_assert_no_error (error);
    g_assert_nonnull (g_strstr_len (g_bytes_get_data (log, NULL), (gssize)g_bytes_get_size (log),
                                    "crl-root\tGET\t/crl/root.crl\t503"));
}

static void test_missing_program (void)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *build = g_strdup (g_getenv ("TAMGA_BUILD"));
    g_setenv ("TAMGA_BUILD", "/nonexistent", TRUE);
    g_assert_null (tamga_provider_fixture_start (NULL, &error));
    g_assert_nonnull (error);
    if (build == NULL)
        g_unsetenv ("TAMGA_BUILD");
    else
        g_setenv ("TAMGA_BUILD", build, TRUE);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/provider-fixture/life", test_life);
    g_test_add_func ("/provider-fixture/control", test_control);
    g_test_add_func ("/provider-fixture/missing-program", test_missing_program);
    return g_test_run ();
}
