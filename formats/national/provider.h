/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the provider share. */
#pragma once

#include <glib.h>
#include <openssl/core.h>

/* Property definition of everything that the provider has. */
#define TAMGA_NATIONAL_PROPERTIES "provider=tamga-national"

/* The parts of the provider: tables of OSSL_ALGORITHM, each in the file of its name. */
extern const OSSL_ALGORITHM tamga_national_digests[];    /* digest.c */
extern const OSSL_ALGORITHM tamga_national_ciphers[];    /* cipher.c */
extern const OSSL_ALGORITHM tamga_national_keymgmts[];   /* keymgmt.c */
extern const OSSL_ALGORITHM tamga_national_signatures[]; /* signature.c */
extern const OSSL_ALGORITHM tamga_national_decoders[];   /* codec.c */
extern const OSSL_ALGORITHM tamga_national_encoders[];   /* codec.c */

/* A function for a table of OSSL_DISPATCH. */
#define TAMGA_NATIONAL_FUNCTION(f) ((void (*) (void))(f))

/* What OpenSSL may call a key: the name of the kind, names and OIDs from its table of objects. */
#define TAMGA_DSTU_ARC "1.2.804.2.1.1.1.1.3."
#define TAMGA_NAMES_GOST_2015_512 "KZ-GOST-2015-512:1.2.398.3.10.1.1.2.2"
#define TAMGA_NAMES_GOST_2015_256 "KZ-GOST-2015-256:1.2.398.3.10.1.1.2.1"
#define TAMGA_NAMES_GOST_2004 "KZ-GOST-2004:1.2.398.3.10.1.1.1.1"
#define TAMGA_NAMES_KUPYNA(bits, arc)                                                              \
    ":DSTU-4145-KUPYNA-" bits ":" TAMGA_DSTU_ARC arc ":DSTU-4145-KUPYNA-" bits                     \
    "-PB:" TAMGA_DSTU_ARC arc ".1"
#define TAMGA_NAMES_DSTU                                                                           \
    "DSTU-4145:dstu4145le:DSTU 4145-2002 little endian:" TAMGA_DSTU_ARC                            \
    "1.1" TAMGA_NAMES_KUPYNA ("256", "6.1") TAMGA_NAMES_KUPYNA ("384", "6.2")                      \
        TAMGA_NAMES_KUPYNA ("512", "6.3")
#define TAMGA_NAMES_DSTU_BE                                                                        \
    "DSTU-4145-BE:dstu4145be:DSTU 4145-2002 big endian:" TAMGA_DSTU_ARC "1.1.1.1"

/* The number (NID) under which OpenSSL is to know an object; `name` is its short and long name
 * where OpenSSL has none. NID_undef: out of memory. */
int tamga_national_object (const char *oid, const char *name);

/* Makes the digests known by number; before the first of them is fetched. */
gboolean tamga_national_digests_register (void);

/* Makes the pseudorandom function of national key files known to OpenSSL's PBKDF2. After the
 * digests were registered. */
gboolean tamga_national_ciphers_register (void);

/* Takes OpenSSL's functions for reading and writing, by which decoders and encoders are fed. */
void tamga_national_codec_start (const OSSL_DISPATCH *core);
