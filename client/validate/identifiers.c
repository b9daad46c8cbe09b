/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of people and organisations in a certificate, by the names that the profile has. */
#include <openssl/err.h>
#include <string.h>

#include "client/validate/particulars.h"

typedef struct {
    const TamgaProfile *profile;
    GPtrArray *found; /* TamgaIdentifier */
} Search;

static void identifier_free (gpointer data)
{
    TamgaIdentifier *identifier = data;
    g_free (identifier->label);
    g_free (identifier->value);
    g_free (identifier);
}

static gboolean fits (const TamgaIdentifierRule *rule, const char *value)
{
    gsize length = strlen (value);
    if (rule->digits == 0)
        return length > 0;
    return length == rule->digits && strspn (value, "0123456789") == length;
}

/* One attribute: every rule about it is looked at, since a prefix tells them apart. */
static void look_at (Search *self, const ASN1_OBJECT *type, const ASN1_STRING *string)
{
    g_autofree char *oid = tamga_ossl_oid (type);
    g_autofree char *text = string != NULL ? tamga_certificate_string (string) : NULL;
    for (guint i = 0; i < self->profile->identifiers->len; i++) {
        const TamgaIdentifierRule *rule = self->profile->identifiers->pdata[i];
        if (!g_str_equal (rule->oid, oid) ||
            (rule->prefix != NULL && (text == NULL || !g_str_has_prefix (text, rule->prefix))))
            continue;
        TamgaIdentifier *identifier = g_new0 (TamgaIdentifier, 1);
        const char *value = text != NULL ? text : "";
        identifier->label = g_strdup (rule->label);
        identifier->value =
            g_strstrip (g_strdup (value + (rule->prefix != NULL ? strlen (rule->prefix) : 0)));
        identifier->malformed = !fits (rule, identifier->value);
        g_ptr_array_add (self->found, identifier);
    }
}

static void look_at_subject (Search *self, X509 *certificate)
{
    const X509_NAME *name = X509_get_subject_name (certificate);
    for (int i = 0; i < X509_NAME_entry_count (name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry (name, i);
        look_at (self, X509_NAME_ENTRY_get_object (entry), X509_NAME_ENTRY_get_data (entry));
    }
}

static gboolean is_text (const ASN1_TYPE *value)
{
    static const int types[] = {V_ASN1_PRINTABLESTRING, V_ASN1_UTF8STRING,   V_ASN1_IA5STRING,
                                V_ASN1_NUMERICSTRING,   V_ASN1_T61STRING,    V_ASN1_BMPSTRING,
                                V_ASN1_UNIVERSALSTRING, V_ASN1_VISIBLESTRING};
    for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
        if (value->type == types[i])
            return TRUE;
    }
    return FALSE;
}

/* Attribute ::= SEQUENCE { type, values SET }; one that is none is passed over. */
static void look_at_attribute (Search *self, const ASN1_TYPE *element)
{
    if (element->type != V_ASN1_SEQUENCE)
        return;
    const unsigned char *data = ASN1_STRING_get0_data (element->value.sequence);
    X509_ATTRIBUTE *attribute =
        d2i_X509_ATTRIBUTE (NULL, &data, ASN1_STRING_length (element->value.sequence));
    for (int i = 0; attribute != NULL && i < X509_ATTRIBUTE_count (attribute); i++) {
        const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type (attribute, i);
        look_at (self, X509_ATTRIBUTE_get0_object (attribute),
                 is_text (value) ? value->value.asn1_string : NULL);
    }
    X509_ATTRIBUTE_free (attribute);
}

static void look_at_directory (Search *self, X509 *certificate)
{
    int at = X509_get_ext_by_NID (certificate, NID_subject_directory_attributes, -1);
    if (at < 0)
        return;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data (X509_get_ext (certificate, at));
    const unsigned char *data = ASN1_STRING_get0_data (value);
    STACK_OF (ASN1_TYPE) *list = d2i_ASN1_SEQUENCE_ANY (NULL, &data, ASN1_STRING_length (value));
    for (int i = 0; i < sk_ASN1_TYPE_num (list); i++)
        look_at_attribute (self, sk_ASN1_TYPE_value (list, i));
    sk_ASN1_TYPE_pop_free (list, ASN1_TYPE_free);
}

GPtrArray *tamga_certificate_identifiers (X509 *certificate, const TamgaProfile *profile)
{
    Search self = {profile, g_ptr_array_new_with_free_func (identifier_free)};
    if (profile == NULL || profile->identifiers == NULL || profile->identifiers->len == 0)
        return self.found;
    look_at_subject (&self, certificate);
    look_at_directory (&self, certificate);
    ERR_clear_error ();
    return self.found;
}

char *tamga_identifiers_text (const GPtrArray *identifiers)
{
    g_autoptr (GString) text = g_string_new (NULL);
    for (guint i = 0; i < identifiers->len; i++) {
        const TamgaIdentifier *identifier = identifiers->pdata[i];
        g_string_append_printf (text, "%s%s %s", i > 0 ? ", " : "", identifier->label,
                                identifier->value);
    }
    return text->len > 0 ? g_strdup (text->str) : NULL;
}
