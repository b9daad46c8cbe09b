/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several signers, countersignatures, what PDF asks of CMS, changed and torn files, tokens. */
#include <glib.h>
#include <string.h>

#include "formats/cms/signed_data.h"
#include "formats/cms/signer.h"
#include "formats/cms/token.h"
#include "tests/unit/cms/forge.h"

/* A signature value by another key. */
static void other_key (Forge *forge)
{
    Party *other = fixture_party (forge->fixture, "P-256", "Other");
    g_autoptr (GBytes) set = forge_concatenate (TAMGA_DER_SET, forge->attributes);
    g_autoptr (GBytes) raw = fixture_sign (other->key, forge->algorithm, set);

    forge->signature = tamga_algorithm_raw_to_der (forge->algorithm, raw, NULL);
}

/* Each signer is judged for itself. */
static void test_several_signers (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) more = NULL, file = NULL;
    g_autoptr (GPtrArray) signatures = NULL;
    Forge good, bad;

    forge_begin (&good, fixture, "P-256", "ECDSA-SHA-256");
    forge_begin (&bad, fixture, "P-256", "ECDSA-SHA-256");
    other_key (&bad);
    more = forge_signer (&bad);
    g_ptr_array_add (good.certificates, g_bytes_ref (bad.certificates->pdata[0]));
    file = forge_file (&good, more);
    signatures = fixture_read (file, NULL, NULL);
    g_assert_cmpuint (signatures->len, ==, 2);
    g_assert_cmpint (((TamgaSignature *)signatures->pdata[0])->integrity, ==,
                     TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (((TamgaSignature *)signatures->pdata[1])->integrity, ==,
                     TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE);
    forge_end (&good);
    forge_end (&bad);
}

/* RFC 5652 11.4: over the signature value, without content-type; a signature of its own. */
static void test_countersignature (void)
{
    for (int wrong = 0; wrong < 2; wrong++) {
        g_autoptr (Fixture) fixture = fixture_new ();
        g_autoptr (GBytes) digest = NULL, signer = NULL, file = NULL;
        g_autoptr (GPtrArray) signatures = NULL;
        const TamgaSignature *second;
        Forge first, counter;
        forge_begin (&first, fixture, "P-256", "ECDSA-SHA-256");
        forge_begin (&counter, fixture, "RSA", "RSA-PKCS1-SHA-256");
        first.signature = forge_signature (&first);
        forge_drop (&counter, OID_CONTENT_TYPE);
        forge_drop (&counter, OID_MESSAGE_DIGEST);
        digest = forge_digest (wrong ? first.content : first.signature, "SHA-256");
        forge_add (&counter, OID_MESSAGE_DIGEST, digest, NULL);
        signer = forge_signer (&counter);
        g_ptr_array_add (first.unsigneds, forge_attribute (OID_COUNTERSIGNATURE, signer, NULL));
        g_ptr_array_add (first.certificates, g_bytes_ref (counter.certificates->pdata[0]));
        file = forge_file (&first, NULL);
        signatures = fixture_read (file, NULL, NULL);
        g_assert_cmpuint (signatures->len, ==, 2);
        second = signatures->pdata[1];
        g_assert_cmpstr (second->id, ==, "countersignature 1 of signature 1");
        g_assert_cmpint (second->integrity, ==,
                         wrong ? TAMGA_INTEGRITY_HASH_FAILURE : TAMGA_INTEGRITY_INTACT);
        g_assert_cmpint (X509_cmp (second->certificate, counter.party->certificate), ==, 0);
        g_assert_cmpint (second->coverage, ==, TAMGA_COVERS_PART);
        forge_end (&first);
        forge_end (&counter);
    }
}

