/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small PKI and peers for the tests of CMS. */
#include "tests/unit/cms/fixture.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

/* 2026-11-22 10:00:00 UTC: what signing-time says. */
#define SIGNING_TIME 1795341600

EVP_PKEY *fixture_key (const char *kind)
{
    EVP_PKEY *key;

    if (g_str_has_prefix (kind, "RSA"))
        key = EVP_PKEY_Q_keygen (NULL, NULL, "RSA",
                                 (size_t)(strcmp (kind, "RSA-1024") == 0 ? 1024 : 2048));
    else
        key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", kind);
    g_assert_nonnull (key);
    return key;
}

static void add_extension (X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
    g_assert_nonnull (extension);
    g_assert_cmpint (X509_add_ext (certificate, extension, -1), ==, 1);
    X509_EXTENSION_free (extension);
}

static X509 *make_certificate (const Party *issuer, EVP_PKEY *key, const char *name, int serial,
                               const char *usage)
{
    X509 *certificate = X509_new ();
    X509_NAME *subject = X509_get_subject_name (certificate);
    X509 *signer = issuer != NULL ? issuer->certificate : certificate;

    X509_set_version (certificate, X509_VERSION_3);
    ASN1_INTEGER_set (X509_get_serialNumber (certificate), serial);
    X509_gmtime_adj (X509_getm_notBefore (certificate), -86400);
    X509_gmtime_adj (X509_getm_notAfter (certificate), 86400L * 3650);
    X509_NAME_add_entry_by_txt (subject, "C", MBSTRING_ASC, (const guint8 *)"XX", -1, -1, 0);
    X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_UTF8, (const guint8 *)name, -1, -1, 0);
    X509_set_issuer_name (certificate, X509_get_subject_name (signer));
    X509_set_pubkey (certificate, key);
    add_extension (certificate, signer, NID_subject_key_identifier, "hash");
    add_extension (certificate, signer, NID_basic_constraints,
                   issuer == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension (certificate, signer, NID_key_usage,
                   issuer == NULL ? "critical,keyCertSign,cRLSign,digitalSignature"
                                  : "critical,digitalSignature,nonRepudiation");
    if (usage != NULL)
        add_extension (certificate, signer, NID_ext_key_usage, usage);
    g_assert_cmpint (X509_sign (certificate, issuer != NULL ? issuer->key : key, EVP_sha256 ()), >,
                     0);
    return certificate;
}

static void write_party (Fixture *fixture, Party *party, int number)
{
    FILE *file;

    party->key_path = g_strdup_printf ("%s/key%d.pem", fixture->folder, number);
    party->certificate_path = g_strdup_printf ("%s/certificate%d.pem", fixture->folder, number);
    file = g_fopen (party->key_path, "w");
    g_assert_cmpint (PEM_write_PrivateKey (file, party->key, NULL, NULL, 0, NULL, NULL), ==, 1);
    fclose (file);
    file = g_fopen (party->certificate_path, "w");
    g_assert_cmpint (PEM_write_X509 (file, party->certificate), ==, 1);
    fclose (file);
}

static void party_clear (Party *party)
{
    EVP_PKEY_free (party->key);
    X509_free (party->certificate);
    g_free (party->key_path);
    g_free (party->certificate_path);
}

static void party_free (gpointer data)
{
    party_clear (data);
    g_free (data);
}

static const char tsa_config[] = "[tsa]\n"
                                 "default_tsa = one\n"
                                 "[one]\n"
                                 "serial = %s/tsa.serial\n"
                                 "crypto_device = builtin\n"
                                 "signer_digest = sha256\n"
                                 "default_policy = 1.2.3.4.1\n"
                                 "digests = sha1, sha256, sha384, sha512\n"
                                 "accuracy = secs:1, millisecs:500, microsecs:100\n"
                                 "ordering = no\n"
                                 "ess_cert_id_alg = sha256\n";

