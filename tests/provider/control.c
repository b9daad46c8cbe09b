/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of the control interface, one row each. */
#include "tests/provider/control.h"

#include <string.h>

#include "tests/provider/authority.h"
#include "tests/provider/crl.h"
#include "tests/provider/service.h"
#include "tests/provider/state.h"

/* CRLReason (RFC 5280 5.3.1). */
static const struct {
    const char *name;
    int code;
} reasons[] = {
    {"none", PROVIDER_REASON_NONE},
    {"unspecified", 0},
    {"keyCompromise", 1},
    {"CACompromise", 2},
    {"cACompromise", 2},
    {"affiliationChanged", 3},
    {"superseded", 4},
    {"cessationOfOperation", 5},
    {"certificateHold", PROVIDER_REASON_HOLD},
    {"privilegeWithdrawn", 9},
    {"aACompromise", 10},
};

typedef struct Command Command;
struct Command {
    const char *name;
    gboolean (*run) (Provider *provider, const Command *command, GHashTable *query, GError **error);
    ProviderStatus status; /* of the status commands */
    const char *subject;   /* whose certificate when the query names none */
};

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
static gboolean refuse (GError **error, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_set_error_literal (error, PROVIDER_ERROR, PROVIDER_ERROR_REQUEST, text);
    return FALSE;
}

/* Seconds in parameter NAME; *NUMBER stays when it is absent. */
static gboolean read_number (GHashTable *query, const char *name, gint64 *number, GError **error)
{
    const char *text = g_hash_table_lookup (query, name);
    gint64 limit = 200 * 366 * (gint64)PROVIDER_DAY;
    if (text == NULL)
        return TRUE;
    if (!g_ascii_string_to_signed (text + (*text == '+'), 10, -limit, limit, number, NULL))
        return refuse (error, "%s=%s is not a number", name, text);
    return TRUE;
}

/* The certificate meant by serial=HEX, name=NAME or the command itself. */
static ProviderEntry *find_entry (Provider *provider, const Command *command, GHashTable *query,
                                  GError **error)
{
    const char *serial = g_hash_table_lookup (query, "serial");
    const char *name = g_hash_table_lookup (query, "name");
    ProviderEntry *entry = NULL;
    if (name == NULL)
        name = command->subject;
    if (serial != NULL)
        entry = provider_find_serial (provider, serial);
    else if (name != NULL)
        entry = provider_find_name (provider, name);
    if (serial == NULL && name == NULL)
        refuse (error, "say which certificate: serial=HEX or name=NAME");
    else if (entry == NULL)
        refuse (error, "no certificate %s was issued here", serial != NULL ? serial : name);
    return entry;
}

static gboolean read_reason (GHashTable *query, int *reason, GError **error)
{
    const char *text = g_hash_table_lookup (query, "reason");
    if (text == NULL)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++) {
        if (strcmp (reasons[i].name, text) == 0) {
            *reason = reasons[i].code;
            return TRUE;
        }
    }
    return refuse (error, "reason=%s is not a CRLReason (RFC 5280 5.3.1)", text);
}

static gboolean run_status (Provider *provider, const Command *command, GHashTable *query,
                            GError **error)
{
    ProviderEntry *entry = find_entry (provider, command, query, error);
    int reason =
        command->status == PROVIDER_SUSPENDED ? PROVIDER_REASON_HOLD : PROVIDER_REASON_NONE;
    gint64 since = 0;
    if (entry == NULL || !read_number (query, "time", &since, error) ||
        !read_reason (query, &reason, error))
        return FALSE;
    if (command->status == PROVIDER_GOOD && entry->status != PROVIDER_SUSPENDED)
        return refuse (error, "certificate %s is not suspended", entry->serial);
    if (command->status == PROVIDER_SUSPENDED && entry->status == PROVIDER_REVOKED)
        return refuse (error, "certificate %s is revoked, and that is final", entry->serial);
    entry->status = command->status;
    entry->reason = reason;
    entry->since = provider_now (provider) + since;
    provider_crl_touch (provider_authority (provider, entry->authority));
    provider_save (provider);
    return TRUE;
}

static gboolean run_unknown (Provider *provider, const Command *command, GHashTable *query,
                             GError **error)
{
    ProviderEntry *entry = find_entry (provider, command, query, error);
    if (entry == NULL)
        return FALSE;
    entry->unknown = g_strcmp0 (g_hash_table_lookup (query, "set"), "0") != 0;
    provider_save (provider);
    return TRUE;
}

