/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a signature covers. Only nodes that a checked reference led to count: nothing is looked up a
 * second time (threats b, signature wrapping). */
#include <string.h>

#include "formats/ossl.h"
#include "formats/xml/qualifying.h"
#include "formats/xml/signer.h"

#define XADES_TYPE "http://uri.etsi.org/01903"
#define SIGNED_PROPERTIES_TYPE "#SignedProperties"
#define COUNTERSIGNED_TYPE "http://uri.etsi.org/01903#CountersignedSignature"

static gboolean is_within (const xmlNode *node, const xmlNode *top)
{
    while (node != NULL && node != top)
        node = node->parent;
    return node != NULL;
}

/* ---- Signed properties ---- */

/* The properties must speak of this signature (EN 319 132-1 4.3.1). Some old signers wrote no "#".
 */
static void check_target (TamgaXmlSigner *signer, const xmlNode *qualifying)
{
    g_autofree char *target = tamga_xml_attribute (qualifying, "Target");
    const char *id = target != NULL && target[0] == '#' ? target + 1 : target;

    if (id == NULL || id[0] == '\0') {
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING, "xades-no-target",
                              "EN 319 132-1 4.3.1",
                              "QualifyingProperties does not say which signature it is about.");
        return;
    }
    if (tamga_xml_by_id (signer->xml, id) != signer->element)
        tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "Target of QualifyingProperties is not the signature that it lies in "
                              "(EN 319 132-1 4.3.1).");
}

static gboolean has_properties_type (const TamgaXmlSigned *one)
{
    return one->type != NULL && g_str_has_prefix (one->type, XADES_TYPE) &&
           g_str_has_suffix (one->type, SIGNED_PROPERTIES_TYPE);
}

/* The reference that covers the node, and nothing less and nothing else. */
static void find_binding (TamgaXmlSigner *signer, const xmlNode *properties)
{
    guint count = 0;

    for (guint i = 0; i < signer->references->len; i++) {
        const TamgaXmlSigned *one = signer->references->pdata[i];
        if (has_properties_type (one) && (one->node != properties || !one->plain) &&
            one->integrity == TAMGA_INTEGRITY_INTACT)
            tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                                  "A reference of the type SignedProperties leads to something "
                                  "else than the properties of its signature (EN 319 132-1 4.3).");
        if (one->node != properties || !one->plain)
            continue;
        count++;
        signer->bound = one;
        if (!has_properties_type (one))
            tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING,
                                  "xades-properties-type", "EN 319 132-1 4.3",
                                  "The reference to the signed properties does not have their "
                                  "Type.");
    }
    if (count == 1)
        signer->properties = properties;
    else if (count > 1)
        tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "More than one reference leads to the signed properties "
                              "(EN 319 132-1 4.3).");
}

void tamga_xml_signer_bind_properties (TamgaXmlSigner *signer)
{
    g_autoptr (GPtrArray) list = tamga_xades_qualifying (signer->element);
    TamgaSignature *signature = signer->signature;
    guint count = 0;
    const xmlNode *properties = NULL;
    gboolean typed = FALSE, failed = FALSE;

    for (guint i = 0; i < list->len; i++) {
        for (const xmlNode *node = tamga_xml_first_element (list->pdata[i]); node != NULL;
             node = tamga_xml_next_element (node)) {
            if (!tamga_xades_is (node, "SignedProperties"))
                continue;
            properties = node;
            count++;
        }
    }
    for (guint i = 0; i < signer->references->len; i++) {
        const TamgaXmlSigned *one = signer->references->pdata[i];
        typed |= has_properties_type (one);
        failed |= has_properties_type (one) && one->integrity != TAMGA_INTEGRITY_INTACT;
    }
    if (list->len > 1 || count > 1) {
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The signature has more than one QualifyingProperties or "
                              "SignedProperties (EN 319 132-1 4.3.1; signature wrapping).");
        return;
    }
    if (list->len == 1)
        check_target (signer, list->pdata[0]);
    if (properties != NULL)
        find_binding (signer, properties);
    if ((properties != NULL || typed) && signer->properties == NULL && !failed)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              properties != NULL
                                  ? "The signed properties are there, but the signature does not "
                                    "cover them (EN 319 132-1 4.3)."
                                  : "The signature covers signed properties that are not among its "
                                    "own (EN 319 132-1 4.3).");
    if (signer->properties == NULL && !typed)
        signature->format = "XMLDSig";
}

