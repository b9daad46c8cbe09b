/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status over evidence that lies in a document: lists and answers made for each case, times chosen
 * by the test, no network. */
#include <glib/gstdio.h>
#include <string.h>

#include "client/status/internal.h"
#include "tests/unit/trust/pki.h"

typedef struct {
    Entity *root, *ca, *responder, *signer;
    TamgaProfile profile;
    TamgaTrust *trust;
    TamgaStatusCache *cache;
    char *folder;
    GPtrArray *pool, *ocsps, *crls;
    TamgaStatusContext context;
} Fixture;

static void set_up (Fixture *f, gconstpointer data)
{
    (void)data;
    f->root = pki_issue (NULL, "National Root", PKI_CA, 0, 0);
    f->ca = pki_issue (f->root, "Provider CA", PKI_CA, 0, 0);
    f->responder = pki_issue (f->ca, "Provider OCSP", PKI_OCSP "noCheck=ignored\n", 0, 0);
    f->signer = pki_issue (f->ca, "Signer", PKI_SIGNER, 0, 0);
    f->profile = (TamgaProfile){.name = (char *)"test",
                                .max_status_age = 3600,
                                .clock_tolerance = 60,
                                .procedure = TRUE,
                                .foreign = g_ptr_array_new ()};
    f->trust = tamga_trust_new ();
    tamga_trust_use (f->trust, f->root->certificate);
    f->folder = g_dir_make_tmp ("tamga-status-XXXXXX", NULL);
    f->cache = tamga_status_cache_open_directory (f->folder, f->folder, NULL);
    f->pool = g_ptr_array_new ();
    g_ptr_array_add (f->pool, f->ca->certificate);
    f->ocsps = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    f->crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    f->context = (TamgaStatusContext){.profile = &f->profile,
                                      .trust = f->trust,
                                      .cache = f->cache,
                                      .pool = f->pool,
                                      .ocsps = f->ocsps,
                                      .crls = f->crls,
                                      .time = NOW,
                                      .now = NOW};
}

static void tear_down (Fixture *f, gconstpointer data)
{
    (void)data;
    Entity *entities[] = {f->root, f->ca, f->responder, f->signer};
    for (gsize i = 0; i < G_N_ELEMENTS (entities); i++)
        entity_free (entities[i]);
    tamga_trust_free (f->trust);
    tamga_status_cache_free (f->cache);
    g_ptr_array_unref (f->pool);
    g_ptr_array_unref (f->ocsps);
    g_ptr_array_unref (f->crls);
    g_ptr_array_unref (f->profile.foreign);
    g_autoptr (GDir) dir = g_dir_open (f->folder, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (f->folder, name, NULL);
        g_unlink (path);
    }
    g_rmdir (f->folder);
    g_free (f->folder);
}

static TamgaStatus *ask (Fixture *f)
{
    TamgaStatusQuestion question = {.certificate = f->signer->certificate,
                                    .issuer = f->ca->certificate};
    g_autoptr (GPtrArray) answers = tamga_status_ask (&f->context, &question, 1, NULL);
    TamgaStatus *status = answers->pdata[0];
    answers->pdata[0] = NULL;
    g_test_message ("%s: %s", tamga_status_name (status->value), status->text);
    return status;
}

static void assert_value (Fixture *f, TamgaStatusValue value)
{
    g_autoptr (TamgaStatus) status = ask (f);
    g_assert_cmpstr (tamga_status_name (status->value), ==, tamga_status_name (value));
}

static gboolean has_finding (const TamgaStatus *status, const char *code)
{
    for (guint i = 0; i < status->findings->len; i++)
        if (g_str_equal (((TamgaFinding *)status->findings->pdata[i])->code, code))
            return TRUE;
    return FALSE;
}

/* The signer's list of the day: `entry` NULL: empty. */
static void add_list (Fixture *f, gint64 this_update, long number, const Entry *entry)
{
    List list = {.issuer = f->ca,
                 .this_update = this_update,
                 .next_update = this_update + 10 * DAY,
                 .number = number,
                 .entries = entry,
                 .n = entry != NULL};
    g_ptr_array_add (f->crls, pki_crl (&list));
}

