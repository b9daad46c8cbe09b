/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raising the level of signatures in a container: in their own files by their own formats, and by
 * archive manifests where CAdES signs a manifest (EN 319 162-1 A.7). */
#include "formats/cms/cades.h"
#include "formats/limits.h"
#include "formats/xml/xades.h"
#include "formats/zip/archive.h"
#include "formats/zip/make.h"
#include "formats/zip/read.h"

typedef struct {
    TamgaAsic *asic;
    GPtrArray *signatures;
    GArray *origins;
    TamgaAsicRewrite *rewrite;
    const TamgaStamper *stamper;
    GHashTable *inner;   /* TamgaZipEntry -> GArray of TamgaExtension, as its own format counts */
    TamgaEvidence *late; /* for the newest token: the file that it is about is covered already */
    gboolean archive;    /* an archive manifest is wanted */
} Work;

static void work_clear (Work *work)
{
    g_clear_pointer (&work->rewrite, tamga_asic_rewrite_free);
    g_clear_pointer (&work->inner, g_hash_table_unref);
    g_clear_pointer (&work->late, tamga_evidence_free);
    g_clear_pointer (&work->signatures, g_ptr_array_unref);
    g_clear_pointer (&work->origins, g_array_unref);
    g_clear_pointer (&work->asic, tamga_asic_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static gboolean refuse (GError **error, int code, const char *text, const char *name)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, code, "%s %s.", name, text);
    return FALSE;
}

static gboolean has_evidence (const TamgaEvidence *evidence)
{
    return evidence != NULL &&
           evidence->certificates->len + evidence->crls->len + evidence->ocsps->len > 0;
}

static void add_inner (Work *work, const TamgaZipEntry *entry, const TamgaExtension *extension)
{
    GArray *list = g_hash_table_lookup (work->inner, entry);

    if (list == NULL) {
        list = g_array_new (FALSE, FALSE, sizeof (TamgaExtension));
        g_hash_table_insert (work->inner, (gpointer)entry, list);
    }
    g_array_append_val (list, *extension);
}

/* What an archive timestamp covers does not change any more; evidence for it goes to the newest
 * token, which nothing covers. */
static gboolean plan_covered (Work *work, const TamgaSignature *signature,
                              const TamgaExtension *inner, GError **error)
{
    if (inner->timestamp || inner->archive)
        return refuse (error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                       "is covered by an archive timestamp of the container and cannot get one "
                       "inside",
                       signature->id);
    if (has_evidence (inner->evidence))
        tamga_evidence_merge (work->late, inner->evidence);
    return TRUE;
}

/* Which file gets what. */
static gboolean plan_one (Work *work, const TamgaExtension *extension, GError **error)
{
    const TamgaSignature *signature;
    const TamgaAsicOrigin *origin;
    TamgaExtension inner = *extension;
    TamgaAsicRole role;

    if (extension->index >= work->signatures->len)
        return refuse (error, TAMGA_FORMAT_ERROR_PARAMETER, "has no further signatures",
                       tamga_document_name (work->asic->document));
    signature = work->signatures->pdata[extension->index];
    if (!tamga_extension_check (extension, signature, error))
        return FALSE;
    origin = &g_array_index (work->origins, TamgaAsicOrigin, extension->index);
    role = tamga_asic_role (origin->entry->name);
    if (role == TAMGA_ASIC_STAMP && extension->timestamp)
        return refuse (error, TAMGA_FORMAT_ERROR_UNSUPPORTED, "is itself a timestamp",
                       signature->id);
    /* XAdES, and CAdES over the only file, have an archive timestamp of their own. */
    if (role == TAMGA_ASIC_STAMP || (role == TAMGA_ASIC_CADES && !work->asic->simple)) {
        work->archive |= extension->archive;
        inner.archive = FALSE;
    }
    inner.index = origin->index;
    if (!inner.timestamp && !inner.archive && !has_evidence (inner.evidence))
        return TRUE;
    if (tamga_asic_in_manifest (work->asic, origin->entry))
        return plan_covered (work, signature, &inner, error);
    add_inner (work, origin->entry, &inner);
    return TRUE;
}

/* The last token that no manifest covers. */
static const TamgaZipEntry *newest_stamp (const Work *work)
{
    for (guint i = work->signatures->len; i-- > 0;) {
        const TamgaSignature *signature = work->signatures->pdata[i];
        const TamgaAsicOrigin *origin = &g_array_index (work->origins, TamgaAsicOrigin, i);
        if (signature->is_document_timestamp && !tamga_asic_in_manifest (work->asic, origin->entry))
            return origin->entry;
    }
    return NULL;
}

