/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plain XMLDSig, byte for byte as portals expect it. */
#include <string.h>

#include "tests/unit/xml/making.h"

#define SAMPLE TAMGA_SHARED "/vectors/kz-nca/xml/enveloped_rsa_and_gost2015.xml"

/* What stands for one line end between elements, and for base64 of each kind. */
#define EXPECTED                                                                                   \
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><a><b>test</b>"                   \
    "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">|"                              \
    "<ds:SignedInfo>|"                                                                             \
    "<ds:CanonicalizationMethod "                                                                  \
    "Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>|"                             \
    "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>|"       \
    "<ds:Reference URI=\"\">|"                                                                     \
    "<ds:Transforms>|"                                                                             \
    "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>|"         \
    "<ds:Transform "                                                                               \
    "Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments\"/>|"                \
    "</ds:Transforms>|"                                                                            \
    "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>|"                    \
    "<ds:DigestValue>9KpJreFMA6K98mcu2hxdAe/vPzfl0uybYurT5DT/bTU=</ds:DigestValue>|"               \
    "</ds:Reference>|"                                                                             \
    "</ds:SignedInfo>|"                                                                            \
    "<ds:SignatureValue>|BASE64|</ds:SignatureValue>|"                                             \
    "<ds:KeyInfo>|"                                                                                \
    "<ds:X509Data>|"                                                                               \
    "<ds:X509Certificate>|BASE64|</ds:X509Certificate>|"                                           \
    "</ds:X509Data>|"                                                                              \
    "</ds:KeyInfo>|"                                                                               \
    "</ds:Signature></a>"

static char *replace_all (const char *text, const char *pattern, const char *by)
{
    g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);

    return g_regex_replace_literal (regex, text, -1, 0, by, 0, NULL);
}

/* Base64 in whole lines of 76 with that end (a pattern), as one word. */
static char *shorten (const char *text, const char *line_end)
{
    g_autofree char *pattern = g_strdup_printf (
        "(?<=[>\n])(?:[A-Za-z0-9+/]{76}%s){3,}[A-Za-z0-9+/=]{1,76}(?=[\r\n<])", line_end);

    return replace_all (text, pattern, "BASE64");
}

static char *text_of (GBytes *file)
{
    return g_strndup (g_bytes_get_data (file, NULL), g_bytes_get_size (file));
}

static GBytes *sign (Fixture *fixture, const Party *party, const char *text, TamgaXmlParameters xml,
                     GError **error)
{
    g_autoptr (TamgaDocument) document = making_document ("a.xml", text);
    TamgaSigningParameters parameters = {.xml = xml};

    return making_sign (fixture, party, "RSA-PKCS1-SHA-256", &tamga_xmldsig_format, document,
                        parameters, error);
}

static const struct {
    TamgaLayout layout;
    const char *between, *line_end;
} layouts[] = {
    {TAMGA_LAYOUT_LF, "\n", "\n"},
    {TAMGA_LAYOUT_CRLF, "\r\n", "&#13;\r\n"},
};

static void test_layouts (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "XML signer");

    for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++) {
        TamgaXmlParameters xml = {.layout = layouts[i].layout};
        g_autoptr (GBytes) file = sign (fixture, party, "<a><b>test</b></a>", xml, NULL);
        g_autoptr (GPtrArray) signatures = making_assert_intact (file, NULL, 1);
        g_autofree char *text = text_of (file), *expected = NULL, *shown = NULL;
        expected = replace_all (EXPECTED, "\\|", layouts[i].between);
        shown = shorten (text, layouts[i].line_end);
        g_assert_cmpstr (shown, ==, expected);
        g_assert_cmpstr (((TamgaSignature *)signatures->pdata[0])->format, ==, "XMLDSig");
        g_assert_true (making_xmlsec (fixture, file, 1));
    }
}

static void test_compact (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "XML signer");
    TamgaXmlParameters xml = {.layout = TAMGA_LAYOUT_COMPACT};
    g_autoptr (GBytes) file = sign (fixture, party, "<a><b>test</b></a>", xml, NULL);
    g_autoptr (GPtrArray) signatures = making_assert_intact (file, NULL, 1);
    g_autofree char *text = text_of (file);
    g_autofree char *expected = replace_all (EXPECTED, "\\|", "");
    g_autofree char *shown = replace_all (text, "(?<=>)[A-Za-z0-9+/=]{100,}(?=<)", "BASE64");

    g_assert_cmpstr (shown, ==, expected);
    g_assert_true (making_xmlsec (fixture, file, 1));
}