Fixture *fixture_new (void)
{
    Fixture *fixture = g_new0 (Fixture, 1);
    g_autofree char *config = NULL;
    g_autofree char *path = NULL;

    fixture->folder = g_dir_make_tmp ("tamga-cms-XXXXXX", NULL);
    g_assert_nonnull (fixture->folder);
    fixture->others = g_ptr_array_new_with_free_func (party_free);
    fixture->root.key = fixture_key ("P-256");
    fixture->root.certificate =
        make_certificate (NULL, fixture->root.key, "Test root", ++fixture->serial, NULL);
    write_party (fixture, &fixture->root, fixture->serial);
    fixture->tsa.key = fixture_key ("RSA");
    fixture->tsa.certificate = make_certificate (&fixture->root, fixture->tsa.key, "Test TSA",
                                                 ++fixture->serial, "critical,timeStamping");
    write_party (fixture, &fixture->tsa, fixture->serial);
    config = g_strdup_printf (tsa_config, fixture->folder);
    path = g_build_filename (fixture->folder, "tsa.cnf", NULL);
    g_assert_true (g_file_set_contents (path, config, -1, NULL));
    return fixture;
}

void fixture_free (Fixture *fixture)
{
    g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
        g_unlink (path);
    }
    g_rmdir (fixture->folder);
    party_clear (&fixture->root);
    party_clear (&fixture->tsa);
    g_ptr_array_unref (fixture->others);
    g_free (fixture->folder);
    g_free (fixture);
}

Party *fixture_party (Fixture *fixture, const char *kind, const char *name)
{
    Party *party = g_new0 (Party, 1);

    party->key = fixture_key (kind);
    party->certificate =
        make_certificate (&fixture->root, party->key, name, ++fixture->serial, NULL);
    write_party (fixture, party, fixture->serial);
    g_ptr_array_add (fixture->others, party);
    return party;
}

X509 *fixture_twin (Fixture *fixture, const Party *party, const char *name)
{
    gint64 serial = 0;

    ASN1_INTEGER_get_int64 (&serial, X509_get0_serialNumber (party->certificate));
    return make_certificate (&fixture->root, party->key, name, (int)serial, NULL);
}

GBytes *fixture_sign (EVP_PKEY *key, const TamgaAlgorithm *algorithm, GBytes *data)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    const EVP_MD *md = tamga_digest_md (tamga_algorithm_digest (algorithm));
    EVP_PKEY_CTX *parameters = NULL;
    gsize length, size = 0;
    const void *bytes = g_bytes_get_data (data, &length);
    g_autoptr (GBytes) value = NULL;
    g_autoptr (GError) error = NULL;
    guint8 *buffer;
    GBytes *raw;

    g_assert_cmpint (EVP_DigestSignInit (context, &parameters, md, NULL, key), ==, 1);
    if (algorithm->scheme == TAMGA_SCHEME_RSA_PSS) {
        EVP_PKEY_CTX_set_rsa_padding (parameters, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen (parameters, RSA_PSS_SALTLEN_DIGEST);
    }
    g_assert_cmpint (EVP_DigestSign (context, NULL, &size, bytes, length), ==, 1);
    buffer = g_malloc (size);
    g_assert_cmpint (EVP_DigestSign (context, buffer, &size, bytes, length), ==, 1);
    value = g_bytes_new_take (buffer, size);
    raw = tamga_algorithm_der_to_raw (algorithm, value, key, &error);
    g_assert_no_error (error);
    return raw;
}

char *fixture_write (Fixture *fixture, const char *name, GBytes *bytes)
{
    char *path = g_build_filename (fixture->folder, name, NULL);

    g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                        (gssize)g_bytes_get_size (bytes), NULL));
    return path;
}

GBytes *fixture_load (const char *path)
{
    char *data = NULL;
    gsize length = 0;
    g_autoptr (GError) error = NULL;

    g_file_get_contents (path, &data, &length, &error);
    g_assert_no_error (error);
    return g_bytes_new_take (data, length);
}

