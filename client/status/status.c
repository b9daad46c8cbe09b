/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking: all questions together, in rounds. What lies in the document first (when the past is
 * asked about), then OCSP for all at once, then the lists of those that are still open at once. */
#include "client/status/status.h"

#include <openssl/err.h>
#include <string.h>

#include "client/status/internal.h"
#include "formats/limits.h"

/* Rounds of OCSP: two addresses, each by SHA-256 and by SHA-1. */
#define MAX_OCSP_TRIES 4u
#define MAX_CRL_URLS 8u

/* One question on its way. */
typedef struct {
    const TamgaStatusQuestion *question;
    TamgaStatus *status;  /* the strictest answer so far, or NULL */
    TamgaStatus *unknown; /* kept while the responder is asked again by SHA-1 */
    GString *failures;    /* one sentence per service that gave no answer */
    gboolean settled;
    /* OCSP */
    char **ocsp_urls;
    guint url, tries;
    gboolean sha1;
    OCSP_REQUEST *request;
    GBytes *body;
    /* CRL */
    GPtrArray *crls; /* TamgaCrl */
    guint judged;    /* how many of them were judged already */
    /* A delegated responder whose own status is to be asked before its answer counts. */
    X509 *unchecked;
} Task;

static void task_free (gpointer data)
{
    Task *task = data;
    tamga_status_free (task->status);
    tamga_status_free (task->unknown);
    g_string_free (task->failures, TRUE);
    g_strfreev (task->ocsp_urls);
    OCSP_REQUEST_free (task->request);
    g_clear_pointer (&task->body, g_bytes_unref);
    g_ptr_array_unref (task->crls);
    X509_free (task->unchecked);
    g_free (task);
}

static void note_failure (Task *task, const char *source, const char *text)
{
    if (task->failures->len > 0)
        g_string_append (task->failures, g_str_has_suffix (task->failures->str, ".") ? " " : "; ");
    if (source != NULL)
        g_string_append_printf (task->failures, "%s: ", source);
    g_string_append (task->failures, text);
    if (!g_str_has_suffix (text, "."))
        g_string_append_c (task->failures, '.');
}

/* Takes an answer into the task; it settles the question when it is one. */
static void take_answer (Task *task, TamgaStatus *status)
{
    if (status->value == TAMGA_STATUS_NOT_AVAILABLE)
        note_failure (task, status->source, status->text);
    else
        task->settled = TRUE;
    task->status = tamga_status_stricter (task->status, status);
}

/* The certificate that tells where to ask. */
static X509 *addressed (const TamgaStatusQuestion *question)
{
    return question->urls_from != NULL ? question->urls_from : question->certificate;
}

static gboolean may_fetch (const TamgaStatusContext *context)
{
    return context->fetch != NULL && !tamga_fetch_is_offline (context->fetch);
}

/* --- evidence that lies in the document --- */

static void use_embedded (const TamgaStatusContext *context, Task *task)
{
    for (guint i = 0; context->ocsps != NULL && i < context->ocsps->len; i++) {
        TamgaOcspOutcome outcome;
        TamgaStatus *status = tamga_ocsp_judge (context, task->question, context->ocsps->pdata[i],
                                                NULL, TAMGA_ORIGIN_EMBEDDED, "embedded", &outcome);
        if (status->value == TAMGA_STATUS_NOT_AVAILABLE) {
            tamga_status_free (status);
            continue;
        }
        if (outcome.unchecked != NULL) {
            X509_up_ref (outcome.unchecked);
            X509_free (task->unchecked);
            task->unchecked = outcome.unchecked;
        }
        take_answer (task, status);
    }
    for (guint i = 0; context->crls != NULL && i < context->crls->len; i++)
        g_ptr_array_add (task->crls, tamga_crl_parse (context->crls->pdata[i], "embedded",
                                                      TAMGA_ORIGIN_EMBEDDED));
}

/* --- OCSP --- */

static char *ocsp_cache_key (const TamgaStatusQuestion *question)
{
    g_autofree char *issuer = tamga_ossl_fingerprint (question->issuer);
    g_autofree char *own = tamga_ossl_fingerprint (question->certificate);
    return g_strdup_printf ("ocsp %s %s", issuer, own);
}

/* An answer that was kept settles a question about a time before it. About a later time it is only
 * used, within its validity, when nobody can be asked (`last`). */
