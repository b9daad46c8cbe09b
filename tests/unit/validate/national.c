/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of Kazakh and Ukrainian signers under the profiles of their countries, at a time that is
 * given, with the evidence of then: the verdict on each signature. */
#include <string.h>

#include "client/validate/validation.h"
#include "formats/ossl.h"

#define DAY ((gint64)86400)
#define MAX_SIGNATURES 3

typedef struct {
    TamgaProfile *profile;
    TamgaTrust *trust;
    TamgaStatusContext context;
} World;

static GBytes *read_file (const char *country, const char *file)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "vectors", country, file, NULL);
    char *contents;
    gsize length;
    return g_file_get_contents (path, &contents, &length, NULL)
               ? g_bytes_new_take (contents, length)
               : NULL;
}

static X509 *read_certificate (const char *country, const char *file)
{
    g_autoptr (GBytes) der = read_file (country, file);
    g_assert_nonnull (der);
    const unsigned char *data = g_bytes_get_data (der, NULL);
    X509 *certificate = d2i_X509 (NULL, &data, (long)g_bytes_get_size (der));
    g_assert_nonnull (certificate);
    return certificate;
}

static gboolean is_missing (const char *country)
{
    g_autoptr (GBytes) readme = read_file (country, "README.md");
    if (readme == NULL)
        g_test_skip ("skipped: the vectors are not here");
    return readme == NULL;
}

static void world_clear (World *world)
{
    g_clear_pointer (&world->context.pool, g_ptr_array_unref);
    g_clear_pointer (&world->context.ocsps, g_ptr_array_unref);
    g_clear_pointer (&world->context.crls, g_ptr_array_unref);
    tamga_trust_free (world->trust);
    tamga_profile_free (world->profile);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* Lists that end with NULL. */
static void world_init (World *world, const char *country, const char *profile, gint64 now,
                        const char *const *anchors, const char *const *pool,
                        const char *const *ocsps, const char *const *crls)
{
    g_autoptr (GError) error = NULL;
    world->profile = tamga_profile_load (profile, &error);
    g_assert_no_error (error);
    world->trust = tamga_trust_new ();
    world->context = (TamgaStatusContext){
        .profile = world->profile,
        .trust = world->trust,
        .pool = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free),
        .ocsps = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref),
        .crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref),
        .time = now,
        .now = now};
    for (; anchors != NULL && *anchors != NULL; anchors++) {
        g_autoptr (X509) anchor = read_certificate (country, *anchors);
        tamga_trust_use (world->trust, anchor);
    }
    for (; pool != NULL && *pool != NULL; pool++)
        g_ptr_array_add (world->context.pool, read_certificate (country, *pool));
    for (; ocsps != NULL && *ocsps != NULL; ocsps++)
        g_ptr_array_add (world->context.ocsps, read_file (country, *ocsps));
    for (; crls != NULL && *crls != NULL; crls++)
        g_ptr_array_add (world->context.crls, read_file (country, *crls));
}

static TamgaValidation *validate (World *world, const char *country, const char *file,
                                  const char *content)
{
    TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (GBytes) bytes = read_file (country, file);
    g_assert_nonnull (bytes);
    g_autoptr (TamgaDocument) document = tamga_document_new (file, bytes);
    g_autoptr (GPtrArray) contents = NULL;
    TamgaReadOptions options = {0};
    if (content != NULL) {
        g_autoptr (GBytes) data = read_file (country, content);
        contents = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);
        g_ptr_array_add (contents, tamga_document_new (content, data));
        options.contents = contents;
    }
    return tamga_validate (document, &options, &world->context, G_MININT64, &call);
}

/* --- Kazakhstan --- */

/* The test authorities are trusted as they are: their roots are not published. */
static const char *const kz_anchors[] = {"certs/nca_gost2022_test_ca.der",
                                         "certs/nca_rsa_test_ca.der",
                                         "certs/nca_gost2004_test_ca.der", NULL};
static const char *const kz_crls[] = {"crl/nca_gost2022_test.crl", "crl/nca_rsa_test.crl",
                                      "crl/nca_gost_test.crl", NULL};

#define KZ_2022_09 1659312000    /* 2022-08-01: certificates and every list are good */
#define KZ_2022_09_02 1662152400 /* the evening of 2022-09-02, when the OCSP answers were given */
#define KZ_2025 1735689600       /* 2025-01-01 */
#define KZ_2026 1782864000       /* certificates of signers and the authority for RSA have ended */

