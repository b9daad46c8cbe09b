/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timestamps over files of a container. Private to formats/zip. */
#pragma once

#include "formats/zip/rewrite.h"

/* A token over `imprint`, looked at whether it is one. */
GBytes *tamga_asic_stamp (const TamgaStamper *stamper, GBytes *imprint, GError **error);
/* Adds an archive manifest over everything that is or will be in the container, and its token; the
 * manifest before it gets another name (EN 319 162-1 A.7). */
gboolean tamga_asic_add_archive (TamgaAsicRewrite *rewrite, const TamgaStamper *stamper,
                                 GError **error);
/* Does a manifest have a digest of this entry? */
gboolean tamga_asic_in_manifest (TamgaAsic *asic, const TamgaZipEntry *entry);
