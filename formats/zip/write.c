/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a container. Done without libzip: it writes the local headers of copied entries anew, so
 * that earlier bytes do not stay as they are; it reads all content once more for its CRC, which
 * the signing has computed together with the digests; and it copies in small pieces where the
 * kernel can copy (or share) whole ranges. What is written is headers around such ranges, in the
 * layout that the scan (directory.c) demands. */
#include <string.h>

#include "formats/limits.h"
#include "formats/zip/internal.h"

#define MAX16 0xffffu
#define MAX32 0xffffffffu
#define VERSION_STORED 10u
#define MADE_BY 0x031eu            /* APPNOTE 4.4.2: Unix, 3.0 */
#define MODE_FILE (0100644u << 16) /* external attributes of Unix */
#define DOS_DATE 0x0021u           /* 1980-01-01, the least there is: content has no time */

TamgaZipPart *tamga_zip_part_new (const char *name, TamgaDocument *document,
                                  const TamgaZipEntry *entry)
{
    TamgaZipPart *part = g_new (TamgaZipPart, 1);

    *part = (TamgaZipPart){.name = g_strdup (name),
                           .document = document != NULL ? tamga_document_ref (document) : NULL,
                           .entry = entry};
    return part;
}

void tamga_zip_part_free (TamgaZipPart *part)
{
    g_free (part->name);
    g_clear_pointer (&part->document, tamga_document_unref);
    g_free (part);
}

static void put16 (GByteArray *out, guint value)
{
    const guint8 octets[] = {(guint8)value, (guint8)(value >> 8)};
    g_byte_array_append (out, octets, sizeof octets);
}

static void put32 (GByteArray *out, guint32 value)
{
    put16 (out, value & MAX16);
    put16 (out, value >> 16);
}

static void put64 (GByteArray *out, guint64 value)
{
    put32 (out, (guint32)value);
    put32 (out, (guint32)(value >> 32));
}

static guint32 narrow (guint64 value)
{
    return (guint32)MIN (value, MAX32);
}

/* The extra field of ZIP64 with those of the values that do not fit into 32 bits. */
static void put_extra64 (GByteArray *out, const guint64 *values, gsize n)
{
    guint count = 0;

    for (gsize i = 0; i < n; i++)
        count += values[i] >= MAX32;
    if (count == 0)
        return;
    put16 (out, TAMGA_ZIP_EXTRA_64);
    put16 (out, 8 * count);
    for (gsize i = 0; i < n; i++) {
        if (values[i] >= MAX32)
            put64 (out, values[i]);
    }
}

static guint16 name_flags (const char *name)
{
    return g_str_is_ascii (name) ? 0 : TAMGA_ZIP_FLAG_UTF8;
}

/* From "version needed" to the length of the name: what both headers begin with (4.3.7, 4.3.12). */
static void put_common (GByteArray *out, const char *name, guint64 size, guint32 crc, gboolean wide)
{
    put16 (out, wide ? TAMGA_ZIP_VERSION_64 : VERSION_STORED);
    put16 (out, name_flags (name));
    put16 (out, TAMGA_ZIP_STORED);
    put16 (out, 0); /* time */
    put16 (out, DOS_DATE);
    put32 (out, crc);
    put32 (out, narrow (size));
    put32 (out, narrow (size));
    put16 (out, (guint)strlen (name));
}

/* Both sizes are in the local extra field where one of them is (4.5.3). */
static void put_local (GByteArray *out, const char *name, guint64 size, guint32 crc)
{
    const guint64 sizes[] = {size, size};
    gboolean wide = size >= MAX32;

    put32 (out, TAMGA_ZIP_LOCAL);
    put_common (out, name, size, crc, wide);
    put16 (out, wide ? 4 + 8 * 2 : 0);
    g_byte_array_append (out, (const guint8 *)name, (guint)strlen (name));
    put_extra64 (out, sizes, G_N_ELEMENTS (sizes));
}

static void put_central (GByteArray *out, const char *name, guint64 size, guint32 crc,
                         guint64 offset)
{
    const guint64 values[] = {size, size, offset};
    g_autoptr (GByteArray) extra = g_byte_array_new ();

    put_extra64 (extra, values, G_N_ELEMENTS (values));
    put32 (out, TAMGA_ZIP_CENTRAL);
    put16 (out, MADE_BY);
    put_common (out, name, size, crc, extra->len > 0);
    put16 (out, extra->len);
    put16 (out, 0); /* comment */
    put16 (out, 0); /* disk */
    put16 (out, 0); /* internal attributes */
    put32 (out, MODE_FILE);
    put32 (out, narrow (offset));
    g_byte_array_append (out, (const guint8 *)name, (guint)strlen (name));
    g_byte_array_append (out, extra->data, extra->len);
}

/* Extra fields of a copied entry without that of ZIP64, which is made anew. */
static void put_other_extra (GByteArray *out, const guint8 *extra, gsize length)
{
    while (length > 0) {
        gsize size = 4 + (gsize)tamga_zip_get16 (extra + 2);
        if (tamga_zip_get16 (extra) != TAMGA_ZIP_EXTRA_64)
            g_byte_array_append (out, extra, (guint)size);
        extra += size;
        length -= size;
    }
}

/* The central header of a copied entry with its new place. Its version, sizes, extra field and
 * place are the same octets as before, except where ZIP64 is or becomes needed. */
