/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading all signatures of a container. Private to formats/zip. */
#pragma once

#include "formats/zip/package.h"

/* Where a signature comes from: what `extend` needs to find it again. */
typedef struct {
    const TamgaZipEntry *entry; /* the signature file */
    guint index;                /* in that file, as its own format reads it */
    char *id;                   /* that its own format gave it */
} TamgaAsicOrigin;
GArray *tamga_asic_origins_new (void);

/* `read` of the table. `origins`: gets a TamgaAsicOrigin for each signature; NULL: not wanted. */
GPtrArray *tamga_asic_read_all (TamgaAsic *asic, GArray *origins, GError **error);
/* A signature for a file that cannot be read as one. */
TamgaSignature *tamga_asic_broken (const char *format, const TamgaZipEntry *entry,
                                   const char *text);
/* The content of a CAdES signature: the only file, or its manifest. NULL without error: there is
 * none, for the reason in `*why`. */
TamgaDocument *tamga_asic_cades_content (TamgaAsic *asic, const TamgaZipEntry *entry,
                                         TamgaAsicManifest **manifest, const char **why,
                                         GError **error);
/* What the signatures of a file sign, as its own format wants it: the content of CAdES, or all
 * payload for XAdES. TamgaDocument; NULL with an error. */
GPtrArray *tamga_asic_inner_contents (TamgaAsic *asic, const TamgaZipEntry *entry, GError **error);
