/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a signer states under a CAdES signature, content timestamps, and countersignatures. */
#include <string.h>

#include "formats/cms/build.h"
#include "formats/cms/rewrite.h"
#include "formats/cms/token.h"
#include "formats/limits.h"
#include "tests/unit/cms/forge.h"

static GBytes *content_bytes (void)
{
    return g_bytes_new_static ("an order of the office\n", 23);
}

static const TamgaSignature *signature_of (GPtrArray *signatures, guint index)
{
    g_assert_nonnull (signatures);
    g_assert_cmpuint (index, <, signatures->len);
    return signatures->pdata[index];
}

static GBytes *sign (Fixture *fixture, TamgaSigningParameters *parameters, GBytes *input,
                     GError **error)
{
    Party *party = fixture_party (fixture, "P-256", "Signer");

    return fixture_sign_with (fixture, party, "ECDSA-SHA-256", parameters, input, error);
}

static gboolean openssl_accepts (Fixture *fixture, GBytes *file)
{
    g_autofree char *path = fixture_write (fixture, "made.p7m", file);

    return fixture_openssl (fixture, "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in",
                            path, "-CAfile", fixture->root.certificate_path, NULL);
}

/* ---- Claims ---- */

#define APPROVAL "1.2.840.113549.1.9.16.6.5"
#define ORIGIN "1.2.840.113549.1.9.16.6.1"

static void test_claims (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    g_autoptr (GBytes) hash = tamga_digest_bytes (tamga_digest_by_name ("SHA-256"), content);
    TamgaPolicy policy = {"1.2.3.4.5", tamga_digest_by_name ("SHA-256"), hash,
                          "https://policy.example/1.pdf"};
    TamgaClaims claims = {.policy = &policy,
                          .commitments = (const char *const[]){APPROVAL, ORIGIN, NULL},
                          .roles = (const char *const[]){"Бухгалтер", "Director", NULL},
                          .locality = "Bishkek",
                          .province = "Chüy",
                          .postal_code = "720000",
                          .country = "KG"};
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-512");
    TamgaSigningParameters parameters = {.claims = &claims, .content_stamper = &stamper};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) file = sign (fixture, &parameters, content, &error);
    g_autoptr (GPtrArray) signatures = NULL;
    const TamgaSignature *signature;
    const TamgaTimestamp *timestamp;
    g_autoptr (TamgaToken) token = NULL;

    g_assert_no_error (error);
    signatures = fixture_read (file, NULL, &error);
    signature = signature_of (signatures, 0);
    g_assert_cmpstr (signature->integrity_text, ==, NULL);
    g_assert_cmpuint (signature->findings->len, ==, 0);
    g_assert_cmpstr (signature->policy_oid, ==, "1.2.3.4.5");
    g_assert_cmpuint (signature->commitments->len, ==, 2);
    g_assert_true (
        g_ptr_array_find_with_equal_func (signature->commitments, APPROVAL, g_str_equal, NULL));
    g_assert_cmpuint (signature->roles->len, ==, 2);
    g_assert_cmpstr (signature->roles->pdata[0], ==, "Бухгалтер");
    g_assert_cmpstr (signature->location, ==, "KG, Bishkek, 720000, Chüy");
    g_assert_cmpuint (signature->timestamps->len, ==, 1);
    timestamp = signature->timestamps->pdata[0];
    g_assert_cmpint (timestamp->kind, ==, TAMGA_TIMESTAMP_CONTENT);
    token = tamga_token_parse (timestamp->token, &error);
    g_assert_no_error (error);
    g_assert_true (tamga_token_covers (token, content));
    g_assert_true (tamga_token_covers_digest (token, timestamp->covered_digest));
    g_assert_true (openssl_accepts (fixture, file));
}

