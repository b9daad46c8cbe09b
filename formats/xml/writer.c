/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text of XML elements in three layouts. */
#include "formats/xml/writer.h"

#include <stdarg.h>
#include <string.h>

#define LINE_LENGTH 76u

/* What separates elements, and what ends a line of base64: a carriage return in text survives the
 * parser only as a character reference (XML 1.0, 2.11), and is what Java's encoder leaves. */
static const struct {
    const char *between, *base64, *parsed_base64;
} ends[] = {
    [TAMGA_LAYOUT_COMPACT] = {"", NULL, NULL},
    [TAMGA_LAYOUT_LF] = {"\n", "\n", "\n"},
    [TAMGA_LAYOUT_CRLF] = {"\r\n", "&#13;\r\n", "\r\n"},
};

TamgaXmlWriter *tamga_xml_writer_new (TamgaLayout layout)
{
    TamgaXmlWriter *writer = g_new (TamgaXmlWriter, 1);

    *writer = (TamgaXmlWriter){.text = g_string_new (NULL),
                               .layout = layout,
                               .open = g_ptr_array_new_with_free_func (g_free)};
    return writer;
}

TamgaXmlWriter *tamga_xml_writer_new_inside (TamgaLayout layout)
{
    TamgaXmlWriter *writer = tamga_xml_writer_new (layout);

    writer->inside = TRUE;
    return writer;
}

void tamga_xml_writer_free (TamgaXmlWriter *writer)
{
    if (writer == NULL)
        return;
    if (writer->text != NULL)
        g_string_free (writer->text, TRUE);
    g_ptr_array_unref (writer->open);
    g_free (writer);
}

GString *tamga_xml_writer_finish (TamgaXmlWriter *writer)
{
    GString *text = g_steal_pointer (&writer->text);

    g_assert (writer->open->len == 0);
    tamga_xml_writer_free (writer);
    return text;
}

gboolean tamga_xml_writer_takes (const char *text)
{
    if (!g_utf8_validate (text, -1, NULL))
        return FALSE;
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
        gunichar c = g_utf8_get_char (p);
        if (g_unichar_iscntrl (c) || c == 0xfffe || c == 0xffff)
            return FALSE;
    }
    return TRUE;
}

static void append_escaped (GString *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
        gunichar c = g_utf8_get_char (p);
        if (c >= 0x7f || strchr ("&<>\"'", (int)c) != NULL)
            g_string_append_printf (out, "&#%u;", c);
        else
            g_string_append_c (out, (char)c);
    }
}

static void append_attributes (GString *out, va_list attributes)
{
    for (const char *name = va_arg (attributes, const char *); name != NULL;
         name = va_arg (attributes, const char *)) {
        const char *value = va_arg (attributes, const char *);
        if (value == NULL)
            continue;
        g_string_append_printf (out, " %s=\"", name);
        append_escaped (out, value);
        g_string_append_c (out, '"');
    }
}

/* Behind an element, and behind the start tag of one that has others inside. */
static void append_break (TamgaXmlWriter *writer)
{
    if (writer->inside || writer->open->len > 0)
        g_string_append (writer->text, ends[writer->layout].between);
}

void tamga_xml_writer_begin (TamgaXmlWriter *writer, const char *name, ...)
{
    va_list attributes;

    va_start (attributes, name);
    g_string_append_printf (writer->text, "<%s", name);
    append_attributes (writer->text, attributes);
    g_string_append_c (writer->text, '>');
    va_end (attributes);
    g_ptr_array_add (writer->open, g_strdup (name));
    append_break (writer);
}

void tamga_xml_writer_end (TamgaXmlWriter *writer)
{
    g_autofree char *name = g_ptr_array_steal_index (writer->open, writer->open->len - 1);

    g_string_append_printf (writer->text, "</%s>", name);
    append_break (writer);
}

void tamga_xml_writer_leaf (TamgaXmlWriter *writer, const char *name, const char *text, ...)
{
    va_list attributes;

    va_start (attributes, text);
    g_string_append_printf (writer->text, "<%s", name);
    append_attributes (writer->text, attributes);
    va_end (attributes);
    if (text != NULL) {
        g_string_append_c (writer->text, '>');
        append_escaped (writer->text, text);
        g_string_append_printf (writer->text, "</%s>", name);
    } else {
        g_string_append (writer->text, "/>");
    }
    append_break (writer);
}

static void append_base64 (GString *out, GBytes *bytes, const char *line_end)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (bytes, &length);
    g_autofree char *text = g_base64_encode (data, length);
    gsize left = strlen (text);

    for (const char *line = text; left > 0;) {
        gsize size = line_end != NULL ? MIN (left, LINE_LENGTH) : left;
        g_string_append_len (out, line, (gssize)size);
        line += size;
        left -= size;
        if (left > 0)
            g_string_append (out, line_end);
    }
}

void tamga_xml_writer_base64 (TamgaXmlWriter *writer, TamgaXmlBase64 kind, const char *name,
                              GBytes *bytes, ...)
{
    const char *around = kind == TAMGA_XML_BLOCK ? ends[writer->layout].between : "";
    va_list attributes;

    va_start (attributes, bytes);
    g_string_append_printf (writer->text, "<%s", name);
    append_attributes (writer->text, attributes);
    va_end (attributes);
    g_string_append_printf (writer->text, ">%s", around);
    append_base64 (writer->text, bytes, ends[writer->layout].base64);
    g_string_append_printf (writer->text, "%s</%s>", around, name);
    append_break (writer);
}

void tamga_xml_writer_raw (TamgaXmlWriter *writer, const void *text, gsize length)
{
    g_string_append_len (writer->text, text, (gssize)length);
}

char *tamga_xml_writer_parsed_base64 (TamgaLayout layout, GBytes *bytes)
{
    GString *text = g_string_new (NULL);

    append_base64 (text, bytes, ends[layout].parsed_base64);
    return g_string_free (text, FALSE);
}

void tamga_xml_writer_digest (TamgaXmlWriter *writer, const TamgaDigest *digest, GBytes *value)
{
    g_assert (digest->xml_uri != NULL);
    tamga_xml_writer_leaf (writer, "ds:DigestMethod", NULL, "Algorithm", digest->xml_uri, NULL);
    tamga_xml_writer_base64 (writer, TAMGA_XML_INLINE, "ds:DigestValue", value, NULL);
}
