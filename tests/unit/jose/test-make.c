/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JAdES that is made and extended here can be read again and by a peer, in every form. */
#include <string.h>

#include "tests/unit/jose/carrier.h"

#define TEXT "What is signed.\n"

static GBytes *sign (Fixture *fixture, const char *kind, const char *algorithm,
                     TamgaSigningParameters parameters, GError **error)
{
    g_autoptr (TamgaDocument) document = carrier_document ("a file.txt", TEXT);

    parameters.content_type = "text/plain";
    return carrier_sign (fixture, fixture_party (fixture, kind, "Signer"), algorithm, document,
                         parameters, error);
}

static GPtrArray *contents_of (gboolean detached)
{
    g_autoptr (TamgaDocument) document = carrier_document ("folder/a file.txt", TEXT);

    return detached ? tamga_document_list (document) : NULL;
}

static void test_round_trip (void)
{
    static const struct {
        const char *kind, *algorithm;
    } keys[] = {
        {"RSA", "RSA-PKCS1-SHA-256"}, {"RSA", "RSA-PSS-SHA-512"}, {"P-256", "ECDSA-SHA-256"},
        {"P-384", "ECDSA-SHA-384"},   {"P-521", "ECDSA-SHA-512"},
    };
    static const TamgaJoseSerialization forms[] = {TAMGA_JOSE_COMPACT, TAMGA_JOSE_FLATTENED,
                                                   TAMGA_JOSE_GENERAL};
    g_autoptr (Fixture) fixture = fixture_new ();

    for (gsize key = 0; key < G_N_ELEMENTS (keys); key++) {
        for (gsize variant = 0; variant < 2 * G_N_ELEMENTS (forms); variant++) {
            TamgaJoseSerialization form = forms[variant / 2];
            gboolean detached = variant % 2;
            TamgaLevel level = form == TAMGA_JOSE_COMPACT ? TAMGA_LEVEL_B : TAMGA_LEVEL_LT;
            TamgaSigningParameters parameters = {
                .jose = form,
                .level = key == 0 ? level : TAMGA_LEVEL_B,
                .packaging = detached ? TAMGA_PACKAGING_DETACHED : TAMGA_PACKAGING_DEFAULT,
            };
            g_autoptr (GError) error = NULL;
            g_autoptr (GBytes) file =
                sign (fixture, keys[key].kind, keys[key].algorithm, parameters, &error);
            g_autoptr (GPtrArray) contents = contents_of (detached);
            g_autoptr (GPtrArray) signatures = NULL;
            g_autoptr (TamgaDocument) document = NULL;
            const TamgaSignature *signature;
            g_assert_no_error (error);
            document = tamga_document_new ("x", file);
            g_assert_true (tamga_format_probe (document) == &tamga_jades_format);
            signatures = carrier_assert (file, contents, 1, TAMGA_INTEGRITY_INTACT);
            signature = signatures->pdata[0];
            g_assert_cmpstr (signature->format, ==, "JAdES");
            g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
            g_assert_cmpint (signature->claimed_time, ==, CARRIER_TIME);
            g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_WHOLE);
            g_assert_cmpuint (signature->covered_bytes, ==, strlen (TEXT));
            g_assert_nonnull (signature->content_digest);
            carrier_assert_stamped (signature, parameters.level >= TAMGA_LEVEL_T ? 1 : 0);
            g_assert_cmpint (signature->has_evidence, ==, parameters.level >= TAMGA_LEVEL_LT);
        }
    }
}

