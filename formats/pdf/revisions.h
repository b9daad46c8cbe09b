/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed between the revisions of a PDF, and whether a rule allows it (ISO 32000-1 12.8.2.2,
 * 12.8.2.4). Everything that no rule explains is a forbidden change. */
#pragma once

#include "formats/model.h"
#include "formats/pdf/field.h"

typedef struct _TamgaPdfHistory TamgaPdfHistory;

/* Compares each revision from `first` on with the one before it. `intact`: set of signature
 * dictionaries (TamgaPdfObject) that verified: only those may come in a new signature field. */
TamgaPdfHistory *tamga_pdf_history_new (TamgaPdf *pdf, guint first, GHashTable *intact);
void tamga_pdf_history_free (TamgaPdfHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPdfHistory, tamga_pdf_history_free)

/* Changes after `revision` as seen from a signature there. `permission`: DocMDP P that holds, 0
 * where there is no certification. `signature`: its dictionary, for FieldMDP. Elements
 * TamgaChange. */
GPtrArray *tamga_pdf_history_changes (TamgaPdfHistory *history, guint revision, int permission,
                                      TamgaPdfObject *signature);
