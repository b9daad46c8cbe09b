/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each sub-indication of EN 319 102-1 that this program gives, from a model made for it. */
#include <string.h>
#include <glib/gstdio.h>

#include "client/status/internal.h"
#include "client/validate/checks.h"
#include "tests/unit/validate/scene.h"

#define PASSED TAMGA_TOTAL_PASSED
#define FAILED TAMGA_TOTAL_FAILED
#define OPEN TAMGA_INDETERMINATE

/* --- what must pass --- */

static void test_lt_passes (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, scene_lt_signature (scene, scene->signer));
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (one->level, ==, "LT");
    g_assert_cmpint (one->best_time, ==, THEN);
    g_assert_cmpstr (one->best_time_source, ==, "timestamp by TSA 1");
    g_assert_cmpint (validation->verdict, ==, TAMGA_VERDICT_VALID);
    g_assert_cmpint (tamga_validation_exit_code (validation), ==, 0);
    g_assert_cmpstr (validation->summary, ==, "VALID, 1 signature, the whole document is covered");
}

static void test_b_passes (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_signature (scene, scene->signer);
    scene_add_lists (scene, signature, NOW - DAY, 7, NULL, NULL);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (one->level, ==, "B");
    g_assert_cmpint (one->best_time, ==, NOW);
    g_assert_cmpstr (one->best_time_source, ==, "current time");
}

/* A timestamp without evidence in the file is level T at most. */
static void test_level_t (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    g_autoptr (GPtrArray) elsewhere = signature->crls;
    signature->crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    signature->has_evidence = FALSE;
    scene->context.crls = elsewhere;
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (scene_one (validation, 0)->level, ==, "T");
}

/* A folder that goes with what is in it when the test ends. */
typedef char Folder;

static void folder_remove (Folder *folder)
{
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (folder, name, NULL);
        g_unlink (path);
    }
    g_rmdir (folder);
    g_free (folder);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Folder, folder_remove)

/* What this machine happens to have cached says nothing about the file: the level stays. */
static void test_level_whatever_is_cached (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (Folder) folder = g_dir_make_tmp ("tamga-cache-XXXXXX", &error);
    g_assert_no_error (error);
    g_autoptr (TamgaStatusCache) cache = tamga_status_cache_open_directory (folder, folder, &error);
    g_assert_no_error (error);
    g_autoptr (Entity) signer =
        pki_issue (scene->provider, "Listed Signer",
                   PKI_SIGNER "crlDistributionPoints=URI:http://crl.example/p.crl\n", 0, 0);
    List list = {
        .issuer = scene->provider, .this_update = NOW - DAY, .next_update = NOW + DAY, .number = 9};
    g_autoptr (GBytes) newer = pki_crl (&list);
    tamga_cache_put (cache, "crl http://crl.example/p.crl", newer, NOW + DAY);
    scene->context.cache = cache;
    Answer answer = {.responder = scene->provider,
                     .issuer = scene->provider,
                     .certificate = signer->certificate,
                     .status = V_OCSP_CERTSTATUS_GOOD,
                     .reason = -1,
                     .this_update = THEN + 60,
                     .next_update = THEN + DAY,
                     .produced = THEN + 60};
    TamgaSignature *signature = scene_lt_signature (scene, signer);
    g_ptr_array_add (signature->ocsps, pki_ocsp (&answer));
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (one->level, ==, "LT");
}

static void test_level_none (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    signature->claimed_time = G_MININT64;
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (scene_one (validation, 0)->level, ==, "none");
}

