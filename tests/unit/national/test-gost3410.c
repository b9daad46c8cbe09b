/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST R 34.10-2012: the curves are what they claim to be, the worked examples of the standard come
 * out, real certificates verify, and everything that is out of range or altered is refused. */
#include <openssl/ec.h>
#include <string.h>

#include "formats/national/gost3410_internal.h"
#include "formats/national/national.h"
#include "formats/ossl.h"
#include "tests/unit/national/peer.h"

#define SIZE TAMGA_GOST_MAX_SIZE

static const TamgaGostCurve *const curves[] = {&tamga_gost_512_a, &tamga_gost_256_a,
                                               &tamga_gost_cryptopro_a};

/* A key, a digest and its signature. */
typedef struct {
    const TamgaGostCurve *curve;
    guint8 scalar[SIZE], point[2 * SIZE], digest[SIZE], signature[2 * SIZE];
} Signed;

static void make_signed (Signed *item, const TamgaGostCurve *curve, guint32 seed)
{
    item->curve = curve;
    octets_fill (seed, item->digest, curve->size);
    g_assert_true (tamga_gost_generate (curve, item->scalar));
    g_assert_true (tamga_gost_public (curve, item->scalar, item->point));
    g_assert_true (tamga_gost_sign (curve, item->scalar, item->digest, item->signature));
}

static gboolean verifies (const Signed *item)
{
    return tamga_gost_verify (item->curve, item->point, item->digest, item->signature);
}

static const TamgaGostDomain *domain_of (const TamgaGostCurve *curve)
{
    const TamgaGostDomain *domain = tamga_gost_domain (curve);
    g_assert_nonnull (domain);
    return domain;
}

/* The same curve in OpenSSL's arithmetic, whoever calculates on it in the product. */
static TamgaGostDomain *in_openssl (const TamgaGostCurve *curve, TamgaGostParameters *parameters)
{
    *parameters = *domain_of (curve)->parameters;
    parameters->nettle = NULL;
    TamgaGostDomain *domain = tamga_gost_domain_new (parameters);
    g_assert_nonnull (domain);
    return domain;
}

/* Octets of a hexadecimal number, least significant first. */
static void number_octets (const char *hex, guint8 *octets, gsize size)
{
    g_autoptr (BIGNUM) number = NULL;
    g_assert_cmpint (BN_hex2bn (&number, hex), ==, (int)strlen (hex));
    g_assert_cmpint (BN_bn2lebinpad (number, octets, (int)size), ==, (int)size);
}

/* p and q are prime, the base point is on the curve and of order q, the curve has as many points as
 * Hasse's theorem allows, and the number of points is not p (an anomalous curve). */
static void test_parameters (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        TamgaGostParameters parameters;
        g_autoptr (TamgaGostDomain) domain = in_openssl (curves[i], &parameters);
        g_autoptr (BIGNUM) p = NULL, distance = BN_new (), bound = BN_new ();
        BN_CTX *context = BN_CTX_new ();
        g_assert_cmpint (EC_GROUP_check (domain->group, context), ==, 1);
        g_assert_true (BN_hex2bn (&p, parameters.p) > 0);
        g_assert_cmpint (BN_check_prime (p, context, NULL), ==, 1);
        g_assert_cmpint (BN_check_prime (domain->q, context, NULL), ==, 1);
        g_assert_cmpint (BN_num_bits (domain->q), ==, curves[i]->bits);
        g_assert_cmpuint ((gsize)BN_num_bytes (p), ==, curves[i]->size);
        BN_copy (distance, domain->q);
        BN_mul_word (distance, parameters.cofactor);
        g_assert_cmpint (BN_cmp (distance, p), !=, 0);
        BN_sub (distance, distance, p);
        BN_sub_word (distance, 1);
        BN_sqr (distance, distance, context);
        BN_lshift (bound, p, 2);
        g_assert_cmpint (BN_cmp (distance, bound), <=, 0);
        BN_CTX_free (context);
    }
}

