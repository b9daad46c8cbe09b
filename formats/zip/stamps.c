/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timestamps of a container: over the file of an ASiC-S (EN 319 162-1 4.3.3.2), or over a manifest
 * with digests of files, signatures and earlier manifests and tokens (4.4.3.2, A.7). */
#include <string.h>

#include "formats/cms/token.h"
#include "formats/limits.h"
#include "formats/zip/read.h"

typedef struct {
    const TamgaZipEntry *entry;
    GBytes *der;
    TamgaToken *token; /* NULL: `problem` */
    GError *problem;
    TamgaAsicManifest *manifest; /* NULL: over the only file, or nothing is known */
    TamgaSignature *signature;   /* owned by the result */
} Stamp;

static void stamp_free (gpointer data)
{
    Stamp *stamp = data;

    g_clear_pointer (&stamp->der, g_bytes_unref);
    g_clear_pointer (&stamp->token, tamga_token_free);
    g_clear_error (&stamp->problem);
    g_free (stamp);
}

/* By the time in the token; those that cannot be read come last. */
static int compare_times (gconstpointer a, gconstpointer b)
{
    const Stamp *left = *(Stamp *const *)a, *right = *(Stamp *const *)b;
    gint64 one = left->token != NULL ? left->token->gen_time : G_MAXINT64;
    gint64 other = right->token != NULL ? right->token->gen_time : G_MAXINT64;

    if (one != other)
        return one < other ? -1 : 1;
    return (int)left->entry->index - (int)right->entry->index;
}

static GPtrArray *parse_tokens (TamgaAsic *asic, GError **error)
{
    const GPtrArray *entries = asic->roles[TAMGA_ASIC_STAMP];
    g_autoptr (GPtrArray) stamps = g_ptr_array_new_with_free_func (stamp_free);

    for (guint i = 0; i < entries->len && i < TAMGA_MAX_TIMESTAMPS; i++) {
        Stamp *stamp = g_new0 (Stamp, 1);
        g_ptr_array_add (stamps, stamp);
        stamp->entry = entries->pdata[i];
        stamp->der = tamga_asic_bytes (asic, stamp->entry, error);
        if (stamp->der == NULL)
            return NULL;
        stamp->token = tamga_token_parse (stamp->der, &stamp->problem);
    }
    if (entries->len > TAMGA_MAX_TIMESTAMPS) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s has more than %u timestamps.", tamga_document_name (asic->document),
                     TAMGA_MAX_TIMESTAMPS);
        return NULL;
    }
    g_ptr_array_sort (stamps, compare_times);
    return g_steal_pointer (&stamps);
}

/* What the token is over: a manifest, or the only file. NULL with what is wrong. */
static const TamgaZipEntry *find_covered (TamgaAsic *asic, Stamp *stamp, const char **why)
{
    const GPtrArray *payload = asic->roles[TAMGA_ASIC_PAYLOAD];
    gboolean several;

    stamp->manifest = tamga_asic_manifest_of (asic, stamp->entry, &several);
    if (stamp->manifest != NULL)
        return stamp->manifest->entry;
    if (several)
        *why = "two manifests name it as theirs (EN 319 162-1 4.4.3.2)";
    else if (asic->simple && payload->len == 1)
        return payload->pdata[0];
    else
        *why = "no manifest says what it covers (EN 319 162-1 4.4.3.2)";
    return NULL;
}

static TamgaTimestamp *make_timestamp (const Stamp *stamp, guint number)
{
    TamgaTimestamp *timestamp = g_new0 (TamgaTimestamp, 1);
    GBytes *digest = stamp->signature->content_digest;

    timestamp->kind = TAMGA_TIMESTAMP_DOCUMENT;
    timestamp->id = g_strdup_printf ("timestamp %u", number);
    timestamp->token = g_bytes_ref (stamp->der);
    timestamp->covered_digest = digest != NULL ? g_bytes_ref (digest) : NULL;
    timestamp->covers = stamp->manifest != NULL ? g_strdup_printf ("the files listed in %s",
                                                                   stamp->manifest->entry->name)
                                                : g_strdup ("the file of the container");
    return timestamp;
}

