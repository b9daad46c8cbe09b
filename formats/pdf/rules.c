/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may change in each kind of object. */
#include "formats/pdf/rules.h"

#include <math.h>
#include <string.h>

#include "formats/pdf/text.h"

/* A later signature that is larger than this part of its page hides what was signed. */
#define MAX_SIGNATURE_SHARE 0.25

void tamga_pdf_atom_free (gpointer data)
{
    TamgaPdfAtom *atom = data;
    g_free (atom->object);
    g_free (atom->text);
    g_free (atom->field);
    g_free (atom);
}

void tamga_pdf_rules_add (TamgaPdfStep *step, TamgaPdfRule rule, const char *field,
                          const char *object, const char *format, ...)
{
    TamgaPdfAtom *atom = g_new0 (TamgaPdfAtom, 1);
    va_list arguments;
    va_start (arguments, format);
    atom->text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    atom->revision = step->after->number;
    atom->rule = rule;
    atom->field = g_strdup (field);
    atom->object = g_strdup (object);
    g_ptr_array_add (step->atoms, atom);
}

typedef void (*CheckKey) (TamgaPdfStep *step, const char *key, TamgaPdfObject *old,
                          TamgaPdfObject *new, gpointer data);

/* Calls `check` for every key whose value differs. */
static void compare_keys (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new,
                          CheckKey check, gpointer data)
{
    for (gsize i = 0; tamga_pdf_is_dict (old) && i < old->dict.n; i++) {
        const char *key = old->dict.entries[i].key;
        TamgaPdfObject *other = tamga_pdf_key (new, key);
        if (!step->same (step, old->dict.entries[i].value, other))
            check (step, key, old->dict.entries[i].value, other, data);
    }
    for (gsize i = 0; tamga_pdf_is_dict (new) && i < new->dict.n; i++) {
        const char *key = new->dict.entries[i].key;
        if (tamga_pdf_key (old, key) == tamga_pdf_null &&
            new->dict.entries[i].value->type != TAMGA_PDF_NULL)
            check (step, key, tamga_pdf_null, new->dict.entries[i].value, data);
    }
}

/* Both sides of a changed slot, references followed. */
#define RESOLVE_BOTH(step, old, new)                                                               \
    do {                                                                                           \
        (old) = tamga_pdf_resolve ((step)->before, (old));                                         \
        (new) = tamga_pdf_resolve ((step)->after, (new));                                          \
    } while (0)

static gboolean contains (TamgaPdfObject *array, TamgaPdfObject *item)
{
    for (gsize i = 0; array->type == TAMGA_PDF_ARRAY && i < array->array.n; i++) {
        if (tamga_pdf_equal (array->array.items[i], item))
            return TRUE;
    }
    return FALSE;
}

/* Do the items that both arrays have come in the same order? */
static gboolean same_order (TamgaPdfObject *old, TamgaPdfObject *new)
{
    gsize k = 0;
    for (gsize i = 0; old->type == TAMGA_PDF_ARRAY && i < old->array.n; i++) {
        if (!contains (new, old->array.items[i]))
            continue;
        while (k < new->array.n && !tamga_pdf_equal (new->array.items[k], old->array.items[i]))
            k++;
        if (k >= new->array.n)
            return FALSE;
    }
    return TRUE;
}

/* /Fields or /Kids: nothing lost, and what is new was judged by tamga_pdf_rules_fields. */
static void check_fields (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new)
{
    RESOLVE_BOTH (step, old, new);
    for (gsize i = 0; old->type == TAMGA_PDF_ARRAY && i < old->array.n; i++) {
        if (!contains (new, old->array.items[i]))
            tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, "form",
                                 "a field was removed from the form");
    }
    for (gsize i = 0; new->type == TAMGA_PDF_ARRAY &&i < new->array.n; i++) {
        TamgaPdfObject *item = new->array.items[i];
        if (item->type != TAMGA_PDF_REF && !contains (old, item))
            tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, "form",
                                 "a field that is not an object of its own was added");
    }
}

