/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles: the shipped ones say what the rules ask; a file that is wrong in one named way is an
 * error with file and line. */
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "client/profile/algorithms.h"
#include "client/profile/groups.h"
#include "formats/ossl.h"

static TamgaProfile *shipped (const char *name)
{
    GError *error = NULL;
    TamgaProfile *profile = tamga_profile_load (name, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (profile->name, ==, name);
    return profile;
}

static void test_demo (void)
{
    g_autoptr (TamgaProfile) demo = shipped ("demo");
    g_assert_cmpint (demo->gate, ==, TAMGA_GATE_FULL);
    g_assert_cmpint (demo->default_level, ==, TAMGA_LEVEL_LT);
    g_assert_true (demo->allow_loopback);
    g_assert_true (demo->procedure);
    g_assert_cmpint (demo->max_status_age, >, 0);
}

static void test_only_demo_allows_loopback (void)
{
    g_auto (GStrv) names = tamga_profile_names ();
    g_assert_cmpint (g_strv_length (names), >=, 5);
    for (guint i = 0; names[i] != NULL; i++) {
        g_autoptr (TamgaProfile) profile = shipped (names[i]);
        g_assert_cmpint (profile->allow_loopback, ==, g_str_equal (names[i], "demo"));
        g_assert_false (profile->allow_private);
    }
}

static void test_vn (void)
{
    g_autoptr (TamgaProfile) vn = shipped ("vn");
    g_assert_cmpint (vn->gate, ==, TAMGA_GATE_FULL);
    g_assert_true (vn->procedure);
    /* VN 26: from day 45, urgent from day 30. */
    g_assert_cmpint (vn->n_reminder_days, >=, 2);
    g_assert_cmpuint (vn->reminder_days[0], ==, 45);
    g_assert_cmpuint (vn->reminder_days[1], ==, 30);
}

static void test_kg (void)
{
    g_autoptr (TamgaProfile) kg = shipped ("kg");
    g_assert_true (kg->timestamp_mandatory);
    g_assert_cmpint (kg->minimum_level, ==, TAMGA_LEVEL_T);
}

static void test_kz (void)
{
    g_autoptr (TamgaProfile) kz = shipped ("kz");
    g_assert_cmpint (kz->gate, ==, TAMGA_GATE_NEGATIVE);
    g_assert_cmpstr (kz->tsa_urls[0], ==, "http://tsp.pki.gov.kz:80");
    g_assert_cmpstr (kz->ocsp_urls[0], ==, "http://ocsp.pki.gov.kz/");
    g_assert_cmpuint (g_strv_length (kz->crl_urls), ==, 4);
    g_assert_cmpuint (g_strv_length (kz->root_crl_urls), ==, 5);
    g_assert_cmpuint (kz->n_reminder_days, ==, 3);
    g_assert_cmpuint (kz->reminder_days[0], ==, 30);
    g_assert_cmpuint (kz->reminder_days[1], ==, 14);
    g_assert_cmpuint (kz->reminder_days[2], ==, 7);
    g_assert_cmpstr (tamga_profile_oid_name (kz, "1.2.398.3.3.4.1.2.1"), ==, "first head");
    g_assert_cmpstr (tamga_profile_oid_name (kz, "1.3.6.1.5.5.7.3.8"), ==, "timestamping");
    g_assert_cmpstr (tamga_profile_oid_name (kz, "1.2.398.3.3.99"), ==, "1.2.398.3.3.99");
    g_assert_cmpstr (tamga_profile_oid_name (NULL, "2.5.4.3"), ==, "commonName");
}

#define GOOD                                                                                       \
    "[profile]\nversion=1\nname=t\ntitle=T\n"                                                      \
    "[signing]\ngate=full\ndefault-level=LT\n"                                                     \
    "[status]\nmax-age=60\nclock-tolerance=5\n"

static TamgaProfile *load_text (const char *text, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp ("tamga-profile-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (folder, "t.profile", NULL);
    g_assert_true (g_file_set_contents (path, text, -1, NULL));
    TamgaProfile *profile = tamga_profile_load_file (path, error);
    g_unlink (path);
    g_rmdir (folder);
    return profile;
}

static const TamgaIdentifierRule *identifier (const TamgaProfile *profile, const char *oid)
{
    for (guint i = 0; i < profile->identifiers->len; i++) {
        const TamgaIdentifierRule *rule = profile->identifiers->pdata[i];
        if (g_str_equal (rule->oid, oid))
            return rule;
    }
    return NULL;
}

/* Numbers of people, and a timestamp policy for each kind of key. */
static void test_kz_tables (void)
{
    g_autoptr (TamgaProfile) kz = shipped ("kz");
    const TamgaIdentifierRule *iin = identifier (kz, "2.5.4.5");
    g_assert_cmpstr (iin->prefix, ==, "IIN");
    g_assert_cmpstr (iin->label, ==, "IIN");
    g_assert_cmpuint (iin->digits, ==, 12);
    g_assert_cmpstr (identifier (kz, "2.5.4.11")->label, ==, "BIN");
    g_assert_cmpuint (kz->timestamps->len, ==, 1);
    const TamgaTimestampRule *gost = kz->timestamps->pdata[0];
    g_assert_cmpstr (gost->kind, ==, "GOST-2015-512");
    g_assert_cmpstr (gost->policy, ==, "1.2.398.3.3.2.6.4");
    g_assert_cmpstr (gost->digest->name, ==, "Streebog-512");
    g_assert_cmpstr (kz->tsa_policy, ==, "1.2.398.3.3.2.6.2");
    g_assert_cmpint (tamga_profile_rule (kz, "GOST-2004")->word, ==, TAMGA_RULE_WARN);
    g_autoptr (EVP_PKEY) curve = EVP_EC_gen ("P-256");
    g_assert_null (tamga_profile_timestamp (kz, curve));
    g_assert_null (tamga_profile_timestamp (kz, NULL));
}

/* UA 95, 135: the time of the provider's change decides. */
static void test_ua (void)
{
    g_autoptr (TamgaProfile) ua = shipped ("ua");
    g_assert_cmpint (ua->gate, ==, TAMGA_GATE_FULL);
    g_assert_cmpint (ua->effect, ==, TAMGA_EFFECT_REVOCATION_TIME);
    g_assert_cmpuint (g_strv_length (ua->trusted_lists), ==, 3);
    g_assert_cmpstr (identifier (ua, "1.2.804.2.1.1.1.11.1.4.2.1")->label, ==, "EDRPOU");
    g_assert_cmpstr (identifier (ua, "2.5.4.97")->prefix, ==, "NTRUA-");
    g_assert_cmpstr (tamga_profile_oid_name (ua, "1.2.804.2.1.1.1.3.9"), ==, "electronic seal");
}

static void test_timestamp_by_key (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaProfile) profile =
        load_text (GOOD "[timestamp ec]\npolicy=1.2.3\n[timestamp RSA]\ndigest=SHA-512\n", &error);
    g_assert_no_error (error);
    g_autoptr (EVP_PKEY) curve = EVP_EC_gen ("P-256");
    g_autoptr (EVP_PKEY) rsa = EVP_RSA_gen (2048);
    g_autoptr (EVP_PKEY) other = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
    g_assert_cmpstr (tamga_profile_timestamp (profile, curve)->policy, ==, "1.2.3");
    g_assert_null (tamga_profile_timestamp (profile, curve)->digest);
    g_assert_cmpstr (tamga_profile_timestamp (profile, rsa)->digest->name, ==, "SHA-512");
    g_assert_null (tamga_profile_timestamp (profile, other));
}

static void test_basic (void)
{
    g_autoptr (TamgaProfile) basic = shipped ("basic");
    g_assert_cmpint (basic->gate, ==, TAMGA_GATE_NEGATIVE);
    g_assert_cmpint (basic->default_level, ==, TAMGA_LEVEL_B);
    g_assert_false (basic->procedure);
    g_assert_null (basic->tsa_urls);
}

static void test_formats (void)
{
    g_autoptr (TamgaProfile) usual = shipped ("basic");
    g_assert_cmpstr (usual->format_xml, ==, "xades");
    g_assert_cmpstr (usual->format_other, ==, "cades");
}

static void test_default_is_basic (void)
{
    g_autoptr (TamgaProfile) profile = tamga_profile_load (NULL, NULL);
    g_assert_nonnull (profile);
    g_assert_cmpstr (profile->name, ==, "basic");
}

static void test_unknown_lists_names (void)
{
    g_autoptr (GError) error = NULL;
    g_assert_null (tamga_profile_load ("atlantis", &error));
    g_assert_error (error, TAMGA_PROFILE_ERROR, TAMGA_PROFILE_ERROR_UNKNOWN);
    g_assert_nonnull (strstr (error->message, "atlantis"));
    g_assert_nonnull (strstr (error->message, "basic, demo, kg, kz, ua, vn"));
    g_clear_error (&error);
    g_assert_null (tamga_profile_load ("../demo", &error));
    g_assert_error (error, TAMGA_PROFILE_ERROR, TAMGA_PROFILE_ERROR_UNKNOWN);
}

static const struct {
    const char *name, *text, *message; /* `message`: what the error must contain */
    int code;
} wrong[] = {
    {"unknown-key", GOOD "[network]\nallow-loopbak=true\n", "t.profile:12: unknown key",
     TAMGA_PROFILE_ERROR_VALUE},
    {"unknown-group", GOOD "[netwrok]\nallow-loopback=true\n", "t.profile:12: unknown key",
     TAMGA_PROFILE_ERROR_VALUE},
    {"empty-unknown-group", GOOD "[netwrok]\n", "t.profile:11: unknown or empty group",
     TAMGA_PROFILE_ERROR_VALUE},
    {"missing-version", "[profile]\nname=t\ntitle=T\n", "version= is missing",
     TAMGA_PROFILE_ERROR_VALUE},
    {"newer-version", "[profile]\nversion=2\nname=t\ntitle=T\n", "t.profile:2: version=2",
     TAMGA_PROFILE_ERROR_VALUE},
    {"wrong-gate", "[profile]\nversion=1\nname=t\ntitle=T\n[signing]\ngate=open\n",
     "t.profile:6: gate=open is not one of: full, negative", TAMGA_PROFILE_ERROR_VALUE},
    {"wrong-format",
     "[profile]\nversion=1\nname=t\ntitle=T\n[signing]\ngate=full\ndefault-level=B\nformat-xml="
     "doc\n",
     "t.profile:8: format-xml=doc is not one of", TAMGA_PROFILE_ERROR_VALUE},
    {"wrong-boolean", GOOD "[network]\nallow-private=yes\n", "t.profile:12: allow-private=yes",
     TAMGA_PROFILE_ERROR_VALUE},
    {"empty-value", GOOD "[keys]\nstores=;a\n", "t.profile:12: stores", TAMGA_PROFILE_ERROR_VALUE},
    {"wrong-url", GOOD "[services]\ntsa-urls=ftp://a.example/\n", "t.profile:12: tsa-urls",
     TAMGA_PROFILE_ERROR_VALUE},
    {"url-with-password", GOOD "[services]\nocsp-urls=http://u:p@a.example/\n",
     "t.profile:12: ocsp-urls", TAMGA_PROFILE_ERROR_VALUE},
    {"wrong-fingerprint", GOOD "[trust]\nanchors=0011\n", "t.profile:12: anchors",
     TAMGA_PROFILE_ERROR_VALUE},
    {"wrong-policy", GOOD "[services]\ntsa-policy=1.2.x\n", "t.profile:12: tsa-policy",
     TAMGA_PROFILE_ERROR_VALUE},
    {"rising-reminders", GOOD "[account]\nreminder-days=7;30\n", "t.profile:12: reminder-days",
     TAMGA_PROFILE_ERROR_VALUE},
    {"wrong-oid", GOOD "[oids]\nabc=name\n", "t.profile:12: abc", TAMGA_PROFILE_ERROR_VALUE},
    {"identifier-without-oid", GOOD "[identifiers]\nserialNumber=IIN\n",
     "t.profile:12: serialNumber is not", TAMGA_PROFILE_ERROR_VALUE},
    {"identifier-empty-prefix", GOOD "[identifiers]\n2.5.4.5:=IIN\n",
     "t.profile:12: 2.5.4.5:", TAMGA_PROFILE_ERROR_VALUE},
    {"identifier-digits", GOOD "[identifiers]\n2.5.4.5=IIN;digits=0\n", "t.profile:12: 2.5.4.5",
     TAMGA_PROFILE_ERROR_VALUE},
    {"identifier-more", GOOD "[identifiers]\n2.5.4.5=IIN;letters=2\n", "t.profile:12: 2.5.4.5",
     TAMGA_PROFILE_ERROR_VALUE},
    {"timestamp-kind", GOOD "[timestamp ABC]\npolicy=1.2.3\n", "t.profile:11: \"ABC\"",
     TAMGA_PROFILE_ERROR_VALUE},
    {"timestamp-weak-digest", GOOD "[timestamp RSA]\ndigest=SHA-1\n", "t.profile:12: digest=SHA-1",
     TAMGA_PROFILE_ERROR_VALUE},
    {"timestamp-policy", GOOD "[timestamp RSA]\npolicy=1.2.x\n", "t.profile:12: policy=1.2.x",
     TAMGA_PROFILE_ERROR_VALUE},
    {"trusted-list", GOOD "[trust]\ntrusted-lists=czo.gov.ua\n", "t.profile:12: trusted-lists",
     TAMGA_PROFILE_ERROR_VALUE},
    {"unknown-algorithm", GOOD "[algorithms]\nSHA-257=refuse\n", "t.profile:12: SHA-257 is no",
     TAMGA_PROFILE_ERROR_VALUE},
    {"other-spelling", GOOD "[algorithms]\nSHA256=refuse\n", "t.profile:12: SHA256 is no",
     TAMGA_PROFILE_ERROR_VALUE},
    {"algorithm-twice", GOOD "[algorithms]\nrsa=warn\nRSA=refuse\n", "t.profile:13: RSA has",
     TAMGA_PROFILE_ERROR_VALUE},
    {"wrong-word", GOOD "[algorithms]\nRSA=forbid\n", "t.profile:12: RSA=forbid",
     TAMGA_PROFILE_ERROR_VALUE},
    {"wrong-date", GOOD "[algorithms]\nRSA=refuse;since=2025-13-01\n", "t.profile:12: RSA=refuse",
     TAMGA_PROFILE_ERROR_VALUE},
    {"date-twice", GOOD "[algorithms]\nRSA=accept;since=2025-01-01;since=2026-01-01\n",
     "t.profile:12: RSA=accept", TAMGA_PROFILE_ERROR_VALUE},
    {"dates-reversed", GOOD "[algorithms]\nRSA=accept;since=2026-01-01;until=2025-01-01\n",
     "t.profile:12: RSA=accept", TAMGA_PROFILE_ERROR_VALUE},
    {"refuse-with-both", GOOD "[algorithms]\nRSA=refuse;since=2025-01-01;until=2026-01-01\n",
     "t.profile:12: RSA: refuse", TAMGA_PROFILE_ERROR_VALUE},
    {"timestamp-without-level",
     "[profile]\nversion=1\nname=t\ntitle=T\n[signing]\ngate=full\ndefault-level=LT\n"
     "timestamp-mandatory=true\n[status]\nmax-age=60\nclock-tolerance=5\n",
     "minimum-level=T", TAMGA_PROFILE_ERROR_VALUE},
    {"default-below-minimum",
     "[profile]\nversion=1\nname=t\ntitle=T\n[signing]\ngate=full\ndefault-level=B\n"
     "minimum-level=T\n[status]\nmax-age=60\nclock-tolerance=5\n",
     "t.profile:7: default-level", TAMGA_PROFILE_ERROR_VALUE},
    {"other-name",
     "[profile]\nversion=1\nname=u\ntitle=T\n[signing]\ngate=full\ndefault-level=B\n"
     "[status]\nmax-age=60\nclock-tolerance=5\n",
     "t.profile:3: name=u", TAMGA_PROFILE_ERROR_VALUE},
    {"no-group", "version=1\n", "t.profile:1:", TAMGA_PROFILE_ERROR_SYNTAX},
    {"no-equals", "[profile]\nversion\n", "t.profile:2:", TAMGA_PROFILE_ERROR_SYNTAX},
    {"key-twice", "[profile]\nversion=1\nversion=1\n", "t.profile:3:", TAMGA_PROFILE_ERROR_SYNTAX},
    {"group-twice", GOOD "[profile]\ncountry=XX\n", "t.profile:11:", TAMGA_PROFILE_ERROR_SYNTAX},
    {"not-utf8", "[profile]\ntitle=\xff\n", "not UTF-8", TAMGA_PROFILE_ERROR_SYNTAX},
    {"long-licence",
     GOOD "[foreign Other CA]\nlicence=1\nscope=s\nvalid-from=2026-01-01\n"
          "valid-until=2032-01-01\nissuer-sha256="
          "0000000000000000000000000000000000000000000000000000000000000000\n",
     "VN 45", TAMGA_PROFILE_ERROR_VALUE},
    {"licence-without-number",
     GOOD "[foreign Other CA]\nscope=s\nvalid-from=2026-01-01\n"
          "valid-until=2028-01-01\nissuer-sha256="
          "0000000000000000000000000000000000000000000000000000000000000000\n",
     "licence= is missing", TAMGA_PROFILE_ERROR_VALUE},
};

static void test_wrong (gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE (data);
    g_autoptr (GError) error = NULL;
    g_assert_null (load_text (wrong[i].text, &error));
    g_assert_error (error, TAMGA_PROFILE_ERROR, wrong[i].code);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, wrong[i].message));
}

