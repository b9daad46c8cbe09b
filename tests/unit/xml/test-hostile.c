/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures that are made to deceive: each is signed with a real key, so that only the rule that
 * the test names can refuse it. */
#include <glib.h>
#include <string.h>

#include "formats/limits.h"
#include "formats/xml/reference.h"
#include "formats/xml/xades.h"
#include "tests/unit/cms/fixture.h"

/* ---- Forging: "@D" stands for the digest of the reference it is in, "@V" for the value ---- */

#define DS "http://www.w3.org/2000/09/xmldsig#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define SHA256 "<DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>"
#define TRANSFORM(uri) "<Transform Algorithm='" uri "'/>"
#define REFERENCE(attributes, transforms)                                                          \
    "<Reference " attributes "><Transforms>" transforms "</Transforms>" SHA256                     \
    "<DigestValue>@D</DigestValue></Reference>"
#define PROPERTIES_REFERENCE                                                                       \
    REFERENCE ("URI='#sp' Type='http://uri.etsi.org/01903#SignedProperties'", TRANSFORM (C14N))
#define ENVELOPED REFERENCE ("URI='' Id='r'", TRANSFORM (DS "enveloped-signature") TRANSFORM (C14N))
#define INFO(method, references)                                                                   \
    "<SignedInfo><CanonicalizationMethod Algorithm='" C14N                                         \
    "'/><SignatureMethod Algorithm='" method "'/>" references                                      \
    "</SignedInfo><SignatureValue>@V</SignatureValue>"                                             \
    "<KeyInfo><X509Data><X509Certificate>@C</X509Certificate></X509Data></KeyInfo>"
#define SIGNED_PROPERTIES(id)                                                                      \
    "<x:SignedProperties Id='" id "'><x:SignedSignatureProperties><x:SigningTime>"                 \
    "2026-11-22T10:00:00Z</x:SigningTime><x:SigningCertificateV2><x:Cert><x:CertDigest>" SHA256    \
    "<DigestValue>@H</DigestValue></x:CertDigest></x:Cert></x:SigningCertificateV2>"               \
    "</x:SignedSignatureProperties></x:SignedProperties>"
#define QUALIFYING(inside)                                                                         \
    "<Object><x:QualifyingProperties xmlns:x='http://uri.etsi.org/01903/v1.3.2#' "                 \
    "Target='#s'>" inside "</x:QualifyingProperties></Object>"
#define PROPERTIES QUALIFYING (SIGNED_PROPERTIES ("sp"))
#define SIGNATURE(inside) "<Signature xmlns='" DS "' Id='s'>" inside "</Signature>"
#define RSA MORE "rsa-sha256"
#define GOOD SIGNATURE (INFO (RSA, ENVELOPED PROPERTIES_REFERENCE) PROPERTIES)

typedef struct {
    Fixture *fixture;
    Party *party;
    char *certificate, *hash;
} Forge;

static Forge *forge_new (void)
{
    Forge *forge = g_new (Forge, 1);
    g_autoptr (GBytes) der = NULL, hash = NULL;

    forge->fixture = fixture_new ();
    forge->party = fixture_party (forge->fixture, "RSA", "Forger");
    der = tamga_ossl_der (i2d_X509, forge->party->certificate);
    hash = tamga_digest_bytes (tamga_digest_by_name ("SHA-256"), der);
    forge->certificate = g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
    forge->hash = g_base64_encode (g_bytes_get_data (hash, NULL), g_bytes_get_size (hash));
    return forge;
}

static void forge_free (Forge *forge)
{
    fixture_free (forge->fixture);
    g_free (forge->certificate);
    g_free (forge->hash);
    g_free (forge);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Forge, forge_free)

static GBytes *text_bytes (const char *text)
{
    return g_bytes_new (text, strlen (text));
}

static TamgaXml *parse (const char *text)
{
    g_autoptr (GBytes) bytes = text_bytes (text);
    g_autoptr (GError) error = NULL;
    TamgaXml *xml = tamga_xml_parse_bytes ("forged.xml", bytes, &error);

    g_assert_no_error (error);
    return xml;
}