static void test_claims (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    TamgaStamper stamper = carrier_stamper (fixture);
    g_autoptr (GBytes) value = g_bytes_new ("01234567890123456789012345678901", 32);
    const TamgaPolicy policy = {"1.2.3.4", tamga_digest_by_name ("SHA-256"), value,
                                "http://policy.invalid/"};
    static const char *const commitments[] = {"1.2.840.113549.1.9.16.6.1", NULL};
    static const char *const roles[] = {"Müdür", "Clerk", NULL};
    const TamgaClaims claims = {.policy = &policy,
                                .commitments = commitments,
                                .roles = roles,
                                .locality = "İzmir",
                                .country = "TR"};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) file =
        sign (fixture, "RSA", "RSA-PKCS1-SHA-384",
              (TamgaSigningParameters){.claims = &claims, .content_stamper = &stamper}, &error);
    g_autoptr (GPtrArray) signatures = NULL;
    const TamgaSignature *signature;

    g_assert_no_error (error);
    signatures = carrier_assert (file, NULL, 1, TAMGA_INTEGRITY_INTACT);
    signature = signatures->pdata[0];
    g_assert_cmpstr (signature->policy_oid, ==, "1.2.3.4");
    g_assert_cmpuint (signature->commitments->len, ==, 1);
    g_assert_cmpstr (signature->commitments->pdata[0], ==, commitments[0]);
    g_assert_cmpuint (signature->roles->len, ==, 2);
    g_assert_cmpstr (signature->roles->pdata[0], ==, roles[0]);
    g_assert_cmpstr (signature->location, ==, "İzmir, TR");
    carrier_assert_stamped (signature, 1);
    g_assert_cmpint (((TamgaTimestamp *)signature->timestamps->pdata[0])->kind, ==,
                     TAMGA_TIMESTAMP_CONTENT);
}

static void test_several_documents (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (TamgaDocument) second = carrier_document ("other.bin", "second");
    g_autoptr (TamgaDocument) changed = carrier_document ("other.bin", "Second");
    g_autoptr (GPtrArray) documents = tamga_document_list (second);
    g_autoptr (GPtrArray) contents = contents_of (TRUE);
    g_autoptr (GPtrArray) good = NULL, missing = NULL, wrong = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) file = sign (
        fixture, "RSA", "RSA-PKCS1-SHA-256",
        (TamgaSigningParameters){.packaging = TAMGA_PACKAGING_DETACHED, .documents = documents},
        &error);

    g_assert_no_error (error);
    missing = carrier_assert (file, contents, 1, TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND);
    g_ptr_array_insert (contents, 0, tamga_document_ref (second));
    good = carrier_assert (file, contents, 1, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpuint (((TamgaSignature *)good->pdata[0])->objects->len, ==, 2);
    g_ptr_array_remove_index (contents, 0);
    g_ptr_array_insert (contents, 0, tamga_document_ref (changed));
    wrong = carrier_assert (file, contents, 1, TAMGA_INTEGRITY_HASH_FAILURE);
}

/* Adds a signer to `file`. */
static GBytes *sign_again (Fixture *fixture, GBytes *file, TamgaSigningParameters parameters,
                           GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("earlier.json", file);

    return carrier_sign (fixture, fixture_party (fixture, "P-256", "Second"), "ECDSA-SHA-256",
                         document, parameters, error);
}

static void assert_contains (GBytes *whole, GBytes *file, const char *name)
{
    json_t *tree = json_loadb (g_bytes_get_data (file, NULL), g_bytes_get_size (file), 0, NULL);
    const char *text = json_string_value (json_object_get (tree, name));
    gsize size = g_bytes_get_size (whole);

    g_assert_nonnull (text);
    g_assert_nonnull (memmem (g_bytes_get_data (whole, NULL), size, text, strlen (text)));
    json_decref (tree);
}

static void test_further_signers (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();

    for (int detached = 0; detached < 2; detached++) {
        TamgaSigningParameters parameters = {.level = TAMGA_LEVEL_T,
                                             .packaging = detached ? TAMGA_PACKAGING_DETACHED
                                                                   : TAMGA_PACKAGING_DEFAULT};
        g_autoptr (GPtrArray) contents = contents_of (detached);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) one = sign (fixture, "RSA", "RSA-PKCS1-SHA-256", parameters, &error);
        g_autoptr (GBytes) two = NULL, three = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        parameters.contents = contents;
        g_assert_no_error (error);
        two = sign_again (fixture, one, parameters, &error);
        g_assert_no_error (error);
        three = sign_again (fixture, two, parameters, &error);
        g_assert_no_error (error);
        assert_contains (three, one, "protected");
        assert_contains (three, one, "signature");
        signatures = carrier_assert (three, contents, 3, TAMGA_INTEGRITY_INTACT);
        for (guint i = 0; i < 3; i++)
            carrier_assert_stamped (signatures->pdata[i], 1);
    }
}