static Entry entry_of (Fixture *f, gint64 time, int reason)
{
    return (Entry){.certificate = f->signer->certificate, .time = time, .reason = reason};
}

static Answer answer_of (Fixture *f, int value)
{
    return (Answer){.responder = f->responder,
                    .issuer = f->ca,
                    .certificate = f->signer->certificate,
                    .status = value,
                    .revoked = NOW - DAY,
                    .reason = -1,
                    .this_update = NOW - 60,
                    .next_update = NOW + 3600,
                    .produced = NOW - 60};
}

static void add_answer (Fixture *f, const Answer *answer)
{
    g_ptr_array_add (f->ocsps, pki_ocsp (answer));
}

/* --- from when it counts --- */

static void test_effect (Fixture *f, gconstpointer data)
{
    (void)data;
    Entry entry = entry_of (f, NOW - 10 * DAY, CRL_REASON_SUPERSEDED);
    add_list (f, NOW - 5 * DAY, 1, &entry);
    f->context.time = NOW - 7 * DAY;
    f->profile.effect = TAMGA_EFFECT_REVOCATION_TIME;
    g_autoptr (TamgaStatus) entry_counts = ask (f);
    g_assert_cmpint (entry_counts->value, ==, TAMGA_STATUS_REVOKED);
    g_assert_cmpint (entry_counts->effective_time, ==, NOW - 10 * DAY);
    f->profile.effect = TAMGA_EFFECT_THIS_UPDATE;
    g_autoptr (TamgaStatus) list_counts = ask (f);
    g_assert_cmpint (list_counts->value, ==, TAMGA_STATUS_GOOD);
    g_assert_true (has_finding (list_counts, "revoked-later"));
    g_assert_cmpint (list_counts->revocation_time, ==, NOW - 10 * DAY);
    g_assert_cmpint (list_counts->effective_time, ==, NOW - 5 * DAY);
    f->context.time = NOW - 4 * DAY;
    assert_value (f, TAMGA_STATUS_REVOKED);
}

/* MD 4:72: the first list that had the entry counts, also when only a later one is at hand. */
static void test_first_listing (Fixture *f, gconstpointer data)
{
    (void)data;
    f->profile.effect = TAMGA_EFFECT_THIS_UPDATE;
    Entry entry = entry_of (f, NOW - 10 * DAY, CRL_REASON_SUPERSEDED);
    add_list (f, NOW - 5 * DAY, 1, &entry);
    assert_value (f, TAMGA_STATUS_REVOKED);
    g_ptr_array_set_size (f->crls, 0);
    add_list (f, NOW - DAY, 2, &entry);
    f->context.time = NOW - 3 * DAY;
    assert_value (f, TAMGA_STATUS_REVOKED);
    f->context.cache = NULL;
    assert_value (f, TAMGA_STATUS_GOOD);
}

static void test_invalidity_date (Fixture *f, gconstpointer data)
{
    (void)data;
    Entry entry = entry_of (f, NOW - DAY, CRL_REASON_KEY_COMPROMISE);
    entry.invalidity = NOW - 9 * DAY;
    add_list (f, NOW - 3600, 1, &entry);
    f->context.time = NOW - 5 * DAY;
    assert_value (f, TAMGA_STATUS_REVOKED);
    f->context.time = NOW - 20 * DAY;
    assert_value (f, TAMGA_STATUS_GOOD);
    g_ptr_array_set_size (f->crls, 0);
    entry.reason = CRL_REASON_SUPERSEDED;
    add_list (f, NOW - 3600, 2, &entry);
    f->context.time = NOW - 5 * DAY;
    assert_value (f, TAMGA_STATUS_GOOD);
}