/* The text with the first `mark` replaced. */
static void replace (GString *text, const char *mark, GBytes *value)
{
    g_autofree char *base64 =
        value != NULL ? g_base64_encode (g_bytes_get_data (value, NULL), g_bytes_get_size (value))
                      : g_strdup ("AAAA");

    g_assert_cmpuint (g_string_replace (text, mark, base64, 1), ==, 1);
}

/* Digests of entries in manifests first: what holds them is hashed afterwards. */
static void fill_digests (GString *text)
{
    for (gboolean manifest = TRUE;; manifest = FALSE) {
        while (strstr (text->str, manifest ? "@M" : "@D") != NULL) {
            g_autoptr (TamgaXml) xml = parse (text->str);
            g_autoptr (GPtrArray) nodes = tamga_xml_find (xml, DS, "Reference", 100, NULL);
            for (guint i = 0; i < nodes->len; i++) {
                const xmlNode *value = tamga_xml_child (nodes->pdata[i], DS, "DigestValue");
                g_autofree char *digest = tamga_xml_text (value);
                g_autoptr (TamgaXmlSigned) one = NULL;
                if (g_strcmp0 (digest, manifest ? "@M" : "@D") != 0)
                    continue;
                one = tamga_xml_signed_read (xml, nodes->pdata[i], NULL, NULL);
                /* A reference is computed with a digest in its place. */
                replace (text, digest, one != NULL ? one->value : NULL);
                break;
            }
        }
        if (!manifest)
            return;
    }
}

static GBytes *forge_sign (Forge *forge, const char *template)
{
    g_autoptr (GString) text = g_string_new (template);
    g_autoptr (TamgaXml) xml = NULL;
    g_autoptr (GPtrArray) infos = NULL;
    g_autoptr (GBytes) octets = NULL, raw = NULL;

    g_string_replace (text, "@C", forge->certificate, 0);
    g_string_replace (text, "@H", forge->hash, 0);
    fill_digests (text);
    xml = parse (text->str);
    infos = tamga_xml_find (xml, DS, "SignedInfo", 10, NULL);
    octets =
        tamga_c14n_bytes (xml, infos->pdata[0], NULL, tamga_c14n_by_name ("exc-c14n"), NULL, NULL);
    raw = fixture_sign (forge->party->key, tamga_algorithm_by_name ("RSA-PKCS1-SHA-256"), octets);
    replace (text, "@V", raw);
    return text_bytes (text->str);
}

static GPtrArray *read_bytes (GBytes *file, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("forged.xml", file);

    return tamga_xades_format.read (document, NULL, error);
}

static TamgaSignature *first_of (GBytes *file, GPtrArray **keep)
{
    g_autoptr (GError) error = NULL;
    TamgaSignature *signature;

    *keep = read_bytes (file, &error);
    g_assert_no_error (error);
    signature = (*keep)->pdata[0];
    g_test_message ("%s %s: %s (%s)", signature->format,
                    tamga_integrity_name (signature->integrity),
                    signature->integrity_text != NULL ? signature->integrity_text : "-",
                    signature->coverage_text);
    return signature;
}

static void assert_integrity (Forge *forge, const char *template, TamgaIntegrity integrity)
{
    g_autoptr (GBytes) file = forge_sign (forge, template);
    g_autoptr (GPtrArray) keep = NULL;

    g_assert_cmpint (first_of (file, &keep)->integrity, ==, integrity);
}

static gboolean has_finding (const TamgaSignature *signature, const char *code)
{
    for (guint i = 0; i < signature->findings->len; i++) {
        if (strcmp (((TamgaFinding *)signature->findings->pdata[i])->code, code) == 0)
            return TRUE;
    }
    return FALSE;
}

/* ---- Tests ---- */

/* Properties that nobody signed in front of those that are: what is shown is not by order. */
static void test_properties_twice (void)
{
    g_autoptr (Forge) forge = forge_new ();

    assert_integrity (forge,
                      "<a>" SIGNATURE (INFO (RSA, ENVELOPED PROPERTIES_REFERENCE) QUALIFYING (
                          SIGNED_PROPERTIES ("decoy")) PROPERTIES) "</a>",
                      TAMGA_INTEGRITY_FORMAT_FAILURE);
    assert_integrity (forge,
                      "<a>" SIGNATURE (INFO (RSA, ENVELOPED PROPERTIES_REFERENCE) QUALIFYING (
                          SIGNED_PROPERTIES ("decoy") SIGNED_PROPERTIES ("sp"))) "</a>",
                      TAMGA_INTEGRITY_FORMAT_FAILURE);
}

