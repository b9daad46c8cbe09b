/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ASiC: the rows of the format table. */
#include "formats/zip/asic.h"

#include <string.h>

#include "formats/zip/make.h"
#include "formats/zip/read.h"

static const TamgaFormat *const rows[] = {&tamga_asic_e_xades_format, &tamga_asic_e_cades_format,
                                          &tamga_asic_s_xades_format, &tamga_asic_s_cades_format};

/* EN 319 162-1 A.1: the media type can be read at a fixed place. */
static gboolean has_magic (TamgaDocument *document)
{
    static const char magic[] = TAMGA_ASIC_MIMETYPE "application/vnd.etsi.asic-";
    char found[sizeof magic - 1];

    return tamga_document_size (document) > 30 + sizeof found &&
           tamga_document_read (document, 30, found, sizeof found, NULL) &&
           memcmp (found, magic, sizeof found) == 0;
}

/* The row for one more signature of the same kind. NULL: no container of signatures. */
static const TamgaFormat *classify (TamgaDocument *document)
{
    g_autoptr (TamgaAsic) asic = NULL;
    gboolean cades;

    if (!tamga_zip_probe (document))
        return NULL;
    asic = tamga_asic_open (document, NULL);
    if (asic == NULL)
        return has_magic (document) ? &tamga_asic_e_xades_format : NULL;
    if (!asic->typed && asic->roles[TAMGA_ASIC_XADES]->len == 0 &&
        asic->roles[TAMGA_ASIC_CADES]->len == 0 && asic->roles[TAMGA_ASIC_STAMP]->len == 0)
        return NULL;
    cades = asic->roles[TAMGA_ASIC_XADES]->len == 0 &&
            (asic->roles[TAMGA_ASIC_CADES]->len > 0 || asic->roles[TAMGA_ASIC_STAMP]->len > 0);
    return rows[(asic->simple ? 2 : 0) + (cades ? 1 : 0)];
}

gboolean tamga_asic_is_container (TamgaDocument *document)
{
    return classify (document) != NULL;
}

static gboolean probe_e_xades (TamgaDocument *document)
{
    return classify (document) == &tamga_asic_e_xades_format;
}

static gboolean probe_e_cades (TamgaDocument *document)
{
    return classify (document) == &tamga_asic_e_cades_format;
}

static gboolean probe_s_xades (TamgaDocument *document)
{
    return classify (document) == &tamga_asic_s_xades_format;
}

static gboolean probe_s_cades (TamgaDocument *document)
{
    return classify (document) == &tamga_asic_s_cades_format;
}

static TamgaAsic *open_for (TamgaDocument *document, const TamgaReadOptions *options,
                            GError **error)
{
    TamgaAsic *asic = tamga_asic_open (document, error);

    if (asic != NULL && options != NULL) {
        asic->progress = options->progress;
        asic->progress_data = options->progress_data;
    }
    return asic;
}

static GPtrArray *asic_read (TamgaDocument *document, const TamgaReadOptions *options,
                             GError **error)
{
    g_autoptr (TamgaAsic) asic = open_for (document, options, error);

    return asic != NULL ? tamga_asic_read_all (asic, NULL, error) : NULL;
}

/* The files that `wanted` signed (NULL: that anybody did). */
static GHashTable *signed_files (TamgaAsic *asic, const char *wanted, GError **error)
{
    g_autoptr (GPtrArray) signatures = tamga_asic_read_all (asic, NULL, error);
    g_autoptr (GHashTable) files = g_hash_table_new (NULL, NULL);
    gboolean found = wanted == NULL;

    if (signatures == NULL)
        return NULL;
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (wanted != NULL && strcmp (signature->id, wanted) != 0)
            continue;
        found = TRUE;
        for (guint k = 0; k < signature->objects->len; k++) {
            const TamgaObject *object = signature->objects->pdata[k];
            const TamgaZipEntry *entry = tamga_asic_find (asic, object->name);
            if (entry != NULL)
                g_hash_table_add (files, (gpointer)entry);
        }
    }
    if (found)
        return g_steal_pointer (&files);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, "%s has no %s.",
                 tamga_document_name (asic->document), wanted);
    return NULL;
}