/* The fault applies to SERVICE when its family has that kind. */
static gboolean set_fault (Provider *provider, const ProviderService *service, ProviderFault kind,
                           gint64 count, GHashTable *query)
{
    if ((provider_fault_families (kind) & service->family) == 0)
        return FALSE;
    provider_faults_add (&provider->faults, service->name, kind, count, query);
    return TRUE;
}

static gboolean run_fault (Provider *provider, const Command *command, GHashTable *query,
                           GError **error)
{
    const char *name = g_hash_table_lookup (query, "service");
    const char *kind_name = g_hash_table_lookup (query, "kind");
    gint64 count = 0;
    gint64 ms = 0;

    (void)command;
    if (name == NULL || kind_name == NULL)
        return refuse (error, "a fault needs service= and kind=");
    gboolean all = strcmp (name, "all") == 0;
    const ProviderService *service = all ? NULL : provider_service_find (provider, name);
    ProviderFault kind = provider_fault_kind (kind_name);
    if (!all && service == NULL)
        return refuse (error, "there is no service called %s", name);
    if (!read_number (query, "count", &count, error) || !read_number (query, "ms", &ms, error))
        return FALSE;
    if (count < 0 || ms < 0)
        return refuse (error, "count and ms cannot be negative");
    if (strcmp (kind_name, "none") == 0) {
        provider_faults_remove (&provider->faults, all ? NULL : service->name);
        return TRUE;
    }
    if (kind == PROVIDER_FAULTS)
        return refuse (error, "there is no fault called %s", kind_name);
    gboolean applied = FALSE;
    for (guint i = 0; all && i < provider->services->len; i++)
        applied |= set_fault (provider, provider->services->pdata[i], kind, count, query);
    if (!all)
        applied = set_fault (provider, service, kind, count, query);
    if (!applied)
        return refuse (error, "%s cannot have the fault %s", name, kind_name);
    return TRUE;
}

static void touch_all (Provider *provider)
{
    for (guint i = 0; i < provider->authorities->len; i++)
        provider_crl_touch (provider->authorities->pdata[i]);
    provider_save (provider);
}

static gboolean run_clock (Provider *provider, const Command *command, GHashTable *query,
                           GError **error)
{
    (void)command;
    if (g_hash_table_lookup (query, "shift") == NULL)
        return refuse (error, "the clock needs shift=SECONDS");
    if (!read_number (query, "shift", &provider->clock_shift, error))
        return FALSE;
    touch_all (provider);
    return TRUE;
}

static gboolean run_reset (Provider *provider, const Command *command, GHashTable *query,
                           GError **error)
{
    (void)command;
    (void)query;
    (void)error;
    provider_faults_clear (&provider->faults);
    if (provider->clock_shift != 0) {
        provider->clock_shift = 0;
        touch_all (provider);
    }
    return TRUE;
}

static gboolean run_new_base (Provider *provider, const Command *command, GHashTable *query,
                              GError **error)
{
    const char *name = g_hash_table_lookup (query, "authority");
    ProviderAuthority *authority = provider_authority (provider, name == NULL ? "provider" : name);
    (void)command;
    if (authority == NULL)
        return refuse (error, "there is no authority called %s", name);
    provider_crl_new_base (provider, authority,
                           g_strcmp0 (g_hash_table_lookup (query, "freeze"), "1") == 0);
    return TRUE;
}

static gboolean run_clear_log (Provider *provider, const Command *command, GHashTable *query,
                               GError **error)
{
    (void)command;
    (void)query;
    (void)error;
    g_queue_clear_full (&provider->log, g_free);
    return TRUE;
}

static const Command commands[] = {
    {"revoke", run_status, PROVIDER_REVOKED, NULL},
    {"suspend", run_status, PROVIDER_SUSPENDED, NULL},
    {"resume", run_status, PROVIDER_GOOD, NULL},
    {"revoke-provider", run_status, PROVIDER_REVOKED, "provider"},
    {"suspend-provider", run_status, PROVIDER_SUSPENDED, "provider"},
    {"resume-provider", run_status, PROVIDER_GOOD, "provider"},
    {"revoke-tsa", run_status, PROVIDER_REVOKED, "tsa"},
    {"suspend-tsa", run_status, PROVIDER_SUSPENDED, "tsa"},
    {"resume-tsa", run_status, PROVIDER_GOOD, "tsa"},
    {"unknown", run_unknown, PROVIDER_GOOD, NULL},
    {"fault", run_fault, PROVIDER_GOOD, NULL},
    {"clock", run_clock, PROVIDER_GOOD, NULL},
    {"reset", run_reset, PROVIDER_GOOD, NULL},
    {"new-base", run_new_base, PROVIDER_GOOD, NULL},
    {"clear-log", run_clear_log, PROVIDER_GOOD, NULL},
};

