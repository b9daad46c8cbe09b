/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting a signature into a field: existing or new, visible or not. */
#include "formats/pdf/field.h"

#include <math.h>
#include <string.h>

#include "formats/pdf/appearance.h"
#include "formats/pdf/crypt.h"
#include "formats/pdf/seed.h"

#define ANNOTATION_PRINT 4
#define ANNOTATION_LOCKED 128
#define SIG_FLAGS 3 /* SignaturesExist, AppendOnly (table 219) */

static gboolean forbidden (GError **error, const char *text)
{
    g_set_error_literal (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN, text);
    return FALSE;
}

/* What an encrypted document lets whoever opened it do (ISO 32000-1 table 22): a new field takes
 * the permissions to modify and to annotate, an empty one also the one to fill in forms. */
static gboolean check_permissions (const TamgaPdf *pdf, gboolean new_field, GError **error)
{
    const TamgaPdfCrypt *crypt = pdf->crypt;
    gboolean annotate = tamga_pdf_crypt_permits (crypt, TAMGA_PDF_MAY_ANNOTATE);
    if (new_field ? annotate && tamga_pdf_crypt_permits (crypt, TAMGA_PDF_MAY_MODIFY)
                  : annotate || tamga_pdf_crypt_permits (crypt, TAMGA_PDF_MAY_FILL))
        return TRUE;
    return forbidden (error, new_field ? "the permissions of the encrypted document do not allow "
                                         "new signature fields; its owner's password does "
                                         "(ISO 32000-1 table 22, bits 4 and 6)"
                                       : "the permissions of the encrypted document do not allow "
                                         "signing; its owner's password does (ISO 32000-1 table "
                                         "22, bits 6 and 9)");
}

/* What the signatures that are there allow (12.8.2.2, 12.8.2.4). */
static gboolean check_allowed (const TamgaPdfRevision *view, GPtrArray *fields, int certification,
                               const char *target, GError **error)
{
    for (guint i = 0; i < fields->len; i++) {
        const TamgaPdfField *field = fields->pdata[i];
        if (!tamga_pdf_field_is_signature (field) || field->value->type != TAMGA_PDF_DICT)
            continue;
        if (certification != 0)
            return forbidden (error, "the document is signed already: a certification must be its "
                                     "first signature (ISO 32000-1 12.8.2.2)");
        if (tamga_pdf_docmdp (view, field->value) == 1)
            return forbidden (
                error, "the document's author certified it and allows no changes, signatures "
                       "included (ISO 32000-1 12.8.2.2, DocMDP P 1)");
        if (tamga_pdf_lock_permission (view, field->dict) == 1) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN,
                         "the signature in %s locks the document against all changes, signatures "
                         "included (ISO 32000-2 12.7.5.5, /Lock with P 1)",
                         field->name);
            return FALSE;
        }
        if (target != NULL && tamga_pdf_locks_field (view, field->value, target)) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN,
                         "the field %s is locked by the signature in %s (ISO 32000-1 12.8.2.4)",
                         target, field->name);
            return FALSE;
        }
    }
    return TRUE;
}

/* The field to sign: by name, or the first empty one; NULL in `*found` means a new field. */
static gboolean choose_field (GPtrArray *fields, const char *name, const TamgaPdfField **found,
                              GError **error)
{
    *found = NULL;
    for (guint i = 0; i < fields->len; i++) {
        const TamgaPdfField *field = fields->pdata[i];
        gboolean empty = field->value->type == TAMGA_PDF_NULL;
        if (name == NULL) {
            if (tamga_pdf_field_is_signature (field) && empty && field->number != 0) {
                *found = field;
                return TRUE;
            }
            continue;
        }
        if (strcmp (field->name, name) != 0)
            continue;
        if (!tamga_pdf_field_is_signature (field) || !empty || field->number == 0) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                         empty ? "the form field %s is not a signature field"
                               : "the field %s is signed already",
                         name);
            return FALSE;
        }
        *found = field;
        return TRUE;
    }
    return TRUE;
}

