/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules that explain changes between two revisions of a PDF. */
#pragma once

#include "formats/pdf/roles.h"

typedef enum {
    TAMGA_RULE_UNEXPLAINED,
    TAMGA_RULE_DSS,
    TAMGA_RULE_TIMESTAMP,
    TAMGA_RULE_METADATA,
    TAMGA_RULE_SIGNATURE,
    TAMGA_RULE_EMPTY_FIELD,
    TAMGA_RULE_FORM_FILL,
    TAMGA_RULE_ANNOTATION,
    TAMGA_RULE_TAGS,
    TAMGA_RULE_OVER_TEXT,
} TamgaPdfRule;

/* One change, before it is judged by the permissions of a signature. */
typedef struct {
    guint revision;
    TamgaPdfRule rule;
    char *object, *text;
    char *field; /* the form field it concerns, or NULL */
} TamgaPdfAtom;

void tamga_pdf_atom_free (gpointer atom);

/* Two neighbouring revisions. */
typedef struct _TamgaPdfStep TamgaPdfStep;
struct _TamgaPdfStep {
    const TamgaPdfRevision *before, *after;
    /* Same value, references followed on their own sides. */
    gboolean (*same) (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new);
    TamgaPdfRoles *old_roles, *new_roles;
    GHashTable *intact;  /* signature dictionaries that verified */
    GHashTable *widgets; /* numbers of widgets of fields that were added or signed in this step */
    GHashTable *changed; /* names of fields whose value changed in this step */
    GPtrArray *atoms;    /* TamgaPdfAtom */
};

/* Fields that were added, signed or filled in: fills `widgets` and `changed`. First of all. */
void tamga_pdf_rules_fields (TamgaPdfStep *step);
/* One object that differs; `old` or `new` is tamga_pdf_null where it does not exist. */
void tamga_pdf_rules_object (TamgaPdfStep *step, guint32 number, TamgaPdfObject *old,
                             TamgaPdfObject *new);
/* Tags of the structure tree: nothing that was there may go or change, entries may be added. */
gboolean tamga_pdf_rules_tags_extended (TamgaPdfStep *step, TamgaPdfObject *old,
                                        TamgaPdfObject *new);
void tamga_pdf_rules_add (TamgaPdfStep *step, TamgaPdfRule rule, const char *field,
                          const char *object, const char *format, ...) G_GNUC_PRINTF (5, 6);
