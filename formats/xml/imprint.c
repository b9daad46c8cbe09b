/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What XAdES timestamps cover. */
#include "formats/xml/imprint.h"

#include <string.h>

#include "formats/ossl.h"
#include "formats/xml/qualifying.h"
#include "formats/xml/reference.h"

#define TYPE_SIGNED_PROPERTIES "#SignedProperties" /* what all versions of the Type end with */

/* One imprint on its way. */
typedef struct {
    const TamgaXml *xml;
    const xmlNode *signature, *property;
    const TamgaC14n *c14n;
    const TamgaXmlResolver *resolver;
    EVP_MD_CTX *context;
} Imprint;

/* ---- Pieces ---- */

static gboolean add_element (const Imprint *imprint, const xmlNode *element, GError **error)
{
    const TamgaNodeSet set = {.apex = element};

    return tamga_c14n_set_update (imprint->xml, &set, imprint->c14n, NULL, imprint->context, error);
}

static gboolean add_reference (const Imprint *imprint, const xmlNode *reference, GError **error)
{
    return tamga_xml_signed_update (imprint->xml, reference, imprint->resolver, imprint->c14n,
                                    imprint->context, error);
}

/* A child of ds:Signature that every signature has. */
static gboolean add_child (const Imprint *imprint, const char *name, gboolean needed,
                           GError **error)
{
    const xmlNode *child = tamga_xml_child (imprint->signature, TAMGA_NS_DSIG, name);

    if (child != NULL)
        return add_element (imprint, child, error);
    if (needed)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "The signature has no %s (XMLDSig 4.2).", name);
    return !needed;
}

static GPtrArray *references_of (const Imprint *imprint)
{
    const xmlNode *info = tamga_xml_child (imprint->signature, TAMGA_NS_DSIG, "SignedInfo");

    return tamga_xml_children (info, TAMGA_NS_DSIG, "Reference");
}

static gboolean is_properties_reference (const xmlNode *reference)
{
    g_autofree char *type = tamga_xml_attribute (reference, "Type");

    return type != NULL && g_str_has_prefix (type, "http://uri.etsi.org/01903") &&
           g_str_has_suffix (type, TYPE_SIGNED_PROPERTIES);
}

/* ---- Content timestamps (EN 319 132-1 5.2.8) ---- */