/* `wanted`, or `prefix` with the first number that no field has. */
static char *new_name (GPtrArray *fields, const char *prefix, const char *wanted, GError **error)
{
    if (wanted != NULL) {
        if (wanted[0] == '\0' || strchr (wanted, '.') != NULL) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                         "a new field cannot be called \"%s\": a name has no period "
                         "(ISO 32000-1 12.7.3.2)",
                         wanted);
            return NULL;
        }
        return g_strdup (wanted);
    }
    for (guint i = 1;; i++) {
        g_autofree char *name = g_strdup_printf ("%s%u", prefix, i);
        g_autofree char *below = g_strdup_printf ("%s.", name);
        gboolean used = FALSE;
        for (guint k = 0; k < fields->len && !used; k++) {
            const TamgaPdfField *field = fields->pdata[k];
            used = strcmp (field->name, name) == 0 || g_str_has_prefix (field->name, below);
        }
        if (!used)
            return g_steal_pointer (&name);
    }
}

static TamgaPdfPage *find_page (TamgaPdf *pdf, guint number, GPtrArray **pages, GError **error)
{
    *pages = tamga_pdf_pages (tamga_pdf_latest (pdf), MAX (1, number), error);
    if (*pages == NULL)
        return NULL;
    if (number < 1 || number > (*pages)->len) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "there is no page %u: the document has %u", number, (*pages)->len);
        return NULL;
    }
    return (*pages)->pdata[number - 1];
}

/* From the reader's view (origin upper left) to the page's own space (8.3.2.3, /Rotate). */
static void to_page_space (const TamgaPdfPage *page, const TamgaVisible *visible, double *rect)
{
    double x = visible->x, y = visible->y, w = visible->width, h = visible->height;
    double left = page->crop[0], bottom = page->crop[1];
    double right = page->crop[2], top = page->crop[3];
    const double boxes[4][4] = {
        {left + x, top - y - h, left + x + w, top - y},
        {left + y, bottom + x, left + y + h, bottom + x + w},
        {right - x - w, bottom + y, right - x, bottom + y + h},
        {right - y - h, top - x - w, right - y, top - x},
    };
    memcpy (rect, boxes[page->rotate / 90], 4 * sizeof *rect);
}

static gboolean check_visible (const TamgaPdfPage *page, const TamgaVisible *visible,
                               GError **error)
{
    double width = page->crop[2] - page->crop[0], height = page->crop[3] - page->crop[1];
    gboolean turned = page->rotate % 180 != 0;
    double seen_width = turned ? height : width, seen_height = turned ? width : height;
    if (!isfinite (visible->x) || !isfinite (visible->y) || !isfinite (visible->width) ||
        !isfinite (visible->height) || visible->width < 4 || visible->height < 4 ||
        visible->x < 0 || visible->y < 0 || visible->x + visible->width > seen_width + 0.01 ||
        visible->y + visible->height > seen_height + 0.01) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "the signature's box %gx%g at %g,%g is not on page %u, which measures %gx%g "
                     "points",
                     visible->width, visible->height, visible->x, visible->y, visible->page,
                     seen_width, seen_height);
        return FALSE;
    }
    return TRUE;
}

static void set_appearance (TamgaPdfArena *arena, TamgaPdfObject *widget, guint32 appearance)
{
    tamga_pdf_dict_set (arena, widget, "AP",
                        tamga_pdf_new_parsed (arena, "<< /N %u 0 R >>", appearance));
}

