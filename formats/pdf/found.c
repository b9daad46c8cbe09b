/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding signature dictionaries and checking their /ByteRange and /Contents. Any doubt is a
 * failure. */
#include "formats/pdf/found.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/ossl.h"

/* Fields times revisions: beyond this a file is an attack on our time. */
#define MAX_WORK (50u * 1000 * 1000)
/* White space that a signer may have covered behind %%EOF. */
#define MAX_END_SPACE 1024u

static void found_free (gpointer data)
{
    TamgaPdfFound *found = data;
    g_free (found->field);
    g_free (found->failure);
    g_clear_pointer (&found->der, g_bytes_unref);
    g_free (found);
}

/* The first failure is kept. */
static void G_GNUC_PRINTF (2, 3) fail (TamgaPdfFound *found, const char *format, ...)
{
    if (found->failure != NULL)
        return;
    va_list arguments;
    va_start (arguments, format);
    found->failure = g_strdup_vprintf (format, arguments);
    va_end (arguments);
}

static void check_type (TamgaPdfFound *found)
{
    static const struct {
        const char *name;
        TamgaPdfKind kind;
    } kinds[] = {{"ETSI.CAdES.detached", TAMGA_PDF_CADES}, {"adbe.pkcs7.detached", TAMGA_PDF_PKCS7},
                 {"adbe.pkcs7.sha1", TAMGA_PDF_PKCS7},     {"ETSI.RFC3161", TAMGA_PDF_TIMESTAMP},
                 {"PBAD.PAdES", TAMGA_PDF_CADES}, /* DOC-ICP-15.03 (Brazil): the same content */
                 {"adbe.x509.rsa_sha1", TAMGA_PDF_X509}};
    TamgaPdfObject *type = tamga_pdf_key (found->dict, "Type");
    TamgaPdfObject *filter = tamga_pdf_key (found->dict, "SubFilter");
    if (found->dict->duplicates)
        fail (found, "the signature dictionary has a key twice (ISO 32000-1 7.3.7)");
    if (type->type != TAMGA_PDF_NULL && !tamga_pdf_is_name (type, "Sig") &&
        !tamga_pdf_is_name (type, "DocTimeStamp"))
        fail (found, "the /Type of the signature dictionary is neither Sig nor DocTimeStamp "
                     "(ISO 32000-1 table 252)");
    found->kind = TAMGA_PDF_UNKNOWN;
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        if (tamga_pdf_is_name (filter, kinds[i].name))
            found->kind = kinds[i].kind;
    }
    if (found->kind == TAMGA_PDF_UNKNOWN)
        fail (found, "the /SubFilter of the signature is unknown: %s (ISO 32000-1 12.8.3)",
              filter->type == TAMGA_PDF_NAME ? filter->text.data : "none");
}

/* Four direct whole numbers that leave out exactly the /Contents token (12.8.1). */
static void check_ranges (TamgaPdf *pdf, TamgaPdfFound *found)
{
    TamgaPdfObject *range = tamga_pdf_key (found->dict, "ByteRange");
    TamgaPdfObject *contents = tamga_pdf_key (found->dict, "Contents");
    gboolean good = range->type == TAMGA_PDF_ARRAY && range->array.n == 4;
    for (gsize i = 0; good && i < 4; i++)
        good = range->array.items[i]->type == TAMGA_PDF_INTEGER &&
               range->array.items[i]->integer >= 0 &&
               (guint64)range->array.items[i]->integer <= pdf->size;
    if (!good) {
        fail (found, "/ByteRange is not four direct numbers inside the file (ISO 32000-1 12.8.1)");
        return;
    }
    for (gsize i = 0; i < 2; i++) {
        found->ranges[i].offset = (guint64)range->array.items[2 * i]->integer;
        found->ranges[i].length = (guint64)range->array.items[2 * i + 1]->integer;
    }
    guint64 gap = found->ranges[0].length, after = found->ranges[1].offset;
    found->end = after + found->ranges[1].length;
    if (found->ranges[0].offset != 0)
        fail (found, "/ByteRange does not begin with the file (ISO 32000-1 12.8.1)");
    if (gap >= after || found->end > pdf->size)
        fail (found, "the ranges of /ByteRange overlap or run out of the file "
                     "(ISO 32000-1 12.8.1)");
    if (contents->type != TAMGA_PDF_STRING || !contents->hex || contents->start == 0)
        fail (found, "/Contents is not a hexadecimal string in the file (ISO 32000-1 table 252)");
    else if (contents->start != gap || contents->end != after)
        fail (found,
              "/ByteRange leaves out bytes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
              ", and /Contents is at %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
              " (ISO 32000-1 12.8.1)",
              gap, after, contents->start, contents->end);
    if (found->dict->start == 0 || found->dict->start >= gap || found->dict->end < after ||
        found->dict->end > found->end)
        fail (found, "the signature dictionary does not lie around the bytes that /ByteRange "
                     "leaves out");
}

