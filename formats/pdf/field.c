/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading form fields, and what signatures lock. */
#include "formats/pdf/field.h"

#include <string.h>

#define MAX_FIELD_DEPTH 64
#define MAX_FIELDS 100000u

static void field_free (gpointer data)
{
    TamgaPdfField *field = data;
    g_free (field->name);
    g_array_unref (field->widgets);
    g_free (field);
}

typedef struct {
    const TamgaPdfRevision *view;
    GPtrArray *fields;
    GHashTable *seen;
} Walk;

typedef struct {
    const char *name;
    TamgaPdfObject *type, *value;
} Inherited;

/* Kids without /T are the widgets of the field itself (12.7.3.1). */
static gboolean has_child_fields (const TamgaPdfRevision *view, TamgaPdfObject *kids)
{
    for (gsize i = 0; kids->type == TAMGA_PDF_ARRAY && i < kids->array.n; i++) {
        if (tamga_pdf_get (view, kids->array.items[i], "T")->type == TAMGA_PDF_STRING)
            return TRUE;
    }
    return FALSE;
}

static void add_field (Walk *walk, TamgaPdfObject *ref, TamgaPdfObject *dict, TamgaPdfObject *kids,
                       const Inherited *inherited)
{
    TamgaPdfField *field = g_new0 (TamgaPdfField, 1);
    field->name = g_strdup (inherited->name);
    field->dict = dict;
    field->type = inherited->type;
    field->value = tamga_pdf_resolve (walk->view, inherited->value);
    if (inherited->value->type == TAMGA_PDF_REF)
        field->value_number = inherited->value->ref.number;
    if (ref->type == TAMGA_PDF_REF) {
        field->number = ref->ref.number;
        field->generation = ref->ref.generation;
    }
    field->widgets = g_array_new (FALSE, FALSE, sizeof (guint32));
    for (gsize i = 0; kids->type == TAMGA_PDF_ARRAY && i < kids->array.n; i++) {
        if (kids->array.items[i]->type == TAMGA_PDF_REF)
            g_array_append_val (field->widgets, kids->array.items[i]->ref.number);
    }
    if (kids->type != TAMGA_PDF_ARRAY && field->number != 0)
        g_array_append_val (field->widgets, field->number);
    g_ptr_array_add (walk->fields, field);
}

static void walk_field (Walk *walk, TamgaPdfObject *ref, Inherited inherited, guint depth)
{
    const TamgaPdfRevision *view = walk->view;
    TamgaPdfObject *dict = tamga_pdf_resolve (view, ref);
    if (dict->type != TAMGA_PDF_DICT || depth > MAX_FIELD_DEPTH ||
        walk->fields->len >= MAX_FIELDS || !g_hash_table_add (walk->seen, dict))
        return;
    g_autofree char *partial = tamga_pdf_text (tamga_pdf_get (view, dict, "T"));
    g_autofree char *name = NULL;
    if (partial != NULL) {
        name = inherited.name[0] != '\0' ? g_strdup_printf ("%s.%s", inherited.name, partial)
                                         : g_strdup (partial);
        inherited.name = name;
    }
    TamgaPdfObject *type = tamga_pdf_get (view, dict, "FT");
    if (type->type == TAMGA_PDF_NAME)
        inherited.type = type;
    TamgaPdfObject *value = tamga_pdf_key (dict, "V");
    if (value->type != TAMGA_PDF_NULL)
        inherited.value = value;
    TamgaPdfObject *kids = tamga_pdf_get (view, dict, "Kids");
    if (!has_child_fields (view, kids)) {
        add_field (walk, ref, dict, kids, &inherited);
        return;
    }
    for (gsize i = 0; i < kids->array.n; i++)
        walk_field (walk, kids->array.items[i], inherited, depth + 1);
}

GPtrArray *tamga_pdf_fields (const TamgaPdfRevision *view)
{
    GPtrArray *fields = g_ptr_array_new_with_free_func (field_free);
    g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
    Walk walk = {.view = view, .fields = fields, .seen = seen};
    TamgaPdfObject *form = tamga_pdf_get (view, tamga_pdf_catalog (view), "AcroForm");
    TamgaPdfObject *list = tamga_pdf_get (view, form, "Fields");
    Inherited none = {.name = "", .type = tamga_pdf_null, .value = tamga_pdf_null};
    for (gsize i = 0; list->type == TAMGA_PDF_ARRAY && i < list->array.n; i++)
        walk_field (&walk, list->array.items[i], none, 0);
    return fields;
}

gboolean tamga_pdf_field_is_signature (const TamgaPdfField *field)
{
    return tamga_pdf_is_name (field->type, "Sig");
}

/* TransformParams of the reference with that method; tamga_pdf_null when there is none. */
static TamgaPdfObject *find_transform (const TamgaPdfRevision *view, TamgaPdfObject *signature,
                                       const char *method)
{
    TamgaPdfObject *references = tamga_pdf_get (view, signature, "Reference");
    for (gsize i = 0; references->type == TAMGA_PDF_ARRAY && i < references->array.n; i++) {
        TamgaPdfObject *reference = tamga_pdf_item (view, references, i);
        if (tamga_pdf_is_name (tamga_pdf_get (view, reference, "TransformMethod"), method))
            return reference;
    }
    return tamga_pdf_null;
}

int tamga_pdf_docmdp (const TamgaPdfRevision *view, TamgaPdfObject *signature)
{
    TamgaPdfObject *reference = find_transform (view, signature, "DocMDP");
    if (reference == tamga_pdf_null)
        return 0;
    TamgaPdfObject *p =
        tamga_pdf_get (view, tamga_pdf_get (view, reference, "TransformParams"), "P");
    if (p->type != TAMGA_PDF_INTEGER)
        return 2; /* the default of table 254 */
    return (int)CLAMP (p->integer, 1, 3);
}

int tamga_pdf_lock_permission (const TamgaPdfRevision *view, TamgaPdfObject *field)
{
    TamgaPdfObject *p = tamga_pdf_get (view, tamga_pdf_get (view, field, "Lock"), "P");
    return p->type == TAMGA_PDF_INTEGER ? (int)CLAMP (p->integer, 1, 3) : 0;
}

gboolean tamga_pdf_lock_names (const TamgaPdfRevision *view, TamgaPdfObject *lock, const char *name)
{
    TamgaPdfObject *action = tamga_pdf_get (view, lock, "Action");
    TamgaPdfObject *fields = tamga_pdf_get (view, lock, "Fields");
    gboolean listed = FALSE;
    for (gsize i = 0; fields->type == TAMGA_PDF_ARRAY && i < fields->array.n && !listed; i++) {
        g_autofree char *one = tamga_pdf_text (tamga_pdf_item (view, fields, i));
        gsize length = one != NULL ? strlen (one) : 0;
        listed = one != NULL && strncmp (name, one, length) == 0 &&
                 (name[length] == '\0' || name[length] == '.');
    }
    if (tamga_pdf_is_name (action, "All"))
        return TRUE;
    if (tamga_pdf_is_name (action, "Include"))
        return listed;
    return tamga_pdf_is_name (action, "Exclude") && !listed;
}

gboolean tamga_pdf_locks_field (const TamgaPdfRevision *view, TamgaPdfObject *signature,
                                const char *name)
{
    TamgaPdfObject *reference = find_transform (view, signature, "FieldMDP");
    return reference != tamga_pdf_null &&
           tamga_pdf_lock_names (view, tamga_pdf_get (view, reference, "TransformParams"), name);
}
