/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status of one certificate as its issuer's services tell it: OCSP (RFC 6960), CRL and delta
 * CRL (RFC 5280 5, 6.3). "Could not check" is never good: it is its own value. */
#pragma once

#include "client/net/fetch.h"
#include "client/profile/profile.h"
#include "client/trust/trust.h"

typedef enum {
    TAMGA_STATUS_GOOD,
    TAMGA_STATUS_SUSPENDED,
    TAMGA_STATUS_REVOKED,
    TAMGA_STATUS_UNKNOWN,       /* the service answered that it does not know the certificate */
    TAMGA_STATUS_NOT_AVAILABLE, /* no acceptable answer was had; `text` says why */
} TamgaStatusValue;

const char *tamga_status_name (TamgaStatusValue value); /* "good" ... "not available" */

/* One answer about one certificate, with everything the journal and LT need. */
typedef struct {
    TamgaStatusValue value;
    const char *method; /* "OCSP", "CRL", "CRL+delta" or NULL */
    char *source;       /* URL, "embedded", "cache of URL"; NULL when nothing could be asked */
    char *responder;    /* who signed the answer */
    gint64 produced_at, this_update, next_update; /* G_MININT64 where absent */
    gint64 revocation_time;                       /* of a suspension or revocation by the answer */
    gint64 effective_time;  /* from which it counts under the profile (MD 4:72, UA 95) */
    int reason;             /* CRLReason or -1 */
    gint64 invalidity_date; /* or G_MININT64 */
    gboolean fresh;         /* within its validity and the profile's age at the time asked about */
    gboolean nonce;         /* our nonce came back */
    GBytes *ocsp, *crl, *delta_crl; /* DER evidence; NULL where not used */
    GPtrArray *certificates;        /* X509: responder, its issuer: for LT */
    char *text;                     /* a sentence: what was answered, or why there is no answer */
    GPtrArray *findings;            /* TamgaFinding */
} TamgaStatus;

void tamga_status_free (TamgaStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaStatus, tamga_status_free)

typedef struct _TamgaStatusCache TamgaStatusCache;
/* On disk, $XDG_CACHE_HOME/tamga/status, entries with their validity; also keeps the highest CRL
 * number ever seen per issuer and scope (a number never goes back), in $XDG_STATE_HOME. */
TamgaStatusCache *tamga_status_cache_open (GError **error);
TamgaStatusCache *tamga_status_cache_open_directory (const char *cache, const char *state,
                                                     GError **error);
void tamga_status_cache_free (TamgaStatusCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaStatusCache, tamga_status_cache_free)

/* What is asked, of whom, as of when. Borrowed pointers. */
typedef struct {
    const TamgaProfile *profile;
    const TamgaTimestampRule *timestamp; /* what is asked of timestamps; NULL: the general keys */
    TamgaTrust *trust;
    TamgaFetch *fetch;       /* NULL: nothing is fetched */
    TamgaStatusCache *cache; /* NULL: none */
    GPtrArray *pool;         /* X509: certificates that may help to build paths */
    GPtrArray *ocsps, *crls; /* GBytes: embedded evidence, judged like fetched answers; or NULL */
    gint64 time;             /* the moment the question is about (signing time) */
    gint64 now;              /* the clock */
    gboolean fresh; /* signing: only answers produced for this question or within max_status_age;
                       cached OCSP is not used (threats d: cached-only = no signing) */
    gboolean past;  /* validation: whoever asks judges by proofs of existence which algorithms of
                       a path were relied upon; the procedure only tells them */
} TamgaStatusContext;

/* One question. The fields after the first two are NULL as a rule. */
typedef struct {
    X509 *certificate;
    X509 *issuer;
    X509 *urls_from;        /* whose addresses are used: a root has none of its own */
    GPtrArray *authorities; /* X509: roots that may answer besides the issuer (VN 79.1c) */
    const char *ocsp_url;   /* the only service to ask */
} TamgaStatusQuestion;

/* All questions at once, concurrently: answer i belongs to question i, never NULL. OCSP first, CRL
 * where OCSP gives no answer; embedded evidence first when `fresh` is FALSE. Where both OCSP and a
 * newer CRL are known the stricter counts (MD 2:66). */
GPtrArray *tamga_status_ask (const TamgaStatusContext *context,
                             const TamgaStatusQuestion *questions, gsize n, const TamgaCall *call);
