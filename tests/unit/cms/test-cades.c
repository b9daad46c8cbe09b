/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CAdES made and read here, and by `openssl cms` as the peer in both directions. */
#include <glib.h>
#include <string.h>

#include "formats/cms/build.h"
#include "formats/cms/signed_data.h"
#include "formats/cms/signer.h"
#include "formats/cms/token.h"
#include "formats/limits.h"
#include "tests/unit/cms/fixture.h"

#define CONTENT "A contract.\r\nLine two \xd1\x82\xd0\xb0\xd0\xbc\xd0\xb3\xd0\xb0.\n"

static GBytes *content_bytes (void)
{
    return g_bytes_new_static (CONTENT, sizeof CONTENT - 1);
}

static const TamgaSignature *only (GPtrArray *signatures)
{
    g_assert_cmpuint (signatures->len, ==, 1);
    return signatures->pdata[0];
}

static gboolean has_finding (const TamgaSignature *signature, const char *code)
{
    for (guint i = 0; i < signature->findings->len; i++) {
        if (strcmp (((TamgaFinding *)signature->findings->pdata[i])->code, code) == 0)
            return TRUE;
    }
    return FALSE;
}

/* `openssl cms -verify -cades` accepts the file and gives back the same content. */
static void assert_peer_accepts (Fixture *fixture, GBytes *file, GBytes *content, gboolean detached)
{
    g_autofree char *path = fixture_write (fixture, "signature.der", file);
    g_autofree char *content_path = fixture_write (fixture, "content", content);
    g_autofree char *out = g_build_filename (fixture->folder, "out", NULL);
    g_autoptr (GBytes) got = NULL;
    gboolean accepted;

    if (detached)
        accepted =
            fixture_openssl (fixture, "cms", "-verify", "-cades", "-binary", "-inform", "DER",
                             "-in", path, "-content", content_path, "-CAfile",
                             fixture->root.certificate_path, "-purpose", "any", "-out", out, NULL);
    else
        accepted = fixture_openssl (fixture, "cms", "-verify", "-cades", "-binary", "-inform",
                                    "DER", "-in", path, "-CAfile", fixture->root.certificate_path,
                                    "-purpose", "any", "-out", out, NULL);
    g_assert_true (accepted);
    got = fixture_load (out);
    g_assert_true (g_bytes_equal (got, content));
}

static void assert_intact (GBytes *file, GBytes *content, const Party *party, gboolean detached)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = fixture_read (file, detached ? content : NULL, &error);
    const TamgaSignature *signature;

    g_assert_no_error (error);
    signature = only (signatures);
    g_assert_cmpstr (signature->integrity_text, ==, NULL);
    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
    g_assert_cmpstr (signature->format, ==, "CAdES");
    g_assert_cmpstr (signature->packaging, ==, detached ? "detached" : "attached");
    g_assert_cmpint (X509_cmp (signature->certificate, party->certificate), ==, 0);
    g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_WHOLE);
    g_assert_cmpuint (signature->covered_bytes, ==, g_bytes_get_size (content));
    g_assert_nonnull (signature->content_digest);
    g_assert_cmpint (signature->claimed_time, ==, 1795341600);
    g_assert_cmpuint (signature->findings->len, ==, 0);
}

static void test_matrix (void)
{
    static const char *const kinds[][4] = {
        {"RSA", "RSA-PKCS1-SHA-256", "RSA-PKCS1-SHA-384", "RSA-PKCS1-SHA-512"},
        {"RSA", "RSA-PSS-SHA-256", "RSA-PSS-SHA-384", "RSA-PSS-SHA-512"},
        {"P-256", "ECDSA-SHA-256", "ECDSA-SHA-384", "ECDSA-SHA-512"},
        {"P-384", "ECDSA-SHA-256", "ECDSA-SHA-384", "ECDSA-SHA-512"},
        {"P-521", "ECDSA-SHA-256", "ECDSA-SHA-384", "ECDSA-SHA-512"},
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();

    for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++) {
        Party *party = fixture_party (fixture, kinds[k][0], "Signer");
        for (gsize a = 1; a < 4; a++) {
            for (int detached = 0; detached < 2; detached++) {
                g_autoptr (GError) error = NULL;
                g_autoptr (GBytes) file = fixture_cades (fixture, party, kinds[k][a], TAMGA_LEVEL_B,
                                                         detached, content, NULL, &error);
                g_test_message ("%s %s %s", kinds[k][0], kinds[k][a],
                                detached ? "detached" : "attached");
                g_assert_no_error (error);
                assert_intact (file, content, party, detached);
                assert_peer_accepts (fixture, file, content, detached);
            }
        }
    }
}

