/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State on disk and the register of certificates. */
#include "tests/provider/state.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "tests/provider/authority.h"
#include "tests/provider/service.h"

G_DEFINE_QUARK (tamga - provider - error, provider_error)

static const char *const status_names[] = {"good", "suspended", "revoked"};

gint64 provider_now (const Provider *provider)
{
    return (gint64)time (NULL) + provider->clock_shift;
}

void provider_must (int done, const char *what)
{
    if (done)
        return;
    const char *reason = ERR_reason_error_string (ERR_peek_last_error ());
    g_printerr ("tamga-provider: failed: %s (%s)\n", what, reason == NULL ? "no reason" : reason);
    exit (1);
}

void provider_openssl_free (gpointer data)
{
    OPENSSL_free (data);
}

void provider_break_signature (ASN1_STRING *signature)
{
    int length = ASN1_STRING_length (signature);
    g_autofree unsigned char *copy = g_memdup2 (ASN1_STRING_get0_data (signature), (gsize)length);
    copy[length / 2] ^= 1;
    PROVIDER_MUST (ASN1_STRING_set (signature, copy, length));
}

char *provider_serial_text (const ASN1_INTEGER *serial)
{
    g_autoptr (BIGNUM) number = ASN1_INTEGER_to_BN (serial, NULL);
    char *hex = number == NULL ? NULL : BN_bn2hex (number);
    PROVIDER_MUST (hex != NULL);
    char *text = g_strdup (hex);
    OPENSSL_free (hex);
    return text;
}

char *provider_path (const Provider *provider, const char *name, const char *suffix)
{
    g_autofree char *file = g_strconcat (name, suffix, NULL);
    return g_build_filename (provider->directory, file, NULL);
}

static void entry_free (gpointer data)
{
    ProviderEntry *entry = data;
    g_free (entry->serial);
    g_free (entry->authority);
    g_free (entry->name);
    g_free (entry);
}

static ProviderEntry *entry_add (Provider *provider, char *serial)
{
    ProviderEntry *entry = g_new0 (ProviderEntry, 1);
    entry->serial = serial;
    entry->reason = PROVIDER_REASON_NONE;
    g_ptr_array_add (provider->entries, entry);
    g_hash_table_insert (provider->by_serial, entry->serial, entry);
    return entry;
}

static gint64 asn1_seconds (const ASN1_TIME *when)
{
    struct tm parts = {0};
    PROVIDER_MUST (ASN1_TIME_to_tm (when, &parts));
    return (gint64)timegm (&parts);
}

ProviderEntry *provider_register (Provider *provider, const X509 *certificate,
                                  const char *authority, const char *name)
{
    g_autofree char *serial = provider_serial_text (X509_get0_serialNumber (certificate));
    ProviderEntry *entry = g_hash_table_lookup (provider->by_serial, serial);
    if (entry == NULL) {
        entry = entry_add (provider, g_steal_pointer (&serial));
        entry->authority = g_strdup (authority);
        entry->name = g_strdup (name);
        entry->not_after = asn1_seconds (X509_get0_notAfter (certificate));
    }
    return entry;
}

ProviderEntry *provider_find_serial (const Provider *provider, const char *serial)
{
    g_autoptr (GString) digits = g_string_new (NULL);
    for (const char *c = serial; *c != '\0'; c++) {
        if (*c == ':')
            continue;
        if (!g_ascii_isxdigit (*c) || digits->len > 80)
            return NULL;
        g_string_append_c (digits, *c);
    }
    BIGNUM *parsed = NULL;
    if (BN_hex2bn (&parsed, digits->str) == 0)
        return NULL;
    g_autoptr (BIGNUM) number = parsed;
    char *hex = BN_bn2hex (number);
    PROVIDER_MUST (hex != NULL);
    ProviderEntry *entry = g_hash_table_lookup (provider->by_serial, hex);
    OPENSSL_free (hex);
    return entry;
}

ProviderEntry *provider_find_name (const Provider *provider, const char *name)
{
    for (guint i = provider->entries->len; i-- > 0;) {
        ProviderEntry *entry = provider->entries->pdata[i];
        if (name[0] != '\0' && strcmp (entry->name, name) == 0)
            return entry;
    }
    return NULL;
}

