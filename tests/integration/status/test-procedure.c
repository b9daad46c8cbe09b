/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signer's procedure (VN 78) and the recipient's (VN 79) against a live provider and root. */
#include <string.h>

#include "tests/integration/status/world.h"

typedef struct {
    guint n;
    guint last;
} Shown;

static void show (const TamgaStep *step, gpointer data)
{
    Shown *shown = data;
    shown->n++;
    g_assert_cmpuint (step->number, ==, shown->last + 1);
    shown->last = step->number;
    g_test_message ("%u %s: %s: %s: %s", step->number, step->rule, step->title,
                    tamga_status_name (step->status->value), step->status->text);
}

static TamgaProcedure *sign (World *world, X509 *certificate, TamgaLevel level)
{
    Shown shown = {0};
    world_now (world);
    TamgaProcedure *procedure =
        tamga_procedure_signer (&world->context, certificate, level, show, &shown, &world->call);
    g_assert_cmpuint (shown.n, ==, procedure->steps->len);
    if (procedure->refusal != NULL)
        g_test_message ("refused: %s | %s | %s", procedure->refusal_rule, procedure->refusal,
                        procedure->next);
    g_assert_cmpint (procedure->allowed, ==, procedure->refusal == NULL);
    return procedure;
}

static TamgaProcedure *receive (World *world, X509 *certificate, gint64 time)
{
    world_now (world);
    world->context.fresh = FALSE;
    if (time != 0)
        world->context.time = time;
    TamgaProcedure *procedure =
        tamga_procedure_recipient (&world->context, certificate, TAMGA_USE_SIGNING, &world->call);
    for (guint i = 0; i < procedure->steps->len; i++) {
        Shown shown = {.last = i};
        show (procedure->steps->pdata[i], &shown);
    }
    world->context.fresh = TRUE;
    return procedure;
}

static const TamgaStep *step (const TamgaProcedure *procedure, guint number)
{
    g_assert_cmpuint (procedure->steps->len, >=, number);
    return procedure->steps->pdata[number - 1];
}

static void assert_refused (const TamgaProcedure *procedure, const char *rule, const char *text)
{
    g_assert_false (procedure->allowed);
    g_assert_cmpstr (procedure->refusal_rule, ==, rule);
    g_assert_nonnull (strstr (procedure->refusal, text));
    g_assert_nonnull (procedure->next);
}

/* --- VN 78 --- */

static void test_good (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_LT);
    g_assert_true (procedure->allowed);
    g_assert_true (tamga_procedure_is_good (procedure));
    g_assert_cmpuint (procedure->steps->len, ==, 2);
    g_assert_cmpstr (step (procedure, 1)->rule, ==, "VN 78.1");
    g_assert_cmpstr (step (procedure, 2)->rule, ==, "VN 78.2");
    g_assert_true (g_str_has_prefix (step (procedure, 1)->title, "your certificate at "));
    for (guint i = 1; i <= 2; i++) {
        g_assert_cmpint (step (procedure, i)->status->value, ==, TAMGA_STATUS_GOOD);
        g_assert_true (step (procedure, i)->passed);
        g_assert_false (step (procedure, i)->tolerated);
        g_assert_true (step (procedure, i)->status->nonce);
    }
    /* Two authorities, each its own evidence. */
    g_assert_cmpstr (step (procedure, 1)->status->source, !=, step (procedure, 2)->status->source);
    g_assert_cmpuint (procedure->evidence->ocsps->len, ==, 2);
    g_assert_cmpuint (procedure->evidence->certificates->len, >=, 5);
}

static void test_signer_revoked (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autofree char *serial = world_serial (certificate);
    world_control ("revoke?serial=%s&reason=superseded", serial);
    g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_LT);
    assert_refused (procedure, "VN 78.1", "revoked since");
    g_assert_nonnull (strstr (procedure->refusal, "VN 78.3"));
    g_assert_true (tamga_procedure_is_bad (procedure));
    g_assert_cmpint (step (procedure, 2)->status->value, ==, TAMGA_STATUS_GOOD);
}

