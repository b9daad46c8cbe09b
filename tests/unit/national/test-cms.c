/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CMS with national keys: files of other implementations, ours beside them tag by tag, what is not
 * known here, and every octet changed. */
#include <glib.h>
#include <string.h>

#include "formats/cms/cades.h"
#include "formats/cms/der.h"
#include "formats/cms/signed_data.h"
#include "formats/cms/signer_info.h"
#include "formats/cms/token.h"
#include "tests/unit/national/samples.h"

#define KZ "kz-nca/"
#define UA "ua-dstu/cades/"

static const char fox[] = "The quick brown fox jumps over the lazy dog";

/* ---- Reading ---- */

typedef struct {
    const char *algorithm;
    TamgaIntegrity integrity;
    TamgaBinding binding;
} Expected;

static const struct {
    const char *file, *content; /* content: detached */
    const char *format;
    Expected signers[2];
} samples[] = {
    {KZ "cms/attached_gost2015_and_rsa.der",
     NULL,
     "CMS",
     {{"GOST-34.10-2015-512", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_NONE},
      {"RSA-PKCS1-SHA-256", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_NONE}}},
    {KZ "cms/detached_gost2015_and_rsa.der",
     "test123",
     "CMS",
     {{"GOST-34.10-2015-512", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_NONE},
      {"RSA-PKCS1-SHA-256", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_NONE}}},
    {KZ "cms/detached_gost2015_and_rsa.der",
     "test124",
     "CMS",
     {{"GOST-34.10-2015-512", TAMGA_INTEGRITY_HASH_FAILURE, TAMGA_BINDING_NONE},
      {"RSA-PKCS1-SHA-256", TAMGA_INTEGRITY_HASH_FAILURE, TAMGA_BINDING_NONE}}},
    {KZ "cms/one_signer_rsa.der",
     NULL,
     "CMS",
     {{"RSA-PKCS1-SHA-256", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_NONE}}},
    {UA "1_cades-bes_attached_data.p7s",
     NULL,
     "CAdES",
     {{"DSTU-4145-GOST-34.311", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2}}},
    {UA "2_cades-t_attached_data.p7s",
     NULL,
     "CAdES",
     {{"DSTU-4145-GOST-34.311", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2}}},
    {UA "3_cades-bes_attached_data_and_custom_attributes.p7s",
     NULL,
     "CAdES",
     {{"DSTU-4145-GOST-34.311", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2}}},
    {UA "4_cades-bes_detached_data.p7s",
     fox,
     "CAdES",
     {{"DSTU-4145-GOST-34.311", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2}}},
    {UA "5_cades-bes_detached_data_invalid_content.p7s",
     NULL,
     "CAdES",
     {{"DSTU-4145-GOST-34.311", TAMGA_INTEGRITY_HASH_FAILURE, TAMGA_BINDING_V2}}},
    {"ua-dstu/jkurwa/message.p7",
     NULL,
     "CAdES",
     {{"DSTU-4145-GOST-34.311", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2}}},
    {"ua-dstu/jkurwa/message_detached.p7",
     "123",
     "CAdES",
     {{"DSTU-4145-GOST-34.311", TAMGA_INTEGRITY_INTACT, TAMGA_BINDING_V2}}},
};

/* What lies beside a sample, or the text of the row. */
static GBytes *content_of (const char *file, const char *text)
{
    g_autofree char *stem = g_strndup (file, strlen (file) - strlen (".p7s"));
    g_autofree char *name = g_strconcat (stem, ".content", NULL);
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "vectors", name, NULL);

    if (g_file_test (path, G_FILE_TEST_EXISTS))
        return samples_load (name);
    return text != NULL ? g_bytes_new_static (text, strlen (text)) : NULL;
}

static void test_samples (void)
{
    if (!samples_there ())
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (samples); i++) {
        g_autoptr (GBytes) file = samples_load (samples[i].file);
        g_autoptr (GBytes) content = content_of (samples[i].file, samples[i].content);
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = samples_read (file, content, &error);
        guint n = samples[i].signers[1].algorithm != NULL ? 2 : 1;
        g_test_message ("%s", samples[i].file);
        g_assert_no_error (error);
        g_assert_cmpuint (signatures->len, ==, n);
        for (guint k = 0; k < n; k++) {
            const TamgaSignature *signature = signatures->pdata[k];
            const Expected *expected = &samples[i].signers[k];
            g_test_message ("  %s: %s", tamga_integrity_name (signature->integrity),
                            signature->integrity_text != NULL ? signature->integrity_text : "");
            g_assert_cmpstr (signature->algorithm_text, ==, expected->algorithm);
            g_assert_cmpint (signature->integrity, ==, expected->integrity);
            g_assert_cmpint (signature->binding, ==, expected->binding);
            g_assert_cmpstr (signature->format, ==, samples[i].format);
        }
    }
}

