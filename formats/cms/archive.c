/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the timestamps among the unsigned attributes of a signer cover. */
#include "formats/cms/archive.h"

#include <string.h>

#include "formats/cms/der.h"
#include "formats/cms/hash_index.h"
#include "formats/cms/token.h"
#include "formats/cms/tree.h"
#include "formats/ossl.h"

#define CHUNK (64u * 1024)

struct _TamgaArchive {
    const TamgaSignedData *data;
    GHashTable *prefixes[2]; /* TamgaDigest -> EVP_MD_CTX: see `prefix` */
    GHashTable *times;       /* token (GBytes, by address) -> gint64 */
};

TamgaArchive *tamga_archive_new (const TamgaSignedData *data)
{
    TamgaArchive *archive = g_new0 (TamgaArchive, 1);

    archive->data = data;
    for (gsize i = 0; i < G_N_ELEMENTS (archive->prefixes); i++)
        archive->prefixes[i] =
            g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)EVP_MD_CTX_free);
    archive->times = g_hash_table_new_full (NULL, NULL, NULL, g_free);
    return archive;
}

void tamga_archive_free (TamgaArchive *archive)
{
    if (archive == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (archive->prefixes); i++)
        g_hash_table_unref (archive->prefixes[i]);
    g_hash_table_unref (archive->times);
    g_free (archive);
}

void tamga_covered_clear (TamgaCovered *covered)
{
    g_clear_pointer (&covered->digest, g_bytes_unref);
    g_clear_pointer (&covered->values, g_ptr_array_unref);
    g_clear_pointer (&covered->covers, g_free);
}

static void append (GByteArray *out, GBytes *bytes)
{
    gsize length;
    const void *data = g_bytes_get_data (bytes, &length);

    g_byte_array_append (out, data, (guint)length);
}

/* genTime of a token; later than everything where it cannot be read. */
static gint64 token_time (TamgaArchive *archive, GBytes *token)
{
    gint64 *known = g_hash_table_lookup (archive->times, token);
    g_auto (TamgaTokenClaim) claim = {0};

    if (known != NULL)
        return *known;
    known = g_new (gint64, 1);
    *known = tamga_token_claim (token, &claim, NULL) ? claim.gen_time : G_MAXINT64;
    g_hash_table_insert (archive->times, token, known);
    return *known;
}

/* ---- References (EN 319 122-1 A.1.5) ---- */

/* An Attribute without its own tag and length. */
static void append_contents (GByteArray *out, const TamgaAttribute *attribute)
{
    TamgaDerElement whole;

    if (tamga_der_whole (attribute->der, TAMGA_DER_SEQUENCE, &whole))
        g_byte_array_append (out, whole.contents.data, (guint)whole.contents.left);
}

/* Kinds that a references timestamp covers, in the order of the standard. */
static const TamgaAttributeKind referenced[] = {
    TAMGA_ATTRIBUTE_SIGNATURE_TIMESTAMP, /* not under a timestamp over references only */
    TAMGA_ATTRIBUTE_CERTIFICATE_REFERENCES,
    TAMGA_ATTRIBUTE_REVOCATION_REFERENCES,
};

/* Position of a kind among those referenced from `first` on; their number where it is none. */
static gsize reference_rank (TamgaAttributeKind kind, gsize first)
{
    for (gsize i = first; i < G_N_ELEMENTS (referenced); i++) {
        if (referenced[i] == kind)
            return i;
    }
    return G_N_ELEMENTS (referenced);
}

/* A signature timestamp may be younger than the one over references: then it is not under it. */
static gboolean is_younger (TamgaArchive *archive, const TamgaStamped *stamped,
                            const TamgaAttribute *attribute)
{
    for (guint j = 0; j < attribute->values->len; j++) {
        if (attribute->kind == TAMGA_ATTRIBUTE_SIGNATURE_TIMESTAMP &&
            token_time (archive, attribute->values->pdata[j]) > stamped->gen_time)
            return TRUE;
    }
    return FALSE;
}

