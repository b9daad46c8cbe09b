/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Country profiles: data files (key files, tamga-profile(5)) and their strict loader. An unknown
 * group or key, a missing version, a wrong value is an error with file and line. A new country is a
 * file, never a branch in code. */
#pragma once

#include "formats/format.h"

#define TAMGA_PROFILE_ERROR (tamga_profile_error_quark ())
GQuark tamga_profile_error_quark (void);
typedef enum {
    TAMGA_PROFILE_ERROR_UNKNOWN, /* no such profile; the text lists those there are */
    TAMGA_PROFILE_ERROR_SYNTAX,
    TAMGA_PROFILE_ERROR_VALUE,
} TamgaProfileError;

typedef enum { TAMGA_GATE_FULL, TAMGA_GATE_NEGATIVE } TamgaGate;
/* From when a suspension, resumption or revocation counts (UA 95, MD 4:72). */
typedef enum { TAMGA_EFFECT_REVOCATION_TIME, TAMGA_EFFECT_THIS_UPDATE } TamgaEffect;

typedef struct {
    char *oid, *name; /* "1.2.398.3.3.4.1.1", "individual" */
} TamgaOidName;

/* A foreign certificate licensed for use (VN 45, 79.1c). */
typedef struct {
    char *name;          /* of the section */
    char *issuer_sha256; /* fingerprint of the foreign provider's certificate */
    char *licence;       /* number */
    char *scope;
    gint64 valid_from, valid_until;
    char *root_status_url; /* where the national root answers for it; NULL: through the path */
} TamgaForeignLicence;

/* What an attribute of a certificate's subject, or of its directory attributes, means here. */
typedef struct {
    char *oid;    /* of the attribute */
    char *prefix; /* of the value, left out when shown; NULL: any value */
    char *label;  /* "IIN" */
    guint digits; /* how many digits there must be; 0: not known */
} TamgaIdentifierRule;

/* What timestamps are asked for where the signer's key is of a kind. */
typedef struct {
    const char *kind;          /* as the table of algorithms has it */
    char *policy;              /* requested policy OID or NULL */
    const TamgaDigest *digest; /* of the imprints; NULL: the general one */
    char *digest_name;         /* as written */
} TamgaTimestampRule;

/* What the profile says about an algorithm (client/profile/algorithms.h). */
typedef enum { TAMGA_RULE_ACCEPT, TAMGA_RULE_WARN, TAMGA_RULE_REFUSE } TamgaRuleWord;
typedef struct {
    const char *name; /* as the table of algorithms has it */
    TamgaRuleWord word;
    gint64 since, until; /* G_MININT64, G_MAXINT64 where the rule has no such date */
} TamgaAlgorithmRule;

typedef struct {
    char *name, *title, *country, *path;
    guint version;
    TamgaGate gate;
    gboolean timestamp_mandatory;
    TamgaLevel default_level, minimum_level;
    gboolean allow_loopback, allow_private;
    gboolean procedure; /* VN 78/79 wording and steps apply; FALSE in basic */
    TamgaEffect effect;
    gboolean cascade_root_revocation; /* MD 4:164 */
    gboolean accept_signing_certificate_v1;
    gboolean
        accept_unnamed_certificate; /* signatures that do not say which certificate made them */
    guint suspension_days;          /* MD 4:18; 0: no limit known */
    guint max_status_age;  /* seconds: an OCSP answer older than that is not fresh for signing */
    guint clock_tolerance; /* seconds */
    guint *reminder_days;
    gsize n_reminder_days; /* before expiry, descending */
    char **tsa_urls, **ocsp_urls, **crl_urls, **delta_crl_urls, **root_crl_urls, **certificate_urls;
    char *tsa_policy;       /* requested policy OID or NULL */
    char *tsa_digest;       /* "SHA-256" */
    char **anchors;         /* SHA-256 fingerprints that `trust add` may expect; may be empty */
    char **key_stores;      /* names of stores the country uses ("ID card", "PKCS12 file") */
    GPtrArray *oid_names;   /* TamgaOidName */
    GPtrArray *foreign;     /* TamgaForeignLicence */
    GPtrArray *algorithms;  /* TamgaAlgorithmRule */
    GPtrArray *identifiers; /* TamgaIdentifierRule */
    GPtrArray *timestamps;  /* TamgaTimestampRule */
    char **trusted_lists;   /* URLs where the country publishes its providers (TS 119 612) */
    /* What is made of a document by its content: names of formats; NULL: the usual one. */
    const char *format_xml, *format_other;
    char *renewal; /* "online while valid" ... text for people */
} TamgaProfile;

/* By name: from the user's profile folder, then the installed one. NULL name: the configured
 * default, else "basic". */
TamgaProfile *tamga_profile_load (const char *name, GError **error);
TamgaProfile *tamga_profile_load_file (const char *path, GError **error);
void tamga_profile_free (TamgaProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaProfile, tamga_profile_free)
/* Names of all profiles that can be loaded, NULL-terminated. */
char **tamga_profile_names (void);
/* The profile's or the general name of an OID; the OID itself when none is known. */
const char *tamga_profile_oid_name (const TamgaProfile *profile, const char *oid);
