/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loader of country profiles and where they are looked for. */
#include "client/profile/profile.h"

#include <string.h>

#include "client/profile/algorithms.h"
#include "client/profile/config.h"
#include "client/profile/groups.h"
#include "client/profile/keyfile.h"
#include "formats/ossl.h"

#define PROFILE_VERSION 1
#define FOREIGN_PREFIX "foreign "
/* VN 45: a licence lasts five years at most. */
#define LICENCE_SECONDS ((gint64)5 * 366 * 86400)

GQuark tamga_profile_error_quark (void)
{
    return g_quark_from_static_string ("tamga-profile-error");
}

static const char *const gates[] = {"full", "negative", NULL};
static const char *const effects[] = {"revocation-time", "this-update", NULL};
static const char *const levels[] = {"B", "T", "LT", "LTA", NULL};
static const char *const digests[] = {"SHA-256", "SHA-384", "SHA-512", NULL};
/* The first of each is what is made where the profile says nothing. */
static const char *const xml_formats[] = {"xades",        "xmldsig",      "cades",
                                          "asic-e-xades", "asic-e-cades", "asic-s-xades",
                                          "asic-s-cades", "jades",        NULL};
static const char *const other_formats[] = {
    "cades",        "jades",        "xades",        "asic-e-xades",
    "asic-e-cades", "asic-s-xades", "asic-s-cades", NULL};

/* What is read before it becomes a profile: words and lists that need another form. */
typedef struct {
    TamgaProfile profile;
    int gate, effect, default_level, minimum_level, tsa_digest, format_xml, format_other;
    char **reminders;
} Read;

#define AT(field_) .offset = G_STRUCT_OFFSET (Read, field_)
#define BOOLEAN(group_, key_, field_)                                                              \
    {                                                                                              \
        .group = group_, .key = key_, .kind = TAMGA_KEY_BOOLEAN, AT (profile.field_)               \
    }
#define STRING(group_, key_, kind_, field_, required_)                                             \
    {                                                                                              \
        .group = group_, .key = key_, .kind = kind_, AT (profile.field_), .required = required_    \
    }
#define NUMBER(group_, key_, field_, minimum_, maximum_, required_)                                \
    {                                                                                              \
        .group = group_, .key = key_, .kind = TAMGA_KEY_NUMBER, AT (profile.field_),               \
        .required = required_, .minimum = minimum_, .maximum = maximum_                            \
    }
#define WORD(group_, key_, field_, words_, required_)                                              \
    {                                                                                              \
        .group = group_, .key = key_, .kind = TAMGA_KEY_WORD, AT (field_), .required = required_,  \
        .words = words_                                                                            \
    }
#define URLS(key_, field_)                                                                         \
    {                                                                                              \
        .group = "services", .key = key_, .kind = TAMGA_KEY_URLS, AT (profile.field_)              \
    }

static const TamgaKeyRow rows[] = {
    NUMBER ("profile", "version", version, 1, PROFILE_VERSION, TRUE),
    STRING ("profile", "name", TAMGA_KEY_STRING, name, TRUE),
    STRING ("profile", "title", TAMGA_KEY_STRING, title, TRUE),
    STRING ("profile", "country", TAMGA_KEY_STRING, country, FALSE),
    WORD ("signing", "gate", gate, gates, TRUE),
    WORD ("signing", "default-level", default_level, levels, TRUE),
    WORD ("signing", "minimum-level", minimum_level, levels, FALSE),
    WORD ("signing", "format-xml", format_xml, xml_formats, FALSE),
    WORD ("signing", "format-other", format_other, other_formats, FALSE),
    BOOLEAN ("signing", "timestamp-mandatory", timestamp_mandatory),
    BOOLEAN ("signing", "procedure", procedure),
    BOOLEAN ("verification", "accept-signing-certificate-v1", accept_signing_certificate_v1),
    BOOLEAN ("verification", "accept-unnamed-certificate", accept_unnamed_certificate),
    WORD ("status", "effect", effect, effects, FALSE),
    BOOLEAN ("status", "cascade-root-revocation", cascade_root_revocation),
    NUMBER ("status", "suspension-days", suspension_days, 0, 3660, FALSE),
    NUMBER ("status", "max-age", max_status_age, 1, 31 * 86400, TRUE),
    NUMBER ("status", "clock-tolerance", clock_tolerance, 0, 86400, TRUE),
    BOOLEAN ("network", "allow-loopback", allow_loopback),
    BOOLEAN ("network", "allow-private", allow_private),
    URLS ("tsa-urls", tsa_urls),
    URLS ("ocsp-urls", ocsp_urls),
    URLS ("crl-urls", crl_urls),
    URLS ("delta-crl-urls", delta_crl_urls),
    URLS ("root-crl-urls", root_crl_urls),
    URLS ("certificate-urls", certificate_urls),
    STRING ("services", "tsa-policy", TAMGA_KEY_OID, tsa_policy, FALSE),
    WORD ("services", "tsa-digest", tsa_digest, digests, FALSE),
    STRING ("trust", "anchors", TAMGA_KEY_FINGERPRINTS, anchors, FALSE),
    STRING ("trust", "trusted-lists", TAMGA_KEY_URLS, trusted_lists, FALSE),
    STRING ("keys", "stores", TAMGA_KEY_LIST, key_stores, FALSE),
    {.group = "account", .key = "reminder-days", .kind = TAMGA_KEY_LIST, AT (reminders)},
    STRING ("account", "renewal", TAMGA_KEY_STRING, renewal, FALSE),
};