/* The signed digest is that of another certificate around the same key. */
static void test_other_certificate (void)
{
    g_autoptr (Forge) forge = forge_new ();
    g_autoptr (GString) template = g_string_new ("<a>" GOOD "</a>");
    g_autoptr (GBytes) file = NULL;
    g_autoptr (GPtrArray) keep = NULL;

    g_string_replace (template, "@H", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", 1);
    file = forge_sign (forge, template->str);
    g_assert_cmpint (first_of (file, &keep)->binding, ==, TAMGA_BINDING_MISMATCH);
    g_assert_true (has_finding (keep->pdata[0], "xades-signing-certificate-mismatch"));
}

static void test_good (void)
{
    g_autoptr (Forge) forge = forge_new ();
    g_autoptr (GBytes) file = forge_sign (forge, "<a><b>text</b>" GOOD "</a>");
    g_autoptr (GPtrArray) keep = NULL;
    const TamgaSignature *signature = first_of (file, &keep);

    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpstr (signature->format, ==, "XAdES");
    g_assert_cmpint (signature->binding, ==, TAMGA_BINDING_V2);
    g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_WHOLE);
    g_assert_cmpint (signature->claimed_time, ==, 1795341600);
    g_assert_cmpuint (signature->findings->len, ==, 0);
}

#define PART REFERENCE ("URI='#part'", TRANSFORM (C14N))

/* The signed element is moved aside and another one put in its place (threats b). */
static void test_wrapping (void)
{
    g_autoptr (Forge) forge = forge_new ();
    g_autoptr (GBytes) file =
        forge_sign (forge, "<a><x Id='part'>pay 1</x>" SIGNATURE (INFO (RSA, PART)) "<old/></a>");
    g_autofree char *text = g_strndup (g_bytes_get_data (file, NULL), g_bytes_get_size (file));
    g_autoptr (GString) twice = g_string_new (text), moved = g_string_new (text);
    g_autoptr (GBytes) twice_file = NULL, moved_file = NULL;
    g_autoptr (GPtrArray) keep = NULL, keep_twice = NULL, keep_moved = NULL;
    const TamgaSignature *signature = first_of (file, &keep);

    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_PART);
    /* Both have the Id: which one was meant cannot be told. */
    g_string_replace (twice, "<old/>", "<old><x Id='part'>pay 1</x></old>", 1);
    g_string_replace (twice, "pay 1", "pay 9", 1);
    twice_file = text_bytes (twice->str);
    signature = first_of (twice_file, &keep_twice);
    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_FORMAT_FAILURE);
    g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_PART);
    /* Only the moved one has it: intact, and only that part is said to be covered. */
    g_string_replace (moved, "<old/>", "<old><y Id='part'/></old>", 1);
    g_string_replace (moved, "<x Id='part'>pay 1</x>", "<x Id='other'>pay 9</x>", 1);
    g_string_replace (moved, "<y Id='part'/>", "<x Id='part'>pay 1</x>", 1);
    moved_file = text_bytes (moved->str);
    signature = first_of (moved_file, &keep_moved);
    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_PART);
    g_assert_nonnull (strstr (signature->coverage_text, "element x (#part)"));
}

