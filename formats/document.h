/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A document that is read: by pread, never modified, hashed in a stream. What was shown, hashed and
 * copied must be one and the same file: `tamga_document_check` says whether it still is. */
#pragma once

#include <glib.h>

#include "formats/algorithm.h"
#include "formats/error.h"

typedef struct _TamgaDocument TamgaDocument;

/* Half-open byte range of a document. */
typedef struct {
    guint64 offset;
    guint64 length;
} TamgaRange;

/* Called about every 16 MiB with bytes done and in all; FALSE cancels
 * (TAMGA_DOCUMENT_ERROR_CANCELLED). */
typedef gboolean (*TamgaProgress) (guint64 done, guint64 total, gpointer data);

/* Opens a regular file; "-" spools standard input into an unnamed file. Directories, devices and
 * empty files are errors. */
TamgaDocument *tamga_document_open (const char *path, GError **error);
/* Reads from memory; for parts of containers and for tests. */
TamgaDocument *tamga_document_new (const char *name, GBytes *bytes);
/* Takes over an open regular file (spooled content, perhaps empty) under a name for people. Closes
 * `fd` in any case. */
TamgaDocument *tamga_document_adopt (const char *name, int fd, GError **error);
/* A part of a document as a document of its own; keeps `document` alive. */
TamgaDocument *tamga_document_slice (TamgaDocument *document, guint64 offset, guint64 length);
/* The concatenation of `ranges` as a document of its own: a slice where it is one range, else a
 * copy, in an unnamed temporary file where it is large. */
TamgaDocument *tamga_document_join (TamgaDocument *document, const TamgaRange *ranges, gsize n,
                                    GError **error);
TamgaDocument *tamga_document_ref (TamgaDocument *document);
void tamga_document_unref (TamgaDocument *document);
/* An array of documents (that owns its elements) with this one in it, or empty for NULL. */
GPtrArray *tamga_document_list (TamgaDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaDocument, tamga_document_unref)

const char *tamga_document_name (TamgaDocument *document); /* as the user gave it */
/* Another name for people, for one that was just made and is held nowhere else. */
void tamga_document_rename (TamgaDocument *document, const char *name);
guint64 tamga_document_size (TamgaDocument *document);
/* A path that other libraries can open (qpdf): /proc/self/fd/N or NULL when it is in memory. */
const char *tamga_document_fd_path (TamgaDocument *document);
/* The bytes where the document is in memory (not copied), else NULL. */
GBytes *tamga_document_memory (TamgaDocument *document);

/* Exactly `length` bytes at `offset` into `buffer`. */
gboolean tamga_document_read (TamgaDocument *document, guint64 offset, void *buffer, gsize length,
                              GError **error);
/* The same as new bytes; TAMGA_DOCUMENT_ERROR_TOO_LARGE beyond `limit`. */
GBytes *tamga_document_bytes (TamgaDocument *document, guint64 offset, guint64 length,
                              guint64 limit, GError **error);

/* Digest of the concatenation of `ranges` (NULL: the whole document). */
GBytes *tamga_document_digest (TamgaDocument *document, const TamgaDigest *digest,
                               const TamgaRange *ranges, gsize n_ranges, TamgaProgress progress,
                               gpointer progress_data, GError **error);
/* Several digests in one reading; `values[i]` belongs to `digests[i]`. */
gboolean tamga_document_digests (TamgaDocument *document, const TamgaDigest *const *digests,
                                 gsize n_digests, const TamgaRange *ranges, gsize n_ranges,
                                 GBytes **values, TamgaProgress progress, gpointer progress_data,
                                 GError **error);

/* FALSE with TAMGA_DOCUMENT_ERROR_CHANGED when the file differs from the one that was opened
 * (size, times, inode). Called before what was read is acted upon. */
gboolean tamga_document_check (TamgaDocument *document, GError **error);
