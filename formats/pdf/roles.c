/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking a revision from its trailer and marking what each object is for. */
#include "formats/pdf/roles.h"

#include <string.h>

#define MAX_PAGES 1000000u
#define MAX_CLIMB 64

typedef struct {
    TamgaPdfRoles *roles;
    guint bit;
    GArray *work; /* references still to be followed: pairs of number and generation */
} Walk;

guint tamga_pdf_roles_of (const TamgaPdfRoles *roles, guint32 number)
{
    return GPOINTER_TO_UINT (g_hash_table_lookup (roles->roles, GUINT_TO_POINTER (number)));
}

guint tamga_pdf_roles_page (const TamgaPdfRoles *roles, guint32 number)
{
    return GPOINTER_TO_UINT (g_hash_table_lookup (roles->page_of, GUINT_TO_POINTER (number)));
}

TamgaPdfField *tamga_pdf_roles_field (const TamgaPdfRoles *roles, guint32 number)
{
    return g_hash_table_lookup (roles->field_of, GUINT_TO_POINTER (number));
}

/* FALSE when the bit was set before. */
static gboolean mark (TamgaPdfRoles *roles, guint32 number, guint bit)
{
    guint bits = tamga_pdf_roles_of (roles, number);
    if ((bits & bit) == bit)
        return FALSE;
    g_hash_table_insert (roles->roles, GUINT_TO_POINTER (number), GUINT_TO_POINTER (bits | bit));
    return TRUE;
}

static void mark_ref (TamgaPdfRoles *roles, TamgaPdfObject *object, guint bit)
{
    if (object->type == TAMGA_PDF_REF)
        mark (roles, object->ref.number, bit);
}

static void visit (const TamgaPdfObject *ref, gpointer data)
{
    Walk *walk = data;
    guint32 number = ref->ref.number;
    /* Structural objects are judged on their own, whoever refers to them. */
    if ((tamga_pdf_roles_of (walk->roles, number) & TAMGA_ROLE_STRUCTURE) != 0)
        return;
    if (mark (walk->roles, number, walk->bit)) {
        g_array_append_val (walk->work, ref->ref.number);
        g_array_append_val (walk->work, ref->ref.generation);
    }
}

/* Marks everything reachable from `object`; without recursion, chains can be long. */
static void spread (TamgaPdfRoles *roles, TamgaPdfObject *object, guint bit)
{
    g_autoptr (GArray) work = g_array_new (FALSE, FALSE, sizeof (guint32));
    Walk walk = {roles, bit, work};
    tamga_pdf_foreach_ref (object, visit, &walk);
    while (work->len > 0) {
        guint32 generation = g_array_index (work, guint32, work->len - 1);
        guint32 number = g_array_index (work, guint32, work->len - 2);
        g_array_set_size (work, work->len - 2);
        tamga_pdf_foreach_ref (tamga_pdf_load (roles->view, number, generation), visit, &walk);
    }
}

