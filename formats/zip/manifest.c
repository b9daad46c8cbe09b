/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ASiCManifest (EN 319 162-1 A.4): which files, by digest, a CAdES signature or a timestamp covers;
 * and META-INF/manifest.xml (OpenDocument 1.2 part 3), which lists what is in the container. */
#include <string.h>

#include "formats/limits.h"
#include "formats/xml/writer.h"
#include "formats/xml/xml.h"
#include "formats/zip/package.h"

#define NS_ODF "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"

/* ---- Reading ---- */

static gboolean broken (TamgaAsicManifest *manifest, const char *what)
{
    g_free (manifest->problem);
    manifest->problem = g_strdup_printf ("%s: %s (EN 319 162-1 A.4).", manifest->entry->name, what);
    return FALSE;
}

static gboolean read_reference (TamgaAsic *asic, TamgaAsicManifest *manifest, xmlNodePtr node,
                                GHashTable *seen)
{
    TamgaAsicReference *reference = tamga_asic_reference_new ();
    xmlNodePtr method = tamga_xml_child (node, TAMGA_NS_DSIG, "DigestMethod");
    xmlNodePtr value = tamga_xml_child (node, TAMGA_NS_DSIG, "DigestValue");
    g_autofree char *algorithm = method != NULL ? tamga_xml_attribute (method, "Algorithm") : NULL;

    g_ptr_array_add (manifest->references, reference);
    reference->uri = tamga_xml_attribute (node, "URI");
    reference->mime_type = tamga_xml_attribute (node, "MimeType");
    reference->digest = algorithm != NULL ? tamga_digest_by_uri (algorithm) : NULL;
    reference->value = value != NULL ? tamga_xml_base64 (value) : NULL;
    if (reference->uri == NULL || algorithm == NULL || reference->value == NULL)
        return broken (manifest, "a reference lacks its name, algorithm or digest");
    reference->entry = tamga_asic_find (asic, reference->uri);
    if (!g_hash_table_add (seen,
                           reference->entry != NULL ? reference->entry->name : reference->uri))
        return broken (manifest, "two references are to the same file");
    return TRUE;
}

static gboolean read_references (TamgaAsic *asic, TamgaAsicManifest *manifest, const TamgaXml *xml,
                                 const xmlNode *root)
{
    g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
    g_autoptr (GPtrArray) nodes =
        tamga_xml_find (xml, TAMGA_NS_ASIC, "DataObjectReference", TAMGA_MAX_REFERENCES, NULL);

    if (nodes == NULL)
        return broken (manifest, "it has more references than are read");
    for (guint i = 0; i < nodes->len; i++) {
        const xmlNode *node = nodes->pdata[i];
        manifest->odd |= node->parent != root;
        if (!read_reference (asic, manifest, nodes->pdata[i], seen))
            return FALSE;
    }
    return nodes->len > 0 || broken (manifest, "it refers to no file");
}

static void read_extensions (TamgaAsicManifest *manifest, const TamgaXml *xml)
{
    g_autoptr (GPtrArray) nodes =
        tamga_xml_find (xml, TAMGA_NS_ASIC, "Extension", TAMGA_MAX_REFERENCES, NULL);

    manifest->critical = nodes == NULL;
    for (guint i = 0; nodes != NULL && i < nodes->len; i++) {
        g_autofree char *critical = tamga_xml_attribute (nodes->pdata[i], "Critical");
        manifest->critical |=
            critical != NULL && strcmp (critical, "false") != 0 && strcmp (critical, "0") != 0;
    }
}

static gboolean read_content (TamgaAsic *asic, TamgaAsicManifest *manifest, const TamgaXml *xml)
{
    xmlNodePtr root = xmlDocGetRootElement (xml->doc);
    g_autoptr (GPtrArray) targets = NULL;
    g_autofree char *uri = NULL;

    if (!tamga_xml_is (root, TAMGA_NS_ASIC, "ASiCManifest"))
        return broken (manifest, "it is no ASiCManifest");
    targets = tamga_xml_children (root, TAMGA_NS_ASIC, "SigReference");
    if (targets->len != 1)
        return broken (manifest, "it does not name one signature");
    uri = tamga_xml_attribute (targets->pdata[0], "URI");
    manifest->target = tamga_asic_find (asic, uri);
    read_extensions (manifest, xml);
    return read_references (asic, manifest, xml, root);
}

static gboolean read_manifest (TamgaAsic *asic, const TamgaZipEntry *entry, GError **error)
{
    TamgaAsicManifest *manifest = tamga_asic_manifest_new (entry);
    g_autoptr (GError) problem = NULL;
    g_autoptr (TamgaXml) xml = NULL;

    g_ptr_array_add (asic->manifests, manifest);
    manifest->bytes = tamga_asic_bytes (asic, entry, error);
    if (manifest->bytes == NULL)
        return FALSE;
    xml = tamga_xml_parse_bytes (entry->name, manifest->bytes, &problem);
    if (xml == NULL)
        manifest->problem = g_strdup (problem->message);
    else
        read_content (asic, manifest, xml);
    return TRUE;
}

