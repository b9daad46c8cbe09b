/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of fault kinds and the list of active ones. */
#include "tests/provider/fault.h"

#include <string.h>

static const struct {
    const char *name;
    guint families;
} kinds[] = {
#define ROW(identifier, name, families) {name, families},
    PROVIDER_FAULT_KINDS (ROW)
#undef ROW
};

ProviderFault provider_fault_kind (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
        if (strcmp (kinds[i].name, name) == 0)
            return (ProviderFault)i;
    return PROVIDER_FAULTS;
}

const char *provider_fault_name (ProviderFault kind)
{
    return kinds[kind].name;
}

guint provider_fault_families (ProviderFault kind)
{
    return kinds[kind].families;
}

static void active_free (gpointer data)
{
    ProviderActiveFault *fault = data;
    g_free (fault->service);
    g_hash_table_unref (fault->parameters);
    g_free (fault);
}

void provider_faults_add (ProviderFaults *faults, const char *service, ProviderFault kind,
                          gint64 count, GHashTable *parameters)
{
    if (faults->active == NULL)
        faults->active = g_ptr_array_new_with_free_func (active_free);
    for (guint i = faults->active->len; i-- > 0;) {
        const ProviderActiveFault *old = faults->active->pdata[i];
        if (old->kind == kind && strcmp (old->service, service) == 0)
            g_ptr_array_remove_index (faults->active, i);
    }
    ProviderActiveFault *fault = g_new0 (ProviderActiveFault, 1);
    fault->service = g_strdup (service);
    fault->kind = kind;
    fault->count = count == 0 ? G_MAXINT64 : count;
    fault->parameters = g_hash_table_ref (parameters);
    g_ptr_array_add (faults->active, fault);
}

void provider_faults_remove (ProviderFaults *faults, const char *service)
{
    if (faults->active == NULL)
        return;
    for (guint i = faults->active->len; i-- > 0;) {
        const ProviderActiveFault *fault = faults->active->pdata[i];
        if (service == NULL || strcmp (fault->service, service) == 0)
            g_ptr_array_remove_index (faults->active, i);
    }
}

void provider_faults_clear (ProviderFaults *faults)
{
    g_clear_pointer (&faults->active, g_ptr_array_unref);
}

void provider_faults_take (ProviderFaults *faults, const char *service, ProviderFaultSet *set)
{
    if (faults->active == NULL)
        return;
    for (guint i = faults->active->len; i-- > 0;) {
        ProviderActiveFault *fault = faults->active->pdata[i];
        if (strcmp (fault->service, service) != 0)
            continue;
        set->set |= G_GUINT64_CONSTANT (1) << fault->kind;
        set->parameters[fault->kind] = g_hash_table_ref (fault->parameters);
        if (fault->count != G_MAXINT64 && --fault->count == 0)
            g_ptr_array_remove_index (faults->active, i);
    }
}

void provider_fault_set_clear (ProviderFaultSet *set)
{
    for (gsize i = 0; i < PROVIDER_FAULTS; i++)
        g_clear_pointer (&set->parameters[i], g_hash_table_unref);
    set->set = 0;
}

gboolean provider_fault (const ProviderFaultSet *set, ProviderFault kind)
{
    return (set->set >> kind & 1) != 0;
}

gboolean provider_fault_only_transport (const ProviderFaultSet *set)
{
    return set->set >> (PROVIDER_FAULT_TRAILING + 1) == 0;
}

const char *provider_fault_text (const ProviderFaultSet *set, ProviderFault kind,
                                 const char *parameter)
{
    GHashTable *parameters = set->parameters[kind];
    return parameters == NULL ? NULL : g_hash_table_lookup (parameters, parameter);
}

gint64 provider_fault_number (const ProviderFaultSet *set, ProviderFault kind,
                              const char *parameter, gint64 standard)
{
    const char *text = provider_fault_text (set, kind, parameter);
    char *end = NULL;
    gint64 number = text == NULL ? standard : g_ascii_strtoll (text, &end, 10);
    return end != NULL && (end == text || *end != '\0') ? standard : number;
}
