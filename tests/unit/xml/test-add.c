/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adding to files that are signed: parallel signatures, countersignatures, higher levels; and
 * taking the signed original out again. */
#include <string.h>

#include "formats/cms/token.h"
#include "tests/unit/xml/making.h"

static const char order[] = "<?xml version=\"1.0\"?>\n<order xmlns=\"urn:o\">\n <line Id=\"l1\">1"
                            "</line><!-- c --><line Id=\"l2\">2</line>\r\n <place/></order>\n";

static GBytes *sign (Fixture *fixture, const Party *party, TamgaDocument *document,
                     TamgaSigningParameters parameters, GError **error)
{
    return making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xades_format, document, parameters,
                        error);
}

static GBytes *must_sign (Fixture *fixture, const Party *party, TamgaDocument *document,
                          TamgaSigningParameters parameters)
{
    g_autoptr (GError) error = NULL;
    GBytes *file = sign (fixture, party, document, parameters, &error);

    g_assert_no_error (error);
    return file;
}

static gboolean contains (GBytes *file, const char *text)
{
    return memmem (g_bytes_get_data (file, NULL), g_bytes_get_size (file), text, strlen (text)) !=
           NULL;
}

/* ---- Parallel ---- */

static void test_parallel (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    g_autoptr (GBytes) file = g_bytes_new (order, strlen (order));

    for (guint i = 1; i <= 3; i++) {
        g_autoptr (TamgaDocument) document = tamga_document_new ("order.xml", file);
        TamgaSigningParameters parameters = {.level = i == 2 ? TAMGA_LEVEL_LT : TAMGA_LEVEL_B};
        g_autoptr (GPtrArray) signatures = NULL;
        GBytes *next = must_sign (fixture, party, document, parameters);
        g_bytes_unref (file);
        file = next;
        signatures = making_assert_intact (file, NULL, i);
        for (guint j = 1; j <= i; j++)
            g_assert_true (making_xmlsec (fixture, file, j));
    }
}

/* One that covers all but itself would be broken by a second one: nothing is made then. */
static void test_parallel_forbidden (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    g_autoptr (TamgaDocument) document = making_document ("order.xml", order);
    TamgaSigningParameters none = {0};
    static const char *const lines[] = {"#l2", NULL};
    TamgaSigningParameters detached = {.packaging = TAMGA_PACKAGING_DETACHED};
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) first = making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xmldsig_format,
                                            document, none, &error);
    g_autoptr (TamgaDocument) signed_once = tamga_document_new ("order.xml", first);
    g_autoptr (GBytes) second = NULL;

    g_assert_no_error (error);
    second = sign (fixture, party, signed_once, none, &error);
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN);
    g_assert_nonnull (strstr (error->message, "signature 1"));
    g_assert_null (second);
    second = must_sign (fixture, party, signed_once, detached);
    g_assert_nonnull (second);
    {
        TamgaSigningParameters part = {.xml.elements = lines, .xml.parent = "/order/place"};
        g_autoptr (GBytes) one = must_sign (fixture, party, document, part);
        g_autoptr (TamgaDocument) again = tamga_document_new ("order.xml", one);
        static const char *const other[] = {"/order/line[1]", NULL};
        g_autoptr (GBytes) two = NULL;
        part.xml.elements = other;
        two = must_sign (fixture, party, again, part);
        g_ptr_array_unref (making_assert_intact (two, NULL, 2));
    }
}

/* ---- Countersignatures ---- */

