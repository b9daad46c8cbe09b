/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Levels T, LT and LTA for signatures that are there. */
#include "formats/jose/extend.h"

#include <string.h>

#include "formats/jose/components.h"
#include "formats/jose/edit.h"
#include "formats/jose/read.h"
#include "formats/limits.h"

/* One signature while it is extended. */
typedef struct {
    const TamgaJwsSignature *one;
    const TamgaSignature *signature;
    const TamgaStamper *stamper;
    TamgaJoseComponents *components; /* what is there and what was added */
    TamgaJoseImprints imprints;
    gboolean clear;      /* components are written in the clear, as those that are there */
    GPtrArray *elements; /* char *: JSON texts that were added; `components` borrows them */
    GPtrArray *texts;    /* char *: their base64url */
} Work;

static void add_element (Work *work, const json_t *component)
{
    char *element = tamga_jose_element (component, work->clear);

    g_ptr_array_add (work->elements, element);
    if (!work->clear) {
        char *text = g_strndup (element + 1, strlen (element) - 2);
        g_ptr_array_add (work->texts, text);
        tamga_jose_components_append (work->components, text);
    }
}

static gboolean add_timestamp (Work *work, const char *name, GError **error)
{
    g_autoptr (GBytes) imprint = NULL, token = NULL;
    g_autoptr (json_t) component = NULL;
    g_autoptr (GError) local = NULL;

    if (work->stamper == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "A time-stamp service is needed for this level.");
        return FALSE;
    }
    imprint = tamga_jose_imprint (&work->imprints, name, work->components->list->len,
                                  work->stamper->digest, &local);
    if (imprint == NULL) {
        if (local != NULL)
            g_propagate_error (error, g_steal_pointer (&local));
        else
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_CONTENT,
                         "%s is detached: an archive timestamp covers the documents that were "
                         "signed, and not all of them were given (TS 119 182-1 5.3.6.3).",
                         work->signature->id);
        return FALSE;
    }
    token = work->stamper->stamp (work->stamper, imprint, error);
    if (token == NULL)
        return FALSE;
    component = tamga_jose_component (name, tamga_jose_tokens (token));
    add_element (work, component);
    return TRUE;
}

static gboolean has_component (const Work *work, const char *name)
{
    for (guint i = 0; i < work->components->list->len; i++) {
        if (strcmp (g_array_index (work->components->list, TamgaJoseComponent, i).name, name) == 0)
            return TRUE;
    }
    return FALSE;
}

/* xVals and rVals once; what comes later goes into tstVD. */
static void add_evidence (Work *work, const TamgaEvidence *evidence)
{
    g_autoptr (GPtrArray) made = tamga_jose_component_list ();
    gboolean additional = has_component (work, "xVals") || has_component (work, "rVals") ||
                          has_component (work, "arcTst");

    tamga_jose_add_evidence (made, evidence, work->signature->certificates, work->signature->crls,
                             work->signature->ocsps, additional);
    for (guint i = 0; i < made->len; i++)
        add_element (work, made->pdata[i]);
}

static gboolean add_archive (Work *work, GError **error)
{
    if (!work->components->all_base64 || work->clear) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "%s has unsigned components in the clear, for which no canonical form is "
                     "defined that an archive timestamp could cover (TS 119 182-1 5.3.6.3.1.2).",
                     work->signature->id);
        return FALSE;
    }
    return add_timestamp (work, "arcTst", error);
}

static gboolean add_all (Work *work, const TamgaExtension *extension, GError **error)
{
    if (extension->timestamp && !add_timestamp (work, "sigTst", error))
        return FALSE;
    if (extension->evidence != NULL)
        add_evidence (work, extension->evidence);
    return !extension->archive || add_archive (work, error);
}

/* Which of the JWS's own signatures is this one? */
static gboolean find_index (GPtrArray *signatures, guint wanted, guint *index, GError **error)
{
    *index = 0;
    if (wanted >= signatures->len) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "The JWS has %u signatures: there is no number %u.", signatures->len,
                     wanted + 1);
        return FALSE;
    }
    for (guint i = 0; i < wanted; i++)
        *index += ((TamgaSignature *)signatures->pdata[i])->countersigned == NULL;
    if (((TamgaSignature *)signatures->pdata[wanted])->countersigned == NULL)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "The %s cannot be extended: it lies encoded inside of another signature.",
                 ((TamgaSignature *)signatures->pdata[wanted])->id);
    return FALSE;
}

static GBytes *extend_signature (const TamgaJws *jws, guint index, const TamgaSignature *signature,
                                 const TamgaReadOptions *options, const TamgaExtension *extension,
                                 const TamgaStamper *stamper, GError **error)
{
    const TamgaJwsSignature *one = jws->signatures->pdata[index];
    g_autoptr (TamgaSignature) scratch = tamga_signature_new ("JWS");
    g_autoptr (GPtrArray) elements = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (TamgaJoseComponents) components = tamga_jose_components_new (one, NULL);
    g_autoptr (TamgaJoseContent) content = NULL;
    Work work = {.one = one,
                 .signature = signature,
                 .stamper = stamper,
                 .components = components,
                 .elements = elements,
                 .texts = texts};
    gboolean good;

    if (one->broken != NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "%s cannot be extended: %s", signature->id, one->broken);
        return NULL;
    }
    content = tamga_jose_content_find (jws, one, options, NULL, scratch, error);
    if (content == NULL)
        return NULL;
    work.clear = components->list->len > 0 && components->all_clear;
    tamga_jose_imprints_init (&work.imprints, one, content, components);
    good = add_all (&work, extension, error);
    tamga_jose_imprints_clear (&work.imprints);
    if (!good)
        return NULL;
    if (elements->len == 0)
        return g_bytes_ref (jws->text);
    return tamga_jws_add_components (jws, index, elements, error);
}

static GBytes *extend_one (TamgaDocument *document, GBytes *text, const TamgaReadOptions *options,
                           const TamgaExtension *extension, const TamgaStamper *stamper,
                           GError **error)
{
    g_autoptr (TamgaDocument) now = tamga_document_new (tamga_document_name (document), text);
    g_autoptr (TamgaJws) jws = tamga_jws_open (now, error);
    g_autoptr (GPtrArray) signatures = jws != NULL ? tamga_jose_read (jws, options, error) : NULL;
    guint index;

    if (signatures == NULL || !find_index (signatures, extension->index, &index, error) ||
        !tamga_extension_check (extension, signatures->pdata[extension->index], error))
        return NULL;
    return extend_signature (jws, index, signatures->pdata[extension->index], options, extension,
                             stamper, error);
}

gboolean tamga_jose_extend (TamgaDocument *document, const TamgaReadOptions *options,
                            const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                            TamgaOutput *output, GError **error)
{
    g_autoptr (GBytes) text = tamga_document_bytes (document, 0, tamga_document_size (document),
                                                    TAMGA_MAX_JSON_SIZE, error);

    for (gsize i = 0; text != NULL && i < n; i++) {
        GBytes *next = extend_one (document, text, options, &extensions[i], stamper, error);
        g_bytes_unref (text);
        text = next;
    }
    return text != NULL && tamga_output_write_bytes (output, text, error) &&
           tamga_document_check (document, error);
}