/* The library that calculates has the same base point as the table. */
static void test_base_point (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        const TamgaGostParameters *parameters = domain_of (curves[i])->parameters;
        gsize size = curves[i]->size;
        guint8 one[SIZE] = {1}, expected[2 * SIZE], point[2 * SIZE];
        number_octets (parameters->x, expected, size);
        number_octets (parameters->y, expected + size, size);
        g_assert_true (tamga_gost_public (curves[i], one, point));
        g_assert_cmpmem (point, 2 * size, expected, 2 * size);
        g_assert_true (tamga_gost_point_valid (curves[i], point));
    }
}

/* Nettle's and OpenSSL's arithmetic give the same signature for the same nonce, and each accepts
 * what the other made. */
static void test_libraries_agree (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        TamgaGostParameters parameters;
        g_autoptr (TamgaGostDomain) openssl = in_openssl (curves[i], &parameters);
        const TamgaGostDomain *product = domain_of (curves[i]);
        gsize size = curves[i]->size;
        for (guint32 seed = 0; seed < 20; seed++) {
            guint8 k[SIZE], e[SIZE], other_point[2 * SIZE], first[2 * SIZE], second[2 * SIZE];
            Signed item;
            make_signed (&item, curves[i], seed);
            g_assert_true (tamga_gost_generate (curves[i], k));
            g_assert_true (tamga_gost_number (product, item.digest, e));
            g_assert_true (openssl->arithmetic->public(openssl, item.scalar, other_point));
            g_assert_cmpmem (item.point, 2 * size, other_point, 2 * size);
            g_assert_true (product->arithmetic->sign (product, item.scalar, k, e, first));
            g_assert_true (openssl->arithmetic->sign (openssl, item.scalar, k, e, second));
            g_assert_cmpmem (first, 2 * size, second, 2 * size);
            g_assert_true (openssl->arithmetic->verify (openssl, item.point, e, item.signature));
            g_assert_true (tamga_gost_verify (curves[i], item.point, item.digest, first));
        }
    }
}

