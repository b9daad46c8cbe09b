/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the files of a container to the neutral picture. */
#include "formats/zip/read.h"

#include <string.h>

#include "formats/cms/cades.h"
#include "formats/limits.h"
#include "formats/xml/xades.h"

typedef struct {
    TamgaAsic *asic;
    GPtrArray *signatures;
    GArray *origins;
    guint numbers; /* "signature N" that were given out */
} Reading;

TamgaSignature *tamga_asic_broken (const char *format, const TamgaZipEntry *entry, const char *text)
{
    TamgaSignature *signature = tamga_signature_new (format);

    signature->id = g_strdup ("signature 1");
    signature->packaging = "detached";
    signature->algorithm_text = g_strdup ("unknown");
    signature->coverage_text = g_strdup ("what it covers could not be established");
    tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE, "%s: %s", entry->name, text);
    return signature;
}

static void origin_clear (gpointer data)
{
    g_free (((TamgaAsicOrigin *)data)->id);
}

GArray *tamga_asic_origins_new (void)
{
    GArray *origins = g_array_new (FALSE, FALSE, sizeof (TamgaAsicOrigin));

    g_array_set_clear_func (origins, origin_clear);
    return origins;
}

/* ---- Numbers over the whole container ---- */

/* The number behind "signature " as a word of its own; 0: none. */
static guint find_number (const char *text, const char **begin, const char **end)
{
    static const char word[] = "signature ";

    for (const char *at = text; (at = strstr (at, word)) != NULL; at++) {
        const char *digits = at + strlen (word);
        guint64 number = g_ascii_strtoull (digits, (char **)end, 10);
        if (*end == digits || number == 0 || number > TAMGA_MAX_SIGNERS ||
            (at > text && g_ascii_isalpha (at[-1])))
            continue;
        *begin = digits;
        return (guint)number;
    }
    return 0;
}

static void shift (char **text, guint by, guint *highest)
{
    const char *begin, *end;
    guint number = *text != NULL ? find_number (*text, &begin, &end) : 0;
    char *shifted;

    if (number == 0)
        return;
    if (highest != NULL)
        *highest = MAX (*highest, number);
    shifted = g_strdup_printf ("%.*s%u%s", (int)(begin - *text), *text, number + by, end);
    g_free (*text);
    *text = shifted;
}

/* "signature 1" of each file becomes the next of the container, also where others name it. */
static guint renumber (TamgaSignature *signature, guint by)
{
    guint highest = 0;

    shift (&signature->id, by, &highest);
    shift (&signature->countersigned, by, NULL);
    for (guint i = 0; i < signature->findings->len; i++)
        shift (&((TamgaFinding *)signature->findings->pdata[i])->object, by, NULL);
    return highest;
}

/* Takes the signatures of one file. */
static gboolean add_all (Reading *reading, GPtrArray *signatures, const TamgaZipEntry *entry,
                         GError **error)
{
    guint highest = 0;
    gsize n = 0;
    g_autofree gpointer *items = g_ptr_array_steal (signatures, &n);

    for (gsize i = 0; i < n; i++) {
        TamgaSignature *signature = items[i];
        TamgaAsicOrigin origin = {entry, (guint)i, g_strdup (signature->id)};
        guint number = renumber (signature, reading->numbers);
        highest = MAX (highest, number);
        g_free (signature->carrier);
        signature->carrier = g_strdup (entry->name);
        g_ptr_array_add (reading->signatures, signature);
        g_array_append_val (reading->origins, origin);
    }
    reading->numbers += highest;
    if (reading->signatures->len <= TAMGA_MAX_SIGNERS)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                 "%s has more than %u signatures.", tamga_document_name (reading->asic->document),
                 TAMGA_MAX_SIGNERS);
    return FALSE;
}

