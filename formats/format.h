/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contract that every signature format fills: one row of functions in a table.
 *
 * Signing is three steps (design): `prepare` fixes every byte that the signature will cover and
 * says what is to be signed; the key signs; `embed` writes the document. The input is never
 * modified and bytes of an earlier signature are never rewritten. */
#pragma once

#include "formats/document.h"
#include "formats/model.h"
#include "formats/output.h"

typedef enum { TAMGA_LEVEL_B, TAMGA_LEVEL_T, TAMGA_LEVEL_LT, TAMGA_LEVEL_LTA } TamgaLevel;
const char *tamga_level_name (TamgaLevel level); /* "B", "T", "LT", "LTA" */
gboolean tamga_level_from_name (const char *name, TamgaLevel *level);

/* Where and how a signature is shown on a page. Units: points (1/72 inch), origin at the page's
 * upper left corner as a reader sees it. */
typedef struct {
    guint page; /* 1 is the first */
    double x, y, width, height;
    char *text;    /* lines separated by \n; UTF-8 */
    GBytes *image; /* PNG, or NULL */
} TamgaVisible;

void tamga_visible_free (TamgaVisible *visible);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaVisible, tamga_visible_free)

/* What the signer asks for. All pointers are borrowed during `prepare`. */
typedef struct {
    const TamgaAlgorithm *algorithm;
    X509 *certificate;
    GPtrArray *chain;       /* X509: issuers to be carried along, signer excluded; may be NULL */
    gint64 signing_time;    /* seconds since the epoch, UTC */
    TamgaLevel level;       /* what embed will be given: reserves room */
    gboolean detached;      /* CAdES */
    TamgaDocument *content; /* CAdES: content of the detached signature that gets one more signer */
    const char *content_type; /* MIME type for mime-type attribute, or NULL */
    /* PAdES */
    const char *reason, *location, *contact, *name;
    const char
        *field; /* existing or new field name; NULL: the first empty one, else "Signature1"... */
    int certification; /* DocMDP 1..3, 0 none */
    const TamgaVisible *visible;
    gsize contents_size; /* bytes reserved for the CMS; 0: computed */
    TamgaProgress progress;
    gpointer progress_data;
} TamgaSigningParameters;

/* Evidence for LT. All DER. */
typedef struct {
    GPtrArray *certificates; /* X509: of signer, OCSP, CRL and TSA paths */
    GPtrArray *crls;         /* GBytes */
    GPtrArray *ocsps;        /* GBytes: OCSPResponse */
} TamgaEvidence;

TamgaEvidence *tamga_evidence_new (void);
void tamga_evidence_free (TamgaEvidence *evidence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaEvidence, tamga_evidence_free)
/* Adds without duplicates; takes references. */
void tamga_evidence_add_certificate (TamgaEvidence *evidence, X509 *certificate);
void tamga_evidence_add_crl (TamgaEvidence *evidence, GBytes *crl);
void tamga_evidence_add_ocsp (TamgaEvidence *evidence, GBytes *ocsp);

/* All of `other` without duplicates. */
void tamga_evidence_merge (TamgaEvidence *evidence, const TamgaEvidence *other);

typedef struct _TamgaPreparation TamgaPreparation;

/* What verification may need besides the document. */
typedef struct {
    TamgaDocument *content; /* detached content, or NULL */
    TamgaProgress progress;
    gpointer progress_data;
} TamgaReadOptions;

typedef struct _TamgaFormat {
    const char *name;      /* "pades": what --format takes */
    const char *title;     /* "PAdES" */
    const char *extension; /* of the output: ".pdf", ".p7m"; detached: ".p7s" */
    const char *detached_extension;
    /* Does the document look like a carrier of this format (magic bytes, first structure)? */
    gboolean (*probe) (TamgaDocument *document);
    /* Every signature in the document, in order of creation. An unsigned document is
     * TAMGA_FORMAT_ERROR_NO_SIGNATURE. A signature that is itself broken is not an error of the
     * reading: it is in the array with its integrity. Elements: TamgaSignature. */
    GPtrArray *(*read) (TamgaDocument *document, const TamgaReadOptions *options, GError **error);
    TamgaPreparation *(*prepare) (TamgaDocument *document, const TamgaSigningParameters *parameters,
                                  GError **error);
    /* `signature`: raw form of the key; `timestamp`: DER token over the signature value or NULL
     * for B; `evidence`: for LT, else NULL. */
    gboolean (*embed) (TamgaPreparation *preparation, GBytes *signature, GBytes *timestamp,
                       const TamgaEvidence *evidence, TamgaOutput *output, GError **error);
} TamgaFormat;

/* A preparation: the base that formats extend by putting it first in their own struct. */
struct _TamgaPreparation {
    const TamgaFormat *format;
    TamgaDocument *document;
    const TamgaAlgorithm *algorithm;
    GBytes *to_be_signed;   /* DER of the signed attributes, or SignedInfo: what the key signs */
    GBytes *content_digest; /* of what is being signed, for the journal and for the person */
    GPtrArray *findings;    /* TamgaFinding: what the signer should know (dynamic content, ...) */
    void (*free) (TamgaPreparation *preparation);
};

void tamga_preparation_free (TamgaPreparation *preparation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPreparation, tamga_preparation_free)
/* Digest of to_be_signed by the algorithm's digest: what a key store is given. */
GBytes *tamga_preparation_digest (TamgaPreparation *preparation);
/* The signature value in the form that a timestamp covers (CMS form). */
GBytes *tamga_preparation_signature_value (TamgaPreparation *preparation, GBytes *raw,
                                           GError **error);

/* All formats, NULL-terminated, in probing order. */
extern const TamgaFormat *const tamga_formats[];
/* What a document that is no carrier of any format is signed as. */
extern const TamgaFormat *const tamga_format_default;
const TamgaFormat *tamga_format_by_name (const char *name);
/* The format whose carrier the document is; NULL when none. */
const TamgaFormat *tamga_format_probe (TamgaDocument *document);
