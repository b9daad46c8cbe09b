/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loader of the user's configuration file. */
#include "client/profile/config.h"

#include "client/profile/keyfile.h"

static const char *const levels[] = {"B", "T", "LT", "LTA", NULL};
static const char *const schemes[] = {"PKCS1", "PSS", NULL};

typedef struct {
    TamgaConfig config;
    int level, scheme;
    char *digest;
} Read;

#define ROW(group_, key_, kind_, field_)                                                           \
    {                                                                                              \
        .group = group_, .key = key_, .kind = kind_, .offset = G_STRUCT_OFFSET (Read, field_)      \
    }
#define NUMBER(group_, key_, field_, minimum_, maximum_)                                           \
    {                                                                                              \
        .group = group_, .key = key_, .kind = TAMGA_KEY_NUMBER,                                    \
        .offset = G_STRUCT_OFFSET (Read, field_), .minimum = minimum_, .maximum = maximum_         \
    }
static const TamgaKeyRow rows[] = {
    ROW ("tamga", "profile", TAMGA_KEY_STRING, config.profile),
    ROW ("tsa", "urls", TAMGA_KEY_URLS, config.tsa_urls),
    ROW ("network", "proxy", TAMGA_KEY_STRING, config.proxy),
    ROW ("keys", "modules", TAMGA_KEY_LIST, config.modules),
    {.group = "signing",
     .key = "level",
     .kind = TAMGA_KEY_WORD,
     .offset = G_STRUCT_OFFSET (Read, level),
     .words = levels},
    {.group = "signing",
     .key = "scheme",
     .kind = TAMGA_KEY_WORD,
     .offset = G_STRUCT_OFFSET (Read, scheme),
     .words = schemes},
    ROW ("signing", "digest", TAMGA_KEY_STRING, digest),
    ROW ("bridge", "profile", TAMGA_KEY_STRING, config.bridge.profile),
    ROW ("bridge", "prompter", TAMGA_KEY_STRING, config.bridge.prompter),
    NUMBER ("bridge", "port", config.bridge.port, 1024, 65535),
    NUMBER ("bridge", "idle", config.bridge.idle_seconds, 10, 86400),
    NUMBER ("bridge", "max-message", config.bridge.max_message_mib, 1, 256),
    NUMBER ("bridge", "max-connections", config.bridge.max_connections, 1, 4096),
};

static gboolean check_values (TamgaKeyfile *keyfile, Read *read, GError **error)
{
    TamgaConfig *config = &read->config;
    if (config->proxy != NULL && g_str_equal (config->proxy, "none"))
        config->proxy[0] = '\0';
    else if (config->proxy != NULL && !tamga_keyfile_url_ok (config->proxy)) {
        tamga_keyfile_error (keyfile, "network", "proxy", error,
                             "proxy=%s is neither an http URL nor none", config->proxy);
        return FALSE;
    }
    for (guint i = 0; config->modules != NULL && config->modules[i] != NULL; i++)
        if (!g_path_is_absolute (config->modules[i])) {
            tamga_keyfile_error (keyfile, "keys", "modules", error,
                                 "modules: \"%s\" is not an absolute path", config->modules[i]);
            return FALSE;
        }
    if (read->level >= 0) {
        config->level_given = TRUE;
        config->level = (TamgaLevel)read->level;
    }
    if (read->scheme >= 0)
        config->scheme = g_strdup (schemes[read->scheme]);
    if (read->digest != NULL) {
        config->digest = tamga_digest_by_name (read->digest);
        if (config->digest == NULL || config->digest->weak) {
            tamga_keyfile_error (keyfile, "signing", "digest", error,
                                 "digest=%s is not a digest that signatures are made with",
                                 read->digest);
            return FALSE;
        }
    }
    return TRUE;
}

TamgaConfig *tamga_config_load_file (const char *path, GError **error)
{
    Read read = {.level = -1, .scheme = -1};
    gboolean done = TRUE;
    if (g_file_test (path, G_FILE_TEST_EXISTS)) {
        g_autoptr (TamgaKeyfile) keyfile =
            tamga_keyfile_read (path, TAMGA_PROFILE_ERROR, TAMGA_PROFILE_ERROR_SYNTAX,
                                TAMGA_PROFILE_ERROR_VALUE, error);
        done = keyfile != NULL &&
               tamga_keyfile_fill (keyfile, NULL, rows, G_N_ELEMENTS (rows), &read, error) &&
               tamga_keyfile_finish (keyfile, error) && check_values (keyfile, &read, error);
    }
    g_free (read.digest);
    g_autoptr (TamgaConfig) config = g_new (TamgaConfig, 1);
    *config = read.config;
    config->path = g_strdup (path);
    return done ? g_steal_pointer (&config) : NULL;
}

TamgaConfig *tamga_config_load (GError **error)
{
    g_autofree char *path =
        g_build_filename (g_get_user_config_dir (), "tamga", "tamga.conf", NULL);
    return tamga_config_load_file (path, error);
}

void tamga_config_free (TamgaConfig *config)
{
    if (config == NULL)
        return;
    g_free (config->path);
    g_free (config->profile);
    g_strfreev (config->tsa_urls);
    g_free (config->proxy);
    g_strfreev (config->modules);
    g_free (config->scheme);
    g_free (config->bridge.profile);
    g_free (config->bridge.prompter);
    g_free (config);
}