static void test_countersign (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    static const TamgaLevel levels[] = {TAMGA_LEVEL_B, TAMGA_LEVEL_T};

    for (gsize i = 0; i < G_N_ELEMENTS (levels); i++) {
        g_autoptr (TamgaDocument) document = making_document ("order.xml", order);
        TamgaSigningParameters parameters = {.level = levels[i]};
        g_autoptr (GBytes) file = must_sign (fixture, party, document, parameters);
        g_autoptr (TamgaDocument) once = tamga_document_new ("order.xml", file);
        g_autoptr (GBytes) counter = NULL, again = NULL, damaged = NULL;
        g_autoptr (TamgaDocument) twice = NULL;
        g_autoptr (GPtrArray) signatures = NULL, broken = NULL;
        parameters.countersigned = "signature 1";
        counter = must_sign (fixture, party, once, parameters);
        signatures = making_assert_intact (counter, NULL, 2);
        g_assert_cmpstr (((TamgaSignature *)signatures->pdata[1])->countersigned, ==,
                         "signature 1");
        g_assert_true (making_xmlsec (fixture, counter, 1));
        g_assert_true (making_xmlsec (fixture, counter, 2));
        /* A countersignature of the countersignature. */
        twice = tamga_document_new ("order.xml", counter);
        parameters.countersigned = ((TamgaSignature *)signatures->pdata[1])->id;
        again = must_sign (fixture, party, twice, parameters);
        g_ptr_array_unref (making_assert_intact (again, NULL, 3));
        g_assert_true (making_xmlsec (fixture, again, 3));
    }
}