/* RFC 4056 3: the salt is as long as the parameters say. */
static void test_pss_salt (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (X509_ALGOR) algor = NULL;
    g_autoptr (GBytes) file = NULL;
    g_autoptr (GPtrArray) signatures = NULL;
    const guint8 *data;
    gsize length;
    int type;
    const void *value;
    RSA_PSS_PARAMS *parameters;
    ASN1_STRING *packed = NULL;
    Forge forge;

    forge_begin (&forge, fixture, "RSA", "RSA-PSS-SHA-256");
    data = g_bytes_get_data (forge.signature_algor, &length);
    algor = d2i_X509_ALGOR (NULL, &data, (long)length);
    X509_ALGOR_get0 (NULL, &type, &value, algor);
    parameters = ASN1_item_unpack (value, ASN1_ITEM_rptr (RSA_PSS_PARAMS));
    ASN1_INTEGER_set_int64 (parameters->saltLength, 33);
    ASN1_item_pack (parameters, ASN1_ITEM_rptr (RSA_PSS_PARAMS), &packed);
    RSA_PSS_PARAMS_free (parameters);
    X509_ALGOR_set0 (algor, OBJ_nid2obj (NID_rsassaPss), V_ASN1_SEQUENCE, packed);
    g_bytes_unref (forge.signature_algor);
    forge.signature_algor = tamga_ossl_der (i2d_X509_ALGOR, algor);
    file = forge_file (&forge, NULL);
    signatures = fixture_read (file, NULL, NULL);
    g_assert_cmpint (((TamgaSignature *)signatures->pdata[0])->integrity, ==,
                     TAMGA_INTEGRITY_SIG_CRYPTO_FAILURE);
    forge_end (&forge);
}

/* ---- What PDF asks of CMS ---- */

static GBytes *digest_of (const TamgaDigest *digest, gpointer data, GError **error)
{
    (void)error;
    return data != NULL ? tamga_digest_bytes (digest, data) : NULL;
}

static TamgaIntegrity read_pdf (const Forge *forge, GBytes *document, const char *format,
                                const char *finding)
{
    g_autoptr (GBytes) file = forge_file (forge, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) signatures =
        tamga_cms_read_signers (file, digest_of, document, format, &error);
    const TamgaSignature *signature;

    g_assert_no_error (error);
    g_assert_cmpuint (signatures->len, ==, 1);
    signature = signatures->pdata[0];
    if (finding != NULL)
        g_assert_nonnull (forge_finding (signature, finding));
    return signature->integrity;
}

