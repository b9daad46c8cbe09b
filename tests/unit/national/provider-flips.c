/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One bit changed in every octet of real and made objects. Either nobody takes the object any more,
 * or what it says is what was signed; the octets of which that is true are known by name. */
#include <openssl/err.h>
#include <string.h>

#include "formats/cms/token.h"
#include "tests/unit/national/provider.h"

typedef struct {
    gsize from, until; /* octets */
} Range;

typedef struct {
    GBytes *object;
    X509 *issuer;
    X509_STORE *store;
    /* What whoever relies on the object takes from it; NULL: refused. */
    GBytes *(*essence) (GBytes *object, X509 *issuer, X509_STORE *store);
    /* Octets that no signature covers, and in which a change may pass; ends with {0, 0}. */
    const Range *open;
} Subject;

static GBytes *certificate_essence (GBytes *object, X509 *issuer, X509_STORE *store)
{
    g_autoptr (X509) certificate = tamga_ossl_certificate (object);
    (void)store;
    return certificate && X509_verify (certificate, X509_get0_pubkey (issuer)) == 1
               ? tamga_ossl_der (i2d_X509, certificate)
               : NULL;
}

static GBytes *crl_essence (GBytes *object, X509 *issuer, X509_STORE *store)
{
    gsize size;
    const unsigned char *data = g_bytes_get_data (object, &size), *p = data;
    g_autoptr (X509_CRL) crl = d2i_X509_CRL (NULL, &p, (long)size);
    (void)store;
    return crl && p == data + size && tamga_ossl_crl_verify (crl, X509_get0_pubkey (issuer))
               ? tamga_ossl_der (i2d_X509_CRL, crl)
               : NULL;
}

