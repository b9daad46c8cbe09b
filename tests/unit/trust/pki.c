/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority of the tests; see pki.h. */
#include "tests/unit/trust/pki.h"

#include <openssl/rand.h>
#include <string.h>

void entity_free (Entity *entity)
{
    if (entity == NULL)
        return;
    X509_free (entity->certificate);
    EVP_PKEY_free (entity->key);
    g_free (entity);
}

/* Adds "name=value" lines; an issuingDistributionPoint refers to section [idp]. */
static void add_extensions (X509 *certificate, X509_CRL *crl, X509 *issuer, const char *text)
{
    g_autofree char *all = g_strconcat ("[ext]\n", text, "\n", NULL);
    g_autoptr (BIO) bio = BIO_new_mem_buf (all, -1);
    CONF *conf = NCONF_new (NULL);
    g_assert_cmpint (NCONF_load_bio (conf, bio, NULL), ==, 1);
    X509V3_CTX context;
    X509V3_set_ctx (&context, issuer, certificate, NULL, crl, 0);
    X509V3_set_nconf (&context, conf);
    if (certificate != NULL)
        g_assert_cmpint (X509V3_EXT_add_nconf (conf, &context, "ext", certificate), ==, 1);
    else
        g_assert_cmpint (X509V3_EXT_CRL_add_nconf (conf, &context, "ext", crl), ==, 1);
    NCONF_free (conf);
}

Entity *pki_issue_key (const Entity *issuer, const char *name, EVP_PKEY *key,
                       const char *extensions, gint64 from, gint64 until)
{
    Entity *entity = g_new0 (Entity, 1);
    entity->key = key;
    X509 *certificate = entity->certificate = X509_new ();
    X509_set_version (certificate, X509_VERSION_3);
    guint8 serial[8];
    RAND_bytes (serial, sizeof serial);
    serial[0] &= 0x7f;
    serial[0] |= 1;
    g_autoptr (BIGNUM) number = BN_bin2bn (serial, sizeof serial, NULL);
    BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate));
    X509_NAME *subject = X509_get_subject_name (certificate);
    X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_UTF8, (const guint8 *)name, -1, -1, 0);
    X509_set_pubkey (certificate, entity->key);
    const Entity *by = issuer != NULL ? issuer : entity;
    X509_set_issuer_name (certificate, X509_get_subject_name (by->certificate));
    ASN1_TIME_set (X509_getm_notBefore (certificate), from != 0 ? from : NOW - 100 * DAY);
    ASN1_TIME_set (X509_getm_notAfter (certificate), until != 0 ? until : NOW + 100 * DAY);
    add_extensions (certificate, NULL, by->certificate, "subjectKeyIdentifier=hash\n");
    if (issuer != NULL)
        add_extensions (certificate, NULL, by->certificate, "authorityKeyIdentifier=keyid\n");
    if (extensions != NULL)
        add_extensions (certificate, NULL, by->certificate, extensions);
    g_assert_cmpint (X509_sign (certificate, by->key, EVP_sha256 ()), >, 0);
    /* Parsed again, as it comes from elsewhere: OpenSSL caches extensions while signing. */
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);
    X509_free (certificate);
    entity->certificate = tamga_ossl_certificate (der);
    return entity;
}

Entity *pki_issue (const Entity *issuer, const char *name, const char *extensions, gint64 from,
                   gint64 until)
{
    return pki_issue_key (issuer, name, EVP_EC_gen ("P-256"), extensions, from, until);
}

Entity *pki_cross (const Entity *issuer, const Entity *subject, const char *extensions)
{
    char name[256];
    X509_NAME_get_text_by_NID (X509_get_subject_name (subject->certificate), NID_commonName, name,
                               sizeof name);
    EVP_PKEY_up_ref (subject->key);
    return pki_issue_key (issuer, name, subject->key, extensions, 0, 0);
}

static void add_entry (X509_CRL *crl, const Entry *entry)
{
    X509_REVOKED *revoked = X509_REVOKED_new ();
    X509_REVOKED_set_serialNumber (revoked, X509_get_serialNumber (entry->certificate));
    g_autoptr (ASN1_TIME) time = ASN1_TIME_set (NULL, entry->time);
    X509_REVOKED_set_revocationDate (revoked, time);
    if (entry->reason >= 0) {
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new ();
        ASN1_ENUMERATED_set (reason, entry->reason);
        X509_REVOKED_add1_ext_i2d (revoked, NID_crl_reason, reason, 0, 0);
        ASN1_ENUMERATED_free (reason);
    }
    if (entry->invalidity != 0) {
        ASN1_GENERALIZEDTIME *date = ASN1_GENERALIZEDTIME_set (NULL, entry->invalidity);
        X509_REVOKED_add1_ext_i2d (revoked, NID_invalidity_date, date, 0, 0);
        ASN1_GENERALIZEDTIME_free (date);
    }
    if (entry->entry_issuer != NULL) {
        GENERAL_NAMES *names = GENERAL_NAMES_new ();
        GENERAL_NAME *name = GENERAL_NAME_new ();
        name->type = GEN_DIRNAME;
        name->d.directoryName = X509_NAME_dup (X509_get_subject_name (entry->entry_issuer));
        sk_GENERAL_NAME_push (names, name);
        X509_REVOKED_add1_ext_i2d (revoked, NID_certificate_issuer, names, 1, 0);
        GENERAL_NAMES_free (names);
    }
    X509_CRL_add0_revoked (crl, revoked);
}

