/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ats-hash-index (EN 319 122-1 5.5.2). */
#include "formats/cms/hash_index.h"

#include <string.h>

#include "formats/cms/der.h"
#include "formats/cms/value.h"
#include "formats/limits.h"
#include "formats/ossl.h"

/* Versions: the first hashes whole attributes (TS 101 733 6.4.2); the second was read both ways by
 * its implementers; the third hashes each value with its type. */
static const struct {
    const char *oid;
    gboolean whole_attributes, values;
} versions[] = {
    {"0.4.0.1733.2.5", TRUE, FALSE},
    {"0.4.0.19122.1.4", TRUE, TRUE},
    {TAMGA_OID_HASH_INDEX_V3, FALSE, TRUE},
};

/* Entries for attributes: the values of all of them. */
#define MAX_ATTRIBUTE_ENTRIES (TAMGA_MAX_ATTRIBUTES + TAMGA_MAX_TIMESTAMPS)

static GPtrArray *bytes_array (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
}

void tamga_hash_index_free (TamgaHashIndex *index)
{
    if (index == NULL)
        return;
    g_clear_pointer (&index->der, g_bytes_unref);
    g_ptr_array_unref (index->certificates);
    g_ptr_array_unref (index->crls);
    g_ptr_array_unref (index->attributes);
    g_free (index);
}

void tamga_index_match_clear (TamgaIndexMatch *match)
{
    g_clear_pointer (&match->values, g_ptr_array_unref);
}

/* hashIndAlgorithm; version 1 may leave it out, which means SHA-256. */
static gboolean read_algorithm (TamgaDer *fields, TamgaHashIndex *index)
{
    TamgaDer ahead = *fields;
    TamgaDerElement first;
    g_autoptr (GBytes) der = NULL;
    X509_ALGOR *algor;

    index->digest = tamga_digest_by_name ("SHA-256");
    if (!tamga_der_take (&ahead, TAMGA_DER_SEQUENCE, &first))
        return FALSE;
    if (tamga_der_peek (&first.contents) != TAMGA_DER_OID)
        return index->whole_attributes;
    *fields = ahead;
    der = tamga_der_raw (&first);
    algor = tamga_value_algor (der);
    index->digest = algor != NULL ? tamga_digest_by_algor (algor) : NULL;
    X509_ALGOR_free (algor);
    return TRUE;
}

/* SEQUENCE OF OCTET STRING. */
static gboolean read_hashes (TamgaDer *fields, guint limit, GPtrArray *hashes)
{
    TamgaDerElement list, hash;

    if (!tamga_der_take (fields, TAMGA_DER_SEQUENCE, &list))
        return FALSE;
    while (!tamga_der_at_end (&list.contents)) {
        if (hashes->len >= limit || !tamga_der_take (&list.contents, TAMGA_DER_OCTET_STRING, &hash))
            return FALSE;
        g_ptr_array_add (hashes, tamga_der_copy (hash.contents));
    }
    return TRUE;
}

static TamgaHashIndex *read_value (GBytes *value, guint version)
{
    g_autoptr (TamgaHashIndex) index = g_new0 (TamgaHashIndex, 1);
    TamgaDerElement whole;

    index->der = g_bytes_ref (value);
    index->whole_attributes = versions[version].whole_attributes;
    index->values = versions[version].values;
    index->certificates = bytes_array ();
    index->crls = bytes_array ();
    index->attributes = bytes_array ();
    if (!tamga_der_whole (value, TAMGA_DER_SEQUENCE, &whole) ||
        !read_algorithm (&whole.contents, index) ||
        !read_hashes (&whole.contents, TAMGA_MAX_CERTIFICATES, index->certificates) ||
        !read_hashes (&whole.contents, TAMGA_MAX_REVOCATIONS, index->crls) ||
        !read_hashes (&whole.contents, MAX_ATTRIBUTE_ENTRIES, index->attributes) ||
        !tamga_der_at_end (&whole.contents))
        return NULL;
    return g_steal_pointer (&index);
}

static gboolean broken (GError **error, const char *what)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                 "the token of the archive timestamp has %s (EN 319 122-1 5.5.2)", what);
    return FALSE;
}

TamgaHashIndex *tamga_hash_index_read (GBytes *token, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("The time-stamp token", token);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, error);
    const TamgaSignerInfo *info;
    g_autoptr (TamgaHashIndex) index = NULL;
    guint found = 0;

    if (data == NULL)
        return NULL;
    info = data->signers->len == 1 ? data->signers->pdata[0] : NULL;
    for (guint i = 0; info != NULL && info->unsigned_list && i < info->unsigned_list->len; i++) {
        g_autoptr (TamgaAttribute) attribute =
            tamga_attribute_parse (info->unsigned_list->pdata[i]);
        for (guint v = 0; attribute != NULL && v < G_N_ELEMENTS (versions); v++) {
            if (strcmp (attribute->oid, versions[v].oid) != 0)
                continue;
            found++;
            g_clear_pointer (&index, tamga_hash_index_free);
            if (attribute->values->len == 1)
                index = read_value (attribute->values->pdata[0], v);
        }
    }
    if (found > 1)
        broken (error, "more than one ats-hash-index");
    else if (found == 0)
        broken (error, "no ats-hash-index");
    else if (index == NULL)
        broken (error, "an ats-hash-index that cannot be read");
    return found == 1 ? g_steal_pointer (&index) : NULL;
}

