/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Until when an algorithm is relied upon (ETSI TS 119 312, EN 319 102-1 5.2.8.4.2). */
#pragma once

#include <openssl/evp.h>

#include "formats/algorithm.h"

/* Until when the digest is relied upon, seconds UTC: G_MAXINT64 without a known end, G_MININT64
 * for what is in no list. NULL digest: unknown. */
gint64 tamga_suite_digest_until (const TamgaDigest *digest);
/* The same for a key of this kind and size under `scheme`. */
gint64 tamga_suite_key_until (EVP_PKEY *key, TamgaScheme scheme);
