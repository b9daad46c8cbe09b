/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the signer claims under the signature. */
#include "formats/cms/claims.h"

#include <openssl/err.h>
#include <string.h>

#include "formats/cms/der.h"
#include "formats/ossl.h"

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

/* SignerLocation: country, locality and postal address as one line (EN 319 122-1 5.2.5). */
static void read_location (TamgaSignature *signature, GBytes *value)
{
    g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
    TamgaDerElement whole, tagged, element;

    if (!tamga_der_whole (value, TAMGA_DER_SEQUENCE, &whole))
        return;
    while (parts->len < 16 && tamga_der_next (&whole.contents, &tagged)) {
        while (parts->len < 16 && tamga_der_next (&tagged.contents, &element)) {
            char *text = string_text (&element);
            if (text != NULL)
                g_ptr_array_add (parts, text);
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
    } claims[] = {
        {TAMGA_ATTRIBUTE_SIGNING_TIME, read_time},
        {TAMGA_ATTRIBUTE_POLICY, read_policy},
        {TAMGA_ATTRIBUTE_SIGNER_LOCATION, read_location},
    };

    for (gsize i = 0; i < G_N_ELEMENTS (claims); i++) {
        GBytes *value = tamga_attributes_value (attributes, claims[i].kind);
        if (value != NULL)
            claims[i].read (signature, value);
    }
}
