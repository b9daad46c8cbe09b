/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the supervisor needs from the operating system. One implementation per platform
 * (platform_linux.c), so that other systems follow without touching the rest. */
#pragma once

#include <glib.h>

/* Starts `path` with `argv`, one end of a new socket pair as its descriptor 3, standard input and
 * output on /dev/null, no other descriptor of ours, default signals, in a process group of its own
 * (a Ctrl-C at the terminal is for us to answer). `*fd`: our end. FALSE with TAMGA_HELPER_ERROR. */
gboolean tamga_platform_spawn (const char *path, char *const *argv, GPid *pid, int *fd,
                               GError **error);
/* Kills the process and what it started. */
void tamga_platform_kill (GPid pid);
/* Waits for the end of a child: at most `milliseconds` (-1: as long as it takes), and kills what it
 * started and left behind. TRUE when it was reaped; `*status` is what waitpid() says. */
gboolean tamga_platform_reap (GPid pid, int milliseconds, int *status);
/* "was killed by signal 11 (Segmentation fault)", "ended with status 3". */
char *tamga_platform_describe_end (int status);
/* Folder of the running program; NULL when it cannot be known. */
char *tamga_platform_program_folder (void);
