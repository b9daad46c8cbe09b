/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The side of `tamga-fetch` that asks: tickets for what was started, results as they come, a new
 * helper where the old one died. */
#include "client/net/fetch.h"

#include "client/helper/helper.h"
#include "client/net/wire.h"
#include "formats/ossl.h"

/* Questions other than "wait" are answered at once; a helper that does not is killed. */
#define ANSWER_TIMEOUT_MS 5000
/* "wait" is asked in slices, so that a helper that hangs is noticed. */
#define WAIT_SLICE_MS 15000

struct _TamgaFetch {
    gboolean allow_loopback, allow_private, offline;
    char *proxy;
    TamgaHelper *helper;
    guint next_ticket;
    GHashTable *running;  /* remote ticket -> our ticket; of the helper that lives */
    GHashTable *finished; /* our ticket -> TamgaFetchResult, not yet collected */
    GQueue order;         /* our tickets, as they finished */
};

void tamga_fetch_result_free (TamgaFetchResult *result)
{
    if (result == NULL)
        return;
    g_clear_pointer (&result->body, g_bytes_unref);
    g_clear_error (&result->error);
    g_free (result->address);
    g_free (result);
}

TamgaFetch *tamga_fetch_new (const TamgaFetchConfig *config)
{
    TamgaFetch *self = g_new0 (TamgaFetch, 1);
    self->allow_loopback = config->allow_loopback;
    self->allow_private = config->allow_private;
    self->offline = config->offline;
    self->proxy = g_strdup (config->proxy);
    self->running = g_hash_table_new (g_direct_hash, g_direct_equal);
    self->finished = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL,
                                            (GDestroyNotify)tamga_fetch_result_free);
    g_queue_init (&self->order);
    return self;
}

void tamga_fetch_free (TamgaFetch *self)
{
    if (self == NULL)
        return;
    g_clear_pointer (&self->helper, tamga_helper_free);
    g_hash_table_unref (self->running);
    g_hash_table_unref (self->finished);
    g_queue_clear (&self->order);
    g_free (self->proxy);
    g_free (self);
}

gboolean tamga_fetch_is_offline (TamgaFetch *self)
{
    return self->offline;
}

GPid tamga_fetch_pid (TamgaFetch *self)
{
    return self->helper != NULL ? tamga_helper_pid (self->helper) : 0;
}

static void keep_result (TamgaFetch *self, guint ticket, TamgaFetchResult *result)
{
    g_hash_table_insert (self->finished, GUINT_TO_POINTER (ticket), result);
    g_queue_push_tail (&self->order, GUINT_TO_POINTER (ticket));
}

static TamgaFetchResult *failed_result (const GError *error)
{
    TamgaFetchResult *result = g_new0 (TamgaFetchResult, 1);
    result->error = g_error_copy (error);
    return result;
}

/* A helper's time-out or end by the caller's wish is told in terms of fetching. */
static GError *translate (const GError *error)
{
    if (g_error_matches (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_CANCELLED))
        return g_error_new_literal (TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_CANCELLED,
                                    "the request was cancelled");
    if (g_error_matches (error, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_TIMEOUT))
        return g_error_new_literal (TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_TIMEOUT,
                                    "tamga-fetch did not answer in time and was ended");
    return g_error_copy (error);
}

/* The helper is gone: everything it was doing ends with `error`. */
static void drop_helper (TamgaFetch *self, const GError *error)
{
    GHashTableIter iterator;
    gpointer ticket;
    g_autoptr (GError) told = translate (error);
    g_hash_table_iter_init (&iterator, self->running);
    while (g_hash_table_iter_next (&iterator, NULL, &ticket))
        keep_result (self, GPOINTER_TO_UINT (ticket), failed_result (told));
    g_hash_table_remove_all (self->running);
    g_clear_pointer (&self->helper, tamga_helper_free);
}

static GVariant *ask (TamgaFetch *self, const char *verb, GVariant *arguments,
                      const TamgaCall *call, GError **error)
{
    TamgaCall within = tamga_call_within (call, ANSWER_TIMEOUT_MS);
    return tamga_helper_ask (self->helper, verb, arguments, -1, &within, TAMGA_FETCH_ERROR,
                             tamga_fetch_error_names, error);
}

static gboolean start_helper (TamgaFetch *self, GError **error)
{
    static const char *const no_arguments[] = {NULL};
    g_autoptr (GVariant) answer = NULL;
    GVariantDict dict;
    if (self->helper != NULL && tamga_helper_alive (self->helper))
        return TRUE;
    if (self->helper != NULL) {
        g_autoptr (GError) died = g_error_new_literal (TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED,
                                                       "tamga-fetch ended unexpectedly");
        drop_helper (self, died);
    }
    self->helper = tamga_helper_spawn ("tamga-fetch", no_arguments, error);
    if (self->helper == NULL)
        return FALSE;
    g_variant_dict_init (&dict, NULL);
    g_variant_dict_insert (&dict, "allow-loopback", "b", self->allow_loopback);
    g_variant_dict_insert (&dict, "allow-private", "b", self->allow_private);
    if (self->proxy != NULL)
        g_variant_dict_insert (&dict, "proxy", "s", self->proxy);
    answer = ask (self, TAMGA_FETCH_CONFIGURE, g_variant_dict_end (&dict), NULL, error);
    if (answer == NULL)
        g_clear_pointer (&self->helper, tamga_helper_free);
    return answer != NULL;
}

