/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal: a chain that shows any change, repaired after a torn write, safe between processes.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "client/journal/journal.h"

typedef struct {
    char *folder, *path;
    TamgaJournal *journal;
} Fixture;

static void set_up (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (GError) error = NULL;
    f->folder = g_dir_make_tmp ("tamga-journal-XXXXXX", NULL);
    f->path = g_build_filename (f->folder, "sub", "journal.jsonl", NULL);
    f->journal = tamga_journal_open (f->path, &error);
    g_assert_no_error (error);
}

static void tear_down (Fixture *f, gconstpointer data)
{
    (void)data;
    tamga_journal_free (f->journal);
    g_unlink (f->path);
    g_autofree char *sub = g_path_get_dirname (f->path);
    g_rmdir (sub);
    g_rmdir (f->folder);
    g_free (f->path);
    g_free (f->folder);
}

static void append (TamgaJournal *journal, const char *document)
{
    g_autoptr (GError) error = NULL;
    json_t *entry = json_pack ("{s:s}", "document", document);
    g_assert_true (tamga_journal_append (journal, "signed", 1700000000, entry, &error));
    g_assert_no_error (error);
    json_decref (entry);
}

static char *contents (Fixture *f)
{
    char *text = NULL;
    g_assert_true (g_file_get_contents (f->path, &text, NULL, NULL));
    return text;
}

static void test_append_and_read (Fixture *f, gconstpointer data)
{
    (void)data;
    append (f->journal, "a.pdf");
    append (f->journal, "b.pdf");
    g_autoptr (GError) error = NULL;
    guint entries = 0;
    g_assert_true (tamga_journal_check (f->journal, &entries, &error));
    g_assert_cmpuint (entries, ==, 2);
    g_autoptr (GPtrArray) read = tamga_journal_read (f->journal, &error);
    g_assert_cmpuint (read->len, ==, 2);
    const json_t *second = read->pdata[1];
    g_assert_cmpstr (json_string_value (json_object_get (second, "document")), ==, "b.pdf");
    g_assert_cmpstr (json_string_value (json_object_get (second, "time")), ==,
                     "2023-11-14T22:13:20Z");
    g_assert_cmpint (json_integer_value (json_object_get (second, "version")), ==, 1);
    struct stat status;
    g_assert_cmpint (g_stat (f->path, &status), ==, 0);
    g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
}

/* Any changed byte of any line but the last shows; so does a removed line. */
static void test_change_is_found (Fixture *f, gconstpointer data)
{
    (void)data;
    for (int i = 0; i < 3; i++)
        append (f->journal, "contract.pdf");
    g_autofree char *good = contents (f);
    gsize length = strlen (good);
    char *last_line = strrchr (g_strchomp (good), '\n') + 1;
    gsize checked = (gsize)(last_line - good);
    good[length - 1] = '\n';
    for (gsize i = 0; i < checked; i++) {
        g_autofree char *bad = g_memdup2 (good, length);
        bad[i] ^= 1;
        FILE *file = fopen (f->path, "w");
        fwrite (bad, 1, length, file);
        fclose (file);
        g_autoptr (GError) error = NULL;
        guint entries;
        g_assert_false (tamga_journal_check (f->journal, &entries, &error));
        g_assert_error (error, TAMGA_JOURNAL_ERROR, TAMGA_JOURNAL_ERROR_BROKEN);
    }
    const char *second = strchr (good, '\n') + 1;
    FILE *file = fopen (f->path, "w");
    fwrite (second, 1, length - (gsize)(second - good), file);
    fclose (file);
    g_autoptr (GError) error = NULL;
    guint entries;
    g_assert_false (tamga_journal_check (f->journal, &entries, &error));
    g_assert_error (error, TAMGA_JOURNAL_ERROR, TAMGA_JOURNAL_ERROR_BROKEN);
}

