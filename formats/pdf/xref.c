/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cross-reference sections and the revisions they make (ISO 32000-1 7.5.4 to 7.5.8). */
#include "formats/pdf/file.h"

#include <string.h>

#include "formats/limits.h"

#define CHUNK 65536u

static gboolean malformed (GError **error, const char *what, guint64 position)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "the PDF is damaged: %s at byte %" G_GUINT64_FORMAT, what, position);
    return FALSE;
}

static gboolean read_header (TamgaPdf *pdf, GError **error)
{
    char buffer[1024 + 8] = "";
    gsize length = (gsize)MIN (pdf->size, sizeof buffer - 8);
    if (!tamga_document_read (pdf->document, 0, buffer, length, error))
        return FALSE;
    const char *found = memmem (buffer, length, "%PDF-", 5);
    if (found == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT,
                     "%s is not a PDF: its first 1024 bytes have no %%PDF- (ISO 32000-1 7.5.2)",
                     tamga_document_name (pdf->document));
        return FALSE;
    }
    pdf->header = (guint64)(found - buffer);
    pdf->minor = g_ascii_isdigit (found[7]) ? (guint)(found[7] - '0') : 0;
    if (found[5] == '2')
        pdf->minor = 20;
    return TRUE;
}

/* Position of the last "startxref" of the file. */
static gboolean find_startxref (TamgaPdf *pdf, guint64 *position, GError **error)
{
    static const char word[] = "startxref";
    gsize size = sizeof word - 1;
    g_autofree char *buffer = g_malloc (CHUNK + size);
    guint64 end = pdf->size;
    gsize chunk = 2048;
    while (end > 0) {
        guint64 begin = end > chunk ? end - chunk : 0;
        gsize length = (gsize)MIN (end - begin + size, pdf->size - begin);
        if (!tamga_document_read (pdf->document, begin, buffer, length, error))
            return FALSE;
        for (gsize i = length >= size ? length - size + 1 : 0; i > 0; i--) {
            if (buffer[i - 1] == 's' && memcmp (buffer + i - 1, word, size) == 0) {
                *position = begin + i - 1;
                return TRUE;
            }
        }
        end = begin;
        chunk = CHUNK;
    }
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "%s is a truncated PDF: it has no startxref (ISO 32000-1 7.5.5)",
                 tamga_document_name (pdf->document));
    return FALSE;
}

/* "startxref N %%EOF" at or shortly after `position`. FALSE when it is not there. */
static gboolean read_ending (TamgaPdf *pdf, guint64 position, guint64 *value, guint64 *eof,
                             guint64 *end)
{
    char buffer[2048];
    if (position >= pdf->size)
        return FALSE;
    gsize length = (gsize)MIN (sizeof buffer, pdf->size - position);
    if (!tamga_document_read (pdf->document, position, buffer, length, NULL))
        return FALSE;
    const char *found = memmem (buffer, length, "startxref", 9);
    if (found == NULL)
        return FALSE;
    gsize at = (gsize)(found - buffer) + 9, digits = 0;
    guint64 number = 0;
    while (at < length && tamga_pdf_is_space (buffer[at]))
        at++;
    for (; at < length && g_ascii_isdigit (buffer[at]) && digits < 18; at++, digits++)
        number = number * 10 + (guint64)(buffer[at] - '0');
    while (at < length && tamga_pdf_is_space (buffer[at]))
        at++;
    if (digits == 0)
        return FALSE;
    *value = number;
    if (length - at < 5 || memcmp (buffer + at, "%%EOF", 5) != 0)
        return FALSE;
    at += 5;
    *eof = position + at;
    if (at < length && buffer[at] == '\r')
        at++;
    if (at < length && buffer[at] == '\n')
        at++;
    *end = position + at;
    return TRUE;
}

/* A window that slides over the entries of a table. */
typedef struct {
    TamgaPdf *pdf;
    guint64 position;
    gsize length, at;
    char buffer[CHUNK];
} Reader;