gboolean tamga_asic_read_manifests (TamgaAsic *asic, GError **error)
{
    static const TamgaAsicRole kinds[] = {TAMGA_ASIC_MANIFEST, TAMGA_ASIC_ARCHIVE_MANIFEST,
                                          TAMGA_ASIC_EVIDENCE_MANIFEST};

    for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++) {
        const GPtrArray *entries = asic->roles[kinds[k]];
        for (guint i = 0; i < entries->len; i++) {
            if (!read_manifest (asic, entries->pdata[i], error))
                return FALSE;
        }
    }
    return TRUE;
}

TamgaAsicManifest *tamga_asic_manifest_of (TamgaAsic *asic, const TamgaZipEntry *target,
                                           gboolean *several)
{
    TamgaAsicManifest *found = NULL;

    *several = FALSE;
    for (guint i = 0; i < asic->manifests->len; i++) {
        TamgaAsicManifest *manifest = asic->manifests->pdata[i];
        if (manifest->target != target)
            continue;
        *several |= found != NULL;
        found = manifest;
    }
    return *several ? NULL : found;
}

gboolean tamga_asic_manifest_check (TamgaAsic *asic, TamgaAsicManifest *manifest, GError **error)
{
    for (guint i = 0; !manifest->checked && i < manifest->references->len; i++) {
        TamgaAsicReference *reference = manifest->references->pdata[i];
        g_autoptr (GBytes) value = NULL;
        if (reference->entry == NULL || reference->digest == NULL)
            continue;
        value = tamga_asic_digest (asic, reference->entry, reference->digest, error);
        if (value == NULL)
            return FALSE;
        reference->equal = g_bytes_equal (value, reference->value);
    }
    manifest->checked = TRUE;
    return TRUE;
}

static void judge_reference (const TamgaAsicManifest *manifest, const TamgaAsicReference *reference,
                             TamgaSignature *signature)
{
    const char *name = reference->entry != NULL ? reference->entry->name : reference->uri;
    TamgaObject *object = tamga_object_new (name, reference->mime_type);

    object->digest = reference->digest;
    object->value = g_bytes_ref (reference->value);
    object->found = reference->entry != NULL;
    object->equal = reference->equal;
    g_ptr_array_add (signature->objects, object);
    /* Content of a container lies nowhere else: what is missing was taken out. */
    if (!object->found)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "\"%s\", which is signed, is not in the container (%s, "
                              "EN 319 162-1 A.4).",
                              name, manifest->entry->name);
    else if (reference->digest == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_NOT_VERIFIABLE,
                              "The digest algorithm for \"%s\" in %s is unknown.", name,
                              manifest->entry->name);
    else if (!object->equal)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_HASH_FAILURE,
                              "\"%s\" is not what was signed: its digest is not the one in %s.",
                              name, manifest->entry->name);
    if (reference->digest != NULL && reference->digest->weak)
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "asic-weak-digest", "TS 119 312",
                              "\"%s\" is covered by a digest of the weak algorithm %s.", name,
                              reference->digest->name);
}

void tamga_asic_manifest_judge (const TamgaAsicManifest *manifest, TamgaSignature *signature)
{
    if (manifest->problem != NULL) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE, "%s", manifest->problem);
        return;
    }
    for (guint i = 0; i < manifest->references->len; i++)
        judge_reference (manifest, manifest->references->pdata[i], signature);
    if (manifest->critical)
        tamga_signature_find (
            signature, TAMGA_SEVERITY_FATAL, "asic-critical-extension", "EN 319 162-1 A.4",
            "%s has a critical extension that is not understood.", manifest->entry->name);
    if (manifest->odd)
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "asic-manifest-form",
                              "EN 319 162-1 A.4", "%s is not in the form of its schema.",
                              manifest->entry->name);
}

/* ---- META-INF/manifest.xml ---- */

/* `what` follows the name of a file. */
static void add_finding (GPtrArray *findings, const char *code, const char *name, const char *what)
{
    g_ptr_array_add (findings,
                     tamga_finding_new (TAMGA_SEVERITY_WARNING, code, TAMGA_ASIC_ODF_MANIFEST,
                                        "EN 319 162-1 4.4.3.2", "\"%s\" %s.", name, what));
}

/* Names of the manifest that are payload -> themselves. */
static GHashTable *listed_names (const TamgaXml *xml, GPtrArray *findings)
{
    g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr (GPtrArray) nodes =
        tamga_xml_find (xml, NS_ODF, "file-entry", TAMGA_MAX_ZIP_ENTRIES, NULL);

    for (guint i = 0; nodes != NULL && i < nodes->len; i++) {
        const xmlNode *node = nodes->pdata[i];
        xmlChar *path = xmlGetNsProp (node, (const xmlChar *)"full-path", (const xmlChar *)NS_ODF);
        const char *name = (const char *)path;
        if (name != NULL && strcmp (name, "/") != 0 &&
            tamga_asic_role (name) == TAMGA_ASIC_PAYLOAD &&
            !g_hash_table_add (names, g_strdup (name)))
            add_finding (findings, "asic-manifest-twice", name,
                         "is listed twice in META-INF/manifest.xml");
        xmlFree (path);
    }
    return g_steal_pointer (&names);
}

