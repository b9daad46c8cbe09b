/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Laying out, hashing and filling the room for a signature. */
#include "formats/pdf/slot.h"

#include <string.h>

#include "formats/ossl.h"

#define COPY_CHUNK (1024u * 1024)
/* "[0 N N N]" with numbers of up to 18 digits. */
#define BYTE_RANGE_ROOM 64

void tamga_pdf_slot_clear (TamgaPdfSlot *slot)
{
    if (slot->tail != NULL)
        g_string_free (slot->tail, TRUE);
    slot->tail = NULL;
}

/* The whole dictionary. The two positions count from the start of the text. */
static char *dictionary_text (const TamgaPdfObject *entries, gsize room, gsize *byte_range,
                              gsize *contents)
{
    GString *out = g_string_new (NULL);
    tamga_pdf_write (out, entries);
    g_assert (g_str_has_suffix (out->str, " >>"));
    g_string_truncate (out, out->len - 3);
    g_string_append (out, " /ByteRange ");
    *byte_range = out->len;
    g_string_append_printf (out, "%-*s", BYTE_RANGE_ROOM, "[]");
    g_string_append (out, " /Contents ");
    *contents = out->len;
    gsize begin = out->len;
    g_string_set_size (out, begin + 2 * room + 2);
    memset (out->str + begin, '0', 2 * room + 2);
    out->str[begin] = '<';
    out->str[out->len - 1] = '>';
    g_string_append (out, " >>");
    return g_string_free (out, FALSE);
}

gboolean tamga_pdf_slot_finish (TamgaPdfSlot *slot, TamgaPdfUpdate *update, guint32 number,
                                const TamgaPdfObject *entries, gsize room, GError **error)
{
    guint64 size = tamga_pdf_update_pdf (update)->size;
    gsize byte_range, contents;
    TamgaPdfObject *sealed = tamga_pdf_update_seal (update, number, entries, error);
    if (sealed == NULL)
        return FALSE;
    g_autofree char *text = dictionary_text (sealed, room, &byte_range, &contents);
    tamga_pdf_update_put_text (update, number, text);
    tamga_pdf_slot_clear (slot);
    slot->room = room;
    slot->tail = g_string_new (NULL);
    if (!tamga_pdf_update_finish (update, slot->tail, error))
        return FALSE;
    gsize start = (gsize)(tamga_pdf_update_position (update, number) - size);
    slot->contents = start + contents;
    guint64 first = size + slot->contents;
    guint64 second = first + 2 * room + 2;
    guint64 length = size + slot->tail->len - second;
    g_autofree char *range =
        g_strdup_printf ("[0 %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "]",
                         first, second, length);
    g_assert (strlen (range) <= BYTE_RANGE_ROOM);
    memcpy (slot->tail->str + start + byte_range, range, strlen (range));
    return TRUE;
}

static gboolean hash_document (TamgaDocument *document, EVP_MD_CTX *context, TamgaProgress progress,
                               gpointer progress_data, GError **error)
{
    guint64 size = tamga_document_size (document), done = 0;
    g_autofree guint8 *buffer = g_malloc (COPY_CHUNK);
    while (done < size) {
        gsize length = (gsize)MIN (COPY_CHUNK, size - done);
        if (!tamga_document_read (document, done, buffer, length, error))
            return FALSE;
        if (EVP_DigestUpdate (context, buffer, length) != 1)
            break;
        done += length;
        if (progress != NULL && done % (16 * COPY_CHUNK) == 0 &&
            !progress (done, size, progress_data)) {
            g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CANCELLED, "cancelled");
            return FALSE;
        }
    }
    return TRUE;
}

GBytes *tamga_pdf_slot_digest (const TamgaPdfSlot *slot, TamgaDocument *document,
                               const TamgaDigest *digest, TamgaProgress progress,
                               gpointer progress_data, GError **error)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    guint8 value[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    const GString *tail = slot->tail;
    gsize after = slot->contents + 2 * slot->room + 2;
    if (EVP_DigestInit_ex (context, tamga_digest_md (digest), NULL) == 1 &&
        !hash_document (document, context, progress, progress_data, error))
        return NULL;
    if (EVP_DigestUpdate (context, tail->str, slot->contents) != 1 ||
        EVP_DigestUpdate (context, tail->str + after, tail->len - after) != 1 ||
        EVP_DigestFinal_ex (context, value, &length) != 1) {
        g_autofree char *reason = tamga_ossl_error ();
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                     "the document could not be hashed (%s)", reason);
        return NULL;
    }
    return g_bytes_new (value, length);
}

gboolean tamga_pdf_slot_fill (TamgaPdfSlot *slot, GBytes *der, GError **error)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (der, &length);
    if (length > slot->room) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_DOES_NOT_FIT,
                     "the signature takes %" G_GSIZE_FORMAT " bytes and %" G_GSIZE_FORMAT
                     " were reserved for it: reserve more and sign again",
                     length, slot->room);
        return FALSE;
    }
    char *at = slot->tail->str + slot->contents + 1;
    memset (at, '0', 2 * slot->room);
    for (gsize i = 0; i < length; i++) {
        *at++ = "0123456789abcdef"[data[i] >> 4];
        *at++ = "0123456789abcdef"[data[i] & 15];
    }
    return TRUE;
}
