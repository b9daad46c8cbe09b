/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operations of the table of formats, and the invariants. */
#include "tests/unit/hostile/operations.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <string.h>

/* No operation on a file of some kilobytes may take longer, sanitizers included. */
#define LONGEST (5 * G_USEC_PER_SEC)

gboolean signature_is_good (const TamgaSignature *signature)
{
    if (signature->integrity != TAMGA_INTEGRITY_INTACT)
        return FALSE;
    for (guint i = 0; i < signature->findings->len; i++) {
        const TamgaFinding *finding = signature->findings->pdata[i];
        if (finding->severity == TAMGA_SEVERITY_FATAL)
            return FALSE;
    }
    for (guint i = 0; i < signature->changes->len; i++) {
        const TamgaChange *change = signature->changes->pdata[i];
        if (!change->permitted)
            return FALSE;
    }
    return TRUE;
}

static gboolean is_of_a_person (const TamgaSignature *signature)
{
    return !signature->is_document_timestamp;
}

static gboolean same_value (const TamgaSignature *one, const TamgaSignature *other)
{
    return one->signature_value != NULL && other->signature_value != NULL &&
           g_bytes_equal (one->signature_value, other->signature_value);
}

/* The good signatures of people that were not good (or not there) in `before`. */
static guint count_better (GPtrArray *before, GPtrArray *after)
{
    guint better = 0;
    for (guint i = 0; i < after->len; i++) {
        const TamgaSignature *signature = after->pdata[i];
        gboolean was = FALSE;
        for (guint k = 0; before != NULL && k < before->len; k++)
            was = was || (signature_is_good (before->pdata[k]) &&
                          same_value (before->pdata[k], signature));
        better += is_of_a_person (signature) && signature_is_good (signature) && !was;
    }
    return better;
}

/* ---- What is said of a signature ---- */

static void add_text (GString *told, const char *name, const char *value)
{
    g_string_append_printf (told, "%s=%s\n", name, value != NULL ? value : "-");
}

static void add_texts (GString *told, const char *name, GPtrArray *values)
{
    for (guint i = 0; values != NULL && i < values->len; i++)
        add_text (told, name, values->pdata[i]);
}

static void add_bytes (GString *told, const char *name, GBytes *value)
{
    g_autofree char *digest =
        value != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, value) : NULL;
    add_text (told, name, digest);
}

/* All that a person is told as signed. */
static char *tell (const TamgaSignature *signature)
{
    GString *told = g_string_new (signature->format);
    g_autofree char *numbers = g_strdup_printf ("%d %d %" G_GINT64_FORMAT, (int)signature->binding,
                                                signature->certification, signature->claimed_time);
    add_text (told, " numbers", numbers);
    add_text (told, "packaging", signature->packaging);
    add_text (told, "algorithm", signature->algorithm_text);
    add_text (told, "policy", signature->policy_oid);
    add_text (told, "countersigned", signature->countersigned);
    add_texts (told, "commitment", signature->commitments);
    add_texts (told, "role", signature->roles);
    add_bytes (told, "value", signature->signature_value);
    add_bytes (told, "content", signature->content_digest);
    for (guint i = 0; i < signature->objects->len; i++) {
        const TamgaObject *object = signature->objects->pdata[i];
        add_text (told, "object", object->name);
        add_bytes (told, "digest", object->value);
        add_text (told, "state", object->found && object->equal ? "equal" : "not equal");
    }
    /* Where nothing binds it, a certificate around the same key may take its place: said as NONE.
     */
    if (signature->certificate != NULL && signature->binding != TAMGA_BINDING_NONE) {
        guint8 *der = NULL;
        int size = i2d_X509 (signature->certificate, &der);
        g_autoptr (GBytes) certificate = g_bytes_new (der, (gsize)size);
        add_bytes (told, "certificate", certificate);
        OPENSSL_free (der);
    }
    return g_string_free (told, FALSE);
}

/* XML is what it is in canonical form: quotation marks and white space in tags are spelling. */
static GBytes *canonical (GBytes *bytes)
{
    xmlChar *text = NULL;
    gsize size;
    const char *data = g_bytes_get_data (bytes, &size);
    xmlDoc *document = xmlReadMemory (data, (int)size, NULL, NULL,
                                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (document == NULL)
        return g_bytes_ref (bytes);
    int length = xmlC14NDocDumpMemory (document, NULL, XML_C14N_1_0, NULL, 0, &text);
    GBytes *form = length >= 0 ? g_bytes_new (text, (gsize)length) : g_bytes_ref (bytes);
    xmlFree (text);
    xmlFreeDoc (document);
    return form;
}

/* What comes out of the file; NULL where nothing does. */
static GPtrArray *take_out (const Cell *cell, GBytes *file)
{
    g_autoptr (TamgaDocument) document = cell_open (cell, file);
    if (cell->format->originals == NULL)
        return NULL;
    g_autoptr (GPtrArray) originals =
        cell->format->originals (document, &cell->options, NULL, NULL);
    if (originals == NULL)
        return NULL;
    GPtrArray *contents = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < originals->len; i++) {
        TamgaDocument *original = ((TamgaOriginal *)originals->pdata[i])->document;
        g_autoptr (GBytes) bytes =
            tamga_document_bytes (original, 0, tamga_document_size (original), G_MAXUINT32, NULL);
        if (bytes == NULL)
            continue;
        g_ptr_array_add (contents, cell->form->content == MATRIX_XML ? canonical (bytes)
                                                                     : g_bytes_ref (bytes));
    }
    return contents;
}

