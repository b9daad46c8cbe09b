/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a CAdES signature signs, with its digests. */
#include "formats/cms/content.h"

#include "formats/cms/attributes.h"
#include "formats/cms/token.h"
#include "formats/cms/value.h"

TamgaCmsContent tamga_cms_content (TamgaSignedData *data, TamgaDocument *detached)
{
    static const TamgaRange nothing = {0, 0};
    gboolean empty = data->content->len == 0;
    GHashTable *digests = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_bytes_unref);

    if (!data->has_content) {
        if (detached != NULL && data->external == NULL)
            data->external = tamga_document_ref (detached);
        return (TamgaCmsContent){.document = detached, .digests = digests};
    }
    return (TamgaCmsContent){
        .document = data->document,
        .ranges = empty ? &nothing : (const TamgaRange *)data->content->data,
        .n_ranges = empty ? 1 : data->content->len,
        .digests = digests,
    };
}

void tamga_cms_content_clear (TamgaCmsContent *content)
{
    g_clear_pointer (&content->digests, g_hash_table_unref);
}

GBytes *tamga_cms_content_digest (const TamgaDigest *digest, gpointer data, GError **error)
{
    TamgaCmsContent *content = data;
    GBytes *value;

    if (content->document == NULL)
        return NULL;
    value = g_hash_table_lookup (content->digests, digest);
    if (value != NULL)
        return g_bytes_ref (value);
    return tamga_document_digest (content->document, digest, content->ranges, content->n_ranges,
                                  NULL, NULL, error);
}

static void add (GPtrArray *digests, const TamgaDigest *digest)
{
    if (digest != NULL && !g_ptr_array_find (digests, digest, NULL))
        g_ptr_array_add (digests, (gpointer)digest);
}

/* Digests of the archive timestamps of version 3 of one signer. */
static void add_archives (GPtrArray *digests, const TamgaSignerInfo *info)
{
    for (guint i = 0; info->unsigned_list != NULL && i < info->unsigned_list->len; i++) {
        g_autoptr (TamgaAttribute) attribute =
            tamga_attribute_parse (info->unsigned_list->pdata[i]);
        if (attribute == NULL || attribute->kind != TAMGA_ATTRIBUTE_ARCHIVE_TIMESTAMP_V3)
            continue;
        for (guint j = 0; j < attribute->values->len; j++) {
            g_auto (TamgaTokenClaim) claim = {0};
            if (tamga_token_claim (attribute->values->pdata[j], &claim, NULL))
                add (digests, claim.digest);
        }
    }
}

gboolean tamga_cms_content_hash (TamgaCmsContent *content, const TamgaSignedData *data,
                                 const TamgaDigest *also, TamgaProgress progress,
                                 gpointer progress_data, GError **error)
{
    g_autoptr (GPtrArray) digests = g_ptr_array_new ();
    g_autofree GBytes **values = NULL;

    add (digests, also);
    for (guint i = 0; i < data->signers->len; i++) {
        const TamgaSignerInfo *info = data->signers->pdata[i];
        X509_ALGOR *algor = tamga_value_algor (info->digest_algor);
        add (digests, algor != NULL ? tamga_digest_by_algor (algor) : NULL);
        X509_ALGOR_free (algor);
        add_archives (digests, info);
    }
    if (content->document == NULL || digests->len == 0)
        return TRUE;
    values = g_new0 (GBytes *, digests->len);
    if (!tamga_document_digests (content->document, (const TamgaDigest *const *)digests->pdata,
                                 digests->len, content->ranges, content->n_ranges, values, progress,
                                 progress_data, error))
        return FALSE;
    for (guint i = 0; i < digests->len; i++)
        g_hash_table_insert (content->digests, digests->pdata[i], values[i]);
    return tamga_document_check (content->document, error);
}
