/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client of `pinentry`: its window or its full-screen dialogue asks for the PIN. The protocol is
 * Assuan's: lines over two pipes, OK, ERR or D, percent escapes. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "client/cli/pin.h"
#include "formats/ossl.h"

/* A line of the protocol, newline included (Assuan: ASSUAN_LINELENGTH). */
#define LINE_MAX_BYTES 1002
/* libgpg-error codes, without their source: the person said no. */
#define GPG_ERR_CODE_MASK 0xffff
#define GPG_ERR_CANCELED 99
#define GPG_ERR_NOT_CONFIRMED 114

typedef struct {
    GPid pid;
    int in, out; /* its standard input and output, on our side */
    const TamgaCall *call;
    char *line; /* secure memory: a line may hold the PIN */
    gsize length;
    int terminal; /* whose modes are put back, or -1 */
    struct termios modes;
} Pinentry;

char *tamga_assuan_escape (const char *text)
{
    GString *out = g_string_new (NULL);
    for (const char *p = text; *p; p++) {
        if (*p == '%' || *p == '\r' || *p == '\n')
            g_string_append_printf (out, "%%%02X", (guchar)*p);
        else
            g_string_append_c (out, *p);
    }
    return g_string_free (out, FALSE);
}

gboolean tamga_assuan_unescape (const char *data, gsize length, TamgaPin *pin)
{
    for (gsize i = 0; i < length; i++) {
        char byte = data[i];
        if (byte == '%') {
            if (i + 2 >= length)
                return FALSE;
            int high = g_ascii_xdigit_value (data[i + 1]);
            int low = g_ascii_xdigit_value (data[i + 2]);
            if (high < 0 || low < 0)
                return FALSE;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (!tamga_pin_append (pin, byte))
            return FALSE;
    }
    return TRUE;
}

static gboolean protocol_error (GError **error, const char *what)
{
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                 "The PIN was not asked for: the program pinentry %s. Use the terminal, or "
                 "--pin-fd N.",
                 what);
    return FALSE;
}

/* One line into self->line, without its newline. */
static gboolean receive (Pinentry *self, GError **error)
{
    OPENSSL_cleanse (self->line, LINE_MAX_BYTES);
    self->length = 0;
    for (;;) {
        if (!tamga_pin_wait (self->out, self->call, error))
            return FALSE;
        char *next = self->line + self->length;
        ssize_t n = read (self->out, next, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            /* Ctrl-C reaches both programs: its end is then the person's doing. */
            return tamga_call_cancelled (self->call)
                       ? tamga_pin_wait (self->call->cancel_fd, self->call, error) && FALSE
                       : protocol_error (error, "ended without an answer");
        }
        if (*next == '\n') {
            *next = '\0';
            return TRUE;
        }
        if (++self->length >= LINE_MAX_BYTES - 1)
            return protocol_error (error, "sent a line that is too long");
    }
}

static gboolean said (const Pinentry *self, const char *word)
{
    gsize length = strlen (word);
    return strncmp (self->line, word, length) == 0 &&
           (self->line[length] == '\0' || self->line[length] == ' ');
}

typedef enum { ANSWER_OK, ANSWER_NO, ANSWER_ERROR } Answer;

/* Reads to the OK or ERR of the last command. D lines go into `pin`; without one they are not
 * expected. */
static Answer answer (Pinentry *self, TamgaPin *pin, GError **error)
{
    for (;;) {
        if (!receive (self, error))
            return ANSWER_ERROR;
        if (said (self, "OK"))
            return ANSWER_OK;
        if (said (self, "ERR")) {
            int code = (int)(g_ascii_strtoull (self->line + 3, NULL, 10) & GPG_ERR_CODE_MASK);
            if (code == GPG_ERR_CANCELED || code == GPG_ERR_NOT_CONFIRMED)
                return ANSWER_NO;
            g_autofree char *told = tamga_text_visible (self->line);
            g_autofree char *what = g_strdup_printf ("refused (%s)", told);
            protocol_error (error, what);
            return ANSWER_ERROR;
        }
        if (said (self, "D")) {
            if (!pin || self->length < 2 ||
                !tamga_assuan_unescape (self->line + 2, self->length - 2, pin)) {
                protocol_error (error, "sent an answer that cannot be read");
                return ANSWER_ERROR;
            }
        } else if (!said (self, "S") && self->line[0] != '#') {
            protocol_error (error, "does not speak its protocol");
            return ANSWER_ERROR;
        }
    }
}

/* Sends `COMMAND ARGUMENT`. */
static gboolean send_command (Pinentry *self, const char *command, const char *argument,
                              GError **error)
{
    g_autofree char *escaped = argument ? tamga_assuan_escape (argument) : NULL;
    g_autofree char *line =
        escaped ? g_strdup_printf ("%s %s", command, escaped) : g_strdup (command);
    gsize length = MIN (strlen (line), LINE_MAX_BYTES - 2);
    while (length > 0 && ((guchar)line[length] & 0xC0) == 0x80)
        length--; /* not in the middle of a character */
    line[length] = '\0';
    g_autofree char *whole = g_strconcat (line, "\n", NULL);
    for (const char *p = whole; *p;) {
        ssize_t n = write (self->in, p, strlen (p));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return protocol_error (error, "ended without an answer");
        p += n;
    }
    return TRUE;
}