static void check_resource (TamgaPdfStep *step, const char *key, TamgaPdfObject *old,
                            TamgaPdfObject *new, gpointer data)
{
    guint depth = GPOINTER_TO_UINT (data);
    if (old->type == TAMGA_PDF_NULL)
        return; /* a name that nothing signed can have used */
    TamgaPdfObject *old_value = old, *new_value = new;
    RESOLVE_BOTH (step, old_value, new_value);
    if (depth == 0 && old_value->type == TAMGA_PDF_DICT && new_value->type == TAMGA_PDF_DICT)
        compare_keys (step, old_value, new_value, check_resource, GUINT_TO_POINTER (1));
    else if (!tamga_pdf_equal (old_value, new_value))
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, "form",
                             "the resource %s of the form was replaced", key);
}

static void check_form_key (TamgaPdfStep *step, const char *key, TamgaPdfObject *old,
                            TamgaPdfObject *new, gpointer data)
{
    (void)data;
    if (strcmp (key, "Fields") == 0) {
        check_fields (step, old, new);
    } else if (strcmp (key, "DR") == 0) {
        RESOLVE_BOTH (step, old, new);
        compare_keys (step, old, new, check_resource, GUINT_TO_POINTER (0));
    } else if (strcmp (key, "NeedAppearances") == 0 || strcmp (key, "DA") == 0) {
        tamga_pdf_rules_add (step, TAMGA_RULE_FORM_FILL, NULL, "form", "/%s of the form was set",
                             key);
    } else if (strcmp (key, "SigFlags") != 0) {
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, "form",
                             "/%s of the form was changed", key);
    }
}

static void check_tags (TamgaPdfStep *step, const char *object, TamgaPdfObject *old,
                        TamgaPdfObject *new)
{
    if (tamga_pdf_rules_tags_extended (step, old, new))
        tamga_pdf_rules_add (step, TAMGA_RULE_TAGS, NULL, "tags",
                             "the tags that describe the document were extended");
    else
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, object,
                             "the tags that describe the document were changed");
}

static void check_catalog_key (TamgaPdfStep *step, const char *key, TamgaPdfObject *old,
                               TamgaPdfObject *new, gpointer data)
{
    (void)data;
    if (strcmp (key, "AcroForm") == 0) {
        RESOLVE_BOTH (step, old, new);
        compare_keys (step, old, new, check_form_key, NULL);
    } else if (strcmp (key, "DSS") == 0) {
        tamga_pdf_rules_add (step, TAMGA_RULE_DSS, NULL, "document security store",
                             "evidence was added");
    } else if (strcmp (key, "StructTreeRoot") == 0) {
        check_tags (step, "catalog", old, new);
    } else if (strcmp (key, "Metadata") == 0 || strcmp (key, "Extensions") == 0 ||
               strcmp (key, "Version") == 0) {
        tamga_pdf_rules_add (step, TAMGA_RULE_METADATA, NULL, "catalog", "/%s was changed", key);
    } else {
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, "catalog",
                             "/%s of the document was changed", key);
    }
}

static void check_annotations (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new,
                               guint page)
{
    g_autofree char *object = g_strdup_printf ("page %u", page);
    RESOLVE_BOTH (step, old, new);
    for (gsize i = 0; old->type == TAMGA_PDF_ARRAY && i < old->array.n; i++) {
        TamgaPdfObject *item = old->array.items[i];
        if (contains (new, item))
            continue;
        gboolean widget =
            tamga_pdf_is_name (tamga_pdf_get (step->before, item, "Subtype"), "Widget");
        tamga_pdf_rules_add (step, widget ? TAMGA_RULE_UNEXPLAINED : TAMGA_RULE_ANNOTATION, NULL,
                             object, "%s was removed from page %u",
                             widget ? "a form field" : "an annotation", page);
    }
    for (gsize i = 0; new->type == TAMGA_PDF_ARRAY &&i < new->array.n; i++) {
        TamgaPdfObject *item = new->array.items[i];
        if (contains (old, item) ||
            (item->type == TAMGA_PDF_REF &&
             g_hash_table_contains (step->widgets, GUINT_TO_POINTER (item->ref.number))))
            continue;
        TamgaPdfObject *subtype = tamga_pdf_get (step->after, item, "Subtype");
        gboolean plain = subtype->type == TAMGA_PDF_NAME && !tamga_pdf_is_name (subtype, "Widget");
        tamga_pdf_rules_add (step, plain ? TAMGA_RULE_ANNOTATION : TAMGA_RULE_UNEXPLAINED, NULL,
                             object, "an annotation (%s) was added to page %u",
                             subtype->type == TAMGA_PDF_NAME ? subtype->text.data : "unknown",
                             page);
    }
    if (!same_order (old, new))
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, object,
                             "the annotations of page %u were put in another order", page);
}

