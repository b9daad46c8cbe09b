/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a container around documents, or one more signature in a container. The signature itself
 * is the matter of CAdES and XAdES: they are given the file, its manifest or digests to sign. */
#include "formats/zip/make.h"

#include <string.h>

#include "formats/cms/cades.h"
#include "formats/limits.h"
#include "formats/xml/xades.h"
#include "formats/zip/read.h"
#include "formats/zip/rewrite.h"

#define SIGNATURE_S_CADES TAMGA_ASIC_META "signature.p7s"
#define SIGNATURE_S_XADES TAMGA_ASIC_META "signatures.xml"
#define TYPE_CMS "application/pkcs7-signature"

typedef struct {
    TamgaPreparation base;
    TamgaAsicKind kind;
    TamgaAsic *asic; /* the container that is added to; NULL: a new one */
    TamgaAsicRewrite *rewrite;
    GPtrArray *references; /* TamgaAsicReference: what is signed */
    guint fresh;           /* files that were not there before */
    TamgaPreparation *inner;
    char *name;                    /* of the signature file */
    const TamgaZipEntry *replaced; /* the signature file that gets one more; or NULL */
} Preparation;

static void preparation_free (TamgaPreparation *base)
{
    Preparation *preparation = (Preparation *)base;

    g_clear_pointer (&preparation->inner, tamga_preparation_free);
    g_ptr_array_unref (preparation->references);
    tamga_asic_rewrite_free (preparation->rewrite);
    tamga_asic_free (preparation->asic);
    g_free (preparation->name);
    g_free (preparation);
}

static const char *type_of (const TamgaAsicKind *kind)
{
    return kind->simple ? TAMGA_ASIC_TYPE_S : TAMGA_ASIC_TYPE_E;
}

/* ---- What is signed ---- */

char *tamga_asic_payload_name (TamgaDocument *document, GError **error)
{
    g_autofree char *name = g_path_get_basename (tamga_document_name (document));

    if (tamga_zip_name_is_safe (name) && tamga_asic_role (name) == TAMGA_ASIC_PAYLOAD &&
        g_ascii_strcasecmp (name, TAMGA_ASIC_MIMETYPE) != 0 &&
        g_ascii_strcasecmp (name, "META-INF") != 0)
        return g_steal_pointer (&name);
    tamga_format_refuse (
        error, TAMGA_FORMAT_ERROR_PARAMETER,
        "%s cannot be put into a container under its name: that is not UTF-8, has characters "
        "that some systems do not take, or is one that the container itself uses.",
        tamga_document_name (document));
    return NULL;
}

static TamgaAsicReference *add_reference (Preparation *preparation, const char *name,
                                          const char *mime_type)
{
    TamgaAsicReference *reference = tamga_asic_reference_new ();

    reference->uri = tamga_asic_uri (name);
    reference->mime_type = g_strdup (mime_type != NULL ? mime_type : tamga_asic_mime_type (name));
    reference->digest = tamga_digest_for_xml (tamga_algorithm_digest (preparation->base.algorithm));
    g_ptr_array_add (preparation->references, reference);
    return reference;
}

/* One more file, hashed and measured in one reading. */
static gboolean add_document (Preparation *preparation, TamgaDocument *document,
                              const char *mime_type, const TamgaSigningParameters *parameters,
                              GError **error)
{
    g_autofree char *name = tamga_asic_payload_name (document, error);
    TamgaAsicReference *reference;
    TamgaZipPart *part;

    if (name == NULL)
        return FALSE;
    reference = add_reference (preparation, name, mime_type);
    preparation->fresh++;
    part = tamga_asic_rewrite_add (preparation->rewrite, name, document);
    part->measured = TRUE;
    return tamga_zip_measure (document, &reference->digest, 1, &reference->value, &part->crc,
                              parameters->progress, parameters->progress_data, error) &&
           tamga_document_check (document, error);
}

static gboolean add_documents (Preparation *preparation, TamgaDocument *document,
                               const TamgaSigningParameters *parameters, GError **error)
{
    const GPtrArray *others = parameters->documents;

    if (document != NULL &&
        !add_document (preparation, document, parameters->content_type, parameters, error))
        return FALSE;
    for (guint i = 0; others != NULL && i < others->len; i++) {
        if (!add_document (preparation, others->pdata[i], NULL, parameters, error))
            return FALSE;
    }
    return TRUE;
}

