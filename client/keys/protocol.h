/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `tamga-key` and its client agree on: how it is started, verbs, names of errors. Arguments
 * and answers are a{sv}; the PIN is never one of them, it comes through a pipe end that travels
 * with the message.
 *
 * tamga-key pkcs11 MODULE | tamga-key file FILE
 *
 *   open        fd: the progress page (progress.h)
 *   tokens      again b (asked before: a module that only looks when it starts does so) ->
 *               tokens aa{sv}: slot t, reader s, present b, label s, ... (pkcs11_token.c)
 *   select      slot t -> (a session is open)
 *   token       -> the facts of the selected token, re-read
 *   drain       fd: the read end of a pipe that another process writes PINs to; what is in it is
 *               thrown away
 *   login       protected b (the reader has its own keypad); fd: the PIN's pipe otherwise;
 *               ready b (the line has been written to it: no long wait)
 *   keys        -> keys aa{sv}, certificates aay; see tamga_store_key_facts
 *   sign        key t, algorithm s, digest ay, authenticate b, protected b, ready b; fd: the pipe
 *               of the PIN for this one signature -> signature ay
 *   change-pin  protected b; fd: a pipe with three lines: old PIN, new PIN, new PIN
 *   logout
 */
#pragma once

#include "client/keys/keys.h"

/* Names of TamgaKeysError on the wire, in its order, NULL at the end. */
extern const char *const tamga_keys_codes[];

/* A PIN or password line, newline not counted. Passwords of files may be long, PINs are not. */
#define TAMGA_KEYS_MAX_SECRET 1024
/* How long a line that is said to have been written may take to come. */
#define TAMGA_KEYS_LINE_MS 5000
/* Bytes that are thrown away before a question; more than a pipe holds (fcntl(2) F_SETPIPE_SZ). */
#define TAMGA_KEYS_MAX_DRAINED (4 * 1024 * 1024)

/* A certificate that certifies others (RFC 5280 4.2.1.3, 4.2.1.9), not one that a person signs
 * with: keyCertSign, or without any key usage a CA. */
gboolean tamga_keys_is_authority (X509 *certificate);
