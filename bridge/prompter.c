/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent's side of the prompter protocol. */
#include "bridge/prompter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/helper/helper.h"
#include "client/helper/platform.h"

#define VERSION 1
#define TERMINAL "terminal"
#define PIN_FD 3
#define MAX_ANSWER (64u * 1024) /* bytes of a line from the prompter */
#define TELL_MS 200             /* how long a prompter that does not read is waited for */
#define END_MS 500              /* how long it has to end by itself */

struct _TamgaPrompter {
    GPid pid;
    gboolean grouped;  /* it leads a process group of its own */
    int input, output; /* of the prompter: we write to `input`, read from `output` */
    int pin_read;
    GString *line; /* what of an answer has come */
    guint last_id;
    gboolean broken; /* it ended, or said what is no answer */
    gboolean caller_gone;
};

/* Prompters of Tamga's own, by the word of the configuration. */
static const struct {
    const char *word, *program;
} own[] = {{"desktop", "tamga-prompt-desktop"}, {TERMINAL, "tamga-prompt-terminal"}};

static gboolean set_failed (GError **error, const char *command, const char *why)
{
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PROMPTER,
                 "Nobody can be asked: the prompter \"%s\" %s.", command, why);
    return FALSE;
}

static gboolean set_cancelled (GError **error)
{
    g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED,
                         "The person cancelled.");
    return FALSE;
}

/* argv of the command; a program of ours by its whole path. */
static char **command_line (const char *command, GError **error)
{
    g_auto (GStrv) argv = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS (own); i++) {
        if (strcmp (command, own[i].word) == 0) {
            char *path = tamga_helper_find (own[i].program);
            if (path) {
                char *found[] = {path, NULL};
                argv = g_strdupv (found);
            } else {
                set_failed (error, command, "is not installed");
            }
            g_free (path);
            return g_steal_pointer (&argv);
        }
    }
    if (strcmp (command, "none") == 0)
        set_failed (error, command, "asks nobody");
    else if (!g_shell_parse_argv (command, NULL, &argv, NULL))
        set_failed (error, command, "is not a command line");
    return g_steal_pointer (&argv);
}

typedef struct {
    int input[2], output[2], pin[2];
} Pipes;

static void close_pipes (Pipes *pipes)
{
    int *ends[] = {pipes->input, pipes->output, pipes->pin};
    for (gsize i = 0; i < G_N_ELEMENTS (ends); i++) {
        for (int k = 0; k < 2; k++) {
            if (ends[i][k] >= 0)
                close (ends[i][k]);
        }
    }
}

/* A pipe whose ends do not lie where the child wants others. */
static gboolean open_pipe (int ends[2])
{
    int made[2];
    if (pipe2 (made, O_CLOEXEC) != 0)
        return FALSE;
    for (int i = 0; i < 2; i++) {
        ends[i] = made[i] > PIN_FD ? made[i] : fcntl (made[i], F_DUPFD_CLOEXEC, PIN_FD + 1);
        if (ends[i] != made[i])
            close (made[i]);
    }
    return ends[0] >= 0 && ends[1] >= 0;
}

