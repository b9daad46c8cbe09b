/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What certificates say (VN 5, 6, 7, 79; UA 83; EN 319 412-5) and how reports tell it. */
#include <string.h>

#include "client/validate/particulars.h"
#include "client/trust/statements.h"
#include "client/profile/algorithms.h"
#include "tests/unit/validate/scene.h"

/* DER of SEQUENCE OF QCStatement: compliance, limit 10000 EUR (100 x 10^2), device, type esign. */
#define STATEMENTS                                                                                 \
    "1.3.6.1.5.5.7.1.3=ASN1:SEQUENCE:qcs\n"                                                        \
    "[qcs]\n"                                                                                      \
    "a=SEQUENCE:qc_compliance\n"                                                                   \
    "b=SEQUENCE:qc_limit\n"                                                                        \
    "c=SEQUENCE:qc_device\n"                                                                       \
    "d=SEQUENCE:qc_type\n"                                                                         \
    "e=SEQUENCE:qc_pds\n"                                                                          \
    "f=SEQUENCE:qc_other\n"                                                                        \
    "[qc_compliance]\n"                                                                            \
    "id=OID:0.4.0.1862.1.1\n"                                                                      \
    "[qc_limit]\n"                                                                                 \
    "id=OID:0.4.0.1862.1.2\n"                                                                      \
    "value=SEQUENCE:money\n"                                                                       \
    "[money]\n"                                                                                    \
    "currency=PRINTABLESTRING:EUR\n"                                                               \
    "amount=INTEGER:100\n"                                                                         \
    "exponent=INTEGER:2\n"                                                                         \
    "[qc_device]\n"                                                                                \
    "id=OID:0.4.0.1862.1.4\n"                                                                      \
    "[qc_type]\n"                                                                                  \
    "id=OID:0.4.0.1862.1.6\n"                                                                      \
    "types=SEQUENCE:types\n"                                                                       \
    "[types]\n"                                                                                    \
    "t=OID:0.4.0.1862.1.6.1\n"                                                                     \
    "[qc_pds]\n"                                                                                   \
    "id=OID:0.4.0.1862.1.5\n"                                                                      \
    "places=SEQUENCE:places\n"                                                                     \
    "[places]\n"                                                                                   \
    "p=SEQUENCE:place\n"                                                                           \
    "[place]\n"                                                                                    \
    "url=IA5STRING:https\\://ca.example/pds.pdf\n"                                                 \
    "language=PRINTABLESTRING:en\n"                                                                \
    "[qc_other]\n"                                                                                 \
    "id=OID:1.2.3.4.5\n"

#define NOTICE                                                                                     \
    "certificatePolicies=1.2.3.4.9,@policy\n"                                                      \
    "[policy]\n"                                                                                   \
    "policyIdentifier=1.2.3.4.10\n"                                                                \
    "userNotice.1=@notice\n"                                                                       \
    "[notice]\n"                                                                                   \
    "explicitText=\"UTF8:Liability is limited to 5000 EUR.\"\n"

/* A certificate whose holder has a title, an organisation and a name that would turn the line. */
static X509 *official (const Entity *issuer)
{
    static const struct {
        const char *name, *value;
    } attributes[] = {
        {"C", "KG"},
        {"O", "Ministry of X"},
        {"organizationIdentifier", "NTRKG-12345"},
        {"title", "Head of Department"},
        {"SN", "AITMATOVA"},
        {"serialNumber", "PNOKG-1"},
        {"CN", "AITMATOVA \xe2\x80\xae"
               "CHYNGYZ"},
    };
    g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
    X509 *certificate = X509_new ();
    X509_set_version (certificate, X509_VERSION_3);
    ASN1_INTEGER_set (X509_get_serialNumber (certificate), 0x1234);
    X509_NAME *name = X509_get_subject_name (certificate);
    for (gsize i = 0; i < G_N_ELEMENTS (attributes); i++)
        g_assert_cmpint (X509_NAME_add_entry_by_txt (name, attributes[i].name, MBSTRING_UTF8,
                                                     (const guint8 *)attributes[i].value, -1, -1,
                                                     0),
                         ==, 1);
    X509_set_issuer_name (certificate, X509_get_subject_name (issuer->certificate));
    X509_set_pubkey (certificate, key);
    ASN1_TIME_set (X509_getm_notBefore (certificate), NOW - 100 * DAY);
    ASN1_TIME_set (X509_getm_notAfter (certificate), NOW + 100 * DAY);
    g_assert_cmpint (X509_sign (certificate, issuer->key, EVP_sha256 ()), >, 0);
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);
    X509_free (certificate);
    return tamga_ossl_certificate (der);
}

