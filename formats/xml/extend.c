/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raising the level of signatures that are there, others' too: unsigned properties are put behind
 * the last one, and nothing else of the file changes. */
#include <string.h>

#include "formats/limits.h"
#include "formats/xml/imprint.h"
#include "formats/xml/make.h"
#include "formats/xml/qualifying.h"
#include "formats/xml/xades.h"

/* One signature being extended, and the state of the file. */
typedef struct {
    const TamgaExtension *extension;
    const TamgaXmlResolver *resolver;
    const TamgaStamper *stamper;
    const char *name;
    GBytes *file;
    TamgaXml *xml;
    xmlNode *signature;
    const TamgaC14n *c14n;
} Work;

static void work_clear (Work *work)
{
    g_clear_pointer (&work->file, g_bytes_unref);
    g_clear_pointer (&work->xml, tamga_xml_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

/* Takes `file`. */
static gboolean load (Work *work, GBytes *file, GError **error)
{
    work_clear (work);
    work->file = file;
    if (g_bytes_get_size (file) > TAMGA_MAX_XML_SIZE) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "%s would have %" G_GSIZE_FORMAT
                     " bytes, more than the %u that an XML file may have.",
                     work->name, g_bytes_get_size (file), TAMGA_MAX_XML_SIZE);
        return FALSE;
    }
    work->xml = tamga_xml_parse_bytes (work->name, file, error);
    work->signature = work->xml != NULL
                          ? tamga_xades_signature_at (work->xml, work->extension->index, error)
                          : NULL;
    return work->signature != NULL;
}

/* What the writer wrote becomes the last unsigned property. Ends the writer. */
static gboolean add (Work *work, TamgaXmlWriter *writer, GError **error)
{
    g_autoptr (GString) text = tamga_xml_writer_finish (writer);
    g_auto (TamgaXmlTarget) target = {.basis = g_bytes_ref (work->file), .xml = work->xml};
    gboolean found = tamga_xades_unsigned_target (&target, work->signature, error);
    GBytes *file = found ? tamga_xml_target_fill (&target, text) : NULL;

    target.xml = NULL; /* it was lent */
    return found && load (work, file, error);
}

/* An Id that the file does not have yet. */
static char *new_id (const Work *work, const char *what)
{
    g_autofree char *own = tamga_xml_attribute (work->signature, "Id");

    for (guint i = 1;; i++) {
        char *id = g_strdup_printf ("%s-%s-%u", own != NULL ? own : "signature", what, i);
        if (!g_hash_table_contains (work->xml->ids, id))
            return id;
        g_free (id);
    }
}

static GBytes *stamp (const Work *work, TamgaTimestampKind kind, GError **error)
{
    g_autoptr (GBytes) imprint = NULL;

    if (work->stamper == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "A timestamp is asked for, and no service that gives one.");
        return NULL;
    }
    imprint = tamga_xades_imprint (work->xml, work->signature, NULL, kind, work->c14n,
                                   work->resolver, work->stamper->digest, error);
    return imprint != NULL ? work->stamper->stamp (work->stamper, imprint, error) : NULL;
}

static gboolean add_timestamp (Work *work, TamgaTimestampKind kind, GError **error)
{
    gboolean archive = kind == TAMGA_TIMESTAMP_ARCHIVE;
    g_autofree char *id = new_id (work, archive ? "archive-timestamp" : "timestamp");
    g_autoptr (GBytes) token = NULL;
    g_auto (TamgaXmlTarget) target = {.basis = g_bytes_ref (work->file), .xml = work->xml};
    gboolean possible = tamga_xades_unsigned_target (&target, work->signature, error);
    TamgaXmlWriter *writer;

    target.xml = NULL; /* it was lent */
    token = possible ? stamp (work, kind, error) : NULL;
    if (token == NULL)
        return FALSE;
    writer = tamga_xml_writer_new (TAMGA_LAYOUT_COMPACT);
    if (archive)
        tamga_xades_write_archive_timestamp (writer, id, work->c14n, token);
    else
        tamga_xades_write_timestamp (writer, "xades:SignatureTimeStamp", id, work->c14n, token);
    return add (work, writer, error);
}

/* The signature as it is read now. NULL with an error. */
static TamgaSignature *read_one (const Work *work, GError **error)
{
    g_autoptr (GPtrArray) signatures = tamga_xades_read_xml (work->xml, work->resolver, error);

    if (signatures == NULL)
        return NULL;
    if (work->extension->index < signatures->len)
        return g_ptr_array_steal_index (signatures, work->extension->index);
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "%s has %u signatures and no further.", work->name, signatures->len);
    return NULL;
}

static TamgaEvidence *evidence_of (const TamgaSignature *signature)
{
    TamgaEvidence *evidence = tamga_evidence_new ();

    for (guint i = 0; i < signature->certificates->len; i++)
        tamga_evidence_add_certificate (evidence, signature->certificates->pdata[i]);
    for (guint i = 0; i < signature->crls->len; i++)
        tamga_evidence_add_crl (evidence, signature->crls->pdata[i]);
    for (guint i = 0; i < signature->ocsps->len; i++)
        tamga_evidence_add_ocsp (evidence, signature->ocsps->pdata[i]);
    return evidence;
}

