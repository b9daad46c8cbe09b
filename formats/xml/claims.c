/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the signer states in the signed properties: time, place, policy, roles, commitments, kinds
 * of objects. Nobody vouches for it. */
#include <string.h>

#include "formats/ossl.h"
#include "formats/xml/qualifying.h"
#include "formats/xml/signer.h"

/* Roles and commitments of one signature that are shown. */
#define MAX_CLAIMS 64u

/* Text of an element made safe for a screen; NULL where it has none. */
static char *visible_text (const xmlNode *node)
{
    g_autofree char *text = tamga_xml_text (node);

    return text != NULL && text[0] != '\0' ? tamga_text_visible (text) : NULL;
}

/* The first of several spellings of a property. */
static const xmlNode *property (const xmlNode *list, const char *name, const char *newer)
{
    const xmlNode *found = tamga_xades_child (list, newer);

    return found != NULL ? found : tamga_xades_child (list, name);
}

/* ---- Time ---- */

static void read_time (TamgaXmlSigner *signer, const xmlNode *list)
{
    const xmlNode *node = tamga_xades_child (list, "SigningTime");
    g_autofree char *text = tamga_xml_text (node);
    g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
    g_autoptr (GDateTime) moment = NULL, shifted = NULL;
    g_autoptr (GTimeZone) east = g_time_zone_new_offset (3600);

    if (node == NULL)
        return;
    moment = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;
    if (moment == NULL) {
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING, "xades-time-broken",
                              "EN 319 132-1 5.2.1", "SigningTime is not a time.");
        return;
    }
    signer->signature->claimed_time = g_date_time_to_unix (moment);
    signer->signature->claimed_time_source = g_strdup ("SigningTime");
    shifted = g_date_time_new_from_iso8601 (text, east);
    if (g_date_time_compare (moment, shifted) != 0)
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_INFO, "xades-time-without-zone",
                              "EN 319 132-1 5.2.1",
                              "SigningTime has no time zone: it is read as UTC.");
}

/* ---- Policy ---- */

static void read_policy (TamgaXmlSigner *signer, const xmlNode *list)
{
    static const char urn[] = "urn:oid:";
    TamgaSignature *signature = signer->signature;
    const xmlNode *node = tamga_xades_child (list, "SignaturePolicyIdentifier");
    const xmlNode *id = tamga_xades_child (node, "SignaturePolicyId");
    const xmlNode *name = tamga_xades_child (id, "SigPolicyId");
    g_autofree char *text = visible_text (tamga_xades_child (name, "Identifier"));

    if (node == NULL)
        return;
    if (text != NULL)
        signature->policy_oid = g_strdup (
            g_ascii_strncasecmp (text, urn, strlen (urn)) == 0 ? text + strlen (urn) : text);
    else if (tamga_xades_child (node, "SignaturePolicyImplied") != NULL)
        tamga_signature_find (signature, TAMGA_SEVERITY_INFO, "xades-policy-implied",
                              "EN 319 132-1 5.2.9",
                              "The signature follows a policy that it does not name.");
    else
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "xades-policy-broken",
                              "EN 319 132-1 5.2.9", "The signature policy cannot be read.");
}

/* ---- Place and roles ---- */

static void read_place (TamgaXmlSigner *signer, const xmlNode *list)
{
    static const char *const names[] = {"StreetAddress", "City", "PostalCode", "StateOrProvince",
                                        "CountryName"};
    const xmlNode *place =
        property (list, "SignatureProductionPlace", "SignatureProductionPlaceV2");
    g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        char *text = visible_text (tamga_xades_child (place, names[i]));
        if (text != NULL)
            g_ptr_array_add (parts, text);
    }
    if (parts->len == 0)
        return;
    g_ptr_array_add (parts, NULL);
    signer->signature->location = g_strjoinv (", ", (char **)parts->pdata);
}

static void read_roles (TamgaXmlSigner *signer, const xmlNode *list)
{
    const xmlNode *role = property (list, "SignerRole", "SignerRoleV2");
    const xmlNode *claimed = tamga_xades_child (role, "ClaimedRoles");
    GPtrArray *roles = signer->signature->roles;

    for (const xmlNode *node = claimed != NULL ? tamga_xml_first_element (claimed) : NULL;
         node != NULL && roles->len < MAX_CLAIMS; node = tamga_xml_next_element (node)) {
        char *text = tamga_xades_is (node, "ClaimedRole") ? visible_text (node) : NULL;
        if (text != NULL)
            g_ptr_array_add (roles, text);
    }
    for (const xmlNode *node = role != NULL ? tamga_xml_first_element (role) : NULL; node != NULL;
         node = tamga_xml_next_element (node)) {
        if (node != claimed)
            tamga_signature_find (signer->signature, TAMGA_SEVERITY_INFO, "xades-role-unchecked",
                                  "EN 319 132-1 5.2.6",
                                  "The signature has certified roles or signed assertions, which "
                                  "are not verified.");
    }
}

