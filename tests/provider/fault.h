/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults that tests switch on: a table of kinds, and what is active for each service. */
#pragma once

#include <glib.h>

/* Families of services; a kind says to which it applies. */
typedef enum {
    PROVIDER_FAMILY_OCSP = 1 << 0,
    PROVIDER_FAMILY_CRL = 1 << 1,
    PROVIDER_FAMILY_TSA = 1 << 2,
    PROVIDER_FAMILY_ISSUER = 1 << 3,
    PROVIDER_FAMILY_FILE = 1 << 4, /* CA certificates */
    PROVIDER_FAMILY_ANY = (1 << 5) - 1,
} ProviderFamily;

/* The kinds: identifier, name in the control interface, families. Transport comes
 * first: it leaves what is served as it is. */
#define PROVIDER_FAULT_KINDS(row)                                                                  \
    /* transport */                                                                                \
    row (DELAY, "delay", PROVIDER_FAMILY_ANY) row (DROP, "drop", PROVIDER_FAMILY_ANY)              \
        row (GARBAGE, "garbage", PROVIDER_FAMILY_ANY) row (EMPTY, "empty", PROVIDER_FAMILY_ANY)    \
            row (HTTP_404, "http-404", PROVIDER_FAMILY_ANY)                                        \
                row (HTTP_500, "http-500", PROVIDER_FAMILY_ANY)                                    \
                    row (HTTP_503, "http-503", PROVIDER_FAMILY_ANY)                                \
                        row (REDIRECT, "redirect", PROVIDER_FAMILY_ANY)                            \
                            row (HUGE_BODY, "huge", PROVIDER_FAMILY_ANY)                           \
                                row (SLOW_DRIP, "slow-drip", PROVIDER_FAMILY_ANY)                  \
                                    row (SHORT, "short", PROVIDER_FAMILY_ANY)                      \
                                        row (WRONG_TYPE, "wrong-type", PROVIDER_FAMILY_ANY) row (  \
                                            TRAILING, "trailing-data",                             \
                                            PROVIDER_FAMILY_ANY) /* what is signed, and by whom */ \
        row (BAD_SIGNATURE, "bad-signature",                                                       \
             PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_CRL | PROVIDER_FAMILY_TSA |                    \
                 PROVIDER_FAMILY_ISSUER) row (UNSIGNED, "unsigned",                                \
                                              PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_CRL)          \
            row (STALE, "stale", PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_CRL)                       \
                row (FUTURE, "future", PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_CRL) row (           \
                    NO_NEXT_UPDATE, "no-next-update", PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_CRL)  \
                    row (WRONG_ISSUER, "wrong-issuer", PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_CRL) \
                        row (WRONG_NONCE, "wrong-nonce",                                           \
                             PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_TSA)                           \
                            row (NO_NONCE, "no-nonce", PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_TSA) \
                                row (NO_CERTIFICATE, "no-certificate",                             \
                                     PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_TSA)                   \
                                    row (CLOCK, "clock",                                           \
                                         PROVIDER_FAMILY_OCSP | PROVIDER_FAMILY_CRL |              \
                                             PROVIDER_FAMILY_TSA |                                 \
                                             PROVIDER_FAMILY_ISSUER) /* OCSP */                    \
        row (EXPIRED_RESPONDER, "expired-responder",                                               \
             PROVIDER_FAMILY_OCSP) row (WRONG_RESPONDER, "wrong-responder", PROVIDER_FAMILY_OCSP)  \
            row (STRANGER_RESPONDER, "stranger-responder",                                         \
                 PROVIDER_FAMILY_OCSP) row (CA_RESPONDER, "ca-responder", PROVIDER_FAMILY_OCSP)    \
                row (RESPONDER_BY_KEY, "responder-by-key", PROVIDER_FAMILY_OCSP)                   \
                    row (OTHER_CERT, "other-cert", PROVIDER_FAMILY_OCSP)                           \
                        row (SAY_GOOD, "say-good", PROVIDER_FAMILY_OCSP)                           \
                            row (MALFORMED_REQUEST, "malformed-request", PROVIDER_FAMILY_OCSP)     \
                                row (INTERNAL_ERROR, "internal-error", PROVIDER_FAMILY_OCSP)       \
                                    row (TRY_LATER, "try-later", PROVIDER_FAMILY_OCSP)             \
                                        row (SIG_REQUIRED, "sig-required", PROVIDER_FAMILY_OCSP)   \
                                            row (UNAUTHORIZED, "unauthorized",                     \
                                                 PROVIDER_FAMILY_OCSP) /* CRL */                   \
        row (LOWER_NUMBER, "lower-number", PROVIDER_FAMILY_CRL)                                    \
            row (NO_NUMBER, "no-number", PROVIDER_FAMILY_CRL) row (WRONG_IDP, "wrong-idp",         \
                                                                   PROVIDER_FAMILY_CRL)            \
                row (PARTIAL_REASONS, "partial-reasons", PROVIDER_FAMILY_CRL)                      \
                    row (INDIRECT, "indirect", PROVIDER_FAMILY_CRL)                                \
                        row (UNKNOWN_CRITICAL, "unknown-critical", PROVIDER_FAMILY_CRL) row (      \
                            UNKNOWN_CRITICAL_ENTRY, "unknown-critical-entry", PROVIDER_FAMILY_CRL) \
                            row (WRONG_KEY, "wrong-key", PROVIDER_FAMILY_CRL)                      \
                                row (WRONG_BASE, "wrong-base", PROVIDER_FAMILY_CRL)                \
                                    row (PEM, "pem",                                               \
                                         PROVIDER_FAMILY_CRL | PROVIDER_FAMILY_FILE) /* TSA */     \
        row (WRONG_IMPRINT, "wrong-imprint", PROVIDER_FAMILY_TSA)                                  \
            row (WRONG_POLICY, "wrong-policy", PROVIDER_FAMILY_TSA) row (WRONG_NAME, "wrong-name", \
                                                                         PROVIDER_FAMILY_TSA)      \
                row (WRONG_ESS, "wrong-ess", PROVIDER_FAMILY_TSA) row (NO_PURPOSE, "no-purpose",   \
                                                                       PROVIDER_FAMILY_TSA)        \
                    row (EXPIRED_TSA, "expired-tsa", PROVIDER_FAMILY_TSA)                          \
                        row (REVOKED_TSA, "revoked-tsa", PROVIDER_FAMILY_TSA)                      \
                            row (NO_ACCURACY, "no-accuracy", PROVIDER_FAMILY_TSA)                  \
                                row (GRANTED_WITH_MODS, "granted-with-mods", PROVIDER_FAMILY_TSA)  \
                                    row (REFUSAL, "refusal", PROVIDER_FAMILY_TSA) /* issue */      \
        row (OTHER_KEY, "other-key", PROVIDER_FAMILY_ISSUER)                                       \
            row (OTHER_SUBJECT, "other-subject", PROVIDER_FAMILY_ISSUER)                           \
                row (REFUSE, "refuse", PROVIDER_FAMILY_ISSUER)

