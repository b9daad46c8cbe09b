/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens that come and go, for a front end that stays: the modules stay open in their tamga-key
 * processes between two questions, so that a question costs no start of a process. A process
 * that is gone is started again at the next question; a module that fails otherwise, after a while. */
#pragma once

#include "client/keys/keys.h"

typedef struct _TamgaKeysWatch TamgaKeysWatch;

TamgaKeysWatch *tamga_keys_watch_new (const TamgaKeysConfig *config);
void tamga_keys_watch_free (TamgaKeysWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaKeysWatch, tamga_keys_watch_free)
/* As tamga_keys_tokens, as it is now. Elements: TamgaKeyToken, owned by the watch until the next
 * call. */
const GPtrArray *tamga_keys_watch_tokens (TamgaKeysWatch *watch, const TamgaCall *call,
                                          GError **error);
/* Ends the processes of a watch that was not asked for `milliseconds`; starts them again at the
 * next question. */
void tamga_keys_watch_rest (TamgaKeysWatch *watch, guint milliseconds);
