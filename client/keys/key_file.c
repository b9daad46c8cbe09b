/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key files: reading them, and telling what they are and how they are protected. */
#include "client/keys/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/keys/keys.h"
#include "formats/limits.h"
#include "formats/ossl.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PBE2PARAM, PBE2PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PBKDF2PARAM, PBKDF2PARAM_free)

gboolean tamga_key_file_set_error (GError **error, const char *name, const char *what)
{
    ERR_clear_error ();
    g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE, "%s %s", name, what);
    return FALSE;
}

void tamga_key_file_free (TamgaKeyFile *file)
{
    if (file == NULL)
        return;
    PKCS12_free (file->pkcs12);
    X509_SIG_free (file->pkcs8);
    g_free (file);
}

GBytes *tamga_key_file_bytes (const char *path, gsize most, GError **error)
{
    struct stat facts;
    gsize size = 0;
    int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */

    if (fd < 0 || fstat (fd, &facts) != 0) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE, "%s cannot be read: %s", path,
                     g_strerror (errno));
        if (fd >= 0)
            close (fd);
        return NULL;
    }
    if (!S_ISREG (facts.st_mode) || (gsize)facts.st_size > most) {
        close (fd);
        tamga_key_file_set_error (
            error, path, S_ISREG (facts.st_mode) ? "is too large for a key file" : "is not a file");
        return NULL;
    }
    guint8 *data = g_malloc ((gsize)facts.st_size + 1);
    while (size < (gsize)facts.st_size) {
        ssize_t n = read (fd, data + size, (gsize)facts.st_size - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        size += (gsize)n;
    }
    close (fd);
    return g_bytes_new_take (data, size);
}

/* PFX ::= SEQUENCE { version INTEGER (3), ... }, in BER: does it begin like one? */
static gboolean begins_like_pkcs12 (const guint8 *data, gsize size)
{
    static const guint8 version[] = {V_ASN1_INTEGER, 1, 3};
    if (size < 2 || data[0] != (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED))
        return FALSE;
    gsize header = 2 + ((data[1] & 0x80) != 0 ? data[1] & 0x7f : 0u);
    return size >= header + sizeof version && memcmp (data + header, version, sizeof version) == 0;
}

/* What a file without a key in a form that can be read says of itself at its beginning, and what
 * its owner can do. */
static const struct {
    const char *bytes;
    gsize length;
    const char *what;
} beginnings[] = {
#define BEGINS(bytes, what)                                                                        \
    {                                                                                              \
        bytes, sizeof bytes - 1, what                                                              \
    }
#define EXPORT_JAVA                                                                                \
    ", which is not supported; convert it to PKCS#12: keytool -importkeystore -srckeystore FILE "  \
    "-destkeystore FILE.p12 -deststoretype PKCS12"
    BEGINS ("\xfe\xed\xfe\xed", "is a Java key store (JKS)" EXPORT_JAVA),
    BEGINS ("\xce\xce\xce\xce", "is a Java key store (JCEKS)" EXPORT_JAVA),
    BEGINS ("-----BEGIN CERTIFICATE-----", "is a certificate, not a key file; a certificate is "
                                           "looked for in the folder of its key file"),
    BEGINS ("-----BEGIN PRIVATE KEY-----",
            "is a private key without a password, which anyone who gets it can use; it is not "
            "taken: make a PKCS#12 file of it (openssl pkcs12 -export)"),
    BEGINS ("-----BEGIN RSA PRIVATE KEY-----",
            "is a private key in an old form of OpenSSL's; make a PKCS#12 file of it (openssl "
            "pkcs12 -export)"),
    BEGINS ("-----BEGIN EC PRIVATE KEY-----",
            "is a private key in an old form of OpenSSL's; make a PKCS#12 file of it (openssl "
            "pkcs12 -export)"),
    BEGINS ("%PDF-", "is a PDF document, not a key file"),
};

