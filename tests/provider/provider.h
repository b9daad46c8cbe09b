/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the test provider share: its authorities, the register of certificates with
 * their status, its clock. It belongs to one thread; every part reads and changes it directly. */
#pragma once

#include "tests/provider/algorithm.h"
#include "tests/provider/fault.h"
#include "tests/provider/http.h"
#include "tests/provider/ossl.h"

#define PROVIDER_DAY 86400
#define PROVIDER_OCSP_LIFETIME 600 /* seconds from thisUpdate to nextUpdate */
#define PROVIDER_CRL_LIFETIME 3600 /* the same for complete and delta CRLs */
#define PROVIDER_REASON_NONE (-1)  /* revoked without a reason code */
#define PROVIDER_REASON_HOLD 6     /* certificateHold, RFC 5280 5.3.1 */
#define PROVIDER_REASON_REMOVED 8  /* removeFromCRL */

#define PROVIDER_ERROR (provider_error_quark ())
GQuark provider_error_quark (void);
typedef enum {
    PROVIDER_ERROR_REQUEST, /* what was asked for cannot be done: HTTP 400 */
    PROVIDER_ERROR_STATE,   /* the directory or the port */
} ProviderError;

typedef enum { PROVIDER_GOOD, PROVIDER_SUSPENDED, PROVIDER_REVOKED } ProviderStatus;

/* One certificate in the register. */
typedef struct {
    char *serial;    /* upper-case hex, as BN_bn2hex writes it */
    char *authority; /* name of the issuer's row */
    char *name;      /* "root", "tsa", …; "" for a subscriber */
    gint64 not_after;
    ProviderStatus status;
    gint64 since;               /* revocation or suspension time */
    int reason;                 /* CRLReason, PROVIDER_REASON_NONE when absent */
    gboolean unknown;           /* OCSP pretends not to know it */
    ProviderStatus base_status; /* as on the base CRL that deltas refer to */
} ProviderEntry;

typedef struct ProviderAuthoritySpec ProviderAuthoritySpec;

typedef struct {
    const ProviderAuthoritySpec *spec;
    X509 *certificate;
    ProviderKey key;
    gint64 crl_number;  /* of the newest complete CRL; never goes back */
    gint64 base_number; /* of the complete CRL deltas refer to */
    gboolean frozen;    /* keep serving the base although entries changed */
    GBytes *crl;        /* the newest complete CRL; NULL when out of date */
    gint64 crl_issued;
    GBytes *base_crl; /* while frozen */
} ProviderAuthority;

/* A certificate with its private key: responders and TSAs. */
typedef struct {
    X509 *certificate;
    ProviderKey key;
} ProviderIdentity;

typedef struct {
    char *directory;
    guint port;
    const ProviderAlgorithm *algorithm; /* of the rows that take the wanted one; NULL: theirs */
    char *url; /* "http://127.0.0.1:PORT" */
    gint64 clock_shift;
    GPtrArray *authorities; /* ProviderAuthority */
    GHashTable *identities; /* name -> ProviderIdentity, made when first needed */
    GPtrArray *entries;     /* ProviderEntry, in the order of issue */
    GHashTable *by_serial;  /* serial -> ProviderEntry in entries */
    GPtrArray *services;    /* ProviderService */
    ProviderFaults faults;
    GQueue log; /* newest PROVIDER_LOG_LIMIT lines */
} Provider;

#define PROVIDER_LOG_LIMIT 20000

/* Seconds since the epoch as all services see it. */
gint64 provider_now (const Provider *provider);

/* Ends the process when a libcrypto call fails that no request can make fail. */
#define PROVIDER_MUST(call) provider_must ((call) ? 1 : 0, #call)
void provider_must (int done, const char *what);

/* The serial number as a newly allocated upper-case hex string. */
char *provider_serial_text (const ASN1_INTEGER *serial);

/* The DER of an object whose i2d function is I2D. */
#define PROVIDER_DER(i2d, object)                                                                  \
    ({                                                                                             \
        unsigned char *der_ = NULL;                                                                \
        int length_ = i2d ((object), &der_);                                                       \
        PROVIDER_MUST (length_ > 0);                                                               \
        g_bytes_new_with_free_func (der_, (gsize)length_, provider_openssl_free, der_);            \
    })
void provider_openssl_free (gpointer data);

/* Flips one bit in the middle of a signature value that is already made. */
void provider_break_signature (ASN1_STRING *signature);
