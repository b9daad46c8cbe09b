/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a message to the module that answers it. */
#include "bridge/ncalayer/ncalayer.h"

#include <string.h>

#include "bridge/ncalayer/envelope.h"

/* What a site marks its calls with, where it does: longer ones are not given back. */
#define MAX_UUID 256u

typedef struct {
    const char *name;
    json_t *(*answer) (TamgaRequest *request, const json_t *message);
    gboolean echoes; /* gives "uuid" back */
} Module;

/* The last one is meant by calls that name none. */
static const Module modules[] = {
    {"kz.gov.pki.knca.commonUtils", tamga_ncalayer_common_utils, TRUE},
    {"kz.gov.pki.knca.basics", tamga_ncalayer_basics, FALSE},
    {"kz.gov.pki.ncalayerservices.accessory", tamga_ncalayer_accessory, FALSE},
    {"kz.gov.pki.knca.applet.Applet", tamga_ncalayer_applet, TRUE},
};

/* NULL: none has this name. */
static const Module *find (const char *name)
{
    if (name == NULL)
        return &modules[G_N_ELEMENTS (modules) - 1];
    for (gsize i = 0; i < G_N_ELEMENTS (modules); i++) {
        if (strcmp (modules[i].name, name) == 0)
            return &modules[i];
    }
    return NULL;
}

static void echo (const json_t *message, json_t *reply)
{
    json_t *uuid = json_object_get (message, "uuid");

    if (json_is_integer (uuid) || (json_is_string (uuid) && json_string_length (uuid) <= MAX_UUID))
        json_object_set (reply, "uuid", uuid);
}

json_t *tamga_ncalayer_dispatch (TamgaRequest *request, GBytes *message, gpointer data)
{
    gsize size;
    const char *text = g_bytes_get_data (message, &size);
    g_autoptr (json_t) call = tamga_json_load ("The call", text, size, NULL);
    json_t *name = json_object_get (call, "module"), *reply;
    const Module *module;

    (void)data;
    if (!json_is_object (call) || (name != NULL && !json_is_string (name) && !json_is_null (name)))
        return tamga_envelope_no_call ();
    module = find (json_string_value (name));
    if (module == NULL)
        return tamga_envelope_unknown ("MODULE_NOT_FOUND");
    reply = module->answer (request, call);
    g_assert (reply != NULL);
    if (module->echoes)
        echo (call, reply);
    return reply;
}
