/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga-prompt-terminal`: asks on the terminal of a bridge in the foreground. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "bridge/prompters/prompt.h"

static FILE *in, *out; /* /dev/tty; NULL: there is none */

/* A line of the person, typed after the question was shown, trimmed; NULL: end of the input. New
 * text. */
static char *ask_line (const char *text, const char *prompt)
{
    char *line = NULL;
    size_t room = 0;
    if (!in)
        return NULL;
    tcflush (fileno (in), TCIFLUSH);
    fprintf (out, "\n%s\n%s ", text, prompt);
    fflush (out);
    gboolean got = getline (&line, &room, in) > 0;
    char *answer = got ? g_strdup (g_strstrip (line)) : NULL;
    free (line);
    return answer;
}

static json_t *grant (TamgaPrompt *prompt, const json_t *question)
{
    static const struct {
        const char *key, *answer, *remember;
    } choices[] = {{"1", "allow", "once"}, {"2", "allow", "session"}, {"3", "allow", "always"},
                   {"4", "deny", "once"},  {"5", "deny", "session"},  {"6", "deny", "always"}};
    g_autofree char *text = tamga_prompt_grant_text (prompt, question);
    g_autofree char *whole =
        g_strdup_printf ("%s\n\n1 %s\n2 %s\n3 %s\n4 %s\n5 %s\n6 %s", text, _ ("Allow once"),
                         _ ("Allow for this session"), _ ("Allow always"), _ ("Refuse"),
                         _ ("Refuse for this session"), _ ("Refuse always"));
    g_autofree char *line = ask_line (whole, "[1-6]:");
    for (gsize i = 0; line && i < G_N_ELEMENTS (choices); i++) {
        if (strcmp (line, choices[i].key) == 0)
            return json_pack ("{s:s, s:s}", "answer", choices[i].answer, "remember",
                              choices[i].remember);
    }
    return NULL;
}

static json_t *key (TamgaPrompt *prompt, const json_t *question)
{
    const json_t *keys = json_object_get (question, "keys");
    g_autoptr (GString) text = g_string_new (prompt->who);
    g_string_append_printf (text, "\n%s", _ ("Which key?"));
    gsize index;
    json_t *one;
    json_array_foreach (keys, index, one)
    {
        g_autofree char *row = tamga_prompt_key_text (one);
        if (json_is_true (json_object_get (one, "usable")))
            g_string_append_printf (text, "\n%3u  %s", (guint)index + 1, row);
        else
            g_string_append_printf (text, "\n  -  %s", row);
    }
    g_autofree char *line = ask_line (text->str, _ ("Number:"));
    guint64 number = 0;
    if (!line || !g_ascii_string_to_unsigned (line, 10, 1, json_array_size (keys), &number, NULL))
        return NULL;
    one = json_array_get (keys, number - 1);
    return json_is_true (json_object_get (one, "usable"))
               ? json_pack ("{s:s, s:O}", "answer", "key", "key", json_object_get (one, "key"))
               : NULL;
}

static json_t *file (TamgaPrompt *prompt, const json_t *question)
{
    const char *base = json_string_value (json_object_get (question, "directory"));
    const char *purpose = json_string_value (json_object_get (question, "for"));
    gboolean save = g_strcmp0 (purpose, "save") == 0;
    const char *sentence = g_strcmp0 (purpose, "keystore") == 0 ? _ ("Which key file?")
                           : save                               ? _ ("Save as which file?")
                                                                : _ ("Which document?");
    g_autofree char *directory = tamga_prompt_string (question, "directory");
    g_autofree char *text = g_strdup_printf ("%s\n%s%s%s", prompt->who, sentence,
                                             directory ? "\n" : "", directory ? directory : "");
    for (;;) {
        g_autofree char *line = ask_line (text, _ ("Path:"));
        if (!line || !*line)
            return NULL;
        g_autofree char *home = g_str_has_prefix (line, "~/")
                                    ? g_build_filename (g_get_home_dir (), line + 2, NULL)
                                    : NULL;
        g_autofree char *path = g_canonicalize_filename (home ? home : line, base);
        if (save || g_file_test (path, G_FILE_TEST_IS_REGULAR))
            return json_pack ("{s:s, s:s}", "answer", "file", "path", path);
        fprintf (out, _ ("There is no such file: %s\n"), path);
    }
}

static json_t *consent (TamgaPrompt *prompt, const json_t *question)
{
    g_autofree char *text = tamga_prompt_consent_text (prompt, question);
    g_autofree char *line = ask_line (text, _ ("Sign? Type \"yes\" to sign:"));
    gboolean yes = line && (g_ascii_strcasecmp (line, "yes") == 0 || strcmp (line, _ ("yes")) == 0);
    return yes ? json_pack ("{s:s}", "answer", "sign") : NULL;
}

static gboolean pin (TamgaPrompt *prompt, const json_t *question, int fd)
{
    g_autofree char *text = tamga_prompt_pin_text (prompt, question);
    if (!in)
        return FALSE;
    if (fd < 0) {
        fprintf (out, "\n%s\n%s\n", text, _ ("Type the PIN on the reader."));
        fflush (out);
        return TRUE;
    }
    g_autofree char *shown = g_strdup_printf ("\n%s: ", text);
    g_autoptr (TamgaPin) secret = tamga_pin_new ();
    const TamgaCall call = TAMGA_CALL_INIT;
    if (!tamga_terminal_secret (fileno (in), shown, secret, &call, NULL))
        return FALSE;
    /* What cannot be a PIN would only cost a try. */
    g_autofree char *objection = tamga_pin_objection (secret, 1, 0);
    return !objection && tamga_pin_write (secret, fd, NULL);
}

static void tell (TamgaPrompt *prompt, const char *text)
{
    (void)prompt;
    if (out) {
        fprintf (out, "\n%s\n", text);
        fflush (out);
    }
}

int main (void)
{
    static const TamgaPromptScreen screen = {grant, key, file, consent, pin, tell};
    int fd = tamga_terminal_open (NULL);
    if (fd >= 0) {
        in = fdopen (fd, "r");
        out = fdopen (dup (fd), "w");
    } else {
        fputs ("tamga-prompt-terminal: there is no terminal, so that nobody can be asked.\n",
               stderr);
    }
    return tamga_prompt_run (&screen);
}
