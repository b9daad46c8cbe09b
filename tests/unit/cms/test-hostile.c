/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CMS that lies: the rows of the threat list about signed attributes, signing certificates,
 * algorithms and several signers; changed and truncated files. Each forgery starts from an honest
 * signature, changes one thing and signs again where the forger could. */
#include <glib.h>
#include <string.h>

#include "formats/cms/build.h"
#include "formats/cms/der.h"
#include "formats/cms/signed_data.h"
#include "formats/cms/signer.h"
#include "formats/cms/token.h"
#include "tests/unit/cms/fixture.h"

#define OID_CONTENT_TYPE "1.2.840.113549.1.9.3"
#define OID_MESSAGE_DIGEST "1.2.840.113549.1.9.4"
#define OID_SIGNING_TIME "1.2.840.113549.1.9.5"
#define OID_COUNTERSIGNATURE "1.2.840.113549.1.9.6"
#define OID_PROTECTION "1.2.840.113549.1.9.52"
#define OID_SIGNING_CERTIFICATE_V2 "1.2.840.113549.1.9.16.2.47"
#define OID_SIGNATURE_TIMESTAMP "1.2.840.113549.1.9.16.2.14"
#define OID_SHA256 "2.16.840.1.101.3.4.2.1"
#define OID_SHA512 "2.16.840.1.101.3.4.2.3"

/* A SignedData in the making. */
typedef struct {
    Fixture *fixture;
    Party *party;
    const TamgaAlgorithm *algorithm; /* used for signing */
    GBytes *content;
    gboolean detached;
    char *content_type;
    GPtrArray *attributes;   /* GBytes: Attribute, in the order that is written; NULL: none */
    GPtrArray *unsigneds;    /* GBytes: Attribute */
    GPtrArray *certificates; /* GBytes */
    GBytes *digest_algor, *signature_algor;
    X509 *sid;
    GBytes *signature; /* instead of one that is made */
} Forge;

static GBytes *attribute (const char *oid, GBytes *value, GBytes *second)
{
    g_autoptr (GBytes) type = tamga_der_oid (oid);
    g_autoptr (GBytes) values = tamga_der_join (TAMGA_DER_SET, value, second, TAMGA_DER_END);

    return tamga_der_join (TAMGA_DER_SEQUENCE, type, values, TAMGA_DER_END);
}

static GBytes *take_algor (X509_ALGOR *algor)
{
    GBytes *der = tamga_ossl_der (i2d_X509_ALGOR, algor);

    X509_ALGOR_free (algor);
    return der;
}

static GPtrArray *bytes_array (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
}

static void forge_begin (Forge *forge, Fixture *fixture, const char *kind, const char *algorithm)
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
    forge->attributes = bytes_array ();
    g_assert_true (tamga_der_whole (set, TAMGA_DER_SET, &whole));
    while (tamga_der_next (&whole.contents, &one))
        g_ptr_array_add (forge->attributes, tamga_der_raw (&one));
    forge->unsigneds = bytes_array ();
    forge->certificates = bytes_array ();
    g_ptr_array_add (forge->certificates, tamga_ossl_der (i2d_X509, forge->party->certificate));
    forge->digest_algor =
        take_algor (tamga_digest_to_cms (tamga_algorithm_digest (forge->algorithm)));
    forge->signature_algor = take_algor (tamga_algorithm_to_cms (forge->algorithm));
}

static void forge_end (Forge *forge)
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
static GBytes *concatenate (guint8 tag, GPtrArray *elements)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();

    for (guint i = 0; i < elements->len; i++)
        g_byte_array_append (out, g_bytes_get_data (elements->pdata[i], NULL),
                             (guint)g_bytes_get_size (elements->pdata[i]));
    return tamga_der_tlv (tag, out->data, out->len);
}

