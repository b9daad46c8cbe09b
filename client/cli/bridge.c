/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga bridge`: the other program, with the rest of the command line. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/helper/platform.h"

int tamga_cli_bridge (TamgaCli *cli, int argc, char **argv)
{
    g_autofree char *folder = tamga_platform_program_folder ();
    g_autofree char *program = g_build_filename (folder ? folder : "", "tamga-bridge", NULL);
    g_autofree char **arguments = g_new0 (char *, (gsize)argc + 1);
    (void)cli;
    for (int i = 1; i < argc; i++)
        arguments[i] = argv[i];
    arguments[0] = program;
    execv (program, arguments);
    fprintf (stderr, "%s cannot be started: %s\n", program, g_strerror (errno));
    return TAMGA_EXIT_INPUT;
}
