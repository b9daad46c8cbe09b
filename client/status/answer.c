/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers: making them, judging their times and what a listing means under the profile. */
#include <string.h>

#include "client/status/internal.h"

static const char *const value_names[] = {"good", "suspended", "revoked", "unknown",
                                          "not available"};

const char *tamga_status_name (TamgaStatusValue value)
{
    return value_names[value];
}

static void certificate_free (gpointer data)
{
    X509_free (data);
}

TamgaStatus *tamga_status_new (const char *method, const char *source)
{
    TamgaStatus *status = g_new0 (TamgaStatus, 1);
    status->value = TAMGA_STATUS_NOT_AVAILABLE;
    status->method = method;
    status->source = g_strdup (source);
    status->produced_at = status->this_update = status->next_update = G_MININT64;
    status->revocation_time = status->effective_time = status->invalidity_date = G_MININT64;
    status->reason = -1;
    status->certificates = g_ptr_array_new_with_free_func (certificate_free);
    status->findings = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_finding_free);
    return status;
}

void tamga_status_free (TamgaStatus *status)
{
    if (status == NULL)
        return;
    g_free (status->source);
    g_free (status->responder);
    g_free (status->text);
    g_clear_pointer (&status->ocsp, g_bytes_unref);
    g_clear_pointer (&status->crl, g_bytes_unref);
    g_clear_pointer (&status->delta_crl, g_bytes_unref);
    g_ptr_array_unref (status->certificates);
    g_ptr_array_unref (status->findings);
    g_free (status);
}

TamgaStatus *tamga_status_copy (const TamgaStatus *status)
{
    TamgaStatus *copy = tamga_status_new (status->method, status->source);
    TamgaStatus fresh = *copy;
    *copy = *status;
    copy->source = fresh.source;
    copy->certificates = fresh.certificates;
    copy->findings = fresh.findings;
    copy->responder = g_strdup (status->responder);
    copy->text = g_strdup (status->text);
    copy->ocsp = status->ocsp == NULL ? NULL : g_bytes_ref (status->ocsp);
    copy->crl = status->crl == NULL ? NULL : g_bytes_ref (status->crl);
    copy->delta_crl = status->delta_crl == NULL ? NULL : g_bytes_ref (status->delta_crl);
    for (guint i = 0; i < status->certificates->len; i++)
        tamga_status_add_certificate (copy, status->certificates->pdata[i]);
    for (guint i = 0; i < status->findings->len; i++)
        g_ptr_array_add (copy->findings, tamga_finding_copy (status->findings->pdata[i]));
    return copy;
}

void tamga_status_not_available (TamgaStatus *status, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_free (status->text);
    status->text = text;
    status->value = TAMGA_STATUS_NOT_AVAILABLE;
    status->fresh = FALSE;
}

void tamga_status_find (TamgaStatus *status, TamgaSeverity severity, const char *code,
                        const char *clause, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    g_ptr_array_add (status->findings,
                     tamga_finding_new (severity, code,
                                        status->method != NULL ? status->method : "status", clause,
                                        "%s", text));
}

void tamga_status_add_certificate (TamgaStatus *status, X509 *certificate)
{
    for (guint i = 0; i < status->certificates->len; i++)
        if (X509_cmp (status->certificates->pdata[i], certificate) == 0)
            return;
    X509_up_ref (certificate);
    g_ptr_array_add (status->certificates, certificate);
}

/* Is the answer still the newest word at `moment`? Without nextUpdate newer information may be had
 * at any time, so the profile's age decides. */
static gboolean current_at (const TamgaStatusContext *context, const TamgaStatus *status,
                            gint64 moment)
{
    gint64 tolerance = context->profile->clock_tolerance;
    if (status->next_update != G_MININT64)
        return moment <= status->next_update + tolerance;
    return moment - status->this_update <= (gint64)context->profile->max_status_age + tolerance;
}

void tamga_status_judge_times (const TamgaStatusContext *context, TamgaStatus *status,
                               TamgaOrigin origin)
{
    if (status->value == TAMGA_STATUS_NOT_AVAILABLE)
        return;
    gint64 tolerance = context->profile->clock_tolerance;
    g_autofree char *updated = tamga_time_text (status->this_update);
    if (status->this_update == G_MININT64) {
        tamga_status_not_available (status, "The answer does not tell its time (thisUpdate).");
        return;
    }
    if (status->this_update > context->now + tolerance ||
        (status->produced_at != G_MININT64 && status->produced_at > context->now + tolerance)) {
        tamga_status_not_available (status, "The answer is from the future (%s): check the clock.",
                                    updated);
        return;
    }
    if (status->next_update != G_MININT64 && status->next_update < status->this_update) {
        tamga_status_not_available (status, "The answer ends before it begins (%s).", updated);
        return;
    }
    if (status->next_update == G_MININT64)
        tamga_status_find (status, TAMGA_SEVERITY_WARNING, "no-next-update", "UA 99",
                           "The answer does not say when the next one will come.");
    /* What was asked for just now must be the newest word now; what lies in a document must have
     * been the newest word at the time in question. */
    gboolean now = origin == TAMGA_ORIGIN_EMBEDDED || current_at (context, status, context->now);
    if (!now || !current_at (context, status, context->time)) {
        tamga_status_not_available (
            status, "The answer is of %s and too old to tell the status at the time in question.",
            updated);
        tamga_status_find (status, TAMGA_SEVERITY_WARNING, "stale", "MD 2:66",
                           "The newest answer at hand is of %s.", updated);
        return;
    }
    status->fresh = TRUE;
}

