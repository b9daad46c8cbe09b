/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Containers for tests. */
#include "tests/unit/zip/scene.h"

#include <string.h>

#define SIGNING_TIME 1795341600

static GBytes *stamp (const TamgaStamper *stamper, GBytes *imprint, G_GNUC_UNUSED GError **error)
{
    Fixture *fixture = stamper->data;
    g_autofree char *hex = tamga_text_hex_bytes (imprint);
    g_autofree char *query = g_build_filename (fixture->folder, "query.tsq", NULL);
    g_autofree char *token = g_build_filename (fixture->folder, "token.tst", NULL);
    g_autofree char *config = g_build_filename (fixture->folder, "tsa.cnf", NULL);

    g_assert_true (fixture_openssl (fixture, "ts", "-query", "-digest", hex, "-sha256", "-cert",
                                    "-out", query, NULL));
    g_assert_true (fixture_openssl (
        fixture, "ts", "-reply", "-config", config, "-section", "one", "-queryfile", query,
        "-signer", fixture->tsa.certificate_path, "-inkey", fixture->tsa.key_path, "-chain",
        fixture->root.certificate_path, "-token_out", "-out", token, NULL));
    return fixture_load (token);
}

TamgaStamper scene_stamper (Fixture *fixture)
{
    return (TamgaStamper){
        .digest = tamga_digest_by_name ("SHA-256"), .stamp = stamp, .data = fixture};
}

static GPtrArray *scene_documents (const SceneFile *files)
{
    g_autoptr (GPtrArray) documents = tamga_document_list (NULL);

    for (; files != NULL && files->name != NULL; files++) {
        g_autoptr (GBytes) bytes = g_bytes_new (files->content, strlen (files->content));
        g_ptr_array_add (documents, tamga_document_new (files->name, bytes));
    }
    return g_steal_pointer (&documents);
}

GBytes *scene_sign (Fixture *fixture, const SceneSigning *signing, GError **error)
{
    g_autoptr (GPtrArray) documents = scene_documents (signing->files);
    g_autoptr (TamgaDocument) document =
        signing->container != NULL ? tamga_document_new ("container.asice", signing->container)
                                   : g_ptr_array_steal_index (documents, 0);
    TamgaSigningParameters parameters = {
        .algorithm = tamga_algorithm_for_key (signing->party->key, NULL, NULL, NULL),
        .certificate = signing->party->certificate,
        .signing_time = SIGNING_TIME,
        .level = signing->level,
        .documents = documents,
        .countersigned = signing->countersigned,
    };
    g_autoptr (TamgaPreparation) preparation =
        signing->format->prepare (document, &parameters, error);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (GBytes) raw = NULL, token = NULL;
    g_autoptr (TamgaEvidence) evidence = NULL;

    if (preparation == NULL)
        return NULL;
    g_assert_nonnull (preparation->content_digest);
    raw = fixture_sign (signing->party->key, parameters.algorithm, preparation->to_be_signed);
    if (signing->level >= TAMGA_LEVEL_T) {
        g_autoptr (GBytes) value = tamga_preparation_timestamped (preparation, raw, error);
        token = fixture_timestamp (fixture, value, "sha256");
    }
    if (signing->level >= TAMGA_LEVEL_LT)
        evidence = fixture_evidence (fixture, signing->party);
    if (!signing->format->embed (preparation, raw, token, evidence, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

GPtrArray *scene_read (GBytes *container, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("container", container);
    const TamgaFormat *format;

    return tamga_format_read (document, NULL, &format, error);
}

GBytes *scene_extend (Fixture *fixture, const TamgaFormat *format, GBytes *container,
                      const TamgaExtension *extensions, gsize n, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("container", container);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    TamgaStamper stamper = scene_stamper (fixture);

    if (!format->extend (document, NULL, extensions, n, &stamper, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}

static TamgaZip *open_zip (GBytes *container)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("container", container);
    g_autoptr (GError) error = NULL;
    TamgaZip *zip = tamga_zip_open (document, &error);

    g_assert_no_error (error);
    return zip;
}

GBytes *scene_file (GBytes *container, const char *name)
{
    g_autoptr (TamgaZip) zip = open_zip (container);
    const TamgaZipEntry *entry = tamga_zip_find (zip, name);

    g_assert_nonnull (entry);
    return tamga_zip_bytes (zip, entry, G_MAXUINT64, NULL);
}

GBytes *scene_change (GBytes *container, const char *name, GBytes *content)
{
    g_autoptr (TamgaZip) zip = open_zip (container);
    GPtrArray *entries = tamga_zip_entries (zip);
    g_autoptr (GPtrArray) parts =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_zip_part_free);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (TamgaDocument) document =
        content != NULL ? tamga_document_new (name, content) : NULL;
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i < entries->len; i++) {
        const TamgaZipEntry *entry = entries->pdata[i];
        if (strcmp (entry->name, name) != 0)
            g_ptr_array_add (parts, tamga_zip_part_new (entry->name, NULL, entry));
        else if (document != NULL)
            g_ptr_array_add (parts, tamga_zip_part_new (name, document, NULL));
    }
    if (tamga_zip_find (zip, name) == NULL)
        g_ptr_array_add (parts, tamga_zip_part_new (name, document, NULL));
    tamga_zip_write (zip, parts, output, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (tamga_output_commit (output, NULL));
    return tamga_output_steal_bytes (output);
}

GBytes *scene_change_text (GBytes *container, const char *name, const char *content)
{
    g_autoptr (GBytes) bytes = g_bytes_new (content, strlen (content));

    return scene_change (container, name, bytes);
}

char *scene_names (GBytes *container)
{
    g_autoptr (TamgaZip) zip = open_zip (container);
    GPtrArray *entries = tamga_zip_entries (zip);
    GString *names = g_string_new (NULL);

    for (guint i = 0; i < entries->len; i++)
        g_string_append_printf (names, "%s%s", i > 0 ? " " : "",
                                ((TamgaZipEntry *)entries->pdata[i])->name);
    return g_string_free (names, FALSE);
}

static void run (Fixture *fixture, const char *program, const char *option, const char *path)
{
    const char *arguments[] = {program, option, path, NULL};
    g_autofree char *output = NULL;
    g_autofree char *messages = NULL;
    g_autoptr (GError) error = NULL;
    int status = 0;

    g_spawn_sync (fixture->folder, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                  &output, &messages, &status, &error);
    g_assert_no_error (error);
    if (!g_spawn_check_wait_status (status, NULL))
        g_error ("%s: %s%s", program, output, messages);
}

void scene_assert_peers (Fixture *fixture, GBytes *container)
{
    g_autofree char *path = fixture_write (fixture, "container.zip", container);

    run (fixture, "unzip", "-tq", path);
    run (fixture, "zipinfo", "-v", path);
}

const TamgaFinding *scene_finding (const TamgaSignature *signature, const char *code)
{
    for (guint i = 0; i < signature->findings->len; i++) {
        const TamgaFinding *finding = signature->findings->pdata[i];
        if (strcmp (finding->code, code) == 0)
            return finding;
    }
    return NULL;
}
