/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making XML signatures in tests. */
#include "tests/unit/xml/making.h"

#include <glib/gstdio.h>
#include <string.h>

#include "formats/xml/xml.h"

TamgaDocument *making_document (const char *name, const char *text)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

    return tamga_document_new (name, bytes);
}

GBytes *making_finish (Fixture *fixture, const Party *party, const TamgaFormat *format,
                       TamgaPreparation *preparation, TamgaLevel level, GError **error)
{
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (GBytes) raw = NULL, token = NULL;
    g_autoptr (TamgaEvidence) evidence = NULL;

    raw = fixture_sign (party->key, preparation->algorithm, preparation->to_be_signed);
    if (level >= TAMGA_LEVEL_T) {
        g_autoptr (GBytes) covered = tamga_preparation_timestamped (preparation, raw, error);
        g_assert_nonnull (covered);
        token = fixture_timestamp (fixture, covered, "sha256");
    }
    if (level >= TAMGA_LEVEL_LT) {
        evidence = fixture_evidence (fixture, party);
        tamga_evidence_add_certificate (evidence, fixture->tsa.certificate);
    }
    if (!format->embed (preparation, raw, token, evidence, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

GBytes *making_sign (Fixture *fixture, const Party *party, const char *algorithm,
                     const TamgaFormat *format, TamgaDocument *document,
                     TamgaSigningParameters parameters, GError **error)
{
    g_autoptr (TamgaPreparation) preparation = NULL;

    parameters.algorithm = tamga_algorithm_by_name (algorithm);
    parameters.certificate = party->certificate;
    parameters.signing_time = MAKING_TIME;
    preparation = format->prepare (document, &parameters, error);
    return preparation != NULL
               ? making_finish (fixture, party, format, preparation, parameters.level, error)
               : NULL;
}

GPtrArray *making_read (GBytes *file, GPtrArray *contents, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("signed.xml", file);
    TamgaReadOptions options = {.contents = contents};

    return tamga_xades_format.read (document, &options, error);
}

GPtrArray *making_assert_intact (GBytes *file, GPtrArray *contents, guint n)
{
    g_autoptr (GError) error = NULL;
    GPtrArray *signatures = making_read (file, contents, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (signatures->len, ==, n);
    for (guint i = 0; i < n; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        g_assert_cmpstr (signature->integrity_text, ==, NULL);
        g_assert_cmpint (signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    }
    return signatures;
}

gboolean making_xmlsec (Fixture *fixture, GBytes *file, guint number)
{
    static const char *const named[] = {
        TAMGA_NS_DSIG ":Signature", TAMGA_NS_DSIG ":SignatureValue",    TAMGA_NS_DSIG ":Object",
        TAMGA_NS_DSIG ":Reference", TAMGA_NS_XADES ":SignedProperties", "part",
    };
    g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
    g_autofree char *path = fixture_write (fixture, "xmlsec.xml", file);
    g_autofree char *xpath = g_strdup_printf ("(//*[local-name()='Signature'])[%u]", number);
    g_autofree char *messages = NULL, *words = NULL;
    g_autoptr (GError) error = NULL;
    int status = 0;

    for (gsize i = 0; i < 4; i++)
        g_ptr_array_add (arguments,
                         (gpointer)((const char *[]){"unshare", "-n", "xmlsec1", "--verify"}[i]));
    g_ptr_array_add (arguments, (gpointer) "--insecure");
    for (gsize i = 0; i < G_N_ELEMENTS (named); i++) {
        g_ptr_array_add (arguments, (gpointer) "--id-attr:Id");
        g_ptr_array_add (arguments, (gpointer)named[i]);
    }
    g_ptr_array_add (arguments, (gpointer) "--node-xpath");
    g_ptr_array_add (arguments, xpath);
    g_ptr_array_add (arguments, path);
    g_ptr_array_add (arguments, NULL);
    g_spawn_sync (fixture->folder, (char **)arguments->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                  &words, &messages, &status, &error);
    g_assert_no_error (error);
    if (!g_spawn_check_wait_status (status, NULL)) {
        g_test_message ("xmlsec1: %s%s", words, messages);
        return FALSE;
    }
    return TRUE;
}

GBytes *making_replace (GBytes *file, const char *from, const char *to)
{
    gsize length, size = strlen (from);
    const char *data = g_bytes_get_data (file, &length);
    const char *found = memmem (data, length, from, size);
    GByteArray *out = g_byte_array_new ();

    g_assert_nonnull (found);
    g_byte_array_append (out, (const guint8 *)data, (guint)(found - data));
    g_byte_array_append (out, (const guint8 *)to, (guint)strlen (to));
    g_byte_array_append (out, (const guint8 *)found + size,
                         (guint)(length - size - (gsize)(found - data)));
    return g_byte_array_free_to_bytes (out);
}