/* ---- Content ---- */

static gboolean is_countersigned (const TamgaXmlSigned *one)
{
    return tamga_xml_is (one->node, TAMGA_NS_DSIG, "SignatureValue");
}

gboolean tamga_xml_signer_is_content (const TamgaXmlSigner *signer, const TamgaXmlSigned *one)
{
    return !has_properties_type (one) && !is_countersigned (one) &&
           (one->node == NULL ||
            (one->node != signer->key_info && one->node != signer->properties));
}

/* A path or a name as people know it. */
static char *reference_name (const TamgaXmlSigned *one)
{
    g_autofree char *decoded = NULL;

    if (one->external) {
        decoded = one->uri != NULL ? g_uri_unescape_string (one->uri, NULL) : NULL;
        return tamga_text_visible (decoded != NULL    ? decoded
                                   : one->uri != NULL ? one->uri
                                                      : "the document");
    }
    return one->whole || one->uri == NULL ? g_strdup ("the document")
                                          : tamga_text_visible (one->uri);
}

static void add_object (TamgaXmlSigner *signer, const TamgaXmlSigned *one)
{
    g_autofree char *name = reference_name (one);
    g_autofree char *mime_type = tamga_xml_signer_mime_type (signer, one->id);
    TamgaObject *object = tamga_object_new (name, mime_type);

    object->digest = one->digest;
    object->value = one->claimed != NULL ? g_bytes_ref (one->claimed) : NULL;
    object->found = one->value != NULL;
    object->equal = one->integrity == TAMGA_INTEGRITY_INTACT;
    g_ptr_array_add (signer->signature->objects, object);
}

/* "element Invoice (#id)" */
static char *part_name (const TamgaXmlSigned *one)
{
    g_autofree char *name = reference_name (one);
    g_autofree char *element =
        one->node != NULL ? tamga_text_visible ((const char *)one->node->name) : NULL;

    if (one->decoded)
        return g_strdup_printf ("base64 text of %s", name);
    return element != NULL ? g_strdup_printf ("element %s (%s)", element, name)
                           : g_steal_pointer (&name);
}

/* What the references of content are together. */
typedef struct {
    gboolean whole, enveloped, enveloping, external, elsewhere;
    GPtrArray *names; /* char * */
    guint count;
} Sum;

static void add_up (TamgaXmlSigner *signer, const TamgaXmlSigned *one, Sum *sum)
{
    const xmlNode *root = xmlDocGetRootElement (signer->xml->doc);
    gboolean whole = !one->external && !one->decoded && (one->whole || one->node == root);
    gboolean around = whole || (one->node != NULL && is_within (signer->element, one->node));
    gboolean inside = one->node != NULL && is_within (one->node, signer->element);

    sum->count++;
    sum->external |= one->external;
    sum->whole |= whole && !one->external;
    sum->enveloped |= around && one->node != signer->element;
    sum->enveloping |= inside;
    sum->elsewhere |= !one->external && !around && !inside;
    g_ptr_array_add (sum->names, part_name (one));
}

static void add_covered (GPtrArray *references, GHashTable *covered)
{
    for (guint i = 0; i < references->len; i++) {
        const TamgaXmlSigned *one = references->pdata[i];
        for (const xmlNode *node = one->node; node != NULL; node = node->parent)
            g_hash_table_add (covered, (gpointer)node);
    }
}

/* Objects of the signature that no reference leads to, or into (threats b). */
static guint find_unsigned_objects (TamgaXmlSigner *signer)
{
    g_autoptr (GPtrArray) objects = tamga_xml_children (signer->element, TAMGA_NS_DSIG, "Object");
    g_autoptr (GHashTable) covered = g_hash_table_new (NULL, NULL);
    guint count = 0;

    add_covered (signer->references, covered);
    add_covered (signer->entries, covered);
    for (guint i = 0; i < objects->len; i++) {
        const xmlNode *object = objects->pdata[i];
        g_autofree char *id = NULL;
        if (g_hash_table_contains (covered, object) ||
            tamga_xades_child (object, "QualifyingProperties") != NULL)
            continue;
        count++;
        id = tamga_xml_attribute (object, "Id");
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING, "xml-object-unsigned",
                              "XMLDSig 4.5",
                              "The object %s inside the signature is not signed by it.",
                              id != NULL ? id : "without Id");
    }
    return count;
}

