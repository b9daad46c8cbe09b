/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which certificate signed. */
#include "formats/cms/binding.h"

#include <string.h>

#include "formats/cms/der.h"
#include "formats/cms/evidence.h"
#include "formats/ossl.h"

/* ESSCertID or ESSCertIDv2: the first of the attribute is the signer's. */
typedef struct {
    const TamgaDigest *digest; /* NULL: unknown algorithm */
    GBytes *hash;
    GBytes *issuer; /* Name; NULL without issuerSerial */
    GBytes *serial; /* INTEGER */
} CertId;

static void cert_id_clear (CertId *id)
{
    g_clear_pointer (&id->hash, g_bytes_unref);
    g_clear_pointer (&id->issuer, g_bytes_unref);
    g_clear_pointer (&id->serial, g_bytes_unref);
}

static const TamgaDigest *read_digest (const TamgaDerElement *algor)
{
    TamgaDer fields = algor->contents;
    TamgaDerElement oid;
    g_autofree char *text = NULL;

    if (!tamga_der_take (&fields, TAMGA_DER_OID, &oid))
        return NULL;
    text = tamga_der_oid_text (&oid);
    return text != NULL ? tamga_digest_by_oid (text) : NULL;
}

/* IssuerSerial: GeneralNames with one directoryName, and the serial number. */
static gboolean read_issuer_serial (TamgaDer fields, CertId *id)
{
    TamgaDerElement names, name, directory, serial;

    if (!tamga_der_take (&fields, TAMGA_DER_SEQUENCE, &names) ||
        !tamga_der_take (&names.contents, TAMGA_DER_CONTEXT_CONSTRUCTED | 4, &name) ||
        !tamga_der_at_end (&names.contents) ||
        !tamga_der_take (&name.contents, TAMGA_DER_SEQUENCE, &directory) ||
        !tamga_der_take (&fields, TAMGA_DER_INTEGER, &serial))
        return FALSE;
    id->issuer = tamga_der_raw (&directory);
    id->serial = tamga_der_raw (&serial);
    return TRUE;
}

static gboolean read_cert_id (GBytes *value, gboolean v2, CertId *id)
{
    TamgaDerElement attribute, list, first, algor, hash, issuer_serial;

    if (!tamga_der_whole (value, TAMGA_DER_SEQUENCE, &attribute) ||
        !tamga_der_take (&attribute.contents, TAMGA_DER_SEQUENCE, &list) ||
        !tamga_der_take (&list.contents, TAMGA_DER_SEQUENCE, &first))
        return FALSE;
    id->digest = tamga_digest_by_name (v2 ? "SHA-256" : "SHA-1"); /* RFC 5035 4: the default */
    if (v2 && tamga_der_take (&first.contents, TAMGA_DER_SEQUENCE, &algor))
        id->digest = read_digest (&algor);
    if (!tamga_der_take (&first.contents, TAMGA_DER_OCTET_STRING, &hash))
        return FALSE;
    id->hash = tamga_der_octets (&hash);
    if (tamga_der_take (&first.contents, TAMGA_DER_SEQUENCE, &issuer_serial) &&
        !read_issuer_serial (issuer_serial.contents, id))
        return FALSE;
    return tamga_der_at_end (&first.contents);
}

static gboolean names_issuer (X509 *certificate, GBytes *issuer, GBytes *serial)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (issuer, &length);
    g_autoptr (X509_NAME) name = d2i_X509_NAME (NULL, &data, (long)length);
    g_autoptr (ASN1_INTEGER) number = NULL;

    data = g_bytes_get_data (serial, &length);
    number = d2i_ASN1_INTEGER (NULL, &data, (long)length);
    return name != NULL && number != NULL &&
           X509_NAME_cmp (name, X509_get_issuer_name (certificate)) == 0 &&
           ASN1_INTEGER_cmp (number, X509_get0_serialNumber (certificate)) == 0;
}

gboolean tamga_binding_issuer_serial (GBytes *der, X509 *certificate)
{
    TamgaDerElement whole;
    CertId id = {0};
    gboolean same = tamga_der_whole (der, TAMGA_DER_SEQUENCE, &whole) &&
                    read_issuer_serial (whole.contents, &id) &&
                    names_issuer (certificate, id.issuer, id.serial);

    cert_id_clear (&id);
    return same;
}

static gboolean is_sid (const TamgaSignerInfo *info, X509 *certificate)
{
    const ASN1_OCTET_STRING *key_id;
    gsize length;
    const void *data;

    if (info->key_id == NULL)
        return names_issuer (certificate, info->issuer, info->serial);
    key_id = X509_get0_subject_key_id (certificate);
    data = g_bytes_get_data (info->key_id, &length);
    return key_id != NULL && (gsize)ASN1_STRING_length (key_id) == length &&
           memcmp (ASN1_STRING_get0_data (key_id), data, length) == 0;
}

static gboolean is_hashed (const CertId *id, const TamgaFoundCertificate *found)
{
    g_autoptr (GBytes) hash = NULL;

    if (id->digest == NULL)
        return FALSE;
    hash = tamga_digest_bytes (id->digest, found->der);
    return hash != NULL && g_bytes_equal (hash, id->hash);
}

