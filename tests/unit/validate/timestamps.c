/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timestamps as proofs: which ones count, and what happens to a signature whose timestamp does
 * not (EN 319 102-1 5.4, 5.5; UA 115(6), 118, 119; KG use.4). */
#include <string.h>

#include "client/validate/checks.h"
#include "tests/unit/validate/scene.h"

#define PASSED TAMGA_TOTAL_PASSED
#define FAILED TAMGA_TOTAL_FAILED
#define OPEN TAMGA_INDETERMINATE

/* A signature with one timestamp by `tsa`, judgeable now without it. */
static TamgaSignature *stamped (const Scene *scene, const Entity *tsa, gint64 time, gboolean good,
                                const Entry *entry)
{
    TamgaSignature *signature = scene_signature (scene, scene->signer);
    X509_up_ref (tsa->certificate);
    g_ptr_array_add (signature->certificates, tsa->certificate);
    scene_add_timestamp (signature, tsa, TAMGA_TIMESTAMP_SIGNATURE, time, good);
    scene_add_lists (scene, signature, NOW - DAY, 7, scene->provider, entry);
    return signature;
}

/* The timestamp counts for nothing, and the report says why; the signature is judged without it. */
static void assert_unused (const TamgaValidation *validation, const char *sub)
{
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (one->level, ==, "B");
    g_assert_cmpint (one->best_time, ==, NOW);
    g_assert_true (scene_has_finding (one, "timestamp-not-used"));
    for (guint i = 0; i < one->findings->len; i++) {
        const TamgaFinding *finding = one->findings->pdata[i];
        if (g_str_equal (finding->code, "timestamp-not-used"))
            g_assert_nonnull (strstr (finding->text, sub));
    }
}

static void test_lines (void)
{
    static const char *const names[] = {"timestamp-1-purpose",   "timestamp-1-path",
                                        "timestamp-1-status-1",  "timestamp-1-status-2",
                                        "timestamp-1-signature", "timestamp-1-imprint"};
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, scene_lt_signature (scene, scene->signer));
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    guint next = 0; /* in this order */
    for (guint i = 0; i < one->checks->len && next < G_N_ELEMENTS (names); i++) {
        const TamgaCheck *check = one->checks->pdata[i];
        if (g_str_equal (check->name, names[next]))
            next++;
    }
    g_assert_cmpuint (next, ==, G_N_ELEMENTS (names));
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
        scene_assert_check (one, names[i], "passed");
    scene_assert_check (one, "timestamp-1-time", "info");
}

/* RFC 3161 2.4.1: a service that was not asked sends no certificate. The one that the token names
 * may lie anywhere; another one of the same key is not it. */
static void test_no_certificate (void)
{
    for (int known = 0; known < 2; known++) {
        g_autoptr (Scene) scene = scene_new ();
        TamgaSignature *signature = scene_signature (scene, scene->signer);
        scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
        scene_add_lists (scene, signature, NOW - DAY, 7, scene->provider, NULL);
        TamgaTimestamp *timestamp = signature->timestamps->pdata[0];
        gsize size;
        const guint8 *der = g_bytes_get_data (timestamp->token, &size);
        g_autoptr (PKCS7) token = d2i_PKCS7 (NULL, &der, (long)size);
        g_autoptr (Entity) twin = pki_cross (scene->provider, scene->tsa, PKI_TSA);
        X509 *there = known ? scene->tsa->certificate : twin->certificate;
        sk_X509_pop_free (token->d.sign->cert, X509_free);
        token->d.sign->cert = NULL;
        g_bytes_unref (timestamp->token);
        timestamp->token = tamga_ossl_der (i2d_PKCS7, token);
        X509_up_ref (there);
        g_ptr_array_add (signature->certificates, there);
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        if (known)
            g_assert_cmpint (scene_one (validation, 0)->best_time, ==, THEN);
        else
            assert_unused (validation, "certificate");
    }
}

static void test_wrong_imprint (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, stamped (scene, scene->tsa, THEN, FALSE, NULL));
    assert_unused (validation, "HASH_FAILURE");
    scene_assert_check (scene_one (validation, 0), "timestamp-1-imprint", "failed");
}

static void test_nothing_covered (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = stamped (scene, scene->tsa, THEN, TRUE, NULL);
    TamgaTimestamp *timestamp = signature->timestamps->pdata[0];
    g_clear_pointer (&timestamp->covered_digest, g_bytes_unref);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    assert_unused (validation, "SIGNED_DATA_NOT_FOUND");
}

