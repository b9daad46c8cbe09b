/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store of anchors, distrust, and paths over certificates made for each case. */
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

#include "client/trust/trust.h"
#include "tests/unit/trust/pki.h"

static GPtrArray *pool_of (Entity *first, ...)
{
    GPtrArray *pool = g_ptr_array_new ();
    va_list entities;
    va_start (entities, first);
    for (Entity *entity = first; entity != NULL; entity = va_arg (entities, Entity *))
        g_ptr_array_add (pool, entity->certificate);
    va_end (entities);
    return pool;
}

static void remove_folder (const char *folder)
{
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (folder, name, NULL);
        g_unlink (path);
    }
    g_rmdir (folder);
}

/* root <- ca <- signer, with the root as anchor. */
typedef struct {
    Entity *root, *ca, *signer;
    TamgaTrust *trust;
    GPtrArray *pool;
} Fixture;

static void set_up (Fixture *f, gconstpointer data)
{
    const char *extensions = data != NULL ? data : PKI_SIGNER;
    f->root = pki_issue (NULL, "Root", PKI_CA, 0, 0);
    f->ca = pki_issue (f->root, "Provider CA", PKI_CA, 0, 0);
    f->signer = pki_issue (f->ca, "Signer", extensions, 0, 0);
    f->trust = tamga_trust_new ();
    tamga_trust_use (f->trust, f->root->certificate);
    f->pool = pool_of (f->ca, NULL);
}

static void tear_down (Fixture *f, gconstpointer data)
{
    (void)data;
    entity_free (f->root);
    entity_free (f->ca);
    entity_free (f->signer);
    tamga_trust_free (f->trust);
    g_ptr_array_unref (f->pool);
}

static void assert_only (const TamgaPath *path, const char *code)
{
    for (guint i = 0; i < path->findings->len; i++) {
        const TamgaFinding *finding = path->findings->pdata[i];
        g_test_message ("%s: %s", finding->code, finding->text);
        g_assert_cmpstr (finding->code, ==, code);
    }
    g_assert_cmpuint (path->findings->len, ==, code == NULL ? 0 : 1);
}

static void test_good (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (TamgaPath) path =
        tamga_trust_path (f->trust, f->signer->certificate, f->pool, TAMGA_USE_SIGNING, NOW);
    assert_only (path, NULL);
    g_assert_true (path->complete);
    g_assert_cmpuint (path->certificates->len, ==, 3);
    g_assert_true (X509_cmp (tamga_path_issuer (path, 0), f->ca->certificate) == 0);
    g_assert_true (X509_cmp (tamga_path_issuer (path, 1), f->root->certificate) == 0);
    g_assert_null (tamga_path_issuer (path, 2));
}

static void test_without_issuer (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (TamgaPath) path =
        tamga_trust_path (f->trust, f->signer->certificate, NULL, TAMGA_USE_SIGNING, NOW);
    assert_only (path, "no-anchor");
    g_assert_false (path->complete);
}

static void test_intermediate_anchor (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (TamgaTrust) trust = tamga_trust_new ();
    tamga_trust_use (trust, f->ca->certificate);
    g_autoptr (TamgaPath) path =
        tamga_trust_path (trust, f->signer->certificate, NULL, TAMGA_USE_SIGNING, NOW);
    assert_only (path, NULL);
    g_assert_cmpuint (path->certificates->len, ==, 2);
}

static void test_times (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (Entity) brief =
        pki_issue (f->ca, "Brief", PKI_SIGNER, NOW - 10 * DAY, NOW + 10 * DAY);
    g_autoptr (TamgaPath) late =
        tamga_trust_path (f->trust, brief->certificate, f->pool, TAMGA_USE_SIGNING, NOW + 11 * DAY);
    assert_only (late, "expired");
    g_assert_true (late->complete);
    g_autoptr (TamgaPath) early =
        tamga_trust_path (f->trust, brief->certificate, f->pool, TAMGA_USE_SIGNING, NOW - 11 * DAY);
    assert_only (early, "not-yet-valid");
    /* Without any anchor too: level B of the basic profile. */
    g_autoptr (TamgaTrust) none = tamga_trust_new ();
    g_autoptr (TamgaPath) alone =
        tamga_trust_path (none, brief->certificate, NULL, TAMGA_USE_SIGNING, NOW + 11 * DAY);
    g_assert_true (tamga_path_has (alone, "expired"));
    g_assert_true (tamga_path_has (alone, "no-anchor"));
}

static void test_key_usage (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (TamgaPath) path =
        tamga_trust_path (f->trust, f->signer->certificate, f->pool, TAMGA_USE_SIGNING, NOW);
    assert_only (path, "key-usage");
}

