/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XAdES as it is made: read by ourselves and by xmlsec1, damaged, refused. */
#include <glib/gstdio.h>
#include <string.h>

#include "formats/cms/token.h"
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

/* ---- What the signer says ---- */

static void test_claims (void)
{
    static const char *const commitments[] = {"1.2.840.113549.1.9.16.6.1", NULL};
    static const char *const roles[] = {"director \"<&>\" \xd0\xb4", "clerk", NULL};
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    const TamgaDigest *digest = tamga_digest_by_name ("SHA-256");
    g_autoptr (GBytes) policy_text = g_bytes_new_static ("policy", 6);
    g_autoptr (GBytes) policy_value = tamga_digest_bytes (digest, policy_text);
    TamgaPolicy policy = {"1.2.3.4", digest, policy_value, "https://policy.example/?a=1&b=2"};
    TamgaClaims claims = {.policy = &policy,
                          .commitments = commitments,
                          .roles = roles,
                          .locality = "Almaty",
                          .country = "KZ"};
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-256");
    TamgaSigningParameters parameters = {.claims = &claims, .content_stamper = &stamper};

    for (gsize shape = 0; shape < G_N_ELEMENTS (shapes); shape++) {
        g_autoptr (TamgaDocument) document =
            making_document (shapes[shape].name, shapes[shape].text);
        g_autoptr (GPtrArray) contents = tamga_document_list (document);
        gboolean detached = shapes[shape].packaging == TAMGA_PACKAGING_DETACHED;
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) file = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        g_autoptr (TamgaToken) token = NULL;
        const TamgaSignature *signature;
        const TamgaTimestamp *timestamp;
        parameters.packaging = shapes[shape].packaging;
        file = making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xades_format, document,
                            parameters, &error);
        g_assert_no_error (error);
        signatures = making_assert_intact (file, detached ? contents : NULL, 1);
        signature = signatures->pdata[0];
        g_assert_cmpstr (signature->policy_oid, ==, "1.2.3.4");
        g_assert_cmpuint (signature->roles->len, ==, 2);
        g_assert_cmpstr (signature->roles->pdata[0], ==, roles[0]);
        g_assert_cmpuint (signature->commitments->len, ==, 1);
        g_assert_cmpstr (signature->commitments->pdata[0], ==, commitments[0]);
        g_assert_nonnull (strstr (signature->location, "Almaty"));
        g_assert_cmpuint (signature->timestamps->len, ==, 1);
        timestamp = signature->timestamps->pdata[0];
        g_assert_cmpint (timestamp->kind, ==, TAMGA_TIMESTAMP_CONTENT);
        token = tamga_token_parse (timestamp->token, NULL);
        g_assert_true (tamga_token_covers_digest (token, timestamp->covered_digest));
        if (detached)
            lay_out (fixture, shapes[shape].name, shapes[shape].text);
        g_assert_true (making_xmlsec (fixture, file, 1));
    }
}

/* ---- What is signed, and where it goes ---- */

static void test_elements (void)
{
    static const char *const two[] = {"#line-1", "/invoice/part", NULL};
    static const char *const last[] = {"/root/b[2]", NULL};
    static const char *const around[] = {"/root", NULL};
    static const struct {
        const char *text;
        const char *const *elements;
        const char *parent;
    } rows[] = {
        {"<invoice><line Id='line-1'/><part Id='part-2'> <x/> </part></invoice>", two, NULL},
        {"<root xmlns='urn:r'><b/><b id='b2'><!-- c --></b><to><here/></to></root>", last,
         "/root/to/here"},
        {"<o:root xmlns:o='urn:r' ID='r'><b/><o:c xml:id='c1'/></o:root>", NULL, "/o:root/o:c"},
        {"<root Id='r'><b/></root>", around, "/root/b"},
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS (c14ns); j++) {
            g_autoptr (TamgaDocument) document = making_document ("parts.xml", rows[i].text);
            TamgaSigningParameters parameters = {
                .xml = {.elements = rows[i].elements, .parent = rows[i].parent, .c14n = c14ns[j]}};
            g_autoptr (GError) error = NULL;
            g_autoptr (GBytes) file = making_sign (
                fixture, party, "ECDSA-SHA-256", &tamga_xades_format, document, parameters, &error);
            g_assert_no_error (error);
            g_ptr_array_unref (making_assert_intact (file, NULL, 1));
        }
    }
}

/* The end of the root is found in the bytes, whatever looks like it: the file is the document with
 * the signature there, and nothing else of it changes. */
