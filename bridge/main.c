/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga-bridge`: finds the subcommand. */
#include <string.h>

#include "bridge/commands/commands.h"

static void print_commands (FILE *out)
{
    fputs ("tamga-bridge lets e-government sites ask you for signatures.\n\n"
           "  tamga-bridge serve\n\n",
           out);
    for (const TamgaBridgeCommand *row = tamga_bridge_commands; row->name; row++)
        fprintf (out, "  %-14s %-34s %s\n", row->name, row->arguments, row->summary);
    fputs ("\ntamga-bridge COMMAND --help shows the options of one.\n", out);
}

int main (int argc, char **argv)
{
    tamga_bridge_add_failures ();
    if (argc > 1 && strcmp (argv[1], "--version") == 0) {
        puts ("tamga-bridge " TAMGA_VERSION);
        return TAMGA_EXIT_DONE;
    }
    if (argc < 2 || strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "help") == 0) {
        print_commands (argc < 2 ? stderr : stdout);
        return argc < 2 ? TAMGA_EXIT_USAGE : TAMGA_EXIT_DONE;
    }
    for (const TamgaBridgeCommand *row = tamga_bridge_commands; row->name; row++) {
        if (strcmp (row->name, argv[1]) == 0)
            return row->run (argc - 1, argv + 1);
    }
    fprintf (stderr, "There is no command \"%s\".\n", argv[1]);
    print_commands (stderr);
    return TAMGA_EXIT_USAGE;
}
