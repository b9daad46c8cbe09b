/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which origins and hosts are talked to, and what is remembered of the person's answers. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bridge/origins.h"

#define PORTAL "https://portal.example"
#define OTHER "https://other.example:8443"
#define ALL ((1u << TAMGA_N_CAPABILITIES) - 1)
#define NOW 1790000000

static void only_https_and_local_http_are_sites (void)
{
    const char *const sites[] = {
        PORTAL,
        OTHER,
        "https://xn--80ak6aa92e.example",
        "https://192.0.2.7:1",
        "https://[2001:db8::1]",
        "https://[::1]:65535",
        "https://under_score.example",
        "https://localhost",
        "http://localhost",
        "http://localhost:8080",
    };
    for (gsize i = 0; i < G_N_ELEMENTS (sites); i++)
        g_assert_cmpint (tamga_origin_kind (sites[i]), ==, TAMGA_ORIGIN_SITE);
    g_assert_cmpint (tamga_origin_kind (NULL), ==, TAMGA_ORIGIN_PROGRAM);
    g_assert_cmpint (tamga_origin_kind (""), ==, TAMGA_ORIGIN_PROGRAM);
}

static void everything_else_is_refused (void)
{
    const char *const refused[] = {
        "null",
        "file://",
        "chrome-extension://ncibgoaomkmdpilpocfeponihegamlic",
        "moz-extension://e68418bc-f2b0-4459-a9ea-3e72b6751b07",
        "ftp://portal.example",
        "wss://portal.example",
        "portal.example",
        "//portal.example",
        "https:portal.example",
        "https://",
        "https://:8443",
        PORTAL "/",
        PORTAL "/login",
        PORTAL "?q",
        PORTAL "#f",
        PORTAL " ",
        " " PORTAL,
        PORTAL "\n",
        PORTAL ", " PORTAL,
        PORTAL " " PORTAL,
        "https://user@portal.example",
        "https://user:secret@portal.example",
        "https://portal.example@evil.example",
        "HTTPS://portal.example",
        "https://Portal.example",
        "https://портал.example",
        "https://.example",
        "https://-portal.example",
        "https://a..example",
        "https://a%2e.example",
        "https://a\\b.example",
        PORTAL ":",
        PORTAL ":0",
        PORTAL ":443",
        PORTAL ":08443",
        PORTAL ":+8443",
        PORTAL ":65536",
        PORTAL ":18446744073709559999",
        PORTAL ":8443x",
        PORTAL ":8443:1",
        "https://[]",
        "https://[::1",
        "https://[::1]x",
        "https://[::1%25eth0]",
        "https://[FE80::1]",
        "https://[1:2:3]",
        "https://[192.0.2.7]",
        "https://2001:db8::1",
        "http://portal.example",
        "http://127.0.0.1",
        "http://[::1]",
        "http://localhost:80",
        "http://localhost.example",
        "http://localhost.",
        "http://localhost@evil.example",
        "http://localhost/",
        "http://Localhost",
    };
    for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
        if (tamga_origin_kind (refused[i]) != TAMGA_ORIGIN_REFUSED)
            g_error ("\"%s\" is taken for an origin", refused[i]);
    }
    g_autofree char *label = g_strnfill (254, 'a');
    g_autofree char *longest = g_strconcat ("https://", label, NULL);
    g_assert_cmpint (tamga_origin_kind (longest), ==, TAMGA_ORIGIN_REFUSED);
    longest[strlen (longest) - 1] = '\0';
    g_assert_cmpint (tamga_origin_kind (longest), ==, TAMGA_ORIGIN_SITE);
}

static void only_this_machine_is_a_host (void)
{
    g_assert_true (tamga_host_allowed ("127.0.0.1:13579", 13579));
    g_assert_true (tamga_host_allowed ("localhost:13579", 13579));
    g_assert_true (tamga_host_allowed ("LocalHost:13579", 13579));
    g_assert_true (tamga_host_allowed ("[::1]:13579", 13579));
    const char *const foreign[] = {
        NULL,
        "",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1357",
        "127.0.0.1:135790",
        "127.0.0.1:13579 ",
        "127.0.0.2:13579",
        "127.1:13579",
        "2130706433:13579",
        "0.0.0.0:13579",
        "localhost.:13579",
        "rebound.example:13579",
        "localhost.rebound.example:13579",
        "::1:13579",
        "[0:0:0:0:0:0:0:1]:13579",
        "[::ffff:127.0.0.1]:13579",
        "user@localhost:13579",
    };
    for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++) {
        if (tamga_host_allowed (foreign[i], 13579))
            g_error ("\"%s\" is taken for this machine", foreign[i]);
    }
}