/* All references but that to the signed properties, in which the timestamp itself lies. */
static gboolean add_all_data_objects (const Imprint *imprint, GError **error)
{
    g_autoptr (GPtrArray) references = references_of (imprint);

    for (guint i = 0; i < references->len; i++) {
        if (!is_properties_reference (references->pdata[i]) &&
            !add_reference (imprint, references->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

/* What one Include names (5.1.4.4.2): a reference of this signature, and then what it covers, or
 * the element itself. */
static gboolean add_include (const Imprint *imprint, const xmlNode *include, GPtrArray *references,
                             GError **error)
{
    g_autofree char *uri = tamga_xml_attribute (include, "URI");
    g_autofree char *data = tamga_xml_attribute (include, "referencedData");
    const xmlNode *target =
        uri != NULL && uri[0] == '#' ? tamga_xml_by_id (imprint->xml, uri + 1) : NULL;
    gboolean referenced = g_strcmp0 (data, "true") == 0 || g_strcmp0 (data, "1") == 0;

    if (target == NULL || !g_ptr_array_find (references, target, NULL)) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "Include of a timestamp leads to no reference of its signature "
                     "(EN 319 132-1 5.2.8.2).");
        return FALSE;
    }
    return referenced ? add_reference (imprint, target, error)
                      : add_element (imprint, target, error);
}

static gboolean add_individual_data_objects (const Imprint *imprint, GError **error)
{
    g_autoptr (GPtrArray) references = references_of (imprint);
    gboolean any = FALSE;

    for (const xmlNode *node = tamga_xml_first_element (imprint->property); node != NULL;
         node = tamga_xml_next_element (node)) {
        if (!tamga_xades_is (node, "Include"))
            continue;
        any = TRUE;
        if (!add_include (imprint, node, references, error))
            return FALSE;
    }
    if (!any)
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED,
                     "IndividualDataObjectsTimeStamp names no object (EN 319 132-1 5.2.8.2).");
    return any;
}

/* ---- Timestamps among the unsigned properties ---- */

/* Unsigned properties before the timestamp, in their order; `names` NULL: all of them. */
static gboolean add_unsigned (const Imprint *imprint, const char *const *names, GError **error)
{
    const xmlNode *list = tamga_xades_unsigned (imprint->signature);

    for (const xmlNode *node = list != NULL ? tamga_xml_first_element (list) : NULL;
         node != NULL && node != imprint->property; node = tamga_xml_next_element (node)) {
        gboolean wanted = names == NULL;
        for (gsize i = 0; !wanted && names[i] != NULL; i++)
            wanted = tamga_xades_is (node, names[i]);
        if (wanted && !add_element (imprint, node, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_signature_value (const Imprint *imprint, GError **error)
{
    return add_child (imprint, "SignatureValue", TRUE, error);
}

#define REFERENCES                                                                                 \
    "CompleteCertificateRefs", "CompleteCertificateRefsV2", "CompleteRevocationRefs",              \
        "AttributeCertificateRefs", "AttributeCertificateRefsV2", "AttributeRevocationRefs", NULL

/* EN 319 132-1 A.1.5.1. */
static gboolean add_value_and_references (const Imprint *imprint, GError **error)
{
    static const char *const names[] = {"SignatureTimeStamp", REFERENCES};

    return add_signature_value (imprint, error) && add_unsigned (imprint, names, error);
}

/* EN 319 132-1 A.1.5.2. */
static gboolean add_references_only (const Imprint *imprint, GError **error)
{
    static const char *const names[] = {REFERENCES};

    return add_unsigned (imprint, names, error);
}

/* Elements that references lead to by their Id. A set of xmlNode, owning none. */
static GHashTable *referenced_elements (const Imprint *imprint, GPtrArray *references)
{
    GHashTable *set = g_hash_table_new (NULL, NULL);

    for (guint i = 0; i < references->len; i++) {
        g_autofree char *uri = tamga_xml_attribute (references->pdata[i], "URI");
        xmlNodePtr node =
            uri != NULL && uri[0] == '#' ? tamga_xml_by_id (imprint->xml, uri + 1) : NULL;
        if (node != NULL)
            g_hash_table_add (set, node);
    }
    return set;
}

/* EN 319 132-1 5.5.2.2. */
static gboolean add_archive (const Imprint *imprint, GError **error)
{
    g_autoptr (GPtrArray) references = references_of (imprint);
    g_autoptr (GPtrArray) objects =
        tamga_xml_children (imprint->signature, TAMGA_NS_DSIG, "Object");
    g_autoptr (GHashTable) referenced = referenced_elements (imprint, references);

    for (guint i = 0; i < references->len; i++) {
        if (!add_reference (imprint, references->pdata[i], error))
            return FALSE;
    }
    if (!add_child (imprint, "SignedInfo", TRUE, error) ||
        !add_child (imprint, "SignatureValue", TRUE, error) ||
        !add_child (imprint, "KeyInfo", FALSE, error) || !add_unsigned (imprint, NULL, error))
        return FALSE;
    for (guint i = 0; i < objects->len; i++) {
        gboolean covered = g_hash_table_contains (referenced, objects->pdata[i]) ||
                           tamga_xades_child (objects->pdata[i], "QualifyingProperties") != NULL;
        if (!covered && !add_element (imprint, objects->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

/* ---- The table ---- */

/* The first row of a kind is what a new timestamp of it covers. */
static const struct {
    TamgaTimestampKind kind;
    const char *name;
    gboolean (*add) (const Imprint *imprint, GError **error);
} rows[] = {
    {TAMGA_TIMESTAMP_CONTENT, "AllDataObjectsTimeStamp", add_all_data_objects},
    {TAMGA_TIMESTAMP_CONTENT, "IndividualDataObjectsTimeStamp", add_individual_data_objects},
    {TAMGA_TIMESTAMP_SIGNATURE, "SignatureTimeStamp", add_signature_value},
    {TAMGA_TIMESTAMP_REFERENCES, "SigAndRefsTimeStampV2", add_value_and_references},
    {TAMGA_TIMESTAMP_REFERENCES, "SigAndRefsTimeStamp", add_value_and_references},
    {TAMGA_TIMESTAMP_REFERENCES_ONLY, "RefsOnlyTimeStampV2", add_references_only},
    {TAMGA_TIMESTAMP_REFERENCES_ONLY, "RefsOnlyTimeStamp", add_references_only},
    {TAMGA_TIMESTAMP_ARCHIVE, "ArchiveTimeStamp", add_archive},
};

gboolean tamga_xades_timestamp_kind (const xmlNode *property, TamgaTimestampKind *kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (!tamga_xades_is (property, rows[i].name))
            continue;
        *kind = rows[i].kind;
        return TRUE;
    }
    return FALSE;
}

GBytes *tamga_xades_imprint (const TamgaXml *xml, const xmlNode *signature, const xmlNode *property,
                             TamgaTimestampKind kind, const TamgaC14n *c14n,
                             const TamgaXmlResolver *resolver, const TamgaDigest *digest,
                             GError **error)
{
    g_autoptr (EVP_MD_CTX) context = tamga_digest_start (digest);
    const Imprint imprint = {xml, signature, property, c14n, resolver, context};

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (rows[i].kind == kind && (property == NULL || tamga_xades_is (property, rows[i].name)))
            return rows[i].add (&imprint, error) ? tamga_digest_finish (context) : NULL;
    }
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                 "What a timestamp of the kind \"%s\" covers is not known for XAdES.",
                 tamga_timestamp_kind_name (kind));
    return NULL;
}
