/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing revisions, and judging changes by the permissions of a signature. */
#include "formats/pdf/revisions.h"

#include <string.h>

#include "formats/pdf/rules.h"

/* Streams that differ are read in whole; longer ones count as different. */
#define MAX_COMPARED (256u * 1024 * 1024)

/* Which DocMDP permission allows what (ISO 32000-2 table 257; EN 319 142-1 5.5 for evidence and
 * document time-stamps, which P 1 does not forbid). By P; [0] is a document without certification,
 * where filling in, signing and evidence are allowed. A signer may draw over text there, as a stamp
 * does, and it is said; a certified text may not be covered (S&P 2021, sneaky signature). */
static const struct {
    const char *name;
    gboolean allowed[4];
} rules[] = {
    [TAMGA_RULE_UNEXPLAINED] = {"unexplained", {FALSE, FALSE, FALSE, FALSE}},
    [TAMGA_RULE_DSS] = {"dss", {TRUE, TRUE, TRUE, TRUE}},
    [TAMGA_RULE_TIMESTAMP] = {"document-timestamp", {TRUE, TRUE, TRUE, TRUE}},
    [TAMGA_RULE_METADATA] = {"metadata", {TRUE, TRUE, TRUE, TRUE}},
    [TAMGA_RULE_SIGNATURE] = {"signature", {TRUE, FALSE, TRUE, TRUE}},
    [TAMGA_RULE_EMPTY_FIELD] = {"empty-signature-field", {TRUE, FALSE, TRUE, TRUE}},
    [TAMGA_RULE_FORM_FILL] = {"form-fill", {TRUE, FALSE, TRUE, TRUE}},
    [TAMGA_RULE_TAGS] = {"tags", {TRUE, FALSE, TRUE, TRUE}},
    [TAMGA_RULE_OVER_TEXT] = {"over-text", {TRUE, FALSE, FALSE, FALSE}},
    [TAMGA_RULE_ANNOTATION] = {"annotation", {FALSE, FALSE, FALSE, TRUE}},
};

/* Objects times revisions that are walked through before a file counts as an attack on our time. */
#define MAX_WORK (100u * 1000 * 1000)
/* References that are followed when values are compared. */
#define MAX_VALUE_DEPTH 8

struct _TamgaPdfHistory {
    TamgaPdf *pdf;
    GPtrArray *atoms;
};

static gboolean same_place (const TamgaPdfXref *a, const TamgaPdfXref *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->type == b->type && a->offset == b->offset && a->generation == b->generation;
}

static TamgaPdfObject *load_entry (const TamgaPdfRevision *view, const TamgaPdfXref *entry)
{
    if (entry == NULL || entry->type == 0)
        return tamga_pdf_null;
    return tamga_pdf_load (view, entry->number, entry->type == 1 ? entry->generation : 0);
}

/* Dictionaries without /Length, which may be written in other ways. */
static gboolean same_stream_dict (TamgaPdfArena *arena, TamgaPdfObject *a, TamgaPdfObject *b)
{
    TamgaPdfObject *x = tamga_pdf_clone (arena, a), *y = tamga_pdf_clone (arena, b);
    tamga_pdf_dict_remove (x, "Length");
    tamga_pdf_dict_remove (y, "Length");
    return tamga_pdf_equal (x, y);
}

/* Equal with references followed: writers turn direct values into objects and back. A reference to
 * the same number is equal here; that object is judged on its own. */
static gboolean same_value (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new,
                            guint depth);

static gboolean same_object (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new)
{
    if (old->type != TAMGA_PDF_STREAM || new->type != TAMGA_PDF_STREAM)
        return tamga_pdf_equal (old, new);
    if (!same_stream_dict (step->after->pdf->arena, old, new))
        return FALSE;
    g_autoptr (GBytes) a = tamga_pdf_stream_raw (step->before, old, MAX_COMPARED, NULL);
    g_autoptr (GBytes) b = tamga_pdf_stream_raw (step->after, new, MAX_COMPARED, NULL);
    return a != NULL && b != NULL && g_bytes_equal (a, b);
}

static gboolean same_dict (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new,
                           guint depth)
{
    for (gsize i = 0; i < old->dict.n; i++) {
        TamgaPdfObject *other = tamga_pdf_key (new, old->dict.entries[i].key);
        if (!same_value (step, old->dict.entries[i].value, other, depth))
            return FALSE;
    }
    for (gsize i = 0; i < new->dict.n; i++) {
        if (tamga_pdf_key (old, new->dict.entries[i].key) == tamga_pdf_null &&
            new->dict.entries[i].value->type != TAMGA_PDF_NULL)
            return FALSE;
    }
    return TRUE;
}