static void test_countersign_refused (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    g_autoptr (TamgaDocument) document = making_document ("order.xml", order);
    TamgaSigningParameters none = {0}, counter = {.countersigned = "signature 1"};
    g_autoptr (GBytes) plain =
        making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xmldsig_format, document, none, NULL);
    g_autoptr (TamgaDocument) signed_plain = tamga_document_new ("order.xml", plain);
    g_autoptr (GError) error = NULL;

    g_assert_null (sign (fixture, party, signed_plain, counter, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
    g_clear_error (&error);
    counter.countersigned = "signature 2";
    g_assert_null (sign (fixture, party, signed_plain, counter, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
}

/* ---- Levels ---- */

static GBytes *extend (Fixture *fixture, GBytes *file, GPtrArray *contents,
                       const TamgaExtension *extension, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("order.xml", file);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    TamgaReadOptions options = {.contents = contents};
    TamgaStamper stamper = fixture_stamper (fixture, "SHA-256");

    if (!tamga_xades_format.extend (document, &options, extension, 1, &stamper, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

/* Every timestamp of signature `index` covers what it has to; returns how many there are. */
static guint assert_timestamps (GBytes *file, GPtrArray *contents, guint index)
{
    g_autoptr (GPtrArray) signatures = making_read (file, contents, NULL);
    const TamgaSignature *signature = signatures->pdata[index];

    for (guint i = 0; i < signature->timestamps->len; i++) {
        const TamgaTimestamp *timestamp = signature->timestamps->pdata[i];
        g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, NULL);
        g_assert_nonnull (timestamp->covered_digest);
        g_assert_true (tamga_token_covers_digest (token, timestamp->covered_digest));
    }
    return signature->timestamps->len;
}

/* Is `one` `other` with something put in at one place? */
static void assert_insertion (GBytes *one, GBytes *other)
{
    gsize size, longer, same = 0;
    const guint8 *old = g_bytes_get_data (one, &size), *new = g_bytes_get_data (other, &longer);

    g_assert_cmpuint (longer, >, size);
    while (same < size && old[same] == new[same])
        same++;
    g_assert_cmpint (memcmp (old + same, new + longer - (size - same), size - same), ==, 0);
}

static void test_extend (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    static const TamgaPackaging packagings[] = {
        TAMGA_PACKAGING_ENVELOPED, TAMGA_PACKAGING_ENVELOPING, TAMGA_PACKAGING_DETACHED};

    static const guint stamps[] = {1, 1, 2, 3};

    for (gsize i = 0; i < G_N_ELEMENTS (packagings); i++) {
        g_autoptr (TamgaDocument) document = making_document ("order.xml", order);
        g_autoptr (GPtrArray) contents =
            packagings[i] == TAMGA_PACKAGING_DETACHED ? tamga_document_list (document) : NULL;
        TamgaSigningParameters parameters = {.packaging = packagings[i]};
        g_autoptr (GBytes) file = must_sign (fixture, party, document, parameters);
        g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, party);
        g_autoptr (TamgaEvidence) later = NULL;
        const TamgaExtension steps[] = {
            {.timestamp = TRUE},
            {.evidence = evidence},
            {.archive = TRUE},
            {.evidence = (later = fixture_evidence (fixture, &fixture->tsa)), .archive = TRUE},
        };
        for (gsize step = 0; step < G_N_ELEMENTS (steps); step++) {
            g_autoptr (GError) error = NULL;
            g_autoptr (GPtrArray) signatures = NULL;
            const TamgaSignature *signature;
            GBytes *next = extend (fixture, file, contents, &steps[step], &error);
            g_assert_no_error (error);
            assert_insertion (file, next);
            g_bytes_unref (file);
            file = next;
            signatures = making_assert_intact (file, contents, 1);
            signature = signatures->pdata[0];
            g_assert_cmpint (signature->has_evidence, ==, step >= 1);
            g_assert_cmpuint (assert_timestamps (file, contents, 0), ==, stamps[step]);
        }
        g_assert_true (contains (file, "xades141:TimeStampValidationData"));
        g_assert_true (packagings[i] == TAMGA_PACKAGING_DETACHED ||
                       making_xmlsec (fixture, file, 1));
    }
}

/* The archive timestamp covers the evidence: another byte in it is seen. */
static void test_archive_covers (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    g_autoptr (TamgaDocument) document = making_document ("order.xml", order);
    TamgaSigningParameters parameters = {.level = TAMGA_LEVEL_LT};
    TamgaExtension archive = {.archive = TRUE};
    g_autoptr (GBytes) file = must_sign (fixture, party, document, parameters);
    g_autoptr (GBytes) whole = extend (fixture, file, NULL, &archive, NULL);
    g_autoptr (GBytes) damaged = making_replace (whole, "<xades:CRLValues>", "<xades:CRLValues> ");
    g_autoptr (GPtrArray) signatures = making_read (damaged, NULL, NULL);
    const TamgaSignature *signature = signatures->pdata[0];
    const TamgaTimestamp *last = signature->timestamps->pdata[signature->timestamps->len - 1];
    g_autoptr (TamgaToken) token = tamga_token_parse (last->token, NULL);

    g_assert_cmpuint (assert_timestamps (whole, NULL, 0), ==, 2);
    g_assert_false (tamga_token_covers_digest (token, last->covered_digest));
}

static void test_extend_refused (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    g_autoptr (TamgaDocument) document = making_document ("order.xml", order);
    TamgaSigningParameters none = {0};
    TamgaExtension stamp = {.timestamp = TRUE}, wrong = {.index = 7, .timestamp = TRUE};
    g_autoptr (GBytes) plain =
        making_sign (fixture, party, "ECDSA-SHA-256", &tamga_xmldsig_format, document, none, NULL);
    g_autoptr (GBytes) file = must_sign (fixture, party, document, none);
    g_autoptr (GError) error = NULL;

    g_assert_null (extend (fixture, plain, NULL, &stamp, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED);
    g_clear_error (&error);
    g_assert_null (extend (fixture, file, NULL, &wrong, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER);
}

/* What is expected of an attempt at a file of others: nothing that held is broken. */
static void check_other (Fixture *fixture, const char *path, const TamgaExtension *extension,
                         guint *extended)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) before = fixture_load (path), after = NULL;
    g_autoptr (GPtrArray) old = making_read (before, NULL, &error), new = NULL;

    g_assert_no_error (error);
    after = extend (fixture, before, NULL, extension, &error);
    g_test_message ("%s: %s", path, error != NULL ? error->message : "extended");
    if (after == NULL) {
        g_assert_true (
            g_error_matches (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED) ||
            g_error_matches (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN) ||
            g_error_matches (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT));
        return;
    }
    (*extended)++;
    assert_insertion (before, after);
    new = making_read (after, NULL, NULL);
    g_assert_cmpuint (new->len, ==, old->len);
    for (guint i = 0; i < old->len; i++) {
        const TamgaSignature *one = old->pdata[i], *other = new->pdata[i];
        g_assert_cmpint (one->integrity, ==, other->integrity);
        g_assert_cmpuint (other->timestamps->len, ==, one->timestamps->len + (i == 0 ? 2 : 0));
    }
}

/* Files of other implementations whose signatures are good. */
static void test_extend_others (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    g_autoptr (TamgaEvidence) evidence = fixture_evidence (fixture, party);
    TamgaExtension extension = {.timestamp = TRUE, .evidence = evidence, .archive = TRUE};
    g_autofree char *manifest = NULL;
    g_auto (GStrv) lines = NULL;
    guint extended = 0;

    if (!g_file_get_contents (TAMGA_SHARED "/corpora/manifest.tsv", &manifest, NULL, NULL)) {
        g_test_skip ("skipped: the files of other implementations are missing");
        return;
    }
    lines = g_strsplit (manifest, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        g_auto (GStrv) fields = g_strsplit (lines[i], "\t", -1);
        g_autofree char *path = NULL;
        if (g_strv_length (fields) < 4 || strcmp (fields[1], "xades") != 0 ||
            strcmp (fields[2], "-") != 0 || strcmp (fields[3], "ok") != 0)
            continue;
        path = g_build_filename (TAMGA_SHARED, "corpora", fields[0], NULL);
        check_other (fixture, path, &extension, &extended);
    }
    g_assert_cmpuint (extended, >=, 20);
}

/* ---- Originals ---- */

static void assert_original (GBytes *file, const char *signature, const char *text)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("signed.xml", file);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) originals =
        tamga_xades_format.originals (document, NULL, signature, &error);
    g_autoptr (GBytes) bytes = NULL;

    g_assert_no_error (error);
    g_assert_cmpuint (originals->len, ==, 1);
    bytes = g_bytes_ref (tamga_document_memory (((TamgaOriginal *)originals->pdata[0])->document));
    g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, strlen (text));
}

static void test_originals (void)
{
    static const struct {
        const char *text;
        TamgaPackaging packaging;
    } rows[] = {
        {order, TAMGA_PACKAGING_ENVELOPED},
        {order, TAMGA_PACKAGING_ENVELOPING},
        {"<a/>", TAMGA_PACKAGING_ENVELOPED},
        {"<a>\n<!-- x --></a>\n<!-- y -->", TAMGA_PACKAGING_ENVELOPED},
        {"\xef\xbb\xbf<p:a xmlns:p='urn:u' ><b/></p:a >", TAMGA_PACKAGING_ENVELOPED},
        {"<a>\n<!-- x --></a>\n<!-- y -->\r\n", TAMGA_PACKAGING_ENVELOPING},
        {"not XML", TAMGA_PACKAGING_ENVELOPING},
    };
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (TamgaDocument) document = making_document ("text", rows[i].text);
        TamgaSigningParameters parameters = {.packaging = rows[i].packaging};
        g_autoptr (GBytes) file = must_sign (fixture, party, document, parameters);
        g_autoptr (TamgaDocument) once = tamga_document_new ("text", file);
        g_autoptr (GBytes) twice = NULL;
        assert_original (file, NULL, rows[i].text);
        if (rows[i].packaging != TAMGA_PACKAGING_ENVELOPED)
            continue;
        twice = must_sign (fixture, party, once, parameters);
        assert_original (twice, "signature 1", rows[i].text);
        assert_original (twice, NULL, rows[i].text);
    }
}