static void test_pdf (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) document = g_bytes_new_static ("bytes of a PDF", 14);
    g_autoptr (GBytes) other = g_bytes_new_static ("bytes of a PDF?", 15);
    g_autoptr (GBytes) sha1 = tamga_digest_bytes (tamga_digest_by_name ("SHA-1"), document);
    g_autoptr (GBytes) digest = NULL;
    Forge forge;

    /* PAdES encapsulates nothing. */
    forge_begin (&forge, fixture, "P-256", "ECDSA-SHA-256");
    g_assert_cmpint (read_pdf (&forge, forge.content, "PAdES", NULL), ==,
                     TAMGA_INTEGRITY_FORMAT_FAILURE);
    g_assert_cmpint (read_pdf (&forge, document, "PDF-PKCS7", NULL), ==,
                     TAMGA_INTEGRITY_FORMAT_FAILURE);
    forge.detached = TRUE;
    g_assert_cmpint (read_pdf (&forge, forge.content, "PAdES", "pades-signing-time"), ==,
                     TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (read_pdf (&forge, NULL, "PAdES", NULL), ==,
                     TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND);
    g_assert_cmpint (read_pdf (&forge, other, "PAdES", NULL), ==, TAMGA_INTEGRITY_HASH_FAILURE);
    forge_drop (&forge, OID_SIGNING_CERTIFICATE_V2);
    g_assert_cmpint (read_pdf (&forge, forge.content, "PDF-PKCS7", "cms-no-signing-certificate"),
                     ==, TAMGA_INTEGRITY_INTACT);
    forge_end (&forge);

    /* adbe.pkcs7.sha1: the content is the SHA-1 digest of the document. */
    forge_begin (&forge, fixture, "RSA", "RSA-PKCS1-SHA-256");
    g_bytes_unref (forge.content);
    forge.content = g_bytes_ref (sha1);
    digest = forge_digest (sha1, "SHA-256");
    forge_drop (&forge, OID_MESSAGE_DIGEST);
    forge_add (&forge, OID_MESSAGE_DIGEST, digest, NULL);
    g_assert_cmpint (read_pdf (&forge, document, "PDF-PKCS7", "weak-digest"), ==,
                     TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (read_pdf (&forge, other, "PDF-PKCS7", NULL), ==, TAMGA_INTEGRITY_HASH_FAILURE);
    g_assert_cmpint (read_pdf (&forge, NULL, "PDF-PKCS7", NULL), ==,
                     TAMGA_INTEGRITY_SIGNED_DATA_NOT_FOUND);
    g_assert_cmpint (read_pdf (&forge, document, "PAdES", NULL), ==,
                     TAMGA_INTEGRITY_FORMAT_FAILURE);
    forge_end (&forge);
}

/* ---- Changed and torn files ---- */

static gboolean passes (GBytes *file)
{
    g_autoptr (GPtrArray) signatures = fixture_read (file, NULL, NULL);
    gboolean good = signatures != NULL;

    for (guint i = 0; good && i < signatures->len; i++) {
        const TamgaSignature *signature = signatures->pdata[i];
        good = signature->integrity == TAMGA_INTEGRITY_INTACT &&
               signature->binding == TAMGA_BINDING_V2;
    }
    return good;
}

static void mark (gboolean *free_bytes, GBytes *file, const guint8 *part, gsize length)
{
    gsize offset = (gsize)(part - (const guint8 *)g_bytes_get_data (file, NULL));

    for (gsize i = 0; i < length; i++)
        free_bytes[offset + i] = TRUE;
}

/* Bytes that no rule of RFC 5652 puts under the signature: the versions, the list of digest
 * algorithms, and the signer identifier (whose mismatch is a finding). */
static gboolean *find_free_bytes (GBytes *file)
{
    gboolean *free_bytes = g_new0 (gboolean, g_bytes_get_size (file));
    TamgaDer der = tamga_der (file);
    TamgaDerElement info, element, data;

    g_assert_true (tamga_der_next (&der, &info) && tamga_der_next (&info.contents, &element) &&
                   tamga_der_next (&info.contents, &element) &&
                   tamga_der_next (&element.contents, &data));
    for (int field = 0; tamga_der_next (&data.contents, &element); field++) {
        TamgaDerElement signer, part;
        if (field < 2)
            mark (free_bytes, file, element.contents.data, element.contents.left);
        if (element.tag != TAMGA_DER_SET || field < 3)
            continue;
        g_assert_true (tamga_der_next (&element.contents, &signer));
        for (int i = 0; i < 2 && tamga_der_next (&signer.contents, &part); i++)
            mark (free_bytes, file, part.contents.data, part.contents.left);
    }
    return free_bytes;
}

static void test_flips (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) file = NULL;
    g_autofree gboolean *free_bytes = NULL;
    g_autofree guint8 *copy = NULL;
    gsize length;
    guint survivors = 0;
    Forge forge;

    forge_begin (&forge, fixture, "P-256", "ECDSA-SHA-256");
    file = forge_file (&forge, NULL);
    g_assert_true (passes (file));
    free_bytes = find_free_bytes (file);
    copy = g_memdup2 (g_bytes_get_data (file, &length), g_bytes_get_size (file));
    for (gsize i = 0; i < g_bytes_get_size (file); i++) {
        for (guint8 bit = 1; bit != 0; bit = (guint8)(bit << 1)) {
            g_autoptr (GBytes) changed = NULL;
            copy[i] ^= bit;
            changed = g_bytes_new (copy, g_bytes_get_size (file));
            copy[i] ^= bit;
            if (!passes (changed))
                continue;
            survivors++;
            if (!free_bytes[i])
                g_error ("bit 0x%02x of byte %" G_GSIZE_FORMAT " may be changed", bit, i);
        }
    }
    g_test_message ("%" G_GSIZE_FORMAT " bytes, %u changes in uncovered bytes",
                    g_bytes_get_size (file), survivors);
    forge_end (&forge);
}