static void add_missing (GPtrArray *to, const GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++) {
        if (!g_ptr_array_find_with_equal_func (to, from->pdata[i], g_bytes_equal, NULL))
            g_ptr_array_add (to, g_bytes_ref (from->pdata[i]));
    }
}

static gboolean same_certificate (gconstpointer a, gconstpointer b)
{
    return X509_cmp (a, b) == 0;
}

/* Each piece once: tokens that cover each other would multiply it. */
static void share_evidence (TamgaSignature *signature, const TamgaSignature *own)
{
    for (guint i = 0; i < own->certificates->len; i++) {
        X509 *certificate = own->certificates->pdata[i];
        if (g_ptr_array_find_with_equal_func (signature->certificates, certificate,
                                              same_certificate, NULL))
            continue;
        X509_up_ref (certificate);
        g_ptr_array_add (signature->certificates, certificate);
    }
    add_missing (signature->crls, own->crls);
    add_missing (signature->ocsps, own->ocsps);
}

static void take_token (TamgaSignature *signature, const TamgaToken *token)
{
    const TamgaSignature *own = token->signature;

    g_free (signature->algorithm_text);
    signature->algorithm = own->algorithm;
    signature->algorithm_text =
        g_strdup (own->algorithm_text != NULL ? own->algorithm_text : "unknown");
    signature->message_digest = token->digest;
    signature->binding = own->binding;
    share_evidence (signature, own);
    signature->has_evidence = own->crls->len + own->ocsps->len > 0;
}

static void judge_token (TamgaSignature *signature, const TamgaToken *token)
{
    if (token->digest == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "the digest algorithm %s of the timestamp is unknown",
                              token->digest_oid);
    else if (!tamga_token_covers_digest (token, signature->content_digest))
        tamga_signature_fail (signature, TAMGA_INTEGRITY_HASH_FAILURE,
                              "the timestamp covers something else than what is in the container "
                              "(RFC 3161 2.4.2)");
    else if (token->signature->integrity != TAMGA_INTEGRITY_INTACT)
        tamga_signature_fail (signature, token->signature->integrity, "the time-stamp token: %s",
                              token->signature->integrity_text);
}

/* Digests, objects and coverage of a token that can be read. */
static gboolean judge_stamp (TamgaAsic *asic, Stamp *stamp, GError **error)
{
    TamgaSignature *signature = stamp->signature;
    g_autoptr (GHashTable) files = g_hash_table_new (NULL, NULL);
    const char *why = NULL;
    const TamgaZipEntry *covered = find_covered (asic, stamp, &why);

    take_token (signature, stamp->token);
    if (covered == NULL) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE, "%s: %s",
                              stamp->entry->name, why);
        return TRUE;
    }
    if (stamp->token->digest != NULL) {
        signature->content_digest = tamga_asic_digest (asic, covered, stamp->token->digest, error);
        if (signature->content_digest == NULL)
            return FALSE;
    }
    judge_token (signature, stamp->token);
    if (stamp->manifest == NULL) {
        tamga_asic_add_file (signature, covered);
        g_hash_table_add (files, (gpointer)covered);
    } else {
        if (!tamga_asic_manifest_check (asic, stamp->manifest, error))
            return FALSE;
        tamga_asic_manifest_judge (stamp->manifest, signature);
        for (guint i = 0; i < stamp->manifest->references->len; i++)
            g_hash_table_add (
                files,
                (gpointer)((TamgaAsicReference *)stamp->manifest->references->pdata[i])->entry);
    }
    tamga_asic_describe_coverage (asic, signature, files);
    return TRUE;
}