static gboolean in_list (const char *key, const char *const *list)
{
    for (gsize i = 0; list[i] != NULL; i++) {
        if (strcmp (key, list[i]) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Spreads over all values of a dictionary except those of `without`. */
static void spread_except (TamgaPdfRoles *roles, TamgaPdfObject *dict, const char *const *without,
                           guint bit)
{
    for (gsize i = 0; tamga_pdf_is_dict (dict) && i < dict->dict.n; i++) {
        if (!in_list (dict->dict.entries[i].key, without))
            spread (roles, dict->dict.entries[i].value, bit);
    }
}

static void set_page (TamgaPdfRoles *roles, guint32 number, guint page)
{
    g_hash_table_insert (roles->page_of, GUINT_TO_POINTER (number), GUINT_TO_POINTER (page));
}

static void mark_page (TamgaPdfRoles *roles, const TamgaPdfPage *page, guint index)
{
    const TamgaPdfRevision *view = roles->view;
    mark (roles, page->number, TAMGA_ROLE_PAGE);
    set_page (roles, page->number, index);
    TamgaPdfObject *parent = tamga_pdf_key (page->object, "Parent");
    for (guint i = 0; parent->type == TAMGA_PDF_REF && i < MAX_CLIMB; i++) {
        if (!mark (roles, parent->ref.number, TAMGA_ROLE_TREE))
            break;
        parent = tamga_pdf_key (tamga_pdf_resolve (view, parent), "Parent");
    }
    TamgaPdfObject *annots = tamga_pdf_key (page->object, "Annots");
    if (annots->type == TAMGA_PDF_REF) {
        mark (roles, annots->ref.number, TAMGA_ROLE_ANNOTS);
        set_page (roles, annots->ref.number, index);
        annots = tamga_pdf_resolve (view, annots);
    }
    for (gsize i = 0; annots->type == TAMGA_PDF_ARRAY && i < annots->array.n; i++) {
        TamgaPdfObject *item = annots->array.items[i];
        if (item->type != TAMGA_PDF_REF)
            continue;
        TamgaPdfObject *subtype = tamga_pdf_get (view, item, "Subtype");
        gboolean widget = tamga_pdf_is_name (subtype, "Widget");
        mark (roles, item->ref.number, widget ? TAMGA_ROLE_FIELD : TAMGA_ROLE_ANNOT);
        set_page (roles, item->ref.number, index);
    }
}

static void mark_field (TamgaPdfRoles *roles, TamgaPdfField *field)
{
    const TamgaPdfRevision *view = roles->view;
    if (field->number != 0) {
        mark (roles, field->number, TAMGA_ROLE_FIELD);
        g_hash_table_insert (roles->field_of, GUINT_TO_POINTER (field->number), field);
    }
    mark_ref (roles, tamga_pdf_key (field->dict, "Kids"), TAMGA_ROLE_FIELDS);
    for (guint i = 0; i < field->widgets->len; i++) {
        guint32 number = g_array_index (field->widgets, guint32, i);
        mark (roles, number, TAMGA_ROLE_FIELD);
        g_hash_table_insert (roles->field_of, GUINT_TO_POINTER (number), field);
    }
    TamgaPdfObject *node = field->dict;
    for (guint i = 0; i < MAX_CLIMB; i++) {
        TamgaPdfObject *parent = tamga_pdf_key (node, "Parent");
        if (parent->type != TAMGA_PDF_REF || !mark (roles, parent->ref.number, TAMGA_ROLE_FIELD))
            break;
        node = tamga_pdf_resolve (view, parent);
        mark_ref (roles, tamga_pdf_key (node, "Kids"), TAMGA_ROLE_FIELDS);
    }
}

/* An appearance may change with its field, what it draws with may not. */
static void spread_appearance (TamgaPdfRoles *roles, TamgaPdfField *field, TamgaPdfObject *object,
                               guint depth)
{
    static const char *const none[] = {NULL};
    TamgaPdfObject *target = tamga_pdf_resolve (roles->view, object);
    if (object->type == TAMGA_PDF_REF) {
        guint32 number = object->ref.number;
        TamgaPdfField *owner = tamga_pdf_roles_field (roles, number);
        mark (roles, number, TAMGA_ROLE_APPEARANCE);
        if (owner != NULL && owner != field)
            mark (roles, number, TAMGA_ROLE_CONTENT);
        g_hash_table_insert (roles->field_of, GUINT_TO_POINTER (number), field);
    }
    if (target->type == TAMGA_PDF_STREAM) {
        spread_except (roles, target, none, TAMGA_ROLE_CONTENT);
    } else if (target->type == TAMGA_PDF_DICT && depth < 3) {
        for (gsize i = 0; i < target->dict.n; i++)
            spread_appearance (roles, field, target->dict.entries[i].value, depth + 1);
    }
}

static void spread_field_dict (TamgaPdfRoles *roles, TamgaPdfField *field, TamgaPdfObject *dict)
{
    static const char *const own[] = {"Kids", "Parent", "P", "V", "AP", NULL};
    gboolean fixed = tamga_pdf_field_is_signature (field) && field->value->type != TAMGA_PDF_NULL;
    spread_except (roles, dict, own, TAMGA_ROLE_CONTENT);
    TamgaPdfObject *value = tamga_pdf_key (dict, "V");
    if (value->type == TAMGA_PDF_REF && !fixed)
        g_hash_table_insert (roles->field_of, GUINT_TO_POINTER (value->ref.number), field);
    spread (roles, value, fixed ? TAMGA_ROLE_CONTENT : TAMGA_ROLE_VALUE);
    TamgaPdfObject *appearance = tamga_pdf_key (dict, "AP");
    if (fixed)
        spread (roles, appearance, TAMGA_ROLE_CONTENT);
    else
        spread_appearance (roles, field, appearance, 0);
}

static void spread_field (TamgaPdfRoles *roles, TamgaPdfField *field)
{
    spread_field_dict (roles, field, field->dict);
    for (guint i = 0; i < field->widgets->len; i++) {
        guint32 number = g_array_index (field->widgets, guint32, i);
        const TamgaPdfXref *entry = tamga_pdf_lookup (roles->view, number);
        if (number != field->number && entry != NULL)
            spread_field_dict (
                roles, field,
                tamga_pdf_load (roles->view, number, entry->type == 1 ? entry->generation : 0));
    }
}

static void mark_form (TamgaPdfRoles *roles, TamgaPdfObject *form)
{
    mark_ref (roles, form, TAMGA_ROLE_FORM);
    form = tamga_pdf_resolve (roles->view, form);
    mark_ref (roles, tamga_pdf_key (form, "Fields"), TAMGA_ROLE_FIELDS);
    TamgaPdfObject *resources = tamga_pdf_key (form, "DR");
    mark_ref (roles, resources, TAMGA_ROLE_RESOURCES);
    resources = tamga_pdf_resolve (roles->view, resources);
    for (gsize i = 0; resources->type == TAMGA_PDF_DICT && i < resources->dict.n; i++)
        mark_ref (roles, resources->dict.entries[i].value, TAMGA_ROLE_RESOURCES);
}

static void spread_form (TamgaPdfRoles *roles, TamgaPdfObject *form)
{
    static const char *const own[] = {"Fields", "DR", NULL};
    form = tamga_pdf_resolve (roles->view, form);
    spread_except (roles, form, own, TAMGA_ROLE_CONTENT);
    TamgaPdfObject *resources = tamga_pdf_get (roles->view, form, "DR");
    for (gsize i = 0; resources->type == TAMGA_PDF_DICT && i < resources->dict.n; i++)
        spread (roles, tamga_pdf_resolve (roles->view, resources->dict.entries[i].value),
                TAMGA_ROLE_CONTENT);
}

static void spread_pages (TamgaPdfRoles *roles)
{
    static const char *const own[] = {"Parent", "Annots", "Kids", NULL};
    static const char *const of_annotation[] = {"Parent", "P", "Popup", "IRT", NULL};
    const TamgaPdfRevision *view = roles->view;
    for (guint i = 0; i < roles->pages->len; i++) {
        const TamgaPdfPage *page = roles->pages->pdata[i];
        spread_except (roles, page->object, own, TAMGA_ROLE_CONTENT);
        TamgaPdfObject *parent = tamga_pdf_get (view, page->object, "Parent");
        for (guint k = 0; parent->type == TAMGA_PDF_DICT && k < MAX_CLIMB; k++) {
            spread_except (roles, parent, own, TAMGA_ROLE_CONTENT);
            parent = tamga_pdf_get (view, parent, "Parent");
        }
        TamgaPdfObject *annots = tamga_pdf_get (view, page->object, "Annots");
        for (gsize k = 0; annots->type == TAMGA_PDF_ARRAY && k < annots->array.n; k++) {
            TamgaPdfObject *annotation = tamga_pdf_item (view, annots, k);
            if (!tamga_pdf_is_name (tamga_pdf_get (view, annotation, "Subtype"), "Widget"))
                spread_except (roles, annotation, of_annotation, TAMGA_ROLE_ANNOT_PART);
            else if (annots->array.items[k]->type != TAMGA_PDF_REF ||
                     tamga_pdf_roles_field (roles, annots->array.items[k]->ref.number) == NULL)
                spread_except (roles, annotation, of_annotation, TAMGA_ROLE_CONTENT);
        }
    }
}

TamgaPdfRoles *tamga_pdf_roles_new (const TamgaPdfRevision *view)
{
    static const char *const own[] = {"Pages",    "AcroForm",       "DSS",
                                      "Metadata", "StructTreeRoot", NULL};
    TamgaPdfRoles *roles = g_new0 (TamgaPdfRoles, 1);
    roles->view = view;
    roles->roles = g_hash_table_new (NULL, NULL);
    roles->page_of = g_hash_table_new (NULL, NULL);
    roles->field_of = g_hash_table_new (NULL, NULL);
    roles->pages = tamga_pdf_pages (view, MAX_PAGES, NULL);
    if (roles->pages == NULL)
        roles->pages = g_ptr_array_new ();
    roles->fields = tamga_pdf_fields (view);
    TamgaPdfObject *catalog = tamga_pdf_catalog (view);
    TamgaPdfObject *form = tamga_pdf_key (catalog, "AcroForm");
    mark_ref (roles, tamga_pdf_key (view->trailer, "Root"), TAMGA_ROLE_CATALOG);
    mark_ref (roles, tamga_pdf_key (catalog, "Pages"), TAMGA_ROLE_TREE);
    for (guint i = 0; i < roles->pages->len; i++)
        mark_page (roles, roles->pages->pdata[i], i + 1);
    mark_form (roles, form);
    for (guint i = 0; i < roles->fields->len; i++)
        mark_field (roles, roles->fields->pdata[i]);
    spread_except (roles, catalog, own, TAMGA_ROLE_CONTENT);
    spread (roles, tamga_pdf_key (catalog, "DSS"), TAMGA_ROLE_DSS);
    spread (roles, tamga_pdf_key (catalog, "Metadata"), TAMGA_ROLE_METADATA);
    spread (roles, tamga_pdf_key (view->trailer, "Info"), TAMGA_ROLE_METADATA);
    spread (roles, tamga_pdf_key (catalog, "StructTreeRoot"), TAMGA_ROLE_TAGS);
    spread_pages (roles);
    spread_form (roles, form);
    for (guint i = 0; i < roles->fields->len; i++)
        spread_field (roles, roles->fields->pdata[i]);
    return roles;
}

void tamga_pdf_roles_free (TamgaPdfRoles *roles)
{
    if (roles == NULL)
        return;
    g_hash_table_unref (roles->roles);
    g_hash_table_unref (roles->page_of);
    g_hash_table_unref (roles->field_of);
    g_ptr_array_unref (roles->pages);
    g_ptr_array_unref (roles->fields);
    g_free (roles);
}
