/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Archive manifests and timestamps of a container. */
#include "formats/zip/archive.h"

#include "formats/cms/token.h"
#include "formats/zip/make.h"

#define ARCHIVE_STEM "ASiCArchiveManifest"
#define ARCHIVE_NAME TAMGA_ASIC_META ARCHIVE_STEM ".xml"
#define STAMP_NAME TAMGA_ASIC_META "timestamp.tst"
#define TYPE_TOKEN "application/vnd.etsi.timestamp-token"
#define TYPE_XML "text/xml"

/* What an archive manifest covers, and as what. META-INF/manifest.xml is a list for convenience
 * that changes with further files. */
static const struct {
    TamgaAsicRole role;
    const char *mime_type; /* NULL: by the name */
} covered[] = {
    {TAMGA_ASIC_CADES, "application/pkcs7-signature"},
    {TAMGA_ASIC_XADES, TYPE_XML},
    {TAMGA_ASIC_STAMP, TYPE_TOKEN},
    {TAMGA_ASIC_MANIFEST, TYPE_XML},
    {TAMGA_ASIC_ARCHIVE_MANIFEST, TYPE_XML},
    {TAMGA_ASIC_EVIDENCE_MANIFEST, TYPE_XML},
    {TAMGA_ASIC_EVIDENCE, NULL},
    {TAMGA_ASIC_PAYLOAD, NULL},
};

GBytes *tamga_asic_stamp (const TamgaStamper *stamper, GBytes *imprint, GError **error)
{
    g_autoptr (GBytes) der = stamper->stamp (stamper, imprint, error);
    g_autoptr (TamgaToken) token = der != NULL ? tamga_token_parse (der, error) : NULL;

    if (token == NULL)
        return NULL;
    if (token->digest == stamper->digest && tamga_token_covers_digest (token, imprint))
        return g_steal_pointer (&der);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "The time-stamping service answered with a timestamp over something else.");
    return NULL;
}

gboolean tamga_asic_in_manifest (TamgaAsic *asic, const TamgaZipEntry *entry)
{
    for (guint i = 0; i < asic->manifests->len; i++) {
        const TamgaAsicManifest *manifest = asic->manifests->pdata[i];
        for (guint k = 0; k < manifest->references->len; k++) {
            if (((TamgaAsicReference *)manifest->references->pdata[k])->entry == entry)
                return TRUE;
        }
    }
    return FALSE;
}

/* The digest of an entry as it will be. */
static GBytes *digest_of (TamgaAsicRewrite *rewrite, const TamgaZipEntry *entry,
                          const TamgaDigest *digest, GError **error)
{
    TamgaDocument *replaced = g_hash_table_lookup (rewrite->replaced, entry);

    return replaced != NULL ? tamga_document_digest (replaced, digest, NULL, 0, NULL, NULL, error)
                            : tamga_asic_digest (rewrite->asic, entry, digest, error);
}

static gboolean add_references (TamgaAsicRewrite *rewrite, GPtrArray *references,
                                const TamgaZipEntry *before, const TamgaDigest *digest,
                                GError **error)
{
    for (gsize r = 0; r < G_N_ELEMENTS (covered); r++) {
        const GPtrArray *entries = rewrite->asic->roles[covered[r].role];
        for (guint i = 0; i < entries->len; i++) {
            const TamgaZipEntry *entry = entries->pdata[i];
            const char *renamed = g_hash_table_lookup (rewrite->renamed, entry);
            const char *type = covered[r].mime_type;
            TamgaAsicReference *reference = tamga_asic_reference_new ();
            g_ptr_array_add (references, reference);
            reference->uri = tamga_asic_uri (renamed != NULL ? renamed : entry->name);
            reference->mime_type =
                g_strdup (type != NULL ? type : tamga_asic_mime_type (entry->name));
            reference->root = entry == before;
            reference->digest = digest;
            reference->value = digest_of (rewrite, entry, digest, error);
            if (reference->value == NULL)
                return FALSE;
        }
    }
    return TRUE;
}

/* The newest manifest has the name without a number. One that is itself covered by another keeps
 * its name, which stands there. */
static char *take_name (TamgaAsicRewrite *rewrite, const TamgaZipEntry *before)
{
    g_autofree char *other = NULL;

    if (before == NULL)
        return g_strdup (ARCHIVE_NAME);
    other = tamga_asic_rewrite_free_name (rewrite, ARCHIVE_STEM, ".xml");
    if (tamga_asic_in_manifest (rewrite->asic, before))
        return g_steal_pointer (&other);
    tamga_asic_rewrite_rename (rewrite, before, other);
    return g_strdup (ARCHIVE_NAME);
}

