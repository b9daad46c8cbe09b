/* SPDX-License-Identifier: GPL-3.0-or-later */
/* References to keys. */
#include "client/keys/reference.h"

#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

#include "formats/ossl.h"

#define PKCS11_SCHEME "pkcs11:"
#define FILE_SCHEME "file:"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P11KitUri, p11_kit_uri_free)

struct _TamgaReference {
    char *text; /* of a URI, as it was given */
    char *file;
    P11KitUri *uri;
};

void tamga_reference_free (TamgaReference *reference)
{
    if (reference == NULL)
        return;
    g_free (reference->text);
    g_free (reference->file);
    g_clear_pointer (&reference->uri, p11_kit_uri_free);
    g_free (reference);
}

static const struct {
    int code;
    const char *words;
} uri_errors[] = {
    {P11_KIT_URI_BAD_SCHEME, "it does not begin with \"pkcs11:\""},
    {P11_KIT_URI_BAD_ENCODING, "a %-escape in it is not two hexadecimal digits"},
    {P11_KIT_URI_BAD_SYNTAX, "it is not a list of name=value separated by \";\""},
    {P11_KIT_URI_BAD_VERSION, "its library-version is not a number"},
    {P11_KIT_URI_UNEXPECTED, "it cannot be read"},
};

static gboolean set_uri_error (GError **error, const char *text, const char *why)
{
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_URI,
                 "\"%s\" is not a pkcs11: URI that can be used: %s (RFC 7512)", text, why);
    return FALSE;
}

/* RFC 7512 2.3: an attribute of the path stands there once. p11-kit keeps the last one, which would
 * quietly be another token than the one that was read first. */
static gboolean attribute_twice (const char *text)
{
    g_autofree char *path =
        g_strndup (text + strlen (PKCS11_SCHEME), strcspn (text + strlen (PKCS11_SCHEME), "?"));
    g_auto (GStrv) attributes = g_strsplit (path, ";", -1);
    g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

    for (char **attribute = attributes; *attribute != NULL; attribute++) {
        (*attribute)[strcspn (*attribute, "=")] = '\0';
        if (!g_hash_table_add (names, *attribute))
            return TRUE;
    }
    return FALSE;
}

static gboolean parse_uri (TamgaReference *reference, const char *text, GError **error)
{
    const char *why = NULL;

    reference->uri = p11_kit_uri_new ();
    int rc = p11_kit_uri_parse (text, P11_KIT_URI_FOR_ANY, reference->uri);
    for (gsize i = 0; rc != P11_KIT_URI_OK && i < G_N_ELEMENTS (uri_errors); i++)
        if (uri_errors[i].code == rc || why == NULL)
            why = uri_errors[i].words;
    if (rc != P11_KIT_URI_OK)
        return set_uri_error (error, text, why);
    if (p11_kit_uri_get_pin_value (reference->uri) != NULL ||
        p11_kit_uri_get_pin_source (reference->uri) != NULL) {
        /* the text is not repeated: it may hold the PIN */
        g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_URI,
                             "a pkcs11: URI with a PIN in it is not taken: other programs can see "
                             "it; the PIN is asked for when it is needed");
        return FALSE;
    }
    if (attribute_twice (text))
        return set_uri_error (error, text, "it has an attribute twice");
    if (p11_kit_uri_any_unrecognized (reference->uri))
        return set_uri_error (error, text, "it has an attribute that is not known");
    reference->text = g_strdup (text);
    return TRUE;
}

static gboolean parse_file (TamgaReference *reference, const char *text, GError **error)
{
    if (g_ascii_strncasecmp (text, FILE_SCHEME, strlen (FILE_SCHEME)) != 0) {
        reference->file = g_strdup (text);
    } else if (g_str_has_prefix (text + strlen (FILE_SCHEME), "//")) {
        reference->file = g_filename_from_uri (text, NULL, NULL);
    } else {
        reference->file = g_uri_unescape_string (text + strlen (FILE_SCHEME), NULL);
    }
    if (reference->file != NULL && *reference->file != '\0')
        return TRUE;
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_URI,
                 "\"%s\" names neither a file nor a token", text);
    return FALSE;
}

TamgaReference *tamga_reference_parse (const char *text, GError **error)
{
    g_autoptr (TamgaReference) reference = g_new0 (TamgaReference, 1);

    if (text == NULL)
        return g_steal_pointer (&reference);
    gboolean is_uri = g_ascii_strncasecmp (text, PKCS11_SCHEME, strlen (PKCS11_SCHEME)) == 0;
    if (is_uri ? !parse_uri (reference, text, error) : !parse_file (reference, text, error))
        return NULL;
    return g_steal_pointer (&reference);
}

