/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One `tamga-key` process as its client sees it: asked with a deadline for each call into the
 * module, its failures told as what they mean for a person. */
#pragma once

#include "client/helper/helper.h"
#include "client/keys/progress.h"
#include "client/keys/protocol.h"

#define TAMGA_KEYS_TIMEOUT_MS 10000
/* On a reader with its own keypad C_Login takes as long as a person types. */
#define TAMGA_KEYS_PINPAD_MS 120000

typedef struct _TamgaKeyAgent TamgaKeyAgent;

/* `kind`: "pkcs11" or "file"; `argument`: path of the module or file. Sends "open"; the answer is
 * received by tamga_key_agent_opened, so that several agents start at once. */
TamgaKeyAgent *tamga_key_agent_start (const char *kind, const char *argument, guint timeout_ms,
                                      const TamgaCall *call, GError **error);
gboolean tamga_key_agent_opened (TamgaKeyAgent *agent, const TamgaCall *call, GError **error);
void tamga_key_agent_free (TamgaKeyAgent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaKeyAgent, tamga_key_agent_free)

GPid tamga_key_agent_pid (TamgaKeyAgent *agent);
/* All errors are of TAMGA_KEYS_ERROR, but for a missing or unstartable helper program. */
gboolean tamga_key_agent_send (TamgaKeyAgent *agent, const char *verb, GVariant *arguments,
                               int pass_fd, const TamgaCall *call, GError **error);
/* `timeout_ms`: for each call into the module; 0: the agent's own. */
GVariant *tamga_key_agent_receive (TamgaKeyAgent *agent, guint timeout_ms, const TamgaCall *call,
                                   GError **error);
GVariant *tamga_key_agent_ask (TamgaKeyAgent *agent, const char *verb, GVariant *arguments,
                               const TamgaCall *call, GError **error);
