/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Broken, forged and enormous JWS: refused, or never intact. */
#include <string.h>

#include "formats/jose/base64.h"
#include "tests/unit/jose/carrier.h"

#define TEXT "{\"sum\": 100}"

/* A signature over any header: what others could write. */
static GBytes *forge (const Party *party, const char *header, const char *payload,
                      const char *members)
{
    g_autofree char *protected_text = tamga_base64url_encode (header, strlen (header));
    g_autofree char *input = g_strdup_printf ("%s.%s", protected_text, payload);
    g_autoptr (GBytes) bytes = carrier_text (input);
    g_autoptr (GBytes) raw =
        fixture_sign (party->key, tamga_algorithm_by_name ("RSA-PKCS1-SHA-256"), bytes);
    g_autofree char *value = tamga_base64url_encode_bytes (raw);
    g_autofree char *text =
        g_strdup_printf ("{\"payload\":\"%s\",\"protected\":\"%s\",\"signature\":\"%s\"%s}",
                         payload, protected_text, value, members);

    return carrier_text (text);
}

static char *certificate_text (X509 *certificate)
{
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);

    return tamga_base64_encode_bytes (der);
}

static TamgaIntegrity integrity_of (GBytes *file)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = carrier_read (file, NULL, &error);

    g_assert_no_error (error);
    g_test_message ("%s", ((TamgaSignature *)signatures->pdata[0])->integrity_text);
    return ((TamgaSignature *)signatures->pdata[0])->integrity;
}

/* Header members and what becomes of a signature with them that is right otherwise. */
static void test_headers (void)
{
    static const struct {
        const char *members;
        TamgaIntegrity integrity;
    } rows[] = {
        {"\"alg\":\"RS256\"", TAMGA_INTEGRITY_INTACT},
        {"\"alg\":\"RS256\",\"unknown\":1", TAMGA_INTEGRITY_INTACT},
        {"\"alg\":\"none\"", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"HS256\"", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"XY99\"", TAMGA_INTEGRITY_NOT_VERIFIABLE},
        {"\"alg\":\"ES256\"", TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE},
        {"\"typ\":\"JOSE\"", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"alg\":\"RS256\"", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"crit\":[\"later\"],\"later\":1", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"crit\":\"later\",\"later\":1", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"crit\":[\"sigT\"]", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"crit\":[]", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"crit\":[1]", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"crit\":{}", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"sigT\":\"2026-01-01T00:00:00Z\",\"crit\":[\"sigT\",\"sigT\"]",
         TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"b64\":false", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"b64\":\"false\",\"crit\":[\"b64\"]", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"b64\":false,\"crit\":[\"b64\"]", TAMGA_INTEGRITY_INTACT},
        {"\"alg\":\"RS256\",\"sigD\":{}", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"alg\":\"RS256\",\"sigD\":{\"mId\":\"x\",\"pars\":[\"a\"]}",
         TAMGA_INTEGRITY_FORMAT_FAILURE},
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "Signer");
    g_autofree char *certificate = certificate_text (party->certificate);
    g_autofree char *payload = tamga_base64url_encode (TEXT, strlen (TEXT));

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *header =
            g_strdup_printf ("{%s,\"x5c\":[\"%s\"]}", rows[i].members, certificate);
        g_autoptr (GBytes) file = forge (party, header, payload, "");
        g_test_message ("%s", rows[i].members);
        g_assert_cmpint (integrity_of (file), ==, rows[i].integrity);
    }
}

/* Names that are not under the signature must not decide anything. */
static void test_unprotected (void)
{
    static const char *const members[] = {
        ",\"header\":{\"crit\":[\"x\"],\"x\":1}",
        ",\"header\":{\"b64\":false}",
        ",\"header\":{\"alg\":\"RS256\"}",
        ",\"header\":[]",
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "Signer");
    g_autofree char *certificate = certificate_text (party->certificate);
    g_autofree char *header = g_strdup_printf ("{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}", certificate);

    for (gsize i = 0; i < G_N_ELEMENTS (members); i++) {
        g_autoptr (GBytes) file = forge (party, header, "QQ", members[i]);
        g_assert_cmpint (integrity_of (file), ==, TAMGA_INTEGRITY_FORMAT_FAILURE);
    }
}

