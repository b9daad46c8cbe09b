/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the status module share: making answers, judging OCSP responses and CRLs, the
 * cache, the addresses found in certificates. */
#pragma once

#include "client/status/procedure.h"
#include "formats/ossl.h"

/* Where bytes came from decides how old they may be. */
typedef enum {
    TAMGA_ORIGIN_FETCHED,  /* just now, for this question */
    TAMGA_ORIGIN_CACHED,   /* earlier, by us */
    TAMGA_ORIGIN_EMBEDDED, /* by whoever made the document */
} TamgaOrigin;

/* --- answers (answer.c) --- */

TamgaStatus *tamga_status_new (const char *method, const char *source);
TamgaStatus *tamga_status_copy (const TamgaStatus *status);
/* Ends as "not available" with this sentence. */
void tamga_status_not_available (TamgaStatus *status, const char *format, ...) G_GNUC_PRINTF (2, 3);
void tamga_status_find (TamgaStatus *status, TamgaSeverity severity, const char *code,
                        const char *clause, const char *format, ...) G_GNUC_PRINTF (5, 6);
/* Judges the times of an answer that says anything but "not available": age, validity, question
 * time; may turn it into "not available". Sets `fresh`. */
void tamga_status_judge_times (const TamgaStatusContext *context, TamgaStatus *status,
                               TamgaOrigin origin);
/* The answer lists the certificate: value, effect (MD 4:72, UA 95), "not yet at that time". */
void tamga_status_set_listed (const TamgaStatusContext *context, TamgaStatus *status,
                              const TamgaStatusQuestion *question, gint64 revocation_time,
                              int reason, gint64 invalidity_date);
/* The answer does not list it: good, unless it had expired before (MD 4:38) or was known as
 * revoked before (MD 2:55). `covers_expired_since`: archive cut-off, G_MININT64 where absent. */
void tamga_status_set_good (const TamgaStatusContext *context, TamgaStatus *status,
                            const TamgaStatusQuestion *question, gint64 covers_expired_since);
/* The text for people, once everything is known. */
void tamga_status_set_text (TamgaStatus *status);
/* Keeps of two answers the stricter (MD 2:66); takes both, returns one. */
TamgaStatus *tamga_status_stricter (TamgaStatus *a, TamgaStatus *b);
void tamga_status_add_certificate (TamgaStatus *status, X509 *certificate);

/* --- OCSP (ocsp.c) --- */

OCSP_REQUEST *tamga_ocsp_request (const TamgaStatusQuestion *question, const EVP_MD *digest);

typedef struct {
    gboolean retry_sha1; /* the responder may know SHA-1 CertIDs only */
    X509 *unchecked;     /* delegated responder without ocsp-nocheck: its status is to be asked */
} TamgaOcspOutcome;

/* `request`: what was asked, NULL for cached and embedded answers. Never NULL. */
TamgaStatus *tamga_ocsp_judge (const TamgaStatusContext *context,
                               const TamgaStatusQuestion *question, GBytes *response,
                               OCSP_REQUEST *request, TamgaOrigin origin, const char *source,
                               TamgaOcspOutcome *outcome);

/* --- CRL (crl.c, scope.c) --- */

typedef struct {
    X509_CRL *crl;
    GBytes *der;
    char *source;
    TamgaOrigin origin;
    ISSUING_DIST_POINT *idp; /* NULL: absent */
    ASN1_INTEGER *number;    /* NULL: absent */
    ASN1_INTEGER *base;      /* deltaCRLIndicator; NULL: a complete CRL */
    gint64 this_update, next_update;
    char *problem; /* why it is of no use to anybody, or NULL */
} TamgaCrl;

/* DER or PEM (some authorities publish PEM text). Never NULL; `problem` when it is no CRL. */
TamgaCrl *tamga_crl_parse (GBytes *bytes, const char *source, TamgaOrigin origin);
void tamga_crl_free (TamgaCrl *crl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaCrl, tamga_crl_free)

#define TAMGA_ALL_REASONS 0x807fu /* ReasonFlags (RFC 5280 4.2.1.13), as OpenSSL packs them */
/* RFC 5280 6.3.3 (b), (d): the reasons for which `crl` can speak about the certificate; 0: none. */
guint tamga_crl_scope (const TamgaCrl *crl, const TamgaStatusQuestion *question);

/* RFC 5280 6.3.3 over all CRLs at hand. Never NULL. */
TamgaStatus *tamga_crl_judge (const TamgaStatusContext *context,
                              const TamgaStatusQuestion *question, GPtrArray *crls);

/* --- addresses (address.c): http and https only, in the order of the certificate --- */

void tamga_status_add_url (GStrvBuilder *urls, const GENERAL_NAME *name);
char **tamga_status_ocsp_urls (const TamgaProfile *profile, X509 *certificate);
char **tamga_status_crl_urls (const TamgaProfile *profile, X509 *certificate, X509 *issuer);
char **tamga_status_delta_urls (const TamgaProfile *profile, X509 *certificate);
/* Of a complete list (RFC 5280 5.2.6) that `issuer` signed; empty where it did not: a list that
 * came over HTTP names no addresses before it is proven. */
char **tamga_status_list_delta_urls (const TamgaCrl *crl, X509 *issuer);

/* --- issuers (issuers.c) --- */

/* The path of `certificate` over `pool` (X509, with a free function). When `fresh` (one's own
 * certificate, one's own TSA) missing issuers are fetched and added to the pool. Never NULL. */
TamgaPath *tamga_status_path (const TamgaStatusContext *context, X509 *certificate, GPtrArray *pool,
                              TamgaUse use, const TamgaCall *call);

/* --- procedure (procedure.c) --- */

/* A recipient's procedure with its path only: no steps, nothing asked. */
TamgaProcedure *tamga_procedure_path_only (const TamgaStatusContext *context, X509 *certificate,
                                           TamgaUse use, const TamgaCall *call);

/* --- cache and state (cache.c) --- */

/* Bytes kept for `key` that are valid at `now`, or NULL. */
GBytes *tamga_cache_get (TamgaStatusCache *cache, const char *key, gint64 now);
void tamga_cache_put (TamgaStatusCache *cache, const char *key, GBytes *bytes, gint64 valid_until);

/* The newest CRL ever seen of an issuer and scope. FALSE: `crl` is older than that one. */
gboolean tamga_cache_note_crl (TamgaStatusCache *cache, const TamgaCrl *crl);

/* What earlier CRLs and answers said about one certificate. */
typedef struct {
    gint64 first_listed; /* thisUpdate of the first CRL seen that lists it; G_MININT64: none */
    gint64 revocation_time;
    int reason;
} TamgaListing;
gboolean tamga_cache_listing (TamgaStatusCache *cache, const TamgaStatusQuestion *question,
                              TamgaListing *listing);
void tamga_cache_note_listing (TamgaStatusCache *cache, const TamgaStatusQuestion *question,
                               const TamgaListing *listing);
/* A suspension that ended (removed from the list) is forgotten. */
void tamga_cache_forget_listing (TamgaStatusCache *cache, const TamgaStatusQuestion *question);
