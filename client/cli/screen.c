/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the command shows: aligned lines, colour that doubles a word, progress, JSON, errors. */
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "formats/ossl.h"

/* Width of the labels of tamga_cli_line, one blank behind them. */
#define LABEL_WIDTH 9
/* Progress is shown for what takes longer than this, microseconds, and drawn at most that often. */
#define PROGRESS_AFTER (500 * 1000)
#define PROGRESS_EVERY (100 * 1000)
#define PROGRESS_BAR 24

char *tamga_cli_colored (TamgaCli *cli, const char *tone, const char *text)
{
    static const struct {
        const char *tone, *sequence;
    } tones[] = {{"good", "\033[32m"}, {"bad", "\033[31m"}, {"warn", "\033[33m"}};
    for (gsize i = 0; cli->color && i < G_N_ELEMENTS (tones); i++) {
        if (g_strcmp0 (tone, tones[i].tone) == 0)
            return g_strconcat (tones[i].sequence, text, "\033[0m", NULL);
    }
    return g_strdup (text);
}

void tamga_cli_line (TamgaCli *cli, const char *label, const char *format, ...)
{
    if (cli->json || cli->quiet)
        return;
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    FILE *out = cli->output_is_document ? stderr : stdout;
    if (label)
        fprintf (out, "%-*s %s\n", LABEL_WIDTH, label, text);
    else
        fprintf (out, "%s\n", text);
}

void tamga_cli_say (TamgaCli *cli, const char *format, ...)
{
    if (cli->json || cli->quiet)
        return;
    va_list arguments;
    va_start (arguments, format);
    FILE *out = cli->output_is_document ? stderr : stdout;
    vfprintf (out, format, arguments);
    va_end (arguments);
    fputc ('\n', out);
}

