/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GOST R 34.10-2012 with the engine of GOST algorithms for OpenSSL: the same digests, and each
 * reads the keys and signatures of the other. The engine knows the Russian identifiers only, so
 * that keys are wrapped with these, and its signatures have the Russian order: s || r, big-endian.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "formats/national/gost3410.h"
#include "formats/national/national.h"
#include "formats/ossl.h"
#include "tests/unit/national/peer.h"

#define SIZE TAMGA_GOST_MAX_SIZE
#define MESSAGES 4 /* of each curve: each costs three programs */

static const struct {
    const TamgaGostCurve *curve;
    const char *key, *parameters, *digest; /* Russian identifiers */
    const char *name, *ours;               /* of the digest */
} rows[] = {
    {&tamga_gost_512_a, "1.2.643.7.1.1.1.2", "1.2.643.7.1.2.1.2.1", "1.2.643.7.1.1.2.3",
     "-md_gost12_512", "KZ-STREEBOG-512"},
    {&tamga_gost_256_a, "1.2.643.7.1.1.1.1", "1.2.643.7.1.2.1.1.1", "1.2.643.7.1.1.2.2",
     "-md_gost12_256", "KZ-STREEBOG-256"},
    {&tamga_gost_cryptopro_a, "1.2.643.7.1.1.1.1", "1.2.643.2.2.35.1", "1.2.643.7.1.1.2.2",
     "-md_gost12_256", "KZ-STREEBOG-256"},
};

/* openssl dgst in the folder of the files; FALSE: it failed. */
static gboolean dgst (const char *folder, const char *const arguments[])
{
    g_autoptr (GPtrArray) line = g_ptr_array_new ();
    g_auto (GStrv) environment =
        g_environ_setenv (g_get_environ (), "OPENSSL_CONF", "/dev/null", TRUE);
    g_autoptr (GError) error = NULL;
    static const char *const start[] = {"openssl", "dgst", "-engine", "gost"};
    int status = 0;
    for (gsize i = 0; i < G_N_ELEMENTS (start); i++)
        g_ptr_array_add (line, (gpointer)start[i]);
    for (; *arguments; arguments++)
        g_ptr_array_add (line, (gpointer)*arguments);
    g_ptr_array_add (line, NULL);
    g_spawn_sync (folder, (char **)line->pdata, environment,
                  G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                  NULL, NULL, NULL, NULL, &status, &error);
    return error == NULL && status == 0;
}

static void file_write (const char *folder, const char *name, gconstpointer data, gsize size)
{
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autoptr (GError) error = NULL;
    g_file_set_contents (path, data, (gssize)size, &error);
    g_assert_no_error (error);
}

static void file_read (const char *folder, const char *name, guint8 *data, gsize size)
{
    g_autofree char *path = g_build_filename (folder, name, NULL), *contents = NULL;
    gsize length = 0;
    g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
    g_assert_cmpuint (length, ==, size);
    memcpy (data, contents, size);
}

static void folder_remove (char *folder)
{
    static const char *const names[] = {"message", "digest", "signature", "public", "private"};
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autofree char *path = g_build_filename (folder, names[i], NULL);
        g_unlink (path);
    }
    g_rmdir (folder);
    g_free (folder);
}

static GByteArray *append_der (GByteArray *array, guint8 tag, const guint8 *data, gsize size)
{
    g_assert_cmpuint (size, <, 0x100);
    guint8 header[] = {tag, 0x81, (guint8)size};
    if (size < 0x80)
        header[1] = (guint8)size;
    g_byte_array_append (array, header, size < 0x80 ? 2 : 3);
    return g_byte_array_append (array, data, (guint)size);
}

/* SEQUENCE of the identifiers of curve and digest. */
static ASN1_STRING *parameters_of (gsize row)
{
    const char *const oids[] = {rows[row].parameters, rows[row].digest};
    g_autoptr (GByteArray) content = g_byte_array_new (), sequence = g_byte_array_new ();
    for (gsize i = 0; i < G_N_ELEMENTS (oids); i++) {
        g_autoptr (ASN1_OBJECT) object = OBJ_txt2obj (oids[i], 1);
        append_der (content, V_ASN1_OBJECT, OBJ_get0_data (object), OBJ_length (object));
    }
    append_der (sequence, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, content->data, content->len);
    ASN1_STRING *string = ASN1_STRING_new ();
    g_assert_cmpint (ASN1_STRING_set (string, sequence->data, (int)sequence->len), ==, 1);
    return string;
}

static guint8 *octet_string (const guint8 *octets, gsize size, int *length)
{
    g_autoptr (GByteArray) array =
        append_der (g_byte_array_new (), V_ASN1_OCTET_STRING, octets, size);
    *length = (int)array->len;
    return OPENSSL_memdup (array->data, array->len);
}

