/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a signer should know of a PDF, and what is refused. */
#include "formats/pdf/inspect.h"

#include <string.h>

#include "formats/pdf/peer.h"

/* Beyond this many objects only the structure is looked through: memory stays bounded. */
#define MAX_INSPECTED 60000u
/* Pairs of annotations are compared up to this many per page. */
#define MAX_ANNOTATIONS 400u

enum { JAVASCRIPT, LAUNCH, EXTERNAL, XFA, LAYERS, OVERLAP, UNUSED, CATALOGS, TWICE, N_TRAITS };

static const struct {
    const char *code, *clause, *text;
} traits[N_TRAITS] = {
    [JAVASCRIPT] = {"pdf-javascript", "ISO 32000-1 12.6.4.16",
                    "the document contains JavaScript, which can change what is shown"},
    [LAUNCH] = {"pdf-launch-action", "ISO 32000-1 12.6.4.5",
                "the document contains an action that starts a program or opens a file"},
    [EXTERNAL] = {"pdf-external-stream", "ISO 32000-1 7.3.8.2",
                  "part of the document lies in another file, which a signature does not cover"},
    [XFA] = {"pdf-xfa", "ISO 32000-1 12.7.8",
             "the document contains an XFA form, which some viewers show instead of its pages"},
    [LAYERS] = {"pdf-optional-content", "ISO 32000-1 8.11",
                "the document has layers that can be switched on and off"},
    [OVERLAP] = {"pdf-overlapping-annotations", "threats: Shadow hide",
                 "annotations lie over one another, so one can hide another"},
    [UNUSED] = {"pdf-unused-objects", "threats: Shadow hide-and-replace",
                "the document holds page content or fonts that nothing refers to"},
    [CATALOGS] = {"pdf-several-catalogs", "threats: Shadow hide-and-replace",
                  "the document holds more than one catalog"},
    [TWICE] = {"pdf-duplicate-keys", "ISO 32000-1 7.3.7",
               "an object of the document has a key twice: viewers differ on which one counts"},
};

typedef struct {
    TamgaPdf *pdf;
    gboolean found[N_TRAITS];
    GHashTable *referenced; /* numbers */
    GArray *broken;         /* numbers whose object cannot be read */
    GArray *content;        /* numbers of content that must be referenced */
    guint catalogs;
} Inspection;

static void note_ref (const TamgaPdfObject *ref, gpointer data)
{
    Inspection *inspection = data;
    g_hash_table_add (inspection->referenced, GUINT_TO_POINTER (ref->ref.number));
}

static void inspect_tree (Inspection *inspection, TamgaPdfObject *object)
{
    if (object->type == TAMGA_PDF_ARRAY) {
        for (gsize i = 0; i < object->array.n; i++)
            inspect_tree (inspection, object->array.items[i]);
        return;
    }
    if (!tamga_pdf_is_dict (object))
        return;
    TamgaPdfObject *s = tamga_pdf_key (object, "S");
    if (tamga_pdf_is_name (s, "JavaScript") || tamga_pdf_key (object, "JS") != tamga_pdf_null)
        inspection->found[JAVASCRIPT] = TRUE;
    if (tamga_pdf_is_name (s, "Launch"))
        inspection->found[LAUNCH] = TRUE;
    if (object->type == TAMGA_PDF_STREAM && tamga_pdf_key (object, "F") != tamga_pdf_null)
        inspection->found[EXTERNAL] = TRUE;
    for (gsize i = 0; i < object->dict.n; i++)
        inspect_tree (inspection, object->dict.entries[i].value);
}

static gboolean is_content (TamgaPdfObject *object)
{
    static const char *const types[] = {"Page", "Font", "Annot", "XObject", NULL};
    TamgaPdfObject *type = tamga_pdf_key (object, "Type");
    for (gsize i = 0; types[i] != NULL; i++) {
        if (tamga_pdf_is_name (type, types[i]))
            return TRUE;
    }
    return FALSE;
}

