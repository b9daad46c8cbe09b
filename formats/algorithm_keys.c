/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of the algorithm table that is about keys: which kinds there are, and how far keys of a
 * size are relied upon. */
#include "formats/algorithm.h"

/* EVP_PKEY_is_a knows a key by more names than the one that people use. */
static const struct {
    const char *name, *key_type, *oid;
} kinds[] = {
    {"RSA", "RSA", "1.2.840.113549.1.1.1"},
    {"RSA", "RSA-PSS", "1.2.840.113549.1.1.10"},
    {"EC", "EC", "1.2.840.10045.2.1"},
    {"GOST-2015-512", "KZ-GOST-2015-512", "1.2.398.3.10.1.1.2.2"},
    {"GOST-2015-256", "KZ-GOST-2015-256", "1.2.398.3.10.1.1.2.1"},
    {"GOST-2004", "KZ-GOST-2004", "1.2.398.3.10.1.1.1.1"},
    {"DSTU-4145", "DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1"},
    {"DSTU-4145", "DSTU-4145-BE", "1.2.804.2.1.1.1.1.3.1.1.1.1"},
};

#define RELIED G_MAXINT64

/* The first row of a kind whose `bits` the key reaches counts. The dates are those of TS 119 312
 * v1.5.1 as validation policies in use have them. */
static const struct {
    const char *kind;
    gboolean pss; /* RSA: only under this padding */
    int bits;
    guint strength;
    gint64 until;
} sizes[] = {
    {"RSA", TRUE, 3000, 128, RELIED},         {"RSA", TRUE, 1900, 112, 1861920000}, /* 2029-01-01 */
    {"RSA", FALSE, 1900, 112, 1861920000}, /* v1.5, any size */
    {"RSA", FALSE, 1024, 80, 1569888000},  /* 2019-10-01 */
    {"RSA", TRUE, 1024, 80, 1569888000},      {"RSA", FALSE, 786, 64, 1280620800}, /* 2010-08-01 */
    {"EC", FALSE, 256, 128, RELIED},          {"EC", FALSE, 224, 112, 1633046400}, /* 2021-10-01 */
    {"EC", FALSE, 160, 80, 1343779200},                                            /* 2012-08-01 */
    {"GOST-2015-512", FALSE, 0, 256, RELIED}, {"GOST-2015-256", FALSE, 0, 128, RELIED},
    {"GOST-2004", FALSE, 0, 128, RELIED},     {"DSTU-4145", FALSE, 384, 192, RELIED},
    {"DSTU-4145", FALSE, 256, 128, RELIED},   {"DSTU-4145", FALSE, 224, 112, RELIED},
    {"DSTU-4145", FALSE, 160, 80, RELIED},
};

const char *tamga_key_kind_by_name (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        if (g_ascii_strcasecmp (kinds[i].name, name) == 0)
            return kinds[i].name;
    }
    return NULL;
}

const char *tamga_key_kind (EVP_PKEY *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        if (EVP_PKEY_is_a (key, kinds[i].key_type))
            return kinds[i].name;
    }
    return NULL;
}

const char *tamga_key_type_by_oid (const char *oid)
{
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        if (g_str_equal (kinds[i].oid, oid))
            return kinds[i].key_type;
    }
    return NULL;
}

TamgaReliance tamga_key_reliance (EVP_PKEY *key, TamgaScheme scheme)
{
    const char *kind = tamga_key_kind (key);
    int bits = EVP_PKEY_get_bits (key);
    gboolean pss = scheme == TAMGA_SCHEME_RSA_PSS;
    for (gsize i = 0; kind != NULL && i < G_N_ELEMENTS (sizes); i++) {
        if (g_str_equal (sizes[i].kind, kind) && sizes[i].pss == pss && bits >= sizes[i].bits)
            return (TamgaReliance){sizes[i].strength, G_MININT64, sizes[i].until};
    }
    return (TamgaReliance){0, G_MININT64, G_MININT64};
}
