/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all formats share: levels, evidence, preparations. */
#include "formats/format.h"

#include "formats/ossl.h"

static const char *const level_names[] = {[TAMGA_LEVEL_B] = "B",
                                          [TAMGA_LEVEL_T] = "T",
                                          [TAMGA_LEVEL_LT] = "LT",
                                          [TAMGA_LEVEL_LTA] = "LTA"};

const char *tamga_level_name (TamgaLevel level)
{
    return level_names[level];
}

gboolean tamga_level_from_name (const char *name, TamgaLevel *level)
{
    for (gsize i = 0; i < G_N_ELEMENTS (level_names); i++) {
        if (g_ascii_strcasecmp (name, level_names[i]) == 0) {
            *level = (TamgaLevel)i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean tamga_format_check_no_pdf (const TamgaSigningParameters *parameters, const char *what,
                                    GError **error)
{
    const struct {
        gboolean given;
        const char *what;
    } rows[] = {
        {parameters->visible != NULL, "an appearance on a page"},
        {parameters->field != NULL, "a signature field"},
        {parameters->certification != 0, "a certification"},
        {parameters->reason != NULL, "a reason: state a commitment instead"},
        {parameters->location != NULL, "a location: state town or country instead"},
        {parameters->contact != NULL, "a contact"},
        {parameters->contents_size != 0, "room reserved for it"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (rows[i].given)
            return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                                        "%s cannot have %s. Only a signature in a PDF has that.",
                                        what, rows[i].what);
    }
    return TRUE;
}

void tamga_visible_free (TamgaVisible *visible)
{
    if (!visible)
        return;
    g_free (visible->text);
    g_clear_pointer (&visible->image, g_bytes_unref);
    g_free (visible);
}

TamgaEvidence *tamga_evidence_new (void)
{
    TamgaEvidence *evidence = g_new (TamgaEvidence, 1);
    *evidence = (TamgaEvidence){
        .certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free),
        .crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref),
        .ocsps = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref),
    };
    return evidence;
}

void tamga_evidence_free (TamgaEvidence *evidence)
{
    if (!evidence)
        return;
    g_ptr_array_unref (evidence->certificates);
    g_ptr_array_unref (evidence->crls);
    g_ptr_array_unref (evidence->ocsps);
    g_free (evidence);
}

void tamga_evidence_add_certificate (TamgaEvidence *evidence, X509 *certificate)
{
    for (guint i = 0; i < evidence->certificates->len; i++) {
        if (X509_cmp (evidence->certificates->pdata[i], certificate) == 0)
            return;
    }
    X509_up_ref (certificate);
    g_ptr_array_add (evidence->certificates, certificate);
}

static void add_bytes (GPtrArray *array, GBytes *bytes)
{
    if (!g_ptr_array_find_with_equal_func (array, bytes, g_bytes_equal, NULL))
        g_ptr_array_add (array, g_bytes_ref (bytes));
}

void tamga_evidence_add_crl (TamgaEvidence *evidence, GBytes *crl)
{
    add_bytes (evidence->crls, crl);
}

void tamga_evidence_add_ocsp (TamgaEvidence *evidence, GBytes *ocsp)
{
    add_bytes (evidence->ocsps, ocsp);
}

void tamga_evidence_merge (TamgaEvidence *evidence, const TamgaEvidence *other)
{
    for (guint i = 0; i < other->certificates->len; i++)
        tamga_evidence_add_certificate (evidence, other->certificates->pdata[i]);
    for (guint i = 0; i < other->crls->len; i++)
        tamga_evidence_add_crl (evidence, other->crls->pdata[i]);
    for (guint i = 0; i < other->ocsps->len; i++)
        tamga_evidence_add_ocsp (evidence, other->ocsps->pdata[i]);
}

void tamga_preparation_free (TamgaPreparation *preparation)
{
    if (!preparation)
        return;
    g_clear_pointer (&preparation->document, tamga_document_unref);
    g_clear_pointer (&preparation->to_be_signed, g_bytes_unref);
    g_clear_pointer (&preparation->content_digest, g_bytes_unref);
    g_clear_pointer (&preparation->findings, g_ptr_array_unref);
    preparation->free (preparation);
}

GBytes *tamga_preparation_digest (TamgaPreparation *preparation)
{
    return tamga_digest_bytes (tamga_algorithm_digest (preparation->algorithm),
                               preparation->to_be_signed);
}

