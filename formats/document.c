/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A document that is read: by pread, hashed in a stream. */
#include "formats/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Large enough that system calls do not count, small enough to stay in the cache. */
#define CHUNK (256u * 1024)
/* A document that is put together from ranges is kept in memory up to this. */
#define JOIN_IN_MEMORY (4u * 1024 * 1024)
#define PROGRESS_STEP (16u * 1024 * 1024)

struct _TamgaDocument {
    gatomicrefcount references;
    char *name;
    guint64 size;
    int fd;                /* -1: in memory, or a slice */
    char *fd_path;         /* /proc/self/fd/N */
    GBytes *memory;        /* NULL: a file */
    TamgaDocument *parent; /* of a slice */
    guint64 parent_offset;
    struct stat opened; /* as the file was when it was opened */
};

static TamgaDocument *document_alloc (const char *name)
{
    TamgaDocument *document = g_new0 (TamgaDocument, 1);
    g_atomic_ref_count_init (&document->references);
    document->name = g_strdup (name);
    document->fd = -1;
    return document;
}

/* Standard input in an unnamed file, so that it can be read twice and by offset. */
static int spool_stdin (GError **error)
{
    int fd = open (g_get_tmp_dir (), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    g_autofree char *buffer = g_malloc (CHUNK);
    ssize_t got = 0;
    while (fd >= 0 && (got = TEMP_FAILURE_RETRY (read (STDIN_FILENO, buffer, CHUNK))) > 0) {
        for (ssize_t put = 0; put < got;) {
            ssize_t n = TEMP_FAILURE_RETRY (write (fd, buffer + put, (size_t)(got - put)));
            if (n < 0) {
                got = -1;
                break;
            }
            put += n;
        }
        if (got < 0)
            break;
    }
    if (fd < 0 || got < 0) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR,
                     errno == ENOSPC ? TAMGA_DOCUMENT_ERROR_NO_SPACE : TAMGA_DOCUMENT_ERROR_READ,
                     "Standard input could not be kept in a temporary file: %s.",
                     g_strerror (errno));
        if (fd >= 0)
            close (fd);
        return -1;
    }
    return fd;
}

static int open_file (const char *path, GError **error)
{
    int fd = TEMP_FAILURE_RETRY (open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (fd < 0)
        g_set_error (error, TAMGA_DOCUMENT_ERROR,
                     errno == ENOENT || errno == ENOTDIR ? TAMGA_DOCUMENT_ERROR_NOT_FOUND
                                                         : TAMGA_DOCUMENT_ERROR_UNREADABLE,
                     "%s cannot be opened: %s.", path, g_strerror (errno));
    return fd;
}

TamgaDocument *tamga_document_adopt (const char *name, int fd, GError **error)
{
    g_autoptr (TamgaDocument) document = document_alloc (name);
    document->fd = fd;
    document->fd_path = g_strdup_printf ("/proc/self/fd/%d", fd);
    if (fstat (fd, &document->opened) < 0 || !S_ISREG (document->opened.st_mode)) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_UNREADABLE,
                     "%s is %s, not a file.", document->name,
                     S_ISDIR (document->opened.st_mode) ? "a folder" : "a device or pipe");
        return NULL;
    }
    document->size = (guint64)document->opened.st_size;
    return g_steal_pointer (&document);
}

TamgaDocument *tamga_document_open (const char *path, GError **error)
{
    gboolean standard = strcmp (path, "-") == 0;
    int fd = standard ? spool_stdin (error) : open_file (path, error);
    if (fd < 0)
        return NULL;
    g_autoptr (TamgaDocument) document =
        tamga_document_adopt (standard ? "standard input" : path, fd, error);
    if (document && document->size == 0) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_EMPTY, "%s is empty.",
                     document->name);
        return NULL;
    }
    return g_steal_pointer (&document);
}

TamgaDocument *tamga_document_new (const char *name, GBytes *bytes)
{
    TamgaDocument *document = document_alloc (name);
    document->memory = g_bytes_ref (bytes);
    document->size = g_bytes_get_size (bytes);
    return document;
}

TamgaDocument *tamga_document_slice (TamgaDocument *document, guint64 offset, guint64 length)
{
    g_assert (offset <= document->size && length <= document->size - offset);
    if (document->memory) {
        g_autoptr (GBytes) part = g_bytes_new_from_bytes (document->memory, offset, length);
        return tamga_document_new (document->name, part);
    }
    TamgaDocument *slice = document_alloc (document->name);
    slice->parent = tamga_document_ref (document);
    slice->parent_offset = offset;
    slice->size = length;
    return slice;
}