static void describe (TamgaXmlSigner *signer, const Sum *sum)
{
    TamgaSignature *signature = signer->signature;
    g_autofree char *names = NULL;
    gboolean is_root = xmlDocGetRootElement (signer->xml->doc) == signer->element;
    guint unsigned_objects = find_unsigned_objects (signer);

    g_ptr_array_add (sum->names, NULL);
    names = g_strjoinv (", ", (char **)sum->names->pdata);
    signature->packaging = sum->enveloped    ? "enveloped"
                           : sum->enveloping ? "enveloping"
                                             : "detached";
    signature->covered_bytes = sum->whole ? g_bytes_get_size (signer->xml->bytes) : 0;
    signature->coverage = TAMGA_COVERS_WHOLE;
    if (sum->whole)
        signature->coverage_text = g_strdup ("the whole document but signatures in it");
    else if (sum->external && !sum->elsewhere && !sum->enveloping && !sum->enveloped)
        signature->coverage_text = g_strdup_printf ("the whole of %s", names);
    else if (is_root && sum->enveloping && !sum->external && unsigned_objects == 0)
        signature->coverage_text = g_strdup_printf ("all that is inside the signature: %s", names);
    else {
        signature->coverage = TAMGA_COVERS_PART;
        signature->coverage_text = g_strdup_printf ("only %s", names);
    }
}

static void describe_countersignature (TamgaXmlSigner *signer, const TamgaXmlSigned *one)
{
    TamgaSignature *signature = signer->signature;

    signature->packaging = "enveloped";
    signature->coverage = TAMGA_COVERS_PART;
    signature->coverage_text = g_strdup ("the value of the signature above it only");
    signature->message_digest = one->digest;
    signature->content_digest = one->value != NULL ? g_bytes_ref (one->value) : NULL;
}

/* What must be countersigned by its place must be so by a reference (EN 319 132-1 5.2.7.2). */
static void check_countersigned (TamgaXmlSigner *signer)
{
    const TamgaXmlSigned *found = NULL;

    for (guint i = 0; i < signer->references->len; i++) {
        const TamgaXmlSigned *one = signer->references->pdata[i];
        if (g_strcmp0 (one->type, COUNTERSIGNED_TYPE) == 0 && !is_countersigned (one) &&
            one->integrity == TAMGA_INTEGRITY_INTACT)
            tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                                  "A reference of the type CountersignedSignature leads to no "
                                  "SignatureValue (EN 319 132-1 5.2.7.2).");
        if (is_countersigned (one) && one->plain && found == NULL &&
            (signer->countersigned == NULL || one->node->parent == signer->countersigned))
            found = one;
    }
    if (signer->countersigned != NULL && found == NULL)
        tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The countersignature does not cover the value of the signature that "
                              "it lies in (EN 319 132-1 5.2.7.2).");
    if (found == NULL)
        return;
    signer->countersigned = found->node->parent;
    describe_countersignature (signer, found);
}

void tamga_xml_signer_cover (TamgaXmlSigner *signer)
{
    TamgaSignature *signature = signer->signature;
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    Sum sum = {.names = names};

    check_countersigned (signer);
    for (guint i = 0; i < signer->references->len; i++) {
        const TamgaXmlSigned *one = signer->references->pdata[i];
        if (!tamga_xml_signer_is_content (signer, one))
            continue;
        /* A manifest stands for what it lists. */
        if (signer->entries->len == 0 || !tamga_xml_is (one->node, TAMGA_NS_DSIG, "Manifest"))
            add_up (signer, one, &sum);
        add_object (signer, one);
        if (signature->content_digest != NULL || one->value == NULL)
            continue;
        signature->message_digest = one->digest;
        signature->content_digest = g_bytes_ref (one->value);
    }
    for (guint i = 0; i < signer->entries->len; i++) {
        add_up (signer, signer->entries->pdata[i], &sum);
        add_object (signer, signer->entries->pdata[i]);
    }
    if (sum.count > 0 && signature->coverage_text == NULL)
        describe (signer, &sum);
    else if (signature->coverage_text == NULL)
        tamga_signature_fail (signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                              "The signature covers no content, only its own properties.");
}
