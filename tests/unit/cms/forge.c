/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making CMS that lies. */
#include "tests/unit/cms/forge.h"

#include <string.h>

#include "formats/cms/build.h"
#include "formats/cms/signed_data.h"

GBytes *forge_attribute (const char *oid, GBytes *value, GBytes *second)
{
    g_autoptr (GBytes) type = tamga_der_oid (oid);
    g_autoptr (GBytes) values = tamga_der_join (TAMGA_DER_SET, value, second, TAMGA_DER_END);

    return tamga_der_join (TAMGA_DER_SEQUENCE, type, values, TAMGA_DER_END);
}

GBytes *forge_algor (X509_ALGOR *algor)
{
    GBytes *der = tamga_ossl_der (i2d_X509_ALGOR, algor);

    X509_ALGOR_free (algor);
    return der;
}

GPtrArray *forge_array (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
}

void forge_begin (Forge *forge, Fixture *fixture, const char *kind, const char *algorithm)
{
    TamgaCmsParameters parameters = {.profile = TAMGA_CMS_CADES, .signing_time = 1795341600};
    g_autoptr (GBytes) digest = NULL, set = NULL;
    TamgaDerElement whole, one;

    *forge = (Forge){.fixture = fixture, .party = fixture_party (fixture, kind, "Signer")};
    forge->algorithm = parameters.algorithm = tamga_algorithm_by_name (algorithm);
    parameters.certificate = forge->sid = forge->party->certificate;
    forge->content = g_bytes_new_static ("I owe you 1000 tugrik.", 22);
    forge->content_type = g_strdup (TAMGA_OID_DATA);
    digest = tamga_digest_bytes (tamga_algorithm_digest (forge->algorithm), forge->content);
    set = tamga_cms_signed_attributes (&parameters, digest, NULL);
    forge->attributes = forge_array ();
    g_assert_true (tamga_der_whole (set, TAMGA_DER_SET, &whole));
    while (tamga_der_next (&whole.contents, &one))
        g_ptr_array_add (forge->attributes, tamga_der_raw (&one));
    forge->unsigneds = forge_array ();
    forge->certificates = forge_array ();
    g_ptr_array_add (forge->certificates, tamga_ossl_der (i2d_X509, forge->party->certificate));
    forge->digest_algor =
        forge_algor (tamga_digest_to_cms (tamga_algorithm_digest (forge->algorithm)));
    forge->signature_algor = forge_algor (tamga_algorithm_to_cms (forge->algorithm));
}

void forge_end (Forge *forge)
{
    g_bytes_unref (forge->content);
    g_free (forge->content_type);
    g_clear_pointer (&forge->attributes, g_ptr_array_unref);
    g_ptr_array_unref (forge->unsigneds);
    g_ptr_array_unref (forge->certificates);
    g_bytes_unref (forge->digest_algor);
    g_bytes_unref (forge->signature_algor);
    g_clear_pointer (&forge->signature, g_bytes_unref);
}

/* Elements as they stand, without order or uniqueness. */
GBytes *forge_concatenate (guint8 tag, GPtrArray *elements)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();

    for (guint i = 0; i < elements->len; i++)
        g_byte_array_append (out, g_bytes_get_data (elements->pdata[i], NULL),
                             (guint)g_bytes_get_size (elements->pdata[i]));
    return tamga_der_tlv (tag, out->data, out->len);
}

GBytes *forge_signature (const Forge *forge)
{
    g_autoptr (GBytes) set = forge->attributes != NULL
                                 ? forge_concatenate (TAMGA_DER_SET, forge->attributes)
                                 : g_bytes_ref (forge->content);
    g_autoptr (GBytes) raw = NULL;

    if (forge->signature != NULL)
        return g_bytes_ref (forge->signature);
    raw = fixture_sign (forge->party->key, forge->algorithm, set);
    return tamga_algorithm_raw_to_der (forge->algorithm, raw, NULL);
}

