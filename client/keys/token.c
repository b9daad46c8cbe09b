/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens: asking all modules, and the facts of one token. */
#include "client/keys/token.h"

#include "client/keys/reference.h"

void tamga_key_token_free (TamgaKeyToken *token)
{
    if (token == NULL)
        return;
    g_free (token->module);
    g_free (token->module_name);
    g_free (token->reader);
    g_free (token->label);
    g_free (token->manufacturer);
    g_free (token->model);
    g_free (token->serial);
    g_free (token->uri);
    g_free (token->problem);
    g_free (token);
}

static char *fact_text (GVariant *facts, const char *name)
{
    char *text = NULL;
    return g_variant_lookup (facts, name, "s", &text) ? text : g_strdup ("");
}

static gulong fact_number (GVariant *facts, const char *name)
{
    guint64 number = 0;
    g_variant_lookup (facts, name, "t", &number);
    return number;
}

static const struct {
    const char *name;
    gsize offset;
} flags[] = {
    {"present", G_STRUCT_OFFSET (TamgaKeyToken, present)},
    {"initialized", G_STRUCT_OFFSET (TamgaKeyToken, initialized)},
    {"login-required", G_STRUCT_OFFSET (TamgaKeyToken, login_required)},
    {"pinpad", G_STRUCT_OFFSET (TamgaKeyToken, pinpad)},
    {"pin-initialized", G_STRUCT_OFFSET (TamgaKeyToken, pin_initialized)},
    {"pin-count-low", G_STRUCT_OFFSET (TamgaKeyToken, pin_count_low)},
    {"pin-final-try", G_STRUCT_OFFSET (TamgaKeyToken, pin_final_try)},
    {"pin-locked", G_STRUCT_OFFSET (TamgaKeyToken, pin_locked)},
    {"pin-to-be-changed", G_STRUCT_OFFSET (TamgaKeyToken, pin_to_be_changed)},
    {"write-protected", G_STRUCT_OFFSET (TamgaKeyToken, write_protected)},
};

TamgaKeyToken *tamga_key_token_from_facts (const TamgaModule *module, GVariant *facts)
{
    TamgaKeyToken *token = g_new0 (TamgaKeyToken, 1);
    guint32 problem_code = 0;

    token->module = g_strdup (module->path);
    token->module_name = g_strdup (module->name);
    token->tries_left = -1;
    token->slot = fact_number (facts, "slot");
    token->reader = fact_text (facts, "reader");
    token->label = fact_text (facts, "label");
    token->manufacturer = fact_text (facts, "manufacturer");
    token->model = fact_text (facts, "model");
    token->serial = fact_text (facts, "serial");
    token->pin_min = fact_number (facts, "pin-min");
    token->pin_max = fact_number (facts, "pin-max");
    for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
        g_variant_lookup (facts, flags[i].name, "b", G_STRUCT_MEMBER_P (token, flags[i].offset));
    /* PKCS#11 tells the number of tries in these two cases only */
    if (token->pin_locked)
        token->tries_left = 0;
    else if (token->pin_final_try)
        token->tries_left = 1;
    token->uri = token->present ? tamga_reference_of_token (token) : g_strdup ("");
    if (g_variant_lookup (facts, "problem", "s", &token->problem) &&
        g_variant_lookup (facts, "problem-code", "u", &problem_code))
        token->problem_code = problem_code;
    return token;
}

static void probe_free (gpointer data)
{
    TamgaProbe *probe = data;
    tamga_module_free (probe->module);
    tamga_key_agent_free (probe->agent);
    g_clear_pointer (&probe->tokens, g_ptr_array_unref);
    g_clear_error (&probe->failure);
    g_free (probe);
}

static void receive_tokens (TamgaProbe *probe, const TamgaCall *call)
{
    g_autoptr (GVariant) answer = tamga_key_agent_receive (probe->agent, 0, call, &probe->failure);
    if (answer == NULL)
        return;
    g_autoptr (GVariant) list =
        g_variant_lookup_value (answer, "tokens", G_VARIANT_TYPE ("aa{sv}"));
    for (gsize i = 0; list != NULL && i < g_variant_n_children (list); i++) {
        g_autoptr (GVariant) facts = g_variant_get_child_value (list, i);
        g_ptr_array_add (probe->tokens, tamga_key_token_from_facts (probe->module, facts));
    }
}

/* A module that crashes or hangs is left in peace for this long. */
#define RETRY_US (10 * G_TIME_SPAN_SECOND)

/* Begins: tamga-key is started and asked. */
static void begin (TamgaProbe *probe, guint timeout_ms, const TamgaCall *call)
{
    probe->agent =
        tamga_key_agent_start ("pkcs11", probe->module->path, timeout_ms, call, &probe->failure);
    /* the next request at once: one that hangs must not make the others wait */
    if (probe->agent != NULL)
        tamga_key_agent_send (probe->agent, "tokens", NULL, -1, call, &probe->failure);
}

