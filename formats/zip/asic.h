/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ASiC-S and ASiC-E (EN 319 162-1) with XAdES and with CAdES: rows of the format table. All of
 * them read every container; they differ in what they make. */
#pragma once

#include "formats/format.h"

extern const TamgaFormat tamga_asic_e_xades_format; /* "asic-e-xades" */
extern const TamgaFormat tamga_asic_e_cades_format; /* "asic-e-cades" */
extern const TamgaFormat tamga_asic_s_xades_format; /* "asic-s-xades" */
extern const TamgaFormat tamga_asic_s_cades_format; /* "asic-s-cades" */
