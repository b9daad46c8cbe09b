/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timestamp responses made by OpenSSL's own responder: the checks pass, and no byte of what was
 * signed, of the signature or of the certificate can be changed. */
#include <string.h>

#include "client/timestamp/timestamp.h"
#include "tests/unit/trust/pki.h"

typedef struct {
    Entity *root, *tsa;
    TamgaProfile profile;
    TamgaTrust *trust;
    TamgaStatusContext context;
    GBytes *imprint;
    gint64 gen_time;
} Fixture;

static GBytes *imprint_of (const char *text)
{
    g_autoptr (GBytes) value = g_bytes_new (text, strlen (text));
    return tamga_digest_bytes (tamga_digest_by_name ("SHA-256"), value);
}

static void set_up (Fixture *f, gconstpointer data)
{
    f->root = pki_issue (NULL, "Root", PKI_CA, 0, 0);
    f->tsa = pki_issue (f->root, "TSA 1", data != NULL ? data : PKI_TSA, 0, 0);
    f->profile = (TamgaProfile){.name = (char *)"test",
                                .max_status_age = 3600,
                                .clock_tolerance = 60,
                                .tsa_policy = (char *)"1.2.3.4"};
    f->trust = tamga_trust_new ();
    tamga_trust_use (f->trust, f->root->certificate);
    f->context = (TamgaStatusContext){
        .profile = &f->profile, .trust = f->trust, .time = NOW, .now = NOW, .fresh = TRUE};
    f->imprint = imprint_of ("value");
    f->gen_time = NOW;
}

static void tear_down (Fixture *f, gconstpointer data)
{
    (void)data;
    entity_free (f->root);
    entity_free (f->tsa);
    tamga_trust_free (f->trust);
    g_bytes_unref (f->imprint);
}

static ASN1_INTEGER *serial (TS_RESP_CTX *context, void *data)
{
    (void)context;
    (void)data;
    ASN1_INTEGER *number = ASN1_INTEGER_new ();
    ASN1_INTEGER_set (number, 4711);
    return number;
}

static int moment (TS_RESP_CTX *context, void *data, long *seconds, long *micro)
{
    (void)context;
    *seconds = (long)((Fixture *)data)->gen_time;
    *micro = 0;
    return 1;
}

static GBytes *respond (Fixture *f, GBytes *request, const char *policy)
{
    TS_RESP_CTX *context = TS_RESP_CTX_new ();
    g_autoptr (ASN1_OBJECT) object = OBJ_txt2obj (policy, 1);
    TS_RESP_CTX_set_signer_cert (context, f->tsa->certificate);
    TS_RESP_CTX_set_signer_key (context, f->tsa->key);
    TS_RESP_CTX_set_signer_digest (context, EVP_sha256 ());
    TS_RESP_CTX_set_ess_cert_id_digest (context, EVP_sha256 ());
    TS_RESP_CTX_set_def_policy (context, object);
    TS_RESP_CTX_add_policy (context, object);
    TS_RESP_CTX_add_md (context, EVP_sha256 ());
    TS_RESP_CTX_set_accuracy (context, 1, 0, 0);
    TS_RESP_CTX_add_flags (context, TS_TSA_NAME);
    TS_RESP_CTX_set_serial_cb (context, serial, NULL);
    TS_RESP_CTX_set_time_cb (context, moment, f);
    gsize size;
    const void *data = g_bytes_get_data (request, &size);
    g_autoptr (BIO) bio = BIO_new_mem_buf (data, (int)size);
    g_autoptr (TS_RESP) response = TS_RESP_create_response (context, bio);
    g_assert_nonnull (response);
    TS_RESP_CTX_free (context);
    return tamga_ossl_der (i2d_TS_RESP, response);
}

static GBytes *request_new (Fixture *f)
{
    GBytes *request =
        tamga_tsa_request_new (f->imprint, tamga_digest_by_name ("SHA-256"), f->profile.tsa_policy);
    g_assert_nonnull (request);
    return request;
}

static TamgaTsaAnswer *check (Fixture *f, GBytes *request, GBytes *response)
{
    return tamga_tsa_check_response (&f->context, request, response, f->imprint, FALSE, NULL);
}

static void assert_fails (const TamgaTsaAnswer *answer, const char *name)
{
    g_assert_null (answer->token);
    guint failed = 0;
    for (guint i = 0; i < answer->checks->len; i++) {
        const TamgaTsaCheck *row = answer->checks->pdata[i];
        if (row->passed)
            continue;
        g_test_message ("%s: %s", row->name, row->text);
        g_assert_cmpstr (row->name, ==, name);
        failed++;
    }
    g_assert_cmpuint (failed, ==, 1);
}

static void test_good (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (GBytes) request = request_new (f);
    g_autoptr (GBytes) response = respond (f, request, "1.2.3.4");
    g_autoptr (TamgaTsaAnswer) answer = check (f, request, response);
    g_assert_nonnull (answer->token);
    g_assert_cmpuint (answer->checks->len, ==, 9);
    g_assert_cmpint (answer->gen_time, ==, NOW);
    g_assert_cmpstr (answer->tsa_name, ==, "TSA 1");
    g_assert_cmpstr (answer->policy, ==, "1.2.3.4");
    /* The token is the response's, byte for byte. */
    gsize size, token_size;
    const guint8 *whole = g_bytes_get_data (response, &size);
    const void *token = g_bytes_get_data (answer->token, &token_size);
    g_assert_true (memcmp (whole + size - token_size, token, token_size) == 0);
}

