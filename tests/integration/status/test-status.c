/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status against a live provider: each thing that can be wrong with an answer, one at a time, never
 * ends in "good" where it must not. */
#include <string.h>

#include "tests/integration/status/world.h"

#define GOOD TAMGA_STATUS_GOOD
#define NONE TAMGA_STATUS_NOT_AVAILABLE

/* `text`: what the sentence must say, for NONE; a finding's code or NULL, for GOOD. */
typedef struct {
    const char *kind;
    TamgaStatusValue value;
    const char *text;
} Row;

static const Row ocsp_rows[] = {
    {"bad-signature", NONE, "its signature does not verify (UA 102, MD 2:64)"},
    {"unsigned", NONE, "not believed"},
    {"stale", NONE, "too old"},
    {"future", NONE, "from the future"},
    {"no-next-update", GOOD, "no-next-update"},
    {"wrong-issuer", NONE, "another certificate"},
    {"other-cert", NONE, "another certificate"},
    {"wrong-nonce", NONE, "another nonce"},
    {"no-nonce", GOOD, "ocsp-no-nonce"},
    {"no-certificate", NONE, "responder's certificate is not there"},
    {"expired-responder", NONE, "not valid when it was signed"},
    {"wrong-responder", NONE, "not for OCSP signing"},
    {"stranger-responder", NONE, "not authorised by the issuer"},
    {"ca-responder", GOOD, NULL},
    {"responder-by-key", GOOD, NULL},
    {"malformed-request", NONE, "request is malformed"},
    {"internal-error", NONE, "internal error"},
    {"try-later", NONE, "try again later"},
    {"sig-required", NONE, "wants signed requests"},
    {"unauthorized", NONE, "does not answer for this certificate"},
    {"clock&shift=7200", NONE, "from the future"},
    {"garbage", NONE, "not an OCSP answer"},
    {"empty", NONE, "http://127.0.0.1"},
    {"trailing-data", NONE, "not an OCSP answer"},
    {"short", NONE, "http://127.0.0.1"},
    {"http-404", NONE, "404"},
    {"http-500", NONE, "500"},
    {"http-503", NONE, "503"},
    {"redirect", NONE, "http://127.0.0.1"},
    {"drop", NONE, "http://127.0.0.1"},
    {"huge", NONE, "http://127.0.0.1"},
    {"wrong-type", GOOD, NULL},
};

static const Row crl_rows[] = {
    {"bad-signature", NONE, "signature does not verify"},
    {"unsigned", NONE, "not used"},
    {"wrong-key", NONE, "signature does not verify"},
    {"wrong-issuer", NONE, "not about this certificate"},
    {"stale", NONE, "too old"},
    {"future", NONE, "from the future"},
    {"no-next-update", GOOD, "no-next-update"},
    {"clock&shift=7200", NONE, "from the future"},
    {"no-number", GOOD, NULL},
    {"wrong-idp", NONE, "not about this certificate"},
    {"partial-reasons", NONE, "do not cover every reason"},
    {"unknown-critical", NONE, "critical extension"},
    {"pem", GOOD, NULL},
    {"garbage", NONE, "not a revocation list"},
    {"empty", NONE, "http://127.0.0.1"},
    {"short", NONE, "http://127.0.0.1"},
    {"http-404", NONE, "404"},
    {"http-500", NONE, "500"},
    {"drop", NONE, "http://127.0.0.1"},
    {"wrong-type", GOOD, NULL},
};

static gboolean has_finding (const TamgaStatus *status, const char *code)
{
    for (guint i = 0; i < status->findings->len; i++)
        if (g_str_equal (((TamgaFinding *)status->findings->pdata[i])->code, code))
            return TRUE;
    return FALSE;
}

static void judge (const Row *row, const TamgaStatus *status)
{
    g_assert_cmpstr (tamga_status_name (status->value), ==, tamga_status_name (row->value));
    if (row->value == GOOD) {
        g_assert_true (status->fresh);
        if (row->text != NULL)
            g_assert_true (has_finding (status, row->text));
    } else {
        g_assert_nonnull (strstr (status->text, row->text));
        g_assert_false (status->fresh);
    }
}

