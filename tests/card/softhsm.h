/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A SoftHSM store for C tests: tokens, keys and certificates in a folder of its own, made with
 * softhsm2-util, pkcs11-tool and openssl, and removed with the fixture. */
#pragma once

#include <glib.h>

#define TAMGA_SOFTHSM_ERROR (tamga_softhsm_error_quark ())
GQuark tamga_softhsm_error_quark (void);

enum {
    TAMGA_SOFTHSM_ERROR_MISSING, /* SoftHSM is not installed */
    TAMGA_SOFTHSM_ERROR_TOOL,    /* a tool failed; the message holds its output */
};

typedef struct tamga_softhsm tamga_softhsm;

/* Makes the folder and sets SOFTHSM2_CONF in the environment of this process, so that children and
 * modules loaded later see the store. One fixture at a time. Free with tamga_softhsm_free(). */
tamga_softhsm *tamga_softhsm_new (GError **error);

/* Removes the folder and unsets SOFTHSM2_CONF. Accepts NULL. */
void tamga_softhsm_free (tamga_softhsm *hsm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (tamga_softhsm, tamga_softhsm_free)

/* Paths, owned by HSM: the PKCS#11 module, the folder (tests may put files there), the settings. */
const char *tamga_softhsm_module (const tamga_softhsm *hsm);
const char *tamga_softhsm_dir (const tamga_softhsm *hsm);
const char *tamga_softhsm_conf (const tamga_softhsm *hsm);

/* Makes an empty token; the security officer's PIN is "0000". */
gboolean tamga_softhsm_add_token (tamga_softhsm *hsm, const char *label, const char *pin,
                                  GError **error);

/* The rest works on a token made by tamga_softhsm_add_token() of the same fixture. ID is the CKA_ID
 * in hexadecimal ("01"). LABEL of key and certificate is CKA_LABEL. */

/* Brings the private key of the file KEY_PEM (no password) to the token. */
gboolean tamga_softhsm_import_key (tamga_softhsm *hsm, const char *token, const char *id,
                                   const char *label, const char *key_pem, GError **error);

/* The same with CKA_ALWAYS_AUTHENTICATE: each signature needs C_Login (CKU_CONTEXT_SPECIFIC). */
gboolean tamga_softhsm_import_always_key (tamga_softhsm *hsm, const char *token, const char *id,
                                          const char *label, const char *key_pem, GError **error);

/* Puts the certificate of the file CERT_DER on the token. */
gboolean tamga_softhsm_import_certificate (tamga_softhsm *hsm, const char *token, const char *id,
                                           const char *label, const char *cert_der, GError **error);

/* Makes a key of TYPE ("rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521") and a self-signed
 * certificate for signing, valid for 30 days, with SUBJECT as openssl writes it ("/C=VN/CN=Name").
 * Leaves DIR/ID.pem and DIR/ID.der, on no token yet. */
gboolean tamga_softhsm_make_identity (tamga_softhsm *hsm, const char *id, const char *type,
                                      const char *subject, GError **error);

/* Makes such a key and certificate and brings both to the token, labelled LABEL. */
gboolean tamga_softhsm_add_identity (tamga_softhsm *hsm, const char *token, const char *id,
                                     const char *label, const char *type, const char *subject,
                                     GError **error);