static void inspect_object (Inspection *inspection, const TamgaPdfXref *entry)
{
    TamgaPdf *pdf = inspection->pdf;
    const TamgaPdfRevision *view = tamga_pdf_latest (pdf);
    guint32 generation = entry->type == 1 ? entry->generation : 0;
    TamgaPdfObject *object = tamga_pdf_load (view, entry->number, generation);
    if (pdf->error != NULL) {
        g_clear_error (&pdf->error);
        g_array_append_val (inspection->broken, entry->number);
        return;
    }
    inspect_tree (inspection, object);
    if (tamga_pdf_has_duplicates (object))
        inspection->found[TWICE] = TRUE;
    tamga_pdf_foreach_ref (object, note_ref, inspection);
    if (is_content (object))
        g_array_append_val (inspection->content, entry->number);
    if (tamga_pdf_is_name (tamga_pdf_key (object, "Type"), "Catalog"))
        inspection->catalogs++;
}

/* Every object that the latest revision sees, each once. */
static void inspect_all (Inspection *inspection)
{
    TamgaPdf *pdf = inspection->pdf;
    const TamgaPdfRevision *view = tamga_pdf_latest (pdf);
    guint count = 0;
    for (guint i = 0; i < pdf->sections->len; i++) {
        const TamgaPdfSection *section = pdf->sections->pdata[i];
        for (gsize k = 0; k < section->n && count < MAX_INSPECTED; k++) {
            const TamgaPdfXref *entry = &section->entries[k];
            if (entry->type == 0 || tamga_pdf_lookup (view, entry->number) != entry)
                continue;
            inspect_object (inspection, entry);
            count++;
        }
    }
    tamga_pdf_foreach_ref (view->trailer, note_ref, inspection);
}

static gboolean rectangle (const TamgaPdfRevision *view, TamgaPdfObject *annotation, double *out)
{
    TamgaPdfObject *rect = tamga_pdf_get (view, annotation, "Rect");
    double v[4];
    for (gsize i = 0; i < 4; i++)
        v[i] = tamga_pdf_number (tamga_pdf_item (view, rect, i));
    out[0] = MIN (v[0], v[2]);
    out[1] = MIN (v[1], v[3]);
    out[2] = MAX (v[0], v[2]);
    out[3] = MAX (v[1], v[3]);
    return out[2] - out[0] > 1 && out[3] - out[1] > 1;
}

static gboolean annotations_overlap (const TamgaPdfRevision *view, TamgaPdfObject *annots)
{
    g_autofree double *boxes = g_new (double, 4 * (gsize)MAX_ANNOTATIONS);
    gsize n = 0;
    for (gsize i = 0; annots->type == TAMGA_PDF_ARRAY && i < annots->array.n; i++) {
        TamgaPdfObject *annotation = tamga_pdf_item (view, annots, i);
        TamgaPdfObject *subtype = tamga_pdf_get (view, annotation, "Subtype");
        double *box = boxes + 4 * n;
        if (n >= MAX_ANNOTATIONS || tamga_pdf_is_name (subtype, "Popup") ||
            tamga_pdf_is_name (subtype, "Link") || !rectangle (view, annotation, box))
            continue;
        for (gsize k = 0; k < n; k++) {
            const double *other = boxes + 4 * k;
            if (box[0] < other[2] - 1 && other[0] < box[2] - 1 && box[1] < other[3] - 1 &&
                other[1] < box[3] - 1)
                return TRUE;
        }
        n++;
    }
    return FALSE;
}

static gboolean inspect_pages (Inspection *inspection, GError **error)
{
    const TamgaPdfRevision *view = tamga_pdf_latest (inspection->pdf);
    g_autoptr (GPtrArray) pages = tamga_pdf_pages (view, MAX_INSPECTED, error);
    if (pages == NULL)
        return FALSE;
    if (pages->len == 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "the PDF has no pages (ISO 32000-1 7.7.3)");
        return FALSE;
    }
    for (guint i = 0; i < pages->len && !inspection->found[OVERLAP]; i++) {
        const TamgaPdfPage *page = pages->pdata[i];
        inspection->found[OVERLAP] =
            annotations_overlap (view, tamga_pdf_get (view, page->object, "Annots"));
    }
    return TRUE;
}

