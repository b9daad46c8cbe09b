/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the command writes, and where: lines, colour, JSON, messages, progress. */
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"

/* Runs the test again in a process of its own, whose outputs are compared. */
static gboolean in_child (void)
{
    if (g_test_subprocess ())
        return TRUE;
    g_test_trap_subprocess (NULL, 20 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed ();
    return FALSE;
}

static void aligns_lines (void)
{
    if (in_child ()) {
        TamgaCli cli = {0};
        tamga_cli_line (&cli, "Card", "%s", "ONE");
        tamga_cli_line (&cli, "timestamp", "%d", 2);
        tamga_cli_say (&cli, "plain");
        return;
    }
    g_test_trap_assert_stdout ("*Card      ONE\ntimestamp 2\nplain\n*");
}

static void keeps_quiet (void)
{
    if (in_child ()) {
        TamgaCli quiet = {.quiet = TRUE}, json = {.json = TRUE};
        tamga_cli_line (&quiet, "Card", "HIDDEN");
        tamga_cli_line (&json, "Card", "HIDDEN");
        tamga_cli_say (&json, "HIDDEN");
        return;
    }
    g_test_trap_assert_stdout_unmatched ("*HIDDEN*");
}

/* A document on standard output stays alone there. */
static void leaves_the_document_alone (void)
{
    if (in_child ()) {
        TamgaCli cli = {.output_is_document = TRUE};
        tamga_cli_line (&cli, "Signed", "ASIDE");
        tamga_cli_say (&cli, "ASIDE TOO");
        return;
    }
    g_test_trap_assert_stdout_unmatched ("*ASIDE*");
    g_test_trap_assert_stderr ("*Signed    ASIDE\nASIDE TOO\n*");
}

static void colour_only_doubles (void)
{
    TamgaCli plain = {0}, coloured = {.color = TRUE};
    static const char *const tones[] = {"good", "bad", "warn"};
    for (gsize i = 0; i < G_N_ELEMENTS (tones); i++) {
        g_autofree char *word = tamga_cli_colored (&coloured, tones[i], "word");
        g_autofree char *same = tamga_cli_colored (&plain, tones[i], "word");
        g_assert_cmpstr (same, ==, "word");
        g_assert_true (g_str_has_prefix (word, "\033["));
        g_assert_true (g_str_has_suffix (word, "word\033[0m"));
    }
    g_autofree char *unknown = tamga_cli_colored (&coloured, "loud", "word");
    g_assert_cmpstr (unknown, ==, "word");
}

static void json_takes_any_bytes (void)
{
    json_t *text = tamga_json_text ("a\xff"
                                    "b");
    g_assert_cmpstr (json_string_value (text), ==, "a\\x{FF}b");
    json_decref (text);
    text = tamga_json_text ("Айтматова");
    g_assert_cmpstr (json_string_value (text), ==, "Айтматова");
    json_decref (text);
    text = tamga_json_text (NULL);
    g_assert_true (json_is_null (text));
    text = tamga_json_time (G_MININT64);
    g_assert_true (json_is_null (text));
    text = tamga_json_time (1795344131);
    g_assert_cmpstr (json_string_value (text), ==, "2026-11-22T10:42:11Z");
    json_decref (text);
}

/* In the order of insertion, on one line, UTF-8 as it is. */
static void json_is_one_line (void)
{
    if (in_child ()) {
        TamgaCli cli = {.json = TRUE};
        tamga_cli_json (&cli, json_pack ("{s:s, s:i}", "z", "я", "a", 1));
        return;
    }
    g_test_trap_assert_stdout ("*{\"z\":\"я\",\"a\":1}\n*");
}

static void errors_say_what_next (void)
{
    if (in_child ()) {
        TamgaCli cli = {0};
        g_autoptr (GError) error =
            g_error_new (TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_NOT_FOUND, "file\033[2J one");
        g_assert_cmpint (tamga_cli_fail (&cli, error), ==, TAMGA_EXIT_INPUT);
        g_autoptr (GError) key =
            g_error_new (TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_TOKEN, "no token fits");
        g_assert_cmpint (tamga_cli_fail (&cli, key), ==, TAMGA_EXIT_KEY);
        return;
    }
    g_test_trap_assert_stderr ("*file\\u{001B}[2J one.\nNext: *\nNo token fits.\nNext: *\n*");
    g_test_trap_assert_stderr_unmatched ("*\033*");
}

/* The key process only knows that no PIN came. */
static void errors_name_the_cause (void)
{
    TamgaCli cli = {0};
    g_autoptr (GError) cancelled =
        g_error_new (TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED, "no PIN was given");
    g_autoptr (GError) other =
        g_error_new (TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_TOKEN_REMOVED, "the card was removed");
    g_assert_true (tamga_cli_reason (&cli, cancelled) == cancelled);
    cli.pin_error = g_error_new (TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_LOCKED, "locked");
    g_assert_true (tamga_cli_reason (&cli, cancelled) == cli.pin_error);
    g_assert_true (tamga_cli_reason (&cli, other) == other);
    g_clear_error (&cli.pin_error);
}

static void json_errors_come_once (void)
{
    if (in_child ()) {
        TamgaCli cli = {.json = TRUE};
        g_autoptr (GError) error = g_error_new (
            TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_NOT_FOUND, "FIRST cannot be opened");
        tamga_cli_fail (&cli, error);
        g_clear_error (&error);
        error = g_error_new (TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EMPTY, "SECOND is empty");
        tamga_cli_fail (&cli, error);
        return;
    }
    g_test_trap_assert_stdout ("*{\"error\":{\"code\":\"document/not-found\",\"message\":\"FIRST "
                               "cannot be opened\",\"next\":\"*\"}}\n*");
    g_test_trap_assert_stdout_unmatched ("*SECOND*");
    g_test_trap_assert_stderr ("*FIRST*SECOND*");
}

/* Nothing for what is quick; on a pipe one line at the end of what was slow. */
static void progress_on_a_pipe (void)
{
    if (in_child ()) {
        TamgaCli cli = {0};
        tamga_cli_progress (&cli, "QUICK", 0, 10);
        tamga_cli_progress (&cli, "QUICK", 10, 10);
        tamga_cli_progress (&cli, "SLOW", 0, 10);
        g_usleep (600 * 1000);
        tamga_cli_progress (&cli, "SLOW", 5, 10);
        tamga_cli_progress (&cli, "SLOW", 10, 10);
        return;
    }
    g_test_trap_assert_stderr ("*SLOW  done in 0.? s\n*");
    g_test_trap_assert_stderr_unmatched ("*QUICK*");
    g_test_trap_assert_stderr_unmatched ("*\r*");
}

static void progress_on_a_terminal (void)
{
    if (in_child ()) {
        g_setenv ("TERM", "xterm", TRUE);
        TamgaCli cli = {.terminal = TRUE};
        tamga_cli_progress (&cli, "SLOW", 0, 10);
        g_usleep (600 * 1000);
        tamga_cli_progress (&cli, "SLOW", 5, 10);
        tamga_cli_progress (&cli, "SLOW", 6, 10); /* too soon to be drawn */
        tamga_cli_progress (&cli, "SLOW", 10, 10);
        return;
    }
    g_test_trap_assert_stderr ("*\rSLOW  [############            ]  50%\033[K\r\033[K*");
}

int main (int argc, char **argv)
{
    setlocale (LC_ALL, "C.UTF-8");
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/screen/aligns_lines", aligns_lines);
    g_test_add_func ("/screen/keeps_quiet", keeps_quiet);
    g_test_add_func ("/screen/leaves_the_document_alone", leaves_the_document_alone);
    g_test_add_func ("/screen/colour_only_doubles", colour_only_doubles);
    g_test_add_func ("/screen/json_takes_any_bytes", json_takes_any_bytes);
    g_test_add_func ("/screen/json_is_one_line", json_is_one_line);
    g_test_add_func ("/screen/errors_say_what_next", errors_say_what_next);
    g_test_add_func ("/screen/errors_name_the_cause", errors_name_the_cause);
    g_test_add_func ("/screen/json_errors_come_once", json_errors_come_once);
    g_test_add_func ("/screen/progress_on_a_pipe", progress_on_a_pipe);
    g_test_add_func ("/screen/progress_on_a_terminal", progress_on_a_terminal);
    return g_test_run ();
}
