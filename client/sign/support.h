/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which evidence a file lacks for level LT, and getting it. Private to client/sign. */
#pragma once

#include "client/sign/keyless.h"
#include "client/validate/validation.h"

/* For each signature of `validation` (same index): TamgaEvidence to be embedded with it, or NULL
 * where its own evidence suffices. Every certificate that a signature rests on (its signer's at the
 * best signature time, each timestamp service's at the time of its token) must be shown to be good
 * at that time by what then lies in the file, and by nothing else. Evidence about countersigners
 * goes to the signature under them; where it is missing that is a notice. TAMGA_SIGN_ERROR_REFUSED:
 * a status is not good; _EVIDENCE: an answer is missing; the text says whose and why. */
GPtrArray *tamga_support_missing (const TamgaKeylessRun *run, const TamgaKeylessTask *task,
                                  const TamgaValidation *validation, GError **error);
