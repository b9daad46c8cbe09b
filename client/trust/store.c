/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store of trust anchors and distrusted certificates: one PEM file and one key file each. An
 * entry that is damaged is an error and not skipped: it may be the one that says "distrusted". */
#include <errno.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

#include "client/trust/internal.h"
#include "formats/limits.h"

#define GROUP "certificate"

GQuark tamga_trust_error_quark (void)
{
    return g_quark_from_static_string ("tamga-trust-error");
}

static void anchor_free (gpointer data)
{
    TamgaAnchor *anchor = data;
    X509_free (anchor->certificate);
    g_free (anchor->sha256);
    g_free (anchor->added_by);
    g_free (anchor->note);
    g_free (anchor);
}

static TamgaAnchor *anchor_new (X509 *certificate, const char *added_by, const char *note,
                                gint64 added)
{
    TamgaAnchor *anchor = g_new0 (TamgaAnchor, 1);
    X509_up_ref (certificate);
    anchor->certificate = certificate;
    anchor->sha256 = tamga_ossl_fingerprint (certificate);
    anchor->added = added;
    anchor->added_by = g_strdup (added_by);
    anchor->note = g_strdup (note);
    return anchor;
}

TamgaTrust *tamga_trust_new (void)
{
    TamgaTrust *trust = g_new0 (TamgaTrust, 1);
    trust->anchors = g_ptr_array_new_with_free_func (anchor_free);
    return trust;
}

void tamga_trust_free (TamgaTrust *trust)
{
    if (trust == NULL)
        return;
    g_ptr_array_unref (trust->anchors);
    g_strfreev (trust->policies);
    g_free (trust->directory);
    g_free (trust);
}

void tamga_trust_set_policy (TamgaTrust *trust, const TamgaPathPolicy *policy)
{
    g_clear_pointer (&trust->policies, g_strfreev);
    trust->policies = policy == NULL ? NULL : g_strdupv ((char **)policy->policies);
    trust->explicit_policy = policy != NULL && policy->explicit_policy;
    trust->inhibit_mapping = policy != NULL && policy->inhibit_mapping;
    trust->inhibit_any = policy != NULL && policy->inhibit_any;
}

X509 *tamga_trust_read_file (const char *path, GError **error)
{
    g_autofree char *contents = NULL;
    gsize length;
    g_autoptr (GError) failure = NULL;
    if (!g_file_get_contents (path, &contents, &length, &failure)) {
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_FILE, "%s cannot be read: %s",
                     path, failure->message);
        return NULL;
    }
    if (length > TAMGA_MAX_CERTIFICATE_SIZE) {
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_FILE,
                     "%s is larger than a certificate can be.", path);
        return NULL;
    }
    g_autoptr (GBytes) der = g_bytes_new_take (g_steal_pointer (&contents), length);
    g_autoptr (GPtrArray) found = tamga_ossl_certificates (der, 2);
    if (found->len == 0)
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_FILE,
                     "%s holds no certificate, neither as PEM nor as DER.", path);
    else if (found->len > 1)
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_FILE,
                     "%s holds several certificates; an anchor is added one at a time.", path);
    else
        return g_ptr_array_steal_index (found, 0);
    return NULL;
}

/* `fingerprint`.pem and its key file in `directory`. */
static TamgaAnchor *load_entry (const char *directory, const char *fingerprint, GError **error)
{
    g_autofree char *pem = g_strdup_printf ("%s/%s.pem", directory, fingerprint);
    g_autofree char *about = g_strdup_printf ("%s/%s.conf", directory, fingerprint);
    g_autoptr (GError) failure = NULL;
    g_autoptr (X509) certificate = tamga_trust_read_file (pem, &failure);
    g_autoptr (GKeyFile) file = g_key_file_new ();
    if (certificate == NULL ||
        !g_key_file_load_from_file (file, about, G_KEY_FILE_NONE, &failure)) {
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_STORE,
                     "The trust store entry %s is damaged: %s", pem, failure->message);
        return NULL;
    }
    g_autofree char *added_by = g_key_file_get_string (file, GROUP, "added-by", NULL);
    g_autofree char *note = g_key_file_get_string (file, GROUP, "note", NULL);
    gint64 added = g_key_file_get_int64 (file, GROUP, "added", NULL);
    gboolean distrusted = g_key_file_get_boolean (file, GROUP, "distrusted", &failure);
    TamgaAnchor *anchor = anchor_new (certificate, added_by, note, added);
    anchor->distrusted = distrusted;
    if (failure == NULL && g_str_equal (anchor->sha256, fingerprint))
        return anchor;
    g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_STORE,
                 "The trust store entry %s is damaged: %s", pem,
                 failure != NULL ? failure->message
                                 : "the certificate is not the one its name tells");
    anchor_free (anchor);
    return NULL;
}

