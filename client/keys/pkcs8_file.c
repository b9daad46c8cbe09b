/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bare EncryptedPrivateKeyInfo of PKCS#8. It has no integrity code: with a wrong password it
 * opens to nonsense, and a damaged key still is a key. Only that its certificate has the same
 * public key shows that it is whole. */
#include <openssl/err.h>

#include "client/keys/key_file.h"
#include "client/keys/keys.h"
#include "client/keys/progress.h"

TamgaFileContent *tamga_pkcs8_unpack (const X509_SIG *file, const char *name,
                                      const TamgaSecret *password, GError **error)
{
    const X509_ALGOR *algorithm;

    X509_SIG_get0 (file, &algorithm, NULL);
    if (tamga_key_file_is_legacy (algorithm) && !tamga_key_file_load_legacy (name, error))
        return NULL;
    ERR_clear_error ();
    tamga_progress_enter ("PKCS8_decrypt");
    g_autoptr (PKCS8_PRIV_KEY_INFO) info =
        PKCS8_decrypt (file, password->bytes, (int)password->size);
    tamga_progress_leave ();
    if (info == NULL && tamga_key_file_was_unknown ()) {
        g_autofree char *what = tamga_key_file_unknown (algorithm);
        tamga_key_file_set_error (error, name, what);
        return NULL;
    }
    if (info == NULL) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_WRONG_PIN,
                     "wrong password for the file %s (or the file is damaged: it has no integrity "
                     "code that would tell)",
                     name);
        return NULL;
    }
    TamgaFileContent *content = tamga_file_content_new ();
    tamga_file_content_add_key (content, info, g_bytes_new (NULL, 0), g_strdup (""));
    ERR_clear_error ();
    return content;
}
