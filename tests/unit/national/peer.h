/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the national primitives share: published vectors, and Bouncy Castle. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* The vectors of a file below the shared folder. NULL: not there, and the test is skipped. */
json_t *vectors_load (const char *path);
/* Octets of hexadecimal digits, most significant first; an odd number of digits gets a zero. */
GBytes *vectors_octets (const char *hex);
/* The same of a member of an object. */
GBytes *vectors_member (json_t *object, const char *name);
/* A file below the shared folder. NULL: not there, and the test is skipped. */
GBytes *shared_file (const char *path);

/* Commands for BcNational.java, and its answers. */
typedef struct {
    GString *commands;
    char **answers; /* NULL-terminated, as many as commands */
} Peer;

void peer_init (Peer *peer);
/* One command: words that are printed. */
void peer_ask (Peer *peer, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* FALSE: no Java or no Bouncy Castle, and the test is skipped. */
gboolean peer_run (Peer *peer);
void peer_clear (Peer *peer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Peer, peer_clear)

/* The same pseudo-random octets in every run, made from `seed`. */
void octets_fill (guint32 seed, guint8 *octets, gsize size);
/* Lower-case hex, "-" for none. */
char *octets_hex (const guint8 *octets, gsize size);
