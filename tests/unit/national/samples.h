/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of other implementations with national algorithms, and what the tests of every format do
 * with them. */
#pragma once

#include "formats/format.h"
#include "formats/ossl.h"

/* FALSE, and the test is skipped, where the samples are not there. */
gboolean samples_there (void);
/* A file below shared/vectors. */
GBytes *samples_load (const char *name);
/* All signatures of the bytes, by whichever format reads them. `content` may be NULL. */
GPtrArray *samples_read (GBytes *file, GBytes *content, GError **error);
/* A copy with bits of one octet changed. */
GBytes *samples_flip (GBytes *bytes, gsize offset, guint8 mask);
/* A copy with each `from` replaced by `to`, which is as long: there must be one at least. */
GBytes *samples_patch (GBytes *bytes, gconstpointer from, gconstpointer to, gsize length);

/* Whichever octet of the file changes, an intact signature is one of `good` over the same content,
 * by the same key. `good`: what the file gives as it is. */
void samples_assert_no_flip_passes (GBytes *file, GBytes *content, const GPtrArray *good);

/* Test keys of vectors/kz-nca/p12: the key and its certificate. */
typedef struct {
    EVP_PKEY *key;
    X509 *certificate;
} Signer;

Signer *samples_signer (const char *name, const char *password);
void signer_free (Signer *signer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Signer, signer_free)
/* Prepares, signs with the key and embeds, without timestamp or evidence. The parameters' algorithm
 * is that of the key, unless it is set. NULL with an error. */
GBytes *samples_sign (const Signer *signer, const TamgaFormat *format, TamgaDocument *document,
                      TamgaSigningParameters parameters, GError **error);
