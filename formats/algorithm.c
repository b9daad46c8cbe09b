/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests and signature algorithms in one table; verification of a signature value. */
#include "formats/algorithm.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "formats/error.h"
#include "formats/national/national.h"
#include "formats/ossl.h"

#define XMLDSIG "http://www.w3.org/2000/09/xmldsig#"
#define XMLDSIG_MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define XMLDSIG_2007 "http://www.w3.org/2007/05/xmldsig-more#"
#define PKI_KZ "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
#define XMLENC "http://www.w3.org/2001/04/xmlenc#"

/* Columns of reliance: the ends of MD5 (2004), SHA-1 (2012), RIPEMD-160 (2014) and SHA-224 (2029)
 * and the like; the dates are those of TS 119 312 v1.5.1 as validation policies in use have
 * them. The strength of a digest is that against collisions. */
#define RELIED(strength)                                                                           \
    {                                                                                              \
        strength, G_MININT64, G_MAXINT64                                                           \
    }
#define UNTIL(strength, until)                                                                     \
    {                                                                                              \
        strength, G_MININT64, until                                                                \
    }

static const TamgaDigest digests[] = {
    {"SHA-256", "2.16.840.1.101.3.4.2.1", "SHA2-256", XMLENC "sha256", 32, FALSE, RELIED (128),
     V_ASN1_UNDEF},
    {"SHA-384", "2.16.840.1.101.3.4.2.2", "SHA2-384", XMLDSIG_MORE "sha384", 48, FALSE,
     RELIED (192), V_ASN1_UNDEF},
    {"SHA-512", "2.16.840.1.101.3.4.2.3", "SHA2-512", XMLENC "sha512", 64, FALSE, RELIED (256),
     V_ASN1_UNDEF},
    {"SHA3-256", "2.16.840.1.101.3.4.2.8", "SHA3-256", XMLDSIG_2007 "sha3-256", 32, FALSE,
     RELIED (128), V_ASN1_UNDEF},
    {"SHA3-384", "2.16.840.1.101.3.4.2.9", "SHA3-384", XMLDSIG_2007 "sha3-384", 48, FALSE,
     RELIED (192), V_ASN1_UNDEF},
    {"SHA3-512", "2.16.840.1.101.3.4.2.10", "SHA3-512", XMLDSIG_2007 "sha3-512", 64, FALSE,
     RELIED (256), V_ASN1_UNDEF},
    {"SHA-224", "2.16.840.1.101.3.4.2.4", "SHA2-224", XMLDSIG_MORE "sha224", 28, TRUE,
     UNTIL (112, 1861920000), V_ASN1_UNDEF},
    {"SHA-1", "1.3.14.3.2.26", "SHA1", XMLDSIG "sha1", 20, TRUE, UNTIL (61, 1343779200),
     V_ASN1_UNDEF},
    {"RIPEMD-160", "1.3.36.3.2.1", "RIPEMD160", XMLENC "ripemd160", 20, TRUE,
     UNTIL (80, 1406851200), V_ASN1_UNDEF},
    {"MD5", "1.2.840.113549.2.5", "MD5", XMLDSIG_MORE "md5", 16, TRUE, UNTIL (0, 1091318400),
     V_ASN1_UNDEF},
    {"Streebog-512", "1.2.398.3.10.1.3.3", "KZ-STREEBOG-512", PKI_KZ "gostr34112015-512", 64, FALSE,
     RELIED (256), V_ASN1_NULL},
    {"Streebog-256", "1.2.398.3.10.1.3.2", "KZ-STREEBOG-256", PKI_KZ "gostr34112015-256", 32, FALSE,
     RELIED (128), V_ASN1_NULL},
    /* The last certificates for it were issued in April 2024, for a year. */
    {"GOST-34.311-95", "1.2.398.3.10.1.3.1", "KZ-GOST-34311", XMLDSIG_MORE "gost34311", 32, FALSE,
     UNTIL (105, 1746057600), V_ASN1_NULL},
    {"GOST-34.311-DKE-1", "1.2.804.2.1.1.1.1.2.1", "DSTU-GOST-34311", NULL, 32, FALSE, RELIED (105),
     V_ASN1_UNDEF},
    {"Kupyna-256", "1.2.804.2.1.1.1.1.2.2.1", "KUPYNA-256", NULL, 32, FALSE, RELIED (128),
     V_ASN1_UNDEF},
    {"Kupyna-384", "1.2.804.2.1.1.1.1.2.2.2", "KUPYNA-384", NULL, 48, FALSE, RELIED (192),
     V_ASN1_UNDEF},
    {"Kupyna-512", "1.2.804.2.1.1.1.1.2.2.3", "KUPYNA-512", NULL, 64, FALSE, RELIED (256),
     V_ASN1_UNDEF},
};