static GBytes *forge_signature (const Forge *forge)
{
    g_autoptr (GBytes) set = forge->attributes != NULL
                                 ? concatenate (TAMGA_DER_SET, forge->attributes)
                                 : g_bytes_ref (forge->content);
    g_autoptr (GBytes) raw = NULL;

    if (forge->signature != NULL)
        return g_bytes_ref (forge->signature);
    raw = fixture_sign (forge->party->key, forge->algorithm, set);
    return tamga_algorithm_raw_to_der (forge->algorithm, raw, NULL);
}

static GBytes *forge_signer (const Forge *forge)
{
    g_autoptr (GBytes) version = tamga_der_integer (1);
    g_autoptr (GBytes) issuer = tamga_ossl_der (i2d_X509_NAME, X509_get_issuer_name (forge->sid));
    g_autoptr (GBytes) serial =
        tamga_ossl_der (i2d_ASN1_INTEGER, X509_get0_serialNumber (forge->sid));
    g_autoptr (GBytes) sid = tamga_der_join (TAMGA_DER_SEQUENCE, issuer, serial, TAMGA_DER_END);
    g_autoptr (GBytes) attributes =
        forge->attributes != NULL ? concatenate (TAMGA_DER_CONTEXT_CONSTRUCTED, forge->attributes)
                                  : NULL;
    g_autoptr (GBytes) value = forge_signature (forge);
    g_autoptr (GBytes) signature = tamga_der_wrap (TAMGA_DER_OCTET_STRING, value);
    g_autoptr (GBytes) unsigneds =
        forge->unsigneds->len > 0
            ? concatenate (TAMGA_DER_CONTEXT_CONSTRUCTED | 1, forge->unsigneds)
            : NULL;

    return tamga_der_join (TAMGA_DER_SEQUENCE, version, sid, forge->digest_algor, attributes,
                           forge->signature_algor, signature, unsigneds, TAMGA_DER_END);
}

/* The ContentInfo; `more`: another SignerInfo, or NULL. */
static GBytes *forge_file (const Forge *forge, GBytes *more)
{
    g_autoptr (GBytes) type = tamga_der_oid (forge->content_type);
    g_autoptr (GBytes) octets = tamga_der_wrap (TAMGA_DER_OCTET_STRING, forge->content);
    g_autoptr (GBytes) tagged = tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED, octets);
    g_autoptr (GBytes) encap =
        tamga_der_join (TAMGA_DER_SEQUENCE, type, forge->detached ? NULL : tagged, TAMGA_DER_END);
    g_autoptr (GBytes) version = tamga_der_integer (1);
    g_autoptr (GBytes) digests = tamga_der_wrap (TAMGA_DER_SET, forge->digest_algor);
    g_autoptr (GBytes) certificates =
        concatenate (TAMGA_DER_CONTEXT_CONSTRUCTED, forge->certificates);
    g_autoptr (GBytes) signer = forge_signer (forge);
    g_autoptr (GBytes) signers = tamga_der_join (TAMGA_DER_SET, signer, more, TAMGA_DER_END);
    g_autoptr (GBytes) data = tamga_der_join (TAMGA_DER_SEQUENCE, version, digests, encap,
                                              certificates, signers, TAMGA_DER_END);
    g_autoptr (GBytes) outer = tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED, data);
    g_autoptr (GBytes) outer_type = tamga_der_oid (TAMGA_OID_SIGNED_DATA);

    return tamga_der_join (TAMGA_DER_SEQUENCE, outer_type, outer, TAMGA_DER_END);
}

/* Removes the signed attribute with that OID. */
static void drop (Forge *forge, const char *oid)
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

static void add (Forge *forge, const char *oid, GBytes *value, GBytes *second)
{
    g_ptr_array_add (forge->attributes, attribute (oid, value, second));
}

static GBytes *digest_value (GBytes *data, const char *name)
{
    g_autoptr (GBytes) digest = tamga_digest_bytes (tamga_digest_by_name (name), data);

    return tamga_der_wrap (TAMGA_DER_OCTET_STRING, digest);
}

