/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The OCSP responder: request in, BasicOCSPResponse out, with the faults worked in. */
#include "tests/provider/ocsp.h"

#include <string.h>

#include <openssl/rand.h>

#include "tests/provider/authority.h"
#include "tests/provider/state.h"

/* Faults that are an OCSPResponseStatus instead of an answer (RFC 6960 4.2.1). */
static const struct {
    ProviderFault kind;
    int status;
} error_statuses[] = {
    {PROVIDER_FAULT_MALFORMED_REQUEST, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST},
    {PROVIDER_FAULT_INTERNAL_ERROR, OCSP_RESPONSE_STATUS_INTERNALERROR},
    {PROVIDER_FAULT_TRY_LATER, OCSP_RESPONSE_STATUS_TRYLATER},
    {PROVIDER_FAULT_SIG_REQUIRED, OCSP_RESPONSE_STATUS_SIGREQUIRED},
    {PROVIDER_FAULT_UNAUTHORIZED, OCSP_RESPONSE_STATUS_UNAUTHORIZED},
};

/* Faults that put another certificate, or none, into the responder's place. */
static const struct {
    ProviderFault kind;
    ProviderVariant variant;
} responder_faults[] = {
    {PROVIDER_FAULT_EXPIRED_RESPONDER, PROVIDER_VARIANT_EXPIRED},
    {PROVIDER_FAULT_WRONG_RESPONDER, PROVIDER_VARIANT_NO_PURPOSE},
    {PROVIDER_FAULT_STRANGER_RESPONDER, PROVIDER_VARIANT_STRANGER},
};

static void answer_status (const ProviderService *service, ProviderAnswer *answer, int status,
                           OCSP_BASICRESP *basic)
{
    g_autoptr (OCSP_RESPONSE) response = OCSP_response_create (status, basic);
    PROVIDER_MUST (response != NULL);
    provider_answer_set (answer, 200, service->type, PROVIDER_DER (i2d_OCSP_RESPONSE, response));
}

/* The request from the body, or from the path of a GET (RFC 6960 A.1). */
static OCSP_REQUEST *read_request (const ProviderService *service, const ProviderRequest *request)
{
    gsize length = 0;
    if (strcmp (request->method, "POST") == 0) {
        const unsigned char *der = g_bytes_get_data (request->body, &length);
        const unsigned char *end = der;
        OCSP_REQUEST *parsed = d2i_OCSP_REQUEST (NULL, &end, (long)length);
        if (parsed != NULL && end != der + length)
            g_clear_pointer (&parsed, OCSP_REQUEST_free);
        return parsed;
    }
    gsize prefix = strlen (service->path);
    if (strlen (request->path) <= prefix + 1)
        return NULL;
    g_autofree guchar *der = g_base64_decode (request->path + prefix + 1, &length);
    const unsigned char *end = der;
    return d2i_OCSP_REQUEST (NULL, &end, (long)length);
}

/* The CertID of the answer: the asked one, unless a fault names another certificate. */
static OCSP_CERTID *answered_id (const Provider *provider, OCSP_CERTID *asked,
                                 const ProviderAuthority *authority, const ProviderFaultSet *faults)
{
    ASN1_OBJECT *algorithm = NULL;
    ASN1_INTEGER *serial = NULL;
    PROVIDER_MUST (OCSP_id_get0_info (NULL, &algorithm, NULL, &serial, asked));
    const EVP_MD *digest = provider_digest_by_nid (OBJ_obj2nid (algorithm));
    const ProviderAuthority *issuer = authority;
    g_autoptr (ASN1_INTEGER) number = ASN1_INTEGER_dup (serial);

    if (digest == NULL)
        digest = EVP_sha1 ();
    if (provider_fault (faults, PROVIDER_FAULT_WRONG_ISSUER))
        issuer = provider_authority (provider,
                                     authority->spec->prefix[0] == '\0' ? "foreign-root" : "root");
    else if (!provider_fault (faults, PROVIDER_FAULT_OTHER_CERT))
        return OCSP_CERTID_dup (asked);
    if (provider_fault (faults, PROVIDER_FAULT_OTHER_CERT)) {
        g_autoptr (BIGNUM) next = ASN1_INTEGER_to_BN (serial, NULL);
        PROVIDER_MUST (next != NULL && BN_add_word (next, 1) &&
                       BN_to_ASN1_INTEGER (next, number) != NULL);
    }
    return OCSP_cert_id_new (digest, X509_get_subject_name (issuer->certificate),
                             X509_get0_pubkey_bitstr (issuer->certificate), number);
}