static void test_authority_key (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (TamgaPath) path =
        tamga_trust_path (f->trust, f->ca->certificate, NULL, TAMGA_USE_SIGNING, NOW);
    g_assert_true (tamga_path_has (path, "key-usage"));
    g_autoptr (TamgaPath) crl =
        tamga_trust_path (f->trust, f->ca->certificate, NULL, TAMGA_USE_CRL, NOW);
    assert_only (crl, NULL);
}

static const struct {
    const char *name, *extensions;
    gboolean good;
} tsa_rows[] = {
    {"good", PKI_TSA, TRUE},
    {"not-critical", "keyUsage=critical,digitalSignature\nextendedKeyUsage=timeStamping\n", FALSE},
    {"second-purpose",
     "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping,clientAuth\n",
     FALSE},
    {"none", "keyUsage=critical,digitalSignature\n", FALSE},
    {"other", "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,emailProtection\n",
     FALSE},
};

static void test_tsa_purpose (Fixture *f, gconstpointer data)
{
    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS (tsa_rows); i++) {
        g_test_message ("%s", tsa_rows[i].name);
        g_autoptr (Entity) tsa = pki_issue (f->ca, "TSA", tsa_rows[i].extensions, 0, 0);
        g_autoptr (TamgaPath) path =
            tamga_trust_path (f->trust, tsa->certificate, f->pool, TAMGA_USE_TIMESTAMP, NOW);
        g_assert_cmpint (path->findings->len == 0, ==, tsa_rows[i].good);
        g_assert_cmpint (tamga_path_has (path, "key-usage"), ==, !tsa_rows[i].good);
    }
}

static void test_unknown_critical (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (TamgaPath) path =
        tamga_trust_path (f->trust, f->signer->certificate, f->pool, TAMGA_USE_SIGNING, NOW);
    assert_only (path, "unknown-critical-extension");
}

static void test_distrust_cuts_path (Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true (tamga_trust_distrust (f->trust, f->ca->certificate, "lost key", NOW, NULL));
    g_autoptr (TamgaPath) path =
        tamga_trust_path (f->trust, f->signer->certificate, f->pool, TAMGA_USE_SIGNING, NOW);
    assert_only (path, "distrusted");
}

/* Two certificates of one authority: one from a root nobody trusts, one from the trusted root. The
 * verifier alone would follow the first of the pool. */
static void test_backtracks (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (Entity) other_root = pki_issue (NULL, "Other Root", PKI_CA, 0, 0);
    g_autoptr (Entity) dead_end = pki_cross (other_root, f->ca, PKI_CA);
    g_autoptr (GPtrArray) pool = pool_of (dead_end, other_root, f->ca, NULL);
    g_autoptr (TamgaPath) path =
        tamga_trust_path (f->trust, f->signer->certificate, pool, TAMGA_USE_SIGNING, NOW);
    assert_only (path, NULL);
    g_assert_true (X509_cmp (tamga_path_issuer (path, 0), f->ca->certificate) == 0);
}

/* The same with two ways to anchors, the first of which is expired. */
static void test_backtracks_over_bad_anchor_path (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (Entity) old_root =
        pki_issue (NULL, "Old Root", PKI_CA, NOW - 90 * DAY, NOW - 10 * DAY);
    g_autoptr (Entity) cross = pki_cross (old_root, f->ca, PKI_CA);
    g_autoptr (TamgaTrust) trust = tamga_trust_new ();
    tamga_trust_use (trust, old_root->certificate);
    tamga_trust_use (trust, f->root->certificate);
    g_autoptr (GPtrArray) pool = pool_of (cross, f->ca, NULL);
    g_autoptr (TamgaPath) path =
        tamga_trust_path (trust, f->signer->certificate, pool, TAMGA_USE_SIGNING, NOW);
    assert_only (path, NULL);
    /* FPKI 4: distrusting the good intermediate leaves the bad way, and says what is wrong. */
    g_assert_true (tamga_trust_distrust (trust, f->ca->certificate, NULL, NOW, NULL));
    g_autoptr (TamgaPath) cut =
        tamga_trust_path (trust, f->signer->certificate, pool, TAMGA_USE_SIGNING, NOW);
    g_assert_cmpuint (cut->findings->len, >, 0);
}

