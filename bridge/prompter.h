/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent's side of the prompter protocol: one program for each request, asked in order, ended
 * with the request. A PIN goes from it through its descriptor 3 to `tamga-key`; nothing here reads
 * that pipe. Used by one thread. */
#pragma once

#include "bridge/bridge.h"

typedef struct _TamgaPrompter TamgaPrompter;

/* `command`: "desktop" and "terminal" are programs of Tamga's own ("tamga-prompt-desktop" and
 * "tamga-prompt-terminal", looked for like any helper), "none" is TAMGA_BRIDGE_ERROR_PROMPTER, and
 * anything else is a command line. Sends the first line (who asks, the locale "kk", "ru", "en"). */
TamgaPrompter *tamga_prompter_start (const char *command, const char *locale,
                                     const TamgaCaller *caller, GError **error);
/* Tells "done" (or "gone" where the call was cancelled), waits a moment, ends what is left. */
void tamga_prompter_free (TamgaPrompter *prompter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPrompter, tamga_prompter_free)
/* Before free: the caller went away, so that "gone" is told. */
void tamga_prompter_caller_gone (TamgaPrompter *prompter);

/* Puts the "id" into `question` (consumed), and waits for its answer: a new reference. NULL with
 * TAMGA_BRIDGE_ERROR_CANCELLED where the person cancels, and where the answer is none: end of file,
 * a malformed line, another id, "unsupported"; with TAMGA_BRIDGE_ERROR_GONE where `call` is
 * cancelled. "deny" of a grant is an answer. A question of several megabytes to a prompter that
 * does not read must not block for ever. */
json_t *tamga_prompter_ask (TamgaPrompter *prompter, json_t *question, const TamgaCall *call,
                            GError **error);
/* Something that has no answer: {"tell":…}. Consumed. A prompter that does not read loses it. */
void tamga_prompter_tell (TamgaPrompter *prompter, json_t *message);

/* The read end of the pipe whose other end is the prompter's descriptor 3; owned by the prompter.
 * For TamgaKeysUi.pin_source. */
int tamga_prompter_pin_source (TamgaPrompter *prompter);