gboolean tamga_asic_add_archive (TamgaAsicRewrite *rewrite, const TamgaStamper *stamper,
                                 GError **error)
{
    const TamgaZipEntry *before = tamga_zip_find (rewrite->asic->zip, ARCHIVE_NAME);
    g_autoptr (GPtrArray) references =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_asic_reference_free);
    g_autofree char *name = take_name (rewrite, before);
    g_autofree char *stamp_name = tamga_asic_rewrite_free_name (rewrite, "timestamp", ".tst");
    g_autoptr (GBytes) manifest = NULL, imprint = NULL, token = NULL;

    if (!add_references (rewrite, references, before, tamga_digest_for_xml (stamper->digest),
                         error))
        return FALSE;
    manifest = tamga_asic_manifest_make (stamp_name, TYPE_TOKEN, references);
    imprint = tamga_digest_bytes (stamper->digest, manifest);
    token = tamga_asic_stamp (stamper, imprint, error);
    if (token == NULL)
        return FALSE;
    tamga_asic_rewrite_add_bytes (rewrite, name, manifest);
    tamga_asic_rewrite_add_bytes (rewrite, stamp_name, token);
    return TRUE;
}

/* ---- ASiC-S with a timestamp instead of a signature (EN 319 162-1 4.3.3.2) ---- */

static gboolean stamp_document (TamgaAsicRewrite *rewrite, TamgaDocument *document,
                                const TamgaReadOptions *options, const TamgaStamper *stamper,
                                GError **error)
{
    g_autofree char *name = tamga_asic_payload_name (document, error);
    g_autoptr (GBytes) imprint = NULL, token = NULL, type = NULL;
    TamgaZipPart *part;

    if (name == NULL)
        return FALSE;
    type = g_bytes_new_static (TAMGA_ASIC_TYPE_S, sizeof TAMGA_ASIC_TYPE_S - 1);
    tamga_asic_rewrite_add_bytes (rewrite, TAMGA_ASIC_MIMETYPE, type);
    part = tamga_asic_rewrite_add (rewrite, name, document);
    part->measured = TRUE;
    if (!tamga_zip_measure (document, &stamper->digest, 1, &imprint, &part->crc,
                            options != NULL ? options->progress : NULL,
                            options != NULL ? options->progress_data : NULL, error) ||
        !tamga_document_check (document, error))
        return FALSE;
    token = tamga_asic_stamp (stamper, imprint, error);
    if (token == NULL)
        return FALSE;
    tamga_asic_rewrite_add_bytes (rewrite, STAMP_NAME, token);
    return TRUE;
}

/* One more timestamp over the one that is there and all else. */
static gboolean stamp_again (TamgaAsicRewrite *rewrite, const TamgaStamper *stamper, GError **error)
{
    TamgaAsic *asic = rewrite->asic;

    if (asic->roles[TAMGA_ASIC_CADES]->len + asic->roles[TAMGA_ASIC_XADES]->len > 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "%s has signatures, and an ASiC-S container has either these or a timestamp "
                     "of its own (EN 319 162-1 4.3.3.2): extend them instead.",
                     tamga_document_name (asic->document));
        return FALSE;
    }
    return tamga_asic_read_manifests (asic, error) &&
           tamga_asic_add_archive (rewrite, stamper, error);
}

gboolean tamga_asic_timestamp (TamgaDocument *document, const TamgaReadOptions *options,
                               const TamgaStamper *stamper, TamgaOutput *output, GError **error)
{
    g_autoptr (TamgaAsic) asic = NULL;
    g_autoptr (TamgaAsicRewrite) rewrite = NULL;

    if (tamga_asic_is_container (document)) {
        asic = tamga_asic_open (document, error);
        if (asic == NULL)
            return FALSE;
        if (!asic->simple || asic->roles[TAMGA_ASIC_PAYLOAD]->len != 1)
            g_clear_pointer (&asic, tamga_asic_free); /* a file like any other */
    }
    rewrite = tamga_asic_rewrite_new (asic);
    return (asic != NULL ? stamp_again (rewrite, stamper, error)
                         : stamp_document (rewrite, document, options, stamper, error)) &&
           tamga_asic_rewrite_write (rewrite, output, error);
}
