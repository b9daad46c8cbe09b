/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tamga-card: a virtual PIV card in the virtual reader of vsmartcard-vpcd. It connects to the
 * reader over TCP, answers command APDUs, and obeys a control socket, through which tests pull it,
 * lock its PIN and ask it what happened. With --send it is the other end of that socket.
 *
 * The protocol of the reader: each message is two bytes of length, most significant first, and so
 * many bytes. One byte is a control code; more bytes are a command APDU and want an answer. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "tests/card/piv-card.h"

#define CONNECT_AGAIN_MS 50
#define SEND_TIMEOUT_SECONDS 10

enum { READER_OFF = 0x00, READER_ON = 0x01, READER_RESET = 0x02, READER_ATR = 0x04 };

static struct {
    char *keys[3];
    char *certificates[3];
    char *pin;
    int tries;
    int port;
    int delay_ms;
    int lifetime;
    char *ready;
    char *control;
    char *send;
} options = {.tries = 3, .port = 35963, .lifetime = 3600};

static const char *const slot_names[3] = {"9a", "9c", "9d"};

static struct {
    tamga_piv_card *card;
    int reader;           /* -1: not connected */
    gboolean inserted;    /* connect, and connect again, unless pulled */
    gboolean powered;     /* the reader has switched us on since the connection */
    gint64 connect_at;    /* monotonic, µs */
    GByteArray *received; /* from the reader, not yet a whole message */
    GBytes *answer;       /* held back until answer_at */
    gint64 answer_at;
    gboolean pull_on_sign;
    gboolean pull_now; /* at answer_at, instead of answering */
    int listener;
    int client;            /* -1: nobody on the control socket */
    gboolean client_waits; /* for the reader to switch the card on */
    gboolean quit;
} self = {.reader = -1, .listener = -1, .client = -1};

static volatile sig_atomic_t stop_signal;

static void on_signal (int number)
{
    stop_signal = number;
}

/* --- the control socket -------------------------------------------------------------------- */

static gboolean fill_address (struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    return g_strlcpy (address->sun_path, path, sizeof address->sun_path) < sizeof address->sun_path;
}

static gboolean open_control (const char *path)
{
    struct sockaddr_un address;

    if (!fill_address (&address, path)) {
        g_printerr ("tamga-card: %s: the path is too long for a socket\n", path);
        return FALSE;
    }
    g_unlink (path);
    self.listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (self.listener == -1 ||
        bind (self.listener, (struct sockaddr *)&address, sizeof address) == -1 ||
        g_chmod (path, 0600) == -1 || listen (self.listener, 4) == -1) {
        g_printerr ("tamga-card: %s: %s\n", path, g_strerror (errno));
        return FALSE;
    }
    return TRUE;
}

static void answer_client (const char *text)
{
    if (self.client == -1)
        return;
    if (send (self.client, text, strlen (text), MSG_NOSIGNAL) == -1)
        g_printerr ("tamga-card: control: %s\n", g_strerror (errno));
    close (self.client);
    self.client = -1;
    self.client_waits = FALSE;
}

static void disconnect_reader (void)
{
    if (self.reader != -1)
        close (self.reader);
    self.reader = -1;
    self.powered = FALSE;
    self.pull_now = FALSE;
    self.connect_at = g_get_monotonic_time () + CONNECT_AGAIN_MS * 1000;
    g_byte_array_set_size (self.received, 0);
    g_clear_pointer (&self.answer, g_bytes_unref);
    tamga_piv_card_reset (self.card);
}

static void pull_card (void)
{
    self.inserted = FALSE;
    disconnect_reader ();
}

static void insert_card (void)
{
    self.inserted = TRUE;
    self.connect_at = 0;
}

static void arm_pull (void)
{
    self.pull_on_sign = TRUE;
}

static void lock_card (void)
{
    tamga_piv_card_lock (self.card);
}

static void restore_pin (void)
{
    tamga_piv_card_restore_pin (self.card);
}

static void quit_card (void)
{
    self.quit = TRUE;
}

static const struct {
    const char *name;
    void (*run) (void);
} controls[] = {
    {"pull", pull_card}, {"insert", insert_card},    {"pull-on-sign", arm_pull},
    {"lock", lock_card}, {"reset-pin", restore_pin}, {"quit", quit_card},
    {"status", NULL},
};

