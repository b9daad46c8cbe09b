/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DSTU 4145: published vectors, the named curves, real certificates. */
#include <openssl/x509.h>
#include <string.h>

#include "formats/national/dstu4145_internal.h"
#include "formats/national/gost28147.h"
#include "formats/ossl.h"
#include "tests/unit/national/peer.h"

#define SIZE 64 /* octets of the longest number here */

static gsize reversed (GBytes *octets, guint8 *result)
{
    gsize size = 0;
    const guint8 *data = g_bytes_get_data (octets, &size);

    g_assert_cmpuint (size, <=, SIZE);
    for (gsize i = 0; i < size; i++)
        result[i] = data[size - 1 - i];
    return size;
}

/* A number of a vector, little-endian with `size` octets. */
static void number_of (json_t *vector, const char *name, guint8 *result, gsize size)
{
    g_autoptr (GBytes) octets = vectors_member (vector, name);

    memset (result, 0, SIZE);
    g_assert_cmpuint (reversed (octets, result), <=, size);
}

static TamgaDstuDomain *domain_of (json_t *vector, TamgaDstuParameters *parameters)
{
    json_t *k = json_object_get (vector, "k");
    TamgaDstuDomain *domain;

    *parameters =
        (TamgaDstuParameters){.m = (int)json_integer_value (json_object_get (vector, "m")),
                              .a = (int)json_integer_value (json_object_get (vector, "a")),
                              .b = json_string_value (json_object_get (vector, "b")),
                              .n = json_string_value (json_object_get (vector, "n")),
                              .gx = json_string_value (json_object_get (vector, "Gx")),
                              .gy = json_string_value (json_object_get (vector, "Gy"))};
    for (guint i = 0; i < 3; i++)
        parameters->k[i] = (int)json_integer_value (json_array_get (k, i));
    domain = tamga_dstu_domain_new (parameters);
    g_assert_nonnull (domain);
    return domain;
}

/* The nonce of a vector: of the octets that a test gives as random ones, as many are taken as the
 * order has bits less one. */
static BIGNUM *nonce_of (const TamgaDstuDomain *domain, json_t *vector)
{
    g_autoptr (GBytes) octets = vectors_member (vector, "rand");
    int size = (domain->r_bits + 7) / 8;
    BIGNUM *nonce = BN_bin2bn (g_bytes_get_data (octets, NULL),
                               MIN (size, (int)g_bytes_get_size (octets)), NULL);

    g_assert_nonnull (nonce);
    if (BN_num_bits (nonce) > domain->r_bits)
        g_assert_true (BN_mask_bits (nonce, domain->r_bits));
    return nonce;
}

static void check_vector (json_t *vector)
{
    TamgaDstuParameters parameters;
    g_autoptr (TamgaDstuDomain) domain = domain_of (vector, &parameters);
    gsize size = tamga_dstu_scalar_size (domain), digest_size;
    guint8 scalar[SIZE], point[SIZE], digest[SIZE], expected[2 * SIZE], signature[2 * SIZE];
    g_autoptr (GBytes) hash = vectors_member (vector, "hash_hex");
    g_autoptr (BIGNUM) nonce = nonce_of (domain, vector);
    g_autoptr (BIGNUM) d = BN_new ();

    number_of (vector, "d", scalar, size);
    number_of (vector, "r", expected, size);
    number_of (vector, "s", expected + size, size);
    digest_size = reversed (hash, digest);
    g_assert_true (tamga_dstu_number_read (domain, scalar, size, d));
    g_assert_true (tamga_dstu_public (domain, scalar, point));
    g_assert_true (tamga_dstu_point_valid (domain, point));
    g_assert_true (tamga_dstu_verify (domain, point, digest, digest_size, expected, 2 * size));
    g_assert_true (tamga_dstu_sign_with_nonce (domain, d, digest, digest_size, nonce, signature));
    g_assert_cmpmem (signature, 2 * size, expected, 2 * size);
    g_assert_true (tamga_dstu_sign (domain, scalar, digest, digest_size, signature));
    g_assert_true (tamga_dstu_verify (domain, point, digest, digest_size, signature, 2 * size));
    g_assert_cmpint (memcmp (signature, expected, 2 * size), !=, 0);
}

static void test_vectors (void)
{
    json_t *vectors = vectors_load ("vectors/ua-dstu/dstu4145-vectors.json");
    size_t i;
    json_t *vector;

    if (vectors == NULL)
        return;
    g_assert_cmpuint (json_array_size (vectors), ==, 5);
    json_array_foreach (vectors, i, vector) check_vector (vector);
    json_decref (vectors);
}

/* Base points are compressed and found again; explicit values are those of the row; one that
 * differs in anything is of no row. */
