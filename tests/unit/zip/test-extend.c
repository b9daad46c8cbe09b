/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Containers whose signatures are extended, and timestamps over files of a container. */
#include <string.h>

#include "formats/cms/token.h"
#include "tests/unit/zip/scene.h"

static const SceneFile files[] = {{"letter.txt", "Dear Sir or Madam"}, {NULL, NULL}};

static const struct {
    const TamgaFormat *format;
    const char *name;
} kinds[] = {
    {&tamga_asic_e_cades_format, "asic-e-cades"},
    {&tamga_asic_s_cades_format, "asic-s-cades"},
    {&tamga_asic_e_xades_format, "asic-e-xades"},
    {&tamga_asic_s_xades_format, "asic-s-xades"},
};

static GPtrArray *read_good (GBytes *container, guint n)
{
    g_autoptr (GError) error = NULL;
    GPtrArray *signatures = scene_read (container, &error);

    g_assert_no_error (error);
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *one = signatures->pdata[i];
        g_test_message ("%s %s in %s: %s, %u timestamps%s%s", one->id, one->format, one->carrier,
                        tamga_integrity_name (one->integrity), one->timestamps->len,
                        one->integrity_text ? ": " : "",
                        one->integrity_text ? one->integrity_text : "");
        g_assert_cmpint (one->integrity, ==, TAMGA_INTEGRITY_INTACT);
        for (guint k = 0; k < one->timestamps->len; k++) {
            const TamgaTimestamp *timestamp = one->timestamps->pdata[k];
            g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, NULL);
            g_assert_true (tamga_token_covers_digest (token, timestamp->covered_digest));
        }
    }
    g_assert_cmpuint (signatures->len, ==, n);
    return signatures;
}

static GBytes *make (Fixture *fixture, const Party *party, const TamgaFormat *format,
                     TamgaLevel level)
{
    SceneSigning signing = {.format = format, .party = party, .level = level, .files = files};
    g_autoptr (GError) error = NULL;
    GBytes *container = scene_sign (fixture, &signing, &error);

    g_assert_no_error (error);
    return container;
}

static GBytes *extend_good (Fixture *fixture, const TamgaFormat *format, GBytes *container,
                            const TamgaExtension *extensions, gsize n)
{
    g_autoptr (GError) error = NULL;
    GBytes *extended = scene_extend (fixture, format, container, extensions, n, &error);

    g_assert_no_error (error);
    scene_assert_peers (fixture, extended);
    return extended;
}

static void test_levels (gconstpointer data)
{
    const TamgaFormat *format = data;
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) b = make (fixture, party, format, TAMGA_LEVEL_B);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, party);
    const TamgaExtension to_t = {.timestamp = TRUE}, to_lt = {.evidence = evidence},
                         to_lta = {.archive = TRUE};
    g_autoptr (GBytes) t = extend_good (fixture, format, b, &to_t, 1);
    g_autoptr (GBytes) lt = extend_good (fixture, format, t, &to_lt, 1);
    g_autoptr (GBytes) lta = extend_good (fixture, format, lt, &to_lta, 1);
    g_autoptr (GBytes) renewed = extend_good (fixture, format, lta, &to_lta, 1);
    gboolean manifest = format == &tamga_asic_e_cades_format;
    g_autoptr (GPtrArray) at_t = read_good (t, 1), at_lt = read_good (lt, 1);
    g_autoptr (GPtrArray) at_lta = read_good (lta, manifest ? 2 : 1);
    g_autoptr (GPtrArray) at_last = read_good (renewed, manifest ? 3 : 1);
    g_autoptr (GBytes) payload = scene_file (renewed, "letter.txt");

    g_assert_cmpuint (((TamgaSignature *)at_t->pdata[0])->timestamps->len, ==, 1);
    g_assert_true (((TamgaSignature *)at_lt->pdata[0])->has_evidence);
    g_assert_cmpuint (((TamgaSignature *)at_lta->pdata[0])->timestamps->len, ==, 2);
    g_assert_cmpuint (((TamgaSignature *)at_last->pdata[0])->timestamps->len, ==, 3);
    g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), files[0].content,
                     strlen (files[0].content));
}