static void test_ten_items (void)
{
    static const char *const titles[] = {"issuer",
                                         "subscriber",
                                         "serial number",
                                         "validity",
                                         "public key",
                                         "signature of the issuer",
                                         "purpose and scope",
                                         "limits of liability",
                                         "algorithm",
                                         "other"};
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (X509) certificate = official (scene->provider);
    g_autoptr (GPtrArray) items = tamga_particulars (certificate, NULL);
    g_assert_cmpuint (items->len, ==, TAMGA_PARTICULARS);
    for (guint i = 0; i < items->len; i++) {
        const TamgaParticular *item = items->pdata[i];
        g_test_message ("%u %s: %s", item->number, item->title, item->text);
        g_assert_cmpuint (item->number, ==, i + 1);
        g_assert_cmpstr (item->title, ==, titles[i]);
        g_assert_cmpstr (item->text, !=, "");
        g_assert_true (g_utf8_validate (item->text, -1, NULL));
        g_assert_null (strstr (item->text, "\xe2\x80\xae"));
    }
    const TamgaParticular *limits = items->pdata[7];
    g_assert_cmpstr (limits->text, ==, "none stated");
    const TamgaParticular *serial = items->pdata[2];
    g_assert_cmpstr (serial->text, ==, "1234");
}

static void test_holder (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (X509) certificate = official (scene->provider);
    g_autoptr (TamgaHolder) holder = tamga_holder_read (certificate);
    g_assert_cmpstr (holder->title, ==, "Head of Department");
    g_assert_cmpstr (holder->organisation, ==, "Ministry of X");
    g_assert_cmpstr (holder->organisation_id, ==, "NTRKG-12345");
    g_assert_cmpstr (holder->surname, ==, "AITMATOVA");
    g_assert_cmpstr (holder->serial_number, ==, "PNOKG-1");
    g_assert_cmpstr (holder->country, ==, "KG");
    g_assert_cmpstr (holder->name, ==, "AITMATOVA \\u{202E}CHYNGYZ");
    g_assert_false (holder->malformed);
}

static void test_statements (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) entity = pki_issue (scene->provider, "Q", PKI_SIGNER STATEMENTS, 0, 0);
    g_autoptr (TamgaStatements) statements = tamga_statements_read (entity->certificate);
    g_assert_true (statements->present);
    g_assert_false (statements->malformed);
    g_assert_true (statements->qualified);
    g_assert_true (statements->device);
    g_assert_cmpstr (statements->limit, ==, "10000 EUR");
    g_assert_cmpuint (statements->types->len, ==, 1);
    g_assert_cmpstr (statements->types->pdata[0], ==, "electronic signature");
    g_assert_cmpstr (statements->pds->pdata[0], ==, "https://ca.example/pds.pdf (en)");
    g_assert_cmpstr (statements->others->pdata[0], ==, "1.2.3.4.5");
    g_autoptr (TamgaStatements) none = tamga_statements_read (scene->signer->certificate);
    g_assert_false (none->present);
    g_assert_false (none->qualified);
}