/* One bit of the token flipped, in its signature value and in its content. */
static void test_broken_token (void)
{
    g_autoptr (Scene) scene = scene_new ();
    for (guint place = 0; place < 2; place++) {
        TamgaSignature *signature = stamped (scene, scene->tsa, THEN, TRUE, NULL);
        TamgaTimestamp *timestamp = signature->timestamps->pdata[0];
        gsize size;
        guint8 *bytes = g_bytes_unref_to_data (timestamp->token, &size);
        if (place == 0) {
            bytes[size - 3] ^= 1; /* the last octets are the signature value */
        } else {
            guint8 *imprint = memmem (bytes, size, "what was signed", 15);
            g_assert_nonnull (imprint);
            imprint[0] ^= 1;
        }
        timestamp->token = g_bytes_new_take (bytes, size);
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        assert_unused (validation, place == 0 ? "SIG_CRYPTO_FAILURE" : "HASH_FAILURE");
        scene_assert_check (scene_one (validation, 0), "timestamp-1-signature", "failed");
    }
}

static void test_garbage_token (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = stamped (scene, scene->tsa, THEN, TRUE, NULL);
    TamgaTimestamp *timestamp = signature->timestamps->pdata[0];
    g_bytes_unref (timestamp->token);
    timestamp->token = g_bytes_new_static ("0\3no!", 5);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    assert_unused (validation, "FORMAT_FAILURE");
}

static void test_stranger (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) root = pki_issue (NULL, "Stranger Root", PKI_CA, 0, 0);
    g_autoptr (Entity) tsa = pki_issue (root, "Stranger TSA", PKI_TSA, 0, 0);
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, stamped (scene, tsa, THEN, TRUE, NULL));
    assert_unused (validation, "NO_CERTIFICATE_CHAIN_FOUND");
}

/* RFC 3161 2.3: timeStamping must be the only purpose and critical. */
static void test_purpose (void)
{
    static const struct {
        const char *extensions;
        gboolean fits;
    } rows[] = {
        {PKI_TSA, TRUE},
        {"keyUsage=critical,digitalSignature\nextendedKeyUsage=timeStamping\n", FALSE},
        {"keyUsage=critical,digitalSignature\n"
         "extendedKeyUsage=critical,timeStamping,clientAuth\n",
         FALSE},
        {PKI_SIGNER, FALSE},
    };
    g_autoptr (Scene) scene = scene_new ();
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (Entity) tsa = pki_issue (scene->provider, "Other TSA", rows[i].extensions, 0, 0);
        TamgaSignature *signature = stamped (scene, scene->tsa, THEN, TRUE, NULL);
        scene_resign_timestamp (signature, tsa);
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        scene_assert_check (scene_one (validation, 0), "timestamp-1-purpose",
                            rows[i].fits ? "passed" : "failed");
        if (rows[i].fits)
            g_assert_cmpint (scene_one (validation, 0)->best_time, ==, THEN);
        else
            assert_unused (validation, "CHAIN_CONSTRAINTS_FAILURE");
    }
}

/* UA 119: revoked or blocked at formation. */
static void test_revoked_then (void)
{
    static const struct {
        int reason;
        const char *sub;
    } rows[] = {{CRL_REASON_SUPERSEDED, "REVOKED_NO_POE"},
                {CRL_REASON_CERTIFICATE_HOLD, "TRY_LATER"}};
    g_autoptr (Scene) scene = scene_new ();
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        Entry entry = {
            .certificate = scene->tsa->certificate, .time = THEN - DAY, .reason = rows[i].reason};
        g_autoptr (TamgaValidation) validation =
            scene_validate (scene, stamped (scene, scene->tsa, THEN, TRUE, &entry));
        assert_unused (validation, rows[i].sub);
        scene_assert_check (scene_one (validation, 0), "timestamp-1-status-1", "failed");
    }
}

