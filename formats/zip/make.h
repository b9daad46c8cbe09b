/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making and extending containers: functions of the rows. Private to formats/zip. */
#pragma once

#include "formats/zip/asic.h"
#include "formats/zip/package.h"

/* What a row makes. */
typedef struct {
    const TamgaFormat *format;
    gboolean simple, cades;
} TamgaAsicKind;

TamgaPreparation *tamga_asic_prepare (const TamgaAsicKind *kind, TamgaDocument *document,
                                      const TamgaSigningParameters *parameters, GError **error);
gboolean tamga_asic_embed (TamgaPreparation *base, GBytes *signature, GBytes *timestamp,
                           const TamgaEvidence *evidence, TamgaOutput *output, GError **error);
GBytes *tamga_asic_timestamped (TamgaPreparation *base, GBytes *signature, GError **error);
gboolean tamga_asic_extend (TamgaDocument *document, const TamgaReadOptions *options,
                            const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                            TamgaOutput *output, GError **error);
gboolean tamga_asic_timestamp (TamgaDocument *document, const TamgaReadOptions *options,
                               const TamgaStamper *stamper, TamgaOutput *output, GError **error);

/* The name that a document gets in a container: the last part of its own. NULL with PARAMETER:
 * it is not safe, or one of the container's own. */
char *tamga_asic_payload_name (TamgaDocument *document, GError **error);
/* Is the document a container of signatures, with or without any? */
gboolean tamga_asic_is_container (TamgaDocument *document);