/* ---- Data objects ---- */

static const xmlNode *data_objects (const TamgaXmlSigner *signer)
{
    return tamga_xades_child (signer->properties, "SignedDataObjectProperties");
}

static void read_commitments (TamgaXmlSigner *signer)
{
    const xmlNode *list = data_objects (signer);
    GPtrArray *commitments = signer->signature->commitments;

    for (const xmlNode *node = list != NULL ? tamga_xml_first_element (list) : NULL;
         node != NULL && commitments->len < MAX_CLAIMS; node = tamga_xml_next_element (node)) {
        const xmlNode *id = NULL;
        g_autofree char *text = NULL;
        if (!tamga_xades_is (node, "CommitmentTypeIndication"))
            continue;
        id = tamga_xades_child (node, "CommitmentTypeId");
        text = visible_text (tamga_xades_child (id, "Identifier"));
        if (text != NULL)
            g_ptr_array_add (commitments,
                             g_strdup (g_str_has_prefix (text, "urn:oid:") ? text + 8 : text));
    }
}

/* The reference of this signature with that Id. */
static gboolean has_reference (const TamgaXmlSigner *signer, const char *id)
{
    for (guint i = 0; i < signer->references->len; i++) {
        if (g_strcmp0 (((TamgaXmlSigned *)signer->references->pdata[i])->id, id) == 0)
            return TRUE;
    }
    return FALSE;
}

static void check_formats (TamgaXmlSigner *signer)
{
    const xmlNode *list = data_objects (signer);

    for (const xmlNode *node = list != NULL ? tamga_xml_first_element (list) : NULL; node != NULL;
         node = tamga_xml_next_element (node)) {
        g_autofree char *target = NULL;
        if (!tamga_xades_is (node, "DataObjectFormat"))
            continue;
        target = tamga_xml_attribute (node, "ObjectReference");
        if (target != NULL && target[0] == '#' && has_reference (signer, target + 1))
            continue;
        tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING, "xades-format-reference",
                              "EN 319 132-1 5.2.4",
                              "DataObjectFormat is about no reference of the signature.");
        return;
    }
}

char *tamga_xml_signer_mime_type (const TamgaXmlSigner *signer, const char *reference_id)
{
    const xmlNode *list = data_objects (signer);

    for (const xmlNode *node = reference_id != NULL && list != NULL ? tamga_xml_first_element (list)
                                                                    : NULL;
         node != NULL; node = tamga_xml_next_element (node)) {
        g_autofree char *target = NULL;
        if (!tamga_xades_is (node, "DataObjectFormat"))
            continue;
        target = tamga_xml_attribute (node, "ObjectReference");
        if (target != NULL && target[0] == '#' && strcmp (target + 1, reference_id) == 0)
            return visible_text (tamga_xades_child (node, "MimeType"));
    }
    return NULL;
}

/* ---- All ---- */

/* Signed properties that this reader knows; those marked may be there once only. */
static const struct {
    const char *name;
    gboolean once;
} known[] = {
    {"SigningTime", TRUE},
    {"SigningCertificate", TRUE},
    {"SigningCertificateV2", TRUE},
    {"SignaturePolicyIdentifier", TRUE},
    {"SignatureProductionPlace", TRUE},
    {"SignatureProductionPlaceV2", TRUE},
    {"SignerRole", TRUE},
    {"SignerRoleV2", TRUE},
};

static void check_known (TamgaXmlSigner *signer, const xmlNode *list)
{
    guint counts[G_N_ELEMENTS (known)] = {0};

    for (const xmlNode *node = list != NULL ? tamga_xml_first_element (list) : NULL; node != NULL;
         node = tamga_xml_next_element (node)) {
        gsize i = 0;
        while (i < G_N_ELEMENTS (known) && !tamga_xades_is (node, known[i].name))
            i++;
        if (i == G_N_ELEMENTS (known)) {
            g_autofree char *name = tamga_text_visible ((const char *)node->name);
            tamga_signature_find (signer->signature, TAMGA_SEVERITY_WARNING,
                                  "xades-property-unknown", "EN 319 132-1 4.3.4",
                                  "The signed property %s is not known here.", name);
        } else if (++counts[i] == 2 && known[i].once) {
            tamga_signature_fail (signer->signature, TAMGA_INTEGRITY_FORMAT_FAILURE,
                                  "The signed property %s is there more than once "
                                  "(EN 319 132-1 4.3.4).",
                                  known[i].name);
        }
    }
}

void tamga_xml_signer_claims (TamgaXmlSigner *signer)
{
    const xmlNode *list = tamga_xades_child (signer->properties, "SignedSignatureProperties");

    check_known (signer, list);
    read_time (signer, list);
    read_policy (signer, list);
    read_place (signer, list);
    read_roles (signer, list);
    read_commitments (signer);
    check_formats (signer);
}
