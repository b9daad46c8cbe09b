/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PINs on their way from the person to `tamga-key`: asked for by the caller's callback, which
 * writes into a pipe; this program never reads it. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "client/keys/store_client.h"

gboolean tamga_key_store_needs_login (TamgaKeyStore *store)
{
    return !store->logged_in && (store->token == NULL || store->token->login_required);
}

static gboolean set_cancelled (GError **error)
{
    g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED, "no PIN was given");
    return FALSE;
}

/* What the person is told before the PIN: read from the token now, not remembered. FALSE where a
 * PIN cannot help. */
static gboolean prepare_request (TamgaKeyStore *store, TamgaPinRequest *request,
                                 const TamgaCall *call, GError **error)
{
    request->store_name = store->name;
    request->reader = store->token != NULL ? store->token->reader : "";
    request->tries_left = -1;
    if (store->module == NULL)
        return TRUE;
    TamgaKeyToken *token = tamga_key_store_token (store, call, error);
    if (token == NULL)
        return FALSE;
    tamga_key_token_free (store->token);
    store->token = token;
    request->reader = token->reader;
    request->tries_left = token->tries_left;
    request->count_low = token->pin_count_low;
    request->final_try = token->pin_final_try;
    request->locked = token->pin_locked;
    request->pinpad = token->pinpad;
    request->pin_min = token->pin_min;
    request->pin_max = token->pin_max;
    if (!token->present) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_TOKEN_REMOVED,
                     "the token \"%s\" was removed", store->name);
        return FALSE;
    }
    if (token->pin_locked) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_LOCKED,
                     "the PIN of the token \"%s\" is locked after too many wrong ones",
                     store->name);
        return FALSE;
    }
    if (!token->pin_initialized) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_PIN_NOT_SET,
                     "no PIN has been set on the token \"%s\"", store->name);
        return FALSE;
    }
    return TRUE;
}

/* The two ends of the way of a PIN. The read end goes to tamga-key first; ours is kept open,
 * unread, until the callback has returned, so that its write cannot raise SIGPIPE if tamga-key
 * dies. */
typedef struct {
    int read_end, write_end;
} Pipe;

static gboolean pipe_open (Pipe *pin, GError **error)
{
    int ends[2];

    if (pipe2 (ends, O_CLOEXEC) != 0) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED, "no pipe for the PIN: %s",
                     g_strerror (errno));
        return FALSE;
    }
    *pin = (Pipe){ends[0], ends[1]};
    return TRUE;
}

static void pipe_close (Pipe *pin)
{
    close (pin->write_end);
    close (pin->read_end);
}

static gboolean ask (TamgaKeyStore *store, TamgaPinRequest *request, const TamgaKeysUi *ui, int fd)
{
    request->attempt = ++store->attempts;
    return ui->pin (request, fd, ui->data) == TAMGA_PIN_GIVEN;
}

/* The PIN goes through a pipe into which another process writes. It is shared by questions of
 * several stores, so what lies in it belongs to none of them: tamga-key throws it away, and gets
 * its end again when the line is there. */
static GVariant *ask_through_source (TamgaKeyStore *store, const char *verb, GVariant *all,
                                     TamgaPinRequest *request, const TamgaKeysUi *ui,
                                     const TamgaCall *call, GError **error)
{
    if (!tamga_key_agent_send (store->agent, "drain", NULL, ui->pin_source, call, error))
        return NULL;
    g_autoptr (GVariant) drained = tamga_key_agent_receive (store->agent, 0, call, error);
    if (drained == NULL)
        return NULL;
    if (!ask (store, request, ui, -1)) {
        set_cancelled (error);
        return NULL;
    }
    if (!tamga_key_agent_send (store->agent, verb, all, ui->pin_source, call, error))
        return NULL;
    return tamga_key_agent_receive (store->agent, 0, call, error);
}