gboolean fixture_openssl (Fixture *fixture, ...)
{
    g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
    g_autofree char *messages = NULL;
    g_autoptr (GError) error = NULL;
    int status = 0;
    va_list list;

    g_ptr_array_add (arguments, (gpointer) "openssl");
    va_start (list, fixture);
    for (char *one = va_arg (list, char *); one != NULL; one = va_arg (list, char *))
        g_ptr_array_add (arguments, one);
    va_end (list);
    g_ptr_array_add (arguments, NULL);
    g_spawn_sync (fixture->folder, (char **)arguments->pdata, NULL,
                  G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &messages,
                  &status, &error);
    g_assert_no_error (error);
    if (messages != NULL && *messages != '\0')
        g_test_message ("openssl: %s", messages);
    return g_spawn_check_wait_status (status, NULL);
}

/* The token for a query that was written. */
static GBytes *reply (Fixture *fixture)
{
    g_autofree char *query = g_build_filename (fixture->folder, "query.tsq", NULL);
    g_autofree char *token = g_build_filename (fixture->folder, "token.tst", NULL);
    g_autofree char *config = g_build_filename (fixture->folder, "tsa.cnf", NULL);

    g_assert_true (fixture_openssl (
        fixture, "ts", "-reply", "-config", config, "-section", "one", "-queryfile", query,
        "-signer", fixture->tsa.certificate_path, "-inkey", fixture->tsa.key_path, "-chain",
        fixture->root.certificate_path, "-token_out", "-out", token, NULL));
    return fixture_load (token);
}

static GBytes *stamp_imprint (const TamgaStamper *stamper, GBytes *imprint, GError **error)
{
    Fixture *fixture = stamper->data;
    g_autofree char *query = g_build_filename (fixture->folder, "query.tsq", NULL);
    g_autofree char *hex = tamga_text_hex_bytes (imprint);
    g_autofree char *option = g_strconcat ("-", stamper->digest->openssl, NULL);

    (void)error;
    g_assert_true (fixture_openssl (fixture, "ts", "-query", "-digest", hex, option, "-cert",
                                    "-out", query, NULL));
    return reply (fixture);
}

TamgaStamper fixture_stamper (Fixture *fixture, const char *digest)
{
    return (TamgaStamper){tamga_digest_by_name (digest), stamp_imprint, fixture};
}

GBytes *fixture_timestamp (Fixture *fixture, GBytes *data, const char *digest)
{
    g_autofree char *input = fixture_write (fixture, "stamped", data);
    g_autofree char *query = g_build_filename (fixture->folder, "query.tsq", NULL);
    g_autofree char *option = g_strconcat ("-", digest, NULL);

    g_assert_true (fixture_openssl (fixture, "ts", "-query", "-data", input, option, "-cert",
                                    "-out", query, NULL));
    return reply (fixture);
}

