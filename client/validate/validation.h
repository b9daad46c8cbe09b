/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Validation of signatures by EN 319 102-1 over the neutral model: per signature an indication, a
 * sub-indication and every check as a line of its own. Never a boolean. */
#pragma once

#include <jansson.h>

#include "client/status/procedure.h"
#include "formats/format.h"

typedef enum { TAMGA_TOTAL_PASSED, TAMGA_TOTAL_FAILED, TAMGA_INDETERMINATE } TamgaIndication;
typedef enum {
    TAMGA_VERDICT_VALID,
    TAMGA_VERDICT_INVALID,
    TAMGA_VERDICT_UNDETERMINED,
    TAMGA_VERDICT_NOT_SIGNED,
} TamgaVerdict;

/* One line of the report. */
typedef struct {
    char *name;   /* stable, kebab-case: "format", "hash", "signature-value", "signing-certificate",
                     "path", "status-1", "status-2", "key-match", "scope", "limits",
                     "particulars", "timestamp-1-imprint", ... */
    char *clause; /* "EN 319 102-1 5.2.7", "VN 79.1b" */
    const char *result; /* "passed", "failed", "undetermined", "info" */
    char *source;       /* OCSP URL, "embedded", "computed", NULL */
    char *text;
} TamgaCheck;

/* One timestamp after it was judged. */
typedef struct {
    const TamgaTimestamp *timestamp; /* of the signature */
    gint64 time;                     /* genTime; G_MININT64 where the token cannot be read */
    char *tsa;                       /* who made it, for people; NULL then */
    gint64 until;     /* when it stops proving anything by itself; G_MININT64: not known */
    gboolean weakens; /* because its algorithm ends then, and not its certificate */
    TamgaIndication indication;
    const char *sub_indication; /* NULL when passed */
    char *reason;
} TamgaValidatedTimestamp;

typedef struct {
    TamgaSignature *signature; /* the parsed picture; owned */
    TamgaIndication indication;
    const char *sub_indication; /* EN 319 102-1 name or NULL */
    char *reason;               /* a sentence on why it is not TOTAL-PASSED; NULL where it is */
    const char *level;          /* "B", "T", "LT", "LTA", or "none" (not baseline) */
    gint64 best_time;           /* best signature time: proof of existence, else now */
    char *best_time_source;     /* "timestamp by TSA 1", "current time" */
    TamgaProcedure *procedure;  /* recipient procedure; NULL where it could not start */
    GPtrArray *checks;          /* TamgaCheck */
    GPtrArray *timestamps;      /* TamgaValidatedTimestamp, as signature->timestamps */
    GPtrArray *findings;        /* TamgaFinding: of format, path, status and validation */
    gboolean qualified_certificate, qualified_device; /* QcStatements */
    char *title, *organisation;                       /* VN 6.2, 7 */
    GPtrArray *identifiers; /* TamgaIdentifier, by the profile; NULL: no certificate */
    char *limits;           /* QcLimitValue, policy notices; NULL: none stated */
} TamgaValidatedSignature;

typedef struct {
    char *file;
    const TamgaFormat *format; /* NULL when not recognised */
    TamgaVerdict verdict;
    char *summary;         /* the first line in words */
    GPtrArray *signatures; /* TamgaValidatedSignature */
    GError *error;         /* bad input: verdict is not-signed */
} TamgaValidation;

void tamga_validation_free (TamgaValidation *validation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaValidation, tamga_validation_free)

/* Validates every signature of `document`; `options` may be NULL. `context->time` is ignored:
 * the time of each signature is its best signature time, or `at` when not G_MININT64 (`--at`). */
TamgaValidation *tamga_validate (TamgaDocument *document, const TamgaReadOptions *options,
                                 const TamgaStatusContext *context, gint64 at,
                                 const TamgaCall *call);

/* Exit code of design 3: 0, 1, 2 or 4. */
int tamga_validation_exit_code (const TamgaValidation *validation);
/* The stable JSON interface of `tamga verify --json`. */
json_t *tamga_validation_json (const TamgaValidation *validation);
/* The text of ux.md; `all_checks` lists every check. */
char *tamga_validation_text (const TamgaValidation *validation, const TamgaProfile *profile,
                             gboolean all_checks);
