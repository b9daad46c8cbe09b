/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `tamga extend` and `tamga timestamp` share: options, lines on the screen, JSON. */
#pragma once

#include "client/cli/cli.h"

/* tamga_extend, tamga_timestamp_files. */
typedef GPtrArray *(*TamgaCliKeylessWork) (const TamgaSignContext *context,
                                           const TamgaSignItem *items, gsize n,
                                           const TamgaExtendOptions *options, const TamgaSignUi *ui,
                                           const TamgaCall *call, GError **error);

typedef struct {
    TamgaCliKeylessWork work;
    const char *done;      /* "Extended": before each file */
    const char *unchanged; /* sentence about a file with nothing to be done */
    gboolean with_level;   /* has --level */
} TamgaCliKeyless;

int tamga_cli_keyless (TamgaCli *cli, int argc, char **argv, const TamgaCliKeyless *what);