/* Each signer stands for himself: one value damaged leaves the other good. */
static void test_signers_apart (void)
{
    static const struct {
        gsize offset; /* in the value of one of the two */
        guint broken;
    } rows[] = {{3050, 0}, {3400, 1}};

    if (!samples_there ())
        return;
    g_autoptr (GBytes) file = samples_load (KZ "cms/attached_gost2015_and_rsa.der");
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GBytes) damaged = samples_flip (file, rows[i].offset, 1);
        g_autoptr (GPtrArray) signatures = samples_read (damaged, NULL, NULL);
        for (guint k = 0; k < 2; k++) {
            const TamgaSignature *signature = signatures->pdata[k];
            g_assert_cmpint (signature->integrity, ==,
                             k == rows[i].broken ? TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE
                                                 : TAMGA_INTEGRITY_INTACT);
        }
    }
}

/* ---- Tokens ---- */

/* GOST 34.310-2004 under GOST 34.311; the imprint is of SHA-1. */
static void test_kazakh_token (void)
{
    if (!samples_there ())
        return;
    g_autoptr (GBytes) der = samples_load (KZ "tsp/tsp_token.bin");
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaToken) token = tamga_token_parse (der, &error);

    g_assert_no_error (error);
    g_assert_cmpstr (token->signature->algorithm_text, ==, "GOST-34.310-2004");
    g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (token->signature->binding, ==, TAMGA_BINDING_V1);
    g_assert_cmpstr (token->digest->name, ==, "SHA-1");
}

/* Imprints of GOST 34.311 with DKE-1. The tokens carry no certificate: whoever has it brings it. */
static void test_ukrainian_tokens (void)
{
    static const TamgaTimestampKind kinds[] = {TAMGA_TIMESTAMP_CONTENT, TAMGA_TIMESTAMP_SIGNATURE};

    if (!samples_there ())
        return;
    g_autoptr (GBytes) file = samples_load (UA "2_cades-t_attached_data.p7s");
    g_autoptr (GPtrArray) signatures = samples_read (file, NULL, NULL);
    const TamgaSignature *signature = signatures->pdata[0];
    g_autoptr (GBytes) service =
        samples_load ("ua-dstu/certs/diia-2023-tsp-05E19E2CD92EA29902000000010000004A010000.cer");
    g_autoptr (GBytes) other = samples_load ("ua-dstu/certs/diia-test-kep-7775604.cer");
    g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);

    g_ptr_array_add (others, tamga_ossl_certificate (other));
    g_ptr_array_add (others, tamga_ossl_certificate (service));
    g_assert_cmpuint (signature->timestamps->len, ==, G_N_ELEMENTS (kinds));
    for (guint i = 0; i < signature->timestamps->len; i++) {
        const TamgaTimestamp *timestamp = signature->timestamps->pdata[i];
        g_autoptr (GError) error = NULL;
        g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, &error);
        g_assert_no_error (error);
        g_assert_cmpint (timestamp->kind, ==, kinds[i]);
        g_assert_cmpstr (token->digest->name, ==, "GOST-34.311-DKE-1");
        g_assert_true (tamga_token_covers_digest (token, timestamp->covered_digest));
        g_assert_cmpstr (token->signature->algorithm_text, ==, "DSTU-4145-GOST-34.311");
        g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE);
        g_autoptr (TamgaToken) complete = tamga_token_parse_with (timestamp->token, others, &error);
        g_assert_no_error (error);
        g_assert_cmpint (complete->signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
        g_assert_cmpint (complete->signature->binding, ==, TAMGA_BINDING_V2);
        g_assert_cmpuint (complete->signature->certificates->len, ==, 0);
    }
}

/* ---- Making, beside the samples ---- */

#define OID_SIGNING_CERTIFICATE_V2 "1.2.840.113549.1.9.16.2.47"

static TamgaSignedData *parse (GBytes *file)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("signature", file);
    g_autoptr (GError) error = NULL;
    TamgaSignedData *data = tamga_signed_data_parse (document, &error);

    g_assert_no_error (error);
    return data;
}

static void assert_bytes (GBytes *ours, GBytes *theirs)
{
    g_assert_cmpmem (g_bytes_get_data (ours, NULL), g_bytes_get_size (ours),
                     g_bytes_get_data (theirs, NULL), g_bytes_get_size (theirs));
}

