/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scan of a ZIP file: end record, central directory, local headers, and nothing else. A reader
 * that goes by the central directory and one that goes by the local headers see the same files. */
#include <string.h>

#include "formats/limits.h"
#include "formats/zip/internal.h"

#define MAX16 0xffffu
#define MAX32 0xffffffffu

typedef struct {
    TamgaZip *zip;
    guint64 size;      /* of the file */
    guint64 entries;   /* as the end record says */
    guint64 directory; /* offset and length of the central directory */
    guint64 length;
    guint64 end; /* where the records after the central directory begin */
} Scan;

static gboolean malformed (const Scan *scan, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean malformed (const Scan *scan, GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start (arguments, format);
    text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED, "%s: %s",
                 tamga_document_name (scan->zip->document), text);
    return FALSE;
}

void tamga_zip_item_free (TamgaZipItem *item)
{
    g_free (item->entry.name);
    g_clear_pointer (&item->central, g_bytes_unref);
    g_free (item);
}

/* The end record whose comment ends with the file. Two of them would be two archives in one. */
static gboolean find_end (Scan *scan, guint8 *record, guint64 *at, GError **error)
{
    gsize tail = (gsize)MIN (scan->size, TAMGA_ZIP_END_SIZE + MAX16);
    g_autoptr (GBytes) bytes =
        tamga_document_bytes (scan->zip->document, scan->size - tail, tail, tail, error);
    const guint8 *data;
    guint found = 0;

    if (bytes == NULL)
        return FALSE;
    data = g_bytes_get_data (bytes, NULL);
    for (gsize i = 0; i + TAMGA_ZIP_END_SIZE <= tail; i++) {
        if (data[i] != 'P' || tamga_zip_get32 (data + i) != TAMGA_ZIP_END ||
            i + TAMGA_ZIP_END_SIZE + tamga_zip_get16 (data + i + 20) != tail)
            continue;
        memcpy (record, data + i, TAMGA_ZIP_END_SIZE);
        *at = scan->size - tail + i;
        found++;
    }
    if (found == 0)
        return malformed (scan, error,
                          "the end record of the archive is missing: the file was cut off, or "
                          "something was appended to it (APPNOTE 4.3.16).");
    if (found > 1)
        return malformed (scan, error,
                          "the archive has two end records and could be read in two ways "
                          "(APPNOTE 4.3.16).");
    scan->zip->comment = tamga_zip_get16 (record + 20) > 0;
    return TRUE;
}

/* ZIP64 end record and its locator lie directly before the end record, where there are any. */
static gboolean read_end64 (Scan *scan, guint64 at, guint8 *record, gboolean *found, GError **error)
{
    TamgaDocument *document = scan->zip->document;
    guint8 locator[TAMGA_ZIP_LOCATOR64_SIZE] = {0};
    guint64 offset;

    *found = FALSE;
    if (at < sizeof locator + TAMGA_ZIP_END64_SIZE)
        return TRUE;
    if (!tamga_document_read (document, at - sizeof locator, locator, sizeof locator, error))
        return FALSE;
    if (tamga_zip_get32 (locator) != TAMGA_ZIP_LOCATOR64)
        return TRUE;
    offset = tamga_zip_get64 (locator + 8);
    if (tamga_zip_get32 (locator + 4) != 0 || tamga_zip_get32 (locator + 16) > 1 ||
        offset != at - sizeof locator - TAMGA_ZIP_END64_SIZE)
        return malformed (scan, error,
                          "the ZIP64 end record is not where its locator says "
                          "(APPNOTE 4.3.15).");
    if (!tamga_document_read (document, offset, record, TAMGA_ZIP_END64_SIZE, error))
        return FALSE;
    if (tamga_zip_get32 (record) != TAMGA_ZIP_END64 ||
        tamga_zip_get64 (record + 4) != TAMGA_ZIP_END64_SIZE - 12)
        return malformed (scan, error, "the ZIP64 end record is broken (APPNOTE 4.3.14).");
    *found = TRUE;
    return TRUE;
}

/* A field of the end record and the same of the ZIP64 record: equal, or the former full of ones. */
static gboolean agree (guint64 narrow, guint64 most, guint64 wide)
{
    return narrow == most || narrow == wide;
}