static void test_signer_suspended (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autofree char *serial = world_serial (certificate);
    world_control ("suspend?serial=%s", serial);
    g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_LT);
    assert_refused (procedure, "VN 78.1", "suspended since");
    g_assert_true (tamga_procedure_is_bad (procedure));
}

static void test_signer_unknown (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autofree char *serial = world_serial (certificate);
    world_control ("unknown?serial=%s", serial);
    g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_LT);
    assert_refused (procedure, "VN 78.1", "does not know");
}

static void test_provider_silent (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    world_control ("fault?service=ocsp-provider&kind=drop");
    world_control ("fault?service=crl-provider&kind=drop");
    g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_LT);
    assert_refused (procedure, "VN 78.1", "not available");
    g_assert_false (tamga_procedure_is_bad (procedure));
    g_assert_cmpint (step (procedure, 1)->status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_cmpint (step (procedure, 2)->status->value, ==, TAMGA_STATUS_GOOD);
}

static void test_root_silent (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    world_control ("fault?service=ocsp-root&kind=http-503");
    world_control ("fault?service=crl-root&kind=http-503");
    g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_LT);
    assert_refused (procedure, "VN 78.2", "not available");
    g_assert_cmpint (step (procedure, 1)->status->value, ==, TAMGA_STATUS_GOOD);
    g_assert_cmpint (step (procedure, 2)->status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_nonnull (strstr (procedure->refusal, "503"));
}

static void test_provider_revoked (World *world, gconstpointer data)
{
    (void)data;
    /* For ever, so with a provider that no other test uses. */
    g_autoptr (X509) certificate = world_issue ("issuer=provider2");
    g_autoptr (TamgaProcedure) before = sign (world, certificate, TAMGA_LEVEL_LT);
    g_assert_true (before->allowed);
    world_control ("revoke?name=provider2");
    g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_LT);
    assert_refused (procedure, "VN 78.2", "revoked since");
    g_assert_cmpint (step (procedure, 1)->status->value, ==, TAMGA_STATUS_GOOD);
    g_assert_true (tamga_procedure_is_bad (procedure));
}

static void test_provider_suspended (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    world_control ("suspend-provider");
    g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_LT);
    world_control ("resume-provider");
    assert_refused (procedure, "VN 78.2", "suspended since");
}

/* A provider that is itself an anchor does not make the root's word unnecessary. */
static void test_provider_as_anchor (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autoptr (X509) provider = world_fetch_certificate ("/provider.cer");
    g_autoptr (TamgaTrust) only_provider = tamga_trust_new ();
    tamga_trust_use (only_provider, provider);
    world->context.trust = only_provider;
    g_autoptr (TamgaProcedure) alone = sign (world, certificate, TAMGA_LEVEL_LT);
    assert_refused (alone, "VN 78.2", "issuer is not known");
    tamga_trust_use (world->trust, provider);
    world->context.trust = world->trust;
    g_autoptr (TamgaProcedure) both = sign (world, certificate, TAMGA_LEVEL_LT);
    g_assert_true (both->allowed);
    g_assert_cmpuint (both->steps->len, ==, 2);
}

static const struct {
    const char *name, *query, *refusal;
} unfit[] = {
    {"expired", "not_before=-8640000&not_after=-3600", "expired"},
    {"not-yet-valid", "not_before=86400", "not yet valid"},
    {"encryption-key", "usage=keyEncipherment", "neither digitalSignature nor nonRepudiation"},
    {"unknown-critical-extension", "critical_unknown=1", "critical extension"},
    {"sha1", "alg=sha1", "too weak"},
};

static void test_unfit (World *world, gconstpointer data)
{
    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS (unfit); i++) {
        g_autoptr (X509) certificate = world_issue (unfit[i].query);
        g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_B);
        g_assert_false (procedure->allowed);
        g_assert_nonnull (strstr (procedure->refusal, unfit[i].refusal));
    }
}