/* Hash of an attribute's type and one of its values (5.5.2). */
static GBytes *value_hash (const TamgaAttribute *attribute, GBytes *value,
                           const TamgaDigest *digest)
{
    g_autoptr (GByteArray) joined = g_byte_array_new ();
    GBytes *parts[] = {attribute->type, value};
    g_autoptr (GBytes) bytes = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
        gsize length;
        const void *data = g_bytes_get_data (parts[i], &length);
        g_byte_array_append (joined, data, (guint)length);
    }
    bytes = g_byte_array_free_to_bytes (g_steal_pointer (&joined));
    return tamga_digest_bytes (digest, bytes);
}

/* How often each hash is in the index and not yet taken. */
static GHashTable *count_hashes (GPtrArray *hashes)
{
    GHashTable *counts = g_hash_table_new (g_bytes_hash, g_bytes_equal);

    for (guint i = 0; i < hashes->len; i++) {
        guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, hashes->pdata[i]));
        g_hash_table_insert (counts, hashes->pdata[i], GUINT_TO_POINTER (count + 1));
    }
    return counts;
}

static gboolean take_hash (GHashTable *counts, GBytes *hash)
{
    guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, hash));

    if (count == 0)
        return FALSE;
    g_hash_table_replace (counts, hash, GUINT_TO_POINTER (count - 1));
    return TRUE;
}

static guint match_list (GPtrArray *hashes, GPtrArray *elements, const TamgaDigest *digest)
{
    g_autoptr (GHashTable) counts = count_hashes (hashes);
    g_autoptr (GPtrArray) own = bytes_array ();
    guint matched = 0;

    for (guint i = 0; i < elements->len; i++) {
        GBytes *hash = tamga_digest_bytes (digest, elements->pdata[i]);
        g_ptr_array_add (own, hash); /* the table may refer to it */
        matched += take_hash (counts, hash);
    }
    return matched;
}

/* Values of the attribute that the index names, in one of its ways. Returns entries taken. */
static guint match_attribute (const TamgaHashIndex *index, const TamgaAttribute *attribute,
                              GHashTable *counts, GPtrArray *own, GPtrArray *values)
{
    guint taken = 0;

    if (index->whole_attributes) {
        GBytes *hash = tamga_digest_bytes (index->digest, attribute->der);
        g_ptr_array_add (own, hash);
        if (take_hash (counts, hash)) {
            for (guint j = 0; j < attribute->values->len; j++)
                g_ptr_array_add (values, attribute->values->pdata[j]);
            return 1;
        }
    }
    for (guint j = 0; index->values && j < attribute->values->len; j++) {
        GBytes *hash = value_hash (attribute, attribute->values->pdata[j], index->digest);
        g_ptr_array_add (own, hash);
        if (!take_hash (counts, hash))
            continue;
        g_ptr_array_add (values, attribute->values->pdata[j]);
        taken++;
    }
    return taken;
}

void tamga_hash_index_match (const TamgaHashIndex *index, const TamgaIndexed *indexed,
                             TamgaIndexMatch *match)
{
    g_autoptr (GHashTable) counts = count_hashes (index->attributes);
    g_autoptr (GPtrArray) own = bytes_array ();
    guint taken = 0;

    g_assert (index->digest != NULL);
    *match = (TamgaIndexMatch){.values = g_ptr_array_new ()};
    match->certificates = match_list (index->certificates, indexed->certificates, index->digest);
    match->crls = match_list (index->crls, indexed->crls, index->digest);
    match->left_out =
        indexed->certificates->len - match->certificates + indexed->crls->len - match->crls;
    for (guint i = 0; i < indexed->attributes->len; i++)
        taken += match_attribute (index, indexed->attributes->pdata[i], counts, own, match->values);
    match->foreign = index->certificates->len - match->certificates + index->crls->len -
                     match->crls + index->attributes->len - taken;
}

/* SEQUENCE OF OCTET STRING with the hashes; frees nothing. */
static GBytes *hash_list (GPtrArray *hashes)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();

    for (guint i = 0; i < hashes->len; i++) {
        g_autoptr (GBytes) octets = tamga_der_wrap (TAMGA_DER_OCTET_STRING, hashes->pdata[i]);
        gsize length;
        const void *data = g_bytes_get_data (octets, &length);
        g_byte_array_append (out, data, (guint)length);
    }
    return tamga_der_tlv (TAMGA_DER_SEQUENCE, out->data, out->len);
}

static GBytes *element_hashes (GPtrArray *elements, const TamgaDigest *digest)
{
    g_autoptr (GPtrArray) hashes = bytes_array ();

    for (guint i = 0; i < elements->len; i++)
        g_ptr_array_add (hashes, tamga_digest_bytes (digest, elements->pdata[i]));
    return hash_list (hashes);
}

GBytes *tamga_hash_index_make (const TamgaIndexed *indexed, const TamgaDigest *digest)
{
    g_autoptr (GPtrArray) hashes = bytes_array ();
    X509_ALGOR *algor = tamga_digest_to_cms (digest);
    g_autoptr (GBytes) algorithm = tamga_ossl_der (i2d_X509_ALGOR, algor);
    g_autoptr (GBytes) certificates = element_hashes (indexed->certificates, digest);
    g_autoptr (GBytes) crls = element_hashes (indexed->crls, digest);
    g_autoptr (GBytes) attributes = NULL;

    X509_ALGOR_free (algor);
    for (guint i = 0; i < indexed->attributes->len; i++) {
        const TamgaAttribute *attribute = indexed->attributes->pdata[i];
        for (guint j = 0; j < attribute->values->len; j++)
            g_ptr_array_add (hashes, value_hash (attribute, attribute->values->pdata[j], digest));
    }
    attributes = hash_list (hashes);
    return tamga_der_join (TAMGA_DER_SEQUENCE, algorithm, certificates, crls, attributes,
                           TAMGA_DER_END);
}