static void test_truncation (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    Party *party = fixture_party (fixture, "P-256", "Signer");
    g_autoptr (GBytes) content = g_bytes_new_static ("content", 7);
    g_autoptr (GBytes) file =
        fixture_cades (fixture, party, "ECDSA-SHA-256", TAMGA_LEVEL_LT, FALSE, content, NULL, NULL);
    g_autoptr (GByteArray) longer = g_byte_array_new ();
    g_autoptr (GBytes) trailing = NULL;
    g_autoptr (GError) error = NULL;

    for (gsize i = 0; i < g_bytes_get_size (file); i++) {
        g_autoptr (GBytes) part = g_bytes_new_from_bytes (file, 0, i);
        g_autoptr (GError) torn = NULL;
        g_assert_null (fixture_read (part, NULL, &torn));
        g_assert_nonnull (torn);
    }
    g_byte_array_append (longer, g_bytes_get_data (file, NULL), (guint)g_bytes_get_size (file));
    g_byte_array_append (longer, (const guint8 *)"", 1);
    trailing = g_byte_array_free_to_bytes (g_steal_pointer (&longer));
    g_assert_null (fixture_read (trailing, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* BER is read, and no deeper than sense. */
static void test_nesting (void)
{
    g_autoptr (GByteArray) bomb = g_byte_array_new ();
    static const guint8 start[] = {0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                   0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x80, 0x30,
                                   0x80, 0x02, 0x01, 0x01, 0x31, 0x80};
    static const guint8 nest[] = {0x30, 0x80};
    g_autoptr (GBytes) file = NULL;
    g_autoptr (GError) error = NULL;

    g_byte_array_append (bomb, start, sizeof start);
    for (int i = 0; i < 200000; i++)
        g_byte_array_append (bomb, nest, sizeof nest);
    file = g_byte_array_free_to_bytes (g_steal_pointer (&bomb));
    g_assert_null (fixture_read (file, NULL, &error));
    g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
}

/* ---- Tokens ---- */

static void test_token (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) data = g_bytes_new_static ("stamped bytes", 13);
    g_autoptr (GBytes) other = g_bytes_new_static ("other bytes", 11);
    g_autoptr (GBytes) der = fixture_timestamp (fixture, data, "sha384");
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaToken) token = tamga_token_parse (der, &error);
    gint64 now = g_get_real_time () / G_USEC_PER_SEC;

    g_assert_no_error (error);
    g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_INTACT);
    g_assert_cmpint (token->signature->binding, ==, TAMGA_BINDING_V2);
    g_assert_cmpint (X509_cmp (token->signature->certificate, fixture->tsa.certificate), ==, 0);
    g_assert_cmpuint (token->signature->certificates->len, ==, 2);
    g_assert_cmpstr (token->policy, ==, "1.2.3.4.1");
    g_assert_cmpint (token->accuracy, ==, 1500100);
    g_assert_cmpstr (token->digest->name, ==, "SHA-384");
    g_assert_cmpint (ABS (token->gen_time - now), <, 300);
    g_assert_nonnull (token->nonce);
    g_assert_cmpuint (g_bytes_get_size (token->nonce), <=, 8);
    g_assert_cmpstr (token->serial, ==, "1");
    g_assert_true (tamga_token_covers (token, data));
    g_assert_false (tamga_token_covers (token, other));
    g_assert_false (tamga_token_covers_digest (token, NULL));
}

/* A changed bit of the TSTInfo is never taken for an intact token. */
static void test_token_flips (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) data = g_bytes_new_static ("stamped bytes", 13);
    g_autoptr (GBytes) der = fixture_timestamp (fixture, data, "sha256");
    g_autoptr (TamgaDocument) document = tamga_document_new ("token", der);
    g_autoptr (TamgaSignedData) parsed = tamga_signed_data_parse (document, NULL);
    const TamgaRange *range = &g_array_index (parsed->content, TamgaRange, 0);
    g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (der, NULL), g_bytes_get_size (der));

    for (guint64 i = range->offset; i < range->offset + range->length; i++) {
        g_autoptr (GBytes) changed = NULL;
        g_autoptr (TamgaToken) token = NULL;
        copy[i] ^= 1;
        changed = g_bytes_new (copy, g_bytes_get_size (der));
        copy[i] ^= 1;
        token = tamga_token_parse (changed, NULL);
        if (token != NULL)
            g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_HASH_FAILURE);
    }
}

/* The forged file as a token: NULL, or the token, with the error's code. */
static TamgaToken *read_token (const Forge *forge, GBytes *more, int code)
{
    g_autoptr (GBytes) file = forge_file (forge, more);
    g_autoptr (GError) error = NULL;
    TamgaToken *token = tamga_token_parse (file, &error);

    if (code >= 0)
        g_assert_error (error, TAMGA_FORMAT_ERROR, code);
    else
        g_assert_no_error (error);
    return token;
}

/* A signature over a document is no token, even where the document is a TSTInfo; and a token has
 * one signer (RFC 3161 2.4.2), bound by signing-certificate. */
