/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A container written anew. */
#include "formats/zip/rewrite.h"

#include <string.h>

#include "formats/limits.h"

TamgaAsicRewrite *tamga_asic_rewrite_new (TamgaAsic *asic)
{
    TamgaAsicRewrite *rewrite = g_new0 (TamgaAsicRewrite, 1);

    rewrite->asic = asic;
    rewrite->replaced =
        g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)tamga_document_unref);
    rewrite->renamed = g_hash_table_new_full (NULL, NULL, NULL, g_free);
    rewrite->added = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_zip_part_free);
    return rewrite;
}

void tamga_asic_rewrite_free (TamgaAsicRewrite *rewrite)
{
    if (rewrite == NULL)
        return;
    g_hash_table_unref (rewrite->replaced);
    g_hash_table_unref (rewrite->renamed);
    g_ptr_array_unref (rewrite->added);
    g_free (rewrite);
}

void tamga_asic_rewrite_replace (TamgaAsicRewrite *rewrite, const TamgaZipEntry *entry,
                                 GBytes *bytes)
{
    g_hash_table_insert (rewrite->replaced, (gpointer)entry,
                         tamga_document_new (entry->name, bytes));
}

void tamga_asic_rewrite_rename (TamgaAsicRewrite *rewrite, const TamgaZipEntry *entry,
                                const char *name)
{
    g_hash_table_insert (rewrite->renamed, (gpointer)entry, g_strdup (name));
}

TamgaZipPart *tamga_asic_rewrite_add (TamgaAsicRewrite *rewrite, const char *name,
                                      TamgaDocument *document)
{
    TamgaZipPart *part = tamga_zip_part_new (name, document, NULL);

    g_ptr_array_add (rewrite->added, part);
    return part;
}

void tamga_asic_rewrite_add_bytes (TamgaAsicRewrite *rewrite, const char *name, GBytes *bytes)
{
    g_autoptr (TamgaDocument) document = tamga_document_new (name, bytes);

    tamga_asic_rewrite_add (rewrite, name, document);
}

/* As file systems see it: names that differ by case only are one. */
static gboolean is_taken (TamgaAsicRewrite *rewrite, const char *name)
{
    g_autofree char *key = tamga_zip_name_key (name);
    GPtrArray *entries = rewrite->asic != NULL ? tamga_zip_entries (rewrite->asic->zip) : NULL;
    GHashTableIter iter;
    gpointer other;

    for (guint i = 0; entries != NULL && i < entries->len; i++) {
        g_autofree char *taken = tamga_zip_name_key (((TamgaZipEntry *)entries->pdata[i])->name);
        if (strcmp (taken, key) == 0)
            return TRUE;
    }
    for (guint i = 0; i < rewrite->added->len; i++) {
        if (strcmp (((TamgaZipPart *)rewrite->added->pdata[i])->name, name) == 0)
            return TRUE;
    }
    g_hash_table_iter_init (&iter, rewrite->renamed);
    while (g_hash_table_iter_next (&iter, NULL, &other)) {
        if (strcmp (other, name) == 0)
            return TRUE;
    }
    return FALSE;
}

char *tamga_asic_rewrite_free_name (TamgaAsicRewrite *rewrite, const char *stem,
                                    const char *extension)
{
    for (guint number = 1;; number++) {
        g_autofree char *name =
            g_strdup_printf (TAMGA_ASIC_META "%s%03u%s", stem, number, extension);
        if (!is_taken (rewrite, name))
            return g_steal_pointer (&name);
    }
}

static int compare_offsets (gconstpointer a, gconstpointer b)
{
    const TamgaZipEntry *left = *(TamgaZipEntry *const *)a, *right = *(TamgaZipEntry *const *)b;

    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* A renamed entry is written anew: its name stands in its headers. */
static TamgaZipPart *make_part (TamgaAsicRewrite *rewrite, const TamgaZipEntry *entry,
                                GError **error)
{
    TamgaDocument *replaced = g_hash_table_lookup (rewrite->replaced, entry);
    const char *name = g_hash_table_lookup (rewrite->renamed, entry);
    g_autoptr (TamgaDocument) content = NULL;

    if (name != NULL && replaced == NULL) {
        content = tamga_zip_document (rewrite->asic->zip, entry, error);
        if (content == NULL)
            return NULL;
        replaced = content;
    }
    return tamga_zip_part_new (name != NULL ? name : entry->name, replaced,
                               replaced == NULL ? entry : NULL);
}

gboolean tamga_asic_rewrite_write (TamgaAsicRewrite *rewrite, TamgaOutput *output, GError **error)
{
    TamgaZip *zip = rewrite->asic != NULL ? rewrite->asic->zip : NULL;
    g_autoptr (GPtrArray) parts =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_zip_part_free);

    if (zip != NULL) {
        /* As they lie: the media type stays the first. */
        g_autoptr (GPtrArray) entries = g_ptr_array_new ();
        g_ptr_array_extend (entries, tamga_zip_entries (zip), NULL, NULL);
        g_ptr_array_sort (entries, compare_offsets);
        for (guint i = 0; i < entries->len; i++) {
            TamgaZipPart *part = make_part (rewrite, entries->pdata[i], error);
            if (part == NULL)
                return FALSE;
            g_ptr_array_add (parts, part);
        }
    }
    for (guint i = 0; i < rewrite->added->len; i++) {
        const TamgaZipPart *from = rewrite->added->pdata[i];
        TamgaZipPart *part = tamga_zip_part_new (from->name, from->document, NULL);
        part->measured = from->measured;
        part->crc = from->crc;
        g_ptr_array_add (parts, part);
    }
    return tamga_zip_write (zip, parts, output, NULL, NULL, error);
}