GBytes *forge_signer (const Forge *forge)
{
    g_autoptr (GBytes) version = tamga_der_integer (1);
    g_autoptr (GBytes) issuer = tamga_ossl_der (i2d_X509_NAME, X509_get_issuer_name (forge->sid));
    g_autoptr (GBytes) serial =
        tamga_ossl_der (i2d_ASN1_INTEGER, X509_get0_serialNumber (forge->sid));
    g_autoptr (GBytes) sid = tamga_der_join (TAMGA_DER_SEQUENCE, issuer, serial, TAMGA_DER_END);
    g_autoptr (GBytes) attributes =
        forge->attributes != NULL
            ? forge_concatenate (TAMGA_DER_CONTEXT_CONSTRUCTED, forge->attributes)
            : NULL;
    g_autoptr (GBytes) value = forge_signature (forge);
    g_autoptr (GBytes) signature = tamga_der_wrap (TAMGA_DER_OCTET_STRING, value);
    g_autoptr (GBytes) unsigneds =
        forge->unsigneds->len > 0
            ? forge_concatenate (TAMGA_DER_CONTEXT_CONSTRUCTED | 1, forge->unsigneds)
            : NULL;

    return tamga_der_join (TAMGA_DER_SEQUENCE, version, sid, forge->digest_algor, attributes,
                           forge->signature_algor, signature, unsigneds, TAMGA_DER_END);
}

/* The ContentInfo; `more`: another SignerInfo, or NULL. */
GBytes *forge_file (const Forge *forge, GBytes *more)
{
    g_autoptr (GBytes) type = tamga_der_oid (forge->content_type);
    g_autoptr (GBytes) octets = tamga_der_wrap (TAMGA_DER_OCTET_STRING, forge->content);
    g_autoptr (GBytes) tagged = tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED, octets);
    g_autoptr (GBytes) encap =
        tamga_der_join (TAMGA_DER_SEQUENCE, type, forge->detached ? NULL : tagged, TAMGA_DER_END);
    g_autoptr (GBytes) version = tamga_der_integer (1);
    g_autoptr (GBytes) digests = tamga_der_wrap (TAMGA_DER_SET, forge->digest_algor);
    g_autoptr (GBytes) certificates =
        forge_concatenate (TAMGA_DER_CONTEXT_CONSTRUCTED, forge->certificates);
    g_autoptr (GBytes) signer = forge_signer (forge);
    g_autoptr (GBytes) signers = tamga_der_join (TAMGA_DER_SET, signer, more, TAMGA_DER_END);
    g_autoptr (GBytes) data = tamga_der_join (TAMGA_DER_SEQUENCE, version, digests, encap,
                                              certificates, signers, TAMGA_DER_END);
    g_autoptr (GBytes) outer = tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED, data);
    g_autoptr (GBytes) outer_type = tamga_der_oid (TAMGA_OID_SIGNED_DATA);

    return tamga_der_join (TAMGA_DER_SEQUENCE, outer_type, outer, TAMGA_DER_END);
}

/* Removes the signed attribute with that OID. */
void forge_drop (Forge *forge, const char *oid)
{
    g_autoptr (GBytes) type = tamga_der_oid (oid);
    gsize length, type_length;
    const void *wanted = g_bytes_get_data (type, &type_length);

    for (guint i = 0; i < forge->attributes->len; i++) {
        const guint8 *data = g_bytes_get_data (forge->attributes->pdata[i], &length);
        if (memmem (data, MIN (length, type_length + 6), wanted, type_length) != NULL) {
            g_ptr_array_remove_index (forge->attributes, i);
            return;
        }
    }
    g_assert_not_reached ();
}

void forge_add (Forge *forge, const char *oid, GBytes *value, GBytes *second)
{
    g_ptr_array_add (forge->attributes, forge_attribute (oid, value, second));
}

GBytes *forge_digest (GBytes *data, const char *name)
{
    g_autoptr (GBytes) digest = tamga_digest_bytes (tamga_digest_by_name (name), data);

    return tamga_der_wrap (TAMGA_DER_OCTET_STRING, digest);
}

const TamgaFinding *forge_finding (const TamgaSignature *signature, const char *code)
{
    for (guint i = 0; i < signature->findings->len; i++) {
        const TamgaFinding *finding = signature->findings->pdata[i];
        if (strcmp (finding->code, code) == 0)
            return finding;
    }
    return NULL;
}
