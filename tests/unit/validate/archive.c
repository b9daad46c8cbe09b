/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Past validation: archive timestamps and timestamps of containers prove that what they cover
 * existed, and nothing else (EN 319 102-1 5.5, 5.6; threats "time slide"). */
#include <string.h>

#include "client/validate/checks.h"
#include "formats/ossl.h"
#include "tests/unit/validate/scene.h"

#define PASSED TAMGA_TOTAL_PASSED
#define FAILED TAMGA_TOTAL_FAILED
#define OPEN TAMGA_INDETERMINATE

/* After the end of RSA 2048 and SHA-224 (TS 119 312), within the validity of the scene's TSA. */
#define AFTER_2028 (G_GINT64_CONSTANT (1861920000) + 30 * DAY)

/* Two services whose certificates have ended, one after the other, and a signer whose one has. */
typedef struct {
    Scene *scene;
    Entity *signer, *first, *second;
} Archive;

static Archive *archive_new (void)
{
    Archive *archive = g_new0 (Archive, 1);
    Scene *scene = archive->scene = scene_new ();
    archive->signer = pki_issue (scene->provider, "Old Signer", PKI_SIGNER, 0, NOW - 25 * DAY);
    archive->first = pki_issue (scene->provider, "TSA A", PKI_TSA, 0, NOW - 20 * DAY);
    archive->second = pki_issue (scene->provider, "TSA B", PKI_TSA, 0, NOW - 10 * DAY);
    return archive;
}

static void archive_free (Archive *archive)
{
    entity_free (archive->signer);
    entity_free (archive->first);
    entity_free (archive->second);
    scene_free (archive->scene);
    g_free (archive);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_free)