static ProviderStatus status_from_text (const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS (status_names); i++)
        if (g_strcmp0 (text, status_names[i]) == 0)
            return (ProviderStatus)i;
    return PROVIDER_GOOD;
}

static void load_entries (Provider *provider, GKeyFile *file)
{
    g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
    for (char **group = groups; *group != NULL; group++) {
        if (!g_str_has_prefix (*group, "certificate "))
            continue;
        ProviderEntry *entry = entry_add (provider, g_strdup (*group + strlen ("certificate ")));
        g_autofree char *status = g_key_file_get_string (file, *group, "status", NULL);
        g_autofree char *base = g_key_file_get_string (file, *group, "base", NULL);
        entry->authority = g_key_file_get_string (file, *group, "issuer", NULL);
        entry->name = g_key_file_get_string (file, *group, "name", NULL);
        entry->not_after = g_key_file_get_int64 (file, *group, "not_after", NULL);
        entry->status = status_from_text (status);
        entry->since = g_key_file_get_int64 (file, *group, "since", NULL);
        entry->reason = g_key_file_get_integer (file, *group, "reason", NULL);
        entry->unknown = g_key_file_get_boolean (file, *group, "unknown", NULL);
        entry->base_status = status_from_text (base);
    }
}

static char *authority_group (const ProviderAuthority *authority)
{
    return g_strdup_printf ("authority %s", authority->spec->name);
}

void provider_load_authority (const Provider *provider, ProviderAuthority *authority)
{
    g_autofree char *path = provider_path (provider, "state", ".ini");
    g_autofree char *group = authority_group (authority);
    g_autofree char *base = provider_path (provider, authority->spec->name, "-base.crl");
    g_autoptr (GKeyFile) file = g_key_file_new ();
    char *bytes = NULL;
    gsize length = 0;

    if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
        return;
    authority->crl_number = g_key_file_get_int64 (file, group, "crl_number", NULL);
    authority->base_number = g_key_file_get_int64 (file, group, "base_number", NULL);
    authority->frozen = g_key_file_get_boolean (file, group, "frozen", NULL) &&
                        g_file_get_contents (base, &bytes, &length, NULL);
    if (authority->frozen)
        authority->base_crl = g_bytes_new_take (bytes, length);
}

void provider_save (const Provider *provider)
{
    g_autofree char *path = provider_path (provider, "state", ".ini");
    g_autoptr (GKeyFile) file = g_key_file_new ();
    g_autoptr (GError) error = NULL;

    g_key_file_set_integer (file, "server", "port", (int)provider->port);
    if (provider->algorithm != NULL)
        g_key_file_set_string (file, "server", "algorithm", provider->algorithm->name);
    for (guint i = 0; i < provider->authorities->len; i++) {
        const ProviderAuthority *authority = provider->authorities->pdata[i];
        g_autofree char *group = authority_group (authority);
        g_key_file_set_int64 (file, group, "crl_number", authority->crl_number);
        g_key_file_set_int64 (file, group, "base_number", authority->base_number);
        g_key_file_set_boolean (file, group, "frozen", authority->frozen);
    }
    for (guint i = 0; i < provider->entries->len; i++) {
        const ProviderEntry *entry = provider->entries->pdata[i];
        g_autofree char *group = g_strconcat ("certificate ", entry->serial, NULL);
        g_key_file_set_string (file, group, "issuer", entry->authority);
        g_key_file_set_string (file, group, "name", entry->name);
        g_key_file_set_int64 (file, group, "not_after", entry->not_after);
        g_key_file_set_string (file, group, "status", status_names[entry->status]);
        g_key_file_set_int64 (file, group, "since", entry->since);
        g_key_file_set_integer (file, group, "reason", entry->reason);
        g_key_file_set_boolean (file, group, "unknown", entry->unknown);
        g_key_file_set_string (file, group, "base", status_names[entry->base_status]);
    }
    gsize length = 0;
    g_autofree char *text = g_key_file_to_data (file, &length, NULL);
    if (!g_file_set_contents_full (path, text, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                   &error)) {
        g_printerr ("tamga-provider: %s\n", error->message);
        exit (1);
    }
}

