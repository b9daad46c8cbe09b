/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that appears whole or not at all. */
#include "formats/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (256u * 1024)
#define PROGRESS_STEP (16u * 1024 * 1024)

struct _TamgaOutput {
    char *path;        /* NULL: memory */
    char *directory;   /* of path */
    char *temporary;   /* hidden name, on file systems without unnamed files; NULL elsewhere */
    gboolean standard; /* path was "-" */
    gboolean replace, committed;
    mode_t mode;
    int fd; /* unnamed file; -1: memory */
    guint64 size;
    GByteArray *memory;
};

static gboolean fail (GError **error, const char *path, const char *what)
{
    gboolean full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    g_set_error (error, TAMGA_DOCUMENT_ERROR,
                 full ? TAMGA_DOCUMENT_ERROR_NO_SPACE : TAMGA_DOCUMENT_ERROR_WRITE,
                 "%s cannot be %s: %s. Nothing was written.", path, what, g_strerror (errno));
    return FALSE;
}

static gboolean fail_exists (GError **error, const char *path)
{
    g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EXISTS,
                 "%s exists already and was not replaced.", path);
    return FALSE;
}

TamgaOutput *tamga_output_new_memory (void)
{
    TamgaOutput *output = g_new0 (TamgaOutput, 1);
    output->fd = -1;
    output->memory = g_byte_array_new ();
    return output;
}

/* FAT and some network file systems have no unnamed files: a hidden one, removed on failure. */
static void open_hidden (TamgaOutput *output)
{
    g_autofree char *base = g_path_get_basename (output->path);
    output->temporary = g_strdup_printf ("%s/.%s.XXXXXX", output->directory, base);
    output->fd = g_mkstemp_full (output->temporary, O_RDWR | O_CLOEXEC, 0600);
    if (output->fd < 0)
        g_clear_pointer (&output->temporary, g_free);
}

TamgaOutput *tamga_output_open (const char *path, gboolean replace, GError **error)
{
    struct stat there;
    if (strcmp (path, "-") == 0) {
        TamgaOutput *standard = tamga_output_new_memory ();
        standard->standard = TRUE;
        return standard;
    }
    gboolean exists = lstat (path, &there) == 0;
    if (exists && (!replace || !S_ISREG (there.st_mode))) {
        fail_exists (error, path);
        return NULL;
    }
    g_autoptr (TamgaOutput) output = g_new0 (TamgaOutput, 1);
    output->fd = -1;
    output->path = g_strdup (path);
    output->directory = g_path_get_dirname (path);
    output->replace = replace;
    mode_t mask = umask (0);
    umask (mask);
    output->mode = exists ? there.st_mode & 0777 : 0666 & ~mask;
    output->fd = open (output->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (output->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        open_hidden (output);
    if (output->fd < 0) {
        fail (error, path, "created");
        return NULL;
    }
    return g_steal_pointer (&output);
}

void tamga_output_free (TamgaOutput *output)
{
    if (!output)
        return;
    if (output->fd >= 0)
        close (output->fd);
    if (output->temporary)
        unlink (output->temporary);
    g_clear_pointer (&output->memory, g_byte_array_unref);
    g_free (output->temporary);
    g_free (output->path);
    g_free (output->directory);
    g_free (output);
}

guint64 tamga_output_size (TamgaOutput *output)
{
    return output->size;
}

static gboolean write_at (TamgaOutput *output, guint64 offset, const void *data, gsize length,
                          GError **error)
{
    if (output->memory) {
        if (offset == output->memory->len)
            g_byte_array_append (output->memory, data, (guint)length);
        else
            memcpy (output->memory->data + offset, data, length);
        return TRUE;
    }
    for (gsize done = 0; done < length;) {
        ssize_t n = TEMP_FAILURE_RETRY (pwrite (output->fd, (const guint8 *)data + done,
                                                length - done, (off_t)(offset + done)));
        if (n < 0)
            return fail (error, output->path, "written");
        done += (gsize)n;
    }
    return TRUE;
}

gboolean tamga_output_write (TamgaOutput *output, const void *data, gsize length, GError **error)
{
    g_assert (!output->committed);
    if (output->memory && length > G_MAXUINT32 - output->memory->len) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_TOO_LARGE,
                     "The output is too large to be kept in memory; name an output file.");
        return FALSE;
    }
    if (!write_at (output, output->size, data, length, error))
        return FALSE;
    output->size += length;
    return TRUE;
}

gboolean tamga_output_write_bytes (TamgaOutput *output, GBytes *bytes, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data (bytes, &size);
    return size == 0 || tamga_output_write (output, data, size, error);
}

gboolean tamga_output_printf (TamgaOutput *output, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    return tamga_output_write (output, text, strlen (text), error);
}

/* Copies inside the kernel where input and output are files that allow it; says how much. */
static guint64 copy_in_kernel (TamgaOutput *output, TamgaDocument *document, guint64 offset,
                               guint64 length)
{
    const char *path = tamga_document_fd_path (document);
    if (!path || output->fd < 0)
        return 0;
    int in = open (path, O_RDONLY | O_CLOEXEC);
    guint64 copied = 0;
    while (in >= 0 && copied < length) {
        off_t from = (off_t)(offset + copied), to = (off_t)(output->size + copied);
        ssize_t n = copy_file_range (in, &from, output->fd, &to, length - copied, 0);
        if (n <= 0)
            break;
        copied += (guint64)n;
    }
    if (in >= 0)
        close (in);
    return copied;
}

