/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How files of the matrix are made, extended, read and judged. */
#include "tests/matrix/cell.h"

#include <string.h>

static GBytes *stamp (const TamgaStamper *base, GBytes *imprint, GError **error G_GNUC_UNUSED)
{
    const CellStamper *self = (const CellStamper *)base;
    return scene_token (self->scene->tsa, self->time, base->digest, imprint);
}

CellStamper cell_stamper (const Cell *cell, gint64 time)
{
    return (CellStamper){
        .base = {.digest = tamga_digest_by_name (cell->key->imprints), .stamp = stamp},
        .scene = cell->scene,
        .time = time};
}

/* Lists of root and provider as of `time`, and the way to the root: what LT asks for. */
TamgaEvidence *cell_evidence (const Scene *scene, gint64 time)
{
    TamgaEvidence *evidence = tamga_evidence_new ();
    const Entity *issuers[] = {scene->root, scene->provider};
    for (gsize i = 0; i < G_N_ELEMENTS (issuers); i++) {
        const List list = {.issuer = issuers[i],
                           .this_update = time,
                           .next_update = time + 7 * DAY,
                           .number = (long)(time / DAY)};
        g_autoptr (GBytes) crl = pki_crl (&list);
        tamga_evidence_add_crl (evidence, crl);
        tamga_evidence_add_certificate (evidence, issuers[i]->certificate);
    }
    tamga_evidence_add_certificate (evidence, scene->tsa->certificate);
    return evidence;
}

gboolean cell_is_detached (const Cell *cell)
{
    return cell->form->packaging == TAMGA_PACKAGING_DETACHED;
}

static EVP_PKEY *make_key (const MatrixKey *key)
{
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, key->type, NULL);
    EVP_PKEY *pair = NULL;
    g_assert_nonnull (context);
    g_assert_cmpint (EVP_PKEY_keygen_init (context), ==, 1);
    if (key->group != NULL)
        g_assert_cmpint (EVP_PKEY_CTX_set_group_name (context, key->group), ==, 1);
    g_assert_cmpint (EVP_PKEY_generate (context, &pair), ==, 1);
    return pair;
}

Cell *cell_new (const MatrixForm *form, const MatrixKey *key, guint signers)
{
    Cell *cell = g_new0 (Cell, 1);
    *cell = (Cell){.form = form,
                   .key = key,
                   .signers = signers,
                   .format = tamga_format_by_name (form->format),
                   .scene = scene_new (),
                   .parties = g_ptr_array_new_with_free_func ((GDestroyNotify)entity_free),
                   .documents = matrix_documents (form)};
    g_assert_nonnull (cell->format);
    for (guint i = 0; i < signers; i++) {
        EVP_PKEY *pair = make_key (key);
        g_autofree char *name = g_strdup_printf ("Signer %u", i + 1);
        g_ptr_array_add (cell->parties,
                         pki_issue_key (cell->scene->provider, name, pair, PKI_SIGNER, 0, 0));
    }
    if (cell_is_detached (cell))
        cell->options.contents = cell->documents;
    return cell;
}

void cell_free (Cell *cell)
{
    g_ptr_array_unref (cell->parties);
    g_ptr_array_unref (cell->documents);
    scene_free (cell->scene);
    g_free (cell);
}

/* Over a digest: certificates may have another form of the value. */
static GBytes *sign_digest (EVP_PKEY *key, const TamgaDigest *digest, GBytes *data)
{
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (key, NULL);
    g_autoptr (GBytes) hash = tamga_digest_bytes (digest, data);
    gsize length, size = 0;
    const guint8 *bytes = g_bytes_get_data (hash, &length);
    g_assert_cmpint (EVP_PKEY_sign_init (context), ==, 1);
    g_assert_cmpint (EVP_PKEY_CTX_set_signature_md (context, tamga_digest_md (digest)), ==, 1);
    g_assert_cmpint (EVP_PKEY_sign (context, NULL, &size, bytes, length), ==, 1);
    guint8 *buffer = g_malloc (size);
    g_assert_cmpint (EVP_PKEY_sign (context, buffer, &size, bytes, length), ==, 1);
    return g_bytes_new_take (buffer, size);
}

GBytes *cell_raw_signature (const Entity *party, const TamgaAlgorithm *algorithm, GBytes *data)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    EVP_PKEY_CTX *parameters = NULL;
    gsize length, size = 0;
    const void *bytes = g_bytes_get_data (data, &length);
    const EVP_MD *md = tamga_digest_md (tamga_algorithm_digest (algorithm));
    if (algorithm->scheme == TAMGA_SCHEME_PLAIN)
        return sign_digest (party->key, tamga_algorithm_digest (algorithm), data);
    g_assert_cmpint (EVP_DigestSignInit (context, &parameters, md, NULL, party->key), ==, 1);
    if (algorithm->scheme == TAMGA_SCHEME_RSA_PSS) {
        EVP_PKEY_CTX_set_rsa_padding (parameters, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen (parameters, RSA_PSS_SALTLEN_DIGEST);
    }
    g_assert_cmpint (EVP_DigestSign (context, NULL, &size, bytes, length), ==, 1);
    guint8 *buffer = g_malloc (size);
    g_assert_cmpint (EVP_DigestSign (context, buffer, &size, bytes, length), ==, 1);
    g_autoptr (GBytes) value = g_bytes_new_take (buffer, size);
    g_autoptr (GError) error = NULL;
    GBytes *raw = tamga_algorithm_der_to_raw (algorithm, value, party->key, &error);
    g_assert_no_error (error);
    return raw;
}

