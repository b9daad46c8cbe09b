/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signature value and the algorithms it claims. */
#include "formats/cms/value.h"

#include <openssl/err.h>
#include <string.h>

#include "formats/cms/der.h"
#include "formats/ossl.h"

X509_ALGOR *tamga_value_algor (GBytes *der)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (der, &length);
    X509_ALGOR *algor = d2i_X509_ALGOR (NULL, &data, (long)length);

    ERR_clear_error ();
    return algor;
}

void tamga_value_warn_digest (TamgaSignature *signature, const TamgaDigest *digest)
{
    if (digest->weak)
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "weak-digest", "TS 119 312 5",
                              "The digest algorithm %s is no longer safe.", digest->name);
}

/* CMS-algorithm-protection repeats the algorithms under the signature (RFC 6211). */
void tamga_value_check_protection (const TamgaAlgors *algors, GPtrArray *attributes,
                                   TamgaSignature *signature)
{
    GBytes *value = tamga_attributes_value (attributes, TAMGA_ATTRIBUTE_ALGORITHM_PROTECTION);
    TamgaDerElement whole, digest, algorithm;
    g_autoptr (GBytes) digest_der = NULL, algorithm_der = NULL;
    g_autoptr (X509_ALGOR) digest_algor = NULL, signature_algor = NULL;

    if (value == NULL)
        return;
    if (tamga_der_whole (value, TAMGA_DER_SEQUENCE, &whole) &&
        tamga_der_take (&whole.contents, TAMGA_DER_SEQUENCE, &digest) &&
        tamga_der_take (&whole.contents, TAMGA_DER_CONTEXT_CONSTRUCTED | 1, &algorithm) &&
        tamga_der_at_end (&whole.contents)) {
        digest_der = tamga_der_raw (&digest);
        algorithm_der =
            tamga_der_tlv (TAMGA_DER_SEQUENCE, algorithm.contents.data, algorithm.contents.left);
        digest_algor = tamga_value_algor (digest_der);
        signature_algor = tamga_value_algor (algorithm_der);
    }
    if (digest_algor == NULL || signature_algor == NULL ||
        OBJ_cmp (digest_algor->algorithm, algors->digest->algorithm) != 0 ||
        X509_ALGOR_cmp (signature_algor, algors->signature) != 0)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The attribute CMS-algorithm-protection names other algorithms than "
                              "those used (RFC 6211 2).");
}

/* The digest that a signature algorithm itself names; NULL where it names none or one unknown. */
static const TamgaDigest *implied_digest (const X509_ALGOR *algor)
{
    int type, md = NID_undef, key = NID_undef;
    const void *value;
    const TamgaDigest *digest = NULL;

    X509_ALGOR_get0 (NULL, &type, &value, algor);
    if (OBJ_obj2nid (algor->algorithm) == NID_rsassaPss && type == V_ASN1_SEQUENCE) {
        const ASN1_STRING *sequence = value;
        const unsigned char *data = ASN1_STRING_get0_data (sequence);
        RSA_PSS_PARAMS *parameters =
            d2i_RSA_PSS_PARAMS (NULL, &data, ASN1_STRING_length (sequence));
        if (parameters != NULL)
            digest = parameters->hashAlgorithm != NULL
                         ? tamga_digest_by_algor (parameters->hashAlgorithm)
                         : tamga_digest_by_name ("SHA-1");
        RSA_PSS_PARAMS_free (parameters);
    } else if (OBJ_find_sigid_algs (OBJ_obj2nid (algor->algorithm), &md, &key) == 1 &&
               md != NID_undef) {
        g_autofree char *oid = tamga_ossl_oid (OBJ_nid2obj (md));
        digest = tamga_digest_by_oid (oid);
    }
    ERR_clear_error ();
    return digest;
}

