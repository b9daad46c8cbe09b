/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prompter's side of the protocol. */
#include "bridge/prompters/prompt.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/helper/platform.h"

#define PIN_FD 3

/* Where translations lie: installed, or in a build tree, relative to this program; never where the
 * environment says. */
static void find_translations (void)
{
    static const char *const places[] = {"../../share/locale", "../share/locale"};
    g_autofree char *own = tamga_platform_program_folder ();
    for (gsize i = 0; own && i < G_N_ELEMENTS (places); i++) {
        g_autofree char *folder = g_build_filename (own, places[i], NULL);
        g_autofree char *one = g_build_filename (folder, "ru", "LC_MESSAGES", "tamga.mo", NULL);
        if (g_file_test (one, G_FILE_TEST_EXISTS))
            bindtextdomain ("tamga", folder);
    }
    bind_textdomain_codeset ("tamga", "UTF-8");
    textdomain ("tamga");
}

/* C.UTF-8 is always there; the language of the messages is the one of the call. */
static void speak (const char *language)
{
    setlocale (LC_ALL, "C.UTF-8");
    g_setenv ("LANGUAGE", language, TRUE);
    find_translations ();
}

static gboolean begin (TamgaPrompt *prompt, const json_t *first)
{
    const json_t *who = json_object_get (first, "who");
    const char *locale = json_string_value (json_object_get (first, "locale"));
    if (json_integer_value (json_object_get (first, "prompter")) != 1)
        return FALSE;
    speak (locale ? locale : "en");
    g_autofree char *origin = tamga_prompt_string (who, "origin");
    g_autofree char *program = tamga_prompt_string (who, "program");
    if (origin)
        prompt->who = g_steal_pointer (&origin);
    else if (program)
        prompt->who = g_strdup_printf (_ ("A program on this computer: %s"), program);
    else
        prompt->who = g_strdup (_ ("A program on this computer that does not say what it is"));
    return TRUE;
}

static json_t *ask_pin (TamgaPrompt *prompt, const TamgaPromptScreen *screen,
                        const json_t *question)
{
    gboolean pinpad = json_is_true (json_object_get (question, "pinpad"));
    return screen->pin (prompt, question, pinpad ? -1 : PIN_FD)
               ? json_pack ("{s:s}", "answer", "pin")
               : NULL;
}

/* NULL: cancelled. */
static json_t *ask (TamgaPrompt *prompt, const TamgaPromptScreen *screen, const char *what,
                    const json_t *question)
{
    const struct {
        const char *name;
        json_t *(*ask) (TamgaPrompt *, const json_t *);
    } questions[] = {{"grant", screen->grant},
                     {"key", screen->key},
                     {"file", screen->file},
                     {"consent", screen->consent}};
    for (gsize i = 0; i < G_N_ELEMENTS (questions); i++) {
        if (strcmp (questions[i].name, what) == 0)
            return questions[i].ask (prompt, question);
    }
    return strcmp (what, "pin") == 0 ? ask_pin (prompt, screen, question)
                                     : json_pack ("{s:s}", "answer", "unsupported");
}

static void answer (const json_t *question, json_t *given)
{
    json_t *whole = given ? given : json_pack ("{s:s}", "answer", "cancel");
    json_object_set (whole, "id", json_object_get (question, "id"));
    json_dumpf (whole, stdout, JSON_COMPACT);
    putchar ('\n');
    fflush (stdout);
    json_decref (whole);
}

static void tell (TamgaPrompt *prompt, const TamgaPromptScreen *screen, const json_t *message)
{
    const char *what = json_string_value (json_object_get (message, "tell"));
    g_autofree char *text = tamga_prompt_string (message, "text");
    if (what && strcmp (what, "error") == 0 && text)
        screen->tell (prompt, _ (text));
}

static void leave (int number)
{
    tamga_terminal_restore ();
    signal (number, SIG_DFL);
    raise (number);
}

int tamga_prompt_run (const TamgaPromptScreen *screen)
{
    TamgaPrompt prompt = {0};
    char *line = NULL;
    size_t room = 0;
    gboolean begun = FALSE, fine = TRUE;
    signal (SIGPIPE, SIG_IGN);
    signal (SIGTERM, leave);
    signal (SIGINT, leave);
    while (fine && getline (&line, &room, stdin) > 0) {
        json_t *message = json_loads (line, JSON_REJECT_DUPLICATES, NULL);
        const char *what = json_string_value (json_object_get (message, "ask"));
        if (!begun)
            fine = begun = message && begin (&prompt, message);
        else if (what)
            answer (message, ask (&prompt, screen, what, message));
        else if (message)
            tell (&prompt, screen, message);
        json_decref (message);
    }
    free (line);
    g_free (prompt.who);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
