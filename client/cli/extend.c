/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga extend`: raises the level of signatures that are there, and renews archive timestamps. */
#include "client/cli/keyless.h"

int tamga_cli_extend (TamgaCli *cli, int argc, char **argv)
{
    static const TamgaCliKeyless what = {
        .work = tamga_extend,
        .done = "Extended",
        .unchanged = "every signature in it has that level already; nothing was written",
        .with_level = TRUE};
    return tamga_cli_keyless (cli, argc, argv, &what);
}