/* The payload that is there already. */
static gboolean add_payload (Preparation *preparation, GError **error)
{
    const GPtrArray *payload = preparation->asic->roles[TAMGA_ASIC_PAYLOAD];

    for (guint i = 0; i < payload->len; i++) {
        const TamgaZipEntry *entry = payload->pdata[i];
        TamgaAsicReference *reference = add_reference (preparation, entry->name, NULL);
        reference->value = tamga_asic_digest (preparation->asic, entry, reference->digest, error);
        if (reference->value == NULL)
            return FALSE;
    }
    return TRUE;
}

/* Names of all that is written must be told apart on every system. */
static gboolean check_names (Preparation *preparation, GError **error)
{
    g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *entries =
        preparation->asic != NULL ? tamga_zip_entries (preparation->asic->zip) : NULL;

    for (guint i = 0; entries != NULL && i < entries->len; i++)
        g_hash_table_add (keys, tamga_zip_name_key (((TamgaZipEntry *)entries->pdata[i])->name));
    for (guint i = 0; i < preparation->rewrite->added->len; i++) {
        const char *name = ((TamgaZipPart *)preparation->rewrite->added->pdata[i])->name;
        if (!g_hash_table_add (keys, tamga_zip_name_key (name)))
            return tamga_format_refuse (
                error, TAMGA_FORMAT_ERROR_PARAMETER,
                "Two files of the container would be called \"%s\", or would be taken "
                "for the same on some systems.",
                name);
    }
    return TRUE;
}

/* ---- A container that is there ---- */

static gboolean check_kind (const Preparation *preparation, GError **error)
{
    const TamgaAsic *asic = preparation->asic;
    const TamgaAsicKind *kind = &preparation->kind;
    TamgaAsicRole other = kind->cades ? TAMGA_ASIC_XADES : TAMGA_ASIC_CADES;
    TamgaAsicRole own = kind->cades ? TAMGA_ASIC_CADES : TAMGA_ASIC_XADES;
    const char *name = tamga_document_name (asic->document);

    if (asic->roles[other]->len > 0)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
            "%s has signatures of the other kind, %s: a container has one kind only "
            "(EN 319 162-1 4.4.2).",
            name, kind->cades ? "XAdES" : "CAdES");
    if (kind->simple && asic->roles[TAMGA_ASIC_STAMP]->len > 0)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
            "%s has a timestamp over its file, and an ASiC-S container has either that "
            "or signatures (EN 319 162-1 4.3.3.2).",
            name);
    if (kind->simple && (asic->roles[TAMGA_ASIC_PAYLOAD]->len != 1 || asic->roles[own]->len > 1))
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_MALFORMED,
            "%s is of kind ASiC-S, but has not one file and one file of signatures "
            "(EN 319 162-1 4.3.3.2).",
            name);
    return asic->roles[TAMGA_ASIC_PAYLOAD]->len > 0 ||
           tamga_format_refuse (error, TAMGA_FORMAT_ERROR_NO_CONTENT,
                                "%s has no file to be signed.", name);
}

/* Has a manifest or an XML signature a digest of this file? */
static gboolean is_covered (TamgaAsic *asic, GPtrArray *signatures, const TamgaZipEntry *entry)
{
    for (guint i = 0; signatures != NULL && i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        for (guint k = 0; k < signature->objects->len; k++) {
            const TamgaObject *object = signature->objects->pdata[k];
            if (tamga_asic_find (asic, object->name) == entry)
                return TRUE;
        }
    }
    return FALSE;
}

/* What was signed earlier is looked at: nobody adds to something broken without knowing. */
static gboolean check_earlier (Preparation *preparation, GPtrArray **signatures, GArray *origins,
                               GError **error)
{
    g_autoptr (GError) problem = NULL;

    *signatures = tamga_asic_read_all (preparation->asic, origins, &problem);
    if (*signatures == NULL &&
        !g_error_matches (problem, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE)) {
        g_propagate_error (error, g_steal_pointer (&problem));
        return FALSE;
    }
    for (guint i = 0; *signatures != NULL && i < (*signatures)->len; i++) {
        const TamgaSignature *signature = (*signatures)->pdata[i];
        if (signature->integrity != TAMGA_INTEGRITY_INTACT)
            g_ptr_array_add (preparation->base.findings,
                             tamga_finding_new (TAMGA_SEVERITY_WARNING, "asic-earlier-not-intact",
                                                signature->id, NULL,
                                                "The earlier %s is not intact: %s", signature->id,
                                                signature->integrity_text));
    }
    return TRUE;
}

