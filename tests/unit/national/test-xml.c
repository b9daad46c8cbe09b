/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XML signatures with national keys: samples of a portal, ours in the same words, what is not known
 * here, every octet changed; and refusals of what has no identifier. */
#include <glib.h>
#include <string.h>

#include "formats/jose/jades.h"
#include "formats/xml/xades.h"
#include "tests/unit/national/samples.h"

#define SAMPLE "kz-nca/xml/enveloped_gost2015.xml"
#define TWO_SIGNERS "kz-nca/xml/enveloped_rsa_and_gost2015.xml"
#define ALGORITHMS "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"

/* ---- Reading ---- */

static const struct {
    const char *file;
    const char *content; /* something of it */
    const char *algorithms[2];
    TamgaIntegrity first; /* of the first signature, as the file is */
} samples[] = {
    {SAMPLE, "QCxn00hf", {"GOST-34.10-2015-512", NULL}, TAMGA_INTEGRITY_INTACT},
    /* The second signer put his signature into what the first had signed as a whole. */
    {TWO_SIGNERS,
     "<b>test",
     {"RSA-PKCS1-SHA-256", "GOST-34.10-2015-512"},
     TAMGA_INTEGRITY_HASH_FAILURE},
};

static void assert_all (GPtrArray *signatures, gsize sample, TamgaIntegrity first,
                        TamgaIntegrity last)
{
    guint n = samples[sample].algorithms[1] != NULL ? 2 : 1;

    g_assert_cmpuint (signatures->len, ==, n);
    for (guint i = 0; i < n; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        g_assert_cmpstr (signature->algorithm_text, ==, samples[sample].algorithms[i]);
        g_assert_cmpint (signature->integrity, ==, i + 1 < n ? first : last);
    }
}

static void test_samples (void)
{
    if (!samples_there ())
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (samples); i++) {
        g_autoptr (GBytes) file = samples_load (samples[i].file);
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = samples_read (file, NULL, &error);
        g_autofree char *other = g_strdup (samples[i].content);
        g_assert_no_error (error);
        assert_all (signatures, i, samples[i].first, TAMGA_INTEGRITY_INTACT);
        other[strlen (other) - 1] ^= 1;
        g_autoptr (GBytes) changed =
            samples_patch (file, samples[i].content, other, strlen (other));
        g_autoptr (GPtrArray) broken = samples_read (changed, NULL, NULL);
        assert_all (broken, i, TAMGA_INTEGRITY_HASH_FAILURE, TAMGA_INTEGRITY_HASH_FAILURE);
    }
}

/* ---- Making, in the words of the sample ---- */

static const struct {
    TamgaLayout layout;
    const char *between, *in_base64; /* of the sample's line ends, as this layout has them */
} layouts[] = {
    {TAMGA_LAYOUT_CRLF, "\r\n", "&#13;\r\n"},
    {TAMGA_LAYOUT_LF, "\n", "\n"},
    {TAMGA_LAYOUT_COMPACT, "", ""},
};

static char *replace (const char *text, const char *from, const char *to)
{
    g_auto (GStrv) parts = g_strsplit (text, from, -1);
    return g_strjoinv (to, parts);
}

/* The text with the base64 of an element left out. */
static char *without (const char *text, const char *element)
{
    g_autofree char *begin = g_strdup_printf ("<ds:%s>", element);
    g_autofree char *end = g_strdup_printf ("</ds:%s>", element);
    const char *from = strstr (text, begin), *to = strstr (text, end);

    g_assert_nonnull (from);
    g_assert_nonnull (to);
    g_autofree char *head = g_strndup (text, (gsize)(from - text));
    return g_strconcat (head, begin, to, NULL);
}

static char *skeleton (const char *text)
{
    g_autofree char *no_value = without (text, "SignatureValue");
    return without (no_value, "X509Certificate");
}

static char *text_of (GBytes *bytes)
{
    return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* The document of the sample as it was before. */
static TamgaDocument *unsigned_document (const char *sample)
{
    const char *from = strstr (sample, "<ds:Signature "), *to = strstr (sample, "</ds:Signature>");
    g_autofree char *head = g_strndup (sample, (gsize)(from - sample));
    char *text = g_strconcat (head, to + strlen ("</ds:Signature>"), NULL);
    g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));

    return tamga_document_new ("test.xml", bytes);
}

/* The digest is the sample's, the value is as long in the same number of lines. */
static void assert_layout (const char *made, const char *sample, gsize layout)
{
    g_autofree char *base64 = replace (sample, "&#13;\n", "\001");
    g_autofree char *lines = replace (base64, "\n", layouts[layout].between);
    g_autofree char *expected = replace (lines, "\001", layouts[layout].in_base64);
    g_autofree char *ours = skeleton (made), *theirs = skeleton (expected);
    const char *own_value = strstr (made, "<ds:SignatureValue>");
    const char *other_value = strstr (expected, "<ds:SignatureValue>");

    g_assert_cmpstr (ours, ==, theirs);
    g_assert_cmpint (strstr (own_value, "</ds:SignatureValue>") - own_value, ==,
                     strstr (other_value, "</ds:SignatureValue>") - other_value);
}

