/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict reading of key files: a syntax pass that knows lines, then GKeyFile for the values. */
#include "client/profile/keyfile.h"

#include <string.h>

#include "formats/limits.h"

struct _TamgaKeyfile {
    GKeyFile *file;
    char *path;
    GHashTable *lines; /* "group" or "group\nkey" -> line */
    GHashTable *known; /* the same names, once read */
    GQuark domain;
    int syntax_code, value_code;
};

static char *entry_name (const char *group, const char *key)
{
    return key == NULL ? g_strdup (group) : g_strdup_printf ("%s\n%s", group, key);
}

void tamga_keyfile_error (TamgaKeyfile *keyfile, const char *group, const char *key, GError **error,
                          const char *format, ...)
{
    g_autofree char *name = entry_name (group, key);
    guint line = GPOINTER_TO_UINT (g_hash_table_lookup (keyfile->lines, name));
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    if (line > 0)
        g_set_error (error, keyfile->domain, keyfile->value_code, "%s:%u: %s", keyfile->path, line,
                     text);
    else
        g_set_error (error, keyfile->domain, keyfile->value_code, "%s: %s", keyfile->path, text);
}

static gboolean syntax_error (TamgaKeyfile *keyfile, guint line, GError **error, const char *text)
{
    g_set_error (error, keyfile->domain, keyfile->syntax_code, "%s:%u: %s", keyfile->path, line,
                 text);
    return FALSE;
}

/* Remembers where a name stands; FALSE when it stands there for the second time. */
static gboolean note_line (TamgaKeyfile *keyfile, const char *group, const char *key, guint line)
{
    return g_hash_table_insert (keyfile->lines, entry_name (group, key), GUINT_TO_POINTER (line));
}

static gboolean scan_line (TamgaKeyfile *keyfile, char **group, char *text, guint line,
                           GError **error)
{
    g_strstrip (text);
    if (*text == '\0' || *text == '#')
        return TRUE;
    gsize length = strlen (text);
    if (*text == '[') {
        if (length < 3 || text[length - 1] != ']')
            return syntax_error (keyfile, line, error, "a group is written [name]");
        g_free (*group);
        *group = g_strndup (text + 1, length - 2);
        if (!note_line (keyfile, *group, NULL, line))
            return syntax_error (keyfile, line, error, "this group is there already");
        return TRUE;
    }
    char *equals = strchr (text, '=');
    if (equals == NULL || equals == text)
        return syntax_error (keyfile, line, error, "neither a comment, a [group] nor key=value");
    if (*group == NULL)
        return syntax_error (keyfile, line, error, "a key before the first [group]");
    g_autofree char *key = g_strndup (text, equals - text);
    g_strchomp (key);
    if (!note_line (keyfile, *group, key, line))
        return syntax_error (keyfile, line, error, "this key is there already in its group");
    return TRUE;
}

TamgaKeyfile *tamga_keyfile_read (const char *path, GQuark domain, int syntax_code, int value_code,
                                  GError **error)
{
    g_autofree char *contents = NULL;
    gsize length;
    g_autoptr (GError) failure = NULL;
    if (!g_file_get_contents (path, &contents, &length, &failure)) {
        g_set_error (error, domain, syntax_code, "%s cannot be read: %s", path, failure->message);
        return NULL;
    }
    g_autoptr (TamgaKeyfile) keyfile = g_new0 (TamgaKeyfile, 1);
    keyfile->path = g_strdup (path);
    keyfile->file = g_key_file_new ();
    keyfile->lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    keyfile->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    keyfile->domain = domain;
    keyfile->syntax_code = syntax_code;
    keyfile->value_code = value_code;
    if (!g_utf8_validate (contents, (gssize)length, NULL)) {
        g_set_error (error, domain, syntax_code, "%s is not UTF-8 text", path);
        return NULL;
    }
    g_auto (GStrv) lines = g_strsplit (contents, "\n", -1);
    g_autofree char *group = NULL;
    for (guint i = 0; lines[i] != NULL; i++)
        if (!scan_line (keyfile, &group, lines[i], i + 1, error))
            return NULL;
    if (!g_key_file_load_from_data (keyfile->file, contents, length, G_KEY_FILE_NONE, &failure)) {
        g_set_error (error, domain, syntax_code, "%s is not a key file: %s", path,
                     failure->message);
        return NULL;
    }
    return g_steal_pointer (&keyfile);
}

void tamga_keyfile_free (TamgaKeyfile *keyfile)
{
    if (keyfile == NULL)
        return;
    g_key_file_free (keyfile->file);
    g_hash_table_unref (keyfile->lines);
    g_hash_table_unref (keyfile->known);
    g_free (keyfile->path);
    g_free (keyfile);
}