/* ---- The invariants ---- */

static void find_gap (Subject *subject, GBytes *file)
{
    gsize size;
    const char *data = g_bytes_get_data (file, &size);
    const char *range = memmem (data, size, "/ByteRange [0 ", 14);
    unsigned long long first, second;
    if (range == NULL || sscanf (range + 14, "%llu %llu", &first, &second) != 2)
        return;
    subject->gap = first;
    subject->after = second;
}

void subject_begin (Subject *subject, const Cell *cell, GBytes *file)
{
    g_autoptr (GError) error = NULL;
    *subject = (Subject){.cell = cell, .signatures = cell_read (cell, file, &error)};
    g_assert_no_error (error);
    subject->originals = take_out (cell, file);
    for (guint i = 0; i < subject->signatures->len; i++)
        g_assert_true (signature_is_good (subject->signatures->pdata[i]));
    if (cell->form->content == MATRIX_PDF)
        find_gap (subject, file);
}

void subject_end (Subject *subject)
{
    g_test_message ("%u good, %u refused, %u errors", subject->good, subject->refused,
                    subject->errors);
    g_ptr_array_unref (subject->signatures);
    g_clear_pointer (&subject->originals, g_ptr_array_unref);
}

static const TamgaSignature *person (GPtrArray *signatures, guint n)
{
    for (guint i = 0; i < signatures->len; i++)
        if (is_of_a_person (signatures->pdata[i]) && n-- == 0)
            return signatures->pdata[i];
    return NULL;
}

static void assert_same (const Subject *subject, GPtrArray *signatures, GBytes *damaged,
                         const char *what, gssize place)
{
    const char *form = subject->cell->form->name;
    const TamgaSignature *one;
    for (guint i = 0; (one = person (signatures, i)) != NULL; i++) {
        const TamgaSignature *good = person (subject->signatures, i);
        g_autofree char *told = tell (one);
        g_autofree char *expected = good != NULL ? tell (good) : g_strdup ("nothing");
        /* Something unsigned beside it may make it cover less of the file; never more. */
        if (strcmp (told, expected) != 0 || one->coverage < good->coverage)
            g_error ("%s, %s at %" G_GSSIZE_FORMAT ": good, and not what was signed:\n%s\n%s", form,
                     what, place, told, expected);
    }
    gboolean in_gap =
        subject->gap < subject->after &&
        (place < 0 || ((gsize)place >= subject->gap && (gsize)place < subject->after));
    if (subject->originals == NULL || in_gap)
        return;
    g_autoptr (GPtrArray) contents = take_out (subject->cell, damaged);
    if (contents == NULL)
        return;
    gboolean same = contents->len == subject->originals->len;
    for (guint i = 0; same && i < contents->len; i++)
        same = g_bytes_equal (contents->pdata[i], subject->originals->pdata[i]);
    if (!same)
        g_error ("%s, %s at %" G_GSSIZE_FORMAT ": good, and other content comes out", form, what,
                 place);
}

static void assert_quick (const Subject *subject, gint64 begin, const char *what)
{
    if (g_get_monotonic_time () - begin > LONGEST)
        g_error ("%s, %s: took too long", subject->cell->form->name, what);
}

void subject_read (Subject *subject, GBytes *damaged, const char *what, gssize place)
{
    gint64 begin = g_get_monotonic_time ();
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures = cell_read (subject->cell, damaged, &error);
    assert_quick (subject, begin, what);
    if (signatures == NULL) {
        g_assert_nonnull (error);
        g_assert_true (g_utf8_validate (error->message, -1, NULL));
        subject->errors++;
        return;
    }
    g_assert_no_error (error);
    gboolean good = signatures->len > 0;
    for (guint i = 0; i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        gboolean one = signature_is_good (signature);
        if (!one && signature->integrity != TAMGA_INTEGRITY_INTACT)
            g_assert_nonnull (signature->integrity_text);
        good = good && (one || !is_of_a_person (signature));
    }
    subject->good += good;
    subject->refused += !good;
    if (good)
        assert_same (subject, signatures, damaged, what, place);
}