static void check_tree_key (TamgaPdfStep *step, const char *key, TamgaPdfObject *old,
                            TamgaPdfObject *new, gpointer data)
{
    (void)old, (void)new, (void)data;
    /* iText leaves its version here. */
    gboolean mark = strcmp (key, "ITXT") == 0;
    tamga_pdf_rules_add (step, mark ? TAMGA_RULE_METADATA : TAMGA_RULE_UNEXPLAINED, NULL, "pages",
                         "/%s of the list of pages was changed", key);
}

static void check_page_key (TamgaPdfStep *step, const char *key, TamgaPdfObject *old,
                            TamgaPdfObject *new, gpointer data)
{
    guint page = GPOINTER_TO_UINT (data);
    if (strcmp (key, "Annots") == 0) {
        check_annotations (step, old, new, page);
    } else if (strcmp (key, "StructParents") == 0 && old->type == TAMGA_PDF_NULL) {
        tamga_pdf_rules_add (step, TAMGA_RULE_TAGS, NULL, "tags",
                             "page %u was entered in the tags that describe the document", page);
    } else if (strcmp (key, "Tabs") != 0) {
        g_autofree char *object = g_strdup_printf ("page %u", page);
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, object,
                             "/%s of page %u was changed", key, page);
    }
}

static gboolean value_changed (TamgaPdfStep *step, const TamgaPdfField *field)
{
    return g_hash_table_contains (step->changed, field->name);
}

static void check_field_key (TamgaPdfStep *step, const char *key, TamgaPdfObject *old,
                             TamgaPdfObject *new, gpointer data)
{
    static const char *const filled[] = {"V", "AS", "I", "RV", "M", "AP", NULL};
    static const char *const signing[] = {"V",       "AP",           "F", "P", "M", "Type",
                                          "Subtype", "StructParent", NULL};
    const TamgaPdfField *field = data;
    gboolean signature = tamga_pdf_field_is_signature (field);
    const char *const *allowed = signature ? signing : filled;
    gboolean known = FALSE;
    for (gsize i = 0; allowed[i] != NULL; i++)
        known = known || strcmp (key, allowed[i]) == 0;
    if (strcmp (key, "Kids") == 0) {
        check_fields (step, old, new);
    } else if (strcmp (key, "AP") == 0 && old->type == TAMGA_PDF_NULL && !signature) {
        return; /* drawn for the first time */
    } else if (!known || !value_changed (step, field)) {
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, field->name, "form",
                             "/%s of the field %s was changed%s", key, field->name,
                             known ? " although its value was not" : "");
    }
}

/* A node above the fields: only its kids may grow. */
static void check_node_key (TamgaPdfStep *step, const char *key, TamgaPdfObject *old,
                            TamgaPdfObject *new, gpointer data)
{
    (void)data;
    if (strcmp (key, "Kids") == 0)
        check_fields (step, old, new);
    else
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, "form",
                             "/%s of a group of fields or of a widget was changed", key);
}

