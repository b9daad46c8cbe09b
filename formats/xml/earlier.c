/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures that are in the file already: where properties can be added to them, and whether they
 * still hold afterwards. */
#include <string.h>

#include "formats/cms/token.h"
#include "formats/limits.h"
#include "formats/xml/make.h"
#include "formats/xml/xades.h"

/* ---- Finding ---- */

xmlNode *tamga_xades_signature_at (const TamgaXml *xml, guint index, GError **error)
{
    g_autoptr (GPtrArray) nodes =
        tamga_xml_find (xml, TAMGA_NS_DSIG, "Signature", TAMGA_MAX_SIGNERS, error);

    if (nodes == NULL)
        return NULL;
    if (index < nodes->len)
        return nodes->pdata[index];
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER,
                 "The document has %u signatures: there is no number %u.", nodes->len, index + 1);
    return NULL;
}

xmlNode *tamga_xades_find_signature (const TamgaXml *xml, const TamgaXmlResolver *resolver,
                                     const char *id, GError **error)
{
    g_autoptr (GPtrArray) signatures = tamga_xades_read_xml (xml, resolver, error);

    if (signatures == NULL)
        return NULL;
    for (guint i = 0; i < signatures->len; i++) {
        if (strcmp (((TamgaSignature *)signatures->pdata[i])->id, id) == 0)
            return tamga_xades_signature_at (xml, i, error);
    }
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_PARAMETER, "The document has no %s.",
                 id);
    return NULL;
}

/* ---- Places of unsigned properties ---- */

void tamga_xml_target_wrap (TamgaXmlTarget *target, const char *name, const char *namespace)
{
    char *head = g_strdup_printf ("%s<%s xmlns:xades=\"%s\">",
                                  target->head != NULL ? target->head : "", name, namespace);
    char *tail = g_strdup_printf ("</%s>%s", name, target->tail != NULL ? target->tail : "");

    g_free (target->head);
    g_free (target->tail);
    target->head = head;
    target->tail = tail;
    target->depth++;
}

GBytes *tamga_xml_target_fill (const TamgaXmlTarget *target, const GString *text)
{
    g_autofree char *all =
        g_strconcat (target->head != NULL ? target->head : "", text->str, target->tail, NULL);

    return tamga_xml_slot_fill (target->basis, &target->slot, all, strlen (all));
}

static xmlNode *qualifying_properties (const xmlNode *signature)
{
    g_autoptr (GPtrArray) objects = tamga_xml_children (signature, TAMGA_NS_DSIG, "Object");
    xmlNode *found = NULL;

    for (guint i = 0; found == NULL && i < objects->len; i++)
        found = tamga_xml_child (objects->pdata[i], TAMGA_NS_XADES, "QualifyingProperties");
    return found;
}

gboolean tamga_xades_unsigned_target (TamgaXmlTarget *target, xmlNode *signature, GError **error)
{
    xmlNode *qualifying = qualifying_properties (signature), *properties, *list = NULL;

    if (qualifying == NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "The signature has no properties of XAdES 1.3.2, so that nothing can be added "
                     "to it: it is plain XMLDSig, or XAdES of an older version.");
        return FALSE;
    }
    properties = tamga_xml_child (qualifying, TAMGA_NS_XADES, "UnsignedProperties");
    if (properties != NULL)
        list = tamga_xml_child (properties, TAMGA_NS_XADES, "UnsignedSignatureProperties");
    if (properties != NULL && list == NULL && xmlFirstElementChild (properties) != NULL) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_UNSUPPORTED,
                     "The signature has unsigned properties of its data objects only: others would "
                     "have to stand before them (EN 319 132-1 annex C).");
        return FALSE;
    }
    target->parent = list != NULL ? list : properties != NULL ? properties : qualifying;
    if (properties == NULL)
        tamga_xml_target_wrap (target, "xades:UnsignedProperties", TAMGA_NS_XADES);
    if (list == NULL)
        tamga_xml_target_wrap (target, "xades:UnsignedSignatureProperties", TAMGA_NS_XADES);
    return tamga_xml_target_place (target, error);
}

