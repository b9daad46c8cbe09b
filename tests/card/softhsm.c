/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SoftHSM fixture: runs the tools and keeps the folder. */
#include "tests/card/softhsm.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

struct tamga_softhsm {
    char *module;
    char *dir;
    char *conf;
    GHashTable *pins; /* token label -> user PIN */
};

G_DEFINE_QUARK (tamga-softhsm-error-quark, tamga_softhsm_error)

static const char *const module_paths[] = {
#ifdef __x86_64__
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
#endif
#ifdef __aarch64__
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
#endif
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
};

static const struct {
    const char *type;
    const char *algorithm;
    const char *option;
} key_types[] = {
    {"rsa2048", "RSA", "rsa_keygen_bits:2048"}, {"rsa3072", "RSA", "rsa_keygen_bits:3072"},
    {"rsa4096", "RSA", "rsa_keygen_bits:4096"}, {"p256", "EC", "ec_paramgen_curve:P-256"},
    {"p384", "EC", "ec_paramgen_curve:P-384"},  {"p521", "EC", "ec_paramgen_curve:P-521"},
};

/* Runs the tool of ARGV[0]; its output becomes the error when it fails. */
static gboolean run_tool (const char *const *argv, GError **error)
{
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    g_autoptr (GError) local = NULL;
    int status;

    if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                       &status, &local)) {
        g_set_error (error, TAMGA_SOFTHSM_ERROR, TAMGA_SOFTHSM_ERROR_TOOL,
                     "%s could not be started: %s", argv[0], local->message);
        return FALSE;
    }
    if (!g_spawn_check_wait_status (status, &local)) {
        g_set_error (error, TAMGA_SOFTHSM_ERROR, TAMGA_SOFTHSM_ERROR_TOOL, "%s %s: %s\n%s%s",
                     argv[0], argv[1], local->message, out, err);
        return FALSE;
    }
    return TRUE;
}

static void remove_tree (const char *path)
{
    GDir *dir = g_dir_open (path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *child = g_build_filename (path, name, NULL);

        if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
            remove_tree (child);
        else
            g_unlink (child);
    }
    g_clear_pointer (&dir, g_dir_close);
    g_rmdir (path);
}

tamga_softhsm *tamga_softhsm_new (GError **error)
{
    g_autoptr (tamga_softhsm) hsm = g_new0 (tamga_softhsm, 1);
    g_autofree char *tokens = NULL;
    g_autofree char *settings = NULL;

    hsm->pins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    for (gsize i = 0; i < G_N_ELEMENTS (module_paths) && hsm->module == NULL; i++)
        if (g_file_test (module_paths[i], G_FILE_TEST_EXISTS))
            hsm->module = g_strdup (module_paths[i]);
    if (hsm->module == NULL) {
        g_set_error (error, TAMGA_SOFTHSM_ERROR, TAMGA_SOFTHSM_ERROR_MISSING,
                     "libsofthsm2.so is not installed");
        return NULL;
    }
    hsm->dir = g_dir_make_tmp ("tamga-softhsm-XXXXXX", error);
    if (hsm->dir == NULL)
        return NULL;
    tokens = g_build_filename (hsm->dir, "tokens", NULL);
    hsm->conf = g_build_filename (hsm->dir, "softhsm2.conf", NULL);
    if (g_mkdir (tokens, 0700) == -1) {
        g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", tokens,
                     g_strerror (errno));
        return NULL;
    }
    settings = g_strdup_printf (
        "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", tokens);
    if (!g_file_set_contents (hsm->conf, settings, -1, error))
        return NULL;
    g_setenv ("SOFTHSM2_CONF", hsm->conf, TRUE);
    return g_steal_pointer (&hsm);
}

void tamga_softhsm_free (tamga_softhsm *hsm)
{
    if (hsm == NULL)
        return;
    if (hsm->conf != NULL && g_strcmp0 (g_getenv ("SOFTHSM2_CONF"), hsm->conf) == 0)
        g_unsetenv ("SOFTHSM2_CONF");
    if (hsm->dir != NULL)
        remove_tree (hsm->dir);
    g_hash_table_unref (hsm->pins);
    g_free (hsm->module);
    g_free (hsm->dir);
    g_free (hsm->conf);
    g_free (hsm);
}

const char *tamga_softhsm_module (const tamga_softhsm *hsm)
{
    return hsm->module;
}

const char *tamga_softhsm_dir (const tamga_softhsm *hsm)
{
    return hsm->dir;
}

const char *tamga_softhsm_conf (const tamga_softhsm *hsm)
{
    return hsm->conf;
}

gboolean tamga_softhsm_add_token (tamga_softhsm *hsm, const char *label, const char *pin,
                                  GError **error)
{
    const char *argv[] = {"softhsm2-util", "--init-token", "--free", "--label", label,
                          "--so-pin",      "0000",         "--pin",  pin,       NULL};

    if (!run_tool (argv, error))
        return FALSE;
    g_hash_table_insert (hsm->pins, g_strdup (label), g_strdup (pin));
    return TRUE;
}