static void test_malformed_statements (void)
{
    static const char *const extensions[] = {
        PKI_SIGNER "1.3.6.1.5.5.7.1.3=DER:0401aa\n",
        PKI_SIGNER "1.3.6.1.5.5.7.1.3=DER:3003020101\n",
        PKI_SIGNER "1.3.6.1.5.5.7.1.3=DER:300c300a060604008e4601020500\n", /* limit: NULL */
        PKI_SIGNER "1.3.6.1.5.5.7.1.3=DER:30\n",
    };
    g_autoptr (Scene) scene = scene_new ();
    for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++) {
        g_autoptr (Entity) entity = pki_issue (scene->provider, "M", extensions[i], 0, 0);
        g_autoptr (TamgaStatements) statements = tamga_statements_read (entity->certificate);
        g_assert_true (statements->present);
        g_assert_true (statements->malformed);
        g_assert_false (statements->qualified);
    }
}

/* subjectDirectoryAttributes with one attribute, 1.2.804.2.1.1.1.11.1.4.2.1, that is "12345678";
 * the second one is an INTEGER, the third no attribute at all. */
#define DIRECTORY "2.5.29.9=DER:301c301a060c2a8624020101010b01040201310a13083132333435363738\n"
#define DIRECTORY_INTEGER "2.5.29.9=DER:30153013060c2a8624020101010b010402013103020105\n"
#define DIRECTORY_OTHER "2.5.29.9=DER:3003020105\n"

static GPtrArray *identifier_rule (const char *oid, const char *prefix, guint digits)
{
    GPtrArray *rules = g_ptr_array_new_with_free_func (g_free);
    TamgaIdentifierRule rule = {(char *)oid, (char *)prefix, (char *)"No.", digits};
    g_ptr_array_add (rules, g_memdup2 (&rule, sizeof rule));
    return rules;
}

/* UA 83(1-2): numbers of subject and directory attributes, and whether they are formed as such. */
static void test_identifiers (void)
{
    static const struct {
        const char *extensions, *oid, *prefix;
        guint digits;
        const char *text;
        gboolean malformed;
    } rows[] = {
        {DIRECTORY, "1.2.804.2.1.1.1.11.1.4.2.1", NULL, 8, "No. 12345678", FALSE},
        {DIRECTORY, "1.2.804.2.1.1.1.11.1.4.2.1", "12", 6, "No. 345678", FALSE},
        {DIRECTORY, "1.2.804.2.1.1.1.11.1.4.2.1", NULL, 10, "No. 12345678", TRUE},
        {DIRECTORY, "1.2.804.2.1.1.1.11.1.4.2.1", "X", 8, NULL, FALSE},
        {DIRECTORY, "1.2.804.2.1.1.1.11.1.4.1.1", NULL, 0, NULL, FALSE},
        {DIRECTORY_INTEGER, "1.2.804.2.1.1.1.11.1.4.2.1", NULL, 0, "No. ", TRUE},
        {DIRECTORY_OTHER, "1.2.804.2.1.1.1.11.1.4.2.1", NULL, 0, NULL, FALSE},
        {"", "2.5.4.3", "IIN", 12, "No. 123456789011", FALSE},
        {"", "2.5.4.3", NULL, 12, "No. IIN123456789011", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (Scene) scene = scene_new ();
        g_autofree char *extensions = g_strconcat (PKI_SIGNER, rows[i].extensions, NULL);
        g_autoptr (Entity) entity =
            pki_issue (scene->provider, "IIN123456789011", extensions, 0, 0);
        g_autoptr (GPtrArray) rules = identifier_rule (rows[i].oid, rows[i].prefix, rows[i].digits);
        GPtrArray *before = scene->profile->identifiers;
        scene->profile->identifiers = rules;
        g_autoptr (TamgaValidation) validation =
            scene_validate (scene, scene_lt_signature (scene, entity));
        const TamgaValidatedSignature *one = scene_one (validation, 0);
        g_autofree char *text = tamga_identifiers_text (one->identifiers);
        scene->profile->identifiers = before;
        g_assert_cmpstr (text, ==, rows[i].text);
        g_assert_cmpint (scene_has_finding (one, "identifier-malformed"), ==, rows[i].malformed);
        scene_assert (validation, 0, TAMGA_TOTAL_PASSED, NULL);
        if (text != NULL)
            g_assert_cmpstr (scene_check (one, "identifier")->text, ==, text);
    }
}

static void test_limits (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) notice = pki_issue (scene->provider, "N", PKI_SIGNER NOTICE, 0, 0);
    g_autofree char *text = tamga_certificate_limits (notice->certificate);
    g_assert_cmpstr (text, ==, "Liability is limited to 5000 EUR.");
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, scene_lt_signature (scene, notice));
    g_assert_cmpstr (scene_check (scene_one (validation, 0), "limits")->text, ==, text);
    g_assert_cmpstr (scene_one (validation, 0)->limits, ==, text);
    g_autofree char *scope = tamga_certificate_scope (notice->certificate, NULL);
    g_assert_nonnull (strstr (scope, "non-repudiation"));
    g_assert_nonnull (strstr (scope, "1.2.3.4.10"));
}

