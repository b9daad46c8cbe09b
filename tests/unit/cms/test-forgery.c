/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the threat list about signed attributes, signing certificates and algorithms, one
 * forgery each. */
#include <glib.h>
#include <string.h>

#include "formats/cms/signed_data.h"
#include "tests/unit/cms/forge.h"

static void honest (Forge *forge)
{
    (void)forge;
}

/* Proven against OpenSSL: the signed attributes become the content, and the signature value over
 * them is still good. */
static void attributes_into_content (Forge *forge)
{
    forge->signature = forge_signature (forge);
    g_bytes_unref (forge->content);
    forge->content = forge_concatenate (TAMGA_DER_SET, forge->attributes);
    g_clear_pointer (&forge->attributes, g_ptr_array_unref);
}

/* And back: somebody signed bytes that are attributes, which become signed attributes. */
static void attributes_signed_as_content (Forge *forge)
{
    GBytes *inner = forge_concatenate (TAMGA_DER_SET, forge->attributes);
    g_autoptr (GBytes) digest = forge_digest (inner, "SHA-256");

    g_bytes_unref (forge->content);
    forge->content = inner;
    forge_drop (forge, OID_MESSAGE_DIGEST);
    forge_add (forge, OID_MESSAGE_DIGEST, digest, NULL);
}

static void message_digest_twice (Forge *forge)
{
    g_autoptr (GBytes) other = g_bytes_new_static ("other", 5);
    g_autoptr (GBytes) digest = forge_digest (other, "SHA-256");

    forge_add (forge, OID_MESSAGE_DIGEST, digest, NULL);
}

static void message_digest_two_values (Forge *forge)
{
    g_autoptr (GBytes) other = g_bytes_new_static ("other", 5);
    g_autoptr (GBytes) digest = forge_digest (forge->content, "SHA-256");
    g_autoptr (GBytes) second = forge_digest (other, "SHA-256");

    forge_drop (forge, OID_MESSAGE_DIGEST);
    forge_add (forge, OID_MESSAGE_DIGEST, digest, second);
}

static void no_message_digest (Forge *forge)
{
    forge_drop (forge, OID_MESSAGE_DIGEST);
}

static void short_message_digest (Forge *forge)
{
    g_autoptr (GBytes) digest = forge_digest (forge->content, "SHA-1");

    forge_drop (forge, OID_MESSAGE_DIGEST);
    forge_add (forge, OID_MESSAGE_DIGEST, digest, NULL);
}

static void wrong_message_digest (Forge *forge)
{
    g_autoptr (GBytes) other = g_bytes_new_static ("other", 5);
    g_autoptr (GBytes) digest = forge_digest (other, "SHA-256");

    forge_drop (forge, OID_MESSAGE_DIGEST);
    forge_add (forge, OID_MESSAGE_DIGEST, digest, NULL);
}

static void no_content_type (Forge *forge)
{
    forge_drop (forge, OID_CONTENT_TYPE);
}

static void other_content_type (Forge *forge)
{
    g_free (forge->content_type);
    forge->content_type = g_strdup (TAMGA_OID_TST_INFO);
}

static void signing_time_twice (Forge *forge)
{
    g_autoptr (GBytes) time = tamga_der_time (1000000000);

    forge_add (forge, OID_SIGNING_TIME, time, NULL);
}

static void timestamp_among_signed (Forge *forge)
{
    g_autoptr (GBytes) value = tamga_der_integer (1);

    forge_add (forge, OID_SIGNATURE_TIMESTAMP, value, NULL);
}

static void message_digest_unsigned (Forge *forge)
{
    g_autoptr (GBytes) digest = forge_digest (forge->content, "SHA-256");

    g_ptr_array_add (forge->unsigneds, forge_attribute (OID_MESSAGE_DIGEST, digest, NULL));
}

static void unknown_signed (Forge *forge)
{
    g_autoptr (GBytes) value = tamga_der_integer (1);

    forge_add (forge, "1.2.3.4.5.6", value, NULL);
}

static void unsigned_is_no_attribute (Forge *forge)
{
    g_ptr_array_add (forge->unsigneds, tamga_der_integer (1));
}

