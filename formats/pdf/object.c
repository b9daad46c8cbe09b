/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects: memory, making, reading keys, comparing, writing. The parser is in parse.c. */
#include "formats/pdf/object.h"

#include <string.h>

#define BLOCK_SIZE (64u * 1024)

struct _TamgaPdfArena {
    GPtrArray *blocks;
    char *next;
    gsize left;
};

static TamgaPdfObject null_object = {.type = TAMGA_PDF_NULL};
TamgaPdfObject *const tamga_pdf_null = &null_object;

TamgaPdfArena *tamga_pdf_arena_new (void)
{
    TamgaPdfArena *arena = g_new0 (TamgaPdfArena, 1);
    arena->blocks = g_ptr_array_new_with_free_func (g_free);
    return arena;
}

void tamga_pdf_arena_free (TamgaPdfArena *arena)
{
    if (arena == NULL)
        return;
    g_ptr_array_unref (arena->blocks);
    g_free (arena);
}

static gpointer allocate (TamgaPdfArena *arena, gsize size)
{
    size = (size + 15) & ~(gsize)15;
    if (size > BLOCK_SIZE / 4) {
        gpointer block = g_malloc0 (size);
        g_ptr_array_add (arena->blocks, block);
        return block;
    }
    if (arena->left < size) {
        arena->next = g_malloc0 (BLOCK_SIZE);
        arena->left = BLOCK_SIZE;
        g_ptr_array_add (arena->blocks, arena->next);
    }
    gpointer result = arena->next;
    arena->next += size;
    arena->left -= size;
    return result;
}

TamgaPdfObject *tamga_pdf_new (TamgaPdfArena *arena, TamgaPdfType type)
{
    TamgaPdfObject *object = allocate (arena, sizeof *object);
    object->type = type;
    return object;
}

TamgaPdfObject *tamga_pdf_new_integer (TamgaPdfArena *arena, gint64 value)
{
    TamgaPdfObject *object = tamga_pdf_new (arena, TAMGA_PDF_INTEGER);
    object->integer = value;
    return object;
}

static TamgaPdfObject *new_bytes (TamgaPdfArena *arena, TamgaPdfType type, gconstpointer data,
                                  gsize length)
{
    TamgaPdfObject *object = tamga_pdf_new (arena, type);
    char *copy = allocate (arena, length + 1);
    if (length > 0)
        memcpy (copy, data, length);
    object->text.data = copy;
    object->text.length = length;
    return object;
}

TamgaPdfObject *tamga_pdf_new_number (TamgaPdfArena *arena, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd (text, sizeof text, "%.4f", value);
    char *end = text + strlen (text);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        *--end = '\0';
    if (strchr (text, '.') == NULL)
        return tamga_pdf_new_integer (arena, g_ascii_strtoll (text, NULL, 10));
    return new_bytes (arena, TAMGA_PDF_REAL, text, strlen (text));
}

TamgaPdfObject *tamga_pdf_new_name (TamgaPdfArena *arena, const char *name)
{
    return new_bytes (arena, TAMGA_PDF_NAME, name, strlen (name));
}

TamgaPdfObject *tamga_pdf_new_string (TamgaPdfArena *arena, gconstpointer data, gsize length,
                                      gboolean hex)
{
    TamgaPdfObject *object = new_bytes (arena, TAMGA_PDF_STRING, data, length);
    object->hex = hex;
    return object;
}

TamgaPdfObject *tamga_pdf_new_text (TamgaPdfArena *arena, const char *utf8)
{
    if (g_str_is_ascii (utf8))
        return tamga_pdf_new_string (arena, utf8, strlen (utf8), FALSE);
    g_autofree char *valid = g_utf8_make_valid (utf8, -1);
    glong units = 0;
    g_autofree gunichar2 *utf16 = g_utf8_to_utf16 (valid, -1, NULL, &units, NULL);
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    g_byte_array_append (bytes, (const guint8 *)"\xFE\xFF", 2);
    for (glong i = 0; i < units; i++) {
        guint8 unit[2] = {(guint8)(utf16[i] >> 8), (guint8)utf16[i]};
        g_byte_array_append (bytes, unit, 2);
    }
    return tamga_pdf_new_string (arena, bytes->data, bytes->len, TRUE);
}

TamgaPdfObject *tamga_pdf_new_ref (TamgaPdfArena *arena, guint32 number, guint32 generation)
{
    TamgaPdfObject *object = tamga_pdf_new (arena, TAMGA_PDF_REF);
    object->ref.number = number;
    object->ref.generation = generation;
    return object;
}

