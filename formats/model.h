/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The neutral picture of a signature: what every format is parsed into and what validation reads.
 * A format fills in what only it can know: whether digests match, what is covered, which
 * certificate the signature binds, which evidence lies in the file. It judges no trust, no status
 * and no time. */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

#include "formats/algorithm.h"

typedef enum {
    TAMGA_SEVERITY_INFO,
    TAMGA_SEVERITY_WARNING,
    TAMGA_SEVERITY_FATAL, /* the signature cannot be TOTAL-PASSED with it */
} TamgaSeverity;

/* One fact that a reader of the report must know. */
typedef struct {
    TamgaSeverity severity;
    char *code;   /* stable, kebab-case: "pdf-byterange-gap" */
    char *object; /* "signature 1", "revision 3, object 12 0", "timestamp 2" */
    char *clause; /* source clause: "ISO 32000-1 12.8.1", "VN 78.3", threats "ISA"; may be NULL */
    char *text;   /* a sentence for people */
} TamgaFinding;

TamgaFinding *tamga_finding_new (TamgaSeverity severity, const char *code, const char *object,
                                 const char *clause, const char *format, ...) G_GNUC_PRINTF (5, 6);
TamgaFinding *tamga_finding_copy (const TamgaFinding *finding);
void tamga_finding_free (TamgaFinding *finding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaFinding, tamga_finding_free)

/* The outcome of format checking and cryptographic verification (EN 319 102-1 5.2.2, 5.2.7). */
typedef enum {
    TAMGA_INTEGRITY_INTACT,
    TAMGA_INTEGRITY_HASH_FAILURE,
    TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE,
    TAMGA_INTEGRITY_FORMAT_FAILURE,
    TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND,
    TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE, /* nothing to verify the value with */
    TAMGA_INTEGRITY_NOT_VERIFIABLE,         /* algorithm unknown here: neither a pass nor a break */
} TamgaIntegrity;

typedef enum {
    TAMGA_TIMESTAMP_CONTENT,    /* before signing */
    TAMGA_TIMESTAMP_SIGNATURE,  /* over the signature value: level T */
    TAMGA_TIMESTAMP_REFERENCES, /* over value, signature timestamp and references (level X) */
    TAMGA_TIMESTAMP_REFERENCES_ONLY, /* over the references alone: says nothing of the signature */
    TAMGA_TIMESTAMP_ARCHIVE,    /* over everything: level LTA */
    TAMGA_TIMESTAMP_DOCUMENT,   /* PDF DocTimeStamp, token of an ASiC container */
} TamgaTimestampKind;
const char *tamga_timestamp_kind_name (TamgaTimestampKind kind); /* "content" ... */

/* One RFC 3161 token found in a signature, and what the format computed for it. */
typedef struct {
    TamgaTimestampKind kind;
    char *id;      /* "timestamp 1" */
    GBytes *token; /* DER TimeStampToken (ContentInfo) */
    /* Digest, by the token's own hash algorithm, of the bytes that a token of this kind at this
     * place covers; NULL where that could not be computed (algorithm unknown, bytes missing). */
    GBytes *covered_digest;
    char *covers; /* for people: "the signature value", ...; NULL: as its kind says */
    /* References and archive: ids (char *) of the timestamps and countersignatures of this
     * signature that the covered bytes contain, and that are therefore proven by it. NULL: the
     * timestamps before it in the array, and no countersignature. A format whose array has another
     * order than its coverage, or where something may be left out, must fill it. */
    GPtrArray *proves;
} TamgaTimestamp;

/* One object that a signature covers by a digest of its own: a file of a container, an element. */
typedef struct {
    char *name; /* of the file; "#id" or "the document" in XML */
    char *mime_type;
    const TamgaDigest *digest; /* NULL: unknown */
    GBytes *value;             /* as signed */
    gboolean found;            /* it is there, */
    gboolean equal;            /* and its digest is the signed one */
} TamgaObject;

TamgaObject *tamga_object_new (const char *name, const char *mime_type);
void tamga_object_free (TamgaObject *object);

void tamga_timestamp_free (TamgaTimestamp *timestamp);

/* How the signature value binds its certificate (EN 319 122-1 5.2.2). */
typedef enum {
    TAMGA_BINDING_NONE, /* no signing-certificate attribute */
    TAMGA_BINDING_V1,   /* SHA-1 only; accepted where the policy says so */
    TAMGA_BINDING_V2,
    TAMGA_BINDING_MISMATCH, /* present, and naming another certificate */
} TamgaBinding;

typedef enum {
    TAMGA_COVERS_WHOLE,    /* the document as it is now */
    TAMGA_COVERS_REVISION, /* an earlier revision; what came after is in `changes` */
    TAMGA_COVERS_PART,     /* some of the content only: named in coverage_text */
    TAMGA_COVERS_NOTHING_KNOWN,
} TamgaCoverage;

