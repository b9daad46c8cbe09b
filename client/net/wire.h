/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `tamga` and `tamga-fetch` say to each other (helper/frame.h): one question, one answer, and
 * never two questions at once. The transfers run between the questions too.
 *
 *   "configure"  allow-loopback b, allow-private b, proxy s (absent: the environment's)
 *   "start"      url s, content-type s, accept s, body ay, limit t, timeout u -> ticket u
 *   "wait"       timeout u -> ticket u (0: nothing finished in that time), then
 *                body ay | error s (name), text s; address s, elapsed u
 *   "cancel"     ticket u; unknown and finished tickets are no error
 */
#pragma once

#include "client/net/fetch.h"

#define TAMGA_FETCH_CONFIGURE "configure"
#define TAMGA_FETCH_START "start"
#define TAMGA_FETCH_WAIT "wait"
#define TAMGA_FETCH_CANCEL "cancel"

/* Names on the wire, in the order of TamgaFetchError; NULL-terminated. */
extern const char *const tamga_fetch_error_names[];

/* The code of a name; TAMGA_FETCH_ERROR_FAILED when it is not one. */
TamgaFetchError tamga_fetch_error_from_name (const char *name);

#define TAMGA_FETCH_DEFAULT_TIMEOUT_MS 10000u
/* Transfers that run or wait to be collected at once. */
#define TAMGA_FETCH_MAX_TRANSFERS 512u
/* One answer must fit in one frame, with room for its other members. */
#define TAMGA_FETCH_MAX_BODY (TAMGA_MAX_FRAME_SIZE - 65536u)