static gboolean read_end (Scan *scan, GError **error)
{
    guint8 end[TAMGA_ZIP_END_SIZE] = {0}, wide[TAMGA_ZIP_END64_SIZE] = {0};
    guint64 at = 0;
    gboolean is64;

    if (!find_end (scan, end, &at, error) || !read_end64 (scan, at, wide, &is64, error))
        return FALSE;
    scan->end = is64 ? at - TAMGA_ZIP_LOCATOR64_SIZE - TAMGA_ZIP_END64_SIZE : at;
    scan->entries = is64 ? tamga_zip_get64 (wide + 32) : tamga_zip_get16 (end + 10);
    scan->length = is64 ? tamga_zip_get64 (wide + 40) : tamga_zip_get32 (end + 12);
    scan->directory = is64 ? tamga_zip_get64 (wide + 48) : tamga_zip_get32 (end + 16);
    if (tamga_zip_get16 (end + 4) != 0 || tamga_zip_get16 (end + 6) != 0 ||
        tamga_zip_get16 (end + 8) != tamga_zip_get16 (end + 10) ||
        (is64 && (tamga_zip_get32 (wide + 16) != 0 || tamga_zip_get32 (wide + 20) != 0 ||
                  tamga_zip_get64 (wide + 24) != scan->entries)))
        return malformed (scan, error, "the archive is one of several parts (APPNOTE 4.4.19).");
    if (is64 && (!agree (tamga_zip_get16 (end + 10), MAX16, scan->entries) ||
                 !agree (tamga_zip_get32 (end + 12), MAX32, scan->length) ||
                 !agree (tamga_zip_get32 (end + 16), MAX32, scan->directory)))
        return malformed (scan, error, "its two end records differ (APPNOTE 4.4.1.4).");
    if (scan->entries > TAMGA_MAX_ZIP_ENTRIES || scan->length > TAMGA_MAX_ZIP_DIRECTORY) {
        g_set_error (
            error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
            "%s: the archive says that it has %" G_GUINT64_FORMAT " files; at most %u are read.",
            tamga_document_name (scan->zip->document), scan->entries, TAMGA_MAX_ZIP_ENTRIES);
        return FALSE;
    }
    if (scan->directory > scan->end || scan->length != scan->end - scan->directory)
        return malformed (scan, error,
                          "its central directory does not end where the end record "
                          "begins (APPNOTE 4.3.6).");
    return TRUE;
}

/* What ZIP64 replaces, in the order of APPNOTE 4.5.3; each only where `field` is full of ones. */
typedef struct {
    guint64 *values[3];
    gsize n;
} Wide;

static gboolean read_extra (const Scan *scan, const TamgaZipItem *item, const guint8 *extra,
                            gsize length, const Wide *wide, GError **error)
{
    gboolean found = FALSE, needed = FALSE;

    for (gsize i = 0; i < wide->n; i++)
        needed |= *wide->values[i] == MAX32;
    while (length > 0) {
        gsize size = length >= 4 ? tamga_zip_get16 (extra + 2) : 0;
        guint16 id = length >= 4 ? tamga_zip_get16 (extra) : 0;
        if (length < 4 || size > length - 4 || (id == TAMGA_ZIP_EXTRA_64 && found))
            return malformed (scan, error, "the extra field of \"%s\" is broken (APPNOTE 4.5.1).",
                              item->entry.name);
        if (id == TAMGA_ZIP_EXTRA_UNICODE && (size < 5 || size - 5 != strlen (item->entry.name) ||
                                              memcmp (extra + 9, item->entry.name, size - 5) != 0))
            return malformed (scan, error, "\"%s\" has a second name (APPNOTE 4.6.9).",
                              item->entry.name);
        if (id == TAMGA_ZIP_EXTRA_64) {
            gsize at = 0;
            found = TRUE;
            for (gsize i = 0; i < wide->n; i++) {
                if (*wide->values[i] != MAX32)
                    continue;
                if (size - at < 8)
                    return malformed (scan, error,
                                      "the ZIP64 sizes of \"%s\" are broken (APPNOTE 4.5.3).",
                                      item->entry.name);
                *wide->values[i] = tamga_zip_get64 (extra + 4 + at);
                at += 8;
            }
        }
        extra += 4 + size;
        length -= 4 + size;
    }
    if (needed && !found)
        return malformed (scan, error, "the ZIP64 sizes of \"%s\" are missing (APPNOTE 4.5.3).",
                          item->entry.name);
    return TRUE;
}