/* RFC 7091 7.1, and the second example of GOST R 34.10-2012 (annex A.2). */
static const struct {
    TamgaGostCurve curve;
    TamgaGostParameters parameters;
    const char *d, *e, *k, *qx, *qy, *r, *s;
} examples[] = {
    {{"example of 256 bits", 32, 256},
     {.p = "8000000000000000000000000000000000000000000000000000000000000431",
      .a = "7",
      .b = "5FBFF498AA938CE739B8E022FBAFEF40563F6E6A3472FC2A514C0CE9DAE23B7E",
      .q = "8000000000000000000000000000000150FE8A1892976154C59CFC193ACCF5B3",
      .x = "2",
      .y = "08E2A8A0E65147D4BD6316030E16D19C85C97F0A9CA267122B96ABBCEA7E8FC8",
      .cofactor = 1},
     "7A929ADE789BB9BE10ED359DD39A72C11B60961F49397EEE1D19CE9891EC3B28",
     "2DFBC1B372D89A1188C09C52E0EEC61FCE52032AB1022E8E67ECE6672B043EE5",
     "77105C9B20BCD3122823C8CF6FCC7B956DE33814E95B7FE64FED924594DCEAB3",
     "7F2B49E270DB6D90D8595BEC458B50C58585BA1D4E9B788F6689DBD8E56FD80B",
     "26F1B489D6701DD185C8413A977B3CBBAF64D1C593D26627DFFB101A87FF77DA",
     "41AA28D2F1AB148280CD9ED56FEDA41974053554A42767B83AD043FD39DC0493",
     "01456C64BA4642A1653C235A98A60249BCD6D3F746B631DF928014F6C5BF9C40"},
    {{"example of 512 bits", 64, 511},
     {.p = "4531ACD1FE0023C7550D267B6B2FEE80922B14B2FFB90F04D4EB7C09B5D2D15D"
           "F1D852741AF4704A0458047E80E4546D35B8336FAC224DD81664BBF528BE6373",
      .a = "7",
      .b = "1CFF0806A31116DA29D8CFA54E57EB748BC5F377E49400FDD788B649ECA1AC43"
           "61834013B2AD7322480A89CA58E0CF74BC9E540C2ADD6897FAD0A3084F302ADC",
      .q = "4531ACD1FE0023C7550D267B6B2FEE80922B14B2FFB90F04D4EB7C09B5D2D15D"
           "A82F2D7ECB1DBAC719905C5EECC423F1D86E25EDBE23C595D644AAF187E6E6DF",
      .x = "24D19CC64572EE30F396BF6EBBFD7A6C5213B3B3D7057CC825F91093A68CD762"
           "FD60611262CD838DC6B60AA7EEE804E28BC849977FAC33B4B530F1B120248A9A",
      .y = "2BB312A43BD2CE6E0D020613C857ACDDCFBF061E91E5F2C3F32447C259F39B2C"
           "83AB156D77F1496BF7EB3351E1EE4E43DC1A18B91B24640B6DBB92CB1ADD371E",
      .cofactor = 1},
     "0BA6048AADAE241BA40936D47756D7C93091A0E8514669700EE7508E508B1020"
     "72E8123B2200A0563322DAD2827E2714A2636B7BFD18AADFC62967821FA18DD4",
     "3754F3CFACC9E0615C4F4A7C4D8DAB531B09B6F9C170C533A71D147035B0C591"
     "7184EE536593F4414339976C647C5D5A407ADEDB1D560C4FC6777D2972075B8C",
     "0359E7F4B1410FEACC570456C6801496946312120B39D019D455986E364F3658"
     "86748ED7A44B3E794434006011842286212273A6D14CF70EA3AF71BB1AE679F1",
     "115DC5BC96760C7B48598D8AB9E740D4C4A85A65BE33C1815B5C320C854621DD"
     "5A515856D13314AF69BC5B924C8B4DDFF75C45415C1D9DD9DD33612CD530EFE1",
     "37C7C90CD40B0F5621DC3AC1B751CFA0E2634FA0503B3D52639F5D7FB72AFD61"
     "EA199441D943FFE7F0C70A2759A3CDB84C114E1F9339FDF27F35ECA93677BEEC",
     "2F86FA60A081091A23DD795E1E3C689EE512A3C82EE0DCC2643C78EEA8FCACD3"
     "5492558486B20F1C9EC197C90699850260C93BCBCD9C5C3317E19344E173AE36",
     "1081B394696FFE8E6585E7A9362D26B6325F56778AADBC081C0BFBE933D52FF5"
     "823CE288E8C4F362526080DF7F70CE406A6EEB1F56919CB92A9853BDE73E5B4A"},
};

static void test_examples (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (examples); i++) {
        TamgaGostParameters parameters = examples[i].parameters;
        parameters.curve = &examples[i].curve;
        gsize size = examples[i].curve.size;
        g_autoptr (TamgaGostDomain) domain = tamga_gost_domain_new (&parameters);
        guint8 d[SIZE], digest[SIZE], e[SIZE], k[SIZE], point[2 * SIZE], expected[2 * SIZE];
        guint8 signature[2 * SIZE];
        number_octets (examples[i].d, d, size);
        number_octets (examples[i].e, digest, size);
        number_octets (examples[i].k, k, size);
        number_octets (examples[i].qx, expected, size);
        number_octets (examples[i].qy, expected + size, size);
        g_assert_nonnull (domain);
        g_assert_true (domain->arithmetic->public(domain, d, point));
        g_assert_cmpmem (point, 2 * size, expected, 2 * size);
        number_octets (examples[i].r, expected, size);
        number_octets (examples[i].s, expected + size, size);
        g_assert_true (tamga_gost_number (domain, digest, e));
        g_assert_true (domain->arithmetic->sign (domain, d, k, e, signature));
        g_assert_cmpmem (signature, 2 * size, expected, 2 * size);
        g_assert_true (domain->arithmetic->verify (domain, point, e, signature));
        e[0] ^= 1;
        g_assert_false (domain->arithmetic->verify (domain, point, e, signature));
    }
}

