/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions on the terminal: a PIN without echo, yes or no. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "client/cli/pin.h"

/* The modes to go back to, for the signal handler too. */
static struct termios before;
static volatile int changed = -1;

void tamga_terminal_restore (void)
{
    int terminal = changed;
    if (terminal < 0)
        return;
    changed = -1;
    tcsetattr (terminal, TCSAFLUSH, &before);
}

int tamga_terminal_open (GError **error)
{
    int terminal = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0)
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                     "The PIN could not be asked for: there is no terminal. Give it with "
                     "--pin-fd N, or use --pinentry.");
    return terminal;
}

static void show (int terminal, const char *text)
{
    gsize length = strlen (text);
    while (length > 0) {
        ssize_t n = write (terminal, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text += n;
        length -= (gsize)n;
    }
}

/* Echo off; what was typed before the question is thrown away. Ctrl-Z and Ctrl-\ would leave the
 * program, or a shell, on a terminal without echo: they are ordinary characters for so long. */
static gboolean hide (int terminal)
{
    struct termios hidden;
    if (tcgetattr (terminal, &before) != 0)
        return FALSE;
    hidden = before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    hidden.c_lflag |= ICANON | ISIG;
    hidden.c_cc[VQUIT] = _POSIX_VDISABLE;
    hidden.c_cc[VSUSP] = _POSIX_VDISABLE;
    changed = terminal;
    if (tcsetattr (terminal, TCSAFLUSH, &hidden) == 0)
        return TRUE;
    changed = -1;
    return FALSE;
}

/* The rest of a line that is too long must not be taken for the answer to the next question. */
static gboolean read_line (int terminal, TamgaPin *pin, const TamgaCall *call, GError **error)
{
    for (;;) {
        if (!tamga_pin_wait (terminal, call, error))
            return FALSE;
        gsize room = TAMGA_PIN_MAX + 1 - pin->length;
        ssize_t n = read (terminal, pin->text + pin->length, room);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0) {
            g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                                 "No PIN was entered; nothing was done with the key.");
            return FALSE;
        }
        pin->length += (gsize)n;
        if (pin->text[pin->length - 1] == '\n') {
            pin->text[--pin->length] = '\0';
            return TRUE;
        }
        if (pin->length > TAMGA_PIN_MAX) {
            tcflush (terminal, TCIFLUSH);
            return TRUE; /* told by tamga_pin_objection */
        }
    }
}

gboolean tamga_terminal_secret (int terminal, const char *prompt, TamgaPin *pin,
                                const TamgaCall *call, GError **error)
{
    tamga_pin_clear (pin);
    if (!hide (terminal)) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                     "The PIN was not asked for: the echo of the terminal cannot be switched off "
                     "(%s).",
                     g_strerror (errno));
        return FALSE;
    }
    show (terminal, prompt);
    gboolean read_it = read_line (terminal, pin, call, error);
    tamga_terminal_restore ();
    show (terminal, "\n");
    return read_it;
}

gboolean tamga_terminal_confirm (int terminal, const char *question, const char *typed,
                                 const TamgaCall *call)
{
    g_autoptr (TamgaPin) line = tamga_pin_new ();
    tcflush (terminal, TCIFLUSH);
    show (terminal, question);
    if (!read_line (terminal, line, call, NULL)) {
        show (terminal, "\n");
        return FALSE;
    }
    if (line->length > 32)
        return FALSE;
    g_autofree char *answer = g_strndup (line->text, line->length);
    g_strstrip (answer);
    if (typed)
        return strcmp (answer, typed) == 0;
    return strcasecmp (answer, "y") == 0 || strcasecmp (answer, "yes") == 0;
}
