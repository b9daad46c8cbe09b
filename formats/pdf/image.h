/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A PNG image as an image XObject (ISO 32000-1 8.9.5). */
#pragma once

#include "formats/pdf/update.h"

/* Returns its number and its size in pixels; 0 with PARAMETER or LIMIT. */
guint32 tamga_pdf_image_add (TamgaPdfUpdate *update, GBytes *png, guint *width, guint *height,
                             GError **error);