static void test_countersignature (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) one = sign (fixture, "RSA", "RSA-PKCS1-SHA-256",
                                   (TamgaSigningParameters){.level = TAMGA_LEVEL_T}, &error);
    g_autoptr (GBytes) two = NULL, none = NULL, extended = NULL;
    g_autoptr (GPtrArray) signatures = NULL;
    const TamgaSignature *second;

    g_assert_no_error (error);
    two = sign_again (
        fixture, one,
        (TamgaSigningParameters){.level = TAMGA_LEVEL_T, .countersigned = "signature 1"}, &error);
    g_assert_no_error (error);
    signatures = carrier_assert (two, NULL, 2, TAMGA_INTEGRITY_INTACT);
    second = signatures->pdata[1];
    g_assert_cmpstr (second->countersigned, ==, "signature 1");
    g_assert_cmpstr (second->id, ==, "countersignature 1 of signature 1");
    g_assert_cmpint (second->coverage, ==, TAMGA_COVERS_PART);
    carrier_assert_stamped (second, 1);
    none =
        sign_again (fixture, one, (TamgaSigningParameters){.countersigned = "signature 2"}, &error);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    g_assert_null (none);
    g_clear_error (&error);
    g_clear_pointer (&signatures, g_ptr_array_unref);
    extended = carrier_extend (fixture, two, NULL, &(TamgaExtension){.archive = TRUE}, &error);
    g_assert_no_error (error);
    signatures = carrier_assert (extended, NULL, 2, TAMGA_INTEGRITY_INTACT);
    carrier_assert_stamped (signatures->pdata[0], 2);
    g_assert_cmpuint (
        ((TamgaTimestamp *)((TamgaSignature *)signatures->pdata[0])->timestamps->pdata[1])
            ->proves->len,
        ==, 2);
}

static void test_extend (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "Other");
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, party);
    static const TamgaJoseSerialization forms[] = {TAMGA_JOSE_COMPACT, TAMGA_JOSE_FLATTENED,
                                                   TAMGA_JOSE_GENERAL};

    for (gsize variant = 0; variant < 2 * G_N_ELEMENTS (forms); variant++) {
        gboolean detached = variant % 2;
        g_autoptr (GPtrArray) contents = contents_of (detached);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) file =
            sign (fixture, "P-256", "ECDSA-SHA-256",
                  (TamgaSigningParameters){.jose = forms[variant / 2],
                                           .packaging = detached ? TAMGA_PACKAGING_DETACHED
                                                                 : TAMGA_PACKAGING_DEFAULT},
                  &error);
        const TamgaExtension all = {.timestamp = TRUE, .evidence = evidence, .archive = TRUE};
        const TamgaExtension renewal = {.evidence = evidence, .archive = TRUE};
        g_autoptr (GBytes) lta = NULL, renewed = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        g_assert_no_error (error);
        lta = carrier_extend (fixture, file, contents, &all, &error);
        g_assert_no_error (error);
        renewed = carrier_extend (fixture, lta, contents, &renewal, &error);
        g_assert_no_error (error);
        signatures = carrier_assert (renewed, contents, 1, TAMGA_INTEGRITY_INTACT);
        carrier_assert_stamped (signatures->pdata[0], 3);
        g_assert_true (((TamgaSignature *)signatures->pdata[0])->has_evidence);
    }
}