static void test_good_and_licence (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaProfile) profile =
        load_text (GOOD "[foreign Other CA]\nlicence=12/GP\nscope=contracts\n"
                        "valid-from=2026-01-01\nvalid-until=2028-01-01\nissuer-sha256="
                        "AA:00000000000000000000000000000000000000000000000000000000000000\n",
                   &error);
    g_assert_no_error (error);
    g_assert_cmpuint (profile->foreign->len, ==, 1);
    const TamgaForeignLicence *licence = profile->foreign->pdata[0];
    g_assert_cmpstr (licence->name, ==, "Other CA");
    g_assert_cmpstr (licence->licence, ==, "12/GP");
    g_assert_true (g_str_has_prefix (licence->issuer_sha256, "aa00"));
    g_assert_cmpint (licence->valid_from, ==, 1767225600);
}

/* What is left of the general table under each word, with and without dates. */
static void test_algorithm_rules (void)
{
    static const struct {
        const char *rule;
        gint64 since, until;
        const char *text;
    } rows[] = {
        {"accept", G_MININT64, G_MAXINT64, "accept"},
        {"accept;until=2030-01-01", G_MININT64, 1893456000, "accept until 2030-01-01"},
        {"warn", G_MININT64, 1343779200, "warn"},
        {"warn; since=2000-01-01", 946684800, 1343779200, "warn since 2000-01-01"},
        {"refuse", G_MININT64, G_MININT64, "refuse"},
        {"refuse;since=2010-01-01", G_MININT64, 1262304000, "refuse since 2010-01-01"},
        {"refuse;since=2020-01-01", G_MININT64, 1343779200, "refuse since 2020-01-01"},
        {"refuse;until=2000-01-01", 946684800, 1343779200, "refuse until 2000-01-01"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GError) error = NULL;
        g_autofree char *text = g_strconcat (GOOD "[algorithms]\nSHA-1=", rows[i].rule, "\n", NULL);
        g_autoptr (TamgaProfile) profile = load_text (text, &error);
        g_assert_no_error (error);
        TamgaSuite suite = tamga_suite_digest (profile, tamga_digest_by_name ("SHA-1"));
        g_autofree char *told = tamga_algorithm_rule_text (suite.rule);
        g_assert_cmpint (suite.since, ==, rows[i].since);
        g_assert_cmpint (suite.until, ==, rows[i].until);
        g_assert_cmpint (tamga_suite_refused (&suite), ==, g_str_equal (rows[i].rule, "refuse"));
        g_assert_cmpstr (told, ==, rows[i].text);
        TamgaSuite other = tamga_suite_digest (profile, tamga_digest_by_name ("SHA-256"));
        g_assert_null (other.rule);
        g_assert_true (tamga_suite_holds (&other, 0));
    }
}