/* What happened to the document after a signature (PDF: later revisions). */
typedef struct {
    guint revision;     /* 1 is the oldest */
    gboolean permitted; /* explained by a rule and allowed; FALSE is fatal */
    char *rule;         /* stable name of the rule that explains it, or "unexplained" */
    char *object;       /* "object 12 0", "page 2", ... */
    char *text;         /* a sentence for people */
} TamgaChange;

TamgaChange *tamga_change_new (guint revision, gboolean permitted, const char *rule,
                               const char *object, const char *text);
void tamga_change_free (TamgaChange *change);

typedef struct {
    char *id;              /* "signature 1"; for PDF the field name in `name` */
    char *name;            /* field name, signer index or NULL */
    const char *format;    /* "PAdES", "CAdES", "XAdES", "JAdES"; without what these ask for "CMS",
                              "PDF-PKCS7" (adbe subfilters), "XMLDSig", "JWS"; "RFC 3161": a
                              container's token */
    const char *packaging; /* "attached", "detached", "enveloped", "enveloping" */
    char *carrier;         /* file of the container that holds it; NULL: the document itself */
    gboolean is_document_timestamp; /* no signer: a DocTimeStamp or a container's token, in
                                       timestamps[0] */
    GPtrArray *proves;              /* document timestamp: ids (char *) of the signatures that it
                                       covers; NULL: those of earlier revisions */
    char *countersigned;            /* id of the signature that this one countersigns, or NULL */
    GPtrArray *objects;             /* TamgaObject */

    TamgaIntegrity integrity;
    char *integrity_text; /* why, when it is not INTACT */

    const TamgaAlgorithm *algorithm;   /* NULL when unknown: see algorithm_text */
    char *algorithm_text;              /* name or dotted OIDs, never NULL after parsing */
    const TamgaDigest *message_digest; /* of the content; NULL when unknown */
    GBytes *signature_value;           /* form of CMS */
    GBytes *content_digest; /* messageDigest as recomputed by us, NULL when not computed */

    X509 *certificate; /* the signer's, as bound by the signature; NULL when not found */
    TamgaBinding binding;

    gint64 claimed_time;       /* signing-time attribute or /M; G_MININT64 when absent */
    char *claimed_time_source; /* "signing-time attribute", "PDF /M" */
    char *reason, *location, *contact, *signer_name; /* /Reason ... or attributes; may be NULL */
    char *policy_oid;                                /* signature policy (OID or URI), or NULL */
    GPtrArray *commitments;                          /* char *: OIDs or URIs */
    GPtrArray *roles;                                /* char *: claimed roles */
    int certification;                               /* DocMDP P of this signature: 0 none, 1..3 */

    TamgaCoverage coverage;
    char *coverage_text;
    guint revision, revisions; /* PDF: signed revision and how many there are; 0 elsewhere */
    guint64 covered_bytes;

    GPtrArray *timestamps;   /* TamgaTimestamp, oldest kind first */
    GPtrArray *certificates; /* X509: all found with this signature, signer included */
    GPtrArray *crls;         /* GBytes: DER CertificateList found as evidence */
    GPtrArray *ocsps;        /* GBytes: DER OCSPResponse (never bare BasicOCSPResponse) */
    gboolean has_evidence;   /* validation data that LT asks for is in the file */
    GPtrArray *changes;      /* TamgaChange */
    GPtrArray *findings;     /* TamgaFinding */
} TamgaSignature;

TamgaSignature *tamga_signature_new (const char *format);
void tamga_signature_free (TamgaSignature *signature);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaSignature, tamga_signature_free)

/* Appends a finding; the arguments of tamga_finding_new with the signature's id as object. */
void tamga_signature_find (TamgaSignature *signature, TamgaSeverity severity, const char *code,
                           const char *clause, const char *format, ...) G_GNUC_PRINTF (5, 6);
/* Sets integrity to `integrity` with its reason unless something worse (an earlier failure) is
 * set: the first failure found is kept, INTACT never overwrites. */
void tamga_signature_fail (TamgaSignature *signature, TamgaIntegrity integrity, const char *format,
                           ...) G_GNUC_PRINTF (3, 4);
/* Gives countersignatures the certificates and evidence of the signature that stands under all of
 * them, among which their own are kept too (EN 319 132-1 5.4.1, 5.4.2; TS 119 182-1 5.3.5).
 * `signatures`: all TamgaSignature of one file, with ids. */
void tamga_signatures_share_evidence (const GPtrArray *signatures);
const char *tamga_integrity_name (TamgaIntegrity integrity); /* "HASH_FAILURE" ... */
