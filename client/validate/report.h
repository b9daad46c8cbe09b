/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that all reports share. */
#pragma once

#include "client/validate/validation.h"

const char *tamga_indication_name (TamgaIndication indication); /* "TOTAL-PASSED" ... */
const char *tamga_verdict_name (TamgaVerdict verdict);          /* "valid" ... "not-signed" */
/* Were only things added after the signature that nobody reads: evidence, timestamps, signatures of
 * others, metadata? TRUE where there is no change at all. */
gboolean tamga_changes_are_silent (const TamgaSignature *signature);