/* Makes `n` bytes available where the file has them. */
static void ensure (Reader *reader, gsize n)
{
    if (reader->length - reader->at >= n)
        return;
    reader->position += reader->at;
    reader->at = 0;
    guint64 left = reader->pdf->size - MIN (reader->position, reader->pdf->size);
    reader->length = (gsize)MIN (left, CHUNK);
    if (!tamga_document_read (reader->pdf->document, reader->position, reader->buffer,
                              reader->length, NULL))
        reader->length = 0;
}

static void skip_space (Reader *reader)
{
    for (;;) {
        ensure (reader, 1);
        if (reader->at >= reader->length || !tamga_pdf_is_space (reader->buffer[reader->at]))
            return;
        reader->at++;
    }
}

static gboolean read_unsigned (Reader *reader, guint64 *value)
{
    skip_space (reader);
    ensure (reader, 24);
    gsize digits = 0;
    guint64 result = 0;
    for (; reader->at < reader->length && g_ascii_isdigit (reader->buffer[reader->at]);
         reader->at++, digits++) {
        if (digits >= 18)
            return FALSE;
        result = result * 10 + (guint64)(reader->buffer[reader->at] - '0');
    }
    *value = result;
    return digits > 0;
}

static gboolean read_word (Reader *reader, const char *word)
{
    skip_space (reader);
    ensure (reader, 16);
    gsize length = strlen (word);
    if (reader->length - reader->at < length ||
        memcmp (reader->buffer + reader->at, word, length) != 0)
        return FALSE;
    reader->at += length;
    return TRUE;
}

static gboolean read_subsection (Reader *reader, GArray *entries)
{
    guint64 first, count;
    if (!read_unsigned (reader, &first) || !read_unsigned (reader, &count) ||
        first > TAMGA_MAX_PDF_OBJECTS || count > TAMGA_MAX_PDF_OBJECTS - first)
        return FALSE;
    for (guint64 i = 0; i < count; i++) {
        guint64 offset, generation;
        if (!read_unsigned (reader, &offset) || !read_unsigned (reader, &generation) ||
            generation > 65535)
            return FALSE;
        gboolean used = read_word (reader, "n");
        if (!used && !read_word (reader, "f"))
            return FALSE;
        TamgaPdfXref entry = {.number = (guint32)(first + i),
                              .generation = (guint32)generation,
                              .offset = offset,
                              .type = used && offset != 0};
        g_array_append_val (entries, entry);
    }
    return TRUE;
}

static int by_number (gconstpointer a, gconstpointer b)
{
    const TamgaPdfXref *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static gboolean same_entry (const TamgaPdfXref *a, const TamgaPdfXref *b)
{
    return a->type == b->type && a->offset == b->offset && a->generation == b->generation;
}

/* Sorts, and refuses a number that is listed twice with different places: readers differ on which
 * one counts. */
static gboolean finish_entries (TamgaPdfSection *section, GArray *entries, GError **error)
{
    g_array_sort (entries, by_number);
    TamgaPdfXref *list = (TamgaPdfXref *)(void *)entries->data;
    gsize n = 0;
    for (gsize i = 0; i < entries->len; i++) {
        if (n > 0 && list[n - 1].number == list[i].number) {
            if (!same_entry (&list[n - 1], &list[i]) && list[i].number != 0)
                return malformed (error, "an object is listed twice in the cross-reference section",
                                  section->offset);
            continue;
        }
        list[n++] = list[i];
    }
    section->n = n;
    section->entries = n > 0 ? g_memdup2 (list, n * sizeof *list) : NULL;
    return TRUE;
}

/* A dictionary that stands alone, at `position`. */
static TamgaPdfObject *read_trailer (TamgaPdf *pdf, guint64 position, guint64 *end, GError **error)
{
    for (gsize window = 2048; position < pdf->size; window *= 8) {
        gsize length = (gsize)MIN (window, pdf->size - position);
        g_autofree char *buffer = g_malloc (length);
        if (!tamga_document_read (pdf->document, position, buffer, length, error))
            return NULL;
        TamgaPdfParser parser = {.arena = pdf->arena,
                                 .data = buffer,
                                 .length = length,
                                 .base = position,
                                 .final = position + length == pdf->size};
        TamgaPdfObject *object = NULL;
        TamgaPdfParse status = tamga_pdf_parse (&parser, &object);
        if (status == TAMGA_PDF_PARSE_OK && object->type == TAMGA_PDF_DICT) {
            *end = position + parser.at;
            return object;
        }
        if (status != TAMGA_PDF_PARSE_MORE || window > 16u * 1024 * 1024)
            break;
    }
    malformed (error, "the trailer is not a dictionary (ISO 32000-1 7.5.5)", position);
    return NULL;
}

static gboolean read_table (TamgaPdf *pdf, TamgaPdfSection *section, GError **error)
{
    g_autofree Reader *reader = g_new0 (Reader, 1);
    reader->pdf = pdf;
    reader->position = section->offset;
    g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (TamgaPdfXref));
    if (!read_word (reader, "xref"))
        return malformed (error, "there is no cross-reference section", section->offset);
    while (!read_word (reader, "trailer")) {
        if (!read_subsection (reader, entries))
            return malformed (error, "the cross-reference table is broken (ISO 32000-1 7.5.4)",
                              reader->position + reader->at);
    }
    section->trailer = read_trailer (pdf, reader->position + reader->at, &section->end, error);
    return section->trailer != NULL && finish_entries (section, entries, error);
}