static const char *what_is (const guint8 *data, gsize size)
{
    const guint8 *next = data;

    if (size == 0)
        return "is empty";
    if (begins_like_pkcs12 (data, size))
        return "is a PKCS#12 file that is cut short or damaged";
    for (gsize i = 0; i < G_N_ELEMENTS (beginnings); i++)
        if (size >= beginnings[i].length &&
            memcmp (data, beginnings[i].bytes, beginnings[i].length) == 0)
            return beginnings[i].what;
    g_autoptr (X509) certificate = d2i_X509 (NULL, &next, (long)size);
    if (certificate != NULL)
        return "is a certificate, not a key file; a certificate is looked for in the folder of its "
               "key file";
    next = data;
    g_autoptr (PKCS8_PRIV_KEY_INFO) open_key = d2i_PKCS8_PRIV_KEY_INFO (NULL, &next, (long)size);
    if (open_key != NULL)
        return "is a private key without a password, which anyone who gets it can use; it is not "
               "taken";
    return "is not a PKCS#12 file, nor an encrypted private key (PKCS#8)";
}

/* Containers of makers that look like an EncryptedPrivateKeyInfo, by the OID of their encryption.
 */
static const struct {
    const char *oid, *what;
} containers[] = {
    {"1.3.6.1.4.1.19398.1.1.1.2",
     "is a key container of the maker IIT (Key-6.dat), which is not supported; the provider of the "
     "key has it as PKCS#12 (.p12, .pfx) or on a token"},
};

/* NULL where OpenSSL knows how it is encrypted, at least in the first place. */
static char *unknown_encryption (const X509_SIG *file)
{
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *object;

    X509_SIG_get0 (file, &algorithm, NULL);
    X509_ALGOR_get0 (&object, NULL, NULL, algorithm);
    if (EVP_PBE_find (EVP_PBE_TYPE_OUTER, OBJ_obj2nid (object), NULL, NULL, NULL) == 1)
        return NULL;
    g_autofree char *oid = tamga_ossl_oid (object);
    for (gsize i = 0; i < G_N_ELEMENTS (containers); i++)
        if (g_str_equal (oid, containers[i].oid))
            return g_strdup (containers[i].what);
    return tamga_key_file_unknown (algorithm);
}

static void add_oid (GString *text, const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object;

    X509_ALGOR_get0 (&object, NULL, NULL, algorithm);
    g_autofree char *oid = tamga_ossl_oid (object);
    g_string_append_printf (text, "%s%s", text->len > 0 ? " with " : "", oid);
}

char *tamga_key_file_unknown (const X509_ALGOR *algorithm)
{
    g_autoptr (GString) oids = g_string_new (NULL);
    const ASN1_OBJECT *object;
    const void *value;
    int type;

    add_oid (oids, algorithm);
    X509_ALGOR_get0 (&object, &type, &value, algorithm);
    if (OBJ_obj2nid (object) == NID_pbes2 && type == V_ASN1_SEQUENCE) {
        /* RFC 8018 A.4: the name says nothing, its parts do */
        g_autoptr (PBE2PARAM) parts = ASN1_item_unpack (value, ASN1_ITEM_rptr (PBE2PARAM));
        g_autoptr (PBKDF2PARAM) kdf = parts != NULL && parts->keyfunc->parameter != NULL
                                          ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (PBKDF2PARAM),
                                                                       parts->keyfunc->parameter)
                                          : NULL;
        if (parts != NULL)
            add_oid (oids, parts->encryption);
        if (kdf != NULL && kdf->prf != NULL)
            add_oid (oids, kdf->prf);
    }
    ERR_clear_error ();
    return g_strdup_printf ("is protected in a way (%s) that this program does not know; the "
                            "program that made it may be able to save it as PKCS#12",
                            oids->str);
}

gboolean tamga_key_file_was_unknown (void)
{
    static const int reasons[] = {
        EVP_R_UNKNOWN_PBE_ALGORITHM,
        EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION,
        EVP_R_UNSUPPORTED_PRF,
        EVP_R_UNSUPPORTED_CIPHER,
    };
    gboolean found = FALSE;
    unsigned long code;

    while ((code = ERR_get_error ()) != 0)
        for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
            found |= ERR_GET_LIB (code) == ERR_LIB_EVP && ERR_GET_REASON (code) == reasons[i];
    return found;
}

