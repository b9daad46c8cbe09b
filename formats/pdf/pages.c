/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page tree (ISO 32000-1 7.7.3) with what pages inherit. */
#include "formats/pdf/file.h"

#include <string.h>

#define MAX_TREE_DEPTH 64

typedef struct {
    TamgaPdfObject *media, *crop, *rotate;
} Inherited;

typedef struct {
    const TamgaPdfRevision *view;
    GPtrArray *pages;
    GHashTable *seen;
    guint limit;
} Walk;

static gboolean read_box (const TamgaPdfRevision *view, TamgaPdfObject *box, double *out)
{
    double v[4];
    if (box->type != TAMGA_PDF_ARRAY || box->array.n < 4)
        return FALSE;
    for (gsize i = 0; i < 4; i++)
        v[i] = tamga_pdf_number (tamga_pdf_item (view, box, i));
    out[0] = MIN (v[0], v[2]);
    out[1] = MIN (v[1], v[3]);
    out[2] = MAX (v[0], v[2]);
    out[3] = MAX (v[1], v[3]);
    return out[2] > out[0] && out[3] > out[1];
}

static void add_page (Walk *walk, TamgaPdfObject *ref, TamgaPdfObject *object,
                      const Inherited *inherited)
{
    TamgaPdfPage *page = g_new0 (TamgaPdfPage, 1);
    page->number = ref->ref.number;
    page->generation = ref->ref.generation;
    page->object = object;
    if (!read_box (walk->view, inherited->media, page->media)) {
        double letter[4] = {0, 0, 612, 792};
        memcpy (page->media, letter, sizeof letter);
    }
    if (!read_box (walk->view, inherited->crop, page->crop))
        memcpy (page->crop, page->media, sizeof page->crop);
    for (int i = 0; i < 4; i++)
        page->crop[i] = CLAMP (page->crop[i], page->media[i % 2], page->media[2 + i % 2]);
    gint64 rotate = inherited->rotate->type == TAMGA_PDF_INTEGER ? inherited->rotate->integer : 0;
    page->rotate = (int)(((rotate % 360) + 360) % 360) / 90 * 90;
    g_ptr_array_add (walk->pages, page);
}

static gboolean walk_tree (Walk *walk, TamgaPdfObject *ref, Inherited inherited, guint depth,
                           GError **error)
{
    if (walk->pages->len >= walk->limit)
        return TRUE;
    TamgaPdfObject *node = tamga_pdf_resolve (walk->view, ref);
    if (ref->type != TAMGA_PDF_REF || node->type != TAMGA_PDF_DICT || depth > MAX_TREE_DEPTH ||
        !g_hash_table_add (walk->seen, node)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "the page tree is damaged near page %u (ISO 32000-1 7.7.3)",
                     walk->pages->len + 1);
        return FALSE;
    }
    const struct {
        const char *key;
        TamgaPdfObject **slot;
    } keys[] = {{"MediaBox", &inherited.media},
                {"CropBox", &inherited.crop},
                {"Rotate", &inherited.rotate}};
    for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
        TamgaPdfObject *value = tamga_pdf_get (walk->view, node, keys[i].key);
        if (value->type != TAMGA_PDF_NULL)
            *keys[i].slot = value;
    }
    TamgaPdfObject *kids = tamga_pdf_get (walk->view, node, "Kids");
    if (kids->type != TAMGA_PDF_ARRAY) {
        add_page (walk, ref, node, &inherited);
        return TRUE;
    }
    for (gsize i = 0; i < kids->array.n; i++) {
        if (!walk_tree (walk, kids->array.items[i], inherited, depth + 1, error))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *tamga_pdf_pages (const TamgaPdfRevision *view, guint limit, GError **error)
{
    g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
    Walk walk = {.view = view, .pages = pages, .seen = seen, .limit = limit};
    TamgaPdfObject *root = tamga_pdf_key (tamga_pdf_catalog (view), "Pages");
    Inherited inherited = {tamga_pdf_null, tamga_pdf_null, tamga_pdf_null};
    if (!walk_tree (&walk, root, inherited, 0, error))
        return NULL;
    return g_steal_pointer (&pages);
}
