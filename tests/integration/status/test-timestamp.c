/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timestamps from a live service: the checks of UA 115(6) in their order, and each thing that can
 * be wrong with an answer, one at a time. */
#include <glib/gstdio.h>
#include <string.h>

#include "client/timestamp/timestamp.h"
#include "tests/integration/status/world.h"

static const char *const names[] = {"status",  "signer", "purpose", "certificate", "signature",
                                    "imprint", "nonce",  "policy",  "clock"};

static const char *url_of (const char *name)
{
    const char *url = tamga_provider_fixture_get (world_provider, name);
    g_assert_nonnull (url);
    return url;
}

static TamgaTsaAnswer *ask (World *world, const char *const *urls, const char *digest,
                            gboolean check_status, GError **error)
{
    g_autoptr (GBytes) value = g_bytes_new_static ("signature value", 15);
    g_autoptr (GBytes) imprint = tamga_digest_bytes (tamga_digest_by_name (digest), value);
    world_now (world);
    return tamga_tsa_request (&world->context, (char **)urls, imprint,
                              tamga_digest_by_name (digest), check_status, &world->call, error);
}

static void assert_checks (const TamgaTsaAnswer *answer)
{
    g_assert_cmpuint (answer->checks->len, ==, G_N_ELEMENTS (names));
    for (guint i = 0; i < answer->checks->len; i++) {
        const TamgaTsaCheck *check = answer->checks->pdata[i];
        g_test_message ("%u %s (%s): %s", check->number, check->name, check->clause, check->text);
        g_assert_cmpuint (check->number, ==, i + 1);
        g_assert_cmpstr (check->name, ==, names[i]);
        g_assert_true (check->passed);
        if (i < 6)
            g_assert_true (g_str_has_prefix (check->clause, "UA 115(6)"));
    }
}

static void test_good (World *world, gconstpointer data)
{
    (void)data;
    static const char *const digests[] = {"SHA-256", "SHA-384", "SHA-512"};
    static const char *const services[] = {"tsa_url", "tsa2_url"};
    for (gsize i = 0; i < G_N_ELEMENTS (digests) * 2; i++) {
        const char *urls[] = {url_of (services[i % 2]), NULL};
        g_autoptr (GError) error = NULL;
        g_autoptr (TamgaTsaAnswer) answer = ask (world, urls, digests[i / 2], TRUE, &error);
        g_assert_no_error (error);
        assert_checks (answer);
        g_assert_nonnull (answer->token);
        g_assert_nonnull (answer->certificate);
        g_assert_nonnull (answer->tsa_name);
        g_assert_cmpstr (answer->url, ==, urls[0]);
        g_assert_cmpstr (answer->policy, ==, "2.999.1.1");
        g_assert_cmpint (ABS (answer->gen_time - world->context.now), <=, 5);
        g_assert_true (answer->procedure->allowed);
    }
}

/* The same token, the same data, another program. */
static void test_openssl_agrees (World *world, gconstpointer data)
{
    (void)data;
    const char *urls[] = {url_of ("tsa_url"), NULL};
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaTsaAnswer) answer = ask (world, urls, "SHA-256", FALSE, &error);
    g_assert_no_error (error);
    g_autofree char *token = g_build_filename (world->folder, "token", NULL);
    g_autofree char *content = g_build_filename (world->folder, "content", NULL);
    g_assert_true (g_file_set_contents (token, g_bytes_get_data (answer->token, NULL),
                                        (gssize)g_bytes_get_size (answer->token), NULL));
    static const struct {
        const char *text;
        gboolean good;
    } rows[] = {{"signature value", TRUE}, {"signature value!", FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_assert_true (g_file_set_contents (content, rows[i].text, -1, NULL));
        const char *arguments[] = {
            "openssl",    "ts",
            "-verify",    "-data",
            content,      "-token_in",
            "-in",        token,
            "-CAfile",    tamga_provider_fixture_get (world_provider, "root"),
            "-untrusted", tamga_provider_fixture_get (world_provider, "provider"),
            NULL};
        int status;
        g_assert_true (g_spawn_sync (NULL, (char **)arguments, NULL,
                                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                                         G_SPAWN_STDERR_TO_DEV_NULL,
                                     NULL, NULL, NULL, NULL, &status, NULL));
        g_assert_cmpint (g_spawn_check_wait_status (status, NULL), ==, rows[i].good);
    }
}

#define CHECK TAMGA_TSA_ERROR_CHECK
#define REFUSED TAMGA_TSA_ERROR_REFUSED
#define NO_ANSWER TAMGA_TSA_ERROR_UNREACHABLE