/* A digest that is zero modulo q counts as one, and one that is larger than q modulo q. */
static void test_digest_numbers (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        const TamgaGostDomain *domain = domain_of (curves[i]);
        gsize size = curves[i]->size;
        guint8 one[SIZE] = {1}, zero[SIZE] = {0}, above[SIZE], e[SIZE];
        g_assert_true (tamga_gost_number (domain, zero, e));
        g_assert_cmpmem (e, size, one, size);
        g_assert_true (tamga_gost_number (domain, domain->order, e));
        g_assert_cmpmem (e, size, one, size);
        memcpy (above, domain->order, size);
        above[0] += 5; /* the orders end in 75, 67 and 93 */
        g_assert_true (tamga_gost_number (domain, above, e));
        one[0] = 5;
        g_assert_cmpmem (e, size, one, size);

        Signed item;
        make_signed (&item, curves[i], 1);
        memcpy (item.digest, zero, size);
        g_assert_true (tamga_gost_sign (curves[i], item.scalar, zero, item.signature));
        g_assert_true (verifies (&item));
        memcpy (item.digest, domain->order, size);
        g_assert_true (verifies (&item));
        memset (item.digest, 0xff, size);
        g_assert_true (tamga_gost_sign (curves[i], item.scalar, item.digest, item.signature));
        g_assert_true (verifies (&item));
    }
}

/* Real certificates: who signed whom, with what. The issuer of these is not self-signed: its own
 * issuer is not among the files. */
static const struct {
    const TamgaGostCurve *curve;
    const char *digest, *subject, *issuer;
} certificates[] = {
    {&tamga_gost_512_a, "KZ-STREEBOG-512", "individual_gost2015_a", "nca_gost2022_test_ca"},
    {&tamga_gost_512_a, "KZ-STREEBOG-512", "individual_gost2015_b", "nca_gost2022_test_ca"},
    {&tamga_gost_512_a, "KZ-STREEBOG-512", "individual_gost2015_c", "nca_gost2022_test_ca"},
    {&tamga_gost_512_a, "KZ-STREEBOG-512", "ceo_gost2015", "nca_gost2022_test_ca"},
    {&tamga_gost_512_a, "KZ-STREEBOG-512", "ocsp_responder_gost2015", "nca_gost2022_test_ca"},
    {&tamga_gost_cryptopro_a, "KZ-GOST-34311", "ceo_sign_gost2004", "nca_gost2004_test_ca"},
};

static X509 *load_certificate (const char *name)
{
    g_autofree char *path = g_strdup_printf ("vectors/kz-nca/certs/%s.der", name);
    g_autoptr (GBytes) der = shared_file (path);
    return der != NULL ? tamga_ossl_certificate (der) : NULL;
}

/* The point of a certificate's key: an OCTET STRING in the BIT STRING, both with a header of two or
 * three octets. */
static void load_point (X509 *certificate, gsize size, guint8 *point)
{
    const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr (certificate);
    const guint8 *p = ASN1_STRING_get0_data (bits);
    g_autoptr (ASN1_OCTET_STRING) octets =
        d2i_ASN1_OCTET_STRING (NULL, &p, ASN1_STRING_length (bits));
    g_assert_nonnull (octets);
    g_assert_cmpint (ASN1_STRING_length (octets), ==, (int)(2 * size));
    memcpy (point, ASN1_STRING_get0_data (octets), 2 * size);
}