static gboolean same_value (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new,
                            guint depth)
{
    if (old->type != TAMGA_PDF_STREAM && tamga_pdf_equal (old, new))
        return TRUE;
    if (depth == 0)
        return FALSE;
    old = tamga_pdf_resolve (step->before, old);
    new = tamga_pdf_resolve (step->after, new);
    if (old->type == TAMGA_PDF_ARRAY && new->type == TAMGA_PDF_ARRAY) {
        gboolean same = old->array.n == new->array.n;
        for (gsize i = 0; same && i < old->array.n; i++)
            same = same_value (step, old->array.items[i], new->array.items[i], depth - 1);
        return same;
    }
    if (old->type == TAMGA_PDF_DICT && new->type == TAMGA_PDF_DICT)
        return same_dict (step, old, new, depth - 1);
    return same_object (step, old, new);
}

/* Hide and replace: what lay unused in the signed bytes is used now. */
static void check_use (const TamgaPdfObject *ref, gpointer data)
{
    TamgaPdfStep *step = data;
    const TamgaPdfXref *old = tamga_pdf_lookup (step->before, ref->ref.number);
    const TamgaPdfXref *new = tamga_pdf_lookup (step->after, ref->ref.number);
    if (old == NULL || old->type == 0 || !same_place (old, new) ||
        tamga_pdf_roles_of (step->old_roles, ref->ref.number) != 0)
        return;
    g_autofree char *object = g_strdup_printf ("object %u", ref->ref.number);
    tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, object,
                         "object %u lay unused in the signed document and is used now",
                         ref->ref.number);
}

static gboolean is_structural_stream (TamgaPdfObject *object)
{
    TamgaPdfObject *type = tamga_pdf_key (object, "Type");
    return object->type == TAMGA_PDF_STREAM &&
           (tamga_pdf_is_name (type, "XRef") || tamga_pdf_is_name (type, "ObjStm"));
}

static gboolean same_value_of_key (TamgaPdfStep *step, TamgaPdfObject *old, TamgaPdfObject *new)
{
    return same_value (step, old, new, MAX_VALUE_DEPTH);
}

static void compare_entry (TamgaPdfStep *step, guint32 number)
{
    TamgaPdfObject *old = load_entry (step->before, tamga_pdf_lookup (step->before, number));
    TamgaPdfObject *new = load_entry (step->after, tamga_pdf_lookup (step->after, number));
    if (tamga_pdf_has_duplicates (new) && !tamga_pdf_has_duplicates (old)) {
        g_autofree char *object = g_strdup_printf ("object %u", number);
        tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, object,
                             "object %u was written with a key twice: readers differ on which one "
                             "counts",
                             number);
    }
    if (same_value (step, old, new, MAX_VALUE_DEPTH))
        return;
    tamga_pdf_rules_object (step, number, old, new);
    if (!is_structural_stream (new))
        tamga_pdf_foreach_ref (new, check_use, step);
}

/* Objects whose own entry is as before, in an object stream that was replaced. */
static void compare_contained (TamgaPdfStep *step, GHashTable *containers)
{
    GPtrArray *sections = step->after->pdf->sections;
    for (guint i = step->before->top; i < sections->len; i++) {
        const TamgaPdfSection *section = sections->pdata[i];
        for (gsize k = 0; k < section->n; k++) {
            const TamgaPdfXref *entry = &section->entries[k];
            if (entry->type == 2 && entry->offset <= G_MAXUINT32 &&
                g_hash_table_contains (containers, GUINT_TO_POINTER ((guint)entry->offset)) &&
                tamga_pdf_lookup (step->after, entry->number) == entry)
                compare_entry (step, entry->number);
        }
    }
}

static void compare_sections (TamgaPdfStep *step)
{
    GPtrArray *sections = step->after->pdf->sections;
    g_autoptr (GHashTable) containers = g_hash_table_new (NULL, NULL);
    for (guint i = step->after->top; i < step->before->top; i++) {
        const TamgaPdfSection *section = sections->pdata[i];
        for (gsize k = 0; k < section->n; k++) {
            guint32 number = section->entries[k].number;
            const TamgaPdfXref *old = tamga_pdf_lookup (step->before, number);
            if (same_place (old, tamga_pdf_lookup (step->after, number)))
                continue;
            compare_entry (step, number);
            if (old != NULL && old->type == 1)
                g_hash_table_add (containers, GUINT_TO_POINTER (number));
        }
    }
    if (g_hash_table_size (containers) > 0)
        compare_contained (step, containers);
}

static void compare_trailers (TamgaPdfStep *step)
{
    static const char *const fixed[] = {"Root", "Encrypt", NULL};
    for (gsize i = 0; fixed[i] != NULL; i++) {
        if (!tamga_pdf_equal (tamga_pdf_key (step->before->trailer, fixed[i]),
                              tamga_pdf_key (step->after->trailer, fixed[i])))
            tamga_pdf_rules_add (step, TAMGA_RULE_UNEXPLAINED, NULL, "trailer",
                                 "/%s of the trailer was changed", fixed[i]);
    }
    if (!tamga_pdf_equal (tamga_pdf_key (step->before->trailer, "Info"),
                          tamga_pdf_key (step->after->trailer, "Info")))
        tamga_pdf_rules_add (step, TAMGA_RULE_METADATA, NULL, "trailer",
                             "title, author or other metadata were replaced");
}