char **tamga_keyfile_groups (TamgaKeyfile *keyfile)
{
    return g_key_file_get_groups (keyfile->file, NULL);
}

char **tamga_keyfile_keys (TamgaKeyfile *keyfile, const char *group)
{
    return g_key_file_get_keys (keyfile->file, group, NULL, NULL);
}

char *tamga_keyfile_string (TamgaKeyfile *keyfile, const char *group, const char *key,
                            GError **error)
{
    g_autoptr (GError) failure = NULL;
    g_autofree char *value = g_key_file_get_string (keyfile->file, group, key, &failure);
    if (value == NULL) {
        tamga_keyfile_error (keyfile, group, key, error, "%s is not readable: %s", key,
                             failure->message);
        return NULL;
    }
    g_strstrip (value);
    if (*value == '\0') {
        tamga_keyfile_error (keyfile, group, key, error, "%s has no value", key);
        return NULL;
    }
    return g_steal_pointer (&value);
}

gboolean tamga_keyfile_url_ok (const char *url)
{
    if (url == NULL || strlen (url) > TAMGA_MAX_URL_LENGTH)
        return FALSE;
    for (const char *at = url; *at != '\0'; at++)
        if ((guchar)*at <= 0x20 || (guchar)*at >= 0x7f)
            return FALSE;
    g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
    if (uri == NULL || g_uri_get_userinfo (uri) != NULL)
        return FALSE;
    const char *scheme = g_uri_get_scheme (uri);
    const char *host = g_uri_get_host (uri);
    return (g_str_equal (scheme, "http") || g_str_equal (scheme, "https")) && host != NULL &&
           *host != '\0';
}

gboolean tamga_keyfile_oid_ok (const char *text)
{
    g_auto (GStrv) arcs = g_strsplit (text, ".", -1);
    guint n = g_strv_length (arcs);
    if (n < 2 || n > 64)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        gsize digits = strlen (arcs[i]);
        if (digits == 0 || digits > 39 || strspn (arcs[i], "0123456789") != digits ||
            (digits > 1 && arcs[i][0] == '0'))
            return FALSE;
    }
    return arcs[0][1] == '\0' && arcs[0][0] <= '2';
}

static gboolean fingerprint_ok (char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++)
        if (*from != ':' && *from != ' ')
            *to++ = g_ascii_tolower (*from);
    *to = '\0';
    return strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

gboolean tamga_keyfile_time (const char *text, gint64 *value)
{
    g_autofree char *full =
        strchr (text, 'T') != NULL ? g_strdup (text) : g_strdup_printf ("%sT00:00:00Z", text);
    g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (full, NULL);
    if (time == NULL)
        return FALSE;
    *value = g_date_time_to_unix (time);
    return TRUE;
}

static gboolean number_from_text (const char *text, const TamgaKeyRow *row, guint *value)
{
    guint64 number;
    if (!g_ascii_string_to_unsigned (text, 10, row->minimum, row->maximum, &number, NULL))
        return FALSE;
    *value = (guint)number;
    return TRUE;
}

static gboolean fill_scalar (TamgaKeyfile *keyfile, const char *group, const TamgaKeyRow *row,
                             gpointer field, GError **error)
{
    g_autofree char *text = tamga_keyfile_string (keyfile, group, row->key, error);
    if (text == NULL)
        return FALSE;
    const char *wanted = NULL;
    switch (row->kind) {
    case TAMGA_KEY_STRING:
        break;
    case TAMGA_KEY_OID:
        wanted = tamga_keyfile_oid_ok (text) ? NULL : "an object identifier such as 1.2.3";
        break;
    case TAMGA_KEY_FINGERPRINT:
        wanted = fingerprint_ok (text) ? NULL : "a SHA-256 fingerprint, 64 hexadecimal digits";
        break;
    case TAMGA_KEY_BOOLEAN:
        if (!g_str_equal (text, "true") && !g_str_equal (text, "false"))
            wanted = "true or false";
        else
            *(gboolean *)field = g_str_equal (text, "true");
        break;
    case TAMGA_KEY_TIME:
        wanted = tamga_keyfile_time (text, field) ? NULL : "a date such as 2026-01-31";
        break;
    case TAMGA_KEY_NUMBER:
        if (!number_from_text (text, row, field)) {
            tamga_keyfile_error (keyfile, group, row->key, error,
                                 "%s=%s is not a whole number from %u to %u", row->key, text,
                                 row->minimum, row->maximum);
            return FALSE;
        }
        break;
    default: { /* TAMGA_KEY_WORD */
        guint i = 0;
        while (row->words[i] != NULL && !g_str_equal (row->words[i], text))
            i++;
        if (row->words[i] == NULL) {
            g_autofree char *words = g_strjoinv (", ", (char **)row->words);
            tamga_keyfile_error (keyfile, group, row->key, error, "%s=%s is not one of: %s",
                                 row->key, text, words);
            return FALSE;
        }
        *(int *)field = (int)i;
    }
    }
    if (wanted != NULL) {
        tamga_keyfile_error (keyfile, group, row->key, error, "%s=%s is not %s", row->key, text,
                             wanted);
        return FALSE;
    }
    if (row->kind == TAMGA_KEY_STRING || row->kind == TAMGA_KEY_OID ||
        row->kind == TAMGA_KEY_FINGERPRINT)
        *(char **)field = g_steal_pointer (&text);
    return TRUE;
}