/* Answers that only this machine has are not in the file: its level is T. */
static void test_level_of_cached_answers (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp ("tamga-cache-XXXXXX", &error);
    g_assert_no_error (error);
    g_autoptr (TamgaStatusCache) cache = tamga_status_cache_open_directory (folder, folder, &error);
    g_assert_no_error (error);
    const char *point = "crlDistributionPoints=URI:http://crl.example/p.crl\n";
    g_autofree char *signs = g_strconcat (PKI_SIGNER, point, NULL);
    g_autofree char *stamps = g_strconcat (PKI_TSA, point, NULL);
    g_autoptr (Entity) signer = pki_issue (scene->provider, "Listed Signer", signs, 0, 0);
    g_autoptr (Entity) tsa = pki_issue (scene->provider, "Listed TSA", stamps, 0, 0);
    List kept = {
        .issuer = scene->provider, .this_update = NOW - DAY, .next_update = NOW + DAY, .number = 9};
    List sent = {
        .issuer = scene->root, .this_update = THEN + 60, .next_update = THEN + DAY, .number = 7};
    g_autoptr (GBytes) list = pki_crl (&kept);
    tamga_cache_put (cache, "crl http://crl.example/p.crl", list, NOW + DAY);
    scene->context.cache = cache;
    TamgaSignature *signature = scene_signature (scene, signer);
    scene_add_timestamp (signature, tsa, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
    g_ptr_array_add (signature->crls, pki_crl (&sent));
    signature->has_evidence = TRUE;
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (scene_one (validation, 0)->level, ==, "T");
}

/* --- integrity, binding, changes --- */

static void test_integrity (void)
{
    static const struct {
        TamgaIntegrity integrity;
        TamgaIndication indication;
        const char *sub;
        TamgaVerdict verdict;
        const char *line;
    } rows[] = {
        {TAMGA_INTEGRITY_HASH_FAILURE, FAILED, "HASH_FAILURE", TAMGA_VERDICT_INVALID, "hash"},
        {TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE, FAILED, "SIG_CRYPTO_FAILURE", TAMGA_VERDICT_INVALID,
         "signature-value"},
        {TAMGA_INTEGRITY_FORMAT_FAILURE, FAILED, "FORMAT_FAILURE", TAMGA_VERDICT_INVALID, "format"},
        {TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND, OPEN, "SIGNED_DATA_NOT_FOUND",
         TAMGA_VERDICT_UNDETERMINED, "hash"},
        {TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE, OPEN, "NO_SIGNING_CERTIFICATE_FOUND",
         TAMGA_VERDICT_UNDETERMINED, "signing-certificate"},
        {TAMGA_INTEGRITY_NOT_VERIFIABLE, OPEN, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
         TAMGA_VERDICT_UNDETERMINED, "signature-value"},
    };
    g_autoptr (Scene) scene = scene_new ();
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
        tamga_signature_fail (signature, rows[i].integrity, "made so by the test");
        if (rows[i].integrity == TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE)
            g_clear_pointer (&signature->certificate, X509_free);
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        const TamgaValidatedSignature *one = scene_one (validation, 0);
        scene_assert (validation, 0, rows[i].indication, rows[i].sub);
        g_assert_cmpint (validation->verdict, ==, rows[i].verdict);
        g_assert_cmpint (tamga_validation_exit_code (validation), ==,
                         rows[i].verdict == TAMGA_VERDICT_INVALID ? 1 : 2);
        g_assert_cmpstr (one->reason, ==, "made so by the test");
        g_assert_cmpstr (scene_check (one, rows[i].line)->result, !=, "passed");
        g_assert_cmpstr (one->level, ==, "none");
    }
}

/* A failure of the cryptography outranks everything that could not be judged. */
static void test_failure_outranks (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaTrust) nobody = tamga_trust_new ();
    scene->context.trust = nobody;
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    tamga_signature_fail (signature, TAMGA_INTEGRITY_HASH_FAILURE, "made so by the test");
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, FAILED, "HASH_FAILURE");
    /* And one that is found after what is only undetermined. */
    g_autoptr (Scene) again = scene_new ();
    TamgaSignature *changed = scene_lt_signature (again, again->signer);
    changed->binding = TAMGA_BINDING_NONE;
    g_ptr_array_add (changed->changes,
                     tamga_change_new (2, FALSE, "unexplained", "page 1", "page 1 was changed"));
    g_autoptr (TamgaValidation) second = scene_validate (again, changed);
    scene_assert (second, 0, FAILED, "FORMAT_FAILURE");
}

