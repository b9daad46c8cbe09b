/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the person has said about each origin, in memory and in the file. */
#include <string.h>

#include "bridge/origins.h"
#include "formats/limits.h"

#define VERSION 1
#define MAX_FILE (1u * 1024 * 1024)

/* One origin, for the session or for always. What is said later counts: an allowance ends a denial
 * and the reverse. */
typedef struct {
    guint session, always; /* capabilities that are granted */
    gboolean denied;
    TamgaRemember denial; /* where it is denied: SESSION or ALWAYS */
    gint64 since;         /* seconds UTC */
} Grant;

struct _TamgaGrants {
    GMutex lock;
    char *path;
    GHashTable *grants; /* origin → Grant */
    GHashTable *pauses; /* origin, "" for programs → gint64 *: monotonic time of the last denial */
};

static gboolean damaged (const TamgaGrants *grants, const char *why, GError **error)
{
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_STATE,
                 "%s, the list of what sites may do, cannot be read: %s. Mend it, or take it away "
                 "to begin anew.",
                 grants->path, why);
    return FALSE;
}

static Grant *grant_of (TamgaGrants *grants, const char *origin)
{
    Grant *grant = g_hash_table_lookup (grants->grants, origin);
    if (!grant) {
        grant = g_new0 (Grant, 1);
        g_hash_table_insert (grants->grants, g_strdup (origin), grant);
    }
    return grant;
}

static gboolean read_capabilities (const json_t *list, guint *bits)
{
    gsize index;
    json_t *item;
    json_array_foreach (list, index, item)
    {
        guint found = 0;
        for (guint i = 0; i < TAMGA_N_CAPABILITIES; i++) {
            if (g_strcmp0 (json_string_value (item), tamga_capability_name (1u << i)) == 0)
                found = 1u << i;
        }
        if (!found)
            return FALSE;
        *bits |= found;
    }
    return json_is_array (list);
}

static gboolean read_one (TamgaGrants *grants, const json_t *object)
{
    const char *origin = json_string_value (json_object_get (object, "origin"));
    const char *answer = json_string_value (json_object_get (object, "answer"));
    const json_t *since = json_object_get (object, "since");
    guint bits = 0;
    if (tamga_origin_kind (origin) != TAMGA_ORIGIN_SITE || !json_is_integer (since) ||
        g_hash_table_contains (grants->grants, origin) ||
        !read_capabilities (json_object_get (object, "capabilities"), &bits))
        return FALSE;
    Grant *grant = grant_of (grants, origin);
    grant->since = json_integer_value (since);
    grant->denied = g_strcmp0 (answer, "deny") == 0;
    grant->denial = TAMGA_REMEMBER_ALWAYS;
    grant->always = grant->denied ? 0 : bits;
    return grant->denied || g_strcmp0 (answer, "allow") == 0;
}

static gboolean load (TamgaGrants *grants, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr (GError) failed = NULL;
    gsize length = 0;
    if (!g_file_get_contents (grants->path, &text, &length, &failed))
        return g_error_matches (failed, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
               damaged (grants, failed->message, error);
    if (length > MAX_FILE)
        return damaged (grants, "it is too large", error);
    json_error_t where;
    json_t *root = json_loadb (text, length, JSON_REJECT_DUPLICATES, &where);
    const json_t *list = json_object_get (root, "origins");
    gboolean fine =
        json_integer_value (json_object_get (root, "version")) == VERSION && json_is_array (list);
    gsize index;
    json_t *object;
    json_array_foreach (list, index, object) fine = fine && read_one (grants, object);
    json_decref (root);
    return fine || damaged (grants, "it is not what Tamga wrote", error);
}

TamgaGrants *tamga_grants_open (const char *path, GError **error)
{
    g_autoptr (TamgaGrants) grants = g_new0 (TamgaGrants, 1);
    g_mutex_init (&grants->lock);
    grants->path = path ? g_strdup (path)
                        : g_build_filename (g_get_user_state_dir (), "tamga", "grants.json", NULL);
    grants->grants = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    grants->pauses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    return load (grants, error) ? g_steal_pointer (&grants) : NULL;
}

void tamga_grants_free (TamgaGrants *grants)
{
    if (!grants)
        return;
    g_hash_table_unref (grants->grants);
    g_hash_table_unref (grants->pauses);
    g_mutex_clear (&grants->lock);
    g_free (grants->path);
    g_free (grants);
}

static gint compare_names (gconstpointer a, gconstpointer b)
{
    return strcmp (a, b);
}

static json_t *file_json (TamgaGrants *grants)
{
    json_t *list = json_array ();
    g_autoptr (GList) origins = g_list_sort (g_hash_table_get_keys (grants->grants), compare_names);
    for (const GList *link = origins; link; link = link->next) {
        const Grant *grant = g_hash_table_lookup (grants->grants, link->data);
        gboolean denied = grant->denied && grant->denial == TAMGA_REMEMBER_ALWAYS;
        if (!denied && grant->always == 0)
            continue;
        json_array_append_new (list,
                               json_pack ("{s:s, s:s, s:o, s:I}", "origin", link->data, "answer",
                                          denied ? "deny" : "allow", "capabilities",
                                          tamga_capabilities_json (denied ? 0 : grant->always),
                                          "since", (json_int_t)grant->since));
    }
    return json_pack ("{s:i, s:o}", "version", VERSION, "origins", list);
}

/* With the lock held. */
static gboolean save (TamgaGrants *grants, GError **error)
{
    g_autofree char *folder = g_path_get_dirname (grants->path);
    json_t *root = file_json (grants);
    char *text = json_dumps (root, JSON_INDENT (2));
    json_decref (root);
    g_autoptr (GError) failed = NULL;
    g_mkdir_with_parents (folder, 0700);
    gboolean saved = g_file_set_contents_full (
        grants->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
        &failed);
    free (text);
    if (!saved)
        g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_STATE,
                     "What sites may do could not be written to %s: %s", grants->path,
                     failed->message);
    return saved;
}

