/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PAdES (EN 319 142-1): signatures in PDF, levels B, T and LT. Signing adds one incremental update,
 * evidence a second; reading finds every signature of every revision and what changed since. */
#pragma once

#include "formats/format.h"

extern const TamgaFormat tamga_pades_format;
