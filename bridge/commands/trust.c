/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `install-trust`, `remove-trust` and `doctor`: the certificate of this machine, who trusts it, and
 * what else the bridge needs. */
#include <string.h>

#include "bridge/commands/commands.h"
#include "bridge/control.h"
#include "bridge/peer.h"
#include "bridge/trust/stores.h"

#define DAY (24 * 3600)
#define WARN_DAYS 60

static gint64 now (void)
{
    return g_get_real_time () / G_USEC_PER_SEC;
}

static json_t *stores_json (const GPtrArray *stores)
{
    json_t *list = json_array ();
    for (guint i = 0; i < stores->len; i++) {
        const TamgaTrustStore *store = stores->pdata[i];
        json_array_append_new (
            list, json_pack ("{s:o, s:o, s:b, s:o}", "name", tamga_json_text (store->name), "path",
                             tamga_json_text (store->path), "trusted", store->holds, "problem",
                             tamga_json_text (store->problem)));
    }
    return list;
}

static int tell_stores (const GPtrArray *stores, const char *done, gboolean wanted)
{
    int code = TAMGA_EXIT_DONE;
    for (guint i = 0; i < stores->len; i++) {
        const TamgaTrustStore *store = stores->pdata[i];
        g_autofree char *name = tamga_text_visible (store->name);
        if (store->problem) {
            g_autofree char *why = tamga_text_visible (store->problem);
            printf ("%-28s NOT CHANGED: %s\n", name, why);
            code = TAMGA_EXIT_INPUT;
        } else if (store->holds == wanted) {
            printf ("%-28s %s\n", name, done);
        }
    }
    return code;
}

int tamga_bridge_install_trust (int argc, char **argv)
{
    gboolean system = FALSE, renew = FALSE, as_json = FALSE;
    const GOptionEntry entries[] = {
        {"system", 0, 0, G_OPTION_ARG_NONE, &system, "The system's store too (root)", NULL},
        {"renew", 0, 0, G_OPTION_ARG_NONE, &renew, "A new certificate in any case", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "One JSON object", NULL},
        {0}};
    int code;
    if (!tamga_bridge_parse (&argc, &argv, entries, &code))
        return code;
    g_autoptr (GError) error = NULL;
    /* What cannot be loaded is replaced: that is what this command is for. */
    g_autoptr (TamgaBridgeCertificate) certificate = tamga_bridge_certificate_load (NULL, NULL);
    gboolean old = certificate && certificate->not_after - now () < WARN_DAYS * DAY;
    if (!certificate || renew || old) {
        g_clear_pointer (&certificate, tamga_bridge_certificate_free);
        certificate = tamga_bridge_certificate_create (NULL, now (), &error);
        if (!certificate)
            return tamga_bridge_fail (error);
    }
    g_autoptr (GPtrArray) stores = tamga_trust_stores_install (certificate, system);
    if (as_json) {
        tamga_bridge_print (json_pack (
            "{s:o, s:s, s:o, s:o}", "certificate", tamga_json_text (certificate->ca_path), "sha256",
            certificate->ca_sha256, "not_after", tamga_json_time (certificate->not_after), "stores",
            stores_json (stores)));
        return TAMGA_EXIT_DONE;
    }
    g_autofree char *until = tamga_time_text (certificate->not_after);
    printf (
        "Certificate of this machine, valid until %.10s; the key that issued it is destroyed.\n",
        until);
    code = tell_stores (stores, "trusts it now", TRUE);
    json_t *running = tamga_control_ask (json_pack ("{s:s}", "command", "status"), NULL);
    if (running)
        puts ("The bridge that runs uses its certificate until it is started again.");
    json_decref (running);
    puts ("Browsers that run notice it when they are started again.");
    return code;
}

int tamga_bridge_remove_trust (int argc, char **argv)
{
    gboolean system = FALSE, as_json = FALSE;
    const GOptionEntry entries[] = {
        {"system", 0, 0, G_OPTION_ARG_NONE, &system, "The system's store too (root)", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "One JSON object", NULL},
        {0}};
    int code;
    if (!tamga_bridge_parse (&argc, &argv, entries, &code))
        return code;
    g_autoptr (GPtrArray) stores = tamga_trust_stores_remove (system);
    if (!as_json)
        return tell_stores (stores, "does not trust it", FALSE);
    tamga_bridge_print (json_pack ("{s:o}", "stores", stores_json (stores)));
    return TAMGA_EXIT_DONE;
}

/* ---- doctor -------------------------------------------------------------------------------- */