/* The box of a widget on its page, and how much of the page it takes. */
static gboolean widget_box (TamgaPdfStep *step, guint32 widget, double *box, double *share,
                            guint *page)
{
    const TamgaPdfXref *entry = tamga_pdf_lookup (step->after, widget);
    guint32 generation = entry != NULL && entry->type == 1 ? entry->generation : 0;
    TamgaPdfObject *dict = tamga_pdf_load (step->after, widget, generation);
    TamgaPdfObject *rect = tamga_pdf_get (step->after, dict, "Rect");
    double v[4];
    for (gsize i = 0; i < 4; i++)
        v[i] = tamga_pdf_number (tamga_pdf_item (step->after, rect, i));
    box[0] = MIN (v[0], v[2]);
    box[1] = MIN (v[1], v[3]);
    box[2] = MAX (v[0], v[2]);
    box[3] = MAX (v[1], v[3]);
    *page = tamga_pdf_roles_page (step->new_roles, widget);
    *share = 0;
    if (*page > 0 && *page <= step->new_roles->pages->len) {
        const TamgaPdfPage *on = step->new_roles->pages->pdata[*page - 1];
        double width = on->crop[2] - on->crop[0], height = on->crop[3] - on->crop[1];
        double seen_width = MIN (box[2], on->crop[2]) - MAX (box[0], on->crop[0]);
        double seen_height = MIN (box[3], on->crop[3]) - MAX (box[1], on->crop[1]);
        if (width > 0 && height > 0 && seen_width > 0 && seen_height > 0)
            *share = seen_width * seen_height / (width * height);
    }
    return box[2] - box[0] > 1 && box[3] - box[1] > 1 &&
           tamga_pdf_key (dict, "AP") != tamga_pdf_null;
}

/* Does the box lie over an annotation or field that was there before? */
static gboolean covers_another (TamgaPdfStep *step, guint32 widget, const double *box, guint page)
{
    if (page == 0 || page > step->old_roles->pages->len)
        return FALSE;
    const TamgaPdfPage *on = step->old_roles->pages->pdata[page - 1];
    TamgaPdfObject *annots = tamga_pdf_get (step->before, on->object, "Annots");
    for (gsize i = 0; annots->type == TAMGA_PDF_ARRAY && i < annots->array.n; i++) {
        TamgaPdfObject *rect = tamga_pdf_get (step->before, annots->array.items[i], "Rect");
        double v[4];
        for (gsize k = 0; k < 4; k++)
            v[k] = tamga_pdf_number (tamga_pdf_item (step->before, rect, k));
        if (!tamga_pdf_is_ref_to (annots->array.items[i], widget) && fabs (v[2] - v[0]) > 1 &&
            fabs (v[3] - v[1]) > 1 && MIN (v[0], v[2]) < box[2] - 1 &&
            MAX (v[0], v[2]) > box[0] + 1 && MIN (v[1], v[3]) < box[3] - 1 &&
            MAX (v[1], v[3]) > box[1] + 1)
            return TRUE;
    }
    return FALSE;
}

static gboolean covers_text (TamgaPdfStep *step, const double *box, guint page)
{
    return page > 0 && page <= step->old_roles->pages->len &&
           tamga_pdf_text_in_box (step->before, step->old_roles->pages->pdata[page - 1], box);
}

/* A visible signature is drawn by its signer: it may not hide what others signed. */
static gboolean check_widget (TamgaPdfStep *step, const TamgaPdfField *field, guint32 widget,
                              gboolean is_new, guint *page)
{
    double box[4], share;
    guint on = 0;
    if (!widget_box (step, widget, box, &share, &on))
        return TRUE;
    *page = on;
    const char *problem = NULL;
    if (is_new && share > MAX_SIGNATURE_SHARE)
        problem = "covers a large part of the page";
    else if (is_new && covers_another (step, widget, box, on))
        problem = "lies over an annotation or field that was there before";
    if (problem == NULL && is_new && covers_text (step, box, on))
        tamga_pdf_rules_add (step, TAMGA_RULE_OVER_TEXT, NULL, "form",
                             "the signature field %s, added later, is drawn over text of page %u",
                             field->name, on);
    if (problem == NULL)
        return TRUE;
    tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, field->name, "form",
                         "the signature field %s on page %u %s", field->name, on, problem);
    return FALSE;
}

