/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A content stream read for nothing but the places of its text. */
#include "formats/pdf/text.h"

#include <string.h>

#define MAX_CONTENT (64u * 1024 * 1024)
#define MAX_OPERANDS 64u
#define MAX_SAVED 64u
#define MAX_FORMS 4u
/* Mean advance of a glyph, in parts of the font size. */
#define MEAN_ADVANCE 0.5

typedef double Matrix[6];

typedef struct {
    const TamgaPdfRevision *view;
    const double *box;
    gboolean found;
    Matrix ctm, saved[MAX_SAVED];
    guint n_saved;
    Matrix line, text; /* Tlm, Tm */
    double size, leading;
    TamgaPdfObject *operands[MAX_OPERANDS];
    guint n;
} Scan;

static void multiply (const double *a, const double *b, double *out)
{
    Matrix m = {a[0] * b[0] + a[1] * b[2],        a[0] * b[1] + a[1] * b[3],
                a[2] * b[0] + a[3] * b[2],        a[2] * b[1] + a[3] * b[3],
                a[4] * b[0] + a[5] * b[2] + b[4], a[4] * b[1] + a[5] * b[3] + b[5]};
    memcpy (out, m, sizeof m);
}

static double operand (const Scan *scan, guint index)
{
    return index < scan->n ? tamga_pdf_number (scan->operands[index]) : 0;
}

static gboolean read_matrix (const Scan *scan, double *out)
{
    for (guint i = 0; i < 6; i++)
        out[i] = operand (scan, i);
    return scan->n >= 6;
}

/* Points along the text that is shown, at half the height of small letters. */
static void show (Scan *scan, gsize bytes)
{
    Matrix all;
    double width = (double)MIN (bytes, 1000) * MEAN_ADVANCE * scan->size;
    multiply (scan->text, scan->ctm, all);
    for (int i = 0; i <= 8 && bytes > 0; i++) {
        double x = width * i / 8, y = scan->size * 0.25;
        double px = all[0] * x + all[2] * y + all[4], py = all[1] * x + all[3] * y + all[5];
        if (px > scan->box[0] && px < scan->box[2] && py > scan->box[1] && py < scan->box[3])
            scan->found = TRUE;
    }
    Matrix advance = {1, 0, 0, 1, width, 0};
    multiply (advance, scan->text, scan->text);
}

static void next_line (Scan *scan, double x, double y)
{
    Matrix move = {1, 0, 0, 1, x, y};
    multiply (move, scan->line, scan->line);
    memcpy (scan->text, scan->line, sizeof scan->text);
}

static void show_array (Scan *scan)
{
    TamgaPdfObject *array = scan->n > 0 ? scan->operands[0] : tamga_pdf_null;
    gsize bytes = 0;
    for (gsize i = 0; array->type == TAMGA_PDF_ARRAY && i < array->array.n; i++) {
        if (array->array.items[i]->type == TAMGA_PDF_STRING)
            bytes += array->array.items[i]->text.length;
    }
    show (scan, bytes);
}

static void show_string (Scan *scan)
{
    TamgaPdfObject *last = scan->n > 0 ? scan->operands[scan->n - 1] : tamga_pdf_null;
    if (last->type == TAMGA_PDF_STRING)
        show (scan, last->text.length);
}

static void text_operator (Scan *scan, const char *name)
{
    static const Matrix identity = {1, 0, 0, 1, 0, 0};
    if (strcmp (name, "BT") == 0) {
        memcpy (scan->line, identity, sizeof identity);
        memcpy (scan->text, identity, sizeof identity);
    } else if (strcmp (name, "Tf") == 0) {
        scan->size = operand (scan, 1);
    } else if (strcmp (name, "TL") == 0) {
        scan->leading = operand (scan, 0);
    } else if (strcmp (name, "Td") == 0 || strcmp (name, "TD") == 0) {
        if (strcmp (name, "TD") == 0)
            scan->leading = -operand (scan, 1);
        next_line (scan, operand (scan, 0), operand (scan, 1));
    } else if (strcmp (name, "Tm") == 0) {
        if (read_matrix (scan, scan->line))
            memcpy (scan->text, scan->line, sizeof scan->text);
    } else if (strcmp (name, "T*") == 0) {
        next_line (scan, 0, -scan->leading);
    } else if (strcmp (name, "TJ") == 0) {
        show_array (scan);
    } else if (strcmp (name, "Tj") == 0) {
        show_string (scan);
    } else if (strcmp (name, "'") == 0 || strcmp (name, "\"") == 0) {
        next_line (scan, 0, -scan->leading);
        show_string (scan);
    }
}

static void scan_content (Scan *scan, GBytes *content, TamgaPdfObject *resources, guint depth);

/* A form XObject draws in its own space (8.10). */
static void draw_form (Scan *scan, TamgaPdfObject *resources, guint depth)
{
    TamgaPdfObject *name = scan->n > 0 ? scan->operands[0] : tamga_pdf_null;
    TamgaPdfObject *objects = tamga_pdf_get (scan->view, resources, "XObject");
    TamgaPdfObject *form = name->type == TAMGA_PDF_NAME
                               ? tamga_pdf_get (scan->view, objects, name->text.data)
                               : tamga_pdf_null;
    if (form->type != TAMGA_PDF_STREAM || depth == 0 ||
        !tamga_pdf_is_name (tamga_pdf_get (scan->view, form, "Subtype"), "Form"))
        return;
    g_autoptr (GBytes) content = tamga_pdf_stream_data (scan->view, form, MAX_CONTENT, NULL);
    if (content == NULL)
        return;
    Scan inner = *scan;
    TamgaPdfObject *matrix = tamga_pdf_get (scan->view, form, "Matrix");
    Matrix own;
    inner.n_saved = 0;
    for (gsize i = 0; i < 6; i++)
        own[i] = tamga_pdf_number (tamga_pdf_item (scan->view, matrix, i));
    if (matrix->type == TAMGA_PDF_ARRAY && matrix->array.n == 6)
        multiply (own, scan->ctm, inner.ctm);
    TamgaPdfObject *inner_resources = tamga_pdf_get (scan->view, form, "Resources");
    scan_content (&inner, content,
                  inner_resources->type == TAMGA_PDF_DICT ? inner_resources : resources, depth - 1);
    scan->found = inner.found;
}

