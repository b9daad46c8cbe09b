/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 3161 time-stamps: asking for one over HTTP, and the user's checks of UA 115(6). */
#pragma once

#include "client/net/fetch.h"
#include "client/profile/profile.h"
#include "client/status/procedure.h"

#define TAMGA_TSA_ERROR (tamga_tsa_error_quark ())
GQuark tamga_tsa_error_quark (void);
typedef enum {
    TAMGA_TSA_ERROR_NO_SERVICE,  /* the profile names none and none was given */
    TAMGA_TSA_ERROR_UNREACHABLE, /* every URL was tried; the text has a line for each */
    TAMGA_TSA_ERROR_REFUSED,     /* PKIStatus and failInfo in words */
    TAMGA_TSA_ERROR_CHECK,       /* one of the checks failed; the text names it */
    TAMGA_TSA_ERROR_CLOCK,       /* all is well but the time: this clock or the service's is off */
} TamgaTsaError;

/* One of the checks of UA 115(6), in its order: 1 result status, 2 signer is the provider,
 * 3 certificate purpose is timestamping, 4 TSA certificate valid, 5 signature valid, 6 imprint
 * equals own hash; then nonce, policy and clock as checks of ours. */
typedef struct {
    guint number;
    const char *name;   /* stable: "status", "signer", "purpose", "certificate", "signature",
                           "imprint", "nonce", "policy", "clock" */
    const char *clause; /* "UA 115(6)" ... */
    gboolean passed;
    char *text;
} TamgaTsaCheck;

typedef struct {
    GBytes *token; /* DER TimeStampToken; NULL when the checks failed */
    gint64 gen_time;
    char *url, *tsa_name, *policy;
    X509 *certificate;
    GPtrArray *checks;         /* TamgaTsaCheck, in order, all of them */
    TamgaProcedure *procedure; /* path and status of the TSA's certificate */
} TamgaTsaAnswer;

void tamga_tsa_answer_free (TamgaTsaAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaTsaAnswer, tamga_tsa_answer_free)

/* A token over `imprint`, a value of `digest` (archive timestamps cover gigabytes: whoever asks has
 * hashed them): tries `urls` (NULL: the profile's) in turn. The status of the TSA's certificate is
 * asked by the caller with the other questions after signing when `check_status` is FALSE; check 4
 * then covers path and validity period. */
TamgaTsaAnswer *tamga_tsa_request (const TamgaStatusContext *context, char **urls, GBytes *imprint,
                                   const TamgaDigest *digest, gboolean check_status,
                                   const TamgaCall *call, GError **error);

/* One request: DER TimeStampReq with a nonce, for tests and for services that are asked by other
 * ways. NULL where `imprint` is not of the digest's length. */
GBytes *tamga_tsa_request_new (GBytes *imprint, const TamgaDigest *digest, const char *policy);
/* The checks over a response to `request`. Never NULL: `token` is NULL where one of `checks`
 * failed; those that could not be made any more are missing then. */
TamgaTsaAnswer *tamga_tsa_check_response (const TamgaStatusContext *context, GBytes *request,
                                          GBytes *response, GBytes *imprint, gboolean check_status,
                                          const TamgaCall *call);
