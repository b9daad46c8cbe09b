/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The password of an encrypted document, on its way from the person to the reader of the format:
 * by a descriptor or the terminal, never by the command line or the environment. */
#pragma once

#include "client/cli/cli.h"

/* The row of --password-fd for a subcommand's table of options; `where` is a char *. */
#define TAMGA_CLI_PASSWORD_OPTION(where)                                                           \
    {                                                                                              \
        "password-fd", 0, 0, G_OPTION_ARG_STRING, where,                                           \
            "Password of an encrypted document from this descriptor", "N"                 \
    }

/* Is `fd_option` (may be NULL) the number of an open descriptor? FALSE: a usage error was told. */
gboolean tamga_cli_password_option (TamgaCli *cli, const char *fd_option, int *exit_code);
/* The password of `file`, UTF-8 without its newline: the line of `fd_option`, which serves all
 * documents of the command, or typed on the terminal without echo where that is NULL. TAMGA_FORMAT_ERROR_ENCRYPTED where it can be had from
 * neither, TAMGA_KEYS_ERROR_CANCELLED where the person gave up. Lies in memory that is wiped when
 * the last reference goes. */
GBytes *tamga_cli_password (TamgaCli *cli, const char *fd_option, const char *file, GError **error);
/* Is an error of reading or signing one that a password mends? */
gboolean tamga_cli_password_wanted (const GError *error);