static void test_unknown_root (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("issuer=foreign");
    g_autoptr (TamgaProcedure) procedure = sign (world, certificate, TAMGA_LEVEL_LT);
    g_assert_false (procedure->allowed);
    g_assert_nonnull (strstr (procedure->refusal, "trusted root"));
    g_assert_nonnull (strstr (procedure->next, "tamga trust add"));
}

/* --- gates --- */

static void test_negative_gate (World *world, gconstpointer data)
{
    (void)data;
    g_assert_cmpint (world->profile->gate, ==, TAMGA_GATE_NEGATIVE);
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autofree char *serial = world_serial (certificate);
    world_control ("fault?service=all&kind=http-503");
    g_autoptr (TamgaProcedure) t = sign (world, certificate, TAMGA_LEVEL_T);
    g_assert_false (t->allowed);
    g_autoptr (TamgaProcedure) b = sign (world, certificate, TAMGA_LEVEL_B);
    g_assert_true (b->allowed);
    g_assert_false (tamga_procedure_is_good (b));
    g_assert_true (step (b, 1)->tolerated);
    world_control ("reset");
    world_control ("unknown?serial=%s", serial);
    g_autoptr (TamgaProcedure) unknown = sign (world, certificate, TAMGA_LEVEL_B);
    g_assert_true (unknown->allowed);
    world_control ("unknown?serial=%s&set=0", serial);
    world_control ("suspend?serial=%s", serial);
    g_autoptr (TamgaProcedure) suspended = sign (world, certificate, TAMGA_LEVEL_B);
    g_assert_false (suspended->allowed);
    world_control ("revoke?serial=%s", serial);
    g_autoptr (TamgaProcedure) revoked = sign (world, certificate, TAMGA_LEVEL_B);
    g_assert_false (revoked->allowed);
    g_assert_true (tamga_procedure_is_bad (revoked));
}

static void test_basic_alone (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autoptr (TamgaTrust) none = tamga_trust_new ();
    world->context.trust = none;
    world->context.fetch = NULL;
    world->context.cache = NULL;
    g_autoptr (TamgaProcedure) b = sign (world, certificate, TAMGA_LEVEL_B);
    g_assert_true (b->allowed);
    g_assert_cmpuint (b->steps->len, ==, 1);
    g_assert_cmpint (step (b, 1)->status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_true (step (b, 1)->tolerated);
    g_autoptr (TamgaProcedure) t = sign (world, certificate, TAMGA_LEVEL_T);
    g_assert_false (t->allowed);
    g_autoptr (X509) expired = world_issue ("not_before=-8640000&not_after=-3600");
    g_autoptr (TamgaProcedure) late = sign (world, expired, TAMGA_LEVEL_B);
    g_assert_false (late->allowed);
}

/* --- VN 79 --- */

static void add_provider (World *world)
{
    g_ptr_array_add (world->pool, world_fetch_certificate ("/provider.cer"));
}

static void test_recipient_good (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    add_provider (world);
    g_autoptr (TamgaProcedure) procedure = receive (world, certificate, 0);
    g_assert_true (procedure->allowed);
    g_assert_cmpuint (procedure->steps->len, ==, 2);
    g_assert_cmpstr (step (procedure, 1)->rule, ==, "VN 79.1a");
    g_assert_cmpstr (step (procedure, 2)->rule, ==, "VN 79.2b");
}

/* Two chains that meet are asked about together, and what they share only once. */
static void test_shared_levels (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) one = world_issue (NULL);
    g_autoptr (X509) other = world_issue (NULL);
    add_provider (world);
    world_now (world);
    world_control ("clear-log");
    const TamgaProcedureQuestion questions[] = {{one, TAMGA_USE_SIGNING},
                                                {other, TAMGA_USE_SIGNING}};
    g_autoptr (GPtrArray) answers =
        tamga_procedure_recipients (&world->context, questions, 2, &world->call);
    for (guint i = 0; i < 2; i++)
        g_assert_true (((TamgaProcedure *)answers->pdata[i])->allowed);
    g_autoptr (GBytes) log =
        tamga_provider_fixture_fetch (world_provider, "/control/log", NULL, NULL);
    gsize size;
    const char *bytes = g_bytes_get_data (log, &size);
    g_autofree char *text = g_strndup (bytes, size);
    g_auto (GStrv) roots = g_strsplit (text, "/ocsp/root", -1);
    g_auto (GStrv) providers = g_strsplit (text, "/ocsp/provider", -1);
    g_assert_cmpuint (g_strv_length (roots), ==, 2);     /* asked once */
    g_assert_cmpuint (g_strv_length (providers), ==, 3); /* twice */
}