/* ---- The forgeries ---- */

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
    forge->content = concatenate (TAMGA_DER_SET, forge->attributes);
    g_clear_pointer (&forge->attributes, g_ptr_array_unref);
}

/* And back: somebody signed bytes that are attributes, which become signed attributes. */
static void attributes_signed_as_content (Forge *forge)
{
    GBytes *inner = concatenate (TAMGA_DER_SET, forge->attributes);
    g_autoptr (GBytes) digest = digest_value (inner, "SHA-256");

    g_bytes_unref (forge->content);
    forge->content = inner;
    drop (forge, OID_MESSAGE_DIGEST);
    add (forge, OID_MESSAGE_DIGEST, digest, NULL);
}

static void message_digest_twice (Forge *forge)
{
    g_autoptr (GBytes) other = g_bytes_new_static ("other", 5);
    g_autoptr (GBytes) digest = digest_value (other, "SHA-256");

    add (forge, OID_MESSAGE_DIGEST, digest, NULL);
}

static void message_digest_two_values (Forge *forge)
{
    g_autoptr (GBytes) other = g_bytes_new_static ("other", 5);
    g_autoptr (GBytes) digest = digest_value (forge->content, "SHA-256");
    g_autoptr (GBytes) second = digest_value (other, "SHA-256");

    drop (forge, OID_MESSAGE_DIGEST);
    add (forge, OID_MESSAGE_DIGEST, digest, second);
}

static void no_message_digest (Forge *forge)
{
    drop (forge, OID_MESSAGE_DIGEST);
}

static void short_message_digest (Forge *forge)
{
    g_autoptr (GBytes) digest = digest_value (forge->content, "SHA-1");

    drop (forge, OID_MESSAGE_DIGEST);
    add (forge, OID_MESSAGE_DIGEST, digest, NULL);
}

static void wrong_message_digest (Forge *forge)
{
    g_autoptr (GBytes) other = g_bytes_new_static ("other", 5);
    g_autoptr (GBytes) digest = digest_value (other, "SHA-256");

    drop (forge, OID_MESSAGE_DIGEST);
    add (forge, OID_MESSAGE_DIGEST, digest, NULL);
}

static void no_content_type (Forge *forge)
{
    drop (forge, OID_CONTENT_TYPE);
}

static void other_content_type (Forge *forge)
{
    g_free (forge->content_type);
    forge->content_type = g_strdup (TAMGA_OID_TST_INFO);
}

static void signing_time_twice (Forge *forge)
{
    g_autoptr (GBytes) time = tamga_der_time (1000000000);

    add (forge, OID_SIGNING_TIME, time, NULL);
}

static void timestamp_among_signed (Forge *forge)
{
    g_autoptr (GBytes) value = tamga_der_integer (1);

    add (forge, OID_SIGNATURE_TIMESTAMP, value, NULL);
}

static void message_digest_unsigned (Forge *forge)
{
    g_autoptr (GBytes) digest = digest_value (forge->content, "SHA-256");

    g_ptr_array_add (forge->unsigneds, attribute (OID_MESSAGE_DIGEST, digest, NULL));
}

static void unknown_signed (Forge *forge)
{
    g_autoptr (GBytes) value = tamga_der_integer (1);

    add (forge, "1.2.3.4.5.6", value, NULL);
}

static void attribute_is_no_attribute (Forge *forge)
{
    g_ptr_array_add (forge->attributes, tamga_der_integer (1));
}

static void no_signing_certificate (Forge *forge)
{
    drop (forge, OID_SIGNING_CERTIFICATE_V2);
}

static void broken_signing_certificate (Forge *forge)
{
    g_autoptr (GBytes) value = tamga_der_integer (1);

    drop (forge, OID_SIGNING_CERTIFICATE_V2);
    add (forge, OID_SIGNING_CERTIFICATE_V2, value, NULL);
}