/* Salt of the largest keys in use: 16384 bits less a SHA-256 digest and two octets. */
#define MAX_SALT_LENGTH 2014

#define OID_PSS "1.2.840.113549.1.1.10"

/* One row per key type, scheme and digest. `oid` is what is written; rows with the same OID are
 * told apart by the digest (PKCS#1 v1.5 is written as sha256WithRSAEncryption and also read as
 * rsaEncryption, RFC 3370 3.2, RFC 5754 3.2). */
#define RSA_PKCS1(digest, arc, uri)                                                                \
    {                                                                                              \
        "RSA-PKCS1-" digest, "RSA", "1.2.840.113549.1.1." arc, digest, TAMGA_SCHEME_RSA_PKCS1,     \
            XMLDSIG_MORE uri, NULL, V_ASN1_NULL                                                    \
    }
#define RSA_PKCS1_JWA(digest, arc, uri, jwa)                                                       \
    {                                                                                              \
        "RSA-PKCS1-" digest, "RSA", "1.2.840.113549.1.1." arc, digest, TAMGA_SCHEME_RSA_PKCS1,     \
            XMLDSIG_MORE uri, jwa, V_ASN1_NULL                                                     \
    }
#define RSA_PSS(digest, uri, jwa)                                                                  \
    {                                                                                              \
        "RSA-PSS-" digest, "RSA", OID_PSS, digest, TAMGA_SCHEME_RSA_PSS, XMLDSIG_2007 uri, jwa,    \
            V_ASN1_SEQUENCE                                                                        \
    }
#define ECDSA(digest, oid, uri, jwa)                                                               \
    {                                                                                              \
        "ECDSA-" digest, "EC", oid, digest, TAMGA_SCHEME_ECDSA, uri, jwa, V_ASN1_UNDEF             \
    }

#define PLAIN(name, key_type, oid, digest, uri)                                                    \
    {                                                                                              \
        name, key_type, oid, digest, TAMGA_SCHEME_PLAIN, uri, NULL, V_ASN1_NULL                    \
    }
/* Parameters absent, as in the certificates and signatures of Ukraine. */
#define DSTU(name, key_type, arc, digest)                                                          \
    {                                                                                              \
        "DSTU-4145-" name, key_type, "1.2.804.2.1.1.1.1.3." arc, digest, TAMGA_SCHEME_PLAIN, NULL, \
            NULL, V_ASN1_UNDEF                                                                     \
    }

