/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bare EncryptedPrivateKeyInfo of PKCS#8. It has no integrity code: with a wrong password it
 * opens to nonsense, and a damaged key still is a key. Only that its certificate has the same
 * public key shows that it is whole. */
#include <openssl/err.h>

#include "client/keys/key_file.h"
#include "client/keys/keys.h"
#include "client/keys/progress.h"

/* Did opening fail because a part of the encryption is not known here? */
static gboolean is_unknown (void)
{
    static const int reasons[] = {
        EVP_R_UNKNOWN_PBE_ALGORITHM,
        EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION,
        EVP_R_UNSUPPORTED_PRF,
        EVP_R_UNSUPPORTED_CIPHER,
    };
    unsigned long code;

    while ((code = ERR_get_error ()) != 0)
        for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
            if (ERR_GET_LIB (code) == ERR_LIB_EVP && ERR_GET_REASON (code) == reasons[i])
                return TRUE;
    return FALSE;
}

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
    if (info == NULL && is_unknown ()) {
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
