/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Talking to a `tamga-key` process. */
#include "client/keys/agent.h"

struct _TamgaKeyAgent {
    TamgaHelper *helper;
    TamgaProgress *progress;
    gboolean is_module;
    char *subject; /* the module or file, for messages */
    guint timeout_ms;
};

void tamga_key_agent_free (TamgaKeyAgent *agent)
{
    if (agent == NULL)
        return;
    tamga_helper_free (agent->helper);
    tamga_progress_free (agent->progress);
    g_free (agent->subject);
    g_free (agent);
}

TamgaKeyAgent *tamga_key_agent_start (const char *kind, const char *argument, guint timeout_ms,
                                      const TamgaCall *call, GError **error)
{
    const char *const arguments[] = {kind, argument, NULL};
    g_autoptr (TamgaKeyAgent) agent = g_new0 (TamgaKeyAgent, 1);

    agent->is_module = g_str_equal (kind, "pkcs11");
    agent->subject = g_strdup (argument);
    agent->timeout_ms = timeout_ms != 0 ? timeout_ms : TAMGA_KEYS_TIMEOUT_MS;
    agent->progress = tamga_progress_new (error);
    if (agent->progress == NULL)
        return NULL;
    agent->helper = tamga_helper_spawn ("tamga-key", arguments, error);
    if (agent->helper == NULL ||
        !tamga_key_agent_send (agent, "open", NULL, tamga_progress_fd (agent->progress), call,
                               error))
        return NULL;
    return g_steal_pointer (&agent);
}

gboolean tamga_key_agent_opened (TamgaKeyAgent *agent, const TamgaCall *call, GError **error)
{
    g_autoptr (GVariant) answer = tamga_key_agent_receive (agent, 0, call, error);
    return answer != NULL;
}

GPid tamga_key_agent_pid (TamgaKeyAgent *agent)
{
    return tamga_helper_pid (agent->helper);
}

/* What the end of the process means. `call_name`: the call that was running, or NULL. */
static void explain_module (TamgaKeyAgent *agent, const GError *failure, const char *call_name,
                            guint timeout_ms, GError **error)
{
    if (g_error_matches (failure, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED))
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_MODULE_CRASHED,
                     "the module %s crashed%s%s (%s)", agent->subject,
                     call_name != NULL ? " in " : "", call_name != NULL ? call_name : "",
                     failure->message);
    else if (g_error_matches (failure, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_TIMEOUT))
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_MODULE_HANGS,
                     "the module %s does not answer: %s did not return within %u.%u s; its process "
                     "was ended",
                     agent->subject, call_name != NULL ? call_name : "a call", timeout_ms / 1000,
                     timeout_ms % 1000 / 100);
    else
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                     "the process of the module %s does not work: %s", agent->subject,
                     failure->message);
}

/* Takes `failure`. */
static void explain (TamgaKeyAgent *agent, GError *failure, const char *call_name, guint timeout_ms,
                     GError **error)
{
    g_autoptr (GError) owned = failure;

    if (owned->domain != TAMGA_HELPER_ERROR || owned->code == TAMGA_HELPER_ERROR_MISSING) {
        g_propagate_error (error, g_steal_pointer (&owned));
    } else if (owned->code == TAMGA_HELPER_ERROR_CANCELLED) {
        g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED, "cancelled");
    } else if (agent->is_module) {
        explain_module (agent, owned, call_name, timeout_ms, error);
    } else if (owned->code == TAMGA_HELPER_ERROR_TIMEOUT) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FILE,
                     "the file %s could not be opened within %u.%u s: its password protection asks "
                     "for too much work",
                     agent->subject, timeout_ms / 1000, timeout_ms % 1000 / 100);
    } else {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                     "the process that holds the file %s does not work: %s", agent->subject,
                     owned->message);
    }
}

gboolean tamga_key_agent_send (TamgaKeyAgent *agent, const char *verb, GVariant *arguments,
                               int pass_fd, const TamgaCall *call, GError **error)
{
    TamgaCall limit = tamga_call_within (call, agent->timeout_ms);
    GError *failure = NULL;
    gint64 since;

    if (tamga_helper_send (agent->helper, verb, arguments, pass_fd, &limit, &failure))
        return TRUE;
    g_autofree char *call_name = tamga_progress_read (agent->progress, &since);
    explain (agent, failure, call_name, agent->timeout_ms, error);
    return FALSE;
}

/* Waits for the answer as long as calls into the module come and go, each within its time. FALSE:
 * none has come. */
static gboolean watch (TamgaKeyAgent *agent, guint timeout_ms, const TamgaCall *call)
{
    gint64 active = g_get_monotonic_time (), since;
    /* several agents work at once and are received one after the other: this one may have been in
     * a call for long */
    g_autofree char *first = tamga_progress_read (agent->progress, &since);
    gboolean was_running = first != NULL;

    if (was_running)
        active = since;
    for (;;) {
        TamgaCall limit = call != NULL ? *call : TAMGA_CALL_INIT;
        gint64 deadline = active + (gint64)timeout_ms * 1000;
        gboolean whole_call = limit.deadline != 0 && limit.deadline <= deadline;
        if (!whole_call)
            limit.deadline = deadline;
        if (tamga_helper_ready (agent->helper, &limit))
            return TRUE;
        if (tamga_call_cancelled (&limit) || whole_call)
            return FALSE;
        g_autofree char *running = tamga_progress_read (agent->progress, &since);
        if (running != NULL && since > active)
            active = since;
        else if (running == NULL && was_running)
            active = g_get_monotonic_time ();
        else
            return FALSE;
        was_running = running != NULL;
    }
}

GVariant *tamga_key_agent_receive (TamgaKeyAgent *agent, guint timeout_ms, const TamgaCall *call,
                                   GError **error)
{
    TamgaCall now = call != NULL ? *call : TAMGA_CALL_INIT;
    GError *failure = NULL;
    gint64 since;

    timeout_ms = timeout_ms != 0 ? timeout_ms : agent->timeout_ms;
    gboolean ready = watch (agent, timeout_ms, call);
    g_autofree char *call_name = tamga_progress_read (agent->progress, &since);
    /* the rest of an answer that has begun comes at once; where none has, this ends the helper */
    now.deadline = g_get_monotonic_time () + (ready ? (gint64)timeout_ms * 1000 : 0);
    GVariant *answer =
        tamga_helper_receive (agent->helper, &now, TAMGA_KEYS_ERROR, tamga_keys_codes, &failure);
    if (answer == NULL)
        explain (agent, failure, call_name, timeout_ms, error);
    return answer;
}

GVariant *tamga_key_agent_ask (TamgaKeyAgent *agent, const char *verb, GVariant *arguments,
                               const TamgaCall *call, GError **error)
{
    if (!tamga_key_agent_send (agent, verb, arguments, -1, call, error))
        return NULL;
    return tamga_key_agent_receive (agent, 0, call, error);
}
