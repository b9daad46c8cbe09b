/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The syntax of PDF objects (ISO 32000-1 7.2, 7.3), over a window of the file. */
#include "formats/pdf/object.h"

#include <string.h>

/* Deeper than any real document; qpdf stops at 500. */
#define MAX_DEPTH 200

gboolean tamga_pdf_is_space (char c)
{
    return c == '\0' || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ';
}

static gboolean is_delimiter (char c)
{
    return c != '\0' && strchr ("()<>[]{}/%", c) != NULL;
}

static gboolean is_regular (char c)
{
    return !tamga_pdf_is_space (c) && !is_delimiter (c);
}

void tamga_pdf_parse_space (TamgaPdfParser *parser)
{
    while (parser->at < parser->length) {
        char c = parser->data[parser->at];
        if (c == '%') {
            while (parser->at < parser->length && parser->data[parser->at] != '\n' &&
                   parser->data[parser->at] != '\r')
                parser->at++;
        } else if (tamga_pdf_is_space (c)) {
            parser->at++;
        } else {
            return;
        }
    }
}

static TamgaPdfParse at_end (const TamgaPdfParser *parser)
{
    return parser->final ? TAMGA_PDF_PARSE_BAD : TAMGA_PDF_PARSE_MORE;
}

TamgaPdfParse tamga_pdf_parse_keyword (TamgaPdfParser *parser, const char *keyword)
{
    tamga_pdf_parse_space (parser);
    gsize length = strlen (keyword);
    gsize left = parser->length - parser->at;
    if (left < length)
        return memcmp (parser->data + parser->at, keyword, left) == 0 ? at_end (parser)
                                                                      : TAMGA_PDF_PARSE_BAD;
    if (memcmp (parser->data + parser->at, keyword, length) != 0)
        return TAMGA_PDF_PARSE_BAD;
    if (left == length && !parser->final)
        return TAMGA_PDF_PARSE_MORE;
    if (left > length && is_regular (parser->data[parser->at + length]))
        return TAMGA_PDF_PARSE_BAD;
    parser->at += length;
    return TAMGA_PDF_PARSE_OK;
}

TamgaPdfParse tamga_pdf_parse_unsigned (TamgaPdfParser *parser, guint64 *value)
{
    tamga_pdf_parse_space (parser);
    gsize begin = parser->at, i = begin;
    guint64 result = 0;
    for (; i < parser->length && g_ascii_isdigit (parser->data[i]); i++) {
        if (i - begin >= 18)
            return TAMGA_PDF_PARSE_BAD;
        result = result * 10 + (guint64)(parser->data[i] - '0');
    }
    if (i == parser->length && !parser->final)
        return TAMGA_PDF_PARSE_MORE;
    if (i == begin || (i < parser->length && is_regular (parser->data[i])))
        return TAMGA_PDF_PARSE_BAD;
    parser->at = i;
    *value = result;
    return TAMGA_PDF_PARSE_OK;
}

static TamgaPdfParse parse_name (TamgaPdfParser *parser, TamgaPdfObject **object)
{
    gsize begin = parser->at + 1, i = begin;
    while (i < parser->length && is_regular (parser->data[i]))
        i++;
    if (i == parser->length && !parser->final)
        return TAMGA_PDF_PARSE_MORE;
    g_autoptr (GString) name = g_string_sized_new (i - begin);
    for (gsize k = begin; k < i; k++) {
        char c = parser->data[k];
        if (c == '#' && k + 2 < i && g_ascii_isxdigit (parser->data[k + 1]) &&
            g_ascii_isxdigit (parser->data[k + 2])) {
            c = (char)(g_ascii_xdigit_value (parser->data[k + 1]) * 16 +
                       g_ascii_xdigit_value (parser->data[k + 2]));
            k += 2;
        }
        if (c == '\0')
            return TAMGA_PDF_PARSE_BAD;
        g_string_append_c (name, c);
    }
    *object = tamga_pdf_new_name (parser->arena, name->str);
    parser->at = i;
    return TAMGA_PDF_PARSE_OK;
}

