/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signers and their countersignatures, with their places. */
#include "formats/cms/tree.h"

#include <string.h>

#include "formats/cms/der.h"
#include "formats/limits.h"

static void node_free (TamgaSignerNode *node)
{
    if (node->parent != NULL)
        tamga_signer_info_free (node->info);
    g_free (node->id);
    g_ptr_array_unref (node->troubles);
    g_ptr_array_unref (node->list);
    g_ptr_array_unref (node->added);
    g_free (node);
}

static TamgaSignerNode *node_new (GPtrArray *nodes, TamgaSignerInfo *info, TamgaSignerNode *parent,
                                  char *id)
{
    TamgaSignerNode *node = g_new0 (TamgaSignerNode, 1);

    node->info = info;
    node->parent = parent;
    node->depth = parent != NULL ? parent->depth + 1 : 0;
    node->id = id;
    node->troubles = g_ptr_array_new_with_free_func (g_free);
    node->list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    node->added = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; info->unsigned_list != NULL && i < info->unsigned_list->len; i++)
        g_ptr_array_add (node->list, g_bytes_ref (info->unsigned_list->pdata[i]));
    g_ptr_array_add (nodes, node);
    return node;
}

static gboolean add_below (GPtrArray *nodes, TamgaSignerNode *node, GError **error);

/* One value of a countersignature attribute. `number` counts them within the node. */
static gboolean add_value (GPtrArray *nodes, TamgaSignerNode *node, GBytes *value, guint number,
                           guint attribute, guint index, GError **error)
{
    g_autoptr (GError) local = NULL;
    g_autofree char *id = g_strdup_printf ("countersignature %u of %s", number, node->id);
    g_autoptr (TamgaSignerInfo) info = NULL;
    TamgaSignerNode *child;

    if (node->depth >= TAMGA_MAX_COUNTERSIGNATURE_DEPTH) {
        g_ptr_array_add (node->troubles,
                         g_strdup_printf ("%s: more than %u countersignatures stand on each other",
                                          id, TAMGA_MAX_COUNTERSIGNATURE_DEPTH));
        return TRUE;
    }
    info = tamga_signer_info_parse (value, &local);
    if (info == NULL) {
        g_ptr_array_add (node->troubles, g_strdup_printf ("%s: %s", id, local->message));
        return TRUE;
    }
    if (nodes->len >= TAMGA_MAX_SIGNERS) {
        g_set_error (error, TAMGA_FORMAT_ERROR, TAMGA_FORMAT_ERROR_LIMIT,
                     "There are more than %u signatures.", TAMGA_MAX_SIGNERS);
        return FALSE;
    }
    child = node_new (nodes, g_steal_pointer (&info), node, g_steal_pointer (&id));
    child->attribute = attribute;
    child->value = index;
    return add_below (nodes, child, error);
}

static gboolean add_below (GPtrArray *nodes, TamgaSignerNode *node, GError **error)
{
    GPtrArray *list = node->info->unsigned_list;
    guint number = 0;

    for (guint i = 0; list != NULL && i < list->len; i++) {
        g_autoptr (TamgaAttribute) attribute = tamga_attribute_parse (list->pdata[i]);
        if (attribute == NULL || attribute->kind != TAMGA_ATTRIBUTE_COUNTERSIGNATURE)
            continue;
        for (guint j = 0; j < attribute->values->len; j++) {
            if (!add_value (nodes, node, attribute->values->pdata[j], ++number, i, j, error))
                return FALSE;
        }
    }
    return TRUE;
}

GPtrArray *tamga_signer_nodes (const TamgaSignedData *data, GError **error)
{
    g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func ((GDestroyNotify)node_free);
    gboolean is_token = strcmp (data->content_type, TAMGA_OID_TST_INFO) == 0;

    for (guint i = 0; i < data->signers->len; i++) {
        char *id =
            is_token ? g_strdup ("time-stamp token") : g_strdup_printf ("signature %u", i + 1);
        TamgaSignerNode *node = node_new (nodes, data->signers->pdata[i], NULL, id);
        if (!add_below (nodes, node, error))
            return NULL;
    }
    return g_steal_pointer (&nodes);
}

TamgaSignerNode *tamga_signer_nodes_find (GPtrArray *nodes, const char *id)
{
    for (guint i = 0; i < nodes->len; i++) {
        TamgaSignerNode *node = nodes->pdata[i];
        if (strcmp (node->id, id) == 0)
            return node;
    }
    return NULL;
}