/* At signing time: a later revocation is told and does not count. */
static void test_recipient_time (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("not_before=-100000");
    g_autofree char *serial = world_serial (certificate);
    add_provider (world);
    world_now (world);
    gint64 now = world->context.now;
    world_control ("revoke?serial=%s&time=-1800", serial);
    g_autoptr (TamgaProcedure) before = receive (world, certificate, now - 3600);
    g_assert_true (before->allowed);
    g_assert_cmpint (step (before, 1)->status->value, ==, TAMGA_STATUS_GOOD);
    g_assert_cmpint (step (before, 1)->status->revocation_time, >, now - 3600);
    g_assert_nonnull (strstr (step (before, 1)->status->text, "revoked since"));
    g_autoptr (TamgaProcedure) after = receive (world, certificate, now - 900);
    assert_refused (after, "VN 79.1a", "revoked since");
}

static void test_recipient_provider_revoked (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("issuer=provider3");
    g_autoptr (X509) root2 = world_fetch_certificate ("/root2.cer");
    tamga_trust_use (world->trust, root2);
    g_ptr_array_add (world->pool, world_fetch_certificate ("/provider3.cer"));
    g_autoptr (TamgaProcedure) before = receive (world, certificate, 0);
    g_assert_true (before->allowed);
    world_control ("revoke?name=provider3");
    g_autoptr (TamgaProcedure) procedure = receive (world, certificate, 0);
    assert_refused (procedure, "VN 79.2b", "VN 79.2c");
    g_assert_cmpint (step (procedure, 1)->status->value, ==, TAMGA_STATUS_GOOD);
}

/* A certificate that leads to no anchor names addresses that nobody visits (design 2). */
static void test_recipient_visits_no_strangers (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("issuer=foreign");
    g_ptr_array_add (world->pool, world_fetch_certificate ("/foreign/provider.cer"));
    world_control ("clear-log");
    g_autoptr (TamgaProcedure) procedure = receive (world, certificate, 0);
    g_assert_false (procedure->allowed);
    g_autoptr (GBytes) log =
        tamga_provider_fixture_fetch (world_provider, "/control/log", NULL, NULL);
    gsize size;
    const char *bytes = g_bytes_get_data (log, &size);
    g_autofree char *text = g_strndup (bytes != NULL ? bytes : "", size);
    g_assert_null (strstr (text, "/foreign/ocsp"));
    g_assert_null (strstr (text, "/foreign/crl"));
}

/* --- foreign certificates, VN 79.1c --- */

static void license (World *world, const char *url, gint64 until)
{
    g_autoptr (X509) foreign = world_fetch_certificate ("/foreign/provider.cer");
    g_autoptr (X509) foreign_root = world_fetch_certificate ("/foreign/root.cer");
    tamga_trust_use (world->trust, foreign_root);
    X509_up_ref (foreign);
    g_ptr_array_add (world->pool, foreign);
    TamgaForeignLicence *licence = g_new0 (TamgaForeignLicence, 1);
    licence->name = g_strdup ("Foreign");
    licence->issuer_sha256 = tamga_ossl_fingerprint (foreign);
    licence->licence = g_strdup ("12/GP");
    licence->scope = g_strdup ("contracts");
    licence->valid_from = world->context.now - 86400;
    licence->valid_until = until;
    licence->root_status_url = g_strdup (url);
    g_ptr_array_add (world->profile->foreign, licence);
}