static gboolean make_signature (TamgaAsic *asic, Stamp *stamp, guint number, GError **error)
{
    TamgaSignature *signature = stamp->token != NULL ? tamga_signature_new ("RFC 3161")
                                                     : tamga_asic_broken ("RFC 3161", stamp->entry,
                                                                          stamp->problem->message);

    stamp->signature = signature;
    g_free (signature->id);
    signature->id = g_strdup_printf ("signature %u", number);
    signature->packaging = "detached";
    signature->carrier = g_strdup (stamp->entry->name);
    signature->is_document_timestamp = TRUE;
    signature->proves = g_ptr_array_new_with_free_func (g_free);
    if (stamp->token != NULL && !judge_stamp (asic, stamp, error)) {
        tamga_signature_free (g_steal_pointer (&stamp->signature));
        return FALSE;
    }
    g_ptr_array_add (signature->timestamps, make_timestamp (stamp, 1));
    return TRUE;
}

/* ---- What a token proves to have existed ---- */

/* Files that an intact manifest covers, and through earlier archive manifests what those cover. */
static void collect (TamgaAsic *asic, const TamgaAsicManifest *manifest, GHashTable *files)
{
    g_autoptr (GPtrArray) left = g_ptr_array_new ();

    g_ptr_array_add (left, (gpointer)manifest);
    while (left->len > 0) {
        const TamgaAsicManifest *one = g_ptr_array_steal_index (left, left->len - 1);
        for (guint i = 0; i < one->references->len; i++) {
            const TamgaAsicReference *reference = one->references->pdata[i];
            if (!reference->equal || !g_hash_table_add (files, (gpointer)reference->entry))
                continue;
            for (guint k = 0; k < asic->manifests->len; k++) {
                const TamgaAsicManifest *other = asic->manifests->pdata[k];
                if (other->entry == reference->entry && other->checked)
                    g_ptr_array_add (left, (gpointer)other);
            }
        }
    }
}

static void tell_covered (TamgaAsic *asic, const Stamp *stamp, GPtrArray *signatures)
{
    g_autoptr (GHashTable) files = g_hash_table_new (NULL, NULL);

    if (stamp->manifest == NULL || stamp->signature->integrity != TAMGA_INTEGRITY_INTACT)
        return;
    collect (asic, stamp->manifest, files);
    for (guint i = 0; i < signatures->len; i++) {
        TamgaSignature *signature = signatures->pdata[i];
        const TamgaZipEntry *entry = tamga_zip_find (asic->zip, signature->carrier);
        if (signature == stamp->signature || !g_hash_table_contains (files, entry))
            continue;
        g_ptr_array_add (stamp->signature->proves, g_strdup (signature->id));
        /* The service is often that of the signature's own timestamp. */
        share_evidence (stamp->signature, signature);
        if (signature->is_document_timestamp || signature->timestamps->len >= TAMGA_MAX_TIMESTAMPS)
            continue;
        g_ptr_array_add (signature->timestamps,
                         make_timestamp (stamp, signature->timestamps->len + 1));
        /* Evidence that came too late for a covered file lies in the token. */
        share_evidence (signature, stamp->token->signature);
    }
}

gboolean tamga_asic_read_stamps (TamgaAsic *asic, GPtrArray *signatures, GArray *origins,
                                 guint numbers, GError **error)
{
    g_autoptr (GPtrArray) stamps = parse_tokens (asic, error);

    for (guint i = 0; stamps != NULL && i < stamps->len; i++) {
        Stamp *stamp = stamps->pdata[i];
        TamgaAsicOrigin origin = {.entry = stamp->entry};
        if (!make_signature (asic, stamp, ++numbers, error))
            return FALSE;
        g_ptr_array_add (signatures, stamp->signature);
        g_array_append_val (origins, origin);
    }
    /* A manifest is checked by its own token before a later one relies on it. */
    for (guint i = 0; stamps != NULL && i < stamps->len; i++)
        tell_covered (asic, stamps->pdata[i], signatures);
    return stamps != NULL;
}
