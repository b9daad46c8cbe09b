/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call on its way through the person: the turn, the prompter, the grant, files. Keys are in
 * keys.c, signatures in signing.c. */
#include "bridge/request.h"

#include "bridge/request_internal.h"
#include "bridge/storages.h"
#include "bridge/turn.h"

void tamga_request_clear (TamgaRequest *request)
{
    if (request->prompter && tamga_call_cancelled (&request->call))
        tamga_prompter_caller_gone (request->prompter);
    g_clear_pointer (&request->prompter, tamga_prompter_free);
    if (request->has_turn)
        tamga_turn_give (request->bridge->turn);
    request->has_turn = FALSE;
}

gboolean tamga_request_begin (TamgaRequest *request, GError **error)
{
    if (request->prompter)
        return TRUE;
    if (!request->has_turn &&
        !tamga_turn_take (request->bridge->turn, request->caller->origin, &request->call, error))
        return FALSE;
    request->has_turn = TRUE;
    request->prompter = tamga_prompter_start (request->bridge->config->prompter, request->locale,
                                              request->caller, error);
    return request->prompter != NULL;
}

static gboolean set_denied (const TamgaRequest *request, GError **error)
{
    const TamgaCaller *caller = request->caller;
    g_set_error (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_DENIED,
                 "The person does not allow this to %s.",
                 caller->origin    ? caller->origin
                 : caller->program ? caller->program
                                   : "a program that does not say what it is");
    return FALSE;
}

/* What the person answered to the question for a grant. */
static gboolean take_answer (TamgaRequest *request, guint capabilities, json_t *answer,
                             GError **error)
{
    TamgaGrants *grants = request->bridge->grants;
    const char *origin = request->caller->origin;
    const char *word = json_string_value (json_object_get (answer, "answer"));
    const char *name = json_string_value (json_object_get (answer, "remember"));
    TamgaRemember remember = TAMGA_REMEMBER_ONCE;
    gint64 now = request->bridge->clock ();
    if (name && !tamga_remember_from_name (name, &remember))
        word = NULL; /* who answers what nobody asked has not understood */
    if (g_strcmp0 (word, "allow") != 0) {
        return tamga_grants_deny (grants, origin, remember, now, error) &&
               set_denied (request, error);
    }
    request->granted |= capabilities;
    return tamga_grants_allow (grants, origin, capabilities, remember, now, error);
}

gboolean tamga_request_grant (TamgaRequest *request, guint capabilities, GError **error)
{
    TamgaGrants *grants = request->bridge->grants;
    const char *origin = request->caller->origin;
    guint missing = tamga_grants_missing (grants, origin, capabilities) & ~request->granted;
    if (missing == 0)
        return TRUE;
    if (tamga_grants_denied (grants, origin) ||
        tamga_grants_paused (grants, origin, g_get_monotonic_time ()))
        return set_denied (request, error);
    if (!tamga_request_begin (request, error))
        return FALSE;
    /* While this call waited for its turn, another one of the same origin may have been answered.
     */
    missing = tamga_grants_missing (grants, origin, capabilities) & ~request->granted;
    if (missing == 0)
        return TRUE;
    if (tamga_grants_denied (grants, origin) ||
        tamga_grants_paused (grants, origin, g_get_monotonic_time ()))
        return set_denied (request, error);
    json_t *question =
        json_pack ("{s:s, s:o}", "ask", "grant", "capabilities", tamga_capabilities_json (missing));
    g_autoptr (GError) failed = NULL;
    json_t *answer = tamga_prompter_ask (request->prompter, question, &request->call, &failed);
    gboolean granted = answer && take_answer (request, missing, answer, error);
    json_decref (answer);
    if (answer)
        return granted;
    /* A dialog that was closed is a denial for now: the pause begins. */
    if (g_error_matches (failed, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED) &&
        !tamga_grants_deny (grants, origin, TAMGA_REMEMBER_ONCE, request->bridge->clock (), error))
        return FALSE;
    g_propagate_error (error, g_steal_pointer (&failed));
    return FALSE;
}

char *tamga_request_choose_file (TamgaRequest *request, const char *purpose,
                                 const char *const *extensions, GError **error)
{
    if (!tamga_request_begin (request, error))
        return NULL;
    json_t *list = extensions && extensions[0] ? json_array () : NULL;
    for (gsize i = 0; list && extensions[i]; i++)
        json_array_append_new (list, json_string (extensions[i]));
    json_t *question = json_pack ("{s:s, s:s, s:o*, s:n}", "ask", "file", "for", purpose,
                                  "extensions", list, "directory");
    json_t *answer = tamga_prompter_ask (request->prompter, question, &request->call, error);
    if (!answer)
        return NULL;
    const char *path = json_string_value (json_object_get (answer, "path"));
    g_autofree char *chosen = path && g_path_is_absolute (path) ? g_strdup (path) : NULL;
    json_decref (answer);
    if (!chosen) {
        g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED,
                             "No file was chosen.");
        return NULL;
    }
    g_hash_table_add (request->paths, g_strdup (chosen));
    return g_steal_pointer (&chosen);
}

GBytes *tamga_request_read_file (TamgaRequest *request, const char *path, GError **error)
{
    if (!g_hash_table_contains (request->paths, path)) {
        g_set_error_literal (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PATH,
                             "Only a file that the person chose on this connection can be named.");
        return NULL;
    }
    g_autoptr (TamgaDocument) document = tamga_document_open (path, error);
    if (!document)
        return NULL;
    gsize limit = request->bridge->config->max_message;
    guint64 size = tamga_document_size (document);
    g_autoptr (GBytes) bytes = tamga_document_bytes (document, 0, size, limit, error);
    return bytes && tamga_document_check (document, error) ? g_steal_pointer (&bytes) : NULL;
}

json_t *tamga_request_tokens (TamgaRequest *request, GError **error)
{
    TamgaBridge *bridge = request->bridge;
    g_mutex_lock (&bridge->tokens_lock);
    const GPtrArray *tokens = tamga_keys_watch_tokens (bridge->tokens, &request->call, error);
    json_t *names = tokens ? json_array () : NULL;
    g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
    for (guint i = 0; tokens && i < tokens->len; i++) {
        const TamgaKeyToken *token = tokens->pdata[i];
        if (!token->present || !token->initialized)
            continue;
        const char *name = tamga_storage_of_token (token);
        if (g_hash_table_add (seen, (gpointer)name))
            json_array_append_new (names, json_string (name));
    }
    g_mutex_unlock (&bridge->tokens_lock);
    return names;
}
