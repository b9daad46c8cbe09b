/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading p11-kit's .module files (pkcs11.conf(5)). */
#include <string.h>
#include <unistd.h>

#include "client/keys/keys.h"
#include "client/keys/modules.h"

typedef struct {
    char *root, *package, *user;
} Folders;

static void set_up (Folders *folders, gconstpointer data)
{
    (void)data;
    folders->root = g_dir_make_tmp ("tamga-modules-XXXXXX", NULL);
    folders->package = g_build_filename (folders->root, "package", NULL);
    folders->user = g_build_filename (folders->root, "user", NULL);
    g_assert_cmpint (g_mkdir_with_parents (folders->package, 0700), ==, 0);
    g_assert_cmpint (g_mkdir_with_parents (folders->user, 0700), ==, 0);
}

static void tear_down (Folders *folders, gconstpointer data)
{
    const char *argv[] = {"rm", "-rf", folders->root, NULL};
    (void)data;
    g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                                 NULL, NULL, NULL));
    g_free (folders->root);
    g_free (folders->package);
    g_free (folders->user);
}

static void put (const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* The names found, in order, joined by commas. */
static char *found (Folders *folders)
{
    const char *const all[] = {folders->package, folders->user, "/nonexistent", NULL};
    g_autoptr (GPtrArray) modules = tamga_modules_read (all);
    g_autoptr (GString) names = g_string_new (NULL);

    for (guint i = 0; i < modules->len; i++) {
        const TamgaModule *module = modules->pdata[i];
        g_assert_true (g_path_is_absolute (module->path));
        g_string_append_printf (names, "%s%s", i > 0 ? "," : "", module->name);
    }
    return g_strdup (names->str);
}

typedef struct {
    const char *name, *text;
    gboolean taken;
} Row;

static const Row rows[] = {
    {"plain", "module: /lib/a.so\n", TRUE},
    {"blanks_and_comments", "# a comment\n\n   module :  /lib/a.so  \n#module: /lib/b.so", TRUE},
    {"without_newline", "module: /lib/a.so", TRUE},
    {"windows_lines", "module: /lib/a.so\r\npriority: 2\r\n", TRUE},
    {"no_module", "priority: 5\n", FALSE},
    {"empty_module", "module:\n", FALSE},
    {"empty_file", "", FALSE},
    {"not_a_module_file",
     "\x7f"
     "ELF\x01\x02",
     FALSE},
    {"trust_policy", "module: /lib/a.so\ntrust-policy: yes\n", FALSE},
    {"trust_policy_no", "module: /lib/a.so\ntrust-policy: no\n", TRUE},
    {"enabled_for_us", "module: /lib/a.so\nenable-in: firefox, tamga\n", TRUE},
    {"enabled_for_others", "module: /lib/a.so\nenable-in: firefox tamga-like\n", FALSE},
    {"disabled_for_us", "module: /lib/a.so\ndisable-in: tamga\n", FALSE},
    {"disabled_for_others", "module: /lib/a.so\ndisable-in: p11-kit-proxy\n", TRUE},
    {"remote", "remote: |bwrap module\n", FALSE},
};

static void takes (Folders *folders, gconstpointer data)
{
    const Row *row = data;
    put (folders->package, "one.module", row->text);
    g_autofree char *names = found (folders);
    g_assert_cmpstr (names, ==, row->taken ? "one" : "");
}

static void only_module_files (Folders *folders, gconstpointer data)
{
    (void)data;
    put (folders->package, "a.conf", "module: /lib/a.so");
    put (folders->package, "a.module.bak", "module: /lib/a.so");
    put (folders->package, "b.module", "module: /lib/b.so");
    g_autofree char *names = found (folders);
    g_assert_cmpstr (names, ==, "b");
}

static void priorities (Folders *folders, gconstpointer data)
{
    (void)data;
    put (folders->package, "a.module", "module: /lib/a.so\npriority: -1");
    put (folders->package, "b.module", "module: /lib/b.so");
    put (folders->package, "c.module", "module: /lib/c.so\npriority: 10");
    put (folders->package, "d.module", "module: /lib/d.so\npriority: nonsense");
    g_autofree char *names = found (folders);
    g_assert_cmpstr (names, ==, "c,b,d,a");
}

/* The person's file of the same name wins, key by key; so one can be switched off. */
static void user_overrides (Folders *folders, gconstpointer data)
{
    (void)data;
    put (folders->package, "a.module", "module: /lib/a.so\npriority: 1");
    put (folders->package, "b.module", "module: /lib/b.so");
    put (folders->user, "a.module", "module:\n");
    put (folders->user, "b.module", "priority: 3");
    put (folders->user, "c.module", "module: /lib/c.so\npriority: 2");
    g_autofree char *names = found (folders);
    g_assert_cmpstr (names, ==, "b,c");
}

/* One library under two names is asked once. */
static void duplicates (Folders *folders, gconstpointer data)
{
    g_autofree char *library = g_build_filename (folders->root, "a.so", NULL);
    g_autofree char *link = g_build_filename (folders->root, "b.so", NULL);
    g_autofree char *first = g_strdup_printf ("module: %s\npriority: 1", library);
    g_autofree char *second = g_strdup_printf ("module: %s", link);
    (void)data;
    put (folders->root, "a.so", "library");
    g_assert_cmpint (symlink (library, link), ==, 0);
    put (folders->package, "a.module", first);
    put (folders->package, "b.module", second);
    g_autofree char *names = found (folders);
    g_assert_cmpstr (names, ==, "a");
}

static void relative_names (Folders *folders, gconstpointer data)
{
    const char *const all[] = {folders->package, NULL};
    (void)data;
    put (folders->package, "a.module", "module: opensc-pkcs11.so");
    g_autoptr (GPtrArray) modules = tamga_modules_read (all);
    const TamgaModule *module = modules->pdata[0];
    g_assert_true (g_str_has_suffix (module->path, "/pkcs11/opensc-pkcs11.so"));
    g_assert_true (g_path_is_absolute (module->path));
}

static void module_names (void)
{
    TamgaModule module = {.path = (char *)"/usr/lib/softhsm/libsofthsm2.so",
                          .name = (char *)"softhsm2-registered"};
    g_assert_true (tamga_module_has_name (&module, "softhsm2"));
    g_assert_true (tamga_module_has_name (&module, "libsofthsm2"));
    g_assert_true (tamga_module_has_name (&module, "softhsm2-registered"));
    g_assert_false (tamga_module_has_name (&module, "softhsm"));
    g_assert_false (tamga_module_has_name (&module, "softhsm2.so"));
}

/* The packages of this machine: SoftHSM and OpenSC register themselves, p11-kit's own trust module
 * is left out. */
static void of_this_machine (void)
{
    g_autoptr (GPtrArray) paths = tamga_keys_modules ();
    gboolean softhsm = FALSE;

    for (guint i = 0; i < paths->len; i++) {
        softhsm |= g_str_has_suffix (paths->pdata[i], "/libsofthsm2.so");
        g_assert_false (g_str_has_suffix (paths->pdata[i], "/p11-kit-trust.so"));
    }
    g_assert_true (softhsm);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *name = g_strdup_printf ("/modules/takes/%s", rows[i].name);
        g_test_add (name, Folders, &rows[i], set_up, takes, tear_down);
    }
    g_test_add ("/modules/only_module_files", Folders, NULL, set_up, only_module_files, tear_down);
    g_test_add ("/modules/priorities", Folders, NULL, set_up, priorities, tear_down);
    g_test_add ("/modules/user_overrides", Folders, NULL, set_up, user_overrides, tear_down);
    g_test_add ("/modules/duplicates", Folders, NULL, set_up, duplicates, tear_down);
    g_test_add ("/modules/relative_names", Folders, NULL, set_up, relative_names, tear_down);
    g_test_add_func ("/modules/module_names", module_names);
    g_test_add_func ("/modules/of_this_machine", of_this_machine);
    return g_test_run ();
}
