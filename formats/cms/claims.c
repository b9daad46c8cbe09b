/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the signer claims under the signature. */
#include "formats/cms/claims.h"

#include <openssl/err.h>
#include <string.h>

#include "formats/cms/der.h"
#include "formats/ossl.h"

/* Roles of one signature that are shown. */
#define MAX_ROLES 64u

/* ASN.1 text of any kind, made safe for a screen; NULL when it is none. */
static char *string_text (const TamgaDerElement *element)
{
    const guint8 *data = element->raw;
    g_autoptr (ASN1_TYPE) any = d2i_ASN1_TYPE (NULL, &data, (long)element->raw_length);
    unsigned char *utf8 = NULL;
    char *text = NULL;

    if (any != NULL && (ASN1_tag2bit (ASN1_TYPE_get (any)) & (B_ASN1_DIRECTORYSTRING)) != 0 &&
        ASN1_STRING_to_UTF8 (&utf8, any->value.asn1_string) >= 0)
        text = tamga_text_visible ((const char *)utf8);
    OPENSSL_free (utf8);
    ERR_clear_error ();
    return text;
}

/* SignerLocation: country, locality and postal address as one line (EN 319 122-1 5.2.5). The
 * address is a SEQUENCE of lines. */
static void read_location (TamgaSignature *signature, GBytes *value)
{
    g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
    TamgaDerElement whole, tagged, element, line;

    if (!tamga_der_whole (value, TAMGA_DER_SEQUENCE, &whole))
        return;
    while (parts->len < 16 && tamga_der_next (&whole.contents, &tagged)) {
        while (parts->len < 16 && tamga_der_next (&tagged.contents, &element)) {
            TamgaDer lines = element.contents;
            char *text = string_text (&element);
            if (text != NULL)
                g_ptr_array_add (parts, text);
            while (element.tag == TAMGA_DER_SEQUENCE && parts->len < 16 &&
                   tamga_der_next (&lines, &line)) {
                text = string_text (&line);
                if (text != NULL)
                    g_ptr_array_add (parts, text);
            }
        }
    }
    g_ptr_array_add (parts, NULL);
    signature->location = g_strjoinv (", ", (char **)parts->pdata);
}

static void read_policy (TamgaSignature *signature, GBytes *value)
{
    TamgaDerElement whole, oid;

    if (tamga_der_whole (value, TAMGA_DER_SEQUENCE, &whole) &&
        tamga_der_take (&whole.contents, TAMGA_DER_OID, &oid))
        signature->policy_oid = tamga_der_oid_text (&oid);
}

/* CommitmentTypeIndication: the type; its qualifiers are not shown (5.2.3). */
static void read_commitment (TamgaSignature *signature, GBytes *value)
{
    TamgaDerElement whole, oid;
    char *text;

    if (!tamga_der_whole (value, TAMGA_DER_SEQUENCE, &whole) ||
        !tamga_der_take (&whole.contents, TAMGA_DER_OID, &oid) ||
        (text = tamga_der_oid_text (&oid)) == NULL)
        return;
    g_ptr_array_add (signature->commitments, text);
}

/* A role: a string, or the roleName of RoleSyntax (X.520 6.x), which is a general name. */
static char *role_text (const TamgaDerElement *value)
{
    TamgaDer fields = value->contents;
    TamgaDerElement tagged, inner;
    char *text = string_text (value);

    if (text != NULL || value->tag != TAMGA_DER_SEQUENCE)
        return text;
    while (text == NULL && tamga_der_next (&fields, &tagged)) {
        if (tagged.tag != (TAMGA_DER_CONTEXT_CONSTRUCTED | 1) ||
            !tamga_der_next (&tagged.contents, &inner))
            continue;
        g_autofree char *plain = g_strndup ((const char *)inner.contents.data, inner.contents.left);
        /* URI, mail address and DNS name of a GeneralName are IA5String, implicitly tagged. */
        text = inner.tag >= TAMGA_DER_CONTEXT && (inner.tag & 0x20) == 0
                   ? tamga_text_visible (plain)
                   : NULL;
    }
    return text;
}