/* Ends what `begin` began. */
static void finish (TamgaProbe *probe, const TamgaCall *call)
{
    if (probe->failure == NULL && tamga_key_agent_opened (probe->agent, call, &probe->failure))
        receive_tokens (probe, call);
    if (probe->failure != NULL)
        probe->failed = g_get_monotonic_time ();
}

GPtrArray *tamga_probe_all (GPtrArray *modules, guint timeout_ms, const TamgaCall *call)
{
    GPtrArray *probes = g_ptr_array_new_with_free_func (probe_free);

    g_ptr_array_set_free_func (modules, NULL); /* each goes into its probe */
    for (guint i = 0; i < modules->len; i++) {
        TamgaProbe *probe = g_new0 (TamgaProbe, 1);
        probe->module = modules->pdata[i];
        probe->tokens = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_key_token_free);
        begin (probe, timeout_ms, call);
        g_ptr_array_add (probes, probe);
    }
    g_ptr_array_unref (modules);
    for (guint i = 0; i < probes->len; i++)
        finish (probes->pdata[i], call);
    return probes;
}

static void ask_again (TamgaProbe *probe, const TamgaCall *call)
{
    GVariantBuilder arguments;

    g_variant_builder_init (&arguments, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&arguments, "{sv}", "again", g_variant_new_boolean (TRUE));
    tamga_key_agent_send (probe->agent, "tokens", g_variant_builder_end (&arguments), -1, call,
                          &probe->failure);
}

/* Of the probes that were asked: tokens, or a failure. Those whose process is gone (it ends with
 * the thread that started it, and with a crash of the module) go to `lost`. */
static void receive_again (GPtrArray *asked, GPtrArray *lost, const TamgaCall *call)
{
    for (guint i = 0; i < asked->len; i++) {
        TamgaProbe *probe = asked->pdata[i];
        if (probe->failure == NULL)
            receive_tokens (probe, call);
        if (probe->failure != NULL)
            probe->failed = g_get_monotonic_time ();
        if (g_error_matches (probe->failure, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_MODULE_CRASHED))
            g_ptr_array_add (lost, probe);
    }
}

void tamga_probe_again (GPtrArray *probes, guint timeout_ms, const TamgaCall *call)
{
    g_autoptr (GPtrArray) asked = g_ptr_array_new ();
    g_autoptr (GPtrArray) lost = g_ptr_array_new ();
    gint64 now = g_get_monotonic_time ();

    for (guint i = 0; i < probes->len; i++) {
        TamgaProbe *probe = probes->pdata[i];
        if (probe->failure == NULL) {
            g_ptr_array_set_size (probe->tokens, 0);
            ask_again (probe, call);
            g_ptr_array_add (asked, probe);
        } else if (now - probe->failed >= RETRY_US) {
            g_ptr_array_add (lost, probe);
        }
    }
    receive_again (asked, lost, call);
    for (guint i = 0; i < lost->len; i++) {
        TamgaProbe *probe = lost->pdata[i];
        g_ptr_array_set_size (probe->tokens, 0);
        g_clear_error (&probe->failure);
        g_clear_pointer (&probe->agent, tamga_key_agent_free);
        begin (probe, timeout_ms, call);
    }
    for (guint i = 0; i < lost->len; i++)
        finish (lost->pdata[i], call);
}

TamgaKeyToken *tamga_probe_problem (const TamgaProbe *probe)
{
    g_autoptr (GVariant) nothing = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
    TamgaKeyToken *token = tamga_key_token_from_facts (probe->module, nothing);

    token->problem = g_strdup (probe->failure->message);
    token->problem_code = probe->failure->code;
    return token;
}

GPtrArray *tamga_modules_chosen (const TamgaKeysConfig *config)
{
    if (config == NULL || config->modules == NULL)
        return tamga_modules_find ();
    GPtrArray *modules = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_module_free);
    for (char **path = config->modules; *path != NULL; path++)
        g_ptr_array_add (modules, tamga_module_named (*path));
    return modules;
}

GPtrArray *tamga_keys_tokens (const TamgaKeysConfig *config, const TamgaCall *call, GError **error)
{
    g_autoptr (GPtrArray) probes = tamga_probe_all (tamga_modules_chosen (config),
                                                    config != NULL ? config->timeout_ms : 0, call);
    g_autoptr (GPtrArray) tokens =
        g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_key_token_free);

    if (tamga_call_cancelled (call)) {
        g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED, "cancelled");
        return NULL;
    }
    for (guint i = 0; i < probes->len; i++) {
        TamgaProbe *probe = probes->pdata[i];
        if (probe->failure != NULL) {
            if (probe->failure->domain != TAMGA_KEYS_ERROR) {
                /* tamga-key itself cannot be started: the same for every module */
                g_propagate_error (error, g_steal_pointer (&probe->failure));
                return NULL;
            }
            g_ptr_array_add (tokens, tamga_probe_problem (probe));
        }
        g_ptr_array_extend_and_steal (tokens, g_steal_pointer (&probe->tokens));
    }
    return g_steal_pointer (&tokens);
}
