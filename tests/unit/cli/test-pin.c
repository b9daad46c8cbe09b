/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PIN between the person and `tamga-key`: Assuan's escapes, what is refused before it costs a
 * try, and the questions on a real (pseudo-)terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/pin.h"

/* What the child of a case answers with. */
enum { GIVEN = 0, CANCELLED = 1, SCANNED = 2, ODD = 3 };

static void assuan_escapes (void)
{
    static const struct {
        const char *plain, *escaped;
    } rows[] = {{"PIN", "PIN"},
                {"100% sure", "100%25 sure"},
                {"two\nlines\r", "two%0Alines%0D"},
                {"Айтматова", "Айтматова"},
                {"", ""}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *escaped = tamga_assuan_escape (rows[i].plain);
        g_assert_cmpstr (escaped, ==, rows[i].escaped);
        g_autoptr (TamgaPin) pin = tamga_pin_new ();
        g_assert_true (tamga_assuan_unescape (escaped, strlen (escaped), pin));
        g_assert_cmpmem (pin->text, pin->length, rows[i].plain, strlen (rows[i].plain));
    }
}

static void assuan_refuses_broken_escapes (void)
{
    static const char *const broken[] = {"%", "%2", "12%", "12%4", "%zz", "%2g", "1%-1"};
    for (gsize i = 0; i < G_N_ELEMENTS (broken); i++) {
        g_autoptr (TamgaPin) pin = tamga_pin_new ();
        g_assert_false (tamga_assuan_unescape (broken[i], strlen (broken[i]), pin));
    }
    g_autoptr (TamgaPin) last = tamga_pin_new ();
    g_assert_true (tamga_assuan_unescape ("12%25", 5, last));
    g_assert_cmpmem (last->text, last->length, "12%", 3);
    g_autofree char *wide = g_strnfill (TAMGA_PIN_MAX + 1, '1');
    g_autoptr (TamgaPin) pin = tamga_pin_new ();
    g_assert_false (tamga_assuan_unescape (wide, strlen (wide), pin));
    g_assert_true (tamga_assuan_unescape (wide + 1, strlen (wide) - 1, last) == FALSE);
}

/* A D line may come in several parts: they are one PIN. */
static void assuan_joins_parts (void)
{
    g_autoptr (TamgaPin) pin = tamga_pin_new ();
    g_assert_true (tamga_assuan_unescape ("12", 2, pin));
    g_assert_true (tamga_assuan_unescape ("34", 2, pin));
    g_assert_cmpmem (pin->text, pin->length, "1234", 4);
    tamga_pin_clear (pin);
    g_assert_cmpuint (pin->length, ==, 0);
    for (gsize i = 0; i < sizeof pin->text; i++)
        g_assert_cmpint (pin->text[i], ==, 0);
}

static void objects_to_what_costs_a_try (void)
{
    static const struct {
        const char *text;
        gulong minimum, maximum;
        gboolean good;
    } rows[] = {{"1234", 4, 8, TRUE},       {"12345678", 4, 8, TRUE}, {"123", 4, 8, FALSE},
                {"123456789", 4, 8, FALSE}, {"", 4, 8, FALSE},        {"", 0, 0, TRUE},
                {"1234\r", 4, 8, FALSE},    {"12\t34", 4, 8, FALSE},  {"пин-код", 0, 0, TRUE},
                {"12\03334", 0, 0, FALSE},  {"1234\177", 0, 0, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (TamgaPin) pin = tamga_pin_new ();
        for (const char *p = rows[i].text; *p; p++)
            g_assert_true (tamga_pin_append (pin, *p));
        g_autofree char *objection = tamga_pin_objection (pin, rows[i].minimum, rows[i].maximum);
        g_assert_cmpint (objection == NULL, ==, rows[i].good);
    }
}

/* The second line stays in the pipe for the second question. */
static void reads_one_line (void)
{
    int ends[2];
    g_assert_cmpint (pipe (ends), ==, 0);
    g_assert_cmpint (write (ends[1], "1111\n2222", 9), ==, 9);
    close (ends[1]);
    TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaPin) pin = tamga_pin_new ();
    g_assert_true (tamga_pin_read_line (pin, ends[0], &call, &error));
    g_assert_cmpmem (pin->text, pin->length, "1111", 4);
    g_assert_true (tamga_pin_read_line (pin, ends[0], &call, &error));
    g_assert_cmpmem (pin->text, pin->length, "2222", 4);
    g_assert_false (tamga_pin_read_line (pin, ends[0], &call, &error));
    g_assert_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED);
    close (ends[0]);
}