static const char *pin_of_token (const tamga_softhsm *hsm, const char *token)
{
    const char *pin = g_hash_table_lookup (hsm->pins, token);

    g_assert (pin != NULL);
    return pin;
}

gboolean tamga_softhsm_import_key (tamga_softhsm *hsm, const char *token, const char *id,
                                   const char *label, const char *key_pem, GError **error)
{
    g_autofree char *pkcs8 = g_build_filename (hsm->dir, "import.p8", NULL);
    const char *convert[] = {"openssl", "pkcs8", "-topk8", "-nocrypt", "-in",
                             key_pem,   "-out",  pkcs8,    NULL};
    const char *import[] = {"softhsm2-util",
                            "--import",
                            pkcs8,
                            "--token",
                            token,
                            "--label",
                            label,
                            "--id",
                            id,
                            "--pin",
                            pin_of_token (hsm, token),
                            NULL};
    gboolean good = run_tool (convert, error) && run_tool (import, error);

    g_unlink (pkcs8);
    return good;
}

/* pkcs11-tool --write-object FILE --type TYPE; EXTRA is a NULL-terminated list. */
static gboolean write_object (tamga_softhsm *hsm, const char *token, const char *id,
                              const char *label, const char *file, const char *type,
                              const char *const *extra, GError **error)
{
    const char *common[] = {"pkcs11-tool",
                            "--module",
                            hsm->module,
                            "--token-label",
                            token,
                            "--login",
                            "--pin",
                            pin_of_token (hsm, token),
                            "--write-object",
                            file,
                            "--type",
                            type,
                            "--id",
                            id,
                            "--label",
                            label};
    g_autoptr (GPtrArray) argv = g_ptr_array_new ();

    for (gsize i = 0; i < G_N_ELEMENTS (common); i++)
        g_ptr_array_add (argv, (gpointer)common[i]);
    for (; *extra != NULL; extra++)
        g_ptr_array_add (argv, (gpointer)*extra);
    g_ptr_array_add (argv, NULL);
    return run_tool ((const char *const *)argv->pdata, error);
}

gboolean tamga_softhsm_import_always_key (tamga_softhsm *hsm, const char *token, const char *id,
                                          const char *label, const char *key_pem, GError **error)
{
    g_autofree char *der = g_build_filename (hsm->dir, "import.der", NULL);
    const char *convert[] = {"openssl", "pkey", "-in", key_pem, "-outform",
                             "DER",     "-out", der,   NULL};
    const char *const extra[] = {"--usage-sign", "--always-auth", NULL};
    gboolean good = run_tool (convert, error) &&
                    write_object (hsm, token, id, label, der, "privkey", extra, error);

    g_unlink (der);
    return good;
}

gboolean tamga_softhsm_import_certificate (tamga_softhsm *hsm, const char *token, const char *id,
                                           const char *label, const char *cert_der, GError **error)
{
    const char *const extra[] = {NULL};

    return write_object (hsm, token, id, label, cert_der, "cert", extra, error);
}

static char *path_of_identity (const tamga_softhsm *hsm, const char *id, const char *suffix)
{
    g_autofree char *name = g_strconcat (id, suffix, NULL);

    return g_build_filename (hsm->dir, name, NULL);
}

gboolean tamga_softhsm_make_identity (tamga_softhsm *hsm, const char *id, const char *type,
                                      const char *subject, GError **error)
{
    g_autofree char *key = path_of_identity (hsm, id, ".pem");
    g_autofree char *cert = path_of_identity (hsm, id, ".der");
    const char *certify[] = {"openssl",
                             "req",
                             "-x509",
                             "-new",
                             "-key",
                             key,
                             "-subj",
                             subject,
                             "-utf8",
                             "-days",
                             "30",
                             "-addext",
                             "keyUsage=critical,digitalSignature,nonRepudiation",
                             "-outform",
                             "DER",
                             "-out",
                             cert,
                             NULL};
    gsize i;

    for (i = 0; i < G_N_ELEMENTS (key_types); i++)
        if (g_str_equal (key_types[i].type, type))
            break;
    g_assert (i < G_N_ELEMENTS (key_types));

    const char *generate[] = {"openssl",  "genpkey", "-quiet", "-algorithm", NULL,
                              "-pkeyopt", NULL,      "-out",   key,          NULL};

    generate[4] = key_types[i].algorithm;
    generate[6] = key_types[i].option;
    return run_tool (generate, error) && run_tool (certify, error);
}

gboolean tamga_softhsm_add_identity (tamga_softhsm *hsm, const char *token, const char *id,
                                     const char *label, const char *type, const char *subject,
                                     GError **error)
{
    g_autofree char *key = path_of_identity (hsm, id, ".pem");
    g_autofree char *cert = path_of_identity (hsm, id, ".der");

    return tamga_softhsm_make_identity (hsm, id, type, subject, error) &&
           tamga_softhsm_import_key (hsm, token, id, label, key, error) &&
           tamga_softhsm_import_certificate (hsm, token, id, label, cert, error);
}