static const TamgaAlgorithm algorithms[] = {
    RSA_PKCS1_JWA ("SHA-256", "11", "rsa-sha256", "RS256"),
    RSA_PKCS1_JWA ("SHA-384", "12", "rsa-sha384", "RS384"),
    RSA_PKCS1_JWA ("SHA-512", "13", "rsa-sha512", "RS512"),
    RSA_PKCS1 ("SHA-224", "14", "rsa-sha224"),
    RSA_PKCS1 ("MD5", "4", "rsa-md5"),
    {"RSA-PKCS1-SHA-1", "RSA", "1.2.840.113549.1.1.5", "SHA-1", TAMGA_SCHEME_RSA_PKCS1,
     XMLDSIG "rsa-sha1", NULL, V_ASN1_NULL},
    {"RSA-PKCS1-SHA3-256", "RSA", "2.16.840.1.101.3.4.3.14", "SHA3-256", TAMGA_SCHEME_RSA_PKCS1,
     XMLDSIG_2007 "sha3-256-rsa", NULL, V_ASN1_NULL},
    {"RSA-PKCS1-SHA3-384", "RSA", "2.16.840.1.101.3.4.3.15", "SHA3-384", TAMGA_SCHEME_RSA_PKCS1,
     XMLDSIG_2007 "sha3-384-rsa", NULL, V_ASN1_NULL},
    {"RSA-PKCS1-SHA3-512", "RSA", "2.16.840.1.101.3.4.3.16", "SHA3-512", TAMGA_SCHEME_RSA_PKCS1,
     XMLDSIG_2007 "sha3-512-rsa", NULL, V_ASN1_NULL},
    {"RSA-PKCS1-RIPEMD-160", "RSA", "1.3.36.3.3.1.2", "RIPEMD-160", TAMGA_SCHEME_RSA_PKCS1,
     XMLDSIG_MORE "rsa-ripemd160", NULL, V_ASN1_NULL},
    RSA_PSS ("SHA-256", "sha256-rsa-MGF1", "PS256"),
    RSA_PSS ("SHA-384", "sha384-rsa-MGF1", "PS384"),
    RSA_PSS ("SHA-512", "sha512-rsa-MGF1", "PS512"),
    RSA_PSS ("SHA-224", "sha224-rsa-MGF1", NULL),
    RSA_PSS ("SHA-1", "sha1-rsa-MGF1", NULL),
    RSA_PSS ("SHA3-256", "sha3-256-rsa-MGF1", NULL),
    RSA_PSS ("SHA3-384", "sha3-384-rsa-MGF1", NULL),
    RSA_PSS ("SHA3-512", "sha3-512-rsa-MGF1", NULL),
    ECDSA ("SHA-256", "1.2.840.10045.4.3.2", XMLDSIG_MORE "ecdsa-sha256", "ES256"),
    ECDSA ("SHA-384", "1.2.840.10045.4.3.3", XMLDSIG_MORE "ecdsa-sha384", "ES384"),
    ECDSA ("SHA-512", "1.2.840.10045.4.3.4", XMLDSIG_MORE "ecdsa-sha512", "ES512"),
    ECDSA ("SHA-224", "1.2.840.10045.4.3.1", XMLDSIG_MORE "ecdsa-sha224", NULL),
    ECDSA ("SHA-1", "1.2.840.10045.4.1", XMLDSIG_MORE "ecdsa-sha1", NULL),
    ECDSA ("SHA3-256", "2.16.840.1.101.3.4.3.10", XMLDSIG_2007 "ecdsa-sha3-256", NULL),
    ECDSA ("SHA3-384", "2.16.840.1.101.3.4.3.11", XMLDSIG_2007 "ecdsa-sha3-384", NULL),
    ECDSA ("SHA3-512", "2.16.840.1.101.3.4.3.12", XMLDSIG_2007 "ecdsa-sha3-512", NULL),
    PLAIN ("GOST-34.10-2015-512", "KZ-GOST-2015-512", "1.2.398.3.10.1.1.2.3.2", "Streebog-512",
           PKI_KZ "gostr34102015-gostr34112015-512"),
    PLAIN ("GOST-34.10-2015-256", "KZ-GOST-2015-256", "1.2.398.3.10.1.1.2.3.1", "Streebog-256",
           PKI_KZ "gostr34102015-gostr34112015-256"),
    PLAIN ("GOST-34.310-2004", "KZ-GOST-2004", "1.2.398.3.10.1.1.1.2", "GOST-34.311-95",
           XMLDSIG_MORE "gost34310-gost34311"),
    DSTU ("GOST-34.311", "DSTU-4145", "1.1", "GOST-34.311-DKE-1"),
    DSTU ("GOST-34.311-BE", "DSTU-4145-BE", "1.1.1.1", "GOST-34.311-DKE-1"),
    DSTU ("Kupyna-256", "DSTU-4145", "6.1", "Kupyna-256"),
    DSTU ("Kupyna-384", "DSTU-4145", "6.2", "Kupyna-384"),
    DSTU ("Kupyna-512", "DSTU-4145", "6.3", "Kupyna-512"),
    DSTU ("Kupyna-256-PB", "DSTU-4145", "6.1.1", "Kupyna-256"),
    DSTU ("Kupyna-384-PB", "DSTU-4145", "6.2.1", "Kupyna-384"),
    DSTU ("Kupyna-512-PB", "DSTU-4145", "6.3.1", "Kupyna-512"),
};