/* Nothing but hexadecimal digits in the gap: no white space, comment or second object. */
static void check_gap (TamgaPdf *pdf, TamgaPdfFound *found)
{
    TamgaPdfObject *contents = tamga_pdf_key (found->dict, "Contents");
    guint64 length = contents->end - contents->start;
    if (length < 2 || length > 2 * (guint64)TAMGA_MAX_PDF_CONTENTS + 2) {
        fail (found, "/Contents is larger than %u bytes", TAMGA_MAX_PDF_CONTENTS);
        return;
    }
    g_autoptr (GBytes) gap =
        tamga_document_bytes (pdf->document, contents->start, length, length, NULL);
    const char *data = gap != NULL ? g_bytes_get_data (gap, NULL) : NULL;
    gboolean good = data != NULL && data[0] == '<' && data[length - 1] == '>' && length % 2 == 0;
    for (guint64 i = 1; good && i + 1 < length; i++)
        good = g_ascii_isxdigit (data[i]);
    if (!good)
        fail (found, "the bytes that /ByteRange leaves out are not <...> with hexadecimal digits "
                     "only");
}

/* Bytes of the BER element at the start; 0 when it is not whole. */
static gsize element_length (const guint8 *data, gsize length)
{
    const guint8 *at = data;
    long content = 0;
    int tag = 0, class = 0;
    int status = ASN1_get_object (&at, &content, &tag, &class, (long)length);
    if ((status & 0x80) != 0 || tag != V_ASN1_SEQUENCE || content < 0) {
        g_free (tamga_ossl_error ());
        return 0;
    }
    if ((status & 1) == 0)
        return (gsize)(at - data) + (gsize)content;
    at = data; /* indefinite length: only a parser knows the end */
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo (NULL, &at, (long)length);
    if (cms == NULL) {
        g_free (tamga_ossl_error ());
        return 0;
    }
    CMS_ContentInfo_free (cms);
    return (gsize)(at - data);
}

static void check_contents (TamgaPdfFound *found)
{
    TamgaPdfObject *contents = tamga_pdf_key (found->dict, "Contents");
    const guint8 *data = (const guint8 *)contents->text.data;
    if (found->kind == TAMGA_PDF_X509)
        return;
    gsize length = element_length (data, contents->text.length);
    if (length == 0) {
        fail (found, "/Contents is not one whole DER object (ISO 32000-1 12.8.3.3)");
        return;
    }
    for (gsize i = length; i < contents->text.length; i++) {
        if (data[i] != 0) {
            fail (found, "/Contents has something else than zeros behind the signature");
            return;
        }
    }
    found->der = g_bytes_new (data, length);
}

/* Only white space between two positions. */
static gboolean only_space (TamgaPdf *pdf, guint64 from, guint64 to)
{
    char buffer[MAX_END_SPACE] = {0};
    if (to - from > sizeof buffer ||
        (to > from && !tamga_document_read (pdf->document, from, buffer, (gsize)(to - from), NULL)))
        return FALSE;
    for (guint64 i = 0; i < to - from; i++) {
        if (!tamga_pdf_is_space (buffer[i]))
            return FALSE;
    }
    return TRUE;
}

/* Every object that the revision sees must lie in the bytes before its end: an entry that points
 * behind it would show what was added later. */
static gboolean sees_only_before (TamgaPdf *pdf, const TamgaPdfRevision *view, guint64 end)
{
    for (guint i = view->top; i < pdf->sections->len; i++) {
        const TamgaPdfSection *section = pdf->sections->pdata[i];
        for (gsize k = 0; k < section->n; k++) {
            const TamgaPdfXref *entry = &section->entries[k];
            if (entry->type == 1 && entry->offset + pdf->header >= end)
                return FALSE;
        }
    }
    return TRUE;
}

