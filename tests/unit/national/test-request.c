/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests for certificates (PKCS#10) with national keys: OpenSSL signs and verifies them, their
 * structure is that of the certificates that authorities make of them. */
#include <openssl/pkcs12.h>
#include <string.h>

#include "formats/algorithm.h"
#include "formats/cms/der.h"
#include "formats/ossl.h"
#include "tests/unit/national/peer.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

typedef struct {
    const char *key_type, *group; /* group: NULL where there is one only */
    const char *digest, *oid;     /* of the signature */
    gsize size;                   /* of r||s */
    gboolean null, wrapped;       /* NULL parameters; OCTET STRING inside of the BIT STRING */
} Kind;

static const Kind kinds[] = {
    {"KZ-GOST-2015-512", NULL, "KZ-STREEBOG-512", "1.2.398.3.10.1.1.2.3.2", 128, TRUE, FALSE},
    {"KZ-GOST-2015-256", NULL, "KZ-STREEBOG-256", "1.2.398.3.10.1.1.2.3.1", 64, TRUE, FALSE},
    {"KZ-GOST-2004", NULL, "KZ-GOST-34311", "1.2.398.3.10.1.1.1.2", 64, TRUE, FALSE},
    {"DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1.2.6", "DSTU-GOST-34311", "1.2.804.2.1.1.1.1.3.1.1", 64,
     FALSE, TRUE},
    {"DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1.2.9", "DSTU-GOST-34311", "1.2.804.2.1.1.1.1.3.1.1", 108,
     FALSE, TRUE},
    {"DSTU-4145", "1.2.804.2.1.1.1.1.3.1.1.2.6", "KUPYNA-256", "1.2.804.2.1.1.1.1.3.6.1", 64, FALSE,
     TRUE},
};

static EVP_PKEY *generate (const Kind *row)
{
    g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, row->key_type, NULL);
    EVP_PKEY *key = NULL;

    g_assert_nonnull (context);
    g_assert_cmpint (EVP_PKEY_keygen_init (context), ==, 1);
    if (row->group != NULL)
        g_assert_cmpint (EVP_PKEY_CTX_set_group_name (context, row->group), ==, 1);
    g_assert_cmpint (EVP_PKEY_generate (context, &key), ==, 1);
    return key;
}

static X509_REQ *request_of (EVP_PKEY *key, const char *digest)
{
    X509_REQ *request = X509_REQ_new ();
    X509_NAME *name = X509_REQ_get_subject_name (request);
    g_autoptr (EVP_MD) md = EVP_MD_fetch (NULL, digest, NULL);

    g_assert_nonnull (md);
    X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guint8 *)"ТЕСТОВ ТЕСТ", -1, -1,
                                0);
    X509_NAME_add_entry_by_txt (name, "serialNumber", MBSTRING_ASC,
                                (const guint8 *)"IIN123456789011", -1, -1, 0);
    g_assert_cmpint (X509_REQ_set_pubkey (request, key), ==, 1);
    g_assert_cmpint (X509_REQ_sign (request, key, md), >, 0);
    return request;
}

static void assert_structure (const Kind *row, const X509_REQ *request)
{
    const ASN1_BIT_STRING *signature;
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *object;
    int type;

    X509_REQ_get0_signature (request, &signature, &algorithm);
    X509_ALGOR_get0 (&object, &type, NULL, algorithm);
    g_autofree char *oid = tamga_ossl_oid (object);
    g_assert_cmpstr (oid, ==, row->oid);
    g_assert_cmpint (type, ==, row->null ? V_ASN1_NULL : V_ASN1_UNDEF);
    gsize size = (gsize)ASN1_STRING_length (signature);
    const guint8 *octets = ASN1_STRING_get0_data (signature);
    if (!row->wrapped) {
        g_assert_cmpuint (size, ==, row->size);
        return;
    }
    g_autoptr (GBytes) value = g_bytes_new (octets, size);
    TamgaDerElement inner;
    g_assert_true (tamga_der_whole (value, TAMGA_DER_OCTET_STRING, &inner));
    g_assert_cmpuint (inner.contents.left, ==, row->size);
}