static void use_cached_ocsp (const TamgaStatusContext *context, Task *task, gboolean last)
{
    g_autofree char *key = ocsp_cache_key (task->question);
    g_autoptr (GBytes) bytes = tamga_cache_get (context->cache, key, context->now);
    if (bytes == NULL)
        return;
    TamgaOcspOutcome outcome;
    g_autoptr (TamgaStatus) status = tamga_ocsp_judge (context, task->question, bytes, NULL,
                                                       TAMGA_ORIGIN_CACHED, "cache", &outcome);
    if (status->value != TAMGA_STATUS_NOT_AVAILABLE && outcome.unchecked == NULL &&
        (last || status->this_update > context->time))
        take_answer (task, g_steal_pointer (&status));
}

/* Prepares the next OCSP request of a task; FALSE when there is none left. */
static gboolean next_ocsp (Task *task)
{
    if (task->settled || task->unchecked != NULL || task->tries >= MAX_OCSP_TRIES ||
        task->ocsp_urls[task->url] == NULL)
        return FALSE;
    OCSP_REQUEST_free (task->request);
    g_clear_pointer (&task->body, g_bytes_unref);
    task->request = tamga_ocsp_request (task->question, task->sha1 ? EVP_sha1 () : EVP_sha256 ());
    if (task->request == NULL)
        return FALSE;
    task->body = tamga_ossl_der (i2d_OCSP_REQUEST, task->request);
    task->tries++;
    return TRUE;
}

static void keep_ocsp (const TamgaStatusContext *context, const Task *task,
                       const TamgaStatus *status)
{
    gint64 until = status->next_update != G_MININT64
                       ? status->next_update
                       : status->this_update + (gint64)context->profile->max_status_age;
    g_autofree char *key = ocsp_cache_key (task->question);
    tamga_cache_put (context->cache, key, status->ocsp, until);
}

static void take_ocsp (const TamgaStatusContext *context, Task *task,
                       const TamgaFetchResult *result)
{
    const char *url = task->ocsp_urls[task->url];
    if (result->error != NULL) {
        note_failure (task, url, result->error->message);
        task->url++;
        task->sha1 = FALSE;
        return;
    }
    TamgaOcspOutcome outcome;
    TamgaStatus *status = tamga_ocsp_judge (context, task->question, result->body, task->request,
                                            TAMGA_ORIGIN_FETCHED, url, &outcome);
    if (outcome.retry_sha1 && !task->sha1) {
        task->sha1 = TRUE; /* older responders know certificates by SHA-1 only */
        if (status->value == TAMGA_STATUS_NOT_AVAILABLE) {
            note_failure (task, url, status->text);
            tamga_status_free (status);
        } else {
            tamga_status_free (task->unknown);
            task->unknown = status;
        }
        return;
    }
    if (status->value == TAMGA_STATUS_NOT_AVAILABLE) {
        task->url++;
        task->sha1 = FALSE;
    } else {
        keep_ocsp (context, task, status);
        if (outcome.unchecked != NULL) {
            X509_up_ref (outcome.unchecked);
            task->unchecked = outcome.unchecked;
        }
    }
    take_answer (task, status);
}

static void ask_ocsp (const TamgaStatusContext *context, GPtrArray *tasks, const TamgaCall *call)
{
    for (guint round = 0; round < MAX_OCSP_TRIES; round++) {
        g_autoptr (GArray) requests = g_array_new (FALSE, TRUE, sizeof (TamgaFetchRequest));
        g_autoptr (GPtrArray) asked = g_ptr_array_new ();
        for (guint i = 0; i < tasks->len; i++) {
            Task *task = tasks->pdata[i];
            if (!next_ocsp (task))
                continue;
            TamgaFetchRequest request = {.url = task->ocsp_urls[task->url],
                                         .content_type = "application/ocsp-request",
                                         .accept = "application/ocsp-response",
                                         .body = task->body,
                                         .limit = TAMGA_MAX_OCSP_SIZE};
            g_array_append_val (requests, request);
            g_ptr_array_add (asked, task);
        }
        if (asked->len == 0)
            return;
        g_autoptr (GPtrArray) results = tamga_fetch_all (
            context->fetch, (TamgaFetchRequest *)(void *)requests->data, requests->len, call);
        for (guint i = 0; i < asked->len; i++)
            take_ocsp (context, asked->pdata[i], results->pdata[i]);
    }
}

/* --- CRL --- */

/* One list to be had, for one or several tasks: a list of 30 MB is fetched once. */
typedef struct {
    char *url;
    GPtrArray *tasks;
} Wanted;