static void test_binding (void)
{
    static const struct {
        TamgaBinding binding;
        gboolean accept_v1;
        TamgaIndication indication;
        const char *sub;
    } rows[] = {
        {TAMGA_BINDING_V2, FALSE, PASSED, NULL},
        {TAMGA_BINDING_V1, TRUE, PASSED, NULL},
        {TAMGA_BINDING_V1, FALSE, OPEN, "SIG_CONSTRAINTS_FAILURE"},
        {TAMGA_BINDING_NONE, TRUE, OPEN, "SIG_CONSTRAINTS_FAILURE"},
        {TAMGA_BINDING_MISMATCH, TRUE, OPEN, "NO_SIGNING_CERTIFICATE_FOUND"},
    };
    g_autoptr (Scene) scene = scene_new ();
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
        signature->binding = rows[i].binding;
        scene->profile->accept_signing_certificate_v1 = rows[i].accept_v1;
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        scene_assert (validation, 0, rows[i].indication, rows[i].sub);
    }
    /* what one profile accepts; another certificate than the one named is never accepted */
    static const struct {
        TamgaBinding binding;
        TamgaIndication indication;
        const char *sub, *check;
    } accepted[] = {
        {TAMGA_BINDING_NONE, PASSED, NULL, "info"},
        {TAMGA_BINDING_MISMATCH, OPEN, "NO_SIGNING_CERTIFICATE_FOUND", "failed"},
    };
    scene->profile->accept_unnamed_certificate = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++) {
        TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
        signature->binding = accepted[i].binding;
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        scene_assert (validation, 0, accepted[i].indication, accepted[i].sub);
        scene_assert_check (scene_one (validation, 0), "certificate-binding", accepted[i].check);
    }
}

static void test_changes (void)
{
    g_autoptr (Scene) scene = scene_new ();
    for (gboolean permitted = FALSE; permitted <= TRUE; permitted++) {
        TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
        g_ptr_array_add (signature->changes,
                         tamga_change_new (2, TRUE, "dss", "object 9 0", "evidence was added"));
        g_ptr_array_add (signature->changes,
                         tamga_change_new (3, permitted, permitted ? "form-fill" : "unexplained",
                                           "page 2", "page 2 was changed"));
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        const TamgaValidatedSignature *one = scene_one (validation, 0);
        scene_assert (validation, 0, permitted ? PASSED : FAILED,
                      permitted ? NULL : "FORMAT_FAILURE");
        g_assert_cmpint (scene_has_finding (one, "unauthorised-change"), ==, !permitted);
        g_assert_cmpint (one->signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
        if (permitted)
            g_assert_cmpstr (validation->summary, ==,
                             "VALID, 1 signature, the document was changed later, as permitted");
        g_assert_cmpint (validation->verdict, ==,
                         permitted ? TAMGA_VERDICT_VALID : TAMGA_VERDICT_INVALID);
    }
}

/* Evidence, timestamps and signatures of others leave the document what it was. */
static void test_silent_changes (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    signature->coverage = TAMGA_COVERS_REVISION;
    signature->revision = 2;
    signature->revisions = 3;
    g_ptr_array_add (signature->changes,
                     tamga_change_new (3, TRUE, "dss", "object 9 0", "evidence was added"));
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (validation->summary, ==,
                     "VALID, 1 signature, the document is unchanged since signing");
    g_autofree char *text = tamga_validation_text (validation, NULL, FALSE);
    g_assert_nonnull (strstr (text, "document  unchanged since signing; what came later:\n"
                                    "             revision 3: evidence was added (permitted)\n"));
    scene_assert_check (scene_one (validation, 0), "changes", "passed");
}

static void test_fatal_finding (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    tamga_signature_find (signature, TAMGA_SEVERITY_FATAL, "odd", "test", "something is odd");
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, OPEN, "SIG_CONSTRAINTS_FAILURE");
}

/* --- path --- */