#define LICENCE(key_, kind_, field_, required_)                                                    \
    {                                                                                              \
        .key = key_, .kind = kind_, .offset = G_STRUCT_OFFSET (TamgaForeignLicence, field_),       \
        .required = required_                                                                      \
    }
static const TamgaKeyRow licence_rows[] = {
    LICENCE ("issuer-sha256", TAMGA_KEY_FINGERPRINT, issuer_sha256, TRUE),
    LICENCE ("licence", TAMGA_KEY_STRING, licence, TRUE),
    LICENCE ("scope", TAMGA_KEY_STRING, scope, TRUE),
    LICENCE ("valid-from", TAMGA_KEY_TIME, valid_from, TRUE),
    LICENCE ("valid-until", TAMGA_KEY_TIME, valid_until, TRUE),
    LICENCE ("root-status-url", TAMGA_KEY_STRING, root_status_url, FALSE),
};

static void oid_name_free (gpointer data)
{
    TamgaOidName *row = data;
    g_free (row->oid);
    g_free (row->name);
    g_free (row);
}

static void licence_free (gpointer data)
{
    TamgaForeignLicence *licence = data;
    g_free (licence->name);
    g_free (licence->issuer_sha256);
    g_free (licence->licence);
    g_free (licence->scope);
    g_free (licence->root_status_url);
    g_free (licence);
}

void tamga_profile_free (TamgaProfile *profile)
{
    if (profile == NULL)
        return;
    char *strings[] = {profile->name,       profile->title,      profile->country, profile->path,
                       profile->tsa_policy, profile->tsa_digest, profile->renewal};
    char **lists[] = {profile->tsa_urls,         profile->ocsp_urls,     profile->crl_urls,
                      profile->delta_crl_urls,   profile->root_crl_urls, profile->anchors,
                      profile->certificate_urls, profile->key_stores,    profile->trusted_lists};
    for (gsize i = 0; i < G_N_ELEMENTS (strings); i++)
        g_free (strings[i]);
    for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
        g_strfreev (lists[i]);
    g_free (profile->reminder_days);
    g_clear_pointer (&profile->oid_names, g_ptr_array_unref);
    g_clear_pointer (&profile->foreign, g_ptr_array_unref);
    g_clear_pointer (&profile->algorithms, g_ptr_array_unref);
    g_clear_pointer (&profile->identifiers, g_ptr_array_unref);
    g_clear_pointer (&profile->timestamps, g_ptr_array_unref);
    g_free (profile);
}

static gboolean read_oids (TamgaKeyfile *keyfile, TamgaProfile *profile, GError **error)
{
    g_auto (GStrv) keys = tamga_keyfile_keys (keyfile, "oids");
    for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
        g_autoptr (ASN1_OBJECT) object = OBJ_txt2obj (keys[i], 1);
        if (object == NULL) {
            tamga_keyfile_error (keyfile, "oids", keys[i], error,
                                 "%s is not an object identifier such as 1.2.3", keys[i]);
            return FALSE;
        }
        g_autofree char *name = tamga_keyfile_string (keyfile, "oids", keys[i], error);
        if (name == NULL)
            return FALSE;
        TamgaOidName *row = g_new0 (TamgaOidName, 1);
        row->oid = g_strdup (keys[i]);
        row->name = g_steal_pointer (&name);
        g_ptr_array_add (profile->oid_names, row);
    }
    if (keys != NULL)
        tamga_keyfile_accept_group (keyfile, "oids");
    return TRUE;
}

