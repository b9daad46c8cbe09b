/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A PDF file: its cross-reference sections, the revisions they make, and objects by number as a
 * given revision sees them (ISO 32000-1 7.5). Strict: nothing is repaired.
 *
 * Objects are read when asked for. An object that cannot be read counts as null, and the file
 * remembers the first such failure: ask tamga_pdf_failed before a result is acted upon. */
#pragma once

#include "formats/document.h"
#include "formats/pdf/object.h"

typedef struct _TamgaPdf TamgaPdf;
typedef struct _TamgaPdfCrypt TamgaPdfCrypt; /* crypt.h */

/* One entry of a cross-reference section. */
typedef struct {
    guint32 number;
    guint32 generation; /* in an object stream: the index */
    guint64 offset;     /* position in the file; in an object stream: its number */
    guint8 type;        /* 0 free, 1 at an offset, 2 in an object stream (table 18) */
} TamgaPdfXref;

/* One cross-reference section: a table with its trailer, or a stream. */
typedef struct {
    guint64 offset, end; /* bytes of the section, trailer included */
    gboolean stream;
    gboolean hybrid; /* the stream that /XRefStm of a table names */
    TamgaPdfObject *trailer;
    TamgaPdfXref *entries; /* by number, each number once */
    gsize n;
    gboolean has_prev;
    guint64 prev;
} TamgaPdfSection;

/* The file as it stood after one update. */
typedef struct {
    TamgaPdf *pdf;
    guint number; /* 1 is the oldest */
    guint top;    /* index into sections of the newest section that this revision sees */
    guint64 eof;  /* just after %%EOF */
    guint64 end;  /* after the end-of-line that follows it */
    TamgaPdfObject *trailer;
} TamgaPdfRevision;

struct _TamgaPdf {
    TamgaDocument *document;
    TamgaPdfArena *arena;
    guint64 size;
    guint64 header;       /* position of %PDF-: offsets in the file count from here */
    guint minor;          /* 1.x of the header; 2.0 is 20 */
    guint64 startxref;    /* position of the last section */
    GPtrArray *sections;  /* TamgaPdfSection, newest first */
    GPtrArray *revisions; /* TamgaPdfRevision, oldest first; never empty */
    gboolean hybrid, linearized;
    guint64 tail; /* bytes after the last revision that are not white space */
    GHashTable *objects, *containers;
    TamgaPdfCrypt *crypt; /* NULL where the file is not encrypted */
    GHashTable *owners;   /* encrypted: position of a stream's data to its object */
    GError *error;        /* the first object that could not be read */
    guint error_revision; /* the revision that was looked at then */
};

/* `password`: of an encrypted file, user's or owner's; NULL: none. Errors: NOT_THIS_FORMAT without
 * %PDF-, MALFORMED (the text says where), LIMIT, and those of tamga_pdf_unlock. */
TamgaPdf *tamga_pdf_open (TamgaDocument *document, GBytes *password, GError **error);
void tamga_pdf_free (TamgaPdf *pdf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPdf, tamga_pdf_free)

const TamgaPdfRevision *tamga_pdf_latest (TamgaPdf *pdf);
/* Revisions by number; 1 is the oldest. */
const TamgaPdfRevision *tamga_pdf_revision (TamgaPdf *pdf, guint number);
/* TRUE with the error when some object could not be read. */
gboolean tamga_pdf_failed (TamgaPdf *pdf, GError **error);

/* The entry that counts for an object; NULL when there is none. */
const TamgaPdfXref *tamga_pdf_lookup (const TamgaPdfRevision *view, guint32 number);
/* One more than the greatest object number in use anywhere in the file. */
guint32 tamga_pdf_next_number (TamgaPdf *pdf);
/* The object, or tamga_pdf_null. Owned by the file. */
TamgaPdfObject *tamga_pdf_load (const TamgaPdfRevision *view, guint32 number, guint32 generation);
/* Follows references. */
TamgaPdfObject *tamga_pdf_resolve (const TamgaPdfRevision *view, TamgaPdfObject *object);
/* The value of a key with references followed, on both sides. */
TamgaPdfObject *tamga_pdf_get (const TamgaPdfRevision *view, TamgaPdfObject *dict, const char *key);
TamgaPdfObject *tamga_pdf_item (const TamgaPdfRevision *view, TamgaPdfObject *array, gsize index);
TamgaPdfObject *tamga_pdf_catalog (const TamgaPdfRevision *view);

/* Data of a stream as it lies in the file but decrypted, and decoded (FlateDecode with predictors,
 * ASCIIHex; other filters are UNSUPPORTED). */
GBytes *tamga_pdf_stream_raw (const TamgaPdfRevision *view, TamgaPdfObject *stream, gsize limit,
                              GError **error);
GBytes *tamga_pdf_stream_data (const TamgaPdfRevision *view, TamgaPdfObject *stream, gsize limit,
                               GError **error);

/* Used by the cross-reference reader (xref.c). Reads "N G obj" and the object behind it; the
 * number found is checked against `expected` unless that is 0. */
TamgaPdfObject *tamga_pdf_read_indirect (TamgaPdf *pdf, guint64 position, guint32 expected,
                                         guint32 generation, guint64 *end, GError **error);
gboolean tamga_pdf_read_sections (TamgaPdf *pdf, GError **error);
/* Applies the filters of a stream dictionary (filter.c). `dict` values must be direct. */
GBytes *tamga_pdf_filter (const TamgaPdfRevision *view, TamgaPdfObject *stream, GBytes *raw,
                          gsize limit, GError **error);

/* Pages (7.7.3). */
typedef struct {
    guint32 number, generation; /* the page object */
    TamgaPdfObject *object;
    double media[4], crop[4]; /* left, bottom, right, top; crop is inside media */
    int rotate;               /* 0, 90, 180, 270 */
} TamgaPdfPage;

/* Every page in order; elements TamgaPdfPage. Loops in the tree are an error. */
GPtrArray *tamga_pdf_pages (const TamgaPdfRevision *view, guint limit, GError **error);