/* ClaimedAttributes: SEQUENCE OF Attribute. */
static void read_claimed (TamgaSignature *signature, TamgaDer list)
{
    TamgaDerElement attribute, type, values, value;

    while (tamga_der_take (&list, TAMGA_DER_SEQUENCE, &attribute)) {
        if (!tamga_der_take (&attribute.contents, TAMGA_DER_OID, &type) ||
            !tamga_der_take (&attribute.contents, TAMGA_DER_SET, &values))
            return;
        while (signature->roles->len < MAX_ROLES && tamga_der_next (&values.contents, &value)) {
            char *text = role_text (&value);
            if (text != NULL)
                g_ptr_array_add (signature->roles, text);
        }
    }
}

/* signer-attributes of both versions: those in [0] are claimed, the others certified (5.2.6.1).
 * The SEQUENCE OF Attribute is tagged explicitly, and implicitly by some. */
static void read_attributes (TamgaSignature *signature, GBytes *value)
{
    TamgaDerElement whole, tagged, list;

    if (!tamga_der_whole (value, TAMGA_DER_SEQUENCE, &whole))
        return;
    while (tamga_der_next (&whole.contents, &tagged)) {
        TamgaDer fields = tagged.contents, ahead;
        if (tagged.tag != TAMGA_DER_CONTEXT_CONSTRUCTED)
            continue;
        ahead = fields;
        if (tamga_der_take (&ahead, TAMGA_DER_SEQUENCE, &list) &&
            tamga_der_peek (&list.contents) == TAMGA_DER_SEQUENCE)
            fields = list.contents;
        read_claimed (signature, fields);
    }
}

static void read_time (TamgaSignature *signature, GBytes *value)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (value, &length);
    const guint8 *end = data + length;
    ASN1_TIME *time = d2i_ASN1_TIME (NULL, &data, (long)length);

    ERR_clear_error ();
    signature->claimed_time = time != NULL && data == end ? tamga_ossl_time (time) : G_MININT64;
    ASN1_TIME_free (time);
    if (signature->claimed_time == G_MININT64)
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "cms-signing-time-broken",
                              "RFC 5652 11.3", "The attribute signing-time is not a time.");
    else
        signature->claimed_time_source = g_strdup ("signing-time attribute");
    if (strcmp (signature->format, "PAdES") == 0)
        tamga_signature_find (signature, TAMGA_SEVERITY_WARNING, "pades-signing-time",
                              "EN 319 142-1 6.3",
                              "The CMS has the attribute signing-time, which PAdES forbids.");
}

void tamga_claims_read (GPtrArray *attributes, TamgaSignature *signature)
{
    static const struct {
        TamgaAttributeKind kind;
        void (*read) (TamgaSignature *signature, GBytes *value);
        gboolean several;
    } claims[] = {
        {TAMGA_ATTRIBUTE_SIGNING_TIME, read_time, FALSE},
        {TAMGA_ATTRIBUTE_POLICY, read_policy, FALSE},
        {TAMGA_ATTRIBUTE_SIGNER_LOCATION, read_location, FALSE},
        {TAMGA_ATTRIBUTE_COMMITMENT, read_commitment, TRUE},
        {TAMGA_ATTRIBUTE_SIGNER_ATTRIBUTES, read_attributes, TRUE},
        {TAMGA_ATTRIBUTE_SIGNER_ATTRIBUTES_V2, read_attributes, TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (claims); i++) {
        for (guint j = 0; j < attributes->len; j++) {
            const TamgaAttribute *attribute = attributes->pdata[j];
            /* Those of one value were judged already; only the first of it is shown. */
            guint values = claims[i].several ? attribute->values->len : 1;
            for (guint k = 0; attribute->kind == claims[i].kind && k < values; k++) {
                if (k < attribute->values->len)
                    claims[i].read (signature, attribute->values->pdata[k]);
            }
            if (attribute->kind == claims[i].kind && !claims[i].several)
                break;
        }
    }
}