/* META-INF/manifest.xml with the new files in it, where there is one or XAdES wants one
 * (EN 319 162-1 4.4.3.2). */
static gboolean renew_list (Preparation *preparation, GPtrArray *signatures, GError **error)
{
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GPtrArray) types = g_ptr_array_new ();
    const TamgaZipEntry *old =
        preparation->asic != NULL ? tamga_zip_find (preparation->asic->zip, TAMGA_ASIC_ODF_MANIFEST)
                                  : NULL;
    g_autoptr (GBytes) list = NULL;

    if (preparation->fresh == 0 ||
        (old == NULL &&
         (preparation->kind.simple || preparation->kind.cades || preparation->asic != NULL)))
        return TRUE;
    for (guint i = 0; i < preparation->references->len; i++) {
        const TamgaAsicReference *reference = preparation->references->pdata[i];
        g_ptr_array_add (names, g_uri_unescape_string (reference->uri, NULL));
        g_ptr_array_add (types, reference->mime_type);
    }
    list = tamga_asic_odf_make (type_of (&preparation->kind), names, types);
    if (old == NULL) {
        tamga_asic_rewrite_add_bytes (preparation->rewrite, TAMGA_ASIC_ODF_MANIFEST, list);
        return TRUE;
    }
    if (is_covered (preparation->asic, signatures, old))
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
            "%s cannot get further files: its list of files is itself signed.",
            tamga_document_name (preparation->asic->document));
    tamga_asic_rewrite_replace (preparation->rewrite, old, list);
    return TRUE;
}

/* ---- The signature inside ---- */

static TamgaPreparation *sign_file (TamgaDocument *carrier, TamgaDocument *content,
                                    TamgaSigningParameters *parameters, GError **error)
{
    g_autoptr (GPtrArray) contents = tamga_document_list (content);

    if (carrier == NULL)
        return tamga_cades_format.prepare (content, parameters, error);
    parameters->contents = contents;
    return tamga_cades_format.prepare (carrier, parameters, error);
}

static TamgaPreparation *sign_digests (Preparation *preparation, TamgaDocument *carrier,
                                       TamgaSigningParameters *parameters, GError **error)
{
    g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < preparation->references->len; i++) {
        const TamgaAsicReference *reference = preparation->references->pdata[i];
        TamgaXmlObject *object = g_new0 (TamgaXmlObject, 1);
        *object = (TamgaXmlObject){reference->uri, reference->mime_type, reference->value};
        g_ptr_array_add (objects, object);
    }
    return tamga_xades_prepare_objects (carrier, objects, parameters, error);
}

/* The only file of an ASiC-S: new, or there already. */
static TamgaDocument *simple_content (Preparation *preparation, GError **error)
{
    const GPtrArray *added = preparation->rewrite->added;

    if (preparation->asic == NULL) /* behind its media type */
        return tamga_document_ref (((TamgaZipPart *)added->pdata[1])->document);
    return tamga_zip_document (preparation->asic->zip,
                               preparation->asic->roles[TAMGA_ASIC_PAYLOAD]->pdata[0], error);
}

/* The signature file of an ASiC-S that gets one more signature. NULL without error: none. */
static TamgaDocument *simple_carrier (Preparation *preparation, GError **error)
{
    const GPtrArray *own =
        preparation->asic == NULL
            ? NULL
            : preparation->asic
                  ->roles[preparation->kind.cades ? TAMGA_ASIC_CADES : TAMGA_ASIC_XADES];

    if (own == NULL || own->len == 0) {
        preparation->name =
            g_strdup (preparation->kind.cades ? SIGNATURE_S_CADES : SIGNATURE_S_XADES);
        return NULL;
    }
    preparation->replaced = own->pdata[0];
    preparation->name = g_strdup (preparation->replaced->name);
    return tamga_asic_carrier (preparation->asic, preparation->replaced, error);
}

static gboolean sign_simple (Preparation *preparation, TamgaSigningParameters *parameters,
                             GError **error)
{
    g_autoptr (GError) problem = NULL;
    g_autoptr (TamgaDocument) carrier = simple_carrier (preparation, &problem), content = NULL;

    if (problem == NULL)
        content = simple_content (preparation, &problem);
    if (problem != NULL) {
        g_propagate_error (error, g_steal_pointer (&problem));
        return FALSE;
    }
    preparation->inner = preparation->kind.cades
                             ? sign_file (carrier, content, parameters, error)
                             : sign_digests (preparation, carrier, parameters, error);
    return preparation->inner != NULL;
}

