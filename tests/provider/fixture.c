/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Child process and plain-socket HTTP client of the provider fixture. */
#include "tests/provider/fixture.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define START_LIMIT_MS 20000 /* key generation under a sanitizer on a busy machine */
#define STOP_LIMIT_MS 5000
#define SOCKET_LIMIT_S 20

struct TamgaProviderFixture {
    char *directory, *algorithm;
    gboolean temporary;
    char *ready_path;
    GPid pid; /* 0 while stopped */
    GHashTable *ready;
};

static gboolean io_fail (GError **error, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);
static gboolean io_fail (GError **error, int code, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_set_error_literal (error, G_IO_ERROR, code, text);
    return FALSE;
}

static gboolean read_ready (TamgaProviderFixture *fixture)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents (fixture->ready_path, &text, NULL, NULL))
        return FALSE;
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char *mark = strchr (*line, '=');
        if (mark == NULL)
            continue;
        g_autofree char *name = g_strndup (*line, (gsize)(mark - *line));
        /* values stay where they are, so pointers handed out survive a restart */
        if (g_strcmp0 (g_hash_table_lookup (fixture->ready, name), mark + 1) != 0)
            g_hash_table_replace (fixture->ready, g_steal_pointer (&name), g_strdup (mark + 1));
    }
    return TRUE;
}

/* A test that aborts takes the server with it: else it would run on for its lifetime and keep the
 * standard error open, on whose end a test runner waits. */
static void end_with_parent (gpointer data G_GNUC_UNUSED)
{
    prctl (PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
}

gboolean tamga_provider_fixture_restart (TamgaProviderFixture *fixture, GError **error)
{
    const char *build = g_getenv ("TAMGA_BUILD");
    g_autofree char *program =
        g_build_filename (build == NULL ? TAMGA_BINARY_DIR : build, "bin", "tamga-provider", NULL);
    const char *arguments[] = {program,
                               "--directory",
                               fixture->directory,
                               "--ready",
                               fixture->ready_path,
                               "--lifetime",
                               "600",
                               fixture->algorithm == NULL ? NULL : "--algorithm",
                               fixture->algorithm,
                               NULL};

    g_assert (fixture->pid == 0);
    g_unlink (fixture->ready_path);
    if (!g_spawn_async (NULL, (char **)arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, end_with_parent,
                        NULL, &fixture->pid, error))
        return FALSE;
    for (int waited = 0; waited < START_LIMIT_MS; waited += 5) {
        int status = 0;
        if (read_ready (fixture))
            return TRUE;
        if (waitpid (fixture->pid, &status, WNOHANG) == fixture->pid) {
            fixture->pid = 0;
            return io_fail (error, G_IO_ERROR_FAILED, "tamga-provider ended while starting");
        }
        g_usleep (5000);
    }
    tamga_provider_fixture_stop (fixture, NULL);
    return io_fail (error, G_IO_ERROR_TIMED_OUT, "tamga-provider did not start in 20 s");
}

gboolean tamga_provider_fixture_stop (TamgaProviderFixture *fixture, GError **error)
{
    int status = 0;
    if (fixture->pid == 0)
        return TRUE;
    kill (fixture->pid, SIGTERM);
    for (int waited = 0; waitpid (fixture->pid, &status, WNOHANG) == 0; waited += 5) {
        if (waited >= STOP_LIMIT_MS)
            kill (fixture->pid, SIGKILL);
        g_usleep (5000);
    }
    fixture->pid = 0;
    if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
        return io_fail (error, G_IO_ERROR_FAILED, "tamga-provider ended with status %d", status);
    return TRUE;
}

TamgaProviderFixture *tamga_provider_fixture_start (const char *directory, GError **error)
{
    return tamga_provider_fixture_start_with (directory, NULL, error);
}

TamgaProviderFixture *tamga_provider_fixture_start_with (const char *directory,
                                                         const char *algorithm, GError **error)
{
    g_autoptr (TamgaProviderFixture) fixture = g_new0 (TamgaProviderFixture, 1);
    fixture->temporary = directory == NULL;
    fixture->algorithm = g_strdup (algorithm);
    fixture->directory =
        directory == NULL ? g_dir_make_tmp ("tamga-provider-XXXXXX", error) : g_strdup (directory);
    fixture->ready = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    if (fixture->directory == NULL)
        return NULL;
    fixture->ready_path = g_strconcat (fixture->directory, ".ready", NULL);
    if (!tamga_provider_fixture_restart (fixture, error))
        return NULL;
    return g_steal_pointer (&fixture);
}

static void remove_directory (const char *path)
{
    g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
    const char *name = NULL;
    while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
        g_autofree char *child = g_build_filename (path, name, NULL);
        if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
            remove_directory (child);
        else
            g_unlink (child);
    }
    g_rmdir (path);
}

