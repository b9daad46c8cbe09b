/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making and loading the TLS certificate of this machine. */
#include "bridge/trust/certificate.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/ossl.h"

#define VALID_DAYS 397 /* what browsers take for a leaf */
#define DAY (24 * 3600)
#define HOUR 3600
#define SERIAL_BITS 127
#define MAX_FILE (64 * 1024)

/* One extension by OpenSSL's own notation (x509v3_config(5)). */
typedef struct {
    int nid;
    const char *value;
} Extension;

/* The CA: may issue one level of certificates, for the names of this machine's loopback and no
 * others. Forms of names that are not listed in the permitted set are not limited by it, so those
 * that could mean somebody are excluded. */
static const Extension ca_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign"},
    {NID_name_constraints,
     "critical,permitted;IP:127.0.0.1/255.255.255.255,"
     "permitted;IP:0:0:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF,"
     "permitted;DNS:localhost,permitted;email:localhost,permitted;URI:localhost"},
    {NID_subject_key_identifier, "hash"},
};

static const Extension leaf_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};

static gboolean fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
static gboolean fail (GError **error, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_TRUST, text);
    return FALSE;
}

static TamgaBridgeCertificate *paths (const char *folder)
{
    TamgaBridgeCertificate *certificate = g_new0 (TamgaBridgeCertificate, 1);
    certificate->folder = folder
                              ? g_strdup (folder)
                              : g_build_filename (g_get_user_data_dir (), "tamga", "bridge", NULL);
    certificate->chain_path = g_build_filename (certificate->folder, "chain.pem", NULL);
    certificate->key_path = g_build_filename (certificate->folder, "key.pem", NULL);
    certificate->ca_path = g_build_filename (certificate->folder, "ca.pem", NULL);
    return certificate;
}

void tamga_bridge_certificate_free (TamgaBridgeCertificate *certificate)
{
    if (!certificate)
        return;
    g_free (certificate->folder);
    g_free (certificate->chain_path);
    g_free (certificate->key_path);
    g_free (certificate->ca_path);
    g_free (certificate->ca_sha256);
    g_free (certificate);
}

static gboolean add_extensions (X509 *certificate, X509 *issuer, const Extension *extensions,
                                gsize n)
{
    X509V3_CTX context;
    X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
    for (gsize i = 0; i < n; i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid (NULL, &context, extensions[i].nid, extensions[i].value);
        gboolean added = extension && X509_add_ext (certificate, extension, -1) == 1;
        X509_EXTENSION_free (extension);
        if (!added)
            return FALSE;
    }
    return TRUE;
}

static gboolean set_random_serial (X509 *certificate)
{
    BIGNUM *number = BN_new ();
    gboolean set = number &&
                   BN_rand (number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                   BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate)) != NULL;
    BN_free (number);
    return set;
}

static gboolean set_name (X509_NAME *name, const char *text)
{
    return X509_NAME_add_entry_by_NID (name, NID_commonName, MBSTRING_UTF8, (const guint8 *)text,
                                       -1, -1, 0) == 1;
}

/* Without extensions and signature. */
static X509 *blank (const char *subject, EVP_PKEY *key, gint64 now)
{
    X509 *certificate = X509_new ();
    time_t from = (time_t)(now - HOUR), until = (time_t)(now + (gint64)VALID_DAYS * DAY - HOUR);
    if (certificate && X509_set_version (certificate, X509_VERSION_3) == 1 &&
        set_random_serial (certificate) &&
        ASN1_TIME_set (X509_getm_notBefore (certificate), from) &&
        ASN1_TIME_set (X509_getm_notAfter (certificate), until) &&
        set_name (X509_get_subject_name (certificate), subject) &&
        X509_set_pubkey (certificate, key) == 1)
        return certificate;
    X509_free (certificate);
    return NULL;
}

/* "Tamga on HOST, USER, 1a2b3c4d": which machine's it is, for who looks into a browser's list. */
static char *ca_name (void)
{
    guint8 random[4];
    g_assert (RAND_bytes (random, sizeof random) == 1);
    /* ub-common-name is 64 characters (RFC 5280 annex A.1). */
    return g_strdup_printf ("Tamga on %.24s, %.16s, %02x%02x%02x%02x", g_get_host_name (),
                            g_get_user_name (), random[0], random[1], random[2], random[3]);
}

static X509 *make_ca (EVP_PKEY *key, gint64 now)
{
    g_autofree char *name = ca_name ();
    X509 *ca = blank (name, key, now);
    if (ca && X509_set_issuer_name (ca, X509_get_subject_name (ca)) == 1 &&
        add_extensions (ca, ca, ca_extensions, G_N_ELEMENTS (ca_extensions)) &&
        X509_sign (ca, key, EVP_sha256 ()) > 0)
        return ca;
    X509_free (ca);
    return NULL;
}

static X509 *make_leaf (EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key, gint64 now)
{
    X509 *leaf = blank ("127.0.0.1", key, now);
    if (leaf && X509_set_issuer_name (leaf, X509_get_subject_name (ca)) == 1 &&
        add_extensions (leaf, ca, leaf_extensions, G_N_ELEMENTS (leaf_extensions)) &&
        X509_sign (leaf, ca_key, EVP_sha256 ()) > 0)
        return leaf;
    X509_free (leaf);
    return NULL;
}

/* Writes and forgets a BIO. */
static gboolean write_file (const char *path, BIO *bio, GError **error)
{
    char *data;
    long length = BIO_get_mem_data (bio, &data);
    g_autoptr (GError) failed = NULL;
    if (g_file_set_contents_full (path, data, length,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                  0600, &failed))
        return TRUE;
    return fail (error, "The certificate of this machine could not be written: %s",
                 failed->message);
}