gboolean tamga_algorithm_load (void)
{
    return tamga_national_load ();
}

const TamgaDigest *tamga_digest_by_name (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (digests); i++) {
        if (g_ascii_strcasecmp (digests[i].name, name) == 0 ||
            g_ascii_strcasecmp (digests[i].openssl, name) == 0)
            return &digests[i];
    }
    /* "SHA256", as people and OpenSSL also write it. */
    if (g_ascii_strncasecmp (name, "SHA", 3) == 0 && g_ascii_isdigit (name[3]) && name[4] != '-') {
        g_autofree char *dashed = g_strconcat ("SHA-", name + 3, NULL);
        return tamga_digest_by_name (dashed);
    }
    return NULL;
}

const TamgaDigest *tamga_digest_by_oid (const char *oid)
{
    for (gsize i = 0; i < G_N_ELEMENTS (digests); i++) {
        if (strcmp (digests[i].oid, oid) == 0)
            return &digests[i];
    }
    return NULL;
}

const TamgaDigest *tamga_digest_by_uri (const char *uri)
{
    for (gsize i = 0; i < G_N_ELEMENTS (digests); i++) {
        if (g_strcmp0 (digests[i].xml_uri, uri) == 0)
            return &digests[i];
    }
    return NULL;
}

static char *algor_oid (const X509_ALGOR *algor)
{
    const ASN1_OBJECT *object = NULL;
    X509_ALGOR_get0 (&object, NULL, NULL, algor);
    return tamga_ossl_oid (object);
}

static gboolean without_parameters (const X509_ALGOR *algor)
{
    int type = V_ASN1_UNDEF;
    X509_ALGOR_get0 (NULL, &type, NULL, algor);
    return type == V_ASN1_UNDEF || type == V_ASN1_NULL;
}

const TamgaDigest *tamga_digest_by_algor (const X509_ALGOR *algor)
{
    g_autofree char *oid = algor_oid (algor);
    return without_parameters (algor) ? tamga_digest_by_oid (oid) : NULL;
}

const TamgaDigest *tamga_digest_for_xml (const TamgaDigest *digest)
{
    return digest->xml_uri != NULL ? digest : tamga_digest_by_name ("SHA-256");
}

const EVP_MD *tamga_digest_md (const TamgaDigest *digest)
{
    static gsize once;
    static EVP_MD *fetched[G_N_ELEMENTS (digests)];
    if (g_once_init_enter (&once)) {
        gboolean loaded = tamga_algorithm_load ();
        g_assert (loaded); /* a program that cannot load them ends before it computes anything */
        for (gsize i = 0; i < G_N_ELEMENTS (digests); i++)
            fetched[i] = EVP_MD_fetch (NULL, digests[i].openssl, NULL);
        g_once_init_leave (&once, 1);
    }
    const EVP_MD *md = fetched[digest - digests];
    g_assert (md);
    return md;
}

GBytes *tamga_digest_bytes (const TamgaDigest *digest, GBytes *data)
{
    guint8 value[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    gsize length;
    const void *bytes = g_bytes_get_data (data, &length);
    int done =
        EVP_Digest (bytes ? bytes : "", length, value, &size, tamga_digest_md (digest), NULL);
    g_assert (done == 1);
    return g_bytes_new (value, size);
}

EVP_MD_CTX *tamga_digest_start (const TamgaDigest *digest)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new ();
    int done = EVP_DigestInit_ex2 (context, tamga_digest_md (digest), NULL);
    g_assert (done == 1);
    return context;
}