/* UTF-8 whether its flag is set or not, as everybody writes it; else the code page of old. */
static char *decode_name (const guint8 *bytes, gsize length, guint16 flags)
{
    const char *text = (const char *)bytes;

    if (memchr (bytes, '\0', length) != NULL)
        return NULL;
    if (g_utf8_validate (text, (gssize)length, NULL))
        return g_strndup (text, length);
    if (flags & TAMGA_ZIP_FLAG_UTF8)
        return NULL;
    return g_convert (text, (gssize)length, "UTF-8", "CP437", NULL, NULL, NULL);
}

static gboolean check_method (const Scan *scan, const TamgaZipItem *item, GError **error)
{
    const TamgaZipEntry *entry = &item->entry;

    if (item->flags & (TAMGA_ZIP_FLAG_ENCRYPTED | TAMGA_ZIP_FLAG_STRONG | TAMGA_ZIP_FLAG_MASKED)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ENCRYPTED,
                     "%s: \"%s\" is encrypted; signed containers are not (EN 319 162-1 4.2).",
                     tamga_document_name (scan->zip->document), entry->name);
        return FALSE;
    }
    if ((item->method != TAMGA_ZIP_STORED && item->method != TAMGA_ZIP_DEFLATED) ||
        item->flags & TAMGA_ZIP_FLAG_PATCH)
        return malformed (scan, error,
                          "\"%s\" is compressed by method %u; containers use none or deflate "
                          "(EN 319 162-1 A.1).",
                          entry->name, item->method);
    if (entry->stored && item->packed != entry->size)
        return malformed (scan, error, "\"%s\" is stored with two different sizes.", entry->name);
    if (entry->directory && entry->size != 0)
        return malformed (scan, error, "the folder \"%s\" has content.", entry->name);
    if (!entry->stored && entry->size > TAMGA_ZIP_RATIO_FREE &&
        entry->size / TAMGA_MAX_ZIP_RATIO > item->packed) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s: \"%s\" would grow to more than %u times its size: a decompression bomb.",
                     tamga_document_name (scan->zip->document), entry->name, TAMGA_MAX_ZIP_RATIO);
        return FALSE;
    }
    return TRUE;
}

/* One central header at `at`; `left` octets of the directory remain from there. */
static TamgaZipItem *read_central (const Scan *scan, const guint8 *at, gsize left, GError **error)
{
    g_autofree TamgaZipItem *item = g_new0 (TamgaZipItem, 1);
    TamgaZipEntry *entry = &item->entry;
    gsize name, extra, comment;
    Wide wide = {{&entry->size, &item->packed, &entry->offset}, 3};

    if (left < TAMGA_ZIP_CENTRAL_SIZE || tamga_zip_get32 (at) != TAMGA_ZIP_CENTRAL) {
        malformed (scan, error, "its central directory is broken (APPNOTE 4.3.12).");
        return NULL;
    }
    name = tamga_zip_get16 (at + 28);
    extra = tamga_zip_get16 (at + 30);
    comment = tamga_zip_get16 (at + 32);
    if (name + extra + comment > left - TAMGA_ZIP_CENTRAL_SIZE || tamga_zip_get16 (at + 34) != 0) {
        malformed (scan, error, "its central directory is broken (APPNOTE 4.3.12).");
        return NULL;
    }
    item->flags = tamga_zip_get16 (at + 8);
    item->method = tamga_zip_get16 (at + 10);
    item->crc = tamga_zip_get32 (at + 16);
    item->packed = tamga_zip_get32 (at + 20);
    entry->size = tamga_zip_get32 (at + 24);
    entry->offset = tamga_zip_get32 (at + 42);
    entry->stored = item->method == TAMGA_ZIP_STORED;
    item->name_size = (guint16)name;
    item->extra_size = (guint16)extra;
    scan->zip->comment |= comment > 0;
    entry->name = decode_name (at + TAMGA_ZIP_CENTRAL_SIZE, name, item->flags);
    if (entry->name == NULL || !tamga_zip_name_is_safe (entry->name)) {
        g_autofree char *shown = g_strndup ((const char *)at + TAMGA_ZIP_CENTRAL_SIZE, name);
        g_autofree char *visible = g_utf8_make_valid (shown, -1);
        malformed (scan, error, "the file name \"%s\" is not a safe relative name.", visible);
        g_free (entry->name);
        return NULL;
    }
    entry->directory = g_str_has_suffix (entry->name, "/");
    if (!read_extra (scan, item, at + TAMGA_ZIP_CENTRAL_SIZE + name, extra, &wide, error) ||
        !check_method (scan, item, error)) {
        g_free (entry->name);
        return NULL;
    }
    item->central = g_bytes_new (at, TAMGA_ZIP_CENTRAL_SIZE + name + extra + comment);
    return g_steal_pointer (&item);
}

