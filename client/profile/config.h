/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's configuration, $XDG_CONFIG_HOME/tamga/tamga.conf: a key file, read as strictly as a
 * profile. Every key is optional; a missing file is an empty one.
 *
 *   [tamga]    profile=vn
 *   [tsa]      urls=http://tsa.example/;...
 *   [network]  proxy=http://proxy.example:3128     ("none": no proxy at all)
 *   [keys]     modules=/usr/lib/softhsm/libsofthsm2.so;...
 *   [signing]  level=LT  scheme=PSS  digest=SHA-256
 *   [bridge]   profile=kz  prompter=desktop  port=13579  max-message=64 (MiB)  max-connections=512
 *              idle=3600 (seconds)
 */
#pragma once

#include "client/profile/profile.h"

typedef struct {
    char *path;    /* of the file, also when it is not there */
    char *profile; /* name of the default profile, or NULL */
    char **tsa_urls;
    char *proxy;    /* as TamgaFetchConfig.proxy: NULL: the environment's, "": none */
    char **modules; /* absolute paths of PKCS#11 modules beside those of p11-kit */
    gboolean level_given;
    TamgaLevel level;
    char *scheme; /* "PKCS1", "PSS" or NULL */
    const TamgaDigest *digest;
    struct {
        char *profile, *prompter;               /* NULL: not said */
        guint port, idle_seconds;               /* 0: not said */
        guint max_message_mib, max_connections; /* 0: not said */
    } bridge;
} TamgaConfig;

/* Errors: TAMGA_PROFILE_ERROR_SYNTAX, _VALUE. */
TamgaConfig *tamga_config_load (GError **error);
TamgaConfig *tamga_config_load_file (const char *path, GError **error);
void tamga_config_free (TamgaConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaConfig, tamga_config_free)
