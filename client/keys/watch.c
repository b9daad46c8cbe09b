/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tokens of modules that stay open between two questions. */
#include "client/keys/watch.h"

#include "client/keys/token.h"

struct _TamgaKeysWatch {
    char **modules;
    TamgaKeysConfig config;
    GPtrArray *probes;   /* TamgaProbe; NULL: nothing is open */
    GPtrArray *tokens;   /* TamgaKeyToken, of the probes or in `problems` */
    GPtrArray *problems; /* TamgaKeyToken: what stands for modules that failed */
    gint64 asked;        /* monotonic */
};

TamgaKeysWatch *tamga_keys_watch_new (const TamgaKeysConfig *config)
{
    TamgaKeysWatch *watch = g_new0 (TamgaKeysWatch, 1);
    watch->modules = g_strdupv (config->modules);
    watch->config = (TamgaKeysConfig){watch->modules, config->timeout_ms};
    watch->tokens = g_ptr_array_new ();
    watch->problems = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_key_token_free);
    return watch;
}

static void forget (TamgaKeysWatch *watch)
{
    g_ptr_array_set_size (watch->tokens, 0);
    g_ptr_array_set_size (watch->problems, 0);
}

void tamga_keys_watch_free (TamgaKeysWatch *watch)
{
    if (!watch)
        return;
    g_ptr_array_unref (watch->tokens);
    g_ptr_array_unref (watch->problems);
    g_clear_pointer (&watch->probes, g_ptr_array_unref);
    g_strfreev (watch->modules);
    g_free (watch);
}

const GPtrArray *tamga_keys_watch_tokens (TamgaKeysWatch *watch, const TamgaCall *call,
                                          GError **error)
{
    forget (watch);
    watch->asked = g_get_monotonic_time ();
    if (watch->probes)
        tamga_probe_again (watch->probes, watch->config.timeout_ms, call);
    else
        watch->probes =
            tamga_probe_all (tamga_modules_chosen (&watch->config), watch->config.timeout_ms, call);
    if (tamga_call_cancelled (call)) {
        /* the processes were ended in the middle of their answers */
        g_clear_pointer (&watch->probes, g_ptr_array_unref);
        g_set_error_literal (error, TAMGA_KEYS_ERROR, TAMGA_KEYS_ERROR_CANCELLED, "cancelled");
        return NULL;
    }
    for (guint i = 0; i < watch->probes->len; i++) {
        const TamgaProbe *probe = watch->probes->pdata[i];
        if (probe->failure) {
            TamgaKeyToken *problem = tamga_probe_problem (probe);
            g_ptr_array_add (watch->problems, problem);
            g_ptr_array_add (watch->tokens, problem);
        }
        g_ptr_array_extend (watch->tokens, probe->tokens, NULL, NULL);
    }
    return watch->tokens;
}

void tamga_keys_watch_rest (TamgaKeysWatch *watch, guint milliseconds)
{
    gint64 idle = (g_get_monotonic_time () - watch->asked) / G_TIME_SPAN_MILLISECOND;
    if (!watch->probes || idle < (gint64)milliseconds)
        return;
    forget (watch);
    g_clear_pointer (&watch->probes, g_ptr_array_unref);
}