/* A certificate of somebody else for the same key. */
static void test_other_certificate (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "Signer");
    g_autoptr (X509) twin = fixture_twin (fixture, party, "Somebody else");
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, party->certificate);
    g_autoptr (GBytes) digest = tamga_digest_bytes (tamga_digest_by_name ("SHA-256"), der);
    g_autofree char *reference = tamga_base64url_encode_bytes (digest);
    g_autofree char *certificate = certificate_text (twin);
    g_autofree char *header =
        g_strdup_printf ("{\"alg\":\"RS256\",\"x5t#S256\":\"%s\",\"iat\":1795341600}", reference);
    g_autofree char *members = g_strdup_printf (",\"header\":{\"x5c\":[\"%s\"]}", certificate);
    g_autoptr (GBytes) file = forge (party, header, "QQ", members);
    g_autoptr (GPtrArray) signatures = carrier_read (file, NULL, NULL);

    g_assert_cmpint (((TamgaSignature *)signatures->pdata[0])->binding, ==, TAMGA_BINDING_MISMATCH);
}

/* One text only for the same bytes (RFC 7515 2). */
static void test_other_encodings (void)
{
    static const char *const payloads[] = {"QR", "QQ==", "QQ=", "Q", " QQ", "QQ\\n", "Q+", "Q/"};
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "Signer");
    g_autofree char *certificate = certificate_text (party->certificate);
    g_autofree char *header = g_strdup_printf ("{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}", certificate);

    for (gsize i = 0; i < G_N_ELEMENTS (payloads); i++) {
        g_autoptr (GBytes) file = forge (party, header, payloads[i], "");
        g_assert_cmpint (integrity_of (file), ==, TAMGA_INTEGRITY_FORMAT_FAILURE);
    }
}

static GBytes *make_signed (Fixture *fixture, TamgaJoseSerialization form, TamgaLevel level)
{
    g_autoptr (TamgaDocument) document = carrier_document ("file.json", TEXT);
    g_autoptr (GError) error = NULL;
    GBytes *file =
        carrier_sign (fixture, fixture_party (fixture, "P-256", "Signer"), "ECDSA-SHA-256",
                      document, (TamgaSigningParameters){.jose = form, .level = level}, &error);

    g_assert_no_error (error);
    return file;
}

/* Every byte of a compact JWS is covered: whichever changes, nothing stays intact. */
static void test_every_byte (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) file = make_signed (fixture, TAMGA_JOSE_COMPACT, TAMGA_LEVEL_B);
    gsize length;
    const guint8 *data = g_bytes_get_data (file, &length);

    for (gsize i = 0; i < length; i++) {
        guint8 *copy = g_memdup2 (data, length);
        g_autoptr (GBytes) changed = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        changed = g_bytes_new_take (copy, length);
        signatures = carrier_read (changed, NULL, NULL);
        g_assert_true (signatures == NULL || ((TamgaSignature *)signatures->pdata[0])->integrity !=
                                                 TAMGA_INTEGRITY_INTACT);
    }
}

/* Cut anywhere: an error, or not intact. */
static void test_truncated (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    static const TamgaJoseSerialization forms[] = {TAMGA_JOSE_COMPACT, TAMGA_JOSE_GENERAL};

    for (gsize form = 0; form < G_N_ELEMENTS (forms); form++) {
        g_autoptr (GBytes) file = make_signed (fixture, forms[form], TAMGA_LEVEL_B);
        for (gsize length = 0; length < g_bytes_get_size (file); length++) {
            g_autoptr (GBytes) part = g_bytes_new_from_bytes (file, 0, length);
            g_autoptr (GPtrArray) signatures = carrier_read (part, NULL, NULL);
            g_autoptr (TamgaDocument) document = tamga_document_new ("part", part);
            tamga_jades_format.probe (document);
            g_assert_true (signatures == NULL ||
                           ((TamgaSignature *)signatures->pdata[0])->integrity !=
                               TAMGA_INTEGRITY_INTACT);
        }
    }
}