/* RFC 3161 4.1: after a compromise of its key a service's earlier tokens prove nothing. */
static void test_revoked_later (void)
{
    static const struct {
        int reason;
        gboolean counts;
    } rows[] = {{CRL_REASON_SUPERSEDED, TRUE},
                {CRL_REASON_CESSATION_OF_OPERATION, TRUE},
                {CRL_REASON_KEY_COMPROMISE, FALSE},
                {-1, FALSE}};
    g_autoptr (Scene) scene = scene_new ();
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        Entry entry = {.certificate = scene->tsa->certificate,
                       .time = THEN + 5 * DAY,
                       .reason = rows[i].reason};
        g_autoptr (TamgaValidation) validation =
            scene_validate (scene, stamped (scene, scene->tsa, THEN, TRUE, &entry));
        if (rows[i].counts)
            g_assert_cmpint (scene_one (validation, 0)->best_time, ==, THEN);
        else
            assert_unused (validation, "REVOKED_NO_POE");
    }
}

/* UA 118(2): not valid when formed. EN 319 102-1 5.6.2: valid then, ended since, and nothing later
 * proves the token. */
static void test_validity (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) early =
        pki_issue (scene->provider, "Early TSA", PKI_TSA, THEN + DAY, NOW + 50 * DAY);
    g_autoptr (TamgaValidation) before =
        scene_validate (scene, stamped (scene, early, THEN, TRUE, NULL));
    assert_unused (before, "NOT_YET_VALID");
    /* under an authority of its own, whose last list is older than its end (MD 4:38) */
    g_autoptr (Entity) ca = pki_issue (scene->root, "TSA CA", PKI_CA, 0, 0);
    g_autoptr (Entity) ended =
        pki_issue (ca, "Ended TSA", PKI_TSA, THEN - 50 * DAY, THEN + 10 * DAY);
    List list = {
        .issuer = ca, .this_update = THEN + 60, .next_update = THEN + 7 * DAY, .number = 3};
    for (guint archived = 0; archived < 2; archived++) {
        TamgaSignature *signature = stamped (scene, ended, THEN, TRUE, NULL);
        X509_up_ref (ca->certificate);
        g_ptr_array_add (signature->certificates, ca->certificate);
        g_ptr_array_add (signature->crls, pki_crl (&list));
        scene_add_lists (scene, signature, THEN + 60, 7, NULL, NULL);
        if (archived) /* from before its end: the token is proven */
            scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_ARCHIVE, THEN + 2 * DAY,
                                 TRUE);
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        if (!archived) {
            assert_unused (validation, "OUT_OF_BOUNDS_NO_POE");
            continue;
        }
        scene_assert (validation, 0, PASSED, NULL);
        g_assert_cmpint (scene_one (validation, 0)->best_time, ==, THEN);
        g_assert_cmpstr (scene_one (validation, 0)->level, ==, "LTA");
    }
}

static void test_future (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, stamped (scene, scene->tsa, NOW + DAY, TRUE, NULL));
    assert_unused (validation, "TIMESTAMP_ORDER_FAILURE");
}

static void test_order (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_ARCHIVE, THEN - DAY, TRUE);
    scene_add_lists (scene, signature, THEN - DAY, 2, NULL, NULL);
    g_autoptr (TamgaValidation) archive = scene_validate (scene, signature);
    scene_assert (archive, 0, OPEN, "TIMESTAMP_ORDER_FAILURE");
    signature = scene_lt_signature (scene, scene->signer);
    scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_CONTENT, THEN + DAY, TRUE);
    g_autoptr (TamgaValidation) content = scene_validate (scene, signature);
    scene_assert (content, 0, OPEN, "TIMESTAMP_ORDER_FAILURE");
}

static void test_mandatory (void)
{
    g_autoptr (Scene) scene = scene_new ();
    scene->profile->timestamp_mandatory = TRUE;
    TamgaSignature *signature = scene_signature (scene, scene->signer);
    scene_add_lists (scene, signature, NOW - DAY, 7, NULL, NULL);
    g_autoptr (TamgaValidation) none = scene_validate (scene, signature);
    scene_assert (none, 0, OPEN, "SIG_CONSTRAINTS_FAILURE");
    scene_assert_check (scene_one (none, 0), "timestamp-mandatory", "failed");
    g_autoptr (TamgaValidation) bad =
        scene_validate (scene, stamped (scene, scene->tsa, THEN, FALSE, NULL));
    scene_assert (bad, 0, OPEN, "NO_POE");
    g_autoptr (TamgaValidation) good =
        scene_validate (scene, scene_lt_signature (scene, scene->signer));
    scene_assert (good, 0, PASSED, NULL);
}