static void run_operator (Scan *scan, const char *name, TamgaPdfObject *resources, guint depth)
{
    Matrix matrix;
    if (strcmp (name, "q") == 0) {
        if (scan->n_saved < MAX_SAVED)
            memcpy (scan->saved[scan->n_saved++], scan->ctm, sizeof scan->ctm);
    } else if (strcmp (name, "Q") == 0) {
        if (scan->n_saved > 0)
            memcpy (scan->ctm, scan->saved[--scan->n_saved], sizeof scan->ctm);
    } else if (strcmp (name, "cm") == 0) {
        if (read_matrix (scan, matrix))
            multiply (matrix, scan->ctm, scan->ctm);
    } else if (strcmp (name, "Do") == 0) {
        draw_form (scan, resources, depth);
    } else {
        text_operator (scan, name);
    }
}

/* Inline images end with EI between white space (8.9.7). */
static void skip_image (TamgaPdfParser *parser)
{
    while (parser->at + 4 <= parser->length) {
        const char *at = parser->data + parser->at;
        if (tamga_pdf_is_space (at[0]) && at[1] == 'E' && at[2] == 'I' &&
            tamga_pdf_is_space (at[3])) {
            parser->at += 3;
            return;
        }
        parser->at++;
    }
    parser->at = parser->length;
}

static void read_operator (TamgaPdfParser *parser, char *name, gsize room)
{
    gsize n = 0;
    while (parser->at < parser->length) {
        char c = parser->data[parser->at];
        if (n > 0 && (tamga_pdf_is_space (c) || strchr ("()<>[]{}/%", c) != NULL))
            break;
        if (n + 1 < room)
            name[n++] = c;
        parser->at++;
    }
    name[n] = '\0';
}

static void scan_content (Scan *scan, GBytes *content, TamgaPdfObject *resources, guint depth)
{
    gsize length;
    const char *data = g_bytes_get_data (content, &length);
    g_autoptr (TamgaPdfArena) arena = tamga_pdf_arena_new ();
    TamgaPdfParser parser = {
        .arena = arena, .data = data, .length = length, .final = TRUE, .plain = TRUE};
    scan->n = 0;
    while (!scan->found) {
        char name[16];
        TamgaPdfObject *object = NULL;
        tamga_pdf_parse_space (&parser);
        if (parser.at >= parser.length)
            return;
        gsize begin = parser.at;
        if (tamga_pdf_parse (&parser, &object) == TAMGA_PDF_PARSE_OK) {
            if (scan->n < MAX_OPERANDS)
                scan->operands[scan->n++] = object;
            continue;
        }
        parser.at = begin;
        read_operator (&parser, name, sizeof name);
        if (strcmp (name, "ID") == 0)
            skip_image (&parser);
        else
            run_operator (scan, name, resources, depth);
        scan->n = 0;
    }
}

/* The page's streams as one (7.8.2). */
static GBytes *page_content (const TamgaPdfRevision *view, TamgaPdfObject *page)
{
    TamgaPdfObject *contents = tamga_pdf_get (view, page, "Contents");
    g_autoptr (GByteArray) all = g_byte_array_new ();
    gsize n = contents->type == TAMGA_PDF_ARRAY ? contents->array.n : 1;
    for (gsize i = 0; i < n; i++) {
        TamgaPdfObject *stream =
            contents->type == TAMGA_PDF_ARRAY ? tamga_pdf_item (view, contents, i) : contents;
        g_autoptr (GBytes) bytes = stream->type == TAMGA_PDF_STREAM
                                       ? tamga_pdf_stream_data (view, stream, MAX_CONTENT, NULL)
                                       : NULL;
        if (bytes == NULL)
            continue;
        if (all->len + g_bytes_get_size (bytes) > MAX_CONTENT)
            break;
        g_byte_array_append (all, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
        g_byte_array_append (all, (const guint8 *)"\n", 1);
    }
    return g_byte_array_free_to_bytes (g_steal_pointer (&all));
}

gboolean tamga_pdf_text_in_box (const TamgaPdfRevision *view, const TamgaPdfPage *page,
                                const double *box)
{
    g_autofree Scan *scan = g_new0 (Scan, 1);
    static const Matrix identity = {1, 0, 0, 1, 0, 0};
    g_autoptr (GBytes) content = page_content (view, page->object);
    TamgaPdfObject *resources = tamga_pdf_get (view, page->object, "Resources");
    TamgaPdfObject *parent = tamga_pdf_get (view, page->object, "Parent");
    for (guint i = 0; resources->type != TAMGA_PDF_DICT && i < 64; i++) {
        resources = tamga_pdf_get (view, parent, "Resources");
        parent = tamga_pdf_get (view, parent, "Parent");
    }
    scan->view = view;
    scan->box = box;
    memcpy (scan->ctm, identity, sizeof identity);
    memcpy (scan->line, identity, sizeof identity);
    memcpy (scan->text, identity, sizeof identity);
    scan_content (scan, content, resources, MAX_FORMS);
    return scan->found;
}