/* A country's names for usages, from its profile and nowhere else. */
static void test_scope_names (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaProfile) kz =
        tamga_profile_load_file (TAMGA_SOURCE_DIR "/client/profile/data/kz.profile", &error);
    g_assert_no_error (error);
    g_autoptr (Entity) head =
        pki_issue (scene->provider, "H",
                   PKI_SIGNER "extendedKeyUsage=emailProtection,1.2.398.3.3.4.1.1\n", 0, 0);
    g_autofree char *plain = tamga_certificate_scope (head->certificate, NULL);
    g_autofree char *named = tamga_certificate_scope (head->certificate, kz);
    g_assert_nonnull (strstr (plain, "1.2.398.3.3.4.1.1"));
    g_assert_null (strstr (named, "1.2.398.3.3.4.1.1"));
    g_assert_nonnull (strstr (named, tamga_profile_oid_name (kz, "1.2.398.3.3.4.1.1")));
}

/* The rows of VN 79 and VN 9, each with its clause. */
static void test_recipient_rows (void)
{
    static const struct {
        const char *name, *clause, *result;
    } rows[] = {
        {"status-1", "VN 79.1a", "passed"},
        {"status-2", "VN 79.2b", "passed"},
        {"scope", "VN 79.1a", "passed"},
        {"limits", "VN 79.1a", "info"},
        {"particulars", "VN 79.1a", "passed"},
        {"key-match", "VN 79.1b", "passed"},
        {"provider-at-root", "VN 79.2b", "passed"},
        {"all-together", "VN 79.2c", "passed"},
        {"made-in-validity-period", "VN 9", "passed"},
        {"verified-with-certificate", "VN 9", "passed"},
        {"listed-provider", "VN 9", "passed"},
        {"sole-control", "VN 9", "info"},
        {"qualified-device", "UA 83(3)", "info"},
    };
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, scene_lt_signature (scene, scene->signer));
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        scene_assert_check (one, rows[i].name, rows[i].result);
        g_assert_cmpstr (scene_check (one, rows[i].name)->clause, ==, rows[i].clause);
    }
    g_assert_cmpstr (scene_check (one, "status-1")->source, ==, "embedded");
}

static void test_key_does_not_match (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    tamga_signature_fail (signature, TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE, "made so by the test");
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    scene_assert_check (scene_one (validation, 0), "key-match", "failed");
    scene_assert_check (scene_one (validation, 0), "all-together", "undetermined");
}

