/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket: one JSON line in, one out, on a thread of its own. */
#include "bridge/control.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A command or an answer, bytes; and how long either side waits for the other. */
#define MAX_LINE (256u * 1024)
#define PATIENCE_MS 2000
#define QUIET_MS 10000 /* without a call: time to tidy up */

struct _TamgaControl {
    TamgaBridge *bridge;
    TamgaServer *server;
    TamgaSessions *sessions;
    char *path, *lock_path;
    int lock_fd; /* held while this process is the bridge of its user */
    int fd, stop_fd;
    gint64 started;
    GThread *thread;
};

static char *socket_folder (void)
{
    return g_build_filename (g_get_user_runtime_dir (), "tamga", NULL);
}

static gboolean refuse (GError **error, const char *what)
{
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_STATE, "%s: %s", what,
                 g_strerror (errno));
    return FALSE;
}

static gboolean make_address (const char *path, struct sockaddr_un *address, GError **error)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (g_strlcpy (address->sun_path, path, sizeof address->sun_path) < sizeof address->sun_path)
        return TRUE;
    errno = ENAMETOOLONG;
    return refuse (error, path);
}

static gboolean same_user (int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == getuid ();
}

/* A line within the patience and the limit; NULL: none came. */
static char *read_line (int fd)
{
    g_autoptr (GString) line = g_string_new (NULL);
    gint64 end = g_get_monotonic_time () + PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
    while (line->len < MAX_LINE) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int left = (int)((end - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND);
        char piece[4096];
        if (left <= 0 || poll (&wait, 1, left) != 1)
            return NULL;
        ssize_t got = read (fd, piece, sizeof piece);
        if (got <= 0)
            return NULL;
        g_string_append_len (line, piece, got);
        if (memchr (piece, '\n', (gsize)got))
            return g_string_free (g_steal_pointer (&line), FALSE);
    }
    return NULL;
}

static gboolean write_json (int fd, const json_t *object)
{
    char *text = json_dumps (object, JSON_COMPACT);
    g_autofree char *line = g_strconcat (text, "\n", NULL);
    free (text);
    gsize length = strlen (line);
    for (gsize done = 0; done < length;) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (poll (&wait, 1, PATIENCE_MS) != 1)
            return FALSE;
        ssize_t sent = send (fd, line + done, length - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0)
            return FALSE;
        done += (gsize)sent;
    }
    return TRUE;
}

static json_t *status (TamgaControl *control, const json_t *command)
{
    (void)command;
    TamgaServerFigures figures = tamga_server_figures (control->server);
    return json_pack (
        "{s:b, s:s, s:i, s:i, s:I, s:i, s:i, s:I, s:i, s:s, s:s}", "running", 1, "version",
        TAMGA_VERSION, "pid", (int)getpid (), "port", (int)tamga_server_port (control->server),
        "seconds", (json_int_t)(control->bridge->clock () - control->started), "connections",
        (int)figures.connections, "refused", (int)figures.refused, "messages",
        (json_int_t)figures.messages, "pending", (int)tamga_sessions_pending (control->sessions),
        "profile", control->bridge->config->profile, "prompter", control->bridge->config->prompter);
}

static json_t *stop (TamgaControl *control, const json_t *command)
{
    (void)command;
    tamga_server_stop (control->server);
    return json_pack ("{s:b, s:i}", "stopping", 1, "pid", (int)getpid ());
}

static json_t *grants (TamgaControl *control, const json_t *command)
{
    (void)command;
    return json_pack ("{s:o}", "grants", tamga_grants_list (control->bridge->grants));
}

static json_t *revoke_grant (TamgaControl *control, const json_t *command)
{
    g_autoptr (GError) error = NULL;
    const char *origin = json_string_value (json_object_get (command, "origin"));
    gboolean revoked = tamga_grants_revoke (control->bridge->grants, origin, &error);
    return error ? json_pack ("{s:o}", "error", tamga_json_text (error->message))
                 : json_pack ("{s:b}", "revoked", revoked);
}

static const struct {
    const char *name;
    json_t *(*run) (TamgaControl *, const json_t *);
} commands[] = {{"status", status}, {"stop", stop}, {"grants", grants}, {"revoke", revoke_grant}};

static json_t *run (TamgaControl *control, const char *line)
{
    json_t *command = json_loads (line, JSON_REJECT_DUPLICATES, NULL);
    const char *name = json_string_value (json_object_get (command, "command"));
    json_t *answer = NULL;
    for (gsize i = 0; name && !answer && i < G_N_ELEMENTS (commands); i++) {
        if (g_str_equal (name, commands[i].name))
            answer = commands[i].run (control, command);
    }
    json_decref (command);
    return answer ? answer : json_pack ("{s:s}", "error", "There is no such command.");
}

