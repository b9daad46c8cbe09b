/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QcStatements: a table of statements, each read by its own function. */
#include "client/trust/statements.h"

#include <openssl/err.h>
#include <string.h>

/* Elements of a SEQUENCE; NULL when it is not one. */
static STACK_OF (ASN1_TYPE) *sequence (const ASN1_TYPE *type)
{
    if (type == NULL || type->type != V_ASN1_SEQUENCE)
        return NULL;
    const unsigned char *data = ASN1_STRING_get0_data (type->value.sequence);
    return d2i_ASN1_SEQUENCE_ANY (NULL, &data, ASN1_STRING_length (type->value.sequence));
}

static void sequence_free (STACK_OF (ASN1_TYPE) *elements)
{
    sk_ASN1_TYPE_pop_free (elements, ASN1_TYPE_free);
}

/* The element at `index` if it is of the ASN.1 type `tag`, else NULL. */
static const ASN1_TYPE *element (STACK_OF (ASN1_TYPE) *elements, int index, int tag)
{
    const ASN1_TYPE *type = elements != NULL && index < sk_ASN1_TYPE_num (elements)
                                ? sk_ASN1_TYPE_value (elements, index)
                                : NULL;
    return type != NULL && type->type == tag ? type : NULL;
}

static char *string_text (const ASN1_STRING *string)
{
    g_autofree char *raw = g_strndup ((const char *)ASN1_STRING_get0_data (string),
                                      (gsize)ASN1_STRING_length (string));
    return tamga_text_visible (raw);
}

static gboolean integer_value (const ASN1_TYPE *type, gint64 *value)
{
    return type != NULL && type->type == V_ASN1_INTEGER &&
           ASN1_INTEGER_get_int64 (value, type->value.integer) == 1;
}

static gboolean read_compliance (TamgaStatements *self, const ASN1_TYPE *info G_GNUC_UNUSED)
{
    self->qualified = TRUE;
    return TRUE;
}

static gboolean read_device (TamgaStatements *self, const ASN1_TYPE *info G_GNUC_UNUSED)
{
    self->device = TRUE;
    return TRUE;
}

/* MonetaryValue (EN 319 412-5 4.3.2): currency, amount x 10^exponent. */
static gboolean read_limit (TamgaStatements *self, const ASN1_TYPE *info)
{
    STACK_OF (ASN1_TYPE) *parts = sequence (info);
    gint64 amount, exponent, number;
    g_autofree char *currency = NULL;
    const ASN1_TYPE *alphabetic = element (parts, 0, V_ASN1_PRINTABLESTRING);
    if (alphabetic != NULL)
        currency = string_text (alphabetic->value.printablestring);
    else if (integer_value (element (parts, 0, V_ASN1_INTEGER), &number))
        currency = g_strdup_printf ("(currency %" G_GINT64_FORMAT ")", number);
    gboolean good = currency != NULL && sk_ASN1_TYPE_num (parts) == 3 &&
                    integer_value (element (parts, 1, V_ASN1_INTEGER), &amount) &&
                    integer_value (element (parts, 2, V_ASN1_INTEGER), &exponent);
    sequence_free (parts);
    if (!good)
        return FALSE;
    for (; exponent > 0 && amount > -G_MAXINT64 / 10 && amount < G_MAXINT64 / 10; exponent--)
        amount *= 10;
    g_free (self->limit);
    self->limit = exponent == 0
                      ? g_strdup_printf ("%" G_GINT64_FORMAT " %s", amount, currency)
                      : g_strdup_printf ("%" G_GINT64_FORMAT " x 10^%" G_GINT64_FORMAT " %s",
                                         amount, exponent, currency);
    return TRUE;
}

static gboolean read_retention (TamgaStatements *self, const ASN1_TYPE *info)
{
    gint64 years;
    if (!integer_value (info, &years) || years < 0 || years > 1000)
        return FALSE;
    self->retention_years = (int)years;
    return TRUE;
}

static gboolean read_type (TamgaStatements *self, const ASN1_TYPE *info)
{
    static const struct {
        const char *oid, *name;
    } names[] = {
        {"0.4.0.1862.1.6.1", "electronic signature"},
        {"0.4.0.1862.1.6.2", "electronic seal"},
        {"0.4.0.1862.1.6.3", "website"},
    };
    STACK_OF (ASN1_TYPE) *types = sequence (info);
    gboolean good = types != NULL;
    for (int i = 0; good && i < sk_ASN1_TYPE_num (types); i++) {
        const ASN1_TYPE *type = element (types, i, V_ASN1_OBJECT);
        good = type != NULL;
        if (!good)
            break;
        char *text = tamga_ossl_oid (type->value.object);
        for (gsize k = 0; k < G_N_ELEMENTS (names); k++) {
            if (g_str_equal (text, names[k].oid)) {
                g_free (text);
                text = g_strdup (names[k].name);
                break;
            }
        }
        g_ptr_array_add (self->types, text);
    }
    sequence_free (types);
    return good;
}

