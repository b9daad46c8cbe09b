/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An update with a signature dictionary whose /ByteRange is final and whose /Contents is room that
 * is filled later (ISO 32000-1 12.8.1): for signatures and document time-stamps alike. */
#pragma once

#include "formats/output.h"
#include "formats/pdf/update.h"

typedef struct {
    GString *tail;  /* the update, as it will follow the document; NULL until finished */
    gsize contents; /* position of '<' of /Contents in the tail */
    gsize room;     /* bytes reserved in /Contents */
} TamgaPdfSlot;

void tamga_pdf_slot_clear (TamgaPdfSlot *slot);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TamgaPdfSlot, tamga_pdf_slot_clear)

/* Finishes `update` with object `number` as the dictionary: `entries` (a DICT) is all of it but
 * /ByteRange and /Contents, which gets `room` bytes. */
gboolean tamga_pdf_slot_finish (TamgaPdfSlot *slot, TamgaPdfUpdate *update, guint32 number,
                                const TamgaPdfObject *entries, gsize room, GError **error);
/* Digest of `document` and the update that follows it, without the /Contents value. */
GBytes *tamga_pdf_slot_digest (const TamgaPdfSlot *slot, TamgaDocument *document,
                               const TamgaDigest *digest, TamgaProgress progress,
                               gpointer progress_data, GError **error);
/* `der` as hexadecimal digits over the reserved zeros; DOES_NOT_FIT. */
gboolean tamga_pdf_slot_fill (TamgaPdfSlot *slot, GBytes *der, GError **error);