static void test_torn_tail_is_repaired (Fixture *f, gconstpointer data)
{
    (void)data;
    append (f->journal, "a.pdf");
    FILE *file = fopen (f->path, "a");
    fputs ("{\"version\":1,\"ti", file);
    fclose (file);
    g_autoptr (GError) error = NULL;
    guint entries;
    g_assert_false (tamga_journal_check (f->journal, &entries, &error));
    g_clear_error (&error);
    append (f->journal, "b.pdf");
    g_assert_true (tamga_journal_check (f->journal, &entries, &error));
    g_assert_cmpuint (entries, ==, 2);
    /* A torn line that is longer than the one that is written in its place. */
    g_autofree char *filler = g_strnfill (5000, 'x');
    file = fopen (f->path, "a");
    fprintf (file, "{\"version\":1,\"text\":\"%s", filler);
    fclose (file);
    append (f->journal, "c.pdf");
    g_assert_true (tamga_journal_check (f->journal, &entries, &error));
    g_assert_cmpuint (entries, ==, 3);
}

static void test_two_writers (Fixture *f, gconstpointer data)
{
    (void)data;
    enum { WRITERS = 4, LINES = 25 };
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork ();
        if (children[i] == 0) {
            TamgaJournal *own = tamga_journal_open (f->path, NULL);
            for (int n = 0; n < LINES; n++)
                append (own, "parallel.pdf");
            tamga_journal_free (own);
            _exit (0);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        g_assert_cmpint (waitpid (children[i], &status, 0), ==, children[i]);
        g_assert_cmpint (status, ==, 0);
    }
    g_autoptr (GError) error = NULL;
    guint entries;
    g_assert_true (tamga_journal_check (f->journal, &entries, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (entries, ==, WRITERS * LINES);
}

/* A full disk: the entry is refused and what was there stays whole. */
static void test_full_disk (Fixture *f, gconstpointer data)
{
    (void)data;
    append (f->journal, "a.pdf");
    struct rlimit old, small;
    getrlimit (RLIMIT_FSIZE, &old);
    small = old;
    g_autofree char *text = contents (f);
    small.rlim_cur = strlen (text) + 10;
    signal (SIGXFSZ, SIG_IGN);
    setrlimit (RLIMIT_FSIZE, &small);
    g_autoptr (GError) error = NULL;
    gboolean written = tamga_journal_append (f->journal, "signed", 0, NULL, &error);
    setrlimit (RLIMIT_FSIZE, &old);
    g_assert_false (written);
    g_assert_error (error, TAMGA_JOURNAL_ERROR, TAMGA_JOURNAL_ERROR_WRITE);
    g_clear_error (&error);
    guint entries;
    g_assert_true (tamga_journal_check (f->journal, &entries, &error));
    g_assert_cmpuint (entries, ==, 1);
}

static void test_entry_cannot_forge_members (Fixture *f, gconstpointer data)
{
    (void)data;
    json_t *entry = json_pack ("{s:s, s:s}", "event", "forged", "previous", "0");
    g_autoptr (GError) error = NULL;
    g_assert_true (tamga_journal_append (f->journal, "refused", 0, entry, &error));
    json_decref (entry);
    guint entries;
    g_assert_true (tamga_journal_check (f->journal, &entries, &error));
    g_autoptr (GPtrArray) read = tamga_journal_read (f->journal, &error);
    g_assert_cmpstr (json_string_value (json_object_get (read->pdata[0], "event")), ==, "refused");
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add ("/journal/" name, Fixture, NULL, set_up, function, tear_down)
    ADD ("append_and_read", test_append_and_read);
    ADD ("change_is_found", test_change_is_found);
    ADD ("torn_tail_is_repaired", test_torn_tail_is_repaired);
    ADD ("two_writers", test_two_writers);
    ADD ("full_disk", test_full_disk);
    ADD ("entry_cannot_forge_members", test_entry_cannot_forge_members);
    return g_test_run ();
}