static TamgaAnchor *find (TamgaTrust *trust, const char *sha256)
{
    for (guint i = 0; i < trust->anchors->len; i++) {
        TamgaAnchor *anchor = trust->anchors->pdata[i];
        if (g_str_equal (anchor->sha256, sha256))
            return anchor;
    }
    return NULL;
}

static gboolean load_directory (TamgaTrust *trust, const char *directory, GError **error)
{
    g_autoptr (GError) failure = NULL;
    g_autoptr (GDir) dir = g_dir_open (directory, 0, &failure);
    if (dir == NULL) {
        if (g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_STORE,
                     "The trust store %s cannot be read: %s", directory, failure->message);
        return FALSE;
    }
    const char *name;
    while ((name = g_dir_read_name (dir)) != NULL) {
        if (!g_str_has_suffix (name, ".pem"))
            continue;
        g_autofree char *fingerprint = g_strndup (name, strlen (name) - strlen (".pem"));
        if (find (trust, fingerprint) != NULL)
            continue; /* the user's own entry decides over a system-wide one */
        TamgaAnchor *anchor = load_entry (directory, fingerprint, error);
        if (anchor == NULL)
            return FALSE;
        g_ptr_array_add (trust->anchors, anchor);
    }
    return TRUE;
}

TamgaTrust *tamga_trust_open_directory (const char *directory, GError **error)
{
    g_autoptr (TamgaTrust) trust = tamga_trust_new ();
    trust->directory = g_strdup (directory);
    return load_directory (trust, directory, error) ? g_steal_pointer (&trust) : NULL;
}

TamgaTrust *tamga_trust_open (GError **error)
{
    g_autofree char *directory = g_build_filename (g_get_user_data_dir (), "tamga", "trust", NULL);
    g_autoptr (TamgaTrust) trust = tamga_trust_open_directory (directory, error);
    if (trust == NULL || !load_directory (trust, TAMGA_DATADIR "/trust", error))
        return NULL;
    return g_steal_pointer (&trust);
}

GPtrArray *tamga_trust_anchors (TamgaTrust *trust)
{
    return trust->anchors;
}

void tamga_trust_use (TamgaTrust *trust, X509 *certificate)
{
    g_autofree char *sha256 = tamga_ossl_fingerprint (certificate);
    if (find (trust, sha256) == NULL)
        g_ptr_array_add (trust->anchors,
                         anchor_new (certificate, g_get_user_name (), "for this run", 0));
}

