/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the PIN is asked for: by which way, after which questions, and what is never sent to a card
 * because it could only cost a try. */
#include "client/cli/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "formats/ossl.h"

/* What one question is made of. */
typedef struct {
    TamgaCli *cli;
    const TamgaPinRequest *request;
    const char *title; /* NULL: the PIN that is needed */
    gboolean is_file;  /* a password, without counted tries */
    gboolean last;     /* one wrong PIN locks the token */
} Question;

static char *tries_text (const Question *question)
{
    const TamgaPinRequest *request = question->request;
    if (question->is_file || question->title)
        return g_strdup ("");
    if (question->last)
        return g_strdup (" (last try)");
    if (request->tries_left > 1)
        return g_strdup_printf (" (%d tries left)", request->tries_left);
    return g_strdup (request->count_low ? " (a wrong PIN was entered before)" : "");
}

static char *prompt_text (const Question *question)
{
    const TamgaPinRequest *request = question->request;
    g_autofree char *store = tamga_text_visible (request->store_name ? request->store_name : "");
    g_autofree char *tries = tries_text (question);
    if (question->title)
        return g_strdup_printf ("%s: ", question->title);
    if (question->is_file)
        return g_strdup_printf ("Password of %s: ", store);
    return g_strdup_printf ("%s%s: ", request->context_specific ? "PIN for this signature" : "PIN",
                            tries);
}

static gboolean refuse (TamgaCli *cli, int code, const char *text)
{
    g_clear_error (&cli->pin_error);
    g_set_error_literal (&cli->pin_error, TAMGA_KEYS_ERROR, code, text);
    return FALSE;
}

#define LAST_TRY                                                                                   \
    "One try is left. A wrong PIN locks the card, and only your provider can unlock it."

/* The last try is never used without a question, and a question needs someone to answer it. */
static gboolean last_try_allowed (const Question *question)
{
    TamgaCli *cli = question->cli;
    const TamgaCall *call = &cli->call;
    if (cli->use_last_try)
        return TRUE;
    if (cli->pin_fd)
        return refuse (cli, TAMGA_KEYS_ERROR_CANCELLED,
                       LAST_TRY " It was not used. Check the PIN, then add --use-last-try.");
    gboolean yes = FALSE;
    if (cli->pinentry) {
        TamgaPinentryQuestion window = {.title = "Tamga",
                                        .description = LAST_TRY "\nUse the last try?"};
        GError *error = NULL;
        yes = tamga_pinentry_confirm (&window, call, &error);
        if (error) {
            g_clear_error (&cli->pin_error);
            cli->pin_error = error;
            return FALSE;
        }
    } else {
        int terminal = tamga_terminal_open (NULL);
        if (terminal < 0)
            return refuse (cli, TAMGA_KEYS_ERROR_CANCELLED,
                           LAST_TRY " It was not used: there is no terminal to ask on. Check the "
                                    "PIN, then add --use-last-try.");
        yes = tamga_terminal_confirm (terminal, LAST_TRY "\nUse the last try? [y/N] ", NULL, call);
        close (terminal);
    }
    return yes || refuse (cli, TAMGA_KEYS_ERROR_CANCELLED,
                          "The last try was not used; nothing was done with the key.");
}

/* From --pin-fd. Every question takes one line: a wrong PIN must not be followed by a second
 * one that nobody chose. */
static gboolean from_descriptor (const Question *question, TamgaPin *pin, GError **error)
{
    const TamgaPinRequest *request = question->request;
    if (request->attempt > 1 && !request->context_specific && !question->title) {
        g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN,
                             "The PIN given with --pin-fd is wrong; it was tried once.");
        return FALSE;
    }
    int fd = (int)g_ascii_strtoull (question->cli->pin_fd, NULL, 10);
    fcntl (fd, F_SETFD, FD_CLOEXEC);
    if (!tamga_pin_read_line (pin, fd, &question->cli->call, error))
        return FALSE;
    g_autofree char *objection = tamga_pin_objection (pin, request->pin_min, request->pin_max);
    if (!objection)
        return TRUE;
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_INVALID,
                 "The PIN given with --pin-fd cannot be right, so no try was used. %s", objection);
    return FALSE;
}