void tamga_provider_fixture_free (TamgaProviderFixture *fixture)
{
    if (fixture == NULL)
        return;
    g_autoptr (GError) error = NULL;
    if (!tamga_provider_fixture_stop (fixture, &error))
        g_printerr ("%s\n", error->message);
    if (fixture->ready_path != NULL)
        g_unlink (fixture->ready_path);
    if (fixture->temporary && fixture->directory != NULL)
        remove_directory (fixture->directory);
    g_free (fixture->directory);
    g_free (fixture->algorithm);
    g_free (fixture->ready_path);
    g_hash_table_unref (fixture->ready);
    g_free (fixture);
}

const char *tamga_provider_fixture_get (const TamgaProviderFixture *fixture, const char *name)
{
    return g_hash_table_lookup (fixture->ready, name);
}

static int connect_to (const TamgaProviderFixture *fixture, GError **error)
{
    const char *url = tamga_provider_fixture_get (fixture, "url");
    struct timeval limit = {.tv_sec = SOCKET_LIMIT_S};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    address.sin_port = htons ((guint16)g_ascii_strtoull (strrchr (url, ':') + 1, NULL, 10));
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        connect (fd, (struct sockaddr *)&address, sizeof address) != 0) {
        io_fail (error, G_IO_ERROR_FAILED, "cannot connect to %s: %s", url, g_strerror (errno));
        if (fd >= 0)
            close (fd);
        return -1;
    }
    return fd;
}

static gboolean send_all (int fd, const void *bytes, gsize length)
{
    const char *place = bytes;
    while (length > 0) {
        ssize_t n = send (fd, place, length, MSG_NOSIGNAL);
        if (n < 0)
            return FALSE;
        place += n;
        length -= (gsize)n;
    }
    return TRUE;
}

/* Sends the request, then collects the answer until the peer closes. */
static GByteArray *exchange (int fd, const char *method, const char *path, GBytes *body)
{
    gsize length = 0;
    const void *bytes = body == NULL ? NULL : g_bytes_get_data (body, &length);
    g_autofree char *head =
        g_strdup_printf ("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                         "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                         method, path, length);
    GByteArray *answer = g_byte_array_new ();
    guint8 block[16384];
    ssize_t n = -1;
    if (send_all (fd, head, strlen (head)) && send_all (fd, bytes, length))
        while ((n = recv (fd, block, sizeof block, 0)) > 0)
            g_byte_array_append (answer, block, (guint)n);
    if (n < 0)
        g_clear_pointer (&answer, g_byte_array_unref);
    return answer;
}

static GBytes *request (TamgaProviderFixture *fixture, const char *method, const char *path,
                        GBytes *body, GError **error)
{
    int fd = connect_to (fixture, error);
    if (fd < 0)
        return NULL;
    g_autoptr (GByteArray) answer = exchange (fd, method, path, body);
    close (fd);
    const char *end =
        answer == NULL || answer->len < 12
            ? NULL
            : g_strstr_len ((const char *)answer->data, (gssize)answer->len, "\r\n\r\n");
    if (end == NULL) {
        io_fail (error, G_IO_ERROR_FAILED, "%s %s: no answer", method, path);
        return NULL;
    }
    gsize start = (gsize)(end + 4 - (const char *)answer->data);
    if (memcmp (answer->data + 9, "200", 3) != 0) {
        g_autofree char *reason =
            g_strndup ((const char *)answer->data + start, answer->len - start);
        io_fail (error,
                 memcmp (answer->data + 9, "400", 3) == 0 ? G_IO_ERROR_INVALID_ARGUMENT
                                                          : G_IO_ERROR_FAILED,
                 "%s %s: %.3s %s", method, path, (const char *)answer->data + 9,
                 g_strchomp (reason));
        return NULL;
    }
    return g_bytes_new (answer->data + start, answer->len - start);
}

GBytes *tamga_provider_fixture_fetch (TamgaProviderFixture *fixture, const char *path, GBytes *body,
                                      GError **error)
{
    return request (fixture, body == NULL ? "GET" : "POST", path, body, error);
}

gboolean tamga_provider_fixture_control (TamgaProviderFixture *fixture, const char *command,
                                         GError **error)
{
    g_autofree char *path = g_strconcat ("/control/", command, NULL);
    g_autoptr (GBytes) answer = request (fixture, "POST", path, NULL, error);
    return answer != NULL;
}

GBytes *tamga_provider_fixture_issue (TamgaProviderFixture *fixture, GBytes *csr, const char *query,
                                      GError **error)
{
    g_autofree char *path = g_strconcat ("/issue?", query == NULL ? "" : query, NULL);
    return request (fixture, "POST", path, csr, error);
}
