/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures per second by CPU time: bench-national [without]
 * Prints "load MILLISECONDS" (of tamga_algorithm_load) and, for each algorithm, "NAME SIGNED
 * VERIFIED". `without` leaves the provider out: what is left are RSA and ECDSA. */
#include <glib.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <time.h>

#include "formats/algorithm.h"
#include "formats/ossl.h"

/* CPU seconds that each rate is measured over. */
#define SPAN 0.5
#define MAX_SIGNATURE 1024
#define DSTU_CURVE "1.2.804.2.1.1.1.1.3.1.1.2."

static const struct {
    const char *name, *kind, *group; /* NULL: the kind has no groups to choose from */
    guint bits;                      /* of RSA */
    const char *digest;
    gboolean national;
} rows[] = {
    {"RSA-2048", "RSA", NULL, 2048, "SHA256", FALSE},
    {"P-256", "EC", "P-256", 0, "SHA256", FALSE},
    {"KZ-GOST-2015-512", "KZ-GOST-2015-512", NULL, 0, "KZ-STREEBOG-512", TRUE},
    {"KZ-GOST-2015-256", "KZ-GOST-2015-256", NULL, 0, "KZ-STREEBOG-256", TRUE},
    {"KZ-GOST-2004", "KZ-GOST-2004", NULL, 0, "KZ-GOST-34311", TRUE},
    {"DSTU-257-34.311", "DSTU-4145", DSTU_CURVE "6", 0, "DSTU-GOST-34311", TRUE},
    {"DSTU-257-Kupyna-256", "DSTU-4145", DSTU_CURVE "6", 0, "KUPYNA-256", TRUE},
    {"DSTU-431-34.311", "DSTU-4145", DSTU_CURVE "9", 0, "DSTU-GOST-34311", TRUE},
    {"DSTU-431-Kupyna-256", "DSTU-4145", DSTU_CURVE "9", 0, "KUPYNA-256", TRUE},
};

static const guint8 data[] = "What is signed is as short as the attributes of a signature are.";

static double cpu_seconds (void)
{
    struct timespec now;
    clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static EVP_PKEY *make_key (gsize row)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, rows[row].kind, NULL);
    EVP_PKEY *key = NULL;
    gboolean good = context != NULL && EVP_PKEY_keygen_init (context) == 1;

    if (good && rows[row].group != NULL)
        good = EVP_PKEY_CTX_set_group_name (context, rows[row].group) == 1;
    if (good && rows[row].bits > 0)
        good = EVP_PKEY_CTX_set_rsa_keygen_bits (context, (int)rows[row].bits) == 1;
    good = good && EVP_PKEY_generate (context, &key) == 1;
    g_assert (good);
    EVP_PKEY_CTX_free (context);
    return key;
}

static gsize sign (gsize row, EVP_PKEY *key, guint8 *value)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    size_t length = MAX_SIGNATURE;
    gboolean good =
        EVP_DigestSignInit_ex (context, NULL, rows[row].digest, NULL, NULL, key, NULL) == 1 &&
        EVP_DigestSign (context, value, &length, data, sizeof data) == 1;

    g_assert (good);
    return length;
}

static void verify (gsize row, EVP_PKEY *key, const guint8 *value, gsize length)
{
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    gboolean good =
        EVP_DigestVerifyInit_ex (context, NULL, rows[row].digest, NULL, NULL, key, NULL) == 1 &&
        EVP_DigestVerify (context, value, length, data, sizeof data) == 1;

    g_assert (good);
}

static void measure (gsize row)
{
    EVP_PKEY *key = make_key (row);
    guint8 value[MAX_SIGNATURE];
    gsize length = sign (row, key, value); /* fetches what it needs */
    double rates[2], start, spent;

    for (gsize verifying = 0; verifying < 2; verifying++) {
        guint64 done = 0;
        if (verifying)
            verify (row, key, value, length);
        start = cpu_seconds ();
        do {
            if (verifying)
                verify (row, key, value, length);
            else
                length = sign (row, key, value);
            done++;
            spent = cpu_seconds () - start;
        } while (spent < SPAN);
        rates[verifying] = (double)done / spent;
    }
    printf ("%s %.0f %.0f\n", rows[row].name, rates[0], rates[1]);
    EVP_PKEY_free (key);
}

int main (int argc, char **argv)
{
    gboolean with = argc < 2 || g_strcmp0 (argv[1], "without") != 0;
    double start;

    OPENSSL_init_crypto (OPENSSL_INIT_LOAD_CONFIG, NULL);
    EVP_MD_free (
        EVP_MD_fetch (NULL, "SHA256", NULL)); /* OpenSSL's own start is not the provider's */
    start = cpu_seconds ();
    if (with) {
        tamga_algorithm_load ();
        printf ("load %.3f\n", (cpu_seconds () - start) * 1000);
    }
    for (gsize row = 0; row < G_N_ELEMENTS (rows); row++) {
        if (with || !rows[row].national)
            measure (row);
    }
    return 0;
}
