/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the signer claims under the signature: time, place, policy, commitments, roles. Nobody
 * vouches for it. */
#pragma once

#include "formats/cms/attributes.h"
#include "formats/format.h"

/* Appends the attributes (GBytes) that say `claims` (EN 319 122-1 5.2.3, 5.2.5, 5.2.6, 5.2.9).
 * `with_place`: CAdES; PAdES has its place elsewhere (EN 319 142-1 6.3). FALSE with
 * TAMGA_FORMAT_ERROR_PARAMETER on what cannot be written. */
gboolean tamga_claims_write (const TamgaClaims *claims, gboolean with_place, GPtrArray *attributes,
                             GError **error);
/* Fills `claimed_time`, `location`, `policy_oid`, `commitments` and `roles` from the signed
 * attributes. */
void tamga_claims_read (GPtrArray *attributes, TamgaSignature *signature);