static TamgaPdfParse parse_hex_string (TamgaPdfParser *parser, TamgaPdfObject **object)
{
    const char *begin = parser->data + parser->at + 1;
    const char *stop = memchr (begin, '>', parser->length - parser->at - 1);
    if (stop == NULL)
        return at_end (parser);
    gsize room = (gsize)(stop - begin) / 2 + 1, n = 0;
    g_autofree guint8 *bytes = g_try_malloc (room);
    if (bytes == NULL)
        return TAMGA_PDF_PARSE_BAD;
    int high = -1;
    for (const char *p = begin; p < stop; p++) {
        int digit = g_ascii_xdigit_value (*p);
        if (digit < 0) {
            if (!tamga_pdf_is_space (*p))
                return TAMGA_PDF_PARSE_BAD;
        } else if (high < 0) {
            high = digit;
        } else {
            bytes[n++] = (guint8)(high << 4 | digit);
            high = -1;
        }
    }
    if (high >= 0)
        bytes[n++] = (guint8)(high << 4);
    *object = tamga_pdf_new_string (parser->arena, bytes, n, TRUE);
    parser->at = (gsize)(stop + 1 - parser->data);
    return TAMGA_PDF_PARSE_OK;
}

/* The character after a backslash (table 3); advances `*i` over what it consumes. */
static void append_escape (GString *bytes, const char *data, gsize length, gsize *i)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    char c = data[*i];
    const char *found = c != '\0' ? strchr (from, c) : NULL;
    if (found != NULL) {
        g_string_append_c (bytes, to[found - from]);
    } else if (c >= '0' && c <= '7') {
        guint value = 0;
        gsize k = *i;
        for (; k < length && k < *i + 3 && data[k] >= '0' && data[k] <= '7'; k++)
            value = value * 8 + (guint)(data[k] - '0');
        *i = k - 1;
        g_string_append_c (bytes, (char)value);
    } else if (c == '\r') {
        if (*i + 1 < length && data[*i + 1] == '\n')
            (*i)++;
    } else if (c != '\n') {
        g_string_append_c (bytes, c);
    }
}

static TamgaPdfParse parse_literal_string (TamgaPdfParser *parser, TamgaPdfObject **object)
{
    g_autoptr (GString) bytes = g_string_new (NULL);
    guint depth = 1;
    gsize i = parser->at + 1;
    for (; i < parser->length; i++) {
        char c = parser->data[i];
        if (c == '\\') {
            if (i + 4 >= parser->length && !parser->final)
                return TAMGA_PDF_PARSE_MORE;
            if (++i < parser->length)
                append_escape (bytes, parser->data, parser->length, &i);
            continue;
        }
        if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            break;
        if (c == '\r') {
            if (i + 1 < parser->length && parser->data[i + 1] == '\n')
                i++;
            c = '\n';
        }
        g_string_append_c (bytes, c);
    }
    if (i >= parser->length)
        return at_end (parser);
    *object = tamga_pdf_new_string (parser->arena, bytes->str, bytes->len, FALSE);
    parser->at = i + 1;
    return TAMGA_PDF_PARSE_OK;
}

/* "12 0 R" where an integer was read; restores the position when it is not one. */
static TamgaPdfParse try_reference (TamgaPdfParser *parser, TamgaPdfObject *integer,
                                    TamgaPdfObject **object)
{
    gsize after = parser->at;
    guint64 generation;
    TamgaPdfParse status = tamga_pdf_parse_unsigned (parser, &generation);
    if (status == TAMGA_PDF_PARSE_OK)
        status = tamga_pdf_parse_keyword (parser, "R");
    if (status == TAMGA_PDF_PARSE_MORE)
        return status;
    if (status == TAMGA_PDF_PARSE_OK && integer->integer <= G_MAXUINT32 && generation <= 65535) {
        *object = tamga_pdf_new_ref (parser->arena, (guint32)integer->integer, (guint32)generation);
    } else {
        parser->at = after;
        *object = integer;
    }
    return TAMGA_PDF_PARSE_OK;
}

static TamgaPdfParse parse_number (TamgaPdfParser *parser, TamgaPdfObject **object)
{
    gsize begin = parser->at, i = begin, digits = 0;
    gboolean plain = TRUE;
    for (; i < parser->length && is_regular (parser->data[i]); i++) {
        char c = parser->data[i];
        if (g_ascii_isdigit (c))
            digits++;
        else if ((c == '-' || c == '+') && i == begin)
            continue;
        else if (c == '.' || c == '-')
            plain = FALSE;
        else
            return TAMGA_PDF_PARSE_BAD;
    }
    if (i == parser->length && !parser->final)
        return TAMGA_PDF_PARSE_MORE;
    if (i - begin > 64)
        return TAMGA_PDF_PARSE_BAD;
    char text[65] = "";
    memcpy (text, parser->data + begin, i - begin);
    parser->at = i;
    if (!plain || digits == 0 || digits > 18) {
        TamgaPdfObject *real = tamga_pdf_new_name (parser->arena, text);
        real->type = TAMGA_PDF_REAL;
        *object = real;
        return TAMGA_PDF_PARSE_OK;
    }
    TamgaPdfObject *integer =
        tamga_pdf_new_integer (parser->arena, g_ascii_strtoll (text, NULL, 10));
    if (!g_ascii_isdigit (text[0]) || integer->integer == 0) {
        *object = integer;
        return TAMGA_PDF_PARSE_OK;
    }
    return try_reference (parser, integer, object);
}