/* The attributes that are covered: by kind, or as they lie. */
static GPtrArray *list_referenced (TamgaArchive *archive, const TamgaStamped *stamped, gsize first,
                                   gboolean as_they_lie)
{
    GPtrArray *list = g_ptr_array_new ();

    for (gsize rank = first; rank < G_N_ELEMENTS (referenced); rank++) {
        for (guint i = 0; i < stamped->attributes->len; i++) {
            const TamgaAttribute *attribute = stamped->attributes->pdata[i];
            gsize own = reference_rank (attribute->kind, first);
            if ((as_they_lie ? rank == first && own < G_N_ELEMENTS (referenced) : own == rank) &&
                !is_younger (archive, stamped, attribute))
                g_ptr_array_add (list, stamped->attributes->pdata[i]);
        }
    }
    return list;
}

static GBytes *reference_digest (const TamgaStamped *stamped, GPtrArray *list, gboolean with_value)
{
    g_autoptr (GByteArray) joined = g_byte_array_new ();
    g_autoptr (GBytes) bytes = NULL;

    if (with_value)
        append (joined, stamped->info->signature);
    for (guint i = 0; i < list->len; i++)
        append_contents (joined, list->pdata[i]);
    bytes = g_byte_array_free_to_bytes (g_steal_pointer (&joined));
    return tamga_digest_bytes (stamped->digest, bytes);
}

static gboolean cover_references (TamgaArchive *archive, const TamgaStamped *stamped,
                                  const char *id, TamgaSignature *signature, TamgaCovered *covered,
                                  GError **error)
{
    gboolean with_value = stamped->attribute->kind == TAMGA_ATTRIBUTE_C_TIMESTAMP;
    gsize first = with_value ? 0 : 1;
    g_autoptr (GPtrArray) list = list_referenced (archive, stamped, first, FALSE);
    g_autoptr (GPtrArray) lying = list_referenced (archive, stamped, first, TRUE);
    g_autoptr (GBytes) other = NULL;

    (void)error;
    if (tamga_attributes_find (list, TAMGA_ATTRIBUTE_CERTIFICATE_REFERENCES) == NULL ||
        tamga_attributes_find (list, TAMGA_ATTRIBUTE_REVOCATION_REFERENCES) == NULL) {
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "timestamp-references-missing",
                              "EN 319 122-1 A.1.5",
                              "%s is over references to certificates and revocation data that are "
                              "not there.",
                              id);
        return TRUE;
    }
    for (guint i = 0; i < list->len; i++) {
        const TamgaAttribute *attribute = list->pdata[i];
        for (guint j = 0; j < attribute->values->len; j++)
            g_ptr_array_add (covered->values, attribute->values->pdata[j]);
    }
    /* Some makers took the attributes in the order in which they lie; both cover the same. */
    covered->digest = reference_digest (stamped, list, with_value);
    other = reference_digest (stamped, lying, with_value);
    if (g_bytes_equal (other, stamped->imprint)) {
        g_clear_pointer (&covered->digest, g_bytes_unref);
        covered->digest = g_steal_pointer (&other);
    }
    covered->covers = g_strdup (with_value ? "the signature value, its timestamps, and references "
                                             "to certificates and revocation data"
                                           : "references to certificates and revocation data");
    return TRUE;
}

/* ---- Version 3 (5.5.3) ---- */

GBytes *tamga_archive_v3_input (const TamgaSignedData *data, const TamgaSignerInfo *info,
                                GBytes *content_digest, GBytes *hash_index)
{
    g_autoptr (GByteArray) joined = g_byte_array_new ();
    g_autoptr (GBytes) type = tamga_der_oid (data->content_type);
    GBytes *parts[] = {type, content_digest, info->fields, hash_index};

    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
        append (joined, parts[i]);
    return g_byte_array_free_to_bytes (g_steal_pointer (&joined));
}

