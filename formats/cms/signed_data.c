/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SignedData as it lies in a document. The outer structure is walked by reading heads only, so that
 * encapsulated content of any size stays where it is. */
#include "formats/cms/signed_data.h"

#include <string.h>

#include "formats/cms/der.h"
#include "formats/limits.h"

#define WINDOW_SIZE (16 * 1024)
#define UNKNOWN_END G_MAXUINT64

/* Reads heads of a document through a small window. */
typedef struct {
    TamgaDocument *document;
    guint64 size;
    guint64 at; /* next octet to be parsed */
    gboolean indefinite;
    guint64 window_at;
    gsize window_length;
    guint8 window[WINDOW_SIZE];
} Walker;

/* A constructed element that was entered. */
typedef struct {
    guint64 end; /* UNKNOWN_END: until 00 00 */
} Frame;

static gboolean malformed (Walker *walker, GError **error, const char *what)
{
    if (error == NULL || *error == NULL)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "%s: broken CMS: %s (RFC 5652 5.1), near byte %" G_GUINT64_FORMAT,
                     tamga_document_name (walker->document), what, walker->at);
    return FALSE;
}

/* Octets at `at`: at least 16 of them, or what the document still has. */
static const guint8 *window (Walker *walker, guint64 at, gsize *available, GError **error)
{
    guint64 left = walker->size - at;
    gsize wanted = (gsize)MIN (left, 16);

    if (at < walker->window_at || at + wanted > walker->window_at + walker->window_length) {
        walker->window_length = (gsize)MIN (left, WINDOW_SIZE);
        walker->window_at = at;
        if (!tamga_document_read (walker->document, at, walker->window, walker->window_length,
                                  error)) {
            walker->window_length = 0;
            return NULL;
        }
    }
    *available = walker->window_length - (gsize)(at - walker->window_at);
    return walker->window + (at - walker->window_at);
}

static gboolean peek_head (Walker *walker, guint64 at, TamgaDerHead *head, GError **error)
{
    gsize available;
    const guint8 *data;

    if (at >= walker->size)
        return malformed (walker, error, "it ends too early");
    data = window (walker, at, &available, error);
    if (data == NULL)
        return FALSE;
    if (available >= 2 && data[0] == 0 && data[1] == 0) {
        *head = (TamgaDerHead){.header = 2}; /* end-of-contents */
        return TRUE;
    }
    if (!tamga_der_head (data, available, head) || head->tag == 0)
        return malformed (walker, error, "a tag or a length is not ASN.1");
    if (!head->indefinite && head->length > walker->size - at - head->header)
        return malformed (walker, error, "a length reaches beyond the end");
    return TRUE;
}

/* Is the next element of `frame` there? Where not, the end of the frame is consumed. */
static gboolean more (Walker *walker, const Frame *frame, TamgaDerHead *head, gboolean *there,
                      GError **error)
{
    *there = FALSE;
    if (frame->end != UNKNOWN_END) {
        if (walker->at > frame->end)
            return malformed (walker, error, "an element is longer than what it is in");
        if (walker->at == frame->end)
            return TRUE;
    }
    if (!peek_head (walker, walker->at, head, error))
        return FALSE;
    if (head->tag == 0) {
        if (frame->end != UNKNOWN_END)
            return malformed (walker, error, "an end mark without a beginning");
        walker->at += head->header;
        return TRUE;
    }
    if (frame->end != UNKNOWN_END && !head->indefinite &&
        walker->at + head->header + head->length > frame->end)
        return malformed (walker, error, "an element is longer than what it is in");
    *there = TRUE;
    return TRUE;
}

/* Enters the next element of `outer`, which must be constructed and have that tag. */
static gboolean enter (Walker *walker, const Frame *outer, guint8 tag, Frame *frame,
                       const char *what, GError **error)
{
    TamgaDerHead head;
    gboolean there;

    if (!more (walker, outer, &head, &there, error))
        return FALSE;
    if (!there || head.tag != tag)
        return malformed (walker, error, what);
    walker->at += head.header;
    walker->indefinite |= head.indefinite;
    frame->end = head.indefinite ? UNKNOWN_END : walker->at + head.length;
    return TRUE;
}

static gboolean leave (Walker *walker, const Frame *frame, const char *what, GError **error)
{
    TamgaDerHead head;
    gboolean there;

    if (!more (walker, frame, &head, &there, error))
        return FALSE;
    return !there || malformed (walker, error, what);
}

