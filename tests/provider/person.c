/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST /person: makes a key, has it certified as /issue does, and answers with a PKCS#12 file. What
 * certificates and files of a country look like is in the tables. */
#include "tests/provider/person.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include "tests/provider/authority.h"
#include "tests/provider/issue.h"
#include "tests/provider/state.h"

/* The fictitious people, as words of the query; what the request itself says goes before. Those of
 * Kazakhstan are like the certificates of its test CA: CN is surname and name, GN the patronymic.
 */
#define KAZAKHSTAN                                                                                      \
    "cn=ТЕСТОВ ТЕСТ&surname=ТЕСТОВ&sn=IIN123456789011&c=KZ&givenname=ТЕСТОВИЧ&" \
    "usage=digitalSignature,nonRepudiation&policy=1.2.398.3.3.2&store=1.2.398.3.3.5.1.1&"               \
    "delta=1&container=nuc&"
#define KAZAKHSTAN_ORGANISATION KAZAKHSTAN "o=АО \"ТЕСТ\"&ou=BIN123456789021&"
#define UKRAINE                                                                                    \
    "c=UA&usage=digitalSignature,nonRepudiation&policy=1.2.804.2.1.1.1.2.2&qc=1&"                  \
    "statement=1.2.804.2.1.1.1.2.1&delta=1&container=ua&"
#define UKRAINE_PERSON UKRAINE "cn=Тестенко Тест Тестович&surname=Тестенко&givenname=Тест&"

static const struct {
    const char *name, *query;
} roles[] = {
    {"signer", "c=XA&cn=Aigul Demo&container=pbes2"},
    {"individual", KAZAKHSTAN "eku=emailProtection,1.2.398.3.3.4.1.1"},
    {"first-head",
     KAZAKHSTAN_ORGANISATION "eku=emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1"},
    {"employee",
     KAZAKHSTAN_ORGANISATION "eku=emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.5"},
    {"authentication",
     KAZAKHSTAN "eku=clientAuth,1.2.398.3.3.4.1.1&usage=digitalSignature,keyEncipherment"},
    {"ua-individual", UKRAINE_PERSON "sn=TINUA-1234567890&drfo=1234567890&unzr=19900101-01234"},
    {"ua-employee", UKRAINE_PERSON "sn=TINUA-1234567890&o=ТОВ \"Тест\"&title=директор&"
                                   "drfo=1234567890&edrpou=12345678"},
    {"ua-seal", UKRAINE "cn=ТОВ \"Тест\"&o=ТОВ \"Тест\"&sn=UA-12345678-1&orgid=NTRUA-12345678&"
                        "edrpou=12345678&eku=1.2.804.2.1.1.1.3.9"},
};

/* PKCS#12 files: how keys and certificates are encrypted, how often passwords are hashed, and the
 * digest of the MAC. */
typedef struct {
    const char *name;
    int key_cipher, certificate_cipher; /* NID; NID_undef: see below; certificates in no file */
    int iterations;
    const char *mac_digest; /* for EVP_MD_fetch */
    /* for EVP_CIPHER_fetch, where PBES2 takes a hash for passwords that is not the usual one */
    const char *cipher, *cipher_oid;
    int prf; /* this one */
} Container;
static const Container containers[] = {
    {"nuc", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And40BitRC2_CBC, 1024, "SHA1",
     NULL, NULL, NID_undef},
    {"pbes2", NID_aes_256_cbc, NID_aes_256_cbc, 2048, "SHA256", NULL, NULL, NID_undef},
    /* of two keys, the second of which is for key agreement; the certificates are sent apart */
    {"ua", NID_undef, NID_undef, 10000, "DSTU-GOST-34311", "DSTU-GOST-28147-CFB",
     "1.2.804.2.1.1.1.1.1.1.3", NID_hmacWithDstu34311},
};
#define SALT_SIZE 32

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
static gboolean refuse (GError **error, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    const char *reason = ERR_reason_error_string (ERR_peek_last_error ());
    g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST, "%s%s%s", text,
                 reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
    return FALSE;
}