/* Payload that nobody signed is not given out as if it were. */
static GPtrArray *asic_originals (TamgaDocument *document, const TamgaReadOptions *options,
                                  const char *signature, GError **error)
{
    g_autoptr (TamgaAsic) asic = open_for (document, options, error);
    g_autoptr (GPtrArray) originals =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_original_free);
    g_autoptr (GHashTable) files = asic != NULL ? signed_files (asic, signature, error) : NULL;
    const GPtrArray *payload = files != NULL ? asic->roles[TAMGA_ASIC_PAYLOAD] : NULL;

    for (guint i = 0; payload != NULL && i < payload->len; i++) {
        const TamgaZipEntry *entry = payload->pdata[i];
        g_autoptr (TamgaDocument) content = NULL;
        if (!g_hash_table_contains (files, entry))
            continue;
        content = tamga_zip_document (asic->zip, entry, error);
        if (content == NULL)
            return NULL;
        g_ptr_array_add (originals, tamga_original_new (
                                        entry->name, tamga_asic_mime_type (entry->name), content));
    }
    if (payload != NULL && originals->len == 0)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                     "%s has no file that a signature in it covers.",
                     tamga_document_name (document));
    return originals->len > 0 ? g_steal_pointer (&originals) : NULL;
}

static TamgaPreparation *prepare_e_xades (TamgaDocument *document,
                                          const TamgaSigningParameters *parameters, GError **error)
{
    static const TamgaAsicKind kind = {&tamga_asic_e_xades_format, FALSE, FALSE};

    return tamga_asic_prepare (&kind, document, parameters, error);
}

const TamgaFormat tamga_asic_e_xades_format = {
    .name = "asic-e-xades",
    .alias = "asic-e",
    .title = "ASiC-E with XAdES",
    .extension = ".asice",
    .many = TRUE,
    .probe = probe_e_xades,
    .read = asic_read,
    .prepare = prepare_e_xades,
    .embed = tamga_asic_embed,
    .timestamped = tamga_asic_timestamped,
    .extend = tamga_asic_extend,
    .originals = asic_originals,
};

static TamgaPreparation *prepare_e_cades (TamgaDocument *document,
                                          const TamgaSigningParameters *parameters, GError **error)
{
    static const TamgaAsicKind kind = {&tamga_asic_e_cades_format, FALSE, TRUE};

    return tamga_asic_prepare (&kind, document, parameters, error);
}

const TamgaFormat tamga_asic_e_cades_format = {
    .name = "asic-e-cades",
    .title = "ASiC-E with CAdES",
    .extension = ".asice",
    .many = TRUE,
    .probe = probe_e_cades,
    .read = asic_read,
    .prepare = prepare_e_cades,
    .embed = tamga_asic_embed,
    .timestamped = tamga_asic_timestamped,
    .extend = tamga_asic_extend,
    .originals = asic_originals,
};

static TamgaPreparation *prepare_s_xades (TamgaDocument *document,
                                          const TamgaSigningParameters *parameters, GError **error)
{
    static const TamgaAsicKind kind = {&tamga_asic_s_xades_format, TRUE, FALSE};

    return tamga_asic_prepare (&kind, document, parameters, error);
}

const TamgaFormat tamga_asic_s_xades_format = {
    .name = "asic-s-xades",
    .title = "ASiC-S with XAdES",
    .extension = ".asics",
    .probe = probe_s_xades,
    .read = asic_read,
    .prepare = prepare_s_xades,
    .embed = tamga_asic_embed,
    .timestamped = tamga_asic_timestamped,
    .extend = tamga_asic_extend,
    .timestamp = tamga_asic_timestamp,
    .originals = asic_originals,
};

static TamgaPreparation *prepare_s_cades (TamgaDocument *document,
                                          const TamgaSigningParameters *parameters, GError **error)
{
    static const TamgaAsicKind kind = {&tamga_asic_s_cades_format, TRUE, TRUE};

    return tamga_asic_prepare (&kind, document, parameters, error);
}

const TamgaFormat tamga_asic_s_cades_format = {
    .name = "asic-s-cades",
    .alias = "asic-s",
    .title = "ASiC-S with CAdES",
    .extension = ".asics",
    .probe = probe_s_cades,
    .read = asic_read,
    .prepare = prepare_s_cades,
    .embed = tamga_asic_embed,
    .timestamped = tamga_asic_timestamped,
    .extend = tamga_asic_extend,
    .timestamp = tamga_asic_timestamp,
    .originals = asic_originals,
};