gboolean tamga_trust_distrusts (TamgaTrust *trust, X509 *certificate)
{
    for (guint i = 0; i < trust->anchors->len; i++) {
        const TamgaAnchor *anchor = trust->anchors->pdata[i];
        if (anchor->distrusted && X509_cmp (anchor->certificate, certificate) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean tamga_trust_is_anchor (TamgaTrust *trust, X509 *certificate)
{
    for (guint i = 0; i < trust->anchors->len; i++) {
        const TamgaAnchor *anchor = trust->anchors->pdata[i];
        if (!anchor->distrusted && X509_cmp (anchor->certificate, certificate) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean write_file (const char *path, const char *contents, gsize length, GError **error)
{
    g_autoptr (GError) failure = NULL;
    if (g_file_set_contents_full (path, contents, (gssize)length,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                  0600, &failure))
        return TRUE;
    g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_STORE,
                 "The trust store entry %s cannot be written: %s", path, failure->message);
    return FALSE;
}

/* The key file goes first: a PEM file without one would be a damaged entry. */
static gboolean save_entry (TamgaTrust *trust, const TamgaAnchor *anchor, GError **error)
{
    if (trust->directory == NULL)
        return TRUE;
    if (g_mkdir_with_parents (trust->directory, 0700) != 0) {
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_STORE,
                     "The trust store %s cannot be made: %s", trust->directory, g_strerror (errno));
        return FALSE;
    }
    g_autoptr (GKeyFile) file = g_key_file_new ();
    g_autofree char *subject = tamga_ossl_name (X509_get_subject_name (anchor->certificate));
    g_key_file_set_string (file, GROUP, "subject", subject);
    g_key_file_set_int64 (file, GROUP, "added", anchor->added);
    g_key_file_set_string (file, GROUP, "added-by", anchor->added_by);
    g_key_file_set_string (file, GROUP, "note", anchor->note != NULL ? anchor->note : "");
    g_key_file_set_boolean (file, GROUP, "distrusted", anchor->distrusted);
    gsize length;
    g_autofree char *about = g_key_file_to_data (file, &length, NULL);
    g_autofree char *about_path = g_strdup_printf ("%s/%s.conf", trust->directory, anchor->sha256);
    g_autofree char *pem_path = g_strdup_printf ("%s/%s.pem", trust->directory, anchor->sha256);
    g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
    PEM_write_bio_X509 (bio, anchor->certificate);
    char *pem;
    long pem_length = BIO_get_mem_data (bio, &pem);
    return write_file (about_path, about, length, error) &&
           write_file (pem_path, pem, (gsize)pem_length, error);
}

static gboolean store (TamgaTrust *trust, X509 *certificate, const char *note, gint64 now,
                       gboolean distrusted, GError **error)
{
    TamgaAnchor *anchor = anchor_new (certificate, g_get_user_name (), note, now);
    anchor->distrusted = distrusted;
    if (!save_entry (trust, anchor, error)) {
        anchor_free (anchor);
        return FALSE;
    }
    TamgaAnchor *old = find (trust, anchor->sha256);
    if (old != NULL)
        g_ptr_array_remove (trust->anchors, old);
    g_ptr_array_add (trust->anchors, anchor);
    return TRUE;
}

/* Hexadecimal digits in lower case without colons and spaces; NULL when there is anything else. */
static char *plain_hex (const char *text)
{
    g_autoptr (GString) hex = g_string_new (NULL);
    for (const char *at = text; *at != '\0'; at++) {
        if (g_ascii_isxdigit (*at))
            g_string_append_c (hex, g_ascii_tolower (*at));
        else if (*at != ':' && !g_ascii_isspace (*at))
            return NULL;
    }
    return g_string_free (g_steal_pointer (&hex), FALSE);
}

gboolean tamga_trust_add (TamgaTrust *trust, X509 *certificate, const char *sha256,
                          const char *note, gint64 now, GError **error)
{
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (certificate));
    g_autofree char *own = tamga_ossl_fingerprint (certificate);
    g_autofree char *given = sha256 == NULL ? NULL : plain_hex (sha256);
    if (sha256 != NULL && g_strcmp0 (given, own) != 0) {
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_FINGERPRINT,
                     "The fingerprint of \"%s\" is %s, not the one given. It was not added.", name,
                     own);
        return FALSE;
    }
    /* 1: basicConstraints say so; 3: a self-signed version 1 root (OpenSSL's X509_check_ca). */
    int ca = X509_check_ca (certificate);
    if (ca != 1 && ca != 3) {
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_NOT_CA,
                     "\"%s\" is not the certificate of an authority (RFC 5280 4.2.1.9), so it "
                     "cannot be an anchor.",
                     name);
        return FALSE;
    }
    const TamgaAnchor *old = find (trust, own);
    if (old != NULL && old->distrusted) {
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_STORE,
                     "\"%s\" is on your list of distrusted certificates. Remove it from there "
                     "first.",
                     name);
        return FALSE;
    }
    return store (trust, certificate, note, now, FALSE, error);
}

gboolean tamga_trust_distrust (TamgaTrust *trust, X509 *certificate, const char *note, gint64 now,
                               GError **error)
{
    return store (trust, certificate, note, now, TRUE, error);
}

gboolean tamga_trust_remove (TamgaTrust *trust, const char *sha256_prefix, GError **error)
{
    g_autofree char *prefix = plain_hex (sha256_prefix);
    TamgaAnchor *found = NULL;
    guint n = 0;
    for (guint i = 0; prefix != NULL && *prefix != '\0' && i < trust->anchors->len; i++) {
        TamgaAnchor *anchor = trust->anchors->pdata[i];
        if (g_str_has_prefix (anchor->sha256, prefix)) {
            found = anchor;
            n++;
        }
    }
    if (n != 1) {
        g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_UNKNOWN,
                     n == 0 ? "No certificate in the trust store has a fingerprint that begins "
                              "with %s."
                            : "Several certificates in the trust store have a fingerprint that "
                              "begins with %s.",
                     sha256_prefix);
        return FALSE;
    }
    if (trust->directory != NULL) {
        g_autofree char *pem = g_strdup_printf ("%s/%s.pem", trust->directory, found->sha256);
        g_autofree char *about = g_strdup_printf ("%s/%s.conf", trust->directory, found->sha256);
        if (g_unlink (pem) != 0) {
            g_set_error (error, TAMGA_TRUST_ERROR, TAMGA_TRUST_ERROR_STORE,
                         "%s cannot be removed: %s. A certificate that was installed for the whole "
                         "system can be distrusted instead.",
                         pem, g_strerror (errno));
            return FALSE;
        }
        g_unlink (about);
    }
    g_ptr_array_remove (trust->anchors, found);
    return TRUE;
}