static void test_certificate (gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE (data);
    const TamgaGostCurve *curve = certificates[row].curve;
    g_autoptr (X509) subject = load_certificate (certificates[row].subject);
    g_autoptr (X509) issuer = subject ? load_certificate (certificates[row].issuer) : NULL;
    if (issuer == NULL)
        return; /* skipped */
    Signed item = {.curve = curve};
    g_autoptr (GBytes) tbs = tamga_ossl_der (i2d_re_X509_tbs, subject);
    g_autoptr (EVP_MD) md = EVP_MD_fetch (NULL, certificates[row].digest, NULL);
    const ASN1_BIT_STRING *signature;
    gsize size;
    gconstpointer octets = g_bytes_get_data (tbs, &size);
    guint digest_size = 0;
    g_assert_nonnull (md);
    g_assert_true (EVP_Digest (octets, size, item.digest, &digest_size, md, NULL) == 1);
    g_assert_cmpuint (digest_size, ==, curve->size);
    X509_get0_signature (&signature, NULL, subject);
    g_assert_cmpint (ASN1_STRING_length (signature), ==, (int)(2 * curve->size));
    memcpy (item.signature, ASN1_STRING_get0_data (signature), 2 * curve->size);
    load_point (issuer, curve->size, item.point);
    g_assert_true (tamga_gost_point_valid (curve, item.point));
    g_assert_true (verifies (&item));
    item.digest[curve->size - 1] ^= 0x80;
    g_assert_false (verifies (&item));
    item.digest[curve->size - 1] ^= 0x80;
    load_point (subject, curve->size, item.point);
    g_assert_true (tamga_gost_point_valid (curve, item.point));
    g_assert_false (verifies (&item));
}

/* Every single bit of a signature, of a digest and of a point matters. */
static void test_flips (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        Signed item;
        make_signed (&item, curves[i], 7);
        g_assert_true (verifies (&item));
        const struct {
            guint8 *octets;
            gsize size;
        } parts[] = {{item.signature, 2 * curves[i]->size},
                     {item.digest, curves[i]->size},
                     {item.point, 2 * curves[i]->size}};
        for (gsize part = 0; part < G_N_ELEMENTS (parts); part++) {
            for (gsize bit = 0; bit < 8 * parts[part].size; bit++) {
                parts[part].octets[bit / 8] ^= (guint8)(1 << bit % 8);
                g_assert_false (verifies (&item));
                parts[part].octets[bit / 8] ^= (guint8)(1 << bit % 8);
            }
        }
        g_assert_true (verifies (&item));
    }
}

static void reverse (guint8 *octets, gsize size)
{
    for (gsize i = 0; i < size / 2; i++) {
        guint8 octet = octets[i];
        octets[i] = octets[size - 1 - i];
        octets[size - 1 - i] = octet;
    }
}

/* Halves exchanged, or each half the other way round, or both (the Russian form); and the same of
 * points and digests. */
static void test_orders_of_octets (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        gsize size = curves[i]->size;
        Signed item, other;
        make_signed (&item, curves[i], 8);
        other = item;
        memcpy (other.signature, item.signature + size, size);
        memcpy (other.signature + size, item.signature, size);
        g_assert_false (verifies (&other));
        reverse (other.signature, size);
        reverse (other.signature + size, size);
        g_assert_false (verifies (&other));
        memcpy (other.signature, item.signature, 2 * size);
        reverse (other.signature, size);
        reverse (other.signature + size, size);
        g_assert_false (verifies (&other));
        other = item;
        reverse (other.digest, size);
        g_assert_false (verifies (&other));
        other = item;
        reverse (other.point, size);
        reverse (other.point + size, size);
        g_assert_false (verifies (&other));
        g_assert_false (tamga_gost_point_valid (curves[i], other.point));
    }
}

/* number += bound, where the sum still has `size` octets. */
static gboolean add (guint8 *number, const guint8 *bound, gsize size)
{
    guint carry = 0;
    for (gsize i = 0; i < size; i++) {
        carry += (guint)number[i] + bound[i];
        number[i] = (guint8)carry;
        carry >>= 8;
    }
    return carry == 0;
}