static gboolean read_licence (TamgaKeyfile *keyfile, const char *group, TamgaProfile *profile,
                              GError **error)
{
    TamgaForeignLicence *licence = g_new0 (TamgaForeignLicence, 1);
    g_ptr_array_add (profile->foreign, licence);
    licence->name = g_strstrip (g_strdup (group + strlen (FOREIGN_PREFIX)));
    if (!tamga_keyfile_fill (keyfile, group, licence_rows, G_N_ELEMENTS (licence_rows), licence,
                             error))
        return FALSE;
    if (licence->root_status_url != NULL && !tamga_keyfile_url_ok (licence->root_status_url)) {
        tamga_keyfile_error (keyfile, group, "root-status-url", error,
                             "root-status-url is not an http or https URL");
        return FALSE;
    }
    if (licence->valid_until <= licence->valid_from ||
        licence->valid_until - licence->valid_from > LICENCE_SECONDS) {
        tamga_keyfile_error (keyfile, group, "valid-until", error,
                             "a licence ends after it begins and lasts five years at most (VN 45)");
        return FALSE;
    }
    return TRUE;
}

static gboolean read_reminders (TamgaKeyfile *keyfile, Read *read, GError **error)
{
    TamgaProfile *profile = &read->profile;
    gsize n = read->reminders == NULL ? 0 : g_strv_length (read->reminders);
    profile->reminder_days = g_new0 (guint, n + 1);
    for (gsize i = 0; i < n; i++) {
        guint64 days;
        gboolean number = g_ascii_string_to_unsigned (read->reminders[i], 10, 1, 3660, &days, NULL);
        if (!number || (i > 0 && days >= profile->reminder_days[i - 1])) {
            tamga_keyfile_error (keyfile, "account", "reminder-days", error,
                                 "reminder-days is a list of falling numbers of days from 1 to "
                                 "3660, such as 30;14;7");
            return FALSE;
        }
        profile->reminder_days[i] = (guint)days;
    }
    profile->n_reminder_days = n;
    return TRUE;
}

static gboolean check_rules (TamgaKeyfile *keyfile, Read *read, GError **error)
{
    TamgaProfile *profile = &read->profile;
    profile->gate = (TamgaGate)read->gate;
    profile->effect = (TamgaEffect)read->effect;
    profile->default_level = (TamgaLevel)read->default_level;
    profile->minimum_level = (TamgaLevel)read->minimum_level;
    profile->tsa_digest = g_strdup (digests[read->tsa_digest]);
    profile->format_xml = xml_formats[read->format_xml];
    profile->format_other = other_formats[read->format_other];
    if (profile->timestamp_mandatory && profile->minimum_level < TAMGA_LEVEL_T) {
        tamga_keyfile_error (keyfile, "signing", "minimum-level", error,
                             "timestamp-mandatory=true needs minimum-level=T or higher");
        return FALSE;
    }
    if (profile->default_level < profile->minimum_level) {
        tamga_keyfile_error (keyfile, "signing", "default-level", error,
                             "default-level is below minimum-level");
        return FALSE;
    }
    g_autofree char *base = g_path_get_basename (profile->path);
    g_autofree char *expected = g_strconcat (profile->name, ".profile", NULL);
    if (!g_str_equal (base, expected)) {
        tamga_keyfile_error (keyfile, "profile", "name", error,
                             "name=%s does not match the name of the file", profile->name);
        return FALSE;
    }
    return TRUE;
}

static gboolean read_profile (TamgaKeyfile *keyfile, Read *read, GError **error)
{
    if (!tamga_keyfile_fill (keyfile, NULL, rows, G_N_ELEMENTS (rows), read, error) ||
        !read_oids (keyfile, &read->profile, error) ||
        !tamga_profile_read_algorithms (keyfile, &read->profile, error) ||
        !tamga_profile_read_identifiers (keyfile, &read->profile, error) ||
        !tamga_profile_read_timestamps (keyfile, &read->profile, error))
        return FALSE;
    g_auto (GStrv) groups = tamga_keyfile_groups (keyfile);
    for (guint i = 0; groups[i] != NULL; i++)
        if (g_str_has_prefix (groups[i], FOREIGN_PREFIX) &&
            !read_licence (keyfile, groups[i], &read->profile, error))
            return FALSE;
    return tamga_keyfile_finish (keyfile, error) && read_reminders (keyfile, read, error) &&
           check_rules (keyfile, read, error);
}

TamgaProfile *tamga_profile_load_file (const char *path, GError **error)
{
    g_autoptr (TamgaKeyfile) keyfile = tamga_keyfile_read (
        path, TAMGA_PROFILE_ERROR, TAMGA_PROFILE_ERROR_SYNTAX, TAMGA_PROFILE_ERROR_VALUE, error);
    if (keyfile == NULL)
        return NULL;
    Read read = {0};
    read.profile.path = g_strdup (path);
    read.profile.oid_names = g_ptr_array_new_with_free_func (oid_name_free);
    read.profile.foreign = g_ptr_array_new_with_free_func (licence_free);
    read.profile.algorithms = g_ptr_array_new_with_free_func (tamga_algorithm_rule_free);
    read.profile.identifiers = g_ptr_array_new_with_free_func (tamga_identifier_rule_free);
    read.profile.timestamps = g_ptr_array_new_with_free_func (tamga_timestamp_rule_free);
    gboolean done = read_profile (keyfile, &read, error);
    g_strfreev (read.reminders);
    g_autoptr (TamgaProfile) profile = g_new (TamgaProfile, 1);
    *profile = read.profile;
    return done ? g_steal_pointer (&profile) : NULL;
}