GVariant *tamga_key_store_ask_with_pin (TamgaKeyStore *store, const char *verb,
                                        GVariantBuilder *arguments, gboolean context_specific,
                                        const TamgaKeysUi *ui, const TamgaCall *call,
                                        GError **error)
{
    TamgaPinRequest request = {.context_specific = context_specific};
    Pipe pin;

    if (!prepare_request (store, &request, call, error)) {
        g_variant_builder_clear (arguments);
        return NULL;
    }
    if (ui == NULL || ui->pin == NULL) {
        g_variant_builder_clear (arguments);
        set_cancelled (error);
        return NULL;
    }
    g_variant_builder_add (arguments, "{sv}", "protected", g_variant_new_boolean (request.pinpad));
    g_variant_builder_add (arguments, "{sv}", "ready", g_variant_new_boolean (ui->pin_source > 0));
    g_autoptr (GVariant) all = g_variant_ref_sink (g_variant_builder_end (arguments));
    if (request.pinpad) {
        if (!ask (store, &request, ui, -1)) {
            set_cancelled (error);
            return NULL;
        }
        if (!tamga_key_agent_send (store->agent, verb, all, -1, call, error))
            return NULL;
        return tamga_key_agent_receive (store->agent, TAMGA_KEYS_PINPAD_MS, call, error);
    }
    if (ui->pin_source > 0)
        return ask_through_source (store, verb, all, &request, ui, call, error);
    if (!pipe_open (&pin, error))
        return NULL;
    if (!tamga_key_agent_send (store->agent, verb, all, pin.read_end, call, error)) {
        pipe_close (&pin);
        return NULL;
    }
    /* A person who declines leaves the pipe empty, and tamga-key answers "cancelled". */
    ask (store, &request, ui, pin.write_end);
    pipe_close (&pin);
    return tamga_key_agent_receive (store->agent, 0, call, error);
}

gboolean tamga_key_store_login (TamgaKeyStore *store, const TamgaKeysUi *ui, const TamgaCall *call,
                                GError **error)
{
    GVariantBuilder arguments;

    if (!tamga_key_store_needs_login (store))
        return TRUE;
    g_variant_builder_init (&arguments, G_VARIANT_TYPE_VARDICT);
    g_autoptr (GVariant) answer =
        tamga_key_store_ask_with_pin (store, "login", &arguments, FALSE, ui, call, error);
    store->logged_in = answer != NULL;
    return store->logged_in;
}

/* Asks for three lines: old, new, new again. FALSE: someone declined. */
static gboolean ask_all (TamgaKeyStore *store, TamgaPinRequest *request, const TamgaKeysUi *old_pin,
                         const TamgaKeysUi *new_pin, int fd)
{
    TamgaPinRequest fresh = *request;

    fresh.final_try = fresh.count_low = FALSE; /* a new PIN is no try */
    fresh.tries_left = -1;
    return ask (store, request, old_pin, fd) && ask (store, &fresh, new_pin, fd) &&
           ask (store, &fresh, new_pin, fd);
}

gboolean tamga_key_store_change_pin (TamgaKeyStore *store, const TamgaKeysUi *old_pin,
                                     const TamgaKeysUi *new_pin, const TamgaCall *call,
                                     GError **error)
{
    TamgaPinRequest request = {0};
    GVariantBuilder arguments;
    Pipe pin = {-1, -1};

    if (store->module == NULL) {
        g_set_error (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_FAILED,
                     "the password of the key file %s cannot be changed here", store->name);
        return FALSE;
    }
    g_assert (old_pin->pin_source == 0 && new_pin->pin_source == 0);
    if (!prepare_request (store, &request, call, error))
        return FALSE;
    g_variant_builder_init (&arguments, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&arguments, "{sv}", "protected", g_variant_new_boolean (request.pinpad));
    g_autoptr (GVariant) all = g_variant_ref_sink (g_variant_builder_end (&arguments));
    if (request.pinpad ? !ask (store, &request, old_pin, -1) : !pipe_open (&pin, error))
        return request.pinpad ? set_cancelled (error) : FALSE;
    gboolean sent =
        tamga_key_agent_send (store->agent, "change-pin", all, pin.read_end, call, error);
    if (!request.pinpad) {
        if (sent)
            ask_all (store, &request, old_pin, new_pin, pin.write_end);
        pipe_close (&pin);
    }
    if (!sent)
        return FALSE;
    g_autoptr (GVariant) answer = tamga_key_agent_receive (
        store->agent, request.pinpad ? TAMGA_KEYS_PINPAD_MS : 0, call, error);
    return answer != NULL;
}
