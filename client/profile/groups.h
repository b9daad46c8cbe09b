/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of a profile that are tables by themselves: [identifiers] and [timestamp KIND]. */
#pragma once

#include "client/profile/keyfile.h"
#include "client/profile/profile.h"

/* [identifiers]: OID[:PREFIX]=LABEL[;digits=N]. Into `profile->identifiers`. */
gboolean tamga_profile_read_identifiers (TamgaKeyfile *keyfile, TamgaProfile *profile,
                                         GError **error);
/* [timestamp KIND]: policy=OID, digest=NAME. Into `profile->timestamps`. */
gboolean tamga_profile_read_timestamps (TamgaKeyfile *keyfile, TamgaProfile *profile,
                                        GError **error);
void tamga_identifier_rule_free (gpointer rule);
void tamga_timestamp_rule_free (gpointer rule);

/* What the profile asks of timestamps over signatures of this key; NULL: the general keys. */
const TamgaTimestampRule *tamga_profile_timestamp (const TamgaProfile *profile, EVP_PKEY *key);
