/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects of a token: finding them, reading their attributes. */
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

#include "client/keys/keys.h"
#include "client/keys/pkcs11_error.h"
#include "client/keys/pkcs11_module.h"
#include "formats/limits.h"
#include "formats/ossl.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_PUBKEY, X509_PUBKEY_free)

#define FIND_STEP 64

/* C_GetAttributeValue of one attribute. Modules have many ways to say that an object lacks it; what
 * they say when the token is in trouble is kept for the end of the listing. */
static CK_RV get_attribute (TamgaPkcs11 *module, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attribute)
{
    CK_RV rv = TAMGA_P11 (module, C_GetAttributeValue, module->session, object, attribute, 1);
    if (module->lost == CKR_OK && (tamga_pkcs11_is_removed (rv) || rv == CKR_DEVICE_ERROR ||
                                   rv == CKR_HOST_MEMORY || rv == CKR_CRYPTOKI_NOT_INITIALIZED))
        module->lost = rv;
    return rv;
}

GBytes *tamga_pkcs11_attribute (TamgaPkcs11 *module, CK_OBJECT_HANDLE object,
                                CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE attribute = {.type = type};

    CK_RV rv = get_attribute (module, object, &attribute);
    if (rv != CKR_OK || attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION ||
        attribute.ulValueLen > TAMGA_MAX_CERTIFICATE_SIZE)
        return g_bytes_new (NULL, 0);
    gsize size = attribute.ulValueLen;
    g_autofree guint8 *value = g_malloc0 (size + 1);
    attribute.pValue = value;
    rv = get_attribute (module, object, &attribute);
    if (rv != CKR_OK || attribute.ulValueLen > size)
        return g_bytes_new (NULL, 0);
    return g_bytes_new_take (g_steal_pointer (&value), attribute.ulValueLen);
}

gboolean tamga_pkcs11_flag (TamgaPkcs11 *module, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                            gboolean otherwise)
{
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE attribute = {.type = type, .pValue = &value, .ulValueLen = sizeof value};

    CK_RV rv = get_attribute (module, object, &attribute);
    return rv == CKR_OK && attribute.ulValueLen == sizeof value ? value != CK_FALSE : otherwise;
}

GArray *tamga_pkcs11_find (TamgaPkcs11 *module, CK_OBJECT_CLASS class, GError **error)
{
    CK_ATTRIBUTE template = {.type = CKA_CLASS, .pValue = &class, .ulValueLen = sizeof class};
    g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (CK_OBJECT_HANDLE));
    CK_OBJECT_HANDLE handles[FIND_STEP];
    CK_ULONG n = 0;

    CK_RV rv = TAMGA_P11 (module, C_FindObjectsInit, module->session, &template, 1);
    if (rv != CKR_OK) {
        tamga_pkcs11_failed (module, "C_FindObjectsInit", rv, error);
        return NULL;
    }
    do {
        n = 0;
        rv = TAMGA_P11 (module, C_FindObjects, module->session, handles, FIND_STEP, &n);
        if (rv == CKR_OK)
            g_array_append_vals (found, handles, (guint)MIN (n, FIND_STEP));
    } while (rv == CKR_OK && n > 0 && found->len < TAMGA_MAX_CERTIFICATES);
    CK_RV final = TAMGA_P11 (module, C_FindObjectsFinal, module->session);
    if (rv != CKR_OK || final != CKR_OK) {
        tamga_pkcs11_failed (module, rv != CKR_OK ? "C_FindObjects" : "C_FindObjectsFinal",
                             rv != CKR_OK ? rv : final, error);
        return NULL;
    }
    return g_steal_pointer (&found);
}

static EVP_PKEY *rsa_key (GBytes *modulus, GBytes *exponent)
{
    g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
    g_autoptr (BIGNUM) n =
        BN_bin2bn (g_bytes_get_data (modulus, NULL), (int)g_bytes_get_size (modulus), NULL);
    g_autoptr (BIGNUM) e =
        BN_bin2bn (g_bytes_get_data (exponent, NULL), (int)g_bytes_get_size (exponent), NULL);
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (n == NULL || e == NULL || BN_is_zero (n) || BN_is_zero (e) ||
        !OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, n) ||
        !OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_E, e))
        return NULL;
    g_autoptr (OSSL_PARAM) parameters = OSSL_PARAM_BLD_to_param (builder);
    if (EVP_PKEY_fromdata_init (context) <= 0 ||
        EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
        return NULL;
    return key;
}

/* `parameters`: DER of the curve's OID; `point`: DER OCTET STRING around the point (PKCS#11 v2.40
 * 2.3.3), which some modules leave out. */
static EVP_PKEY *ec_key (GBytes *parameters, GBytes *point)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (parameters, &size);
    g_autoptr (ASN1_OBJECT) curve = d2i_ASN1_OBJECT (NULL, &data, (long)size);
    if (curve == NULL)
        return NULL;
    data = g_bytes_get_data (point, &size);
    g_autoptr (ASN1_OCTET_STRING) wrapped = size > 2 && data[0] == V_ASN1_OCTET_STRING
                                                ? d2i_ASN1_OCTET_STRING (NULL, &data, (long)size)
                                                : NULL;
    if (wrapped != NULL) {
        data = ASN1_STRING_get0_data (wrapped);
        size = (gsize)ASN1_STRING_length (wrapped);
    } else {
        data = g_bytes_get_data (point, &size);
    }
    g_autoptr (X509_PUBKEY) public = X509_PUBKEY_new ();
    guint8 *copy = OPENSSL_memdup (data, size);
    if (!X509_PUBKEY_set0_param (public, OBJ_nid2obj (NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                                 curve, copy, (int)size)) {
        OPENSSL_free (copy);
        return NULL;
    }
    g_steal_pointer (&curve); /* the public key's now */
    /* X509_PUBKEY_get would not look at what was set; only parsing makes the key */
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509_PUBKEY, public);
    data = g_bytes_get_data (der, &size);
    return d2i_PUBKEY (NULL, &data, (long)size);
}

EVP_PKEY *tamga_pkcs11_public_key (TamgaPkcs11 *module, CK_OBJECT_HANDLE object)
{
    g_autoptr (GBytes) info = tamga_pkcs11_attribute (module, object, CKA_PUBLIC_KEY_INFO);
    EVP_PKEY *key = NULL;

    if (g_bytes_get_size (info) > 0) {
        const guint8 *data = g_bytes_get_data (info, NULL);
        key = d2i_PUBKEY (NULL, &data, (long)g_bytes_get_size (info));
    }
    if (key == NULL) {
        g_autoptr (GBytes) modulus = tamga_pkcs11_attribute (module, object, CKA_MODULUS);
        g_autoptr (GBytes) exponent = tamga_pkcs11_attribute (module, object, CKA_PUBLIC_EXPONENT);
        if (g_bytes_get_size (modulus) > 0 && g_bytes_get_size (exponent) > 0)
            key = rsa_key (modulus, exponent);
    }
    if (key == NULL) {
        g_autoptr (GBytes) curve = tamga_pkcs11_attribute (module, object, CKA_EC_PARAMS);
        g_autoptr (GBytes) point = tamga_pkcs11_attribute (module, object, CKA_EC_POINT);
        if (g_bytes_get_size (curve) > 0 && g_bytes_get_size (point) > 0)
            key = ec_key (curve, point);
    }
    ERR_clear_error ();
    return key;
}
