/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trust anchors, local distrust, and paths to an anchor. */
#pragma once

#include <openssl/x509.h>

#include "formats/model.h"

#define TAMGA_TRUST_ERROR (tamga_trust_error_quark ())
GQuark tamga_trust_error_quark (void);
typedef enum {
    TAMGA_TRUST_ERROR_FILE,        /* not a certificate, or several */
    TAMGA_TRUST_ERROR_FINGERPRINT, /* differs from the one given */
    TAMGA_TRUST_ERROR_NOT_CA,
    TAMGA_TRUST_ERROR_STORE,   /* the store cannot be read or written */
    TAMGA_TRUST_ERROR_UNKNOWN, /* no such anchor */
    TAMGA_TRUST_ERROR_NO_PATH, /* no path to an anchor */
} TamgaTrustError;

typedef struct {
    X509 *certificate;
    char *sha256;   /* lower-case hex */
    gint64 added;   /* when */
    char *added_by; /* login name */
    char *note;     /* where it came from */
    gboolean
        distrusted; /* listed as not to be used: cuts every path through it (FPKI 4, VN 79.3) */
} TamgaAnchor;

typedef struct _TamgaTrust TamgaTrust;

/* The store of the user: $XDG_DATA_HOME/tamga/trust/, one PEM file and one key file per anchor,
 * plus system-wide ones under the installed data folder. */
TamgaTrust *tamga_trust_open (GError **error);
TamgaTrust *tamga_trust_open_directory (const char *directory, GError **error);
/* Without a store: for tests and `--anchor FILE`. */
TamgaTrust *tamga_trust_new (void);
void tamga_trust_free (TamgaTrust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaTrust, tamga_trust_free)

GPtrArray *tamga_trust_anchors (TamgaTrust *trust);          /* TamgaAnchor; owned by `trust` */
void tamga_trust_use (TamgaTrust *trust, X509 *certificate); /* for this run only */
/* Reads one certificate from PEM or DER without adding it: for the person to compare. */
X509 *tamga_trust_read_file (const char *path, GError **error);
/* Stores it. `sha256` (hex, colons and spaces allowed) must match when not NULL. */
gboolean tamga_trust_add (TamgaTrust *trust, X509 *certificate, const char *sha256,
                          const char *note, gint64 now, GError **error);
gboolean tamga_trust_remove (TamgaTrust *trust, const char *sha256_prefix, GError **error);
gboolean tamga_trust_distrust (TamgaTrust *trust, X509 *certificate, const char *note, gint64 now,
                               GError **error);

/* Inputs of RFC 5280 6.1.1 (c)-(g) for the paths of this trust; the default asks for nothing: any
 * policy will do, what the certificates themselves require (requireExplicitPolicy, ...) holds
 * always. */
typedef struct {
    const char *const *policies; /* acceptable policy OIDs, NULL-terminated; NULL: any */
    gboolean explicit_policy, inhibit_mapping, inhibit_any;
} TamgaPathPolicy;
/* Kept by copy; NULL: the default. */
void tamga_trust_set_policy (TamgaTrust *trust, const TamgaPathPolicy *policy);
/* Is this certificate on the local list of distrusted ones? */
gboolean tamga_trust_distrusts (TamgaTrust *trust, X509 *certificate);
/* Is it an anchor that may be used? */
gboolean tamga_trust_is_anchor (TamgaTrust *trust, X509 *certificate);

/* How a certificate will be used: decides the purpose checks of the path. */
typedef enum {
    TAMGA_USE_SIGNING,   /* end entity: nonRepudiation or digitalSignature */
    TAMGA_USE_TIMESTAMP, /* critical EKU timeStamping only (RFC 3161 2.3) */
    TAMGA_USE_OCSP,      /* id-kp-OCSPSigning or the issuer itself */
    TAMGA_USE_CRL,       /* cRLSign */
    TAMGA_USE_ANY,
} TamgaUse;

/* A path: certificates[0] is the end entity, the last one the anchor. */
typedef struct {
    GPtrArray *certificates; /* X509 */
    gboolean complete;       /* ends at an anchor and every signature on the way verifies */
    gint64 time;             /* for which validity was judged */
    /* What makes it unusable: finding code "expired", "not-yet-valid", "key-usage",
     * "basic-constraints", "name-constraints", "policy", "unknown-critical-extension",
     * "distrusted", "signature", "algorithm", "weak-algorithm" (today), "malformed", "no-anchor".
     * Empty: good in itself (status aside). */
    GPtrArray *findings; /* TamgaFinding */
} TamgaPath;

void tamga_path_free (TamgaPath *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPath, tamga_path_free)

/* The best path from `certificate` to an anchor at `time` (RFC 5280 6.1 by OpenSSL's verifier, with
 * `pool` (X509) as the untrusted certificates; backtracks over cross certificates). Never NULL: a
 * path that could not be completed or is not usable says so in `findings`. */
TamgaPath *tamga_trust_path (TamgaTrust *trust, X509 *certificate, GPtrArray *pool, TamgaUse use,
                             gint64 time);
/* The issuer within a path, NULL for the last. */
X509 *tamga_path_issuer (const TamgaPath *path, guint index);
gboolean tamga_path_has (const TamgaPath *path, const char *finding_code);
