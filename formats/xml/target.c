/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a signature covers, and where it goes. */
#include <libxml/xmlstring.h>
#include <string.h>

#include "formats/limits.h"
#include "formats/xml/make.h"
#include "formats/xml/xades.h"

#define OBJECT_TYPE TAMGA_NS_DSIG "Object"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
/* As the client of the Kazakh authority writes it. */
#define PLAIN_PROLOGUE "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>"
#define CONTAINER_FILE                                                                             \
    TAMGA_XML_PROLOGUE "<asic:XAdESSignatures xmlns:asic=\"" TAMGA_NS_ASIC                         \
                       "\"></asic:XAdESSignatures>"

void tamga_xml_target_clear (TamgaXmlTarget *target)
{
    g_clear_pointer (&target->basis, g_bytes_unref);
    g_clear_pointer (&target->xml, tamga_xml_free);
    g_clear_pointer (&target->head, g_free);
    g_clear_pointer (&target->tail, g_free);
    tamga_xml_slot_clear (&target->slot);
}

static GBytes *read_whole (TamgaDocument *document, guint64 limit, GError **error)
{
    return tamga_document_bytes (document, 0, tamga_document_size (document), limit, error);
}

/* A file without anything in it yet. */
static void start_file (TamgaXmlTarget *target)
{
    target->basis = g_bytes_new_static (TAMGA_XML_PROLOGUE, strlen (TAMGA_XML_PROLOGUE));
    target->slot.at = strlen (TAMGA_XML_PROLOGUE);
}

static const char *mime_type_of (TamgaDocument *document, const char *given)
{
    if (given != NULL)
        return given;
    return tamga_xml_probe (document) ? "text/xml" : "application/octet-stream";
}

/* ---- Enveloped ---- */

/* The file with the prologue that portals expect, where it has none. */
static GBytes *with_prologue (GBytes *bytes)
{
    gsize length, mark = strlen (BYTE_ORDER_MARK);
    const char *data = g_bytes_get_data (bytes, &length);
    TamgaXmlSlot slot = {0};

    if (length >= mark && memcmp (data, BYTE_ORDER_MARK, mark) == 0)
        slot.at = mark;
    if (length - slot.at >= strlen ("<?xml") &&
        memcmp (data + slot.at, "<?xml", strlen ("<?xml")) == 0)
        return g_bytes_ref (bytes);
    return tamga_xml_slot_fill (bytes, &slot, PLAIN_PROLOGUE, strlen (PLAIN_PROLOGUE));
}

static gboolean is_inside (const xmlNode *node, const xmlNode *outer)
{
    while (node != NULL && node != outer)
        node = node->parent;
    return node != NULL;
}

gboolean tamga_xml_target_place (TamgaXmlTarget *target, GError **error)
{
    target->inside = TRUE;
    target->order = tamga_xml_order (target->parent);
    return tamga_xml_slot (target->xml, target->parent, &target->slot, error);
}

static gboolean find_parent (TamgaXmlTarget *target, const char *path, GError **error)
{
    target->parent = path != NULL ? tamga_xml_locate (target->xml, path, error)
                                  : xmlDocGetRootElement (target->xml->doc);
    if (target->parent == NULL)
        return FALSE;
    for (const xmlNode *node = target->parent; node != NULL; node = node->parent) {
        if (!tamga_xml_is (node, TAMGA_NS_DSIG, "Signature"))
            continue;
        g_set_error (
            error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
            "A signature cannot be put into another one: <%s> is part of a signature. Sign "
            "detached, or countersign it.",
            (const char *)target->parent->name);
        return FALSE;
    }
    return tamga_xml_target_place (target, error);
}