gboolean tamga_asic_odf_compare (TamgaAsic *asic, GPtrArray *findings, GError **error)
{
    const TamgaZipEntry *entry = tamga_zip_find (asic->zip, TAMGA_ASIC_ODF_MANIFEST);
    const GPtrArray *payload = asic->roles[TAMGA_ASIC_PAYLOAD];
    g_autoptr (GBytes) bytes = entry != NULL ? tamga_asic_bytes (asic, entry, error) : NULL;
    g_autoptr (TamgaXml) xml = NULL;
    g_autoptr (GHashTable) names = NULL;
    GHashTableIter iter;
    gpointer name;

    if (entry == NULL || bytes == NULL)
        return entry == NULL;
    xml = tamga_xml_parse_bytes (entry->name, bytes, NULL);
    if (xml == NULL) {
        add_finding (findings, "asic-manifest-form", entry->name,
                     "cannot be read; no signature depends on it");
        return TRUE;
    }
    names = listed_names (xml, findings);
    for (guint i = 0; i < payload->len; i++) {
        const TamgaZipEntry *file = payload->pdata[i];
        if (!g_hash_table_remove (names, file->name))
            add_finding (findings, "asic-manifest-unlisted", file->name,
                         "is not listed in META-INF/manifest.xml");
    }
    g_hash_table_iter_init (&iter, names);
    while (g_hash_table_iter_next (&iter, &name, NULL))
        add_finding (findings, "asic-manifest-missing", name,
                     "is listed in META-INF/manifest.xml and is not in the container");
    return TRUE;
}

/* ---- Making ---- */

static GBytes *finish (TamgaXmlWriter *writer)
{
    g_autofree char *body = g_string_free (tamga_xml_writer_finish (writer), FALSE);
    char *text = g_strconcat (XML_HEAD, body, NULL);

    return g_bytes_new_take (text, strlen (text));
}

GBytes *tamga_asic_manifest_make (const char *target, const char *target_type,
                                  GPtrArray *references)
{
    TamgaXmlWriter *writer = tamga_xml_writer_new (TAMGA_LAYOUT_COMPACT);

    tamga_xml_writer_begin (writer, "asic:ASiCManifest", "xmlns:asic", TAMGA_NS_ASIC, "xmlns:ds",
                            TAMGA_NS_DSIG, NULL);
    tamga_xml_writer_leaf (writer, "asic:SigReference", NULL, "MimeType", target_type, "URI",
                           target, NULL);
    for (guint i = 0; i < references->len; i++) {
        const TamgaAsicReference *reference = references->pdata[i];
        tamga_xml_writer_begin (writer, "asic:DataObjectReference", "MimeType",
                                reference->mime_type, "Rootfile", reference->root ? "true" : NULL,
                                "URI", reference->uri, NULL);
        tamga_xml_writer_digest (writer, reference->digest, reference->value);
        tamga_xml_writer_end (writer);
    }
    tamga_xml_writer_end (writer);
    return finish (writer);
}

GBytes *tamga_asic_odf_make (const char *container_type, GPtrArray *names, GPtrArray *mime_types)
{
    TamgaXmlWriter *writer = tamga_xml_writer_new (TAMGA_LAYOUT_COMPACT);

    tamga_xml_writer_begin (writer, "manifest:manifest", "xmlns:manifest", NS_ODF,
                            "manifest:version", "1.2", NULL);
    tamga_xml_writer_leaf (writer, "manifest:file-entry", NULL, "manifest:full-path", "/",
                           "manifest:media-type", container_type, NULL);
    for (guint i = 0; i < names->len; i++)
        tamga_xml_writer_leaf (writer, "manifest:file-entry", NULL, "manifest:full-path",
                               names->pdata[i], "manifest:media-type", mime_types->pdata[i], NULL);
    tamga_xml_writer_end (writer);
    return finish (writer);
}

const char *tamga_asic_mime_type (const char *name)
{
    static const struct {
        const char *extension, *type;
    } types[] = {
        {".pdf", "application/pdf"},
        {".txt", "text/plain"},
        {".csv", "text/csv"},
        {".xml", "text/xml"},
        {".html", "text/html"},
        {".json", "application/json"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".tif", "image/tiff"},
        {".tiff", "image/tiff"},
        {".zip", "application/zip"},
        {".doc", "application/msword"},
        {".xls", "application/vnd.ms-excel"},
        {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        {".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
        {".odt", "application/vnd.oasis.opendocument.text"},
        {".ods", "application/vnd.oasis.opendocument.spreadsheet"},
        {".odp", "application/vnd.oasis.opendocument.presentation"},
        {".asice", TAMGA_ASIC_TYPE_E},
        {".asics", TAMGA_ASIC_TYPE_S},
        {".p7m", "application/pkcs7-mime"},
        {".p7s", "application/pkcs7-signature"},
    };
    g_autofree char *lower = g_ascii_strdown (name, -1);

    for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
        if (g_str_has_suffix (lower, types[i].extension))
            return types[i].type;
    }
    return "application/octet-stream";
}