static void test_layouts (void)
{
    if (!samples_there ())
        return;
    g_autoptr (Signer) signer = samples_signer ("kz-nca/p12/gokalkan_gost1.p12", "Qwerty12");
    g_autoptr (GBytes) sample_bytes = samples_load (SAMPLE);
    g_autofree char *sample = text_of (sample_bytes);
    g_autoptr (TamgaDocument) document = unsigned_document (sample);
    for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++) {
        const TamgaSigningParameters parameters = {.xml = {.layout = layouts[i].layout}};
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) file =
            samples_sign (signer, &tamga_xmldsig_format, document, parameters, &error);
        g_assert_no_error (error);
        g_autofree char *made = text_of (file);
        assert_layout (made, sample, i);
        g_autoptr (GPtrArray) signatures = samples_read (file, NULL, &error);
        g_assert_no_error (error);
        const TamgaSignature *signature = signatures->pdata[0];
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
        g_assert_cmpuint (g_bytes_get_size (signature->signature_value), ==, 128);
    }
}

static void test_xades (void)
{
    if (!samples_there ())
        return;
    g_autoptr (Signer) signer = samples_signer ("kz-nca/p12/gokalkan_gost1.p12", "Qwerty12");
    g_autoptr (GBytes) bytes = g_bytes_new_static ("<a/>", 4);
    g_autoptr (TamgaDocument) document = tamga_document_new ("a.xml", bytes);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) file = samples_sign (signer, &tamga_xades_format, document,
                                            (TamgaSigningParameters){.signing_time = 0}, &error);
    g_assert_no_error (error);
    g_autoptr (GPtrArray) signatures = samples_read (file, NULL, &error);
    g_assert_no_error (error);
    const TamgaSignature *signature = signatures->pdata[0];
    g_assert_cmpstr (signature->format, ==, "XAdES");
    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
}

/* ---- Not known here ---- */

static void test_unknown (void)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"SignatureMethod Algorithm=\"" ALGORITHMS "gostr34102015-gostr34112015-512",
         "SignatureMethod Algorithm=\"" ALGORITHMS "ozdst1092-2009-ozdst1106-09-512"},
        {"DigestMethod Algorithm=\"" ALGORITHMS "gostr34112015-512",
         "DigestMethod Algorithm=\"" ALGORITHMS "ozdst1106-09-512-"},
    };

    if (!samples_there ())
        return;
    g_autoptr (GBytes) file = samples_load (SAMPLE);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_assert_cmpuint (strlen (rows[i].from), ==, strlen (rows[i].to));
        g_autoptr (GBytes) patched =
            samples_patch (file, rows[i].from, rows[i].to, strlen (rows[i].to));
        g_autoptr (GPtrArray) signatures = samples_read (patched, NULL, NULL);
        const TamgaSignature *signature = signatures->pdata[0];
        g_test_message ("%s", signature->integrity_text);
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_NOT_VERIFIABLE);
        g_assert_nonnull (strstr (signature->integrity_text, "ozdst"));
    }
}

/* ---- Every octet ---- */

static void test_every_octet (void)
{
    if (!samples_there ())
        return;
    g_autoptr (GBytes) file = samples_load (SAMPLE);
    g_autoptr (GPtrArray) good = samples_read (file, NULL, NULL);
    samples_assert_no_flip_passes (file, NULL, good);
}

/* ---- Refusals ---- */

static void test_refusals (void)
{
    static const struct {
        const char *format, *algorithm, *text;
    } rows[] = {
        {"xades", "DSTU-4145-GOST-34.311", "has no identifier in XML signatures"},
        {"xmldsig", "DSTU-4145-GOST-34.311", "has no identifier in XML signatures"},
        {"asic-e-xades", "DSTU-4145-GOST-34.311", "has no identifier in XML signatures"},
        {"asic-s-xades", "DSTU-4145-Kupyna-256", "has no identifier in XML signatures"},
        {"jades", "DSTU-4145-GOST-34.311", "has no name in JSON signatures"},
        {"jades", "GOST-34.10-2015-512", "has no name in JSON signatures"},
    };

    if (!samples_there ())
        return;
    g_autoptr (GBytes) der = samples_load ("ua-dstu/certs/diia-test-kep-7775604.cer");
    g_autoptr (X509) certificate = tamga_ossl_certificate (der);
    g_autoptr (GBytes) bytes = g_bytes_new_static ("<a/>", 4);
    g_autoptr (TamgaDocument) document = tamga_document_new ("a.xml", bytes);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        const TamgaSigningParameters parameters = {
            .algorithm = tamga_algorithm_by_name (rows[i].algorithm), .certificate = certificate};
        g_autoptr (GError) error = NULL;
        g_autoptr (TamgaPreparation) preparation =
            tamga_format_by_name (rows[i].format)->prepare (document, &parameters, &error);
        g_assert_null (preparation);
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM);
        g_assert_nonnull (strstr (error->message, rows[i].algorithm));
        g_assert_nonnull (strstr (error->message, rows[i].text));
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    g_test_add_func ("/national/xml/samples", test_samples);
    g_test_add_func ("/national/xml/layouts", test_layouts);
    g_test_add_func ("/national/xml/xades", test_xades);
    g_test_add_func ("/national/xml/unknown", test_unknown);
    g_test_add_func ("/national/xml/every-octet", test_every_octet);
    g_test_add_func ("/national/xml/refusals", test_refusals);
    return g_test_run ();
}