char *tamga_xml_own_id (const TamgaXml *xml, const xmlNode *element)
{
    for (const xmlAttr *attribute = element->properties; attribute != NULL;
         attribute = attribute->next) {
        g_autofree char *name = g_ascii_strdown ((const char *)attribute->name, -1);
        xmlChar *value;
        char *id;
        if (strcmp (name, "id") != 0)
            continue;
        value = xmlNodeListGetString (element->doc, attribute->children, 1);
        id = g_strdup ((const char *)value);
        xmlFree (value);
        if (id != NULL && xmlValidateNCName (BAD_CAST id, 0) == 0 &&
            tamga_xml_by_id (xml, id) == element)
            return id;
        g_free (id);
    }
    return NULL;
}

static gboolean add_element (TamgaXmlPlan *plan, const TamgaXmlTarget *target, const char *path,
                             GError **error)
{
    xmlNode *element = tamga_xml_locate (target->xml, path, error);
    g_autofree char *id = NULL, *uri = NULL;
    TamgaXmlReference *reference;

    if (element == NULL)
        return FALSE;
    id = tamga_xml_own_id (target->xml, element);
    if (id == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "%s: the element has no attribute Id, ID, id or xml:id of its own, which a "
                     "signature over a part of the document needs.",
                     path);
        return FALSE;
    }
    uri = g_strconcat ("#", id, NULL);
    reference = tamga_xml_plan_add (plan, uri);
    reference->c14n = plan->reference_c14n;
    reference->enveloped = plan->plain && is_inside (target->parent, element);
    reference->no_signature = !plan->plain && is_inside (target->parent, element);
    reference->mime_type = plan->plain ? NULL : g_strdup ("text/xml");
    return TRUE;
}

/* All that such a file holds is signatures: one over the rest of it would sign nothing. */
static gboolean check_root (const TamgaXml *xml, TamgaDocument *document, GError **error)
{
    if (!tamga_xml_is (xmlDocGetRootElement (xml->doc), TAMGA_NS_ASIC, "XAdESSignatures"))
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "%s holds the signatures of a container: sign the container.",
                 tamga_document_name (document));
    return FALSE;
}

static gboolean target_enveloped (TamgaXmlPlan *plan, TamgaXmlTarget *target,
                                  TamgaDocument *document, const TamgaSigningParameters *parameters,
                                  GError **error)
{
    const char *const *elements = parameters->xml.elements;
    g_autoptr (GBytes) bytes = read_whole (document, TAMGA_MAX_XML_SIZE, error);
    TamgaXmlReference *reference;

    if (bytes == NULL)
        return FALSE;
    if (parameters->documents != NULL && parameters->documents->len > 0) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "A signature inside of a document signs that document only: sign several "
                     "detached, or in a container.");
        return FALSE;
    }
    target->basis = plan->plain ? with_prologue (bytes) : g_bytes_ref (bytes);
    target->xml = tamga_xml_parse_bytes (tamga_document_name (document), target->basis, error);
    if (target->xml == NULL || !check_root (target->xml, document, error) ||
        !find_parent (target, parameters->xml.parent, error))
        return FALSE;
    for (gsize i = 0; elements != NULL && elements[i] != NULL; i++) {
        if (i >= TAMGA_MAX_REFERENCES) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "A signature has at most %u references.", TAMGA_MAX_REFERENCES);
            return FALSE;
        }
        if (!add_element (plan, target, elements[i], error))
            return FALSE;
    }
    if (plan->references->len > 0)
        return TRUE;
    reference = tamga_xml_plan_add (plan, "");
    reference->c14n = plan->reference_c14n;
    reference->enveloped = plan->plain;
    reference->no_signature = !plan->plain;
    reference->mime_type =
        plan->plain ? NULL : g_strdup (mime_type_of (document, parameters->content_type));
    return TRUE;
}

/* ---- Enveloping ---- */

/* Can the document stand inside of another as nodes, so that its bytes can be given back as they
 * were? Not with a declaration or a byte order mark, and not with signatures of its own, which
 * would speak of the new document then. */