/* Unsigned attribute values that the index leaves out although they are no archive timestamps,
 * which come later by their nature. */
static void report_left_out (const TamgaStamped *stamped, const TamgaIndexMatch *match,
                             const char *id, TamgaSignature *signature)
{
    guint left_out = 0;
    gboolean stamp = FALSE;

    for (guint i = 0; i < stamped->attributes->len; i++) {
        const TamgaAttribute *attribute = stamped->attributes->pdata[i];
        if (attribute->kind == TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3)
            continue;
        for (guint j = 0; j < attribute->values->len; j++) {
            if (g_ptr_array_find (match->values, attribute->values->pdata[j], NULL))
                continue;
            left_out++;
            stamp |= attribute->kind == TAMGA_ATTRIBUTE_SIGNATURE_TIMESTAMP;
        }
    }
    if (left_out + match->left_out > 0)
        tamga_signature_find (signature, stamp ? TAMGA_SEVERITY_WARNING : TAMGA_SEVERITY_INFO,
                              "archive-left-out", "EN 319 122-1 5.5.2",
                              "%s does not cover %u unsigned attributes%s and %u certificates or "
                              "revocation values, which were put there later or by others.",
                              id, left_out, stamp ? " (a signature timestamp is among them)" : "",
                              match->left_out);
}

static gboolean cover_v3 (TamgaArchive *archive, const TamgaStamped *stamped, const char *id,
                          TamgaSignature *signature, TamgaCovered *covered, GError **error)
{
    g_autoptr (GError) local = NULL;
    g_autoptr (TamgaHashIndex) index = tamga_hash_index_read (stamped->token, &local);
    const TamgaIndexed indexed = {archive->data->certificates, archive->data->crls,
                                  stamped->attributes};
    g_auto (TamgaIndexMatch) match = {0};
    g_autoptr (GBytes) input = NULL;

    (void)error;
    if (index == NULL || index->digest == NULL) {
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "archive-hash-index",
                              "EN 319 122-1 5.5.2", "What %s covers cannot be told: %s.", id,
                              local != NULL ? local->message
                                            : "its ats-hash-index has an unknown algorithm");
        return TRUE;
    }
    tamga_hash_index_match (index, &indexed, &match);
    if (match.foreign > 0) {
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "archive-hash-index-foreign",
                              "EN 319 122-1 5.5.2",
                              "%s names %u certificates, revocation values or attributes that are "
                              "not in the signature: it is not valid.",
                              id, match.foreign);
        return TRUE;
    }
    if (stamped->content_digest == NULL)
        return TRUE;
    report_left_out (stamped, &match, id, signature);
    input =
        tamga_archive_v3_input (archive->data, stamped->info, stamped->content_digest, index->der);
    covered->digest = tamga_digest_bytes (stamped->digest, input);
    covered->covers =
        g_strdup_printf ("the content, the signature, %u certificates, %u revocation values and %u "
                         "unsigned attributes",
                         match.certificates, match.crls, match.values->len);
    g_ptr_array_unref (covered->values);
    covered->values = g_steal_pointer (&match.values);
    return TRUE;
}

/* ---- Version 2 and older (TS 101 733 6.4.1) ---- */

static gboolean hash_range (EVP_MD_CTX *context, TamgaDocument *document, guint64 offset,
                            guint64 length, GError **error)
{
    g_autofree guint8 *buffer = g_malloc (CHUNK);

    while (length > 0) {
        gsize part = (gsize)MIN (length, CHUNK);
        if (!tamga_document_read (document, offset, buffer, part, error))
            return FALSE;
        EVP_DigestUpdate (context, buffer, part);
        offset += part;
        length -= part;
    }
    return TRUE;
}

static void hash_bytes (EVP_MD_CTX *context, GBytes *bytes)
{
    gsize length;
    const void *data = g_bytes_get_data (bytes, &length);

    EVP_DigestUpdate (context, data, length);
}

