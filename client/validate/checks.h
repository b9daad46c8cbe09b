/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of the report and the verdict on one signature while it is being made. */
#pragma once

#include "client/validate/validation.h"

typedef enum { CHECK_PASSED, CHECK_FAILED, CHECK_UNDETERMINED, CHECK_INFO } CheckResult;

/* Sub-indications of EN 319 102-1, tables 5 and 6: one spelling for all of validation. */
#define SUB_FORMAT_FAILURE "FORMAT_FAILURE"
#define SUB_HASH_FAILURE "HASH_FAILURE"
#define SUB_SIG_CRYPTO_FAILURE "SIG_CRYPTO_FAILURE"
#define SUB_REVOKED "REVOKED"
#define SUB_EXPIRED "EXPIRED"
#define SUB_NOT_YET_VALID "NOT_YET_VALID"
#define SUB_SIG_CONSTRAINTS_FAILURE "SIG_CONSTRAINTS_FAILURE"
#define SUB_CHAIN_CONSTRAINTS_FAILURE "CHAIN_CONSTRAINTS_FAILURE"
#define SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE "CERTIFICATE_CHAIN_GENERAL_FAILURE"
#define SUB_CRYPTO_CONSTRAINTS_FAILURE "CRYPTO_CONSTRAINTS_FAILURE"
#define SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
#define SUB_TIMESTAMP_ORDER_FAILURE "TIMESTAMP_ORDER_FAILURE"
#define SUB_NO_SIGNING_CERTIFICATE_FOUND "NO_SIGNING_CERTIFICATE_FOUND"
#define SUB_NO_CERTIFICATE_CHAIN_FOUND "NO_CERTIFICATE_CHAIN_FOUND"
#define SUB_REVOKED_NO_POE "REVOKED_NO_POE"
#define SUB_REVOKED_CA_NO_POE "REVOKED_CA_NO_POE"
#define SUB_OUT_OF_BOUNDS_NO_POE "OUT_OF_BOUNDS_NO_POE"
#define SUB_OUT_OF_BOUNDS_NOT_REVOKED "OUT_OF_BOUNDS_NOT_REVOKED"
#define SUB_NO_POE "NO_POE"
#define SUB_TRY_LATER "TRY_LATER"
#define SUB_SIGNED_DATA_NOT_FOUND "SIGNED_DATA_NOT_FOUND"

/* An indication with its reason. Freed with tamga_judgement_clear. */
typedef struct {
    TamgaIndication indication;
    const char *sub; /* NULL when passed */
    char *reason;    /* a sentence; NULL when passed */
} TamgaJudgement;

#define TAMGA_JUDGEMENT_INIT ((TamgaJudgement){.indication = TAMGA_TOTAL_PASSED})

void tamga_judgement_clear (TamgaJudgement *judgement);
/* Takes over what is worse than what is there: TOTAL-FAILED over INDETERMINATE over TOTAL-PASSED;
 * of two equals the first one stays, because the building blocks run in the standard's order. */
void tamga_judgement_add (TamgaJudgement *judgement, TamgaIndication indication, const char *sub,
                          const char *format, ...) G_GNUC_PRINTF (4, 5);
void tamga_judgement_merge (TamgaJudgement *judgement, const TamgaJudgement *other);

/* Appends a line. `name` and `source` are copied; `source` may be NULL. */
void tamga_check_add (GPtrArray *checks, const char *name, const char *clause, CheckResult result,
                      const char *source, const char *format, ...) G_GNUC_PRINTF (6, 7);
void tamga_check_free (TamgaCheck *check);