/* End of the element at `at`. */
static gboolean element_end (Walker *walker, guint64 at, guint depth, guint64 *end, GError **error)
{
    TamgaDerHead head;

    if (depth > TAMGA_DER_MAX_DEPTH)
        return malformed (walker, error, "elements are nested too deeply");
    if (!peek_head (walker, at, &head, error))
        return FALSE;
    at += head.header;
    if (!head.indefinite) {
        *end = at + head.length;
        return TRUE;
    }
    for (;;) {
        if (!peek_head (walker, at, &head, error))
            return FALSE;
        if (head.tag == 0)
            break;
        if (!element_end (walker, at, depth + 1, &at, error))
            return FALSE;
    }
    *end = at + head.header;
    return TRUE;
}

/* The next element of `frame` as bytes. NULL without error: the frame ends, or the next element
 * has another tag (`tag` 0: any). */
static GBytes *take (Walker *walker, const Frame *frame, guint8 tag, GError **error)
{
    TamgaDerHead head;
    gboolean there;
    guint64 start = walker->at, end;

    /* An end mark must stay for the caller's own look at the frame. */
    if (!more (walker, frame, &head, &there, error))
        return NULL;
    if (!there || (tag != 0 && head.tag != tag)) {
        walker->at = start;
        return NULL;
    }
    if (!element_end (walker, start, 0, &end, error))
        return NULL;
    if (end > frame->end) {
        malformed (walker, error, "an element is longer than what it is in");
        return NULL;
    }
    if (end - start > TAMGA_MAX_DER_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s: a part of the CMS has more than %u MiB",
                     tamga_document_name (walker->document), TAMGA_MAX_DER_SIZE / (1024 * 1024));
        return NULL;
    }
    walker->at = end;
    return tamga_document_bytes (walker->document, start, end - start, TAMGA_MAX_DER_SIZE, error);
}

static GBytes *demand (Walker *walker, const Frame *frame, guint8 tag, const char *what,
                       GError **error)
{
    GError *local = NULL;
    GBytes *bytes = take (walker, frame, tag, &local);

    if (bytes == NULL && local == NULL)
        malformed (walker, error, what);
    else if (local != NULL)
        g_propagate_error (error, local);
    return bytes;
}

static char *demand_oid (Walker *walker, const Frame *frame, const char *what, GError **error)
{
    g_autoptr (GBytes) bytes = demand (walker, frame, TAMGA_DER_OID, what, error);
    TamgaDerElement element;
    char *text = NULL;

    if (bytes == NULL)
        return NULL;
    if (tamga_der_whole (bytes, TAMGA_DER_OID, &element))
        text = tamga_der_oid_text (&element);
    if (text == NULL)
        malformed (walker, error, what);
    return text;
}

/* An optional or demanded SET OF of SignedData. */
static gboolean take_set (Walker *walker, const Frame *frame, guint8 tag, guint limit,
                          gboolean demanded, const char *what, GPtrArray *elements,
                          TamgaRange *field, GError **error)
{
    g_autoptr (GError) local = NULL;
    guint64 start = walker->at;
    g_autoptr (GBytes) set = take (walker, frame, tag, &local);

    if (local != NULL) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    if (set == NULL)
        return !demanded || malformed (walker, error, what);
    if (field != NULL)
        *field = (TamgaRange){start, walker->at - start};
    return tamga_der_split (set, limit, elements, &walker->indefinite) ||
           malformed (walker, error, what);
}

static gboolean add_piece (Walker *walker, TamgaSignedData *data, const TamgaDerHead *head,
                           GError **error)
{
    TamgaRange range = {walker->at + head->header, head->length};

    walker->at = range.offset + range.length;
    if (range.length == 0)
        return TRUE;
    if (data->content->len >= TAMGA_MAX_CONTENT_PIECES) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s: the encapsulated content is cut into more than %u pieces",
                     tamga_document_name (walker->document), TAMGA_MAX_CONTENT_PIECES);
        return FALSE;
    }
    g_array_append_val (data->content, range);
    data->content_size += range.length;
    return TRUE;
}