static gboolean open_directory (const char *directory, GError **error)
{
    if (g_mkdir_with_parents (directory, 0700) != 0) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_STATE,
                     "cannot make the directory %s: %s", directory, g_strerror (errno));
        return FALSE;
    }
    g_autofree char *issued = g_build_filename (directory, "issued", NULL);
    g_autofree char *lock = g_build_filename (directory, "lock", NULL);
    int fd = open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || g_mkdir_with_parents (issued, 0700) != 0) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_STATE, "cannot write in %s: %s",
                     directory, g_strerror (errno));
        if (fd >= 0)
            close (fd);
        return FALSE;
    }
    if (flock (fd, LOCK_EX | LOCK_NB) != 0) { /* held until the process ends */
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_STATE,
                     "another tamga-provider is running on %s", directory);
        close (fd);
        return FALSE;
    }
    return TRUE;
}

/* The algorithm that the certificates in the directory have; FALSE when another is wanted. */
static gboolean stored_algorithm (GKeyFile *file, const ProviderAlgorithm **algorithm,
                                  GError **error)
{
    g_autofree char *name = g_key_file_get_string (file, "server", "algorithm", NULL);
    const ProviderAlgorithm *stored = name == NULL ? NULL : provider_algorithm (name);
    if ((name != NULL && stored == NULL) || (*algorithm != NULL && *algorithm != stored)) {
        g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_STATE,
                     "the certificates in the directory were made with %s, not with what is asked "
                     "for: use another directory",
                     name == NULL ? "no --algorithm" : name);
        return FALSE;
    }
    *algorithm = stored;
    return TRUE;
}

Provider *provider_open (const char *directory, guint port, const ProviderAlgorithm *algorithm,
                         int *listener, GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename (directory, NULL);
    g_autofree char *path = g_build_filename (absolute, "state.ini", NULL);
    g_autoptr (GKeyFile) file = g_key_file_new ();
    guint stored = 0;

    if (!open_directory (absolute, error))
        return NULL;
    if (g_file_test (path, G_FILE_TEST_EXISTS)) {
        if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
            return NULL;
        stored = (guint)g_key_file_get_integer (file, "server", "port", NULL);
        if (port != 0 && port != stored) {
            g_set_error (error, PROVIDER_ERROR, PROVIDER_ERROR_STATE,
                         "the certificates in %s name port %u, not %u: leave out --port or use "
                         "another directory",
                         absolute, stored, port);
            return NULL;
        }
        port = stored;
        if (!stored_algorithm (file, &algorithm, error))
            return NULL;
    }
    *listener = provider_http_listen (&port, error);
    if (*listener < 0) {
        if (stored != 0)
            g_prefix_error (error, "the certificates in %s name port %u: ", absolute, stored);
        return NULL;
    }
    Provider *provider = g_new0 (Provider, 1);
    provider->directory = g_steal_pointer (&absolute);
    provider->port = port;
    provider->algorithm = algorithm;
    provider->url = g_strdup_printf ("http://127.0.0.1:%u", port);
    provider->authorities = g_ptr_array_new_with_free_func (provider_authority_free);
    provider->identities =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, provider_identity_free);
    provider->entries = g_ptr_array_new_with_free_func (entry_free);
    provider->by_serial = g_hash_table_new (g_str_hash, g_str_equal);
    provider->services = g_ptr_array_new_with_free_func (provider_service_free);
    g_queue_init (&provider->log);
    load_entries (provider, file);
    return provider;
}

void provider_free (Provider *provider)
{
    g_free (provider->directory);
    g_free (provider->url);
    g_ptr_array_unref (provider->authorities);
    g_hash_table_unref (provider->identities);
    g_hash_table_unref (provider->by_serial);
    g_ptr_array_unref (provider->entries);
    g_ptr_array_unref (provider->services);
    provider_faults_clear (&provider->faults);
    g_queue_clear_full (&provider->log, g_free);
    g_free (provider);
}