static gboolean fits_as_nodes (TamgaDocument *document, GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data (bytes, &length);
    g_autoptr (TamgaXml) xml = NULL;
    g_autoptr (GPtrArray) signatures = NULL;

    if (length < strlen ("<?xml") || data[0] != '<' ||
        memcmp (data, "<?xml", strlen ("<?xml")) == 0 || !tamga_xml_probe (document) ||
        !g_utf8_validate (data, (gssize)length, NULL))
        return FALSE;
    xml = tamga_xml_parse_bytes (tamga_document_name (document), bytes, NULL);
    signatures = xml != NULL ? tamga_xml_find (xml, TAMGA_NS_DSIG, "Signature", 1, NULL) : NULL;
    return signatures != NULL && signatures->len == 0;
}

static gboolean check_object_size (TamgaDocument *document, GError **error)
{
    guint64 size = tamga_document_size (document);

    if ((size + 2) / 3 * 4 <= TAMGA_MAX_XML_TEXT)
        return TRUE;
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                 "%s has %" G_GUINT64_FORMAT " bytes: an enveloping signature takes up to %u. Sign "
                 "it detached, or in a container.",
                 tamga_document_name (document), size, TAMGA_MAX_XML_TEXT / 4 * 3);
    return FALSE;
}

static gboolean add_object (TamgaXmlPlan *plan, TamgaDocument *document, const char *mime_type,
                            GError **error)
{
    const TamgaDigest *digest = tamga_algorithm_digest (plan->algorithm);
    g_autofree char *what = g_strdup_printf ("object-%u", plan->objects->len + 1);
    g_autofree char *id = tamga_xml_plan_id (plan, what), *uri = g_strconcat ("#", id, NULL);
    TamgaXmlWriter *writer = tamga_xml_writer_new (TAMGA_LAYOUT_COMPACT);
    g_autoptr (GBytes) bytes = check_object_size (document, error)
                                   ? read_whole (document, TAMGA_MAX_XML_TEXT, error)
                                   : NULL;
    TamgaXmlReference *reference;

    if (bytes == NULL) {
        tamga_xml_writer_free (writer);
        return FALSE;
    }
    reference = tamga_xml_plan_add (plan, uri);
    reference->type = OBJECT_TYPE;
    reference->mime_type = g_strdup (mime_type);
    if (fits_as_nodes (document, bytes)) {
        gsize length;
        const void *data = g_bytes_get_data (bytes, &length);
        reference->c14n = plan->reference_c14n;
        tamga_xml_writer_begin (writer, "ds:Object", "Id", id, "MimeType", mime_type, NULL);
        tamga_xml_writer_raw (writer, data, length);
        tamga_xml_writer_end (writer);
    } else {
        reference->base64 = TRUE;
        g_bytes_unref (reference->digest);
        reference->digest = tamga_digest_bytes (digest, bytes);
        tamga_xml_writer_base64 (writer, TAMGA_XML_INLINE, "ds:Object", bytes, "Id", id, "MimeType",
                                 mime_type, "Encoding", TAMGA_XML_BASE64, NULL);
    }
    g_ptr_array_add (plan->objects, g_string_free_to_bytes (tamga_xml_writer_finish (writer)));
    return TRUE;
}

/* ---- Detached ---- */

static gboolean add_detached (TamgaXmlPlan *plan, TamgaDocument *document, const char *mime_type,
                              const TamgaSigningParameters *parameters, GError **error)
{
    g_autofree char *name = g_path_get_basename (tamga_document_name (document));
    g_autofree char *uri = g_uri_escape_bytes ((const guint8 *)name, strlen (name), NULL);
    TamgaXmlReference *reference;
    GBytes *value;

    for (guint i = 0; i < plan->references->len; i++) {
        if (strcmp (((TamgaXmlReference *)plan->references->pdata[i])->uri, uri) != 0)
            continue;
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                     "Two documents are called %s: a detached signature tells them apart by name.",
                     name);
        return FALSE;
    }
    value = tamga_document_digest (document, tamga_algorithm_digest (plan->algorithm), NULL, 0,
                                   parameters->progress, parameters->progress_data, error);
    if (value == NULL)
        return FALSE;
    reference = tamga_xml_plan_add (plan, uri);
    g_bytes_unref (reference->digest);
    reference->digest = value;
    reference->document = tamga_document_ref (document);
    reference->mime_type = g_strdup (mime_type);
    return TRUE;
}