/* A file that is no signature is told as a broken one; only errors of reading end it all. */
static gboolean add_or_tell (Reading *reading, GPtrArray *signatures, const char *format,
                             const TamgaZipEntry *entry, GError *problem, GError **error)
{
    g_autoptr (GPtrArray) broken = NULL;

    if (signatures != NULL)
        return add_all (reading, signatures, entry, error);
    if (problem->domain != TAMGA_FORMAT_ERROR) {
        g_propagate_error (error, g_error_copy (problem));
        return FALSE;
    }
    broken = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    g_ptr_array_add (broken, tamga_asic_broken (format, entry, problem->message));
    return add_all (reading, broken, entry, error);
}

static gboolean is_countersignature (const TamgaSignature *signature)
{
    return signature->countersigned != NULL ||
           (signature->id != NULL && g_str_has_prefix (signature->id, "countersignature"));
}

/* ---- CAdES ---- */

TamgaDocument *tamga_asic_cades_content (TamgaAsic *asic, const TamgaZipEntry *entry,
                                         TamgaAsicManifest **manifest, const char **why,
                                         GError **error)
{
    const GPtrArray *payload = asic->roles[TAMGA_ASIC_PAYLOAD];
    gboolean several;

    *manifest = tamga_asic_manifest_of (asic, entry, &several);
    *why = NULL;
    if (*manifest != NULL)
        return tamga_document_new ((*manifest)->entry->name, (*manifest)->bytes);
    if (several)
        *why = "Two manifests name it as theirs (EN 319 162-1 4.4.3.2).";
    else if (!asic->simple)
        *why = "No manifest says what it covers (EN 319 162-1 4.4.3.2).";
    else if (payload->len != 1)
        *why = "A container of kind ASiC-S has exactly one file beside it (EN 319 162-1 4.3.3.2).";
    return *why == NULL ? tamga_zip_document (asic->zip, payload->pdata[0], error) : NULL;
}

GPtrArray *tamga_asic_inner_contents (TamgaAsic *asic, const TamgaZipEntry *entry, GError **error)
{
    const GPtrArray *payload = asic->roles[TAMGA_ASIC_PAYLOAD];
    g_autoptr (GPtrArray) contents = tamga_document_list (NULL);
    gboolean cades = tamga_asic_role (entry->name) == TAMGA_ASIC_CADES;
    TamgaAsicManifest *manifest;
    TamgaDocument *document;
    const char *why = NULL;

    for (guint i = 0; i < (cades ? 1 : payload->len); i++) {
        document = cades ? tamga_asic_cades_content (asic, entry, &manifest, &why, error)
                         : tamga_zip_document (asic->zip, payload->pdata[i], error);
        if (document == NULL && why == NULL)
            return NULL;
        if (document != NULL)
            g_ptr_array_add (contents, document);
    }
    return g_steal_pointer (&contents);
}

static gboolean describe_cades (Reading *reading, TamgaSignature *signature,
                                TamgaAsicManifest *manifest, const char *why, GError **error)
{
    TamgaAsic *asic = reading->asic;
    g_autoptr (GHashTable) covered = g_hash_table_new (NULL, NULL);

    if (is_countersignature (signature))
        return TRUE;
    signature->packaging = "detached";
    if (why != NULL) {
        /* The content is missing for a reason that is worse than not being given. */
        signature->integrity = TAMGA_INTEGRITY_INTACT;
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE, "%s", why);
    }
    if (manifest != NULL) {
        if (!tamga_asic_manifest_check (asic, manifest, error))
            return FALSE;
        tamga_asic_manifest_judge (manifest, signature);
        for (guint i = 0; i < manifest->references->len; i++) {
            const TamgaAsicReference *reference = manifest->references->pdata[i];
            if (reference->entry != NULL)
                g_hash_table_add (covered, (gpointer)reference->entry);
        }
    } else if (why == NULL) {
        tamga_asic_add_file (signature, asic->roles[TAMGA_ASIC_PAYLOAD]->pdata[0]);
        g_hash_table_add (covered, asic->roles[TAMGA_ASIC_PAYLOAD]->pdata[0]);
    }
    tamga_asic_describe_coverage (asic, signature, covered);
    return TRUE;
}