/* Digest, signature algorithm and kind of key are found by the names of the table. */
static void test_algorithm_names (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
    g_autoptr (TamgaProfile) profile = load_text (
        GOOD "[algorithms]\nEC=refuse\nrsa-pkcs1-sha-256=warn\nStreebog-512=accept\n", &error);
    g_assert_no_error (error);
    TamgaSuite curve = tamga_suite_key (profile, key, TAMGA_SCHEME_ECDSA);
    g_assert_true (tamga_suite_refused (&curve));
    const TamgaAlgorithm *algorithm = tamga_algorithm_by_name ("RSA-PKCS1-SHA-256");
    TamgaSuite warned = tamga_suite_algorithm (profile, algorithm);
    g_assert_nonnull (warned.rule);
    g_assert_true (tamga_suite_holds (&warned, 0));
    g_assert_nonnull (tamga_profile_rule (profile, "Streebog-512"));
    g_assert_null (tamga_profile_rule (profile, "SHA-256"));
}

static void test_user_folder_wins (void)
{
    g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "tamga", "profiles", NULL);
    g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
    g_autofree char *path = g_build_filename (folder, "t.profile", NULL);
    g_assert_true (g_file_set_contents (path, GOOD, -1, NULL));
    g_autoptr (TamgaProfile) profile = shipped ("t");
    g_assert_cmpstr (profile->path, ==, path);
    g_unlink (path);
}