GBytes *pki_crl (const List *list)
{
    g_autoptr (X509_CRL) crl = X509_CRL_new ();
    X509_CRL_set_version (crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name (crl, X509_get_subject_name (list->issuer->certificate));
    g_autoptr (ASN1_TIME) last = ASN1_TIME_set (NULL, list->this_update);
    X509_CRL_set1_lastUpdate (crl, last);
    if (list->next_update != 0) {
        g_autoptr (ASN1_TIME) next = ASN1_TIME_set (NULL, list->next_update);
        X509_CRL_set1_nextUpdate (crl, next);
    }
    for (gsize i = 0; i < list->n; i++)
        add_entry (crl, &list->entries[i]);
    add_extensions (NULL, crl, list->issuer->certificate, "authorityKeyIdentifier=keyid\n");
    const struct {
        int nid;
        long value;
    } numbers[] = {{NID_crl_number, list->number}, {NID_delta_crl, list->base}};
    for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
        if (numbers[i].value == 0)
            continue;
        g_autoptr (ASN1_INTEGER) number = ASN1_INTEGER_new ();
        ASN1_INTEGER_set (number, numbers[i].value);
        X509_CRL_add1_ext_i2d (crl, numbers[i].nid, number, numbers[i].nid == NID_delta_crl, 0);
    }
    if (list->idp != NULL) {
        g_autofree char *text =
            g_strconcat ("issuingDistributionPoint=critical,@idp\n[idp]\n", list->idp, "\n", NULL);
        add_extensions (NULL, crl, list->issuer->certificate, text);
    }
    if (list->extension != NULL)
        add_extensions (NULL, crl, list->issuer->certificate, list->extension);
    g_assert_cmpint (
        X509_CRL_sign (crl, list->issuer->key, list->digest ? list->digest : EVP_sha256 ()), >, 0);
    return tamga_ossl_der (i2d_X509_CRL, crl);
}

static void set_times (OCSP_BASICRESP *basic, const Answer *answer)
{
    g_autoptr (ASN1_TIME) revoked = ASN1_TIME_set (NULL, answer->revoked);
    g_autoptr (ASN1_TIME) from = ASN1_TIME_set (NULL, answer->this_update);
    g_autoptr (ASN1_TIME) until =
        answer->next_update == 0 ? NULL : ASN1_TIME_set (NULL, answer->next_update);
    g_autoptr (OCSP_CERTID) id =
        OCSP_cert_to_id (answer->id_digest != NULL ? answer->id_digest : EVP_sha256 (),
                         answer->certificate, answer->issuer->certificate);
    OCSP_basic_add1_status (basic, id, answer->status, answer->reason,
                            answer->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL, from,
                            until);
}

/* producedAt is the clock in OCSP_basic_sign; the tests have their own time, so the bytes of the
 * GeneralizedTime are set before what is to be signed is signed again. */
static void set_produced_and_sign (OCSP_BASICRESP *basic, const Answer *answer)
{
    const EVP_MD *digest = answer->digest != NULL ? answer->digest : EVP_sha256 ();
    g_assert_cmpint (OCSP_basic_sign (basic, answer->responder->certificate, answer->responder->key,
                                      digest, NULL,
                                      answer->without_certificates ? OCSP_NOCERTS : 0),
                     ==, 1);
    ASN1_GENERALIZEDTIME *produced = (ASN1_GENERALIZEDTIME *)OCSP_resp_get0_produced_at (basic);
    ASN1_GENERALIZEDTIME_set (produced, answer->produced);
    const OCSP_RESPDATA *data = OCSP_resp_get0_respdata (basic);
    ASN1_item_sign (ASN1_ITEM_rptr (OCSP_RESPDATA), (X509_ALGOR *)OCSP_resp_get0_tbs_sigalg (basic),
                    NULL, (ASN1_BIT_STRING *)OCSP_resp_get0_signature (basic), data,
                    answer->responder->key, digest);
}

GBytes *pki_ocsp (const Answer *answer)
{
    g_autoptr (OCSP_BASICRESP) basic = OCSP_BASICRESP_new ();
    set_times (basic, answer);
    if (answer->nonce_from != NULL)
        OCSP_copy_nonce (basic, answer->nonce_from);
    else if (answer->nonce != NULL) {
        gsize size;
        guint8 *value = (guint8 *)g_bytes_get_data (answer->nonce, &size);
        OCSP_basic_add1_nonce (basic, value, (int)size);
    }
    if (answer->critical) {
        g_autoptr (ASN1_OBJECT) object = OBJ_txt2obj ("2.999.666", 1);
        g_autoptr (ASN1_OCTET_STRING) value = ASN1_OCTET_STRING_new ();
        ASN1_OCTET_STRING_set (value, (const guint8 *)"\005\000", 2);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ (NULL, object, 1, value);
        OCSP_SINGLERESP_add_ext (OCSP_resp_get0 (basic, 0), extension, -1);
        X509_EXTENSION_free (extension);
    }
    set_produced_and_sign (basic, answer);
    if (answer->spoiled)
        ((ASN1_BIT_STRING *)OCSP_resp_get0_signature (basic))->data[20] ^= 1;
    g_autoptr (OCSP_RESPONSE) response =
        OCSP_response_create (OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    return tamga_ossl_der (i2d_OCSP_RESPONSE, response);
}

GBytes *pki_ocsp_error (int status)
{
    g_autoptr (OCSP_RESPONSE) response = OCSP_response_create (status, NULL);
    return tamga_ossl_der (i2d_OCSP_RESPONSE, response);
}
