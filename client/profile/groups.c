/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identifiers of people and organisations, and timestamps by the kind of the signer's key. */
#include "client/profile/groups.h"

#include <string.h>

#define IDENTIFIERS "identifiers"
#define TIMESTAMP_PREFIX "timestamp "
#define DIGITS "digits="
#define MAX_DIGITS 40

void tamga_identifier_rule_free (gpointer data)
{
    TamgaIdentifierRule *rule = data;
    g_free (rule->oid);
    g_free (rule->prefix);
    g_free (rule->label);
    g_free (rule);
}

void tamga_timestamp_rule_free (gpointer data)
{
    TamgaTimestampRule *rule = data;
    g_free (rule->policy);
    g_free (rule->digest_name);
    g_free (rule);
}

static gboolean read_identifier (TamgaKeyfile *keyfile, const char *key, TamgaProfile *profile,
                                 GError **error)
{
    g_autofree char *value = tamga_keyfile_string (keyfile, IDENTIFIERS, key, error);
    if (value == NULL)
        return FALSE;
    TamgaIdentifierRule *rule = g_new0 (TamgaIdentifierRule, 1);
    g_ptr_array_add (profile->identifiers, rule);
    g_auto (GStrv) name = g_strsplit (key, ":", 2);
    rule->oid = g_strdup (name[0]);
    rule->prefix = g_strdup (name[1]);
    if (!tamga_keyfile_oid_ok (rule->oid) || (rule->prefix != NULL && *rule->prefix == '\0')) {
        tamga_keyfile_error (keyfile, IDENTIFIERS, key, error,
                             "%s is not an object identifier such as 1.2.3, or 1.2.3:PREFIX", key);
        return FALSE;
    }
    g_auto (GStrv) parts = g_strsplit (value, ";", -1);
    rule->label = g_strdup (g_strstrip (parts[0]));
    guint64 digits = 0;
    const char *more = parts[1] != NULL ? g_strstrip (parts[1]) : NULL;
    gboolean good = *rule->label != '\0' && (more == NULL || parts[2] == NULL);
    if (good && more != NULL)
        good =
            g_str_has_prefix (more, DIGITS) &&
            g_ascii_string_to_unsigned (more + strlen (DIGITS), 10, 1, MAX_DIGITS, &digits, NULL);
    if (!good)
        tamga_keyfile_error (keyfile, IDENTIFIERS, key, error,
                             "%s=%s is not a name, or a name and ;digits=NUMBER", key, value);
    rule->digits = (guint)digits;
    return good;
}

gboolean tamga_profile_read_identifiers (TamgaKeyfile *keyfile, TamgaProfile *profile,
                                         GError **error)
{
    g_auto (GStrv) keys = tamga_keyfile_keys (keyfile, IDENTIFIERS);
    for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
        if (!read_identifier (keyfile, keys[i], profile, error))
            return FALSE;
    }
    if (keys != NULL)
        tamga_keyfile_accept_group (keyfile, IDENTIFIERS);
    return TRUE;
}

static gboolean read_timestamp (TamgaKeyfile *keyfile, const char *group, TamgaProfile *profile,
                                GError **error)
{
    static const TamgaKeyRow rows[] = {
        {.key = "policy",
         .kind = TAMGA_KEY_OID,
         .offset = G_STRUCT_OFFSET (TamgaTimestampRule, policy)},
        {.key = "digest",
         .kind = TAMGA_KEY_STRING,
         .offset = G_STRUCT_OFFSET (TamgaTimestampRule, digest_name)},
    };
    TamgaTimestampRule *rule = g_new0 (TamgaTimestampRule, 1);
    g_ptr_array_add (profile->timestamps, rule);
    if (!tamga_keyfile_fill (keyfile, group, rows, G_N_ELEMENTS (rows), rule, error))
        return FALSE;
    g_autofree char *name = g_strstrip (g_strdup (group + strlen (TIMESTAMP_PREFIX)));
    rule->kind = tamga_key_kind_by_name (name);
    if (rule->kind == NULL) {
        tamga_keyfile_error (keyfile, group, NULL, error, "\"%s\" is no kind of key", name);
        return FALSE;
    }
    rule->digest = rule->digest_name != NULL ? tamga_digest_by_name (rule->digest_name) : NULL;
    if (rule->digest_name != NULL && (rule->digest == NULL || rule->digest->weak)) {
        tamga_keyfile_error (keyfile, group, "digest", error,
                             "digest=%s is not a digest that timestamps may be made with",
                             rule->digest_name);
        return FALSE;
    }
    return TRUE;
}

gboolean tamga_profile_read_timestamps (TamgaKeyfile *keyfile, TamgaProfile *profile,
                                        GError **error)
{
    g_auto (GStrv) groups = tamga_keyfile_groups (keyfile);
    for (guint i = 0; groups[i] != NULL; i++) {
        if (g_str_has_prefix (groups[i], TIMESTAMP_PREFIX) &&
            !read_timestamp (keyfile, groups[i], profile, error))
            return FALSE;
    }
    return TRUE;
}

const TamgaTimestampRule *tamga_profile_timestamp (const TamgaProfile *profile, EVP_PKEY *key)
{
    const char *kind = key != NULL ? tamga_key_kind (key) : NULL;
    for (guint i = 0; kind != NULL && profile->timestamps != NULL && i < profile->timestamps->len;
         i++) {
        const TamgaTimestampRule *rule = profile->timestamps->pdata[i];
        if (g_str_equal (rule->kind, kind))
            return rule;
    }
    return NULL;
}