void tamga_value_find_algorithm (const TamgaAlgors *algors, TamgaSignature *signature)
{
    const TamgaDigest *implied;
    g_autoptr (GError) local = NULL;
    g_autofree char *oid = NULL, *digest_oid = NULL;

    signature->algorithm = tamga_algorithm_from_cms (algors->signature, algors->digest, &local);
    if (signature->algorithm != NULL) {
        signature->algorithm_text = g_strdup (signature->algorithm->name);
        return;
    }
    oid = tamga_ossl_oid (algors->signature->algorithm);
    digest_oid = tamga_ossl_oid (algors->digest->algorithm);
    signature->algorithm_text = g_strdup_printf ("%s with digest %s", oid, digest_oid);
    implied = implied_digest (algors->signature);
    if (implied != NULL && implied != signature->message_digest)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The digest algorithm is not the one of the signature algorithm "
                              "(RFC 5652 5.3, RFC 5754 3). %s",
                              local->message);
    else
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE, "%s", local->message);
}

/* Bits of security below which a key is no longer safe, and below which it proves nothing: RSA of
 * 2048 and of 1024 bits. */
#define SAFE_STRENGTH 112
#define LEAST_STRENGTH 80

static void warn_weak_key (TamgaSignature *signature, EVP_PKEY *key)
{
    const char *kind = tamga_key_kind (key);
    guint strength = tamga_key_reliance (key, signature->algorithm->scheme).strength;

    if (kind != NULL && strength < SAFE_STRENGTH)
        tamga_signature_find (
            signature, strength < LEAST_STRENGTH ? TAMGA_SEVERITY_FATAL : TAMGA_SEVERITY_WARNING,
            "weak-key", "TS 119 312 6", "The signer's %s key has only %d bits.", kind,
            EVP_PKEY_get_bits (key));
}

/* RFC 5652 5.4 demands DER order of signed attributes, which not every writer sends. */
static TamgaVerify verify (const TamgaSignature *signature, const X509_ALGOR *algor, EVP_PKEY *key,
                           GBytes *bytes)
{
    if (algor == NULL)
        return tamga_algorithm_verify (key, signature->algorithm, bytes,
                                       signature->signature_value);
    return tamga_algorithm_verify_cms (key, signature->algorithm, algor, bytes,
                                       signature->signature_value);
}

void tamga_value_fail_key (TamgaSignature *signature)
{
    g_autofree char *oid = tamga_ossl_key_oid (signature->certificate);

    tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                          "The key in the signer's certificate is of a kind not known here, or not "
                          "with these parameters: %s.",
                          oid);
}

void tamga_value_check_bytes (TamgaSignature *signature, const X509_ALGOR *algor, GBytes *bytes,
                              GBytes *otherwise)
{
    EVP_PKEY *key;
    gboolean other_kind;
    TamgaVerify result = TAMGA_VERIFY_BAD;

    if (signature->algorithm == NULL || signature->certificate == NULL)
        return;
    key = X509_get0_pubkey (signature->certificate);
    ERR_clear_error ();
    if (key == NULL) {
        tamga_value_fail_key (signature);
        return;
    }
    other_kind = !tamga_algorithm_fits (signature->algorithm, key);
    if (!other_kind)
        warn_weak_key (signature, key);
    if (!other_kind)
        result = verify (signature, algor, key, bytes);
    if (!other_kind && result == TAMGA_VERIFY_BAD && otherwise != NULL)
        result = verify (signature, algor, key, otherwise);
    switch (result) {
    case TAMGA_VERIFY_GOOD:
        break;
    case TAMGA_VERIFY_BAD:
        tamga_signature_fail (signature, TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE,
                              "The signature value does not verify with the key of the signer's "
                              "certificate%s.",
                              other_kind ? ": the key is of another kind" : "");
        break;
    case TAMGA_VERIFY_IMPOSSIBLE:
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "The signature value cannot be verified with this key here.");
        break;
    }
}

void tamga_value_check (const TamgaAlgors *algors, const TamgaSignerInfo *info,
                        TamgaSignature *signature)
{
    tamga_value_check_bytes (signature, algors->signature, info->signed_attrs, info->signed_sorted);
}
