/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queues of calls, one for each connection, and the workers that empty them. */
#include "bridge/session.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bridge/page/page.h"

/* Calls that are worked on at once. Nearly all of them wait for a person or for the network. */
#define WORKERS 64

/* One connection. Lives while it is open or a worker has it. */
typedef struct {
    TamgaSessions *sessions;
    TamgaCaller *caller;
    GQueue messages;  /* GBytes: calls that wait */
    guint refused;    /* calls behind them that there was no room for */
    gboolean working; /* in the pool's hands */
    gboolean closed;
    int cancel_fd;     /* readable once the connection is gone or the bridge stops */
    char *locale;      /* of the connection; of the worker while `working` */
    GHashTable *paths; /* the same: what its chooser returned */
} Session;

struct _TamgaSessions {
    TamgaBridge *bridge;
    TamgaDispatch dispatch;
    gpointer data;
    GBytes *busy; /* the reply to what is refused */
    TamgaServer *server;
    GThreadPool *workers;
    GMutex lock;          /* of all below, and of the queues */
    GHashTable *sessions; /* number → Session: open connections that have sent a call */
    guint pending;
    gsize queued; /* bytes of waiting messages */
    gboolean stopping;
};

static void session_free (Session *session)
{
    g_queue_clear_full (&session->messages, (GDestroyNotify)g_bytes_unref);
    tamga_caller_unref (session->caller);
    close (session->cancel_fd);
    g_free (session->locale);
    g_hash_table_unref (session->paths);
    g_free (session);
}

static Session *session_new (TamgaSessions *sessions, TamgaCaller *caller)
{
    Session *session = g_new0 (Session, 1);
    session->sessions = sessions;
    session->caller = tamga_caller_ref (caller);
    session->cancel_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    session->locale = g_strdup (tamga_language_of_locale (NULL));
    session->paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_queue_init (&session->messages);
    return session;
}

static void cancel (Session *session)
{
    const guint64 one = 1;
    (void)!write (session->cancel_fd, &one, sizeof one);
}

/* One call from its message to its reply. */
static GBytes *answer (Session *session, GBytes *message)
{
    TamgaSessions *sessions = session->sessions;
    TamgaRequest request = {
        .bridge = sessions->bridge,
        .caller = session->caller,
        .call = tamga_call_within (&(TamgaCall){.cancel_fd = session->cancel_fd},
                                   TAMGA_BRIDGE_CALL_SECONDS * 1000),
        .locale = session->locale,
        .paths = session->paths,
    };
    json_t *reply = sessions->dispatch (&request, message, sessions->data);
    session->locale = request.locale;
    tamga_request_clear (&request);
    char *text = json_dumps (reply, JSON_COMPACT);
    json_decref (reply);
    g_assert (text);
    return g_bytes_new_with_free_func (text, strlen (text), free, text);
}

/* The next thing that a worker does for a session: its first message, or (`*message` NULL) the
 * refusal of one. FALSE: nothing more, the session is given back (freed where its connection is
 * gone). */
static gboolean next_message (Session *session, GBytes **message)
{
    TamgaSessions *sessions = session->sessions;
    g_mutex_lock (&sessions->lock);
    gboolean closed = session->closed;
    *message = closed ? NULL : g_queue_pop_head (&session->messages);
    gboolean more = *message || (!closed && session->refused > 0);
    if (*message)
        sessions->queued -= g_bytes_get_size (*message);
    else if (more)
        session->refused--;
    session->working = more;
    g_mutex_unlock (&sessions->lock);
    if (closed)
        session_free (session);
    return more;
}

static void work (gpointer data, gpointer user_data)
{
    Session *session = data;
    TamgaSessions *sessions = user_data;
    for (GBytes *message; next_message (session, &message);) {
        GBytes *reply = message ? answer (session, message) : g_bytes_ref (sessions->busy);
        g_clear_pointer (&message, g_bytes_unref);
        g_mutex_lock (&sessions->lock);
        sessions->pending--;
        gboolean wanted = !session->closed && sessions->server;
        g_mutex_unlock (&sessions->lock);
        if (wanted)
            tamga_server_send (sessions->server, session->caller->connection, reply);
        else
            g_bytes_unref (reply);
    }
}