static char *repeat (const char *begin, const char *piece, guint n, const char *end)
{
    GString *text = g_string_new (begin);

    for (guint i = 0; i < n; i++) {
        g_string_append (text, i > 0 ? "," : "");
        g_string_append (text, piece);
    }
    g_string_append (text, end);
    return g_string_free (text, FALSE);
}

/* Enormous ones are refused at once. */
static void test_limits (void)
{
    g_autofree char *signatures =
        repeat ("{\"payload\":\"QQ\",\"signatures\":[",
                "{\"protected\":\"e30\",\"signature\":\"QQ\"}", 100000, "]}");
    g_autofree char *many = repeat ("{\"payload\":\"QQ\",\"signatures\":[", "0", 2000000, "]}");
    g_autofree char *deep = g_strnfill (1000000, '[');
    g_autofree char *nested = g_strconcat ("{\"payload\":", deep, NULL);
    const char *const texts[] = {signatures, many, nested};

    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
        g_autoptr (GBytes) file = carrier_text (texts[i]);
        g_autoptr (GError) error = NULL;
        gint64 start = g_get_monotonic_time ();
        g_assert_null (carrier_read (file, NULL, &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT);
        g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
    }
}

static void test_too_many_objects (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "Signer");
    g_autofree char *pars = repeat ("{\"alg\":\"RS256\",\"sigD\":{\"mId\":\"x\",\"pars\":[",
                                    "\"a\"", 100000, "]},\"crit\":[\"sigD\"]}");
    g_autoptr (GBytes) file = forge (party, pars, "", "");
    g_autoptr (GError) error = NULL;

    g_assert_null (carrier_read (file, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT);
}

/* Neither a JWS, nor taken for one. */
static void test_others (void)
{
    static const char *const texts[] = {
        "x",
        "{}",
        "[]",
        "{\"payload\": \"text of a web service\"}",
        "{\"payload\": \"x\", \"signature\": \"me\"}",
        "{\"signatures\": []}",
        "{\"signatures\": [\"A\", \"B\"], \"petition\": \"for trees\"}",
        "{\"protected\": true, \"signature\": 1}",
        "eyJhbGciOiJSUzI1NiJ9 is the beginning.of a.sentence",
        "example.org.tr is a name with two dots",
        "e.g. this",
        "{\"payload\":\"\",\"payload\":\"\",",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
        g_autoptr (GBytes) file = carrier_text (texts[i]);
        g_autoptr (TamgaDocument) document = tamga_document_new ("other", file);
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        g_assert_false (tamga_jades_format.probe (document));
        signatures = carrier_read (file, NULL, &error);
        g_assert_true (error != NULL || ((TamgaSignature *)signatures->pdata[0])->integrity !=
                                            TAMGA_INTEGRITY_INTACT);
    }
}