static gboolean read_pds (TamgaStatements *self, const ASN1_TYPE *info)
{
    STACK_OF (ASN1_TYPE) *locations = sequence (info);
    gboolean good = locations != NULL;
    for (int i = 0; good && i < sk_ASN1_TYPE_num (locations); i++) {
        STACK_OF (ASN1_TYPE) *location = sequence (sk_ASN1_TYPE_value (locations, i));
        const ASN1_TYPE *url = element (location, 0, V_ASN1_IA5STRING);
        const ASN1_TYPE *language = element (location, 1, V_ASN1_PRINTABLESTRING);
        good = url != NULL && language != NULL;
        if (good) {
            g_autofree char *url_text = string_text (url->value.ia5string);
            g_autofree char *language_text = string_text (language->value.printablestring);
            g_ptr_array_add (self->pds, g_strdup_printf ("%s (%s)", url_text, language_text));
        }
        sequence_free (location);
    }
    sequence_free (locations);
    return good;
}

static gboolean read_legislation (TamgaStatements *self, const ASN1_TYPE *info)
{
    STACK_OF (ASN1_TYPE) *countries = sequence (info);
    gboolean good = countries != NULL;
    for (int i = 0; good && i < sk_ASN1_TYPE_num (countries); i++) {
        const ASN1_TYPE *country = element (countries, i, V_ASN1_PRINTABLESTRING);
        good = country != NULL;
        if (good)
            g_ptr_array_add (self->legislations, string_text (country->value.printablestring));
    }
    sequence_free (countries);
    return good;
}

/* SemanticsInformation (RFC 3739 3.2.6.1): how the identifiers in the names are formed. */
static gboolean read_semantics (TamgaStatements *self G_GNUC_UNUSED, const ASN1_TYPE *info)
{
    STACK_OF (ASN1_TYPE) *parts = sequence (info);
    gboolean good = info == NULL || parts != NULL;
    sequence_free (parts);
    return good;
}

/* Ukraine: issued as a qualified certificate by the law of that country. */
static gboolean read_ukraine (TamgaStatements *self, const ASN1_TYPE *info)
{
    if (info != NULL)
        return FALSE;
    self->qualified = TRUE;
    g_ptr_array_add (self->legislations, g_strdup ("UA"));
    return TRUE;
}

static const struct {
    const char *oid;
    gboolean (*read) (TamgaStatements *self, const ASN1_TYPE *info); /* NULL info: none given */
} statements[] = {
    {"0.4.0.1862.1.1", read_compliance},    {"0.4.0.1862.1.2", read_limit},
    {"0.4.0.1862.1.3", read_retention},     {"0.4.0.1862.1.4", read_device},
    {"0.4.0.1862.1.5", read_pds},           {"0.4.0.1862.1.6", read_type},
    {"0.4.0.1862.1.7", read_legislation},   {"1.3.6.1.5.5.7.11.1", read_semantics},
    {"1.3.6.1.5.5.7.11.2", read_semantics}, {"1.2.804.2.1.1.1.2.1", read_ukraine},
};

static gboolean read_statement (TamgaStatements *self, const ASN1_TYPE *statement)
{
    STACK_OF (ASN1_TYPE) *parts = sequence (statement);
    const ASN1_TYPE *id = element (parts, 0, V_ASN1_OBJECT);
    gboolean good = id != NULL && sk_ASN1_TYPE_num (parts) <= 2, known = FALSE;
    if (good) {
        const ASN1_TYPE *info = sk_ASN1_TYPE_num (parts) > 1 ? sk_ASN1_TYPE_value (parts, 1) : NULL;
        g_autofree char *oid = tamga_ossl_oid (id->value.object);
        for (gsize i = 0; i < G_N_ELEMENTS (statements) && !known; i++) {
            known = g_str_equal (oid, statements[i].oid);
            if (known)
                good = statements[i].read (self, info);
        }
        if (!known)
            g_ptr_array_add (self->others, g_steal_pointer (&oid));
    }
    sequence_free (parts);
    return good;
}

TamgaStatements *tamga_statements_read (X509 *certificate)
{
    TamgaStatements *self = g_new0 (TamgaStatements, 1);
    self->retention_years = -1;
    self->types = g_ptr_array_new_with_free_func (g_free);
    self->pds = g_ptr_array_new_with_free_func (g_free);
    self->legislations = g_ptr_array_new_with_free_func (g_free);
    self->others = g_ptr_array_new_with_free_func (g_free);
    int at = X509_get_ext_by_NID (certificate, NID_qcStatements, -1);
    if (at < 0)
        return self;
    self->present = TRUE;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data (X509_get_ext (certificate, at));
    const unsigned char *data = ASN1_STRING_get0_data (value);
    STACK_OF (ASN1_TYPE) *list = d2i_ASN1_SEQUENCE_ANY (NULL, &data, ASN1_STRING_length (value));
    const unsigned char *end = ASN1_STRING_get0_data (value) + ASN1_STRING_length (value);
    self->malformed =
        list == NULL || data != end || X509_get_ext_by_NID (certificate, NID_qcStatements, at) >= 0;
    for (int i = 0; list != NULL && i < sk_ASN1_TYPE_num (list); i++) {
        if (!read_statement (self, sk_ASN1_TYPE_value (list, i)))
            self->malformed = TRUE;
    }
    sequence_free (list);
    ERR_clear_error ();
    return self;
}

gboolean tamga_statements_understood (X509 *certificate)
{
    g_autoptr (TamgaStatements) self = tamga_statements_read (certificate);
    return self->present && !self->malformed && self->others->len == 0;
}

void tamga_statements_free (TamgaStatements *self)
{
    if (self == NULL)
        return;
    g_free (self->limit);
    g_ptr_array_unref (self->types);
    g_ptr_array_unref (self->pds);
    g_ptr_array_unref (self->legislations);
    g_ptr_array_unref (self->others);
    g_free (self);
}