static void test_originals_elsewhere (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    const Party *party = fixture_party (fixture, "P-256", "XML signer");
    g_autoptr (TamgaDocument) document = making_document ("order.xml", order);
    TamgaSigningParameters parameters = {.packaging = TAMGA_PACKAGING_DETACHED};
    g_autoptr (GBytes) file = must_sign (fixture, party, document, parameters);
    g_autoptr (TamgaDocument) signature = tamga_document_new ("order.xml.xml", file);
    g_autoptr (GError) error = NULL;

    g_assert_null (tamga_xades_format.originals (signature, NULL, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/xml/add/parallel", test_parallel);
    g_test_add_func ("/xml/add/parallel-forbidden", test_parallel_forbidden);
    g_test_add_func ("/xml/add/countersign", test_countersign);
    g_test_add_func ("/xml/add/countersign-refused", test_countersign_refused);
    g_test_add_func ("/xml/add/extend", test_extend);
    g_test_add_func ("/xml/add/archive-covers", test_archive_covers);
    g_test_add_func ("/xml/add/extend-refused", test_extend_refused);
    g_test_add_func ("/xml/add/extend-others", test_extend_others);
    g_test_add_func ("/xml/add/originals", test_originals);
    g_test_add_func ("/xml/add/originals-elsewhere", test_originals_elsewhere);
    return g_test_run ();
}
