/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TrueType: the tables that measuring, cutting down and embedding need. A font file comes from the
 * system, and is still read as if it were hostile: every offset is checked. */
#include "formats/pdf/font.h"

#include <string.h>

#define MAX_FONT_SIZE (32u * 1024 * 1024)
#define MAX_COMPOSITE_PARTS 64

/* DejaVu Sans has Latin with all Vietnamese letters, Cyrillic with the Kazakh ones, Greek,
 * Georgian, Armenian; the others serve where it is not installed. */
static const char *const paths[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/usr/share/fonts/truetype/freefont/FreeSans.ttf",
};

typedef struct {
    const guint8 *data;
    gsize length;
} Table;

struct _TamgaPdfFont {
    char *bytes;
    gsize size;
    Table head, hhea, hmtx, maxp, cmap, loca, glyf, cvt, fpgm, prep;
    guint units, glyphs, metrics;
    GHashTable *used; /* glyph -> character */
};

static guint u16 (const Table *table, gsize at)
{
    return at + 2 <= table->length ? (guint)table->data[at] << 8 | table->data[at + 1] : 0;
}

static int s16 (const Table *table, gsize at)
{
    return (gint16)u16 (table, at);
}

static guint32 u32 (const Table *table, gsize at)
{
    return (guint32)u16 (table, at) << 16 | u16 (table, at + 2);
}

static gboolean find_table (const TamgaPdfFont *font, const char *tag, Table *table)
{
    Table all = {(const guint8 *)font->bytes, font->size};
    guint n = u16 (&all, 4);
    for (guint i = 0; i < n; i++) {
        gsize at = 12 + 16 * (gsize)i;
        if (at + 16 > all.length || memcmp (all.data + at, tag, 4) != 0)
            continue;
        guint32 offset = u32 (&all, at + 8), length = u32 (&all, at + 12);
        if (offset > all.length || length > all.length - offset)
            return FALSE;
        *table = (Table){all.data + offset, length};
        return TRUE;
    }
    return FALSE;
}

