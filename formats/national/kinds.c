/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of keys and the signatures that they make: the rows of the provider. */
#include "formats/national/key.h"
#include "formats/national/provider.h"

const TamgaNationalKind tamga_national_kinds[] = {
    [TAMGA_KIND_GOST_2015_512] = {.name = "KZ-GOST-2015-512",
                                  .names = TAMGA_NAMES_GOST_2015_512,
                                  .key_oid = "1.2.398.3.10.1.1.2.2",
                                  .default_digest = "KZ-STREEBOG-512",
                                  .curve = &tamga_gost_512_a,
                                  .curve_oid = "1.2.398.3.10.1.1.2.2.1",
                                  .digest_oid = "1.2.398.3.10.1.3.3"},
    [TAMGA_KIND_GOST_2015_256] = {.name = "KZ-GOST-2015-256",
                                  .names = TAMGA_NAMES_GOST_2015_256,
                                  .key_oid = "1.2.398.3.10.1.1.2.1",
                                  .default_digest = "KZ-STREEBOG-256",
                                  .curve = &tamga_gost_256_a,
                                  .curve_oid = "1.2.398.3.10.1.1.2.1.1",
                                  .digest_oid = "1.2.398.3.10.1.3.2"},
    [TAMGA_KIND_GOST_2004] = {.name = "KZ-GOST-2004",
                              .names = TAMGA_NAMES_GOST_2004,
                              .key_oid = "1.2.398.3.10.1.1.1.1",
                              .default_digest = "KZ-GOST-34311",
                              .curve = &tamga_gost_cryptopro_a,
                              .curve_oid = "1.2.398.3.10.1.1.1.1.1",
                              .digest_oid = "1.2.398.3.10.1.3.1.1.0",
                              .integer = TRUE},
    [TAMGA_KIND_DSTU] = {.name = "DSTU-4145",
                         .names = TAMGA_NAMES_DSTU,
                         .key_oid = TAMGA_DSTU_ARC "1.1",
                         .default_digest = "DSTU-GOST-34311"},
    [TAMGA_KIND_DSTU_BE] = {.name = "DSTU-4145-BE",
                            .names = TAMGA_NAMES_DSTU_BE,
                            .key_oid = TAMGA_DSTU_ARC "1.1.1.1",
                            .default_digest = "DSTU-GOST-34311",
                            .big_endian = TRUE},
};
const gsize tamga_national_n_kinds = G_N_ELEMENTS (tamga_national_kinds);

/* The first row of a kind and a digest is the one that is written. */
const TamgaNationalPair tamga_national_pairs[] = {
    {&tamga_national_kinds[TAMGA_KIND_GOST_2015_512], "KZ-STREEBOG-512",
     "KZ-GOST-2015-512-STREEBOG", "1.2.398.3.10.1.1.2.3.2", TRUE},
    {&tamga_national_kinds[TAMGA_KIND_GOST_2015_256], "KZ-STREEBOG-256",
     "KZ-GOST-2015-256-STREEBOG", "1.2.398.3.10.1.1.2.3.1", TRUE},
    {&tamga_national_kinds[TAMGA_KIND_GOST_2004], "KZ-GOST-34311", "KZ-GOST-2004-34311",
     "1.2.398.3.10.1.1.1.2", TRUE},
    {&tamga_national_kinds[TAMGA_KIND_DSTU], "DSTU-GOST-34311", "dstu4145le", TAMGA_DSTU_ARC "1.1",
     FALSE},
    {&tamga_national_kinds[TAMGA_KIND_DSTU], "KUPYNA-256", "DSTU-4145-KUPYNA-256",
     TAMGA_DSTU_ARC "6.1", FALSE},
    {&tamga_national_kinds[TAMGA_KIND_DSTU], "KUPYNA-384", "DSTU-4145-KUPYNA-384",
     TAMGA_DSTU_ARC "6.2", FALSE},
    {&tamga_national_kinds[TAMGA_KIND_DSTU], "KUPYNA-512", "DSTU-4145-KUPYNA-512",
     TAMGA_DSTU_ARC "6.3", FALSE},
    {&tamga_national_kinds[TAMGA_KIND_DSTU], "KUPYNA-256", "DSTU-4145-KUPYNA-256-PB",
     TAMGA_DSTU_ARC "6.1.1", FALSE},
    {&tamga_national_kinds[TAMGA_KIND_DSTU], "KUPYNA-384", "DSTU-4145-KUPYNA-384-PB",
     TAMGA_DSTU_ARC "6.2.1", FALSE},
    {&tamga_national_kinds[TAMGA_KIND_DSTU], "KUPYNA-512", "DSTU-4145-KUPYNA-512-PB",
     TAMGA_DSTU_ARC "6.3.1", FALSE},
    {&tamga_national_kinds[TAMGA_KIND_DSTU_BE], "DSTU-GOST-34311", "dstu4145be",
     TAMGA_DSTU_ARC "1.1.1.1", FALSE},
};
const gsize tamga_national_n_pairs = G_N_ELEMENTS (tamga_national_pairs);
