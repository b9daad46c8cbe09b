/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PIN on its way from the person to `tamga-key`: the one buffer it lies in, and the ways to ask
 * for it. Nothing here is used outside the command. */
#pragma once

#include "client/tamga.h"

/* Longest PIN or password, bytes: more than any card takes, room for a long file password. */
#define TAMGA_PIN_MAX 1024

/* A PIN in OpenSSL's secure memory (locked, not dumped, guarded by pages around it); wiped by its
 * free. Not NUL-terminated text: it may be cut anywhere while it is read. */
typedef struct {
    gsize length;
    char text[TAMGA_PIN_MAX + 2]; /* one byte over the limit tells "too long"; one for a newline */
} TamgaPin;

TamgaPin *tamga_pin_new (void);
void tamga_pin_free (TamgaPin *pin);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPin, tamga_pin_free)
/* Wipes and empties it, for another try. */
void tamga_pin_clear (TamgaPin *pin);
/* Appends a byte; FALSE when it would be longer than TAMGA_PIN_MAX. */
gboolean tamga_pin_append (TamgaPin *pin, char byte);
/* NULL when the PIN can be sent, else a sentence that says what is wrong with it. A PIN that the
 * card is bound to refuse must not cost one of its tries. `minimum`, `maximum` in bytes; 0: none.
 */
char *tamga_pin_objection (const TamgaPin *pin, gulong minimum, gulong maximum);
/* The PIN and a newline to `fd`; TAMGA_KEYS_ERROR_FAILED when nobody takes them. */
gboolean tamga_pin_write (TamgaPin *pin, int fd, GError **error);
/* One line of `fd`, byte by byte so that the next line stays unread. */
gboolean tamga_pin_read_line (TamgaPin *pin, int fd, const TamgaCall *call, GError **error);

/* Waits until `fd` can be read. FALSE with TAMGA_KEYS_ERROR_CANCELLED when the person gave up, or
 * with TAMGA_KEYS_ERROR_FAILED when the deadline of `call` passed. */
gboolean tamga_pin_wait (int fd, const TamgaCall *call, GError **error);

/* terminal.c: the terminal the program was started from, whatever its standard files are. -1 with
 * TAMGA_KEYS_ERROR_CANCELLED where there is none. */
int tamga_terminal_open (GError **error);
/* Shows `prompt` and reads a line without echo. The terminal is as before on every way out. */
gboolean tamga_terminal_secret (int terminal, const char *prompt, TamgaPin *pin,
                                const TamgaCall *call, GError **error);
/* A line with echo; TRUE for "y" and "yes" (case and blanks around do not matter). `typed` asks
 * for that whole word instead of a letter: for what cannot be undone. */
gboolean tamga_terminal_confirm (int terminal, const char *question, const char *typed,
                                 const TamgaCall *call);
/* Gives a terminal whose echo is off its old modes back. Safe in a signal handler. */
void tamga_terminal_restore (void);

/* pinentry.c: the Assuan protocol with the `pinentry` program. */
typedef struct {
    const char *title, *description, *prompt;
    const char *problem; /* of the try before; NULL */
} TamgaPinentryQuestion;

gboolean tamga_pinentry_secret (const TamgaPinentryQuestion *question, TamgaPin *pin,
                                const TamgaCall *call, GError **error);
/* Yes or no. FALSE without an error: no. */
gboolean tamga_pinentry_confirm (const TamgaPinentryQuestion *question, const TamgaCall *call,
                                 GError **error);
/* Text of a command's argument: "%", CR and LF as %XX. */
char *tamga_assuan_escape (const char *text);
/* Appends the bytes of a D line (behind "D ") to `pin`. FALSE when an escape is cut or is not hex,
 * or when the PIN becomes too long. */
gboolean tamga_assuan_unescape (const char *data, gsize length, TamgaPin *pin);