static const struct {
    const char *kind;
    gboolean good;
    TamgaTsaError code;
    const char *text;
} rows[] = {
    {"wrong-imprint", FALSE, CHECK, "check 6, imprint: the token is over something else"},
    {"wrong-policy", FALSE, CHECK, "check 8, policy"},
    {"wrong-nonce", FALSE, CHECK, "check 7, nonce"},
    {"no-nonce", FALSE, CHECK, "check 7, nonce"},
    {"wrong-name", FALSE, CHECK, "check 2, signer"},
    {"wrong-ess", FALSE, CHECK, "check 2, signer"},
    {"no-certificate", FALSE, CHECK, "check 2, signer"},
    {"no-purpose", FALSE, CHECK, "check 3, purpose"},
    {"expired-tsa", FALSE, CHECK, "check 4, certificate"},
    {"revoked-tsa", FALSE, CHECK, "check 4, certificate"},
    {"bad-signature", FALSE, CHECK, "check 5, signature"},
    {"clock&shift=7200", FALSE, TAMGA_TSA_ERROR_CLOCK, "check 9, clock"},
    {"clock&shift=-7200", FALSE, TAMGA_TSA_ERROR_CLOCK, "check 9, clock"},
    {"refusal&fail=badAlg&text=Not%20today", FALSE, REFUSED, "(badAlg); \"Not today\""},
    {"refusal&fail=unacceptedPolicy", FALSE, REFUSED, "rejected: the policy is not supported"},
    {"refusal&fail=systemFailure", FALSE, REFUSED, "the service has a failure"},
    {"garbage", FALSE, REFUSED, "not a timestamp response"},
    {"trailing-data", FALSE, REFUSED, "not a timestamp response"},
    {"http-500", FALSE, NO_ANSWER, "500"},
    {"drop", FALSE, NO_ANSWER, "/tsa: "},
    {"no-accuracy", TRUE, 0, NULL},
    {"granted-with-mods", TRUE, 0, NULL},
};

static void test_row (gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE (data);
    World world = {0};
    world_set_up (&world, NULL);
    world.profile->tsa_policy = g_strdup ("2.999.1.1");
    world_control ("fault?service=tsa&kind=%s", rows[i].kind);
    const char *urls[] = {url_of ("tsa_url"), NULL};
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaTsaAnswer) answer = ask (&world, urls, "SHA-256", TRUE, &error);
    if (rows[i].good) {
        g_assert_no_error (error);
        assert_checks (answer);
    } else {
        g_assert_null (answer);
        g_test_message ("%s", error->message);
        g_assert_error (error, TAMGA_TSA_ERROR, (int)rows[i].code);
        g_assert_nonnull (strstr (error->message, rows[i].text));
    }
    world_tear_down (&world, NULL);
}

/* UA 119: blocked counts as revoked. */
static void test_blocked (World *world, gconstpointer data)
{
    (void)data;
    const char *urls[] = {url_of ("tsa_url"), NULL};
    g_autoptr (GError) error = NULL;
    world_control ("suspend-tsa");
    g_autoptr (TamgaTsaAnswer) answer = ask (world, urls, "SHA-256", TRUE, &error);
    world_control ("resume-tsa");
    g_assert_null (answer);
    g_assert_error (error, TAMGA_TSA_ERROR, TAMGA_TSA_ERROR_CHECK);
    g_assert_nonnull (strstr (error->message, "suspended"));
    g_assert_nonnull (strstr (error->message, "UA 119"));
}

static void test_unknown_root (World *world, gconstpointer data)
{
    (void)data;
    const char *urls[] = {url_of ("tsa_url"), NULL};
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaTrust) none = tamga_trust_new ();
    world->context.trust = none;
    g_autoptr (TamgaTsaAnswer) answer = ask (world, urls, "SHA-256", FALSE, &error);
    g_assert_null (answer);
    g_assert_error (error, TAMGA_TSA_ERROR, TAMGA_TSA_ERROR_CHECK);
    g_assert_nonnull (strstr (error->message, "check 4, certificate"));
}

static void test_next_url (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (GError) error = NULL;
    const char *urls[] = {"http://127.0.0.1:1/", url_of ("tsa_url"), url_of ("tsa2_url"), NULL};
    world_control ("fault?service=tsa&kind=refusal&fail=timeNotAvailable");
    g_autoptr (TamgaTsaAnswer) answer = ask (world, urls, "SHA-256", FALSE, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (answer->url, ==, urls[2]);
    world_control ("fault?service=tsa2&kind=http-503");
    g_autoptr (TamgaTsaAnswer) none = ask (world, urls, "SHA-256", FALSE, &error);
    g_assert_null (none);
    g_test_message ("%s", error->message);
    for (guint i = 0; urls[i] != NULL; i++)
        g_assert_nonnull (strstr (error->message, urls[i]));
    g_assert_error (error, TAMGA_TSA_ERROR, TAMGA_TSA_ERROR_REFUSED);
}

static void test_no_service (World *world, gconstpointer data)
{
    (void)data;
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaTsaAnswer) answer = ask (world, NULL, "SHA-256", FALSE, &error);
    g_assert_null (answer);
    g_assert_error (error, TAMGA_TSA_ERROR, TAMGA_TSA_ERROR_NO_SERVICE);
}

#define CASE(path, test) g_test_add (path, World, NULL, world_set_up, test, world_tear_down)

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    world_start ();
    CASE ("/ua_115_6/all_checks_in_order", test_good);
    CASE ("/ua_115_6/openssl_agrees", test_openssl_agrees);
    CASE ("/ua_119/blocked_service", test_blocked);
    CASE ("/ua_115_6/unknown_root", test_unknown_root);
    CASE ("/timestamp/next_url", test_next_url);
    CASE ("/timestamp/no_service", test_no_service);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *name = g_strdup_printf ("/ua_115_6/refused/%s", rows[i].kind);
        if (rows[i].good) {
            g_free (name);
            name = g_strdup_printf ("/ua_115_6/accepted/%s", rows[i].kind);
        }
        g_test_add_data_func (name, GSIZE_TO_POINTER (i), test_row);
    }
    int result = g_test_run ();
    world_stop ();
    return result;
}