/* The CRL and the OCSP response came back whole: their signatures verify. */
static void assert_evidence_verifies (Fixture *fixture, const TamgaSignature *signature)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (signature->crls->pdata[0], &length);
    g_autoptr (X509_CRL) crl = d2i_X509_CRL (NULL, &data, (long)length);
    g_autoptr (OCSP_RESPONSE) response = NULL;
    g_autoptr (OCSP_BASICRESP) basic = NULL;
    STACK_OF (X509) *roots = sk_X509_new_null ();

    g_assert_nonnull (crl);
    g_assert_cmpint (X509_CRL_verify (crl, fixture->root.key), ==, 1);
    data = g_bytes_get_data (signature->ocsps->pdata[0], &length);
    response = d2i_OCSP_RESPONSE (NULL, &data, (long)length);
    g_assert_nonnull (response);
    basic = OCSP_response_get1_basic (response);
    sk_X509_push (roots, fixture->root.certificate);
    g_assert_cmpint (OCSP_basic_verify (basic, roots, NULL, OCSP_NOVERIFY), ==, 1);
    sk_X509_free (roots);
}

/* `openssl ts -verify` takes the embedded token for one over the signature value. */
static void assert_ts_accepts (Fixture *fixture, GBytes *token, GBytes *value)
{
    g_autofree char *token_path = fixture_write (fixture, "embedded.tst", token);
    g_autofree char *value_path = fixture_write (fixture, "value", value);

    g_assert_true (fixture_openssl (fixture, "ts", "-verify", "-token_in", "-in", token_path,
                                    "-data", value_path, "-CAfile", fixture->root.certificate_path,
                                    NULL));
}

/* EN 319 122-1 6.3: T has a signature-time-stamp over the signature value; LT has certificates and
 * revocation data in SignedData. */
static void test_levels (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "RSA", "Signer");
    g_autoptr (GBytes) content = content_bytes ();

    for (int detached = 0; detached < 2; detached++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) file = fixture_cades (fixture, party, "RSA-PSS-SHA-256", TAMGA_LEVEL_LT,
                                                 detached, content, NULL, &error);
        g_autoptr (GPtrArray) signatures = NULL;
        g_autoptr (TamgaToken) token = NULL;
        const TamgaSignature *signature;
        const TamgaTimestamp *timestamp;
        g_assert_no_error (error);
        assert_intact (file, content, party, detached);
        assert_peer_accepts (fixture, file, content, detached);
        signatures = fixture_read (file, detached ? content : NULL, &error);
        signature = only (signatures);
        g_assert_true (signature->has_evidence);
        g_assert_cmpuint (signature->crls->len, ==, 1);
        g_assert_cmpuint (signature->ocsps->len, ==, 1);
        g_assert_cmpuint (signature->certificates->len, ==, 2);
        assert_evidence_verifies (fixture, signature);
        g_assert_cmpuint (signature->timestamps->len, ==, 1);
        timestamp = signature->timestamps->pdata[0];
        g_assert_cmpint (timestamp->kind, ==, TAMGA_TIMESTAMP_SIGNATURE);
        token = tamga_token_parse (timestamp->token, &error);
        g_assert_no_error (error);
        g_assert_true (tamga_token_covers (token, signature->signature_value));
        g_assert_true (tamga_token_covers_digest (token, timestamp->covered_digest));
        assert_ts_accepts (fixture, timestamp->token, signature->signature_value);
    }
}

/* What OpenSSL makes: [extra options] and what is read. */
typedef struct {
    const char *kind, *options, *algorithm;
    const char *format;
    TamgaBinding binding;
    TamgaIntegrity integrity;
    const char *finding;
} PeerRow;