static void answer_log (const Provider *provider, ProviderAnswer *answer)
{
    g_autoptr (GString) text = g_string_new (NULL);
    for (const GList *line = provider->log.head; line != NULL; line = line->next)
        g_string_append_printf (text, "%s\n", (const char *)line->data);
    gsize length = text->len;
    provider_answer_set (answer, 200, "text/plain; charset=utf-8",
                         g_bytes_new_take (g_string_free (g_steal_pointer (&text), FALSE), length));
}

/* All strings in it come from tables, hex numbers or checked query words: nothing to escape. */
static void answer_state (const Provider *provider, ProviderAnswer *answer)
{
    static const char *const statuses[] = {"good", "suspended", "revoked"};
    g_autoptr (GString) text = g_string_new (NULL);
    g_string_append_printf (text,
                            "{\"url\": \"%s\", \"now\": %" G_GINT64_FORMAT
                            ", \"clock_shift\": %" G_GINT64_FORMAT ",\n \"authorities\": [",
                            provider->url, provider_now (provider), provider->clock_shift);
    for (guint i = 0; i < provider->authorities->len; i++) {
        const ProviderAuthority *authority = provider->authorities->pdata[i];
        g_string_append_printf (text,
                                "%s\n  {\"name\": \"%s\", \"crl_number\": %" G_GINT64_FORMAT
                                ", \"base_number\": %" G_GINT64_FORMAT ", \"frozen\": %s}",
                                i == 0 ? "" : ",", authority->spec->name, authority->crl_number,
                                authority->base_number, authority->frozen ? "true" : "false");
    }
    g_string_append (text, "],\n \"certificates\": [");
    for (guint i = 0; i < provider->entries->len; i++) {
        const ProviderEntry *entry = provider->entries->pdata[i];
        g_string_append_printf (
            text,
            "%s\n  {\"serial\": \"%s\", \"issuer\": \"%s\", \"name\": \"%s\", \"status\": \"%s\", "
            "\"since\": %" G_GINT64_FORMAT ", \"reason\": %d, \"unknown\": %s, "
            "\"not_after\": %" G_GINT64_FORMAT "}",
            i == 0 ? "" : ",", entry->serial, entry->authority, entry->name,
            statuses[entry->status], entry->since, entry->reason, entry->unknown ? "true" : "false",
            entry->not_after);
    }
    g_string_append (text, "],\n \"faults\": [");
    for (guint i = 0; provider->faults.active != NULL && i < provider->faults.active->len; i++) {
        const ProviderActiveFault *fault = provider->faults.active->pdata[i];
        g_string_append_printf (
            text, "%s\n  {\"service\": \"%s\", \"kind\": \"%s\", \"left\": %" G_GINT64_FORMAT "}",
            i == 0 ? "" : ",", fault->service, provider_fault_name (fault->kind),
            fault->count == G_MAXINT64 ? -1 : fault->count);
    }
    g_string_append (text, "]}\n");
    gsize length = text->len;
    provider_answer_set (answer, 200, "application/json",
                         g_bytes_new_take (g_string_free (g_steal_pointer (&text), FALSE), length));
}

void provider_control_answer (Provider *provider, const ProviderRequest *request,
                              ProviderAnswer *answer)
{
    const char *name = request->path + strlen ("/control/");
    g_autoptr (GError) error = NULL;

    if (strcmp (request->method, "GET") == 0) {
        if (strcmp (name, "log") == 0)
            answer_log (provider, answer);
        else if (strcmp (name, "state") == 0)
            answer_state (provider, answer);
        else
            provider_answer_set_text (answer, 404, "GET /control/log or /control/state\n");
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
        if (strcmp (commands[i].name, name) != 0)
            continue;
        if (commands[i].run (provider, &commands[i], request->query, &error))
            provider_answer_set_text (answer, 200, "ok\n");
        else
            provider_answer_set_text (answer, 400, "%s\n", error->message);
        return;
    }
    provider_answer_set_text (answer, 400, "there is no command called %s\n", name);
}
