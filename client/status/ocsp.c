/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OCSP (RFC 6960): requests, and what an answer must satisfy before it is believed. */
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "client/profile/algorithms.h"
#include "client/status/internal.h"
#include "formats/limits.h"

OCSP_REQUEST *tamga_ocsp_request (const TamgaStatusQuestion *question, const EVP_MD *digest)
{
    g_autoptr (OCSP_REQUEST) request = OCSP_REQUEST_new ();
    OCSP_CERTID *id = OCSP_cert_to_id (digest, question->certificate, question->issuer);
    if (id == NULL || OCSP_request_add0_id (request, id) == NULL) {
        OCSP_CERTID_free (id);
        return NULL;
    }
    guint8 nonce[TAMGA_NONCE_SIZE];
    if (RAND_bytes (nonce, sizeof nonce) != 1 ||
        OCSP_request_add1_nonce (request, nonce, sizeof nonce) != 1)
        return NULL;
    return g_steal_pointer (&request);
}

static const struct {
    int status;
    const char *text;
} failures[] = {
    {OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, "says that the request is malformed"},
    {OCSP_RESPONSE_STATUS_INTERNALERROR, "has an internal error"},
    {OCSP_RESPONSE_STATUS_TRYLATER, "asks to try again later"},
    {OCSP_RESPONSE_STATUS_SIGREQUIRED, "wants signed requests"},
    {OCSP_RESPONSE_STATUS_UNAUTHORIZED, "does not answer for this certificate or to this client"},
};

static void set_failure (TamgaStatus *status, int code)
{
    const char *text = "answers with a code that is not known";
    for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
        if (failures[i].status == code)
            text = failures[i].text;
    tamga_status_not_available (status, "The OCSP service %s.", text);
}