static void names_of_what_can_be_granted (void)
{
    json_t *list = tamga_capabilities_json (TAMGA_CAPABILITY_BATCH | TAMGA_CAPABILITY_TOKENS);
    char *text = json_dumps (list, JSON_COMPACT);
    g_assert_cmpstr (text, ==, "[\"tokens\",\"batch\"]");
    free (text);
    json_decref (list);
    TamgaRemember remember;
    g_assert_true (tamga_remember_from_name ("session", &remember));
    g_assert_cmpint (remember, ==, TAMGA_REMEMBER_SESSION);
    g_assert_false (tamga_remember_from_name ("forever", &remember));
    g_assert_false (tamga_remember_from_name (NULL, &remember));
}

typedef struct {
    char *folder, *path;
    TamgaGrants *grants;
} Fixture;

static void reopen (Fixture *f)
{
    g_autoptr (GError) error = NULL;
    g_clear_pointer (&f->grants, tamga_grants_free);
    f->grants = tamga_grants_open (f->path, &error);
    g_assert_no_error (error);
}

static void set_up (Fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp ("tamga-grants-XXXXXX", NULL);
    f->path = g_build_filename (f->folder, "state", "grants.json", NULL);
    reopen (f);
}

static void tear_down (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *state = g_path_get_dirname (f->path);
    tamga_grants_free (f->grants);
    g_unlink (f->path);
    g_rmdir (state);
    g_assert_cmpint (g_rmdir (f->folder), ==, 0);
    g_free (f->path);
    g_free (f->folder);
}

static void allow (Fixture *f, const char *origin, guint capabilities, TamgaRemember remember)
{
    g_autoptr (GError) error = NULL;
    g_assert_true (tamga_grants_allow (f->grants, origin, capabilities, remember, NOW, &error));
    g_assert_no_error (error);
}

static void deny (Fixture *f, const char *origin, TamgaRemember remember)
{
    g_autoptr (GError) error = NULL;
    g_assert_true (tamga_grants_deny (f->grants, origin, remember, NOW, &error));
    g_assert_no_error (error);
}

static void assert_list (Fixture *f, const char *expected)
{
    json_t *list = tamga_grants_list (f->grants);
    char *text = json_dumps (list, JSON_COMPACT);
    g_assert_cmpstr (text, ==, expected);
    free (text);
    json_decref (list);
}

static void once_is_remembered_nowhere (Fixture *f, gconstpointer data)
{
    (void)data;
    allow (f, PORTAL, ALL, TAMGA_REMEMBER_ONCE);
    g_assert_cmpuint (tamga_grants_missing (f->grants, PORTAL, ALL), ==, ALL);
    g_assert_false (tamga_grants_known (f->grants, PORTAL));
    deny (f, PORTAL, TAMGA_REMEMBER_ONCE);
    g_assert_false (tamga_grants_denied (f->grants, PORTAL));
    assert_list (f, "[]");
    g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));
}

static void session_ends_with_the_bridge (Fixture *f, gconstpointer data)
{
    (void)data;
    allow (f, PORTAL, TAMGA_CAPABILITY_TOKENS, TAMGA_REMEMBER_SESSION);
    deny (f, OTHER, TAMGA_REMEMBER_SESSION);
    g_assert_cmpuint (tamga_grants_missing (f->grants, PORTAL, ALL), ==,
                      ALL & ~(guint)TAMGA_CAPABILITY_TOKENS);
    g_assert_true (tamga_grants_known (f->grants, PORTAL));
    g_assert_true (tamga_grants_denied (f->grants, OTHER));
    assert_list (f, "[{\"origin\":\"https://other.example:8443\",\"answer\":\"deny\","
                    "\"capabilities\":[],\"remember\":\"session\",\"since\":"
                    "\"2026-09-21T14:13:20Z\"},{\"origin\":\"https://portal.example\","
                    "\"answer\":\"allow\",\"capabilities\":[\"tokens\"],\"remember\":\"session\","
                    "\"since\":\"2026-09-21T14:13:20Z\"}]");
    reopen (f);
    g_assert_cmpuint (tamga_grants_missing (f->grants, PORTAL, ALL), ==, ALL);
    g_assert_false (tamga_grants_denied (f->grants, OTHER));
}