/* Others' bytes with white space between them stay as they are. */
static void test_extend_in_place (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) file = sign (fixture, "RSA", "RSA-PKCS1-SHA-256",
                                    (TamgaSigningParameters){.level = TAMGA_LEVEL_T}, &error);
    g_autoptr (GBytes) spaced =
        carrier_replace (file, "{\"etsiU\":[", "{ \"x\" : 1.50 , \"etsiU\" :\n[ ");
    g_autoptr (GBytes) lta =
        carrier_extend (fixture, spaced, NULL, &(TamgaExtension){.archive = TRUE}, &error);
    g_autoptr (GPtrArray) signatures = NULL;
    gsize size = g_bytes_get_size (lta);

    g_assert_no_error (error);
    g_assert_nonnull (
        memmem (g_bytes_get_data (lta, NULL), size, "{ \"x\" : 1.50 , \"etsiU\" :\n[ ", 25));
    signatures = carrier_assert (lta, NULL, 1, TAMGA_INTEGRITY_INTACT);
    carrier_assert_stamped (signatures->pdata[0], 2);
}

static void test_originals (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) file =
        sign (fixture, "RSA", "RSA-PKCS1-SHA-256", (TamgaSigningParameters){0}, &error);
    g_autoptr (GBytes) detached =
        sign (fixture, "RSA", "RSA-PKCS1-SHA-256",
              (TamgaSigningParameters){.packaging = TAMGA_PACKAGING_DETACHED}, &error);
    g_autoptr (TamgaDocument) document = tamga_document_new ("x", file);
    g_autoptr (TamgaDocument) other = tamga_document_new ("y", detached);
    g_autoptr (GPtrArray) originals = tamga_jades_format.originals (document, NULL, NULL, &error);
    const TamgaOriginal *original;

    g_assert_no_error (error);
    g_assert_cmpuint (originals->len, ==, 1);
    original = originals->pdata[0];
    g_assert_cmpstr (original->mime_type, ==, "text/plain");
    g_assert_cmpmem (g_bytes_get_data (tamga_document_memory (original->document), NULL),
                     tamga_document_size (original->document), TEXT, strlen (TEXT));
    g_assert_null (tamga_jades_format.originals (other, NULL, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT);
}

static void test_refusals (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const struct {
        const char *kind, *algorithm;
        TamgaSigningParameters parameters;
        int code;
    } rows[] = {
        {"RSA",
         "RSA-PKCS1-SHA-256",
         {.jose = TAMGA_JOSE_COMPACT, .level = TAMGA_LEVEL_T},
         TAMGA_FORMAT_ERROR_PARAMETER},
        {"RSA",
         "RSA-PKCS1-SHA-256",
         {.packaging = TAMGA_PACKAGING_ENVELOPED},
         TAMGA_FORMAT_ERROR_PARAMETER},
        {"RSA", "RSA-PKCS1-SHA-256", {.reason = "why"}, TAMGA_FORMAT_ERROR_PARAMETER},
        {"RSA",
         "RSA-PKCS1-SHA-256",
         {.countersigned = "signature 1"},
         TAMGA_FORMAT_ERROR_PARAMETER},
        {"P-384", "ECDSA-SHA-256", {0}, TAMGA_FORMAT_ERROR_ALGORITHM},
        {"RSA", "RSA-PKCS1-SHA3-256", {0}, TAMGA_FORMAT_ERROR_ALGORITHM},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GError) error = NULL;
        g_assert_null (sign (fixture, rows[i].kind, rows[i].algorithm, rows[i].parameters, &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, rows[i].code);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/jose/make/round-trip", test_round_trip);
    g_test_add_func ("/jose/make/claims", test_claims);
    g_test_add_func ("/jose/make/several-documents", test_several_documents);
    g_test_add_func ("/jose/make/further-signers", test_further_signers);
    g_test_add_func ("/jose/make/countersignature", test_countersignature);
    g_test_add_func ("/jose/make/extend", test_extend);
    g_test_add_func ("/jose/make/extend-in-place", test_extend_in_place);
    g_test_add_func ("/jose/make/originals", test_originals);
    g_test_add_func ("/jose/make/refusals", test_refusals);
    return g_test_run ();
}
