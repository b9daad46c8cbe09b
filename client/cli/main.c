/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tamga`: finds the subcommand, wires Ctrl-C to the cancel descriptor. */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/pin.h"
#include "formats/algorithm.h"

static int cancel_fd = -1;

/* The first signal asks for an orderly end, within a second; the second one ends at once. Nothing
 * is half written either way: outputs have no name before they are whole. */
static void cancelled (int signal_number)
{
    static volatile sig_atomic_t times;
    int saved = errno;
    const guint64 one = 1;
    if (times++ > 0) {
        tamga_terminal_restore ();
        signal (signal_number, SIG_DFL);
        raise (signal_number);
    }
    (void)!write (cancel_fd, &one, sizeof one);
    errno = saved;
}

static void catch_signals (void)
{
    cancel_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action = {.sa_handler = cancelled};
    sigemptyset (&action.sa_mask);
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
        sigaction (signals[i], &action, NULL);
    signal (SIGPIPE, SIG_IGN);
}

static const TamgaCommand *find_command (const char *name)
{
    for (const TamgaCommand *row = tamga_commands; row->name; row++) {
        if (strcmp (row->name, name) == 0)
            return row;
    }
    return NULL;
}

static void print_commands (FILE *out)
{
    fputs ("tamga signs documents with your card and checks everyone else's.\n\n"
           "  tamga sign contract.pdf\n\n",
           out);
    for (const TamgaCommand *row = tamga_commands; row->name; row++)
        fprintf (out, "  %-9s %s%*s %s\n", row->name, row->arguments,
                 26 - (int)g_utf8_strlen (row->arguments, -1), "", row->summary);
    fputs ("\ntamga help COMMAND shows the options of one; tamga --version the version.\n", out);
}

int tamga_cli_help (TamgaCli *cli, int argc, char **argv)
{
    if (argc < 2) {
        print_commands (stdout);
        return TAMGA_EXIT_DONE;
    }
    const TamgaCommand *row = find_command (argv[1]);
    cli->command = NULL; /* advice is about the one that is asked for */
    if (!row || row->run == tamga_cli_help)
        return row ? (print_commands (stdout), TAMGA_EXIT_DONE)
                   : tamga_cli_usage (cli, "There is no command \"%s\".", argv[1]);
    char help[] = "--help";
    char *arguments[] = {argv[1], help, NULL};
    cli->command = row;
    return row->run (cli, 2, arguments);
}

static void cli_clear (TamgaCli *cli)
{
    g_strfreev (cli->words);
    g_free (cli->profile_name);
    g_free (cli->key);
    g_free (cli->pin_fd);
    g_strfreev (cli->modules);
    g_strfreev (cli->anchors);
    g_clear_error (&cli->pin_error);
    g_clear_pointer (&cli->password, g_bytes_unref);
    g_clear_pointer (&cli->fetch, tamga_fetch_free);
    g_clear_pointer (&cli->cache, tamga_status_cache_free);
    g_clear_pointer (&cli->trust, tamga_trust_free);
    g_clear_pointer (&cli->journal, tamga_journal_free);
    g_clear_pointer (&cli->config, tamga_config_free);
    g_clear_pointer (&cli->profile, tamga_profile_free);
    g_clear_pointer (&cli->pool, g_ptr_array_unref);
}

static int no_algorithms (void)
{
    fputs ("OpenSSL on this computer does not let Tamga have its algorithms: its configuration "
           "(openssl.cnf, OPENSSL_CONF) may allow only some of them, those of FIPS for example.\n"
           "Next: Start tamga with OPENSSL_CONF=/dev/null, or ask who administers this computer.\n",
           stderr);
    return TAMGA_EXIT_INPUT;
}

/* Whoever read our output has read enough (`| head`): that is no failure of ours. */
static gboolean reader_left (void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll (&output, 1, 0) == 1 && (output.revents & POLLERR);
}

int main (int argc, char **argv)
{
    setlocale (LC_ALL, "");
    catch_signals ();
    const char *term = g_getenv ("TERM");
    const char *no_color = g_getenv ("NO_COLOR");
    gboolean plain = (no_color && *no_color) || !term || strcmp (term, "dumb") == 0;
    TamgaCli cli = {.words = g_strdupv (argv), /* the options' parser takes words out of argv */
                    .call = {.cancel_fd = cancel_fd},
                    .color = !plain && isatty (STDOUT_FILENO),
                    .terminal = isatty (STDERR_FILENO)};
    const TamgaCommand *row = argc > 1 ? find_command (argv[1]) : NULL;
    int code;
    if (argc < 2) {
        print_commands (stdout);
        code = TAMGA_EXIT_DONE;
    } else if (row) {
        cli.command = row;
        /* loaded before anything is parsed */
        code = tamga_algorithm_load () ? row->run (&cli, argc - 1, argv + 1) : no_algorithms ();
    } else if (strcmp (argv[1], "--version") == 0 || strcmp (argv[1], "-V") == 0) {
        puts ("tamga " TAMGA_VERSION);
        code = TAMGA_EXIT_DONE;
    } else if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0) {
        print_commands (stdout);
        code = TAMGA_EXIT_DONE;
    } else {
        code = tamga_cli_usage (&cli, "There is no command \"%s\".", argv[1]);
    }
    cli_clear (&cli);
    if ((fflush (stdout) != 0 || ferror (stdout)) && !reader_left ()) {
        fprintf (stderr, "Standard output could not be written: %s.\n", g_strerror (errno));
        code = (int)tamga_exit_worse ((TamgaExit)code, TAMGA_EXIT_INPUT);
    }
    return code;
}