static guint64 field_value (const guint8 *data, gint64 width)
{
    guint64 value = 0;
    for (gint64 i = 0; i < width; i++)
        value = value << 8 | data[i];
    return value;
}

/* The widths of /W: three small numbers. */
static gboolean read_widths (TamgaPdfObject *dict, gint64 *widths)
{
    TamgaPdfObject *w = tamga_pdf_key (dict, "W");
    if (w->type != TAMGA_PDF_ARRAY || w->array.n < 3)
        return FALSE;
    for (gsize i = 0; i < 3; i++) {
        TamgaPdfObject *item = w->array.items[i];
        if (item->type != TAMGA_PDF_INTEGER || item->integer < 0 || item->integer > 8)
            return FALSE;
        widths[i] = item->integer;
    }
    return widths[0] + widths[1] + widths[2] > 0;
}

static gboolean append_rows (GArray *entries, const guint8 *data, const gint64 *widths,
                             gint64 first, gint64 count)
{
    gint64 size = widths[0] + widths[1] + widths[2];
    for (gint64 i = 0; i < count; i++, data += size) {
        guint64 type = widths[0] > 0 ? field_value (data, widths[0]) : 1;
        guint64 second = field_value (data + widths[0], widths[1]);
        guint64 third = field_value (data + widths[0] + widths[1], widths[2]);
        if (third > G_MAXUINT32)
            return FALSE;
        TamgaPdfXref entry = {.number = (guint32)(first + i),
                              .generation = (guint32)third,
                              .offset = second,
                              .type = type > 2 ? 0 : (guint8)type};
        if (entry.type == 1 && second == 0)
            entry.type = 0;
        g_array_append_val (entries, entry);
    }
    return TRUE;
}

static gboolean stream_entries (TamgaPdfObject *dict, GBytes *bytes, GArray *entries)
{
    gint64 widths[3];
    gsize length, at = 0;
    const guint8 *data = g_bytes_get_data (bytes, &length);
    TamgaPdfObject *index = tamga_pdf_key (dict, "Index");
    TamgaPdfObject *size = tamga_pdf_key (dict, "Size");
    if (!read_widths (dict, widths) || size->type != TAMGA_PDF_INTEGER)
        return FALSE;
    gsize row = (gsize)(widths[0] + widths[1] + widths[2]);
    gsize pairs = index->type == TAMGA_PDF_ARRAY ? index->array.n / 2 : 1;
    for (gsize i = 0; i < pairs; i++) {
        gint64 first = 0, count = size->integer;
        if (index->type == TAMGA_PDF_ARRAY) {
            if (index->array.items[2 * i]->type != TAMGA_PDF_INTEGER ||
                index->array.items[2 * i + 1]->type != TAMGA_PDF_INTEGER)
                return FALSE;
            first = index->array.items[2 * i]->integer;
            count = index->array.items[2 * i + 1]->integer;
        }
        if (first < 0 || count < 0 || first > TAMGA_MAX_PDF_OBJECTS ||
            count > TAMGA_MAX_PDF_OBJECTS - first || (gsize)count > (length - at) / row ||
            !append_rows (entries, data + at, widths, first, count))
            return FALSE;
        at += (gsize)count * row;
    }
    return TRUE;
}