static void run_control (const char *name)
{
    g_autofree char *status = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS (controls); i++) {
        if (!g_str_equal (controls[i].name, name))
            continue;
        if (controls[i].run != NULL)
            controls[i].run ();
        if (controls[i].run == insert_card && !self.powered) {
            self.client_waits = TRUE;
            return;
        }
        status = g_strdup_printf ("ok inserted=%d powered=%d tries=%u signatures=%u\n",
                                  self.inserted, self.powered, tamga_piv_card_tries (self.card),
                                  tamga_piv_card_signatures (self.card));
        answer_client (status);
        return;
    }
    answer_client ("error: no such command\n");
}

/* One line in, one line out, one client at a time. A client that does not speak at once is cut. */
static void accept_client (void)
{
    const struct timeval patience = {.tv_sec = 1};
    char line[64];
    gsize length = 0;

    if (self.client != -1)
        answer_client ("error: another command came\n");
    self.client = accept4 (self.listener, NULL, NULL, SOCK_CLOEXEC);
    if (self.client == -1)
        return;
    setsockopt (self.client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (length < sizeof line) {
        gssize n = recv (self.client, line + length, sizeof line - length, 0);
        char *end;

        if (n <= 0)
            break;
        length += (gsize)n;
        end = memchr (line, '\n', length);
        if (end != NULL) {
            *end = '\0';
            run_control (line);
            return;
        }
    }
    answer_client ("error: a command is one line\n");
}

/* --send: the other end. */
static int send_control (const char *path, const char *command)
{
    const struct timeval patience = {.tv_sec = SEND_TIMEOUT_SECONDS};
    g_autofree char *line = g_strconcat (command, "\n", NULL);
    struct sockaddr_un address;
    char answer[256];
    gssize n;
    int fd;

    fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!fill_address (&address, path) || fd == -1 ||
        connect (fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == -1 ||
        send (fd, line, strlen (line), MSG_NOSIGNAL) == -1 ||
        (n = recv (fd, answer, sizeof answer - 1, 0)) <= 0) {
        g_printerr ("tamga-card: %s: no answer from a card: %s\n", path, g_strerror (errno));
        if (fd != -1)
            close (fd);
        return 1;
    }
    close (fd);
    answer[n] = '\0';
    fputs (answer, stdout);
    return g_str_has_prefix (answer, "ok") ? 0 : 1;
}

/* --- the reader ---------------------------------------------------------------------------- */

static void connect_reader (void)
{
    const int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons ((guint16)options.port),
        .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
    };

    self.reader = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (self.reader == -1 ||
        connect (self.reader, (struct sockaddr *)&address, sizeof address) == -1) {
        disconnect_reader ();
        return;
    }
    setsockopt (self.reader, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void send_message (const guint8 *data, gsize length)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    gsize sent = 0;

    g_assert (length <= G_MAXUINT16);
    g_byte_array_append (out, (guint8[]){(guint8)(length >> 8), (guint8)length}, 2);
    g_byte_array_append (out, data, (guint)length);
    while (sent < out->len) {
        gssize n = send (self.reader, out->data + sent, out->len - sent, MSG_NOSIGNAL);

        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0) {
            disconnect_reader ();
            return;
        }
        sent += (gsize)n;
    }
}

/* T=1 only, eleven historical bytes, check byte (ISO/IEC 7816-3, 8.2). */
static void send_atr (void)
{
    guint8 atr[] = {0x3b, 0x8b, 0x01, 'T', 'a', 'm', 'g', 'a', ' ', 't', 'e', 's', 't', '1', 0};

    for (gsize i = 1; i < sizeof atr - 1; i++)
        atr[sizeof atr - 1] ^= atr[i];
    send_message (atr, sizeof atr);
}

/* The reader has seen the card: whoever waits for that is told. */
static void note_power (void)
{
    self.powered = TRUE;
    if (self.client_waits)
        answer_client ("ok inserted=1 powered=1\n");
    if (options.ready != NULL) {
        g_autofree char *pid = g_strdup_printf ("%ld\n", (long)getpid ());
        g_autoptr (GError) error = NULL;

        if (!g_file_set_contents (options.ready, pid, -1, &error))
            g_printerr ("tamga-card: %s\n", error->message);
    }
}

static void handle_command (const guint8 *data, gsize length)
{
    gboolean signing = tamga_piv_card_is_signing (data, length);

    self.answer = tamga_piv_card_transmit (self.card, data, length);
    self.answer_at = g_get_monotonic_time ();
    if (signing) {
        self.answer_at += (gint64)options.delay_ms * 1000;
        self.pull_now = self.pull_on_sign;
        self.pull_on_sign = FALSE;
    }
}