static void test_not_a_token (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) data = g_bytes_new_static ("stamped bytes", 13);
    g_autoptr (GBytes) der = fixture_timestamp (fixture, data, "sha256");
    g_autoptr (TamgaDocument) document = tamga_document_new ("token", der);
    g_autoptr (TamgaSignedData) parsed = tamga_signed_data_parse (document, NULL);
    g_autoptr (GBytes) more = NULL, nothing = g_bytes_new_static ("", 0);
    g_autoptr (TamgaToken) token = NULL;
    g_autoptr (GError) empty = NULL;
    Forge forge;

    forge_begin (&forge, fixture, "P-256", "ECDSA-SHA-256");
    g_assert_null (read_token (&forge, NULL, TAMGA_FORMAT_ERROR_MALFORMED));
    g_bytes_unref (forge.content);
    forge.content = tamga_signed_data_content (parsed, 100000, NULL);
    g_assert_null (read_token (&forge, NULL, TAMGA_FORMAT_ERROR_MALFORMED));
    g_free (forge.content_type);
    forge.content_type = g_strdup (TAMGA_OID_TST_INFO);
    forge_drop (&forge, OID_SIGNING_CERTIFICATE_V2);
    token = read_token (&forge, NULL, -1);
    g_assert_nonnull (forge_finding (token->signature, "token-no-signing-certificate"));
    g_assert_cmpint (token->signature->integrity, ==, TAMGA_INTEGRITY_FORMAT_FAILURE);
    more = forge_signer (&forge);
    g_assert_null (read_token (&forge, more, TAMGA_FORMAT_ERROR_MALFORMED));
    g_assert_null (tamga_token_parse (nothing, &empty));
    g_assert_error (empty, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_NOT_THIS_FORMAT);
    forge_end (&forge);
}

static GBytes *tst_info (Fixture *fixture)
{
    g_autoptr (GBytes) data = g_bytes_new_static ("stamped bytes", 13);
    g_autoptr (GBytes) der = fixture_timestamp (fixture, data, "sha256");
    g_autoptr (TamgaDocument) document = tamga_document_new ("token", der);
    g_autoptr (TamgaSignedData) parsed = tamga_signed_data_parse (document, NULL);

    return tamga_signed_data_content (parsed, 65536, NULL);
}

/* The content type says what was signed: a TSTInfo that somebody signed as a document is none. And
 * a token has one signer. */
static void test_almost_a_token (void)
{
    g_autoptr (Fixture) fixture = fixture_new ();
    g_autoptr (GBytes) info = tst_info (fixture), more = NULL;
    Forge forge, second;

    forge_begin (&forge, fixture, "P-256", "ECDSA-SHA-256");
    forge_begin (&second, fixture, "P-256", "ECDSA-SHA-256");
    more = forge_signer (&second);
    g_bytes_unref (forge.content);
    forge.content = g_bytes_ref (info);
    for (int type = 0; type < 2; type++) {
        g_free (forge.content_type);
        forge.content_type = g_strdup (type == 0 ? TAMGA_OID_DATA : TAMGA_OID_TST_INFO);
        for (int signers = 1; signers <= 2; signers++) {
            g_autoptr (GError) error = NULL;
            g_autoptr (GBytes) file = forge_file (&forge, signers == 2 ? more : NULL);
            g_autoptr (TamgaToken) token = tamga_token_parse (file, &error);
            if (type == 1 && signers == 1) {
                g_assert_no_error (error);
                continue;
            }
            g_assert_null (token);
            g_assert_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_MALFORMED);
        }
    }
    forge_end (&forge);
    forge_end (&second);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/cms/threat_d/several_signers", test_several_signers);
    g_test_add_func ("/cms/rfc5652_11_4/countersignature", test_countersignature);
    g_test_add_func ("/cms/rfc4056_3/pss_salt_lies", test_pss_salt);
    g_test_add_func ("/cms/pdf", test_pdf);
    g_test_add_func ("/cms/every_changed_bit", test_flips);
    g_test_add_func ("/cms/every_truncation", test_truncation);
    g_test_add_func ("/cms/nesting", test_nesting);
    g_test_add_func ("/token/fields", test_token);
    g_test_add_func ("/token/every_changed_byte", test_token_flips);
    g_test_add_func ("/token/rfc3161_2_4_2/refused", test_not_a_token);
    g_test_add_func ("/token/rfc3161_2_4_2/content_type_and_signers", test_almost_a_token);
    return g_test_run ();
}