static void test_end_of_root (void)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"<a>text", "</a>"},
        {"<!-- <a></a> --><a b='/a>'><![CDATA[</a>]]><!-- </a> --><?p </a>?>",
         "</a >\n<!--</a>-->"},
        {"<a><a><a/></a>", "</a\n><?last <a></a>?>"},
        {"<?xml version='1.0' encoding='ISO-8859-1'?><x:\xe9 xmlns:x='urn:x'><x:b/>", "</x:\xe9>"},
        {"\xef\xbb\xbf<a>Signature", "</a>"},
        {"<a><Signature xmlns='urn:other'/>", "</a>"},
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *text = g_strconcat (rows[i].before, rows[i].after, NULL);
        g_autoptr (TamgaDocument) document = making_document ("root.xml", text);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) file = making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xades_format,
                                               document, (TamgaSigningParameters){0}, &error);
        gsize length, before = strlen (rows[i].before), after = strlen (rows[i].after);
        const char *data;
        g_test_message ("row %" G_GSIZE_FORMAT, i);
        g_assert_no_error (error);
        g_ptr_array_unref (making_assert_intact (file, NULL, 1));
        data = g_bytes_get_data (file, &length);
        g_assert_cmpmem (data, before, rows[i].before, before);
        g_assert_cmpmem (data + before, strlen ("<ds:Signature"), "<ds:Signature",
                         strlen ("<ds:Signature"));
        g_assert_cmpmem (data + length - after, after, rows[i].after, after);
    }
}

/* What no parser accepts is said of the document at its own line, not of one with a signature. */
static void test_malformed (void)
{
    static const char *const rows[] = {
        "<a>\n<b></a>",  "<a>\n</b>",        "<a>\n</a></a>", "<a>\n&none;</a>",
        "<a>\n<!--</a>", "<a>\n</a><b></b>", "<a>\n</a>text", "<a>\n\xff</a>",
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (TamgaDocument) document = making_document ("broken.xml", rows[i]);
        g_autoptr (GError) error = NULL;
        g_assert_null (making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xades_format, document,
                                    (TamgaSigningParameters){0}, &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
        g_assert_true (g_str_has_prefix (error->message, "broken.xml"));
        g_assert_nonnull (strstr (error->message, "line 2"));
    }
}

/* A signature is not put where the file could not be read any more. */
static void test_too_deep (void)
{
    enum { DEPTH = 250 };
    g_autoptr (GString) text = g_string_new (NULL), path = g_string_new (NULL);
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    g_autoptr (TamgaDocument) document = NULL;
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i < DEPTH; i++) {
        g_string_append (text, "<a>");
        g_string_append (path, "/a");
    }
    g_string_append (text, "<b/>");
    for (guint i = 0; i < DEPTH; i++)
        g_string_append (text, "</a>");
    document = making_document ("deep.xml", text->str);
    g_assert_null (making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xades_format, document,
                                (TamgaSigningParameters){.xml = {.parent = path->str}}, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT);
}

/* Several documents, each under its name. */
static void test_documents (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "RSA", "XML signer");
    g_autoptr (GPtrArray) contents =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);
    g_autoptr (GPtrArray) others =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_document_unref);
    TamgaSigningParameters parameters = {.packaging = TAMGA_PACKAGING_DETACHED,
                                         .documents = others};
    g_autoptr (GBytes) file = NULL, refused = NULL;
    g_autoptr (GPtrArray) signatures = NULL;
    g_autoptr (GError) error = NULL;

    for (gsize i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf ("/some/where/%c%% & b.txt", (int)('x' + i));
        TamgaDocument *document = making_document (name, name);
        g_ptr_array_add (contents, document);
        if (i > 0)
            g_ptr_array_add (others, tamga_document_ref (document));
    }
    file = making_sign (fixture, party, "RSA-PSS-SHA-256", &tamga_xades_format, contents->pdata[0],
                        parameters, &error);
    g_assert_no_error (error);
    signatures = making_assert_intact (file, contents, 1);
    g_assert_cmpuint (((TamgaSignature *)signatures->pdata[0])->objects->len, >=, 3);
    /* The same name twice cannot be told apart. */
    g_ptr_array_add (others, tamga_document_ref (contents->pdata[0]));
    refused = making_sign (fixture, party, "RSA-PSS-SHA-256", &tamga_xades_format,
                           contents->pdata[0], parameters, &error);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    g_assert_null (refused);
}

/* As containers use it: twice into the same file. */
static void test_objects (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-384", "XML signer");
    g_autoptr (TamgaDocument) content = making_document ("a b.txt", "container content");
    g_autoptr (GPtrArray) contents = tamga_document_list (content);
    const TamgaDigest *digest = tamga_digest_by_name ("SHA-384");
    TamgaXmlObject object = {.uri = (char *)"a%20b.txt", .mime_type = (char *)"text/plain"};
    g_autoptr (GPtrArray) objects = g_ptr_array_new ();
    g_autoptr (GBytes) file = NULL;
    TamgaSigningParameters parameters = {.algorithm = tamga_algorithm_by_name ("ECDSA-SHA-384"),
                                         .certificate = party->certificate,
                                         .signing_time = MAKING_TIME,
                                         .level = TAMGA_LEVEL_LT};

    object.digest = tamga_document_digest (content, digest, NULL, 0, NULL, NULL, NULL);
    g_ptr_array_add (objects, &object);
    for (guint i = 1; i <= 2; i++) {
        g_autoptr (TamgaDocument) carrier =
            file != NULL ? tamga_document_new ("signatures0.xml", file) : NULL;
        g_autoptr (GError) error = NULL;
        g_autoptr (TamgaPreparation) preparation =
            tamga_xades_prepare_objects (carrier, objects, &parameters, &error);
        g_autoptr (GPtrArray) signatures = NULL;
        g_assert_no_error (error);
        g_clear_pointer (&file, g_bytes_unref);
        file = making_finish (fixture, party, &tamga_xades_format, preparation, TAMGA_LEVEL_LT,
                              &error);
        g_assert_no_error (error);
        g_assert_nonnull (memmem (g_bytes_get_data (file, NULL), 200, "<asic:XAdESSignatures", 21));
        signatures = making_assert_intact (file, contents, i);
        parameters.signing_time++;
    }
    g_bytes_unref (object.digest);
}

