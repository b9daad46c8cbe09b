/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The incremental-update writer. */
#include "formats/pdf/update.h"

#include <string.h>
#include <zlib.h>

#include "formats/limits.h"
#include "formats/ossl.h"
#include "formats/pdf/crypt.h"

typedef struct {
    guint32 number, generation;
    TamgaPdfObject *object; /* NULL where `text` is given */
    char *text;
    GBytes *data;     /* of a stream */
    guint64 position; /* of "N G obj"; set by finishing */
    guint64 value;    /* of the value behind it */
} Item;

struct _TamgaPdfUpdate {
    TamgaPdf *pdf;
    GPtrArray *items; /* Item */
    guint32 next;
};

static void item_free (gpointer data)
{
    Item *item = data;
    g_free (item->text);
    g_clear_pointer (&item->data, g_bytes_unref);
    g_free (item);
}

TamgaPdfUpdate *tamga_pdf_update_new (TamgaPdf *pdf)
{
    TamgaPdfUpdate *update = g_new0 (TamgaPdfUpdate, 1);
    update->pdf = pdf;
    update->items = g_ptr_array_new_with_free_func (item_free);
    update->next = tamga_pdf_next_number (pdf);
    return update;
}

void tamga_pdf_update_free (TamgaPdfUpdate *update)
{
    if (update == NULL)
        return;
    g_ptr_array_unref (update->items);
    g_free (update);
}

TamgaPdf *tamga_pdf_update_pdf (TamgaPdfUpdate *update)
{
    return update->pdf;
}

TamgaPdfArena *tamga_pdf_update_arena (TamgaPdfUpdate *update)
{
    return update->pdf->arena;
}

static Item *find_item (TamgaPdfUpdate *update, guint32 number)
{
    for (guint i = 0; i < update->items->len; i++) {
        Item *item = update->items->pdata[i];
        if (item->number == number)
            return item;
    }
    return NULL;
}

static Item *add_item (TamgaPdfUpdate *update, guint32 number, guint32 generation,
                       TamgaPdfObject *object)
{
    Item *item = g_new0 (Item, 1);
    item->number = number;
    item->generation = generation;
    item->object = object;
    g_ptr_array_add (update->items, item);
    return item;
}

TamgaPdfObject *tamga_pdf_update_edit (TamgaPdfUpdate *update, guint32 number, guint32 generation)
{
    Item *item = find_item (update, number);
    if (item == NULL) {
        TamgaPdfObject *object =
            tamga_pdf_load (tamga_pdf_latest (update->pdf), number, generation);
        item = add_item (update, number, generation, tamga_pdf_clone (update->pdf->arena, object));
    }
    return item->object;
}

TamgaPdfObject *tamga_pdf_update_child (TamgaPdfUpdate *update, TamgaPdfObject *parent,
                                        const char *key, TamgaPdfType type)
{
    TamgaPdfObject *child = tamga_pdf_key (parent, key);
    if (child->type == TAMGA_PDF_REF) {
        TamgaPdfObject *target = tamga_pdf_resolve (tamga_pdf_latest (update->pdf), child);
        if (target->type == type)
            return tamga_pdf_update_edit (update, child->ref.number, child->ref.generation);
        Item *item = find_item (update, child->ref.number);
        if (item != NULL && item->object != NULL && item->object->type == type)
            return item->object;
        child = target;
    }
    if (child->type == TAMGA_PDF_NULL) {
        child = tamga_pdf_new (update->pdf->arena, type);
        tamga_pdf_dict_set (update->pdf->arena, parent, key, child);
    }
    return child->type == type ? child : NULL;
}

guint32 tamga_pdf_update_reserve (TamgaPdfUpdate *update)
{
    return update->next++;
}

void tamga_pdf_update_put (TamgaPdfUpdate *update, guint32 number, TamgaPdfObject *object)
{
    g_assert (find_item (update, number) == NULL);
    add_item (update, number, 0, object);
}

guint32 tamga_pdf_update_add (TamgaPdfUpdate *update, TamgaPdfObject *object)
{
    guint32 number = tamga_pdf_update_reserve (update);
    tamga_pdf_update_put (update, number, object);
    return number;
}

static GBytes *deflate_bytes (GBytes *plain)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (plain, &length);
    uLongf room = compressBound (length);
    g_autofree guint8 *out = g_malloc (room);
    int status = compress2 (out, &room, data, length, 6);
    g_assert (status == Z_OK);
    return g_bytes_new (out, room);
}

guint32 tamga_pdf_update_add_stream (TamgaPdfUpdate *update, TamgaPdfObject *dict, GBytes *data,
                                     gboolean compress)
{
    TamgaPdfArena *arena = update->pdf->arena;
    guint32 number = tamga_pdf_update_reserve (update);
    Item *item = add_item (update, number, 0, dict);
    item->data = compress ? deflate_bytes (data) : g_bytes_ref (data);
    dict->type = TAMGA_PDF_STREAM;
    if (compress)
        tamga_pdf_dict_set (arena, dict, "Filter", tamga_pdf_new_name (arena, "FlateDecode"));
    tamga_pdf_dict_set (arena, dict, "Length",
                        tamga_pdf_new_integer (arena, (gint64)g_bytes_get_size (item->data)));
    return number;
}