static gboolean read_directory (Scan *scan, GError **error)
{
    TamgaZip *zip = scan->zip;
    g_autoptr (GBytes) bytes = tamga_document_bytes (zip->document, scan->directory, scan->length,
                                                     TAMGA_MAX_ZIP_DIRECTORY, error);
    g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    guint64 inflated = 0;
    const guint8 *at;
    gsize left;

    if (bytes == NULL)
        return FALSE;
    at = g_bytes_get_data (bytes, &left);
    while (left > 0) {
        TamgaZipItem *item = read_central (scan, at, left, error);
        if (item == NULL)
            return FALSE;
        item->entry.index = zip->items->len;
        g_ptr_array_add (zip->items, item);
        if (!tamga_zip_name_claim (keys, item->entry.name) ||
            !g_hash_table_insert (zip->names, item->entry.name, item))
            return malformed (scan, error,
                              "two files have the name \"%s\", or names that some systems take "
                              "for the same.",
                              item->entry.name);
        if (!item->entry.stored && (inflated += item->entry.size) > TAMGA_MAX_ZIP_INFLATED) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "%s: its compressed files would grow to more than %llu GiB.",
                         tamga_document_name (zip->document), TAMGA_MAX_ZIP_INFLATED >> 30);
            return FALSE;
        }
        at += g_bytes_get_size (item->central);
        left -= g_bytes_get_size (item->central);
    }
    return zip->items->len == scan->entries ||
           malformed (scan, error, "the archive has %u files and its end record says %u.",
                      zip->items->len, (guint)scan->entries);
}

/* The sizes that a local header gives: the central ones, or zero where a descriptor follows. */
static gboolean compare_local (const Scan *scan, const TamgaZipItem *item, const guint8 *header,
                               const guint8 *extra, gsize extra_size, GError **error)
{
    guint64 packed = tamga_zip_get32 (header + 18), size = tamga_zip_get32 (header + 22);
    guint32 crc = tamga_zip_get32 (header + 14);
    Wide wide = {{&size, &packed}, 2};
    gboolean same, later = (item->flags & TAMGA_ZIP_FLAG_DESCRIPTOR) != 0;

    if (!read_extra (scan, item, extra, extra_size, &wide, error))
        return FALSE;
    same = (crc == item->crc || (later && crc == 0)) &&
           (packed == item->packed || (later && packed == 0)) &&
           (size == item->entry.size || (later && size == 0));
    if (!same || tamga_zip_get16 (header + 6) != item->flags ||
        tamga_zip_get16 (header + 8) != item->method)
        return malformed (scan, error,
                          "\"%s\" is described differently before its content and in the central "
                          "directory (APPNOTE 4.3.7).",
                          item->entry.name);
    return TRUE;
}

