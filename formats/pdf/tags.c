/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The structure tree of tagged PDF (ISO 32000-1 14.7): a signer that adds a field may enter it
 * there, and may not change what was said about the rest. */
#include "formats/pdf/rules.h"

#include <string.h>

#define MAX_DEPTH 6

static gboolean one_of (const char *key, const char *const *list)
{
    for (gsize i = 0; list[i] != NULL; i++) {
        if (strcmp (key, list[i]) == 0)
            return TRUE;
    }
    return FALSE;
}

/* All of `old`, in its order, is in `new`. */
static gboolean keeps_items (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new)
{
    gsize k = 0;
    for (gsize i = 0; i < old->array.n; i++, k++) {
        while (k < new->array.n && !step->same (step, old->array.items[i], new->array.items[k]))
            k++;
        if (k >= new->array.n)
            return FALSE;
    }
    return TRUE;
}

static gboolean keeps_item (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *array)
{
    for (gsize i = 0; i < array->array.n; i++) {
        if (step->same (step, old, array->array.items[i]))
            return TRUE;
    }
    return FALSE;
}

static gboolean extended (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new, guint depth)
{
    static const char *const growing[] = {"K", "ParentTree", "Nums", "Kids", NULL};
    static const char *const free_keys[] = {"ParentTreeNextKey", "Limits", NULL};
    TamgaPdfObject *single = old;
    if (step->same (step, old, new))
        return TRUE;
    if (depth == 0)
        return FALSE;
    old = tamga_pdf_resolve (step->before, old);
    new = tamga_pdf_resolve (step->after, new);
    if (new->type == TAMGA_PDF_ARRAY)
        return old->type == TAMGA_PDF_ARRAY ? keeps_items (step, old, new)
                                            : keeps_item (step, single, new);
    if (old->type != TAMGA_PDF_DICT || new->type != TAMGA_PDF_DICT)
        return FALSE;
    for (gsize i = 0; i < old->dict.n; i++) {
        const TamgaPdfEntry *entry = &old->dict.entries[i];
        TamgaPdfObject *other = tamga_pdf_key (new, entry->key);
        if (!one_of (entry->key, free_keys) && !step->same (step, entry->value, other) &&
            !(one_of (entry->key, growing) && extended (step, entry->value, other, depth - 1)))
            return FALSE;
    }
    for (gsize i = 0; i < new->dict.n; i++) {
        const char *key = new->dict.entries[i].key;
        TamgaPdfObject *value = tamga_pdf_resolve (step->after, new->dict.entries[i].value);
        if (value->type == TAMGA_PDF_DICT && value->dict.n == 0)
            continue; /* an empty /RoleMap says nothing */
        if (tamga_pdf_key (old, key) == tamga_pdf_null && !one_of (key, growing) &&
            !one_of (key, free_keys))
            return FALSE;
    }
    return TRUE;
}

gboolean tamga_pdf_rules_tags_extended (TamgaPdfStep *step, TamgaPdfObject *old,
                                        TamgaPdfObject *new)
{
    return extended (step, old, new, MAX_DEPTH);
}
