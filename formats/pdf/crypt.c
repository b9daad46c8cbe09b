/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applying the file's key to strings and streams. How a password becomes that key: unlock.c. */
#include "formats/pdf/crypt.h"

#include <openssl/crypto.h>
#include <string.h>

#include "formats/pdf/unlock.h"

void tamga_pdf_crypt_free (TamgaPdfCrypt *crypt)
{
    if (crypt == NULL)
        return;
    if (crypt->password != NULL)
        OPENSSL_cleanse (crypt->password, strlen (crypt->password));
    g_free (crypt->password);
    OPENSSL_cleanse (crypt->key, sizeof crypt->key);
    g_free (crypt);
}

const char *tamga_pdf_crypt_password (const TamgaPdfCrypt *crypt)
{
    return crypt->password;
}

gboolean tamga_pdf_crypt_permits (const TamgaPdfCrypt *crypt, int bit)
{
    if (crypt == NULL || crypt->owner)
        return TRUE;
    /* Bit 9 came with revision 3; before it, bit 6 alone decides. */
    if (bit == TAMGA_PDF_MAY_FILL && crypt->revision < 3)
        return FALSE;
    return (crypt->permissions >> (bit - 1) & 1) != 0;
}

/* The key of one object (7.6.2, algorithm 1); AES-256 takes the file's own (algorithm 1.A). */
static gsize object_key (const TamgaPdfCrypt *crypt, TamgaPdfCipher cipher, guint32 number,
                         guint32 generation, guint8 *key)
{
    if (cipher == TAMGA_PDF_CIPHER_AES256) {
        memcpy (key, crypt->key, crypt->key_length);
        return crypt->key_length;
    }
    const guint8 tail[] = {(guint8)number,
                           (guint8)(number >> 8),
                           (guint8)(number >> 16),
                           (guint8)generation,
                           (guint8)(generation >> 8),
                           's',
                           'A',
                           'l',
                           'T'};
    g_autoptr (GChecksum) md5 = g_checksum_new (G_CHECKSUM_MD5);
    g_checksum_update (md5, crypt->key, (gssize)crypt->key_length);
    g_checksum_update (md5, tail, cipher == TAMGA_PDF_CIPHER_AES128 ? sizeof tail : 5);
    gsize length = TAMGA_PDF_MAX_KEY;
    g_checksum_get_digest (md5, key, &length);
    return MIN (crypt->key_length + 5, 16);
}

static GBytes *apply (const TamgaPdfCrypt *crypt, TamgaPdfCipher cipher, gboolean encrypt,
                      guint32 number, guint32 generation, gconstpointer data, gsize n,
                      GError **error)
{
    guint8 key[TAMGA_PDF_MAX_KEY];
    gsize length = object_key (crypt, cipher, number, generation, key);
    GBytes *result = tamga_pdf_cipher (cipher, encrypt, key, length, data, n, error);
    OPENSSL_cleanse (key, sizeof key);
    if (result == NULL)
        g_prefix_error (error, "object %u %u: ", number, generation);
    return result;
}

gboolean tamga_pdf_crypt_spares (const TamgaPdfObject *dict)
{
    return tamga_pdf_is_dict (dict) && tamga_pdf_key (dict, "ByteRange")->type == TAMGA_PDF_ARRAY &&
           tamga_pdf_key (dict, "Contents")->type == TAMGA_PDF_STRING;
}

typedef struct {
    TamgaPdf *pdf;
    gboolean encrypt;
    guint32 number, generation;
} Object;

