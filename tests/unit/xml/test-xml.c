/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict parsing, identifiers, canonical form, documents beside a signature. */
#include <glib.h>
#include <string.h>

#include "formats/limits.h"
#include "formats/xml/c14n.h"
#include "formats/xml/resolver.h"
#include "formats/xml/xml.h"

static TamgaXml *parse (const char *text, GError **error)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

    return tamga_xml_parse_bytes ("file.xml", bytes, error);
}

static TamgaXml *parse_good (const char *text)
{
    g_autoptr (GError) error = NULL;
    TamgaXml *xml = parse (text, &error);

    g_assert_no_error (error);
    return xml;
}

static void assert_refused (const char *text, TamgaFormatError code)
{
    g_autoptr (GError) error = NULL;

    g_assert_null (parse (text, &error));
    g_test_message ("%s", error->message);
    g_assert_error (error, TAMGA_FORMAT_ERROR, (int)code);
}

static void test_malformed (void)
{
    g_autoptr (GError) error = NULL;

    assert_refused ("", TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT);
    assert_refused ("%PDF-1.4", TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT);
    assert_refused ("<!DOCTYPE html><html></html>", TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT);
    assert_refused ("<a>", TAMGA_FORMAT_ERROR_MALFORMED);
    assert_refused ("<a></a><b/>", TAMGA_FORMAT_ERROR_MALFORMED);
    assert_refused ("<a x='1' x='2'/>", TAMGA_FORMAT_ERROR_MALFORMED);
    assert_refused ("<a>&unknown;</a>", TAMGA_FORMAT_ERROR_MALFORMED);
    assert_refused ("<p:a/>", TAMGA_FORMAT_ERROR_MALFORMED);
    assert_refused ("<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>", TAMGA_FORMAT_ERROR_MALFORMED);
    assert_refused ("<a>\xff</a>", TAMGA_FORMAT_ERROR_MALFORMED);
    g_assert_null (parse ("<a>\n<b>\n</a>", &error));
    g_assert_nonnull (strstr (error->message, "line 3"));
}

