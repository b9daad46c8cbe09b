/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Containers made and read again, by Tamga and by peers; and what no container may be. */
#include <string.h>

#include "tests/unit/zip/scene.h"

static const SceneFile one_file[] = {{"letter.txt", "Dear Sir or Madam"}, {NULL, NULL}};
static const SceneFile three_files[] = {{"letter.txt", "Dear Sir or Madam"},
                                        {"folder/\xc3\xb5un & apple+1%20.pdf", "%PDF"},
                                        {"empty", ""},
                                        {NULL, NULL}};

typedef struct {
    const TamgaFormat *format;
    const char *name;
    gboolean simple, cades;
} Kind;

static const Kind kinds[] = {
    {&tamga_asic_e_cades_format, "asic-e-cades", FALSE, TRUE},
    {&tamga_asic_s_cades_format, "asic-s-cades", TRUE, TRUE},
    {&tamga_asic_e_xades_format, "asic-e-xades", FALSE, FALSE},
    {&tamga_asic_s_xades_format, "asic-s-xades", TRUE, FALSE},
};

static void assert_good (GPtrArray *signatures, guint n)
{
    g_assert_nonnull (signatures);
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        g_test_message ("%s %s in %s: %s, %s%s%s", signature->id, signature->format,
                        signature->carrier, tamga_integrity_name (signature->integrity),
                        signature->coverage_text, signature->integrity_text ? ": " : "",
                        signature->integrity_text ? signature->integrity_text : "");
        for (guint k = 0; k < signature->findings->len; k++) {
            const TamgaFinding *finding = signature->findings->pdata[k];
            g_test_message ("  %s: %s", finding->code, finding->text);
            g_assert_cmpint (finding->severity, <, TAMGA_SEVERITY_FATAL);
        }
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    }
    g_assert_cmpuint (signatures->len, ==, n);
}

static GBytes *make (Fixture *fixture, const Kind *kind, TamgaLevel level, const SceneFile *files)
{
    const Party *party = fixture_party (fixture, "P-256", "Signer");
    SceneSigning signing = {.format = kind->format, .party = party, .level = level, .files = files};
    g_autoptr (GError) error = NULL;
    GBytes *container = scene_sign (fixture, &signing, &error);

    g_assert_no_error (error);
    return container;
}

/* OpenSSL verifies the signature of CAdES over the file or its manifest. */
static void assert_openssl (Fixture *fixture, const Kind *kind, GBytes *container)
{
    g_autoptr (GBytes) signature = scene_file (
        container, kind->simple ? "META-INF/signature.p7s" : "META-INF/signature001.p7s");
    g_autoptr (GBytes) content =
        scene_file (container, kind->simple ? "letter.txt" : "META-INF/ASiCManifest001.xml");
    g_autofree char *signature_path = fixture_write (fixture, "signature.p7s", signature);
    g_autofree char *content_path = fixture_write (fixture, "content", content);

    g_assert_true (fixture_openssl (fixture, "cms", "-verify", "-binary", "-inform", "DER", "-in",
                                    signature_path, "-content", content_path, "-CAfile",
                                    fixture->root.certificate_path, "-purpose", "any", NULL));
}

static void test_makes (gconstpointer data)
{
    const Kind *kind = data;

    for (TamgaLevel level = TAMGA_LEVEL_B; level <= TAMGA_LEVEL_LT; level++) {
        g_autoptr (Fixture) fixture = fixture_new ();
        g_autoptr (GBytes) container =
            make (fixture, kind, level, kind->simple ? one_file : three_files);
        g_autoptr (TamgaDocument) document = tamga_document_new ("container", container);
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = scene_read (container, &error);
        const TamgaSignature *signature;
        g_autofree char *names = scene_names (container);
        g_assert_no_error (error);
        g_test_message ("%s", names);
        assert_good (signatures, 1);
        signature = signatures->pdata[0];
        g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_WHOLE);
        g_assert_cmpstr (signature->format, ==, kind->cades ? "CAdES" : "XAdES");
        g_assert_cmpuint (signature->timestamps->len, ==, level >= TAMGA_LEVEL_T ? 1 : 0);
        g_assert_cmpint (signature->has_evidence, ==, level >= TAMGA_LEVEL_LT);
        g_assert_true (tamga_format_probe (document) == kind->format);
        g_assert_true (g_str_has_prefix (names, "mimetype "));
        g_assert_cmpuint (signature->findings->len, ==, 0);
        scene_assert_peers (fixture, container);
        if (kind->cades)
            assert_openssl (fixture, kind, container);
    }
}

