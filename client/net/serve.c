/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tamga-fetch: fetches what it is told over HTTP and parses nothing of it. One loop serves the
 * socket to the program that started it (descriptor 3) and all transfers. */
#include <stdlib.h>

#include "client/helper/frame.h"
#include "client/helper/harden.h"
#include "client/helper/helper.h"
#include "client/net/transfer.h"

#define SOCKET 3
/* A message that began must end within this time. */
#define FRAME_TIMEOUT_MS 10000

typedef struct {
    CURLM *multi;
    TamgaTransferRules rules;
    GPtrArray *transfers; /* TamgaTransfer: running, and finished but not yet collected */
    guint next_ticket;
    gboolean waiting; /* "wait" is to be answered */
    gint64 wait_until;
} Server;

static gboolean reply (const char *verb, const char *error, GVariant *arguments)
{
    g_autoptr (GVariant) message = g_variant_ref_sink (g_variant_new (
        "(ss@a{sv})", verb, error, arguments != NULL ? arguments : g_variant_new ("a{sv}", NULL)));
    TamgaCall call = tamga_call_within (NULL, FRAME_TIMEOUT_MS);
    return tamga_frame_send (SOCKET, message, -1, &call, NULL);
}

static GVariant *one (const char *key, GVariant *value)
{
    GVariantBuilder builder;
    g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&builder, "{sv}", key, value);
    return g_variant_builder_end (&builder);
}

static gboolean serve_configure (Server *self, GVariant *arguments)
{
    g_variant_lookup (arguments, "allow-loopback", "b", &self->rules.allow_loopback);
    g_variant_lookup (arguments, "allow-private", "b", &self->rules.allow_private);
    g_clear_pointer (&self->rules.proxy, g_free);
    g_variant_lookup (arguments, "proxy", "s", &self->rules.proxy);
    self->rules.configured = TRUE;
    return reply (TAMGA_FETCH_CONFIGURE, "", NULL);
}

static gboolean serve_start (Server *self, GVariant *arguments)
{
    if (self->transfers->len >= TAMGA_FETCH_MAX_TRANSFERS)
        return reply (TAMGA_FETCH_START, "failed",
                      one ("text", g_variant_new_string ("too many requests at once")));
    guint ticket = ++self->next_ticket;
    g_ptr_array_add (self->transfers,
                     tamga_transfer_start (self->multi, &self->rules, ticket, arguments));
    return reply (TAMGA_FETCH_START, "", one ("ticket", g_variant_new_uint32 (ticket)));
}

static gboolean serve_wait (Server *self, GVariant *arguments)
{
    guint timeout_ms = 0;
    g_variant_lookup (arguments, "timeout", "u", &timeout_ms);
    self->waiting = TRUE;
    self->wait_until = g_get_monotonic_time () + (gint64)timeout_ms * 1000;
    return TRUE;
}

static gboolean serve_cancel (Server *self, GVariant *arguments)
{
    guint ticket = 0;
    g_variant_lookup (arguments, "ticket", "u", &ticket);
    for (guint i = 0; i < self->transfers->len; i++) {
        if (tamga_transfer_ticket (self->transfers->pdata[i]) == ticket) {
            g_ptr_array_remove_index (self->transfers, i);
            break;
        }
    }
    return reply (TAMGA_FETCH_CANCEL, "", NULL);
}

static const struct {
    const char *verb;
    gboolean (*serve) (Server *self, GVariant *arguments);
} verbs[] = {
    {TAMGA_FETCH_CONFIGURE, serve_configure},
    {TAMGA_FETCH_START, serve_start},
    {TAMGA_FETCH_WAIT, serve_wait},
    {TAMGA_FETCH_CANCEL, serve_cancel},
};

/* Reads and answers one message; FALSE ends the program. */
static gboolean serve_message (Server *self)
{
    const char *verb, *error;
    g_autoptr (GVariant) arguments = NULL;
    TamgaCall call = tamga_call_within (NULL, FRAME_TIMEOUT_MS);
    g_autoptr (GVariant) message = tamga_frame_receive (SOCKET, NULL, &call, NULL);
    /* Something said while "wait" is unanswered is against the protocol. */
    if (message == NULL || self->waiting)
        return FALSE;
    g_variant_get (message, "(&s&s@a{sv})", &verb, &error, &arguments);
    for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++) {
        if (g_str_equal (verb, verbs[i].verb))
            return verbs[i].serve (self, arguments);
    }
    return reply (verb, "failed",
                  one ("text", g_variant_new_string ("tamga-fetch knows no such verb")));
}

/* Answers "wait" when there is something to say. */
static gboolean serve_waiting (Server *self)
{
    for (guint i = 0; i < self->transfers->len; i++) {
        TamgaTransfer *transfer = self->transfers->pdata[i];
        if (!tamga_transfer_finished (transfer))
            continue;
        self->waiting = FALSE;
        gboolean sent = reply (TAMGA_FETCH_WAIT, "", tamga_transfer_result (transfer));
        g_ptr_array_remove_index (self->transfers, i);
        return sent;
    }
    if (g_get_monotonic_time () < self->wait_until)
        return TRUE;
    self->waiting = FALSE;
    return reply (TAMGA_FETCH_WAIT, "", one ("ticket", g_variant_new_uint32 (0)));
}

static void run_transfers (Server *self)
{
    CURLMsg *message;
    int running, queued;
    curl_multi_perform (self->multi, &running);
    while ((message = curl_multi_info_read (self->multi, &queued)) != NULL) {
        TamgaTransfer *transfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result; /* `message` dies with the handle's removal */
        curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, &transfer);
        tamga_transfer_done (transfer, code);
    }
}

static gboolean serve_once (Server *self)
{
    struct curl_waitfd socket = {.fd = SOCKET, .events = CURL_WAIT_POLLIN};
    int timeout_ms = 60000;
    run_transfers (self);
    if (self->waiting && !serve_waiting (self))
        return FALSE;
    if (self->waiting) {
        gint64 left = (self->wait_until - g_get_monotonic_time () + 999) / 1000;
        timeout_ms = (int)CLAMP (left, 0, timeout_ms);
    }
    if (curl_multi_poll (self->multi, &socket, 1, timeout_ms, NULL) != CURLM_OK)
        return FALSE;
    return socket.revents == 0 || serve_message (self);
}

int main (void)
{
    tamga_helper_harden ();
    if (curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    Server server = {
        .multi = curl_multi_init (),
        .transfers = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_transfer_free),
    };
    g_assert (server.multi != NULL);
    while (serve_once (&server))
        ;
    g_ptr_array_unref (server.transfers);
    curl_multi_cleanup (server.multi);
    g_free (server.rules.proxy);
    curl_global_cleanup ();
    tamga_helper_soften ();
    return EXIT_SUCCESS;
}
