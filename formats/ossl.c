/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenSSL in GLib's idiom. */
#include "formats/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "formats/limits.h"

static void free_openssl (gpointer data)
{
    OPENSSL_free (data);
}

GBytes *tamga_ossl_encode (int (*i2d) (const void *, unsigned char **), const void *object)
{
    unsigned char *der = NULL;
    int length = i2d (object, &der);
    g_assert (length >= 0);
    return g_bytes_new_with_free_func (der, (gsize)length, free_openssl, der);
}

X509 *tamga_ossl_certificate (GBytes *der)
{
    gsize size;
    const unsigned char *data = g_bytes_get_data (der, &size);
    const unsigned char *p = data;
    if (size == 0 || size > TAMGA_MAX_CERTIFICATE_SIZE)
        return NULL;
    g_autoptr (X509) certificate = d2i_X509 (NULL, &p, (long)size);
    if (!certificate || p != data + size) {
        ERR_clear_error ();
        return NULL;
    }
    return g_steal_pointer (&certificate);
}

/* TBSCertList.signature, which OpenSSL 3.0 has no function for: in the second SEQUENCE, behind the
 * version where there is one. NULL: cannot be read. (i2d_re_X509_CRL_tbs would change what is
 * verified.) */
static X509_ALGOR *signed_algorithm (X509_CRL *crl)
{
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509_CRL, crl);
    gsize size;
    const unsigned char *p = g_bytes_get_data (der, &size), *end = p + size, *content = p;
    int tag = 0, class = 0;
    long length = 0;
    for (int depth = 0; depth < 2; depth++) {
        if ((ASN1_get_object (&p, &length, &tag, &class, end - p) & 0x80) != 0)
            return NULL;
        end = p + length;
        content = p;
    }
    if ((ASN1_get_object (&p, &length, &tag, &class, end - p) & 0x80) == 0 && tag == V_ASN1_INTEGER)
        content = p + length;
    return d2i_X509_ALGOR (NULL, &content, end - content);
}

gboolean tamga_ossl_crl_verify (X509_CRL *crl, EVP_PKEY *key)
{
    const X509_ALGOR *outer;
    X509_CRL_get0_signature (crl, NULL, &outer);
    g_autoptr (X509_ALGOR) inner = signed_algorithm (crl);
    gboolean good = inner && X509_ALGOR_cmp (outer, inner) == 0 && X509_CRL_verify (crl, key) == 1;
    ERR_clear_error ();
    return good;
}

GPtrArray *tamga_ossl_certificates (GBytes *file, guint most)
{
    GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
    X509 *certificate = tamga_ossl_certificate (file);
    if (certificate != NULL) {
        g_ptr_array_add (list, certificate);
        return list;
    }
    gsize size;
    gconstpointer data = g_bytes_get_data (file, &size);
    g_autoptr (BIO) bio = size > 0 && size <= G_MAXINT ? BIO_new_mem_buf (data, (int)size) : NULL;
    while (bio != NULL && list->len < most &&
           (certificate = PEM_read_bio_X509 (bio, NULL, NULL, NULL)) != NULL)
        g_ptr_array_add (list, certificate);
    ERR_clear_error (); /* the end of the file is an error to OpenSSL */
    return list;
}

/* Text of one name through a memory BIO, made safe for a screen. */
static char *name_text (const X509_NAME *name, unsigned long flags)
{
    g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
    g_assert (bio);
    X509_NAME_print_ex (bio, name, 0, flags);
    char *data = NULL;
    long length = BIO_get_mem_data (bio, &data);
    if (length <= 0)
        return g_strdup ("(no name)"); /* an empty name is legal, with a critical subjectAltName */
    g_autofree char *raw = g_strndup (data, (gsize)length);
    return tamga_text_visible (raw);
}

char *tamga_ossl_name (const X509_NAME *name)
{
    unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    return name_text (name, flags);
}