static void attribute_is_no_attribute (Forge *forge)
{
    g_ptr_array_add (forge->attributes, tamga_der_integer (1));
}

static void no_signing_certificate (Forge *forge)
{
    forge_drop (forge, OID_SIGNING_CERTIFICATE_V2);
}

static void broken_signing_certificate (Forge *forge)
{
    g_autoptr (GBytes) value = tamga_der_integer (1);

    forge_drop (forge, OID_SIGNING_CERTIFICATE_V2);
    forge_add (forge, OID_SIGNING_CERTIFICATE_V2, value, NULL);
}

/* signing-certificate-v2 over the first certificate, with issuer and serial of the second. */
static void bind (Forge *forge, X509 *hashed, X509 *named)
{
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, hashed);
    g_autoptr (GBytes) hash = forge_digest (der, "SHA-256");
    g_autoptr (GBytes) issuer = tamga_ossl_der (i2d_X509_NAME, X509_get_issuer_name (named));
    g_autoptr (GBytes) name = tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED | 4, issuer);
    g_autoptr (GBytes) names = tamga_der_wrap (TAMGA_DER_SEQUENCE, name);
    g_autoptr (GBytes) serial = tamga_ossl_der (i2d_ASN1_INTEGER, X509_get0_serialNumber (named));
    g_autoptr (GBytes) both = tamga_der_join (TAMGA_DER_SEQUENCE, names, serial, TAMGA_DER_END);
    g_autoptr (GBytes) id = tamga_der_join (TAMGA_DER_SEQUENCE, hash, both, TAMGA_DER_END);
    g_autoptr (GBytes) ids = tamga_der_wrap (TAMGA_DER_SEQUENCE, id);
    g_autoptr (GBytes) value = tamga_der_wrap (TAMGA_DER_SEQUENCE, ids);

    forge_drop (forge, OID_SIGNING_CERTIFICATE_V2);
    forge_add (forge, OID_SIGNING_CERTIFICATE_V2, value, NULL);
}

static void bound_to_another (Forge *forge)
{
    X509 *other = fixture_party (forge->fixture, "P-256", "Other")->certificate;

    bind (forge, other, forge->party->certificate);
}

static void issuer_serial_of_another (Forge *forge)
{
    X509 *other = fixture_party (forge->fixture, "P-256", "Other")->certificate;

    bind (forge, forge->party->certificate, other);
}

/* The certificate is named by a hash that nobody here can compute: neither bound nor refuted. */
static void bound_by_unknown_hash (Forge *forge)
{
    g_autoptr (GBytes) oid = tamga_der_oid ("1.2.860.3.15.1.3.2.1.1");
    g_autoptr (GBytes) algor = tamga_der_wrap (TAMGA_DER_SEQUENCE, oid);
    g_autoptr (GBytes) hash = forge_digest (forge->content, "SHA-256");
    g_autoptr (GBytes) id = tamga_der_join (TAMGA_DER_SEQUENCE, algor, hash, TAMGA_DER_END);
    g_autoptr (GBytes) ids = tamga_der_wrap (TAMGA_DER_SEQUENCE, id);
    g_autoptr (GBytes) value = tamga_der_wrap (TAMGA_DER_SEQUENCE, ids);

    forge_drop (forge, OID_SIGNING_CERTIFICATE_V2);
    forge_add (forge, OID_SIGNING_CERTIFICATE_V2, value, NULL);
}

/* Another certificate for the same key, issuer and serial number in place of the signer's. */
static void substituted_certificate (Forge *forge)
{
    g_autoptr (X509) twin = fixture_twin (forge->fixture, forge->party, "Somebody else");

    g_ptr_array_set_size (forge->certificates, 0);
    g_ptr_array_add (forge->certificates, tamga_ossl_der (i2d_X509, twin));
}

/* Both are there, the wrong one first: the bound one is taken. */
static void twin_beside (Forge *forge)
{
    g_autoptr (X509) twin = fixture_twin (forge->fixture, forge->party, "Somebody else");

    g_ptr_array_insert (forge->certificates, 0, tamga_ossl_der (i2d_X509, twin));
}