static GVariant *request_arguments (const TamgaFetchRequest *request)
{
    GVariantDict dict;
    g_variant_dict_init (&dict, NULL);
    g_variant_dict_insert (&dict, "url", "s", request->url);
    g_variant_dict_insert (&dict, "limit", "t", (guint64)request->limit);
    g_variant_dict_insert (&dict, "timeout", "u",
                           request->timeout_ms > 0 ? request->timeout_ms
                                                   : TAMGA_FETCH_DEFAULT_TIMEOUT_MS);
    if (request->accept != NULL)
        g_variant_dict_insert (&dict, "accept", "s", request->accept);
    if (request->body != NULL) {
        if (request->content_type != NULL)
            g_variant_dict_insert (&dict, "content-type", "s", request->content_type);
        g_variant_dict_insert_value (
            &dict, "body", g_variant_new_from_bytes (G_VARIANT_TYPE ("ay"), request->body, TRUE));
    }
    return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static guint start (TamgaFetch *self, const TamgaFetchRequest *request, const TamgaCall *call,
                    GError **error)
{
    guint32 remote = 0;
    g_autoptr (GVariant) answer = NULL;
    if (self->offline) {
        g_set_error (error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_OFFLINE,
                     "%s was not asked: the network is switched off for this command",
                     request->url);
        return 0;
    }
    /* A GVariant string is UTF-8; a URL that is not is none (RFC 3986 2). */
    if (!g_utf8_validate (request->url, -1, NULL)) {
        g_set_error_literal (error, TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_URL,
                             "the URL has bytes that no URL may have (RFC 3986 2)");
        return 0;
    }
    g_autoptr (GVariant) arguments = request_arguments (request);
    /* A helper that died while idle is replaced once without a word. */
    for (guint attempt = 0; answer == NULL; attempt++) {
        g_autoptr (GError) local = NULL;
        gboolean busy = g_hash_table_size (self->running) > 0;
        if (!start_helper (self, error))
            return 0;
        answer = ask (self, TAMGA_FETCH_START, arguments, call, &local);
        if (answer != NULL)
            break;
        if (local->domain == TAMGA_HELPER_ERROR)
            drop_helper (self, local);
        if (attempt > 0 || busy ||
            !g_error_matches (local, TAMGA_HELPER_ERROR, TAMGA_HELPER_ERROR_DIED)) {
            g_propagate_error (error, translate (local));
            return 0;
        }
    }
    g_variant_lookup (answer, "ticket", "u", &remote);
    guint ticket = ++self->next_ticket;
    g_hash_table_insert (self->running, GUINT_TO_POINTER (remote), GUINT_TO_POINTER (ticket));
    return ticket;
}

guint tamga_fetch_start (TamgaFetch *self, const TamgaFetchRequest *request, GError **error)
{
    return start (self, request, NULL, error);
}

static TamgaFetchResult *result_from_answer (GVariant *answer)
{
    const char *error, *text = "";
    TamgaFetchResult *result = g_new0 (TamgaFetchResult, 1);
    g_variant_lookup (answer, "elapsed", "u", &result->elapsed_ms);
    g_variant_lookup (answer, "address", "s", &result->address);
    if (g_variant_lookup (answer, "error", "&s", &error)) {
        g_variant_lookup (answer, "text", "&s", &text);
        g_autofree char *visible = tamga_text_visible (text); /* hosts of strangers are in it */
        result->error =
            g_error_new_literal (TAMGA_FETCH_ERROR, tamga_fetch_error_from_name (error), visible);
        return result;
    }
    g_autoptr (GVariant) body = g_variant_lookup_value (answer, "body", G_VARIANT_TYPE ("ay"));
    if (body != NULL)
        result->body = g_variant_get_data_as_bytes (body);
    else
        result->error = g_error_new_literal (TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_FAILED,
                                             "tamga-fetch answered without a result");
    return result;
}

/* Lets the helper work until one more transfer is finished or `call` is over. FALSE: nothing more
 * will come in this call. */
static gboolean wait_for_one (TamgaFetch *self, const TamgaCall *call)
{
    guint32 remote = 0;
    g_autoptr (GError) error = NULL;
    GVariantDict dict;
    if (g_hash_table_size (self->running) == 0)
        return FALSE;
    int left = call != NULL ? tamga_call_left (call) : -1;
    guint slice = left < 0 ? WAIT_SLICE_MS : MIN ((guint)left, WAIT_SLICE_MS);
    g_variant_dict_init (&dict, NULL);
    g_variant_dict_insert (&dict, "timeout", "u", slice);
    /* The helper itself ends the wait at the deadline and lives on; this one is for a helper that
     * hangs. Cancelling ends the helper. */
    TamgaCall within = tamga_call_within (NULL, slice + ANSWER_TIMEOUT_MS);
    within.cancel_fd = call != NULL ? call->cancel_fd : -1;
    g_autoptr (GVariant) answer =
        tamga_helper_ask (self->helper, TAMGA_FETCH_WAIT, g_variant_dict_end (&dict), -1, &within,
                          TAMGA_FETCH_ERROR, tamga_fetch_error_names, &error);
    if (answer == NULL) {
        drop_helper (self, error);
        return TRUE; /* everything is finished now */
    }
    g_variant_lookup (answer, "ticket", "u", &remote);
    if (remote == 0)
        return call == NULL || tamga_call_left (call) != 0;
    gpointer ticket = g_hash_table_lookup (self->running, GUINT_TO_POINTER (remote));
    if (ticket != NULL) {
        g_hash_table_remove (self->running, GUINT_TO_POINTER (remote));
        keep_result (self, GPOINTER_TO_UINT (ticket), result_from_answer (answer));
    }
    return TRUE;
}

static TamgaFetchResult *take_result (TamgaFetch *self, guint ticket)
{
    gpointer result = NULL;
    if (!g_hash_table_steal_extended (self->finished, GUINT_TO_POINTER (ticket), NULL, &result))
        return NULL;
    g_queue_remove (&self->order, GUINT_TO_POINTER (ticket));
    return result;
}

/* Gives up a ticket whose caller's time is over; the others run on. */
static TamgaFetchResult *abandon (TamgaFetch *self, guint ticket)
{
    GHashTableIter iterator;
    gpointer remote, ours;
    g_autoptr (GError) error = g_error_new_literal (TAMGA_FETCH_ERROR, TAMGA_FETCH_ERROR_TIMEOUT,
                                                    "no answer before the time given was over");
    g_hash_table_iter_init (&iterator, self->running);
    while (g_hash_table_iter_next (&iterator, &remote, &ours)) {
        GVariantDict dict;
        g_autoptr (GError) failed = NULL;
        g_autoptr (GVariant) answer = NULL;
        if (GPOINTER_TO_UINT (ours) != ticket)
            continue;
        g_hash_table_iter_remove (&iterator);
        g_variant_dict_init (&dict, NULL);
        g_variant_dict_insert (&dict, "ticket", "u", GPOINTER_TO_UINT (remote));
        answer = ask (self, TAMGA_FETCH_CANCEL, g_variant_dict_end (&dict), NULL, &failed);
        if (answer == NULL)
            drop_helper (self, failed);
        break;
    }
    return failed_result (error);
}

TamgaFetchResult *tamga_fetch_wait (TamgaFetch *self, guint *ticket, const TamgaCall *call)
{
    while (g_queue_is_empty (&self->order)) {
        if (!wait_for_one (self, call))
            break;
    }
    if (g_queue_is_empty (&self->order)) {
        GHashTableIter iterator;
        gpointer ours = NULL;
        /* Time is over: the oldest of what still runs is given up, so that a caller who collects
         * in a loop comes to an end. */
        guint oldest = 0;
        g_hash_table_iter_init (&iterator, self->running);
        while (g_hash_table_iter_next (&iterator, NULL, &ours)) {
            if (oldest == 0 || GPOINTER_TO_UINT (ours) < oldest)
                oldest = GPOINTER_TO_UINT (ours);
        }
        *ticket = oldest;
        return oldest != 0 ? abandon (self, oldest) : NULL;
    }
    *ticket = GPOINTER_TO_UINT (g_queue_peek_head (&self->order));
    return take_result (self, *ticket);
}

GPtrArray *tamga_fetch_all (TamgaFetch *self, const TamgaFetchRequest *requests, gsize n,
                            const TamgaCall *call)
{
    g_autofree guint *tickets = g_new0 (guint, n);
    GPtrArray *results = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_fetch_result_free);
    g_ptr_array_set_size (results, (gint)n);
    for (gsize i = 0; i < n; i++) {
        g_autoptr (GError) error = NULL;
        tickets[i] = start (self, &requests[i], call, &error);
        if (tickets[i] == 0)
            results->pdata[i] = failed_result (error);
    }
    for (gsize i = 0; i < n; i++) {
        while (results->pdata[i] == NULL) {
            results->pdata[i] = take_result (self, tickets[i]);
            if (results->pdata[i] == NULL && !wait_for_one (self, call))
                results->pdata[i] = abandon (self, tickets[i]);
        }
    }
    return results;
}

GBytes *tamga_fetch_one (TamgaFetch *self, const TamgaFetchRequest *request, const TamgaCall *call,
                         GError **error)
{
    g_autoptr (GPtrArray) results = tamga_fetch_all (self, request, 1, call);
    TamgaFetchResult *result = results->pdata[0];
    if (result->error != NULL) {
        g_propagate_error (error, g_steal_pointer (&result->error));
        return NULL;
    }
    return g_steal_pointer (&result->body);
}
