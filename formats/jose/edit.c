/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Something more in a JWS that is there. */
#include "formats/jose/edit.h"

#include <string.h>

typedef struct {
    const char *text;
    gsize size;
} Text;

static Text text_of (GBytes *bytes)
{
    Text text;

    text.text = g_bytes_get_data (bytes, &text.size);
    return text;
}

static GBytes *insert (const Text *text, gsize at, const char *what)
{
    g_autoptr (GByteArray) result = g_byte_array_new ();

    g_byte_array_append (result, (const guint8 *)text->text, (guint)at);
    g_byte_array_append (result, (const guint8 *)what, (guint)strlen (what));
    g_byte_array_append (result, (const guint8 *)text->text + at, (guint)(text->size - at));
    return g_byte_array_free_to_bytes (g_steal_pointer (&result));
}

/* The compact form as the flattened one: the same texts under their names. */
static GBytes *flatten (const TamgaJws *jws)
{
    g_autofree char *text = tamga_json_dump (jws->root);

    return g_bytes_new (text, strlen (text));
}

static void count_member (const char *text, TamgaJsonSpan name, TamgaJsonSpan value, gpointer data)
{
    (void)text, (void)name, (void)value;
    ++*(guint *)data;
}

static gboolean is_empty (const char *text, TamgaJsonSpan container)
{
    guint members = 0;

    tamga_json_visit (text, container, count_member, &members);
    return members == 0;
}

/* Behind the last element or member. */
static gsize last_place (const char *text, TamgaJsonSpan container)
{
    gsize at = container.end - 1;

    while (tamga_json_is_space (text[at - 1]))
        at--;
    return at;
}

typedef struct {
    guint wanted, at;
    TamgaJsonSpan *span;
} Pick;

static void pick_element (const char *text, TamgaJsonSpan name, TamgaJsonSpan value, gpointer data)
{
    Pick *pick = data;

    (void)text, (void)name;
    if (pick->at++ == pick->wanted)
        *pick->span = value;
}

static gboolean escaped (GError **error)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "The members of the JWS have escaped names: nothing can be put into it without "
                 "writing it anew.");
    return FALSE;
}

static gboolean find_signature (const TamgaJws *jws, const Text *text, guint index,
                                TamgaJsonSpan *span, GError **error)
{
    TamgaJsonSpan list;

    *span = tamga_json_whole (text->text, text->size);
    if (jws->form != TAMGA_JOSE_GENERAL)
        return TRUE;
    if (!tamga_json_find_member (text->text, *span, "signatures", &list))
        return escaped (error);
    tamga_json_visit (text->text, list, pick_element, &(Pick){index, 0, span});
    return TRUE;
}

GBytes *tamga_jws_add_components (const TamgaJws *jws, guint index, GPtrArray *components,
                                  GError **error)
{
    const TamgaJwsSignature *one = jws->signatures->pdata[index];
    g_autoptr (GBytes) flat = jws->form == TAMGA_JOSE_COMPACT ? flatten (jws) : NULL;
    Text text = text_of (flat != NULL ? flat : jws->text);
    g_autoptr (GString) joined = g_string_new (NULL);
    g_autofree char *what = NULL;
    TamgaJsonSpan signature, header, list;

    for (guint i = 0; i < components->len; i++)
        g_string_append_printf (joined, "%s%s", i > 0 ? "," : "",
                                (const char *)components->pdata[i]);
    if (!find_signature (jws, &text, index, &signature, error))
        return NULL;
    if (one->header == NULL) {
        what = g_strdup_printf ("\"header\":{\"etsiU\":[%s]},", joined->str);
        return insert (&text, signature.start + 1, what);
    }
    if (!tamga_json_find_member (text.text, signature, "header", &header)) {
        escaped (error);
        return NULL;
    }
    if (json_object_get (one->header, "etsiU") == NULL) {
        what = g_strdup_printf ("%s\"etsiU\":[%s]", is_empty (text.text, header) ? "" : ",",
                                joined->str);
        return insert (&text, last_place (text.text, header), what);
    }
    if (!tamga_json_find_member (text.text, header, "etsiU", &list)) {
        escaped (error);
        return NULL;
    }
    what = g_strconcat (is_empty (text.text, list) ? "" : ",", joined->str, NULL);
    return insert (&text, last_place (text.text, list), what);
}

typedef struct {
    GString *payload, *others;
} Parts;

/* Members of a flattened JWS, each with its own bytes. */
static void sort_member (const char *text, TamgaJsonSpan name, TamgaJsonSpan value, gpointer data)
{
    Parts *parts = data;
    gsize length = name.end - name.start;
    gboolean payload =
        length == strlen ("\"payload\"") && memcmp (text + name.start, "\"payload\"", length) == 0;
    GString *to = payload ? parts->payload : parts->others;

    if (!payload && to->len > 0)
        g_string_append_c (to, ',');
    g_string_append_len (to, text + name.start, (gssize)length);
    g_string_append_c (to, ':');
    g_string_append_len (to, text + value.start, (gssize)(value.end - value.start));
    if (payload)
        g_string_append_c (to, ',');
}

GBytes *tamga_jws_add_signature (const TamgaJws *jws, const char *members, GError **error)
{
    g_autoptr (GBytes) flat = jws->form == TAMGA_JOSE_COMPACT ? flatten (jws) : NULL;
    Text text = text_of (flat != NULL ? flat : jws->text);
    TamgaJsonSpan whole = tamga_json_whole (text.text, text.size), list;
    g_autoptr (GString) payload = g_string_new (NULL), others = g_string_new (NULL);
    g_autofree char *what = NULL;

    if (jws->form == TAMGA_JOSE_GENERAL) {
        if (!tamga_json_find_member (text.text, whole, "signatures", &list)) {
            escaped (error);
            return NULL;
        }
        what = g_strdup_printf (",{%s}", members);
        return insert (&text, last_place (text.text, list), what);
    }
    tamga_json_visit (text.text, whole, sort_member, &(Parts){payload, others});
    if (jws->payload != NULL && payload->len == 0) {
        escaped (error);
        return NULL;
    }
    what = g_strdup_printf ("{%s\"signatures\":[{%s},{%s}]}", payload->str, others->str, members);
    return g_bytes_new (what, strlen (what));
}
