/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the covered bytes of each format lie. The places are found without the code that verifies,
 * as far as that is possible. */
#include "tests/conformance/flip.h"

#include <string.h>

#include "formats/cms/signed_data.h"
#include "formats/zip/container.h"

/* Entries of the containers of the corpus are smaller. */
#define MAX_ENTRY (64u * 1024 * 1024)

void flip_free (Flip *flip)
{
    g_bytes_unref (flip->file);
    g_free (flip->object);
    g_free (flip);
}

GBytes *flip_byte (GBytes *bytes, gsize offset)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);
    guint8 *copy = g_memdup2 (data, size);
    g_assert_cmpuint (offset, <, size);
    copy[offset] ^= 1;
    return g_bytes_new_take (copy, size);
}

/* Takes `file`. */
static Flip *add (GPtrArray *flips, GBytes *file, const char *object, const char *what)
{
    Flip *flip = g_new0 (Flip, 1);
    flip->file = file;
    flip->object = g_strdup (object);
    flip->what = what;
    g_ptr_array_add (flips, flip);
    return flip;
}

/* The minor version in "%PDF-1.4": the first range begins at 0. */
static void flip_pdf (GPtrArray *flips, GBytes *file,
                      const TamgaValidation *validation G_GNUC_UNUSED)
{
    if (g_bytes_get_size (file) > 8)
        add (flips, flip_byte (file, 7), NULL, "the version of the PDF");
}

static void flip_cms (GPtrArray *flips, GBytes *file,
                      const TamgaValidation *validation G_GNUC_UNUSED)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("file", file);
    g_autoptr (TamgaSignedData) data = tamga_signed_data_parse (document, NULL);
    if (data == NULL || !data->has_content || data->content_size == 0)
        return;
    const TamgaRange *range = &g_array_index (data->content, TamgaRange, 0);
    add (flips, flip_byte (file, range->offset + range->length / 2), NULL, "the content");
}

/* --- XML --- */

/* Every SigningTime is under the signature of its own: one digit of each. */
static void flip_signing_times (GPtrArray *flips, GBytes *file)
{
    static const char tag[] = "SigningTime>";
    gsize size, found = 0;
    const char *text = g_bytes_get_data (file, &size);
    char *copy = g_memdup2 (text, size);
    for (const char *at = text; (at = memmem (at, size - (gsize)(at - text), tag, strlen (tag)));) {
        at += strlen (tag);
        gsize offset = (gsize)(at - text) + 3;
        if (offset < size && g_ascii_isdigit (copy[offset])) {
            copy[offset] ^= 1;
            found++;
        }
    }
    if (found > 0)
        add (flips, g_bytes_new_take (copy, size), NULL, "the signing time")->timed = TRUE;
    else
        g_free (copy);
}

/* Name of the element whose tag begins at `at`, without its prefix; "" for other markup. */
static char *local_name (const char *at, const char *end)
{
    const char *start = at, *name = at;
    while (at < end && !strchr (" \t\r\n/>", *at)) {
        if (*at++ == ':')
            name = at;
    }
    return *start == '!' || *start == '?' ? g_strdup ("") : g_strndup (name, (gsize)(at - name));
}

/* A letter or digit of the text outside of all signatures; FALSE: there is none. */
static gboolean text_outside (const char *text, gsize size, gsize *offset)
{
    const char *end = text + size;
    guint depth = 0;
    for (const char *at = memchr (text, '<', size); at != NULL && at < end;) {
        gboolean closing = at + 1 < end && at[1] == '/';
        g_autofree char *name = local_name (at + 1 + (closing ? 1 : 0), end);
        gboolean comment = end - at > 4 && memcmp (at, "<!--", 4) == 0;
        const char *close = comment ? memmem (at, (gsize)(end - at), "-->", 3)
                                    : memchr (at, '>', (gsize)(end - at));
        if (close == NULL)
            return FALSE;
        close += comment ? 2 : 0;
        if (g_str_equal (name, "Signature") && close[-1] != '/')
            depth += closing ? (guint)-1 : 1;
        const char *next = memchr (close, '<', (gsize)(end - close));
        gsize length = next != NULL ? (gsize)(next - close) - 1 : 0;
        gboolean plain = length > 0 && memchr (close + 1, '&', length) == NULL;
        for (gsize i = 0; depth == 0 && plain && i < length; i++) {
            if (!g_ascii_isalnum (close[1 + i]))
                continue;
            *offset = (gsize)(close + 1 + i - text);
            return TRUE;
        }
        at = next;
    }
    return FALSE;
}

static gboolean whole_document (const TamgaValidation *validation)
{
    for (guint i = 0; i < validation->signatures->len; i++) {
        const TamgaSignature *signature =
            ((const TamgaValidatedSignature *)validation->signatures->pdata[i])->signature;
        if (signature->countersigned == NULL &&
            (signature->coverage != TAMGA_COVERS_WHOLE ||
             g_strcmp0 (signature->packaging, "enveloped") != 0))
            return FALSE;
    }
    return TRUE;
}

static void flip_xml (GPtrArray *flips, GBytes *file, const TamgaValidation *validation)
{
    gsize size, offset;
    const char *text = g_bytes_get_data (file, &size);
    if (memchr (text, '\0', size) != NULL)
        return; /* UTF-16 */
    flip_signing_times (flips, file);
    if (whole_document (validation) && text_outside (text, size, &offset))
        add (flips, flip_byte (file, offset), NULL, "the text of the document");
}

/* --- JSON --- */

