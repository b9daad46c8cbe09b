/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is at the other end of a loopback connection: user and program, as far as the system tells
 * (peer_linux.c; another system has its own file). */
#pragma once

#include <glib.h>

/* Do both ends of the connected socket `fd` lie on loopback, and does its peer belong to this
 * process's user? What cannot be found out is FALSE. */
gboolean tamga_peer_is_own (int fd);
/* "node (process 123)"; NULL where it cannot be known. */
char *tamga_peer_program (int fd);
/* The same of the process of this user that listens on `port` of any address. */
char *tamga_peer_listener (guint16 port);
/* Is every listening socket of this process bound to a loopback address? `*count`: how many. */
gboolean tamga_peer_all_loopback (guint *count);