/* r and s: zero, q, above q, and the same number modulo q. */
static void test_signature_ranges (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        gsize size = curves[i]->size;
        const guint8 *order = domain_of (curves[i])->order;
        Signed item, other;
        make_signed (&item, curves[i], 9);
        for (gsize half = 0; half < 2; half++) {
            guint8 *number = other.signature + half * size;
            other = item;
            memset (number, 0, size);
            g_assert_false (verifies (&other));
            memcpy (number, order, size);
            g_assert_false (verifies (&other));
            memset (number, 0xff, size);
            g_assert_false (verifies (&other));
            other = item;
            if (add (number, order, size))
                g_assert_false (verifies (&other));
        }
        other = item;
        memset (other.signature, 0, 2 * size);
        g_assert_false (verifies (&other));
    }
}

/* Of 256-A, where q is far below 2^256, r + q and s + q fit in the octets and are refused. */
static void test_signature_not_reduced (void)
{
    const guint8 *order = domain_of (&tamga_gost_256_a)->order;
    Signed item;
    make_signed (&item, &tamga_gost_256_a, 10);
    for (gsize half = 0; half < 2; half++) {
        Signed other = item;
        g_assert_true (add (other.signature + half * 32, order, 32));
        g_assert_false (verifies (&other));
    }
}

static void test_scalar_ranges (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        gsize size = curves[i]->size;
        guint8 scalar[SIZE] = {0}, digest[SIZE] = {1}, point[2 * SIZE], signature[2 * SIZE];
        const guint8 *order = domain_of (curves[i])->order;
        g_assert_false (tamga_gost_public (curves[i], scalar, point));
        g_assert_false (tamga_gost_sign (curves[i], scalar, digest, signature));
        memcpy (scalar, order, size);
        g_assert_false (tamga_gost_public (curves[i], scalar, point));
        g_assert_false (tamga_gost_sign (curves[i], scalar, digest, signature));
        scalar[0]++;
        g_assert_false (tamga_gost_public (curves[i], scalar, point));
        memset (scalar, 0xff, size);
        g_assert_false (tamga_gost_public (curves[i], scalar, point));
        g_assert_false (tamga_gost_sign (curves[i], scalar, digest, signature));
        memcpy (scalar, order, size);
        scalar[0]--; /* q - 1: the base point mirrored */
        g_assert_true (tamga_gost_public (curves[i], scalar, point));
        g_assert_true (tamga_gost_sign (curves[i], scalar, digest, signature));
        g_assert_true (tamga_gost_verify (curves[i], point, digest, signature));
    }
}

static void test_points_refused (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        gsize size = curves[i]->size;
        const TamgaGostDomain *domain = domain_of (curves[i]);
        Signed item, other;
        make_signed (&item, curves[i], 11);
        g_assert_true (tamga_gost_point_valid (curves[i], item.point));
        for (gsize octet = 0; octet < 2 * size; octet++) {
            other = item;
            other.point[octet] ^= 0x10;
            g_assert_false (tamga_gost_point_valid (curves[i], other.point));
            g_assert_false (verifies (&other));
        }
        other = item; /* what some write for the neutral element */
        memset (other.point, 0, 2 * size);
        g_assert_false (tamga_gost_point_valid (curves[i], other.point));
        g_assert_false (verifies (&other));
        memset (other.point, 0xff, 2 * size);
        g_assert_false (tamga_gost_point_valid (curves[i], other.point));
        for (gsize half = 0; half < 2; half++) {
            other = item;
            memcpy (other.point + half * size, domain->prime, size);
            g_assert_false (tamga_gost_point_valid (curves[i], other.point));
        }
    }
}

/* A coordinate of x + p is not another way to write x. The base points of 512-A and CryptoPro-A
 * have an x small enough for x + p to fit in the octets. */
static void test_coordinates_not_reduced (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        const TamgaGostDomain *domain = domain_of (curves[i]);
        guint8 one[SIZE] = {1}, point[2 * SIZE];
        if (curves[i] == &tamga_gost_256_a)
            continue;
        g_assert_true (tamga_gost_public (curves[i], one, point));
        g_assert_true (add (point, domain->prime, curves[i]->size));
        g_assert_false (tamga_gost_point_valid (curves[i], point));
    }
}