/* signing-certificate-v2 over the first certificate, with issuer and serial of the second. */
static void bind (Forge *forge, X509 *hashed, X509 *named)
{
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, hashed);
    g_autoptr (GBytes) hash = digest_value (der, "SHA-256");
    g_autoptr (GBytes) issuer = tamga_ossl_der (i2d_X509_NAME, X509_get_issuer_name (named));
    g_autoptr (GBytes) name = tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED | 4, issuer);
    g_autoptr (GBytes) names = tamga_der_wrap (TAMGA_DER_SEQUENCE, name);
    g_autoptr (GBytes) serial = tamga_ossl_der (i2d_ASN1_INTEGER, X509_get0_serialNumber (named));
    g_autoptr (GBytes) both = tamga_der_join (TAMGA_DER_SEQUENCE, names, serial, TAMGA_DER_END);
    g_autoptr (GBytes) id = tamga_der_join (TAMGA_DER_SEQUENCE, hash, both, TAMGA_DER_END);
    g_autoptr (GBytes) ids = tamga_der_wrap (TAMGA_DER_SEQUENCE, id);
    g_autoptr (GBytes) value = tamga_der_wrap (TAMGA_DER_SEQUENCE, ids);

    drop (forge, OID_SIGNING_CERTIFICATE_V2);
    add (forge, OID_SIGNING_CERTIFICATE_V2, value, NULL);
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
    forge->digest_algor = take_algor (tamga_digest_to_cms (tamga_digest_by_oid (oid)));
}

/* The digest of the SignerInfo is not the one in the signature algorithm. */
static void digests_disagree (Forge *forge)
{
    g_autoptr (GBytes) digest = digest_value (forge->content, "SHA-512");

    set_digest (forge, OID_SHA512);
    drop (forge, OID_MESSAGE_DIGEST);
    add (forge, OID_MESSAGE_DIGEST, digest, NULL);
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
        take_algor (tamga_algorithm_to_cms (tamga_algorithm_by_name ("RSA-PKCS1-SHA-256")));
}

static void other_key (Forge *forge)
{
    Party *other = fixture_party (forge->fixture, "P-256", "Other");
    g_autoptr (GBytes) set = concatenate (TAMGA_DER_SET, forge->attributes);
    g_autoptr (GBytes) raw = fixture_sign (other->key, forge->algorithm, set);

    forge->signature = tamga_algorithm_raw_to_der (forge->algorithm, raw, NULL);
}

static void protect (Forge *forge, const char *digest_oid)
{
    g_autoptr (GBytes) digest = take_algor (tamga_digest_to_cms (tamga_digest_by_oid (digest_oid)));
    TamgaDerElement algor;
    g_autoptr (GBytes) tagged = NULL, value = NULL;

    g_assert_true (tamga_der_whole (forge->signature_algor, TAMGA_DER_SEQUENCE, &algor));
    tagged =
        tamga_der_tlv (TAMGA_DER_CONTEXT_CONSTRUCTED | 1, algor.contents.data, algor.contents.left);
    value = tamga_der_join (TAMGA_DER_SEQUENCE, digest, tagged, TAMGA_DER_END);
    add (forge, OID_PROTECTION, value, NULL);
}

static gint compare_bytes (gconstpointer a, gconstpointer b)
{
    return g_bytes_compare (*(GBytes *const *)a, *(GBytes *const *)b);
}

static void protected_rightly (Forge *forge)
{
    protect (forge, OID_SHA256);
    g_ptr_array_sort (forge->attributes, compare_bytes);
}

static void protected_wrongly (Forge *forge)
{
    protect (forge, OID_SHA512);
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
    {"unknown_signed_attribute", unknown_signed, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2,
     "cms-attribute-unknown"},
    {"no_signing_certificate", no_signing_certificate, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_NONE,
     "cms-no-signing-certificate"},
    {"broken_signing_certificate", broken_signing_certificate, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_NONE, NULL},
    {"bound_to_another_certificate", bound_to_another, TAMGA_INTEGRITY_INTACT,
     TAMGA_BINDING_MISMATCH, "cms-signing-certificate-mismatch"},
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
    {"algorithm_protection_wrong", protected_wrongly, TAMGA_INTEGRITY_FORMAT_FAILURE,
     TAMGA_BINDING_V2, NULL},
    {"attributes_unsorted", attributes_unsorted, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2,
     "cms-attributes-not-der"},
    {"attributes_sent_unsorted", attributes_sent_unsorted, TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2,
     "cms-attributes-not-der"},
};