static gboolean from_pinentry (const Question *question, TamgaPin *pin, GError **error)
{
    const TamgaPinRequest *request = question->request;
    g_autofree char *store = tamga_text_visible (request->store_name ? request->store_name : "");
    g_autofree char *reader = tamga_text_visible (request->reader ? request->reader : "");
    g_autofree char *tries = tries_text (question);
    const char *what = question->title     ? question->title
                       : question->is_file ? "The password of the key file"
                                           : "The PIN of the card";
    g_autofree char *description =
        question->is_file ? g_strdup_printf ("%s %s", what, store)
                          : g_strdup_printf ("%s %s%s\nReader: %s", what, store, tries, reader);
    g_autofree char *objection = NULL;
    for (;;) {
        TamgaPinentryQuestion window = {.title = "Tamga",
                                        .description = description,
                                        .prompt = question->is_file ? "Password:" : "PIN:",
                                        .problem = objection};
        if (!objection && request->attempt > 1 && !request->context_specific && !question->title)
            window.problem = "Wrong PIN.";
        if (!tamga_pinentry_secret (&window, pin, &question->cli->call, error))
            return FALSE;
        g_free (objection);
        objection = tamga_pin_objection (pin, request->pin_min, request->pin_max);
        if (!objection)
            return TRUE;
    }
}

static gboolean from_terminal (const Question *question, TamgaPin *pin, GError **error)
{
    const TamgaPinRequest *request = question->request;
    int terminal = tamga_terminal_open (error);
    if (terminal < 0)
        return FALSE;
    g_autofree char *prompt = prompt_text (question);
    gboolean got = FALSE;
    while (tamga_terminal_secret (terminal, prompt, pin, &question->cli->call, error)) {
        g_autofree char *objection = tamga_pin_objection (pin, request->pin_min, request->pin_max);
        got = !objection;
        if (got)
            break;
        fprintf (stderr, "%s No try was used; Ctrl-C gives up.\n", objection);
    }
    close (terminal);
    return got;
}

static void tell_pinpad (const Question *question)
{
    const TamgaPinRequest *request = question->request;
    g_autofree char *reader = tamga_text_visible (request->reader ? request->reader : "");
    g_autofree char *tries = tries_text (question);
    g_autofree char *title = g_strdup (question->title ? question->title : "PIN");
    if (question->title)
        title[0] = g_ascii_tolower (title[0]); /* "new PIN" */
    fprintf (stderr, "Enter the %s on the reader %s%s.\n", title, reader, tries);
}

TamgaPinAnswer tamga_cli_pin_titled (TamgaCli *cli, const char *title,
                                     const TamgaPinRequest *request, int pin_fd)
{
    Question question = {.cli = cli,
                         .request = request,
                         .title = title,
                         .is_file = !request->reader || !*request->reader,
                         .last = !title && (request->final_try || request->tries_left == 1)};
    g_clear_error (&cli->pin_error);
    if (request->locked && !title) {
        refuse (cli, TAMGA_KEYS_ERROR_PIN_LOCKED,
                "The card is locked after too many wrong PINs. Only your provider can unlock it.");
        return TAMGA_PIN_CANCEL;
    }
    if (question.last && !last_try_allowed (&question))
        return TAMGA_PIN_CANCEL;
    if (request->pinpad) {
        tell_pinpad (&question);
        return TAMGA_PIN_GIVEN;
    }
    g_autoptr (TamgaPin) pin = tamga_pin_new ();
    gboolean got = cli->pin_fd     ? from_descriptor (&question, pin, &cli->pin_error)
                   : cli->pinentry ? from_pinentry (&question, pin, &cli->pin_error)
                                   : from_terminal (&question, pin, &cli->pin_error);
    return got && tamga_pin_write (pin, pin_fd, &cli->pin_error) ? TAMGA_PIN_GIVEN
                                                                 : TAMGA_PIN_CANCEL;
}

TamgaPinAnswer tamga_cli_pin (const TamgaPinRequest *request, int pin_fd, gpointer data)
{
    return tamga_cli_pin_titled (data, NULL, request, pin_fd);
}

gboolean tamga_cli_confirm (TamgaCli *cli, const char *question)
{
    int terminal = tamga_terminal_open (NULL);
    if (terminal < 0)
        return FALSE;
    gboolean yes = tamga_terminal_confirm (terminal, question, NULL, &cli->call);
    close (terminal);
    return yes;
}