guint tamga_grants_missing (TamgaGrants *grants, const char *origin, guint wanted)
{
    if (!origin)
        return wanted;
    g_mutex_lock (&grants->lock);
    const Grant *grant = g_hash_table_lookup (grants->grants, origin);
    guint granted = grant && !grant->denied ? grant->session | grant->always : 0;
    g_mutex_unlock (&grants->lock);
    return wanted & ~granted;
}

gboolean tamga_grants_denied (TamgaGrants *grants, const char *origin)
{
    if (!origin)
        return FALSE;
    g_mutex_lock (&grants->lock);
    const Grant *grant = g_hash_table_lookup (grants->grants, origin);
    gboolean denied = grant && grant->denied;
    g_mutex_unlock (&grants->lock);
    return denied;
}

gboolean tamga_grants_known (TamgaGrants *grants, const char *origin)
{
    guint all = (1u << TAMGA_N_CAPABILITIES) - 1;
    return origin && tamga_grants_missing (grants, origin, all) != all;
}

gboolean tamga_grants_allow (TamgaGrants *grants, const char *origin, guint wanted,
                             TamgaRemember remember, gint64 now, GError **error)
{
    if (!origin || remember == TAMGA_REMEMBER_ONCE)
        return TRUE;
    g_mutex_lock (&grants->lock);
    Grant *grant = grant_of (grants, origin);
    const Grant before = *grant;
    grant->denied = FALSE;
    grant->since = now;
    if (remember == TAMGA_REMEMBER_ALWAYS)
        grant->always |= wanted;
    else
        grant->session |= wanted;
    gboolean done = remember != TAMGA_REMEMBER_ALWAYS || save (grants, error);
    if (!done)
        *grant = before;
    g_mutex_unlock (&grants->lock);
    return done;
}

gboolean tamga_grants_deny (TamgaGrants *grants, const char *origin, TamgaRemember remember,
                            gint64 now, GError **error)
{
    gboolean done = TRUE;
    g_mutex_lock (&grants->lock);
    gint64 *pause = g_new (gint64, 1);
    *pause = g_get_monotonic_time ();
    g_hash_table_replace (grants->pauses, g_strdup (origin ? origin : ""), pause);
    if (origin && remember != TAMGA_REMEMBER_ONCE) {
        Grant *grant = grant_of (grants, origin);
        gboolean in_file = grant->always != 0 || remember == TAMGA_REMEMBER_ALWAYS;
        *grant = (Grant){.denied = TRUE, .denial = remember, .since = now};
        done = !in_file || save (grants, error);
    }
    g_mutex_unlock (&grants->lock);
    return done;
}

gboolean tamga_grants_paused (TamgaGrants *grants, const char *origin, gint64 monotonic)
{
    g_mutex_lock (&grants->lock);
    const gint64 *denied = g_hash_table_lookup (grants->pauses, origin ? origin : "");
    gboolean paused =
        denied && monotonic - *denied < (gint64)TAMGA_BRIDGE_DENIAL_SECONDS * G_USEC_PER_SEC;
    g_mutex_unlock (&grants->lock);
    return paused;
}

static void list_one (json_t *list, const char *origin, const Grant *grant)
{
    const struct {
        gboolean there;
        guint capabilities;
        const char *answer, *remember;
    } lines[] = {
        {grant->denied, 0, "deny", grant->denial == TAMGA_REMEMBER_ALWAYS ? "always" : "session"},
        {grant->session & ~grant->always, grant->session & ~grant->always, "allow", "session"},
        {grant->always, grant->always, "allow", "always"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
        if (lines[i].there)
            json_array_append_new (list, json_pack ("{s:s, s:s, s:o, s:s, s:o}", "origin", origin,
                                                    "answer", lines[i].answer, "capabilities",
                                                    tamga_capabilities_json (lines[i].capabilities),
                                                    "remember", lines[i].remember, "since",
                                                    tamga_json_time (grant->since)));
    }
}

json_t *tamga_grants_list (TamgaGrants *grants)
{
    json_t *list = json_array ();
    g_mutex_lock (&grants->lock);
    g_autoptr (GList) origins = g_list_sort (g_hash_table_get_keys (grants->grants), compare_names);
    for (const GList *link = origins; link; link = link->next)
        list_one (list, link->data, g_hash_table_lookup (grants->grants, link->data));
    g_mutex_unlock (&grants->lock);
    return list;
}

gboolean tamga_grants_revoke (TamgaGrants *grants, const char *origin, GError **error)
{
    g_mutex_lock (&grants->lock);
    gboolean there = origin ? g_hash_table_contains (grants->grants, origin)
                            : g_hash_table_size (grants->grants) > 0;
    if (there && origin)
        g_hash_table_remove (grants->grants, origin);
    else if (there)
        g_hash_table_remove_all (grants->grants);
    gboolean done = there && save (grants, error);
    g_mutex_unlock (&grants->lock);
    return done;
}