static gboolean read_stream (TamgaPdf *pdf, TamgaPdfSection *section, GError **error)
{
    TamgaPdfRevision none = {.pdf = pdf, .top = G_MAXUINT, .trailer = tamga_pdf_null};
    TamgaPdfObject *stream =
        tamga_pdf_read_indirect (pdf, section->offset, 0, 0, &section->end, error);
    if (stream == NULL || stream->type != TAMGA_PDF_STREAM ||
        !tamga_pdf_is_name (tamga_pdf_key (stream, "Type"), "XRef")) {
        g_clear_error (error);
        return malformed (error, "there is no cross-reference section", section->offset);
    }
    section->stream = TRUE;
    section->trailer = stream;
    gsize limit = (gsize)TAMGA_MAX_PDF_OBJECTS * 24;
    g_autoptr (GBytes) bytes = tamga_pdf_stream_data (&none, stream, limit, error);
    if (bytes == NULL)
        return FALSE;
    TamgaPdfObject *length = tamga_pdf_key (stream, "Length");
    section->end = stream->dict.data + (guint64)length->integer;
    g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (TamgaPdfXref));
    if (!stream_entries (stream, bytes, entries))
        return malformed (error, "the cross-reference stream is broken (ISO 32000-1 7.5.8)",
                          section->offset);
    return finish_entries (section, entries, error);
}

static TamgaPdfSection *read_section (TamgaPdf *pdf, guint64 offset, GError **error)
{
    TamgaPdfSection *section = g_new0 (TamgaPdfSection, 1);
    section->offset = offset;
    g_ptr_array_add (pdf->sections, section);
    char start[16] = "";
    if (offset >= pdf->size) {
        malformed (error, "startxref or /Prev points outside the file", offset);
        return NULL;
    }
    gsize length = (gsize)MIN (sizeof start - 1, pdf->size - offset);
    if (!tamga_document_read (pdf->document, offset, start, length, error))
        return NULL;
    const char *at = start;
    while (*at != '\0' && tamga_pdf_is_space (*at))
        at++;
    gboolean table = strncmp (at, "xref", 4) == 0;
    if (!(table ? read_table (pdf, section, error) : read_stream (pdf, section, error)))
        return NULL;
    TamgaPdfObject *prev = tamga_pdf_key (section->trailer, "Prev");
    if (prev->type == TAMGA_PDF_INTEGER && prev->integer >= 0) {
        section->has_prev = TRUE;
        section->prev = (guint64)prev->integer + pdf->header;
    } else if (prev->type != TAMGA_PDF_NULL) {
        malformed (error, "/Prev of the trailer is not a number (ISO 32000-1 7.5.5)", offset);
        return NULL;
    }
    return section;
}

/* Hybrid files (7.5.8.4): entries of the stream fill what the table calls free or leaves out. */
static gboolean merge_hybrid (TamgaPdf *pdf, TamgaPdfSection *table, guint64 offset, GError **error)
{
    TamgaPdfSection *hidden = read_section (pdf, offset, error);
    if (hidden == NULL)
        return FALSE;
    pdf->hybrid = TRUE;
    g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (TamgaPdfXref));
    gsize i = 0, k = 0;
    while (i < table->n || k < hidden->n) {
        const TamgaPdfXref *a = i < table->n ? &table->entries[i] : NULL;
        const TamgaPdfXref *b = k < hidden->n ? &hidden->entries[k] : NULL;
        gboolean both = a != NULL && b != NULL && a->number == b->number;
        const TamgaPdfXref *use = both ? (a->type != 0 ? a : b)
                                  : b == NULL || (a != NULL && a->number < b->number) ? a
                                                                                      : b;
        g_array_append_vals (entries, use, 1);
        i += both || use == a;
        k += both || use == b;
    }
    g_free (table->entries);
    table->n = entries->len;
    table->entries = (TamgaPdfXref *)(void *)g_array_free (g_steal_pointer (&entries), FALSE);
    g_ptr_array_remove_index (pdf->sections, pdf->sections->len - 1);
    return TRUE;
}