static void signs_and_verifies (gconstpointer data)
{
    const Kind *row = data;
    g_autoptr (EVP_PKEY) key = generate (row);
    g_autoptr (EVP_PKEY) other = generate (row);
    g_autoptr (X509_REQ) request = request_of (key, row->digest);
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509_REQ, request);
    gsize size;
    const guint8 *bytes = g_bytes_get_data (der, &size), *next = bytes;
    g_autoptr (X509_REQ) read = d2i_X509_REQ (NULL, &next, (long)size);

    g_assert_nonnull (read);
    assert_structure (row, read);
    g_autoptr (EVP_PKEY) public_key = X509_REQ_get_pubkey (read);
    g_assert_cmpint (EVP_PKEY_eq (public_key, key), ==, 1);
    g_assert_cmpint (X509_REQ_verify (read, public_key), ==, 1);
    g_assert_cmpint (X509_REQ_verify (read, other), !=, 1);
    /* what is signed: the first SEQUENCE in the request */
    for (gsize i = 4; i < size; i += 7) {
        g_autofree guint8 *changed = g_memdup2 (bytes, size);
        changed[i] ^= 0x01;
        next = changed;
        g_autoptr (X509_REQ) damaged = d2i_X509_REQ (NULL, &next, (long)size);
        if (damaged != NULL && X509_REQ_verify (damaged, key) == 1)
            g_error ("octet %" G_GSIZE_FORMAT " of the request can be changed", i);
    }
}

/* The key of a published file, and the certificate that the authority made for it. */
static EVP_PKEY *key_of_file (const char *path, const char *password)
{
    g_autoptr (GBytes) bytes = shared_file (path);
    EVP_PKEY *key = NULL;

    if (bytes == NULL)
        return NULL;
    const guint8 *next = g_bytes_get_data (bytes, NULL);
    g_autoptr (PKCS12) file = d2i_PKCS12 (NULL, &next, (long)g_bytes_get_size (bytes));
    g_assert_nonnull (file);
    STACK_OF (PKCS7) *safes = PKCS12_unpack_authsafes (file);
    for (int i = 0; i < sk_PKCS7_num (safes) && key == NULL; i++) {
        PKCS7 *safe = sk_PKCS7_value (safes, i);
        if (OBJ_obj2nid (safe->type) != NID_pkcs7_data)
            continue;
        STACK_OF (PKCS12_SAFEBAG) *bags = PKCS12_unpack_p7data (safe);
        g_autoptr (PKCS8_PRIV_KEY_INFO) info =
            PKCS12_decrypt_skey (sk_PKCS12_SAFEBAG_value (bags, 0), password, -1);
        g_assert_nonnull (info);
        key = EVP_PKCS82PKEY (info);
        sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
    }
    sk_PKCS7_pop_free (safes, PKCS7_free);
    g_assert_nonnull (key);
    return key;
}

/* The public key in a request for a renewal is octet for octet the one in the certificate that the
 * authority issued, and so is the signature's AlgorithmIdentifier that of its signature. */
static void as_the_authority_writes (void)
{
    g_autoptr (EVP_PKEY) key =
        key_of_file ("vectors/kz-nca/p12/individual_gost2015.p12", "Aa123456");
    if (key == NULL)
        return;
    g_autoptr (X509_REQ) request = request_of (key, "KZ-STREEBOG-512");
    static const char *const certificates[] = {"a", "b", "c"};
    const X509_ALGOR *ours, *theirs;
    guint same = 0;

    g_autoptr (GBytes) public_key =
        tamga_ossl_der (i2d_X509_PUBKEY, X509_REQ_get_X509_PUBKEY (request));
    X509_REQ_get0_signature (request, NULL, &ours);
    for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++) {
        g_autofree char *path =
            g_strdup_printf ("vectors/kz-nca/certs/individual_gost2015_%s.der", certificates[i]);
        g_autoptr (GBytes) der = shared_file (path);
        g_autoptr (X509) certificate = tamga_ossl_certificate (der);
        g_assert_nonnull (certificate);
        X509_get0_signature (NULL, &theirs, certificate);
        g_assert_cmpint (X509_ALGOR_cmp (ours, theirs), ==, 0);
        g_autoptr (GBytes) other =
            tamga_ossl_der (i2d_X509_PUBKEY, X509_get_X509_PUBKEY (certificate));
        g_assert_cmpuint (g_bytes_get_size (other), ==, g_bytes_get_size (public_key));
        same += g_bytes_equal (other, public_key);
    }
    g_assert_cmpuint (same, ==, 1);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    tamga_algorithm_load ();
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        g_autofree char *path =
            g_strdup_printf ("/national/request/%s/%s/%s", kinds[i].key_type,
                             kinds[i].group != NULL ? kinds[i].group : "-", kinds[i].digest);
        g_test_add_data_func (path, &kinds[i], signs_and_verifies);
    }
    g_test_add_func ("/national/request/as_the_authority_writes", as_the_authority_writes);
    return g_test_run ();
}