/* MD 4:72: what counts is thisUpdate of the first list that has the entry; UA 95: the time in the
 * entry. */
static gint64 effective_time (const TamgaStatusContext *context, TamgaStatus *status,
                              const TamgaStatusQuestion *question)
{
    TamgaListing listing = {status->this_update, status->revocation_time, status->reason};
    TamgaListing before;
    gboolean known = tamga_cache_listing (context->cache, question, &before);
    gboolean list = status->crl != NULL;
    if (known && before.first_listed != G_MININT64 &&
        (!list || before.first_listed < listing.first_listed))
        listing.first_listed = before.first_listed;
    else if (!list)
        listing.first_listed = G_MININT64;
    tamga_cache_note_listing (context->cache, question, &listing);
    if (context->profile->effect != TAMGA_EFFECT_THIS_UPDATE)
        return status->revocation_time;
    if (listing.first_listed != G_MININT64)
        return listing.first_listed;
    tamga_status_find (status, TAMGA_SEVERITY_INFO, "effect-from-entry", "MD 4:72",
                       "No list is known that shows when the entry was published; the time in the "
                       "entry counts.");
    return status->revocation_time;
}

static void note_suspension (const TamgaStatusContext *context, TamgaStatus *status)
{
    gint64 limit = (gint64)context->profile->suspension_days * 86400;
    if (limit == 0)
        return;
    g_autofree char *end = tamga_time_text (status->revocation_time + limit);
    if (context->now > status->revocation_time + limit)
        tamga_status_find (status, TAMGA_SEVERITY_WARNING, "must-be-revoked", "MD 4:18",
                           "The suspension ended %s without a resumption: it must be revoked.",
                           end);
    else
        tamga_status_find (status, TAMGA_SEVERITY_INFO, "suspended-until", "MD 4:18",
                           "Unless it is resumed before %s it will be revoked.", end);
}

void tamga_status_set_listed (const TamgaStatusContext *context, TamgaStatus *status,
                              const TamgaStatusQuestion *question, gint64 revocation_time,
                              int reason, gint64 invalidity_date)
{
    status->revocation_time = revocation_time;
    status->reason = reason;
    status->invalidity_date = invalidity_date;
    status->value =
        reason == CRL_REASON_CERTIFICATE_HOLD ? TAMGA_STATUS_SUSPENDED : TAMGA_STATUS_REVOKED;
    if (reason < 0)
        tamga_status_find (status, TAMGA_SEVERITY_INFO, "no-reason", "MD 2:54",
                           "The entry gives no reason.");
    /* RFC 6960 4.4.8: this is how a responder tells that the certificate was never issued. */
    if (reason == CRL_REASON_CERTIFICATE_HOLD && revocation_time == 0)
        status->value = TAMGA_STATUS_REVOKED;
    status->effective_time = effective_time (context, status, question);
    gboolean compromise = reason == CRL_REASON_KEY_COMPROMISE || reason == CRL_REASON_CA_COMPROMISE;
    if (compromise && invalidity_date != G_MININT64 && invalidity_date < status->effective_time)
        status->effective_time = invalidity_date;
    if (status->value == TAMGA_STATUS_SUSPENDED)
        note_suspension (context, status);
    if (context->fresh || status->effective_time <= context->time)
        return;
    g_autofree char *when = tamga_time_text (status->effective_time);
    tamga_status_find (status, TAMGA_SEVERITY_INFO,
                       status->value == TAMGA_STATUS_SUSPENDED ? "suspended-later"
                                                               : "revoked-later",
                       "EN 319 102-1 5.5", "%s, but only from %s, after the time in question.",
                       status->value == TAMGA_STATUS_SUSPENDED ? "Suspended" : "Revoked", when);
    status->value = TAMGA_STATUS_GOOD;
}