static void put_moved (GByteArray *out, const TamgaZipItem *item, guint64 offset)
{
    gsize length;
    const guint8 *old = g_bytes_get_data (item->central, &length);
    const guint8 *old_extra = old + TAMGA_ZIP_CENTRAL_SIZE + item->name_size;
    const guint64 values[] = {item->entry.size, item->packed, offset};
    g_autoptr (GByteArray) extra = g_byte_array_new ();
    gsize rest = TAMGA_ZIP_CENTRAL_SIZE + (gsize)item->name_size + item->extra_size;
    guint needed = tamga_zip_get16 (old + 6);

    put_extra64 (extra, values, G_N_ELEMENTS (values));
    if (extra->len > 0)
        needed = MAX (needed, TAMGA_ZIP_VERSION_64);
    put_other_extra (extra, old_extra, item->extra_size);
    g_byte_array_append (out, old, 6);
    put16 (out, needed);
    g_byte_array_append (out, old + 8, 12);
    put32 (out, narrow (item->packed));
    put32 (out, narrow (item->entry.size));
    put16 (out, item->name_size);
    put16 (out, extra->len);
    g_byte_array_append (out, old + 32, 10);
    put32 (out, narrow (offset));
    g_byte_array_append (out, old + TAMGA_ZIP_CENTRAL_SIZE, item->name_size);
    g_byte_array_append (out, extra->data, extra->len);
    g_byte_array_append (out, old + rest, (guint)(length - rest));
}

static void put_end (GByteArray *out, guint entries, guint64 directory, guint64 at)
{
    guint64 length = at - directory;

    if (entries >= MAX16 || directory >= MAX32) {
        put32 (out, TAMGA_ZIP_END64);
        put64 (out, TAMGA_ZIP_END64_SIZE - 12);
        put16 (out, MADE_BY);
        put16 (out, TAMGA_ZIP_VERSION_64);
        put32 (out, 0);
        put32 (out, 0);
        put64 (out, entries);
        put64 (out, entries);
        put64 (out, length);
        put64 (out, directory);
        put32 (out, TAMGA_ZIP_LOCATOR64);
        put32 (out, 0);
        put64 (out, at);
        put32 (out, 1);
    }
    put32 (out, TAMGA_ZIP_END);
    put16 (out, 0);
    put16 (out, 0);
    put16 (out, MIN (entries, MAX16));
    put16 (out, MIN (entries, MAX16));
    put32 (out, narrow (length));
    put32 (out, narrow (directory));
    put16 (out, 0);
}

static gboolean check_names (GPtrArray *parts, GError **error)
{
    g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 0; i < parts->len; i++) {
        const TamgaZipPart *part = parts->pdata[i];
        if (tamga_zip_name_is_safe (part->name) && tamga_zip_name_claim (keys, part->name))
            continue;
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "A container cannot have a file called \"%s\": the name is not safe, or "
                     "another file of it has the same one.",
                     part->name);
        return FALSE;
    }
    if (parts->len <= TAMGA_MAX_ZIP_ENTRIES)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                 "A container of %u files is more than is read again (%u).", parts->len,
                 TAMGA_MAX_ZIP_ENTRIES);
    return FALSE;
}

static gboolean write_new (const TamgaZipPart *part, GByteArray *directory, TamgaOutput *output,
                           TamgaProgress progress, gpointer progress_data, GError **error)
{
    g_autoptr (GByteArray) header = g_byte_array_new ();
    guint64 size = tamga_document_size (part->document), offset = tamga_output_size (output);
    guint32 crc = part->crc;

    if (!part->measured &&
        !tamga_zip_measure (part->document, NULL, 0, NULL, &crc, NULL, NULL, error))
        return FALSE;
    put_local (header, part->name, size, crc);
    put_central (directory, part->name, size, crc, offset);
    return tamga_output_write (output, header->data, header->len, error) &&
           (size == 0 ||
            tamga_output_copy (output, part->document, 0, size, progress, progress_data, error)) &&
           tamga_document_check (part->document, error);
}

/* Local header, content and descriptor as they lie. */
static gboolean write_copied (TamgaZip *from, const TamgaZipItem *item, GByteArray *directory,
                              TamgaOutput *output, TamgaProgress progress, gpointer progress_data,
                              GError **error)
{
    put_moved (directory, item, tamga_output_size (output));
    return tamga_output_copy (output, from->document, item->entry.offset,
                              item->end - item->entry.offset, progress, progress_data, error);
}

gboolean tamga_zip_write (TamgaZip *from, GPtrArray *parts, TamgaOutput *output,
                          TamgaProgress progress, gpointer progress_data, GError **error)
{
    g_autoptr (GByteArray) directory = g_byte_array_new ();
    guint64 at;

    if (!check_names (parts, error))
        return FALSE;
    for (guint i = 0; i < parts->len; i++) {
        const TamgaZipPart *part = parts->pdata[i];
        if (!(part->document != NULL
                  ? write_new (part, directory, output, progress, progress_data, error)
                  : write_copied (from, (const TamgaZipItem *)part->entry, directory, output,
                                  progress, progress_data, error)))
            return FALSE;
    }
    if (from != NULL && !tamga_document_check (from->document, error))
        return FALSE;
    at = tamga_output_size (output);
    put_end (directory, parts->len, at, at + directory->len);
    return tamga_output_write (output, directory->data, directory->len, error);
}
