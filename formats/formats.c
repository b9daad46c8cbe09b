/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of formats: a new format is a row. */
#include "formats/cms/cades.h"
#include "formats/jose/jades.h"
#include "formats/pdf/pades.h"
#include "formats/xml/xades.h"
#include "formats/zip/asic.h"

/* The order is that of the probes. CAdES goes by the first bytes; a PDF may begin anywhere in the
 * first 1024 (ISO 32000-1 annex H.3.4.1), so that a CMS or a container around a PDF looks like
 * one. */
const TamgaFormat *const tamga_formats[] = {
    &tamga_cades_format,
    &tamga_asic_e_xades_format,
    &tamga_asic_e_cades_format,
    &tamga_asic_s_xades_format,
    &tamga_asic_s_cades_format,
    &tamga_pades_format,
    &tamga_xades_format,
    &tamga_xmldsig_format,
    &tamga_jades_format,
    NULL,
};

const TamgaFormat *const tamga_format_default = &tamga_cades_format;