static void write_keys (const char *folder, gsize row, const guint8 *scalar, const guint8 *point)
{
    gsize size = rows[row].curve->size;
    X509_PUBKEY *spki = X509_PUBKEY_new ();
    PKCS8_PRIV_KEY_INFO *pkcs8 = PKCS8_PRIV_KEY_INFO_new ();
    int length;
    guint8 *octets = octet_string (point, 2 * size, &length);
    g_assert_cmpint (X509_PUBKEY_set0_param (spki, OBJ_txt2obj (rows[row].key, 1), V_ASN1_SEQUENCE,
                                             parameters_of (row), octets, length),
                     ==, 1);
    octets = octet_string (scalar, size, &length);
    g_assert_cmpint (PKCS8_pkey_set0 (pkcs8, OBJ_txt2obj (rows[row].key, 1), 0, V_ASN1_SEQUENCE,
                                      parameters_of (row), octets, length),
                     ==, 1);
    g_autoptr (GBytes) public = tamga_ossl_der (i2d_X509_PUBKEY, spki);
    g_autoptr (GBytes) private = tamga_ossl_der (i2d_PKCS8_PRIV_KEY_INFO, pkcs8);
    gsize length_of = 0;
    gconstpointer der = g_bytes_get_data (public, &length_of);
    file_write (folder, "public", der, length_of);
    der = g_bytes_get_data (private, &length_of);
    file_write (folder, "private", der, length_of);
    X509_PUBKEY_free (spki);
    PKCS8_PRIV_KEY_INFO_free (pkcs8);
}

/* r || s little-endian to s || r big-endian, and back. */
static void reverse (guint8 *octets, gsize size)
{
    for (gsize i = 0; i < size / 2; i++) {
        guint8 octet = octets[i];
        octets[i] = octets[size - 1 - i];
        octets[size - 1 - i] = octet;
    }
}

static void digest_of (gsize row, const guint8 *message, gsize size, guint8 *digest)
{
    g_autoptr (EVP_MD) md = EVP_MD_fetch (NULL, rows[row].ours, NULL);
    g_assert_nonnull (md);
    g_assert_cmpint (EVP_Digest (message, size, digest, NULL, md, NULL), ==, 1);
}

static void check_message (const char *folder, gsize row, guint32 seed)
{
    const TamgaGostCurve *curve = rows[row].curve;
    gsize size = curve->size, message_size = 50 * seed;
    guint8 scalar[SIZE], point[2 * SIZE], digest[SIZE], theirs[SIZE], signature[2 * SIZE];
    guint8 message[50 * MESSAGES];
    const char *md = rows[row].name;
    octets_fill (seed, message, message_size);
    file_write (folder, "message", message, message_size);
    digest_of (row, message, message_size, digest);
    g_assert_true (
        dgst (folder, (const char *[]){md, "-binary", "-out", "digest", "message", NULL}));
    file_read (folder, "digest", theirs, size);
    g_assert_cmpmem (digest, size, theirs, size);

    g_assert_true (tamga_gost_generate (curve, scalar));
    g_assert_true (tamga_gost_public (curve, scalar, point));
    write_keys (folder, row, scalar, point);
    g_assert_true (dgst (folder, (const char *[]){md, "-keyform", "DER", "-sign", "private", "-out",
                                                  "signature", "message", NULL}));
    file_read (folder, "signature", signature, 2 * size);
    reverse (signature, 2 * size);
    g_assert_true (tamga_gost_verify (curve, point, digest, signature));

    const char *const verify[] = {md,           "-keyform",  "DER",     "-verify", "public",
                                  "-signature", "signature", "message", NULL};
    g_assert_true (tamga_gost_sign (curve, scalar, digest, signature));
    reverse (signature, 2 * size);
    file_write (folder, "signature", signature, 2 * size);
    g_assert_true (dgst (folder, verify));
    signature[seed] ^= 1;
    file_write (folder, "signature", signature, 2 * size);
    g_assert_false (dgst (folder, verify));
}

static void test_engine (gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE (data);
    char *folder = g_dir_make_tmp ("tamga-gost-XXXXXX", NULL);
    g_assert_nonnull (folder);
    file_write (folder, "message", "", 0);
    if (dgst (folder, (const char *[]){rows[row].name, "message", NULL})) {
        for (guint32 seed = 0; seed < MESSAGES; seed++)
            check_message (folder, row, seed);
    } else {
        g_test_skip ("skipped: OpenSSL's engine \"gost\" is missing");
    }
    folder_remove (folder);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_assert_true (tamga_national_load ());
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *path =
            g_strdup_printf ("/national/gost3410-engine/%s", rows[i].curve->name);
        g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_engine);
    }
    return g_test_run ();
}