static TamgaPdfFont *load_font (const char *path)
{
    g_autoptr (TamgaPdfFont) font = g_new0 (TamgaPdfFont, 1);
    if (!g_file_get_contents (path, &font->bytes, &font->size, NULL) || font->size > MAX_FONT_SIZE)
        return NULL;
    const struct {
        const char *tag;
        Table *table;
        gboolean needed;
    } tables[] = {{"head", &font->head, TRUE},  {"hhea", &font->hhea, TRUE},
                  {"hmtx", &font->hmtx, TRUE},  {"maxp", &font->maxp, TRUE},
                  {"cmap", &font->cmap, TRUE},  {"loca", &font->loca, TRUE},
                  {"glyf", &font->glyf, TRUE},  {"cvt ", &font->cvt, FALSE},
                  {"fpgm", &font->fpgm, FALSE}, {"prep", &font->prep, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS (tables); i++) {
        if (!find_table (font, tables[i].tag, tables[i].table) && tables[i].needed)
            return NULL;
    }
    font->units = u16 (&font->head, 18);
    font->glyphs = u16 (&font->maxp, 4);
    font->metrics = u16 (&font->hhea, 34);
    font->used = g_hash_table_new (NULL, NULL);
    if (font->units == 0 || font->glyphs == 0 || font->metrics == 0 || font->head.length < 54 ||
        font->hhea.length < 36 || font->maxp.length < 6)
        return NULL;
    return g_steal_pointer (&font);
}

void tamga_pdf_font_free (TamgaPdfFont *font)
{
    if (font == NULL)
        return;
    g_clear_pointer (&font->used, g_hash_table_unref);
    g_free (font->bytes);
    g_free (font);
}

/* cmap format 4: segments of the basic plane. */
static guint glyph_in_segments (const Table *cmap, gsize at, gunichar c)
{
    guint n = u16 (cmap, at + 6) / 2;
    for (guint i = 0; i < n && c <= 0xFFFF; i++) {
        if (c > u16 (cmap, at + 14 + 2 * (gsize)i))
            continue;
        guint start = u16 (cmap, at + 16 + 2 * (gsize)(n + i));
        guint delta = u16 (cmap, at + 16 + 2 * (gsize)(2 * n + i));
        gsize range_at = at + 16 + 2 * (gsize)(3 * n + i);
        guint range = u16 (cmap, range_at);
        if (c < start)
            return 0;
        if (range == 0)
            return (c + delta) & 0xFFFF;
        guint glyph = u16 (cmap, range_at + range + 2 * (gsize)(c - start));
        return glyph != 0 ? (glyph + delta) & 0xFFFF : 0;
    }
    return 0;
}

/* cmap format 12: groups of all planes. */
static guint glyph_in_groups (const Table *cmap, gsize at, gunichar c)
{
    guint32 n = u32 (cmap, at + 12);
    for (guint32 i = 0; i < n && at + 16 + 12 * (gsize)i < cmap->length; i++) {
        gsize group = at + 16 + 12 * (gsize)i;
        if (c >= u32 (cmap, group) && c <= u32 (cmap, group + 4))
            return u32 (cmap, group + 8) + (c - u32 (cmap, group));
    }
    return 0;
}

static guint glyph_of (const TamgaPdfFont *font, gunichar c)
{
    guint n = u16 (&font->cmap, 2), glyph = 0;
    for (guint i = 0; i < n && glyph == 0; i++) {
        guint platform = u16 (&font->cmap, 4 + 8 * (gsize)i);
        gsize at = u32 (&font->cmap, 8 + 8 * (gsize)i);
        guint format = u16 (&font->cmap, at);
        if (platform != 0 && platform != 3)
            continue;
        if (format == 4)
            glyph = glyph_in_segments (&font->cmap, at, c);
        else if (format == 12)
            glyph = glyph_in_groups (&font->cmap, at, c);
    }
    return glyph < font->glyphs ? glyph : 0;
}

/* Text is laid left to right, a glyph a letter: right-to-left writing would read backwards and
 * Arabic would stay unjoined. What cannot be shown as its reader expects is not shown at all. */
static gboolean check_direction (const char *text, GError **error)
{
    static const GUnicodeScript leftward[] = {
        G_UNICODE_SCRIPT_ARABIC, G_UNICODE_SCRIPT_HEBREW, G_UNICODE_SCRIPT_SYRIAC,
        G_UNICODE_SCRIPT_THAANA, G_UNICODE_SCRIPT_NKO,
    };
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at)) {
        GUnicodeScript script = g_unichar_get_script (g_utf8_get_char (at));
        for (gsize i = 0; i < G_N_ELEMENTS (leftward); i++) {
            if (script != leftward[i])
                continue;
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                         "the visible signature cannot show right-to-left writing (U+%04X); give "
                         "another text for it, or an image",
                         g_utf8_get_char (at));
            return FALSE;
        }
    }
    return TRUE;
}

TamgaPdfFont *tamga_pdf_font_open (const char *text, GError **error)
{
    if (!check_direction (text, error))
        return NULL;
    g_autoptr (TamgaPdfFont) best = NULL;
    guint best_missing = G_MAXUINT;
    gunichar first_missing = 0; /* in the best one */
    for (gsize i = 0; i < G_N_ELEMENTS (paths) && best_missing > 0; i++) {
        g_autoptr (TamgaPdfFont) font = load_font (paths[i]);
        if (font == NULL)
            continue;
        guint missing = 0;
        gunichar first = 0;
        for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at)) {
            if (*at == '\n' || glyph_of (font, g_utf8_get_char (at)) != 0)
                continue;
            first = missing++ == 0 ? g_utf8_get_char (at) : first;
        }
        if (missing < best_missing) {
            best_missing = missing;
            first_missing = first;
            tamga_pdf_font_free (best);
            best = g_steal_pointer (&font);
        }
    }
    if (best == NULL)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "a visible signature needs a font with the signer's script: install DejaVu "
                     "Sans (package fonts-dejavu-core)");
    if (best == NULL || best_missing == 0)
        return g_steal_pointer (&best);
    char letter[7] = {0};
    g_unichar_to_utf8 (first_missing, letter);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "the visible signature cannot show \"%s\" (U+%04X): no installed font has it; "
                 "give another text for it",
                 letter, first_missing);
    return NULL;
}

