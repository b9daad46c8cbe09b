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

/* Where a signature lies in respect of what it signs. A format that lacks one says so. */
typedef enum {
    TAMGA_PACKAGING_DEFAULT, /* the format's own: CAdES attached, XAdES enveloped, JAdES attached */
    TAMGA_PACKAGING_DETACHED,   /* beside it, in a file of its own */
    TAMGA_PACKAGING_ENVELOPED,  /* inside of it (XML) */
    TAMGA_PACKAGING_ENVELOPING, /* around it */
} TamgaPackaging;
const char *
tamga_packaging_name (TamgaPackaging packaging); /* "detached" ...; DEFAULT: "attached" */

/* Where time-stamp tokens come from: the formats compute what is to be stamped, and whoever calls
 * them asks the service and checks its answer. */
typedef struct _TamgaStamper TamgaStamper;
struct _TamgaStamper {
    const TamgaDigest *digest; /* of the imprints */
    /* DER TimeStampToken over `imprint`, a value of `digest`; NULL with an error. */
    GBytes *(*stamp) (const TamgaStamper *stamper, GBytes *imprint, GError **error);
    gpointer data;
};

/* Signature policy (EN 319 122-1 5.2.9, EN 319 132-1 5.2.9, TS 119 182-1 5.2.7): EPES. */
typedef struct {
    const char *id;            /* dotted OID, or URI where the format takes one */
    const TamgaDigest *digest; /* of the policy document */
    GBytes *value;             /* that digest */
    const char *uri;           /* where it can be had (SPURI), or NULL */
} TamgaPolicy;

/* What the signer states under the signature besides the time. Nobody vouches for it. */
typedef struct {
    const TamgaPolicy *policy;      /* NULL: none */
    const char *const *commitments; /* dotted OIDs of TS 119 172-1 annex B; NULL: none */
    const char *const *roles;       /* claimed roles, UTF-8; NULL: none */
    const char *locality, *province, *postal_code, *country; /* production place; each or NULL */
} TamgaClaims;

/* White space of an XML signature that is made. What portals expect is in bridge-protocols 1.4. */
typedef enum {
    TAMGA_LAYOUT_COMPACT, /* none at all */
    TAMGA_LAYOUT_LF,      /* line feeds between elements, base64 in lines of 76 */
    TAMGA_LAYOUT_CRLF,    /* the same with CR LF */
} TamgaLayout;

/* How XML is signed. A zero-initialised one is the usual way. */
typedef struct {
    const char *c14n;   /* short name or URI of the canonicalization of SignedInfo and of
                           references (xml/c14n.h); NULL: exclusive */
    const char *parent; /* absolute path of the element that gets the signature as its last child
                           ("/a/b[2]"), or "#id"; NULL: the root */
    const char *const *elements; /* what is signed: "#id" or absolute paths; NULL: the document */
    TamgaLayout layout;
} TamgaXmlParameters;

typedef enum {
    TAMGA_JOSE_FLATTENED, /* the usual one; a further signer makes it general */
    TAMGA_JOSE_GENERAL,
    TAMGA_JOSE_COMPACT, /* RFC 7515 7.1; levels above B need JSON (TS 119 182-1 5.3) */
} TamgaJoseSerialization;

/* What the signer asks for. All pointers are borrowed during `prepare`. */
typedef struct {
    const TamgaAlgorithm *algorithm;
    X509 *certificate;
    GPtrArray *chain;    /* X509: issuers to be carried along, signer excluded; may be NULL */
    gint64 signing_time; /* seconds since the epoch, UTC */
    TamgaLevel level;    /* what embed will be given: reserves room */
    TamgaPackaging packaging;
    GPtrArray *documents; /* TamgaDocument: signed together with `document`, in this order, where
                             the format takes several; NULL: none */
    GPtrArray *contents;  /* TamgaDocument: what the detached signatures in `document` sign, where
                             it is a carrier; NULL: none */
    GBytes
        *content_digest; /* of the content, by the algorithm's digest, where the content itself is
                            not here and `document` is empty: detached CAdES only; NULL: none */
    const char *countersigned; /* id (as read) of the signature that is countersigned; NULL: none */
    const char *content_type;  /* MIME type of `document`, or NULL */
    const TamgaClaims *claims; /* NULL: none */
    const TamgaStamper *content_stamper; /* stamps the content before signing; NULL: no stamp */
    TamgaXmlParameters xml;
    TamgaJoseSerialization jose;
    GBytes *password; /* of an encrypted PDF: user or owner password, UTF-8; NULL: none */
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
    GPtrArray *contents; /* TamgaDocument: detached content; several are told apart by the last part
                            of their names. NULL: none */
    GBytes *password;    /* of an encrypted PDF; NULL: none */
    TamgaProgress progress;
    gpointer progress_data;
} TamgaReadOptions;

