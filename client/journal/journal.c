/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal: JSON lines under flock, each with the hash of the line before. */
#include "client/journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/ossl.h"

#define JOURNAL_VERSION 1
/* A line is one entry; with certificate names and a page of status text it stays below 64 KiB. */
#define MAX_LINE (1024u * 1024)
#define MAX_JOURNAL (1024u * 1024 * 1024)
/* What the first line cites. */
#define GENESIS "0000000000000000000000000000000000000000000000000000000000000000"

G_DEFINE_QUARK (tamga-journal-error-quark, tamga_journal_error)

struct _TamgaJournal {
    char *path;
    int fd;
};

static gboolean fail (GError **error, int code, const char *path, const char *what)
{
    g_set_error (error, TAMGA_JOURNAL_ERROR, code, "The journal %s cannot be %s: %s.", path, what,
                 g_strerror (errno));
    return FALSE;
}

TamgaJournal *tamga_journal_open (const char *path, GError **error)
{
    g_autofree char *standard =
        g_build_filename (g_get_user_state_dir (), "tamga", "journal.jsonl", NULL);
    g_autoptr (TamgaJournal) journal = g_new (TamgaJournal, 1);
    *journal = (TamgaJournal){.path = g_strdup (path ? path : standard), .fd = -1};
    g_autofree char *folder = g_path_get_dirname (journal->path);
    if (g_mkdir_with_parents (folder, 0700) == 0)
        journal->fd = open (journal->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (journal->fd < 0) {
        fail (error, TAMGA_JOURNAL_ERROR_WRITE, journal->path, "opened");
        return NULL;
    }
    return g_steal_pointer (&journal);
}

void tamga_journal_free (TamgaJournal *journal)
{
    if (!journal)
        return;
    if (journal->fd >= 0)
        close (journal->fd);
    g_free (journal->path);
    g_free (journal);
}

const char *tamga_journal_path (TamgaJournal *journal)
{
    return journal->path;
}

static gboolean read_exact (int fd, off_t offset, char *buffer, gsize length)
{
    for (gsize done = 0; done < length;) {
        ssize_t n =
            TEMP_FAILURE_RETRY (pread (fd, buffer + done, length - done, offset + (off_t)done));
        if (n <= 0)
            return FALSE;
        done += (gsize)n;
    }
    return TRUE;
}

/* Cuts what follows the last newline: an entry whose writing was interrupted. Sets `*end` to the
 * length of the whole lines and `*last` to the last of them (NULL: none). */
static gboolean find_tail (TamgaJournal *journal, off_t *end, char **last, GError **error)
{
    struct stat status;
    *last = NULL;
    *end = 0;
    if (fstat (journal->fd, &status) < 0)
        return fail (error, TAMGA_JOURNAL_ERROR_WRITE, journal->path, "read");
    /* The last whole line lies within two line lengths of the end, torn tail included. */
    off_t start = MAX (0, status.st_size - 2 * (off_t)MAX_LINE);
    gsize length = (gsize)(status.st_size - start);
    g_autofree char *text = g_malloc (length + 1);
    if (!read_exact (journal->fd, start, text, length))
        return fail (error, TAMGA_JOURNAL_ERROR_WRITE, journal->path, "read");
    text[length] = '\0';
    char *newline = memrchr (text, '\n', length);
    if (!newline) {
        if (start == 0)
            return TRUE; /* empty, or only a torn first line */
        g_set_error (error, TAMGA_JOURNAL_ERROR, TAMGA_JOURNAL_ERROR_BROKEN,
                     "The journal %s ends with a line that is too long to be one of its own.",
                     journal->path);
        return FALSE;
    }
    *end = start + (newline - text) + 1;
    char *before = memrchr (text, '\n', (gsize)(newline - text));
    char *line = before ? before + 1 : text;
    *last = g_strndup (line, (gsize)(newline - line));
    return TRUE;
}

static char *line_hash (const char *line)
{
    return g_compute_checksum_for_string (G_CHECKSUM_SHA256, line, -1);
}

static char *make_line (const char *event, gint64 now, const json_t *entry, const char *previous)
{
    g_autofree char *time = tamga_time_rfc3339 (now);
    json_t *object = json_pack ("{s:i, s:s, s:s}", "version", JOURNAL_VERSION, "time",
                                time ? time : "unknown", "event", event);
    g_assert (object);
    if (entry)
        json_object_update_missing (object, (json_t *)entry);
    json_object_set_new (object, "previous", json_string (previous));
    char *text = json_dumps (object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref (object);
    g_assert (text);
    char *line = g_strdup (text);
    free (text);
    return line;
}

static gboolean append_line (TamgaJournal *journal, off_t end, const char *line, GError **error)
{
    g_autofree char *text = g_strconcat (line, "\n", NULL);
    gsize length = strlen (text);
    if (ftruncate (journal->fd, end) < 0)
        return fail (error, TAMGA_JOURNAL_ERROR_WRITE, journal->path, "repaired");
    for (gsize done = 0; done < length;) {
        ssize_t n = TEMP_FAILURE_RETRY (
            pwrite (journal->fd, text + done, length - done, end + (off_t)done));
        if (n < 0) {
            fail (error, TAMGA_JOURNAL_ERROR_WRITE, journal->path, "written");
            /* No room for the rest: leave no torn line behind where that can be helped. */
            (void)!ftruncate (journal->fd, end);
            return FALSE;
        }
        done += (gsize)n;
    }
    if (fdatasync (journal->fd) < 0)
        return fail (error, TAMGA_JOURNAL_ERROR_WRITE, journal->path, "written to disk");
    return TRUE;
}

gboolean tamga_journal_append (TamgaJournal *journal, const char *event, gint64 now,
                               const json_t *entry, GError **error)
{
    if (TEMP_FAILURE_RETRY (flock (journal->fd, LOCK_EX)) < 0)
        return fail (error, TAMGA_JOURNAL_ERROR_WRITE, journal->path, "locked");
    off_t end;
    g_autofree char *last = NULL;
    gboolean written = find_tail (journal, &end, &last, error);
    if (written) {
        g_autofree char *previous = last ? line_hash (last) : g_strdup (GENESIS);
        g_autofree char *line = make_line (event, now, entry, previous);
        written = append_line (journal, end, line, error);
    }
    flock (journal->fd, LOCK_UN);
    return written;
}

/* The journal's text under a shared lock. */
static char *read_all (TamgaJournal *journal, GError **error)
{
    struct stat status;
    flock (journal->fd, LOCK_SH);
    char *text = NULL;
    if (fstat (journal->fd, &status) == 0 && status.st_size <= (off_t)MAX_JOURNAL)
        text = g_try_malloc ((gsize)status.st_size + 1);
    if (text && read_exact (journal->fd, 0, text, (gsize)status.st_size))
        text[status.st_size] = '\0';
    else
        g_clear_pointer (&text, g_free);
    flock (journal->fd, LOCK_UN);
    if (!text)
        fail (error, TAMGA_JOURNAL_ERROR_READ, journal->path, "read");
    return text;
}

static gboolean broken (GError **error, TamgaJournal *journal, guint line, const char *why)
{
    g_set_error (error, TAMGA_JOURNAL_ERROR, TAMGA_JOURNAL_ERROR_BROKEN,
                 "Line %u of the journal %s %s.", line, journal->path, why);
    return FALSE;
}

/* Parses every line and checks that it cites the one before. Appends to `entries` if not NULL. */
static gboolean walk (TamgaJournal *journal, GPtrArray *entries, guint *good, GError **error)
{
    g_autofree char *text = read_all (journal, error);
    g_autofree char *expected = g_strdup (GENESIS);
    if (!text)
        return FALSE;
    *good = 0;
    for (char *line = text; *line;) {
        guint number = *good + 1;
        char *newline = strchr (line, '\n');
        if (!newline)
            return broken (error, journal, number,
                           "is torn: its writing was interrupted. The next entry repairs it");
        *newline = '\0';
        json_t *object = json_loads (line, JSON_REJECT_DUPLICATES, NULL);
        const char *previous = json_string_value (json_object_get (object, "previous"));
        gboolean cites = previous && strcmp (previous, expected) == 0;
        if (object && entries)
            g_ptr_array_add (entries, json_incref (object));
        json_decref (object);
        if (!object)
            return broken (error, journal, number, "is not an entry");
        if (!cites)
            return broken (error, journal, number,
                           "does not follow the line before it: a line was changed or removed");
        g_free (expected);
        expected = line_hash (line);
        ++*good;
        line = newline + 1;
    }
    return TRUE;
}

static void decref (gpointer object)
{
    json_decref (object);
}

GPtrArray *tamga_journal_read (TamgaJournal *journal, GError **error)
{
    g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (decref);
    g_autoptr (GError) chain = NULL;
    guint good;
    /* Showing is not judging: a broken chain still shows what can be read up to it. */
    if (!walk (journal, entries, &good, &chain) &&
        !g_error_matches (chain, TAMGA_JOURNAL_ERROR, TAMGA_JOURNAL_ERROR_BROKEN)) {
        g_propagate_error (error, g_steal_pointer (&chain));
        return NULL;
    }
    return g_steal_pointer (&entries);
}

gboolean tamga_journal_check (TamgaJournal *journal, guint *entries, GError **error)
{
    return walk (journal, NULL, entries, error);
}
