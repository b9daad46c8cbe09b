/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sites ask about the agent itself before they use it (bridge-protocols 1.5). Nothing in it is
 * about the person, so no grant is needed. */
#include "bridge/ncalayer/envelope.h"

/* Names that sites look for, and versions that are new enough for those which compare. */
static const struct {
    const char *name, *version;
} bundles[] = {
    {"kz.gov.pki.osgi.layer.websocket", "1.4.0"},
    {"kz.gov.pki.ncalayerservices.accessory", "1.4.0"},
    {"kz.gov.pki.knca.commonUtils", "1.4.0"},
    {"kz.gov.pki.knca.basics", "1.4.0"},
    {"knca_applet", "1.4.0"},
    {"NCALayerServices", "1.4.0"},
};

/* Modules that answer. */
static const char *const services[] = {
    "kz.gov.pki.knca.commonUtils",
    "kz.gov.pki.knca.basics",
    "kz.gov.pki.ncalayerservices.accessory",
};

static json_t *get_bundles (void)
{
    json_t *reply = json_object ();

    for (gsize i = 0; i < G_N_ELEMENTS (bundles); i++)
        json_object_set_new (reply, bundles[i].name, json_string (bundles[i].version));
    return reply;
}

static json_t *get_services (void)
{
    json_t *names = json_array ();

    for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
        json_array_append_new (names, json_string (services[i]));
    return json_pack ("{s:o}", "services", names);
}

json_t *tamga_ncalayer_accessory (TamgaRequest *request, const json_t *message)
{
    static const struct {
        const char *name;
        json_t *(*answer) (void);
    } methods[] = {{"getBundles", get_bundles}, {"getServices", get_services}};
    const char *name = tamga_json_string (message, "method");

    (void)request;
    for (gsize i = 0; i < G_N_ELEMENTS (methods); i++) {
        if (g_strcmp0 (name, methods[i].name) == 0)
            return methods[i].answer ();
    }
    return tamga_envelope_unknown ("METHOD_NOT_FOUND");
}