static gboolean spool_ranges (TamgaDocument *document, const TamgaRange *ranges, gsize n, int fd,
                              GError **error)
{
    g_autofree guint8 *buffer = g_malloc (CHUNK);
    for (gsize i = 0; i < n; i++) {
        for (guint64 done = 0; done < ranges[i].length;) {
            gsize part = (gsize)MIN (ranges[i].length - done, CHUNK);
            if (!tamga_document_read (document, ranges[i].offset + done, buffer, part, error))
                return FALSE;
            for (gsize put = 0; put < part;) {
                ssize_t got = TEMP_FAILURE_RETRY (write (fd, buffer + put, part - put));
                if (got < 0) {
                    g_set_error (error, TAMGA_DOCUMENT_ERROR,
                                 errno == ENOSPC ? TAMGA_DOCUMENT_ERROR_NO_SPACE
                                                 : TAMGA_DOCUMENT_ERROR_READ,
                                 "A part of %s could not be kept in a temporary file: %s.",
                                 document->name, g_strerror (errno));
                    return FALSE;
                }
                put += (gsize)got;
            }
            done += part;
        }
    }
    return TRUE;
}

static TamgaDocument *join_in_memory (TamgaDocument *document, const TamgaRange *ranges, gsize n,
                                      guint64 size, GError **error)
{
    g_autofree guint8 *data = g_malloc (size > 0 ? size : 1);
    guint8 *at = data;
    for (gsize i = 0; i < n; at += ranges[i].length, i++) {
        if (!tamga_document_read (document, ranges[i].offset, at, ranges[i].length, error))
            return NULL;
    }
    g_autoptr (GBytes) bytes = g_bytes_new_take (g_steal_pointer (&data), size);
    return tamga_document_new (document->name, bytes);
}

TamgaDocument *tamga_document_join (TamgaDocument *document, const TamgaRange *ranges, gsize n,
                                    GError **error)
{
    guint64 size = 0;
    if (n == 1)
        return tamga_document_slice (document, ranges[0].offset, ranges[0].length);
    for (gsize i = 0; i < n; i++)
        size += ranges[i].length;
    if (size <= JOIN_IN_MEMORY)
        return join_in_memory (document, ranges, n, size, error);
    int fd = open (g_get_tmp_dir (), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_READ,
                     "No temporary file can be made in %s: %s.", g_get_tmp_dir (),
                     g_strerror (errno));
        return NULL;
    }
    if (!spool_ranges (document, ranges, n, fd, error)) {
        close (fd);
        return NULL;
    }
    return tamga_document_adopt (document->name, fd, error);
}

TamgaDocument *tamga_document_ref (TamgaDocument *document)
{
    g_atomic_ref_count_inc (&document->references);
    return document;
}

void tamga_document_unref (TamgaDocument *document)
{
    if (!document || !g_atomic_ref_count_dec (&document->references))
        return;
    if (document->fd >= 0)
        close (document->fd);
    g_clear_pointer (&document->memory, g_bytes_unref);
    g_clear_pointer (&document->parent, tamga_document_unref);
    g_free (document->fd_path);
    g_free (document->name);
    g_free (document);
}

GPtrArray *tamga_document_list (TamgaDocument *document)
{
    GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);
    if (document)
        g_ptr_array_add (list, tamga_document_ref (document));
    return list;
}

const char *tamga_document_name (TamgaDocument *document)
{
    return document->name;
}

void tamga_document_rename (TamgaDocument *document, const char *name)
{
    g_free (document->name);
    document->name = g_strdup (name);
}

guint64 tamga_document_size (TamgaDocument *document)
{
    return document->size;
}

const char *tamga_document_fd_path (TamgaDocument *document)
{
    return document->fd_path;
}

GBytes *tamga_document_memory (TamgaDocument *document)
{
    return document->memory;
}

gboolean tamga_document_read (TamgaDocument *document, guint64 offset, void *buffer, gsize length,
                              GError **error)
{
    if (offset > document->size || length > document->size - offset) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_READ,
                     "%s ends before byte %" G_GUINT64_FORMAT ".", document->name, offset + length);
        return FALSE;
    }
    if (document->parent)
        return tamga_document_read (document->parent, document->parent_offset + offset, buffer,
                                    length, error);
    if (document->memory) {
        if (length > 0)
            memcpy (buffer, (const guint8 *)g_bytes_get_data (document->memory, NULL) + offset,
                    length);
        return TRUE;
    }
    for (gsize done = 0; done < length;) {
        ssize_t n = TEMP_FAILURE_RETRY (
            pread (document->fd, (guint8 *)buffer + done, length - done, (off_t)(offset + done)));
        if (n <= 0) {
            g_set_error (error, TAMGA_DOCUMENT_ERROR,
                         n < 0 ? TAMGA_DOCUMENT_ERROR_READ : TAMGA_DOCUMENT_ERROR_CHANGED,
                         n < 0 ? "%s cannot be read: %s."
                               : "%s became shorter while it was read.%s",
                         document->name, n < 0 ? g_strerror (errno) : "");
            return FALSE;
        }
        done += (gsize)n;
    }
    return TRUE;
}