/* A new field that is its own widget, entered in the form and on its page. */
static gboolean add_field (TamgaPdfUpdate *update, const TamgaSigningParameters *parameters,
                           const char *name, TamgaPdfObject *form_fields, guint32 signature,
                           GError **error)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    const TamgaVisible *visible = parameters->visible;
    g_autoptr (GPtrArray) pages = NULL;
    TamgaPdfPage *page = find_page (tamga_pdf_update_pdf (update),
                                    visible != NULL ? visible->page : 1, &pages, error);
    if (page == NULL || (visible != NULL && !check_visible (page, visible, error)))
        return FALSE;
    double box[4] = {0};
    if (visible != NULL)
        to_page_space (page, visible, box);
    TamgaPdfObject *widget = tamga_pdf_new_parsed (
        arena, "<< /Type /Annot /Subtype /Widget /FT /Sig /V %u 0 R /P %u %u R /F %d >>", signature,
        page->number, page->generation, ANNOTATION_PRINT | ANNOTATION_LOCKED);
    TamgaPdfObject *rect = tamga_pdf_new (arena, TAMGA_PDF_ARRAY);
    for (int i = 0; i < 4; i++)
        tamga_pdf_array_append (arena, rect, tamga_pdf_new_number (arena, box[i]));
    tamga_pdf_dict_set (arena, widget, "Rect", rect);
    tamga_pdf_dict_set (arena, widget, "T", tamga_pdf_new_text (arena, name));
    if (visible != NULL) {
        guint32 appearance = tamga_pdf_appearance_add (update, visible, visible->width,
                                                       visible->height, page->rotate, error);
        if (appearance == 0)
            return FALSE;
        set_appearance (arena, widget, appearance);
    }
    guint32 number = tamga_pdf_update_add (update, widget);
    tamga_pdf_array_append (arena, form_fields, tamga_pdf_new_ref (arena, number, 0));
    /* The page itself is rewritten only where /Annots is not an object of its own. */
    TamgaPdfObject *annots = tamga_pdf_key (page->object, "Annots");
    TamgaPdfObject *list;
    if (annots->type == TAMGA_PDF_REF &&
        tamga_pdf_resolve (tamga_pdf_latest (tamga_pdf_update_pdf (update)), annots)->type ==
            TAMGA_PDF_ARRAY)
        list = tamga_pdf_update_edit (update, annots->ref.number, annots->ref.generation);
    else
        list = tamga_pdf_update_child (
            update, tamga_pdf_update_edit (update, page->number, page->generation), "Annots",
            TAMGA_PDF_ARRAY);
    if (list == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "/Annots of the page is not an array (ISO 32000-1 12.5.2)");
        return FALSE;
    }
    tamga_pdf_array_append (arena, list, tamga_pdf_new_ref (arena, number, 0));
    return TRUE;
}

/* The page that shows a widget: by /P, else by its /Annots. */
static int widget_rotation (TamgaPdf *pdf, guint32 widget)
{
    g_autoptr (GPtrArray) pages = tamga_pdf_pages (tamga_pdf_latest (pdf), G_MAXUINT, NULL);
    for (guint i = 0; pages != NULL && i < pages->len; i++) {
        const TamgaPdfPage *page = pages->pdata[i];
        TamgaPdfObject *annots = tamga_pdf_get (tamga_pdf_latest (pdf), page->object, "Annots");
        for (gsize k = 0; annots->type == TAMGA_PDF_ARRAY && k < annots->array.n; k++) {
            if (tamga_pdf_is_ref_to (annots->array.items[k], widget))
                return page->rotate;
        }
    }
    return 0;
}

static void note (GPtrArray *findings, TamgaSeverity severity, const char *code,
                  const TamgaPdfField *field, const char *text)
{
    g_ptr_array_add (findings, tamga_finding_new (severity, code, field->name, NULL,
                                                  "The field %s: %s.", field->name, text));
}