static gboolean read_cades (Reading *reading, const TamgaZipEntry *entry, GError **error)
{
    TamgaAsic *asic = reading->asic;
    g_autoptr (GError) problem = NULL;
    g_autoptr (GBytes) bytes = tamga_asic_bytes (asic, entry, &problem);
    g_autoptr (TamgaDocument) document = NULL, content = NULL;
    g_autoptr (GPtrArray) contents = NULL, signatures = NULL;
    TamgaReadOptions options = {.progress = asic->progress, .progress_data = asic->progress_data};
    TamgaAsicManifest *manifest = NULL;
    const char *why = NULL;

    if (bytes != NULL) {
        content = tamga_asic_cades_content (asic, entry, &manifest, &why, &problem);
        contents = tamga_document_list (content);
        options.contents = contents;
        document = tamga_document_new (entry->name, bytes);
    }
    if (problem == NULL)
        signatures = tamga_cades_format.read (document, &options, &problem);
    for (guint i = 0; signatures != NULL && i < signatures->len; i++) {
        if (!describe_cades (reading, signatures->pdata[i], manifest, why, error))
            return FALSE;
    }
    return add_or_tell (reading, signatures, "CAdES", entry, problem, error);
}

/* ---- XAdES ---- */

static void describe_xades (Reading *reading, TamgaSignature *signature)
{
    TamgaAsic *asic = reading->asic;
    g_autoptr (GHashTable) covered = g_hash_table_new (NULL, NULL);

    if (is_countersignature (signature))
        return;
    /* Content of a container lies nowhere else: what is missing was taken out. */
    if (signature->integrity == TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND)
        signature->integrity = TAMGA_INTEGRITY_FORMAT_FAILURE;
    for (guint i = 0; i < signature->objects->len; i++) {
        const TamgaObject *object = signature->objects->pdata[i];
        const TamgaZipEntry *entry = tamga_asic_find (asic, object->name);
        if (object->found && entry != NULL)
            g_hash_table_add (covered, (gpointer)entry);
    }
    tamga_asic_describe_coverage (asic, signature, covered);
}

static gboolean read_xades (Reading *reading, const TamgaZipEntry *entry, GError **error)
{
    TamgaAsic *asic = reading->asic;
    TamgaXmlResolver resolver = tamga_asic_resolver (asic);
    g_autoptr (GError) problem = NULL;
    g_autoptr (GBytes) bytes = tamga_asic_bytes (asic, entry, &problem);
    g_autoptr (TamgaXml) xml = NULL;
    g_autoptr (GPtrArray) signatures = NULL;

    if (bytes != NULL)
        xml = tamga_xml_parse_bytes (entry->name, bytes, &problem);
    if (xml != NULL)
        signatures = tamga_xades_read_xml (xml, &resolver, &problem);
    for (guint i = 0; signatures != NULL && i < signatures->len; i++)
        describe_xades (reading, signatures->pdata[i]);
    return add_or_tell (reading, signatures, "XAdES", entry, problem, error);
}

/* ---- What the container itself has to be told of ---- */

static void find (GPtrArray *findings, TamgaSeverity severity, const char *code, const char *object,
                  const char *clause, const char *text)
{
    g_ptr_array_add (findings, tamga_finding_new (severity, code, object, clause, "%s", text));
}