static void wanted_free (gpointer data)
{
    Wanted *wanted = data;
    g_free (wanted->url);
    g_ptr_array_unref (wanted->tasks);
    g_free (wanted);
}

static gboolean is_wanted (gconstpointer wanted, gconstpointer url)
{
    return g_str_equal (((const Wanted *)wanted)->url, url);
}

static void want (GPtrArray *all, const char *url, Task *task)
{
    for (guint i = 0; i < all->len; i++) {
        Wanted *wanted = all->pdata[i];
        if (g_str_equal (wanted->url, url)) {
            if (!g_ptr_array_find (wanted->tasks, task, NULL))
                g_ptr_array_add (wanted->tasks, task);
            return;
        }
    }
    Wanted *wanted = g_new0 (Wanted, 1);
    wanted->url = g_strdup (url);
    wanted->tasks = g_ptr_array_new ();
    g_ptr_array_add (wanted->tasks, task);
    g_ptr_array_add (all, wanted);
}

static void want_lists (const TamgaStatusContext *context, GPtrArray *all, Task *task,
                        X509 *certificate)
{
    g_auto (GStrv) complete =
        tamga_status_crl_urls (context->profile, certificate, task->question->issuer);
    g_auto (GStrv) delta = tamga_status_delta_urls (context->profile, certificate);
    for (guint i = 0; i < MAX_CRL_URLS && complete[i] != NULL; i++)
        want (all, complete[i], task);
    for (guint i = 0; complete[0] != NULL && delta[i] != NULL && i < MAX_CRL_URLS; i++)
        want (all, delta[i], task);
}

static void give_list (const Wanted *wanted, GBytes *bytes, TamgaOrigin origin)
{
    g_autofree char *source = origin == TAMGA_ORIGIN_CACHED
                                  ? g_strdup_printf ("cache of %s", wanted->url)
                                  : g_strdup (wanted->url);
    for (guint i = 0; i < wanted->tasks->len; i++) {
        Task *task = wanted->tasks->pdata[i];
        g_ptr_array_add (task->crls, tamga_crl_parse (bytes, source, origin));
    }
}

static void keep_list (const TamgaStatusContext *context, const Wanted *wanted, GBytes *bytes)
{
    g_autoptr (TamgaCrl) crl = tamga_crl_parse (bytes, wanted->url, TAMGA_ORIGIN_FETCHED);
    if (crl->problem != NULL || crl->next_update == G_MININT64)
        return;
    g_autofree char *key = g_strconcat ("crl ", wanted->url, NULL);
    tamga_cache_put (context->cache, key, crl->der, crl->next_update);
}

static void fetch_lists (const TamgaStatusContext *context, GPtrArray *all, const TamgaCall *call)
{
    g_autoptr (GArray) requests = g_array_new (FALSE, TRUE, sizeof (TamgaFetchRequest));
    g_autoptr (GPtrArray) asked = g_ptr_array_new ();
    for (guint i = 0; i < all->len; i++) {
        Wanted *wanted = all->pdata[i];
        g_autofree char *key = g_strconcat ("crl ", wanted->url, NULL);
        g_autoptr (GBytes) cached =
            context->fresh ? NULL : tamga_cache_get (context->cache, key, context->now);
        if (cached != NULL) {
            give_list (wanted, cached, TAMGA_ORIGIN_CACHED);
            continue;
        }
        TamgaFetchRequest request = {
            .url = wanted->url, .accept = "application/pkix-crl", .limit = TAMGA_MAX_CRL_SIZE};
        g_array_append_val (requests, request);
        g_ptr_array_add (asked, wanted);
    }
    if (asked->len == 0 || !may_fetch (context))
        return;
    g_autoptr (GPtrArray) results = tamga_fetch_all (
        context->fetch, (TamgaFetchRequest *)(void *)requests->data, requests->len, call);
    for (guint i = 0; i < asked->len; i++) {
        const Wanted *wanted = asked->pdata[i];
        const TamgaFetchResult *result = results->pdata[i];
        if (result->error == NULL) {
            give_list (wanted, result->body, TAMGA_ORIGIN_FETCHED);
            keep_list (context, wanted, result->body);
            continue;
        }
        for (guint t = 0; t < wanted->tasks->len; t++)
            note_failure (wanted->tasks->pdata[t], wanted->url, result->error->message);
    }
}

