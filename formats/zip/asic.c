/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ASiC: the rows of the format table. */
#include "formats/zip/asic.h"

#include <string.h>

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

static GPtrArray *asic_read (TamgaDocument *document, const TamgaReadOptions *options,
                             GError **error)
{
    g_autoptr (TamgaAsic) asic = tamga_asic_open (document, error);

    if (asic == NULL)
        return NULL;
    asic->progress = options != NULL ? options->progress : NULL;
    asic->progress_data = options != NULL ? options->progress_data : NULL;
    return tamga_asic_read_all (asic, NULL, error);
}

/* Every file of the payload, signed or not: `read` says what is covered. */
static GPtrArray *asic_originals (TamgaDocument *document,
                                  G_GNUC_UNUSED const TamgaReadOptions *options,
                                  G_GNUC_UNUSED const char *signature, GError **error)
{
    g_autoptr (TamgaAsic) asic = tamga_asic_open (document, error);
    g_autoptr (GPtrArray) originals =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_original_free);
    const GPtrArray *payload = asic != NULL ? asic->roles[TAMGA_ASIC_PAYLOAD] : NULL;

    for (guint i = 0; payload != NULL && i < payload->len; i++) {
        const TamgaZipEntry *entry = payload->pdata[i];
        g_autoptr (TamgaDocument) content = tamga_zip_document (asic->zip, entry, error);
        if (content == NULL)
            return NULL;
        g_ptr_array_add (originals, tamga_original_new (
                                        entry->name, tamga_asic_mime_type (entry->name), content));
    }
    if (payload != NULL && payload->len == 0)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                     "%s has no file besides its signatures.", tamga_document_name (document));
    return originals->len > 0 ? g_steal_pointer (&originals) : NULL;
}

const TamgaFormat tamga_asic_e_xades_format = {
    .name = "asic-e-xades",
    .alias = "asic-e",
    .title = "ASiC-E with XAdES",
    .extension = ".asice",
    .many = TRUE,
    .probe = probe_e_xades,
    .read = asic_read,
    .originals = asic_originals,
};

const TamgaFormat tamga_asic_e_cades_format = {
    .name = "asic-e-cades",
    .title = "ASiC-E with CAdES",
    .extension = ".asice",
    .many = TRUE,
    .probe = probe_e_cades,
    .read = asic_read,
    .originals = asic_originals,
};

const TamgaFormat tamga_asic_s_xades_format = {
    .name = "asic-s-xades",
    .title = "ASiC-S with XAdES",
    .extension = ".asics",
    .probe = probe_s_xades,
    .read = asic_read,
    .originals = asic_originals,
};

const TamgaFormat tamga_asic_s_cades_format = {
    .name = "asic-s-cades",
    .alias = "asic-s",
    .title = "ASiC-S with CAdES",
    .extension = ".asics",
    .probe = probe_s_cades,
    .read = asic_read,
    .originals = asic_originals,
};