static void test_suspension_limit (Fixture *f, gconstpointer data)
{
    (void)data;
    f->profile.suspension_days = 30;
    Entry entry = entry_of (f, NOW - 31 * DAY, CRL_REASON_CERTIFICATE_HOLD);
    add_list (f, NOW - 3600, 1, &entry);
    g_autoptr (TamgaStatus) late = ask (f);
    g_assert_cmpint (late->value, ==, TAMGA_STATUS_SUSPENDED);
    g_assert_true (has_finding (late, "must-be-revoked"));
    g_ptr_array_set_size (f->crls, 0);
    entry.time = NOW - 29 * DAY;
    add_list (f, NOW - 3600, 2, &entry);
    g_autoptr (TamgaStatus) early = ask (f);
    g_assert_true (has_finding (early, "suspended-until"));
}

/* --- several answers --- */

static void test_revoked_then_absent (Fixture *f, gconstpointer data)
{
    (void)data;
    Entry entry = entry_of (f, NOW - 3 * DAY, CRL_REASON_SUPERSEDED);
    add_list (f, NOW - 2 * DAY, 1, &entry);
    assert_value (f, TAMGA_STATUS_REVOKED);
    g_ptr_array_set_size (f->crls, 0);
    add_list (f, NOW - DAY, 2, NULL);
    g_autoptr (TamgaStatus) status = ask (f);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_REVOKED);
    g_assert_true (has_finding (status, "revoked-then-absent"));
}

static void test_suspended_then_absent (Fixture *f, gconstpointer data)
{
    (void)data;
    Entry entry = entry_of (f, NOW - 3 * DAY, CRL_REASON_CERTIFICATE_HOLD);
    add_list (f, NOW - 2 * DAY, 1, &entry);
    assert_value (f, TAMGA_STATUS_SUSPENDED);
    add_list (f, NOW - DAY, 2, NULL); /* both are at hand: the newer one counts */
    assert_value (f, TAMGA_STATUS_GOOD);
}

static void test_stricter (Fixture *f, gconstpointer data)
{
    (void)data;
    Answer good = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    add_answer (f, &good);
    assert_value (f, TAMGA_STATUS_GOOD);
    Entry entry = entry_of (f, NOW - DAY, CRL_REASON_SUPERSEDED);
    add_list (f, NOW - 30, 1, &entry);
    g_autoptr (TamgaStatus) status = ask (f);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_REVOKED);
    g_assert_true (has_finding (status, "answers-differ"));
}

/* --- what a list does not prove --- */

static void test_expired_not_on_list (Fixture *f, gconstpointer data)
{
    (void)data;
    entity_free (f->signer);
    f->signer = pki_issue (f->ca, "Expired", PKI_SIGNER, NOW - 50 * DAY, NOW - 2 * DAY);
    add_list (f, NOW - DAY, 1, NULL);
    f->context.time = NOW - 3 * DAY;
    assert_value (f, TAMGA_STATUS_NOT_AVAILABLE);
    g_ptr_array_set_size (f->crls, 0);
    add_list (f, NOW - 4 * DAY, 1, NULL); /* made before it expired, valid at that time */
    assert_value (f, TAMGA_STATUS_GOOD);
    g_ptr_array_set_size (f->crls, 0);
    Entry entry = entry_of (f, NOW - 5 * DAY, CRL_REASON_SUPERSEDED);
    add_list (f, NOW - DAY, 2, &entry); /* a revocation is told all the same */
    assert_value (f, TAMGA_STATUS_REVOKED);
}

static void test_too_old (Fixture *f, gconstpointer data)
{
    (void)data;
    add_list (f, NOW - 11 * DAY, 1, NULL); /* its next one was due a day ago */
    assert_value (f, TAMGA_STATUS_NOT_AVAILABLE);
    f->context.time = NOW - 5 * DAY;
    assert_value (f, TAMGA_STATUS_GOOD);
}

static void test_future_list (Fixture *f, gconstpointer data)
{
    (void)data;
    add_list (f, NOW + 3600, 1, NULL);
    assert_value (f, TAMGA_STATUS_NOT_AVAILABLE);
    add_list (f, NOW - 60, 1, NULL);
    assert_value (f, TAMGA_STATUS_GOOD);
}

