/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tag-length-value of ASN.1: cursor and writer. */
#include "formats/cms/der.h"

#include <stdarg.h>
#include <string.h>

#include "formats/ossl.h"

gboolean tamga_der_head (const guint8 *data, gsize available, TamgaDerHead *head)
{
    guint octets;

    if (available < 2 || (data[0] & 0x1f) == 0x1f)
        return FALSE;
    *head = (TamgaDerHead){.tag = data[0], .header = 2};
    if (data[1] < 0x80) {
        head->length = data[1];
        return TRUE;
    }
    if (data[1] == 0x80) {
        head->indefinite = TRUE;
        return (data[0] & 0x20) != 0; /* only constructed ones may be (X.690 8.1.3.2) */
    }
    octets = data[1] & 0x7f;
    if (octets > 8 || available < 2 + octets)
        return FALSE;
    for (guint i = 0; i < octets; i++)
        head->length = head->length << 8 | data[2 + i];
    head->header += octets;
    return head->length <= G_MAXINT64;
}

/* Length of the contents of an indefinite element, without the two end octets; -1 when broken. */
static gssize indefinite_length (const guint8 *data, gsize left, guint depth)
{
    gsize at = 0;

    if (depth > TAMGA_DER_MAX_DEPTH)
        return -1;
    for (;;) {
        TamgaDerHead head;
        gssize inner;

        if (left - at >= 2 && data[at] == 0 && data[at + 1] == 0)
            return (gssize)at;
        if (!tamga_der_head (data + at, left - at, &head) || head.tag == 0)
            return -1;
        at += head.header;
        if (!head.indefinite) {
            if (head.length > left - at)
                return -1;
            at += head.length;
            continue;
        }
        inner = indefinite_length (data + at, left - at, depth + 1);
        if (inner < 0)
            return -1;
        at += (gsize)inner + 2;
    }
}

TamgaDer tamga_der (GBytes *bytes)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (bytes, &length);

    return (TamgaDer){data, length};
}

gboolean tamga_der_at_end (const TamgaDer *der)
{
    return der->left == 0;
}

guint8 tamga_der_peek (const TamgaDer *der)
{
    return der->left > 0 ? der->data[0] : 0;
}

gboolean tamga_der_next (TamgaDer *der, TamgaDerElement *element)
{
    TamgaDerHead head;
    gsize left, tail = 0;

    if (!tamga_der_head (der->data, der->left, &head) || head.tag == 0)
        return FALSE;
    left = der->left - head.header;
    if (head.indefinite) {
        gssize length = indefinite_length (der->data + head.header, left, 0);
        if (length < 0)
            return FALSE;
        head.length = (guint64)length;
        tail = 2;
    } else if (head.length > left) {
        return FALSE;
    }
    *element = (TamgaDerElement){
        .tag = head.tag,
        .indefinite = head.indefinite,
        .raw = der->data,
        .raw_length = head.header + (gsize)head.length + tail,
        .contents = {der->data + head.header, (gsize)head.length},
    };
    der->data += element->raw_length;
    der->left -= element->raw_length;
    return TRUE;
}

gboolean tamga_der_take (TamgaDer *der, guint8 tag, TamgaDerElement *element)
{
    return tamga_der_peek (der) == tag && tamga_der_next (der, element);
}

gboolean tamga_der_whole (GBytes *bytes, guint8 tag, TamgaDerElement *element)
{
    TamgaDer der = tamga_der (bytes);

    return tamga_der_take (&der, tag, element) && tamga_der_at_end (&der);
}

GBytes *tamga_der_raw (const TamgaDerElement *element)
{
    return g_bytes_new (element->raw, element->raw_length);
}

GBytes *tamga_der_copy (TamgaDer der)
{
    return g_bytes_new (der.data, der.left);
}

static gboolean join_octets (TamgaDer der, GByteArray *out, guint depth)
{
    TamgaDerElement part;

    while (!tamga_der_at_end (&der)) {
        if (!tamga_der_next (&der, &part))
            return FALSE;
        if (part.tag == TAMGA_DER_OCTET_STRING)
            g_byte_array_append (out, part.contents.data, (guint)part.contents.left);
        else if (part.tag != (TAMGA_DER_OCTET_STRING | 0x20) || depth > TAMGA_DER_MAX_DEPTH ||
                 !join_octets (part.contents, out, depth + 1))
            return FALSE;
    }
    return TRUE;
}