static void run_fault (World *world, const char *service, const char *query, const Row *row)
{
    g_autoptr (X509) certificate = world_issue (query);
    world_control ("fault?service=%s&kind=%s", service, row->kind);
    g_autoptr (TamgaStatus) status = world_status (world, certificate);
    judge (row, status);
    /* The same service is believed as soon as it is in order. */
    world_control ("reset");
    g_autoptr (TamgaStatus) after = world_status (world, certificate);
    g_assert_cmpint (after->value, ==, GOOD);
}

static void test_ocsp_row (gconstpointer data)
{
    World world = {0};
    world_set_up (&world, NULL);
    run_fault (&world, "ocsp-provider", "ocsp_only=1", data);
    world_tear_down (&world, NULL);
}

static void test_crl_row (gconstpointer data)
{
    World world = {0};
    world_set_up (&world, NULL);
    run_fault (&world, "crl-provider", "crl_only=1", data);
    world_tear_down (&world, NULL);
}

/* --- answers --- */

static void test_three_states (World *world, gconstpointer data)
{
    (void)data;
    static const char *const ways[] = {"ocsp_only=1", "crl_only=1"};
    for (gsize i = 0; i < G_N_ELEMENTS (ways); i++) {
        g_autoptr (X509) certificate = world_issue (ways[i]);
        g_autofree char *serial = world_serial (certificate);
        g_autoptr (TamgaStatus) valid = world_status (world, certificate);
        g_assert_cmpint (valid->value, ==, TAMGA_STATUS_GOOD);
        g_assert_cmpstr (valid->method, ==, i == 0 ? "OCSP" : "CRL");
        g_assert_nonnull (i == 0 ? valid->ocsp : valid->crl);
        g_assert_cmpuint (valid->certificates->len, >=, 1);
        g_assert_cmpint (valid->nonce, ==, i == 0);
        world_control ("suspend?serial=%s", serial);
        g_autoptr (TamgaStatus) blocked = world_status (world, certificate);
        g_assert_cmpint (blocked->value, ==, TAMGA_STATUS_SUSPENDED);
        g_assert_cmpint (blocked->revocation_time, !=, G_MININT64);
        world_control ("revoke?serial=%s&reason=keyCompromise", serial);
        g_autoptr (TamgaStatus) revoked = world_status (world, certificate);
        g_assert_cmpint (revoked->value, ==, TAMGA_STATUS_REVOKED);
        g_assert_cmpint (revoked->reason, ==, CRL_REASON_KEY_COMPROMISE);
        g_assert_nonnull (strstr (revoked->text, "key compromise"));
    }
}

static void test_resumed (World *world, gconstpointer data)
{
    (void)data;
    static const char *const ways[] = {"ocsp_only=1", "crl_only=1"};
    for (gsize i = 0; i < G_N_ELEMENTS (ways); i++) {
        g_autoptr (X509) certificate = world_issue (ways[i]);
        g_autofree char *serial = world_serial (certificate);
        world_control ("suspend?serial=%s", serial);
        g_autoptr (TamgaStatus) blocked = world_status (world, certificate);
        g_assert_cmpint (blocked->value, ==, TAMGA_STATUS_SUSPENDED);
        world_control ("resume?serial=%s", serial);
        g_autoptr (TamgaStatus) resumed = world_status (world, certificate);
        g_assert_cmpint (resumed->value, ==, TAMGA_STATUS_GOOD);
    }
}

static void test_unknown (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autofree char *serial = world_serial (certificate);
    world_control ("unknown?serial=%s", serial);
    /* The list does not have it either; the responder's word is the stricter one. */
    g_autoptr (TamgaStatus) status = world_status (world, certificate);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_UNKNOWN);
}