typedef struct {
    const char *file, *content;
    gint64 now;
    guint n;
    struct {
        const char *algorithm;
        TamgaIndication indication;
        const char *sub; /* and why: */
        const char *reason;
    } expected[MAX_SIGNATURES];
} Row;

static void check_rows (const Row *rows, gsize n, const char *country, const char *profile,
                        const char *const *anchors, const char *const *pool,
                        const char *const *crls)
{
    for (gsize i = 0; i < n; i++) {
        const Row *row = &rows[i];
        g_auto (World) world = {0};
        world_init (&world, country, profile, row->now, anchors, pool, NULL, crls);
        g_autoptr (TamgaValidation) validation =
            validate (&world, country, row->file, row->content);
        g_autofree char *text = tamga_validation_text (validation, world.profile, TRUE);
        g_test_message ("%s", text);
        g_assert_cmpuint (validation->signatures->len, ==, row->n);
        for (guint k = 0; k < row->n; k++) {
            const TamgaValidatedSignature *one = validation->signatures->pdata[k];
            g_assert_cmpstr (one->signature->algorithm->name, ==, row->expected[k].algorithm);
            g_assert_cmpstr (one->sub_indication, ==, row->expected[k].sub);
            g_assert_cmpint (one->indication, ==, row->expected[k].indication);
            if (row->expected[k].reason != NULL)
                g_assert_nonnull (strstr (one->reason, row->expected[k].reason));
        }
    }
}

#define GOST "GOST-34.10-2015-512"
#define RSA_SHA256 "RSA-PKCS1-SHA-256"
#define PASSED TAMGA_TOTAL_PASSED
#define OPEN TAMGA_INDETERMINATE
#define EXPIRED "OUT_OF_BOUNDS_NO_POE"

/* One signer with GOST, one with RSA whose certificate ended in January 2022, before both signed.
 */
static void test_kz (void)
{
    static const Row rows[] = {
        {"cms/attached_gost2015_and_rsa.der",
         NULL,
         KZ_2022_09,
         2,
         {{GOST, PASSED, NULL, NULL}, {RSA_SHA256, OPEN, EXPIRED, "expired on 2022-01-18"}}},
        {"cms/one_signer_rsa.der",
         NULL,
         KZ_2022_09,
         1,
         {{RSA_SHA256, OPEN, EXPIRED, "expired on 2022-01-18"}}},
        /* the second signature was put into the document that the first one covers */
        {"xml/enveloped_rsa_and_gost2015.xml",
         NULL,
         KZ_2022_09,
         2,
         {{RSA_SHA256, TAMGA_TOTAL_FAILED, "HASH_FAILURE", NULL}, {GOST, PASSED, NULL, NULL}}},
        /* four years later everything has ended, and there is no timestamp */
        {"cms/attached_gost2015_and_rsa.der",
         NULL,
         KZ_2026,
         2,
         {{GOST, OPEN, "OUT_OF_BOUNDS_NO_POE", "expired on 2023-07-28"},
          {RSA_SHA256, OPEN, "OUT_OF_BOUNDS_NO_POE", "expired on 2022-01-18"}}},
        /* the certificate is good, but every list had ended before it was issued */
        {"xml/enveloped_gost2015.xml", NULL, KZ_2025, 1, {{GOST, OPEN, "TRY_LATER", "status"}}},
    };
    if (!is_missing ("kz-nca"))
        check_rows (rows, G_N_ELEMENTS (rows), "kz-nca", "kz", kz_anchors, NULL, kz_crls);
}

/* Where nothing is trusted, and where signatures must name their certificate. */
static void test_kz_elsewhere (void)
{
    static const Row untrusted = {"cms/attached_gost2015_and_rsa.der",
                                  NULL,
                                  KZ_2022_09,
                                  2,
                                  {{GOST, OPEN, "NO_CERTIFICATE_CHAIN_FOUND", NULL},
                                   {RSA_SHA256, OPEN, "NO_CERTIFICATE_CHAIN_FOUND", NULL}}};
    static const Row unnamed = {"xml/enveloped_gost2015.xml",
                                NULL,
                                KZ_2025,
                                1,
                                {{GOST, OPEN, "SIG_CONSTRAINTS_FAILURE", "does not say"}}};
    if (is_missing ("kz-nca"))
        return;
    check_rows (&untrusted, 1, "kz-nca", "kz", NULL, NULL, kz_crls);
    check_rows (&unnamed, 1, "kz-nca", "basic", kz_anchors, NULL, kz_crls);
}