static void test_named (void)
{
    g_assert_cmpuint (tamga_dstu_n_named, ==, 10);
    for (gsize i = 0; i < tamga_dstu_n_named; i++) {
        const TamgaDstuParameters *row = &tamga_dstu_named[i];
        const TamgaDstuDomain *domain = tamga_dstu_domain_by_oid (row->oid);
        g_autoptr (BN_CTX) ctx = BN_CTX_new ();
        g_autoptr (GBytes) b = vectors_octets (row->b), n = vectors_octets (row->n);
        g_autoptr (GBytes) base = NULL, negative = NULL;
        g_autoptr (EC_POINT) point = NULL;
        gsize size = ((gsize)row->m + 7) / 8;
        guint8 octets[SIZE];
        const int other[3] = {row->k[0], row->k[1], row->k[2] + 1};

        g_assert_nonnull (domain);
        g_assert_true (domain == tamga_dstu_domain_by_oid (row->oid));
        g_assert_true (tamga_dstu_domain_parameters (domain) == row);
        g_assert_cmpuint (tamga_dstu_point_size (domain), ==, size);
        g_assert_cmpuint (tamga_dstu_scalar_size (domain), ==, g_bytes_get_size (n));
        g_assert_true (
            tamga_dstu_point_write (domain, EC_GROUP_get0_generator (domain->group), octets, ctx));
        point = tamga_dstu_point_read (domain, octets, ctx);
        g_assert_nonnull (point);
        g_assert_cmpint (
            EC_POINT_cmp (domain->group, point, EC_GROUP_get0_generator (domain->group), ctx), ==,
            0);
        base = g_bytes_new (octets, size);
        octets[0] ^= 1;
        negative = g_bytes_new (octets, size);
        g_assert_true (tamga_dstu_domain_by_values (row->m, row->k, row->a, b, n, base) == domain);
        g_assert_null (tamga_dstu_domain_by_values (row->m, row->k, row->a, b, n, negative));
        g_assert_null (tamga_dstu_domain_by_values (row->m, row->k, row->a, b, b, base));
        g_assert_null (tamga_dstu_domain_by_values (row->m, row->k, row->a, n, n, base));
        g_assert_null (tamga_dstu_domain_by_values (row->m, row->k, 1 - row->a, b, n, base));
        g_assert_null (tamga_dstu_domain_by_values (row->m, other, row->a, b, n, base));
        g_assert_null (tamga_dstu_domain_by_values (row->m + 1, row->k, row->a, b, n, base));
    }
    g_assert_null (tamga_dstu_domain_by_oid ("1.2.804.2.1.1.1.1.3.1.1.2.10"));
}

/* Parameters with which something is wrong are not a curve. */
static void test_no_domain (void)
{
    TamgaDstuParameters row = tamga_dstu_named[0];
    TamgaDstuParameters wrong[] = {row, row, row, row, row, row, row};

    wrong[0].gy = row.gx;                                       /* not on the curve */
    wrong[1].n = "400000000000000000002bec12be2262d39bcf14f";   /* not the order */
    wrong[2].n = "10000000000000000000afb04af8898b4e6f3c534";   /* a quarter of no order */
    wrong[3].b = "0";                                           /* singular */
    wrong[4].a = 0;                                             /* another curve */
    wrong[5].gx = "12e2f85f5dd74ce983a5c4237229daf8a3f35823be"; /* longer than the field */
    wrong[6].n = "1";
    for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
        g_assert_null (tamga_dstu_domain_new (&wrong[i]));
}

static X509 *certificate_load (const char *name)
{
    g_autofree char *path = g_strdup_printf ("vectors/ua-dstu/certs/%s.cer", name);
    g_autoptr (GBytes) file = shared_file (path);

    return file != NULL ? tamga_ossl_certificate (file) : NULL;
}

/* The octets of an OCTET STRING that fills a BIT STRING. */
static ASN1_OCTET_STRING *inner (const ASN1_BIT_STRING *bits)
{
    const unsigned char *data = ASN1_STRING_get0_data (bits);
    ASN1_OCTET_STRING *octets = d2i_ASN1_OCTET_STRING (NULL, &data, ASN1_STRING_length (bits));

    g_assert_nonnull (octets);
    return octets;
}

/* All that is not constructed in the explicit parameters of a key, in their order. */
static GPtrArray *parameters_of (X509 *certificate)
{
    GPtrArray *values = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    const X509_ALGOR *algorithm = NULL;
    const void *parameters = NULL;
    X509_ALGOR *found = NULL;
    const unsigned char *data, *end;
    int type = 0;

    X509_PUBKEY_get0_param (NULL, NULL, NULL, &found, X509_get_X509_PUBKEY (certificate));
    algorithm = found;
    X509_ALGOR_get0 (NULL, &type, &parameters, algorithm);
    g_assert_cmpint (type, ==, V_ASN1_SEQUENCE);
    data = ASN1_STRING_get0_data (parameters);
    end = data + ASN1_STRING_length (parameters);
    while (data < end) {
        long size = 0;
        int tag = 0, class = 0, form = ASN1_get_object (&data, &size, &tag, &class, end - data);
        g_assert_cmpint (form & 0x80, ==, 0);
        if ((form & V_ASN1_CONSTRUCTED) != 0)
            continue;
        g_ptr_array_add (values, g_bytes_new (data, (gsize)size));
        data += size;
    }
    return values;
}