static void test_claims_refused (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    TamgaPolicy no_digest = {.id = "1.2.3.4"};
    TamgaPolicy no_oid = {.id = "https://policy.example/"};
    const TamgaClaims rows[] = {
        {.policy = &no_digest},
        {.policy = &no_oid},
        {.commitments = (const char *const[]){"approval", NULL}},
        {.roles = (const char *const[]){"", NULL}},
        {.roles = (const char *const[]){"\xff\xfe", NULL}},
        {.country = ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        TamgaSigningParameters parameters = {.claims = &rows[i]};
        g_autoptr (GError) error = NULL;
        g_assert_null (sign (fixture, &parameters, content, &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
        g_test_message ("%s", error->message);
    }
}

/* EN 319 142-1 6.3: claims of a PDF signature, whose place is in the dictionary. */
static void test_claims_of_pades (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) content = content_bytes ();
    TamgaClaims claims = {.commitments = (const char *const[]){APPROVAL, NULL},
                          .locality = "Astana"};
    TamgaCmsParameters with = {.profile = TAMGA_CMS_PADES,
                               .algorithm = tamga_algorithm_by_name ("ECDSA-SHA-256"),
                               .certificate = party->certificate,
                               .claims = &claims};
    TamgaCmsParameters without = with;
    g_autoptr (GBytes) digest = tamga_digest_bytes (tamga_digest_by_name ("SHA-256"), content);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) attributes = tamga_cms_signed_attributes (&with, digest, &error);
    g_autofree char *hex = tamga_text_hex_bytes (attributes);

    g_assert_no_error (error);
    without.claims = NULL;
    g_assert_cmpuint (tamga_cms_estimate_size (&with), >, tamga_cms_estimate_size (&without));
    /* commitment-type-indication is there, signer-location is not. */
    g_assert_nonnull (strstr (hex, "060b2a864886f70d0109100210"));
    g_assert_null (strstr (hex, "060b2a864886f70d0109100211"));
}

/* ---- Countersignatures ---- */

static GBytes *countersign (Fixture *fixture, GBytes *file, const char *id, TamgaLevel level,
                            GError **error)
{
    TamgaSigningParameters parameters = {.countersigned = id, .level = level};

    return sign (fixture, &parameters, file, error);
}

static void assert_intact (GPtrArray *signatures, guint count)
{
    g_assert_nonnull (signatures);
    g_assert_cmpuint (signatures->len, ==, count);
    for (guint i = 0; i < count; i++) {
        g_assert_cmpstr (signature_of (signatures, i)->integrity_text, ==, NULL);
        g_assert_cmpint (signature_of (signatures, i)->integrity, ==, TAMGA_INTEGRITY_INTACT);
    }
}

static void test_countersign (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    TamgaSigningParameters plain = {.level = TAMGA_LEVEL_LT};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) one = sign (fixture, &plain, content, &error);
    g_autoptr (GBytes) two = countersign (fixture, one, "signature 1", TAMGA_LEVEL_T, &error);
    g_autoptr (GBytes) three =
        countersign (fixture, two, "countersignature 1 of signature 1", TAMGA_LEVEL_B, &error);
    g_autoptr (GBytes) four = countersign (fixture, three, "signature 1", TAMGA_LEVEL_B, &error);
    g_autoptr (GPtrArray) signatures = NULL;
    g_autoptr (TamgaDocument) document = NULL;
    g_autoptr (TamgaSignedData) before = NULL, after = NULL;
    const TamgaSignature *signature;
    gboolean nested = FALSE;

    g_assert_no_error (error);
    signatures = fixture_read (four, NULL, &error);
    g_assert_no_error (error);
    assert_intact (signatures, 4);
    for (guint i = 1; i < 4; i++) {
        signature = signature_of (signatures, i);
        g_assert_nonnull (signature->countersigned);
        nested |= strcmp (signature->countersigned, "signature 1") != 0;
        /* The signature timestamp of a countersignature is about its own value. */
        for (guint j = 0; j < signature->timestamps->len; j++) {
            const TamgaTimestamp *timestamp = signature->timestamps->pdata[j];
            g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, NULL);
            g_assert_true (tamga_token_covers (token, signature->signature_value));
            g_assert_true (tamga_token_covers_digest (token, timestamp->covered_digest));
        }
    }
    g_assert_true (nested);
    g_assert_true (openssl_accepts (fixture, four));
    /* All else keeps its bytes. */
    document = tamga_document_new ("one", one);
    before = tamga_signed_data_parse (document, NULL);
    tamga_document_unref (document);
    document = tamga_document_new ("four", four);
    after = tamga_signed_data_parse (document, NULL);
    g_assert_true (g_bytes_equal (((TamgaSignerInfo *)before->signers->pdata[0])->fields,
                                  ((TamgaSignerInfo *)after->signers->pdata[0])->fields));
    for (guint i = 0; i < before->certificates->len; i++)
        g_assert_true (g_ptr_array_find_with_equal_func (
            after->certificates, before->certificates->pdata[i], g_bytes_equal, NULL));
}

