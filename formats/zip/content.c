/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The content of entries, streamed: hashed, collected or spooled, with its CRC and its size checked
 * on the way. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "formats/limits.h"
#include "formats/zip/internal.h"

#define CHUNK (256u * 1024)
#define PROGRESS_STEP (16u * 1024 * 1024)
#define RAW_DEFLATE (-MAX_WBITS)

/* Where the octets go. */
typedef gboolean (*Sink) (const guint8 *data, gsize length, gpointer user, GError **error);

typedef struct {
    Sink sink;
    gpointer user;
    TamgaProgress progress;
    gpointer progress_data;
    const char *name; /* for messages */
    guint64 total, done, shown;
    uLong crc;
} Flow;

static gboolean pass (Flow *flow, const guint8 *data, gsize length, GError **error)
{
    flow->crc = crc32_z (flow->crc, data, length);
    flow->done += length;
    if (!flow->sink (data, length, flow->user, error))
        return FALSE;
    if (flow->progress != NULL && flow->done - flow->shown >= PROGRESS_STEP) {
        flow->shown = flow->done;
        if (!flow->progress (flow->done, flow->total, flow->progress_data)) {
            g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CANCELLED,
                         "Cancelled while reading %s.", flow->name);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean pass_stored (TamgaDocument *document, guint64 offset, guint64 length, Flow *flow,
                             GError **error)
{
    g_autofree guint8 *buffer = g_malloc (CHUNK);

    for (guint64 at = 0; at < length;) {
        gsize n = (gsize)MIN (length - at, CHUNK);
        if (!tamga_document_read (document, offset + at, buffer, n, error) ||
            !pass (flow, buffer, n, error))
            return FALSE;
        at += n;
    }
    return TRUE;
}

static gboolean fail_content (const Flow *flow, GError **error)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "The content of \"%s\" is damaged: it cannot be unpacked to what the archive says "
                 "of it (APPNOTE 4.4.7).",
                 flow->name);
    return FALSE;
}

/* Up to the size that the headers give, and not an octet of input may be left over. */
static gboolean inflate_all (z_stream *stream, TamgaDocument *document, const TamgaZipItem *item,
                             Flow *flow, GError **error)
{
    g_autofree guint8 *input = g_malloc (CHUNK), *output = g_malloc (CHUNK);
    guint64 at = 0;
    int result = Z_OK;

    while (result != Z_STREAM_END) {
        gsize n = (gsize)MIN (item->packed - at, CHUNK);
        if (stream->avail_in == 0 && n > 0) {
            if (!tamga_document_read (document, item->data + at, input, n, error))
                return FALSE;
            stream->next_in = input;
            stream->avail_in = (uInt)n;
            at += n;
        }
        stream->next_out = output;
        stream->avail_out = CHUNK;
        result = inflate (stream, Z_NO_FLUSH);
        n = CHUNK - stream->avail_out;
        if ((result != Z_OK && result != Z_STREAM_END) || n > item->entry.size - flow->done)
            return fail_content (flow, error);
        if (!pass (flow, output, n, error))
            return FALSE;
    }
    return (at == item->packed && stream->avail_in == 0 && flow->done == item->entry.size) ||
           fail_content (flow, error);
}

static gboolean pass_deflated (TamgaDocument *document, const TamgaZipItem *item, Flow *flow,
                               GError **error)
{
    z_stream stream = {0};
    gboolean done;

    if (inflateInit2 (&stream, RAW_DEFLATE) != Z_OK)
        g_error ("zlib cannot be initialized");
    done = inflate_all (&stream, document, item, flow, error);
    inflateEnd (&stream);
    return done;
}

static gboolean pass_entry (TamgaZip *zip, const TamgaZipEntry *entry, Flow *flow, GError **error)
{
    const TamgaZipItem *item = (const TamgaZipItem *)entry;

    flow->name = entry->name;
    flow->total = entry->size;
    if (!(entry->stored ? pass_stored (zip->document, item->data, item->packed, flow, error)
                        : pass_deflated (zip->document, item, flow, error)))
        return FALSE;
    return flow->crc == item->crc || fail_content (flow, error);
}

/* ---- Digests ---- */

typedef struct {
    EVP_MD_CTX **contexts;
    gsize n;
} Hashing;

static gboolean sink_digest (const guint8 *data, gsize length, gpointer user,
                             G_GNUC_UNUSED GError **error)
{
    const Hashing *hashing = user;

    for (gsize i = 0; i < hashing->n; i++)
        EVP_DigestUpdate (hashing->contexts[i], data, length);
    return TRUE;
}

static Hashing hashing_begin (const TamgaDigest *const *digests, gsize n)
{
    Hashing hashing = {g_new0 (EVP_MD_CTX *, MAX (n, 1)), n};

    for (gsize i = 0; i < n; i++) {
        hashing.contexts[i] = EVP_MD_CTX_new ();
        g_assert (hashing.contexts[i] != NULL &&
                  EVP_DigestInit_ex (hashing.contexts[i], tamga_digest_md (digests[i]), NULL) == 1);
    }
    return hashing;
}