GBytes *tamga_digest_finish (EVP_MD_CTX *context)
{
    guint8 value[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int done = EVP_DigestFinal_ex (context, value, &size);
    g_assert (done == 1);
    return g_bytes_new (value, size);
}

const TamgaAlgorithm *tamga_algorithm_at (gsize index)
{
    return index < G_N_ELEMENTS (algorithms) ? &algorithms[index] : NULL;
}

/* Names of keys for people where OpenSSL's are not for them. */
static const struct {
    const char *key_type, *name;
} key_names[] = {
    {"KZ-GOST-2015-512", "GOST 34.10-2015"}, {"KZ-GOST-2015-256", "GOST 34.10-2015"},
    {"KZ-GOST-2004", "GOST 34.310-2004"},    {"DSTU-4145", "DSTU 4145-2002"},
    {"DSTU-4145-BE", "DSTU 4145-2002"},
};

char *tamga_algorithm_key_text (EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits (key);
    char curve[64] = "";

    if (EVP_PKEY_is_a (key, "EC") && EVP_PKEY_get_group_name (key, curve, sizeof curve, NULL) == 1)
        return g_strdup_printf ("EC %d bits (%s)", bits, curve);
    ERR_clear_error ();
    for (gsize i = 0; i < G_N_ELEMENTS (key_names); i++)
        if (EVP_PKEY_is_a (key, key_names[i].key_type))
            return g_strdup_printf ("%s, %d bits", key_names[i].name, bits);
    const char *name = EVP_PKEY_get0_type_name (key);
    return g_strdup_printf ("%s %d bits", name != NULL ? name : "key", bits);
}

const TamgaAlgorithm *tamga_algorithm_by_name (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
        if (g_ascii_strcasecmp (algorithms[i].name, name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

const TamgaAlgorithm *tamga_algorithm_by_uri (const char *uri)
{
    for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
        if (g_strcmp0 (algorithms[i].xml_uri, uri) == 0)
            return &algorithms[i];
    }
    return NULL;
}

const TamgaAlgorithm *tamga_algorithm_by_jwa (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
        if (g_strcmp0 (algorithms[i].jwa, name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

const TamgaDigest *tamga_algorithm_digest (const TamgaAlgorithm *algorithm)
{
    return tamga_digest_by_name (algorithm->digest_name);
}

const TamgaDigest *tamga_algorithm_common_digest (const TamgaAlgorithm *algorithm)
{
    return algorithm->scheme != TAMGA_SCHEME_PLAIN ? tamga_algorithm_digest (algorithm)
                                                   : tamga_digest_by_name ("SHA-256");
}

gboolean tamga_algorithm_fits (const TamgaAlgorithm *algorithm, EVP_PKEY *key)
{
    return EVP_PKEY_is_a (key, algorithm->key_type) ||
           (algorithm->scheme == TAMGA_SCHEME_RSA_PSS && EVP_PKEY_is_a (key, "RSA-PSS"));
}

static const TamgaAlgorithm *find (const char *key_type, TamgaScheme scheme,
                                   const TamgaDigest *digest)
{
    for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
        const TamgaAlgorithm *row = &algorithms[i];
        if (row->scheme == scheme && strcmp (row->key_type, key_type) == 0 &&
            strcmp (row->digest_name, digest->name) == 0)
            return row;
    }
    return NULL;
}

/* Of a kind of key whose rows are of its own: the one with the digest, or the first. */
static const TamgaAlgorithm *find_plain (EVP_PKEY *key, const TamgaDigest *digest)
{
    for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
        const TamgaAlgorithm *row = &algorithms[i];
        if (row->scheme == TAMGA_SCHEME_PLAIN && EVP_PKEY_is_a (key, row->key_type) &&
            (!digest || strcmp (row->digest_name, digest->name) == 0))
            return row;
    }
    return NULL;
}

const TamgaAlgorithm *tamga_algorithm_for_key (EVP_PKEY *key, const char *scheme_hint,
                                               const TamgaDigest *digest, GError **error)
{
    gboolean pss_only = EVP_PKEY_is_a (key, "RSA-PSS");
    gboolean rsa = pss_only || EVP_PKEY_is_a (key, "RSA");
    gboolean ec = EVP_PKEY_is_a (key, "EC");
    int bits = EVP_PKEY_get_bits (key);
    const TamgaAlgorithm *row = scheme_hint ? NULL : find_plain (key, digest);
    if (row)
        return row;
    if (!digest) {
        const char *name = ec && bits > 400 ? "SHA-512" : ec && bits > 300 ? "SHA-384" : "SHA-256";
        digest = tamga_digest_by_name (name);
    }
    TamgaScheme scheme = ec ? TAMGA_SCHEME_ECDSA : TAMGA_SCHEME_RSA_PKCS1;
    if (rsa && (pss_only || (scheme_hint && g_ascii_strcasecmp (scheme_hint, "PSS") == 0)))
        scheme = TAMGA_SCHEME_RSA_PSS;
    row = rsa || ec ? find (ec ? "EC" : "RSA", scheme, digest) : NULL;
    gboolean hint_fits = !scheme_hint || (ec && g_ascii_strcasecmp (scheme_hint, "ECDSA") == 0) ||
                         (rsa && g_ascii_strcasecmp (scheme_hint, "PSS") == 0) ||
                         (rsa && !pss_only && g_ascii_strcasecmp (scheme_hint, "PKCS1") == 0);
    if (!row || !hint_fits || digest->weak) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                     "No signature can be made with a %s key of %d bits, %s%s%s.",
                     EVP_PKEY_get0_type_name (key) ? EVP_PKEY_get0_type_name (key) : "?", bits,
                     digest->name, scheme_hint ? " and scheme " : "",
                     scheme_hint ? scheme_hint : "");
        return NULL;
    }
    return row;
}

/* RFC 4056 3, RFC 8017 A.2.3: the digest of a PSS signature, and the length of its salt; NULL
 * unless MGF1 uses the same digest and the salt is at least as long as it (many writers take the
 * longest that fits the key). */
static const TamgaDigest *pss_digest (const X509_ALGOR *algor, int *salt_length, GError **error)
{
    int type;
    const void *value;
    X509_ALGOR_get0 (NULL, &type, &value, algor);
    const ASN1_STRING *sequence = value;
    RSA_PSS_PARAMS *parameters = NULL;
    if (type == V_ASN1_SEQUENCE) {
        const unsigned char *p = sequence->data;
        parameters = d2i_RSA_PSS_PARAMS (NULL, &p, sequence->length);
    }
    const TamgaDigest *digest = NULL, *mask = NULL;
    gint64 salt = 20, trailer = 1;
    gboolean mgf1 = TRUE;
    if (parameters) {
        digest = parameters->hashAlgorithm ? tamga_digest_by_algor (parameters->hashAlgorithm)
                                           : tamga_digest_by_name ("SHA-1");
        mask = tamga_digest_by_name ("SHA-1");
        if (parameters->maskGenAlgorithm) {
            const ASN1_OBJECT *object;
            int inner;
            const void *inner_value;
            X509_ALGOR_get0 (&object, &inner, &inner_value, parameters->maskGenAlgorithm);
            mgf1 = OBJ_obj2nid (object) == NID_mgf1 && inner == V_ASN1_SEQUENCE;
            const ASN1_STRING *mask_sequence = inner_value;
            const unsigned char *p = mgf1 ? mask_sequence->data : NULL;
            g_autoptr (X509_ALGOR) mask_algor =
                mgf1 ? d2i_X509_ALGOR (NULL, &p, mask_sequence->length) : NULL;
            mask = mask_algor ? tamga_digest_by_algor (mask_algor) : NULL;
        }
        if (parameters->saltLength)
            ASN1_INTEGER_get_int64 (&salt, parameters->saltLength);
        if (parameters->trailerField)
            ASN1_INTEGER_get_int64 (&trailer, parameters->trailerField);
    }
    RSA_PSS_PARAMS_free (parameters);
    ERR_clear_error ();
    if (!digest || digest != mask || !mgf1 || salt < (gint64)digest->size ||
        salt > MAX_SALT_LENGTH || trailer != 1) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                     "The RSA-PSS parameters are missing, inconsistent or of a kind that is not "
                     "supported (RFC 4056 3).");
        return NULL;
    }
    *salt_length = (int)salt;
    return digest;
}

