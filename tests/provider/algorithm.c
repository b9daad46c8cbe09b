/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of keys, and how one is made. */
#include "tests/provider/algorithm.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

/* The statement of the Ukrainian root, critical there although EN 319 412-5 does not want it so. */
#define UKRAINIAN_AUTHORITY                                                                        \
    "1.3.6.1.5.5.7.1.3=critical,ASN1:SEQUENCE:authority_statements\n"                              \
    "[authority_statements]\nqualified=SEQUENCE:authority_qualified\n"                             \
    "[authority_qualified]\nid=OID:1.2.804.2.1.1.1.2.1\n"

#define GOST(name, digest)                                                                         \
    {                                                                                              \
        name, name, NULL, 0, digest, "", FALSE                                                     \
    }
#define DSTU(name, group, digest)                                                                  \
    {                                                                                              \
        name, "DSTU-4145", group, 0, digest, UKRAINIAN_AUTHORITY, TRUE                             \
    }

static const ProviderAlgorithm algorithms[] = {
    {"RSA-2048", "RSA", NULL, 2048, "SHA256", "", FALSE},
    {"RSA-3072", "RSA", NULL, 3072, "SHA256", "", FALSE},
    {"P-256", "EC", "P-256", 0, "SHA256", "", FALSE},
    {"P-384", "EC", "P-384", 0, "SHA384", "", FALSE},
    GOST ("KZ-GOST-2015-512", "KZ-STREEBOG-512"),
    GOST ("KZ-GOST-2015-256", "KZ-STREEBOG-256"),
    GOST ("KZ-GOST-2004", "KZ-GOST-34311"),
    DSTU ("DSTU-257", "DSTU 4145 PB-257", "DSTU-GOST-34311"),
    DSTU ("DSTU-431", "DSTU 4145 PB-431", "DSTU-GOST-34311"),
    DSTU ("DSTU-257-KUPYNA-256", "DSTU 4145 PB-257", "KUPYNA-256"),
    DSTU ("DSTU-431-KUPYNA-512", "DSTU 4145 PB-431", "KUPYNA-512"),
};

const ProviderAlgorithm *provider_algorithm (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
        if (strcmp (algorithms[i].name, name) == 0)
            return &algorithms[i];
    return NULL;
}

char *provider_algorithm_names (void)
{
    GString *text = g_string_new (NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
        g_string_append_printf (text, "%s%s", i == 0 ? "" : " ", algorithms[i].name);
    return g_string_free (text, FALSE);
}

EVP_PKEY *provider_key_generate (const ProviderAlgorithm *algorithm)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, algorithm->type, NULL);
    gsize bits = algorithm->bits;
    OSSL_PARAM parameters[3], *next = parameters;
    EVP_PKEY *key = NULL;

    if (algorithm->group != NULL)
        *next++ = OSSL_PARAM_construct_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME,
                                                    (char *)algorithm->group, 0);
    if (bits != 0)
        *next++ = OSSL_PARAM_construct_size_t (OSSL_PKEY_PARAM_RSA_BITS, &bits);
    *next = OSSL_PARAM_construct_end ();
    if (context != NULL && EVP_PKEY_keygen_init (context) > 0 &&
        EVP_PKEY_CTX_set_params (context, parameters) > 0)
        EVP_PKEY_generate (context, &key);
    EVP_PKEY_CTX_free (context);
    return key;
}

const EVP_MD *provider_algorithm_digest (const ProviderAlgorithm *algorithm)
{
    static EVP_MD *fetched[G_N_ELEMENTS (algorithms)];
    gsize row = (gsize)(algorithm - algorithms);
    if (fetched[row] == NULL)
        fetched[row] = EVP_MD_fetch (NULL, algorithm->digest, NULL);
    return fetched[row];
}

static const EVP_MD *digest_of_row (int nid)
{
    for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
        const EVP_MD *digest = provider_algorithm_digest (&algorithms[i]);
        if (digest != NULL && EVP_MD_get_type (digest) == nid)
            return digest;
    }
    ERR_clear_error (); /* of digests that are not there */
    return NULL;
}

gboolean provider_digest_is_ours (int nid)
{
    return nid != NID_undef && digest_of_row (nid) != NULL;
}

const EVP_MD *provider_digest_by_nid (int nid)
{
    const EVP_MD *digest = nid == NID_undef ? NULL : digest_of_row (nid);
    return digest != NULL || nid == NID_undef ? digest : EVP_get_digestbynid (nid);
}
