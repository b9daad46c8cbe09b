/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of `tamga sign`: from words to the values that the job takes. */
#pragma once

#include "client/cli/cli.h"

typedef struct {
    /* as given */
    char *format, *level, *output, *reason, *location, *contact, *field, *visible, *image, *text;
    char *digest, *scheme, *packaging, *countersign, *password_fd;
    char *xml_parent, *c14n, *xml_layout, *serialization;
    char *policy, *policy_file, *policy_uri, *city, *province, *postal_code, *country;
    char **tsa, **documents, **xml_elements, **commitments, **roles;
    int certify, contents_size;
    gboolean detached, force, together, each, content_timestamp;

    /* made of it */
    TamgaSignOptions options; /* borrows from here */
    TamgaClaims claims;
    TamgaPolicy policy_value;
    GBytes *policy_digest;
    char **commitment_oids;
    char *countersigned;
    TamgaVisible *visible_value;
    GPtrArray *contents; /* TamgaDocument */
} TamgaCliSign;

/* Rows for tamga_cli_parse, which fill `sign`. Freed with g_free. */
GOptionEntry *tamga_cli_sign_entries (TamgaCliSign *sign);
/* Fills `sign->options`. G_OPTION_ERROR where an option is wrong. */
gboolean tamga_cli_sign_read (TamgaCliSign *sign, GError **error);
/* What the configuration says, where the person says nothing. */
void tamga_cli_sign_use_config (TamgaCliSign *sign, const TamgaConfig *config);
void tamga_cli_sign_clear (TamgaCliSign *sign);
