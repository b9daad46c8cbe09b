/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `tamga-key` and its client agree on: how it is started, verbs, names of errors. Arguments
 * and answers are a{sv}; the PIN is never one of them, it comes through a pipe end that travels
 * with the message.
 *
 * tamga-key pkcs11 MODULE | tamga-key file FILE
 *
 *   open        fd: the progress page (progress.h)
 *   tokens      -> tokens aa{sv}: slot t, reader s, present b, label s, ... (pkcs11_token.c)
 *   select      slot t -> (a session is open)
 *   token       -> the facts of the selected token, re-read
 *   drain       fd: a pipe that another process writes PINs into; what lies in it is thrown away
 *   login       protected b (the reader has its own keypad); fd: the PIN's pipe otherwise
 *   keys        -> keys aa{sv}, certificates aay; see tamga_store_key_facts
 *   sign        key t, algorithm s, digest ay, authenticate b, protected b; fd: the pipe of the PIN
 *               for this one signature -> signature ay
 *   change-pin  protected b; fd: a pipe with three lines: old PIN, new PIN, new PIN
 *   logout
 */
#pragma once

#include "client/keys/keys.h"

/* Names of TamgaKeysError on the wire, in its order, NULL at the end. */
extern const char *const tamga_keys_codes[];

/* A PIN or password line, newline not counted. Passwords of files may be long, PINs are not. */
#define TAMGA_KEYS_MAX_SECRET 1024

/* A certificate that certifies others (RFC 5280 4.2.1.3, 4.2.1.9), not one that a person signs
 * with: keyCertSign, or without any key usage a CA. */
gboolean tamga_keys_is_authority (X509 *certificate);