static void check_type (TamgaAsic *asic, GPtrArray *findings)
{
    const TamgaZipEntry *entry = tamga_zip_find (asic->zip, TAMGA_ASIC_MIMETYPE);
    const struct {
        gboolean wrong;
        const char *text;
    } rules[] = {
        {entry == NULL, "The container has no mimetype file."},
        {entry != NULL && !asic->typed, "The mimetype file does not name a signature container."},
        {asic->bom, "The mimetype file begins with a byte order mark."},
        {entry != NULL && entry->offset != 0, "The mimetype file is not the first one."},
        {entry != NULL && (!entry->stored || entry->extra),
         "The mimetype file is compressed or has an extra field."},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rules); i++) {
        if (rules[i].wrong)
            find (findings, TAMGA_SEVERITY_WARNING, "asic-mimetype", TAMGA_ASIC_MIMETYPE,
                  "EN 319 162-1 A.1", rules[i].text);
    }
}

static gboolean check_container (TamgaAsic *asic, GPtrArray *findings, GError **error)
{
    const GPtrArray *records = asic->roles[TAMGA_ASIC_EVIDENCE];
    const GPtrArray *unknown = asic->roles[TAMGA_ASIC_UNKNOWN];

    check_type (asic, findings);
    if (tamga_zip_has_comment (asic->zip))
        find (findings, TAMGA_SEVERITY_INFO, "asic-comment", NULL, "EN 319 162-1 A.1",
              "The ZIP archive has a comment, which no signature covers.");
    if (asic->simple && asic->roles[TAMGA_ASIC_PAYLOAD]->len != 1)
        find (findings, TAMGA_SEVERITY_WARNING, "asic-s-files", NULL, "EN 319 162-1 4.3.3.2",
              "A container of kind ASiC-S has exactly one file; this one has not.");
    for (guint i = 0; i < records->len; i++)
        find (findings, TAMGA_SEVERITY_INFO, "asic-evidence-record",
              ((TamgaZipEntry *)records->pdata[i])->name, "RFC 4998",
              "The container has an evidence record, which was not verified.");
    for (guint i = 0; i < unknown->len; i++)
        find (findings, TAMGA_SEVERITY_INFO, "asic-unknown-file",
              ((TamgaZipEntry *)unknown->pdata[i])->name, "EN 319 162-1 4.4.3.2",
              "META-INF has a file that means nothing here and is not signed.");
    return tamga_asic_odf_compare (asic, findings, error);
}

static void share_findings (GPtrArray *signatures, GPtrArray *findings)
{
    for (guint i = 0; i < signatures->len; i++) {
        TamgaSignature *signature = signatures->pdata[i];
        for (guint k = 0; !is_countersignature (signature) && k < findings->len; k++)
            g_ptr_array_add (signature->findings, tamga_finding_copy (findings->pdata[k]));
    }
}

GPtrArray *tamga_asic_read_all (TamgaAsic *asic, GArray *origins, GError **error)
{
    g_autoptr (GPtrArray) signatures =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    g_autoptr (GPtrArray) findings =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free);
    g_autoptr (GArray) unwanted = tamga_asic_origins_new ();
    Reading reading = {
        .asic = asic, .signatures = signatures, .origins = origins != NULL ? origins : unwanted};
    const struct {
        TamgaAsicRole role;
        gboolean (*read) (Reading *reading, const TamgaZipEntry *entry, GError **error);
    } kinds[] = {{TAMGA_ASIC_XADES, read_xades}, {TAMGA_ASIC_CADES, read_cades}};

    if (!tamga_asic_read_manifests (asic, error) || !check_container (asic, findings, error))
        return NULL;
    for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++) {
        const GPtrArray *entries = asic->roles[kinds[k].role];
        for (guint i = 0; i < entries->len; i++) {
            if (!kinds[k].read (&reading, entries->pdata[i], error))
                return NULL;
        }
    }
    if (!tamga_asic_read_stamps (asic, signatures, reading.origins, reading.numbers, error))
        return NULL;
    if (signatures->len == 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE,
                     "%s is a container without a signature.",
                     tamga_document_name (asic->document));
        return NULL;
    }
    share_findings (signatures, findings);
    /* What was hashed and what is reported on is one file. */
    return tamga_document_check (asic->document, error) ? g_steal_pointer (&signatures) : NULL;
}
