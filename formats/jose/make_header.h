/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The protected header that is signed (TS 119 182-1 5.1 and 5.2). */
#pragma once

#include "formats/jose/content.h"

/* The header as it is signed, before base64url. `content`: what is signed with it. The time is in
 * iat, which version 1.2.1 has instead of sigT. Everything of clause 5.2 is critical. Errors:
 * _ALGORITHM, those of the content stamper. */
char *tamga_jose_make_header (const TamgaSigningParameters *parameters,
                              const TamgaJoseContent *content, GError **error);