/* Exactly one SignedProperties, in this signature, under a reference (threats b). */
static void test_properties (void)
{
    static const char *const templates[] = {
        /* two of them */
        "<a>" SIGNATURE (INFO (RSA, ENVELOPED PROPERTIES_REFERENCE)
                             PROPERTIES QUALIFYING (SIGNED_PROPERTIES ("other"))) "</a>",
        "<a>" SIGNATURE (INFO (RSA, ENVELOPED PROPERTIES_REFERENCE) QUALIFYING (
            SIGNED_PROPERTIES ("sp") SIGNED_PROPERTIES ("two"))) "</a>",
        /* those that are signed lie elsewhere; those in the signature are not signed */
        "<a><e xmlns='" DS "' xmlns:x='http://uri.etsi.org/01903/v1.3.2#'>" SIGNED_PROPERTIES (
            "sp") "</e>" SIGNATURE (INFO (RSA, ENVELOPED PROPERTIES_REFERENCE)
                                        QUALIFYING (SIGNED_PROPERTIES ("two"))) "</a>",
        "<a><e xmlns='" DS "' xmlns:x='http://uri.etsi.org/01903/v1.3.2#'>" SIGNED_PROPERTIES (
            "sp") "</e>" SIGNATURE (INFO (RSA, ENVELOPED PROPERTIES_REFERENCE)) "</a>",
        /* not signed at all */
        "<a>" SIGNATURE (INFO (RSA, ENVELOPED) PROPERTIES) "</a>",
        /* about another signature */
        "<a Id='b'>" SIGNATURE (INFO (
            RSA,
            ENVELOPED PROPERTIES_REFERENCE) "<Object><x:QualifyingProperties "
                                            "xmlns:x='http://uri.etsi.org/01903/v1.3.2#' "
                                            "Target='#b'>" SIGNED_PROPERTIES (
                                                "sp") "</x:QualifyingProperties></Object>") "</a>",
        /* nothing else is signed */
        "<a>" SIGNATURE (INFO (RSA, PROPERTIES_REFERENCE) PROPERTIES) "</a>",
    };
    g_autoptr (Forge) forge = forge_new ();

    for (gsize i = 0; i < G_N_ELEMENTS (templates); i++)
        assert_integrity (forge, templates[i], TAMGA_INTEGRITY_FORMAT_FAILURE);
}

static void test_algorithms (void)
{
    static const struct {
        const char *template;
        TamgaIntegrity integrity;
    } rows[] = {
        {"<a>" SIGNATURE (INFO (MORE "hmac-sha256", ENVELOPED)) "</a>",
         TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"<a>" SIGNATURE (INFO (DS "hmac-sha1", ENVELOPED)) "</a>", TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"<a>" SIGNATURE (INFO ("urn:unknown", ENVELOPED)) "</a>", TAMGA_INTEGRITY_NOT_VERIFIABLE},
        {"<a>" SIGNATURE (INFO (MORE "ecdsa-sha256", ENVELOPED)) "</a>",
         TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE},
        {"<a>" SIGNATURE (INFO (RSA, REFERENCE ("URI=''", TRANSFORM ("http://www.w3.org/TR/1999/"
                                                                     "REC-xslt-19991116")))) "</a>",
         TAMGA_INTEGRITY_NOT_VERIFIABLE},
        {"<a>" SIGNATURE (INFO (
             RSA,
             REFERENCE ("URI=''",
                        "<Transform Algorithm='http://www.w3.org/TR/1999/REC-xpath-19991116'>"
                        "<XPath>not(//*[count(//*[count(//*)>1])>1])</XPath></Transform>"))) "<"
                                                                                             "/a>",
         TAMGA_INTEGRITY_NOT_VERIFIABLE},
        {"<a>" SIGNATURE (INFO (
             RSA, REFERENCE ("URI=''",
                             "<Transform Algorithm='http://www.w3.org/TR/1999/REC-xpath-19991116'>"
                             "<XPath xmlns:d='urn:x'>not(ancestor-or-self::d:Signature)</XPath>"
                             "</Transform>"))) "</a>",
         TAMGA_INTEGRITY_NOT_VERIFIABLE},
        {"<a>" SIGNATURE (INFO (
             RSA, REFERENCE ("URI=''",
                             "<Transform Algorithm='http://www.w3.org/TR/1999/REC-xpath-19991116'>"
                             "<XPath xmlns:d='" DS "'>not( ancestor-or-self::d:Signature )</XPath>"
                             "</Transform>"))) "</a>",
         TAMGA_INTEGRITY_INTACT},
        {"<a>" SIGNATURE (INFO (RSA, REFERENCE ("URI='#xpointer(//a)'", TRANSFORM (C14N)))) "</a>",
         TAMGA_INTEGRITY_NOT_VERIFIABLE},
        {"<a>" SIGNATURE (
             INFO (RSA, REFERENCE ("URI=''", TRANSFORM (C14N) TRANSFORM (C14N) TRANSFORM (C14N)
                                                 TRANSFORM (C14N) TRANSFORM (C14N) TRANSFORM (C14N)
                                                     TRANSFORM (C14N) TRANSFORM (C14N)
                                                         TRANSFORM (C14N)))) "</a>",
         TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"<a>" SIGNATURE (INFO (RSA, "<Reference URI=''><DigestMethod Algorithm='urn:unknown'/>"
                                     "<DigestValue>AAAA</DigestValue></Reference>")) "</a>",
         TAMGA_INTEGRITY_NOT_VERIFIABLE},
        {"<a>" SIGNATURE (INFO (RSA, "")) "</a>", TAMGA_INTEGRITY_FORMAT_FAILURE},
    };
    g_autoptr (Forge) forge = forge_new ();

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
        assert_integrity (forge, rows[i].template, rows[i].integrity);
}