TamgaSignerNode *tamga_signer_node_top (TamgaSignerNode *node)
{
    while (node->parent != NULL)
        node = node->parent;
    return node;
}

void tamga_elements_insert (GPtrArray *elements, GBytes *element)
{
    guint at = elements->len;

    for (guint i = 1; i < elements->len; i++) {
        if (g_bytes_compare (elements->pdata[i - 1], elements->pdata[i]) > 0) {
            g_ptr_array_add (elements, g_bytes_ref (element));
            return;
        }
    }
    while (at > 0 && g_bytes_compare (elements->pdata[at - 1], element) > 0)
        at--;
    g_ptr_array_insert (elements, (gint)at, g_bytes_ref (element));
}

GBytes *tamga_elements_join (guint8 tag, GPtrArray *elements)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();

    for (guint i = 0; i < elements->len; i++) {
        gsize length;
        const void *data = g_bytes_get_data (elements->pdata[i], &length);
        g_byte_array_append (out, data, (guint)length);
    }
    return tamga_der_tlv (tag, out->data, out->len);
}

GBytes *tamga_cms_attribute (const char *oid, GBytes *value)
{
    g_autoptr (GBytes) type = tamga_der_oid (oid);
    g_autoptr (GBytes) values = tamga_der_wrap (TAMGA_DER_SET, value);

    return tamga_der_join (TAMGA_DER_SEQUENCE, type, values, TAMGA_DER_END);
}

void tamga_signer_node_add (TamgaSignerNode *node, const char *oid, GBytes *value)
{
    g_ptr_array_add (node->added, tamga_cms_attribute (oid, value));
    node->changed = TRUE;
}

/* The Attribute with one of its values exchanged. */
static GBytes *exchange_value (GBytes *der, guint index, GBytes *value)
{
    g_autoptr (TamgaAttribute) attribute = tamga_attribute_parse (der);
    g_autoptr (GBytes) values = NULL;

    g_assert (attribute != NULL && index < attribute->values->len);
    g_bytes_unref (attribute->values->pdata[index]);
    attribute->values->pdata[index] = g_bytes_ref (value);
    values = tamga_elements_join (TAMGA_DER_SET, attribute->values);
    return tamga_der_join (TAMGA_DER_SEQUENCE, attribute->type, values, TAMGA_DER_END);
}

void tamga_signer_node_exchange (TamgaSignerNode *node, guint attribute, guint index, GBytes *value)
{
    GBytes *old = node->list->pdata[attribute];

    node->list->pdata[attribute] = exchange_value (old, index, value);
    node->changed = TRUE;
    g_bytes_unref (old);
}

GPtrArray *tamga_attributes_parse (GPtrArray *list)
{
    GPtrArray *attributes = g_ptr_array_new_with_free_func ((GDestroyNotify)tamga_attribute_free);

    for (guint i = 0; list != NULL && i < list->len; i++) {
        TamgaAttribute *attribute = tamga_attribute_parse (list->pdata[i]);
        if (attribute != NULL)
            g_ptr_array_add (attributes, attribute);
    }
    return attributes;
}

/* What was changed below the node. Depth of the tree is bounded where it is built. */
static void take_changes (GPtrArray *nodes, TamgaSignerNode *node)
{
    for (guint i = 0; i < nodes->len; i++) {
        TamgaSignerNode *child = nodes->pdata[i];
        g_autoptr (GBytes) der = NULL;
        if (child->parent != node)
            continue;
        der = tamga_signer_node_encode (nodes, child);
        if (child->changed)
            tamga_signer_node_exchange (node, child->attribute, child->value, der);
    }
}

GPtrArray *tamga_signer_node_attributes (GPtrArray *nodes, TamgaSignerNode *node)
{
    GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

    take_changes (nodes, node);
    for (guint i = 0; i < node->list->len; i++)
        g_ptr_array_add (list, g_bytes_ref (node->list->pdata[i]));
    for (guint i = 0; i < node->added->len; i++)
        tamga_elements_insert (list, node->added->pdata[i]);
    return list;
}

GBytes *tamga_signer_node_encode (GPtrArray *nodes, TamgaSignerNode *node)
{
    g_autoptr (GPtrArray) list = tamga_signer_node_attributes (nodes, node);
    g_autoptr (GBytes) unsigneds = NULL;

    if (!node->changed)
        return g_bytes_ref (node->info->der);
    unsigneds = tamga_elements_join (TAMGA_DER_CONTEXT_CONSTRUCTED | 1, list);
    return tamga_der_join (TAMGA_DER_SEQUENCE, node->info->fields, unsigneds, TAMGA_DER_END);
}