static gboolean crypt_tree (const Object *owner, TamgaPdfObject *object, GError **error)
{
    if (object->type == TAMGA_PDF_STRING) {
        const TamgaPdfCrypt *crypt = owner->pdf->crypt;
        g_autoptr (GBytes) bytes =
            apply (crypt, crypt->strings, owner->encrypt, owner->number, owner->generation,
                   object->text.data, object->text.length, error);
        if (bytes == NULL)
            return FALSE;
        gsize length;
        const void *data = g_bytes_get_data (bytes, &length);
        TamgaPdfObject *made = tamga_pdf_new_string (owner->pdf->arena, data, length, TRUE);
        object->text = made->text;
        object->hex = object->hex || owner->encrypt;
        return TRUE;
    }
    gboolean good = TRUE;
    if (object->type == TAMGA_PDF_ARRAY) {
        for (gsize i = 0; good && i < object->array.n; i++)
            good = crypt_tree (owner, object->array.items[i], error);
    } else if (tamga_pdf_is_dict (object)) {
        gboolean spares = tamga_pdf_crypt_spares (object);
        for (gsize i = 0; good && i < object->dict.n; i++) {
            const TamgaPdfEntry *entry = &object->dict.entries[i];
            good = (spares && strcmp (entry->key, "Contents") == 0) ||
                   crypt_tree (owner, entry->value, error);
        }
    }
    return good;
}

static gboolean is_xref (const TamgaPdfObject *object)
{
    return object->type == TAMGA_PDF_STREAM &&
           tamga_pdf_is_name (tamga_pdf_key (object, "Type"), "XRef");
}

gboolean tamga_pdf_crypt_strings (TamgaPdf *pdf, gboolean encrypt, TamgaPdfObject *object,
                                  guint32 number, guint32 generation, GError **error)
{
    const TamgaPdfCrypt *crypt = pdf->crypt;
    if (crypt == NULL || crypt->strings == TAMGA_PDF_CIPHER_NONE || number == crypt->number ||
        is_xref (object))
        return TRUE;
    const Object owner = {pdf, encrypt, number, generation};
    return crypt_tree (&owner, object, error);
}

/* The first filter, where it is /Crypt: the name of the crypt filter to use (7.4.10). */
static const char *own_filter (const TamgaPdfRevision *view, TamgaPdfObject *stream)
{
    TamgaPdfObject *filter = tamga_pdf_get (view, stream, "Filter");
    TamgaPdfObject *parms = tamga_pdf_get (view, stream, "DecodeParms");
    if (filter->type == TAMGA_PDF_ARRAY)
        filter = tamga_pdf_item (view, filter, 0);
    if (parms->type == TAMGA_PDF_ARRAY)
        parms = tamga_pdf_item (view, parms, 0);
    if (!tamga_pdf_is_name (filter, "Crypt"))
        return NULL;
    TamgaPdfObject *name = tamga_pdf_get (view, parms, "Name");
    return name->type == TAMGA_PDF_NAME ? name->text.data : "Identity";
}

static gboolean stream_cipher (const TamgaPdfRevision *view, TamgaPdfObject *stream,
                               TamgaPdfCipher *cipher, GError **error)
{
    const TamgaPdfCrypt *crypt = view->pdf->crypt;
    TamgaPdfObject *type = tamga_pdf_get (view, stream, "Type");
    const char *name = own_filter (view, stream);
    *cipher = crypt->streams;
    if (is_xref (stream) || (tamga_pdf_is_name (type, "Metadata") && !crypt->metadata))
        *cipher = TAMGA_PDF_CIPHER_NONE;
    else if (name != NULL)
        return tamga_pdf_crypt_filter (crypt, name, cipher, error);
    else if (tamga_pdf_is_name (type, "EmbeddedFile"))
        *cipher = crypt->files;
    return TRUE;
}

GBytes *tamga_pdf_crypt_stream (const TamgaPdfRevision *view, gboolean encrypt,
                                TamgaPdfObject *stream, guint32 number, guint32 generation,
                                GBytes *data, GError **error)
{
    TamgaPdfCipher cipher = TAMGA_PDF_CIPHER_NONE;
    if (view->pdf->crypt != NULL && !stream_cipher (view, stream, &cipher, error))
        return NULL;
    if (cipher == TAMGA_PDF_CIPHER_NONE)
        return g_bytes_ref (data);
    gsize n;
    const void *bytes = g_bytes_get_data (data, &n);
    return apply (view->pdf->crypt, cipher, encrypt, number, generation, bytes, n, error);
}