/* A pool in which every certificate fits every other by name ends in bounded time. */
static void test_hostile_pool (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (GPtrArray) entities = g_ptr_array_new_with_free_func ((GDestroyNotify)entity_free);
    g_autoptr (GPtrArray) pool = g_ptr_array_new ();
    g_autoptr (Entity) loop = pki_issue (NULL, "Loop", PKI_CA, 0, 0);
    for (guint i = 0; i < 40; i++) {
        Entity *entity = pki_cross (loop, loop, PKI_CA);
        g_ptr_array_add (entities, entity);
        g_ptr_array_add (pool, entity->certificate);
    }
    g_autoptr (Entity) signer = pki_issue (loop, "Victim", PKI_SIGNER, 0, 0);
    gint64 begin = g_get_monotonic_time ();
    g_autoptr (TamgaPath) path =
        tamga_trust_path (f->trust, signer->certificate, pool, TAMGA_USE_SIGNING, NOW);
    g_assert_true (tamga_path_has (path, "no-anchor"));
    g_assert_cmpint (g_get_monotonic_time () - begin, <, 10 * G_USEC_PER_SEC);
}

static void test_wrong_signature (Fixture *f, gconstpointer data)
{
    (void)data;
    /* An authority of the same name and key identifier, but with another key. */
    g_autoptr (Entity) other = pki_issue (f->root, "Provider CA", PKI_CA, 0, 0);
    g_autoptr (Entity) forged = g_new0 (Entity, 1);
    forged->certificate = X509_dup (f->ca->certificate);
    EVP_PKEY_up_ref (other->key);
    forged->key = other->key;
    g_autoptr (Entity) signer = pki_issue (forged, "Forged", PKI_SIGNER, 0, 0);
    g_autoptr (TamgaPath) path =
        tamga_trust_path (f->trust, signer->certificate, f->pool, TAMGA_USE_SIGNING, NOW);
    assert_only (path, "signature");
    g_assert_false (path->complete);
}

static void test_store (void)
{
    g_autofree char *parent = g_dir_make_tmp ("tamga-trust-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename (parent, "trust", NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (Entity) root = pki_issue (NULL, "Root", PKI_CA, 0, 0);
    g_autoptr (Entity) other = pki_issue (NULL, "Other", PKI_CA, 0, 0);
    g_autoptr (Entity) person = pki_issue (root, "Person", PKI_SIGNER, 0, 0);
    g_autofree char *sha256 = tamga_ossl_fingerprint (root->certificate);
    {
        g_autoptr (TamgaTrust) trust = tamga_trust_open_directory (folder, &error);
        g_assert_no_error (error);
        g_assert_cmpuint (tamga_trust_anchors (trust)->len, ==, 0);
        g_autofree char *wrong = tamga_ossl_fingerprint (other->certificate);
        g_assert_false (tamga_trust_add (trust, root->certificate, wrong, "x", NOW, &error));
        g_assert_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_FINGERPRINT);
        g_clear_error (&error);
        g_assert_cmpuint (tamga_trust_anchors (trust)->len, ==, 0);
        g_assert_false (tamga_trust_add (trust, person->certificate, NULL, "x", NOW, &error));
        g_assert_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_NOT_CA);
        g_clear_error (&error);
        g_autofree char *upper = g_ascii_strup (sha256, -1);
        g_autofree char *spaced = g_strdup_printf ("%.2s:%.2s %s", upper, upper + 2, upper + 4);
        g_assert_true (
            tamga_trust_add (trust, root->certificate, spaced, "from the site", NOW, &error));
        g_assert_no_error (error);
        g_assert_true (tamga_trust_distrust (trust, other->certificate, "leaked", NOW, &error));
    }
    g_autofree char *pem = g_strdup_printf ("%s/%s.pem", folder, sha256);
    GStatBuf status;
    g_assert_cmpint (g_stat (pem, &status), ==, 0);
    g_assert_cmpint (status.st_mode & 0777, ==, 0600);
    g_assert_cmpint (g_stat (folder, &status), ==, 0);
    g_assert_cmpint (status.st_mode & 0777, ==, 0700);
    {
        g_autoptr (TamgaTrust) trust = tamga_trust_open_directory (folder, &error);
        g_assert_no_error (error);
        g_assert_cmpuint (tamga_trust_anchors (trust)->len, ==, 2);
        g_assert_true (tamga_trust_is_anchor (trust, root->certificate));
        g_assert_false (tamga_trust_is_anchor (trust, other->certificate));
        g_assert_true (tamga_trust_distrusts (trust, other->certificate));
        const TamgaAnchor *first = tamga_trust_anchors (trust)->pdata[0];
        const TamgaAnchor *second = tamga_trust_anchors (trust)->pdata[1];
        const TamgaAnchor *anchor = first->distrusted ? second : first;
        g_assert_cmpstr (anchor->note, ==, "from the site");
        g_assert_cmpint (anchor->added, ==, NOW);
        g_assert_cmpstr (anchor->added_by, ==, g_get_user_name ());
        g_assert_false (tamga_trust_add (trust, other->certificate, NULL, "x", NOW, &error));
        g_assert_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_STORE);
        g_clear_error (&error);
        g_assert_false (tamga_trust_remove (trust, "0123456789", &error));
        g_assert_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_UNKNOWN);
        g_clear_error (&error);
        g_assert_true (tamga_trust_remove (trust, sha256, &error));
        g_assert_no_error (error);
    }
    /* A damaged entry is told, not skipped: it may be the one that says "distrusted". */
    g_autofree char *other_sha = tamga_ossl_fingerprint (other->certificate);
    g_autofree char *about = g_strdup_printf ("%s/%s.conf", folder, other_sha);
    g_assert_cmpint (g_unlink (about), ==, 0);
    g_assert_null (tamga_trust_open_directory (folder, &error));
    g_assert_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_STORE);
    remove_folder (folder);
    g_rmdir (parent);
}