static void add_missing (GPtrArray *values, GPtrArray *there,
                         void (*add_value) (TamgaEvidence *evidence, GBytes *value),
                         TamgaEvidence *missing)
{
    for (guint i = 0; i < values->len; i++) {
        if (!g_ptr_array_find_with_equal_func (there, values->pdata[i], g_bytes_equal, NULL))
            add_value (missing, values->pdata[i]);
    }
}

static TamgaEvidence *missing_evidence (const TamgaEvidence *evidence, const TamgaEvidence *there)
{
    TamgaEvidence *missing = tamga_evidence_new ();

    for (guint i = 0; i < evidence->certificates->len; i++) {
        gboolean found = FALSE;
        for (guint j = 0; !found && j < there->certificates->len; j++)
            found = X509_cmp (evidence->certificates->pdata[i], there->certificates->pdata[j]) == 0;
        if (!found)
            tamga_evidence_add_certificate (missing, evidence->certificates->pdata[i]);
    }
    add_missing (evidence->crls, there->crls, tamga_evidence_add_crl, missing);
    add_missing (evidence->ocsps, there->ocsps, tamga_evidence_add_ocsp, missing);
    return missing;
}

/* CertificateValues and RevocationValues may be there once only. */
static gboolean has_values (const xmlNode *signature)
{
    const xmlNode *list = tamga_xades_unsigned (signature);

    return tamga_xades_child (list, "CertificateValues") != NULL ||
           tamga_xades_child (list, "RevocationValues") != NULL;
}

static GBytes *last_token (const TamgaSignature *signature, gboolean *archived)
{
    GBytes *token = NULL;

    *archived = FALSE;
    for (guint i = 0; i < signature->timestamps->len; i++) {
        const TamgaTimestamp *timestamp = signature->timestamps->pdata[i];
        *archived = *archived || timestamp->kind == TAMGA_TIMESTAMP_ARCHIVE;
        token = timestamp->token;
    }
    return token;
}

/* Behind an archive timestamp, and where the values are there already, evidence goes into a
 * TimeStampValidationData (EN 319 132-1 5.5.1). */
static gboolean add_evidence (Work *work, GError **error)
{
    g_autoptr (TamgaSignature) signature = read_one (work, error);
    g_autoptr (TamgaEvidence) there = NULL, missing = NULL, rest = NULL, tsa = NULL;
    TamgaXmlWriter *writer;
    gboolean archived;
    GBytes *token;

    if (signature == NULL)
        return FALSE;
    there = evidence_of (signature);
    missing = missing_evidence (work->extension->evidence, there);
    if (tamga_evidence_is_empty (missing))
        return TRUE;
    token = last_token (signature, &archived);
    writer = tamga_xml_writer_new (TAMGA_LAYOUT_COMPACT);
    if (archived || has_values (work->signature)) {
        tamga_xades_write_validation_data (writer, missing, NULL);
    } else {
        tamga_evidence_split (missing, signature->certificate, token, &rest, &tsa);
        tamga_xades_write_values (writer, rest);
        if (!tamga_evidence_is_empty (tsa))
            tamga_xades_write_validation_data (writer, tsa, NULL);
    }
    return add (work, writer, error);
}

static gboolean extend_one (Work *work, GError **error)
{
    const TamgaExtension *extension = work->extension;
    g_autoptr (TamgaSignature) signature = read_one (work, error);

    return signature != NULL && tamga_extension_check (extension, signature, error) &&
           (!extension->timestamp || add_timestamp (work, TAMGA_TIMESTAMP_SIGNATURE, error)) &&
           (tamga_evidence_is_empty (extension->evidence) || add_evidence (work, error)) &&
           (!extension->archive || add_timestamp (work, TAMGA_TIMESTAMP_ARCHIVE, error));
}

gboolean tamga_xades_extend_xml (TamgaDocument *document, const TamgaXmlResolver *resolver,
                                 const TamgaExtension *extensions, gsize n,
                                 const TamgaStamper *stamper, TamgaOutput *output, GError **error)
{
    g_auto (Work) work = {.resolver = resolver,
                          .stamper = stamper,
                          .name = tamga_document_name (document),
                          .c14n = tamga_c14n_by_name ("exc-c14n")};
    g_autoptr (TamgaXml) before = tamga_xml_parse (document, error);
    g_autoptr (GBytes) file = before != NULL ? g_bytes_ref (before->bytes) : NULL;

    if (before == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        work.extension = &extensions[i];
        if (!load (&work, g_bytes_ref (file), error) || !extend_one (&work, error))
            return FALSE;
        g_bytes_unref (file);
        file = g_bytes_ref (work.file);
    }
    if (work.xml != NULL && !tamga_xades_check_earlier (before, work.xml, resolver, NULL, error))
        return FALSE;
    return tamga_output_write_bytes (output, file, error) && tamga_document_check (document, error);
}

gboolean tamga_xades_extend (TamgaDocument *document, const TamgaReadOptions *options,
                             const TamgaExtension *extensions, gsize n, const TamgaStamper *stamper,
                             TamgaOutput *output, GError **error)
{
    TamgaXmlResolver resolver =
        tamga_xml_resolver_documents (options != NULL ? options->contents : NULL, NULL);

    return tamga_xades_extend_xml (document, &resolver, extensions, n, stamper, output, error);
}