TamgaSessions *tamga_sessions_new (TamgaBridge *bridge, TamgaDispatch dispatch, gpointer data,
                                   const char *busy)
{
    TamgaSessions *sessions = g_new0 (TamgaSessions, 1);
    sessions->bridge = bridge;
    sessions->dispatch = dispatch;
    sessions->data = data;
    sessions->busy = g_bytes_new_static (busy, strlen (busy));
    g_mutex_init (&sessions->lock);
    sessions->sessions = g_hash_table_new (g_int64_hash, g_int64_equal);
    sessions->workers = g_thread_pool_new (work, sessions, WORKERS, FALSE, NULL);
    return sessions;
}

void tamga_sessions_set_server (TamgaSessions *sessions, TamgaServer *server)
{
    g_mutex_lock (&sessions->lock);
    sessions->server = server;
    g_mutex_unlock (&sessions->lock);
}

/* With the lock held: forgets the session; a worker that has it frees it. */
static void close_session (TamgaSessions *sessions, Session *session)
{
    for (GBytes *message; (message = g_queue_pop_head (&session->messages)) != NULL;) {
        sessions->queued -= g_bytes_get_size (message);
        sessions->pending--;
        g_bytes_unref (message);
    }
    sessions->pending -= session->refused;
    session->refused = 0;
    session->closed = TRUE;
    cancel (session);
    if (!session->working)
        session_free (session);
}

void tamga_sessions_free (TamgaSessions *sessions)
{
    if (!sessions)
        return;
    g_mutex_lock (&sessions->lock);
    sessions->stopping = TRUE;
    GHashTableIter iter;
    gpointer session;
    g_hash_table_iter_init (&iter, sessions->sessions);
    while (g_hash_table_iter_next (&iter, NULL, &session)) {
        g_hash_table_iter_remove (&iter);
        close_session (sessions, session);
    }
    g_mutex_unlock (&sessions->lock);
    g_thread_pool_free (sessions->workers, FALSE, TRUE);
    g_hash_table_unref (sessions->sessions);
    g_bytes_unref (sessions->busy);
    g_mutex_clear (&sessions->lock);
    g_free (sessions);
}

void tamga_sessions_message (TamgaSessions *sessions, TamgaCaller *caller, GBytes *message)
{
    g_mutex_lock (&sessions->lock);
    Session *session = g_hash_table_lookup (sessions->sessions, &caller->connection);
    if (!session && !sessions->stopping) {
        session = session_new (sessions, caller);
        g_hash_table_insert (sessions->sessions, &session->caller->connection, session);
    }
    gsize size = g_bytes_get_size (message);
    gboolean room = session && session->refused == 0 &&
                    session->messages.length < TAMGA_BRIDGE_MAX_PENDING &&
                    (sessions->queued == 0 || sessions->queued + size <= TAMGA_BRIDGE_MAX_QUEUED);
    if (room) {
        sessions->queued += size;
        g_queue_push_tail (&session->messages, g_bytes_ref (message));
    } else if (session) {
        session->refused++;
    }
    if (session) {
        sessions->pending++;
        if (!session->working) {
            session->working = TRUE;
            g_thread_pool_push (sessions->workers, session, NULL);
        }
    }
    g_mutex_unlock (&sessions->lock);
}

void tamga_sessions_closed (TamgaSessions *sessions, guint64 connection)
{
    g_mutex_lock (&sessions->lock);
    Session *session = g_hash_table_lookup (sessions->sessions, &connection);
    if (session) {
        g_hash_table_remove (sessions->sessions, &connection);
        close_session (sessions, session);
    }
    g_mutex_unlock (&sessions->lock);
}

guint tamga_sessions_pending (TamgaSessions *sessions)
{
    g_mutex_lock (&sessions->lock);
    guint pending = sessions->pending;
    g_mutex_unlock (&sessions->lock);
    return pending;
}