TamgaPdfObject *tamga_pdf_new_parsed (TamgaPdfArena *arena, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    TamgaPdfParser parser = {
        .arena = arena, .data = text, .length = strlen (text), .final = TRUE, .plain = TRUE};
    TamgaPdfObject *object = NULL;
    TamgaPdfParse status = tamga_pdf_parse (&parser, &object);
    g_assert (status == TAMGA_PDF_PARSE_OK);
    return object;
}

TamgaPdfObject *tamga_pdf_clone (TamgaPdfArena *arena, const TamgaPdfObject *object)
{
    TamgaPdfObject *copy;
    switch (object->type) {
    case TAMGA_PDF_STRING:
    case TAMGA_PDF_NAME:
    case TAMGA_PDF_REAL:
        copy = new_bytes (arena, object->type, object->text.data, object->text.length);
        copy->hex = object->hex;
        return copy;
    case TAMGA_PDF_ARRAY:
        copy = tamga_pdf_new (arena, object->type);
        for (gsize i = 0; i < object->array.n; i++)
            tamga_pdf_array_append (arena, copy, tamga_pdf_clone (arena, object->array.items[i]));
        return copy;
    case TAMGA_PDF_DICT:
    case TAMGA_PDF_STREAM:
        copy = tamga_pdf_new (arena, object->type);
        for (gsize i = 0; i < object->dict.n; i++)
            tamga_pdf_dict_set (arena, copy, object->dict.entries[i].key,
                                tamga_pdf_clone (arena, object->dict.entries[i].value));
        copy->dict.data = object->dict.data;
        return copy;
    default:
        copy = tamga_pdf_new (arena, object->type);
        *copy = *object;
        copy->start = copy->end = 0;
        return copy;
    }
}

void tamga_pdf_array_append (TamgaPdfArena *arena, TamgaPdfObject *array, TamgaPdfObject *item)
{
    g_assert (array->type == TAMGA_PDF_ARRAY);
    if (array->array.n == array->array.room) {
        gsize room = MAX (4, array->array.room * 2);
        TamgaPdfObject **items = allocate (arena, room * sizeof (TamgaPdfObject *));
        if (array->array.n > 0)
            memcpy (items, array->array.items, array->array.n * sizeof (TamgaPdfObject *));
        array->array.items = items;
        array->array.room = room;
    }
    array->array.items[array->array.n++] = item;
}

void tamga_pdf_dict_set (TamgaPdfArena *arena, TamgaPdfObject *dict, const char *key,
                         TamgaPdfObject *value)
{
    g_assert (tamga_pdf_is_dict (dict));
    for (gsize i = 0; i < dict->dict.n; i++) {
        if (strcmp (dict->dict.entries[i].key, key) == 0) {
            dict->dict.entries[i].value = value;
            return;
        }
    }
    if (dict->dict.n == dict->dict.room) {
        gsize room = MAX (8, dict->dict.room * 2);
        TamgaPdfEntry *entries = allocate (arena, room * sizeof *entries);
        if (dict->dict.n > 0)
            memcpy (entries, dict->dict.entries, dict->dict.n * sizeof *entries);
        dict->dict.entries = entries;
        dict->dict.room = room;
    }
    char *copy = allocate (arena, strlen (key) + 1);
    memcpy (copy, key, strlen (key));
    dict->dict.entries[dict->dict.n++] = (TamgaPdfEntry){.key = copy, .value = value};
}

void tamga_pdf_dict_remove (TamgaPdfObject *dict, const char *key)
{
    for (gsize i = 0; i < dict->dict.n; i++) {
        if (strcmp (dict->dict.entries[i].key, key) != 0)
            continue;
        memmove (dict->dict.entries + i, dict->dict.entries + i + 1,
                 (dict->dict.n - i - 1) * sizeof *dict->dict.entries);
        dict->dict.n--;
        return;
    }
}

gboolean tamga_pdf_is_dict (const TamgaPdfObject *object)
{
    return object->type == TAMGA_PDF_DICT || object->type == TAMGA_PDF_STREAM;
}

TamgaPdfObject *tamga_pdf_key (const TamgaPdfObject *dict, const char *key)
{
    if (!tamga_pdf_is_dict (dict))
        return tamga_pdf_null;
    for (gsize i = 0; i < dict->dict.n; i++) {
        if (strcmp (dict->dict.entries[i].key, key) == 0)
            return dict->dict.entries[i].value;
    }
    return tamga_pdf_null;
}

gboolean tamga_pdf_is_name (const TamgaPdfObject *object, const char *name)
{
    return object->type == TAMGA_PDF_NAME && strcmp (object->text.data, name) == 0;
}

