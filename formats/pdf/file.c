/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects of a file by number, read when they are asked for. */
#include "formats/pdf/file.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/pdf/crypt.h"

#define FIRST_WINDOW 1024u
#define MAX_OBJECT (2u * TAMGA_MAX_PDF_CONTENTS + 65536u)
#define MAX_OBJECT_STREAM (64u * 1024 * 1024)

/* Whose data lies at a position. */
typedef struct {
    gint64 position; /* first: the key of the hash table */
    guint32 number, generation;
} Owner;

/* A decoded object stream (7.5.7). */
typedef struct {
    GBytes *bytes;
    gsize first, n;
    guint32 *numbers;
    gsize *offsets;
    TamgaPdfObject **objects;
} Container;

static void container_free (gpointer data)
{
    Container *container = data;
    if (container == NULL)
        return;
    g_clear_pointer (&container->bytes, g_bytes_unref);
    g_free (container->numbers);
    g_free (container->offsets);
    g_free (container->objects);
    g_free (container);
}

static void section_free (gpointer data)
{
    TamgaPdfSection *section = data;
    g_free (section->entries);
    g_free (section);
}

TamgaPdf *tamga_pdf_open (TamgaDocument *document, GBytes *password, GError **error)
{
    g_autoptr (TamgaPdf) pdf = g_new0 (TamgaPdf, 1);
    pdf->document = tamga_document_ref (document);
    pdf->size = tamga_document_size (document);
    pdf->arena = tamga_pdf_arena_new ();
    pdf->sections = g_ptr_array_new_with_free_func (section_free);
    pdf->revisions = g_ptr_array_new_with_free_func (g_free);
    pdf->objects = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
    pdf->owners = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
    pdf->containers = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, container_free);
    if (pdf->size > TAMGA_MAX_PDF_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s is larger than a PDF of %llu MiB", tamga_document_name (document),
                     TAMGA_MAX_PDF_SIZE >> 20);
        return NULL;
    }
    if (!tamga_pdf_read_sections (pdf, error) || !tamga_pdf_unlock (pdf, password, error))
        return NULL;
    return g_steal_pointer (&pdf);
}

void tamga_pdf_free (TamgaPdf *pdf)
{
    if (pdf == NULL)
        return;
    g_clear_pointer (&pdf->objects, g_hash_table_unref);
    g_clear_pointer (&pdf->owners, g_hash_table_unref);
    g_clear_pointer (&pdf->crypt, tamga_pdf_crypt_free);
    g_clear_pointer (&pdf->containers, g_hash_table_unref);
    g_clear_pointer (&pdf->revisions, g_ptr_array_unref);
    g_clear_pointer (&pdf->sections, g_ptr_array_unref);
    g_clear_pointer (&pdf->arena, tamga_pdf_arena_free);
    g_clear_pointer (&pdf->document, tamga_document_unref);
    g_clear_error (&pdf->error);
    g_free (pdf);
}

const TamgaPdfRevision *tamga_pdf_revision (TamgaPdf *pdf, guint number)
{
    g_assert (number >= 1 && number <= pdf->revisions->len);
    return pdf->revisions->pdata[number - 1];
}

const TamgaPdfRevision *tamga_pdf_latest (TamgaPdf *pdf)
{
    return tamga_pdf_revision (pdf, pdf->revisions->len);
}

gboolean tamga_pdf_failed (TamgaPdf *pdf, GError **error)
{
    if (pdf->error == NULL)
        return FALSE;
    if (error != NULL)
        *error = g_error_copy (pdf->error);
    return TRUE;
}

/* Keeps the first failure. */
static void fail (const TamgaPdfRevision *view, GError *error)
{
    TamgaPdf *pdf = view->pdf;
    if (pdf->error != NULL) {
        g_error_free (error);
        return;
    }
    pdf->error = error;
    pdf->error_revision = view->number;
}

static int compare_number (gconstpointer key, gconstpointer element)
{
    guint32 number = *(const guint32 *)key;
    const TamgaPdfXref *entry = element;
    return number < entry->number ? -1 : number > entry->number;
}

const TamgaPdfXref *tamga_pdf_lookup (const TamgaPdfRevision *view, guint32 number)
{
    GPtrArray *sections = view->pdf->sections;
    for (guint i = view->top; i < sections->len; i++) {
        const TamgaPdfSection *section = sections->pdata[i];
        if (section->n == 0)
            continue;
        const TamgaPdfXref *entry = bsearch (&number, section->entries, section->n,
                                             sizeof *section->entries, compare_number);
        if (entry != NULL)
            return entry;
    }
    return NULL;
}