/* What answers and lists of the test authorities say about certificates. */
static void test_kz_status (void)
{
    static const struct {
        const char *certificate, *ocsp;
        const char *const *crls;
        TamgaStatusValue value;
        gint64 since;
    } rows[] = {
        /* on hold, so suspended: by the answer, and by the list of the day */
        {"certs/ceo_gost2015.der", "ocsp/ocsp_response_ceo_2015_revoked.bin", NULL,
         TAMGA_STATUS_SUSPENDED, 1658917530},
        {"certs/ceo_gost2015.der", NULL, kz_crls, TAMGA_STATUS_SUSPENDED, 1658917530},
        /* a key of GOST 34.310-2004 */
        {"certs/ceo_sign_gost2004.der", NULL, kz_crls, TAMGA_STATUS_GOOD, G_MININT64},
        /* an answer about another certificate is none */
        {"certs/ceo_gost2015.der", "ocsp/ocsp_response_individual_2015.bin", NULL,
         TAMGA_STATUS_NOT_AVAILABLE, G_MININT64},
    };
    if (is_missing ("kz-nca"))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        TamgaCall call = TAMGA_CALL_INIT;
        const char *const ocsps[] = {rows[i].ocsp, NULL};
        g_auto (World) world = {0};
        world_init (&world, "kz-nca", "kz", KZ_2022_09_02, kz_anchors, NULL, ocsps, rows[i].crls);
        world.context.past = TRUE;
        g_autoptr (X509) certificate = read_certificate ("kz-nca", rows[i].certificate);
        g_autoptr (TamgaProcedure) procedure =
            tamga_procedure_recipient (&world.context, certificate, TAMGA_USE_SIGNING, &call);
        g_assert_cmpuint (procedure->steps->len, ==, 1);
        const TamgaStatus *status = ((TamgaStep *)procedure->steps->pdata[0])->status;
        g_test_message ("%zu: %s", i, status->text);
        g_assert_cmpint (status->value, ==, rows[i].value);
        g_assert_cmpint (status->revocation_time, ==, rows[i].since);
        g_assert_cmpint (procedure->allowed, ==, rows[i].value == TAMGA_STATUS_GOOD);
    }
}