/* The register's entry for CertID, NULL where the answer is "unknown". */
static const ProviderEntry *lookup (const Provider *provider, OCSP_CERTID *id,
                                    const ProviderAuthority *authority, GString *detail)
{
    ASN1_OBJECT *algorithm = NULL;
    ASN1_INTEGER *serial = NULL;
    PROVIDER_MUST (OCSP_id_get0_info (NULL, &algorithm, NULL, &serial, id));
    g_autofree char *text = provider_serial_text (serial);
    g_string_append_printf (detail, "serial=%s ", text);
    const EVP_MD *digest = provider_digest_by_nid (OBJ_obj2nid (algorithm));
    if (digest == NULL)
        return NULL;
    g_autoptr (OCSP_CERTID) own =
        OCSP_cert_id_new (digest, X509_get_subject_name (authority->certificate),
                          X509_get0_pubkey_bitstr (authority->certificate), serial);
    const ProviderEntry *entry = g_hash_table_lookup (provider->by_serial, text);
    if (own == NULL || OCSP_id_issuer_cmp (own, id) != 0 || entry == NULL || entry->unknown ||
        strcmp (entry->authority, authority->spec->name) != 0)
        return NULL;
    return entry;
}

static void add_single (Provider *provider, OCSP_BASICRESP *basic, OCSP_CERTID *asked,
                        const ProviderAuthority *authority, gint64 now,
                        const ProviderFaultSet *faults, GString *detail)
{
    const ProviderEntry *entry = lookup (provider, asked, authority, detail);
    g_autoptr (OCSP_CERTID) id = answered_id (provider, asked, authority, faults);
    int status = V_OCSP_CERTSTATUS_UNKNOWN;
    int reason = OCSP_REVOKED_STATUS_NOSTATUS;
    g_autoptr (ASN1_TIME) since = NULL;

    if (provider_fault (faults, PROVIDER_FAULT_STALE))
        now -= 2 * PROVIDER_DAY;
    if (provider_fault (faults, PROVIDER_FAULT_FUTURE))
        now += PROVIDER_DAY;
    g_autoptr (ASN1_TIME) this_update = ASN1_TIME_set (NULL, (time_t)now);
    g_autoptr (ASN1_TIME) next_update =
        ASN1_TIME_set (NULL, (time_t)(now + PROVIDER_OCSP_LIFETIME));
    if (entry != NULL && entry->status == PROVIDER_GOOD)
        status = V_OCSP_CERTSTATUS_GOOD;
    else if (entry != NULL) {
        status = V_OCSP_CERTSTATUS_REVOKED;
        reason = entry->reason;
        since = ASN1_TIME_set (NULL, (time_t)entry->since);
        PROVIDER_MUST (since != NULL);
    }
    if (provider_fault (faults, PROVIDER_FAULT_SAY_GOOD))
        status = V_OCSP_CERTSTATUS_GOOD;
    if (provider_fault (faults, PROVIDER_FAULT_NO_NEXT_UPDATE))
        g_clear_pointer (&next_update, ASN1_TIME_free);
    PROVIDER_MUST (id != NULL && this_update != NULL &&
                   OCSP_basic_add1_status (basic, id, status, reason, since, this_update,
                                           next_update) != NULL);
}