static void test_title (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (X509) certificate = official (scene->provider);
    Entity holder = {.certificate = certificate};
    TamgaSignature *signature = scene_lt_signature (scene, &holder);
    signature->reason = g_strdup ("I agree\x1b[2J");
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    g_assert_cmpstr (one->title, ==, "Head of Department");
    g_assert_cmpstr (one->organisation, ==, "Ministry of X");
    g_assert_cmpstr (scene_check (one, "title")->text, ==, "Head of Department");
    g_autofree char *text = tamga_validation_text (validation, scene->profile, TRUE);
    g_assert_nonnull (strstr (text, "AITMATOVA \\u{202E}CHYNGYZ, Head of Department, Ministry"));
    g_assert_null (strchr (text, '\x1b'));
    g_assert_null (strstr (text, "\xe2\x80\xae"));
}

static void test_qualified (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (Entity) entity = pki_issue (scene->provider, "Q", PKI_SIGNER STATEMENTS, 0, 0);
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, scene_lt_signature (scene, entity));
    const TamgaValidatedSignature *one = scene_one (validation, 0);
    g_assert_true (one->qualified_certificate && one->qualified_device);
    scene_assert_check (one, "qualified-device", "passed");
    scene_assert_check (one, "sole-control", "passed");
    g_autoptr (TamgaValidation) other =
        scene_validate (scene, scene_lt_signature (scene, scene->signer));
    g_assert_nonnull (
        strstr (scene_check (scene_one (other, 0), "qualified-device")->text, "advanced"));
    /* anybody can write such statements into a certificate */
    g_autoptr (TamgaTrust) nobody = tamga_trust_new ();
    scene->context.trust = nobody;
    g_autoptr (TamgaValidation) stranger =
        scene_validate (scene, scene_lt_signature (scene, entity));
    scene_assert_check (scene_one (stranger, 0), "qualified-device", "info");
    g_autofree char *text = tamga_validation_text (stranger, scene->profile, FALSE);
    g_assert_nonnull (strstr (text, "qualified no: "));
}

/* UA 87: two certificates of one issuer with one number. */
static void test_duplicate_serial (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (X509) one = official (scene->provider);
    g_autoptr (X509) two = official (scene->provider);
    Entity holder = {.certificate = one};
    TamgaSignature *signature = scene_lt_signature (scene, &holder);
    X509_up_ref (two);
    g_ptr_array_add (signature->certificates, two);
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    g_assert_true (scene_has_finding (scene_one (validation, 0), "duplicate-serial"));
    g_autoptr (TamgaValidation) plain =
        scene_validate (scene, scene_lt_signature (scene, scene->signer));
    g_assert_false (scene_has_finding (scene_one (plain, 0), "duplicate-serial"));
}

static void test_text (void)
{
    g_autoptr (Scene) scene = scene_new ();
    g_autoptr (TamgaValidation) validation =
        scene_validate (scene, scene_lt_signature (scene, scene->signer));
    g_autofree char *text = tamga_validation_text (validation, scene->profile, FALSE);
    g_test_message ("%s", text);
    static const char *const parts[] = {
        "file: VALID, 1 signature, the whole document is covered\n",
        "\n1  Signer One ",
        "CAdES LT    TOTAL-PASSED\n",
        "\n   signed    2026-10-1",
        " UTC (timestamp by TSA 1)\n",
        "\n   document  unchanged since signing\n",
        "\n   person    Provider CA \xe2\x86\x92 National Root, trusted",
        "\n   status    good at that time (CRL, embedded)\n",
        "\n   qualified no: ",
        "\n   limits    none stated\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
        g_test_message ("%s", parts[i]);
        g_assert_nonnull (strstr (text, parts[i]));
    }
    g_assert_true (g_str_has_prefix (text, parts[0]));
}