static void test_no_chain (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaTrust) nobody = tamga_trust_new ();
    scene->context.trust = nobody;
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, scene_lt_signature (scene, scene->signer));
    scene_assert (validation, 0, OPEN, "NO_CERTIFICATE_CHAIN_FOUND");
    g_assert_cmpstr (scene_one (validation, 0)->level, ==, "B");
}

static void test_distrusted (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (Folder) folder = g_dir_make_tmp ("tamga-trust-XXXXXX", &error);
    g_assert_no_error (error);
    g_autoptr (TamgaTrust) trust = tamga_trust_open_directory (folder, &error);
    g_assert_no_error (error);
    tamga_trust_use (trust, scene->root->certificate);
    tamga_trust_distrust (trust, scene->provider->certificate, "heard of a breach", NOW, &error);
    g_assert_no_error (error);
    scene->context.trust = trust;
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, scene_lt_signature (scene, scene->signer));
    scene_assert (validation, 0, OPEN, "CHAIN_CONSTRAINTS_FAILURE");
    g_assert_true (scene_has_finding (scene_one (validation, 0), "distrusted"));
}

static void test_key_usage (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) other =
        pki_issue (scene->provider, "Not For Signing", "keyUsage=critical,keyEncipherment\n", 0, 0);
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, scene_lt_signature (scene, other));
    scene_assert (validation, 0, OPEN, "CHAIN_CONSTRAINTS_FAILURE");
    scene_assert_check (scene_one (validation, 0), "scope", "failed");
}

static void test_authority_signs (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) ca = pki_issue (scene->provider, "Sub CA",
                                       "basicConstraints=critical,CA:TRUE\n"
                                       "keyUsage=critical,digitalSignature,keyCertSign\n",
                                       0, 0);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, scene_lt_signature (scene, ca));
    scene_assert (validation, 0, OPEN, "CHAIN_CONSTRAINTS_FAILURE");
    g_assert_true (scene_has_finding (scene_one (validation, 0), "authority-signed-document"));
    scene_assert_check (scene_one (validation, 0), "not-an-authority", "failed");
}

/* --- status --- */

static TamgaValidation *revoked (const Scene *scene, const Entity *who, const Entity *issuer,
                                 gint64 since, int reason, gboolean timestamp)
{
    Entry entry = {.certificate = who->certificate, .time = since, .reason = reason};
    TamgaSignature *signature = scene_signature (scene, scene->signer);
    if (timestamp)
        scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
    scene_add_lists (scene, signature, NOW - DAY, 7, issuer, &entry);
    /* and lists of the moment of signing, for what was not revoked then */
    if (timestamp)
        scene_add_lists (scene, signature, THEN + 60, 7, NULL, NULL);
    return scene_validate (scene, signature);
}

static void test_revoked (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaValidation) without = revoked (scene, scene->signer, scene->provider,
                                                   NOW - 10 * DAY, CRL_REASON_SUPERSEDED, FALSE);
    scene_assert (without, 0, OPEN, "REVOKED_NO_POE");
    scene_assert_check (scene_one (without, 0), "status-1", "failed");
    g_autoptr (TamgaValidation) later = revoked (scene, scene->signer, scene->provider,
                                                 NOW - 10 * DAY, CRL_REASON_KEY_COMPROMISE, TRUE);
    scene_assert (later, 0, PASSED, NULL);
    g_autoptr (TamgaValidation) before = revoked (scene, scene->signer, scene->provider, THEN - DAY,
                                                  CRL_REASON_KEY_COMPROMISE, TRUE);
    scene_assert (before, 0, OPEN, "REVOKED_NO_POE");
    g_autoptr (TamgaValidation) authority =
        revoked (scene, scene->provider, scene->root, NOW - 10 * DAY, CRL_REASON_SUPERSEDED, FALSE);
    scene_assert (authority, 0, OPEN, "REVOKED_CA_NO_POE");
}