static void check_revision (TamgaPdf *pdf, TamgaPdfFound *found)
{
    for (guint r = 1; r <= pdf->revisions->len; r++) {
        const TamgaPdfRevision *view = tamga_pdf_revision (pdf, r);
        if (view->eof == 0 || view->eof > found->end || !only_space (pdf, view->eof, found->end))
            continue;
        if (r < found->first || r > found->last)
            fail (found, "the signature is not in the revision that it covers");
        else if (!sees_only_before (pdf, view, found->end))
            fail (found, "the revision that is signed refers to bytes that lie behind it");
        found->revision = r;
        return;
    }
    fail (found,
          "the signed bytes do not end where a revision of the file ends: at %" G_GUINT64_FORMAT
          " of %" G_GUINT64_FORMAT " (ISO 32000-1 12.8.1)",
          found->end, pdf->size);
}

static guint64 collect (TamgaPdf *pdf, guint revision, GHashTable *by_dict, GPtrArray *list)
{
    const TamgaPdfRevision *view = tamga_pdf_revision (pdf, revision);
    g_autoptr (GPtrArray) fields = tamga_pdf_fields (view);
    for (guint i = 0; i < fields->len; i++) {
        const TamgaPdfField *field = fields->pdata[i];
        if (!tamga_pdf_field_is_signature (field) || field->value->type != TAMGA_PDF_DICT)
            continue;
        TamgaPdfFound *found = g_hash_table_lookup (by_dict, field->value);
        if (found == NULL) {
            if (list->len >= TAMGA_MAX_SIGNERS)
                break;
            found = g_new0 (TamgaPdfFound, 1);
            found->dict = field->value;
            found->first = revision;
            found->number = field->value_number;
            found->field = g_strdup (field->name);
            found->field_number = field->number;
            found->field_generation = field->generation;
            const TamgaPdfXref *entry = tamga_pdf_lookup (view, found->number);
            found->generation = entry != NULL && entry->type == 1 ? entry->generation : 0;
            g_hash_table_insert (by_dict, field->value, found);
            g_ptr_array_add (list, found);
        } else if (found->last == revision) {
            fail (found, "two fields share one signature dictionary: %s and %s", found->field,
                  field->name);
        }
        found->last = revision;
    }
    return (guint64)fields->len * revision;
}

/* By the revision that is signed; where that is unknown, by the one that brought the dictionary:
 * numbers that lie must not put a signature in front of others. */
static int by_revision (gconstpointer a, gconstpointer b)
{
    const TamgaPdfFound *x = *(TamgaPdfFound *const *)a, *y = *(TamgaPdfFound *const *)b;
    guint p = x->revision != 0 ? x->revision : x->first;
    guint q = y->revision != 0 ? y->revision : y->first;
    if (p != q)
        return p < q ? -1 : 1;
    return x->dict->start < y->dict->start ? -1 : x->dict->start > y->dict->start;
}

/* Two signatures never share a range or a gap. */
static void check_collisions (GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        for (guint k = 0; k < list->len; k++) {
            TamgaPdfFound *a = list->pdata[i], *b = list->pdata[k];
            if (i != k && a->end != 0 &&
                (a->end == b->end || a->ranges[0].length == b->ranges[0].length))
                fail (a, "its /ByteRange is also that of the signature in %s", b->field);
        }
    }
}

GPtrArray *tamga_pdf_find_signatures (TamgaPdf *pdf)
{
    GPtrArray *list = g_ptr_array_new_with_free_func (found_free);
    g_autoptr (GHashTable) by_dict = g_hash_table_new (NULL, NULL);
    guint64 work = 0;
    for (guint r = 1; r <= pdf->revisions->len && work <= MAX_WORK; r++)
        work += collect (pdf, r, by_dict, list) + r;
    if (work > MAX_WORK && pdf->error == NULL) {
        pdf->error = g_error_new (TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                                  "the PDF has too many fields and revisions");
        pdf->error_revision = 0;
    }
    for (guint i = 0; i < list->len; i++) {
        TamgaPdfFound *found = list->pdata[i];
        check_type (found);
        check_ranges (pdf, found);
        if (found->failure == NULL)
            check_gap (pdf, found);
        if (found->failure == NULL)
            check_contents (found);
        if (found->failure == NULL)
            check_revision (pdf, found);
    }
    g_ptr_array_sort (list, by_revision);
    check_collisions (list);
    return list;
}