GBytes *cell_finish (TamgaOutput *output)
{
    g_autoptr (GError) error = NULL;
    tamga_output_commit (output, &error);
    g_assert_no_error (error);
    return tamga_output_steal_bytes (output);
}

TamgaDocument *cell_open (const Cell *cell, GBytes *file)
{
    g_autofree char *name = g_strconcat (cell->form->name, cell->form->extension, NULL);
    return tamga_document_new (name, file);
}

/* One more signature: over the documents, or into `file` where there is one already. */
static GBytes *cell_sign_once (const Cell *cell, GBytes *file, const Entity *party,
                               TamgaLevel level)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) chain = g_ptr_array_new ();
    g_autoptr (GPtrArray) further = g_ptr_array_new ();
    g_autoptr (TamgaDocument) document =
        file != NULL ? cell_open (cell, file) : tamga_document_ref (cell->documents->pdata[0]);
    for (guint i = 1; file == NULL && i < cell->documents->len; i++)
        g_ptr_array_add (further, cell->documents->pdata[i]);
    g_ptr_array_add (chain, cell->scene->provider->certificate);
    const TamgaSigningParameters parameters = {
        .algorithm = tamga_algorithm_by_name (cell->key->algorithm),
        .certificate = party->certificate,
        .chain = chain,
        .signing_time = THEN,
        .level = level,
        .packaging = file == NULL ? cell->form->packaging : TAMGA_PACKAGING_DEFAULT,
        .documents = further->len > 0 ? further : NULL,
        .contents = file != NULL ? cell->options.contents : NULL,
        .jose = cell->form->jose,
    };
    g_autoptr (TamgaPreparation) preparation =
        cell->format->prepare (document, &parameters, &error);
    g_assert_no_error (error);
    g_autoptr (GBytes) raw =
        cell_raw_signature (party, parameters.algorithm, preparation->to_be_signed);
    g_autoptr (GBytes) token = NULL;
    g_autoptr (TamgaEvidence) evidence = NULL;
    if (level >= TAMGA_LEVEL_T) {
        CellStamper stamper = cell_stamper (cell, STAMPED);
        g_autoptr (GBytes) value = tamga_preparation_timestamped (preparation, raw, &error);
        g_assert_no_error (error);
        g_autoptr (GBytes) imprint = tamga_digest_bytes (stamper.base.digest, value);
        token = stamp (&stamper.base, imprint, NULL);
    }
    if (level >= TAMGA_LEVEL_LT)
        evidence = cell_evidence (cell->scene, EVIDENCE);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    cell->format->embed (preparation, raw, token, evidence, output, &error);
    g_assert_no_error (error);
    return cell_finish (output);
}

GPtrArray *cell_read (const Cell *cell, GBytes *file, GError **error)
{
    g_autoptr (TamgaDocument) document = cell_open (cell, file);
    return cell->format->read (document, &cell->options, error);
}

/* What `extend` is asked for: the same for every signature, and evidence for container and document
 * timestamps. */
GBytes *cell_extend (const Cell *cell, GBytes *file, TamgaLevel level, gint64 time)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = cell_read (cell, file, &error);
    g_assert_no_error (error);
    g_autoptr (TamgaEvidence) evidence = cell_evidence (cell->scene, time);
    g_autofree TamgaExtension *extensions = g_new0 (TamgaExtension, signatures->len);
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        extensions[i] = (TamgaExtension){
            .index = i,
            .timestamp = level == TAMGA_LEVEL_T && !signature->is_document_timestamp,
            .evidence = level >= TAMGA_LEVEL_LT ? evidence : NULL,
            .archive = level == TAMGA_LEVEL_LTA && !signature->is_document_timestamp,
        };
    }
    CellStamper stamper = cell_stamper (cell, time);
    g_autoptr (TamgaDocument) document = cell_open (cell, file);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    cell->format->extend (document, &cell->options, extensions, signatures->len, &stamper.base,
                          output, &error);
    g_assert_no_error (error);
    return cell_finish (output);
}

TamgaValidation *cell_judge (const Cell *cell, GBytes *file)
{
    TamgaCall call = TAMGA_CALL_INIT;
    g_autoptr (TamgaDocument) document = cell_open (cell, file);
    TamgaStatusContext context = cell->scene->context;
    g_autoptr (TamgaEvidence) evidence = cell_evidence (cell->scene, EVIDENCE);
    g_autoptr (TamgaEvidence) now = cell_evidence (cell->scene, NOW - 60);
    /* Levels B and T carry none: the lists are what a fetch would bring. */
    tamga_evidence_merge (evidence, now);
    context.crls = evidence->crls;
    context.pool = evidence->certificates;
    return tamga_validate (document, &cell->options, &context, G_MININT64, &call);
}

GBytes *cell_make (const Cell *cell, TamgaLevel level)
{
    GBytes *file = NULL;
    for (guint i = 0; i < cell->signers; i++) {
        g_autoptr (GBytes) before = file;
        file = cell_sign_once (cell, before, cell->parties->pdata[i], level);
    }
    return file;
}