guint32 tamga_pdf_next_number (TamgaPdf *pdf)
{
    gint64 next = 1;
    for (guint i = 0; i < pdf->sections->len; i++) {
        const TamgaPdfSection *section = pdf->sections->pdata[i];
        TamgaPdfObject *size = tamga_pdf_key (section->trailer, "Size");
        if (size->type == TAMGA_PDF_INTEGER && size->integer <= TAMGA_MAX_PDF_OBJECTS)
            next = MAX (next, size->integer);
        if (section->n > 0)
            next = MAX (next, (gint64)section->entries[section->n - 1].number + 1);
    }
    return (guint32)next;
}

/* "N G obj" value, from a window; `*end` is where the value ends. */
static TamgaPdfParse parse_indirect (TamgaPdfParser *parser, guint32 expected, guint32 generation,
                                     TamgaPdfObject **object)
{
    guint64 number = 0, found = 0;
    TamgaPdfParse status = tamga_pdf_parse_unsigned (parser, &number);
    if (status == TAMGA_PDF_PARSE_OK)
        status = tamga_pdf_parse_unsigned (parser, &found);
    if (status == TAMGA_PDF_PARSE_OK)
        status = tamga_pdf_parse_keyword (parser, "obj");
    if (status != TAMGA_PDF_PARSE_OK)
        return status;
    if (expected != 0 && (number != expected || found != generation))
        return TAMGA_PDF_PARSE_BAD;
    tamga_pdf_parse_space (parser);
    gsize begin = parser->at;
    if (tamga_pdf_parse_keyword (parser, "endobj") == TAMGA_PDF_PARSE_OK) {
        parser->at = begin; /* an empty object is null */
        *object = tamga_pdf_new (parser->arena, TAMGA_PDF_NULL);
        return TAMGA_PDF_PARSE_OK;
    }
    status = tamga_pdf_parse (parser, object);
    if (status != TAMGA_PDF_PARSE_OK || (*object)->type != TAMGA_PDF_DICT)
        return status;
    gsize after = parser->at;
    status = tamga_pdf_parse_keyword (parser, "stream");
    if (status == TAMGA_PDF_PARSE_OK) {
        if (parser->length - parser->at < 2 && !parser->final)
            return TAMGA_PDF_PARSE_MORE;
        if (parser->at < parser->length && parser->data[parser->at] == '\r')
            parser->at++;
        if (parser->at < parser->length && parser->data[parser->at] == '\n')
            parser->at++;
        (*object)->type = TAMGA_PDF_STREAM;
        (*object)->dict.data = parser->base + parser->at;
        return TAMGA_PDF_PARSE_OK;
    }
    parser->at = after;
    return status == TAMGA_PDF_PARSE_MORE ? status : TAMGA_PDF_PARSE_OK;
}

TamgaPdfObject *tamga_pdf_read_indirect (TamgaPdf *pdf, guint64 position, guint32 expected,
                                         guint32 generation, guint64 *end, GError **error)
{
    TamgaPdfParse status = TAMGA_PDF_PARSE_BAD;
    gsize window = FIRST_WINDOW;
    while (position < pdf->size) {
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
        status = parse_indirect (&parser, expected, generation, &object);
        if (status == TAMGA_PDF_PARSE_OK) {
            if (end != NULL)
                *end = position + parser.at;
            return object;
        }
        if (status == TAMGA_PDF_PARSE_BAD || window >= MAX_OBJECT)
            break;
        window *= 8;
    }
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "object %u %u is not at byte %" G_GUINT64_FORMAT
                 ", where the cross-reference table says (ISO 32000-1 7.5.4)",
                 expected, generation, position);
    return NULL;
}

