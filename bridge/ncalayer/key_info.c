/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What getKeyInfo tells of a key. */
#include "bridge/ncalayer/key_info.h"

#include <openssl/pem.h>
#include <string.h>

#include "formats/ossl.h"

/* ---- Names ---- */

static const struct {
    int nid;
    const char *symbol;
} symbols[] = {
    {NID_commonName, "CN"},
    {NID_surname, "SURNAME"},
    {NID_serialNumber, "SERIALNUMBER"},
    {NID_countryName, "C"},
    {NID_organizationName, "O"},
    {NID_organizationalUnitName, "OU"},
    {NID_givenName, "G"},
    {NID_pkcs9_emailAddress, "E"},
    {NID_localityName, "L"},
    {NID_stateOrProvinceName, "ST"},
    {NID_streetAddress, "STREET"},
    {NID_title, "T"},
    {NID_initials, "INITIALS"},
    {NID_domainComponent, "DC"},
    {NID_userId, "UID"},
    {NID_businessCategory, "BusinessCategory"},
    {NID_postalCode, "PostalCode"},
};

static char *symbol_of (const ASN1_OBJECT *type)
{
    int nid = OBJ_obj2nid (type);

    for (gsize i = 0; i < G_N_ELEMENTS (symbols); i++) {
        if (symbols[i].nid == nid)
            return g_strdup (symbols[i].symbol);
    }
    return tamga_ossl_oid (type);
}

/* The text of a value; NULL: it is of no type that has one. A NUL cannot hide what is behind it. */
static char *text_of (const ASN1_STRING *value)
{
    unsigned char *utf8 = NULL;
    int length = ASN1_STRING_to_UTF8 (&utf8, value);
    GString *text;

    if (length < 0)
        return NULL;
    text = g_string_sized_new ((gsize)length);
    for (int i = 0; i < length; i++) {
        if (utf8[i] == '\0')
            g_string_append (text, "\xEF\xBF\xBD");
        else
            g_string_append_c (text, (char)utf8[i]);
    }
    OPENSSL_free (utf8);
    return g_string_free (text, FALSE);
}

/* RFC 2253 2.4: what separates parts, and spaces at the ends. */
static void append_escaped (GString *out, const char *text)
{
    gsize length = strlen (text);

    for (gsize i = 0; i < length; i++) {
        gboolean edge = i == 0 || i + 1 == length;
        if (strchr (",+\"\\<>;=", text[i]) != NULL || (i == 0 && text[i] == '#') ||
            (edge && text[i] == ' '))
            g_string_append_c (out, '\\');
        g_string_append_c (out, text[i]);
    }
}

static void append_value (GString *out, const ASN1_STRING *value)
{
    g_autofree char *text = text_of (value);

    if (text != NULL) {
        append_escaped (out, text);
        return;
    }
    g_autofree char *hex =
        tamga_text_hex (ASN1_STRING_get0_data (value), (gsize)ASN1_STRING_length (value));
    g_string_append_printf (out, "#%s", hex);
}

char *tamga_key_info_name (const X509_NAME *name)
{
    GString *out = g_string_new (NULL);
    int n = X509_NAME_entry_count (name), previous = -1;

    for (int i = 0; i < n; i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry (name, i);
        g_autofree char *symbol = symbol_of (X509_NAME_ENTRY_get_object (entry));
        int set = X509_NAME_ENTRY_set (entry);
        if (i > 0)
            g_string_append_c (out, set == previous ? '+' : ',');
        previous = set;
        g_string_append_printf (out, "%s=", symbol);
        append_value (out, X509_NAME_ENTRY_get_data (entry));
    }
    return g_string_free (out, FALSE);
}

/* The first CN; "" where there is none. */
static char *common_name (const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID ((X509_NAME *)name, NID_commonName, -1);
    char *text =
        at < 0 ? NULL : text_of (X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, at)));

    return text != NULL ? text : g_strdup ("");
}

/* ---- The rest of the certificate ---- */

char *tamga_key_info_pem (X509 *certificate)
{
    g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
    char *data = NULL;
    long length;

    g_assert (bio != NULL && PEM_write_bio_X509 (bio, certificate) == 1);
    length = BIO_get_mem_data (bio, &data);
    return g_strndup (data, (gsize)length);
}

/* Milliseconds since the epoch as a string: `new Date (Number (…))` reads it. */
static char *milliseconds (const ASN1_TIME *time)
{
    gint64 seconds = tamga_ossl_time (time);

    return seconds == G_MININT64 ? g_strdup ("")
                                 : g_strdup_printf ("%" G_GINT64_FORMAT, seconds * 1000);
}

/* Names of the providers that sites know; the key's own name in OpenSSL where they know none. */
static char *algorithm_name (X509 *certificate)
{
    static const char *const names[][2] = {
        {"RSA", "RSA"},
        {"EC", "EC"},
        {"GOST-2015-512", "ECGOST3410-2015-512"},
        {"GOST-2015-256", "ECGOST3410-2015-256"},
        {"GOST-2004", "ECGOST34310"},
    };
    EVP_PKEY *key = X509_get0_pubkey (certificate);
    const char *kind = key != NULL ? tamga_key_kind (key) : NULL;

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        if (g_strcmp0 (kind, names[i][0]) == 0)
            return g_strdup (names[i][1]);
    }
    return kind != NULL ? g_strdup (kind) : tamga_ossl_key_oid (certificate);
}

static char *authority_key_identifier (X509 *certificate)
{
    const ASN1_OCTET_STRING *id = X509_get0_authority_key_id (certificate);

    return id != NULL ? tamga_text_hex (ASN1_STRING_get0_data (id), (gsize)ASN1_STRING_length (id))
                      : g_strdup ("");
}

static char *serial_number (X509 *certificate)
{
    g_autofree char *hex = tamga_ossl_serial (X509_get0_serialNumber (certificate));

    return g_ascii_strdown (hex, -1);
}

json_t *tamga_key_info (const TamgaKey *key)
{
    X509 *certificate = key->certificate;
    const X509_NAME *subject = X509_get_subject_name (certificate);
    const X509_NAME *issuer = X509_get_issuer_name (certificate);
    const char *alias = key->label != NULL && key->label[0] != '\0' ? key->label : key->id;
    const struct {
        const char *name;
        char *text; /* owned */
    } members[] = {
        {"alias", g_strdup (alias)},
        {"keyId", g_strdup (key->id)},
        {"algorithm", algorithm_name (certificate)},
        {"subjectCn", common_name (subject)},
        {"subjectDn", tamga_key_info_name (subject)},
        {"issuerCn", common_name (issuer)},
        {"issuerDn", tamga_key_info_name (issuer)},
        {"serialNumber", serial_number (certificate)},
        {"certNotBefore", milliseconds (X509_get0_notBefore (certificate))},
        {"certNotAfter", milliseconds (X509_get0_notAfter (certificate))},
        {"authorityKeyIdentifier", authority_key_identifier (certificate)},
        {"pem", tamga_key_info_pem (certificate)},
    };
    json_t *info = json_object ();

    for (gsize i = 0; i < G_N_ELEMENTS (members); i++) {
        json_object_set_new (info, members[i].name, tamga_json_text (members[i].text));
        g_free (members[i].text);
    }
    return info;
}
