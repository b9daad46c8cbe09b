/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the prompters of Tamga's own share: the protocol (prompter-protocol), the sentences and
 * their translation, and that nothing of a site is shown with its control characters. */
#pragma once

#include <jansson.h>
#include <libintl.h>

#include "client/cli/pin.h"

#define _(text) gettext (text)
#define N_(text) text

typedef struct {
    char *who; /* "https://portal.example", or "A program on this computer: …"; safe to show */
} TamgaPrompt;

/* How one kind of screen asks. Each gives the answer object without its "id"; NULL: cancelled. */
typedef struct {
    json_t *(*grant) (TamgaPrompt *prompt, const json_t *question);
    json_t *(*key) (TamgaPrompt *prompt, const json_t *question);
    json_t *(*file) (TamgaPrompt *prompt, const json_t *question);
    json_t *(*consent) (TamgaPrompt *prompt, const json_t *question);
    /* Writes the PIN and a newline to `fd` (-1: it is typed on the reader). */
    gboolean (*pin) (TamgaPrompt *prompt, const json_t *question, int fd);
    void (*tell) (TamgaPrompt *prompt, const char *text);
} TamgaPromptScreen;

/* Serves standard input until its end; the exit status. */
int tamga_prompt_run (const TamgaPromptScreen *screen);

/* Sentences, new text, several lines, all of it safe to show. */
char *tamga_prompt_grant_text (const TamgaPrompt *prompt, const json_t *question);
char *tamga_prompt_consent_text (const TamgaPrompt *prompt, const json_t *question);
/* "AITMATOVA CHYNGYZ …, until 2027-01-31", with why it cannot be used. */
char *tamga_prompt_key_text (const json_t *key);
char *tamga_prompt_pin_text (const TamgaPrompt *prompt, const json_t *question);

/* A member as text that is safe to show; NULL where there is none. New text. */
char *tamga_prompt_string (const json_t *object, const char *name);