static void test_json (void)
{
    g_autoptr (Scene) scene = scene_new ();
    TamgaSignature *signature = scene_lt_signature (scene, scene->signer);
    signature->location = g_strdup ("\xff not UTF-8");
    g_autoptr (TamgaValidation) validation = scene_validate (scene, signature);
    json_t *object = tamga_validation_json (validation);
    g_assert_cmpstr (json_string_value (json_object_get (object, "verdict")), ==, "valid");
    json_t *one = json_array_get (json_object_get (object, "signatures"), 0);
    g_assert_nonnull (one);
    static const struct {
        const char *name, *value;
    } members[] = {
        {"id", "signature 1"},   {"format", "CAdES"},
        {"level", "LT"},         {"indication", "TOTAL-PASSED"},
        {"integrity", "INTACT"}, {"signing_time", "2026-10-19T11:06:40Z"},
    };
    g_autofree char *dump = json_dumps (one, JSON_INDENT (1));
    g_test_message ("%s", dump);
    for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
        g_assert_cmpstr (json_string_value (json_object_get (one, members[i].name)), ==,
                         members[i].value);
    g_assert_true (json_is_null (json_object_get (one, "sub_indication")));
    json_t *best = json_object_get (one, "best_signature_time");
    g_assert_cmpstr (json_string_value (json_object_get (best, "source")), ==,
                     "timestamp by TSA 1");
    json_t *signer = json_object_get (one, "signer");
    g_assert_cmpstr (json_string_value (json_object_get (signer, "subject")), ==, "CN=Signer One");
    g_assert_cmpstr (json_string_value (json_object_get (signer, "issuer")), ==, "CN=Provider CA");
    json_t *checks = json_object_get (one, "checks");
    g_assert_cmpuint (json_array_size (checks), >, 15);
    static const char *const columns[] = {"name", "clause", "result", "source", "text"};
    for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
        g_assert_nonnull (json_object_get (json_array_get (checks, 0), columns[i]));
    json_decref (object);
}

static void test_suites (void)
{
    static const struct {
        const char *type;
        int bits;
        TamgaScheme scheme;
        gint64 until;
    } rows[] = {
        {"RSA", 2048, TAMGA_SCHEME_RSA_PKCS1, 1861920000},
        {"RSA", 4096, TAMGA_SCHEME_RSA_PKCS1, 1861920000},
        {"RSA", 2048, TAMGA_SCHEME_RSA_PSS, 1861920000},
        {"RSA", 3072, TAMGA_SCHEME_RSA_PSS, G_MAXINT64},
        {"RSA", 1024, TAMGA_SCHEME_RSA_PKCS1, 1569888000},
        {"RSA", 512, TAMGA_SCHEME_RSA_PKCS1, G_MININT64},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (EVP_PKEY) key =
            EVP_PKEY_Q_keygen (NULL, NULL, rows[i].type, (size_t)rows[i].bits);
        g_assert_nonnull (key);
        g_assert_cmpint (tamga_suite_key (NULL, key, rows[i].scheme).until, ==, rows[i].until);
    }
    g_autoptr (EVP_PKEY) curve = EVP_EC_gen ("P-256");
    g_autoptr (EVP_PKEY) small = EVP_EC_gen ("P-224");
    g_autoptr (EVP_PKEY) other = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
    g_assert_cmpint (tamga_suite_key (NULL, curve, TAMGA_SCHEME_ECDSA).until, ==, G_MAXINT64);
    g_assert_cmpint (tamga_suite_key (NULL, small, TAMGA_SCHEME_ECDSA).until, ==, 1633046400);
    g_assert_cmpint (tamga_suite_key (NULL, other, TAMGA_SCHEME_ECDSA).until, ==, G_MININT64);
    g_assert_cmpint (tamga_suite_digest (NULL, NULL).until, ==, G_MININT64);
    g_assert_cmpint (tamga_suite_digest (NULL, tamga_digest_by_name ("MD5")).until, ==, 1091318400);
}

