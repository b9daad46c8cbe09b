/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sorting out a container. */
#include "formats/zip/package.h"

#include <string.h>

#include "formats/limits.h"

#define BOM "\xef\xbb\xbf"
/* Names that are listed in a sentence; the rest is counted. */
#define MAX_LISTED 20u

/* EN 319 162-1 4.3.3.2 and 4.4.3.2: files of META-INF by what is in their names. The first row
 * that fits. */
static const struct {
    TamgaAsicRole role;
    const char *part, *extension;
} roles[] = {
    {TAMGA_ASIC_ARCHIVE_MANIFEST, "ASiCArchiveManifest", ".xml"},
    {TAMGA_ASIC_EVIDENCE_MANIFEST, "ASiCEvidenceRecordManifest", ".xml"},
    {TAMGA_ASIC_MANIFEST, "ASiCManifest", ".xml"},
    {TAMGA_ASIC_XADES, "signatures", ".xml"},
    {TAMGA_ASIC_CADES, "signature", ".p7s"},
    {TAMGA_ASIC_STAMP, "timestamp", ".tst"},
    {TAMGA_ASIC_EVIDENCE, "evidencerecord", ".xml"},
    {TAMGA_ASIC_EVIDENCE, "evidencerecord", ".ers"},
};

TamgaAsicRole tamga_asic_role (const char *name)
{
    const char *file = name + strlen (TAMGA_ASIC_META);

    if (g_str_has_suffix (name, "/") || strcmp (name, TAMGA_ASIC_MIMETYPE) == 0 ||
        strcmp (name, TAMGA_ASIC_ODF_MANIFEST) == 0)
        return TAMGA_ASIC_MACHINERY;
    if (!g_str_has_prefix (name, TAMGA_ASIC_META))
        return TAMGA_ASIC_PAYLOAD;
    for (gsize i = 0; i < G_N_ELEMENTS (roles) && strchr (file, '/') == NULL; i++) {
        if (strstr (file, roles[i].part) != NULL && g_str_has_suffix (file, roles[i].extension))
            return roles[i].role;
    }
    return TAMGA_ASIC_UNKNOWN;
}

/* What the mimetype file says; the rules about its place are findings of the reader. */
static gboolean read_type (TamgaAsic *asic, GError **error)
{
    const TamgaZipEntry *entry = tamga_zip_find (asic->zip, TAMGA_ASIC_MIMETYPE);
    g_autoptr (GBytes) bytes = NULL;
    g_autofree char *text = NULL;
    const char *type;

    if (entry == NULL)
        return TRUE;
    bytes = tamga_asic_bytes (asic, entry, error);
    if (bytes == NULL)
        return FALSE;
    if (g_bytes_get_size (bytes) == 0)
        return TRUE;
    text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    asic->bom = g_str_has_prefix (text, BOM);
    type = g_strchomp (text) + (asic->bom ? strlen (BOM) : 0);
    asic->simple = strcmp (type, TAMGA_ASIC_TYPE_S) == 0;
    asic->typed = asic->simple || strcmp (type, TAMGA_ASIC_TYPE_E) == 0;
    return TRUE;
}

/* Without a media type of its own: one file and no manifest is the simple form. */
static void guess_kind (TamgaAsic *asic)
{
    if (!asic->typed)
        asic->simple = asic->roles[TAMGA_ASIC_PAYLOAD]->len == 1 &&
                       asic->roles[TAMGA_ASIC_MANIFEST]->len == 0 &&
                       tamga_zip_find (asic->zip, TAMGA_ASIC_ODF_MANIFEST) == NULL;
}

TamgaAsicReference *tamga_asic_reference_new (void)
{
    return g_new0 (TamgaAsicReference, 1);
}

void tamga_asic_reference_free (TamgaAsicReference *reference)
{
    g_free (reference->uri);
    g_free (reference->mime_type);
    g_clear_pointer (&reference->value, g_bytes_unref);
    g_free (reference);
}

static void manifest_free (gpointer data)
{
    TamgaAsicManifest *manifest = data;

    g_clear_pointer (&manifest->bytes, g_bytes_unref);
    g_ptr_array_unref (manifest->references);
    g_free (manifest->problem);
    g_free (manifest);
}

TamgaAsicManifest *tamga_asic_manifest_new (const TamgaZipEntry *entry)
{
    TamgaAsicManifest *manifest = g_new0 (TamgaAsicManifest, 1);

    manifest->entry = entry;
    manifest->references =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_asic_reference_free);
    return manifest;
}

TamgaAsic *tamga_asic_open (TamgaDocument *document, GError **error)
{
    g_autoptr (TamgaAsic) asic = g_new0 (TamgaAsic, 1);
    GPtrArray *entries;

    for (gsize i = 0; i < TAMGA_ASIC_ROLES; i++)
        asic->roles[i] = g_ptr_array_new ();
    asic->manifests = g_ptr_array_new_with_free_func (manifest_free);
    asic->digests =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    asic->document = tamga_document_ref (document);
    asic->zip = tamga_zip_open (document, error);
    if (asic->zip == NULL)
        return NULL;
    entries = tamga_zip_entries (asic->zip);
    for (guint i = 0; i < entries->len; i++) {
        TamgaZipEntry *entry = entries->pdata[i];
        g_ptr_array_add (asic->roles[tamga_asic_role (entry->name)], entry);
    }
    if (!read_type (asic, error))
        return NULL;
    guess_kind (asic);
    return g_steal_pointer (&asic);
}

