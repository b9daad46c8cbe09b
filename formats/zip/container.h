/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ZIP container, read strictly (libzip with ZIP_CHECKCONS, and checks of our own: names, sizes,
 * ratios, local against central headers, nothing between, before or behind) and written anew with
 * what was there copied as it is. Content is streamed both ways. */
#pragma once

#include "formats/document.h"
#include "formats/output.h"

typedef struct {
    char *name;      /* UTF-8, checked: relative, no "..", no backslash, no control characters */
    guint64 size;    /* uncompressed */
    guint64 index;   /* of libzip */
    gboolean stored; /* not compressed: its octets lie in the file as they are */
} TamgaZipEntry;

typedef struct _TamgaZip TamgaZip;

/* Errors: TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT, _MALFORMED (the text names the entry and the rule),
 * _LIMIT (entries, sizes, ratio), _ENCRYPTED. */
TamgaZip *tamga_zip_open (TamgaDocument *document, GError **error);
void tamga_zip_free (TamgaZip *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaZip, tamga_zip_free)
gboolean tamga_zip_probe (TamgaDocument *document); /* the first bytes */

GPtrArray *tamga_zip_entries (TamgaZip *zip); /* TamgaZipEntry, in order; owned by `zip` */
const TamgaZipEntry *tamga_zip_find (TamgaZip *zip, const char *name); /* NULL: none */
/* Exact bytes of an entry, at most `limit`. */
GBytes *tamga_zip_bytes (TamgaZip *zip, const TamgaZipEntry *entry, guint64 limit, GError **error);
/* Digests in one streamed reading, the CRC checked. */
gboolean tamga_zip_digests (TamgaZip *zip, const TamgaZipEntry *entry,
                            const TamgaDigest *const *digests, gsize n_digests, GBytes **values,
                            TamgaProgress progress, gpointer progress_data, GError **error);
/* The entry as a document: a slice of the file where it is stored, else spooled to an unnamed
 * file. */
TamgaDocument *tamga_zip_document (TamgaZip *zip, const TamgaZipEntry *entry, GError **error);
gboolean tamga_zip_name_is_safe (const char *name);

/* What a container is to be made of, in order. */
typedef struct {
    char *name;
    TamgaDocument *document;    /* new content, stored; or NULL: */
    const TamgaZipEntry *entry; /* copied as it is from the container below */
} TamgaZipPart;

TamgaZipPart *tamga_zip_part_new (const char *name, TamgaDocument *document,
                                  const TamgaZipEntry *entry);
void tamga_zip_part_free (TamgaZipPart *part);
/* Writes `parts` (TamgaZipPart). `from`: where copied entries come from; may be NULL. */
gboolean tamga_zip_write (TamgaZip *from, GPtrArray *parts, TamgaOutput *output,
                          TamgaProgress progress, gpointer progress_data, GError **error);