/* An answer and a list that are signed with a digest that the profile refuses say nothing. */
static void test_kz_refused_answers (void)
{
    static const char *const ocsps[] = {"ocsp/ocsp_response_ceo_2015_revoked.bin", NULL};
    static const char *const crls[] = {"crl/nca_gost2022_test.crl", NULL};
    if (is_missing ("kz-nca"))
        return;
    for (int list = 0; list < 2; list++) {
        TamgaCall call = TAMGA_CALL_INIT;
        g_auto (World) world = {0};
        world_init (&world, "kz-nca", "kz", KZ_2022_09_02, kz_anchors, NULL, list ? NULL : ocsps,
                    list ? crls : NULL);
        TamgaAlgorithmRule rule = {"Streebog-512", TAMGA_RULE_REFUSE, G_MININT64, G_MAXINT64};
        g_ptr_array_add (world.profile->algorithms, g_memdup2 (&rule, sizeof rule));
        world.context.past = TRUE;
        g_autoptr (X509) certificate = read_certificate ("kz-nca", "certs/ceo_gost2015.der");
        g_autoptr (TamgaProcedure) procedure =
            tamga_procedure_recipient (&world.context, certificate, TAMGA_USE_SIGNING, &call);
        const TamgaStatus *status = ((TamgaStep *)procedure->steps->pdata[0])->status;
        g_test_message ("%s", status->text);
        g_assert_cmpint (status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
        g_assert_true (!list || strstr (status->text, "Streebog-512") != NULL);
    }
}

/* --- Ukraine --- */

#define CAO "certs/CAO-05E19E2CD92EA2990100000001000000C1000000.cer"
#define DIIA "certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer"
#define TSP "certs/diia-2023-tsp-05E19E2CD92EA29902000000010000004A010000.cer"
#define UA_2023 1695150000 /* 2023-09-19 19:00 UTC, an hour after signing */

/* Path through the provider to the central authority, whose certificate has a critical extension.
 * Of lists there is a delta only, which says nothing without a whole one; the provider's own status
 * is not known either. */
static void test_ua (void)
{
#define UNKNOWN_STATUS                                                                             \
    {                                                                                              \
        {"DSTU-4145-GOST-34.311", OPEN, "TRY_LATER", "status"},                                    \
    }
    static const Row rows[] = {
        {"cades/1_cades-bes_attached_data.p7s", NULL, UA_2023, 1, UNKNOWN_STATUS},
        {"cades/2_cades-t_attached_data.p7s", NULL, UA_2023, 1, UNKNOWN_STATUS},
        {"cades/3_cades-bes_attached_data_and_custom_attributes.p7s", NULL, UA_2023, 1,
         UNKNOWN_STATUS},
        {"cades/4_cades-bes_detached_data.p7s", "cades/4_cades-bes_detached_data.content", UA_2023,
         1, UNKNOWN_STATUS},
        {"cades/5_cades-bes_detached_data_invalid_content.p7s",
         "cades/5_cades-bes_detached_data_invalid_content.content",
         UA_2023,
         1,
         {{"DSTU-4145-GOST-34.311", TAMGA_TOTAL_FAILED, "HASH_FAILURE", "not the one"}}},
    };
    static const char *const anchors[] = {CAO, NULL};
    static const char *const pool[] = {DIIA, TSP, NULL};
    static const char *const crls[] = {
        "crl/BED5083160DBC59BCDDF707C10293F58BB6ED263C6EA5893D3781B61F493BE57-delta-0ABEA7.crl",
        NULL};
    if (!is_missing ("ua-dstu"))
        check_rows (rows, G_N_ELEMENTS (rows), "ua-dstu", "ua", anchors, pool, crls);
}

/* The certificate of the provider, and that of an end, up to the central authority. */
static void test_ua_paths (void)
{
    static const char *const anchors[] = {CAO, NULL}, *const pool[] = {DIIA, NULL};
    static const struct {
        const char *certificate;
        TamgaUse use;
        gint64 time;
        const char *finding; /* NULL: good */
    } rows[] = {
        {"certs/diia-test-sign-7775603.cer", TAMGA_USE_SIGNING, UA_2023, NULL},
        {"certs/diia-test-sign-7775603.cer", TAMGA_USE_SIGNING, UA_2023 + 730 * DAY, "expired"},
        {"certs/diia-test-kep-7775604.cer", TAMGA_USE_SIGNING, UA_2023, "key-usage"},
        {TSP, TAMGA_USE_TIMESTAMP, UA_2023, NULL},
        {TSP, TAMGA_USE_SIGNING, UA_2023, NULL},
        {DIIA, TAMGA_USE_CRL, UA_2023, NULL},
    };
    if (is_missing ("ua-dstu"))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_auto (World) world = {0};
        world_init (&world, "ua-dstu", "ua", UA_2023, anchors, pool, NULL, NULL);
        g_autoptr (X509) certificate = read_certificate ("ua-dstu", rows[i].certificate);
        g_autoptr (TamgaPath) path = tamga_trust_path (world.trust, certificate, world.context.pool,
                                                       rows[i].use, rows[i].time);
        for (guint k = 0; k < path->findings->len; k++)
            g_test_message ("%zu: %s", i, ((TamgaFinding *)path->findings->pdata[k])->text);
        g_assert_true (path->complete);
        g_assert_false (tamga_path_has (path, "unknown-critical-extension"));
        if (rows[i].finding != NULL)
            g_assert_true (tamga_path_has (path, rows[i].finding));
        else
            g_assert_cmpuint (path->findings->len, ==, 0);
    }
}

int main (int argc, char **argv)
{
    tamga_algorithm_load ();
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/kz/files", test_kz);
    g_test_add_func ("/kz/files_elsewhere", test_kz_elsewhere);
    g_test_add_func ("/kz/status", test_kz_status);
    g_test_add_func ("/kz/refused_answers", test_kz_refused_answers);
    g_test_add_func ("/ua/files", test_ua);
    g_test_add_func ("/ua/paths", test_ua_paths);
    return g_test_run ();
}