/* certificates or crls: as they lie, or with a head of DER where theirs is indefinite. */
static gboolean hash_field (EVP_MD_CTX *context, const TamgaSignedData *data, gboolean rehead,
                            guint8 tag, const TamgaRange *field, GPtrArray *elements,
                            GError **error)
{
    g_autoptr (GBytes) joined = NULL;

    if (field->length == 0)
        return TRUE;
    if (!rehead)
        return hash_range (context, data->document, field->offset, field->length, error);
    joined = tamga_elements_join (tag, elements);
    hash_bytes (context, joined);
    return TRUE;
}

static gboolean hash_prefix (EVP_MD_CTX *context, const TamgaSignedData *data, gboolean rehead,
                             GError **error)
{
    return hash_range (context, data->document, data->encap.offset, data->encap.length, error) &&
           (data->has_content ||
            hash_range (context, data->external, 0, tamga_document_size (data->external), error)) &&
           hash_field (context, data, rehead, TAMGA_DER_CONTEXT_CONSTRUCTED,
                       &data->certificates_field, data->certificates, error) &&
           hash_field (context, data, rehead, TAMGA_DER_CONTEXT_CONSTRUCTED | 1, &data->crls_field,
                       data->crls, error);
}

/* State after encapContentInfo, external content, certificates and crls. */
static const EVP_MD_CTX *prefix (TamgaArchive *archive, const TamgaDigest *digest, gboolean rehead,
                                 GError **error)
{
    EVP_MD_CTX *known = g_hash_table_lookup (archive->prefixes[rehead], digest);
    g_autoptr (EVP_MD_CTX) context = NULL;

    if (known != NULL)
        return known;
    context = EVP_MD_CTX_new ();
    EVP_DigestInit_ex (context, tamga_digest_md (digest), NULL);
    if (!hash_prefix (context, archive->data, rehead, error))
        return NULL;
    known = g_steal_pointer (&context);
    g_hash_table_insert (archive->prefixes[rehead], (gpointer)digest, known);
    return known;
}

/* Was the attribute there when the token was made? Archive timestamps that are not older were
 * not; of everything else it is supposed. */
static gboolean was_there (TamgaArchive *archive, const TamgaStamped *stamped,
                           const TamgaAttribute *attribute)
{
    if (attribute == stamped->attribute)
        return FALSE;
    if (!tamga_attribute_is_old_archive (attribute) &&
        attribute->kind != TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3)
        return TRUE;
    for (guint j = 0; j < attribute->values->len; j++) {
        if (token_time (archive, attribute->values->pdata[j]) >= stamped->gen_time)
            return FALSE;
    }
    return TRUE;
}

/* unsignedAttrs as they were; NULL where there were none. */
static GBytes *earlier_attributes (TamgaArchive *archive, const TamgaStamped *stamped,
                                   GPtrArray *values)
{
    g_autoptr (GPtrArray) list = g_ptr_array_new ();

    for (guint i = 0; i < stamped->attributes->len; i++) {
        const TamgaAttribute *attribute = stamped->attributes->pdata[i];
        if (!was_there (archive, stamped, attribute))
            continue;
        g_ptr_array_add (list, attribute->der);
        for (guint j = 0; j < attribute->values->len; j++)
            g_ptr_array_add (values, attribute->values->pdata[j]);
    }
    return list->len > 0 ? tamga_elements_join (TAMGA_DER_CONTEXT_CONSTRUCTED | 1, list) : NULL;
}

static GBytes *finish (const EVP_MD_CTX *prefix, const TamgaStamped *stamped, GBytes *attributes)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    guint8 value[EVP_MAX_MD_SIZE];
    guint length = 0;

    EVP_MD_CTX_copy_ex (context, prefix);
    hash_bytes (context, stamped->info->fields);
    if (attributes != NULL)
        hash_bytes (context, attributes);
    EVP_DigestFinal_ex (context, value, &length);
    return g_bytes_new (value, length);
}