GBytes *tamga_der_octets (const TamgaDerElement *element)
{
    g_autoptr (GByteArray) out = NULL;

    if (!(element->tag & 0x20))
        return tamga_der_copy (element->contents);
    out = g_byte_array_new ();
    if (!join_octets (element->contents, out, 0))
        return NULL;
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

char *tamga_der_oid_text (const TamgaDerElement *element)
{
    const guint8 *data = element->raw;
    g_autoptr (ASN1_OBJECT) object = NULL;

    if (element->tag != TAMGA_DER_OID || element->raw_length > 256)
        return NULL;
    object = d2i_ASN1_OBJECT (NULL, &data, (long)element->raw_length);
    return object != NULL ? tamga_ossl_oid (object) : NULL;
}

int tamga_der_small_integer (const TamgaDerElement *element)
{
    int value = 0;

    if (element->tag != TAMGA_DER_INTEGER || element->contents.left == 0 ||
        element->contents.left > 4 || element->contents.data[0] >= 0x80)
        return -1;
    for (gsize i = 0; i < element->contents.left; i++)
        value = value << 8 | element->contents.data[i];
    return value;
}

gboolean tamga_der_split (GBytes *set, guint limit, GPtrArray *elements, gboolean *indefinite)
{
    TamgaDer der = tamga_der (set);
    TamgaDerElement whole, element;

    if (!tamga_der_next (&der, &whole))
        return FALSE;
    if (indefinite != NULL)
        *indefinite |= whole.indefinite;
    der = whole.contents;
    while (!tamga_der_at_end (&der)) {
        if (elements->len >= limit || !tamga_der_next (&der, &element))
            return FALSE;
        g_ptr_array_add (elements, tamga_der_raw (&element));
    }
    return TRUE;
}

/* Writes identifier and length octets; returns how many. */
static gsize write_head (guint8 tag, guint64 length, guint8 out[10])
{
    gsize octets = 0;

    out[0] = tag;
    if (length < 0x80) {
        out[1] = (guint8)length;
        return 2;
    }
    for (guint64 rest = length; rest > 0; rest >>= 8)
        octets++;
    out[1] = (guint8)(0x80 | octets);
    for (gsize i = 0; i < octets; i++)
        out[2 + i] = (guint8)(length >> (8 * (octets - 1 - i)));
    return 2 + octets;
}

GBytes *tamga_der_head_bytes (guint8 tag, guint64 length)
{
    guint8 head[10];

    return g_bytes_new (head, write_head (tag, length, head));
}

gsize tamga_der_head_size (guint64 length)
{
    guint8 head[10];

    return write_head (0, length, head);
}

GBytes *tamga_der_tlv (guint8 tag, const void *contents, gsize length)
{
    guint8 head[10];
    gsize size = write_head (tag, length, head);
    guint8 *out = g_malloc (size + length);

    memcpy (out, head, size);
    if (length > 0)
        memcpy (out + size, contents, length);
    return g_bytes_new_take (out, size + length);
}

GBytes *tamga_der_wrap (guint8 tag, GBytes *contents)
{
    gsize length;
    const void *data = g_bytes_get_data (contents, &length);

    return tamga_der_tlv (tag, data, length);
}

static void append_bytes (GByteArray *out, GBytes *bytes)
{
    gsize length;
    const void *data = g_bytes_get_data (bytes, &length);

    g_byte_array_append (out, data, (guint)length);
}

GBytes *tamga_der_join (int tag, ...)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    va_list parts;

    va_start (parts, tag);
    for (GBytes *part = va_arg (parts, GBytes *); part != TAMGA_DER_END;
         part = va_arg (parts, GBytes *)) {
        if (part != NULL)
            append_bytes (out, part);
    }
    va_end (parts);
    return tamga_der_tlv ((guint8)tag, out->data, out->len);
}

static gint compare_elements (gconstpointer a, gconstpointer b)
{
    return g_bytes_compare (*(GBytes *const *)a, *(GBytes *const *)b);
}

GBytes *tamga_der_set_of (guint8 tag, GPtrArray *elements)
{
    g_autoptr (GPtrArray) sorted = g_ptr_array_copy (elements, NULL, NULL);
    g_autoptr (GByteArray) out = g_byte_array_new ();

    /* Borrows: the copy holds no references of its own. */
    g_ptr_array_set_free_func (sorted, NULL);
    g_ptr_array_sort (sorted, compare_elements);
    for (guint i = 0; i < sorted->len; i++) {
        if (i == 0 || !g_bytes_equal (sorted->pdata[i], sorted->pdata[i - 1]))
            append_bytes (out, sorted->pdata[i]);
    }
    return tamga_der_tlv ((guint8)tag, out->data, out->len);
}

GBytes *tamga_der_oid (const char *dotted)
{
    g_autoptr (ASN1_OBJECT) object = OBJ_txt2obj (dotted, 1);

    g_assert (object != NULL);
    return tamga_ossl_der (i2d_ASN1_OBJECT, object);
}

GBytes *tamga_der_integer (gint64 value)
{
    guint8 octets[9];
    gsize count = 0;

    g_assert (value >= 0);
    do {
        count++;
    } while (count < 8 && (value >> (8 * count - 1)) != 0);
    for (gsize i = 0; i < count; i++)
        octets[i] = (guint8)(value >> (8 * (count - 1 - i)));
    return tamga_der_tlv (TAMGA_DER_INTEGER, octets, count);
}

GBytes *tamga_der_time (gint64 time)
{
    g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (time);
    gboolean utc_time;
    g_autofree char *text = NULL;

    g_assert (when != NULL);
    utc_time = g_date_time_get_year (when) >= 1950 && g_date_time_get_year (when) < 2050;
    text = g_date_time_format (when, utc_time ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ");
    return tamga_der_tlv (utc_time ? TAMGA_DER_UTC_TIME : TAMGA_DER_GENERALIZED_TIME, text,
                          strlen (text));
}
