/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of formats: a new format is a row. */
#include "formats/cms/cades.h"
#include "formats/pdf/pades.h"

const TamgaFormat *const tamga_formats[] = {
    &tamga_pades_format,
    &tamga_cades_format,
    NULL,
};

const TamgaFormat *const tamga_format_default = &tamga_cades_format;