/* A changed, a removed and an added file, each. */
static void test_notices (gconstpointer data)
{
    const Kind *kind = data;
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container =
        make (fixture, kind, TAMGA_LEVEL_B, kind->simple ? one_file : three_files);
    g_autoptr (GBytes) changed = scene_change_text (container, "letter.txt", "Dear sir or Madam");
    g_autoptr (GBytes) removed = scene_change (container, "letter.txt", NULL);
    g_autoptr (GBytes) added = scene_change_text (container, "more.txt", "unsigned");
    g_autoptr (GPtrArray) with_change = scene_read (changed, NULL);
    g_autoptr (GPtrArray) without = scene_read (removed, NULL);
    g_autoptr (GPtrArray) with_more = scene_read (added, NULL);
    const TamgaSignature *signature = with_change->pdata[0];

    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_HASH_FAILURE);
    signature = without->pdata[0];
    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_FORMAT_FAILURE);
    signature = with_more->pdata[0];
    if (kind->simple && kind->cades) {
        /* Which of the two it signs cannot be told. */
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_FORMAT_FAILURE);
        return;
    }
    g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (signature->coverage, ==, TAMGA_COVERS_PART);
    g_assert_nonnull (strstr (signature->coverage_text, "more.txt"));
    g_assert_nonnull (scene_finding (signature, "asic-not-covered"));
}

/* A second signer; the first signature keeps its bytes in an ASiC-E. */
static void test_adds (gconstpointer data)
{
    const Kind *kind = data;
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make (fixture, kind, TAMGA_LEVEL_T, one_file), both = NULL;
    SceneSigning signing = {.format = kind->format,
                            .party = fixture_party (fixture, "RSA", "Second"),
                            .container = container};
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = NULL;

    both = scene_sign (fixture, &signing, &error);
    g_assert_no_error (error);
    signatures = scene_read (both, &error);
    g_assert_no_error (error);
    assert_good (signatures, 2);
    g_assert_cmpstr (((TamgaSignature *)signatures->pdata[0])->id, ==, "signature 1");
    g_assert_cmpstr (((TamgaSignature *)signatures->pdata[1])->id, ==, "signature 2");
    scene_assert_peers (fixture, both);
    if (!kind->simple) {
        const char *name = ((TamgaSignature *)signatures->pdata[0])->carrier;
        g_autoptr (GBytes) before = scene_file (container, name), after = scene_file (both, name);
        g_assert_true (g_bytes_equal (before, after));
    }
}

/* A second signer with one more file: the first one is said not to have signed that. */
static void test_adds_file (gconstpointer data)
{
    static const SceneFile more[] = {{"annex.txt", "Annex"}, {NULL, NULL}};
    static const SceneFile same[] = {{"LETTER.TXT", "Annex"}, {NULL, NULL}};
    const Kind *kind = data;
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make (fixture, kind, TAMGA_LEVEL_B, one_file), both = NULL;
    SceneSigning signing = {.format = kind->format,
                            .party = fixture_party (fixture, "P-384", "Second"),
                            .container = container,
                            .files = more};
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = NULL;

    both = scene_sign (fixture, &signing, &error);
    if (kind->simple) {
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
        return;
    }
    g_assert_no_error (error);
    signatures = scene_read (both, &error);
    assert_good (signatures, 2);
    g_assert_cmpint (((TamgaSignature *)signatures->pdata[0])->coverage, ==, TAMGA_COVERS_PART);
    g_assert_cmpint (((TamgaSignature *)signatures->pdata[1])->coverage, ==, TAMGA_COVERS_WHOLE);
    g_assert_null (scene_finding (signatures->pdata[0], "asic-manifest-unlisted"));
    signing.files = same;
    g_clear_pointer (&both, g_bytes_unref);
    both = scene_sign (fixture, &signing, &error);
    g_assert_null (both);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
}