/* RFC 5280 5.2.4: a delta of another scope is none of this list. */
static void test_delta_scope (Fixture *f, gconstpointer data)
{
    (void)data;
    Entry entry = entry_of (f, NOW - DAY, CRL_REASON_SUPERSEDED);
    List delta = {.issuer = f->ca,
                  .this_update = NOW - 60,
                  .next_update = NOW + DAY,
                  .number = 9,
                  .base = 5,
                  .idp = "onlyuser=TRUE",
                  .entries = &entry,
                  .n = 1};
    add_list (f, NOW - 600, 5, NULL);
    g_ptr_array_add (f->crls, pki_crl (&delta));
    g_autoptr (TamgaStatus) without = ask (f);
    g_assert_cmpstr (without->method, ==, "CRL");
    g_assert_cmpint (without->value, ==, TAMGA_STATUS_GOOD);
    delta.idp = NULL;
    g_ptr_array_add (f->crls, pki_crl (&delta));
    g_autoptr (TamgaStatus) with = ask (f);
    g_assert_cmpstr (with->method, ==, "CRL+delta");
    g_assert_cmpint (with->value, ==, TAMGA_STATUS_REVOKED);
}

static void test_no_next_update (Fixture *f, gconstpointer data)
{
    (void)data;
    List list = {.issuer = f->ca, .this_update = NOW - 600, .number = 1};
    g_ptr_array_add (f->crls, pki_crl (&list));
    g_autoptr (TamgaStatus) status = ask (f);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_GOOD);
    g_ptr_array_set_size (f->crls, 0);
    list.this_update = NOW - 2 * 3600; /* older than the profile's age */
    g_ptr_array_add (f->crls, pki_crl (&list));
    assert_value (f, TAMGA_STATUS_NOT_AVAILABLE);
}

/* --- OCSP in a document --- */

static void test_ocsp_values (Fixture *f, gconstpointer data)
{
    (void)data;
    static const struct {
        int status, reason;
        TamgaStatusValue value;
    } rows[] = {
        {V_OCSP_CERTSTATUS_GOOD, -1, TAMGA_STATUS_GOOD},
        {V_OCSP_CERTSTATUS_UNKNOWN, -1, TAMGA_STATUS_UNKNOWN},
        {V_OCSP_CERTSTATUS_REVOKED, -1, TAMGA_STATUS_REVOKED},
        {V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_CERTIFICATEHOLD, TAMGA_STATUS_SUSPENDED},
    };
    f->context.cache = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        const EVP_MD *digests[] = {EVP_sha1 (), EVP_sha256 ()};
        for (gsize k = 0; k < G_N_ELEMENTS (digests); k++) {
            g_ptr_array_set_size (f->ocsps, 0);
            Answer answer = answer_of (f, rows[i].status);
            answer.reason = rows[i].reason;
            answer.id_digest = digests[k];
            add_answer (f, &answer);
            assert_value (f, rows[i].value);
        }
    }
}

static void test_ocsp_by_issuer (Fixture *f, gconstpointer data)
{
    (void)data;
    Answer answer = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    answer.responder = f->ca;
    answer.without_certificates = TRUE;
    add_answer (f, &answer);
    g_autoptr (TamgaStatus) status = ask (f);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_GOOD);
    g_assert_cmpstr (status->responder, ==, "Provider CA");
}