static void twin_without_binding (Forge *forge)
{
    twin_beside (forge);
    no_signing_certificate (forge);
}

static void sid_of_another (Forge *forge)
{
    forge->sid = fixture_party (forge->fixture, "P-256", "Other")->certificate;
}

static void no_certificate (Forge *forge)
{
    g_ptr_array_set_size (forge->certificates, 0);
    g_ptr_array_add (forge->certificates,
                     tamga_ossl_der (i2d_X509, forge->fixture->root.certificate));
}

static void set_digest (Forge *forge, const char *oid)
{
    g_bytes_unref (forge->digest_algor);
    forge->digest_algor = forge_algor (tamga_digest_to_cms (tamga_digest_by_oid (oid)));
}

/* The digest of the SignerInfo is not the one in the signature algorithm. */
static void digests_disagree (Forge *forge)
{
    g_autoptr (GBytes) digest = forge_digest (forge->content, "SHA-512");

    set_digest (forge, OID_SHA512);
    forge_drop (forge, OID_MESSAGE_DIGEST);
    forge_add (forge, OID_MESSAGE_DIGEST, digest, NULL);
}

static void unknown_signature_algorithm (Forge *forge)
{
    g_autoptr (GBytes) oid = tamga_der_oid ("1.2.860.3.15.1.1.2.2.2.2");

    g_bytes_unref (forge->signature_algor);
    forge->signature_algor = tamga_der_wrap (TAMGA_DER_SEQUENCE, oid);
}

static void unknown_digest (Forge *forge)
{
    g_autoptr (GBytes) oid = tamga_der_oid ("1.2.860.3.15.1.3.2.1.1");

    g_bytes_unref (forge->digest_algor);
    forge->digest_algor = tamga_der_wrap (TAMGA_DER_SEQUENCE, oid);
}

/* An RSA algorithm over an EC key. */
static void other_kind_of_key (Forge *forge)
{
    g_bytes_unref (forge->signature_algor);
    forge->signature_algor =
        forge_algor (tamga_algorithm_to_cms (tamga_algorithm_by_name ("RSA-PKCS1-SHA-256")));
}

static void other_key (Forge *forge)
{
    Party *other = fixture_party (forge->fixture, "P-256", "Other");
    g_autoptr (GBytes) set = forge_concatenate (TAMGA_DER_SET, forge->attributes);
    g_autoptr (GBytes) raw = fixture_sign (other->key, forge->algorithm, set);

    forge->signature = tamga_algorithm_raw_to_der (forge->algorithm, raw, NULL);
}

/* CMS-algorithm-protection with that digest and that AlgorithmIdentifier. */
static void protect (Forge *forge, const char *digest_oid, GBytes *signature_algor)
{
    g_autoptr (GBytes) digest =
        forge_algor (tamga_digest_to_cms (tamga_digest_by_oid (digest_oid)));
    TamgaDerElement algor;
    g_autoptr (GBytes) tagged = NULL, value = NULL;

    g_assert_true (tamga_der_whole (signature_algor, TAMGA_DER_SEQUENCE, &algor));
    tagged =
        tamga_der_tlv (TAMGA_DER_CONTEXT_CONSTRUCTED | 1, algor.contents.data, algor.contents.left);
    value = tamga_der_join (TAMGA_DER_SEQUENCE, digest, tagged, TAMGA_DER_END);
    forge_add (forge, OID_PROTECTION, value, NULL);
}

static gint compare_bytes (gconstpointer a, gconstpointer b)
{
    return g_bytes_compare (*(GBytes *const *)a, *(GBytes *const *)b);
}

static void protected_rightly (Forge *forge)
{
    protect (forge, OID_SHA256, forge->signature_algor);
    g_ptr_array_sort (forge->attributes, compare_bytes);
}

static void other_digest_protected (Forge *forge)
{
    protect (forge, OID_SHA512, forge->signature_algor);
}

static void other_signature_protected (Forge *forge)
{
    g_autoptr (GBytes) algor =
        forge_algor (tamga_algorithm_to_cms (tamga_algorithm_by_name ("ECDSA-SHA-512")));

    protect (forge, OID_SHA256, algor);
}