/* The octets of an OCTET STRING, primitive or constructed. */
static gboolean walk_octets (Walker *walker, const Frame *frame, guint depth, gboolean single,
                             TamgaSignedData *data, GError **error)
{
    static const char *const what = "eContent is not an OCTET STRING";
    TamgaDerHead head;
    gboolean there;

    if (depth > TAMGA_DER_MAX_DEPTH)
        return malformed (walker, error, "elements are nested too deeply");
    for (;;) {
        if (!more (walker, frame, &head, &there, error))
            return FALSE;
        if (!there)
            return !single || malformed (walker, error, what);
        if (head.tag == TAMGA_DER_OCTET_STRING) {
            if (!add_piece (walker, data, &head, error))
                return FALSE;
        } else if (head.tag == (TAMGA_DER_OCTET_STRING | 0x20)) {
            Frame inner;
            if (!enter (walker, frame, head.tag, &inner, what, error) ||
                !walk_octets (walker, &inner, depth + 1, FALSE, data, error))
                return FALSE;
        } else {
            return malformed (walker, error, what);
        }
        if (single)
            return leave (walker, frame, what, error);
    }
}

static gboolean parse_encap (Walker *walker, const Frame *outer, TamgaSignedData *data,
                             GError **error)
{
    static const char *const what = "encapContentInfo is not as RFC 5652 5.2 wants it";
    Frame frame, content;
    TamgaDerHead head;
    gboolean there;

    data->encap.offset = walker->at;
    if (!enter (walker, outer, TAMGA_DER_SEQUENCE, &frame, what, error))
        return FALSE;
    data->content_type = demand_oid (walker, &frame, what, error);
    if (data->content_type == NULL || !more (walker, &frame, &head, &there, error))
        return FALSE;
    if (there) {
        data->has_content = TRUE;
        if (!enter (walker, &frame, TAMGA_DER_CONTEXT_CONSTRUCTED, &content, what, error) ||
            !walk_octets (walker, &content, 0, TRUE, data, error) ||
            !leave (walker, &frame, what, error))
            return FALSE;
    }
    data->encap.length = walker->at - data->encap.offset;
    return TRUE;
}

static gboolean parse_version (Walker *walker, const Frame *frame, TamgaSignedData *data,
                               GError **error)
{
    g_autoptr (GBytes) bytes =
        demand (walker, frame, TAMGA_DER_INTEGER, "SignedData has no version", error);
    TamgaDerElement element;

    if (bytes == NULL)
        return FALSE;
    data->version = tamga_der_whole (bytes, TAMGA_DER_INTEGER, &element)
                        ? tamga_der_small_integer (&element)
                        : -1;
    return data->version >= 0 || malformed (walker, error, "SignedData has no sensible version");
}

static gboolean parse_signers (Walker *walker, const Frame *frame, TamgaSignedData *data,
                               GError **error)
{
    g_autoptr (GPtrArray) infos = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

    if (!take_set (walker, frame, TAMGA_DER_SET, TAMGA_MAX_SIGNERS, TRUE,
                   "signerInfos is missing, broken or too long", infos, NULL, error))
        return FALSE;
    for (guint i = 0; i < infos->len; i++) {
        TamgaSignerInfo *info = tamga_signer_info_parse (infos->pdata[i], error);
        if (info == NULL) {
            g_prefix_error (error, "%s: signer %u: ", tamga_document_name (walker->document),
                            i + 1);
            return FALSE;
        }
        g_ptr_array_add (data->signers, info);
    }
    return TRUE;
}

static gboolean parse_body (Walker *walker, const Frame *content, TamgaSignedData *data,
                            GError **error)
{
    Frame body;

    return enter (walker, content, TAMGA_DER_SEQUENCE, &body, "SignedData is not a SEQUENCE",
                  error) &&
           parse_version (walker, &body, data, error) &&
           take_set (walker, &body, TAMGA_DER_SET, TAMGA_MAX_SIGNERS, TRUE,
                     "digestAlgorithms is missing or broken", data->digest_algors, NULL, error) &&
           parse_encap (walker, &body, data, error) &&
           take_set (walker, &body, TAMGA_DER_CONTEXT_CONSTRUCTED, TAMGA_MAX_CERTIFICATES, FALSE,
                     "certificates is broken or too long", data->certificates,
                     &data->certificates_field, error) &&
           take_set (walker, &body, TAMGA_DER_CONTEXT_CONSTRUCTED | 1, TAMGA_MAX_REVOCATIONS, FALSE,
                     "crls is broken or too long", data->crls, &data->crls_field, error) &&
           parse_signers (walker, &body, data, error) &&
           leave (walker, &body, "SignedData has unknown fields", error);
}

