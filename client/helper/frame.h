/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One message between a program and its helper: 4 bytes big-endian length, then a GVariant of type
 * (ssa{sv}) in normal form and big-endian: verb, error code ("" in requests and successes),
 * arguments. A file descriptor may travel with a message (SCM_RIGHTS). */
#pragma once

#include "client/call.h"

#define TAMGA_FRAME_TYPE "(ssa{sv})"

/* Sends a message; `pass_fd` is -1 or a descriptor that stays the caller's. */
gboolean tamga_frame_send (int fd, GVariant *message, int pass_fd, const TamgaCall *call,
                           GError **error);
/* Receives one; `*passed_fd` (may be NULL) becomes the caller's, -1 when none came. At end of file
 * before a first byte: TAMGA_HELPER_ERROR_DIED. */
GVariant *tamga_frame_receive (int fd, int *passed_fd, const TamgaCall *call, GError **error);
