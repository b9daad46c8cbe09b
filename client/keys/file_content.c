/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was in a key file, and the certificates that lie beside it. */
#include <openssl/err.h>
#include <string.h>

#include "client/keys/key_file.h"
#include "client/keys/protocol.h"
#include "formats/limits.h"
#include "formats/ossl.h"

static void key_free (gpointer data)
{
    TamgaFileKey *key = data;
    EVP_PKEY_free (key->key);
    g_bytes_unref (key->id);
    g_free (key->label);
    g_free (key);
}

static void certificate_free (gpointer data)
{
    TamgaFileCertificate *certificate = data;
    X509_free (certificate->certificate);
    g_bytes_unref (certificate->id);
    g_free (certificate->label);
    g_free (certificate);
}

TamgaFileContent *tamga_file_content_new (void)
{
    TamgaFileContent *content = g_new0 (TamgaFileContent, 1);
    content->keys = g_ptr_array_new_with_free_func (key_free);
    content->certificates = g_ptr_array_new_with_free_func (certificate_free);
    return content;
}

void tamga_file_content_free (TamgaFileContent *content)
{
    if (content == NULL)
        return;
    g_ptr_array_unref (content->keys);
    g_ptr_array_unref (content->certificates);
    g_free (content->unknown_key);
    g_free (content);
}

void tamga_file_content_add_key (TamgaFileContent *content, const PKCS8_PRIV_KEY_INFO *info,
                                 GBytes *id, char *label)
{
    TamgaFileKey key = {.key = EVP_PKCS82PKEY (info), .id = id, .label = label};

    if (key.key != NULL) {
        g_ptr_array_add (content->keys, g_memdup2 (&key, sizeof key));
        return;
    }
    const ASN1_OBJECT *algorithm = NULL;
    PKCS8_pkey_get0 (&algorithm, NULL, NULL, NULL, info);
    g_free (content->unknown_key);
    content->unknown_key = tamga_ossl_oid (algorithm);
    g_bytes_unref (id);
    g_free (label);
}

void tamga_file_content_add_certificate (TamgaFileContent *content, X509 *certificate, GBytes *id,
                                         char *label)
{
    TamgaFileCertificate found = {.certificate = certificate, .id = id, .label = label};
    g_ptr_array_add (content->certificates, g_memdup2 (&found, sizeof found));
}

static gboolean fits (X509 *certificate, const TamgaFileKey *key)
{
    EVP_PKEY *public_key = X509_get0_pubkey (certificate);
    gboolean same = public_key != NULL && EVP_PKEY_eq (public_key, key->key) == 1;
    ERR_clear_error ();
    return same;
}

gboolean tamga_file_content_certified (const TamgaFileContent *content, const TamgaFileKey *key)
{
    for (guint i = 0; i < content->certificates->len; i++) {
        const TamgaFileCertificate *candidate = content->certificates->pdata[i];
        if (fits (candidate->certificate, key))
            return TRUE;
    }
    return FALSE;
}

static int by_name (gconstpointer a, gconstpointer b)
{
    char *const *one = a, *const *other = b;
    return strcmp (*one, *other);
}

/* The names of certificate files in a folder, sorted. Of a folder full of them the first ones. */
static GPtrArray *certificate_files (const char *folder)
{
    static const char *const extensions[] = {".cer", ".crt", ".der", ".pem"};
    GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
    const char *name;

    while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
        const char *dot = strrchr (name, '.');
        for (gsize i = 0; dot != NULL && i < G_N_ELEMENTS (extensions); i++)
            if (g_ascii_strcasecmp (dot, extensions[i]) == 0)
                g_ptr_array_add (names, g_build_filename (folder, name, NULL));
    }
    g_ptr_array_sort (names, by_name);
    if (names->len > TAMGA_MAX_CERTIFICATE_FILES)
        g_ptr_array_set_size (names, TAMGA_MAX_CERTIFICATE_FILES);
    return names;
}

/* Those for signing before the others, newer ones before older ones. */
static int better_first (gconstpointer a, gconstpointer b)
{
    X509 *const *one = a, *const *other = b;
    gboolean signs = tamga_keys_may_sign (*one), other_signs = tamga_keys_may_sign (*other);

    if (signs != other_signs)
        return signs ? -1 : 1;
    return ASN1_TIME_compare (X509_get0_notBefore (*other), X509_get0_notBefore (*one));
}

void tamga_file_content_look_beside (TamgaFileContent *content, const char *path)
{
    g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    g_autoptr (GPtrArray) bare = g_ptr_array_new ();

    for (guint i = 0; i < content->keys->len; i++)
        if (!tamga_file_content_certified (content, content->keys->pdata[i]))
            g_ptr_array_add (bare, content->keys->pdata[i]);
    if (bare->len == 0)
        return;
    g_autofree char *folder = g_path_get_dirname (path);
    g_autoptr (GPtrArray) files = certificate_files (folder);
    for (guint i = 0; i < files->len; i++) {
        g_autoptr (GBytes) bytes =
            tamga_key_file_bytes (files->pdata[i], TAMGA_MAX_CERTIFICATE_SIZE, NULL);
        if (bytes != NULL)
            g_ptr_array_extend_and_steal (certificates, tamga_ossl_certificates (bytes, 1));
    }
    g_ptr_array_sort (certificates, better_first);
    for (guint i = 0; i < certificates->len; i++) {
        gboolean wanted = FALSE;
        for (guint j = 0; j < bare->len && !wanted; j++)
            wanted = fits (certificates->pdata[i], bare->pdata[j]);
        if (wanted && X509_up_ref (certificates->pdata[i]))
            tamga_file_content_add_certificate (content, certificates->pdata[i],
                                                g_bytes_new (NULL, 0), g_strdup (""));
    }
    ERR_clear_error ();
}