gboolean tamga_output_copy (TamgaOutput *output, TamgaDocument *document, guint64 offset,
                            guint64 length, TamgaProgress progress, gpointer progress_data,
                            GError **error)
{
    guint64 done = copy_in_kernel (output, document, offset, length);
    output->size += done;
    g_autofree guint8 *buffer = g_malloc (CHUNK);
    for (guint64 shown = 0; done < length;) {
        gsize n = (gsize)MIN (length - done, CHUNK);
        if (!tamga_document_read (document, offset + done, buffer, n, error) ||
            !tamga_output_write (output, buffer, n, error))
            return FALSE;
        done += n;
        if (progress && done - shown >= PROGRESS_STEP) {
            shown = done;
            if (!progress (done, length, progress_data)) {
                g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CANCELLED,
                             "Cancelled while writing.");
                return FALSE;
            }
        }
    }
    return TRUE;
}

gboolean tamga_output_patch (TamgaOutput *output, guint64 offset, const void *data, gsize length,
                             GError **error)
{
    g_assert (!output->committed && offset <= output->size && length <= output->size - offset);
    return write_at (output, offset, data, length, error);
}

TamgaDocument *tamga_output_document (TamgaOutput *output, GError **error)
{
    if (output->memory) {
        g_autoptr (GBytes) copy = g_bytes_new (output->memory->data, output->memory->len);
        return tamga_document_new (output->path ? output->path : "output", copy);
    }
    g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", output->fd);
    TamgaDocument *document = tamga_document_open (path, error);
    if (document)
        tamga_document_rename (document, output->path);
    return document;
}

static gboolean rename_hidden (TamgaOutput *output, GError **error)
{
    unsigned flags = output->replace ? 0 : RENAME_NOREPLACE;
    int done = renameat2 (AT_FDCWD, output->temporary, AT_FDCWD, output->path, flags);
    if (done < 0 && errno == EINVAL && flags != 0 && access (output->path, F_OK) < 0)
        done = rename (output->temporary, output->path);
    if (done < 0)
        return errno == EEXIST ? fail_exists (error, output->path)
                               : fail (error, output->path, "named");
    g_clear_pointer (&output->temporary, g_free);
    return TRUE;
}

/* Gives the unnamed file its name in one step. link() cannot replace, so an existing file is
 * replaced by renaming a link with a name of our own over it. */
static gboolean name_file (TamgaOutput *output, GError **error)
{
    if (output->temporary)
        return rename_hidden (output, error);
    g_autofree char *unnamed = g_strdup_printf ("/proc/self/fd/%d", output->fd);
    if (linkat (AT_FDCWD, unnamed, AT_FDCWD, output->path, AT_SYMLINK_FOLLOW) == 0)
        return TRUE;
    if (errno != EEXIST)
        return fail (error, output->path, "named");
    if (!output->replace)
        return fail_exists (error, output->path);
    g_autofree char *base = g_path_get_basename (output->path);
    for (guint try = 0; try < 100; try++) {
        g_autofree char *other =
            g_strdup_printf ("%s/.%s.%08x", output->directory, base, g_random_int ());
        if (linkat (AT_FDCWD, unnamed, AT_FDCWD, other, AT_SYMLINK_FOLLOW) < 0) {
            if (errno == EEXIST)
                continue;
            return fail (error, output->path, "named");
        }
        if (rename (other, output->path) == 0)
            return TRUE;
        fail (error, output->path, "replaced");
        unlink (other);
        return FALSE;
    }
    return fail (error, output->path, "named");
}

static gboolean write_standard_output (TamgaOutput *output, GError **error)
{
    for (gsize done = 0; done < output->memory->len;) {
        ssize_t n = TEMP_FAILURE_RETRY (
            write (STDOUT_FILENO, output->memory->data + done, output->memory->len - done));
        if (n < 0)
            return fail (error, "Standard output", "written");
        done += (gsize)n;
    }
    return TRUE;
}

gboolean tamga_output_commit (TamgaOutput *output, GError **error)
{
    g_assert (!output->committed);
    if (output->memory) {
        output->committed = TRUE;
        return !output->standard || write_standard_output (output, error);
    }
    if (fchmod (output->fd, output->mode) < 0 || fsync (output->fd) < 0)
        return fail (error, output->path, "written to disk");
    if (!name_file (output, error))
        return FALSE;
    output->committed = TRUE;
    int folder = open (output->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        /* The file is whole and named; a folder that cannot be synced is not a failure. */
        (void)fsync (folder);
        close (folder);
    }
    return TRUE;
}

GBytes *tamga_output_steal_bytes (TamgaOutput *output)
{
    g_assert (output->memory);
    return g_byte_array_free_to_bytes (g_steal_pointer (&output->memory));
}
