/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A PIN or password inside `tamga-key`: in OpenSSL's secure memory (locked, guarded, not dumped),
 * used once, wiped by its free. */
#pragma once

#include <glib.h>

typedef struct {
    char *bytes; /* NUL-terminated in secure memory */
    gsize size;
} TamgaSecret;

/* Sets the secure memory up. First call of main. */
void tamga_secret_init (void);
/* Reads one line. A line without its newline is a prompter that went away: NULL with
 * TAMGA_KEYS_ERROR_CANCELLED. Too long: TAMGA_KEYS_ERROR_PIN_INVALID. */
TamgaSecret *tamga_secret_read_line (int fd, GError **error);
/* The same from a pipe that stays open: the line has been written already, so one that is not whole
 * within TAMGA_KEYS_LINE_MS is none. Never reads behind the newline. */
TamgaSecret *tamga_secret_read_ready_line (int fd, GError **error);
/* Throws away what lies in a pipe, without waiting. A writer that does not stop is an error. */
gboolean tamga_secret_drain (int fd, GError **error);
gboolean tamga_secret_equal (const TamgaSecret *a, const TamgaSecret *b);
void tamga_secret_free (TamgaSecret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaSecret, tamga_secret_free)