static GBytes *ocsp_essence (GBytes *object, X509 *issuer, X509_STORE *store)
{
    gsize size;
    const unsigned char *data = g_bytes_get_data (object, &size), *p = data;
    g_autoptr (OCSP_RESPONSE) response = d2i_OCSP_RESPONSE (NULL, &p, (long)size);
    if (!response || p != data + size ||
        OCSP_response_status (response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return NULL;
    g_autoptr (OCSP_BASICRESP) basic = OCSP_response_get1_basic (response);
    STACK_OF (X509) *certificates = sk_X509_new_null ();
    sk_X509_push (certificates, issuer);
    gboolean good = basic && OCSP_basic_verify (basic, certificates, store, 0) == 1;
    sk_X509_free (certificates);
    return good ? tamga_ossl_der (i2d_OCSP_RESPDATA, OCSP_resp_get0_respdata (basic)) : NULL;
}

static GBytes *token_essence (GBytes *object, X509 *issuer, X509_STORE *store)
{
    g_autoptr (GPtrArray) others = g_ptr_array_new ();
    STACK_OF (X509_OBJECT) *objects = X509_STORE_get0_objects (store);
    for (int i = 0; i < sk_X509_OBJECT_num (objects); i++)
        g_ptr_array_add (others, X509_OBJECT_get0_X509 (sk_X509_OBJECT_value (objects, i)));
    g_autoptr (TamgaToken) token = tamga_token_parse_with (object, others, NULL);
    if (!token || !token->signature->certificate ||
        token->signature->integrity != TAMGA_INTEGRITY_INTACT ||
        (token->signature->binding != TAMGA_BINDING_V1 &&
         token->signature->binding != TAMGA_BINDING_V2) ||
        X509_verify (token->signature->certificate, X509_get0_pubkey (issuer)) != 1)
        return NULL;
    g_autofree char *imprint = tamga_text_hex_bytes (token->imprint);
    g_autofree char *signer = tamga_ossl_fingerprint (token->signature->certificate);
    char *text = g_strdup_printf ("%" G_GINT64_FORMAT " %s %s %s %s %s", token->gen_time,
                                  token->policy, token->serial, token->digest_oid, imprint, signer);
    return g_bytes_new_take (text, strlen (text));
}

static GBytes *flipped (GBytes *object, gsize at)
{
    /* The lowest bit; the one that makes a tag constructed or a letter small; the highest. */
    static const guint8 masks[] = {0x01, 0x20, 0x80};
    gsize size;
    const guint8 *data = g_bytes_get_data (object, &size);
    guint8 *copy = g_memdup2 (data, size);
    copy[at] ^= masks[at % G_N_ELEMENTS (masks)];
    return g_bytes_new_take (copy, size);
}

static gboolean is_open (const Subject *subject, gsize at)
{
    for (const Range *range = subject->open; range->until > 0; range++) {
        if (at >= range->from && at < range->until)
            return TRUE;
    }
    return FALSE;
}

static void flip_all (const Subject *subject)
{
    gsize size = g_bytes_get_size (subject->object);
    g_autoptr (GBytes) whole = subject->essence (subject->object, subject->issuer, subject->store);
    g_assert_nonnull (whole);
    for (gsize at = 0; at < size; at++) {
        g_autoptr (GBytes) object = flipped (subject->object, at);
        g_autoptr (GBytes) essence = subject->essence (object, subject->issuer, subject->store);
        if (essence && !(is_open (subject, at) && g_bytes_equal (essence, whole)))
            g_error ("octet %zu of %zu may be changed", at, size);
        ERR_clear_error ();
    }
}

static const Range nothing[] = {{0, 0}};

static void certificates (void)
{
    static const char *const paths[][2] = {
        {KZ "certs/individual_gost2015_a.der", KZ_CA},
        {KZ "certs/ceo_sign_gost2004.der", KZ_CA_2004},
        {UA_CA, UA_ROOT},
        {UA_USER, UA_CA},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (paths) && real_objects (); i++) {
        g_autoptr (GBytes) object = shared_file (paths[i][0]);
        g_autoptr (X509) issuer = real_certificate (paths[i][1]);
        flip_all (&(Subject){object, issuer, NULL, certificate_essence, nothing});
    }
}

static void crls (void)
{
    static const char *const paths[][2] = {
        {KZ "crl/nca_gost2022_test.crl", KZ_CA},
        {UA "crl/BED5083160DBC59BCDDF707C10293F58BB6ED263C6EA5893D3781B61F493BE57-delta-0ABEA7.crl",
         UA_CA},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (paths) && real_objects (); i++) {
        g_autoptr (GBytes) object = shared_file (paths[i][0]);
        g_autoptr (X509) issuer = real_certificate (paths[i][1]);
        flip_all (&(Subject){object, issuer, NULL, crl_essence, nothing});
    }
}

/* OpenSSL reads a SEQUENCE OF whose tag says that it is primitive, and writes it as it should be;
 * the parameters of the outer signatureAlgorithm are not signed. */
static void ocsp (void)
{
    static const Range made[] = {{77, 78}, {0, 0}};
    static const Range real[] = {
        {172, 173}, /* responses */
        {328, 329}, /* responseExtensions */
        {386, 388}, /* NULL of signatureAlgorithm */
        {524, 525}, /* certs */
        {0, 0},
    };
    if (real_objects ()) {
        g_autoptr (GBytes) object = shared_file (KZ "ocsp/ocsp_response_individual_2015.bin");
        g_autoptr (X509) issuer = real_certificate (KZ_CA);
        g_autoptr (X509_STORE) store = make_store (issuer, 1662138000); /* 2022-09-02 */
        flip_all (&(Subject){object, issuer, store, ocsp_essence, real});
    }
    g_autoptr (EVP_PKEY) key = make_key ("DSTU-4145", NULL);
    g_autoptr (X509) issuer = make_certificate (key, NULL, key, NULL);
    g_autoptr (X509) user = make_certificate (key, issuer, key, NULL);
    g_autoptr (X509_STORE) store = make_store (issuer, 0);
    g_autoptr (GBytes) object = make_ocsp (user, issuer, key);
    flip_all (&(Subject){object, issuer, store, ocsp_essence, made});
}

/* Outside of what a token's signature covers lie its versions, its list of digests, and the name
 * of its signer, who is found by the hash in the signed attributes. */
static void tokens (void)
{
    static const Range kz[] = {{23, 42}, {1016, 1091}, {0, 0}};
    static const Range ua[] = {{23, 42}, {169, 481}, {0, 0}};
    static const struct {
        const char *path, *signer, *issuer;
        const Range *open;
    } rows[] = {
        {KZ "tsp/tsp_token.bin", KZ_CA_2004, KZ_CA_2004, kz},
        {UA "cades/2_cades-t_attached_data.p7s", UA_TSA, UA_ROOT, ua},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (rows) && real_objects (); i++) {
        g_autoptr (GBytes) object = real_token (rows[i].path);
        g_autoptr (X509) signer = real_certificate (rows[i].signer);
        g_autoptr (X509) issuer = real_certificate (rows[i].issuer);
        g_autoptr (X509_STORE) store = make_store (signer, 0);
        flip_all (&(Subject){object, issuer, store, token_essence, rows[i].open});
    }
}

void add_flip_tests (void)
{
    g_test_add_func ("/provider/flips/certificates", certificates);
    g_test_add_func ("/provider/flips/crls", crls);
    g_test_add_func ("/provider/flips/ocsp", ocsp);
    g_test_add_func ("/provider/flips/tokens", tokens);
}