static double glyph_width (const TamgaPdfFont *font, guint glyph)
{
    guint index = MIN (glyph, font->metrics - 1);
    return u16 (&font->hmtx, 4 * (gsize)index) * 1000.0 / font->units;
}

double tamga_pdf_font_width (TamgaPdfFont *font, gunichar c)
{
    return glyph_width (font, glyph_of (font, c));
}

double tamga_pdf_font_ascent (const TamgaPdfFont *font)
{
    return s16 (&font->hhea, 4) * 1000.0 / font->units;
}

double tamga_pdf_font_descent (const TamgaPdfFont *font)
{
    return -s16 (&font->hhea, 6) * 1000.0 / font->units;
}

void tamga_pdf_font_show (TamgaPdfFont *font, gunichar c, GString *out)
{
    guint glyph = glyph_of (font, c);
    g_hash_table_insert (font->used, GUINT_TO_POINTER (glyph), GUINT_TO_POINTER (c));
    g_string_append_printf (out, "%04X", glyph);
}

/* The outline of a glyph; empty where it has none or the offsets are wrong. */
static Table outline (const TamgaPdfFont *font, guint glyph)
{
    gboolean wide = u16 (&font->head, 50) != 0;
    gsize from =
        wide ? u32 (&font->loca, 4 * (gsize)glyph) : 2 * u16 (&font->loca, 2 * (gsize)glyph);
    gsize to = wide ? u32 (&font->loca, 4 * (gsize)glyph + 4)
                    : 2 * u16 (&font->loca, 2 * (gsize)glyph + 2);
    if (to <= from || to > font->glyf.length)
        return (Table){font->glyf.data, 0};
    return (Table){font->glyf.data + from, to - from};
}

/* Glyphs that a composite glyph is made of. */
static void add_parts (const TamgaPdfFont *font, guint glyph, GArray *work, GHashTable *keep)
{
    Table data = outline (font, glyph);
    if (data.length < 10 || s16 (&data, 0) >= 0)
        return;
    gsize at = 10;
    for (guint i = 0; i < MAX_COMPOSITE_PARTS && at + 4 <= data.length; i++) {
        guint flags = u16 (&data, at), part = u16 (&data, at + 2);
        if (part < font->glyphs && g_hash_table_add (keep, GUINT_TO_POINTER (part)))
            g_array_append_val (work, part);
        at += 4 + ((flags & 1) != 0 ? 4 : 2);
        at += (flags & 8) != 0 ? 2 : (flags & 0x40) != 0 ? 4 : (flags & 0x80) != 0 ? 8 : 0;
        if ((flags & 0x20) == 0)
            return;
    }
}

/* The glyphs to keep, parts included; `*last` is the greatest. */
static GHashTable *closure (const TamgaPdfFont *font, guint *last)
{
    GHashTable *keep = g_hash_table_new (NULL, NULL);
    g_autoptr (GArray) work = g_array_new (FALSE, FALSE, sizeof (guint));
    GHashTableIter iter;
    gpointer key;
    guint zero = 0;
    g_hash_table_add (keep, GUINT_TO_POINTER (0));
    g_array_append_val (work, zero);
    g_hash_table_iter_init (&iter, font->used);
    while (g_hash_table_iter_next (&iter, &key, NULL)) {
        guint glyph = GPOINTER_TO_UINT (key);
        if (g_hash_table_add (keep, key))
            g_array_append_val (work, glyph);
    }
    *last = 0;
    while (work->len > 0) {
        guint glyph = g_array_index (work, guint, work->len - 1);
        g_array_set_size (work, work->len - 1);
        *last = MAX (*last, glyph);
        add_parts (font, glyph, work, keep);
    }
    return keep;
}

static void put_u16 (GByteArray *out, guint value)
{
    guint8 bytes[2] = {(guint8)(value >> 8), (guint8)value};
    g_byte_array_append (out, bytes, 2);
}

static void put_u32 (GByteArray *out, guint32 value)
{
    put_u16 (out, value >> 16);
    put_u16 (out, value & 0xFFFF);
}