char *tamga_ossl_short_name (const X509_NAME *name)
{
    static const int telling[] = {NID_commonName, NID_organizationName, NID_organizationalUnitName};
    for (gsize i = 0; i < G_N_ELEMENTS (telling); i++) {
        int at = X509_NAME_get_index_by_NID (name, telling[i], -1);
        if (at < 0)
            continue;
        unsigned char *utf8 = NULL;
        int length =
            ASN1_STRING_to_UTF8 (&utf8, X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, at)));
        if (length <= 0) {
            OPENSSL_free (utf8);
            continue;
        }
        g_autofree char *text = g_strndup ((char *)utf8, (gsize)length);
        OPENSSL_free (utf8);
        return tamga_text_visible (text);
    }
    return tamga_ossl_name (name);
}

char *tamga_ossl_serial (const ASN1_INTEGER *serial)
{
    g_autoptr (BIGNUM) number = ASN1_INTEGER_to_BN (serial, NULL);
    if (!number)
        return g_strdup ("0");
    char *hex = BN_bn2hex (number);
    g_assert (hex);
    const char *start = hex;
    while (start[0] == '0' && start[1] != '\0')
        start++;
    char *text = g_strdup (start);
    OPENSSL_free (hex);
    return text;
}

gint64 tamga_ossl_time (const ASN1_TIME *time)
{
    struct tm tm;
    if (!time || ASN1_TIME_to_tm (time, &tm) != 1)
        return G_MININT64;
    g_autoptr (GDateTime) moment = g_date_time_new_utc (
        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return moment ? g_date_time_to_unix (moment) : G_MININT64;
}

char *tamga_ossl_fingerprint (X509 *certificate)
{
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, certificate);
    return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, der);
}

char *tamga_ossl_oid (const ASN1_OBJECT *object)
{
    int length = OBJ_obj2txt (NULL, 0, object, 1);
    if (length <= 0)
        return g_strdup ("?");
    char *text = g_malloc ((gsize)length + 1);
    OBJ_obj2txt (text, length + 1, object, 1);
    return text;
}

char *tamga_ossl_key_oid (const X509 *certificate)
{
    ASN1_OBJECT *object = NULL;
    X509_PUBKEY_get0_param (&object, NULL, NULL, NULL, X509_get_X509_PUBKEY (certificate));
    return tamga_ossl_oid (object);
}

char *tamga_ossl_error (void)
{
    unsigned long code = ERR_peek_last_error ();
    const char *reason = code ? ERR_reason_error_string (code) : NULL;
    char *text = g_strdup (reason ? reason : "no further reason is given");
    ERR_clear_error ();
    return text;
}

static char *format_time (gint64 time, const char *format)
{
    g_autoptr (GDateTime) moment = time == G_MININT64 ? NULL : g_date_time_new_from_unix_utc (time);
    return moment ? g_date_time_format (moment, format) : NULL;
}

char *tamga_time_text (gint64 time)
{
    char *text = format_time (time, "%Y-%m-%d %H:%M:%S UTC");
    return text ? text : g_strdup ("unknown time");
}

char *tamga_time_rfc3339 (gint64 time)
{
    return format_time (time, "%Y-%m-%dT%H:%M:%SZ");
}

char *tamga_text_hex (gconstpointer bytes, gsize size)
{
    GString *out = g_string_sized_new (2 * size);
    for (gsize i = 0; i < size; i++)
        g_string_append_printf (out, "%02x", ((const guint8 *)bytes)[i]);
    return g_string_free (out, FALSE);
}

char *tamga_text_hex_bytes (GBytes *bytes)
{
    gsize size;
    gconstpointer data = g_bytes_get_data (bytes, &size);
    return tamga_text_hex (data, size);
}

/* Characters that move, reorder or hide text on a terminal. */
static gboolean is_deceptive (gunichar c)
{
    return g_unichar_iscntrl (c) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xe0000 && c <= 0xe007f);
}

char *tamga_text_visible (const char *text)
{
    GString *out = g_string_new (NULL);
    for (const char *p = text; *p;) {
        gunichar c = g_utf8_get_char_validated (p, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf (out, "\\x{%02X}", (guchar)*p);
            p++;
            continue;
        }
        if (is_deceptive (c))
            g_string_append_printf (out, "\\u{%04X}", c);
        else
            g_string_append_unichar (out, c);
        p = g_utf8_next_char (p);
    }
    return g_string_free (out, FALSE);
}
