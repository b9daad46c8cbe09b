/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each object of a revision is there for. A change to an object is judged by its roles: an
 * object that is both a field's appearance and page content may not change with the field. */
#pragma once

#include "formats/pdf/field.h"

typedef enum {
    /* Structure: named places that later updates may have to rewrite. */
    TAMGA_ROLE_CATALOG = 1 << 0,
    TAMGA_ROLE_TREE = 1 << 1, /* inner node of the page tree */
    TAMGA_ROLE_PAGE = 1 << 2,
    TAMGA_ROLE_ANNOTS = 1 << 3, /* a page's array of annotations */
    TAMGA_ROLE_ANNOT = 1 << 4,  /* an annotation that is no widget */
    TAMGA_ROLE_FIELD = 1 << 5,  /* field or widget */
    TAMGA_ROLE_FORM = 1 << 6,
    TAMGA_ROLE_FIELDS = 1 << 7,    /* /Fields or /Kids */
    TAMGA_ROLE_RESOURCES = 1 << 8, /* the form's default resources, by category */
    /* Reached from those. */
    TAMGA_ROLE_CONTENT = 1 << 9,     /* everything that no rule lets change */
    TAMGA_ROLE_APPEARANCE = 1 << 10, /* of a field that is no signature */
    TAMGA_ROLE_VALUE = 1 << 11,      /* of a field that is no signature */
    TAMGA_ROLE_ANNOT_PART = 1 << 12,
    TAMGA_ROLE_DSS = 1 << 13,
    TAMGA_ROLE_METADATA = 1 << 14, /* XMP stream, /Info */
    TAMGA_ROLE_TAGS = 1 << 15,     /* structure tree (14.7): what screen readers are told */
} TamgaPdfRole;

#define TAMGA_ROLE_STRUCTURE (TAMGA_ROLE_CONTENT - 1)

typedef struct {
    const TamgaPdfRevision *view;
    GHashTable *roles;    /* number -> TamgaPdfRole bits; also of numbers that have no object */
    GHashTable *page_of;  /* number of a page, its /Annots or an annotation -> page, 1 first */
    GHashTable *field_of; /* number of a field, widget, value or appearance -> TamgaPdfField */
    GPtrArray *pages;     /* TamgaPdfPage; empty when the tree is damaged */
    GPtrArray *fields;    /* TamgaPdfField */
} TamgaPdfRoles;

TamgaPdfRoles *tamga_pdf_roles_new (const TamgaPdfRevision *view);
void tamga_pdf_roles_free (TamgaPdfRoles *roles);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaPdfRoles, tamga_pdf_roles_free)
guint tamga_pdf_roles_of (const TamgaPdfRoles *roles, guint32 number);
/* Page of an object with a role on one; 0 when none. */
guint tamga_pdf_roles_page (const TamgaPdfRoles *roles, guint32 number);
TamgaPdfField *tamga_pdf_roles_field (const TamgaPdfRoles *roles, guint32 number);