static void always_is_kept_in_a_private_file (Fixture *f, gconstpointer data)
{
    (void)data;
    allow (f, PORTAL, TAMGA_CAPABILITY_SIGN, TAMGA_REMEMBER_ALWAYS);
    allow (f, PORTAL, TAMGA_CAPABILITY_BATCH, TAMGA_REMEMBER_ALWAYS);
    allow (f, PORTAL, TAMGA_CAPABILITY_TOKENS, TAMGA_REMEMBER_SESSION);
    deny (f, OTHER, TAMGA_REMEMBER_ALWAYS);
    struct stat info;
    g_assert_cmpint (stat (f->path, &info), ==, 0);
    g_assert_cmpuint (info.st_mode & 07777, ==, 0600);
    reopen (f);
    g_assert_cmpuint (tamga_grants_missing (f->grants, PORTAL, ALL), ==,
                      TAMGA_CAPABILITY_TOKENS | TAMGA_CAPABILITY_CERTIFICATE);
    g_assert_true (tamga_grants_denied (f->grants, OTHER));
    g_assert_false (tamga_grants_known (f->grants, OTHER));
}

static void origins_are_not_alike (Fixture *f, gconstpointer data)
{
    (void)data;
    allow (f, PORTAL, ALL, TAMGA_REMEMBER_SESSION);
    const char *const others[] = {PORTAL ":8443", PORTAL ".evil.example", "https://portal.exampl",
                                  "https://sub.portal.example"};
    for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
        g_assert_cmpuint (tamga_grants_missing (f->grants, others[i], ALL), ==, ALL);
}

static void what_is_said_later_counts (Fixture *f, gconstpointer data)
{
    (void)data;
    allow (f, PORTAL, ALL, TAMGA_REMEMBER_ALWAYS);
    deny (f, PORTAL, TAMGA_REMEMBER_SESSION);
    g_assert_true (tamga_grants_denied (f->grants, PORTAL));
    g_assert_cmpuint (tamga_grants_missing (f->grants, PORTAL, ALL), ==, ALL);
    reopen (f);
    g_assert_cmpuint (tamga_grants_missing (f->grants, PORTAL, ALL), ==, ALL);
    deny (f, PORTAL, TAMGA_REMEMBER_ALWAYS);
    allow (f, PORTAL, TAMGA_CAPABILITY_SIGN, TAMGA_REMEMBER_ALWAYS);
    reopen (f);
    g_assert_false (tamga_grants_denied (f->grants, PORTAL));
    g_assert_cmpuint (tamga_grants_missing (f->grants, PORTAL, TAMGA_CAPABILITY_SIGN), ==, 0);
}

static void programs_are_asked_about_every_time (Fixture *f, gconstpointer data)
{
    (void)data;
    allow (f, NULL, ALL, TAMGA_REMEMBER_ALWAYS);
    g_assert_cmpuint (tamga_grants_missing (f->grants, NULL, ALL), ==, ALL);
    deny (f, NULL, TAMGA_REMEMBER_ALWAYS);
    g_assert_false (tamga_grants_denied (f->grants, NULL));
    g_assert_true (tamga_grants_paused (f->grants, NULL, g_get_monotonic_time ()));
    assert_list (f, "[]");
    g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));
}

static void a_denial_makes_a_pause (Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 before = g_get_monotonic_time ();
    g_assert_false (tamga_grants_paused (f->grants, PORTAL, before));
    deny (f, PORTAL, TAMGA_REMEMBER_ONCE);
    gint64 after = g_get_monotonic_time ();
    const gint64 pause = (gint64)TAMGA_BRIDGE_DENIAL_SECONDS * G_USEC_PER_SEC;
    g_assert_true (tamga_grants_paused (f->grants, PORTAL, after));
    g_assert_true (tamga_grants_paused (f->grants, PORTAL, before + pause - 1));
    g_assert_false (tamga_grants_paused (f->grants, PORTAL, after + pause));
    g_assert_false (tamga_grants_paused (f->grants, OTHER, after));
    g_assert_false (tamga_grants_paused (f->grants, NULL, after));
}

static void revoking_forgets_one_or_all (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (GError) error = NULL;
    allow (f, PORTAL, ALL, TAMGA_REMEMBER_ALWAYS);
    deny (f, OTHER, TAMGA_REMEMBER_ALWAYS);
    g_assert_true (tamga_grants_revoke (f->grants, OTHER, &error));
    g_assert_false (tamga_grants_revoke (f->grants, OTHER, &error));
    g_assert_no_error (error);
    reopen (f);
    g_assert_false (tamga_grants_denied (f->grants, OTHER));
    g_assert_true (tamga_grants_known (f->grants, PORTAL));
    g_assert_true (tamga_grants_revoke (f->grants, NULL, &error));
    reopen (f);
    assert_list (f, "[]");
    g_assert_false (tamga_grants_revoke (f->grants, NULL, &error));
    g_assert_no_error (error);
}