static void test_falls_back_to_crl (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autofree char *serial = world_serial (certificate);
    world_control ("fault?service=ocsp-provider&kind=http-500");
    g_autoptr (TamgaStatus) status = world_status (world, certificate);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_GOOD);
    g_assert_cmpstr (status->method, ==, "CRL");
    world_control ("revoke?serial=%s", serial);
    g_autoptr (TamgaStatus) revoked = world_status (world, certificate);
    g_assert_cmpint (revoked->value, ==, TAMGA_STATUS_REVOKED);
    world_control ("fault?service=crl-provider&kind=http-500");
    g_autoptr (TamgaStatus) none = world_status (world, certificate);
    g_assert_cmpint (none->value, !=, TAMGA_STATUS_GOOD);
    g_assert_nonnull (strstr (none->text, "500"));
}

/* threats d: an answer that was had before is no answer for a signature. */
static void test_cached_only_is_no_answer (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autoptr (TamgaStatus) first = world_status (world, certificate);
    g_assert_cmpint (first->value, ==, TAMGA_STATUS_GOOD);
    world_control ("fault?service=all&kind=http-503");
    g_autoptr (TamgaStatus) status = world_status (world, certificate);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    /* For a verification it is. */
    world->context.fresh = FALSE;
    world_control ("reset");
    g_autoptr (TamgaStatus) fill = world_status (world, certificate);
    g_assert_cmpint (fill->value, ==, TAMGA_STATUS_GOOD);
    world_control ("fault?service=ocsp-provider&kind=http-503");
    world_control ("fault?service=crl-provider&kind=http-503");
    g_autoptr (TamgaStatus) cached = world_status (world, certificate);
    g_assert_cmpint (cached->value, ==, TAMGA_STATUS_GOOD);
    g_assert_nonnull (strstr (cached->source, "cache"));
}

static void test_number_never_goes_back (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("crl_only=1");
    g_autoptr (X509) other = world_issue ("crl_only=1");
    g_autofree char *serial = world_serial (other);
    world_control ("revoke?serial=%s", serial); /* a higher number */
    g_autoptr (TamgaStatus) first = world_status (world, certificate);
    g_assert_cmpint (first->value, ==, TAMGA_STATUS_GOOD);
    world_control ("fault?service=crl-provider&kind=lower-number");
    g_autoptr (TamgaStatus) status = world_status (world, certificate);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_nonnull (strstr (status->text, "never goes back"));
}

static void test_unknown_critical_entry (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("crl_only=1");
    g_autoptr (X509) other = world_issue ("crl_only=1");
    g_autofree char *serial = world_serial (other);
    world_control ("revoke?serial=%s", serial);
    world_control ("fault?service=crl-provider&kind=unknown-critical-entry");
    g_autoptr (TamgaStatus) status = world_status (world, certificate);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_nonnull (strstr (status->text, "critical extension"));
}

/* UA 99: a change that only the partial list has. */
static void test_delta (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("crl_only=1&delta=1");
    g_autofree char *serial = world_serial (certificate);
    world_control ("new-base?authority=provider&freeze=1");
    g_autoptr (TamgaStatus) first = world_status (world, certificate);
    g_assert_cmpint (first->value, ==, TAMGA_STATUS_GOOD);
    world_control ("suspend?serial=%s", serial);
    g_autoptr (TamgaStatus) blocked = world_status (world, certificate);
    g_assert_cmpint (blocked->value, ==, TAMGA_STATUS_SUSPENDED);
    g_assert_cmpstr (blocked->method, ==, "CRL+delta");
    g_assert_nonnull (blocked->delta_crl);
    world_control ("resume?serial=%s", serial);
    g_autoptr (TamgaStatus) resumed = world_status (world, certificate);
    g_assert_cmpint (resumed->value, ==, TAMGA_STATUS_GOOD);
    world_control ("new-base?authority=provider");
}

/* UA 4: removeFromCRL ends a suspension that the complete list still has. */
static void test_remove_from_crl (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("crl_only=1&delta=1");
    g_autofree char *serial = world_serial (certificate);
    world_control ("suspend?serial=%s", serial);
    world_control ("new-base?authority=provider&freeze=1");
    g_autoptr (TamgaStatus) blocked = world_status (world, certificate);
    g_assert_cmpint (blocked->value, ==, TAMGA_STATUS_SUSPENDED);
    world_control ("resume?serial=%s", serial);
    g_autoptr (TamgaStatus) resumed = world_status (world, certificate);
    g_assert_cmpint (resumed->value, ==, TAMGA_STATUS_GOOD);
    g_assert_cmpstr (resumed->method, ==, "CRL+delta");
    /* A delta for another base says nothing: the complete list counts. */
    world_control ("fault?service=crl-provider-delta&kind=wrong-base");
    g_autoptr (TamgaStatus) without = world_status (world, certificate);
    g_assert_cmpint (without->value, ==, TAMGA_STATUS_SUSPENDED);
    world_control ("reset");
    world_control ("new-base?authority=provider");
}

