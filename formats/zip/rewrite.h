/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A container written anew: what was there as it is, except for what is replaced or renamed, and
 * what is added behind it. Private to formats/zip. */
#pragma once

#include "formats/zip/package.h"

typedef struct {
    TamgaAsic *asic;      /* what was there; NULL: a new container. Borrowed */
    GHashTable *replaced; /* TamgaZipEntry -> TamgaDocument */
    GHashTable *renamed;  /* TamgaZipEntry -> char * */
    GPtrArray *added;     /* TamgaZipPart */
} TamgaAsicRewrite;

TamgaAsicRewrite *tamga_asic_rewrite_new (TamgaAsic *asic);
void tamga_asic_rewrite_free (TamgaAsicRewrite *rewrite);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaAsicRewrite, tamga_asic_rewrite_free)

void tamga_asic_rewrite_replace (TamgaAsicRewrite *rewrite, const TamgaZipEntry *entry,
                                 GBytes *bytes);
void tamga_asic_rewrite_rename (TamgaAsicRewrite *rewrite, const TamgaZipEntry *entry,
                                const char *name);
TamgaZipPart *tamga_asic_rewrite_add (TamgaAsicRewrite *rewrite, const char *name,
                                      TamgaDocument *document);
void tamga_asic_rewrite_add_bytes (TamgaAsicRewrite *rewrite, const char *name, GBytes *bytes);
/* The first of "META-INF/STEM001EXTENSION", 002 ... that nothing has. */
char *tamga_asic_rewrite_free_name (TamgaAsicRewrite *rewrite, const char *stem,
                                    const char *extension);
gboolean tamga_asic_rewrite_write (TamgaAsicRewrite *rewrite, TamgaOutput *output, GError **error);