/* ContentInfo's own two fields up to the SignedData. */
static gboolean parse_outer (Walker *walker, Frame *info, Frame *content, GError **error)
{
    const Frame file = {walker->size};
    g_autofree char *type = NULL;

    if (!tamga_signed_data_probe (walker->document)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT,
                     "%s: not a CMS signature (RFC 5652 3)",
                     tamga_document_name (walker->document));
        return FALSE;
    }
    return enter (walker, &file, TAMGA_DER_SEQUENCE, info, "no ContentInfo", error) &&
           (type = demand_oid (walker, info, "no contentType", error)) != NULL &&
           enter (walker, info, TAMGA_DER_CONTEXT_CONSTRUCTED, content, "ContentInfo is empty",
                  error);
}

static Walker *walker_new (TamgaDocument *document)
{
    Walker *walker = g_new (Walker, 1);

    walker->document = document;
    walker->size = tamga_document_size (document);
    walker->at = walker->window_at = 0;
    walker->window_length = 0;
    walker->indefinite = FALSE;
    return walker;
}

TamgaSignedData *tamga_signed_data_parse (TamgaDocument *document, GError **error)
{
    g_autofree Walker *walker = walker_new (document);
    g_autoptr (TamgaSignedData) data = g_new0 (TamgaSignedData, 1);
    Frame info, content;

    data->document = tamga_document_ref (document);
    data->digest_algors = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    data->content = g_array_new (FALSE, FALSE, sizeof (TamgaRange));
    data->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    data->crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    data->signers = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signer_info_free);
    if (!parse_outer (walker, &info, &content, error) ||
        !parse_body (walker, &content, data, error) ||
        !leave (walker, &content, "more than one SignedData", error) ||
        !leave (walker, &info, "ContentInfo has unknown fields", error))
        return NULL;
    if (walker->at != walker->size) {
        malformed (walker, error, "bytes follow after its end");
        return NULL;
    }
    data->end = walker->at;
    data->indefinite = walker->indefinite;
    return g_steal_pointer (&data);
}

void tamga_signed_data_free (TamgaSignedData *data)
{
    if (data == NULL)
        return;
    tamga_document_unref (data->document);
    g_clear_pointer (&data->external, tamga_document_unref);
    g_clear_pointer (&data->others, g_ptr_array_unref);
    g_ptr_array_unref (data->digest_algors);
    g_free (data->content_type);
    g_array_unref (data->content);
    g_ptr_array_unref (data->certificates);
    g_ptr_array_unref (data->crls);
    g_ptr_array_unref (data->signers);
    g_free (data);
}

/* Only what the first bytes say: a torn signature is a broken one, not another kind of file. */
gboolean tamga_signed_data_probe (TamgaDocument *document)
{
    guint8 start[32];
    gsize length = (gsize)MIN (tamga_document_size (document), sizeof start);
    TamgaDerHead head;
    TamgaDer der;
    TamgaDerElement type;
    g_autofree char *oid = NULL;

    if (!tamga_document_read (document, 0, start, length, NULL) ||
        !tamga_der_head (start, length, &head) || head.tag != TAMGA_DER_SEQUENCE)
        return FALSE;
    der = (TamgaDer){start + head.header, length - head.header};
    if (!tamga_der_take (&der, TAMGA_DER_OID, &type))
        return FALSE;
    oid = tamga_der_oid_text (&type);
    return g_strcmp0 (oid, TAMGA_OID_SIGNED_DATA) == 0;
}

GBytes *tamga_signed_data_content_digest (TamgaSignedData *data, const TamgaDigest *digest,
                                          GError **error)
{
    /* NULL ranges would mean the whole document. */
    static const TamgaRange nothing = {0, 0};
    const TamgaRange *ranges =
        data->content->len > 0 ? (TamgaRange *)data->content->data : &nothing;

    return tamga_document_digest (data->document, digest, ranges, MAX (data->content->len, 1), NULL,
                                  NULL, error);
}

GBytes *tamga_signed_data_content (TamgaSignedData *data, guint64 limit, GError **error)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();

    if (!data->has_content)
        return NULL;
    if (data->content_size > MIN (limit, G_MAXUINT / 2)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s: the encapsulated content is too large for this",
                     tamga_document_name (data->document));
        return NULL;
    }
    for (guint i = 0; i < data->content->len; i++) {
        const TamgaRange *range = &g_array_index (data->content, TamgaRange, i);
        guint at = out->len;
        g_byte_array_set_size (out, at + (guint)range->length);
        if (!tamga_document_read (data->document, range->offset, out->data + at,
                                  (gsize)range->length, error))
            return NULL;
    }
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