/* The first (and for most formats only) detached document; NULL where there is none. */
TamgaDocument *tamga_read_options_content (const TamgaReadOptions *options);

/* What `extend` adds to one signature, in this order. */
typedef struct {
    guint index;                   /* of the signature among those that `read` gives */
    gboolean timestamp;            /* a signature timestamp: level T */
    const TamgaEvidence *evidence; /* what of it is not there yet: level LT; NULL: none */
    gboolean archive;              /* an archive timestamp over all of it: level LTA */
} TamgaExtension;

/* What is broken gets nothing added that would lend it dignity: UNSUPPORTED. An archive timestamp
 * covers what was signed, so that it must be there: NO_CONTENT. */
gboolean tamga_extension_check (const TamgaExtension *extension, const TamgaSignature *signature,
                                GError **error);

/* One signed original inside a carrier. */
typedef struct {
    char *name;      /* as the carrier calls it, safe as a file name; NULL where it says nothing */
    char *mime_type; /* or NULL */
    TamgaDocument *document;
} TamgaOriginal;

TamgaOriginal *tamga_original_new (const char *name, const char *mime_type,
                                   TamgaDocument *document);
void tamga_original_free (TamgaOriginal *original);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaOriginal, tamga_original_free)

typedef struct _TamgaFormat {
    const char *name;      /* "pades": what --format takes */
    const char *alias;     /* another name for it ("asic-e"), or NULL */
    const char *title;     /* "PAdES" */
    const char *extension; /* of the output: ".pdf", ".p7m"; detached: ".p7s" */
    const char *detached_extension;
    gboolean many;      /* prepare takes further documents */
    gboolean by_digest; /* prepare takes `content_digest` in place of a document */
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
    /* The bytes that a signature timestamp covers, where they are not the signature value in the
     * form of CMS: NULL then. */
    GBytes *(*timestamped) (TamgaPreparation *preparation, GBytes *signature, GError **error);
    /* Writes `document` with what `extensions` add; nothing of it that a signature or a timestamp
     * covers changes. Tokens come from `stamper` (may be NULL where none is needed). The level is
     * the caller's matter: no key, no judgement of trust. PARAMETER: no such signature;
     * UNSUPPORTED: this one cannot have it; the text says why. */
    gboolean (*extend) (TamgaDocument *document, const TamgaReadOptions *options,
                        const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                        TamgaOutput *output, GError **error);
    /* Writes `document` with a timestamp over all of it and no signature. NULL: has no such form.
     */
    gboolean (*timestamp) (TamgaDocument *document, const TamgaReadOptions *options,
                           const TamgaStamper *stamper, TamgaOutput *output, GError **error);
    /* What was signed, byte for byte. Elements: TamgaOriginal; `signature` chooses where the
     * carrier holds several states of a document (PDF: "signature N" as read, and "revision N",
     * signed or not), NULL: the latest signature.
     * NO_CONTENT: it lies elsewhere (detached). */
    GPtrArray *(*originals) (TamgaDocument *document, const TamgaReadOptions *options,
                             const char *signature, GError **error);
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
/* Refuses what only a signature in a PDF has, where it was asked for and would be missing. `what`
 * is being made: "a CAdES signature". */
gboolean tamga_format_check_no_pdf (const TamgaSigningParameters *parameters, const char *what,
                                    GError **error);
/* The bytes that a signature timestamp over `raw` covers. */
GBytes *tamga_preparation_timestamped (TamgaPreparation *preparation, GBytes *raw, GError **error);
/* The signature value in the form of CMS: what tamga_algorithm_verify takes. */
GBytes *tamga_preparation_signature_value (TamgaPreparation *preparation, GBytes *raw,
                                           GError **error);

/* All formats, NULL-terminated, in probing order. */
extern const TamgaFormat *const tamga_formats[];
/* What a document that is no carrier of any format is signed as. */
extern const TamgaFormat *const tamga_format_default;
/* A bare signature value (RSA: bytes; ECDSA: DER; the key's own form else) over the bytes of a
 * document: no carrier, so that it is in no table, reads nothing and has level B only. */
extern const TamgaFormat tamga_format_raw;
const TamgaFormat *tamga_format_by_name (const char *name);
/* The format whose carrier the document is; NULL when none. */
const TamgaFormat *tamga_format_probe (TamgaDocument *document);
/* Reads by the first format that finds a signature. A carrier of one format may look like another
 * (a CMS around a PDF has "%PDF" near its start), so "not signed" is believed only when all formats
 * that know the file agree. `*format` is the one that read it, or the first that knew it, or NULL.
 * Errors: NOT_THIS_FORMAT, NO_SIGNATURE and those of `read`. */
GPtrArray *tamga_format_read (TamgaDocument *document, const TamgaReadOptions *options,
                              const TamgaFormat **format, GError **error);
