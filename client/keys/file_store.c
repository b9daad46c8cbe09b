/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key store that is one file. */
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "client/keys/keys.h"
#include "client/keys/key_file.h"
#include "client/keys/store.h"
#include "formats/ossl.h"

typedef struct {
    char *path, *name;
    TamgaKeyFile *file;
    TamgaFileContent *content; /* NULL before the login */
} Store;

static void store_free (gpointer data)
{
    Store *store = data;

    tamga_file_content_free (store->content);
    tamga_key_file_free (store->file);
    tamga_key_file_unload_legacy ();
    g_free (store->path);
    g_free (store->name);
    g_free (store);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Store, store_free)

static gpointer store_open (const char *argument, GError **error)
{
    g_autoptr (Store) store = g_new0 (Store, 1);

    store->path = g_strdup (argument);
    store->name = g_path_get_basename (argument);
    store->file = tamga_key_file_read (argument, error);
    return store->file != NULL ? g_steal_pointer (&store) : NULL;
}

static gboolean store_login (gpointer data, const TamgaSecret *pin, GError **error)
{
    Store *store = data;

    if (pin == NULL) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_INVALID,
                     "the file %s needs a password", store->name);
        return FALSE;
    }
    g_autoptr (TamgaFileContent) content =
        tamga_key_file_unpack (store->file, store->name, pin, error);
    if (content == NULL)
        return FALSE;
    if (content->keys->len == 0 && content->unknown_key != NULL) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM,
                     "the key in the file %s is of a kind (%s) that this program cannot use",
                     store->name, content->unknown_key);
        return FALSE;
    }
    tamga_file_content_look_beside (content, store->path);
    tamga_file_content_free (store->content);
    store->content = g_steal_pointer (&content);
    return TRUE;
}

static void store_logout (gpointer data)
{
    Store *store = data;
    g_clear_pointer (&store->content, tamga_file_content_free);
}

static gboolean need_content (Store *store, GError **error)
{
    if (store->content != NULL)
        return TRUE;
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                 "the password of the file %s is needed first", store->name);
    return FALSE;
}

/* The certificate of a key: the public key decides; localKeyID chooses among several. */
static TamgaFileCertificate *find_certificate (Store *store, const TamgaFileKey *key,
                                               gboolean *by_id)
{
    TamgaFileCertificate *found = NULL;

    *by_id = FALSE;
    for (guint i = 0; i < store->content->certificates->len; i++) {
        TamgaFileCertificate *candidate = store->content->certificates->pdata[i];
        EVP_PKEY *public_key = X509_get0_pubkey (candidate->certificate);
        if (public_key == NULL || EVP_PKEY_eq (public_key, key->key) != 1)
            continue;
        gboolean same_id = g_bytes_get_size (key->id) > 0 && g_bytes_equal (key->id, candidate->id);
        if (found == NULL || (same_id && !*by_id)) {
            found = candidate;
            *by_id = same_id;
        }
    }
    ERR_clear_error ();
    return found;
}

static GVariant *key_facts (Store *store, guint index)
{
    const TamgaFileKey *key = store->content->keys->pdata[index];
    gboolean by_id;
    TamgaFileCertificate *certificate = find_certificate (store, key, &by_id);
    g_autofree const char **algorithms = tamga_store_algorithms (
        key->key, 1u << TAMGA_SCHEME_RSA_PKCS1 | 1u << TAMGA_SCHEME_RSA_PSS |
                      1u << TAMGA_SCHEME_ECDSA | 1u << TAMGA_SCHEME_PLAIN);
    guint8 number = (guint8)(index + 1);
    g_autoptr (GBytes) id =
        g_bytes_get_size (key->id) > 0 ? g_bytes_ref (key->id) : g_bytes_new (&number, 1);
    const char *label =
        *key->label == '\0' && certificate != NULL ? certificate->label : key->label;
    return tamga_store_key_facts (&(TamgaStoreKey){
        .handle = index + 1,
        .id = id,
        .label = label,
        .store = store->file->pkcs12 != NULL ? "PKCS#12" : "PKCS#8",
        .certificate = certificate != NULL ? certificate->certificate : NULL,
        .public_key = key->key,
        .on_token = FALSE,
        .matched_by_id = by_id,
        .algorithms = algorithms,
    });
}