/* RFC 6960 4.2.2.2.1: a responder without ocsp-nocheck is itself asked about. Where its certificate
 * names no place to ask, that is left to the client; then the answer counts, with a finding. */
static void settle_responder (const TamgaStatusContext *context, Task *task)
{
    TamgaStatusQuestion question = {.certificate = task->unchecked,
                                    .issuer = task->question->issuer};
    g_autofree char *name = tamga_ossl_short_name (X509_get_subject_name (task->unchecked));
    g_autoptr (TamgaStatus) responder = tamga_crl_judge (context, &question, task->crls);
    g_auto (GStrv) urls =
        tamga_status_crl_urls (context->profile, task->unchecked, task->question->issuer);
    if (responder->value == TAMGA_STATUS_GOOD)
        return;
    if (responder->value == TAMGA_STATUS_NOT_AVAILABLE && urls[0] == NULL) {
        tamga_status_find (task->status, TAMGA_SEVERITY_WARNING, "responder-unchecked",
                           "RFC 6960 4.2.2.2.1",
                           "Nothing tells whether the responder %s itself is still valid.", name);
        return;
    }
    tamga_status_not_available (task->status,
                                "The OCSP answer is not believed: its responder %s is %s (%s).",
                                name, tamga_status_name (responder->value), responder->text);
    note_failure (task, task->status->source, task->status->text);
    task->settled = FALSE;
}

/* Deltas that only the complete lists themselves name. */
static void ask_deltas (const TamgaStatusContext *context, GPtrArray *tasks, GPtrArray *had,
                        const TamgaCall *call)
{
    g_autoptr (GPtrArray) more = g_ptr_array_new_with_free_func (wanted_free);
    for (guint i = 0; i < tasks->len; i++) {
        Task *task = tasks->pdata[i];
        for (guint k = 0; !task->settled && k < task->crls->len; k++) {
            const TamgaCrl *crl = task->crls->pdata[k];
            if (crl->origin == TAMGA_ORIGIN_EMBEDDED)
                continue;
            g_auto (GStrv) urls = tamga_status_list_delta_urls (crl, task->question->issuer);
            for (guint u = 0; u < MAX_CRL_URLS && urls[u] != NULL; u++)
                if (!g_ptr_array_find_with_equal_func (had, urls[u], is_wanted, NULL))
                    want (more, urls[u], task);
        }
    }
    if (more->len > 0)
        fetch_lists (context, more, call);
}

static void ask_lists (const TamgaStatusContext *context, GPtrArray *tasks, const TamgaCall *call)
{
    g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (wanted_free);
    for (guint i = 0; i < tasks->len; i++) {
        Task *task = tasks->pdata[i];
        if (task->unchecked != NULL)
            want_lists (context, all, task, task->unchecked);
        else if (!task->settled && task->question->ocsp_url == NULL)
            want_lists (context, all, task, addressed (task->question));
    }
    fetch_lists (context, all, call);
    ask_deltas (context, tasks, all, call);
}

/* What lists at hand (embedded, or cached from before) say besides the answer: MD 2:66. */
static void compare_with_lists (const TamgaStatusContext *context, Task *task)
{
    g_auto (GStrv) urls = tamga_status_crl_urls (context->profile, addressed (task->question),
                                                 task->question->issuer);
    for (guint i = 0; task->settled && urls[i] != NULL && i < MAX_CRL_URLS; i++) {
        g_autofree char *key = g_strconcat ("crl ", urls[i], NULL);
        g_autoptr (GBytes) cached = tamga_cache_get (context->cache, key, context->now);
        g_autofree char *source = g_strdup_printf ("cache of %s", urls[i]);
        if (cached != NULL)
            g_ptr_array_add (task->crls, tamga_crl_parse (cached, source, TAMGA_ORIGIN_CACHED));
    }
    if (task->crls->len == task->judged)
        return;
    task->judged = task->crls->len;
    TamgaStatus *lists = tamga_crl_judge (context, task->question, task->crls);
    if (task->settled && lists->value == TAMGA_STATUS_NOT_AVAILABLE)
        tamga_status_free (lists);
    else
        take_answer (task, lists);
}