/* What is not given is not found; nothing is fetched from anywhere. */
static void test_missing (void)
{
    static const char *const templates[] = {
        "<a>" SIGNATURE (INFO (RSA, REFERENCE ("URI='other.txt'", ""))) "</a>",
        "<a>" SIGNATURE (INFO (RSA, REFERENCE ("URI='file:///etc/passwd'", ""))) "</a>",
        "<a>" SIGNATURE (INFO (RSA, REFERENCE ("URI='http://127.0.0.1:1/'", ""))) "</a>",
        "<a>" SIGNATURE (INFO (RSA, REFERENCE ("", ""))) "</a>",
        "<a>" SIGNATURE (INFO (RSA, REFERENCE ("URI='#nobody'", ""))) "</a>",
    };
    g_autoptr (Forge) forge = forge_new ();

    for (gsize i = 0; i < G_N_ELEMENTS (templates); i++)
        assert_integrity (forge, templates[i], TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND);
}

#define MANIFEST(digest)                                                                           \
    "<Object><Manifest Id='m'><Reference URI='#part'><Transforms>" TRANSFORM (                     \
        C14N) "</Transforms>" SHA256 "<DigestValue>" digest                                        \
              "</DigestValue></Reference></Manifest></Object>"
#define MANIFEST_REFERENCE REFERENCE ("URI='#m' Type='" DS "Manifest'", TRANSFORM (C14N))

static void test_manifest (void)
{
    g_autoptr (Forge) forge = forge_new ();

    assert_integrity (
        forge,
        "<a><b Id='part'/>" SIGNATURE (INFO (RSA, MANIFEST_REFERENCE) MANIFEST ("@M")) "</a>",
        TAMGA_INTEGRITY_INTACT);
    assert_integrity (
        forge,
        "<a><b Id='part'/>" SIGNATURE (INFO (RSA, MANIFEST_REFERENCE) MANIFEST ("AAAA")) "</a>",
        TAMGA_INTEGRITY_HASH_FAILURE);
}

/* Where only the text is hashed, tags can change: the document is not said to be covered. */
static void test_text_only (void)
{
    g_autoptr (Forge) forge = forge_new ();
    g_autoptr (GBytes) file = forge_sign (
        forge,
        "<a>QUJD" SIGNATURE (INFO (RSA, REFERENCE ("URI=''", TRANSFORM (DS "enveloped-signature")
                                                                 TRANSFORM (DS "base64")))) "</a>");
    g_autoptr (GPtrArray) keep = NULL;
    const TamgaSignature *signature = first_of (file, &keep);

    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_PART);
}

