/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a container: our own scan decides, and libzip must see the same archive. */
#include "formats/zip/container.h"

#include <string.h>
#include <zip.h>

#include "formats/limits.h"
#include "formats/zip/internal.h"

gboolean tamga_zip_probe (TamgaDocument *document)
{
    guint8 start[4];

    /* An archive without entries begins with its end record. */
    return tamga_document_size (document) >= TAMGA_ZIP_END_SIZE &&
           tamga_document_read (document, 0, start, sizeof start, NULL) &&
           (tamga_zip_get32 (start) == TAMGA_ZIP_LOCAL || tamga_zip_get32 (start) == TAMGA_ZIP_END);
}

/* ---- libzip reads the document by pread ---- */

typedef struct {
    TamgaDocument *document;
    guint64 at;
    zip_error_t error;
} Source;

static zip_int64_t source_read (Source *source, void *data, zip_uint64_t length)
{
    guint64 left = tamga_document_size (source->document) - source->at;
    gsize n = (gsize)MIN (length, left);

    if (!tamga_document_read (source->document, source->at, data, n, NULL)) {
        zip_error_set (&source->error, ZIP_ER_READ, 0);
        return -1;
    }
    source->at += n;
    return (zip_int64_t)n;
}

static zip_int64_t source_stat (Source *source, void *data, zip_uint64_t length)
{
    zip_stat_t *stat = data;

    if (length < sizeof *stat) {
        zip_error_set (&source->error, ZIP_ER_INVAL, 0);
        return -1;
    }
    zip_stat_init (stat);
    stat->size = tamga_document_size (source->document);
    stat->valid = ZIP_STAT_SIZE;
    return sizeof *stat;
}

static zip_int64_t source_seek (Source *source, void *data, zip_uint64_t length)
{
    zip_int64_t at = zip_source_seek_compute_offset (
        source->at, tamga_document_size (source->document), data, length, &source->error);

    if (at < 0)
        return -1;
    source->at = (guint64)at;
    return 0;
}

static zip_int64_t source_callback (void *user, void *data, zip_uint64_t length,
                                    zip_source_cmd_t command)
{
    Source *source = user;

    switch (command) {
    case ZIP_SOURCE_OPEN:
        source->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return source_read (source, data, length);
    case ZIP_SOURCE_STAT:
        return source_stat (source, data, length);
    case ZIP_SOURCE_SEEK:
        return source_seek (source, data, length);
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)source->at;
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data (&source->error, data, length);
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap (
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_STAT, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
            ZIP_SOURCE_ERROR, ZIP_SOURCE_SUPPORTS, ZIP_SOURCE_CLOSE, ZIP_SOURCE_FREE, -1);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    default:
        zip_error_set (&source->error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

static gboolean same_entry (zip_t *archive, const TamgaZipItem *item)
{
    const guint8 *central = g_bytes_get_data (item->central, NULL);
    const char *name = zip_get_name (archive, item->entry.index, ZIP_FL_ENC_RAW);
    zip_stat_t stat;

    return name != NULL && strlen (name) == item->name_size &&
           memcmp (name, central + TAMGA_ZIP_CENTRAL_SIZE, item->name_size) == 0 &&
           zip_stat_index (archive, item->entry.index, 0, &stat) == 0 &&
           stat.size == item->entry.size && stat.comp_size == item->packed &&
           stat.crc == item->crc && stat.comp_method == item->method &&
           stat.encryption_method == ZIP_EM_NONE;
}

static gboolean compare_archive (TamgaZip *zip, zip_t *archive, GError **error)
{
    gboolean same = zip_get_num_entries (archive, 0) == (zip_int64_t)zip->items->len;

    for (guint i = 0; same && i < zip->items->len; i++)
        same = same_entry (archive, zip->items->pdata[i]);
    if (!same)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "%s: the archive can be read in two ways.",
                     tamga_document_name (zip->document));
    return same;
}

/* A second reading by another program's eyes: whatever it sees differently is an attack or
 * damage. Content is read by our own code, which also wants deflate streams used up. */
static gboolean ask_libzip (TamgaZip *zip, GError **error)
{
    Source reading = {.document = zip->document};
    zip_error_t problem;
    zip_source_t *source;
    zip_t *archive;
    gboolean same;

    zip_error_init (&reading.error);
    zip_error_init (&problem);
    source = zip_source_function_create (source_callback, &reading, &problem);
    archive =
        source != NULL ? zip_open_from_source (source, ZIP_RDONLY | ZIP_CHECKCONS, &problem) : NULL;
    if (archive == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "%s: the archive is not consistent: %s.", tamga_document_name (zip->document),
                     zip_error_strerror (&problem));
        if (source != NULL)
            zip_source_free (source);
        zip_error_fini (&problem);
        return FALSE;
    }
    same = compare_archive (zip, archive, error);
    zip_discard (archive);
    zip_error_fini (&problem);
    return same;
}

TamgaZip *tamga_zip_open (TamgaDocument *document, GError **error)
{
    g_autoptr (TamgaZip) zip = NULL;

    if (!tamga_zip_probe (document)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT,
                     "%s is not a ZIP archive.", tamga_document_name (document));
        return NULL;
    }
    zip = g_new0 (TamgaZip, 1);
    zip->document = tamga_document_ref (document);
    zip->items = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_zip_item_free);
    zip->names = g_hash_table_new (g_str_hash, g_str_equal);
    if (!tamga_zip_scan (zip, error) || !ask_libzip (zip, error))
        return NULL;
    return g_steal_pointer (&zip);
}

void tamga_zip_free (TamgaZip *zip)
{
    if (zip == NULL)
        return;
    g_hash_table_unref (zip->names);
    g_ptr_array_unref (zip->items);
    tamga_document_unref (zip->document);
    g_free (zip);
}

GPtrArray *tamga_zip_entries (TamgaZip *zip)
{
    return zip->items;
}

gboolean tamga_zip_has_comment (TamgaZip *zip)
{
    return zip->comment;
}

const TamgaZipEntry *tamga_zip_find (TamgaZip *zip, const char *name)
{
    return g_hash_table_lookup (zip->names, name);
}