/* Points of 256-A that are on the curve but not of order q: of order 2 (y = 0), and those with a
 * part of order 2 or 4. */
static void test_cofactor (void)
{
    const TamgaGostDomain *domain = domain_of (&tamga_gost_256_a);
    const EC_GROUP *group = domain->group;
    BN_CTX *context = BN_CTX_new ();
    EC_POINT *point = EC_POINT_new (group), *product = EC_POINT_new (group);
    g_autoptr (BIGNUM) x = BN_new (), y = BN_new ();
    guint refused = 0, accepted = 0;
    Signed item;
    make_signed (&item, &tamga_gost_256_a, 12);
    for (BN_ULONG i = 0; i < 200; i++) {
        Signed other = item;
        BN_set_word (x, i);
        if (EC_POINT_set_compressed_coordinates (group, point, x, (int)(i & 1), context) != 1)
            continue;
        g_assert_true (EC_POINT_mul (group, product, NULL, point, domain->q, context) == 1);
        gboolean good = EC_POINT_is_at_infinity (group, product) == 1;
        EC_POINT_get_affine_coordinates (group, point, x, y, context);
        BN_bn2lebinpad (x, other.point, 32);
        BN_bn2lebinpad (y, other.point + 32, 32);
        g_assert_cmpint (tamga_gost_point_valid (&tamga_gost_256_a, other.point), ==, good);
        g_assert_false (verifies (&other));
        (*(good ? &accepted : &refused))++;
        if (good || EC_POINT_dbl (group, product, product, context) != 1)
            continue;
        EC_POINT_mul (group, product, NULL, point, domain->q, context);
        EC_POINT_get_affine_coordinates (group, product, x, y, context); /* of order 2 or 4 */
        BN_bn2lebinpad (x, other.point, 32);
        BN_bn2lebinpad (y, other.point + 32, 32);
        g_assert_false (tamga_gost_point_valid (&tamga_gost_256_a, other.point));
        g_assert_false (verifies (&other));
    }
    g_assert_cmpuint (refused, >, 20);
    g_assert_cmpuint (accepted, >, 5);
    EC_POINT_free (point);
    EC_POINT_free (product);
    BN_CTX_free (context);
}

/* Two signatures of one digest have nothing in common; keys are in range and differ. */
static void test_fresh (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        gsize size = curves[i]->size;
        Signed item, other;
        make_signed (&item, curves[i], 13);
        other = item;
        g_assert_true (tamga_gost_sign (curves[i], item.scalar, item.digest, other.signature));
        g_assert_true (verifies (&other));
        g_assert_cmpint (memcmp (item.signature, other.signature, size), !=, 0);
        g_assert_cmpint (memcmp (item.signature + size, other.signature + size, size), !=, 0);
        g_assert_true (tamga_gost_generate (curves[i], other.scalar));
        g_assert_cmpint (memcmp (item.scalar, other.scalar, size), !=, 0);
        g_assert_true (tamga_gost_in_range (other.scalar, domain_of (curves[i])->order, size));
    }
}

/* Changes what an attacker sends, in one of the ways that go wrong in such code. */
static void mutate (GRand *random, const Signed *other, Signed *item)
{
    gsize size = item->curve->size;
    const TamgaGostDomain *domain = domain_of (item->curve);
    guint8 *const halves[] = {item->point, item->point + size, item->signature,
                              item->signature + size, item->digest};
    guint8 *half = halves[g_rand_int_range (random, 0, G_N_ELEMENTS (halves))];
    switch (g_rand_int_range (random, 0, 7)) {
    case 0:
        half[g_rand_int_range (random, 0, (gint32)size)] ^=
            (guint8)g_rand_int_range (random, 1, 256);
        break;
    case 1:
        reverse (half, size);
        break;
    case 2:
        add (half, domain->order, size);
        break;
    case 3:
        add (half, domain->prime, size);
        break;
    case 4:
        memset (half, g_rand_boolean (random) ? 0xff : 0, size);
        break;
    case 5:
        memcpy (half, halves[g_rand_int_range (random, 0, G_N_ELEMENTS (halves))], size);
        break;
    default:
        memcpy (item->point, other->point, 2 * size);
        break;
    }
}