/* Signed and stamped by A at THEN, with lists of that time. */
static TamgaSignature *signed_then (const Archive *archive)
{
    TamgaSignature *signature = scene_signature (archive->scene, archive->signer);
    scene_add_timestamp (signature, archive->first, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
    scene_add_lists (archive->scene, signature, THEN + 60, 40, NULL, NULL);
    return signature;
}

static void add_archive (TamgaSignature *signature, const Entity *tsa, gint64 time)
{
    scene_add_timestamp (signature, tsa, TAMGA_TIMESTAMP_ARCHIVE, time, TRUE);
}

/* Says what the last timestamp covers, as a format does whose array tells nothing. */
static void set_proves (GPtrArray **proves, const char *first, const char *second)
{
    g_clear_pointer (proves, g_ptr_array_unref);
    *proves = g_ptr_array_new_with_free_func (g_free);
    if (first != NULL)
        g_ptr_array_add (*proves, g_strdup (first));
    if (second != NULL)
        g_ptr_array_add (*proves, g_strdup (second));
}

static GPtrArray **proves_of (TamgaSignature *signature, guint index)
{
    return &((TamgaTimestamp *)signature->timestamps->pdata[index])->proves;
}

/* Renewed in time: each one is judged at the time of the one over it. */
static void test_renewed (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *signature = signed_then (archive);
    add_archive (signature, archive->second, NOW - 22 * DAY);
    add_archive (signature, archive->scene->tsa, NOW - 12 * DAY);
    g_autoptr (TamgaValidation) validation = scene_validate (archive->scene, signature);
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (one->level, ==, "LTA");
    g_assert_cmpint (one->best_time, ==, THEN);
    g_assert_cmpstr (one->best_time_source, ==, "timestamp by TSA A");
    g_assert_cmpuint (one->timestamps->len, ==, 3);
}

/* Renewed too late, or not at all: the chain has a gap. */
static void test_gap (void)
{
    static const struct {
        gint64 second, third; /* 0: none */
    } rows[] = {
        {0, 0},
        {NOW - 22 * DAY, 0},             /* B has ended since */
        {NOW - 22 * DAY, NOW - 9 * DAY}, /* B had ended before */
        {NOW - 15 * DAY, NOW - 12 * DAY} /* A had ended before */
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (Archive) archive = archive_new ();
        TamgaSignature *signature = signed_then (archive);
        if (rows[i].second != 0)
            add_archive (signature, archive->second, rows[i].second);
        if (rows[i].third != 0)
            add_archive (signature, archive->scene->tsa, rows[i].third);
        g_autoptr (TamgaValidation) validation = scene_validate (archive->scene, signature);
        scene_assert (validation, 0, OPEN, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
        g_assert_true (scene_has_finding (scene_one (validation, 0), "timestamp-not-used"));
    }
}

/* What an archive timestamp does not name was not there when it was made. */
static void test_not_covered (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *signature = scene_signature (archive->scene, archive->scene->signer);
    scene_add_timestamp (signature, archive->first, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
    scene_add_lists (archive->scene, signature, THEN + 60, 40, NULL, NULL);
    add_archive (signature, archive->scene->tsa, NOW - 22 * DAY);
    set_proves (proves_of (signature, 1), "timestamp 7", NULL);
    g_autoptr (TamgaValidation) validation = scene_validate (archive->scene, signature);
    scene_assert (validation, 0, PASSED, NULL);
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    g_assert_cmpint (one->best_time, ==, NOW - 22 * DAY);
    g_assert_true (scene_has_finding (one, "timestamp-not-used"));
}

static void test_not_covered_and_expired (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *signature = signed_then (archive);
    add_archive (signature, archive->scene->tsa, NOW - 12 * DAY);
    set_proves (proves_of (signature, 1), NULL, NULL);
    g_autoptr (TamgaValidation) validation = scene_validate (archive->scene, signature);
    scene_assert (validation, 0, OPEN, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
}

/* In an array of another order the names decide, not the places. */
static void test_order_of_names (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *signature = scene_signature (archive->scene, archive->signer);
    add_archive (signature, archive->scene->tsa, NOW - 12 * DAY);
    add_archive (signature, archive->second, NOW - 22 * DAY);
    scene_add_timestamp (signature, archive->first, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
    set_proves (proves_of (signature, 0), "timestamp 2", "timestamp 3");
    set_proves (proves_of (signature, 1), "timestamp 3", NULL);
    scene_add_lists (archive->scene, signature, THEN + 60, 40, NULL, NULL);
    g_autoptr (TamgaValidation) validation = scene_validate (archive->scene, signature);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (scene_one (validation, 0)->level, ==, "LTA");
    g_assert_cmpint (scene_one (validation, 0)->best_time, ==, THEN);
}

/* Two that claim to cover each other prove nothing for each other. */
static void test_circle (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *signature = signed_then (archive);
    add_archive (signature, archive->first, NOW - 24 * DAY);
    add_archive (signature, archive->second, NOW - 22 * DAY);
    set_proves (proves_of (signature, 1), "timestamp 1", "timestamp 3");
    set_proves (proves_of (signature, 2), "timestamp 1", "timestamp 2");
    g_autoptr (TamgaValidation) validation = scene_validate (archive->scene, signature);
    scene_assert (validation, 0, OPEN, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
    g_assert_cmpstr (scene_one (validation, 0)->level, ==, "B");
}

/* A key that was stolen later made the token before, when a later timestamp says so. */
static void test_stolen_later (void)
{
    static const struct {
        gint64 renewed;
        gboolean good;
    } rows[] = {{NOW - 24 * DAY, TRUE}, {NOW - 22 * DAY, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (Archive) archive = archive_new ();
        const Entry entry = {.certificate = archive->first->certificate,
                             .time = NOW - 23 * DAY,
                             .reason = CRL_REASON_KEY_COMPROMISE};
        TamgaSignature *signature = scene_signature (archive->scene, archive->scene->signer);
        scene_add_timestamp (signature, archive->first, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
        add_archive (signature, archive->scene->tsa, rows[i].renewed);
        scene_add_lists (archive->scene, signature, NOW - 21 * DAY, 40, archive->scene->provider,
                         &entry);
        g_autoptr (TamgaValidation) validation = scene_validate (archive->scene, signature);
        scene_assert (validation, 0, PASSED, NULL);
        g_assert_cmpint (scene_one (validation, 0)->best_time, ==,
                         rows[i].good ? THEN : rows[i].renewed);
    }
}

/* The bytes that an archive timestamp covers could not be computed: it protects nothing. */
static void test_nothing_computed (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *signature = signed_then (archive);
    add_archive (signature, archive->scene->tsa, NOW - 22 * DAY);
    TamgaTimestamp *last = signature->timestamps->pdata[1];
    g_clear_pointer (&last->covered_digest, g_bytes_unref);
    g_autoptr (TamgaValidation) validation = scene_validate (archive->scene, signature);
    scene_assert (validation, 0, OPEN, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
    g_assert_true (scene_has_finding (scene_one (validation, 0), "timestamp-not-used"));
    scene_assert_check (scene_one (validation, 0), "timestamp-2-imprint", "undetermined");
}

/* A timestamp over value and references is a proof as well, and level LTA needs more than it. */
static void test_references (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_REFERENCES, THEN + DAY, TRUE);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_cmpstr (scene_one (validation, 0)->level, ==, "LT");
    g_assert_cmpint (scene_one (validation, 0)->best_time, ==, THEN);
}

/* One over the references alone could be taken from an older signature of the same signer. */
static void test_references_only (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *signature = scene_signature (archive->scene, archive->signer);
    scene_add_timestamp (signature, archive->scene->tsa, TAMGA_TIMESTAMP_REFERENCES_ONLY, THEN,
                         TRUE);
    scene_add_lists (archive->scene, signature, THEN + 60, 40, NULL, NULL);
    g_autoptr (TamgaValidation) validation = scene_validate (archive->scene, signature);
    scene_assert (validation, 0, OPEN, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
    g_assert_cmpstr (scene_one (validation, 0)->level, ==, "B");
}

/* What is covered cannot be younger than what covers it. */
static void test_nesting (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    add_archive (signature, scene->tsa, THEN + 3 * DAY);
    add_archive (signature, scene->tsa, THEN + 2 * DAY);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, OPEN, SUB_TIMESTAMP_ORDER_FAILURE);
    scene_assert_check (scene_one (validation, 0), "timestamp-order", "failed");
}

static void test_levels (void)
{
    static const struct {
        const char *format, *level, *clause;
    } rows[] = {
        {"CAdES", "LTA", "EN 319 122-1 5.2.2"}, {"PAdES", "LTA", "EN 319 122-1 5.2.2"},
        {"XAdES", "LTA", "EN 319 132-1 5.2.2"}, {"JAdES", "LTA", "TS 119 182-1 5.2.2"},
        {"CMS", "none", "EN 319 122-1 5.2.2"},  {"XMLDSig", "none", "EN 319 132-1 5.2.2"},
        {"JWS", "none", "TS 119 182-1 5.2.2"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (Scene) scene = scene_new ();
        TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
        signature->format = rows[i].format;
        add_archive (signature, scene->tsa, THEN + DAY);
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        scene_assert (validation, 0, PASSED, NULL);
        g_assert_cmpstr (scene_one (validation, 0)->level, ==, rows[i].level);
        g_assert_cmpstr (scene_check (scene_one (validation, 0), "certificate-binding")->clause, ==,
                         rows[i].clause);
    }
}

/* --- algorithms that weaken (5.2.8.4.2, TS 119 312) --- */

static void weaken (TamgaSignature *signature)
{
    signature->message_digest = tamga_digest_by_name ("SHA-224");
    g_assert_nonnull (signature->message_digest);
}

static TamgaObject *add_object (TamgaSignature *signature, const char *name, const char *digest)
{
    TamgaObject *object = tamga_object_new (name, "text/plain");
    object->digest = tamga_digest_by_name (digest);
    object->value = g_bytes_new_static ("0123456789", 10);
    object->found = object->equal = TRUE;
    g_ptr_array_add (signature->objects, object);
    return object;
}

static void test_weak_algorithm (void)
{
    for (guint stamped = 0; stamped < 2; stamped++) {
        for (guint object = 0; object < 2; object++) {
            g_autoptr (Scene) scene = scene_new ();
            scene->context.now = AFTER_2028;
            TamgaSignature *signature = scene_signature (scene, scene->signer);
            scene_add_lists (scene, signature, THEN + 60, 1000, NULL, NULL);
            if (object != 0)
                add_object (signature, "contract.txt", "SHA-224");
            else
                weaken (signature);
            if (stamped != 0)
                scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_SIGNATURE, THEN, TRUE);
            g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
            if (stamped != 0)
                scene_assert (validation, 0, PASSED, NULL);
            else /* the certificate has ended too, which is told first */
                scene_assert (validation, 0, OPEN, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
            scene_assert_check (scene_one (validation, 0), "digest-algorithm",
                                stamped != 0 ? "passed" : "undetermined");
        }
    }
}

/* SHA-1 is relied upon until 2012-08-01. */
#define YEAR_2012 G_GINT64_CONSTANT (1325376000)
#define YEAR_2010 (YEAR_2012 - 730 * DAY)
#define YEAR_2030 (YEAR_2012 + 6570 * DAY)

/* The certificate again, signed with SHA-1. */
static void sign_by_sha1 (Entity *entity, const Entity *by)
{
    g_autoptr (X509) copy = X509_dup (entity->certificate);
    g_assert_cmpint (X509_sign (copy, by->key, EVP_sha1 ()), >, 0);
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, copy);
    X509_free (entity->certificate);
    entity->certificate = tamga_ossl_certificate (der);
}

/* A provider whose certificate is signed with SHA-1: good under what was archived in time. */
static void test_weak_path (void)
{
    static const struct {
        gint64 archived;
        gboolean good;
    } rows[] = {{YEAR_2012 + DAY, TRUE}, {YEAR_2012 + 400 * DAY, FALSE}, {0, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (Scene) scene = scene_new ();
        Entity **all[] = {&scene->root, &scene->provider, &scene->signer, &scene->tsa};
        for (gsize k = 0; k < G_N_ELEMENTS (all); k++)
            entity_free (*all[k]);
        scene->root = pki_issue (NULL, "Old Root", PKI_CA, YEAR_2010, YEAR_2030);
        scene->provider = pki_issue (scene->root, "Old Provider", PKI_CA, YEAR_2010, YEAR_2030);
        sign_by_sha1 (scene->provider, scene->root);
        scene->signer = pki_issue (scene->provider, "Signer", PKI_SIGNER, YEAR_2010, YEAR_2030);
        scene->tsa = pki_issue (scene->root, "TSA", PKI_TSA, YEAR_2010, YEAR_2030);
        tamga_trust_use (scene->trust, scene->root->certificate);
        TamgaSignature *signature = scene_signature (scene, scene->signer);
        signature->claimed_time = YEAR_2012;
        scene_add_timestamp (signature, scene->tsa, TAMGA_TIMESTAMP_SIGNATURE, YEAR_2012, TRUE);
        if (rows[i].archived != 0)
            add_archive (signature, scene->tsa, rows[i].archived);
        scene_add_lists (scene, signature, YEAR_2012 + 60, 500, NULL, NULL);
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        scene_assert (validation, 0, rows[i].good ? PASSED : OPEN,
                      rows[i].good ? NULL : SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
        scene_assert_check (scene_one (validation, 0), "path",
                            rows[i].good ? "passed" : "undetermined");
        g_assert_true (scene_has_finding (scene_one (validation, 0), "weak-algorithm"));
    }
}

/* --- containers --- */

static TamgaSignature *container_timestamp (const Scene *scene, const Entity *tsa, gint64 time,
                                            const char *id, const char *first, const char *second)
{
    TamgaSignature *signature = scene_document_timestamp (scene, tsa, time, 0, 0);
    signature->format = "CAdES";
    g_free (signature->id);
    signature->id = g_strdup (id);
    signature->carrier = g_strdup ("META-INF/archive_timestamp.tst");
    set_proves (&signature->proves, first, second);
    return signature;
}

static TamgaValidation *validate_all (const Scene *scene, GPtrArray *signatures)
{
    TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (GPtrArray) owned = signatures;
    return tamga_validate_signatures ("file", NULL, owned, &scene->context, G_MININT64, &call);
}

static GPtrArray *list_of (TamgaSignature *first, TamgaSignature *second, TamgaSignature *third)
{
    TamgaSignature *all[] = {first, second, third};
    GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    for (gsize i = 0; i < G_N_ELEMENTS (all); i++) {
        if (all[i] != NULL)
            g_ptr_array_add (list, all[i]);
    }
    return list;
}

/* The archive timestamps of a container, in an order that tells nothing. */
static void test_container (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *signature = signed_then (archive);
    TamgaSignature *newer =
        container_timestamp (archive->scene, archive->scene->tsa, NOW - 12 * DAY, "timestamp C",
                             "timestamp B", "signature 1");
    TamgaSignature *older = container_timestamp (archive->scene, archive->second, NOW - 22 * DAY,
                                                 "timestamp B", "signature 1", NULL);
    scene_add_lists (archive->scene, newer, THEN + 60, 40, NULL, NULL);
    scene_add_lists (archive->scene, older, THEN + 60, 40, NULL, NULL);
    g_autoptr (TamgaValidation) validation =
        validate_all (archive->scene, list_of (newer, older, signature));
    scene_assert (validation, 0, PASSED, NULL);
    scene_assert (validation, 1, PASSED, NULL);
    scene_assert (validation, 2, PASSED, NULL);
    g_assert_cmpstr (scene_one (validation, 2)->level, ==, "LTA");
    g_assert_cmpint (scene_one (validation, 2)->best_time, ==, THEN);
    g_assert_cmpint (validation->verdict, ==, TAMGA_VERDICT_VALID);
}

/* One that names other files is no proof for this signature. */
static void test_container_other (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *signature = signed_then (archive);
    TamgaSignature *stamp = container_timestamp (
        archive->scene, archive->scene->tsa, NOW - 22 * DAY, "timestamp C", "signature 2", NULL);
    scene_add_lists (archive->scene, stamp, THEN + 60, 40, NULL, NULL);
    g_autoptr (TamgaValidation) validation =
        validate_all (archive->scene, list_of (signature, stamp, NULL));
    scene_assert (validation, 0, OPEN, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
    scene_assert (validation, 1, PASSED, NULL);
}

/* Two container timestamps that name each other: both are judged, neither helps the other. */
static void test_container_circle (void)
{
    g_autoptr (Archive) archive = archive_new ();
    TamgaSignature *first = container_timestamp (archive->scene, archive->first, NOW - 24 * DAY,
                                                 "timestamp A", "timestamp B", NULL);
    TamgaSignature *second = container_timestamp (archive->scene, archive->second, NOW - 22 * DAY,
                                                  "timestamp B", "timestamp A", NULL);
    scene_add_lists (archive->scene, first, THEN + 60, 40, NULL, NULL);
    scene_add_lists (archive->scene, second, THEN + 60, 40, NULL, NULL);
    g_autoptr (TamgaValidation) validation =
        validate_all (archive->scene, list_of (first, second, NULL));
    scene_assert (validation, 0, OPEN, SUB_OUT_OF_BOUNDS_NO_POE);
    scene_assert (validation, 1, OPEN, SUB_OUT_OF_BOUNDS_NO_POE);
}

/* A list of digests that are too weak by now can be about any file. */
static void test_container_weak (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *stamp =
        container_timestamp (scene, scene->tsa, THEN, "timestamp 1", NULL, NULL);
    scene_add_lists (scene, stamp, THEN + 60, 40, NULL, NULL);
    add_object (stamp, "contract.txt", "SHA-1");
    g_autoptr (TamgaValidation) validation = scene_validate (scene, stamp);
    scene_assert (validation, 0, OPEN, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
    g_assert_cmpint (validation->verdict, ==, TAMGA_VERDICT_UNDETERMINED);
}

/* --- objects, countersignatures --- */

static void test_objects (void)
{
    static const struct {
        const char *digest;
        gboolean found, equal;
        TamgaIndication indication;
        const char *sub, *result;
    } rows[] = {
        {"SHA-256", TRUE, TRUE, PASSED, NULL, "passed"},
        {"SHA-256", TRUE, FALSE, FAILED, SUB_HASH_FAILURE, "failed"},
        {"SHA-256", FALSE, FALSE, OPEN, SUB_SIGNED_DATA_NOT_FOUND, "undetermined"},
        {"SHA-256", FALSE, TRUE, OPEN, SUB_SIGNED_DATA_NOT_FOUND, "undetermined"},
        {"unheard-of", TRUE, FALSE, OPEN, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, "undetermined"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (Scene) scene = scene_new ();
        TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
        add_object (signature, "annex.txt", "SHA-256");
        TamgaObject *object = add_object (signature, "contract.txt", rows[i].digest);
        object->found = rows[i].found;
        object->equal = rows[i].equal;
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        scene_assert (validation, 0, rows[i].indication, rows[i].sub);
        scene_assert_check (scene_one (validation, 0), "object-1", "passed");
        scene_assert_check (scene_one (validation, 0), "object-2", rows[i].result);
        if (rows[i].sub != NULL)
            g_assert_nonnull (strstr (validation->summary, "contract.txt"));
    }
}

static void test_part (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    signature->coverage = TAMGA_COVERS_PART;
    signature->coverage_text = g_strdup ("annex.txt is not covered");
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert (validation, 0, PASSED, NULL);
    g_assert_nonnull (strstr (validation->summary, "annex.txt is not covered"));
    g_autofree char *text = tamga_validation_text (validation, NULL, FALSE);
    g_assert_nonnull (strstr (text, "signed in part only: annex.txt is not covered"));
}

static TamgaSignature *countersignature (const Scene *scene, const Entity *signer)
{
    TamgaSignature *signature = scene_signature (scene, signer);
    g_free (signature->id);
    signature->id = g_strdup ("countersignature 1.1");
    signature->countersigned = g_strdup ("signature 1");
    return signature;
}

/* Whoever countersigned badly takes nothing from who signed well, yet the file is not valid. */
static void test_countersignature (void)
{
    for (guint broken = 0; broken < 2; broken++) {
        g_autoptr (Scene) scene = scene_new ();
        TamgaSignature *under = countersignature (scene, scene->signer);
        scene_add_lists (scene, under, NOW - DAY, 7, NULL, NULL);
        if (broken != 0)
            tamga_signature_fail (under, TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE, "it does not verify");
        g_autoptr (TamgaValidation) validation =
            scene_validate_two (scene, scene_lt_signature (scene, scene->signer), under);
        scene_assert (validation, 0, PASSED, NULL);
        scene_assert (validation, 1, broken != 0 ? FAILED : PASSED,
                      broken != 0 ? SUB_SIG_CRYPTO_FAILURE : NULL);
        g_assert_cmpint (validation->verdict, ==,
                         broken != 0 ? TAMGA_VERDICT_INVALID : TAMGA_VERDICT_VALID);
        scene_assert_check (scene_one (validation, 1), "countersigns", "info");
        g_autofree char *text = tamga_validation_text (validation, NULL, FALSE);
        g_assert_cmpint (strstr (text, "the value of signature 1, unchanged") != NULL, ==,
                         broken == 0);
    }
}

/* The archive timestamp of what was countersigned is a proof for the countersignatures that it
 * names, and never for another signature. */
static void test_countersignature_archived (void)
{
    static const struct {
        const char *named;
        gboolean countersigns, good;
    } rows[] = {
        {"countersignature 1.1", TRUE, TRUE},
        {"countersignature 1.2", TRUE, FALSE},
        {"countersignature 1.1", FALSE, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (Archive) archive = archive_new ();
        TamgaSignature *signature = scene_lt_signature (archive->scene, archive->scene->signer);
        add_archive (signature, archive->scene->tsa, NOW - 28 * DAY);
        set_proves (proves_of (signature, 1), "timestamp 1", rows[i].named);
        TamgaSignature *under = countersignature (archive->scene, archive->signer);
        if (!rows[i].countersigns)
            g_clear_pointer (&under->countersigned, g_free);
        scene_add_lists (archive->scene, under, THEN + 60, 40, NULL, NULL);
        g_autoptr (TamgaValidation) validation =
            scene_validate_two (archive->scene, signature, under);
        scene_assert (validation, 0, PASSED, NULL);
        scene_assert (validation, 1, rows[i].good ? PASSED : OPEN,
                      rows[i].good ? NULL : SUB_OUT_OF_BOUNDS_NOT_REVOKED);
    }
}

/* --- reports --- */

static void test_json (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    signature->carrier = g_strdup ("META-INF/signatures0.xml");
    signature->packaging = "detached";
    signature->policy_oid = g_strdup ("1.2.3");
    g_ptr_array_add (signature->roles, g_strdup ("Director"));
    g_ptr_array_add (signature->commitments, g_strdup ("1.2.840.113549.1.9.16.6.5"));
    add_object (signature, "contract.txt", "SHA-256");
    add_archive (signature, scene->tsa, THEN + DAY);
    TamgaSignature *under = countersignature (scene, scene->signer);
    g_autoptr (TamgaValidation) validation = scene_validate_two (scene, signature, under);
    json_auto_t *json = tamga_validation_json (validation);
    json_t *list = json_object_get (json, "signatures"), *one = json_array_get (list, 0);
    json_t *object = json_array_get (json_object_get (one, "objects"), 0);
    json_t *stamps = json_object_get (one, "timestamps");
    const struct {
        json_t *in;
        const char *key, *value;
    } rows[] = {
        {one, "carrier", "META-INF/signatures0.xml"},
        {one, "packaging", "detached"},
        {one, "policy", "1.2.3"},
        {object, "name", "contract.txt"},
        {object, "mime_type", "text/plain"},
        {object, "digest_algorithm", "SHA-256"},
        {object, "digest", "30313233343536373839"},
        {json_array_get (stamps, 0), "kind", "signature"},
        {json_array_get (stamps, 1), "kind", "archive"},
        {json_array_get (stamps, 1), "tsa", "TSA 1"},
        {json_array_get (stamps, 1), "indication", "TOTAL-PASSED"},
        {json_array_get (list, 1), "countersigns", "signature 1"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
        g_assert_cmpstr (json_string_value (json_object_get (rows[i].in, rows[i].key)), ==,
                         rows[i].value);
    g_assert_true (json_is_true (json_object_get (object, "found")));
    g_assert_true (json_is_true (json_object_get (object, "equal")));
    g_assert_cmpstr (json_string_value (json_array_get (json_object_get (one, "roles"), 0)), ==,
                     "Director");
    g_autofree char *text = tamga_validation_text (validation, NULL, FALSE);
    g_assert_nonnull (strstr (text, "commits   to approval"));
    g_assert_nonnull (strstr (text, "role      Director (says the signer)"));
    g_assert_nonnull (strstr (text, "inside    META-INF/signatures0.xml"));
    g_assert_nonnull (strstr (text, "covers    contract.txt"));
}

/* Evidence lasts as long as the newest timestamp: its certificate's end, or its algorithm's. */
static void test_lasts (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    add_archive (signature, scene->tsa, THEN + DAY);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    const TamgaValidatedTimestamp *newest = one->timestamps->pdata[1];
    gint64 end = tamga_ossl_time (X509_get0_notAfter (scene->tsa->certificate));
    g_assert_cmpint (newest->until, <=, end);
    g_assert_cmpint (newest->weakens, ==, newest->until < end);
    g_autofree char *until = tamga_time_text (newest->until);
    until[strlen ("2026-11-23")] = '\0';
    g_autofree char *expected = g_strdup_printf ("\n   lasts     until %s, when ", until);
    g_autofree char *text = tamga_validation_text (validation, NULL, FALSE);
    g_assert_nonnull (strstr (text, expected));
    g_autoptr (TamgaValidation) bare =
        scene_validate (scene, scene_signature (scene, scene->signer));
    g_autofree char *nothing = tamga_validation_text (bare, NULL, FALSE);
    g_assert_null (strstr (nothing, "lasts"));
}

/* Names that come out of a container are shown and never obeyed. */
static void test_hostile_names (void)
{
    static const char *const names[] = {"\033[2Jcontract.txt", "a\nVALID", "gpj.\xe2\x80\xae.txt",
                                        "\xff\xfe.txt", "a\rb"};
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (Scene) scene = scene_new ();
        TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
        signature->carrier = g_strdup (names[i]);
        signature->coverage = TAMGA_COVERS_PART;
        signature->coverage_text = g_strdup (names[i]);
        g_ptr_array_add (signature->roles, g_strdup (names[i]));
        g_ptr_array_add (signature->commitments, g_strdup (names[i]));
        add_object (signature, names[i], "SHA-256");
        g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
        g_autofree char *text = tamga_validation_text (validation, NULL, TRUE);
        g_assert_null (strchr (text, '\033'));
        g_assert_null (strchr (text, '\r'));
        g_assert_null (strstr (text, "\nVALID"));
        g_assert_null (strstr (text, "\xe2\x80\xae"));
        g_assert_true (g_utf8_validate (text, -1, NULL));
        json_auto_t *json = tamga_validation_json (validation);
        g_autofree char *dump = json_dumps (json, JSON_COMPACT);
        g_assert_nonnull (dump);
        g_assert_true (g_utf8_validate (dump, -1, NULL));
    }
}

int main (int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test) (void);
    } tests[] = {
        {"/en_319_102_1/renewed_in_time", test_renewed},
        {"/en_319_102_1/gap_in_the_chain", test_gap},
        {"/en_319_102_1/covered_only_by_name", test_not_covered},
        {"/en_319_102_1/not_covered_and_expired", test_not_covered_and_expired},
        {"/en_319_102_1/names_not_places", test_order_of_names},
        {"/en_319_102_1/circle", test_circle},
        {"/en_319_102_1/stolen_later", test_stolen_later},
        {"/en_319_102_1/nothing_computed", test_nothing_computed},
        {"/en_319_102_1/references", test_references},
        {"/en_319_102_1/references_only", test_references_only},
        {"/en_319_102_1/nesting", test_nesting},
        {"/en_319_122_1/levels_and_clauses", test_levels},
        {"/ts_119_312/weak_algorithm", test_weak_algorithm},
        {"/ts_119_312/weak_path", test_weak_path},
        {"/en_319_162_1/container", test_container},
        {"/en_319_162_1/container_other_files", test_container_other},
        {"/en_319_162_1/container_circle", test_container_circle},
        {"/en_319_162_1/container_weak_digest", test_container_weak},
        {"/model/objects", test_objects},
        {"/model/part", test_part},
        {"/model/countersignature", test_countersignature},
        {"/model/countersignature_archived", test_countersignature_archived},
        {"/report/json", test_json},
        {"/report/lasts", test_lasts},
        {"/report/hostile_names", test_hostile_names},
    };
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add_func (tests[i].path, tests[i].test);
    return g_test_run ();
}
