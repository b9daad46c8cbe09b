/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JAdES (TS 119 182-1): compact, flattened and general JWS, attached or detached (sigD). */
#pragma once

#include "formats/format.h"

extern const TamgaFormat tamga_jades_format;
