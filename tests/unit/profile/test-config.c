/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's configuration file. */
#include <glib/gstdio.h>
#include <string.h>

#include "client/profile/config.h"

static TamgaConfig *load_text (const char *text, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp ("tamga-config-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (folder, "tamga.conf", NULL);
    if (text != NULL)
        g_assert_true (g_file_set_contents (path, text, -1, NULL));
    TamgaConfig *config = tamga_config_load_file (path, error);
    g_unlink (path);
    g_rmdir (folder);
    return config;
}

static void test_missing (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaConfig) config = load_text (NULL, &error);
    g_assert_no_error (error);
    g_assert_null (config->profile);
    g_assert_null (config->tsa_urls);
    g_assert_null (config->proxy);
    g_assert_false (config->level_given);
}

static void test_all (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaConfig) config =
        load_text ("# mine\n[tamga]\nprofile=demo\n[tsa]\nurls=http://127.0.0.1:8080/tsa;\n"
                   "[network]\nproxy=none\n[keys]\nmodules=/usr/lib/a.so;/usr/lib/b.so\n"
                   "[signing]\nlevel=LT\nscheme=PSS\ndigest=SHA-384\n",
                   &error);
    g_assert_no_error (error);
    g_assert_cmpstr (config->profile, ==, "demo");
    g_assert_cmpuint (g_strv_length (config->tsa_urls), ==, 1);
    g_assert_cmpstr (config->tsa_urls[0], ==, "http://127.0.0.1:8080/tsa");
    g_assert_cmpstr (config->proxy, ==, "");
    g_assert_cmpuint (g_strv_length (config->modules), ==, 2);
    g_assert_true (config->level_given);
    g_assert_cmpint (config->level, ==, TAMGA_LEVEL_LT);
    g_assert_cmpstr (config->scheme, ==, "PSS");
    g_assert_cmpstr (config->digest->name, ==, "SHA-384");
}

static const struct {
    const char *name, *text, *message;
} wrong[] = {
    {"unknown-key", "[tamga]\nprofil=vn\n", "tamga.conf:2: unknown key"},
    {"relative-module", "[keys]\nmodules=a.so\n", "tamga.conf:2: modules"},
    {"wrong-level", "[signing]\nlevel=X\n", "tamga.conf:2: level=X"},
    {"wrong-proxy", "[network]\nproxy=squid\n", "tamga.conf:2: proxy=squid"},
    {"weak-digest", "[signing]\ndigest=SHA-1\n", "tamga.conf:2: digest=SHA-1"},
    {"tsa-not-url", "[tsa]\nurls=tsa.example\n", "tamga.conf:2: urls"},
};

static void test_wrong (gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE (data);
    g_autoptr (GError) error = NULL;
    g_assert_null (load_text (wrong[i].text, &error));
    g_assert_error (error, TAMGA_PROFILE_ERROR, TAMGA_PROFILE_ERROR_VALUE);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, wrong[i].message));
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/config/missing_is_empty", test_missing);
    g_test_add_func ("/config/all_keys", test_all);
    for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
        g_autofree char *name = g_strconcat ("/config/refused/", wrong[i].name, NULL);
        g_test_add_data_func (name, GSIZE_TO_POINTER (i), test_wrong);
    }
    return g_test_run ();
}
