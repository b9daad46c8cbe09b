/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Callers, settings and errors of the bridge. */
#include "bridge/bridge.h"

GQuark tamga_bridge_error_quark (void)
{
    return g_quark_from_static_string ("tamga-bridge-error");
}

#define ROW(code_, name_, exit_, advice_)                                                          \
    {                                                                                              \
        .domain = tamga_bridge_error_quark, .code = TAMGA_BRIDGE_ERROR_##code_,                    \
        .name = "bridge/" name_, .exit = exit_, .advice = advice_                                  \
    }
static const TamgaFailureRow rows[] = {
    ROW (ARGUMENT, "argument", TAMGA_EXIT_INPUT, NULL),
    ROW (DENIED, "denied", TAMGA_EXIT_REFUSED, NULL),
    ROW (CANCELLED, "cancelled", TAMGA_EXIT_KEY, NULL),
    ROW (BUSY, "busy", TAMGA_EXIT_REFUSED, NULL),
    ROW (GONE, "gone", TAMGA_EXIT_KEY, NULL),
    ROW (NO_KEY, "no-key", TAMGA_EXIT_KEY,
         "Plug in the token with the right key, or choose its key file."),
    ROW (PROMPTER, "prompter", TAMGA_EXIT_KEY,
         "Install zenity and pinentry, or name another prompter under [bridge] in tamga.conf."),
    ROW (PATH, "path", TAMGA_EXIT_INPUT, NULL),
    ROW (TRUST, "trust", TAMGA_EXIT_INPUT, "tamga bridge install-trust makes a new certificate."),
    ROW (PORT, "port", TAMGA_EXIT_NETWORK,
         "End the program that has it (NCALayer, for example), then start the bridge again."),
    ROW (PASSWORD, "password", TAMGA_EXIT_REFUSED, NULL),
    ROW (STATE, "state", TAMGA_EXIT_INPUT, NULL),
};
#undef ROW

void tamga_bridge_add_failures (void)
{
    tamga_failure_add (rows, G_N_ELEMENTS (rows));
}

TamgaCaller *tamga_caller_new (guint64 connection, const char *origin, const char *program)
{
    TamgaCaller *caller = g_atomic_rc_box_new0 (TamgaCaller);
    caller->connection = connection;
    caller->origin = g_strdup (origin);
    caller->program = g_strdup (program);
    return caller;
}

TamgaCaller *tamga_caller_ref (TamgaCaller *caller)
{
    return g_atomic_rc_box_acquire (caller);
}

static void caller_clear (gpointer data)
{
    TamgaCaller *caller = data;
    g_free (caller->origin);
    g_free (caller->program);
}

void tamga_caller_unref (TamgaCaller *caller)
{
    g_atomic_rc_box_release_full (caller, caller_clear);
}

/* The value of the configuration, or ours where it says nothing. */
static guint either (guint said, guint usual)
{
    return said != 0 ? said : usual;
}

/* Those of the configuration beside those that are found; NULL: only these. */
static char **modules (char **configured)
{
    if (!configured)
        return NULL;
    g_autoptr (GPtrArray) found = tamga_keys_modules ();
    g_autoptr (GStrvBuilder) all = g_strv_builder_new ();
    for (guint i = 0; i < found->len; i++) {
        if (!g_strv_contains ((const char *const *)configured, found->pdata[i]))
            g_strv_builder_add (all, found->pdata[i]);
    }
    g_strv_builder_addv (all, (const char **)configured);
    return g_strv_builder_end (all);
}

TamgaBridgeConfig *tamga_bridge_config_new (const TamgaConfig *config)
{
    TamgaBridgeConfig *bridge = g_new0 (TamgaBridgeConfig, 1);
    const guint mib = 1024 * 1024;
    bridge->port = (guint16)either (config->bridge.port, TAMGA_BRIDGE_PORT);
    bridge->profile =
        g_strdup (config->bridge.profile ? config->bridge.profile : TAMGA_BRIDGE_PROFILE);
    bridge->prompter = g_strdup (config->bridge.prompter ? config->bridge.prompter : "desktop");
    bridge->max_message =
        (gsize)either (config->bridge.max_message_mib, TAMGA_BRIDGE_MAX_MESSAGE / mib) * mib;
    bridge->max_connections = either (config->bridge.max_connections, TAMGA_BRIDGE_MAX_CONNECTIONS);
    bridge->idle_seconds = either (config->bridge.idle_seconds, TAMGA_BRIDGE_IDLE_SECONDS);
    bridge->modules = modules (config->modules);
    return bridge;
}

void tamga_bridge_config_free (TamgaBridgeConfig *config)
{
    if (!config)
        return;
    g_free (config->profile);
    g_free (config->prompter);
    g_strfreev (config->modules);
    g_free (config);
}