static void serve_one (TamgaControl *control, int fd)
{
    g_autofree char *line = same_user (fd) ? read_line (fd) : NULL;
    if (line) {
        json_t *answer = run (control, line);
        write_json (fd, answer);
        json_decref (answer);
    }
    close (fd);
}

/* Between two calls: modules that nobody asks for end, and memory that nobody needs goes back. */
static void tidy (TamgaControl *control)
{
    TamgaBridge *bridge = control->bridge;
    if (tamga_sessions_pending (control->sessions) > 0)
        return;
    g_mutex_lock (&bridge->tokens_lock);
    tamga_keys_watch_rest (bridge->tokens, QUIET_MS);
    g_mutex_unlock (&bridge->tokens_lock);
    malloc_trim (0);
}

static gpointer serve (gpointer data)
{
    TamgaControl *control = data;
    for (;;) {
        struct pollfd wait[] = {{.fd = control->fd, .events = POLLIN},
                                {.fd = control->stop_fd, .events = POLLIN}};
        int ready = poll (wait, G_N_ELEMENTS (wait), QUIET_MS);
        if (ready < 0 && errno != EINTR)
            return NULL;
        if (ready == 0)
            tidy (control);
        if (wait[1].revents)
            return NULL;
        int fd = wait[0].revents ? accept4 (control->fd, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd >= 0)
            serve_one (control, fd);
    }
}

/* The lock says whether a bridge of this user runs; it goes with the process, however that ends. */
static gboolean take_lock (TamgaControl *control, GError **error)
{
    control->lock_fd = open (control->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (control->lock_fd < 0)
        return refuse (error, control->lock_path);
    if (flock (control->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_STATE,
                         "Another bridge of yours runs already: `tamga bridge status` shows it, "
                         "`tamga bridge stop` ends it.");
    return FALSE;
}

static gboolean listen_there (TamgaControl *control, GError **error)
{
    struct sockaddr_un address;
    if (!make_address (control->path, &address, error))
        return FALSE;
    unlink (control->path); /* of a bridge that ended without leave: we hold the lock */
    control->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask (0177);
    gboolean bound = control->fd >= 0 &&
                     bind (control->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                     listen (control->fd, 8) == 0;
    umask (before);
    return bound || refuse (error, control->path);
}

TamgaControl *tamga_control_new (TamgaBridge *bridge, TamgaServer *server, TamgaSessions *sessions,
                                 GError **error)
{
    g_autofree char *folder = socket_folder ();
    g_autoptr (TamgaControl) control = g_new0 (TamgaControl, 1);
    *control = (TamgaControl){.bridge = bridge,
                              .server = server,
                              .sessions = sessions,
                              .path = g_build_filename (folder, "bridge.sock", NULL),
                              .lock_path = g_build_filename (folder, "bridge.lock", NULL),
                              .lock_fd = -1,
                              .fd = -1,
                              .stop_fd = eventfd (0, EFD_CLOEXEC),
                              .started = bridge->clock ()};
    if (g_mkdir_with_parents (folder, 0700) != 0) {
        refuse (error, folder);
        return NULL;
    }
    if (!take_lock (control, error) || !listen_there (control, error))
        return NULL;
    control->thread = g_thread_new ("control", serve, control);
    return g_steal_pointer (&control);
}

void tamga_control_free (TamgaControl *control)
{
    if (!control)
        return;
    if (control->thread) {
        const guint64 one = 1;
        (void)!write (control->stop_fd, &one, sizeof one);
        g_thread_join (control->thread);
        unlink (control->path);
    }
    if (control->fd >= 0)
        close (control->fd);
    if (control->lock_fd >= 0)
        close (control->lock_fd);
    close (control->stop_fd);
    g_free (control->path);
    g_free (control->lock_path);
    g_free (control);
}

json_t *tamga_control_ask (json_t *command, GError **error)
{
    struct sockaddr_un address;
    g_autofree char *folder = socket_folder ();
    g_autofree char *path = g_build_filename (folder, "bridge.sock", NULL);
    if (!make_address (path, &address, error)) {
        json_decref (command);
        return NULL;
    }
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gboolean there = connect (fd, (struct sockaddr *)&address, sizeof address) == 0;
    g_autofree char *line =
        there && same_user (fd) && write_json (fd, command) ? read_line (fd) : NULL;
    close (fd);
    json_decref (command);
    json_t *answer = line ? json_loads (line, 0, NULL) : NULL;
    if (there && !answer)
        g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_STATE,
                             "The bridge runs and does not answer.");
    return answer;
}