static GBytes *make_lta (Fixture *fixture, const Party *party)
{
    const TamgaFormat *format = &tamga_asic_e_cades_format;
    const TamgaExtension archive = {.archive = TRUE};
    g_autoptr (GBytes) lt = make (fixture, party, format, TAMGA_LEVEL_LT);

    return extend_good (fixture, format, lt, &archive, 1);
}

/* EN 319 162-1 A.7: the newest archive manifest has the plain name, the one before it another, and
 * is marked in the newest. */
static void test_chain (void)
{
    const TamgaFormat *format = &tamga_asic_e_cades_format;
    const TamgaExtension archive = {.archive = TRUE};
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) first = make_lta (fixture, fixture_party (fixture, "P-256", "Signer"));
    g_autoptr (GBytes) second = extend_good (fixture, format, first, &archive, 1);
    g_autoptr (GBytes) third = extend_good (fixture, format, second, &archive, 1);
    g_autoptr (GPtrArray) signatures = read_good (third, 4);
    g_autoptr (GBytes) before = scene_file (first, "META-INF/ASiCArchiveManifest.xml");
    g_autoptr (GBytes) after = scene_file (third, "META-INF/ASiCArchiveManifest001.xml");
    g_autoptr (GBytes) newest = scene_file (third, "META-INF/ASiCArchiveManifest.xml");
    const TamgaSignature *stamp = signatures->pdata[3];
    g_autofree char *text = g_strndup (g_bytes_get_data (newest, NULL), g_bytes_get_size (newest));

    g_assert_true (g_bytes_equal (before, after));
    g_assert_nonnull (
        strstr (text, "Rootfile=\"true\" URI=\"META-INF/ASiCArchiveManifest002.xml\""));
    g_assert_cmpstr (stamp->carrier, ==, "META-INF/timestamp003.tst");
    /* the signature and both earlier tokens */
    g_assert_cmpuint (stamp->proves->len, ==, 3);
    g_assert_cmpstr (stamp->proves->pdata[0], ==, "signature 1");
}

static void assert_broken (GBytes *container, const char *carrier)
{
    g_autoptr (GPtrArray) signatures = scene_read (container, NULL);

    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *one = signatures->pdata[i];
        if (strcmp (one->carrier, carrier) != 0)
            continue;
        g_assert_cmpint (one->integrity, ==, TAMGA_INTEGRITY_HASH_FAILURE);
        g_assert_cmpuint (one->proves->len, ==, 0);
        return;
    }
    g_assert_not_reached ();
}

/* Whatever the archive manifest covers: a change of it breaks the token, which then proves
 * nothing. */
static void test_covers (void)
{
    static const char *const names[] = {"META-INF/signature001.p7s", "META-INF/ASiCManifest001.xml",
                                        "letter.txt"};
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make_lta (fixture, fixture_party (fixture, "P-256", "Signer"));

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (GBytes) changed = scene_change_text (container, names[i], "something else");
        assert_broken (changed, "META-INF/timestamp001.tst");
    }
}