/* The number that a short INTEGER holds. */
static int small (GPtrArray *values, guint i)
{
    gsize size = 0;
    const guint8 *data = g_bytes_get_data (values->pdata[i], &size);
    int number = 0;

    for (gsize j = 0; j < size; j++)
        number = number << 8 | data[j];
    return number;
}

/* The same octets without zeros in front. */
static GBytes *stripped (const guint8 *octets, gsize size)
{
    while (size > 0 && octets[0] == 0) {
        octets++;
        size--;
    }
    return g_bytes_new (octets, size);
}

/* The named curve that the explicit parameters of a certificate's key are. */
static const TamgaDstuDomain *domain_of_certificate (X509 *certificate)
{
    g_autoptr (GPtrArray) values = parameters_of (certificate);
    guint at = values->len == 9 ? 4 : 2; /* pentanomial or trinomial */
    int k[3] = {small (values, 1), at == 4 ? small (values, 2) : 0,
                at == 4 ? small (values, 3) : 0};
    g_autoptr (GBytes) b = NULL, n = NULL;
    guint8 octets[SIZE];
    gsize size;

    g_assert_cmpuint (values->len, ==, at + 5);
    size = reversed (values->pdata[at + 1], octets);
    b = stripped (octets, size);
    n = stripped (g_bytes_get_data (values->pdata[at + 2], NULL),
                  g_bytes_get_size (values->pdata[at + 2]));
    return tamga_dstu_domain_by_values (small (values, 0), k, small (values, at), b, n,
                                        values->pdata[at + 3]);
}

static gboolean verify_certificate (X509 *certificate, X509 *issuer)
{
    const TamgaDstuDomain *domain = domain_of_certificate (issuer);
    g_autoptr (ASN1_OCTET_STRING) key = inner (X509_get0_pubkey_bitstr (issuer));
    g_autoptr (ASN1_OCTET_STRING) value = NULL;
    const ASN1_BIT_STRING *signature = NULL;
    unsigned char *data = NULL;
    int size = i2d_re_X509_tbs (certificate, &data);
    TamgaGost34311 context;
    guint8 digest[TAMGA_GOST34311_SIZE];

    g_assert_nonnull (domain);
    g_assert_cmpuint ((gsize)ASN1_STRING_length (key), ==, tamga_dstu_point_size (domain));
    g_assert_true (tamga_dstu_point_valid (domain, ASN1_STRING_get0_data (key)));
    g_assert_cmpint (size, >, 0);
    tamga_gost34311_init (&context);
    tamga_gost34311_update (&context, data, (gsize)size);
    tamga_gost34311_final (&context, digest);
    OPENSSL_free (data);
    X509_get0_signature (&signature, NULL, certificate);
    value = inner (signature);
    return tamga_dstu_verify (domain, ASN1_STRING_get0_data (key), digest, sizeof digest,
                              ASN1_STRING_get0_data (value), (gsize)ASN1_STRING_length (value));
}

static void test_certificates (void)
{
    static const struct {
        const char *issuer, *subject;
        int m;
    } rows[] = {
        {"CAO-05E19E2CD92EA2990100000001000000C1000000",
         "CAO-05E19E2CD92EA2990100000001000000C1000000", 431},
        {"CAO-05E19E2CD92EA2990100000001000000C1000000",
         "diia-CA-05E19E2CD92EA2990100000001000000E1000000", 431},
        {"CAO-05E19E2CD92EA2990100000001000000C1000000",
         "diia-2023-tsp-05E19E2CD92EA29902000000010000004A010000", 431},
        {"diia-CA-05E19E2CD92EA2990100000001000000E1000000",
         "diia-ocsp-3ED5083160DBC59B0200000001000000202B0F00", 257},
        {"diia-CA-05E19E2CD92EA2990100000001000000E1000000", "diia-test-kep-7775604", 257},
        {"diia-CA-05E19E2CD92EA2990100000001000000E1000000", "diia-test-sign-7775603", 257}};

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (X509) issuer = certificate_load (rows[i].issuer);
        g_autoptr (X509) subject = certificate_load (rows[i].subject);
        g_autoptr (X509) other = certificate_load (rows[(i + 1) % 6].subject);
        const TamgaDstuDomain *domain;
        if (issuer == NULL || subject == NULL || other == NULL)
            return;
        domain = domain_of_certificate (issuer);
        g_assert_cmpint (tamga_dstu_domain_parameters (domain)->m, ==, rows[i].m);
        g_assert_true (verify_certificate (subject, issuer));
        g_assert_false (verify_certificate (subject, other));
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/national/dstu4145/vectors", test_vectors);
    g_test_add_func ("/national/dstu4145/named", test_named);
    g_test_add_func ("/national/dstu4145/no-domain", test_no_domain);
    g_test_add_func ("/national/dstu4145/certificates", test_certificates);
    return g_test_run ();
}