static void add_nonce (OCSP_BASICRESP *basic, OCSP_REQUEST *asked, const ProviderFaultSet *faults,
                       GString *detail)
{
    int place = OCSP_REQUEST_get_ext_by_NID (asked, NID_id_pkix_OCSP_Nonce, -1);
    g_string_append (detail, place < 0 ? "nonce=no" : "nonce=yes");
    if (provider_fault (faults, PROVIDER_FAULT_WRONG_NONCE)) {
        unsigned char other[16];
        PROVIDER_MUST (RAND_bytes (other, sizeof other) == 1 &&
                       OCSP_basic_add1_nonce (basic, other, sizeof other));
    } else if (!provider_fault (faults, PROVIDER_FAULT_NO_NONCE)) {
        PROVIDER_MUST (OCSP_copy_nonce (basic, asked) != 0);
    }
}

static void sign_answer (Provider *provider, OCSP_BASICRESP *basic,
                         const ProviderAuthority *authority, gint64 now,
                         const ProviderFaultSet *faults)
{
    unsigned long flags = OCSP_NOTIME;
    ProviderVariant variant = PROVIDER_VARIANT_GOOD;
    for (gsize i = 0; i < G_N_ELEMENTS (responder_faults); i++)
        if (provider_fault (faults, responder_faults[i].kind))
            variant = responder_faults[i].variant;
    const ProviderIdentity *identity = provider_responder (provider, authority, variant);
    X509 *certificate = identity->certificate;
    const ProviderKey *key = &identity->key;

    if (provider_fault (faults, PROVIDER_FAULT_CA_RESPONDER)) {
        certificate = authority->certificate;
        key = &authority->key;
    }
    if (provider_fault (faults, PROVIDER_FAULT_NO_CERTIFICATE))
        flags |= OCSP_NOCERTS;
    if (provider_fault (faults, PROVIDER_FAULT_RESPONDER_BY_KEY))
        flags |= OCSP_RESPID_KEY;
    /* libcrypto writes the computer's clock into producedAt and has no setter for ours; both
     * objects belong to our own answer, so writing through the getters' pointers is sound. */
    ASN1_GENERALIZEDTIME *produced =
        (ASN1_GENERALIZEDTIME *)(uintptr_t)OCSP_resp_get0_produced_at (basic);
    PROVIDER_MUST (ASN1_GENERALIZEDTIME_set (produced, (time_t)now) != NULL);
    PROVIDER_MUST (OCSP_basic_sign (basic, certificate, key->pkey,
                                    provider_algorithm_digest (key->algorithm), NULL, flags));
    ASN1_OCTET_STRING *signature = (ASN1_OCTET_STRING *)(uintptr_t)OCSP_resp_get0_signature (basic);
    if (provider_fault (faults, PROVIDER_FAULT_BAD_SIGNATURE))
        provider_break_signature (signature);
    if (provider_fault (faults, PROVIDER_FAULT_UNSIGNED))
        PROVIDER_MUST (ASN1_STRING_set (signature, "", 0));
}

void provider_ocsp_answer (Provider *provider, const ProviderService *service,
                           const ProviderRequest *request, const ProviderFaultSet *faults,
                           ProviderAnswer *answer, GString *detail)
{
    const ProviderAuthority *authority = provider_authority (provider, service->subject);
    g_autoptr (OCSP_REQUEST) asked = read_request (service, request);
    gint64 now =
        provider_now (provider) + provider_fault_number (faults, PROVIDER_FAULT_CLOCK, "shift", 0);

    for (gsize i = 0; i < G_N_ELEMENTS (error_statuses); i++) {
        if (provider_fault (faults, error_statuses[i].kind)) {
            answer_status (service, answer, error_statuses[i].status, NULL);
            return;
        }
    }
    if (asked == NULL || OCSP_request_onereq_count (asked) < 1) {
        answer_status (service, answer, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, NULL);
        return;
    }
    g_autoptr (OCSP_BASICRESP) basic = OCSP_BASICRESP_new ();
    PROVIDER_MUST (basic != NULL);
    for (int i = 0; i < OCSP_request_onereq_count (asked); i++)
        add_single (provider, basic, OCSP_onereq_get0_id (OCSP_request_onereq_get0 (asked, i)),
                    authority, now, faults, detail);
    add_nonce (basic, asked, faults, detail);
    sign_answer (provider, basic, authority, now, faults);
    answer_status (service, answer, OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
}