static gboolean read_chain (TamgaPdf *pdf, GError **error)
{
    g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
    guint64 offset = pdf->startxref;
    for (;;) {
        gint64 key = (gint64)offset;
        if (!g_hash_table_add (seen, g_memdup2 (&key, sizeof key)))
            return malformed (error, "the chain of cross-reference sections is a loop", offset);
        if (pdf->sections->len >= TAMGA_MAX_PDF_REVISIONS) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "the PDF has more than %u revisions", TAMGA_MAX_PDF_REVISIONS);
            return FALSE;
        }
        TamgaPdfSection *section = read_section (pdf, offset, error);
        if (section == NULL)
            return FALSE;
        TamgaPdfObject *hidden = tamga_pdf_key (section->trailer, "XRefStm");
        if (!section->stream && hidden->type == TAMGA_PDF_INTEGER && hidden->integer >= 0 &&
            !merge_hybrid (pdf, section, pdf->header + (guint64)hidden->integer, error))
            return FALSE;
        if (!section->has_prev)
            return TRUE;
        offset = section->prev;
    }
}

/* Revisions from the chain. Two sections make one revision only where the older lies behind the
 * newer: a linearized file (annex F.3). */
static gboolean make_revisions (TamgaPdf *pdf, GError **error)
{
    for (guint i = 0; i < pdf->sections->len; i++) {
        TamgaPdfSection *section = pdf->sections->pdata[i];
        TamgaPdfSection *last = section;
        guint top = i;
        if (i + 1 < pdf->sections->len) {
            TamgaPdfSection *next = pdf->sections->pdata[i + 1];
            if (next->offset > section->offset) {
                if (i + 2 != pdf->sections->len)
                    return malformed (error, "the chain of cross-reference sections runs forward",
                                      section->offset);
                pdf->linearized = TRUE;
                last = next;
                i++;
            }
        }
        TamgaPdfRevision *revision = g_new0 (TamgaPdfRevision, 1);
        revision->pdf = pdf;
        revision->top = top;
        revision->trailer = section->trailer;
        guint64 value = 0;
        if (!read_ending (pdf, last->end, &value, &revision->eof, &revision->end) ||
            value + pdf->header != section->offset)
            revision->eof = revision->end = 0;
        g_ptr_array_insert (pdf->revisions, 0, revision);
    }
    for (guint i = 0; i < pdf->revisions->len; i++)
        ((TamgaPdfRevision *)pdf->revisions->pdata[i])->number = i + 1;
    return TRUE;
}

/* What lies behind the last revision: an update without cross-reference section, or junk. */
static gboolean measure_tail (TamgaPdf *pdf, guint64 after, GError **error)
{
    g_autofree char *buffer = g_malloc (CHUNK);
    while (after < pdf->size) {
        gsize length = (gsize)MIN (CHUNK, pdf->size - after);
        if (!tamga_document_read (pdf->document, after, buffer, length, error))
            return FALSE;
        for (gsize i = 0; i < length; i++) {
            if (!tamga_pdf_is_space (buffer[i])) {
                pdf->tail = pdf->size - after - i;
                return TRUE;
            }
        }
        after += length;
    }
    return TRUE;
}

gboolean tamga_pdf_read_sections (TamgaPdf *pdf, GError **error)
{
    guint64 position = 0, value = 0, eof = 0, end = 0;
    if (!read_header (pdf, error) || !find_startxref (pdf, &position, error))
        return FALSE;
    gboolean complete = read_ending (pdf, position, &value, &eof, &end);
    if (!complete && value == 0)
        return malformed (error, "startxref has no number: the file is truncated", position);
    pdf->startxref = pdf->header + value;
    if (!read_chain (pdf, error) || !make_revisions (pdf, error))
        return FALSE;
    const TamgaPdfRevision *latest = tamga_pdf_latest (pdf);
    if (tamga_pdf_key (latest->trailer, "Root")->type != TAMGA_PDF_REF)
        return malformed (error, "the trailer has no /Root (ISO 32000-1 7.5.5)", pdf->startxref);
    if (!complete)
        pdf->tail = pdf->size - position; /* no %%EOF: cut off */
    else
        return measure_tail (pdf, eof, error);
    return TRUE;
}