/* A responder of another authority, of the root (not the direct issuer), a mere signer. */
static void test_ocsp_strangers (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (Entity) of_root = pki_issue (f->root, "Root OCSP", PKI_OCSP "noCheck=x\n", 0, 0);
    g_autoptr (Entity) other_ca = pki_issue (f->root, "Other CA", PKI_CA, 0, 0);
    g_autoptr (Entity) of_other = pki_issue (other_ca, "Other OCSP", PKI_OCSP "noCheck=x\n", 0, 0);
    g_autoptr (Entity) purpose = pki_issue (f->ca, "Person", PKI_SIGNER, 0, 0);
    g_autoptr (Entity) expired =
        pki_issue (f->ca, "Old OCSP", PKI_OCSP "noCheck=x\n", NOW - 50 * DAY, NOW - DAY);
    g_autoptr (Entity) other_purpose = pki_issue (
        f->ca, "Client", "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n", 0, 0);
    const Entity *strangers[] = {of_root, other_ca,      of_other, purpose,
                                 expired, other_purpose, f->root};
    for (gsize i = 0; i < G_N_ELEMENTS (strangers); i++) {
        g_ptr_array_set_size (f->ocsps, 0);
        Answer answer = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
        answer.responder = strangers[i];
        add_answer (f, &answer);
        assert_value (f, TAMGA_STATUS_NOT_AVAILABLE);
    }
}

static void test_ocsp_wrong (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (Entity) other = pki_issue (f->ca, "Somebody else", PKI_SIGNER, 0, 0);
    Answer about_other = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    about_other.certificate = other->certificate;
    Answer wrong_issuer = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    wrong_issuer.issuer = f->root;
    Answer spoiled = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    spoiled.spoiled = TRUE;
    Answer future = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    future.this_update = future.produced = NOW + 3600;
    future.next_update = NOW + 7200;
    Answer over = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    over.this_update = over.produced = NOW - 7200;
    over.next_update = NOW - 3600;
    Answer backwards = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    backwards.next_update = backwards.this_update - 1;
    Answer critical = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    critical.critical = TRUE;
    const Answer *rows[] = {&about_other, &wrong_issuer, &spoiled, &future,
                            &over,        &backwards,    &critical};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_ptr_array_set_size (f->ocsps, 0);
        add_answer (f, rows[i]);
        assert_value (f, TAMGA_STATUS_NOT_AVAILABLE);
    }
}

static void test_distrusted_responder (Fixture *f, gconstpointer data)
{
    (void)data;
    Answer answer = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    add_answer (f, &answer);
    assert_value (f, TAMGA_STATUS_GOOD);
    g_assert_true (tamga_trust_distrust (f->trust, f->responder->certificate, "leaked", NOW, NULL));
    assert_value (f, TAMGA_STATUS_NOT_AVAILABLE);
}

/* Nobody is asked about a certificate in the name of an authority that did not sign it. */
static void test_wrong_issuer (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (Entity) impostor = pki_issue (f->root, "Provider CA", PKI_CA, 0, 0);
    List list = {.issuer = impostor, .this_update = NOW - 600, .next_update = NOW + DAY};
    g_ptr_array_add (f->crls, pki_crl (&list));
    TamgaStatusQuestion question = {.certificate = f->signer->certificate,
                                    .issuer = impostor->certificate};
    g_autoptr (GPtrArray) answers = tamga_status_ask (&f->context, &question, 1, NULL);
    const TamgaStatus *status = answers->pdata[0];
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_nonnull (strstr (status->text, "not signed by that issuer"));
}

/* RFC 6960 4.2.2.2.1: a responder without ocsp-nocheck is itself asked about. */
static void test_responder_status (Fixture *f, gconstpointer data)
{
    (void)data;
    entity_free (f->responder);
    f->responder = pki_issue (f->ca, "Provider OCSP", PKI_OCSP, 0, 0);
    Answer answer = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    add_answer (f, &answer);
    g_autoptr (TamgaStatus) unchecked = ask (f);
    g_assert_cmpint (unchecked->value, ==, TAMGA_STATUS_GOOD);
    g_assert_true (has_finding (unchecked, "responder-unchecked"));
    Entry entry = {.certificate = f->responder->certificate, .time = NOW - DAY, .reason = 1};
    List list = {.issuer = f->ca,
                 .this_update = NOW - 600,
                 .next_update = NOW + DAY,
                 .number = 1,
                 .entries = &entry,
                 .n = 1};
    g_autoptr (GBytes) crl = pki_crl (&list);
    g_ptr_array_add (f->crls, g_bytes_ref (crl));
    /* The list is good about the signer itself, so the answer is the list's. */
    g_autoptr (TamgaStatus) status = ask (f);
    g_assert_cmpstr (status->method, ==, "CRL");
    g_ptr_array_set_size (f->crls, 0);
    entity_free (f->responder);
    f->responder = pki_issue (f->ca, "Provider OCSP",
                              PKI_OCSP "crlDistributionPoints=URI:http://a.example/c\n", 0, 0);
    g_ptr_array_set_size (f->ocsps, 0);
    answer.responder = f->responder;
    add_answer (f, &answer);
    /* It names a place to ask, and nobody can: not believed. */
    assert_value (f, TAMGA_STATUS_NOT_AVAILABLE);
}