void tamga_pdf_update_put_text (TamgaPdfUpdate *update, guint32 number, const char *text)
{
    g_assert (find_item (update, number) == NULL);
    add_item (update, number, 0, NULL)->text = g_strdup (text);
}

guint64 tamga_pdf_update_position (TamgaPdfUpdate *update, guint32 number)
{
    Item *item = find_item (update, number);
    g_assert (item != NULL && item->value != 0);
    return item->value;
}

/* Encrypts an item as the file is. What it points to stays plain for whoever asks. */
static gboolean encrypt_item (TamgaPdfUpdate *update, Item *item, GError **error)
{
    TamgaPdf *pdf = update->pdf;
    if (pdf->crypt == NULL || item->object == NULL)
        return TRUE;
    TamgaPdfObject *copy = tamga_pdf_clone (pdf->arena, item->object);
    if (item->data != NULL) {
        GBytes *data = tamga_pdf_crypt_stream (tamga_pdf_latest (pdf), TRUE, copy, item->number,
                                               item->generation, item->data, error);
        if (data == NULL)
            return FALSE;
        g_bytes_unref (item->data);
        item->data = data;
        tamga_pdf_dict_set (pdf->arena, copy, "Length",
                            tamga_pdf_new_integer (pdf->arena, (gint64)g_bytes_get_size (data)));
    }
    item->object = copy;
    return tamga_pdf_crypt_strings (pdf, TRUE, copy, item->number, item->generation, error);
}

TamgaPdfObject *tamga_pdf_update_seal (TamgaPdfUpdate *update, guint32 number,
                                       const TamgaPdfObject *object, GError **error)
{
    TamgaPdfObject *copy = tamga_pdf_clone (update->pdf->arena, object);
    return tamga_pdf_crypt_strings (update->pdf, TRUE, copy, number, 0, error) ? copy : NULL;
}

static void write_item (Item *item, GString *out, guint64 base)
{
    item->position = base + out->len;
    g_string_append_printf (out, "%u %u obj\n", item->number, item->generation);
    item->value = base + out->len;
    if (item->text != NULL)
        g_string_append (out, item->text);
    else
        tamga_pdf_write (out, item->object);
    if (item->data != NULL) {
        gsize length;
        const char *data = g_bytes_get_data (item->data, &length);
        g_string_append (out, "\nstream\n");
        g_string_append_len (out, data, (gssize)length);
        g_string_append (out, "\nendstream");
    }
    g_string_append (out, "\nendobj\n");
}