/* invalidityDate before the timestamp: the key was in other hands already. */
static void test_invalidity_date (void)
{
    g_autoptr (Scene) scene = scene_new ();
    Entry entry = {.certificate = scene->signer->certificate,
                   .time = NOW - 10 * DAY,
                   .reason = CRL_REASON_KEY_COMPROMISE,
                   .invalidity = THEN - DAY};
    TamgaSignature *signature = scene_signature (scene, scene->signer);
    scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
    scene_add_lists (scene, signature, NOW - DAY, 7, scene->provider, &entry);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, OPEN, "REVOKED_NO_POE");
}

/* A content timestamp proves that the signature is younger than the revocation. */
static void test_revoked_proven (void)
{
    g_autoptr (Scene) scene = scene_new ();
    Entry entry = {.certificate = scene->signer->certificate,
                   .time = THEN - 5 * DAY,
                   .reason = CRL_REASON_SUPERSEDED};
    TamgaSignature *signature = scene_signature (scene, scene->signer);
    scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_CONTENT, THEN, TRUE);
    scene_add_lists (scene, signature, THEN + 60, 60, scene->provider, &entry);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, FAILED, "REVOKED");
    g_assert_cmpint (validation->verdict, ==, TAMGA_VERDICT_INVALID);
}

static void test_try_later (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaValidation) none =
        scene_validate (scene, scene_signature (scene, scene->signer));
    scene_assert (none, 0, OPEN, "TRY_LATER");
    scene_assert_check (scene_one (none, 0), "status-1", "undetermined");
    g_autoptr (TamgaValidation) hold = revoked (scene, scene->signer, scene->provider,
                                                NOW - 10 * DAY, CRL_REASON_CERTIFICATE_HOLD, FALSE);
    scene_assert (hold, 0, OPEN, "TRY_LATER");
    scene_assert_check (scene_one (hold, 0), "status-1", "failed");
    g_assert_nonnull (strstr (hold->summary, "Try again later"));
}

/* Only the signer's provider answered: the root's word is missing, and one half is not enough. */
static void test_half_an_answer (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    g_ptr_array_remove_index (signature->crls, 0); /* the root's */
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, OPEN, "TRY_LATER");
    scene_assert_check (scene_one (validation, 0), "all-together", "undetermined");
}

/* --- validity periods --- */

static void test_expired (void)
{
    g_autoptr (Scene) scene = scene_new ();
    gint64 end = NOW - 20 * DAY;
    g_autoptr (Entity) old = pki_issue (scene->provider, "Old Signer", PKI_SIGNER, 0, end);
    /* with a timestamp from before: good */
    g_autoptr (TamgaValidation) stamped = scene_validate (scene, scene_lt_signature (scene, old));
    scene_assert (stamped, 0, PASSED, NULL);
    /* without one */
    TamgaSignature *signature = scene_signature (scene, old);
    scene_add_lists (scene, signature, NOW - DAY, 7, NULL, NULL);
    g_autoptr (TamgaValidation) bare = scene_validate (scene, signature);
    scene_assert (bare, 0, OPEN, "OUT_OF_BOUNDS_NO_POE");
    /* and not revoked at the end */
    signature = scene_signature (scene, old);
    scene_add_lists (scene, signature, end - DAY, 60, NULL, NULL);
    g_autoptr (TamgaValidation) good = scene_validate (scene, signature);
    scene_assert (good, 0, OPEN, "OUT_OF_BOUNDS_NOT_REVOKED");
    /* and made after the end, as a content timestamp proves */
    signature = scene_signature (scene, old);
    scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_CONTENT, end + DAY, TRUE);
    scene_add_lists (scene, signature, end + DAY, 60, NULL, NULL);
    g_autoptr (TamgaValidation) proven = scene_validate (scene, signature);
    scene_assert (proven, 0, FAILED, "EXPIRED");
}

static void test_not_yet_valid (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) young =
        pki_issue (scene->provider, "Young Signer", PKI_SIGNER, THEN + DAY, 0);
    g_autoptr (TamgaValidation) stamped = scene_validate (scene, scene_lt_signature (scene, young));
    scene_assert (stamped, 0, FAILED, "NOT_YET_VALID");
    g_autoptr (Entity) unborn = pki_issue (scene->provider, "Unborn", PKI_SIGNER, NOW + DAY, 0);
    TamgaSignature *signature = scene_signature (scene, unborn);
    scene_add_lists (scene, signature, NOW - DAY, 7, NULL, NULL);
    g_autoptr (TamgaValidation) bare = scene_validate (scene, signature);
    scene_assert (bare, 0, OPEN, "OUT_OF_BOUNDS_NO_POE");
}