/* No bit of what is signed can be changed. */
static void test_flips (Fixture *f, gconstpointer data)
{
    (void)data;
    f->context.cache = NULL;
    Answer answer = answer_of (f, V_OCSP_CERTSTATUS_GOOD);
    g_autoptr (GBytes) ocsp = pki_ocsp (&answer);
    List list = {.issuer = f->ca, .this_update = NOW - 60, .next_update = NOW + DAY, .number = 7};
    g_autoptr (GBytes) crl = pki_crl (&list);
    GBytes *whole[] = {ocsp, crl};
    GPtrArray *places[] = {f->ocsps, f->crls};
    for (gsize kind = 0; kind < 2; kind++) {
        gsize size;
        const guint8 *bytes = g_bytes_get_data (whole[kind], &size);
        /* Behind the signature of an OCSP answer are only certificates, which prove themselves. */
        gsize end = kind == 0 ? 300 : size;
        for (gsize i = 0; i < end; i++) {
            g_autofree guint8 *copy = g_memdup2 (bytes, size);
            copy[i] ^= 1;
            g_ptr_array_set_size (places[kind], 0);
            g_ptr_array_add (places[kind], g_bytes_new (copy, size));
            TamgaStatusQuestion question = {.certificate = f->signer->certificate,
                                            .issuer = f->ca->certificate};
            g_autoptr (GPtrArray) answers = tamga_status_ask (&f->context, &question, 1, NULL);
            if (((TamgaStatus *)answers->pdata[0])->value == TAMGA_STATUS_GOOD)
                g_test_fail_printf ("byte %zu of kind %zu does not matter", i, kind);
        }
        g_ptr_array_set_size (places[kind], 0);
        g_ptr_array_add (places[kind], g_bytes_ref (whole[kind]));
        assert_value (f, TAMGA_STATUS_GOOD);
        g_ptr_array_set_size (places[kind], 0);
    }
}

/* --- procedures --- */

static void add_provider_list (Fixture *f, const Entry *entry)
{
    List list = {.issuer = f->root,
                 .this_update = NOW - 600,
                 .next_update = NOW + DAY,
                 .number = 1,
                 .entries = entry,
                 .n = entry != NULL};
    g_ptr_array_add (f->crls, pki_crl (&list));
}

static void test_cascade (Fixture *f, gconstpointer data)
{
    (void)data;
    Entry entry = {.certificate = f->root->certificate, .time = NOW - 2 * DAY, .reason = 2};
    add_provider_list (f, &entry);
    add_list (f, NOW - 600, 1, NULL);
    g_autoptr (TamgaProcedure) plain =
        tamga_procedure_recipient (&f->context, f->signer->certificate, TAMGA_USE_SIGNING, NULL);
    g_assert_true (plain->allowed);
    f->profile.cascade_root_revocation = TRUE;
    g_autoptr (TamgaProcedure) cascaded =
        tamga_procedure_recipient (&f->context, f->signer->certificate, TAMGA_USE_SIGNING, NULL);
    g_assert_false (cascaded->allowed);
    g_assert_true (tamga_procedure_is_bad (cascaded));
    for (guint i = 0; i < cascaded->steps->len; i++) {
        const TamgaStep *step = cascaded->steps->pdata[i];
        g_assert_cmpint (step->status->value, ==, TAMGA_STATUS_REVOKED);
        g_assert_cmpint (step->status->effective_time, ==, NOW - 2 * DAY);
        g_assert_true (has_finding (step->status, "cascade"));
    }
    f->context.time = NOW - 3 * DAY; /* before the root was revoked */
    g_ptr_array_set_size (f->crls, 0);
    add_provider_list (f, &entry);
    add_list (f, NOW - 600, 1, NULL);
    g_autoptr (TamgaProcedure) before =
        tamga_procedure_recipient (&f->context, f->signer->certificate, TAMGA_USE_SIGNING, NULL);
    g_assert_true (before->allowed);
}