static Task *task_new (const TamgaStatusContext *context, const TamgaStatusQuestion *question)
{
    Task *task = g_new0 (Task, 1);
    task->question = question;
    task->failures = g_string_new (NULL);
    task->crls = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_crl_free);
    if (question->ocsp_url != NULL) {
        task->ocsp_urls = g_new0 (char *, 2);
        task->ocsp_urls[0] = g_strdup (question->ocsp_url);
    } else {
        task->ocsp_urls = question->issuer == NULL
                              ? g_new0 (char *, 1)
                              : tamga_status_ocsp_urls (context->profile, addressed (question));
    }
    return task;
}

/* Every task ends with an answer, be it that there is none. */
static void finish (const TamgaStatusContext *context, Task *task)
{
    if (task->status == NULL)
        task->status = tamga_status_new (NULL, NULL);
    TamgaStatus *status = task->status;
    if (status->value != TAMGA_STATUS_NOT_AVAILABLE)
        return;
    if (task->question->issuer == NULL)
        tamga_status_not_available (status, "Its issuer is not known, so nobody can be asked.");
    else if (task->failures->len > 0)
        tamga_status_not_available (status, "%s", task->failures->str);
    else if (!may_fetch (context))
        tamga_status_not_available (status, "Nobody was asked: there is no network here.");
    else
        tamga_status_not_available (
            status, "Neither the certificate nor the profile names a service to ask.");
}

/* Only certificates that this issuer really signed are asked about: their addresses are its. */
static gboolean issued (const TamgaStatusQuestion *question)
{
    return question->issuer != NULL &&
           X509_check_issued (question->issuer, question->certificate) == X509_V_OK &&
           X509_verify (question->certificate, X509_get0_pubkey (question->issuer)) == 1;
}

static void ask (const TamgaStatusContext *context, GPtrArray *tasks, const TamgaCall *call)
{
    for (guint i = 0; i < tasks->len && !context->fresh; i++) {
        Task *task = tasks->pdata[i];
        use_embedded (context, task);
        if (task->crls->len > 0 && task->unchecked == NULL)
            compare_with_lists (context, task);
        if (!task->settled)
            use_cached_ocsp (context, task, FALSE);
    }
    if (may_fetch (context))
        ask_ocsp (context, tasks, call);
    for (guint i = 0; i < tasks->len; i++) {
        Task *task = tasks->pdata[i];
        if (!task->settled && task->unknown != NULL)
            take_answer (task, g_steal_pointer (&task->unknown));
        if (!task->settled && !context->fresh)
            use_cached_ocsp (context, task, TRUE);
    }
    ask_lists (context, tasks, call);
    for (guint i = 0; i < tasks->len; i++) {
        Task *task = tasks->pdata[i];
        if (task->unchecked != NULL)
            settle_responder (context, task);
        compare_with_lists (context, task);
    }
}

/* The first task that asks the same; a chain's upper levels are often shared. */
static Task *same_task (GPtrArray *tasks, const TamgaStatusQuestion *question)
{
    for (guint i = 0; i < tasks->len; i++) {
        const TamgaStatusQuestion *other = ((Task *)tasks->pdata[i])->question;
        if (question->issuer != NULL && other->issuer != NULL &&
            X509_cmp (question->certificate, other->certificate) == 0 &&
            X509_cmp (question->issuer, other->issuer) == 0 &&
            question->urls_from == other->urls_from &&
            question->authorities == other->authorities &&
            g_strcmp0 (question->ocsp_url, other->ocsp_url) == 0)
            return tasks->pdata[i];
    }
    return NULL;
}

GPtrArray *tamga_status_ask (const TamgaStatusContext *context,
                             const TamgaStatusQuestion *questions, gsize n, const TamgaCall *call)
{
    g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (task_free);
    g_autoptr (GPtrArray) valid = g_ptr_array_new ();
    g_autofree Task **task_of = g_new0 (Task *, n + 1);
    for (gsize i = 0; i < n; i++) {
        if ((task_of[i] = same_task (tasks, &questions[i])) != NULL)
            continue;
        Task *task = task_of[i] = task_new (context, &questions[i]);
        g_ptr_array_add (tasks, task);
        if (issued (&questions[i]))
            g_ptr_array_add (valid, task);
        else if (questions[i].issuer != NULL)
            note_failure (task, NULL, "The certificate was not signed by that issuer.");
    }
    ask (context, valid, call);
    for (guint i = 0; i < tasks->len; i++)
        finish (context, tasks->pdata[i]);
    GPtrArray *answers = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_status_free);
    for (gsize i = 0; i < n; i++)
        g_ptr_array_add (answers, tamga_status_copy (task_of[i]->status));
    ERR_clear_error ();
    return answers;
}