/* A file of its own for each signature; CAdES signs a manifest. */
static gboolean sign_extended (Preparation *preparation, TamgaSigningParameters *parameters,
                               GError **error)
{
    TamgaAsicRewrite *rewrite = preparation->rewrite;
    g_autoptr (GBytes) manifest = NULL;
    g_autoptr (TamgaDocument) content = NULL;
    g_autofree char *name = NULL;

    if (!preparation->kind.cades) {
        preparation->name = tamga_asic_rewrite_free_name (rewrite, "signatures", ".xml");
        preparation->inner = sign_digests (preparation, NULL, parameters, error);
        return preparation->inner != NULL;
    }
    preparation->name = tamga_asic_rewrite_free_name (rewrite, "signature", ".p7s");
    name = tamga_asic_rewrite_free_name (rewrite, "ASiCManifest", ".xml");
    manifest = tamga_asic_manifest_make (preparation->name, TYPE_CMS, preparation->references);
    tamga_asic_rewrite_add_bytes (rewrite, name, manifest);
    content = tamga_document_new (name, manifest);
    parameters->content_type = NULL;
    preparation->inner = sign_file (NULL, content, parameters, error);
    return preparation->inner != NULL;
}

/* ---- Countersigning ---- */

/* The signature file with one more signature over one of its values. */
static gboolean countersign (Preparation *preparation, GPtrArray *signatures, GArray *origins,
                             TamgaSigningParameters *parameters, GError **error)
{
    TamgaAsic *asic = preparation->asic;
    const TamgaFormat *format = preparation->kind.cades ? &tamga_cades_format : &tamga_xades_format;
    g_autoptr (TamgaDocument) carrier = NULL;
    g_autoptr (GPtrArray) contents = NULL;
    const TamgaAsicOrigin *origin = NULL;

    for (guint i = 0; signatures != NULL && i < signatures->len; i++) {
        if (strcmp (((TamgaSignature *)signatures->pdata[i])->id, parameters->countersigned) == 0)
            origin = &g_array_index (origins, TamgaAsicOrigin, i);
    }
    if (origin == NULL || tamga_asic_role (origin->entry->name) == TAMGA_ASIC_STAMP)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_PARAMETER, "%s has no %s to be countersigned.",
            tamga_document_name (asic->document), parameters->countersigned);
    if (is_covered (asic, signatures, origin->entry))
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_UNSUPPORTED,
            "%s is covered by an archive timestamp of the container, which a "
            "countersignature would break.",
            parameters->countersigned);
    preparation->replaced = origin->entry;
    preparation->name = g_strdup (origin->entry->name);
    carrier = tamga_asic_carrier (asic, origin->entry, error);
    contents = carrier != NULL ? tamga_asic_inner_contents (asic, origin->entry, error) : NULL;
    if (contents == NULL)
        return FALSE;
    parameters->countersigned = origin->id;
    parameters->contents = contents;
    preparation->inner = format->prepare (carrier, parameters, error);
    return preparation->inner != NULL;
}

/* ---- The row ---- */

static gboolean check_parameters (const TamgaAsicKind *kind, gboolean existing,
                                  const TamgaSigningParameters *parameters, GError **error)
{
    gboolean others = parameters->documents != NULL && parameters->documents->len > 0;

    if (parameters->packaging != TAMGA_PACKAGING_DEFAULT)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_PARAMETER,
                                    "A signature in a container is always beside what it signs.");
    if (kind->simple && others)
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_PARAMETER,
            "An ASiC-S container has one file only; several go into ASiC-E.");
    if (parameters->countersigned != NULL && (!existing || others))
        return tamga_format_refuse (
            error, TAMGA_FORMAT_ERROR_PARAMETER,
            "Only a signature in a container can be countersigned in it, and without "
            "further files.");
    return TRUE;
}

/* Is the document a container of this row's kind, so that a signature is added to it? Another
 * kind is a file like any other. */
static gboolean open_existing (Preparation *preparation, TamgaDocument *document, GError **error)
{
    g_autoptr (TamgaAsic) asic = NULL;

    if (!tamga_asic_is_container (document))
        return TRUE;
    asic = tamga_asic_open (document, error);
    if (asic == NULL)
        return FALSE;
    if (asic->simple == preparation->kind.simple)
        preparation->asic = g_steal_pointer (&asic);
    return TRUE;
}

