/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommands of `tamga-bridge`: one row each, one file each. */
#pragma once

#include <stdio.h>

#include "bridge/bridge.h"

typedef struct {
    const char *name, *arguments, *summary;
    int (*run) (int argc, char **argv); /* argv[0] is the name; returns the exit code */
} TamgaBridgeCommand;

extern const TamgaBridgeCommand tamga_bridge_commands[]; /* ends with a row without a name */

/* Parses the options of a subcommand; without an error of its own it exits with 64 through
 * `*code`. */
gboolean tamga_bridge_parse (int *argc, char ***argv, const GOptionEntry *entries, int *code);
/* Tells the error and what to do next on standard error; its exit code. */
int tamga_bridge_fail (const GError *error);
/* One JSON object on standard output; takes the reference. */
void tamga_bridge_print (json_t *object);

int tamga_bridge_serve (int argc, char **argv);
int tamga_bridge_status (int argc, char **argv);
int tamga_bridge_stop (int argc, char **argv);
int tamga_bridge_grants (int argc, char **argv);
int tamga_bridge_install_trust (int argc, char **argv);
int tamga_bridge_remove_trust (int argc, char **argv);
int tamga_bridge_doctor (int argc, char **argv);