static void handle_control (guint8 code)
{
    switch (code) {
    case READER_ATR:
        send_atr ();
        break;
    case READER_ON:
        tamga_piv_card_reset (self.card);
        note_power ();
        break;
    case READER_OFF:
    case READER_RESET:
        tamga_piv_card_reset (self.card);
        break;
    default:
        g_printerr ("tamga-card: the reader sent the unknown code %02x\n", code);
    }
}

/* Handles whole messages until one has to wait for its answer. */
static void handle_messages (void)
{
    while (self.answer == NULL && self.received->len >= 2) {
        gsize length = (gsize)self.received->data[0] << 8 | self.received->data[1];
        g_autofree guint8 *message = NULL;

        if (self.received->len - 2 < length)
            return;
        message = g_memdup2 (self.received->data + 2, length);
        g_byte_array_remove_range (self.received, 0, (guint)length + 2);
        if (length == 1)
            handle_control (message[0]);
        else if (length > 1)
            handle_command (message, length);
    }
}

static void read_reader (void)
{
    guint8 buffer[4096];
    gssize n = recv (self.reader, buffer, sizeof buffer, MSG_DONTWAIT);
    const int on = 1;

    /* The reader writes length and data apart and waits for the first to be acknowledged: without
     * this each APDU takes 40 ms. The kernel forgets the option, so it is set each time. */
    setsockopt (self.reader, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    if (n == -1 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        disconnect_reader ();
        return;
    }
    g_byte_array_append (self.received, buffer, (guint)n);
    handle_messages ();
}

static void give_answer (void)
{
    g_autoptr (GBytes) answer = g_steal_pointer (&self.answer);

    if (self.pull_now) {
        pull_card ();
        return;
    }
    send_message (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
    handle_messages ();
}

/* --- the loop ------------------------------------------------------------------------------ */

/* Milliseconds until the next thing that the clock starts. */
static int time_to_wait (gint64 now, gint64 end)
{
    gint64 next = end;

    if (self.answer != NULL)
        next = MIN (next, self.answer_at);
    if (self.inserted && self.reader == -1)
        next = MIN (next, self.connect_at);
    return (int)CLAMP ((next - now + 999) / 1000, 0, 60000);
}

static void run_card (const sigset_t *waiting_mask)
{
    gint64 end = g_get_monotonic_time () + (gint64)options.lifetime * G_USEC_PER_SEC;

    while (!self.quit && stop_signal == 0) {
        gint64 now = g_get_monotonic_time ();
        struct pollfd fds[2];
        struct timespec timeout;
        int ms;

        if (now >= end)
            return;
        if (self.answer != NULL && now >= self.answer_at)
            give_answer ();
        if (self.inserted && self.reader == -1 && now >= self.connect_at)
            connect_reader ();

        fds[0] = (struct pollfd){.fd = self.listener, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = self.answer == NULL ? self.reader : -1, .events = POLLIN};
        ms = time_to_wait (now, end);
        timeout = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
        if (ppoll (fds, G_N_ELEMENTS (fds), &timeout, waiting_mask) <= 0)
            continue;
        if (fds[0].revents != 0)
            accept_client ();
        if (fds[1].revents != 0 && fds[1].fd == self.reader)
            read_reader ();
    }
}

static gboolean load_card (GError **error)
{
    gsize n = 0;

    self.card = tamga_piv_card_new (options.pin, (guint)MAX (options.tries, 0), error);
    if (self.card == NULL)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (slot_names); i++) {
        if (options.keys[i] == NULL && options.certificates[i] == NULL)
            continue;
        if (options.keys[i] == NULL || options.certificates[i] == NULL) {
            g_set_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_SLOT,
                         "slot %s needs a key and a certificate", slot_names[i]);
            return FALSE;
        }
        if (!tamga_piv_card_load (self.card, slot_names[i], options.keys[i],
                                  options.certificates[i], error))
            return FALSE;
        n++;
    }
    if (n == 0)
        g_set_error (error, TAMGA_PIV_CARD_ERROR, TAMGA_PIV_CARD_ERROR_SLOT,
                     "a card needs a key (--key-9c, --cert-9c)");
    return n > 0;
}