/* EncryptedPrivateKeyInfo, all of `data`; in PEM the first block. */
static X509_SIG *read_pkcs8 (const guint8 *data, gsize size)
{
    const guint8 *next = data;
    g_autoptr (X509_SIG) der = d2i_X509_SIG (NULL, &next, (long)size);

    if (der != NULL)
        return next == data + size ? g_steal_pointer (&der) : NULL;
    g_autoptr (BIO) text = BIO_new_mem_buf (data, (int)size);
    return PEM_read_bio_PKCS8 (text, NULL, NULL, NULL);
}

TamgaKeyFile *tamga_key_file_read (const char *path, GError **error)
{
    g_autoptr (GBytes) bytes = tamga_key_file_bytes (path, TAMGA_MAX_PKCS12_SIZE, error);
    if (bytes == NULL)
        return NULL;
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size), *next = data;
    g_autoptr (TamgaKeyFile) file = g_new0 (TamgaKeyFile, 1);
    if (size > 0 && (file->pkcs12 = d2i_PKCS12 (NULL, &next, (long)size)) == NULL)
        file->pkcs8 = read_pkcs8 (data, size);
    if (file->pkcs12 == NULL && file->pkcs8 == NULL) {
        tamga_key_file_set_error (error, path, what_is (data, size));
        return NULL;
    }
    g_autofree char *unknown = file->pkcs8 != NULL ? unknown_encryption (file->pkcs8) : NULL;
    if (unknown != NULL) {
        tamga_key_file_set_error (error, path, unknown);
        return NULL;
    }
    ERR_clear_error ();
    return g_steal_pointer (&file);
}

TamgaFileContent *tamga_key_file_unpack (TamgaKeyFile *file, const char *name,
                                         const TamgaSecret *password, GError **error)
{
    return file->pkcs12 != NULL ? tamga_pkcs12_unpack (file->pkcs12, name, password, error)
                                : tamga_pkcs8_unpack (file->pkcs8, name, password, error);
}

gboolean tamga_key_file_is_legacy (const X509_ALGOR *algorithm)
{
    static const int legacy[] = {
        NID_pbe_WithSHA1And128BitRC4,
        NID_pbe_WithSHA1And40BitRC4,
        NID_pbe_WithSHA1And128BitRC2_CBC,
        NID_pbe_WithSHA1And40BitRC2_CBC,
        NID_pbeWithMD2AndDES_CBC,
        NID_pbeWithMD5AndDES_CBC,
        NID_pbeWithSHA1AndDES_CBC,
        NID_pbeWithMD2AndRC2_CBC,
        NID_pbeWithMD5AndRC2_CBC,
        NID_pbeWithSHA1AndRC2_CBC,
        NID_rc2_cbc,
        NID_rc2_40_cbc,
        NID_rc2_64_cbc,
        NID_rc4,
        NID_des_cbc,
    };
    const ASN1_OBJECT *object;
    const void *value;
    int type;

    X509_ALGOR_get0 (&object, &type, &value, algorithm);
    int nid = OBJ_obj2nid (object);
    if (nid == NID_pbes2 && type == V_ASN1_SEQUENCE) {
        g_autoptr (PBE2PARAM) parameters = ASN1_item_unpack (value, ASN1_ITEM_rptr (PBE2PARAM));
        if (parameters == NULL)
            return FALSE;
        X509_ALGOR_get0 (&object, NULL, NULL, parameters->encryption);
        nid = OBJ_obj2nid (object);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (legacy); i++)
        if (legacy[i] == nid)
            return TRUE;
    return FALSE;
}

static OSSL_PROVIDER *providers[2]; /* loaded by hand; NULL: not needed so far */

void tamga_key_file_unload_legacy (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (providers); i++)
        if (providers[i] != NULL)
            OSSL_PROVIDER_unload (g_steal_pointer (&providers[i]));
}

gboolean tamga_key_file_load_legacy (const char *name, GError **error)
{
    if (providers[1] != NULL)
        return TRUE;
    /* loading one provider by hand stops the automatic loading of the default one */
    if ((providers[0] = OSSL_PROVIDER_load (NULL, "default")) == NULL ||
        (providers[1] = OSSL_PROVIDER_load (NULL, "legacy")) == NULL)
        return tamga_key_file_set_error (
            error, name,
            "is encrypted with an old algorithm (RC2, RC4 or DES), and OpenSSL's "
            "legacy provider, which has these, is not installed");
    return TRUE;
}