/* The attributes under their [1], or one after the other. */
static GBytes *attribute_form (GBytes *attributes, gboolean bare)
{
    TamgaDer der;
    TamgaDerElement whole;

    if (attributes == NULL || !bare)
        return attributes != NULL ? g_bytes_ref (attributes) : NULL;
    der = tamga_der (attributes);
    return tamga_der_next (&der, &whole) ? tamga_der_copy (whole.contents) : NULL;
}

/* The standard says "all data elements in the SignerInfo" and "as received": makers hashed the
 * unsigned attributes with and without the head of their set, and where a length was indefinite
 * their own DER. Each reading covers the same. The one is taken that the token was made over, else
 * the first. */
static gboolean cover_fields (TamgaArchive *archive, const TamgaStamped *stamped, const char *id,
                              TamgaSignature *signature, TamgaCovered *covered, GError **error)
{
    const TamgaSignedData *data = archive->data;
    g_autoptr (GBytes) attributes = NULL;
    const guint readings = data->indefinite ? 4 : 2;
    gboolean equal = FALSE;

    if (!data->has_content && data->external == NULL)
        return TRUE;
    attributes = earlier_attributes (archive, stamped, covered->values);
    for (guint reading = 0; !equal && reading < readings; reading++) {
        const EVP_MD_CTX *begin = prefix (archive, stamped->digest, reading / 2 != 0, error);
        g_autoptr (GBytes) form = attribute_form (attributes, reading % 2 != 0);
        g_autoptr (GBytes) value = NULL;
        if (begin == NULL)
            return FALSE;
        value = finish (begin, stamped, form);
        equal = g_bytes_equal (value, stamped->imprint);
        if (!equal && covered->digest != NULL)
            continue;
        g_clear_pointer (&covered->digest, g_bytes_unref);
        covered->digest = g_steal_pointer (&value);
    }
    covered->covers = g_strdup ("the content, the signature and all that lay around it then");
    if (!equal && stamped->attribute->kind == TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V1) {
        tamga_signature_find (signature, TAMGA_SEVERITY_INFO, "archive-first-version",
                              "RFC 5126 6.4.1",
                              "%s is of the first version, which covered other bytes before "
                              "TS 101 733 1.5.1; they are not computed.",
                              id);
        g_clear_pointer (&covered->digest, g_bytes_unref);
    }
    return TRUE;
}

/* ---- ---- */

static gboolean cover_value (TamgaArchive *archive, const TamgaStamped *stamped, const char *id,
                             TamgaSignature *signature, TamgaCovered *covered, GError **error)
{
    (void)archive;
    (void)id;
    (void)signature;
    (void)error;
    covered->digest = tamga_digest_bytes (stamped->digest, stamped->info->signature);
    return TRUE;
}

gboolean tamga_archive_cover (TamgaArchive *archive, const TamgaStamped *stamped, const char *id,
                              TamgaSignature *signature, TamgaCovered *covered, GError **error)
{
    static const struct {
        TamgaAttributeKind kind;
        gboolean (*cover) (TamgaArchive *archive, const TamgaStamped *stamped, const char *id,
                           TamgaSignature *signature, TamgaCovered *covered, GError **error);
    } rows[] = {
        {TAMGA_ATTRIBUTE_SIGNATURE_TIMESTAMP, cover_value},
        {TAMGA_ATTRIBUTE_C_TIMESTAMP, cover_references},
        {TAMGA_ATTRIBUTE_REFERENCES_TIMESTAMP, cover_references},
        {TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V1, cover_fields},
        {TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V2, cover_fields},
        {TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3, cover_v3},
    };

    *covered = (TamgaCovered){.values = g_ptr_array_new ()};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (rows[i].kind == stamped->attribute->kind)
            return rows[i].cover (archive, stamped, id, signature, covered, error);
    }
    g_assert_not_reached ();
}
