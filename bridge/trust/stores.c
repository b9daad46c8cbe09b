/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trust stores of browsers, changed by the programs that are made for it: certutil of NSS, and
 * update-ca-certificates of Debian. */
#include "bridge/trust/stores.h"

#include <openssl/pem.h>
#include <glib/gstdio.h>
#include <string.h>

#include "formats/ossl.h"

#define CERTUTIL "certutil"
#define NICKNAME "Tamga on " /* begins the name of each CA of ours */
#define TRUSTED "C,,"        /* for TLS servers, and for nothing else */
#define SYSTEM_FOLDER "/usr/local/share/ca-certificates"
#define SYSTEM_UPDATE "update-ca-certificates"

/* Folders of NSS databases below the home of a user, for the packagings of Chromium. The first is
 * made where it is missing: without it a Chromium that was never started would trust nothing. */
static const char *const chromium_folders[] = {
    ".pki/nssdb",
    ".local/share/pki/nssdb",
    "snap/chromium/current/.pki/nssdb",
    ".var/app/org.chromium.Chromium/data/pki/nssdb",
    ".var/app/com.google.Chrome/data/pki/nssdb",
};
static const char *const firefox_folders[] = {
    ".mozilla/firefox",
    ".config/mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
};

void tamga_trust_store_free (TamgaTrustStore *store)
{
    if (!store)
        return;
    g_free (store->name);
    g_free (store->path);
    g_free (store->problem);
    g_free (store);
}

static TamgaTrustStore *add (GPtrArray *stores, const char *name, const char *path)
{
    TamgaTrustStore *store = g_new0 (TamgaTrustStore, 1);
    store->name = g_strdup (name);
    store->path = g_strdup (path);
    g_ptr_array_add (stores, store);
    return store;
}

static gboolean has_database (const char *folder)
{
    g_autofree char *file = g_build_filename (folder, "cert9.db", NULL);
    return g_file_test (file, G_FILE_TEST_EXISTS);
}

static void add_chromium (GPtrArray *stores)
{
    for (gsize i = 0; i < G_N_ELEMENTS (chromium_folders); i++) {
        g_autofree char *folder = g_build_filename (g_get_home_dir (), chromium_folders[i], NULL);
        if (i == 0 || has_database (folder))
            add (stores, i == 0 ? "Chromium" : chromium_folders[i], folder);
    }
}

/* Each folder with a database below a folder of Firefox is a profile. */
static void add_firefox (GPtrArray *stores)
{
    for (gsize i = 0; i < G_N_ELEMENTS (firefox_folders); i++) {
        g_autofree char *parent = g_build_filename (g_get_home_dir (), firefox_folders[i], NULL);
        GDir *folder = g_dir_open (parent, 0, NULL);
        for (const char *name; folder && (name = g_dir_read_name (folder)) != NULL;) {
            g_autofree char *profile = g_build_filename (parent, name, NULL);
            g_autofree char *title = g_strdup_printf ("Firefox profile %s", name);
            if (has_database (profile))
                add (stores, title, profile);
        }
        if (folder)
            g_dir_close (folder);
    }
}

/* ---- Programs ------------------------------------------------------------------------------ */

/* Runs it; `*output` (may be NULL) is what it said. NULL: well done; else why not, new text. */
static char *run (const char *const *argv, char **output)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *out = NULL, *err = NULL;
    int status;
    if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                       &status, &error))
        return g_error_matches (error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT)
                   ? g_strdup_printf ("the program %s is not installed", argv[0])
                   : g_strdup (error->message);
    if (!g_spawn_check_wait_status (status, &error))
        return g_strdup_printf ("%s: %s", argv[0],
                                *g_strstrip (err) ? g_strstrip (err) : error->message);
    if (output)
        *output = g_steal_pointer (&out);
    return NULL;
}

static char *database_of (const TamgaTrustStore *store)
{
    return g_strconcat ("sql:", store->path, NULL);
}

/* The nicknames of our CAs in the database. */
static char **ours (TamgaTrustStore *store)
{
    g_autofree char *database = database_of (store), *output = NULL;
    const char *const argv[] = {CERTUTIL, "-L", "-d", database, NULL};
    g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
    g_free (store->problem);
    store->problem = run (argv, &output);
    g_auto (GStrv) lines = g_strsplit (output ? output : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        /* "NICKNAME   C,,": the last word are the trust flags. */
        char *end = strrchr (g_strchomp (*line), ' ');
        if (!g_str_has_prefix (*line, NICKNAME) || !end)
            continue;
        *end = '\0';
        g_strv_builder_add (names, g_strchomp (*line));
    }
    return g_strv_builder_end (names);
}