/* The numbers and offsets at the head of an object stream (7.5.7). */
static gboolean read_container_head (TamgaPdf *pdf, Container *container, TamgaPdfObject *dict)
{
    TamgaPdfObject *n = tamga_pdf_key (dict, "N"), *first = tamga_pdf_key (dict, "First");
    gsize length;
    const char *data = g_bytes_get_data (container->bytes, &length);
    if (n->type != TAMGA_PDF_INTEGER || first->type != TAMGA_PDF_INTEGER || n->integer < 0 ||
        n->integer > (gint64)length || first->integer < 0 || first->integer > (gint64)length)
        return FALSE;
    container->n = (gsize)n->integer;
    container->first = (gsize)first->integer;
    container->numbers = g_new0 (guint32, container->n);
    container->offsets = g_new0 (gsize, container->n);
    container->objects = g_new0 (TamgaPdfObject *, container->n);
    TamgaPdfParser parser = {.arena = pdf->arena,
                             .data = data,
                             .length = container->first,
                             .final = TRUE,
                             .plain = TRUE};
    for (gsize i = 0; i < container->n; i++) {
        guint64 number, offset;
        if (tamga_pdf_parse_unsigned (&parser, &number) != TAMGA_PDF_PARSE_OK ||
            tamga_pdf_parse_unsigned (&parser, &offset) != TAMGA_PDF_PARSE_OK ||
            number > G_MAXUINT32 || offset > length - container->first)
            return FALSE;
        container->numbers[i] = (guint32)number;
        container->offsets[i] = (gsize)offset;
    }
    return TRUE;
}

static Container *load_container (const TamgaPdfRevision *view, guint32 number)
{
    TamgaPdf *pdf = view->pdf;
    const TamgaPdfXref *entry = tamga_pdf_lookup (view, number);
    GError *error = NULL;
    if (entry == NULL || entry->type != 1) {
        g_set_error (&error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "object stream %u is missing (ISO 32000-1 7.5.7)", number);
        fail (view, error);
        return NULL;
    }
    gint64 key = (gint64)entry->offset;
    Container *container = g_hash_table_lookup (pdf->containers, &key);
    if (container != NULL)
        return container->objects != NULL ? container : NULL;
    container = g_new0 (Container, 1);
    g_hash_table_insert (pdf->containers, g_memdup2 (&key, sizeof key), container);
    TamgaPdfObject *stream = tamga_pdf_load (view, number, entry->generation);
    if (stream->type == TAMGA_PDF_STREAM &&
        tamga_pdf_is_name (tamga_pdf_key (stream, "Type"), "ObjStm"))
        container->bytes = tamga_pdf_stream_data (view, stream, MAX_OBJECT_STREAM, &error);
    if (container->bytes != NULL && read_container_head (pdf, container, stream))
        return container;
    g_clear_pointer (&container->objects, g_free);
    if (error == NULL)
        g_set_error (&error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "object stream %u is damaged (ISO 32000-1 7.5.7)", number);
    fail (view, error);
    return NULL;
}

static TamgaPdfObject *load_compressed (const TamgaPdfRevision *view, const TamgaPdfXref *entry)
{
    TamgaPdf *pdf = view->pdf;
    Container *container =
        entry->offset <= G_MAXUINT32 ? load_container (view, (guint32)entry->offset) : NULL;
    if (container == NULL)
        return tamga_pdf_null;
    gsize index = entry->generation;
    if (index >= container->n || container->numbers[index] != entry->number) {
        fail (view, g_error_new (TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                                 "object %u is not in object stream %" G_GUINT64_FORMAT
                                 " where the cross-reference stream says (ISO 32000-1 7.5.8.3)",
                                 entry->number, entry->offset));
        return tamga_pdf_null;
    }
    if (container->objects[index] != NULL)
        return container->objects[index];
    gsize length;
    const char *data = g_bytes_get_data (container->bytes, &length);
    gsize start = container->first + container->offsets[index];
    TamgaPdfParser parser = {.arena = pdf->arena,
                             .data = data + start,
                             .length = length - start,
                             .final = TRUE,
                             .plain = TRUE};
    TamgaPdfObject *object = tamga_pdf_null;
    if (tamga_pdf_parse (&parser, &object) != TAMGA_PDF_PARSE_OK) {
        object = tamga_pdf_null;
        fail (view, g_error_new (TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                                 "object %u in object stream %" G_GUINT64_FORMAT
                                 " is damaged (ISO 32000-1 7.5.7)",
                                 entry->number, entry->offset));
    }
    container->objects[index] = object;
    return object;
}

/* Decrypts the strings, and notes whose data a stream is: their key depends on it. */
static gboolean decrypt_object (TamgaPdf *pdf, TamgaPdfObject *object, guint32 number,
                                guint32 generation, GError **error)
{
    if (pdf->crypt == NULL)
        return TRUE;
    if (object->type == TAMGA_PDF_STREAM) {
        Owner owner = {(gint64)object->dict.data, number, generation};
        g_hash_table_add (pdf->owners, g_memdup2 (&owner, sizeof owner));
    }
    return tamga_pdf_crypt_strings (pdf, FALSE, object, number, generation, error);
}