GBytes *tamga_document_bytes (TamgaDocument *document, guint64 offset, guint64 length,
                              guint64 limit, GError **error)
{
    if (document->memory && offset <= document->size && length <= document->size - offset &&
        length <= limit)
        return g_bytes_new_from_bytes (document->memory, offset, length);
    guint8 *buffer = length <= limit ? g_try_malloc (MAX (length, 1)) : NULL;
    if (!buffer) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_TOO_LARGE,
                     "%s: %" G_GUINT64_FORMAT
                     " bytes are more than are read at once (limit %" G_GUINT64_FORMAT ").",
                     document->name, length, limit);
        return NULL;
    }
    if (!tamga_document_read (document, offset, buffer, length, error)) {
        g_free (buffer);
        return NULL;
    }
    return g_bytes_new_take (buffer, length);
}

typedef struct {
    EVP_MD_CTX **contexts;
    gsize n;
    TamgaProgress progress;
    gpointer progress_data;
    guint64 done, total, shown;
} Hashing;

static gboolean hash_range (TamgaDocument *document, const TamgaRange *range, guint8 *buffer,
                            Hashing *hashing, GError **error)
{
    for (guint64 at = 0; at < range->length;) {
        gsize n = (gsize)MIN (range->length - at, CHUNK);
        if (!tamga_document_read (document, range->offset + at, buffer, n, error))
            return FALSE;
        for (gsize i = 0; i < hashing->n; i++)
            EVP_DigestUpdate (hashing->contexts[i], buffer, n);
        at += n;
        hashing->done += n;
        if (hashing->progress && (hashing->done - hashing->shown >= PROGRESS_STEP)) {
            hashing->shown = hashing->done;
            if (!hashing->progress (hashing->done, hashing->total, hashing->progress_data)) {
                g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CANCELLED,
                             "Cancelled while reading %s.", document->name);
                return FALSE;
            }
        }
    }
    return TRUE;
}

gboolean tamga_document_digests (TamgaDocument *document, const TamgaDigest *const *digests,
                                 gsize n_digests, const TamgaRange *ranges, gsize n_ranges,
                                 GBytes **values, TamgaProgress progress, gpointer progress_data,
                                 GError **error)
{
    const TamgaRange whole = {0, document->size};
    if (!ranges) {
        ranges = &whole;
        n_ranges = 1;
    }
    g_autofree guint8 *buffer = g_malloc (CHUNK);
    g_autofree EVP_MD_CTX **contexts = g_new0 (EVP_MD_CTX *, MAX (n_digests, 1));
    Hashing hashing = {contexts, n_digests, progress, progress_data, 0, 0, 0};
    for (gsize i = 0; i < n_digests; i++) {
        contexts[i] = EVP_MD_CTX_new ();
        g_assert (contexts[i] &&
                  EVP_DigestInit_ex (contexts[i], tamga_digest_md (digests[i]), NULL) == 1);
    }
    for (gsize i = 0; i < n_ranges; i++)
        hashing.total += ranges[i].length;
    gboolean read = TRUE;
    for (gsize i = 0; read && i < n_ranges; i++)
        read = hash_range (document, &ranges[i], buffer, &hashing, error);
    for (gsize i = 0; i < n_digests; i++) {
        guint8 value[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        EVP_DigestFinal_ex (contexts[i], value, &size);
        values[i] = read ? g_bytes_new (value, size) : NULL;
        EVP_MD_CTX_free (contexts[i]);
    }
    return read;
}

GBytes *tamga_document_digest (TamgaDocument *document, const TamgaDigest *digest,
                               const TamgaRange *ranges, gsize n_ranges, TamgaProgress progress,
                               gpointer progress_data, GError **error)
{
    GBytes *value = NULL;
    tamga_document_digests (document, &digest, 1, ranges, n_ranges, &value, progress, progress_data,
                            error);
    return value;
}

gboolean tamga_document_check (TamgaDocument *document, GError **error)
{
    if (document->parent)
        return tamga_document_check (document->parent, error);
    if (document->memory)
        return TRUE;
    struct stat now;
    const struct stat *then = &document->opened;
    if (fstat (document->fd, &now) == 0 && now.st_size == then->st_size &&
        now.st_mtim.tv_sec == then->st_mtim.tv_sec && now.st_mtim.tv_nsec == then->st_mtim.tv_nsec)
        return TRUE;
    g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CHANGED,
                 "%s was changed by another program in the meantime.", document->name);
    return FALSE;
}