/* ---- Refused ---- */

static void test_refused (void)
{
    static const char *const no_id[] = {"/a/b", NULL}, *const no_path[] = {"//b", NULL};
    static const char *const twice[] = {"#same", NULL}, *const several[] = {"/a/c", NULL};
    static const char *const bad_role[] = {"bell\a", NULL};
    static const char text[] = "<a><b/><c id='same'/><c ID='same'/></a>";
    TamgaClaims claims = {.roles = bad_role};
    static const char wide[] = "\xff\xfe<\0a\0/\0>\0";
    const struct {
        const char *text;
        gsize length;
        TamgaSigningParameters parameters;
        int code;
    } rows[] = {
        {text, 0, {.xml.elements = no_id}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.xml.elements = no_path}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.xml.elements = twice}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.xml.elements = several}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.xml.parent = "/a/d"}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.xml.parent = "/a/c[0]"}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.xml.parent = "/x:a"}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.xml.c14n = "c15n"}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.claims = &claims}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.content_type = "a\nb"}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text, 0, {.certification = 1}, TAMGA_FORMAT_ERROR_PARAMETER},
        {text,
         0,
         {.packaging = TAMGA_PACKAGING_DETACHED, .xml.parent = "/a"},
         TAMGA_FORMAT_ERROR_PARAMETER},
        {"no XML", 0, {.packaging = TAMGA_PACKAGING_ENVELOPED}, TAMGA_FORMAT_ERROR_PARAMETER},
        {"<a><b></a>", 0, {.level = TAMGA_LEVEL_B}, TAMGA_FORMAT_ERROR_MALFORMED},
        {"<!DOCTYPE a><a/>", 0, {.level = TAMGA_LEVEL_B}, TAMGA_FORMAT_ERROR_MALFORMED},
        {wide, sizeof wide - 1, {.level = TAMGA_LEVEL_B}, TAMGA_FORMAT_ERROR_UNSUPPORTED},
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        gsize length = rows[i].length > 0 ? rows[i].length : strlen (rows[i].text);
        g_autoptr (GBytes) bytes = g_bytes_new (rows[i].text, length);
        g_autoptr (TamgaDocument) document = tamga_document_new ("a.xml", bytes);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) file = making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xades_format,
                                               document, rows[i].parameters, &error);
        g_test_message ("row %" G_GSIZE_FORMAT, i);
        g_assert_error (error, TAMGA_FORMAT_ERROR, rows[i].code);
        g_assert_null (file);
    }
}

/* More than a text in XML may hold: said, with what to do instead. */
static void test_too_large (void)
{
    gsize size = 7500003;
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size), size);
    g_autoptr (TamgaDocument) document = tamga_document_new ("zeros", bytes);
    TamgaSigningParameters parameters = {.packaging = TAMGA_PACKAGING_ENVELOPING};
    g_autoptr (GError) error = NULL;

    g_assert_null (making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xades_format, document,
                                parameters, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT);
}

/* The key that signed is not the certificate's: nothing is written. */
static void test_other_key (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    const Party *other = fixture_party (fixture, "P-256", "another");
    Party mixed = {.key = other->key, .certificate = party->certificate};
    g_autoptr (TamgaDocument) document = making_document ("invoice.xml", invoice);
    g_autoptr (GError) error = NULL;

    g_assert_null (making_sign (fixture, &mixed, "ECDSA-SHA-256", &tamga_xades_format, document,
                                (TamgaSigningParameters){0}, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/xml/make/matrix", test_matrix);
    g_test_add_func ("/xml/make/levels", test_levels);
    g_test_add_func ("/xml/make/claims", test_claims);
    g_test_add_func ("/xml/make/elements", test_elements);
    g_test_add_func ("/xml/make/end-of-root", test_end_of_root);
    g_test_add_func ("/xml/make/malformed", test_malformed);
    g_test_add_func ("/xml/make/too-deep", test_too_deep);
    g_test_add_func ("/xml/make/documents", test_documents);
    g_test_add_func ("/xml/make/objects", test_objects);
    g_test_add_func ("/xml/make/refused", test_refused);
    g_test_add_func ("/xml/make/too-large", test_too_large);
    g_test_add_func ("/xml/make/other-key", test_other_key);
    return g_test_run ();
}
