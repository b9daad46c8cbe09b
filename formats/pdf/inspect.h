/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A look through a PDF before it is signed: is it whole, and does it hold anything that can make it
 * look different later? */
#pragma once

#include "formats/format.h"
#include "formats/pdf/file.h"

/* FALSE with the reason why the file is not signed: FORBIDDEN, ENCRYPTED, DAMAGED, UNSUPPORTED
 * (hybrid), MALFORMED. Else adds to `findings` (TamgaFinding) what the signer should know. */
gboolean tamga_pdf_inspect (TamgaPdf *pdf, GPtrArray *findings, GError **error);
