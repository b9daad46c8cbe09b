/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Laying out the box of a visible signature. */
#include "formats/pdf/appearance.h"

#include <string.h>

#include "formats/pdf/font.h"
#include "formats/pdf/image.h"

#define PADDING 4.0
#define LARGEST 12.0
#define SMALLEST 3.0
#define STEP 0.25
#define MAX_TEXT 4096u
/* The image takes at most this part of the width beside text. */
#define IMAGE_SHARE 0.4

typedef struct {
    TamgaPdfFont *font;
    double width; /* of a line, points */
    double size;
    GPtrArray *lines; /* char* */
} Layout;

/* The longest beginning that fits: whole words, or characters of a word that is too long. */
static gsize fitting (const Layout *layout, const char *text)
{
    gsize words = 0, characters = 0;
    double width = 0;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at)) {
        if (*at == ' ')
            words = (gsize)(at - text);
        width += tamga_pdf_font_width (layout->font, g_utf8_get_char (at)) * layout->size / 1000;
        if (width > layout->width)
            return words > 0 ? words : MAX (characters, (gsize)(g_utf8_next_char (text) - text));
        characters = (gsize)(g_utf8_next_char (at) - text);
    }
    return characters;
}

static void wrap (Layout *layout, const char *text)
{
    g_ptr_array_set_size (layout->lines, 0);
    g_auto (GStrv) paragraphs = g_strsplit (text, "\n", -1);
    for (gsize i = 0; paragraphs[i] != NULL; i++) {
        const char *at = paragraphs[i];
        do {
            gsize n = fitting (layout, at);
            g_ptr_array_add (layout->lines, g_strndup (at, n));
            at += n;
            while (*at == ' ')
                at++;
        } while (*at != '\0');
    }
}

static double line_height (const Layout *layout)
{
    return (tamga_pdf_font_ascent (layout->font) + tamga_pdf_font_descent (layout->font)) *
           layout->size / 1000;
}

/* The largest size at which the text fits into the box. */
static void lay_out (Layout *layout, const char *text, double height)
{
    for (layout->size = LARGEST; layout->size > SMALLEST; layout->size -= STEP) {
        wrap (layout, text);
        if (layout->lines->len * line_height (layout) <= height)
            return;
    }
    wrap (layout, text);
}

static void append_number (GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append (out, g_ascii_formatd (text, sizeof text, "%.2f", value));
    g_string_append_c (out, ' ');
}

static void append_numbers (GString *out, const double *values, gsize n, const char *operator)
{
    for (gsize i = 0; i < n; i++)
        append_number (out, values[i]);
    g_string_append (out, operator);
    g_string_append_c (out, '\n');
}

static void draw_text (GString *out, Layout *layout, double left, double top, double height)
{
    double line = line_height (layout);
    double used = layout->lines->len * line;
    double ascent = tamga_pdf_font_ascent (layout->font) * layout->size / 1000;
    double y = top - MAX (0, (height - used) / 2) - ascent;
    g_string_append (out, "BT\n0 g\n/F1 ");
    append_numbers (out, &layout->size, 1, "Tf");
    append_numbers (out, &line, 1, "TL");
    append_numbers (out, (double[]){left, y}, 2, "Td");
    for (guint i = 0; i < layout->lines->len; i++) {
        g_string_append_c (out, '<');
        for (const char *at = layout->lines->pdata[i]; *at != '\0'; at = g_utf8_next_char (at))
            tamga_pdf_font_show (layout->font, g_utf8_get_char (at), out);
        g_string_append (out, "> Tj T*\n");
    }
    g_string_append (out, "ET\n");
}

/* The image in its proportions, in the middle of its part of the box. */
static void draw_image (GString *out, guint pixels_wide, guint pixels_high, double width,
                        double height)
{
    double scale = MIN (width / pixels_wide, height / pixels_high);
    double w = pixels_wide * scale, h = pixels_high * scale;
    g_string_append (out, "q\n");
    append_numbers (out,
                    (double[]){w, 0, 0, h, PADDING + (width - w) / 2, PADDING + (height - h) / 2},
                    6, "cm");
    g_string_append (out, "/Im1 Do\nQ\n");
}