static void test_read_file (void)
{
    g_autofree char *folder = g_dir_make_tmp ("tamga-trust-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (folder, "file", NULL);
    g_autoptr (Entity) root = pki_issue (NULL, "Root", PKI_CA, 0, 0);
    g_autoptr (GBytes) der = tamga_ossl_der (i2d_X509, root->certificate);
    g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
    PEM_write_bio_X509 (bio, root->certificate);
    char *pem;
    long length = BIO_get_mem_data (bio, &pem);
    g_autofree char *one = g_strndup (pem, (gsize)length);
    g_autofree char *two = g_strconcat (one, one, NULL);
    gsize size;
    const char *bytes = g_bytes_get_data (der, &size);
    const struct {
        const char *data;
        gssize size;
        gboolean good;
    } rows[] = {
        {bytes, (gssize)size, TRUE}, {one, -1, TRUE}, {two, -1, FALSE}, {"hello", -1, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GError) error = NULL;
        g_assert_true (g_file_set_contents (path, rows[i].data, rows[i].size, NULL));
        g_autoptr (X509) certificate = tamga_trust_read_file (path, &error);
        g_assert_cmpint (certificate != NULL, ==, rows[i].good);
        if (rows[i].good)
            continue;
        g_assert_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_FILE);
        g_assert_true (g_str_has_prefix (error->message, path));
        g_assert_null (strstr (error->message, "start line"));
    }
    remove_folder (folder);
}

#define CASE(path, extensions, test) g_test_add (path, Fixture, extensions, set_up, test, tear_down)

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    CASE ("/trust/good", NULL, test_good);
    CASE ("/trust/without_issuer", NULL, test_without_issuer);
    CASE ("/trust/intermediate_anchor", NULL, test_intermediate_anchor);
    CASE ("/trust/times", NULL, test_times);
    CASE ("/trust/encryption_key_does_not_sign", "keyUsage=critical,keyEncipherment\n",
          test_key_usage);
    CASE ("/ua_28/authority_key_signs_no_documents", NULL, test_authority_key);
    CASE ("/rfc_3161_2_3/tsa_purpose", NULL, test_tsa_purpose);
    CASE ("/trust/unknown_critical_extension", PKI_SIGNER "1.2.3.4.5=critical,ASN1:UTF8String:x\n",
          test_unknown_critical);
    CASE ("/trust/critical_qcstatements_are_known",
          PKI_SIGNER "1.3.6.1.5.5.7.1.3=critical,DER:30:0A:30:08:06:06:04:00:8E:46:01:01\n",
          test_good);
    CASE ("/trust/critical_qcstatements_of_ukraine_are_known",
          PKI_SIGNER "1.3.6.1.5.5.7.1.3=critical,DER:300d300b06092a8624020101010201\n", test_good);
    CASE ("/trust/critical_qcstatements_with_an_unknown_one",
          PKI_SIGNER "1.3.6.1.5.5.7.1.3=critical,DER:30123008060604008e460101300606042a030405\n",
          test_unknown_critical);
    CASE ("/trust/critical_qcstatements_that_cannot_be_read",
          PKI_SIGNER "1.3.6.1.5.5.7.1.3=critical,DER:300a3008060604008e46010100\n",
          test_unknown_critical);
    CASE ("/vn_79_3/distrust_cuts_path", NULL, test_distrust_cuts_path);
    CASE ("/fpki_3/backtracks_over_cross_certificates", NULL, test_backtracks);
    CASE ("/fpki_4/backtracks_and_distrust", NULL, test_backtracks_over_bad_anchor_path);
    CASE ("/trust/hostile_pool", NULL, test_hostile_pool);
    CASE ("/trust/wrong_signature", NULL, test_wrong_signature);
    g_test_add_func ("/fpki_1/store", test_store);
    g_test_add_func ("/trust/read_file", test_read_file);
    return g_test_run ();
}