gboolean tamga_pdf_is_ref_to (const TamgaPdfObject *object, guint32 number)
{
    return object->type == TAMGA_PDF_REF && object->ref.number == number;
}

double tamga_pdf_number (const TamgaPdfObject *object)
{
    if (object->type == TAMGA_PDF_INTEGER)
        return (double)object->integer;
    if (object->type == TAMGA_PDF_REAL)
        return g_ascii_strtod (object->text.data, NULL);
    return 0;
}

/* PDFDocEncoding where it is not Latin-1 (ISO 32000-1 annex D.3). */
static gunichar pdf_doc_char (guint8 c)
{
    static const guint16 low[] = {0x02D8, 0x02C7, 0x02C6, 0x02D9, 0x02DD, 0x02DB, 0x02DA, 0x02DC};
    static const guint16 high[] = {
        0x2022, 0x2020, 0x2021, 0x2026, 0x2014, 0x2013, 0x0192, 0x2044, 0x2039, 0x203A, 0x2212,
        0x2030, 0x201E, 0x201C, 0x201D, 0x2018, 0x2019, 0x201A, 0x2122, 0xFB01, 0xFB02, 0x0141,
        0x0152, 0x0160, 0x0178, 0x017D, 0x0131, 0x0142, 0x0153, 0x0161, 0x017E, 0xFFFD, 0x20AC};
    if (c >= 0x18 && c <= 0x1F)
        return low[c - 0x18];
    if (c >= 0x80 && c <= 0xA0)
        return high[c - 0x80];
    return c == 0 ? 0xFFFD : c;
}

char *tamga_pdf_text (const TamgaPdfObject *object)
{
    if (object->type != TAMGA_PDF_STRING)
        return NULL;
    const guint8 *data = (const guint8 *)object->text.data;
    gsize length = object->text.length;
    if (length >= 2 && data[0] == 0xFE && data[1] == 0xFF) {
        char *text =
            g_convert_with_fallback ((const char *)data + 2, (gssize)((length - 2) & ~1u), "UTF-8",
                                     "UTF-16BE", "\xEF\xBF\xBD", NULL, NULL, NULL);
        if (text != NULL)
            return text;
    }
    if (length >= 3 && memcmp (data, "\xEF\xBB\xBF", 3) == 0)
        return g_utf8_make_valid ((const char *)data + 3, (gssize)length - 3);
    GString *text = g_string_new (NULL);
    for (gsize i = 0; i < length; i++)
        g_string_append_unichar (text, pdf_doc_char (data[i]));
    return g_string_free (text, FALSE);
}

GBytes *tamga_pdf_doc_encode (const char *utf8, gsize length)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    for (const char *at = utf8; at < utf8 + length; at = g_utf8_next_char (at)) {
        gunichar character = g_utf8_get_char (at);
        guint c = 1;
        while (c < 256 && pdf_doc_char ((guint8)c) != character)
            c++;
        if (c == 256 || character == 0xFFFD)
            return NULL;
        guint8 byte = (guint8)c;
        g_byte_array_append (out, &byte, 1);
    }
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

static gboolean is_number (const TamgaPdfObject *object)
{
    return object->type == TAMGA_PDF_INTEGER || object->type == TAMGA_PDF_REAL;
}

static gboolean dict_equal (const TamgaPdfObject *a, const TamgaPdfObject *b)
{
    if (a->dict.n != b->dict.n)
        return FALSE;
    for (gsize i = 0; i < a->dict.n; i++) {
        const TamgaPdfEntry *entry = &a->dict.entries[i];
        const TamgaPdfObject *other = tamga_pdf_key (b, entry->key);
        if (other == tamga_pdf_null || !tamga_pdf_equal (entry->value, other))
            return FALSE;
    }
    return TRUE;
}

gboolean tamga_pdf_equal (const TamgaPdfObject *a, const TamgaPdfObject *b)
{
    if (a == b)
        return TRUE;
    if (is_number (a) && is_number (b))
        return tamga_pdf_number (a) == tamga_pdf_number (b);
    if (a->type != b->type)
        return FALSE;
    switch (a->type) {
    case TAMGA_PDF_NULL:
        return TRUE;
    case TAMGA_PDF_BOOLEAN:
    case TAMGA_PDF_INTEGER:
        return a->integer == b->integer;
    case TAMGA_PDF_REAL:
        return tamga_pdf_number (a) == tamga_pdf_number (b);
    case TAMGA_PDF_STRING:
    case TAMGA_PDF_NAME:
        return a->text.length == b->text.length &&
               memcmp (a->text.data, b->text.data, a->text.length) == 0;
    case TAMGA_PDF_ARRAY:
        if (a->array.n != b->array.n)
            return FALSE;
        for (gsize i = 0; i < a->array.n; i++) {
            if (!tamga_pdf_equal (a->array.items[i], b->array.items[i]))
                return FALSE;
        }
        return TRUE;
    case TAMGA_PDF_DICT:
    case TAMGA_PDF_STREAM:
        return dict_equal (a, b);
    case TAMGA_PDF_REF:
        return a->ref.number == b->ref.number && a->ref.generation == b->ref.generation;
    }
    return FALSE;
}