/* A setting: a pinentry that does not know it is still good enough. */
static gboolean set (Pinentry *self, const char *command, const char *argument, GError **error)
{
    if (!argument)
        return TRUE;
    if (!send_command (self, command, argument, error))
        return FALSE;
    g_autoptr (GError) refused = NULL;
    if (answer (self, NULL, &refused) == ANSWER_ERROR && !said (self, "ERR")) {
        g_propagate_error (error, g_steal_pointer (&refused));
        return FALSE;
    }
    return TRUE;
}

static void pinentry_end (Pinentry *self)
{
    /* The end of its input tells it to go; one that sits in a dialogue does not look at it. */
    if (self->in >= 0)
        close (self->in);
    if (self->out >= 0)
        close (self->out);
    if (self->pid > 0) {
        for (guint i = 0; waitpid (self->pid, NULL, WNOHANG) == 0; i++) {
            if (i == 5)
                kill (self->pid, SIGTERM);
            if (i == 50)
                kill (self->pid, SIGKILL);
            g_usleep (10 * 1000);
        }
    }
    if (self->terminal >= 0) {
        tcsetattr (self->terminal, TCSADRAIN, &self->modes);
        close (self->terminal);
    }
    OPENSSL_secure_clear_free (self->line, LINE_MAX_BYTES);
}

/* The terminal that a full-screen pinentry may draw on. */
static gboolean set_terminal (Pinentry *self, GError **error)
{
    self->terminal = tamga_terminal_open (NULL);
    if (self->terminal < 0)
        return TRUE;
    tcgetattr (self->terminal, &self->modes);
    char name[256] = "/dev/tty";
    if (ttyname_r (STDERR_FILENO, name, sizeof name) != 0 &&
        ttyname_r (STDIN_FILENO, name, sizeof name) != 0)
        g_strlcpy (name, "/dev/tty", sizeof name);
    g_autofree char *where = g_strconcat ("ttyname=", name, NULL);
    g_autofree char *type = g_strconcat ("ttytype=", g_getenv ("TERM"), NULL);
    return set (self, "OPTION", where, error) &&
           (!g_getenv ("TERM") || set (self, "OPTION", type, error));
}

static gboolean pinentry_start (Pinentry *self, const TamgaPinentryQuestion *question,
                                GError **error)
{
    char program[] = "pinentry";
    char *argv[] = {program, NULL};
    g_autoptr (GError) cause = NULL;
    if (!g_spawn_async_with_pipes (NULL, argv, NULL,
                                   G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                       G_SPAWN_CLOEXEC_PIPES,
                                   NULL, NULL, &self->pid, &self->in, &self->out, NULL, &cause)) {
        self->in = self->out = -1;
        return protocol_error (error, "could not be started; install it");
    }
    if (answer (self, NULL, error) != ANSWER_OK)
        return FALSE;
    const char *ctype = setlocale (LC_CTYPE, NULL);
    g_autofree char *locale = g_strconcat ("lc-ctype=", ctype ? ctype : "C", NULL);
    return set_terminal (self, error) && set (self, "OPTION", locale, error) &&
           set (self, "SETTITLE", question->title, error) &&
           set (self, "SETDESC", question->description, error) &&
           set (self, "SETPROMPT", question->prompt, error) &&
           set (self, "SETERROR", question->problem, error);
}

static Answer ask (const char *command, const TamgaPinentryQuestion *question, TamgaPin *pin,
                   const TamgaCall *call, GError **error)
{
    Pinentry self = {.in = -1, .out = -1, .terminal = -1, .call = call};
    self.line = OPENSSL_secure_zalloc (LINE_MAX_BYTES);
    g_assert (self.line);
    Answer result = ANSWER_ERROR;
    if (pinentry_start (&self, question, error) && send_command (&self, command, NULL, error))
        result = answer (&self, pin, error);
    if (result != ANSWER_ERROR)
        send_command (&self, "BYE", NULL, NULL);
    pinentry_end (&self);
    return result;
}

gboolean tamga_pinentry_secret (const TamgaPinentryQuestion *question, TamgaPin *pin,
                                const TamgaCall *call, GError **error)
{
    tamga_pin_clear (pin);
    Answer result = ask ("GETPIN", question, pin, call, error);
    if (result == ANSWER_NO)
        g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED,
                             "No PIN was entered; nothing was done with the key.");
    return result == ANSWER_OK;
}

gboolean tamga_pinentry_confirm (const TamgaPinentryQuestion *question, const TamgaCall *call,
                                 GError **error)
{
    return ask ("CONFIRM", question, NULL, call, error) == ANSWER_OK;
}