static gboolean read_local (const Scan *scan, TamgaZipItem *item, GError **error)
{
    TamgaDocument *document = scan->zip->document;
    const guint8 *central = g_bytes_get_data (item->central, NULL);
    guint64 at = item->entry.offset;
    guint8 header[TAMGA_ZIP_LOCAL_SIZE] = {0};
    g_autofree guint8 *rest = NULL;
    gsize name, extra;

    if (at > scan->directory || scan->directory - at < sizeof header)
        return malformed (scan, error, "the content of \"%s\" lies outside of the archive.",
                          item->entry.name);
    if (!tamga_document_read (document, at, header, sizeof header, error))
        return FALSE;
    name = tamga_zip_get16 (header + 26);
    extra = tamga_zip_get16 (header + 28);
    if (tamga_zip_get32 (header) != TAMGA_ZIP_LOCAL || name != item->name_size ||
        name + extra > scan->directory - at - sizeof header)
        return malformed (scan, error, "\"%s\" is not where the central directory says.",
                          item->entry.name);
    rest = g_malloc (name + extra + 1);
    if (!tamga_document_read (document, at + sizeof header, rest, name + extra, error))
        return FALSE;
    if (memcmp (rest, central + TAMGA_ZIP_CENTRAL_SIZE, name) != 0)
        return malformed (scan, error, "\"%s\" has another name before its content.",
                          item->entry.name);
    item->entry.extra = extra > 0;
    item->data = at + sizeof header + name + extra;
    if (item->packed > scan->directory - item->data)
        return malformed (scan, error, "the content of \"%s\" lies outside of the archive.",
                          item->entry.name);
    return compare_local (scan, item, header, rest + name, extra, error);
}

/* The data descriptor fills the room up to `next`: with or without its mark, 32 or 64 bits wide
 * (APPNOTE 4.3.9). */
static gboolean read_descriptor (const Scan *scan, TamgaZipItem *item, guint64 next, GError **error)
{
    guint64 length = next - item->data - item->packed;
    guint8 record[24] = {0};
    const guint8 *at = record;
    gboolean wide = length == 20 || length == 24, marked = length == 16 || length == 24;

    if (length != 12 && length != 16 && length != 20 && length != 24)
        return malformed (scan, error, "after \"%s\" lies something that belongs to no file.",
                          item->entry.name);
    if (!tamga_document_read (scan->zip->document, item->data + item->packed, record, (gsize)length,
                              error))
        return FALSE;
    if (marked)
        at += 4;
    if ((marked && tamga_zip_get32 (record) != TAMGA_ZIP_DESCRIPTOR) ||
        tamga_zip_get32 (at) != item->crc ||
        (wide ? tamga_zip_get64 (at + 4) : tamga_zip_get32 (at + 4)) != item->packed ||
        (wide ? tamga_zip_get64 (at + 12) : tamga_zip_get32 (at + 8)) != item->entry.size)
        return malformed (scan, error,
                          "\"%s\" is described differently after its content and in the central "
                          "directory (APPNOTE 4.3.9).",
                          item->entry.name);
    item->end = next;
    return TRUE;
}

static int compare_offsets (gconstpointer a, gconstpointer b)
{
    const TamgaZipItem *left = *(TamgaZipItem *const *)a, *right = *(TamgaZipItem *const *)b;

    return left->entry.offset < right->entry.offset ? -1 : left->entry.offset > right->entry.offset;
}

/* From the first octet to the central directory, entry after entry. */
static gboolean check_layout (const Scan *scan, GError **error)
{
    g_autoptr (GPtrArray) items = g_ptr_array_copy (scan->zip->items, NULL, NULL);
    guint64 at = 0;

    g_ptr_array_set_free_func (items, NULL);
    g_ptr_array_sort (items, compare_offsets);
    for (guint i = 0; i < items->len; i++) {
        TamgaZipItem *item = items->pdata[i];
        guint64 next = i + 1 < items->len ? ((TamgaZipItem *)items->pdata[i + 1])->entry.offset
                                          : scan->directory;
        if (item->entry.offset != at)
            return malformed (scan, error, "before \"%s\" lies something that belongs to no file.",
                              item->entry.name);
        if (item->data + item->packed > next)
            return malformed (scan, error, "\"%s\" overlaps another file.", item->entry.name);
        item->end = item->data + item->packed;
        if (item->flags & TAMGA_ZIP_FLAG_DESCRIPTOR && !read_descriptor (scan, item, next, error))
            return FALSE;
        at = item->end;
    }
    return at == scan->directory ||
           malformed (scan, error,
                      "before its central directory lies something that belongs to no "
                      "file.");
}

gboolean tamga_zip_scan (TamgaZip *zip, GError **error)
{
    Scan scan = {.zip = zip, .size = tamga_document_size (zip->document)};

    if (!read_end (&scan, error) || !read_directory (&scan, error))
        return FALSE;
    for (guint i = 0; i < zip->items->len; i++) {
        if (!read_local (&scan, zip->items->pdata[i], error))
            return FALSE;
    }
    return check_layout (&scan, error);
}
