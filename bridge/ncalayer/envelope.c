/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms in which answers go out. */
#include "bridge/ncalayer/envelope.h"

#include "client/helper/helper.h"

#define CODE_DONE "200"
#define CODE_FAILED "500"
#define CANCELLED "action.canceled"

GQuark tamga_ncalayer_error_quark (void)
{
    return g_quark_from_static_string ("tamga-ncalayer-error");
}

/* What the person gave up, in whichever part it was noticed. */
static gboolean is_cancelled (const GError *error)
{
    return g_error_matches (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_CANCELLED) ||
           g_str_has_suffix (tamga_failure_name (error), "/cancelled");
}

/* Their texts speak of what the site sent. */
static gboolean is_of_the_call (const GError *error)
{
    return error->domain == TAMGA_NCALAYER_ERROR || error->domain == TAMGA_FORMAT_ERROR ||
           g_error_matches (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_ARGUMENT) ||
           g_error_matches (error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PASSWORD);
}

char *tamga_envelope_reason (const GError *error)
{
    static const struct {
        TamgaBridgeError code;
        const char *text;
    } bridge[] = {
        {TAMGA_BRIDGE_ERROR_DENIED, "The person does not grant this to the caller"},
        {TAMGA_BRIDGE_ERROR_BUSY, "There are more requests than a person can answer"},
        {TAMGA_BRIDGE_ERROR_GONE, "The request has ended"},
        {TAMGA_BRIDGE_ERROR_NO_KEY, "No key fits what the call asks for"},
        {TAMGA_BRIDGE_ERROR_PROMPTER, "Nobody can be asked on this computer"},
        {TAMGA_BRIDGE_ERROR_PATH,
         "Only a path that showFileChooser gave on this connection is read"},
    };
    static const struct {
        GQuark (*domain) (void);
        const char *text;
    } others[] = {
        {tamga_sign_error_quark, "The checks before signing refuse it"},
        {tamga_keys_error_quark, "The key could not be used"},
        {tamga_helper_error_quark, "The key could not be used"},
        {tamga_tsa_error_quark, "The timestamp could not be had"},
        {tamga_fetch_error_quark, "A service in the network could not be asked"},
        {tamga_document_error_quark, "The document could not be read"},
    };
    const char *text = "It could not be done";

    if (is_cancelled (error))
        return g_strdup (CANCELLED);
    if (is_of_the_call (error))
        return g_strdup (error->message);
    for (gsize i = 0; i < G_N_ELEMENTS (bridge); i++) {
        if (g_error_matches (error, TAMGA_BRIDGE_ERROR, (int)bridge[i].code))
            text = bridge[i].text;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
        if (error->domain == others[i].domain ())
            text = others[i].text;
    }
    return g_strdup_printf ("%s (%s).", text, tamga_failure_name (error));
}

/* A failure that nobody explained is one all the same: no call may end the bridge. `*made` is to be
 * freed. */
static const GError *explained (const GError *error, GError **made)
{
    if (error == NULL)
        g_set_error (made, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_STATE, "Nothing says why.");
    return error != NULL ? error : *made;
}

/* ---- commonUtils ---- */

json_t *tamga_envelope_common (json_t *result)
{
    json_t *reply = json_object ();

    if (!json_is_null (result))
        json_object_set_new (reply, "responseObject", result);
    json_object_set_new (reply, "code", json_string (CODE_DONE));
    return reply;
}

json_t *tamga_envelope_common_error (const GError *error)
{
    g_autoptr (GError) made = NULL;
    g_autofree char *reason = tamga_envelope_reason (explained (error, &made));

    return json_pack ("{s:s, s:o}", "code", CODE_FAILED, "message", tamga_json_text (reason));
}

/* ---- basics ---- */

json_t *tamga_envelope_basics (json_t *result)
{
    json_t *body = json_object ();

    json_object_set_new (body, "result", result);
    return json_pack ("{s:o, s:b}", "body", body, "status", TRUE);
}

json_t *tamga_envelope_basics_error (const GError *error)
{
    static const struct {
        GQuark (*domain) (void);
        int code; /* -1: each */
        const char *name, *message;
    } rows[] = {
        {tamga_ncalayer_error_quark, TAMGA_NCALAYER_ERROR_SIGNING_PARAMS, "INVALID_SIGNING_PARAMS",
         "The signing parameters are not valid."},
        {tamga_ncalayer_error_quark, TAMGA_NCALAYER_ERROR_INVOCATION, "INVOCATION_ERROR",
         "An invoked method threw an exception."},
        {tamga_bridge_error_quark, TAMGA_BRIDGE_ERROR_ARGUMENT, "INVOCATION_ERROR",
         "An invoked method threw an exception."},
        {tamga_bridge_error_quark, -1, "GENERAL_ERROR", "The request was not fulfilled."},
        {NULL, -1, "SIGNING_FAILURE", "The signature could not be made."},
    };
    g_autoptr (GError) made = NULL;
    g_autofree char *reason = NULL;
    gsize i = 0;

    error = explained (error, &made);
    reason = tamga_envelope_reason (error);
    if (is_cancelled (error))
        return json_pack ("{s:{}, s:b}", "body", "status", TRUE);
    while (rows[i].domain != NULL && (error->domain != rows[i].domain () ||
                                      (rows[i].code != -1 && error->code != rows[i].code)))
        i++;
    return json_pack ("{s:b, s:s, s:o, s:o}", "status", FALSE, "code", rows[i].name, "message",
                      json_string (rows[i].message), "details", tamga_json_text (reason));
}

/* ---- The rest ---- */

json_t *tamga_envelope_applet_error (const GError *error)
{
    g_autofree char *reason = tamga_envelope_reason (error);

    return json_pack ("{s:s, s:s, s:s, s:o}", "result", "", "secondResult", "", "errorCode",
                      "PASSWORD_NOT_ACCEPTED", "message", tamga_json_text (reason));
}

json_t *tamga_envelope_unknown (const char *code)
{
    return json_pack ("{s:b, s:s}", "success", FALSE, "errorCode", code);
}

json_t *tamga_envelope_no_call (void)
{
    return json_pack ("{s:b, s:s}", "success", FALSE, "code", "COMMON_JSON_WRAPPING_EXCEPTION");
}