/* Archive timestamps cover the countersignatures that are there, not those that come. */
static void test_countersign_and_archive (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-256");
    TamgaSigningParameters plain = {.level = TAMGA_LEVEL_T};
    TamgaExtension all = {.index = G_MAXUINT, .archive = TRUE};
    TamgaExtension below = {.index = 1, .archive = TRUE};
    TamgaExtension stamp_below = {.index = 1, .timestamp = TRUE};
    static const char *const first = "countersignature 1 of signature 1";
    g_autoptr (GError) error = NULL, refused = NULL, frozen = NULL, nested = NULL;
    g_autoptr (GBytes) one = sign (fixture, &plain, content, &error);
    g_autoptr (GBytes) two = countersign (fixture, one, "signature 1", TAMGA_LEVEL_B, &error);
    g_autoptr (GBytes) three = fixture_extend (two, NULL, &all, &stamper, &error);
    g_autoptr (GBytes) four = countersign (fixture, three, "signature 1", TAMGA_LEVEL_B, &error);
    g_autoptr (GPtrArray) signatures = NULL;
    guint archives = 0;

    g_assert_no_error (error);
    signatures = fixture_read (four, NULL, &error);
    assert_intact (signatures, 3);
    for (guint i = 0; i < signature_of (signatures, 0)->timestamps->len; i++) {
        const TamgaTimestamp *timestamp = signature_of (signatures, 0)->timestamps->pdata[i];
        g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, NULL);
        g_assert_true (tamga_token_covers_digest (token, timestamp->covered_digest));
        if (timestamp->kind != TAMGA_TIMESTAMP_ARCHIVE)
            continue;
        archives++;
        /* The timestamp and one of the two countersignatures. */
        g_assert_cmpuint (timestamp->proves->len, ==, 2);
    }
    g_assert_cmpuint (archives, ==, 1);
    g_assert_null (fixture_extend (two, NULL, &below, &stamper, &refused));
    g_assert_error (refused, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
    /* What is covered cannot be changed any more. */
    g_assert_null (fixture_extend (three, NULL, &stamp_below, &stamper, &frozen));
    g_assert_error (frozen, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
    g_assert_null (countersign (fixture, three, first, TAMGA_LEVEL_B, &nested));
    g_assert_error (nested, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
}

static void test_countersign_refused (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    TamgaSigningParameters plain = {.level = TAMGA_LEVEL_B};
    g_autoptr (GBytes) file = sign (fixture, &plain, content, NULL);
    g_autoptr (GError) unknown = NULL, document = NULL;

    g_assert_null (countersign (fixture, file, "signature 2", TAMGA_LEVEL_B, &unknown));
    g_assert_error (unknown, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    g_assert_null (countersign (fixture, content, "signature 1", TAMGA_LEVEL_B, &document));
    g_assert_error (document, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
}

/* The SignedData with attributes put at its first signer. */
static GBytes *with_attributes (GBytes *file, GPtrArray *values)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("file", file);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    g_autoptr (GPtrArray) nodes = tamga_signer_nodes (data, NULL);
    g_autoptr (TamgaCmsParts) parts = tamga_cms_parts_from (data);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();

    for (guint i = 0; i < values->len; i++)
        tamga_signer_node_add (nodes->pdata[0], OID_COUNTERSIGNATURE, values->pdata[i]);
    g_assert_true (tamga_cms_rewrite (data, parts, nodes, output, NULL));
    g_assert_true (tamga_output_commit (output, NULL));
    return tamga_output_steal_bytes (output);
}

/* The countersignature of one signature, moved to another. */
static void test_of_another_signature (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    TamgaSigningParameters plain = {.level = TAMGA_LEVEL_B};
    g_autoptr (GBytes) one = sign (fixture, &plain, content, NULL);
    g_autoptr (GBytes) other = sign (fixture, &plain, content, NULL);
    g_autoptr (GBytes) two = countersign (fixture, one, "signature 1", TAMGA_LEVEL_B, NULL);
    g_autoptr (TamgaDocument) document = tamga_document_new ("two", two);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    g_autoptr (GPtrArray) nodes = tamga_signer_nodes (data, NULL);
    g_autoptr (GPtrArray) values = g_ptr_array_new ();
    g_autoptr (GBytes) moved = NULL;
    g_autoptr (GPtrArray) signatures = NULL;

    g_ptr_array_add (values, ((TamgaSignerNode *)nodes->pdata[1])->info->der);
    moved = with_attributes (other, values);
    signatures = fixture_read (moved, NULL, NULL);
    g_assert_cmpint (signature_of (signatures, 0)->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature_of (signatures, 1)->integrity, ==, TAMGA_INTEGRITY_HASH_FAILURE);
}

/* A thousand countersignatures on each other: bounded, said, and the signature itself unharmed. */
static void test_depth_bomb (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    TamgaSigningParameters plain = {.level = TAMGA_LEVEL_B};
    g_autoptr (GBytes) file = sign (fixture, &plain, content, NULL);
    g_autoptr (TamgaDocument) document = tamga_document_new ("file", file);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    const TamgaSignerInfo *info = data->signers->pdata[0];
    g_autoptr (GBytes) inner = g_bytes_ref (info->der), bomb = NULL;
    g_autoptr (GPtrArray) values = g_ptr_array_new (), signatures = NULL;
    gint64 start = g_get_monotonic_time ();

    for (int i = 0; i < 1000; i++) {
        g_autoptr (GBytes) attribute = tamga_cms_attribute (OID_COUNTERSIGNATURE, inner);
        g_autoptr (GBytes) unsigneds =
            tamga_der_wrap (TAMGA_DER_CONTEXT_CONSTRUCTED | 1, attribute);
        g_bytes_unref (inner);
        inner = tamga_der_join (TAMGA_DER_SEQUENCE, info->fields, unsigneds, TAMGA_DER_END);
    }
    g_ptr_array_add (values, inner);
    bomb = with_attributes (file, values);
    signatures = fixture_read (bomb, NULL, NULL);
    g_assert_nonnull (signatures);
    g_assert_cmpuint (signatures->len, ==, 1 + TAMGA_MAX_COUNTERSIGNATURE_DEPTH);
    g_assert_cmpint (signature_of (signatures, 0)->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_nonnull (forge_finding (signature_of (signatures, signatures->len - 1),
                                     "cms-countersignature-broken"));
    g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
}

/* More countersignatures than signers are read: an error, not a slow verdict. */
static void test_width_bomb (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    TamgaSigningParameters plain = {.level = TAMGA_LEVEL_B};
    g_autoptr (GBytes) file = sign (fixture, &plain, content, NULL);
    g_autoptr (TamgaDocument) document = tamga_document_new ("file", file);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    g_autoptr (GPtrArray) nodes = tamga_signer_nodes (data, NULL);
    g_autoptr (TamgaCmsParts) parts = tamga_cms_parts_from (data);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (GPtrArray) values = g_ptr_array_new ();
    g_autoptr (GBytes) set = NULL, type = tamga_der_oid (OID_COUNTERSIGNATURE), bomb = NULL;
    g_autoptr (GError) error = NULL;
    TamgaSignerNode *node = nodes->pdata[0];

    for (guint i = 0; i <= TAMGA_MAX_SIGNERS; i++)
        g_ptr_array_add (values, node->info->der);
    set = tamga_elements_join (TAMGA_DER_SET, values);
    g_ptr_array_add (node->added, tamga_der_join (TAMGA_DER_SEQUENCE, type, set, TAMGA_DER_END));
    node->changed = TRUE;
    g_assert_true (tamga_cms_rewrite (data, parts, nodes, output, NULL));
    g_assert_true (tamga_output_commit (output, NULL));
    bomb = tamga_output_steal_bytes (output);
    g_assert_null (fixture_read (bomb, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/cades/en319122_5_2/claims_and_content_timestamp", test_claims);
    g_test_add_func ("/cades/en319122_5_2/claims_refused", test_claims_refused);
    g_test_add_func ("/cms/en319142_6_3/claims_of_pades", test_claims_of_pades);
    g_test_add_func ("/cades/rfc5652_11_4/countersign", test_countersign);
    g_test_add_func ("/cades/rfc5652_11_4/and_archive", test_countersign_and_archive);
    g_test_add_func ("/cades/rfc5652_11_4/refused", test_countersign_refused);
    g_test_add_func ("/cades/rfc5652_11_4/of_another_signature", test_of_another_signature);
    g_test_add_func ("/cades/rfc5652_11_4/depth_bomb", test_depth_bomb);
    g_test_add_func ("/cades/rfc5652_11_4/width_bomb", test_width_bomb);
    return g_test_run ();
}