/* Another character of base64 there. */
static GBytes *other_letter (GBytes *file, gsize offset)
{
    gsize size;
    char *copy = g_memdup2 (g_bytes_get_data (file, &size), g_bytes_get_size (file));
    copy[offset] = copy[offset] == 'A' ? 'B' : 'A';
    return g_bytes_new_take (copy, size);
}

/* The value of a member, by the text alone. FALSE: none, or an empty one. */
static gboolean member (const char *text, gsize size, const char *key, gsize *offset)
{
    g_autofree char *quoted = g_strdup_printf ("\"%s\"", key);
    const char *at = memmem (text, size, quoted, strlen (quoted));
    const char *end = text + size;
    if (at == NULL)
        return FALSE;
    at += strlen (quoted);
    while (at < end && (g_ascii_isspace (*at) || *at == ':'))
        at++;
    const char *close = at < end && *at == '"' ? memchr (at + 1, '"', (gsize)(end - at - 1)) : NULL;
    if (close == NULL || close - at < 4)
        return FALSE;
    *offset = (gsize)(at - text) + (gsize)(close - at) / 2;
    return TRUE;
}

static void flip_jose (GPtrArray *flips, GBytes *file,
                       const TamgaValidation *validation G_GNUC_UNUSED)
{
    gsize size, offset;
    const char *text = g_bytes_get_data (file, &size);
    const char *first = memchr (text, '.', size);
    const char *second =
        first != NULL ? memchr (first + 1, '.', size - (gsize)(first + 1 - text)) : NULL;
    if (memchr (text, '{', MIN (size, 16)) == NULL && second != NULL && second - first > 4)
        add (flips, other_letter (file, (gsize)(first - text) + (gsize)(second - first) / 2), NULL,
             "the payload");
    else if (member (text, size, "payload", &offset))
        add (flips, other_letter (file, offset), NULL, "the payload");
}

/* --- containers --- */

/* The container with the middle byte of one entry changed; NULL: it has none. */
static GBytes *change_entry (TamgaZip *zip, const char *name)
{
    g_autoptr (GPtrArray) parts =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_zip_part_free);
    g_autoptr (TamgaOutput) output = tamga_output_new_memory ();
    GPtrArray *entries = tamga_zip_entries (zip);
    gboolean changed = FALSE;
    for (guint i = 0; i < entries->len; i++) {
        const TamgaZipEntry *entry = entries->pdata[i];
        if (!g_str_equal (entry->name, name)) {
            g_ptr_array_add (parts, tamga_zip_part_new (entry->name, NULL, entry));
            continue;
        }
        g_autoptr (GBytes) bytes = tamga_zip_bytes (zip, entry, MAX_ENTRY, NULL);
        if (bytes == NULL || g_bytes_get_size (bytes) == 0)
            return NULL;
        g_autoptr (GBytes) other = flip_byte (bytes, g_bytes_get_size (bytes) / 2);
        g_autoptr (TamgaDocument) document = tamga_document_new (entry->name, other);
        g_ptr_array_add (parts, tamga_zip_part_new (entry->name, document, NULL));
        changed = TRUE;
    }
    if (!changed || !tamga_zip_write (zip, parts, output, NULL, NULL, NULL) ||
        !tamga_output_commit (output, NULL))
        return NULL;
    return tamga_output_steal_bytes (output);
}

/* Each file that a signature covers; where the signature lists none, the content there is. */
static void flip_container (GPtrArray *flips, GBytes *file, const TamgaValidation *validation)
{
    g_autoptr (TamgaDocument) document = tamga_document_new ("container", file);
    g_autoptr (TamgaZip) zip = tamga_zip_open (document, NULL);
    GPtrArray *entries = zip != NULL ? tamga_zip_entries (zip) : NULL;
    for (guint i = 0; entries != NULL && i < entries->len; i++) {
        const TamgaZipEntry *entry = entries->pdata[i];
        gboolean listed = FALSE, unlisted = FALSE;
        for (guint k = 0; k < validation->signatures->len; k++) {
            const TamgaSignature *signature =
                ((const TamgaValidatedSignature *)validation->signatures->pdata[k])->signature;
            unlisted =
                unlisted || (signature->objects->len == 0 && signature->countersigned == NULL);
            for (guint j = 0; j < signature->objects->len; j++)
                listed = listed || g_strcmp0 (((TamgaObject *)signature->objects->pdata[j])->name,
                                              entry->name) == 0;
        }
        gboolean content = !g_str_has_prefix (entry->name, "META-INF/") &&
                           !g_str_equal (entry->name, "mimetype") && entry->size > 0;
        if (!content || (!listed && !unlisted))
            continue;
        GBytes *changed = change_entry (zip, entry->name);
        if (changed != NULL)
            add (flips, changed, listed ? entry->name : NULL, "a file of the container");
    }
}

GPtrArray *flip_file (const char *format, GBytes *file, const TamgaValidation *validation)
{
    static const struct {
        const char *format;
        void (*flip) (GPtrArray *flips, GBytes *file, const TamgaValidation *validation);
    } rows[] = {
        {"pades", flip_pdf},  {"cades", flip_cms},        {"xades", flip_xml},
        {"jades", flip_jose}, {"asic-e", flip_container}, {"asic-s", flip_container},
    };
    GPtrArray *flips = g_ptr_array_new_with_free_func ((GDestroyNotify)flip_free);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (g_str_equal (rows[i].format, format))
            rows[i].flip (flips, file, validation);
    }
    return flips;
}