/* An existing field gets its value, and its own box shows the appearance. */
static gboolean fill_field (TamgaPdfUpdate *update, const TamgaSigningParameters *parameters,
                            const TamgaPdfField *field, guint32 signature, GPtrArray *findings,
                            GError **error)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    const TamgaPdfRevision *view = tamga_pdf_latest (tamga_pdf_update_pdf (update));
    TamgaPdfObject *dict = tamga_pdf_update_edit (update, field->number, field->generation);
    tamga_pdf_dict_set (arena, dict, "V", tamga_pdf_new_ref (arena, signature, 0));
    if (parameters->visible == NULL || field->widgets->len == 0)
        return TRUE;
    guint32 number = g_array_index (field->widgets, guint32, 0);
    TamgaPdfObject *widget =
        number == field->number ? dict : tamga_pdf_update_edit (update, number, 0);
    TamgaPdfObject *rect = tamga_pdf_get (view, widget, "Rect");
    double width = fabs (tamga_pdf_number (tamga_pdf_item (view, rect, 2)) -
                         tamga_pdf_number (tamga_pdf_item (view, rect, 0)));
    double height = fabs (tamga_pdf_number (tamga_pdf_item (view, rect, 3)) -
                          tamga_pdf_number (tamga_pdf_item (view, rect, 1)));
    if (width < 4 || height < 4) {
        note (findings, TAMGA_SEVERITY_WARNING, "pdf-field-hidden", field,
              "its author made it invisible, so the signature is not shown");
        return TRUE;
    }
    note (findings, TAMGA_SEVERITY_INFO, "pdf-field-box", field,
          "the signature is shown where the document's author placed the field");
    int rotate = widget_rotation (tamga_pdf_update_pdf (update), number);
    gboolean turned = rotate % 180 != 0;
    guint32 appearance =
        tamga_pdf_appearance_add (update, parameters->visible, turned ? height : width,
                                  turned ? width : height, rotate, error);
    if (appearance == 0)
        return FALSE;
    set_appearance (arena, widget, appearance);
    return TRUE;
}

/* The form: a reference is followed, so that the catalog stays as it is where it can. */
static TamgaPdfObject *edit_form (TamgaPdfUpdate *update)
{
    const TamgaPdfRevision *view = tamga_pdf_latest (tamga_pdf_update_pdf (update));
    TamgaPdfObject *root = tamga_pdf_key (view->trailer, "Root");
    TamgaPdfObject *form = tamga_pdf_key (tamga_pdf_catalog (view), "AcroForm");
    if (form->type == TAMGA_PDF_REF && tamga_pdf_resolve (view, form)->type == TAMGA_PDF_DICT)
        return tamga_pdf_update_edit (update, form->ref.number, form->ref.generation);
    TamgaPdfObject *catalog =
        tamga_pdf_update_edit (update, root->ref.number, root->ref.generation);
    return tamga_pdf_update_child (update, catalog, "AcroForm", TAMGA_PDF_DICT);
}

/* DocMDP and FieldMDP transforms of the new signature (12.8.2), and /Perms of the catalog. */
static TamgaPdfObject *make_references (TamgaPdfUpdate *update,
                                        const TamgaSigningParameters *parameters,
                                        const TamgaPdfField *field, guint32 signature)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    const TamgaPdfRevision *view = tamga_pdf_latest (tamga_pdf_update_pdf (update));
    TamgaPdfObject *root = tamga_pdf_key (view->trailer, "Root");
    TamgaPdfObject *references = tamga_pdf_new (arena, TAMGA_PDF_ARRAY);
    if (parameters->certification != 0) {
        tamga_pdf_array_append (
            arena, references,
            tamga_pdf_new_parsed (arena,
                                  "<< /Type /SigRef /TransformMethod /DocMDP /TransformParams "
                                  "<< /Type /TransformParams /P %d /V /1.2 >> >>",
                                  parameters->certification));
        TamgaPdfObject *catalog =
            tamga_pdf_update_edit (update, root->ref.number, root->ref.generation);
        TamgaPdfObject *perms = tamga_pdf_update_child (update, catalog, "Perms", TAMGA_PDF_DICT);
        if (perms != NULL)
            tamga_pdf_dict_set (arena, perms, "DocMDP", tamga_pdf_new_ref (arena, signature, 0));
    }
    TamgaPdfObject *lock =
        field != NULL ? tamga_pdf_get (view, field->dict, "Lock") : tamga_pdf_null;
    if (lock->type == TAMGA_PDF_DICT) {
        TamgaPdfObject *params =
            tamga_pdf_new_parsed (arena, "<< /Type /TransformParams /V /1.2 >>");
        tamga_pdf_dict_set (arena, params, "Action",
                            tamga_pdf_clone (arena, tamga_pdf_get (view, lock, "Action")));
        TamgaPdfObject *names = tamga_pdf_get (view, lock, "Fields");
        if (names->type == TAMGA_PDF_ARRAY)
            tamga_pdf_dict_set (arena, params, "Fields", tamga_pdf_clone (arena, names));
        TamgaPdfObject *reference = tamga_pdf_new_parsed (
            arena, "<< /Type /SigRef /TransformMethod /FieldMDP /Data %u %u R >>", root->ref.number,
            root->ref.generation);
        tamga_pdf_dict_set (arena, reference, "TransformParams", params);
        tamga_pdf_array_append (arena, references, reference);
    }
    return references->array.n > 0 ? references : tamga_pdf_null;
}