static void delete_one (TamgaTrustStore *store, const char *nickname)
{
    g_autofree char *database = database_of (store);
    const char *const argv[] = {CERTUTIL, "-D", "-d", database, "-n", nickname, NULL};
    g_free (store->problem);
    store->problem = run (argv, NULL);
}

/* ---- The certificate ------------------------------------------------------------------------ */

/* The nickname is the CA's own name: it has random digits at its end. */
static char *nickname_of (const char *ca_path)
{
    g_autofree char *pem = NULL;
    if (!g_file_get_contents (ca_path, &pem, NULL, NULL))
        return NULL;
    BIO *bio = BIO_new_mem_buf (pem, -1);
    X509 *ca = PEM_read_bio_X509 (bio, NULL, NULL, NULL);
    BIO_free (bio);
    char *name = ca ? tamga_ossl_short_name (X509_get_subject_name (ca)) : NULL;
    X509_free (ca);
    return name;
}

static void install_one (TamgaTrustStore *store, const char *nickname, const char *ca_path)
{
    g_autofree char *database = database_of (store);
    if (!has_database (store->path)) {
        const char *const make[] = {CERTUTIL, "-N", "-d", database, "--empty-password", NULL};
        if (g_mkdir_with_parents (store->path, 0700) == 0)
            store->problem = run (make, NULL);
        if (store->problem)
            return;
    }
    g_auto (GStrv) older = ours (store);
    for (char **name = older; !store->problem && *name; name++)
        delete_one (store, *name);
    if (store->problem)
        return;
    const char *const argv[] = {CERTUTIL, "-A",    "-d", database, "-n", nickname,
                                "-t",     TRUSTED, "-i", ca_path,  NULL};
    store->problem = run (argv, NULL);
    store->holds = store->problem == NULL;
}

static char *system_file (void)
{
    return g_strdup_printf ("%s/tamga-%s.crt", SYSTEM_FOLDER, g_get_user_name ());
}

/* What the system's programs trust: other browsers, curl. Needs root. */
static void change_system (TamgaTrustStore *store, const char *ca_path)
{
    g_autofree char *pem = NULL;
    g_autoptr (GError) error = NULL;
    const char *const update[] = {SYSTEM_UPDATE, NULL};
    gboolean done =
        ca_path ? g_file_get_contents (ca_path, &pem, NULL, &error) &&
                      g_file_set_contents_full (store->path, pem, -1,
                                                G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error)
                : g_unlink (store->path) == 0;
    store->problem = done    ? run (update, NULL)
                     : error ? g_strdup_printf ("%s (it takes root)", error->message)
                             : g_strdup ("it could not be taken out (it takes root)");
    store->holds = ca_path && !store->problem;
}

static GPtrArray *all_stores (void)
{
    GPtrArray *stores = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_trust_store_free);
    add_chromium (stores);
    add_firefox (stores);
    return stores;
}

GPtrArray *tamga_trust_stores (const TamgaBridgeCertificate *certificate)
{
    g_autofree char *nickname = certificate ? nickname_of (certificate->ca_path) : NULL;
    g_autofree char *file = system_file ();
    GPtrArray *stores = all_stores ();
    for (guint i = 0; i < stores->len; i++) {
        TamgaTrustStore *store = stores->pdata[i];
        if (!has_database (store->path))
            continue;
        g_auto (GStrv) names = ours (store);
        store->holds = nickname && g_strv_contains ((const char *const *)names, nickname);
    }
    if (g_file_test (file, G_FILE_TEST_EXISTS))
        add (stores, "system", file)->holds = TRUE;
    return stores;
}

GPtrArray *tamga_trust_stores_install (const TamgaBridgeCertificate *certificate, gboolean system)
{
    g_autofree char *nickname = nickname_of (certificate->ca_path), *file = system_file ();
    GPtrArray *stores = all_stores ();
    for (guint i = 0; i < stores->len; i++) {
        if (nickname)
            install_one (stores->pdata[i], nickname, certificate->ca_path);
    }
    if (system)
        change_system (add (stores, "system", file), certificate->ca_path);
    return stores;
}

GPtrArray *tamga_trust_stores_remove (gboolean system)
{
    g_autofree char *file = system_file ();
    GPtrArray *stores = all_stores ();
    for (guint i = 0; i < stores->len; i++) {
        TamgaTrustStore *store = stores->pdata[i];
        if (!has_database (store->path))
            continue;
        g_auto (GStrv) names = ours (store);
        for (char **name = names; !store->problem && *name; name++)
            delete_one (store, *name);
        store->holds = store->problem != NULL;
    }
    if (system && g_file_test (file, G_FILE_TEST_EXISTS))
        change_system (add (stores, "system", file), NULL);
    return stores;
}
