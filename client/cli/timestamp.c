/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga timestamp`: proves that documents exist now, without a signature. */
#include "client/cli/keyless.h"

int tamga_cli_timestamp (TamgaCli *cli, int argc, char **argv)
{
    static const TamgaCliKeyless what = {
        .work = tamga_timestamp_files, .done = "Stamped", .unchanged = "nothing was to be done"};
    return tamga_cli_keyless (cli, argc, argv, &what);
}