/* The query with the words of the role added where it has none of that name. */
static GHashTable *with_role (GHashTable *query, GError **error)
{
    const char *role = g_hash_table_lookup (query, "role");
    GHashTable *words = NULL;
    if (role == NULL)
        role = roles[0].name;
    for (gsize i = 0; i < G_N_ELEMENTS (roles); i++)
        if (strcmp (roles[i].name, role) == 0)
            words = g_uri_parse_params (roles[i].query, -1, "&", G_URI_PARAMS_NONE, error);
    if (words == NULL) {
        g_clear_error (error);
        refuse (error, "role=%s is not known", role);
        return NULL;
    }
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init (&iter, query);
    while (g_hash_table_iter_next (&iter, &name, &value))
        g_hash_table_replace (words, g_strdup (name), g_strdup (value));
    return words;
}

/* A PKCS#10 request of the key without a subject: proof that the key signs, as any other. */
static GBytes *make_request (EVP_PKEY *key, const EVP_MD *digest, GError **error)
{
    g_autoptr (X509_REQ) request = X509_REQ_new ();
    PROVIDER_MUST (request != NULL && X509_REQ_set_version (request, X509_REQ_VERSION_1));
    if (!X509_REQ_set_pubkey (request, key) || X509_REQ_sign (request, key, digest) <= 0) {
        refuse (error, "the key cannot sign its request");
        return NULL;
    }
    return PROVIDER_DER (i2d_X509_REQ, request);
}

/* Names of the entries as the Kazakh authority gives them: the subject key identifier. */
static void name_entry (PKCS12_SAFEBAG *bag, X509 *certificate)
{
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (certificate);
    const unsigned char *bytes = ASN1_STRING_get0_data (id);
    GString *hex = g_string_new (NULL);
    for (int i = 0; i < ASN1_STRING_length (id); i++)
        g_string_append_printf (hex, "%02x", bytes[i]);
    PROVIDER_MUST (PKCS12_add_friendlyname_utf8 (bag, hex->str, -1) &&
                   PKCS12_add_localkeyid (bag, (unsigned char *)bytes, ASN1_STRING_length (id)));
    g_string_free (hex, TRUE);
}

/* AlgorithmIdentifier of the cipher with parameters of a random initial value. PKCS5_pbe2_set_iv
 * would make it of ciphers only that libcrypto has a number for. */
static X509_ALGOR *cipher_identifier (const Container *row)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch (NULL, row->cipher, NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
    ASN1_TYPE *parameters = ASN1_TYPE_new ();
    X509_ALGOR *identifier = X509_ALGOR_new ();
    unsigned char key[EVP_MAX_KEY_LENGTH] = {0}, iv[EVP_MAX_IV_LENGTH];
    PROVIDER_MUST (context != NULL && parameters != NULL && identifier != NULL &&
                   RAND_bytes (iv, sizeof iv) == 1);
    if (cipher == NULL || !EVP_EncryptInit_ex2 (context, cipher, key, iv, NULL) ||
        EVP_CIPHER_param_to_asn1 (context, parameters) <= 0)
        g_clear_pointer (&identifier, X509_ALGOR_free);
    if (identifier != NULL) {
        ASN1_OBJECT_free (identifier->algorithm);
        identifier->algorithm = OBJ_txt2obj (row->cipher_oid, 1);
        identifier->parameter = g_steal_pointer (&parameters);
    }
    ASN1_TYPE_free (parameters);
    EVP_CIPHER_CTX_free (context);
    EVP_CIPHER_free (cipher);
    return identifier;
}