/* What is sent is an imprint: one of another length is none of that digest. */
static void test_imprint_length (Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_null (tamga_tsa_request_new (f->imprint, tamga_digest_by_name ("SHA-512"), NULL));
}

/* Two requests never share a nonce, and the answer to one is none to the other. */
static void test_replay (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (GBytes) first = request_new (f);
    g_autoptr (GBytes) second = request_new (f);
    g_assert_false (g_bytes_equal (first, second));
    g_autoptr (GBytes) response = respond (f, first, "1.2.3.4");
    g_autoptr (TamgaTsaAnswer) answer = check (f, second, response);
    assert_fails (answer, "nonce");
}

static void test_other_value (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (GBytes) request = request_new (f);
    g_autoptr (GBytes) response = respond (f, request, "1.2.3.4");
    g_bytes_unref (f->imprint);
    f->imprint = imprint_of ("valuE");
    g_autoptr (TamgaTsaAnswer) answer = check (f, request, response);
    assert_fails (answer, "imprint");
}

static void test_clock (Fixture *f, gconstpointer data)
{
    (void)data;
    static const struct {
        gint64 away;
        gboolean good;
    } rows[] = {{60, TRUE}, {-60, TRUE}, {61, FALSE}, {-61, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        f->gen_time = NOW + rows[i].away;
        g_autoptr (GBytes) request = request_new (f);
        g_autoptr (GBytes) response = respond (f, request, "1.2.3.4");
        g_autoptr (TamgaTsaAnswer) answer = check (f, request, response);
        if (rows[i].good)
            g_assert_nonnull (answer->token);
        else
            assert_fails (answer, "clock");
    }
}

/* UA 118: valid when the token was formed, whatever the time is now. */
static void test_formation (Fixture *f, gconstpointer data)
{
    (void)data;
    f->gen_time = NOW + 101 * DAY; /* the certificate ended a day before */
    f->context.now = f->context.time = f->gen_time;
    g_autoptr (GBytes) request = request_new (f);
    g_autoptr (GBytes) response = respond (f, request, "1.2.3.4");
    g_autoptr (TamgaTsaAnswer) late = check (f, request, response);
    g_assert_null (late->token);
    const TamgaTsaCheck *certificate = late->checks->pdata[3];
    g_assert_cmpstr (certificate->name, ==, "certificate");
    g_assert_false (certificate->passed);
}

static void test_flips (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (GBytes) request = request_new (f);
    g_autoptr (GBytes) response = respond (f, request, "1.2.3.4");
    gsize size, part_size;
    const guint8 *bytes = g_bytes_get_data (response, &size);
    const guint8 *at = bytes;
    g_autoptr (TS_RESP) parsed = d2i_TS_RESP (NULL, &at, (long)size);
    g_autoptr (GBytes) info = tamga_ossl_der (i2d_TS_TST_INFO, TS_RESP_get_tst_info (parsed));
    g_autoptr (GBytes) certificate = tamga_ossl_der (i2d_X509, f->tsa->certificate);
    PKCS7_SIGNER_INFO *signer =
        sk_PKCS7_SIGNER_INFO_value (PKCS7_get_signer_info (TS_RESP_get_token (parsed)), 0);
    g_autoptr (GBytes) signature = g_bytes_new (ASN1_STRING_get0_data (signer->enc_digest),
                                                (gsize)ASN1_STRING_length (signer->enc_digest));
    GBytes *parts[] = {info, certificate, signature};
    guint tried = 0;
    for (gsize p = 0; p < G_N_ELEMENTS (parts); p++) {
        const void *part = g_bytes_get_data (parts[p], &part_size);
        const guint8 *found = memmem (bytes, size, part, part_size);
        g_assert_nonnull (found);
        for (gsize i = 0; i < part_size; i++, tried++) {
            g_autofree guint8 *copy = g_memdup2 (bytes, size);
            copy[(gsize)(found - bytes) + i] ^= 1;
            g_autoptr (GBytes) changed = g_bytes_new (copy, size);
            g_autoptr (TamgaTsaAnswer) answer = check (f, request, changed);
            if (answer->token != NULL)
                g_test_fail_printf ("byte %zu of part %zu does not matter", i, p);
        }
    }
    g_assert_cmpuint (tried, >, 400);
    for (gsize cut = 0; cut < size; cut += 7) { /* and nothing that was cut short is accepted */
        g_autoptr (GBytes) shorter = g_bytes_new_from_bytes (response, 0, cut);
        g_autoptr (TamgaTsaAnswer) answer = check (f, request, shorter);
        g_assert_null (answer->token);
    }
}

#define CASE(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    CASE ("/ua_115_6/good", test_good);
    CASE ("/ua_115_6/no_byte_can_be_changed", test_flips);
    CASE ("/ua_115_6/other_value", test_other_value);
    CASE ("/rfc3161_2_4_1/imprint_length", test_imprint_length);
    CASE ("/rfc_3161_2_4_2/replay", test_replay);
    CASE ("/ua_103/clock", test_clock);
    CASE ("/ua_118/valid_at_formation", test_formation);
    return g_test_run ();
}