static const TamgaFinding *find_finding (const TamgaSignature *signature, const char *code)
{
    for (guint i = 0; i < signature->findings->len; i++) {
        const TamgaFinding *finding = signature->findings->pdata[i];
        if (strcmp (finding->code, code) == 0)
            return finding;
    }
    return NULL;
}

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
        g_assert_nonnull (find_finding (signature, forgeries[i].finding));
    else if (signature->integrity == TAMGA_INTEGRITY_INTACT)
        g_assert_cmpuint (signature->findings->len, ==, 0);
    /* A certificate that is not the bound one can never pass. */
    if (signature->binding == TAMGA_BINDING_MISMATCH)
        g_assert_cmpint (find_finding (signature, forgeries[i].finding)->severity, ==,
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

/* Each signer is judged for itself. */
static void test_several_signers (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) more = NULL, file = NULL;
    g_autoptr (GPtrArray) signatures = NULL;
    Forge good, bad;

    forge_begin (&good, fixture, "P-256", "ECDSA-SHA-256");
    forge_begin (&bad, fixture, "P-256", "ECDSA-SHA-256");
    other_key (&bad);
    more = forge_signer (&bad);
    g_ptr_array_add (good.certificates, g_bytes_ref (bad.certificates->pdata[0]));
    file = forge_file (&good, more);
    signatures = fixture_read (file, NULL, NULL);
    g_assert_cmpuint (signatures->len, ==, 2);
    g_assert_cmpint (((TamgaSignature *)signatures->pdata[0])->integrity, ==,
                     TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (((TamgaSignature *)signatures->pdata[1])->integrity, ==,
                     TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE);
    forge_end (&good);
    forge_end (&bad);
}

/* RFC 5652 11.4: over the signature value, without content-type; a signature of its own. */
static void test_countersignature (void)
{
    for (int wrong = 0; wrong < 2; wrong++) {
        g_autoptr (Fixture) fixture = fixture_new ();
        g_autoptr (GBytes) digest = NULL, signer = NULL, file = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        const TamgaSignature *second;
        Forge first, counter;
        forge_begin (&first, fixture, "P-256", "ECDSA-SHA-256");
        forge_begin (&counter, fixture, "RSA", "RSA-PKCS1-SHA-256");
        first.signature = forge_signature (&first);
        drop (&counter, OID_CONTENT_TYPE);
        drop (&counter, OID_MESSAGE_DIGEST);
        digest = digest_value (wrong ? first.content : first.signature, "SHA-256");
        add (&counter, OID_MESSAGE_DIGEST, digest, NULL);
        signer = forge_signer (&counter);
        g_ptr_array_add (first.unsigneds, attribute (OID_COUNTERSIGNATURE, signer, NULL));
        g_ptr_array_add (first.certificates, g_bytes_ref (counter.certificates->pdata[0]));
        file = forge_file (&first, NULL);
        signatures = fixture_read (file, NULL, NULL);
        g_assert_cmpuint (signatures->len, ==, 2);
        second = signatures->pdata[1];
        g_assert_cmpstr (second->id, ==, "countersignature 1 of signature 1");
        g_assert_cmpint (second->integrity, ==,
                         wrong ? TAMGA_INTEGRITY_HASH_FAILURE : TAMGA_INTEGRITY_INTACT);
        g_assert_cmpint (X509_cmp (second->certificate, counter.party->certificate), ==, 0);
        g_assert_cmpint (second->coverage, ==, TAMGA_COVERS_PART);
        forge_end (&first);
        forge_end (&counter);
    }
}

/* ---- What PDF asks of CMS ---- */

static GBytes *digest_of (const TamgaDigest *digest, gpointer data, GError **error)
{
    (void)error;
    return data != NULL ? tamga_digest_bytes (digest, data) : NULL;
}

static TamgaIntegrity read_pdf (const Forge *forge, GBytes *document, const char *format,
                                const char *finding)
{
    g_autoptr (GBytes) file = forge_file (forge, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures =
        tamga_cms_read_signers (file, digest_of, document, format, &error);
    const TamgaSignature *signature;

    g_assert_no_error (error);
    g_assert_cmpuint (signatures->len, ==, 1);
    signature = signatures->pdata[0];
    if (finding != NULL)
        g_assert_nonnull (find_finding (signature, finding));
    return signature->integrity;
}

static void test_pdf (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) document = g_bytes_new_static ("bytes of a PDF", 14);
    g_autoptr (GBytes) other = g_bytes_new_static ("bytes of a PDF?", 15);
    g_autoptr (GBytes) sha1 = tamga_digest_bytes (tamga_digest_by_name ("SHA-1"), document);
    g_autoptr (GBytes) digest = NULL;
    Forge forge;

    /* PAdES encapsulates nothing. */
    forge_begin (&forge, fixture, "P-256", "ECDSA-SHA-256");
    g_assert_cmpint (read_pdf (&forge, forge.content, "PAdES", NULL), ==,
                     TAMGA_INTEGRITY_FORMAT_FAILURE);
    g_assert_cmpint (read_pdf (&forge, document, "PDF-PKCS7", NULL), ==,
                     TAMGA_INTEGRITY_FORMAT_FAILURE);
    forge.detached = TRUE;
    g_assert_cmpint (read_pdf (&forge, forge.content, "PAdES", "pades-signing-time"), ==,
                     TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (read_pdf (&forge, NULL, "PAdES", NULL), ==,
                     TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND);
    g_assert_cmpint (read_pdf (&forge, other, "PAdES", NULL), ==, TAMGA_INTEGRITY_HASH_FAILURE);
    no_signing_certificate (&forge);
    g_assert_cmpint (read_pdf (&forge, forge.content, "PDF-PKCS7", "cms-no-signing-certificate"),
                     ==, TAMGA_INTEGRITY_INTACT);
    forge_end (&forge);

    /* adbe.pkcs7.sha1: the content is the SHA-1 digest of the document. */
    forge_begin (&forge, fixture, "RSA", "RSA-PKCS1-SHA-256");
    g_bytes_unref (forge.content);
    forge.content = g_bytes_ref (sha1);
    digest = digest_value (sha1, "SHA-256");
    drop (&forge, OID_MESSAGE_DIGEST);
    add (&forge, OID_MESSAGE_DIGEST, digest, NULL);
    g_assert_cmpint (read_pdf (&forge, document, "PDF-PKCS7", "weak-digest"), ==,
                     TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (read_pdf (&forge, other, "PDF-PKCS7", NULL), ==, TAMGA_INTEGRITY_HASH_FAILURE);
    g_assert_cmpint (read_pdf (&forge, NULL, "PDF-PKCS7", NULL), ==,
                     TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND);
    g_assert_cmpint (read_pdf (&forge, document, "PAdES", NULL), ==,
                     TAMGA_INTEGRITY_FORMAT_FAILURE);
    forge_end (&forge);
}

/* ---- Changed and torn files ---- */

static gboolean passes (GBytes *file)
{
    g_autoptr (GPtrArray) signatures = fixture_read (file, NULL, NULL);
    gboolean good = signatures != NULL;

    for (guint i = 0; good && i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        good = signature->integrity == TAMGA_INTEGRITY_INTACT &&
               signature->binding == TAMGA_BINDING_V2;
    }
    return good;
}

static void mark (gboolean *free_bytes, GBytes *file, const guint8 *part, gsize length)
{
    gsize offset = (gsize)(part - (const guint8 *)g_bytes_get_data (file, NULL));

    for (gsize i = 0; i < length; i++)
        free_bytes[offset + i] = TRUE;
}

/* Bytes that no rule of RFC 5652 puts under the signature: the versions, the list of digest
 * algorithms, and the signer identifier (whose mismatch is a finding). */
static gboolean *find_free_bytes (GBytes *file)
{
    gboolean *free_bytes = g_new0 (gboolean, g_bytes_get_size (file));
    TamgaDer der = tamga_der (file);
    TamgaDerElement info, element, data;

    g_assert_true (tamga_der_next (&der, &info) && tamga_der_next (&info.contents, &element) &&
                   tamga_der_next (&info.contents, &element) &&
                   tamga_der_next (&element.contents, &data));
    for (int field = 0; tamga_der_next (&data.contents, &element); field++) {
        TamgaDerElement signer, part;
        if (field < 2)
            mark (free_bytes, file, element.contents.data, element.contents.left);
        if (element.tag != TAMGA_DER_SET || field < 3)
            continue;
        g_assert_true (tamga_der_next (&element.contents, &signer));
        for (int i = 0; i < 2 && tamga_der_next (&signer.contents, &part); i++)
            mark (free_bytes, file, part.contents.data, part.contents.left);
    }
    return free_bytes;
}

static void test_flips (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) file = NULL;
    g_autofree gboolean *free_bytes = NULL;
    g_autofree guint8 *copy = NULL;
    gsize length;
    guint survivors = 0;
    Forge forge;

    forge_begin (&forge, fixture, "P-256", "ECDSA-SHA-256");
    file = forge_file (&forge, NULL);
    g_assert_true (passes (file));
    free_bytes = find_free_bytes (file);
    copy = g_memdup2 (g_bytes_get_data (file, &length), g_bytes_get_size (file));
    for (gsize i = 0; i < g_bytes_get_size (file); i++) {
        for (guint8 bit = 1; bit != 0; bit = (guint8)(bit << 1)) {
            g_autoptr (GBytes) changed = NULL;
            copy[i] ^= bit;
            changed = g_bytes_new (copy, g_bytes_get_size (file));
            copy[i] ^= bit;
            if (!passes (changed))
                continue;
            survivors++;
            if (!free_bytes[i])
                g_error ("bit 0x%02x of byte %" G_GSIZE_FORMAT " may be changed", bit, i);
        }
    }
    g_test_message ("%" G_GSIZE_FORMAT " bytes, %u changes in uncovered bytes",
                    g_bytes_get_size (file), survivors);
    forge_end (&forge);
}

static void test_truncation (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) content = g_bytes_new_static ("content", 7);
    g_autoptr (GBytes) file =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_LT, FALSE, content, NULL, NULL);
    g_autoptr (GByteArray) longer = g_byte_array_new ();
    g_autoptr (GBytes) trailing = NULL;
    g_autoptr (GError) error = NULL;

    for (gsize i = 0; i < g_bytes_get_size (file); i++) {
        g_autoptr (GBytes) part = g_bytes_new_from_bytes (file, 0, i);
        g_autoptr (GError) torn = NULL;
        g_assert_null (fixture_read (part, NULL, &torn));
        g_assert_nonnull (torn);
    }
    g_byte_array_append (longer, g_bytes_get_data (file, NULL), (guint)g_bytes_get_size (file));
    g_byte_array_append (longer, (const guint8 *)"", 1);
    trailing = g_byte_array_free_to_bytes (g_steal_pointer (&longer));
    g_assert_null (fixture_read (trailing, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* BER is read, and no deeper than sense. */
static void test_nesting (void)
{
    g_autoptr (GByteArray) bomb = g_byte_array_new ();
    static const guint8 start[] = {0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                   0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x80, 0x30,
                                   0x80, 0x02, 0x01, 0x01, 0x31, 0x80};
    static const guint8 nest[] = {0x30, 0x80};
    g_autoptr (GBytes) file = NULL;
    g_autoptr (GError) error = NULL;

    g_byte_array_append (bomb, start, sizeof start);
    for (int i = 0; i < 200000; i++)
        g_byte_array_append (bomb, nest, sizeof nest);
    file = g_byte_array_free_to_bytes (g_steal_pointer (&bomb));
    g_assert_null (fixture_read (file, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* ---- Tokens ---- */

static void test_token (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) data = g_bytes_new_static ("stamped bytes", 13);
    g_autoptr (GBytes) other = g_bytes_new_static ("other bytes", 11);
    g_autoptr (GBytes) der = fixture_timestamp (fixture, data, "sha384");
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaToken) token = tamga_token_parse (der, &error);
    gint64 now = g_get_real_time () / G_USEC_PER_SEC;

    g_assert_no_error (error);
    g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (token->signature->binding, ==, TAMGA_BINDING_V2);
    g_assert_cmpint (X509_cmp (token->signature->certificate, fixture->tsa.certificate), ==, 0);
    g_assert_cmpuint (token->signature->certificates->len, ==, 2);
    g_assert_cmpstr (token->policy, ==, "1.2.3.4.1");
    g_assert_cmpint (token->accuracy, ==, 1500100);
    g_assert_cmpstr (token->digest->name, ==, "SHA-384");
    g_assert_cmpint (ABS (token->gen_time - now), <, 300);
    g_assert_nonnull (token->nonce);
    g_assert_cmpuint (g_bytes_get_size (token->nonce), <=, 8);
    g_assert_cmpstr (token->serial, ==, "1");
    g_assert_true (tamga_token_covers (token, data));
    g_assert_false (tamga_token_covers (token, other));
    g_assert_false (tamga_token_covers_digest (token, NULL));
}

/* A changed bit of the TSTInfo is never taken for an intact token. */
static void test_token_flips (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) data = g_bytes_new_static ("stamped bytes", 13);
    g_autoptr (GBytes) der = fixture_timestamp (fixture, data, "sha256");
    g_autoptr (TamgaDocument) document = tamga_document_new ("token", der);
    g_autoptr (TamgaSignedData) parsed = tamga_signed_data_parse (document, NULL);
    const TamgaRange *range = &g_array_index (parsed->content, TamgaRange, 0);
    g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (der, NULL), g_bytes_get_size (der));

    for (guint64 i = range->offset; i < range->offset + range->length; i++) {
        g_autoptr (GBytes) changed = NULL;
        g_autoptr (TamgaToken) token = NULL;
        copy[i] ^= 1;
        changed = g_bytes_new (copy, g_bytes_get_size (der));
        copy[i] ^= 1;
        token = tamga_token_parse (changed, NULL);
        if (token != NULL)
            g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_HASH_FAILURE);
    }
}

/* A signature over a document is no token, and a token has one signer (RFC 3161 2.4.2). */
static void test_not_a_token (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) file = NULL;
    g_autoptr (GError) error = NULL, empty = NULL;
    g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
    Forge forge;

    forge_begin (&forge, fixture, "P-256", "ECDSA-SHA-256");
    file = forge_file (&forge, NULL);
    g_assert_null (tamga_token_parse (file, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
    g_assert_null (tamga_token_parse (nothing, &empty));
    g_assert_error (empty, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT);
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
    g_test_add_func ("/cms/threat_d/several_signers", test_several_signers);
    g_test_add_func ("/cms/rfc5652_11_4/countersignature", test_countersignature);
    g_test_add_func ("/cms/pdf", test_pdf);
    g_test_add_func ("/cms/every_changed_bit", test_flips);
    g_test_add_func ("/cms/every_truncation", test_truncation);
    g_test_add_func ("/cms/nesting", test_nesting);
    g_test_add_func ("/token/fields", test_token);
    g_test_add_func ("/token/every_changed_byte", test_token_flips);
    g_test_add_func ("/token/rfc3161_2_4_2/refused", test_not_a_token);
    return g_test_run ();
}
