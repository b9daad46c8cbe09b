/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Until when an algorithm is relied upon, by the table of algorithms. */
#include "client/validate/suites.h"

gint64 tamga_suite_digest_until (const TamgaDigest *digest)
{
    return digest != NULL ? digest->reliance.until : G_MININT64;
}

gint64 tamga_suite_key_until (EVP_PKEY *key, TamgaScheme scheme)
{
    return tamga_key_reliance (key, scheme).until;
}
