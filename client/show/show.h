/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in a signed file: signatures, what each covers, timestamps, certificates, evidence, the
 * entries of a container, the revisions of a PDF. Nothing is judged, nobody is asked, and no trust
 * is needed: only what the file itself says, and whether its digests match. */
#pragma once

#include <jansson.h>

#include "formats/format.h"

/* The structure as JSON (described in the README; members are added, never renamed). Errors: those
 * of tamga_format_read. */
json_t *tamga_show (TamgaDocument *document, const TamgaReadOptions *options, GError **error);
/* The same for people, as a tree; safe on a terminal. New text, ends with a newline. */
char *tamga_show_text (json_t *show);