/* Objects without a reference are named; comments do not split identifiers. */
static void test_objects (void)
{
    g_autoptr (Forge) forge = forge_new ();
    g_autoptr (GBytes) file =
        forge_sign (forge, SIGNATURE (INFO (RSA, PART) "<Object Id='part'>signed</Object>"
                                                       "<Object Id='extra'>not</Object>"));
    g_autoptr (GBytes) comment = forge_sign (
        forge, "<a>" SIGNATURE ("<SignedInfo><CanonicalizationMethod Algorithm='" C14N
                                "'/><SignatureMethod Algorithm='" RSA "'/><Reference URI=''>" SHA256
                                "<DigestValue>AA<!-- -->AA</DigestValue></Reference></SignedInfo>"
                                "<SignatureValue>@V</SignatureValue>") "</a>");
    g_autoptr (GPtrArray) keep = NULL, keep_comment = NULL;
    const TamgaSignature *signature = first_of (file, &keep);

    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_PART);
    g_assert_true (has_finding (signature, "xml-object-unsigned"));
    g_assert_cmpint (first_of (comment, &keep_comment)->integrity, ==,
                     TAMGA_INTEGRITY_FORMAT_FAILURE);
}

/* More references than are allowed end at once. */
static void test_many (void)
{
    g_autoptr (GString) text =
        g_string_new ("<a><Signature xmlns='" DS "'><SignedInfo><CanonicalizationMethod "
                      "Algorithm='" C14N "'/><SignatureMethod Algorithm='" RSA "'/>");
    g_autoptr (GBytes) file = NULL;
    g_autoptr (GError) error = NULL;
    gint64 start;

    for (int i = 0; i < 100000; i++)
        g_string_append (text,
                         "<Reference URI=''>" SHA256 "<DigestValue>AAAA</DigestValue></Reference>");
    g_string_append (text, "</SignedInfo><SignatureValue>AAAA</SignatureValue></Signature></a>");
    file = text_bytes (text->str);
    start = g_get_monotonic_time ();
    g_assert_null (read_bytes (file, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT);
    g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
}

/* Cut after every tag: an error, or not intact; never a pass. */
static void test_truncated (void)
{
    g_autoptr (Forge) forge = forge_new ();
    g_autoptr (GBytes) file = forge_sign (forge, "<a><b>text</b>" GOOD "</a>");
    gsize length;
    const char *data = g_bytes_get_data (file, &length);

    for (gsize i = 0; i + 1 < length; i++) {
        g_autoptr (GBytes) cut = data[i] == '>' ? g_bytes_new (data, i + 1) : NULL;
        g_autoptr (GError) error = NULL;
        if (cut == NULL)
            continue;
        g_assert_null (read_bytes (cut, &error));
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
    }
}

/* No part of a signature may be there twice, or be missing. */
static void test_structure (void)
{
    static const char *const parts[] = {"SignedInfo", "SignatureValue", "KeyInfo"};
    g_autoptr (Forge) forge = forge_new ();
    g_autoptr (GBytes) file = forge_sign (forge, "<a><b>text</b>" GOOD "</a>");

    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
        g_autofree char *text = g_strndup (g_bytes_get_data (file, NULL), g_bytes_get_size (file));
        g_autoptr (GString) out = g_string_new (text);
        g_autofree char *end = g_strdup_printf ("</%s>", parts[i]);
        g_autofree char *twice = g_strdup_printf ("</%s><%s/>", parts[i], parts[i]);
        g_autoptr (GBytes) changed = NULL;
        g_autoptr (GPtrArray) keep = NULL;
        g_string_replace (out, end, twice, 1);
        changed = text_bytes (out->str);
        g_assert_cmpint (first_of (changed, &keep)->integrity, ==, TAMGA_INTEGRITY_FORMAT_FAILURE);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/xades/hostile/good", test_good);
    g_test_add_func ("/xades/hostile/wrapping", test_wrapping);
    g_test_add_func ("/xades/hostile/properties", test_properties);
    g_test_add_func ("/xades/hostile/properties-twice", test_properties_twice);
    g_test_add_func ("/xades/hostile/other-certificate", test_other_certificate);
    g_test_add_func ("/xades/hostile/algorithms", test_algorithms);
    g_test_add_func ("/xades/hostile/missing", test_missing);
    g_test_add_func ("/xades/hostile/manifest", test_manifest);
    g_test_add_func ("/xades/hostile/text-only", test_text_only);
    g_test_add_func ("/xades/hostile/objects", test_objects);
    g_test_add_func ("/xades/hostile/many", test_many);
    g_test_add_func ("/xades/hostile/truncated", test_truncated);
    g_test_add_func ("/xades/hostile/structure", test_structure);
    return g_test_run ();
}
