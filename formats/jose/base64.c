/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict base64url and base64. */
#include "formats/jose/base64.h"

#include <string.h>

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *tamga_base64url_encode (gconstpointer data, gsize size)
{
    char *text = g_base64_encode (size > 0 ? data : "", size);
    gsize length = strlen (text);

    while (length > 0 && text[length - 1] == '=')
        text[--length] = '\0';
    for (gsize i = 0; i < length; i++) {
        if (text[i] == '+')
            text[i] = '-';
        else if (text[i] == '/')
            text[i] = '_';
    }
    return text;
}

char *tamga_base64url_encode_bytes (GBytes *bytes)
{
    return tamga_base64url_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

char *tamga_base64_encode_bytes (GBytes *bytes)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);

    return g_base64_encode (size > 0 ? data : (const guint8 *)"", size);
}

/* `length`: without padding. */
static GBytes *decode (const char *alphabet, const char *text, gsize length)
{
    g_autofree guint8 *bytes = NULL;
    gsize size = 0;
    guint32 bits = 0;
    guint pending = 0;
    gint8 values[256];

    if (length % 4 == 1)
        return NULL;
    memset (values, -1, sizeof values);
    for (guint i = 0; i < 64; i++)
        values[(guint8)alphabet[i]] = (gint8)i;
    bytes = g_malloc (length / 4 * 3 + 3);
    for (gsize i = 0; i < length; i++) {
        gint8 value = values[(guint8)text[i]];
        if (value < 0)
            return NULL;
        bits = (bits << 6 | (guint32)value) & 0xffffff;
        pending += 6;
        if (pending >= 8) {
            pending -= 8;
            bytes[size++] = (guint8)(bits >> pending);
        }
    }
    if ((bits & ((1u << pending) - 1)) != 0)
        return NULL;
    return g_bytes_new_take (g_steal_pointer (&bytes), size);
}

GBytes *tamga_base64url_decode (const char *text, gsize length)
{
    return decode (base64url, text, length);
}

GBytes *tamga_base64_decode (const char *text)
{
    gsize length = strlen (text);

    if (length % 4 != 0)
        return NULL;
    for (int i = 0; i < 2 && length > 0 && text[length - 1] == '='; i++)
        length--;
    return decode (base64, text, length);
}