/* PBES2 (RFC 8018 A.4) with a hash that PKCS12_add_key cannot be told. */
static X509_ALGOR *pbes2_identifier (const Container *row)
{
    unsigned char salt[SALT_SIZE];
    PBE2PARAM *parameters = PBE2PARAM_new ();
    ASN1_STRING *packed = NULL;
    X509_ALGOR *identifier = NULL;
    PROVIDER_MUST (parameters != NULL && RAND_bytes (salt, sizeof salt) == 1);
    X509_ALGOR_free (parameters->keyfunc);
    X509_ALGOR_free (parameters->encryption);
    parameters->keyfunc = PKCS5_pbkdf2_set (row->iterations, salt, sizeof salt, row->prf, -1);
    parameters->encryption = cipher_identifier (row);
    if (parameters->keyfunc != NULL && parameters->encryption != NULL) {
        packed = ASN1_item_pack (parameters, ASN1_ITEM_rptr (PBE2PARAM), NULL);
        identifier = X509_ALGOR_new ();
        PROVIDER_MUST (
            packed != NULL && identifier != NULL &&
            X509_ALGOR_set0 (identifier, OBJ_nid2obj (NID_pbes2), V_ASN1_SEQUENCE, packed));
    }
    PBE2PARAM_free (parameters);
    return identifier;
}

static PKCS12_SAFEBAG *add_key_with_prf (STACK_OF (PKCS12_SAFEBAG) **bags, const Container *row,
                                         const char *password, EVP_PKEY *key)
{
    X509_ALGOR *algorithm = pbes2_identifier (row);
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8 (key);
    X509_SIG *encrypted = algorithm == NULL || info == NULL
                              ? NULL
                              : PKCS8_set0_pbe (password, (int)strlen (password), info, algorithm);
    PKCS12_SAFEBAG *bag = encrypted == NULL ? NULL : PKCS12_SAFEBAG_create0_pkcs8 (encrypted);
    if (bag != NULL && *bags == NULL)
        *bags = sk_PKCS12_SAFEBAG_new_null ();
    if (bag != NULL)
        PROVIDER_MUST (*bags != NULL && sk_PKCS12_SAFEBAG_push (*bags, bag) > 0);
    PKCS8_PRIV_KEY_INFO_free (info);
    return bag;
}

/* A key with its certificate. */
typedef struct {
    EVP_PKEY *key;
    X509 *certificate;
} Entry;

static gboolean add_entries (STACK_OF (PKCS7) **safes, const Container *row, const char *password,
                             const Entry *entries, gsize count)
{
    STACK_OF (PKCS12_SAFEBAG) *certificates = NULL, *keys = NULL;
    gboolean done = TRUE;
    for (gsize i = 0; done && i < count; i++) {
        PKCS12_SAFEBAG *bag = row->cipher != NULL
                                  ? add_key_with_prf (&keys, row, password, entries[i].key)
                                  : PKCS12_add_key (&keys, entries[i].key, 0, row->iterations,
                                                    row->key_cipher, password);
        done = bag != NULL;
        if (done)
            name_entry (bag, entries[i].certificate);
        if (done && row->certificate_cipher != NID_undef) {
            bag = PKCS12_add_cert (&certificates, entries[i].certificate);
            PROVIDER_MUST (bag != NULL);
            name_entry (bag, entries[i].certificate);
        }
    }
    done = done && PKCS12_add_safe (safes, keys, -1, 0, NULL) &&
           (certificates == NULL || PKCS12_add_safe (safes, certificates, row->certificate_cipher,
                                                     row->iterations, password));
    sk_PKCS12_SAFEBAG_pop_free (keys, PKCS12_SAFEBAG_free);
    sk_PKCS12_SAFEBAG_pop_free (certificates, PKCS12_SAFEBAG_free);
    return done;
}