/* /Fields of the form, which says from now on that there are signatures. */
static TamgaPdfObject *edit_field_list (TamgaPdfUpdate *update, GError **error)
{
    TamgaPdfArena *arena = tamga_pdf_update_arena (update);
    TamgaPdfObject *form = edit_form (update);
    TamgaPdfObject *list =
        form != NULL ? tamga_pdf_update_child (update, form, "Fields", TAMGA_PDF_ARRAY) : NULL;
    if (list == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "the document's form is damaged: /AcroForm or its /Fields has the wrong type "
                     "(ISO 32000-1 12.7.2)");
        return NULL;
    }
    tamga_pdf_dict_set (arena, form, "SigFlags", tamga_pdf_new_integer (arena, SIG_FLAGS));
    return list;
}

gboolean tamga_pdf_field_place_timestamp (TamgaPdfUpdate *update, guint32 stamp, GError **error)
{
    const TamgaSigningParameters invisible = {0};
    if (!check_permissions (tamga_pdf_update_pdf (update), TRUE, error))
        return FALSE;
    g_autoptr (GPtrArray) fields =
        tamga_pdf_fields (tamga_pdf_latest (tamga_pdf_update_pdf (update)));
    g_autofree char *name = new_name (fields, "Timestamp", NULL, error);
    TamgaPdfObject *list = edit_field_list (update, error);
    return list != NULL && add_field (update, &invisible, name, list, stamp, error);
}

gboolean tamga_pdf_field_place (TamgaPdfUpdate *update, const TamgaSigningParameters *parameters,
                                guint32 signature, TamgaPdfObject **references, GPtrArray *findings,
                                GError **error)
{
    const TamgaPdfRevision *view = tamga_pdf_latest (tamga_pdf_update_pdf (update));
    g_autoptr (GPtrArray) fields = tamga_pdf_fields (view);
    const TamgaPdfField *field = NULL;
    if (!choose_field (fields, parameters->field, &field, error))
        return FALSE;
    g_autofree char *name = field != NULL
                                ? g_strdup (field->name)
                                : new_name (fields, "Signature", parameters->field, error);
    if (name == NULL || !check_permissions (view->pdf, field == NULL, error) ||
        !check_allowed (view, fields, parameters->certification, name, error) ||
        (field != NULL && !tamga_pdf_seed_check (view, field->dict, parameters, error)))
        return FALSE;
    TamgaPdfObject *list = edit_field_list (update, error);
    if (list == NULL)
        return FALSE;
    *references = make_references (update, parameters, field, signature);
    return field != NULL ? fill_field (update, parameters, field, signature, findings, error)
                         : add_field (update, parameters, name, list, signature, error);
}