/* Evidence for a covered file goes to the newest token; a timestamp inside it is refused. */
static void test_late (void)
{
    const TamgaFormat *format = &tamga_asic_e_cades_format;
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) container = make_lta (fixture, party);
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, party);
    const TamgaExtension late[] = {{.index = 0, .evidence = evidence},
                                   {.index = 1, .evidence = evidence}};
    const TamgaExtension wrong = {.index = 0, .timestamp = TRUE};
    const TamgaExtension none = {.index = 2, .timestamp = TRUE};
    g_autoptr (GBytes) more = extend_good (fixture, format, container, late, 2);
    g_autoptr (GPtrArray) signatures = read_good (more, 2);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) refused = NULL;
    g_autoptr (GBytes) before = scene_file (container, "META-INF/signature001.p7s");
    g_autoptr (GBytes) after = scene_file (more, "META-INF/signature001.p7s");

    g_assert_true (g_bytes_equal (before, after));
    for (guint i = 0; i < 2; i++) {
        const TamgaSignature *one = signatures->pdata[i];
        g_test_message ("%s: %u OCSP, %u CRL", one->id, one->ocsps->len, one->crls->len);
        g_assert_true (g_ptr_array_find_with_equal_func (one->ocsps, evidence->ocsps->pdata[0],
                                                         g_bytes_equal, NULL));
    }
    refused = scene_extend (fixture, format, container, &wrong, 1, &error);
    g_assert_null (refused);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
    g_clear_error (&error);
    refused = scene_extend (fixture, format, container, &none, 1, &error);
    g_assert_null (refused);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
}

/* Broken things are not made to last. */
static void test_refuses_broken (void)
{
    const TamgaFormat *format = &tamga_asic_e_cades_format;
    const TamgaExtension archive = {.archive = TRUE};
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container =
        make (fixture, fixture_party (fixture, "P-256", "Signer"), format, TAMGA_LEVEL_LT);
    g_autoptr (GBytes) changed = scene_change_text (container, "letter.txt", "other"),
                       refused = NULL;
    g_autoptr (GError) error = NULL;

    refused = scene_extend (fixture, format, changed, &archive, 1, &error);
    g_assert_null (refused);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
}

static GBytes *timestamp (Fixture *fixture, GBytes *bytes, const char *name, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new (name, bytes);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    TamgaStamper stamper = scene_stamper (fixture);

    if (!tamga_asic_s_cades_format.timestamp (document, NULL, &stamper, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

/* EN 319 162-1 4.3.3.2: a file and a timestamp over it; the next one covers that. */
static void test_timestamp (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) letter = g_bytes_new_static ("Dear Sir or Madam", 17);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) once = timestamp (fixture, letter, "some/letter.txt", &error);
    g_autoptr (GBytes) twice = NULL, changed = NULL;
    g_autoptr (GPtrArray) first = NULL, second = NULL;
    const TamgaSignature *stamp;

    g_assert_no_error (error);
    scene_assert_peers (fixture, once);
    first = read_good (once, 1);
    stamp = first->pdata[0];
    g_assert_true (stamp->is_document_timestamp);
    g_assert_cmpint (stamp->coverage, ==, TAMGA_COVERS_WHOLE);
    twice = timestamp (fixture, once, "letter.asics", &error);
    g_assert_no_error (error);
    second = read_good (twice, 2);
    stamp = second->pdata[1];
    g_assert_cmpuint (stamp->proves->len, ==, 1);
    g_assert_cmpstr (stamp->proves->pdata[0], ==, "signature 1");
    changed = scene_change_text (twice, "letter.txt", "Dear sir or Madam");
    assert_broken (changed, "META-INF/timestamp.tst");
    assert_broken (changed, stamp->carrier);
}

/* A signed ASiC-S gets no timestamp of its own. */
static void test_timestamp_refuses (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) container = make (fixture, fixture_party (fixture, "P-256", "Signer"),
                                         &tamga_asic_s_cades_format, TAMGA_LEVEL_B);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) refused = timestamp (fixture, container, "letter.asics", &error);

    g_assert_null (refused);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        g_autofree char *path = g_strconcat ("/asic/levels/", kinds[i].name, NULL);
        g_test_add_data_func (path, kinds[i].format, test_levels);
    }
    g_test_add_func ("/asic/archive/chain", test_chain);
    g_test_add_func ("/asic/archive/covers", test_covers);
    g_test_add_func ("/asic/archive/late", test_late);
    g_test_add_func ("/asic/archive/refuses-broken", test_refuses_broken);
    g_test_add_func ("/asic/timestamp/s", test_timestamp);
    g_test_add_func ("/asic/timestamp/refuses", test_timestamp_refuses);
    return g_test_run ();
}
