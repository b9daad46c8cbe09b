/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga-prompt-desktop`: zenity for lists, texts and files, pinentry for PINs and the last word.
 * What comes from a site goes to zenity's standard input: never as an option, never as markup. */
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#include "bridge/prompters/prompt.h"

#define ZENITY "zenity"

/* What zenity said, without its last newline. */
typedef struct {
    gboolean ran, ok;
    char *output;
} Said;

/* Runs zenity with `input` on its standard input. */
static Said zenity (const char *const *options, const char *input)
{
    g_autoptr (GPtrArray) argv = g_ptr_array_new ();
    g_autoptr (GError) error = NULL;
    Said said = {0};
    g_ptr_array_add (argv, (gpointer)ZENITY);
    for (gsize i = 0; options[i]; i++)
        g_ptr_array_add (argv, (gpointer)options[i]);
    g_ptr_array_add (argv, NULL);
    g_autoptr (GSubprocess) process =
        g_subprocess_newv ((const char *const *)argv->pdata,
                           G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                               G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                           &error);
    g_autofree char *output = NULL;
    if (!process ||
        !g_subprocess_communicate_utf8 (process, input ? input : "", NULL, &output, NULL, &error)) {
        fprintf (stderr, "tamga-prompt-desktop: %s\n", error->message);
        return said;
    }
    said.ran = TRUE;
    said.ok = g_subprocess_get_if_exited (process) && g_subprocess_get_exit_status (process) == 0;
    said.output = g_strdup (g_strchomp (output));
    return said;
}

static char *label (const char *option, const char *text)
{
    return g_strdup_printf ("--%s=%s", option, text);
}

/* A window of its own: six buttons in a row are wider than small screens. */
static json_t *remembered_grant (void)
{
    const struct {
        const char *id, *text, *answer, *remember;
    } choices[] = {
        {"1", _ ("Allow for this session"), "allow", "session"},
        {"2", _ ("Allow always"), "allow", "always"},
        {"3", _ ("Refuse for this session"), "deny", "session"},
        {"4", _ ("Refuse always"), "deny", "always"},
    };
    g_autoptr (GString) rows = g_string_new (NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (choices); i++)
        g_string_append_printf (rows, "%s\n%s\n", choices[i].id, choices[i].text);
    g_autofree char *column = label ("column", _ ("Remember my answer"));
    const char *const options[] = {"--list",          "--title=Tamga",    "--width=480",
                                   "--height=280",    "--column=id",      column,
                                   "--hide-column=1", "--print-column=1", NULL};
    Said said = zenity (options, rows->str);
    json_t *answer = NULL;
    for (gsize i = 0; said.ok && !answer && i < G_N_ELEMENTS (choices); i++) {
        if (g_strcmp0 (said.output, choices[i].id) == 0)
            answer = json_pack ("{s:s, s:s}", "answer", choices[i].answer, "remember",
                                choices[i].remember);
    }
    g_free (said.output);
    return answer;
}

static json_t *grant (TamgaPrompt *prompt, const json_t *question)
{
    g_autofree char *text = tamga_prompt_grant_text (prompt, question);
    g_autofree char *ok = label ("ok-label", _ ("Allow once"));
    g_autofree char *no = label ("cancel-label", _ ("Refuse"));
    g_autofree char *more = label ("extra-button", _ ("Remember my answer"));
    const char *const options[] = {
        "--text-info", "--title=Tamga", "--width=640", "--height=420", ok, no, more, NULL};
    Said said = zenity (options, text);
    gboolean remember = g_strcmp0 (said.output, _ ("Remember my answer")) == 0;
    g_free (said.output);
    if (!said.ran)
        return NULL;
    if (remember)
        return remembered_grant ();
    return json_pack ("{s:s, s:s}", "answer", said.ok ? "allow" : "deny", "remember", "once");
}

static json_t *key (TamgaPrompt *prompt, const json_t *question)
{
    g_autoptr (GString) rows = g_string_new (NULL);
    g_autofree char *column = label ("column", _ ("Key"));
    (void)prompt;
    gsize index;
    json_t *one;
    json_array_foreach (json_object_get (question, "keys"), index, one)
    {
        g_autofree char *row = tamga_prompt_key_text (one);
        const char *id = json_string_value (json_object_get (one, "key"));
        gboolean usable = json_is_true (json_object_get (one, "usable"));
        g_string_append_printf (rows, "%s\n%s%s\n", usable && id ? id : "-", usable ? "" : "— ",
                                row);
    }
    const char *const options[] = {"--list",          "--title=Tamga",    "--width=860",
                                   "--height=360",    "--column=id",      column,
                                   "--hide-column=1", "--print-column=1", NULL};
    Said said = zenity (options, rows->str);
    gboolean chosen = said.ok && said.output && *said.output && strcmp (said.output, "-") != 0;
    json_t *answer = chosen ? json_pack ("{s:s, s:s}", "answer", "key", "key", said.output) : NULL;
    g_free (said.output);
    return answer;
}

static json_t *file (TamgaPrompt *prompt, const json_t *question)
{
    const char *directory = json_string_value (json_object_get (question, "directory"));
    const char *purpose = json_string_value (json_object_get (question, "for"));
    g_autofree char *start =
        g_strdup_printf ("--filename=%s/", directory ? directory : g_get_home_dir ());
    g_autoptr (GPtrArray) options = g_ptr_array_new ();
    (void)prompt;
    g_ptr_array_add (options, (gpointer) "--file-selection");
    g_ptr_array_add (options, (gpointer) "--title=Tamga");
    if (g_strcmp0 (purpose, "keystore") == 0)
        g_ptr_array_add (options, (gpointer) "--file-filter=*.p12 *.pfx *.P12 *.PFX");
    if (g_strcmp0 (purpose, "save") == 0)
        g_ptr_array_add (options, (gpointer) "--save");
    g_ptr_array_add (options, start);
    g_ptr_array_add (options, NULL);
    Said said = zenity ((const char *const *)options->pdata, NULL);
    json_t *answer = said.ok && said.output && *said.output
                         ? json_pack ("{s:s, s:s}", "answer", "file", "path", said.output)
                         : NULL;
    g_free (said.output);
    return answer;
}

/* The pictures of all pages, in a list to scroll through. */
static void show_pages (const json_t *documents)
{
    g_autoptr (GString) rows = g_string_new (NULL);
    g_autofree char *column = label ("column", _ ("Page"));
    gsize d, p;
    json_t *document, *page;
    json_array_foreach (documents, d, document)
    {
        json_array_foreach (json_object_get (document, "pages"), p, page)
            g_string_append_printf (rows, "%s\n%u\n", json_string_value (page), (guint)p + 1);
    }
    const char *const options[] = {"--list",       "--imagelist", "--title=Tamga", "--width=1000",
                                   "--height=900", "--column=",   column,          NULL};
    Said said = zenity (options, rows->str);
    g_free (said.output);
}

static gboolean has_pages (const json_t *documents)
{
    gsize index;
    json_t *document;
    json_array_foreach (documents, index, document)
    {
        if (json_array_size (json_object_get (document, "pages")) > 0)
            return TRUE;
    }
    return FALSE;
}

/* The last word, in a window that says who asks. */
static gboolean confirm (const TamgaPrompt *prompt, guint count)
{
    g_autofree char *text = g_strdup_printf (
        "%s\n%s", prompt->who, count == 1 ? _ ("Sign the document?") : _ ("Sign the documents?"));
    const TamgaPinentryQuestion question = {
        .title = "Tamga", .description = text, .prompt = _ ("Sign")};
    const TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (GError) error = NULL;
    gboolean yes = tamga_pinentry_confirm (&question, &call, &error);
    if (error)
        fprintf (stderr, "tamga-prompt-desktop: %s\n", error->message);
    return yes;
}

static json_t *consent (TamgaPrompt *prompt, const json_t *question)
{
    const json_t *documents = json_object_get (question, "documents");
    g_autofree char *text = tamga_prompt_consent_text (prompt, question);
    g_autofree char *ok = label ("ok-label", _ ("Sign…"));
    g_autofree char *no = label ("cancel-label", _ ("Do not sign"));
    g_autofree char *pages = label ("extra-button", _ ("Show the pages"));
    gboolean pictures = has_pages (documents);
    const char *const options[] = {"--text-info",
                                   "--title=Tamga",
                                   "--width=860",
                                   "--height=640",
                                   ok,
                                   no,
                                   pictures ? pages : NULL,
                                   NULL};
    guint count = (guint)json_integer_value (json_object_get (question, "count"));
    if (pictures)
        show_pages (documents);
    for (;;) {
        Said said = zenity (options, text);
        gboolean again = pictures && g_strcmp0 (said.output, _ ("Show the pages")) == 0;
        g_free (said.output);
        if (!again)
            return said.ok && confirm (prompt, count) ? json_pack ("{s:s}", "answer", "sign")
                                                      : NULL;
        show_pages (documents);
    }
}

static gboolean pin (TamgaPrompt *prompt, const json_t *question, int fd)
{
    g_autofree char *text = tamga_prompt_pin_text (prompt, question);
    const TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (GError) error = NULL;
    if (fd < 0) {
        const char *const options[] = {"--text-info", "--title=Tamga", "--timeout=10", NULL};
        g_autofree char *whole =
            g_strdup_printf ("%s\n%s", text, _ ("Type the PIN on the reader."));
        Said said = zenity (options, whole);
        g_free (said.output);
        return said.ran;
    }
    const TamgaPinentryQuestion asked = {.title = "Tamga", .description = text, .prompt = "PIN:"};
    g_autoptr (TamgaPin) secret = tamga_pin_new ();
    gboolean given = tamga_pinentry_secret (&asked, secret, &call, &error);
    /* What cannot be a PIN would only cost a try. */
    g_autofree char *objection = given ? tamga_pin_objection (secret, 1, 0) : NULL;
    given = given && !objection && tamga_pin_write (secret, fd, &error);
    if (error)
        fprintf (stderr, "tamga-prompt-desktop: %s\n", error->message);
    return given;
}

static void tell (TamgaPrompt *prompt, const char *text)
{
    g_autofree char *whole = g_strdup_printf ("%s\n\n%s", prompt->who, text);
    const char *const options[] = {"--text-info", "--title=Tamga", "--width=560", "--height=260",
                                   NULL};
    Said said = zenity (options, whole);
    g_free (said.output);
}

int main (void)
{
    static const TamgaPromptScreen screen = {grant, key, file, consent, pin, tell};
    return tamga_prompt_run (&screen);
}
