/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timestamps of a signature, what each of them covers and proves, and other unsigned properties. */
#include <string.h>

#include "formats/cms/token.h"
#include "formats/limits.h"
#include "formats/ossl.h"
#include "formats/xml/imprint.h"
#include "formats/xml/qualifying.h"
#include "formats/xml/signer.h"

/* What is named to people, beside the kinds of the model. */
static const struct {
    const char *name, *covers;
} texts[] = {
    {"IndividualDataObjectsTimeStamp", "some of the signed objects"},
    {"AllDataObjectsTimeStamp", "the signed objects"},
};

/* A method that is not there, or is empty, is Canonical XML 1.0 (EN 319 132-1 5.1.4.4.3). NULL: one
 * that is not known. */
static const TamgaC14n *stamp_c14n (const xmlNode *property)
{
    const xmlNode *method = tamga_xml_child (property, TAMGA_NS_DSIG, "CanonicalizationMethod");
    g_autofree char *uri = method != NULL ? tamga_xml_attribute (method, "Algorithm") : NULL;
    const TamgaC14n *c14n;

    if (uri == NULL || uri[0] == '\0')
        return tamga_c14n_by_name ("c14n");
    c14n = tamga_c14n_by_name (uri);
    return c14n != NULL && strcmp (c14n->uri, uri) == 0 ? c14n : NULL;
}

/* What the token should cover. FALSE with an error of reading; what cannot be computed is a
 * finding. */
static gboolean cover (TamgaXmlSigner *signer, const xmlNode *property, TamgaTimestamp *timestamp,
                       GError **error)
{
    const TamgaC14n *c14n = stamp_c14n (property);
    g_autoptr (GError) local = NULL;
    g_auto (TamgaTokenClaim) claim = {0};

    if (!tamga_token_claim (timestamp->token, &claim, &local)) {
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING, "timestamp-broken",
                              "RFC 3161 2.4.2", "%s cannot be read: %s", timestamp->id,
                              local->message);
        return TRUE;
    }
    if (claim.digest == NULL)
        return TRUE;
    if (c14n != NULL)
        timestamp->covered_digest =
            tamga_xades_imprint (signer->xml, signer->element, property, timestamp->kind, c14n,
                                 signer->resolver, claim.digest, &local);
    if (timestamp->covered_digest != NULL)
        return TRUE;
    if (local != NULL &&
        (local->domain != TAMGA_FORMAT_ERROR || local->code == TAMGA_FORMAT_ERROR_LIMIT)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    tamga_signature_find (
        signer->signature, TAMGA_SEVERITY_WARNING, "timestamp-not-computable",
        "EN 319 132-1 5.1.4.4", "What %s covers cannot be computed: %s", timestamp->id,
        local != NULL ? local->message : "its canonicalization is not known here.");
    return TRUE;
}

static void describe (TamgaTimestamp *timestamp, const xmlNode *property)
{
    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
        if (tamga_xades_is (property, texts[i].name))
            timestamp->covers = g_strdup (texts[i].covers);
    }
}

/* `proven`: ids (char *) of what lies before the timestamp. */
static GPtrArray *copy_ids (GPtrArray *proven)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < proven->len; i++)
        g_ptr_array_add (copy, g_strdup (proven->pdata[i]));
    return copy;
}

/* Every token of one XAdESTimeStampType. */
static gboolean add_tokens (TamgaXmlSigner *signer, const xmlNode *property,
                            TamgaTimestampKind kind, GPtrArray *proven, GError **error)
{
    GPtrArray *list = signer->signature->timestamps;

    for (const xmlNode *node = tamga_xml_first_element (property); node != NULL;
         node = tamga_xml_next_element (node)) {
        TamgaTimestamp *timestamp;
        g_autoptr (GBytes) token = NULL;
        if (tamga_xades_is (node, "XMLTimeStamp"))
            tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING, "timestamp-xml",
                                  "EN 319 132-1 5.1.4.3",
                                  "A timestamp in the form of XML is not verified.");
        if (!tamga_xades_is (node, "EncapsulatedTimeStamp"))
            continue;
        token = tamga_xml_base64 (node);
        if (token == NULL) {
            tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING, "timestamp-broken",
                                  "EN 319 132-1 5.1.4.3", "A timestamp is not base64.");
            continue;
        }
        if (list->len >= TAMGA_MAX_TIMESTAMPS) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                         "The signature has more than %u timestamps.", TAMGA_MAX_TIMESTAMPS);
            return FALSE;
        }
        timestamp = g_new0 (TamgaTimestamp, 1);
        timestamp->kind = kind;
        timestamp->id = g_strdup_printf ("timestamp %u", list->len + 1);
        timestamp->token = g_steal_pointer (&token);
        if (kind == TAMGA_TIMESTAMP_REFERENCES || kind == TAMGA_TIMESTAMP_ARCHIVE)
            timestamp->proves = copy_ids (proven);
        describe (timestamp, property);
        g_ptr_array_add (list, timestamp);
        if (!cover (signer, property, timestamp, error))
            return FALSE;
    }
    return TRUE;
}