static const PeerRow peer_rows[] = {
    {"RSA", "-cades -md sha256", "RSA-PKCS1-SHA-256", "CAdES", TAMGA_BINDING_V2,
     TAMGA_INTEGRITY_INTACT, NULL},
    {"RSA", "-cades -md sha512 -nodetach", "RSA-PKCS1-SHA-512", "CAdES", TAMGA_BINDING_V2,
     TAMGA_INTEGRITY_INTACT, NULL},
    {"RSA", "-cades -md sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:-1",
     "RSA-PSS-SHA-256", "CAdES", TAMGA_BINDING_V2, TAMGA_INTEGRITY_INTACT, NULL},
    /* The longest salt, which OpenSSL takes when it is not told. */
    {"RSA", "-cades -md sha384 -keyopt rsa_padding_mode:pss", "RSA-PSS-SHA-384", "CAdES",
     TAMGA_BINDING_V2, TAMGA_INTEGRITY_INTACT, NULL},
    {"P-384", "-cades -md sha384 -nodetach", "ECDSA-SHA-384", "CAdES", TAMGA_BINDING_V2,
     TAMGA_INTEGRITY_INTACT, NULL},
    /* BER: indefinite lengths, content in pieces. */
    {"P-256", "-cades -md sha256 -nodetach -stream", "ECDSA-SHA-256", "CAdES", TAMGA_BINDING_V2,
     TAMGA_INTEGRITY_INTACT, NULL},
    {"P-256", "-cades -md sha256 -keyid", "ECDSA-SHA-256", "CAdES", TAMGA_BINDING_V2,
     TAMGA_INTEGRITY_INTACT, NULL},
    /* Plain CMS says in a finding that its certificate is not bound. */
    {"RSA", "-md sha256 -nodetach", "RSA-PKCS1-SHA-256", "CMS", TAMGA_BINDING_NONE,
     TAMGA_INTEGRITY_INTACT, "cms-no-signing-certificate"},
    {"RSA", "-cades -md sha1", "RSA-PKCS1-SHA-1", "CAdES", TAMGA_BINDING_V1, TAMGA_INTEGRITY_INTACT,
     "weak-digest"},
    {"RSA-1024", "-cades -md sha256", "RSA-PKCS1-SHA-256", "CAdES", TAMGA_BINDING_V2,
     TAMGA_INTEGRITY_INTACT, "weak-key"},
    /* Without attributes, and without the certificate. */
    {"RSA", "-noattr -md sha256 -nodetach", "unknown", "CAdES", TAMGA_BINDING_NONE,
     TAMGA_INTEGRITY_FORMAT_FAILURE, NULL},
    {"RSA", "-cades -nocerts -md sha256", "RSA-PKCS1-SHA-256", "CAdES", TAMGA_BINDING_V2,
     TAMGA_INTEGRITY_NO_SIGNING_CERTIFICATE, NULL},
};

static GBytes *peer_sign (Fixture *fixture, const Party *party, const char *options,
                          const char *content_path)
{
    g_autofree char *out = g_build_filename (fixture->folder, "peer.der", NULL);
    g_autofree char *command = g_strdup_printf (
        "openssl cms -sign -binary -outform DER -in %s -signer %s -inkey %s -out %s %s",
        content_path, party->certificate_path, party->key_path, out, options);
    int status = 0;

    g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, &status, NULL));
    g_assert_true (g_spawn_check_wait_status (status, NULL));
    return fixture_load (out);
}

static void test_peer_made (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    g_autofree char *content_path = fixture_write (fixture, "content", content);

    for (gsize i = 0; i < G_N_ELEMENTS (peer_rows); i++) {
        const PeerRow *row = &peer_rows[i];
        Party *party = fixture_party (fixture, row->kind, "Peer");
        g_autoptr (GBytes) file = peer_sign (fixture, party, row->options, content_path);
        gboolean detached = strstr (row->options, "-nodetach") == NULL;
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = fixture_read (file, detached ? content : NULL, &error);
        const TamgaSignature *signature;
        g_assert_no_error (error);
        signature = only (signatures);
        g_test_message ("%s %s: %s %s", row->kind, row->options,
                        tamga_integrity_name (signature->integrity),
                        signature->integrity_text ? signature->integrity_text : "");
        g_assert_cmpint (signature->integrity, ==, row->integrity);
        g_assert_cmpstr (signature->algorithm_text, ==, row->algorithm);
        g_assert_cmpstr (signature->format, ==, row->format);
        g_assert_cmpint (signature->binding, ==, row->binding);
        if (row->finding != NULL)
            g_assert_true (has_finding (signature, row->finding));
    }
}

