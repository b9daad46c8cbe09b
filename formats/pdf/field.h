/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interactive form fields (ISO 32000-1 12.7) as far as signatures need them: reading all fields,
 * and putting a signature into a new or an empty signature field. */
#pragma once

#include "formats/format.h"
#include "formats/pdf/update.h"

typedef struct {
    char *name;                 /* fully qualified, UTF-8 */
    guint32 number, generation; /* of the field's dictionary; 0 when it is direct */
    TamgaPdfObject *dict;
    TamgaPdfObject *type;  /* /FT, inherited; a name or null */
    TamgaPdfObject *value; /* /V, inherited, resolved; null when empty */
    guint32 value_number;  /* 0 when the value is direct or absent */
    GArray *widgets;       /* guint32: numbers of the widget annotations */
} TamgaPdfField;

/* Terminal fields of a revision, in order. Elements TamgaPdfField. Never NULL; loops are cut. */
GPtrArray *tamga_pdf_fields (const TamgaPdfRevision *view);
gboolean tamga_pdf_field_is_signature (const TamgaPdfField *field);

/* What a signature dictionary restricts (12.8.2). */
/* DocMDP P: 0 when it is not a certification. */
int tamga_pdf_docmdp (const TamgaPdfRevision *view, TamgaPdfObject *signature);
/* What the /Lock of a signed field leaves to others after its signature, like DocMDP P (ISO 32000-2
 * table 236); 0 when it says nothing about the document. */
int tamga_pdf_lock_permission (const TamgaPdfRevision *view, TamgaPdfObject *field);
/* Does its FieldMDP lock the field of that name? */
gboolean tamga_pdf_locks_field (const TamgaPdfRevision *view, TamgaPdfObject *signature,
                                const char *name);
/* Whether a lock dictionary or FieldMDP parameters name the field (table 233, 256). */
gboolean tamga_pdf_lock_names (const TamgaPdfRevision *view, TamgaPdfObject *lock,
                               const char *name);

/* Puts the reference to signature dictionary `signature` into the field that `parameters` ask for,
 * creating field, widget, page entry and form where needed. `references` receives the /Reference
 * array that the signature dictionary must carry, or tamga_pdf_null.
 * `findings` (TamgaFinding): where it is shown, when that differs from what was asked for.
 * Errors: PARAMETER (no such page, field in use, wrong type), FORBIDDEN (certification, locks,
 * seed values). */
gboolean tamga_pdf_field_place (TamgaPdfUpdate *update, const TamgaSigningParameters *parameters,
                                guint32 signature, TamgaPdfObject **references, GPtrArray *findings,
                                GError **error);
/* The same for a document time-stamp, always in a new invisible field ("Timestamp1" ...). A
 * certification does not forbid it, not even P 1: what only adds a DSS or document time-stamps is
 * no change to the document (ISO 32000-2 table 257). A FieldMDP locks values of fields that exist.
 */
gboolean tamga_pdf_field_place_timestamp (TamgaPdfUpdate *update, guint32 stamp, GError **error);