static int by_number (gconstpointer a, gconstpointer b)
{
    const Item *x = *(Item *const *)a, *y = *(Item *const *)b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* /ID [first changed]: the first names the document for ever, the second this update (14.4). */
static void renew_id (TamgaPdfUpdate *update, TamgaPdfObject *trailer, const GString *out)
{
    TamgaPdfArena *arena = update->pdf->arena;
    const TamgaPdfRevision *view = tamga_pdf_latest (update->pdf);
    TamgaPdfObject *old = tamga_pdf_item (view, tamga_pdf_key (view->trailer, "ID"), 0);
    TamgaPdfObject *last = tamga_pdf_item (view, tamga_pdf_key (view->trailer, "ID"), 1);
    g_autoptr (GByteArray) seed = g_byte_array_new ();
    if (last->type == TAMGA_PDF_STRING)
        g_byte_array_append (seed, (const guint8 *)last->text.data, (guint)last->text.length);
    g_byte_array_append (seed, (const guint8 *)out->str, (guint)out->len);
    guint8 value[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    int done = EVP_Digest (seed->data, seed->len, value, &length, EVP_sha256 (), NULL);
    g_assert (done == 1);
    TamgaPdfObject *id = tamga_pdf_new (arena, TAMGA_PDF_ARRAY);
    TamgaPdfObject *changed = tamga_pdf_new_string (arena, value, 16, TRUE);
    TamgaPdfObject *first = changed;
    if (old->type == TAMGA_PDF_STRING)
        first = tamga_pdf_new_string (arena, old->text.data, old->text.length, TRUE);
    tamga_pdf_array_append (arena, id, first);
    tamga_pdf_array_append (arena, id, changed);
    tamga_pdf_dict_set (arena, trailer, "ID", id);
}

/* The trailer of the new section: that of the last one without what belongs to it alone. */
static TamgaPdfObject *make_trailer (TamgaPdfUpdate *update, const GString *out)
{
    static const char *const own[] = {"Type",        "W",       "Index", "Length", "Filter",
                                      "DecodeParms", "XRefStm", "DL",    NULL};
    TamgaPdfArena *arena = update->pdf->arena;
    const TamgaPdfRevision *view = tamga_pdf_latest (update->pdf);
    TamgaPdfObject *trailer = tamga_pdf_clone (arena, view->trailer);
    for (gsize i = 0; own[i] != NULL; i++)
        tamga_pdf_dict_remove (trailer, own[i]);
    trailer->type = TAMGA_PDF_DICT;
    guint64 prev = update->pdf->startxref - update->pdf->header;
    tamga_pdf_dict_set (arena, trailer, "Prev", tamga_pdf_new_integer (arena, (gint64)prev));
    tamga_pdf_dict_set (arena, trailer, "Size", tamga_pdf_new_integer (arena, update->next));
    renew_id (update, trailer, out);
    return trailer;
}

/* Calls of runs of consecutive numbers. */
static guint run_length (TamgaPdfUpdate *update, guint from)
{
    guint n = 1;
    while (from + n < update->items->len && ((Item *)update->items->pdata[from + n])->number ==
                                                ((Item *)update->items->pdata[from])->number + n)
        n++;
    return n;
}

static guint64 write_table (TamgaPdfUpdate *update, GString *out, guint64 base)
{
    TamgaPdfObject *trailer = make_trailer (update, out);
    guint64 position = base + out->len;
    g_string_append (out, "xref\n0 1\n0000000000 65535 f \n");
    for (guint i = 0; i < update->items->len;) {
        guint n = run_length (update, i);
        g_string_append_printf (out, "%u %u\n", ((Item *)update->items->pdata[i])->number, n);
        for (guint k = 0; k < n; k++, i++) {
            const Item *item = update->items->pdata[i];
            g_string_append_printf (out, "%010" G_GUINT64_FORMAT " %05u n \n", item->position,
                                    item->generation);
        }
    }
    g_string_append (out, "trailer\n");
    tamga_pdf_write (out, trailer);
    return position;
}

static void append_row (GByteArray *rows, const Item *item)
{
    guint8 row[11] = {1};
    for (int i = 0; i < 8; i++)
        row[1 + i] = (guint8)(item->position >> (8 * (7 - i)));
    row[9] = (guint8)(item->generation >> 8);
    row[10] = (guint8)item->generation;
    g_byte_array_append (rows, row, sizeof row);
}

static guint64 write_stream (TamgaPdfUpdate *update, GString *out, guint64 base)
{
    TamgaPdfArena *arena = update->pdf->arena;
    Item *self = add_item (update, tamga_pdf_update_reserve (update), 0, NULL);
    TamgaPdfObject *trailer = make_trailer (update, out);
    self->object = trailer;
    self->position = base + out->len;
    g_autoptr (GByteArray) rows = g_byte_array_new ();
    TamgaPdfObject *index = tamga_pdf_new (arena, TAMGA_PDF_ARRAY);
    for (guint i = 0; i < update->items->len;) {
        guint n = run_length (update, i);
        const Item *first = update->items->pdata[i];
        tamga_pdf_array_append (arena, index, tamga_pdf_new_integer (arena, first->number));
        tamga_pdf_array_append (arena, index, tamga_pdf_new_integer (arena, n));
        for (guint k = 0; k < n; k++, i++)
            append_row (rows, update->items->pdata[i]);
    }
    tamga_pdf_dict_set (arena, trailer, "Type", tamga_pdf_new_name (arena, "XRef"));
    tamga_pdf_dict_set (arena, trailer, "W", tamga_pdf_new_parsed (arena, "[1 8 2]"));
    tamga_pdf_dict_set (arena, trailer, "Index", index);
    tamga_pdf_dict_set (arena, trailer, "Length", tamga_pdf_new_integer (arena, rows->len));
    self->data = g_byte_array_free_to_bytes (g_steal_pointer (&rows));
    write_item (self, out, base);
    return self->position;
}

gboolean tamga_pdf_update_finish (TamgaPdfUpdate *update, GString *out, GError **error)
{
    TamgaPdf *pdf = update->pdf;
    g_assert (out->len == 0);
    const TamgaPdfSection *last = pdf->sections->pdata[0];
    char end = '\n';
    if (tamga_pdf_failed (pdf, error) ||
        !tamga_document_read (pdf->document, pdf->size - 1, &end, 1, error))
        return FALSE;
    if (update->next >= TAMGA_MAX_PDF_OBJECTS) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "the PDF has too many objects for another update");
        return FALSE;
    }
    if (end != '\n' && end != '\r')
        g_string_append_c (out, '\n');
    g_ptr_array_sort (update->items, by_number);
    for (guint i = 0; i < update->items->len; i++) {
        if (!encrypt_item (update, update->items->pdata[i], error))
            return FALSE;
        write_item (update->items->pdata[i], out, pdf->size);
    }
    guint64 position =
        last->stream ? write_stream (update, out, pdf->size) : write_table (update, out, pdf->size);
    g_string_append_printf (out, "%sstartxref\n%" G_GUINT64_FORMAT "\n%%%%EOF\n",
                            last->stream ? "" : "\n", position);
    return TRUE;
}