/* The key first and the chain last: what is found half replaced after a power cut does not fit
 * together, and loading says so. */
static gboolean write_all (const TamgaBridgeCertificate *certificate, X509 *ca, X509 *leaf,
                           EVP_PKEY *key, GError **error)
{
    BIO *key_file = BIO_new (BIO_s_secmem ()), *ca_file = BIO_new (BIO_s_mem ());
    BIO *chain_file = BIO_new (BIO_s_mem ());
    gboolean made = PEM_write_bio_PKCS8PrivateKey (key_file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                    PEM_write_bio_X509 (ca_file, ca) == 1 &&
                    PEM_write_bio_X509 (chain_file, leaf) == 1 &&
                    PEM_write_bio_X509 (chain_file, ca) == 1;
    gboolean written =
        made ? write_file (certificate->key_path, key_file, error) &&
                   write_file (certificate->ca_path, ca_file, error) &&
                   write_file (certificate->chain_path, chain_file, error)
             : fail (error, "OpenSSL could not write the certificate of this machine.");
    BIO_free (key_file);
    BIO_free (ca_file);
    BIO_free (chain_file);
    return written;
}

static gboolean make_folder (const char *folder, GError **error)
{
    if (g_mkdir_with_parents (folder, 0700) == 0 && chmod (folder, 0700) == 0)
        return TRUE;
    return fail (error, "%s cannot be used: %s", folder, g_strerror (errno));
}

TamgaBridgeCertificate *tamga_bridge_certificate_create (const char *folder, gint64 now,
                                                         GError **error)
{
    g_autoptr (TamgaBridgeCertificate) certificate = paths (folder);
    if (!make_folder (certificate->folder, error))
        return NULL;
    EVP_PKEY *ca_key = EVP_EC_gen ("P-256"), *key = EVP_EC_gen ("P-256");
    X509 *ca = ca_key ? make_ca (ca_key, now) : NULL;
    X509 *leaf = ca && key ? make_leaf (key, ca, ca_key, now) : NULL;
    EVP_PKEY_free (ca_key); /* nobody can issue anything below this CA any more */
    gboolean written = leaf ? write_all (certificate, ca, leaf, key, error)
                            : fail (error, "OpenSSL could not make a certificate.");
    X509_free (leaf);
    X509_free (ca);
    EVP_PKEY_free (key);
    return written ? tamga_bridge_certificate_load (certificate->folder, error) : NULL;
}

/* NULL without an error: it is not there. */
static BIO *open_file (const char *path, gboolean secret, GError **error)
{
    struct stat info;
    if (stat (path, &info) != 0 && errno == ENOENT)
        return NULL;
    BIO *bio = BIO_new_file (path, "r");
    if (!bio)
        fail (error, "%s cannot be read: %s", path, g_strerror (errno));
    else if (info.st_size > MAX_FILE || info.st_uid != getuid ())
        fail (error, "%s is not what Tamga wrote.", path);
    else if (secret && (info.st_mode & 077) != 0)
        fail (error, "%s can be read by others: the key of this machine is no secret any more.",
              path);
    else
        return bio;
    BIO_free (bio);
    return NULL;
}

static X509 *read_certificate (BIO *bio)
{
    return bio ? PEM_read_bio_X509 (bio, NULL, NULL, NULL) : NULL;
}

/* Leaf, CA and key of one make. */
static gboolean fit (X509 *leaf, X509 *chained, X509 *ca, EVP_PKEY *key)
{
    return leaf && chained && ca && key && X509_cmp (chained, ca) == 0 &&
           X509_check_private_key (leaf, key) == 1 &&
           X509_verify (leaf, X509_get0_pubkey (ca)) == 1;
}

TamgaBridgeCertificate *tamga_bridge_certificate_load (const char *folder, GError **error)
{
    g_autoptr (TamgaBridgeCertificate) certificate = paths (folder);
    g_autoptr (GError) failed = NULL;
    BIO *chain_file = open_file (certificate->chain_path, FALSE, &failed);
    BIO *key_file = failed ? NULL : open_file (certificate->key_path, TRUE, &failed);
    BIO *ca_file = failed ? NULL : open_file (certificate->ca_path, FALSE, &failed);
    gboolean none = !failed && !chain_file;
    X509 *leaf = read_certificate (chain_file), *chained = read_certificate (chain_file);
    X509 *ca = read_certificate (ca_file);
    EVP_PKEY *key = key_file ? PEM_read_bio_PrivateKey (key_file, NULL, NULL, NULL) : NULL;
    gboolean fits = fit (leaf, chained, ca, key);
    if (fits) {
        certificate->not_before = tamga_ossl_time (X509_get0_notBefore (leaf));
        certificate->not_after = tamga_ossl_time (X509_get0_notAfter (leaf));
        certificate->ca_sha256 = tamga_ossl_fingerprint (ca);
    } else if (!failed && !none) {
        fail (&failed, "The certificate and the key in %s do not fit together.",
              certificate->folder);
    }
    X509_free (leaf);
    X509_free (chained);
    X509_free (ca);
    EVP_PKEY_free (key);
    BIO_free (chain_file);
    BIO_free (key_file);
    BIO_free (ca_file);
    if (failed)
        g_propagate_error (error, g_steal_pointer (&failed));
    return fits ? g_steal_pointer (&certificate) : NULL;
}