static void test_foreign_needs_both (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("issuer=foreign");
    g_autofree char *url =
        g_strconcat (tamga_provider_fixture_get (world_provider, "url"), "/ocsp/root", NULL);
    license (world, url, world->context.now + 86400);
    /* The foreign system says good at both levels; the national root does not know the licence. */
    g_autoptr (TamgaProcedure) procedure = receive (world, certificate, 0);
    g_assert_cmpuint (procedure->steps->len, ==, 3);
    g_assert_cmpint (step (procedure, 1)->status->value, ==, TAMGA_STATUS_GOOD);
    g_assert_cmpint (step (procedure, 2)->status->value, ==, TAMGA_STATUS_GOOD);
    g_assert_cmpstr (step (procedure, 3)->rule, ==, "VN 79.1c");
    g_assert_cmpint (step (procedure, 3)->status->value, !=, TAMGA_STATUS_GOOD);
    assert_refused (procedure, "VN 79.1c", "12/GP");
}

static void test_foreign_provider_revoked_at_home (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("issuer=foreign");
    license (world, NULL, world->context.now + 86400);
    g_autoptr (TamgaProcedure) good = receive (world, certificate, 0);
    g_assert_true (good->allowed);
    g_autofree char *serial = world_serial (certificate);
    world_control ("revoke?serial=%s", serial);
    g_autoptr (TamgaProcedure) revoked = receive (world, certificate, 0);
    g_assert_false (revoked->allowed);
}

static void test_foreign_licence_over (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("issuer=foreign");
    license (world, NULL, world->context.now - 3600);
    g_autoptr (TamgaProcedure) procedure = receive (world, certificate, 0);
    assert_refused (procedure, "VN 45", "not in force");
}

#define CASE(path, test) g_test_add (path, World, NULL, world_set_up, test, world_tear_down)
#define WITH(profile, path, test)                                                                  \
    g_test_add (path, World, profile, world_set_up, test, world_tear_down)

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    world_start ();
    CASE ("/vn_78/good_at_provider_and_root", test_good);
    CASE ("/vn_78_1/refuses_when_signer_is_revoked", test_signer_revoked);
    CASE ("/vn_78_1/refuses_when_signer_is_suspended", test_signer_suspended);
    CASE ("/vn_78_1/refuses_when_signer_is_unknown", test_signer_unknown);
    CASE ("/vn_78_1/refuses_when_provider_is_silent", test_provider_silent);
    CASE ("/vn_78_2/refuses_when_root_is_silent", test_root_silent);
    CASE ("/vn_78_2/asks_the_root_also_when_the_provider_is_an_anchor", test_provider_as_anchor);
    CASE ("/vn_78_3/refuses_when_provider_is_revoked", test_provider_revoked);
    CASE ("/vn_78_3/refuses_when_provider_is_suspended", test_provider_suspended);
    CASE ("/procedure/refuses_unfit_certificates", test_unfit);
    CASE ("/procedure/refuses_without_a_trusted_root", test_unknown_root);
    WITH ("basic", "/gate/negative_tolerates_silence_at_level_b_only", test_negative_gate);
    WITH ("basic", "/gate/basic_signs_without_anchors_and_network", test_basic_alone);
    CASE ("/vn_79_1a/good_at_provider_and_root", test_recipient_good);
    CASE ("/procedure/shared_levels_are_asked_once", test_shared_levels);
    CASE ("/vn_79_1a/status_at_signing_time", test_recipient_time);
    CASE ("/vn_79_2b/refuses_when_provider_is_revoked", test_recipient_provider_revoked);
    CASE ("/procedure/recipient_visits_no_strangers", test_recipient_visits_no_strangers);
    CASE ("/vn_79_1c/foreign_needs_the_national_root_too", test_foreign_needs_both);
    CASE ("/vn_79_1c/foreign_needs_its_own_provider_too", test_foreign_provider_revoked_at_home);
    CASE ("/vn_45/licence_is_over", test_foreign_licence_over);
    int result = g_test_run ();
    world_stop ();
    return result;
}