gboolean tamga_pdf_has_duplicates (const TamgaPdfObject *object)
{
    gboolean found = object->duplicates;
    for (gsize i = 0; object->type == TAMGA_PDF_ARRAY && !found && i < object->array.n; i++)
        found = tamga_pdf_has_duplicates (object->array.items[i]);
    for (gsize i = 0; tamga_pdf_is_dict (object) && !found && i < object->dict.n; i++)
        found = tamga_pdf_has_duplicates (object->dict.entries[i].value);
    return found;
}

static void write_name (GString *out, const char *data, gsize length)
{
    g_string_append_c (out, '/');
    for (gsize i = 0; i < length; i++) {
        guint8 c = (guint8)data[i];
        if (c <= 0x20 || c >= 0x7F || strchr ("()<>[]{}/%#", c) != NULL)
            g_string_append_printf (out, "#%02X", c);
        else
            g_string_append_c (out, (char)c);
    }
}

static void write_string (GString *out, const TamgaPdfObject *string)
{
    gboolean hex = string->hex;
    for (gsize i = 0; i < string->text.length && !hex; i++) {
        guint8 c = (guint8)string->text.data[i];
        hex = c < 0x20 || c >= 0x7F;
    }
    g_string_append_c (out, hex ? '<' : '(');
    for (gsize i = 0; i < string->text.length; i++) {
        char c = string->text.data[i];
        if (hex) {
            g_string_append_c (out, "0123456789ABCDEF"[(guint8)c >> 4]);
            g_string_append_c (out, "0123456789ABCDEF"[(guint8)c & 15]);
        } else {
            if (c == '(' || c == ')' || c == '\\')
                g_string_append_c (out, '\\');
            g_string_append_c (out, c);
        }
    }
    g_string_append_c (out, hex ? '>' : ')');
}

void tamga_pdf_write (GString *out, const TamgaPdfObject *object)
{
    switch (object->type) {
    case TAMGA_PDF_NULL:
        g_string_append (out, "null");
        break;
    case TAMGA_PDF_BOOLEAN:
        g_string_append (out, object->integer != 0 ? "true" : "false");
        break;
    case TAMGA_PDF_INTEGER:
        g_string_append_printf (out, "%" G_GINT64_FORMAT, object->integer);
        break;
    case TAMGA_PDF_REAL:
        g_string_append_len (out, object->text.data, (gssize)object->text.length);
        break;
    case TAMGA_PDF_STRING:
        write_string (out, object);
        break;
    case TAMGA_PDF_NAME:
        write_name (out, object->text.data, object->text.length);
        break;
    case TAMGA_PDF_ARRAY:
        g_string_append_c (out, '[');
        for (gsize i = 0; i < object->array.n; i++) {
            g_string_append_c (out, ' ');
            tamga_pdf_write (out, object->array.items[i]);
        }
        g_string_append (out, " ]");
        break;
    case TAMGA_PDF_DICT:
    case TAMGA_PDF_STREAM:
        g_string_append (out, "<<");
        for (gsize i = 0; i < object->dict.n; i++) {
            g_string_append_c (out, ' ');
            write_name (out, object->dict.entries[i].key, strlen (object->dict.entries[i].key));
            g_string_append_c (out, ' ');
            tamga_pdf_write (out, object->dict.entries[i].value);
        }
        g_string_append (out, " >>");
        break;
    case TAMGA_PDF_REF:
        g_string_append_printf (out, "%u %u R", object->ref.number, object->ref.generation);
        break;
    }
}

void tamga_pdf_foreach_ref (const TamgaPdfObject *object, TamgaPdfVisit visit, gpointer data)
{
    if (object->type == TAMGA_PDF_REF) {
        visit (object, data);
    } else if (object->type == TAMGA_PDF_ARRAY) {
        for (gsize i = 0; i < object->array.n; i++)
            tamga_pdf_foreach_ref (object->array.items[i], visit, data);
    } else if (tamga_pdf_is_dict (object)) {
        for (gsize i = 0; i < object->dict.n; i++)
            tamga_pdf_foreach_ref (object->dict.entries[i].value, visit, data);
    }
}