/* Attributes out of DER order, signed as they stand: read, and said. */
static void attributes_unsorted (Forge *forge)
{
    g_ptr_array_insert (forge->attributes, 0,
                        g_ptr_array_steal_index (forge->attributes, forge->attributes->len - 1));
}

/* The same, signed in DER order as RFC 5652 5.4 demands. */
static void attributes_sent_unsorted (Forge *forge)
{
    g_autoptr (GBytes) set = tamga_der_set_of (TAMGA_DER_SET, forge->attributes);
    g_autoptr (GBytes) raw = fixture_sign (forge->party->key, forge->algorithm, set);

    forge->signature = tamga_algorithm_raw_to_der (forge->algorithm, raw, NULL);
    attributes_unsorted (forge);
}

static const struct {
    const char *name;
    void (*change) (Forge *forge);
    TamgaIntegrity integrity;
    TamgaBinding binding;
    const char *finding;
} forgeries[] = {
    {"honest", honest, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2, NULL},
    {"attributes_moved_into_content", attributes_into_content, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_NONE, "cms-content-is-attributes"},
    {"attributes_signed_as_content", attributes_signed_as_content, TAMGA_INTEGRITY_INTACT,
     TAMGA_BINDING_V2, "cms-content-is-attributes"},
    {"message_digest_twice", message_digest_twice, TAMGA_INTEGRITY_FORMAT_FAILURE, TAMGA_BINDING_V2,
     "cms-attribute-rule"},
    {"message_digest_two_values", message_digest_two_values, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_V2, "cms-attribute-rule"},
    {"no_message_digest", no_message_digest, TAMGA_INTEGRITY_FORMAT_FAILURE, TAMGA_BINDING_V2,
     NULL},
    {"message_digest_of_other_length", short_message_digest, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_V2, NULL},
    {"message_digest_of_other_content", wrong_message_digest, TAMGA_INTEGRITY_HASH_FAILURE,
     TAMGA_BINDING_V2, NULL},
    {"no_content_type", no_content_type, TAMGA_INTEGRITY_FORMAT_FAILURE, TAMGA_BINDING_V2, NULL},
    {"other_content_type", other_content_type, TAMGA_INTEGRITY_FORMAT_FAILURE, TAMGA_BINDING_V2,
     NULL},
    {"signing_time_twice", signing_time_twice, TAMGA_INTEGRITY_FORMAT_FAILURE, TAMGA_BINDING_V2,
     "cms-attribute-rule"},
    {"timestamp_among_signed", timestamp_among_signed, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_V2, "cms-attribute-rule"},
    {"message_digest_among_unsigned", message_digest_unsigned, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_V2, "cms-attribute-rule"},
    {"attribute_is_no_attribute", attribute_is_no_attribute, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_V2, NULL},
    {"unsigned_is_no_attribute", unsigned_is_no_attribute, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2,
     "cms-attribute-broken"},
    {"unknown_signed_attribute", unknown_signed, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2,
     "cms-attribute-unknown"},
    {"no_signing_certificate", no_signing_certificate, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_NONE,
     "cms-no-signing-certificate"},
    {"broken_signing_certificate", broken_signing_certificate, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_NONE, NULL},
    {"bound_to_another_certificate", bound_to_another, TAMGA_INTEGRITY_INTACT,
     TAMGA_BINDING_MISMATCH, "cms-signing-certificate-mismatch"},
    {"bound_by_unknown_hash", bound_by_unknown_hash, TAMGA_INTEGRITY_NOT_VERIFIABLE,
     TAMGA_BINDING_V2, NULL},
    {"issuer_serial_of_another", issuer_serial_of_another, TAMGA_INTEGRITY_INTACT,
     TAMGA_BINDING_MISMATCH, "cms-issuer-serial-mismatch"},
    {"substituted_certificate", substituted_certificate, TAMGA_INTEGRITY_INTACT,
     TAMGA_BINDING_MISMATCH, "cms-signing-certificate-mismatch"},
    {"twin_certificate_beside", twin_beside, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2, NULL},
    {"twin_without_binding", twin_without_binding, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_NONE,
     "cms-signer-ambiguous"},
    {"sid_of_another", sid_of_another, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2,
     "cms-sid-mismatch"},
    {"no_certificate", no_certificate, TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE, TAMGA_BINDING_V2,
     NULL},
    {"digests_disagree", digests_disagree, TAMGA_INTEGRITY_FORMAT_FAILURE, TAMGA_BINDING_V2, NULL},
    {"unknown_signature_algorithm", unknown_signature_algorithm, TAMGA_INTEGRITY_NOT_VERIFIABLE,
     TAMGA_BINDING_V2, NULL},
    {"unknown_digest", unknown_digest, TAMGA_INTEGRITY_NOT_VERIFIABLE, TAMGA_BINDING_V2, NULL},
    {"other_kind_of_key", other_kind_of_key, TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE, TAMGA_BINDING_V2,
     NULL},
    {"other_key", other_key, TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE, TAMGA_BINDING_V2, NULL},
    {"algorithm_protection_right", protected_rightly, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2,
     NULL},
    {"algorithm_protection_of_other_digest", other_digest_protected, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_V2, NULL},
    {"algorithm_protection_of_other_signature", other_signature_protected,
     TAMGA_INTEGRITY_FORMAT_FAILURE, TAMGA_BINDING_V2, NULL},
    {"attributes_unsorted", attributes_unsorted, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2,
     "cms-attributes-not-der"},
    {"attributes_sent_unsorted", attributes_sent_unsorted, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2,
     "cms-attributes-not-der"},
};