int main (int argc, char **argv)
{
    setlocale (LC_ALL, "");
    g_autofree char *home = g_dir_make_tmp ("tamga-home-XXXXXX", NULL);
    g_setenv ("XDG_DATA_HOME", home, TRUE);
    g_setenv ("XDG_CONFIG_HOME", home, TRUE);
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/profile/demo", test_demo);
    g_test_add_func ("/profile/only_demo_allows_loopback", test_only_demo_allows_loopback);
    g_test_add_func ("/vn_26/reminders", test_vn);
    g_test_add_func ("/kg_use_4/timestamp_is_mandatory", test_kg);
    g_test_add_func ("/kz_renew_3/reminders_and_services", test_kz);
    g_test_add_func ("/profile/kz_tables", test_kz_tables);
    g_test_add_func ("/ua_95_135/status_and_lists", test_ua);
    g_test_add_func ("/profile/timestamp_by_key", test_timestamp_by_key);
    g_test_add_func ("/profile/basic", test_basic);
    g_test_add_func ("/profile/default_is_basic", test_default_is_basic);
    g_test_add_func ("/profile/formats", test_formats);
    g_test_add_func ("/profile/unknown_lists_names", test_unknown_lists_names);
    g_test_add_func ("/vn_79_1c/foreign_licence", test_good_and_licence);
    g_test_add_func ("/ts_119_312/rules_of_a_profile", test_algorithm_rules);
    g_test_add_func ("/ts_119_312/names_of_the_table", test_algorithm_names);
    g_test_add_func ("/profile/user_folder_wins", test_user_folder_wins);
    for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
        g_autofree char *name = g_strconcat ("/profile/refused/", wrong[i].name, NULL);
        g_test_add_data_func (name, GSIZE_TO_POINTER (i), test_wrong);
    }
    int result = g_test_run ();
    g_autofree char *profiles = g_build_filename (home, "tamga", "profiles", NULL);
    g_autofree char *tamga = g_build_filename (home, "tamga", NULL);
    g_rmdir (profiles);
    g_rmdir (tamga);
    g_rmdir (home);
    return result;
}