TamgaPdfObject *tamga_pdf_load (const TamgaPdfRevision *view, guint32 number, guint32 generation)
{
    TamgaPdf *pdf = view->pdf;
    const TamgaPdfXref *entry = tamga_pdf_lookup (view, number);
    if (entry == NULL || entry->type == 0)
        return tamga_pdf_null;
    if (entry->type == 2)
        return generation == 0 ? load_compressed (view, entry) : tamga_pdf_null;
    if (entry->generation != generation)
        return tamga_pdf_null;
    gint64 key = (gint64)entry->offset;
    TamgaPdfObject *object = g_hash_table_lookup (pdf->objects, &key);
    if (object != NULL)
        return object;
    GError *error = NULL;
    object = tamga_pdf_read_indirect (pdf, pdf->header + entry->offset, number, generation, NULL,
                                      &error);
    if (object == NULL || !decrypt_object (pdf, object, number, generation, &error)) {
        fail (view, error);
        object = tamga_pdf_null;
    }
    g_hash_table_insert (pdf->objects, g_memdup2 (&key, sizeof key), object);
    return object;
}

TamgaPdfObject *tamga_pdf_resolve (const TamgaPdfRevision *view, TamgaPdfObject *object)
{
    for (guint i = 0; object->type == TAMGA_PDF_REF && i < 32; i++)
        object = tamga_pdf_load (view, object->ref.number, object->ref.generation);
    return object->type == TAMGA_PDF_REF ? tamga_pdf_null : object;
}

TamgaPdfObject *tamga_pdf_get (const TamgaPdfRevision *view, TamgaPdfObject *dict, const char *key)
{
    return tamga_pdf_resolve (view, tamga_pdf_key (tamga_pdf_resolve (view, dict), key));
}

TamgaPdfObject *tamga_pdf_item (const TamgaPdfRevision *view, TamgaPdfObject *array, gsize index)
{
    array = tamga_pdf_resolve (view, array);
    if (array->type != TAMGA_PDF_ARRAY || index >= array->array.n)
        return tamga_pdf_null;
    return tamga_pdf_resolve (view, array->array.items[index]);
}

TamgaPdfObject *tamga_pdf_catalog (const TamgaPdfRevision *view)
{
    return tamga_pdf_get (view, view->trailer, "Root");
}

GBytes *tamga_pdf_stream_raw (const TamgaPdfRevision *view, TamgaPdfObject *stream, gsize limit,
                              GError **error)
{
    TamgaPdfObject *length = tamga_pdf_get (view, stream, "Length");
    guint64 size = view->pdf->size;
    if (stream->type != TAMGA_PDF_STREAM || length->type != TAMGA_PDF_INTEGER ||
        length->integer < 0 || stream->dict.data > size ||
        (guint64)length->integer > size - stream->dict.data) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "a stream has no usable /Length (ISO 32000-1 7.3.8.2)");
        return NULL;
    }
    /* A stream that does not end with endstream is not where its dictionary says. */
    guint64 after = stream->dict.data + (guint64)length->integer;
    char tail[16] = "";
    gsize room = (gsize)MIN (sizeof tail - 1, size - after);
    if (!tamga_document_read (view->pdf->document, after, tail, room, error))
        return NULL;
    const char *at = tail;
    while (at < tail + 3 && (*at == '\r' || *at == '\n' || *at == ' '))
        at++;
    if (!g_str_has_prefix (at, "endstream")) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "the stream at byte %" G_GUINT64_FORMAT
                     " is not as long as its /Length (ISO 32000-1 7.3.8.2)",
                     stream->dict.data);
        return NULL;
    }
    GBytes *raw = tamga_document_bytes (view->pdf->document, stream->dict.data,
                                        (guint64)length->integer, limit, error);
    gint64 key = (gint64)stream->dict.data;
    const Owner *owner = g_hash_table_lookup (view->pdf->owners, &key);
    if (raw == NULL || owner == NULL)
        return raw;
    GBytes *plain =
        tamga_pdf_crypt_stream (view, FALSE, stream, owner->number, owner->generation, raw, error);
    g_bytes_unref (raw);
    return plain;
}

GBytes *tamga_pdf_stream_data (const TamgaPdfRevision *view, TamgaPdfObject *stream, gsize limit,
                               GError **error)
{
    g_autoptr (GBytes) raw = tamga_pdf_stream_raw (view, stream, limit, error);
    return raw != NULL ? tamga_pdf_filter (view, stream, raw, limit, error) : NULL;
}