const char *tamga_reference_file (const TamgaReference *reference)
{
    return reference->file;
}

const char *tamga_reference_text (const TamgaReference *reference)
{
    return reference->text;
}

const char *tamga_reference_module_path (const TamgaReference *reference)
{
    return reference->uri != NULL ? p11_kit_uri_get_module_path (reference->uri) : NULL;
}

gboolean tamga_reference_fits_module (const TamgaReference *reference, const TamgaModule *module)
{
    const char *name = reference->uri != NULL ? p11_kit_uri_get_module_name (reference->uri) : NULL;
    return name == NULL || tamga_module_has_name (module, name);
}

/* Fills a fixed field, padded with blanks (PKCS#11 v2.40 3.2). What is empty stays zero, which
 * p11-kit leaves out of a URI. */
static void pad (CK_UTF8CHAR *field, gsize size, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    memset (field, ' ', size);
    memcpy (field, text, MIN (strlen (text), size));
}

static void fill_token_info (CK_TOKEN_INFO *info, const TamgaKeyToken *token)
{
    pad (info->label, sizeof info->label, token->label);
    pad (info->manufacturerID, sizeof info->manufacturerID, token->manufacturer);
    pad (info->model, sizeof info->model, token->model);
    pad (info->serialNumber, sizeof info->serialNumber, token->serial);
}

gboolean tamga_reference_fits_token (const TamgaReference *reference, const TamgaKeyToken *token)
{
    CK_TOKEN_INFO info = {0};
    CK_SLOT_INFO slot = {0};

    if (reference->uri == NULL)
        return TRUE;
    CK_SLOT_ID id = p11_kit_uri_get_slot_id (reference->uri);
    fill_token_info (&info, token);
    pad (slot.slotDescription, sizeof slot.slotDescription, token->reader);
    /* the maker of the reader is not kept; a URI that asks for it decides by the rest */
    memcpy (slot.manufacturerID, p11_kit_uri_get_slot_info (reference->uri)->manufacturerID,
            sizeof slot.manufacturerID);
    return (id == (CK_SLOT_ID)-1 || id == token->slot) &&
           p11_kit_uri_match_token_info (reference->uri, &info) == 1 &&
           p11_kit_uri_match_slot_info (reference->uri, &slot) == 1;
}

static const CK_ATTRIBUTE *object_attribute (const TamgaReference *reference,
                                             CK_ATTRIBUTE_TYPE type)
{
    return reference->uri != NULL ? p11_kit_uri_get_attribute (reference->uri, type) : NULL;
}

gboolean tamga_reference_names_object (const TamgaReference *reference)
{
    return object_attribute (reference, CKA_ID) != NULL ||
           object_attribute (reference, CKA_LABEL) != NULL;
}

gboolean tamga_reference_fits_key (const TamgaReference *reference, const TamgaKey *key)
{
    const CK_ATTRIBUTE *id = object_attribute (reference, CKA_ID);
    const CK_ATTRIBUTE *label = object_attribute (reference, CKA_LABEL);

    if (id != NULL) {
        g_autofree char *hex = tamga_text_hex (id->pValue, id->ulValueLen);
        if (!g_str_equal (hex, key->id))
            return FALSE;
    }
    return label == NULL || (strlen (key->label) == label->ulValueLen &&
                             memcmp (key->label, label->pValue, label->ulValueLen) == 0);
}

static char *format (P11KitUri *uri, P11KitUriType type)
{
    char *text = NULL;
    int rc = p11_kit_uri_format (uri, type, &text);
    g_assert (rc == P11_KIT_URI_OK);
    char *copy = g_strdup (text);
    free (text);
    return copy;
}

char *tamga_reference_of_token (const TamgaKeyToken *token)
{
    g_autoptr (P11KitUri) uri = p11_kit_uri_new ();
    fill_token_info (p11_kit_uri_get_token_info (uri), token);
    return format (uri, P11_KIT_URI_FOR_TOKEN);
}

char *tamga_reference_of_key (const TamgaKeyToken *token, GBytes *id, const char *label)
{
    g_autoptr (P11KitUri) uri = p11_kit_uri_new ();
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE attributes[3] = {{CKA_CLASS, &class, sizeof class}};
    CK_ULONG n = 1;

    fill_token_info (p11_kit_uri_get_token_info (uri), token);
    if (g_bytes_get_size (id) > 0)
        attributes[n++] =
            (CK_ATTRIBUTE){CKA_ID, (gpointer)g_bytes_get_data (id, NULL), g_bytes_get_size (id)};
    else if (*label != '\0')
        attributes[n++] = (CK_ATTRIBUTE){CKA_LABEL, (gpointer)label, strlen (label)};
    p11_kit_uri_set_attributes (uri, attributes, n);
    return format (uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN);
}
