/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The applet of before, and calls that name no module: there the password of the key crosses the
 * page, so none of it is served. Nothing of a call's arguments is read. */
#include "bridge/ncalayer/envelope.h"

json_t *tamga_ncalayer_applet (TamgaRequest *request, const json_t *message)
{
    g_autoptr (GError) error = NULL;

    (void)request;
    (void)message;
    g_set_error (&error, TAMGA_BRIDGE_ERROR, TAMGA_BRIDGE_ERROR_PASSWORD,
                 "The calls of the old applet carry the password of the key through the page and "
                 "are not served: use kz.gov.pki.knca.basics or kz.gov.pki.knca.commonUtils.");
    return tamga_envelope_applet_error (error);
}