void tamga_status_set_good (const TamgaStatusContext *context, TamgaStatus *status,
                            const TamgaStatusQuestion *question, gint64 covers_expired_since)
{
    gint64 end = tamga_ossl_time (X509_get0_notAfter (question->certificate));
    if (status->this_update > end &&
        (covers_expired_since == G_MININT64 || covers_expired_since > end)) {
        tamga_status_not_available (status,
                                    "The certificate had expired before the answer was made, and "
                                    "expired certificates are not kept on it (MD 4:38).");
        return;
    }
    status->value = TAMGA_STATUS_GOOD;
    TamgaListing before;
    if (!tamga_cache_listing (context->cache, question, &before))
        return;
    if (before.reason == CRL_REASON_CERTIFICATE_HOLD) {
        /* Only a newer word than the suspension ends it. */
        if (before.first_listed == G_MININT64 || status->this_update > before.first_listed)
            tamga_cache_forget_listing (context->cache, question);
        return;
    }
    if (!context->fresh && before.revocation_time > context->time)
        return;
    status->value = TAMGA_STATUS_REVOKED;
    status->revocation_time = before.revocation_time;
    status->effective_time = before.revocation_time;
    status->reason = before.reason;
    g_autofree char *when = tamga_time_text (before.revocation_time);
    tamga_status_find (status, TAMGA_SEVERITY_FATAL, "revoked-then-absent", "MD 2:55, UA 97",
                       "An earlier answer said that it was revoked at %s; a revoked certificate is "
                       "never resumed, so this answer is not believed.",
                       when);
}

static const char *const reason_names[] = {"no reason given",
                                           "key compromise",
                                           "compromise of the authority",
                                           "affiliation changed",
                                           "superseded",
                                           "cessation of operation",
                                           "certificate hold",
                                           NULL,
                                           "removed from the list",
                                           "privilege withdrawn",
                                           "compromise of the authority for attributes"};

void tamga_status_set_text (TamgaStatus *status)
{
    if (status->value == TAMGA_STATUS_NOT_AVAILABLE) {
        if (status->text == NULL)
            status->text = g_strdup ("No service answered.");
        return;
    }
    g_autoptr (GString) text = g_string_new (NULL);
    if (status->value == TAMGA_STATUS_REVOKED || status->value == TAMGA_STATUS_SUSPENDED) {
        g_autofree char *when = tamga_time_text (status->effective_time);
        const char *reason =
            status->reason >= 0 && status->reason < (int)G_N_ELEMENTS (reason_names)
                ? reason_names[status->reason]
                : NULL;
        g_string_printf (text, "%s since %s%s%s; ", tamga_status_name (status->value), when,
                         reason != NULL ? ", " : "", reason != NULL ? reason : "");
    } else {
        g_string_printf (text, "%s; ", tamga_status_name (status->value));
        if (status->value == TAMGA_STATUS_GOOD && status->effective_time != G_MININT64) {
            g_autofree char *when = tamga_time_text (status->effective_time);
            g_string_printf (
                text, "good at that time, %s since %s; ",
                status->reason == CRL_REASON_CERTIFICATE_HOLD ? "suspended" : "revoked", when);
        }
    }
    g_autofree char *made = tamga_time_text (status->this_update);
    g_string_append_printf (text, "%s of %s", status->method, made);
    if (status->responder != NULL)
        g_string_append_printf (text, ", signed by %s", status->responder);
    g_free (status->text);
    status->text = g_string_free (g_steal_pointer (&text), FALSE);
}

/* From the least to the most strict. Not being told is less than any answer; a service that does
 * not know the certificate is stricter than a list that merely lacks it. */
static int strictness (const TamgaStatus *status)
{
    static const int ranks[] = {
        [TAMGA_STATUS_NOT_AVAILABLE] = 0, [TAMGA_STATUS_GOOD] = 1,    [TAMGA_STATUS_UNKNOWN] = 2,
        [TAMGA_STATUS_SUSPENDED] = 3,     [TAMGA_STATUS_REVOKED] = 4,
    };
    return ranks[status->value];
}

TamgaStatus *tamga_status_stricter (TamgaStatus *a, TamgaStatus *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    int difference = strictness (b) - strictness (a);
    /* A suspension that an answer of a later time no longer shows is over. */
    if (a->value == TAMGA_STATUS_GOOD && b->value == TAMGA_STATUS_SUSPENDED &&
        b->this_update < a->this_update)
        difference = -1;
    if (b->value == TAMGA_STATUS_GOOD && a->value == TAMGA_STATUS_SUSPENDED &&
        a->this_update < b->this_update)
        difference = 1;
    TamgaStatus *kept = difference > 0 ? b : a;
    TamgaStatus *other = difference > 0 ? a : b;
    if (kept->value != other->value && other->value != TAMGA_STATUS_NOT_AVAILABLE)
        tamga_status_find (kept, TAMGA_SEVERITY_WARNING, "answers-differ", "MD 2:66",
                           "%s says %s, %s says %s: the stricter counts.", kept->method,
                           tamga_status_name (kept->value), other->method,
                           tamga_status_name (other->value));
    tamga_status_free (other);
    return kept;
}
