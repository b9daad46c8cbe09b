/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the provider share. */
#pragma once

#include <glib.h>
#include <openssl/core.h>

/* Property definition of everything that the provider has. */
#define TAMGA_NATIONAL_PROPERTIES "provider=tamga-national"

/* The parts of the provider: tables of OSSL_ALGORITHM, each in the file of its name. */
extern const OSSL_ALGORITHM tamga_national_digests[]; /* digest.c */
extern const OSSL_ALGORITHM tamga_national_ciphers[]; /* cipher.c */

/* The number (NID) of an object under which OpenSSL is to know an algorithm. `names`: as in
 * OSSL_ALGORITHM, the first is its short and long name where OpenSSL has none, the last dotted one
 * its OID. NID_undef: out of memory. */
int tamga_national_object (const char *names);

/* Makes the digests known by number; before the first of them is fetched. */
gboolean tamga_national_digests_register (void);

/* Makes the pseudorandom function of national key files known to OpenSSL's PBKDF2. After the
 * digests were registered. */
gboolean tamga_national_ciphers_register (void);
