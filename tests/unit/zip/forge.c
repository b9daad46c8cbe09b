/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ZIP files octet by octet. */
#include "tests/unit/zip/forge.h"

#include <string.h>
#include <zlib.h>

static void put (GByteArray *out, guint64 value, guint octets)
{
    for (guint i = 0; i < octets; i++) {
        guint8 octet = (guint8)(value >> (8 * i));
        g_byte_array_append (out, &octet, 1);
    }
}

static void put_text (GByteArray *out, const char *text)
{
    if (text != NULL)
        g_byte_array_append (out, (const guint8 *)text, (guint)strlen (text));
}

static void put_hex (GByteArray *out, const char *hex)
{
    for (; hex != NULL && *hex != '\0'; hex += 2)
        put (out, (guint)(g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1])), 1);
}

typedef struct {
    guint64 offset;
    guint32 crc, size, packed;
    guint16 flags, method;
} Place;

static GByteArray *pack (const ForgeEntry *entry)
{
    GByteArray *packed = g_byte_array_new ();
    gsize length = strlen (entry->content);
    z_stream stream = {0};

    if (!entry->deflate) {
        put_text (packed, entry->content);
    } else {
        g_byte_array_set_size (packed, (guint)compressBound (length) + 64);
        g_assert_cmpint (deflateInit2 (&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, 0), ==, Z_OK);
        stream.next_in = (Bytef *)entry->content;
        stream.avail_in = (uInt)length;
        stream.next_out = packed->data;
        stream.avail_out = packed->len;
        g_assert_cmpint (deflate (&stream, Z_FINISH), ==, Z_STREAM_END);
        g_byte_array_set_size (packed, (guint)stream.total_out);
        deflateEnd (&stream);
    }
    put_text (packed, entry->tail);
    return packed;
}

/* From "version needed" to the sizes. */
static void put_fields (GByteArray *out, const ForgeEntry *entry, const Place *place, gboolean none,
                        guint32 size_off)
{
    put (out, entry->wide ? 45 : 20, 2);
    put (out, place->flags, 2);
    put (out, place->method, 2);
    put (out, 0x0021u << 16, 4);
    put (out, none ? 0 : place->crc, 4);
    put (out, entry->wide ? 0xffffffffu : none ? 0 : place->packed, 4);
    put (out, entry->wide ? 0xffffffffu : none ? 0 : place->size + size_off, 4);
}

static void put_extra (GByteArray *extra, const ForgeEntry *entry, const Place *place,
                       gboolean none)
{
    if (entry->wide) {
        put (extra, 1, 2);
        put (extra, 16, 2);
        put (extra, none ? 0 : place->size, 8);
        put (extra, none ? 0 : place->packed, 8);
    }
    put_hex (extra, entry->extra);
}

static void put_local (GByteArray *out, const ForgeEntry *entry, Place *place)
{
    g_autoptr (GByteArray) packed = pack (entry);
    g_autoptr (GByteArray) extra = g_byte_array_new ();
    const char *name = entry->local_name != NULL ? entry->local_name : entry->name;
    gsize length = strlen (entry->content);

    put_text (out, entry->before);
    *place = (Place){
        .offset = out->len,
        .crc = (guint32)crc32 (0, (const Bytef *)entry->content, (uInt)length) + entry->crc_off,
        .size = entry->claim != 0 ? entry->claim : (guint32)length,
        .packed = packed->len,
        .flags = (guint16)(entry->flags | (entry->descriptor ? 8 : 0)),
        .method = entry->method != 0 ? entry->method
                  : entry->deflate   ? 8
                                     : 0,
    };
    put_extra (extra, entry, place, entry->descriptor);
    put (out, 0x04034b50, 4);
    put_fields (out, entry, place, entry->descriptor, entry->local_size_off);
    put (out, strlen (name), 2);
    put (out, extra->len, 2);
    put_text (out, name);
    g_byte_array_append (out, extra->data, extra->len);
    g_byte_array_append (out, packed->data, packed->len);
    if (entry->descriptor) {
        put (out, 0x08074b50, 4);
        put (out, place->crc, 4);
        put (out, place->packed, entry->wide ? 8 : 4);
        put (out, place->size + entry->local_size_off, entry->wide ? 8 : 4);
    }
    put_text (out, entry->after);
}

static void put_central (GByteArray *out, const ForgeEntry *entry, const Place *place)
{
    g_autoptr (GByteArray) extra = g_byte_array_new ();

    put_extra (extra, entry, place, FALSE);
    put (out, 0x02014b50, 4);
    put (out, 20, 2);
    put_fields (out, entry, place, FALSE, 0);
    put (out, strlen (entry->name), 2);
    put (out, extra->len, 2);
    put (out, entry->comment ? 2 : 0, 2);
    put (out, 0, 8);
    put (out, place->offset, 4);
    put_text (out, entry->name);
    g_byte_array_append (out, extra->data, extra->len);
    put_text (out, entry->comment ? "hi" : NULL);
}

static void put_end (GByteArray *out, const ForgeArchive *archive, guint count, guint64 directory)
{
    guint64 at = out->len, length = at - directory;
    const char *comment = archive->comment != NULL ? archive->comment : "";

    if (archive->wide) {
        put (out, 0x06064b50, 4);
        put (out, 44, 8);
        put (out, 45, 2);
        put (out, 45, 2);
        put (out, 0, 8);
        put (out, count, 8);
        put (out, count, 8);
        put (out, length, 8);
        put (out, directory + (archive->disagree ? 1 : 0), 8);
        put (out, 0x07064b50, 4);
        put (out, 0, 4);
        put (out, at, 8);
        put (out, 1, 4);
    }
    put (out, 0x06054b50, 4);
    put (out, 0, 4);
    put (out, count, 2);
    put (out, count, 2);
    put (out, length, 4);
    put (out, directory, 4);
    put (out, strlen (comment), 2);
    put_text (out, comment);
}

GBytes *forge (const ForgeArchive *archive, const ForgeEntry *entries, gsize n)
{
    static const ForgeArchive plain = {0};
    g_autoptr (GByteArray) out = g_byte_array_new ();
    g_autofree Place *places = g_new0 (Place, MAX (n, 1));
    guint64 directory;

    if (archive == NULL)
        archive = &plain;
    put_text (out, archive->prepend);
    for (gsize i = 0; i < n; i++)
        put_local (out, &entries[i], &places[i]);
    put_text (out, archive->gap);
    directory = out->len;
    for (gsize i = 0; i < n; i++)
        put_central (out, &entries[i], &places[i]);
    put_end (out, archive, (guint)((int)n + archive->entries_off), directory);
    put_text (out, archive->append);
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
