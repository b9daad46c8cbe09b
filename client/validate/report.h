/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that all reports share. */
#pragma once

#include "client/validate/validation.h"

const char *tamga_indication_name (TamgaIndication indication); /* "TOTAL-PASSED" ... */
const char *tamga_verdict_name (TamgaVerdict verdict);          /* "valid" ... "not-signed" */
/* A commitment type by its name ("approval"), or the OID or URI itself (RFC 5126 5.11.1, EN 319
 * 132-1 5.2.3). */
const char *tamga_commitment_name (const char *commitment);
/* Were only things added after the signature that nobody reads: evidence, timestamps, signatures of
 * others, metadata? TRUE where there is no change at all. */
gboolean tamga_changes_are_silent (const TamgaSignature *signature);