static void test_deadline (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("ocsp_only=1");
    world_control ("fault?service=ocsp-provider&kind=delay&ms=5000");
    world->call = tamga_call_within (NULL, 500);
    gint64 begin = g_get_monotonic_time ();
    g_autoptr (TamgaStatus) status = world_status (world, certificate);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, 3 * G_USEC_PER_SEC);
    world->call = TAMGA_CALL_INIT;
}

/* Questions of several levels wait for the slowest of them, not for their sum. */
static void test_concurrent (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue (NULL);
    g_autoptr (X509) provider = world_fetch_certificate ("/provider.cer");
    g_autoptr (X509) root = world_fetch_certificate ("/root.cer");
    g_autoptr (TamgaStatus) warm = world_status (world, certificate); /* the helper is up */
    g_assert_cmpint (warm->value, ==, TAMGA_STATUS_GOOD);
    world_control ("fault?service=all&kind=delay&ms=1000");
    TamgaStatusQuestion questions[] = {{.certificate = certificate, .issuer = provider},
                                       {.certificate = provider, .issuer = root}};
    gint64 begin = g_get_monotonic_time ();
    g_autoptr (GPtrArray) answers = tamga_status_ask (&world->context, questions, 2, &world->call);
    gint64 spent = g_get_monotonic_time () - begin;
    for (guint i = 0; i < 2; i++)
        g_assert_cmpint (((TamgaStatus *)answers->pdata[i])->value, ==, TAMGA_STATUS_GOOD);
    g_assert_cmpint (spent, >=, G_USEC_PER_SEC);
    g_assert_cmpint (spent, <, 19 * G_USEC_PER_SEC / 10);
}

static void test_no_service (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (X509) certificate = world_issue ("no_aia=1&no_crldp=1");
    g_autoptr (TamgaStatus) status = world_status (world, certificate);
    g_assert_cmpint (status->value, ==, TAMGA_STATUS_NOT_AVAILABLE);
    g_assert_nonnull (strstr (status->text, "names a service"));
}

#define CASE(path, test) g_test_add (path, World, NULL, world_set_up, test, world_tear_down)

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    world_start ();
    CASE ("/ua_4/three_states", test_three_states);
    CASE ("/ua_4/resumed_is_valid_again", test_resumed);
    CASE ("/ua_4/remove_from_crl", test_remove_from_crl);
    CASE ("/ua_99/delta", test_delta);
    CASE ("/status/unknown_is_not_good", test_unknown);
    CASE ("/status/falls_back_to_crl", test_falls_back_to_crl);
    CASE ("/status/cached_only_is_no_answer", test_cached_only_is_no_answer);
    CASE ("/status/number_never_goes_back", test_number_never_goes_back);
    CASE ("/status/unknown_critical_entry", test_unknown_critical_entry);
    CASE ("/status/deadline", test_deadline);
    CASE ("/status/concurrent", test_concurrent);
    CASE ("/status/no_service", test_no_service);
    for (gsize i = 0; i < G_N_ELEMENTS (ocsp_rows); i++) {
        g_autofree char *name = g_strdup_printf ("/ua_102/ocsp/%s", ocsp_rows[i].kind);
        g_test_add_data_func (name, &ocsp_rows[i], test_ocsp_row);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (crl_rows); i++) {
        g_autofree char *name = g_strdup_printf ("/ua_102/crl/%s", crl_rows[i].kind);
        g_test_add_data_func (name, &crl_rows[i], test_crl_row);
    }
    int result = g_test_run ();
    world_stop ();
    return result;
}
