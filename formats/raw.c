/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bare signature value over the bytes of a document. */
#include "formats/format.h"
#include "formats/limits.h"

static void preparation_free (TamgaPreparation *preparation)
{
    g_free (preparation);
}

static TamgaPreparation *prepare (TamgaDocument *document, const TamgaSigningParameters *parameters,
                                  GError **error)
{
    if (!tamga_format_check_no_pdf (parameters, "A bare signature", error))
        return NULL;
    if (parameters->level > TAMGA_LEVEL_B) {
        tamga_format_refuse (error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                             "A bare signature has no place for a timestamp.");
        return NULL;
    }
    g_autoptr (GBytes) bytes = tamga_document_bytes (document, 0, tamga_document_size (document),
                                                     TAMGA_MAX_DER_SIZE, error);
    if (!bytes)
        return NULL;
    TamgaPreparation *preparation = g_new0 (TamgaPreparation, 1);
    preparation->format = &tamga_format_raw;
    preparation->document = tamga_document_ref (document);
    preparation->algorithm = parameters->algorithm;
    preparation->to_be_signed = g_bytes_ref (bytes);
    preparation->content_digest =
        tamga_digest_bytes (tamga_algorithm_digest (parameters->algorithm), bytes);
    preparation->findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free);
    preparation->free = preparation_free;
    return preparation;
}

static gboolean embed (TamgaPreparation *preparation, GBytes *signature, GBytes *timestamp,
                       const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    g_assert (!timestamp && !evidence);
    g_autoptr (GBytes) value = tamga_preparation_signature_value (preparation, signature, error);
    return value && tamga_output_write_bytes (output, value, error);
}

const TamgaFormat tamga_format_raw = {
    .name = "raw",
    .title = "signature value",
    .extension = ".sig",
    .detached_extension = ".sig",
    .prepare = prepare,
    .embed = embed,
};