/* An LT signature of THEN, under one rule of the profile. */
static void test_rules (void)
{
    static const struct {
        const char *name;
        TamgaRuleWord word;
        gint64 since, until;
        TamgaIndication indication;
        const char *sub;
        gboolean warned;
    } rows[] = {
        {"SHA-256", TAMGA_RULE_REFUSE, G_MININT64, G_MAXINT64, TAMGA_INDETERMINATE,
         "CRYPTO_CONSTRAINTS_FAILURE", FALSE},
        {"SHA-256", TAMGA_RULE_REFUSE, THEN - DAY, G_MAXINT64, TAMGA_INDETERMINATE,
         "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", FALSE},
        /* nor are the status answers believed: nobody can tell how the certificate stood */
        {"SHA-256", TAMGA_RULE_ACCEPT, NOW, G_MAXINT64, TAMGA_INDETERMINATE, "TRY_LATER", FALSE},
        {"EC", TAMGA_RULE_REFUSE, THEN - DAY, G_MAXINT64, TAMGA_INDETERMINATE,
         "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", FALSE},
        {"EC", TAMGA_RULE_ACCEPT, NOW, G_MAXINT64, TAMGA_INDETERMINATE,
         "CRYPTO_CONSTRAINTS_FAILURE", FALSE},
        {"SHA-256", TAMGA_RULE_WARN, G_MININT64, G_MAXINT64, TAMGA_TOTAL_PASSED, NULL, TRUE},
        {"EC", TAMGA_RULE_REFUSE, G_MININT64, G_MAXINT64, TAMGA_INDETERMINATE,
         "CRYPTO_CONSTRAINTS_FAILURE", FALSE},
        {"EC", TAMGA_RULE_WARN, G_MININT64, G_MAXINT64, TAMGA_TOTAL_PASSED, NULL, TRUE},
        {"ECDSA-SHA-256", TAMGA_RULE_REFUSE, G_MININT64, G_MAXINT64, TAMGA_INDETERMINATE,
         "CRYPTO_CONSTRAINTS_FAILURE", FALSE},
        {"SHA-512", TAMGA_RULE_REFUSE, G_MININT64, G_MAXINT64, TAMGA_TOTAL_PASSED, NULL, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (Scene) scene = scene_new ();
        TamgaAlgorithmRule rule = {rows[i].name, rows[i].word, rows[i].since, rows[i].until};
        g_ptr_array_add (scene->profile->algorithms, g_memdup2 (&rule, sizeof rule));
        g_autoptr (TamgaValidation) validation =
            scene_validate (scene, scene_lt_signature (scene, scene->signer));
        const TamgaValidatedSignature *one = scene_one (validation, 0);
        g_test_message ("%zu: %s", i, one->reason != NULL ? one->reason : "passed");
        scene_assert (validation, 0, rows[i].indication, rows[i].sub);
        g_assert_cmpint (scene_has_finding (one, "algorithm-warning"), ==, rows[i].warned);
    }
}

int main (int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test) (void);
    } tests[] = {
        {"/vn_5/ten_items_in_order", test_ten_items},
        {"/vn_6_2/holder", test_holder},
        {"/en_319_412_5/statements", test_statements},
        {"/en_319_412_5/malformed", test_malformed_statements},
        {"/ua_83/identifiers", test_identifiers},
        {"/vn_79_1a/limits", test_limits},
        {"/vn_79_1a/scope_names", test_scope_names},
        {"/vn_79/rows", test_recipient_rows},
        {"/vn_79_1b/key_does_not_match", test_key_does_not_match},
        {"/vn_7/title_and_organisation", test_title},
        {"/ua_83_3/qualified_device", test_qualified},
        {"/ua_87/duplicate_serial", test_duplicate_serial},
        {"/report/text", test_text},
        {"/report/json", test_json},
        {"/ts_119_312/suites", test_suites},
        {"/ts_119_312/rules_of_a_profile", test_rules},
    };
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add_func (tests[i].path, tests[i].test);
    return g_test_run ();
}