static void damaged_files_are_errors (Fixture *f, gconstpointer data)
{
    (void)data;
#define ONE "\"origin\":\"" PORTAL "\",\"answer\":\"allow\",\"capabilities\":[\"sign\"],\"since\":1"
    const char *const files[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"version\":1}",
        "{\"version\":2,\"origins\":[]}",
        "{\"version\":\"1\",\"origins\":[]}",
        "{\"version\":1,\"version\":1,\"origins\":[]}",
        "{\"version\":1,\"origins\":{}}",
        "{\"version\":1,\"origins\":[1]}",
        "{\"version\":1,\"origins\":[{" ONE "}]} more",
        "{\"version\":1,\"origins\":[{" ONE "},{" ONE "}]}",
        "{\"version\":1,\"origins\":[{" ONE ",\"since\":1}]}",
        "{\"version\":1,\"origins\":[{\"origin\":\"null\",\"answer\":\"allow\","
        "\"capabilities\":[],\"since\":1}]}",
        "{\"version\":1,\"origins\":[{\"origin\":\"" PORTAL "\",\"answer\":\"maybe\","
        "\"capabilities\":[],\"since\":1}]}",
        "{\"version\":1,\"origins\":[{\"origin\":\"" PORTAL "\",\"answer\":\"allow\","
        "\"capabilities\":[\"everything\"],\"since\":1}]}",
        "{\"version\":1,\"origins\":[{\"origin\":\"" PORTAL "\",\"answer\":\"allow\","
        "\"capabilities\":\"sign\",\"since\":1}]}",
        "{\"version\":1,\"origins\":[{\"origin\":\"" PORTAL "\",\"answer\":\"allow\","
        "\"capabilities\":[\"sign\"],\"since\":\"now\"}]}",
    };
    g_autoptr (GError) failed = NULL;
    allow (f, PORTAL, TAMGA_CAPABILITY_SIGN, TAMGA_REMEMBER_ALWAYS);
    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autoptr (GError) error = NULL;
        g_assert_true (g_file_set_contents (f->path, files[i], -1, &failed));
        g_autoptr (TamgaGrants) grants = tamga_grants_open (f->path, &error);
        if (grants)
            g_error ("read as grants: %s", files[i]);
        g_assert_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_STATE);
    }
    g_assert_true (
        g_file_set_contents (f->path, "{\"version\":1,\"origins\":[{" ONE "}]}", -1, &failed));
    reopen (f);
    g_assert_true (tamga_grants_known (f->grants, PORTAL));
#undef ONE
}

static void what_cannot_be_kept_is_not_granted (Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr (GError) error = NULL;
    g_autofree char *state = g_path_get_dirname (f->path);
    g_assert_cmpint (g_mkdir_with_parents (f->path, 0700), ==, 0);
    g_assert_false (
        tamga_grants_allow (f->grants, PORTAL, ALL, TAMGA_REMEMBER_ALWAYS, NOW, &error));
    g_assert_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_STATE);
    g_assert_cmpuint (tamga_grants_missing (f->grants, PORTAL, ALL), ==, ALL);
    g_assert_cmpint (g_rmdir (f->path), ==, 0);
}

int main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/origins/sites", only_https_and_local_http_are_sites);
    g_test_add_func ("/origins/refused", everything_else_is_refused);
    g_test_add_func ("/origins/host", only_this_machine_is_a_host);
    g_test_add_func ("/grants/names", names_of_what_can_be_granted);
    const struct {
        const char *name;
        void (*run) (Fixture *, gconstpointer);
    } tests[] = {
        {"/grants/once", once_is_remembered_nowhere},
        {"/grants/session", session_ends_with_the_bridge},
        {"/grants/always", always_is_kept_in_a_private_file},
        {"/grants/exact", origins_are_not_alike},
        {"/grants/later-counts", what_is_said_later_counts},
        {"/grants/programs", programs_are_asked_about_every_time},
        {"/grants/pause", a_denial_makes_a_pause},
        {"/grants/revoke", revoking_forgets_one_or_all},
        {"/grants/damaged", damaged_files_are_errors},
        {"/grants/unwritable", what_cannot_be_kept_is_not_granted},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    return g_test_run ();
}