static TamgaPdfParse parse_value (TamgaPdfParser *parser, guint depth, TamgaPdfObject **object);

static TamgaPdfParse parse_array (TamgaPdfParser *parser, guint depth, TamgaPdfObject **object)
{
    TamgaPdfObject *array = tamga_pdf_new (parser->arena, TAMGA_PDF_ARRAY);
    parser->at++;
    for (;;) {
        tamga_pdf_parse_space (parser);
        if (parser->at >= parser->length)
            return at_end (parser);
        if (parser->data[parser->at] == ']') {
            parser->at++;
            *object = array;
            return TAMGA_PDF_PARSE_OK;
        }
        TamgaPdfObject *item = NULL;
        TamgaPdfParse status = parse_value (parser, depth + 1, &item);
        if (status != TAMGA_PDF_PARSE_OK)
            return status;
        tamga_pdf_array_append (parser->arena, array, item);
    }
}

static TamgaPdfParse parse_dict (TamgaPdfParser *parser, guint depth, TamgaPdfObject **object)
{
    TamgaPdfObject *dict = tamga_pdf_new (parser->arena, TAMGA_PDF_DICT);
    parser->at += 2;
    for (;;) {
        tamga_pdf_parse_space (parser);
        if (parser->at + 1 >= parser->length)
            return at_end (parser);
        if (parser->data[parser->at] == '>' && parser->data[parser->at + 1] == '>') {
            parser->at += 2;
            *object = dict;
            return TAMGA_PDF_PARSE_OK;
        }
        if (parser->data[parser->at] != '/')
            return TAMGA_PDF_PARSE_BAD;
        TamgaPdfObject *key = NULL, *value = NULL;
        TamgaPdfParse status = parse_name (parser, &key);
        if (status == TAMGA_PDF_PARSE_OK)
            status = parse_value (parser, depth + 1, &value);
        if (status != TAMGA_PDF_PARSE_OK)
            return status;
        gsize n = dict->dict.n;
        tamga_pdf_dict_set (parser->arena, dict, key->text.data, value);
        if (dict->dict.n == n)
            dict->duplicates = TRUE;
    }
}

static TamgaPdfParse parse_word (TamgaPdfParser *parser, TamgaPdfObject **object)
{
    static const struct {
        const char *word;
        TamgaPdfType type;
        gint64 value;
    } words[] = {{"true", TAMGA_PDF_BOOLEAN, 1},
                 {"false", TAMGA_PDF_BOOLEAN, 0},
                 {"null", TAMGA_PDF_NULL, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS (words); i++) {
        TamgaPdfParse status = tamga_pdf_parse_keyword (parser, words[i].word);
        if (status == TAMGA_PDF_PARSE_MORE)
            return status;
        if (status == TAMGA_PDF_PARSE_OK) {
            *object = tamga_pdf_new (parser->arena, words[i].type);
            (*object)->integer = words[i].value;
            return status;
        }
    }
    return TAMGA_PDF_PARSE_BAD;
}

static TamgaPdfParse parse_value (TamgaPdfParser *parser, guint depth, TamgaPdfObject **object)
{
    if (depth > MAX_DEPTH)
        return TAMGA_PDF_PARSE_BAD;
    tamga_pdf_parse_space (parser);
    if (parser->at >= parser->length)
        return at_end (parser);
    gsize begin = parser->at;
    char c = parser->data[begin];
    TamgaPdfParse status;
    if (c == '/') {
        status = parse_name (parser, object);
    } else if (c == '(') {
        status = parse_literal_string (parser, object);
    } else if (c == '[') {
        status = parse_array (parser, depth, object);
    } else if (c == '<') {
        if (begin + 1 >= parser->length)
            return at_end (parser);
        status = parser->data[begin + 1] == '<' ? parse_dict (parser, depth, object)
                                                : parse_hex_string (parser, object);
    } else if (g_ascii_isdigit (c) || c == '+' || c == '-' || c == '.') {
        status = parse_number (parser, object);
    } else {
        status = parse_word (parser, object);
    }
    if (status == TAMGA_PDF_PARSE_OK && !parser->plain) {
        (*object)->start = parser->base + begin;
        (*object)->end = parser->base + parser->at;
    }
    return status;
}

TamgaPdfParse tamga_pdf_parse (TamgaPdfParser *parser, TamgaPdfObject **object)
{
    return parse_value (parser, 0, object);
}