/* A detached signature without, and with another content. */
static void test_detached_content (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) content = content_bytes ();
    g_autoptr (GBytes) other = g_bytes_new_static ("another", 7);
    g_autoptr (GBytes) file =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, TRUE, content, NULL, NULL);
    g_autoptr (GBytes) attached =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, FALSE, content, NULL, NULL);
    g_autoptr (GPtrArray) missing = fixture_read (file, NULL, NULL);
    g_autoptr (GPtrArray) wrong = fixture_read (file, other, NULL);
    g_autoptr (GPtrArray) beside = fixture_read (attached, other, NULL);
    g_autoptr (GPtrArray) same = fixture_read (attached, content, NULL);

    g_assert_cmpint (only (missing)->integrity, ==, TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND);
    g_assert_null (only (missing)->content_digest);
    g_assert_cmpint (only (wrong)->integrity, ==, TAMGA_INTEGRITY_HASH_FAILURE);
    g_assert_cmpint (only (beside)->integrity, ==, TAMGA_INTEGRITY_HASH_FAILURE);
    g_assert_true (has_finding (only (beside), "cades-other-document"));
    g_assert_cmpint (only (same)->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_false (has_finding (only (same), "cades-other-document"));
}

typedef struct {
    guint calls;
    guint64 done, total;
    gboolean stop;
} Seen;

static gboolean see (guint64 done, guint64 total, gpointer data)
{
    Seen *seen = data;

    seen->calls++;
    seen->done = done;
    seen->total = total;
    return !seen->stop;
}

/* Large content, attached or not, is read once with progress and can be cancelled. */
static void test_progress (void)
{
    const gsize size = 40 * 1024 * 1024;
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) content = g_bytes_new_take (g_malloc0 (size), size);

    for (int detached = 0; detached < 2; detached++) {
        g_autoptr (GBytes) file = fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B,
                                                 detached, content, NULL, NULL);
        g_autoptr (TamgaDocument) document = tamga_document_new ("file", file);
        g_autoptr (TamgaDocument) beside = tamga_document_new ("content", content);
        g_autoptr (GPtrArray) contents = tamga_document_list (detached ? beside : NULL);
        Seen seen = {0};
        TamgaReadOptions options = {.contents = contents, .progress = see, .progress_data = &seen};
        g_autoptr (GPtrArray) signatures = tamga_cades_format.read (document, &options, NULL);
        g_autoptr (GError) error = NULL;
        g_assert_cmpint (only (signatures)->integrity, ==, TAMGA_INTEGRITY_INTACT);
        g_assert_cmpuint (seen.calls, ==, 2); /* every 16 MiB */
        g_assert_cmpuint (seen.total, ==, size);
        g_assert_cmpuint (only (signatures)->covered_bytes, ==, size);
        seen.stop = TRUE;
        g_assert_null (tamga_cades_format.read (document, &options, &error));
        g_assert_error (error, TAMGA_DOCUMENT_ERROR, TAMGA_DOCUMENT_ERROR_CANCELLED);
    }
}

static gboolean contains (GBytes *whole, GBytes *part)
{
    gsize length, part_length;
    const void *data = g_bytes_get_data (whole, &length);
    const void *wanted = g_bytes_get_data (part, &part_length);

    return memmem (data, length, wanted, part_length) != NULL;
}

/* Every SignerInfo, certificate and CRL of `before` is in `after` with the same bytes. */
static void assert_kept (GBytes *before, GBytes *after)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("before", before);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);

    g_assert_nonnull (data);
    for (guint i = 0; i < data->signers->len; i++)
        g_assert_true (contains (after, ((TamgaSignerInfo *)data->signers->pdata[i])->der));
    for (guint i = 0; i < data->certificates->len; i++)
        g_assert_true (contains (after, data->certificates->pdata[i]));
    for (guint i = 0; i < data->crls->len; i++)
        g_assert_true (contains (after, data->crls->pdata[i]));
}

static void assert_all_intact (GPtrArray *signatures, guint count)
{
    g_assert_nonnull (signatures);
    g_assert_cmpuint (signatures->len, ==, count);
    for (guint i = 0; i < count; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        g_assert_cmpstr (signature->integrity_text, ==, NULL);
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
        g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
    }
}

