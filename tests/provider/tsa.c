/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time-stamping authority: TSTInfo by libcrypto's TS, signed by its CMS, which unlike
 * TS_RESP_create_response also makes the tokens that must be refused. */
#include "tests/provider/tsa.h"

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/rand.h>

#include "tests/provider/authority.h"
#include "tests/provider/state.h"

/* PKIStatusInfo (RFC 3161 2.4.2). libcrypto reads failInfo but offers no way to set it alone. */
typedef struct {
    ASN1_INTEGER *status;
    STACK_OF (ASN1_UTF8STRING) *text;
    ASN1_BIT_STRING *failure;
} StatusInfo;
ASN1_SEQUENCE (StatusInfo) =
    {
        ASN1_SIMPLE (StatusInfo, status, ASN1_INTEGER),
        ASN1_SEQUENCE_OF_OPT (StatusInfo, text, ASN1_UTF8STRING),
        ASN1_OPT (StatusInfo, failure, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END (StatusInfo)

        typedef struct {
    StatusInfo *status;
} Refusal;
ASN1_SEQUENCE (Refusal) =
    {
        ASN1_SIMPLE (Refusal, status, StatusInfo),
} static_ASN1_SEQUENCE_END (Refusal)

    /* PKIFailureInfo bits by name (RFC 3161 2.4.2). */
    static const struct {
    const char *name;
    int bit;
    const char *text;
} failures[] = {
    {"badAlg", 0, "the hash algorithm is not accepted"},
    {"badRequest", 2, "the request is not permitted or supported"},
    {"badDataFormat", 5, "the request has a wrong format"},
    {"timeNotAvailable", 14, "the time source is not available"},
    {"unacceptedPolicy", 15, "the policy is not supported"},
    {"unacceptedExtension", 16, "an extension is not supported"},
    {"addInfoNotAvailable", 17, "the additional information is not available"},
    {"systemFailure", 25, "the system failed"},
};

/* Besides those of the rows of algorithms. */
static const int accepted_digests[] = {NID_sha256, NID_sha384, NID_sha512};
/* After its own: those of the Kazakh service, by the algorithm of its key, and the Ukrainian one.
 */
static const char *const accepted_policies[] = {
    PROVIDER_TSA_POLICY, PROVIDER_TSA_OTHER_POLICY, "1.2.398.3.3.2.6.1",
    "1.2.398.3.3.2.6.2", "1.2.398.3.3.2.6.4",       "1.2.804.2.1.1.1.2.3.1",
};

/* Faults that put another certificate over the TSA's key. */
static const struct {
    ProviderFault kind;
    ProviderVariant variant;
} certificate_faults[] = {
    {PROVIDER_FAULT_NO_PURPOSE, PROVIDER_VARIANT_NO_PURPOSE},
    {PROVIDER_FAULT_EXPIRED_TSA, PROVIDER_VARIANT_EXPIRED},
    {PROVIDER_FAULT_REVOKED_TSA, PROVIDER_VARIANT_REVOKED},
};

static void refuse (const ProviderService *service, ProviderAnswer *answer, int status,
                    const char *failure, const char *text)
{
    Refusal *refusal = (Refusal *)ASN1_item_new (ASN1_ITEM_rptr (Refusal));
    unsigned char *der = NULL;
    gsize row = 0;
    while (row < G_N_ELEMENTS (failures) && strcmp (failures[row].name, failure) != 0)
        row++;
    if (row == G_N_ELEMENTS (failures))
        row = 1;
    if (text == NULL)
        text = failures[row].text;

    ASN1_UTF8STRING *words = ASN1_UTF8STRING_new ();
    PROVIDER_MUST (refusal != NULL && words != NULL && ASN1_STRING_set (words, text, -1));
    StatusInfo *info = refusal->status;
    info->text = sk_ASN1_UTF8STRING_new_null ();
    info->failure = ASN1_BIT_STRING_new ();
    PROVIDER_MUST (info->text != NULL && sk_ASN1_UTF8STRING_push (info->text, words) > 0 &&
                   ASN1_INTEGER_set (info->status, status) && info->failure != NULL &&
                   ASN1_BIT_STRING_set_bit (info->failure, failures[row].bit, 1));
    int length = ASN1_item_i2d ((ASN1_VALUE *)refusal, &der, ASN1_ITEM_rptr (Refusal));
    PROVIDER_MUST (length > 0);
    ASN1_item_free ((ASN1_VALUE *)refusal, ASN1_ITEM_rptr (Refusal));
    provider_answer_set (
        answer, 200, service->type,
        g_bytes_new_with_free_func (der, (gsize)length, provider_openssl_free, der));
}

/* The name of the PKIFailureInfo bit the request earns, or NULL when it is good. */
static const char *judge (TS_REQ *asked)
{
    if (asked == NULL || TS_REQ_get_version (asked) != 1)
        return "badDataFormat";
    TS_MSG_IMPRINT *imprint = TS_REQ_get_msg_imprint (asked);
    const ASN1_OBJECT *algorithm = NULL;
    X509_ALGOR_get0 (&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo (imprint));
    int nid = OBJ_obj2nid (algorithm);
    gboolean accepted = provider_digest_is_ours (nid);
    for (gsize i = 0; i < G_N_ELEMENTS (accepted_digests); i++)
        accepted |= nid == accepted_digests[i];
    if (!accepted)
        return "badAlg";
    if (ASN1_STRING_length (TS_MSG_IMPRINT_get_msg (imprint)) !=
        EVP_MD_get_size (provider_digest_by_nid (nid)))
        return "badDataFormat";
    if (TS_REQ_get_ext_count (asked) > 0)
        return "unacceptedExtension";
    ASN1_OBJECT *policy = TS_REQ_get_policy_id (asked);
    if (policy == NULL)
        return NULL;
    char text[128];
    OBJ_obj2txt (text, sizeof text, policy, 1);
    for (gsize i = 0; i < G_N_ELEMENTS (accepted_policies); i++)
        if (strcmp (accepted_policies[i], text) == 0)
            return NULL;
    return "unacceptedPolicy";
}

static void set_imprint (TS_TST_INFO *info, TS_REQ *asked, const ProviderFaultSet *faults)
{
    g_autoptr (TS_MSG_IMPRINT) imprint = TS_MSG_IMPRINT_dup (TS_REQ_get_msg_imprint (asked));
    PROVIDER_MUST (imprint != NULL);
    if (provider_fault (faults, PROVIDER_FAULT_WRONG_IMPRINT)) {
        ASN1_OCTET_STRING *hash = TS_MSG_IMPRINT_get_msg (imprint);
        int length = ASN1_STRING_length (hash);
        g_autofree unsigned char *copy = g_memdup2 (ASN1_STRING_get0_data (hash), (gsize)length);
        copy[0] ^= 1;
        PROVIDER_MUST (TS_MSG_IMPRINT_set_msg (imprint, copy, length));
    }
    PROVIDER_MUST (TS_TST_INFO_set_msg_imprint (info, imprint));
}

static void set_numbers (TS_TST_INFO *info, TS_REQ *asked, const ProviderFaultSet *faults)
{
    g_autoptr (BIGNUM) random = BN_new ();
    PROVIDER_MUST (random != NULL && BN_rand (random, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
    g_autoptr (ASN1_INTEGER) serial = BN_to_ASN1_INTEGER (random, NULL);
    PROVIDER_MUST (serial != NULL && TS_TST_INFO_set_serial (info, serial));

    const ASN1_INTEGER *nonce = TS_REQ_get_nonce (asked);
    if (nonce == NULL || provider_fault (faults, PROVIDER_FAULT_NO_NONCE))
        return;
    g_autoptr (BIGNUM) number = ASN1_INTEGER_to_BN (nonce, NULL);
    if (provider_fault (faults, PROVIDER_FAULT_WRONG_NONCE))
        PROVIDER_MUST (BN_add_word (number, 1));
    g_autoptr (ASN1_INTEGER) answered = BN_to_ASN1_INTEGER (number, NULL);
    PROVIDER_MUST (answered != NULL && TS_TST_INFO_set_nonce (info, answered));
}

static void set_name (TS_TST_INFO *info, const ProviderIdentity *identity,
                      const ProviderFaultSet *faults)
{
    g_autoptr (GENERAL_NAME) name = GENERAL_NAME_new ();
    X509_NAME *directory = provider_fault (faults, PROVIDER_FAULT_WRONG_NAME)
                               ? provider_name ("XB", "Somebody Else", "Another Time Stamping")
                               : X509_NAME_dup (X509_get_subject_name (identity->certificate));
    PROVIDER_MUST (name != NULL && directory != NULL);
    GENERAL_NAME_set0_value (name, GEN_DIRNAME, directory);
    PROVIDER_MUST (TS_TST_INFO_set_tsa (info, name));
}

static TS_TST_INFO *make_info (TS_REQ *asked, const ProviderIdentity *identity, gint64 now,
                               const ProviderFaultSet *faults)
{
    g_autoptr (TS_TST_INFO) info = TS_TST_INFO_new ();
    g_autoptr (ASN1_OBJECT) policy = TS_REQ_get_policy_id (asked) == NULL
                                         ? OBJ_txt2obj (PROVIDER_TSA_POLICY, 1)
                                         : OBJ_dup (TS_REQ_get_policy_id (asked));
    g_autoptr (ASN1_GENERALIZEDTIME) time = ASN1_GENERALIZEDTIME_set (NULL, (time_t)now);

    if (provider_fault (faults, PROVIDER_FAULT_WRONG_POLICY)) {
        ASN1_OBJECT_free (policy);
        policy = OBJ_txt2obj ("2.999.1.99", 1);
    }
    PROVIDER_MUST (info != NULL && policy != NULL && time != NULL &&
                   TS_TST_INFO_set_version (info, 1) && TS_TST_INFO_set_policy_id (info, policy) &&
                   TS_TST_INFO_set_time (info, time));
    set_imprint (info, asked, faults);
    set_numbers (info, asked, faults);
    set_name (info, identity, faults);
    if (!provider_fault (faults, PROVIDER_FAULT_NO_ACCURACY)) {
        g_autoptr (TS_ACCURACY) accuracy = TS_ACCURACY_new ();
        g_autoptr (ASN1_INTEGER) second = ASN1_INTEGER_new ();
        PROVIDER_MUST (accuracy != NULL && second != NULL && ASN1_INTEGER_set (second, 1) &&
                       TS_ACCURACY_set_seconds (accuracy, second) &&
                       TS_TST_INFO_set_accuracy (info, accuracy));
    }
    return g_steal_pointer (&info);
}

/* Changes the certificate hash inside the ESS signing-certificate-v2 attribute (RFC 5816). */
static void break_ess (CMS_SignerInfo *signer, const EVP_MD *digest)
{
    const unsigned char hash_head[] = {0x04, (unsigned char)EVP_MD_get_size (digest)};
    int place = CMS_signed_get_attr_by_NID (signer, NID_id_smime_aa_signingCertificateV2, -1);
    PROVIDER_MUST (place >= 0);
    X509_ATTRIBUTE *attribute = CMS_signed_get_attr (signer, place);
    ASN1_STRING *value = X509_ATTRIBUTE_get0_type (attribute, 0)->value.sequence;
    int length = ASN1_STRING_length (value);
    g_autofree unsigned char *copy = g_memdup2 (ASN1_STRING_get0_data (value), (gsize)length);
    unsigned char *hash = memmem (copy, (gsize)length, hash_head, sizeof hash_head);
    PROVIDER_MUST (hash != NULL);
    hash[2] ^= 1;
    PROVIDER_MUST (ASN1_STRING_set (value, copy, length));
}

/* libcrypto names the signature algorithm of the keys that it knows itself; for others the name of
 * the certificate's own signature is taken, which such keys share with their issuer. */
static void name_algorithm (CMS_SignerInfo *signer, const ProviderIdentity *identity)
{
    X509_ALGOR *named = NULL;
    const ASN1_OBJECT *object = NULL;
    CMS_SignerInfo_get0_algs (signer, NULL, NULL, NULL, &named);
    X509_ALGOR_get0 (&object, NULL, NULL, named);
    if (OBJ_obj2nid (object) != NID_undef)
        return;
    const X509_ALGOR *known = X509_get0_tbs_sigalg (identity->certificate);
    PROVIDER_MUST (X509_ALGOR_copy (named, known));
}

/* The content of the octet string that VALUE holds. */
static void bare_value (ASN1_OCTET_STRING *value)
{
    const unsigned char *start = ASN1_STRING_get0_data (value);
    ASN1_OCTET_STRING *inner = d2i_ASN1_OCTET_STRING (NULL, &start, ASN1_STRING_length (value));
    PROVIDER_MUST (inner != NULL && ASN1_STRING_copy (value, inner));
    ASN1_OCTET_STRING_free (inner);
}

static CMS_ContentInfo *make_token (Provider *provider, const ProviderService *service,
                                    TS_TST_INFO *info, const ProviderIdentity *identity,
                                    gboolean certificates, gint64 now,
                                    const ProviderFaultSet *faults)
{
    unsigned int flags = CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL;
    g_autoptr (GBytes) content = PROVIDER_DER (i2d_TS_TST_INFO, info);
    g_autoptr (BIO) in =
        BIO_new_mem_buf (g_bytes_get_data (content, NULL), (int)g_bytes_get_size (content));
    g_autoptr (CMS_ContentInfo) token = CMS_sign (NULL, NULL, NULL, NULL, flags);
    g_autoptr (ASN1_TIME) time = ASN1_TIME_set (NULL, (time_t)now);

    PROVIDER_MUST (in != NULL && token != NULL && time != NULL &&
                   CMS_set1_eContentType (token, OBJ_nid2obj (NID_id_smime_ct_TSTInfo)));
    CMS_SignerInfo *signer = CMS_add1_signer (token, identity->certificate, identity->key.pkey,
                                              provider_algorithm_digest (identity->key.algorithm),
                                              flags | CMS_CADES | (certificates ? 0 : CMS_NOCERTS));
    PROVIDER_MUST (signer != NULL && CMS_signed_add1_attr_by_NID (signer, NID_pkcs9_signingTime,
                                                                  time->type, time, -1));
    if (certificates) {
        const ProviderAuthority *issuer =
            provider_authority (provider, provider_tsa_authority (service->subject));
        if (issuer->spec->parent != NULL)
            PROVIDER_MUST (CMS_add1_cert (token, issuer->certificate));
    }
    if (provider_fault (faults, PROVIDER_FAULT_WRONG_ESS))
        break_ess (signer, provider_algorithm_digest (identity->key.algorithm));
    name_algorithm (signer, identity);
    PROVIDER_MUST (CMS_final (token, in, NULL, flags & ~(unsigned int)CMS_PARTIAL));
    if (identity->key.algorithm->bare)
        bare_value (CMS_SignerInfo_get0_signature (signer));
    if (provider_fault (faults, PROVIDER_FAULT_BAD_SIGNATURE))
        provider_break_signature (CMS_SignerInfo_get0_signature (signer));
    return g_steal_pointer (&token);
}

static void grant (Provider *provider, const ProviderService *service, TS_REQ *asked,
                   const ProviderFaultSet *faults, ProviderAnswer *answer)
{
    ProviderVariant variant = PROVIDER_VARIANT_GOOD;
    for (gsize i = 0; i < G_N_ELEMENTS (certificate_faults); i++)
        if (provider_fault (faults, certificate_faults[i].kind))
            variant = certificate_faults[i].variant;
    const ProviderIdentity *identity = provider_tsa (provider, service->subject, variant);
    gint64 now =
        provider_now (provider) + provider_fault_number (faults, PROVIDER_FAULT_CLOCK, "shift", 0);
    gboolean certificates =
        TS_REQ_get_cert_req (asked) && !provider_fault (faults, PROVIDER_FAULT_NO_CERTIFICATE);

    g_autoptr (TS_TST_INFO) info = make_info (asked, identity, now, faults);
    g_autoptr (CMS_ContentInfo) token =
        make_token (provider, service, info, identity, certificates, now, faults);
    g_autoptr (GBytes) der = PROVIDER_DER (i2d_CMS_ContentInfo, token);
    const unsigned char *start = g_bytes_get_data (der, NULL);
    PKCS7 *as_pkcs7 = d2i_PKCS7 (NULL, &start, (long)g_bytes_get_size (der));
    g_autoptr (TS_RESP) response = TS_RESP_new ();
    g_autoptr (TS_STATUS_INFO) status = TS_STATUS_INFO_new ();
    PROVIDER_MUST (as_pkcs7 != NULL && response != NULL && status != NULL);
    PROVIDER_MUST (
        TS_STATUS_INFO_set_status (status, provider_fault (faults, PROVIDER_FAULT_GRANTED_WITH_MODS)
                                               ? TS_STATUS_GRANTED_WITH_MODS
                                               : TS_STATUS_GRANTED));
    PROVIDER_MUST (TS_RESP_set_status_info (response, status));
    TS_RESP_set_tst_info (response, as_pkcs7, g_steal_pointer (&info));
    provider_answer_set (answer, 200, service->type, PROVIDER_DER (i2d_TS_RESP, response));
}

void provider_tsa_answer (Provider *provider, const ProviderService *service,
                          const ProviderRequest *request, const ProviderFaultSet *faults,
                          ProviderAnswer *answer, GString *detail)
{
    gsize length = 0;
    const unsigned char *der = g_bytes_get_data (request->body, &length);
    const unsigned char *end = der;
    g_autoptr (TS_REQ) asked = d2i_TS_REQ (NULL, &end, (long)length);
    const char *failure = judge (asked);

    if (provider_fault (faults, PROVIDER_FAULT_REFUSAL)) {
        const char *named = provider_fault_text (faults, PROVIDER_FAULT_REFUSAL, "fail");
        refuse (service, answer,
                (int)provider_fault_number (faults, PROVIDER_FAULT_REFUSAL, "status",
                                            TS_STATUS_REJECTION),
                named == NULL ? "badRequest" : named,
                provider_fault_text (faults, PROVIDER_FAULT_REFUSAL, "text"));
        g_string_append (detail, "refused");
    } else if (failure != NULL) {
        refuse (service, answer, TS_STATUS_REJECTION, failure, NULL);
        g_string_append_printf (detail, "refused=%s", failure);
    } else {
        grant (provider, service, asked, faults, answer);
        g_string_append_printf (detail, "nonce=%s certificates=%s",
                                TS_REQ_get_nonce (asked) == NULL ? "no" : "yes",
                                TS_REQ_get_cert_req (asked) ? "yes" : "no");
    }
}
