/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text into the bytes of an XML file. */
#include "formats/xml/slot.h"

#include <string.h>

void tamga_xml_slot_clear (TamgaXmlSlot *slot)
{
    g_clear_pointer (&slot->head, g_free);
    g_clear_pointer (&slot->tail, g_free);
}

/* The name as the tag at `begin` spells it. */
static char *name_at (const char *data, gsize begin)
{
    gsize size = strcspn (data + begin + 1, " \t\r\n/>");

    return g_strndup (data + begin + 1, size);
}

gboolean tamga_xml_slot (const TamgaXml *xml, const xmlNode *parent, TamgaXmlSlot *slot,
                         GError **error)
{
    const char *data = g_bytes_get_data (xml->bytes, NULL);
    TamgaXmlSpan span;

    *slot = (TamgaXmlSlot){0};
    if (!tamga_xml_span (xml, parent, &span, error))
        return FALSE;
    slot->at = span.end_tag;
    if (span.empty_tag) {
        g_autofree char *name = name_at (data, span.begin);
        slot->skip = strlen ("/>");
        slot->head = g_strdup (">");
        slot->tail = g_strdup_printf ("</%s >", name);
    }
    return TRUE;
}

static void append_text (GByteArray *out, const char *text)
{
    if (text != NULL)
        g_byte_array_append (out, (const guint8 *)text, (guint)strlen (text));
}

GBytes *tamga_xml_slot_fill (GBytes *bytes, const TamgaXmlSlot *slot, const char *text,
                             gsize length)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);
    GByteArray *out = g_byte_array_sized_new ((guint)(size + length));

    g_assert (slot->at + slot->skip <= size);
    g_byte_array_append (out, data, (guint)slot->at);
    append_text (out, slot->head);
    g_byte_array_append (out, (const guint8 *)text, (guint)length);
    append_text (out, slot->tail);
    g_byte_array_append (out, data + slot->at + slot->skip, (guint)(size - slot->at - slot->skip));
    return g_byte_array_free_to_bytes (out);
}

/* Size of the end tag at `rest` where it is the one that tamga_xml_slot makes for the start tag at
 * `begin`; else 0. */
static gsize made_end_tag (const char *data, gsize begin, gsize rest, gsize size)
{
    g_autofree char *name = name_at (data, begin);
    g_autofree char *tail = g_strdup_printf ("</%s >", name);
    gsize length = strlen (tail);

    return size - rest >= length && memcmp (data + rest, tail, length) == 0 ? length : 0;
}

GBytes *tamga_xml_cut (const TamgaXml *xml, GPtrArray *elements, GError **error)
{
    gsize size, from = 0, run = 0; /* the run: where the elements begin that lie side by side */
    const char *data = g_bytes_get_data (xml->bytes, &size);
    g_autoptr (GByteArray) out = g_byte_array_sized_new ((guint)size);

    for (guint i = 0; i < elements->len; i++) {
        const xmlNode *element = elements->pdata[i];
        TamgaXmlSpan span, parent;
        gsize closing = 0;
        g_assert (element->parent != NULL && element->parent->type == XML_ELEMENT_NODE);
        if (!tamga_xml_span (xml, element, &span, error) ||
            !tamga_xml_span (xml, element->parent, &parent, error))
            return NULL;
        g_assert (span.begin >= from);
        if (i == 0 || span.begin > from)
            run = span.begin;
        g_byte_array_append (out, (const guint8 *)data + from, (guint)(span.begin - from));
        from = span.end;
        if (run == parent.content)
            closing = made_end_tag (data, parent.begin, from, size);
        if (closing > 0) {
            g_byte_array_set_size (out, out->len - 1);
            append_text (out, "/>");
            from += closing;
        }
    }
    g_byte_array_append (out, (const guint8 *)data + from, (guint)(size - from));
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