/* The attributes that are not signing-certificate-v2. */
static GPtrArray *without_binding (const TamgaSignerInfo *info)
{
    g_autoptr (GBytes) oid = tamga_der_oid (OID_SIGNING_CERTIFICATE_V2);
    GPtrArray *list = g_ptr_array_new ();

    for (guint i = 0; i < info->signed_list->len; i++) {
        gsize size, length;
        const guint8 *attribute = g_bytes_get_data (info->signed_list->pdata[i], &size);
        const void *type = g_bytes_get_data (oid, &length);
        if (memmem (attribute, MIN (size, 20), type, length) == NULL)
            g_ptr_array_add (list, info->signed_list->pdata[i]);
    }
    return list;
}

/* Octet for octet, but for the value itself, and for the name of the certificate under it, which
 * the sample lacks and CAdES asks for. */
static void assert_like (const TamgaSignerInfo *ours, const TamgaSignerInfo *theirs)
{
    g_autoptr (GPtrArray) own = without_binding (ours), other = without_binding (theirs);

    g_assert_cmpint (ours->version, ==, theirs->version);
    assert_bytes (ours->digest_algor, theirs->digest_algor);
    assert_bytes (ours->signature_algor, theirs->signature_algor);
    g_assert_cmpuint (g_bytes_get_size (ours->signature), ==, g_bytes_get_size (theirs->signature));
    g_assert_cmpuint (ours->signed_list->len, ==, own->len + 1);
    g_assert_cmpuint (own->len, ==, other->len);
    for (guint i = 0; i < own->len; i++)
        assert_bytes (own->pdata[i], other->pdata[i]);
}

static const struct {
    const char *sample;
    TamgaPackaging packaging;
} made[] = {
    {KZ "cms/attached_gost2015_and_rsa.der", TAMGA_PACKAGING_DEFAULT},
    {KZ "cms/detached_gost2015_and_rsa.der", TAMGA_PACKAGING_DETACHED},
};

/* The key of the samples, at the times that they say. */
static void test_made_like_samples (void)
{
    if (!samples_there ())
        return;
    g_autoptr (GBytes) text = g_bytes_new_static ("test123", 7);
    g_autoptr (TamgaDocument) document = tamga_document_new ("test.txt", text);
    g_autoptr (Signer) signer = samples_signer (KZ "p12/individual_gost2015.p12", "Aa123456");
    for (gsize i = 0; i < G_N_ELEMENTS (made); i++) {
        g_autoptr (GBytes) sample = samples_load (made[i].sample);
        g_autoptr (GPtrArray) theirs = samples_read (sample, text, NULL);
        const TamgaSignature *first = theirs->pdata[0];
        const TamgaSigningParameters parameters = {.packaging = made[i].packaging,
                                                   .signing_time = first->claimed_time};
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) file =
            samples_sign (signer, &tamga_cades_format, document, parameters, &error);
        g_assert_no_error (error);
        g_autoptr (TamgaSignedData) own = parse (file), other = parse (sample);
        const TamgaSignerInfo *mine = own->signers->pdata[0], *their = other->signers->pdata[0];
        assert_like (mine, their);
        assert_bytes (mine->issuer, their->issuer);
        assert_bytes (mine->serial, their->serial);
        assert_bytes (own->certificates->pdata[0], other->certificates->pdata[0]);
        g_assert_cmpint (own->version, ==, other->version);
        g_assert_cmpint (own->has_content, ==, other->has_content);
        g_assert_true (g_ptr_array_find_with_equal_func (
            other->digest_algors, own->digest_algors->pdata[0], g_bytes_equal, NULL));
        g_autoptr (GPtrArray) ours = samples_read (file, text, NULL);
        const TamgaSignature *signature = ours->pdata[0];
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
        g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
        g_assert_cmpstr (signature->format, ==, "CAdES");
    }
}

static gboolean has_bytes (GBytes *whole, GBytes *part)
{
    gsize size, length;
    const guint8 *data = g_bytes_get_data (whole, &size);
    const void *wanted = g_bytes_get_data (part, &length);

    return memmem (data, size, wanted, length) != NULL;
}

