/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signatures of a JWS as the neutral model has them. */
#include "formats/jose/read.h"

#include <string.h>

#include "formats/cms/value.h"
#include "formats/jose/content.h"
#include "formats/jose/header.h"
#include "formats/jose/unsigned.h"
#include "formats/limits.h"
#include "formats/ossl.h"

/* What a countersignature belongs to. */
typedef struct {
    const TamgaSignature *signature;
    GBytes *value;
    guint depth;
} Above;

typedef struct {
    const TamgaReadOptions *options;
    GPtrArray *signatures;
} Reader;

static gboolean read_one (Reader *reader, const TamgaJws *jws, const TamgaJwsSignature *one,
                          const char *id, const Above *above, GError **error);

/* RFC 7518 3.4: each ES algorithm has its curve. */
gboolean tamga_jose_fits_curve (const TamgaAlgorithm *algorithm, EVP_PKEY *key)
{
    static const struct {
        const char *jwa;
        int bits;
    } rows[] = {{"ES256", 256}, {"ES384", 384}, {"ES512", 521}};

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (g_strcmp0 (rows[i].jwa, algorithm->jwa) == 0)
            return EVP_PKEY_get_bits (key) == rows[i].bits;
    }
    return TRUE;
}

static void verify (const TamgaJwsSignature *one, GBytes *input, TamgaSignature *signature)
{
    EVP_PKEY *key;

    if (signature->algorithm == NULL || signature->certificate == NULL ||
        signature->signature_value == NULL || one->value == NULL)
        return;
    key = X509_get0_pubkey (signature->certificate);
    if (key == NULL) {
        tamga_value_fail_key (signature);
        return;
    }
    if (!tamga_jose_fits_curve (signature->algorithm, key)) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE,
                              "The signer's key is of another curve than %s has (RFC 7518 3.4).",
                              signature->algorithm->jwa);
        return;
    }
    switch (tamga_algorithm_verify (key, signature->algorithm, input, signature->signature_value)) {
    case TAMGA_VERIFY_GOOD:
        break;
    case TAMGA_VERIFY_BAD:
        tamga_signature_fail (signature, TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE,
                              "The signature value does not verify with the key of the signer's "
                              "certificate.");
        break;
    case TAMGA_VERIFY_IMPOSSIBLE:
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "The signature value cannot be verified with this key here.");
        break;
    }
}

/* The value is judged before what is missing or has changed beside it is complained of. */
static gboolean check_value (const TamgaJwsSignature *one, const TamgaJoseContent *content,
                             TamgaSignature *signature, GError **error)
{
    g_autoptr (GBytes) input = NULL;
    TamgaIntegrity found = signature->integrity;
    gboolean hashed = content->mechanism == TAMGA_JOSE_BY_URI_HASH;

    if (!hashed && !tamga_jose_content_complete (content))
        return TRUE;
    input = tamga_jose_content_input (content, one->protected_text, error);
    if (input == NULL)
        return FALSE;
    if (tamga_jose_content_complete (content)) {
        TamgaDocument *first = content->documents->pdata[0];
        if (signature->message_digest != NULL) {
            signature->content_digest = tamga_document_digest (first, signature->message_digest,
                                                               NULL, 0, NULL, NULL, error);
            if (signature->content_digest == NULL)
                return FALSE;
        }
    }
    if (found == TAMGA_INTEGRITY_INTACT)
        verify (one, input, signature);
    return TRUE;
}

static gboolean read_countersignature (Reader *reader, const TamgaJoseComponent *component,
                                       guint number, const Above *above, GError **error)
{
    g_autofree char *id =
        g_strdup_printf ("countersignature %u of %s", number, above->signature->id);
    g_autoptr (GError) local = NULL;
    g_autoptr (TamgaJws) jws = tamga_jws_inner (component->value, &local);

    if (jws == NULL || jws->signatures->len != 1) {
        tamga_signature_find ((TamgaSignature *)above->signature, TAMGA_SEVERITY_WARNING,
                              "jades-countersignature-broken", "TS 119 182-1 5.3.2", "%s: %s", id,
                              local != NULL ? local->message : "it has not exactly one signature");
        return TRUE;
    }
    return read_one (reader, jws, jws->signatures->pdata[0], id, above, error);
}

static gboolean read_countersignatures (Reader *reader, const TamgaJoseComponents *components,
                                        const Above *above, GError **error)
{
    guint number = 0;

    for (guint i = 0; above->value != NULL && i < components->list->len; i++) {
        const TamgaJoseComponent *component =
            &g_array_index (components->list, TamgaJoseComponent, i);
        if (strcmp (component->name, "cSig") != 0)
            continue;
        if (reader->signatures->len >= TAMGA_MAX_SIGNERS ||
            above->depth > TAMGA_MAX_COUNTERSIGNATURE_DEPTH) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "The JWS has more than %u signatures, or countersignatures of more than "
                         "%u levels.",
                         TAMGA_MAX_SIGNERS, TAMGA_MAX_COUNTERSIGNATURE_DEPTH);
            return FALSE;
        }
        if (!read_countersignature (reader, component, ++number, above, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_parts (Reader *reader, const TamgaJws *jws, const TamgaJwsSignature *one,
                            TamgaSignature *signature, const Above *above, GError **error)
{
    g_autoptr (TamgaJoseComponents) components = tamga_jose_components_new (one, signature);
    g_autoptr (TamgaJoseContent) content = NULL;
    TamgaJoseImprints imprints;
    gboolean good;

    tamga_jose_header_read (one, signature);
    tamga_jose_header_certificates (one, signature);
    tamga_jose_read_evidence (components, signature);
    tamga_jose_header_bind (one, signature);
    content = tamga_jose_content_find (jws, one, reader->options,
                                       above != NULL ? above->value : NULL, signature, error);
    if (content == NULL || !check_value (one, content, signature, error))
        return FALSE;
    tamga_jose_imprints_init (&imprints, one, content, components);
    good = tamga_jose_read_timestamps (&imprints, signature, error);
    tamga_jose_imprints_clear (&imprints);
    return good &&
           read_countersignatures (
               reader, components,
               &(Above){signature, one->value, above != NULL ? above->depth + 1 : 1}, error);
}

static gboolean read_one (Reader *reader, const TamgaJws *jws, const TamgaJwsSignature *one,
                          const char *id, const Above *above, GError **error)
{
    TamgaSignature *signature = tamga_signature_new ("JWS");

    g_ptr_array_add (reader->signatures, signature);
    signature->id = g_strdup (id);
    signature->packaging = "attached";
    if (above != NULL)
        signature->countersigned = g_strdup (above->signature->id);
    if (one->broken == NULL)
        return read_parts (reader, jws, one, signature, above, error);
    signature->algorithm_text = g_strdup ("unknown");
    tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE, "%s", one->broken);
    return TRUE;
}

GPtrArray *tamga_jose_read (const TamgaJws *jws, const TamgaReadOptions *options, GError **error)
{
    g_autoptr (GPtrArray) signatures =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    Reader reader = {options, signatures};

    for (guint i = 0; i < jws->signatures->len; i++) {
        g_autofree char *id = g_strdup_printf ("signature %u", i + 1);
        if (!read_one (&reader, jws, jws->signatures->pdata[i], id, NULL, error))
            return NULL;
    }
    tamga_signatures_share_evidence (signatures);
    return g_steal_pointer (&signatures);
}
