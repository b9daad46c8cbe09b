/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the signer claims under the signature: time, place, policy. Nobody vouches for it. */
#pragma once

#include "formats/cms/attributes.h"

/* Fills `claimed_time`, `location` and `policy_oid` from the signed attributes. */
void tamga_claims_read (GPtrArray *attributes, TamgaSignature *signature);