static gboolean plan (Work *work, const TamgaExtension *extensions, gsize n, GError **error)
{
    const TamgaZipEntry *stamp = newest_stamp (work);
    TamgaExtension late = {.evidence = work->late};

    for (gsize i = 0; i < n; i++) {
        if ((extensions[i].timestamp || extensions[i].archive) && work->stamper == NULL)
            return refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                           "gets no timestamp without a time-stamping service",
                           tamga_document_name (work->asic->document));
        if (!plan_one (work, &extensions[i], error))
            return FALSE;
    }
    if (!has_evidence (work->late))
        return TRUE;
    if (stamp == NULL)
        return refuse (error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                       "has no place left for evidence: everything in it is covered by manifests",
                       tamga_document_name (work->asic->document));
    add_inner (work, stamp, &late);
    return TRUE;
}

/* One extension for each signature of a file. */
static gboolean extend_inner (Work *work, const TamgaZipEntry *entry, const GArray *list,
                              TamgaOutput *output, GError **error)
{
    const TamgaExtension *extensions = (const TamgaExtension *)(const void *)list->data;
    g_autoptr (TamgaDocument) document = tamga_asic_carrier (work->asic, entry, error);
    g_autoptr (GPtrArray) contents = NULL;
    TamgaReadOptions options = {.contents = NULL};

    if (document == NULL)
        return FALSE;
    if (tamga_asic_role (entry->name) == TAMGA_ASIC_XADES) {
        TamgaXmlResolver resolver = tamga_asic_resolver (work->asic);
        return tamga_xades_extend_xml (document, &resolver, extensions, list->len, work->stamper,
                                       output, error);
    }
    if (tamga_asic_role (entry->name) == TAMGA_ASIC_CADES) {
        contents = tamga_asic_inner_contents (work->asic, entry, error);
        if (contents == NULL)
            return FALSE;
        options.contents = contents;
    }
    return tamga_cades_format.extend (document, &options, extensions, list->len, work->stamper,
                                      output, error);
}

static gboolean extend_files (Work *work, GError **error)
{
    GPtrArray *entries = tamga_zip_entries (work->asic->zip);

    for (guint i = 0; i < entries->len; i++) {
        const TamgaZipEntry *entry = entries->pdata[i];
        const GArray *list = g_hash_table_lookup (work->inner, entry);
        g_autoptr (TamgaOutput) output = NULL;
        g_autoptr (GBytes) bytes = NULL;
        if (list == NULL)
            continue;
        output = tamga_output_new_memory ();
        if (!extend_inner (work, entry, list, output, error) ||
            !tamga_output_commit (output, error))
            return FALSE;
        bytes = tamga_output_steal_bytes (output);
        if (g_bytes_get_size (bytes) > TAMGA_MAX_ZIP_META) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "%s would have more than %u MiB.", entry->name, TAMGA_MAX_ZIP_META >> 20);
            return FALSE;
        }
        tamga_asic_rewrite_replace (work->rewrite, entry, bytes);
    }
    return TRUE;
}

/* A timestamp of the container covers the other signatures as well. */
static gboolean check_intact (const Work *work, GError **error)
{
    const TamgaExtension archive = {.archive = TRUE};

    for (guint i = 0; work->archive && i < work->signatures->len; i++) {
        if (!tamga_extension_check (&archive, work->signatures->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

static void list_free (gpointer list)
{
    g_array_unref (list);
}

gboolean tamga_asic_extend (TamgaDocument *document, const TamgaReadOptions *options,
                            const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                            TamgaOutput *output, GError **error)
{
    g_auto (Work) work = {.stamper = stamper, .asic = tamga_asic_open (document, error)};

    if (work.asic == NULL)
        return FALSE;
    work.asic->progress = options != NULL ? options->progress : NULL;
    work.asic->progress_data = options != NULL ? options->progress_data : NULL;
    work.inner = g_hash_table_new_full (NULL, NULL, NULL, list_free);
    work.late = tamga_evidence_new ();
    work.origins = tamga_asic_origins_new ();
    work.rewrite = tamga_asic_rewrite_new (work.asic);
    work.signatures = tamga_asic_read_all (work.asic, work.origins, error);
    return work.signatures != NULL && plan (&work, extensions, n, error) &&
           check_intact (&work, error) && extend_files (&work, error) &&
           (!work.archive || tamga_asic_add_archive (work.rewrite, stamper, error)) &&
           tamga_asic_rewrite_write (work.rewrite, output, error);
}