/* Lines as `tamga doctor` shows them: what was looked at, "ok", "note" or "problem", what was
 * found, how to mend it. */
static void tell (json_t *lines, const char *what, const char *state, const char *mend,
                  const char *format, ...) G_GNUC_PRINTF (5, 6);
static void tell (json_t *lines, const char *what, const char *state, const char *mend,
                  const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_autofree char *text = g_strdup_vprintf (format, arguments);
    va_end (arguments);
    json_array_append_new (lines,
                           json_pack ("{s:s, s:s, s:o, s:o}", "what", what, "state", state, "text",
                                      tamga_json_text (text), "mend", tamga_json_text (mend)));
}

static void look_at_certificate (json_t *lines)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaBridgeCertificate) certificate = tamga_bridge_certificate_load (NULL, &error);
    const char *mend = "tamga bridge install-trust";
    if (error) {
        tell (lines, "bridge certificate", "problem", mend, "%s", error->message);
        return;
    }
    if (!certificate) {
        tell (lines, "bridge certificate", "note", mend, "this machine has none yet");
        return;
    }
    gint64 days = (certificate->not_after - now ()) / DAY;
    g_autofree char *until = tamga_time_text (certificate->not_after);
    tell (lines, "bridge certificate",
          days < 0           ? "problem"
          : days < WARN_DAYS ? "note"
                             : "ok",
          days < WARN_DAYS ? mend : NULL, "valid until %.10s", until);
    g_autoptr (GPtrArray) stores = tamga_trust_stores (certificate);
    for (guint i = 0; i < stores->len; i++) {
        const TamgaTrustStore *store = stores->pdata[i];
        if (store->problem)
            tell (lines, store->name, "problem", mend, "%s", store->problem);
        else
            tell (lines, store->name, store->holds ? "ok" : "note", store->holds ? NULL : mend,
                  "%s", store->holds ? "trusts the bridge" : "does not trust the bridge");
    }
}

static void look_at_running (json_t *lines, const TamgaBridgeConfig *config)
{
    json_t *status = tamga_control_ask (json_pack ("{s:s}", "command", "status"), NULL);
    g_autofree char *holder = status ? NULL : tamga_peer_listener (config->port);
    if (status)
        tell (lines, "bridge", "ok", NULL, "runs on port %d",
              (int)json_integer_value (json_object_get (status, "port")));
    else if (holder)
        tell (lines, "bridge", "problem", "End that program, then start the bridge.",
              "does not run, and port %u is taken by %s", config->port, holder);
    else
        tell (lines, "bridge", "note", "systemctl --user enable --now tamga-bridge",
              "does not run");
    json_decref (status);
}

static void look_at_prompter (json_t *lines, const TamgaBridgeConfig *config)
{
    static const char *const programs[] = {"zenity", "pinentry"};
    if (strcmp (config->prompter, "desktop") != 0) {
        tell (lines, "prompter", "ok", NULL, "%s", config->prompter);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (programs); i++) {
        g_autofree char *path = g_find_program_in_path (programs[i]);
        if (!path)
            tell (lines, "prompter", "note", "Install it, or set prompter= under [bridge].",
                  "%s is not installed: nobody can be asked on the desktop", programs[i]);
    }
}

int tamga_bridge_doctor (int argc, char **argv)
{
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "One JSON object", NULL}, {0}};
    int code;
    if (!tamga_bridge_parse (&argc, &argv, entries, &code))
        return code;
    g_autoptr (GError) error = NULL;
    g_autoptr (TamgaConfig) file = tamga_config_load (&error);
    if (!file)
        return tamga_bridge_fail (error);
    g_autoptr (TamgaBridgeConfig) config = tamga_bridge_config_new (file);
    json_t *lines = json_array ();
    look_at_running (lines, config);
    look_at_certificate (lines);
    look_at_prompter (lines, config);
    if (as_json) {
        tamga_bridge_print (json_pack ("{s:o}", "lines", lines));
        return TAMGA_EXIT_DONE;
    }
    gsize index;
    json_t *line;
    json_array_foreach (lines, index, line)
    {
        const char *mend = json_string_value (json_object_get (line, "mend"));
        g_autofree char *text =
            tamga_text_visible (json_string_value (json_object_get (line, "text")));
        printf ("%-28s %-8s %s\n", json_string_value (json_object_get (line, "what")),
                json_string_value (json_object_get (line, "state")), text);
        if (mend)
            printf ("%-28s          %s\n", "", mend);
    }
    json_decref (lines);
    return TAMGA_EXIT_DONE;
}