static GBytes *make_file (const Container *row, const char *password, const Entry *entries,
                          gsize count, GError **error)
{
    EVP_MD *mac = EVP_MD_fetch (NULL, row->mac_digest, NULL);
    /* RC2; only while it is needed, because it is not quite gone at the end of the process */
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load (NULL, "legacy", 1);
    STACK_OF (PKCS7) *safes = NULL;
    PKCS12 *file = NULL;
    GBytes *der = NULL;

    if (mac != NULL && add_entries (&safes, row, password, entries, count) &&
        (file = PKCS12_add_safes (safes, 0)) != NULL &&
        PKCS12_set_mac (file, password, -1, NULL, 0, row->iterations, mac))
        der = PROVIDER_DER (i2d_PKCS12, file);
    else
        refuse (error, "the file of the kind %s cannot be written", row->name);
    OSSL_PROVIDER_unload (legacy);
    PKCS12_free (file);
    sk_PKCS7_pop_free (safes, PKCS7_free);
    EVP_MD_free (mac);
    return der;
}

/* A new key and the certificate for it. */
static gboolean make_entry (Provider *provider, const ProviderRequest *request, GHashTable *query,
                            const ProviderAlgorithm *algorithm, const ProviderFaultSet *faults,
                            Entry *entry, GString *detail, GError **error)
{
    const EVP_MD *digest = provider_algorithm_digest (algorithm);
    entry->key = provider_key_generate (algorithm);
    if (entry->key == NULL || digest == NULL)
        return refuse (error, "OpenSSL makes no key of the kind %s here", algorithm->name);
    g_autoptr (GBytes) asked = make_request (entry->key, digest, error);
    if (asked == NULL)
        return FALSE;
    ProviderRequest inner = {request->method, request->path, query, asked};
    entry->certificate = provider_issue (provider, &inner, faults, detail, error);
    return entry->certificate != NULL;
}

static GBytes *make_person (Provider *provider, const ProviderRequest *request,
                            const ProviderFaultSet *faults, GString *detail, GError **error)
{
    g_autoptr (GHashTable) query = with_role (request->query, error);
    if (query == NULL)
        return NULL;
    const char *kind = g_hash_table_lookup (query, "key");
    const char *password = g_hash_table_lookup (query, "password");
    const char *container = g_hash_table_lookup (query, "container");
    const ProviderAlgorithm *algorithm = provider_algorithm (kind == NULL ? "RSA-2048" : kind);
    const Container *row = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS (containers); i++)
        if (strcmp (containers[i].name, container) == 0)
            row = &containers[i];
    if (algorithm == NULL || row == NULL || password == NULL) {
        refuse (error,
                algorithm == NULL ? "key=%s is not known"
                : row == NULL     ? "container=%s is not known"
                                  : "a password is needed%.0s",
                algorithm == NULL ? kind : container);
        return NULL;
    }
    Entry entries[2] = {0};
    gsize count = row->certificate_cipher == NID_undef ? 2 : 1;
    gboolean done = TRUE;
    for (gsize i = 0; done && i < count; i++) {
        done = make_entry (provider, request, query, algorithm, faults, &entries[i], detail, error);
        g_hash_table_remove (query, "name");
        g_hash_table_replace (query, g_strdup ("usage"), g_strdup ("keyAgreement"));
    }
    GBytes *file = done ? make_file (row, password, entries, count, error) : NULL;
    for (gsize i = 0; i < count; i++) {
        EVP_PKEY_free (entries[i].key);
        X509_free (entries[i].certificate);
    }
    return file;
}

void provider_person_answer (Provider *provider, const ProviderService *service,
                             const ProviderRequest *request, const ProviderFaultSet *faults,
                             ProviderAnswer *answer, GString *detail)
{
    g_autoptr (GError) error = NULL;
    ERR_clear_error ();
    GBytes *file = make_person (provider, request, faults, detail, &error);
    ERR_clear_error ();
    if (file == NULL)
        provider_answer_set_text (answer, 400, "%s\n", error->message);
    else
        provider_answer_set (answer, 200, service->type, file);
}