static gboolean parse_options (int *argc, char ***argv)
{
    const GOptionEntry entries[] = {
        {"key-9a", 0, 0, G_OPTION_ARG_FILENAME, &options.keys[0], "Key for authentication", "PEM"},
        {"cert-9a", 0, 0, G_OPTION_ARG_FILENAME, &options.certificates[0], "Its certificate",
         "DER"},
        {"key-9c", 0, 0, G_OPTION_ARG_FILENAME, &options.keys[1],
         "Key for signatures, wants the PIN for each", "PEM"},
        {"cert-9c", 0, 0, G_OPTION_ARG_FILENAME, &options.certificates[1], "Its certificate",
         "DER"},
        {"key-9d", 0, 0, G_OPTION_ARG_FILENAME, &options.keys[2], "Key for key management", "PEM"},
        {"cert-9d", 0, 0, G_OPTION_ARG_FILENAME, &options.certificates[2], "Its certificate",
         "DER"},
        {"pin", 0, 0, G_OPTION_ARG_STRING, &options.pin, "6 to 8 digits (123456)", "PIN"},
        {"tries", 0, 0, G_OPTION_ARG_INT, &options.tries, "Wrong PINs that lock it (3)", "N"},
        {"port", 0, 0, G_OPTION_ARG_INT, &options.port, "Of the reader (35963)", "N"},
        {"delay-ms", 0, 0, G_OPTION_ARG_INT, &options.delay_ms, "Time of a signature", "MS"},
        {"ready", 0, 0, G_OPTION_ARG_FILENAME, &options.ready,
         "Write the process id here when the reader has switched the card on", "FILE"},
        {"control", 0, 0, G_OPTION_ARG_FILENAME, &options.control,
         "Socket for pull, insert, pull-on-sign, lock, reset-pin, status, quit", "PATH"},
        {"send", 0, 0, G_OPTION_ARG_STRING, &options.send,
         "Send one of these commands to a running card", "COMMAND"},
        {"lifetime", 0, 0, G_OPTION_ARG_INT, &options.lifetime, "End by itself (3600)", "SECONDS"},
        G_OPTION_ENTRY_NULL};
    g_autoptr (GOptionContext) context = g_option_context_new ("- a virtual PIV card");
    g_autoptr (GError) error = NULL;

    g_option_context_add_main_entries (context, entries, NULL);
    if (!g_option_context_parse (context, argc, argv, &error)) {
        g_printerr ("tamga-card: %s\n", error->message);
        return FALSE;
    }
    if (options.pin == NULL)
        options.pin = g_strdup ("123456");
    if (*argc != 1 || options.port < 1 || options.port > 65535 || options.delay_ms < 0 ||
        options.lifetime < 1 || (options.send != NULL && options.control == NULL)) {
        g_printerr ("tamga-card: bad usage, see --help\n");
        return FALSE;
    }
    return TRUE;
}

static void free_options (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (slot_names); i++) {
        g_free (options.keys[i]);
        g_free (options.certificates[i]);
    }
    g_free (options.pin);
    g_free (options.ready);
    g_free (options.control);
    g_free (options.send);
}

static int play_card (void)
{
    const struct sigaction action = {.sa_handler = on_signal};
    g_autoptr (GError) error = NULL;
    sigset_t blocked, before;

    if (!load_card (&error)) {
        g_printerr ("tamga-card: %s\n", error->message);
        return 2;
    }
    if (options.control != NULL && !open_control (options.control))
        return 1;
    sigemptyset (&blocked);
    sigaddset (&blocked, SIGTERM);
    sigaddset (&blocked, SIGINT);
    sigprocmask (SIG_BLOCK, &blocked, &before);
    sigaction (SIGTERM, &action, NULL);
    sigaction (SIGINT, &action, NULL);

    self.received = g_byte_array_new ();
    insert_card ();
    run_card (&before);

    disconnect_reader ();
    g_byte_array_unref (self.received);
    if (self.client_waits)
        answer_client ("error: the card ended\n");
    if (options.control != NULL)
        g_unlink (options.control);
    if (options.ready != NULL)
        g_unlink (options.ready);
    return 0;
}

int main (int argc, char **argv)
{
    int status = 64;

    if (parse_options (&argc, &argv))
        status = options.send != NULL ? send_control (options.control, options.send) : play_card ();
    if (self.listener != -1)
        close (self.listener);
    tamga_piv_card_free (self.card);
    free_options ();
    return status;
}