/* By its own OID; several rows may have it. */
static const TamgaAlgorithm *find_by_oid (const char *oid, const TamgaDigest *digest)
{
    const TamgaAlgorithm *first = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
        const TamgaAlgorithm *row = &algorithms[i];
        if (strcmp (row->oid, oid) != 0)
            continue;
        if (strcmp (row->digest_name, digest->name) == 0)
            return row;
        first = first ? first : row;
    }
    return first;
}

/* By the OID of the key, which leaves the digest open: rsaEncryption is legal (RFC 3370 3.2),
 * others are written by some signers all the same. */
static const TamgaAlgorithm *find_by_key_oid (const char *oid, const TamgaDigest *digest)
{
    const char *key_type = tamga_key_type_by_oid (oid);
    for (gsize i = 0; key_type && i < G_N_ELEMENTS (algorithms); i++) {
        const TamgaAlgorithm *row = &algorithms[i];
        if (row->scheme != TAMGA_SCHEME_RSA_PSS && strcmp (row->key_type, key_type) == 0 &&
            strcmp (row->digest_name, digest->name) == 0)
            return row;
    }
    return NULL;
}

const TamgaAlgorithm *tamga_algorithm_from_cms (const X509_ALGOR *signature_algorithm,
                                                const X509_ALGOR *digest_algorithm, GError **error)
{
    g_autofree char *oid = algor_oid (signature_algorithm);
    g_autofree char *digest_oid = algor_oid (digest_algorithm);
    const TamgaDigest *digest = tamga_digest_by_algor (digest_algorithm);
    const TamgaAlgorithm *row = NULL;
    if (!digest) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                     "The digest algorithm %s is not known here, or not with these parameters.",
                     digest_oid);
        return NULL;
    }
    if (strcmp (oid, OID_PSS) == 0) {
        int salt_length;
        const TamgaDigest *pss = pss_digest (signature_algorithm, &salt_length, error);
        if (!pss)
            return NULL;
        row = find ("RSA", TAMGA_SCHEME_RSA_PSS, pss);
    } else {
        row = find_by_oid (oid, digest);
        row = row ? row : find_by_key_oid (oid, digest);
    }
    /* Other parameters than those of the key would change what is computed. */
    if (row && row->scheme == TAMGA_SCHEME_PLAIN && !without_parameters (signature_algorithm))
        row = NULL;
    if (!row) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                     "The signature algorithm %s is not known here, or not with these parameters.",
                     oid);
        return NULL;
    }
    if (tamga_algorithm_digest (row) != digest) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                     "The digest algorithm %s differs from that of the signature algorithm %s.",
                     digest->name, row->name);
        return NULL;
    }
    return row;
}