/* ---- The other operations ---- */

static GBytes *try_sign (const Cell *cell, const TamgaFormat *format, TamgaDocument *document)
{
    const Entity *party = cell->parties->pdata[1];
    const TamgaSigningParameters parameters = {
        .algorithm = tamga_algorithm_by_name (cell->key->algorithm),
        .certificate = party->certificate,
        .signing_time = THEN,
        .contents = cell->options.contents,
    };
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaPreparation) preparation = format->prepare (document, &parameters, &error);
    g_assert_true ((preparation == NULL) == (error != NULL));
    if (preparation == NULL)
        return NULL;
    g_autoptr (GBytes) raw =
        cell_raw_signature (party, parameters.algorithm, preparation->to_be_signed);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    gboolean done = format->embed (preparation, raw, NULL, NULL, output, &error);
    g_assert_true (done == (error == NULL));
    return done ? cell_finish (output) : NULL;
}

static GBytes *try_extend (const Cell *cell, const TamgaFormat *format, TamgaDocument *document,
                           TamgaLevel level)
{
    if (format->extend == NULL)
        return NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaEvidence) evidence = cell_evidence (cell->scene, ARCHIVED);
    CellStamper stamper = cell_stamper (cell, ARCHIVED);
    const TamgaExtension extension = {
        .timestamp = level == TAMGA_LEVEL_T,
        .evidence = level >= TAMGA_LEVEL_LT ? evidence : NULL,
        .archive = level == TAMGA_LEVEL_LTA,
    };
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    gboolean done =
        format->extend (document, &cell->options, &extension, 1, &stamper.base, output, &error);
    g_assert_true (done == (error == NULL));
    return done ? cell_finish (output) : NULL;
}

static GBytes *try_timestamp (const Cell *cell, const TamgaFormat *format, TamgaDocument *document)
{
    if (format->timestamp == NULL)
        return NULL;
    g_autoptr (GError) error = NULL;
    CellStamper stamper = cell_stamper (cell, ARCHIVED);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    gboolean done = format->timestamp (document, &cell->options, &stamper.base, output, &error);
    g_assert_true (done == (error == NULL));
    return done ? cell_finish (output) : NULL;
}

static void assert_not_better (const Subject *subject, GPtrArray *before, GBytes *written,
                               guint own, const char *operation, const char *what)
{
    if (written == NULL)
        return;
    g_autoptr (GPtrArray) after = cell_read (subject->cell, written, NULL);
    if (after != NULL && count_better (before, after) > own) {
        const TamgaSignature *first = before != NULL ? before->pdata[0] : NULL;
        g_error ("%s, %s: %s made a signature good that was not: %s", subject->cell->form->name,
                 what, operation, first != NULL ? first->integrity_text : "it was not read");
    }
}

void subject_operate (Subject *subject, GBytes *damaged, const char *what)
{
    const Cell *cell = subject->cell;
    gint64 begin = g_get_monotonic_time ();
    g_autoptr (TamgaDocument) document = cell_open (cell, damaged);
    tamga_format_probe (document);
    cell->format->probe (document);
    g_autoptr (GPtrArray) before = cell_read (cell, damaged, NULL);
    g_autoptr (GPtrArray) contents = take_out (cell, damaged);
    g_autoptr (GBytes) with_another = try_sign (cell, cell->format, document);
    assert_not_better (subject, before, with_another, 1, "signing", what);
    for (TamgaLevel level = TAMGA_LEVEL_T; level <= TAMGA_LEVEL_LTA; level++) {
        g_autoptr (GBytes) extended = try_extend (cell, cell->format, document, level);
        assert_not_better (subject, before, extended, 0, "extending", what);
    }
    g_autoptr (GBytes) stamped = try_timestamp (cell, cell->format, document);
    assert_not_better (subject, before, stamped, 0, "a timestamp", what);
    assert_quick (subject, begin, what);
}

void operate_all (const Cell *cell, const TamgaFormat *format, TamgaDocument *document)
{
    format->probe (document);
    g_autoptr (GPtrArray) signatures = format->read (document, &cell->options, NULL);
    for (guint i = 0; signatures != NULL && i < signatures->len; i++)
        g_assert_false (signature_is_good (signatures->pdata[i]));
    if (format->originals != NULL) {
        g_autoptr (GPtrArray) originals = format->originals (document, &cell->options, NULL, NULL);
    }
    g_autoptr (GBytes) with_another = try_sign (cell, format, document);
    g_autoptr (GBytes) extended = try_extend (cell, format, document, TAMGA_LEVEL_LTA);
    if (extended != NULL)
        g_error ("%s extended a file without a signature of its own: %s", format->name,
                 tamga_document_name (document));
    g_autoptr (GBytes) stamped = try_timestamp (cell, format, document);
}