void tamga_cli_json (TamgaCli *cli, json_t *object)
{
    g_assert (object);
    if (json_dumpf (object, stdout, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
        g_assert (ferror (stdout)); /* main tells it */
    putchar ('\n');
    json_decref (object);
    cli->json_printed = TRUE;
}

/* A text of several lines, each made visible, on standard error. */
static void tell (const char *text)
{
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *visible = tamga_text_visible (*line);
        gboolean only = line == lines && !line[1];
        gboolean ended = *visible && strchr (".!?:)", visible[strlen (visible) - 1]);
        fprintf (stderr, "%s%s\n", visible, only && *visible && !ended ? "." : "");
    }
}

/* The name of a file stays as it is: "the report.pdf" does not become "The report.pdf". */
static gboolean begins_with_name (TamgaCli *cli, const char *text)
{
    for (char **word = cli->words; word && *word; word++) {
        const char *value = g_str_has_prefix (*word, "--") ? strchr (*word, '=') : NULL;
        const char *name = value ? value + 1 : *word;
        if (*name && g_str_has_prefix (text, name))
            return TRUE;
    }
    return FALSE;
}

/* Messages of the key process and of the formats may begin in lower case. */
void tamga_cli_tell (TamgaCli *cli, const GError *error)
{
    g_autofree char *text = g_strdup (error->message);
    gsize word = strcspn (text, " ");
    gboolean ours = error->domain == TAMGA_KEYS_ERROR || error->domain == TAMGA_FORMAT_ERROR;
    gboolean article = g_str_has_prefix (text, "the ") || g_str_has_prefix (text, "a ");
    if (!begins_with_name (cli, text) &&
        (article || (ours && text[word] && strcspn (text, "/.:_-") > word)))
        text[0] = g_ascii_toupper (text[0]);
    tell (text);
}

const GError *tamga_cli_reason (TamgaCli *cli, const GError *error)
{
    gboolean no_pin = g_error_matches (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    return cli->pin_error && no_pin ? cli->pin_error : error;
}

static void json_error (TamgaCli *cli, const char *code, const char *message, const char *next)
{
    if (!cli->json || cli->json_printed)
        return;
    json_t *told = json_pack ("{s:s}", "code", code);
    json_object_set_new (told, "message", tamga_json_text (message));
    if (next)
        json_object_set_new (told, "next", tamga_json_text (next));
    tamga_cli_json (cli, json_pack ("{s:o}", "error", told));
}

int tamga_cli_fail (TamgaCli *cli, const GError *error)
{
    error = tamga_cli_reason (cli, error);
    const char *advice = tamga_failure_advice (error);
    tamga_cli_progress_end (cli);
    fflush (stdout);
    tamga_cli_tell (cli, error);
    if (advice)
        fprintf (stderr, "Next: %s\n", advice);
    if (cli->verbose)
        fprintf (stderr, "(%s)\n", tamga_failure_name (error));
    json_error (cli, tamga_failure_name (error), error->message, advice);
    return (int)tamga_failure_exit_code (error);
}

int tamga_cli_usage (TamgaCli *cli, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_autofree char *next =
        cli->command ? g_strdup_printf ("tamga help %s shows how it is used.", cli->command->name)
                     : g_strdup ("tamga help shows the commands there are.");
    fflush (stdout);
    tell (text);
    fprintf (stderr, "Next: %s\n", next);
    json_error (cli, "usage", text, next);
    return TAMGA_EXIT_USAGE;
}

/* The one piece of work that is under way: the terminal has one line for it. */
static struct {
    char *what;
    gint64 since, drawn;
} work;

static void progress_draw (const char *what, guint64 done, guint64 total)
{
    char bar[PROGRESS_BAR + 1];
    guint filled = total ? (guint)((double)done / (double)total * PROGRESS_BAR) : 0;
    filled = MIN (filled, PROGRESS_BAR);
    memset (bar, '#', filled);
    memset (bar + filled, ' ', PROGRESS_BAR - filled);
    bar[PROGRESS_BAR] = '\0';
    fprintf (stderr, "\r%s  [%s] %3u%%\033[K", what, bar,
             total ? (guint)((double)done / (double)total * 100) : 0);
    fflush (stderr);
}

void tamga_cli_progress_end (TamgaCli *cli)
{
    if (work.drawn && cli->terminal)
        fputs ("\r\033[K", stderr);
    g_clear_pointer (&work.what, g_free);
    work.since = work.drawn = 0;
}

void tamga_cli_progress (TamgaCli *cli, const char *what, guint64 done, guint64 total)
{
    gint64 now = g_get_monotonic_time ();
    if (cli->quiet)
        return;
    g_autofree char *visible = tamga_text_visible (what);
    if (g_strcmp0 (work.what, visible) != 0) {
        tamga_cli_progress_end (cli);
        work.what = g_strdup (visible);
        work.since = now;
    }
    gboolean slow = now - work.since >= PROGRESS_AFTER;
    if (done >= total) {
        double seconds = (double)(now - work.since) / G_USEC_PER_SEC;
        if (slow && !cli->terminal && !cli->json)
            fprintf (stderr, "%s  done in %.1f s\n", visible, seconds);
        tamga_cli_progress_end (cli);
        return;
    }
    if (!slow || !cli->terminal || now - work.drawn < PROGRESS_EVERY)
        return;
    const char *term = g_getenv ("TERM");
    if (!term || strcmp (term, "dumb") == 0)
        return;
    work.drawn = now;
    progress_draw (visible, done, total);
}

void tamga_cli_step (TamgaCli *cli, const TamgaStep *step)
{
    const TamgaStatus *status = step->status;
    gboolean good = status->value == TAMGA_STATUS_GOOD;
    const char *name = tamga_status_name (status->value);
    g_autofree char *upper = g_ascii_strup (name, -1);
    g_autofree char *word = tamga_cli_colored (cli, good ? "good" : (step->passed ? "warn" : "bad"),
                                               good ? name : upper);
    g_autofree char *label = g_strdup_printf ("Check %u", step->number);
    g_autofree char *title = tamga_text_visible (step->title ? step->title : "");
    g_autofree char *text = tamga_text_visible (status->text ? status->text : "");
    /* The sentence begins with the answer; the word stands there already. */
    const char *rest = text;
    if (g_str_has_prefix (text, name) && g_str_has_prefix (text + strlen (name), "; "))
        rest = text + strlen (name) + 2;
    int padding = MAX (0, 48 - (int)g_utf8_strlen (title, -1));
    tamga_cli_line (cli, label, "%s%*s %s   %s", title, padding, "", word, rest);
}