/* A key of the curve that the samples are made with, and a certificate of its own. */
static Signer *make_ukrainian (void)
{
    Signer *signer = g_new0 (Signer, 1);
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "DSTU-4145", NULL);
    X509 *certificate = signer->certificate = X509_new ();

    g_assert_cmpint (EVP_PKEY_keygen_init (context), ==, 1);
    g_assert_cmpint (EVP_PKEY_CTX_set_group_name (context, "1.2.804.2.1.1.1.1.3.1.1.2.6"), ==, 1);
    g_assert_cmpint (EVP_PKEY_generate (context, &signer->key), ==, 1);
    X509_set_version (certificate, X509_VERSION_3);
    ASN1_INTEGER_set (X509_get_serialNumber (certificate), 7);
    X509_gmtime_adj (X509_getm_notBefore (certificate), -86400);
    X509_gmtime_adj (X509_getm_notAfter (certificate), 86400);
    X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), "CN", MBSTRING_ASC,
                                (const guint8 *)"Test", -1, -1, 0);
    X509_set_issuer_name (certificate, X509_get_subject_name (certificate));
    g_assert_cmpint (X509_set_pubkey (certificate, signer->key), ==, 1);
    g_assert_cmpint (X509_sign (certificate, signer->key, NULL), >, 0);
    return signer;
}

/* The same of Ukrainian software, whose key is not at hand: all but names and values. */
static void test_made_like_ukrainian (void)
{
    if (!samples_there ())
        return;
    g_autoptr (GBytes) sample = samples_load (UA "1_cades-bes_attached_data.p7s");
    g_autoptr (GPtrArray) theirs = samples_read (sample, NULL, NULL);
    g_autoptr (GBytes) text = g_bytes_new_static (fox, sizeof fox - 1);
    g_autoptr (TamgaDocument) document = tamga_document_new ("fox.txt", text);
    g_autoptr (Signer) signer = make_ukrainian ();
    const TamgaSignature *first = theirs->pdata[0];
    const TamgaSigningParameters parameters = {.signing_time = first->claimed_time};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) file =
        samples_sign (signer, &tamga_cades_format, document, parameters, &error);

    g_assert_no_error (error);
    g_autoptr (TamgaSignedData) own = parse (file), other = parse (sample);
    const TamgaSignerInfo *mine = own->signers->pdata[0], *their = other->signers->pdata[0];
    assert_like (mine, their);
    assert_bytes (own->digest_algors->pdata[0], other->digest_algors->pdata[0]);
    /* signing-certificate-v2 is hashed, and says so, in the same way */
    g_assert_cmpuint (mine->signed_list->len, ==, their->signed_list->len);
    g_assert_true (has_bytes (mine->signed_list->pdata[3], mine->digest_algor));
    g_assert_true (has_bytes (their->signed_list->pdata[3], mine->digest_algor));
    g_autoptr (GPtrArray) ours = samples_read (file, NULL, NULL);
    const TamgaSignature *signature = ours->pdata[0];
    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
}

/* ---- Not known here ---- */

/* DER of an OID without tag and length: patches keep lengths. */
typedef struct {
    const char *what;
    guint8 from[16], to[16];
    gsize length;
} Patch;

/* Kazakh OIDs become ones that nobody has (…99), which is also what O'zDSt looks like here. */
static const Patch patches[] = {
    {"signature algorithm",
     {0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x01, 0x02, 0x03, 0x02},
     {0x2a, 0x86, 0x5c, 0x03, 0x0f, 0x01, 0x01, 0x02, 0x02, 0x02},
     10},
    {"digest algorithm",
     {0x06, 0x08, 0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x03, 0x03, 0x05, 0x00},
     {0x06, 0x08, 0x2a, 0x86, 0x5c, 0x03, 0x0f, 0x01, 0x03, 0x02, 0x05, 0x00},
     12},
    {"key of the certificate",
     {0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x01, 0x02, 0x02, 0x30},
     {0x2a, 0x86, 0x5c, 0x03, 0x0f, 0x01, 0x01, 0x02, 0x01, 0x30},
     10},
    {"curve of the key",
     {0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x01, 0x02, 0x02, 0x01},
     {0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x01, 0x02, 0x02, 0x63},
     10},
};

/* Named by OID, neither good nor broken; the other signer's verdict stands. */
static void test_unknown (void)
{
    static const char *const named[] = {"1.2.860.3.15.1.1.2.2.2", "1.2.860.3.15.1.3.2",
                                        "1.2.860.3.15.1.1.2.1", "1.2.398.3.10.1.1.2.2"};

    if (!samples_there ())
        return;
    g_autoptr (GBytes) file = samples_load (KZ "cms/attached_gost2015_and_rsa.der");
    for (gsize i = 0; i < G_N_ELEMENTS (patches); i++) {
        g_autoptr (GBytes) patched =
            samples_patch (file, patches[i].from, patches[i].to, patches[i].length);
        g_autoptr (GPtrArray) signatures = samples_read (patched, NULL, NULL);
        const TamgaSignature *first = signatures->pdata[0], *second = signatures->pdata[1];
        g_test_message ("%s: %s", patches[i].what, first->integrity_text);
        g_assert_cmpint (first->integrity, ==, TAMGA_INTEGRITY_NOT_VERIFIABLE);
        g_assert_nonnull (strstr (first->integrity_text, named[i]));
        g_assert_cmpint (second->integrity, ==, TAMGA_INTEGRITY_INTACT);
    }
}

