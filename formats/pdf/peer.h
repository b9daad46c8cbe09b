/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second reader: qpdf, with repair switched off. What two independent readers see alike is what
 * viewers will see; where they differ nothing is signed and no signature is called good. */
#pragma once

#include "formats/pdf/file.h"

typedef struct _TamgaPdfPeer TamgaPdfPeer;

/* Errors: DAMAGED (qpdf would have to repair the file), ENCRYPTED, MALFORMED (another trailer). */
TamgaPdfPeer *tamga_pdf_peer_open (TamgaPdf *pdf, GError **error);
void tamga_pdf_peer_free (TamgaPdfPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPdfPeer, tamga_pdf_peer_free)
/* Does qpdf see the same object of the latest revision under this number? */
gboolean tamga_pdf_peer_same (TamgaPdfPeer *peer, guint32 number, guint32 generation);