/* ---- Do they still hold? ---- */

/* All signatures; empty where there is none. NULL with an error. */
static GPtrArray *read_signatures (const TamgaXml *xml, const TamgaXmlResolver *resolver,
                                   GError **error)
{
    g_autoptr (GError) failure = NULL;
    GPtrArray *signatures = tamga_xades_read_xml (xml, resolver, &failure);

    if (signatures != NULL)
        return signatures;
    if (g_error_matches (failure, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NO_SIGNATURE))
        return g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_signature_free);
    g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
}

static gboolean same_value (const TamgaSignature *one, const TamgaSignature *other)
{
    return one->signature_value == other->signature_value ||
           (one->signature_value != NULL && other->signature_value != NULL &&
            g_bytes_equal (one->signature_value, other->signature_value));
}

static gboolean covers (const TamgaTimestamp *timestamp)
{
    g_autoptr (TamgaToken) token =
        timestamp->covered_digest != NULL ? tamga_token_parse (timestamp->token, NULL) : NULL;

    return token != NULL && tamga_token_covers_digest (token, timestamp->covered_digest);
}

/* The timestamp with the same token, so long as it covers what it stands for. */
static gboolean has_timestamp (const TamgaSignature *signature, const TamgaTimestamp *timestamp)
{
    for (guint i = 0; i < signature->timestamps->len; i++) {
        const TamgaTimestamp *other = signature->timestamps->pdata[i];
        if (other->kind == timestamp->kind && g_bytes_equal (other->token, timestamp->token) &&
            covers (other))
            return TRUE;
    }
    return FALSE;
}

/* What of `before` does not hold any more; NULL: nothing. */
static const char *what_breaks (const TamgaSignature *before, const TamgaSignature *after)
{
    if (before->integrity == TAMGA_INTEGRITY_INTACT && after->integrity != TAMGA_INTEGRITY_INTACT)
        return before->id;
    for (guint i = 0; i < before->timestamps->len; i++) {
        const TamgaTimestamp *timestamp = before->timestamps->pdata[i];
        if (covers (timestamp) && !has_timestamp (after, timestamp))
            return timestamp->id;
    }
    return NULL;
}

/* Content that was not given says nothing about the signature. */
static void note_broken (const TamgaSignature *signature, GPtrArray *findings)
{
    if (findings != NULL && signature->integrity != TAMGA_INTEGRITY_INTACT &&
        signature->integrity != TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND)
        g_ptr_array_add (findings,
                         tamga_finding_new (TAMGA_SEVERITY_WARNING, "xades-earlier-not-intact",
                                            signature->id, NULL, "The earlier %s is not intact: %s",
                                            signature->id, signature->integrity_text));
}

gboolean tamga_xades_check_earlier (const TamgaXml *before, const TamgaXml *after,
                                    const TamgaXmlResolver *resolver, GPtrArray *findings,
                                    GError **error)
{
    g_autoptr (GPtrArray) old = read_signatures (before, resolver, error), new = NULL;
    guint at = 0;

    if (old == NULL)
        return FALSE;
    if (old->len == 0)
        return TRUE;
    new = read_signatures (after, resolver, error);
    for (guint i = 0; new != NULL &&i < old->len; i++, at++) {
        const TamgaSignature *one = old->pdata[i];
        const char *broken = one->id;
        /* One signature more is among them, in the order of the document. */
        if (at == i && at + 1 < new->len && !same_value (one, new->pdata[at]))
            at++;
        if (at < new->len && same_value (one, new->pdata[at]))
            broken = what_breaks (one, new->pdata[at]);
        if (broken != NULL) {
            g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_FORBIDDEN,
                         "%s would not be intact any more: it covers the place where something "
                         "would be added. A countersignature, a detached signature and one over "
                         "elements that stand apart leave it as it is.",
                         broken);
            return FALSE;
        }
        note_broken (one, findings);
    }
    return new != NULL;
}