static gboolean check_file (TamgaPdf *pdf, GError **error)
{
    const TamgaPdfRevision *view = tamga_pdf_latest (pdf);
    int code = -1;
    const char *text = NULL;
    if (pdf->header != 0) {
        code = TAMGA_FORMAT_ERROR_DAMAGED;
        text = "the PDF does not begin with %PDF-: something was put in front of it "
               "(ISO 32000-1 7.5.2)";
    } else if (pdf->hybrid) {
        code = TAMGA_FORMAT_ERROR_UNSUPPORTED;
        text =
            "the PDF is a hybrid-reference file: old and new viewers see different objects in it "
            "(ISO 32000-1 7.5.8.4)";
    } else if (pdf->tail != 0 || view->eof == 0) {
        code = TAMGA_FORMAT_ERROR_DAMAGED;
        text = "the PDF is truncated or followed by something else: it does not end with its "
               "startxref and %%EOF (ISO 32000-1 7.5.5)";
    }
    if (code >= 0)
        g_set_error_literal (error, TAMGA_FORMAT_ERROR, code, text);
    return code < 0;
}

/* An object that cannot be read matters where something refers to it. */
static gboolean check_broken (Inspection *inspection, GError **error)
{
    for (guint i = 0; i < inspection->broken->len; i++) {
        guint32 number = g_array_index (inspection->broken, guint32, i);
        if (!g_hash_table_contains (inspection->referenced, GUINT_TO_POINTER (number)))
            continue;
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_DAMAGED,
                     "the PDF is damaged: object %u is not where the cross-reference table says "
                     "(ISO 32000-1 7.5.4)",
                     number);
        return FALSE;
    }
    return TRUE;
}

gboolean tamga_pdf_inspect (TamgaPdf *pdf, GPtrArray *findings, GError **error)
{
    const TamgaPdfRevision *view = tamga_pdf_latest (pdf);
    if (!check_file (pdf, error))
        return FALSE;
    g_autoptr (TamgaPdfPeer) peer = tamga_pdf_peer_open (pdf, error);
    if (peer == NULL)
        return FALSE;
    g_autoptr (GHashTable) referenced = g_hash_table_new (NULL, NULL);
    g_autoptr (GArray) broken = g_array_new (FALSE, FALSE, sizeof (guint32));
    g_autoptr (GArray) content = g_array_new (FALSE, FALSE, sizeof (guint32));
    Inspection inspection = {
        .pdf = pdf, .referenced = referenced, .broken = broken, .content = content};
    inspect_all (&inspection);
    if (!check_broken (&inspection, error) || !inspect_pages (&inspection, error))
        return FALSE;
    TamgaPdfObject *catalog = tamga_pdf_catalog (view);
    TamgaPdfObject *form = tamga_pdf_get (view, catalog, "AcroForm");
    inspection.found[XFA] = tamga_pdf_key (form, "XFA") != tamga_pdf_null;
    inspection.found[LAYERS] = tamga_pdf_key (catalog, "OCProperties") != tamga_pdf_null;
    inspection.found[CATALOGS] = inspection.catalogs > 1;
    for (guint i = 0; i < content->len && !inspection.found[UNUSED]; i++)
        inspection.found[UNUSED] = !g_hash_table_contains (
            referenced, GUINT_TO_POINTER (g_array_index (content, guint32, i)));
    for (gsize i = 0; i < N_TRAITS; i++) {
        if (inspection.found[i])
            g_ptr_array_add (findings,
                             tamga_finding_new (TAMGA_SEVERITY_WARNING, traits[i].code, "document",
                                                traits[i].clause, "%s", traits[i].text));
    }
    return !tamga_pdf_failed (pdf, error);
}