static void test_parallel (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *first = fixture_party (fixture, "P-256", "First");
    Party *second = fixture_party (fixture, "RSA", "Second");
    g_autoptr (GBytes) content = content_bytes ();

    for (int detached = 0; detached < 2; detached++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) one = fixture_cades (fixture, first, "ECDSA-SHA-256", TAMGA_LEVEL_LT,
                                                detached, content, NULL, &error);
        g_autoptr (GBytes) two = fixture_cades (fixture, second, "RSA-PKCS1-SHA-512", TAMGA_LEVEL_T,
                                                detached, one, detached ? content : NULL, &error);
        g_autoptr (GPtrArray) signatures = NULL;
        g_assert_no_error (error);
        signatures = fixture_read (two, detached ? content : NULL, &error);
        g_assert_no_error (error);
        assert_all_intact (signatures, 2);
        assert_kept (one, two);
        assert_peer_accepts (fixture, two, content, detached);
    }
}

/* A signer is added to what OpenSSL made, BER included; its SignerInfo stays as it is. */
static void test_parallel_on_peer (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *first = fixture_party (fixture, "RSA", "First");
    Party *second = fixture_party (fixture, "P-521", "Second");
    g_autoptr (GBytes) content = content_bytes ();
    g_autofree char *content_path = fixture_write (fixture, "content", content);
    g_autoptr (GBytes) one =
        peer_sign (fixture, first, "-cades -md sha256 -nodetach -stream", content_path);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) two =
        fixture_cades (fixture, second, "ECDSA-SHA-512", TAMGA_LEVEL_B, FALSE, one, NULL, &error);
    g_autoptr (GPtrArray) signatures = NULL;

    g_assert_no_error (error);
    signatures = fixture_read (two, NULL, &error);
    g_assert_no_error (error);
    assert_all_intact (signatures, 2);
    assert_kept (one, two);
    assert_peer_accepts (fixture, two, content, FALSE);
}

/* A CMS around a PDF has the header of a PDF in its first bytes, and is no PDF. */
static void test_around_a_pdf (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) pdf = g_bytes_new_static ("%PDF-1.7\n%%EOF\n", 15);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) one =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, FALSE, pdf, NULL, &error);
    g_assert_no_error (error);
    g_autoptr (TamgaDocument) plain = tamga_document_new ("a.pdf", pdf);
    g_autoptr (TamgaDocument) around = tamga_document_new ("a.pdf.p7m", one);
    const TamgaFormat *pades = tamga_format_by_name ("PAdES");
    g_assert_true (pades->probe (around));
    g_assert_true (tamga_format_probe (plain) == pades);
    g_assert_true (tamga_format_probe (around) == &tamga_cades_format);
}

