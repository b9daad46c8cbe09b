/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real and made objects for the tests of the provider. */
#include "tests/unit/national/provider.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CMS_ContentInfo, CMS_ContentInfo_free)

const char *const kinds[] = {
    "KZ-GOST-2015-512", "KZ-GOST-2015-256", "KZ-GOST-2004", "DSTU-4145", "DSTU-4145-BE", NULL,
};

gboolean real_objects (void)
{
    g_autoptr (GBytes) one = shared_file (KZ_CA);
    return one != NULL; /* shared_file has told the test to be skipped */
}

X509 *real_certificate (const char *path)
{
    g_autoptr (GBytes) der = shared_file (path);
    X509 *certificate = tamga_ossl_certificate (der);
    g_assert_nonnull (certificate);
    return certificate;
}

X509_CRL *real_crl (const char *path)
{
    g_autoptr (GBytes) der = shared_file (path);
    const unsigned char *p = g_bytes_get_data (der, NULL);
    X509_CRL *crl = d2i_X509_CRL (NULL, &p, (long)g_bytes_get_size (der));
    g_assert_nonnull (crl);
    return crl;
}

GBytes *real_token (const char *path)
{
    g_autoptr (GBytes) der = shared_file (path);
    const unsigned char *p = g_bytes_get_data (der, NULL);
    g_autoptr (CMS_ContentInfo) cms = d2i_CMS_ContentInfo (NULL, &p, (long)g_bytes_get_size (der));
    g_assert_nonnull (cms);
    CMS_SignerInfo *signer = sk_CMS_SignerInfo_value (CMS_get0_SignerInfos (cms), 0);
    const ASN1_STRING *token = CMS_unsigned_get0_data_by_OBJ (
        signer, OBJ_nid2obj (NID_id_smime_aa_timeStampToken), -3, V_ASN1_SEQUENCE);
    return token ? g_bytes_new (token->data, (gsize)token->length) : g_steal_pointer (&der);
}

EVP_PKEY *make_key (const char *kind, const char *group)
{
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, kind, NULL);
    EVP_PKEY *key = NULL;
    g_assert_nonnull (context);
    g_assert_cmpint (EVP_PKEY_keygen_init (context), ==, 1);
    if (group)
        g_assert_cmpint (EVP_PKEY_CTX_set_group_name (context, group), ==, 1);
    g_assert_cmpint (EVP_PKEY_generate (context, &key), ==, 1);
    return key;
}

X509 *make_certificate (EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const EVP_MD *md)
{
    static int serial;
    X509 *certificate = X509_new ();
    g_autofree char *name = g_strdup_printf ("Holder %d", ++serial);
    X509_set_version (certificate, X509_VERSION_3);
    ASN1_INTEGER_set (X509_get_serialNumber (certificate), serial);
    X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), "CN", MBSTRING_UTF8,
                                (unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name (certificate, X509_get_subject_name (issuer ? issuer : certificate));
    X509_gmtime_adj (X509_getm_notBefore (certificate), -3600);
    X509_gmtime_adj (X509_getm_notAfter (certificate), 86400);
    g_assert_cmpint (X509_set_pubkey (certificate, key), ==, 1);
    X509_EXTENSION *constraints = X509V3_EXT_conf_nid (
        NULL, NULL, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    X509_add_ext (certificate, constraints, -1);
    X509_EXTENSION_free (constraints);
    g_assert_cmpint (X509_sign (certificate, issuer_key, md), >, 0);
    return certificate;
}

X509_CRL *make_crl (X509 *issuer, EVP_PKEY *key)
{
    X509_CRL *crl = X509_CRL_new ();
    g_autoptr (ASN1_TIME) now = X509_gmtime_adj (NULL, -60);
    g_autoptr (ASN1_TIME) next = X509_gmtime_adj (NULL, 3600);
    X509_CRL_set_version (crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name (crl, X509_get_subject_name (issuer));
    X509_CRL_set1_lastUpdate (crl, now);
    X509_CRL_set1_nextUpdate (crl, next);
    g_assert_cmpint (X509_CRL_sign (crl, key, NULL), >, 0);
    return crl;
}

GBytes *make_ocsp (X509 *certificate, X509 *issuer, EVP_PKEY *key)
{
    g_autoptr (OCSP_BASICRESP) basic = OCSP_BASICRESP_new ();
    g_autoptr (OCSP_CERTID) id = OCSP_cert_to_id (EVP_sha256 (), certificate, issuer);
    g_autoptr (ASN1_TIME) now = X509_gmtime_adj (NULL, -60);
    g_autoptr (ASN1_TIME) next = X509_gmtime_adj (NULL, 3600);
    OCSP_basic_add1_status (basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, now, next);
    g_assert_cmpint (OCSP_basic_sign (basic, issuer, key, NULL, NULL, OCSP_NOCERTS), ==, 1);
    g_autoptr (OCSP_RESPONSE) response =
        OCSP_response_create (OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    return tamga_ossl_der (i2d_OCSP_RESPONSE, response);
}

/* Ukrainian roots have critical qcStatements, which OpenSSL does not know; nothing else passes. */
static int allow_statements (int good, X509_STORE_CTX *context)
{
    int code = X509_STORE_CTX_get_error (context);
    X509 *certificate = X509_STORE_CTX_get_current_cert (context);
    if (good || code != X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION)
        return good;
    for (int i = 0; i < X509_get_ext_count (certificate); i++) {
        X509_EXTENSION *extension = X509_get_ext (certificate, i);
        if (X509_EXTENSION_get_critical (extension) && !X509_supported_extension (extension) &&
            OBJ_obj2nid (X509_EXTENSION_get_object (extension)) != NID_qcStatements)
            return 0;
    }
    X509_STORE_CTX_set_error (context, X509_V_OK);
    return 1;
}

X509_STORE *make_store (X509 *trusted, gint64 time)
{
    X509_STORE *store = X509_STORE_new ();
    X509_STORE_add_cert (store, trusted);
    X509_STORE_set_flags (store, X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_set_verify_cb (store, allow_statements);
    if (time != 0)
        X509_VERIFY_PARAM_set_time (X509_STORE_get0_param (store), (time_t)time);
    return store;
}