static GByteArray *copy_table (const Table *table)
{
    GByteArray *copy = g_byte_array_new ();
    if (table->length > 0)
        g_byte_array_append (copy, table->data, (guint)table->length);
    return copy;
}

static guint32 checksum (const GByteArray *data)
{
    guint32 sum = 0;
    for (guint i = 0; i < data->len; i += 4) {
        guint32 word = 0;
        for (guint k = 0; k < 4; k++)
            word = word << 8 | (i + k < data->len ? data->data[i + k] : 0);
        sum += word;
    }
    return sum;
}

/* glyf and loca with blanks for the glyphs that are not kept; numbers stay as they are. */
static void cut_outlines (const TamgaPdfFont *font, GHashTable *keep, guint last, GByteArray *glyf,
                          GByteArray *loca)
{
    for (guint glyph = 0; glyph <= last; glyph++) {
        put_u32 (loca, glyf->len);
        if (!g_hash_table_contains (keep, GUINT_TO_POINTER (glyph)))
            continue;
        Table data = outline (font, glyph);
        if (data.length > 0)
            g_byte_array_append (glyf, data.data, (guint)data.length);
        while (glyf->len % 4 != 0)
            g_byte_array_append (glyf, (const guint8 *)"", 1);
    }
    put_u32 (loca, glyf->len);
}

static GByteArray *cut_metrics (const TamgaPdfFont *font, guint last)
{
    GByteArray *hmtx = g_byte_array_new ();
    for (guint glyph = 0; glyph <= last; glyph++) {
        gsize at = 4 * (gsize)MIN (glyph, font->metrics - 1);
        gsize bearing = glyph < font->metrics
                            ? at + 2
                            : 4 * (gsize)font->metrics + 2 * (gsize)(glyph - font->metrics);
        put_u16 (hmtx, u16 (&font->hmtx, at));
        put_u16 (hmtx, u16 (&font->hmtx, bearing));
    }
    return hmtx;
}

/* The font file with a directory in the order of tags. */
static GBytes *assemble (const char *const *tags, GByteArray **tables, guint n)
{
    GByteArray *out = g_byte_array_new ();
    guint offset = 12 + 16 * n, power = 1, exponent = 0;
    while (power * 2 <= n) {
        power *= 2;
        exponent++;
    }
    put_u32 (out, 0x00010000);
    put_u16 (out, n);
    put_u16 (out, power * 16);
    put_u16 (out, exponent);
    put_u16 (out, n * 16 - power * 16);
    for (guint i = 0; i < n; i++) {
        g_byte_array_append (out, (const guint8 *)tags[i], 4);
        put_u32 (out, checksum (tables[i]));
        put_u32 (out, offset);
        put_u32 (out, tables[i]->len);
        offset += (tables[i]->len + 3) & ~3u;
    }
    for (guint i = 0; i < n; i++) {
        g_byte_array_append (out, tables[i]->data, tables[i]->len);
        while (out->len % 4 != 0)
            g_byte_array_append (out, (const guint8 *)"", 1);
        g_byte_array_unref (tables[i]);
    }
    return g_byte_array_free_to_bytes (out);
}

static GBytes *cut_font (const TamgaPdfFont *font)
{
    guint last = 0;
    g_autoptr (GHashTable) keep = closure (font, &last);
    GByteArray *glyf = g_byte_array_new (), *loca = g_byte_array_new ();
    cut_outlines (font, keep, last, glyf, loca);
    GByteArray *head = copy_table (&font->head), *hhea = copy_table (&font->hhea);
    GByteArray *maxp = copy_table (&font->maxp);
    head->data[50] = 0; /* indexToLocFormat: long offsets */
    head->data[51] = 1;
    hhea->data[34] = maxp->data[4] = (guint8)((last + 1) >> 8);
    hhea->data[35] = maxp->data[5] = (guint8)(last + 1);
    static const char *const tags[] = {"cvt ", "fpgm", "glyf", "head", "hhea",
                                       "hmtx", "loca", "maxp", "prep"};
    GByteArray *tables[] = {copy_table (&font->cvt),
                            copy_table (&font->fpgm),
                            glyf,
                            head,
                            hhea,
                            cut_metrics (font, last),
                            loca,
                            maxp,
                            copy_table (&font->prep)};
    return assemble (tags, tables, G_N_ELEMENTS (tables));
}