/* UA 110(2): the issuer must have been valid then; that it expired later is no failure. */
static void test_issuer_expired_later (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) ca =
        pki_issue (scene->root, "Ended CA", PKI_CA, NOW - 500 * DAY, NOW - 10 * DAY);
    g_autoptr (Entity) signer = pki_issue (ca, "Signer Two", PKI_SIGNER, 0, NOW - 11 * DAY);
    TamgaSignature *signature = scene_lt_signature (scene, signer);
    List list = {
        .issuer = ca, .this_update = THEN + 60, .next_update = THEN + 7 * DAY, .number = 3};
    g_ptr_array_add (signature->crls, pki_crl (&list));
    X509_up_ref (ca->certificate);
    g_ptr_array_add (signature->certificates, ca->certificate);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (scene_one (validation, 0)->level, ==, "LT");
}

/* --- algorithms --- */

static void test_algorithms (void)
{
    static const struct {
        const char *algorithm, *digest;
        TamgaIndication indication;
        const char *sub;
    } rows[] = {
        {"ECDSA-SHA-256", "SHA-256", PASSED, NULL},
        {"ECDSA-SHA-384", "SHA-384", PASSED, NULL},
        {"ECDSA-SHA-1", "SHA-1", OPEN, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"},
        {"ECDSA-SHA-256", "SHA-1", OPEN, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"},
        {"ECDSA-SHA-224", "SHA-224", PASSED, NULL}, /* until 2029 */
    };
    g_autoptr (Scene) scene = scene_new ();
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
        signature->algorithm = tamga_algorithm_by_name (rows[i].algorithm);
        signature->message_digest = tamga_digest_by_name (rows[i].digest);
        g_assert_nonnull (signature->algorithm);
        g_assert_nonnull (signature->message_digest);
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        scene_assert (validation, 0, rows[i].indication, rows[i].sub);
    }
}

/* --- many signatures, other times --- */

static void test_verdict_per_signer (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *bad = scene_lt_signature (scene, scene->signer);
    tamga_signature_fail (bad, TAMGA_INTEGRITY_HASH_FAILURE, "made so by the test");
    g_autoptr (TamgaValidation) one_bad =
        scene_validate_two (scene, scene_lt_signature (scene, scene->signer), bad);
    scene_assert (one_bad, 0, PASSED, NULL);
    scene_assert (one_bad, 1, FAILED, "HASH_FAILURE");
    g_assert_cmpint (one_bad->verdict, ==, TAMGA_VERDICT_INVALID);
    g_autoptr (TamgaValidation) one_open = scene_validate_two (
        scene, scene_signature (scene, scene->signer), scene_lt_signature (scene, scene->signer));
    g_assert_cmpint (one_open->verdict, ==, TAMGA_VERDICT_UNDETERMINED);
    g_assert_cmpint (tamga_validation_exit_code (one_open), ==, 2);
    g_autoptr (TamgaValidation) both =
        scene_validate_two (scene, scene_lt_signature (scene, scene->signer),
                            scene_lt_signature (scene, scene->signer));
    g_assert_cmpint (both->verdict, ==, TAMGA_VERDICT_VALID);
    g_assert_cmpstr (both->summary, ==, "VALID, 2 signatures, the whole document is covered");
}

static void test_at (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (GPtrArray) signatures =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    TamgaSignature *signature = scene_signature (scene, scene->signer);
    scene_add_lists (scene, signature, THEN - 60, 7, NULL, NULL);
    g_ptr_array_add (signatures, signature);
    g_autoptr (TamgaValidation) validation =
        tamga_validate_signatures ("file", NULL, signatures, &scene->context, THEN, &call);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpint (scene_one (validation, 0)->best_time, ==, THEN);
    g_assert_cmpstr (scene_one (validation, 0)->best_time_source, ==, "the time given");
}

static void test_not_signed (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (GBytes) bytes = g_bytes_new_static ("just text", 9);
    g_autoptr (TamgaDocument) document = tamga_document_new ("text.txt", bytes);
    g_autoptr (TamgaValidation) validation =
        tamga_validate (document, NULL, &scene->context, G_MININT64, &call);
    g_assert_cmpint (validation->verdict, ==, TAMGA_VERDICT_NOT_SIGNED);
    g_assert_nonnull (validation->error);
    g_assert_cmpint (tamga_validation_exit_code (validation), ==, 4);
}

/* Path and every answer are good, but the licence of the foreign provider was over by then. */
static void test_licence_over (void)
{
    for (int over = 0; over < 2; over++) {
        g_autoptr (Scene) scene = scene_new ();
        TamgaForeignLicence *licence = g_new0 (TamgaForeignLicence, 1);
        licence->name = g_strdup ("Provider CA");
        licence->issuer_sha256 = tamga_ossl_fingerprint (scene->provider->certificate);
        licence->licence = g_strdup ("01/GP");
        licence->scope = g_strdup ("all");
        licence->valid_from = THEN - 100 * DAY;
        licence->valid_until = over ? NOW - DAY : NOW + DAY;
        g_ptr_array_add (scene->profile->foreign, licence);
        TamgaSignature *signature = scene_signature (scene, scene->signer);
        scene_add_lists (scene, signature, NOW - DAY, 7, NULL, NULL);
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        if (over)
            scene_assert (validation, 0, OPEN, "CHAIN_CONSTRAINTS_FAILURE");
        else
            scene_assert (validation, 0, PASSED, NULL);
    }
}

int main (int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test) (void);
    } tests[] = {
        {"/en_319_102_1/lt_passes_without_network", test_lt_passes},
        {"/en_319_102_1/b_passes", test_b_passes},
        {"/en_319_102_1/level_t_without_evidence", test_level_t},
        {"/en_319_102_1/level_whatever_is_cached", test_level_whatever_is_cached},
        {"/en_319_102_1/level_t_with_cached_answers", test_level_of_cached_answers},
        {"/en_319_102_1/no_level_without_signing_time", test_level_none},
        {"/en_319_102_1/5.2.7_integrity", test_integrity},
        {"/en_319_102_1/failure_outranks_indeterminate", test_failure_outranks},
        {"/en_319_102_1/5.2.3_binding", test_binding},
        {"/threats_a/changes_after_signature", test_changes},
        {"/threats_a/silent_changes", test_silent_changes},
        {"/en_319_102_1/fatal_finding", test_fatal_finding},
        {"/en_319_102_1/no_certificate_chain_found", test_no_chain},
        {"/vn_79_3/local_distrust_wins", test_distrusted},
        {"/vn_79_1a/scope_not_for_signing", test_key_usage},
        {"/ua_47/authority_signs_no_documents", test_authority_signs},
        {"/en_319_102_1/revoked", test_revoked},
        {"/threats_d/invalidity_date", test_invalidity_date},
        {"/en_319_102_1/revoked_proven", test_revoked_proven},
        {"/en_319_102_1/try_later", test_try_later},
        {"/vn_79_2c/half_an_answer_is_not_enough", test_half_an_answer},
        {"/en_319_102_1/expired", test_expired},
        {"/en_319_102_1/not_yet_valid", test_not_yet_valid},
        {"/ua_110_2/issuer_expired_later", test_issuer_expired_later},
        {"/en_319_102_1/5.2.8_algorithms", test_algorithms},
        {"/threats_d/verdict_per_signer", test_verdict_per_signer},
        {"/ua_83_4/time_given", test_at},
        {"/validate/not_signed", test_not_signed},
    };
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add_func (tests[i].path, tests[i].test);
    g_test_add_func ("/vn_45/licence_over", test_licence_over);
    return g_test_run ();
}
