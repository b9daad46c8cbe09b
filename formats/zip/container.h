/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ZIP container (PKWARE APPNOTE 6.3, EN 319 162-1), read strictly: a scan of our own (names,
 * sizes, ratios, local against central headers, nothing between, before or behind) and libzip with
 * ZIP_CHECKCONS must agree. Written anew with what was there copied as it is. Content is streamed
 * both ways. */
#pragma once

#include "formats/document.h"
#include "formats/output.h"

typedef struct {
    char *name;         /* UTF-8, checked: tamga_zip_name_is_safe; a directory's ends with "/" */
    guint64 size;       /* uncompressed */
    guint64 offset;     /* of its local header in the file */
    guint index;        /* in the central directory */
    gboolean stored;    /* not compressed: its octets lie in the file as they are */
    gboolean directory; /* no content, a name only */
    gboolean extra;     /* its local header has an extra field */
} TamgaZipEntry;

typedef struct _TamgaZip TamgaZip;

/* Errors: TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT, _MALFORMED (the text names the entry and the rule),
 * _LIMIT (entries, sizes, ratio), _ENCRYPTED. */
TamgaZip *tamga_zip_open (TamgaDocument *document, GError **error);
void tamga_zip_free (TamgaZip *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaZip, tamga_zip_free)
gboolean tamga_zip_probe (TamgaDocument *document); /* the first bytes */

/* TamgaZipEntry, in the order of the central directory; owned by `zip`. */
GPtrArray *tamga_zip_entries (TamgaZip *zip);
/* The archive or an entry of it has a comment: octets that no signature covers. */
gboolean tamga_zip_has_comment (TamgaZip *zip);
const TamgaZipEntry *tamga_zip_find (TamgaZip *zip, const char *name); /* NULL: none */
/* Exact bytes of an entry, at most `limit`. */
GBytes *tamga_zip_bytes (TamgaZip *zip, const TamgaZipEntry *entry, guint64 limit, GError **error);
/* Digests in one streamed reading. The CRC is always checked on the way: it costs a fifth of the
 * digest and tells damage from forgery. */
gboolean tamga_zip_digests (TamgaZip *zip, const TamgaZipEntry *entry,
                            const TamgaDigest *const *digests, gsize n_digests, GBytes **values,
                            TamgaProgress progress, gpointer progress_data, GError **error);
/* The entry as a document with its name: a slice of the file where it is stored (without looking
 * at its CRC: whoever reads it compares digests), else inflated into memory or an unnamed file. */
TamgaDocument *tamga_zip_document (TamgaZip *zip, const TamgaZipEntry *entry, GError **error);

/* Relative, no empty part, no "." or "..", no backslash, no drive letter, no control characters. */
gboolean tamga_zip_name_is_safe (const char *name);
/* What two names have in common that some file system takes for one: NFC, case folded, dots and
 * spaces at the end of each part dropped. */
char *tamga_zip_name_key (const char *name);

/* Digests and CRC of a document that is going to be an entry, in one reading. */
gboolean tamga_zip_measure (TamgaDocument *document, const TamgaDigest *const *digests,
                            gsize n_digests, GBytes **values, guint32 *crc, TamgaProgress progress,
                            gpointer progress_data, GError **error);

/* What a container is to be made of, in order. */
typedef struct {
    char *name;
    TamgaDocument *document;    /* new content, stored; or NULL: */
    const TamgaZipEntry *entry; /* copied as it is from the container below */
    gboolean measured;          /* `crc` is known already: the content is read once less */
    guint32 crc;
} TamgaZipPart;

TamgaZipPart *tamga_zip_part_new (const char *name, TamgaDocument *document,
                                  const TamgaZipEntry *entry);
void tamga_zip_part_free (TamgaZipPart *part);
/* Writes `parts` (TamgaZipPart). `from`: where copied entries come from; may be NULL. Entries of
 * 4 GiB and more, and files that large, become ZIP64. PARAMETER: two names collide. */
gboolean tamga_zip_write (TamgaZip *from, GPtrArray *parts, TamgaOutput *output,
                          TamgaProgress progress, gpointer progress_data, GError **error);
