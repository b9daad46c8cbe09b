/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How `tamga bridge status|stop|grants` reach the running bridge: a socket in
 * $XDG_RUNTIME_DIR/tamga/bridge.sock (mode 0600; the peer must be the same user), one JSON line
 * each way. It is also what keeps a second bridge of the same user from starting. */
#pragma once

#include "bridge/request.h"
#include "bridge/session.h"

typedef struct _TamgaControl TamgaControl;

/* Serves on a thread of its own. TAMGA_BRIDGE_ERROR_STATE where another bridge answers there. */
TamgaControl *tamga_control_new (TamgaBridge *bridge, TamgaServer *server, TamgaSessions *sessions,
                                 GError **error);
void tamga_control_free (TamgaControl *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaControl, tamga_control_free)

/* Asks the running bridge (`command` is consumed):
 * {"command":"status"|"stop"|"grants"|"revoke","origin":…}. NULL without an error: none runs. New
 * reference. */
json_t *tamga_control_ask (json_t *command, GError **error);