/* VN 79.1c: the foreign provider's system and the national root's, both. */
static void test_licensed_foreign (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (Entity) foreign_root = pki_issue (NULL, "Foreign Root", PKI_CA, 0, 0);
    g_autoptr (Entity) foreign = pki_issue (foreign_root, "Foreign CA", PKI_CA, 0, 0);
    g_autoptr (Entity) person = pki_issue (foreign, "Person", PKI_SIGNER, 0, 0);
    g_autoptr (Entity) root_ocsp = pki_issue (f->root, "Root OCSP", PKI_OCSP "noCheck=x\n", 0, 0);
    tamga_trust_use (f->trust, foreign_root->certificate);
    g_ptr_array_add (f->pool, foreign->certificate);
    g_autofree char *sha256 = tamga_ossl_fingerprint (foreign->certificate);
    TamgaForeignLicence licence = {.name = (char *)"Foreign CA",
                                   .issuer_sha256 = sha256,
                                   .licence = (char *)"7",
                                   .scope = (char *)"contracts",
                                   .valid_from = NOW - DAY,
                                   .valid_until = NOW + DAY,
                                   .root_status_url = (char *)"http://root.example/ocsp"};
    g_ptr_array_add (f->profile.foreign, &licence);
    /* The foreign side's lists. */
    const Entity *issuers[] = {foreign, foreign_root};
    for (gsize i = 0; i < G_N_ELEMENTS (issuers); i++) {
        List list = {.issuer = issuers[i], .this_update = NOW - 600, .next_update = NOW + DAY};
        g_ptr_array_add (f->crls, pki_crl (&list));
    }
    f->context.cache = NULL;
    static const struct {
        int status;
        TamgaStatusValue value;
    } rows[] = {{V_OCSP_CERTSTATUS_GOOD, TAMGA_STATUS_GOOD},
                {V_OCSP_CERTSTATUS_REVOKED, TAMGA_STATUS_REVOKED}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        Answer answer = answer_of (f, rows[i].status);
        answer.responder = root_ocsp;
        answer.issuer = foreign_root;
        answer.certificate = foreign->certificate;
        g_ptr_array_set_size (f->ocsps, 0);
        add_answer (f, &answer);
        g_autoptr (TamgaProcedure) procedure =
            tamga_procedure_recipient (&f->context, person->certificate, TAMGA_USE_SIGNING, NULL);
        g_assert_cmpuint (procedure->steps->len, ==, 3);
        const TamgaStep *dual = procedure->steps->pdata[2];
        g_assert_cmpstr (dual->rule, ==, "VN 79.1c");
        g_assert_cmpint (dual->status->value, ==, rows[i].value);
        g_assert_cmpint (procedure->allowed, ==, rows[i].value == TAMGA_STATUS_GOOD);
        /* The national root speaks about licences only: not about step 2. */
        const TamgaStep *home = procedure->steps->pdata[1];
        g_assert_cmpstr (home->status->method, ==, "CRL");
    }
}

/* --- cache --- */

