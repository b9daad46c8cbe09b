/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/integration/status/world.h"

#include <glib/gstdio.h>

TamgaProviderFixture *world_provider;
static X509 *issuer;

void world_start (void)
{
    g_autoptr (GError) error = NULL;
    world_provider = tamga_provider_fixture_start (NULL, &error);
    g_assert_no_error (error);
    issuer = world_fetch_certificate ("/provider.cer");
}

void world_stop (void)
{
    X509_free (issuer);
    tamga_provider_fixture_free (world_provider);
}

void world_control (const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *command = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_autoptr (GError) error = NULL;
    tamga_provider_fixture_control (world_provider, command, &error);
    g_assert_no_error (error);
}

X509 *world_issue (const char *query)
{
    g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
    g_autoptr (X509_REQ) request = X509_REQ_new ();
    X509_NAME_add_entry_by_txt (X509_REQ_get_subject_name (request), "CN", MBSTRING_UTF8,
                                (const guint8 *)"Aitmatova Chyngyz", -1, -1, 0);
    g_assert_true (X509_REQ_set_pubkey (request, key));
    g_assert_cmpint (X509_REQ_sign (request, key, EVP_sha256 ()), >, 0);
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509_REQ, request);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) issued = tamga_provider_fixture_issue (world_provider, der, query, &error);
    g_assert_no_error (error);
    X509 *certificate = tamga_ossl_certificate (issued);
    g_assert_nonnull (certificate);
    return certificate;
}

X509 *world_fetch_certificate (const char *path)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) der = tamga_provider_fixture_fetch (world_provider, path, NULL, &error);
    g_assert_no_error (error);
    return tamga_ossl_certificate (der);
}

char *world_serial (X509 *certificate)
{
    return tamga_ossl_serial (X509_get0_serialNumber (certificate));
}

static void free_certificate (gpointer data)
{
    X509_free (data);
}

void world_now (World *world)
{
    world->context.now = world->context.time = g_get_real_time () / G_USEC_PER_SEC;
}

void world_set_up (World *world, gconstpointer profile)
{
    g_autoptr (GError) error = NULL;
    world_control ("reset");
    world->profile = tamga_profile_load (profile != NULL ? profile : "demo", &error);
    g_assert_no_error (error);
    world->trust = tamga_trust_new ();
    g_autoptr (X509) root = world_fetch_certificate ("/root.cer");
    tamga_trust_use (world->trust, root);
    world->folder = g_dir_make_tmp ("tamga-status-XXXXXX", NULL);
    g_autofree char *cache = g_build_filename (world->folder, "cache", NULL);
    g_autofree char *state = g_build_filename (world->folder, "state", NULL);
    world->cache = tamga_status_cache_open_directory (cache, state, &error);
    g_assert_no_error (error);
    TamgaFetchConfig config = {.allow_loopback = TRUE, .proxy = ""};
    world->fetch = tamga_fetch_new (&config);
    world->pool = g_ptr_array_new_with_free_func (free_certificate);
    world->call = TAMGA_CALL_INIT;
    world->context = (TamgaStatusContext){.profile = world->profile,
                                          .trust = world->trust,
                                          .fetch = world->fetch,
                                          .cache = world->cache,
                                          .pool = world->pool,
                                          .fresh = TRUE};
    world_now (world);
}

static void remove_tree (const char *folder)
{
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (folder, name, NULL);
        if (g_file_test (path, G_FILE_TEST_IS_DIR))
            remove_tree (path);
        else
            g_unlink (path);
    }
    g_rmdir (folder);
}

void world_tear_down (World *world, gconstpointer profile)
{
    (void)profile;
    tamga_fetch_free (world->fetch);
    tamga_status_cache_free (world->cache);
    tamga_trust_free (world->trust);
    tamga_profile_free (world->profile);
    g_ptr_array_unref (world->pool);
    remove_tree (world->folder);
    g_free (world->folder);
}

TamgaStatus *world_status (World *world, X509 *certificate)
{
    TamgaStatusQuestion question = {.certificate = certificate, .issuer = issuer};
    world_now (world);
    g_autoptr (GPtrArray) answers = tamga_status_ask (&world->context, &question, 1, &world->call);
    g_assert_cmpuint (answers->len, ==, 1);
    TamgaStatus *status = answers->pdata[0];
    answers->pdata[0] = NULL;
    g_test_message ("%s: %s", tamga_status_name (status->value), status->text);
    return status;
}
