/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Core validation of XMLDSig (3.2): references, algorithm, signature value. */
#include <openssl/err.h>
#include <string.h>

#include "formats/cms/value.h"
#include "formats/limits.h"
#include "formats/ossl.h"
#include "formats/xml/signer.h"

#define RSA_PSS "http://www.w3.org/2007/05/xmldsig-more#rsa-pss"
#define NS_PSS "http://www.w3.org/2007/05/xmldsig-more#"

/* ---- Parts ---- */

/* The only child of that name; FORMAT_FAILURE where there are several, or none of one needed. */
static const xmlNode *only (TamgaXmlSigner *signer, const xmlNode *parent, const char *name,
                            gboolean needed)
{
    g_autoptr (GPtrArray) list = tamga_xml_children (parent, TAMGA_NS_DSIG, name);

    if (list->len > 1 || (needed && list->len == 0))
        tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The signature has %s %s (XMLDSig 4).",
                              list->len > 1 ? "more than one" : "no", name);
    return list->len == 1 ? list->pdata[0] : NULL;
}

gboolean tamga_xml_signer_open (TamgaXmlSigner *signer)
{
    signer->info = only (signer, signer->element, "SignedInfo", TRUE);
    signer->value = only (signer, signer->element, "SignatureValue", TRUE);
    signer->key_info = only (signer, signer->element, "KeyInfo", FALSE);
    return signer->info != NULL && signer->value != NULL;
}

/* ---- References ---- */

static gboolean add_references (TamgaXmlSigner *signer, const xmlNode *parent, GPtrArray *list,
                                GError **error)
{
    g_autoptr (GPtrArray) elements = tamga_xml_children (parent, TAMGA_NS_DSIG, "Reference");

    if (list->len + elements->len > TAMGA_MAX_REFERENCES) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s has more than %u references.", signer->signature->id,
                     TAMGA_MAX_REFERENCES);
        return FALSE;
    }
    for (guint i = 0; i < elements->len; i++) {
        TamgaXmlSigned *one =
            tamga_xml_signed_read (signer->xml, elements->pdata[i], signer->resolver, error);
        if (one == NULL)
            return FALSE;
        g_ptr_array_add (list, one);
    }
    return TRUE;
}

/* Of several failures the one that says most about the document. */
static void report_worst (TamgaXmlSigner *signer, GPtrArray *list)
{
    static const TamgaIntegrity order[] = {
        TAMGA_INTEGRITY_HASH_FAILURE,
        TAMGA_INTEGRITY_FORMAT_FAILURE,
        TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND,
        TAMGA_INTEGRITY_NOT_VERIFIABLE,
    };

    for (gsize i = 0; i < G_N_ELEMENTS (order); i++) {
        for (guint j = 0; j < list->len; j++) {
            const TamgaXmlSigned *one = list->pdata[j];
            if (one->integrity == order[i])
                tamga_signature_fail (signer->signature, one->integrity, "%s", one->text);
        }
    }
}

/* Signers that envelope without leaving other signatures out break those that are there already:
 * whoever asks why should not suspect the content (XMLDSig 6.6.4). */