void tamga_asic_free (TamgaAsic *asic)
{
    if (asic == NULL)
        return;
    for (gsize i = 0; i < TAMGA_ASIC_ROLES; i++)
        g_ptr_array_unref (asic->roles[i]);
    g_ptr_array_unref (asic->manifests);
    g_hash_table_unref (asic->digests);
    g_clear_pointer (&asic->zip, tamga_zip_free);
    tamga_document_unref (asic->document);
    g_free (asic);
}

const TamgaZipEntry *tamga_asic_find (TamgaAsic *asic, const char *uri)
{
    g_autofree char *decoded = uri != NULL ? g_uri_unescape_string (uri, NULL) : NULL;
    const TamgaZipEntry *entry = decoded != NULL ? tamga_zip_find (asic->zip, decoded) : NULL;

    if (entry == NULL && uri != NULL)
        entry = tamga_zip_find (asic->zip, uri);
    return entry != NULL && !entry->directory ? entry : NULL;
}

char *tamga_asic_uri (const char *name)
{
    return g_uri_escape_string (name, "/", FALSE);
}

GBytes *tamga_asic_digest (TamgaAsic *asic, const TamgaZipEntry *entry, const TamgaDigest *digest,
                           GError **error)
{
    g_autofree char *key = g_strconcat (digest->name, ":", entry->name, NULL);
    GBytes *value = g_hash_table_lookup (asic->digests, key);

    if (value == NULL) {
        if (!tamga_zip_digests (asic->zip, entry, &digest, 1, &value, asic->progress,
                                asic->progress_data, error))
            return NULL;
        g_hash_table_insert (asic->digests, g_steal_pointer (&key), value);
    }
    return g_bytes_ref (value);
}

GBytes *tamga_asic_bytes (TamgaAsic *asic, const TamgaZipEntry *entry, GError **error)
{
    return tamga_zip_bytes (asic->zip, entry, TAMGA_MAX_ZIP_META, error);
}

TamgaDocument *tamga_asic_carrier (TamgaAsic *asic, const TamgaZipEntry *entry, GError **error)
{
    g_autoptr (GBytes) bytes = tamga_asic_bytes (asic, entry, error);

    return bytes != NULL ? tamga_document_new (entry->name, bytes) : NULL;
}

/* ---- What XML signatures refer to ---- */

static GBytes *resolve_digest (const TamgaXmlResolver *resolver, const char *uri,
                               const TamgaDigest *digest, GError **error)
{
    const TamgaZipEntry *entry = tamga_asic_find (resolver->data, uri);

    return entry != NULL ? tamga_asic_digest (resolver->data, entry, digest, error) : NULL;
}

static GBytes *resolve_bytes (const TamgaXmlResolver *resolver, const char *uri, guint64 limit,
                              GError **error)
{
    TamgaAsic *asic = resolver->data;
    const TamgaZipEntry *entry = tamga_asic_find (asic, uri);

    return entry != NULL ? tamga_zip_bytes (asic->zip, entry, limit, error) : NULL;
}

TamgaXmlResolver tamga_asic_resolver (TamgaAsic *asic)
{
    return (TamgaXmlResolver){resolve_digest, resolve_bytes, asic, TRUE};
}

/* ---- Coverage ---- */

void tamga_asic_add_file (TamgaSignature *signature, const TamgaZipEntry *entry)
{
    TamgaObject *object = tamga_object_new (entry->name, NULL);

    object->found = TRUE;
    object->digest = signature->message_digest;
    object->equal =
        signature->content_digest != NULL && signature->integrity != TAMGA_INTEGRITY_HASH_FAILURE;
    /* As it is; as signed only where both are the same. */
    object->value = object->equal ? g_bytes_ref (signature->content_digest) : NULL;
    g_ptr_array_add (signature->objects, object);
}

void tamga_asic_describe_coverage (TamgaAsic *asic, TamgaSignature *signature, GHashTable *covered)
{
    const GPtrArray *payload = asic->roles[TAMGA_ASIC_PAYLOAD];
    g_autoptr (GString) missing = g_string_new (NULL);
    guint left = 0;

    signature->covered_bytes = 0;
    for (guint i = 0; i < payload->len; i++) {
        const TamgaZipEntry *entry = payload->pdata[i];
        if (g_hash_table_contains (covered, entry))
            signature->covered_bytes += entry->size;
        else if (left++ < MAX_LISTED)
            g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", entry->name);
    }
    if (left > MAX_LISTED)
        g_string_append_printf (missing, " and %u more", left - MAX_LISTED);
    g_free (signature->coverage_text);
    if (left == 0 && payload->len > 0) {
        signature->coverage = TAMGA_COVERS_WHOLE;
        signature->coverage_text =
            payload->len == 1
                ? g_strdup_printf ("the whole of %s", ((TamgaZipEntry *)payload->pdata[0])->name)
                : g_strdup_printf ("all %u files of the container", payload->len);
        return;
    }
    signature->coverage = left == payload->len ? TAMGA_COVERS_NOTHING_KNOWN : TAMGA_COVERS_PART;
    signature->coverage_text = g_strdup_printf ("%u of %u files of the container; not: %s",
                                                payload->len - left, payload->len, missing->str);
    tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "asic-not-covered",
                          "EN 319 162-1 4.4.1", "The container has files that are not signed: %s.",
                          missing->str);
}
