/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Discovery of PKCS#11 modules. */
#include "client/keys/modules.h"

#include <stdlib.h>
#include <string.h>

#include "client/keys/keys.h"

/* How this program is called in enable-in and disable-in. */
#define PROGRAM "tamga"
#define SUFFIX ".module"

void tamga_module_free (TamgaModule *module)
{
    if (module == NULL)
        return;
    g_free (module->path);
    g_free (module->name);
    g_free (module);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TamgaModule, tamga_module_free)

/* pkcs11.conf(5): a name without a folder is in p11-kit's own module folder. */
static char *module_path (const char *name)
{
    if (g_path_is_absolute (name))
        return g_strdup (name);
    if (strchr (name, G_DIR_SEPARATOR) != NULL)
        return g_canonicalize_filename (name, NULL);
    return g_build_filename (TAMGA_P11_MODULE_DIR, name, NULL);
}

TamgaModule *tamga_module_named (const char *path)
{
    TamgaModule *module = g_new0 (TamgaModule, 1);

    module->path = module_path (path);
    module->name = g_path_get_basename (path);
    return module;
}

/* Adds the "key: value" lines of a file to `keys`; lines of a later file win. */
static void read_lines (const char *path, GHashTable *keys)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents (path, &text, NULL, NULL))
        return; /* a folder, or not for us to read: as p11-kit does */
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char *colon = strchr (g_strstrip (*line), ':');
        if (**line == '#' || colon == NULL)
            continue;
        g_hash_table_replace (keys, g_strstrip (g_strndup (*line, (gsize)(colon - *line))),
                              g_strstrip (g_strdup (colon + 1)));
    }
}

/* A name in a list separated by commas and blanks. */
static gboolean list_has (const char *list, const char *name)
{
    g_auto (GStrv) names = g_strsplit_set (list, ", \t", -1);
    return g_strv_contains ((const char *const *)names, name);
}

static gboolean is_for_us (GHashTable *keys)
{
    const char *trust = g_hash_table_lookup (keys, "trust-policy");
    const char *enable = g_hash_table_lookup (keys, "enable-in");
    const char *disable = g_hash_table_lookup (keys, "disable-in");
    const char *module = g_hash_table_lookup (keys, "module");

    if (module == NULL || *module == '\0') /* also how a user switches one off */
        return FALSE;
    if (trust != NULL && g_ascii_strcasecmp (trust, "yes") == 0)
        return FALSE;
    if (enable != NULL && !list_has (enable, PROGRAM))
        return FALSE;
    return disable == NULL || !list_has (disable, PROGRAM);
}

static int compare_modules (gconstpointer a, gconstpointer b)
{
    const TamgaModule *first = *(TamgaModule *const *)a, *second = *(TamgaModule *const *)b;
    if (first->priority != second->priority)
        return first->priority > second->priority ? -1 : 1;
    return strcmp (first->name, second->name);
}

/* The keys of each .module file: name -> (key -> value). */
static GHashTable *read_folders (const char *const *folders)
{
    GHashTable *files =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);

    for (; *folders != NULL; folders++) {
        g_autoptr (GDir) folder = g_dir_open (*folders, 0, NULL);
        const char *entry;
        while (folder != NULL && (entry = g_dir_read_name (folder)) != NULL) {
            if (!g_str_has_suffix (entry, SUFFIX))
                continue;
            g_autofree char *name = g_strndup (entry, strlen (entry) - strlen (SUFFIX));
            g_autofree char *path = g_build_filename (*folders, entry, NULL);
            GHashTable *keys = g_hash_table_lookup (files, name);
            if (keys == NULL) {
                keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
                g_hash_table_insert (files, g_steal_pointer (&name), keys);
            }
            read_lines (path, keys);
        }
    }
    return files;
}

/* One library may be registered twice; loaded twice its tokens would look ambiguous. */
static void drop_duplicates (GPtrArray *modules)
{
    g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, free, NULL);

    for (guint i = 0; i < modules->len;) {
        TamgaModule *module = modules->pdata[i];
        char *real = realpath (module->path, NULL);
        if (real != NULL && !g_hash_table_add (seen, real))
            g_ptr_array_remove_index (modules, i);
        else
            i++;
    }
}

GPtrArray *tamga_modules_read (const char *const *folders)
{
    g_autoptr (GHashTable) files = read_folders (folders);
    GPtrArray *modules = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_module_free);
    GHashTableIter iter;
    gpointer name, keys;

    g_hash_table_iter_init (&iter, files);
    while (g_hash_table_iter_next (&iter, &name, &keys)) {
        if (!is_for_us (keys))
            continue;
        const char *priority = g_hash_table_lookup (keys, "priority");
        TamgaModule *module = tamga_module_named (g_hash_table_lookup (keys, "module"));
        g_free (module->name);
        module->name = g_strdup (name);
        module->priority = priority != NULL ? (int)strtol (priority, NULL, 10) : 0;
        g_ptr_array_add (modules, module);
    }
    g_ptr_array_sort (modules, compare_modules);
    drop_duplicates (modules);
    return modules;
}

GPtrArray *tamga_modules_find (void)
{
    g_autofree char *user = g_build_filename (g_get_user_config_dir (), "pkcs11", "modules", NULL);
    const char *const folders[] = {TAMGA_P11_PACKAGE_CONFIG, TAMGA_P11_SYSTEM_CONFIG, user, NULL};

    return tamga_modules_read (folders);
}

GPtrArray *tamga_keys_modules (void)
{
    g_autoptr (GPtrArray) modules = tamga_modules_find ();
    GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < modules->len; i++)
        g_ptr_array_add (paths, g_strdup (((TamgaModule *)modules->pdata[i])->path));
    return paths;
}

gboolean tamga_module_has_name (const TamgaModule *module, const char *name)
{
    g_autofree char *base = g_path_get_basename (module->path);
    const char *stem = g_str_has_prefix (base, "lib") ? base + strlen ("lib") : base;
    char *dot = strchr (base, '.');

    if (dot != NULL)
        *dot = '\0';
    return g_ascii_strcasecmp (stem, name) == 0 || g_ascii_strcasecmp (base, name) == 0 ||
           g_ascii_strcasecmp (module->name, name) == 0;
}