/* `document` and those that are signed with it, each into a reference of its own. */
static gboolean add_documents (TamgaXmlPlan *plan, TamgaDocument *document,
                               const TamgaSigningParameters *parameters, gboolean detached,
                               GError **error)
{
    guint others = parameters->documents != NULL ? parameters->documents->len : 0;

    for (guint i = 0; i <= others; i++) {
        TamgaDocument *one = i == 0 ? document : parameters->documents->pdata[i - 1];
        const char *type = mime_type_of (one, i == 0 ? parameters->content_type : NULL);
        if (!(detached ? add_detached (plan, one, type, parameters, error)
                       : add_object (plan, one, type, error)))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_packaging (const TamgaXmlPlan *plan, TamgaPackaging packaging,
                                 TamgaDocument *document, const TamgaSigningParameters *parameters,
                                 GError **error)
{
    const char *text = NULL;

    if (packaging != TAMGA_PACKAGING_ENVELOPED && plan->plain)
        text = "Plain XMLDSig is made inside of an XML document only.";
    else if (packaging == TAMGA_PACKAGING_ENVELOPED && !tamga_xml_probe (document))
        text = "An enveloped signature is made inside of an XML document, and this is none.";
    else if (packaging != TAMGA_PACKAGING_ENVELOPED &&
             (parameters->xml.parent != NULL || parameters->xml.elements != NULL))
        text = "Elements to sign, and one to put the signature into, are for enveloped signatures.";
    if (text != NULL)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, "%s: %s",
                     tamga_document_name (document), text);
    return text == NULL;
}

gboolean tamga_xml_target_document (TamgaXmlPlan *plan, TamgaXmlTarget *target,
                                    TamgaDocument *document,
                                    const TamgaSigningParameters *parameters, GError **error)
{
    TamgaPackaging packaging = parameters->packaging;

    if (packaging == TAMGA_PACKAGING_DEFAULT)
        packaging = plan->plain || tamga_xml_probe (document) ? TAMGA_PACKAGING_ENVELOPED
                                                              : TAMGA_PACKAGING_ENVELOPING;
    if (!check_packaging (plan, packaging, document, parameters, error))
        return FALSE;
    if (packaging == TAMGA_PACKAGING_ENVELOPED)
        return target_enveloped (plan, target, document, parameters, error);
    start_file (target);
    return add_documents (plan, document, parameters, packaging == TAMGA_PACKAGING_DETACHED, error);
}

/* ---- Containers ---- */

gboolean tamga_xml_target_objects (TamgaXmlPlan *plan, TamgaXmlTarget *target,
                                   TamgaDocument *carrier, GPtrArray *objects, GError **error)
{
    const TamgaDigest *digest = tamga_algorithm_digest (plan->algorithm);

    target->basis = carrier != NULL ? read_whole (carrier, TAMGA_MAX_XML_SIZE, error)
                                    : g_bytes_new_static (CONTAINER_FILE, strlen (CONTAINER_FILE));
    target->xml = target->basis != NULL
                      ? tamga_xml_parse_bytes (carrier != NULL ? tamga_document_name (carrier)
                                                               : "the new file",
                                               target->basis, error)
                      : NULL;
    if (target->xml == NULL || !find_parent (target, NULL, error))
        return FALSE;
    for (guint i = 0; i < objects->len; i++) {
        const TamgaXmlObject *object = objects->pdata[i];
        TamgaXmlReference *reference = tamga_xml_plan_add (plan, object->uri);
        if (g_bytes_get_size (object->digest) != digest->size) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                         "The digest of %s is not one of %s.", object->uri, digest->name);
            return FALSE;
        }
        g_bytes_unref (reference->digest);
        reference->digest = g_bytes_ref (object->digest);
        reference->mime_type =
            g_strdup (object->mime_type != NULL ? object->mime_type : "application/octet-stream");
    }
    return TRUE;
}