X509_ALGOR *tamga_digest_to_cms (const TamgaDigest *digest)
{
    X509_ALGOR *algor = X509_ALGOR_new ();
    /* RFC 5754 2: parameters absent for the SHA-2 family. */
    X509_ALGOR_set0 (algor, OBJ_txt2obj (digest->oid, 1), digest->parameters, NULL);
    return algor;
}

static ASN1_STRING *pss_parameters (const TamgaDigest *digest)
{
    RSA_PSS_PARAMS *parameters = RSA_PSS_PARAMS_new ();
    X509_ALGOR *hash = X509_ALGOR_new ();
    /* RFC 4055 2.1: NULL parameters in the digests of PSS, as every implementation writes them. */
    X509_ALGOR_set0 (hash, OBJ_txt2obj (digest->oid, 1), V_ASN1_NULL, NULL);
    ASN1_STRING *packed = NULL;
    ASN1_item_pack (hash, ASN1_ITEM_rptr (X509_ALGOR), &packed);
    parameters->hashAlgorithm = hash;
    parameters->maskGenAlgorithm = X509_ALGOR_new ();
    X509_ALGOR_set0 (parameters->maskGenAlgorithm, OBJ_nid2obj (NID_mgf1), V_ASN1_SEQUENCE, packed);
    parameters->saltLength = ASN1_INTEGER_new ();
    ASN1_INTEGER_set_int64 (parameters->saltLength, (gint64)digest->size);
    ASN1_STRING *sequence = NULL;
    ASN1_item_pack (parameters, ASN1_ITEM_rptr (RSA_PSS_PARAMS), &sequence);
    RSA_PSS_PARAMS_free (parameters);
    g_assert (sequence);
    return sequence;
}

X509_ALGOR *tamga_algorithm_to_cms (const TamgaAlgorithm *algorithm)
{
    X509_ALGOR *algor = X509_ALGOR_new ();
    ASN1_OBJECT *object = OBJ_txt2obj (algorithm->oid, 1);
    ASN1_STRING *value = algorithm->parameters == V_ASN1_SEQUENCE
                             ? pss_parameters (tamga_algorithm_digest (algorithm))
                             : NULL;
    X509_ALGOR_set0 (algor, object, algorithm->parameters, value);
    return algor;
}