static const TamgaFoundCertificate *find_hashed (const CertId *id, GPtrArray *found)
{
    for (guint i = 0; i < found->len; i++) {
        if (is_hashed (id, found->pdata[i]))
            return found->pdata[i];
    }
    return NULL;
}

static const TamgaFoundCertificate *find_sid (const TamgaSignerInfo *info, GPtrArray *found,
                                              guint *count)
{
    const TamgaFoundCertificate *first = NULL;

    for (guint i = 0; i < found->len; i++) {
        const TamgaFoundCertificate *one = found->pdata[i];
        if (!is_sid (info, one->certificate))
            continue;
        first = first != NULL ? first : one;
        (*count)++;
    }
    return first;
}

/* One signing-certificate attribute against the certificate that was chosen. */
static void check_id (const CertId *id, const TamgaFoundCertificate *chosen, const char *name,
                      TamgaSignature *signature)
{
    if (id->digest == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "The attribute %s names the certificate by a hash that is not known "
                              "here (RFC 5035 4).",
                              name);
    if (id->digest != NULL && !is_hashed (id, chosen)) {
        signature->binding = TAMGA_BINDING_MISMATCH;
        tamga_signature_find (signature, TAMGA_SEVERITY_FATAL, "cms-signing-certificate-mismatch",
                              "EN 319 122-1 5.2.2; RFC 5035 4",
                              "The attribute %s names another certificate than the one in the "
                              "signature.",
                              name);
    } else if (id->issuer != NULL && !names_issuer (chosen->certificate, id->issuer, id->serial)) {
        signature->binding = TAMGA_BINDING_MISMATCH;
        tamga_signature_find (signature, TAMGA_SEVERITY_FATAL, "cms-issuer-serial-mismatch",
                              "EN 319 122-1 5.2.2; RFC 5035 5",
                              "The issuer and serial number in the attribute %s are not those of "
                              "the certificate.",
                              name);
    }
}

/* Without a signing-certificate attribute, or where it names none of those found. */
static const TamgaFoundCertificate *choose_by_sid (const TamgaSignerInfo *info, GPtrArray *found,
                                                   TamgaSignature *signature)
{
    guint count = 0;
    const TamgaFoundCertificate *chosen = find_sid (info, found, &count);

    if (chosen == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE,
                              "The signer's certificate is not in the signature.");
    if (count > 1)
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "cms-signer-ambiguous",
                              "RFC 5652 5.3",
                              "%u certificates in the signature fit the signer identifier.", count);
    return chosen;
}

/* The two forms of the attribute; version 2 is asked first. */
static const struct {
    TamgaAttributeKind kind;
    const char *name;
    TamgaBinding binding;
} forms[] = {
    {TAMGA_ATTRIBUTE_SIGNING_CERTIFICATE_V2, "signing-certificate-v2", TAMGA_BINDING_V2},
    {TAMGA_ATTRIBUTE_SIGNING_CERTIFICATE, "signing-certificate", TAMGA_BINDING_V1},
};

/* Reads the forms that are there; FORMAT_FAILURE where one is broken. */
static void read_forms (GPtrArray *signed_attributes, CertId ids[], gboolean present[],
                        TamgaSignature *signature)
{
    for (gsize i = 0; i < G_N_ELEMENTS (forms); i++) {
        GBytes *value = tamga_attributes_value (signed_attributes, forms[i].kind);
        if (value == NULL)
            continue;
        present[i] = read_cert_id (value, forms[i].binding == TAMGA_BINDING_V2, &ids[i]);
        if (!present[i])
            tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                                  "The attribute %s is broken (RFC 5035).", forms[i].name);
        else if (signature->binding == TAMGA_BINDING_NONE)
            signature->binding = forms[i].binding;
    }
}

void tamga_binding_choose (const TamgaSignerInfo *info, GPtrArray *signed_attributes,
                           GPtrArray *found, TamgaSignature *signature)
{
    const TamgaFoundCertificate *chosen = NULL;
    CertId ids[G_N_ELEMENTS (forms)] = {0};
    gboolean present[G_N_ELEMENTS (forms)] = {FALSE};

    read_forms (signed_attributes, ids, present, signature);
    for (gsize i = 0; chosen == NULL && i < G_N_ELEMENTS (forms); i++) {
        if (present[i])
            chosen = find_hashed (&ids[i], found);
    }
    if (chosen == NULL)
        chosen = choose_by_sid (info, found, signature);
    else if (!is_sid (info, chosen->certificate))
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "cms-sid-mismatch", "RFC 5652 5.3",
                              "The signer identifier names another certificate than the "
                              "signing-certificate attribute, which is signed and decides.");
    if (chosen != NULL) {
        X509_up_ref (chosen->certificate);
        signature->certificate = chosen->certificate;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (forms); i++) {
        if (chosen != NULL && present[i])
            check_id (&ids[i], chosen, forms[i].name, signature);
        cert_id_clear (&ids[i]);
    }
}
