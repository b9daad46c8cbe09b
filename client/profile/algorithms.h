/* SPDX-License-Identifier: GPL-3.0-or-later */
/* [algorithms] of a profile: what a country says about single algorithms in place of the general
 * table. NAME=accept|warn|refuse[;since=YYYY-MM-DD][;until=YYYY-MM-DD], where NAME is a digest, a
 * signature algorithm or a kind of key of the table of algorithms. */
#pragma once

#include "client/profile/keyfile.h"
#include "client/profile/profile.h"

/* Reads the group into `profile->algorithms` (TamgaAlgorithmRule). */
gboolean tamga_profile_read_algorithms (TamgaKeyfile *keyfile, TamgaProfile *profile,
                                        GError **error);
void tamga_algorithm_rule_free (gpointer rule);
/* The rule for a name of the table, or NULL. `profile` may be NULL. */
const TamgaAlgorithmRule *tamga_profile_rule (const TamgaProfile *profile, const char *name);
/* "warn since 2024-01-01 until 2026-01-01", new text. */
char *tamga_algorithm_rule_text (const TamgaAlgorithmRule *rule);

/* How far an algorithm is relied upon under a profile. */
typedef struct {
    const char *name;    /* of the table; "an unknown digest", "an unknown kind of key" */
    gint64 since, until; /* relied upon at times from `since` on and before `until` */
    const TamgaAlgorithmRule *rule; /* of the profile; NULL: the general table says so */
} TamgaSuite;

/* NULL digest: unknown. */
TamgaSuite tamga_suite_digest (const TamgaProfile *profile, const TamgaDigest *digest);
TamgaSuite tamga_suite_key (const TamgaProfile *profile, EVP_PKEY *key, TamgaScheme scheme);
/* Signature algorithms have no limits of their own: only a rule gives them some. */
TamgaSuite tamga_suite_algorithm (const TamgaProfile *profile, const TamgaAlgorithm *algorithm);
gboolean tamga_suite_holds (const TamgaSuite *suite, gint64 time);
/* Refused at every time, by a rule. */
gboolean tamga_suite_refused (const TamgaSuite *suite);
