/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `tamga-render` and its client agree on: verbs, and names of errors.
 *
 *   open   fd: the PDF -> pages u
 *   page   page u (0 is the first), width u (pixels) -> png ay
 *   size   page u -> width d, height d (points)
 *   text   page u -> text s
 */
#pragma once

#include "client/render/render.h"

/* Names of TamgaRenderError on the wire, in its order, NULL at the end. */
static const char *const tamga_render_codes[] = {"input", "password", "page",
                                                 "limit", "failed",   NULL};