/* --- questions; the child of forkpty is the command ------------------------------------------ */

static int cancel_fd = -1;

static void cancelled (int number)
{
    const guint64 one = 1;
    (void)number;
    (void)!write (cancel_fd, &one, sizeof one);
}

typedef struct {
    TamgaPinRequest request;
    const char *pin_fd_text; /* what --pin-fd gives; NULL: the terminal */
    gboolean use_last_try;
    gboolean scan; /* look through the memory for the PIN afterwards */
} Case;

/* Where in this process the bytes are found whose complement is `mask`; the PIN itself is nowhere
 * on purpose. */
static guint scan_memory (const guint8 *mask, gsize length)
{
    g_autofree char *maps = NULL;
    guint hits = 0;
    g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
    int memory = open ("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    g_auto (GStrv) lines = g_strsplit (maps, "\n", -1);
    static guint8 block[1 << 16];
    for (char **line = lines; *line; line++) {
        unsigned long start, end;
        char mode[5];
        if (sscanf (*line, "%lx-%lx %4s", &start, &end, mode) != 3 || mode[1] != 'w' ||
            end - start > (1ul << 28))
            continue;
        for (unsigned long at = start; at < end; at += sizeof block - 64) {
            gssize n = pread (memory, block, MIN (sizeof block, end - at), (off_t)at);
            for (gssize i = 0; i + (gssize)length <= n; i++) {
                gsize same = 0;
                while (same < length && (block[i + (gssize)same] ^ mask[same]) == 0xff)
                    same++;
                hits += same == length;
            }
            memset (block, 0, sizeof block);
        }
    }
    close (memory);
    return hits;
}

static int run_command (const Case *test)
{
    int ends[2], line[2];
    cancel_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    signal (SIGINT, cancelled);
    signal (SIGTERM, cancelled);
    g_assert_cmpint (pipe (ends), ==, 0);
    TamgaCli cli = {.call = {.cancel_fd = cancel_fd}, .use_last_try = test->use_last_try};
    if (test->pin_fd_text) {
        g_assert_cmpint (pipe (line), ==, 0);
        g_assert_cmpint (write (line[1], test->pin_fd_text, strlen (test->pin_fd_text)), >, 0);
        close (line[1]);
        cli.pin_fd = g_strdup_printf ("%d", line[0]);
    }
    TamgaPinAnswer answer = tamga_cli_pin (&test->request, ends[1], &cli);
    if (cli.pin_error)
        fprintf (stderr, "%s\n", cli.pin_error->message);
    if (answer == TAMGA_PIN_CANCEL)
        return cli.pin_error ? CANCELLED : ODD;
    if (test->request.pinpad)
        return GIVEN;
    guint8 pin[64];
    gssize n = read (ends[0], pin, sizeof pin);
    if (n < 2 || pin[n - 1] != '\n')
        return ODD;
    if (!test->scan)
        return GIVEN;
    for (gssize i = 0; i < n; i++)
        pin[i] ^= 0xff;
    return scan_memory (pin, (gsize)n - 1) == 0 ? GIVEN : SCANNED;
}

typedef struct {
    pid_t pid;
    int terminal;
    GString *shown;
    gsize seen; /* what was waited for already */
} Session;

static Session start (const Case *test)
{
    Session session = {.shown = g_string_new (NULL)};
    session.pid = forkpty (&session.terminal, NULL, NULL, NULL);
    g_assert_cmpint (session.pid, >=, 0);
    if (session.pid == 0)
        _exit (run_command (test));
    return session;
}

/* The text must come after what was waited for before. */
static void wait_for (Session *session, const char *text)
{
    const char *found;
    for (guint i = 0; !(found = strstr (session->shown->str + session->seen, text)) && i < 1000;
         i++) {
        struct pollfd polled = {.fd = session->terminal, .events = POLLIN};
        char buffer[256];
        if (poll (&polled, 1, 20) <= 0)
            continue;
        gssize n = read (session->terminal, buffer, sizeof buffer);
        if (n <= 0)
            break;
        g_string_append_len (session->shown, buffer, n);
    }
    if (!found)
        g_error ("\"%s\" was not shown, but:\n%s", text, session->shown->str);
    session->seen = (gsize)(found - session->shown->str) + strlen (text);
}

static gboolean echoes (const Session *session)
{
    struct termios modes;
    g_assert_cmpint (tcgetattr (session->terminal, &modes), ==, 0);
    return (modes.c_lflag & ECHO) != 0;
}

static void type (const Session *session, const char *text)
{
    g_assert_cmpint (write (session->terminal, text, strlen (text)), ==, (gssize)strlen (text));
}

/* The end of the command: its exit code; what it said last is in `shown`. */
static int finish (Session *session)
{
    int status = 0;
    for (;;) {
        char buffer[256];
        gssize n = read (session->terminal, buffer, sizeof buffer);
        if (n <= 0)
            break;
        g_string_append_len (session->shown, buffer, n);
    }
    g_assert_cmpint (waitpid (session->pid, &status, 0), ==, session->pid);
    g_assert_true (WIFEXITED (status));
    close (session->terminal);
    return WEXITSTATUS (status);
}

static void session_clear (Session *session)
{
    g_string_free (session->shown, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Session, session_clear)

#define CARD                                                                                       \
    .store_name = "CARD", .reader = "READER", .tries_left = 3, .attempt = 1, .pin_min = 4,         \
    .pin_max = 12

static void hides_and_wipes_the_pin (void)
{
    const Case test = {.request = {CARD}, .scan = TRUE};
    g_auto (Session) session = start (&test);
    wait_for (&session, "PIN (3 tries left): ");
    g_assert_false (echoes (&session));
    /* Made here, after the fork: the command can only know it from the terminal. */
    g_autofree char *pin = g_strdup_printf ("%09u", g_random_int_range (100000000, 999999999));
    g_autofree char *line = g_strconcat (pin, "\n", NULL);
    type (&session, line);
    g_assert_cmpint (finish (&session), ==, GIVEN);
    g_assert_null (strstr (session.shown->str, pin));
}

static void asks_again_without_a_try (void)
{
    const Case test = {.request = {CARD}};
    g_auto (Session) session = start (&test);
    wait_for (&session, "PIN (3 tries left): ");
    type (&session, "12\n");
    wait_for (&session, "It has 4 to 12 characters. No try was used");
    wait_for (&session, "PIN (3 tries left): ");
    g_assert_false (echoes (&session));
    type (&session, "123456\n");
    g_assert_cmpint (finish (&session), ==, GIVEN);
}

/* Ctrl-C, end of file and a signal from outside: the terminal is as it was. */
static void restores_the_terminal (void)
{
    const Case test = {.request = {CARD}};
    for (guint way = 0; way < 3; way++) {
        g_auto (Session) session = start (&test);
        int other = open (ptsname (session.terminal), O_RDWR | O_NOCTTY);
        g_assert_cmpint (other, >=, 0); /* keeps the modes readable after the end */
        wait_for (&session, "PIN (3 tries left): ");
        g_assert_false (echoes (&session));
        if (way == 2)
            kill (session.pid, SIGTERM);
        else
            type (&session, way == 0 ? "\003" : "\004");
        int status;
        g_assert_cmpint (waitpid (session.pid, &status, 0), ==, session.pid);
        g_assert_true (WIFEXITED (status));
        g_assert_cmpint (WEXITSTATUS (status), ==, CANCELLED);
        g_assert_true (echoes (&session));
        close (other);
        close (session.terminal);
    }
}

/* Ctrl-\ and Ctrl-Z would leave a shell on a terminal without echo. */
static void takes_no_quit_and_no_stop (void)
{
    const Case test = {.request = {CARD}};
    g_auto (Session) session = start (&test);
    wait_for (&session, "PIN (3 tries left): ");
    type (&session, "\034\032\n");
    wait_for (&session, "control character");
    wait_for (&session, "PIN (3 tries left): ");
    type (&session, "123456\n");
    g_assert_cmpint (finish (&session), ==, GIVEN);
}

/* VN 73: the device locks after failed tries, and only the authority unlocks it. */
static void asks_before_the_last_try (void)
{
    static const struct {
        gboolean flag;
        int tries;
        const char *answer;
        int expected;
    } rows[] = {{TRUE, -1, "n\n", CANCELLED}, {TRUE, -1, "\n", CANCELLED},
                {TRUE, -1, "yes\n", GIVEN},   {FALSE, 1, "N\n", CANCELLED},
                {FALSE, 1, "y\n", GIVEN},     {TRUE, -1, "\004", CANCELLED},
                {TRUE, -1, "\003", CANCELLED}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        Case test = {.request = {CARD}};
        test.request.final_try = rows[i].flag;
        test.request.tries_left = rows[i].tries;
        g_auto (Session) session = start (&test);
        wait_for (&session, "Use the last try? [y/N] ");
        g_assert_null (strstr (session.shown->str, "PIN (last try)"));
        type (&session, rows[i].answer);
        if (rows[i].expected == GIVEN) {
            wait_for (&session, "PIN (last try): ");
            type (&session, "123456\n");
        }
        g_assert_cmpint (finish (&session), ==, rows[i].expected);
    }
}

static void keeps_the_last_try_from_a_descriptor (void)
{
    Case test = {.request = {CARD}, .pin_fd_text = "123456\n"};
    test.request.final_try = TRUE;
    g_auto (Session) refused = start (&test);
    g_assert_cmpint (finish (&refused), ==, CANCELLED);
    g_assert_nonnull (strstr (refused.shown->str, "--use-last-try"));
    test.use_last_try = TRUE;
    g_auto (Session) allowed = start (&test);
    g_assert_cmpint (finish (&allowed), ==, GIVEN);
}

/* A second PIN that nobody chose is not tried after a wrong one. */
static void gives_one_pin_from_a_descriptor (void)
{
    Case test = {.request = {CARD}, .pin_fd_text = "123456\n654321\n"};
    g_auto (Session) first = start (&test);
    g_assert_cmpint (finish (&first), ==, GIVEN);
    test.request.attempt = 2;
    g_auto (Session) second = start (&test);
    g_assert_cmpint (finish (&second), ==, CANCELLED);
    g_assert_nonnull (strstr (second.shown->str, "it was tried once"));
    test.request.context_specific = TRUE;
    g_auto (Session) each_use = start (&test);
    g_assert_cmpint (finish (&each_use), ==, GIVEN);
}

static void never_asks_a_locked_card (void)
{
    for (int tries = -1; tries <= 0; tries++) {
        Case test = {.request = {CARD}};
        test.request.locked = TRUE;
        test.request.tries_left = tries;
        g_auto (Session) session = start (&test);
        g_assert_cmpint (finish (&session), ==, CANCELLED);
        g_assert_nonnull (strstr (session.shown->str, "Only your provider can unlock it"));
        g_assert_null (strstr (session.shown->str, "PIN ("));
    }
}

static void sends_no_pin_to_a_pinpad (void)
{
    Case test = {.request = {CARD}};
    test.request.pinpad = TRUE;
    g_auto (Session) session = start (&test);
    g_assert_cmpint (finish (&session), ==, GIVEN);
    g_assert_nonnull (
        strstr (session.shown->str, "Enter the PIN on the reader READER (3 tries left)."));
}

/* Where nobody can be asked, nothing is tried. */
static void needs_a_terminal (void)
{
    if (g_test_subprocess ()) {
        g_assert_cmpint (setsid (), >, 0);
        const Case test = {.request = {CARD}};
        g_assert_cmpint (run_command (&test), ==, CANCELLED);
        return;
    }
    g_test_trap_subprocess (NULL, 20 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed ();
    g_test_trap_assert_stderr ("*there is no terminal*--pin-fd*");
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/assuan/escapes", assuan_escapes);
    g_test_add_func ("/assuan/refuses_broken_escapes", assuan_refuses_broken_escapes);
    g_test_add_func ("/assuan/joins_parts", assuan_joins_parts);
    g_test_add_func ("/pin/objects_to_what_costs_a_try", objects_to_what_costs_a_try);
    g_test_add_func ("/pin/reads_one_line", reads_one_line);
    g_test_add_func ("/pin/hides_and_wipes", hides_and_wipes_the_pin);
    g_test_add_func ("/pin/asks_again_without_a_try", asks_again_without_a_try);
    g_test_add_func ("/pin/restores_the_terminal", restores_the_terminal);
    g_test_add_func ("/pin/takes_no_quit_and_no_stop", takes_no_quit_and_no_stop);
    g_test_add_func ("/vn_73/asks_before_the_last_try", asks_before_the_last_try);
    g_test_add_func ("/vn_73/keeps_the_last_try_from_a_descriptor",
                     keeps_the_last_try_from_a_descriptor);
    g_test_add_func ("/vn_73/never_asks_a_locked_card", never_asks_a_locked_card);
    g_test_add_func ("/pin/gives_one_pin_from_a_descriptor", gives_one_pin_from_a_descriptor);
    g_test_add_func ("/pin/sends_no_pin_to_a_pinpad", sends_no_pin_to_a_pinpad);
    g_test_add_func ("/pin/needs_a_terminal", needs_a_terminal);
    return g_test_run ();
}