/* `grouped`: what it starts ends with it, and a Ctrl-C at the terminal is not for it. */
static int spawn (char **argv, const Pipes *pipes, gboolean grouped, GPid *pid)
{
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    if (grouped)
        flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    sigfillset (&all);
    sigemptyset (&none);
    posix_spawn_file_actions_init (&actions);
    posix_spawnattr_init (&attributes);
    int rc = posix_spawn_file_actions_adddup2 (&actions, pipes->input[0], STDIN_FILENO);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2 (&actions, pipes->output[1], STDOUT_FILENO);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2 (&actions, pipes->pin[1], PIN_FD);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np (&actions, PIN_FD + 1);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault (&attributes, &all);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask (&attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setpgroup (&attributes, 0);
    if (rc == 0)
        rc = posix_spawnattr_setflags (&attributes, flags);
    if (rc == 0)
        rc = posix_spawnp (pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy (&attributes);
    posix_spawn_file_actions_destroy (&actions);
    return rc;
}

/* Waits until `fd` is ready. FALSE: the call ended, or `limit` milliseconds (-1: none) passed. */
static gboolean wait_for (int fd, short events, const TamgaCall *call, int limit)
{
    struct pollfd wait[] = {{.fd = fd, .events = events},
                            {.fd = call ? call->cancel_fd : -1, .events = POLLIN}};
    int left = call ? tamga_call_left (call) : -1;
    if (limit >= 0)
        left = left < 0 ? limit : MIN (left, limit);
    int ready;
    do
        ready = poll (wait, G_N_ELEMENTS (wait), left);
    while (ready < 0 && errno == EINTR);
    return ready > 0 && wait[0].revents != 0 && wait[1].revents == 0;
}

/* A line to the prompter. FALSE: it does not read, or is gone. */
static gboolean send_line (TamgaPrompter *prompter, json_t *object, const TamgaCall *call,
                           int limit)
{
    char *text = json_dumps (object, JSON_COMPACT);
    json_decref (object);
    g_autofree char *line = g_strconcat (text, "\n", NULL);
    free (text);
    gsize length = strlen (line);
    for (gsize done = 0; done < length;) {
        if (prompter->broken || !wait_for (prompter->input, POLLOUT, call, limit))
            return FALSE;
        ssize_t sent = write (prompter->input, line + done, length - done);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            prompter->broken = TRUE;
        done += (gsize)MAX (sent, 0);
    }
    return TRUE;
}

/* The next line of the prompter; NULL: none, or one that is too long. */
static char *read_line (TamgaPrompter *prompter, const TamgaCall *call)
{
    for (;;) {
        const char *end = memchr (prompter->line->str, '\n', prompter->line->len);
        if (end) {
            gsize length = (gsize)(end - prompter->line->str);
            char *line = g_strndup (prompter->line->str, length);
            g_string_erase (prompter->line, 0, (gssize)length + 1);
            return line;
        }
        char piece[4096];
        if (prompter->line->len > MAX_ANSWER || !wait_for (prompter->output, POLLIN, call, -1))
            return NULL;
        ssize_t got = read (prompter->output, piece, sizeof piece);
        if (got <= 0)
            return NULL;
        g_string_append_len (prompter->line, piece, got);
    }
}

static json_t *first_line (const char *locale, const TamgaCaller *caller)
{
    return json_pack ("{s:i, s:s, s:{s:o, s:o}}", "prompter", VERSION, "locale", locale, "who",
                      "origin", tamga_json_text (caller->origin), "program",
                      tamga_json_text (caller->program));
}

TamgaPrompter *tamga_prompter_start (const char *command, const char *locale,
                                     const TamgaCaller *caller, GError **error)
{
    g_auto (GStrv) argv = command_line (command, error);
    if (!argv)
        return NULL;
    Pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
    GPid pid = 0;
    gboolean opened = open_pipe (pipes.input) && open_pipe (pipes.output) && open_pipe (pipes.pin);
    /* Only the foreground group of a terminal may read from it. */
    gboolean grouped = strcmp (command, TERMINAL) != 0;
    int rc = opened ? spawn (argv, &pipes, grouped, &pid) : errno;
    if (rc != 0) {
        close_pipes (&pipes);
        g_autofree char *why = g_strdup_printf ("cannot be started (%s)", g_strerror (rc));
        set_failed (error, command, why);
        return NULL;
    }
    TamgaPrompter *prompter = g_new0 (TamgaPrompter, 1);
    *prompter = (TamgaPrompter){.pid = pid,
                                .grouped = grouped,
                                .input = pipes.input[1],
                                .output = pipes.output[0],
                                .pin_read = pipes.pin[0],
                                .line = g_string_new (NULL)};
    /* What is left are the prompter's own ends. */
    pipes.input[1] = pipes.output[0] = pipes.pin[0] = -1;
    close_pipes (&pipes);
    fcntl (prompter->input, F_SETFL, O_NONBLOCK);
    send_line (prompter, first_line (locale, caller), NULL, TELL_MS);
    return prompter;
}

static void end_process (TamgaPrompter *prompter)
{
    int status;
    if (tamga_platform_reap (prompter->pid, END_MS, &status))
        return;
    kill (prompter->grouped ? -prompter->pid : prompter->pid, SIGTERM);
    if (tamga_platform_reap (prompter->pid, END_MS, &status))
        return;
    tamga_platform_kill (prompter->pid);
    tamga_platform_reap (prompter->pid, -1, &status);
}

void tamga_prompter_free (TamgaPrompter *prompter)
{
    if (!prompter)
        return;
    send_line (prompter, json_pack ("{s:s}", "tell", prompter->caller_gone ? "gone" : "done"), NULL,
               TELL_MS);
    close (prompter->input);
    end_process (prompter);
    close (prompter->output);
    close (prompter->pin_read);
    g_string_free (prompter->line, TRUE);
    g_free (prompter);
}

void tamga_prompter_caller_gone (TamgaPrompter *prompter)
{
    prompter->caller_gone = TRUE;
}

/* The answer to question `id`; NULL: it is none. */
static json_t *parse_answer (const char *line, guint id)
{
    json_t *answer = json_loads (line, JSON_REJECT_DUPLICATES, NULL);
    const json_t *number = json_object_get (answer, "id");
    const char *word = json_string_value (json_object_get (answer, "answer"));
    if (json_is_integer (number) && json_integer_value (number) == (json_int_t)id && word &&
        strcmp (word, "cancel") != 0 && strcmp (word, "unsupported") != 0)
        return answer;
    json_decref (answer);
    return NULL;
}

json_t *tamga_prompter_ask (TamgaPrompter *prompter, json_t *question, const TamgaCall *call,
                            GError **error)
{
    guint id = ++prompter->last_id;
    json_object_set_new (question, "id", json_integer (id));
    gboolean sent = send_line (prompter, question, call, -1);
    g_autofree char *line = sent ? read_line (prompter, call) : NULL;
    if (!line && (tamga_call_cancelled (call) || tamga_call_left (call) == 0)) {
        g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_GONE,
                             "The caller went away, or the question was open for too long.");
        return NULL;
    }
    prompter->broken |= line == NULL;
    json_t *answer = line ? parse_answer (line, id) : NULL;
    if (!answer)
        set_cancelled (error);
    return answer;
}

void tamga_prompter_tell (TamgaPrompter *prompter, json_t *message)
{
    send_line (prompter, message, NULL, TELL_MS);
}

int tamga_prompter_pin_source (TamgaPrompter *prompter)
{
    return prompter->pin_read;
}