static gboolean fail_length (GError **error, const TamgaAlgorithm *algorithm)
{
    g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_ALGORITHM,
                 "The signature value is not one of %s.", algorithm->name);
    return FALSE;
}

GBytes *tamga_algorithm_raw_to_der (const TamgaAlgorithm *algorithm, GBytes *raw, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (raw, &size);
    if (algorithm->scheme != TAMGA_SCHEME_ECDSA)
        return g_bytes_ref (raw);
    if (size == 0 || size % 2 != 0 || size > 1024) {
        fail_length (error, algorithm);
        return NULL;
    }
    g_autoptr (ECDSA_SIG) signature = ECDSA_SIG_new ();
    BIGNUM *r = BN_bin2bn (data, (int)size / 2, NULL);
    BIGNUM *s = BN_bin2bn (data + size / 2, (int)size / 2, NULL);
    g_assert (signature && r && s && ECDSA_SIG_set0 (signature, r, s) == 1);
    return tamga_ossl_der (i2d_ECDSA_SIG, signature);
}

GBytes *tamga_algorithm_der_to_raw (const TamgaAlgorithm *algorithm, GBytes *der, EVP_PKEY *key,
                                    GError **error)
{
    if (algorithm->scheme != TAMGA_SCHEME_ECDSA)
        return g_bytes_ref (der);
    gsize size;
    const unsigned char *p = g_bytes_get_data (der, &size);
    g_autoptr (ECDSA_SIG) signature = d2i_ECDSA_SIG (NULL, &p, (long)size);
    int half = (EVP_PKEY_get_bits (key) + 7) / 8;
    g_autofree guint8 *raw = g_malloc0 ((gsize)half * 2);
    if (!signature || BN_bn2binpad (ECDSA_SIG_get0_r (signature), raw, half) < 0 ||
        BN_bn2binpad (ECDSA_SIG_get0_s (signature), raw + half, half) < 0) {
        ERR_clear_error ();
        fail_length (error, algorithm);
        return NULL;
    }
    return g_bytes_new_take (g_steal_pointer (&raw), (gsize)half * 2);
}

static TamgaVerify verify (EVP_PKEY *key, const TamgaAlgorithm *algorithm, int salt_length,
                           GBytes *data, GBytes *signature)
{
    const TamgaDigest *digest = tamga_algorithm_digest (algorithm);
    if (!tamga_algorithm_fits (algorithm, key))
        return TAMGA_VERIFY_IMPOSSIBLE;
    g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
    EVP_PKEY_CTX *parameters = NULL;
    g_assert (context);
    gboolean ready =
        EVP_DigestVerifyInit (context, &parameters, tamga_digest_md (digest), NULL, key) == 1;
    if (ready && algorithm->scheme == TAMGA_SCHEME_RSA_PSS)
        ready = EVP_PKEY_CTX_set_rsa_padding (parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_mgf1_md (parameters, tamga_digest_md (digest)) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen (parameters, salt_length) == 1;
    gsize data_size, signature_size;
    const void *bytes = g_bytes_get_data (data, &data_size);
    const void *value = g_bytes_get_data (signature, &signature_size);
    int good = ready ? EVP_DigestVerify (context, value, signature_size, bytes, data_size) : -2;
    ERR_clear_error ();
    if (!ready)
        return TAMGA_VERIFY_IMPOSSIBLE;
    return good == 1 ? TAMGA_VERIFY_GOOD : TAMGA_VERIFY_BAD;
}

TamgaVerify tamga_algorithm_verify (EVP_PKEY *key, const TamgaAlgorithm *algorithm, GBytes *data,
                                    GBytes *signature)
{
    return verify (key, algorithm, RSA_PSS_SALTLEN_DIGEST, data, signature);
}

TamgaVerify tamga_algorithm_verify_cms (EVP_PKEY *key, const TamgaAlgorithm *algorithm,
                                        const X509_ALGOR *signature_algorithm, GBytes *data,
                                        GBytes *signature)
{
    int salt_length = RSA_PSS_SALTLEN_DIGEST;
    if (algorithm->scheme == TAMGA_SCHEME_RSA_PSS &&
        !pss_digest (signature_algorithm, &salt_length, NULL))
        return TAMGA_VERIFY_IMPOSSIBLE;
    return verify (key, algorithm, salt_length, data, signature);
}
