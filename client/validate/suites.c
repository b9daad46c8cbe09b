/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dates of ETSI TS 119 312 v1.5.1 as validation policies in use have them. */
#include "client/validate/suites.h"

#define NO_END G_MAXINT64

static const struct {
    const char *name; /* as the table of algorithms has it */
    gint64 until;
} digests[] = {
    {"MD5", 1091318400},        /* 2004-08-01 */
    {"SHA-1", 1343779200},      /* 2012-08-01 */
    {"RIPEMD-160", 1406851200}, /* 2014-08-01 */
    {"SHA-224", 1861920000},    /* 2029-01-01 */
    {"SHA-256", NO_END},        {"SHA-384", NO_END},  {"SHA-512", NO_END},
    {"SHA3-256", NO_END},       {"SHA3-384", NO_END}, {"SHA3-512", NO_END},
};

/* The first row of a kind whose `bits` the key reaches counts. */
static const struct {
    const char *key_type;
    gboolean pss; /* RSA: only under this padding */
    int bits;
    gint64 until;
} keys[] = {
    {"RSA", TRUE, 3000, NO_END},      {"RSA", TRUE, 1900, 1861920000}, /* 2029-01-01 */
    {"RSA", FALSE, 1900, 1861920000},                                  /* v1.5, any size */
    {"RSA", FALSE, 1024, 1569888000},                                  /* 2019-10-01 */
    {"RSA", TRUE, 1024, 1569888000},  {"RSA", FALSE, 786, 1280620800}, /* 2010-08-01 */
    {"EC", FALSE, 256, NO_END},       {"EC", FALSE, 224, 1633046400},  /* 2021-10-01 */
    {"EC", FALSE, 160, 1343779200},                                    /* 2012-08-01 */
};

gint64 tamga_suite_digest_until (const TamgaDigest *digest)
{
    for (gsize i = 0; digest != NULL && i < G_N_ELEMENTS (digests); i++) {
        if (g_str_equal (digests[i].name, digest->name))
            return digests[i].until;
    }
    return G_MININT64;
}

gint64 tamga_suite_key_until (EVP_PKEY *key, TamgaScheme scheme)
{
    int bits = EVP_PKEY_get_bits (key);
    gboolean pss = scheme == TAMGA_SCHEME_RSA_PSS;
    const char *type = EVP_PKEY_is_a (key, "EC") ? "EC" : NULL;
    if (EVP_PKEY_is_a (key, "RSA") || EVP_PKEY_is_a (key, "RSA-PSS"))
        type = "RSA";
    for (gsize i = 0; type != NULL && i < G_N_ELEMENTS (keys); i++) {
        if (g_str_equal (keys[i].key_type, type) && keys[i].pss == pss && bits >= keys[i].bits)
            return keys[i].until;
    }
    return G_MININT64;
}