static void test_forgery (gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE (data);
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) file = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = NULL;
    const TamgaSignature *signature;
    Forge forge;

    forge_begin (&forge, fixture, "P-256", "ECDSA-SHA-256");
    forgeries[i].change (&forge);
    file = forge_file (&forge, NULL);
    signatures = fixture_read (file, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (signatures->len, ==, 1);
    signature = signatures->pdata[0];
    g_test_message ("%s: %s", tamga_integrity_name (signature->integrity),
                    signature->integrity_text ? signature->integrity_text : "");
    g_assert_cmpint (signature->integrity, ==, forgeries[i].integrity);
    g_assert_cmpint (signature->binding, ==, forgeries[i].binding);
    if (forgeries[i].finding != NULL)
        g_assert_nonnull (forge_finding (signature, forgeries[i].finding));
    else if (signature->integrity == TAMGA_INTEGRITY_INTACT)
        g_assert_cmpuint (signature->findings->len, ==, 0);
    /* A certificate that is not the bound one can never pass. */
    if (signature->binding == TAMGA_BINDING_MISMATCH)
        g_assert_cmpint (forge_finding (signature, forgeries[i].finding)->severity, ==,
                         TAMGA_SEVERITY_FATAL);
    if (signature->binding == TAMGA_BINDING_V2 && signature->certificate != NULL)
        g_assert_cmpint (X509_cmp (signature->certificate, forge.party->certificate), ==, 0);
    forge_end (&forge);
}

/* The reason for walking attributes ourselves: OpenSSL accepts this file, with -cades too. */
static void test_openssl_accepts (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) file = NULL;
    g_autofree char *path = NULL;
    Forge forge;

    forge_begin (&forge, fixture, "P-256", "ECDSA-SHA-256");
    attributes_into_content (&forge);
    file = forge_file (&forge, NULL);
    path = fixture_write (fixture, "moved.der", file);
    g_assert_true (fixture_openssl (fixture, "cms", "-verify", "-cades", "-binary", "-inform",
                                    "DER", "-in", path, "-CAfile", fixture->root.certificate_path,
                                    "-purpose", "any", "-out", "/dev/null", NULL));
    forge_end (&forge);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (forgeries); i++) {
        g_autofree char *path = g_strconcat ("/cms/threat_d/", forgeries[i].name, NULL);
        g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_forgery);
    }
    g_test_add_func ("/cms/threat_f/openssl_accepts_moved_attributes", test_openssl_accepts);
    return g_test_run ();
}