/* Where profiles are: the user's, those beside the program (build tree and any prefix), those of
 * the installation. */
static char **profile_folders (void)
{
    g_autoptr (GStrvBuilder) folders = g_strv_builder_new ();
    g_autofree char *user = g_build_filename (g_get_user_data_dir (), "tamga", "profiles", NULL);
    g_strv_builder_add (folders, user);
    g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
    if (program != NULL) {
        g_autofree char *bin = g_path_get_dirname (program);
        g_autofree char *prefix = g_path_get_dirname (bin);
        g_autofree char *beside = g_build_filename (prefix, "share", "tamga", "profiles", NULL);
        g_strv_builder_add (folders, beside);
    }
    g_strv_builder_add (folders, TAMGA_DATADIR "/profiles");
    return g_strv_builder_end (folders);
}

static gboolean name_ok (const char *name)
{
    gsize length = strlen (name);
    return length > 0 && length <= 64 &&
           strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static int compare_names (gconstpointer a, gconstpointer b)
{
    return strcmp (*(char *const *)a, *(char *const *)b);
}

char **tamga_profile_names (void)
{
    g_auto (GStrv) folders = profile_folders ();
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    for (guint i = 0; folders[i] != NULL; i++) {
        g_autoptr (GDir) dir = g_dir_open (folders[i], 0, NULL);
        const char *file;
        while (dir != NULL && (file = g_dir_read_name (dir)) != NULL) {
            if (!g_str_has_suffix (file, ".profile"))
                continue;
            g_autofree char *name = g_strndup (file, strlen (file) - strlen (".profile"));
            if (name_ok (name) &&
                !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
                g_ptr_array_add (names, g_steal_pointer (&name));
        }
    }
    g_ptr_array_sort (names, compare_names);
    g_ptr_array_add (names, NULL);
    return (char **)g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

static TamgaProfile *load_named (const char *name, GError **error)
{
    g_auto (GStrv) folders = profile_folders ();
    g_autofree char *file = g_strconcat (name, ".profile", NULL);
    for (guint i = 0; name_ok (name) && folders[i] != NULL; i++) {
        g_autofree char *path = g_build_filename (folders[i], file, NULL);
        if (g_file_test (path, G_FILE_TEST_EXISTS))
            return tamga_profile_load_file (path, error);
    }
    g_auto (GStrv) names = tamga_profile_names ();
    g_autofree char *list = g_strjoinv (", ", names);
    g_set_error (error, TAMGA_PROFILE_ERROR, TAMGA_PROFILE_ERROR_UNKNOWN,
                 "There is no profile \"%s\"; there are: %s.", name, *list == '\0' ? "none" : list);
    return NULL;
}

TamgaProfile *tamga_profile_load (const char *name, GError **error)
{
    if (name != NULL)
        return load_named (name, error);
    g_autoptr (TamgaConfig) config = tamga_config_load (error);
    if (config == NULL)
        return NULL;
    return load_named (config->profile != NULL ? config->profile : "basic", error);
}

/* Names that no country defines: what stands in certificates everywhere. */
static const struct {
    const char *oid, *name;
} general_names[] = {
    {"1.3.6.1.5.5.7.3.2", "TLS client authentication"},
    {"1.3.6.1.5.5.7.3.4", "e-mail protection"},
    {"1.3.6.1.5.5.7.3.8", "timestamping"},
    {"1.3.6.1.5.5.7.3.9", "OCSP signing"},
    {"2.5.29.32.0", "any policy"},
};

const char *tamga_profile_oid_name (const TamgaProfile *profile, const char *oid)
{
    for (guint i = 0; profile != NULL && i < profile->oid_names->len; i++) {
        const TamgaOidName *row = profile->oid_names->pdata[i];
        if (g_str_equal (row->oid, oid))
            return row->name;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (general_names); i++)
        if (g_str_equal (general_names[i].oid, oid))
            return general_names[i].name;
    int nid = OBJ_txt2nid (oid);
    const char *known = nid == NID_undef ? NULL : OBJ_nid2ln (nid);
    return known != NULL ? known : oid;
}
