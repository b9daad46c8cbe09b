/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a CAdES signature signs, wherever it lies, with its digests, all computed in one reading. */
#pragma once

#include "formats/cms/signed_data.h"
#include "formats/format.h"

typedef struct {
    TamgaDocument *document;  /* borrowed; NULL: detached, and not given */
    const TamgaRange *ranges; /* borrowed; NULL: the whole of it */
    gsize n_ranges;
    GHashTable *digests; /* TamgaDigest -> GBytes */
} TamgaCmsContent;

/* Encapsulated content, else `detached` (may be NULL), which `data` then keeps. */
TamgaCmsContent tamga_cms_content (TamgaSignedData *data, TamgaDocument *detached);
void tamga_cms_content_clear (TamgaCmsContent *content);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TamgaCmsContent, tamga_cms_content_clear)

/* Every digest that signers and archive timestamps name, and `also` (or NULL). The content is then
 * checked to be the file that was opened. */
gboolean tamga_cms_content_hash (TamgaCmsContent *content, const TamgaSignedData *data,
                                 const TamgaDigest *also, TamgaProgress progress,
                                 gpointer progress_data, GError **error);
/* A TamgaCmsContentDigest over a TamgaCmsContent. */
GBytes *tamga_cms_content_digest (const TamgaDigest *digest, gpointer content, GError **error);