/* A document timestamp is an entry of its own and proves that earlier revisions existed. */
static void test_document_timestamp (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) old =
        pki_issue (scene->provider, "Old Signer", PKI_SIGNER, 0, NOW - 20 * DAY);
    TamgaSignature *signature = scene_signature (scene, old);
    signature->format = "PAdES";
    signature->revision = 1;
    signature->revisions = 3;
    signature->coverage = TAMGA_COVERS_REVISION;
    scene_add_lists (scene, signature, THEN + 60, 7, NULL, NULL);
    TamgaSignature *document = scene_document_timestamp (scene, scene->tsa, THEN + DAY, 3, 3);
    scene_add_lists (scene, document, THEN + DAY, 7, NULL, NULL);
    g_autoptr (TamgaValidation) validation = scene_validate_two (scene, signature, document);
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    scene_assert (validation, 0, PASSED, NULL);
    scene_assert (validation, 1, PASSED, NULL);
    g_assert_cmpint (one->best_time, ==, THEN + DAY);
    g_assert_cmpstr (one->best_time_source, ==, "document timestamp by TSA 1");
    g_assert_cmpstr (one->level, ==, "LT");
    g_assert_cmpstr (validation->summary, ==, "VALID, 1 signature, the whole document is covered");
}

/* It proves nothing about revisions that came after it, and nothing when it is broken. */
static void test_document_timestamp_proves_not (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) old =
        pki_issue (scene->provider, "Old Signer", PKI_SIGNER, 0, NOW - 20 * DAY);
    for (guint broken = 0; broken < 2; broken++) {
        TamgaSignature *signature = scene_signature (scene, old);
        signature->revision = broken ? 1 : 3;
        scene_add_lists (scene, signature, NOW - DAY, 7, NULL, NULL);
        TamgaSignature *document = scene_document_timestamp (scene, scene->tsa, THEN, 2, 3);
        scene_add_lists (scene, document, THEN, 7, NULL, NULL);
        if (broken)
            tamga_signature_fail (document, TAMGA_INTEGRITY_FORMAT_FAILURE, "made so by the test");
        g_autoptr (TamgaValidation) validation = scene_validate_two (scene, signature, document);
        scene_assert (validation, 0, OPEN, "OUT_OF_BOUNDS_NO_POE");
        scene_assert (validation, 1, broken ? FAILED : PASSED, broken ? "FORMAT_FAILURE" : NULL);
        g_assert_cmpint (validation->verdict, ==,
                         broken ? TAMGA_VERDICT_INVALID : TAMGA_VERDICT_UNDETERMINED);
    }
}

/* A document timestamp that could not be judged takes nothing from those who signed. */
static void test_document_timestamp_open (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    TamgaSignature *document = scene_document_timestamp (scene, scene->tsa, THEN + DAY, 3, 3);
    g_autoptr (TamgaValidation) validation = scene_validate_two (scene, signature, document);
    scene_assert (validation, 0, PASSED, NULL);
    scene_assert (validation, 1, OPEN, "TRY_LATER");
    g_assert_cmpint (validation->verdict, ==, TAMGA_VERDICT_VALID);
}

int main (int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test) (void);
    } tests[] = {
        {"/ua_115_6/named_lines", test_lines},
        {"/rfc_3161_2_4_1/no_certificate", test_no_certificate},
        {"/ua_115_6/wrong_imprint", test_wrong_imprint},
        {"/ua_115_6/nothing_covered", test_nothing_covered},
        {"/ua_115_6/broken_token", test_broken_token},
        {"/ua_115_6/garbage_token", test_garbage_token},
        {"/ua_115_6/stranger", test_stranger},
        {"/ua_115_6/purpose", test_purpose},
        {"/ua_119/revoked_or_blocked_at_formation", test_revoked_then},
        {"/rfc_3161_4_1/revoked_later", test_revoked_later},
        {"/ua_118_2/valid_at_formation", test_validity},
        {"/ua_119/time_to_come", test_future},
        {"/en_319_102_1/timestamp_order", test_order},
        {"/kg_use_4/timestamp_mandatory", test_mandatory},
        {"/en_319_142_1/document_timestamp", test_document_timestamp},
        {"/en_319_142_1/document_timestamp_proves_not", test_document_timestamp_proves_not},
        {"/en_319_142_1/document_timestamp_open", test_document_timestamp_open},
    };
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add_func (tests[i].path, tests[i].test);
    return g_test_run ();
}
