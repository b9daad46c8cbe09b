/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of entries: what may be extracted anywhere without leaving the folder, and without one file
 * becoming another. */
#include <string.h>

#include "formats/limits.h"
#include "formats/zip/internal.h"

static gboolean part_is_safe (const char *part, gsize length)
{
    return length > 0 && strspn (part, ".") < length;
}

gboolean tamga_zip_name_is_safe (const char *name)
{
    gsize length = strlen (name);
    const char *part = name;

    if (length == 0 || length > TAMGA_MAX_ZIP_NAME || !g_utf8_validate (name, -1, NULL) ||
        strchr (name, '\\') != NULL || (g_ascii_isalpha (name[0]) && name[1] == ':'))
        return FALSE;
    for (const char *at = name; *at != '\0'; at = g_utf8_next_char (at)) {
        if (g_unichar_type (g_utf8_get_char (at)) == G_UNICODE_CONTROL)
            return FALSE;
    }
    for (const char *slash; (slash = strchr (part, '/')) != NULL; part = slash + 1) {
        if (!part_is_safe (part, (gsize)(slash - part)))
            return FALSE;
    }
    /* The name of a directory ends with the slash. */
    return *part == '\0' || part_is_safe (part, strlen (part));
}

char *tamga_zip_name_key (const char *name)
{
    g_autofree char *composed = g_utf8_normalize (name, -1, G_NORMALIZE_NFC);
    g_autofree char *folded = g_utf8_casefold (composed != NULL ? composed : name, -1);
    /* Folding may take the composed form apart again. */
    g_autofree char *again = g_utf8_normalize (folded, -1, G_NORMALIZE_NFC);
    g_auto (GStrv) parts = g_strsplit (again != NULL ? again : folded, "/", -1);

    for (char **part = parts; *part != NULL; part++) {
        gsize length = strlen (*part);
        while (length > 0 && ((*part)[length - 1] == '.' || (*part)[length - 1] == ' '))
            (*part)[--length] = '\0';
    }
    return g_strjoinv ("/", parts);
}

/* `name`: of a folder without its slash, or of a file. The key says which of both it is, so that
 * a file and a folder of one name collide. */
static gboolean claim_one (GHashTable *keys, const char *name, gboolean folder, gboolean again)
{
    char *key = tamga_zip_name_key (name);
    char *spelling = g_strconcat (name, folder ? "/" : "", NULL);
    const char *earlier = g_hash_table_lookup (keys, key);
    gboolean free = earlier == NULL || (again && strcmp (earlier, spelling) == 0);

    if (earlier == NULL) {
        g_hash_table_insert (keys, key, spelling);
    } else {
        g_free (key);
        g_free (spelling);
    }
    return free;
}

gboolean tamga_zip_name_claim (GHashTable *keys, const char *name)
{
    const char *last = strrchr (name, '/');

    for (const char *slash = name; (slash = strchr (slash, '/')) != NULL; slash++) {
        g_autofree char *folder = g_strndup (name, (gsize)(slash - name));
        if (!claim_one (keys, folder, TRUE, TRUE))
            return FALSE;
    }
    return (last != NULL && last[1] == '\0') || claim_one (keys, name, FALSE, FALSE);
}