static const TamgaPdfField *find_old (TamgaPdfStep *step, const TamgaPdfField *field)
{
    for (guint i = 0; i < step->old_roles->fields->len; i++) {
        const TamgaPdfField *old = step->old_roles->fields->pdata[i];
        if (old->number == field->number && strcmp (old->name, field->name) == 0)
            return old;
    }
    return NULL;
}

/* A signature field that is new, or empty before and signed now. */
static void judge_signature_field (TamgaPdfStep *step, const TamgaPdfField *field, gboolean is_new)
{
    guint page = 0;
    for (guint i = 0; i < field->widgets->len; i++) {
        guint32 widget = g_array_index (field->widgets, guint32, i);
        g_hash_table_add (step->widgets, GUINT_TO_POINTER (widget));
        check_widget (step, field, widget, is_new, &page);
    }
    g_autofree char *shown =
        page > 0 ? g_strdup_printf (", shown on page %u", page) : g_strdup ("");
    if (field->value->type != TAMGA_PDF_DICT) {
        tamga_pdf_rules_add (step, page > 0 ? TAMGA_RULE_UNEXPLAINED : TAMGA_RULE_EMPTY_FIELD,
                             field->name, "form", "an empty signature field %s was added%s",
                             field->name, shown);
    } else if (!g_hash_table_contains (step->intact, field->value)) {
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, field->name, "form",
                             "the field %s was added with a signature that is broken%s",
                             field->name, shown);
    } else {
        TamgaPdfObject *filter = tamga_pdf_get (step->after, field->value, "SubFilter");
        gboolean stamp = tamga_pdf_is_name (filter, "ETSI.RFC3161");
        tamga_pdf_rules_add (step, stamp ? TAMGA_RULE_TIMESTAMP : TAMGA_RULE_SIGNATURE,
                             is_new ? NULL : field->name, "form", "%s was added in %s field %s%s",
                             stamp ? "a document time-stamp" : "a signature",
                             is_new ? "the new" : "the", field->name, shown);
    }
}

void tamga_pdf_rules_fields (TamgaPdfStep *step)
{
    for (guint i = 0; i < step->new_roles->fields->len; i++) {
        const TamgaPdfField *field = step->new_roles->fields->pdata[i];
        const TamgaPdfField *old = find_old (step, field);
        gboolean signature = tamga_pdf_field_is_signature (field);
        if (old != NULL && (old->value == field->value ||
                            (tamga_pdf_equal (old->value, field->value) && !signature)))
            continue;
        if (old != NULL)
            g_hash_table_add (step->changed, g_strdup (field->name));
        if (old == NULL && !signature)
            tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, field->name, "form",
                                 "the form field %s was added", field->name);
        else if (old == NULL)
            judge_signature_field (step, field, TRUE);
        else if (!signature)
            tamga_pdf_rules_add (step, TAMGA_RULE_FORM_FILL, field->name, "form",
                                 "the form field %s was filled in", field->name);
        else if (old->value->type == TAMGA_PDF_NULL)
            judge_signature_field (step, field, FALSE);
        else
            tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, field->name, "form",
                                 "the signature in the field %s was removed or replaced",
                                 field->name);
    }
}