static GVariant *store_keys (gpointer data, GError **error)
{
    Store *store = data;
    GVariantBuilder keys;

    if (!need_content (store, error))
        return NULL;
    g_variant_builder_init (&keys, G_VARIANT_TYPE ("aa{sv}"));
    for (guint i = 0; i < store->content->keys->len; i++)
        g_variant_builder_add_value (&keys, key_facts (store, i));
    return g_variant_builder_end (&keys);
}

static GVariant *store_certificates (gpointer data, GError **error)
{
    Store *store = data;
    GVariantBuilder list;

    if (!need_content (store, error))
        return NULL;
    g_variant_builder_init (&list, G_VARIANT_TYPE ("aay"));
    for (guint i = 0; i < store->content->certificates->len; i++) {
        TamgaFileCertificate *certificate = store->content->certificates->pdata[i];
        g_variant_builder_add_value (&list, tamga_store_certificate (certificate->certificate));
    }
    return g_variant_builder_end (&list);
}

static gboolean configure (EVP_PKEY_CTX *context, const TamgaAlgorithm *algorithm)
{
    const EVP_MD *md = tamga_digest_md (tamga_algorithm_digest (algorithm));

    if (EVP_PKEY_sign_init (context) <= 0 || EVP_PKEY_CTX_set_signature_md (context, md) <= 0)
        return FALSE;
    if (algorithm->scheme == TAMGA_SCHEME_RSA_PSS)
        return EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PSS_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen (context, RSA_PSS_SALTLEN_DIGEST) > 0 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md (context, md) > 0;
    return TRUE;
}

static GBytes *store_sign (gpointer data, guint64 handle, const TamgaAlgorithm *algorithm,
                           GBytes *digest, gboolean authenticate, const TamgaSecret *pin,
                           GError **error)
{
    Store *store = data;
    gsize size = 0, digest_size;
    const guint8 *value = g_bytes_get_data (digest, &digest_size);

    (void)authenticate;
    (void)pin;
    if (!need_content (store, error))
        return NULL;
    if (handle == 0 || handle > store->content->keys->len) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_NO_KEY,
                     "there is no such key in the file %s", store->name);
        return NULL;
    }
    const TamgaFileKey *key = store->content->keys->pdata[handle - 1];
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (key->key, NULL);
    g_autofree guint8 *signature = NULL;
    if (!EVP_PKEY_is_a (key->key, algorithm->key_type) || !configure (context, algorithm) ||
        EVP_PKEY_sign (context, NULL, &size, value, digest_size) <= 0 ||
        (signature = g_malloc (size)) == NULL ||
        EVP_PKEY_sign (context, signature, &size, value, digest_size) <= 0) {
        ERR_clear_error ();
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_ALGORITHM,
                     "%s cannot be made with the key in the file %s", algorithm->name, store->name);
        return NULL;
    }
    g_autoptr (GBytes) made = g_bytes_new_take (g_steal_pointer (&signature), size);
    if (algorithm->scheme != TAMGA_SCHEME_ECDSA)
        return g_steal_pointer (&made);
    /* OpenSSL gives DER; keys answer r||s */
    GBytes *raw = tamga_algorithm_der_to_raw (algorithm, made, key->key, NULL);
    g_assert (raw != NULL);
    return raw;
}

const TamgaStoreType tamga_file_store_type = {
    .name = "file",
    .open = store_open,
    .login = store_login,
    .keys = store_keys,
    .certificates = store_certificates,
    .sign = store_sign,
    .logout = store_logout,
    .free = store_free,
};