/* A digest of another S-box would be another digest: parameters are not passed over. */
static void test_parameters (void)
{
    static const guint8 none[] = {0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x03, 0x03, 0x05, 0x00};
    static const guint8 some[] = {0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x03, 0x03, 0x04, 0x00};

    if (!samples_there ())
        return;
    g_autoptr (GBytes) file = samples_load (KZ "cms/attached_gost2015_and_rsa.der");
    g_autoptr (GBytes) patched = samples_patch (file, none, some, sizeof none);
    g_autoptr (GPtrArray) signatures = samples_read (patched, NULL, NULL);
    const TamgaSignature *first = signatures->pdata[0];

    g_assert_cmpint (first->integrity, ==, TAMGA_INTEGRITY_NOT_VERIFIABLE);
    g_assert_nonnull (strstr (first->integrity_text, "1.2.398.3.10.1.3.3"));
}

/* The same in a token. */
static void test_unknown_token (void)
{
    static const guint8 known[] = {0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x01, 0x01, 0x02};
    static const guint8 unknown[] = {0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x01, 0x01, 0x63};

    if (!samples_there ())
        return;
    g_autoptr (GBytes) der = samples_load (KZ "tsp/tsp_token.bin");
    g_autoptr (GBytes) patched = samples_patch (der, known, unknown, sizeof known);
    g_autoptr (TamgaToken) token = tamga_token_parse (patched, NULL);

    g_assert_nonnull (token);
    g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_NOT_VERIFIABLE);
    g_assert_nonnull (strstr (token->signature->integrity_text, "1.2.398.3.10.1.1.1.99"));
}

/* ---- Every octet ---- */

static void test_every_octet (gconstpointer data)
{
    if (!samples_there ())
        return;
    g_autoptr (GBytes) file = samples_load (data);
    g_autoptr (GPtrArray) good = samples_read (file, NULL, NULL);
    samples_assert_no_flip_passes (file, NULL, good);
}

/* A token has no other content than its own: one that is intact says the same. */
static void test_every_octet_of_token (void)
{
    if (!samples_there ())
        return;
    g_autoptr (GBytes) der = samples_load (KZ "tsp/tsp_token.bin");
    g_autoptr (TamgaToken) good = tamga_token_parse (der, NULL);
    for (gsize i = 0; i < g_bytes_get_size (der); i++) {
        g_autoptr (GBytes) changed = samples_flip (der, i, 1);
        g_autoptr (TamgaToken) token = tamga_token_parse (changed, NULL);
        if (token == NULL || token->signature->integrity != TAMGA_INTEGRITY_INTACT)
            continue;
        g_assert_true (g_bytes_equal (token->imprint, good->imprint));
        g_assert_true (token->digest == good->digest);
        g_assert_cmpint (token->gen_time, ==, good->gen_time);
        g_assert_cmpstr (token->serial, ==, good->serial);
        g_assert_cmpstr (token->policy, ==, good->policy);
        g_assert_cmpint (EVP_PKEY_eq (X509_get0_pubkey (token->signature->certificate),
                                      X509_get0_pubkey (good->signature->certificate)),
                         ==, 1);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    g_test_add_func ("/national/cms/samples", test_samples);
    g_test_add_func ("/national/cms/signers-apart", test_signers_apart);
    g_test_add_func ("/national/cms/kazakh-token", test_kazakh_token);
    g_test_add_func ("/national/cms/ukrainian-tokens", test_ukrainian_tokens);
    g_test_add_func ("/national/cms/made-like-samples", test_made_like_samples);
    g_test_add_func ("/national/cms/made-like-ukrainian", test_made_like_ukrainian);
    g_test_add_func ("/national/cms/unknown", test_unknown);
    g_test_add_func ("/national/cms/parameters", test_parameters);
    g_test_add_func ("/national/cms/unknown-token", test_unknown_token);
    g_test_add_data_func ("/national/cms/every-octet-kazakh",
                          KZ "cms/attached_gost2015_and_rsa.der", test_every_octet);
    g_test_add_data_func ("/national/cms/every-octet-ukrainian", UA "1_cades-bes_attached_data.p7s",
                          test_every_octet);
    g_test_add_func ("/national/cms/every-octet-of-token", test_every_octet_of_token);
    return g_test_run ();
}