static void hashing_end (Hashing *hashing, gboolean good, GBytes **values)
{
    for (gsize i = 0; i < hashing->n; i++) {
        guint8 value[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        EVP_DigestFinal_ex (hashing->contexts[i], value, &size);
        values[i] = good ? g_bytes_new (value, size) : NULL;
        EVP_MD_CTX_free (hashing->contexts[i]);
    }
    g_free (hashing->contexts);
}

gboolean tamga_zip_digests (TamgaZip *zip, const TamgaZipEntry *entry,
                            const TamgaDigest *const *digests, gsize n_digests, GBytes **values,
                            TamgaProgress progress, gpointer progress_data, GError **error)
{
    Hashing hashing = hashing_begin (digests, n_digests);
    Flow flow = {.sink = sink_digest,
                 .user = &hashing,
                 .progress = progress,
                 .progress_data = progress_data};
    gboolean good = pass_entry (zip, entry, &flow, error);

    hashing_end (&hashing, good, values);
    return good;
}

gboolean tamga_zip_measure (TamgaDocument *document, const TamgaDigest *const *digests,
                            gsize n_digests, GBytes **values, guint32 *crc, TamgaProgress progress,
                            gpointer progress_data, GError **error)
{
    Hashing hashing = hashing_begin (digests, n_digests);
    Flow flow = {.sink = sink_digest,
                 .user = &hashing,
                 .progress = progress,
                 .progress_data = progress_data,
                 .name = tamga_document_name (document),
                 .total = tamga_document_size (document)};
    gboolean good = pass_stored (document, 0, flow.total, &flow, error);

    hashing_end (&hashing, good, values);
    *crc = (guint32)flow.crc;
    return good;
}

/* ---- In memory, and as a document ---- */

static gboolean sink_collect (const guint8 *data, gsize length, gpointer user,
                              G_GNUC_UNUSED GError **error)
{
    g_byte_array_append (user, data, (guint)length);
    return TRUE;
}

GBytes *tamga_zip_bytes (TamgaZip *zip, const TamgaZipEntry *entry, guint64 limit, GError **error)
{
    g_autoptr (GByteArray) array = NULL;
    Flow flow = {.sink = sink_collect};

    /* The array counts in 32 bits. */
    if (entry->size > MIN (limit, G_MAXINT32)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "\"%s\" has %" G_GUINT64_FORMAT " bytes; at most %" G_GUINT64_FORMAT
                     " are read.",
                     entry->name, entry->size, limit);
        return NULL;
    }
    array = g_byte_array_sized_new ((guint)MIN (entry->size, CHUNK));
    flow.user = array;
    if (!pass_entry (zip, entry, &flow, error))
        return NULL;
    return g_byte_array_free_to_bytes (g_steal_pointer (&array));
}

static gboolean sink_write (const guint8 *data, gsize length, gpointer user, GError **error)
{
    const int *fd = user;

    for (gsize done = 0; done < length;) {
        ssize_t n = TEMP_FAILURE_RETRY (write (*fd, data + done, length - done));
        if (n < 0) {
            g_set_error (error, TAMGA_DOCUMENT_ERROR,
                         errno == ENOSPC || errno == EDQUOT ? TAMGA_DOCUMENT_ERROR_NO_SPACE
                                                            : TAMGA_DOCUMENT_ERROR_WRITE,
                         "A file of the container could not be kept in a temporary file: %s.",
                         g_strerror (errno));
            return FALSE;
        }
        done += (gsize)n;
    }
    return TRUE;
}

static TamgaDocument *spool (TamgaZip *zip, const TamgaZipEntry *entry, GError **error)
{
    int fd = open (g_get_tmp_dir (), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    Flow flow = {.sink = sink_write, .user = &fd};

    if (fd < 0) {
        g_set_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_WRITE,
                     "A temporary file cannot be created: %s.", g_strerror (errno));
        return NULL;
    }
    if (!pass_entry (zip, entry, &flow, error)) {
        close (fd);
        return NULL;
    }
    return tamga_document_adopt (entry->name, fd, error);
}

TamgaDocument *tamga_zip_document (TamgaZip *zip, const TamgaZipEntry *entry, GError **error)
{
    const TamgaZipItem *item = (const TamgaZipItem *)entry;
    g_autoptr (GBytes) bytes = NULL;

    if (entry->stored) {
        TamgaDocument *slice = tamga_document_slice (zip->document, item->data, item->packed);
        tamga_document_rename (slice, entry->name);
        return slice;
    }
    if (entry->size > TAMGA_ZIP_SPOOL_SIZE)
        return spool (zip, entry, error);
    bytes = tamga_zip_bytes (zip, entry, TAMGA_ZIP_SPOOL_SIZE, error);
    return bytes != NULL ? tamga_document_new (entry->name, bytes) : NULL;
}
