/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JAdES carriers read and taken apart by the tests. */
#include "tests/unit/jose/carrier.h"

#include <string.h>

#include "formats/cms/token.h"

TamgaDocument *carrier_document (const char *name, const char *text)
{
    g_autoptr (GBytes) bytes = carrier_text (text);

    return tamga_document_new (name, bytes);
}

static GBytes *stamp (const TamgaStamper *stamper, GBytes *imprint, GError **error G_GNUC_UNUSED)
{
    Fixture *fixture = stamper->data;
    g_autofree char *hex = tamga_text_hex_bytes (imprint);
    g_autofree char *query = g_build_filename (fixture->folder, "imprint.tsq", NULL);
    g_autofree char *token = g_build_filename (fixture->folder, "imprint.tst", NULL);
    g_autofree char *config = g_build_filename (fixture->folder, "tsa.cnf", NULL);

    g_assert_true (fixture_openssl (fixture, "ts", "-query", "-digest", hex, "-sha256", "-cert",
                                    "-out", query, NULL));
    g_assert_true (fixture_openssl (
        fixture, "ts", "-reply", "-config", config, "-section", "one", "-queryfile", query,
        "-signer", fixture->tsa.certificate_path, "-inkey", fixture->tsa.key_path, "-chain",
        fixture->root.certificate_path, "-token_out", "-out", token, NULL));
    return fixture_load (token);
}

TamgaStamper carrier_stamper (Fixture *fixture)
{
    return (TamgaStamper){tamga_digest_by_name ("SHA-256"), stamp, fixture};
}

GBytes *carrier_sign (Fixture *fixture, const Party *party, const char *algorithm,
                      TamgaDocument *document, TamgaSigningParameters parameters, GError **error)
{
    g_autoptr (TamgaPreparation) preparation = NULL;
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (GBytes) raw = NULL, covered = NULL, token = NULL;
    g_autoptr (TamgaEvidence) evidence = NULL;

    parameters.algorithm = tamga_algorithm_by_name (algorithm);
    parameters.certificate = party->certificate;
    parameters.signing_time = CARRIER_TIME;
    preparation = tamga_jades_format.prepare (document, &parameters, error);
    if (preparation == NULL)
        return NULL;
    raw = fixture_sign (party->key, parameters.algorithm, preparation->to_be_signed);
    covered = tamga_preparation_timestamped (preparation, raw, error);
    g_assert_nonnull (covered);
    if (parameters.level >= TAMGA_LEVEL_T)
        token = fixture_timestamp (fixture, covered, "sha256");
    if (parameters.level >= TAMGA_LEVEL_LT)
        evidence = fixture_evidence (fixture, party);
    if (!tamga_jades_format.embed (preparation, raw, token, evidence, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

GBytes *carrier_replace (GBytes *file, const char *from, const char *to)
{
    gsize length;
    const char *data = g_bytes_get_data (file, &length);
    const char *at = memmem (data, length, from, strlen (from));
    g_autoptr (GString) text = NULL;

    g_assert_nonnull (at);
    text = g_string_new_len (data, at - data);
    g_string_append (text, to);
    g_string_append_len (text, at + strlen (from),
                         (gssize)(length - (gsize)(at - data) - strlen (from)));
    return g_string_free_to_bytes (g_steal_pointer (&text));
}

GPtrArray *carrier_read (GBytes *file, GPtrArray *contents, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("signature.json", file);
    const TamgaReadOptions options = {.contents = contents};

    return tamga_jades_format.read (document, &options, error);
}

GPtrArray *carrier_assert (GBytes *file, GPtrArray *contents, guint n, TamgaIntegrity integrity)
{
    g_autoptr (GError) error = NULL;
    GPtrArray *signatures = carrier_read (file, contents, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (signatures->len, ==, n);
    for (guint i = 0; i < n; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        if (signature->integrity != integrity)
            g_error ("%s is %s: %s", signature->id, tamga_integrity_name (signature->integrity),
                     signature->integrity_text);
    }
    return signatures;
}

void carrier_assert_stamped (const TamgaSignature *signature, guint n)
{
    g_assert_cmpuint (signature->timestamps->len, ==, n);
    for (guint i = 0; i < n; i++) {
        const TamgaTimestamp *timestamp = signature->timestamps->pdata[i];
        g_autoptr (GError) error = NULL;
        g_autoptr (TamgaToken) token = tamga_token_parse (timestamp->token, &error);
        g_assert_no_error (error);
        if (!tamga_token_covers_digest (token, timestamp->covered_digest))
            g_error ("%s (%s) does not cover what it should", timestamp->id,
                     tamga_timestamp_kind_name (timestamp->kind));
    }
}

GBytes *carrier_text (const char *text)
{
    return g_bytes_new (text, strlen (text));
}

GBytes *carrier_extend (Fixture *fixture, GBytes *file, GPtrArray *contents,
                        const TamgaExtension *extension, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("signature.json", file);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    const TamgaReadOptions options = {.contents = contents};
    TamgaStamper stamper = carrier_stamper (fixture);

    if (!tamga_jades_format.extend (document, &options, extension, 1, &stamper, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}