GBytes *tamga_preparation_signature_value (TamgaPreparation *preparation, GBytes *raw,
                                           GError **error)
{
    return tamga_algorithm_raw_to_der (preparation->algorithm, raw, error);
}

GBytes *tamga_preparation_timestamped (TamgaPreparation *preparation, GBytes *raw, GError **error)
{
    const TamgaFormat *format = preparation->format;
    return format->timestamped ? format->timestamped (preparation, raw, error)
                               : tamga_preparation_signature_value (preparation, raw, error);
}

const char *tamga_packaging_name (TamgaPackaging packaging)
{
    static const char *const names[] = {[TAMGA_PACKAGING_DEFAULT] = "attached",
                                        [TAMGA_PACKAGING_DETACHED] = "detached",
                                        [TAMGA_PACKAGING_ENVELOPED] = "enveloped",
                                        [TAMGA_PACKAGING_ENVELOPING] = "enveloping"};
    return names[packaging];
}

TamgaDocument *tamga_read_options_content (const TamgaReadOptions *options)
{
    return options && options->contents && options->contents->len > 0 ? options->contents->pdata[0]
                                                                      : NULL;
}

TamgaOriginal *tamga_original_new (const char *name, const char *mime_type, TamgaDocument *document)
{
    TamgaOriginal *original = g_new (TamgaOriginal, 1);
    *original = (TamgaOriginal){.name = g_strdup (name),
                                .mime_type = g_strdup (mime_type),
                                .document = tamga_document_ref (document)};
    return original;
}

void tamga_original_free (TamgaOriginal *original)
{
    if (!original)
        return;
    g_free (original->name);
    g_free (original->mime_type);
    tamga_document_unref (original->document);
    g_free (original);
}

const TamgaFormat *tamga_format_by_name (const char *name)
{
    for (gsize i = 0; tamga_formats[i]; i++) {
        const char *alias = tamga_formats[i]->alias;
        if (g_ascii_strcasecmp (tamga_formats[i]->name, name) == 0 ||
            (alias && g_ascii_strcasecmp (alias, name) == 0))
            return tamga_formats[i];
    }
    return NULL;
}

const TamgaFormat *tamga_format_probe (TamgaDocument *document)
{
    for (gsize i = 0; tamga_formats[i]; i++) {
        if (tamga_formats[i]->probe (document))
            return tamga_formats[i];
    }
    return NULL;
}

GPtrArray *tamga_format_read (TamgaDocument *document, const TamgaReadOptions *options,
                              const TamgaFormat **format, GError **error)
{
    g_autoptr (GError) first = NULL;
    *format = NULL;
    for (guint i = 0; tamga_formats[i] != NULL; i++) {
        g_autoptr (GError) local = NULL;
        if (!tamga_formats[i]->probe (document))
            continue;
        g_autoptr (GPtrArray) signatures = tamga_formats[i]->read (document, options, &local);
        if (signatures != NULL && signatures->len > 0) {
            *format = tamga_formats[i];
            return g_steal_pointer (&signatures);
        }
        if (local == NULL)
            g_set_error (&local, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE,
                         "%s has no signature in it", tamga_document_name (document));
        gboolean other =
            g_error_matches (local, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE) ||
            g_error_matches (local, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT);
        if (first == NULL) {
            *format = tamga_formats[i];
            first = g_steal_pointer (&local);
        }
        if (!other)
            break;
    }
    if (first == NULL)
        g_set_error (&first, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT,
                     "%s is in none of the formats that can hold a signature",
                     tamga_document_name (document));
    g_propagate_error (error, g_steal_pointer (&first));
    return NULL;
}

gboolean tamga_extension_check (const TamgaExtension *extension, const TamgaSignature *signature,
                                GError **error)
{
    switch (signature->integrity) {
    case TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND:
        if (!extension->archive)
            return TRUE;
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                     "%s is detached: the document that was signed is needed, because an archive "
                     "timestamp covers it.",
                     signature->id);
        return FALSE;
    case TAMGA_INTEGRITY_INTACT:
    case TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE:
    case TAMGA_INTEGRITY_NOT_VERIFIABLE:
        return TRUE;
    default:
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "%s is not intact and is not extended: %s", signature->id,
                     signature->integrity_text);
        return FALSE;
    }
}