/* Composed characters without control characters; tabs become blanks. */
static char *clean_text (const char *text)
{
    g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
    g_autofree char *composed = g_utf8_normalize (valid, -1, G_NORMALIZE_DEFAULT_COMPOSE);
    GString *out = g_string_new (NULL);
    for (const char *at = composed; *at != '\0' && out->len < MAX_TEXT;
         at = g_utf8_next_char (at)) {
        gunichar c = g_utf8_get_char (at);
        if (c == '\n' || (!g_unichar_iscntrl (c) && g_unichar_type (c) != G_UNICODE_FORMAT))
            g_string_append_unichar (out, c);
        else if (c == '\t')
            g_string_append_c (out, ' ');
    }
    return g_string_free (out, FALSE);
}

static const char *matrix (int rotate)
{
    static const char *const turned[] = {"[1 0 0 1 0 0]", "[0 1 -1 0 0 0]", "[-1 0 0 -1 0 0]",
                                         "[0 -1 1 0 0 0]"};
    return turned[rotate / 90 % 4];
}

static gboolean draw_all (TamgaPdfUpdate *update, const TamgaVisible *visible, double width,
                          double height, GString *content, TamgaPdfObject *resources,
                          GError **error)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    g_autofree char *text = clean_text (visible->text);
    double inner_width = width - 2 * PADDING, inner_height = height - 2 * PADDING;
    double left = PADDING;
    if (inner_width < 1 || inner_height < 1) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "the signature's box of %gx%g points is too small", width, height);
        return FALSE;
    }
    if (visible->image != NULL) {
        guint wide = 0, high = 0;
        guint32 image = tamga_pdf_image_add (update, visible->image, &wide, &high, error);
        if (image == 0)
            return FALSE;
        double share = text[0] != '\0' ? inner_width * IMAGE_SHARE : inner_width;
        double part = MIN (share, inner_height * wide / high);
        draw_image (content, wide, high, text[0] != '\0' ? part : inner_width, inner_height);
        tamga_pdf_dict_set (arena, resources, "XObject",
                            tamga_pdf_new_parsed (arena, "<< /Im1 %u 0 R >>", image));
        left += part + PADDING;
        inner_width -= part + PADDING;
    }
    if (text[0] == '\0')
        return TRUE;
    g_autoptr (TamgaPdfFont) font = tamga_pdf_font_open (text, error);
    if (font == NULL)
        return FALSE;
    g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
    Layout layout = {.font = font, .width = inner_width, .lines = lines};
    lay_out (&layout, text, inner_height);
    draw_text (content, &layout, left, height - PADDING, inner_height);
    guint32 number = tamga_pdf_font_embed (font, update);
    tamga_pdf_dict_set (arena, resources, "Font",
                        tamga_pdf_new_parsed (arena, "<< /F1 %u 0 R >>", number));
    return TRUE;
}

guint32 tamga_pdf_appearance_add (TamgaPdfUpdate *update, const TamgaVisible *visible, double width,
                                  double height, int rotate, GError **error)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    g_autoptr (GString) content = g_string_new ("q\n0.6 G 0.5 w\n");
    append_numbers (content, (double[]){0.25, 0.25, width - 0.5, height - 0.5}, 4, "re S");
    TamgaPdfObject *resources = tamga_pdf_new (arena, TAMGA_PDF_DICT);
    if (!draw_all (update, visible, width, height, content, resources, error))
        return 0;
    g_string_append (content, "Q\n");
    TamgaPdfObject *form = tamga_pdf_new_parsed (
        arena, "<< /Type /XObject /Subtype /Form /FormType 1 /Matrix %s >>", matrix (rotate));
    TamgaPdfObject *box = tamga_pdf_new (arena, TAMGA_PDF_ARRAY);
    const double corners[] = {0, 0, width, height};
    for (gsize i = 0; i < 4; i++)
        tamga_pdf_array_append (arena, box, tamga_pdf_new_number (arena, corners[i]));
    tamga_pdf_dict_set (arena, form, "BBox", box);
    tamga_pdf_dict_set (arena, form, "Resources", resources);
    g_autoptr (GBytes) bytes = g_bytes_new (content->str, content->len);
    return tamga_pdf_update_add_stream (update, form, bytes, TRUE);
}