/* What nettle and OpenSSL think of altered input is the same: both refuse it. The ranges are
 * checked before either of them, so that only input in range is shown to the other one. */
static void test_mutations (void)
{
    g_autoptr (GRand) random = g_rand_new_with_seed (3410);
    for (gsize i = 0; i < G_N_ELEMENTS (curves); i++) {
        TamgaGostParameters parameters;
        g_autoptr (TamgaGostDomain) openssl = in_openssl (curves[i], &parameters);
        gsize size = curves[i]->size;
        Signed item, other;
        make_signed (&item, curves[i], 14);
        make_signed (&other, curves[i], 15);
        for (guint round = 0; round < 300; round++) {
            Signed altered = item;
            guint8 e[SIZE], unaltered[SIZE];
            for (gint32 times = g_rand_int_range (random, 1, 4); times > 0; times--)
                mutate (random, &other, &altered);
            g_assert_true (tamga_gost_number (openssl, altered.digest, e));
            g_assert_true (tamga_gost_number (openssl, item.digest, unaltered));
            gboolean same = memcmp (altered.point, item.point, 2 * size) == 0 &&
                            memcmp (altered.signature, item.signature, 2 * size) == 0 &&
                            memcmp (e, unaltered, size) == 0;
            g_assert_cmpint (verifies (&altered), ==, same);
            if (tamga_gost_in_range (altered.signature, openssl->order, size) &&
                tamga_gost_in_range (altered.signature + size, openssl->order, size) &&
                tamga_gost_point_valid (curves[i], altered.point))
                g_assert_cmpint (
                    openssl->arithmetic->verify (openssl, altered.point, e, altered.signature), ==,
                    same);
        }
    }
}

/* The comparison without branches against the plain one. */
static void test_in_range (void)
{
    guint8 number[2], bound[2];
    for (guint n = 0; n < 0x10000; n += 7) {
        for (guint b = 0; b < 0x10000; b += 251) {
            number[0] = (guint8)n, number[1] = (guint8)(n >> 8);
            bound[0] = (guint8)b, bound[1] = (guint8)(b >> 8);
            g_assert_cmpint (tamga_gost_in_range (number, bound, 2), ==, n > 0 && n < b);
        }
    }
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_assert_true (tamga_national_load ());
    g_test_add_func ("/national/gost3410/parameters", test_parameters);
    g_test_add_func ("/national/gost3410/base-point", test_base_point);
    g_test_add_func ("/national/gost3410/libraries-agree", test_libraries_agree);
    g_test_add_func ("/national/gost3410/examples", test_examples);
    g_test_add_func ("/national/gost3410/digest-numbers", test_digest_numbers);
    for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++) {
        g_autofree char *path =
            g_strdup_printf ("/national/gost3410/certificate/%s", certificates[i].subject);
        g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_certificate);
    }
    g_test_add_func ("/national/gost3410/flips", test_flips);
    g_test_add_func ("/national/gost3410/orders-of-octets", test_orders_of_octets);
    g_test_add_func ("/national/gost3410/signature-ranges", test_signature_ranges);
    g_test_add_func ("/national/gost3410/signature-not-reduced", test_signature_not_reduced);
    g_test_add_func ("/national/gost3410/scalar-ranges", test_scalar_ranges);
    g_test_add_func ("/national/gost3410/points-refused", test_points_refused);
    g_test_add_func ("/national/gost3410/coordinates-not-reduced", test_coordinates_not_reduced);
    g_test_add_func ("/national/gost3410/cofactor", test_cofactor);
    g_test_add_func ("/national/gost3410/fresh", test_fresh);
    g_test_add_func ("/national/gost3410/mutations", test_mutations);
    g_test_add_func ("/national/gost3410/in-range", test_in_range);
    return g_test_run ();
}