static void test_countersigns (gconstpointer data)
{
    const Kind *kind = data;
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make (fixture, kind, TAMGA_LEVEL_B, one_file), both = NULL;
    SceneSigning signing = {.format = kind->format,
                            .party = fixture_party (fixture, "P-256", "Second"),
                            .container = container,
                            .countersigned = "signature 1"};
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = NULL;
    const TamgaSignature *second;

    both = scene_sign (fixture, &signing, &error);
    g_assert_no_error (error);
    signatures = scene_read (both, &error);
    assert_good (signatures, 2);
    second = signatures->pdata[1];
    g_assert_cmpstr (second->countersigned, ==, "signature 1");
    signing.countersigned = "signature 7";
    g_clear_pointer (&both, g_bytes_unref);
    both = scene_sign (fixture, &signing, &error);
    g_assert_null (both);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
}

/* What is refused before anything is signed. */
static void test_refuses_names (gconstpointer data)
{
    static const SceneFile cases[][3] = {
        {{"mimetype", "x"}, {NULL, NULL}}, {{"MimeType", "x"}, {NULL, NULL}},
        {{"META-INF", "x"}, {NULL, NULL}}, {{"..", "x"}, {NULL, NULL}},
        {{"a\\b", "x"}, {NULL, NULL}},     {{"a\nb", "x"}, {NULL, NULL}},
        {{"\xff", "x"}, {NULL, NULL}},     {{"one/a.txt", "x"}, {"two/A.txt", "y"}, {NULL, NULL}},
    };
    const Kind *kind = data;
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "Signer");

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        SceneSigning signing = {.format = kind->format, .party = party, .files = cases[i]};
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) container = scene_sign (fixture, &signing, &error);
        g_assert_null (container);
        g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
    }
}

/* EN 319 162-1 4.4.2: one kind of signature in a container. */
static void test_refuses_mixture (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make (fixture, &kinds[0], TAMGA_LEVEL_B, one_file), both = NULL;
    SceneSigning signing = {.format = &tamga_asic_e_xades_format,
                            .party = fixture_party (fixture, "P-256", "Second"),
                            .container = container};
    g_autoptr (GError) error = NULL;

    both = scene_sign (fixture, &signing, &error);
    g_assert_null (both);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
}

/* The manifest is what CAdES signs: it may name nothing twice, nothing critical, no other file. */
static void test_manifest (void)
{
    static const struct {
        const char *find, *replace;
        TamgaIntegrity integrity;
    } cases[] = {
        {"Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"", "Algorithm=\"urn:unknown\"",
         TAMGA_INTEGRITY_HASH_FAILURE},
        {"<asic:DataObjectReference", "<!DOCTYPE a><asic:DataObjectReference",
         TAMGA_INTEGRITY_FORMAT_FAILURE},
        {"URI=\"letter.txt\"", "", TAMGA_INTEGRITY_HASH_FAILURE},
        {"signature001.p7s", "signature002.p7s", TAMGA_INTEGRITY_FORMAT_FAILURE},
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make (fixture, &kinds[0], TAMGA_LEVEL_B, three_files);
    g_autoptr (GBytes) manifest = scene_file (container, "META-INF/ASiCManifest001.xml");
    g_autofree char *text =
        g_strndup (g_bytes_get_data (manifest, NULL), g_bytes_get_size (manifest));
    g_autoptr (GBytes) second = scene_change (container, "META-INF/ASiCManifest002.xml", manifest);
    g_autoptr (GPtrArray) twice = scene_read (second, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (GString) changed = g_string_new (text);
        g_autoptr (GBytes) other = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        g_assert_cmpuint (g_string_replace (changed, cases[i].find, cases[i].replace, 1), ==, 1);
        other = scene_change_text (container, "META-INF/ASiCManifest001.xml", changed->str);
        signatures = scene_read (other, NULL);
        g_assert_nonnull (signatures);
        g_test_message ("%s", ((TamgaSignature *)signatures->pdata[0])->integrity_text);
        g_assert_cmpint (((TamgaSignature *)signatures->pdata[0])->integrity, ==,
                         cases[i].integrity);
    }
    g_assert_cmpint (((TamgaSignature *)twice->pdata[0])->integrity, ==,
                     TAMGA_INTEGRITY_FORMAT_FAILURE);
}

/* Whoever does not understand a critical extension may not say that all is well. */
static void test_critical_extension (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make (fixture, &kinds[0], TAMGA_LEVEL_B, three_files);
    g_autoptr (GBytes) manifest = scene_file (container, "META-INF/ASiCManifest001.xml");
    g_autoptr (GString) changed =
        g_string_new_len (g_bytes_get_data (manifest, NULL), (gssize)g_bytes_get_size (manifest));
    g_autoptr (GPtrArray) signatures = NULL;
    g_autoptr (GBytes) other = NULL;

    g_assert_cmpuint (g_string_replace (changed, "</asic:ASiCManifest>",
                                        "<asic:ASiCManifestExtensions><asic:Extension "
                                        "Critical=\"true\"/></asic:ASiCManifestExtensions>"
                                        "</asic:ASiCManifest>",
                                        1),
                      ==, 1);
    other = scene_change_text (container, "META-INF/ASiCManifest001.xml", changed->str);
    signatures = scene_read (other, NULL);
    g_assert_nonnull (signatures);
    g_assert_nonnull (scene_finding (signatures->pdata[0], "asic-critical-extension"));
}

/* A file of the container that is nothing is told as a broken signature, not as none. */
static void test_empty_files (void)
{
    static const char *const names[] = {"META-INF/ASiCManifest001.xml", "META-INF/signature001.p7s",
                                        "META-INF/signatures009.xml", "META-INF/timestamp009.tst"};
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make (fixture, &kinds[0], TAMGA_LEVEL_B, three_files);

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (GBytes) other = scene_change_text (container, names[i], "");
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = scene_read (other, &error);
        guint broken = 0;
        g_assert_no_error (error);
        for (guint k = 0; k < signatures->len; k++)
            broken += ((TamgaSignature *)signatures->pdata[k])->integrity ==
                      TAMGA_INTEGRITY_FORMAT_FAILURE;
        g_assert_cmpuint (broken, ==, 1);
    }
}