/* No DTD, whatever is in it: no entity is expanded, no file and no network is read. */
static void test_dtd (void)
{
    static const char *const files[] = {
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x.dtd'><a/>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><a/>",
        "<?xml version='1.0'?><!-- c --><!DOCTYPE a [<!ATTLIST a Id ID 'x'>]><a/>",
        "<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;'>]><a>&d;</a>",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autoptr (GError) error = NULL;
        g_assert_null (parse (files[i], &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
        g_assert_nonnull (strstr (error->message, "document type declaration"));
    }
}

static void repeat (GString *text, const char *piece, guint times)
{
    for (guint i = 0; i < times; i++)
        g_string_append (text, piece);
}

static void test_limits (void)
{
    g_autoptr (GString) deep = g_string_new (NULL);
    g_autoptr (GString) text = g_string_new ("<a>");
    g_autoptr (GString) spaces = g_string_new ("<a");
    g_autoptr (GBytes) large =
        g_bytes_new_take (g_malloc0 (TAMGA_MAX_XML_SIZE + 1), (gsize)TAMGA_MAX_XML_SIZE + 1);
    g_autoptr (GError) error = NULL;

    repeat (deep, "<a>", 300);
    repeat (deep, "</a>", 300);
    assert_refused (deep->str, TAMGA_FORMAT_ERROR_LIMIT);
    repeat (text, "0123456789abcdef\r\n", 700000); /* in pieces: libxml2's own ceiling */
    g_string_append (text, "</a>");
    assert_refused (text->str, TAMGA_FORMAT_ERROR_LIMIT);
    for (guint i = 0; i < TAMGA_MAX_XML_NAMESPACES + 1; i++)
        g_string_append_printf (spaces, " xmlns:n%u='urn:%u'", i, i);
    g_string_append (spaces, "/>");
    assert_refused (spaces->str, TAMGA_FORMAT_ERROR_LIMIT);
    g_assert_null (tamga_xml_parse_bytes ("large.xml", large, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT);
}

static void test_probe (void)
{
    static const struct {
        const char *data;
        gsize length;
        gboolean xml;
    } rows[] = {
        {"<?xml version='1.0'?><a/>", 25, TRUE},
        {"\xef\xbb\xbf<a/>", 7, TRUE},
        {"\n \t<a/>", 7, TRUE},
        {"\xff\xfe<\0a\0/\0>\0", 10, TRUE},
        {"\xfe\xff\0<\0a\0/\0>", 10, TRUE},
        {"<!DOCTYPE HTML>", 15, FALSE},
        {"< a", 3, FALSE},
        {"text <a/>", 9, FALSE},
        {"{}", 2, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GBytes) bytes = g_bytes_new_static (rows[i].data, rows[i].length);
        g_autoptr (TamgaDocument) document = tamga_document_new ("x", bytes);
        g_assert_cmpint (tamga_xml_probe (document), ==, rows[i].xml);
    }
}

static void test_ids (void)
{
    g_autoptr (TamgaXml) xml =
        parse_good ("<a Id='one'><b ID='two' id='two'/><c xml:id='three'/><d id='four'/>"
                    "<e id='four'/><f xmlns:x='u' x:Id='five'/></a>");

    g_assert_cmpstr ((const char *)tamga_xml_by_id (xml, "one")->name, ==, "a");
    g_assert_cmpstr ((const char *)tamga_xml_by_id (xml, "two")->name, ==, "b");
    g_assert_cmpstr ((const char *)tamga_xml_by_id (xml, "three")->name, ==, "c");
    g_assert_null (tamga_xml_by_id (xml, "four"));
    g_assert_null (tamga_xml_by_id (xml, "five"));
    g_assert_cmpuint (xml->duplicate_ids->len, ==, 1);
}

static void test_text (void)
{
    g_autoptr (TamgaXml) xml =
        parse_good ("<a><b> x<![CDATA[y]]> </b><c>x<!-- y -->z</c><d>x<e/></d><f>QU\r\n JD </f>"
                    "<g>QU*D</g><h>QUJ</h></a>");
    const xmlNode *root = xmlDocGetRootElement (xml->doc);
    g_autofree char *b = tamga_xml_text (tamga_xml_child (root, NULL, "b"));
    g_autoptr (GBytes) f = tamga_xml_base64 (tamga_xml_child (root, NULL, "f"));

    g_assert_cmpstr (b, ==, "xy");
    g_assert_null (tamga_xml_text (tamga_xml_child (root, NULL, "c")));
    g_assert_null (tamga_xml_text (tamga_xml_child (root, NULL, "d")));
    g_assert_cmpmem (g_bytes_get_data (f, NULL), g_bytes_get_size (f), "ABC", 3);
    g_assert_null (tamga_xml_base64 (tamga_xml_child (root, NULL, "g")));
    g_assert_null (tamga_xml_base64 (tamga_xml_child (root, NULL, "h")));
}

static void test_c14n (void)
{
    g_autoptr (TamgaXml) xml = parse_good (
        "<?xml version='1.0'?><!-- c --><a xmlns='urn:u' xmlns:p='urn:v' xmlns:q='urn:w'>"
        "<p:b q='2' b='1'>x<!-- d --><c/>\r\n</p:b></a>");
    const xmlNode *b = tamga_xml_child (xmlDocGetRootElement (xml->doc), "urn:v", "b");
    const xmlNode *c = tamga_xml_child (b, "urn:u", "c");
    g_autoptr (TamgaXml) relative = parse_good ("<a xmlns='no-uri'/>");
    g_autoptr (GError) error = NULL;
    static const struct {
        const char *method, *prefixes;
        gboolean part, without;
        const char *expected;
    } rows[] = {
        {"c14n", NULL, TRUE, FALSE,
         "<p:b xmlns=\"urn:u\" xmlns:p=\"urn:v\" xmlns:q=\"urn:w\" b=\"1\" "
         "q=\"2\">x<c></c>\n</p:b>"},
        {"exc-c14n", NULL, TRUE, FALSE,
         "<p:b xmlns:p=\"urn:v\" b=\"1\" q=\"2\">x<c xmlns=\"urn:u\"></c>\n</p:b>"},
        {"exc-c14n", "#default q", TRUE, TRUE,
         "<p:b xmlns=\"urn:u\" xmlns:p=\"urn:v\" xmlns:q=\"urn:w\" b=\"1\" q=\"2\">x\n</p:b>"},
        {"c14n11#WithComments", NULL, FALSE, TRUE,
         "<!-- c -->\n<a xmlns=\"urn:u\" xmlns:p=\"urn:v\" xmlns:q=\"urn:w\"><p:b b=\"1\" "
         "q=\"2\">x<!-- d "
         "-->\n</p:b></a>"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        const TamgaC14n *method = tamga_c14n_by_name (rows[i].method);
        const TamgaDigest *digest = tamga_digest_by_name ("SHA-256");
        const xmlNode *apex = rows[i].part ? b : NULL, *without = rows[i].without ? c : NULL;
        g_autoptr (GBytes) octets =
            tamga_c14n_bytes (xml, apex, without, method, rows[i].prefixes, NULL);
        g_autoptr (GBytes) value =
            tamga_c14n_digest (xml, apex, without, method, rows[i].prefixes, digest, NULL);
        g_autoptr (GBytes) expected = tamga_digest_bytes (digest, octets);
        g_autofree char *text =
            g_strndup (g_bytes_get_data (octets, NULL), g_bytes_get_size (octets));
        g_assert_cmpstr (text, ==, rows[i].expected);
        g_assert_true (g_bytes_equal (value, expected));
        g_assert_true (tamga_c14n_by_name (method->uri) == method);
    }
    g_assert_null (
        tamga_c14n_bytes (relative, NULL, NULL, tamga_c14n_by_name ("c14n"), NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
    g_assert_null (tamga_c14n_by_name ("http://www.w3.org/TR/1999/REC-xslt-19991116"));
}

static TamgaDocument *named (const char *name, const char *text)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

    return tamga_document_new (name, bytes);
}

static void assert_bytes (GPtrArray *documents, const char *uri, const char *expected)
{
    TamgaXmlResolver resolver = tamga_xml_resolver_documents (documents, NULL);
    g_autoptr (GBytes) bytes = resolver.bytes (&resolver, uri, 100, NULL);

    if (expected == NULL)
        g_assert_null (bytes);
    else
        g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected,
                         strlen (expected));
}

static void test_resolver (void)
{
    g_autoptr (TamgaDocument) one = named ("/some/a b.txt", "one");
    g_autoptr (GPtrArray) documents = tamga_document_list (one);

    assert_bytes (NULL, "a.txt", NULL);
    assert_bytes (documents, NULL, "one");
    assert_bytes (documents, "other.txt", "one");
    g_ptr_array_add (documents, named ("b.txt", "two"));
    assert_bytes (documents, "x/a%20b.txt", "one");
    assert_bytes (documents, "a b.txt", "one");
    assert_bytes (documents, "./b.txt", "two");
    assert_bytes (documents, "other.txt", NULL);
    assert_bytes (documents, NULL, NULL);
    g_ptr_array_add (documents, named ("/elsewhere/b.txt", "three"));
    assert_bytes (documents, "b.txt", NULL);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/xml/malformed", test_malformed);
    g_test_add_func ("/xml/dtd", test_dtd);
    g_test_add_func ("/xml/limits", test_limits);
    g_test_add_func ("/xml/probe", test_probe);
    g_test_add_func ("/xml/ids", test_ids);
    g_test_add_func ("/xml/text", test_text);
    g_test_add_func ("/xml/c14n", test_c14n);
    g_test_add_func ("/xml/resolver", test_resolver);
    return g_test_run ();
}
