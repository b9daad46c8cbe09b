/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NIST PKITS: every row of its manifest through the path builder and, where the row asks for CRLs,
 * through the status of every level. What differs from the expectation is listed by name with the
 * reason; a row that is listed and does not differ fails the test too. */
#include <string.h>

#include "client/status/status.h"
#include "formats/ossl.h"

/* All certificates of the suite are valid then (most until 2030-12-31). */
#define MOMENT G_GINT64_CONSTANT (1795000000)

static const struct {
    const char *name, *reason;
} differences[] = {
    {"valid_dsa_signatures_test4", "DSA with SHA-1: below the security level that we ask for"},
    {"valid_dsa_parameter_inheritance_test5",
     "DSA with SHA-1, and inherited parameters, which OpenSSL does not know"},
    {"valid_crlissuer_test30",
     "the status of the CRL issuer is told only by a list that it signed itself; we let no list "
     "vouch for its own signer unless it is the anchor"},
    {NULL, NULL},
};

static const char *difference (const char *name)
{
    for (gsize i = 0; differences[i].name != NULL; i++)
        if (g_str_equal (differences[i].name, name))
            return differences[i].reason;
    return NULL;
}

static X509 *load_certificate (const char *name)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "pkits", "certs", name, NULL);
    g_autoptr (GError) error = NULL;
    X509 *certificate = tamga_trust_read_file (path, &error);
    g_assert_no_error (error);
    return certificate;
}

static void free_certificate (gpointer data)
{
    X509_free (data);
}

static GPtrArray *load_pool (const char *names)
{
    GPtrArray *pool = g_ptr_array_new_with_free_func (free_certificate);
    g_auto (GStrv) list = g_strsplit_set (names, ";,", -1);
    for (guint i = 0; list[i] != NULL; i++)
        if (*list[i] != '\0')
            g_ptr_array_add (pool, load_certificate (list[i]));
    return pool;
}

static GPtrArray *load_crls (const char *names)
{
    GPtrArray *crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    g_autofree char *all = g_strconcat ("TrustAnchorRootCRL.crl;", names, NULL);
    g_auto (GStrv) list = g_strsplit_set (all, ";,", -1);
    for (guint i = 0; list[i] != NULL; i++) {
        if (*list[i] == '\0')
            continue;
        g_autofree char *path = g_build_filename (TAMGA_SHARED, "pkits", "crls", list[i], NULL);
        char *data;
        gsize size;
        g_assert_true (g_file_get_contents (path, &data, &size, NULL));
        g_ptr_array_add (crls, g_bytes_new_take (data, size));
    }
    return crls;
}

static void set_policy (TamgaTrust *trust, const char *parameters)
{
    TamgaPathPolicy policy = {0};
    g_auto (GStrv) policies = NULL;
    g_auto (GStrv) list = g_strsplit (parameters, ";", -1);
    for (guint i = 0; list[i] != NULL; i++) {
        g_auto (GStrv) pair = g_strsplit (list[i], "=", 2);
        if (pair[0] == NULL)
            continue;
        if (g_str_equal (pair[0], "initial_explicit_policy"))
            policy.explicit_policy = TRUE;
        else if (g_str_equal (pair[0], "initial_policy_mapping_inhibit"))
            policy.inhibit_mapping = TRUE;
        else if (g_str_equal (pair[0], "initial_any_policy_inhibit"))
            policy.inhibit_any = TRUE;
        else if (g_str_equal (pair[0], "user_initial_policy_set"))
            policies = g_strsplit (pair[1], ",", -1);
        else
            g_error ("unknown parameter %s", list[i]);
    }
    policy.policies = (const char *const *)policies;
    tamga_trust_set_policy (trust, &policy);
}

/* Empty: good. */
static char *verdict (TamgaTrust *trust, X509 *certificate, GPtrArray *pool, GPtrArray *crls,
                      gboolean status)
{
    g_autoptr (TamgaPath) path = tamga_trust_path (trust, certificate, pool, TAMGA_USE_ANY, MOMENT);
    if (path->findings->len > 0)
        return g_strdup (((TamgaFinding *)path->findings->pdata[0])->text);
    TamgaProfile profile = {.max_status_age = 86400, .clock_tolerance = 0};
    TamgaStatusContext context = {.profile = &profile,
                                  .trust = trust,
                                  .pool = pool,
                                  .crls = crls,
                                  .time = MOMENT,
                                  .now = MOMENT};
    guint n = status ? path->certificates->len - 1 : 0;
    g_autofree TamgaStatusQuestion *questions = g_new0 (TamgaStatusQuestion, n + 1);
    for (guint i = 0; i < n; i++)
        questions[i] = (TamgaStatusQuestion){.certificate = path->certificates->pdata[i],
                                             .issuer = tamga_path_issuer (path, i)};
    g_autoptr (GPtrArray) answers = tamga_status_ask (&context, questions, n, NULL);
    for (guint i = 0; i < n; i++) {
        const TamgaStatus *answer = answers->pdata[i];
        if (answer->value != TAMGA_STATUS_GOOD)
            return g_strdup_printf ("level %u: %s: %s", i + 1, tamga_status_name (answer->value),
                                    answer->text);
    }
    return g_strdup ("");
}

static void run_row (gconstpointer data)
{
    g_auto (GStrv) row = g_strsplit (data, "\t", -1);
    g_assert_cmpuint (g_strv_length (row), ==, 8);
    g_autoptr (TamgaTrust) trust = tamga_trust_new ();
    g_autoptr (X509) anchor = load_certificate ("TrustAnchorRootCertificate.crt");
    tamga_trust_use (trust, anchor);
    set_policy (trust, row[6]);
    g_autoptr (X509) certificate = load_certificate (row[2]);
    g_autoptr (GPtrArray) pool = load_pool (row[3]);
    g_autoptr (GPtrArray) crls = load_crls (row[4]);
    g_autofree char *why =
        verdict (trust, certificate, pool, crls, g_str_equal (row[5], "crl-required"));
    g_test_message ("expected %s: %s", row[7], *why == '\0' ? "ok" : why);
    gboolean same = (*why == '\0') == g_str_equal (row[7], "ok");
    const char *reason = difference (row[1]);
    if (reason != NULL)
        g_test_message ("differs on purpose: %s", reason);
    if (same != (reason == NULL))
        g_test_fail_printf ("expected %s: %s", row[7], *why == '\0' ? "ok" : why);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_autofree char *manifest = g_build_filename (TAMGA_SHARED, "pkits", "manifest.tsv", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents (manifest, &text, NULL, NULL)) {
        g_print ("1..0 # skipped: ../shared is missing\n");
        return 0;
    }
    g_auto (GStrv) rows = g_strsplit (text, "\n", -1);
    for (guint i = 0; rows[i] != NULL; i++) {
        g_auto (GStrv) fields = g_strsplit (rows[i], "\t", -1);
        if (*rows[i] == '\0' || *rows[i] == '#')
            continue;
        g_autofree char *name = g_strdup_printf ("/pkits/%s/%s", fields[0], fields[1]);
        g_test_add_data_func (name, rows[i], run_row);
    }
    return g_test_run ();
}