static void test_cache (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (GBytes) bytes = g_bytes_new_static ("some bytes", 10);
    tamga_cache_put (f->cache, "a key", bytes, NOW + 10);
    g_autoptr (GBytes) again = tamga_cache_get (f->cache, "a key", NOW);
    g_assert_true (g_bytes_equal (bytes, again));
    g_assert_null (tamga_cache_get (f->cache, "a key", NOW + 11));
    g_assert_null (tamga_cache_get (f->cache, "another key", NOW));
    g_autofree char *name = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "a key", -1);
    g_autofree char *path = g_strdup_printf ("%s/%s.entry", f->folder, name);
    GStatBuf about;
    g_assert_cmpint (g_stat (path, &about), ==, 0);
    g_assert_cmpint (about.st_mode & 0777, ==, 0600);
    g_autofree char *text = NULL;
    gsize size;
    g_assert_true (g_file_get_contents (path, &text, &size, NULL));
    const struct {
        gssize at; /* byte that is spoiled; -1: cut */
    } rows[] = {{0}, {(gssize)size - 1}, {30}, {-1}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *copy = g_memdup2 (text, size);
        if (rows[i].at >= 0)
            copy[rows[i].at] ^= 4;
        g_assert_true (g_file_set_contents (
            path, copy, rows[i].at < 0 ? (gssize)size / 2 : (gssize)size, NULL));
        g_assert_null (tamga_cache_get (f->cache, "a key", NOW));
        g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    }
}

static void test_numbers (Fixture *f, gconstpointer data)
{
    (void)data;
    static const struct {
        long number;
        gint64 time;
        gboolean newest;
    } rows[] = {
        {9, NOW, TRUE},       {10, NOW + 1, TRUE},   {9, NOW + 2, FALSE}, {10, NOW, TRUE},
        {256, NOW + 3, TRUE}, {255, NOW + 4, FALSE}, {0, NOW + 2, FALSE}, {0, NOW + 5, TRUE},
        {0, NOW + 4, FALSE},  {256, NOW + 6, TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        List list = {.issuer = f->ca, .this_update = rows[i].time, .number = rows[i].number};
        g_autoptr (GBytes) der = pki_crl (&list);
        g_autoptr (TamgaCrl) crl = tamga_crl_parse (der, "x", TAMGA_ORIGIN_FETCHED);
        g_assert_null (crl->problem);
        g_test_message ("row %zu", i);
        g_assert_cmpint (tamga_cache_note_crl (f->cache, crl), ==, rows[i].newest);
    }
}

#define CASE(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    CASE ("/md_4_20/effect_from_the_list_or_ua_95_from_the_entry", test_effect);
    CASE ("/md_4_72/first_listing_counts", test_first_listing);
    CASE ("/md_4_18/suspension_limit", test_suspension_limit);
    CASE ("/md_4_38/expired_is_not_on_the_list", test_expired_not_on_list);
    CASE ("/md_2_55/revoked_is_never_resumed", test_revoked_then_absent);
    CASE ("/md_2_56/suspended_may_be_resumed", test_suspended_then_absent);
    CASE ("/md_2_66/stricter_answer_counts", test_stricter);
    CASE ("/md_4_164/root_revocation_cascades", test_cascade);
    CASE ("/vn_79_1c/licensed_foreign_certificate", test_licensed_foreign);
    CASE ("/ua_99/no_next_update", test_no_next_update);
    CASE ("/ua_99/too_old", test_too_old);
    CASE ("/ua_99/list_from_the_future", test_future_list);
    CASE ("/rfc_5280_5_2_4/delta_of_another_scope", test_delta_scope);
    CASE ("/rfc_5280_5_3_2/invalidity_date", test_invalidity_date);
    CASE ("/rfc_6960/values", test_ocsp_values);
    CASE ("/rfc_6960/signed_by_issuer", test_ocsp_by_issuer);
    CASE ("/ua_102/strangers_are_not_believed", test_ocsp_strangers);
    CASE ("/ua_102/wrong_answers_are_not_believed", test_ocsp_wrong);
    CASE ("/ua_102/no_byte_can_be_changed", test_flips);
    CASE ("/vn_79_3/distrusted_responder", test_distrusted_responder);
    CASE ("/status/wrong_issuer", test_wrong_issuer);
    CASE ("/rfc_6960_4_2_2_2_1/responder_status", test_responder_status);
    CASE ("/cache/entries", test_cache);
    CASE ("/cache/numbers_never_go_back", test_numbers);
    return g_test_run ();
}