/* A file of the authority's own client has the same skeleton, read by a parser, and the same
 * digest. */
static void test_sample (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "XML signer");
    TamgaXmlParameters xml = {.layout = TAMGA_LAYOUT_CRLF};
    g_autoptr (GBytes) file = NULL;
    g_autofree char *sample = NULL, *one = NULL, *other = NULL, *text = NULL, *lines = NULL;
    const char *begin;

    if (!g_file_get_contents (SAMPLE, &sample, NULL, NULL)) {
        g_test_skip ("skipped: " SAMPLE " is missing");
        return;
    }
    file = sign (fixture, party, "<a><b>test</b></a>", xml, NULL);
    text = text_of (file);
    lines = replace_all (text, "\r\n", "\n");
    one = shorten (lines, "&#13;\n");
    other = shorten (sample, "&#13;\n");
    begin = strstr (other, "<a>");
    *(strstr (begin, "</ds:Signature>") + strlen ("</ds:Signature>")) = '\0';
    *(strstr (one, "</ds:Signature>") + strlen ("</ds:Signature>")) = '\0';
    g_assert_cmpstr (strstr (one, "<a>"), ==, begin);
}

/* With an element and a parent: reference "#Id", one transform, exclusive SignedInfo. */
static void test_element (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "XML signer");
    static const char *const elements[] = {"/root/part", NULL};
    TamgaXmlParameters xml = {.elements = elements, .parent = "/root/signatures"};
    g_autoptr (GBytes) file =
        sign (fixture, party, "<root><part Id=\"p1\">x</part><signatures/></root>", xml, NULL);
    g_autoptr (GPtrArray) signatures = making_assert_intact (file, NULL, 1);
    g_autofree char *text = text_of (file);

    g_assert_nonnull (
        strstr (text, "<signatures><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">"
                      "<ds:SignedInfo><ds:CanonicalizationMethod "
                      "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>"));
    g_assert_nonnull (
        strstr (text, "<ds:Reference URI=\"#p1\"><ds:Transforms><ds:Transform "
                      "Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments\"/>"
                      "</ds:Transforms>"));
    g_assert_true (making_xmlsec (fixture, file, 1));
}

/* A declaration that is there stays; XAdES things are refused. */
static void test_limits (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "XML signer");
    g_autoptr (TamgaDocument) letter = making_document ("letter.txt", "no XML");
    g_autoptr (TamgaDocument) document = making_document ("a.xml", "<a/>");
    TamgaClaims claims = {.locality = "Almaty"};
    const struct {
        TamgaDocument *document;
        TamgaSigningParameters parameters;
    } rows[] = {
        {letter, {.level = TAMGA_LEVEL_B}},
        {document, {.level = TAMGA_LEVEL_T}},
        {document, {.claims = &claims}},
        {document, {.packaging = TAMGA_PACKAGING_DETACHED}},
        {document, {.xml.c14n = "http://www.w3.org/TR/1999/REC-xslt-19991116"}},
    };
    g_autoptr (GBytes) file =
        sign (fixture, party, "<?xml version='1.0'?><a/>", (TamgaXmlParameters){0}, NULL);

    g_assert_cmpint (
        memcmp (g_bytes_get_data (file, NULL), "<?xml version='1.0'?><a><ds:Signature", 37), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) made =
            making_sign (fixture, party, "RSA-PKCS1-SHA-256", &tamga_xmldsig_format,
                         rows[i].document, rows[i].parameters, &error);
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
        g_assert_null (made);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/xml/xmldsig/layouts", test_layouts);
    g_test_add_func ("/xml/xmldsig/compact", test_compact);
    g_test_add_func ("/xml/xmldsig/sample", test_sample);
    g_test_add_func ("/xml/xmldsig/element", test_element);
    g_test_add_func ("/xml/xmldsig/limits", test_limits);
    return g_test_run ();
}
