/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unsigned components that are made. */
#include "formats/jose/components.h"

#include <string.h>

#include "formats/jose/base64.h"
#include "formats/ossl.h"

static json_t *base64_string (GBytes *bytes)
{
    g_autofree char *text = tamga_base64_encode_bytes (bytes);

    return json_string (text);
}

static json_t *value_object (GBytes *bytes)
{
    json_t *object = json_object ();

    json_object_set_new (object, "val", base64_string (bytes));
    return object;
}

json_t *tamga_jose_component (const char *name, json_t *value)
{
    json_t *object = json_object ();

    json_object_set_new (object, name, value);
    return object;
}

json_t *tamga_jose_tokens (GBytes *token)
{
    json_t *list = json_array ();

    json_array_append_new (list, value_object (token));
    return tamga_jose_component ("tstTokens", list);
}

static gboolean is_known (GPtrArray *known, X509 *certificate)
{
    for (guint i = 0; known != NULL && i < known->len; i++) {
        if (X509_cmp (known->pdata[i], certificate) == 0)
            return TRUE;
    }
    return FALSE;
}

static json_t *certificate_values (GPtrArray *certificates, GPtrArray *known)
{
    json_t *list = json_array ();

    for (guint i = 0; i < certificates->len; i++) {
        g_autoptr (GBytes) der = NULL;
        if (is_known (known, certificates->pdata[i]))
            continue;
        der = tamga_ossl_der (i2d_X509, certificates->pdata[i]);
        json_array_append_new (list, tamga_jose_component ("x509Cert", value_object (der)));
    }
    return list;
}

static void add_values (json_t *object, const char *name, GPtrArray *values, GPtrArray *known)
{
    json_t *list = json_array ();

    for (guint i = 0; i < values->len; i++) {
        if (known == NULL ||
            !g_ptr_array_find_with_equal_func (known, values->pdata[i], g_bytes_equal, NULL))
            json_array_append_new (list, value_object (values->pdata[i]));
    }
    if (json_array_size (list) > 0)
        json_object_set (object, name, list);
    json_decref (list);
}

void tamga_jose_add_evidence (GPtrArray *components, const TamgaEvidence *evidence,
                              GPtrArray *certificates, GPtrArray *crls, GPtrArray *ocsps,
                              gboolean additional)
{
    g_autoptr (json_t) all = json_object ();
    json_t *revocations = json_object ();
    json_t *paths = certificate_values (evidence->certificates, certificates);
    const char *name;
    json_t *value;

    add_values (revocations, "crlVals", evidence->crls, crls);
    add_values (revocations, "ocspVals", evidence->ocsps, ocsps);
    if (json_array_size (paths) > 0)
        json_object_set (all, "xVals", paths);
    if (json_object_size (revocations) > 0)
        json_object_set (all, "rVals", revocations);
    json_decref (paths);
    json_decref (revocations);
    if (json_object_size (all) == 0)
        return;
    if (additional) {
        g_ptr_array_add (components, tamga_jose_component ("tstVD", g_steal_pointer (&all)));
        return;
    }
    json_object_foreach (all, name, value)
    {
        g_ptr_array_add (components, tamga_jose_component (name, json_incref (value)));
    }
}

char *tamga_jose_element (const json_t *component, gboolean clear)
{
    g_autofree char *text = tamga_json_dump (component);
    g_autofree char *encoded = NULL;

    if (clear)
        return g_steal_pointer (&text);
    encoded = tamga_base64url_encode (text, strlen (text));
    return g_strconcat ("\"", encoded, "\"", NULL);
}

GPtrArray *tamga_jose_component_list (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)json_decref);
}