/* Duplicate members: which one counts depends on the reader (RFC 7515 4). */
static void test_duplicates (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) file = make_signed (fixture, TAMGA_JOSE_FLATTENED, TAMGA_LEVEL_B);
    g_autoptr (GBytes) twice =
        carrier_replace (file, "{\"payload\"", "{\"payload\":\"QQ\",\"payload\"");
    g_autoptr (GError) error = NULL;

    g_assert_null (carrier_read (twice, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* What detached signatures of others sign: the texts that contribute, and the header saying so. */
static void test_mechanisms (void)
{
    static const struct {
        const char *members, *payload;
        TamgaIntegrity integrity;
    } rows[] = {
        {"\"kid\":\"x\"", "b25l", TAMGA_INTEGRITY_INTACT},
        {"\"b64\":false,\"crit\":[\"b64\"]", "one", TAMGA_INTEGRITY_INTACT},
        {"\"kid\":\"x\"", "dHdv", TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE},
        {"\"sigD\":{\"mId\":\"http://uri.etsi.org/19182/ObjectIdByURI\",\"pars\":[\"x/two\","
         "\"one\"]},\"crit\":[\"sigD\"]",
         "dHdvb25l", TAMGA_INTEGRITY_INTACT},
        {"\"sigD\":{\"mId\":\"http://uri.etsi.org/19182/ObjectIdByURI\",\"pars\":[\"one\","
         "\"two\"]},\"crit\":[\"sigD\"]",
         "dHdvb25l", TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE},
        {"\"sigD\":{\"mId\":\"http://uri.etsi.org/19182/ObjectIdByURI\",\"pars\":[\"one\","
         "\"none\"]},\"crit\":[\"sigD\"]",
         "dHdvb25l", TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND},
        {"\"sigD\":{\"mId\":\"http://uri.etsi.org/19182/ObjectIdByURI\",\"pars\":[\"one\","
         "\"one\"]},\"crit\":[\"sigD\"]",
         "b25lb25l", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"\"sigD\":{\"mId\":\"http://uri.etsi.org/19182/HttpHeaders\",\"pars\":[\"one\"]},"
         "\"crit\":[\"sigD\"]",
         "b25l", TAMGA_INTEGRITY_NOT_VERIFIABLE},
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "Signer");
    g_autofree char *certificate = certificate_text (party->certificate);
    g_autoptr (TamgaDocument) one = carrier_document ("folder/one", "one");
    g_autoptr (TamgaDocument) two = carrier_document ("folder/two", "two");
    g_autoptr (GPtrArray) contents = tamga_document_list (one);

    g_ptr_array_add (contents, tamga_document_ref (two));
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *header = g_strdup_printf ("{\"alg\":\"RS256\",%s,\"x5c\":[\"%s\"]}",
                                                   rows[i].members, certificate);
        g_autofree char *payload = g_strdup_printf ("\"payload\":\"%s\"", rows[i].payload);
        g_autoptr (GBytes) file = forge (party, header, rows[i].payload, "");
        g_autoptr (GBytes) detached = carrier_replace (file, payload, "\"payload\":\"\"");
        g_autoptr (GPtrArray) signatures = NULL;
        g_test_message ("%s", rows[i].members);
        signatures = carrier_assert (detached, contents, 1, rows[i].integrity);
        g_assert_cmpstr (((TamgaSignature *)signatures->pdata[0])->packaging, ==, "detached");
    }
}

/* No canonical form is defined for components in the clear: no archive timestamp is pretended. */
static void test_clear_components (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "Signer");
    g_autofree char *certificate = certificate_text (party->certificate);
    g_autofree char *header = g_strdup_printf ("{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}", certificate);
    g_autoptr (GBytes) file =
        forge (party, header, "QQ", ",\"header\":{\"etsiU\":[ {\"xVals\" : []} ]}");
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) stamped =
        carrier_extend (fixture, file, NULL, &(TamgaExtension){.timestamp = TRUE}, &error);
    g_autoptr (GPtrArray) signatures = NULL;

    g_assert_no_error (error);
    signatures = carrier_assert (stamped, NULL, 1, TAMGA_INTEGRITY_INTACT);
    carrier_assert_stamped (signatures->pdata[0], 1);
    g_assert_null (
        carrier_extend (fixture, file, NULL, &(TamgaExtension){.archive = TRUE}, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/jose/hostile/headers", test_headers);
    g_test_add_func ("/jose/hostile/unprotected", test_unprotected);
    g_test_add_func ("/jose/hostile/other-certificate", test_other_certificate);
    g_test_add_func ("/jose/hostile/other-encodings", test_other_encodings);
    g_test_add_func ("/jose/hostile/every-byte", test_every_byte);
    g_test_add_func ("/jose/hostile/truncated", test_truncated);
    g_test_add_func ("/jose/hostile/limits", test_limits);
    g_test_add_func ("/jose/hostile/too-many-objects", test_too_many_objects);
    g_test_add_func ("/jose/hostile/others", test_others);
    g_test_add_func ("/jose/hostile/duplicates", test_duplicates);
    g_test_add_func ("/jose/hostile/mechanisms", test_mechanisms);
    g_test_add_func ("/jose/hostile/clear-components", test_clear_components);
    return g_test_run ();
}