/* Tokens of one property, and then their ids among `proven`: a token does not prove its
 * neighbours in the same element. */
static gboolean add_property (TamgaXmlSigner *signer, const xmlNode *property,
                              TamgaTimestampKind kind, GPtrArray *proven, GError **error)
{
    GPtrArray *list = signer->signature->timestamps;
    guint before = list->len;

    if (!add_tokens (signer, property, kind, proven, error))
        return FALSE;
    for (guint i = before; i < list->len; i++)
        g_ptr_array_add (proven, g_strdup (((TamgaTimestamp *)list->pdata[i])->id));
    return TRUE;
}

/* Content timestamps lie in the signed properties. */
static gboolean add_content_stamps (TamgaXmlSigner *signer, GPtrArray *proven, GError **error)
{
    const xmlNode *list = tamga_xades_child (signer->properties, "SignedDataObjectProperties");
    TamgaTimestampKind kind;

    for (const xmlNode *node = list != NULL ? tamga_xml_first_element (list) : NULL; node != NULL;
         node = tamga_xml_next_element (node)) {
        if (tamga_xades_timestamp_kind (node, &kind) && kind == TAMGA_TIMESTAMP_CONTENT &&
            !add_property (signer, node, kind, proven, error))
            return FALSE;
    }
    return TRUE;
}

/* Unsigned properties that are read elsewhere, or that say nothing for validation here. */
static const char *const others[] = {
    "CertificateValues",         "AttrAuthoritiesCertValues",  "RevocationValues",
    "AttributeRevocationValues", "TimeStampValidationData",    "AnyValidationData",
    "CompleteCertificateRefs",   "CompleteCertificateRefsV2",  "CompleteRevocationRefs",
    "AttributeCertificateRefs",  "AttributeCertificateRefsV2", "AttributeRevocationRefs",
    "CounterSignature",          "SignaturePolicyStore",
};

static gboolean is_other (const xmlNode *node)
{
    for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
        if (tamga_xades_is (node, others[i]))
            return TRUE;
    }
    return FALSE;
}

static void note_unknown (TamgaXmlSigner *signer, const xmlNode *node)
{
    g_autofree char *name = tamga_text_visible ((const char *)node->name);

    if (strstr (name, "EvidenceRecord") != NULL)
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_INFO, "evidence-record",
                              "RFC 4998, RFC 6283",
                              "The signature has an evidence record, which is not verified.");
    else
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_INFO, "xades-unsigned-unknown",
                              "EN 319 132-1 4.3.6", "The unsigned property %s is not known here.",
                              name);
}

/* The id of the countersignature in the property; NULL where it is none. */
static const char *counter_id (const xmlNode *property, GHashTable *counters)
{
    return tamga_xades_is (property, "CounterSignature")
               ? g_hash_table_lookup (counters,
                                      tamga_xml_child (property, TAMGA_NS_DSIG, "Signature"))
               : NULL;
}

gboolean tamga_xml_signer_stamps (TamgaXmlSigner *signer, GHashTable *counters, GError **error)
{
    const xmlNode *list = tamga_xades_unsigned (signer->element);
    g_autoptr (GPtrArray) proven = g_ptr_array_new_with_free_func (g_free);
    TamgaTimestampKind kind;

    if (!add_content_stamps (signer, proven, error))
        return FALSE;
    for (const xmlNode *node = list != NULL ? tamga_xml_first_element (list) : NULL; node != NULL;
         node = tamga_xml_next_element (node)) {
        const char *counter = counter_id (node, counters);
        if (counter != NULL)
            g_ptr_array_add (proven, g_strdup (counter));
        if (tamga_xades_timestamp_kind (node, &kind) && kind != TAMGA_TIMESTAMP_CONTENT) {
            if (!add_property (signer, node, kind, proven, error))
                return FALSE;
        } else if (!is_other (node)) {
            note_unknown (signer, node);
        }
    }
    return TRUE;
}
