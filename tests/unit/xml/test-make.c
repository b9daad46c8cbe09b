/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XAdES as it is made: read by ourselves and by xmlsec1, damaged, refused. */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/unit/xml/making.h"

static const char invoice[] =
    "<?xml version=\"1.0\"?>\n<!-- before -->\n<invoice xmlns=\"urn:test\" xmlns:o=\"urn:other\">\n"
    "  <o:line Id=\"line-1\">caf\xc3\xa9 &amp; <!-- inside --> 12</o:line>\r\n"
    "  <part Id=\"part-2\" xmlns=\"\">x &lt; y</part><empty/>\n</invoice>\n<!-- after -->\n";
static const char bare[] = "<note><!-- kept --><to>you</to></note>\n";

static const char *const c14ns[] = {"exc-c14n", "exc-c14n#WithComments",
                                    "c14n",     "c14n#WithComments",
                                    "c14n11",   "c14n11#WithComments"};

static const struct {
    const char *kind, *algorithm;
    gboolean xmlsec;
} keys[] = {
    {"RSA", "RSA-PKCS1-SHA-256", TRUE},
    {"RSA", "RSA-PSS-SHA-256", FALSE},
    {"P-256", "ECDSA-SHA-256", TRUE},
    {"P-384", "ECDSA-SHA-384", TRUE},
};

static const struct {
    const char *text, *name;
    TamgaPackaging packaging;
    const char *packaging_name;
} shapes[] = {
    {invoice, "invoice.xml", TAMGA_PACKAGING_DEFAULT, "enveloped"},
    {bare, "bare.xml", TAMGA_PACKAGING_ENVELOPING, "enveloping"},
    {invoice, "invoice.xml", TAMGA_PACKAGING_ENVELOPING, "enveloping"},
    {"no XML at all", "letter.txt", TAMGA_PACKAGING_DEFAULT, "enveloping"},
    {"no XML at all", "a letter \xc3\xa9.txt", TAMGA_PACKAGING_DETACHED, "detached"},
};

/* Detached content where xmlsec1 looks for it: under the URI of the reference. */
static void lay_out (Fixture *fixture, const char *name, const char *text)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
    g_autofree char *decoded = fixture_write (fixture, name, bytes);
    g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
    g_autofree char *encoded = fixture_write (fixture, escaped, bytes);
}

/* One byte of the file less one: not intact any more, or not read at all. */
static void assert_damage (GBytes *file, gsize at, GPtrArray *contents)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (file, &length);
    g_autofree guint8 *copy = g_memdup2 (data, length);
    g_autoptr (GBytes) damaged = NULL;
    g_autoptr (GPtrArray) signatures = NULL;

    copy[at] ^= 1;
    damaged = g_bytes_new (copy, length);
    signatures = making_read (damaged, contents, NULL);
    for (guint i = 0; signatures != NULL && i < signatures->len; i++)
        g_assert_cmpint (((TamgaSignature *)signatures->pdata[i])->integrity, !=,
                         TAMGA_INTEGRITY_INTACT);
}

/* Digits of the first digest and of the value: a wrong one is another one. */
static void assert_damages (GBytes *file, GPtrArray *contents)
{
    static const char *const marks[] = {"<ds:DigestValue>", "<xades:SigningTime>",
                                        "<ds:X509Certificate>"};
    gsize length;
    const char *data = g_bytes_get_data (file, &length);

    for (gsize i = 0; i < G_N_ELEMENTS (marks); i++) {
        const char *found = memmem (data, length, marks[i], strlen (marks[i]));
        g_assert_nonnull (found);
        assert_damage (file, (gsize)(found - data) + strlen (marks[i]) + 3, contents);
    }
}

static void check_shape (Fixture *fixture, const Party *party, gsize key, gsize shape,
                         TamgaLevel level, const char *c14n)
{
    g_autoptr (TamgaDocument) document = making_document (shapes[shape].name, shapes[shape].text);
    g_autoptr (GPtrArray) contents = tamga_document_list (document);
    gboolean detached = shapes[shape].packaging == TAMGA_PACKAGING_DETACHED;
    TamgaSigningParameters parameters = {
        .packaging = shapes[shape].packaging, .level = level, .xml.c14n = c14n};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) file = making_sign (fixture, party, keys[key].algorithm, &tamga_xades_format,
                                           document, parameters, &error);
    g_autoptr (GPtrArray) signatures = NULL;
    const TamgaSignature *signature;

    g_assert_no_error (error);
    signatures = making_assert_intact (file, detached ? contents : NULL, 1);
    signature = signatures->pdata[0];
    g_assert_cmpstr (signature->format, ==, "XAdES");
    g_assert_cmpstr (signature->packaging, ==, shapes[shape].packaging_name);
    g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
    g_assert_cmpint (signature->claimed_time, ==, MAKING_TIME);
    g_assert_cmpuint (signature->timestamps->len, ==, level >= TAMGA_LEVEL_T);
    g_assert_cmpint (signature->has_evidence, ==, level >= TAMGA_LEVEL_LT);
    if (detached)
        lay_out (fixture, shapes[shape].name, shapes[shape].text);
    g_assert_true (!keys[key].xmlsec || making_xmlsec (fixture, file, 1));
    assert_damages (file, detached ? contents : NULL);
}

static void test_matrix (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *parties[G_N_ELEMENTS (keys)];

    for (gsize key = 0; key < G_N_ELEMENTS (keys); key++)
        parties[key] = fixture_party (fixture, keys[key].kind, "XML signer");
    for (gsize key = 0; key < G_N_ELEMENTS (keys); key++) {
        for (gsize shape = 0; shape < G_N_ELEMENTS (shapes); shape++)
            check_shape (fixture, parties[key], key, shape, TAMGA_LEVEL_B, NULL);
    }
    for (gsize shape = 0; shape < G_N_ELEMENTS (shapes); shape++) {
        for (gsize i = 0; i < G_N_ELEMENTS (c14ns); i++)
            check_shape (fixture, parties[2], 2, shape, TAMGA_LEVEL_B, c14ns[i]);
    }
}

static void test_levels (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");

    for (gsize shape = 0; shape < G_N_ELEMENTS (shapes); shape++) {
        check_shape (fixture, party, 2, shape, TAMGA_LEVEL_T, c14ns[shape]);
        check_shape (fixture, party, 2, shape, TAMGA_LEVEL_LT, c14ns[5 - shape]);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/xml/make/matrix", test_matrix);
    g_test_add_func ("/xml/make/levels", test_levels);
    return g_test_run ();
}
