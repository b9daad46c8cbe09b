/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Demands of a signature field. Only those marked as required by /Ff bind a signer; /MDP always. */
#include "formats/pdf/seed.h"

#include <string.h>

#include "formats/ossl.h"

static gboolean G_GNUC_PRINTF (2, 3) demand (GError **error, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN,
                 "the signature field demands %s (ISO 32000-1 12.7.4.5)", text);
    return FALSE;
}

/* Required, by its bit (1 is the lowest). */
static gboolean required (const TamgaPdfRevision *view, TamgaPdfObject *dict, int bit)
{
    TamgaPdfObject *flags = tamga_pdf_get (view, dict, "Ff");
    return flags->type == TAMGA_PDF_INTEGER && (flags->integer >> (bit - 1) & 1) != 0;
}

static gboolean has_name (const TamgaPdfRevision *view, TamgaPdfObject *array, const char *name)
{
    for (gsize i = 0; array->type == TAMGA_PDF_ARRAY && i < array->array.n; i++) {
        if (tamga_pdf_is_name (tamga_pdf_item (view, array, i), name))
            return TRUE;
    }
    return FALSE;
}

static char *without_hyphens (const char *text)
{
    g_auto (GStrv) parts = g_strsplit (text, "-", -1);
    return g_strjoinv ("", parts);
}

/* Is the text one of the strings? Hyphens do not count ("SHA-256", "SHA256"). */
static gboolean has_text (const TamgaPdfRevision *view, TamgaPdfObject *array, const char *text)
{
    g_autofree char *wanted = without_hyphens (text);
    for (gsize i = 0; array->type == TAMGA_PDF_ARRAY && i < array->array.n; i++) {
        g_autofree char *one = tamga_pdf_text (tamga_pdf_item (view, array, i));
        g_autofree char *plain = one != NULL ? without_hyphens (one) : NULL;
        if (plain != NULL && g_ascii_strcasecmp (plain, wanted) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean check_reason (const TamgaPdfRevision *view, TamgaPdfObject *seed,
                              const char *reason, GError **error)
{
    TamgaPdfObject *reasons = tamga_pdf_get (view, seed, "Reasons");
    gboolean none = reasons->type != TAMGA_PDF_ARRAY || reasons->array.n == 0 ||
                    (reasons->array.n == 1 && has_text (view, reasons, "."));
    gboolean given = reason != NULL && reason[0] != '\0';
    if (none && given)
        return demand (error, "that no reason is given");
    if (!none && (!given || !has_text (view, reasons, reason)))
        return demand (error, "one of its own reasons for signing");
    return TRUE;
}

/* The DER strings of certificates that may sign, or that may issue the signer's. */
static gboolean names_certificate (const TamgaPdfRevision *view, TamgaPdfObject *array,
                                   X509 *certificate, gboolean issuer)
{
    for (gsize i = 0; array->type == TAMGA_PDF_ARRAY && i < array->array.n; i++) {
        TamgaPdfObject *der = tamga_pdf_item (view, array, i);
        if (der->type != TAMGA_PDF_STRING)
            continue;
        g_autoptr (GBytes) bytes = g_bytes_new (der->text.data, der->text.length);
        g_autoptr (X509) one = tamga_ossl_certificate (bytes);
        if (one != NULL && (issuer ? X509_check_issued (one, certificate) == X509_V_OK
                                   : X509_cmp (one, certificate) == 0))
            return TRUE;
    }
    return FALSE;
}

static gboolean check_certificate (const TamgaPdfRevision *view, TamgaPdfObject *seed,
                                   X509 *certificate, GError **error)
{
    TamgaPdfObject *rules = tamga_pdf_get (view, seed, "Cert");
    if (rules->type != TAMGA_PDF_DICT)
        return TRUE;
    if (required (view, rules, 1) &&
        !names_certificate (view, tamga_pdf_get (view, rules, "Subject"), certificate, FALSE))
        return demand (error, "another signer's certificate");
    if (required (view, rules, 2) &&
        !names_certificate (view, tamga_pdf_get (view, rules, "Issuer"), certificate, TRUE))
        return demand (error, "a certificate of another issuer");
    for (int bit = 3; bit <= 7; bit++) {
        if (required (view, rules, bit))
            return demand (error, "a property of the certificate that is not supported (bit %d)",
                           bit);
    }
    return TRUE;
}

static gboolean check_certification (const TamgaPdfRevision *view, TamgaPdfObject *seed,
                                     int certification, GError **error)
{
    TamgaPdfObject *p = tamga_pdf_get (view, tamga_pdf_get (view, seed, "MDP"), "P");
    if (p->type != TAMGA_PDF_INTEGER || p->integer == certification)
        return TRUE;
    if (p->integer == 0)
        return demand (error, "a signature that does not certify the document");
    return demand (error, "a certification with P %d", (int)CLAMP (p->integer, 0, 9));
}

gboolean tamga_pdf_seed_check (const TamgaPdfRevision *view, TamgaPdfObject *field,
                               const TamgaSigningParameters *parameters, GError **error)
{
    TamgaPdfObject *seed = tamga_pdf_get (view, field, "SV");
    if (seed->type != TAMGA_PDF_DICT)
        return TRUE;
    TamgaPdfObject *filter = tamga_pdf_get (view, seed, "Filter");
    TamgaPdfObject *version = tamga_pdf_get (view, seed, "V");
    if (required (view, seed, 1) && !tamga_pdf_is_name (filter, "Adobe.PPKLite"))
        return demand (error, "another signature handler than Adobe.PPKLite");
    if (required (view, seed, 2) &&
        !has_name (view, tamga_pdf_get (view, seed, "SubFilter"), "ETSI.CAdES.detached"))
        return demand (error, "another kind of signature than PAdES");
    if (required (view, seed, 3) && tamga_pdf_number (version) > 3)
        return demand (error, "a newer signature handler");
    if (required (view, seed, 4) && !check_reason (view, seed, parameters->reason, error))
        return FALSE;
    if (required (view, seed, 5) && parameters->certification != 0)
        return demand (error, "a legal attestation, which is not supported");
    if (required (view, seed, 6))
        return demand (error, "revocation information inside the signature, which PAdES keeps "
                              "outside");
    if (required (view, seed, 7) &&
        !has_text (view, tamga_pdf_get (view, seed, "DigestMethod"),
                   tamga_algorithm_digest (parameters->algorithm)->name))
        return demand (error, "another digest algorithm than %s",
                       tamga_algorithm_digest (parameters->algorithm)->name);
    if (required (view, tamga_pdf_get (view, seed, "TimeStamp"), 1) &&
        parameters->level < TAMGA_LEVEL_T)
        return demand (error, "a time-stamp: sign at level T or above");
    return check_certificate (view, seed, parameters->certificate, error) &&
           check_certification (view, seed, parameters->certification, error);
}
