/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PDF objects (ISO 32000-1 7.3): a tree, its parser and its writer.
 *
 * This is our own reading, byte positions included, beside that of qpdf (peer.h): a signature
 * names bytes, and only a reader that knows where an object lies can say what a signature covers.
 * Objects live in an arena and are never freed one by one. */
#pragma once

#include <glib.h>

typedef enum {
    TAMGA_PDF_NULL,
    TAMGA_PDF_BOOLEAN,
    TAMGA_PDF_INTEGER,
    TAMGA_PDF_REAL,
    TAMGA_PDF_STRING,
    TAMGA_PDF_NAME,
    TAMGA_PDF_ARRAY,
    TAMGA_PDF_DICT,
    TAMGA_PDF_STREAM, /* a dictionary with data in the file */
    TAMGA_PDF_REF,
} TamgaPdfType;

typedef struct _TamgaPdfObject TamgaPdfObject;

typedef struct {
    const char *key; /* without the slash, #xx resolved */
    TamgaPdfObject *value;
} TamgaPdfEntry;

struct _TamgaPdfObject {
    TamgaPdfType type;
    gboolean hex;        /* STRING: written as <...> */
    gboolean duplicates; /* DICT: a key came twice; the last one counts, as with qpdf */
    guint64 start, end;  /* position in the file, half open; 0,0 inside object streams */
    union {
        gint64 integer; /* BOOLEAN, INTEGER */
        struct {
            const char *data; /* zero-terminated as well */
            gsize length;
        } text; /* STRING (bytes), NAME (no slash), REAL (as written) */
        struct {
            TamgaPdfObject **items;
            gsize n, room;
        } array;
        struct {
            TamgaPdfEntry *entries;
            gsize n, room;
            guint64 data; /* STREAM: position of its first byte in the file */
        } dict;
        struct {
            guint32 number, generation;
        } ref;
    };
};

/* Memory of many objects, freed at once. */
typedef struct _TamgaPdfArena TamgaPdfArena;
TamgaPdfArena *tamga_pdf_arena_new (void);
void tamga_pdf_arena_free (TamgaPdfArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPdfArena, tamga_pdf_arena_free)

typedef enum {
    TAMGA_PDF_PARSE_OK,
    TAMGA_PDF_PARSE_MORE, /* the buffer ends inside the object */
    TAMGA_PDF_PARSE_BAD,
} TamgaPdfParse;

/* A parser over a buffer that is a window of the file. */
typedef struct {
    TamgaPdfArena *arena;
    const char *data;
    gsize length, at;
    guint64 base;   /* file position of data[0] */
    gboolean final; /* nothing follows the buffer */
    gboolean plain; /* positions are not those of a file: leave start and end 0 */
} TamgaPdfParser;

/* One object from `at`. */
TamgaPdfParse tamga_pdf_parse (TamgaPdfParser *parser, TamgaPdfObject **object);
/* Skips white space and comments (7.2.2). */
void tamga_pdf_parse_space (TamgaPdfParser *parser);
/* Consumes `keyword` when it comes next, followed by a delimiter. */
TamgaPdfParse tamga_pdf_parse_keyword (TamgaPdfParser *parser, const char *keyword);
TamgaPdfParse tamga_pdf_parse_unsigned (TamgaPdfParser *parser, guint64 *value);
gboolean tamga_pdf_is_space (char c);

/* The null object, and "no object": comparing with it is cheaper than NULL checks everywhere. */
extern TamgaPdfObject *const tamga_pdf_null;

/* Making. */
TamgaPdfObject *tamga_pdf_new (TamgaPdfArena *arena, TamgaPdfType type);
TamgaPdfObject *tamga_pdf_new_integer (TamgaPdfArena *arena, gint64 value);
TamgaPdfObject *tamga_pdf_new_number (TamgaPdfArena *arena, double value);
TamgaPdfObject *tamga_pdf_new_name (TamgaPdfArena *arena, const char *name);
TamgaPdfObject *tamga_pdf_new_string (TamgaPdfArena *arena, gconstpointer data, gsize length,
                                      gboolean hex);
/* A text string (7.9.2.2): as it is where ASCII, else UTF-16BE with its mark. */
TamgaPdfObject *tamga_pdf_new_text (TamgaPdfArena *arena, const char *utf8);
TamgaPdfObject *tamga_pdf_new_ref (TamgaPdfArena *arena, guint32 number, guint32 generation);
/* From PDF syntax that we write ourselves; a mistake in it is a broken invariant. */
TamgaPdfObject *tamga_pdf_new_parsed (TamgaPdfArena *arena, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
TamgaPdfObject *tamga_pdf_clone (TamgaPdfArena *arena, const TamgaPdfObject *object);

void tamga_pdf_array_append (TamgaPdfArena *arena, TamgaPdfObject *array, TamgaPdfObject *item);
void tamga_pdf_dict_set (TamgaPdfArena *arena, TamgaPdfObject *dict, const char *key,
                         TamgaPdfObject *value);
void tamga_pdf_dict_remove (TamgaPdfObject *dict, const char *key);
/* The value as it stands (a reference stays one); tamga_pdf_null when absent or not a dictionary.
 */
TamgaPdfObject *tamga_pdf_key (const TamgaPdfObject *dict, const char *key);
gboolean tamga_pdf_is_name (const TamgaPdfObject *object, const char *name);
gboolean tamga_pdf_is_dict (const TamgaPdfObject *object); /* dictionary or stream */
gboolean tamga_pdf_is_ref_to (const TamgaPdfObject *object, guint32 number);
/* INTEGER and REAL as a double, else 0. */
double tamga_pdf_number (const TamgaPdfObject *object);
/* A text string as UTF-8 (PDFDocEncoding, UTF-16BE, UTF-8 with mark); NULL when not a string. */
char *tamga_pdf_text (const TamgaPdfObject *object);

/* Text in PDFDocEncoding (annex D.3); NULL where it has other characters. */
GBytes *tamga_pdf_doc_encode (const char *utf8, gsize length);

/* Same value: keys in any order, references by number. Positions do not count; data of streams
 * neither. */
gboolean tamga_pdf_equal (const TamgaPdfObject *a, const TamgaPdfObject *b);
/* Has any dictionary of the tree a key twice? Readers differ on which one counts. */
gboolean tamga_pdf_has_duplicates (const TamgaPdfObject *object);
/* Appends the PDF syntax. */
void tamga_pdf_write (GString *out, const TamgaPdfObject *object);
/* Calls back for every reference in the tree. */
typedef void (*TamgaPdfVisit) (const TamgaPdfObject *ref, gpointer data);
void tamga_pdf_foreach_ref (const TamgaPdfObject *object, TamgaPdfVisit visit, gpointer data);
