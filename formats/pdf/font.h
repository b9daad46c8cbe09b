/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TrueType font of the system, cut down to the glyphs that a text needs: names are written in
 * many scripts, and the standard fonts of PDF know Latin only. */
#pragma once

#include "formats/pdf/update.h"

typedef struct _TamgaPdfFont TamgaPdfFont;

/* The font of the system's list that has every character of `text` (UTF-8, composed). NULL with
 * UNSUPPORTED when none is installed, or none has them all: what is signed must not be seen as
 * empty boxes. */
TamgaPdfFont *tamga_pdf_font_open (const char *text, GError **error);
void tamga_pdf_font_free (TamgaPdfFont *font);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPdfFont, tamga_pdf_font_free)
/* Advance of a character, and height above and depth below the line, in 1/1000 of the size. */
double tamga_pdf_font_width (TamgaPdfFont *font, gunichar c);
double tamga_pdf_font_ascent (const TamgaPdfFont *font);
double tamga_pdf_font_descent (const TamgaPdfFont *font);
/* Appends the glyph number of a character, four hexadecimal digits, and keeps the glyph. */
void tamga_pdf_font_show (TamgaPdfFont *font, gunichar c, GString *out);
/* Embeds the glyphs that were shown (ISO 32000-1 9.7, 9.9). Returns the number of the font. */
guint32 tamga_pdf_font_embed (TamgaPdfFont *font, TamgaPdfUpdate *update);