typedef enum {
#define ROW(identifier, name, families) PROVIDER_FAULT_##identifier,
    PROVIDER_FAULT_KINDS (ROW)
#undef ROW
        PROVIDER_FAULTS
} ProviderFault;
G_STATIC_ASSERT (PROVIDER_FAULTS <= 64);

/* One active fault with its parameters. */
typedef struct {
    char *service;
    ProviderFault kind;
    gint64 count;           /* answers left, G_MAXINT64 for always */
    GHashTable *parameters; /* the query it was asked with */
} ProviderActiveFault;

typedef struct {
    GPtrArray *active; /* ProviderActiveFault; NULL when there are none */
} ProviderFaults;

/* What is active for one request. */
typedef struct {
    guint64 set;
    GHashTable *parameters[PROVIDER_FAULTS]; /* owned references, NULL where not set */
} ProviderFaultSet;

/* The kind called NAME, or PROVIDER_FAULTS. */
ProviderFault provider_fault_kind (const char *name);
const char *provider_fault_name (ProviderFault kind);
guint provider_fault_families (ProviderFault kind);

/* Adds a fault (replaces one of the same kind). COUNT 0 means always. */
void provider_faults_add (ProviderFaults *faults, const char *service, ProviderFault kind,
                          gint64 count, GHashTable *parameters);
/* Ends all faults of SERVICE, or of all services when it is NULL. */
void provider_faults_remove (ProviderFaults *faults, const char *service);
void provider_faults_clear (ProviderFaults *faults);

/* Collects what is active for SERVICE and counts it as used once. */
void provider_faults_take (ProviderFaults *faults, const char *service, ProviderFaultSet *set);
void provider_fault_set_clear (ProviderFaultSet *set);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ProviderFaultSet, provider_fault_set_clear)

/* Whether nothing is active that changes the served object itself. */
gboolean provider_fault_only_transport (const ProviderFaultSet *set);

/* Whether KIND is active; its parameters (NULL or DEFAULT where absent or not a number). */
gboolean provider_fault (const ProviderFaultSet *set, ProviderFault kind);
const char *provider_fault_text (const ProviderFaultSet *set, ProviderFault kind,
                                 const char *parameter);
gint64 provider_fault_number (const ProviderFaultSet *set, ProviderFault kind,
                              const char *parameter, gint64 standard);