static GBytes *make_ocsp (Fixture *fixture, const Party *party)
{
    g_autoptr (OCSP_BASICRESP) basic = OCSP_BASICRESP_new ();
    g_autoptr (OCSP_CERTID) id =
        OCSP_cert_to_id (EVP_sha256 (), party->certificate, fixture->root.certificate);
    ASN1_TIME *now = X509_gmtime_adj (NULL, 0), *next = X509_gmtime_adj (NULL, 3600);
    g_autoptr (OCSP_RESPONSE) response = NULL;

    g_assert_nonnull (
        OCSP_basic_add1_status (basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, now, next));
    g_assert_cmpint (OCSP_basic_sign (basic, fixture->root.certificate, fixture->root.key,
                                      EVP_sha256 (), NULL, 0),
                     ==, 1);
    response = OCSP_response_create (OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    ASN1_TIME_free (now);
    ASN1_TIME_free (next);
    return tamga_ossl_der (i2d_OCSP_RESPONSE, response);
}

static GBytes *make_crl (Fixture *fixture)
{
    g_autoptr (X509_CRL) crl = X509_CRL_new ();
    ASN1_TIME *now = X509_gmtime_adj (NULL, 0), *next = X509_gmtime_adj (NULL, 3600);

    X509_CRL_set_version (crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name (crl, X509_get_subject_name (fixture->root.certificate));
    X509_CRL_set1_lastUpdate (crl, now);
    X509_CRL_set1_nextUpdate (crl, next);
    g_assert_cmpint (X509_CRL_sign (crl, fixture->root.key, EVP_sha256 ()), >, 0);
    ASN1_TIME_free (now);
    ASN1_TIME_free (next);
    return tamga_ossl_der (i2d_X509_CRL, crl);
}

TamgaEvidence *fixture_evidence (Fixture *fixture, const Party *party)
{
    TamgaEvidence *evidence = tamga_evidence_new ();
    g_autoptr (GBytes) ocsp = make_ocsp (fixture, party);
    g_autoptr (GBytes) crl = make_crl (fixture);

    tamga_evidence_add_certificate (evidence, fixture->root.certificate);
    tamga_evidence_add_ocsp (evidence, ocsp);
    tamga_evidence_add_crl (evidence, crl);
    return evidence;
}

GBytes *fixture_sign_with (Fixture *fixture, const Party *party, const char *algorithm,
                           TamgaSigningParameters *parameters, GBytes *input, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("input", input);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (TamgaPreparation) preparation = NULL;
    g_autoptr (GBytes) raw = NULL, token = NULL;
    g_autoptr (TamgaEvidence) evidence = NULL;

    parameters->algorithm = tamga_algorithm_by_name (algorithm);
    parameters->certificate = party->certificate;
    parameters->signing_time = SIGNING_TIME;
    preparation = tamga_cades_format.prepare (document, parameters, error);
    if (preparation == NULL)
        return NULL;
    raw = fixture_sign (party->key, parameters->algorithm, preparation->to_be_signed);
    if (parameters->level >= TAMGA_LEVEL_T) {
        g_autoptr (GBytes) value = tamga_preparation_signature_value (preparation, raw, NULL);
        token = fixture_timestamp (fixture, value, "sha256");
    }
    if (parameters->level >= TAMGA_LEVEL_LT)
        evidence = fixture_evidence (fixture, party);
    if (!tamga_cades_format.embed (preparation, raw, token, evidence, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

GBytes *fixture_cades (Fixture *fixture, const Party *party, const char *algorithm,
                       TamgaLevel level, gboolean detached, GBytes *input, GBytes *content,
                       GError **error)
{
    g_autoptr (TamgaDocument) content_document =
        content != NULL ? tamga_document_new ("content", content) : NULL;
    g_autoptr (GPtrArray) contents = tamga_document_list (content_document);
    TamgaSigningParameters parameters = {
        .level = level,
        .packaging = detached ? TAMGA_PACKAGING_DETACHED : TAMGA_PACKAGING_DEFAULT,
        .content_type = "text/plain",
        .contents = contents,
    };

    return fixture_sign_with (fixture, party, algorithm, &parameters, input, error);
}

static guint count_signatures (GBytes *file, GBytes *content)
{
    g_autoptr (GPtrArray) signatures = fixture_read (file, content, NULL);

    return signatures != NULL ? signatures->len : 0;
}

GBytes *fixture_extend (GBytes *file, GBytes *content, const TamgaExtension *extension,
                        const TamgaStamper *stamper, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("signature file", file);
    g_autoptr (TamgaDocument) detached =
        content != NULL ? tamga_document_new ("content", content) : NULL;
    g_autoptr (GPtrArray) contents = tamga_document_list (detached);
    TamgaReadOptions options = {.contents = contents};
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    gboolean all = extension->index == G_MAXUINT;
    gsize n = all ? count_signatures (file, content) : 1;
    g_autofree TamgaExtension *extensions = g_new (TamgaExtension, MAX (n, 1));

    for (gsize i = 0; i < n; i++) {
        extensions[i] = *extension;
        if (all)
            extensions[i].index = (guint)i;
    }
    if (!tamga_cades_format.extend (document, &options, extensions, n, stamper, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

GPtrArray *fixture_read (GBytes *file, GBytes *content, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("signature file", file);
    g_autoptr (TamgaDocument) detached =
        content != NULL ? tamga_document_new ("content", content) : NULL;
    g_autoptr (GPtrArray) contents = tamga_document_list (detached);
    TamgaReadOptions options = {.contents = contents};

    return tamga_cades_format.read (document, &options, error);
}