/* The SingleResponse about the certificate: its CertID is recomputed with its own digest. */
static OCSP_SINGLERESP *find_single (OCSP_BASICRESP *basic, const TamgaStatusQuestion *question)
{
    OCSP_SINGLERESP *found = NULL;
    gint64 newest = G_MININT64;
    for (int i = 0; i < OCSP_resp_count (basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0 (basic, i);
        OCSP_CERTID *id = (OCSP_CERTID *)OCSP_SINGLERESP_get0_id (single);
        ASN1_OBJECT *algorithm;
        OCSP_id_get0_info (NULL, &algorithm, NULL, NULL, id);
        g_autofree char *oid = tamga_ossl_oid (algorithm);
        const TamgaDigest *digest = tamga_digest_by_oid (oid);
        if (digest == NULL)
            continue;
        g_autoptr (OCSP_CERTID) own =
            OCSP_cert_to_id (tamga_digest_md (digest), question->certificate, question->issuer);
        if (own == NULL || OCSP_id_cmp (own, id) != 0)
            continue;
        ASN1_GENERALIZEDTIME *from = NULL;
        OCSP_single_get0_status (single, NULL, NULL, &from, NULL);
        gint64 time = from == NULL ? G_MININT64 : tamga_ossl_time (from);
        if (found == NULL || time > newest) {
            found = single;
            newest = time;
        }
    }
    return found;
}

static gboolean is_responder (OCSP_BASICRESP *basic, X509 *certificate)
{
    const ASN1_OCTET_STRING *key_hash;
    const X509_NAME *name;
    if (OCSP_resp_get0_id (basic, &key_hash, &name) != 1)
        return FALSE;
    if (name != NULL)
        return X509_NAME_cmp (name, X509_get_subject_name (certificate)) == 0;
    guint8 hash[EVP_MAX_MD_SIZE];
    unsigned size;
    return X509_pubkey_digest (certificate, EVP_sha1 (), hash, &size) == 1 &&
           ASN1_STRING_length (key_hash) == (int)size &&
           memcmp (ASN1_STRING_get0_data (key_hash), hash, size) == 0;
}

/* Does the signature of the answer verify with this certificate's key? */
static gboolean signed_by (OCSP_BASICRESP *basic, X509 *certificate)
{
    STACK_OF (X509) *only = sk_X509_new_null ();
    sk_X509_push (only, certificate);
    /* NOVERIFY: whether the responder may sign is judged by our own rules. */
    gboolean good =
        OCSP_basic_verify (basic, only, NULL, OCSP_NOINTERN | OCSP_NOVERIFY | OCSP_NOCHAIN) > 0;
    sk_X509_free (only);
    ERR_clear_error ();
    return good;
}

static gboolean issued_directly (X509 *issuer, X509 *certificate)
{
    return X509_check_issued (issuer, certificate) == X509_V_OK &&
           X509_verify (certificate, X509_get0_pubkey (issuer)) == 1;
}

/* The issuer itself, or a root whose word about it counts by law (RFC 6960 4.2.2.2, local
 * configuration). */
static gboolean is_authority (const TamgaStatusQuestion *question, X509 *certificate)
{
    gboolean found = X509_cmp (certificate, question->issuer) == 0;
    for (guint i = 0; question->authorities && i < question->authorities->len; i++)
        found = found || X509_cmp (certificate, question->authorities->pdata[i]) == 0;
    return found;
}

/* RFC 6960 4.2.2.2: delegated by exactly this issuer, for this purpose. NULL: it may sign. */
static const char *delegation_problem (const TamgaStatusContext *context, X509 *responder,
                                       const TamgaStatusQuestion *question, gint64 moment)
{
    gboolean delegated = issued_directly (question->issuer, responder);
    for (guint i = 0; question->authorities && i < question->authorities->len; i++)
        delegated = delegated || issued_directly (question->authorities->pdata[i], responder);
    if (!delegated)
        return "its responder was not authorised by the issuer of the certificate";
    if ((X509_get_extension_flags (responder) & EXFLAG_XKUSAGE) == 0 ||
        (X509_get_extended_key_usage (responder) & XKU_OCSP_SIGN) == 0)
        return "its responder's certificate is not for OCSP signing";
    if ((X509_get_key_usage (responder) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
        return "its responder's key may not sign";
    if (X509_get_extension_flags (responder) & EXFLAG_CRITICAL)
        return "its responder's certificate has a critical extension that is not known here";
    if (moment < tamga_ossl_time (X509_get0_notBefore (responder)) ||
        moment > tamga_ossl_time (X509_get0_notAfter (responder)))
        return "its responder's certificate was not valid when it was signed";
    if (context->trust != NULL && tamga_trust_distrusts (context->trust, responder))
        return "its responder is on your list of distrusted certificates";
    return NULL;
}

/* The responder among the issuer, the certificates of the answer and the pool. Sets the text of
 * `status` when there is none. */
static X509 *find_responder (const TamgaStatusContext *context, TamgaStatus *status,
                             OCSP_BASICRESP *basic, const TamgaStatusQuestion *question,
                             gint64 moment)
{
    g_autoptr (GPtrArray) candidates = g_ptr_array_new ();
    g_ptr_array_add (candidates, question->issuer);
    if (question->authorities)
        g_ptr_array_extend (candidates, question->authorities, NULL, NULL);
    const STACK_OF (X509) *own = OCSP_resp_get0_certs (basic);
    for (int i = 0; i < sk_X509_num (own); i++)
        g_ptr_array_add (candidates, sk_X509_value (own, i));
    for (guint i = 0; context->pool != NULL && i < context->pool->len; i++)
        g_ptr_array_add (candidates, context->pool->pdata[i]);
    const char *problem = "its responder's certificate is not there";
    for (guint i = 0; i < candidates->len; i++) {
        X509 *candidate = candidates->pdata[i];
        if (!is_responder (basic, candidate))
            continue;
        if (!signed_by (basic, candidate)) {
            problem = "its signature does not verify";
            continue;
        }
        if (is_authority (question, candidate))
            return candidate;
        const char *why = delegation_problem (context, candidate, question, moment);
        if (why == NULL)
            return candidate;
        problem = why;
    }
    tamga_status_not_available (status, "The OCSP answer is not believed: %s (UA 102, MD 2:64).",
                                problem);
    return NULL;
}

/* A digest that others could forge is not accepted for an answer that was just asked for. */
static gboolean strong_signature (const TamgaStatusContext *context, TamgaStatus *status,
                                  OCSP_BASICRESP *basic)
{
    const X509_ALGOR *algorithm = OCSP_resp_get0_tbs_sigalg (basic);
    const ASN1_OBJECT *object;
    X509_ALGOR_get0 (&object, NULL, NULL, algorithm);
    int digest_nid = NID_undef;
    if (OBJ_find_sigid_algs (OBJ_obj2nid (object), &digest_nid, NULL) != 1 ||
        digest_nid == NID_undef)
        return TRUE; /* the digest is in parameters (PSS) or part of the scheme (EdDSA) */
    g_autofree char *oid = tamga_ossl_oid (OBJ_nid2obj (digest_nid));
    const TamgaDigest *digest = tamga_digest_by_oid (oid);
    const TamgaSuite suite = tamga_suite_digest (context->profile, digest);
    if (suite.rule != NULL && !tamga_suite_holds (&suite, status->produced_at)) {
        tamga_status_not_available (
            status, "The OCSP answer is not believed: the profile %s does not accept %s.",
            context->profile->name, suite.name);
        return FALSE;
    }
    if (digest != NULL && !digest->weak)
        return TRUE;
    tamga_status_find (status, TAMGA_SEVERITY_WARNING, "weak-digest", "TS 119 312",
                       "The answer is signed with %s.", OBJ_nid2sn (digest_nid));
    if (!context->fresh && digest != NULL)
        return TRUE;
    tamga_status_not_available (
        status, "The OCSP answer is not believed: it is signed with the weak digest %s.",
        OBJ_nid2sn (digest_nid));
    return FALSE;
}

static gboolean unknown_critical (int n, gpointer extensions,
                                  X509_EXTENSION *(*get) (gpointer, int))
{
    static const int known[] = {NID_id_pkix_OCSP_Nonce, NID_id_pkix_OCSP_archiveCutoff,
                                NID_id_pkix_OCSP_CrlID};
    for (int i = 0; i < n; i++) {
        X509_EXTENSION *extension = get (extensions, i);
        gboolean found = !X509_EXTENSION_get_critical (extension);
        for (gsize k = 0; !found && k < G_N_ELEMENTS (known); k++)
            found = OBJ_obj2nid (X509_EXTENSION_get_object (extension)) == known[k];
        if (!found)
            return TRUE;
    }
    return FALSE;
}

static X509_EXTENSION *basic_extension (gpointer basic, int i)
{
    return OCSP_BASICRESP_get_ext (basic, i);
}

static X509_EXTENSION *single_extension (gpointer single, int i)
{
    return OCSP_SINGLERESP_get_ext (single, i);
}

/* Our nonce must come back; where the responder sends none, only the age tells that the answer is
 * not an old one (threats d). */
static gboolean check_nonce (const TamgaStatusContext *context, TamgaStatus *status,
                             OCSP_REQUEST *request, OCSP_BASICRESP *basic)
{
    if (request == NULL)
        return TRUE;
    switch (OCSP_check_nonce (request, basic)) {
    case 1:
        status->nonce = TRUE;
        return TRUE;
    case -1:
        break;
    default:
        tamga_status_not_available (status,
                                    "The OCSP answer is not believed: it carries another nonce "
                                    "than the one asked with, so it answers another question.");
        return FALSE;
    }
    tamga_status_find (status, TAMGA_SEVERITY_INFO, "ocsp-no-nonce", "RFC 6960 4.4.1",
                       "The service does not repeat the nonce; the answer's age was judged.");
    gint64 limit = (gint64)context->profile->max_status_age + context->profile->clock_tolerance;
    if (context->now - status->this_update <= limit)
        return TRUE;
    g_autofree char *made = tamga_time_text (status->this_update);
    tamga_status_not_available (
        status, "The OCSP answer is of %s and has no nonce: it may be an old one.", made);
    return FALSE;
}

static gint64 time_or_none (const ASN1_GENERALIZEDTIME *time)
{
    return time == NULL ? G_MININT64 : tamga_ossl_time (time);
}

/* What the SingleResponse says, after its times were judged. */
static void read_single (const TamgaStatusContext *context, TamgaStatus *status,
                         const TamgaStatusQuestion *question, OCSP_SINGLERESP *single,
                         TamgaOrigin origin)
{
    int reason = -1;
    ASN1_GENERALIZEDTIME *revoked = NULL;
    int value = OCSP_single_get0_status (single, &reason, &revoked, NULL, NULL);
    status->value = TAMGA_STATUS_UNKNOWN;
    tamga_status_judge_times (context, status, origin);
    if (status->value == TAMGA_STATUS_NOT_AVAILABLE)
        return;
    if (value == V_OCSP_CERTSTATUS_REVOKED) {
        ASN1_GENERALIZEDTIME *invalidity =
            OCSP_SINGLERESP_get1_ext_d2i (single, NID_invalidity_date, NULL, NULL);
        tamga_status_set_listed (context, status, question, time_or_none (revoked), reason,
                                 time_or_none (invalidity));
        ASN1_GENERALIZEDTIME_free (invalidity);
    } else if (value == V_OCSP_CERTSTATUS_GOOD) {
        ASN1_GENERALIZEDTIME *cutoff =
            OCSP_SINGLERESP_get1_ext_d2i (single, NID_id_pkix_OCSP_archiveCutoff, NULL, NULL);
        tamga_status_set_good (context, status, question, time_or_none (cutoff));
        ASN1_GENERALIZEDTIME_free (cutoff);
    }
}

static void judge_basic (const TamgaStatusContext *context, TamgaStatus *status,
                         const TamgaStatusQuestion *question, OCSP_BASICRESP *basic,
                         OCSP_REQUEST *request, TamgaOrigin origin, TamgaOcspOutcome *outcome)
{
    OCSP_SINGLERESP *single = find_single (basic, question);
    if (single == NULL) {
        tamga_status_not_available (
            status, "The OCSP answer is not believed: it is about another certificate.");
        return;
    }
    ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
    int value = OCSP_single_get0_status (single, NULL, NULL, &from, &until);
    status->this_update = time_or_none (from);
    status->next_update = time_or_none (until);
    status->produced_at = time_or_none (OCSP_resp_get0_produced_at (basic));
    if (unknown_critical (OCSP_BASICRESP_get_ext_count (basic), basic, basic_extension) ||
        unknown_critical (OCSP_SINGLERESP_get_ext_count (single), single, single_extension)) {
        tamga_status_not_available (status,
                                    "The OCSP answer has a critical extension that is not known "
                                    "here.");
        return;
    }
    gint64 moment = origin == TAMGA_ORIGIN_FETCHED ? context->now : status->produced_at;
    X509 *responder = find_responder (context, status, basic, question, moment);
    if (responder == NULL || !strong_signature (context, status, basic) ||
        !check_nonce (context, status, request, basic))
        return;
    status->responder = tamga_ossl_short_name (X509_get_subject_name (responder));
    tamga_status_add_certificate (status, responder);
    read_single (context, status, question, single, origin);
    outcome->retry_sha1 = value == V_OCSP_CERTSTATUS_UNKNOWN;
    if (!is_authority (question, responder) &&
        X509_get_ext_by_NID (responder, NID_id_pkix_OCSP_noCheck, -1) < 0)
        outcome->unchecked = responder;
}

TamgaStatus *tamga_ocsp_judge (const TamgaStatusContext *context,
                               const TamgaStatusQuestion *question, GBytes *response,
                               OCSP_REQUEST *request, TamgaOrigin origin, const char *source,
                               TamgaOcspOutcome *outcome)
{
    TamgaStatus *status = tamga_status_new ("OCSP", source);
    *outcome = (TamgaOcspOutcome){0};
    gsize size;
    const guint8 *data = g_bytes_get_data (response, &size);
    const guint8 *at = data;
    g_autoptr (OCSP_RESPONSE) parsed =
        size > TAMGA_MAX_OCSP_SIZE ? NULL : d2i_OCSP_RESPONSE (NULL, &at, (long)size);
    if (parsed == NULL || at != data + size) {
        tamga_status_not_available (status, "What was sent is not an OCSP answer.");
    } else if (OCSP_response_status (parsed) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        int code = OCSP_response_status (parsed);
        set_failure (status, code);
        outcome->retry_sha1 = code == OCSP_RESPONSE_STATUS_UNAUTHORIZED ||
                              code == OCSP_RESPONSE_STATUS_MALFORMEDREQUEST;
    } else {
        g_autoptr (OCSP_BASICRESP) basic = OCSP_response_get1_basic (parsed);
        if (basic == NULL)
            tamga_status_not_available (status, "What was sent is not a basic OCSP answer.");
        else
            judge_basic (context, status, question, basic, request, origin, outcome);
    }
    if (outcome->unchecked != NULL)
        outcome->unchecked = status->certificates->pdata[0]; /* lives as long as the answer */
    if (status->value != TAMGA_STATUS_NOT_AVAILABLE)
        status->ocsp = g_bytes_ref (response);
    tamga_status_set_text (status);
    ERR_clear_error ();
    return status;
}