static gboolean fill_list (TamgaKeyfile *keyfile, const char *group, const TamgaKeyRow *row,
                           char ***field, GError **error)
{
    g_autoptr (GError) failure = NULL;
    g_auto (GStrv) list =
        g_key_file_get_string_list (keyfile->file, group, row->key, NULL, &failure);
    if (list == NULL) {
        tamga_keyfile_error (keyfile, group, row->key, error, "%s is not readable: %s", row->key,
                             failure->message);
        return FALSE;
    }
    for (guint i = 0; list[i] != NULL; i++) {
        g_strstrip (list[i]);
        const char *wanted = NULL;
        if (*list[i] == '\0')
            wanted = "a value";
        else if (row->kind == TAMGA_KEY_URLS && !tamga_keyfile_url_ok (list[i]))
            wanted = "an http or https URL";
        else if (row->kind == TAMGA_KEY_FINGERPRINTS && !fingerprint_ok (list[i]))
            wanted = "a SHA-256 fingerprint, 64 hexadecimal digits";
        if (wanted != NULL) {
            tamga_keyfile_error (keyfile, group, row->key, error, "%s: \"%s\" is not %s", row->key,
                                 list[i], wanted);
            return FALSE;
        }
    }
    *field = g_steal_pointer (&list);
    return TRUE;
}

gboolean tamga_keyfile_fill (TamgaKeyfile *keyfile, const char *group, const TamgaKeyRow *rows,
                             gsize n, gpointer target, GError **error)
{
    for (gsize i = 0; i < n; i++) {
        const TamgaKeyRow *row = &rows[i];
        const char *in = group != NULL ? group : row->group;
        if (!g_key_file_has_key (keyfile->file, in, row->key, NULL)) {
            if (!row->required)
                continue;
            tamga_keyfile_error (keyfile, in, NULL, error, "%s= is missing in [%s]", row->key, in);
            return FALSE;
        }
        gpointer field = (char *)target + row->offset;
        gboolean list = row->kind == TAMGA_KEY_LIST || row->kind == TAMGA_KEY_URLS ||
                        row->kind == TAMGA_KEY_FINGERPRINTS;
        if (list ? !fill_list (keyfile, in, row, field, error)
                 : !fill_scalar (keyfile, in, row, field, error))
            return FALSE;
        g_hash_table_add (keyfile->known, entry_name (in, NULL));
        g_hash_table_add (keyfile->known, entry_name (in, row->key));
    }
    return TRUE;
}

void tamga_keyfile_accept_group (TamgaKeyfile *keyfile, const char *group)
{
    g_auto (GStrv) keys = tamga_keyfile_keys (keyfile, group);
    g_hash_table_add (keyfile->known, entry_name (group, NULL));
    for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
        g_hash_table_add (keyfile->known, entry_name (group, keys[i]));
}

gboolean tamga_keyfile_finish (TamgaKeyfile *keyfile, GError **error)
{
    g_auto (GStrv) groups = tamga_keyfile_groups (keyfile);
    for (guint g = 0; groups[g] != NULL; g++) {
        g_auto (GStrv) keys = tamga_keyfile_keys (keyfile, groups[g]);
        for (guint k = 0; keys != NULL && keys[k] != NULL; k++) {
            g_autofree char *name = entry_name (groups[g], keys[k]);
            if (g_hash_table_contains (keyfile->known, name))
                continue;
            tamga_keyfile_error (keyfile, groups[g], keys[k], error, "unknown key %s in [%s]",
                                 keys[k], groups[g]);
            return FALSE;
        }
        if (!g_hash_table_contains (keyfile->known, groups[g]) &&
            (keys == NULL || keys[0] == NULL)) {
            tamga_keyfile_error (keyfile, groups[g], NULL, error, "unknown or empty group [%s]",
                                 groups[g]);
            return FALSE;
        }
    }
    return TRUE;
}