/* `old_roles` are those of the revision before `number`; returns those of `number`. */
static TamgaPdfRoles *compare_revisions (TamgaPdfHistory *history, guint number,
                                         TamgaPdfRoles *old_roles, GHashTable *intact)
{
    TamgaPdf *pdf = history->pdf;
    TamgaPdfStep step = {.same = same_value_of_key,
                         .before = tamga_pdf_revision (pdf, number - 1),
                         .after = tamga_pdf_revision (pdf, number),
                         .intact = intact,
                         .atoms = history->atoms};
    g_autoptr (TamgaPdfRoles) new_roles = tamga_pdf_roles_new (step.after);
    g_autoptr (GHashTable) widgets = g_hash_table_new (NULL, NULL);
    g_autoptr (GHashTable) changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    step.old_roles = old_roles;
    step.new_roles = new_roles;
    step.widgets = widgets;
    step.changed = changed;
    guint count = history->atoms->len;
    tamga_pdf_rules_fields (&step);
    compare_trailers (&step);
    compare_sections (&step);
    if (pdf->error != NULL) {
        tamga_pdf_rules_add (&step, TAMGA_RULE_UNEXPLAINED, NULL, "file",
                             "the revisions cannot be compared: %s", pdf->error->message);
        g_clear_error (&pdf->error);
    }
    if (history->atoms->len == count)
        tamga_pdf_rules_add (&step, TAMGA_RULE_METADATA, NULL, "file",
                             "the file was saved again without a change to what is shown");
    return g_steal_pointer (&new_roles);
}

/* Says that later revisions were not looked at, which is as good as a forbidden change. */
static void give_up (TamgaPdfHistory *history, guint revision)
{
    TamgaPdfAtom *atom = g_new0 (TamgaPdfAtom, 1);
    atom->revision = revision;
    atom->rule = TAMGA_RULE_UNEXPLAINED;
    atom->object = g_strdup ("file");
    atom->text = g_strdup ("the file has too many revisions and objects to compare them all");
    g_ptr_array_add (history->atoms, atom);
}

TamgaPdfHistory *tamga_pdf_history_new (TamgaPdf *pdf, guint first, GHashTable *intact)
{
    TamgaPdfHistory *history = g_new0 (TamgaPdfHistory, 1);
    history->pdf = pdf;
    history->atoms = g_ptr_array_new_with_free_func (tamga_pdf_atom_free);
    g_autoptr (TamgaPdfRoles) roles = NULL;
    guint64 work = 0;
    for (guint r = MAX (2, first); r <= pdf->revisions->len; r++) {
        if (roles == NULL)
            roles = tamga_pdf_roles_new (tamga_pdf_revision (pdf, r - 1));
        TamgaPdfRoles *next = compare_revisions (history, r, roles, intact);
        tamga_pdf_roles_free (roles);
        roles = next;
        work += (guint64)g_hash_table_size (roles->roles) * r;
        if (work > MAX_WORK && r < pdf->revisions->len) {
            give_up (history, r + 1);
            break;
        }
    }
    return history;
}

void tamga_pdf_history_free (TamgaPdfHistory *history)
{
    if (history == NULL)
        return;
    g_ptr_array_unref (history->atoms);
    g_free (history);
}

static gboolean same_change (const TamgaChange *change, const TamgaPdfAtom *atom)
{
    return change->revision == atom->revision && strcmp (change->text, atom->text) == 0;
}

GPtrArray *tamga_pdf_history_changes (TamgaPdfHistory *history, guint revision, int permission,
                                      TamgaPdfObject *signature)
{
    GPtrArray *changes = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_change_free);
    const TamgaPdfRevision *view = tamga_pdf_revision (history->pdf, revision);
    g_assert (permission >= 0 && permission <= 3);
    for (guint i = 0; i < history->atoms->len; i++) {
        const TamgaPdfAtom *atom = history->atoms->pdata[i];
        if (atom->revision <= revision ||
            (changes->len > 0 && same_change (changes->pdata[changes->len - 1], atom)))
            continue;
        gboolean allowed = rules[atom->rule].allowed[permission];
        const char *name = rules[atom->rule].name;
        if (allowed && atom->field != NULL &&
            tamga_pdf_locks_field (view, signature, atom->field)) {
            allowed = FALSE;
            name = "locked-field";
        }
        g_ptr_array_add (
            changes, tamga_change_new (atom->revision, allowed, name, atom->object, atom->text));
    }
    return changes;
}