static int by_glyph (gconstpointer a, gconstpointer b)
{
    guint x = GPOINTER_TO_UINT (a), y = GPOINTER_TO_UINT (b);
    return x < y ? -1 : x > y;
}

/* /ToUnicode: text can be searched and copied (9.10.3). */
static GBytes *to_unicode (const TamgaPdfFont *font, GList *glyphs)
{
    GString *out = g_string_new ("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
                                 "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) "
                                 "/Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n"
                                 "/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\n"
                                 "endcodespacerange\n");
    for (GList *at = glyphs; at != NULL; at = at->next) {
        gunichar c = GPOINTER_TO_UINT (g_hash_table_lookup (font->used, at->data));
        g_string_append_printf (out, "1 beginbfchar\n<%04X> <", GPOINTER_TO_UINT (at->data));
        if (c > 0xFFFF)
            g_string_append_printf (out, "%04X%04X", 0xD800 + ((c - 0x10000) >> 10),
                                    0xDC00 + ((c - 0x10000) & 0x3FF));
        else
            g_string_append_printf (out, "%04X", c);
        g_string_append (out, ">\nendbfchar\n");
    }
    g_string_append (out, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
    return g_string_free_to_bytes (out);
}

static guint32 add_descriptor (const TamgaPdfFont *font, TamgaPdfUpdate *update)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    g_autoptr (GBytes) file = cut_font (font);
    TamgaPdfObject *stream =
        tamga_pdf_new_parsed (arena, "<< /Length1 %" G_GSIZE_FORMAT " >>", g_bytes_get_size (file));
    guint32 number = tamga_pdf_update_add_stream (update, stream, file, TRUE);
    double scale = 1000.0 / font->units;
    TamgaPdfObject *descriptor = tamga_pdf_new_parsed (
        arena,
        "<< /Type /FontDescriptor /FontName /TAMGAA+SignatureSans /Flags 4 /ItalicAngle 0 "
        "/StemV 80 /Ascent %d /Descent %d /CapHeight 730 /FontBBox [%d %d %d %d] "
        "/FontFile2 %u 0 R >>",
        (int)tamga_pdf_font_ascent (font), -(int)tamga_pdf_font_descent (font),
        (int)(s16 (&font->head, 36) * scale), (int)(s16 (&font->head, 38) * scale),
        (int)(s16 (&font->head, 40) * scale), (int)(s16 (&font->head, 42) * scale), number);
    return tamga_pdf_update_add (update, descriptor);
}

guint32 tamga_pdf_font_embed (TamgaPdfFont *font, TamgaPdfUpdate *update)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    g_autoptr (GList) glyphs = g_list_sort (g_hash_table_get_keys (font->used), by_glyph);
    g_autoptr (GString) widths = g_string_new ("[");
    for (GList *at = glyphs; at != NULL; at = at->next)
        g_string_append_printf (widths, " %u [%d]", GPOINTER_TO_UINT (at->data),
                                (int)(glyph_width (font, GPOINTER_TO_UINT (at->data)) + 0.5));
    g_string_append (widths, " ]");
    guint32 descriptor = add_descriptor (font, update);
    TamgaPdfObject *cid = tamga_pdf_new_parsed (
        arena,
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /TAMGAA+SignatureSans /CIDSystemInfo "
        "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %u 0 R "
        "/CIDToGIDMap /Identity /DW 600 /W %s >>",
        descriptor, widths->str);
    guint32 descendant = tamga_pdf_update_add (update, cid);
    g_autoptr (GBytes) map = to_unicode (font, glyphs);
    guint32 unicode =
        tamga_pdf_update_add_stream (update, tamga_pdf_new (arena, TAMGA_PDF_DICT), map, TRUE);
    return tamga_pdf_update_add (
        update, tamga_pdf_new_parsed (
                    arena,
                    "<< /Type /Font /Subtype /Type0 /BaseFont /TAMGAA+SignatureSans /Encoding "
                    "/Identity-H /DescendantFonts [%u 0 R] /ToUnicode %u 0 R >>",
                    descendant, unicode));
}