static void test_parallel_refused (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) content = content_bytes ();
    g_autoptr (GBytes) other = g_bytes_new_static ("another", 7);
    g_autoptr (GBytes) one =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, TRUE, content, NULL, NULL);
    g_autoptr (GError) missing = NULL, wrong = NULL, torn = NULL;
    g_autoptr (GBytes) half = g_bytes_new_from_bytes (one, 0, g_bytes_get_size (one) / 2);

    g_assert_null (
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, TRUE, one, NULL, &missing));
    g_assert_error (missing, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT);
    g_assert_null (
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, TRUE, one, other, &wrong));
    g_assert_error (wrong, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    /* A torn signature is not taken for a document. */
    g_assert_null (
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_B, FALSE, half, NULL, &torn));
    g_assert_error (torn, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* Nothing is written that could not be read again. */
static void test_evidence_too_large (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) content = content_bytes ();
    g_autoptr (TamgaDocument) document = tamga_document_new ("content", content);
    TamgaSigningParameters parameters = {.algorithm = tamga_algorithm_by_name ("ECDSA-SHA-256"),
                                         .certificate = party->certificate};
    g_autoptr (TamgaPreparation) preparation =
        tamga_cades_format.prepare (document, &parameters, NULL);
    g_autoptr (GBytes) raw =
        fixture_sign (party->key, parameters.algorithm, preparation->to_be_signed);
    g_autoptr (TamgaEvidence) evidence = tamga_evidence_new ();
    g_autoptr (GBytes) crl = g_bytes_new_take (g_malloc0 (TAMGA_MAX_DER_SIZE), TAMGA_MAX_DER_SIZE);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (GError) error = NULL;

    tamga_evidence_add_crl (evidence, crl);
    g_assert_false (tamga_cades_format.embed (preparation, raw, NULL, evidence, output, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT);
    g_assert_cmpuint (tamga_output_size (output), ==, 0);
}

static GBytes *digest_of (const TamgaDigest *digest, gpointer data, GError **error)
{
    (void)error;
    return data != NULL ? tamga_digest_bytes (digest, data) : NULL;
}

/* EN 319 142-1 6.3: no signing-time in the CMS of a PDF; the estimate is an upper bound. */
static void test_pades_profile (void)
{
    static const char *const rows[][2] = {{"RSA", "RSA-PKCS1-SHA-512"},
                                          {"RSA", "RSA-PSS-SHA-512"},
                                          {"P-256", "ECDSA-SHA-256"},
                                          {"P-521", "ECDSA-SHA-512"}};
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) content = content_bytes ();
    g_autoptr (GPtrArray) chain = g_ptr_array_new ();

    g_ptr_array_add (chain, fixture->root.certificate);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        Party *party = fixture_party (fixture, rows[i][0], "Signer of a PDF with a long name");
        TamgaCmsParameters parameters = {.profile = TAMGA_CMS_PADES,
                                         .algorithm = tamga_algorithm_by_name (rows[i][1]),
                                         .certificate = party->certificate,
                                         .chain = chain,
                                         .signing_time = 1,
                                         .level = TAMGA_LEVEL_T};
        g_autoptr (GBytes) digest =
            tamga_digest_bytes (tamga_algorithm_digest (parameters.algorithm), content);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) attributes = tamga_cms_signed_attributes (&parameters, digest, &error);
        g_autoptr (GBytes) raw = fixture_sign (party->key, parameters.algorithm, attributes);
        g_autoptr (GBytes) value = tamga_algorithm_raw_to_der (parameters.algorithm, raw, NULL);
        g_autoptr (GBytes) token = fixture_timestamp (fixture, value, "sha512");
        g_autoptr (GBytes) cms =
            tamga_cms_build (&parameters, attributes, raw, token, NULL, &error);
        g_autoptr (GPtrArray) signatures =
            tamga_cms_read_signers (cms, digest_of, content, "PAdES", &error);
        gsize room = tamga_cms_estimate_size (&parameters);
        g_assert_no_error (error);
        assert_all_intact (signatures, 1);
        g_assert_cmpstr (only (signatures)->format, ==, "PAdES");
        g_assert_cmpint (only (signatures)->claimed_time, ==, G_MININT64);
        g_assert_cmpuint (only (signatures)->findings->len, ==, 0);
        g_assert_cmpuint (only (signatures)->certificates->len, ==, 2);
        g_assert_cmpuint (g_bytes_get_size (cms), <=, room);
        g_assert_cmpuint (room - TAMGA_CMS_TOKEN_ROOM, <,
                          g_bytes_get_size (cms) - g_bytes_get_size (token) + 1024);
    }
}

static void test_wrong_digest_length (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    TamgaCmsParameters parameters = {.algorithm = tamga_algorithm_by_name ("ECDSA-SHA-256"),
                                     .certificate = party->certificate};
    g_autoptr (GBytes) digest = g_bytes_new_static ("short", 5);
    g_autoptr (GError) error = NULL;

    g_assert_null (tamga_cms_signed_attributes (&parameters, digest, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/cades/algorithms_accepted_by_openssl", test_matrix);
    g_test_add_func ("/cades/en319122_6_3/levels_t_and_lt", test_levels);
    g_test_add_func ("/cades/made_by_openssl", test_peer_made);
    g_test_add_func ("/cades/detached_content", test_detached_content);
    g_test_add_func ("/cades/progress", test_progress);
    g_test_add_func ("/cades/parallel/keeps_the_first", test_parallel);
    g_test_add_func ("/cades/parallel/on_what_openssl_made", test_parallel_on_peer);
    g_test_add_func ("/cades/parallel/around_a_pdf", test_around_a_pdf);
    g_test_add_func ("/cades/parallel/refused", test_parallel_refused);
    g_test_add_func ("/cades/evidence_too_large", test_evidence_too_large);
    g_test_add_func ("/cms/en319142_6_3/pades_profile", test_pades_profile);
    g_test_add_func ("/cms/wrong_digest_length", test_wrong_digest_length);
    return g_test_run ();
}