/* EN 319 162-1 A.1. Signatures do not hang on it, and the reader is told. */
static void test_mimetype (void)
{
    static const char *const types[] = {"application/zip", "",
                                        "\xef\xbb\xbf"
                                        "application/vnd.etsi.asic-e+zip",
                                        NULL};
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make (fixture, &kinds[0], TAMGA_LEVEL_B, three_files);

    for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
        g_autoptr (GBytes) other = types[i] != NULL
                                       ? scene_change_text (container, "mimetype", types[i])
                                       : scene_change (container, "mimetype", NULL);
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) signatures = scene_read (other, &error);
        g_assert_no_error (error);
        assert_good (signatures, 1);
        g_assert_nonnull (scene_finding (signatures->pdata[0], "asic-mimetype"));
    }
}

static void test_originals (gconstpointer data)
{
    const Kind *kind = data;
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container =
        make (fixture, kind, TAMGA_LEVEL_B, kind->simple ? one_file : three_files);
    g_autoptr (GBytes) more =
        kind->simple ? g_bytes_ref (container) : scene_change_text (container, "no.txt", "no");
    g_autoptr (TamgaDocument) document = tamga_document_new ("container", more);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) originals = kind->format->originals (document, NULL, NULL, &error);
    const TamgaOriginal *original;
    g_autoptr (GBytes) bytes = NULL;

    g_assert_no_error (error);
    /* The file that nobody signed is not among them. */
    g_assert_cmpuint (originals->len, ==, kind->simple ? 1 : 3);
    original = originals->pdata[0];
    g_assert_cmpstr (original->name, ==, "letter.txt");
    bytes = tamga_document_bytes (original->document, 0, tamga_document_size (original->document),
                                  100, &error);
    g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "Dear Sir or Madam",
                     17);
}

typedef void (*KindTest) (gconstpointer data);

static void add (const char *name, KindTest test)
{
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        g_autofree char *path = g_strdup_printf ("/asic/%s/%s", name, kinds[i].name);
        g_test_add_data_func (path, &kinds[i], test);
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    add ("makes", test_makes);
    add ("notices", test_notices);
    add ("adds", test_adds);
    add ("adds-file", test_adds_file);
    add ("countersigns", test_countersigns);
    add ("refuses-names", test_refuses_names);
    add ("originals", test_originals);
    g_test_add_func ("/asic/refuses-mixture", test_refuses_mixture);
    g_test_add_func ("/asic/manifest", test_manifest);
    g_test_add_func ("/asic/critical-extension", test_critical_extension);
    g_test_add_func ("/asic/empty-files", test_empty_files);
    g_test_add_func ("/asic/mimetype", test_mimetype);
    return g_test_run ();
}