static gboolean note_later_signatures (TamgaXmlSigner *signer, GError **error)
{
    const TamgaNodeSet set = {.signatures = TAMGA_SIGNATURES_OUT, .without_comments = TRUE};

    for (guint i = 0; i < signer->references->len; i++) {
        const TamgaXmlSigned *one = signer->references->pdata[i];
        g_autoptr (GBytes) value = NULL;
        g_autoptr (GError) local = NULL;
        if (one->integrity != TAMGA_INTEGRITY_HASH_FAILURE || !one->whole || one->carrier == NULL)
            continue;
        value = tamga_c14n_set_digest (signer->xml, &set, tamga_c14n_by_name ("c14n"), NULL,
                                       one->digest, &local);
        if (g_error_matches (local, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
        if (value != NULL && g_bytes_equal (value, one->claimed))
            tamga_signature_find (signer->signature, TAMGA_SEVERITY_INFO, "xml-signed-before",
                                  "XMLDSig 6.6.4",
                                  "The content without any signature is what was signed: the "
                                  "signature was broken by another one that was added later.");
        break;
    }
    return TRUE;
}

static void warn_digests (TamgaXmlSigner *signer, GPtrArray *list, GHashTable *seen)
{
    for (guint i = 0; i < list->len; i++) {
        const TamgaXmlSigned *one = list->pdata[i];
        if (one->digest != NULL && g_hash_table_add (seen, (gpointer)one->digest))
            tamga_value_warn_digest (signer->signature, one->digest);
    }
}

/* Manifests are validated one level deep: XMLDSig 5.1 leaves it to us, threats b does not. */
static gboolean read_manifests (TamgaXmlSigner *signer, GError **error)
{
    for (guint i = 0; i < signer->references->len; i++) {
        const TamgaXmlSigned *one = signer->references->pdata[i];
        gboolean typed = g_strcmp0 (one->type, TAMGA_NS_DSIG "Manifest") == 0;
        if (!tamga_xml_is (one->node, TAMGA_NS_DSIG, "Manifest")) {
            if (typed && one->integrity == TAMGA_INTEGRITY_INTACT)
                tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                                      "A reference of the type Manifest leads to something else "
                                      "(XMLDSig 5.1).");
            continue;
        }
        if (one->plain && !add_references (signer, one->node, signer->entries, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tamga_xml_signer_references (TamgaXmlSigner *signer, GError **error)
{
    g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

    if (!add_references (signer, signer->info, signer->references, error) ||
        !read_manifests (signer, error))
        return FALSE;
    if (signer->references->len == 0)
        tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The signature has no reference (XMLDSig 4.4).");
    if (!note_later_signatures (signer, error))
        return FALSE;
    report_worst (signer, signer->references);
    report_worst (signer, signer->entries);
    warn_digests (signer, signer->references, seen);
    warn_digests (signer, signer->entries, seen);
    return TRUE;
}

/* ---- SignatureMethod ---- */

static const TamgaDigest *digest_of (const xmlNode *parent, const TamgaDigest *without)
{
    const xmlNode *method = tamga_xml_child (parent, TAMGA_NS_DSIG, "DigestMethod");
    g_autofree char *uri = method != NULL ? tamga_xml_attribute (method, "Algorithm") : NULL;

    if (method == NULL)
        return without;
    return uri != NULL ? tamga_digest_by_uri (uri) : NULL;
}

/* RSAPSSParams (RFC 9231 2.3.9): digests must agree, and the salt be as long as the digest, which
 * is what signers write. */
static const TamgaAlgorithm *find_pss (const xmlNode *method)
{
    const xmlNode *parameters = tamga_xml_child (method, NS_PSS, "RSAPSSParams");
    const TamgaDigest *digest = digest_of (parameters, tamga_digest_by_name ("SHA-256"));
    const xmlNode *mask = tamga_xml_child (parameters, NS_PSS, "MaskGenerationFunction");
    g_autofree char *salt = tamga_xml_text (tamga_xml_child (parameters, NS_PSS, "SaltLength"));
    g_autofree char *trailer =
        tamga_xml_text (tamga_xml_child (parameters, NS_PSS, "TrailerField"));
    g_autofree char *name = NULL, *size = NULL;

    if (digest == NULL || digest_of (mask, digest) != digest)
        return NULL;
    size = g_strdup_printf ("%" G_GSIZE_FORMAT, digest->size);
    if ((salt != NULL && strcmp (salt, size) != 0) ||
        (trailer != NULL && strcmp (trailer, "1") != 0))
        return NULL;
    name = g_strconcat ("RSA-PSS-", digest->name, NULL);
    return tamga_algorithm_by_name (name);
}

void tamga_xml_signer_algorithm (TamgaXmlSigner *signer)
{
    TamgaSignature *signature = signer->signature;
    const xmlNode *method = only (signer, signer->info, "SignatureMethod", TRUE);
    g_autofree char *uri = method != NULL ? tamga_xml_attribute (method, "Algorithm") : NULL;
    g_autofree char *visible = uri != NULL ? tamga_text_visible (uri) : NULL;

    if (uri == NULL) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The signature names no algorithm (XMLDSig 4.4.2).");
        return;
    }
    signature->algorithm =
        strcmp (uri, RSA_PSS) == 0 ? find_pss (method) : tamga_algorithm_by_uri (uri);
    if (signature->algorithm != NULL) {
        signature->algorithm_text = g_strdup (signature->algorithm->name);
        tamga_value_warn_digest (signature, tamga_algorithm_digest (signature->algorithm));
        return;
    }
    signature->algorithm_text = g_steal_pointer (&visible);
    /* A shared secret in place of a key pair: whoever can verify could have signed (threats b). */
    if (strstr (uri, "#hmac-") != NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "%s is no signature: it authenticates with a shared secret.",
                              signature->algorithm_text);
    else
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "The signature algorithm %s is not known here, or not with these "
                              "parameters.",
                              signature->algorithm_text);
}

/* ---- SignatureValue ---- */

static void read_value (TamgaXmlSigner *signer)
{
    TamgaSignature *signature = signer->signature;
    g_autoptr (GBytes) raw = tamga_xml_base64 (signer->value);
    g_autoptr (GError) local = NULL;

    if (raw == NULL) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "SignatureValue is not base64 (XMLDSig 4.3).");
        return;
    }
    if (signature->algorithm != NULL)
        signature->signature_value = tamga_algorithm_raw_to_der (signature->algorithm, raw, &local);
    else
        signature->signature_value = g_bytes_ref (raw);
    if (signature->signature_value == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE, "%s", local->message);
}

/* What the key signed; NULL without error where there is no such form. */
static GBytes *canonical_info (TamgaXmlSigner *signer, GError **error)
{
    const xmlNode *method = only (signer, signer->info, "CanonicalizationMethod", TRUE);
    const TamgaNodeSet set = {.apex = signer->info};
    g_autofree char *prefixes = NULL;
    g_autoptr (GError) local = NULL;
    const TamgaC14n *c14n;
    GBytes *octets = NULL;

    if (method == NULL)
        return NULL;
    c14n = tamga_c14n_of_element (method, &prefixes, &local);
    if (c14n != NULL)
        octets = tamga_c14n_set_bytes (signer->xml, &set, c14n, prefixes, &local);
    if (octets != NULL)
        return octets;
    if (g_error_matches (local, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return NULL;
    }
    tamga_signature_fail (signer->signature,
                          c14n == NULL ? TAMGA_INTEGRITY_NOT_VERIFIABLE
                                       : TAMGA_INTEGRITY_FORMAT_FAILURE,
                          "%s", local->message);
    return NULL;
}

gboolean tamga_xml_signer_verify (TamgaXmlSigner *signer, GError **error)
{
    g_autoptr (GBytes) octets = NULL;
    g_autoptr (GError) local = NULL;

    read_value (signer);
    octets = canonical_info (signer, &local);
    if (local != NULL) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    tamga_xml_signer_choose (signer, octets);
    if (octets != NULL && signer->signature->signature_value != NULL)
        tamga_value_check_bytes (signer->signature, NULL, octets, NULL);
    return TRUE;
}
