/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that all reports share. */
#pragma once

#include "client/validate/validation.h"

const char *tamga_indication_name (TamgaIndication indication); /* "TOTAL-PASSED" ... */
const char *tamga_verdict_name (TamgaVerdict verdict);          /* "valid" ... "not-signed" */