static void start_new (Preparation *preparation)
{
    const char *type = type_of (&preparation->kind);
    g_autoptr (GBytes) bytes = g_bytes_new_static (type, strlen (type));

    tamga_asic_rewrite_add_bytes (preparation->rewrite, TAMGA_ASIC_MIMETYPE, bytes);
}

static gboolean prepare_all (Preparation *preparation, TamgaDocument *document,
                             TamgaSigningParameters *parameters, GError **error)
{
    g_autoptr (GArray) origins = tamga_asic_origins_new ();
    g_autoptr (GPtrArray) signatures = NULL;
    gboolean existing = preparation->asic != NULL;

    if (!check_parameters (&preparation->kind, existing, parameters, error))
        return FALSE;
    if (!existing)
        start_new (preparation);
    else if ((!check_kind (preparation, error) ||
              !check_earlier (preparation, &signatures, origins, error)))
        return FALSE;
    if (parameters->countersigned != NULL)
        return countersign (preparation, signatures, origins, parameters, error);
    if ((existing && !add_payload (preparation, error)) ||
        !add_documents (preparation, existing ? NULL : document, parameters, error) ||
        !check_names (preparation, error))
        return FALSE;
    parameters->documents = NULL;
    parameters->packaging = TAMGA_PACKAGING_DETACHED;
    return (preparation->kind.simple ? sign_simple : sign_extended) (preparation, parameters,
                                                                     error) &&
           renew_list (preparation, signatures, error);
}

static void take_inner (Preparation *preparation)
{
    TamgaPreparation *base = &preparation->base, *inner = preparation->inner;
    const TamgaAsicReference *only =
        preparation->references->len == 1 ? preparation->references->pdata[0] : NULL;

    base->to_be_signed = g_bytes_ref (inner->to_be_signed);
    /* Of one file its own digest; of several, of what has theirs in it. */
    base->content_digest = g_bytes_ref (only != NULL ? only->value : inner->content_digest);
    for (guint i = 0; inner->findings != NULL && i < inner->findings->len; i++)
        g_ptr_array_add (base->findings, tamga_finding_copy (inner->findings->pdata[i]));
}

TamgaPreparation *tamga_asic_prepare (const TamgaAsicKind *kind, TamgaDocument *document,
                                      const TamgaSigningParameters *parameters, GError **error)
{
    Preparation *preparation = g_new0 (Preparation, 1);
    g_autoptr (TamgaPreparation) base = &preparation->base;
    TamgaSigningParameters inner = *parameters;

    *base = (TamgaPreparation){
        .format = kind->format,
        .document = tamga_document_ref (document),
        .algorithm = parameters->algorithm,
        .findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free),
        .free = preparation_free,
    };
    preparation->kind = *kind;
    preparation->references =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_asic_reference_free);
    if (!open_existing (preparation, document, error))
        return NULL;
    preparation->rewrite = tamga_asic_rewrite_new (preparation->asic);
    if (!prepare_all (preparation, document, &inner, error))
        return NULL;
    take_inner (preparation);
    return g_steal_pointer (&base);
}

gboolean tamga_asic_embed (TamgaPreparation *base, GBytes *signature, GBytes *timestamp,
                           const TamgaEvidence *evidence, TamgaOutput *output, GError **error)
{
    Preparation *preparation = (Preparation *)base;
    g_autoptr (TamgaOutput) file = tamga_output_new_memory ();
    g_autoptr (GBytes) bytes = NULL;

    if (!preparation->inner->format->embed (preparation->inner, signature, timestamp, evidence,
                                            file, error) ||
        !tamga_output_commit (file, error))
        return FALSE;
    bytes = tamga_output_steal_bytes (file);
    if (g_bytes_get_size (bytes) > TAMGA_MAX_ZIP_META)
        return tamga_format_refuse (error, TAMGA_FORMAT_ERROR_LIMIT,
                                    "The signature file would have %" G_GSIZE_FORMAT
                                    " bytes, more than is read again.",
                                    g_bytes_get_size (bytes));
    if (preparation->replaced != NULL)
        tamga_asic_rewrite_replace (preparation->rewrite, preparation->replaced, bytes);
    else
        tamga_asic_rewrite_add_bytes (preparation->rewrite, preparation->name, bytes);
    return tamga_asic_rewrite_write (preparation->rewrite, output, error);
}

GBytes *tamga_asic_timestamped (TamgaPreparation *base, GBytes *signature, GError **error)
{
    return tamga_preparation_timestamped (((Preparation *)base)->inner, signature, error);
}
