/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose dialog is open: one request at a time asks the person, the others wait in the order they
 * came, and an origin that has too many waiting is told so. Safe from several threads. */
#pragma once

#include "bridge/bridge.h"

typedef struct _TamgaTurn TamgaTurn;

TamgaTurn *tamga_turn_new (void);
void tamga_turn_free (TamgaTurn *turn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaTurn, tamga_turn_free)
/* Waits for the turn. BUSY at once where the origin (NULL: programs) has TAMGA_BRIDGE_MAX_WAITING
 * requests waiting; GONE where `call` ends. */
gboolean tamga_turn_take (TamgaTurn *turn, const char *origin, const TamgaCall *call,
                          GError **error);
void tamga_turn_give (TamgaTurn *turn);
