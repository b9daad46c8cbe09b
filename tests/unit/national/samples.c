/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of other implementations with national algorithms. */
#include "tests/unit/national/samples.h"

#include <openssl/provider.h>
#include <string.h>

gboolean samples_there (void)
{
    if (g_file_test (TAMGA_SHARED "/vectors", G_FILE_TEST_IS_DIR))
        return TRUE;
    g_test_skip ("skipped: ../shared is missing");
    return FALSE;
}

GBytes *samples_load (const char *name)
{
    g_autofree char *path = g_build_filename (TAMGA_SHARED, "vectors", name, NULL);
    g_autoptr (GError) error = NULL;
    char *data = NULL;
    gsize length = 0;

    g_file_get_contents (path, &data, &length, &error);
    g_assert_no_error (error);
    return g_bytes_new_take (data, length);
}

GPtrArray *samples_read (GBytes *file, GBytes *content, GError **error)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("sample", file);
    g_autoptr (TamgaDocument) detached =
        content != NULL ? tamga_document_new ("content", content) : NULL;
    g_autoptr (GPtrArray) contents = tamga_document_list (detached);
    TamgaReadOptions options = {.contents = contents};
    const TamgaFormat *format = NULL;

    return tamga_format_read (document, &options, &format, error);
}

GBytes *samples_flip (GBytes *bytes, gsize offset, guint8 mask)
{
    gsize length;
    const void *data = g_bytes_get_data (bytes, &length);
    guint8 *copy = g_memdup2 (data, length);

    g_assert_cmpuint (offset, <, length);
    copy[offset] ^= mask;
    return g_bytes_new_take (copy, length);
}

GBytes *samples_patch (GBytes *bytes, gconstpointer from, gconstpointer to, gsize length)
{
    gsize size;
    const void *data = g_bytes_get_data (bytes, &size);
    guint8 *copy = g_memdup2 (data, size), *at = memmem (copy, size, from, length);

    g_assert_nonnull (at);
    for (; at != NULL; at = memmem (at, size - (gsize)(at - copy), from, length))
        memcpy (at, to, length);
    return g_bytes_new_take (copy, size);
}

static gboolean same_key (X509 *one, X509 *other)
{
    return one != NULL && other != NULL &&
           EVP_PKEY_eq (X509_get0_pubkey (one), X509_get0_pubkey (other)) == 1;
}

static gboolean same_bytes (GBytes *one, GBytes *other)
{
    return one != NULL && other != NULL ? g_bytes_equal (one, other) : one == other;
}

static gboolean same_objects (const GPtrArray *one, const GPtrArray *other)
{
    gboolean same = one->len == other->len;

    for (guint i = 0; same && i < one->len; i++) {
        const TamgaObject *a = one->pdata[i], *b = other->pdata[i];
        same = g_strcmp0 (a->name, b->name) == 0 && a->digest == b->digest &&
               same_bytes (a->value, b->value);
    }
    return same;
}

static gboolean is_same (const TamgaSignature *one, const TamgaSignature *other)
{
    return one->algorithm == other->algorithm && one->coverage == other->coverage &&
           same_bytes (one->signature_value, other->signature_value) &&
           same_bytes (one->content_digest, other->content_digest) &&
           same_objects (one->objects, other->objects) &&
           same_key (one->certificate, other->certificate) &&
           one->claimed_time == other->claimed_time;
}

void samples_assert_no_flip_passes (GBytes *file, GBytes *content, const GPtrArray *good)
{
    static const guint8 masks[] = {0x01, 0x80};

    for (gsize i = 0; i < g_bytes_get_size (file); i++) {
        /* the low bit of each, the high bit of some */
        for (gsize m = 0; m < (i % 4 == 0 ? G_N_ELEMENTS (masks) : 1); m++) {
            g_autoptr (GBytes) changed = samples_flip (file, i, masks[m]);
            g_autoptr (GPtrArray) signatures = samples_read (changed, content, NULL);
            for (guint k = 0; signatures != NULL && k < signatures->len; k++) {
                const TamgaSignature *signature = signatures->pdata[k];
                gboolean known = signature->integrity != TAMGA_INTEGRITY_INTACT;
                for (guint g = 0; !known && g < good->len; g++)
                    known = is_same (signature, good->pdata[g]);
                if (!known)
                    g_error ("octet %" G_GSIZE_FORMAT " changed, and %s is intact", i,
                             signature->id);
            }
        }
    }
}

Signer *samples_signer (const char *name, const char *password)
{
    g_autoptr (GBytes) file = samples_load (name);
    Signer *signer = g_new0 (Signer, 1);
    gsize length;
    const unsigned char *data = g_bytes_get_data (file, &length);
    g_autoptr (PKCS12) store = d2i_PKCS12 (NULL, &data, (long)length);

    g_assert_nonnull (store);
    /* The certificates lie under RC2 with 40 bits. */
    g_assert_nonnull (OSSL_PROVIDER_try_load (NULL, "legacy", 1));
    g_assert_cmpint (PKCS12_parse (store, password, &signer->key, &signer->certificate, NULL), ==,
                     1);
    g_assert_nonnull (signer->key);
    g_assert_nonnull (signer->certificate);
    return signer;
}

void signer_free (Signer *signer)
{
    if (signer == NULL)
        return;
    EVP_PKEY_free (signer->key);
    X509_free (signer->certificate);
    g_free (signer);
}

/* What a key store does: the key gets a digest. */
static GBytes *sign_digest (EVP_PKEY *key, const TamgaAlgorithm *algorithm, GBytes *digest)
{
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (key, NULL);
    gsize size = 0, length;
    const guint8 *data = g_bytes_get_data (digest, &length);
    guint8 *value;

    g_assert_cmpint (EVP_PKEY_sign_init (context), ==, 1);
    g_assert_cmpint (EVP_PKEY_CTX_set_signature_md (
                         context, tamga_digest_md (tamga_algorithm_digest (algorithm))),
                     ==, 1);
    g_assert_cmpint (EVP_PKEY_sign (context, NULL, &size, data, length), ==, 1);
    value = g_malloc (size);
    g_assert_cmpint (EVP_PKEY_sign (context, value, &size, data, length), ==, 1);
    return g_bytes_new_take (value, size);
}

GBytes *samples_sign (const Signer *signer, const TamgaFormat *format, TamgaDocument *document,
                      TamgaSigningParameters parameters, GError **error)
{
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    g_autoptr (TamgaPreparation) preparation = NULL;
    g_autoptr (GBytes) digest = NULL, value = NULL;

    if (parameters.algorithm == NULL)
        parameters.algorithm = tamga_algorithm_for_key (signer->key, NULL, NULL, error);
    g_assert_nonnull (parameters.algorithm);
    parameters.certificate = signer->certificate;
    preparation = format->prepare (document, &parameters, error);
    if (preparation == NULL)
        return NULL;
    digest = tamga_preparation_digest (preparation);
    value = sign_digest (signer->key, parameters.algorithm, digest);
    if (!format->embed (preparation, value, NULL, NULL, output, error) ||
        !tamga_output_commit (output, error))
        return NULL;
    return tamga_output_steal_bytes (output);
}