static void check_content (TamgaPdfStep *step, guint32 number, guint bits, TamgaPdfObject *old,
                           TamgaPdfObject *new)
{
    g_autofree char *object = g_strdup_printf ("object %u", number);
    const TamgaPdfField *field = tamga_pdf_roles_field (step->old_roles, number);
    if ((bits & TAMGA_ROLE_CONTENT) != 0)
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, object,
                             "object %u, which is part of what was signed, was %s", number,
                             new->type == TAMGA_PDF_NULL ? "removed" : "changed");
    if ((bits & (TAMGA_ROLE_APPEARANCE | TAMGA_ROLE_VALUE)) != 0 &&
        (field == NULL || !value_changed (step, field)))
        tamga_pdf_rules_add (
            step, TAMGA_RULE_UNEXPLAINED, field != NULL ? field->name : NULL, object,
            "the appearance of the field %s was changed although its value was not",
            field != NULL ? field->name : "(unknown)");
    if ((bits & TAMGA_ROLE_ANNOT_PART) != 0)
        tamga_pdf_rules_add (step, TAMGA_RULE_ANNOTATION, NULL, object,
                             "object %u, part of an annotation, was changed", number);
    if ((bits & TAMGA_ROLE_TAGS) != 0)
        check_tags (step, object, old, new);
    if ((bits & TAMGA_ROLE_DSS) != 0)
        tamga_pdf_rules_add (step, TAMGA_RULE_DSS, NULL, "document security store",
                             "evidence was added");
    if ((bits & TAMGA_ROLE_METADATA) != 0)
        tamga_pdf_rules_add (step, TAMGA_RULE_METADATA, NULL, object,
                             "title, author or other metadata were changed");
}

static void check_structure (TamgaPdfStep *step, guint32 number, guint bits, TamgaPdfObject *old,
                             TamgaPdfObject *new)
{
    guint page = tamga_pdf_roles_page (step->old_roles, number);
    TamgaPdfField *field = tamga_pdf_roles_field (step->old_roles, number);
    if ((bits & TAMGA_ROLE_CATALOG) != 0)
        compare_keys (step, old, new, check_catalog_key, NULL);
    if ((bits & TAMGA_ROLE_PAGE) != 0)
        compare_keys (step, old, new, check_page_key, GUINT_TO_POINTER (page));
    if ((bits & TAMGA_ROLE_TREE) != 0)
        compare_keys (step, old, new, check_tree_key, NULL);
    if ((bits & TAMGA_ROLE_ANNOTS) != 0)
        check_annotations (step, old, new, page);
    if ((bits & TAMGA_ROLE_FORM) != 0)
        compare_keys (step, old, new, check_form_key, NULL);
    if ((bits & TAMGA_ROLE_FIELDS) != 0)
        check_fields (step, old, new);
    if ((bits & TAMGA_ROLE_RESOURCES) != 0)
        compare_keys (step, old, new, check_resource, GUINT_TO_POINTER (0));
    if ((bits & TAMGA_ROLE_FIELD) != 0)
        compare_keys (step, old, new, field != NULL ? check_field_key : check_node_key, field);
    if ((bits & TAMGA_ROLE_ANNOT) != 0) {
        g_autofree char *object = g_strdup_printf ("page %u", page);
        gboolean widget = tamga_pdf_is_name (tamga_pdf_get (step->after, new, "Subtype"), "Widget");
        tamga_pdf_rules_add (step, widget ? TAMGA_RULE_UNEXPLAINED : TAMGA_RULE_ANNOTATION, NULL,
                             object, "an annotation on page %u was changed", page);
    }
}

void tamga_pdf_rules_object (TamgaPdfStep *step, guint32 number, TamgaPdfObject *old,
                             TamgaPdfObject *new)
{
    guint bits = tamga_pdf_roles_of (step->old_roles, number);
    g_autofree char *object = g_strdup_printf ("object %u", number);
    if (bits == 0)
        return; /* nothing that was signed refers to it */
    if (old->type == TAMGA_PDF_NULL && (bits & ~(guint)TAMGA_ROLE_DSS) != 0) {
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, object,
                             "object %u was missing when the document was signed and is there now",
                             number);
        return;
    }
    if ((bits & TAMGA_ROLE_STRUCTURE) != 0) {
        gboolean gone = new->type != old->type;
        if (gone && (bits & TAMGA_ROLE_ANNOT) == 0)
            tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, object,
                                 "object %u, part of the document's structure, was removed or "
                                 "replaced",
                                 number);
        else
            check_structure (step, number, bits, old, new);
    }
    check_content (step, number, bits, old, new);
}
